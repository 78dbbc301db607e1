"""The evidence of a finding as data: what each value is of, whether AWS said it, and by which call and when it was read."""

import re
from typing import Any

from reporter.model import Evidence, Finding, Status

LISTING = "listing"  # the key of what a complete listing held; an empty one is evidence too

# codes that stand where AWS said nothing, for nobody asked; and what the reader may do about it
UNASKED = {
    "NotYetRead": "this version does not read the trails' log files; aws cloudtrail validate-logs checks them",
    "NotAsked": "the settings say not to ask",
    "Excluded": "the account is left out",
    "NotSelected": "the account was not selected for this run",
}

_CODE = re.compile(rf"(?:(?:\b[a-z0-9-]+:)?\b[A-Z]\w+: |(?<=: ))({'|'.join(UNASKED)})\b")  # s3:GetObject: NotYetRead


def exhibits(finding: Finding) -> list[dict[str, Any]]:
    """One entry for each value; what lacks data ends with an entry that says what was not read.

    `state` tells apart what an empty cell would hide: `value`, `not configured` (AWS was asked and has nothing set),
    `nothing listed` (a complete listing, empty), `derived` (worked out from others), `setting` (a target of ours), `not read`.
    """
    shown = [_exhibit(one) for one in finding.evidence]
    if finding.status is Status.INSUFFICIENT_DATA:
        shown.append({"state": "not read", "why": explained(finding.reason)})
    return shown


def explained(reason: str) -> str:
    """A reason in which a code that AWS never said is put into words, with what can be done about it."""
    return _CODE.sub(lambda match: UNASKED[match[1]], reason)


def _exhibit(one: Evidence) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": one.type,
        "id": one.id,
        "account": one.account,
        "key": one.key,
        "state": _state(one),
        "value": one.value,
    }
    if one.operation not in ("settings", "derived"):
        told["operation"] = one.operation
        told["read_at"] = one.captured_at.isoformat() if one.captured_at else None
    return told


def _state(one: Evidence) -> str:
    if one.operation in ("settings", "derived"):
        return one.operation.removesuffix("s")
    if one.value is None:
        return "not configured"
    return "nothing listed" if one.key == LISTING and not one.value else "value"
