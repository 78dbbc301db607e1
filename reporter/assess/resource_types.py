"""The resource types that judgement knows: their names, their parts, and whether AWS lists them per region.

A *part* is the key under which one further call stands in a configuration item. A part that is neither in the
configuration nor in `unread` was never asked for (an older snapshot): that is "not read", never "not configured".
"""

from collections.abc import Mapping

from reporter.model import ACCOUNT

ORGANIZATION = "AWS::Organizations::Organization"
POLICY = "AWS::Organizations::Policy"
TRAIL = "AWS::CloudTrail::Trail"
EVENT_DATA_STORE = "AWS::CloudTrail::EventDataStore"
CHANNEL = "AWS::CloudTrail::Channel"
BUCKET = "AWS::S3::Bucket"
ACCESS_POINT = "AWS::S3::AccessPoint"
MULTI_REGION_ACCESS_POINT = "AWS::S3::MultiRegionAccessPoint"
DIRECTORY_BUCKET = "AWS::S3Express::DirectoryBucket"
KEY = "AWS::KMS::Key"
LOG_GROUP = "AWS::Logs::LogGroup"
ALARM = "AWS::CloudWatch::Alarm"
TOPIC = "AWS::SNS::Topic"
RECORDER = "AWS::Config::ConfigurationRecorder"
DETECTOR = "AWS::GuardDuty::Detector"
HUB = "AWS::SecurityHub::Hub"
ANALYZER = "AWS::AccessAnalyzer::Analyzer"
MACIE = "AWS::Macie::Session"

GLOBAL_TYPES = frozenset({ACCOUNT, ORGANIZATION, POLICY, BUCKET, MULTI_REGION_ACCESS_POINT})
MANAGEMENT_TYPES = frozenset({ORGANIZATION, POLICY})  # read in the management account, nowhere else

PARTS: Mapping[str, frozenset[str]] = {
    ACCOUNT: frozenset({"PublicAccessBlock", "Regions", "VisibleTrails", "EffectiveS3Policy"}),
    ORGANIZATION: frozenset({"PolicyTypes", "ServiceAccess", "DelegatedAdministrators", "Roots"}),
    POLICY: frozenset({"Content", "Targets"}),
    TRAIL: frozenset(
        {
            "Status",
            "RegionStatus",
            "Selectors",
            "InsightSelectors",
            "EventConfiguration",
            "ResourcePolicy",
            "Tags",
            "LogIntegrity",
        }
    ),
    EVENT_DATA_STORE: frozenset({"Detail", "InsightSelectors", "EventConfiguration", "ResourcePolicy", "Tags"}),
    CHANNEL: frozenset({"Detail", "ResourcePolicy", "Tags"}),
    BUCKET: frozenset(
        {
            "Versioning",
            "Encryption",
            "Logging",
            "Policy",
            "PolicyStatus",
            "Acl",
            "OwnershipControls",
            "PublicAccessBlock",
            "Lifecycle",
            "Replication",
            "ObjectLock",
            "Notification",
            "Tags",
            "Website",
            "Cors",
        }
    ),
    ACCESS_POINT: frozenset({"PublicAccessBlock", "Policy", "PolicyStatus"}),
    MULTI_REGION_ACCESS_POINT: frozenset({"PolicyStatus"}),
    DIRECTORY_BUCKET: frozenset({"Encryption", "Policy", "Lifecycle"}),
    KEY: frozenset({"Metadata", "Rotation", "Policy", "Grants", "Aliases"}),
    LOG_GROUP: frozenset({"MetricFilters"}),
    TOPIC: frozenset({"Attributes", "Subscriptions"}),
    RECORDER: frozenset({"Status"}),
    DETECTOR: frozenset({"Detail"}),
}

TARGETS: Mapping[str, object] = {
    "log_retention_days": 365,
    "lock_retention_days": 365,
    "cloudwatch_retention_days": 365,
    "event_data_store_retention_days": 365,
    "log_readers": (),  # globs of principal ARNs; empty: any principal inside the organization
    "trusted_accounts": (),
    "sensitive_tags": {"DataClass": ("confidential", "restricted", "pii")},
    "delegated_administrators": {},  # {service principal: account ids}
    "delivery_max_age_hours": 24,
    "digest_max_age_hours": 2,
    "rotation_required": True,
    "rotation_period_days": 365,
    "break_glass_principals": (),  # globs of principal ARNs a protecting SCP may exempt
}
