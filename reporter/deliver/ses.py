"""Mail by Amazon SES v2, as raw messages, so that SMTP and SES carry the same bytes."""

from email.message import EmailMessage
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError, NoCredentialsError
from botocore.exceptions import ConnectionError as NotConnected
from botocore.parsers import ResponseParserError

from reporter.deliver.aws import Cloud, CloudUnusable, client
from reporter.deliver.mail import Send
from reporter.deliver.message import addressee, one_line
from reporter.deliver.outbox import GoAhead, Outcome

THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException", "LimitExceededException", "SlowDown"}
# What is wrong with the account, the sender or the caller is mended there, and then every letter goes.
OURS = {
    "AccountSuspendedException",
    "SendingPausedException",
    "MailFromDomainNotVerifiedException",
    "NotFoundException",  # the configuration set
    "AccessDenied",
    "AccessDeniedException",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "ExpiredToken",
    "ExpiredTokenException",
    "SignatureDoesNotMatch",
}
EXPIRED = {"ExpiredToken", "ExpiredTokenException"}  # the next session may be had without anybody's doing
# SES says MessageRejected for this as for a virus; only its words tell them apart, and whether the sender is meant or, in
# the sandbox, a recipient
NOT_VERIFIED = "not verified"
# no route, no TLS, no proxy; what breaks after the request has left is botocore's HTTPClientError
NEVER_LEFT = (NotConnected, NoCredentialsError, CredentialRetrievalError)
# An answer of 200 with something else in it (a proxy's page) trips botocore in ways of its own
UNREADABLE = (ResponseParserError, LookupError, AttributeError, TypeError, ValueError)
UNAVAILABLE, INTERNAL = 503, 500


def by_ses(cloud: Cloud, *, region: str = "", configuration_set: str = "") -> Send:
    """A function that sends one message by SES v2.

    SES has no idempotency token: an answer that never came, or one that does not say what happened, leaves the outcome
    unknown, and the SDK's own retries are off. Each message carries two tags, `reporter-run` and `reporter-message` (the
    left part of its Message-ID), by which the events of a configuration set tell what became of it.
    """

    @cache
    def ses() -> Any:
        return client(cloud, "sesv2", region)

    def send(message: EmailMessage, going: GoAhead) -> Outcome:
        request: dict[str, Any] = {
            "FromEmailAddress": addressee(message, "From"),
            "Destination": {"ToAddresses": [addressee(message, "To")]},
            "Content": {"Raw": {"Data": message.as_bytes()}},
            "EmailTags": _tags(message),
        }
        if configuration_set:
            request["ConfigurationSetName"] = configuration_set
        try:
            asked = ses()
        except CloudUnusable as error:
            return Outcome("temporary", str(error), shut=True)
        going()
        try:
            return Outcome("sent", reference=str(asked.send_email(**request)["MessageId"]))
        except ClientError as error:
            return _refusal(error, request["FromEmailAddress"])
        except NEVER_LEFT as error:
            return Outcome("temporary", f"SES: {one_line(error)}", shut=True)
        except (BotoCoreError, *UNREADABLE) as error:
            words = "SES was given the mail; its answer did not come or cannot be read"
            return Outcome("unknown", f"{words}: {one_line(error)}")

    return send


def _tags(message: EmailMessage) -> list[dict[str, str]]:
    left = str(message["Message-ID"]).strip("<>").partition("@")[0]
    return [
        {"Name": "reporter-run", "Value": str(message["X-Reporter-Run"])},
        {"Name": "reporter-message", "Value": left},
    ]


def _refusal(error: ClientError, sender: str) -> Outcome:
    code = error.response.get("Error", {}).get("Code", "")
    words = error.response.get("Error", {}).get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"SES: {one_line(code)}: {one_line(words)}"
    if code in THROTTLED or status == UNAVAILABLE:
        return Outcome("temporary", said, shut=True)
    if status >= INTERNAL:  # an internal failure does not say on which side of the acceptance it happened
        return Outcome("unknown", said)
    if code in OURS or (NOT_VERIFIED in words and sender in words):
        return Outcome("temporary", said, shut=True, ours=code not in EXPIRED)
    return Outcome("permanent", said)
