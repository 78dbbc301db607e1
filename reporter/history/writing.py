"""The rows one scan opens and closes, gathered first and written together: a handful of statements, whatever the account's size."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from reporter.documents.canonical import CANON_VERSION, canonical_json, plain
from reporter.history import blobs
from reporter.history.lives import Seen, Standing
from reporter.history.queries import recording
from reporter.history.seals import line, sealed
from reporter.history.tables import CHANGE, RESOURCE, VERSION
from reporter.model import Change, ConfigurationItem


@dataclass(slots=True)
class Life:
    """A resource row that is written with this scan, or was there before (`id` set)."""

    row: dict[str, Any]
    id: int | None = None


@dataclass(slots=True)
class Writing:
    """What is to be written for one account."""

    run: int
    reader: str
    at: datetime
    documents: dict[bytes, bytes] = field(default_factory=dict)
    lives: list[Life] = field(default_factory=list)
    opened: list[tuple[Life, Seen]] = field(default_factory=list)
    closed: list[dict[str, Any]] = field(default_factory=list)
    renewed: list[tuple[int, datetime]] = field(default_factory=list)
    changes: list[tuple[Change, Life | int]] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)  # of the manifest


def stay(writing: Writing, row: Standing) -> None:
    """A row that goes on as it is."""
    writing.lines.append(line(row.type, row.uid, row.incarnation, row.hash))


def close(writing: Writing, row: Standing, why: str) -> None:
    """End an open row at this scan."""
    ended = {
        "resource": row.resource,
        "reader": row.reader,
        "valid_from": row.valid_from,
        "valid_to": writing.at,
        "hash": row.hash,
        "canon": row.canon,
        "unread": row.unread,
        "end_reason": why,
    }
    seal = sealed(VERSION, ended)["seal"]
    writing.closed.append({"row": row.version, "end": writing.at, "why": why, "new_seal": seal})


def born(writing: Writing, item: ConfigurationItem, uid: str, incarnation: int) -> Life:
    """A resource row for a life that begins with this scan."""
    life = Life(
        {
            "reader": writing.reader,
            "account": item.account,
            "type": item.type,
            "uid": uid,
            "incarnation": incarnation,
            "region": item.region,
            "key": item.id,
            "arn": item.arn,
            "created_at": item.created_at,
            "first_seen_at": writing.at,
        }
    )
    writing.lives.append(life)
    return life


def again(row: Standing) -> Life:
    """A life that goes on."""
    return Life({"incarnation": row.incarnation}, row.resource)


def begin(writing: Writing, life: Life, seen: Seen) -> None:
    """Open a row with this scan's document."""
    writing.documents[seen.hash] = seen.body
    writing.opened.append((life, seen))
    writing.lines.append(line(seen.item.type, seen.uid, life.row["incarnation"], seen.hash))


def flush(connection: Connection, writing: Writing) -> tuple[Change, ...]:
    """Write it all; the changes with their numbers."""
    ops = _operations(writing)
    blobs.put(connection, writing.documents)
    _new_lives(connection, writing)
    if writing.closed:
        connection.execute(recording.CLOSE_VERSION, writing.closed)
    if writing.opened:
        connection.execute(recording.NEW_VERSIONS, [_version(writing, life, seen) for life, seen in writing.opened])
    for resource, created_at in writing.renewed:
        renew(connection, resource, created_at)
    return _new_changes(connection, writing, ops)


def renew(connection: Connection, resource: int, created_at: datetime) -> None:
    """Note the later creation date that AWS now gives for the same life (a bucket's moves when its policy is edited)."""
    row = dict(connection.execute(recording.RESOURCE_ROW, {"row": resource}).mappings().one())
    row = sealed(RESOURCE, row | {"created_at": created_at})
    connection.execute(recording.RENEW_RESOURCE.values(created_at=created_at, seal=row["seal"]), {"row": resource})


def _new_lives(connection: Connection, writing: Writing) -> None:
    if not writing.lives:
        return
    rows = [sealed(RESOURCE, life.row) for life in writing.lives]
    for life, id in zip(writing.lives, connection.scalars(recording.NEW_RESOURCES, rows), strict=True):
        life.id = id


def _version(writing: Writing, life: Life, seen: Seen) -> dict[str, Any]:
    return sealed(
        VERSION,
        {
            "resource": life.id,
            "reader": writing.reader,
            "valid_from": writing.at,
            "valid_to": None,
            "hash": seen.hash,
            "canon": CANON_VERSION,
            "unread": seen.document["unread"] or None,
            "end_reason": None,
        },
    )


def _operations(writing: Writing) -> list[bytes | None]:
    """Where each change's list of differences lies; the same change on fifty buckets is one document."""
    addresses: list[bytes | None] = []
    for change, _ in writing.changes:
        if not change.ops:
            addresses.append(None)
            continue
        rows = [[op.kind, op.path, plain(op.before), plain(op.after), op.klass, op.text] for op in change.ops]
        body = canonical_json(rows)
        writing.documents[hash := blobs.address(body)] = body
        addresses.append(hash)
    return addresses


def change_row(run: int, resource: int, ops: bytes | None, change: Change) -> dict[str, Any]:
    """A change as a sealed row."""
    row = {
        "run": run,
        "resource": resource,
        "account": change.account,
        "kind": change.kind.value,
        "klass": change.klass,
        "direction": change.direction.value,
        "severity": change.severity,
        "not_before": change.not_before,
        "detected_at": change.detected_at,
        "incarnation": change.incarnation,
        "summary": change.summary,
        "checks": dict(change.checks) or None,
        "ops": ops,
    }
    return sealed(CHANGE, row)


def _new_changes(connection: Connection, writing: Writing, ops: list[bytes | None]) -> tuple[Change, ...]:
    if not writing.changes:
        return ()
    rows = []
    for (change, life), address in zip(writing.changes, ops, strict=True):
        resource = life if isinstance(life, int) else life.id
        rows.append(change_row(writing.run, resource or 0, address, change))
    ids = connection.scalars(recording.NEW_CHANGES, rows)
    return tuple(replace(change, id=id) for (change, _), id in zip(writing.changes, ids, strict=True))
