"""To whom a resource is shared: its own account, the organization, trusted accounts, AWS services, others, everybody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from reporter.documents.actions import LOG_ACCESS
from reporter.documents.arn import account_of
from reporter.documents.bounds import OWN, Bound
from reporter.documents.globs import is_wild, matches
from reporter.documents.grants import Document, Grant, effective_grants, undecidable
from reporter.documents.logic import Answer
from reporter.documents.policy import Condition

# What AWS's rule s3-bucket-blacklisted-actions-prohibited forbids to other accounts unless told otherwise.
CONTROL = (
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutEncryptionConfiguration",
    "s3:PutObjectAcl",
)
# AWS's own canonical user that writes the logs of CloudFront into buckets.
LOG_DELIVERERS = ("c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0",)
ENCRYPTED_FOR = "kms:encryptioncontext:aws:cloudtrail:arn"


class Reach(IntEnum):
    """How far a grant goes, from nobody to everybody."""

    NOBODY = 0  # a deleted user or role: its id is never given out again
    OWN = 1
    ORGANIZATION = 2
    TRUSTED = 3
    SERVICE = 4  # an AWS service, on behalf of whom is not said
    UNKNOWN = 5  # a VPC, a canonical user, a condition that we cannot place
    EXTERNAL = 6
    PUBLIC = 7


@dataclass(frozen=True, slots=True)
class Circle:
    """Who belongs together around a resource: its owner, the organization, and accounts that settings trust."""

    account: str
    organization: str | None = None  # o-...
    accounts: frozenset[str] = frozenset()  # of the organization
    trusted: frozenset[str] = frozenset()
    canonical: Mapping[str, str] = field(default_factory=dict)  # canonical user id (ACL Owner.ID) -> account

    def reach_of_account(self, account: str | None) -> Reach:
        """How near an account is; None is an account we cannot tell."""
        if account is None:
            return Reach.UNKNOWN
        if account == self.account:
            return Reach.OWN
        if account in self.accounts:
            return Reach.ORGANIZATION
        return Reach.TRUSTED if account in self.trusted else Reach.EXTERNAL

    def reach_of_organization(self, organization: str) -> Reach:
        """Whether an organization is ours; if our own is not known, neither is this."""
        if organization in (OWN, self.organization):
            return Reach.ORGANIZATION
        return Reach.EXTERNAL if self.organization else Reach.UNKNOWN


def reach_of(grant: Grant, circle: Circle) -> Reach:
    """How far a grant goes: the nearest of its limits, each as far as the farthest caller in it."""
    return min(max((_reach(bound, circle) for bound in limit), default=Reach.NOBODY) for limit in grant.limits)


def _reach(bound: Bound, circle: Circle) -> Reach:
    kind, value = bound.kind, bound.value
    if value == OWN:
        return Reach.OWN if kind == "account" else Reach.ORGANIZATION
    if bound.fixed is False:
        return Reach.PUBLIC
    if kind == "account":
        return circle.reach_of_account(value)
    if kind in ("organization", "path"):
        return circle.reach_of_organization(value.partition("/")[0])
    if kind in ("principal", "federated", "source"):
        return circle.reach_of_account(account_of(value))
    if kind == "canonical":
        return circle.reach_of_account(circle.canonical.get(value))
    return {"service": Reach.SERVICE, "deleted": Reach.NOBODY, "network": Reach.EXTERNAL}.get(kind, Reach.UNKNOWN)


def grants_by_reach(
    document: Document, circle: Circle, actions: Iterable[str] | None = None
) -> dict[Reach, tuple[Grant, ...]]:
    """The effective grants of a policy (for some of the actions, if named), by how far they go."""
    wanted = None if actions is None else frozenset(actions)
    found: dict[Reach, list[Grant]] = {}
    for grant in effective_grants(document):
        if wanted is None or grant.actions & wanted:
            found.setdefault(reach_of(grant, circle), []).append(grant)
    return {reach: tuple(found[reach]) for reach in sorted(found)}


def external_access(document: Document, circle: Circle, actions: Iterable[str] | None = None) -> Answer:
    """Whether a policy lets in anybody beyond the organization and the trusted accounts; AWS services do not count."""
    return _beyond(document, grants_by_reach(document, circle, actions))


def foreign_control(document: Document, circle: Circle) -> Answer:
    """Whether a policy lets any other account, of the organization or not, take control of a bucket."""
    by_reach = grants_by_reach(document, circle, CONTROL)
    far = [
        f"{'anybody' if reach is Reach.PUBLIC else 'another account'}: {grant}"
        for reach in (Reach.PUBLIC, Reach.EXTERNAL, Reach.TRUSTED, Reach.ORGANIZATION)
        for grant in by_reach.get(reach, ())
    ]
    return Answer(holds=True, because=tuple(far)) if far else _beyond(document, by_reach)


def outsiders(
    document: Document, circle: Circle, readers: Iterable[str] = (), actions: Iterable[str] = LOG_ACCESS
) -> Answer:
    """Whether a policy lets anybody beside the readers (globs over principal ARNs) do any of the actions.

    Without readers anybody in the organization or in a trusted account is meant to; with readers, a whole account is only
    a reader if its `:root` ARN (or id) is one.
    """
    globs = tuple(readers)
    by_reach = grants_by_reach(document, circle, actions)
    if not globs:
        return _beyond(document, by_reach)
    others: dict[Reach, tuple[Grant, ...]] = {}
    for reach, grants in by_reach.items():
        if reach in (Reach.NOBODY, Reach.SERVICE):
            continue
        place = Reach.UNKNOWN if reach is Reach.UNKNOWN else Reach.EXTERNAL
        found = tuple(grant for grant in grants if not _is_reader(grant, globs))
        if found:
            others[place] = (*others.get(place, ()), *found)
    return _beyond(document, others)


def _is_reader(grant: Grant, globs: tuple[str, ...]) -> bool:
    """Whether one of the limits holds readers only: each ARN (or account) in it is one that a glob stands for."""
    return any(all(_reads(bound, globs) for bound in limit) for limit in grant.limits)


def _reads(bound: Bound, globs: tuple[str, ...]) -> bool:
    if bound.kind == "account":
        return any(glob == bound.value or glob.endswith(f"::{bound.value}:root") for glob in globs)
    if bound.kind != "principal":
        return False
    return any(glob == bound.value or (not is_wild(bound.value) and matches(glob, bound.value)) for glob in globs)


def _beyond(document: Document, by_reach: Mapping[Reach, tuple[Grant, ...]]) -> Answer:
    far = [(reach, grant) for reach in (Reach.PUBLIC, Reach.EXTERNAL) for grant in by_reach.get(reach, ())]
    if far:
        return Answer(holds=True, because=tuple(f"{reach.name.lower()}: {grant}" for reach, grant in far))
    unknown = [f"cannot be placed: {grant}" for grant in by_reach.get(Reach.UNKNOWN, ())]
    if unknown:
        return Answer(holds=None, because=tuple(unknown))
    problems = undecidable(document) if not by_reach else ()
    if problems:
        return Answer(holds=None, because=problems)
    return Answer(holds=False, because=("every grant stays with its own account, the organization and AWS services",))


def acl_sharing(acl: Mapping[str, object] | None, circle: Circle) -> Answer:
    """Whether an ACL in force gives anything to another account's owner, beyond the organization and the trusted accounts.

    An ACL names accounts by canonical user ids, and whose id it is only that account's own reading tells: undecided. Grants
    to the public groups are the matter of `public_access`.
    """
    owner = _canonical((acl or {}).get("Owner"))
    far: list[tuple[Reach, str]] = []
    for grant in _listed((acl or {}).get("Grants")):
        who = _canonical(grant.get("Grantee"))
        if who and who not in (owner, *LOG_DELIVERERS):
            reach = circle.reach_of_account(circle.canonical.get(who))
            far.append((reach, f"ACL gives canonical user {who} {grant.get('Permission')}"))
    outside = tuple(f"external: {said}" for reach, said in far if reach is Reach.EXTERNAL)
    unknown = tuple(f"cannot be placed: {said}" for reach, said in far if reach is Reach.UNKNOWN)
    if outside or unknown:
        return Answer(True if outside else None, outside or unknown)
    return Answer(holds=False, because=("the ACL gives nothing to other accounts",))


def _canonical(who: object) -> str:
    return str(who.get("ID") or "") if isinstance(who, Mapping) else ""


def _listed(grants: object) -> list[Mapping[str, object]]:
    return [one for one in grants if isinstance(one, Mapping)] if isinstance(grants, list) else []


def service_grant_bound(
    document: Document, circle: Circle, service: str = "cloudtrail.amazonaws.com", actions: Iterable[str] | None = None
) -> Answer:
    """Whether every grant to an AWS service is bound to our own side, so that no stranger can make the service act for him.

    Bound means `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOrgID` or CloudTrail's encryption context, with values of
    the circle. With actions named, what everyone is granted of them counts too. A policy that grants the service nothing
    has nothing unbound.
    """
    wanted = None if actions is None else frozenset(actions)
    grants = [grant for grant in effective_grants(document) if _serves(grant, service, wanted)]
    if not grants:
        return Answer(holds=True, because=(f"nothing is granted to {service}",))
    open_grants = tuple(str(grant) for grant in grants if not _bound_to(grant, circle))
    if open_grants:
        return Answer(holds=False, because=tuple(f"not bound to our trails: {grant}" for grant in open_grants))
    return Answer(holds=True, because=tuple(str(grant) for grant in grants))


def _serves(grant: Grant, service: str, wanted: frozenset[str] | None) -> bool:
    if grant.principal.kind == "everyone":
        return bool(wanted and grant.actions & wanted)
    named = grant.principal.kind == "service" and matches(grant.principal.value, service)
    return named and (wanted is None or bool(grant.actions & wanted))


def _bound_to(grant: Grant, circle: Circle) -> bool:
    if reach_of(grant, circle) <= Reach.TRUSTED:
        return True
    return any(c.key == ENCRYPTED_FOR and _names_ours(c, circle) for c in grant.conditions)


def _names_ours(condition: Condition, circle: Circle) -> bool:
    """Whether every value is an ARN of one of our accounts (`arn:aws:cloudtrail:*:111122223333:trail/*`)."""
    if condition.negative or condition.if_exists or condition.quantifier or not condition.known:
        return False
    return all(circle.reach_of_account(account_of(value)) <= Reach.TRUSTED for value in condition.values)
