"""Who did it, and what a run will cost."""

from datetime import timedelta

from collect_estate import NOW, WORK, door_to, items, read

from reporter.collect.estimate import as_before, estimate
from reporter.collect.events import lookup
from reporter.collect.options import CollectOptions
from reporter.collect.organization import discover
from reporter.collect.shards import collect_sharded
from reporter.simulate.simulation import Simulation


def clock():
    """A clock that another process can import."""
    return NOW


def test_events_of_a_resource_are_found(aws: Simulation) -> None:
    """What somebody did to a bucket is CloudTrail's own record of it, as a mapping."""
    before = aws.now
    aws.act(
        "work",
        "s3",
        "put_bucket_tagging",
        region="us-east-1",
        Bucket="work-data",
        Tagging={"TagSet": [{"Key": "team", "Value": "a"}]},
    )
    found = lookup(
        door_to(),
        WORK,
        "us-east-1",
        start=before - timedelta(seconds=1),
        end=aws.now + timedelta(days=1),
        resource="work-data",
        limit=100_000,  # whatever else was done to it in this simulation before
    )
    assert found.complete
    event = next(one for one in found.events if one["eventName"] == "PutBucketTagging")
    assert event["userIdentity"]


def test_a_denied_lookup_says_why(aws: Simulation) -> None:
    """Attribution is then out of reach, with the permission that is missing; no change is called unattributed by error."""
    aws.deny("cloudtrail:LookupEvents", account="work")
    found = lookup(door_to(), WORK, "us-east-1", start=NOW - timedelta(days=1), end=NOW, resource="work-data")
    assert not found.complete
    assert found.why is not None
    assert found.why.iam == "cloudtrail:LookupEvents"


def test_an_estimate_counts_the_table() -> None:
    """More buckets, regions or sets cost more; money follows the calls."""
    small = estimate(CollectOptions(), 10, buckets=10)
    big = estimate(CollectOptions(), 10, buckets=110)
    assert big.calls - small.calls == 10 * 100 * 15
    assert estimate(CollectOptions(extra=True), 10, buckets=10).calls > small.calls
    assert estimate(CollectOptions(regions=("us-east-1",)), 10, buckets=10).calls < small.calls
    assert round(small.dollars / small.calls * 100_000, 2) == 2.00
    assert f"About {small.calls:,} calls for 10 accounts" in small.sentence
    assert "if each has 17 regions, 10 buckets" in small.sentence


def test_an_estimate_is_an_upper_bound(aws: Simulation) -> None:
    """What the workload account really costs lies below, by no more than the answers that were known."""
    work = read(aws)[WORK]
    told = estimate(CollectOptions(), 1, regions=2, buckets=2, trails=1, keys=1)
    assert (
        told.per_account - told.saved <= work.calls.made <= told.per_account + 12
    )  # an access point, a store, detectors


def test_what_was_read_before_says_what_it_takes_again() -> None:
    """Account by account; a new one counts as the average, one that has left does not count."""
    told = as_before({"a": 100, "b": 200, "gone": 300}, 60.0, ("a", "b", "new"))
    assert (told.accounts, told.calls, told.per_account, told.seconds) == (3, 500, 167, 50.0)
    assert "as the last run took, each of 1 that it did not read counted as the average" in told.sentence


def test_several_processes_read_the_same(aws: Simulation) -> None:
    """Dealt out over two processes, the snapshots are those of one."""
    from collect_estate import options

    door = door_to()
    organization = discover(door)
    sharded = {one.account.id: one for one in collect_sharded(options(), organization, clock=clock, processes=2)}
    alone = read(aws, organization=organization)
    assert sharded.keys() == alone.keys()
    strip = {key: (item.configuration, item.unread) for key, item in items(sharded).items()}
    assert strip == {key: (item.configuration, item.unread) for key, item in items(alone).items()}
