"""The demo's week: what was done is what differs, each thing by whom it was done, and the same seed gives the same bytes."""

import http.client
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from simulated_buckets import read_bucket, readable

from reporter.simulate.demo import Made, a_week_later, organization
from reporter.simulate.organization import from_json, to_json
from reporter.simulate.simulation import Simulation, start


@pytest.fixture(scope="module")
def week() -> Any:
    """The simulation after the week, what was made, and all buckets before and after."""
    with start(organization()) as sim:
        before = everything(sim)
        began = sim.now
        made = a_week_later(sim)
        yield sim, made, before, everything(sim), began


def everything(sim: Simulation) -> dict[str, Any]:
    """Every readable bucket of the organization as it answers now."""
    found: dict[str, Any] = {}
    for member in sim.organization.accounts:
        if member.state != "ACTIVE":
            continue
        for bucket in sim.client("s3", member.id).list_buckets(MaxBuckets=100)["Buckets"]:
            if bucket["Name"] != "kh-lake-curated":
                found[bucket["Name"]] = read_bucket(sim.client("s3", member.id, bucket["BucketRegion"]), bucket["Name"])
    return found


def ordered(value: Any) -> Any:
    """Without order: policies mean sets."""
    if isinstance(value, dict):
        return {key: ordered(child) for key, child in value.items()}
    if isinstance(value, list):
        return sorted((ordered(child) for child in value), key=lambda child: json.dumps(child, sort_keys=True))
    return value


def test_exactly_the_changes_made_are_there(week: Any) -> None:
    """Nothing else differs; the re-ordered policy differs in bytes and not in meaning."""
    _, made, before, after, _ = week
    buckets = [m for m in made if m.type == "AWS::S3::Bucket"]
    assert {m.resource for m in buckets if m.kind == "deleted"} == before.keys() - after.keys()
    assert {m.resource for m in buckets if m.kind == "created"} == after.keys() - before.keys()
    differing = {name for name in before.keys() & after.keys() if ordered(before[name]) != ordered(after[name])}
    assert differing == {m.resource for m in buckets if m.kind == "modified"}
    assert before["kh-artifacts"]["policy"] != after["kh-artifacts"]["policy"]
    assert ordered(before["kh-artifacts"]["policy"]) == ordered(after["kh-artifacts"]["policy"])


def test_the_opened_bucket_is_public_and_the_trail_is_silent(week: Any) -> None:
    """The two worst things of the week, asked of AWS itself."""
    sim, made, *_ = week
    opened = sim.client("s3", "payments-dev", "eu-west-1").get_bucket_policy_status(Bucket="kh-payments-dev-fixtures")
    assert opened["PolicyStatus"]["IsPublic"] is True
    trail = next(m for m in made if m.type == "AWS::CloudTrail::Trail")
    status = sim.client("cloudtrail", trail.account, trail.region).get_trail_status(Name=trail.resource)
    assert status["IsLogging"] is False
    assert status["StopLoggingTime"] == trail.at


def test_a_week_is_a_week(week: Any) -> None:
    """The clock stands seven days after it began, and every change lies between."""
    sim, made, _, _, began = week
    assert (sim.now - began).days == 7
    assert sorted(m.at for m in made) == [m.at for m in made]
    assert all(began < m.at < sim.now for m in made)


def look_up(sim: Simulation, change: Made) -> list[dict[str, Any]]:
    """All events of the resource, by pages, that are no reads."""
    client = sim.client("cloudtrail", change.account, change.region)
    attribute = [{"AttributeKey": "ResourceName", "AttributeValue": change.resource}]
    pages = client.get_paginator("lookup_events").paginate(
        LookupAttributes=attribute, PaginationConfig={"PageSize": 10}
    )
    return [json.loads(e["CloudTrailEvent"]) for page in pages for e in page["Events"] if e["ReadOnly"] == "false"]


def test_everybody_is_found_in_the_event_history(week: Any) -> None:
    """Each change has its person, newest first; our own reads stand beside them as reads."""
    sim, made, *_ = week
    for change in made:
        events = look_up(sim, change)
        assert change.by in json.dumps(events[0]["userIdentity"]), change.what
        assert [e["eventTime"] for e in events] == sorted((e["eventTime"] for e in events), reverse=True)
    everything_of = sim.client("cloudtrail", made[0].account, "eu-west-1").lookup_events(MaxResults=50)
    assert {e["ReadOnly"] for e in everything_of["Events"]} >= {"true"}


def test_the_first_attempt_was_refused_and_is_on_record(week: Any) -> None:
    """A failed call made nothing, and an attribution must not fall for it."""
    sim, made, *_ = week
    opened = next(m for m in made if m.resource == "kh-payments-dev-fixtures")
    events = look_up(sim, opened)
    assert [(e["eventName"], e.get("errorCode", "")) for e in events] == [
        ("PutBucketPolicy", ""),
        ("DeleteBucketPublicAccessBlock", ""),
        ("PutBucketPolicy", "AccessDenied"),
    ]


def test_events_are_looked_up_in_a_window_by_one_attribute(week: Any) -> None:
    """Outside of the window there is nothing; two attributes are one too many."""
    sim, made, *_ = week
    change = made[0]
    client = sim.client("cloudtrail", change.account, change.region)
    attribute = {"AttributeKey": "EventName", "AttributeValue": "StopLogging"}
    assert client.lookup_events(LookupAttributes=[attribute], StartTime=change.at, EndTime=change.at)["Events"]
    assert not client.lookup_events(LookupAttributes=[attribute], EndTime=change.at.replace(second=0))["Events"]
    with pytest.raises(ClientError, match="InvalidLookupAttributes"):
        client.lookup_events(LookupAttributes=[attribute, attribute])


def test_the_declaration_travels_unharmed() -> None:
    """As JSON to the child process and back, hostile texts included."""
    declared = organization()
    assert from_json(to_json(declared)) == declared
    assert organization() == declared
    assert organization(7).id != declared.id


def test_the_same_seed_gives_the_same_bytes(fresh: Simulation) -> None:
    """Two loads answer alike, byte for byte, even where moto draws identifiers by lot."""
    first = answers(fresh)
    fresh.load(organization())
    assert answers(fresh) == first


def answers(sim: Simulation) -> list[bytes]:
    """Raw answers of operations whose moto parts draw random identifiers."""
    targets = {
        ("guardduty", "GET", "/detector", ""),
        ("sns", "POST", "/", "Action=ListSubscriptions&Version=2010-03-31"),
        ("s3", "GET", "/?max-buckets=10", ""),
    }
    found = []
    for service, method, target, body in sorted(targets):
        scope = f"AWS4-HMAC-SHA256 Credential=AKIAADMN{sim.organization.management}/20261102/eu-west-1/{service}/aws4_request, S"
        headers = {"Authorization": scope, "Content-Type": "application/x-www-form-urlencoded"}
        connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=5)
        connection.request(method, target, body, headers)
        found.append(connection.getresponse().read())
        connection.close()
    return found


def test_unreadable_buckets_are_what_the_declaration_says(demo: Simulation) -> None:
    """One bucket of the demo cannot be read in full, and only one."""
    hidden = [
        b.name for m in demo.organization.accounts for b in m.buckets if m.state == "ACTIVE" and not readable(m, b)
    ]
    assert hidden == ["kh-lake-curated"]
