"""Amazon Resource Names, the account inside them, and the four ways AWS lets one refer to a key."""

import re
from dataclasses import dataclass
from typing import Self

PARTS = 6  # arn : partition : service : region : account : resource (which may hold colons itself)
ACCOUNT_ID = re.compile(r"\d{12}")
PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
)


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of an ARN as written; region and account are empty where the service has none (S3, IAM)."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """The parts, or None if the text is no ARN."""
        parts = (text or "").split(":", PARTS - 1)
        if len(parts) != PARTS or parts[0] != "arn" or not parts[1] or not parts[2]:
            return None
        return cls(*parts[1:])

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def partition_of(region: str) -> str:
    """The partition a region lies in: `eu-west-1` -> `aws`, `cn-north-1` -> `aws-cn`."""
    return next((partition for prefix, partition in PARTITIONS if region.startswith(prefix)), "aws")


def bucket_arn(name: str, partition: str = "aws") -> str:
    """The ARN of a bucket by its name; an ARN comes back as it is."""
    return name if name.startswith("arn:") else f"arn:{partition}:s3:::{name}"


def account_of(text: str | None) -> str | None:
    """The account an ARN or a bare account id names, or None if it names none."""
    if text and ACCOUNT_ID.fullmatch(text):
        return text
    arn = Arn.parse(text)
    return arn.account if arn and ACCOUNT_ID.fullmatch(arn.account) else None


@dataclass(frozen=True, slots=True)
class KeyReference:
    """A KMS key as something refers to it: by id (`key_id`) or by alias (`alias/...`), in one account and region."""

    partition: str
    region: str
    account: str
    key_id: str = ""
    alias: str = ""

    @property
    def arn(self) -> str:
        """The ARN of the key, or of the alias where only that is known."""
        resource = self.alias or f"key/{self.key_id}"
        return str(Arn(self.partition, "kms", self.region, self.account, resource))


def key_reference(text: str, account: str, region: str, partition: str = "") -> KeyReference:
    """Read a key ARN, an alias ARN, a bare key id or an alias name; a bare one lies where the item that names it lies."""
    arn = Arn.parse(text)
    if arn is None:
        where, resource = (partition or partition_of(region), region, account), text
    else:
        where, resource = (arn.partition, arn.region, arn.account), arn.resource
    if resource.startswith("alias/"):
        return KeyReference(*where, alias=resource)
    return KeyReference(*where, key_id=resource.removeprefix("key/"))
