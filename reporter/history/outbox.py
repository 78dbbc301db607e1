"""The outbox: who is to get what, and how far each of it has come. `sending` is committed before the provider hears of it.

A worker that dies while it only claimed a letter left nothing behind: the letter is free again when its lease ends. One that
dies while sending may have sent: that is `unknown`, unless the user chose to send again under the same Message-ID.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection, Engine

from reporter.history import journal
from reporter.history.acts_tables import DELIVERY, REPORT
from reporter.history.engine import lock, reading, write
from reporter.history.errors import LeaseLost, Refused
from reporter.history.nouns import Delivery, Letter, Report
from reporter.history.queries import acts
from reporter.history.queries.runs import ids_of, number_of
from reporter.model import Run

OnUnknown = Literal["skip", "resend"]
SETTLED = {"sent", "failed", "unknown"}


def add_report(
    engine: Engine, run: Run, *, edition: str, format: str, sha256: str, path: str, size: int, now: datetime
) -> None:
    """Note a rendered file. Rendered again with the same content, it is the same row."""
    values = {"edition": edition, "format": format, "sha256": sha256, "path": path, "size": size, "at": now}
    write(engine, partial(_add_report, run=run, values=values, now=now))


def _add_report(connection: Connection, *, run: Run, values: Mapping[str, Any], now: datetime) -> None:
    lock(connection, "reports")
    number = number_of(connection, run.id)
    same = (REPORT.c.edition == values["edition"], REPORT.c.format == values["format"])
    row = connection.execute(acts.rows(REPORT, REPORT.c.run == number, *same)).mappings().first()
    if row is None:
        journal.add(connection, REPORT, {"run": number, **values}, act="rendered", now=now)
    elif any(row[name] != values[name] for name in ("sha256", "path", "size")):
        journal.alter(connection, REPORT, row["number"], values, act="rendered", now=now)


def reports(engine: Engine, run: Run) -> tuple[Report, ...]:
    """The files rendered for a run."""
    with reading(engine) as connection:
        rows = connection.execute(acts.rows(REPORT, REPORT.c.run == number_of(connection, run.id))).mappings()
        names = ("edition", "format", "sha256", "path", "size", "at")
        return tuple(Report(run.id, *(row[name] for name in names)) for row in rows)


def enqueue(engine: Engine, run: Run, letters: Iterable[Letter], now: datetime) -> int:
    """Put letters into the outbox; those that are in it already stay as they are. How many were new."""
    return write(engine, partial(_enqueue, run=run, letters=tuple(letters), now=now))


def _enqueue(connection: Connection, *, run: Run, letters: Collection[Letter], now: datetime) -> int:
    lock(connection, "outbox")
    number = number_of(connection, run.id)
    known = {
        (row["edition"], row["recipient"])
        for row in connection.execute(acts.rows(DELIVERY, DELIVERY.c.run == number)).mappings()
    }
    new = {(one.edition, one.recipient): one for one in letters if (one.edition, one.recipient) not in known}
    journal.add_many(
        connection, DELIVERY, [_row(number, letter, now) for letter in new.values()], act="queued", now=now
    )
    return len(new)


def _row(run: int, letter: Letter, now: datetime) -> dict[str, Any]:
    return {
        "run": run,
        "edition": letter.edition,
        "recipient": letter.recipient,
        "message_id": letter.message_id,
        "payload": dict(letter.payload),
        "queued_at": now,
        "state": "pending",
        "attempts": 0,
        "next_attempt_at": now,
        "reference": "",
        "detail": "",
        "owner": "",
    }


def claim(
    engine: Engine,
    owner: str,
    now: datetime,
    *,
    lease: timedelta = timedelta(minutes=10),
    on_unknown: OnUnknown = "skip",
    limit: int = 1,
    dead: Callable[[str], bool] = lambda _: False,
) -> tuple[Delivery, ...]:
    """Take letters that are due, for this owner alone until the lease ends. First, what dead workers left is settled.

    Dead is whose lease has ended, and whom `dead` knows to be so: its letters need not wait for the lease.
    """
    taken = partial(_claim, owner=owner, now=now, lease=lease, on_unknown=on_unknown, limit=limit, dead=dead)
    return write(engine, taken)


def _claim(
    connection: Connection,
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    on_unknown: OnUnknown,
    limit: int,
    dead: Callable[[str], bool],
) -> tuple[Delivery, ...]:
    lock(connection, "outbox")
    held = connection.execute(acts.in_hand()).mappings().all()
    for row in held:
        if row["lease_until"] > now and not dead(row["owner"]):
            continue
        lost = row["state"] == "sending" and on_unknown == "skip"
        values = {"state": "unknown", "settled_at": now} if lost else {"state": "pending", "next_attempt_at": now}
        words = "its worker died while sending: nobody knows whether it was taken" if row["state"] == "sending" else ""
        journal.alter(
            connection,
            DELIVERY,
            row["id"],
            values | {"owner": "", "lease_until": None, "detail": words or row["detail"]},
            act=str(values["state"]),
            now=now,
            detail={"worker": row["owner"]},
        )
    due = connection.execute(acts.due(now, limit)).mappings().all()
    leased = {"state": "claimed", "owner": owner, "lease_until": now + lease}
    taken = [journal.alter(connection, DELIVERY, row["id"], leased, act="claimed", now=now, by=owner) for row in due]
    runs = ids_of(connection, [row["run"] for row in taken])
    return tuple(delivery_from(row, runs) for row in taken)


def sending(engine: Engine, delivery: Delivery, owner: str, now: datetime) -> Delivery:
    """Note that the provider is about to hear of it. To be called, and to have returned, before a byte is sent."""
    values = {"state": "sending", "attempts": delivery.attempts + 1}
    return write(engine, partial(_step, id=delivery.id, owner=owner, now=now, wanted={"claimed"}, values=values))


def settle(
    engine: Engine,
    delivery: Delivery,
    owner: str,
    now: datetime,
    *,
    state: str,
    again_at: datetime | None = None,
    detail: str = "",
    reference: str = "",
) -> Delivery:
    """Note what an attempt came to: `sent`, `failed`, `unknown`, or `pending` to be tried again.

    Pending without an `again_at` is held: not tried before `retry_held` asks for it.
    """
    values = {
        "state": state,
        "next_attempt_at": again_at,
        "detail": detail,
        "reference": reference,
        "settled_at": now if state in SETTLED else None,
        "owner": "",
        "lease_until": None,
    }
    wanted = {"claimed", "sending"}
    return write(engine, partial(_step, id=delivery.id, owner=owner, now=now, wanted=wanted, values=values))


def _step(
    connection: Connection, *, id: int, owner: str, now: datetime, wanted: Collection[str], values: Mapping[str, Any]
) -> Delivery:
    lock(connection, "outbox")
    row = connection.execute(acts.row(DELIVERY, id)).mappings().one()
    if row["owner"] != owner or row["state"] not in wanted:
        raise LeaseLost(
            f"Delivery {id} to {row['recipient']} is {row['state']} and no longer this worker's; nothing is sent"
        )
    detail = {name: values[name] for name in ("detail", "reference") if values.get(name)}
    held = values["state"] == "pending" and values["next_attempt_at"] is None
    act = "held" if held else str(values["state"])
    stored = journal.alter(connection, DELIVERY, id, values, act=act, now=now, by=owner, detail=detail or None)
    return delivery_from(stored, ids_of(connection, [stored["run"]]))


def retry_held(engine: Engine, owner: str, now: datetime) -> int:
    """Have letters tried that wait for a setting to be mended; how many."""
    return write(engine, partial(_retry_held, owner=owner, now=now))


def _retry_held(connection: Connection, *, owner: str, now: datetime) -> int:
    lock(connection, "outbox")
    rows = connection.execute(acts.held()).mappings().all()
    for row in rows:
        journal.alter(connection, DELIVERY, row["id"], {"next_attempt_at": now}, act="asked", now=now, by=owner)
    return len(rows)


def resolve(
    engine: Engine, id: int, state: Literal["sent", "pending", "failed"], *, by: str, why: str, now: datetime
) -> None:
    """A person decides what an unknown delivery was, has it sent again, or gives up one that is held."""
    write(engine, partial(_resolve, id=id, state=state, by=by, why=why, now=now))


def _resolve(connection: Connection, *, id: int, state: str, by: str, why: str, now: datetime) -> None:
    lock(connection, "outbox")
    row = connection.execute(acts.row(DELIVERY, id)).mappings().first()
    held = row is not None and row["state"] == "pending" and row["next_attempt_at"] is None
    if row is None or not (held or row["state"] in {"unknown", "failed"}):
        found = "does not exist" if row is None else f"is {row['state']}"
        raise Refused(f"Delivery {id} {found}: only one that is unknown, failed or held can be resolved")
    again = state == "pending"
    values = {"state": state, "next_attempt_at": now if again else None, "settled_at": None if again else now}
    journal.alter(connection, DELIVERY, id, values, act=state, now=now, by=by, detail={"why": why})


def deliveries(
    engine: Engine, run: Run | None = None, states: Collection[str] = (), limit: int | None = None
) -> tuple[Delivery, ...]:
    """The outbox: of a run or all, in some states or any; with a limit the newest, the oldest of them first."""
    with reading(engine) as connection:
        wanted = [] if run is None else [DELIVERY.c.run == number_of(connection, run.id)]
        if states:
            wanted.append(DELIVERY.c.state.in_(sorted(states)))
        query = acts.rows(DELIVERY, *wanted) if limit is None else acts.newest(DELIVERY, *wanted, limit=limit)
        rows = sorted(connection.execute(query).mappings(), key=lambda row: int(row["id"]))
        runs = ids_of(connection, [row["run"] for row in rows])
        return tuple(delivery_from(row, runs) for row in rows)


def delivery_from(row: Mapping[Any, Any], runs: Mapping[int, str]) -> Delivery:
    """A row of the outbox."""
    return Delivery(
        id=row["id"],
        run=runs[row["run"]],
        edition=row["edition"],
        recipient=row["recipient"],
        message_id=row["message_id"],
        payload=row["payload"] or {},
        state=row["state"],
        attempts=row["attempts"],
        queued_at=row["queued_at"],
        next_attempt_at=row["next_attempt_at"],
        settled_at=row["settled_at"],
        reference=row["reference"],
        detail=row["detail"],
        owner=row["owner"],
        lease_until=row["lease_until"],
    )
