"""Mail by SMTP with STARTTLS or TLS and authentication. One message, one recipient, one outcome."""

import contextlib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cache, partial
from pathlib import Path
from typing import Literal

from reporter.deliver.message import addressee, one_line
from reporter.deliver.outbox import GoAhead, Outcome

Send = Callable[[EmailMessage, GoAhead], Outcome]

GO_AHEAD, REFUSED_NOW, REFUSED_FOR_GOOD = 354, 400, 500
CREDENTIALS = "see mail.user, and mail.password_file or REPORTER_MAIL__PASSWORD"
NO_WAY_IN = (OSError, smtplib.SMTPException, UnicodeError)  # UnicodeError: a host name that no name can be
CHUNK = 65_536  # bytes; each has the whole timeout, so that a slow line is not taken for a dead one


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

    @property
    def name(self) -> str:
        """How outcomes call it."""
        return f"{self.host}:{self.port}"


def by_smtp(server: Smtp) -> Send:
    """A function that sends one message by this server.

    A server delivers nothing before it has seen the line with the single dot that ends a mail (RFC 5321, 4.1.1.4). So the
    whole conversation up to that line can be broken off and repeated, and `sending` is committed only before it; after it
    the server's answer alone says whether it took the mail, and a connection that is lost then leaves it unknown.
    """

    trusted = cache(partial(_trusted, server))  # reading the system's certificates takes longer than a mail

    def send(message: EmailMessage, going: GoAhead) -> Outcome:
        try:
            smtp = _connected(server, trusted)
        except NO_WAY_IN as error:
            return Outcome("temporary", _trouble(server, error), shut=True, ours=_is_ours(server, error))
        body = message.as_bytes()
        with contextlib.closing(smtp):
            try:
                refusal = _offered(smtp, message, len(body))
                if refusal is None:
                    _pour(smtp, body)
            except (OSError, smtplib.SMTPException) as error:
                refusal = Outcome("temporary", f"{server.name} broke off before the mail was whole: {one_line(error)}")
            if refusal is not None:
                return refusal
            going()
            return _ended(smtp)

    return send


def greet(server: Smtp) -> str:
    """What stands in the way of mail by this server, in one sentence; empty if it answers and lets us in. Sends nothing."""
    try:
        with contextlib.closing(_connected(server, partial(_trusted, server))) as smtp:
            smtp.noop()
    except NO_WAY_IN as error:
        return _trouble(server, error)
    return ""


def _trusted(server: Smtp) -> ssl.SSLContext:
    """Whose certificates are believed: the file's authorities, else the system's."""
    return ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file else None)


def _connected(server: Smtp, trusted: Callable[[], ssl.SSLContext]) -> smtplib.SMTP:
    smtp: smtplib.SMTP
    if server.security == "tls":
        smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=trusted())
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
    with contextlib.ExitStack() as unless_it_works:
        unless_it_works.callback(smtp.close)
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            smtp.starttls(context=trusted())
            smtp.ehlo()
        if server.user:
            smtp.login(server.user, server.password)
        unless_it_works.pop_all()
    return smtp


def _trouble(server: Smtp, error: Exception) -> str:
    """Why the server cannot be spoken to, without what was said to it."""
    match error:
        case FileNotFoundError() | PermissionError() if server.ca_file:
            return f"{server.ca_file}: cannot be read ({error.strerror}); see mail.ca_file"
        case ssl.SSLCertVerificationError():
            return (
                f"TLS with {server.name} failed: {error.verify_message}; see mail.ca_file for an authority of your own"
            )
        case ssl.SSLError():
            return f"TLS with {server.name} failed: {error.reason or error}; check mail.security and mail.port"
        case smtplib.SMTPAuthenticationError():
            return f"{server.name} refused the user name or password ({error.smtp_code}); {CREDENTIALS}"
        case smtplib.SMTPNotSupportedError():
            return f"{server.name}: {error}; check mail.security and mail.port"
        case smtplib.SMTPResponseException():
            return f"{server.name} answered {error.smtp_code} {one_line(error.smtp_error)}"
        case _:
            return f"no connection to {server.name}: {one_line(error)}"


def _is_ours(server: Smtp, error: Exception) -> bool:
    """Whether a setting has to be mended first. What may pass by itself (a server that is down, its certificate) is not."""
    match error:
        case FileNotFoundError() | PermissionError():
            return server.ca_file is not None
        case smtplib.SMTPAuthenticationError():
            return error.smtp_code >= REFUSED_FOR_GOOD
        case _:
            return isinstance(error, smtplib.SMTPNotSupportedError)


def _offered(smtp: smtplib.SMTP, message: EmailMessage, size: int) -> Outcome | None:
    """The envelope and the word DATA; None if the server wants to see the mail."""
    limit = smtp.esmtp_features.get("size", "")
    if limit.isdigit() and 0 < int(limit) < size:
        return Outcome("permanent", f"the server takes {int(limit):,} bytes and the mail has {size:,}; "
                                    "lower mail.attach_limit_megabytes")  # fmt: skip
    code, said = smtp.mail(addressee(message, "From"), [f"size={size}"] if "size" in smtp.esmtp_features else [])
    if code >= REFUSED_NOW or code < 0:  # the sender is the same in every letter
        refused = code >= REFUSED_FOR_GOOD
        remedy = "; see mail.sender and mail.user" if refused else ""
        return Outcome("temporary", f"the sender: {code} {one_line(said)}{remedy}", shut=True, ours=refused)
    code, said = smtp.rcpt(addressee(message, "To"))
    if code >= REFUSED_NOW or code < 0:
        return _refusal(code, said)
    code, said = smtp.docmd("DATA")
    return None if code == GO_AHEAD else _refusal(code, said)


def _pour(smtp: smtplib.SMTP, body: bytes) -> None:
    """Send the mail without the line that ends it."""
    for chunk in _chunks(_stuffed(body)):
        smtp.send(chunk)


def _ended(smtp: smtplib.SMTP) -> Outcome:
    """The last line and the server's answer to it."""
    try:
        smtp.send(b".\r\n")
        code, said = smtp.getreply()
    except (OSError, smtplib.SMTPException) as error:
        return Outcome("unknown", f"the connection ended after the mail was handed over: {one_line(error)}")
    if code >= REFUSED_NOW:
        return _refusal(code, said)
    if not 200 <= code < 300:
        return Outcome("unknown", f"the mail was handed over and the answer cannot be read: {code} {one_line(said)}")
    with contextlib.suppress(OSError, smtplib.SMTPException):  # the server has the mail; its good-bye does not matter
        smtp.quit()
    return Outcome("sent", reference=one_line(said))


def _chunks(body: bytes) -> Iterator[bytes]:
    view = memoryview(body)
    yield from (bytes(view[at : at + CHUNK]) for at in range(0, len(view), CHUNK))


def _stuffed(body: bytes) -> bytes:
    """Lines that begin with a dot get a second one, and the last line is ended (RFC 5321, 4.5.2)."""
    stuffed = body.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _refusal(code: int, said: bytes | str) -> Outcome:
    result: Literal["permanent", "temporary"] = "permanent" if code >= REFUSED_FOR_GOOD else "temporary"
    return Outcome(result, f"{code} {one_line(said)}")
