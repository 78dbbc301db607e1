"""Who stands behind a CloudTrail event: the person, the workload or the service, and with what tool.

Field names are CloudTrail's (`userIdentity`, record versions 1.08 to 1.11).
"""

import re
from collections.abc import Mapping
from typing import Any

from reporter.drift.instants import instant
from reporter.drift.wording import clean
from reporter.model import Actor

_SSO_ROLE = re.compile(r"AWSReservedSSO_(.+)_[0-9a-z]{16}\Z")
_WORKLOADS = (
    (re.compile(r"i-[0-9a-f]{8,17}\Z"), "EC2 instance {}"),
    (re.compile(r"(?:awslambda_\S*|\S*-lambda)\Z", re.IGNORECASE), "Lambda function {}"),
    (re.compile(r"AWSCodeBuild-\S+\Z"), "CodeBuild {}"),
    (re.compile(r"eks-\S+\Z"), "EKS workload {}"),
    (re.compile(r"[0-9a-f]{32}\Z"), "ECS task {}"),
    (re.compile(r"GitHubActions\Z|GitHub-Actions\S*\Z", re.IGNORECASE), "GitHub Actions"),
)
_UNNAMED = re.compile(
    r"(?:botocore-session-\d+|aws-sdk-\S+|AWSCLI-Session|aws-go-sdk-\d+|\d{13,19}|terraform-\S+|session)\Z",
    re.IGNORECASE,
)

# whose second factor AWS itself asks for, so that it knows of its absence
_FACTOR_KNOWN = frozenset({"IAMUser", "Root"})

# What a user agent or the calling service says of the tool; the first that matches. Terraform calls through the Go SDK and
# says so too, the console's own pages call through the Java SDK: the telling words come first.
_AGENTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), via)
    for pattern, via in (
        (r"cloudformation\.amazonaws\.com", "cloudformation"),
        (r"opentofu|terraform|hashicorp", "terraform"),
        (r"pulumi", "pulumi"),
        (r"aws-cli/|aws-shell|cloudshell", "cli"),
        (
            r"s3console|console\.(?:aws\.)?amazon|signin\.amazonaws\.com|aws-console|mozilla/|console\.amazonaws",
            "console",
        ),
        (r"boto|aws-sdk|aws_sdk|powershell|ruby|java/|go/|smithy|custodian", "sdk"),
        (r"aws internal|\.amazonaws\.com", "service"),
    )
)


def actor(event: Mapping[str, Any]) -> Actor:
    """Who did it, from where, with what, as one CloudTrail record tells it."""
    user = _map(event.get("userIdentity"))
    return Actor(
        event_id=str(event.get("eventID") or ""),
        event_name=str(event.get("eventName") or ""),
        at=event_time(event),
        principal=clean(principal(user)),
        arn=clean(str(user.get("arn") or user.get("principalId") or "")),
        source_ip=clean(str(event.get("sourceIPAddress") or ""), 64),
        user_agent=clean(str(event.get("userAgent") or "")),
        via=via(event),
        mfa=mfa(event),
    )


def event_time(event: Mapping[str, Any]) -> Any:
    """When it happened; a record without a readable time is no record."""
    at = instant(event.get("eventTime"))
    if at is None:
        raise ValueError(
            f"CloudTrail record {event.get('eventID')!r}: eventTime {event.get('eventTime')!r} is no instant"
        )
    return at


def principal(user: Mapping[str, Any]) -> str:
    """The person or workload behind an identity, in words."""
    kind = str(user.get("type") or "")
    if not kind and user.get("invokedBy"):
        return f"{user['invokedBy']} (service)"
    named = _KINDS.get(kind)
    text = named(user) if named else _unknown(user)
    behind = user.get("invokedBy")
    return f"{text} through {behind}" if behind and kind != "AWSService" and str(behind) not in text else text


def via(event: Mapping[str, Any]) -> str:
    """The tool: console, cli, cloudformation, terraform, pulumi, sdk, service, or "" where nothing tells."""
    user = _map(event.get("userIdentity"))
    invoked = str(user.get("invokedBy") or "")
    agent = str(event.get("userAgent") or "")
    if "cloudformation.amazonaws.com" in (invoked, agent, event.get("sourceIPAddress")):
        return "cloudformation"
    if str(event.get("sessionCredentialFromConsole")).lower() == "true":
        return "cli" if "cloudshell" in agent.lower() else "console"
    if invoked or user.get("type") == "AWSService":
        return "service"
    return next((name for pattern, name in _AGENTS if pattern.search(agent)), "")


def mfa(event: Mapping[str, Any]) -> bool | None:
    """Whether the session was opened with a second factor; None where CloudTrail does not say.

    AWS knows of no factor asked by an identity provider: `false` of a role's or a federated session says nothing, so
    that only an IAM user or the root user is ever said to have come without one.
    """
    user = _map(event.get("userIdentity"))
    attributes = _map(_map(user.get("sessionContext")).get("attributes"))
    stated = attributes.get("mfaAuthenticated", _map(event.get("additionalEventData")).get("MFAUsed"))
    if str(stated).lower() in {"true", "yes"}:
        return True
    return False if stated is not None and user.get("type") in _FACTOR_KNOWN else None


def _user(user: Mapping[str, Any]) -> str:
    return f"{user.get('userName') or _tail(user)} (IAM user)"


def _root(user: Mapping[str, Any]) -> str:
    return f"root of {user.get('accountId')}"


def _role(user: Mapping[str, Any]) -> str:
    session = _map(user.get("sessionContext"))
    role = str(_map(session.get("sessionIssuer")).get("userName") or _role_of(user))
    name = str(session.get("sourceIdentity") or "")  # the identity provider's word, which a session cannot choose
    name = name or _tail(user)
    sso = _SSO_ROLE.match(role)
    if sso:
        return f"{name} via {sso.group(1)}"
    for pattern, words in _WORKLOADS:
        if pattern.match(name):
            return f"{words.format(name)} via {role}"
    if not name or _UNNAMED.match(name):
        return f"role {role} (session {name})" if name else f"role {role}"
    return f"{name} via {role}"


def _federated(user: Mapping[str, Any]) -> str:
    issuer = _map(_map(user.get("sessionContext")).get("sessionIssuer"))
    return f"{_tail(user)} (federated by {issuer.get('userName') or issuer.get('principalId') or 'unknown'})"


def _web(user: Mapping[str, Any]) -> str:
    return f"{user.get('userName') or _tail(user)} (federated by {user.get('identityProvider') or 'unknown'})"


def _identity_center(user: Mapping[str, Any]) -> str:
    behalf = _map(user.get("onBehalfOf"))
    name = user.get("userName") or behalf.get("userId") or _tail(user)
    return f"{name} (Identity Center user)"


def _account(user: Mapping[str, Any]) -> str:
    return f"account {user.get('accountId') or _tail(user)}"


def _service(user: Mapping[str, Any]) -> str:
    return f"{user.get('invokedBy') or _tail(user)} (service)"


def _unknown(user: Mapping[str, Any]) -> str:
    """A principal deleted since, or a kind that CloudTrail did not name: its id is all there is."""
    if not user:
        return "unknown"
    return f"{_tail(user) or 'unknown'} (unresolved)"


_KINDS = {
    "IAMUser": _user,
    "Root": _root,
    "AssumedRole": _role,
    "Role": _role,
    "FederatedUser": _federated,
    "WebIdentityUser": _web,
    "SAMLUser": _web,
    "IdentityCenterUser": _identity_center,
    "AWSAccount": _account,
    "AWSService": _service,
    "Directory": _user,
}


def _tail(user: Mapping[str, Any]) -> str:
    """The last part of the ARN, else of the principal id: the session's or user's name."""
    arn = str(user.get("arn") or "")
    return arn.rpartition("/")[2] if "/" in arn else str(user.get("principalId") or arn).rpartition(":")[2]


def _role_of(user: Mapping[str, Any]) -> str:
    """The role of an assumed-role ARN; with neither issuer nor ARN the id of a role that is gone."""
    steps = str(user.get("arn") or "").split("/")
    return steps[1] if len(steps) > 2 else str(user.get("principalId") or "unknown").partition(":")[0]


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
