"""What is declared is what is read: every part of every bucket, trail and key of the demo, over HTTP by botocore."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from simulated_buckets import read_bucket, readable

from reporter.simulate.simulation import Simulation


def test_every_part_of_every_bucket_reads_as_declared(demo: Simulation) -> None:
    """Forty buckets with all their parts come back equal, hostile tags included."""
    for member in demo.organization.accounts:
        for bucket in member.buckets:
            if readable(member, bucket):
                read = read_bucket(demo.client("s3", member.id, bucket.region), bucket.name)
                assert read == {part: getattr(bucket, part) for part in read}, bucket.name


def test_mfa_delete_is_seen(demo: Simulation) -> None:
    """moto drops it; here it is the log bucket's pride."""
    client = demo.client("s3", "log-archive", "eu-west-1")
    answer = client.get_bucket_versioning(Bucket="kh-org-trail-logs")
    assert (answer["Status"], answer["MFADelete"]) == ("Enabled", "Enabled")


def test_buckets_are_listed_with_their_region_only_when_a_parameter_is_given(demo: Simulation) -> None:
    """As AWS does; pages end and begin where they should."""
    client = demo.client("s3", "web-shop-prod")
    assert all("BucketRegion" not in b for b in client.list_buckets()["Buckets"])
    pages = [
        page["Buckets"] for page in client.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 3})
    ]
    assert [len(page) for page in pages] == [3, 1]
    assert {b["BucketRegion"] for page in pages for b in page} == {"eu-west-1"}


def test_a_bucket_asked_at_another_region_answers_301_with_the_right_one(demo: Simulation) -> None:
    """botocore follows it by itself; the region is in the header."""
    client = demo.client("s3", "web-shop-prod", "ap-southeast-2")
    with pytest.raises(ClientError) as caught:
        client.head_bucket(Bucket="kh-vpc-flow-logs")
    assert caught.value.response["Error"]["Code"] == "403"  # another account's, whatever the region
    demo.counts(reset=True)
    assert client.get_bucket_logging(Bucket="kh-shop-logs")["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert demo.counts()["status"]["301"] >= 1


def test_the_organization_trail_is_seen_from_every_member_and_region(demo: Simulation) -> None:
    """With the owner's ARN; its selectors are the owner's affair."""
    management = demo.organization.management
    arn = f"arn:aws:cloudtrail:eu-west-1:{management}:trail/kh-organization-trail"
    for account, region in (
        ("sandbox-ml", "us-east-1"),
        ("log-archive", "eu-west-1"),
        ("management", "ap-southeast-2"),
    ):
        client = demo.client("cloudtrail", account, region)
        assert arn in {t["TrailARN"] for t in client.describe_trails()["trailList"]}
        assert client.get_trail_status(Name=arn)["IsLogging"] is True
        with pytest.raises(ClientError):
            client.get_event_selectors(TrailName=arn)
    own = demo.client("cloudtrail", "sandbox-ml", "eu-west-1")
    assert own.describe_trails(includeShadowTrails=False)["trailList"] == []
    home = demo.client("cloudtrail", "management", "eu-west-1")
    assert home.get_event_selectors(TrailName=arn)["EventSelectors"][0]["ReadWriteType"] == "All"
    assert [s["InsightType"] for s in home.get_insight_selectors(TrailName=arn)["InsightSelectors"]] == [
        "ApiCallRateInsight",
        "ApiErrorRateInsight",
    ]


def test_trail_status_tells_errors_stale_deliveries_and_dead_buckets(demo: Simulation) -> None:
    """A trail may say it logs and deliver nothing."""
    failing = demo.client("cloudtrail", "mobile-api-prod", "us-east-1").get_trail_status(Name="mobile-trail")
    assert failing["IsLogging"] is True
    assert failing["LatestDeliveryError"] == "AccessDenied"
    assert (demo.now - failing["LatestDeliveryTime"]).days >= 3
    dead = demo.client("cloudtrail", "web-shop-dev", "eu-west-1").get_trail_status(Name="dev-trail")
    assert dead["LatestDeliveryError"] == "NoSuchBucket"
    stopped = demo.client("cloudtrail", "data-lake-dev", "eu-central-1").get_trail_status(Name="lake-dev-audit")
    assert stopped["IsLogging"] is False
    assert stopped["StopLoggingTime"] > stopped["LatestDeliveryTime"]


def test_plain_trails_say_that_insights_are_not_enabled(demo: Simulation) -> None:
    """What was never set up has a code of its own, or a default."""
    client = demo.client("cloudtrail", "mobile-api-prod", "us-east-1")
    with pytest.raises(ClientError, match="InsightNotEnabledException"):
        client.get_insight_selectors(TrailName="mobile-trail")
    with pytest.raises(ClientError, match="ResourcePolicyNotFoundException"):
        client.get_resource_policy(ResourceArn=client.get_trail(Name="mobile-trail")["Trail"]["TrailARN"])
    assert client.get_event_configuration(TrailName="mobile-trail")["MaxEventSize"] == "Standard"


def test_lake_and_channels_are_there(demo: Simulation) -> None:
    """The event data store and its channel answer list and get."""
    client = demo.client("cloudtrail", "audit", "eu-west-1")
    store = client.list_event_data_stores()["EventDataStores"][0]
    assert store["Name"] == "org-lake"
    assert client.get_event_data_store(EventDataStore=store["EventDataStoreArn"])["RetentionPeriod"] == 2557
    channel = client.list_channels()["Channels"][0]
    assert (
        client.get_channel(Channel=channel["ChannelArn"])["Destinations"][0]["Location"] == store["EventDataStoreArn"]
    )


def test_keys_tell_rotation_policy_grants_and_aliases(demo: Simulation) -> None:
    """Each key of the declaration, by id; another account's key is denied."""
    for member in demo.organization.accounts:
        for key in member.keys:
            client = demo.client("kms", member.id, key.region)
            assert client.describe_key(KeyId=key.id)["KeyMetadata"]["KeyState"] == key.state
            assert [a["AliasName"] for a in client.list_aliases(KeyId=key.id)["Aliases"]] == list(key.aliases)
            assert json.loads(client.get_key_policy(KeyId=key.id)["Policy"]) == key.policy
            assert len(client.list_grants(KeyId=key.id)["Grants"]) == len(key.grants)
            if key.state == "Enabled":
                assert client.get_key_rotation_status(KeyId=key.id).get("RotationPeriodInDays") == key.rotation
    key = demo.organization.account("security-keys").keys[0]
    foreign = f"arn:aws:kms:eu-west-1:{demo.organization.account('security-keys').id}:key/{key.id}"
    with pytest.raises(ClientError, match="AccessDeniedException"):
        demo.client("kms", "network", "eu-west-1").describe_key(KeyId=foreign)


def test_alarms_filters_and_unconfirmed_subscriptions_are_there(demo: Simulation) -> None:
    """The chain from filter to alarm to topic to people can be followed."""
    group = demo.client("logs", "management", "eu-west-1").describe_log_groups()["logGroups"][0]
    assert group["retentionInDays"] == 365
    filters = demo.client("logs", "management", "eu-west-1").describe_metric_filters(
        logGroupName=group["logGroupName"]
    )["metricFilters"]
    alarms = demo.client("cloudwatch", "management", "eu-west-1").describe_alarms()["MetricAlarms"]
    assert {a["MetricName"] for a in alarms} == {f["filterName"] for f in filters}
    topic = next(a["AlarmActions"][0] for a in alarms if a["AlarmActions"])
    subscriptions = demo.client("sns", "management", "eu-west-1").list_subscriptions_by_topic(TopicArn=topic)[
        "Subscriptions"
    ]
    assert sorted(s["SubscriptionArn"] == "PendingConfirmation" for s in subscriptions) == [False, True]


def test_detective_services_are_on_or_off_per_region(demo: Simulation) -> None:
    """Off is an empty list or the service's own word for off, never HTTP 500."""
    for member in (demo.organization.account(name) for name in ("audit", "mobile-api-prod", "sandbox-anna")):
        for region in member.regions[:2]:
            on = member.watchers
            detectors = demo.client("guardduty", member.id, region).list_detectors()["DetectorIds"]
            recorders = demo.client("config", member.id, region).describe_configuration_recorders()[
                "ConfigurationRecorders"
            ]
            analyzers = demo.client("accessanalyzer", member.id, region).list_analyzers(type="ACCOUNT")["analyzers"]
            assert (bool(detectors), bool(recorders), bool(analyzers)) == (
                region in on.guardduty,
                region in on.config,
                region in on.access_analyzer,
            )
            hub, macie = demo.client("securityhub", member.id, region), demo.client("macie2", member.id, region)
            assert _enabled(hub, "describe_hub", "InvalidAccessException") == (region in on.securityhub)
            assert _enabled(macie, "get_macie_session", "AccessDeniedException") == (region in on.macie)


def _enabled(client: Any, operation: str, off: str) -> bool:
    try:
        getattr(client, operation)()
    except ClientError as error:
        if error.response["Error"]["Code"] == off:
            return False
        raise
    return True


def test_access_points_directory_buckets_and_account_settings_are_there(demo: Simulation) -> None:
    """What S3 has beside ordinary buckets is read where AWS keeps it."""
    me = demo.organization.account("data-lake-prod").id
    control = demo.client("s3control", me, "eu-central-1")
    assert [p["Name"] for p in control.list_access_points(AccountId=me)["AccessPointList"]] == ["partner-feed"]
    assert control.get_access_point_policy_status(AccountId=me, Name="partner-feed")["PolicyStatus"]["IsPublic"] is True
    many = demo.client("s3control", me, "us-west-2")
    regions = many.get_multi_region_access_point(AccountId=me, Name="lake-global")["AccessPoint"]["Regions"]
    assert {r["Bucket"] for r in regions} == {"kh-lake-raw", "kh-lake-consumption"}
    express = demo.client("s3", me, "eu-west-1")
    name = express.list_directory_buckets()["Buckets"][0]["Name"]
    assert express.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        demo.client("s3control", "web-shop-prod").get_public_access_block(
            AccountId=demo.organization.account("web-shop-prod").id
        )


def test_regions_are_asked_per_account(demo: Simulation) -> None:
    """Enabled, enabled by default, and disabled; EC2 and Account agree; a disabled region refuses the caller."""
    listed = demo.client("account", "data-lake-prod").list_regions()["Regions"]
    status = {r["RegionName"]: r["RegionOptStatus"] for r in listed}
    assert (status["eu-south-1"], status["eu-west-1"], status["af-south-1"]) == (
        "ENABLED",
        "ENABLED_BY_DEFAULT",
        "DISABLED",
    )
    named = {r["RegionName"] for r in demo.client("ec2", "data-lake-prod").describe_regions()["Regions"]}
    assert named == {r for r, s in status.items() if s != "DISABLED"}
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        demo.client("cloudtrail", "sandbox-ml", "eu-south-1").describe_trails()


def test_what_s3_can_say_beyond_is_answered_properly(demo: Simulation) -> None:
    """Sub-resources moto does not know fall through to a listing there; here each has its own answer."""
    client = demo.client("s3", "payments-prod", "eu-west-1")
    bucket = {"Bucket": "kh-payments-ledger"}
    assert client.get_bucket_request_payment(**bucket)["Payer"] == "BucketOwner"
    assert client.get_bucket_abac(**bucket)["AbacStatus"]["Status"] == "Disabled"
    for noun in ("inventory", "analytics", "metrics", "intelligent_tiering"):
        answer = getattr(client, f"list_bucket_{noun}_configurations")(**bucket)
        assert not any(key.endswith("List") for key in answer)
    with pytest.raises(ClientError) as caught:
        client.get_bucket_metadata_configuration(**bucket)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_operations_the_simulation_does_not_know_are_the_callers_fault(demo: Simulation) -> None:
    """A 4xx in the service's own protocol, not retried; moto's server says 500, which botocore tries again and again."""
    calls = (
        ("cloudtrail", "get_query_results", {"QueryId": "a" * 36}),
        ("organizations", "list_handshakes_for_organization", {}),
        ("config", "describe_compliance_by_config_rule", {}),
        ("iam", "simulate_custom_policy", {"PolicyInputList": ["{}"], "ActionNames": ["s3:*"]}),
        ("servicediscovery", "list_namespaces", {}),
        ("sesv2", "get_account", {}),
    )
    for service, operation, params in calls:
        with pytest.raises(ClientError) as caught:
            getattr(demo.client(service, "management"), operation)(**params)
        assert 400 <= caught.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500, service


def test_objects_are_written_read_listed_and_deleted(fresh: Simulation) -> None:
    """The log reader and the archive stand on this."""
    client = fresh.client("s3", "sandbox-anna", "us-east-1")
    where = {"Bucket": "anna-test-bucket-123"}
    client.put_object(**where, Key="a/b c/ü.json.gz", Body=b"x" * 70_000, Metadata={"who": "me"})
    assert client.get_object(**where, Key="a/b c/ü.json.gz")["Body"].read() == b"x" * 70_000
    assert [o["Key"] for o in client.list_objects_v2(**where, Prefix="a/")["Contents"]] == ["a/b c/ü.json.gz"]
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        client.delete_bucket(**where)
    client.delete_object(**where, Key="a/b c/ü.json.gz")
    client.delete_bucket(**where)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        client.get_bucket_versioning(**where)


def test_objects_are_kept_under_lock(fresh: Simulation) -> None:
    """A version with retention cannot be deleted: the archive stands on this."""
    client, where = (
        fresh.client("s3", "audit", "eu-west-1"),
        {"Bucket": "kh-audit-evidence", "Key": "run-1/manifest.json"},
    )
    version = client.put_object(**where, Body=b"{}")["VersionId"]
    assert client.head_object(**where)["ObjectLockMode"] == "COMPLIANCE"
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(**where, VersionId=version)
