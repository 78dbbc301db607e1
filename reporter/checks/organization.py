"""Who could switch recording off: service control policies and delegated administrators."""

from collections.abc import Mapping, Sequence
from typing import Any

from reporter.assess.estate import NotApplicable, Resource, certain, failing, gathered, together
from reporter.assess.evaluate import check
from reporter.assess.resource_types import BUCKET, ORGANIZATION, POLICY
from reporter.checks import examples as eg
from reporter.checks.trails import covering
from reporter.documents.guards import scp_denies
from reporter.documents.logic import Answer
from reporter.model import ACCOUNT

SWITCHES = (
    "cloudtrail:StopLogging",
    "cloudtrail:DeleteTrail",
    "cloudtrail:UpdateTrail",
    "cloudtrail:PutEventSelectors",
)
DELETIONS = ("s3:DeleteBucket", "s3:DeleteObject", "s3:DeleteObjectVersion")
BREAK_GLASS = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/BreakGlass"}}


def _denies(*, actions: Sequence[str] = SWITCHES, **more: object) -> dict[str, object]:
    statement = {"Effect": "Deny", "Action": list(actions), "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _service_control_policies(account: Resource) -> list[list[Mapping[str, Any]]]:
    """The contents of the policies in force on an account: of the root, of each unit on the way down, of the account."""
    if account["Management"]:
        raise NotApplicable("Service control policies do not bind the management account")
    found, refusals = gathered(account.estate_all(POLICY), _kind_targets_content)
    if refusals:
        raise together(refusals)
    levels = [*(account["ParentIds"] or ()), account.id]
    return [[content for targets, content in found if level in targets] for level in levels]


def _kind_targets_content(policy: Resource) -> tuple[frozenset[str], Mapping[str, Any]]:
    quiet = policy.unnoted()
    if quiet["Type"] != "SERVICE_CONTROL_POLICY":
        return frozenset(), {}
    return frozenset(target["TargetId"] for target in quiet["Targets"] or ()), quiet["Content"]


def _denied(account: Resource, actions: Sequence[str], resource: str = "*") -> Answer:
    """Whether the policies in force keep everybody in the account, break glass aside, from all of the actions."""
    glass = tuple(account.target("break_glass_principals"))
    return scp_denies(_service_control_policies(account), actions, resource, glass)


def deletion_of_bucket_denied(bucket: Resource) -> bool:
    """Whether a policy of the organization keeps everybody from deleting the bucket and what lies in it."""
    account = bucket.related(ACCOUNT, bucket.account)
    if account is None:
        return False
    whole, objects = _denied(account, DELETIONS[:1], bucket.arn), _denied(account, DELETIONS[1:], f"{bucket.arn}/*")
    return certain(whole) and certain(objects)


@check(
    "organization-protects-cloudtrail",
    subject=ACCOUNT,
    severity="high",
    passes=[
        [eg.account(), eg.trail(), eg.bucket(), eg.policy()],
        [eg.account(VisibleTrails=[]), eg.policy(Content=_denies(Condition=BREAK_GLASS))],
        [
            eg.account(VisibleTrails=[]),
            eg.policy(Content=_denies(), Targets=[{"TargetId": eg.UNIT, "Name": "W", "Type": "ORGANIZATIONAL_UNIT"}]),
        ],
    ],
    fails=[
        [eg.account(VisibleTrails=[])],
        [eg.account(), eg.trail(), eg.bucket(), eg.policy(Content=_denies())],
        [eg.account(VisibleTrails=[]), eg.policy(Content=_denies(actions=SWITCHES[:3]))],
        [eg.account(VisibleTrails=[]), eg.policy(Targets=[])],
        [eg.account(VisibleTrails=[]), eg.policy(Type="RESOURCE_CONTROL_POLICY")],
        [
            eg.account(VisibleTrails=[]),
            eg.policy(Content=_denies(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})),
        ],
        [eg.account(VisibleTrails=[]), eg.organization(PolicyTypes=[]), eg.policy()],
    ],
    skips=[[eg.account(eg.MANAGEMENT), eg.policy()]],
)
def protects_cloudtrail(account: Resource) -> bool:
    """A service control policy keeps everybody in the account from stopping trails and deleting their bucket.

    Permissions inside an account can be given away; a policy of the organization cannot be lifted from inside.
    Fix: aws organizations attach-policy --policy-id <POLICY_ID> --target-id {Id}
    """
    if "SERVICE_CONTROL_POLICY" not in _policy_types(account):
        return account.because("The organization has no service control policies switched on")
    allowed = failing(SWITCHES, lambda action: certain(_denied(account, [action])))
    account.note("Policies in force", list(_denied(account, allowed or SWITCHES).because))
    if allowed:
        return account.because(f"Not denied: {', '.join(allowed)}")
    exposed = failing(_own_log_buckets(account), lambda bucket: bucket["Name"] and deletion_of_bucket_denied(bucket))
    return not exposed or account.because(f"May be deleted: {', '.join(bucket.id for bucket in exposed)}")


def _policy_types(account: Resource) -> list[str]:
    types: list[str] = []
    for organization in account.estate_all(ORGANIZATION):
        types += organization["PolicyTypes"] or ()
        account.mended_from(organization.account)
    return types


def _own_log_buckets(account: Resource) -> list[Resource]:
    names = sorted({trail["S3BucketName"] for trail in covering(account)})
    buckets = account.related_all(BUCKET, names)
    return [bucket for bucket in buckets if bucket.account == account.id]


CLOUDTRAIL = "cloudtrail.amazonaws.com"


@check(
    "organization-delegated-administrator",
    subject=ORGANIZATION,
    severity="medium",
    passes=[
        [eg.organization()],
        [
            eg.targets(delegated_administrators={CLOUDTRAIL: (eg.ARCHIVE,)}),
            eg.organization(DelegatedAdministrators={CLOUDTRAIL: [eg.ARCHIVE]}),
        ],
    ],
    fails=[
        [eg.organization(DelegatedAdministrators={CLOUDTRAIL: [eg.ARCHIVE]})],
        [eg.targets(delegated_administrators={CLOUDTRAIL: (eg.ARCHIVE,)}), eg.organization()],
    ],
)
def delegated_administrator(organization: Resource) -> bool:
    """CloudTrail is administered by the configured accounts, and by no other.

    A delegated administrator can change and delete the organization's trails.
    Fix: aws cloudtrail deregister-organization-delegated-admin --delegated-admin-account-id <OTHER_ACCOUNT_ID>
      aws cloudtrail register-organization-delegated-admin --member-account-id <MISSING_ACCOUNT_ID>
    """
    wanted = organization.target("delegated_administrators").get(CLOUDTRAIL, ())
    actual = (organization["DelegatedAdministrators"] or {}).get(CLOUDTRAIL, ())
    others, missing = sorted(set(actual) - set(wanted)), sorted(set(wanted) - set(actual))
    organization.mended_in(OTHER_ACCOUNT_ID=others, MISSING_ACCOUNT_ID=missing)
    commands = [word for word, ids in ((" deregister-", others), (" register-", missing)) if ids]
    return not commands or organization.because(
        f"CloudTrail's delegated administrators are: {_accounts(actual)}; by settings: {_accounts(wanted)}", *commands
    )


def _accounts(ids: Sequence[str]) -> str:
    return ", ".join(sorted(ids)) or "none"
