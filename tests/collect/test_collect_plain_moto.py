"""Reading from a simulated AWS that is not ours: what it lacks is a gap, what it has is read."""

from collections.abc import Iterator

import botocore.session
import pytest
from botocore.config import Config
from collect_estate import environment
from moto.server import ThreadedMotoServer

from reporter.collect.door import open_door
from reporter.collect.options import CollectOptions, Connection, Role
from reporter.collect.organization import discover
from reporter.collect.rows import CORE, LAKE
from reporter.collect.snapshot import collect
from reporter.model import ReadStatus

REGION = "us-east-1"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A plain moto server on a free port, with an organization, a trail and its bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    finally:
        server.stop()


def test_a_plain_moto_is_read_with_gaps_where_it_answers_nothing(endpoint: str) -> None:
    """Organization, members by role, trail, buckets with their regions located one by one; the rest is recorded as unread."""
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
    }
    with environment(variables):
        session = botocore.session.Session()

        def client(service: str):
            return session.create_client(service, region_name=REGION, config=Config(s3={"addressing_style": "path"}))

        client("organizations").create_organization(FeatureSet="ALL")
        member = client("organizations").create_account(Email="a@example.com", AccountName="member")[
            "CreateAccountStatus"
        ]["AccountId"]
        client("s3").create_bucket(Bucket="trail-bucket")
        client("s3").put_bucket_versioning(Bucket="trail-bucket", VersioningConfiguration={"Status": "Enabled"})
        client("cloudtrail").create_trail(Name="main-trail", S3BucketName="trail-bucket", IsMultiRegionTrail=True)
        client("cloudtrail").start_logging(Name="main-trail")
        options = CollectOptions(
            role=Role(name="any"),
            connection=Connection(attempts=1),
            regions=(REGION,),
            sets=frozenset({CORE, LAKE}),
            calls_per_second=1000.0,
        )
        door = open_door(options, clock=lambda: None)
        organization = discover(door)
        snapshots = {one.account.id: one for one in collect(door, organization)}
    ours = snapshots[organization.management]
    found = {(item.type, item.id): item for item in ours.items}
    assert found["AWS::S3::Bucket", "trail-bucket"].configuration["Versioning"] == {"Status": "Enabled"}
    assert found["AWS::S3::Bucket", "trail-bucket"].region == REGION
    trail = next(item for (type, _), item in found.items() if type == "AWS::CloudTrail::Trail")
    assert trail.configuration["Status"] == {"IsLogging": True}
    assert trail.unread["EventConfiguration"].code
    assert ("AWS::CloudTrail::EventDataStore", REGION) not in ours.listed
    assert snapshots[member].status is ReadStatus.PARTIAL
