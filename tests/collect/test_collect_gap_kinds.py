"""Whatever may go wrong with a call ends as an unread part or a gap: code, operation, time and remedy; all else is read."""

from dataclasses import replace
from typing import Any

import pytest
from collect_estate import CLOSED, MANAGEMENT, NOW, WORK, items, options, read

from reporter.collect.clients import Clients, Request, Tally
from reporter.collect.coverage import Coverage
from reporter.collect.door import open_door
from reporter.collect.failures import ReadFailed
from reporter.collect.options import Connection
from reporter.collect.organization import discover
from reporter.collect.sessions import Caller
from reporter.collect.snapshot import collect
from reporter.model import AccountSnapshot, ReadStatus
from reporter.simulate.simulation import Simulation

BUCKET = "AWS::S3::Bucket"
STORE = "AWS::CloudTrail::EventDataStore"
# The same has another name by protocol.
IN_JSON = {"denied": "AccessDeniedException", "throttled": "ThrottlingException"}
KINDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "denied": ({"kind": "deny"}, "AccessDenied", "Grant {iam} to the role"),
    "throttled": ({"kind": "throttle"}, "SlowDown", "Lower the calls per second"),
    "timed out": ({"kind": "delay", "seconds": 1.5}, "Timeout", "look at the network"),
    "vanished between list and get": (
        {"kind": "error", "code": "NoSuchBucket", "status": 404}, "NoSuchBucket", "vanished between listing and reading",
    ),
    "region disabled": (
        {"kind": "error", "code": "UnrecognizedClientException"}, "UnrecognizedClientException", "leave it out in the settings",
    ),
    "malformed answer": ({"kind": "malformed"}, "MalformedResponse", "not what the service promises"),
    "answer of another shape": ({"kind": "wrong"}, "MalformedResponse", "not what the service promises"),
    "truncated answer": ({"kind": "truncate"}, "ConnectionFailed", "look at the network"),
    "killed connection": ({"kind": "kill"}, "ConnectionFailed", "look at the network"),
    "credentials stay expired": (
        {"kind": "error", "code": "ExpiredToken"}, "ExpiredToken", "could not be renewed",
    ),
    "clock skew": (
        {"kind": "error", "code": "RequestTimeTooSkewed", "status": 403}, "RequestTimeTooSkewed", "Set this machine's clock",
    ),
    "AWS is down": ({"kind": "error", "code": "InternalError", "status": 500}, "InternalError", "The next run reads it again"),
    "a code nobody knows": ({"kind": "error", "code": "Novelty", "status": 418}, "Novelty", "Look up the code"),
}  # fmt: skip


def impatient(aws: Simulation) -> dict[str, AccountSnapshot]:
    """The organization, read by somebody who does not wait long for an answer; the sums are checked."""
    del aws
    usual = options(attempts=1)
    door = open_door(replace(usual, connection=replace(usual.connection, read_timeout=1.0)), clock=lambda: NOW)
    organization = discover(door).select(accounts=[WORK])
    coverage, found = Coverage.of(organization), {}
    for snapshot in collect(door, organization):
        coverage.add(snapshot)
        found[snapshot.account.id] = snapshot
    coverage.check()
    return found


@pytest.mark.parametrize("name", KINDS)
def test_a_call_that_fails_is_recorded_with_its_reason(aws: Simulation, name: str) -> None:
    """No value, no silence: the code, who was asked for what, when, and what to do; and everything else is there.

    A part of a bucket is unread; a listing is a gap, so nothing of the type is said not to exist.
    """
    rule, code, remedy = KINDS[name]
    aws.fault(operation="s3:GetBucketVersioning", account=WORK, resource="work-data", **rule)
    aws.fault(operation="cloudtrail:ListEventDataStores", account=WORK, region="us-east-1", **rule)
    work = impatient(aws)[WORK]
    bucket = items({WORK: work})[WORK, BUCKET, "work-data"]
    part = bucket.unread["Versioning"]
    listing = next(gap.why for gap in work.gaps if gap.type == STORE)
    assert (part.operation, part.iam) == ("GetBucketVersioning", "s3:GetBucketVersioning")
    assert (listing.operation, listing.iam) == ("ListEventDataStores", "cloudtrail:ListEventDataStores")
    assert part.code == code
    assert listing.code == IN_JSON.get(name, code)
    assert part.at == listing.at == NOW
    assert remedy in listing.message.replace(listing.iam, "{iam}")
    assert remedy in part.message.replace(part.iam, "{iam}")
    assert "Versioning" not in bucket.configuration
    assert bucket.configuration["Tags"]
    assert (STORE, "us-east-1") not in work.listed
    assert (STORE, "eu-west-1") in work.listed
    assert work.status is ReadStatus.PARTIAL
    assert part.code in work.reason


def test_an_endpoint_that_nobody_knows_is_named(aws: Simulation) -> None:
    """A region for which the SDK can make no address."""
    clients = Clients(Connection(region="us-east-1"))
    request = Request("cloudtrail", "no/region", "DescribeTrails", {}, "cloudtrail:DescribeTrails")
    with pytest.raises(ReadFailed) as caught:
        clients.call(Caller(clients), Tally(), request)
    assert caught.value.why.code == "UnknownEndpoint"
    assert "leave it out in the settings" in caught.value.why.message


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("SUSPENDED", "suspended"),
        ("PENDING_CLOSURE", "being closed"),
        ("CLOSED", "is closed"),
        ("PENDING_ACTIVATION", "not activated yet"),
    ],
)
def test_an_account_that_is_not_active_is_excluded_with_the_reason(aws: Simulation, state: str, said: str) -> None:
    """By Organizations' `State`; nobody tries to take a role there."""
    aws.account(CLOSED, state=state)
    aws.counts(reset=True)
    try:
        snapshot = read(aws)[CLOSED]
    finally:
        aws.account(CLOSED, state="SUSPENDED")
    assert snapshot.status is ReadStatus.EXCLUDED
    assert said in snapshot.reason
    assert snapshot.items[0].configuration["State"] == state
    assert CLOSED not in aws.counts()["calls"]


def test_who_asked_when_and_by_which_request_is_kept_with_the_answer(aws: Simulation) -> None:
    """The role session's ARN, the moment, and AWS's own id of each request; that there is no policy is an answer, too."""
    found = items(read(aws))
    bucket = found[WORK, BUCKET, "work-data"]
    assert f"arn:aws:sts::{WORK}:assumed-role/reporter-reader/" in bucket.read_by
    assert bucket.captured_at == NOW
    assert {"ListBuckets", "GetBucketVersioning", "GetBucketPolicy"} <= bucket.requests.keys()
    assert bucket.configuration["Policy"] is None
    assert all(bucket.requests.values())
    assert f"::{MANAGEMENT}:" in found[MANAGEMENT, "AWS::Organizations::Policy", "p-FullAWSAccess"].read_by
