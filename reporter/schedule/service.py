"""The timer: APScheduler fires, the ledger in the history decides. Each slot starts exactly once, however many timers tick."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from reporter import history
from reporter.schedule.timing import due, trigger
from reporter.settings.schema import Schedule

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=15)
RENEW = timedelta(minutes=5)
LOOK_AGAIN = timedelta(minutes=1)
ATTEMPTS = 3
OPENED = "0001-01-01T00:00"  # the slot that marks when a schedule was first seen; every other slot is later
ALARMING = ("unknown", "failed")
Clock = Callable[[], datetime]
# Runs the schedule's work for a slot first claimed at that instant; gives back the run's id, raises on failure.
Start = Callable[[Schedule, datetime], str]


@dataclass(frozen=True, slots=True)
class Timetable:
    """What the timer works with."""

    engine: history.Engine
    schedules: Sequence[Schedule]
    start: Start
    owner: str
    clock: Clock
    # Sends what is due in the outbox, for what was put off is tried between runs; how many letters ended how.
    post: Callable[[], Mapping[str, int]] = dict
    dead: Callable[[str], bool] = lambda _: False  # whether the owner of a slot is known to be dead


def triggers(schedules: Sequence[Schedule]) -> dict[str, CronTrigger]:
    """The trigger of each schedule; raises ScheduleError before anything is started."""
    return {one.id: trigger(one.id, one.cron, one.time_zone) for one in schedules}


def tick(table: Timetable, schedule: Schedule) -> str | None:
    """Do what a schedule owes now: take over a run whose owner died, else claim the latest slot and run it.

    The slots before it are written down as missed. Returns the id of the run, or None if nothing was owed or another
    process has it. A schedule never seen before owes nothing for the past.
    """
    now = table.clock()
    slot = history.take_over(
        table.engine, schedule.id, table.owner, now, lease=LEASE, attempts=ATTEMPTS, dead=table.dead
    )
    if slot is None:
        slot = _claim(table, schedule, now)
    return None if slot is None else _work(table, schedule, slot)


def first_tick(table: Timetable) -> None:
    """Give schedules that the ledger does not know a beginning, so that their first slot is the next one."""
    for schedule in table.schedules:
        if history.last_slot(table.engine, schedule.id) is None:
            now = table.clock()
            opened = history.claim_slot(table.engine, schedule.id, OPENED, table.owner, now)
            if opened is not None:
                history.finish_slot(table.engine, opened, table.owner, now, detail="the schedule was first seen")


def serve(table: Timetable, stop: threading.Event) -> None:
    """Run the timer until `stop` is set, then let work under way end.

    Every schedule is looked at when it fires, at the start (catching up one missed slot), and each minute for runs whose
    owner died.
    """
    first_tick(table)
    timer = BackgroundScheduler(timezone=UTC)
    for schedule in table.schedules:
        look = _looker(table, schedule, stop)
        options = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        timer.add_job(look, triggers([schedule])[schedule.id], id=schedule.id, **options)
        timer.add_job(look, IntervalTrigger(seconds=LOOK_AGAIN.total_seconds()), id=f"{schedule.id}/again", **options)
        timer.add_job(look, id=f"{schedule.id}/now", **options)
    timer.add_job(
        _poster(table), IntervalTrigger(minutes=1), id="outbox", max_instances=1, coalesce=True, misfire_grace_time=None
    )
    timer.start()
    stop.wait()
    timer.pause()  # nothing new; a job that came due while shutting down would be lost inside APScheduler
    timer.shutdown(wait=True)


def _looker(table: Timetable, schedule: Schedule, stop: threading.Event) -> Callable[[], None]:
    busy = threading.Lock()

    def look() -> None:
        if stop.is_set() or not busy.acquire(blocking=False):
            return
        try:
            tick(table, schedule)
        except history.HistoryError as error:  # the database is away: the next look tries again
            log.error("schedule %s: %s", schedule.id, error)  # noqa: TRY400 - one sentence, not a traceback
        finally:
            busy.release()

    return look


def _poster(table: Timetable) -> Callable[[], None]:
    def post() -> None:
        try:
            ended = table.post()
        except history.HistoryError as error:
            log.error("outbox: %s", error)  # noqa: TRY400 - one sentence, not a traceback
            return
        if bad := ", ".join(f"{ended[state]} {state}" for state in ALARMING if ended.get(state)):
            log.error("outbox: %s; `reporter deliver` tells which, and what to do", bad)

    return post


def _claim(table: Timetable, schedule: Schedule, now: datetime) -> history.Slot | None:
    last = history.last_slot(table.engine, schedule.id)
    if last is None:
        return None
    owed = due(triggers([schedule])[schedule.id], last.at, now)
    if owed.slot is None:
        return None
    history.miss(table.engine, schedule.id, owed.missed, now)
    return history.claim_slot(table.engine, schedule.id, owed.slot, table.owner, now, lease=LEASE)


def _work(table: Timetable, schedule: Schedule, slot: history.Slot) -> str | None:
    """Run it with the lease kept alive; how it ended is written down, success or not."""
    over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(table, slot, over), daemon=True)
    keeper.start()
    try:
        run_id = table.start(schedule, slot.at)
    except Exception as error:  # noqa: BLE001 - whatever ended the work, the ledger must say that it failed and why
        log.error("schedule %s, slot %s failed: %s", schedule.id, slot.slot, error)  # noqa: TRY400
        history.finish_slot(table.engine, slot, table.owner, table.clock(), state="failed", detail=str(error))
        return None
    finally:
        over.set()
        keeper.join()
    history.finish_slot(table.engine, slot, table.owner, table.clock(), state="done", run_id=run_id)
    return run_id


def _keep(table: Timetable, slot: history.Slot, over: threading.Event) -> None:
    while not over.wait(RENEW.total_seconds()):
        with suppress(history.HistoryError):  # the database is away: the next sign may come in time
            history.renew_slot(table.engine, slot, table.owner, table.clock(), LEASE)
