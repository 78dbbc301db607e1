"""Findings: what does not pass is an interval row, what passes is counted. Judgement is pure, so passes can be replayed."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from reporter.documents.canonical import canonical_json, plain
from reporter.history import blobs
from reporter.history.engine import lock, reading, write
from reporter.history.errors import Damaged, Refused
from reporter.history.listings import uid
from reporter.history.nouns import EVERYWHERE, FindingRecord, FindingState, Within
from reporter.history.past import open_run
from reporter.history.queries import findings as queries
from reporter.history.queries import recording
from reporter.history.queries.runs import number_of
from reporter.history.scans import save_judgement
from reporter.history.seals import finding_line, sealed, together
from reporter.history.tables import FINDING, RESOURCE
from reporter.model import Evidence, Finding, ReadStatus, Run, Severity, Status

KEPT = (Status.FAIL, Status.INSUFFICIENT_DATA)
COUNTS = ("passed", "failed", "waived", "not_applicable", "insufficient")
_PLACE = {Status.PASS: 0, Status.FAIL: 1, Status.NOT_APPLICABLE: 3, Status.INSUFFICIENT_DATA: 4}
_ENDS = {Status.PASS: "passed", Status.NOT_APPLICABLE: "not_applicable"}
ANSWERED = frozenset(_ENDS.values())
WAIVED = 2

Key = tuple[int, str]  # (resource row, check)


@dataclass(slots=True)
class _Judged:
    """What is to be written about one account."""

    tally: dict[str, dict[str, list[int]]] = field(default_factory=dict)  # check -> severity -> counts
    kept: dict[Key, dict[str, Any]] = field(default_factory=dict)
    answered: dict[Key, str] = field(
        default_factory=dict
    )  # how an answer that does not stand (any more) ends one that did
    there: frozenset[int] = frozenset()  # the resources that stand
    excluded: bool = False  # nobody asked anything
    documents: dict[bytes, bytes] = field(default_factory=dict)


def record_findings(
    engine: Engine, run: Run, account: str, findings: Iterable[Finding], waived: Mapping[Any, str] | None = None
) -> None:
    """Write all answers about one account, passes included; `waived` maps a finding's key to the id of its waiver.

    A second call for the same run and account does nothing.
    """
    answers = list(findings)
    write(engine, partial(_record, run=run, account=account, findings=answers, waived=waived or {}), durable=False)


def _record(
    connection: Connection, *, run: Run, account: str, findings: list[Finding], waived: Mapping[Any, str]
) -> None:
    number = open_run(connection, run)["number"]
    lock(connection, f"account {account}")
    scan = connection.execute(recording.SCAN_OF, {"run": number, "account": account}).mappings().first()
    if scan is None:
        raise Refused(
            f"Account {account} was not recorded in run {run.id}: record_account comes before record_findings"
        )
    if scan["findings_at"] is not None:
        return
    last = connection.execute(recording.LAST_JUDGED, {"account": account}).mappings().first()
    if last is not None and last["findings_at"] >= scan["at"]:  # a concurrent run has judged a newer reading
        save_judgement(
            connection, dict(scan), {name: last[name] for name in ("findings_at", "findings", "tally", *COUNTS)}
        )
        return
    judged = _sorted_out(connection, account, scan["at"], findings, waived)
    judged.excluded = scan["status"] == ReadStatus.EXCLUDED.value
    lines = _write(connection, account, scan["at"], judged)
    body = canonical_json(judged.tally)
    judged.documents[tally := blobs.address(body)] = body
    sums = [
        sum(counts[place] for by in judged.tally.values() for counts in by.values()) for place in range(len(COUNTS))
    ]
    blobs.put(connection, {tally: body})
    values = {"findings_at": scan["at"], "findings": together(lines), "tally": tally}
    save_judgement(connection, dict(scan), values | dict(zip(COUNTS, sums, strict=True)))


def _sorted_out(
    connection: Connection, account: str, at: datetime, findings: list[Finding], waived: Mapping[Any, str]
) -> _Judged:
    judged = _Judged()
    standing = {(row.type, row.uid): row for row in connection.execute(recording.STANDING, {"reader": account})}
    resources = _known_by(connection, account, standing)
    judged.there = frozenset(resources[place] for place in standing)
    for finding in findings:
        counts = judged.tally.setdefault(finding.check, {}).setdefault(finding.severity, [0] * len(COUNTS))
        counts[_PLACE[finding.status]] += 1
        name = (finding.type, uid(finding.type, finding.account, finding.region, finding.resource, finding.arn))
        resource = resources.get(name)
        if finding.status not in KEPT:
            if resource is not None:
                judged.answered[resource, finding.check] = _ENDS[finding.status]
            continue
        if resource is None:
            resource = resources[name] = _placeholder(connection, account, at, finding, name[1])
        waiver = waived.get(finding.key) if finding.status is Status.FAIL else None
        counts[WAIVED] += waiver is not None
        body = _detail(finding)
        judged.documents[detail := blobs.address(body)] = body
        judged.kept[resource, finding.check] = {
            "account": account,
            "resource": resource,
            "check": finding.check,
            "status": finding.status.value,
            "severity": finding.severity,
            "detail": detail,
            "waiver": waiver,
        }
    return judged


def _known_by(
    connection: Connection, account: str, standing: Mapping[tuple[str, str], Any]
) -> dict[tuple[str, str], int]:
    """The row that answers about each name go to.

    What another account showed before its owner looked was answered for then: those answers go on under the same row.
    """
    placeholders = connection.execute(recording.PLACEHOLDERS, {"account": account})
    resources = {(row.type, row.uid): int(row.id) for row in placeholders}
    first = {place for place, row in standing.items() if row.incarnation == 1}
    return resources | {
        place: row.resource for place, row in standing.items() if not (place in first and place in resources)
    }


def _placeholder(connection: Connection, account: str, at: datetime, finding: Finding, name: str) -> int:
    """A resource row for an answer about what could not be listed, or only others showed: it has no versions."""
    known = {"type": finding.type, "uid": name, "reader": account}
    row = connection.execute(recording.RESOURCE_BY_UID, known).first()
    if row is not None:
        return int(row.id)
    values = {
        "reader": account,
        "account": finding.account,
        "type": finding.type,
        "uid": name,
        "incarnation": 0,
        "region": finding.region,
        "key": finding.resource,
        "arn": finding.arn,
        "created_at": None,
        "first_seen_at": at,
    }
    return int(connection.scalars(recording.NEW_RESOURCES, [sealed(RESOURCE, values)]).one())


def _detail(finding: Finding) -> bytes:
    """What was seen. When it was seen is the scan's to say: it differs from week to week, what was seen does not."""
    evidence = [[one.type, one.id, one.account, one.key, plain(one.value), one.operation] for one in finding.evidence]
    return canonical_json({"reason": finding.reason, "fix": finding.fix, "evidence": evidence})


def _write(connection: Connection, account: str, at: datetime, judged: _Judged) -> list[bytes]:
    """Close what ended, open what began; the lines of all that stands."""
    open_rows: dict[Key, dict[str, Any]] = {
        (row["resource"], row["check"]): dict(row)
        for row in connection.execute(recording.OPEN_FINDINGS, {"account": account}).mappings()
    }
    begun = [key for key, row in judged.kept.items() if key not in open_rows or _differs(open_rows[key], row)]
    earlier = _earlier(connection, [key for key in begun if key not in open_rows])
    closed = []
    lines = []
    for key, row in open_rows.items():
        if key in judged.kept and not _differs(row, judged.kept[key]):
            lines.append(finding_line(row))
            continue
        why = "changed" if key in judged.kept else judged.answered.get(key) or _gone(judged, key)
        ended = sealed(FINDING, row | {"valid_to": at, "end_reason": why})
        closed.append({"row": row["id"], "end": at, "why": why, "new_seal": ended["seal"]})
    new = []
    for key in begun:
        began = judged.kept[key] | {"valid_from": at, "valid_to": None, "end_reason": None}
        began |= _spell(began, open_rows.get(key), earlier.get(key), at)
        new.append(sealed(FINDING, began))
        lines.append(finding_line(began))
    blobs.put(connection, judged.documents)
    if closed:
        connection.execute(recording.CLOSE_FINDING, closed)
    if new:
        connection.execute(recording.NEW_FINDINGS, new)
    return lines


def _gone(judged: _Judged, key: Key) -> str:
    """Why nobody asks any more: the account was left out, the check asks no longer, or the resource is not there."""
    if judged.excluded:
        return "excluded"
    return "not_asked" if key[0] in judged.there else "gone"


def _differs(before: Mapping[Any, Any], now: Mapping[str, Any]) -> bool:
    return any(before[name] != now[name] for name in ("status", "severity", "detail", "waiver"))


def _earlier(connection: Connection, keys: Collection[Key]) -> dict[Key, Any]:
    """For answers that begin not to pass: how often they did so before, if ever."""
    found: dict[Key, Any] = {}
    for some in recording.chunks(sorted({resource for resource, _ in keys})):
        for row in connection.execute(recording.earlier_findings(some)):
            place = (row.resource, row.check)
            if place not in found or row.valid_to > found[place].valid_to:
                found[place] = row
    return found


def _spell(row: Mapping[str, Any], before: Mapping[Any, Any] | None, earlier: Any, at: datetime) -> dict[str, Any]:
    """Since when it is so, since when it fails, and how often it came back."""
    fails = row["status"] == Status.FAIL.value
    if before is not None:
        since = before["since"] if before["status"] == row["status"] else at
        return {
            "since": since,
            "failing_since": before["failing_since"] or (at if fails else None),
            "reopened": before["reopened"],
        }
    again = earlier is not None and earlier.end_reason in ANSWERED and earlier.failing_since is not None
    return {"since": at, "failing_since": at if fails else None, "reopened": earlier.reopened + 1 if again else 0}


# --- asking ---


def findings(
    engine: Engine,
    run: Run,
    within: Within = EVERYWHERE,
    *,
    status: Status | None = None,
    severities: Collection[Severity] = (),
    type: str = "",
    region: str = "",
    limit: int | None = None,
    offset: int = 0,
    previous: Run | None = None,
) -> Iterator[FindingRecord]:
    """Findings that do not pass at a run: not waived first, the gravest first, new before old, then by account and ARN.

    `previous` is the run that new and persisting are told by; without it everything persists.
    """
    with reading(engine) as connection:
        number = number_of(connection, run.id)
        before: dict[str, datetime] = {}
        if previous is not None:
            then = queries.scans_before(number_of(connection, previous.id))
            before = {row.account: row.findings_at for row in connection.execute(then)}
        query = queries.open_in(
            number,
            within,
            status=status.value if status else "",
            severities=severities,
            type=type,
            region=region,
            limit=limit,
            offset=offset,
        )
        for some in recording.chunks(connection.scalars(query).all()):
            rows = {row.id: row for row in connection.execute(queries.shown(number, some))}
            said = reasons_since(connection, list(rows.values()))
            for row in (rows[id] for id in some if id in rows):
                state = state_of(row, before.get(row.account)) if previous is not None else "persisting"
                yield record_from(row, state, said[row.id], row.observed_at)


def reasons_since(connection: Connection, rows: Sequence[Any]) -> dict[int, datetime]:
    """Since when each answer gives its reason word for word, by number, within the spell of its status.

    Evidence differs from look to look where it holds times and counters, and waivers come and go: the reason stays.
    Where nothing older is known of the spell, nothing says that the reason was ever another.
    """
    since = {row.id: row.since for row in rows}
    open_rows = {row.id: _Reason(row) for row in rows if row.valid_from > row.since}
    for some in recording.chunks(sorted(open_rows)):
        for then in connection.execute(queries.earlier(some)):
            reason = open_rows.get(then.now)
            if reason is not None and not reason.reaches(then):
                since[then.now] = reason.start
                del open_rows[then.now]
    return since


class _Reason:
    """The reason of an answer, followed back from row to row while it stays the same."""

    def __init__(self, row: Any) -> None:
        self.start: datetime = row.valid_from
        self._detail = row.detail
        self._text = blobs.parsed(row.codec, row.data, row.detail)["reason"]

    def reaches(self, then: Any) -> bool:
        """Whether an earlier row adjoins and says the same; then the reason began with it, or before."""
        if then.valid_to != self.start or not self._is_said(then):
            return False
        self.start = then.valid_from
        return True

    def _is_said(self, then: Any) -> bool:
        if then.detail == self._detail:
            return True
        try:
            said = blobs.parsed(then.codec, then.data, then.detail)["reason"]
        except Damaged:  # what cannot be read proves nothing, and today's answer stands without it
            return False
        return bool(said == self._text)


def record_from(
    row: Any, state: FindingState, reason_since: datetime, captured_at: datetime | None = None
) -> FindingRecord:
    """A finding with its history."""
    return FindingRecord(
        finding=finding_from(row, captured_at),
        since=row.since,
        failing_since=row.failing_since,
        reopened=row.reopened,
        state=state,
        waiver_id=row.waiver,
        evidence_since=reason_since,
    )


def state_of(row: Any, before: datetime | None) -> FindingState:
    """Whether a finding has come, come back or stayed since another run judged its account (None: it did not)."""
    began = row.failing_since or row.since
    if before is not None and began <= before:
        return "persisting"
    return "reopened" if row.reopened and row.failing_since else "new"


def finding_from(row: Any, captured_at: datetime | None = None) -> Finding:
    """A finding as it was stored."""
    detail = blobs.parsed(row.codec, row.data, row.detail)
    return Finding(
        check=row.check,
        account=row.owner,
        region=row.region,
        type=row.type,
        resource=row.key,
        arn=row.arn,
        status=Status(row.status),
        severity=row.severity,
        reason=detail["reason"],
        evidence=tuple(_evidence(one, captured_at) for one in detail["evidence"]),
        fix=detail["fix"],
    )


def _evidence(stored: Sequence[Any], captured_at: datetime | None) -> Evidence:
    type, id, account, key, value, operation = stored
    return Evidence(type, id, account, key, value, operation, captured_at)
