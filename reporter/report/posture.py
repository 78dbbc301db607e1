"""How the scope stands: pass rate with its definition and coverage, by severity, over time, and what moved."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from reporter.model import SEVERITIES, ReadStatus, Severity
from reporter.report.facts import Facts
from reporter.report.source import AccountTotal, Became, CheckText, EndedRow, Movement, Source, Tally, TrendPoint

ENDED_READ = 200  # findings that no longer fail, put together by resource for the few lines a body has for them
ENDED_SHOWN = 8
GRAVE: tuple[Severity, ...] = ("critical", "high")


@dataclass(frozen=True, slots=True)
class Counts:
    """Answers counted by status. `waived` is part of `failed`; `insufficient` is never a pass."""

    passed: int = 0
    failed: int = 0
    waived: int = 0
    not_applicable: int = 0
    insufficient: int = 0

    @property
    def open(self) -> int:
        """Failing and not waived."""
        return self.failed - self.waived

    @property
    def answered(self) -> int:
        """Answers that are yes or no."""
        return self.passed + self.failed

    @property
    def asked(self) -> int:
        """Questions that apply, answered or not."""
        return self.answered + self.insufficient

    @property
    def pass_rate(self) -> float | None:
        """Passed of answered; None where nothing was answered (which is not 0 and not 1)."""
        return self.passed / self.answered if self.answered else None

    @property
    def answered_rate(self) -> float | None:
        """Answered of asked: how much of the pass rate's question could be answered at all."""
        return self.answered / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class SeverityLine:
    """The counts of one severity."""

    severity: Severity
    counts: Counts


@dataclass(frozen=True, slots=True)
class RunPoint:
    """One run of the trend."""

    run: str
    as_of: datetime
    counts: Counts
    accounts_read: int
    accounts_total: int


@dataclass(frozen=True, slots=True)
class EndedLine:
    """What failed of one resource at the previous run and does not now, for one reason."""

    became: Became
    because: str
    account: str
    region: str
    type: str
    resource: str
    count: int
    check: CheckText  # the gravest of them


@dataclass(frozen=True, slots=True)
class Ended:
    """The findings that no longer fail; `shown` and `total` count findings, a line may stand for several."""

    lines: tuple[EndedLine, ...]
    shown: int
    total: int


@dataclass(frozen=True, slots=True)
class Posture:
    """The figures of the posture section; `clear` counts accounts fully read with no open or unknown grave answer."""

    counts: Counts
    severities: tuple[SeverityLine, ...]
    movement: Movement
    ended: Ended
    accounts_total: int
    accounts_read: int  # fully
    accounts_clear: int
    open_grave: int
    trend: tuple[RunPoint, ...]


def add_up(tallies: Iterable[Tally | AccountTotal | TrendPoint]) -> Counts:
    """Sum the counts of rows that have them."""
    passed = failed = waived = not_applicable = insufficient = 0
    for row in tallies:
        passed += row.passed
        failed += row.failed
        waived += row.waived
        insufficient += row.insufficient
        not_applicable += row.not_applicable
    return Counts(passed, failed, waived, not_applicable, insufficient)


def posture(source: Source, facts: Facts) -> Posture:
    """Build the section from the tallies (so that its figures are those of the tables below it)."""
    lines = [SeverityLine(s, add_up(t for t in facts.tallies if t.severity == s)) for s in SEVERITIES]
    read = [row.account.id for row in facts.accounts if row.status is ReadStatus.READ]
    return Posture(
        counts=add_up(facts.tallies),
        severities=tuple(line for line in lines if line.counts.asked or line.counts.not_applicable),
        movement=facts.movement,
        ended=_ended(source, facts),
        accounts_total=len(facts.accounts),
        accounts_read=len(read),
        accounts_clear=sum(is_clear(facts.totals.get(account)) for account in read),
        open_grave=sum(line.counts.open for line in lines if line.severity in GRAVE),
        trend=tuple(
            RunPoint(p.run, p.as_of, add_up([p]), p.accounts_read, p.accounts_total)
            for p in source.trend(facts.scope, facts.options.runs_shown)
        ),
    )


def _ended(source: Source, facts: Facts) -> Ended:
    moved = facts.movement
    total = moved.fixed + moved.gone + moved.lost_sight
    alike: dict[tuple[str, ...], list[EndedRow]] = {}
    for row in source.ended(facts.scope, ENDED_READ) if total else ():
        one = row.finding
        alike.setdefault((row.became, row.because, one.account, one.type, one.arn or one.resource), []).append(row)
    shown = list(alike.values())[:ENDED_SHOWN]
    return Ended(tuple(_ended_line(facts, rows) for rows in shown), sum(map(len, shown)), total)


def _ended_line(facts: Facts, rows: list[EndedRow]) -> EndedLine:
    first, one = rows[0], rows[0].finding
    check = facts.check(one.check)
    return EndedLine(first.became, first.because, one.account, one.region, one.type, one.resource, len(rows), check)


def is_clear(total: AccountTotal | None) -> bool:
    """Whether an account has answers, and no open and no unanswered critical or high one among them."""
    if total is None:
        return False
    return not any(total.failing.get(s) or total.unknown.get(s) for s in GRAVE)
