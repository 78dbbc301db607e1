"""Frameworks and their controls, and the map of accounts by control family."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from reporter.model import Control, ControlStatus, Framework
from reporter.report.facts import AccountRef, Capped, Facts, refer
from reporter.report.posture import GRAVE, Counts
from reporter.report.source import AccountRow, AccountTally, ControlResult, Fared, Source
from reporter.report.words import versioned

FAMILIES_SHOWN = 9  # columns of the map that still leave room for the account's name on A4

ControlResults = dict[str, tuple[ControlResult, ...]]


@dataclass(frozen=True, slots=True)
class ControlLine:
    """A control, its answer, and the ids of the checks behind it."""

    control: Control
    result: ControlResult

    @property
    def evidence(self) -> str:
        """How the checks bear on the control: direct, supporting (none of them asks what it asks), both; none for none."""
        relations = {use.relation for use in self.control.checks}
        return "both" if len(relations) == 2 else next(iter(relations), "none")

    @property
    def no_data(self) -> int:
        """Accounts in which an answer is missing, also if something fails there: with those assessed, all in scope."""
        return max(self.result.accounts_total - self.result.accounts_assessed, 0)


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
    standard_total: int | None = None  # controls that the standard itself has, where that is known

    @property
    def total(self) -> int:
        """Controls of the framework: the denominator is its own, never a fixed number."""
        return len(self.lines)

    def count(self, status: ControlStatus) -> int:
        """How many controls have this status."""
        return dict(self.statuses).get(status, 0)

    def supported(self, status: ControlStatus) -> int:
        """How many of them rest on supporting evidence alone: no check asks what the control asks."""
        return sum(line.result.status == status and line.evidence == "supporting" for line in self.lines)

    @property
    def failing_left_out(self) -> int:
        """Failing controls for which a body has no room."""
        failing = {line.control.id for line in self.lines if line.result.status is ControlStatus.FAIL}
        return len(failing.difference(self.printed))


@dataclass(frozen=True, slots=True)
class MapRow:
    """One account of the map; a cell is None where the family has no answer of any kind there."""

    account: AccountRef
    status: Fared
    cells: tuple[Counts | None, ...]


@dataclass(frozen=True, slots=True)
class AccountMap:
    """Accounts by control family of one framework, worst accounts first."""

    framework: str
    families: tuple[str, ...]
    rows: Capped[MapRow]
    families_total: int = 0  # of the framework, those with a check


def control_results(source: Source, facts: Facts) -> ControlResults:
    """The answers to the controls of every framework of the edition."""
    return {f.id: tuple(source.controls(f.id, facts.scope)) for f in facts.frameworks}


def framework_sections(facts: Facts, results: ControlResults) -> tuple[FrameworkSection, ...]:
    """One section for each framework; a control the source says nothing of is not assessed, never left out."""
    lines = {framework.id: _lines(framework, results[framework.id]) for framework in facts.frameworks}
    printed = _printed(lines, facts.options.controls_shown)
    return tuple(_section(framework, lines[framework.id], printed[framework.id]) for framework in facts.frameworks)


def _lines(framework: Framework, results: tuple[ControlResult, ...]) -> tuple[ControlLine, ...]:
    by_id = {result.control: result for result in results}
    silent = "This run holds no answer to it."
    return tuple(
        ControlLine(
            control,
            by_id.get(control.id) or ControlResult(framework.id, control.id, ControlStatus.NOT_ASSESSED, silent),
        )
        for control in framework.controls
    )


def _section(framework: Framework, lines: tuple[ControlLine, ...], printed: frozenset[str]) -> FrameworkSection:
    counted = ((s, sum(line.result.status is s for line in lines)) for s in ControlStatus)
    return FrameworkSection(
        framework.id,
        framework.title,
        framework.version,
        framework.source,
        tuple((status, n) for status, n in counted if n),
        lines,
        tuple(line.control.id for line in lines if line.control.id in printed),
        framework.total,
    )


_URGENT = (
    ControlStatus.FAIL,
    ControlStatus.PARTIAL,
    ControlStatus.NOT_ASSESSED,
    ControlStatus.WAIVED,
    ControlStatus.MANUAL,
)


LINE = 52  # letters of a control's title that stand in one line of the short tables


def _printed(frameworks: dict[str, tuple[ControlLine, ...]], room: int) -> dict[str, frozenset[str]]:
    """The controls there is room for, in lines: no other is printed while a failing one of any framework is not.

    What is as urgent shares the room that is left by the size of its framework, in the framework's own order.
    """
    printed: dict[str, set[str]] = {id: set() for id in frameworks}
    for status in (*_URGENT, *(one for one in ControlStatus if one not in _URGENT)):
        alike = {id: [one.control for one in rows if one.result.status is status] for id, rows in frameworks.items()}
        share = min(room / max(sum(map(_lines_taken, alike.values())), 1), 1.0)
        for id, controls in alike.items():
            taken = controls[: int(len(controls) * share)]
            printed[id].update(control.id for control in taken)
            room -= _lines_taken(taken)
        if share < 1:
            break
    return {id: frozenset(ids) for id, ids in printed.items()}


def _lines_taken(controls: Iterable[Control]) -> int:
    return sum(1 + (len(control.title) > LINE) for control in controls)


def account_map(source: Source, facts: Facts) -> AccountMap | None:
    """The map over the first framework's families; None where it has none or the edition is one account."""
    every = _families(facts.frameworks)
    families = dict(list(every.items())[:FAMILIES_SHOWN])
    if not families or len(facts.accounts) < 2:
        return None
    ranked = sorted(facts.accounts, key=lambda row: _rank(facts, row))
    shown = ranked[: facts.options.accounts_shown]
    cells = _cells(source.account_tallies(facts.scope, [row.account.id for row in shown]), families)
    rows = tuple(
        MapRow(
            refer(row, facts.options.owner_tags),
            row.fared,
            tuple(cells.get((row.account.id, family)) for family in families),
        )
        for row in shown
    )
    framework = versioned(facts.frameworks[0].title, facts.frameworks[0].version)
    return AccountMap(framework, tuple(families), Capped(rows, len(ranked)), len(every))


def _families(frameworks: tuple[Framework, ...]) -> dict[str, frozenset[str]]:
    """Family -> checks of the first framework, in its order."""
    families: dict[str, set[str]] = {}
    for control in frameworks[0].controls if frameworks else ():
        if control.checks:
            families.setdefault(control.family or control.id, set()).update(use.check for use in control.checks)
    return {name: frozenset(checks) for name, checks in families.items()}


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
