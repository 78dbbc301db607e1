"""Queries that remove what is old enough and not held. Whatever they find, they also count for a rehearsal."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Delete,
    Select,
    Table,
    Update,
    and_,
    delete,
    except_,
    exists,
    func,
    or_,
    select,
    update,
)

from reporter.history.acts_tables import (
    ACKNOWLEDGEMENT,
    ATTESTATION,
    ATTRIBUTION,
    BASELINE,
    EVENT,
    HOLD,
    NOTE,
    REVERTED,
    SIGNATURE,
)
from reporter.history.queries.recording import OPEN
from reporter.history.tables import ACCOUNT, CHANGE, DOCUMENT, FINDING, RESOURCE, RUN, SCAN, VERSION

# every column that names a document
REFERENCES = (
    (VERSION, VERSION.c.hash),
    (CHANGE, CHANGE.c.ops),
    (FINDING, FINDING.c.detail),
    (SCAN, SCAN.c.coverage),
    (SCAN, SCAN.c.calls),
    (SCAN, SCAN.c.volatile),
    (SCAN, SCAN.c.tally),
    (ATTESTATION, ATTESTATION.c.evidence),
    (BASELINE, BASELINE.c.content),
    (REVERTED, REVERTED.c.content),
    (SIGNATURE, SIGNATURE.c.document),
)
BY_CHANGE = (ATTRIBUTION, EVENT, ACKNOWLEDGEMENT, NOTE)

LAST_SEQ = select(func.max(RUN.c.seq))


def old_runs(cutoff: datetime) -> Select[Any]:
    """Runs that ended before the cut-off and are not the last of the chain."""
    last = select(func.max(RUN.c.seq)).scalar_subquery()
    return select(RUN.c.number).where(RUN.c.finished_at < cutoff, or_(RUN.c.seq.is_(None), RUN.c.seq < last))


def whole_old_runs(cutoff: datetime) -> Select[Any]:
    """Those of them that no purge has emptied yet: id and number in the chain."""
    return select(RUN.c.id, RUN.c.seq).where(RUN.c.number.in_(old_runs(cutoff)), RUN.c.purged_at.is_(None))


def first_kept(cutoff: datetime) -> Select[Any]:
    """The first instant that a run which stays speaks of."""
    return select(func.min(SCAN.c.at)).where(SCAN.c.run.not_in(old_runs(cutoff)))


def _held(resource: Any) -> ColumnElement[bool]:
    """Whether a hold is on a resource row."""
    return exists().where(
        HOLD.c.released_at.is_(None),
        or_(HOLD.c.account == "", HOLD.c.account == RESOURCE.c.account),
        or_(HOLD.c.type == "", HOLD.c.type == RESOURCE.c.type),
        or_(HOLD.c.resource == "", HOLD.c.resource == RESOURCE.c.key, HOLD.c.resource == RESOURCE.c.uid),
        RESOURCE.c.id == resource,
    )


def _account_held(account: Any) -> ColumnElement[bool]:
    """Whether a hold is on an account, or on anything of it: the account's scans say how what is held was read."""
    return exists().where(
        HOLD.c.released_at.is_(None),
        RESOURCE.c.account == account,
        or_(HOLD.c.account == "", HOLD.c.account == RESOURCE.c.account),
        or_(HOLD.c.type == "", HOLD.c.type == RESOURCE.c.type),
        or_(HOLD.c.resource == "", HOLD.c.resource == RESOURCE.c.key, HOLD.c.resource == RESOURCE.c.uid),
    )


def old_rows(cutoff: datetime, edge: datetime) -> Iterator[tuple[Table, ColumnElement[bool], ColumnElement[bool]]]:
    """Each table with what is old enough in it, and what a hold keeps of that; in the order in which they can go.

    `edge` is the first instant that a run which stays speaks of: what stood then, stays.
    """
    runs = old_runs(cutoff)
    changes = and_(CHANGE.c.run.in_(runs), CHANGE.c.detected_at < edge)
    yield CHANGE, changes, _held(CHANGE.c.resource)
    yield FINDING, FINDING.c.valid_to <= edge, _held(FINDING.c.resource)
    yield VERSION, VERSION.c.valid_to <= edge, _held(VERSION.c.resource)
    yield SCAN, SCAN.c.run.in_(runs), _account_held(SCAN.c.account)
    yield ACCOUNT, and_(ACCOUNT.c.valid_to <= edge, ACCOUNT.c.valid_to != OPEN), _account_held(ACCOUNT.c.account)


def old_reverts(cutoff: datetime) -> Select[Any]:
    """Runs of which it is kept what came and went unseen, and that are old enough; while anything is held, all of it is."""
    holding = exists().where(HOLD.c.released_at.is_(None))
    return select(REVERTED.c.run).where(REVERTED.c.run.in_(old_runs(cutoff)), ~holding)


def empty_resources() -> ColumnElement[bool]:
    """Resources that nothing speaks of any more, and no hold."""
    return and_(
        ~_held(RESOURCE.c.id), *(~exists().where(one.c.resource == RESOURCE.c.id) for one in (VERSION, CHANGE, FINDING))
    )


def unused_documents() -> CompoundSelect[Any]:
    """The addresses of documents that no row names. A difference of sets: no column that names a document has an index."""
    return except_(select(DOCUMENT.c.hash), *(select(column).where(column.is_not(None)) for _, column in REFERENCES))


def count(table: Table, *conditions: ColumnElement[bool]) -> Select[Any]:
    """How many rows there are of that sort."""
    return select(func.count()).select_from(table).where(*conditions)


def remove(table: Table, *conditions: ColumnElement[bool]) -> Delete:
    """Remove them."""
    return delete(table).where(*conditions)


def about_changes(table: Table, *conditions: ColumnElement[bool]) -> Select[Any]:
    """The numbers of an attribution's, event's, acknowledgement's or note's rows about some changes."""
    key = next(iter(table.primary_key.columns))
    return select(key).where(table.c.change.in_(select(CHANGE.c.id).where(*conditions)))


def remove_rows(table: Table, keys: list[Any]) -> Delete:
    """Remove rows by number."""
    return delete(table).where(next(iter(table.primary_key.columns)).in_(keys))


def mark_purged(cutoff: datetime, now: datetime) -> Update:
    """Say of runs that only their header is left, and what a hold kept."""
    return update(RUN).where(RUN.c.number.in_(old_runs(cutoff)), RUN.c.purged_at.is_(None)).values(purged_at=now)
