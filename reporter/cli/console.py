"""What commands share: settings, the clock, errors as one sentence, and text that cannot steer a terminal."""

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from reporter import settings as settings_room

DONE, FAILED, USAGE, GAPS = 0, 1, 2, 3

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="Settings file (else $REPORTER_CONFIG, else ./reporter.toml).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]


class Refusal(Exception):
    """The command cannot do what was asked: one sentence for the user, and the exit code.

    Commands that the sentence names in backticks become what works where the user stands.
    """

    def __init__(self, sentence: str, code: int = FAILED) -> None:
        super().__init__(spelled(sentence))
        self.code = code


def program() -> str:
    """How this program was called, as it can be typed again: ./run, reporter, .venv/bin/reporter, python -m reporter."""
    if by_script := os.environ.get("REPORTER_COMMAND"):
        return shlex.quote(by_script)
    called = sys.argv[0] or "reporter"
    if Path(called).name == "__main__.py":
        return f"{shlex.quote(sys.orig_argv[0])} -m reporter"
    found = shutil.which("reporter")
    if "/" not in called or (found and Path(called).exists() and Path(called).samefile(found)):
        return Path(called).name
    return shlex.quote(called)


def given_config() -> Path | None:
    """The settings file that was named on the command line, at the command or at the group before it."""
    words = sys.argv[1:]
    for at, word in enumerate(words):
        if word in ("-c", "--config") and at + 1 < len(words):
            return Path(words[at + 1])
        if word.startswith("--config="):
            return Path(word.removeprefix("--config="))
    return None


def command(words: str, config: Path | None = None) -> str:
    """A command of ours as it works when pasted where the user stands: `drift show 12` is `./run drift show 12 -c FILE`.

    `config` is the settings file it is about, by default the one that the present command was given.
    """
    named = config or given_config()
    known = re.search(r"(^| )(-c|--config) ", words) or words.partition(" ")[0] in WITHOUT_SETTINGS
    return f"{program()} {words}{f' -c {shlex.quote(str(named))}' if named and not known else ''}"


def quoted(name: str) -> str:
    """A name from AWS as one word of a command that is printed."""
    return shlex.quote(plain(name))


WITHOUT_SETTINGS = ("init", "demo", "permissions")


def spelled(text: str, config: Path | None = None) -> str:
    """The same text with each command of ours that stands in backticks as it works where the user stands."""
    return re.sub(r"`reporter ([^`]+)`", lambda found: f"`{command(found[1], config)}`", text)


def now() -> datetime:
    """The present instant; the command line is where the clock is read."""
    return datetime.now(UTC)


def load_settings(config: Path | None) -> settings_room.Settings:
    """The settings, or a refusal with exit code 2. What was named at the group (`drift -c FILE show 1`) counts, too."""
    try:
        return settings_room.load(config or given_config())
    except settings_room.SettingsError as error:
        raise Refusal(str(error), USAGE) from None


@contextmanager
def told(*errors: type[Exception], code: int = FAILED) -> Iterator[None]:
    """Turn the errors a room raises on purpose into refusals."""
    try:
        yield
    except errors as error:
        raise Refusal(str(error), code) from error


def plain(value: object) -> str:
    """Text that stands in one place: control, escape and direction characters become visible code points."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in str(value))


def emit(document: Any) -> None:
    """One JSON document on standard output, sorted, with instants in ISO form."""
    json.dump(document, sys.stdout, default=_as_json, ensure_ascii=False, indent=2, sort_keys=True)
    sys.stdout.write("\n")


def line(text: str = "", style: str = "") -> None:
    """One line on standard output; its text is never read as markup."""
    out.print(text, style=style or None, markup=False)


def aside(text: str, style: str = "") -> None:
    """One line on standard error, beside the data: control characters made visible, commands as they work here."""
    err.print(plain(spelled(text)), style=style or None, markup=False)


def moment(text: str | None, default: datetime | None = None) -> datetime | None:
    """A date or instant as people type it: 2026-11-22, 2026-11-22T07:00Z. A date means its end (UTC)."""
    if text is None:
        return default
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, 23, 59, 59, 999999, tzinfo=UTC)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(f"{text!r} is no date; write 2026-11-22 or 2026-11-22T07:00Z", USAGE) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date | Path):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    return str(value)
