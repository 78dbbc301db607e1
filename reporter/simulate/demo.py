"""The demo organization: Kestrel Harbour, a payments company with seventeen accounts, four regions, and a normal amount of disorder."""

from collections.abc import Callable
from datetime import timedelta

from reporter.simulate import demo_core, demo_platform, demo_workloads
from reporter.simulate.demo_names import ACCOUNTS, JOINED, OWNERS, Names, email
from reporter.simulate.demo_week import Made, a_week_later
from reporter.simulate.organization import REGIONS, Denial, Document, Member, Organization, Policy

SEED = 2026
__all__ = ["SEED", "Made", "a_week_later", "organization"]
_CONTENT: dict[str, Callable[[Names], Document]] = {
    "management": demo_core.management,
    "log-archive": demo_core.log_archive,
    "audit": demo_core.audit,
    "security-keys": demo_core.security_keys,
    "network": demo_platform.network,
    "shared-services": demo_platform.shared_services,
    "payments-prod": demo_workloads.payments_prod,
    "web-shop-prod": demo_workloads.web_shop_prod,
    "data-lake-prod": demo_workloads.data_lake_prod,
    "mobile-api-prod": demo_workloads.mobile_api_prod,
    "payments-dev": demo_workloads.payments_dev,
    "web-shop-dev": demo_workloads.web_shop_dev,
    "data-lake-dev": demo_workloads.data_lake_dev,
    "acquired-logistics": demo_workloads.acquired_logistics,
    "sandbox-anna": demo_workloads.sandbox_anna,
    "sandbox-ml": demo_workloads.sandbox_ml,
    "old-marketing": demo_workloads.old_marketing,
}


def organization(seed: int = SEED) -> Organization:
    """The demo organization; the same seed gives the same bytes."""
    names = Names(seed)
    delegated = ("cloudtrail", "securityhub", "guardduty", "access-analyzer", "macie", "config")
    return Organization(
        seed,
        names.id("management"),
        tuple(_member(names, name, number) for number, name in enumerate(ACCOUNTS)),
        policies=_policies(names),
        service_access=tuple(f"{s}.amazonaws.com" for s in (*delegated, "sso", "member.org.stacksets.cloudformation")),
        delegated_administrators={f"{service}.amazonaws.com": (names.id("audit"),) for service in delegated},
        denials=(
            Denial("s3:GetBucketPolicy", names.id("data-lake-prod"), resource="kh-lake-curated"),
            Denial("cloudtrail:GetTrailStatus", names.id("network")),
        ),
        empty_units=("Workloads/Staging",),
    )


def _member(names: Names, name: str, number: int) -> Member:
    content = _CONTENT[name](names)
    environment = {"Prod": "production", "Dev": "development"}.get(ACCOUNTS[name].rpartition("/")[2], "shared")
    owned = {"Owner": OWNERS[name]} if name in OWNERS else {}
    tags = {"Environment": environment, **owned, **content.pop("tags", {})}
    return Member(
        names.id(name),
        name,
        email(name),
        ACCOUNTS[name],
        joined_at=JOINED + timedelta(days=41 * number),
        tags=tags,
        **{"regions": REGIONS, **content},
    )


def _policies(names: Names) -> tuple[Policy, ...]:
    """Guardrails of the organization: what nobody below may do, and all of Block Public Access where the logs are."""
    block_all = {"s3_attributes": {"public_access_block_configuration": {"@@assign": "all"}}}
    resources = "RESOURCE_CONTROL_POLICY"
    trails, regions, own = _protect_trails(), _our_regions(), _own_principals(names.organization)
    leaving = {"Sid": "StayInside", "Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}
    return (
        Policy(
            "protect-cloudtrail",
            trails,
            description="The platform's trails stay",
            targets=("Security", "Infrastructure"),
        ),
        Policy("stay-in-organization", _document(leaving), targets=("",)),
        Policy("allowed-regions", regions, targets=("Workloads", "Sandbox")),
        Policy("own-principals-only", own, resources, targets=("Security",)),
        Policy("s3-block-public-access", block_all, "S3_POLICY", "All four, whatever the account says", ("Security",)),
    )


def _protect_trails() -> Document:
    actions = ("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors")
    statement = {
        "Sid": "ProtectCloudTrail",
        "Effect": "Deny",
        "Action": [f"cloudtrail:{action}" for action in actions],
        "Resource": "*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"}},
    }
    return _document(statement)


def _our_regions() -> Document:
    statement = {
        "Sid": "OurRegions",
        "Effect": "Deny",
        "NotAction": ["iam:*", "organizations:*", "sts:*", "s3:*", "cloudfront:*", "support:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": [*REGIONS, "eu-south-1", "us-west-2"]}},
    }
    return _document(statement)


def _own_principals(organization_id: str) -> Document:
    outside = {"aws:PrincipalOrgID": organization_id}
    statement = {
        "Sid": "OwnPrincipalsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": outside, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
    }
    return _document(statement)


def _document(statement: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": [statement]}
