"""What was observed, as tables: runs, accounts and their scans, resources in intervals, documents, changes, findings.

An interval row is true in [`valid_from`, `valid_to`); an open one ends at `FOREVER`. UNIQUE (…, valid_to) lets only one row of a
resource be open, whoever writes. Instants of one reader's rows only ever grow, whatever its clock did (see `record`).
The people's side (waivers, deliveries, the schedule, the journal) is in `acts_tables`.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, LargeBinary, MetaData, Table, UniqueConstraint
from sqlmodel import Field, SQLModel

from reporter.history.columns import Digest, Instant, Json, Seal, Serial, Until, Word

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """The declarative parent: one MetaData of our own, every constraint named (SQLite can alter only what has a name)."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)


def table(model: type[Row]) -> Table:
    """The Core table of a model: bulk writing and reading go through Core."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


class Meta(Row, table=True):
    """Whose database this is, and what must never change in it (`application`, the compression dictionary's digest)."""

    key: str = Field(primary_key=True, sa_type=Word)
    value: Any = Field(sa_type=Json, nullable=False)


class RunRow(Row, table=True):
    """One run. `number` is the order of starting, `seq` the order of sealing: without gaps, NULL until sealed.

    `after_seq` is the last sealed seq when it started: what was sealed by then is older, whatever the clocks say.
    """

    __tablename__ = "run"
    number: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    id: str = Field(sa_type=Word, unique=True)
    kind: str = Field(sa_type=Word)
    as_of: datetime = Field(sa_type=Instant, index=True)
    status: str = Field(sa_type=Word)  # running, sealed, failed
    started_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    after_seq: int = 0
    organization: str = Field(default="", sa_type=Word)
    tool_version: str = Field(default="", sa_type=Word)
    checks_hash: str = Field(default="", sa_type=Word)
    canon_version: int = 0
    seq: int | None = Field(default=None, unique=True)
    journal: int | None = None  # the journal's last entry when it was sealed: the chain covers it
    root: str = Field(default="", sa_type=Word)
    chain: str = Field(default="", sa_type=Word)
    reason: str = Field(default="", sa_type=Word)  # why it failed
    purged_at: datetime | None = Field(default=None, sa_type=Instant)
    schedule: str = Field(default="", sa_type=Word)  # which one asked for it
    selection: Any = Field(
        default=None, sa_type=Json, nullable=True
    )  # what a narrowed run was asked for; NULL: a whole one
    owner: str = Field(default="", sa_type=Word)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)


class AccountRow(Row, table=True):
    """An account as Organizations listed it, in intervals. No open row: it is not in the organization."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("account", "valid_to"), CheckConstraint("valid_to > valid_from", name="forward"))
    id: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    account: str = Field(sa_type=Word)
    valid_from: datetime = Field(sa_type=Instant)
    valid_to: datetime | None = Field(default=None, sa_type=Until, nullable=False)
    name: str = Field(sa_type=Word)
    email: str = Field(sa_type=Word)
    state: str = Field(sa_type=Word)
    arn: str = Field(sa_type=Word)
    joined_at: datetime | None = Field(default=None, sa_type=Instant)
    parent_ids: Any = Field(sa_type=Json, nullable=False)
    ou_path: str = Field(sa_type=Word)
    tags: Any = Field(sa_type=Json, nullable=False)
    management: bool
    end_reason: str | None = Field(default=None, sa_type=Word)  # changed, left_org
    seal: bytes = Field(sa_type=Seal)


class Document(Row, table=True):
    """Bytes by their SHA-256, compressed: configurations, evidence, coverage, tallies. Equal content is stored once."""

    hash: bytes = Field(primary_key=True, sa_type=Digest)
    codec: int  # 0 as it is, 2 deflated with the preset dictionary
    size: int  # of the content
    data: bytes = Field(sa_type=LargeBinary)


class AccountScan(Row, table=True):
    """How one account fared in one run, and what that run knows of it.

    `at` is the instant at which the interval rows show what this run saw; `observed_at` is what the clock said.
    `findings_at` is the same for the findings, NULL until judged. `taken_from`: a slower reader of a concurrent run lost, and
    took over the other's newer reading; or, where the account is excluded, a narrowed run passed it over and carries on what
    was known.
    """

    __tablename__ = "account_scan"
    __table_args__ = (UniqueConstraint("run", "account"), Index(None, "account", "at"))
    id: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    run: int = Field(foreign_key="run.number", sa_type=Serial)
    account: str = Field(sa_type=Word)
    status: str = Field(sa_type=Word)  # read, partial, unreachable, excluded
    reason: str = Field(sa_type=Word)
    observed_at: datetime = Field(sa_type=Instant)
    at: datetime = Field(sa_type=Instant)
    last_read_at: datetime | None = Field(default=None, sa_type=Instant)  # by any run; partly counts
    since: datetime | None = Field(default=None, sa_type=Instant)  # of the present spell of not being read fully
    items: int  # what stands at `at`, last known things included
    manifest: bytes = Field(sa_type=Digest)
    coverage: bytes = Field(sa_type=Digest, foreign_key="document.hash")
    calls: bytes = Field(sa_type=Digest, foreign_key="document.hash")
    volatile: bytes | None = Field(default=None, sa_type=Digest, foreign_key="document.hash")
    gaps: Any = Field(default=None, sa_type=Json, nullable=True)
    changes: Any = Field(default=None, sa_type=Json, nullable=True)  # the numbers of the changes it found
    caller_arn: str = Field(sa_type=Word)
    taken_from: int | None = Field(default=None, sa_type=Serial)
    findings_at: datetime | None = Field(default=None, sa_type=Instant)
    findings: bytes | None = Field(
        default=None, sa_type=Digest
    )  # over the open findings, as `manifest` over the versions
    tally: bytes | None = Field(default=None, sa_type=Digest, foreign_key="document.hash")
    passed: int = 0
    failed: int = 0
    waived: int = 0
    not_applicable: int = 0
    insufficient: int = 0
    seal: bytes = Field(sa_type=Seal)


class Resource(Row, table=True):
    """One life of one resource, as one reader sees it. A second life under the same name is the next incarnation.

    `reader` is the account whose scans keep it: its owner's, or another's that names it (a trail's key in a third account).
    Incarnation 0 has no versions: an answer is about it, though it could not be listed.
    `uid` is the ARN, or account/region/id where AWS gives none.
    """

    __table_args__ = (UniqueConstraint("type", "uid", "reader", "incarnation"), Index(None, "type", "key"))
    id: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    reader: str = Field(sa_type=Word)
    account: str = Field(sa_type=Word, index=True)
    type: str = Field(sa_type=Word)
    uid: str = Field(sa_type=Word)
    incarnation: int
    region: str = Field(sa_type=Word)
    key: str = Field(sa_type=Word)
    arn: str = Field(sa_type=Word)
    created_at: datetime | None = Field(default=None, sa_type=Instant)  # as AWS says, where it says
    first_seen_at: datetime = Field(sa_type=Instant)
    seal: bytes = Field(sa_type=Seal)


class Version(Row, table=True):
    """A resource's configuration while it stayed the same. `unread` repeats the document's, so that gaps can be counted."""

    __table_args__ = (
        UniqueConstraint("resource", "valid_to"),
        CheckConstraint("valid_to > valid_from", name="forward"),
        Index(None, "reader", "valid_to"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    resource: int = Field(foreign_key="resource.id", sa_type=Serial)
    reader: str = Field(sa_type=Word)
    valid_from: datetime = Field(sa_type=Instant)
    valid_to: datetime | None = Field(default=None, sa_type=Until, nullable=False)
    hash: bytes = Field(sa_type=Digest, foreign_key="document.hash")
    canon: int
    unread: Any = Field(default=None, sa_type=Json, nullable=True)
    end_reason: str | None = Field(
        default=None, sa_type=Word
    )  # changed, deleted, recreated, left_org, superseded, unnamed
    seal: bytes = Field(sa_type=Seal)


class ChangeRow(Row, table=True):
    """A difference, worked out once when it was seen: lists, mails and reports never compare again."""

    __tablename__ = "change"
    __table_args__ = (
        UniqueConstraint("resource", "detected_at", "kind"),
        Index(None, "run"),
        Index(None, "detected_at"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    run: int = Field(foreign_key="run.number", sa_type=Serial)
    resource: int = Field(foreign_key="resource.id", sa_type=Serial)
    account: str = Field(sa_type=Word)
    kind: str = Field(sa_type=Word)
    klass: str = Field(sa_type=Word)
    direction: str = Field(sa_type=Word)
    severity: str = Field(sa_type=Word)
    not_before: datetime | None = Field(default=None, sa_type=Instant)
    detected_at: datetime = Field(sa_type=Instant)
    incarnation: int
    summary: str = Field(sa_type=Word)
    checks: Any = Field(default=None, sa_type=Json, nullable=True)
    ops: bytes | None = Field(default=None, sa_type=Digest, foreign_key="document.hash")
    seal: bytes = Field(sa_type=Seal)


class FindingRow(Row, table=True):
    """An answer that does not pass, while it stayed the same. `since` is when its status began, `failing_since` when the
    failure began that may have gone on unseen in between; `reopened` counts how often it came back after having passed.
    """

    __tablename__ = "finding"
    __table_args__ = (
        UniqueConstraint("resource", "check", "valid_to"),
        CheckConstraint("valid_to > valid_from", name="forward"),
        Index(None, "account", "valid_to"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    account: str = Field(sa_type=Word)  # the account that was judged
    resource: int = Field(foreign_key="resource.id", sa_type=Serial)
    check: str = Field(sa_type=Word)
    status: str = Field(sa_type=Word)
    severity: str = Field(sa_type=Word)
    detail: bytes = Field(sa_type=Digest, foreign_key="document.hash")  # reason, evidence, fix
    waiver: str | None = Field(default=None, sa_type=Word)
    valid_from: datetime = Field(sa_type=Instant)
    valid_to: datetime | None = Field(default=None, sa_type=Until, nullable=False)
    since: datetime = Field(sa_type=Instant)
    failing_since: datetime | None = Field(default=None, sa_type=Instant)
    reopened: int
    end_reason: str | None = Field(default=None, sa_type=Word)  # changed, passed, and as in `nouns.GONE`
    seal: bytes = Field(sa_type=Seal)


META, RUN, ACCOUNT, DOCUMENT = table(Meta), table(RunRow), table(AccountRow), table(Document)
SCAN, RESOURCE, VERSION = table(AccountScan), table(Resource), table(Version)
CHANGE, FINDING = table(ChangeRow), table(FindingRow)
