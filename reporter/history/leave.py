"""An account that Organizations no longer lists: its rows end, and nothing of it is called deleted."""

from collections.abc import Collection
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Engine

from reporter.history.adopted import adopt_of_left
from reporter.history.columns import TICK
from reporter.history.engine import lock, write
from reporter.history.listings import uid
from reporter.history.past import open_run, past_of
from reporter.history.queries import recording
from reporter.history.scans import close_account
from reporter.history.seals import sealed
from reporter.history.tables import FINDING
from reporter.history.writing import Life, Writing, born, close, flush
from reporter.model import ACCOUNT, GLOBAL, Change, ChangeKind, ConfigurationItem, Run


def mark_left(engine: Engine, run: Run, accounts: Collection[str], now: datetime) -> tuple[Change, ...]:
    """End what is known of accounts that a complete listing of the organization no longer holds: one change each."""
    found: list[Change] = []
    adopt_of_left(engine, run)
    for account in sorted(accounts):
        found += write(engine, partial(_leave, run=run, account=account, now=now), durable=False)
    return tuple(found)


def _leave(connection: Connection, *, run: Run, account: str, now: datetime) -> tuple[Change, ...]:
    row = open_run(connection, run)
    lock(connection, f"account {account}")
    past = past_of(connection, account)
    if past.account is None or not past.present or past.at is None:
        return ()
    at = max(now, past.at + TICK)
    writing = Writing(row["number"], account, at)
    life: int | None = None
    for standing in connection.execute(recording.STANDING, {"reader": account}):
        close(writing, standing, "left_org")
        if standing.type == ACCOUNT:
            life = standing.resource
    close_account(connection, past.account, at, "left_org")
    _close_findings(connection, account, at)
    change = Change(
        account=account,
        region=GLOBAL,
        type=ACCOUNT,
        resource=account,
        arn=past.account["arn"],
        kind=ChangeKind.LEFT_ORG,
        not_before=past.head["at"] if past.head is not None else None,
        detected_at=at,
        klass="security",
        summary="left the organization",
    )
    writing.changes.append((change, life if life is not None else _life(writing, account, past.account["arn"], at)))
    return flush(connection, writing)


def _life(writing: Writing, account: str, arn: str, at: datetime) -> Life:
    item = ConfigurationItem(account, GLOBAL, ACCOUNT, account, arn, {}, at)
    return born(writing, item, uid(ACCOUNT, account, GLOBAL, account, arn), 0)


def _close_findings(connection: Connection, account: str, at: datetime) -> None:
    closed = []
    for row in connection.execute(recording.OPEN_FINDINGS, {"account": account}).mappings():
        ended = sealed(FINDING, dict(row) | {"valid_to": at, "end_reason": "left_org"})
        closed.append({"row": row["id"], "end": at, "why": "left_org", "new_seal": ended["seal"]})
    if closed:
        connection.execute(recording.CLOSE_FINDING, closed)
