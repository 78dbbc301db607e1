"""`run --accounts` and `--ou`: reads what was asked for, leaves the rest as it was, and tells nobody but who asked."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from world import World

from reporter import history
from reporter.model import ReadStatus, Status
from reporter.run.execute import Request, execute
from reporter.run.handing import Result
from reporter.run.selecting import NotThere
from reporter.run.wiring import WiringError
from reporter.settings import load

OPEN = history.Within()


class Office:
    """Whoever runs reporter in the world, in this process."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.settings = load(world.folder / "reporter.toml", {"REPORTER_HISTORY__URL": world.database})
        report = self.settings.report.model_copy(update={"directory": world.folder / "reports"})
        self.settings = self.settings.model_copy(update={"report": report})
        self.engine = history.connect(world.database)

    def run(self, *, owner: str = "me", **request: object) -> Result:
        return execute(
            self.settings, Request(**request), owner=owner, clock=lambda: datetime.now(UTC), tell=lambda *_: None
        )

    def since(self) -> dict[tuple[str, ...], object]:
        """Each failing finding of the last run, and since when it fails."""
        run = history.run_of(self.engine, "last")
        found = history.findings(self.engine, run, OPEN, status=Status.FAIL)
        return {one.finding.key: one.failing_since or one.since for one in found}


@pytest.fixture
def fresh(world: World) -> Iterator[Office]:
    """Nothing done yet."""
    with patch.dict(os.environ, world.sim.environment):
        office = Office(world)
        yield office
        office.engine.dispose()


@pytest.fixture
def office(fresh: Office) -> Office:
    """One whole run done."""
    fresh.run()
    return fresh


def test_only_the_accounts_asked_for_are_read_and_nobody_is_mailed(office: Office) -> None:
    """AWS hears of one account and of the organization; the others are excluded with the reason; the files say so."""
    member = office.world.sim.organization.accounts[-1]
    mailed = len(office.world.mailbox.messages)
    office.world.sim.counts(reset=True)
    result = office.run(accounts=(member.id,))
    asked = {id for id, calls in office.world.sim.counts()["calls"].items() if any(":List" in name for name in calls)}
    assert asked <= {member.id, office.world.sim.organization.management}
    assert (result.coverage.read, result.coverage.excluded, result.coverage.total) == (1, 4, 5)
    assert len(office.world.mailbox.messages) == mailed
    assert history.deliveries(office.engine, result.run) == ()
    assert result.run.selection == (member.id,)
    others = [one for one in history.readings(office.engine, result.run, OPEN) if one.account.id != member.id]
    assert {one.status for one in others} == {ReadStatus.EXCLUDED}
    assert all(f"Not selected by --accounts {member.id}" in one.reason for one in others)
    assert "Not selected by" in result.published[0].html.read_text(encoding="utf-8")


def test_the_next_whole_run_knows_nothing_of_a_narrowed_one_but_what_it_saw(office: Office) -> None:
    """No finding is new, none is younger, the run before is the whole one; and a change seen by the narrowed one is told."""
    before = office.since()
    whole = history.run_of(office.engine, "last")
    member = next(one for one in office.world.sim.organization.accounts if one.buckets)
    bucket = member.buckets[0]
    office.world.sim.act(
        member.name, "s3", "put_bucket_versioning", region=bucket.region, Bucket=bucket.name,
        VersioningConfiguration={"Status": "Suspended"},
    )  # fmt: skip
    narrowed = office.run(accounts=(member.id,))
    assert narrowed.changes == 1
    result = office.run()
    assert history.previous_run(office.engine, result.run) == whole
    assert result.changes == 1
    data = json.loads(next(file for file in result.published[0].data if file.name.endswith(".json")).read_text())
    assert bucket.name in json.dumps(data["drift"])
    now = office.since()
    assert {key: since for key, since in now.items() if key in before} == {
        key: since for key, since in before.items() if key in now
    }
    moved = history.movement(office.engine, result.run, whole, OPEN)
    assert moved.new + moved.reopened <= len(now.keys() - before.keys())
    assert moved.persisting >= len(before.keys() & now.keys())
    assert history.verify(office.engine) == ()


def test_a_unit_narrows_as_its_accounts_do(office: Office) -> None:
    """--ou reads every account below the unit, by its path."""
    unit = next(one.unit for one in office.world.sim.organization.accounts if one.unit)
    result = office.run(ous=(f"Root/{unit}",))
    below = [one for one in office.world.sim.organization.accounts if f"{one.unit}/".startswith(f"{unit}/")]
    assert result.coverage.read + result.coverage.partial == len(below)
    assert result.run.selection == (f"Root/{unit}",)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"accounts": ("999999999999",)}, "--accounts 999999999999: the organization has no such account"),
        ({"ous": ("Root/Wrokloads",)}, "--ou Root/Wrokloads: no account is below such a unit"),
        ({"editions": ("account:999999999999",)}, "--edition account:999999999999: no such account"),
        ({"editions": ("framework:cis-aws-5.0",)}, "--edition framework:cis-aws-5.0: not reported on"),
        ({"editions": ("organisation",)}, "--edition"),
    ],
    ids=["account", "unit", "edition of an account", "edition of a framework", "no edition"],
)
def test_what_is_not_there_is_refused_before_anything_is_read(
    fresh: Office, request_: dict[str, tuple[str, ...]], words: str
) -> None:
    """One sentence, no account asked, no run in the history."""
    sim = fresh.world.sim
    sim.counts(reset=True)
    with pytest.raises(WiringError) as refused:
        fresh.run(**request_)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert sim.counts()["calls"].keys() <= {sim.organization.management}
    history.prepare(fresh.engine, datetime.now(UTC))
    assert history.unfinished(fresh.engine, "manual") is None
    assert history.last_runs(fresh.engine, 9) == ()


def test_the_nearest_name_is_proposed(fresh: Office) -> None:
    """A name where an id belongs names the id; a unit with a letter wrong names the unit."""
    member = next(one for one in fresh.world.sim.organization.accounts if one.unit)
    with pytest.raises(NotThere, match=member.id):
        fresh.run(accounts=(member.name,))
    with pytest.raises(NotThere, match=rf"did you mean .*{member.unit}"):
        fresh.run(ous=(f"Root/{member.unit}x",))


def test_a_selection_that_is_wrong_makes_no_history(world: World) -> None:
    """By the command line, where there is no history yet: exit code 2, one line, no database."""
    done = world.reporter("run", "--accounts", "999999999999")
    assert done.returncode == 2
    assert "999999999999" in done.stderr
    assert not (world.folder / "reporter.db").exists()


def test_an_interrupted_whole_run_is_not_given_up_for_a_narrowed_one(fresh: Office) -> None:
    """Who asks for one account meanwhile is told to finish the other first."""
    now = datetime.now(UTC)
    history.prepare(fresh.engine, now)
    history.start_run(fresh.engine, kind="manual", as_of=now, owner="dead", now=now, organization="o-elsewhere")
    with pytest.raises(WiringError, match="reporter run --resume"):
        fresh.run(accounts=(fresh.world.sim.organization.accounts[-1].id,))


def test_drift_of_a_whole_run_tells_what_narrowed_ones_saw_before_it(office: Office) -> None:
    """As its report and its mail do: the interval is that between two whole runs."""
    sim = office.world.sim
    member = next(one for one in sim.organization.accounts if one.buckets)
    bucket = member.buckets[0]
    sim.act(
        member.name, "s3", "put_bucket_versioning", region=bucket.region, Bucket=bucket.name,
        VersioningConfiguration={"Status": "Suspended"},
    )  # fmt: skip
    office.run(accounts=(member.id,))
    told = office.run()
    drift = json.loads(office.world.reporter("drift", "--json").stdout)
    assert [one["change"]["resource"] for one in drift["changes"]] == [bucket.name]
    assert drift["runs"] == [2, 3]
    assert told.changes == 1
    again = json.loads(office.world.reporter("drift", "--since", "last-report", "--json").stdout)
    assert again["changes"] == drift["changes"]
