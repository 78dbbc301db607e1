"""Which fix belongs beside a change: that of a check which fails because of it, and no other's."""

from collections.abc import Iterable

from reporter.model import SEVERITIES, Change, Finding, Status


def broken_by(change: Change, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The failing findings that a change brought about, the gravest first, those about the changed resource before others.

    A check counts only if the change moved its answer to fail, and a finding only if it is about the changed resource or
    read it: a trail's finding about its bucket belongs to the bucket's change, another bucket's finding never does.
    """
    moved = {check for check, how in change.checks.items() if how.endswith(f"-> {Status.FAIL}")}
    mine = (one for one in findings if one.status is Status.FAIL and one.check in moved and _rests_on(one, change))
    return tuple(sorted(mine, key=lambda one: (SEVERITIES.index(one.severity), not _about(one, change), one.key)))


def fix_for(change: Change, findings: Iterable[Finding]) -> str:
    """The whole fix of the gravest finding that a change brought about and that has one, one command a line; "" if none has.

    Empty is right where nothing fails because of the change: the fix of another check would mend something else.
    """
    return next((one.fix for one in broken_by(change, findings) if one.fix), "")


def _about(finding: Finding, change: Change) -> bool:
    return (finding.type, finding.resource, finding.account) == (change.type, change.resource, change.account)


def _rests_on(finding: Finding, change: Change) -> bool:
    """About it, with a key of it in the evidence, or naming it: of a bucket that is gone a trail has only the name."""
    names = {change.resource, change.arn} - {""}
    return _about(finding, change) or any(
        (one.type, one.id) == (change.type, change.resource) or (isinstance(one.value, str) and one.value in names)
        for one in finding.evidence
    )
