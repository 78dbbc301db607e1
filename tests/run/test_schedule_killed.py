"""`reporter schedule` killed at work: its slot is taken over at once on the same machine, and never reported twice."""

import os
import signal
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from test_run_ends import Killed, killed_at, letters, wait_for
from world import World

from reporter import history
from reporter.run.execute import Request, execute
from reporter.schedule.service import OPENED
from reporter.settings import load
from reporter.simulate.mail import Manners

WEEKLY = "weekly"


@pytest.fixture
def due(world: World) -> history.Engine:
    """A history whose weekly schedule was first seen eight days ago, so that one slot is owed."""
    engine, past = history.connect(world.database), datetime.now(UTC) - timedelta(days=8)
    history.prepare(engine, past)
    opened = history.claim_slot(engine, WEEKLY, OPENED, "first", past)
    assert opened is not None
    history.finish_slot(engine, opened, "first", past)
    return engine


def latest(engine: history.Engine) -> history.Slot:
    slot = history.last_slot(engine, WEEKLY)
    assert slot is not None
    return slot


def test_stopped_while_reading_it_is_said_and_taken_over_at_once(world: World, due: history.Engine) -> None:
    """The process itself, questions, `run --resume` and `--list` name the command; it finishes the same run, minutes before the lease."""
    world.sim.fault("delay", "s3:*", seconds=0.2)
    process = world.begin("schedule", "--once", REPORTER_COLLECT__THREADS="1")
    wait_for(lambda: scheduled(due) >= 1)
    process.terminate()
    _, last_words = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "stored; `" in last_words
    assert "schedule --once` reads the others and goes on" in last_words
    world.sim.clear_faults()
    question = world.reporter("coverage")
    assert question.returncode == 1
    assert "holds no finished run yet: a scheduled run begun " in question.stderr
    assert "schedule --once` finishes it" in question.stderr
    begun = history.unfinished(due, "scheduled")
    assert begun is not None
    asked, listed = world.reporter("run", "--resume"), world.reporter("schedule", "--list")
    assert asked.returncode == 1
    for said in (asked.stderr, listed.stdout):
        assert f"schedule weekly, slot {latest(due).slot}: was interrupted, " in said
        assert f":{process.pid} is gone; " in said
        assert "schedule --once` takes it over now" in said
    done = world.reporter("schedule", "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "weekly: next " in done.stdout
    assert (latest(due).state, latest(due).run_id, latest(due).attempt) == ("done", begun[0].id, 2)
    assert len(world.mailbox.messages) == 1


def test_killed_while_mailing_the_slot_is_not_run_again(world: World, due: history.Engine) -> None:
    """Its run is sealed: who takes the slot over sends what has not left, and nobody gets a second report."""
    world.mailbox.manners = Manners(slow=3)
    process = world.begin("schedule", "--once")
    wait_for(lambda: letters(world, "claimed") == 1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    world.mailbox.manners = Manners()
    log = world.reporter("deliver")
    assert log.returncode == 1
    assert "1 letter is claimed by " in log.stderr
    assert "that process is gone; the receiver has not heard of it: `" in log.stderr
    done = world.reporter("schedule", "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = history.last_runs(due, 5)
    assert (latest(due).state, latest(due).run_id) == ("done", run.id)
    assert len(world.mailbox.messages) == 1
    assert world.reporter("schedule", "--once").returncode == 0
    assert len(history.last_runs(due, 5)) == len(world.mailbox.messages) == 1


def test_a_slot_that_another_machine_holds_is_named(world: World, due: history.Engine) -> None:
    """Nobody here can know whether it lives: who has it, and until when, and what to type then."""
    now = datetime.now(UTC)
    held = history.claim_slot(
        due, WEEKLY, f"{now:%Y-%m-%dT%H:%M}", "other-host:77:0badc0de", now, lease=timedelta(hours=1)
    )
    assert held is not None
    done = world.reporter("schedule", "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    until = held.lease_until
    assert until is not None
    listed = world.reporter("schedule", "--list").stdout
    assert (OPENED in listed, f"{held.slot} running" in listed) == (False, True)
    assert f"held by other-host:77 until {until:%Y-%m-%d %H:%M:%S} UTC; should that process be gone" in done.stdout
    assert history.last_runs(due, 1) == ()


def test_a_run_that_an_earlier_slot_left_half_done_is_given_up(world: World, due: history.Engine) -> None:
    """Half of it would be a week old: the slot has a run of its own, as of its own time."""
    past = datetime.now(UTC) - timedelta(days=7)
    settings = load(world.folder / "reporter.toml", {"REPORTER_HISTORY__URL": world.database})
    asked = Request(kind="scheduled", schedule=WEEKLY, since=past)
    with patch.dict(os.environ, world.sim.environment), pytest.raises(Killed):
        execute(settings, asked, owner="other-host:1:dead", clock=lambda: past, tell=killed_at("read"))
    old = history.unfinished(due, "scheduled")
    assert old is not None
    asked = world.reporter("run", "--resume")
    assert asked.returncode == 1
    assert (
        f"the run of schedule weekly begun at {past:%Y-%m-%d %H:%M:%S} UTC failed and is not gone on with"
        in asked.stderr
    )
    done = world.reporter("schedule", "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = history.last_runs(due, 5)
    assert run.id != old[0].id
    assert run.as_of > past + timedelta(days=6)
    assert "taken up again" not in done.stdout
    assert f"the run begun at {past:%Y-%m-%d %H:%M:%S} UTC was given up: a later slot of its schedule" in done.stdout
    assert history.unfinished(due, "scheduled") is None


def test_once_ends_as_the_run_did(world: World, due: history.Engine) -> None:
    """A refused mail is 3, as by `reporter run`; a run that fails is 1 and says why: cron and Kubernetes look at nothing else."""
    world.mailbox.manners = Manners(refuse=("lead@*",))
    done = world.reporter("schedule", "--once")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "lead@example.com: it was not delivered (550" in done.stdout
    history.claim_slot(due, "other", OPENED, "first", datetime.now(UTC) - timedelta(days=8))
    with (world.folder / "reporter.toml").open("a", encoding="utf-8") as file:
        file.write('[[schedule]]\nid = "other"\n')
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "REPORTER_COLLECT__ATTEMPTS": "1"}
    bad = world.reporter("schedule", "--once", **nowhere)
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "! schedule other, slot " in bad.stdout


def scheduled(engine: history.Engine) -> int:
    """How many accounts the scheduled run under way has stored."""
    begun = history.unfinished(engine, "scheduled")
    return len(history.recorded_accounts(engine, begun[0])) if begun else 0
