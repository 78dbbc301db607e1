"""Changed and changed back between two readings: the two states are equal, and yet something happened."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from reporter.documents.canonical import klass_of
from reporter.drift.event_names import WRITERS
from reporter.drift.instants import instant
from reporter.drift.requests import concerns, record
from reporter.drift.wording import clean
from reporter.model import Change, ChangeKind, ConfigurationItem, Direction, Op

TRAIL = "AWS::CloudTrail::Trail"


def switched_and_back(before: ConfigurationItem, after: ConfigurationItem, since: datetime) -> Op | None:
    """A trail that was switched off and on again (or on and off) since `since`: AWS still says when.

    Snapshots alone see nothing of it, and it is what somebody does who does not want to be seen. Needs `volatile` of `after`
    (Status.StopLoggingTime, Status.StartLoggingTime). The difference has the same value before and after.
    """
    if before.type != TRAIL or after.type != TRAIL:
        return None
    status = after.volatile.get("Status") or {}
    stopped, started = instant(status.get("StopLoggingTime")), instant(status.get("StartLoggingTime"))
    was, now = _logging(before), _logging(after)
    if stopped is None or started is None or was is None or was is not now:
        return None
    first, last = (stopped, started) if now else (started, stopped)
    if not since < first <= last:
        return None
    return Op("changed", "Status.IsLogging", was, now, "security", _text(was, first, last))


def _logging(item: ConfigurationItem) -> bool | None:
    status: Mapping[str, Any] | None = item.configuration.get("Status")
    value = status.get("IsLogging") if status and "Status" not in item.unread and "*" not in item.unread else None
    return value if isinstance(value, bool) else None


def _text(was: bool, first: datetime, last: datetime) -> str:
    state, other = ("true", "false") if was else ("false", "true")
    minutes = max(1, round((last - first).total_seconds() / 60))
    end = f"{last:%H:%MZ}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%MZ}"
    return (
        f"Status.IsLogging {state} -> {other} -> {state}: logging was {'off' if was else 'on'} "
        f"{first:%Y-%m-%d %H:%MZ} to {end} ({_span(minutes)})"
    )


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def reverted_in_events(
    item: ConfigurationItem,
    events: Iterable[Mapping[str, Any]],
    *,
    not_before: datetime,
    detected_at: datetime,
    later: timedelta = timedelta(),
) -> Change | None:
    """A resource that reads as before and yet was written to, twice or more on one setting, since it was last read.

    For resources between whose two readings nothing differs. One write alone is no reversal: it set what was set already.
    Writes up to `later` after `detected_at` count where one before it began the coming and going.
    """
    change = Change(
        account=item.account,
        region=item.region,
        type=item.type,
        resource=item.id,
        arn=item.arn,
        kind=ChangeKind.MODIFIED,
        not_before=not_before,
        detected_at=detected_at,
    )
    writes: dict[str, list[Mapping[str, Any]]] = {}
    for event in map(record, events):
        part = _written(item.type, str(event.get("eventName")))
        at = instant(event.get("eventTime"))
        done = not event.get("errorCode") and str(event.get("readOnly")).lower() != "true"
        if part is not None and at and not_before < at <= detected_at + later and done and concerns(event, change):
            writes.setdefault(part, []).append(event)
    begun = {part: found for part, found in writes.items() if min(map(_at, found)) <= detected_at}
    ops = tuple(_touched(item, part, found) for part, found in sorted(begun.items()) if len(found) > 1)
    if not ops:
        return None
    grave = any(op.klass == "security" for op in ops)
    return replace(
        change,
        klass="security" if grave else "operational",
        direction=Direction.MIXED if grave else Direction.NEUTRAL,
        severity="medium" if grave else "informational",
        ops=ops,
        summary=ops[0].text + (f" and {len(ops) - 1} more" if len(ops) > 1 else ""),
    )


def _at(event: Mapping[str, Any]) -> datetime:
    return instant(event["eventTime"]) or datetime.max.replace(tzinfo=UTC)


def _written(type: str, name: str) -> str | None:
    """The part that an event writes; "" for a field of the resource itself, None for none."""
    return next((part for part, names in WRITERS.get(type, {}).items() if name in names), None)


def _touched(item: ConfigurationItem, part: str, events: Sequence[Mapping[str, Any]]) -> Op:
    value = item.configuration.get(part) if part else None
    steps = sorted((instant(one.get("eventTime")), str(one.get("eventName"))) for one in events)
    told = ", ".join(f"{name} {at:%Y-%m-%d %H:%MZ}" for at, name in steps if at)
    where = part or "settings"
    return Op(
        "changed", where, value, value, klass_of(item.type, where), clean(f"{where} changed and is as before: {told}")
    )
