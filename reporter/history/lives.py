"""From an account's snapshot and what stood before it: which resources stay, changed, came, went, or came again. No writing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from reporter.documents.canonical import CANON_VERSION, canonical, canonical_json, stored
from reporter.history import blobs
from reporter.history.listings import Listings, uid_of
from reporter.history.queries import recording
from reporter.model import ACCOUNT, EVERY_PART, AccountSnapshot, ConfigurationItem, ReadStatus, Unread

NOT_ASKED = "NotAsked"  # code of an `Unread` that a light reading leaves: what was known stays known, nothing is noted

Standing = Any  # a row of `recording.STANDING`


@dataclass(slots=True)
class Seen:
    """An item as it is to be stored, and the open row it continues, if any."""

    item: ConfigurationItem
    uid: str
    document: dict[str, Any]
    hash: bytes
    body: bytes
    row: Standing | None = None


@dataclass(slots=True)
class Difference:
    """What a snapshot means for the rows that stood: each is in one of these lists."""

    same: list[Standing] = field(default_factory=list)
    differing: list[Seen] = field(default_factory=list)  # another document or birth, or times that may tell of more
    new: list[Seen] = field(default_factory=list)
    gone: list[Standing] = field(default_factory=list)  # a complete listing no longer holds it
    unnamed: list[Standing] = field(default_factory=list)  # another owner's, and nobody here names it any more
    seen: list[Seen] = field(default_factory=list)


def difference(connection: Connection, snapshot: AccountSnapshot, listings: Listings) -> Difference:
    """Sort the snapshot's items and the account's open rows by what became of them."""
    account = snapshot.account.id
    standing = {(row.type, row.uid): row for row in connection.execute(recording.STANDING, {"reader": account})}
    items = {(item.type, uid_of(item)): item for item in snapshot.items}
    before = _last_known(connection, items, standing)
    result = Difference()
    for place, item in items.items():
        row = standing.pop(place, None)
        seen = _seen(item, place[1], row, before.get(row.hash) if row is not None else None)
        result.seen.append(seen)
        if row is None:
            result.new.append(seen)
        elif seen.hash != row.hash or item.volatile or later(item.created_at, row.created_at):
            result.differing.append(seen)
        else:
            result.same.append(row)
    for row in standing.values():
        _missing(result, row, snapshot, listings)
    return result


def _missing(result: Difference, row: Standing, snapshot: AccountSnapshot, listings: Listings) -> None:
    """An open row that the snapshot does not hold: only a complete listing may end it."""
    if row.account != snapshot.account.id and snapshot.status is ReadStatus.READ:
        result.unnamed.append(row)
    elif row.account == snapshot.account.id and row.type != ACCOUNT and listings.complete(row.type, row.region):
        result.gone.append(row)
    else:
        result.same.append(row)


def _last_known(
    connection: Connection,
    items: Mapping[tuple[str, str], ConfigurationItem],
    standing: Mapping[tuple[str, str], Standing],
) -> dict[bytes, Any]:
    """The documents before, of items of which something is unread now."""
    wanted = {standing[place].hash for place, item in items.items() if item.unread and place in standing}
    return blobs.get(connection, wanted) if wanted else {}


def _seen(item: ConfigurationItem, uid: str, row: Standing | None, before: Mapping[str, Any] | None) -> Seen:
    configuration, unread = dict(item.configuration), dict(item.unread)
    known: Mapping[str, Any] = {}
    if before is not None:
        known = before["configuration"]
        if row is not None and row.canon != CANON_VERSION:
            known = canonical(item.type, known)
        configuration, unread = _unasked(configuration, unread, known, before["unread"])
    document = stored(configuration, unread, known)
    body = canonical_json(document)
    return Seen(item, uid, document, blobs.address(body), body, row)


def alone(seen: Seen) -> Seen:
    """The item without anything that was known before."""
    return _seen(seen.item, seen.uid, None, None)


def _unasked(
    configuration: dict[str, Any], unread: dict[str, Any], known: Mapping[str, Any], unread_before: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a light reading did not ask for is as it was before, read or unread."""
    parts = [part for part, why in unread.items() if why.code == NOT_ASKED]
    for part in parts:
        del unread[part]
        kept = known if part == EVERY_PART else {part: known[part]} if part in known else {}
        configuration = {**kept, **configuration}
        unread |= unread_before if part == EVERY_PART else {part: unread_before[part]} if part in unread_before else {}
    return configuration, unread


def later(now: datetime | None, before: datetime | None) -> bool:
    """Whether a creation date has moved on. An earlier one is what another region's copy of the list says."""
    return now is not None and before is not None and now > before


def item_of(
    row: Standing, document: Mapping[str, Any], captured_at: datetime, *, read_by: str = ""
) -> ConfigurationItem:
    """The item that a row and its document stand for."""
    return ConfigurationItem(
        account=row.account,
        region=row.region,
        type=row.type,
        id=row.key,
        arn=row.arn,
        configuration=document["configuration"],
        captured_at=captured_at,
        unread={part: unread_of(why, captured_at) for part, why in document["unread"].items()},
        created_at=row.created_at,
        read_by=read_by,
    )


def unread_of(why: Mapping[str, str], at: datetime | None) -> Unread:
    """Why a part was not read, as stored: without the words, which differ from call to call."""
    return Unread(why["operation"], why["iam"], why["code"], "", at)


def spelled_now(row: Standing, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A document of an older canonical form in today's, so that a new form is no change."""
    if row.canon == CANON_VERSION:
        return document
    return {"configuration": canonical(row.type, document["configuration"]), "unread": document["unread"]}


def lives_of(connection: Connection, seen: Iterable[Seen]) -> dict[tuple[str, str], list[Standing]]:
    """Every earlier life of these names, in any account: (type, uid) -> rows of `recording.lives`, the latest last."""
    by_type: dict[str, list[str]] = {}
    for one in seen:
        by_type.setdefault(one.item.type, []).append(one.uid)
    found: dict[tuple[str, str], list[Standing]] = {}
    for type, uids in sorted(by_type.items()):
        for some in recording.chunks(sorted(uids)):
            for row in connection.execute(recording.lives(type, some)):
                found.setdefault((row.type, row.uid), []).append(row)
    return found
