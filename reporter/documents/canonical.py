"""The canonical form of a configuration: one spelling for what AWS returns in several, so that equal means equal.

Two levels. `canonical` is what is stored and hashed: it loses nothing but order in lists that are sets, and the spelling
of a list of one. `semantic` goes further (an action's case, a statement's Sid): two documents that differ in the stored
form and agree in the semantic one differ cosmetically.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from reporter.documents.fields import CLASSES, IDENTITY, ORDERED, POLICIES, SECURITY_TYPES, VOLATILE
from reporter.model import ChangeClass

CANON_VERSION: int = 1

_LISTS = ("Action", "NotAction", "Resource", "NotResource")
_BRACKET = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]')


def canonical(type: str, configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The stored form: keys sorted, sets sorted, policies parsed, tags a map, instants as text; idempotent."""
    del type  # one set of field names serves all types today; the version of the form is per type and field
    return {
        key: _field(key, configuration[key], top=True) for key in sorted(configuration) if key != "ResponseMetadata"
    }


def canonical_json(value: Any) -> bytes:
    """The bytes that are stored and hashed: sorted keys, no spaces, ASCII (so lone surrogates and NUL survive any store)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def digest(value: Any) -> str:
    """SHA-256 over the canonical bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def stored(
    configuration: Mapping[str, Any], unread: Mapping[str, Any], last_known: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The document the history keeps: a part that is unread keeps its last known value and is named in `unread`.

    `unread` maps a part to an `Unread` or to a mapping of its fields; only what is stable of it is kept (operation, permission,
    code). `last_known` is the `configuration` of the document before. `"*"` in `unread` keeps everything last known.
    """
    kept = dict(configuration)
    for part, value in (last_known or {}).items():
        if part not in kept and (part in unread or "*" in unread):
            kept[part] = value
    return {"configuration": kept, "unread": {part: _why(unread[part]) for part in sorted(unread)}}


def plain(value: Any) -> Any:
    """What JSON can hold, in the order given: instants as ISO text in UTC, bytes as base64, tuples as lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=canonical_json)
    return _scalar(value)


def split_volatile(type: str, configuration: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Durable and volatile fields of a configuration apart, in the same nesting; volatile fields inside lists are dropped."""
    pattern = _any_of(VOLATILE.get(type, ()))
    whole = plain(configuration)
    if pattern is None:
        return whole, {}
    return _split(whole, "", pattern)


def klass_of(type: str, path: str) -> ChangeClass:
    """Whether a field is a matter of security, of operation or of tags; `path` as in an `Op`."""
    fields = bare(path)
    for pattern, klass in (*CLASSES["*"], *CLASSES.get(type, ())):
        if _under(pattern).match(fields):
            return klass
    return "security" if type in SECURITY_TYPES else "operational"


def bare(path: str) -> str:
    """A path of fields only: `Lifecycle.Rules["old"].Expiration.Days` -> `Lifecycle.Rules.Expiration.Days`."""
    return _BRACKET.sub("", path)


def semantic(type: str, configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The form that ignores what has no effect; compare its digest only, it is not for showing."""
    form = canonical(type, configuration)
    return {key: meaning(key, value) for key, value in form.items()}


def meaning(part: str, value: Any) -> Any:
    """What a part of a canonical configuration means: the semantic form of that part alone."""
    if part in POLICIES and isinstance(value, Mapping) and "Statement" in value:
        statements = {canonical_json(one): one for one in map(_statement_meaning, value["Statement"])}
        return {
            "Version": value.get("Version", "2008-10-17"),
            "Statement": [statements[one] for one in sorted(statements)],
        }
    if part == "Lifecycle" and isinstance(value, Mapping):
        return {**value, "Rules": [_lifecycle_meaning(rule) for rule in value.get("Rules") or ()]}
    if isinstance(value, Mapping):
        return {name: meaning(name, item) for name, item in value.items()}
    return value


def identity(name: str, item: Any) -> tuple[Any, ...] | None:
    """What names an element of the list `name` among its like: the values of its identifying fields; None if nothing does."""
    if isinstance(item, Mapping):
        for fields in IDENTITY.get(name, ()):
            values = tuple(item.get(field) for field in fields)
            if None not in values:
                return values
    return None


# --- stored form ---------------------------------------------------------------------------------------------------


def _field(key: str, value: Any, *, top: bool = False) -> Any:
    if key in POLICIES:
        return _policy(value)
    if top and key in {"Tags", "tags"}:
        return _tags(value)
    return _value(key, value)


def _value(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _field(name, value[name]) for name in sorted(value, key=str) if name != "ResponseMetadata"}
    if isinstance(value, list | tuple | set | frozenset):
        items = [_value(key, item) for item in value]
        return items if key in ORDERED and not isinstance(value, set | frozenset) else _sorted(key, items)
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value


def _sorted(key: str, items: list[Any]) -> list[Any]:
    if len(items) < 2:
        return items
    if all(isinstance(item, str) for item in items):
        return sorted(items)
    # by name first, so that an element that changed keeps its place in an export
    return sorted(items, key=lambda item: (canonical_json(identity(key, item) or ()), canonical_json(item)))


def _tags(value: Any) -> Any:
    """Tags as a plain map, whether AWS gave a map, `Key`/`Value`, `TagKey`/`TagValue` or `key`/`value`."""
    if isinstance(value, Mapping):
        return {str(key): value[key] for key in sorted(value, key=str)}
    if not isinstance(value, list | tuple):
        return value
    pairs = {}
    for tag in value:
        lower = {str(name).lower().removeprefix("tag"): item for name, item in tag.items()}
        pairs[str(lower.get("key"))] = lower.get("value")
    return dict(sorted(pairs.items()))


def _policy(value: Any) -> Any:
    """A policy parsed; text that is no JSON object stays text."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value, parse_constant=_no_number)
        except ValueError:
            return value
    if not isinstance(value, Mapping) or "Statement" not in value:
        return _value("", value)
    form = {key: _value(key, value[key]) for key in sorted(value) if key != "Statement"}
    statements = [_statement(one) for one in _listed(value["Statement"])]
    return dict(sorted({**form, "Statement": _sorted("Statement", statements)}.items()))


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _statement(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return _value("", value)
    form: dict[str, Any] = {}
    for key in sorted(value):
        item = value[key]
        if key == "Sid" and item in ("", None):  # AWS keeps no empty Sid
            continue
        if key in _LISTS:
            form[key] = _sorted("", [_value("", one) for one in _listed(item)])
        elif key in {"Principal", "NotPrincipal"}:
            form[key] = _principal(item, anyone=key == "Principal")
        elif key == "Condition" and isinstance(item, Mapping):
            form[key] = {operator: _tests(item[operator]) for operator in sorted(item)}
        else:
            form[key] = _value(key, item)
    return form


def _principal(value: Any, *, anyone: bool) -> Any:
    """`"*"` and `{"AWS": "*"}` are the same grant; as a `NotPrincipal` they are left as they stand."""
    if value == "*" and anyone:
        return {"AWS": ["*"]}
    if isinstance(value, Mapping):
        return {kind: _sorted("", [_value("", one) for one in _listed(value[kind])]) for kind in sorted(value)}
    return _value("", value)


def _tests(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return _value("", value)
    return {key: _sorted("", [_spelled(one) for one in _listed(value[key])]) for key in sorted(value)}


def _spelled(value: Any) -> Any:
    """Condition values are text to AWS: true and "true", 60 and "60" are the same."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else _value("", value)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _why(reason: Any) -> dict[str, str]:
    if isinstance(reason, Mapping):
        return {key: str(reason.get(key) or "") for key in ("operation", "iam", "code")}
    return {"operation": reason.operation, "iam": reason.iam, "code": reason.code}


# --- paths ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{_regex(one)})" for one in patterns) + r"\Z") if patterns else None


@lru_cache(maxsize=1024)
def _under(pattern: str) -> re.Pattern[str]:
    """The field itself and everything below it."""
    return re.compile(_regex(pattern) + r"(?:\.|\Z)" if pattern != "**" else "")


def _regex(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*\*", r".+").replace(r"\*", r"[^.]*")


def _split(value: Mapping[str, Any], path: str, pattern: re.Pattern[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    durable: dict[str, Any] = {}
    volatile: dict[str, Any] = {}
    for key, item in value.items():
        here = f"{path}.{key}" if path else key
        if pattern.fullmatch(here):
            volatile[key] = item
        elif isinstance(item, Mapping):
            durable[key], moving = _split(item, here, pattern)
            if moving:
                volatile[key] = moving
        elif isinstance(item, list):
            durable[key] = [_split(one, here, pattern)[0] if isinstance(one, Mapping) else one for one in item]
        else:
            durable[key] = item
    return durable, volatile


# --- semantic form -------------------------------------------------------------------------------------------------

_ROOT = re.compile(r"arn:aws[^:]*:iam::(\d{12}):root\Z")


def _statement_meaning(statement: Any) -> Any:
    if not isinstance(statement, Mapping):
        return statement
    form = {key: value for key, value in statement.items() if key != "Sid"}
    for key in ("Action", "NotAction"):
        if key in form:
            form[key] = sorted({str(one).lower() for one in form[key]})
    for key in ("Resource", "NotResource"):
        if key in form:
            form[key] = sorted({str(one) for one in form[key]})
    for key in ("Principal", "NotPrincipal"):
        if isinstance(form.get(key), Mapping):
            form[key] = {kind: sorted({_who(kind, str(one)) for one in names}) for kind, names in form[key].items()}
    if isinstance(form.get("Condition"), Mapping):
        form["Condition"] = {
            operator.lower(): {key.lower(): sorted({str(one) for one in values}) for key, values in tests.items()}
            if isinstance(tests, Mapping)
            else tests
            for operator, tests in form["Condition"].items()
        }
    return form


def _who(kind: str, name: str) -> str:
    """An account's root ARN and its number are the same principal. A CloudFront identity has two names, but only AWS knows
    the canonical user id of it, so that pair stays a difference."""
    root = _ROOT.match(name) if kind == "AWS" else None
    return root.group(1) if root else name


def _lifecycle_meaning(rule: Any) -> Any:
    """The old place of a rule's prefix and the new one mean the same."""
    if not isinstance(rule, Mapping) or "Prefix" not in rule or "Filter" in rule:
        return rule
    return {**{key: value for key, value in rule.items() if key != "Prefix"}, "Filter": {"Prefix": rule["Prefix"]}}
