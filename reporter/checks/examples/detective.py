"""The services that watch an account, region by region."""

from collections.abc import Callable
from typing import Any

from reporter.assess import resource_types as types
from reporter.checks.examples.items import HERE, HOME, made
from reporter.model import ConfigurationItem

REGIONS = ("eu-west-1", HERE, "us-west-2")


def in_every_region(make: Callable[..., ConfigurationItem], **override: Any) -> list[ConfigurationItem]:
    """One of the kind in each enabled region of the example account."""
    return [make(region=region, **override) for region in REGIONS]


def recorder(region: str = HERE, **override: Any) -> ConfigurationItem:
    """An AWS Config recorder that records all supported types."""
    arn = f"arn:aws:config:{region}:{HOME}:configuration-recorder/default"
    keys = {
        "name": "default",
        "roleARN": f"arn:aws:iam::{HOME}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",
        "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": region == HERE},
        "Status": {"recording": True, "lastStatus": "SUCCESS"},
    }
    return made(types.RECORDER, keys, override, id=lambda _: arn, arn=lambda _: arn, region=region)


def detector(region: str = HERE, **override: Any) -> ConfigurationItem:
    """A GuardDuty detector with S3 protection."""
    keys = {
        "Id": f"d-{region}",
        "Detail": {"Status": "ENABLED", "Features": [{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}]},
    }
    return made(types.DETECTOR, keys, override, id=lambda one: str(one["Id"]), region=region)


def hub(region: str = HERE, **override: Any) -> ConfigurationItem:
    """Security Hub switched on."""
    keys = {"HubArn": f"arn:aws:securityhub:{region}:{HOME}:hub/default"}
    return made(
        types.HUB, keys, override, id=lambda one: str(one["HubArn"]), arn=lambda one: str(one["HubArn"]), region=region
    )


def analyzer(region: str = HERE, account: str = HOME, **override: Any) -> ConfigurationItem:
    """An active external access analyzer of the account."""
    arn = f"arn:aws:access-analyzer:{region}:{account}:analyzer/example"
    keys = {"arn": arn, "name": "example", "type": "ACCOUNT", "status": "ACTIVE"}
    return made(types.ANALYZER, keys, override, id=lambda _: arn, arn=lambda _: arn, account=account, region=region)


def macie(region: str = HERE, **override: Any) -> ConfigurationItem:
    """Macie switched on."""
    arn = f"arn:aws:macie2:{region}:{HOME}:session"
    return made(types.MACIE, {"status": "ENABLED"}, override, id=lambda _: arn, arn=lambda _: arn, region=region)
