"""How an example item is made: well kept, then overridden, with what changes by itself set apart as in a snapshot."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from reporter.model import EVERY_PART, GLOBAL, ConfigurationItem, Gap, Unread

HOME = "111111111111"
ARCHIVE = "222222222222"
MANAGEMENT = "333333333333"
STRANGER = "999999999999"  # no account of the organization
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
RECENT = "2026-06-01T11:30:00Z"
STALE = "2026-05-20T11:30:00Z"
HERE = "us-east-1"
ORGANIZATION_ID = "o-exampleorg"
ROOT = "r-root"
UNIT = "ou-root-workload"

TRAIL_NAME = "example-trail"
BUCKET_NAME = "example-trail-logs"
LOG_TARGET = "example-access-logs"
TRAIL_ARN = f"arn:aws:cloudtrail:{HERE}:{HOME}:trail/{TRAIL_NAME}"
KEY_ARN = f"arn:aws:kms:{HERE}:{HOME}:key/11111111-2222-3333-4444-555555555555"
LOG_GROUP_ARN = f"arn:aws:logs:{HERE}:{HOME}:log-group:example-trail"
TOPIC_ARN = f"arn:aws:sns:{HERE}:{HOME}:example-alarms"
READER = f"arn:aws:iam::{HOME}:role/LogReader"

FOUR_FLAGS = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
NO_FLAGS = dict.fromkeys(FOUR_FLAGS, False)
DENIED = Unread("GetSomething", "example:GetSomething", "AccessDenied", at=NOW)


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets to judge an example by, where it needs others than the defaults."""

    values: Mapping[str, Any]


def targets(**values: Any) -> Targets:
    """Targets other than the defaults."""
    return Targets(values)


def gap(type: str, region: str = GLOBAL, account: str = HOME) -> Gap:
    """A listing that was denied."""
    return Gap(account, region, type, DENIED)


def unread(item: ConfigurationItem, *parts: str) -> ConfigurationItem:
    """The item with these parts (or, without any, all of it) not read."""
    wanted = parts or (EVERY_PART,)
    kept = {} if not parts else {key: value for key, value in item.configuration.items() if key not in parts}
    volatile = {} if not parts else {key: value for key, value in item.volatile.items() if key not in parts}
    return replace(item, configuration=kept, volatile=volatile, unread=dict.fromkeys(wanted, DENIED))


def made(
    type: str,
    keys: Mapping[str, Any],
    override: Mapping[str, Any],
    *,
    id: Callable[[Mapping[str, Any]], str],
    arn: Callable[[Mapping[str, Any]], str] = lambda _: "",
    account: str = HOME,
    region: str = HERE,
) -> ConfigurationItem:
    """An item of these keys, overridden; what changes by itself stands apart, as in a snapshot."""
    configuration = copy.deepcopy(dict(keys))
    for path, value in override.items():
        _set(configuration, path.split("__"), value)
    volatile: dict[str, Any] = {}
    for key, value in configuration.items():
        if key == "Status" and isinstance(value, dict):
            volatile[key] = {name: value.pop(name) for name in list(value) if name.endswith("Time")}
    return ConfigurationItem(
        account, region, type, id(configuration), arn(configuration), configuration, NOW, volatile=volatile
    )


def _set(mapping: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        mapping = mapping.setdefault(key, {})
    mapping[path[-1]] = value
