"""What an SNS topic does: the questions that trails and alarms share. No checks here."""

from reporter.assess.estate import Resource, certain
from reporter.checks.sharing import circle
from reporter.documents.logic import Answer
from reporter.documents.sharing import Reach, grants_by_reach


def has_confirmed_subscriber(topic: Resource) -> bool:
    """Whether a message reaches anybody: AWS shows an ARN only for confirmed subscriptions."""
    return any(str(one["SubscriptionArn"]).startswith("arn:") for one in topic["Subscriptions"] or ())


def is_public_topic(topic: Resource) -> bool:
    """Whether the topic's policy lets anybody at all in."""
    policy = (topic["Attributes"] or {}).get("Policy")
    reached = grants_by_reach(policy, circle(topic))
    public = reached.get(Reach.PUBLIC)
    if public:
        topic.because(f"Its policy lets anybody in: {public[0]}")
        return True
    unknown = reached.get(Reach.UNKNOWN)
    return certain(Answer(None, tuple(str(grant) for grant in unknown))) if unknown else False
