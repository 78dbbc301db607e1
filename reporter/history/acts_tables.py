"""What people and deliveries did, as tables. Each row's every state stands in the journal, which is a chain of its own."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from reporter.history.columns import Day, Digest, Instant, Json, Serial, Until, Word
from reporter.history.tables import Row, table


class JournalRow(Row, table=True):
    """One act: who, when, on which row, and the digest of what that row then said. Never altered, never removed."""

    __tablename__ = "journal"
    __table_args__ = (Index(None, "subject", "key"),)
    number: int = Field(primary_key=True, sa_type=Serial)
    at: datetime = Field(sa_type=Instant)
    act: str = Field(sa_type=Word)  # waiver.added, delivery.sent, purge.done ...
    subject: str = Field(sa_type=Word)  # the table
    key: str = Field(sa_type=Word)  # the row
    by: str = Field(sa_type=Word)
    detail: Any = Field(default=None, sa_type=Json, nullable=True)
    content: bytes = Field(sa_type=Digest)
    chain: bytes = Field(sa_type=Digest)


class AttributionRow(Row, table=True):
    """Who made a change, as far as the events tell."""

    __tablename__ = "attribution"
    change: int = Field(primary_key=True, foreign_key="change.id", sa_type=Serial)
    confidence: str = Field(sa_type=Word)
    reason: str = Field(sa_type=Word)
    looked_up_at: datetime = Field(sa_type=Instant)
    tries: int
    settings: Any = Field(
        default=None, sa_type=Json, nullable=True
    )  # of each: path, confidence, reason, events' positions


class ChangeEvent(Row, table=True):
    """One event that may have made a change; position 0 produced the state."""

    __tablename__ = "change_event"
    __table_args__ = (UniqueConstraint("change", "position"), Index(None, "principal", "at"))
    id: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    change: int = Field(foreign_key="change.id", sa_type=Serial)
    position: int
    event_id: str = Field(sa_type=Word)
    event_name: str = Field(sa_type=Word)
    at: datetime = Field(sa_type=Instant)
    principal: str = Field(sa_type=Word)
    arn: str = Field(sa_type=Word)
    source_ip: str = Field(sa_type=Word)
    user_agent: str = Field(sa_type=Word)
    via: str = Field(sa_type=Word)
    mfa: bool | None = None


class WaiverRow(Row, table=True):
    """One wording of a waiver, from when it was known until it was changed or revoked."""

    __tablename__ = "waiver"
    __table_args__ = (UniqueConstraint("id", "ended_at"),)
    number: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    id: str = Field(sa_type=Word)
    source: str = Field(sa_type=Word)  # file, command
    content: Any = Field(sa_type=Json, nullable=False)
    at: datetime = Field(sa_type=Instant)
    by: str = Field(sa_type=Word)
    ended_at: datetime | None = Field(default=None, sa_type=Until, nullable=False)
    ended_by: str = Field(default="", sa_type=Word)
    end_reason: str = Field(default="", sa_type=Word)


class AttestationRow(Row, table=True):
    """A person's statement for a control, with its evidence file among the documents."""

    __tablename__ = "attestation"
    __table_args__ = (Index(None, "framework", "control"),)
    number: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    framework: str = Field(sa_type=Word)
    control: str = Field(sa_type=Word)
    statement: str = Field(sa_type=Word)
    by: str = Field(sa_type=Word)
    at: datetime = Field(sa_type=Instant)
    valid_until: date = Field(sa_type=Day)
    evidence_name: str = Field(sa_type=Word)
    evidence: bytes | None = Field(default=None, sa_type=Digest, foreign_key="document.hash")
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_by: str = Field(default="", sa_type=Word)


class AcknowledgementRow(Row, table=True):
    """A change that somebody has seen and owns, until a day or until the value changes again."""

    __tablename__ = "acknowledgement"
    number: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    change: int = Field(foreign_key="change.id", sa_type=Serial, index=True)
    path: str = Field(sa_type=Word)  # one setting of it; empty: all
    owner: str = Field(sa_type=Word)
    reason: str = Field(sa_type=Word)
    ticket: str = Field(sa_type=Word)
    by: str = Field(sa_type=Word)
    at: datetime = Field(sa_type=Instant)
    expires_on: date = Field(sa_type=Day)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_by: str = Field(default="", sa_type=Word)


class NoteRow(Row, table=True):
    """A remark on a change."""

    __tablename__ = "note"
    number: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    change: int = Field(foreign_key="change.id", sa_type=Serial, index=True)
    text: str = Field(sa_type=Word)
    by: str = Field(sa_type=Word)
    at: datetime = Field(sa_type=Instant)


class BaselineRow(Row, table=True):
    """A pinned state: the items of a run, or a file of desired values; `content` is its document."""

    __tablename__ = "baseline"
    __table_args__ = (UniqueConstraint("name", "ended_at"),)
    number: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    name: str = Field(sa_type=Word)
    selector: Any = Field(sa_type=Json, nullable=False)
    source: str = Field(sa_type=Word)
    content: bytes = Field(sa_type=Digest, foreign_key="document.hash")
    by: str = Field(sa_type=Word)
    at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Until, nullable=False)
    ended_by: str = Field(default="", sa_type=Word)


class HoldRow(Row, table=True):
    """What a purge must not touch: an account, a type, a resource, or all of it; until released."""

    __tablename__ = "hold"
    number: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    account: str = Field(default="", sa_type=Word)
    type: str = Field(default="", sa_type=Word)
    resource: str = Field(default="", sa_type=Word)  # id or ARN
    reason: str = Field(sa_type=Word)
    by: str = Field(sa_type=Word)
    at: datetime = Field(sa_type=Instant)
    released_at: datetime | None = Field(default=None, sa_type=Instant)
    released_by: str = Field(default="", sa_type=Word)


class PurgeRow(Row, table=True):
    """One purge: what was older than the cut-off and not held went; the runs' headers stay."""

    __tablename__ = "purge"
    number: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    at: datetime = Field(sa_type=Instant)
    by: str = Field(sa_type=Word)
    cutoff: datetime = Field(sa_type=Instant)
    removed: Any = Field(sa_type=Json, nullable=False)  # table -> rows


class ReportRow(Row, table=True):
    """A file that was rendered for one edition of a run."""

    __tablename__ = "report"
    __table_args__ = (UniqueConstraint("run", "edition", "format"),)
    number: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    run: int = Field(foreign_key="run.number", sa_type=Serial)
    edition: str = Field(sa_type=Word)
    format: str = Field(sa_type=Word)
    sha256: str = Field(sa_type=Word)
    path: str = Field(sa_type=Word)
    size: int
    at: datetime = Field(sa_type=Instant)


class DeliveryRow(Row, table=True):
    """One edition to one recipient: the outbox. `sending` is committed before the provider hears of it."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("run", "edition", "recipient"), Index(None, "state", "next_attempt_at"))
    id: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    run: int = Field(foreign_key="run.number", sa_type=Serial)
    edition: str = Field(sa_type=Word)
    recipient: str = Field(sa_type=Word)
    message_id: str = Field(sa_type=Word)
    payload: Any = Field(default=None, sa_type=Json, nullable=True)
    queued_at: datetime = Field(sa_type=Instant)
    state: str = Field(sa_type=Word)  # pending, claimed, sending, sent, failed, unknown
    attempts: int = 0
    next_attempt_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    reference: str = Field(default="", sa_type=Word)  # the provider's id
    detail: str = Field(default="", sa_type=Word)  # its words
    owner: str = Field(default="", sa_type=Word)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)


class RevertedRow(Row, table=True):
    """What came and went between a run and the one before, as CloudTrail told it before the run was sealed."""

    __tablename__ = "reverted"
    run: int = Field(primary_key=True, foreign_key="run.number", sa_type=Serial)
    at: datetime = Field(sa_type=Instant)
    content: bytes = Field(sa_type=Digest, foreign_key="document.hash")


class HeadSignature(Row, table=True):
    """A signed head of the chain, as it was handed out: the document's text, and by which key."""

    __tablename__ = "head_signature"
    __table_args__ = (UniqueConstraint("run", "key"),)
    number: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    run: int = Field(foreign_key="run.number", sa_type=Serial)
    chain: str = Field(sa_type=Word)
    algorithm: str = Field(sa_type=Word)
    key: str = Field(sa_type=Word)  # its fingerprint, or the KMS key's ARN
    at: datetime = Field(sa_type=Instant)
    document: bytes = Field(sa_type=Digest, foreign_key="document.hash")


class ScheduleRun(Row, table=True):
    """One slot of one schedule: started by exactly one, whoever else is awake."""

    __tablename__ = "schedule_run"
    __table_args__ = (UniqueConstraint("schedule", "slot"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    schedule: str = Field(sa_type=Word)
    slot: str = Field(sa_type=Word)  # local wall time: 2026-11-01T01:30
    state: str = Field(sa_type=Word)  # running, done, failed, missed
    attempt: int
    at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    run_id: str = Field(default="", sa_type=Word)
    detail: str = Field(default="", sa_type=Word)
    owner: str = Field(default="", sa_type=Word)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)


JOURNAL = table(JournalRow)
ATTRIBUTION, EVENT = table(AttributionRow), table(ChangeEvent)
WAIVER, ATTESTATION, ACKNOWLEDGEMENT, NOTE = (
    table(WaiverRow),
    table(AttestationRow),
    table(AcknowledgementRow),
    table(NoteRow),
)
BASELINE, HOLD, PURGE = table(BaselineRow), table(HoldRow), table(PurgeRow)
REPORT, DELIVERY, SLOT = table(ReportRow), table(DeliveryRow), table(ScheduleRun)
REVERTED, SIGNATURE = table(RevertedRow), table(HeadSignature)
