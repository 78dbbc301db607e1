"""What a trail leans on: its key, its log group with metric filters, alarms, topics."""

from collections.abc import Mapping
from typing import Any

from reporter.assess import resource_types as types
from reporter.checks.examples.items import HERE, HOME, KEY_ARN, LOG_GROUP_ARN, TOPIC_ARN, TRAIL_ARN, made
from reporter.model import ConfigurationItem


def key_policy(account: str = HOME, trail_arn: str = TRAIL_ARN) -> dict[str, Any]:
    """A key policy: the account administers, CloudTrail encrypts for its trail, the log readers decrypt."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "Encrypt",
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": ["kms:GenerateDataKey*", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceArn": trail_arn}},
            },
        ],
    }


def key(*, account: str = HOME, region: str = HERE, **override: Any) -> ConfigurationItem:
    """A customer managed key: enabled, rotated yearly, for CloudTrail bound to its trail."""
    arn = KEY_ARN.replace(HOME, account).replace(HERE, region)
    keys = {
        "Metadata": {
            "KeyId": arn.rsplit("/", 1)[1],
            "Arn": arn,
            "AWSAccountId": account,
            "Enabled": True,
            "KeyState": "Enabled",
            "KeyManager": "CUSTOMER",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "Origin": "AWS_KMS",
            "MultiRegion": False,
        },
        "Rotation": {"KeyRotationEnabled": True, "RotationPeriodInDays": 365},
        "Policy": key_policy(account),
        "Grants": [],
        "Aliases": ["alias/example-trail"],
    }
    return made(types.KEY, keys, override, id=lambda _: arn, arn=lambda _: arn, account=account, region=region)


def log_group(*filters: Mapping[str, Any], account: str = HOME, **override: Any) -> ConfigurationItem:
    """The trail's log group: kept for a year, encrypted, with the metric filters given."""
    arn = LOG_GROUP_ARN.replace(HOME, account)
    keys = {
        "logGroupName": "example-trail",
        "retentionInDays": 400,
        "kmsKeyId": KEY_ARN,
        "MetricFilters": list(filters),
    }
    return made(types.LOG_GROUP, keys, override, id=lambda _: arn, arn=lambda _: arn, account=account)


def metric_filter(pattern: str, metric: str = "Watched") -> dict[str, Any]:
    """A metric filter of that pattern, counting into one metric."""
    counted = {"metricName": metric, "metricNamespace": "Security", "metricValue": "1"}
    return {"filterName": f"count-{metric}", "filterPattern": pattern, "metricTransformations": [counted]}


def alarm(**override: Any) -> ConfigurationItem:
    """An alarm on the watched metric that tells the topic."""
    arn = f"arn:aws:cloudwatch:{HERE}:{HOME}:alarm:watched"
    keys = {
        "AlarmName": "watched",
        "AlarmArn": arn,
        "ActionsEnabled": True,
        "AlarmActions": [TOPIC_ARN],
        "MetricName": "Watched",
        "Namespace": "Security",
        "Statistic": "Sum",
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Period": 300,
        "EvaluationPeriods": 1,
    }
    return made(types.ALARM, keys, override, id=lambda _: arn, arn=lambda _: arn)


def topic(**override: Any) -> ConfigurationItem:
    """A topic that only its account may publish to, with one confirmed subscriber."""
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "SNS:Publish",
                "Resource": TOPIC_ARN,
                "Condition": {"StringEquals": {"aws:SourceArn": TRAIL_ARN}},
            }
        ],
    }
    keys = {
        "Attributes": {"TopicArn": TOPIC_ARN, "Owner": HOME, "Policy": document},
        "Subscriptions": [{"Protocol": "email", "SubscriptionArn": f"{TOPIC_ARN}:1", "Owner": HOME}],
    }
    return made(types.TOPIC, keys, override, id=lambda _: TOPIC_ARN, arn=lambda _: TOPIC_ARN)
