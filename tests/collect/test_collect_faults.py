"""A network and an AWS that misbehave at random: what is read is right, what is not read is recorded."""

import random
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest
from collect_estate import BARRED, door_to, items, read

from reporter.collect.coverage import Coverage
from reporter.collect.organization import discover
from reporter.collect.resources import kind_of
from reporter.collect.snapshot import collect
from reporter.model import ACCOUNT, GLOBAL, AccountSnapshot, ConfigurationItem, ReadStatus
from reporter.simulate.simulation import Simulation

KINDS = ("deny", "throttle", "error", "delay", "truncate", "kill", "malformed", "wrong")
OPERATIONS = (
    "*",
    "s3:*",
    "s3:Get*",
    "cloudtrail:*",
    "kms:*",
    "organizations:List*",
    "sts:*",
    "ec2:*",
    "s3control:*",
    "*:List*",
    "*:Describe*",
)
CODES = (
    ("InternalError", 500), ("ExpiredToken", 400), ("RequestTimeTooSkewed", 403), ("NoSuchBucket", 404),
    ("UnrecognizedClientException", 400), ("ServiceUnavailable", 503), ("SomethingNew", 418),
)  # fmt: skip
NOT_OFFERED = "NotOffered"  # in which of the regions looked at AWS lacks a service: the SDK's word, no answer of AWS
# A name that nobody tells leads nowhere: these are missing, without a gap of their own, when what names them is unread.
NAMED = {"AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::CloudWatch::Alarm", "AWS::SNS::Topic"}


def misbehave(aws: Simulation, seed: int) -> None:
    """One to three random rules."""
    dice = random.Random(seed)
    for _ in range(dice.randint(1, 3)):
        rule: dict[str, Any] = {"probability": dice.choice((0.05, 0.2, 0.5, 1.0))}
        kind = dice.choice(KINDS)
        if kind == "error":
            rule["code"], rule["status"] = dice.choice(CODES)
        if kind == "delay":
            rule |= {"seconds": 0.05, "probability": 0.2}
        aws.fault(kind, dice.choice(OPERATIONS), **rule)


def read_under_faults(aws: Simulation, seed: int, sound: Mapping[str, AccountSnapshot]) -> dict[str, AccountSnapshot]:
    """The snapshot that comes out; the accounts of an earlier run are known, as they are in a real one."""
    aws.clear_faults(seed=seed)
    misbehave(aws, seed)
    try:
        door = door_to(attempts=2, threads=8)
        organization = discover_somehow(door, sound)
        coverage = Coverage.of(organization)
        snapshots = {}
        for snapshot in collect(door, organization):
            coverage.add(snapshot)
            snapshots[snapshot.account.id] = snapshot
        coverage.check()
        return snapshots
    finally:
        aws.clear_faults()


def discover_somehow(door: Any, sound: Mapping[str, AccountSnapshot]) -> Any:
    return discover(door, last_known=[one.account for one in sound.values()])


def differences(sound: Mapping[str, AccountSnapshot], broken: Mapping[str, AccountSnapshot]) -> list[str]:
    """What the second says that the first does not, or does not say without a reason."""
    before, after = items(sound), items(broken)
    wrong = [f"invented {key}" for key in after.keys() - before.keys()]
    for key, item in before.items():
        if key in after:
            wrong += [f"{key}: {text}" for text in compared(item, after[key])]
            if item.type == ACCOUNT:
                wrong += offers(item, after[key], broken[item.account].listed)
        elif not excused(item, broken):
            wrong.append(f"lost {key}")
    return wrong


def compared(sound: ConfigurationItem, broken: ConfigurationItem) -> list[str]:
    wrong = []
    for part in (
        sound.configuration.keys() | broken.configuration.keys() | sound.volatile.keys() | broken.volatile.keys()
    ):
        if part in broken.unread:
            if part in broken.configuration:
                wrong.append(f"{part} is unread and has a value")
            if not broken.unread[part].code or not broken.unread[part].message:
                wrong.append(f"{part} is unread without a reason")
        elif sound.configuration.get(part, "-") != broken.configuration.get(part, "-"):
            wrong.append(
                f"{part}: {sound.configuration.get(part, '-')!r} became {broken.configuration.get(part, '-')!r}"
            )
        elif part != NOT_OFFERED and sound.volatile.get(part) != broken.volatile.get(part):
            wrong.append(f"volatile {part} differs")
    return wrong


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


def excused(item: ConfigurationItem, broken: Mapping[str, AccountSnapshot]) -> bool:
    """Whether something says that the item could not be read, and nothing says that it does not exist."""
    owner = broken[item.account]
    kind = kind_of(item.type)
    if (item.type, item.region if kind.regional else GLOBAL) in owner.listed:
        return False
    if item.type in NAMED:
        return any(one.status is not ReadStatus.READ for one in broken.values() if one.account.id != BARRED)
    if owner.status is ReadStatus.UNREACHABLE:
        return True
    gaps = {(gap.type, gap.region) for gap in owner.gaps}
    regions_known = "Regions" not in next(one for one in owner.items if one.type == "AWS::::Account").unread
    return (item.type, GLOBAL) in gaps or (item.type, item.region) in gaps or not regions_known


@pytest.fixture(scope="module")
def sound(running: Simulation) -> dict[str, AccountSnapshot]:
    """The snapshot without faults."""
    running.clear_faults()
    return read(running)


@pytest.mark.parametrize("seed", range(4))
def test_faults_leave_gaps_and_never_wrong_values(
    aws: Simulation, sound: dict[str, AccountSnapshot], seed: int
) -> None:
    """Whatever fails at random, nothing is invented, no value differs, nothing is lost without a recorded reason."""
    broken = read_under_faults(aws, seed, sound)
    assert broken.keys() == sound.keys()
    assert differences(sound, broken) == []
    assert not [gap for one in broken.values() for gap in one.gaps if gap.why.code == "ProgramFault"]
