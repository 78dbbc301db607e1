"""From two states of a resource to one change: what kind of change it is, of which class, in one sentence."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from reporter.drift.paths import last_key, locate
from reporter.drift.reverted import switched_and_back
from reporter.drift.walker import compare
from reporter.drift.wording import clean
from reporter.model import ACCOUNT, Change, ChangeClass, ChangeKind, ConfigurationItem, Op

BUCKET = "AWS::S3::Bucket"
CLASSES: tuple[ChangeClass, ...] = ("security", "operational", "tags", "cosmetic")  # the gravest first

_SIGHT = {"access_lost", "access_restored"}
_EXISTENCE = {
    ChangeKind.CREATED: "created",
    ChangeKind.DELETED: "deleted",
    ChangeKind.JOINED: "joined the organization",
    ChangeKind.LEFT_ORG: "left the organization",
    ChangeKind.RECREATED: "re-created",
    ChangeKind.MOVED: "moved",
}


def describe(
    before: ConfigurationItem | None,
    after: ConfigurationItem | None,
    *,
    detected_at: datetime,
    not_before: datetime | None = None,
    incarnation: int = 1,
    left: bool = False,
    sensitive: Collection[str] = (),
) -> Change | None:
    """The change between two states of one resource; None if there is none to speak of.

    The items are as stored: `configuration` with the last known value of what is unread. `before` is None for a resource
    first seen, `after` for one that a complete listing no longer holds. `incarnation` is the number it had before.
    `not_before` is when `before` was last confirmed; by default when it was read. `left` says that the account of a resource
    left the organization with it. `sensitive` names paths that are a matter of security here: the lifecycle of a bucket that
    holds logs (`Lifecycle`), a tag that decides what is confidential (`Tags["DataClass"]`). A trail that was switched off and
    on again since `before.captured_at` differs, too: `volatile` of `after` tells.
    """
    item = after or before
    if item is None:
        return None
    ops = tuple(_weighed(op, sensitive) for op in compare(item.type, _document(before), _document(after)))
    if before and after and (op := switched_and_back(before, after, before.captured_at)):
        ops = (*ops, op)
    kind = ChangeKind.LEFT_ORG if left and after is None else _kind(before, after, ops)
    if kind is None:
        return None
    reborn = kind in {ChangeKind.RECREATED, ChangeKind.MOVED}
    return Change(
        account=item.account,
        region=item.region,
        type=item.type,
        resource=item.id,
        arn=item.arn,
        kind=kind,
        not_before=not_before or (before.captured_at if before else None),
        detected_at=detected_at,
        klass=_klass(kind, ops),
        ops=ops,
        summary=_summary(kind, before, after, ops),
        incarnation=incarnation + 1 if reborn else incarnation,
    )


def weighed(change: Change, sensitive: Collection[str]) -> Change:
    """The same change, with what turned out to be a matter of security here weighed as such (see `describe`)."""
    ops = tuple(_weighed(op, sensitive) for op in change.ops)
    if ops == change.ops:
        return change
    told = change.kind in _EXISTENCE
    return replace(change, ops=ops, klass=_klass(change.kind, ops), summary=change.summary if told else in_short(ops))


def _document(item: ConfigurationItem | None) -> Mapping[str, Any] | None:
    return None if item is None else {"configuration": item.configuration, "unread": item.unread}


def _weighed(op: Op, sensitive: Collection[str]) -> Op:
    within = any(_lies_in(op.path, path) or _differs_at(op, path) for path in sensitive)
    return replace(op, klass="security") if within and op.klass != "cosmetic" else op


def _lies_in(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def _differs_at(op: Op, path: str) -> bool:
    """Whether a part that came, went or changed as a whole took a setting within it along: the only tag of a bucket."""
    if not _lies_in(path, op.path):
        return False
    rest = f"x{path.removeprefix(op.path)}"
    before, after = ([value for _, value in locate({"x": side}, rest)] for side in (op.before, op.after))
    return before != after


def _kind(before: ConfigurationItem | None, after: ConfigurationItem | None, ops: Sequence[Op]) -> ChangeKind | None:
    if before is None:
        return ChangeKind.JOINED if after and after.type == ACCOUNT else ChangeKind.CREATED
    if after is None:
        return ChangeKind.LEFT_ORG if before.type == ACCOUNT else ChangeKind.DELETED
    if before.account != after.account:
        return ChangeKind.MOVED
    if _born_again(before, after, ops):
        return ChangeKind.RECREATED
    kinds = {op.kind for op in ops}
    if not kinds:
        return None
    if kinds - _SIGHT:
        return ChangeKind.MODIFIED
    return ChangeKind.ACCESS_LOST if "access_lost" in kinds else ChangeKind.ACCESS_RESTORED


def _born_again(before: ConfigurationItem, after: ConfigurationItem, ops: Sequence[Op]) -> bool:
    """Whether a later creation date means another resource of the same name.

    Of a bucket, AWS says that the date can move when the bucket is edited, its policy for one: a changed policy explains the
    later date, unless other settings fell back to nothing at the same time, as they do in a new bucket. An earlier date is
    what another region's copy of the list says, and means nothing.
    """
    if before.created_at is None or after.created_at is None or after.created_at <= before.created_at:
        return False
    if after.type != BUCKET:
        return True
    edited = any(_part(op) == "Policy" and op.kind not in _SIGHT for op in ops)
    reset = any(
        op.kind == "removed" and op.path == _part(op) and _part(op) not in {"Policy", "PolicyStatus"} for op in ops
    )
    return reset or not edited


def _part(op: Op) -> str:
    return op.path.partition(".")[0].partition("[")[0]


def _klass(kind: ChangeKind, ops: Sequence[Op]) -> ChangeClass:
    """Existence is a matter of security; else the gravest class among the differences."""
    if kind in _EXISTENCE:
        return "security"
    return gravest_class(ops)


def _summary(
    kind: ChangeKind, before: ConfigurationItem | None, after: ConfigurationItem | None, ops: Sequence[Op]
) -> str:
    if kind is ChangeKind.MOVED and before and after:
        return clean(f"moved from account {before.account} to {after.account}{_and(ops)}")
    if kind is ChangeKind.RECREATED and before and after:
        return clean(f"re-created: created {_instant(before.created_at)}, now {_instant(after.created_at)}{_and(ops)}")
    return _EXISTENCE.get(kind) or in_short(ops)


def in_short(ops: Sequence[Op]) -> str:
    """The gravest of the differences in words, and how many more there are; losses of sight come last.

    Of several that say the same (a trail's own switch, and its copies in other regions) it is the one with the shortest path.
    """
    gravest = min(ops, key=lambda op: (op.kind in _SIGHT, CLASSES.index(op.klass)))
    same = [op for op in ops if (_said(op), op.before, op.after) == (_said(gravest), gravest.before, gravest.after)]
    gravest = min(same, key=lambda op: len(op.path))
    more = len(ops) - 1
    return clean(gravest.text, 200) + (f" and {more} more" if more else "")


def _said(op: Op) -> tuple[str, str, str]:
    return op.kind, op.klass, last_key(op.path)


def gravest_class(ops: Sequence[Op]) -> ChangeClass:
    """The gravest class among differences."""
    return min((op.klass for op in ops), key=CLASSES.index)


def _and(ops: Sequence[Op]) -> str:
    return f"; {len(ops)} settings differ" if len(ops) > 1 else f"; {ops[0].text}" if ops else ""


def _instant(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%MZ}" if at else "unknown"
