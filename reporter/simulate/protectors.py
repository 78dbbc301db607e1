"""What protects the logs, put into moto: keys, log groups with filters, alarms, topics, the detective services, and whom to write to."""

import json
from datetime import UTC, datetime
from typing import Any

from moto.account.models import account_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.config.models import config_backends
from moto.guardduty.models import guardduty_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.securityhub.models import securityhub_backends
from moto.sns.models import sns_backends

from reporter.simulate.organization import Alarm, Key, LogGroup, Member, Topic
from reporter.simulate.world import World

CREATED = datetime(2025, 2, 10, 9, 0)  # noqa: DTZ001 # moto's instants are naive UTC
FEATURES = ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS", "S3_DATA_EVENTS")
DELETION = datetime(2026, 11, 24, 9, 0)  # noqa: DTZ001


def build_protectors(world: World, member: Member) -> None:
    """All of one account."""
    for key in member.keys:
        put_key(member.id, key)
    for topic in member.topics:
        put_topic(member.id, topic)
    for group in member.log_groups:
        put_log_group(member.id, group)
    for alarm in member.alarms:
        put_alarm(member.id, alarm)
    for kind, address in member.contacts.items():
        account_backends[member.id]["aws"].put_alternate_contact(kind, address, "On call", "+49 30 000000", "Team")
    watchers = world.places[member.id].watchers
    for region in sorted(watchers["config"]):
        put_recorder(member.id, region)
    for region in sorted(watchers["guardduty"]):
        put_detector(member.id, region)
    for region in sorted(watchers["securityhub"]):
        hub = securityhub_backends[member.id][region]
        hub.enable_security_hub()
        hub.enabled_at = CREATED.replace(tzinfo=UTC).isoformat()


def put_key(account: str, key: Key) -> None:
    backend = kms_backends[account][key.region]
    policy = json.dumps(key.policy) if key.policy else None
    made: Any = backend.create_key(policy, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", key.description, [])
    del backend.keys[made.id]
    made.id = key.id
    made.arn = f"arn:aws:kms:{key.region}:{account}:key/{key.id}"
    made.creation_date = CREATED.replace(tzinfo=UTC).timestamp()
    made.key_manager = key.manager
    made.key_state, made.enabled = key.state, key.state == "Enabled"
    made.deletion_date = DELETION if key.state == "PendingDeletion" else None
    made.key_rotation_status, made.rotation_period_in_days = key.rotation is not None, key.rotation or 365
    backend.keys[key.id] = made
    backend.tagger.tag_resource(key.id, [{"TagKey": k, "TagValue": v} for k, v in key.tags.items()])
    for alias in key.aliases:
        backend.create_alias(key.id, alias)
    for grant in key.grants:
        backend.create_grant(
            key.id,
            grant["GranteePrincipal"],
            grant["Operations"],
            grant.get("Name", ""),
            grant.get("Constraints", {}),
            "",
        )


def put_topic(account: str, topic: Topic) -> None:
    backend = sns_backends[account][topic.region]
    attributes = {"KmsMasterKeyId": topic.key} if topic.key else {}
    made = backend.create_topic(topic.name, attributes)
    if topic.policy:
        made.policy = json.dumps(topic.policy)
    for protocol, endpoint, confirmed in topic.subscriptions:
        subscription = backend.subscribe(made.arn, endpoint, protocol)
        subscription.confirmed = confirmed
        made.subscriptions_confimed += confirmed
        made.subscriptions_pending += not confirmed


def put_log_group(account: str, group: LogGroup) -> None:
    backend = logs_backends[account][group.region]
    backend.create_log_group(group.name, {}, **({"kmsKeyId": group.key} if group.key else {}))
    if group.retention:
        backend.groups[group.name].retention_in_days = group.retention  # a number, as AWS has it
    for metric_filter in group.filters:
        backend.put_metric_filter(
            metric_filter["filterName"],
            metric_filter["filterPattern"],
            group.name,
            metric_filter["metricTransformations"],
        )


def put_alarm(account: str, alarm: Alarm) -> None:
    cloudwatch_backends[account][alarm.region].put_metric_alarm(
        alarm.name, alarm.namespace, alarm.metric, "GreaterThanOrEqualToThreshold", 1, 300, 1.0, "Sum", "", [], list(alarm.actions),
        actions_enabled=alarm.enabled, treat_missing_data="notBreaching",
    )  # fmt: skip


def put_recorder(account: str, region: str) -> None:
    backend = config_backends[account][region]
    role = f"arn:aws:iam::{account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    group = {"allSupported": True, "includeGlobalResourceTypes": region == "us-east-1", "resourceTypes": []}
    backend.put_configuration_recorder({"name": "default", "roleARN": role, "recordingGroup": group})
    status = backend.recorders["default"].status
    status.start()
    status.last_status = "SUCCESS"


def put_detector(account: str, region: str) -> None:
    """A detector with the foundations on (moto's default is off)."""
    backend = guardduty_backends[account][region]
    features = [{"Name": name, "Status": "ENABLED", "UpdatedAt": CREATED.isoformat() + "Z"} for name in FEATURES]
    detector = backend.detectors[backend.create_detector(True, "SIX_HOURS", {"s3Logs": {"enable": True}}, {}, features)]
    detector.created_at = detector.updated_at = CREATED
