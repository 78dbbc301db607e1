"""A bucket's sub-resource as the XML or JSON that the S3 API speaks, from AWS's own shapes as boto3 shows them."""

import json
from functools import lru_cache
from typing import Any

import botocore.session
from botocore.serialize import create_serializer

# sub-resource to (PUT operation, member that carries the document)
PUTS = {
    "policy": ("PutBucketPolicy", "Policy"),
    "versioning": ("PutBucketVersioning", "VersioningConfiguration"),
    "encryption": ("PutBucketEncryption", "ServerSideEncryptionConfiguration"),
    "logging": ("PutBucketLogging", "BucketLoggingStatus"),
    "acl": ("PutBucketAcl", "AccessControlPolicy"),
    "ownershipControls": ("PutBucketOwnershipControls", "OwnershipControls"),
    "publicAccessBlock": ("PutPublicAccessBlock", "PublicAccessBlockConfiguration"),
    "lifecycle": ("PutBucketLifecycleConfiguration", "LifecycleConfiguration"),
    "replication": ("PutBucketReplication", "ReplicationConfiguration"),
    "object-lock": ("PutObjectLockConfiguration", "ObjectLockConfiguration"),
    "notification": ("PutBucketNotificationConfiguration", "NotificationConfiguration"),
    "tagging": ("PutBucketTagging", "Tagging"),
    "website": ("PutBucketWebsite", "WebsiteConfiguration"),
    "cors": ("PutBucketCors", "CORSConfiguration"),
}


@lru_cache(maxsize=1)
def _s3() -> Any:
    return botocore.session.Session().get_service_model("s3")


def bucket_document(subresource: str, value: Any) -> bytes:
    """The body a client would PUT for this value."""
    if subresource == "policy":
        return json.dumps(value).encode()
    operation, member = PUTS[subresource]
    model = _s3().operation_model(operation)
    serialized = create_serializer("rest-xml", include_validation=False).serialize_to_request(
        {"Bucket": "b", member: value}, model
    )
    return bytes(serialized["body"])
