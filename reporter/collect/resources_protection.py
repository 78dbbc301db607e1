"""What protects trails and buckets: keys, log groups, alarms and topics that a resource names, wherever they live.

None of these is listed: an account holds thousands that have nothing to do with logging. What names them says which are read.
"""

from reporter.collect.rows import MARKER, NEXT_TOKEN, NEXT_TOKEN_LOWER, Call, Known, Named, ResourceType

_TRAIL = "AWS::CloudTrail::Trail"
_LOG_GROUP = "AWS::Logs::LogGroup"
_TOPIC = "AWS::SNS::Topic"

LOG_GROUP = ResourceType(
    _LOG_GROUP,
    service="logs",
    id="join('', ['arn:', _partition, ':logs:', _region, ':', _account, ':log-group:', logGroupName])",
    named_by=(Named(_TRAIL, "CloudWatchLogsLogGroupArn"),),
    list=Call(
        "DescribeLogGroups",
        "logGroups",
        iam="logs:DescribeLogGroups",
        lost="Retention and key of the log groups that trails write to.",
        params={"logGroupNamePrefix": "_tail"},
        pages=NEXT_TOKEN_LOWER,
        empty="kept",
    ),
    where="logGroupName == _tail",
    drop=("arn", "logGroupArn", "creationTime", "storedBytes", "metricFilterCount"),
    parts={
        "MetricFilters": Call(
            "DescribeMetricFilters",
            "metricFilters[].{filterName: filterName, filterPattern: filterPattern, "
            "metricTransformations: metricTransformations}",
            iam="logs:DescribeMetricFilters",
            lost="Which events raise an alarm.",
            params={"logGroupName": "logGroupName"},
            pages=NEXT_TOKEN_LOWER,
            empty="kept",
        ),
    },
)

# A name here is a metric, [namespace, name], or the ARN of an alarm that was known before.
ALARM = ResourceType(
    "AWS::CloudWatch::Alarm",
    service="cloudwatch",
    id="AlarmArn",
    named_by=(Named(_LOG_GROUP, "MetricFilters[].metricTransformations[].[metricNamespace, metricName]"),),
    list=Call(
        "DescribeAlarms",
        "MetricAlarms",
        iam="cloudwatch:DescribeAlarms",
        lost="Whether an alarm watches a metric filter, and whom it tells.",
        params={"AlarmTypes": ("'MetricAlarm'",), "MaxRecords": 100},
        pages=NEXT_TOKEN,
        empty="kept",
    ),
    where="_name == AlarmArn || _name == [Namespace, MetricName] || "
    "contains(Metrics[].MetricStat.Metric.[Namespace, MetricName] || `[]`, _name)",
    drop=(
        "StateValue",
        "StateReason",
        "StateReasonData",
        "StateUpdatedTimestamp",
        "StateTransitionedTimestamp",
        "EvaluationState",
        "AlarmConfigurationUpdatedTimestamp",
    ),
)

TOPIC = ResourceType(
    _TOPIC,
    service="sns",
    id="TopicArn",
    named_by=(Named(_TRAIL, "SnsTopicARN"), Named("AWS::CloudWatch::Alarm", "AlarmActions")),
    list=Call(
        "GetTopicAttributes",
        "[{TopicArn: Attributes.TopicArn}]",
        iam="sns:GetTopicAttributes",
        lost="Policy and key of the topics that trails and alarms write to.",
        params={"TopicArn": "_name"},
        absent=("NotFound", "NotFoundException"),
    ),
    parts={
        "Attributes": Call(
            "GetTopicAttributes",
            "Attributes",
            iam="sns:GetTopicAttributes",
            lost="Policy and key of the topics that trails and alarms write to.",
            params={"TopicArn": "TopicArn"},
            json=("Policy", "EffectiveDeliveryPolicy", "DeliveryPolicy"),
        ),
        "Subscriptions": Call(
            "ListSubscriptionsByTopic",
            "Subscriptions[].{Protocol: Protocol, SubscriptionArn: SubscriptionArn, Owner: Owner}",
            iam="sns:ListSubscriptionsByTopic",
            lost="Whether anybody is told when an alarm goes off.",
            params={"TopicArn": "TopicArn"},
            pages=NEXT_TOKEN,
            empty="kept",
        ),
    },
)

KEY = ResourceType(
    "AWS::KMS::Key",
    service="kms",
    id="Arn",
    named_by=(
        Named(_TRAIL, "KmsKeyId"),
        Named("AWS::S3::Bucket", "Encryption.Rules[].ApplyServerSideEncryptionByDefault.KMSMasterKeyID"),
        Named(
            "AWS::S3Express::DirectoryBucket", "Encryption.Rules[].ApplyServerSideEncryptionByDefault.KMSMasterKeyID"
        ),
        Named("AWS::CloudTrail::EventDataStore", "Detail.KmsKeyId"),
        Named(_LOG_GROUP, "kmsKeyId"),
        Named(_TOPIC, "Attributes.KmsMasterKeyId"),
    ),
    list=Call(
        "DescribeKey",
        "[{Arn: KeyMetadata.Arn}]",
        iam="kms:DescribeKey",
        lost="Whether the keys of trails and buckets exist, are enabled and customer managed.",
        params={"KeyId": "_name"},
        absent=("NotFoundException",),
    ),
    parts={
        "Metadata": Call(
            "DescribeKey",
            "KeyMetadata",
            iam="kms:DescribeKey",
            lost="Whether the keys of trails and buckets exist, are enabled and customer managed.",
            params={"KeyId": "_name"},
        ),
        # Asymmetric, HMAC and imported keys, and keys of other key stores, do not rotate.
        "Rotation": Call(
            "GetKeyRotationStatus",
            iam="kms:GetKeyRotationStatus",
            lost="Whether keys are rotated, and how often.",
            params={"KeyId": "Arn"},
            absent=("UnsupportedOperationException",),
            # A key that waits for its deletion is never rotated; AWS documents that as the answer.
            known=(
                Known("KeySpec && KeySpec != 'SYMMETRIC_DEFAULT'", part="Metadata"),
                Known("KeyState == 'PendingDeletion'", part="Metadata", answer={"KeyRotationEnabled": False}),
            ),
        ),
        "Policy": Call(
            "GetKeyPolicy",
            "Policy",
            iam="kms:GetKeyPolicy",
            lost="Who may decrypt.",
            params={"KeyId": "Arn", "PolicyName": "'default'"},
            json=("",),
        ),
        "Grants": Call(
            "ListGrants",
            "Grants",
            iam="kms:ListGrants",
            lost="Who may decrypt by a grant.",
            params={"KeyId": "Arn"},
            pages=MARKER,
            empty="kept",
        ),
        "Aliases": Call(
            "ListAliases",
            "Aliases[].AliasName",
            iam="kms:ListAliases",
            lost="The aliases by which resources name a key.",
            params={"KeyId": "Arn"},
            pages=MARKER,
            empty="kept",
        ),
    },
)
