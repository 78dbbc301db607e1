"""The files of `deploy/`: policies, the member role as CloudFormation, and the permissions page, all from the table of reads."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from reporter.collect.policies import actions, document, organization_calls, role_calls
from reporter.collect.resources import EVENTS, TYPES
from reporter.collect.resources_organization import ACCOUNTS, MEMBERS, UNITS
from reporter.collect.rows import DEFAULT_SETS, EXTRA, Call
from reporter.collect.stackset import template
from reporter.model import ACCOUNT

POLICY_LIMIT = 6144  # characters of a managed policy, white space not counted
ROLE = "ReporterAudit"

_HEAD = """# Permissions

Generated from the table of reads (`reporter/collect/resources*.py`). Every permission is of access level Read or List; none reads
an object, a log event or a secret. What is denied is reported as not read, with the permission that is missing; nothing fails.
"""
_SECTIONS = (
    (
        "account",
        "The role in every account",
        "`member-role.yaml` creates it with `read-policy.json`; a session may never do more, for the same list is its session policy.",
    ),
    (
        "organization",
        "Whoever starts the program",
        "In the management account, or in a delegated administrator's: `hub-policy.json`, which also lets it take the role.",
    ),
    (
        EXTRA,
        "Only with `collect.extra`",
        "The rest that S3 can say, one more call for each bucket and setting: `read-policy-extra.json`. No check needs it.",
    ),
)


def deploy_files() -> dict[str, str]:
    """Every generated file of `deploy/`, by name."""
    policies = read_policies()
    names = (
        ["read-policy.json"] if len(policies) == 1 else [f"read-policy-{at + 1}.json" for at in range(len(policies))]
    )
    files = {name: _pretty(policy) for name, policy in zip(names, policies, strict=True)}
    return files | {
        "read-policy-extra.json": _pretty(extra_policy()),
        "hub-policy.json": _pretty(hub_policy()),
        "member-role.yaml": template(policies, extra_policy(), role=ROLE),
        "PERMISSIONS.md": page(),
    }


def read_policies(sets: Collection[str] = DEFAULT_SETS, limit: int = POLICY_LIMIT) -> tuple[dict[str, Any], ...]:
    """The least the role in each account needs: one managed policy, or several where AWS's limit asks for it."""
    parts: list[list[str]] = [[]]
    for action in actions(role_calls(sets)):
        if parts[-1] and size(document([*parts[-1], action], "ReporterReads")) > limit:
            parts.append([])
        parts[-1].append(action)
    return tuple(document(part, "ReporterReads") for part in parts)


def extra_policy() -> dict[str, Any]:
    """What the set `extra` needs on top."""
    usual = actions(role_calls())
    return document([action for action in actions(role_calls({EXTRA})) if action not in usual], "ReporterReadsExtra")


def hub_policy(role: str = ROLE, partition: str = "aws") -> dict[str, Any]:
    """What the caller needs: to take the role in every account, and to ask Organizations."""
    take = {
        "Sid": "ReporterTakesItsRole",
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
        "Resource": f"arn:{partition}:iam::*:role/{role}",
    }
    asks = document(actions(organization_calls()), "ReporterAsksOrganizations")
    return {"Version": "2012-10-17", "Statement": [take, *asks["Statement"]]}


def size(policy: Mapping[str, Any]) -> int:
    """The characters that AWS counts."""
    return len(json.dumps(policy, separators=(",", ":")))


def page() -> str:
    """PERMISSIONS.md: each permission, what it is for, the calls, and what is not known without it."""
    found: dict[str, dict[str, dict[str, set[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(set)))
    for subject, call in _with_subjects():
        cells = found[EXTRA if call.set == EXTRA else call.by][call.iam]
        cells["for"].add(subject)
        cells["calls"].add(call.operation)
        cells["lost"].add(call.lost)
    return "\n".join([_HEAD, *(_section(title, text, found[key]) for key, title, text in _SECTIONS)])


def _with_subjects() -> Iterable[tuple[str, Call]]:
    for kind in TYPES:
        for call in kind.calls():
            yield kind.name, call
    for call in (ACCOUNTS, UNITS, MEMBERS):
        yield ACCOUNT, call
    yield "changes", EVENTS


def _section(title: str, text: str, rows: Mapping[str, Mapping[str, Collection[str]]]) -> str:
    lines = [
        f"## {title}",
        "",
        text,
        "",
        "| permission | for | calls | without it, not known |",
        "| --- | --- | --- | --- |",
    ]
    for iam in sorted(rows):
        subjects, calls = (", ".join(sorted(rows[iam][cell])) for cell in ("for", "calls"))
        lines.append(f"| `{iam}` | {subjects} | {calls} | {' '.join(sorted(rows[iam]['lost']))} |")
    return "\n".join([*lines, ""])


def _pretty(policy: Mapping[str, Any]) -> str:
    return json.dumps(policy, indent=2) + "\n"
