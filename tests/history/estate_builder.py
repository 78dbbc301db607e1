"""Small organizations for the history's tests: snapshots by hand, and a run from start to seal in one call."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from reporter import history
from reporter.documents.canonical import canonical
from reporter.drift.changes import describe
from reporter.model import (
    ACCOUNT,
    GLOBAL,
    Account,
    AccountSnapshot,
    Calls,
    Change,
    ConfigurationItem,
    Finding,
    Gap,
    ReadStatus,
    Run,
    Status,
    Unread,
)

BUCKET, TRAIL, KEY = "AWS::S3::Bucket", "AWS::CloudTrail::Trail", "AWS::KMS::Key"
ONE, TWO, THREE = "111111111111", "222222222222", "333333333333"
MONDAY = datetime(2026, 1, 5, 2, tzinfo=UTC)
WEEK = timedelta(days=7)
REGIONS = ("eu-west-1", "us-east-1")
DENIED = Unread("GetBucketPolicy", "s3:GetBucketPolicy", "AccessDenied")
LISTED = frozenset({(BUCKET, GLOBAL), *((TRAIL, region) for region in REGIONS), *((KEY, region) for region in REGIONS)})


def account_item(id: str, at: datetime, **fields: Any) -> ConfigurationItem:
    """The account itself."""
    unread = fields.pop("unread", {})
    configuration = {"Id": id, "Name": f"name of {id}", "State": "ACTIVE", "Regions": list(REGIONS), **fields}
    arn = f"arn:aws:organizations::{ONE}:account/o-1/{id}"
    return ConfigurationItem(id, GLOBAL, ACCOUNT, id, arn, canonical(ACCOUNT, configuration), at, unread=unread)


def bucket(
    owner: str,
    name: str,
    at: datetime = MONDAY,
    *,
    created_at: datetime | None = None,
    unread: Mapping[str, Unread] | None = None,
    **parts: Any,
) -> ConfigurationItem:
    """A bucket; a part that is unread is left out."""
    unread = unread or {}
    configuration = {"Name": name, "Versioning": {"Status": "Enabled"}, "Policy": None, "Tags": None, **parts}
    configuration = {part: value for part, value in configuration.items() if part not in unread}
    return ConfigurationItem(
        owner,
        "eu-west-1",
        BUCKET,
        name,
        f"arn:aws:s3:::{name}",
        canonical(BUCKET, configuration),
        at,
        unread=unread,
        created_at=created_at,
    )


def trail(owner: str, name: str, at: datetime = MONDAY, region: str = "eu-west-1", **parts: Any) -> ConfigurationItem:
    """A trail, with delivery times that change by themselves."""
    arn = f"arn:aws:cloudtrail:{region}:{owner}:trail/{name}"
    configuration = {"Name": name, "TrailARN": arn, "HomeRegion": region, "Status": {"IsLogging": True}, **parts}
    volatile = {"Status": {"LatestDeliveryTime": at.isoformat()}}
    return ConfigurationItem(owner, region, TRAIL, arn, arn, canonical(TRAIL, configuration), at, volatile=volatile)


def key(owner: str, id: str, at: datetime = MONDAY, region: str = "eu-west-1", **parts: Any) -> ConfigurationItem:
    """A key, with an alias."""
    arn = f"arn:aws:kms:{region}:{owner}:key/{id}"
    configuration = {"Metadata": {"KeyState": "Enabled"}, "Aliases": [f"alias/{id}"], **parts}
    return ConfigurationItem(owner, region, KEY, arn, arn, canonical(KEY, configuration), at)


def snapshot(id: str, at: datetime, items: Iterable[ConfigurationItem] = (), **fields: Any) -> AccountSnapshot:
    """An account read completely, unless `fields` say otherwise."""
    facts = {"name": f"name of {id}", "ou_path": "Root/Prod", "parent_ids": ("r-1", "ou-1"), **fields.pop("facts", {})}
    own = fields.pop("account_item", None) or account_item(id, at)
    values: dict[str, Any] = {
        "status": ReadStatus.READ,
        "listed": LISTED,
        "regions_enabled": REGIONS,
        "regions_read": REGIONS,
        "calls": Calls(made=30, by_operation={"s3:ListBuckets": 1}),
        "caller_arn": f"arn:aws:sts::{id}:assumed-role/ReporterAudit/reporter",
        "observed_at": at,
        **fields,
    }
    return AccountSnapshot(Account(id, **facts), items=(own, *items), **values)


def unreachable(id: str, at: datetime, **fields: Any) -> AccountSnapshot:
    """An account whose role could not be assumed: only Organizations spoke of it."""
    why = Unread("AssumeRole", "sts:AssumeRole", "AccessDenied")
    own = account_item(id, at, unread={"Regions": why})
    own.configuration.pop("Regions")
    return snapshot(
        id,
        at,
        status=ReadStatus.UNREACHABLE,
        reason="The role ReporterAudit could not be assumed",
        account_item=own,
        gaps=(Gap(id, GLOBAL, ACCOUNT, why),),
        listed=frozenset(),
        regions_enabled=(),
        regions_read=(),
        **fields,
    )


def start(engine: Engine, at: datetime, owner: str = "me", **facts: Any) -> Run:
    """A run begun."""
    return history.start_run(engine, kind=facts.pop("kind", "manual"), as_of=at, owner=owner, now=at, **facts)


def run(engine: Engine, at: datetime, *snapshots: AccountSnapshot, **facts: Any) -> tuple[Run, tuple[Change, ...]]:
    """A whole run; its changes."""
    begun = start(engine, at, **facts)
    found = [change for one in snapshots for change in history.record_account(engine, begun, one, describe)]
    return history.seal(engine, begun, at + timedelta(hours=1)), tuple(found)


def weeks(number: int) -> datetime:
    """The Monday after so many weeks."""
    return MONDAY + number * WEEK


def told(changes: Iterable[Change]) -> list[tuple[str, str]]:
    """What happened to what, in any order."""
    return sorted((change.kind.value, change.resource) for change in changes)


def finding(resource: ConfigurationItem, status: Status, check: str = "bucket-versioning", **fields: Any) -> Finding:
    """An answer about an item."""
    values = {"severity": "high", "reason": "Versioning is not set", **fields}
    return Finding(check, resource.account, resource.region, resource.type, resource.id, resource.arn, status, **values)
