"""How one resource names another: every spelling AWS accepts, brought to the id under which the item is kept."""

from collections.abc import Iterator

from reporter.assess.resource_types import BUCKET, GLOBAL_TYPES, KEY, LOG_GROUP
from reporter.model import ACCOUNT, GLOBAL, ConfigurationItem


def partition_of(arn: str) -> str:
    """aws, aws-cn, aws-us-gov ... as the ARN says; `aws` where there is none."""
    return arn.split(":", 2)[1] if arn.startswith("arn:") else "aws"


def reference(type: str, id: str, near: ConfigurationItem) -> str:
    """The id that `id` means when the item `near` says it.

    Buckets are named by name or ARN, log groups with or without the trailing `:*`, keys by ARN, alias ARN, bare id or
    alias name (the latter two are of the referring item's account and region).
    """
    if type == BUCKET and id.startswith("arn:"):
        return id.split(":", 5)[5].split("/", 1)[0]
    if type == LOG_GROUP:
        return id.removesuffix(":*")
    if type == KEY and not id.startswith("arn:"):
        path = id if id.startswith("alias/") else f"key/{id}"
        return f"arn:{partition_of(near.arn)}:kms:{near.region}:{near.account}:{path}"
    return id


def home_of(type: str, name: str) -> tuple[str, str]:
    """The account and region where a resource of that id would live; "" where its id does not say."""
    if type == ACCOUNT:
        return name, GLOBAL
    if name.startswith("arn:") and name.count(":") >= 5:
        _, _, _, region, account, _ = name.split(":", 5)
        return account, GLOBAL if type in GLOBAL_TYPES else region
    return "", GLOBAL


def names_of(item: ConfigurationItem) -> Iterator[str]:
    """Every name under which an item may be looked up: its id, and for keys the ARNs of their aliases."""
    yield item.id
    if item.type == KEY:
        for alias in item.configuration.get("Aliases") or ():
            yield f"{item.arn.rsplit(':', 1)[0]}:{alias}"
