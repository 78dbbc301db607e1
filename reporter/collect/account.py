"""Reading one account, from its regions to its snapshot."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from reporter.collect.clients import Tally
from reporter.collect.crew import Crew
from reporter.collect.door import Door
from reporter.collect.failures import ReadFailed
from reporter.collect.organization import Organization
from reporter.collect.reader import Asker, Listing, list_rows, read_item, read_part
from reporter.collect.references import Lookup, Reference, Register, names_in
from reporter.collect.regions import default_regions
from reporter.collect.resources import LISTED_TYPES, REFERENCED_TYPES
from reporter.collect.resources_organization import ACCOUNT
from reporter.collect.rows import ResourceType
from reporter.collect.standing import added, standing
from reporter.model import GLOBAL, Account, AccountSnapshot, ConfigurationItem, Gap, ReadStatus, Unread

Known = Callable[[str], Collection[tuple[str, str, str]]]
_HOPELESS = frozenset(
    {"region", "transient", "skewed", "expired"}
)  # a region that fails so for one service fails for all


_NOT_ASKED = Unread("", "", "NotAsked", "The settings say not to ask.")


class Stopped(Exception):
    """Nobody wants the snapshot any more."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reading of all accounts shares."""

    door: Door
    organization: Organization
    crew: Crew
    register: Register = field(default_factory=Register)
    known: Known | None = None
    speaker: str = ""  # the account with which the organization's own items are handed over


@dataclass(slots=True)
class _Found:
    """What has been read of an account so far."""

    items: list[ConfigurationItem] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    listed: set[tuple[str, str]] = field(default_factory=set)
    seen: dict[str, set[str]] = field(default_factory=dict)  # the account's part -> ids seen from it
    blind: dict[str, Unread] = field(default_factory=dict)  # the same part -> why not everything was seen
    nowhere: dict[str, list[str]] = field(
        default_factory=dict
    )  # type -> regions in which AWS does not have the service


@dataclass(frozen=True, slots=True)
class _Place:
    """Types that are listed one after the other, in one region."""

    region: str
    kinds: tuple[ResourceType, ...]
    endpoint: str


def read_account(reading: Reading, account: Account) -> AccountSnapshot:
    """The snapshot of one account, whatever happens on the way."""
    excluded = reading.organization.excluded.get(account.id)
    if excluded is not None:
        return _closed(reading, account, Tally(), ReadStatus.EXCLUDED, Unread("", "", "Excluded", excluded))
    tally = Tally()
    try:
        session = reading.door.sessions.of(account.id, tally, management=reading.organization.management)
    except ReadFailed as error:
        return _closed(reading, account, tally, ReadStatus.UNREACHABLE, error.why)
    asker = _asker(reading, account.id, tally, session)
    enabled, why = _enabled_regions(reading, asker)
    wanted = tuple(one for one in enabled if not reading.door.options.regions or one in reading.door.options.regions)
    asker = asker.knowing(_regions=wanted, _arn=account.arn)
    found = _Found()
    if why:
        found.gaps.append(Gap(account.id, GLOBAL, ACCOUNT.name, why))
    _read_listed(reading, asker, found, wanted)
    _read_named(reading, asker, found, wanted)
    fields = _fields(reading.organization, account)
    fields |= {part: sorted(ids) for part, ids in found.seen.items() if part not in found.blind}
    missing = {**_untold(reading, account, fields), **found.blind}
    if why:
        missing["Regions"] = why
    else:
        fields["Regions"] = enabled
    whole = read_item(asker, ACCOUNT, fields, GLOBAL, reading.door.clients.home, missing=missing)
    nowhere = {"NotOffered": {type: sorted(regions) for type, regions in sorted(found.nowhere.items())}}
    found.items.insert(0, replace(whole, volatile={**whole.volatile, **nowhere}))
    found.listed.add((ACCOUNT.name, GLOBAL))
    return _snapshot(reading, account, asker, found, () if why else enabled)


def _asker(reading: Reading, account: str, tally: Tally, session: Any) -> Asker:
    door, organization = reading.door, reading.organization
    return Asker(
        clients=door.clients,
        clock=door.clock,
        tally=tally,
        account=account,
        identity=session,
        organization=door.sessions.caller,
        arn=session.arn,
        sets=door.options.asked_sets,
        facts={
            "_home": door.clients.home,
            "_partition": door.clients.partition,
            "_policy_types": list(organization.policy_types) if organization.policy_types is not None else None,
        },
    )


def _enabled_regions(reading: Reading, asker: Asker) -> tuple[tuple[str, ...], Unread | None]:
    """The account's enabled regions as AWS tells them; where it does not, those that nobody has to enable, and why."""
    home = reading.door.clients.home
    try:
        return tuple(sorted(read_part(asker, ACCOUNT, "Regions", {}, home))), None
    except ReadFailed as error:
        return default_regions(reading.door.clients), replace(error.why, at=asker.clock())


def _read_listed(reading: Reading, asker: Asker, found: _Found, regions: Sequence[str]) -> None:
    """List every type everywhere, then read what was found."""
    clients, sets = reading.door.clients, reading.door.options.asked_sets
    kinds = tuple(kind for kind in LISTED_TYPES if kind.set in sets)
    places = [_Place(GLOBAL, (kind,), kind.at or clients.home) for kind in kinds if not kind.regional]
    regional = tuple(kind for kind in kinds if kind.regional)
    places += [_Place(region, regional, region) for region in _turned(regions, asker.account)]
    jobs: list[tuple[ResourceType, dict[str, Any], _Place]] = []
    for place, listings in zip(places, reading.crew.each(lambda one: _sweep(reading, asker, one), places), strict=True):
        for kind, listing in zip(place.kinds, listings, strict=True):
            _note(found, kind, place.region, listing)
            jobs += [(kind, row, place) for row in listing.rows]
    for outcome in reading.crew.each(lambda job: _item(reading, asker, *job), jobs):
        if isinstance(outcome, Gap):
            found.gaps.append(outcome)
            found.listed.discard((outcome.type, outcome.region))
        else:
            found.items.append(outcome)


def _turned(regions: Sequence[str], account: str) -> Sequence[str]:
    """The regions, beginning elsewhere for each account: accounts in step would need a connection each to every region."""
    start = int(account) % len(regions) if regions and account.isdigit() else 0
    return (*regions[start:], *regions[:start])


def _sweep(reading: Reading, asker: Asker, place: _Place) -> list[Listing]:
    """The listings of one region, one after the other; a region that is closed to us is asked once, not for each type."""
    listings: list[Listing] = []
    closed: Unread | None = None
    for kind in place.kinds:
        if reading.crew.stopped:
            raise Stopped
        nowhere = kind.regions and (asker.clients.partition != "aws" or place.endpoint not in kind.regions)
        absent = nowhere or (kind.offered and not asker.clients.offers(kind.service, place.endpoint))
        if absent:
            listings.append(Listing(offered=False))
        elif closed is not None:
            listings.append(Listing(gap=Gap(asker.account, place.region, kind.name, closed)))
        else:
            listings.append(list_rows(asker, kind, place.region, place.endpoint))
            if kind is place.kinds[0] and listings[-1].kind in _HOPELESS and listings[-1].gap:
                closed = listings[-1].gap.why
    return listings


def _note(found: _Found, kind: ResourceType, region: str, listing: Listing) -> None:
    if listing.gap:
        found.gaps.append(listing.gap)
    else:
        found.listed.add((kind.name, region))  # where the service is not offered, too: there can be none
    if not listing.offered:
        found.nowhere.setdefault(kind.name, []).append(region)
    if kind.seen_as:
        found.seen.setdefault(kind.seen_as, set()).update(listing.seen)
        if listing.gap:
            found.blind.setdefault(kind.seen_as, listing.gap.why)


def _item(
    reading: Reading, asker: Asker, kind: ResourceType, row: dict[str, Any], place: _Place
) -> ConfigurationItem | Gap:
    if reading.crew.stopped:
        raise Stopped
    try:
        return read_item(asker, kind, row, place.region, place.endpoint)
    except ReadFailed as error:
        return Gap(asker.account, place.region, kind.name, replace(error.why, at=asker.clock()))


def _read_named(reading: Reading, asker: Asker, found: _Found, regions: Iterable[str]) -> None:
    """Keys, log groups, alarms and topics that the items name, and those the history knows of."""
    known = tuple(reading.known(asker.account)) if reading.known else ()
    lookup = Lookup(reading.door, reading.organization, reading.register, asker)
    for kind in REFERENCED_TYPES:
        have = {(item.type, item.id) for item in found.items}
        references = [*names_in(kind, found.items), *(Reference(type, asker.account, *at) for type, *at in known)]
        wanted = [
            one for one in dict.fromkeys(references) if one.type == kind.name and (one.type, one.name) not in have
        ]
        for looked in reading.crew.each(partial(lookup, kind), wanted):
            found.items += [item for item in looked.items if (item.type, item.id) not in have]
            have |= {(item.type, item.id) for item in looked.items}
            found.gaps += [looked.gap] if looked.gap else []
        if reading.known:
            failed = {gap.region for gap in found.gaps if gap.type == kind.name and gap.account == asker.account}
            found.listed |= {(kind.name, region) for region in regions if region not in failed}


def _snapshot(
    reading: Reading, account: Account, asker: Asker, found: _Found, enabled: tuple[str, ...]
) -> AccountSnapshot:
    calls = asker.tally.calls()
    organization = reading.organization
    if account.id == reading.speaker:
        found.items += organization.items
        found.gaps += organization.gaps
        found.listed |= organization.listed
        calls = added(calls, organization.calls)
    status, reason = standing(found.items, found.gaps, found.listed)
    complete = {region for _, region in found.listed} - {GLOBAL}
    return AccountSnapshot(
        account=replace(account, tags=found.items[0].configuration.get("Tags") or {}),
        status=status,
        reason=reason,
        items=tuple(sorted(found.items, key=lambda item: (item.type, item.account, item.region, item.id))),
        gaps=tuple(sorted(found.gaps, key=lambda gap: (gap.type, gap.account, gap.region, gap.why.message))),
        listed=frozenset(found.listed),
        regions_enabled=enabled,
        regions_read=tuple(sorted(complete)),
        calls=calls,
        caller_arn=asker.arn,
        observed_at=found.items[0].captured_at,
    )


def _closed(reading: Reading, account: Account, tally: Tally, status: ReadStatus, why: Unread) -> AccountSnapshot:
    """The snapshot of an account that was not read: what the organization says of it, and the reason."""
    caller = reading.door.sessions.caller
    asker = _asker(reading, account.id, tally, caller).knowing(_arn=account.arn)
    excluded = status is ReadStatus.EXCLUDED
    fields = _fields(reading.organization, account)
    missing = {part: why for part, call in ACCOUNT.parts.items() if call.by == "account" or excluded} | {
        "VisibleTrails": why
    }
    whole = read_item(
        asker, ACCOUNT, fields, GLOBAL, reading.door.clients.home, missing=_untold(reading, account, fields) | missing
    )
    found = _Found([whole], [] if excluded else [Gap(account.id, GLOBAL, ACCOUNT.name, why)], {(ACCOUNT.name, GLOBAL)})
    snapshot = _snapshot(reading, account, asker, found, ())
    more = "" if excluded else _new_account(account, reading.door.clock())
    return replace(snapshot, status=status, reason=f"{why.message}{more}", regions_read=())


def unreadable(reading: Reading, account: Account, why: Unread) -> AccountSnapshot:
    """The snapshot of an account whose reading broke off."""
    return _closed(reading, account, Tally(), ReadStatus.UNREACHABLE, why)


def _new_account(account: Account, now: datetime) -> str:
    if account.joined_at is None or now - account.joined_at > timedelta(days=1):
        return ""
    return " The account joined less than a day ago: the role may still be on its way."


def _fields(organization: Organization, account: Account) -> dict[str, Any]:
    """What the organization's listing says of an account, under AWS's names; what it does not say is left out."""
    fields: dict[str, Any] = {"Id": account.id}
    if account.id in organization.unlisted:
        return fields
    fields |= {
        "Name": account.name,
        "Email": account.email,
        "State": account.state,
        "JoinedTimestamp": account.joined_at.isoformat().replace("+00:00", "Z") if account.joined_at else None,
    }
    if organization.management:
        fields["Management"] = account.management
    if account.parent_ids:
        fields |= {"ParentIds": list(account.parent_ids), "OrganizationalUnit": account.ou_path}
    return fields


def _untold(reading: Reading, account: Account, fields: Mapping[str, Any]) -> dict[str, Unread]:
    """Why fields of the account are unknown: the accounts come from the settings, or the tree could not be walked."""
    organization = reading.organization
    why = organization.unlisted.get(account.id) or organization.placing or _NOT_ASKED
    names = ("Name", "Email", "State", "JoinedTimestamp", "Management", "ParentIds", "OrganizationalUnit")
    missing = {name: why for name in names if name not in fields}
    if not organization.readable or not reading.door.options.account_tags:
        missing["Tags"] = _NOT_ASKED
    return missing
