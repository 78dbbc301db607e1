"""KMS keys, as far as they are read: those that a trail, a bucket, an event data store, a log group or a topic names."""

from typing import Any

from reporter.assess.estate import NotApplicable, Resource
from reporter.assess.evaluate import check
from reporter.assess.resource_types import KEY
from reporter.checks import examples as eg
from reporter.checks import infrastructure as code
from reporter.checks.keys import is_rotated_in_time

OFF: dict[str, Any] = {"KeyRotationEnabled": False}


@check(
    "kms-key-rotation",
    subject=KEY,
    severity="medium",
    aka=("SH:KMS.4", "CF:cmk-backing-key-rotation-enabled"),
    code=code.KEY_ROTATION,
    passes=[[eg.key()], [eg.key(Rotation={"KeyRotationEnabled": True})]],
    fails=[
        [eg.key(Rotation=OFF)],
        [eg.key(Rotation={"KeyRotationEnabled": True, "RotationPeriodInDays": 2560})],
    ],
    skips=[
        [eg.key(Metadata__KeyManager="AWS", Rotation=None)],
        [eg.key(Metadata__KeyState="PendingDeletion", Rotation=OFF)],
        [eg.key(Rotation=None)],
        [eg.targets(rotation_required=False), eg.key(Rotation=OFF)],
    ],
)
def key_rotation(key: Resource) -> bool:
    """Every customer managed key that encrypts something here is rotated at least as often as the target asks.

    Rotation bounds what one disclosed key version gives away. Asked of the keys that something in this report names: other
    keys of the accounts are not read.
    Fix: aws kms enable-key-rotation --key-id {arn} --rotation-period-in-days 365 --region {region}
    """
    metadata = key["Metadata"]
    if metadata["KeyManager"] != "CUSTOMER":
        raise NotApplicable("The key is managed by AWS, which rotates it")
    if metadata["KeyState"] != "Enabled":
        raise NotApplicable(f"The key is {metadata['KeyState']}: nothing new is encrypted under it")
    return is_rotated_in_time(key)
