"""The permissions the table of reads asks for, as IAM policies."""

import json
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from typing import Any

from reporter.collect.resources import every_call
from reporter.collect.rows import DEFAULT_SETS, Call

SESSION_POLICY_LIMIT = 2048  # characters that AssumeRole takes
_FOLDS = (
    "s3:GetBucket*",
    "s3:GetAccessPoint*",
    "s3:GetMultiRegionAccessPoint*",
    "config:DescribeConfigurationRecorder*",
)


def role_calls(sets: Collection[str] = DEFAULT_SETS) -> tuple[Call, ...]:
    """The calls that the role in each account makes."""
    return tuple(call for _, call in every_call() if call.set in sets and call.by == "account")


def organization_calls() -> tuple[Call, ...]:
    """The calls that are made once, by whom Organizations lets in."""
    return tuple(call for _, call in every_call() if call.by == "organization")


def actions(calls: Iterable[Call]) -> tuple[str, ...]:
    """The IAM actions of calls, sorted."""
    return tuple(sorted({call.iam for call in calls if call.iam}))


def document(actions: Collection[str], sid: str = "") -> dict[str, Any]:
    """A policy that allows these actions on everything: reads of settings have no narrower resource that is known before."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [{"Sid": sid, **statement} if sid else statement]}


def session_policy(sets: Collection[str] = DEFAULT_SETS) -> str:
    """What a session may do at most, whatever its role may be given later.

    AssumeRole takes 2,048 characters. Where the exact list is longer, families of actions that only read are folded into one
    pattern: the role's own policy stays exact, and a session has what both allow.
    """
    exact = actions(role_calls(sets))
    text = _compact(exact)
    for pattern in _FOLDS:
        if len(text) <= SESSION_POLICY_LIMIT:
            break
        exact = tuple(sorted({pattern if fnmatchcase(action, pattern) else action for action in exact}))
        text = _compact(exact)
    return text


def _compact(actions: Collection[str]) -> str:
    return json.dumps(document(actions), separators=(",", ":"))
