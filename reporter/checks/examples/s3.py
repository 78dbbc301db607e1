"""Buckets and access points, their policies and ACLs."""

from collections.abc import Mapping
from typing import Any

from reporter.assess import resource_types as types
from reporter.checks.examples.items import (
    BUCKET_NAME,
    FOUR_FLAGS,
    HERE,
    HOME,
    KEY_ARN,
    LOG_TARGET,
    NO_FLAGS,
    TRAIL_ARN,
    made,
)
from reporter.model import GLOBAL, ConfigurationItem


def log_bucket_policy(name: str = BUCKET_NAME, trail_arn: str = TRAIL_ARN) -> dict[str, Any]:
    """The policy a trail's bucket needs: CloudTrail may write for that trail, nobody comes without TLS."""
    service = {"Service": "cloudtrail.amazonaws.com"}
    bound = {"StringEquals": {"aws:SourceArn": trail_arn}}
    bucket, objects = f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [bucket, objects]}
    grant = {"Effect": "Allow", "Principal": service, "Condition": bound}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "AclCheck", **grant, "Action": "s3:GetBucketAcl", "Resource": bucket},
            {"Sid": "Write", **grant, "Action": "s3:PutObject", "Resource": f"{bucket}/AWSLogs/*"},
            {"Sid": "TlsOnly", **deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {"Sid": "ModernTls", **deny, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
        ],
    }


def statement(principal: Any, *actions: str, name: str = BUCKET_NAME, **more: Any) -> dict[str, Any]:
    """One Allow statement over a bucket and its objects."""
    resources = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    return {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": resources, **more}


def allowing(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """The trail bucket's policy with further statements."""
    document = log_bucket_policy()
    return {**document, "Statement": [*document["Statement"], *statements]}


ENCRYPTED = {
    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY_ARN},
    "BucketKeyEnabled": True,
    "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
}
LOCKED = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 400}}}


def bucket(*, account: str = HOME, region: str = HERE, **override: Any) -> ConfigurationItem:
    """A bucket fit to hold a trail's log files: private, locked, versioned, encrypted, logged."""
    name = str(override.get("Name", BUCKET_NAME))
    copies = {"ID": "all", "Status": "Enabled", "Filter": {}, "Destination": {"Bucket": f"arn:aws:s3:::{name}-replica"}}
    keys: dict[str, Any] = {
        "Name": name,
        "BucketRegion": region,
        "Versioning": {"Status": "Enabled", "MFADelete": "Enabled"},
        "Encryption": {"Rules": [ENCRYPTED]},
        "Logging": {"TargetBucket": LOG_TARGET, "TargetPrefix": f"{name}/"},
        "Policy": log_bucket_policy(name),
        "PolicyStatus": {"IsPublic": False},
        "Acl": None,
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlock": FOUR_FLAGS,
        "Lifecycle": None,
        "Replication": {"Role": f"arn:aws:iam::{account}:role/Replication", "Rules": [copies]},
        "ObjectLock": LOCKED,
        "Notification": {"EventBridgeConfiguration": {}},
        "Tags": {},
        "Website": None,
        "Cors": None,
    }
    arn = f"arn:aws:s3:::{name}"
    return made(types.BUCKET, keys, override, id=lambda _: name, arn=lambda _: arn, account=account, region=region)


S3_MANAGED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


def log_target(**override: Any) -> ConfigurationItem:
    """The bucket that receives access logs: no default Object Lock, for S3 could not deliver, and S3's own key."""
    return bucket(**{"Name": LOG_TARGET, "Logging": None, "ObjectLock": None, "Encryption": S3_MANAGED, **override})


EVERYONE = "http://acs.amazonaws.com/groups/global/AllUsers"
ANY_AWS_USER = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
OWNER = {"ID": "0" * 64}


def acl(group: str = "", permission: str = "READ") -> dict[str, Any]:
    """An ACL with the owner's own grant and, given one, a group's."""
    grants: list[dict[str, Any]] = [{"Grantee": {"Type": "CanonicalUser", **OWNER}, "Permission": "FULL_CONTROL"}]
    if group:
        grants.append({"Grantee": {"Type": "Group", "URI": group}, "Permission": permission})
    return {"Owner": OWNER, "Grants": grants}


def open_bucket(**override: Any) -> ConfigurationItem:
    """A bucket whose policy alone decides: nothing blocks public access, and a public policy is called public."""
    document = allowing(statement("*", "s3:GetObject"))
    public = {"PublicAccessBlock": NO_FLAGS, "PolicyStatus": {"IsPublic": True}, "Policy": document}
    return bucket(**{**public, **override})


def access_point(**override: Any) -> ConfigurationItem:
    """An access point of the bucket, closed to the public."""
    arn = f"arn:aws:s3:{HERE}:{HOME}:accesspoint/example"
    keys = {
        "Name": "example",
        "NetworkOrigin": "Internet",
        "Bucket": BUCKET_NAME,
        "BucketAccountId": HOME,
        "AccessPointArn": arn,
        "PublicAccessBlock": FOUR_FLAGS,
        "Policy": None,
        "PolicyStatus": {"IsPublic": False},
    }
    return made(types.ACCESS_POINT, keys, override, id=lambda _: arn, arn=lambda _: arn)


def multi_region_access_point(**override: Any) -> ConfigurationItem:
    """A multi-region access point over the bucket, closed to the public."""
    arn = f"arn:aws:s3::{HOME}:accesspoint/example.mrap"
    keys = {
        "Name": "example",
        "Alias": "example.mrap",
        "PublicAccessBlock": FOUR_FLAGS,
        "Regions": [{"Bucket": BUCKET_NAME, "Region": HERE}],
        "PolicyStatus": {"IsPublic": False},
    }
    return made(types.MULTI_REGION_ACCESS_POINT, keys, override, id=lambda _: arn, arn=lambda _: arn, region=GLOBAL)
