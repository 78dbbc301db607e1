"""Paths as differences show them: their steps, and the way back to the value in a document."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reporter.documents.canonical import bare, identity
from reporter.drift.wording import label

_STEP = re.compile(r'\[("(?:[^"\\]|\\.)*"|\d+|\*)\]|([^.\[\]]+)\.?|\.')


def locate(configuration: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """Every value a path leads to, with its full path; one None where it leads nowhere.

    `Lifecycle.Rules["old"].Expiration.Days` names an element, `Lifecycle.Rules[*].Status` all of them, and so does
    `Encryption.Rules.BucketKeyEnabled`: a list that is not entered by name is entered everywhere.
    """
    yield from _down(configuration, "", "", _steps(path))


def keys(path: str) -> tuple[str, ...]:
    """The fields of a path, list elements and free words left out; never empty."""
    return tuple(bare(path).split("."))


def last_key(path: str) -> str:
    """The field a path ends in: `Lifecycle.Rules["old"].Expiration.Days` -> `Days`."""
    return keys(path)[-1]


def _steps(path: str) -> list[tuple[bool, str]]:
    """The steps of a path: (is it in brackets, what it says)."""
    steps = []
    for match in _STEP.finditer(path):
        if match.group(1) is not None:
            steps.append((True, match.group(1)))
        elif match.group(2) is not None:
            steps.append((False, match.group(2)))
    return steps


def _down(value: Any, name: str, path: str, steps: list[tuple[bool, str]]) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield path, value
        return
    (bracket, said), rest = steps[0], steps[1:]
    if isinstance(value, list):
        chosen = [item for index, item in enumerate(value) if not bracket or _is(name, item, index, said)]
        for item in chosen:
            lonely = not bracket and len(value) == 1 and identity(name, item) is None
            where = path if lonely else f"{path}[{label(name, item)}]"
            yield from _down(item, "", where, rest if bracket else steps)
        if not chosen:
            yield _rest(path, steps), None
    elif isinstance(value, Mapping):
        key = said[1:-1].replace('\\"', '"').replace("\\\\", "\\") if bracket else said
        where = f"{path}[{said}]" if bracket else f"{path}.{said}" if path else said
        yield from _down(value.get(key), key, where, rest)
    else:
        yield _rest(path, steps), None


def _is(name: str, item: Any, index: int, said: str) -> bool:
    return said == "*" or said == label(name, item) or said == str(index)


def _rest(path: str, steps: list[tuple[bool, str]]) -> str:
    for bracket, said in steps:
        path += f"[{said}]" if bracket else f".{said}" if path else said
    return path
