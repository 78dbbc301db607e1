"""Trails, their selectors, event data stores."""

from collections.abc import Mapping
from typing import Any

from reporter.assess import resource_types as types
from reporter.checks.examples.items import (
    BUCKET_NAME,
    HERE,
    HOME,
    KEY_ARN,
    LOG_GROUP_ARN,
    MANAGEMENT,
    RECENT,
    TOPIC_ARN,
    TRAIL_NAME,
    made,
)
from reporter.model import ConfigurationItem

EVERYTHING = {
    "EventSelectors": None,
    "AdvancedEventSelectors": [
        {"Name": "management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
        {
            "Name": "objects",
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
            ],
        },
    ],
}


def classic(
    read_write: str = "All", management: bool = True, objects: tuple[str, ...] = (), excluded: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Selectors of the older form: one selector with management events and, given ARNs, object-level events."""
    resources = [{"Type": "AWS::S3::Object", "Values": list(objects)}] if objects else []
    selector = {
        "ReadWriteType": read_write,
        "IncludeManagementEvents": management,
        "DataResources": resources,
        "ExcludeManagementEventSources": list(excluded),
    }
    return {"EventSelectors": [selector], "AdvancedEventSelectors": None}


def advanced(*selectors: Mapping[str, Mapping[str, list[str]]]) -> dict[str, Any]:
    """Selectors of the newer form, each as {field: {operator: values}}."""
    return {
        "EventSelectors": None,
        "AdvancedEventSelectors": [
            {"FieldSelectors": [{"Field": field, **tests} for field, tests in one.items()]} for one in selectors
        ],
    }


def trail(*, account: str = HOME, region: str = HERE, **override: Any) -> ConfigurationItem:
    """A multi-region trail: logging, validated, encrypted, delivered to its bucket and to CloudWatch Logs."""
    name = override.get("Name", TRAIL_NAME)
    arn = f"arn:aws:cloudtrail:{region}:{account}:trail/{name}"
    keys = {
        "Name": name,
        "S3BucketName": BUCKET_NAME,
        "S3KeyPrefix": None,
        "SnsTopicARN": TOPIC_ARN,
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": True,
        "HomeRegion": region,
        "TrailARN": arn,
        "LogFileValidationEnabled": True,
        "CloudWatchLogsLogGroupArn": f"{LOG_GROUP_ARN}:*",
        "CloudWatchLogsRoleArn": f"arn:aws:iam::{account}:role/CloudTrailToLogs",
        "KmsKeyId": KEY_ARN,
        "HasCustomEventSelectors": True,
        "HasInsightSelectors": True,
        "IsOrganizationTrail": False,
        "Status": {
            "IsLogging": True,
            "LatestDeliveryTime": RECENT,
            "LatestDigestDeliveryTime": RECENT,
            "LatestCloudWatchLogsDeliveryTime": RECENT,
            "LatestNotificationTime": RECENT,
        },
        "RegionStatus": {
            "eu-west-1": {"IsLogging": True, "LatestDeliveryError": None},
            "us-west-2": {"IsLogging": True, "LatestDeliveryError": None},
        },
        "Selectors": EVERYTHING,
        "InsightSelectors": [{"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}],
        "EventConfiguration": None,
        "ResourcePolicy": None,
        "Tags": {},
        "LogIntegrity": {"Verified": True, "Missing": [], "Altered": [], "Injected": [], "Gaps": []},
    }
    return made(types.TRAIL, keys, override, id=lambda _: arn, arn=lambda _: arn, account=account, region=region)


def organization_trail(**override: Any) -> ConfigurationItem:
    """The organization's trail, in the management account."""
    return trail(account=MANAGEMENT, **{"IsOrganizationTrail": True, **override})


def event_data_store(**override: Any) -> ConfigurationItem:
    """An event data store that cannot be deleted at a stroke, kept for years, under a customer key."""
    arn = f"arn:aws:cloudtrail:{HERE}:{HOME}:eventdatastore/11111111-2222-3333-4444-555555555555"
    detail = {
        "EventDataStoreArn": arn,
        "Name": "example",
        "Status": "ENABLED",
        "TerminationProtectionEnabled": True,
        "RetentionPeriod": 2557,
        "KmsKeyId": KEY_ARN,
        "MultiRegionEnabled": True,
    }
    others: dict[str, Any] = {"InsightSelectors": None, "EventConfiguration": None, "ResourcePolicy": None, "Tags": {}}
    keys = {"EventDataStoreArn": arn, "Name": "example", "Detail": detail, **others}
    return made(types.EVENT_DATA_STORE, keys, override, id=lambda _: arn, arn=lambda _: arn)
