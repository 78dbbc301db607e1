"""Which way a setting gets worse where no check answers for it, as data.

A rule says which direction of one field is the bad one. It speaks only where no check looks at the part, or where the check
that does fails anyway (a bad thing can still get worse): a retention cut from 500 days to 400 while 365 are asked is nobody's
concern.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from reporter.model import ACCOUNT, Severity

Rule = Literal[
    "off",
    "on",
    "less",
    "more",
    "days",
    "gone",
    "swapped",
    "fewer",
    "lost",
    "grown",
    "left",
    "became",
    "weaker",
    "public",
    "held",
]

# (pattern of the path without brackets, the rule, how bad, what "left" must not leave, "became" must not become or "held"
# must hold). The first match that has something to say counts.
Row = tuple[str, Rule, Severity, str]

_BLOCK: tuple[Row, ...] = (
    ("PublicAccessBlock", "held", "high", "true"),
    ("PublicAccessBlock.*", "off", "high", ""),
)

# what an S3 policy of the organization says for its accounts
_S3_BLOCK = "s3_attributes.public_access_block_configuration"

ROWS: Mapping[str, tuple[Row, ...]] = {
    "AWS::CloudTrail::Trail": (
        ("Status.IsLogging", "off", "critical", ""),
        ("Status.Latest*Error", "on", "medium", ""),
        ("RegionStatus.IsLogging", "off", "high", ""),
        ("RegionStatus.LatestDeliveryError", "on", "medium", ""),
        ("LogFileValidationEnabled", "off", "medium", ""),
        ("IsMultiRegionTrail", "off", "high", ""),
        ("IsOrganizationTrail", "off", "high", ""),
        ("IncludeGlobalServiceEvents", "off", "medium", ""),
        ("S3BucketName", "swapped", "high", ""),
        ("KmsKeyId", "swapped", "medium", ""),
        ("CloudWatchLogsLogGroupArn", "swapped", "medium", ""),
        ("InsightSelectors", "gone", "low", ""),
        ("InsightSelectors.*", "gone", "low", ""),
        ("Selectors.EventSelectors.ReadWriteType", "left", "medium", "All"),
        ("Selectors.EventSelectors.IncludeManagementEvents", "off", "high", ""),
        ("Selectors.EventSelectors.ExcludeManagementEventSources", "grown", "medium", ""),
        ("Selectors.AdvancedEventSelectors.FieldSelectors", "on", "medium", ""),  # one more field selects fewer events
    ),
    "AWS::CloudTrail::EventDataStore": (
        ("*TerminationProtectionEnabled", "off", "medium", ""),
        ("*MultiRegionEnabled", "off", "medium", ""),
        ("*OrganizationEnabled", "off", "medium", ""),
        ("*RetentionPeriod", "less", "medium", ""),
        ("*KmsKeyId", "gone", "medium", ""),
        ("*Status", "left", "high", "ENABLED"),
    ),
    "AWS::S3::Bucket": (
        *_BLOCK,
        ("PolicyStatus.IsPublic", "on", "critical", ""),
        ("Acl", "public", "critical", ""),
        ("Acl.Grants", "public", "critical", ""),
        ("Acl.Grants", "on", "medium", ""),
        ("OwnershipControls", "held", "medium", "BucketOwnerEnforced"),
        ("OwnershipControls.Rules.ObjectOwnership", "left", "medium", "BucketOwnerEnforced"),
        ("Encryption", "gone", "medium", ""),
        ("Encryption.Rules.ApplyServerSideEncryptionByDefault.SSEAlgorithm", "weaker", "medium", ""),
        ("Versioning", "held", "medium", "Enabled"),
        ("Versioning.Status", "left", "medium", "Enabled"),
        ("Versioning.MFADelete", "left", "medium", "Enabled"),
        ("ObjectLock", "gone", "high", ""),
        ("ObjectLock.Rule", "gone", "high", ""),
        ("ObjectLock.Rule.DefaultRetention.Mode", "left", "high", "COMPLIANCE"),
        ("ObjectLock.Rule.DefaultRetention.*", "less", "high", ""),
        ("Logging", "gone", "medium", ""),
        ("Logging.TargetBucket", "swapped", "medium", ""),
        ("Replication", "held", "medium", "Enabled"),
        ("Replication.Rules.Status", "left", "low", "Enabled"),
        ("Website", "on", "medium", ""),
        ("Lifecycle.Rules.*Expiration.*Days", "days", "low", ""),
    ),
    "AWS::S3::AccessPoint": (*_BLOCK, ("PolicyStatus.IsPublic", "on", "critical", "")),
    "AWS::S3::MultiRegionAccessPoint": (*_BLOCK, ("PolicyStatus.IsPublic", "on", "critical", "")),
    "AWS::S3Express::DirectoryBucket": (("Encryption", "gone", "medium", ""),),
    ACCOUNT: (
        *_BLOCK,
        ("VisibleTrails", "fewer", "high", ""),
        ("EffectiveS3Policy", "held", "high", "all"),
        (f"EffectiveS3Policy.{_S3_BLOCK}", "held", "high", "all"),
        ("Regions", "grown", "low", ""),
    ),
    "AWS::Organizations::Organization": (
        ("FeatureSet", "left", "high", "ALL"),
        ("PolicyTypes", "fewer", "high", ""),
        ("ServiceAccess", "fewer", "medium", ""),
    ),
    "AWS::Organizations::Policy": (
        ("Targets", "gone", "high", ""),
        (f"Content.{_S3_BLOCK}", "held", "high", "all"),
        ("Content.s3_attributes", "held", "high", "all"),
    ),
    "AWS::KMS::Key": (
        ("Metadata.Enabled", "off", "high", ""),
        ("Metadata.KeyState", "left", "high", "Enabled"),
        ("Metadata.DeletionDate", "on", "high", ""),
        ("Rotation.KeyRotationEnabled", "off", "medium", ""),
        ("Rotation.RotationPeriodInDays", "more", "low", ""),
        ("Rotation", "held", "medium", "true"),
        ("Grants", "on", "low", ""),
    ),
    "AWS::Logs::LogGroup": (
        ("retentionInDays", "days", "medium", ""),
        ("kmsKeyId", "gone", "medium", ""),
        ("MetricFilters", "gone", "medium", ""),
    ),
    "AWS::CloudWatch::Alarm": (
        ("ActionsEnabled", "off", "medium", ""),
        ("AlarmActions", "fewer", "medium", ""),
    ),
    "AWS::SNS::Topic": (
        ("Attributes.KmsMasterKeyId", "gone", "low", ""),
        ("Subscriptions", "gone", "low", ""),
    ),
    "AWS::Config::ConfigurationRecorder": (
        ("Status.recording", "off", "high", ""),
        ("Status.lastStatus", "became", "medium", "FAILURE"),
        ("recordingGroup.allSupported", "off", "medium", ""),
        ("recordingGroup.includeGlobalResourceTypes", "off", "medium", ""),
        ("recordingGroup.resourceTypes", "lost", "medium", ""),
        ("recordingGroup.exclusionByResourceTypes.resourceTypes", "grown", "medium", ""),
    ),
    "AWS::GuardDuty::Detector": (
        ("Detail.Status", "left", "high", "ENABLED"),
        ("Detail.Features.Status", "left", "medium", "ENABLED"),
    ),
    "AWS::AccessAnalyzer::Analyzer": (("status", "left", "medium", "ACTIVE"),),
    "AWS::Macie::Session": (("status", "left", "medium", "ENABLED"),),
}

# What it means when a resource of a type goes: guards leaving is worse, and their coming an improvement.
GUARDS: Mapping[str, Severity] = {
    "AWS::CloudTrail::Trail": "high",
    "AWS::CloudTrail::EventDataStore": "medium",
    "AWS::Organizations::Policy": "high",
    "AWS::KMS::Key": "high",
    "AWS::Logs::LogGroup": "medium",
    "AWS::CloudWatch::Alarm": "medium",
    "AWS::Config::ConfigurationRecorder": "high",
    "AWS::GuardDuty::Detector": "high",
    "AWS::SecurityHub::Hub": "medium",
    "AWS::AccessAnalyzer::Analyzer": "medium",
    "AWS::Macie::Session": "medium",
}

_STRENGTH = ("AES256", "aws:kms", "aws:kms:dsse")
_EVERYBODY = ("/global/AllUsers", "/global/AuthenticatedUsers")


def worse(rule: Rule, before: Any, after: Any, good: str = "") -> int:
    """1 if going from `before` to `after` is worse by this rule, -1 if it is better, 0 if it is neither."""
    return _RULES[rule](before, after, good)


def _sign(bad_before: bool, bad_after: bool) -> int:
    return int(bad_after) - int(bad_before)


def _off(before: Any, after: Any, _: str) -> int:
    return _sign(not _true(before), not _true(after))


def _on(before: Any, after: Any, _: str) -> int:
    return _sign(_true(before), _true(after))


def _true(value: Any) -> bool:
    return value not in (None, False, "", "false", [], {})


def _gone(before: Any, after: Any, _: str) -> int:
    return _sign(before in (None, "", [], {}), after in (None, "", [], {}))


def _less(before: Any, after: Any, _: str) -> int:
    return _order(_number(after, 0.0), _number(before, 0.0))


def _more(before: Any, after: Any, _: str) -> int:
    return _order(_number(before, 0.0), _number(after, 0.0))


def _days(before: Any, after: Any, _: str) -> int:
    """Days until something is deleted; not set means never."""
    return _order(_number(after, float("inf")), _number(before, float("inf")))


def _order(small: float, large: float) -> int:
    return int(small < large) - int(small > large)


def _number(value: Any, unset: float) -> float:
    try:
        return unset if value is None else float(value)
    except (TypeError, ValueError):
        return unset


def _fewer(before: Any, after: Any, _: str) -> int:
    old, new = _members(before), _members(after)
    return _sign(bool(new - old), bool(old - new))


def _swapped(before: Any, after: Any, _: str) -> int:
    """Something else in its place is as unknown as nothing: whether it is as good, only a check can say."""
    if before in (None, ""):
        return -int(after not in (None, ""))
    return int(before != after)


def _lost(before: Any, after: Any, _: str) -> int:
    """Of a list that means something else where it is empty."""
    return _fewer(before, after, "") if before and after else 0


def _became(before: Any, after: Any, bad: str) -> int:
    return _sign(before == bad, after == bad)


def _grown(before: Any, after: Any, _: str) -> int:
    return -_fewer(before, after, "")


def _members(value: Any) -> set[str]:
    return {str(one) for one in value} if isinstance(value, list | tuple) else set() if value is None else {str(value)}


def _left(before: Any, after: Any, good: str) -> int:
    return _sign(before != good, after != good)


def _held(before: Any, after: Any, good: str) -> int:
    """A part that comes or goes whole matters by what it says: versioning that comes suspended protects nothing."""
    return _sign(not _holds(before, good), not _holds(after, good))


def _holds(value: Any, good: str) -> bool:
    if isinstance(value, Mapping):
        return any(_holds(one, good) for one in value.values())
    if isinstance(value, list | tuple):
        return any(_holds(one, good) for one in value)
    return (str(value).lower() if isinstance(value, bool) else value) == good


def _weaker(before: Any, after: Any, _: str) -> int:
    old, new = (_STRENGTH.index(one) if one in _STRENGTH else -1 for one in (before, after))
    return _order(new, old)


def _public(before: Any, after: Any, _: str) -> int:
    return _sign(_everybody(before), _everybody(after))


def _everybody(value: Any) -> bool:
    return any(group in str(value) for group in _EVERYBODY)


_RULES: Mapping[Rule, Callable[[Any, Any, str], int]] = {
    "off": _off,
    "on": _on,
    "less": _less,
    "more": _more,
    "days": _days,
    "gone": _gone,
    "swapped": _swapped,
    "fewer": _fewer,
    "lost": _lost,
    "grown": _grown,
    "left": _left,
    "became": _became,
    "weaker": _weaker,
    "public": _public,
    "held": _held,
}
