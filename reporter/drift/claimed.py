"""Events that an earlier change was made by: what they did was read then, so no later change is their work.

A resource is read somewhere after the instant its account's scan is dated with, and AWS's reads lag behind its writes. So the
windows of two changes that follow each other overlap by some minutes, and one event lies in both.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from reporter.drift.instants import instant
from reporter.drift.paths import keys
from reporter.model import Actor, Attribution, Change, ChangeKind

ALL = "*"  # what made or ended the resource itself
SIGHT = "?"  # what took or gave back our sight of it
SURE = {"exact", "likely"}
EXISTENCE_KINDS = frozenset(ChangeKind) - {ChangeKind.MODIFIED, ChangeKind.ACCESS_LOST, ChangeKind.ACCESS_RESTORED}


@dataclass(frozen=True, slots=True)
class Claim:
    """The last event that made an earlier change of one part: it, and what came before it, was seen."""

    at: datetime
    id: str
    later: frozenset[str] = frozenset()  # the events that made later changes of the part

    def holds(self, event: Mapping[str, Any]) -> bool:
        """Whether what the event did had been seen by then, or was seen only afterwards."""
        at, id = instant(event.get("eventTime")), str(event.get("eventID"))
        return id == self.id or id in self.later or (at is not None and at < self.at)


Claims = Mapping[str, Claim]  # by part of the resource, ALL or SIGHT
NO_CLAIMS: Claims = MappingProxyType({})


def claims(earlier: Iterable[tuple[Change, Attribution]], later: Iterable[tuple[Change, Attribution]] = ()) -> Claims:
    """What the other changes of one resource claim. Where several events could have made one, none of them is claimed.

    Later ones have an answer already where CloudTrail was asked again: they claim the very event, and nothing before it.
    """
    found: dict[str, Claim] = {}
    for change, who in earlier:
        for part, actor in _made(change, who):
            if part not in found or found[part].at <= actor.at:
                found[part] = Claim(actor.at, actor.event_id)
    for change, who in later:
        for part, actor in _made(change, who):
            known = found.get(part, Claim(datetime.min.replace(tzinfo=UTC), ""))
            found[part] = replace(known, later=known.later | {actor.event_id})
    return found


def unclaimed(event: Mapping[str, Any], parts: Iterable[str], claimed: Claims) -> bool:
    """Whether an event may still have made a difference in one of these parts."""
    if not claimed:
        return True
    whole = claimed.get(ALL)
    if whole is not None and whole.holds(event):
        return False
    return any(part not in claimed or not claimed[part].holds(event) for part in parts)


def _made(change: Change, who: Attribution) -> Iterator[tuple[str, Actor]]:
    for one in who.settings:
        if one.actors and one.confidence in SURE:
            yield keys(one.path)[0], one.actors[0]
    if who.settings or not who.actors or who.confidence not in SURE:
        return
    if change.kind in EXISTENCE_KINDS:
        yield ALL, who.actors[0]
    elif change.kind is not ChangeKind.MODIFIED:
        yield SIGHT, who.actors[0]
    elif len(who.actors) == 1:  # an answer from before settings were told apart
        yield from ((keys(op.path)[0], who.actors[0]) for op in change.ops)
