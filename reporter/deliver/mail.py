"""Mail leaves here: SMTP with STARTTLS or TLS and authentication, and Amazon SES v2. One message, one recipient, one outcome."""

import contextlib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from reporter.deliver.outbox import Outcome

Send = Callable[[EmailMessage], Outcome]

TRY_AGAIN = {
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "LimitExceededException",
    "RequestTimeout",
}
ACCEPTED, GO_AHEAD, FIRST_REFUSAL, REFUSED_FOR_GOOD = 250, 354, 400, 500


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server and how to speak to it."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout: float = 30.0  # seconds


def by_smtp(server: Smtp) -> Send:
    """A function that sends one message by this server.

    DATA is stepped through by hand: until the server has answered 354 nothing was handed over and a lost connection is
    temporary; after it, only the server's own answer says whether it took the mail, so a lost connection is unknown.
    """

    def send(message: EmailMessage) -> Outcome:
        try:
            with _connected(server) as smtp:
                return _hand_over(smtp, message)
        except ssl.SSLError as error:
            return Outcome("permanent", f"TLS with {server.host}:{server.port} failed: {error.reason or error}")
        except smtplib.SMTPAuthenticationError as error:
            return Outcome("permanent", f"{server.host} refused the user name or password ({error.smtp_code})")
        except smtplib.SMTPNotSupportedError as error:
            return Outcome("permanent", f"{server.host}:{server.port}: {error}; check mail.security and mail.port")
        except smtplib.SMTPResponseException as error:
            return _refusal(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            return Outcome("temporary", f"no connection to {server.host}:{server.port}: {error}")

    return send


def greet(server: Smtp) -> str:
    """What stands in the way of mail by this server, in one sentence; empty if it answers and lets us in. Sends nothing."""
    try:
        with _connected(server) as smtp:
            smtp.noop()
    except ssl.SSLError as error:
        return f"TLS with {server.host}:{server.port} failed: {error.reason or error}"
    except smtplib.SMTPAuthenticationError as error:
        return f"{server.host} refused the user name or password ({error.smtp_code})"
    except (OSError, smtplib.SMTPException) as error:
        return f"{server.host}:{server.port}: {error}"
    return ""


def by_ses(region: str, *, configuration_set: str = "", session: Any = None, endpoint_url: str | None = None) -> Send:
    """A function that sends one message by SES v2, raw, so that SMTP and SES carry the same bytes.

    SES has no idempotency token: an answer that never came leaves the outcome unknown. The SDK's own retries are off for
    that reason.
    """
    client = (session or boto3.Session()).client(
        "sesv2",
        region_name=region or None,
        endpoint_url=endpoint_url,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=60),
    )

    def send(message: EmailMessage) -> Outcome:
        request: dict[str, Any] = {
            "FromEmailAddress": str(message["From"]),
            "Destination": {"ToAddresses": [str(message["To"])]},
            "Content": {"Raw": {"Data": message.as_bytes()}},
            "EmailTags": [{"Name": "reporter-run", "Value": str(message["X-Reporter-Run"])}],
        }
        if configuration_set:
            request["ConfigurationSetName"] = configuration_set
        try:
            return Outcome("sent", reference=client.send_email(**request)["MessageId"])
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            again = code in TRY_AGAIN or status >= REFUSED_FOR_GOOD
            return Outcome("temporary" if again else "permanent", f"SES: {code}: {_said(error)}")
        except (EndpointConnectionError, ConnectTimeoutError) as error:
            return Outcome("temporary", f"SES: {error}")
        except (ReadTimeoutError, ConnectionClosedError) as error:
            return Outcome("unknown", f"SES took the request but did not answer: {error}")
        except BotoCoreError as error:
            return Outcome("permanent", f"SES: {error}")

    return send


@contextmanager
def _connected(server: Smtp) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file else None)
    smtp: smtplib.SMTP
    if server.security == "tls":
        smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
    try:
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            smtp.starttls(context=context)
            smtp.ehlo()
        if server.user:
            smtp.login(server.user, server.password)
        yield smtp
    finally:
        smtp.close()


def _hand_over(smtp: smtplib.SMTP, message: EmailMessage) -> Outcome:
    code, said = smtp.mail(_address(message["From"]))
    if code == ACCEPTED:
        code, said = smtp.rcpt(_address(message["To"]))
    if code >= FIRST_REFUSAL:
        return _refusal(code, said)
    code, said = smtp.docmd("DATA")
    if code != GO_AHEAD:
        return _refusal(code, said)
    try:
        body = message.as_bytes()
        smtp.send(_dotted(body))
        code, said = smtp.getreply()
    except (OSError, smtplib.SMTPException) as error:
        return Outcome("unknown", f"the connection ended after the mail was handed over: {error}")
    if code != ACCEPTED:
        return _refusal(code, said)
    with contextlib.suppress(OSError, smtplib.SMTPException):  # the server has the mail; its good-bye does not matter
        smtp.quit()
    return Outcome("sent", reference=_text(said))


def _dotted(body: bytes) -> bytes:
    """Lines that begin with a dot get a second one, and the lone dot ends the mail (RFC 5321, 4.5.2)."""
    stuffed = body.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _address(header: Any) -> str:
    return str(header.addresses[0].addr_spec)


def _refusal(code: int, said: bytes | str) -> Outcome:
    result: Literal["permanent", "temporary"] = "permanent" if code >= REFUSED_FOR_GOOD else "temporary"
    return Outcome(result, f"{code} {_text(said)}")


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def _said(error: ClientError) -> str:
    return _text(error.response.get("Error", {}).get("Message", ""))
