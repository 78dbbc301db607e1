"""The journal: what people and deliveries did, each act linked to the one before it. Never altered, never removed."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table

from reporter.documents.canonical import canonical_json
from reporter.history.columns import digest_of, micros
from reporter.history.engine import lock, reading
from reporter.history.nouns import Entry
from reporter.history.queries import acts
from reporter.history.queries.recording import chunks

NOTHING = bytes(32)  # the content of a row that is no longer there
LEASES = {"owner", "lease_until"}  # who is at work is no act
LATER = {("attribution", "settings")}  # columns that older rows were entered without: left out where they are empty


@dataclass(frozen=True, slots=True)
class Last:
    """The journal's head."""

    number: int
    chain: bytes


def last_entry(connection: Connection) -> Last:
    """The last entry's number and chain; zero for an empty journal. Nobody can add one until the transaction ends."""
    lock(connection, "journal")
    row = connection.execute(acts.LAST_ENTRY).first()
    return Last(0, bytes(32)) if row is None else Last(row.number, row.chain)


def content_of(table: Table, row: Mapping[Any, Any]) -> bytes:
    """What a row says, leases apart."""
    leased = LEASES if "lease_until" in table.columns else set()
    names = (column.name for column in table.columns if column.name not in leased)
    return digest_of(row[name] for name in names if (table.name, name) not in LATER or row[name] is not None)


def record(
    connection: Connection,
    table: Table,
    rows: Iterable[Mapping[Any, Any]],
    *,
    act: str,
    now: datetime,
    by: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Enter the present state of rows, as they are stored."""
    key = key_of(table)
    states = [(str(row[key]), content_of(table, row)) for row in rows]
    _append(connection, table, states, {"act": f"{table.name}.{act}", "at": now, "by": by, "detail": detail})


def removed(connection: Connection, table: Table, keys: Iterable[Any], *, now: datetime, by: str = "") -> None:
    """Enter that rows are no longer there."""
    states = [(str(key), NOTHING) for key in keys]
    _append(connection, table, states, {"act": f"{table.name}.removed", "at": now, "by": by, "detail": None})


def _append(
    connection: Connection, table: Table, states: Sequence[tuple[str, bytes]], facts: Mapping[str, Any]
) -> None:
    last = last_entry(connection)
    number, chain = last.number, last.chain
    entries: list[dict[str, Any]] = []
    for key, content in states:
        number += 1
        entry = {**facts, "number": number, "subject": table.name, "key": key, "content": content}
        entry["detail"] = dict(facts["detail"]) if facts["detail"] else None
        chain = link(chain, entry)
        entries.append(entry | {"chain": chain})
    if entries:
        connection.execute(acts.NEW_ENTRIES, entries)


def link(chain: bytes, entry: Mapping[Any, Any]) -> bytes:
    """The chain after an entry."""
    words = [
        chain.hex(),
        entry["number"],
        micros(entry["at"]),
        entry["act"],
        entry["subject"],
        entry["key"],
        entry["by"],
    ]
    return hashlib.sha256(canonical_json([*words, entry["detail"], entry["content"].hex()])).digest()


def key_of(table: Table) -> str:
    """The column that numbers a table's rows."""
    return str(next(iter(table.primary_key.columns)).name)


def add(
    connection: Connection, table: Table, values: Mapping[str, Any], *, act: str, now: datetime, by: str = ""
) -> dict[str, Any]:
    """Insert a row and enter it; the row as stored."""
    key = connection.execute(acts.new_row(table), dict(values)).scalar_one()
    return _enter(connection, table, key, act=act, now=now, by=by, detail=None)


def add_many(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, act: str, now: datetime, by: str = ""
) -> None:
    """Insert rows and enter each."""
    keys = connection.scalars(acts.new_rows(table), [dict(row) for row in rows]).all() if rows else []
    for some in chunks(keys):
        record(connection, table, connection.execute(acts.rows_of(table, some)).mappings(), act=act, now=now, by=by)


def alter(
    connection: Connection,
    table: Table,
    key: Any,
    values: Mapping[str, Any],
    *,
    act: str,
    now: datetime,
    by: str = "",
    detail: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Change a row and enter its new state; the row as stored."""
    connection.execute(acts.changed_row(table, key, values))
    return _enter(connection, table, key, act=act, now=now, by=by, detail=detail)


def _enter(
    connection: Connection,
    table: Table,
    key: Any,
    *,
    act: str,
    now: datetime,
    by: str,
    detail: Mapping[str, Any] | None,
) -> dict[str, Any]:
    row = dict(connection.execute(acts.row(table, key)).mappings().one())
    record(connection, table, [row], act=act, now=now, by=by, detail=detail)
    return row


def entries(
    engine: Engine, subject: str = "", key: str = "", act: str = "", limit: int | None = None
) -> Sequence[Entry]:
    """The acts on a table or a row, oldest first: the log of deliveries, of waivers, of purges."""
    with reading(engine) as connection:
        rows = connection.execute(acts.entries(subject, key, act, limit)).mappings()
        return tuple(
            Entry(row["number"], row["at"], row["act"], row["subject"], row["key"], row["by"], row["detail"] or {})
            for row in rows
        )
