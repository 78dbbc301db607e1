"""Queries for what stood at a run, or at an instant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.sql.selectable import FromClause

from reporter.history.columns import Instant
from reporter.history.nouns import Within
from reporter.history.queries.recording import PASSED_OVER
from reporter.history.tables import ACCOUNT, CHANGE, DOCUMENT, RESOURCE, RUN, SCAN, VERSION
from reporter.model import ChangeKind

AT_A_TIME = 500  # rows in memory of an answer that grows with the organization

LIFE = (
    RESOURCE.c.id.label("resource"),
    RESOURCE.c.reader,
    RESOURCE.c.account,
    RESOURCE.c.type,
    RESOURCE.c.region,
    RESOURCE.c.key,
    RESOURCE.c.uid,
    RESOURCE.c.arn,
    RESOURCE.c.incarnation,
    RESOURCE.c.created_at,
    RESOURCE.c.first_seen_at,
    VERSION.c.valid_from,
    VERSION.c.valid_to,
    VERSION.c.hash,
    VERSION.c.canon,
    VERSION.c.unread,
    VERSION.c.end_reason,
)
CONTENT = (DOCUMENT.c.codec, DOCUMENT.c.data)
SEEN_BY = (
    SCAN.c.at,
    SCAN.c.status,
    SCAN.c.reason,
    SCAN.c.observed_at,
    SCAN.c.coverage,
    SCAN.c.volatile,
    SCAN.c.gaps,
    SCAN.c.caller_arn,
)


def valid(table: Any, at: Any) -> ColumnElement[bool]:
    """Whether an interval row is true at an instant."""
    return and_(table.c.valid_from <= at, table.c.valid_to > at)


def in_scope(within: Within, account: Any = ACCOUNT) -> list[ColumnElement[bool]]:
    """The accounts a question is about, over a query that joins the account's row."""
    conditions: list[ColumnElement[bool]] = []
    if within.accounts is not None:
        conditions.append(account.c.account.in_(sorted(within.accounts)))
    if within.ou:
        below = account.c.ou_path.startswith(within.ou.rstrip("/") + "/", autoescape=True)
        conditions.append(or_(account.c.ou_path == within.ou.rstrip("/"), below))
    return conditions


def scans_with_accounts() -> FromClause:
    """Scans, each with what Organizations said of the account then."""
    return SCAN.join(ACCOUNT, and_(ACCOUNT.c.account == SCAN.c.account, valid(ACCOUNT, SCAN.c.at)))


def scans(run: int, within: Within) -> Select[Any]:
    """A run's scans with their accounts, by account."""
    columns = [column for column in ACCOUNT.columns if column.name not in {"id", "account", "seal"}]
    return (
        select(*SCAN.columns, *(column.label(f"account_{column.name}") for column in columns))
        .select_from(scans_with_accounts())
        .where(SCAN.c.run == run, *in_scope(within))
        .order_by(SCAN.c.account)
    )


_AT = bindparam("at", type_=Instant())

# an account's last scan up to an instant, and what Organizations said of it then
SCAN_AT = (
    select(SCAN)
    .where(SCAN.c.account == bindparam("account"), SCAN.c.at <= _AT, ~PASSED_OVER)
    .order_by(SCAN.c.at.desc(), SCAN.c.id.desc())
    .limit(1)
)
ACCOUNT_AT = select(ACCOUNT).where(ACCOUNT.c.account == bindparam("account"), valid(ACCOUNT, _AT))


def _versions(*columns: Any) -> Select[Any]:
    return select(*LIFE, *columns).join(VERSION, VERSION.c.resource == RESOURCE.c.id)


# an account's own resources at an instant, with their documents
STANDING = (
    _versions(*CONTENT)
    .outerjoin(DOCUMENT, DOCUMENT.c.hash == VERSION.c.hash)
    .where(VERSION.c.reader == bindparam("account"), RESOURCE.c.account == bindparam("account"), valid(VERSION, _AT))
    .order_by(RESOURCE.c.type, RESOURCE.c.region, RESOURCE.c.key)
)


def standing_lines(reader: str, at: datetime) -> Select[Any]:
    """The same without documents."""
    return _versions().where(VERSION.c.reader == reader, RESOURCE.c.account == reader, valid(VERSION, at))


def _in_run(run: int) -> Select[Any]:
    seen = and_(SCAN.c.account == VERSION.c.reader, SCAN.c.run == run)
    return (
        _versions(*CONTENT, *SEEN_BY)
        .join(SCAN, seen)
        .outerjoin(DOCUMENT, DOCUMENT.c.hash == VERSION.c.hash)
        .where(valid(VERSION, SCAN.c.at))
    )


def named(run: int, type: str, name: str) -> Select[Any]:
    """What goes by an id or ARN in a run, in anybody's hands, the latest life first."""
    return (
        _in_run(run)
        .where(RESOURCE.c.type == type, or_(RESOURCE.c.key == name, RESOURCE.c.uid == name))
        .order_by(
            case((RESOURCE.c.reader == RESOURCE.c.account, 0), else_=1), RESOURCE.c.incarnation.desc(), RESOURCE.c.id
        )
    )


def owned(run: int, type: str, account: str, region: str) -> Select[Any]:
    """The resources of a type that an account owns in a region, whoever reads them."""
    return (
        _in_run(run)
        .where(RESOURCE.c.type == type, RESOURCE.c.account == account, RESOURCE.c.region == region)
        .order_by(RESOURCE.c.key, case((RESOURCE.c.reader == RESOURCE.c.account, 0), else_=1), RESOURCE.c.id)
    )


def shown_by_others(account: str, types: Sequence[str]) -> Select[Any]:
    """What an account owns of some types and other accounts have shown, in whatever run."""
    return (
        select(RESOURCE.c.type, RESOURCE.c.key)
        .distinct()
        .where(RESOURCE.c.account == account, RESOURCE.c.reader != account, RESOURCE.c.type.in_(types))
        .order_by(RESOURCE.c.type, RESOURCE.c.key)
    )


def shared(run: int, types: Sequence[str], within: Within) -> Select[Any]:
    """The resources of some types of all accounts, in their owners' hands."""
    query = _in_run(run).where(RESOURCE.c.type.in_(sorted(types)), RESOURCE.c.reader == RESOURCE.c.account)
    if within.accounts is not None or within.ou:
        query = query.join(ACCOUNT, and_(ACCOUNT.c.account == SCAN.c.account, valid(ACCOUNT, SCAN.c.at))).where(
            *in_scope(within)
        )
    ordered = query.order_by(RESOURCE.c.type, RESOURCE.c.account, RESOURCE.c.region, RESOURCE.c.key)
    return ordered.execution_options(yield_per=AT_A_TIME)


def inventory(run: int, within: Within) -> Select[Any]:
    """Every resource that stood at a run, without documents."""
    seen = and_(SCAN.c.account == VERSION.c.reader, SCAN.c.run == run)
    query = (
        _versions(*SEEN_BY).join(SCAN, seen).where(valid(VERSION, SCAN.c.at), RESOURCE.c.reader == RESOURCE.c.account)
    )
    if within.accounts is not None or within.ou:
        query = query.join(ACCOUNT, and_(ACCOUNT.c.account == SCAN.c.account, valid(ACCOUNT, SCAN.c.at))).where(
            *in_scope(within)
        )
    ordered = query.order_by(RESOURCE.c.account, RESOURCE.c.type, RESOURCE.c.key, RESOURCE.c.region)
    return ordered.execution_options(yield_per=AT_A_TIME)


def came_into_view(run: int | None, within: Within) -> Select[Any]:
    """What an account known before showed for the first time, in a run or in any, though no change tells that it came."""
    first = and_(SCAN.c.account == RESOURCE.c.account, SCAN.c.at == RESOURCE.c.first_seen_at, ~PASSED_OVER)
    before = SCAN.alias("before")
    told = and_(CHANGE.c.resource == RESOURCE.c.id, CHANGE.c.detected_at == SCAN.c.at)
    joined = and_(
        CHANGE.c.account == SCAN.c.account, CHANGE.c.detected_at == SCAN.c.at, CHANGE.c.kind == ChangeKind.JOINED.value
    )
    query = (
        _versions(*SEEN_BY)
        .join(SCAN, first)
        .join(RUN, RUN.c.number == SCAN.c.run)
        .join(ACCOUNT, and_(ACCOUNT.c.account == SCAN.c.account, valid(ACCOUNT, SCAN.c.at)))
        .where(VERSION.c.valid_from == SCAN.c.at, RESOURCE.c.reader == RESOURCE.c.account, RUN.c.seq.is_not(None))
        .where(exists().where(before.c.account == SCAN.c.account, before.c.at < SCAN.c.at))
        .where(~exists().where(told), ~exists().where(joined), *in_scope(within))
    )
    if run is not None:
        query = query.where(SCAN.c.run == run)
    return query.order_by(RESOURCE.c.account, RESOURCE.c.type, RESOURCE.c.key, RESOURCE.c.region)


def unread(run: int, within: Within) -> Select[Any]:
    """Resources of which something could not be read in a run."""
    return inventory(run, within).where(VERSION.c.unread.is_not(None), ~PASSED_OVER)


def unread_counts(run: int) -> Select[Any]:
    """How many of them each account has, by what is unread."""
    seen = and_(SCAN.c.account == VERSION.c.reader, SCAN.c.run == run)
    return (
        select(VERSION.c.reader, VERSION.c.unread, func.count().label("times"))
        .join(SCAN, seen)
        .where(valid(VERSION, SCAN.c.at), VERSION.c.unread.is_not(None), ~PASSED_OVER)
        .group_by(VERSION.c.reader, VERSION.c.unread)
    )


def resource_counts(run: int) -> Select[Any]:
    """How many resources of its own stood in each account: as many as the inventory has lines."""
    seen = and_(SCAN.c.account == VERSION.c.reader, SCAN.c.run == run)
    return (
        select(VERSION.c.reader, func.count().label("times"))
        .join(RESOURCE, RESOURCE.c.id == VERSION.c.resource)
        .join(SCAN, seen)
        .where(valid(VERSION, SCAN.c.at), RESOURCE.c.reader == RESOURCE.c.account)
        .group_by(VERSION.c.reader)
    )


def versions(type: str, name: str) -> Select[Any]:
    """Everything that ever went by an id or ARN in its owner's hands, oldest first."""
    return (
        _versions(*CONTENT)
        .outerjoin(DOCUMENT, DOCUMENT.c.hash == VERSION.c.hash)
        .where(RESOURCE.c.type == type, or_(RESOURCE.c.key == name, RESOURCE.c.uid == name))
        .where(RESOURCE.c.reader == RESOURCE.c.account)
        .order_by(VERSION.c.valid_from, RESOURCE.c.incarnation)
    )


def statuses(run: int) -> Select[Any]:
    """How many accounts fared how."""
    return select(SCAN.c.status, func.count()).where(SCAN.c.run == run).group_by(SCAN.c.status)
