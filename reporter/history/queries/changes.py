"""Queries about changes."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from reporter.history.acts_tables import ACKNOWLEDGEMENT, ATTRIBUTION, EVENT, NOTE
from reporter.history.nouns import Within
from reporter.history.queries.recording import OPEN
from reporter.history.queries.states import in_scope
from reporter.history.tables import ACCOUNT, CHANGE, DOCUMENT, FINDING, RESOURCE, RUN
from reporter.model import SEVERITIES, Direction

DIRECTION = case(
    {Direction.WORSENED.value: 0, Direction.MIXED.value: 0, Direction.IMPROVED.value: 1},  # mixed got worse, too
    value=CHANGE.c.direction,
    else_=9,
)


def rank(severity: Any) -> ColumnElement[int]:
    """The gravest first."""
    return case({name: place for place, name in enumerate(SEVERITIES)}, value=severity, else_=9)


_SHOWN = (
    *CHANGE.columns,
    RESOURCE.c.region,
    RESOURCE.c.type,
    RESOURCE.c.key,
    RESOURCE.c.arn,
    DOCUMENT.c.codec,
    DOCUMENT.c.data,
)


def _changes() -> Select[Any]:
    return (
        select(*_SHOWN)
        .join(RESOURCE, RESOURCE.c.id == CHANGE.c.resource)
        .outerjoin(DOCUMENT, DOCUMENT.c.hash == CHANGE.c.ops)
    )


OF_SEALED = CHANGE.c.run.in_(select(RUN.c.number).where(RUN.c.seq.is_not(None)))


def matching(
    *,
    run: int | None,
    after: int | None = None,
    since: datetime | None,
    until: datetime | None,
    within: Within,
    type: str,
    resource: str,
    kinds: Collection[str],
    classes: Collection[str],
    directions: Collection[str],
) -> list[ColumnElement[bool]]:
    """What a change must be; over a query that joins the resource."""
    wanted: list[ColumnElement[bool]] = []
    if run is not None:
        wanted.append(CHANGE.c.run == run if after is None else CHANGE.c.run.in_(_between(after, run)))
    if since is not None:
        wanted.append(CHANGE.c.detected_at > since)
    if until is not None:
        wanted.append(CHANGE.c.detected_at <= until)
    if type:
        wanted.append(RESOURCE.c.type == type)
    if resource:
        wanted.append(or_(RESOURCE.c.key == resource, RESOURCE.c.uid == resource))
    for column, values in ((CHANGE.c.kind, kinds), (CHANGE.c.klass, classes), (CHANGE.c.direction, directions)):
        if values:
            wanted.append(column.in_(sorted(values)))
    return wanted + _scope(within)


def _between(after: int, run: int) -> Select[Any]:
    """The sealed runs after one up to another, and that one."""
    first, last = (select(RUN.c.seq).where(RUN.c.number == number).scalar_subquery() for number in (after, run))
    sealed = and_(RUN.c.seq > first, or_(RUN.c.seq <= last, last.is_(None)))
    return select(RUN.c.number).where(or_(RUN.c.number == run, sealed))


def _scope(within: Within) -> list[ColumnElement[bool]]:
    """The accounts by what they were when it was seen. A check's changes: those of resources it had a finding about then."""
    wanted: list[ColumnElement[bool]] = []
    if within.accounts is not None:
        wanted.append(CHANGE.c.account.in_(sorted(within.accounts)))
    if within.ou:
        # an account that left has no row any more at that instant: its last one ends there
        then = and_(ACCOUNT.c.valid_from <= CHANGE.c.detected_at, ACCOUNT.c.valid_to >= CHANGE.c.detected_at)
        there = in_scope(Within(ou=within.ou))
        wanted.append(exists().where(ACCOUNT.c.account == CHANGE.c.account, then, *there))
    if within.checks is not None:
        then = and_(FINDING.c.valid_from <= CHANGE.c.detected_at, FINDING.c.valid_to >= CHANGE.c.detected_at)
        about = and_(FINDING.c.resource == CHANGE.c.resource, FINDING.c.check.in_(sorted(within.checks)))
        wanted.append(exists().where(about, then))
    return wanted


def listed(conditions: Sequence[ColumnElement[bool]], limit: int | None, offset: int) -> Select[Any]:
    """Changes, the worst first."""
    order = (DIRECTION, rank(CHANGE.c.severity), CHANGE.c.account, RESOURCE.c.type, RESOURCE.c.key, CHANGE.c.id)
    return _changes().where(*conditions).order_by(*order).limit(limit).offset(offset)


def by_ids(ids: Sequence[int]) -> Select[Any]:
    """Changes by number."""
    return _changes().where(CHANGE.c.id.in_(ids)).order_by(CHANGE.c.id)


def unattributed(conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Changes nobody has looked up the maker of."""
    looked_up = exists().where(ATTRIBUTION.c.change == CHANGE.c.id)
    return _changes().where(*conditions, ~looked_up).order_by(CHANGE.c.detected_at, CHANGE.c.id)


def counts(conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """How many changes there are of each kind, class and direction."""
    return (
        select(CHANGE.c.kind, CHANGE.c.klass, CHANGE.c.direction, func.count())
        .join(RESOURCE, RESOURCE.c.id == CHANGE.c.resource)
        .where(*conditions)
        .group_by(CHANGE.c.kind, CHANGE.c.klass, CHANGE.c.direction)
    )


def later(change: int) -> Select[Any]:
    """Changes of the same resource's name, in any life, after one."""
    this = RESOURCE.alias("this")
    first = CHANGE.alias("first")
    return (
        _changes()
        .join(first, first.c.id == change)
        .join(this, this.c.id == first.c.resource)
        .where(RESOURCE.c.type == this.c.type, RESOURCE.c.uid == this.c.uid, CHANGE.c.id > change)
        .order_by(CHANGE.c.id)
    )


ROWS = select(CHANGE).where(CHANGE.c.run == bindparam("run"))
JUDGE = (
    update(CHANGE)
    .where(CHANGE.c.id == bindparam("row"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in ("klass", "direction", "severity", "summary", "checks", "ops", "kind", "seal")
        }
    )
)

# --- of runs that were given up ---

Query = Select[Any]
GIVEN_UP = select(RUN.c.number).where(RUN.c.status == "failed")
ADOPT = (
    update(CHANGE).where(CHANGE.c.id == bindparam("row")).values(run=bindparam("new_run"), seal=bindparam("new_seal"))
)


def orphans_of(reader: str, runs: Sequence[int]) -> Query:
    """The changes that these runs found in what one account's scans keep, whole rows; by the index over runs."""
    return _orphans(runs).where(RESOURCE.c.reader == reader)


def orphans_of_left(runs: Sequence[int]) -> Query:
    """The same, of accounts that are no longer in the organization."""
    return _orphans(runs).where(~exists().where(ACCOUNT.c.account == RESOURCE.c.reader, ACCOUNT.c.valid_to == OPEN))


def _orphans(runs: Sequence[int]) -> Query:
    joined = CHANGE.join(RESOURCE, RESOURCE.c.id == CHANGE.c.resource)
    return select(*CHANGE.c).select_from(joined).where(CHANGE.c.run.in_(runs)).order_by(CHANGE.c.id)


# --- who made them ---

_VALUES = ("confidence", "reason", "looked_up_at", "tries", "settings")
NEW_EVENTS = insert(EVENT)


def remember_attributions(dialect: str) -> Any:
    """Insert or replace attributions."""
    statement = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(ATTRIBUTION)
    return statement.on_conflict_do_update(
        index_elements=[ATTRIBUTION.c.change], set_={name: getattr(statement.excluded, name) for name in _VALUES}
    )


def attributions(ids: Sequence[int]) -> Select[Any]:
    """What is known of the makers of changes."""
    return select(ATTRIBUTION).where(ATTRIBUTION.c.change.in_(ids))


def events(ids: Sequence[int]) -> Select[Any]:
    """The events behind changes, the one that made it first."""
    return select(EVENT).where(EVENT.c.change.in_(ids)).order_by(EVENT.c.change, EVENT.c.position)


def acknowledgements(ids: Sequence[int] | None) -> Select[Any]:
    """Acknowledgements, of some changes or of all."""
    query = select(ACKNOWLEDGEMENT).order_by(ACKNOWLEDGEMENT.c.number)
    return query if ids is None else query.where(ACKNOWLEDGEMENT.c.change.in_(ids))


def notes(ids: Sequence[int]) -> Select[Any]:
    """Remarks on changes."""
    return select(NOTE).where(NOTE.c.change.in_(ids)).order_by(NOTE.c.number)


def forget_events(ids: Sequence[int]) -> Delete:
    """Remove the events of an earlier look."""
    return delete(EVENT).where(EVENT.c.change.in_(ids))
