"""Random change with known truth: steps that people, outages and denials make, each noted in a ledger a test can compare with.

The ledger holds, for each bucket and trail, the parts as a correct reader would have them now, who may not be read, and how often
a name was born. `differences` of two copies of it is what a correct drift report says, no more and no less.
"""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from reporter.simulate.organization import AES256, ALL_BLOCKED, Document, Organization, letters
from reporter.simulate.other import any_policy, encryption
from reporter.simulate.people import CLI, TERRAFORM, iam_user, identity_center, role_session
from reporter.simulate.policies import expire
from reporter.simulate.simulation import Simulation

BUCKET, TRAIL = "AWS::S3::Bucket", "AWS::CloudTrail::Trail"
Key = tuple[str, str, str]  # account, type, id
PARTS = (
    "Versioning",
    "Encryption",
    "Policy",
    "PublicAccessBlock",
    "Lifecycle",
    "Tags",
)  # of a bucket, those that steps touch


@dataclass
class Held:
    """What is true of one resource."""

    region: str
    parts: Document
    born: int = 1


@dataclass
class Ledger:
    """What is true of the organization, as far as steps touch it."""

    held: dict[Key, Held] = field(default_factory=dict)
    unreachable: set[str] = field(default_factory=set)  # accounts
    unreadable: set[tuple[str, str]] = field(default_factory=set)  # account and part of its buckets

    def copy(self) -> "Ledger":
        return copy.deepcopy(self)


@dataclass(frozen=True)
class Step:
    """What one step did; `parts` are those it set, `effective` is false for a change that means nothing."""

    name: str
    key: Key
    parts: tuple[str, ...] = ()
    effective: bool = True


def ledger(organization: Organization) -> Ledger:
    """The truth at the start, from the declaration."""
    made = Ledger()
    for member in organization.accounts:
        for bucket in member.buckets:
            values = (
                bucket.versioning,
                bucket.encryption,
                bucket.policy,
                bucket.public_access_block,
                bucket.lifecycle,
                bucket.tags,
            )
            made.held[member.id, BUCKET, bucket.name] = Held(
                bucket.region, dict(zip(PARTS, copy.deepcopy(values), strict=True))
            )
        for trail in member.trails:
            arn = f"arn:aws:cloudtrail:{trail.region}:{member.id}:trail/{trail.name}"
            parts = {"IsLogging": trail.logging, "LogFileValidationEnabled": trail.validation}
            made.held[member.id, TRAIL, arn] = Held(trail.region, parts)
    return made


def differences(before: Ledger, after: Ledger) -> dict[Key, tuple[str, frozenset[str]]]:
    """What happened to each resource: created, deleted, recreated or modified, and in which parts (order means nothing)."""
    found: dict[Key, tuple[str, frozenset[str]]] = {}
    for key in before.held.keys() | after.held.keys():
        old, new = before.held.get(key), after.held.get(key)
        if old is None or new is None:
            found[key] = ("created" if old is None else "deleted", frozenset())
            continue
        parts = frozenset(
            name for name in old.parts.keys() | new.parts.keys() if not _same(old.parts.get(name), new.parts.get(name))
        )
        if old.born != new.born:
            found[key] = ("recreated", parts)
        elif parts:
            found[key] = ("modified", parts)
    return found


def _same(one: Any, other: Any) -> bool:
    return bool(_ordered(one) == _ordered(other))


def _ordered(value: Any) -> Any:
    """Lists as sets, one-element lists as their element: how AWS's documents mean it."""
    if isinstance(value, dict):
        return {key: _ordered(child) for key, child in value.items()}
    if isinstance(value, list):
        children = sorted((_ordered(child) for child in value), key=lambda child: json.dumps(child, sort_keys=True))
        return children[0] if len(children) == 1 and not isinstance(children[0], dict) else children
    return value


@dataclass
class Mutator:
    """A hand that changes a running simulation at random, and writes down what is true afterwards."""

    sim: Simulation
    dice: Random
    ledger: Ledger
    done: list[Step] = field(default_factory=list)

    def steps(self, number: int) -> list[Step]:
        """So many steps, some minutes apart; those that could not be made are made up for by others."""
        made: list[Step] = []
        while len(made) < number:
            self.sim.advance(minutes=self.dice.randint(1, 240))
            step = self.dice.choice(STEPS)(self)
            if step is not None:
                made.append(step)
        self.done += made
        return made

    def choose(self, type_: str) -> Key | None:
        keys = sorted(key for key in self.ledger.held if key[1] == type_)
        return self.dice.choice(keys) if keys else None

    def act(self, key: Key, service: str, operation: str, **params: Any) -> None:
        region = self.ledger.held[key].region
        self.sim.act(key[0], service, operation, region=region, actor=self.somebody(key[0]), **params)

    def somebody(self, account: str) -> Document:
        people: tuple[Callable[[], Document], ...] = (
            lambda: iam_user(account, self.dice.choice(("ada", "grace", "linus")), ip="192.0.2.7", agent=CLI),
            lambda: identity_center(account, "mary@other.example", "Admin", ip="198.51.100.9"),
            lambda: role_session(
                account, "terraform", f"run-{self.dice.randrange(999)}", ip="203.0.113.4", agent=TERRAFORM
            ),
        )
        return self.dice.choice(people)()


def set_part(hand: Mutator) -> Step | None:
    """Another value, or none, for one part of a bucket."""
    key = hand.choose(BUCKET)
    if key is None:
        return None
    part = hand.dice.choice(PARTS)
    value = _another(hand, key, part)
    if part == "Policy" and value is not None:
        _unblock(hand, key)
    if part == "Versioning" and value["Status"] == "Suspended" and hand.ledger.held[key].parts["Versioning"] is None:
        return None
    before = hand.ledger.held[key].parts[part]
    _put(hand, key, part, value)
    return Step("set_part", key, (part,), not _same(before, value))


def _another(hand: Mutator, key: Key, part: str) -> Any:
    dice = hand.dice
    blocked = (hand.sim.organization.account(key[0]).public_access_block or {}).get("BlockPublicPolicy", False)
    if part == "Versioning":
        return {"Status": dice.choice(("Enabled", "Suspended"))}
    if part == "Encryption":
        return encryption(dice, key[0])
    if part == "Policy":
        return dice.choice((None, any_policy(dice, key[2], key[0], public=not blocked)))
    if part == "PublicAccessBlock":
        return dice.choice((None, {flag: dice.random() < 0.5 for flag in ALL_BLOCKED}))
    if part == "Lifecycle":
        return dice.choice((None, expire(dice.choice((1, 30, 400)))))
    return dice.choice((None, {"Owner": dice.choice("abc"), "Note": dice.choice(("=1+1", "<b>", "日本", "ok"))}))


def _unblock(hand: Mutator, key: Key) -> None:
    """A public policy is refused while the bucket's public access block stands."""
    if (hand.ledger.held[key].parts["PublicAccessBlock"] or {}).get("BlockPublicPolicy"):
        _put(hand, key, "PublicAccessBlock", None)


def _put(hand: Mutator, key: Key, part: str, value: Any) -> None:
    nouns = {
        "Versioning": ("bucket_versioning", "VersioningConfiguration", "bucket_versioning"),
        "Encryption": ("bucket_encryption", "ServerSideEncryptionConfiguration", "bucket_encryption"),
        "Policy": ("bucket_policy", "Policy", "bucket_policy"),
        "PublicAccessBlock": ("public_access_block", "PublicAccessBlockConfiguration", "public_access_block"),
        "Lifecycle": ("bucket_lifecycle_configuration", "LifecycleConfiguration", "bucket_lifecycle"),
        "Tags": ("bucket_tagging", "Tagging", "bucket_tagging"),
    }
    noun, member, deleted = nouns[part]
    sent = value
    if part == "Policy" and value is not None:
        sent = json.dumps(value)
    elif part == "Tags" and value is not None:
        sent = {"TagSet": [{"Key": k, "Value": v} for k, v in value.items()]}
    if value is None:
        hand.act(key, "s3", f"delete_{deleted}", Bucket=key[2])
    else:
        hand.act(key, "s3", f"put_{noun}", Bucket=key[2], **{member: sent})
    hand.ledger.held[key].parts[part] = value


def reorder(hand: Mutator) -> Step | None:
    """The same policy or the same tags written in another order: nothing has changed."""
    key = hand.choose(BUCKET)
    if key is None:
        return None
    part = hand.dice.choice(("Policy", "Tags"))
    value = copy.deepcopy(hand.ledger.held[key].parts[part])
    if value is None or (part == "Policy" and hand.ledger.held[key].parts["PublicAccessBlock"]):
        return None
    if part == "Policy":
        hand.dice.shuffle(value["Statement"])
        value["Statement"] = [dict(reversed(statement.items())) for statement in value["Statement"]]
    _put(hand, key, part, dict(reversed(value.items())))
    return Step("reorder", key, (part,), effective=False)


def delete(hand: Mutator) -> Step | None:
    """A bucket goes, unless it is a trail's."""
    key = hand.choose(BUCKET)
    trails = {t.bucket for m in hand.sim.organization.accounts for t in m.trails}
    if key is None or key[2] in trails:
        return None
    hand.act(key, "s3", "delete_bucket", Bucket=key[2])
    del hand.ledger.held[key]
    return Step("delete", key)


def create(hand: Mutator) -> Step | None:
    """A new bucket with AWS's defaults."""
    account = hand.dice.choice(hand.sim.organization.accounts)
    name = f"new-{letters(hand.dice.randrange(10**9), 'bucket', length=12)}"
    return _create(hand, (account.id, BUCKET, name), hand.dice.choice(account.regions), 1, "create")


def _create(hand: Mutator, key: Key, region: str, born: int, name: str) -> Step:
    parts: Document = dict.fromkeys(PARTS)
    default = copy.deepcopy(AES256)
    hand.ledger.held[key] = Held(region, {**parts, "Encryption": default, "PublicAccessBlock": dict(ALL_BLOCKED)}, born)
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    hand.act(key, "s3", "create_bucket", Bucket=key[2], **location)
    return Step(name, key)


def recreate(hand: Mutator) -> Step | None:
    """Deleted and made anew under the same name: another bucket, though every setting may be equal."""
    key = hand.choose(BUCKET)
    trails = {t.bucket for m in hand.sim.organization.accounts for t in m.trails}
    if key is None or key[2] in trails:
        return None
    held = hand.ledger.held[key]
    hand.act(key, "s3", "delete_bucket", Bucket=key[2])
    hand.sim.advance(minutes=5)
    return _create(hand, key, held.region, held.born + 1, "recreate")


def switch_logging(hand: Mutator) -> Step | None:
    key = hand.choose(TRAIL)
    if key is None:
        return None
    parts = hand.ledger.held[key].parts
    hand.act(key, "cloudtrail", "stop_logging" if parts["IsLogging"] else "start_logging", Name=key[2])
    parts["IsLogging"] = not parts["IsLogging"]
    return Step("switch_logging", key, ("IsLogging",))


def switch_validation(hand: Mutator) -> Step | None:
    key = hand.choose(TRAIL)
    if key is None:
        return None
    parts = hand.ledger.held[key].parts
    parts["LogFileValidationEnabled"] = not parts["LogFileValidationEnabled"]
    hand.act(key, "cloudtrail", "update_trail", Name=key[2], EnableLogFileValidation=parts["LogFileValidationEnabled"])
    return Step("switch_validation", key, ("LogFileValidationEnabled",))


def switch_access(hand: Mutator) -> Step | None:
    """One part of an account's buckets may no longer be read, or may again."""
    account, part = (
        hand.dice.choice(hand.sim.organization.accounts).id,
        hand.dice.choice(("Policy", "Encryption", "Lifecycle")),
    )
    operation = {
        "Policy": "s3:GetBucketPolicy",
        "Encryption": "s3:GetBucketEncryption",
        "Lifecycle": "s3:GetBucketLifecycleConfiguration",
    }[part]
    if (account, part) in hand.ledger.unreadable:
        hand.sim.allow(operation, account)
        hand.ledger.unreadable.discard((account, part))
    else:
        hand.sim.deny(operation, account)
        hand.ledger.unreadable.add((account, part))
    return Step("switch_access", (account, BUCKET, "*"), (part,), effective=False)


def switch_account(hand: Mutator) -> Step | None:
    """An account's role can no longer be assumed, or can again; never the management account's."""
    account = hand.dice.choice(hand.sim.organization.accounts[1:]).id
    gone = account not in hand.ledger.unreachable
    hand.sim.account(account, assumable=not gone)
    (hand.ledger.unreachable.add if gone else hand.ledger.unreachable.discard)(account)
    return Step("switch_account", (account, "AWS::::Account", account), effective=False)


STEPS: tuple[Callable[[Mutator], Step | None], ...] = (
    set_part, set_part, set_part, set_part, reorder, reorder, delete, create, recreate, switch_logging, switch_validation,
    switch_access, switch_account,
)  # fmt: skip


def mutator(sim: Simulation, seed: int) -> Mutator:
    return Mutator(sim, Random(seed), ledger(sim.organization))
