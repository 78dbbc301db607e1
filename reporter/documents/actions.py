"""The actions of the services we judge, by what AWS says they do, and the wildcards in policies expanded against them.

Names and access levels are AWS's (service authorization reference). An action AWS adds later is still granted by a wildcard;
it only lacks a name here until this table is brought up to date.
"""

from functools import lru_cache

from reporter.documents.globs import matches

LEVELS = {
    "s3": {
        "read": """
            DescribeJob DescribeMultiRegionAccessPointOperation GetAccelerateConfiguration GetAccessGrant
            GetAccessGrantsInstance GetAccessGrantsInstanceForPrefix GetAccessGrantsInstanceResourcePolicy
            GetAccessGrantsLocation GetAccessPoint GetAccessPointConfigurationForObjectLambda
            GetAccessPointForObjectLambda GetAccessPointPolicy GetAccessPointPolicyForObjectLambda
            GetAccessPointPolicyStatus GetAccessPointPolicyStatusForObjectLambda GetAccountPublicAccessBlock
            GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging
            GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration
            GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock
            GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetDataAccess
            GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration GetJobTagging
            GetLifecycleConfiguration GetMetricsConfiguration GetMultiRegionAccessPoint GetMultiRegionAccessPointPolicy
            GetMultiRegionAccessPointPolicyStatus GetMultiRegionAccessPointRoutes GetObject GetObjectAcl
            GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent GetObjectVersion
            GetObjectVersionAcl GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging
            GetObjectVersionTorrent GetReplicationConfiguration GetStorageLensConfiguration
            GetStorageLensConfigurationTagging GetStorageLensDashboard GetStorageLensGroup
        """,
        "list": """
            ListAccessGrants ListAccessGrantsInstances ListAccessGrantsLocations ListAccessPoints
            ListAccessPointsForObjectLambda ListAllMyBuckets ListBucket ListBucketMultipartUploads ListBucketVersions
            ListCallerAccessGrants ListJobs ListMultiRegionAccessPoints ListMultipartUploadParts
            ListStorageLensConfigurations ListStorageLensGroups ListTagsForResource
        """,
        "write": """
            AbortMultipartUpload CreateAccessPoint CreateAccessPointForObjectLambda CreateBucket
            CreateBucketMetadataTableConfiguration CreateJob CreateMultiRegionAccessPoint CreateStorageLensGroup
            DeleteAccessPoint DeleteAccessPointForObjectLambda DeleteBucket DeleteBucketMetadataTableConfiguration
            DeleteBucketWebsite DeleteMultiRegionAccessPoint DeleteObject DeleteObjectVersion
            DeleteStorageLensConfiguration DeleteStorageLensGroup InitiateReplication PauseReplication
            PutAccelerateConfiguration PutAccessPointConfigurationForObjectLambda PutAnalyticsConfiguration
            PutBucketAbac PutBucketCORS PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration
            PutBucketRequestPayment PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration
            PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration
            PutMetricsConfiguration PutObject PutObjectLegalHold PutObjectRetention PutReplicationConfiguration
            PutStorageLensConfiguration ReplicateDelete ReplicateObject RestoreObject SubmitMultiRegionAccessPointRoutes
            UpdateBucketMetadataInventoryTableConfiguration UpdateBucketMetadataJournalTableConfiguration
            UpdateJobPriority UpdateJobStatus UpdateObjectEncryption UpdateStorageLensGroup
        """,
        "permissions": """
            AssociateAccessGrantsIdentityCenter BypassGovernanceRetention CreateAccessGrant CreateAccessGrantsInstance
            CreateAccessGrantsLocation DeleteAccessGrant DeleteAccessGrantsInstance
            DeleteAccessGrantsInstanceResourcePolicy DeleteAccessGrantsLocation DeleteAccessPointPolicy
            DeleteAccessPointPolicyForObjectLambda DeleteBucketPolicy DissociateAccessGrantsIdentityCenter
            ObjectOwnerOverrideToBucketOwner PutAccessGrantsInstanceResourcePolicy PutAccessPointPolicy
            PutAccessPointPolicyForObjectLambda PutAccessPointPublicAccessBlock PutAccountPublicAccessBlock PutBucketAcl
            PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutMultiRegionAccessPointPolicy
            PutObjectAcl PutObjectVersionAcl UpdateAccessGrantsLocation
        """,
        "tagging": """
            DeleteJobTagging DeleteObjectTagging DeleteObjectVersionTagging DeleteStorageLensConfigurationTagging
            PutBucketTagging PutJobTagging PutObjectTagging PutObjectVersionTagging PutStorageLensConfigurationTagging
            ReplicateTags TagResource UntagResource
        """,
    },
    "kms": {
        "read": """
            DescribeCustomKeyStores DescribeKey GetKeyPolicy GetKeyRotationStatus GetParametersForImport GetPublicKey
        """,
        "list": """
            ListAliases ListGrants ListKeyPolicies ListKeyRotations ListKeys ListResourceTags ListRetirableGrants
        """,
        "write": """
            CancelKeyDeletion ConnectCustomKeyStore CreateAlias CreateCustomKeyStore CreateKey Decrypt DeleteAlias
            DeleteCustomKeyStore DeleteImportedKeyMaterial DeriveSharedSecret DisableKey DisableKeyRotation
            DisconnectCustomKeyStore EnableKey EnableKeyRotation Encrypt GenerateDataKey GenerateDataKeyPair
            GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac GenerateRandom
            ImportKeyMaterial ReEncryptFrom ReEncryptTo ReplicateKey RotateKeyOnDemand ScheduleKeyDeletion Sign
            SynchronizeMultiRegionKey UpdateAlias UpdateCustomKeyStore UpdateKeyDescription UpdatePrimaryRegion Verify
            VerifyMac
        """,
        "permissions": """
            CreateGrant PutKeyPolicy RetireGrant RevokeGrant
        """,
        "tagging": """
            TagResource UntagResource
        """,
    },
    "sns": {
        "read": """
            CheckIfPhoneNumberIsOptedOut GetDataProtectionPolicy GetEndpointAttributes GetPlatformApplicationAttributes
            GetSMSAttributes GetSMSSandboxAccountStatus GetSubscriptionAttributes GetTopicAttributes
            ListPhoneNumbersOptedOut ListTagsForResource
        """,
        "list": """
            ListEndpointsByPlatformApplication ListOriginationNumbers ListPlatformApplications
            ListSMSSandboxPhoneNumbers ListSubscriptions ListSubscriptionsByTopic ListTopics
        """,
        "write": """
            ConfirmSubscription CreatePlatformApplication CreatePlatformEndpoint CreateSMSSandboxPhoneNumber
            DeleteEndpoint DeletePlatformApplication DeleteSMSSandboxPhoneNumber DeleteTopic OptInPhoneNumber Publish
            PutDataProtectionPolicy SetEndpointAttributes SetPlatformApplicationAttributes SetSMSAttributes
            SetSubscriptionAttributes Subscribe Unsubscribe VerifySMSSandboxPhoneNumber
        """,
        "permissions": """
            AddPermission CreateTopic RemovePermission SetTopicAttributes
        """,
        "tagging": """
            TagResource UntagResource
        """,
    },
    "cloudtrail": {
        "read": """
            DescribeQuery DescribeTrails GenerateQueryResultsSummary GetChannel GetDashboard GetEventConfiguration
            GetEventDataStore GetEventDataStoreData GetEventSelectors GetImport GetInsightSelectors GetQueryResults
            GetResourcePolicy GetServiceLinkedChannel GetTrail GetTrailStatus ListImportFailures ListPublicKeys ListTags
            LookupEvents SearchSampleQueries
        """,
        "list": """
            ListChannels ListDashboards ListEventDataStores ListImports ListInsightsData ListQueries
            ListServiceLinkedChannels ListTrails
        """,
        "write": """
            CancelQuery CreateChannel CreateDashboard CreateEventDataStore CreateServiceLinkedChannel CreateTrail
            DeleteChannel DeleteDashboard DeleteEventDataStore DeleteResourcePolicy DeleteServiceLinkedChannel
            DeleteTrail DeregisterOrganizationDelegatedAdmin DisableFederation EnableFederation GenerateQuery
            PutEventConfiguration PutEventSelectors PutInsightSelectors PutResourcePolicy
            RegisterOrganizationDelegatedAdmin RestoreEventDataStore StartDashboardRefresh StartEventDataStoreIngestion
            StartImport StartLogging StartQuery StopEventDataStoreIngestion StopImport StopLogging UpdateChannel
            UpdateDashboard UpdateEventDataStore UpdateServiceLinkedChannel UpdateTrail
        """,
        "tagging": """
            AddTags RemoveTags
        """,
    },
}

# S3 actions on objects; the rest acts on a bucket, or (ELSEWHERE) on neither.
OBJECT_NAMES = """
    AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion
    DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention
    GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes
    GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent InitiateReplication
    ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention
    PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging ReplicateDelete ReplicateObject ReplicateTags RestoreObject
    UpdateObjectEncryption
"""
ELSEWHERE = (
    "AccessGrant", "AccessPoint", "Job", "StorageLens", "MultiRegion", "DataAccess", "AllMyBuckets", "AccountPublicAccess",
)  # fmt: skip


def _named(service: str, *levels: str) -> frozenset[str]:
    """`service:Name` of every action of the levels (all levels if none is named)."""
    blocks = LEVELS[service]
    return frozenset(f"{service}:{name}" for level in levels or blocks for name in blocks.get(level, "").split())


KNOWN = {service: _named(service) for service in LEVELS}
EVERY_ACTION = frozenset().union(*KNOWN.values())

S3_OBJECT = frozenset(f"s3:{name}" for name in OBJECT_NAMES.split())
S3_BUCKET = frozenset(action for action in KNOWN["s3"] - S3_OBJECT if not any(word in action for word in ELSEWHERE))
S3_READ = _named("s3", "read", "list") & (S3_OBJECT | S3_BUCKET)
S3_WRITE = _named("s3", "write", "permissions", "tagging") & (S3_OBJECT | S3_BUCKET)  # policy, ACL, lifecycle included
LOG_ACCESS_NAMES = """
    GetObject GetObjectVersion GetObjectTorrent GetObjectVersionTorrent GetObjectVersionForReplication
    ListBucket ListBucketVersions DeleteObject DeleteObjectVersion DeleteBucket DeleteBucketPolicy
    PutBucketPolicy PutBucketAcl PutObjectAcl PutObjectVersionAcl PutBucketPublicAccessBlock
    PutBucketOwnershipControls PutBucketVersioning PutLifecycleConfiguration PutReplicationConfiguration
    PutBucketObjectLockConfiguration PutObjectRetention PutObjectLegalHold BypassGovernanceRetention
"""
LOG_ACCESS = frozenset(
    f"s3:{name}" for name in LOG_ACCESS_NAMES.split()
)  # read, find, destroy stored logs, or gain that
KMS_DECRYPT = frozenset({"kms:Decrypt", "kms:ReEncryptFrom"})
KMS_CONTROL = frozenset({"kms:PutKeyPolicy", "kms:CreateGrant"})  # lets its holder hand out Decrypt


@lru_cache(maxsize=1024)
def expand(pattern: str) -> frozenset[str]:
    """The actions a pattern stands for, any case: `S3:put*acl` -> `s3:PutBucketAcl` ... .

    A pattern that fits no action we know stands for itself: AWS may know it, and a grant must not vanish.
    """
    lowered = pattern.lower()
    if lowered == "*":
        return EVERY_ACTION
    service = lowered.partition(":")[0]
    candidates = KNOWN.get(service, EVERY_ACTION if "*" in service or "?" in service else frozenset())
    found = frozenset(action for action in candidates if matches(lowered, action.lower()))
    return found or frozenset({pattern})


def expand_all(patterns: tuple[str, ...]) -> frozenset[str]:
    """The actions any of the patterns stands for."""
    return frozenset().union(*map(expand, patterns))
