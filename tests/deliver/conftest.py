"""A simulated AWS with a bucket under Object Lock and a verified sender, for all tests of this folder."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from letters import BUCKET, REGION

from reporter.deliver.aws import Cloud, client
from reporter.simulate.organization import Member, Organization, account_id
from reporter.simulate.simulation import Simulation, start


@pytest.fixture(scope="session")
def simulation() -> Iterator[Simulation]:
    management = account_id(1, "management")
    with start(Organization(1, management, (Member(management, "management", "m@example.com"),))) as sim:
        s3 = sim.client("s3", management, REGION)
        place = {"LocationConstraint": REGION}
        s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True, CreateBucketConfiguration=place)
        sim.client("sesv2", management, REGION).create_email_identity(EmailIdentity="reporter@example.com")
        yield sim


@pytest.fixture
def cloud(simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """AWS by the ordinary credential chain, as settings reach it."""
    for name, value in simulation.environment.items():
        monkeypatch.setenv(name, value)
    yield Cloud(region=REGION, endpoint_url=simulation.endpoint_url, path_style=True)
    simulation.clear_faults()
    simulation.allow()


@pytest.fixture
def s3(cloud: Cloud) -> object:
    """The client by which the archive is written."""
    return client(cloud, "s3", retries=3)
