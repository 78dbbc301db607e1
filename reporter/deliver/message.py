"""One report to one recipient as a MIME message: the same bytes for the same letter, whenever it is composed."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import quote

from reporter.deliver.folding import LETTERS

MAX_SUBJECT = 200  # characters; longer ones are cut by clients anyway
MAX_WORDS = 300  # characters of what a server or an SDK says
MAX_ADDRESS, MAX_LOCAL_PART = 254, 64  # RFC 5321, 4.5.3.1
BASE64 = 1.37  # what base64 and its line breaks make of a byte
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with the mail."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What one recipient gets of one report, before it is a message. `at` is when it was put into the outbox."""

    run_id: str
    edition: str
    recipient: str
    subject: str
    text: str
    html: str
    at: datetime
    message_id: str
    references: Sequence[str] = ()  # Message-IDs, the oldest first: what it is a sequel to
    attachments: Sequence[Attachment] = ()
    token: str = ""  # what only this mail holds: by it, its recipient can stop the mails


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
    digest = hashlib.sha256(f"{run_id}\0{edition}\0{recipient.lower()}".encode("utf-8", "surrogatepass")).hexdigest()[
        :32
    ]
    return f"<{digest}@{domain}>"


def thread(previous_run_id: str, edition: str, recipient: str, sender: str) -> tuple[str, ...]:
    """What a mail refers to: one identifier that all mails of this edition to this recipient share, then the last mail's.

    The shared one belongs to no mail. It keeps the thread together across a week whose mail was lost or deleted.
    """
    always = message_id("every run", edition, recipient, sender)
    return (always, message_id(previous_run_id, edition, recipient, sender)) if previous_run_id else (always,)


def unusable(address: str) -> str:
    """Why nothing can be sent to what somebody typed as an address (into a tag, say); empty if it can be.

    ASCII only: an address beyond it needs SMTPUTF8 on every server on its way. No quoted local parts, no comments.
    """
    local, _, domain = address.rpartition("@")
    if not _ADDRESS.fullmatch(address) or ".." in address or local.startswith(".") or local.endswith("."):
        return "is no mail address (name@domain in plain letters)"
    if len(address) > MAX_ADDRESS or len(local) > MAX_LOCAL_PART:
        return "is longer than a mail address may be"
    try:
        Address(addr_spec=address)
    except (MessageError, ValueError, IndexError):
        return "is no mail address (name@domain in plain letters)"
    return "" if domain else "has no domain"


def compose(letter: Letter, sender: Sender) -> EmailMessage:
    """The message: text, HTML alternative and attachments; CR and LF cannot enter a header.

    `References` lets clients thread it. `Auto-Submitted` (RFC 3834) and Exchange's `X-Auto-Response-Suppress` keep vacation
    replies away. Boundaries come from the Message-ID: the standard library's are random, and a retry must be the same bytes.
    """
    message = EmailMessage(policy=LETTERS)
    message["From"] = sender.address
    message["To"] = letter.recipient
    message["Subject"] = _free(letter.subject)
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = letter.message_id
    if letter.references:
        message["In-Reply-To"] = letter.references[-1]
        message["References"] = " ".join(letter.references)
    if sender.reply_to:
        message["Reply-To"] = sender.reply_to
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message["List-Id"] = f"<{sender.list_name}.{sender.address.rpartition('@')[2]}>"
    _unsubscribing(message, letter, sender)
    message["X-Reporter-Run"] = letter.run_id
    message["X-Reporter-Edition"] = _free(letter.edition)
    message.set_content(_sound(letter.text), cte="quoted-printable")
    message.add_alternative(_sound(letter.html), subtype="html", cte="quoted-printable")
    for attachment in letter.attachments:
        major, _, minor = attachment.media_type.partition("/")
        message.add_attachment(attachment.data, maintype=major, subtype=minor, filename=file_name(attachment.name))
    for number, part in enumerate(p for p in message.walk() if p.is_multipart()):
        part.set_boundary("=_" + hashlib.sha256(f"{letter.message_id}\0{number}".encode()).hexdigest()[:40])
    return message


def unsubscribe_link(pattern: str, letter_id: str, recipient: str, token: str = "") -> str:
    """The address behind "stop these mails"; empty if there is none.

    In `mail.unsubscribe`, `{token}` stands for what `reporter serve` stops the mails by: the left part of the Message-ID, and
    what only this mail holds, because a Message-ID can be reckoned by who gets a mail of the same run. `{message}` is the left
    part alone and `{recipient}` the address, for pages of one's own.
    """
    if "{token}" in pattern and not token:
        return ""
    message = letter_id.strip("<>").partition("@")[0]
    filled = pattern.replace("{token}", f"{message}-{token}").replace("{message}", message)
    return filled.replace("{recipient}", quote(recipient, safe=""))


def one_line(words: object, longest: int = MAX_WORDS) -> str:
    """Text fit for a header or a log: control and direction characters and line breaks become spaces, and it is not endless."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def _free(words: str) -> str:
    """Text for a header of free text, in which nothing reads as an encoded word (RFC 2047) that somebody else wrote."""
    return one_line(words.replace("=?", "= ?"), MAX_SUBJECT)


def file_name(text: str) -> str:
    """A name that is only a name: no folders, no quotes, nothing that turns it around (RFC 6266, 4.3)."""
    plain = one_line(text, 120)
    return "".join("-" if c in '/\\:*?"<>|;' else c for c in plain).strip(" .") or "attachment"


def addressee(message: EmailMessage, header: str) -> str:
    """The bare address in `From` or `To`."""
    return str(message[header].addresses[0].addr_spec)


def fits(sizes: Sequence[int], limit_megabytes: float) -> bool:
    """Whether files of these sizes in bytes stay within the limit once base64 has made them larger."""
    return sum(sizes) * BASE64 <= limit_megabytes * 1_000_000


def _unsubscribing(message: EmailMessage, letter: Letter, sender: Sender) -> None:
    """RFC 2369 and, for https only, the one click of RFC 8058. A DKIM signature has to cover both."""
    if not sender.unsubscribe:
        return
    link = unsubscribe_link(sender.unsubscribe, letter.message_id, letter.recipient, letter.token)
    if not link:
        return
    message["List-Unsubscribe"] = f"<{link}>"
    if link.startswith("https://"):
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _sound(text: str) -> str:
    """Half a surrogate pair, which JSON can carry and UTF-8 cannot, becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
