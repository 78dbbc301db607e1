"""The table of reads: every resource type, every call. The reader executes it, the IAM policy is printed from it."""

from collections.abc import Collection, Iterator

from reporter.collect.resources_cloudtrail import CHANNEL, EVENT_DATA_STORE, TRAIL
from reporter.collect.resources_organization import ACCOUNT, ACCOUNTS, MEMBERS, ORGANIZATION, POLICY, UNITS
from reporter.collect.resources_protection import ALARM, KEY, LOG_GROUP, TOPIC
from reporter.collect.resources_s3 import BUCKET
from reporter.collect.resources_s3_points import (
    ACCESS_POINT,
    DIRECTORY_BUCKET,
    MULTI_REGION_ACCESS_POINT,
    STORAGE_LENS,
)
from reporter.collect.resources_security import ANALYZER, DETECTOR, HUB, MACIE, RECORDER
from reporter.collect.rows import Call, ResourceType

TYPES: tuple[ResourceType, ...] = (
    ACCOUNT,
    ORGANIZATION,
    POLICY,
    TRAIL,
    EVENT_DATA_STORE,
    CHANNEL,
    BUCKET,
    ACCESS_POINT,
    MULTI_REGION_ACCESS_POINT,
    DIRECTORY_BUCKET,
    STORAGE_LENS,
    RECORDER,
    DETECTOR,
    HUB,
    ANALYZER,
    MACIE,
    # Looked up by name, in this order: a log group names metrics, an alarm topics, all of them keys.
    LOG_GROUP,
    ALARM,
    TOPIC,
    KEY,
)
ORGANIZATION_TYPES = (ORGANIZATION, POLICY)  # read once, with the credentials that may ask Organizations
REFERENCED_TYPES = tuple(kind for kind in TYPES if kind.named_by)
LISTED_TYPES = tuple(kind for kind in TYPES if kind.list and not kind.named_by and kind not in ORGANIZATION_TYPES)
OTHER_CALLS: tuple[tuple[str, Call], ...] = tuple((call.service, call) for call in (ACCOUNTS, UNITS, MEMBERS))
# Not reads of configuration: who am I, take the role, who did it.
SESSION_CALLS = (("sts", "GetCallerIdentity"), ("sts", "AssumeRole"))
EVENTS = Call(
    "LookupEvents",
    "Events",
    iam="cloudtrail:LookupEvents",
    lost="Who made a change, and when.",
    service="cloudtrail",
    pages=("NextToken", "NextToken"),
    empty="kept",
)


def every_call() -> Iterator[tuple[str, Call]]:
    """Every call of the table, with the service it goes to."""
    for kind in TYPES:
        for call in kind.calls():
            yield call.service or kind.service, call
    yield from OTHER_CALLS
    yield EVENTS.service, EVENTS


def services(sets: Collection[str]) -> tuple[str, ...]:
    """The services that calls of these sets go to."""
    return tuple(sorted({service for service, call in every_call() if call.set in sets}))


ALLOWED: frozenset[tuple[str, str]] = frozenset(
    {*SESSION_CALLS, *((service, call.operation) for service, call in every_call())}
)
ROOTS: dict[tuple[str, str], str] = {
    (service, call.operation): call.root for service, call in every_call() if call.root
}


def kind_of(type: str) -> ResourceType:
    """The row of a type; KeyError for a type the table does not know."""
    return _BY_NAME[type]


def asked_by(type: str, key: str) -> tuple[str, str]:
    """The operation and the permission that a top-level key of an item comes from; ("", "") if unknown."""
    kind = _BY_NAME.get(type)
    if kind is None:
        return "", ""
    call = kind.parts.get(key) or kind.list or ACCOUNTS
    return call.operation, call.iam


_BY_NAME = {kind.name: kind for kind in TYPES}
