"""The fix of a finding mends its reason: a check of several clauses gives the commands of the one that fails."""

import json
import shlex
from typing import Any

import pytest

import reporter.checks  # noqa: F401 -- fills the registry
from reporter.assess.estate import InsufficientData, NotApplicable
from reporter.assess.evaluate import CHECKS, judge
from reporter.assess.remediation import fix_plan
from reporter.checks import examples as eg
from reporter.model import Finding, Status

CONFIDENTIAL = {"Tags": {"DataClass": "confidential"}}
AES = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
OPEN = [eg.account(PublicAccessBlock=eg.NO_FLAGS), eg.open_bucket(**CONFIDENTIAL), eg.log_target(), eg.key()]
SHARED = eg.allowing(eg.statement({"AWS": f"arn:aws:iam::{eg.STRANGER}:root"}, "s3:GetObject"))
UNTOLD = [{"Protocol": "email", "SubscriptionArn": "PendingConfirmation"}]
PUBLIC_TOPIC = {"Statement": eg.statement("*", "SNS:Publish")}
GRANT = {"GranteePrincipal": f"arn:aws:iam::{eg.STRANGER}:role/X", "Operations": ["Decrypt"]}
STOPPED = {"Status__IsLogging": False}
ONE_REGION = {"IsMultiRegionTrail": False, "RegionStatus": {}}
ASK_FOR_A_TRAIL = ("cloudtrail-enabled", "cloudtrail-management-events", "cloudtrail-insights")


def failing(check: str, example: list[object]) -> Finding:
    """The check's failure in an example's home account."""
    found = judge(eg.estates(example)[eg.HOME], [CHECKS[check]])
    return next(one for one in found if one.status is Status.FAIL)


def verbs(fix: str) -> list[str]:
    """`aws s3api put-bucket-policy ...` as put-bucket-policy, once where it is given for several regions."""
    return list(dict.fromkeys(line.split()[2] for line in fix.splitlines() if not line.startswith("#")))


@pytest.mark.parametrize(
    ("check", "example", "wanted"),
    [
        ("s3-sensitive-bucket-restricted", OPEN, ["put-public-access-block"]),
        (
            "s3-sensitive-bucket-restricted",
            [eg.bucket(**CONFIDENTIAL, Policy=SHARED), eg.log_target(), eg.key()],
            ["put-bucket-policy"],
        ),
        (
            "s3-sensitive-bucket-restricted",
            [eg.account(VisibleTrails=[]), eg.bucket(**CONFIDENTIAL, Logging=None), eg.key()],
            ["put-bucket-logging"],
        ),
        (
            "s3-sensitive-bucket-restricted",
            [eg.bucket(**CONFIDENTIAL, Encryption=AES), eg.log_target()],
            ["put-bucket-encryption"],
        ),
        ("cloudtrail-log-file-validation", [eg.trail(**STOPPED)], ["start-logging"]),
        ("cloudtrail-log-file-validation", [eg.trail(LogFileValidationEnabled=False)], ["update-trail"]),
        ("cloudtrail-multi-region", [eg.account(), eg.trail(**STOPPED)], ["start-logging"]),
        ("cloudtrail-multi-region", [eg.account(VisibleTrails=[])], ["create-trail", "start-logging"]),
        (
            "cloudtrail-multi-region",
            [eg.account(), eg.trail(Selectors=eg.classic("WriteOnly"))],
            ["put-event-selectors"],
        ),
        *(
            (check, [eg.account(), eg.trail(**STOPPED), eg.bucket()], ["start-logging"])
            for check in (*ASK_FOR_A_TRAIL, "cloudtrail-s3-data-events-read", "cloudtrail-s3-data-events-write")
        ),
        *((check, [eg.account(), eg.trail(**ONE_REGION)], ["update-trail"]) for check in ASK_FOR_A_TRAIL[:2]),
        *((check, [eg.account(VisibleTrails=[])], ["create-trail", "start-logging"]) for check in ASK_FOR_A_TRAIL[:2]),
        (
            "cloudtrail-enabled",
            [eg.account(), eg.trail(**ONE_REGION, **STOPPED)],
            ["update-trail", "start-logging"],
        ),
        (
            "cloudtrail-management-events",
            [eg.account(), eg.trail(**STOPPED, Selectors=eg.classic("WriteOnly"))],
            ["put-event-selectors", "start-logging"],
        ),
        (
            "cloudtrail-insights",
            [eg.account(), eg.trail(InsightSelectors=None)],
            ["put-insight-selectors"],
        ),
        ("guardduty-s3-protection", [eg.account()], ["create-detector"]),
        (
            "guardduty-s3-protection",
            [eg.account(), *eg.in_every_region(eg.detector, Detail={"Status": "ENABLED"})],
            ["update-detector"],
        ),
        (
            "guardduty-enabled",
            [eg.account(), eg.detector(eg.REGIONS[0], Detail__Status="DISABLED")],
            ["create-detector", "update-detector"],
        ),
        (
            "config-recorder",
            [eg.account()],
            ["put-configuration-recorder", "put-delivery-channel", "start-configuration-recorder"],
        ),
        (
            "config-recorder",
            [eg.account(), *eg.in_every_region(eg.recorder, Status={"recording": False})],
            ["start-configuration-recorder"],
        ),
        ("macie-enabled", [eg.account(), *eg.in_every_region(eg.macie, status="PAUSED")], ["update-macie-session"]),
        ("cloudtrail-notification", [eg.trail(SnsTopicARN=None)], ["update-trail"]),
        ("cloudtrail-notification", [eg.trail(), eg.topic(Subscriptions=UNTOLD)], ["subscribe"]),
        (
            "cloudtrail-notification",
            [eg.trail(), eg.topic(Attributes__Policy=PUBLIC_TOPIC)],
            ["set-topic-attributes"],
        ),
        (
            "s3-access-point-public-access-block",
            [eg.access_point(PolicyStatus={"IsPublic": True})],
            ["put-access-point-policy"],
        ),
        ("cloudtrail-key-access-restricted", [eg.trail(), eg.key(Grants=[GRANT])], ["revoke-grant"]),
        (
            "cloudtrail-key-access-restricted",
            [eg.targets(log_readers=(eg.READER,)), eg.trail(), eg.key(Grants=[GRANT])],
            ["put-key-policy", "revoke-grant"],
        ),
        ("cloudtrail-alarm-root-use", [eg.account(), eg.trail(**STOPPED), eg.log_group()], ["start-logging"]),
        *(
            (check, [eg.trail(**{f"Status__Latest{what}Error": code}), eg.bucket(), eg.key()], wanted)
            for check, what in (("cloudtrail-delivery", "Delivery"), ("cloudtrail-digest-delivery", "DigestDelivery"))
            for code, wanted in (
                ("AccessDenied", ["get-bucket-policy", "put-bucket-policy"]),
                ("NoSuchBucket", ["update-trail"]),
                ("KMS.DisabledException", ["get-key-policy", "put-key-policy"]),
                ("InternalError", ["get-trail-status", "get-bucket-policy", "put-bucket-policy"]),
            )
        ),
        ("cloudtrail-delivery", [eg.trail(Status__LatestDeliveryTime=eg.STALE)], ["get-trail-status"]),
        (
            "cloudtrail-delivery",
            [eg.trail(Status__LatestDeliveryTime=eg.STALE, Status__IsLogging=False)],
            ["start-logging"],
        ),
        (
            "cloudtrail-alarm-root-use",
            [eg.account(), eg.trail(), eg.log_group()],
            ["put-metric-filter", "put-metric-alarm", "subscribe"],
        ),
    ],
)
def test_the_fix_mends_the_clause_that_fails(check: str, example: list[object], wanted: list[str]) -> None:
    """What holds already gets no command, neither in the finding nor in the fix plan."""
    found = failing(check, example)
    assert verbs(found.fix) == wanted, found.reason
    left_out = set(verbs(CHECKS[check].fix)) - set(wanted)
    assert not [verb for verb in left_out if f" {verb} " in fix_plan([found])[eg.HOME]]


def document(fix: str, option: str) -> Any:
    """The document that a fix sets."""
    (line,) = [one for one in fix.splitlines() if option in one]
    words = shlex.split(line)
    return json.loads(words[words.index(option) + 1])


def test_what_stands_in_the_way_of_log_files_is_mended_where_it_lives() -> None:
    """The bucket that refuses a trail's log files is in the log archive: there its policy is changed."""
    refused = eg.organization_trail(Status__LatestDeliveryError="AccessDenied")
    example = [eg.account(VisibleTrails=[refused.id]), refused, eg.bucket(account=eg.ARCHIVE)]
    found = judge(eg.estates(example)[eg.MANAGEMENT], [CHECKS["cloudtrail-delivery"]])
    (fix,) = [one.fix for one in found if one.status is Status.FAIL]
    assert fix.startswith(f"# in account {eg.ARCHIVE}\n# look first")


def test_an_administrator_too_many_is_one_to_be_removed() -> None:
    """Whoever is not in the settings loses the delegation; registering somebody would mend nothing. A person runs it."""
    example = [eg.organization(DelegatedAdministrators={"cloudtrail.amazonaws.com": [eg.ARCHIVE]})]
    check = CHECKS["organization-delegated-administrator"]
    (found,) = [one for one in judge(eg.estates(example)[eg.MANAGEMENT], [check]) if one.status is Status.FAIL]
    removal = f"deregister-organization-delegated-admin --delegated-admin-account-id {eg.ARCHIVE}"
    assert found.fix == f"aws cloudtrail {removal}"
    assert f"takes rights from somebody, so run it by hand: {found.fix}" in fix_plan([found])[eg.MANAGEMENT]


def test_a_new_default_encryption_keeps_what_the_rule_says() -> None:
    """Two layers stay two layers, blocked kinds stay blocked, and every check gives one and the same command."""
    blocked = {"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}
    dsse = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms:dsse"}, **blocked}]}
    example = [eg.bucket(**CONFIDENTIAL, Encryption=dsse), eg.log_target()]
    fixes = [failing(check, example).fix for check in ("s3-bucket-kms-encryption", "s3-sensitive-bucket-restricted")]
    assert fixes[0] == fixes[1]
    (rule,) = document(fixes[0], "--server-side-encryption-configuration")["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms:dsse"
    assert rule["BlockedEncryptionTypes"] == blocked["BlockedEncryptionTypes"]


def test_a_policy_keeps_its_statements() -> None:
    """The denial is added to what the policy says; a policy too long for a line is left to a file."""
    policy = eg.allowing(eg.statement({"AWS": eg.HOME}, "s3:GetObject"))
    said = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    bucket = eg.bucket(Policy={**policy, "Statement": said})
    for check in ("s3-bucket-tls-only", "s3-bucket-tls-version"):
        assert document(failing(check, [bucket]).fix, "--policy")["Statement"][:-1] == said
    long = eg.bucket(Policy={**policy, "Statement": [{**said[0], "Sid": f"S{n}"} for n in range(50)]})
    assert "file://<" in failing("s3-bucket-tls-only", [long]).fix


def test_a_fix_reaches_the_target_that_the_finding_was_judged_by() -> None:
    """Days that are enough for the default are not for a longer target; other settings of the logging stay."""
    longer = eg.targets(lock_retention_days=700, cloudwatch_retention_days=700)
    lock = document(failing("s3-bucket-object-lock", [longer, eg.bucket()]).fix, "--object-lock-configuration")
    assert lock["Rule"]["DefaultRetention"]["Days"] == 700
    group = [longer, eg.trail(), eg.log_group(retentionInDays=400)]
    assert "--retention-in-days 731 " in failing("cloudwatch-log-group-retention", group).fix
    logging = {"TargetBucket": "gone", "TargetPrefix": "mine/"}
    fix = failing("s3-bucket-access-logging", [eg.bucket(Logging=logging)]).fix
    assert document(fix, "--bucket-logging-status")["LoggingEnabled"]["TargetPrefix"] == "mine/"


def test_a_store_keeps_what_is_long_enough() -> None:
    """Protection against deletion is switched on without shortening how long events are kept."""
    store = eg.event_data_store(Detail__TerminationProtectionEnabled=False, Detail__RetentionPeriod=3653)
    fix = failing("cloudtrail-event-data-store-protected", [store, eg.key()]).fix
    assert "--termination-protection-enabled" in fix
    assert "--retention-period" not in fix


def test_the_trail_that_is_stopped_is_started_where_it_lives() -> None:
    """Of two trails the one with less to do is mended: started by its ARN, in its home region, in its owner's account."""
    lame = eg.trail(**ONE_REGION, **STOPPED, Selectors=eg.classic("WriteOnly"), InsightSelectors=None)
    stopped = eg.organization_trail(**STOPPED)
    both = [eg.account(VisibleTrails=[lame.id, stopped.id]), lame, stopped, eg.bucket()]
    for check in ("cloudtrail-enabled", "cloudtrail-management-events", "cloudtrail-insights"):
        fix = failing(check, both).fix
        assert fix == (
            f"# in account {eg.MANAGEMENT}\naws cloudtrail start-logging --name {stopped.id} --region {stopped.region}"
        )


def test_a_policy_of_the_organization_is_attached_from_its_management_account() -> None:
    """The account that lacks protection cannot give it to itself; it is the target, not the place."""
    where, command = failing("organization-protects-cloudtrail", [eg.account(VisibleTrails=[])]).fix.splitlines()
    assert where == f"# in account {eg.MANAGEMENT}"
    assert command.endswith(f"--target-id {eg.HOME}")


def test_commands_that_name_a_log_group_act_where_it_lives() -> None:
    """A filter that is missing on the organization trail's log group is made in that group's account and region."""
    trail = eg.organization_trail(CloudWatchLogsLogGroupArn=eg.LOG_GROUP_ARN.replace(eg.HOME, eg.ARCHIVE))
    example = [eg.account(VisibleTrails=[trail.id]), trail, eg.log_group(account=eg.ARCHIVE)]
    where, first, *_ = failing("cloudtrail-alarm-root-use", example).fix.splitlines()
    assert where == f"# in account {eg.ARCHIVE}"
    assert "--log-group-name example-trail " in first
    assert first.endswith(f"--region {eg.HERE}")


@pytest.mark.parametrize(
    ("check", "example", "places"),
    [
        ("guardduty-enabled", [eg.account(), eg.detector(eg.REGIONS[0])], eg.REGIONS[1:]),
        ("access-analyzer-enabled", [eg.account(), eg.analyzer(eg.REGIONS[0])], eg.REGIONS[1:]),
        ("securityhub-enabled", [eg.account()], eg.REGIONS),
        ("macie-enabled", [eg.account()], eg.REGIONS),
    ],
)
def test_what_is_off_in_several_regions_is_switched_on_in_each(
    check: str, example: list[object], places: list[str]
) -> None:
    """The command is given once for every region that lacks the service, and none is left for the reader to fill in."""
    fix = failing(check, example).fix
    assert [line.split("--region ")[1] for line in fix.splitlines()] == sorted(places)
    assert "<" not in fix


def test_regions_with_and_without_get_commands_of_their_own() -> None:
    """A detector that is suspended is switched on where it is; where there is none one is made."""
    first, *others = eg.REGIONS
    fix = failing("guardduty-enabled", [eg.account(), eg.detector(first, Detail__Status="DISABLED")]).fix
    made = [line for line in fix.splitlines() if "create-detector" in line]
    assert [line.split("--region ")[1] for line in made] == sorted(others)
    assert f"update-detector --detector-id <DETECTOR_ID> --enable --region {first}" in fix


@pytest.mark.parametrize(
    ("check", "example", "wanted", "unwanted"),
    [
        ("cloudtrail-enabled", [eg.account(), eg.trail(**STOPPED)], "enable_logging", "organization-trail"),
        ("cloudtrail-enabled", [eg.account(VisibleTrails=[])], "organization-trail", "enable_logging"),
        ("cloudtrail-log-file-validation", [eg.trail(**STOPPED)], "enable_logging", "validation"),
        (
            "cloudtrail-multi-region",
            [eg.account(), eg.trail(Selectors=eg.classic("WriteOnly"))],
            "include_management_events",
            "is_multi_region",
        ),
        (
            "cloudtrail-event-data-store-protected",
            [eg.event_data_store(Detail__TerminationProtectionEnabled=False, Detail__RetentionPeriod=3653), eg.key()],
            "termination_protection_enabled",
            "retention_period",
        ),
        (
            "guardduty-s3-protection",
            [eg.account(), *eg.in_every_region(eg.detector, Detail={"Status": "ENABLED"})],
            "aws_guardduty_detector_feature",
            'resource "aws_guardduty_detector" ',
        ),
    ],
)
def test_the_code_mends_the_clause_that_fails(check: str, example: list[object], wanted: str, unwanted: str) -> None:
    """Terraform and CloudFormation say the same as the commands: no trail is made where one is merely stopped."""
    found = failing(check, example)
    code = CHECKS[check].as_code(found.fix)
    assert wanted in code.terraform
    assert unwanted not in code.terraform


@pytest.mark.parametrize("id", sorted(CHECKS))
def test_a_failure_with_code_gets_the_code_of_its_clause(id: str) -> None:
    """What a fragment mends is among the commands of the finding; a check of one clause needs no word for it."""
    check = CHECKS[id]
    for example in check.fails:
        for estate in eg.estates(example).values():
            for found in judge(estate, [check]):
                code = check.as_code(found.fix)
                assert not code.mends or any(word in found.fix for word in code.mends)


@pytest.mark.parametrize("id", sorted(CHECKS))
def test_every_reason_names_commands_of_its_checks_fix(id: str) -> None:
    """A word that no command holds would bring back the whole fix unseen."""
    check = CHECKS[id]
    for example in check.fails:
        for estate in eg.estates(example).values():
            for view in estate.views(check.subject):
                resource, trace = estate.asked(view)
                try:
                    check.question(resource)
                except (InsufficientData, NotApplicable):
                    continue
                assert [word for word in trace.mended_by if word not in check.fix] == []
