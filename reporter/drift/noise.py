"""The noise guard: one field that changes on a third of all resources of a type at once, or on more, is one line, not thousands.

Nothing is dropped from the history; this is about what people are shown. What was folded is always counted, and a fold that
holds worsened matters of security says so: an attacker with a script changes everything at once, too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reporter.documents.canonical import bare
from reporter.drift.changes import gravest_class, in_short
from reporter.model import Change, ChangeClass, ChangeKind, Direction, Op

SHARE = 0.30
LEAST = 5  # resources; below that a share means nothing

_FOLDABLE = {ChangeKind.MODIFIED, ChangeKind.ACCESS_LOST, ChangeKind.ACCESS_RESTORED}
_WORSE = {Direction.WORSENED, Direction.MIXED}

Spot = tuple[str, str, bool]  # type, path without list elements, whether it is about sight


@dataclass(frozen=True, slots=True)
class Fold:
    """One field that changed on many resources of a type at once."""

    type: str
    path: str
    changed: int  # resources
    total: int
    accounts: int
    klass: ChangeClass
    worsened: int  # how many of these changes made things worse in a matter of security
    example: str  # the most frequent difference in words
    alike: int  # how many of the changes are exactly that one
    times: int = 0  # changes; more than resources where several runs are told of

    @property
    def quiet(self) -> bool:
        """Whether it may stay out of mails: nothing of it is a worsened matter of security."""
        return self.worsened == 0

    def __str__(self) -> str:
        times = max(self.times, self.changed)
        often = f", {times} times" if times > self.changed else ""
        same = "" if self.alike == times else f" ({self.alike} of them)"
        worse = f"; {self.worsened} worsened" if self.worsened else ""
        where = (
            f"{self.changed} of {self.total} resources in {self.accounts} account{'' if self.accounts == 1 else 's'}"
        )
        return f"{self.type} {self.path} changed on {where}{often}, e.g. {self.example}{same}{worse}"


def fold(
    changes: Sequence[Change], totals: Mapping[str, int], *, share: float = SHARE, least: int = LEAST
) -> tuple[tuple[Change, ...], tuple[Fold, ...]]:
    """The changes without the differences that are everywhere, and one fold for each of these, the largest first.

    `totals` is the number of resources of each type in the run. A change of which nothing is left is gone from the answer;
    one that also holds something of its own keeps that.
    """
    found: dict[Spot, list[tuple[Change, Op]]] = {}
    for change in changes:
        if change.kind in _FOLDABLE:
            for spot, op in {_spot(change, op): op for op in change.ops}.items():
                found.setdefault(spot, []).append((change, op))
    everywhere = {
        spot: pairs
        for spot, pairs in found.items()
        if (on := len(_resources(pairs))) >= least and on > share * max(totals.get(spot[0], 0), 1)
    }
    folds = [_fold(spot, pairs, totals) for spot, pairs in everywhere.items()]
    kept = tuple(left for change in changes if (left := _without(change, everywhere)) is not None)
    return kept, tuple(sorted(folds, key=lambda one: (-one.changed, one.type, one.path)))


def hidden(folds: Iterable[Fold]) -> str:
    """What was folded, in one line; empty if nothing was."""
    listed = list(folds)
    if not listed:
        return ""
    number = sum(max(one.times, one.changed) for one in listed)
    if len(listed) == 1:
        return f"1 setting changed on many resources at once and is shown as one line ({number} changes)"
    return (
        f"{len(listed)} settings changed on many resources at once and are shown as one line each "
        f"({number} differences)"
    )


def _resources(pairs: Iterable[tuple[Change, Op]]) -> set[tuple[str, str, str]]:
    """The resources of some changes: one that flaps from run to run is one."""
    return {(change.account, change.region, change.arn or change.resource) for change, _ in pairs}


def _spot(change: Change, op: Op) -> Spot:
    return change.type, bare(op.path), op.kind in {"access_lost", "access_restored"}


def _fold(spot: Spot, pairs: Sequence[tuple[Change, Op]], totals: Mapping[str, int]) -> Fold:
    example, alike = Counter(op.text for _, op in pairs).most_common(1)[0]
    worsened = sum(change.direction in _WORSE and op.klass == "security" for change, op in pairs)
    return Fold(
        type=spot[0],
        path=spot[1],
        changed=(on := len(_resources(pairs))),
        total=max(totals.get(spot[0], 0), on),
        accounts=len({change.account for change, _ in pairs}),
        klass=gravest_class([op for _, op in pairs]),
        worsened=worsened,
        example=example,
        alike=alike,
        times=len(pairs),
    )


def _without(change: Change, everywhere: Mapping[Spot, object]) -> Change | None:
    if change.kind not in _FOLDABLE:
        return change
    left = tuple(op for op in change.ops if _spot(change, op) not in everywhere)
    if len(left) == len(change.ops):
        return change
    return replace(change, ops=left, klass=gravest_class(left), summary=in_short(left)) if left else None
