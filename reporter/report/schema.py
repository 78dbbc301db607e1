"""The report as JSON, and the JSON Schema it keeps to (report.schema.json, held equal by a test).

It holds what the body of the report shows, not all there is: `extent` says of each capped list how much of it is shown and
which file holds the whole.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from reporter.report.content import Content
from reporter.report.texts import mapped

VERSION = "1"
WHERE = {
    "findings": "findings.csv",
    "changes": "changes.csv",
    "ended": "ended.csv",
    "accounts": "coverage.csv",
    "controls": "controls.csv",
}
_EXTENT = {
    "description": "Of each list that the report may cut: how many are in this document, how many there are, which file holds all",
    "type": "object",
    "required": sorted(WHERE),
    "additionalProperties": {
        "type": "object",
        "required": ["shown", "total", "all_in"],
        "properties": {"shown": {"type": "integer"}, "total": {"type": "integer"}, "all_in": {"type": "string"}},
        "additionalProperties": False,
    },
}


def document(content: Content, files: Mapping[str, str] = WHERE) -> dict[str, Any]:
    """The content as plain JSON values, with the version of its schema; `files` names the file of each whole list."""
    # JSON from AWS may hold half a surrogate pair, which no encoding of ours can
    encodable = mapped(content, lambda text: text.encode("utf-8", "replace").decode())
    written: dict[str, Any] = _adapter().dump_python(encodable, mode="json")
    for side in ("accounts", "checks"):  # sets have no order, bytes do
        written["scope"][side] = written["scope"][side] and sorted(written["scope"][side])
    return {"schema": f"reporter-report/{VERSION}", "extent": extent(content, files), **written}


def extent(content: Content, files: Mapping[str, str] = WHERE) -> dict[str, dict[str, int | str]]:
    """How much of each list that may be cut is in the content, and where all of it is."""
    controls = sum(framework.total for framework in content.frameworks)
    counted = {
        "findings": (content.findings.shown, content.findings.total),
        "changes": (sum(len(group.lines.rows) for group in content.drift.groups), content.drift.total),
        "ended": (content.posture.ended.shown, content.posture.ended.total),
        "accounts": (min(len(content.accounts), content.coverage.total), content.coverage.total),
        "controls": (controls, controls),
    }
    return {
        name: {"shown": n, "total": of, "all_in": files.get(name, WHERE[name])} for name, (n, of) in counted.items()
    }


def schema() -> dict[str, Any]:
    """The JSON Schema of `document`."""
    drawn = _adapter().json_schema(mode="serialization")
    drawn["properties"] = {"schema": {"const": f"reporter-report/{VERSION}"}, "extent": _EXTENT, **drawn["properties"]}
    drawn["required"] = ["schema", "extent", *drawn.get("required", ())]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A reporter report", **drawn}


def _adapter() -> TypeAdapter[Content]:
    return TypeAdapter(Content)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=1, sort_keys=True) + "\n")
