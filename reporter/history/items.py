"""From rows back to values: a configuration item as a run knew it, stale where the run could not look."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from reporter.history import blobs
from reporter.history.columns import instant
from reporter.history.listings import Listings
from reporter.history.past import listings_at
from reporter.model import ACCOUNT, EVERY_PART, GLOBAL, Account, ConfigurationItem, Gap, Unread

REQUESTS = "requests"  # beside the types of a scan's volatile values: AWS's ids of the requests, by type and resource


def account_from(row: Any, prefix: str = "") -> Account:
    """An account as Organizations listed it."""
    return Account(
        id=row.account,
        name=getattr(row, prefix + "name"),
        email=getattr(row, prefix + "email"),
        state=getattr(row, prefix + "state"),
        arn=getattr(row, prefix + "arn"),
        joined_at=getattr(row, prefix + "joined_at"),
        parent_ids=tuple(getattr(row, prefix + "parent_ids")),
        ou_path=getattr(row, prefix + "ou_path"),
        tags=getattr(row, prefix + "tags"),
        management=getattr(row, prefix + "management"),
    )


def gaps_from(account: str, stored: Sequence[Mapping[str, Any]] | None) -> tuple[Gap, ...]:
    """A scan's gaps; the time of each is since when it is one."""
    return tuple(
        Gap(
            account,
            gap["region"],
            gap["type"],
            Unread(gap["operation"], gap["iam"], gap["code"], gap["message"], instant(gap["since"])),
        )
        for gap in stored or ()
    )


def configuration(row: Any) -> Mapping[str, Any]:
    """The document that came with a row."""
    document: Mapping[str, Any] = blobs.parsed(row.codec, row.data, row.hash)
    return document


def item_from(row: Any, document: Mapping[str, Any], captured_at: datetime, **more: Any) -> ConfigurationItem:
    """The item of a row and its document, as of when it was last confirmed."""
    unread = {
        part: Unread(why["operation"], why["iam"], why["code"], "", captured_at)
        for part, why in document["unread"].items()
    }
    return ConfigurationItem(
        account=row.account,
        region=row.region,
        type=row.type,
        id=row.key,
        arn=row.arn,
        configuration=document["configuration"],
        captured_at=captured_at,
        unread=unread | more.pop("unread", {}),
        created_at=row.created_at,
        **more,
    )


def item_in_scan(connection: Connection, row: Any, scan: Any) -> ConfigurationItem:
    """The item as a scan knew it: with what is volatile if it was seen, wholly unread if it was not."""
    listings = listings_at(connection, scan.coverage)
    if not listings.fresh(row.type, row.region, row.uid):
        captured_at = confirmed(row, listings)
        return item_from(row, configuration(row), captured_at, unread={EVERY_PART: why_stale(row, scan)})
    held = blobs.shared(connection, scan.volatile) if scan.volatile is not None else {}
    volatile, requests = (one.get(row.type, {}).get(row.uid, {}) for one in (held, held.get(REQUESTS, {})))
    return item_from(
        row, configuration(row), scan.observed_at, volatile=volatile, read_by=scan.caller_arn, requests=requests
    )


def confirmed(row: Any, listings: Listings) -> datetime:
    """When a stale item was last seen to be so."""
    at: datetime = row.valid_from
    return max(at, listings.before(row.type, row.region) or at)


def why_stale(row: Any, scan: Any) -> Unread:
    """The gap that hid a standing resource from a scan."""
    gaps = scan.gaps or ()
    for type, regions in ((row.type, (row.region, GLOBAL, "")), (ACCOUNT, (row.region, GLOBAL, ""))):
        for gap in gaps:
            if gap["type"] == type and gap["region"] in regions:
                return Unread(gap["operation"], gap["iam"], gap["code"], gap["message"], scan.observed_at)
    return Unread("", "", scan.status, scan.reason or "not listed in this run", scan.observed_at)
