"""Each setting of a resource: its value, since when it has been so, and the change that made it so."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reporter.documents.canonical import identity
from reporter.documents.fields import FREE_FORM
from reporter.drift.wording import label, step
from reporter.model import Change, ChangeKind

_WHOLE = {ChangeKind.CREATED, ChangeKind.JOINED, ChangeKind.RECREATED, ChangeKind.MOVED}
_EDITS = {"added", "removed", "changed"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `change` is None where it has been so since the resource was first seen."""

    path: str
    value: Any
    since: datetime
    change: Change | None = None


def blame(configuration: Mapping[str, Any], changes: Iterable[Change], first_seen: datetime) -> tuple[Setting, ...]:
    """Every setting with the latest change that touched it, in the order of the paths.

    A change touches a setting if one of its differences is the setting, holds it or lies within it: a policy put whole
    touches all of its statements. What came with the resource itself is owed to its creation. Of an element without a name
    nobody can say which one it was before: any change of its list counts.
    """
    newest = sorted(changes, key=lambda change: change.detected_at, reverse=True)
    settings = []
    for path, known_as, value in leaves(configuration):
        change = next((one for one in newest if _made(one, known_as)), None)
        settings.append(Setting(path, value, change.detected_at if change else first_seen, change))
    return tuple(settings)


def leaves(configuration: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every setting of a configuration: its path, the part of the path that lasts, its value; a list of plain values is one."""
    for part in sorted(configuration):
        yield from _leaves(part, part, part, configuration[part])


def _leaves(path: str, known_as: str, name: str, value: Any) -> Iterator[tuple[str, str, Any]]:
    if isinstance(value, Mapping) and value:
        for key in sorted(value):
            free = name in FREE_FORM
            lasting = step(known_as, key, free=free) if known_as == path else known_as
            yield from _leaves(step(path, key, free=free), lasting, key, value[key])
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for item in value:
            named = identity(name, item) is not None
            where = path if len(value) == 1 and not named else f"{path}[{label(name, item)}]"
            yield from _leaves(where, where if named and known_as == path else known_as, "", item)
    else:
        yield path, known_as, value


def _made(change: Change, path: str) -> bool:
    return change.kind in _WHOLE or any(_touches(op.path, path) for op in change.ops if op.kind in _EDITS)


def _touches(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return short == long or long.startswith((f"{short}.", f"{short}["))
