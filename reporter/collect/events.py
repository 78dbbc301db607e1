"""Who did it: CloudTrail's own record of the last 90 days, asked for one resource, event or service at a time.

Two calls a second for each account and region, fifty events a call: for attribution of changes, not for hunting.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reporter.collect.clients import Request, Tally
from reporter.collect.door import Door
from reporter.collect.failures import Failure, ReadFailed, unread
from reporter.collect.resources import EVENTS
from reporter.model import Calls, Unread


@dataclass(frozen=True, slots=True)
class Lookup:
    """Events, newest first, as CloudTrail recorded them; whether these are all, and if not, why."""

    events: tuple[Mapping[str, Any], ...]
    complete: bool
    why: Unread | None = None
    calls: Calls = Calls()  # noqa: RUF009 a frozen value


def lookup(
    door: Door,
    account: str,
    region: str,
    *,
    start: datetime,
    end: datetime,
    resource: str = "",
    event_name: str = "",
    event_source: str = "",
    management: str = "",
    limit: int = 500,
) -> Lookup:
    """The events of one account and region in a window, by one attribute: AWS takes no more than one."""
    tally = Tally()
    params = {"StartTime": start, "EndTime": end, "MaxResults": 50}
    wanted = {"ResourceName": resource, "EventName": event_name, "EventSource": event_source}
    attribute = next(((key, value) for key, value in wanted.items() if value), None)
    if attribute:
        params["LookupAttributes"] = [{"AttributeKey": attribute[0], "AttributeValue": attribute[1]}]
    events: list[Mapping[str, Any]] = []
    try:
        session = door.sessions.of(account, tally, management=management)
        while len(events) < limit:
            request = Request("cloudtrail", region, EVENTS.operation, params, EVENTS.iam)
            page = door.clients.call(session, tally, request)
            events += [_event(one) for one in page.get("Events", ())]
            token = page.get("NextToken")
            if not token or token == params.get("NextToken"):
                return Lookup(tuple(events), not token, None, tally.calls())
            params = {**params, "NextToken": token}
    except ReadFailed as error:
        return Lookup(tuple(events), False, replace(error.why, at=door.clock()), tally.calls())
    return Lookup(tuple(events[:limit]), False, None, tally.calls())


def _event(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event itself, which LookupEvents wraps as text."""
    try:
        event = json.loads(row.get("CloudTrailEvent") or "")
    except ValueError as error:
        raise _malformed(f"an event is no JSON: {error}") from error
    if not isinstance(event, dict):
        raise _malformed("an event is no JSON object")
    return event


def _malformed(what: str) -> ReadFailed:
    return ReadFailed(unread(Failure("MalformedResponse", what, "other"), EVENTS.operation, EVENTS.iam, None))
