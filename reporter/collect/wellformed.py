"""Whether an answer has the shape that the service's own model promises; the SDK's JSON parser does not look."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

_SCALARS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (datetime,),
    "blob": (bytes,),
}


def fault_of(answer: Mapping[str, Any], shape: Any) -> str:
    """What is wrong with the answer, in words; "" if nothing is. An answer without any field is wrong: AWS sends none such."""
    if shape is None:
        return ""
    if not any(key != "ResponseMetadata" for key in answer):
        return "the answer is empty"
    return _fault(answer, shape, "")


def _fault(value: Any, shape: Any, path: str) -> str:
    kind = shape.type_name
    if kind == "structure":
        return _structure(value, shape, path)
    if kind == "list":
        if not isinstance(value, list):
            return f"{path or 'the answer'} is no list"
        return next((wrong for item in value if (wrong := _fault(item, shape.member, path))), "")
    if kind == "map":
        if not isinstance(value, Mapping):
            return f"{path or 'the answer'} is no map"
        return next((wrong for key, item in value.items() if (wrong := _fault(item, shape.value, f"{path}.{key}"))), "")
    expected = _SCALARS.get(kind, (object,))
    if not isinstance(value, expected) or (isinstance(value, bool) and kind != "boolean" and expected != (object,)):
        return f"{path} is no {kind}"
    return ""


def _structure(value: Any, shape: Any, path: str) -> str:
    if not isinstance(value, Mapping):
        return f"{path or 'the answer'} is no structure"
    for key, item in value.items():
        member = shape.members.get(key)
        if member is None or item is None:
            continue
        wrong = _fault(item, member, f"{path}.{key}" if path else key)
        if wrong:
            return wrong
    return ""
