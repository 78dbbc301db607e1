"""Whether a change made things worse: by what the checks say of before and after, by what policies grant in effect, and by
rules for single fields where neither answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from reporter.documents.canonical import bare, klass_of
from reporter.documents.grants_diff import grants_diff
from reporter.documents.lifecycle import days_until_deletion
from reporter.documents.public import is_public
from reporter.drift.paths import keys
from reporter.drift.worse import GUARDS, ROWS, worse
from reporter.model import (
    EVERY_PART,
    SEVERITIES,
    Change,
    ChangeKind,
    ConfigurationItem,
    Direction,
    Finding,
    Op,
    Severity,
    Status,
)

# Where a policy of each type says who may use the resource.
_POLICIES = (("Policy",), ("ResourcePolicy",), ("Attributes", "Policy"))
SCP = "AWS::Organizations::Policy"
BUCKET = "AWS::S3::Bucket"
WEEK = 7  # days
_GONE = {ChangeKind.DELETED, ChangeKind.LEFT_ORG}
_ANSWERED = {Status.PASS, Status.FAIL}
_EXISTENCE = {ChangeKind.CREATED, ChangeKind.JOINED, ChangeKind.RECREATED, ChangeKind.MOVED, *_GONE}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One reason to call a change worse or better, and how bad it is."""

    sign: int  # 1 worse, -1 better
    severity: Severity
    because: str


def judge(
    change: Change,
    before: Iterable[Finding] = (),
    after: Iterable[Finding] = (),
    *,
    old: ConfigurationItem | None = None,
    new: ConfigurationItem | None = None,
) -> Change:
    """The change with its direction, its severity and the checks whose answer it moved.

    `before` and `after` are findings of the account (or only of the resource), `old` and `new` the items as stored: without
    them policies are not compared. Mere losses of sight are neither better nor worse, but weigh as much as what they hide.
    """
    mine, yours = _concerning(change, before, after)
    moved = _moved(mine, yours)
    verdicts = [*_by_checks(change, mine, yours), *_by_grants(change, old, new), *_by_existence(change)]
    verdicts += [*_by_rules(change, [*yours.values()]), *_by_deletion(change, [*yours.values()], old, new)]
    signs = {verdict.sign for verdict in verdicts}
    return replace(
        change,
        direction=_direction(signs),
        severity=_severity(change, verdicts, mine, yours),
        checks=dict(sorted(moved.items())),
    )


def verdicts_on_policies(old: ConfigurationItem | None, new: ConfigurationItem | None) -> tuple[Verdict, ...]:
    """What changed of who may do what, policy by policy."""
    found: list[Verdict] = []
    for path in _POLICIES:
        one, other = _at(old, path), _at(new, path)
        if one != other and not _unread(old, path) and not _unread(new, path):
            found += on_policy(one, other)
    return tuple(found)


def _concerning(
    change: Change, before: Iterable[Finding], after: Iterable[Finding]
) -> tuple[dict[tuple[str, str, str, str], Finding], dict[tuple[str, str, str, str], Finding]]:
    """The answers then and now, by key, of those checks that looked at what changed then or now."""
    then, now = tuple(before), tuple(after)
    looked = {one.key for one in (*then, *now) if _concerned(one, change)}
    return {one.key: one for one in then if one.key in looked}, {one.key: one for one in now if one.key in looked}


def _concerned(finding: Finding, change: Change) -> bool:
    """A finding that read a changed part of the resource, be it about the resource or about another (the trail, of its bucket).

    What a resource's coming or going does not name part by part concerns all findings about it. So does any change where
    a finding about it does not tell all that it rests on: it read nothing, or stopped at what it could not read.
    """
    own = finding.type == change.type and finding.resource == change.resource and finding.account == change.account
    parts = {_part(op.path) for op in change.ops}
    whole = change.kind in _EXISTENCE or EVERY_PART in parts
    if own and (whole or not parts or not finding.evidence or finding.status is Status.INSUFFICIENT_DATA):
        return True
    return any(
        one.type == change.type and one.id == change.resource and (whole or _part(one.key) in parts)
        for one in finding.evidence
    )


def _part(key: str) -> str:
    return keys(key)[0]


def _moved(
    before: Mapping[tuple[str, str, str, str], Finding], after: Mapping[tuple[str, str, str, str], Finding]
) -> dict[str, str]:
    """Each check with how its answer moved: of several resources' answers to fail first, then away from it."""
    moves: dict[str, list[str]] = {}
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        words = (old.status.value if old else "absent", new.status.value if new else "absent")
        if words[0] != words[1]:
            moves.setdefault(key[0], []).append(f"{words[0]} -> {words[1]}")
    return {
        check: min(ways, key=lambda how: (not how.endswith("fail"), "fail" not in how)) for check, ways in moves.items()
    }


def _by_checks(
    change: Change,
    before: Mapping[tuple[str, str, str, str], Finding],
    after: Mapping[tuple[str, str, str, str], Finding],
) -> Iterable[Verdict]:
    """Failing where it did not is worse, passing where it failed is better. What vanishes with its resource is neither."""
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if new and new.status is Status.FAIL and (old is None or old.status in {Status.PASS, Status.NOT_APPLICABLE}):
            if old or change.kind in _EXISTENCE:
                yield Verdict(1, new.severity, f"{new.check} fails")
        elif old and old.status is Status.FAIL and new and new.status is Status.PASS:
            yield Verdict(-1, old.severity, f"{old.check} passes")
        elif old and new and old.status in _ANSWERED and _evaded(new, change):
            yield Verdict(1, new.severity, f"{new.check} no longer asks")


def _evaded(finding: Finding, change: Change) -> bool:
    """Whether a check no longer applies because the tag went by which it knew that the resource matters."""
    untagged = any(keys(op.path)[0] == "Tags" and op.kind in {"removed", "changed"} for op in change.ops)
    return (
        untagged
        and finding.status is Status.NOT_APPLICABLE
        and any(
            one.type == change.type and one.id == change.resource and _part(one.key) == "Tags"
            for one in finding.evidence
        )
    )


def _by_grants(change: Change, old: ConfigurationItem | None, new: ConfigurationItem | None) -> Iterable[Verdict]:
    if change.kind in {ChangeKind.CREATED, ChangeKind.JOINED, *_GONE}:
        return ()
    if change.type == SCP:
        return on_limits(old, new) if old and new else on_guardrail(change.ops)
    return verdicts_on_policies(old, new)


def on_limits(old: ConfigurationItem, new: ConfigurationItem) -> Iterable[Verdict]:
    """What changed of what a policy of the organization lets others do: a denial narrowed within its statement is less of one."""
    was, now = (_bearing_on_all(item.configuration.get("Content")) for item in (old, new))
    if was == now or _unread(old, ("Content",)) or _unread(new, ("Content",)):
        return
    difference = grants_diff(was, now)
    if difference.worsened:
        yield Verdict(1, "high", "the policy denies less")
    if difference.improved:
        yield Verdict(-1, "high", "the policy denies more")


def _bearing_on_all(content: Any) -> Any:
    """The policy with the principal that service control policies leave out: everybody it is attached to."""
    if not isinstance(content, Mapping) or not isinstance(content.get("Statement"), list | tuple):
        return None
    return {**content, "Statement": [{"Principal": {"AWS": ["*"]}, **one} for one in content["Statement"]]}


def on_policy(old: Any, new: Any) -> Iterable[Verdict]:
    """What changed of who may do what, by what two policies grant in effect."""
    difference = grants_diff(old, new)
    was, now = is_public(old).holds, is_public(new).holds
    if now and not was:
        yield Verdict(1, "critical", "the policy became public")
    elif was and now is False:
        yield Verdict(-1, "critical", "the policy is no longer public")
    if difference.worsened:
        yield Verdict(1, "medium", "the policy grants more, or denies less")
    if difference.improved:
        yield Verdict(-1, "medium", "the policy grants less, or denies more")


def on_guardrail(ops: Sequence[Op]) -> Iterable[Verdict]:
    """A policy of the organization limits what others may do: a denial that goes is worse."""
    for op in ops:
        statement = op.after if isinstance(op.after, Mapping) else op.before
        if keys(op.path)[0] == "Content" and isinstance(statement, Mapping) and statement.get("Effect") == "Deny":
            yield Verdict(1 if op.after is None else -1, "high", op.text)


def _by_existence(change: Change) -> Iterable[Verdict]:
    if change.kind is ChangeKind.MOVED:
        yield Verdict(1, "critical", "another account owns this name now")
    guard = GUARDS.get(change.type)
    if guard and change.kind is ChangeKind.DELETED:
        yield Verdict(1, guard, "a safeguard is gone")
    elif guard and change.kind is ChangeKind.CREATED:
        yield Verdict(-1, guard, "a safeguard was added")


def _by_rules(change: Change, after: Sequence[Finding]) -> Iterable[Verdict]:
    well = _well(change, after)
    for op in change.ops:
        part = keys(op.path)[0]
        if op.kind == "changed" and op.before == op.after:
            yield from _by_return(change.type, op)
            continue
        if part in well or op.kind in {"access_lost", "access_restored"} or op.klass == "cosmetic":
            continue
        verdict = by_rule(change.type, op)
        if verdict:
            yield verdict


def _by_deletion(
    change: Change, after: Sequence[Finding], old: ConfigurationItem | None, new: ConfigurationItem | None
) -> Iterable[Verdict]:
    """A lifecycle that deletes sooner, be it by a new rule or by one switched on. Within a week no check makes that good."""
    ops = [
        op for op in change.ops if keys(op.path)[0] == "Lifecycle" and op.kind not in {"access_lost", "access_restored"}
    ]
    if change.type != BUCKET or not ops or old is None or new is None:
        return
    was, now = (_days_kept(item) for item in (old, new))
    signs = {(left > right) - (left < right) for left, right in zip(was, now, strict=True)}
    soon = any(right < left and right <= WEEK for left, right in zip(was, now, strict=True))
    if soon or "Lifecycle" not in _well(change, after):
        grave: Severity = "high" if any(op.klass == "security" for op in ops) else "low"
        weight = min(grave, "medium", key=SEVERITIES.index) if soon else grave
        yield from (Verdict(sign, weight, "when objects are deleted") for sign in sorted(signs - {0}))


def _days_kept(item: ConfigurationItem) -> tuple[float, float]:
    """Days until the lifecycle deletes an object, and until it destroys an old version of one; infinite for never."""
    found = days_until_deletion(item.configuration.get("Lifecycle"), item.configuration.get("Versioning"))
    current, old = (float("inf") if days is None else float(days) for days in (found.current, found.noncurrent))
    return current, old


def _well(change: Change, after: Sequence[Finding]) -> set[str]:
    """The parts that checks looked at and found good."""
    return _parts_answered(change, after, Status.PASS) - _parts_answered(change, after, Status.FAIL)


def _by_return(type: str, op: Op) -> Iterable[Verdict]:
    """What was changed and changed back got worse and better, if what it was in between is known to be the worse."""
    between = not op.before if isinstance(op.before, bool) else None
    there = by_rule(type, replace(op, after=between)) if between is not None else None
    if there and there.sign > 0:
        over = max(there.severity, "high", key=SEVERITIES.index)  # it is over: less grave than if it went on
        yield from (replace(there, sign=sign, severity=over) for sign in (1, -1))
    elif between is None and op.klass == "security":
        yield from (Verdict(sign, "medium", op.text) for sign in (1, -1))


def by_rule(type: str, op: Op) -> Verdict | None:
    """What the rule for one field says of its difference."""
    fields = bare(op.path)
    for pattern, rule, severity, good in ROWS.get(type, ()):
        if fnmatchcase(fields, pattern) and (sign := worse(rule, op.before, op.after, good)):
            return Verdict(sign, _of_weight(type, op, severity), op.text)
    return None


def _of_weight(type: str, op: Op, severity: Severity) -> Severity:
    """A field that is a matter of security only for this resource (the lifecycle of a log bucket) weighs more than elsewhere."""
    if op.klass == "security" and klass_of(type, op.path) != "security":
        return min(severity, "high", key=SEVERITIES.index)
    return severity


def _parts_answered(change: Change, findings: Iterable[Finding], answer: Status) -> set[str]:
    """The parts of the resource that a check with this answer looked at."""
    return {
        _part(one.key)
        for finding in findings
        if finding.status is answer
        for one in finding.evidence
        if one.type == change.type and one.id == change.resource
    }


def _direction(signs: set[int]) -> Direction:
    if signs == {1, -1}:
        return Direction.MIXED
    return {1: Direction.WORSENED, -1: Direction.IMPROVED}[signs.pop()] if signs else Direction.NEUTRAL


def _severity(
    change: Change,
    verdicts: Sequence[Verdict],
    before: Mapping[tuple[str, str, str, str], Finding],
    after: Mapping[tuple[str, str, str, str], Finding],
) -> Severity:
    """As bad as the worst of what got worse; of an improvement, as grave as what it ended; of lost sight, what it hides."""
    worst = [one.severity for one in verdicts if one.sign > 0] or [one.severity for one in verdicts]
    if not worst and change.kind is ChangeKind.ACCESS_LOST:
        hidden = [
            after[key].severity for key in after if after[key].status is Status.INSUFFICIENT_DATA and key in before
        ]
        worst = [min(hidden, key=SEVERITIES.index)] if hidden else ["low"]
    return min(worst, key=SEVERITIES.index) if worst else "informational"


def _at(item: ConfigurationItem | None, path: tuple[str, ...]) -> Any:
    value: Any = item.configuration if item else None
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _unread(item: ConfigurationItem | None, path: tuple[str, ...]) -> bool:
    return item is not None and (path[0] in item.unread or "*" in item.unread)
