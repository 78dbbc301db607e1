"""What a scan covered: which listings were complete, and when the others last were. One document that many scans share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reporter.history.columns import instant, micros
from reporter.model import ACCOUNT, GLOBAL, AccountSnapshot, ConfigurationItem

Place = tuple[str, str]  # (type, region)


@dataclass(frozen=True, slots=True)
class Listings:
    """What one scan listed, and what it knows of older listings.

    `seen`: items that were read although their listing was not complete, or that belong to another owner, as (type, uid).
    `known`: when a listing that was not complete now last was. `enabled` carries the regions on while they cannot be asked.
    """

    listed: frozenset[Place] = frozenset()
    seen: frozenset[Place] = frozenset()
    known: Mapping[Place, datetime] | None = None
    regions: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    enabled: tuple[str, ...] = ()

    def complete(self, type: str, region: str) -> bool:
        """Whether what is missing in this listing does not exist."""
        return (type, region) in self.listed or (type, GLOBAL) in self.listed

    def fresh(self, type: str, region: str, uid: str) -> bool:
        """Whether a standing item was seen by this scan, rather than carried on from an older one."""
        return type == ACCOUNT or self.complete(type, region) or (type, uid) in self.seen

    def before(self, type: str, region: str) -> datetime | None:
        """When a listing that is not complete now last was."""
        known = self.known or {}
        return known.get((type, region)) or known.get((type, GLOBAL))

    def types(self) -> frozenset[str]:
        """The types that were ever listed completely anywhere in the account."""
        return frozenset(type for type, _ in self.listed) | frozenset(type for type, _ in self.known or {})


NOTHING = Listings()


def uid_of(item: ConfigurationItem) -> str:
    """What names a resource for good: its ARN, or where AWS gives none account, region and id."""
    return uid(item.type, item.account, item.region, item.id, item.arn)


def uid(type: str, account: str, region: str, id: str, arn: str) -> str:
    """The same from its parts. An account is its number: its ARN tells the organization it is in."""
    if type == ACCOUNT:
        return id
    return arn if arn and id != "*" else f"{account}/{region}/{id}"


def listings_of(snapshot: AccountSnapshot, past: Listings, past_at: datetime | None) -> Listings:
    """What this scan covers, given what the scan before it covered."""
    known = dict(past.known or {})
    if past_at is not None:
        known |= dict.fromkeys(past.listed, past_at)
    listed = frozenset(snapshot.listed)
    now = Listings(
        listed=listed,
        known={place: at for place, at in known.items() if place not in listed},
        regions=tuple(sorted(snapshot.regions_enabled)),
        read=tuple(sorted(snapshot.regions_read)),
        enabled=tuple(sorted(snapshot.regions_enabled)) or past.enabled,
    )
    return _with_seen(now, snapshot.items, snapshot.account.id)


def _with_seen(now: Listings, items: Iterable[ConfigurationItem], account: str) -> Listings:
    seen = frozenset(
        (item.type, uid_of(item))
        for item in items
        if item.type != ACCOUNT and not (item.account == account and now.complete(item.type, item.region))
    )
    return Listings(now.listed, seen, now.known, now.regions, now.read, now.enabled)


def to_document(listings: Listings) -> dict[str, Any]:
    """The listing as it is stored."""
    known: dict[str, dict[str, int]] = {}
    for (type, region), at in (listings.known or {}).items():
        known.setdefault(type, {})[region] = micros(at)
    return {
        "listed": _by_type(listings.listed),
        "seen": _by_type(listings.seen),
        "known": known,
        "regions": list(listings.regions),
        "read": list(listings.read),
        "enabled": list(listings.enabled),
    }


def from_document(value: Mapping[str, Any]) -> Listings:
    """The listing as it was stored."""
    known = value["known"]
    return Listings(
        listed=frozenset((type, place) for type, places in value["listed"].items() for place in places),
        seen=frozenset((type, place) for type, places in value["seen"].items() for place in places),
        known={(type, region): instant(at) for type, regions in known.items() for region, at in regions.items()},
        regions=tuple(value["regions"]),
        read=tuple(value["read"]),
        enabled=tuple(value["enabled"]),
    )


def _by_type(places: Iterable[Place]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for type, place in sorted(places):
        grouped.setdefault(type, []).append(place)
    return grouped
