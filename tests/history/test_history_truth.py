"""An organization that changes at random, with the truth beside it: every change is told once, none is invented.

`REPORTER_TRUTH_STEPS=1000` walks further than the ordinary run of the tests.
"""

import os
import random
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from estate_builder import BUCKET, DENIED, LISTED, bucket, snapshot, start, trail, unreachable, weeks

from reporter import history
from reporter.drift.changes import describe
from reporter.model import ACCOUNT, GLOBAL, AccountSnapshot, Gap, ReadStatus, Unread

STEPS = int(os.environ.get("REPORTER_TRUTH_STEPS", "100"))
PARTS = ("Versioning", "Policy", "Tags", "Encryption")
IDS = tuple(f"{n}" * 12 for n in range(1, 6))
UNLISTED = LISTED - {(BUCKET, GLOBAL)}


def value(part: str, chance: random.Random) -> Any:
    """A setting, or none."""
    if chance.random() < 0.3:
        return None
    number = chance.randrange(1000)
    if part == "Policy":
        actions = [f"s3:Get{n}" for n in range(number % 3 + 1)]
        who = {"AWS": [f"arn:aws:iam::{n}11111111111:root" for n in (1, 2, 3)]}
        return {
            "Statement": [
                {"Sid": f"S{n}", "Effect": "Allow", "Principal": who, "Action": actions, "Resource": f"r{number}"}
                for n in (1, 2)
            ]
        }
    return {"Status": f"v{number}"} if part != "Tags" else {"k": f"v{number}"}


def shuffled(setting: Any, chance: random.Random) -> Any:
    """The same as AWS might return it another time: lists that are sets in another order."""
    if isinstance(setting, dict):
        return {key: shuffled(setting[key], chance) for key in chance.sample(sorted(setting), len(setting))}
    if isinstance(setting, list):
        return [shuffled(one, chance) for one in chance.sample(setting, len(setting))]
    return setting


def might_be_an_edit(before: dict[str, Any], real: dict[str, Any]) -> bool:
    """Whether a later creation date may come from an edited policy: AWS moves it then, and nobody can tell the two apart."""
    differing = {part for part in real if part in before and real[part] != before[part]}
    reset = {part for part in differing if real[part] is None}
    return "Policy" in differing and not reset - {"Policy"}


@dataclass
class Known:
    """What an honest reader of one account would know."""

    reachable: bool = True
    listed_once: bool = False
    read_at: datetime | None = None
    buckets: dict[str, dict[str, Any]] = field(default_factory=dict)  # name -> settings last known
    unread: dict[str, set[str]] = field(default_factory=dict)
    born: dict[str, datetime] = field(default_factory=dict)


@dataclass
class World:
    """What is really there, and what an honest reader knows of it."""

    chance: random.Random
    there: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)  # account -> bucket -> settings
    born: dict[str, datetime] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    last_owner: dict[str, str] = field(default_factory=dict)  # of the last life that anybody saw begin
    left: set[str] = field(default_factory=set)
    names: int = 0

    def change(self, at: datetime) -> None:
        """A few things happen."""
        for _ in range(self.chance.randrange(4)):
            self.happen(at)

    def happen(self, at: datetime) -> None:
        account = self.chance.choice(sorted(self.there))
        mine = self.there[account]
        what = self.chance.random()
        if what < 0.3 or not mine:
            self.names += self.chance.random() < 0.7
            name = f"bucket-{self.names}"
            if not any(name in buckets for buckets in self.there.values()):
                mine[name] = {part: value(part, self.chance) for part in PARTS}
                self.born[name] = at
        elif what < 0.75:
            mine[self.chance.choice(sorted(mine))][self.chance.choice(PARTS)] = value(
                self.chance.choice(PARTS[:1]), self.chance
            )
        elif what < 0.85:
            del mine[self.chance.choice(sorted(mine))]
        elif what < 0.93:
            name = self.chance.choice(sorted(mine))
            mine[name] = {part: value(part, self.chance) for part in PARTS}
            mine[name]["Tags"] = {"k": "reborn"}
            self.born[name] = at
        else:
            name = self.chance.choice(sorted(mine))
            other = self.there[self.chance.choice(sorted(self.there))]
            if other is not mine:
                other[name] = mine.pop(name)
                self.born[name] = at

    def read(self, account: str, at: datetime, expected: Counter[tuple[str, str, str]]) -> AccountSnapshot:
        """One reading as AWS lets it happen, and what an honest reader would then tell."""
        known, joined = self.known.get(account), account not in self.known
        known = self.known.setdefault(account, Known())
        if account in self.left:
            self.left.discard(account)
            joined = True
        way = self.chance.random()
        if joined and self.last_owner != {} and account != IDS[0]:
            expected["joined", account, account] += 1
        if way < 0.08:
            if known.reachable and not joined:
                expected["access_lost", account, account] += 1
            known.reachable = False
            return unreachable(account, at)
        if not known.reachable and not joined:
            expected["access_restored", account, account] += 1
        known.reachable = True
        names = sorted(self.there[account])
        listed = way > 0.2
        if not listed:
            names = [name for name in names if self.chance.random() < 0.5]
        items = [self.see(account, name, known, at, joined=joined, expected=expected) for name in names]
        if listed:
            for name in sorted(set(known.buckets) - set(names)):
                self.forget(known, name)
                expected["deleted", account, name] += 1
            known.listed_once = True
        known.read_at = at
        items.append(trail(account, "t", at))
        if listed:
            return snapshot(account, at, self.chance.sample(items, len(items)))
        gap = Gap(account, GLOBAL, BUCKET, Unread("ListBuckets", "s3:ListAllMyBuckets", "SlowDown"))
        return snapshot(account, at, items, status=ReadStatus.PARTIAL, gaps=(gap,), listed=UNLISTED)

    def see(
        self,
        account: str,
        name: str,
        known: Known,
        at: datetime,
        *,
        joined: bool,
        expected: Counter[tuple[str, str, str]],
    ) -> Any:
        hidden = {part for part in PARTS if self.chance.random() < 0.06}
        real = {part: setting for part, setting in self.there[account][name].items() if part not in hidden}
        kind = self.what_happened(account, name, known, real, hidden, joined=joined)
        if (kind and not joined) or kind == "moved":
            expected[kind, account, name] += 1
        before = known.buckets.get(name, {}) if kind != "recreated" else {}
        known.buckets[name] = deepcopy({**{part: before[part] for part in hidden if part in before}, **real})
        known.unread[name] = hidden
        known.born[name] = self.born[name]
        if kind in {"created", "recreated", "moved", "first seen"}:
            self.last_owner[name] = account
        parts = {part: shuffled(setting, self.chance) for part, setting in real.items()}
        return bucket(
            account,
            name,
            at,
            created_at=self.born[name],
            unread=dict.fromkeys(hidden, DENIED),
            **{part: parts.get(part) for part in PARTS},
        )

    def what_happened(
        self, account: str, name: str, known: Known, real: dict[str, Any], hidden: set[str], *, joined: bool
    ) -> str:
        if name not in known.buckets:
            if name in self.last_owner and self.last_owner[name] != account:
                return "moved"
            if name in self.last_owner:
                return "recreated"
            young = known.read_at is not None and self.born[name] > known.read_at
            return "created" if (known.listed_once or young) and not joined else "first seen"
        before, lost = known.buckets[name], known.unread[name]
        if self.born[name] > known.born[name] and not might_be_an_edit(before, real):
            return "recreated"
        if any(before[part] != setting for part, setting in real.items() if part in before):
            return "modified"
        if hidden - lost:
            return "access_lost"
        return "access_restored" if lost - hidden else ""

    def forget(self, known: Known, name: str) -> None:
        del known.buckets[name], known.unread[name], known.born[name]


def leave(world: World, engine: Any, begun: Any, at: datetime, expected: Counter[tuple[str, str, str]]) -> list[Any]:
    """Now and then an account is no longer in the organization, or is again."""
    chance = world.chance
    away = sorted(set(IDS[1:]) - set(world.there))
    if away and chance.random() < 0.3:
        world.there[chance.choice(away)] = {}
    elif len(world.there) > 2 and chance.random() < 0.04:
        gone = chance.choice(sorted(set(world.there) - {IDS[0]}))
        world.there.pop(gone)
        if gone in world.known:
            world.known.pop(gone)
            world.left.add(gone)
            expected["left_org", gone, gone] += 1
            return list(history.mark_left(engine, begun, [gone], at))
    return []


def step(world: World, engine: Any, number: int, at: datetime) -> Any:
    """A week: things happen, the organization is read, and what is told is held against what is so."""
    world.change(at - timedelta(hours=1))
    expected: Counter[tuple[str, str, str]] = Counter()
    begun = start(engine, at, owner=f"step {number}")
    told = leave(world, engine, begun, at, expected)
    for account in world.chance.sample(sorted(world.there), len(world.there)):
        told += history.record_account(engine, begun, world.read(account, at, expected), describe)
    sealed = history.seal(engine, begun, at + timedelta(hours=1), sorted(world.there))
    found = Counter((change.kind.value, change.account, change.resource) for change in told)
    assert found == expected, f"step {number}: told too much {found - expected}, too little {expected - found}"
    assert len(history.changes(engine, run=sealed)) == sum(expected.values())
    return sealed


def stored(engine: Any, run: Any) -> dict[str, dict[str, Any]]:
    """What the history says that a reader knew at a run."""
    return {
        one.account.id: {item.id: {part: item.configuration[part] for part in PARTS if part in item.configuration} for item in one.items if item.type == BUCKET}
        for one in history.snapshots(engine, run)
    }  # fmt: skip


def canonical_settings(known: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The same, in the form in which it is stored."""
    return {
        name: {part: bucket("1", name, **settings).configuration[part] for part in settings}
        for name, settings in known.items()
    }


def test_every_change_is_told_once_and_none_is_invented(engine):
    """Changes, denials, outages, broken listings, re-orderings, second lives, moves, joining, leaving, and clocks set back."""
    world = World(random.Random(7))
    world.there = {id: {} for id in IDS[:3]}
    remembered = []
    at = weeks(0)
    for number in range(STEPS):
        at += timedelta(days=7) if world.chance.random() > 0.03 else timedelta(minutes=-20)
        sealed = step(world, engine, number, at)
        if number % 25 == 24:
            remembered.append((sealed, {id: canonical_settings(world.known[id].buckets) for id in world.there}))
    for sealed, known in remembered:
        assert stored(engine, sealed) == known
    assert history.verify(engine) == ()
    assert {change.type for change in history.changes(engine)} == {ACCOUNT, BUCKET}
