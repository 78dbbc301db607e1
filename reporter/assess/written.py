"""Files that people write (frameworks, waivers, attestations): read strictly, with all that is wrong said at once."""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

LONGEST_QUOTE = 60  # characters of a wrong value worth repeating


class BadFile(ValueError):
    """A file that cannot be used, with every problem found in it: one line each, naming place, value and remedy."""

    def __init__(self, name: str, problems: Iterable[str]) -> None:
        self.name = name
        self.problems = tuple(problems)
        super().__init__(name, *self.problems)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return f"{self.name}: {self.problems[0]}"
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        return f"{self.name} has {len(self.problems)} problems:{lines}"


@dataclass(slots=True)
class Problems:
    """The problems of one file as they are found, `at` a place in it; `refuse` raises them together."""

    name: str
    place: str = ""
    found: list[str] = field(default_factory=list)

    def at(self, place: str) -> "Problems":
        """The same list of problems, written down from a place such as `control "3.1"`."""
        return Problems(self.name, place, self.found)

    def add(self, problem: str) -> None:
        """Write down one problem: what is wrong, and what to write instead."""
        self.found.append(f"{self.place}: {problem}" if self.place else problem)

    def refuse(self) -> None:
        """Raise what was found, if anything."""
        if self.found:
            raise BadFile(self.name, self.found)


def parse(text: str, name: str) -> dict[str, Any]:
    """Read TOML; a slip of the pen is told with line and column."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadFile(name, [f"is not valid TOML: {error}. Mend the line named, then try again."]) from error


def quote(value: object) -> str:
    """Show a wrong value as the file's reader will recognise it: short, on one line, without control characters."""
    if isinstance(value, str):
        shown = "".join(c if c.isprintable() else "?" for c in value)
        return f'"{shown}"' if len(shown) <= LONGEST_QUOTE else f'"{shown[:LONGEST_QUOTE]}..."'
    shown = repr(value)
    return shown if len(shown) <= LONGEST_QUOTE else shown[:LONGEST_QUOTE] + "..."


def nearest(word: str, known: Collection[str]) -> str:
    """Say which known word was probably meant, as the end of a sentence; empty if none is near."""
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f' Did you mean "{close[0]}"?' if close else ""


def check_keys(problems: Problems, table: Mapping[str, Any], known: Collection[str]) -> None:
    """Report keys that nobody reads: they are typing errors, and silence would hide them."""
    for key in table:
        if key not in known:
            remedy = nearest(key, known) or f" Known keys are {', '.join(sorted(known))}."
            problems.add(f"key {quote(key)} is not known.{remedy}")


def text_of(
    problems: Problems, table: Mapping[str, Any], key: str, *, required: bool = False, default: str = ""
) -> str:
    """Take a text from a table; another type, or a missing required one, is a problem. Surrounding blanks fall off."""
    if key not in table:
        if required:
            problems.add(f'key "{key}" is missing: write {key} = "...".')
        return default
    value = table[key]
    if not isinstance(value, str):
        problems.add(f'key "{key}" is {quote(value)}, which is no text: write {key} = "{value}".')
        return default
    if required and not value.strip():
        problems.add(f'key "{key}" is empty: write what it should say.')
    return value.strip()


def date_of(problems: Problems, table: Mapping[str, Any], key: str) -> date:
    """Take a required day from a table: a TOML date, or a text in the same form."""
    value = table.get(key)
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            value = table[key]
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    said = "is missing" if value is None else f"is {quote(value)}, which is no date"
    problems.add(f'key "{key}" {said}: write a day as year-month-day, such as {key} = 2030-12-31.')
    return date.min


def tables_of(problems: Problems, content: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Take the `[[key]]` tables of a file; a `[key]` written by mistake is told apart from none at all."""
    value = content.get(key, [])
    if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        return value
    problems.add(f'"{key}" must be a list of tables: write [[{key}]] (two brackets) before each.')
    return []
