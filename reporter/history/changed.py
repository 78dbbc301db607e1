"""Changes: listed, counted, judged while their run is open, and attributed to whoever made them at any time after."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from reporter.documents.canonical import canonical_json, plain
from reporter.history import blobs, journal
from reporter.history.acts_tables import ATTRIBUTION, EVENT
from reporter.history.engine import reading, write
from reporter.history.errors import Refused
from reporter.history.nouns import EVERYWHERE, ChangeCounts, Within
from reporter.history.past import open_run
from reporter.history.queries import changes as queries
from reporter.history.queries import recording
from reporter.history.queries.runs import number_of
from reporter.history.unseen import settings_from, settings_to
from reporter.history.writing import change_row
from reporter.model import Actor, Attribution, Change, ChangeKind, Direction, Op, Run


def changes(
    engine: Engine,
    *,
    run: Run | None = None,
    after: Run | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    within: Within = EVERYWHERE,
    type: str = "",
    resource: str = "",
    kinds: Collection[str] = (),
    classes: Collection[str] = (),
    directions: Collection[str] = (),
    limit: int | None = None,
    offset: int = 0,
    sealed: bool = False,
) -> tuple[Change, ...]:
    """Changes of a run, or detected in (since, until]: worsened, mixed, improved, neutral; the gravest first.

    With `after`, those of all sealed runs after that one up to `run`: what a light run saw first is told by the next report too.
    `sealed` leaves out what a run has found that is not finished: nobody has judged it yet.
    """
    with reading(engine) as connection:
        conditions = queries.matching(
            run=number_of(connection, run.id) if run else None,
            after=number_of(connection, after.id) if after else None,
            since=since,
            until=until,
            within=within,
            type=type,
            resource=resource,
            kinds=kinds,
            classes=classes,
            directions=directions,
        )
        conditions += [queries.OF_SEALED] if sealed else []
        return tuple(map(change_from, connection.execute(queries.listed(conditions, limit, offset))))


def change(engine: Engine, id: int) -> Change | None:
    """The change of a number."""
    with reading(engine) as connection:
        row = connection.execute(queries.by_ids([id])).first()
    return None if row is None else change_from(row)


def change_counts(engine: Engine, run: Run, within: Within = EVERYWHERE, after: Run | None = None) -> ChangeCounts:
    """How many changes a run has of each (kind, class, direction); with `after`, all runs after that one up to it."""
    with reading(engine) as connection:
        conditions = _of_run(connection, run, within, after=after)
        rows = connection.execute(queries.counts(conditions))
        return Counter({(kind, klass, direction): count for kind, klass, direction, count in rows})


def _of_run(
    connection: Connection,
    run: Run | None,
    within: Within,
    *,
    since: datetime | None = None,
    after: Run | None = None,
) -> list[Any]:
    nothing: tuple[str, ...] = ()
    return queries.matching(
        run=number_of(connection, run.id) if run else None,
        after=number_of(connection, after.id) if after else None,
        since=since,
        until=None,
        within=within,
        type="",
        resource="",
        kinds=nothing,
        classes=nothing,
        directions=nothing,
    )


def change_from(row: Any) -> Change:
    """A change as it was stored."""
    ops = () if row.data is None else blobs.parsed(row.codec, row.data, row.ops)
    return Change(
        account=row.account,
        region=row.region,
        type=row.type,
        resource=row.key,
        arn=row.arn,
        kind=ChangeKind(row.kind),
        not_before=row.not_before,
        detected_at=row.detected_at,
        klass=row.klass,
        direction=Direction(row.direction),
        severity=row.severity,
        ops=tuple(Op(*op) for op in ops),
        summary=row.summary,
        checks=row.checks or {},
        incarnation=row.incarnation,
        id=row.id,
    )


def judge_changes(engine: Engine, run: Run, changes: Iterable[Change]) -> None:
    """Note what judging before and after has shown: direction, severity, checks, class, words. Refused once the run is sealed."""
    judged = {change.id: change for change in changes if change.id is not None}
    if judged:
        write(engine, partial(_judge, run=run, judged=judged), durable=False)


def _judge(connection: Connection, *, run: Run, judged: Mapping[int, Change]) -> None:
    row = open_run(connection, run)
    bodies: dict[bytes, bytes] = {}
    values = []
    for stored in connection.execute(queries.ROWS, {"run": row["number"]}).mappings():
        change = judged.get(stored["id"])
        if change is None:
            continue
        ops = None
        if change.ops:
            body = canonical_json(
                [[o.kind, o.path, plain(o.before), plain(o.after), o.klass, o.text] for o in change.ops]
            )
            bodies[ops := blobs.address(body)] = body
        new = change_row(row["number"], stored["resource"], ops, change)
        names = ("klass", "direction", "severity", "summary", "checks", "ops", "kind")
        values.append(
            {f"new_{name}": new[name] for name in names} | {"row": stored["id"], "new_seal": _seal(stored, new)}
        )
    if len(values) != len(judged):
        raise Refused(f"{len(judged) - len(values)} of the judged changes are not of run {run.id}")
    blobs.put(connection, bodies)
    connection.execute(queries.JUDGE, values)


def _seal(stored: Mapping[Any, Any], new: Mapping[str, Any]) -> bytes:
    """The seal over the row as it will be: what judging may not touch stays as stored."""
    from reporter.history.seals import sealed
    from reporter.history.tables import CHANGE

    kept = {name: stored[name] for name in ("account", "not_before", "detected_at", "incarnation")}
    seal: bytes = sealed(CHANGE, dict(new) | kept)["seal"]
    return seal


# --- who made them ---


def attribute(engine: Engine, found: Mapping[int, Attribution], now: datetime) -> None:
    """Note who made changes, as far as events tell; a later look replaces an earlier one (the journal keeps that there was one)."""
    if found:
        write(engine, partial(_attribute, found=found, now=now), durable=False)


def _attribute(connection: Connection, *, found: Mapping[int, Attribution], now: datetime) -> None:
    ids = sorted(found)
    before = {
        row.change: row.tries
        for some in recording.chunks(ids)
        for row in connection.execute(queries.attributions(some))
    }
    rows = []
    events = []
    for id in ids:
        one = found[id]
        rows.append(
            {
                "change": id,
                "confidence": one.confidence,
                "reason": one.reason,
                "looked_up_at": now,
                "tries": before.get(id, 0) + 1,
                "settings": settings_to(one, {actor: place for place, actor in enumerate(one.actors)}) or None,
            }
        )
        events += [_event(id, place, actor) for place, actor in enumerate(one.actors)]
    again = sorted(before)
    for some in recording.chunks(again):
        gone = [row.id for row in connection.execute(queries.events(some))]
        connection.execute(queries.forget_events(some))
        journal.removed(connection, EVENT, gone, now=now)
    connection.execute(queries.remember_attributions(connection.dialect.name), rows)
    journal.record(connection, ATTRIBUTION, rows, act="noted", now=now)
    if events:
        connection.execute(queries.NEW_EVENTS, events)
        stored = [row for some in recording.chunks(ids) for row in connection.execute(queries.events(some)).mappings()]
        journal.record(connection, EVENT, stored, act="noted", now=now)


def _event(change: int, position: int, actor: Actor) -> dict[str, Any]:
    return {
        "change": change,
        "position": position,
        "event_id": actor.event_id,
        "event_name": actor.event_name,
        "at": actor.at,
        "principal": actor.principal,
        "arn": actor.arn,
        "source_ip": actor.source_ip,
        "user_agent": actor.user_agent,
        "via": actor.via,
        "mfa": actor.mfa,
    }


def attributions(engine: Engine, ids: Sequence[int]) -> dict[int, Attribution]:
    """Who made these changes; a change nobody looked up is not in it."""
    found: dict[int, Attribution] = {}
    with reading(engine) as connection:
        for some in recording.chunks(sorted(set(ids))):
            actors: dict[int, list[Actor]] = {}
            for row in connection.execute(queries.events(some)):
                actors.setdefault(row.change, []).append(
                    Actor(
                        row.event_id,
                        row.event_name,
                        row.at,
                        row.principal,
                        row.arn,
                        row.source_ip,
                        row.user_agent,
                        row.via,
                        row.mfa,
                    )
                )
            for row in connection.execute(queries.attributions(some)):
                named = actors.get(row.change, [])
                made = settings_from(row.settings, named)
                found[row.change] = Attribution(row.confidence, row.reason, tuple(named), made)
    return found


def unattributed(engine: Engine, run: Run | None = None, since: datetime | None = None) -> tuple[Change, ...]:
    """Changes whose maker nobody has looked up, of a run or detected since an instant."""
    with reading(engine) as connection:
        conditions = _of_run(connection, run, EVERYWHERE, since=since)
        return tuple(map(change_from, connection.execute(queries.unattributed(conditions))))
