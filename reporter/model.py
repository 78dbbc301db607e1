"""The nouns every room speaks: frozen values, no behaviour beyond what a noun can say of itself.

Types are CloudFormation's (`AWS::S3::Bucket`; the account itself is `AWS::::Account`). `_at` is an aware UTC instant,
`_on` a date. `region` is an AWS region name, or `global` where AWS has none. Mappings are read-only by convention.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

ACCOUNT = "AWS::::Account"
GLOBAL = "global"
EVERY_PART = "*"  # as a key of `ConfigurationItem.unread`: nothing of the item was read in this run

Severity = Literal["informational", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "informational")


@dataclass(frozen=True, slots=True)
class Account:
    """An account as AWS Organizations lists it (`State`, not the retired `Status`)."""

    id: str
    name: str = ""
    email: str = ""
    state: str = "ACTIVE"  # PENDING_ACTIVATION, ACTIVE, SUSPENDED, PENDING_CLOSURE, CLOSED
    arn: str = ""
    joined_at: datetime | None = None
    parent_ids: tuple[str, ...] = ()  # from the root down: r-..., ou-..., ou-...
    ou_path: str = ""  # names of the same: Root/Workloads/Prod
    tags: Mapping[str, str] = field(default_factory=dict)
    management: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """Why one part could not be read: the call, the permission it needs, AWS's code, and when."""

    operation: str  # GetBucketPolicy
    iam: str  # s3:GetBucketPolicy
    code: str  # AccessDenied, Throttling, Timeout, MalformedResponse, NotYetRead ...
    message: str = ""
    at: datetime | None = None

    def __str__(self) -> str:
        return f"{self.iam or self.operation}: {self.code}"


@dataclass(frozen=True, slots=True)
class Gap:
    """A listing (or a whole account or region) that could not be read, and why. `type` is ACCOUNT for a whole account."""

    account: str
    region: str
    type: str
    why: Unread


@dataclass(frozen=True, slots=True)
class ConfigurationItem:
    """One resource's configuration at one time, in AWS's own words and canonical order.

    `configuration` holds the fields of AWS's listing and one key for each further call (a *part*): a value, or None where
    AWS said "not configured". A part that could not be read is absent from it and stands in `unread`.
    `volatile` holds what changes by itself (delivery times): same nesting, kept for judgement, never drift.
    """

    account: str  # the owner
    region: str
    type: str
    id: str
    arn: str
    configuration: Mapping[str, Any]
    captured_at: datetime
    unread: Mapping[str, Unread] = field(default_factory=dict)
    volatile: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    read_by: str = ""  # the role ARN that asked
    requests: Mapping[str, str] = field(default_factory=dict, compare=False)  # operation -> AWS's id of the request


class ReadStatus(StrEnum):
    """How an account fared in a run; every account of the organization has exactly one."""

    READ = "read"
    PARTIAL = "partial"
    UNREACHABLE = "unreachable"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Calls:
    """What reading cost: requests sent, and of those refused, throttled, failed."""

    made: int = 0
    denied: int = 0
    throttled: int = 0
    failed: int = 0
    by_operation: Mapping[str, int] = field(default_factory=dict)  # "s3:ListBuckets" -> 1


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """All items and gaps of one account in one run: the unit of reading, storing, judging and coverage.

    `listed` names each (type, region) whose listing was complete: only these may end a resource in the history.
    """

    account: Account
    status: ReadStatus
    reason: str = ""  # why not READ, in one sentence with the remedy
    items: tuple[ConfigurationItem, ...] = ()
    gaps: tuple[Gap, ...] = ()
    listed: frozenset[tuple[str, str]] = frozenset()
    regions_enabled: tuple[str, ...] = ()
    regions_read: tuple[str, ...] = ()
    calls: Calls = Calls()
    caller_arn: str = ""
    observed_at: datetime | None = None


class Status(StrEnum):
    """One check's answer about one resource."""

    PASS = "pass"
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    INSUFFICIENT_DATA = "insufficient_data"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One value a check read: of which resource, under which key, by which call, when."""

    type: str
    id: str
    account: str
    key: str
    value: Any
    operation: str = ""
    captured_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer about one resource, with what it read."""

    check: str
    account: str
    region: str
    type: str
    resource: str  # the item's id
    arn: str
    status: Status
    severity: Severity
    reason: str = ""  # one sentence: why not applicable, what is missing, what was seen
    evidence: tuple[Evidence, ...] = ()
    fix: str = ""  # the remedy with this resource's names filled in

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What stays the same from run to run, whatever the state: (check, account, type, resource)."""
        return (self.check, self.account, self.type, self.resource)


class ChangeKind(StrEnum):
    """What happened to a resource, or to our sight of it."""

    CREATED = "created"
    MODIFIED = "modified"
    DELETED = "deleted"
    RECREATED = "recreated"
    MOVED = "moved"  # same name, another owner
    ACCESS_LOST = "access_lost"
    ACCESS_RESTORED = "access_restored"
    JOINED = "joined"
    LEFT_ORG = "left_org"


class Direction(StrEnum):
    """Whether a change made things worse, by judging before and after."""

    WORSENED = "worsened"
    IMPROVED = "improved"
    MIXED = "mixed"
    NEUTRAL = "neutral"


ChangeClass = Literal["security", "operational", "tags", "cosmetic"]
OpKind = Literal["added", "removed", "changed", "access_lost", "access_restored"]


@dataclass(frozen=True, slots=True)
class Op:
    """One difference inside a resource. `path` reads like `Policy.Statement["PublicRead"].Action`."""

    kind: OpKind
    path: str
    before: Any = None
    after: Any = None
    klass: ChangeClass = "operational"
    text: str = ""  # what a person reads: 'Policy.Statement["PublicRead"] added: Allow * s3:GetObject'


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between what was last known of a resource and what was read now.

    It happened in the window (`not_before`, `detected_at`]. `checks` maps a check id to "pass -> fail".
    """

    account: str
    region: str
    type: str
    resource: str
    arn: str
    kind: ChangeKind
    not_before: datetime | None
    detected_at: datetime
    klass: ChangeClass = "operational"
    direction: Direction = Direction.NEUTRAL
    severity: Severity = "informational"
    ops: tuple[Op, ...] = ()
    summary: str = ""
    checks: Mapping[str, str] = field(default_factory=dict)
    incarnation: int = 1
    id: int | None = None  # the history's number for it


@dataclass(frozen=True, slots=True)
class Actor:
    """Who made a change, as a CloudTrail event tells it: the person behind the role, from where, with what."""

    event_id: str
    event_name: str
    at: datetime
    principal: str  # the person or workload, resolved: "alice@example.com via AdminAccess"
    arn: str = ""
    source_ip: str = ""
    user_agent: str = ""
    via: str = ""  # console, cli, cloudformation, terraform, sdk, service
    mfa: bool | None = None


Confidence = Literal["exact", "likely", "ambiguous", "none"]


@dataclass(frozen=True, slots=True)
class SettingMaker:
    """Which events made one of the differences of a change."""

    path: str  # the difference's
    confidence: Confidence
    reason: str
    actors: tuple[Actor, ...] = ()  # the one that produced the state first


@dataclass(frozen=True, slots=True)
class Attribution:
    """Which events made a change, how sure that is, and why.

    The first actor is who made it worse, or where nothing got worse the last who had a part in it.
    """

    confidence: Confidence
    reason: str
    actors: tuple[Actor, ...] = ()
    settings: tuple[SettingMaker, ...] = ()  # one for each difference, where they were told apart

    @property
    def others(self) -> int:
        """How many people or workloads besides the first wrote on what changed: "alice and 2 others"."""
        return len({actor.principal for actor in self.actors} - {actor.principal for actor in self.actors[:1]})


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted finding: by whom, why, until when. It never changes a status; it is shown beside it."""

    id: str
    check: str  # a check id or a glob
    reason: str
    owner: str
    approver: str
    expires_on: date
    resource: str = "*"  # glob over ARN or id
    account: str = "*"
    ou: str = "*"  # glob over the OU path
    tags: Mapping[str, str] = field(default_factory=dict)
    ticket: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attestation:
    """A person's statement for a control that no check covers, with hashed evidence and an expiry."""

    framework: str
    control: str
    statement: str
    by: str
    valid_until: date
    evidence_name: str = ""
    evidence_sha256: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckUse:
    """A control's use of one check: does the check answer it (`direct`) or support it, and who says so."""

    check: str
    relation: Literal["direct", "supporting"] = "supporting"
    source: str = "ours"


@dataclass(frozen=True, slots=True)
class Control:
    """What a framework asks for, in our own short words."""

    id: str
    title: str
    family: str = ""
    level: str = ""
    manual: str = ""  # why no check can answer it, or that the standard itself calls it manual
    checks: tuple[CheckUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Framework:
    """A versioned set of controls."""

    id: str
    title: str
    version: str
    source: str
    controls: tuple[Control, ...] = ()
    licence: str = ""  # what its text allows, and what we therefore print
    confirmed: str = ""  # what its ids and mappings were checked against, and what was not
    default: bool = False  # reported on unless settings choose others
    total: int | None = None  # controls that the standard itself has; `controls` may be a selection. None: not known


class ControlStatus(StrEnum):
    """The answer to a control: passes only if every mapped check has data in every account in scope."""

    PASS = "pass"
    FAIL = "fail"
    WAIVED = "waived"  # all failing findings are waived
    PARTIAL = "partial"  # nothing fails, but some of it was not looked at
    NOT_ASSESSED = "not_assessed"
    NOT_APPLICABLE = "not_applicable"
    MANUAL = "manual"
    ATTESTED = "attested"


@dataclass(frozen=True, slots=True)
class Run:
    """One scheduled execution. `seq`, `root` and `chain` are set when it is sealed."""

    id: str
    as_of: datetime
    kind: str = "manual"  # manual, scheduled, demo, watch
    status: str = "running"  # running, sealed, failed
    started_at: datetime | None = None
    finished_at: datetime | None = None
    seq: int | None = None
    root: str = ""
    chain: str = ""
    tool_version: str = ""
    checks_hash: str = ""
    organization: str = ""
    schedule: str = ""  # the schedule that asked for it
    selection: tuple[
        str, ...
    ] = ()  # the account ids and units a narrowed run was asked for; empty: the whole organization
