"""Keys and topics that only another account names: judged in their owner's account, from the first run on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_judging_truth import judged

from reporter import history
from reporter.model import Finding, Run, Status
from reporter.run.answers import replayed
from reporter.run.wiring import Judgement, judgement
from reporter.settings import Settings
from reporter.simulate.organization import Bucket, Key, Member, Organization, Trail
from reporter.simulate.policies import kms
from reporter.simulate.simulation import Simulation

VAULT, TEAM = "411000000011", "412000000012"  # the vault stands first and is read before anybody names its keys
HERE = ("us-east-1",)
TURNED, STILL = "11111111-2222-3333-4444-000000000001", "11111111-2222-3333-4444-000000000002"
ARN = f"arn:aws:kms:us-east-1:{VAULT}:key/"
ORGANIZATION = Organization(
    8811, VAULT,
    (
        Member(VAULT, "elm-vault", "vault@elm.example", regions=HERE, keys=(Key(TURNED), Key(STILL, rotation=None))),
        Member(
            TEAM, "elm-team", "team@elm.example", regions=HERE,
            buckets=(Bucket("elm-a", encryption=kms(ARN + TURNED)), Bucket("elm-b", encryption=kms(ARN + STILL))),
            trails=(Trail("team", "elm-a", key=ARN + STILL),),
        ),
    ),
)  # fmt: skip
CHECK = "kms-key-rotation"


@dataclass
class Runs:
    """Two runs of the organization and the history they are in."""

    engine: history.Engine
    by: Judgement
    first: Run
    second: Run

    def failing(self, run: Run) -> list[history.FindingRecord]:
        """What is stored of the check."""
        within = history.Within(checks=frozenset({CHECK}))
        return list(history.findings(self.engine, run, within, status=Status.FAIL))

    def answers(self, run: Run) -> dict[str, list[Finding]]:
        """Every answer of the check, judged again, by key."""
        found: dict[str, list[Finding]] = {}
        for one in replayed(self.engine, run, self.by, history.Within(checks=frozenset({CHECK}))):
            found.setdefault(one.resource, []).append(one)
        return found


@pytest.fixture(scope="module")
def runs(simulated: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """The organization read and judged twice."""
    simulated.load(ORGANIZATION)
    simulated.clear_faults()
    engine = history.connect(f"sqlite:///{Path(tmp_path_factory.mktemp('shown'))}/reporter.db")
    by = judgement(Settings())
    with pytest.MonkeyPatch.context() as environment:
        for key, value in simulated.environment.items():
            environment.setenv(key, value)
        history.prepare(engine, simulated.now)
        first = judged(engine, simulated, ORGANIZATION, by)
        simulated.advance(days=7)
        yield Runs(engine, by, first, judged(engine, simulated, ORGANIZATION, by))
    engine.dispose()


def test_the_first_run_asks_of_keys_that_only_another_account_names(runs: Runs) -> None:
    """Each is asked once, in its owner's account: one passes, the other fails; no run later than the first is needed."""
    for run in (runs.first, runs.second):
        found = runs.answers(run)
        assert {key: [(one.account, one.status) for one in found[key]] for key in found if key != "*"} == {
            ARN + TURNED: [(VAULT, Status.PASS)],
            ARN + STILL: [(VAULT, Status.FAIL)],
        }
        tallies = history.tallies(runs.engine, run, history.Within(checks=frozenset({CHECK})))
        assert [(one.passed, one.failed) for one in tallies] == [(1, 1)]


def test_it_goes_on_when_the_owner_shows_the_key_itself(runs: Runs) -> None:
    """The second run reads the key in its owner's account: the same failure, neither new nor gone."""
    (before,), (now,) = runs.failing(runs.first), runs.failing(runs.second)
    assert now.failing_since == before.failing_since == before.since
    moved = history.movement(runs.engine, runs.second, runs.first, history.Within(checks=frozenset({CHECK})))
    assert (moved.new, moved.gone, moved.persisting) == (0, 0, 1)
    assert not list(history.verify(runs.engine))
