"""Queries about what people and deliveries did."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Insert, Select, Table, Update, insert, literal, or_, select, update

from reporter.history.acts_tables import ATTESTATION, BASELINE, DELIVERY, JOURNAL, SLOT, WAIVER
from reporter.history.columns import FOREVER

OPEN = literal(FOREVER, BigInteger())
LAST_ENTRY = select(JOURNAL.c.number, JOURNAL.c.chain).order_by(JOURNAL.c.number.desc()).limit(1)
NEW_ENTRIES = insert(JOURNAL)


def _key(table: Table) -> Any:
    return next(iter(table.primary_key.columns))


def row(table: Table, key: Any) -> Select[Any]:
    """One row by its number."""
    return select(table).where(_key(table) == key)


def rows(table: Table, *conditions: Any, limit: int | None = None) -> Select[Any]:
    """Rows in the order they were written."""
    return select(table).where(*conditions).order_by(_key(table)).limit(limit)


def newest(table: Table, *conditions: Any, limit: int) -> Select[Any]:
    """The last rows that were written, the newest first."""
    return select(table).where(*conditions).order_by(_key(table).desc()).limit(limit)


def new_row(table: Table) -> Insert:
    """Insert one row; answers with its number."""
    return insert(table).returning(_key(table))


def new_rows(table: Table) -> Any:
    """Insert rows; answers with their numbers in the same order."""
    return insert(table).returning(_key(table), sort_by_parameter_order=True)


def rows_of(table: Table, keys: Sequence[Any]) -> Select[Any]:
    """Rows by number."""
    return select(table).where(_key(table).in_(keys)).order_by(_key(table))


def changed_row(table: Table, key: Any, values: Mapping[str, Any]) -> Update:
    """Change one row."""
    return update(table).where(_key(table) == key).values(**values)


def entries(subject: str, key: str, act: str, limit: int | None) -> Select[Any]:
    """The journal, oldest first, or some of it."""
    query = select(JOURNAL).order_by(JOURNAL.c.number).limit(limit)
    if subject:
        query = query.where(JOURNAL.c.subject == subject)
    if key:
        query = query.where(JOURNAL.c.key == key)
    return query.where(JOURNAL.c.act == act) if act else query


# --- the outbox ---


def in_hand() -> Select[Any]:
    """Letters in the hands of workers, whether these still live or not."""
    return rows(DELIVERY, DELIVERY.c.state.in_(("claimed", "sending")))


def due(now: datetime, limit: int) -> Select[Any]:
    """Letters to be sent now: an older run's before a newer one's, and of a run the longest waiting first."""
    waiting = select(DELIVERY).where(DELIVERY.c.state == "pending", DELIVERY.c.next_attempt_at <= now)
    return waiting.order_by(DELIVERY.c.run, DELIVERY.c.next_attempt_at, DELIVERY.c.id).limit(limit)


def held() -> Select[Any]:
    """Letters that wait until somebody asks for them to be tried."""
    return rows(DELIVERY, DELIVERY.c.state == "pending", DELIVERY.c.next_attempt_at.is_(None))


# --- the schedule ---


def slots(schedule: str, names: Collection[str] = (), limit: int | None = None) -> Select[Any]:
    """A schedule's slots, the latest first."""
    query = select(SLOT).order_by(SLOT.c.slot.desc(), SLOT.c.id.desc()).limit(limit)
    if schedule:
        query = query.where(SLOT.c.schedule == schedule)
    return query.where(SLOT.c.slot.in_(sorted(names))) if names else query


def running(schedule: str) -> Select[Any]:
    """Slots in somebody's hands, whether that one still lives or not, the oldest first."""
    held = select(SLOT).where(SLOT.c.state == "running").order_by(SLOT.c.slot)
    return held.where(SLOT.c.schedule == schedule) if schedule else held


# --- what people state ---


def _stood(table: Table, at: datetime | None) -> list[Any]:
    """Rows whose interval holds an instant; none: those not ended."""
    if at is None:
        return [table.c.ended_at == OPEN]
    return [table.c.at <= at, table.c.ended_at > at]


def waivers_in_force(at: datetime | None) -> Select[Any]:
    """Waivers that stood at an instant, by id."""
    return select(WAIVER).where(*_stood(WAIVER, at)).order_by(WAIVER.c.id)


def baselines(name: str = "") -> Select[Any]:
    """Baselines that stand, by name."""
    query = select(BASELINE).where(*_stood(BASELINE, None)).order_by(BASELINE.c.name)
    return query.where(BASELINE.c.name == name) if name else query


def attestations(at: datetime | None) -> Select[Any]:
    """Attestations that stood at an instant, oldest first."""
    if at is None:
        return rows(ATTESTATION, ATTESTATION.c.revoked_at.is_(None))
    standing = or_(ATTESTATION.c.revoked_at.is_(None), ATTESTATION.c.revoked_at > at)
    return rows(ATTESTATION, ATTESTATION.c.at <= at, standing)
