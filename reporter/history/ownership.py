"""Changes that somebody has seen and owns, and remarks on them. An acknowledgement ends by itself; it rewrites nothing."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from reporter.history import journal
from reporter.history.acts_tables import ACKNOWLEDGEMENT, NOTE
from reporter.history.changed import change_from
from reporter.history.engine import reading, write
from reporter.history.errors import Refused
from reporter.history.nouns import Acknowledgement, Note
from reporter.history.queries import acts
from reporter.history.queries import changes as queries
from reporter.model import Change, ChangeKind

ANOTHER_LIFE = {ChangeKind.DELETED, ChangeKind.RECREATED, ChangeKind.MOVED}


def acknowledge(
    engine: Engine,
    change: int,
    *,
    owner: str,
    reason: str,
    expires_on: date,
    by: str,
    now: datetime,
    ticket: str = "",
    path: str = "",
) -> Acknowledgement:
    """Own a change, or one setting of it (`path`), until a day; it ends earlier when that value changes again."""
    values = {
        "change": change,
        "path": path,
        "owner": owner,
        "reason": reason,
        "ticket": ticket,
        "by": by,
        "at": now,
        "expires_on": expires_on,
        "revoked_at": None,
        "revoked_by": "",
    }
    return write(engine, partial(_acknowledge, values=values, now=now))


def _acknowledge(connection: Connection, *, values: Mapping[str, Any], now: datetime) -> Acknowledgement:
    change = _change(connection, values["change"])
    if not values["owner"] or not values["reason"]:
        raise Refused(f"Change {change.id} is acknowledged by saying who owns it and why: both are needed")
    paths = [op.path for op in change.ops]
    if values["path"] and not any(_overlap(values["path"], path) for path in paths):
        raise Refused(f"Change {change.id} has no setting {values['path']}; it has {', '.join(paths[:5]) or 'none'}")
    row = journal.add(connection, ACKNOWLEDGEMENT, values, act="added", now=now, by=values["by"])
    return _acknowledgement(row, "")


def _change(connection: Connection, id: int) -> Change:
    row = connection.execute(queries.by_ids([id])).first()
    if row is None:
        raise Refused(f"There is no change {id}; `reporter drift` prints each change's number after its name")
    return change_from(row)


def revoke_acknowledgement(engine: Engine, number: int, *, by: str, now: datetime) -> None:
    """Take an acknowledgement back."""
    write(engine, partial(_revoke, number=number, by=by, now=now))


def _revoke(connection: Connection, *, number: int, by: str, now: datetime) -> None:
    row = connection.execute(acts.row(ACKNOWLEDGEMENT, number)).mappings().first()
    if row is None or row["revoked_at"] is not None:
        raise Refused(f"There is no acknowledgement {number} to take back; `reporter acknowledge --active` lists them")
    values = {"revoked_at": now, "revoked_by": by}
    journal.alter(connection, ACKNOWLEDGEMENT, number, values, act="revoked", now=now, by=by)


def acknowledgements(engine: Engine, at: datetime, changes: Sequence[int] | None = None) -> tuple[Acknowledgement, ...]:
    """What was acknowledged by an instant, of some changes or all; `ended` says why one no longer counts then."""
    with reading(engine) as connection:
        rows = [row for row in connection.execute(queries.acknowledgements(changes)).mappings() if row["at"] <= at]
        return tuple(_acknowledgement(row, _ended(connection, row, at)) for row in rows)


def _ended(connection: Connection, row: Mapping[Any, Any], at: datetime) -> str:
    if row["revoked_at"] is not None and row["revoked_at"] <= at:
        return "revoked"
    if row["expires_on"] < at.date():
        return "expired"
    paths = [row["path"]] if row["path"] else [op.path for op in _change(connection, row["change"]).ops]
    for later in map(change_from, connection.execute(queries.later(row["change"]))):
        if later.detected_at <= at and _touches(later, paths):
            return f"changed again (change {later.id})"
    return ""


def _touches(change: Change, paths: Sequence[str]) -> bool:
    if change.kind in ANOTHER_LIFE:
        return True
    values = [op.path for op in change.ops if op.kind not in {"access_lost", "access_restored"}]
    return any(_overlap(one, other) for one in values for other in paths)


def _overlap(one: str, other: str) -> bool:
    """Whether one path is the other or lies in it."""
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return longer == shorter or (longer.startswith(shorter) and longer[len(shorter)] in ".[")


def _acknowledgement(row: Mapping[Any, Any], ended: str) -> Acknowledgement:
    names = ("number", "change", "path", "owner", "reason", "by", "at", "expires_on", "ticket")
    return Acknowledgement(**{name: row[name] for name in names}, ended=ended)


def add_note(engine: Engine, change: int, text: str, *, by: str, now: datetime) -> Note:
    """Remark on a change."""
    return write(engine, partial(_add_note, change=change, text=text, by=by, now=now))


def _add_note(connection: Connection, *, change: int, text: str, by: str, now: datetime) -> Note:
    _change(connection, change)
    values = {"change": change, "text": text, "by": by, "at": now}
    return _note(journal.add(connection, NOTE, values, act="added", now=now, by=by))


def notes(engine: Engine, changes: Sequence[int]) -> tuple[Note, ...]:
    """The remarks on changes, oldest first."""
    with reading(engine) as connection:
        return tuple(_note(row) for row in connection.execute(queries.notes(changes)).mappings())


def _note(row: Mapping[Any, Any]) -> Note:
    return Note(row["number"], row["change"], row["text"], row["by"], row["at"])
