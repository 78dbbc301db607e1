"""What happens in the demo between two reports: seven days of people at work, each change a real call with a person behind it.

Among them what a report must not be fooled by: a policy rewritten in another order, a refused attempt before a change that
worked, and two hands on the same bucket.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reporter.simulate.demo_names import FRANKFURT, HOME, VIRGINIA, Names
from reporter.simulate.organization import Document
from reporter.simulate.people import (
    BOTO3,
    CLI,
    CONSOLE,
    TERRAFORM,
    cloudformation,
    iam_user,
    identity_center,
    role_session,
)
from reporter.simulate.policies import account_reads, organization_reads, policy, public_read, tls_only
from reporter.simulate.simulation import Simulation

OFFICE, HOME_OFFICE, ABROAD, PIPELINE = "198.51.100.17", "203.0.113.24", "192.0.2.201", "198.51.100.140"


@dataclass(frozen=True)
class Made:
    """One thing that was done, and what a correct second report says of it; `kind` is empty where it must say nothing."""

    account: str
    region: str
    type: str
    resource: str
    kind: str  # created, modified, deleted, or "" for no change at all
    parts: tuple[str, ...]  # the parts that differ
    direction: str  # worsened, improved, neutral
    by: str  # who did it, as the event names them
    at: datetime
    what: str


@dataclass
class Week:
    """The simulation, its names, and a notebook of what was made."""

    sim: Simulation
    names: Names
    monday: datetime
    made: list[Made]

    def at(self, days: float) -> datetime:
        """Move the clock to so many days after the start; it never goes back."""
        moment = self.monday + timedelta(seconds=round(days * 86_400))
        ahead = (moment - self.sim.now).total_seconds()
        return self.sim.advance(seconds=ahead) if ahead > 0 else self.sim.now

    def act(self, account: str, service: str, operation: str, region: str, actor: Document, **params: Any) -> Any:
        return self.sim.act(account, service, operation, region=region, actor=actor, **params)

    def note(
        self, account: str, region: str, resource: str, *parts: str, kind: str, direction: str, by: str, what: str
    ) -> None:
        is_trail = resource.startswith("arn:aws:cloudtrail")
        type_ = "AWS::CloudTrail::Trail" if is_trail else "AWS::S3::Bucket"
        self.made.append(
            Made(self.names.id(account), region, type_, resource, kind, parts, direction, by, self.sim.now, what)
        )


def a_week_later(sim: Simulation) -> list[Made]:
    """Let a week pass in the demo organization; what was changed, in order of time."""
    week = Week(sim, Names(sim.organization.seed), sim.now, [])
    steps: tuple[Callable[[Week], None], ...] = (
        stop_logging,
        open_bucket,
        weaken_encryption,
        delete_bucket,
        create_bucket,
        reorder_policy,
        keep_versions,
        shorten_retention,
    )
    for step in steps:
        step(week)
    week.at(7)
    return week.made


def stop_logging(week: Week) -> None:
    """Tuesday night: somebody stops the payments trail from the console, at home, and goes to sleep."""
    week.at(1.69)
    arn = week.names.trail("payments-prod", "payments-data-events")
    marta = identity_center(
        week.names.id("payments-prod"), "marta.kowalska@kestrel-harbour.example", "PowerUser", ip=HOME_OFFICE
    )
    week.act("payments-prod", "cloudtrail", "stop_logging", HOME, marta, Name=arn)
    week.note(
        "payments-prod",
        HOME,
        arn,
        "Status",
        kind="modified",
        direction="worsened",
        by="marta.kowalska",
        what="logging stopped",
    )


def open_bucket(week: Week) -> None:
    """Wednesday: a contractor needs the fixtures from outside; the first try is refused by the public access block."""
    bucket, account = "kh-payments-dev-fixtures", week.names.id("payments-dev")
    document = json.dumps(policy(tls_only(bucket), public_read(bucket, "TempShare")))
    contractor = iam_user(account, "contractor-jdoe", ip=ABROAD, agent=CLI)
    week.at(2.41)
    try:
        week.act("payments-dev", "s3", "put_bucket_policy", HOME, contractor, Bucket=bucket, Policy=document)
    except week.sim.client("s3", "payments-dev", HOME).exceptions.ClientError:
        week.at(2.412)  # refused, as it should be; the block goes next
    week.act("payments-dev", "s3", "delete_public_access_block", HOME, contractor, Bucket=bucket)
    week.at(2.413)
    week.act("payments-dev", "s3", "put_bucket_policy", HOME, contractor, Bucket=bucket, Policy=document)
    week.note(
        "payments-dev", HOME, bucket, "Policy", "PolicyStatus", "PublicAccessBlock",
        kind="modified", direction="worsened", by="contractor-jdoe", what="opened to the world by policy, its public access block removed",
    )  # fmt: skip


def weaken_encryption(week: Week) -> None:
    """Thursday morning: a pipeline applies an older module and takes the customer key away."""
    week.at(3.12)
    pipeline = role_session(
        week.names.id("web-shop-prod"), "terraform-deploy", "github-actions-run-18842", ip=PIPELINE, agent=TERRAFORM
    )
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}
    week.act(
        "web-shop-prod",
        "s3",
        "put_bucket_encryption",
        HOME,
        pipeline,
        Bucket="kh-shop-orders",
        ServerSideEncryptionConfiguration=rules,
    )
    week.note(
        "web-shop-prod", HOME, "kh-shop-orders", "Encryption",
        kind="modified", direction="worsened", by="terraform-deploy", what="customer-managed key replaced by SSE-S3",
    )  # fmt: skip


def delete_bucket(week: Week) -> None:
    week.at(3.45)
    anna = identity_center(
        week.names.id("sandbox-anna"),
        "anna.lindqvist@kestrel-harbour.example",
        "Administrator",
        ip=OFFICE,
        agent=CONSOLE,
    )
    week.act("sandbox-anna", "s3", "delete_bucket", VIRGINIA, anna, Bucket="anna-test-bucket-123")
    week.note(
        "sandbox-anna",
        VIRGINIA,
        "anna-test-bucket-123",
        kind="deleted",
        direction="neutral",
        by="anna.lindqvist",
        what="bucket deleted",
    )


def create_bucket(week: Week) -> None:
    """Thursday afternoon: a notebook creates a bucket in Frankfurt and tags it."""
    week.at(3.52)
    wei = identity_center(
        week.names.id("data-lake-prod"), "wei.zhang@kestrel-harbour.example", "DataEngineer", ip=OFFICE, agent=BOTO3
    )
    location = {"LocationConstraint": FRANKFURT}
    week.act(
        "data-lake-prod",
        "s3",
        "create_bucket",
        FRANKFURT,
        wei,
        Bucket="kh-lake-experiments",
        CreateBucketConfiguration=location,
    )
    week.at(3.5203)
    tagging = {"TagSet": [{"Key": "Owner", "Value": "data"}, {"Key": "Purpose", "Value": "Forecast Q1 – Umsätze"}]}
    week.act(
        "data-lake-prod", "s3", "put_bucket_tagging", FRANKFURT, wei, Bucket="kh-lake-experiments", Tagging=tagging
    )
    week.note(
        "data-lake-prod",
        FRANKFURT,
        "kh-lake-experiments",
        kind="created",
        direction="neutral",
        by="wei.zhang",
        what="bucket created",
    )


def reorder_policy(week: Week) -> None:
    """Friday: a policy is written again with statements, keys and principals in another order. Nothing has changed."""
    week.at(4.3)
    account, bucket, n = week.names.id("shared-services"), "kh-artifacts", week.names
    production = account_reads(
        bucket, n.id("mobile-api-prod"), n.id("payments-prod"), n.id("web-shop-prod"), sid="ProductionRead"
    )
    production["Action"] = list(reversed(production["Action"]))
    production["Resource"] = list(reversed(production["Resource"]))
    statements = (tls_only(bucket), production, organization_reads(bucket, n.organization))
    document = json.dumps(policy(*({key: s[key] for key in reversed(s)} for s in statements)), indent=2)
    pipeline = role_session(account, "terraform-deploy", "github-actions-run-18907", ip=PIPELINE)
    week.act("shared-services", "s3", "put_bucket_policy", HOME, pipeline, Bucket=bucket, Policy=document)
    week.note(
        "shared-services",
        HOME,
        bucket,
        kind="",
        direction="neutral",
        by="terraform-deploy",
        what="policy re-ordered, meaning the same",
    )


def keep_versions(week: Week) -> None:
    """Friday: a stack update makes one bucket better."""
    week.at(4.4)
    stack = cloudformation(week.names.id("mobile-api-prod"))
    week.act(
        "mobile-api-prod",
        "s3",
        "put_bucket_versioning",
        VIRGINIA,
        stack,
        Bucket="kh-mobile-crash-reports",
        VersioningConfiguration={"Status": "Enabled"},
    )
    week.note(
        "mobile-api-prod", VIRGINIA, "kh-mobile-crash-reports", "Versioning",
        kind="modified", direction="improved", by="cfn-execution", what="versioning enabled",
    )  # fmt: skip


def shorten_retention(week: Week) -> None:
    """Saturday night: the old network trail's bucket is told to delete after three days; no policy can hinder a lifecycle."""
    week.at(5.93)
    tomas = iam_user(week.names.id("network"), "tomas.r", ip=ABROAD, agent=CLI, mfa=False)
    rules = {"Rules": [{"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 3}}]}
    week.act(
        "network",
        "s3",
        "put_bucket_lifecycle_configuration",
        FRANKFURT,
        tomas,
        Bucket="kh-network-forensics",
        LifecycleConfiguration=rules,
    )
    week.note(
        "network", FRANKFURT, "kh-network-forensics", "Lifecycle",
        kind="modified", direction="worsened", by="tomas.r", what="log files deleted after 3 days instead of 180",
    )  # fmt: skip
