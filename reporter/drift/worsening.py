"""Which differences of a change made it worse, gravest first: who made those is who made the change worse."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reporter.drift.changes import in_short
from reporter.drift.direction import SCP, Verdict, by_rule, on_guardrail, on_policy
from reporter.drift.paths import keys
from reporter.model import SEVERITIES, Change, ChangeKind, Direction, Op

_SIGHT = {"access_lost", "access_restored"}
_WORSE = {Direction.WORSENED, Direction.MIXED}
_POLICIES = ("Policy", "ResourcePolicy")
# What a statement says where only one of its fields differs: the least that shows whether that field grants more.
_STATEMENT: Mapping[str, Any] = {
    "Effect": "Allow",
    "Principal": {"AWS": "111122223333"},
    "Action": "*",
    "Resource": "*",
}


def worsened(change: Change) -> tuple[Op, ...]:
    """The differences that made it worse; none of a change that is not. Where no rule tells them apart: all that are not better."""
    if change.direction not in _WORSE:
        return ()
    ops = [op for op in change.ops if op.kind not in _SIGHT and op.klass != "cosmetic"]
    verdicts = {place: tuple(_verdicts(change.type, op)) for place, op in enumerate(ops)}
    worse = {
        place: min(SEVERITIES.index(one.severity) for one in found if one.sign > 0)
        for place, found in verdicts.items()
        if any(one.sign > 0 for one in found)
    }
    if worse:
        return tuple(ops[place] for place in sorted(worse, key=lambda place: (worse[place], place)))
    rest = [op for place, op in enumerate(ops) if not verdicts[place]]
    return tuple(sorted(rest, key=lambda op: op.klass != "security"))


def headed(change: Change) -> Change:
    """The change with a summary that begins with the worst of it: who reads one line only shall read that."""
    worse = worsened(change)
    if change.kind is not ChangeKind.MODIFIED or not worse:
        return change
    return replace(change, summary=in_short((*worse, *(op for op in change.ops if op not in worse))))


def _verdicts(type: str, op: Op) -> Iterator[Verdict]:
    rule = by_rule(type, op)
    if rule:
        yield rule
    if type == SCP:
        yield from on_guardrail([op])
    elif keys(op.path)[0] in _POLICIES or keys(op.path)[:2] == ("Attributes", "Policy"):
        yield from on_policy(_policy(op, op.before), _policy(op, op.after))


def _policy(op: Op, value: Any) -> Any:
    """One side of a difference as a policy that says only that."""
    if isinstance(value, Mapping) and "Statement" in value:
        return value
    fields = keys(op.path)
    if "Statement" not in fields:
        return None
    inside = fields[fields.index("Statement") + 1 :]
    statement = value if not inside and value is not None else _with(inside, value)
    return {"Version": "2012-10-17", "Statement": [statement] if inside or value is not None else []}


def _with(inside: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A statement in which one field, however deep, has a value; without the value it does not have the field."""
    if value is None:
        return {key: said for key, said in _STATEMENT.items() if key not in inside[:1]}
    for key in reversed(inside):
        value = {key: value}
    return {**_STATEMENT, **value} if isinstance(value, Mapping) else dict(_STATEMENT)
