"""SNS topics, as far as they are read: those that a trail or its alarms name."""

from typing import Any

from reporter.assess.estate import Resource
from reporter.assess.evaluate import check
from reporter.assess.resource_types import TOPIC
from reporter.checks import examples as eg
from reporter.checks.topics import is_public_topic


def _open_to_all(**more: Any) -> dict[str, Any]:
    """A statement for everybody, as new topics have it with the owner as condition."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe"],
        "Resource": "*",
    } | more


def _with(statement: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2008-10-17", "Statement": [statement]}


@check(
    "sns-topic-not-public",
    subject=TOPIC,
    severity="high",
    aka=("SH:SNS.4", "CF:sns-topic-no-public-access"),
    passes=[
        [eg.topic()],
        [eg.topic(Attributes__Policy=_with(_open_to_all(Condition={"StringEquals": {"AWS:SourceOwner": eg.HOME}})))],
    ],
    fails=[
        [eg.topic(Attributes__Policy=_with(_open_to_all()))],
        [eg.topic(Attributes__Policy=_with(_open_to_all(Principal="*", Action="SNS:Subscribe")))],
    ],
)
def topic_not_public(topic: Resource) -> bool:
    """A topic that tells of log files or alarms is not open to the public.

    Who may subscribe reads what is told about the logs; who may publish can cry wolf until nobody listens.
    Fix: aws sns set-topic-attributes --topic-arn {arn} --attribute-name Policy --attribute-value file://<WHOLE_POLICY_WITHOUT_THAT_GRANT>
      --region {region}
    """
    return not is_public_topic(topic)
