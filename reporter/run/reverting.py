"""What changed and changed back between two runs, so that neither saw it: from CloudTrail, asked for on demand.

A switched-off trail is told by the trail itself and recorded by every run. Anything else leaves its trace only in events: two
calls a second for each account and region, one for each event name, so this is asked for a time and a place, not always.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reporter import history
from reporter.collect.door import Door
from reporter.collect.events import lookup
from reporter.drift.attribution import GLOBAL_REGION, LATER, attribute
from reporter.drift.event_names import WRITERS
from reporter.drift.paths import keys
from reporter.drift.reverted import reverted_in_events
from reporter.drift.sensitive import BUCKET, TRAIL
from reporter.model import ACCOUNT, GLOBAL, Attribution, Change, ConfigurationItem, ReadStatus, Run
from reporter.run.attributing import THREADS, claimed
from reporter.run.comparing import rank

KEY = "AWS::KMS::Key"
ASKED: Mapping[str, tuple[str, ...]] = {
    TRAIL: ("Status", "Selectors", "ResourcePolicy", ""),
    BUCKET: (
        "Policy", "Acl", "PublicAccessBlock", "OwnershipControls", "Encryption", "Versioning", "Logging", "Lifecycle",
        "ObjectLock",
    ),
    KEY: ("Metadata", "Policy"),
    ACCOUNT: ("PublicAccessBlock",),
}  # fmt: skip
ALIASES = frozenset({"PutPublicAccessBlock", "DeletePublicAccessBlock", "PutEncryptionConfiguration", "CreateTrail"})
Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Reverted:
    """What came and went between two runs, who did it, and where it could not be asked for."""

    before: Run
    after: Run
    changes: tuple[Change, ...]
    who: Mapping[int, Attribution]  # by place in `changes`
    unasked: Mapping[str, str] = field(default_factory=dict)  # account and region: why
    calls: int = 0


def reverted(engine: history.Engine, door: Door, run: Run, within: history.Within, tell: Tell) -> Reverted | None:
    """Ask CloudTrail what was written between a run and the one before it and reads as before; None for the first run."""
    before = history.previous_run(engine, run)
    if before is None:
        return None
    known = _Known(engine, _looks(engine, before), _told(engine, run, within), _told_before(engine, before))
    management = next((one.id for one in history.accounts(engine, run).values() if one.management), "")
    places = list(_places(engine, run, within, known.looks))
    found: list[tuple[Change, Attribution]] = []
    unasked: dict[str, str] = {}
    calls = 0

    def asked(place: "_Place") -> "_Answer":
        return _ask(door, place, management)

    with ThreadPoolExecutor(THREADS, thread_name_prefix="reverted") as pool:
        for number, (place, answer) in enumerate(zip(places, pool.map(asked, places), strict=True), 1):
            calls += answer.calls
            if answer.why:
                unasked[f"{place.account} {place.region}"] = answer.why
            found += _found(place, answer.events, known)
            tell(number, len(places), f"{place.account} {place.region}")
    found.sort(key=lambda one: rank(one[0]))
    return Reverted(
        before, run, tuple(one for one, _ in found), {n: who for n, (_, who) in enumerate(found)}, unasked, calls
    )


def keep_reverted(engine: history.Engine, door: Door, run: Run, tell: Tell, now: datetime) -> None:
    """Ask, and keep the answer with the run, so that its report says the same whenever it is made. Before the seal only."""
    found = reverted(engine, door, run, history.Within(), tell)
    if found is not None:
        pairs = [(change, found.who.get(place)) for place, change in enumerate(found.changes)]
        history.record_reverted(engine, run, pairs, now, unasked=found.unasked, calls=found.calls)


def calls_needed(engine: history.Engine, run: Run, within: history.Within) -> int:
    """How many calls asking takes at least."""
    before = history.previous_run(engine, run)
    looks = _looks(engine, before) if before else {}
    return sum(len(place.names) for place in _places(engine, run, within, looks))


@dataclass(frozen=True, slots=True)
class _Known:
    """What the history says already: when each account was looked at before, and what was told of it."""

    engine: history.Engine
    looks: Mapping[str, datetime]  # by account: what came after it is asked for
    told: Mapping[tuple[str, str], set[str]]  # the parts that the run itself found changed
    named: frozenset[str]  # the events that the run before told as come and gone


@dataclass(frozen=True, slots=True)
class _Place:
    """An account and region, the resources there, and the event names that may be about them."""

    account: str
    region: str
    items: Sequence[ConfigurationItem]
    since: datetime  # when the account was last looked at before

    @property
    def names(self) -> tuple[str, ...]:
        types = sorted({item.type for item in self.items})
        names = (name for type in types for part in ASKED[type] for name in WRITERS[type].get(part, ()))
        return tuple(dict.fromkeys(name for name in names if name not in ALIASES))


@dataclass(frozen=True, slots=True)
class _Answer:
    events: tuple[Mapping[str, Any], ...] = ()
    why: str = ""
    calls: int = 0


def _looks(engine: history.Engine, before: Run) -> dict[str, datetime]:
    """When each account was last looked at, up to a run; an account that nobody had looked at cannot be as before."""
    found = {one.account.id: one.last_read_at for one in history.readings(engine, before)}
    return {account: at for account, at in found.items() if at is not None}


def _told_before(engine: history.Engine, before: Run) -> frozenset[str]:
    """The events that the run before told as come and gone: the windows overlap by the minutes that reading takes."""
    kept = history.reverted(engine, before)
    return frozenset(actor.event_id for _, who in (kept.changes if kept else ()) if who for actor in who.actors)


def _places(
    engine: history.Engine, run: Run, within: history.Within, looks: Mapping[str, datetime]
) -> Iterator[_Place]:
    for snapshot in history.snapshots(engine, run, within):
        since = looks.get(snapshot.account.id)
        if since is None or snapshot.status in {ReadStatus.EXCLUDED, ReadStatus.UNREACHABLE}:
            continue
        by_region: dict[str, list[ConfigurationItem]] = defaultdict(list)
        for item in snapshot.items:
            own = item.type in ASKED and item.account == snapshot.account.id
            if own and item.captured_at > since:  # what was not read again is told by the run that reads it
                by_region[GLOBAL_REGION if item.region == GLOBAL else item.region].append(item)
        for region, items in sorted(by_region.items()):
            yield _Place(snapshot.account.id, region, items, since)


def _ask(door: Door, place: _Place, management: str) -> _Answer:
    end = max(item.captured_at for item in place.items) + LATER
    events: dict[str, Mapping[str, Any]] = {}
    calls = 0
    for name in place.names:
        answer = lookup(
            door, place.account, place.region, start=place.since, end=end, event_name=name, management=management
        )
        calls += answer.calls.made
        if answer.why is not None:
            return _Answer(tuple(events.values()), str(answer.why), calls)
        events |= {str(event.get("eventID")): event for event in answer.events}
    return _Answer(tuple(events.values()), "", calls)


def _found(place: _Place, events: Sequence[Mapping[str, Any]], known: _Known) -> Iterator[tuple[Change, Attribution]]:
    """Writes that left no difference; a setting that differs between the runs anyway is told by them."""
    new = [event for event in events if str(event.get("eventID")) not in known.named]
    for item in place.items if new else ():
        change = _came_and_went(item, new, place.since)
        if change is None:
            continue
        seen = {id for claim in claimed(known.engine, change).values() for id in (claim.id, *claim.later)}
        left = [event for event in new if str(event.get("eventID")) not in seen]
        change = _came_and_went(item, left, place.since)
        if change is not None and not {keys(op.path)[0] for op in change.ops} & known.told.get(
            (item.type, item.id), set()
        ):
            yield change, attribute(change, left)


def _came_and_went(item: ConfigurationItem, events: Sequence[Mapping[str, Any]], since: datetime) -> Change | None:
    return reverted_in_events(item, events, not_before=since, detected_at=item.captured_at, later=LATER)


def _told(engine: history.Engine, run: Run, within: history.Within) -> dict[tuple[str, str], set[str]]:
    """The parts of each resource that a run found changed; all of one that came or went."""
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    for change in history.changes(engine, run=run, within=within):
        parts = {keys(op.path)[0] for op in change.ops}
        told[change.type, change.resource] |= parts or {part for parts in ASKED.values() for part in parts}
    return told
