"""What a bucket is and does: the questions that bucket checks and trail checks share. No checks here."""

from collections.abc import Mapping
from typing import Any

from reporter.assess.estate import InsufficientData, NotApplicable, Resource, both, certain, either, gathered, together
from reporter.assess.evaluate import compact
from reporter.assess.references import reference
from reporter.assess.resource_types import BUCKET
from reporter.checks.sharing import circle
from reporter.checks.trails import recorded
from reporter.documents.guards import tls_only
from reporter.documents.logic import Answer
from reporter.documents.public_access import Block, PublicAccess, acl_disabled, effective_block, public_access
from reporter.documents.sharing import acl_sharing, external_access
from reporter.model import ACCOUNT, Unread

CLOSED = Answer(False, ("Block Public Access disarms public policies and ACLs, whatever they say",))
A_LINE = 2000  # characters of a document that still is a line of a command
YEAR = 365  # days, as Object Lock counts a year


def owner(bucket: Resource) -> Resource:
    """The account that owns the bucket."""
    account = bucket.related(ACCOUNT, bucket.account)
    if account is None:
        raise InsufficientData(f"account {bucket.account}, which owns {bucket.id}, is not part of the organization")
    return account


def block(bucket: Resource) -> Block:
    """The flags of Block Public Access in force for the bucket: its own, its account's, the organization's."""
    account = owner(bucket)
    levels = (
        account.or_unread("EffectiveS3Policy"),
        account.or_unread("PublicAccessBlock"),
        bucket.or_unread("PublicAccessBlock"),
    )
    return bucket.remembered("block", lambda: effective_block(*levels))


def exposure(bucket: Resource) -> PublicAccess:
    """Who can get at the bucket from outside, all levels together; what was not read leaves only its part open."""
    flags = block(bucket)
    if flags.restrict_public_buckets and flags.ignore_public_acls:
        return PublicAccess(CLOSED, CLOSED, CLOSED, flags)
    parts = _ways_in(bucket)
    access = bucket.remembered("exposure", lambda: public_access(**parts))
    if access.disagreement:
        bucket.note("AWS and our reading disagree", access.disagreement)
    return access


def _ways_in(bucket: Resource) -> dict[str, Any]:
    account = owner(bucket)
    return {
        "organization": account.or_unread("EffectiveS3Policy"),
        "account": account.or_unread("PublicAccessBlock"),
        "bucket": bucket.or_unread("PublicAccessBlock"),
        "policy": bucket.or_unread("Policy"),
        "acl": bucket.or_unread("Acl"),
        "ownership": bucket.or_unread("OwnershipControls"),
        "policy_status": bucket.or_unread("PolicyStatus"),
    }


def decided(bucket: Resource, answer: Answer) -> bool:
    """An answer about public access as yes or no; undecided names what was not read of any level."""
    if answer.holds is not None:
        return answer.holds
    unread = sorted({str(part) for part in _ways_in(bucket).values() if isinstance(part, Unread)})
    reasons = [*answer.because, *(f"not read: {why}" for why in unread)]
    raise InsufficientData("cannot be decided: " + "; ".join(dict.fromkeys(reasons)))


def is_public(bucket: Resource) -> bool:
    """Whether anybody at all can read or write, through whichever way."""
    answer = exposure(bucket).any
    if answer.holds:
        bucket.because(f"{bucket.id} is public: {answer}")
    return decided(bucket, answer)


def is_shared_outside(bucket: Resource) -> bool:
    """Whether the policy or the ACL lets in anybody beyond the organization and the trusted accounts."""

    def by_policy() -> bool:
        policy, ours = bucket["Policy"], circle(bucket)
        answer = bucket.remembered("shared outside", lambda: external_access(policy, ours))
        if answer.holds:
            bucket.because(f"Shared outside: {answer}")
        return certain(answer)

    return either(by_policy, lambda: is_shared_by_acl(bucket))


def is_shared_by_acl(bucket: Resource) -> bool:
    """Whether an ACL that is in force gives something to an account beyond the organization and the trusted ones."""

    def enforced() -> bool:
        return bool(acl_disabled(bucket["OwnershipControls"]))

    def shared() -> bool:
        answer = acl_sharing(bucket["Acl"], circle(bucket))
        if answer.holds:
            bucket.because(f"Shared outside: {answer}")
        return certain(answer)

    return both(lambda: not enforced(), shared)


def versioning_enabled(bucket: Resource) -> bool:
    """Whether every object version is kept; Suspended is not Enabled."""
    return (bucket["Versioning"] or {}).get("Status") == "Enabled"


def is_versioned(bucket: Resource) -> bool:
    """`versioning_enabled`, saying what it is instead."""
    return versioning_enabled(bucket) or bucket.because(versioning_said(bucket))


def versioning_said(bucket: Resource) -> str:
    """What versioning is where it is not enabled."""
    status = (bucket["Versioning"] or {}).get("Status")
    return f"Versioning is {status.lower()}" if status else "Versioning was never switched on"


def with_denial(bucket: Resource, condition: Mapping[str, Any]) -> None:
    """The fix: the bucket's policy as it is, and a denial of everything to everybody under a condition.

    A policy too long for a line is left to a file.
    """
    policy = bucket["Policy"] or {"Version": "2012-10-17"}
    said = policy.get("Statement", [])
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [bucket.arn, f"{bucket.arn}/*"]}
    statements = [*(said if isinstance(said, list) else [said]), {**deny, "Condition": condition}]
    document = {**policy, "Statement": statements}
    if len(compact(document)) <= A_LINE:
        bucket.mended_with("--policy", document)


def refuses_plain_http(bucket: Resource) -> bool:
    """Whether the policy denies everybody everything without TLS, on the bucket and its objects."""
    answer = tls_only(bucket["Policy"], bucket.arn)
    if answer.holds is False:
        bucket.note("Why", list(answer.because))
        with_denial(bucket, {"Bool": {"aws:SecureTransport": "false"}})
    return certain(answer) or bucket.because("Requests without TLS are not denied to everybody, on bucket and objects")


def lifecycle_rules(bucket: Resource) -> list[Mapping[str, Any]]:
    """The lifecycle rules that are in force."""
    return [rule for rule in (bucket["Lifecycle"] or {}).get("Rules", ()) if rule.get("Status") == "Enabled"]


def lock_days(bucket: Resource, *modes: str) -> int:
    """For how many days default retention locks each new object (in one of the modes); 0 where it does not."""
    lock = bucket["ObjectLock"] or {}
    retention = (lock.get("Rule") or {}).get("DefaultRetention") or {}
    if lock.get("ObjectLockEnabled") != "Enabled" or (modes and retention.get("Mode") not in modes):
        return 0
    return int(retention.get("Days") or retention.get("Years", 0) * YEAR)


def locked_long_enough(bucket: Resource) -> bool:
    """Whether default retention, in either mode, locks each new object for the target days."""
    days, wanted = lock_days(bucket), int(bucket.target("lock_retention_days"))
    if days >= wanted:
        return True
    lock = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": wanted}}
    bucket.mended_with("--object-lock-configuration", {"ObjectLockEnabled": "Enabled", "Rule": lock})
    seen = f"New objects are locked for {days} days" if days else "New objects are not locked"
    return bucket.because(f"{seen}, the target is {wanted}")


def log_target(bucket: Resource) -> Resource | None:
    """The bucket that receives this one's access logs; None where access logging is off or the target is gone."""
    logging = bucket["Logging"] or {}
    return bucket.related(BUCKET, logging.get("TargetBucket"), within=bucket.account)


def logs_access_to_sound_target(bucket: Resource) -> bool:
    """Whether access logs go to another bucket that is neither public nor locked against delivery."""
    if _logs_soundly(bucket):
        return True
    chosen = {"TargetBucket": "<LOG_TARGET>"}
    kept = {**chosen, "TargetPrefix": "access/", **(bucket["Logging"] or {}), **chosen}
    bucket.mended_with("--bucket-logging-status", {"LoggingEnabled": kept})
    return False


def _logs_soundly(bucket: Resource) -> bool:
    target = log_target(bucket)
    if target is None:
        name = (bucket["Logging"] or {}).get("TargetBucket")
        return bucket.because(f"The log target {name} does not exist" if name else "Access logging is off")
    if target.id == bucket.id:
        return bucket.because("The bucket logs into itself")
    if lock_days(target):
        return bucket.because(f"Object Lock keeps S3 from delivering logs to {target.id}")
    return not is_public(target) or bucket.because(f"The log target {target.id} is public")


def object_events_recorded(bucket: Resource) -> bool:
    """Whether reads and writes of this bucket's objects are recorded as data events of a trail."""
    coverages, refusals = recorded(owner(bucket), [bucket.region])
    for read_only in (True, False):
        uncovered = coverages.uncovered({bucket.id: bucket.region}, read_only=read_only)
        if (uncovered.certain or uncovered.perhaps) and refusals:
            raise together(refusals)
        if uncovered.perhaps and not uncovered.certain:
            raise InsufficientData(f"cannot be decided: whether the selectors cover {bucket.id}")
        if uncovered.certain:
            return False
    bucket.note("Object-level events", "recorded by a trail")
    return True


def access_is_logged(bucket: Resource) -> bool:
    """Whether access to the objects leaves a trace, in server access logs or as data events."""
    return either(lambda: logs_access_to_sound_target(bucket), lambda: object_events_recorded(bucket))


def receives_logs(bucket: Resource) -> bool:
    """Whether other buckets of the account deliver their access logs here (S3 keeps both in one account and region)."""
    names, refusals = _pointed_at(bucket, "access log targets", _log_targets)
    if bucket.id in names:
        return True
    if refusals:
        raise refusals[0]
    return False


def is_replica(bucket: Resource) -> bool:
    """Whether another bucket of the account replicates into this one."""
    names, refusals = _pointed_at(bucket, "replicas", _destinations)
    if bucket.id in names:
        return True
    if refusals:
        raise refusals[0]
    return False


def _pointed_at(bucket: Resource, name: str, targets: Any) -> tuple[frozenset[str], list[InsufficientData]]:
    """The buckets that the account's other buckets point at, worked out once for the account."""

    def look() -> tuple[frozenset[str], list[InsufficientData]]:
        found, refusals = gathered(bucket.all(BUCKET), lambda other: targets(other.unnoted()))
        names = frozenset(target for group in found for target in group)
        return names, [together(refusals)] if refusals else []

    return owner(bucket).remembered(name, look)


def _log_targets(bucket: Resource) -> list[str]:
    logging = bucket["Logging"] or {}
    target = logging.get("TargetBucket")
    return [target] if target and target != bucket.id else []


def _destinations(bucket: Resource) -> list[str]:
    rules = (bucket["Replication"] or {}).get("Rules", ())
    return [
        reference(BUCKET, rule["Destination"]["Bucket"], bucket.item) for rule in rules if rule["Status"] == "Enabled"
    ]


def is_sensitive(bucket: Resource) -> bool:
    """Whether the bucket's tags class it as sensitive, by the configured tags."""
    wanted = bucket.target("sensitive_tags")
    tags = bucket["Tags"] or {}
    return any(tags.get(name) in values for name, values in wanted.items())


def only_sensitive(bucket: Resource) -> None:
    """Ends the question for buckets that are not classed as sensitive."""
    if not is_sensitive(bucket):
        raise NotApplicable("No tag classes the bucket as sensitive")
