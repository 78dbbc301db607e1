"""What a role session may do: the role's own policy and the session policy, as far as actions go.

moto checks neither. Both must allow an action for a call to pass, and a Deny in either ends it; resources and conditions are not
looked at (a statement limited to some resource counts as allowing).
"""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache

from reporter.simulate.organization import Document
from reporter.simulate.request import Request
from reporter.simulate.world import World

PREFIXES = {"accessanalyzer": "access-analyzer", "s3control": "s3", "sesv2": "ses"}
ACTIONS = {  # API operations whose permission is named otherwise
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetBucketCors": "s3:GetBucketCORS",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
    "s3:ListBucketAnalyticsConfigurations": "s3:GetAnalyticsConfiguration",
    "s3:ListBucketMetricsConfigurations": "s3:GetMetricsConfiguration",
    "s3:ListBucketInventoryConfigurations": "s3:GetInventoryConfiguration",
    "s3:ListBucketIntelligentTieringConfigurations": "s3:GetIntelligentTieringConfiguration",
    "s3:GetBucketMetadataConfiguration": "s3:GetBucketMetadataTableConfiguration",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
    "s3express:ListDirectoryBuckets": "s3express:ListAllMyDirectoryBuckets",
    "s3express:GetBucketEncryption": "s3express:GetEncryptionConfiguration",
    "s3express:GetBucketLifecycleConfiguration": "s3express:GetLifecycleConfiguration",
}
FREE = {"sts:GetCallerIdentity"}  # needs no permission


def action(request: Request) -> str:
    """The IAM action behind an API call."""
    return ACTIONS.get(request.name) or f"{PREFIXES.get(request.service, request.service)}:{request.operation}"


def may(world: World, request: Request) -> str:
    """Why the session may not make the call; empty if it may."""
    session = world.sessions.get(request.access_key)
    if session is None or request.name in FREE:
        return ""
    wanted = action(request).lower()
    for name, text in (
        ("identity-based", json.dumps(world.organization.role_policy or {})),
        ("session", session.policy),
    ):
        if text not in {"", "{}"} and not _allows(text, wanted):
            return f"no {name} policy allows the {action(request)} action"
    return ""


@lru_cache(maxsize=4096)
def _allows(text: str, wanted: str) -> bool:
    effects = {s.get("Effect") for s in _statements(text) if _names(s, wanted)}
    return "Allow" in effects and "Deny" not in effects


def _statements(text: str) -> Iterator[Document]:
    statements = json.loads(text).get("Statement", [])
    yield from [statements] if isinstance(statements, dict) else statements


def _names(statement: Document, wanted: str) -> bool:
    """Whether a statement speaks of the action; a Deny under a condition is passed over."""
    if statement.get("Effect") == "Deny" and "Condition" in statement:
        return False
    if "NotAction" in statement:
        return not _any(statement["NotAction"], wanted)
    return _any(statement.get("Action", []), wanted)


def _any(globs: str | list[str], wanted: str) -> bool:
    return any(fnmatchcase(wanted, glob.lower()) for glob in ([globs] if isinstance(globs, str) else globs))
