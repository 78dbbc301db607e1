"""What failed at one run and does not at another: fixed, gone, or lost sight of. Counted by `counted`, listed here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from reporter.history.engine import reading
from reporter.history.found import finding_from
from reporter.history.nouns import EVERYWHERE, GONE, Became, EndedFinding, Within
from reporter.history.queries import findings as queries
from reporter.history.queries import recording
from reporter.history.queries.runs import number_of
from reporter.model import SEVERITIES, Run, Status

_ORDER: tuple[Became, ...] = ("fixed", "gone", "lost_sight")
_PASSES, _NO_DATA = "passes", "no data"

Key = tuple[int, str]  # (resource row, check)


@dataclass(frozen=True, slots=True)
class Ending:
    """How one failing row ended, by its number."""

    id: int
    became: Became
    because: str
    at: datetime
    rank: tuple[int, int, str, str, int]


def ended_findings(
    engine: Engine, run: Run, previous: Run, within: Within = EVERYWHERE, *, limit: int | None = None
) -> Iterator[EndedFinding]:
    """As many as `movement` counts: fixed before gone before lost sight of, of each the gravest first."""
    with reading(engine) as connection:
        now, then = number_of(connection, run.id), number_of(connection, previous.id)
        ended = connection.execute(queries.failing(then, now, within)).all()
        ends = sorted(endings(connection, run, ended), key=lambda end: end.rank)
        for some in recording.chunks(ends[:limit]):
            rows = {row.id: row for row in connection.execute(queries.shown(then, [end.id for end in some]))}
            for end in some:
                row = rows[end.id]
                finding = finding_from(row, row.observed_at)
                since = row.failing_since or row.since
                yield EndedFinding(finding, since, end.became, end.because, end.at, row.waiver)


def endings(connection: Connection, run: Run, ended: Sequence[Any]) -> list[Ending]:
    """What became until a run of rows that failed before it; those that fail again, or for another reason, left out."""
    number, resources = number_of(connection, run.id), {row.resource for row in ended}
    are = _statuses(connection, number, resources)
    closed = _closed(connection, run, resources)
    found = []
    for row in ended:
        key = (row.resource, row.check)
        if are.get(key) == Status.FAIL:
            continue
        at, why = closed.get(key, (run.as_of, "gone"))
        became: Became = "lost_sight" if key in are else "fixed" if why == "passed" else "gone"
        because = {"lost_sight": _NO_DATA, "fixed": _PASSES}.get(became) or GONE.get(why, why)
        rank = (_ORDER.index(became), SEVERITIES.index(row.severity), row.check, row.account, row.resource)
        found.append(Ending(row.id, became, because, at, rank))
    return found


def _statuses(connection: Connection, run: int, resources: set[int]) -> dict[Key, str]:
    found: dict[Key, str] = {}
    for some in recording.chunks(sorted(resources)):
        for row in connection.execute(queries.statuses_at(run, some)):
            found[row.resource, row.check] = row.status
    return found


def _closed(connection: Connection, run: Run, resources: set[int]) -> dict[Key, tuple[datetime, str]]:
    """When and how the last spell of not passing up to a run ended, of each answer; what came later is not its news."""
    judged = queries.scans_before(number_of(connection, run.id))
    edges = {row.account: row.findings_at for row in connection.execute(judged)}
    last: dict[Key, tuple[datetime, str]] = {}
    for some in recording.chunks(sorted(resources)):
        for row in connection.execute(queries.endings(some)):
            edge = edges.get(row.account, run.finished_at)  # an account that left has no answers in the run
            if edge is None or row.valid_to <= edge:
                key = (row.resource, row.check)
                last[key] = max(last.get(key, (row.valid_to, "")), (row.valid_to, row.end_reason))
    return last
