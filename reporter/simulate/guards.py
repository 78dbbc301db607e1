"""KMS and SNS where moto falls short: rotation periods, other accounts' keys, unconfirmed subscriptions."""

from typing import Any

from moto.kms.models import kms_backends
from moto.sns.models import sns_backends

from reporter.simulate.answers import Answer, as_json, as_xml, denied, error, xml_of
from reporter.simulate.organization import Document
from reporter.simulate.registry import answers, follows, gate
from reporter.simulate.request import Request
from reporter.simulate.world import World

SNS_NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"
DAY = 86_400.0
FEWEST_DAYS, MOST_DAYS = 90, 2560  # between two rotations


@gate("kms")
def own_keys_only(_: World, request: Request) -> Answer | None:
    """Keys of another account answer as denied, keys of another region as not found: one asks the owner, where the key is."""
    parts = str(request.params.get("KeyId", "")).split(":")
    if len(parts) < 6:  # arn:aws:kms:region:account:key/id
        return None
    if parts[4] != request.account:
        return denied(request, reason="no resource-based policy allows the action")
    if parts[3] != request.region:
        return error(request, "NotFoundException", f"Invalid arn {parts[3]}", 400)
    return None


def find_key(request: Request) -> Any | None:
    """moto's key by id, ARN or alias."""
    asked, backend = (
        str(request.params.get("KeyId", "")).rpartition(":")[2],
        kms_backends[request.account][request.region],
    )
    if asked.startswith("alias/"):
        return next((key for key in backend.keys.values() if asked in key.aliases), None)
    return backend.keys.get(asked.removeprefix("key/"))


@answers("kms", "GetKeyRotationStatus")
def rotation_status(world: World, request: Request) -> Answer:
    key = find_key(request)
    if key is None:
        return error(request, "NotFoundException", f"Key '{request.params.get('KeyId')}' does not exist", 400)
    if key.key_state == "PendingDeletion":
        return error(request, "KMSInvalidStateException", f"{key.arn} is pending deletion.", 400)
    told: Document = {"KeyId": key.arn, "KeyRotationEnabled": bool(key.key_rotation_status)}
    if key.key_rotation_status:
        days = getattr(key, "rotation_period_in_days", 365)
        turns = (world.now.timestamp() - key.creation_date) // (days * DAY) + 1
        told |= {"RotationPeriodInDays": days, "NextRotationDate": key.creation_date + turns * days * DAY}
    return as_json(told)


@answers("kms", "GetKeyPolicy")
def key_policy(_: World, request: Request) -> Answer:
    """A key has one policy, named default; moto insists on being told its name."""
    key = find_key(request)
    if key is None or request.params.get("PolicyName", "default") != "default":
        return error(request, "NotFoundException", f"Key '{request.params.get('KeyId')}' does not exist", 400)
    return as_json({"Policy": key.policy, "PolicyName": "default"})


@follows("kms", "EnableKeyRotation")
def rotation_enabled(_: World, request: Request, answer: Answer) -> Answer:
    """moto forgets the period."""
    key, days = find_key(request), int(request.params.get("RotationPeriodInDays") or 365)
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        return error(request, "ValidationException", "RotationPeriodInDays must be between 90 and 2560", 400)
    if key is not None:
        key.rotation_period_in_days = days
    return answer


@answers("kms", "ListGrants")
def grants(_: World, request: Request) -> Answer:
    """With the key's ARN, and without the empty fields moto adds."""
    key = find_key(request)
    if key is None:
        return error(request, "NotFoundException", f"Key '{request.params.get('KeyId')}' does not exist", 400)
    told = [
        {
            "KeyId": key.arn,
            "GrantId": grant.id,
            "Name": grant.name,
            "CreationDate": key.creation_date,
            "GranteePrincipal": grant.grantee_principal,
            "IssuingAccount": f"arn:aws:iam::{key.account_id}:root",
            "Operations": grant.operations,
        }
        | ({"Constraints": grant.constraints} if grant.constraints else {})
        | ({"RetiringPrincipal": grant.retiring_principal} if grant.retiring_principal else {})
        for grant in key.grants.values()
    ]
    return as_json({"Grants": told, "Truncated": False})


@answers("sns", "ListSubscriptionsByTopic")
def subscriptions(_: World, request: Request) -> Answer:
    """An unconfirmed subscription has the words PendingConfirmation for an ARN; moto gives it an ARN at once."""
    backend, topic = sns_backends[request.account][request.region], request.form.get("TopicArn", "")
    if topic not in backend.topics:
        return error(request, "NotFound", "Topic does not exist", 404)
    members = [
        {
            "SubscriptionArn": s.arn if s.confirmed else "PendingConfirmation",
            "Owner": s.owner,
            "Protocol": s.protocol,
            "Endpoint": s.endpoint,
            "TopicArn": topic,
        }
        for s in backend.subscriptions.values()
        if s.topic.arn == topic
    ]
    body = xml_of("ListSubscriptionsByTopicResult", {"Subscriptions": {"member": members}})
    return as_xml(
        f'<ListSubscriptionsByTopicResponse xmlns="{SNS_NAMESPACE}">{body}</ListSubscriptionsByTopicResponse>'
    )
