"""Buckets: what S3 itself offers to protect what lies in them."""

from typing import Any

from reporter.assess.estate import InsufficientData, NotApplicable, Resource, certain, some
from reporter.assess.evaluate import check
from reporter.assess.resource_types import BUCKET
from reporter.checks import examples as eg
from reporter.checks import infrastructure as code
from reporter.checks.buckets import (
    is_replica,
    is_versioned,
    lifecycle_rules,
    locked_long_enough,
    logs_access_to_sound_target,
    receives_logs,
    refuses_plain_http,
    versioning_enabled,
    with_denial,
)
from reporter.checks.keys import encrypted_with_customer_key, encryption_rules
from reporter.documents.guards import tls_at_least

REPLICA = f"{eg.BUCKET_NAME}-replica"
SSE_S3 = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
AWS_MANAGED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
EXPIRE = {"ID": "expire", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 400}}


def _denying(*, condition: dict[str, Any], **more: Any) -> dict[str, Any]:
    both_levels = [f"arn:aws:s3:::{eg.BUCKET_NAME}", f"arn:aws:s3:::{eg.BUCKET_NAME}/*"]
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": both_levels, "Condition": condition}
    return {"Version": "2012-10-17", "Statement": [{**statement, **more}]}


INSECURE = {"Bool": {"aws:SecureTransport": "false"}}


@check(
    "s3-bucket-tls-only",
    subject=BUCKET,
    severity="medium",
    aka=("SH:S3.5", "CF:s3-bucket-ssl-requests-only"),
    code=code.TLS_ONLY,
    passes=[
        [eg.bucket()],
        [eg.bucket(Policy=_denying(condition={"Bool": {"AWS:SECURETRANSPORT": [False]}}))],
        [eg.bucket(Policy=_denying(condition=INSECURE, Principal={"AWS": "*"}))],
    ],
    fails=[
        [eg.bucket(Policy=None)],
        [eg.bucket(Policy=_denying(condition=INSECURE, Action="s3:PutObject"))],
        [eg.bucket(Policy=_denying(condition=INSECURE, Principal={"AWS": f"arn:aws:iam::{eg.HOME}:root"}))],
        [eg.bucket(Policy=_denying(condition=INSECURE, Resource=f"arn:aws:s3:::{eg.BUCKET_NAME}/prefix/*"))],
        [eg.bucket(Policy=_denying(condition={"Bool": {"aws:SecureTransport": "true"}}))],
    ],
)
def tls_required(bucket: Resource) -> bool:
    """The bucket refuses every request without TLS.

    A request in the clear shows its content, and its signature, to everybody on the way.
    Fix: aws s3api put-bucket-policy --bucket {Name} --policy file://<WHOLE_POLICY_WITH_TLS_DENY>
    """
    return refuses_plain_http(bucket)


@check(
    "s3-bucket-tls-version",
    subject=BUCKET,
    severity="low",
    code=code.TLS_VERSION,
    passes=[[eg.bucket()]],
    fails=[
        [eg.bucket(Policy=None)],
        [eg.bucket(Policy=_denying(condition={"NumericLessThan": {"s3:TlsVersion": "1.1"}}))],
    ],
)
def tls_version(bucket: Resource) -> bool:
    """The bucket refuses TLS below version 1.2.

    Older versions of TLS can be broken on the way.
    Fix: aws s3api put-bucket-policy --bucket {Name} --policy file://<WHOLE_POLICY_WITH_TLS_VERSION_DENY>
    """
    answer = tls_at_least(bucket["Policy"], bucket.arn)
    if answer.holds is False:
        bucket.note("Why", list(answer.because))
        with_denial(bucket, {"NumericLessThan": {"s3:TlsVersion": "1.2"}})
    return certain(answer) or bucket.because("TLS below 1.2 is not denied to everybody, on bucket and objects")


@check(
    "s3-bucket-encryption",
    subject=BUCKET,
    severity="medium",
    passes=[[eg.bucket()], [eg.bucket(Encryption=SSE_S3)]],
    fails=[[eg.bucket(Encryption=None)], [eg.bucket(Encryption={"Rules": []})]],
)
def encryption(bucket: Resource) -> bool:
    """New objects are encrypted by default.

    S3 does this by itself since 2023; a bucket without a rule is a sign of an old or foreign implementation.
    Fix: aws s3api put-bucket-encryption --bucket {Name} --server-side-encryption-configuration
      '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'
    """
    return any(rule["SSEAlgorithm"] for rule in encryption_rules(bucket)) or bucket.because(
        "No rule encrypts new objects"
    )


@check(
    "s3-bucket-kms-encryption",
    subject=BUCKET,
    severity="medium",
    aka=("SH:S3.17", "CF:s3-default-encryption-kms"),
    code=code.BUCKET_KEY,
    passes=[[eg.bucket(), eg.key()]],
    fails=[
        [eg.bucket(Encryption=SSE_S3)],
        [eg.bucket(Encryption=AWS_MANAGED)],
        [eg.bucket()],
        [eg.bucket(), eg.key(Metadata__KeyState="Disabled")],
        [eg.log_target()],
    ],
    skips=[[eg.log_target(), eg.bucket()]],
)
def kms_encryption(bucket: Resource) -> bool:
    """New objects are encrypted under a customer managed key that exists and is enabled.

    Such a key is a second lock with its own list of who may open it, and a record of every opening. A bucket that receives
    access logs is not asked for one.
    Fix: aws s3api put-bucket-encryption --bucket {Name} --server-side-encryption-configuration
      '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"<KEY_ARN>"},
      "BucketKeyEnabled":true}]}'
    """
    if encrypted_with_customer_key(bucket):
        return True
    if receives_logs(bucket):
        raise NotApplicable("The bucket receives access logs, which AWS supports with S3's own key only")
    return False


@check(
    "s3-bucket-versioning",
    subject=BUCKET,
    severity="medium",
    aka=("SH:S3.14", "CF:s3-bucket-versioning-enabled"),
    code=code.VERSIONING,
    passes=[[eg.bucket()]],
    fails=[[eg.bucket(Versioning=None)], [eg.bucket(Versioning={"Status": "Suspended"})]],
)
def versioning(bucket: Resource) -> bool:
    """The bucket keeps every version of its objects.

    What is overwritten or deleted by mistake, or by ransomware, can be brought back.
    Fix: aws s3api put-bucket-versioning --bucket {Name} --versioning-configuration Status=Enabled
    """
    return is_versioned(bucket)


@check(
    "s3-bucket-mfa-delete",
    subject=BUCKET,
    severity="low",
    aka=("SH:S3.20", "CF:s3-bucket-mfa-delete-enabled"),
    passes=[[eg.bucket()]],
    fails=[[eg.bucket(Versioning={"Status": "Enabled"})], [eg.bucket(Versioning=None)]],
    skips=[[eg.bucket(Versioning={"Status": "Enabled"}, Lifecycle={"Rules": [EXPIRE]})]],
)
def mfa_delete(bucket: Resource) -> bool:
    """Deleting object versions takes a second factor.

    A stolen key alone then cannot destroy what the bucket holds. Only the root user can switch this on.
    Fix: # AWS refuses MFA delete where lifecycle rules are in force: set one or the other
      aws s3api put-bucket-versioning --bucket {Name} --mfa "<SERIAL CODE>"
      --versioning-configuration Status=Enabled,MFADelete=Enabled
    """
    if versioning_enabled(bucket) and bucket["Versioning"].get("MFADelete") == "Enabled":
        return True
    if lifecycle_rules(bucket):
        raise NotApplicable("MFA delete cannot be combined with lifecycle rules")
    return bucket.because("MFA delete is off")


@check(
    "s3-bucket-object-lock",
    subject=BUCKET,
    severity="medium",
    aka=("SH:S3.15", "CF:s3-bucket-default-lock-enabled"),
    code=code.OBJECT_LOCK,
    passes=[[eg.bucket()]],
    fails=[
        [eg.bucket(ObjectLock=None)],
        [eg.bucket(ObjectLock={"ObjectLockEnabled": "Enabled"})],
        [eg.bucket(ObjectLock__Rule={"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}})],
        [eg.log_target()],
    ],
    skips=[[eg.log_target(), eg.bucket()]],
)
def object_lock(bucket: Resource) -> bool:
    """Every new object is locked against deletion for at least the target days.

    A lock without default retention protects nothing by itself. A bucket that receives access logs is not asked for one.
    Fix: # cannot be taken back before the days are over
      aws s3api put-object-lock-configuration --bucket {Name} --object-lock-configuration
      '{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"COMPLIANCE","Days":365}}}'
    """
    if locked_long_enough(bucket):
        return True
    if receives_logs(bucket):
        raise NotApplicable("The bucket receives access logs, which S3 does not deliver under default retention")
    return False


@check(
    "s3-bucket-lifecycle",
    subject=BUCKET,
    severity="low",
    aka=("SH:S3.13", "CF:s3-lifecycle-policy-check"),
    passes=[[eg.bucket(Lifecycle={"Rules": [EXPIRE]})]],
    fails=[[eg.bucket(Lifecycle=None)], [eg.bucket(Lifecycle={"Rules": [{**EXPIRE, "Status": "Disabled"}]})]],
)
def lifecycle(bucket: Resource) -> bool:
    """A lifecycle rule says what becomes of old objects.

    Data that nobody decided to keep is cost, and a liability when it leaks.
    Fix: # AWS refuses lifecycle rules where MFA delete is on: set one or the other
      aws s3api put-bucket-lifecycle-configuration --bucket {Name} --lifecycle-configuration file://<ALL_RULES_WITH_ONE_IN_FORCE>
    """
    return bool(lifecycle_rules(bucket)) or bucket.because("No lifecycle rule is in force")


@check(
    "s3-bucket-replication",
    subject=BUCKET,
    severity="low",
    aka=("SH:S3.7", "CF:s3-bucket-cross-region-replication-enabled"),
    passes=[[eg.bucket(), eg.bucket(Name=REPLICA, region="eu-west-1", Replication=None)]],
    fails=[
        [eg.bucket(Replication=None)],
        [eg.bucket(), eg.bucket(Name=REPLICA, Replication=None)],
        [eg.bucket(Replication={"Role": "r", "Rules": [{"Status": "Disabled", "Destination": {"Bucket": REPLICA}}]})],
    ],
    skips=[[eg.bucket(Name=REPLICA, region="eu-west-1", Replication=None), eg.bucket()]],
)
def replication(bucket: Resource) -> bool:
    """Objects are replicated to a bucket in another region.

    One region's trouble, or one account's, then does not take the only copy.
    Fix: aws s3api put-bucket-replication --bucket {Name} --replication-configuration file://<ALL_REPLICATION_RULES>
    """
    rules = (bucket["Replication"] or {}).get("Rules", ())
    targets = [rule["Destination"]["Bucket"] for rule in rules if rule["Status"] == "Enabled"]
    if not targets:
        if is_replica(bucket):
            raise NotApplicable("The bucket is itself a replica")
        return bucket.because("No replication rule is in force")
    bucket.because("Objects are replicated within the region only")
    return some(targets, lambda target: _elsewhere(bucket, target))


def _elsewhere(bucket: Resource, target: str) -> bool:
    copy = bucket.related(BUCKET, target)
    if copy is None:
        raise InsufficientData(f"bucket {target} belongs to no account of the organization, so its region is not known")
    return bool(copy["BucketRegion"] != bucket["BucketRegion"])


@check(
    "s3-bucket-event-notifications",
    subject=BUCKET,
    severity="low",
    aka=("SH:S3.11", "CF:s3-event-notifications-enabled"),
    code=code.NOTIFICATIONS,
    passes=[[eg.bucket()]],
    fails=[[eg.bucket(Notification=None)]],
)
def event_notifications(bucket: Resource) -> bool:
    """Somebody is notified of what happens to the objects.

    Changes that nobody hears of are found too late.
    Fix: aws s3api put-bucket-notification-configuration --bucket {Name}
      --notification-configuration '{"EventBridgeConfiguration":{}}'
    """
    configured = bucket["Notification"] or {}
    return any(value is not None for value in configured.values()) or bucket.because("Nobody is notified")


@check(
    "s3-bucket-access-logging",
    subject=BUCKET,
    severity="medium",
    aka=("SH:S3.9", "CF:s3-bucket-logging-enabled"),
    code=code.ACCESS_LOGGING,
    passes=[[eg.bucket(), eg.log_target()]],
    fails=[
        [eg.bucket(Logging=None)],
        [eg.bucket()],
        [eg.bucket(Logging={"TargetBucket": eg.BUCKET_NAME, "TargetPrefix": ""})],
        [eg.bucket(), eg.log_target(ObjectLock=eg.bucket().configuration["ObjectLock"])],
    ],
    skips=[[eg.log_target(), eg.bucket()]],
)
def access_logging(bucket: Resource) -> bool:
    """Requests to the bucket are logged to another bucket.

    The log answers who read what, from where; a bucket that receives such logs is not asked to log itself.
    Fix: aws s3api put-bucket-logging --bucket {Name}
      --bucket-logging-status '{"LoggingEnabled":{"TargetBucket":"<LOG_TARGET>","TargetPrefix":"access/"}}'
    """
    if bucket["Logging"] is None and receives_logs(bucket):
        raise NotApplicable("The bucket receives access logs")
    return logs_access_to_sound_target(bucket)


@check(
    "s3-bucket-acl-disabled",
    subject=BUCKET,
    severity="medium",
    aka=("SH:S3.12", "CF:s3-bucket-acl-prohibited"),
    code=code.OWNERSHIP,
    passes=[[eg.bucket()]],
    fails=[
        [eg.bucket(OwnershipControls=None)],
        [eg.bucket(OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]})],
    ],
)
def acl_disabled(bucket: Resource) -> bool:
    """Access is given by policies alone: ACLs are switched off.

    An ACL is a second, older way in that policies do not show.
    Fix: aws s3api put-bucket-ownership-controls --bucket {Name}
      --ownership-controls '{"Rules":[{"ObjectOwnership":"BucketOwnerEnforced"}]}'
    """
    rules = (bucket["OwnershipControls"] or {}).get("Rules", ())
    owned = [rule["ObjectOwnership"] for rule in rules]
    return "BucketOwnerEnforced" in owned or bucket.because(
        f"Ownership is {', '.join(owned) or 'not set'}: ACLs are in use"
    )


@check(
    "s3-bucket-no-website",
    subject=BUCKET,
    severity="low",
    passes=[[eg.bucket()]],
    fails=[[eg.bucket(Website={"IndexDocument": {"Suffix": "index.html"}})]],
)
def no_website(bucket: Resource) -> bool:
    """The bucket is not served as a website.

    S3's website endpoints speak no TLS; a distribution in front of a private bucket does.
    Fix: aws s3api delete-bucket-website --bucket {Name}
    """
    return bucket["Website"] is None or bucket.because("The bucket is served as a website")


def _cors(*origins: str, methods: tuple[str, ...] = ("GET",)) -> dict[str, Any]:
    return {"CORSRules": [{"AllowedOrigins": list(origins), "AllowedMethods": list(methods)}]}


WRITES = frozenset({"PUT", "POST", "DELETE"})
EVERY_ORIGIN = frozenset({"*", "http://*", "https://*"})


@check(
    "s3-bucket-cors-restricted",
    subject=BUCKET,
    severity="low",
    passes=[
        [eg.bucket()],
        [eg.bucket(Cors=_cors("*"))],
        [eg.bucket(Cors=_cors("https://example.com", methods=("PUT",)))],
    ],
    fails=[
        [eg.bucket(Cors=_cors("*", methods=("GET", "PUT")))],
        [eg.bucket(Cors=_cors("https://*"))],
    ],
)
def cors_restricted(bucket: Resource) -> bool:
    """No web page of any origin may write to the bucket, or read from it with its visitor's credentials.

    To the lone "*" S3 answers without credentials; to "https://*" it answers any page, credentials included.
    Fix: aws s3api put-bucket-cors --bucket {Name} --cors-configuration file://<ALL_CORS_RULES_WITHOUT_THAT_ONE>
    """
    rules = (bucket["Cors"] or {}).get("CORSRules", ())
    open_rules = [rule for rule in rules if _lets_any_page_in(rule)]
    return not open_rules or bucket.because(f"{len(open_rules)} of {len(rules)} rules let pages of any origin in")


def _lets_any_page_in(rule: dict[str, Any]) -> bool:
    everywhere = EVERY_ORIGIN & set(rule.get("AllowedOrigins", ()))
    return bool(everywhere and (everywhere != {"*"} or WRITES & set(rule.get("AllowedMethods", ()))))
