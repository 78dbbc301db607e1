"""Which events made a change, how sure that is, and why: an honest answer or none.

exact      the event's parameters, or what it implies, are the new value
likely     it is the only event that could have made the change
ambiguous  several could have; all are named
none       with the reason: refused attempts only, too old, not delivered yet, the lookup was denied ...
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from reporter.drift.claimed import ALL, NO_CLAIMS, SIGHT, Claims, unclaimed
from reporter.drift.event_names import EXISTENCE, FOLLOWS, ORPHANED, SIGHT_ELSEWHERE, SIGHT_HERE, WRITERS
from reporter.drift.identity import actor, event_time
from reporter.drift.instants import instant
from reporter.drift.paths import keys
from reporter.drift.requests import concerns, gainsays, record, shows
from reporter.drift.wording import deleted_principal
from reporter.drift.worsening import worsened
from reporter.model import ACCOUNT, Actor, Attribution, Change, ChangeKind, Confidence, Op, SettingMaker

EARLIER = timedelta(minutes=15)  # AWS's reads lag behind its writes: the last look may have missed what was just done
# An account is dated by the beginning of its reading, which takes a while; and clocks differ.
LATER = timedelta(minutes=5)
DELIVERY = timedelta(minutes=15)  # how long CloudTrail usually takes until an event can be looked up
PATIENCE = timedelta(hours=24)  # after that, what has not been delivered will not be
KEPT = timedelta(days=90)  # how far back LookupEvents goes
GLOBAL_REGION = "us-east-1"  # where IAM, Organizations and other global services log

_CREATED = {ChangeKind.CREATED, ChangeKind.JOINED}
_ENDED = {ChangeKind.DELETED, ChangeKind.LEFT_ORG}
_REPLACED = {ChangeKind.RECREATED, ChangeKind.MOVED}
_SIGHT_KINDS = {ChangeKind.ACCESS_LOST, ChangeKind.ACCESS_RESTORED}
_RANK: tuple[Confidence, ...] = ("exact", "likely", "ambiguous", "none")


@dataclass(frozen=True, slots=True)
class Lookup:
    """What to ask LookupEvents for one change: one attribute per call, so each value is a call, asked in this order."""

    account: str
    region: str
    attribute: str  # ResourceName or EventName
    values: tuple[str, ...]
    start: datetime
    end: datetime


def lookup(change: Change) -> Lookup:
    """The question that finds the events of a change: the resource's name in its own region and window.

    S3 logs a bucket's short name, KMS and SNS the ARN, CloudTrail either: the next value is asked only if one finds nothing.
    An account is no resource of an event, so its changes are asked for by event name.
    """
    region = GLOBAL_REGION if change.region in {"global", ""} else change.region
    attribute, values = "ResourceName", tuple(dict.fromkeys(name for name in _asked(change) if name))
    if change.type == ACCOUNT:
        attribute, values = "EventName", event_names(change)
    start = (change.not_before or change.detected_at - KEPT) - EARLIER
    return Lookup(change.account, region, attribute, values, start, change.detected_at + LATER)


def event_names(change: Change) -> tuple[str, ...]:
    """Every event name that could have made a change, in the order of the table."""
    names: list[str] = []
    for _, writers in _groups(change):
        names += writers
    return tuple(dict.fromkeys(names))


def attribute(
    change: Change,
    events: Iterable[Mapping[str, Any]],
    *,
    unavailable: str = "",
    asked_at: datetime | None = None,
    claimed: Claims = NO_CLAIMS,
) -> Attribution:
    """Match a change to raw CloudTrail records (or LookupEvents' wrapping of them) of its account and window.

    `unavailable` says why events could not be had ("cloudtrail:LookupEvents: AccessDenied"); `asked_at` when they were asked
    for, which tells "never happened" from "not delivered yet"; `claimed` which events made the resource's earlier changes.
    Each difference has makers of its own; first among all actors is who made the change worse, else the last of the makers.
    """
    about = [one for one in map(record, events) if _in_window(one, change) and concerns_any(one, change)]
    about.sort(key=lambda one: (event_time(one), str(one.get("eventID"))))
    done = [one for one in about if not one.get("errorCode")]
    answers = [_answer(change, ops, _left(change, ops, writers, done, claimed)) for ops, writers in _groups(change)]
    found = [answer for answer in answers if answer.confidence != "none"]
    if not found:
        return Attribution("none", _why_none(change, about, unavailable, asked_at))
    makers = tuple(_makers(change, done, claimed))
    actors = _headline(change, makers, tuple(dict.fromkeys(one for answer in found for one in answer.actors)))
    if len(found) < len(answers):
        missing = len(answers) - len(found)
        reason = f"{_reasons(found)}; nothing found for {missing} of {len(answers)} settings that changed with it"
        return Attribution(max(*(one.confidence for one in found), "likely", key=_RANK.index), reason, actors, makers)
    return Attribution(max((one.confidence for one in found), key=_RANK.index), _reasons(found), actors, makers)


def _makers(change: Change, events: Sequence[Mapping[str, Any]], claimed: Claims) -> Iterator[SettingMaker]:
    """Who made each difference; what moves with another part is that part's maker's work."""
    by_op = {id(op): writers for ops, writers in _groups(change) for op in ops}
    parts = {keys(op.path)[0]: op for op in reversed(change.ops) if id(op) in by_op}
    for op in change.ops:
        leaders = [parts[one] for one in FOLLOWS.get((change.type, keys(op.path)[0]), ()) if one in parts]
        one = op if id(op) in by_op else next(iter(leaders), None)
        if one is None or op.kind in {"access_lost", "access_restored"}:
            continue
        answer = _answer(change, (one,), _left(change, (one,), by_op[id(one)], events, claimed))
        if answer.confidence != "none":
            reason = answer.reason if one is op else f"moves with {keys(one.path)[0]}: {answer.reason}"
            yield SettingMaker(op.path, answer.confidence, reason, answer.actors)


def _headline(change: Change, makers: Sequence[SettingMaker], actors: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """Who made it worse first, then the other makers, the last of them first, then who else wrote on the same settings."""
    made = {one.path: one.actors[0] for one in makers if one.actors}
    worse = [made[op.path] for op in worsened(change) if op.path in made]
    others = sorted(made.values(), key=lambda one: one.at, reverse=True)
    return tuple(dict.fromkeys([*worse[:1], *others, *actors]))


def ask_again_at(change: Change, attribution: Attribution, asked_at: datetime) -> datetime | None:
    """When to look again for what was not found: hourly until CloudTrail can be trusted to have delivered; None to give up."""
    if attribution.confidence != "none" or asked_at >= change.detected_at + PATIENCE:
        return None
    return asked_at + (DELIVERY if asked_at < change.detected_at + timedelta(hours=1) else timedelta(hours=1))


def concerns_any(event: Mapping[str, Any], change: Change) -> bool:
    """Whether an event is about the resource, or may have taken our sight of it, or removed a principal it names."""
    name = str(event.get("eventName"))
    if change.kind in _SIGHT_KINDS and name in SIGHT_ELSEWHERE:
        return True
    if name in ORPHANED and any(_orphans(op) for op in change.ops):
        return True
    return concerns(event, change)


def _groups(change: Change) -> list[tuple[tuple[Op, ...], tuple[str, ...]]]:
    """The differences that one event can explain together, with the names of the events that write them."""
    created, ended = EXISTENCE.get(change.type, ((), ()))
    if change.kind in _CREATED:
        return [((), created)]
    if change.kind in _ENDED:
        return [((), ended)]
    if change.kind in _REPLACED:
        return [((), created + ended)]
    if change.kind in _SIGHT_KINDS:
        return [((), SIGHT_ELSEWHERE + SIGHT_HERE)]
    rows = WRITERS.get(change.type, {})
    parts = {keys(op.path)[0] for op in change.ops}
    groups: dict[tuple[str, ...], list[Op]] = {}
    for op in change.ops:
        part = keys(op.path)[0]
        leaders = FOLLOWS.get((change.type, part), ())
        if op.kind in {"access_lost", "access_restored"} or parts & set(leaders):
            continue
        writers = ORPHANED if _orphans(op) else tuple(name for one in (part, *leaders) for name in rows.get(one, ()))
        groups.setdefault(writers or rows.get("", ()), []).append(op)
    return [(tuple(ops), writers) for writers, ops in groups.items()]


def _orphans(op: Op) -> bool:
    """Whether the only thing new in a principal is the id of one that is gone."""
    if "Principal" not in keys(op.path) or not isinstance(op.after, list) or not isinstance(op.before, list):
        return False
    came = [one for one in op.after if one not in op.before]
    return bool(came) and all(map(deleted_principal, came))


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The events that could have made some differences, by where they lie; each in the order of time."""

    inside: list[Mapping[str, Any]]  # after the last look, before the scan that found the change began
    late: list[Mapping[str, Any]]  # in the minutes after that, in which the resource itself was read
    early: list[Mapping[str, Any]]  # before the last look, which may have missed what had just been done

    @property
    def nearest(self) -> list[Mapping[str, Any]]:
        """Those of the likeliest place that has any."""
        return self.inside or self.late or self.early

    @property
    def where(self) -> str:
        """That place in words."""
        if self.inside:
            return "in the window"
        return "while it was being read" if self.late else "shortly before the last look, which may have missed it,"


def _left(
    change: Change,
    ops: Sequence[Op],
    writers: tuple[str, ...],
    events: Sequence[Mapping[str, Any]],
    claimed: Claims,
) -> _Candidates:
    """Those events of these names that made no earlier change and whose work the last look had not seen."""
    parts = {keys(op.path)[0] for op in ops} or {SIGHT if change.kind in _SIGHT_KINDS else ALL}
    mine = [
        one for one in events if one.get("eventName") in writers and _writes(one) and unclaimed(one, parts, claimed)
    ]
    start, end = change.not_before, change.detected_at
    early = [one for one in mine if start and event_time(one) < start]
    late = [one for one in mine if event_time(one) > end]
    inside = [one for one in mine if one not in early and one not in late]
    if all(_made_another(one, ops) for one in inside):
        inside = []
    late = [one for one in late if not _made_another(one, ops)]
    return _Candidates(inside, late, [one for one in early if not _was_seen(one, ops)])


def _made_another(event: Mapping[str, Any], ops: Sequence[Op]) -> bool:
    """Whether what an event set is not what was found: what was found is another's work, and this one's was seen later, if ever."""
    return bool(ops) and all(gainsays(event, op) for op in ops)


def _was_seen(event: Mapping[str, Any], ops: Sequence[Op]) -> bool:
    """Whether the last look had read what an event made: then another one made what differs now."""
    return bool(ops) and all(shows(event, replace(op, before=op.after, after=op.before)) for op in ops)


def _answer(change: Change, ops: Sequence[Op], found: _Candidates) -> Attribution:
    candidates = found.nearest
    if not candidates:
        return Attribution("none", "")
    if change.kind in _SIGHT_KINDS:
        reason = "may have changed what we may read; CloudTrail does not say so"
        return Attribution("likely" if len(candidates) == 1 else "ambiguous", reason, _actors(candidates))
    for some in (candidates, found.inside + found.late):
        producers = [next((one for one in reversed(some) if shows(one, op)), None) for op in ops]
        if ops and None not in producers:
            return _exact("shows the new value", [one for one in producers if one], some)
    born = candidates[-1].get("eventName") in EXISTENCE.get(change.type, ((), ()))[0]
    if not ops and (born or change.kind in _ENDED):
        return _exact("made it" if born else "ended it", candidates[-1:], candidates)
    if len(candidates) == 1:
        name = candidates[0].get("eventName")
        reason = f"{name} is the only event {found.where} that could have made it"
        return Attribution("likely", reason, _actors(candidates))
    reason = f"{len(candidates)} events {found.where} could have made it; none shows the new value"
    return Attribution("ambiguous", reason, _actors(candidates))


def _exact(verb: str, producers: Sequence[Mapping[str, Any]], candidates: Sequence[Mapping[str, Any]]) -> Attribution:
    unique = [one for one in candidates if any(one is producer for producer in producers)]
    reason = f"{', '.join(dict.fromkeys(str(one.get('eventName')) for one in unique))} {verb}"
    others = [one for one in candidates if not any(one is producer for producer in producers)]
    if others:
        reason += f"; {len(candidates)} events on this setting in the window, the first named produced the state"
    return Attribution("exact", reason, (*_actors(unique), *_actors(others)))


def _actors(events: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    return tuple(actor(one) for one in reversed(events))


def _reasons(answers: Sequence[Attribution]) -> str:
    return "; ".join(dict.fromkeys(answer.reason for answer in answers))


def _writes(event: Mapping[str, Any]) -> bool:
    return str(event.get("readOnly")).lower() != "true"


def _in_window(event: Mapping[str, Any], change: Change) -> bool:
    at = instant(event.get("eventTime"))
    if at is None:
        return False
    return at <= change.detected_at + LATER and (change.not_before is None or at >= change.not_before - EARLIER)


def _why_none(change: Change, about: Sequence[Mapping[str, Any]], unavailable: str, asked_at: datetime | None) -> str:
    names = event_names(change)
    refused = [one for one in about if one.get("errorCode") and one.get("eventName") in names]
    if unavailable:
        return f"events could not be read: {unavailable}"
    if not names:
        return f"no event is known to write {', '.join(sorted({keys(op.path)[0] for op in change.ops})) or change.type}"
    if refused:
        last = refused[-1]
        who = actor(last).principal
        return (
            f"only refused attempts in the window, the last {last.get('eventName')} by {who}: {last.get('errorCode')}"
        )
    if asked_at and asked_at > change.detected_at + KEPT:
        return f"older than the {KEPT.days} days that CloudTrail's event history keeps"
    if asked_at and asked_at < change.detected_at + DELIVERY:
        return "no event yet: CloudTrail delivers within about 15 minutes, ask again"
    if any(not one.get("errorCode") and one.get("eventName") in names and _writes(one) for one in about):
        return "the events in the window made another change of it, or set another value than this one"
    if change.not_before is None:
        return "no event found, and it is not known since when it has been so"
    return "no event in the window: AWS itself, an event of another account, or a resource under another name"


def _asked(change: Change) -> tuple[str, ...]:
    tail = change.arn.rpartition("/")[2].rpartition(":")[2]
    if change.type in {"AWS::S3::Bucket", "AWS::S3Express::DirectoryBucket"}:
        return (change.resource, change.arn)
    if change.type == "AWS::CloudTrail::Trail":
        return (tail, change.arn)
    return (change.arn or change.resource, tail)
