"""Organizations: only the management account and delegated administrators may ask; page sizes, S3 policies, delegation as in AWS."""

from typing import Any

from moto.organizations.models import organizations_backends

from reporter.simulate.answers import Answer, as_json, denied, error
from reporter.simulate.organization import Document
from reporter.simulate.registry import answers, gate
from reporter.simulate.request import Request
from reporter.simulate.world import World

ENABLED_AT = 1_700_000_000.0  # when services, delegations and policies came to be
EXTRA_TYPES = ("S3_POLICY",)  # policy types moto does not know
FOR_MEMBERS = {"DescribeOrganization", "DescribeEffectivePolicy"}  # what any account of the organization may ask


@gate("organizations")
def members_may_not(world: World, request: Request) -> Answer | None:
    delegated = {account for accounts in world.organization.delegated_administrators.values() for account in accounts}
    allowed = {world.organization.management} | (delegated if _is_read(request) else set())
    if request.account in allowed or request.operation in FOR_MEMBERS:
        return None
    return error(request, "AccessDeniedException", "You don't have permissions to access this resource.", 400)


def _is_read(request: Request) -> bool:
    return request.operation.startswith(("List", "Describe"))


def backend(world: World) -> Any:
    return organizations_backends[world.organization.management]["aws"]


def _page(request: Request, key: str, found: list[Document], size: int = 20) -> Answer:
    """One page of at most `size`; a caller may ask for less."""
    start = int(request.params.get("NextToken") or 0)
    size = min(int(request.params.get("MaxResults") or size), size)
    page: Document = {key: found[start : start + size]}
    if start + size < len(found):
        page["NextToken"] = str(start + size)
    return as_json(page)


@answers(
    "organizations", "ListRoots", "ListParents", "DescribeAccount", "DescribeOrganizationalUnit", "ListTagsForResource",
    "ListTargetsForPolicy", "DescribePolicy", "ListPoliciesForTarget", "DescribeOrganization", "ListPolicies",
)  # fmt: skip
def seen_from_management(world: World, request: Request) -> Answer | None:
    """moto keeps the organization under its management account only; whoever may read it reads it from there."""
    request.asks_for = world.organization.management
    kind = request.params.get("Filter", "")
    if request.operation == "ListPolicies" and kind in EXTRA_TYPES:
        return as_json(
            {"Policies": [p.describe()["Policy"]["PolicySummary"] for p in backend(world).policies if p.type == kind]}
        )
    return None


@answers("organizations", "ListAccounts")
def list_accounts(world: World, request: Request) -> Answer:
    """Twenty a page; moto gives a hundred."""
    return _page(request, "Accounts", [a.describe() for a in backend(world).accounts])


@answers("organizations", "ListAccountsForParent", "ListOrganizationalUnitsForParent", "ListChildren")
def children(world: World, request: Request) -> Answer:
    parent, organization = request.params.get("ParentId"), backend(world)
    if parent not in {unit.id for unit in organization.ou}:
        return error(request, "ParentNotFoundException", "You specified parent that doesn't exist.", 400)
    accounts = [a for a in organization.accounts if a.parent_id == parent]
    units = [u for u in organization.ou if u.parent_id == parent]
    if request.operation == "ListAccountsForParent":
        return _page(request, "Accounts", [a.describe() for a in accounts])
    if request.operation == "ListOrganizationalUnitsForParent":
        return _page(request, "OrganizationalUnits", [u.describe()["OrganizationalUnit"] for u in units])
    kind = request.params.get("ChildType", "ACCOUNT")
    return _page(request, "Children", [{"Id": c.id, "Type": kind} for c in (accounts if kind == "ACCOUNT" else units)])


@answers("organizations", "DescribeEffectivePolicy")
def effective_policy(world: World, request: Request) -> Answer:
    """The S3 policy in force for an account: the nearest one on the way from the account up to the root."""
    kind = request.params.get("PolicyType", "")
    target = request.params.get("TargetId") or request.account
    if request.account not in {world.organization.management, target}:
        return denied(request)
    policies = [p for p in backend(world).policies if p.type == kind]
    for holder in _way_up(world, target):
        for policy in policies:
            if any(attached.id == holder for attached in policy.attachments):
                content = {
                    "PolicyContent": policy.content,
                    "LastUpdatedTimestamp": ENABLED_AT,
                    "TargetId": target,
                    "PolicyType": kind,
                }
                return as_json({"EffectivePolicy": content})
    return error(
        request, "EffectivePolicyNotFoundException", "No effective policy of this type is attached to the target.", 400
    )


def _way_up(world: World, target: str) -> list[str]:
    organization = backend(world)
    parents = {unit.id: unit.parent_id for unit in organization.ou} | {a.id: a.parent_id for a in organization.accounts}
    way = [target]
    while parents.get(way[-1]):
        way.append(parents[way[-1]])
    return way


@answers("organizations", "ListDelegatedAdministrators")
def delegated_administrators(world: World, request: Request) -> Answer:
    """moto refuses CloudTrail, Config and Security Hub as delegable services; AWS does not."""
    asked = request.params.get("ServicePrincipal")
    delegated = world.organization.delegated_administrators
    ids = {account for service, accounts in delegated.items() if (asked or service) == service for account in accounts}
    described = [
        a.describe() | {"DelegationEnabledDate": a.describe()["JoinedTimestamp"]}
        for a in backend(world).accounts
        if a.id in ids
    ]
    return as_json({"DelegatedAdministrators": described})


@answers("organizations", "ListDelegatedServicesForAccount")
def delegated_services(world: World, request: Request) -> Answer:
    account = request.params.get("AccountId", "")
    services = sorted(s for s, accounts in world.organization.delegated_administrators.items() if account in accounts)
    if not services:
        return error(request, "AccountNotRegisteredException", "The account is not a delegated administrator.", 400)
    return as_json(
        {"DelegatedServices": [{"ServicePrincipal": s, "DelegationEnabledDate": ENABLED_AT} for s in services]}
    )


@answers("organizations", "ListAWSServiceAccessForOrganization")
def service_access(world: World, _: Request) -> Answer:
    enabled = [{"ServicePrincipal": s, "DateEnabled": ENABLED_AT} for s in sorted(world.organization.service_access)]
    return as_json({"EnabledServicePrincipals": enabled})


@answers("organizations", "DescribeResourcePolicy")
def resource_policy(_: World, request: Request) -> Answer:
    return error(
        request, "ResourcePolicyNotFoundException", "We can't find a resource policy for this organization.", 400
    )
