"""What stood at a run or at an instant: accounts, snapshots rebuilt for judging, single resources and their whole past."""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from reporter.history import blobs
from reporter.history.engine import reading
from reporter.history.items import account_from, configuration, confirmed, gaps_from, item_from, item_in_scan
from reporter.history.listings import uid_of
from reporter.history.nouns import EVERYWHERE, NOBODY_TRIED, Around, InventoryRow, ItemVersion, Reading, Within
from reporter.history.past import listings_at
from reporter.history.queries import recording, states
from reporter.history.queries.runs import number_of
from reporter.history.record import NAMED
from reporter.history.scans import calls_of
from reporter.model import Account, AccountSnapshot, ConfigurationItem, ReadStatus, Run

KEY = "AWS::KMS::Key"


def readings(engine: Engine, run: Run, within: Within = EVERYWHERE) -> Iterator[Reading]:
    """How each account fared in a run, by account id."""
    with reading(engine) as connection:
        number = number_of(connection, run.id)
        parts: Counter[str] = Counter()
        untried: Counter[str] = Counter()
        for row in connection.execute(states.unread_counts(number)):
            parts[row.reader] += row.times * len(row.unread)
            untried[row.reader] += row.times * sum(why["code"] in NOBODY_TRIED for why in row.unread.values())
        resources = {row.reader: row.times for row in connection.execute(states.resource_counts(number))}
        for scan in connection.execute(states.scans(number, within)):
            listings = listings_at(connection, scan.coverage)
            calls = calls_of(blobs.shared(connection, scan.calls))
            yield Reading(
                account=account_from(scan, "account_"),
                status=ReadStatus(scan.status),
                reason=scan.reason,
                observed_at=scan.observed_at,
                last_read_at=scan.last_read_at,
                since=scan.since,
                regions_enabled=len(listings.enabled),
                regions_read=len(listings.read),
                resources=resources.get(scan.account, 0),
                gaps=len(scan.gaps or ()) + parts[scan.account],
                calls=calls.made,
                denied=calls.denied,
                unasked=untried[scan.account] + sum(gap["code"] in NOBODY_TRIED for gap in scan.gaps or ()),
                read_by=scan.caller_arn,
                throttled=calls.throttled,
            )


def accounts(engine: Engine, run: Run) -> dict[str, Account]:
    """The organization's accounts as of a run, by id."""
    with reading(engine) as connection:
        rows = connection.execute(states.scans(number_of(connection, run.id), EVERYWHERE))
        return {row.account: account_from(row, "account_") for row in rows}


def known_accounts(engine: Engine) -> frozenset[str]:
    """The accounts in the organization as far as the history knows."""
    with reading(engine) as connection:
        return frozenset(connection.scalars(recording.OPEN_ACCOUNTS))


def account_snapshot(engine: Engine, when: Run | datetime, account: str) -> AccountSnapshot | None:
    """An account as a run knew it, or as was known at an instant; None if it was not in the organization then.

    Rebuilt for judging: a resource that the run could not see carries `unread["*"]` with the reason, and its last known values.
    """
    with reading(engine) as connection:
        return _snapshot(connection, when, account, items=True)


def listing(engine: Engine, when: Run | datetime, account: str) -> AccountSnapshot | None:
    """The same without items: what was listed, what could not be, and why."""
    with reading(engine) as connection:
        return _snapshot(connection, when, account, items=False)


def snapshots(engine: Engine, run: Run, within: Within = EVERYWHERE) -> Iterator[AccountSnapshot]:
    """Every account of a run in turn, by id; only one at a time is in memory."""
    with reading(engine) as connection:
        ids = [row.account for row in connection.execute(states.scans(number_of(connection, run.id), within))]
    for id in ids:
        snapshot = account_snapshot(engine, run, id)
        if snapshot is not None:
            yield snapshot


def _snapshot(connection: Connection, when: Run | datetime, account: str, *, items: bool) -> AccountSnapshot | None:
    if isinstance(when, datetime):
        scan, at = connection.execute(states.SCAN_AT, {"account": account, "at": when}).first(), when
    else:
        number = number_of(connection, when.id)
        scan = connection.execute(recording.SCAN_OF, {"run": number, "account": account}).first()
        at = scan.at if scan is not None else when.as_of
    row = connection.execute(states.ACCOUNT_AT, {"account": account, "at": at}).first()
    if scan is None or row is None:
        return None
    listings = listings_at(connection, scan.coverage)
    rows = connection.execute(states.STANDING, {"account": account, "at": at}) if items else ()
    return AccountSnapshot(
        account=account_from(row),
        status=ReadStatus(scan.status),
        reason=scan.reason,
        items=tuple(item_in_scan(connection, one, scan) for one in rows),
        gaps=gaps_from(account, scan.gaps),
        listed=listings.listed,
        regions_enabled=listings.regions,
        regions_read=listings.read,
        calls=calls_of(blobs.shared(connection, scan.calls)),
        caller_arn=scan.caller_arn,
        observed_at=scan.observed_at,
    )


def find(engine: Engine, run: Run, type: str, name: str) -> ConfigurationItem | None:
    """The one resource that goes by an id or ARN (a key also by an alias's ARN), in whichever account.

    What the run saw outweighs what is only known from before; the owner's reading outweighs another account's.
    """
    with reading(engine) as connection:
        number = number_of(connection, run.id)
        found = [item_in_scan(connection, row, row) for row in connection.execute(states.named(number, type, name))]
        if not found and type == KEY and ":alias/" in name:
            found = _by_alias(connection, number, name)
    return min(found, key=lambda item: "*" in item.unread, default=None)


def _by_alias(connection: Connection, run: int, arn: str) -> list[ConfigurationItem]:
    _, _, _, region, account, alias = arn.split(":", 5)
    keys = [item_in_scan(connection, row, row) for row in connection.execute(states.owned(run, KEY, account, region))]
    return [key for key in keys if alias in (key.configuration.get("Aliases") or ())]


def shown_by_others(engine: Engine, account: str) -> tuple[tuple[str, str], ...]:
    """Keys, log groups, alarms and topics of an account that others have named, in whatever run: (type, id) for `find`.

    In the run in which somebody names one first, its owner may have been read before: then it is in no hands but theirs.
    """
    with reading(engine) as connection:
        return tuple((row.type, row.key) for row in connection.execute(states.shown_by_others(account, NAMED)))


def shared(
    engine: Engine, run: Run, types: Collection[str], within: Within = EVERYWHERE
) -> Iterator[ConfigurationItem]:
    """All resources of some types, over the organization."""
    with reading(engine) as connection:
        number = number_of(connection, run.id)
        for row in connection.execute(states.shared(number, sorted(types), within)):
            yield item_in_scan(connection, row, row)


def inventory(engine: Engine, run: Run, within: Within = EVERYWHERE) -> Iterator[InventoryRow]:
    """Every resource that stood at a run, by account, type and id."""
    with reading(engine) as connection:
        number = number_of(connection, run.id)
        for row in connection.execute(states.inventory(number, within)):
            yield _inventory_row(connection, row)


def came_into_view(engine: Engine, run: Run | None = None, within: Within = EVERYWHERE) -> tuple[InventoryRow, ...]:
    """What was seen for the first time in a run (None: in any sealed one) without having come: no change tells of it.

    A key that something names only now was there before, as was all of an account that could not be read. First looks
    at an account show everything for the first time, and an account that joins brings its own: neither is meant.
    """
    with reading(engine) as connection:
        number = None if run is None else number_of(connection, run.id)
        rows = connection.execute(states.came_into_view(number, within)).all()
        return tuple(_inventory_row(connection, row) for row in rows)


def _inventory_row(connection: Connection, row: Any) -> InventoryRow:
    listings = listings_at(connection, row.coverage)
    fresh = listings.fresh(row.type, row.region, row.uid)
    return InventoryRow(
        account=row.account,
        region=row.region,
        type=row.type,
        id=row.key,
        arn=row.arn,
        first_seen=row.first_seen_at,
        captured_at=row.observed_at if fresh else confirmed(row, listings),
        sha256=row.hash.hex(),
        unread=tuple(sorted(row.unread or ())) if fresh else ("*",),
    )


def versions(engine: Engine, type: str, name: str) -> tuple[ItemVersion, ...]:
    """All that is known of a resource's past, by id or ARN: every life, every owner, oldest first."""
    with reading(engine) as connection:
        return tuple(_version(row) for row in connection.execute(states.versions(type, name)))


def item_at(engine: Engine, type: str, name: str, at: datetime) -> ItemVersion | None:
    """The resource as it was known at an instant; None if nothing went by that name."""
    return next((one for one in reversed(versions(engine, type, name)) if _holds(one, at)), None)


def around(engine: Engine, type: str, name: str, at: datetime) -> Around:
    """When a resource was last really seen by an instant, when next, and whether that look showed the same."""
    known = versions(engine, type, name)
    then = next((one for one in reversed(known) if _holds(one, at)), None)
    if then is None:
        return Around(None, None)
    item = then.item
    with reading(engine) as connection:
        scans = connection.execute(recording.LOOKS, {"reader": item.account}).all()
        place = (item.type, item.region, uid_of(item))
        looks = sorted(one.at for one in scans if listings_at(connection, one.coverage).fresh(*place))
    last = max((one for one in looks if then.valid_from <= one <= at), default=None)
    after = min((one for one in looks if one > at), default=None)
    if after is None:
        return Around(last, None)
    now = next((one for one in reversed(known) if _holds(one, after)), None)
    if now is None:
        return Around(last, after, "gone")
    same = (now.sha256, now.incarnation) == (then.sha256, then.incarnation)
    return Around(last, after, "same" if same else "different")


def _holds(version: ItemVersion, at: datetime) -> bool:
    return version.valid_from <= at and (version.valid_to is None or version.valid_to > at)


def _version(row: Any) -> ItemVersion:
    item = item_from(row, configuration(row), row.valid_from)
    return ItemVersion(item, row.valid_from, row.valid_to, row.incarnation, row.hash.hex(), row.end_reason or "")


def pairs(
    engine: Engine, before: Run, after: Run, within: Within = EVERYWHERE
) -> Iterator[tuple[ConfigurationItem | None, ConfigurationItem | None]]:
    """What differs between two runs: each resource as it was in one and in the other, None where it was not there."""
    with reading(engine) as connection:
        numbers = [number_of(connection, run.id) for run in (before, after)]
        scans = [{row.account: row for row in connection.execute(states.scans(one, within))} for one in numbers]
        for account in sorted({*scans[0], *scans[1]}):
            yield from _account_pairs(connection, scans[0].get(account), scans[1].get(account))


def _account_pairs(
    connection: Connection, before: Any, after: Any
) -> Iterator[tuple[ConfigurationItem | None, ConfigurationItem | None]]:
    sides = [_lines(connection, scan) for scan in (before, after)]
    names = sorted({*sides[0], *sides[1]})
    differing = [name for name in names if _hash(sides[0].get(name)) != _hash(sides[1].get(name))]
    hashes = [side[name].hash for side in sides for name in differing if name in side]
    documents = blobs.get(connection, hashes)
    for name in differing:
        pair = [
            item_from(side[name], documents[side[name].hash], scan.observed_at) if name in side else None
            for side, scan in zip(sides, (before, after), strict=True)
        ]
        yield pair[0], pair[1]


def _lines(connection: Connection, scan: Any) -> dict[tuple[str, str], Any]:
    if scan is None:
        return {}
    return {(row.type, row.uid): row for row in connection.execute(states.standing_lines(scan.account, scan.at))}


def _hash(row: Any) -> tuple[bytes, int] | None:
    return None if row is None else (row.hash, row.incarnation)
