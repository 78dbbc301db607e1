"""Telling an SNS topic of a report or an alert: one message, its headline as the subject, the whole as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from reporter.deliver.aws import Cloud, CloudUnusable, client
from reporter.deliver.message import one_line
from reporter.deliver.outbox import GoAhead, Outcome

LONGEST_SUBJECT, LARGEST_MESSAGE = 100, 262_144  # SNS's limits: characters, bytes
TRY_AGAIN = {"Throttled", "ThrottledException", "InternalError", "ServiceUnavailable", "KMSThrottling"}


def is_topic(address: str) -> bool:
    """Whether a webhook's address is an SNS topic's ARN."""
    return address.startswith("arn:") and address.split(":")[2:3] == ["sns"]


def publish(cloud: Cloud, topic: str, document: Mapping[str, Any], going: GoAhead) -> Outcome:
    """Publish to the topic in its own region; needs sns:Publish on it."""
    region = topic.split(":")[3]
    subject = one_line(str(document.get("headline") or document.get("text") or "reporter"))
    message = json.dumps(document, ensure_ascii=False, indent=1)
    if len(message.encode()) > LARGEST_MESSAGE:
        message = json.dumps({"headline": subject, "cut": "the message was longer than a topic takes"})
    try:
        sns = client(cloud, "sns", region)
        going()
        answer = sns.publish(TopicArn=topic, Subject=_ascii(subject), Message=message)
    except CloudUnusable as error:
        return Outcome("temporary", str(error), shut=True)
    except (EndpointConnectionError, ConnectTimeoutError) as error:
        return Outcome("temporary", f"no connection to SNS in {region}: {one_line(error)}", shut=True)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        return Outcome("temporary" if code in TRY_AGAIN else "permanent", f"SNS refused it: {one_line(error)}")
    except BotoCoreError as error:
        return Outcome("unknown", f"SNS was told and did not answer: {one_line(error)}")
    return Outcome("sent", reference=str(answer.get("MessageId", "")))


def _ascii(text: str) -> str:
    """SNS takes printable ASCII as a subject, no longer than a hundred characters, not beginning with a space."""
    plain = "".join(c if " " <= c <= "~" else "?" for c in text).strip() or "reporter"
    return plain if len(plain) <= LONGEST_SUBJECT else plain[: LONGEST_SUBJECT - 3] + "..."
