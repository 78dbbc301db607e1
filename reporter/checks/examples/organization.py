"""The organization of the examples: an account, the organization itself, a policy that protects the logs."""

from typing import Any

from reporter.assess import resource_types as types
from reporter.checks.examples.items import (
    BUCKET_NAME,
    FOUR_FLAGS,
    HERE,
    HOME,
    MANAGEMENT,
    ORGANIZATION_ID,
    ROOT,
    TRAIL_ARN,
    UNIT,
    made,
)
from reporter.model import ACCOUNT, GLOBAL, ConfigurationItem


def account(id: str = HOME, **override: Any) -> ConfigurationItem:
    """An account of the organization: three enabled regions, one trail seen, public access blocked."""
    keys = {
        "Id": id,
        "Name": "example",
        "Email": "aws@example.com",
        "State": "ACTIVE",
        "JoinedTimestamp": "2024-01-01T00:00:00Z",
        "ParentIds": [ROOT, UNIT] if id != MANAGEMENT else [ROOT],
        "OrganizationalUnit": "Root/Workloads" if id != MANAGEMENT else "Root",
        "Tags": {},
        "Management": id == MANAGEMENT,
        "PublicAccessBlock": FOUR_FLAGS,
        "Regions": ["eu-west-1", HERE, "us-west-2"],
        "VisibleTrails": [TRAIL_ARN],
        "EffectiveS3Policy": None,
    }
    arn = f"arn:aws:organizations::{MANAGEMENT}:account/{ORGANIZATION_ID}/{id}"
    return made(ACCOUNT, keys, override, id=lambda _: id, arn=lambda _: arn, account=id, region=GLOBAL)


def organization(**override: Any) -> ConfigurationItem:
    """The organization, with service control policies on and CloudTrail trusted."""
    keys = {
        "Id": ORGANIZATION_ID,
        "Arn": f"arn:aws:organizations::{MANAGEMENT}:organization/{ORGANIZATION_ID}",
        "MasterAccountId": MANAGEMENT,
        "FeatureSet": "ALL",
        "PolicyTypes": ["SERVICE_CONTROL_POLICY"],
        "ServiceAccess": ["cloudtrail.amazonaws.com"],
        "DelegatedAdministrators": {},
        "Roots": [{"Id": ROOT, "Name": "Root"}],
    }
    return made(
        types.ORGANIZATION,
        keys,
        override,
        id=lambda one: str(one["Id"]),
        arn=lambda one: str(one["Arn"]),
        account=MANAGEMENT,
        region=GLOBAL,
    )


PROTECTED = [
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
]


def policy(**override: Any) -> ConfigurationItem:
    """A service control policy on the root that keeps everybody from touching trails and log buckets."""
    keys = {
        "Id": "p-protect",
        "Arn": f"arn:aws:organizations::{MANAGEMENT}:policy/{ORGANIZATION_ID}/service_control_policy/p-protect",
        "Name": "protect-logs",
        "Type": "SERVICE_CONTROL_POLICY",
        "AwsManaged": False,
        "Content": {
            "Version": "2012-10-17",
            "Statement": [
                {"Sid": "Trails", "Effect": "Deny", "Action": PROTECTED, "Resource": "*"},
                {
                    "Sid": "LogBucket",
                    "Effect": "Deny",
                    "Action": ["s3:DeleteBucket", "s3:DeleteObject*"],
                    "Resource": [f"arn:aws:s3:::{BUCKET_NAME}", f"arn:aws:s3:::{BUCKET_NAME}/*"],
                },
            ],
        },
        "Targets": [{"TargetId": ROOT, "Name": "Root", "Type": "ROOT"}],
    }
    return made(
        types.POLICY,
        keys,
        override,
        id=lambda one: str(one["Id"]),
        arn=lambda one: str(one["Arn"]),
        account=MANAGEMENT,
        region=GLOBAL,
    )
