"""Recording one account of a run: one short transaction, the same whether it is done once or twice.

What a snapshot holds opens and closes interval rows; only a complete listing ends a resource. What was unread keeps its last
known value. The differences become changes, once and for good.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from reporter.documents.canonical import CANON_VERSION, canonical_json
from reporter.history import blobs
from reporter.history.adopted import adopt
from reporter.history.engine import lock, reading, write
from reporter.history.listings import Listings, listings_of
from reporter.history.lives import (
    Difference,
    Seen,
    Standing,
    alone,
    difference,
    item_of,
    later,
    lives_of,
    spelled_now,
    unread_of,
)
from reporter.history.looks import Looks
from reporter.history.nouns import Describe
from reporter.history.past import Past, instant_for, open_run, past_of
from reporter.history.queries import recording
from reporter.history.scans import save_account, save_scan, take_over
from reporter.history.writing import Life, Writing, again, begin, born, close, flush, stay
from reporter.model import ACCOUNT, AccountSnapshot, Change, ChangeKind, ConfigurationItem, Run

NAMED = ("AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::CloudWatch::Alarm", "AWS::SNS::Topic")
ENDED = {"deleted", "recreated"}  # how a life ends for good; after anything else it goes on


@dataclass(frozen=True, slots=True)
class _Scan:
    """What every step needs to know of the scan at hand."""

    connection: Connection
    writing: Writing
    past: Past
    listings: Listings
    describe: Describe
    joined: bool
    documents: Mapping[bytes, Any]
    lives: Mapping[tuple[str, str], list[Standing]]
    looks: Looks


def record_account(engine: Engine, run: Run, snapshot: AccountSnapshot, describe: Describe) -> tuple[Change, ...]:
    """Write one account's snapshot; the changes against what was last known. A second call for the same run does nothing."""
    return write(engine, partial(_record, run=run, snapshot=snapshot, describe=describe), durable=False)


def named(engine: Engine, account: str) -> tuple[tuple[str, str, str], ...]:
    """Keys, log groups, alarms and topics of an account that stand: (type, region, id). They are read again though nobody names them."""
    with reading(engine) as connection:
        return tuple(tuple(row) for row in connection.execute(recording.named(account, NAMED)))


def _record(connection: Connection, run: Run, snapshot: AccountSnapshot, describe: Describe) -> tuple[Change, ...]:
    row = open_run(connection, run)
    account = snapshot.account.id
    lock(connection, f"account {account}")
    if connection.execute(recording.SCAN_OF, {"run": row["number"], "account": account}).first() is not None:
        return ()
    past = past_of(connection, account)
    at = instant_for(row, past, snapshot.observed_at or run.as_of)
    if at is None:
        take_over(connection, row["number"], past)
        return ()
    listings = listings_of(snapshot, past.listings, past.read_at)
    found = difference(connection, snapshot, listings)
    scan = _Scan(
        connection,
        Writing(row["number"], account, at),
        past,
        listings,
        describe,
        joined=not past.present and (past.account is not None or row["after_seq"] > 0),
        documents=_documents_before(connection, found),
        lives=lives_of(connection, found.new),
        looks=Looks(connection),
    )
    _gather(scan, found)
    if scan.joined:
        _joined(scan)
    changes = flush(connection, scan.writing)
    adopt(connection, row["number"], account)
    save_account(connection, snapshot.account, past, at)
    save_scan(connection, scan.writing, snapshot, past, listings, changes=changes)
    return changes


def _documents_before(connection: Connection, found: Difference) -> dict[bytes, Any]:
    rows = [seen.row.hash for seen in found.differing if seen.row is not None] + [row.hash for row in found.gone]
    return blobs.get(connection, rows)


def _gather(scan: _Scan, found: Difference) -> None:
    for row in found.same:
        stay(scan.writing, row)
    for seen in found.differing:
        _differs(scan, seen, seen.row)
    for seen in found.new:
        _appears(scan, seen)
    for row in found.gone:
        _ends(scan, row)
    for row in found.unnamed:
        close(scan.writing, row, "unnamed")


def _differs(scan: _Scan, seen: Seen, row: Standing) -> None:
    """An open row whose resource says something else now."""
    document = spelled_now(row, scan.documents[row.hash])
    if row.canon != CANON_VERSION and blobs.address(canonical_json(document)) == seen.hash:
        close(scan.writing, row, "superseded")  # only the canonical form is new
        begin(scan.writing, again(row), seen)
        return
    change = _described(scan, row, item_of(row, document, scan.looks.last(row)), seen)
    if change is not None and change.kind is ChangeKind.RECREATED:
        close(scan.writing, row, "recreated")
        last = scan.connection.scalar(recording.last_incarnation(row.type, row.uid)) or row.incarnation
        life = born(scan.writing, seen.item, seen.uid, last + 1)
        begin(scan.writing, life, alone(seen))  # what was last known is the earlier life's
        scan.writing.changes.append((replace(change, incarnation=last + 1), life))
        return
    _renew(scan, row, seen.item)
    if seen.hash == row.hash:
        stay(scan.writing, row)
    else:
        close(scan.writing, row, "changed")
        begin(scan.writing, again(row), seen)
    if change is not None and not _told_elsewhere(scan, seen.item):
        scan.writing.changes.append((change, row.resource))


def _appears(scan: _Scan, seen: Seen) -> None:
    """An item without an open row: new, first seen, back again, or another owner's."""
    writing, item = scan.writing, seen.item
    lives = scan.lives.get((item.type, seen.uid), [])
    mine = [life for life in lives if life.reader == writing.reader]
    owned = [life for life in lives if life.reader == life.account]
    if item.account != writing.reader:
        begin(writing, again(mine[-1]) if mine else born(writing, item, seen.uid, 1), seen)
        return
    if not owned:
        life = born(writing, item, seen.uid, 1)
        change = _first_sight(scan, seen, lives)
    elif owned[-1].reader == writing.reader and owned[-1].end_reason not in ENDED:
        life, seen, change = _goes_on(scan, owned, seen)
    else:
        life = born(writing, item, seen.uid, max(one.incarnation for one in owned) + 1)
        change = _another_life(scan, owned[-1], seen, life)
    begin(writing, life, seen)
    if change is not None:
        writing.changes.append((change, life))


def _goes_on(scan: _Scan, lives: list[Standing], seen: Seen) -> tuple[Life, Seen, Change | None]:
    """A life that was not proven to have ended goes on, unless the name was given anew meanwhile."""
    last = lives[-1]
    change = _compared(scan, last, seen)
    if change is None or change.kind is not ChangeKind.RECREATED:
        _renew(scan, last, seen.item)
        return again(last), seen, None if scan.joined else change
    life = born(scan.writing, seen.item, seen.uid, max(one.incarnation for one in lives) + 1)
    return life, alone(seen), None if scan.joined else replace(change, incarnation=life.row["incarnation"])


def _renew(scan: _Scan, row: Standing, item: ConfigurationItem) -> None:
    """Note that AWS now gives a later date of birth for what is the same life all the same."""
    if item.created_at is not None and (row.created_at is None or later(item.created_at, row.created_at)):
        scan.writing.renewed.append((row.resource, item.created_at))


def _first_sight(scan: _Scan, seen: Seen, elsewhere: list[Standing]) -> Change | None:
    """A name never seen in its owner's hands. It was created only if we would have seen it before."""
    if elsewhere:  # other accounts that name it showed it to us
        return None if elsewhere[-1].unread or scan.joined else _compared(scan, elsewhere[-1], seen)
    head, listings, item = scan.past.head, scan.past.listings, seen.item
    if head is None or scan.joined or item.type == ACCOUNT:
        return None
    known = listings.before(item.type, item.region)
    if listings.complete(item.type, item.region):
        known = head["at"]
    new_region = bool(listings.enabled) and item.region not in listings.enabled and item.type in listings.types()
    last_read = head["last_read_at"]
    young = item.created_at is not None and last_read is not None and item.created_at > last_read
    if known is None and not new_region and not young:
        return None
    return scan.describe(None, _after(seen), detected_at=scan.writing.at, not_before=known or last_read)


def _compared(scan: _Scan, row: Standing, seen: Seen) -> Change | None:
    """Against the last thing known of an earlier life: one that was proven to have ended was there until then."""
    document = spelled_now(row, blobs.get(scan.connection, [row.hash])[row.hash])
    if row.end_reason in ENDED:
        before = item_of(row, document, row.valid_to)
        return scan.describe(before, _after(seen), detected_at=scan.writing.at, incarnation=row.incarnation)
    return _described(scan, row, item_of(row, document, scan.looks.last(row, before=row.valid_to)), seen)


def _described(scan: _Scan, row: Standing, before: ConfigurationItem, seen: Seen) -> Change | None:
    """The difference; its window begins where what differs was last read."""
    change = scan.describe(before, _after(seen), detected_at=scan.writing.at, incarnation=row.incarnation)
    if change is None or change.kind is ChangeKind.RECREATED or not row.unread:
        return change
    return replace(change, not_before=scan.looks.confirmed(row, change.ops))


def _another_life(scan: _Scan, last: Standing, seen: Seen, life: Life) -> Change | None:
    """The name is back after its end was proven, or in another account's hands."""
    change = _compared(scan, last, seen)
    if change is None:
        change = scan.describe(None, _after(seen), detected_at=scan.writing.at, not_before=last.valid_to)
    if change is None or (scan.joined and last.reader == scan.writing.reader):
        return None
    kind = ChangeKind.MOVED if last.reader != scan.writing.reader else ChangeKind.RECREATED
    summary = change.summary if change.kind is kind else f"{kind.value}: the name was in use before"
    return replace(change, kind=kind, klass="security", incarnation=life.row["incarnation"], summary=summary)


def _ends(scan: _Scan, row: Standing) -> None:
    close(scan.writing, row, "deleted")
    confirmed = scan.looks.last(row)
    before = item_of(row, spelled_now(row, scan.documents[row.hash]), confirmed)
    change = scan.describe(before, None, detected_at=scan.writing.at, not_before=confirmed, incarnation=row.incarnation)
    if change is not None:
        scan.writing.changes.append((change, row.resource))


def _joined(scan: _Scan) -> None:
    """The account is new in the organization, or back: one change for all of it."""
    for life, seen in scan.writing.opened:
        if seen.item.type == ACCOUNT:
            change = scan.describe(None, _after(seen), detected_at=scan.writing.at, not_before=scan.past.at)
            if change is not None:
                change = replace(change, kind=ChangeKind.JOINED, klass="security", summary="joined the organization")
                scan.writing.changes.append((change, life))


def _after(seen: Seen) -> ConfigurationItem:
    unread = {
        part: seen.item.unread.get(part) or unread_of(why, seen.item.captured_at)
        for part, why in seen.document["unread"].items()
    }
    return replace(seen.item, configuration=seen.document["configuration"], unread=unread)


def _told_elsewhere(scan: _Scan, item: ConfigurationItem) -> bool:
    """Whether the change of another owner's item will be told by that owner's own scan."""
    if item.account == scan.writing.reader:
        return False
    owner = scan.connection.execute(recording.LAST_ACCOUNT_ROW, {"account": item.account}).first()
    return owner is not None and owner.valid_to is None
