"""What a killed process left undone: a run that was never sealed, a sealed run whose reports were never handed over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from reporter.history.engine import reading
from reporter.history.outbox import add_report, reports
from reporter.history.queries import recording, runs
from reporter.history.runs import last_runs, run_from
from reporter.model import Run


@dataclass(frozen=True, slots=True)
class Unsealed:
    """A run that is under way, was interrupted, or was given up; or one that is sealed and has reached nobody."""

    run: Run
    recorded: int  # accounts
    owner: str
    lease_until: datetime | None
    reason: str  # why it was given up


RUNS_BACK = 20  # among which runs that ran side by side are looked for
HANDED_OVER = "handed over"  # the format of the row that says a run's reports are all made and in the outbox


def unfinished(engine: Engine, kind: str) -> tuple[Run, str] | None:
    """The run of a kind that was begun and neither sealed nor given up, and who held it; None if there is none."""
    with reading(engine) as connection:
        row = connection.execute(runs.unfinished(kind)).mappings().first()
    return None if row is None else (run_from(row), str(row["owner"]))


def begun(engine: Engine) -> tuple[Unsealed, ...]:
    """Every run that was begun and neither sealed nor given up, the oldest first: under way, or interrupted."""
    with reading(engine) as connection:
        rows = connection.execute(runs.begun()).mappings().all()
        return tuple(_unsealed(connection, row) for row in rows)


def overtaken_by(engine: Engine, run: Run) -> Run | None:
    """The newest finished run of the whole organization that was begun after this one: its news is newer. None: there is none."""
    with reading(engine) as connection:
        query = runs.newest_begun_after(runs.number_of(connection, run.id))
        row = connection.execute(query).mappings().first()
    return None if row is None else run_from(row)


def given_up(engine: Engine, run: Run) -> str:
    """Why a run was given up; empty for one that was not."""
    with reading(engine) as connection:
        return str(connection.execute(runs.by_id(run.id)).mappings().one()["reason"])


def unsealed(engine: Engine) -> Unsealed | None:
    """The newest run, where it was begun after every sealed one and is not sealed: answers from sealed runs lack it."""
    with reading(engine) as connection:
        row = connection.execute(runs.after_the_sealed()).mappings().first()
        return None if row is None else _unsealed(connection, row)


def unshared(engine: Engine) -> Unsealed | None:
    """The oldest sealed run whose reports have not all been made and handed over, and who was at it; None if there is none."""
    waiting = not_handed_over(engine)
    if not waiting:
        return None
    with reading(engine) as connection:
        return _unsealed(connection, connection.execute(runs.by_id(waiting[0].id)).mappings().one())


def not_handed_over(engine: Engine) -> tuple[Run, ...]:
    """The sealed runs whose reports have not all been made and handed over, the oldest first.

    The last one, and those that were sealed while a later one was under way: whoever begins after a seal looks for it, but
    one that was reading already compares with that run and does not tell its changes again.
    """
    found: list[Run] = []
    newer: Run | None = None
    for run in last_runs(engine, RUNS_BACK):
        if newer is not None and not _side_by_side(run, newer):
            break
        if not is_handed_over(engine, run):
            found.append(run)
        newer = run
    return tuple(reversed(found))


def _side_by_side(run: Run, newer: Run) -> bool:
    """Whether a run had not been sealed when the next one was begun."""
    return run.finished_at is None or newer.started_at is None or newer.started_at <= run.finished_at


def _unsealed(connection: Connection, row: Mapping[Any, Any]) -> Unsealed:
    recorded = len(connection.scalars(recording.RECORDED, {"run": row["number"]}).all())
    return Unsealed(run_from(row), recorded, row["owner"], row["lease_until"], row["reason"])


def mark_handed_over(engine: Engine, run: Run, now: datetime) -> None:
    """Note that every report of a sealed run is made and every letter is in the outbox."""
    add_report(engine, run, edition="*", format=HANDED_OVER, sha256=run.chain, path="", size=0, now=now)


def is_handed_over(engine: Engine, run: Run) -> bool:
    """Whether that was noted."""
    return any(report.format == HANDED_OVER for report in reports(engine, run))
