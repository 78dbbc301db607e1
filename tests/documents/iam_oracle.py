"""A second, slow reading of policies: it decides single requests, as IAM documents it. The tests hold the room to it."""

import fnmatch
import ipaddress
import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """One request: who (an ARN, a service name, or None for an anonymous caller), what, on which ARN, in which context."""

    principal: str | None
    action: str
    resource: str
    context: dict = field(default_factory=dict)  # condition key in lower case -> value


def allowed(policy: dict, request: Request) -> bool:
    """Whether the policy alone lets the request through: an Allow fits and no Deny does."""
    fitting = [s["Effect"] for s in _list(policy["Statement"]) if fits(s, request)]
    return "Allow" in fitting and "Deny" not in fitting


def denied(policy: dict, request: Request) -> bool:
    """Whether a Deny fits the request."""
    return any(s["Effect"] == "Deny" and fits(s, request) for s in _list(policy["Statement"]))


def fits(statement: dict, request: Request) -> bool:
    """Whether a statement is about the request."""
    return (
        _principal_fits(statement, request.principal)
        and _listed(statement, "Action", request.action, ignore_case=True)
        and _listed(statement, "Resource", request.resource)
        and all(
            _condition(operator, key.lower(), _list(values), request.context)
            for operator, block in statement.get("Condition", {}).items()
            for key, values in block.items()
        )
    )


def _list(value) -> list:
    return value if isinstance(value, list) else [value]


def _listed(statement: dict, name: str, text: str, *, ignore_case: bool = False) -> bool:
    patterns = _list(statement.get(name, statement.get(f"Not{name}")))
    found = any(_glob(p, text, ignore_case=ignore_case) for p in patterns)
    return found if name in statement else not found


def _glob(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    translated = fnmatch.translate(pattern.replace("[", "[[]"))
    return re.match(translated, text, re.IGNORECASE if ignore_case else 0) is not None


def _principal_fits(statement: dict, principal: str | None) -> bool:
    raw = statement.get("Principal", statement.get("NotPrincipal"))
    values = ["*"] if raw == "*" else [v for entry in raw.values() for v in _list(entry)]
    found = any(_is(value, principal) for value in values)
    return found if "Principal" in statement else not found


def _is(value: str, principal: str | None) -> bool:
    if value == "*":
        return True
    if principal is None:
        return False
    account = principal.split(":")[4] if principal.startswith("arn:") else None
    return value in (principal, account) or value == f"arn:aws:iam::{account}:root"


def _condition(operator: str, key: str, values: list, context: dict) -> bool:
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    if operator == "Null":
        return (key not in context) == (str(values[0]).lower() == "true")
    negative = "Not" in operator
    if key not in context:
        return if_exists or negative
    found = any(_compare(operator.replace("Not", ""), str(value), context[key]) for value in values)
    return found != negative


def _compare(operator: str, value: str, actual: str) -> bool:
    if operator == "IpAddress":
        return ipaddress.ip_address(actual) in ipaddress.ip_network(value, strict=False)
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return _glob(value, actual)
    if operator == "Bool":
        return value.lower() == actual
    if operator == "NumericLessThan":
        return float(actual) < float(value)
    return value == actual
