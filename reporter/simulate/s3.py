"""S3 as AWS answers today: sub-resources kept as they were put, bucket defaults, regions, owners, Block Public Access.

A bucket's sub-resources are documents: what PUT sent is what GET returns (moto drops MFADelete, EventBridge, blocked
encryption types and answers nonsense for sub-resources it does not know). Buckets and objects themselves are moto's.
"""

import json
import re
from typing import Any

from moto.s3.models import s3_backends
from moto.s3.utils import bucket_policy_is_public
from moto.s3control.models import s3control_backends

from reporter.simulate.answers import S3_NAMESPACE, Answer, as_xml, denied, error
from reporter.simulate.documents import bucket_document
from reporter.simulate.organization import AES256, ALL_BLOCKED
from reporter.simulate.registry import answers, follows, gate
from reporter.simulate.request import LISTED, SUBRESOURCES, Request
from reporter.simulate.s3_grants import canonical_id
from reporter.simulate.world import World

MISSING = {  # sub-resource to the code that says "not configured"
    "encryption": "ServerSideEncryptionConfigurationNotFoundError",
    "policy": "NoSuchBucketPolicy",
    "policyStatus": "NoSuchBucketPolicy",
    "ownershipControls": "OwnershipControlsNotFoundError",
    "publicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
    "lifecycle": "NoSuchLifecycleConfiguration",
    "replication": "ReplicationConfigurationNotFoundError",
    "object-lock": "ObjectLockConfigurationNotFoundError",
    "tagging": "NoSuchTagSet",
    "website": "NoSuchWebsiteConfiguration",
    "cors": "NoSuchCORSConfiguration",
    "intelligent-tiering": "NoSuchConfiguration",
    "analytics": "NoSuchConfiguration",
    "metrics": "NoSuchConfiguration",
    "inventory": "NoSuchConfiguration",
    "metadataConfiguration": "MetadataConfigurationNotFound",
    "metadataTable": "MetadataTableConfigurationNotFound",
}
DEFAULTS = {  # sub-resource to the document of a bucket that was never told otherwise
    "versioning": f'<VersioningConfiguration xmlns="{S3_NAMESPACE}"/>',
    "logging": f'<BucketLoggingStatus xmlns="{S3_NAMESPACE}"/>',
    "notification": f'<NotificationConfiguration xmlns="{S3_NAMESPACE}"/>',
    "accelerate": f'<AccelerateConfiguration xmlns="{S3_NAMESPACE}"/>',
    "requestPayment": f'<RequestPaymentConfiguration xmlns="{S3_NAMESPACE}"><Payer>BucketOwner</Payer></RequestPaymentConfiguration>',
    "abac": f'<AbacStatus xmlns="{S3_NAMESPACE}"><Status>Disabled</Status></AbacStatus>',
}
MOTO_TOO = {"versioning", "policy", "tagging", "object-lock"}  # what moto acts upon when objects are put and deleted
ABSENT_WITH_ID = "NoSuchConfiguration"


def find_bucket(name: str) -> Any | None:
    """moto's bucket of that name in whichever account it is."""
    partition, account = s3_backends.bucket_accounts.get(name, ("", ""))
    return s3_backends[account][partition].buckets.get(name) if account else None


@gate("s3")
def bucket_gate(_: World, request: Request) -> Answer | None:
    """No such bucket, somebody else's bucket, another region's bucket."""
    if not request.bucket or request.operation == "CreateBucket":
        return None
    bucket = find_bucket(request.bucket)
    if bucket is None:
        return Answer(404) if request.method == "HEAD" else _no_such_bucket(request)
    if bucket.account_id != request.account:
        return denied(request, reason="the bucket belongs to another account and its policy does not allow it")
    if request.headers.get("x-amz-expected-bucket-owner", bucket.account_id) != bucket.account_id:
        return denied(request, reason="the bucket is not owned by the expected account")
    if bucket.region_name != request.region and request.subresource != "location":
        return _redirect(request, bucket.region_name)
    return None


def _no_such_bucket(request: Request) -> Answer:
    return error(request, "NoSuchBucket", "The specified bucket does not exist", 404, BucketName=request.bucket)


def _redirect(request: Request, region: str) -> Answer:
    message = "The bucket you are attempting to access must be addressed using the specified endpoint."
    answer = (
        Answer(301)
        if request.method == "HEAD"
        else error(
            request, "PermanentRedirect", message, 301, Endpoint=f"s3.{region}.amazonaws.com", Bucket=request.bucket
        )
    )
    answer.headers["x-amz-bucket-region"] = region
    return answer


@answers("s3", "ListBuckets")
def list_buckets(_: World, request: Request) -> Answer:
    """All buckets of the account; `BucketRegion` and paging only where the request has a parameter, as AWS does."""
    query = request.query
    buckets = list(s3_backends[request.account]["aws"].buckets.values())
    buckets.sort(key=lambda bucket: bucket.name)
    wanted = [
        b
        for b in buckets
        if b.name.startswith(query.get("prefix", "")) and b.region_name == query.get("bucket-region", b.region_name)
    ]
    after = query.get("continuation-token", "")
    wanted = [b for b in wanted if b.name > after]
    size = int(query.get("max-buckets") or 10_000)
    with_region = bool({"max-buckets", "prefix", "bucket-region", "continuation-token"} & query.keys())
    entries = "".join(
        f"<Bucket><Name>{b.name}</Name><CreationDate>{b.creation_date_ISO8601}</CreationDate>"
        + (f"<BucketRegion>{b.region_name}</BucketRegion>" if with_region else "")
        + "</Bucket>"
        for b in wanted[:size]
    )
    token = f"<ContinuationToken>{wanted[size - 1].name}</ContinuationToken>" if len(wanted) > size else ""
    owner = f"<Owner><ID>{canonical_id(request.account)}</ID></Owner>"
    return as_xml(
        f'<ListAllMyBucketsResult xmlns="{S3_NAMESPACE}">{owner}<Buckets>{entries}</Buckets>{token}</ListAllMyBucketsResult>'
    )


def read(world: World, request: Request) -> Answer:
    """GET of a sub-resource: the document as it was put, AWS's default, or the code that says "not configured"."""
    kept, name = world.s3.get(request.bucket, {}), request.subresource
    if name in LISTED:
        return _configurations(world, request)
    if name == "policyStatus" and "policy" in kept:
        public = str(bucket_policy_is_public(kept["policy"])).lower()
        return as_xml(f'<PolicyStatus xmlns="{S3_NAMESPACE}"><IsPublic>{public}</IsPublic></PolicyStatus>')
    if name == "location":
        region = s3_backends[request.account]["aws"].buckets[request.bucket].region_name
        return as_xml(
            f'<LocationConstraint xmlns="{S3_NAMESPACE}">{"" if region == "us-east-1" else region}</LocationConstraint>'
        )
    if name == "metadataConfiguration" and name in kept:
        return as_xml(_metadata_tables(kept[name].decode()))
    if name in kept:
        headers = {"content-type": "application/json" if name == "policy" else "application/xml"}
        if name == "lifecycle":
            headers["x-amz-transition-default-minimum-object-size"] = "all_storage_classes_128K"
        return Answer(200, kept[name], headers)
    if name == "acl":
        return as_xml(_private_acl(request.account))
    if name in DEFAULTS:
        return as_xml(DEFAULTS[name])
    return error(request, MISSING[name], "The configuration does not exist", 404, BucketName=request.bucket)


def _metadata_tables(asked: str) -> str:
    """What came of a metadata configuration: the tables that were asked for, with their state."""
    inner = re.sub(r"^.*<MetadataConfiguration[^>]*>|</MetadataConfiguration>.*$", "", asked, flags=re.DOTALL)
    tables = re.sub(r"<(/?)(\w+TableConfiguration)>", r"<\1\2Result>", inner)
    tables = re.sub(r"<(\w+TableConfigurationResult)>", r"<\1><TableStatus>ACTIVE</TableStatus>", tables)
    result = f"<MetadataConfigurationResult>{tables}</MetadataConfigurationResult>"
    return (
        f'<GetBucketMetadataConfigurationResult xmlns="{S3_NAMESPACE}">{result}</GetBucketMetadataConfigurationResult>'
    )


def _private_acl(account: str) -> str:
    who = f"<ID>{canonical_id(account)}</ID>"
    grantee = f'<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">{who}</Grantee>'
    return (
        f'<AccessControlPolicy xmlns="{S3_NAMESPACE}"><Owner>{who}</Owner><AccessControlList>'
        f"<Grant>{grantee}<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>"
    )


def _configurations(world: World, request: Request) -> Answer:
    """Analytics, metrics, inventory, intelligent tiering: one by id, or the list of all."""
    kept, name = world.s3.get(request.bucket, {}), request.subresource
    if "id" in request.query:
        document = kept.get(f"{name}:{request.query['id']}")
        if document is None:
            return error(request, ABSENT_WITH_ID, "The specified configuration does not exist.", 404)
        return Answer(200, document, {"content-type": "application/xml"})
    bodies = [
        kept[key].decode().partition("?>")[2] or kept[key].decode()
        for key in sorted(kept)
        if key.startswith(name + ":")
    ]
    root = f"List{SUBRESOURCES[name]}sResult".replace("Configurations", "Configuration")
    return as_xml(f'<{root} xmlns="{S3_NAMESPACE}"><IsTruncated>false</IsTruncated>{"".join(bodies)}</{root}>')


def write(world: World, request: Request) -> Answer | None:
    """PUT of a sub-resource: refused where AWS refuses, else kept as sent; what moto acts upon goes there too."""
    refusal = _refusal(world, request)
    if refusal is not None:
        return refusal
    if request.subresource in MOTO_TOO:
        return None
    keep(world, request)
    return Answer(200)


def keep(world: World, request: Request) -> None:
    key = f"{request.subresource}:{request.query['id']}" if "id" in request.query else request.subresource
    world.s3.setdefault(request.bucket, {})[key] = request.body


def _refusal(world: World, request: Request) -> Answer | None:
    """Block Public Access and bucket-owner-enforced ownership refuse policies and ACLs that would open the bucket."""
    kept = world.s3.get(request.bucket, {})
    whole_account = s3control_backends[request.account]["aws"].public_access_block
    blocked = b"<BlockPublicPolicy>true" in kept.get("publicAccessBlock", b"") or (
        whole_account is not None and whole_account.block_public_policy
    )
    if request.subresource == "policy" and blocked and bucket_policy_is_public(request.body):
        return denied(
            request, reason="public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access"
        )
    if request.subresource == "acl" and b"BucketOwnerEnforced" in kept.get("ownershipControls", b""):
        return error(request, "AccessControlListNotSupported", "The bucket does not allow ACLs", 400)
    if request.subresource == "versioning" and b"<MfaDelete>" in request.body and "x-amz-mfa" not in request.headers:
        return error(request, "AccessDenied", "Switching MFA delete takes the root user's second factor", 403)
    if request.subresource == "policy":
        return _malformed_policy(request)
    return None


def _malformed_policy(request: Request) -> Answer | None:
    try:
        json.loads(request.body)
    except ValueError:
        return error(request, "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'", 400)
    return None


def remove(world: World, request: Request) -> Answer | None:
    """DELETE of a sub-resource."""
    key = f"{request.subresource}:{request.query['id']}" if "id" in request.query else request.subresource
    world.s3.get(request.bucket, {}).pop(key, None)
    return None if request.subresource in MOTO_TOO - {"object-lock"} else Answer(204)


def kept_after(world: World, request: Request, answer: Answer) -> Answer:
    """moto accepted it: keep the document as it was sent."""
    if answer.status < 300:
        keep(world, request)
    return answer


def _register() -> None:
    for subresource, noun in SUBRESOURCES.items():
        answers("s3", f"Get{noun}", f"List{noun}s")(read)
        answers("s3", f"Put{noun}", f"Create{noun}")(write)
        answers("s3", f"Delete{noun}")(remove)
        if subresource in MOTO_TOO:
            follows("s3", f"Put{noun}")(kept_after)


_register()


@follows("s3", "CreateBucket")
def new_bucket(world: World, request: Request, answer: Answer) -> Answer:
    """AWS's defaults of today: SSE-S3, all of Block Public Access, bucket-owner-enforced."""
    if answer.status >= 300:
        return answer
    ownership = request.headers.get("x-amz-object-ownership", "BucketOwnerEnforced")
    parts: dict[str, Any] = {
        "encryption": AES256,
        "publicAccessBlock": ALL_BLOCKED,
        "ownershipControls": {"Rules": [{"ObjectOwnership": ownership}]},
    }
    if request.headers.get("x-amz-bucket-object-lock-enabled", "").lower() == "true":
        parts |= {"object-lock": {"ObjectLockEnabled": "Enabled"}, "versioning": {"Status": "Enabled"}}
    world.s3[request.bucket] = {name: bucket_document(name, value) for name, value in parts.items()}
    return answer


@follows("s3", "DeleteBucket")
def gone_bucket(world: World, request: Request, answer: Answer) -> Answer:
    if answer.status < 300:
        world.s3.pop(request.bucket, None)
    return answer


def unknown_to_moto(_: World, request: Request) -> Answer:
    return error(request, "NotImplemented", f"The simulation does not do {request.operation}", 501)


answers("s3", "CreateSession", "PostObject")(unknown_to_moto)
