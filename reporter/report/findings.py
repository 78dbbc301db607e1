"""Failing findings with evidence, age, owner and remedy; and the waivers that stand beside some of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from reporter.model import SEVERITIES, Finding, Severity, Status, Waiver
from reporter.report.changes import ChangeLine
from reporter.report.evidence import Proof, proofs
from reporter.report.facts import Capped, Facts
from reporter.report.posture import GRAVE, Counts
from reporter.report.source import CheckText, FindingRow, FindingState, Source, Tally, WaiverRow

EVIDENCE_SHOWN = 4  # values printed for one finding; the rest is in the data
ALIKE_SHOWN = 3  # answers of one check that an account's edition prints with their evidence


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One failing finding. `due_on` is None where its severity has no limit or the finding is waived."""

    finding: Finding
    first_seen: datetime
    otherwise_until: datetime | None  # it failed before too, and since this instant for the present reason
    age_days: int
    state: FindingState
    waiver: Waiver | None
    due_on: date | None
    overdue: bool
    evidence: tuple[Proof, ...]
    evidence_left_out: int = 0


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Failing findings of one check, with the text they share."""

    check: CheckText
    severity: Severity
    counts: Counts
    accounts_failing: int
    controls: tuple[str, ...]  # "CIS 3.1": every control of the edition's frameworks that uses the check
    lines: Capped[FindingLine]
    alike: tuple[tuple[int, ...], ...] = ()  # places in `lines` of findings with one answer, to be printed as one
    in_full: int = 0  # of those, so many are printed with their evidence


@dataclass(frozen=True, slots=True)
class FailingCheck:
    """A check with failing findings, for the overview: every one of them is there."""

    check: CheckText
    severity: Severity
    counts: Counts
    accounts_failing: int


@dataclass(frozen=True, slots=True)
class FindingsSection:
    """Failing findings grouped by check, most severe first."""

    shown: int
    total: int
    overdue: int  # among those shown
    checks: tuple[FailingCheck, ...]
    groups: tuple[FindingGroup, ...]


@dataclass(frozen=True, slots=True)
class WaiverLine:
    """A waiver, what it covers now, and whether it needs somebody's eye."""

    waiver: Waiver
    title: str
    findings: int
    accounts: int
    state: str  # in force, expiring, expired
    days_left: int


@dataclass(frozen=True, slots=True)
class WaiversSection:
    """Waivers and acknowledged changes of the scope."""

    lines: Capped[WaiverLine]
    expiring: int
    expired: int
    waived_findings: int
    acknowledged: tuple[ChangeLine, ...]


def findings_section(source: Source, facts: Facts) -> FindingsSection:
    """The first findings in the source's order, put under their checks."""
    rows = tuple(source.findings(facts.scope, Status.FAIL, facts.options.findings_shown))
    lines: dict[str, list[FindingLine]] = {}
    for row in rows:
        lines.setdefault(row.finding.check, []).append(_line(facts, row))
    groups = [_group(facts, check, of_check) for check, of_check in lines.items()]
    groups.sort(key=lambda g: (g.counts.open == 0, SEVERITIES.index(g.severity), -g.counts.open, g.check.id))
    total = sum(tally.failed for tally in facts.tallies)
    overdue = sum(line.overdue for g in groups for line in g.lines.rows)
    for number, group in enumerate(groups):
        full = number < facts.options.evidence_checks
        most = 1
        if facts.edition.kind == "account":
            full, most = full and group.severity in GRAVE, ALIKE_SHOWN
        groups[number] = replace(group, in_full=most if full else 0)
    return FindingsSection(len(rows), total, overdue, _failing(facts), tuple(groups))


def _failing(facts: Facts) -> tuple[FailingCheck, ...]:
    rows = [
        FailingCheck(facts.check(t.check), t.severity, _sum([t]), t.accounts_failing) for t in facts.tallies if t.failed
    ]
    rows.sort(key=lambda r: (r.counts.open == 0, SEVERITIES.index(r.severity), -r.counts.open, r.check.id))
    return tuple(rows)


def _line(facts: Facts, row: FindingRow) -> FindingLine:
    finding, first_seen = row.finding, row.first_seen
    due_on = None if row.waiver else facts.due_on(finding.severity, first_seen)
    shown = EVIDENCE_SHOWN // 2 if facts.edition.kind == "account" else EVIDENCE_SHOWN
    return FindingLine(
        finding,
        first_seen,
        row.evidence_since if row.evidence_since and row.evidence_since > first_seen else None,
        max((facts.as_of - first_seen).days, 0),
        row.state,
        row.waiver,
        due_on,
        due_on is not None and due_on < facts.as_of.date(),
        proofs(finding)[:shown],
        max(len(finding.evidence) - shown, 0),
    )


def _group(facts: Facts, check: str, lines: list[FindingLine]) -> FindingGroup:
    tallies = [t for t in facts.tallies if t.check == check]
    counts = _sum(tallies)
    controls = tuple(
        f"{f.title} {c.id}" for f in facts.frameworks for c in f.controls if any(use.check == check for use in c.checks)
    )
    severity = min((line.finding.severity for line in lines), key=SEVERITIES.index)
    accounts = max((t.accounts_failing for t in tallies), default=0)
    capped = Capped(tuple(lines), max(counts.failed, len(lines)))
    return FindingGroup(facts.check(check), severity, counts, accounts, controls, capped, _alike(facts, lines))


def _alike(facts: Facts, lines: list[FindingLine]) -> tuple[tuple[int, ...], ...]:
    """Findings with the same answer, put together, new ones first; over several accounts only where all of it is the same."""
    groups: dict[object, list[int]] = {}
    for place, line in enumerate(lines):
        called = line.finding.reason.replace(line.finding.resource, "")
        answer: tuple[object, ...] = (called, line.waiver.id if line.waiver else "")
        if facts.edition.kind != "account":
            answer += (line.state, line.first_seen, line.otherwise_until, line.overdue)
        groups.setdefault(answer, []).append(place)
    return tuple(map(tuple, groups.values()))


def _sum(tallies: Iterable[Tally]) -> Counts:
    rows = list(tallies)
    return Counts(
        sum(t.passed for t in rows),
        sum(t.failed for t in rows),
        sum(t.waived for t in rows),
        sum(t.not_applicable for t in rows),
        sum(t.insufficient for t in rows),
    )


def waivers_section(source: Source, facts: Facts, changes: Iterable[ChangeLine]) -> WaiversSection:
    """Waivers, soonest to expire first; and the changes somebody acknowledged."""
    rows = [_waiver(facts, row) for row in source.waivers(facts.scope)]
    return WaiversSection(
        Capped(tuple(rows[: facts.options.rows_shown]), len(rows)),
        sum(row.state == "expiring" for row in rows),
        sum(row.state == "expired" for row in rows),
        sum(tally.waived for tally in facts.tallies),
        tuple(line for line in changes if line.acknowledgement),
    )


def _waiver(facts: Facts, row: WaiverRow) -> WaiverLine:
    days = (row.waiver.expires_on - facts.as_of.date()).days
    state = "expired" if days < 0 else "expiring" if days <= facts.options.expiring.days else "in force"
    title = row.title or facts.check(row.waiver.check).title
    return WaiverLine(row.waiver, title, row.findings, row.accounts, state, days)
