"""From an answer of AWS to the value a part keeps: where it stands, what emptiness means, which text is JSON."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from reporter.collect.failures import Failure, ReadFailed, unread
from reporter.collect.rows import Call, ResourceType

Row = dict[str, Any]


def evaluate(expression: str, subject: Any) -> Any:
    """The result of a JMESPath expression; one that does not fit the data raises ReadFailed: the answer was malformed."""
    try:
        return _compiled(expression).search(subject)
    except JMESPathError as error:
        raise ReadFailed(unread(Failure("MalformedResponse", str(error), "other"), "", "", None)) from error


def as_rows(kind: ResourceType, page: Row, subject: Mapping[str, Any]) -> list[Row]:
    """The rows of one page of a listing; a missing list, or a row without its id, is a malformed answer and no empty one."""
    call = kind.list
    assert call is not None
    rows = evaluate(call.result, _without_request(page))
    if rows is None and call.empty == "kept":
        return []
    if not isinstance(rows, list):
        raise malformed(call, f"{call.result} is missing")
    for row in rows:
        if not isinstance(row, dict) or not evaluate(kind.id, {**subject, **row}):
            raise malformed(call, f"a row has no {kind.id}")
    return rows


def as_value(call: Call, pages: Sequence[Row]) -> Any:
    """The value of a part from all pages of its answer."""
    found = [evaluate(call.result, _without_request(page)) for page in pages]
    value = found[0] if len(found) == 1 else [item for page in found for item in page or ()]
    if _is_empty(value):
        if call.empty == "refused":
            raise malformed(call, "the answer says nothing")
        return None if call.empty == "absent" else ([] if value is None else value)
    return _parsed(call, value)


def as_instant(value: Any) -> datetime | None:
    """A time of creation, as AWS's model or a text of ISO 8601 gives it."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else None


def _without_request(page: Row) -> Row:
    return {key: value for key, value in page.items() if key != "_request"}


def _is_empty(value: Any) -> bool:
    if isinstance(value, dict):
        return all(item is None for item in value.values())
    return value is None or value in ("", [])


def _parsed(call: Call, value: Any) -> Any:
    if not call.json:
        return value
    if call.json == ("",):
        return _document(call, value)
    if not isinstance(value, dict):
        raise malformed(call, "the answer is no map")
    return {key: _document(call, item) if key in call.json and item else item for key, item in value.items()}


def _document(call: Call, text: Any) -> Any:
    try:
        document = json.loads(text)
    except (TypeError, ValueError) as error:
        raise malformed(call, f"the document is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise malformed(call, "the document is no JSON object")
    return document


def malformed(call: Call, what: str) -> ReadFailed:
    """An answer of AWS that is not what the service promises."""
    error = Failure("MalformedResponse", what, "other")
    return ReadFailed(unread(error, call.operation, call.iam, None), "other", what)


@lru_cache(maxsize=512)
def _compiled(expression: str) -> Any:
    return jmespath.compile(expression)
