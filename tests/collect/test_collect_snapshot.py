"""One account after the other becomes a snapshot: what is in it, what is said of what is not."""

from dataclasses import replace

import pytest
from collect_estate import (
    BARRED,
    CLOSED,
    GROUP,
    KEY,
    KEYS,
    LOGS,
    MANAGEMENT,
    NOW,
    TOPIC,
    WORK,
    door_to,
    items,
    read,
    usual_door,
)

from reporter.collect.coverage import Coverage, CoverageError
from reporter.collect.organization import configured, discover
from reporter.collect.snapshot import Progress, collect
from reporter.model import ACCOUNT, GLOBAL, AccountSnapshot, ReadStatus
from reporter.simulate.simulation import Simulation

TRAIL = "AWS::CloudTrail::Trail"
BUCKET = "AWS::S3::Bucket"


@pytest.fixture(scope="module")
def sound(running: Simulation) -> dict[str, AccountSnapshot]:
    """The whole organization, read once without faults."""
    return read(running)


def test_every_account_has_one_status_with_its_reason(sound: dict[str, AccountSnapshot]) -> None:
    """Read, unreachable because of the role, excluded because it is suspended."""
    assert {one.account.name: one.status for one in sound.values()} == {
        "management": ReadStatus.READ,
        "logs": ReadStatus.READ,
        "keys": ReadStatus.READ,
        "work": ReadStatus.READ,
        "closed": ReadStatus.EXCLUDED,
        "barred": ReadStatus.UNREACHABLE,
    }
    assert "reporter-reader cannot be assumed" in sound[BARRED].reason
    assert "member-role.yaml" in sound[BARRED].reason
    assert "suspended" in sound[CLOSED].reason
    assert all(one.items[0].arn == one.account.arn != "" for one in sound.values())
    assert sound[BARRED].gaps[0].why.operation == "AssumeRole"


def test_an_organization_trail_is_one_trail_seen_by_all(sound: dict[str, AccountSnapshot]) -> None:
    """Stored once, at its owner and home region; noted on each account that sees it."""
    trails = [
        item for item in items(sound).values() if item.type == TRAIL and item.configuration["IsOrganizationTrail"]
    ]
    assert [(item.account, item.region) for item in trails] == [(MANAGEMENT, "eu-west-1")]
    for id in (MANAGEMENT, LOGS, KEYS, WORK):
        assert trails[0].id in sound[id].items[0].configuration["VisibleTrails"]
    calls = [one.calls.by_operation.get("cloudtrail:GetEventSelectors", 0) for one in sound.values()]
    assert sum(calls) == 2  # the organization trail and one of the workload's own


def test_its_bucket_and_key_are_read_where_they_live(sound: dict[str, AccountSnapshot]) -> None:
    """The bucket with its owner, the key of a third account once, with the key account's role."""
    found = items(sound)
    assert (LOGS, BUCKET, "org-logs") in found
    key = found[KEYS, "AWS::KMS::Key", KEY]
    assert key.configuration["Metadata"]["KeyState"] == "Enabled"
    assert key.configuration["Aliases"] == ["alias/trails"]
    assert f":{KEYS}:" in key.read_by
    assert sum(one.calls.by_operation.get("kms:DescribeKey", 0) for one in sound.values()) == 2


def test_what_a_trail_names_is_read_and_nothing_else(sound: dict[str, AccountSnapshot]) -> None:
    """Its log group with filters, the alarm on their metric, the topics; not the neighbours of the same kind."""
    found = items(sound)
    assert found[MANAGEMENT, "AWS::Logs::LogGroup", GROUP].configuration["MetricFilters"][0]["filterName"] == "root"
    assert [id for _, type, id in found if type == "AWS::CloudWatch::Alarm"] == [
        f"arn:aws:cloudwatch:eu-west-1:{MANAGEMENT}:alarm:root-use"
    ]
    topic = found[MANAGEMENT, "AWS::SNS::Topic", TOPIC]
    assert topic.configuration["Subscriptions"][0]["Protocol"] == "email"
    assert topic.configuration["Attributes"]["Policy"]["Statement"]
    assert len([1 for _, type, _ in found if type == "AWS::SNS::Topic"]) == 1


def test_a_value_an_absence_and_a_denial_are_three_things(aws: Simulation) -> None:
    """A policy is a value, no policy is None, and a denied policy is absent from the values and named in unread."""
    aws.deny("s3:GetBucketPolicy", account="work", resource="work-data")
    snapshots = read(aws)
    found = items(snapshots)
    assert found[LOGS, BUCKET, "org-logs"].configuration["Policy"]["Statement"][0]["Sid"] == "Tls"
    assert found[LOGS, BUCKET, "plain-logs"].configuration["Policy"] is None
    denied = found[WORK, BUCKET, "work-data"]
    assert "Policy" not in denied.configuration
    why = denied.unread["Policy"]
    assert (why.operation, why.iam, why.code, why.at) == ("GetBucketPolicy", "s3:GetBucketPolicy", "AccessDenied", NOW)
    assert "Grant s3:GetBucketPolicy" in why.message
    assert snapshots[WORK].status is ReadStatus.PARTIAL
    assert snapshots[WORK].reason == "1 part of a resource could not be read: s3:GetBucketPolicy (AccessDenied)."


def test_a_denied_listing_is_a_gap_and_ends_nothing(aws: Simulation) -> None:
    """Without the listing the type is not among the listed, so no bucket can be taken for deleted."""
    aws.deny("s3:ListBuckets", account="logs")
    snapshot = read(aws)[LOGS]
    assert [(gap.type, gap.region, gap.why.code) for gap in snapshot.gaps] == [(BUCKET, GLOBAL, "AccessDenied")]
    assert (BUCKET, GLOBAL) not in snapshot.listed
    assert (TRAIL, "eu-west-1") in snapshot.listed


def test_answers_that_are_known_are_not_asked_for(sound: dict[str, AccountSnapshot]) -> None:
    """No list of grants under enforced ownership, no verdict without policy, no lock without versioning."""
    made = sound[LOGS].calls.by_operation
    assert made["s3:GetBucketVersioning"] == 2
    assert made["s3:GetBucketAcl"] == 1
    assert made["s3:GetBucketPolicyStatus"] == 1
    assert made["s3:GetObjectLockConfiguration"] == 1
    assert made["s3:GetBucketReplication"] == 1
    assert "s3:GetBucketLocation" not in made
    assert "organizations:DescribeEffectivePolicy" not in made  # no S3 policies in this organization


def test_the_count_of_calls_is_the_servers_own(aws: Simulation) -> None:
    """Every request is counted, for the account whose reading caused it."""
    door = usual_door()
    organization = discover(door)
    aws.counts(reset=True)
    made = sum(one.calls.made for one in collect(door, organization)) - organization.calls.made
    assert made == sum(sum(calls.values()) for calls in aws.counts()["calls"].values())


def test_clients_and_connections_do_not_grow_with_accounts(aws: Simulation) -> None:
    """One client for each service and region, however many accounts."""
    door = door_to()
    organization = discover(door)
    alone = organization.select(accounts=[WORK])
    list(collect(door, alone))
    before = door.clients.made
    list(collect(door, organization))
    assert door.clients.made - before <= 4  # Logs, CloudWatch, SNS, KMS of the management account's trail


def test_skipped_accounts_are_not_read_again(aws: Simulation) -> None:
    """What an interrupted run has recorded is left alone; the rest is read, each once."""
    door = usual_door()
    organization = discover(door)
    aws.counts(reset=True)
    ids = [one.account.id for one in collect(door, organization, skip={WORK, LOGS})]
    assert sorted(ids) == sorted({MANAGEMENT, KEYS, CLOSED, BARRED})
    assert not {WORK, LOGS} & aws.counts()["calls"].keys()


def test_known_keys_are_read_again_and_then_count_as_listed(aws: Simulation) -> None:
    """A key the history knows is looked up though nobody names it; one that is gone is proven gone."""
    door = usual_door()
    organization = discover(door).select(accounts=[KEYS])
    gone = KEY.replace(KEY[-4:], "0000")
    known = {KEYS: [("AWS::KMS::Key", "eu-west-1", KEY), ("AWS::KMS::Key", "eu-west-1", gone)]}
    snapshots = {one.account.id: one for one in collect(door, organization, known=lambda id: known.get(id, ()))}
    keys = [item.id for item in snapshots[KEYS].items if item.type == "AWS::KMS::Key"]
    assert keys == [KEY]
    assert ("AWS::KMS::Key", "eu-west-1") in snapshots[KEYS].listed


def test_without_known_keys_no_lookup_counts_as_a_listing(sound: dict[str, AccountSnapshot]) -> None:
    """Keys that nobody names any more must not be taken for deleted."""
    assert not [one for one in sound.values() if ("AWS::KMS::Key", "eu-west-1") in one.listed]


def test_a_region_that_is_closed_is_a_gap_for_its_types_only(aws: Simulation) -> None:
    """Asked once, recorded for each type, and the other regions go on."""
    aws.fault("error", "*", account=WORK, region="eu-west-1", code="UnrecognizedClientException", status=400)
    aws.counts(reset=True)
    snapshot = read(aws)[WORK]
    assert "eu-west-1" not in snapshot.regions_read
    assert snapshot.regions_enabled == ("eu-west-1", "us-east-1")
    closed = {gap.type for gap in snapshot.gaps if gap.region == "eu-west-1"}
    assert {TRAIL, "AWS::GuardDuty::Detector", "AWS::S3::AccessPoint"} <= closed
    assert "VisibleTrails" in snapshot.items[0].unread
    regional = {operation for operation in snapshot.calls.by_operation if operation.startswith("guardduty:List")}
    assert snapshot.calls.by_operation["guardduty:ListDetectors"] == 1, regional


def test_unknown_regions_fall_back_to_those_nobody_has_to_enable(aws: Simulation) -> None:
    """Where the account does not tell its regions, the usual ones are read and the rest is a gap."""
    aws.deny("ec2:DescribeRegions", account="work")
    snapshot = read(aws)[WORK]
    assert "Regions" in snapshot.items[0].unread
    assert snapshot.regions_enabled == ()
    assert "us-east-1" in snapshot.regions_read
    assert (BUCKET, "work-data") in {(item.type, item.id) for item in snapshot.items}


def test_only_the_wanted_regions_are_read(aws: Simulation) -> None:
    """Regional types elsewhere are not asked for, and not said to be listed."""
    snapshot = read(aws, regions=("us-east-1",))[WORK]
    assert snapshot.regions_read == ("us-east-1",)
    assert snapshot.regions_enabled == ("eu-west-1", "us-east-1")
    assert ("AWS::GuardDuty::Detector", "eu-west-1") not in snapshot.listed


def test_the_costly_set_is_read_when_it_is_asked_for(aws: Simulation) -> None:
    """Inventory, acceleration and the like, with one switch."""
    door = door_to(extra=True)
    organization = discover(door).select(accounts=[LOGS])
    snapshot = next(one for one in collect(door, organization) if one.account.id == LOGS)
    bucket = next(item for item in snapshot.items if item.id == "plain-logs")
    assert {"Accelerate", "RequestPayment", "Inventory"} <= bucket.configuration.keys() | bucket.unread.keys()


def test_coverage_adds_up(sound: dict[str, AccountSnapshot], aws: Simulation) -> None:
    """Accounts = read + partly read + unreachable + excluded; a lost or doubled account is an error."""
    organization = discover(usual_door())
    coverage = Coverage.of(organization)
    for one in sound.values():
        coverage.add(one)
    coverage.check()
    assert coverage.sentence.startswith(
        "6 accounts = 4 read + 0 partly read + 1 unreachable + 1 excluded; 8 regions enabled = 8 read"
    )
    assert coverage.percent == 80.0
    coverage.add(sound[WORK])
    with pytest.raises(CoverageError, match="counted twice"):
        coverage.check()
    with pytest.raises(CoverageError, match="missing"):
        Coverage.of(organization).check()
    odd = Coverage.of(replace(organization, accounts=(sound[WORK].account,)))
    odd.add(replace(sound[WORK], regions_enabled=(*sound[WORK].regions_enabled, "us-east-1")))
    with pytest.raises(CoverageError, match="of 3 regions 2 are read and 0 are not"):
        odd.check()
    lazy = Coverage.of(replace(organization, accounts=(sound[BARRED].account,)))
    lazy.add(replace(sound[BARRED], reason=""))
    with pytest.raises(CoverageError, match="without a reason"):
        lazy.check()


def test_progress_is_told_after_each_account(aws: Simulation) -> None:
    """Accounts done, calls, gaps: the last message has the sums."""
    door, told = usual_door(), []
    snapshots = list(collect(door, discover(door), progress=told.append))
    last: Progress = told[-1]
    assert [one.accounts_done for one in told] == [1, 2, 3, 4, 5, 6]
    assert last.accounts == 6
    assert last.calls == sum(one.calls.made for one in snapshots)
    assert last.gaps == sum(len(one.gaps) for one in snapshots) == 1


def test_configured_accounts_need_no_organization(aws: Simulation) -> None:
    """The accounts of the settings are read; what only Organizations could say is unread, and says so."""
    door = door_to()
    organization = configured(door, [WORK, LOGS])
    snapshots = {one.account.id: one for one in collect(door, organization)}
    assert {one.status for one in snapshots.values()} == {ReadStatus.READ}
    account = next(item for item in snapshots[WORK].items if item.type == ACCOUNT)
    assert account.unread["State"].code == "NotAsked"
    assert account.configuration["Regions"] == ["eu-west-1", "us-east-1"]
    assert not [one for one in aws.counts()["calls"] if one == ""]


def test_the_same_twice_gives_the_same_items(sound: dict[str, AccountSnapshot], aws: Simulation) -> None:
    """Two readings of an unchanged organization are equal, whatever the threads did: only who hands over a third
    account's key may differ."""
    again = read(aws, threads=2)
    assert items(again) == items(sound)
    assert {id: (one.gaps, one.listed) for id, one in again.items()} == {
        id: (one.gaps, one.listed) for id, one in sound.items()
    }


def test_leaving_early_stops_the_reading(aws: Simulation) -> None:
    """A consumer that goes away leaves no thread behind."""
    import threading

    door = usual_door()
    snapshots = collect(door, discover(door))
    next(snapshots)
    snapshots.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("collect")]


def test_alternate_contacts_are_read_absent_or_denied(aws: Simulation) -> None:
    """An address is a value, no contact is None, and a denied contact is unread: nobody is written to by guess."""
    account = aws.client("account", WORK, "us-east-1")
    account.put_alternate_contact(
        AlternateContactType="SECURITY", EmailAddress="soc@example.com", Name="On call", PhoneNumber="1", Title="SOC"
    )
    aws.deny("account:GetAlternateContact", account="logs")
    found = items(read(aws))
    whole = found[WORK, ACCOUNT, WORK].configuration
    assert (whole["SecurityContact"], whole["OperationsContact"], whole["BillingContact"]) == (
        "soc@example.com",
        None,
        None,
    )
    denied = found[LOGS, ACCOUNT, LOGS]
    assert denied.unread["SecurityContact"].iam == "account:GetAlternateContact"
    assert "SecurityContact" not in denied.configuration
    account.delete_alternate_contact(AlternateContactType="SECURITY")


def test_a_service_that_is_not_offered_somewhere_is_said(aws: Simulation) -> None:
    """Where AWS does not have a service nobody is asked: the account's item says which and where, apart from what is off."""
    usual = found_regions(aws)
    aws.account("work", regions=["us-east-1", "eu-central-1"])
    try:
        nowhere = items(read(aws))[WORK, ACCOUNT, WORK].volatile["NotOffered"]
    finally:
        aws.account("work", regions=list(usual))
    assert nowhere == {
        "AWS::S3Express::DirectoryBucket": ["eu-central-1"]
    }  # and not the detectors, which are merely off


def found_regions(aws: Simulation) -> tuple[str, ...]:
    """The regions of the account as declared."""
    return next(one.regions for one in aws.organization.accounts if one.id == WORK)


def test_an_account_without_an_arn_has_none(aws: Simulation) -> None:
    """Where Organizations is not asked an account's ARN is unknown: empty, not the word None."""
    door = door_to()
    found = items({one.account.id: one for one in collect(door, configured(door, [WORK]))})
    assert found[WORK, ACCOUNT, WORK].arn == ""


def test_a_narrowed_reading_hands_over_the_accounts_asked_for_only(aws: Simulation) -> None:
    """The organization's own items come with its own account or not at all, its calls with the first account read."""
    door = door_to()
    organization = discover(door).narrowed({WORK})
    (one,) = collect(door, organization)
    assert one.account.id == WORK
    assert {item.type for item in one.items if item.type.startswith("AWS::Organizations")} == set()
    assert one.calls.by_operation["organizations:ListAccounts"] >= 1
    covered = Coverage.of(organization)
    covered.add(one)
    covered.check()
