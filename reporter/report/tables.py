"""The tables of data that go with a report: their columns, and where the rows come from."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from reporter.model import Change, Control, Op, ReadStatus, Status
from reporter.report.content import Content
from reporter.report.exhibits import exhibits, explained
from reporter.report.source import AccountTotal, ChangeRow, FindingRow, Source

Cell = str | int | float | date | None
Rows = Iterator[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `free` are the columns that hold text of AWS or of people, where anybody may be named."""

    name: str
    holds: str
    columns: tuple[str, ...]
    rows: Callable[[Source, Content], Rows]
    free: tuple[str, ...] = ()


def _at(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


NOT_READ = (ReadStatus.UNREACHABLE, ReadStatus.EXCLUDED)
STORED = (Status.FAIL, Status.INSUFFICIENT_DATA)


def _findings(source: Source, content: Content) -> Rows:
    for status in (Status.FAIL, Status.INSUFFICIENT_DATA, Status.NOT_APPLICABLE):
        yield from findings_rows(source.findings(content.scope, status))


def findings_rows(findings: Iterable[FindingRow]) -> Rows:
    """One row of the findings table for each finding."""
    for row in findings:
        f, w = row.finding, row.waiver
        # Since when something passes, nobody wrote down: passes are counted and replayed, not stored.
        state, since = (row.state, _at(row.first_seen)) if f.status in STORED else (None, None)
        yield (
            f.check, f.status, f.severity, state, since, _at(row.evidence_since), f.account, f.region,
            f.type, f.resource, f.arn, explained(f.reason), _json(exhibits(f)), f.fix,
            w.id if w else None, w.owner if w else None, w.expires_on if w else None,
        )  # fmt: skip


def _ended(source: Source, content: Content) -> Rows:
    for row in source.ended(content.scope):
        f = row.finding
        yield (
            row.became, row.because, f.check, f.severity, _at(row.failing_since), _at(row.ended_at), f.account, f.region,
            f.type, f.resource, f.arn, explained(f.reason), row.waiver or None,
        )  # fmt: skip


def _changes(source: Source, content: Content) -> Rows:
    for row in source.changes(content.scope):
        for op in row.change.ops or (None,):
            yield (*_what(row.change), *_difference(op), *_who(row, op))


def _what(c: Change) -> Sequence[Cell]:
    moved = "; ".join(f"{check}: {how}" for check, how in sorted(c.checks.items()))
    return (
        c.id, c.direction, c.severity, c.klass, c.kind, c.account, c.region, c.type, c.resource, c.arn,
        _at(c.not_before), _at(c.detected_at), moved, c.summary,
    )  # fmt: skip


def _difference(op: Op | None) -> Sequence[Cell]:
    return (op.path, _json(op.before), _json(op.after)) if op else (None, None, None)


def _who(row: ChangeRow, op: Op | None) -> Sequence[Cell]:
    """Who made this difference, where the differences of a change were told apart; else who made the change."""
    told, seen = row.attribution, row.acknowledgement
    makers = (setting for setting in told.settings if op and setting.path == op.path) if told else ()
    made = next(iter(makers), told)
    actor = made.actors[0] if made and made.actors else None
    by = (actor.principal, actor.event_name, actor.event_id, _at(actor.at)) if actor else (None, None, None, None)
    return (made.confidence if made else None, *by, seen.by if seen else None, seen.reason if seen else None)


def _coverage(source: Source, content: Content) -> Rows:
    totals = {total.account: total for total in source.account_totals(content.scope)}
    for r in source.accounts(content.scope):
        a, t = r.account, totals.get(r.account.id, AccountTotal(r.account.id))
        read = r.status not in NOT_READ  # of the others nobody read anything, whoever tried
        yield (
            a.id, a.name, a.ou_path, a.state, r.status, _at(r.observed_at if read else None), _at(r.last_read_at), r.regions_enabled or None,
            r.regions_read, r.resources, r.gaps - r.unasked, r.unasked, r.calls, r.denied, t.passed, t.failed, t.waived,
            t.not_applicable, t.insufficient, r.reason, r.excluded_by, r.read_by if read else None,
        )  # fmt: skip


def _checks(source: Source, content: Content) -> Rows:
    texts = source.checks()
    for t in source.tallies(content.scope):
        title = texts[t.check].title if t.check in texts else ""
        yield (
            t.check, t.severity, t.passed, t.failed, t.waived, t.not_applicable, t.insufficient, t.accounts_failing, title,
        )  # fmt: skip


def _controls(_source: Source, content: Content) -> Rows:
    for framework in content.frameworks:
        for line in framework.lines:
            r = line.result
            yield (
                framework.id, framework.version, line.control.id, r.status, line.evidence, r.passed, r.failed, r.waived,
                r.not_applicable, r.insufficient, r.accounts_failing, r.accounts_passing, line.no_data, r.accounts_assessed,
                r.accounts_total, _behind(line.control), line.control.title, r.reason,
            )  # fmt: skip


def _behind(control: Control) -> str:
    return "; ".join(f"{use.check} ({use.relation})" for use in control.checks)


def _inventory(source: Source, content: Content) -> Rows:
    closed = {row.account.id for row in source.accounts(content.scope) if row.status in NOT_READ}
    for r in source.inventory(content.scope):
        unread = " ".join(r.unread)
        state = "not read" if r.account in closed else "last known" if "*" in r.unread else "read"
        yield (r.account, r.region, r.type, r.id, r.arn, state, _at(r.first_seen), _at(r.captured_at), r.sha256, unread)


TABLES = (
    Table("findings", "Every finding that does not pass", (
        "check", "status", "severity", "state", "first_seen", "evidence_since", "account", "region", "type", "resource",
        "arn", "reason", "evidence", "fix", "waiver", "waiver_owner", "waiver_expires_on"), _findings,
        ("resource", "arn", "reason", "evidence", "fix", "waiver_owner")),
    Table("ended", "Every finding that failed at the previous run and does not now: fixed, gone, or lost sight of", (
        "became", "because", "check", "severity", "failing_since", "ended_at", "account", "region", "type", "resource",
        "arn", "reason_then", "waiver_then"), _ended, ("resource", "arn", "reason_then")),
    Table("changes", "Every change since the previous run, a row for each difference", (
        "id", "direction", "severity", "class", "kind", "account", "region", "type", "resource", "arn", "not_before",
        "detected_at", "checks", "summary", "path", "before", "after", "confidence", "principal", "event", "event_id",
        "event_at", "acknowledged_by", "acknowledged_because"), _changes,
        ("resource", "arn", "summary", "path", "before", "after", "principal", "acknowledged_by", "acknowledged_because")),
    Table("coverage", "Every account: how it fared, and its answers", (
        "account", "name", "ou", "state", "status", "observed_at", "last_read_at", "regions_enabled", "regions_read",
        "resources", "reads_failed", "not_asked", "calls", "denied", "passed", "failed", "waived", "not_applicable", "insufficient_data",
        "reason", "excluded_by", "read_by"), _coverage, ("reason", "excluded_by", "read_by")),
    Table("checks", "Every check and its answers", (
        "check", "severity", "passed", "failed", "waived", "not_applicable", "insufficient_data", "accounts_failing",
        "title"), _checks),
    Table("controls", "Every control of every framework", (
        "framework", "version", "control", "status", "evidence", "passed", "failed", "waived", "not_applicable",
        "insufficient_data", "accounts_failing", "accounts_passing", "accounts_without_data", "accounts_assessed",
        "accounts_total", "checks", "title", "reason"), _controls, ("reason",)),
    Table("inventory", "Every resource known; of accounts that were not read as last known, and marked so", (
        "account", "region", "type", "id", "arn", "state", "first_seen", "captured_at", "sha256", "unread"), _inventory,
        ("id", "arn")),
)  # fmt: skip
