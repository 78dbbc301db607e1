"""Each setting of a resource: its value, since when it has been so, and the change that made it so."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reporter.documents.canonical import identity
from reporter.documents.fields import FREE_FORM
from reporter.drift.attribution import event_names
from reporter.drift.wording import label, step
from reporter.model import Attribution, Change, ChangeKind, Op

_WHOLE = {ChangeKind.CREATED, ChangeKind.JOINED, ChangeKind.RECREATED, ChangeKind.MOVED}
_EDITS = {"added", "removed", "changed"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `change` is None where it has been so since the resource was first seen.

    `op` is the difference of the change that made it so; None where it came with the resource.
    """

    path: str
    value: Any
    since: datetime
    change: Change | None = None
    op: Op | None = None


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
        op = _closest(change, known_as) if change else None
        settings.append(Setting(path, value, change.detected_at if change else first_seen, change, op))
    return tuple(settings)


def made(setting: Setting, attribution: Attribution | None) -> Attribution | None:
    """Who made this one setting, of all who had a part in its change; None if nobody was asked.

    Of an answer from before settings were told apart: whoever's events write this setting, else everybody.
    """
    if attribution is None or setting.op is None or setting.change is None:
        return attribution
    if not attribution.settings:
        names = event_names(replace(setting.change, ops=(setting.op,)))
        own_events = tuple(one for one in attribution.actors if one.event_name in names)
        return replace(attribution, actors=own_events or attribution.actors)
    own = next((one for one in attribution.settings if one.path == setting.op.path), None)
    if own is None:
        return Attribution(
            "none", "no event was found that made this setting; others that changed with it were made by others"
        )
    return Attribution(own.confidence, own.reason, own.actors, (own,))


def _closest(change: Change, path: str) -> Op | None:
    """The difference that says most of a setting: itself, else what lies nearest to it."""
    near = [op for op in change.ops if op.kind in _EDITS and _touches(op.path, path)]
    return min(near, key=lambda op: abs(len(op.path) - len(path)), default=None)


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
