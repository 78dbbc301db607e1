"""How our values lie in columns: instants as microseconds, open ends as the largest number, text and JSON that any store takes.

The same bytes on SQLite and PostgreSQL, so that a seal computed on one is true on the other.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from reporter.documents.canonical import canonical_json

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
FOREVER = (
    2**63 - 1
)  # the end of an interval that has none: an index range finds what is open and what ended later at once


def micros(at: datetime) -> int:
    """Microseconds since 1970, UTC. A naive time is refused: nobody can say which instant it is."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()}: an instant needs a time zone")
    return (at - EPOCH) // TICK


def instant(value: int) -> datetime:
    """The aware UTC instant of so many microseconds."""
    return EPOCH + timedelta(microseconds=value)


# The library calls a decorator's `process_result_value` through two functions of its own, for every value of every row.
# Naming the function itself halves what reading costs.
Processor = Callable[[Any], Any]


def _at(value: int | None) -> datetime | None:
    return None if value is None else EPOCH + timedelta(microseconds=value)


def _end(value: int | None) -> datetime | None:
    return None if value is None or value == FOREVER else EPOCH + timedelta(microseconds=value)


def _word(value: str | None) -> str | None:
    if value is None or "\\" not in value:
        return value
    return value.encode("ascii", "backslashreplace").decode("unicode_escape")


class Serial(TypeDecorator[int]):
    """A 64-bit row number. SQLite numbers rows by itself only in a column that is called INTEGER."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        del dialect
        return _at(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        del dialect, coltype
        return _at


class Until(TypeDecorator[datetime]):
    """The end of a half-open interval; None is open and lies in the table as the largest number."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int:
        del dialect
        return FOREVER if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        del dialect
        return _end(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        del dialect, coltype
        return _end


class Day(TypeDecorator[date]):
    """A calendar day, as 2026-11-22: sorts as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        del dialect
        return None if value is None else date.fromisoformat(value)


class Word(TypeDecorator[str]):
    """Any text that AWS may hold. PostgreSQL takes no NUL and neither engine takes half a surrogate pair: those are escaped."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else escaped(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        return _word(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        del dialect, coltype
        return _word


class Json(TypeDecorator[Any]):
    """A value as canonical JSON text (ASCII): the same on both engines, and no engine's idea of a number."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else canonical_json(value).decode("ascii")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        del dialect
        return None if value is None else json.loads(value)


class Digest(TypeDecorator[bytes]):
    """32 bytes of SHA-256."""

    impl = LargeBinary
    cache_ok = True


class Seal(TypeDecorator[bytes]):
    """16 bytes over the rest of its row: names the row that was altered (the chain of roots proves that one was)."""

    impl = LargeBinary
    cache_ok = True


def read(kind: TypeEngine[Any], value: Any, dialect: Dialect) -> Any:
    """What a value that lies in the database means; ValueError or TypeError where it can mean nothing of that kind."""
    if value is None:
        return None
    if isinstance(kind, Instant | Until | Day | Word | Json):
        return kind.process_result_value(value, dialect)
    wanted = bytes if isinstance(kind, Digest | Seal) else kind.python_type
    if wanted is bool:
        return bool(value)
    if not isinstance(value, wanted):
        raise TypeError(f"{value!r} is no {wanted.__name__}")
    return value


def escaped(text: str) -> str:
    """The stored spelling of a text: itself, unless it holds a backslash, a NUL or half a surrogate pair."""
    if "\\" not in text and "\0" not in text:
        if text.isascii():
            return text
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    text = text.replace("\\", "\\\\").replace("\0", "\\x00")
    return "".join(f"\\u{ord(mark):04x}" if "\ud800" <= mark <= "\udfff" else mark for mark in text)


def digest_of(values: Iterable[Any]) -> bytes:
    """SHA-256 over a row's values, in the order given; a tuple's repr keeps apart what a joined text would confuse."""
    plain = tuple(_plain(value) for value in values)
    return hashlib.sha256(repr(plain).encode("utf-8", "backslashreplace")).digest()


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or kind is bytes or value is None:
        return value
    if isinstance(value, str):  # an enumeration's member is its text
        return str(value)
    if isinstance(value, datetime):
        return micros(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple):
        return canonical_json(value)
    return value
