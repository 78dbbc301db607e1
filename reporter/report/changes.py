"""Drift: what changed since the previous run, in which direction, before and after, and who did it."""

from collections.abc import Iterable
from dataclasses import dataclass

from reporter.model import SEVERITIES, Attribution, Change, ChangeKind, Direction
from reporter.report.facts import Capped, Facts
from reporter.report.source import Acknowledgement, ChangeCount, ChangeRow, CheckText, Source
from reporter.report.words import short

OPS_SHOWN = 5  # differences printed for one change; the rest is in the data
FEW = 5  # changes in full; where there are more of them, each is given less room
MOVED_SHOWN = 4  # checks named as moved by one change


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
    title: str  # the resource and what happened to it
    moved: tuple[Moved, ...]
    moved_left_out: int = 0
    ops_left_out: int = 0


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Changes that belong together in print."""

    title: str
    direction: Direction | None
    lines: Capped[ChangeLine]
    in_full: bool = True  # printed with every difference, or a line each


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
    minor: int  # tags and cosmetic ones that are neither for better nor worse: counted only
    groups: tuple[ChangeGroup, ...]

    @property
    def quiet(self) -> bool:
        """Whether nothing changed that anybody could care about."""
        return self.total == self.minor


BAD = (Direction.WORSENED, Direction.MIXED)
_TITLES = {
    Direction.WORSENED: "Worsened",
    Direction.MIXED: "Partly worse, partly better",
    Direction.IMPROVED: "Improved",
    Direction.NEUTRAL: "Neither better nor worse",
}


def drift(source: Source, facts: Facts) -> Drift:
    """Count everything; print what worsened with before and after, the rest in short."""
    counts = facts.change_counts
    left = facts.options.changes_shown
    groups = []
    for direction, title in _TITLES.items():
        total = sum(c.count for c in counts if c.direction is direction and not _minor(c))
        if not total:
            continue
        full = direction in BAD or facts.edition.kind == "account"
        room = max(left, 2) if full else facts.options.rows_shown
        ops = OPS_SHOWN if total <= FEW else OPS_SHOWN // 2
        lines = tuple(_line(facts, row, ops) for row in source.changes(facts.scope, direction, room))
        left -= len(lines) if full else 0
        groups.append(ChangeGroup(title, direction, Capped(lines, total), full))

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
        minor=sum(c.count for c in counts if _minor(c)),
        groups=tuple(groups),
    )


def _minor(count: ChangeCount) -> bool:
    return count.klass in ("tags", "cosmetic") and count.direction is Direction.NEUTRAL


def _line(facts: Facts, row: ChangeRow, ops: int) -> ChangeLine:
    change = row.change
    moved = [Moved(facts.check(check), how) for check, how in change.checks.items() if _telling(how)]
    moved.sort(key=lambda m: (not m.moved.endswith("fail"), SEVERITIES.index(m.check.severity), m.check.id))
    return ChangeLine(
        change,
        row.attribution,
        row.acknowledgement,
        _title(change),
        tuple(moved[:MOVED_SHOWN]),
        max(len(moved) - MOVED_SHOWN, 0),
        max(len(change.ops) - ops, 0),
    )


def _telling(moved: str) -> bool:
    """Whether a check's move is news: it fails now, failed and passes, or stopped asking. That a new bucket passes is none."""
    return moved.endswith("fail") or moved in ("fail -> pass", "fail -> not_applicable", "pass -> not_applicable")


def _title(change: Change) -> str:
    """What happened, with the resource's short name in front unless the summary has it already."""
    name, summary = short(change.resource), change.summary or change.kind.replace("_", " ")
    return summary if name in summary else f"{name}: {summary}"


def worsened(groups: Iterable[ChangeGroup], limit: int) -> tuple[ChangeLine, ...]:
    """The first lines of what got worse, for the front of the report."""
    lines = [line for g in groups if g.direction in BAD for line in g.lines.rows]
    return tuple(lines[:limit])
