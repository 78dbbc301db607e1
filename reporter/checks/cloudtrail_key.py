"""The trail's key: is the record encrypted under a key of ours, and who may decrypt? Asked of the trail."""

from typing import Any

from reporter.assess.estate import InsufficientData, NotApplicable, Resource, both, certain
from reporter.assess.evaluate import check
from reporter.assess.resource_types import KEY, TRAIL
from reporter.checks import examples as eg
from reporter.checks.infrastructure import KEY_ROTATION
from reporter.checks.infrastructure_cloudtrail import TRAIL_KEY
from reporter.checks.keys import is_rotated_in_time, is_usable_customer_key
from reporter.checks.sharing import circle
from reporter.documents.keys import may_decrypt
from reporter.documents.sharing import service_grant_bound

STRANGER: dict[str, Any] = {"AWS": f"arn:aws:iam::{eg.STRANGER}:root"}
DECRYPT: dict[str, Any] = {"Effect": "Allow", "Principal": STRANGER, "Action": "kms:Decrypt", "Resource": "*"}
UNBOUND: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudtrail.amazonaws.com"},
    "Action": "kms:GenerateDataKey*",
    "Resource": "*",
}
NOT_ROTATED = {"KeyRotationEnabled": False}


def _with(*statements: dict[str, Any]) -> dict[str, Any]:
    document = eg.key_policy()
    return {**document, "Statement": [*document["Statement"], *statements]}


@check(
    "cloudtrail-encryption",
    subject=TRAIL,
    severity="medium",
    aka=("SH:CloudTrail.2", "CF:cloud-trail-encryption-enabled"),
    code=TRAIL_KEY,
    passes=[
        [eg.trail(), eg.key()],
        [eg.trail(KmsKeyId="alias/example-trail"), eg.key()],
        [eg.trail(KmsKeyId=eg.key(account=eg.ARCHIVE).id), eg.key(account=eg.ARCHIVE)],
    ],
    fails=[
        [eg.trail(KmsKeyId=None)],
        [eg.trail()],
        [eg.trail(), eg.key(Metadata__KeyState="PendingDeletion")],
        [eg.trail(), eg.key(Metadata__KeyState="Disabled")],
        [eg.trail(), eg.key(Metadata__KeyManager="AWS")],
    ],
)
def encryption(trail: Resource) -> bool:
    """Log files are encrypted under a customer managed key that exists and is enabled.

    With a key of one's own, reading the log takes two permissions, and every reading is recorded.
    Fix: aws cloudtrail update-trail --name {TrailARN} --kms-key-id <KEY_ARN> --region {HomeRegion}
    """
    return is_usable_customer_key(trail, trail["KmsKeyId"])


def _key(trail: Resource) -> Resource:
    reference = trail["KmsKeyId"]
    if not reference:
        raise NotApplicable("The trail has no key")
    key = trail.related(KEY, reference)
    if key is None:
        raise InsufficientData(f"key {reference} does not exist, so nothing of it can be read")
    return key


@check(
    "cloudtrail-key-rotation",
    subject=TRAIL,
    severity="medium",
    acts_on=KEY,
    code=KEY_ROTATION,
    passes=[[eg.trail(), eg.key()], [eg.trail(), eg.key(Rotation={"KeyRotationEnabled": True})]],
    fails=[
        [eg.trail(), eg.key(Rotation=NOT_ROTATED)],
        [eg.trail(), eg.key(Rotation={"KeyRotationEnabled": True, "RotationPeriodInDays": 2560})],
    ],
    skips=[
        [eg.trail(KmsKeyId=None)],
        [eg.trail(), eg.key(Rotation=None)],
        [eg.trail(), eg.key(Metadata__KeyState="PendingDeletion", Rotation=NOT_ROTATED)],
        [eg.targets(rotation_required=False), eg.trail(), eg.key(Rotation=NOT_ROTATED)],
    ],
)
def key_rotation(trail: Resource) -> bool:
    """The trail's key is rotated at least as often as the target asks.

    Rotation bounds what one disclosed key version gives away.
    Fix: aws kms enable-key-rotation --key-id {arn} --rotation-period-in-days 365 --region {region}
    """
    if not trail.target("rotation_required"):  # before the key is looked for: then it need not have been read
        raise NotApplicable("Rotation is not required by settings")
    key = _key(trail)
    state = key["Metadata"]["KeyState"]
    if state != "Enabled":
        raise NotApplicable(f"The key is {state}: nothing new is encrypted under it")
    return is_rotated_in_time(key)


@check(
    "cloudtrail-key-access-restricted",
    subject=TRAIL,
    severity="high",
    acts_on=KEY,
    passes=[[eg.trail(), eg.key()]],
    fails=[
        [eg.trail(), eg.key(Policy=_with(DECRYPT))],
        [eg.trail(), eg.key(Policy=_with(UNBOUND))],
        [
            eg.trail(),
            eg.key(Grants=[{"GranteePrincipal": f"arn:aws:iam::{eg.STRANGER}:role/X", "Operations": ["Decrypt"]}]),
        ],
        [eg.targets(log_readers=(eg.READER,)), eg.trail(), eg.key()],
    ],
    skips=[[eg.trail(KmsKeyId=None)]],
)
def key_access_restricted(trail: Resource) -> bool:
    """Only the configured readers may decrypt log files, and CloudTrail may use the key for our trails only.

    The key policy is the second lock on the log; one that is open to strangers is none.
    Fix: aws kms put-key-policy --key-id {arn} --policy-name default --policy file://<WHOLE_KEY_POLICY_WITHOUT_THAT_GRANT> --region {region}
      # at once and for good: look first at who uses the grant (aws kms list-grants)
      aws kms revoke-grant --key-id {arn} --grant-id <GRANT_ID> --region {region}
    """
    key = _key(trail)
    readers = tuple(trail.target("log_readers"))

    def only_readers() -> bool:
        answer = may_decrypt(key["Policy"], key["Grants"], circle(key), readers)
        return not certain(answer) or key.because(f"May decrypt beside the readers: {answer}", *ways_in())

    def ways_in() -> list[str]:
        by_policy = may_decrypt(key["Policy"], (), circle(key), readers).holds
        by_grant = may_decrypt(None, key["Grants"], circle(key), readers).holds
        return [way for way, holds in (("put-key-policy", by_policy), ("revoke-grant", by_grant)) if holds]

    def bound() -> bool:
        answer = service_grant_bound(key["Policy"], circle(key))
        return certain(answer) or key.because(f"The grant to CloudTrail is {answer}", "put-key-policy")

    return both(only_readers, bound)
