"""A believable organization of fourteen accounts, two runs a week apart: what the report's tests and previews stand on."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from fake_source import FakeSource

from reporter.model import (
    Account,
    Actor,
    Attribution,
    Change,
    ChangeKind,
    CheckUse,
    Control,
    Direction,
    Evidence,
    Finding,
    Framework,
    Op,
    ReadStatus,
    Run,
    Severity,
    Status,
    Waiver,
)
from reporter.report.source import (
    AccountRow,
    Acknowledgement,
    ChangeRow,
    CheckText,
    Detection,
    FindingRow,
    GapCount,
    Integrity,
    InventoryRow,
    TrendPoint,
)

AS_OF = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
LAST = AS_OF - timedelta(days=7)
TRAIL, BUCKET, ACCOUNT = "AWS::CloudTrail::Trail", "AWS::S3::Bucket", "AWS::::Account"

# id, name, OU, owner, regions
ACCOUNTS = [
    ("100000000001", "management", "Root", "cloud-platform@example.com"),
    ("100000000002", "log-archive", "Root/Security", "security@example.com"),
    ("100000000003", "audit", "Root/Security", "security@example.com"),
    ("100000000004", "network", "Root/Infrastructure", "network@example.com"),
    ("100000000005", "shared-services", "Root/Infrastructure", "cloud-platform@example.com"),
    ("200000000001", "payments-prod", "Root/Workloads/Prod", "payments@example.com"),
    ("200000000002", "checkout-prod", "Root/Workloads/Prod", "checkout@example.com"),
    ("200000000003", "datalake-prod", "Root/Workloads/Prod", "data@example.com"),
    ("200000000004", "web-prod", "Root/Workloads/Prod", "web@example.com"),
    ("200000000005", "payments-staging", "Root/Workloads/Staging", "payments@example.com"),
    ("200000000006", "datalake-dev", "Root/Workloads/Dev", "data@example.com"),
    ("200000000007", "mobile-dev", "Root/Workloads/Dev", "mobile@example.com"),
    ("300000000001", "sandbox-ml", "Root/Sandbox", ""),
    ("300000000002", "legacy-crm", "Root/Suspended", "crm@example.com"),
]


def _check(id, severity: Severity, subject, title, why, fix, aka=()):  # noqa: PLR0917
    return CheckText(id, title, why, fix, severity, subject, aka)


CHECKS = {
    c.id: c
    for c in (
        _check("cloudtrail-logging", "critical", TRAIL, "The trail is logging",
               "While a trail is stopped nothing is recorded, and an intruder's first step is to stop it.",
               "aws cloudtrail start-logging --name {TrailARN}", ("SH:CloudTrail.1", "CF:cloudtrail-enabled")),
        _check("cloudtrail-log-file-validation", "medium", TRAIL, "Log files are signed by digests",
               "Without digests nobody can tell a whole log from one with a file taken out.",
               "aws cloudtrail update-trail --name {TrailARN} --enable-log-file-validation", ("SH:CloudTrail.4",)),
        _check("cloudtrail-encryption", "medium", TRAIL, "Log files are encrypted with a customer managed key",
               "A key of one's own decides who may read the record, and can be taken away.",
               "aws cloudtrail update-trail --name {TrailARN} --kms-key-id <key ARN>", ("SH:CloudTrail.2",)),
        _check("cloudtrail-cloudwatch-logs", "low", TRAIL, "The trail is delivered to CloudWatch Logs",
               "Alarms need events within minutes; the bucket gets them later.",
               "aws cloudtrail update-trail --name {TrailARN} --cloud-watch-logs-log-group-arn <ARN>", ("SH:CloudTrail.5",)),
        _check("cloudtrail-bucket-not-public", "critical", TRAIL, "The trail's bucket is not public",
               "The record of every action tells an attacker who can do what.",
               "aws s3api put-public-access-block --bucket {S3BucketName} ...", ("SH:CloudTrail.6",)),
        _check("cloudtrail-bucket-mfa-delete", "high", TRAIL, "Deleting log files takes a second factor",
               "The first thing an intruder deletes is the log of the intrusion.",
               "aws s3api put-bucket-versioning --bucket {S3BucketName} --mfa ... --versioning-configuration "
               "Status=Enabled,MFADelete=Enabled"),
        _check("cloudtrail-s3-data-events-write", "medium", ACCOUNT, "Object-level writes are recorded for every bucket",
               "Without data events nobody knows which objects were replaced or deleted.",
               "Add an advanced event selector for AWS::S3::Object with readOnly = false", ("SH:S3.22",)),
        _check("s3-account-public-access-block", "high", ACCOUNT, "The account blocks public access to S3",
               "One switch for the account outweighs a thousand bucket policies.",
               "aws s3control put-public-access-block --account-id {Id} ...", ("SH:S3.1",)),
        _check("s3-bucket-not-public-read", "critical", BUCKET, "The bucket is not readable by everyone",
               "Public buckets are found by scanners within minutes.",
               "aws s3api put-public-access-block --bucket {Name} --public-access-block-configuration "
               "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true", ("SH:S3.2",)),
        _check("s3-bucket-tls-only", "medium", BUCKET, "The bucket refuses plain HTTP",
               "Plain HTTP can be read and changed on the way.",
               "Add a Deny on aws:SecureTransport = false for the bucket and its objects", ("SH:S3.5",)),
        _check("s3-bucket-kms-encryption", "low", BUCKET, "The bucket encrypts with a customer managed key",
               "A second lock that the bucket's policy cannot open.",
               "aws s3api put-bucket-encryption --bucket {Name} ...", ("SH:S3.17",)),
        _check("s3-bucket-versioning", "low", BUCKET, "The bucket keeps earlier versions",
               "What was overwritten by mistake or by ransomware can be had back.",
               "aws s3api put-bucket-versioning --bucket {Name} --versioning-configuration Status=Enabled", ("SH:S3.14",)),
        _check("s3-bucket-access-logging", "medium", BUCKET, "Access to the bucket is logged",
               "Without access logs nobody can say what was read.",
               "aws s3api put-bucket-logging --bucket {Name} ...", ("SH:S3.9",)),
    )
}  # fmt: skip


def _uses(*checks: str) -> tuple[CheckUse, ...]:
    return tuple(CheckUse(check, "direct") for check in checks)


FRAMEWORKS = [
    Framework("best-practices", "CloudTrail and S3 best practices", "1", "ours", (
        Control("S1", "Every action is recorded, in every region", "Recording", checks=_uses("cloudtrail-logging")),
        Control("S2", "The record can be proved whole", "Integrity", checks=_uses("cloudtrail-log-file-validation")),
        Control("S4", "The record raises alarms", "Alarms", checks=_uses("cloudtrail-cloudwatch-logs")),
        Control("S5", "Access to the record is itself recorded", "Access logs", checks=_uses("s3-bucket-access-logging")),
        Control("S6", "Deleting the record takes a second factor", "Deletion", checks=_uses("cloudtrail-bucket-mfa-delete")),
        Control("S7", "The record is readable by few", "Exposure", checks=_uses(
            "cloudtrail-bucket-not-public", "s3-bucket-not-public-read", "s3-account-public-access-block")),
        Control("S8", "The record and the data are encrypted", "Encryption", checks=_uses(
            "cloudtrail-encryption", "s3-bucket-kms-encryption", "s3-bucket-tls-only")),
        Control("S9", "Earlier versions are kept", "Versions", checks=_uses("s3-bucket-versioning")),
    )),
    Framework("cis-aws-5.0.0", "CIS AWS Foundations", "5.0.0", "CIS", (
        Control("2.1.1", "Buckets refuse plain HTTP", "Storage", "2", checks=_uses("s3-bucket-tls-only")),
        Control("2.1.2", "Deletion takes a second factor", "Storage", "2", checks=_uses("cloudtrail-bucket-mfa-delete")),
        Control("2.1.3", "Data in S3 is discovered and classified", "Storage", "2",
                "The benchmark itself calls this manual."),
        Control("2.1.4", "Public access is blocked", "Storage", "1", checks=_uses(
            "s3-account-public-access-block", "s3-bucket-not-public-read")),
        Control("3.1", "A trail records in every region", "Logging", "1", checks=_uses("cloudtrail-logging")),
        Control("3.2", "Log files are validated", "Logging", "2", checks=_uses("cloudtrail-log-file-validation")),
        Control("3.4", "The log bucket's access is logged", "Logging", "1", checks=_uses("s3-bucket-access-logging")),
        Control("3.5", "The trail is encrypted by a customer key", "Logging", "2", checks=_uses("cloudtrail-encryption")),
        Control("3.8", "Object-level writes are recorded", "Logging", "2", checks=_uses("cloudtrail-s3-data-events-write")),
        Control("4.1", "Unauthorized calls raise an alarm", "Monitoring", "2", "No check of this edition covers it."),
    )),
    Framework("fsbp", "AWS Foundational Security Best Practices", "1.0.0", "AWS", tuple(
        Control(aka.removeprefix("SH:"), c.title, aka[3:].split(".")[0], checks=_uses(c.id))
        for c in CHECKS.values() for aka in c.aka if aka.startswith("SH:")
    )),
]  # fmt: skip

_BUCKETS = {
    "100000000002": ["example-org-trail-logs", "example-access-logs"],
    "200000000001": ["payments-prod-ledger", "payments-prod-exports", "payments-prod-artifacts"],
    "200000000002": ["checkout-prod-sessions", "checkout-prod-assets"],
    "200000000003": ["datalake-prod-raw", "datalake-prod-curated", "datalake-prod-tmp", "datalake-prod-athena"],
    "200000000004": ["web-prod-static", "web-prod-uploads"],
    "200000000005": ["payments-staging-ledger"],
    "200000000006": ["datalake-dev-scratch", "datalake-dev-notebooks"],
    "200000000007": ["mobile-dev-builds"],
    "300000000001": ["sandbox-ml-models"],
}

# (check, account, resource) that fail; value: days since first seen, state
_FAILS = {
    ("cloudtrail-logging", "200000000001", "payments-trail"): (2, "new"),
    ("s3-bucket-not-public-read", "200000000004", "web-prod-uploads"): (4, "new"),
    ("s3-bucket-not-public-read", "200000000003", "datalake-prod-tmp"): (1, "reopened"),
    ("cloudtrail-bucket-mfa-delete", "100000000001", "org-events"): (63, "persisting"),
    ("s3-account-public-access-block", "200000000004", "200000000004"): (63, "persisting"),
    ("s3-account-public-access-block", "300000000001", "300000000001"): (35, "persisting"),
    ("cloudtrail-encryption", "200000000001", "payments-trail"): (3, "new"),
    ("cloudtrail-log-file-validation", "200000000001", "payments-trail"): (63, "persisting"),
    ("cloudtrail-s3-data-events-write", "200000000003", "200000000003"): (120, "persisting"),
    ("cloudtrail-s3-data-events-write", "200000000007", "200000000007"): (120, "persisting"),
    ("s3-bucket-tls-only", "200000000002", "checkout-prod-assets"): (63, "persisting"),
    ("s3-bucket-tls-only", "200000000006", "datalake-dev-scratch"): (63, "persisting"),
    ("s3-bucket-tls-only", "200000000007", "mobile-dev-builds"): (14, "persisting"),
    ("s3-bucket-access-logging", "200000000003", "datalake-prod-tmp"): (63, "persisting"),
    ("s3-bucket-access-logging", "200000000006", "datalake-dev-notebooks"): (63, "persisting"),
    ("s3-bucket-access-logging", "200000000007", "mobile-dev-builds"): (14, "persisting"),
    ("s3-bucket-versioning", "200000000006", "datalake-dev-scratch"): (63, "persisting"),
    ("s3-bucket-versioning", "200000000004", "web-prod-static"): (63, "persisting"),
    ("s3-bucket-kms-encryption", "200000000004", "web-prod-static"): (63, "persisting"),
    ("s3-bucket-kms-encryption", "200000000002", "checkout-prod-assets"): (5, "new"),
    ("cloudtrail-cloudwatch-logs", "200000000001", "payments-trail"): (63, "persisting"),
}

_EVIDENCE = {
    "cloudtrail-logging": [("Status.IsLogging", False, "GetTrailStatus"),
                           ("Status.StopLoggingTime", "2026-11-20T14:02:11Z", "GetTrailStatus"),
                           ("IsMultiRegionTrail", True, "DescribeTrails")],
    "s3-bucket-not-public-read": [("PolicyStatus.IsPublic", True, "GetBucketPolicyStatus"),
                                  ("Policy.Statement", [{"Sid": "PublicRead", "Effect": "Allow", "Principal": "*",
                                                         "Action": "s3:GetObject"}], "GetBucketPolicy"),
                                  ("PublicAccessBlock", None, "GetPublicAccessBlock")],
    "cloudtrail-bucket-mfa-delete": [("S3BucketName", "example-org-trail-logs", "DescribeTrails"),
                                     ("Versioning", {"Status": "Enabled"}, "GetBucketVersioning")],
    "s3-account-public-access-block": [("PublicAccessBlock", {"BlockPublicAcls": False, "BlockPublicPolicy": False,
                                        "IgnorePublicAcls": True, "RestrictPublicBuckets": False}, "GetPublicAccessBlock")],
}  # fmt: skip

# what the other checks are shown to have read; the trail's bucket and key belong to other accounts, as they do
_READS = {
    TRAIL: [("S3BucketName", "example-org-trail-logs", "DescribeTrails"),
            ("KmsKeyId", "arn:aws:kms:eu-west-1:100000000003:key/0f3c-41", "DescribeTrails")],
    BUCKET: [("Logging", {"TargetBucket": "example-access-logs", "TargetPrefix": ""}, "GetBucketLogging"),
             ("Policy.Statement[0].Principal", {"AWS": "arn:aws:iam::100000000001:root"}, "GetBucketPolicy")],
    ACCOUNT: [("VisibleTrails", ["arn:aws:cloudtrail:eu-central-1:100000000001:trail/org-events"], "DescribeTrails")],
}  # fmt: skip

WAIVERS = [
    Waiver("w-2026-014", "s3-bucket-versioning", "Scratch data is rebuilt every night; versions would triple its cost.",
           "data@example.com", "ciso@example.com", date(2026, 12, 9), "*datalake-dev-scratch", ticket="SEC-1180"),
    Waiver("w-2026-009", "s3-bucket-kms-encryption", "Public web assets hold nothing secret.", "web@example.com",
           "ciso@example.com", date(2027, 3, 31), "*web-prod-static", ticket="SEC-1102"),
]  # fmt: skip


def _run(seq: int, as_of: datetime) -> Run:
    chain = f"{seq:02x}" * 4 + "9f4a61c27be05d38" * 3 + "77e1d0b2"
    return Run(f"run-{as_of:%Y%m%d}-0600", as_of, "scheduled", "sealed", as_of - timedelta(minutes=6), as_of, seq,
               chain[::-1], chain, "0.1.0", "c0ffee12" * 8, "o-exampleorg1")  # fmt: skip


def _account_rows() -> list[AccountRow]:
    rows = []
    owned = Counter(subject[0] for subject in _subjects())
    for id, name, ou, owner in ACCOUNTS:
        account = Account(id, name, f"aws+{name}@example.com", "ACTIVE", ou_path=ou,
                          tags={"Owner": owner} if owner else {}, management=name == "management")  # fmt: skip
        row = AccountRow(account, ReadStatus.READ, "", AS_OF - timedelta(minutes=3), AS_OF, None, 17, 17,
                         owned[id], 0, 96, 0)  # fmt: skip
        if name == "mobile-dev":
            row = replace(row, status=ReadStatus.PARTIAL, gaps=2, denied=4, since=LAST,
                          reason="s3:GetBucketPolicy is denied by a service control policy; allow it for the audit role.")  # fmt: skip
        if name == "sandbox-ml":
            row = replace(row, status=ReadStatus.UNREACHABLE, observed_at=None, last_read_at=AS_OF - timedelta(days=21),
                          since=AS_OF - timedelta(days=14), regions_read=0, calls=1, denied=1,
                          reason="sts:AssumeRole on reporter-audit was denied; deploy the member role to this account.")  # fmt: skip
        if name == "legacy-crm":
            row = replace(row, status=ReadStatus.EXCLUDED, observed_at=None, last_read_at=None, regions_read=0, calls=0,
                          account=replace(account, state="SUSPENDED"), reason="Suspended by AWS Organizations.",
                          excluded_by="cloud-platform@example.com")  # fmt: skip
        rows.append(row)
    return rows


def _subjects() -> list[tuple[str, str, str, str, str]]:
    """(account, region, type, id, arn) of everything a check is put to."""
    trails = [("100000000001", "eu-central-1", "org-events"), ("200000000001", "eu-west-1", "payments-trail")]
    rows = [(a, r, TRAIL, n, f"arn:aws:cloudtrail:{r}:{a}:trail/{n}") for a, r, n in trails]
    rows += [(a, "eu-central-1", BUCKET, n, f"arn:aws:s3:::{n}") for a, names in _BUCKETS.items() for n in names]
    return rows + [(a[0], "global", ACCOUNT, a[0], f"arn:aws:organizations::100000000001:account/o-exampleorg1/{a[0]}")
                   for a in ACCOUNTS if a[1] != "legacy-crm"]  # fmt: skip


def _answer(check: CheckText, subject: tuple[str, str, str, str, str]) -> FindingRow:
    account, region, type, id, arn = subject
    status, since, state = Status.PASS, AS_OF - timedelta(days=63), "persisting"
    if fail := _FAILS.get((check.id, account, id)):
        status, since, state = Status.FAIL, AS_OF - timedelta(days=fail[0]), fail[1]
    elif account == "300000000001" or (account == "200000000007" and check.id == "s3-bucket-not-public-read"):
        status = Status.INSUFFICIENT_DATA
    reads = _EVIDENCE.get(check.id, _READS.get(type, [])) if status is Status.FAIL else []
    evidence = tuple(Evidence(type, id, account, key, value, call, AS_OF) for key, value, call in reads)
    fix = check.fix.replace("{TrailARN}", arn).replace("{Name}", id).replace("{Id}", id)
    fix = fix.replace("{S3BucketName}", "example-org-trail-logs")
    reason = "s3:GetBucketPolicy: AccessDenied" if status is Status.INSUFFICIENT_DATA else ""
    waiver = next((w for w in WAIVERS if w.check == check.id and w.resource.strip("*") == id), None)
    finding = Finding(check.id, account, region, type, id, arn, status, check.severity, reason, evidence, fix)
    return FindingRow(finding, since, state, waiver if status is Status.FAIL else None)  # type: ignore[arg-type]


def _actor(name: str, event: str, at: datetime, via: str = "console", mfa: bool | None = True) -> Actor:
    return Actor(f"9f{at:%d%H%M}-4a61-4c27-8be0-5d3877e1d0b2", event, at, f"{name} via AdministratorAccess",
                 f"arn:aws:sts::100000000001:assumed-role/AWSReservedSSO_AdministratorAccess/{name}", "203.0.113.24",
                 "aws-console", via, mfa)  # fmt: skip


def _changes() -> list[ChangeRow]:
    at = AS_OF - timedelta(days=2)
    public = {"Sid": "PublicRead", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
              "Resource": "arn:aws:s3:::web-prod-uploads/*"}  # fmt: skip
    exact = "The event names the resource and sets exactly the values seen."

    def change(  # noqa: PLR0917
        n, account, region, type, name, kind, direction, severity, summary, ops=(), checks=None, klass="security"
    ):
        arn = f"arn:aws:s3:::{name}" if type == BUCKET else f"arn:aws:cloudtrail:{region}:{account}:trail/{name}"
        return Change(account, region, type, name, arn, kind, LAST, AS_OF, klass, direction, severity, tuple(ops), summary,
                      checks or {}, 1, n)  # fmt: skip

    w, i, n = Direction.WORSENED, Direction.IMPROVED, Direction.NEUTRAL
    kinds = ChangeKind
    return [
        ChangeRow(change(1, "200000000001", "eu-west-1", TRAIL, "payments-trail", kinds.MODIFIED, w, "critical",
                         "Logging was stopped on payments-trail", [Op("changed", "Status.IsLogging", True, False, "security"),
                          Op("changed", "KmsKeyId", "arn:aws:kms:eu-west-1:200000000001:key/5f0e-aa", None, "security")],
                         {"cloudtrail-logging": "pass -> fail", "cloudtrail-encryption": "pass -> fail"}),
                  Attribution("exact", exact, (_actor("jordan@example.com", "StopLogging", at),))),
        ChangeRow(change(2, "200000000004", "eu-central-1", BUCKET, "web-prod-uploads", kinds.MODIFIED, w, "critical",
                         "web-prod-uploads was opened to everyone",
                         [Op("added", 'Policy.Statement["PublicRead"]', None, public, "security"),
                          Op("removed", "PublicAccessBlock", {"BlockPublicPolicy": True}, None, "security")],
                         {"s3-bucket-not-public-read": "pass -> fail"}),
                  Attribution("likely", "Two events fit; the later one wrote the policy seen.",
                              (_actor("ci-deploy", "PutBucketPolicy", at, "terraform", None),))),
        ChangeRow(change(3, "200000000003", "eu-central-1", BUCKET, "datalake-prod-tmp", kinds.MODIFIED, w, "critical",
                         "datalake-prod-tmp is public again through an ACL",
                         [Op("changed", "Acl.Grants[AllUsers]", None, "READ", "security")],
                         {"s3-bucket-not-public-read": "pass -> fail"}), Attribution("none", "No event was found.")),
        ChangeRow(change(4, "200000000002", "eu-central-1", BUCKET, "checkout-prod-assets", kinds.MODIFIED, w, "low",
                         "Encryption of checkout-prod-assets fell back to SSE-S3",
                         [Op("changed", "Encryption.Rules[0].SSEAlgorithm", "aws:kms", "AES256", "security")],
                         {"s3-bucket-kms-encryption": "pass -> fail"}),
                  Attribution("exact", exact, (_actor("sam@example.com", "PutBucketEncryption", at, "cli"),)),
                  Acknowledgement(4, "checkout@example.com", "Key moves to the new account next week.", AS_OF, date(2026, 12, 1))),
        ChangeRow(change(5, "200000000005", "eu-central-1", BUCKET, "payments-staging-ledger", kinds.MODIFIED, i, "medium",
                         "payments-staging-ledger now refuses plain HTTP",
                         [Op("added", 'Policy.Statement["TLSOnly"]', None, {"Effect": "Deny", "Sid": "TLSOnly"}, "security")],
                         {"s3-bucket-tls-only": "fail -> pass"}),
                  Attribution("exact", exact, (_actor("ci-deploy", "PutBucketPolicy", at, "terraform", None),))),
        ChangeRow(change(6, "200000000002", "eu-central-1", BUCKET, "checkout-prod-old-exports", kinds.DELETED, n, "informational",
                         "checkout-prod-old-exports was deleted", klass="operational"),
                  Attribution("exact", exact, (_actor("sam@example.com", "DeleteBucket", at, "cli"),))),
        ChangeRow(change(7, "200000000006", "eu-central-1", BUCKET, "datalake-dev-notebooks", kinds.CREATED, n, "informational",
                         "datalake-dev-notebooks was created", klass="operational"), None),
        ChangeRow(change(8, "200000000007", "eu-central-1", BUCKET, "mobile-dev-builds", kinds.ACCESS_LOST, n, "medium",
                         "The policy of mobile-dev-builds can no longer be read",
                         [Op("access_lost", "Policy", {"Version": "2012-10-17"}, None, "operational")], klass="operational"), None),
        ChangeRow(change(9, "200000000003", "eu-central-1", BUCKET, "datalake-prod-raw", kinds.MODIFIED, n, "informational",
                         "Tags of datalake-prod-raw changed", klass="tags"), None),
    ]  # fmt: skip


def _trend(now: TrendPoint) -> list[TrendPoint]:
    """Eleven weeks that end where this run begins."""
    moves = (9, 8, 8, 6, 5, 5, 3, 1, 0, -2, -3)
    return [
        TrendPoint(f"run-{week}", AS_OF - timedelta(days=7 * (11 - week)), now.passed - move, now.failed + move, 1,
                   max(now.insufficient - 2 + week % 3, 0), now.accounts_read + (week < 9), now.accounts_total)
        for week, move in enumerate(moves)
    ]  # fmt: skip


def _gaps() -> list[tuple[str, GapCount]]:
    return [
        ("300000000001", GapCount("sts:AssumeRole", "AssumeRole", "AccessDenied", 1, 1, (ACCOUNT,), ("global",))),
        ("200000000007", GapCount("s3:GetBucketPolicy", "GetBucketPolicy", "AccessDenied", 1, 1, (BUCKET,), ("eu-central-1",))),
        ("200000000007", GapCount("s3:GetBucketPolicyStatus", "GetBucketPolicyStatus", "AccessDenied", 1, 1, (BUCKET,),
                                  ("eu-central-1",))),
        ("200000000003", GapCount("cloudtrail:GetInsightSelectors", "GetInsightSelectors", "Throttling", 2, 1, (TRAIL,),
                                  ("ap-south-1", "us-west-2"))),
    ]  # fmt: skip


def organization(*, first: bool = False, quiet: bool = False) -> FakeSource:
    """The organization as its weekly run saw it; as the first run ever; or after a week in which nothing happened."""
    answers = [_answer(check, s) for check in CHECKS.values() for s in _subjects() if s[2] == check.subject]
    still = first or quiet
    if still:
        answers = [replace(row, state="persisting") for row in answers]
    return FakeSource(
        this_run=_run(1 if first else 12, AS_OF),
        previous_run=None if first else _run(11, LAST),
        check_texts=CHECKS,
        framework_list=FRAMEWORKS,
        account_rows=_account_rows(),
        answers=answers,
        change_rows=[] if still else _changes(),
        gap_rows=_gaps(),
        waiver_list=WAIVERS,
        trend_points=None if first else _trend,
        fixed=[] if still else [("200000000005", "s3-bucket-tls-only"), ("200000000003", "s3-bucket-versioning")],
        integrity_read=None if still else Integrity(
            2, 18_204, 336, ("One digest of payments-trail is missing for 20 Nov 2026, 14:00 to 15:00 UTC.",), LAST, AS_OF,
            (Detection("Trail stopped by a person outside working hours", "200000000001", "jordan@example.com",
                       AS_OF - timedelta(days=2), "high", "StopLogging from an address never seen before"),)),
        inventory_rows=[InventoryRow(a, r, t, i, arn, LAST, AS_OF, f"{n:064x}") for n, (a, r, t, i, arn) in enumerate(_subjects())],
    )  # fmt: skip
