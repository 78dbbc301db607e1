"""CloudTrail Lake and what else moto answers with HTTP 500: event data stores, channels, event configuration, resource policies."""

from reporter.simulate.answers import Answer, as_json, error
from reporter.simulate.cloudtrail import NO_EVENT_CONFIGURATION, extras, find_trail, not_found
from reporter.simulate.events import look_up
from reporter.simulate.registry import answers
from reporter.simulate.request import Request
from reporter.simulate.world import World

LISTED_OF_STORE = (
    "EventDataStoreArn", "Name", "TerminationProtectionEnabled", "Status", "AdvancedEventSelectors", "MultiRegionEnabled",
    "OrganizationEnabled", "RetentionPeriod", "CreatedTimestamp", "UpdatedTimestamp",
)  # fmt: skip


def _here(world: World, request: Request, kind: str) -> dict[str, dict[str, object]]:
    kept = getattr(world.places[request.account], kind)
    return {arn: value for arn, value in sorted(kept.items()) if arn.split(":")[3] == request.region}


@answers("cloudtrail", "ListEventDataStores")
def list_event_data_stores(world: World, request: Request) -> Answer:
    stores = _here(world, request, "stores")
    return as_json({"EventDataStores": [{k: s[k] for k in ("EventDataStoreArn", "Name")} for s in stores.values()]})


@answers("cloudtrail", "GetEventDataStore")
def get_event_data_store(world: World, request: Request) -> Answer:
    asked = request.params.get("EventDataStore", "")
    for arn, store in _here(world, request, "stores").items():
        if asked in {arn, arn.rpartition("/")[2]}:
            return as_json(store)
    return error(request, "EventDataStoreNotFoundException", "The specified event data store was not found.", 400)


@answers("cloudtrail", "ListChannels")
def list_channels(world: World, request: Request) -> Answer:
    return as_json(
        {"Channels": [{"ChannelArn": arn, "Name": c["Name"]} for arn, c in _here(world, request, "channels").items()]}
    )


@answers("cloudtrail", "GetChannel")
def get_channel(world: World, request: Request) -> Answer:
    asked = request.params.get("Channel", "")
    for arn, channel in _here(world, request, "channels").items():
        if asked in {arn, arn.rpartition("/")[2]}:
            return as_json(channel)
    return error(request, "ChannelNotFoundException", "The specified channel was not found.", 400)


@answers("cloudtrail", "GetEventConfiguration")
def get_event_configuration(world: World, request: Request) -> Answer:
    if arn := request.params.get("EventDataStore"):
        kept = world.places[request.account].lake.get(arn, {}).get("event_configuration")
        return as_json({"EventDataStoreArn": arn} | (kept or NO_EVENT_CONFIGURATION))
    trail = find_trail(world, request, home=True)
    if trail is None:
        return not_found(request)
    return as_json(
        {"TrailARN": trail.arn} | (extras(world, trail).get("event_configuration") or NO_EVENT_CONFIGURATION)
    )


@answers("cloudtrail", "GetResourcePolicy")
def get_resource_policy(world: World, request: Request) -> Answer:
    arn = request.params.get("ResourceArn", "")
    place = world.places[request.account]
    policy = next((kept[arn].get("resource_policy") for kept in (place.trails, place.lake) if arn in kept), None)
    if policy is None:
        return error(request, "ResourcePolicyNotFoundException", "The resource has no resource-based policy.", 400)
    return as_json({"ResourceArn": arn, "ResourcePolicy": policy})


@answers("cloudtrail", "ListTags")
def list_tags(world: World, request: Request) -> Answer | None:
    """moto knows the tags of trails only."""
    arns, kept = request.params.get("ResourceIdList") or [], world.places[request.account].lake
    if not any(arn in kept for arn in arns):
        return None
    told = [(arn, kept.get(arn, {}).get("tags") or {}) for arn in arns]
    return as_json(
        {
            "ResourceTagList": [
                {"ResourceId": arn, "TagsList": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}
                for arn, tags in told
            ]
        }
    )


@answers("cloudtrail", "LookupEvents")
def lookup_events(world: World, request: Request) -> Answer:
    return look_up(world, request)


@answers("cloudtrail", "ListPublicKeys")
def list_public_keys(_: World, __: Request) -> Answer:
    return as_json({"PublicKeyList": []})


@answers("cloudtrail", "ListImports", "ListQueries", "ListDashboards")
def nothing_listed(_: World, request: Request) -> Answer:
    return as_json({request.operation.removeprefix("List"): []})
