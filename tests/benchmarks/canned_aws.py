"""An AWS that answers from memory, over TLS: so quick that what is measured is the client.

Accounts and buckets are computed from their numbers. Latency for every answer, and a limit of calls a second for single
accounts, can be set while it runs (`/_set`); `/_stats` counts calls and connections. It checks nothing.
"""

import argparse
import asyncio
import json
import ssl
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

REGIONS = (
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1",
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
    "sa-east-1",
)  # fmt: skip
FIRST = 100_000_000_000  # the management account; members are counted from here
ORGANIZATION = "o-canned00000"


class World:
    """What the server holds, by numbers only."""

    def __init__(self, accounts: int, buckets: int, regions: int) -> None:
        self.accounts = [str(FIRST + number) for number in range(accounts)]
        self.buckets = buckets
        self.regions = REGIONS[:regions]

    def enforced(self, number: int) -> bool:
        """Whether ownership is enforced, so that the access list says nothing: 85 of 100."""
        return number % 20 < 17

    def has_policy(self, number: int) -> bool:
        """60 of 100 buckets have one."""
        return number % 5 < 3

    def versioned(self, number: int) -> bool:
        """70 of 100 were versioned once."""
        return number % 10 < 7

    def region_of(self, number: int) -> str:
        return self.regions[number % len(self.regions)]


def xml(root: str, inner: str = "") -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inner}</{root}>'.encode()


def s3_error(code: str, status: int = 404) -> tuple[int, bytes]:
    return status, f"<Error><Code>{code}</Code><Message>canned</Message><RequestId>R</RequestId></Error>".encode()


BLOCK = "".join(
    f"<{name}>true</{name}>"
    for name in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
)
OWNER = "<Owner><ID>abc</ID></Owner>"


def bucket_answers(world: World) -> dict[str, Callable[[str, int], tuple[int, bytes]]]:
    """Answer by sub-resource of a bucket."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": f"S{n}", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{FIRST + n}:root"}, "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
            for n in range(4)
        ],
    }  # fmt: skip
    lifecycle = "".join(
        f"<Rule><ID>r{n}</ID><Status>Enabled</Status><Filter><Prefix>p{n}/</Prefix></Filter><Expiration><Days>{n + 30}</Days></Expiration></Rule>"
        for n in range(3)
    )
    tags = "".join(f"<Tag><Key>k{n}</Key><Value>v{n}</Value></Tag>" for n in range(4))
    grant = "<AccessControlList><Grant><Grantee xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='CanonicalUser'><ID>abc</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList>"
    encryption = "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>"
    ok = lambda root, inner="": lambda _b, _n: (200, xml(root, inner))  # noqa: E731
    return {
        "versioning": lambda _b, n: (
            200,
            xml("VersioningConfiguration", "<Status>Enabled</Status>" if world.versioned(n) else ""),
        ),
        "ownershipControls": lambda _b, n: (
            200,
            xml(
                "OwnershipControls",
                f"<Rule><ObjectOwnership>{'BucketOwnerEnforced' if world.enforced(n) else 'ObjectWriter'}</ObjectOwnership></Rule>",
            ),
        ),
        "policy": lambda _b, n: (
            (200, json.dumps(policy).encode()) if world.has_policy(n) else s3_error("NoSuchBucketPolicy")
        ),
        "policyStatus": ok("PolicyStatus", "<IsPublic>false</IsPublic>"),
        "publicAccessBlock": ok("PublicAccessBlockConfiguration", BLOCK),
        "acl": ok("AccessControlPolicy", OWNER + grant),
        "encryption": ok("ServerSideEncryptionConfiguration", encryption),
        "logging": ok("BucketLoggingStatus"),
        "lifecycle": lambda _b, n: (
            (200, xml("LifecycleConfiguration", lifecycle)) if n % 2 else s3_error("NoSuchLifecycleConfiguration")
        ),
        "replication": lambda _b, _n: s3_error("ReplicationConfigurationNotFoundError"),
        "object-lock": lambda _b, _n: s3_error("ObjectLockConfigurationNotFoundError"),
        "notification": ok("NotificationConfiguration"),
        "tagging": ok("Tagging", f"<TagSet>{tags}</TagSet>"),
        "website": lambda _b, _n: s3_error("NoSuchWebsiteConfiguration"),
        "cors": lambda _b, _n: s3_error("NoSuchCORSConfiguration"),
    }


class Answers:
    """Status, type and body for every operation the table asks for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bucket = bucket_answers(world)
        self.cached = lru_cache(maxsize=None)(self._answer)

    def __call__(  # noqa: PLR0917 - the parts of a request, as they come
        self, service: str, region: str, account: str, head: str, target: str, body: bytes
    ) -> tuple[int, str, bytes]:
        if service == "s3" and head.startswith("GET /b-"):
            return self._bucket(head)
        return self.cached(service, region, account, head, target, body)

    def _bucket(self, head: str) -> tuple[int, str, bytes]:
        path, _, query = head.split(" ")[1].partition("?")
        name = path.strip("/")
        status, body = self.bucket[query.split("&")[0].split("=")[0]](name, int(name.rsplit("-", 1)[1]))
        return status, "application/json" if body[:1] == b"{" else "application/xml", body

    def _answer(  # noqa: PLR0917 - as above
        self, service: str, region: str, account: str, head: str, target: str, body: bytes
    ) -> tuple[int, str, bytes]:
        if target:
            return self._json(target.rsplit(".", 1)[1], region, account, body)
        if service in {"sts", "ec2"}:
            return self._query(service, account, body)
        path = urlsplit(head.split(" ")[1]).path
        return self._rest(service, region, account, path)

    def _query(self, service: str, account: str, body: bytes) -> tuple[int, str, bytes]:
        asked = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        if service == "ec2":
            regions = "".join(
                f"<item><regionName>{one}</regionName><optInStatus>opted-in</optInStatus></item>"
                for one in self.world.regions
            )
            return (
                200,
                "text/xml",
                f"<DescribeRegionsResponse><requestId>r</requestId><regionInfo>{regions}</regionInfo></DescribeRegionsResponse>".encode(),
            )
        if asked["Action"] == "GetCallerIdentity":
            inner = (
                f"<Arn>arn:aws:sts::{account}:assumed-role/hub/i</Arn><UserId>u</UserId><Account>{account}</Account>"
            )
        else:
            id = asked["RoleArn"].split(":")[4]
            inner = (
                f"<Credentials><AccessKeyId>ASIA{id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
                f"<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>A:r</AssumedRoleId>"
                f"<Arn>arn:aws:sts::{id}:assumed-role/r/reporter</Arn></AssumedRoleUser>"
            )
        name = asked["Action"]
        return (
            200,
            "text/xml",
            f'<{name}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{name}Result>{inner}</{name}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{name}Response>'.encode(),
        )

    def _rest(self, service: str, region: str, account: str, path: str) -> tuple[int, str, bytes]:
        if service == "s3" and path == "/":
            rows = "".join(
                f"<Bucket><Name>b-{account}-{n}</Name><CreationDate>2024-01-01T00:00:00.000Z</CreationDate><BucketRegion>{self.world.region_of(n)}</BucketRegion></Bucket>"
                for n in range(self.world.buckets)
            )
            return 200, "application/xml", xml("ListAllMyBucketsResult", f"<Buckets>{rows}</Buckets>{OWNER}")
        if "publicAccessBlock" in path:
            return 200, "application/xml", xml("PublicAccessBlockConfiguration", BLOCK)
        if path.endswith("/accesspoint"):
            return 200, "application/xml", xml("ListAccessPointsResult", "<AccessPointList/>")
        if path.endswith("/mrap/instances"):
            return 200, "application/xml", xml("ListMultiRegionAccessPointsResult", "<AccessPoints/>")
        if service == "s3express":
            return 200, "application/xml", xml("ListAllMyDirectoryBucketsResult", "<Buckets/>")
        if service == "guardduty":
            return 200, "application/json", b'{"detectorIds":[]}'
        if service == "securityhub":
            return (
                200,
                "application/json",
                json.dumps(
                    {"HubArn": f"arn:aws:securityhub:{region}:{account}:hub/default", "AutoEnableControls": True}
                ).encode(),
            )
        if service == "access-analyzer":
            return 200, "application/json", b'{"analyzers":[]}'
        if service == "account":
            return 200, "application/json", b'{"AlternateContact":{"EmailAddress":"security@example.com"}}'
        if service == "macie2":
            return 200, "application/json", b'{"status":"ENABLED"}'
        raise KeyError(service, path)

    def _json(self, operation: str, region: str, account: str, body: bytes) -> tuple[int, str, bytes]:
        answer = getattr(self, f"_{operation}", None)
        if answer is None:
            raise KeyError(operation)
        told = answer(region, account, json.loads(body or b"{}"))
        if isinstance(told, str):
            return 400, "application/x-amz-json-1.1", json.dumps({"__type": told, "message": "canned"}).encode()
        return 200, "application/x-amz-json-1.1", json.dumps(told).encode()

    def _trail(self, region: str, account: str) -> dict[str, Any]:
        return {
            "Name": "own", "S3BucketName": f"b-{account}-0", "IncludeGlobalServiceEvents": True, "IsMultiRegionTrail": False,
            "HomeRegion": region, "TrailARN": f"arn:aws:cloudtrail:{region}:{account}:trail/own", "LogFileValidationEnabled": True,
            "HasCustomEventSelectors": False, "HasInsightSelectors": False, "IsOrganizationTrail": False,
        }  # fmt: skip

    def _DescribeTrails(self, region: str, account: str, _: dict) -> dict:
        return {"trailList": [self._trail(region, account)] if region == self.world.regions[0] else []}

    def _GetTrailStatus(self, *_: Any) -> dict:
        return {"IsLogging": True, "LatestDeliveryTime": 1793599200.0, "LatestDigestDeliveryTime": 1793599200.0}

    def _GetEventSelectors(self, *_: Any) -> dict:
        return {
            "TrailARN": "a",
            "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}],
        }

    def _GetInsightSelectors(self, *_: Any) -> str:
        return "InsightNotEnabledException"

    def _GetEventConfiguration(self, *_: Any) -> dict:
        return {"TrailARN": "a", "MaxEventSize": "Standard"}

    def _GetResourcePolicy(self, *_: Any) -> str:
        return "ResourcePolicyNotFoundException"

    def _ListTags(self, _r: str, _a: str, asked: dict) -> dict:
        return {"ResourceTagList": [{"ResourceId": one, "TagsList": []} for one in asked["ResourceIdList"]]}

    def _ListEventDataStores(self, *_: Any) -> dict:
        return {"EventDataStores": []}

    def _ListChannels(self, *_: Any) -> dict:
        return {"Channels": []}

    def _DescribeConfigurationRecorders(self, *_: Any) -> dict:
        return {"ConfigurationRecorders": []}

    def _DescribeEffectivePolicy(self, *_: Any) -> str:
        return "EffectivePolicyNotFoundException"

    def _ListTagsForResource(self, *_: Any) -> dict:
        return {"Tags": [{"Key": "owner", "Value": "team"}]}

    def _DescribeOrganization(self, *_: Any) -> dict:
        id = self.world.accounts[0]
        return {
            "Organization": {
                "Id": ORGANIZATION,
                "Arn": f"arn:aws:organizations::{id}:organization/{ORGANIZATION}",
                "MasterAccountId": id,
                "FeatureSet": "ALL",
            }
        }

    def _ListRoots(self, *_: Any) -> dict:
        return {"Roots": [{"Id": "r-0001", "Arn": "arn", "Name": "Root", "PolicyTypes": []}]}

    def _ListAccounts(self, _r: str, _a: str, asked: dict) -> dict:
        start = int(asked.get("NextToken", 0))
        rows = [
            {
                "Id": id,
                "Arn": f"arn:aws:organizations::{FIRST}:account/{ORGANIZATION}/{id}",
                "Name": f"account-{id}",
                "Email": f"{id}@example.com",
                "State": "ACTIVE",
                "JoinedTimestamp": 1600000000.0,
                "Paths": [f"{ORGANIZATION}/r-0001/"],
            }
            for id in self.world.accounts[start : start + 20]
        ]
        more = {"NextToken": str(start + 20)} if start + 20 < len(self.world.accounts) else {}
        return {"Accounts": rows, **more}

    def _ListOrganizationalUnitsForParent(self, *_: Any) -> dict:
        return {"OrganizationalUnits": []}

    def _ListAWSServiceAccessForOrganization(self, *_: Any) -> dict:
        return {"EnabledServicePrincipals": []}

    def _ListDelegatedAdministrators(self, *_: Any) -> dict:
        return {"DelegatedAdministrators": []}

    def _ListPolicies(self, *_: Any) -> dict:
        return {"Policies": []}


class State:
    """What can be set and what is counted."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.latency = 0.0
        self.limits: dict[str, float] = {}
        self.tokens: dict[str, tuple[float, float]] = {}
        self.reset()

    def reset(self) -> None:
        self.calls: Counter[str] = Counter()
        self.throttled = 0
        self.connections = 0
        self.connections_s3control = 0  # AWS's host for it bears the account's number: each account has its own

    def throttles(self, account: str) -> bool:
        """Whether this account has no call left in its bucket of `limit` tokens, filled at `limit` a second."""
        limit = self.limits.get(account)
        if limit is None:
            return False
        now = time.monotonic()
        left, at = self.tokens.get(account, (limit, now))
        left = min(limit, left + (now - at) * limit)
        self.tokens[account] = (left - 1 if left >= 1 else left, now)
        self.throttled += left < 1
        return left < 1


def too_fast(service: str, sent: str) -> tuple[int, str, bytes]:
    """The refusal in the form of the service's own protocol; in another's the SDK finds no code in it."""
    if service.startswith("s3"):
        return 503, "application/xml", s3_error("SlowDown", 503)[1]
    if sent.startswith("application/x-www-form-urlencoded"):
        error = b"<Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
        return 400, "text/xml", b"<ErrorResponse>" + error + b"<RequestId>r</RequestId></ErrorResponse>"
    return 400, "application/json", b'{"__type":"ThrottlingException","message":"Rate exceeded"}'


class Connection(asyncio.Protocol):
    """One client connection, kept alive."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.buffer = b""
        self.counted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].decode("latin-1")
            lines = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
            length = int(headers.get("content-length", 0))
            if len(self.buffer) < end + 4 + length:
                return
            body = self.buffer[end + 4 : end + 4 + length]
            self.buffer = self.buffer[end + 4 + length :]
            self.answer(lines[0], headers, body)

    def answer(self, head: str, headers: dict[str, str], body: bytes) -> None:
        if head.startswith("GET /_"):
            self.send(*self.control(head))
            return
        if not self.counted:
            self.counted = True
            if ".s3-control." in headers["host"]:
                self.state.connections_s3control += 1
            else:
                self.state.connections += 1
        scope = headers["authorization"].split("Credential=", 1)[1].split(",", 1)[0].split("/")
        account, region, service = scope[0][4:16], scope[2], scope[3]
        self.state.calls[account] += 1
        if self.state.throttles(account):
            reply = too_fast(service, headers.get("content-type", ""))
        else:
            reply = self.state.answers(service, region, account, head, headers.get("x-amz-target", ""), body)
        if self.state.latency:
            asyncio.get_running_loop().call_later(self.state.latency, self.send, *reply)
        else:
            self.send(*reply)

    def send(self, status: int, kind: str, body: bytes) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nx-amzn-RequestId: r\r\nx-amz-request-id: R\r\n\r\n".encode()
            + body
        )

    def control(self, head: str) -> tuple[int, str, bytes]:
        parts = urlsplit(head.split(" ")[1])
        asked = {key: unquote(values[0]) for key, values in parse_qs(parts.query).items()}
        state = self.state
        if parts.path == "/_set":
            state.latency = float(asked.get("latency", state.latency))
            if "limit" in asked:
                state.limits = {
                    id: float(rate) for id, _, rate in (one.partition(":") for one in asked["limit"].split(",") if one)
                }
        told = {
            "calls": sum(state.calls.values()),
            "accounts": len(state.calls),
            "connections": state.connections,
            "connections_s3control": state.connections_s3control,
            "throttled": state.throttled,
        }
        if "reset" in asked:
            state.reset()
        return 200, "application/json", json.dumps(told).encode()


async def serve(state: State, certificate: str) -> None:
    """Listen on a free port of the loopback, print it, and answer until killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(state), "127.0.0.1", 0, ssl=context, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("accounts", "buckets", "regions"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--certificate", required=True)
    told = parser.parse_args()
    asyncio.run(serve(State(Answers(World(told.accounts, told.buckets, told.regions))), told.certificate))
