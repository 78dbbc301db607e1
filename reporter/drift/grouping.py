"""Changes that are the same change on many resources, put together: thirty-seven buckets opened in one way are one thing to read."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from reporter.model import Change

LEAST = 3  # alike; two are shown one after the other


@dataclass(frozen=True, slots=True)
class Group:
    """Changes alike in everything but the resource; mostly one."""

    changes: tuple[Change, ...]

    @property
    def first(self) -> Change:
        """The one that is shown for all."""
        return self.changes[0]

    @property
    def accounts(self) -> tuple[str, ...]:
        """Where they are."""
        return tuple(dict.fromkeys(change.account for change in self.changes))


def grouped(
    changes: Iterable[Change], *, least: int = LEAST, apart: Callable[[Change], Hashable] = lambda _: None
) -> tuple[Group, ...]:
    """The changes in groups, in the order of each group's first. Fewer than `least` alike stay by themselves.

    `apart` keeps changes from being put together that differ in something the changes themselves do not say (who made them).
    """
    alike: dict[Hashable, list[Change]] = {}
    for change in changes:
        alike.setdefault((_likeness(change), apart(change)), []).append(change)
    groups: list[Group] = []
    for members in alike.values():
        groups += [Group(tuple(members))] if len(members) >= least else [Group((one,)) for one in members]
    return tuple(groups)


def _likeness(change: Change) -> Hashable:
    ops = tuple((op.kind, op.path, op.text) for op in change.ops)
    moves = tuple(sorted(change.checks.items()))
    words = "" if ops else change.summary
    return change.type, change.kind, change.klass, change.direction, change.severity, ops, moves, words


def members(group: Group, limit: int) -> tuple[Sequence[Change], int]:
    """The first members, and how many more there are."""
    return group.changes[:limit], max(0, len(group.changes) - limit)
