"""Drift: what changed since the previous run, in which direction, before and after, and who did it."""

from collections.abc import Iterable
from dataclasses import dataclass

from reporter.model import SEVERITIES, Attribution, Change, ChangeKind, Direction
from reporter.report.facts import Capped, Facts
from reporter.report.source import Acknowledgement, ChangeRow, CheckText, Source

OPS_SHOWN = 6  # differences printed for one change; the rest is in the data


@dataclass(frozen=True, slots=True)
class Moved:
    """A check whose answer a change moved: "pass -> fail"."""

    check: CheckText
    moved: str


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change with what a reader asks next: who, what it means, what to do."""

    change: Change
    attribution: Attribution | None
    acknowledgement: Acknowledgement | None
    moved: tuple[Moved, ...]
    ops_left_out: int = 0


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Changes that belong together in print."""

    title: str
    direction: Direction | None
    lines: Capped[ChangeLine]


@dataclass(frozen=True, slots=True)
class Drift:
    """All changes since the previous run: counted, and the ones that matter listed."""

    total: int
    worsened: int
    improved: int
    mixed: int
    neutral: int
    created: int
    modified: int
    deleted: int
    access_lost: int
    access_restored: int
    minor: int  # tags and cosmetic: counted only
    groups: tuple[ChangeGroup, ...]

    @property
    def quiet(self) -> bool:
        """Whether nothing changed that anybody could care about."""
        return self.total == self.minor


_TITLES = {
    Direction.WORSENED: "Worsened",
    Direction.MIXED: "Partly worse, partly better",
    Direction.IMPROVED: "Improved",
    Direction.NEUTRAL: "Neither better nor worse",
}


def drift(source: Source, facts: Facts) -> Drift:
    """Count everything; list worsened first and share what room is left among the other directions."""
    counts = facts.change_counts
    left = facts.options.changes_shown
    groups = []
    for direction, title in _TITLES.items():
        total = sum(c.count for c in counts if c.direction is direction and c.klass in ("security", "operational"))
        if not total:
            continue
        room = left if direction is Direction.WORSENED else max(left // 2, 3)
        lines = tuple(_line(facts, row) for row in source.changes(facts.scope, direction, room))
        left = max(left - len(lines), 0)
        groups.append(ChangeGroup(title, direction, Capped(lines, total)))

    def kinds(*wanted: ChangeKind) -> int:
        return sum(c.count for c in counts if c.kind in wanted)

    def directions(wanted: Direction) -> int:
        return sum(c.count for c in counts if c.direction is wanted)

    return Drift(
        total=sum(c.count for c in counts),
        worsened=directions(Direction.WORSENED),
        improved=directions(Direction.IMPROVED),
        mixed=directions(Direction.MIXED),
        neutral=directions(Direction.NEUTRAL),
        created=kinds(ChangeKind.CREATED, ChangeKind.RECREATED, ChangeKind.JOINED),
        modified=kinds(ChangeKind.MODIFIED, ChangeKind.MOVED),
        deleted=kinds(ChangeKind.DELETED, ChangeKind.LEFT_ORG),
        access_lost=kinds(ChangeKind.ACCESS_LOST),
        access_restored=kinds(ChangeKind.ACCESS_RESTORED),
        minor=sum(c.count for c in counts if c.klass in ("tags", "cosmetic")),
        groups=tuple(groups),
    )


def _line(facts: Facts, row: ChangeRow) -> ChangeLine:
    change = row.change
    moved = sorted(
        change.checks.items(),
        key=lambda item: (not item[1].endswith("fail"), SEVERITIES.index(facts.check(item[0]).severity), item[0]),
    )
    return ChangeLine(
        change,
        row.attribution,
        row.acknowledgement,
        tuple(Moved(facts.check(check), how) for check, how in moved),
        max(len(change.ops) - OPS_SHOWN, 0),
    )


def worsened(groups: Iterable[ChangeGroup], limit: int) -> tuple[ChangeLine, ...]:
    """The first lines of what got worse, for the front of the report."""
    lines = [line for g in groups if g.direction in (Direction.WORSENED, Direction.MIXED) for line in g.lines.rows]
    return tuple(lines[:limit])
