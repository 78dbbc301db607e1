"""CloudTrail's event history: every management call is recorded, with the person behind it, for LookupEvents to find.

A call made on behalf of a person carries that person in the header `x-simulate-actor` (see `Simulation.act`); any other is
recorded with the credentials that signed it.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from reporter.simulate.answers import Answer, as_json, error
from reporter.simulate.organization import Document, key_id
from reporter.simulate.request import Request
from reporter.simulate.world import World

ACTOR_HEADER = "x-simulate-actor"
KEPT = 50_000  # events of an account; older ones are forgotten first
NAMES = {  # where the event is named otherwise than the operation
    "PublicAccessBlock": "BucketPublicAccessBlock",
    "BucketLifecycleConfiguration": "BucketLifecycle",
    "BucketNotificationConfiguration": "BucketNotification",
    "ObjectLockConfiguration": "BucketObjectLockConfiguration",
    "BucketAccelerateConfiguration": "AccelerateConfiguration",
}
DATA_EVENTS = {
    "GetObject",
    "PutObject",
    "DeleteObject",
    "HeadObject",
    "PostObject",
    "DeleteObjects",
    "ListObjects",
    "ListObjectsV2",
}
UNRECORDED = {"", "LookupEvents"}
SOURCES = {
    "cloudwatch": "monitoring",
    "accessanalyzer": "access-analyzer",
    "s3control": "s3",
    "s3express": "s3express",
    "sesv2": "ses",
}
RESOURCE_TYPES = {
    "s3": "AWS::S3::Bucket",
    "cloudtrail": "AWS::CloudTrail::Trail",
    "kms": "AWS::KMS::Key",
    "sns": "AWS::SNS::Topic",
    "logs": "AWS::Logs::LogGroup",
}


@dataclass(frozen=True)
class Event:
    """One recorded call; `document` is rendered only when somebody looks it up."""

    id: str
    at: datetime
    name: str
    source: str
    account: str
    region: str
    read_only: bool
    identity: Document
    resources: tuple[tuple[str, str], ...] = ()
    params: Document = field(default_factory=dict)
    ip: str = "127.0.0.1"
    agent: str = ""
    error: str = ""

    @property
    def username(self) -> str:
        issuer = self.identity.get("arn", "").rpartition("/")[2]
        return str(self.identity.get("userName") or issuer or "root")

    def document(self) -> Document:
        """The CloudTrail record."""
        record: Document = {
            "eventVersion": "1.11",
            "userIdentity": self.identity,
            "eventTime": self.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": self.source,
            "eventName": self.name,
            "awsRegion": self.region,
            "sourceIPAddress": self.ip,
            "userAgent": self.agent,
            "requestParameters": self.params or None,
            "responseElements": None,
            "requestID": self.id[19:] + self.id[:19],
            "eventID": self.id,
            "readOnly": self.read_only,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": self.account,
            "eventCategory": "Management",
        }
        if self.error:
            record |= {"errorCode": self.error, "errorMessage": "denied"}
        return record


def event_name(request: Request) -> str:
    if request.service == "s3control":
        return request.operation.replace("PublicAccessBlock", "AccountPublicAccessBlock")
    for noun, said in NAMES.items():
        if request.service == "s3" and request.operation in {f"Get{noun}", f"Put{noun}", f"Delete{noun}"}:
            return request.operation.replace(noun, said)
    return request.operation


def record(world: World, request: Request, answer: Answer) -> None:
    """Note the call, if CloudTrail would call it a management event."""
    if request.operation in UNRECORDED | DATA_EVENTS or not request.account or answer.kill or request.service == "sts":
        return
    told = request.headers.get(ACTOR_HEADER)
    actor: Document = json.loads(told) if told else {}
    event = Event(
        id=key_id(world.organization.seed, "event", str(world.next_serial())),
        at=(datetime.fromisoformat(actor["at"]) if "at" in actor else world.now).replace(microsecond=0),
        name=event_name(request),
        source=f"{SOURCES.get(request.service, request.service)}.amazonaws.com",
        account=request.account,
        region=request.region,
        read_only=request.operation.startswith(("Get", "List", "Describe", "Head", "Lookup")),
        identity=actor.get("identity") or _identity(world, request),
        resources=_resources(request),
        params=_params(request, actor),
        ip=actor.get("ip", "127.0.0.1"),
        agent=actor.get("agent", request.headers.get("user-agent", "")),
        error="" if answer.status < 400 else "AccessDenied" if answer.status == 403 else "ClientError",
    )
    with world.lock:
        kept = world.events[request.account]
        kept.append(event)
        if len(kept) > KEPT:
            del kept[: KEPT // 10]


def _identity(world: World, request: Request) -> Document:
    session = world.sessions.get(request.access_key)
    if session is None:
        return {"type": "IAMUser", "arn": request.principal, "accountId": request.account, "userName": "administrator"}
    role = f"arn:aws:iam::{session.account}:role/{session.role}"
    issuer = {"type": "Role", "arn": role, "accountId": session.account, "userName": session.role}
    return {
        "type": "AssumedRole",
        "arn": session.arn,
        "accountId": session.account,
        "accessKeyId": request.access_key,
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}},
    }


def _resources(request: Request) -> tuple[tuple[str, str], ...]:
    kind = RESOURCE_TYPES.get(request.service)
    name = request.resource
    if kind is None or name == "*":
        return ()
    if request.service != "cloudtrail":
        return ((kind, name),)
    arn = name if name.startswith("arn:") else f"arn:aws:cloudtrail:{request.region}:{request.account}:trail/{name}"
    return ((kind, arn), (kind, arn.rpartition("/")[2]))


def _params(request: Request, actor: Document) -> Document:
    """requestParameters as CloudTrail writes them: bucket and sub-resource for S3, keys in lower camel case elsewhere."""
    given: Document = actor.get("params") or {}
    if request.service == "s3":
        rest = {key: value for key, value in given.items() if key not in {"Bucket", "Policy"}}
        if "Policy" in given:
            rest["bucketPolicy"] = json.loads(given["Policy"])
        return {
            "bucketName": request.bucket,
            "Host": f"s3.{request.region}.amazonaws.com",
            request.subresource or "bucket": "",
        } | rest
    told = given or (request.params if request.headers.get("x-amz-target") else {})
    return {key[:1].lower() + key[1:]: value for key, value in told.items()}


def look_up(world: World, request: Request) -> Answer:
    """LookupEvents: one attribute, a window of at most 90 days, newest first, fifty a page."""
    params = request.params
    attributes = params.get("LookupAttributes") or []
    if len(attributes) > 1:
        return error(request, "InvalidLookupAttributesException", "Only one lookup attribute is allowed.", 400)
    start, end = params.get("StartTime"), params.get("EndTime")
    if start is not None and end is not None and float(start) > float(end):
        return error(request, "InvalidTimeRangeException", "The start time is after the end time.", 400)
    size = int(params.get("MaxResults") or 50)
    if not 1 <= size <= 50:
        return error(request, "InvalidMaxResultsException", "MaxResults must be between 1 and 50.", 400)
    oldest = (world.now - timedelta(days=90)).timestamp()
    since, until = max(float(start or 0), oldest), float(end) if end is not None else float("inf")
    found = [
        event
        for event in list(world.events[request.account])
        if event.region == request.region
        and since <= event.at.timestamp() <= until
        and all(_has(event, a["AttributeKey"], a["AttributeValue"]) for a in attributes)
    ]
    found.sort(key=lambda event: (event.at, event.id), reverse=True)
    first = int(params.get("NextToken") or 0)
    page: Document = {"Events": [_shown(event) for event in found[first : first + size]]}
    if first + size < len(found):
        page["NextToken"] = str(first + size)
    return as_json(page)


def _has(event: Event, key: str, value: str) -> bool:
    table: dict[str, Any] = {
        "EventId": event.id,
        "EventName": event.name,
        "ReadOnly": str(event.read_only).lower(),
        "Username": event.username,
        "EventSource": event.source,
        "AccessKeyId": event.identity.get("accessKeyId", ""),
    }
    if key == "ResourceName":
        return any(name == value for _, name in event.resources)
    if key == "ResourceType":
        return any(kind == value for kind, _ in event.resources)
    return bool(table.get(key) == value)


def _shown(event: Event) -> Document:
    return {
        "EventId": event.id,
        "EventName": event.name,
        "ReadOnly": str(event.read_only).lower(),
        "EventTime": event.at.timestamp(),
        "EventSource": event.source,
        "Username": event.username,
        "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in event.resources],
        "CloudTrailEvent": json.dumps(event.document()),
        **({"AccessKeyId": event.identity["accessKeyId"]} if "accessKeyId" in event.identity else {}),
    }
