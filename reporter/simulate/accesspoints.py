"""S3 Control: access points by region, multi-region access points in us-west-2 only, as moto does not tell them apart."""

import json
import re
from html import unescape

from moto.s3.utils import bucket_policy_is_public

from reporter.simulate.answers import Answer, as_xml, error, xml_of
from reporter.simulate.organization import ALL_BLOCKED, AccessPoint, Document, MultiRegionAccessPoint, letters
from reporter.simulate.registry import answers
from reporter.simulate.request import Request
from reporter.simulate.s3 import find_bucket
from reporter.simulate.world import World

Points = dict[tuple[str, str], AccessPoint]


def _points(world: World, request: Request) -> Points:
    points: Points = world.places[request.account].access_points
    return points


def point_arn(account: str, point: AccessPoint) -> str:
    return f"arn:aws:s3:{point.region}:{account}:accesspoint/{point.name}"


def _summary(account: str, point: AccessPoint) -> Document:
    return {
        "Name": point.name,
        "NetworkOrigin": "VPC" if point.vpc else "Internet",
        "VpcConfiguration": {"VpcId": point.vpc} if point.vpc else None,
        "Bucket": point.bucket,
        "AccessPointArn": point_arn(account, point),
        "Alias": f"{point.name[:20]}-{letters(0, account, point.name, length=12)}-s3alias",
        "BucketAccountId": account,
    }


def _answer(root: str, value: Document) -> Answer:
    return as_xml(
        xml_of(root, value).replace(
            f"<{root}>", f'<{root} xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">', 1
        )
    )


@answers("s3control", "ListAccessPoints")
def list_access_points(world: World, request: Request) -> Answer:
    """The access points of the account in the region asked."""
    found = [p for _, p in sorted(_points(world, request).items()) if p.region == request.region]
    wanted = [p for p in found if request.query.get("bucket", p.bucket) == p.bucket]
    return _answer(
        "ListAccessPointsResult", {"AccessPointList": {"AccessPoint": [_summary(request.account, p) for p in wanted]}}
    )


@answers("s3control", "GetAccessPoint", "GetAccessPointPolicy", "GetAccessPointPolicyStatus")
def get_access_point(world: World, request: Request) -> Answer:
    """One access point, its policy or whether that is public; by name or ARN."""
    name = str(request.params.get("name", "")).rpartition("/")[2]
    point = _points(world, request).get((request.region, name))
    if point is None:
        return error(request, "NoSuchAccessPoint", "The specified accesspoint does not exist", 404)
    if request.operation == "GetAccessPoint":
        extra = {"PublicAccessBlockConfiguration": point.public_access_block, "CreationDate": "2026-01-05T00:00:00Z"}
        return _answer("GetAccessPointResult", _summary(request.account, point) | extra)
    if point.policy is None:
        return error(request, "NoSuchAccessPointPolicy", "The specified accesspoint policy does not exist", 404)
    text = json.dumps(point.policy)
    if request.operation == "GetAccessPointPolicy":
        return _answer("GetAccessPointPolicyResult", {"Policy": text})
    return _answer("GetAccessPointPolicyStatusResult", {"PolicyStatus": {"IsPublic": bucket_policy_is_public(text)}})


def _element(body: bytes, name: str) -> str:
    """The text of the first element of that name; such requests are flat."""
    found = re.search(rf"<{name}>([^<]*)</{name}>", body.decode())
    return unescape(found.group(1)) if found else ""


@answers("s3control", "CreateAccessPoint", "DeleteAccessPoint", "PutAccessPointPolicy", "DeleteAccessPointPolicy")
def change_access_point(world: World, request: Request) -> Answer:
    name, points = str(request.params.get("name", "")), _points(world, request)
    key = (request.region, name)
    if request.operation == "CreateAccessPoint":
        bucket = _element(request.body, "Bucket")
        if find_bucket(bucket) is None:
            return error(request, "NoSuchBucket", "The specified bucket does not exist", 404)
        block = {name: _element(request.body, name) != "false" for name in ALL_BLOCKED}
        points[key] = AccessPoint(name, bucket, request.region, public_access_block=block)
        return _answer("CreateAccessPointResult", {"AccessPointArn": point_arn(request.account, points[key])})
    if key not in points:
        return error(request, "NoSuchAccessPoint", "The specified accesspoint does not exist", 404)
    if request.operation == "DeleteAccessPoint":
        del points[key]
        return Answer(204)
    policy = json.loads(_element(request.body, "Policy")) if request.operation == "PutAccessPointPolicy" else None
    old = points[key]
    points[key] = AccessPoint(old.name, old.bucket, old.region, policy, old.public_access_block, old.vpc)
    return Answer(200)


def _multi(account: str, point: MultiRegionAccessPoint) -> Document:
    buckets = [find_bucket(name) for name in point.buckets]
    return {
        "Name": point.name,
        "Alias": f"{letters(0, account, point.name, length=13)}.mrap",
        "CreatedAt": "2026-01-05T00:00:00Z",
        "PublicAccessBlock": point.public_access_block,
        "Status": "READY",
        "Regions": {
            "Region": [
                {"Bucket": b.name, "Region": b.region_name, "BucketAccountId": account}
                for b in buckets
                if b is not None
            ]
        },
    }


@answers(
    "s3control", "ListMultiRegionAccessPoints", "GetMultiRegionAccessPoint", "GetMultiRegionAccessPointPolicy",
    "GetMultiRegionAccessPointPolicyStatus",
)  # fmt: skip
def multi_region_access_points(world: World, request: Request) -> Answer:
    """Served in us-west-2; elsewhere refused."""
    if request.region != "us-west-2":
        return error(request, "PermanentRedirect", "Multi-Region Access Point requests go to us-west-2.", 301)
    points: tuple[MultiRegionAccessPoint, ...] = world.places[request.account].multi_region_access_points
    if request.operation == "ListMultiRegionAccessPoints":
        return _answer(
            "ListMultiRegionAccessPointsResult",
            {"AccessPoints": {"AccessPoint": [_multi(request.account, p) for p in points]}},
        )
    found = next((p for p in points if p.name == request.params.get("name")), None)
    if found is None:
        return error(
            request, "NoSuchMultiRegionAccessPoint", "The specified Multi-Region Access Point does not exist", 404
        )
    if request.operation == "GetMultiRegionAccessPoint":
        return _answer("GetMultiRegionAccessPointResult", {"AccessPoint": _multi(request.account, found)})
    text = json.dumps(found.policy) if found.policy else None
    if request.operation == "GetMultiRegionAccessPointPolicy":
        return _answer("GetMultiRegionAccessPointPolicyResult", {"Policy": {"Established": {"Policy": text}}})
    public = bool(text and bucket_policy_is_public(text))
    return _answer("GetMultiRegionAccessPointPolicyStatusResult", {"Established": {"IsPublic": public}})
