"""Pinned states to compare with, and holds that no purge may touch."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from reporter.history import blobs, journal
from reporter.history.acts_tables import BASELINE, HOLD
from reporter.history.engine import lock, reading, write
from reporter.history.errors import Refused
from reporter.history.nouns import Baseline, Hold
from reporter.history.queries import acts


def pin_baseline(
    engine: Engine, name: str, *, selector: Mapping[str, Any], source: str, content: Any, by: str, now: datetime
) -> None:
    """Pin a state under a name: `content` is any JSON value, as drift's comparison wants it. The name's earlier one ends."""
    values = {"name": name, "selector": dict(selector), "source": source, "by": by, "at": now, "ended_at": None}
    write(engine, partial(_pin, values=values | {"ended_by": ""}, content=content))


def _pin(connection: Connection, *, values: Mapping[str, Any], content: Any) -> None:
    lock(connection, "baselines")
    _end(connection, values["name"], now=values["at"], by=values["by"])
    hash = blobs.put_one(connection, content)
    journal.add(connection, BASELINE, {**values, "content": hash}, act="pinned", now=values["at"], by=values["by"])


def drop_baseline(engine: Engine, name: str, *, by: str, now: datetime) -> None:
    """Stop comparing with a pinned state; it stays on record."""
    if not write(engine, partial(_end, name=name, now=now, by=by)):
        raise Refused(f"There is no baseline {name!r}; `reporter baseline` lists them")


def _end(connection: Connection, name: str, *, now: datetime, by: str) -> bool:
    lock(connection, "baselines")
    row = connection.execute(acts.baselines(name)).mappings().first()
    if row is None:
        return False
    journal.alter(connection, BASELINE, row["number"], {"ended_at": now, "ended_by": by}, act="ended", now=now, by=by)
    return True


def baselines(engine: Engine) -> tuple[Baseline, ...]:
    """The pinned states, by name, without their content."""
    with reading(engine) as connection:
        return tuple(_baseline(row, None) for row in connection.execute(acts.baselines()).mappings())


def baseline(engine: Engine, name: str) -> Baseline | None:
    """The pinned state of a name, with its content."""
    with reading(engine) as connection:
        row = connection.execute(acts.baselines(name)).mappings().first()
        return None if row is None else _baseline(row, blobs.get(connection, [row["content"]])[row["content"]])


def _baseline(row: Mapping[Any, Any], content: Any) -> Baseline:
    return Baseline(row["name"], row["selector"], row["source"], row["by"], row["at"], content)


# --- holds ---


def hold(
    engine: Engine, *, reason: str, by: str, now: datetime, account: str = "", type: str = "", resource: str = ""
) -> Hold:
    """Keep an account, a type, a resource (id or ARN), or with none of them everything, from every purge until released."""
    values = {"account": account, "type": type, "resource": resource, "reason": reason, "by": by, "at": now}
    values |= {"released_at": None, "released_by": ""}
    row = write(engine, lambda connection: journal.add(connection, HOLD, values, act="placed", now=now, by=by))
    return _hold(row)


def release_hold(engine: Engine, number: int, *, by: str, now: datetime) -> None:
    """Let a purge touch again what was held."""
    write(engine, partial(_release, number=number, by=by, now=now))


def _release(connection: Connection, *, number: int, by: str, now: datetime) -> None:
    row = connection.execute(acts.row(HOLD, number)).mappings().first()
    if row is None or row["released_at"] is not None:
        raise Refused(f"There is no hold {number} in force; `reporter hold` lists them")
    values = {"released_at": now, "released_by": by}
    journal.alter(connection, HOLD, number, values, act="released", now=now, by=by)


def holds(engine: Engine) -> tuple[Hold, ...]:
    """The holds in force, oldest first."""
    with reading(engine) as connection:
        return tuple(_hold(row) for row in connection.execute(acts.rows(HOLD, HOLD.c.released_at.is_(None))).mappings())


def _hold(row: Mapping[Any, Any]) -> Hold:
    names = ("number", "reason", "by", "at", "account", "type", "resource")
    return Hold(**{name: row[name] for name in names})
