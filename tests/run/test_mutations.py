"""An organization changes at random, is read badly, and everything that truly happened is reported once and nothing else.

The truth is made in `mutating`, the comparison in `mutations`; `tests/benchmarks/mutations.py` does the same for 1,000 steps.
"""

import copy
import os
from unittest.mock import patch

import pytest
from mutations import Driver
from postgres_server import BORN

from reporter import history
from reporter.collect.door import open_door
from reporter.collect.options import CollectOptions, Connection, Role
from reporter.collect.organization import discover
from reporter.collect.snapshot import collect
from reporter.documents.canonical import canonical
from reporter.drift.changes import describe
from reporter.simulate import mutate, other
from reporter.simulate.simulation import start


@pytest.mark.parametrize("seed, runs", [(12, 50), (2026, 50)])
def test_every_real_change_is_reported_once_and_none_is_invented(engine, seed, runs):
    """Denials, outages, cut listings, re-orderings, re-creations, moves: the reports of each run are the truth, and the chain holds."""
    driver = Driver(engine, seed)
    wrong = [(number, one) for number in range(runs) for one in driver.run()]
    assert wrong == []
    assert driver.standing() == []
    assert driver.told > runs
    assert history.verify(engine) == ()


def test_many_steps_between_two_looks_are_one_honest_difference(engine):
    """Twenty things between two runs: what came and went is not told, what lasted is told once."""
    driver = Driver(engine, 77, steps_per_run=20)
    wrong = [(number, one) for number in range(12) for one in driver.run()]
    assert wrong == []
    assert driver.standing() == []


# --- the same end to end: the simulated AWS is changed, read by the real reader, recorded and compared --------------------

BUCKET, TRAIL = "AWS::S3::Bucket", "AWS::CloudTrail::Trail"
DERIVED = {"PolicyStatus", "Acl", "RegionStatus", "ObjectLock", "Replication"}  # follow from what steps set
FIELD_OF = {"IsLogging": "Status"}


def collected(sim, engine, now):
    """One run of the real reader into the history; the reported changes of buckets and trails by key."""
    options = CollectOptions(
        role=Role(name=sim.organization.role, external_id=sim.organization.external_id),
        connection=Connection(endpoint_url=sim.endpoint_url, region="us-east-1"),
        threads=4,
        calls_per_second=1000,
    )
    door = open_door(options, clock=lambda: now)
    found = discover(door)
    run = history.start_run(engine, kind="manual", as_of=now, owner="t", now=now, organization=found.id)
    for snapshot in collect(door, found, known=lambda account: history.named(engine, account)):
        history.record_account(engine, run, snapshot, describe)
    sealed = history.seal(engine, run, now, accounts={account.id for account in found.accounts})
    reported = history.changes(engine, run=sealed)
    assert len({(one.account, one.type, one.resource) for one in reported}) == len(reported)
    return {(one.account, one.type, one.resource): one for one in reported if one.type in {BUCKET, TRAIL}}


def truth(seen, ledger):
    """What must be reported, given what was `seen` of each resource before; `seen` learns."""
    expected = {}
    for key in sorted({*seen, *ledger.held}):
        old, new = seen.get(key), ledger.held.get(key)
        if key[0] in ledger.unreachable:
            continue
        if new is None:
            expected[key] = ("deleted", set())
            del seen[key]
            continue
        shown = {part: value for part, value in new.parts.items() if (key[0], part) not in ledger.unreadable}
        if old is None:
            expected[key] = ("created", set())
        elif old[0] != new.born:
            expected[key] = ("recreated", set())
        elif parts := {part for part, value in shown.items() if part in old[1] and not _same(old[1][part], value)}:
            expected[key] = ("modified", parts)
        kept = old[1] if old and old[0] == new.born else {}
        seen[key] = (new.born, copy.deepcopy({**kept, **shown}))
    return expected


@pytest.mark.parametrize("seed", [11])
def test_the_real_reader_reports_what_truly_happened(tmp_path, seed):
    """Ten random steps between two runs, people's calls, denials and outages among them: the reports are the ledger's truth."""
    engine = history.connect(str(tmp_path / "history.db"))
    history.prepare(engine, BORN)
    with start(other.organization(seed, accounts=3, buckets=4)) as sim, patch.dict(os.environ, sim.environment):
        hand = mutate.mutator(sim, seed)
        seen = {}
        collected(sim, engine, sim.now)
        truth(seen, hand.ledger)
        for _ in range(5):
            hand.steps(10)
            sim.advance(minutes=5)
            reported = collected(sim, engine, sim.now)
            expected = truth(seen, hand.ledger)
            kinds = {key: one.kind.value for key, one in reported.items() if not one.kind.value.startswith("access_")}
            hinted = {key for key in kinds if key not in expected and _parts(reported[key]) <= DERIVED}
            assert {key: kind for key, kind in kinds.items() if key not in hinted} == {
                key: kind for key, (kind, _) in expected.items()
            }
            for key, (kind, parts) in expected.items():
                if kind == "modified":
                    assert _parts(reported[key]) - DERIVED == {FIELD_OF.get(part, part) for part in parts}
    assert history.verify(engine) == ()
    engine.dispose()


def _parts(change):
    """The parts whose value differs; sight and what came and went in between are not in the ledger."""
    told = [op for op in change.ops if not op.kind.startswith("access_") and op.before != op.after]
    return {op.path.split(".")[0].split("[")[0] for op in told}


def _same(one, other):
    return canonical(BUCKET, {"x": one}) == canonical(BUCKET, {"x": other}) or mutate._same(one, other)
