"""The rows about the account itself: how it fared in a run, and what Organizations said of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from reporter.documents.canonical import canonical_json
from reporter.history import blobs
from reporter.history.columns import micros
from reporter.history.items import REQUESTS
from reporter.history.listings import Listings, to_document, uid_of
from reporter.history.past import Past, Row
from reporter.history.queries import recording
from reporter.history.seals import sealed, together
from reporter.history.tables import ACCOUNT, SCAN
from reporter.history.writing import Writing
from reporter.model import Account, AccountSnapshot, Calls, Change, ReadStatus

UNJUDGED: dict[str, Any] = {
    "findings_at": None,
    "findings": None,
    "tally": None,
    "passed": 0,
    "failed": 0,
    "waived": 0,
    "not_applicable": 0,
    "insufficient": 0,
}
JUDGED = tuple(UNJUDGED)
ACCOUNT_FIELDS = ("name", "email", "state", "arn", "joined_at", "parent_ids", "ou_path", "tags", "management")


def save_account(connection: Connection, account: Account, past: Past, at: datetime) -> None:
    """Open a row for what Organizations says of the account, unless it says what it said before."""
    now = {name: getattr(account, name) for name in ACCOUNT_FIELDS}
    now |= {"parent_ids": list(account.parent_ids), "tags": dict(account.tags)}
    before = past.account
    if before is not None and before["valid_to"] is None:
        if all(before[name] == now[name] for name in ACCOUNT_FIELDS):
            return
        close_account(connection, before, at, "changed")
    row = {"account": account.id, "valid_from": at, "valid_to": None, "end_reason": None, **now}
    connection.execute(recording.NEW_ACCOUNT_ROW, sealed(ACCOUNT, row))


def close_account(connection: Connection, row: Row, at: datetime, why: str) -> None:
    """End an account's open row."""
    ended = sealed(ACCOUNT, dict(row) | {"valid_to": at, "end_reason": why})
    values = {name: ended[name] for name in ("valid_to", "end_reason", "seal")}
    connection.execute(recording.CLOSE_ACCOUNT_ROW.values(**values), {"row": row["id"]})


def save_scan(
    connection: Connection,
    writing: Writing,
    snapshot: AccountSnapshot,
    past: Past,
    listings: Listings,
    *,
    changes: Sequence[Change],
) -> None:
    """The scan's own row, with the digest over everything that stands after it."""
    observed = snapshot.observed_at or writing.at
    head = past.head
    read = snapshot.status in {ReadStatus.READ, ReadStatus.PARTIAL}
    row = {
        "run": writing.run,
        "account": writing.reader,
        "status": snapshot.status.value,
        "reason": snapshot.reason,
        "observed_at": observed,
        "at": writing.at,
        "last_read_at": observed if read else head and head["last_read_at"],
        "since": _since(snapshot, head, observed),
        "items": len(writing.lines),
        "manifest": together(writing.lines),
        **_documents(connection, snapshot, listings, head),
        "gaps": _gaps(snapshot, past, listings, observed) or None,
        "changes": [change.id for change in changes] or None,
        "caller_arn": snapshot.caller_arn,
        "taken_from": None,
        **UNJUDGED,
    }
    connection.execute(recording.NEW_SCAN, sealed(SCAN, row))


def take_over(connection: Connection, run: int, past: Past) -> None:
    """A concurrent run has read the account later than this one: this run takes that reading for its own."""
    if past.head is None:
        return
    columns = {column.name for column in SCAN.columns} - {"id"}
    row = {name: past.head[name] for name in columns} | {
        "run": run,
        "taken_from": past.head["id"],
        "changes": None,
        **UNJUDGED,
    }
    connection.execute(recording.NEW_SCAN, sealed(SCAN, row))


def save_judgement(connection: Connection, scan: Row, judged: Mapping[str, Any]) -> None:
    """Add to a scan's row what was found."""
    row = sealed(SCAN, dict(scan) | dict(judged))
    connection.execute(recording.CHANGE_SCAN.values(**judged, seal=row["seal"]), {"row": scan["id"]})


def _cost(calls: Calls) -> dict[str, Any]:
    return {
        "made": calls.made,
        "denied": calls.denied,
        "throttled": calls.throttled,
        "failed": calls.failed,
        "by_operation": dict(calls.by_operation),
    }


NO_CALLS = canonical_json(_cost(Calls()))  # what reading cost where nothing was asked


def calls_of(value: Mapping[str, Any]) -> Calls:
    """What reading cost, as it was stored."""
    return Calls(value["made"], value["denied"], value["throttled"], value["failed"], value["by_operation"])


def _since(snapshot: AccountSnapshot, head: Row | None, observed: datetime) -> datetime | None:
    if snapshot.status is ReadStatus.READ:
        return None
    since: datetime | None = head["since"] if head is not None else None
    return since or observed


def _documents(
    connection: Connection, snapshot: AccountSnapshot, listings: Listings, head: Row | None
) -> dict[str, bytes | None]:
    """What goes into documents that many scans share; written only where the scan before had another."""
    values: dict[str, Any] = {"coverage": to_document(listings), "calls": _cost(snapshot.calls)}
    volatile: dict[str, dict[str, Any]] = {}
    for item in snapshot.items:
        if item.volatile:
            volatile.setdefault(item.type, {})[uid_of(item)] = item.volatile
        if item.requests:
            volatile.setdefault(REQUESTS, {}).setdefault(item.type, {})[uid_of(item)] = dict(item.requests)
    bodies = {name: canonical_json(value) for name, value in values.items()}
    if volatile:
        bodies["volatile"] = canonical_json(volatile)
    addresses = {name: blobs.address(body) for name, body in bodies.items()}
    new = {addresses[name]: body for name, body in bodies.items() if head is None or head[name] != addresses[name]}
    blobs.put(connection, new)
    return {"volatile": None, **addresses}


def _gaps(snapshot: AccountSnapshot, past: Past, listings: Listings, observed: datetime) -> list[dict[str, Any]]:
    """The gaps, each with the time since when it is one and when that listing was last complete."""
    before = {(gap["region"], gap["type"]): gap for gap in (past.head["gaps"] if past.head is not None else None) or ()}
    gaps = []
    for gap in sorted(snapshot.gaps, key=lambda gap: (gap.type, gap.region, gap.why.operation)):
        earlier = before.get((gap.region, gap.type))
        last_ok = listings.before(gap.type, gap.region)
        why = gap.why
        gaps.append(
            {
                "region": gap.region,
                "type": gap.type,
                "operation": why.operation,
                "iam": why.iam,
                "code": why.code,
                "message": why.message,
                "since": earlier["since"] if earlier else micros(observed),
                "last_ok": micros(last_ok) if last_ok else None,
            }
        )
    return gaps
