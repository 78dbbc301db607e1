"""Replaying an account's interval rows against what its scans said stood: which row is missing, added, or moved."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection

from reporter.history.nouns import Problem
from reporter.history.queries import proof
from reporter.history.seals import finding_line, line, together

GOES_ON = {"changed", "superseded"}  # after these another row of the same thing begins at the same instant

Row = Mapping[Any, Any]


def account_problems(connection: Connection, account: str, edge: datetime | None) -> Iterator[Problem]:
    """What is wrong with the rows of one account. `edge`: what ended before it may have been purged."""
    scans = connection.execute(proof.scans_of(account)).mappings().all()
    versions = connection.execute(proof.versions_of(account)).mappings().all()
    findings = connection.execute(proof.findings_of(account)).mappings().all()
    rows = connection.execute(proof.accounts_of(account)).mappings().all()
    yield from _unbroken("version", versions, lambda row: row["resource"], _named, edge)
    yield from _unbroken("finding", findings, lambda row: (row["resource"], row["check"]), _answer, edge)
    yield from _unbroken("account", rows, lambda row: row["account"], lambda row: str(row["account"]), edge)
    yield from _unstarted(versions, edge)
    yield from _adds_up(scans, versions, _version_line, instant="at", digest="manifest", table="version")
    yield from _adds_up(scans, findings, finding_line, instant="findings_at", digest="findings", table="finding")
    for scan in scans:
        if not any(_holds(row, scan["at"]) for row in rows) and not scan["purged_at"]:
            yield Problem("account", account, f"no row says what the account was at {scan['at']:%Y-%m-%d %H:%M}Z")


def _version_line(row: Row) -> bytes:
    return line(row["type"], row["uid"], row["incarnation"], row["hash"])


def _named(row: Row) -> str:
    return f"{row['type']} {row['key']}"


def _answer(row: Row) -> str:
    return f"{row['check']} about resource {row['resource']}"


def _holds(row: Row, at: datetime) -> bool:
    return bool(row["valid_from"] <= at and (row["valid_to"] is None or row["valid_to"] > at))


def _unbroken(
    table: str, rows: Sequence[Row], key: Callable[[Row], Any], name: Callable[[Row], str], edge: datetime | None
) -> Iterator[Problem]:
    """Rows of one thing follow each other without overlap, and without a hole where the one before says it goes on."""
    for row, after in zip_longest(rows, rows[1:]):
        follows = after is not None and key(after) == key(row)
        end = row["valid_to"]
        if follows and after is not None and (end is None or after["valid_from"] < end):
            yield Problem(table, str(after["id"]), f"overlaps row {row['id']} ({name(row)})")
        goes_on = row["end_reason"] in GOES_ON and (edge is None or end > edge)
        if goes_on and not (follows and after is not None and after["valid_from"] <= end):
            yield Problem(
                table, f"after {row['id']}", f"the row that began at {end:%Y-%m-%d %H:%M}Z is missing: {name(row)}"
            )


def _unstarted(versions: Sequence[Row], edge: datetime | None) -> Iterator[Problem]:
    """The first row of a life begins when the life does."""
    last = None
    for row in versions:
        late = row["resource"] != last and row["valid_from"] != row["first_seen_at"]
        if late and (edge is None or row["valid_from"] > edge):
            yield Problem("version", f"before {row['id']}", f"the first row is missing: {_named(row)}")
        last = row["resource"]


def _adds_up(
    scans: Sequence[Row], rows: Sequence[Row], of: Callable[[Row], bytes], *, instant: str, digest: str, table: str
) -> Iterator[Problem]:
    """At each scan's instant the standing rows give the digest that the scan holds."""
    edges = sorted({row["valid_from"] for row in rows} | {row["valid_to"] for row in rows if row["valid_to"]})
    standing: dict[Any, Row] = {}
    begins: dict[datetime, list[Row]] = {}
    ends: dict[datetime, list[Row]] = {}
    for row in rows:
        begins.setdefault(row["valid_from"], []).append(row)
        if row["valid_to"] is not None:
            ends.setdefault(row["valid_to"], []).append(row)
    place, found, ok_before = 0, together(()), True
    for scan in sorted((one for one in scans if one[instant] is not None), key=lambda one: one[instant]):
        touched: list[Row] = []
        while place < len(edges) and edges[place] <= scan[instant]:
            for row in ends.get(edges[place], ()):
                standing.pop(row["id"], None)
                touched.append(row)
            for row in begins.get(edges[place], ()):
                standing[row["id"]] = row
                touched.append(row)
            place += 1
        if touched:
            found = together(of(row) for row in standing.values())
        if scan["purged_at"] is None and found != scan[digest] and ok_before:
            yield _differing(scan, table, touched)
        ok_before = scan["purged_at"] is not None or found == scan[digest]


def _differing(scan: Row, table: str, touched: Sequence[Row]) -> Problem:
    near = ", ".join(str(row["id"]) for row in touched[:5]) or "none"
    return Problem(
        "account_scan",
        str(scan["id"]),
        f"the {table} rows of account {scan['account']} do not add up to what run {scan['seq'] or scan['run']} recorded at "
        f"{scan['at']:%Y-%m-%d %H:%M}Z; rows that begin or end there: {near}",
    )
