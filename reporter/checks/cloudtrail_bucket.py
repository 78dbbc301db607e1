"""The trail's bucket, wherever it lives: can the record be read, changed or deleted? Asked of the trail."""

from typing import Any

from reporter.assess.estate import Resource, both, certain, certainly, either
from reporter.assess.evaluate import check
from reporter.assess.resource_types import BUCKET, TRAIL
from reporter.checks import examples as eg
from reporter.checks import infrastructure as code
from reporter.checks.buckets import (
    access_is_logged,
    is_public,
    is_shared_by_acl,
    is_versioned,
    lock_days,
    locked_long_enough,
    refuses_plain_http,
    versioning_enabled,
    versioning_said,
)
from reporter.checks.organization import deletion_of_bucket_denied
from reporter.checks.sharing import circle
from reporter.checks.trails import is_bucket_gone, log_bucket
from reporter.documents.lifecycle import days_until_deletion
from reporter.documents.sharing import outsiders, service_grant_bound

UNTRACED: dict[str, Any] = {"Logging": None}
NO_DATA_EVENTS: dict[str, Any] = {"Selectors": eg.classic()}
STRANGER = {"AWS": f"arn:aws:iam::{eg.STRANGER}:root"}
MEMBER = {"AWS": f"arn:aws:iam::{eg.ARCHIVE}:role/Auditor"}


@check(
    "cloudtrail-bucket-in-organization",
    subject=TRAIL,
    severity="critical",
    passes=[
        [eg.trail(), eg.bucket()],
        [eg.organization_trail(), eg.bucket(account=eg.ARCHIVE)],
    ],
    fails=[
        [eg.trail()],
        [eg.trail(Status__LatestDeliveryError="NoSuchBucket"), eg.gap(BUCKET, account=eg.ARCHIVE)],
    ],
)
def bucket_in_organization(trail: Resource) -> bool:
    """The trail's bucket exists and belongs to an account of the organization.

    Bucket names are global: once deleted, a stranger can create the name anew and receive the log files.
    Fix: aws cloudtrail update-trail --name {TrailARN} --s3-bucket-name <LOG_BUCKET> --region {HomeRegion}
    """
    name = trail["S3BucketName"]
    if is_bucket_gone(trail):
        return trail.because(f"Bucket {name} does not exist: anybody may create it")
    bucket = trail.related(BUCKET, name)
    if bucket is None:
        return trail.because(f"Bucket {name} belongs to no account of the organization")
    return bool(bucket["Name"])


@check(
    "cloudtrail-bucket-access-logging",
    subject=TRAIL,
    severity="low",
    aka=("SH:CloudTrail.7",),
    acts_on=BUCKET,
    code=code.ACCESS_LOGGING,
    passes=[
        [eg.trail(), eg.bucket(), eg.log_target()],
        [eg.trail(), eg.bucket(**UNTRACED)],
        [eg.trail(**NO_DATA_EVENTS), eg.bucket(account=eg.ARCHIVE), eg.log_target(account=eg.ARCHIVE)],
    ],
    fails=[
        [eg.trail(**NO_DATA_EVENTS), eg.bucket(**UNTRACED)],
        [eg.trail(**NO_DATA_EVENTS), eg.bucket()],
        [eg.trail(**NO_DATA_EVENTS), eg.bucket(Logging={"TargetBucket": eg.BUCKET_NAME, "TargetPrefix": ""})],
        [eg.trail(**NO_DATA_EVENTS), eg.bucket(), eg.log_target(ObjectLock=eg.bucket().configuration["ObjectLock"])],
        [
            eg.account(PublicAccessBlock=eg.NO_FLAGS),
            eg.trail(**NO_DATA_EVENTS),
            eg.bucket(),
            eg.open_bucket(Name=eg.LOG_TARGET, ObjectLock=None),
        ],
    ],
)
def bucket_access_logging(trail: Resource) -> bool:
    """Access to the log files is itself recorded, by server access logs or by data events.

    Whoever reads or touches the log of an intrusion should leave a trace of that.
    Fix: aws s3api put-bucket-logging --bucket {Name}
      --bucket-logging-status '{"LoggingEnabled":{"TargetBucket":"<LOG_TARGET>","TargetPrefix":"access/"}}'
    """
    return access_is_logged(log_bucket(trail))


@check(
    "cloudtrail-bucket-mfa-delete",
    subject=TRAIL,
    severity="high",
    acts_on=BUCKET,
    passes=[[eg.trail(), eg.bucket()], [eg.organization_trail(), eg.bucket(account=eg.ARCHIVE)]],
    fails=[
        [eg.trail(), eg.bucket(Versioning={"Status": "Enabled"})],
        [eg.trail(), eg.bucket(Versioning={"Status": "Suspended", "MFADelete": "Enabled"})],
        [eg.trail(), eg.bucket(Versioning=None, ObjectLock=None)],
        [eg.trail(), eg.bucket(Versioning=None, ObjectLock=None), eg.policy()],
    ],
)
def bucket_mfa_delete(trail: Resource) -> bool:
    """Deleting log files from the trail's bucket takes a second factor.

    The first thing an intruder deletes is the log of the intrusion. Only the root user can switch this on, and not where
    lifecycle rules exist; Object Lock or a policy of the organization may stand in for it, and are then named.
    Fix: # AWS refuses MFA delete where lifecycle rules are in force: set one or the other
      aws s3api put-bucket-versioning --bucket {Name} --mfa "<SERIAL CODE>"
      --versioning-configuration Status=Enabled,MFADelete=Enabled
    """
    bucket = log_bucket(trail)
    if versioning_enabled(bucket) and bucket["Versioning"].get("MFADelete") == "Enabled":
        return True
    instead = _instead_of_mfa_delete(bucket)
    what = "MFA delete is off" if is_versioned(bucket) else versioning_said(bucket)
    return bucket.because(f"{what}; in its place: {' and '.join(instead)}" if instead else what)


def _instead_of_mfa_delete(bucket: Resource) -> list[str]:
    wanted = bucket.target("lock_retention_days")
    found = []
    if certainly(lambda: lock_days(bucket, "COMPLIANCE") >= wanted):
        found.append("Object Lock in compliance mode for at least the target")
    if certainly(lambda: deletion_of_bucket_denied(bucket)):
        found.append("a service control policy denies deletion")
    return found


@check(
    "cloudtrail-bucket-not-public",
    subject=TRAIL,
    severity="critical",
    aka=("SH:CloudTrail.6",),
    acts_on=BUCKET,
    passes=[
        [eg.trail(), eg.bucket()],
        [eg.trail(), eg.bucket(PublicAccessBlock=None, Policy=None, PolicyStatus=None)],
        [eg.trail(), eg.bucket(PublicAccessBlock=eg.FOUR_FLAGS, Policy=eg.allowing(eg.statement("*", "s3:GetObject")))],
        [eg.account(PublicAccessBlock=eg.NO_FLAGS), eg.trail(), eg.bucket(Acl=eg.acl(eg.EVERYONE))],
    ],
    fails=[
        [eg.account(PublicAccessBlock=eg.NO_FLAGS), eg.trail(), eg.open_bucket()],
        [
            eg.account(PublicAccessBlock=None),
            eg.trail(),
            eg.bucket(PublicAccessBlock=None, Acl=eg.acl(eg.ANY_AWS_USER), OwnershipControls=None),
        ],
    ],
)
def bucket_not_public(trail: Resource) -> bool:
    """The trail's bucket is not open to the public, by policy, by ACL or otherwise.

    Log files tell an intruder who works when, with which rights, and what was noticed.
    Fix: aws s3api put-public-access-block --bucket {Name} --public-access-block-configuration
      BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
    """
    return not is_public(log_bucket(trail))


@check(
    "cloudtrail-bucket-access-restricted",
    subject=TRAIL,
    severity="high",
    acts_on=BUCKET,
    passes=[
        [eg.trail(), eg.bucket()],
        [eg.trail(), eg.bucket(Policy=eg.allowing(eg.statement(MEMBER, "s3:GetObject")))],
        [eg.targets(log_readers=(eg.READER,)), eg.trail(), eg.bucket(Policy=None)],
    ],
    fails=[
        [eg.trail(), eg.bucket(Policy=eg.allowing(eg.statement(STRANGER, "s3:Get*")))],
        [eg.trail(), eg.bucket(Policy=eg.allowing(eg.statement(STRANGER, "s3:PutBucketPolicy")))],
        [
            eg.targets(log_readers=(eg.READER,)),
            eg.trail(),
            eg.bucket(Policy=eg.allowing(eg.statement(MEMBER, "s3:GetObject"))),
        ],
    ],
)
def bucket_access_restricted(trail: Resource) -> bool:
    """Nobody beside the configured readers can read, list, delete or re-policy the trail's bucket.

    A grant across accounts outlives the project it was made for.
    Fix: aws s3api put-bucket-policy --bucket {Name} --policy file://<WHOLE_POLICY_WITHOUT_THAT_GRANT>
    """
    bucket = log_bucket(trail)
    readers = tuple(trail.target("log_readers"))

    def readers_only() -> bool:
        answer = outsiders(bucket["Policy"], circle(bucket), readers)
        return not certain(answer) or bucket.because(f"Granted beyond the readers: {answer}")

    return both(readers_only, lambda: not is_shared_by_acl(bucket))


@check(
    "cloudtrail-bucket-policy-scoped",
    subject=TRAIL,
    severity="medium",
    acts_on=BUCKET,
    passes=[[eg.trail(), eg.bucket()]],
    fails=[
        [
            eg.trail(),
            eg.bucket(Policy=eg.allowing(eg.statement({"Service": "cloudtrail.amazonaws.com"}, "s3:PutObject"))),
        ]
    ],
)
def bucket_policy_scoped(trail: Resource) -> bool:
    """CloudTrail may write to the bucket for the organization's own trails only.

    A grant to the service alone lets anybody's trail write into the bucket.
    Fix: aws s3api put-bucket-policy --bucket {Name} --policy file://<WHOLE_POLICY_WITH_AWS_SOURCE_ARN>
    """
    bucket = log_bucket(trail)
    answer = service_grant_bound(bucket["Policy"], circle(bucket))
    return certain(answer) or bucket.because(f"CloudTrail's grant is {answer}")


def _expiring(days: int) -> dict[str, object]:
    rule = {"ID": "expire", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": days}}
    return {"Rules": [{**rule, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}]}


@check(
    "cloudtrail-bucket-retention",
    subject=TRAIL,
    severity="high",
    acts_on=BUCKET,
    passes=[
        [eg.trail(), eg.bucket(ObjectLock=None)],
        [eg.trail(), eg.bucket(Lifecycle=_expiring(730), ObjectLock=None)],
        [eg.trail(), eg.bucket(Lifecycle=_expiring(30))],
    ],
    fails=[[eg.trail(), eg.bucket(Lifecycle=_expiring(90), ObjectLock=None)]],
)
def bucket_retention(trail: Resource) -> bool:
    """No lifecycle rule removes log files before the target days.

    Lifecycle is stronger than the bucket's policy: it deletes even where every deletion is denied.
    Fix: aws s3api put-bucket-lifecycle-configuration --bucket {Name} --lifecycle-configuration file://<ALL_RULES_WITH_MORE_DAYS>
    """
    bucket = log_bucket(trail)
    wanted = trail.target("log_retention_days")
    return either(lambda: _kept_by_lifecycle(trail, bucket, wanted), lambda: lock_days(bucket) >= wanted)


def _kept_by_lifecycle(trail: Resource, bucket: Resource, wanted: int) -> bool:
    prefix = f"{trail['S3KeyPrefix']}/AWSLogs/" if trail["S3KeyPrefix"] else "AWSLogs/"
    deletion = days_until_deletion(bucket["Lifecycle"], bucket["Versioning"], prefix)
    if deletion.least is None or deletion.least >= wanted:
        return True
    bucket.note("Days until lifecycle deletes", deletion.least)
    return bucket.because(f"Lifecycle deletes log files after {deletion.least} days, the target is {wanted}")


@check(
    "cloudtrail-bucket-versioning",
    subject=TRAIL,
    severity="medium",
    acts_on=BUCKET,
    code=code.VERSIONING,
    passes=[[eg.trail(), eg.bucket()]],
    fails=[[eg.trail(), eg.bucket(Versioning={"Status": "Suspended"})], [eg.trail(), eg.bucket(Versioning=None)]],
)
def bucket_versioning(trail: Resource) -> bool:
    """The trail's bucket keeps every version of its log files.

    Overwriting a log file is deleting it, unless the version before is kept.
    Fix: aws s3api put-bucket-versioning --bucket {Name} --versioning-configuration Status=Enabled
    """
    return is_versioned(log_bucket(trail))


@check(
    "cloudtrail-bucket-object-lock",
    subject=TRAIL,
    severity="medium",
    acts_on=BUCKET,
    code=code.OBJECT_LOCK,
    passes=[[eg.trail(), eg.bucket()]],
    fails=[
        [eg.trail(), eg.bucket(ObjectLock=None)],
        [eg.trail(), eg.bucket(ObjectLock={"ObjectLockEnabled": "Enabled"})],
        [eg.trail(), eg.bucket(ObjectLock__Rule={"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}})],
    ],
)
def bucket_object_lock(trail: Resource) -> bool:
    """Every log file is locked against deletion for at least the target days.

    A lock without default retention protects nothing by itself.
    Fix: # cannot be taken back before the days are over
      aws s3api put-object-lock-configuration --bucket {Name} --object-lock-configuration
      '{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"COMPLIANCE","Days":365}}}'
    """
    return locked_long_enough(log_bucket(trail))


@check(
    "cloudtrail-bucket-tls-only",
    subject=TRAIL,
    severity="medium",
    acts_on=BUCKET,
    code=code.TLS_ONLY,
    passes=[[eg.trail(), eg.bucket()]],
    fails=[[eg.trail(), eg.bucket(Policy=None)]],
)
def bucket_tls_only(trail: Resource) -> bool:
    """The trail's bucket refuses every request without TLS.

    Log files that travel in the clear can be read and changed on the way.
    Fix: aws s3api put-bucket-policy --bucket {Name} --policy file://<WHOLE_POLICY_WITH_TLS_DENY>
    """
    bucket = log_bucket(trail)
    return refuses_plain_http(bucket)
