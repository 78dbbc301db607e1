"""The report as JSON, and the JSON Schema it keeps to (report.schema.json, held equal by a test)."""

import json
import sys
from typing import Any

from pydantic import TypeAdapter

from reporter.report.content import Content
from reporter.report.texts import mapped

VERSION = "1"


def document(content: Content) -> dict[str, Any]:
    """The content as plain JSON values, with the version of its schema."""
    # JSON from AWS may hold half a surrogate pair, which no encoding of ours can
    encodable = mapped(content, lambda text: text.encode("utf-8", "replace").decode())
    written: dict[str, Any] = _adapter().dump_python(encodable, mode="json")
    for side in ("accounts", "checks"):  # sets have no order, bytes do
        written["scope"][side] = written["scope"][side] and sorted(written["scope"][side])
    return {"schema": f"reporter-report/{VERSION}", **written}


def schema() -> dict[str, Any]:
    """The JSON Schema of `document`."""
    drawn = _adapter().json_schema(mode="serialization")
    drawn["properties"] = {"schema": {"const": f"reporter-report/{VERSION}"}, **drawn["properties"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A reporter report", **drawn}


def _adapter() -> TypeAdapter[Content]:
    return TypeAdapter(Content)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=1, sort_keys=True) + "\n")
