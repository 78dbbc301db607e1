"""Which fix stands beside a change."""

from dataclasses import replace
from datetime import UTC, datetime

from reporter.assess.remedy import broken_by, fix_for
from reporter.model import Change, ChangeKind, Evidence, Finding, Status

AT = datetime(2026, 3, 2, 6, tzinfo=UTC)
BUCKET, TRAIL = "AWS::S3::Bucket", "AWS::CloudTrail::Trail"
OPENED = Change(
    "1", "eu-west-1", BUCKET, "logs", "arn:aws:s3:::logs", ChangeKind.MODIFIED, None, AT,
    checks={"public": "pass -> fail", "trail-bucket": "pass -> fail", "lock": "fail -> pass", "seen": "absent -> insufficient_data"},
)  # fmt: skip


def finding(check: str, severity="high", resource="logs", type=BUCKET, status=Status.FAIL, **more) -> Finding:
    account = more.pop("account", "1")
    given = {"fix": f"aws s3api mend-{check}"} | more
    return Finding(check, account, "eu-west-1", type, resource, "", status, severity, **given)


def read(id: str, key="Policy", type=BUCKET, value=None) -> tuple[Evidence, ...]:
    return (Evidence(type, id, "2", key, value),)


def test_the_fix_is_that_of_the_gravest_check_the_change_broke() -> None:
    """A graver finding about the same bucket that failed before, or another bucket's, is not the change's to mend."""
    before = finding("tls", "critical")
    elsewhere = finding("public", "critical", resource="other")
    trail = finding("trail-bucket", "medium", "arn:trail", TRAIL, account="2", evidence=read("logs"))
    mine = finding("public", "high")
    assert broken_by(OPENED, [before, elsewhere, trail, mine]) == (mine, trail)
    assert fix_for(OPENED, [before, elsewhere, trail, mine]) == "aws s3api mend-public"


def test_another_resource_that_rests_on_the_changed_one_brings_its_fix() -> None:
    """A trail fails because of its bucket: read, or, where the bucket is gone, only named."""
    saw = finding("trail-bucket", "medium", "arn:trail", TRAIL, account="2", evidence=read("logs"))
    named = replace(saw, evidence=read("arn:trail", "S3BucketName", TRAIL, "logs"))
    stranger = replace(saw, evidence=read("other"))
    assert fix_for(OPENED, [saw]) == fix_for(OPENED, [named]) == "aws s3api mend-trail-bucket"
    assert fix_for(OPENED, [stranger]) == ""


def test_all_commands_of_a_fix_are_kept_one_a_line() -> None:
    """Two commands stay two; a finding without a fix gives way to the next."""
    first, second = finding("public", fix=""), finding("trail-bucket", "low", fix="aws one\naws two")
    assert fix_for(OPENED, [first, second]) == "aws one\naws two"


def test_a_change_that_broke_nothing_has_no_fix() -> None:
    """What fails anyway is told elsewhere."""
    assert fix_for(replace(OPENED, checks={"public": "fail -> pass"}), [finding("public")]) == ""
    assert fix_for(OPENED, [finding("lock"), finding("public", status=Status.INSUFFICIENT_DATA)]) == ""
