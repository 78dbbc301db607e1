"""One report to one recipient as a MIME message: the same bytes for the same report, whenever it is composed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

MAX_SUBJECT = 200  # characters; longer ones are cut by clients anyway


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with the mail."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What one recipient gets of one report, before it is a message."""

    run_id: str
    edition: str
    recipient: str
    subject: str
    text: str
    html: str
    at: datetime
    attachments: Sequence[Attachment] = ()
    previous_run_id: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the mail is from, and the standing headers."""

    address: str
    reply_to: str = ""
    unsubscribe: str = ""
    list_name: str = "reporter"


def message_id(run_id: str, edition: str, recipient: str, sender: str) -> str:
    """The Message-ID of a report to a recipient: always the same, so that a repeated mail is recognised as one.

    RFC 5322, 3.6.4: unique, and opaque: the recipient's address cannot be read from it.
    """
    domain = sender.rpartition("@")[2] or "localhost"
    digest = hashlib.sha256(f"{run_id}\0{edition}\0{recipient.lower()}".encode()).hexdigest()[:32]
    return f"<{digest}@{domain}>"


def compose(letter: Letter, sender: Sender) -> EmailMessage:
    """The message: text, HTML alternative and attachments; CR and LF cannot enter a header.

    `References` names last week's mail of the same edition, so that clients thread them. `Auto-Submitted` (RFC 3834) keeps
    vacation replies away; one-click `List-Unsubscribe` is RFC 8058.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = sender.address
    message["To"] = letter.recipient
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = message_id(letter.run_id, letter.edition, letter.recipient, sender.address)
    if letter.previous_run_id:
        previous = message_id(letter.previous_run_id, letter.edition, letter.recipient, sender.address)
        message["In-Reply-To"] = previous
        message["References"] = previous
    if sender.reply_to:
        message["Reply-To"] = sender.reply_to
    message["Auto-Submitted"] = "auto-generated"
    message["List-Id"] = f"<{sender.list_name}.{sender.address.rpartition('@')[2]}>"
    if sender.unsubscribe:
        message["List-Unsubscribe"] = f"<{sender.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["X-Reporter-Run"] = letter.run_id
    message["X-Reporter-Edition"] = one_line(letter.edition)
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    for attachment in letter.attachments:
        major, _, minor = attachment.media_type.partition("/")
        message.add_attachment(attachment.data, maintype=major, subtype=minor, filename=attachment.name)
    _set_boundaries(message, letter)
    return message


def one_line(text: str) -> str:
    """Text fit for a header: control and direction characters and line breaks become spaces, and it is not endless."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= MAX_SUBJECT else plain[: MAX_SUBJECT - 1] + "…"


def fits(attachments: Sequence[Attachment], limit_megabytes: float) -> bool:
    """Whether the attachments stay within the limit once base64 has made them larger by 37 percent."""
    return sum(len(a.data) for a in attachments) * 1.37 <= limit_megabytes * 1_000_000


def _set_boundaries(message: EmailMessage, letter: Letter) -> None:
    """Boundaries from the report itself: the standard library's are random, and the same report must be the same bytes."""
    seed = f"{letter.run_id}\0{letter.edition}\0{letter.recipient}"
    for number, part in enumerate(p for p in message.walk() if p.is_multipart()):
        part.set_boundary("=_" + hashlib.sha256(f"{seed}\0{number}".encode()).hexdigest()[:40])
