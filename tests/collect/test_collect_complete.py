"""Everything that is promised to be read is a row of the table, and stands in a snapshot with a value of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from collect_estate import CONTEXT, LAKE_POLICY, door_to, environment, items

from reporter.collect.options import Role
from reporter.collect.organization import discover
from reporter.collect.resources import TYPES, kind_of
from reporter.collect.rows import EXTRA
from reporter.collect.snapshot import collect
from reporter.model import ACCOUNT, ConfigurationItem
from reporter.simulate import demo
from reporter.simulate.organization import Channel, EventDataStore, Organization
from reporter.simulate.simulation import Simulation, start

ITSELF = ""  # the listing is what is wanted of the type
TRAIL, BUCKET, KEY = "AWS::CloudTrail::Trail", "AWS::S3::Bucket", "AWS::KMS::Key"
STORE, CHANNEL = "AWS::CloudTrail::EventDataStore", "AWS::CloudTrail::Channel"
PROMISED: Mapping[str, tuple[str, ...]] = {
    # What CloudTrail says
    TRAIL: ("Status", "RegionStatus", "Selectors", "InsightSelectors", "EventConfiguration", "Tags", ITSELF),
    STORE: ("Detail", "InsightSelectors", "EventConfiguration", "ResourcePolicy", "Tags", ITSELF),
    CHANNEL: ("Detail", "ResourcePolicy", "Tags", ITSELF),
    "AWS::Organizations::Organization": ("DelegatedAdministrators", "ServiceAccess", "PolicyTypes", "Roots"),
    # What S3 says
    BUCKET: (
        "Versioning", "Encryption", "Logging", "Policy", "PolicyStatus", "Acl", "OwnershipControls", "PublicAccessBlock",
        "Lifecycle", "Replication", "ObjectLock", "Notification", "Tags", "Website", "Cors",
        "Accelerate", "RequestPayment", "Inventory", "Analytics", "Metrics", "IntelligentTiering", "MetadataTables", "Abac",
    ),
    "AWS::S3::AccessPoint": ("PublicAccessBlock", "Policy", "PolicyStatus"),
    "AWS::S3::MultiRegionAccessPoint": ("PublicAccessBlock", "PolicyStatus", "Regions"),
    "AWS::S3Express::DirectoryBucket": ("Encryption", ITSELF),
    "AWS::S3::StorageLens": ("Detail", ITSELF),
    ACCOUNT: ("PublicAccessBlock", "EffectiveS3Policy", "Regions", "VisibleTrails", "Tags", "SecurityContact"),
    # What protects them
    KEY: ("Metadata", "Rotation", "Policy", "Grants", "Aliases"),
    "AWS::Logs::LogGroup": ("MetricFilters", "retentionInDays", "kmsKeyId"),
    "AWS::CloudWatch::Alarm": ("AlarmActions", "ActionsEnabled"),
    "AWS::SNS::Topic": ("Attributes", "Subscriptions"),
    "AWS::Organizations::Policy": ("Content", "Targets", "Type"),
    "AWS::Config::ConfigurationRecorder": ("Status", "recordingGroup"),
    "AWS::GuardDuty::Detector": ("Detail",),
    "AWS::SecurityHub::Hub": (ITSELF,),
    "AWS::AccessAnalyzer::Analyzer": ("status",),
    "AWS::Macie::Session": ("status",),
}  # fmt: skip


def organization() -> Organization:
    """The demo's, with everything that its Lake can be told."""
    made = demo.organization()
    audit = made.account("audit")
    (store,), (channel,) = audit.event_data_stores, audit.channels
    said: dict[str, Any] = {"policy": LAKE_POLICY, "tags": {"owner": "audit"}}
    store = EventDataStore(
        store.name, store.region, store.fields, insights=("ApiErrorRateInsight",),
        event_configuration={"MaxEventSize": "Large", "ContextKeySelectors": [CONTEXT]}, **said,
    )  # fmt: skip
    channel = Channel(channel.name, channel.region, channel.source, channel.destinations, **said)
    audit = replace(audit, event_data_stores=(store,), channels=(channel,))
    return replace(made, accounts=tuple(audit if one.name == "audit" else one for one in made.accounts))


def everything_put(aws: Simulation) -> None:
    """What only the optional set reads, on one bucket and one account; and a contact."""
    owner = aws.organization.account("payments-prod").id
    s3, name = aws.client("s3", owner, "eu-west-1"), {"Bucket": "kh-payments-ledger"}
    s3.put_bucket_accelerate_configuration(**name, AccelerateConfiguration={"Status": "Suspended"})
    s3.put_bucket_request_payment(**name, RequestPaymentConfiguration={"Payer": "Requester"})
    s3.put_bucket_abac(**name, AbacStatus={"Status": "Enabled"})
    s3.create_bucket_metadata_configuration(
        **name, MetadataConfiguration={"JournalTableConfiguration": {"RecordExpiration": {"Expiration": "DISABLED"}}}
    )
    target = {"S3BucketDestination": {"Bucket": "arn:aws:s3:::kh-payments-exports", "Format": "CSV"}}
    whole = {"Id": "all"}
    inventory = {
        **whole, "Destination": target, "IsEnabled": True, "IncludedObjectVersions": "All", "Schedule": {"Frequency": "Daily"}
    }  # fmt: skip
    s3.put_bucket_inventory_configuration(**name, **whole, InventoryConfiguration=inventory)
    s3.put_bucket_analytics_configuration(**name, **whole, AnalyticsConfiguration={**whole, "StorageClassAnalysis": {}})
    s3.put_bucket_metrics_configuration(**name, **whole, MetricsConfiguration=whole)
    tiering = {**whole, "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}
    s3.put_bucket_intelligent_tiering_configuration(**name, **whole, IntelligentTieringConfiguration=tiering)
    lens = {"Id": "lens", "AccountLevel": {"BucketLevel": {}}, "IsEnabled": True}
    aws.client("s3control", owner, "us-east-1").put_storage_lens_configuration(
        AccountId=owner, ConfigId="lens", StorageLensConfiguration=lens
    )
    aws.client("account", owner, "us-east-1").put_alternate_contact(
        AlternateContactType="SECURITY", EmailAddress="soc@example.com", Name="x", PhoneNumber="1", Title="x"
    )


@pytest.fixture(scope="module")
def found() -> Iterator[list[ConfigurationItem]]:
    """Every item of that organization, with the optional set."""
    made = organization()
    with start(made) as aws, environment(aws.environment):
        everything_put(aws)
        door = door_to(extra=True, role=Role(name=made.role, external_id=made.external_id))
        snapshots = {one.account.id: one for one in collect(door, discover(door))}
        yield list(items(snapshots).values())


@pytest.mark.parametrize("type", PROMISED)
def test_what_is_promised_is_read_with_its_value(found: list[ConfigurationItem], type: str) -> None:
    """Each part of each type is a row's, and somewhere in the organization it is read as something other than nothing."""
    known, whole = kind_of(type), [item.configuration for item in found if item.type == type]
    assert whole
    valued = {key for item in whole for key, value in item.items() if value not in (None, {}, [])}
    assert set(PROMISED[type]) - {ITSELF} <= valued
    assert {part for part in known.parts if part[0] != "_"} >= {part for part in PROMISED[type] if part in known.parts}


def test_nothing_of_the_table_is_forgotten_here() -> None:
    """Every type is promised; every part but those that AWS keeps empty, leaves to another call, or has three of."""
    assert {kind.name for kind in TYPES} == set(PROMISED)
    seldom = {
        (TRAIL, "ResourcePolicy"), (TRAIL, "LogIntegrity"), (ACCOUNT, "OperationsContact"), (ACCOUNT, "BillingContact"),
        ("AWS::S3Express::DirectoryBucket", "Policy"), ("AWS::S3Express::DirectoryBucket", "Lifecycle"),
    }  # fmt: skip
    left = {
        (kind.name, part) for kind in TYPES for part in kind.parts if part[0] != "_" and part not in PROMISED[kind.name]
    }
    assert left == seldom


def test_the_optional_set_is_off_unless_asked_for() -> None:
    """It costs a call for each bucket and part, and no check needs it."""
    optional = {(kind.name, part) for kind in TYPES for part, call in kind.parts.items() if call.set == EXTRA}
    assert optional == {
        *((BUCKET, part) for part in PROMISED[BUCKET][-8:]),
        ("AWS::S3::StorageLens", "Detail"),
    }
    assert EXTRA not in door_to().options.asked_sets


def test_a_row_says_what_changes_by_itself() -> None:
    """Beside operation, result, permission, codes and region."""
    assert "Status.Latest*Time" in kind_of(TRAIL).volatile
    assert "Rotation.NextRotationDate" in kind_of(KEY).volatile
    assert kind_of("AWS::Macie::Session").volatile == ("updatedAt",)
