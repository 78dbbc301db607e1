"""Runs under random faults, and their comparison with the snapshot without: for a few seeds a test, for 200 a benchmark."""

import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collect_estate import door_to, items

from reporter.collect.coverage import Coverage
from reporter.collect.organization import discover
from reporter.collect.resources import kind_of
from reporter.collect.snapshot import collect
from reporter.model import ACCOUNT, GLOBAL, AccountSnapshot, ConfigurationItem, ReadStatus, Unread
from reporter.simulate.simulation import Simulation

KINDS = ("deny", "throttle", "delay", "truncate", "kill", "malformed", "wrong", "error")
CODES = (
    ("InternalError", 500), ("ExpiredToken", 400), ("RequestTimeTooSkewed", 403), ("NoSuchBucket", 404),
    ("UnrecognizedClientException", 400), ("ServiceUnavailable", 503), ("SomethingNew", 418),
)  # fmt: skip
MANY = ("*", "s3:*", "cloudtrail:*", "kms:*", "organizations:*", "sts:*", "s3control:*", "*:List*", "*:Describe*")
NOT_OFFERED = "NotOffered"  # in which of the regions looked at AWS lacks a service: the SDK's word, no answer of AWS
NOBODY_TRIED = {"NotAsked", "NotYetRead", "Excluded"}
Snapshots = Mapping[str, AccountSnapshot]
Items = Mapping[tuple[str, str, str], ConfigurationItem]


@dataclass
class Outcome:
    """What one run under faults came to."""

    injected: Counter[str] = field(default_factory=Counter)  # kind of fault -> how often it struck
    values: int = 0  # compared with the snapshot without faults
    unread: int = 0  # of its values, those that stand as gaps
    wrong: list[str] = field(default_factory=list)
    failed: str = ""  # why there is no snapshot at all
    snapshots: dict[str, AccountSnapshot] = field(default_factory=dict)


def rules(seed: int, operations: Sequence[str]) -> list[dict[str, Any]]:
    """Some operations fail now and then or always; sometimes a whole service, or everything, does so now and then."""
    dice = random.Random(seed)
    struck = [(one, dice.choice((0.1, 0.3, 0.6, 1.0))) for one in dice.sample(operations, dice.choice((1, 3, 6, 12)))]
    struck += [(dice.choice(MANY), dice.choice((0.05, 0.2, 0.5))) for _ in range(dice.choice((0, 1)))]
    return [_rule(dice, operation, probability) for operation, probability in struck]


def _rule(dice: random.Random, operation: str, probability: float) -> dict[str, Any]:
    kind = dice.choice(KINDS)
    rule: dict[str, Any] = {"kind": kind, "operation": operation, "probability": probability}
    if kind == "error":
        rule["code"], rule["status"] = dice.choice(CODES)
    if kind == "delay":
        rule |= {"seconds": dice.choice((0.02, 0.1)), "probability": min(probability, 0.3)}
    return rule


def run_under(
    aws: Simulation, seed: int, faults: Iterable[dict[str, Any]], sound: Snapshots, *, first: bool
) -> Outcome:
    """Read the organization under these faults. A `first` run knows nothing; any other knows the accounts of the one before."""
    outcome, faults = Outcome(), list(faults)
    aws.clear_faults(seed=seed)
    for rule in faults:
        aws.fault(**rule)
    try:
        outcome.snapshots = _read(() if first else [one.account for one in sound.values()])
    except Exception as error:  # whatever it is: the run has failed
        outcome.failed = f"{type(error).__name__}: {error}"
    finally:
        for rule, times in zip(faults, aws.clear_faults(), strict=True):
            outcome.injected[rule["kind"]] += times
    if not outcome.failed:
        _compare(sound, outcome, first=first)
    return outcome


def _read(last_known: Sequence[Any]) -> dict[str, AccountSnapshot]:
    """As a run does it, the sums at the end included."""
    door = door_to(attempts=2, threads=8, extra=True)
    organization = discover(door, last_known=last_known, alone=True)
    coverage, snapshots = Coverage.of(organization), {}
    for snapshot in collect(door, organization):
        coverage.add(snapshot)
        snapshots[snapshot.account.id] = snapshot
    coverage.check()
    return snapshots


def _compare(sound: Snapshots, outcome: Outcome, *, first: bool) -> None:
    """What the run says that is not so, does not say without a reason, or gives no proper reason for."""
    broken = outcome.snapshots
    missing = sound.keys() - broken.keys()
    told = any(
        gap.type == ACCOUNT and gap.why.operation == "ListAccounts" for one in broken.values() for gap in one.gaps
    )
    outcome.wrong += [f"account {id} is not there, and nothing says so" for id in missing if not (first and told)]
    outcome.wrong += [text for one in broken.values() for text in unreasoned(one)]
    before, after = (
        {key: item for key, item in items(dict(one)).items() if key[0] not in missing} for one in (sound, broken)
    )
    outcome.wrong += [f"invented {key}" for key in after.keys() - before.keys()]
    for key, item in before.items():
        if key not in after:
            outcome.unread += len(item.configuration)
            outcome.wrong += [] if excused(item, broken, before, after, partial=bool(missing)) else [f"lost {key}"]
            continue
        found = after[key]
        outcome.unread += len(item.configuration.keys() & found.unread.keys())
        outcome.values += len(item.configuration.keys() - found.unread.keys())
        outcome.wrong += [f"{key}: {text}" for text in compared(item, found)]
        if item.type == ACCOUNT:
            outcome.wrong += offers(item, found, broken[item.account].listed)


def unreasoned(snapshot: AccountSnapshot) -> Iterator[str]:
    """Gaps and unread parts without code, operation, time or remedy; and faults of the program itself."""
    reasons = [(gap.type, gap.why) for gap in snapshot.gaps]
    reasons += [(f"{item.id} {part}", why) for item in snapshot.items for part, why in item.unread.items()]
    for where, why in reasons:
        if why.code not in NOBODY_TRIED and not (why.code and why.operation and why.at and _remedied(why)):
            yield f"{where} in {snapshot.account.id} is unread without code, operation, time or remedy: {why!r}"
        if why.code in {"ProgramFault", "OperationRefused", "InvalidRequest"}:
            yield f"{where} in {snapshot.account.id}: {why!r}"


def _remedied(why: Unread) -> bool:
    return len(why.message.split()) > 3


def compared(sound: ConfigurationItem, broken: ConfigurationItem) -> Iterator[str]:
    """The parts of one item that differ, though they are not said to be unread; or have a value and are said to be."""
    values, changed = sound.configuration.keys() | broken.configuration.keys(), broken.configuration
    for part in sorted(values | sound.volatile.keys() | broken.volatile.keys()):
        if part in broken.unread:
            if part in changed:
                yield f"{part} is unread and has a value"
        elif sound.configuration.get(part, "-") != changed.get(part, "-"):
            yield f"{part}: {sound.configuration.get(part, '-')!r} became {changed.get(part, '-')!r}"
        elif part != NOT_OFFERED and sound.volatile.get(part) != broken.volatile.get(part):
            yield f"volatile {part} differs"


def offers(sound: ConfigurationItem, broken: ConfigurationItem, listed: Collection[tuple[str, str]]) -> Iterator[str]:
    """Where AWS lacks a service is said of the regions that were looked at: all of them where the enabled ones are unread."""
    before, after = (
        {(type, region) for type, regions in (item.volatile.get(NOT_OFFERED) or {}).items() for region in regions}
        for item in (sound, broken)
    )
    for type, region in after - before:
        if region in (sound.configuration["Regions"] or ()):
            yield f"{type} is said not to be offered in {region}"
    for type, region in (before - after) & set(listed):
        yield f"{type} is said to be off in {region}, where it is not offered"


def excused(item: ConfigurationItem, broken: Snapshots, before: Items, after: Items, *, partial: bool) -> bool:
    """Whether something says that the item could not be read, and nothing says that it does not exist.

    `partial`: not all accounts are there, so somebody who named it may be missing.
    """
    owner = broken[item.account]
    kind = kind_of(item.type)
    if (item.type, item.region if kind.regional else GLOBAL) in owner.listed:
        return False
    if kind.named_by:
        failed = any(gap.type == item.type for one in broken.values() for gap in one.gaps)
        return partial or failed or not any(named(item, before, after))
    if owner.status is ReadStatus.UNREACHABLE:
        return True
    gaps = {(gap.type, gap.region) for gap in owner.gaps}
    regions_known = "Regions" not in next(one for one in owner.items if one.type == ACCOUNT).unread
    return (item.type, GLOBAL) in gaps or (item.type, item.region) in gaps or not regions_known


def named(item: ConfigurationItem, before: Items, after: Items) -> Iterator[bool]:
    """Whether each that names the item was read, with the name: a name that nobody tells leads nowhere."""
    name = str(item.configuration.get("MetricName") or item.id)
    for by in kind_of(item.type).named_by:
        part = by.path.partition("[")[0].partition(".")[0]
        for key, one in before.items():
            if one.type == by.by and name in str(one.configuration.get(part)):
                yield key in after and part not in after[key].unread
