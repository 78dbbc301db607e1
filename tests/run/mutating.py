"""An organization that is changed at random with known truth, and what a correct history must say of each run.

`World` is what is true in AWS. `read` is what a reader gets to see of it: denied, throttled, cut off, re-ordered. `Oracle` knows
only the truth and what was readable when; it says which changes each run must report, by comparing what is true now with what
was true when it was last seen. Nothing of the history's own rules is in it.
"""

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from reporter.documents.canonical import canonical
from reporter.model import (
    ACCOUNT,
    GLOBAL,
    Account,
    AccountSnapshot,
    ConfigurationItem,
    Gap,
    ReadStatus,
    Unread,
)

BUCKET, TRAIL, KEY = "AWS::S3::Bucket", "AWS::CloudTrail::Trail", "AWS::KMS::Key"
REGIONS = ("eu-west-1", "us-east-1")
START = datetime(2026, 1, 1, tzinfo=UTC)
DENIED = Unread("GetIt", "x:GetIt", "AccessDenied")
NOT_ASKED = Unread("", "", "NotAsked")
GONE = Unread("sts:AssumeRole", "sts:AssumeRole", "AccessDenied")
THROTTLED = Unread("ListThem", "x:ListThem", "Throttling")
PARTS = {
    BUCKET: ("Versioning", "Encryption", "Policy", "PublicAccessBlock", "Lifecycle", "Tags", "Acl"),
    TRAIL: ("Status", "Selectors", "Tags", "LogFileValidationEnabled"),
    KEY: ("Policy", "Rotation"),
}
READ_PARTS = {BUCKET: PARTS[BUCKET], TRAIL: ("Status", "Selectors", "Tags"), KEY: PARTS[KEY]}
Place = tuple[str, str]  # type, id


@dataclass
class Thing:
    """A resource as it truly is."""

    type: str
    id: str
    region: str
    created_at: datetime
    parts: dict
    key: str = ""  # a trail's key, in another account
    stopped: tuple[datetime, datetime] | None = None  # a trail that was off and on again, and nobody looked in between

    @property
    def arn(self):
        return f"arn:aws:s3:::{self.id}" if self.type == BUCKET else self.id


@dataclass
class Member:
    """An account as it truly is, and who may see what of it."""

    id: str
    things: dict[Place, Thing] = field(default_factory=dict)
    there: bool = True
    reachable: bool = True
    closed: set = field(default_factory=set)  # (type, region) that cannot be listed at all
    denied: set = field(default_factory=set)  # (type, part) of all its resources
    tags: dict = field(default_factory=dict)


class World:
    """The truth, and the dice that change it."""

    def __init__(self, seed, accounts=5, things=6):
        self.dice = Random(seed)
        self.now = START
        self.count = 0
        self.members = {f"{n:012d}": Member(f"{n:012d}") for n in range(1, accounts + 1)}
        self.keys = self.members[f"{accounts:012d}"]  # the account whose keys others name
        for member in self.members.values():
            for _ in range(things):
                self.create(member)
            if member is not self.keys:
                self.create(member, TRAIL)
        for _ in range(2):
            self.create(self.keys, KEY)

    def step(self):
        """One thing happens to somebody."""
        self.now += timedelta(minutes=self.dice.randint(1, 300))
        member = self.dice.choice(list(self.members.values()))
        self.dice.choice(STEPS)(self, member)

    def create(self, member, type=None):
        dice = self.dice
        self.count += 1
        type = type or dice.choices((BUCKET, TRAIL), (5, 1))[0]
        region = dice.choice(REGIONS)
        stem = {TRAIL: "cloudtrail", KEY: "kms"}.get(type)
        name = f"thing-{self.count}" if type == BUCKET else f"arn:aws:{stem}:{region}:{member.id}:x/{self.count}"
        thing = Thing(type, name, region, self.now, {part: value(dice, type, part) for part in PARTS[type]})
        if type == TRAIL and member is not self.keys and self.keys.there:
            named = [one.id for one in self.keys.things.values() if one.type == KEY]
            thing.key = dice.choice(named) if named and dice.random() < 0.7 else ""
        member.things[type, name] = thing
        return thing

    def some(self, member, type=None):
        """One of its things."""
        found = [one for one in member.things.values() if type is None or one.type == type]
        return self.dice.choice(found) if found else None


# --- what happens ----------------------------------------------------------------------------------------------------


def set_parts(world, member):
    """One to three settings of a resource become something else."""
    thing = world.some(member)
    if thing is None:
        return
    for part in world.dice.sample(PARTS[thing.type], world.dice.choice((1, 1, 1, 2))):
        old = thing.parts[part]
        for _ in range(30):
            thing.parts[part] = value(world.dice, thing.type, part)
            if thing.parts[part] != old:
                break


def create(world, member):
    world.create(member)


def delete(world, member):
    thing = world.some(member)
    if thing is not None and thing.type != KEY:
        del member.things[thing.type, thing.id]


def recreate(world, member):
    """The same name again: with equal settings, or with none."""
    thing = world.some(member, BUCKET)
    if thing is None:
        return
    thing.created_at = world.now
    if world.dice.random() < 0.5 and any(thing.parts[part] for part in ("Versioning", "Lifecycle", "Tags")):
        thing.parts = dict.fromkeys(thing.parts) | {"Policy": thing.parts["Policy"]}


def take(world, member):
    """A bucket's name goes to another account."""
    thing = world.some(member, BUCKET)
    other = world.dice.choice(list(world.members.values()))
    if thing is None or other is member:
        return
    del member.things[thing.type, thing.id]
    thing.created_at = world.now
    other.things[thing.type, thing.id] = thing


def switch_account(world, member):
    """An account's role can no longer be assumed; or can again."""
    member.reachable = not member.reachable


def switch_listing(world, member):
    """A type can no longer be listed in an account or region; or all can again."""
    place = world.dice.choice(((BUCKET, GLOBAL), *((TRAIL, region) for region in REGIONS)))
    member.closed = set() if member.closed else {place}


def switch_part(world, member):
    """A part can no longer be read; or, from three on, all can again."""
    type = world.dice.choice((BUCKET, BUCKET, TRAIL, KEY))
    member.denied = set() if len(member.denied) > 2 else member.denied ^ {(type, world.dice.choice(READ_PARTS[type]))}


def leave(world, member):
    """An account leaves the organization."""
    if member is not world.keys and world.dice.random() < 0.3:
        member.there = False


def mend(world, _):
    """What was out of reach is within reach again."""
    for member in world.members.values():
        member.reachable = member.reachable or world.dice.random() < 0.7
        member.there = member.there or world.dice.random() < 0.7


def off_and_on(world, member):
    """A trail is stopped and started between two looks."""
    trail = world.some(member, TRAIL)
    if trail is not None and trail.parts["Status"]["IsLogging"]:
        start = world.now - timedelta(seconds=40)
        trail.stopped = (start, world.now)


def nothing(world, member):
    """Time passes."""


STEPS = (
    *[set_parts] * 10, *[create] * 3, delete, delete, recreate, recreate, take, switch_account, switch_listing,
    switch_part, switch_part, leave, mend, mend, off_and_on, off_and_on, nothing,
)  # fmt: skip


def value(dice, type, part):
    """Some value of a part, in the order that means nothing."""
    if part == "Policy":
        sids = dice.sample("abcdef", dice.randint(0, 3))
        statements = [
            {
                "Sid": sid,
                "Effect": dice.choice(("Allow", "Deny")),
                "Principal": {"AWS": sorted(f"{n:012d}" for n in dice.sample(range(9), dice.randint(1, 3)))},
                "Action": sorted(dice.sample(("s3:GetObject", "s3:PutObject", "s3:ListBucket"), dice.randint(1, 3))),
                "Resource": ["*"],
            }
            for sid in sorted(sids)
        ]
        return {"Version": "2012-10-17", "Statement": statements} if statements else None
    if part == "PublicAccessBlock":
        flags = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        return dice.choice((None, {flag: dice.random() < 0.5 for flag in flags}))
    if part == "Lifecycle":
        rules = [{"ID": f"r{n}", "Status": "Enabled", "Expiration": {"Days": dice.choice((1, 30))}} for n in range(3)]
        chosen = sorted(dice.sample(range(3), dice.randint(0, 3)))
        return {"Rules": [rules[n] for n in chosen]} if chosen else None
    if part == "Acl":
        grantees = sorted(dice.sample(("a", "b", "c"), dice.randint(1, 3)))
        grants = [{"Grantee": {"Type": "CanonicalUser", "ID": one}, "Permission": "READ"} for one in grantees]
        return {"Owner": {"ID": "a"}, "Grants": grants}
    return copy.deepcopy(dice.choice(_SIMPLE[part if part != "Policy" else type]))


_SIMPLE = {
    "Versioning": [None, {"Status": "Enabled"}, {"Status": "Suspended"}],
    "Encryption": [None, *({"Rules": [{"BucketKeyEnabled": flag}]} for flag in (True, False))],
    "Tags": [None, {"a": "1"}, {"a": "2"}, {"a": "1", "=b": "<x>"}],
    "Status": [{"IsLogging": True}, {"IsLogging": False}],
    "Selectors": [
        {"EventSelectors": None, "AdvancedEventSelectors": [{"Name": name, "FieldSelectors": []}]} for name in "mn"
    ],
    "LogFileValidationEnabled": [True, False],
    "Rotation": [None, {"KeyRotationEnabled": True}, {"KeyRotationEnabled": False}],
}


# --- what a reader sees ----------------------------------------------------------------------------------------------


@dataclass
class Look:
    """What one run saw of one account, as values for the history and as facts for the oracle."""

    snapshot: AccountSnapshot
    listed: set  # (type, region)
    unread: dict  # place -> set of parts
    skipped: dict  # place -> set of parts that nobody asked for
    seen: set  # places


def read(world, member, observed_at):
    """One account's snapshot, with whatever stands in the way of it."""
    dice, account = world.dice, Account(member.id, f"account {member.id}", tags=dict(member.tags))
    whole = _account_item(member, observed_at)
    if not member.reachable:
        gap = Gap(member.id, GLOBAL, ACCOUNT, GONE)
        snapshot = AccountSnapshot(
            account, ReadStatus.UNREACHABLE, "cannot be assumed", (whole,), (gap,), frozenset({(ACCOUNT, GLOBAL)}),
            observed_at=observed_at,
        )  # fmt: skip
        return Look(snapshot, set(), {}, {}, set())
    listed = {(ACCOUNT, GLOBAL), (BUCKET, GLOBAL), *((type, region) for type in (TRAIL, KEY) for region in REGIONS)}
    listed -= member.closed
    if dice.random() < 0.05:  # a page is throttled for good: some rows came, and nobody knows how many more there are
        cut = dice.choice(((BUCKET, GLOBAL), (TRAIL, dice.choice(REGIONS))))
        listed.discard(cut)
    else:
        cut = None
    look = Look(None, listed, {}, {}, set())
    items = [whole]
    for thing in member.things.values():
        place = (thing.type, GLOBAL if thing.type == BUCKET else thing.region)
        if place in member.closed or (place == cut and dice.random() < 0.5):
            continue
        items.append(_item(world, member, thing, observed_at, look))
    items += _foreign(world, member, look, observed_at)
    dice.shuffle(items)
    gaps = tuple(
        Gap(member.id, region, type, THROTTLED) for type, region in sorted({*member.closed, *([cut] if cut else [])})
    )
    full = not gaps and not any(look.unread.values())
    look.snapshot = AccountSnapshot(
        account, ReadStatus.READ if full else ReadStatus.PARTIAL, "" if full else "something was denied", tuple(items),
        gaps, frozenset(listed), REGIONS, REGIONS, observed_at=observed_at,
    )  # fmt: skip
    return look


def _account_item(member, at):
    return ConfigurationItem(member.id, GLOBAL, ACCOUNT, member.id, f"arn:{member.id}", {"Id": member.id}, at)


def _item(world, member, thing, at, look):
    place = (thing.type, thing.id)
    look.seen.add(place)
    denied = {part for type, part in member.denied if type == thing.type}
    skipped = {part for part in READ_PARTS[thing.type] if world.dice.random() < 0.02} - denied - {"Status"}
    look.unread[place], look.skipped[place] = denied, skipped
    shown = {part: scrambled(world.dice, thing.parts[part]) for part in thing.parts if part not in denied | skipped}
    named = {"Name": thing.id, **({"KmsKeyId": thing.key or None} if thing.type == TRAIL else {})}
    return ConfigurationItem(
        member.id, thing.region, thing.type, thing.id, thing.arn, canonical(thing.type, {**named, **shown}), at,
        unread=dict.fromkeys(denied, DENIED) | dict.fromkeys(skipped, NOT_ASKED),
        volatile=_volatile(world, thing) if thing.type == TRAIL and "Status" in shown else {},
        created_at=thing.created_at if thing.type == BUCKET else None,
    )  # fmt: skip


def _volatile(world, thing):
    status = {"LatestDeliveryTime": f"2026-01-01T00:00:{world.dice.randrange(60):02d}Z"}
    if thing.stopped:
        stopped, started = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in thing.stopped)
        status |= {"StopLoggingTime": stopped, "StartLoggingTime": started}
    return {"Status": status}


def _foreign(world, member, look, at):
    """The keys that this account's trails name, read through it."""
    named = {t.key for t in member.things.values() if t.type == TRAIL and t.key and (TRAIL, t.id) in look.seen}
    for name in sorted(named):
        thing = world.keys.things.get((KEY, name))
        if thing is not None and world.keys is not member:
            shown = {part: scrambled(world.dice, part_value) for part, part_value in thing.parts.items()}
            yield ConfigurationItem(
                world.keys.id, thing.region, KEY, name, name, canonical(KEY, {"Name": name, **shown}), at
            )


def scrambled(dice, given):
    """The same in another order and spelling."""
    if isinstance(given, dict):
        keys = list(given)
        dice.shuffle(keys)
        return {key: scrambled(dice, given[key]) for key in keys}
    if isinstance(given, list):
        items = [scrambled(dice, one) for one in given]
        dice.shuffle(items)
        return items[0] if len(items) == 1 and isinstance(items[0], str) and dice.random() < 0.5 else items
    return given


# --- what must be said of it -----------------------------------------------------------------------------------------


@dataclass
class Known:
    """A resource as it was when it was last seen."""

    account: str
    created_at: datetime
    parts: dict  # of each part: the value when it was last read
    unread: set
    confirmed: datetime
    key: str = ""


@dataclass
class Memory:
    """What has been seen of one account."""

    things: dict[Place, Known] = field(default_factory=dict)
    standing: set = field(default_factory=set)  # those that were seen since the account is in the organization
    listed: set = field(default_factory=set)  # (type, region) that was ever listed to the end
    read: bool = False
    last_read: datetime = START
    present: bool = False
    ever: bool = False


class Oracle:
    """What was seen, and so what must be told of the next look. A name's last owner is remembered beyond its end."""

    def __init__(self):
        self.accounts: dict[str, Memory] = {}
        self.ended: dict[
            Place, tuple[datetime, str]
        ] = {}  # place -> when and by whom it was last seen before its proven end

    def left(self, account):
        """An account is no longer listed: one change, if it was ever there."""
        memory = self.accounts.get(account)
        if memory is None or not memory.present:
            return {}
        memory.present = False
        memory.standing.clear()
        return {(account, ACCOUNT, account): ("left_org", frozenset())}

    def look(self, world, member, look, run_number):
        """The changes that this look must yield: (account, type, id) -> (kind, parts)."""
        memory = self.accounts.setdefault(member.id, Memory())
        joined = not memory.present and (memory.ever or run_number > 0)
        memory.present = memory.ever = True
        told = {(member.id, ACCOUNT, member.id): ("joined", frozenset())} if joined else {}
        if not member.reachable:
            return told
        for place in sorted(look.seen):
            thing = member.things[place]
            change = self._thing(memory, member, thing, look, joined)
            if change is not None:
                told[(member.id, *place)] = change
            self._learn(memory, member, thing, look)
        told |= self._ended(memory, member, look, joined)
        memory.listed |= look.listed
        memory.last_read = look.snapshot.observed_at
        memory.read = True
        return told

    def _thing(self, memory, member, thing, look, joined):
        place = (thing.type, thing.id)
        known = memory.things.get(place)
        elsewhere = self._elsewhere(place, member.id)
        if known is not None and place not in memory.standing and elsewhere and elsewhere[0] > known.confirmed:
            return "moved", None
        if known is None:
            return self._unknown(memory, member, thing, joined)
        if joined:
            return None
        parts = self._differing(known, thing, look.unread[place], look.skipped[place])
        parts |= {"KmsKeyId"} if thing.key != known.key else set()
        if thing.type == BUCKET and thing.created_at > known.created_at:
            return "recreated", frozenset(parts)
        lost = {p for p in look.unread[place] - known.unread if p in known.parts}
        back = {p for p in known.unread if p not in look.unread[place] and p not in look.skipped[place]}
        if parts:
            return "modified", frozenset(parts | lost | back)
        if lost:
            return "access_lost", frozenset(lost | back)
        return ("access_restored", frozenset(back)) if back else None

    def _unknown(self, memory, member, thing, joined):
        """A name that this account was not seen to have."""
        elsewhere = self._elsewhere((thing.type, thing.id), member.id)
        if elsewhere is not None:
            kind = "recreated" if elsewhere[1] == member.id else "moved"
            return None if joined and kind == "recreated" else (kind, None)
        if joined or not memory.read:
            return None
        listing = (thing.type, GLOBAL if thing.type == BUCKET else thing.region)
        young = thing.type == BUCKET and thing.created_at > memory.last_read
        return ("created", None) if listing in memory.listed or young else None

    def _elsewhere(self, place, me):
        """When and with whom this name was last seen, this account's present hold on it apart."""
        seen = [
            (one.things[place].confirmed, id) for id, one in self.accounts.items() if id != me and place in one.things
        ]
        seen += [self.ended[place]] if place in self.ended else []
        return max(seen, default=None)

    def _differing(self, known, thing, unread, skipped):
        found = {
            p for p, v in thing.parts.items() if p not in unread | skipped and p in known.parts and v != known.parts[p]
        }
        if thing.stopped and "Status" not in unread | skipped | known.unread and "Status" not in found:
            stopped, _ = thing.stopped
            if known.confirmed < stopped and thing.parts["Status"]["IsLogging"]:
                found.add("Status")
        return found

    def _learn(self, memory, member, thing, look):
        place = (thing.type, thing.id)
        known = memory.things.get(place)
        unread, skipped = look.unread[place], look.skipped[place]
        read = {p: copy.deepcopy(v) for p, v in thing.parts.items() if p not in unread | skipped}
        same = known is not None and not (thing.type == BUCKET and thing.created_at > known.created_at)
        same = same and place in memory.standing
        kept = known.parts if same else {}
        still = {p for p in skipped if same and p in known.unread}
        memory.things[place] = Known(
            member.id, thing.created_at, {**kept, **read}, unread | still, look.snapshot.observed_at, thing.key
        )
        memory.standing.add(place)
        self.ended.pop(place, None)

    def _ended(self, memory, member, look, joined):
        told = {}
        for place in [one for one in memory.things if one not in look.seen]:
            region = GLOBAL if place[0] == BUCKET else place[1].split(":")[3]
            if (place[0], region) in look.listed:
                known = memory.things.pop(place)
                self.ended[place] = max((known.confirmed, member.id), self.ended.get(place, (START, "")))
                if place in memory.standing:  # else it ended with the account's leaving
                    told[(member.id, *place)] = ("deleted", frozenset())
                memory.standing.discard(place)
        return {} if joined else told
