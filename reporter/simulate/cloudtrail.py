"""CloudTrail's reads as AWS answers them; moto keeps the trails and takes the writes.

moto shows no organization trail to members, no delivery errors, no default or custom selectors, no event data stores, channels
or events, and finds trails by ARN in their home region only.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from moto.cloudtrail.models import cloudtrail_backends

from reporter.simulate.answers import Answer, as_json, error
from reporter.simulate.organization import Document
from reporter.simulate.registry import answers, follows
from reporter.simulate.request import Request
from reporter.simulate.s3 import find_bucket
from reporter.simulate.world import World

ALL_MANAGEMENT_EVENTS: list[Document] = [
    {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}
]
NO_EVENT_CONFIGURATION: Document = {
    "MaxEventSize": "Standard",
    "ContextKeySelectors": [],
    "AggregationConfigurations": [],
}


def own_trails(account: str) -> Iterator[Any]:
    """All trails that live in the account, whatever their home region."""
    for backend in list(cloudtrail_backends[account].values()):
        yield from list(backend.trails.values())


def visible_trails(world: World, account: str, region: str) -> Iterator[Any]:
    """The trails DescribeTrails shows in a region: homed here, multi-region, or the organization's."""
    owners = [account]
    if account != world.organization.management and world.places[account].state == "ACTIVE":
        owners.append(world.organization.management)
    for owner in owners:
        for trail in own_trails(owner):
            if (owner == account or trail.is_org_trail) and (trail.is_multi_region or trail.region_name == region):
                yield trail


def find_trail(world: World, request: Request, *, home: bool = False) -> Any | None:
    """The trail named by ARN, or by name in its own account and home region; `home`: only in the owner's home region."""
    asked = request.params.get("Name") or request.params.get("TrailName") or ""
    for trail in visible_trails(world, request.account, request.region):
        here = trail.account_id == request.account and trail.region_name == request.region
        if (trail.arn == asked and (here or not home)) or (trail.trail_name == asked and here):
            return trail
    return None


def extras(world: World, trail: Any) -> Document:
    """What moto's trail has no room for."""
    return world.places[trail.account_id].trails.setdefault(trail.arn, {})


def described(trail: Any) -> Document:
    kept = {
        "Name": trail.trail_name,
        "S3BucketName": trail.bucket_name,
        "S3KeyPrefix": trail.s3_key_prefix,
        "SnsTopicName": trail.sns_topic_name and trail.topic_arn,
        "SnsTopicARN": trail.topic_arn,
        "IncludeGlobalServiceEvents": bool(trail.include_global_service_events),
        "IsMultiRegionTrail": bool(trail.is_multi_region),
        "HomeRegion": trail.region_name,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": bool(trail.log_validation),
        "CloudWatchLogsLogGroupArn": trail.cw_log_group_arn,
        "CloudWatchLogsRoleArn": trail.cw_role_arn,
        "KmsKeyId": trail.kms_key_id,
        "HasCustomEventSelectors": _has_custom_selectors(trail),
        "HasInsightSelectors": bool(trail.insight_selectors),
        "IsOrganizationTrail": bool(trail.is_org_trail),
    }
    return {key: value for key, value in kept.items() if value is not None and value != ""}


def _has_custom_selectors(trail: Any) -> bool:
    return bool(trail.advanced_event_selectors) or trail.event_selectors not in ([], ALL_MANAGEMENT_EVENTS)


@answers("cloudtrail", "DescribeTrails")
def describe_trails(world: World, request: Request) -> Answer:
    shadows = str(request.params.get("includeShadowTrails", True)).lower() != "false"
    names = request.params.get("trailNameList") or []
    found = [
        trail
        for trail in visible_trails(world, request.account, request.region)
        if shadows or (trail.account_id == request.account and trail.region_name == request.region)
    ]
    wanted = [t for t in found if not names or t.arn in names or t.trail_name in names]
    return as_json({"trailList": [described(t) for t in sorted(wanted, key=lambda t: t.arn)]})


@answers("cloudtrail", "ListTrails")
def list_trails(world: World, request: Request) -> Answer:
    """Every trail of the account from any region, and the organization's."""
    found = {t.arn: t for t in own_trails(request.account)}
    found |= {t.arn: t for t in visible_trails(world, request.account, request.region)}
    return as_json(
        {
            "Trails": [
                {"TrailARN": a, "Name": t.trail_name, "HomeRegion": t.region_name} for a, t in sorted(found.items())
            ]
        }
    )


def not_found(request: Request) -> Answer:
    asked = request.params.get("Name") or request.params.get("TrailName") or request.params.get("ResourceArn")
    return error(request, "TrailNotFoundException", f"Unknown trail: {asked} for the user: {request.account}", 400)


@answers("cloudtrail", "GetTrail")
def get_trail(world: World, request: Request) -> Answer:
    trail = find_trail(world, request)
    return as_json({"Trail": described(trail)}) if trail else not_found(request)


@answers("cloudtrail", "GetTrailStatus")
def get_trail_status(world: World, request: Request) -> Answer:
    trail = find_trail(world, request)
    return as_json(status(world, trail, request.region)) if trail else not_found(request)


def status(world: World, trail: Any, region: str) -> Document:
    """The status of a trail in one region; times follow the simulated clock, or stand still since logging stopped."""
    extra = extras(world, trail)
    errors = dict(extra.get("errors", {}))
    if find_bucket(trail.bucket_name) is None:
        errors.setdefault("LatestDeliveryError", "NoSuchBucket")
    started, stopped = extra.get("started_at"), extra.get("stopped_at")
    until = world.now if trail.status.is_logging or stopped is None else stopped
    delivered = until - timedelta(minutes=extra.get("minutes_ago", 6) + len(region) % 4)
    answer: Document = {"IsLogging": bool(trail.status.is_logging)}
    if started is not None:
        answer |= {"StartLoggingTime": started.timestamp(), "TimeLoggingStarted": _text(started)}
        answer |= {"LatestDeliveryTime": delivered.timestamp(), "LatestDeliveryAttemptTime": _text(delivered)}
        answer |= _side_deliveries(trail, delivered)
    if stopped is not None:
        answer |= {"StopLoggingTime": stopped.timestamp(), "TimeLoggingStopped": _text(stopped)}
    answer |= errors
    here: Document = extra.get("region_errors", {}).get(region, {})
    return answer | here


def _side_deliveries(trail: Any, delivered: datetime) -> Document:
    digest = delivered.replace(minute=0, second=0, microsecond=0)
    times: Document = {}
    if trail.log_validation:
        times["LatestDigestDeliveryTime"] = digest.timestamp()
    if trail.cw_log_group_arn:
        times["LatestCloudWatchLogsDeliveryTime"] = delivered.timestamp()
    if trail.sns_topic_name:
        times |= {"LatestNotificationTime": delivered.timestamp(), "LatestNotificationAttemptTime": _text(delivered)}
    return times


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@answers("cloudtrail", "GetEventSelectors")
def get_event_selectors(world: World, request: Request) -> Answer:
    """In the owner's home region only; a plain trail has one selector for all management events."""
    trail = find_trail(world, request, home=True)
    if trail is None:
        return not_found(request)
    if trail.advanced_event_selectors:
        return as_json({"TrailARN": trail.arn, "AdvancedEventSelectors": trail.advanced_event_selectors})
    return as_json({"TrailARN": trail.arn, "EventSelectors": trail.event_selectors or ALL_MANAGEMENT_EVENTS})


@answers("cloudtrail", "GetInsightSelectors")
def get_insight_selectors(world: World, request: Request) -> Answer:
    if arn := request.params.get("EventDataStore"):
        if found := world.places[request.account].lake.get(arn, {}).get("insights"):
            return as_json({"EventDataStoreArn": arn, "InsightSelectors": found})
        return error(request, "InsightNotEnabledException", f"{arn} does not have Insights enabled.", 400)
    trail = find_trail(world, request, home=True)
    if trail is None:
        return not_found(request)
    if not trail.insight_selectors:
        message = f"Trail {trail.arn} does not have Insights enabled."
        return error(request, "InsightNotEnabledException", message, 400)
    return as_json({"TrailARN": trail.arn, "InsightSelectors": trail.insight_selectors})


@answers("cloudtrail", "PutInsightSelectors")
def put_insight_selectors(world: World, request: Request) -> Answer:
    """Replaces; moto appends."""
    trail = find_trail(world, request, home=True)
    if trail is None:
        return not_found(request)
    trail.insight_selectors = list(request.params.get("InsightSelectors") or [])
    return as_json({"TrailARN": trail.arn, "InsightSelectors": trail.insight_selectors})


@answers("cloudtrail", "PutEventSelectors")
def put_event_selectors(world: World, request: Request) -> Answer:
    """One form replaces the other; moto keeps both."""
    trail = find_trail(world, request, home=True)
    if trail is None:
        return not_found(request)
    trail.event_selectors = list(request.params.get("EventSelectors") or [])
    trail.advanced_event_selectors = list(request.params.get("AdvancedEventSelectors") or [])
    return as_json(
        {
            "TrailARN": trail.arn,
            "EventSelectors": trail.event_selectors,
            "AdvancedEventSelectors": trail.advanced_event_selectors,
        }
    )


@answers("cloudtrail", "CreateTrail")
def create_trail(_: World, request: Request) -> Answer | None:
    """A name is taken once, five trails a region; moto takes both without a word."""
    own = cloudtrail_backends[request.account][request.region].trails
    if request.params.get("Name") in own:
        return error(request, "TrailAlreadyExistsException", f"Trail {request.params['Name']} already exists", 400)
    if len(own) >= 5:
        return error(request, "MaximumNumberOfTrailsExceededException", "Maximum of 5 trails is allowed.", 400)
    return None


@follows("cloudtrail", "StartLogging", "StopLogging")
def logging_switched(world: World, request: Request, answer: Answer) -> Answer:
    trail = find_trail(world, request, home=True)
    if answer.status < 300 and trail is not None:
        extra = extras(world, trail)
        extra["started_at" if request.operation == "StartLogging" else "stopped_at"] = world.now
    return answer


@answers("cloudtrail", "DeleteTrail")
def delete_trail(world: World, request: Request) -> Answer:
    """By name or ARN; moto forgets to look at the ARN."""
    trail = find_trail(world, request, home=True)
    if trail is None:
        return not_found(request)
    cloudtrail_backends[trail.account_id][trail.region_name].trails.pop(trail.trail_name, None)
    world.places[trail.account_id].trails.pop(trail.arn, None)
    return as_json({})
