"""Everything that was not assessed, with the reason: reads that failed, checks without data, controls that stayed open."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reporter.model import ControlStatus, ReadStatus, Status
from reporter.report.exhibits import UNASKED, explained
from reporter.report.facts import Capped, Facts
from reporter.report.posture import GRAVE
from reporter.report.source import CheckText, ControlResult, GapCount, Source
from reporter.report.words import versioned

ASKED_OF = 100  # unreachable accounts whose answers are told apart one by one, as many as a source names at once
REASONS_READ = 400  # answers without data that are looked through for the reason of a check
_OPEN = (ControlStatus.NOT_ASSESSED, ControlStatus.PARTIAL, ControlStatus.MANUAL)


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, or was not tried, for one reason."""

    what: str  # the permission, with its service
    why: str  # AWS's code, or in words why nobody asked
    count: int  # listings and parts that are unknown for it: one refused request may leave several
    accounts: int
    types: tuple[str, ...]
    whole: bool  # nothing in these accounts is known


@dataclass(frozen=True, slots=True)
class UnansweredCheck:
    """A check that lacked data somewhere in the scope; `unreached` of its answers, because the account was not reached."""

    check: CheckText
    insufficient: int
    answered: int
    unreached: int
    why: str  # of one answer that another reason left open


@dataclass(frozen=True, slots=True)
class OpenControls:
    """Controls of one framework that this run does not answer, for the same reason."""

    framework: str
    status: ControlStatus
    controls: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Unassessed:
    """What was not looked at: by permission, by check, by control."""

    failed: Capped[Unread]
    untried: Capped[Unread]
    checks: Capped[UnansweredCheck]
    checks_unreached: int  # checks that lack data in accounts that were not reached, and nowhere else
    controls: tuple[OpenControls, ...]

    @property
    def nothing(self) -> bool:
        """Whether everything was read and answered."""
        return not (self.failed.rows or self.untried.rows or self.checks.rows or self.checks_unreached or self.controls)


def unassessed(
    source: Source, facts: Facts, results: Mapping[str, tuple[ControlResult, ...]], gaps: Sequence[GapCount]
) -> Unassessed:
    """Collect what stayed open: failed reads, checks without data, controls not assessed, partial or manual."""
    cap = facts.options.rows_shown
    failed = [_unread(gap) for gap in gaps if gap.code not in UNASKED]
    untried = [_unread(gap) for gap in gaps if gap.code in UNASKED]
    lacking = _lacking(source, facts)
    rows = [row for row in lacking if row.insufficient > row.unreached]
    return Unassessed(
        Capped(tuple(failed[:cap]), len(failed)),
        Capped(tuple(untried[:cap]), len(untried)),
        Capped(_with_reasons(source, facts, rows[:cap]), len(rows)),
        len(lacking) - len(rows),
        tuple(_open_controls(facts, results)),
    )


def _unread(gap: GapCount) -> Unread:
    whole = gap.iam == "sts:AssumeRole" or gap.code in ("Excluded", "NotSelected")
    what = gap.iam or gap.operation or "everything in the account"
    return Unread(what, UNASKED.get(gap.code, gap.code), gap.count, gap.accounts, gap.types, whole)


def _lacking(source: Source, facts: Facts) -> list[UnansweredCheck]:
    """Checks without data: first those that lack more than accounts nobody reached, the gravest in front."""
    unreached: dict[str, int] = {}
    closed = _unreached(facts)[:ASKED_OF]
    for tally in source.account_tallies(facts.scope, closed) if closed else ():
        unreached[tally.check] = unreached.get(tally.check, 0) + tally.insufficient
    sums: dict[str, tuple[int, int]] = {}
    for one in facts.tallies:
        lacking, answered = sums.get(one.check, (0, 0))
        sums[one.check] = (lacking + one.insufficient, answered + one.passed + one.failed)
    rows = [
        UnansweredCheck(facts.check(check), lacking, answered, min(unreached.get(check, 0), lacking), "")
        for check, (lacking, answered) in sums.items()
        if lacking
    ]
    return sorted(rows, key=lambda r: (r.check.severity not in GRAVE, r.unreached - r.insufficient, r.check.id))


def _unreached(facts: Facts) -> list[str]:
    return [row.account.id for row in facts.accounts if row.status is ReadStatus.UNREACHABLE]


def _with_reasons(source: Source, facts: Facts, rows: Iterable[UnansweredCheck]) -> tuple[UnansweredCheck, ...]:
    """Each with the reason of one answer of an account that was reached."""
    asked = {row.check.id: row for row in rows}
    if not asked:
        return ()
    closed, reasons = set(_unreached(facts)), dict[str, str]()
    narrowed = replace(facts.scope, checks=frozenset(asked))
    for answer in source.findings(narrowed, Status.INSUFFICIENT_DATA, REASONS_READ):
        if answer.finding.account not in closed:
            reasons.setdefault(answer.finding.check, explained(answer.finding.reason))
    told = [replace(row, why=reasons.get(check, "")) for check, row in asked.items()]
    told.sort(key=lambda row: (row.check.severity not in GRAVE, row.why))  # stable: what lacks most stays in front
    return tuple(told)


def _open_controls(facts: Facts, results: Mapping[str, tuple[ControlResult, ...]]) -> Iterable[OpenControls]:
    """All of them, put together by framework, status and the lead of the reason (what follows names single checks)."""
    for framework in facts.frameworks:
        alike: dict[tuple[ControlStatus, str], list[str]] = {}
        for result in results[framework.id]:
            if result.status in _OPEN:
                lead = "" if result.status is ControlStatus.MANUAL else result.reason.partition(":")[0]
                alike.setdefault((result.status, lead), []).append(result.control)
        ranked = sorted(alike.items(), key=lambda pair: (_OPEN.index(pair[0][0]), -len(pair[1])))
        called = versioned(framework.title, framework.version)
        yield from (OpenControls(called, status, tuple(controls), lead) for (status, lead), controls in ranked)
