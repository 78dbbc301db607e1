"""What changed and changed back between two runs, as CloudTrail told it: kept with the run, so that its reports stay the same."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from reporter.documents.canonical import plain
from reporter.history import blobs, journal
from reporter.history.acts_tables import REVERTED
from reporter.history.columns import instant, micros
from reporter.history.engine import lock, reading, write
from reporter.history.nouns import EVERYWHERE, Reverts, Within
from reporter.history.past import open_run
from reporter.history.queries import acts, states
from reporter.history.queries.runs import number_of
from reporter.model import Actor, Attribution, Change, ChangeKind, Direction, Op, Run, SettingMaker


def record_reverted(
    engine: Engine,
    run: Run,
    found: Iterable[tuple[Change, Attribution | None]],
    now: datetime,
    *,
    unasked: Mapping[str, str] | None = None,
    calls: int = 0,
) -> None:
    """Keep what came and went before a run, in the order given; `unasked` says where it could not be asked for, and why.

    Before the seal only (Refused after it): what a run says must not change. Recorded twice, the later counts.
    """
    value = {
        "changes": [[_change(change), who and _attribution(who)] for change, who in found],
        "unasked": dict(unasked or {}),
        "calls": calls,
    }
    write(engine, partial(_record, run=run, value=value, now=now))


def _record(connection: Connection, *, run: Run, value: Mapping[str, Any], now: datetime) -> None:
    number = open_run(connection, run)["number"]
    lock(connection, f"reverted {number}")
    values = {"at": now, "content": blobs.put_one(connection, value)}
    if connection.execute(acts.rows(REVERTED, REVERTED.c.run == number)).first() is None:
        journal.add(connection, REVERTED, {"run": number, **values}, act="recorded", now=now)
    else:
        journal.alter(connection, REVERTED, number, values, act="recorded", now=now)


def reverted(engine: Engine, run: Run, within: Within = EVERYWHERE) -> Reverts | None:
    """What was kept of it, within a scope; None if nobody asked."""
    with reading(engine) as connection:
        number = number_of(connection, run.id)
        row = connection.execute(acts.rows(REVERTED, REVERTED.c.run == number)).mappings().first()
        if row is None:
            return None
        value = blobs.get(connection, [row["content"]])[row["content"]]
        inside = {scan.account for scan in connection.execute(states.scans(number, within))}
    told = [(_change_from(one), None if who is None else _attribution_from(who)) for one, who in value["changes"]]
    return Reverts(
        changes=tuple((change, who) for change, who in told if change.account in inside),
        unasked={place: why for place, why in value["unasked"].items() if place.split(" ")[0] in inside},
        calls=value["calls"],
        at=row["at"],
    )


def _change(change: Change) -> dict[str, Any]:
    names = ("account", "region", "type", "resource", "arn", "klass", "severity", "summary", "incarnation")
    return {name: getattr(change, name) for name in names} | {
        "kind": change.kind.value,
        "direction": change.direction.value,
        "not_before": None if change.not_before is None else micros(change.not_before),
        "detected_at": micros(change.detected_at),
        "checks": dict(change.checks),
        "ops": [[op.kind, op.path, plain(op.before), plain(op.after), op.klass, op.text] for op in change.ops],
    }


def _change_from(value: Mapping[str, Any]) -> Change:
    start = value["not_before"]
    return Change(
        **{
            **value,
            "kind": ChangeKind(value["kind"]),
            "direction": Direction(value["direction"]),
            "not_before": None if start is None else instant(start),
            "detected_at": instant(value["detected_at"]),
            "ops": tuple(Op(*op) for op in value["ops"]),
        }
    )


def _attribution(who: Attribution) -> dict[str, Any]:
    place = {actor: number for number, actor in enumerate(who.actors)}
    return {
        "confidence": who.confidence,
        "reason": who.reason,
        "actors": [
            [
                one.event_id,
                one.event_name,
                micros(one.at),
                one.principal,
                one.arn,
                one.source_ip,
                one.user_agent,
                one.via,
                one.mfa,
            ]
            for one in who.actors
        ],
        "settings": settings_to(who, place),
    }


def _attribution_from(value: Mapping[str, Any]) -> Attribution:
    actors = [Actor(one[0], one[1], instant(one[2]), *one[3:]) for one in value["actors"]]
    found = Attribution(value["confidence"], value["reason"], tuple(actors))
    return replace(found, settings=settings_from(value["settings"], actors))


def settings_to(who: Attribution, place: Mapping[Actor, int]) -> list[list[Any]]:
    """Who made each setting, its events by their positions among all."""
    return [[one.path, one.confidence, one.reason, [place[actor] for actor in one.actors]] for one in who.settings]


def settings_from(stored: Any, actors: list[Actor]) -> tuple[SettingMaker, ...]:
    """The same back."""
    return tuple(
        SettingMaker(path, confidence, reason, tuple(actors[number] for number in numbers))
        for path, confidence, reason, numbers in stored or ()
    )
