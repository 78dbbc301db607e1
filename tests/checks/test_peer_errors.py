"""Wrong verdicts that other tools give, case by case: what each case is, and the answer it must get here."""

import copy
from dataclasses import replace
from datetime import timedelta

import pytest

import reporter.checks  # noqa: F401 -- fills the registry
from reporter.assess.evaluate import CHECKS, DEFECT, judge
from reporter.checks import examples as eg
from reporter.documents.patterns_wanted import WANTED
from reporter.model import ConfigurationItem, Status

PASS, FAIL, SKIP, UNKNOWN = Status.PASS, Status.FAIL, Status.NOT_APPLICABLE, Status.INSUFFICIENT_DATA
ORGANIZATION_TRAIL = eg.organization_trail().id
OPEN = eg.account(PublicAccessBlock=eg.NO_FLAGS)
MEMBER = eg.account(VisibleTrails=[ORGANIZATION_TRAIL])
MANAGEMENT_EVENTS = {"eventCategory": {"Equals": ["Management"]}}
OBJECTS = {"eventCategory": {"Equals": ["Data"]}, "resources.type": {"Equals": ["AWS::S3::Object"]}}
STRANGER = {"AWS": f"arn:aws:iam::{eg.STRANGER}:root"}
GIVEN_AWAY = {
    "Owner": {"ID": "a" * 64},
    "Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": "b" * 64}, "Permission": "READ"}],
}


def public(*statements):
    """A bucket that nothing but its policy protects; what AWS says of that policy was not read."""
    return eg.unread(eg.open_bucket(Policy={"Version": "2012-10-17", "Statement": list(statements)}), "PolicyStatus")


def tls(**changes):
    """A bucket whose policy holds one denial of requests without TLS, changed as named."""
    both = [f"arn:aws:s3:::{eg.BUCKET_NAME}", f"arn:aws:s3:::{eg.BUCKET_NAME}/*"]
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    whole = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": both, "Condition": insecure}
    return eg.bucket(Policy={"Version": "2012-10-17", "Statement": [{**whole, **changes}]})


def alarmed(what, pattern, **more):
    """An account whose trail's log group has one filter of that pattern, with an alarm that somebody hears."""
    group = eg.log_group(eg.metric_filter(pattern))
    return [more.get("account", eg.account()), more.get("trail", eg.trail()), group, eg.alarm(), eg.topic()]


def in_region(region, **more):
    """A trail of one region only."""
    return eg.trail(region=region, Name=f"trail-{region}", IsMultiRegionTrail=False, RegionStatus=None, **more)


ONE_EACH = [in_region(region) for region in eg.REGIONS]
SEEN = eg.account(VisibleTrails=[trail.id for trail in ONE_EACH])

CASES = {
    # An organization trail is judged once, with its bucket and key in other accounts, instead of never.
    "mfa delete of an organization trail's bucket in the archive account is judged": (
        "cloudtrail-bucket-mfa-delete",
        PASS,
        [eg.organization_trail(), eg.bucket(account=eg.ARCHIVE)],
    ),
    "access logging of a bucket in another account is judged": (
        "cloudtrail-bucket-access-logging",
        PASS,
        [
            eg.organization_trail(Selectors=eg.classic()),
            eg.bucket(account=eg.ARCHIVE),
            eg.log_target(account=eg.ARCHIVE),
        ],
    ),
    "a key in a third account is followed": (
        "cloudtrail-encryption",
        PASS,
        [eg.organization_trail(KmsKeyId=eg.key(account=eg.ARCHIVE).id), eg.key(account=eg.ARCHIVE)],
    ),
    "a member account behind the organization trail records its management events": (
        "cloudtrail-management-events",
        PASS,
        [MEMBER, eg.organization_trail()],
    ),
    "a member account behind the organization trail has its alarms there": (
        "cloudtrail-alarm-root-use",
        PASS,
        [
            MEMBER,
            eg.organization_trail(),
            eg.log_group(eg.metric_filter(WANTED["root-use"])),
            eg.alarm(),
            eg.topic(),
        ],
    ),
    "one trail that could not be read does not wipe out the others": (
        "cloudtrail-management-events",
        PASS,
        [
            eg.account(VisibleTrails=[ORGANIZATION_TRAIL, eg.TRAIL_ARN]),
            eg.unread(eg.organization_trail(), "Status", "Selectors"),
            eg.trail(),
        ],
    ),
    "a bucket outside the accounts read is not guessed at": (
        "cloudtrail-bucket-versioning",
        UNKNOWN,
        [eg.trail(S3BucketName="bucket-of-a-stranger")],
    ),
    # Denied is not absent.
    "mfa delete: denied is no failure": (
        "cloudtrail-bucket-mfa-delete",
        UNKNOWN,
        [eg.trail(), eg.unread(eg.bucket(), "Versioning")],
    ),
    "access logging of the trail's bucket: denied is no failure": (
        "cloudtrail-bucket-access-logging",
        UNKNOWN,
        [eg.trail(Selectors=eg.classic()), eg.unread(eg.bucket(), "Logging"), eg.log_target()],
    ),
    "ownership: denied is no failure": (
        "s3-bucket-acl-disabled",
        UNKNOWN,
        [eg.unread(eg.bucket(), "OwnershipControls")],
    ),
    "encryption: denied is no failure": ("s3-bucket-encryption", UNKNOWN, [eg.unread(eg.bucket(), "Encryption")]),
    "lifecycle: denied is no failure": ("s3-bucket-lifecycle", UNKNOWN, [eg.unread(eg.bucket(), "Lifecycle")]),
    "object lock: denied is no failure": ("s3-bucket-object-lock", UNKNOWN, [eg.unread(eg.bucket(), "ObjectLock")]),
    "versioning: denied is no failure": ("s3-bucket-versioning", UNKNOWN, [eg.unread(eg.bucket(), "Versioning")]),
    "tls: denied is no failure": ("s3-bucket-tls-only", UNKNOWN, [eg.unread(eg.bucket(), "Policy")]),
    "access logging: denied is no failure": ("s3-bucket-access-logging", UNKNOWN, [eg.unread(eg.bucket(), "Logging")]),
    "account block: denied is a finding, not silence": (
        "s3-account-public-access-block",
        UNKNOWN,
        [eg.unread(eg.account(), "PublicAccessBlock")],
    ),
    "bucket block: denied is a finding, not silence": (
        "s3-bucket-public-access-block",
        UNKNOWN,
        [OPEN, eg.unread(eg.bucket(), "PublicAccessBlock")],
    ),
    "public access: a bucket whose block cannot be read is not dropped": (
        "s3-bucket-not-public-read",
        UNKNOWN,
        [OPEN, eg.unread(eg.open_bucket(), "PublicAccessBlock")],
    ),
    "access point: denied is no crash": (
        "s3-access-point-public-access-block",
        UNKNOWN,
        [eg.unread(eg.access_point(), "PublicAccessBlock")],
    ),
    "logging: denied status is no failure": ("cloudtrail-logging", UNKNOWN, [eg.unread(eg.trail(), "Status")]),
    # Trails.
    "single-region trails everywhere are no multi-region trail": ("cloudtrail-multi-region", FAIL, [SEEN, *ONE_EACH]),
    "single-region trails everywhere do record every region": ("cloudtrail-enabled", PASS, [SEEN, *ONE_EACH]),
    "a multi-region trail without management events is not enough": (
        "cloudtrail-multi-region",
        FAIL,
        [eg.account(), eg.trail(Selectors=eg.advanced(OBJECTS))],
    ),
    "a multi-region trail without global service events is not enough": (
        "cloudtrail-multi-region",
        FAIL,
        [eg.account(), eg.trail(IncludeGlobalServiceEvents=False)],
    ),
    "a region switched on later by one account only is seen": (
        "cloudtrail-enabled",
        FAIL,
        [eg.account(Regions=["af-south-1", "us-east-1"]), in_region("us-east-1", Status__IsLogging=True)],
    ),
    "the name of a selector means nothing": (
        "cloudtrail-management-events",
        PASS,
        [eg.account(), eg.trail(Selectors=eg.advanced(MANAGEMENT_EVENTS))],
    ),
    "reading and writing in two selectors are both": (
        "cloudtrail-multi-region",
        PASS,
        [
            eg.account(),
            eg.trail(
                Selectors=eg.advanced(
                    {**MANAGEMENT_EVENTS, "readOnly": {"Equals": ["true"]}},
                    {**MANAGEMENT_EVENTS, "readOnly": {"Equals": ["false"]}},
                )
            ),
        ],
    ),
    "leaving out two noisy sources leaves out their events": (
        "cloudtrail-management-events",
        FAIL,
        [
            eg.account(),
            eg.trail(
                Selectors=eg.advanced(
                    {**MANAGEMENT_EVENTS, "eventSource": {"NotEquals": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}}
                )
            ),
        ],
    ),
    "leaving out sources the older way is seen too": (
        "cloudtrail-multi-region",
        FAIL,
        [eg.account(), eg.trail(Selectors=eg.classic(excluded=("kms.amazonaws.com",)))],
    ),
    "a stopped trail records no object events": (
        "cloudtrail-s3-data-events-write",
        FAIL,
        [eg.account(), eg.trail(Status__IsLogging=False), eg.bucket()],
    ),
    "selectors for one bucket do not cover the others": (
        "cloudtrail-s3-data-events-read",
        FAIL,
        [
            eg.account(),
            eg.trail(
                Selectors=eg.advanced({**OBJECTS, "resources.ARN": {"StartsWith": [f"arn:aws:s3:::{eg.BUCKET_NAME}/"]}})
            ),
            eg.bucket(),
            eg.log_target(),
        ],
    ),
    "selectors of reads do not record writes": (
        "cloudtrail-s3-data-events-write",
        FAIL,
        [eg.account(), eg.trail(Selectors=eg.advanced({**OBJECTS, "readOnly": {"Equals": ["true"]}})), eg.bucket()],
    ),
    "a selector without Equals is understood": (
        "cloudtrail-s3-data-events-read",
        PASS,
        [
            eg.account(),
            eg.trail(
                Selectors=eg.advanced(
                    {
                        "eventCategory": {"Equals": ["Data"]},
                        "resources.type": {"StartsWith": ["AWS::S3::"]},
                    }
                )
            ),
            eg.bucket(),
        ],
    ),
    "validation of a stopped trail validates nothing": (
        "cloudtrail-log-file-validation",
        FAIL,
        [eg.trail(Status__IsLogging=False)],
    ),
    "a trail that cannot deliver is not healthy": (
        "cloudtrail-delivery",
        FAIL,
        [eg.trail(Status__LatestDeliveryError="AccessDenied")],
    ),
    "one region that stopped is seen from the home region": (
        "cloudtrail-logging",
        FAIL,
        [eg.trail(RegionStatus={"eu-west-1": {"IsLogging": False}, "us-west-2": {"IsLogging": True}})],
    ),
    "an error of delivery to CloudWatch Logs counts": (
        "cloudtrail-cloudwatch-logs",
        FAIL,
        [eg.trail(Status__LatestCloudWatchLogsDeliveryError="AccessDenied")],
    ),
    "a delivery half a day old is recent, whatever the local clock": (
        "cloudtrail-cloudwatch-logs",
        PASS,
        [eg.trail(Status__LatestCloudWatchLogsDeliveryTime="2026-06-01T12:00:00+12:00")],
    ),
    "a delivery thirty hours old is not recent, whatever the local clock": (
        "cloudtrail-cloudwatch-logs",
        FAIL,
        [eg.trail(Status__LatestCloudWatchLogsDeliveryTime="2026-05-30T23:00:00-07:00")],
    ),
    "one kind of insight is not the other": (
        "cloudtrail-insights",
        FAIL,
        [eg.account(), eg.trail(InsightSelectors=[{"InsightType": "ApiErrorRateInsight"}])],
    ),
    "a key that was deleted encrypts nothing": ("cloudtrail-encryption", FAIL, [eg.trail()]),
    "a key waiting for deletion will decrypt nothing": (
        "cloudtrail-encryption",
        FAIL,
        [eg.trail(), eg.key(Metadata__KeyState="PendingDeletion")],
    ),
    "rotation every seven years is not the target": (
        "cloudtrail-key-rotation",
        FAIL,
        [eg.trail(), eg.key(Rotation={"KeyRotationEnabled": True, "RotationPeriodInDays": 2560})],
    ),
    "a lifecycle of one day on the trail's bucket is no good lifecycle": (
        "cloudtrail-bucket-retention",
        FAIL,
        [
            eg.trail(),
            eg.bucket(
                Versioning=None,
                ObjectLock=None,
                Lifecycle={"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}]},
            ),
        ],
    ),
    "logging a bucket into itself is no logging": (
        "cloudtrail-bucket-access-logging",
        FAIL,
        [eg.trail(Selectors=eg.classic()), eg.bucket(Logging={"TargetBucket": eg.BUCKET_NAME, "TargetPrefix": "x"})],
    ),
    "CloudTrail's grant without a source lets in anybody's trail": (
        "cloudtrail-bucket-policy-scoped",
        FAIL,
        [
            eg.trail(),
            eg.bucket(Policy=eg.allowing(eg.statement({"Service": "cloudtrail.amazonaws.com"}, "s3:PutObject"))),
        ],
    ),
    # The trail's bucket in public.
    "a public policy on the trail's bucket is public": (
        "cloudtrail-bucket-not-public",
        FAIL,
        [OPEN, eg.trail(), eg.open_bucket()],
    ),
    "a grant to every AWS account is public": (
        "cloudtrail-bucket-not-public",
        FAIL,
        [
            OPEN,
            eg.trail(),
            eg.bucket(PublicAccessBlock=None, OwnershipControls=None, Acl=eg.acl(eg.ANY_AWS_USER, "FULL_CONTROL")),
        ],
    ),
    "a public grant that ownership makes inert is not public": (
        "cloudtrail-bucket-not-public",
        PASS,
        [OPEN, eg.trail(), eg.bucket(PublicAccessBlock=None, Acl=eg.acl(eg.EVERYONE))],
    ),
    "a public grant that the account's block makes inert is not public": (
        "cloudtrail-bucket-not-public",
        PASS,
        [
            eg.account(),
            eg.trail(),
            eg.bucket(PublicAccessBlock=None, OwnershipControls=None, Acl=eg.acl(eg.EVERYONE)),
        ],
    ),
    "a grant to another account by ACL is not overlooked": (
        "s3-bucket-external-access",
        UNKNOWN,
        [eg.bucket(OwnershipControls=None, Acl=GIVEN_AWAY)],
    ),
    "nor on the trail's bucket": (
        "cloudtrail-bucket-access-restricted",
        UNKNOWN,
        [eg.trail(), eg.bucket(OwnershipControls=None, Acl=GIVEN_AWAY)],
    ),
    "ownership makes it inert": (
        "s3-bucket-external-access",
        PASS,
        [eg.bucket(Acl=GIVEN_AWAY)],
    ),
    # Buckets.
    "two flags of four are not all": (
        "s3-account-public-access-block",
        FAIL,
        [eg.account(PublicAccessBlock={**eg.NO_FLAGS, "IgnorePublicAcls": True, "RestrictPublicBuckets": True})],
    ),
    "the organization's policy blocks for the account": (
        "s3-account-public-access-block",
        PASS,
        [
            eg.account(
                PublicAccessBlock=None,
                EffectiveS3Policy={"s3_attributes": {"public_access_block_configuration": "all"}},
            )
        ],
    ),
    "everybody but one is everybody": (
        "s3-bucket-not-public-read",
        FAIL,
        [
            OPEN,
            public(
                {
                    "Effect": "Allow",
                    "NotPrincipal": {"AWS": f"arn:aws:iam::{eg.HOME}:root"},
                    "Action": "s3:GetObject",
                    "Resource": f"arn:aws:s3:::{eg.BUCKET_NAME}/*",
                }
            ),
        ],
    ),
    "a wildcard action writes": (
        "s3-bucket-not-public-write",
        FAIL,
        [OPEN, public(eg.statement("*", "s3:PutObject*"))],
    ),
    "changing the policy is writing": (
        "s3-bucket-not-public-write",
        FAIL,
        [OPEN, public(eg.statement("*", "s3:PutBucketPolicy"))],
    ),
    "changing an object's ACL is writing": (
        "s3-bucket-not-public-write",
        FAIL,
        [OPEN, public(eg.statement("*", "s3:PutObjectAcl"))],
    ),
    "everything but one action is nearly everything": (
        "s3-bucket-not-public-write",
        FAIL,
        [
            OPEN,
            public(
                {
                    "Effect": "Allow",
                    "Principal": "*",
                    "NotAction": "s3:GetObject",
                    "Resource": [f"arn:aws:s3:::{eg.BUCKET_NAME}", f"arn:aws:s3:::{eg.BUCKET_NAME}/*"],
                }
            ),
        ],
    ),
    "a policy that is a single statement is read": (
        "s3-bucket-not-public-read",
        FAIL,
        [
            OPEN,
            eg.unread(
                eg.open_bucket(Policy={"Version": "2012-10-17", "Statement": eg.statement("*", "s3:GetObject")}),
                "PolicyStatus",
            ),
        ],
    ),
    "a fixed narrow range of addresses is not the public": (
        "s3-bucket-not-public-read",
        PASS,
        [OPEN, public(eg.statement("*", "s3:GetObject", Condition={"IpAddress": {"aws:SourceIp": "8.8.8.0/24"}}))],
    ),
    "the whole internet as a range of addresses is the public": (
        "s3-bucket-not-public-read",
        FAIL,
        [OPEN, public(eg.statement("*", "s3:GetObject", Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}))],
    ),
    "one VPC endpoint is not the public": (
        "s3-bucket-not-public-read",
        PASS,
        [
            OPEN,
            public(eg.statement("*", "s3:GetObject", Condition={"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}})),
        ],
    ),
    "the organization is not the public": (
        "s3-bucket-not-public-read",
        PASS,
        [
            OPEN,
            public(
                eg.statement(
                    "*", "s3:GetObject", Condition={"StringEquals": {"aws:PrincipalOrgID": eg.ORGANIZATION_ID}}
                )
            ),
        ],
    ),
    "an account of the organization is no outsider, listed or not": (
        "s3-bucket-external-access",
        PASS,
        [eg.bucket(Policy=eg.allowing(eg.statement({"AWS": f"arn:aws:iam::{eg.ARCHIVE}:root"}, "s3:*")))],
    ),
    "an account id inside another word is no account id": (
        "s3-bucket-external-access",
        FAIL,
        [
            eg.bucket(
                Policy=eg.allowing(
                    eg.statement({"AWS": f"arn:aws:iam::{eg.STRANGER}:role/for-{eg.ARCHIVE}"}, "s3:GetObject")
                )
            )
        ],
    ),
    "replication into another account is followed": (
        "s3-bucket-replication",
        PASS,
        [
            eg.bucket(),
            eg.bucket(account=eg.ARCHIVE, region="eu-west-1", Name=f"{eg.BUCKET_NAME}-replica", Replication=None),
        ],
    ),
    "a replica is not asked to replicate itself": (
        "s3-bucket-replication",
        SKIP,
        [eg.bucket(Name=f"{eg.BUCKET_NAME}-replica", region="eu-west-1", Replication=None), eg.bucket()],
    ),
    "a key managed by AWS is not one's own": (
        "s3-bucket-kms-encryption",
        FAIL,
        [
            eg.bucket(
                Encryption={
                    "Rules": [
                        {
                            "ApplyServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": f"arn:aws:kms:{eg.HERE}:{eg.HOME}:alias/aws/s3",
                            }
                        }
                    ]
                }
            )
        ],
    ),
    "a lock without a default rule locks nothing": (
        "s3-bucket-object-lock",
        FAIL,
        [eg.bucket(ObjectLock={"ObjectLockEnabled": "Enabled"})],
    ),
    "a lock of a month is no lock of a year": (
        "cloudtrail-bucket-object-lock",
        FAIL,
        [eg.trail(), eg.bucket(ObjectLock__Rule={"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}})],
    ),
    "a lock of a year counts in years too": (
        "s3-bucket-object-lock",
        PASS,
        [eg.bucket(ObjectLock__Rule={"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 1}})],
    ),
    "suspended versioning is not enabled": (
        "s3-bucket-versioning",
        FAIL,
        [eg.bucket(Versioning={"Status": "Suspended"})],
    ),
    "mfa delete is not asked where lifecycle rules forbid it": (
        "s3-bucket-mfa-delete",
        SKIP,
        [
            eg.bucket(
                Versioning={"Status": "Enabled"},
                Lifecycle={"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 400}}]},
            )
        ],
    ),
    "a log target is not asked to log itself": ("s3-bucket-access-logging", SKIP, [eg.log_target(), eg.bucket()]),
    "a public log target is no sound target": (
        "s3-bucket-access-logging",
        FAIL,
        [OPEN, eg.bucket(), eg.open_bucket(Name=eg.LOG_TARGET, Logging=None, ObjectLock=None)],
    ),
    "SSE-S3 is encryption, but no key of one's own": (
        "s3-bucket-kms-encryption",
        FAIL,
        [eg.bucket(Encryption={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})],
    ),
    # Transport.
    "a denial of writing alone lets reading through in the clear": (
        "s3-bucket-tls-only",
        FAIL,
        [tls(Action="s3:PutObject")],
    ),
    "a denial for one principal lets all others through": ("s3-bucket-tls-only", FAIL, [tls(Principal=STRANGER)]),
    "a denial for one prefix lets the rest through": (
        "s3-bucket-tls-only",
        FAIL,
        [tls(Resource=f"arn:aws:s3:::{eg.BUCKET_NAME}/one/*")],
    ),
    "a list of one word is that word": (
        "s3-bucket-tls-only",
        PASS,
        [tls(Condition={"Bool": {"aws:SecureTransport": ["false"]}})],
    ),
    "a boolean is as good as its text, and keys have no case": (
        "s3-bucket-tls-only",
        PASS,
        [tls(Condition={"Bool": {"aws:securetransport": False}})],
    ),
    "a single statement, not in a list, is read": (
        "s3-bucket-tls-only",
        PASS,
        [eg.bucket(Policy={"Version": "2012-10-17", "Statement": tls().configuration["Policy"]["Statement"][0]})],
    ),
    # Alarms.
    "an alarm on a stopped trail's log group never rings": (
        "cloudtrail-alarm-cloudtrail-changes",
        FAIL,
        alarmed("cloudtrail-changes", WANTED["cloudtrail-changes"], trail=eg.trail(Status__IsLogging=False)),
    ),
    "and where it must be or matches nothing": (
        "cloudtrail-alarm-cloudtrail-changes",
        FAIL,
        alarmed("cloudtrail-changes", WANTED["cloudtrail-changes"].replace("||", "&&")),
    ),
    "a wildcard may stand for the events": (
        "cloudtrail-alarm-cloudtrail-changes",
        PASS,
        alarmed("cloudtrail-changes", "{ ($.eventName = *Trail) || ($.eventName = *Logging) }"),
    ),
    "the order of the events means nothing": (
        "cloudtrail-alarm-config-changes",
        PASS,
        alarmed(
            "config-changes",
            "{ ($.eventName = PutConfigurationRecorder) || ($.eventName = PutDeliveryChannel) || "
            "($.eventName = DeleteDeliveryChannel) || ($.eventName = StopConfigurationRecorder) }",
        ),
    ),
    "an alarm without an action tells nobody": (
        "cloudtrail-alarm-vpc-changes",
        FAIL,
        [
            eg.account(),
            eg.trail(),
            eg.log_group(eg.metric_filter(WANTED["vpc-changes"])),
            eg.alarm(AlarmActions=[]),
            eg.topic(),
        ],
    ),
    "a log group of the same name in another account is another log group": (
        "cloudtrail-alarm-vpc-changes",
        FAIL,
        [
            eg.account(),
            eg.trail(CloudWatchLogsLogGroupArn=eg.LOG_GROUP_ARN.replace(eg.HOME, eg.ARCHIVE) + ":*"),
            eg.log_group(account=eg.ARCHIVE),
            eg.log_group(eg.metric_filter(WANTED["vpc-changes"])),
            eg.alarm(),
            eg.topic(),
        ],
    ),
    "the second metric of a filter may be the one with the alarm": (
        "cloudtrail-alarm-vpc-changes",
        PASS,
        [
            eg.account(),
            eg.trail(),
            eg.log_group(
                {
                    **eg.metric_filter(WANTED["vpc-changes"], "First"),
                    "metricTransformations": [
                        {"metricName": name, "metricNamespace": "Security", "metricValue": "1"}
                        for name in ("First", "Watched")
                    ],
                }
            ),
            eg.alarm(),
            eg.topic(),
        ],
    ),
    # Around.
    "a policy on a unit above the account is in force": (
        "organization-protects-cloudtrail",
        PASS,
        [
            eg.account(VisibleTrails=[]),
            eg.policy(Targets=[{"TargetId": eg.UNIT, "Name": "Workloads", "Type": "ORGANIZATIONAL_UNIT"}]),
        ],
    ),
    "a policy on another unit is not": (
        "organization-protects-cloudtrail",
        FAIL,
        [
            eg.account(VisibleTrails=[]),
            eg.policy(Targets=[{"TargetId": "ou-root-elsewhere", "Name": "Other", "Type": "ORGANIZATIONAL_UNIT"}]),
        ],
    ),
    "a topic for one source is not public": ("cloudtrail-notification", PASS, [eg.trail(), eg.topic()]),
    "an analyzer of unused access looks for something else": (
        "access-analyzer-enabled",
        FAIL,
        [eg.account(), *eg.in_every_region(eg.analyzer, type="ACCOUNT_UNUSED_ACCESS")],
    ),
}


def answers(check_id, example):
    """The check's answers about the first item of its subject in the example."""
    check = CHECKS[check_id]
    subject = next(item for item in example if isinstance(item, ConfigurationItem) and item.type == check.subject)
    estate = eg.estates(example)[subject.account]
    return next(found for found in judge(estate, [check]) if found.resource == subject.id)


@pytest.mark.parametrize(("check_id", "status", "example"), CASES.values(), ids=CASES)
def test_peer_error(check_id, status, example):
    """The case gets the right answer here."""
    found = answers(check_id, example)
    assert found.status is status, found.reason
    if status is UNKNOWN:
        assert DEFECT not in found.reason


@pytest.mark.parametrize("check_id", ["s3-bucket-not-public-read", "s3-bucket-public-access-block"])
def test_findings_keep_their_identity(check_id):
    """Switching the account's block on or off changes answers, never which resources have one."""
    buckets = [eg.open_bucket(Name=name) for name in ("one", "two")]
    keys = []
    for block in (eg.FOUR_FLAGS, eg.NO_FLAGS, None):
        estate = eg.estates([eg.account(PublicAccessBlock=block), *buckets])[eg.HOME]
        keys.append([found.key for found in judge(estate, [CHECKS[check_id]])])
    assert keys[0] == keys[1] == keys[2]
    assert len(keys[0]) == 2


def test_judging_changes_nothing():
    """Judging leaves every document as it was: nothing is lower-cased, sorted or filled in place."""
    example = [
        eg.account(),
        eg.trail(),
        eg.bucket(),
        eg.log_target(),
        eg.key(),
        eg.topic(),
        eg.log_group(),
        eg.policy(),
    ]
    before = copy.deepcopy(example)
    for estate in eg.estates(example).values():
        list(judge(estate))
    assert example == before


def test_equivalent_protection_is_named():
    """Where MFA delete is missing, the failure stays and says what stands in for it."""
    locked = [eg.trail(), eg.bucket(Versioning={"Status": "Enabled"}), eg.policy()]
    found = answers("cloudtrail-bucket-mfa-delete", locked)
    assert found.status is FAIL
    assert "Object Lock" in found.reason
    assert "service control policy" in found.reason


def test_disagreement_with_aws_is_reported():
    """Where AWS's word on a policy and our reading differ, the evidence says so."""
    found = answers("s3-bucket-not-public-read", [OPEN, eg.open_bucket(PolicyStatus={"IsPublic": False})])
    assert any("disagree" in one.key for one in found.evidence)


def test_order_of_reading_means_nothing():
    """The answers do not depend on the order in which trails and buckets were listed."""
    example = [SEEN, *ONE_EACH, eg.trail(), eg.bucket(), eg.log_target()]
    forward = list(judge(eg.estates(example)[eg.HOME]))
    backward = list(judge(eg.estates(list(reversed(example)))[eg.HOME]))
    assert forward == backward


def test_age_is_counted_from_the_reading():
    """A delivery is recent by when the trail was read, not by when it is judged: old snapshots keep their answers."""
    long_ago = replace(eg.trail(Status__LatestDeliveryTime="2020-01-01T00:00:00Z"))
    at = eg.NOW.replace(year=2020, month=1, day=1) + timedelta(hours=1)
    assert answers("cloudtrail-delivery", [replace(long_ago, captured_at=at)]).status is PASS
    assert answers("cloudtrail-delivery", [long_ago]).status is FAIL
