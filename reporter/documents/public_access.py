"""Whether a bucket can be read or written by the public: one answer from four levels of Block Public Access, policy and ACL.

Block Public Access is set for the organization (an S3 policy of AWS Organizations), the account, the bucket and the access
point; the most restrictive combination holds, except that the organization's setting replaces the account's. Of its four
flags only two bear on what is there now: IgnorePublicAcls disarms ACLs, RestrictPublicBuckets disarms a public policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from reporter.documents.actions import S3_READ, S3_WRITE
from reporter.documents.grants import Document
from reporter.documents.logic import Answer, Tri, all_of, any_of
from reporter.documents.public import is_public, public_grants
from reporter.model import Unread

FLAGS = {
    "BlockPublicAcls": "block_public_acls",
    "IgnorePublicAcls": "ignore_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "RestrictPublicBuckets": "restrict_public_buckets",
}
EVERYBODY = {
    "http://acs.amazonaws.com/groups/global/AllUsers": "everyone",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "everyone with an AWS account",
}
READING = frozenset({"READ", "READ_ACP", "FULL_CONTROL"})
WRITING = frozenset({"WRITE", "WRITE_ACP", "FULL_CONTROL"})
Part = Mapping[str, Any] | Unread | None


@dataclass(frozen=True, slots=True)
class Block:
    """The four flags of Block Public Access, each undecided if a level that could set it was not read; and who sets them."""

    block_public_acls: Tri = False
    ignore_public_acls: Tri = False
    block_public_policy: Tri = False
    restrict_public_buckets: Tri = False
    sources: tuple[tuple[str, str], ...] = ()  # (level, AWS's name of a flag it sets)

    def setters(self, flag: str) -> str:
        """The levels that set a flag, in words."""
        return ", ".join(level for level, name in self.sources if name == flag)

    @property
    def all_four(self) -> Tri:
        """Whether every flag is set."""
        return all_of(
            (self.block_public_acls, self.ignore_public_acls, self.block_public_policy, self.restrict_public_buckets)
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """AWS's names of the flags that are certainly not set."""
        return tuple(name for name, field in FLAGS.items() if getattr(self, field) is False)


UNREAD_BLOCK = Block(None, None, None, None)


def block_of(flags: Part, source: str) -> Block:
    """One level's flags as stored: None (not configured) sets none, an unread one may set any."""
    if isinstance(flags, Unread):
        return UNREAD_BLOCK
    if flags is None:
        return Block()
    values = {field: flags.get(name) is True for name, field in FLAGS.items()}
    return Block(**values, sources=tuple((source, name) for name, field in FLAGS.items() if values[field]))


def organization_block(content: Part) -> Block | None:
    """What the organization's effective S3 policy sets: all four flags, none of them, or nothing (None: there is none)."""
    if isinstance(content, Unread):
        return UNREAD_BLOCK
    attributes = (content or {}).get("s3_attributes")
    setting = attributes.get("public_access_block_configuration") if isinstance(attributes, Mapping) else attributes
    if isinstance(setting, Mapping):
        setting = setting.get("@@assign")
    if setting is None:
        return None if not attributes else UNREAD_BLOCK
    if setting == "all":
        return block_of(dict.fromkeys(FLAGS, True), "organization")
    return Block() if setting == "none" else UNREAD_BLOCK


def account_block(organization: Part, account: Part) -> Block:
    """The flags in force for an account: the organization's setting if there is one, else the account's own."""
    above = organization_block(organization)  # if unread it may set all, or none whatever the account says: undecided
    return block_of(account, "account") if above is None else above


def effective_block(organization: Part, account: Part, bucket: Part, access_point: Part = None) -> Block:
    """The flags in force for a bucket (reached through an access point, if given): set if any level sets them."""
    levels = [account_block(organization, account), block_of(bucket, "bucket"), block_of(access_point, "access point")]
    flags = {f.name: any_of(getattr(level, f.name) for level in levels) for f in fields(Block) if f.name != "sources"}
    return Block(**flags, sources=tuple(source for level in levels for source in level.sources))


@dataclass(frozen=True, slots=True)
class PublicAccess:
    """Whether the public can read and write, what for, what stands in the way, and where AWS's own verdict differs."""

    read: Answer
    write: Answer
    any: Answer
    block: Block
    disagreement: str | None = None  # AWS's IsPublic against our reading of the policy


def public_access(
    *,
    organization: Part,
    account: Part,
    bucket: Part,
    policy: Document | Unread,
    acl: Part,
    ownership: Part,
    policy_status: Part = None,
    access_point: Part = None,
) -> PublicAccess:
    """Judge a bucket's parts as stored: None is "not configured", an `Unread` makes undecided only what rests on it.

    `policy_status` is AWS's own verdict on the policy and outweighs our reading of whether it is public at all.
    """
    block = effective_block(organization, account, bucket, access_point)
    status = policy_status.get("IsPublic") if isinstance(policy_status, Mapping) else None
    read = _either(
        _by_policy(policy, S3_READ, status, block),
        _by_acl(acl, ownership, READING, block),
        "nothing lets the public read",
    )
    write = _either(
        _by_policy(policy, S3_WRITE, status, block),
        _by_acl(acl, ownership, WRITING, block),
        "nothing lets the public write",
    )
    everything = _either(read, write, "not public")
    return PublicAccess(read, write, everything, block, _disagreement(policy, status))


def _either(one: Answer, other: Answer, nothing: str) -> Answer:
    """Whether one of them holds, with the reasons of those that decided it."""
    holds = any_of((one.holds, other.holds))
    because = tuple(dict.fromkeys(r for answer in (one, other) if answer.holds is holds for r in answer.because))
    return Answer(holds, because or (nothing,))


def _by_policy(policy: Document | Unread, actions: frozenset[str], status: bool | None, block: Block) -> Answer:
    if block.restrict_public_buckets is True:
        return Answer(
            holds=False,
            because=(f"RestrictPublicBuckets ({block.setters('RestrictPublicBuckets')}) disarms a public policy",),
        )
    if isinstance(policy, Unread):
        return Answer(holds=False if status is False else None, because=(f"policy: {policy}",))
    granted = public_grants(policy, actions)
    if status is False:
        return Answer(holds=False, because=("AWS: the policy is not public",))
    holds = granted.holds
    if status is True and holds is False and is_public(policy).holds is not True:
        holds = None  # AWS sees the public somewhere in it, and we do not: which actions, we cannot tell
        return Answer(holds, ("AWS calls the policy public, though no public grant is found in it",))
    if holds and block.restrict_public_buckets is None:
        return Answer(holds=None, because=(*granted.because, "whether RestrictPublicBuckets disarms it was not read"))
    return Answer(holds, granted.because if holds is not False else ())


def _by_acl(acl: Part, ownership: Part, permissions: frozenset[str], block: Block) -> Answer:
    if block.ignore_public_acls is True:
        return Answer(holds=False, because=(f"IgnorePublicAcls ({block.setters('IgnorePublicAcls')}) disarms ACLs",))
    if acl_disabled(ownership) is True:
        return Answer(holds=False, because=("BucketOwnerEnforced: ACLs are disabled",))
    if isinstance(acl, Unread):
        return Answer(holds=None, because=(f"ACL: {acl}",))
    found = tuple(f"ACL gives {who} {permission}" for who, permission in acl_grants(acl) if permission in permissions)
    if not found:
        return Answer(holds=False)
    if acl_disabled(ownership) is None or block.ignore_public_acls is None:
        return Answer(holds=None, because=(*found, "whether ACLs are in force was not read"))
    return Answer(holds=True, because=found)


def acl_disabled(ownership: Part) -> Tri:
    """Whether the bucket's ownership setting switches ACLs off. Without a setting an old bucket has them on."""
    if isinstance(ownership, Unread):
        return None
    rules = (ownership or {}).get("Rules") or ()
    return any(rule.get("ObjectOwnership") == "BucketOwnerEnforced" for rule in rules)


def acl_grants(acl: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """(who, permission) of every ACL grant to one of the public groups."""
    grants = (acl or {}).get("Grants") or ()
    return tuple(
        (EVERYBODY[uri], str(grant.get("Permission")))
        for grant in grants
        if (uri := (grant.get("Grantee") or {}).get("URI")) in EVERYBODY
    )


def _disagreement(policy: Document | Unread, status: bool | None) -> str | None:
    if status is None or isinstance(policy, Unread):
        return None
    ours = is_public(policy)
    if ours.holds is None or ours.holds is status:
        return None
    verdict = "public" if status else "not public"
    return f"AWS calls the policy {verdict}; read by its published definition it is {'not ' if status else ''}public: {ours}"
