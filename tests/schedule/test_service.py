"""The timer with its ledger: each slot once, an outage caught up once, a dead owner's run taken over."""

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reporter import history
from reporter.schedule.service import OPENED, Timetable, _poster, first_tick, serve, tick
from reporter.settings.schema import Schedule

MONDAYS = Schedule(id="weekly", cron="0 7 * * mon", time_zone="UTC")
START = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)  # a Monday, an hour before the slot


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def engine(tmp_path: Path) -> history.Engine:
    made = history.connect(f"sqlite:///{tmp_path / 'r.db'}")
    history.prepare(made, START)
    return made


def table(engine: history.Engine, clock: Clock, ran: list[str], owner: str = "a") -> Timetable:
    def start(schedule: Schedule, since: datetime) -> str:
        ran.append(schedule.id)
        return f"run-{len(ran)}"

    return Timetable(engine, (MONDAYS,), start, owner, clock)


def states(engine: history.Engine) -> dict[str, str]:
    return {slot.slot: slot.state for slot in history.slots(engine, "weekly") if slot.slot != OPENED}


def test_a_new_schedule_owes_nothing_for_the_past(engine: history.Engine) -> None:
    """The first slot is the next one, not every Monday since the epoch."""
    clock, ran = Clock(), []
    timetable = table(engine, clock, ran)
    first_tick(timetable)
    assert tick(timetable, MONDAYS) is None
    clock.now = START + timedelta(hours=1)
    assert tick(timetable, MONDAYS) == "run-1"
    assert tick(timetable, MONDAYS) is None
    assert states(engine) == {"2026-11-02T07:00": "done"}


def test_an_outage_of_three_weeks_is_one_run_and_two_missed_slots(engine: history.Engine) -> None:
    """An auditor sees which weeks have no report."""
    clock, ran = Clock(), []
    timetable = table(engine, clock, ran)
    first_tick(timetable)
    clock.now = START + timedelta(days=15)
    tick(timetable, MONDAYS)
    assert len(ran) == 1
    assert states(engine) == {"2026-11-02T07:00": "missed", "2026-11-09T07:00": "missed", "2026-11-16T07:00": "done"}


def test_a_failing_run_is_written_down_and_does_not_stop_the_timer(engine: history.Engine) -> None:
    """The ledger holds the reason; the next slot is tried as if nothing had happened."""
    clock = Clock()

    def fail(schedule: Schedule, since: datetime) -> str:
        raise RuntimeError("no credentials")

    timetable = Timetable(engine, (MONDAYS,), fail, "a", clock)
    first_tick(timetable)
    clock.now = START + timedelta(hours=2)
    assert tick(timetable, MONDAYS) is None
    (slot,) = [s for s in history.slots(engine, "weekly") if s.slot != OPENED]
    assert (slot.state, slot.detail) == ("failed", "no credentials")
    ran: list[str] = []
    clock.now += timedelta(days=7)
    assert tick(table(engine, clock, ran), MONDAYS) == "run-1"


def test_a_dead_owners_run_is_taken_over_when_its_lease_ends(engine: history.Engine) -> None:
    """Claimed and never finished: not run again while it may be alive, run again when it cannot be."""
    clock, ran = Clock(), []
    timetable = table(engine, clock, ran, owner="b")
    first_tick(timetable)
    clock.now = START + timedelta(hours=1)
    history.claim_slot(engine, "weekly", "2026-11-02T07:00", "dead", clock.now, lease=timedelta(minutes=15))
    assert tick(timetable, MONDAYS) is None
    clock.now += timedelta(minutes=16)
    assert tick(timetable, MONDAYS) == "run-1"
    assert states(engine) == {"2026-11-02T07:00": "done"}


def test_an_owner_known_to_be_dead_is_taken_over_at_once_and_the_slots_time_goes_with_it(
    engine: history.Engine,
) -> None:
    """Minutes before the lease ends; when the slot was first claimed tells which run is its own."""
    clock, begun = Clock(), []

    def start(schedule: Schedule, since: datetime) -> str:
        begun.append(since)
        return "r"

    timetable = Timetable(engine, (MONDAYS,), start, "b", clock, dead=lambda name: name == "host:1:gone")
    first_tick(timetable)
    clock.now = claimed = START + timedelta(hours=1)
    history.claim_slot(engine, "weekly", "2026-11-02T07:00", "host:1:gone", claimed, lease=timedelta(minutes=15))
    clock.now += timedelta(minutes=1)
    assert tick(timetable, MONDAYS) == "r"
    assert begun == [claimed]


def _live(database: str, log: str, name: str, seconds: float) -> None:
    """A scheduler process whose schedule fires each minute of a clock that runs sixty times as fast."""
    engine = history.connect(database)
    began = time.monotonic()

    def clock() -> datetime:
        return START + timedelta(seconds=(time.monotonic() - began) * 60)

    def start(schedule: Schedule, since: datetime) -> str:
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(f"{clock():%H:%M} {name}\n")
        return "r"

    minutely = Schedule(id="minutely", cron="* * * * *", time_zone="UTC")
    timetable = Timetable(engine, (minutely,), start, f"{name}:{os.getpid()}", clock)
    first_tick(timetable)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        tick(timetable, minutely)
        time.sleep(0.02)


def test_two_processes_and_a_kill_start_each_slot_once(engine: history.Engine, tmp_path: Path) -> None:
    """Both look all the time, one is killed in the middle: no slot is started twice, none after the start is lost."""
    log = tmp_path / "log"
    context = multiprocessing.get_context("spawn")
    database = f"sqlite:///{tmp_path / 'r.db'}"
    both = [context.Process(target=_live, args=(database, str(log), name, 6.0)) for name in ("a", "b")]
    for process in both:
        process.start()
    time.sleep(4.0)
    os.kill(both[0].pid or 0, signal.SIGKILL)
    for process in both:
        process.join(30)
    slots = Counter(slot.slot for slot in history.slots(engine, "minutely") if slot.slot != OPENED)
    assert slots
    assert max(slots.values()) == 1
    done = [slot for slot in history.slots(engine, "minutely") if slot.state == "done" and slot.slot != OPENED]
    started = log.read_text(encoding="utf-8").splitlines()
    assert len(done) <= len(started) <= len(done) + 1


def test_stopping_lets_work_under_way_end(engine: history.Engine) -> None:
    """SIGTERM's event: the run in progress is finished and written down, nothing new begins."""
    stop, begun, clock = threading.Event(), threading.Event(), Clock()

    def slow(schedule: Schedule, since: datetime) -> str:
        begun.set()
        time.sleep(0.5)
        return "run-1"

    timetable = Timetable(engine, (MONDAYS,), slow, "a", clock)
    first_tick(timetable)
    clock.now = START + timedelta(hours=1)
    server = threading.Thread(target=serve, args=(timetable, stop))
    server.start()
    assert begun.wait(10)
    stop.set()
    server.join(10)
    assert not server.is_alive()
    assert states(engine) == {"2026-11-02T07:00": "done"}


def test_a_letter_that_ends_unknown_between_two_runs_is_in_the_log(engine: history.Engine, caplog) -> None:
    """Nobody reads the end of a run then: the process that stays says it, with the command that tells more."""
    for ended, said in (
        ({"sent": 2}, []),
        ({"unknown": 1, "sent": 1}, ["outbox: 1 unknown; `reporter deliver` tells "]),
    ):
        caplog.clear()
        _poster(Timetable(engine, (), lambda *_: "", "a", Clock(), post=lambda e=ended: e))()
        assert [one.startswith(word) for one, word in zip(caplog.messages, said, strict=True)] == [True] * len(said)
