"""How values, policy statements and list elements read in one line.

Everything here may come from a stranger: control characters and marks that turn the writing direction are shown as
escapes, and long values are cut.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from reporter.documents.canonical import identity

VALUE = 80  # characters of one value
NAME = 256  # of a name in a path: the longest that AWS gives
LINE = 240  # characters of one line

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PRINCIPAL = re.compile(r"arn:aws[^:]*:(?:iam|sts)::(\d{12}):(.+)\Z", re.DOTALL)
_DELETED = re.compile(r"A(?:RO|ID)A[A-Z0-9]{12,}\Z")
_GROUP = "/groups/"


def clean(text: str, limit: int = LINE) -> str:
    """Text that can do nothing but be read: controls, direction marks and lone surrogates as escapes, cut at `limit`."""
    safe = text if text.isascii() and text.isprintable() else "".join(_escaped(sign) for sign in text)
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def _escaped(sign: str) -> str:
    """Format characters are escaped too, except the joiner that emoji are made with."""
    if sign == "\u200d" or unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return sign
    return f"\\u{ord(sign):04x}"


def step(path: str, key: str, *, free: bool = False) -> str:
    """The path of a field below `path`; a key that is somebody's own words stands in brackets."""
    if free or not _KEY.match(key):
        return f"{path}[{quoted(key)}]"
    return f"{path}.{key}" if path else key


def quoted(text: str) -> str:
    """Text in double quotes, safe to read."""
    return '"' + clean(text.replace("\\", "\\\\").replace('"', '\\"'), NAME) + '"'


def shown(value: Any, limit: int = VALUE) -> str:
    """A value in one line: words as they are, maps and lists in short."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return clean(value, limit) if value else '""'
    if isinstance(value, Mapping):
        if "Statement" in value:
            return policy_line(value, limit * 2)
        if "Effect" in value:
            return statement_line(value, limit * 2)
        return clean(", ".join(f"{key} {shown(item, limit)}" for key, item in value.items()) or "{}", limit * 2)
    if isinstance(value, list | tuple):
        return clean("[" + ", ".join(shown(item, limit) for item in value) + "]", limit * 2)
    return clean(json.dumps(value), limit)


def policy_line(policy: Mapping[str, Any], limit: int = LINE) -> str:
    """A policy in one line: its statements."""
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    return clean("; ".join(shown(statement, limit) for statement in statements) or "no statement", limit)


def statement_line(statement: Mapping[str, Any], limit: int = LINE) -> str:
    """A statement in one line: `Allow * s3:GetObject`, `Deny 111122223333:role/ops s3:* if Bool aws:SecureTransport false`."""
    words = [str(statement.get("Effect"))]
    if "Principal" in statement:
        words.append(principals(statement["Principal"]))
    elif "NotPrincipal" in statement:
        words.append("all but " + principals(statement["NotPrincipal"]))
    if "Action" in statement:
        words.append(_few(_texts(statement["Action"])))
    elif "NotAction" in statement:
        words.append("all but " + _few(_texts(statement["NotAction"])))
    if statement.get("Condition"):
        words.append("if " + _few(_conditions(statement["Condition"]), 2))
    return clean(" ".join(words), limit)


def principals(value: Any) -> str:
    """Who a statement speaks of, in short: `*`, `111122223333:role/ops`, `cloudtrail.amazonaws.com`."""
    if not isinstance(value, Mapping):
        return shown(value)
    return _few([principal(name) for names in value.values() for name in _texts(names)])


def principal(name: str) -> str:
    """One principal in short; an id in the place of an ARN is what AWS shows when the role or user is gone."""
    match = _PRINCIPAL.match(name)
    if match:
        return match.group(1) if match.group(2) == "root" else f"{match.group(1)}:{match.group(2)}"
    return f"{name} (deleted principal)" if deleted_principal(name) else name


def deleted_principal(name: Any) -> bool:
    """Whether a principal is the unique id of a role or user that no longer exists."""
    return isinstance(name, str) and bool(_DELETED.match(name))


def label(name: str, item: Any) -> str:
    """What an element of the list `name` is called in a path: its own name, else a statement in short, else the value."""
    values = identity(name, item)
    if values:
        return quoted(" ".join(_naming(value) for value in values))
    return quoted(shown(item, 60) if isinstance(item, Mapping) else str(item))


def gained(before: Iterable[Any], after: Iterable[Any]) -> str:
    """How two sets of plain values differ: `+ s3:PutObject, - s3:GetObject`."""
    old, new = list(before), list(after)
    added, gone = _without(new, old), _without(old, new)
    more, less = [f"+ {_name(one)}" for one in added], [f"- {_name(one)}" for one in gone]
    return _few(more, 4) + (", " if more and less else "") + _few(less, 4)


def _name(value: Any) -> str:
    return clean(principal(value)) if isinstance(value, str) else shown(value)


def _without(items: list[Any], others: list[Any]) -> list[Any]:
    rest = list(others)
    left = []
    for item in items:
        if item in rest:
            rest.remove(item)
        else:
            left.append(item)
    return left


def _naming(value: Any) -> str:
    """A name within a label; a grantee is a group (by the end of its URI), a person or an id."""
    if not isinstance(value, Mapping):
        return str(value)
    uri = str(value.get("URI") or "")
    if uri:
        return uri.rpartition("/")[2] if _GROUP in uri else uri
    return str(value.get("DisplayName") or value.get("EmailAddress") or value.get("ID") or shown(value))


def _conditions(value: Any) -> list[str]:
    if not isinstance(value, Mapping):
        return [shown(value)]
    return [
        f"{operator} {key} {_few(_texts(values), 2)}"
        for operator, tests in value.items()
        for key, values in (tests.items() if isinstance(tests, Mapping) else ())
    ]


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _few(words: list[str], count: int = 3) -> str:
    more = len(words) - count
    return ", ".join(words[:count]) + (f", +{more} more" if more > 0 else "")
