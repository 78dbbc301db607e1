"""What a report asks of the history: a dozen questions, each answered by an aggregate or a capped query.

A `Source` is bound to one sealed run ("this run") and to the run before it ("the previous run"). Nothing here lets a
caller load the organization: lists that grow with it are iterators, and whoever asks them either caps or streams.
Every question takes a `Scope` and must answer as though accounts and checks outside it did not exist.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol, cast

from reporter.model import (
    Account,
    Attestation,
    Attribution,
    Change,
    ChangeClass,
    ChangeKind,
    ControlStatus,
    Direction,
    Finding,
    Framework,
    ReadStatus,
    Run,
    Severity,
    Status,
    Waiver,
)

FindingState = Literal["new", "reopened", "persisting"]
Became = Literal["fixed", "gone", "lost_sight"]
Fared = Literal["read", "partial", "unreachable", "suspended", "unselected", "excluded"]

CLOSED = frozenset({"SUSPENDED", "PENDING_CLOSURE", "CLOSED"})  # states in which nobody can sign in
UNSELECTED = "Not selected"  # how a run for some accounts begins the reason of the others


@dataclass(frozen=True, slots=True)
class Scope:
    """Which accounts and checks an edition is about. None means all; `ou` is an OU path and holds what is below it.

    `accounts` and `ou` are never both set. Changes have no check: `checks` narrows them to those that moved a finding
    of one of these checks, or that touched a resource one of them has an open finding about.
    """

    accounts: frozenset[str] | None = None
    ou: str = ""
    checks: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class CheckText:
    """What the registry says of a check, for people."""

    id: str
    title: str
    why: str = ""
    fix: str = ""
    severity: Severity = "medium"
    subject: str = ""  # AWS::S3::Bucket
    aka: tuple[str, ...] = ()  # CF:cloud-trail-enabled, SH:CloudTrail.1


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account of the organization and how it fared in this run; suspended and unreachable ones included."""

    account: Account
    status: ReadStatus
    reason: str = ""  # why not READ, with the remedy
    observed_at: datetime | None = None  # when this run read it
    last_read_at: datetime | None = None  # when any run last read it (partly counts): its data is this old
    since: datetime | None = None  # first run of the present spell of not being (fully) read
    regions_enabled: int = 0
    regions_read: int = 0
    resources: int = 0
    gaps: int = 0
    calls: int = 0
    denied: int = 0
    excluded_by: str = ""  # who approved the exclusion
    unasked: int = 0  # of the gaps, those that nobody tried to read: they say nothing about permissions
    read_by: str = ""  # the ARN of the session that asked in this run

    @property
    def fared(self) -> Fared:
        """The status, and of an excluded account what excludes it: AWS closed it, another run reads it, the settings."""
        if self.status is not ReadStatus.EXCLUDED:
            return cast(Fared, self.status.value)
        if self.account.state in CLOSED:
            return "suspended"
        return "unselected" if self.reason.startswith(UNSELECTED) else "excluded"


@dataclass(frozen=True, slots=True)
class Tally:
    """Answers of one check over a scope. `waived` counts failing findings that are also in `failed`."""

    check: str
    severity: Severity
    passed: int = 0
    failed: int = 0
    waived: int = 0
    not_applicable: int = 0
    insufficient: int = 0
    accounts_failing: int = 0  # accounts with at least one failing finding that is not waived


@dataclass(frozen=True, slots=True)
class AccountTally:
    """Answers of one check in one account."""

    account: str
    check: str
    passed: int = 0
    failed: int = 0
    waived: int = 0
    not_applicable: int = 0
    insufficient: int = 0


@dataclass(frozen=True, slots=True)
class AccountTotal:
    """Answers of all checks of the scope in one account.

    `failing` holds un-waived failures by severity, `unknown` the answers that lack data.
    """

    account: str
    passed: int = 0
    failed: int = 0
    waived: int = 0
    not_applicable: int = 0
    insufficient: int = 0
    failing: Mapping[Severity, int] = field(default_factory=dict)
    unknown: Mapping[Severity, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ControlResult:
    """The answer to one control over a scope, with the counts it rests on."""

    framework: str
    control: str
    status: ControlStatus
    reason: str = ""
    passed: int = 0
    failed: int = 0
    waived: int = 0
    not_applicable: int = 0
    insufficient: int = 0
    accounts_failing: int = 0  # with something open, whether or not an answer is missing there
    accounts_assessed: int = 0  # with no answer missing
    accounts_total: int = 0
    attestation: Attestation | None = None
    accounts_passing: int | None = None  # of those assessed: something passed, nothing open; None if not counted


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding that does not pass, with its history. `waiver` is the one in force at this run's as-of."""

    finding: Finding
    first_seen: datetime  # start of the present unbroken spell of this status
    state: FindingState = "persisting"
    waiver: Waiver | None = None
    evidence_since: datetime | None = None  # since when for the present reason; None where that is not known


@dataclass(frozen=True, slots=True)
class Movement:
    """Failing findings against the previous run, waived ones included. All zero on the first run but `persisting`.

    What failed then is fixed, gone, lost sight of, or persists: then + new + reopened - fixed - gone - lost_sight = now.
    """

    new: int = 0
    reopened: int = 0
    fixed: int = 0
    persisting: int = 0
    lost_sight: int = 0  # failed before, now insufficient data: neither fixed nor persisting
    gone: int = 0  # failed before; its resource or account is no longer there, or the question no longer applies


@dataclass(frozen=True, slots=True)
class EndedRow:
    """A finding that failed at the previous run and does not now: as it was then, and what became of it."""

    finding: Finding
    failing_since: datetime
    became: Became
    because: str  # passes, deleted, left the organization, no longer asked, no data ...
    ended_at: datetime | None = None
    waiver: str = ""  # the id of the one that stood beside it


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A seen and owned change."""

    change: int
    by: str
    reason: str
    at: datetime
    expires_on: date | None = None
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change since the previous run, who made it, and who took ownership of it."""

    change: Change
    attribution: Attribution | None = None  # None: events were not looked for
    acknowledgement: Acknowledgement | None = None


@dataclass(frozen=True, slots=True)
class ChangeCount:
    """How many changes since the previous run were of one sort."""

    kind: ChangeKind
    klass: ChangeClass
    direction: Direction
    count: int


@dataclass(frozen=True, slots=True)
class GapCount:
    """What could not be read, put together by permission and code, over listings and parts alike."""

    iam: str  # s3:GetBucketPolicy; sts:AssumeRole for a whole account
    operation: str
    code: str
    count: int  # reads that ended so
    accounts: int
    types: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    example: str = ""  # one account id or ARN of the scope


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """A waiver that touches the scope (in force, or expired within the last 30 days) and what it covers now."""

    waiver: Waiver
    findings: int = 0
    accounts: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The figures of one sealed run over the scope, as they were reported then."""

    run: str
    as_of: datetime
    passed: int
    failed: int  # waived included
    waived: int
    insufficient: int
    accounts_read: int
    accounts_total: int
    not_applicable: int = 0


@dataclass(frozen=True, slots=True)
class Detection:
    """A pattern over events, seen in the period."""

    title: str
    account: str
    principal: str
    at: datetime
    severity: Severity
    summary: str = ""
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Integrity:
    """What reading the trails' own log files told: whether the record is whole, and what looked compromised in it."""

    trails: int
    files: int
    digests: int
    problems: tuple[str, ...] = ()  # one sentence each: a gap, an altered, a missing, an injected file
    from_at: datetime | None = None
    to_at: datetime | None = None
    detections: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """A resource that stood at this run."""

    account: str
    region: str
    type: str
    id: str
    arn: str
    first_seen: datetime
    captured_at: datetime | None
    sha256: str
    unread: tuple[str, ...] = ()


class Source(Protocol):
    """One sealed run of the history, as a report may question it."""

    def run(self) -> Run:
        """This run, with `seq`, `root` and `chain`."""

    def previous(self) -> Run | None:
        """The sealed run this one is compared with; None when this is the first."""

    def checks(self) -> Mapping[str, CheckText]:
        """Every check of the registry by id."""

    def frameworks(self) -> Sequence[Framework]:
        """The frameworks reported on, in the order they are to be printed; the first one's families make the map."""

    def accounts(self, scope: Scope) -> Iterator[AccountRow]:
        """Every account of the organization in scope, by OU path, then name, then id."""

    def tallies(self, scope: Scope) -> Sequence[Tally]:
        """One row for each check (and severity it gave) that has any answer in scope."""

    def account_totals(self, scope: Scope) -> Iterator[AccountTotal]:
        """One row for each account in scope that has any answer."""

    def account_tallies(self, scope: Scope, accounts: Collection[str]) -> Iterator[AccountTally]:
        """One row for each (account, check) of the accounts named, which are in scope and at most a hundred."""

    def controls(self, framework: str, scope: Scope) -> Sequence[ControlResult]:
        """One row for each control of the framework, in its order."""

    def findings(self, scope: Scope, status: Status = Status.FAIL, limit: int | None = None) -> Iterator[FindingRow]:
        """Findings of one status: un-waived first, then most severe, then new before old, then by account and ARN."""

    def movement(self, scope: Scope) -> Movement:
        """Failing findings now against the previous run."""

    def ended(self, scope: Scope, limit: int | None = None) -> Iterator[EndedRow]:
        """What `movement` counts as fixed, gone and lost sight of: in this order, of each the most severe first."""

    def changes(
        self, scope: Scope, direction: Direction | None = None, limit: int | None = None
    ) -> Iterator[ChangeRow]:
        """Changes since the previous run: worsened, mixed, improved, neutral; of each the most severe first.

        With a direction: of class `security` and `operational` only. Without: all, `tags` and `cosmetic` last.
        """

    def change_counts(self, scope: Scope) -> Sequence[ChangeCount]:
        """All changes since the previous run, counted by kind, class and direction."""

    def gaps(self, scope: Scope) -> Sequence[GapCount]:
        """What could not be read in this run, most reads first."""

    def waivers(self, scope: Scope) -> Sequence[WaiverRow]:
        """Waivers that touch the scope, soonest to expire first."""

    def trend(self, scope: Scope, limit: int) -> Sequence[TrendPoint]:
        """The last sealed runs up to and with this one, oldest first."""

    def integrity(self, scope: Scope) -> Integrity | None:
        """None where the trails' log files are not read."""

    def inventory(self, scope: Scope) -> Iterator[InventoryRow]:
        """Every resource in scope, by account, type and id; streamed into the data files, never into the body."""

    def owned_outside(self, scope: Scope, names: Collection[str]) -> frozenset[str]:
        """Those of `names`, all fit for a bucket, that are resources owned out of scope and by nobody in scope."""
