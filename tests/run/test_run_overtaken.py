"""Runs whose order is not that of their dates: overtaken by a newer one, by a clock that was set back, or by a full folder."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from test_run_ends import Killed, killed_at
from test_whole_run import ran
from world import World

from reporter import history
from reporter.run.execute import Request, execute
from reporter.settings import load


@dataclass
class Here:
    """The program in this process, with a clock of its own."""

    world: World

    def execute(self, asked: Request, at: datetime, *, until: str = "never", owner: str = "me"):
        settings = load(self.world.folder / "reporter.toml", {"REPORTER_HISTORY__URL": self.world.database})
        with patch.dict(os.environ, self.world.sim.environment):
            return execute(settings, asked, owner=owner, clock=lambda: at, tell=killed_at(until))


@pytest.fixture
def here(world: World) -> Here:
    return Here(world)


def test_a_scheduled_run_that_was_overtaken_is_read_anew_and_mails_no_stale_news(here: Here) -> None:
    """Its half is older than what the manual run has mailed meanwhile: given up, and what is mailed is as of now."""
    since = datetime.now(UTC) - timedelta(minutes=30)
    asked = Request(kind="scheduled", schedule="weekly", since=since, inherit=lambda name: name)
    with pytest.raises(Killed):
        here.execute(asked, since, until="read", owner="here:1:dead")
    manual = ran(here.world)
    done = here.execute(asked, datetime.now(UTC))
    assert done.run.as_of > datetime.fromisoformat(manual["run"]["as_of"])
    assert (done.run.seq, done.run.schedule, done.resumed) == (2, "weekly", False)
    assert history.begun(history.connect(here.world.database)) == ()
    assert len(here.world.mailbox.messages) == 2
    assert history.verify(history.connect(here.world.database)) == ()


def test_a_run_that_died_before_its_mail_while_another_read_is_handed_over_by_the_next(here: Here) -> None:
    """The other one compares with it and does not tell its changes again: nobody else would ever tell them."""
    now, died = datetime.now(UTC), []

    def beside(stage: str, *_: object) -> None:
        if stage == "judge" and not died:
            died.append(stage)
            with pytest.raises(Killed):
                here.execute(Request(), now, until="report", owner="here:1:dead")

    settings = load(here.world.folder / "reporter.toml", {"REPORTER_HISTORY__URL": here.world.database})
    with patch.dict(os.environ, here.world.sim.environment):
        weekly = Request(kind="scheduled", schedule="weekly")
        second = execute(settings, weekly, owner="other", clock=lambda: now, tell=beside)
    assert (second.run.seq, len(here.world.mailbox.messages)) == (2, 1)
    late = here.execute(Request(), now)
    assert (late.run.seq, late.resumed, late.deliveries) == (1, True, {"sent": 1})
    assert here.execute(Request(), now).run.seq == 3


def test_a_clock_that_was_set_back_and_a_folder_that_is_full_are_told_and_cost_nothing(here: Here) -> None:
    """The run goes on and is stored whole, with nothing told twice; its reports are made once there is a place for them."""
    world, now = here.world, datetime.now(UTC)
    here.execute(Request(deliver=False), now + timedelta(hours=3))
    ways = [world.folder / "reports" / f"{now + timedelta(days=n):%Y-%m-%d}-run-0002" for n in (0, 1)]  # over midnight
    for file in ways:
        file.write_text("no folder")
    stopped = world.reporter("run")
    assert stopped.returncode == 1
    assert "UTC, which is before run 1 (" in stopped.stderr
    *_, sentence = stopped.stderr.strip().splitlines()
    assert "reports cannot be written there (" in sentence
    assert "Run 2 is stored whole: after that, `" in sentence
    assert "run --resume` makes its reports and hands them over" in sentence
    for file in ways:
        file.unlink()
    told = ran(world, "--resume")
    assert (told["run"]["seq"], told["changes"], told["deliveries"]) == (2, 0, {"sent": 1})
    (note,) = told["notes"]
    assert note.startswith("the clock of this machine says ")
    assert history.verify(history.connect(world.database)) == ()
