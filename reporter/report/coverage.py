"""What the figures rest on: accounts read and not read, and everything that was not assessed, with the reason."""

from dataclasses import dataclass
from datetime import datetime

from reporter.model import ControlStatus, ReadStatus
from reporter.report.facts import Capped, Facts
from reporter.report.source import AccountRow, CheckText, ControlResult, GapCount, Source


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every account of the scope, once, by how it fared; `incomplete` lists those that were not fully read."""

    total: int
    read: int
    partial: int
    unreachable: int
    excluded: int
    incomplete: Capped[AccountRow]
    regions_enabled: int
    regions_read: int
    resources: int
    calls: int
    denied: int
    oldest_at: datetime | None
    newest_at: datetime | None

    @property
    def complete(self) -> bool:
        """Whether every account was fully read."""
        return self.read == self.total


@dataclass(frozen=True, slots=True)
class UnansweredCheck:
    """A check that lacked data somewhere in the scope."""

    check: CheckText
    insufficient: int
    answered: int


@dataclass(frozen=True, slots=True)
class OpenControl:
    """A control that this run does not answer, and why."""

    framework: str
    control: str
    title: str
    status: ControlStatus
    reason: str


@dataclass(frozen=True, slots=True)
class Unassessed:
    """What was not looked at: by permission, by check, by control."""

    gaps: Capped[GapCount]
    checks: Capped[UnansweredCheck]
    controls: Capped[OpenControl]


_ORDER = (ReadStatus.UNREACHABLE, ReadStatus.PARTIAL, ReadStatus.EXCLUDED)


def coverage(facts: Facts) -> Coverage:
    """Count the accounts by how they fared and list those not fully read, worst first."""
    rows = facts.accounts
    short = sorted((r for r in rows if r.status is not ReadStatus.READ), key=lambda r: _ORDER.index(r.status))
    times = [row.observed_at for row in rows if row.observed_at]

    def count(status: ReadStatus) -> int:
        return sum(row.status is status for row in rows)

    return Coverage(
        total=len(rows),
        read=count(ReadStatus.READ),
        partial=count(ReadStatus.PARTIAL),
        unreachable=count(ReadStatus.UNREACHABLE),
        excluded=count(ReadStatus.EXCLUDED),
        incomplete=Capped(tuple(short[: facts.options.rows_shown]), len(short)),
        regions_enabled=sum(row.regions_enabled for row in rows),
        regions_read=sum(row.regions_read for row in rows),
        resources=sum(row.resources for row in rows),
        calls=sum(row.calls for row in rows),
        denied=sum(row.denied for row in rows),
        oldest_at=min(times, default=None),
        newest_at=max(times, default=None),
    )


def unassessed(source: Source, facts: Facts, results: dict[str, tuple[ControlResult, ...]]) -> Unassessed:
    """Collect what stayed open: denied reads, checks without data, controls not assessed, partial or manual."""
    gaps = tuple(source.gaps(facts.scope))
    lacking = [
        UnansweredCheck(facts.check(t.check), t.insufficient, t.passed + t.failed)
        for t in facts.tallies
        if t.insufficient
    ]
    lacking.sort(key=lambda row: (-row.insufficient, row.check.id))
    controls = tuple(_open_controls(facts, results))
    cap = facts.options.rows_shown
    return Unassessed(
        Capped(gaps[:cap], len(gaps)), Capped(tuple(lacking[:cap]), len(lacking)), Capped(controls[:cap], len(controls))
    )


def _open_controls(facts: Facts, results: dict[str, tuple[ControlResult, ...]]) -> list[OpenControl]:
    titles = {(f.id, c.id): c.title for f in facts.frameworks for c in f.controls}
    unanswered = (ControlStatus.NOT_ASSESSED, ControlStatus.PARTIAL, ControlStatus.MANUAL)
    return [
        OpenControl(r.framework, r.control, titles.get((r.framework, r.control), ""), r.status, r.reason)
        for status in unanswered
        for f in facts.frameworks
        for r in results[f.id]
        if r.status is status
    ]
