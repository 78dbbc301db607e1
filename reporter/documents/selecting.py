"""Event selectors as a trail's next ones: what it records stays recorded, and what is missing is added.

`put-event-selectors` replaces a trail's whole list, and a list of one form takes the place of one of the other. So the
new list is written in the advanced form, which says all that the older one can.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from reporter.documents.selectors import S3_OBJECT

AdvancedSelector = dict[str, Any]
READ_ONLY = {"ReadOnly": "true", "WriteOnly": "false"}
# what the older form says for "all of the type"; any other value is one resource's ARN, and of S3 the beginning of one
ALL_OF_TYPE = frozenset({"arn:aws:s3", "arn:aws:s3:::", "arn:aws:lambda", "arn:aws:dynamodb"})


def advanced(**fields: str) -> AdvancedSelector:
    """A selector of events whose fields equal these values; `resources_type` is the field `resources.type`."""
    named = {name.replace("_", "."): value for name, value in fields.items()}
    return {"FieldSelectors": [{"Field": field, "Equals": [value]} for field, value in named.items()]}


def widened(selectors: Mapping[str, Any] | None, *, objects: bool = False) -> list[AdvancedSelector]:
    """A trail's data and network selectors as they are, all management events, and where asked all events of S3 objects."""
    kept = [one for one in _advanced(selectors or {}) if _category(one) != {"Management"}]
    wanted = [advanced(eventCategory="Management")]
    if objects:
        wanted.append(advanced(eventCategory="Data", resources_type=S3_OBJECT))
    return [*wanted, *(one for one in kept if one not in wanted)]


def _advanced(selectors: Mapping[str, Any]) -> Iterator[AdvancedSelector]:
    if selectors.get("AdvancedEventSelectors"):
        yield from selectors["AdvancedEventSelectors"]
        return
    for selector in selectors.get("EventSelectors") or ():
        read_only = READ_ONLY.get(selector.get("ReadWriteType", "All"))
        for resource in selector.get("DataResources") or ():
            yield _data(resource["Type"], resource.get("Values") or [], read_only)


def _data(type: str, values: list[str], read_only: str | None) -> AdvancedSelector:
    """The older form's data events in the newer one; there a missing field selects every value."""
    fields = advanced(eventCategory="Data", resources_type=type)["FieldSelectors"]
    if read_only is not None:
        fields.append({"Field": "readOnly", "Equals": [read_only]})
    if ALL_OF_TYPE.isdisjoint(values):
        operator = "StartsWith" if type == S3_OBJECT else "Equals"
        fields.append({"Field": "resources.ARN", operator: sorted(values)})
    return {"FieldSelectors": fields}


def _category(selector: AdvancedSelector) -> set[str]:
    fields = (one for one in selector.get("FieldSelectors", ()) if one.get("Field") == "eventCategory")
    return {value for one in fields for value in one.get("Equals", ())}
