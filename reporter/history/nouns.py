"""What the history answers with, beyond the nouns of the model."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

from reporter.model import (
    Account,
    Attribution,
    Change,
    ConfigurationItem,
    Finding,
    ReadStatus,
    Severity,
)


class Describe(Protocol):
    """Drift's judgement of a difference, passed in: `reporter.drift.changes.describe`."""

    def __call__(
        self,
        before: ConfigurationItem | None,
        after: ConfigurationItem | None,
        *,
        detected_at: datetime,
        not_before: datetime | None = None,
        incarnation: int = 1,
    ) -> Change | None: ...


@dataclass(frozen=True, slots=True)
class Within:
    """Which accounts and checks a question is about. None means all; `ou` is an OU path and holds what is below it."""

    accounts: frozenset[str] | None = None
    ou: str = ""
    checks: frozenset[str] | None = None


EVERYWHERE = Within()


NOBODY_TRIED = frozenset(
    {"NotYetRead", "NotAsked", "Excluded"}
)  # codes of what was left out: it says nothing about what can be read


@dataclass(frozen=True, slots=True)
class Reading:
    """How an account fared in a run."""

    account: Account
    status: ReadStatus
    reason: str
    observed_at: datetime
    last_read_at: datetime | None  # by any run; a partial reading counts
    since: datetime | None  # of the present spell of not being read fully
    regions_enabled: int
    regions_read: int
    resources: int
    gaps: int
    calls: int
    denied: int
    unasked: int = 0  # of the gaps: nobody tried, so nothing failed
    read_by: str = ""  # ARN of the session that asked
    throttled: int = 0  # of the calls


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many accounts a run had, by how they fared."""

    read: int = 0
    partial: int = 0
    unreachable: int = 0
    excluded: int = 0

    @property
    def total(self) -> int:
        """Every account of the organization."""
        return self.read + self.partial + self.unreachable + self.excluded


@dataclass(frozen=True, slots=True)
class GapCount:
    """What could not be read, put together by permission and code, over listings and parts alike."""

    iam: str
    operation: str
    code: str
    count: int
    accounts: int
    types: tuple[str, ...]
    regions: tuple[str, ...]
    example: str  # an account id or an ARN


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """A resource that stood at a run."""

    account: str
    region: str
    type: str
    id: str
    arn: str
    first_seen: datetime
    captured_at: datetime | None
    sha256: str
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemVersion:
    """A resource's configuration while it stayed the same."""

    item: ConfigurationItem
    valid_from: datetime
    valid_to: datetime | None
    incarnation: int
    sha256: str
    end_reason: str = ""


@dataclass(frozen=True, slots=True)
class Around:
    """The looks at a resource on both sides of an instant: between them nobody knows what it was."""

    last: datetime | None  # the look that showed what the history answers with
    next: datetime | None  # the first look after the instant; None if there was none yet
    shows: Literal["", "same", "different", "gone"] = ""  # what the next look showed, against what the last one did


FindingState = Literal["new", "reopened", "persisting"]


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """A finding that does not pass, with its history."""

    finding: Finding
    since: datetime  # of its present status
    failing_since: datetime | None  # of the failure, also while it could not be looked at
    reopened: int  # how often it has come back after having passed
    state: FindingState
    waiver_id: str | None
    evidence_since: datetime | None = (
        None  # since when for the present reason, word for word; evidence and waivers aside
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """Answers of one check and severity. `waived` counts failing findings that are also in `failed`."""

    check: str
    severity: Severity
    passed: int = 0
    failed: int = 0
    waived: int = 0
    not_applicable: int = 0
    insufficient: int = 0
    accounts_failing: int = 0  # with at least one failing finding that is not waived


Became = Literal["fixed", "gone", "lost_sight"]

# Why a failure neither passes nor is looked at any more, in the words of the stored rows.
GONE: Mapping[str, str] = {
    "gone": "deleted",
    "left_org": "left the organization",
    "not_applicable": "no longer applicable",
    "excluded": "account left out",
    "not_asked": "no longer asked",
}


@dataclass(frozen=True, slots=True)
class Movement:
    """Failing findings of one run against another's.

    before + new + reopened + seen_again - fixed - gone - lost_sight - between = now. Of the last runs of all, `between` is 0.
    """

    new: int = 0
    reopened: int = 0
    fixed: int = 0
    persisting: int = 0  # neither new nor reopened; `seen_again` among them
    lost_sight: int = 0  # failed before, could not be looked at now: carried on, neither fixed nor gone
    gone: int = 0  # failed before; the resource, the account or the question is no longer there
    before: int = 0  # failures then
    now: int = 0
    seen_again: int = 0  # not looked at then (no sight, another scope), known to have failed before that
    between: int = 0  # of new and reopened: failed then, too, and ended and began again between the two runs
    gone_why: Mapping[str, int] = field(default_factory=dict)  # by the words of `GONE`


@dataclass(frozen=True, slots=True)
class EndedFinding:
    """A finding that failed at one run and does not at another: as it was then, and what became of it."""

    finding: Finding
    failing_since: datetime
    became: Became
    because: str  # passes, no data, or one of the words of `GONE`
    ended_at: datetime  # when it was first seen not to fail
    waiver_id: str | None = None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The figures of one sealed run."""

    run: str
    as_of: datetime
    passed: int
    failed: int
    waived: int
    insufficient: int
    accounts_read: int  # fully
    accounts_total: int
    not_applicable: int = 0


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A seen and owned change. `ended` says why it no longer counts: expired, revoked, changed again."""

    number: int
    change: int
    path: str
    owner: str
    reason: str
    by: str
    at: datetime
    expires_on: date
    ticket: str = ""
    ended: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark on a change."""

    number: int
    change: int
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Baseline:
    """A pinned state."""

    name: str
    selector: Mapping[str, Any]
    source: str
    by: str
    at: datetime
    content: Any = None


@dataclass(frozen=True, slots=True)
class Hold:
    """What a purge must not touch; empty fields mean any."""

    number: int
    reason: str
    by: str
    at: datetime
    account: str = ""
    type: str = ""
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge removed, or would remove."""

    cutoff: datetime
    removed: Mapping[str, int]
    held: int = 0  # rows old enough that a hold kept
    kept: Mapping[str, int] = field(default_factory=dict)  # the same by table
    baselines: tuple[str, ...] = ()  # pinned to runs that are emptied by it


@dataclass(frozen=True, slots=True)
class Entry:
    """One act in the journal."""

    number: int
    at: datetime
    act: str
    subject: str
    key: str
    by: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """A file that was rendered for one edition of a run."""

    run: str
    edition: str
    format: str
    sha256: str
    path: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head of the chain with a signature; `document` is the file as it was handed out."""

    run: str
    chain: str
    algorithm: str
    key: str  # fingerprint, or the KMS key's ARN
    at: datetime
    document: bytes


@dataclass(frozen=True, slots=True)
class Reverts:
    """What came and went between a run and the one before, and where that could not be asked for."""

    changes: tuple[tuple[Change, Attribution | None], ...]
    unasked: Mapping[str, str]  # "account region": why
    calls: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be delivered: one edition of a run to one recipient."""

    edition: str
    recipient: str
    message_id: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the outbox."""

    id: int
    run: str
    edition: str
    recipient: str
    message_id: str
    payload: Mapping[str, Any]
    state: str
    attempts: int
    queued_at: datetime
    next_attempt_at: datetime | None = None
    settled_at: datetime | None = None
    reference: str = ""
    detail: str = ""
    owner: str = ""
    lease_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot of one schedule."""

    id: int
    schedule: str
    slot: str
    state: str
    attempt: int
    at: datetime
    finished_at: datetime | None = None
    run_id: str = ""
    detail: str = ""
    owner: str = ""
    lease_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that is not what was written: its table, its key, and what is wrong with it."""

    table: str
    row: str
    what: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.what}"


ChangeCounts = Counter[tuple[str, str, str]]
