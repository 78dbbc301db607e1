"""How an account fared: its status, and in one sentence why it is not simply read."""

from collections import Counter
from collections.abc import Collection, Iterable

from reporter.model import ACCOUNT, Calls, ConfigurationItem, Gap, ReadStatus, Unread

_NO_FAILURE = frozenset({"NotYetRead", "NotAsked", "Excluded"})  # nobody tried: it says nothing about what can be read
_NAMED = 3


def standing(
    items: Iterable[ConfigurationItem], gaps: Collection[Gap], listed: Collection[tuple[str, str]]
) -> tuple[ReadStatus, str]:
    """READ if nothing is missing, UNREACHABLE if no listing at all could be read, else PARTIAL; and why."""
    parts = [why for item in items for why in item.unread.values() if why.code not in _NO_FAILURE]
    gaps = [gap for gap in gaps if gap.why.code not in _NO_FAILURE]
    if not gaps and not parts:
        return ReadStatus.READ, ""
    causes = Counter(_cause(why) for why in (*parts, *(gap.why for gap in gaps)))
    several = len(causes) > 1
    named = ", ".join(
        f"{cause}{f' {count} times' if several and count > 1 else ''}" for cause, count in causes.most_common(_NAMED)
    )
    more = f" and {len(causes) - _NAMED} more" if len(causes) > _NAMED else ""
    missing = [_count(len(gaps), "listing")] if gaps else []
    missing += ["1 part of a resource" if len(parts) == 1 else f"{len(parts)} parts of resources"] if parts else []
    reason = f"{' and '.join(missing)} could not be read: {named}{more}."
    if all(type == ACCOUNT for type, _ in listed):
        return ReadStatus.UNREACHABLE, reason
    return ReadStatus.PARTIAL, reason


def added(one: Calls, other: Calls) -> Calls:
    """The sum of two counts."""
    by_operation = Counter(one.by_operation)
    by_operation.update(other.by_operation)
    return Calls(
        one.made + other.made,
        one.denied + other.denied,
        one.throttled + other.throttled,
        one.failed + other.failed,
        dict(sorted(by_operation.items())),
    )


def _cause(why: Unread) -> str:
    asked = why.iam or why.operation
    return f"{asked} ({why.code})" if asked else why.code


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
