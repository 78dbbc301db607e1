"""Accounts that a narrowed run passes over: on its record as excluded, with all that was known of them, and as if it had not been."""

from collections.abc import Iterable, Sequence
from functools import partial

from sqlalchemy import Connection, Engine

from reporter.history import blobs
from reporter.history.engine import lock, write
from reporter.history.past import open_run, past_of
from reporter.history.queries import recording
from reporter.history.scans import JUDGED, NO_CALLS, UNJUDGED
from reporter.history.seals import sealed
from reporter.history.tables import SCAN
from reporter.model import Account, ReadStatus, Run


def pass_over(engine: Engine, run: Run, accounts: Iterable[Account], reason: str) -> None:
    """Note that a run left accounts out; what is known of them is carried on untouched. A second call does nothing.

    An account that the history has never seen, or that left, is not noted: nothing is known that could be carried on.
    """
    for some in recording.chunks(
        sorted(one.id for one in accounts)
    ):  # each is locked: PostgreSQL holds only so many locks
        write(engine, partial(_pass_over, run=run, accounts=some, reason=reason), durable=False)


def _pass_over(connection: Connection, *, run: Run, accounts: Sequence[str], reason: str) -> None:
    number = open_run(connection, run)["number"]
    there = set(connection.scalars(recording.RECORDED, {"run": number}))
    columns = {column.name for column in SCAN.columns} - {"id"}
    rows = []
    for account in accounts:
        lock(connection, f"account {account}")
        past = past_of(connection, account)
        if account in there or past.head is None or not past.present:
            continue
        judged = connection.execute(recording.LAST_JUDGED, {"account": account}).mappings().first()
        carried = {
            "run": number,
            "status": ReadStatus.EXCLUDED.value,
            "reason": reason,
            "calls": blobs.address(NO_CALLS),
            "gaps": None,
            "changes": None,
            "taken_from": past.head["id"],
            **(UNJUDGED if judged is None else {name: judged[name] for name in JUDGED}),
        }
        rows.append(sealed(SCAN, {name: past.head[name] for name in columns} | carried))
    if rows:
        blobs.put(connection, {blobs.address(NO_CALLS): NO_CALLS})
        connection.execute(recording.NEW_SCAN, rows)
