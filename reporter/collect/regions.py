"""The regions that are read where an account does not tell which it has enabled."""

from reporter.collect.clients import Clients

# On by default in every account of the partition `aws`; the others have to be enabled.
_ON_BY_DEFAULT = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)


def default_regions(clients: Clients) -> tuple[str, ...]:
    """The regions nobody has to enable; in other partitions, those the SDK knows."""
    if clients.partition == "aws":
        return _ON_BY_DEFAULT
    return tuple(sorted(clients.session.get_available_regions("cloudtrail", clients.partition)))
