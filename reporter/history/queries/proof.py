"""Queries that verifying reads by: whole tables in order, and rows that name what is not there."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Table, bindparam, exists, func, select, type_coerce
from sqlalchemy.types import NULLTYPE

from reporter.history.acts_tables import JOURNAL, PURGE, SIGNATURE
from reporter.history.queries.purging import REFERENCES
from reporter.history.tables import ACCOUNT, CHANGE, DOCUMENT, FINDING, RESOURCE, RUN, SCAN, VERSION

MANY = 2_000  # rows held at a time


def all_rows(table: Table) -> Select[Any]:
    """A table by number, each value as it lies there: what was altered may not be readable as what it should be."""
    raw: list[Any] = [type_coerce(column, NULLTYPE).label(column.name) for column in table.columns]
    return select(*raw).order_by(*table.primary_key.columns).execution_options(yield_per=MANY)


def missing_documents() -> Sequence[tuple[Table, Select[Any]]]:
    """Rows that name a document which is not there."""
    found = []
    for table, column in REFERENCES:
        key = next(iter(table.primary_key.columns))
        found.append((table, select(key).where(column.is_not(None), ~exists().where(DOCUMENT.c.hash == column))))
    return found


MISSING_RESOURCES = tuple(
    (table, select(table.c.id, table.c.resource).where(~exists().where(RESOURCE.c.id == table.c.resource)))
    for table in (VERSION, CHANGE, FINDING)
)
MISSING_RUNS = tuple(
    (
        table,
        select(table.c.run, func.min(table.c.id).label("id"))
        .where(~exists().where(RUN.c.number == table.c.run))
        .group_by(table.c.run),
    )
    for table in (SCAN, CHANGE)
)
READERS = select(SCAN.c.account).union(select(VERSION.c.reader), select(FINDING.c.account)).order_by("account")
SEALED_RUNS = select(RUN).where(RUN.c.seq.is_not(None)).order_by(RUN.c.seq)
SEALED_ENTRIES = select(JOURNAL.c.number, JOURNAL.c.chain).where(JOURNAL.c.number.in_(select(RUN.c.journal)))
CHAIN_OF = select(RUN.c.chain).where(RUN.c.seq == bindparam("seq"))
ENTRY_CHAIN = select(JOURNAL.c.chain).where(JOURNAL.c.number == bindparam("number"))
LAST_PURGE = select(func.max(PURGE.c.cutoff))
SIGNED = (
    select(SIGNATURE.c.number, SIGNATURE.c.document, RUN.c.seq, RUN.c.chain)
    .join(RUN, RUN.c.number == SIGNATURE.c.run)
    .order_by(SIGNATURE.c.number)
)
PURGES = select(PURGE.c.at, PURGE.c.cutoff)


def scans_of(account: str) -> Select[Any]:
    """An account's scans in the order of its time line, with their runs."""
    return (
        select(*SCAN.columns, RUN.c.seq, RUN.c.purged_at, RUN.c.status.label("run_status"))
        .join(RUN, RUN.c.number == SCAN.c.run)
        .where(SCAN.c.account == account)
        .order_by(SCAN.c.at, SCAN.c.id)
    )


def versions_of(reader: str) -> Select[Any]:
    """Every version an account's scans keep, by resource and time."""
    return (
        select(
            VERSION.c.id,
            VERSION.c.resource,
            VERSION.c.valid_from,
            VERSION.c.valid_to,
            VERSION.c.hash,
            VERSION.c.end_reason,
            RESOURCE.c.type,
            RESOURCE.c.uid,
            RESOURCE.c.key,
            RESOURCE.c.incarnation,
            RESOURCE.c.first_seen_at,
        )
        .join(RESOURCE, RESOURCE.c.id == VERSION.c.resource)
        .where(VERSION.c.reader == reader)
        .order_by(VERSION.c.resource, VERSION.c.valid_from)
    )


def findings_of(account: str) -> Select[Any]:
    """Every finding row about an account, by answer and time."""
    return (
        select(FINDING)
        .where(FINDING.c.account == account)
        .order_by(FINDING.c.resource, FINDING.c.check, FINDING.c.valid_from)
    )


def accounts_of(account: str) -> Select[Any]:
    """Every row about an account, by time."""
    return select(ACCOUNT).where(ACCOUNT.c.account == account).order_by(ACCOUNT.c.valid_from)


def bare_resources() -> Select[Any]:
    """Resources that lived and of which no version is there."""
    return select(RESOURCE.c.id, RESOURCE.c.type, RESOURCE.c.key, RESOURCE.c.first_seen_at).where(
        RESOURCE.c.incarnation > 0, ~exists().where(VERSION.c.resource == RESOURCE.c.id)
    )


def changes_of(run: int) -> Select[Any]:
    """The changes of a run: (number, kind)."""
    return select(CHANGE.c.id, CHANGE.c.kind).where(CHANGE.c.run == run)


def said_changes(run: int) -> Select[Any]:
    """Which changes a run's scans say they found: (account, numbers)."""
    return select(SCAN.c.id, SCAN.c.account, SCAN.c.changes).where(SCAN.c.run == run, SCAN.c.changes.is_not(None))


def said_by_given_up() -> Select[Any]:
    """Which changes the scans of runs that were given up say they found; later runs tell them."""
    given_up = select(RUN.c.number).where(RUN.c.status == "failed")
    return select(SCAN.c.changes).where(SCAN.c.run.in_(given_up), SCAN.c.changes.is_not(None))


def expected_accounts(run: int) -> Select[Any]:
    """Accounts that the sealed run before one had and that did not leave before it, but that it does not have."""
    this = select(RUN.c.seq).where(RUN.c.number == run).scalar_subquery()
    before = select(RUN.c.number).where(RUN.c.seq == this - 1).scalar_subquery()
    ended = select(RUN.c.finished_at).where(RUN.c.number == run).scalar_subquery()
    stayed = exists().where(ACCOUNT.c.account == SCAN.c.account, ACCOUNT.c.valid_to > ended)
    scanned = select(SCAN.c.account).where(SCAN.c.run == run)
    return select(SCAN.c.account).where(SCAN.c.run == before, SCAN.c.account.not_in(scanned), stayed)


def journal_heads() -> Select[Any]:
    """The last entry of each row that the journal speaks of."""
    last = select(func.max(JOURNAL.c.number)).group_by(JOURNAL.c.subject, JOURNAL.c.key)
    return select(JOURNAL.c.subject, JOURNAL.c.key, JOURNAL.c.content).where(JOURNAL.c.number.in_(last))
