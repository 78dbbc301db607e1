"""What commands share: settings, the clock, errors as one sentence, and text that cannot steer a terminal."""

import json
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
    """The command cannot do what was asked: one sentence for the user, and the exit code."""

    def __init__(self, sentence: str, code: int = FAILED) -> None:
        super().__init__(sentence)
        self.code = code


def now() -> datetime:
    """The present instant; the command line is where the clock is read."""
    return datetime.now(UTC)


def load_settings(config: Path | None) -> settings_room.Settings:
    """The settings, or a refusal with exit code 2."""
    try:
        return settings_room.load(config)
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
