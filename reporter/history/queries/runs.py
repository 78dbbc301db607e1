"""Queries that find runs."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from reporter.history.errors import UnknownRun
from reporter.history.tables import RUN


def number_of(connection: Connection, id: str) -> int:
    """The number of a run, by which all rows name it."""
    number: int | None = connection.scalar(select(RUN.c.number).where(RUN.c.id == id))
    if number is None:
        raise UnknownRun(f"There is no run {id} in this history")
    return number


def by_id(id: str) -> Select[Any]:
    """The run of an id."""
    return select(RUN).where(RUN.c.id == id)


def by_seq(seq: int) -> Select[Any]:
    """The sealed run of a number."""
    return select(RUN).where(RUN.c.seq == seq)


def unfinished(kind: str) -> Select[Any]:
    """The last run of a kind that was neither sealed nor given up."""
    return select(RUN).where(RUN.c.status == "running", RUN.c.kind == kind).order_by(RUN.c.number.desc()).limit(1)


def begun() -> Select[Any]:
    """Every run that was neither sealed nor given up, the oldest first."""
    return select(RUN).where(RUN.c.status == "running").order_by(RUN.c.number)


def newest_begun_after(number: int) -> Select[Any]:
    """The last sealed run of the whole organization among those begun after the run of a number."""
    return sealed_runs(1, whole=True).where(RUN.c.number > number)


def after_the_sealed() -> Select[Any]:
    """The newest run, if it was begun after every sealed one and is not sealed itself."""
    sealed = select(func.max(RUN.c.number)).where(RUN.c.seq.is_not(None)).scalar_subquery()
    later = RUN.c.number > func.coalesce(sealed, 0)
    return select(RUN).where(RUN.c.seq.is_(None), later).order_by(RUN.c.number.desc()).limit(1)


def sealed_runs(
    limit: int,
    *,
    seq: int | None = None,
    before: datetime | None = None,
    until: datetime | None = None,
    kinds: Collection[str] = (),
    whole: bool = False,
) -> Select[Any]:
    """Sealed runs, newest first: up to a number, as of before an instant or up to it, of some kinds, or only whole ones."""
    query = select(RUN).where(RUN.c.seq.is_not(None))
    if whole:
        query = query.where(RUN.c.selection.is_(None))
    if seq is not None:
        query = query.where(RUN.c.seq <= seq)
    if before is not None:
        query = query.where(RUN.c.as_of < before)
    if until is not None:
        query = query.where(RUN.c.as_of <= until)
    if kinds:
        query = query.where(RUN.c.kind.in_(sorted(kinds)))
    return query.order_by(RUN.c.seq.desc()).limit(limit)


def before_the_last() -> Select[Any]:
    """The run that the last sealed one is compared with: the whole run before it."""
    return sealed_runs(1, whole=True).where(RUN.c.seq < select(func.max(RUN.c.seq)).scalar_subquery())


def ids_of(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """The ids of runs by number."""
    rows = connection.execute(select(RUN.c.number, RUN.c.id).where(RUN.c.number.in_(sorted(set(numbers)))))
    return {row.number: row.id for row in rows}
