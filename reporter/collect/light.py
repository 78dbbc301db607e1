"""A light look at one account: chosen types and parts only, where they are known to be. For watching between two runs.

It asks nothing of Organizations and lists no regions: the last run says which accounts, regions and trails there are.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reporter.collect.clients import Tally
from reporter.collect.door import Door
from reporter.collect.failures import ReadFailed
from reporter.collect.reader import Asker, list_rows, read_item
from reporter.collect.resources import kind_of
from reporter.collect.resources_organization import ACCOUNT
from reporter.model import GLOBAL, Calls, ConfigurationItem, Gap

Parts = Mapping[str, Collection[str]]  # type -> parts


@dataclass(frozen=True, slots=True)
class Glance:
    """What a light look saw: items with the asked parts only, and what could not be seen."""

    account: str
    items: tuple[ConfigurationItem, ...] = ()
    gaps: tuple[Gap, ...] = ()
    listed: frozenset[tuple[str, str]] = frozenset()
    calls: Calls = field(default_factory=Calls)


def glance(
    door: Door, account: str, wanted: Parts, regions: Mapping[str, Collection[str]], *, management: str = ""
) -> Glance:
    """Read the wanted parts of an account. `regions` names, for a regional type, where to list it.

    Never raises for what AWS refuses: it becomes a gap, or an unread part of its item.
    """
    tally = Tally()
    try:
        session = door.sessions.of(account, tally, management=management)
    except ReadFailed as error:
        return Glance(account, gaps=(Gap(account, GLOBAL, ACCOUNT.name, error.why),), calls=tally.calls())
    asker = Asker(
        clients=door.clients, clock=door.clock, tally=tally, account=account, identity=session,
        organization=door.sessions.caller, arn=session.arn, sets=door.options.asked_sets,
        facts={
            "_home": door.clients.home, "_partition": door.clients.partition, "_policy_types": None,
            "_regions": sorted({region for some in regions.values() for region in some}),
        },
    )  # fmt: skip
    items: list[ConfigurationItem] = []
    gaps: list[Gap] = []
    listed: set[tuple[str, str]] = set()
    for type, parts in sorted(wanted.items()):
        for region, found in _looks(asker, type, parts, regions.get(type, ())):
            items += [one for one in found if isinstance(one, ConfigurationItem)]
            missing = [one for one in found if isinstance(one, Gap)]
            gaps += missing
            if not any(gap.region == region and gap.type == type for gap in missing):
                listed.add((type, region))
    return Glance(account, tuple(items), tuple(gaps), frozenset(listed), tally.calls())


def _looks(
    asker: Asker, type: str, parts: Collection[str], regions: Collection[str]
) -> Iterator[tuple[str, list[ConfigurationItem | Gap]]]:
    """One listing after the other: its region, and what came of it."""
    kind = replace(kind_of(type), parts={name: call for name, call in kind_of(type).parts.items() if name in parts})
    home = asker.clients.home
    if type == ACCOUNT.name:
        yield GLOBAL, [read_item(asker, kind, {"Id": asker.account}, GLOBAL, home)]
        return
    for region in sorted(regions) if kind.regional else (GLOBAL,):
        endpoint = region if kind.regional else (kind.at or home)
        listing = list_rows(asker, kind, region, endpoint)
        found: list[ConfigurationItem | Gap] = [listing.gap] if listing.gap else []
        for row in listing.rows:
            try:
                found.append(read_item(asker, kind, row, region, endpoint))
            except ReadFailed as error:
                found.append(Gap(asker.account, GLOBAL, f"{type} {row.get(kind.id)}", error.why))
        yield region, found
