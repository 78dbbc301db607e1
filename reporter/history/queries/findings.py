"""Queries about findings and tallies."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from reporter.history.nouns import Within
from reporter.history.queries.changes import rank
from reporter.history.queries.states import in_scope, scans_with_accounts, valid
from reporter.history.tables import DOCUMENT, FINDING, RESOURCE, RUN, SCAN


def _of_run(run: int, within: Within) -> list[ColumnElement[bool]]:
    wanted = [SCAN.c.run == run, SCAN.c.findings_at.is_not(None), valid(FINDING, SCAN.c.findings_at), *in_scope(within)]
    if within.checks is not None:
        wanted.append(FINDING.c.check.in_(sorted(within.checks)))
    return wanted


_SHOWN = (
    *FINDING.columns,
    RESOURCE.c.account.label("owner"),
    RESOURCE.c.region,
    RESOURCE.c.type,
    RESOURCE.c.key,
    RESOURCE.c.arn,
    DOCUMENT.c.codec,
    DOCUMENT.c.data,
)


def open_in(
    run: int,
    within: Within,
    *,
    status: str,
    severities: Collection[str],
    type: str,
    region: str,
    limit: int | None,
    offset: int,
) -> Select[Any]:
    """The numbers of findings open at a run: not waived first, the gravest first, new before old, then by account and ARN.

    Numbers only: putting a million in order must not carry their evidence along.
    """
    query = (
        select(FINDING.c.id)
        .select_from(scans_with_accounts().join(FINDING, FINDING.c.account == SCAN.c.account))
        .join(RESOURCE, RESOURCE.c.id == FINDING.c.resource)
        .where(*_of_run(run, within))
    )
    for column, value in ((FINDING.c.status, status), (RESOURCE.c.type, type), (RESOURCE.c.region, region)):
        query = query.where(column == value) if value else query
    if severities:
        query = query.where(FINDING.c.severity.in_(sorted(severities)))
    waived = case((FINDING.c.waiver.is_(None), 0), else_=1)
    newest = func.coalesce(FINDING.c.failing_since, FINDING.c.since).desc()
    place = (FINDING.c.account, RESOURCE.c.arn, RESOURCE.c.key, FINDING.c.check)
    return query.order_by(waived, rank(FINDING.c.severity), newest, *place).limit(limit).offset(offset)


def shown(run: int, ids: Sequence[int]) -> Select[Any]:
    """Findings by number, with what a run knew of their accounts."""
    return (
        select(*_SHOWN, SCAN.c.observed_at)
        .join(SCAN, and_(SCAN.c.account == FINDING.c.account, SCAN.c.run == run))
        .join(RESOURCE, RESOURCE.c.id == FINDING.c.resource)
        .outerjoin(DOCUMENT, DOCUMENT.c.hash == FINDING.c.detail)
        .where(FINDING.c.id.in_(ids))
    )


def earlier(ids: Sequence[int]) -> Select[Any]:
    """What some findings were before in the present spell of their status: each with the finding's number, the latest first."""
    then = FINDING.alias("then")
    same = and_(then.c.resource == FINDING.c.resource, then.c.check == FINDING.c.check)
    return (
        select(FINDING.c.id.label("now"), then.c.valid_from, then.c.valid_to, then.c.detail)
        .add_columns(DOCUMENT.c.codec, DOCUMENT.c.data)
        .select_from(FINDING.join(then, same).outerjoin(DOCUMENT, DOCUMENT.c.hash == then.c.detail))
        .where(FINDING.c.id.in_(ids), then.c.valid_from >= FINDING.c.since, then.c.valid_to <= FINDING.c.valid_from)
        .order_by(FINDING.c.id, then.c.valid_from.desc())
    )


def scans_before(run: int) -> Select[Any]:
    """When each account's findings stood in a run: (account, instant)."""
    return select(SCAN.c.account, SCAN.c.findings_at).where(SCAN.c.run == run, SCAN.c.findings_at.is_not(None))


def tallies(run: int, within: Within) -> Select[Any]:
    """The tally document of each account of a run."""
    return (
        select(SCAN.c.account, SCAN.c.tally)
        .select_from(scans_with_accounts())
        .where(SCAN.c.run == run, SCAN.c.tally.is_not(None), *in_scope(within))
        .order_by(SCAN.c.account)
    )


def tally_counts(run: int, within: Within) -> Select[Any]:
    """How many accounts of a run have the same tally document."""
    return (
        select(SCAN.c.tally, func.count())
        .select_from(scans_with_accounts())
        .where(SCAN.c.run == run, SCAN.c.tally.is_not(None), *in_scope(within))
        .group_by(SCAN.c.tally)
    )


def failing(run: int, other: int, within: Within) -> Select[Any]:
    """Failures open at a run that were not open as they are at another: opened, or changed, in between."""
    then = SCAN.alias("then")
    return (
        select(
            FINDING.c.id,
            FINDING.c.account,
            FINDING.c.resource,
            FINDING.c.check,
            FINDING.c.severity,
            FINDING.c.since,
            FINDING.c.failing_since,
            FINDING.c.reopened,
            then.c.findings_at.label("then_at"),
        )
        .select_from(
            scans_with_accounts()
            .join(FINDING, FINDING.c.account == SCAN.c.account)
            .outerjoin(then, and_(then.c.run == other, then.c.account == SCAN.c.account))
        )
        .where(*_of_run(run, within), FINDING.c.status == "fail")
        .where(
            case(
                (then.c.findings_at.is_(None), True),
                else_=~and_(FINDING.c.valid_from <= then.c.findings_at, FINDING.c.valid_to > then.c.findings_at),
            )
        )
    )


def count_failing(run: int, within: Within) -> Select[Any]:
    """How many failures are open at a run."""
    return (
        select(func.count())
        .select_from(scans_with_accounts().join(FINDING, FINDING.c.account == SCAN.c.account))
        .where(*_of_run(run, within), FINDING.c.status == "fail")
    )


def statuses_at(run: int, keys: Sequence[int]) -> Select[Any]:
    """What stands at a run about some resources: (resource, check, status)."""
    return (
        select(FINDING.c.resource, FINDING.c.check, FINDING.c.status)
        .join(SCAN, and_(SCAN.c.account == FINDING.c.account, SCAN.c.run == run))
        .where(FINDING.c.resource.in_(keys), valid(FINDING, SCAN.c.findings_at))
    )


def endings(keys: Sequence[int]) -> Select[Any]:
    """How closed findings about some resources ended: (account, resource, check, valid_to, end_reason)."""
    place = (FINDING.c.account, FINDING.c.resource, FINDING.c.check)
    return select(*place, FINDING.c.valid_to, FINDING.c.end_reason).where(
        FINDING.c.resource.in_(keys), FINDING.c.end_reason.is_not(None)
    )


def history(type: str, resource: str, check: str) -> Select[Any]:
    """Every row a check has about a resource, oldest first."""
    query = (
        select(*_SHOWN)
        .join(RESOURCE, RESOURCE.c.id == FINDING.c.resource)
        .outerjoin(DOCUMENT, DOCUMENT.c.hash == FINDING.c.detail)
        .where(RESOURCE.c.type == type, (RESOURCE.c.key == resource) | (RESOURCE.c.uid == resource))
        .order_by(FINDING.c.check, FINDING.c.valid_from)
    )
    return query.where(FINDING.c.check == check) if check else query


def trend(seq: int, limit: int, within: Within) -> Select[Any]:
    """The sums of the last sealed runs of the whole organization up to one, and of that one; `read` means fully."""
    read = case((SCAN.c.status == "read", 1), else_=0)
    sums = [
        func.sum(SCAN.c[name]).label(name) for name in ("passed", "failed", "waived", "insufficient", "not_applicable")
    ]
    whole = or_(RUN.c.selection.is_(None), RUN.c.seq == seq)
    last = select(RUN.c.number).where(RUN.c.seq <= seq, whole).order_by(RUN.c.seq.desc()).limit(limit)
    return (
        select(RUN.c.id, RUN.c.as_of, RUN.c.number, *sums, func.sum(read).label("read"), func.count().label("total"))
        .select_from(scans_with_accounts().join(RUN, RUN.c.number == SCAN.c.run))
        .where(RUN.c.number.in_(last), *in_scope(within))
        .group_by(RUN.c.id, RUN.c.as_of, RUN.c.number, RUN.c.seq)
        .order_by(RUN.c.seq)
    )
