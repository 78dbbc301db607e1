"""A network and an AWS that misbehave at random: what is read is right, what is not read is recorded, no run fails."""

from dataclasses import replace

import pytest
from collect_estate import LOGS, read
from fault_runs import MANY, Snapshots, rules, run_under

from reporter.model import ReadStatus
from reporter.simulate.simulation import Simulation


@pytest.fixture(scope="module")
def sound(running: Simulation) -> Snapshots:
    """The snapshot without faults."""
    running.clear_faults()
    running.counts(reset=True)
    return read(running, extra=True)


@pytest.fixture(scope="module")
def operations(running: Simulation, sound: Snapshots) -> list[str]:
    """Every operation that the reading of this organization takes."""
    return sorted({operation for calls in running.counts()["calls"].values() for operation in calls})


@pytest.mark.parametrize("seed", range(4))
def test_faults_leave_gaps_and_never_wrong_values(
    aws: Simulation, sound: Snapshots, operations: list[str], seed: int
) -> None:
    """Whatever fails at random, nothing is invented, no value differs, nothing is lost without a recorded reason.

    `./run bench faults` does the same for 200 seeds.
    """
    outcome = run_under(aws, seed, rules(seed, operations), sound, first=seed % 2 == 1)
    assert outcome.failed == ""
    assert outcome.wrong == []
    assert outcome.values > 0


@pytest.mark.parametrize("kind", ["deny", "kill", "malformed"])
def test_an_aws_that_answers_nobody_is_recorded(aws: Simulation, sound: Snapshots, kind: str) -> None:
    """Every single call fails: each account known from the run before is unreachable, with the reason, and the sums add up."""
    everything = {"kind": kind, "operation": MANY[0], "probability": 1.0}
    outcome = run_under(aws, 0, [everything], sound, first=False)
    assert outcome.failed == ""
    assert outcome.wrong == []
    assert outcome.snapshots.keys() == sound.keys()
    assert {one.status for one in outcome.snapshots.values()} <= {ReadStatus.UNREACHABLE, ReadStatus.EXCLUDED}


def test_the_comparison_sees_what_is_wrong(aws: Simulation, sound: Snapshots) -> None:
    """A value that differs and an item that is lost without a gap are both found: the runs above are not passed blindly."""
    bucket = next(item for item in sound[LOGS].items if item.id == "org-logs")
    told_wrong = replace(bucket, configuration={**bucket.configuration, "Versioning": None})
    others = tuple(item for item in sound[LOGS].items if item.id not in {"org-logs", "plain-logs"})
    altered = {**sound, LOGS: replace(sound[LOGS], items=(*others, told_wrong))}
    outcome = run_under(aws, 0, [], altered, first=False)
    assert len(outcome.wrong) == 2
    assert "Versioning: None became" in outcome.wrong[1]
    assert "invented" in outcome.wrong[0]
