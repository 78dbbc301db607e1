"""The fix of a finding mends its reason: a check of several clauses gives the commands of the one that fails."""

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


def failing(check: str, example: list[object]) -> Finding:
    """The check's failure in an example's home account."""
    found = judge(eg.estates(example)[eg.HOME], [CHECKS[check]])
    return next(one for one in found if one.status is Status.FAIL)


def verbs(fix: str) -> list[str]:
    """`aws s3api put-bucket-policy ...` as put-bucket-policy."""
    return [line.split()[2] for line in fix.splitlines()]


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


def test_a_store_keeps_what_is_long_enough() -> None:
    """Protection against deletion is switched on without shortening how long events are kept."""
    store = eg.event_data_store(Detail__TerminationProtectionEnabled=False, Detail__RetentionPeriod=3653)
    fix = failing("cloudtrail-event-data-store-protected", [store, eg.key()]).fix
    assert "--termination-protection-enabled" in fix
    assert "--retention-period" not in fix


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
