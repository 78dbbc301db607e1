"""S3 beyond general purpose buckets: directory buckets, and the account-wide calls of S3 Control that moto lacks."""

from datetime import UTC, datetime, timedelta

from reporter.simulate.answers import Answer, as_xml, error, xml_of
from reporter.simulate.documents import bucket_document
from reporter.simulate.organization import DirectoryBucket
from reporter.simulate.registry import answers
from reporter.simulate.request import Request
from reporter.simulate.s3 import MISSING
from reporter.simulate.world import Session, World


@answers("s3express", "ListDirectoryBuckets")
def list_directory_buckets(world: World, request: Request) -> Answer:
    """The account's directory buckets of the region asked."""
    kept: dict[str, DirectoryBucket] = world.places[request.account].directory_buckets
    entries = "".join(
        f"<Bucket><Name>{b.name}</Name><CreationDate>2026-01-05T00:00:00Z</CreationDate><BucketRegion>{b.region}</BucketRegion>"
        f"<BucketArn>arn:aws:s3express:{b.region}:{request.account}:bucket/{b.name}</BucketArn></Bucket>"
        for b in sorted(kept.values(), key=lambda b: b.name)
        if b.region == request.region
    )
    return as_xml(f"<ListAllMyDirectoryBucketsResult><Buckets>{entries}</Buckets></ListAllMyDirectoryBucketsResult>")


@answers("s3express", "GetBucketPolicy", "GetBucketEncryption", "GetBucketLifecycleConfiguration")
def read_directory_bucket(world: World, request: Request) -> Answer:
    bucket: DirectoryBucket | None = world.places[request.account].directory_buckets.get(request.bucket)
    if bucket is None:
        return error(request, "NoSuchBucket", "The specified bucket does not exist", 404)
    value = {"policy": bucket.policy, "encryption": bucket.encryption, "lifecycle": bucket.lifecycle}[
        request.subresource
    ]
    if value is None:
        return error(request, MISSING[request.subresource], "The configuration does not exist", 404)
    kind = "application/json" if request.subresource == "policy" else "application/xml"
    return Answer(200, bucket_document(request.subresource, value), {"content-type": kind})


@answers("s3express", "CreateSession")
def create_session(world: World, request: Request) -> Answer:
    """Credentials for one directory bucket: botocore asks for them first whenever its endpoint is not AWS's own."""
    if request.bucket not in world.places[request.account].directory_buckets:
        return error(request, "NoSuchBucket", "The specified bucket does not exist", 404)
    role, _, name = request.principal.rpartition(":")[2].removeprefix("assumed-role/").partition("/")
    session = Session(request.account, role, name, datetime.now(UTC) + timedelta(minutes=5), caller=request.principal)
    key = world.open_session(session)
    expires = session.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    credentials = {
        "SessionToken": f"{key}-token",
        "SecretAccessKey": "simulated",
        "AccessKeyId": key,
        "Expiration": expires,
    }
    return as_xml(xml_of("CreateSessionResult", {"Credentials": credentials}))
