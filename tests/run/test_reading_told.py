"""What a run makes of AWS: told while it reads, gone on with where it stopped, and never spoilt by another one."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from world import World

from reporter import history
from reporter.run.execute import Request, execute
from reporter.settings import load


class Killed(BaseException):
    """The process is gone, without a word."""


def killed_after(accounts: int) -> Callable[[str, int, int, object], None]:
    """Progress that ends the process when so many accounts are stored."""

    def tell(stage: str, done: int, total: int, what: object) -> None:
        if stage == "read" and done == accounts:
            raise Killed(total, what)

    return tell


def test_progress_for_programs_adds_up_to_what_the_run_tells(world: World) -> None:
    """--json: one document on standard output; on standard error the sums, whose last are the run's own."""
    done = world.reporter("run", "--json")
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stderr.splitlines()]
    last = [one for one in told if one["progress"] == "read"][-1]
    result = json.loads(done.stdout)
    assert (last["done"], last["total"], last["calls"]) == (5, 5, result["calls"])
    assert (last["throttled"], last["gaps"]) == (0, 0)


def test_the_estimate_is_what_the_run_then_makes(world: World) -> None:
    """After a first run its calls tell those of the next, for all accounts and for those asked for; before, the table does."""
    blind = json.loads(world.reporter("run", "--estimate", "--json").stdout)
    assert blind["accounts"] == 5
    assert "if each has 17 regions" in blind["sentence"]
    assert world.reporter("run", "--no-deliver").returncode == 0
    told = json.loads(world.reporter("run", "--estimate", "--json").stdout)
    made = json.loads(world.reporter("run", "--no-deliver", "--json").stdout)
    assert abs(told["calls"] - made["calls"]) <= 0.02 * made["calls"]
    assert round(told["dollars"] * 50_000) == told["calls"]
    one = world.sim.organization.accounts[-1].id
    narrowed = json.loads(world.reporter("run", "--estimate", "--accounts", one, "--json").stdout)
    assert narrowed["accounts"] == 1
    assert 0 < narrowed["calls"] < told["calls"]
    assert world.reporter("run", "--estimate", "--accounts", "999999999999").returncode == 2


def test_a_resumed_run_asks_only_for_what_is_missing(world: World) -> None:
    """Of the accounts that were stored before the end nothing is asked again; the others are read, and all are there."""
    settings = load(world.folder / "reporter.toml", {"REPORTER_HISTORY__URL": world.database})
    with patch.dict(os.environ, world.sim.environment), pytest.raises(Killed):
        execute(settings, Request(), owner="dead", clock=lambda: datetime.now(UTC), tell=killed_after(3))
    engine = history.connect(world.database)
    run, _ = history.unfinished(engine, "manual") or pytest.fail("nothing is unfinished")
    stored = history.recorded_accounts(engine, run)
    assert len(stored) == 3
    world.sim.counts(reset=True)
    with patch.dict(os.environ, world.sim.environment):
        asked_for = Request(resume=True, inherit=lambda _: "dead")
        result = execute(settings, asked_for, owner="heir", clock=lambda: datetime.now(UTC), tell=lambda *_: None)
    assert result.run.id == run.id
    assert result.coverage.read == 5
    asked = {
        account
        for account, calls in world.sim.counts()["calls"].items()
        if any(operation.startswith(("s3:", "cloudtrail:Describe", "ec2:")) for operation in calls)
    }
    everyone = {one.id for one in world.sim.organization.accounts}
    assert asked == everyone - stored


def test_two_runs_at_once_leave_a_history_that_is_whole(world: World) -> None:
    """Started together over the same database: each ends with a snapshot or a sentence, and the history verifies."""
    both = [world.begin("run", "--json", "--no-deliver") for _ in range(2)]
    ends = [(one.communicate(timeout=120), one.returncode) for one in both]
    assert 0 in [code for _, code in ends], ends
    for (_, said), code in ends:
        assert code == 0 or "Traceback" not in said
    engine = history.connect(world.database)
    for run in history.last_runs(engine, 10):
        assert history.coverage(engine, run).read == 5
    assert history.verify(engine) == ()
    again = world.reporter("run", "--json", "--no-deliver")
    assert json.loads(again.stdout)["changes"] == 0, again.stderr


def test_a_first_run_that_may_not_list_the_accounts_reads_its_own_and_says_so(world: World) -> None:
    """No run fails as a whole: one account of it, exit code 3, the reason and the remedy; the next has them all."""
    world.sim.deny("organizations:ListAccounts")
    done = world.reporter("run", "--json")
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["coverage"]["accounts"] == 1
    assert "Only the caller's own account is read" in done.stderr
    world.sim.allow()
    again = world.reporter("run", "--json")
    assert json.loads(again.stdout)["coverage"]["read"] == 5, again.stderr
