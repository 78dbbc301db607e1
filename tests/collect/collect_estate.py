"""A small organization for the tests of reading, and a short way to read it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from reporter.collect.door import Door, open_door
from reporter.collect.options import CollectOptions, Connection, Role
from reporter.collect.organization import Organization, discover
from reporter.collect.snapshot import collect
from reporter.model import AccountSnapshot, ConfigurationItem
from reporter.simulate import organization as simulated
from reporter.simulate.simulation import Simulation

NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
MANAGEMENT = simulated.account_id(7, "management")
LOGS = simulated.account_id(7, "logs")
KEYS = simulated.account_id(7, "keys")
WORK = simulated.account_id(7, "work")
CLOSED = simulated.account_id(7, "closed")
BARRED = simulated.account_id(7, "barred")
KEY_ID = simulated.key_id(7, "trail-key")
KEY = f"arn:aws:kms:eu-west-1:{KEYS}:key/{KEY_ID}"
TOPIC = f"arn:aws:sns:eu-west-1:{MANAGEMENT}:alerts"
GROUP = f"arn:aws:logs:eu-west-1:{MANAGEMENT}:log-group:trails"
REGIONS = ("eu-west-1", "us-east-1")
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Tls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::org-logs/*", "arn:aws:s3:::org-logs"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}
LAKE_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Query",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{LOGS}:root"},
            "Action": "cloudtrail:StartQuery",
            "Resource": "*",
        }
    ],
}
CONTEXT = {"Type": "TagContext", "Equals": ["owner"]}
FILTER = {
    "filterName": "root",
    "filterPattern": '{ $.userIdentity.type = "Root" }',
    "metricTransformations": [{"metricName": "RootUse", "metricNamespace": "CloudTrailMetrics", "metricValue": "1"}],
}


def small_organization() -> simulated.Organization:
    """Six accounts: an organization trail of the management account, its bucket in `logs`, its key in `keys`; `work` uses
    both; `closed` is suspended, and the role of `barred` cannot be assumed."""
    S = simulated  # noqa: N806 - a short name in a long declaration
    management = S.Member(
        MANAGEMENT,
        "management",
        "m@example.com",
        regions=REGIONS,
        trails=(
            S.Trail(
                "org-trail",
                "org-logs",
                "eu-west-1",
                organization=True,
                key=KEY,
                log_group=f"{GROUP}:*",
                logs_role=f"arn:aws:iam::{MANAGEMENT}:role/logs",
                topic="alerts",
                insights=("ApiCallRateInsight",),
                tags={"owner": "security"},
            ),
        ),
        log_groups=(S.LogGroup("trails", "eu-west-1", filters=(FILTER,)), S.LogGroup("trails-other", "eu-west-1")),
        alarms=(
            S.Alarm("root-use", "RootUse", region="eu-west-1", actions=(TOPIC,)),
            S.Alarm("other", "Other", region="eu-west-1"),
        ),
        topics=(
            S.Topic("alerts", "eu-west-1", subscriptions=(("email", "a@example.com", True),)),
            S.Topic("noise", "eu-west-1"),
        ),
        tags={"owner": "platform"},
    )
    logs = S.Member(
        LOGS,
        "logs",
        "l@example.com",
        "Security",
        regions=REGIONS,
        buckets=(
            S.Bucket(
                "org-logs",
                "eu-west-1",
                versioning={"Status": "Enabled", "MFADelete": "Enabled"},
                policy=POLICY,
                lifecycle={
                    "Rules": [
                        {"ID": "keep", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 400}}
                    ]
                },
            ),
            S.Bucket("plain-logs", "us-east-1", ownership="ObjectWriter", public_access_block=None),
        ),
    )
    keys = S.Member(
        KEYS,
        "keys",
        "k@example.com",
        "Security",
        regions=REGIONS,
        keys=(S.Key(KEY_ID, "eu-west-1", aliases=("alias/trails",)),),
    )
    own = f"arn:aws:kms:us-east-1:{WORK}:key/{S.key_id(7, 'own')}"
    work = S.Member(
        WORK,
        "work",
        "w@example.com",
        "Workloads/Prod",
        regions=REGIONS,
        buckets=(
            S.Bucket(
                "work-data",
                "us-east-1",
                tags={"team": "a"},
                versioning={"Status": "Suspended"},
                encryption={
                    "Rules": [
                        {
                            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": own},
                            "BucketKeyEnabled": True,
                        }
                    ]
                },
            ),
            S.Bucket(
                "work-shared",
                "eu-west-1",
                encryption={
                    "Rules": [
                        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}}
                    ]
                },
            ),
        ),
        access_points=(S.AccessPoint("point", "work-data", "us-east-1"),),
        trails=(S.Trail("own-trail", "work-data", "us-east-1", multi_region=False),),
        event_data_stores=(
            S.EventDataStore(
                "lake",
                "eu-west-1",
                policy=LAKE_POLICY,
                insights=("ApiErrorRateInsight",),
                event_configuration={"MaxEventSize": "Large", "ContextKeySelectors": [CONTEXT]},
                tags={"owner": "lake"},
            ),
        ),
        channels=(S.Channel("partner", "eu-west-1", policy=LAKE_POLICY, tags={"owner": "partner"}),),
        keys=(S.Key(S.key_id(7, "own"), "us-east-1"),),
        watchers=S.Watchers(
            config=("us-east-1",),
            guardduty=REGIONS,
            securityhub=("eu-west-1",),
            macie=("us-east-1",),
            access_analyzer=REGIONS,
        ),
    )
    closed = S.Member(CLOSED, "closed", "c@example.com", "Workloads", state="SUSPENDED")
    barred = S.Member(BARRED, "barred", "b@example.com", "Workloads", assumable=False)
    return S.Organization(
        7, MANAGEMENT, (management, logs, keys, work, closed, barred), service_access=("cloudtrail.amazonaws.com",)
    )


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """The variables by which the SDK finds the simulation, for as long as the block lasts."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def options(**changes: Any) -> CollectOptions:
    """Options for the simulation: quick to retry, in no hurry to give up."""
    connection = Connection(read_timeout=3.0, connect_timeout=2.0, attempts=changes.pop("attempts", 3), backoff=0.01)
    role = changes.pop("role", Role(name="reporter-reader", external_id="example-org-reporter"))
    return CollectOptions(role=role, connection=connection, **{"threads": 4, "calls_per_second": 1000.0, **changes})


def door_to(**changes: Any) -> Door:
    """A door of its own to what the environment points at."""
    return open_door(options(**changes), clock=lambda: NOW)


@cache
def usual_door() -> Door:
    """One door for the tests that do not mind who went through it before: making clients takes longer than reading."""
    return door_to()


def read(
    simulation: Simulation, *, organization: Organization | None = None, **changes: Any
) -> dict[str, AccountSnapshot]:
    """The whole organization's snapshots, by account."""
    del simulation  # its environment is in force
    door = door_to(**changes) if changes else usual_door()
    return {one.account.id: one for one in collect(door, organization or discover(door))}


def items(snapshots: dict[str, AccountSnapshot]) -> dict[tuple[str, str, str], ConfigurationItem]:
    """Every item of a snapshot, by owner, type and id."""
    return {(item.account, item.type, item.id): item for one in snapshots.values() for item in one.items}
