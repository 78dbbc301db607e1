"""Random change with known truth: after any number of steps the ledger says what AWS says."""

from typing import Any

import pytest
from simulated_buckets import read_bucket

from reporter.simulate import mutate, other
from reporter.simulate.simulation import Simulation

NAMES = {"Versioning": "versioning", "Encryption": "encryption", "Policy": "policy", "PublicAccessBlock": "public_access_block",
         "Lifecycle": "lifecycle", "Tags": "tags"}  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_ledger_says_what_aws_says(fresh: Simulation, seed: int) -> None:
    """Every bucket and trail, after forty steps of people, denials and outages."""
    fresh.load(other.organization(seed, accounts=3, buckets=3))
    hand = mutate.mutator(fresh, seed)
    before = hand.ledger.copy()
    hand.steps(40)
    fresh.allow()  # so that all of it can be looked at
    for (account, type_, name), held in hand.ledger.held.items():
        read = read_bucket(fresh.client("s3", account, held.region), name) if type_ == mutate.BUCKET else None
        if read is None:
            client = fresh.client("cloudtrail", account, held.region)
            assert client.get_trail_status(Name=name)["IsLogging"] == held.parts["IsLogging"]
            validated = client.get_trail(Name=name)["Trail"]["LogFileValidationEnabled"]
            assert validated == held.parts["LogFileValidationEnabled"]
        else:
            assert {part: read[key] for part, key in NAMES.items()} == held.parts, name
    listed = {
        b["Name"] for m in fresh.organization.accounts for b in fresh.client("s3", m.id).list_buckets()["Buckets"]
    }
    assert listed == {name for _, type_, name in hand.ledger.held if type_ == mutate.BUCKET}
    assert mutate.differences(before, hand.ledger)


def test_the_same_seed_takes_the_same_steps(fresh: Simulation) -> None:
    """A failure can be looked at again."""

    def steps() -> list[mutate.Step]:
        fresh.load(other.organization(9, accounts=2, buckets=3))
        return mutate.mutator(fresh, 4).steps(15)

    assert steps() == steps()


def test_order_is_no_difference_and_rebirth_is_one() -> None:
    """A policy in another order means the same; the same bucket born twice is another."""

    def ledger(policy: Any, born: int = 1) -> mutate.Ledger:
        return mutate.Ledger({("1", mutate.BUCKET, "b"): mutate.Held("us-east-1", {"Policy": policy}, born)})

    one = {"Statement": [{"Sid": "A", "Action": ["x", "y"]}, {"Sid": "B", "Action": "z"}]}
    same = {"Statement": [{"Action": ["z"], "Sid": "B"}, {"Action": ["y", "x"], "Sid": "A"}]}
    assert mutate.differences(ledger(one), ledger(same)) == {}
    assert mutate.differences(ledger(one), ledger(None)) == {
        ("1", mutate.BUCKET, "b"): ("modified", frozenset({"Policy"}))
    }
    assert mutate.differences(ledger(one), ledger(same, 2)) == {("1", mutate.BUCKET, "b"): ("recreated", frozenset())}


def test_other_organizations_differ_and_are_whole(fresh: Simulation) -> None:
    """Another seed, another role, other ids; its organization trail is seen from its members."""
    fresh.load(other.organization(31, accounts=2, buckets=2))
    member = fresh.organization.accounts[-1]
    trails = fresh.client("cloudtrail", member.id).describe_trails()["trailList"]
    assert any(t["IsOrganizationTrail"] for t in trails)
    assert other.organization(31) != other.organization(32)
    assert fresh.organization.external_id != other.organization(32).external_id
