"""Frameworks and their controls, and the map of accounts by control family."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from reporter.model import Control, ControlStatus, Framework, ReadStatus
from reporter.report.facts import AccountRef, Capped, Facts, refer
from reporter.report.posture import GRAVE, Counts
from reporter.report.source import AccountRow, AccountTally, ControlResult, Source

FAMILIES_SHOWN = 9  # columns of the map that still leave room for the account's name on A4

ControlResults = dict[str, tuple[ControlResult, ...]]


@dataclass(frozen=True, slots=True)
class ControlLine:
    """A control, its answer, and the ids of the checks behind it."""

    control: Control
    result: ControlResult


@dataclass(frozen=True, slots=True)
class FrameworkSection:
    """One framework: how many controls have which status, and its table."""

    id: str
    title: str
    version: str
    source: str
    statuses: tuple[tuple[ControlStatus, int], ...]  # in the order of ControlStatus, zeroes left out
    lines: tuple[ControlLine, ...]
    printed: tuple[str, ...]  # ids of the controls a body prints; unless there are too many, all

    @property
    def total(self) -> int:
        """Controls of the framework: the denominator is its own, never a fixed number."""
        return len(self.lines)

    def count(self, status: ControlStatus) -> int:
        """How many controls have this status."""
        return dict(self.statuses).get(status, 0)


@dataclass(frozen=True, slots=True)
class MapRow:
    """One account of the map; a cell is None where the family has no answer of any kind there."""

    account: AccountRef
    status: ReadStatus
    cells: tuple[Counts | None, ...]


@dataclass(frozen=True, slots=True)
class AccountMap:
    """Accounts by control family of one framework, worst accounts first."""

    framework: str
    families: tuple[str, ...]
    rows: Capped[MapRow]


def control_results(source: Source, facts: Facts) -> ControlResults:
    """The answers to the controls of every framework of the edition."""
    return {f.id: tuple(source.controls(f.id, facts.scope)) for f in facts.frameworks}


def framework_sections(facts: Facts, results: ControlResults) -> tuple[FrameworkSection, ...]:
    """One section for each framework; a control the source says nothing of is not assessed, never left out."""
    total = sum(len(framework.controls) for framework in facts.frameworks)
    room = facts.options.controls_shown / max(total, 1)
    return tuple(_section(framework, results[framework.id], room) for framework in facts.frameworks)


def _section(framework: Framework, results: tuple[ControlResult, ...], room: float) -> FrameworkSection:
    by_id = {result.control: result for result in results}
    lines = tuple(
        ControlLine(
            control,
            by_id.get(control.id)
            or ControlResult(framework.id, control.id, ControlStatus.NOT_ASSESSED, "This run holds no answer to it."),
        )
        for control in framework.controls
    )
    counted = ((s, sum(line.result.status is s for line in lines)) for s in ControlStatus)
    return FrameworkSection(
        framework.id,
        framework.title,
        framework.version,
        framework.source,
        tuple((status, n) for status, n in counted if n),
        lines,
        _printed(lines, room),
    )


_URGENT = (
    ControlStatus.FAIL,
    ControlStatus.PARTIAL,
    ControlStatus.NOT_ASSESSED,
    ControlStatus.WAIVED,
    ControlStatus.MANUAL,
)


def _printed(lines: tuple[ControlLine, ...], room: float) -> tuple[str, ...]:
    """All, or the framework's share of the room: failing ones first, and back in the framework's order."""
    if room >= 1:
        return tuple(line.control.id for line in lines)
    ranked = sorted(lines, key=lambda line: (*_URGENT, line.result.status).index(line.result.status))
    kept = {line.control.id for line in ranked[: max(int(len(lines) * room), 5)]}
    return tuple(line.control.id for line in lines if line.control.id in kept)


def account_map(source: Source, facts: Facts) -> AccountMap | None:
    """The map over the first framework's families; None where it has none or the edition is one account."""
    families = _families(facts.frameworks)
    if not families or len(facts.accounts) < 2:
        return None
    ranked = sorted(facts.accounts, key=lambda row: _rank(facts, row))
    shown = ranked[: facts.options.accounts_shown]
    cells = _cells(source.account_tallies(facts.scope, [row.account.id for row in shown]), families)
    rows = tuple(
        MapRow(
            refer(row, facts.options.owner_tags),
            row.status,
            tuple(cells.get((row.account.id, family)) for family in families),
        )
        for row in shown
    )
    return AccountMap(facts.frameworks[0].title, tuple(families), Capped(rows, len(ranked)))


def _families(frameworks: tuple[Framework, ...]) -> dict[str, frozenset[str]]:
    """Family -> checks of the first framework, in its order."""
    families: dict[str, set[str]] = {}
    for control in frameworks[0].controls if frameworks else ():
        if control.checks:
            families.setdefault(control.family or control.id, set()).update(use.check for use in control.checks)
    return {name: frozenset(checks) for name, checks in list(families.items())[:FAMILIES_SHOWN]}


def _cells(tallies: Iterable[AccountTally], families: dict[str, frozenset[str]]) -> dict[tuple[str, str], Counts]:
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for tally in tallies:
        for family, checks in families.items():
            if tally.check in checks:
                figures = (tally.passed, tally.failed, tally.waived, tally.not_applicable, tally.insufficient)
                sums[tally.account, family] = [a + b for a, b in zip(sums[tally.account, family], figures, strict=True)]
    return {key: Counts(*figures) for key, figures in sums.items()}


def _rank(facts: Facts, row: AccountRow) -> tuple[int, int, int, str, str]:
    """Worst first; an account without an answer comes before those that are fine."""
    total = facts.totals.get(row.account.id)
    if total is None:
        return (0, -1, 0, row.account.ou_path, row.account.id)
    grave = sum(total.failing.get(severity, 0) for severity in GRAVE)
    return (-grave, total.waived - total.failed, -total.insufficient, row.account.ou_path, row.account.id)
