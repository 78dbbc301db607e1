"""Which CloudTrail events change what, as data: the part of a configuration, the events that write it, under every name
that sources use for them, and what an event implies without saying so.

Names differ: the S3 API is called PutPublicAccessBlock and its log says PutBucketPublicAccessBlock; lifecycle events appear
with and without `Configuration`.
"""

from collections.abc import Mapping

from reporter.model import ACCOUNT

Names = tuple[str, ...]

TRAIL_FIELDS: Names = ("UpdateTrail", "CreateTrail")

# The part "" stands for every field of the type that has no row of its own.
WRITERS: Mapping[str, Mapping[str, Names]] = {
    "AWS::S3::Bucket": {
        "Policy": ("PutBucketPolicy", "DeleteBucketPolicy"),
        "Acl": ("PutBucketAcl",),
        "PublicAccessBlock": (
            "PutBucketPublicAccessBlock",
            "PutPublicAccessBlock",
            "DeleteBucketPublicAccessBlock",
            "DeletePublicAccessBlock",
        ),
        "Encryption": ("PutBucketEncryption", "DeleteBucketEncryption", "PutEncryptionConfiguration"),
        "Versioning": ("PutBucketVersioning",),
        "Logging": ("PutBucketLogging",),
        "Lifecycle": (
            "PutBucketLifecycle",
            "PutBucketLifecycleConfiguration",
            "PutLifecycleConfiguration",
            "DeleteBucketLifecycle",
            "DeleteBucketLifecycleConfiguration",
        ),
        "Replication": ("PutBucketReplication", "PutReplicationConfiguration", "DeleteBucketReplication"),
        "OwnershipControls": ("PutBucketOwnershipControls", "DeleteBucketOwnershipControls"),
        "ObjectLock": ("PutBucketObjectLockConfiguration", "PutObjectLockConfiguration"),
        "Tags": ("PutBucketTagging", "DeleteBucketTagging", "TagResource", "UntagResource"),
        "Website": ("PutBucketWebsite", "DeleteBucketWebsite"),
        "Cors": ("PutBucketCors", "DeleteBucketCors"),
        "Notification": ("PutBucketNotification", "PutBucketNotificationConfiguration"),
        "Accelerate": ("PutAccelerateConfiguration", "PutBucketAccelerateConfiguration"),
        "RequestPayment": ("PutBucketRequestPayment",),
        "Inventory": ("PutBucketInventoryConfiguration", "DeleteBucketInventoryConfiguration"),
        "Analytics": ("PutBucketAnalyticsConfiguration", "DeleteBucketAnalyticsConfiguration"),
        "Metrics": ("PutBucketMetricsConfiguration", "DeleteBucketMetricsConfiguration"),
        "IntelligentTiering": (
            "PutBucketIntelligentTieringConfiguration",
            "DeleteBucketIntelligentTieringConfiguration",
        ),
        "MetadataTables": ("CreateBucketMetadataConfiguration", "DeleteBucketMetadataConfiguration"),
        "Abac": ("PutBucketAbac",),
    },
    "AWS::CloudTrail::Trail": {
        "Status": ("StartLogging", "StopLogging", "CreateTrail"),
        "Selectors": ("PutEventSelectors",),
        "InsightSelectors": ("PutInsightSelectors",),
        "EventConfiguration": ("PutEventConfiguration",),
        "ResourcePolicy": ("PutResourcePolicy", "DeleteResourcePolicy"),
        "Tags": ("AddTags", "RemoveTags"),
        "": TRAIL_FIELDS,
    },
    "AWS::CloudTrail::EventDataStore": {
        "": (
            "UpdateEventDataStore",
            "StartEventDataStoreIngestion",
            "StopEventDataStoreIngestion",
            "RestoreEventDataStore",
            "EnableFederation",
            "DisableFederation",
        ),
        "InsightSelectors": ("PutInsightSelectors",),
        "EventConfiguration": ("PutEventConfiguration",),
        "ResourcePolicy": ("PutResourcePolicy", "DeleteResourcePolicy"),
        "Tags": ("AddTags", "RemoveTags"),
    },
    "AWS::CloudTrail::Channel": {
        "": ("UpdateChannel",),
        "ResourcePolicy": ("PutResourcePolicy", "DeleteResourcePolicy"),
        "Tags": ("AddTags", "RemoveTags"),
    },
    ACCOUNT: {
        "PublicAccessBlock": (
            "PutAccountPublicAccessBlock",
            "PutPublicAccessBlock",
            "DeleteAccountPublicAccessBlock",
            "DeletePublicAccessBlock",
        ),
        "Regions": ("EnableRegion", "DisableRegion"),
        "VisibleTrails": ("CreateTrail", "DeleteTrail", "UpdateTrail"),
        "EffectiveS3Policy": ("AttachPolicy", "DetachPolicy", "UpdatePolicy", "DeletePolicy"),
        "ParentIds": ("MoveAccount",),
        "OrganizationalUnit": ("MoveAccount", "UpdateOrganizationalUnit"),
        "State": ("CloseAccount",),
        "Tags": ("TagResource", "UntagResource"),
        "Name": ("PutAccountName",),
        "Email": ("StartPrimaryEmailUpdate", "AcceptPrimaryEmailUpdate"),
    },
    "AWS::Organizations::Organization": {
        "FeatureSet": ("EnableAllFeatures",),
        "PolicyTypes": ("EnablePolicyType", "DisablePolicyType"),
        "ServiceAccess": ("EnableAWSServiceAccess", "DisableAWSServiceAccess"),
        "DelegatedAdministrators": ("RegisterDelegatedAdministrator", "DeregisterDelegatedAdministrator"),
    },
    "AWS::Organizations::Policy": {
        "Content": ("UpdatePolicy",),
        "Targets": ("AttachPolicy", "DetachPolicy"),
        "": ("UpdatePolicy",),
    },
    "AWS::S3::AccessPoint": {
        "Policy": ("PutAccessPointPolicy", "DeleteAccessPointPolicy"),
    },
    "AWS::S3::StorageLens": {"": ("PutStorageLensConfiguration",)},
    "AWS::S3::MultiRegionAccessPoint": {"": ("PutMultiRegionAccessPointPolicy",)},
    "AWS::S3Express::DirectoryBucket": {
        "Policy": ("PutBucketPolicy", "DeleteBucketPolicy"),
        "Encryption": ("PutBucketEncryption", "DeleteBucketEncryption"),
        "Lifecycle": ("PutBucketLifecycleConfiguration", "DeleteBucketLifecycle"),
    },
    "AWS::KMS::Key": {
        "Metadata": (
            "DisableKey",
            "EnableKey",
            "ScheduleKeyDeletion",
            "CancelKeyDeletion",
            "UpdateKeyDescription",
            "ImportKeyMaterial",
            "DeleteImportedKeyMaterial",
            "UpdatePrimaryRegion",
            "ReplicateKey",
        ),
        "Rotation": ("EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"),
        "Policy": ("PutKeyPolicy",),
        "Grants": ("CreateGrant", "RevokeGrant", "RetireGrant"),
        "Aliases": ("CreateAlias", "DeleteAlias", "UpdateAlias"),
        "Tags": ("TagResource", "UntagResource"),
    },
    "AWS::Logs::LogGroup": {
        "retentionInDays": ("PutRetentionPolicy", "DeleteRetentionPolicy"),
        "kmsKeyId": ("AssociateKmsKey", "DisassociateKmsKey"),
        "MetricFilters": ("PutMetricFilter", "DeleteMetricFilter"),
        "Tags": ("TagResource", "UntagResource", "TagLogGroup", "UntagLogGroup"),
    },
    "AWS::CloudWatch::Alarm": {
        "ActionsEnabled": ("DisableAlarmActions", "EnableAlarmActions", "PutMetricAlarm"),
        "": ("PutMetricAlarm",),
    },
    "AWS::SNS::Topic": {
        "Attributes": ("SetTopicAttributes", "AddPermission", "RemovePermission"),
        "Subscriptions": ("Subscribe", "Unsubscribe", "ConfirmSubscription"),
        "Tags": ("TagResource", "UntagResource"),
    },
    "AWS::Config::ConfigurationRecorder": {
        "Status": ("StartConfigurationRecorder", "StopConfigurationRecorder"),
        "": ("PutConfigurationRecorder",),
    },
    "AWS::GuardDuty::Detector": {"": ("UpdateDetector",)},
    "AWS::SecurityHub::Hub": {"": ("UpdateSecurityHubConfiguration",)},
    "AWS::AccessAnalyzer::Analyzer": {"": ("UpdateAnalyzer",)},
    "AWS::Macie::Session": {"": ("UpdateMacieSession", "DisableMacie", "EnableMacie")},
}

# Which events bring a resource into being, and which end it.
EXISTENCE: Mapping[str, tuple[Names, Names]] = {
    "AWS::S3::Bucket": (("CreateBucket",), ("DeleteBucket",)),
    "AWS::S3Express::DirectoryBucket": (("CreateBucket",), ("DeleteBucket",)),
    "AWS::S3::AccessPoint": (("CreateAccessPoint",), ("DeleteAccessPoint",)),
    "AWS::S3::MultiRegionAccessPoint": (("CreateMultiRegionAccessPoint",), ("DeleteMultiRegionAccessPoint",)),
    "AWS::CloudTrail::Trail": (("CreateTrail",), ("DeleteTrail",)),
    "AWS::CloudTrail::EventDataStore": (("CreateEventDataStore",), ("DeleteEventDataStore",)),
    "AWS::CloudTrail::Channel": (("CreateChannel",), ("DeleteChannel",)),
    "AWS::S3::StorageLens": (("PutStorageLensConfiguration",), ("DeleteStorageLensConfiguration",)),
    "AWS::KMS::Key": (("CreateKey", "ReplicateKey"), ("DeleteKey", "ScheduleKeyDeletion")),
    "AWS::Logs::LogGroup": (("CreateLogGroup",), ("DeleteLogGroup",)),
    "AWS::CloudWatch::Alarm": (("PutMetricAlarm",), ("DeleteAlarms",)),
    "AWS::SNS::Topic": (("CreateTopic",), ("DeleteTopic",)),
    "AWS::Organizations::Organization": (("CreateOrganization",), ("DeleteOrganization",)),
    "AWS::Organizations::Policy": (("CreatePolicy",), ("DeletePolicy",)),
    "AWS::Config::ConfigurationRecorder": (("PutConfigurationRecorder",), ("DeleteConfigurationRecorder",)),
    "AWS::GuardDuty::Detector": (("CreateDetector",), ("DeleteDetector",)),
    "AWS::SecurityHub::Hub": (("EnableSecurityHub",), ("DisableSecurityHub",)),
    "AWS::AccessAnalyzer::Analyzer": (("CreateAnalyzer",), ("DeleteAnalyzer",)),
    "AWS::Macie::Session": (("EnableMacie",), ("DisableMacie",)),
    ACCOUNT: (
        ("CreateAccount", "CreateAccountResult", "AcceptHandshake"),
        ("RemoveAccountFromOrganization", "LeaveOrganization", "CloseAccount", "CloseAccountResult"),
    ),
}

# What takes our sight of a resource away, or gives it back: never more than a likely cause. Of the reader's own permissions
# and of the organization's, whatever the resource; and of the resource's own policy.
SIGHT_ELSEWHERE: Names = (
    "PutRolePolicy",
    "DeleteRolePolicy",
    "AttachRolePolicy",
    "DetachRolePolicy",
    "UpdateAssumeRolePolicy",
    "DeleteRole",
    "CreateRole",
    "PutRolePermissionsBoundary",
    "AttachPolicy",
    "DetachPolicy",
    "UpdatePolicy",
)
SIGHT_HERE: Names = ("PutBucketPolicy", "DeleteBucketPolicy", "PutKeyPolicy", "PutResourcePolicy")

# What turns a principal's ARN in a policy into a bare id: not an edit of the policy.
ORPHANED: Names = ("DeleteRole", "DeleteUser")

# Parts that move with others: their own ops need no event when one of these parts changed too.
FOLLOWS: Mapping[tuple[str, str], Names] = {
    ("AWS::S3::Bucket", "PolicyStatus"): ("Policy", "PublicAccessBlock"),
    ("AWS::S3::AccessPoint", "PolicyStatus"): ("Policy",),
    ("AWS::CloudTrail::Trail", "HasCustomEventSelectors"): ("Selectors",),
    ("AWS::CloudTrail::Trail", "HasInsightSelectors"): ("InsightSelectors",),
    ("AWS::CloudTrail::Trail", "RegionStatus"): ("Status",),
    (ACCOUNT, "OrganizationalUnit"): ("ParentIds",),
}

# What an event does that its parameters do not say: field -> value.
IMPLIED: Mapping[str, Mapping[str, object]] = {
    "StopLogging": {"IsLogging": False},
    "StartLogging": {"IsLogging": True},
    "DisableKey": {"KeyState": "Disabled", "Enabled": False},
    "EnableKey": {"KeyState": "Enabled", "Enabled": True},
    "ScheduleKeyDeletion": {"KeyState": "PendingDeletion", "Enabled": False},
    "CancelKeyDeletion": {"KeyState": "Disabled", "DeletionDate": None},
    "EnableKeyRotation": {"KeyRotationEnabled": True},
    "DisableKeyRotation": {"KeyRotationEnabled": False},
    "EnableAlarmActions": {"ActionsEnabled": True},
    "DisableAlarmActions": {"ActionsEnabled": False},
    "StartConfigurationRecorder": {"recording": True},
    "StopConfigurationRecorder": {"recording": False},
    "StopEventDataStoreIngestion": {"Status": "STOPPED_INGESTION"},
    "StartEventDataStoreIngestion": {"Status": "ENABLED"},
    "CloseAccount": {"State": "PENDING_CLOSURE"},
}

# Fields that a request calls by another name (compared in lower case; `MFADelete` and `MfaDelete` need no row).
REQUEST_FIELDS: Mapping[str, str] = {
    "logfilevalidationenabled": "enablelogfilevalidation",
    "snstopicarn": "snstopicname",
    "tagkey": "key",
    "tagvalue": "value",
}

# Where a request names what it is about, the most telling first.
SUBJECTS: Names = (
    "bucketName",
    "bucket",
    "trailName",
    "eventDataStore",
    "channel",
    "keyId",
    "targetKeyId",
    "topicArn",
    "logGroupName",
    "logGroupIdentifier",
    "alarmName",
    "alarmNames",
    "policyId",
    "detectorId",
    "analyzerName",
    "configurationRecorderName",
    "resourceArn",
    "resourceARN",
    "resourceId",
    "name",
)
