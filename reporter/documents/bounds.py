"""Who can meet a condition: the callers a condition key limits a grant to, and those who escape a denial.

A bound is one set of callers (an account, an organization, a network ...). `fixed` says whether it is a set somebody owns,
in the sense in which S3 decides that a policy is not public: a value without wildcard or variable, a network no wider than
/8 (IPv4) or /32 (IPv6) unless private. A wildcard inside one account or one organization leaves the owner fixed.
"""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from reporter.documents.arn import ACCOUNT_ID, PARTS, Arn
from reporter.documents.globs import is_wild
from reporter.documents.logic import Tri
from reporter.documents.policy import Condition, Principal

# Condition keys that say who calls, or on whose behalf. Tags, user names, encryption and the like are not among them:
# anybody can have a principal tagged as he likes.
LIMITING = {
    "aws:principalorgid": "organization",
    "aws:principalorgpaths": "path",
    "aws:principalaccount": "account",
    "aws:principalarn": "principal",
    "aws:principalservicename": "service",
    "aws:userid": "user",
    "aws:sourceip": "network",
    "aws:sourcevpc": "vpc",
    "aws:sourcevpce": "vpc",
    "aws:sourcearn": "source",
    "aws:sourceaccount": "account",
    "aws:sourceowner": "account",
    "aws:sourceorgid": "organization",
    "aws:sourceorgpaths": "path",
    "aws:vpceaccount": "account",
    "aws:vpceorgid": "organization",
    "aws:vpceorgpaths": "path",
    "kms:calleraccount": "account",
    "s3:dataaccesspointarn": "source",
    "s3:dataaccesspointaccount": "account",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": "key",  # whoever may use that key, which its policy says
}
OWN_VARIABLES = {"${aws:resourceorgid}": "organization", "${aws:resourceaccount}": "account"}
WIDEST = {4: 8, 6: 32}
PRIVATE = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
OWN = "own"  # value of a bound that is the resource's own account or organization


@dataclass(frozen=True, slots=True, order=True)
class Bound:
    """One set of callers: its kind, the value that names it, and whether somebody owns it (None: cannot be decided)."""

    kind: str  # everyone, undecided, deleted, canonical, federated, or a value of LIMITING
    value: str
    fixed: Tri = True

    def __str__(self) -> str:
        return "everyone" if self.kind == "everyone" else f"{self.kind} {self.value}"


ANYBODY = Bound("everyone", "*", fixed=False)
AWS_SERVICES = Bound("service", "any AWS service")


def undecided(condition: Condition) -> Bound:
    """A set of callers we cannot name, because we do not know what the condition means."""
    return Bound("undecided", str(condition), fixed=None)


@lru_cache(maxsize=2048)
def of_principal(principal: Principal) -> Bound:
    """The callers a named principal is."""
    if principal.kind == "everyone":
        return ANYBODY
    if principal.kind == "aws":
        return Bound("principal", principal.value, _arn_fixed(principal.value, per_field=True))
    if principal.kind == "federated":
        arn = Arn.parse(principal.value)
        # A provider inside an account is that account's; graph.facebook.com is everybody with an account there.
        return Bound("federated", principal.value, fixed=bool(arn and ACCOUNT_ID.fullmatch(arn.account)))
    return Bound(principal.kind, principal.value, fixed=not is_wild(principal.value))


def meeting(condition: Condition, present: frozenset[str], *, variables: bool) -> frozenset[Bound] | None:
    """The callers who can meet a condition of an Allow, or None if it does not say who.

    A negative operator, `IfExists` and `ForAllValues` also hold for a request that lacks the key (an anonymous one, say), so
    they limit nobody unless the key is demanded elsewhere (`present`).
    """
    if condition.key == "aws:principalisawsservice" and condition.values == ("true",) and condition.operator == "bool":
        return None if condition.if_exists else frozenset({AWS_SERVICES})
    if condition.key not in LIMITING:
        return None
    if not condition.known:
        return frozenset({undecided(condition)})
    if condition.negative or condition.operator == "null":
        return None
    if (condition.if_exists or condition.quantifier == "forallvalues") and condition.key not in present:
        return None
    return frozenset(_bound(condition, value, variables=variables) for value in condition.values)


def escaping(condition: Condition, *, variables: bool) -> frozenset[Bound]:
    """The callers whom a condition of a Deny leaves out: everybody, unless it denies all but named ones."""
    if condition.key == "aws:principalisawsservice" and condition.values == ("false",) and condition.operator == "bool":
        return frozenset({AWS_SERVICES})
    if condition.key in LIMITING and not condition.known:
        return frozenset({undecided(condition)})
    # ForAnyValue of a negative operator is not met by a request that lacks the key: the stranger escapes.
    if condition.key not in LIMITING or not condition.negative or condition.quantifier == "foranyvalue":
        return frozenset({ANYBODY})
    return frozenset(_bound(condition, value, variables=variables) for value in condition.values)


def demanded(conditions: tuple[Condition, ...]) -> frozenset[str]:
    """The keys a request must have: those under `Null: false`, and those compared without IfExists or ForAllValues."""
    return frozenset(
        c.key
        for c in conditions
        if (c.operator == "null" and c.values == ("false",))
        or (c.known and not c.negative and not c.if_exists and c.quantifier != "forallvalues" and c.operator != "null")
    )


def _bound(condition: Condition, value: str, *, variables: bool) -> Bound:
    kind = LIMITING[condition.key]
    if variables and "${" in value:
        if OWN_VARIABLES.get(value.lower()) == kind:
            return Bound(kind, OWN, fixed=None)  # S3 calls any variable public; in meaning this is our own side
        return Bound(kind, value, fixed=False)
    if kind == "network":
        return Bound(kind, value, _network_fixed(condition, value))
    wild = condition.takes_wildcards and is_wild(value)
    if kind in ("principal", "source"):
        per_field = condition.operator.startswith("arn")
        return Bound(kind, value, _arn_fixed(value, per_field=per_field) if wild else True)
    if kind == "path":
        return Bound(kind, value, not wild or not is_wild(value.partition("/")[0]))
    if kind == "user" and wild:
        return Bound(kind, value, fixed=None if value.endswith(":*") and not is_wild(value[:-1]) else False)
    return Bound(kind, value, fixed=not wild)


def _arn_fixed(pattern: str, *, per_field: bool) -> bool:
    """Whether an ARN pattern stays inside one account; a star of StringLike runs across colons, one of ArnLike does not."""
    if not is_wild(pattern):
        return True
    parts = pattern.split(":", PARTS - 1)
    if len(parts) != PARTS or not ACCOUNT_ID.fullmatch(parts[4]):
        return False
    return per_field or not any(is_wild(part) for part in parts[:4])


def _network_fixed(condition: Condition, value: str) -> Tri:
    if condition.operator not in ("ipaddress", "notipaddress"):
        return None if is_wild(value) else True
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None
    if isinstance(network, ipaddress.IPv4Network) and any(network.subnet_of(private) for private in PRIVATE):
        return True
    return network.prefixlen >= WIDEST[network.version]
