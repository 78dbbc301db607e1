"""Queries for writing a run: what stands, what came before it, and the rows that open and close."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Executable,
    Select,
    and_,
    bindparam,
    column,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from reporter.history.columns import FOREVER
from reporter.history.tables import ACCOUNT, CHANGE, DOCUMENT, FINDING, META, RESOURCE, RUN, SCAN, VERSION

OPEN = literal(FOREVER, BigInteger())
AT_ONCE = 500  # values in one IN list: PostgreSQL and SQLite take more, plans stay the same


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The values in lists short enough for one query."""
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


# --- the database itself ---

GET_META = select(META.c.value).where(META.c.key == bindparam("key"))
SET_META = insert(META)
REVISION: Select[Any] = select(column("version_num")).select_from(text("alembic_version"))

# --- documents ---


def documents(hashes: Sequence[bytes]) -> Select[Any]:
    """Documents by address."""
    return select(DOCUMENT.c.hash, DOCUMENT.c.codec, DOCUMENT.c.data).where(DOCUMENT.c.hash.in_(hashes))


_NEW_DOCUMENTS: dict[str, Executable] = {
    "sqlite": sqlite.insert(DOCUMENT).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(DOCUMENT).on_conflict_do_nothing(),
}


def new_documents(dialect: str) -> Executable:
    """Insert documents that are not there yet."""
    return _NEW_DOCUMENTS[dialect]


# --- runs ---

RUN_BY_ID = select(RUN).where(RUN.c.id == bindparam("id"))
UNFINISHED = (
    select(RUN)
    .where(RUN.c.status == "running", RUN.c.kind == bindparam("kind"), RUN.c.organization == bindparam("organization"))
    .order_by(RUN.c.number.desc())
)
LAST_NUMBER = select(func.max(RUN.c.number))
LAST_SEQ = select(func.max(RUN.c.seq))
LAST_SEALED = select(RUN).where(RUN.c.seq.is_not(None)).order_by(RUN.c.seq.desc()).limit(1)
NEW_RUN = insert(RUN)
CHANGE_RUN = update(RUN).where(RUN.c.number == bindparam("row"))
SCANS_TO_SEAL = (
    select(SCAN.c.account, SCAN.c.status, SCAN.c.seal).where(SCAN.c.run == bindparam("run")).order_by(SCAN.c.account)
)
CHANGES_TO_SEAL = select(CHANGE.c.seal).where(CHANGE.c.run == bindparam("run"))
RECORDED = select(SCAN.c.account).where(SCAN.c.run == bindparam("run"))
JUDGED = RECORDED.where(SCAN.c.findings_at.is_not(None))

# --- an account ---

# a narrowed run did not look at the account: what it says of it is what was known, and no later run builds on it
PASSED_OVER = and_(SCAN.c.status == "excluded", SCAN.c.taken_from.is_not(None))
SCAN_OF = select(SCAN).where(SCAN.c.run == bindparam("run"), SCAN.c.account == bindparam("account"))
HEAD_SCAN = (
    select(SCAN, RUN.c.seq.label("run_seq"), RUN.c.status.label("run_status"))
    .join(RUN, RUN.c.number == SCAN.c.run)
    .where(SCAN.c.account == bindparam("account"), ~PASSED_OVER)
    .order_by(SCAN.c.at.desc(), SCAN.c.id.desc())
    .limit(1)
)
LAST_JUDGED = (
    select(SCAN)
    .where(SCAN.c.account == bindparam("account"), SCAN.c.findings_at.is_not(None))
    .order_by(SCAN.c.findings_at.desc(), SCAN.c.id.desc())
    .limit(1)
)
LAST_ACCOUNT_ROW = (
    select(ACCOUNT).where(ACCOUNT.c.account == bindparam("account")).order_by(ACCOUNT.c.valid_to.desc()).limit(1)
)
OPEN_ACCOUNTS = select(ACCOUNT.c.account).where(ACCOUNT.c.valid_to == OPEN)
NEW_SCAN = insert(SCAN)
CHANGE_SCAN = update(SCAN).where(SCAN.c.id == bindparam("row"))
NEW_ACCOUNT_ROW = insert(ACCOUNT)
CLOSE_ACCOUNT_ROW = update(ACCOUNT).where(ACCOUNT.c.id == bindparam("row"))

# --- its resources ---

_LIFE = (
    RESOURCE.c.id.label("resource"),
    RESOURCE.c.account,
    RESOURCE.c.type,
    RESOURCE.c.region,
    RESOURCE.c.key,
    RESOURCE.c.uid,
    RESOURCE.c.arn,
    RESOURCE.c.incarnation,
    RESOURCE.c.created_at,
    RESOURCE.c.first_seen_at,
)
_VERSION = (
    VERSION.c.id.label("version"),
    VERSION.c.reader,
    VERSION.c.valid_from,
    VERSION.c.valid_to,
    VERSION.c.hash,
    VERSION.c.canon,
    VERSION.c.unread,
    VERSION.c.end_reason,
)
STANDING = (
    select(*_LIFE, *_VERSION)
    .join(RESOURCE, RESOURCE.c.id == VERSION.c.resource)
    .where(VERSION.c.reader == bindparam("reader"), VERSION.c.valid_to == OPEN)
)
VERSIONS_OF = (
    select(*_LIFE, *_VERSION)
    .join(RESOURCE, RESOURCE.c.id == VERSION.c.resource)
    .where(VERSION.c.resource == bindparam("resource"))
    .order_by(VERSION.c.valid_to)
)
# what each look at an account covered, the latest first
LOOKS = (
    select(SCAN.c.at, SCAN.c.coverage)
    .where(SCAN.c.account == bindparam("reader"), ~PASSED_OVER)
    .order_by(SCAN.c.at.desc(), SCAN.c.id.desc())
)


def lives(type: str, uids: Sequence[str]) -> Select[Any]:
    """Every life that these names ever had, with the last thing known of each, the latest life last."""
    last = (
        select(VERSION.c.resource, func.max(VERSION.c.valid_to).label("end"))
        .join(RESOURCE, RESOURCE.c.id == VERSION.c.resource)
        .where(RESOURCE.c.type == type, RESOURCE.c.uid.in_(uids))
        .group_by(VERSION.c.resource)
        .subquery()
    )
    return (
        select(*_LIFE, *_VERSION)
        .join(VERSION, VERSION.c.resource == RESOURCE.c.id)
        .join(last, (last.c.resource == VERSION.c.resource) & (last.c.end == VERSION.c.valid_to))
        .order_by(RESOURCE.c.uid, RESOURCE.c.id)
    )


def last_incarnation(type: str, uid: str) -> Select[Any]:
    """The highest number that a life of this name has, in whosever hands."""
    return select(func.max(RESOURCE.c.incarnation)).where(RESOURCE.c.type == type, RESOURCE.c.uid == uid)


def named(account: str, types: Sequence[str]) -> Select[Any]:
    """The resources of some types that an account owns and that stand, whoever reads them."""
    return (
        select(RESOURCE.c.type, RESOURCE.c.region, RESOURCE.c.key)
        .distinct()
        .join(VERSION, VERSION.c.resource == RESOURCE.c.id)
        .where(RESOURCE.c.account == account, RESOURCE.c.type.in_(types), VERSION.c.valid_to == OPEN)
        .order_by(RESOURCE.c.type, RESOURCE.c.region, RESOURCE.c.key)
    )


NEW_RESOURCES = insert(RESOURCE).returning(RESOURCE.c.id, sort_by_parameter_order=True)
RENEW_RESOURCE = update(RESOURCE).where(RESOURCE.c.id == bindparam("row"))
RESOURCE_ROW = select(RESOURCE).where(RESOURCE.c.id == bindparam("row"))
NEW_VERSIONS = insert(VERSION)
CLOSE_VERSION = (
    update(VERSION)
    .where(VERSION.c.id == bindparam("row"))
    .values(valid_to=bindparam("end"), end_reason=bindparam("why"), seal=bindparam("new_seal"))
)
NEW_CHANGES = insert(CHANGE).returning(CHANGE.c.id, sort_by_parameter_order=True)
RESOURCE_BY_UID = (
    select(RESOURCE)
    .where(
        RESOURCE.c.type == bindparam("type"),
        RESOURCE.c.uid == bindparam("uid"),
        RESOURCE.c.reader == bindparam("reader"),
    )
    .order_by(RESOURCE.c.incarnation.desc())
)

# --- findings ---

# rows for answers about what had no life in the account's own hands
PLACEHOLDERS = select(RESOURCE.c.type, RESOURCE.c.uid, RESOURCE.c.id).where(
    RESOURCE.c.account == bindparam("account"), RESOURCE.c.reader == bindparam("account"), RESOURCE.c.incarnation == 0
)
OPEN_FINDINGS = select(FINDING).where(FINDING.c.account == bindparam("account"), FINDING.c.valid_to == OPEN)
NEW_FINDINGS = insert(FINDING)
CLOSE_FINDING = (
    update(FINDING)
    .where(FINDING.c.id == bindparam("row"))
    .values(valid_to=bindparam("end"), end_reason=bindparam("why"), seal=bindparam("new_seal"))
)


def earlier_findings(resources: Sequence[int]) -> Select[Any]:
    """Closed findings about these resources: whether an answer that fails now has failed before."""
    return select(
        FINDING.c.resource,
        FINDING.c.check,
        FINDING.c.reopened,
        FINDING.c.end_reason,
        FINDING.c.failing_since,
        FINDING.c.valid_to,
    ).where(FINDING.c.resource.in_(resources), FINDING.c.valid_to != OPEN)
