"""Alarms on what a trail reports: one check for each kind of event, made from a table. Asked of the account.

A pattern counts by what it matches, not by how it is written; and an alarm counts only if somebody hears it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reporter.assess.estate import Resource, both, certain, either, gathered, some
from reporter.assess.evaluate import check
from reporter.assess.resource_types import ALARM, LOG_GROUP, TOPIC
from reporter.checks import examples as eg
from reporter.checks.topics import has_confirmed_subscriber
from reporter.checks.trails import NEW, START, WIDEN, covering
from reporter.documents.pattern_cover import matches_at_least
from reporter.documents.patterns_wanted import WANTED
from reporter.model import ACCOUNT, Severity


@dataclass(frozen=True, slots=True)
class Watched:
    """A kind of event somebody must be told of, and why."""

    what: str  # the check's id after cloudtrail-alarm-
    title: str
    why: str
    severity: Severity = "low"


WATCHED: Final = (
    Watched(
        "unauthorized-api-calls",
        "Calls that AWS refused for want of permission raise an alarm.",
        "Stolen credentials are first tried out, and most of the tries are refused.",
        "medium",
    ),
    Watched(
        "sign-in-without-mfa",
        "Signing in to the console without a second factor raises an alarm.",
        "A password alone can be guessed, phished and reused.",
        "medium",
    ),
    Watched(
        "root-use",
        "Any use of the root user raises an alarm.",
        "Root has every right and belongs to nobody in particular; its use should be rare and expected.",
        "high",
    ),
    Watched(
        "iam-policy-changes",
        "Changes to IAM policies raise an alarm.",
        "Whoever changes a policy changes what everybody under it may do.",
        "medium",
    ),
    Watched(
        "cloudtrail-changes",
        "Creating, changing, stopping and deleting trails raises an alarm.",
        "It is the last event before the dark.",
        "high",
    ),
    Watched(
        "sign-in-failures",
        "Failed attempts to sign in to the console raise an alarm.",
        "Many failures in a short time are somebody guessing.",
    ),
    Watched(
        "kms-key-disabled-or-deleted",
        "Disabling a key or scheduling its deletion raises an alarm.",
        "Without its key, encrypted data is lost, and so is an encrypted log.",
        "medium",
    ),
    Watched(
        "s3-bucket-policy-changes",
        "Changes to bucket policies, ACLs, CORS, lifecycle and replication raise an alarm.",
        "One such change can publish, move or delete everything in a bucket.",
        "medium",
    ),
    Watched(
        "config-changes",
        "Changes to AWS Config's recording and delivery raise an alarm.",
        "Who stops the recorder hides what comes after.",
    ),
    Watched(
        "security-group-changes",
        "Changes to security groups raise an alarm.",
        "A rule added in passing can open a server to the world.",
    ),
    Watched(
        "network-acl-changes",
        "Changes to network ACLs raise an alarm.",
        "They decide what reaches a whole subnet.",
    ),
    Watched(
        "network-gateway-changes",
        "Changes to internet and customer gateways raise an alarm.",
        "A new gateway is a new way out.",
    ),
    Watched(
        "route-table-changes",
        "Changes to route tables raise an alarm.",
        "A changed route can lead traffic past what was meant to inspect it.",
    ),
    Watched(
        "vpc-changes",
        "Creating, changing, peering and deleting VPCs raises an alarm.",
        "A peering joins two networks that were apart.",
    ),
    Watched(
        "organizations-changes",
        "Changes to the organization, its accounts and its policies raise an alarm.",
        "An account moved out of its unit leaves that unit's policies behind.",
        "medium",
    ),
)
EVENT: Final = re.compile(r"\$\.eventName = (\w+)")  # in the sample of an event that filters miss
# on a log group: one that is there, or one that is still to be made
ON_GROUP: Final = """\
  aws logs put-metric-filter --log-group-name {group} --filter-name {name} --filter-pattern '{pattern}'
    --metric-transformations metricName={name},metricNamespace=CloudTrail,metricValue=1 --region {place}
  aws cloudwatch put-metric-alarm --alarm-name {name} --metric-name {name} --namespace CloudTrail --statistic Sum
    --period 300 --evaluation-periods 1 --threshold 1 --comparison-operator GreaterThanOrEqualToThreshold
    --alarm-actions <TOPIC_ARN> --region {place}
  aws sns subscribe --topic-arn <TOPIC_ARN> --protocol email --notification-endpoint <ADDRESS> --region {place}
"""
FIX: Final = """\
Fix: aws cloudtrail create-trail --name <TRAIL> --s3-bucket-name <LOG_BUCKET> --is-multi-region-trail
    --cloud-watch-logs-log-group-arn <LOG_GROUP_ARN> --cloud-watch-logs-role-arn <ROLE_ARN>
  aws cloudtrail start-logging --name <TRAIL>
  aws cloudtrail update-trail --name {TrailARN} --is-multi-region-trail --region {HomeRegion}
  aws cloudtrail update-trail --name {TrailARN} --cloud-watch-logs-log-group-arn <LOG_GROUP_ARN>
    --cloud-watch-logs-role-arn <ROLE_ARN> --region {HomeRegion}
  aws cloudtrail start-logging --name {TrailARN} --region {HomeRegion}
"""
FIX_ON_GROUP: Final = "".join(
    ON_GROUP.replace("{group}", group).replace("{place}", place)
    for group, place in (("<LOG_GROUP>", "<REGION>"), ("{logGroupName}", "{region}"))
)
# the commands of the fix that each reason calls for; what comes later in the chain is missing then too
ALARM_ON_GROUP: Final = ("--region {region}",)
ALARM_ON_NEW_GROUP: Final = "--region <REGION>"
GROUP: Final = ("--cloud-watch-logs-role-arn <ROLE_ARN> --region", ALARM_ON_NEW_GROUP)
NEW_TRAIL: Final = (*NEW, ALARM_ON_NEW_GROUP)


def is_alarmed(account: Resource, wanted: str) -> bool:
    """Whether every event of the wanted pattern raises an alarm that somebody receives."""
    account.because("No trail covers the account", *NEW_TRAIL)
    return some(covering(account), lambda trail: _alarms_on(trail, wanted))


def _alarms_on(trail: Resource, wanted: str) -> bool:
    """A logging multi-region trail with such a filter on its log group."""
    name = trail["Name"]
    return both(
        lambda: (
            trail["IsMultiRegionTrail"]
            or trail.because(f"Trail {name} records one region only", f"{WIDEN} --is-multi-region-trail")
        ),
        lambda: trail["CloudWatchLogsLogGroupArn"] or trail.because(f"Trail {name} delivers to no log group", *GROUP),
        lambda: trail["Status"]["IsLogging"] or trail.because(f"Trail {name} is stopped", START),
        lambda: _group_alarms_on(trail, wanted),
    )


def _group_alarms_on(trail: Resource, wanted: str) -> bool:
    """One filter that matches it all and is alarmed; or several alarmed ones that do so together."""
    group = trail.related(LOG_GROUP, trail["CloudWatchLogsLogGroupArn"])
    if group is None:
        return trail.because(f"The log group of trail {trail['Name']} does not exist", *GROUP)
    filters = group["MetricFilters"] or ()
    if not filters:
        return group.because("The log group has no metric filter", *ALARM_ON_GROUP)
    answer = matches_at_least([one["filterPattern"] for one in filters], wanted)
    if answer.holds is False:
        event = EVENT.search(str(answer))
        return group.because(
            f"The metric filters miss {event[1]}" if event else f"The metric filters do not do: {answer}",
            *ALARM_ON_GROUP,
        )
    return either(
        lambda: some(filters, lambda one: _matches(one, wanted) and _has_alarm(group, one)),
        lambda: _together(group, filters, wanted),
    )


def _matches(metric_filter: Mapping[str, Any], wanted: str) -> bool:
    return certain(matches_at_least(metric_filter["filterPattern"], wanted))


def _together(group: Resource, filters: Sequence[Mapping[str, Any]], wanted: str) -> bool:
    """Whether the filters whose alarms are heard match all of it between them."""
    heard, refusals = gathered(filters, lambda one: one["filterPattern"] if _has_alarm(group, one) else None)
    answer = matches_at_least([pattern for pattern in heard if pattern is not None], wanted)
    if answer.holds is not True and refusals:
        raise refusals[0]
    return certain(answer)


def _has_alarm(group: Resource, metric_filter: Mapping[str, Any]) -> bool:
    """Whether an alarm on one of the filter's metrics acts, and the topic it tells has a confirmed subscriber."""
    metrics = {(one["metricNamespace"], one["metricName"]) for one in metric_filter["metricTransformations"]}
    name = metric_filter["filterName"]
    return some(group.all(ALARM, group.region), lambda alarm: _rings(alarm, metrics)) or group.because(
        f"Filter {name} has no alarm that somebody hears", *ALARM_ON_GROUP
    )


def _rings(alarm: Resource, metrics: set[tuple[str, str]]) -> bool:
    return both(lambda: metrics & _watched_by(alarm), lambda: alarm["ActionsEnabled"], lambda: _is_heard(alarm))


def _watched_by(alarm: Resource) -> set[tuple[str, str]]:
    """The metrics an alarm looks at, directly or in an expression."""
    watched = {(alarm["Namespace"], alarm["MetricName"])}
    for query in alarm["Metrics"] or ():
        metric = (query.get("MetricStat") or {}).get("Metric") or {}
        watched.add((metric.get("Namespace"), metric.get("MetricName")))
    return watched


def _is_heard(alarm: Resource) -> bool:
    topics = [arn for arn in alarm["AlarmActions"] or () if ":sns:" in arn]
    return some(alarm.related_all(TOPIC, topics), has_confirmed_subscriber)


def _examples(wanted: str) -> tuple[list[list[Any]], list[list[Any]]]:
    """What passes and what fails, the same for every kind of event."""
    counted = eg.metric_filter(wanted)
    wider = f"{{ ($.eventName = Other) || ({wanted[1:-1]}) }}"
    group, alarm, topic = eg.log_group(counted), eg.alarm(), eg.topic()
    elsewhere = eg.trail(CloudWatchLogsLogGroupArn=eg.LOG_GROUP_ARN.replace(eg.HOME, eg.ARCHIVE))
    unconfirmed = {"Subscriptions": [{"Protocol": "email", "SubscriptionArn": "PendingConfirmation"}]}
    passes = [
        [eg.account(), eg.trail(), group, alarm, topic],
        [eg.account(), eg.trail(), eg.log_group(eg.metric_filter(wider)), alarm, topic],
    ]
    fails = [
        [eg.account(VisibleTrails=[])],
        [eg.account(), eg.trail(), eg.log_group(), alarm, topic],
        [eg.account(), eg.trail(Status__IsLogging=False), group, alarm, topic],
        [eg.account(), eg.trail(IsMultiRegionTrail=False), group, alarm, topic],
        [eg.account(), eg.trail(), eg.log_group(eg.metric_filter("{ $.eventName = NoSuchEvent }")), alarm, topic],
        [eg.account(), eg.trail(), group, topic],
        [eg.account(), eg.trail(), group, eg.alarm(ActionsEnabled=False), topic],
        [eg.account(), eg.trail(), group, eg.alarm(AlarmActions=[]), topic],
        [eg.account(), eg.trail(), group, eg.alarm(Namespace="Elsewhere"), topic],
        [eg.account(), eg.trail(), group, alarm, eg.topic(**unconfirmed)],
        [eg.account(), elsewhere, eg.log_group(account=eg.ARCHIVE), group, alarm, topic],
    ]
    return passes, fails


def _question(row: Watched, wanted: str) -> Callable[[Resource], bool]:
    def alarmed(account: Resource) -> bool:
        return is_alarmed(account, wanted)

    fix = (FIX + FIX_ON_GROUP).replace("{name}", row.what).replace("{pattern}", wanted)
    alarmed.__doc__ = f"{row.title}\n\n{row.why}\n{fix}"
    return alarmed


for _row in WATCHED:
    _passes, _fails = _examples(WANTED[_row.what])
    check(f"cloudtrail-alarm-{_row.what}", subject=ACCOUNT, severity=_row.severity, passes=_passes, fails=_fails)(
        _question(_row, WANTED[_row.what])
    )
