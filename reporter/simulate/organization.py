"""An AWS organization declared as data: what the simulation holds, and what a test may compare a snapshot with.

Parts of a bucket, trail or key are written in AWS's own shapes (`{"Status": "Enabled", "MFADelete": "Enabled"}`), None where
AWS would say "not configured". Every identifier comes from the organization's seed, so the same seed gives the same bytes.
"""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

Document = dict[str, Any]

START = datetime(
    2026, 11, 2, 6, 0, tzinfo=UTC
)  # a Monday morning; where the simulated clock begins unless told otherwise
REGIONS = ("us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-2")
READER_ROLE = "reporter-reader"
EXTERNAL_ID = "example-org-reporter"

ALL_BLOCKED: Document = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
NONE_BLOCKED: Document = dict.fromkeys(ALL_BLOCKED, False)
AES256: Document = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": False,
            "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        }
    ]
}


def digest(seed: int, *words: str) -> int:
    """A number that depends on seed and words only: the one source of "random" identifiers."""
    return int.from_bytes(hashlib.sha256("\0".join((str(seed), *words)).encode()).digest(), "big")


def letters(seed: int, *words: str, length: int) -> str:
    """Lower-case letters and digits, as Organizations makes its ids of."""
    number, characters = digest(seed, *words), "abcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(characters[(number >> (6 * i)) % 36] for i in range(length))


def account_id(seed: int, name: str) -> str:
    """Twelve digits, not beginning with 0 (AWS's may: one account of the demo does, because spreadsheets eat it)."""
    return str(100_000_000_000 + digest(seed, "account", name) % 899_999_999_999)


def key_id(seed: int, *words: str) -> str:
    return str(uuid.UUID(int=digest(seed, "key", *words) >> 128, version=4))


@dataclass(frozen=True)
class Bucket:
    """A general purpose bucket; `None` means the API answers "not configured". New buckets have AWS's defaults of today."""

    name: str
    region: str = "us-east-1"
    created_at: datetime = START
    versioning: Document | None = None
    encryption: Document | None = field(default_factory=lambda: dict(AES256))
    logging: Document | None = None
    policy: Document | None = None
    acl: Document | None = None  # None: the owner's full control, the canned "private"
    ownership: str | None = "BucketOwnerEnforced"
    public_access_block: Document | None = field(default_factory=lambda: dict(ALL_BLOCKED))
    lifecycle: Document | None = None
    replication: Document | None = None
    object_lock: Document | None = None
    notification: Document | None = None
    tags: dict[str, str] | None = None
    website: Document | None = None
    cors: Document | None = None
    objects: dict[str, str] = field(
        default_factory=dict
    )  # key to text; a few, so that deletion and log reading mean something


@dataclass(frozen=True)
class AccessPoint:
    """An access point; `policy` may open it even where the bucket is closed."""

    name: str
    bucket: str
    region: str = "us-east-1"
    policy: Document | None = None
    public_access_block: Document = field(default_factory=lambda: dict(ALL_BLOCKED))
    vpc: str = ""


@dataclass(frozen=True)
class MultiRegionAccessPoint:
    """Buckets of several regions behind one name; its API lives in us-west-2 only."""

    name: str
    buckets: tuple[str, ...]
    public_access_block: Document = field(default_factory=lambda: dict(ALL_BLOCKED))
    policy: Document | None = None


@dataclass(frozen=True)
class DirectoryBucket:
    """An S3 Express bucket; its name ends in `--<zone>--x-s3`."""

    name: str
    region: str
    encryption: Document = field(default_factory=lambda: dict(AES256))
    policy: Document | None = None
    lifecycle: Document | None = None


@dataclass(frozen=True)
class Trail:
    """A trail at its home region. `errors` are the delivery errors GetTrailStatus reports (`LatestDeliveryError` ...).

    `selectors` is `{"EventSelectors": [...]}` or `{"AdvancedEventSelectors": [...]}`; None is the default (all management events).
    `region_errors` overrides the status of single regions: `{"eu-west-1": {"IsLogging": False}}`.
    """

    name: str
    bucket: str
    region: str = "us-east-1"
    prefix: str | None = None
    multi_region: bool = True
    global_events: bool = True
    organization: bool = False
    validation: bool = True
    key: str | None = None  # KMS key ARN
    log_group: str | None = None  # ARN with ":*", as CloudTrail says it
    logs_role: str | None = None
    topic: str | None = None  # SNS topic name in the trail's own region
    selectors: Document | None = None
    insights: tuple[str, ...] = ()
    event_configuration: Document | None = None
    resource_policy: Document | None = None
    tags: dict[str, str] = field(default_factory=dict)
    logging: bool = True
    started_at: datetime = START
    stopped_at: datetime | None = None
    errors: dict[str, str] = field(default_factory=dict)
    region_errors: dict[str, Document] = field(default_factory=dict)
    delivered_minutes_ago: int = 6  # a stale delivery is a defect worth declaring


@dataclass(frozen=True)
class EventDataStore:
    """A CloudTrail Lake store; `fields` adds or overrides keys of GetEventDataStore (`KmsKeyId`, `RetentionPeriod` ...)."""

    name: str
    region: str = "us-east-1"
    fields: Document = field(default_factory=dict)
    policy: Document | None = None
    insights: tuple[str, ...] = ()
    event_configuration: Document | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Channel:
    """A channel into CloudTrail Lake, or a service-linked one (`aws-service-channel/...`)."""

    name: str
    region: str = "us-east-1"
    source: str = "Custom"
    destinations: tuple[Document, ...] = ()
    policy: Document | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Key:
    """A KMS key; `rotation` is the period in days (None: off)."""

    id: str
    region: str = "us-east-1"
    description: str = ""
    policy: Document | None = None  # None: KMS's default policy
    rotation: int | None = 365
    aliases: tuple[str, ...] = ()
    state: str = "Enabled"  # Enabled, Disabled, PendingDeletion
    grants: tuple[Document, ...] = ()
    manager: str = "CUSTOMER"  # AWS for the managed key alias/aws/...
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LogGroup:
    """A log group with its metric filters (filterName, filterPattern, metricTransformations)."""

    name: str
    region: str = "us-east-1"
    retention: int | None = None
    key: str | None = None
    filters: tuple[Document, ...] = ()


@dataclass(frozen=True)
class Alarm:
    """An alarm on a metric; `actions` are topic ARNs."""

    name: str
    metric: str
    namespace: str = "CloudTrailMetrics"
    region: str = "us-east-1"
    actions: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True)
class Topic:
    """A topic with its subscriptions `(protocol, endpoint, confirmed)`."""

    name: str
    region: str = "us-east-1"
    policy: Document | None = None
    key: str | None = None
    subscriptions: tuple[tuple[str, str, bool], ...] = ()


@dataclass(frozen=True)
class Watchers:
    """The detective services of one account: the regions each is on in."""

    config: tuple[str, ...] = ()
    guardduty: tuple[str, ...] = ()
    securityhub: tuple[str, ...] = ()
    access_analyzer: tuple[str, ...] = ()
    macie: tuple[str, ...] = ()


@dataclass(frozen=True)
class Denial:
    """Calls that answer AccessDenied: operations and resources as globs (`s3:GetBucket*`, `cloudtrail:GetTrailStatus`)."""

    operation: str
    account: str = "*"
    region: str = "*"
    resource: str = "*"  # bucket name, trail name or ARN, key id ...
    code: str = ""  # empty: the service's own word for denied


@dataclass(frozen=True)
class Member:
    """An account, its place in the organization and what is in it."""

    id: str
    name: str
    email: str
    unit: str = ""  # path of OU names below the root: Workloads/Prod; empty = the root itself
    state: str = "ACTIVE"
    joined_at: datetime = datetime(2023, 3, 6, 9, 0, tzinfo=UTC)
    tags: dict[str, str] = field(default_factory=dict)
    contacts: Mapping[str, str] = field(default_factory=dict)  # SECURITY, OPERATIONS, BILLING to a mail address
    regions: tuple[str, ...] = REGIONS  # enabled regions
    assumable: bool = True
    public_access_block: Document | None = field(default_factory=lambda: dict(ALL_BLOCKED))
    buckets: tuple[Bucket, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()
    multi_region_access_points: tuple[MultiRegionAccessPoint, ...] = ()
    directory_buckets: tuple[DirectoryBucket, ...] = ()
    trails: tuple[Trail, ...] = ()
    event_data_stores: tuple[EventDataStore, ...] = ()
    channels: tuple[Channel, ...] = ()
    keys: tuple[Key, ...] = ()
    log_groups: tuple[LogGroup, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    topics: tuple[Topic, ...] = ()
    watchers: Watchers = Watchers()


@dataclass(frozen=True)
class Policy:
    """A policy of the organization (SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY, S3_POLICY) and what it is attached to.

    `targets` are account ids, OU paths, or "" for the root.
    """

    name: str
    content: Document
    type: str = "SERVICE_CONTROL_POLICY"
    description: str = ""
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Organization:
    """The whole: accounts, policies, services trusted, and the role by which all of it is read."""

    seed: int
    management: str  # account id
    accounts: tuple[Member, ...]
    policies: tuple[Policy, ...] = ()
    service_access: tuple[str, ...] = ()
    delegated_administrators: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # service principal to account ids
    hub: str = ""  # the account that reads all others; empty: the management account
    role: str = READER_ROLE
    external_id: str = EXTERNAL_ID
    role_policy: Document | None = None  # what the role allows; None: everything
    denials: tuple[Denial, ...] = ()
    empty_units: tuple[str, ...] = ()  # OUs without accounts

    @property
    def id(self) -> str:
        return "o-" + letters(self.seed, "organization", length=10)

    @property
    def reader(self) -> str:
        """The account whose credentials may assume the role everywhere."""
        return self.hub or self.management

    @property
    def root_id(self) -> str:
        return "r-" + letters(self.seed, "root", length=4)

    def unit_id(self, path: str) -> str:
        """The id of an OU by its path of names; the root's for the empty path."""
        return f"ou-{self.root_id[2:]}-{letters(self.seed, 'unit', path, length=8)}" if path else self.root_id

    def policy_id(self, name: str) -> str:
        return "p-" + letters(self.seed, "policy", name, length=8)

    @property
    def units(self) -> tuple[str, ...]:
        """Paths of all OUs, parents before children."""
        paths = {account.unit for account in self.accounts} | set(self.empty_units)
        paths |= {"/".join(path.split("/")[:depth]) for path in paths for depth in range(1, path.count("/") + 1)}
        return tuple(sorted(paths - {""}))

    def account(self, name_or_id: str) -> Member:
        """The account with this name or id; an unknown one is an error that lists the known."""
        for member in self.accounts:
            if name_or_id in {member.name, member.id}:
                return member
        raise KeyError(
            f"no account {name_or_id!r} in the simulated organization; it has {[a.name for a in self.accounts]}"
        )


_ORGANIZATION = TypeAdapter(Organization)
_MEMBER = TypeAdapter(Member)


def to_json(organization: Organization) -> bytes:
    return _ORGANIZATION.dump_json(organization)


def from_json(text: bytes) -> Organization:
    return _ORGANIZATION.validate_json(text)


def member_to(member: Member) -> Document:
    """An account as plain JSON values."""
    return dict(_MEMBER.dump_python(member, mode="json"))


def member_from(value: Document) -> Member:
    return _MEMBER.validate_python(value)
