"""Reading a simulated bucket back in the shape in which it was declared."""

import json
from typing import Any

from botocore.exceptions import ClientError

from reporter.simulate.organization import Bucket, Member

ABSENT = {
    "NoSuchBucketPolicy", "ServerSideEncryptionConfigurationNotFoundError", "OwnershipControlsNotFoundError", "NoSuchCORSConfiguration",
    "NoSuchPublicAccessBlockConfiguration", "NoSuchLifecycleConfiguration", "ReplicationConfigurationNotFoundError", "NoSuchTagSet",
    "ObjectLockConfigurationNotFoundError", "NoSuchWebsiteConfiguration",
}  # fmt: skip


def ask(client: Any, operation: str, *keys: str, **params: Any) -> Any:
    """The answer without its metadata (or one key of it); None where AWS says "not configured"."""
    try:
        answer = getattr(client, operation)(**params)
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return None
        raise
    answer.pop("ResponseMetadata")
    for key in keys:
        answer = answer.get(key)
    return answer


def read_bucket(client: Any, name: str) -> dict[str, Any]:
    """A bucket's parts in the shape in which they are declared."""

    def get(operation: str, *keys: str) -> Any:
        return ask(client, operation, *keys, Bucket=name)

    policy, tags, lifecycle = (
        get("get_bucket_policy", "Policy"),
        get("get_bucket_tagging", "TagSet"),
        get("get_bucket_lifecycle_configuration"),
    )
    ownership = get("get_bucket_ownership_controls", "OwnershipControls", "Rules")
    return {
        "versioning": get("get_bucket_versioning") or None,
        "encryption": get("get_bucket_encryption", "ServerSideEncryptionConfiguration"),
        "logging": get("get_bucket_logging", "LoggingEnabled"),
        "policy": json.loads(policy) if policy else None,
        "ownership": ownership and ownership[0]["ObjectOwnership"],
        "public_access_block": get("get_public_access_block", "PublicAccessBlockConfiguration"),
        "lifecycle": lifecycle and {"Rules": lifecycle["Rules"]},
        "replication": get("get_bucket_replication", "ReplicationConfiguration"),
        "object_lock": get("get_object_lock_configuration", "ObjectLockConfiguration"),
        "notification": get("get_bucket_notification_configuration") or None,
        "tags": {t["Key"]: t["Value"] for t in tags} if tags else None,
        "website": get("get_bucket_website"),
        "cors": get("get_bucket_cors"),
    }


def readable(member: Member, bucket: Bucket) -> bool:
    return member.state == "ACTIVE" and bucket.name != "kh-lake-curated"
