"""Where two stored documents of one resource differ, in paths a person can read.

Lists that are sets are compared as such: their elements are paired by what names them (a statement's Sid, a rule's ID),
then by likeness. A part that could not be read is never compared: losing sight of it is its own difference, and when it
comes back it is compared with what was last known.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any, Final

from reporter.documents.canonical import identity, klass_of, meaning
from reporter.documents.fields import FREE_FORM, ORDERED, PARTS
from reporter.drift.wording import LINE, clean, gained, label, shown, step
from reporter.model import EVERY_PART, Op, OpKind

LIKE = 0.6  # share of equal fields from which two nameless elements are taken for one that changed

# Codes of a part that nobody tried to read: no sight was lost, and none is gained when it is read.
NOT_TRIED = frozenset({"NotYetRead", "NotAsked", "Excluded"})

_NOTHING: Final = object()


def compare(type: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Op, ...]:
    """Every difference between two stored documents ({"configuration", "unread"}), in the order of their paths.

    A resource that appears or disappears is one change, not a list of its settings: with either side None the answer is
    empty. A part that is missing on a side was not asked for, and a part that was never known has nothing to differ from.
    """
    if before is None or after is None:
        return ()
    old, new = before.get("configuration") or {}, after.get("configuration") or {}
    was, lost = before.get("unread") or {}, after.get("unread") or {}
    ops: list[Op] = []
    for part in sorted({*old, *new, *was, *lost}):
        ops += _part(type, part, (old.get(part, _NOTHING), new.get(part, _NOTHING)), was, lost)
    return tuple(ops)


def _part(
    type: str, part: str, values: tuple[Any, Any], was: Mapping[str, Any], lost: Mapping[str, Any]
) -> Iterator[Op]:
    old, new = values
    if part in lost or EVERY_PART in lost:
        tried = part in lost and _code(lost[part]) not in NOT_TRIED
        if tried and part not in was and EVERY_PART not in was:
            yield _sight(type, part, "access_lost", lost[part])
        return
    if part in was and _code(was[part]) not in NOT_TRIED:
        yield _sight(type, part, "access_restored", was[part])
    if _unknown(type, part, old, new) or (old is _NOTHING and (part in was or EVERY_PART in was)) or _same(old, new):
        return
    ops = [replace(op, klass=klass_of(type, op.path)) for op in _differ(part, part, old, new)]
    if _NOTHING not in (old, new) and meaning(part, old) == meaning(part, new):
        ops = [replace(op, klass="cosmetic") for op in ops]
    yield from ops


def _unknown(type: str, part: str, old: Any, new: Any) -> bool:
    """Whether a side was not asked for; a field that AWS leaves out is as good as one that is null."""
    if _NOTHING not in (old, new):
        return False
    return part in PARTS.get(type, ()) or (old in (_NOTHING, None) and new in (_NOTHING, None))


def _code(reason: Any) -> str:
    return str(reason.get("code") if isinstance(reason, Mapping) else reason.code)


def _sight(type: str, part: str, kind: OpKind, reason: Any) -> Op:
    why = (
        reason
        if isinstance(reason, Mapping)
        else {"iam": reason.iam, "operation": reason.operation, "code": reason.code}
    )
    name = "everything" if part == EVERY_PART else part
    if kind == "access_lost":
        text = f"{name} can no longer be read: {why.get('iam') or why.get('operation')}: {why.get('code')} (last known value kept)"
    else:
        text = f"{name} can be read again"
    return Op(kind, part, klass=klass_of(type, part), text=clean(text))


def _same(old: Any, new: Any) -> bool:
    """Equal in value and type: Python takes True for 1 and 1 for 1.0, a stored document does not."""
    return bool(old == new) and repr(old) == repr(new)


def _differ(path: str, name: str, old: Any, new: Any) -> Iterator[Op]:
    if _same(old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            below = step(path, key, free=name in FREE_FORM)
            yield from _differ(below, key, old.get(key, _NOTHING), new.get(key, _NOTHING))
    elif isinstance(old, list) and isinstance(new, list):
        if name in ORDERED:
            yield from _sequences(path, name, old, new)
        elif any(isinstance(item, Mapping) for item in (*old, *new)):
            yield from _sets(path, name, old, new)
        else:
            yield Op("changed", path, old, new, text=clean(f"{path} {gained(old, new)}"))
    else:
        yield _leaf(path, old, new)


def _leaf(path: str, old: Any, new: Any) -> Op:
    if old is _NOTHING or old is None:
        kind: OpKind = "changed" if new is None else "added"
        return Op(kind, path, None, new, text=_line(path, "added", new))
    if new is _NOTHING or new is None:
        return Op("removed", path, old, None, text=_line(path, "removed", old))
    return Op("changed", path, old, new, text=clean(f"{path} {shown(old)} -> {shown(new)}"))


def _line(path: str, verb: str, value: Any) -> str:
    return clean(f"{path} {verb}: {shown(value, LINE)}")


# --- lists that are sets --------------------------------------------------------------------------------------------


def _sets(path: str, name: str, old: list[Any], new: list[Any]) -> Iterator[Op]:
    gone, came = _without_common(old, new)
    pairs = _pairs(name, gone, came, alone=len(old) == 1 and len(new) == 1)
    places = []
    for one, other in pairs:
        if one is _NOTHING:
            where = f"{path}[{label(name, other)}]"
            places.append((where, [Op("added", where, None, other, text=_line(where, "added", other))]))
        elif other is _NOTHING:
            where = f"{path}[{label(name, one)}]"
            places.append((where, [Op("removed", where, one, None, text=_line(where, "removed", one))]))
        else:
            lonely = len(old) == 1 and len(new) == 1 and identity(name, one) is None
            where = path if lonely else f"{path}[{label(name, one)}]"
            places.append((where, list(_differ(where, "", one, other))))
    for _, ops in sorted(places, key=lambda place: place[0]):
        yield from ops


def _without_common(old: Sequence[Any], new: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Both lists without what is in both, counting repetitions: [A, A, B] is not [A, B, B]."""
    rest: dict[str, list[Any]] = {}
    for item in old:
        rest.setdefault(_key(item), []).append(item)
    came = []
    for item in new:
        found = rest.get(_key(item))
        if found:
            found.pop()
        else:
            came.append(item)
    return [item for items in rest.values() for item in items], came


def _key(item: Any) -> str:
    return json.dumps(item, sort_keys=True)


def _pairs(name: str, gone: list[Any], came: list[Any], *, alone: bool) -> list[tuple[Any, Any]]:
    """Which old element became which new one: by name, then a mere renaming, then likeness; the rest left or came."""
    if alone and gone and came and not (identity(name, gone[0]) or identity(name, came[0])):
        return [(gone[0], came[0])]
    pairs = [
        *_matched(gone, came, lambda one, other: float(_named_alike(name, one, other))),
        *_matched(gone, came, lambda one, other: float(_renamed(name, one, other))),
        *_matched(gone, came, lambda one, other: _likeness(name, one, other)),
    ]
    return pairs + [(one, _NOTHING) for one in gone] + [(_NOTHING, other) for other in came]


def _matched(gone: list[Any], came: list[Any], score: Callable[[Any, Any], float]) -> Iterator[tuple[Any, Any]]:
    """Take pairs out of both lists, the best of each old element first; what scores under LIKE stays."""
    left = []
    for one in gone:
        scores = [score(one, other) for other in came]
        if scores and max(scores) >= LIKE:
            yield one, came.pop(scores.index(max(scores)))
        else:
            left.append(one)
    gone[:] = left


def _named_alike(name: str, one: Any, other: Any) -> bool:
    mine = identity(name, one)
    return mine is not None and mine == identity(name, other)


def _renamed(name: str, one: Any, other: Any) -> bool:
    """Same content under another name; a grant's name is its content, so it is never renamed."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return False
    differing = {key for key in {*one, *other} if one.get(key) != other.get(key)}
    return len(differing) == 1 and differing <= {"Sid", "ID", "Id", "Name"} and name != "Targets"


def _likeness(name: str, one: Any, other: Any) -> float:
    """Share of fields that agree, for elements without a name; two that have names are two."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return 0.0
    if identity(name, one) is not None and identity(name, other) is not None:
        return 0.0
    keys = {*one, *other} - {"Sid", "ID", "Id", "Name"}
    return sum(_same(one.get(key), other.get(key)) for key in keys) / len(keys) if keys else 0.0


# --- lists with an order --------------------------------------------------------------------------------------------


def _sequences(path: str, name: str, old: list[Any], new: list[Any]) -> Iterator[Op]:
    before, after = [_key(item) for item in old], [_key(item) for item in new]
    if sorted(before) == sorted(after):
        yield Op("changed", path, old, new, text=f"{path}: the order changed")
        return
    for tag, low, high, start, stop in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for offset in range(max(high - low, stop - start)):
            one = old[low + offset] if low + offset < high else _NOTHING
            other = new[start + offset] if start + offset < stop else _NOTHING
            where = f"{path}[{_place(name, one if one is not _NOTHING else other, max(low, start) + offset)}]"
            if isinstance(one, Mapping) and isinstance(other, Mapping):
                yield from _differ(where, "", one, other)
            else:
                yield _leaf(where, one, other)


def _place(name: str, item: Any, position: int) -> str:
    return label(name, item) if identity(name, item) else str(position)
