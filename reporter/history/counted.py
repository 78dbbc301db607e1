"""Counts of answers: per check, per account, over runs; and how the failures of two runs differ."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine

from reporter.history import blobs
from reporter.history.ended import endings
from reporter.history.engine import reading
from reporter.history.found import COUNTS, WAIVED, reasons_since, record_from, state_of
from reporter.history.nouns import (
    EVERYWHERE,
    Coverage,
    FindingRecord,
    GapCount,
    Movement,
    Tally,
    TrendPoint,
    Within,
)
from reporter.history.queries import findings as queries
from reporter.history.queries import states
from reporter.history.queries.runs import number_of
from reporter.model import Run

FAILED = 1


def tallies(engine: Engine, run: Run, within: Within = EVERYWHERE) -> tuple[Tally, ...]:
    """The answers of each check and severity over the accounts of a scope."""
    with reading(engine) as connection:
        return _sum(connection, number_of(connection, run.id), within)


def _sum(connection: Connection, number: int, within: Within) -> tuple[Tally, ...]:
    sums: dict[tuple[str, str], list[int]] = {}
    for document, accounts in connection.execute(queries.tally_counts(number, within)):
        for check, severity, counts in _rows(blobs.shared(connection, document), within):
            total = sums.setdefault((check, severity), [0] * (len(COUNTS) + 1))
            for place, count in enumerate(counts):
                total[place] += count * accounts
            total[-1] += accounts * (counts[FAILED] > counts[WAIVED])
    return tuple(_tally(check, severity, counts) for (check, severity), counts in sorted(sums.items()))


def _rows(document: Any, within: Within) -> Iterator[tuple[str, str, list[int]]]:
    for check, severities in document.items():
        if within.checks is None or check in within.checks:
            for severity, counts in severities.items():
                yield check, severity, counts


def _tally(check: str, severity: Any, counts: list[int]) -> Tally:
    return Tally(check, severity, **dict(zip((*COUNTS, "accounts_failing"), counts, strict=True)))


def account_tallies(engine: Engine, run: Run, within: Within = EVERYWHERE) -> Iterator[tuple[str, tuple[Tally, ...]]]:
    """The answers in each account that was judged, by account."""
    with reading(engine) as connection:
        number = number_of(connection, run.id)
        for account, document in connection.execute(queries.tallies(number, within)):
            rows = _rows(blobs.shared(connection, document), within)
            yield (
                account,
                tuple(
                    _tally(check, severity, [*counts, int(counts[FAILED] > counts[WAIVED])])
                    for check, severity, counts in sorted(rows)
                ),
            )


def trend(engine: Engine, run: Run, limit: int, within: Within = EVERYWHERE) -> tuple[TrendPoint, ...]:
    """The figures of the last sealed runs up to one, oldest first."""
    with reading(engine) as connection:
        rows = connection.execute(queries.trend(run.seq or 0, limit, within)).all()
        points = []
        for row in rows:
            figures = {name: getattr(row, name) for name in COUNTS}
            if within.checks is not None:
                found = _sum(connection, row.number, within)
                figures = {name: sum(getattr(one, name) for one in found) for name in COUNTS}
            points.append(TrendPoint(row.id, row.as_of, accounts_read=row.read, accounts_total=row.total, **figures))
        return tuple(points)


def movement(engine: Engine, run: Run, previous: Run, within: Within = EVERYWHERE) -> Movement:
    """What became of failures between two runs, waived ones included. New and reopened are told as `findings` tells them."""
    with reading(engine) as connection:
        now, then = number_of(connection, run.id), number_of(connection, previous.id)
        opened = connection.execute(queries.failing(now, then, within)).all()
        total, before = (connection.scalar(queries.count_failing(one, within)) or 0 for one in (now, then))
        ended = connection.execute(queries.failing(then, now, within)).all()
        ends = endings(connection, run, ended)
    failed = {(row.resource, row.check) for row in ended}
    came = [(state_of(row, row.then_at), (row.resource, row.check) in failed) for row in opened]
    states = Counter(state for state, _ in came)
    became = Counter(end.became for end in ends)
    why = Counter(end.because for end in ends if end.became == "gone")
    moved = Movement(
        new=states["new"],
        reopened=states["reopened"],
        fixed=became["fixed"],
        persisting=total - states["new"] - states["reopened"],
        lost_sight=became["lost_sight"],
        gone=became["gone"],
        before=before,
        now=total,
        between=sum(again for state, again in came if state != "persisting"),
        gone_why=dict(sorted(why.items())),
    )
    return replace(moved, seen_again=moved.persisting + moved.between + became.total() - before)


def finding_history(engine: Engine, type: str, resource: str, check: str = "") -> tuple[FindingRecord, ...]:
    """What a check ever had against a resource, oldest first."""
    with reading(engine) as connection:
        rows = connection.execute(queries.history(type, resource, check)).all()
        said = reasons_since(connection, rows)
        return tuple(record_from(row, "persisting", said[row.id]) for row in rows)


def coverage(engine: Engine, run: Run) -> Coverage:
    """How many accounts fared how in a run."""
    with reading(engine) as connection:
        rows = connection.execute(states.statuses(number_of(connection, run.id)))
        return Coverage(**{row[0]: row[1] for row in rows})


def gaps(engine: Engine, run: Run, within: Within = EVERYWHERE) -> tuple[GapCount, ...]:
    """What could not be read in a run, listings and parts alike, put together by permission and code; the most first."""
    found: dict[tuple[str, str, str], list[tuple[str, str, str, str]]] = {}
    with reading(engine) as connection:
        number = number_of(connection, run.id)
        for scan in connection.execute(states.scans(number, within)):
            for gap in scan.gaps or ():
                place = (gap["iam"], gap["operation"], gap["code"])
                found.setdefault(place, []).append((scan.account, gap["type"], gap["region"], scan.account))
        for row in connection.execute(states.unread(number, within)):
            for why in row.unread.values():
                place = (why["iam"], why["operation"], why["code"])
                found.setdefault(place, []).append((row.account, row.type, row.region, row.arn or row.key))
    counted = [_gap_count(place, reads) for place, reads in found.items()]
    return tuple(sorted(counted, key=lambda gap: (-gap.count, gap.iam, gap.operation, gap.code)))


def _gap_count(place: tuple[str, str, str], reads: list[tuple[str, str, str, str]]) -> GapCount:
    accounts, types, regions, examples = (sorted(set(column)) for column in zip(*reads, strict=True))
    return GapCount(*place, len(reads), len(accounts), tuple(types), tuple(regions), examples[0])
