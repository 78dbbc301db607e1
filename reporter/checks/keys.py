"""What a key is good for: the questions that trails, buckets, event data stores and keys share. No checks here."""

from collections.abc import Mapping
from typing import Any

from reporter.assess.estate import NotApplicable, Resource
from reporter.assess.resource_types import KEY

KMS = "aws:kms"
YEARLY = 365  # days; a target of more is met by that too


def is_usable_customer_key(user: Resource, reference: str | None) -> bool:
    """Whether the reference names a key that exists, is enabled and is customer managed, wherever it lives."""
    if not reference:
        return user.because("No key is set")
    if _alias(reference).startswith("alias/aws/"):
        return user.because(f"Key {reference} is managed by AWS")
    key = user.related(KEY, reference)
    if key is None:
        return user.because(f"Key {reference} does not exist")
    metadata = key["Metadata"]
    if metadata["KeyManager"] != "CUSTOMER":
        return user.because(f"Key {key.id} is managed by AWS")
    return bool(metadata["KeyState"] == "Enabled") or user.because(f"Key {key.id} is {metadata['KeyState']}")


def _alias(reference: str) -> str:
    return reference.rsplit(":", 1)[-1]


def is_rotated_in_time(key: Resource) -> bool:
    """Whether the key's material changes at least as often as the target asks; not asked of kinds that cannot rotate."""
    if not key.target("rotation_required"):
        raise NotApplicable("Rotation is not required by settings")
    rotation = key["Rotation"]
    if rotation is None:
        raise NotApplicable("Keys of this kind cannot be rotated automatically")
    days, wanted = rotation.get("RotationPeriodInDays"), key.target("rotation_period_days")
    key.mended_with("--rotation-period-in-days", str(min(YEARLY, wanted)))
    if not rotation["KeyRotationEnabled"]:
        return key.because("Rotation is off")
    # AWS tells no period of keys that rotate yearly, as all did before there were periods
    return days is None or days <= wanted or key.because(f"Rotated every {days} days, the target is {wanted}")


def encryption_rules(bucket: Resource) -> list[Mapping[str, Any]]:
    """The defaults that S3 applies to new objects: algorithm and key."""
    rules = (bucket["Encryption"] or {}).get("Rules", ())
    return [
        rule["ApplyServerSideEncryptionByDefault"] for rule in rules if "ApplyServerSideEncryptionByDefault" in rule
    ]


def _with_customer_key(bucket: Resource) -> dict[str, Any]:
    """The bucket's default encryption with a key to be chosen; what else its rule says, such as blocked kinds, stays."""
    rule: Mapping[str, Any] = next(iter((bucket["Encryption"] or {}).get("Rules", ())), {})
    algorithm = str((rule.get("ApplyServerSideEncryptionByDefault") or {}).get("SSEAlgorithm", ""))
    default = {"SSEAlgorithm": algorithm if algorithm.startswith(KMS) else KMS, "KMSMasterKeyID": "<KEY_ARN>"}
    saving = {"BucketKeyEnabled": True} if default["SSEAlgorithm"] == KMS else {}  # not offered for two layers
    return {"Rules": [{**rule, "ApplyServerSideEncryptionByDefault": default, **saving}]}


def encrypted_with_customer_key(bucket: Resource) -> bool:
    """Whether new objects are encrypted under a usable customer managed key; says what else the rule blocks or saves."""
    if _encrypts_with_customer_key(bucket):
        return True
    bucket.mended_with("--server-side-encryption-configuration", _with_customer_key(bucket))
    return False


def _encrypts_with_customer_key(bucket: Resource) -> bool:
    for rule in encryption_rules(bucket):
        if not str(rule["SSEAlgorithm"]).startswith(KMS):
            return bucket.because(f"New objects are encrypted by {rule['SSEAlgorithm']}, without a key of one's own")
        return is_usable_customer_key(bucket, rule.get("KMSMasterKeyID"))
    return bucket.because("No default encryption is set")
