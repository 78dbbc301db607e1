"""What a CloudTrail record asked for: which resource it is about, and whether its parameters show a new value."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reporter.documents.canonical import canonical
from reporter.documents.fields import POLICIES
from reporter.drift.event_names import IMPLIED, REQUEST_FIELDS, SUBJECTS
from reporter.drift.paths import keys, last_key
from reporter.model import ACCOUNT, Change, Op

Leaf = tuple[str, str]  # (field in lower case, value as text in lower case)
_PLAIN = re.compile(r"[a-z0-9_-]+")  # a value that stands as it was asked for

_REMOVERS = (
    "Delete",
    "Remove",
    "Detach",
    "Disable",
    "Untag",
    "Deregister",
    "Disassociate",
    "Revoke",
    "Retire",
    "Unsubscribe",
)


def record(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The CloudTrail record itself, whether it came from a log file or wrapped in an answer of LookupEvents."""
    wrapped = event.get("CloudTrailEvent")
    if isinstance(wrapped, str):
        try:
            parsed = json.loads(wrapped)
        except ValueError:
            return {}  # a record that cannot be read explains nothing
        return parsed if isinstance(parsed, Mapping) else {}
    return event


def concerns(event: Mapping[str, Any], change: Change) -> bool:
    """Whether an event is about the changed resource: by what its parameters name, else by its list of resources."""
    names = resource_names(change)
    parameters = event.get("requestParameters")
    subject = _subject(parameters, change.type)
    if subject and names & set(_texts(subject)):
        return True
    listed = event.get("resources")
    if isinstance(listed, list) and any(isinstance(one, Mapping) and _listed(one) in names for one in listed):
        return True
    if change.type == ACCOUNT:
        return not subject and str(event.get("recipientAccountId") or "") in names
    return bool(names & set(_texts(event.get("responseElements"))))


def _subject(parameters: Any, type: str) -> Any:
    """What the parameters say they are about; an account id beside another name only says whose that is."""
    if not isinstance(parameters, Mapping):
        return None
    if type == ACCOUNT and "accountId" in parameters:
        return parameters["accountId"]
    if type == ACCOUNT:
        return None
    return next((parameters[subject] for subject in SUBJECTS if subject in parameters), None)


def resource_names(change: Change) -> frozenset[str]:
    """Every name by which an event may speak of the resource: id, ARN, and the last part of the ARN."""
    tail = change.arn.rpartition("/")[2].rpartition(":")[2] if change.arn else ""
    group = change.arn.partition(":log-group:")[2].removesuffix(":*")
    return frozenset(name for name in (change.resource, change.arn, tail, group) if name)


def shows(event: Mapping[str, Any], op: Op) -> bool:
    """Whether the event's parameters, or what the event implies, are the new value of this difference."""
    name = str(event.get("eventName") or "")
    field = last_key(op.path)
    implied = IMPLIED.get(name, {})
    if field in implied:
        return bool(implied[field] == op.after)
    policy = _policy_of(event)
    if policy is not None and _in_policy(op.path):
        return _policy_shows(policy, op)
    if name.startswith(_REMOVERS):
        return op.after is None or _fewer(op)
    asked = set(_leaves("", event.get("requestParameters")))
    if field in {"Tags", "tags"} and "[" in op.path:
        return _tag_shows(asked, op)
    if field in {"Tags", "tags"} and isinstance(op.after, Mapping) and op.after:
        return all(_asks_for(asked, str(key).lower(), str(value).lower()) for key, value in op.after.items())
    wanted, gone = set(_leaves(field, op.after)), set(_leaves(field, op.before))
    gone -= wanted
    if not wanted:
        return bool(gone) and not gone & asked and bool(asked)
    return wanted <= asked and not gone & asked


def gainsays(event: Mapping[str, Any], op: Op) -> bool:
    """Whether the event left something else than the new value: the old one, or another of the same field.

    Only what its parameters say for sure counts: AWS completes many values (a key's alias becomes its ARN), so a value with
    punctuation that differs proves nothing.
    """
    name = str(event.get("eventName") or "")
    if shows(event, op):
        return False
    if last_key(op.path) in IMPLIED.get(name, {}):
        return True
    certain = op.before is not None or name.startswith(_REMOVERS)
    if certain and shows(event, replace(op, before=op.after, after=op.before)):
        return True
    wanted = next(iter(_leaves(last_key(op.path), op.after)), None)
    if wanted is None or isinstance(op.after, Mapping | list | tuple) or _in_policy(op.path) or "[" in wanted[0]:
        return False
    values = {value for field, value in _leaves("", event.get("requestParameters")) if field == wanted[0]}
    return bool(values) and all(map(_PLAIN.fullmatch, (*values, wanted[1])))


def _tag_shows(asked: set[Leaf], op: Op) -> bool:
    """Tags are asked for as pairs of key and value, or as a map; a put without the key takes the tag away."""
    key, value = op.path.partition("[")[2][1:-2].lower(), str(op.after).lower()
    if op.after is None:
        return bool(asked) and ("key", key) not in asked
    return _asks_for(asked, key, value)


def _asks_for(asked: set[Leaf], key: str, value: str) -> bool:
    return {("key", key), ("value", value)} <= asked or (key, value) in asked


def _in_policy(path: str) -> bool:
    return any(key in POLICIES for key in keys(path)[:2])


def _policy_of(event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The policy document in the parameters, canonical; S3 logs it as a map, KMS and SNS as text."""
    parameters = event.get("requestParameters")
    if not isinstance(parameters, Mapping):
        return None
    for field in ("bucketPolicy", "policy", "resourcePolicy", "policyDocument", "attributeValue", "content", "Policy"):
        document = canonical("", {"Policy": parameters.get(field)})["Policy"]
        if isinstance(document, Mapping) and "Statement" in document:
            return document
    return None


def _policy_shows(policy: Mapping[str, Any], op: Op) -> bool:
    statements = policy["Statement"]
    if isinstance(op.after, Mapping) and "Statement" in op.after:
        return bool(op.after == policy)
    if isinstance(op.after, Mapping) and "Effect" in op.after:
        return op.after in statements
    if isinstance(op.before, Mapping) and "Effect" in op.before:
        return op.before not in statements
    wanted, asked = set(_leaves(last_key(op.path), op.after)), set(_leaves("", statements))
    return bool(wanted) and wanted <= asked


def _fewer(op: Op) -> bool:
    """A set that only lost elements."""
    return isinstance(op.before, list) and isinstance(op.after, list) and all(one in op.before for one in op.after)


def _leaves(field: str, value: Any) -> Iterator[Leaf]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(str(key), item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(field, item)
    elif value not in (None, "") and field.lower() not in {"xmlns", "xsi:type"}:
        name = field.lower()
        yield REQUEST_FIELDS.get(name, name), str(value).lower()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
        if value.startswith("arn:") and "/" in value:
            yield value.rpartition("/")[2]


def _listed(resource: Mapping[str, Any]) -> str:
    return str(resource.get("ARN") or resource.get("ResourceName") or "")
