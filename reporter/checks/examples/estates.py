"""An example as the estates that checks judge: its items, and around them a small organization that was wholly read."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import Any

from reporter.assess import resource_types as types
from reporter.assess.estate import Estate
from reporter.assess.neighbours import Neighbours
from reporter.assess.resource_types import GLOBAL_TYPES, MANAGEMENT_TYPES, PARTS
from reporter.checks.examples.items import ARCHIVE, HOME, MANAGEMENT, NOW, Targets
from reporter.checks.examples.organization import account, organization
from reporter.model import ACCOUNT, GLOBAL, Account, AccountSnapshot, ConfigurationItem, Gap, ReadStatus

ALL_TYPES = {*PARTS, types.ALARM, types.HUB, types.ANALYZER, types.MACIE}
REGIONAL_TYPES = ALL_TYPES - GLOBAL_TYPES


def implied(example: Iterable[Any]) -> list[Any]:
    """The example with what every organization has: its accounts, and the organization itself."""
    things = list(example)
    present = {(thing.type, thing.account) for thing in things if isinstance(thing, ConfigurationItem)}
    things += [account(one) for one in (HOME, ARCHIVE, MANAGEMENT) if (ACCOUNT, one) not in present]
    if (types.ORGANIZATION, MANAGEMENT) not in present:
        things.append(organization())
    return things


def estates(example: Iterable[Any]) -> dict[str, Estate]:
    """The estate of each account of the example: items, gaps (`eg.gap`) and targets (`eg.targets`) in one list."""
    things = implied(example)
    items = [thing for thing in things if isinstance(thing, ConfigurationItem)]
    gaps = [thing for thing in things if isinstance(thing, Gap)]
    values = [thing.values for thing in things if isinstance(thing, Targets)]
    snapshots = [_snapshot(item, items, gaps) for item in items if item.type == ACCOUNT]
    neighbours = Neighbours.of(snapshots)
    return {one.account.id: Estate(one, neighbours, values[0] if values else None) for one in snapshots}


def _snapshot(owner: ConfigurationItem, items: list[ConfigurationItem], gaps: list[Gap]) -> AccountSnapshot:
    own = tuple(item for item in items if item.account == owner.account)
    missing = tuple(one for one in gaps if one.account == owner.account)
    regions = tuple(owner.configuration.get("Regions") or ())
    listed = set(product(REGIONAL_TYPES, regions)) | {(kind, GLOBAL) for kind in GLOBAL_TYPES}
    snapshot = AccountSnapshot(
        account=Account(
            owner.account,
            state=owner.configuration.get("State", "ACTIVE"),
            arn=owner.arn,
            parent_ids=tuple(owner.configuration.get("ParentIds") or ()),
            tags=owner.configuration.get("Tags") or {},
            management=owner.account == MANAGEMENT,
        ),
        status=ReadStatus.READ,
        items=own,
        gaps=missing,
        listed=frozenset(pair for pair in listed if not _missed(pair, missing)),
        regions_enabled=regions,
        observed_at=NOW,
    )
    return snapshot if owner.account == MANAGEMENT else replace(snapshot, listed=_without_management(snapshot.listed))


def _missed(pair: tuple[str, str], gaps: Iterable[Gap]) -> bool:
    return any(gap.type in {pair[0], ACCOUNT} and gap.region in {pair[1], GLOBAL} for gap in gaps)


def _without_management(listed: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset(pair for pair in listed if pair[0] not in MANAGEMENT_TYPES)
