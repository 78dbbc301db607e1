"""What is known of fields of AWS's documents, as data: which change by themselves, which lists have an order, what names
an element of a list, and what kind of matter a field is.

Patterns are dotted paths of keys; `*` stands for one key, `**` for any number, and a list adds no step:
`RegionStatus.*.LatestDeliveryTime`, `Detail.Features.UpdatedAt`. In `CLASSES` the free words of a path are left out already.
"""

from collections.abc import Mapping

from reporter.model import ACCOUNT, ChangeClass

# Volatile: what AWS changes without anybody deciding anything. Decided for each field, never for a block: `Status` of a
# trail holds `IsLogging`, and logging switched off must be seen.
VOLATILE: Mapping[str, tuple[str, ...]] = {
    ACCOUNT: (),
    "AWS::CloudTrail::Trail": (
        "Status.Latest*Time",
        "Status.Latest*Attempt*",
        "Status.Latest*Succeeded",
        "Status.StartLoggingTime",
        "Status.StopLoggingTime",
        "Status.TimeLogging*",
        "RegionStatus.*.Latest*Time",
        "RegionStatus.*.StartLoggingTime",
        "RegionStatus.*.StopLoggingTime",
        "LogIntegrity.*At",
    ),
    "AWS::CloudTrail::EventDataStore": ("UpdatedTimestamp", "Detail.UpdatedTimestamp"),
    "AWS::CloudTrail::Channel": ("Detail.IngestionStatus",),
    "AWS::S3::Bucket": ("CreationDate",),
    "AWS::S3Express::DirectoryBucket": ("CreationDate",),
    "AWS::KMS::Key": ("Rotation.NextRotationDate", "Rotation.OnDemandRotationStartDate"),
    "AWS::Logs::LogGroup": ("storedBytes", "metricFilterCount"),
    "AWS::CloudWatch::Alarm": (
        "State*",
        "EvaluationState",
        "AlarmConfigurationUpdatedTimestamp",
    ),
    "AWS::SNS::Topic": (
        "Attributes.SubscriptionsConfirmed",
        "Attributes.SubscriptionsDeleted",
        "Attributes.SubscriptionsPending",
    ),
    "AWS::Config::ConfigurationRecorder": ("Status.last*Time",),
    "AWS::GuardDuty::Detector": ("Detail.UpdatedAt", "Detail.Features.**.UpdatedAt", "Detail.Features.UpdatedAt"),
    "AWS::AccessAnalyzer::Analyzer": ("lastResourceAnalyzed", "lastResourceAnalyzedAt"),
    "AWS::Macie::Session": ("updatedAt",),
}

# Parts: top-level keys that a call of their own fills, with None for "not configured". Where one is missing, nobody asked;
# any other key that is missing is a field that AWS leaves out when it is not set.
PARTS: Mapping[str, frozenset[str]] = {
    type: frozenset(names.split())
    for type, names in {
        ACCOUNT: """
            Regions PublicAccessBlock EffectiveS3Policy VisibleTrails Tags SecurityContact OperationsContact BillingContact""",
        "AWS::Organizations::Organization": "Roots PolicyTypes ServiceAccess DelegatedAdministrators",
        "AWS::Organizations::Policy": "Content Targets",
        "AWS::CloudTrail::Trail": "Status RegionStatus Selectors InsightSelectors EventConfiguration ResourcePolicy Tags LogIntegrity",
        "AWS::CloudTrail::EventDataStore": "Detail InsightSelectors EventConfiguration ResourcePolicy Tags",
        "AWS::CloudTrail::Channel": "Detail ResourcePolicy Tags",
        "AWS::S3::Bucket": """
            Versioning OwnershipControls Policy PolicyStatus PublicAccessBlock Acl Encryption Logging Lifecycle Replication
            ObjectLock Notification Tags Website Cors Accelerate RequestPayment Inventory Analytics Metrics IntelligentTiering
            MetadataTables Abac
        """,
        "AWS::S3::AccessPoint": "PublicAccessBlock Policy PolicyStatus",
        "AWS::S3::MultiRegionAccessPoint": "PolicyStatus",
        "AWS::S3Express::DirectoryBucket": "Encryption Policy Lifecycle",
        "AWS::S3::StorageLens": "Detail",
        "AWS::Config::ConfigurationRecorder": "Status",
        "AWS::GuardDuty::Detector": "Detail",
        "AWS::Logs::LogGroup": "MetricFilters",
        "AWS::SNS::Topic": "Attributes Subscriptions",
        "AWS::KMS::Key": "Metadata Rotation Policy Grants Aliases",
    }.items()
}

# Every other list is a set. CORS and routing rules: the first that matches wins. Parents: from the root down.
ORDERED: frozenset[str] = frozenset({"CORSRules", "RoutingRules", "ParentIds"})

# What names an element of a list of maps: the first of these field tuples that the element has. An event selector has no
# name, and the one rule of an encryption or ownership setting needs none.
IDENTITY: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "Statement": (("Sid",),),
    "Rules": (("ID",), ("Id",)),
    "Grants": (("GrantId",), ("Grantee", "Permission")),
    "AdvancedEventSelectors": (("Name",),),
    "FieldSelectors": (("Field",),),
    "DataResources": (("Type",),),
    "InsightSelectors": (("InsightType", "EventCategories"), ("InsightType",)),
    "ContextKeySelectors": (("Type",),),
    "AggregationConfigurations": (("EventCategory",),),
    "MetricFilters": (("filterName",),),
    "metricTransformations": (("metricNamespace", "metricName"),),
    "TopicConfigurations": (("Id",),),
    "QueueConfigurations": (("Id",),),
    "LambdaFunctionConfigurations": (("Id",),),
    "FilterRules": (("Name",),),
    "CORSRules": (("ID",),),
    "Tags": (("Key",),),
    "Transitions": (("StorageClass",),),
    "NoncurrentVersionTransitions": (("StorageClass",),),
    "Targets": (("TargetId",),),
    "Roots": (("Id",),),
    "PolicyTypes": (("Type",),),
    "Subscriptions": (
        ("SubscriptionArn",),
        ("Protocol", "SubscriptionArn"),
        ("Protocol", "Endpoint", "SubscriptionArn"),
    ),
    "Regions": (("Bucket", "Region"), ("Region",)),
    "ReplicaKeys": (("Arn",),),
    "Dimensions": (("Name",),),
    "Metrics": (("Id",),),
    "Destinations": (("Type", "Location"),),
    "Features": (("Name",),),
    "AdditionalConfiguration": (("Name",),),
    "Inventory": (("Id",),),
    "Analytics": (("Id",),),
    "IntelligentTiering": (("Id",),),
    "Tierings": (("AccessTier",),),
}

# Fields that hold a policy, as text or parsed.
POLICIES: frozenset[str] = frozenset(
    {
        "Policy",
        "ResourcePolicy",
        "Content",
        "EffectiveS3Policy",
        "DeliveryPolicy",
        "EffectiveDeliveryPolicy",
        "DataProtectionPolicy",
    }
)

# Maps whose keys are the users' own words: shown in brackets, never re-serialised.
FREE_FORM: frozenset[str] = frozenset({"Tags", "RegionStatus", "DelegatedAdministrators"})

# Class of a change: the first pattern that matches, of the type and then of every type; else operational.
CLASSES: Mapping[str, tuple[tuple[str, ChangeClass], ...]] = {
    ACCOUNT: (
        ("PublicAccessBlock", "security"),
        ("VisibleTrails", "security"),
        ("EffectiveS3Policy", "security"),
        ("Regions", "security"),
        ("State", "security"),
        ("ParentIds", "security"),  # another unit means other service control policies
        ("OrganizationalUnit", "security"),
        ("Management", "security"),
    ),
    "AWS::CloudTrail::Trail": (
        ("Status.Latest*", "operational"),
        ("RegionStatus.Latest*", "operational"),
        ("SnsTopic*", "operational"),
        ("**", "security"),
    ),
    "AWS::S3::Bucket": (
        ("Policy", "security"),
        ("PolicyStatus", "security"),
        ("PublicAccessBlock", "security"),
        ("Acl", "security"),
        ("OwnershipControls", "security"),
        ("Encryption", "security"),
        ("Versioning", "security"),
        ("ObjectLock", "security"),
        ("Logging", "security"),
        ("Replication", "security"),
        ("Website", "security"),
        ("Abac", "security"),
    ),
    "AWS::S3::AccessPoint": (("**", "security"),),
    "AWS::S3::MultiRegionAccessPoint": (("**", "security"),),
    "AWS::S3Express::DirectoryBucket": (("Lifecycle", "operational"), ("**", "security")),
    "AWS::KMS::Key": (("Metadata.Description", "operational"), ("Aliases", "operational"), ("**", "security")),
    "AWS::SNS::Topic": (
        ("Attributes.Policy", "security"),
        ("Attributes.KmsMasterKeyId", "security"),
        ("Subscriptions", "security"),
    ),
    "*": (
        ("Policy.Statement.Sid", "cosmetic"),
        ("Policy.Id", "cosmetic"),
        ("ResourcePolicy.Statement.Sid", "cosmetic"),
        ("ResourcePolicy.Id", "cosmetic"),
        ("Attributes.Policy.Statement.Sid", "cosmetic"),
        ("Attributes.Policy.Id", "cosmetic"),
        ("Content.Statement.Sid", "cosmetic"),
        ("Tags", "tags"),
        ("tags", "tags"),
        ("Detail.Tags", "tags"),
    ),
}

# Types whose every field is a matter of security, tags apart.
SECURITY_TYPES: frozenset[str] = frozenset(
    {
        "AWS::CloudTrail::EventDataStore",
        "AWS::CloudTrail::Channel",
        "AWS::Organizations::Organization",
        "AWS::Organizations::Policy",
        "AWS::Logs::LogGroup",
        "AWS::CloudWatch::Alarm",
        "AWS::Config::ConfigurationRecorder",
        "AWS::GuardDuty::Detector",
        "AWS::SecurityHub::Hub",
        "AWS::AccessAnalyzer::Analyzer",
        "AWS::Macie::Session",
    }
)
