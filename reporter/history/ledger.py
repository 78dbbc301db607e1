"""The schedule's ledger: each slot is started by exactly one process, what was missed is on record, a dead owner's slot is taken over."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection, Engine

from reporter.history import journal
from reporter.history.acts_tables import SLOT
from reporter.history.engine import lock, reading, write
from reporter.history.errors import LeaseLost
from reporter.history.nouns import Slot
from reporter.history.queries import acts


def claim_slot(
    engine: Engine, schedule: str, slot: str, owner: str, now: datetime, *, lease: timedelta = timedelta(minutes=10)
) -> Slot | None:
    """Start a slot, unless anybody has started it, or it is on record as missed: then None."""
    return write(engine, partial(_claim, schedule=schedule, slot=slot, owner=owner, now=now, lease=lease))


def _claim(
    connection: Connection, *, schedule: str, slot: str, owner: str, now: datetime, lease: timedelta
) -> Slot | None:
    lock(connection, "schedule")
    if connection.execute(acts.slots(schedule, [slot])).first() is not None:
        return None
    values = _row(schedule, slot, "running", now) | {"attempt": 1, "owner": owner, "lease_until": now + lease}
    return slot_from(journal.add(connection, SLOT, values, act="started", now=now, by=owner))


def miss(engine: Engine, schedule: str, slots: Collection[str], now: datetime) -> None:
    """Put on record slots that went by without a run."""
    write(engine, partial(_miss, schedule=schedule, slots=slots, now=now))


def _miss(connection: Connection, *, schedule: str, slots: Collection[str], now: datetime) -> None:
    lock(connection, "schedule")
    known = {row.slot for row in connection.execute(acts.slots(schedule, slots))} if slots else set()
    for slot in sorted(set(slots) - known):
        values = _row(schedule, slot, "missed", now) | {"finished_at": now}
        journal.add(connection, SLOT, values, act="missed", now=now)


def _row(schedule: str, slot: str, state: str, now: datetime) -> dict[str, Any]:
    return {
        "schedule": schedule,
        "slot": slot,
        "state": state,
        "attempt": 0,
        "at": now,
        "finished_at": None,
        "run_id": "",
        "detail": "",
        "owner": "",
        "lease_until": None,
    }


def renew_slot(engine: Engine, slot: Slot, owner: str, now: datetime, lease: timedelta = timedelta(minutes=10)) -> None:
    """Say that the slot's owner lives. LeaseLost if another has taken it over."""
    write(engine, partial(_renew, slot=slot, owner=owner, until=now + lease))


def _renew(connection: Connection, *, slot: Slot, owner: str, until: datetime) -> None:
    _held(connection, slot, owner)
    connection.execute(acts.changed_row(SLOT, slot.id, {"lease_until": until}))


def finish_slot(
    engine: Engine,
    slot: Slot,
    owner: str,
    now: datetime,
    *,
    state: Literal["done", "failed"] = "done",
    run_id: str = "",
    detail: str = "",
) -> None:
    """Put on record how a slot ended, and which run it was."""
    values = {"state": state, "finished_at": now, "run_id": run_id, "detail": detail, "owner": "", "lease_until": None}
    write(engine, partial(_finish, slot=slot, owner=owner, now=now, values=values))


def _finish(connection: Connection, *, slot: Slot, owner: str, now: datetime, values: Mapping[str, Any]) -> None:
    _held(connection, slot, owner)
    journal.alter(connection, SLOT, slot.id, values, act=str(values["state"]), now=now, by=owner)


def _held(connection: Connection, slot: Slot, owner: str) -> None:
    lock(connection, "schedule")
    row = connection.execute(acts.row(SLOT, slot.id)).mappings().one()
    if row["state"] != "running" or row["owner"] != owner:
        raise LeaseLost(f"Slot {slot.slot} of {slot.schedule} is {row['state']} and no longer this process's")


def take_over(
    engine: Engine,
    schedule: str,
    owner: str,
    now: datetime,
    *,
    lease: timedelta = timedelta(minutes=10),
    attempts: int = 3,
    dead: Callable[[str], bool] = lambda _: False,
) -> Slot | None:
    """The oldest slot whose owner died, now this owner's; one that killed its owner `attempts` times is failed instead.

    Dead is whose lease has ended, and whom `dead` knows to be so: its slot need not wait for the lease.
    """
    taken = partial(_take_over, schedule=schedule, owner=owner, now=now, lease=lease, attempts=attempts, dead=dead)
    return write(engine, taken)


def _take_over(
    connection: Connection,
    *,
    schedule: str,
    owner: str,
    now: datetime,
    lease: timedelta,
    attempts: int,
    dead: Callable[[str], bool],
) -> Slot | None:
    lock(connection, "schedule")
    for row in connection.execute(acts.running(schedule)).mappings().all():
        if row["lease_until"] > now and not dead(row["owner"]):
            continue
        if row["attempt"] < attempts:
            values = {"attempt": row["attempt"] + 1, "owner": owner, "lease_until": now + lease}
            worker = {"worker": row["owner"]}
            return slot_from(
                journal.alter(connection, SLOT, row["id"], values, act="started", now=now, by=owner, detail=worker)
            )
        words = f"its process died {row['attempt']} times"
        values = {"state": "failed", "finished_at": now, "detail": words, "owner": "", "lease_until": None}
        journal.alter(connection, SLOT, row["id"], values, act="failed", now=now)
    return None


def last_slot(engine: Engine, schedule: str) -> Slot | None:
    """The latest slot on record, however it went."""
    return next(iter(slots(engine, schedule, 1)), None)


def slots(engine: Engine, schedule: str = "", limit: int | None = None) -> tuple[Slot, ...]:
    """The slots of a schedule, or of all, the latest first."""
    with reading(engine) as connection:
        return tuple(slot_from(row) for row in connection.execute(acts.slots(schedule, (), limit)).mappings())


def slot_from(row: Mapping[Any, Any]) -> Slot:
    """A slot on record."""
    return Slot(
        id=row["id"],
        schedule=row["schedule"],
        slot=row["slot"],
        state=row["state"],
        attempt=row["attempt"],
        at=row["at"],
        finished_at=row["finished_at"],
        run_id=row["run_id"],
        detail=row["detail"],
        owner=row["owner"],
        lease_until=row["lease_until"],
    )
