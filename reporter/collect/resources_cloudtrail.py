"""What CloudTrail says: trails, event data stores, channels."""

from reporter.collect.rows import CORE, LAKE, NEXT_TOKEN, Call, Known, ResourceType


def _resource_policy(arn: str, set: str) -> Call:
    return Call(
        "GetResourcePolicy",
        "ResourcePolicy",
        iam="cloudtrail:GetResourcePolicy",
        lost="Who else may use a trail, an event data store or a channel.",
        params={"ResourceArn": arn},
        absent=("ResourcePolicyNotFoundException", "ResourceTypeNotSupportedException"),
        json=("",),
        empty="absent",
        set=set,
    )


def _tags(arn: str, set: str) -> Call:
    return Call(
        "ListTags",
        "ResourceTagList[0].TagsList",
        iam="cloudtrail:ListTags",
        lost="The tags of trails, event data stores and channels: owners and scopes of waivers.",
        params={"ResourceIdList": (arn,)},
        pages=NEXT_TOKEN,
        empty="kept",
        set=set,
    )


_OURS = "contains({arn}, join('', [':', _account, ':']))"

# An organization trail is seen by every member, in every region; its selectors, tags and insights can be asked for by the
# owner in the home region only. So: listed everywhere, kept at home, and noted on each account that sees it.
TRAIL = ResourceType(
    "AWS::CloudTrail::Trail",
    service="cloudtrail",
    id="TrailARN",
    list=Call(
        "DescribeTrails",
        "trailList",
        iam="cloudtrail:DescribeTrails",
        lost="Which trails exist and cover the account: nothing about CloudTrail can be judged.",
    ),
    region="HomeRegion",
    where=f"HomeRegion == _region && {_OURS.format(arn='TrailARN')}",
    drop=("SnsTopicName",),
    seen_as="VisibleTrails",
    parts={
        "Status": Call(
            "GetTrailStatus",
            iam="cloudtrail:GetTrailStatus",
            lost="Whether a trail is logging, and whether its files, digests and notifications arrive.",
            params={"Name": "TrailARN"},
        ),
        # The status is per region: a trail may log at home and fail elsewhere.
        "RegionStatus": Call(
            "GetTrailStatus",
            "{IsLogging: IsLogging, LatestDeliveryError: LatestDeliveryError}",
            iam="cloudtrail:GetTrailStatus",
            lost="Whether a multi-region trail logs in each enabled region.",
            params={"Name": "TrailARN"},
            region="_each",
            each="_elsewhere",
            known=(Known("IsMultiRegionTrail != `true`", answer={}),),
        ),
        "Selectors": Call(
            "GetEventSelectors",
            "{EventSelectors: EventSelectors, AdvancedEventSelectors: AdvancedEventSelectors}",
            iam="cloudtrail:GetEventSelectors",
            lost="Which management and data events a trail records.",
            params={"TrailName": "TrailARN"},
        ),
        "InsightSelectors": Call(
            "GetInsightSelectors",
            "InsightSelectors",
            iam="cloudtrail:GetInsightSelectors",
            lost="Whether unusual call rates and error rates are detected.",
            params={"TrailName": "TrailARN"},
            absent=("InsightNotEnabledException",),
            empty="absent",
        ),
        "EventConfiguration": Call(
            "GetEventConfiguration",
            iam="cloudtrail:GetEventConfiguration",
            lost="The size of events, and the context keys and aggregations added to them.",
            params={"TrailName": "TrailARN"},
        ),
        "ResourcePolicy": _resource_policy("TrailARN", CORE),
        "Tags": _tags("TrailARN", CORE),
        "LogIntegrity": Call("GetObject", iam="s3:GetObject", later="NotYetRead"),
    },
)

EVENT_DATA_STORE = ResourceType(
    "AWS::CloudTrail::EventDataStore",
    service="cloudtrail",
    id="EventDataStoreArn",
    list=Call(
        "ListEventDataStores",
        "EventDataStores",
        iam="cloudtrail:ListEventDataStores",
        lost="Whether event data stores exist.",
        pages=NEXT_TOKEN,
        set=LAKE,
    ),
    where=_OURS.format(arn="EventDataStoreArn"),
    created="CreatedTimestamp",
    parts={
        "Detail": Call(
            "GetEventDataStore",
            iam="cloudtrail:GetEventDataStore",
            lost="Retention, termination protection and key of event data stores.",
            params={"EventDataStore": "EventDataStoreArn"},
            set=LAKE,
        ),
        "InsightSelectors": Call(
            "GetInsightSelectors",
            "InsightSelectors",
            iam="cloudtrail:GetInsightSelectors",
            lost="Whether unusual call rates and error rates are detected.",
            params={"EventDataStore": "EventDataStoreArn"},
            absent=("InsightNotEnabledException", "UnsupportedOperationException"),
            empty="absent",
            set=LAKE,
        ),
        # Stores of other events than CloudTrail's have none.
        "EventConfiguration": Call(
            "GetEventConfiguration",
            iam="cloudtrail:GetEventConfiguration",
            lost="The size of events, and the context keys and aggregations added to them.",
            params={"EventDataStore": "EventDataStoreArn"},
            absent=("InvalidEventDataStoreCategoryException", "UnsupportedOperationException"),
            set=LAKE,
        ),
        "ResourcePolicy": _resource_policy("EventDataStoreArn", LAKE),
        "Tags": _tags("EventDataStoreArn", LAKE),
    },
    set=LAKE,
)

CHANNEL = ResourceType(
    "AWS::CloudTrail::Channel",
    service="cloudtrail",
    id="ChannelArn",
    list=Call(
        "ListChannels",
        "Channels",
        iam="cloudtrail:ListChannels",
        lost="Whether events are taken in from outside AWS, or handed to a service.",
        pages=NEXT_TOKEN,
        set=LAKE,
    ),
    where=_OURS.format(arn="ChannelArn"),
    parts={
        "Detail": Call(
            "GetChannel",
            iam="cloudtrail:GetChannel",
            lost="Source and destination of channels.",
            params={"Channel": "ChannelArn"},
            set=LAKE,
        ),
        "ResourcePolicy": _resource_policy("ChannelArn", LAKE),
        "Tags": _tags("ChannelArn", LAKE),
    },
    set=LAKE,
)
