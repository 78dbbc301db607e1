"""Mail: a real SMTP server, TLS and AUTH, and every way a delivery can end."""

import socket
import ssl
import sys
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import trustme

from reporter.deliver.mail import Smtp, by_smtp
from reporter.deliver.message import Attachment, Letter, Sender, compose, fits, message_id

sys.path.insert(0, str(Path(__file__).parent))
from smtp_server import Behaviour, smtp_server

AT = datetime(2026, 11, 22, 7, tzinfo=UTC)
SENDER = Sender("reporter@example.com", reply_to="tickets@example.com", unsubscribe="https://r.example.com/u/1")


def letter(**changes: object) -> Letter:
    values: dict[str, object] = {
        "run_id": "r2",
        "edition": "organization",
        "recipient": "lead@example.com",
        "subject": "3 worsened",
        "text": "Three settings got worse.\n.\nA dot alone.\n",
        "html": "<p>Three settings got worse.</p>",
        "at": AT,
        "attachments": (Attachment("report.pdf", "application/pdf", b"%PDF-1.7\n.\n" * 40),),
        "previous_run_id": "r1",
    }
    return Letter(**(values | changes))  # type: ignore[arg-type]


def plain(port: int, **changes: object) -> Smtp:
    return Smtp("127.0.0.1", port, security="none", timeout=5, **changes)  # type: ignore[arg-type]


def test_a_mail_arrives_whole_with_both_bodies_and_the_attachment() -> None:
    """What the server took parses back to the text, the HTML and the very bytes of the PDF."""
    behaviour = Behaviour()
    with smtp_server(behaviour) as port:
        outcome = by_smtp(plain(port))(compose(letter(), SENDER))
    assert outcome.result == "sent"
    assert "4711" in outcome.reference
    mail = message_from_bytes(behaviour.received[0], policy=default)
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == letter().text
    assert "<p>Three" in mail.get_body(("html",)).get_content()
    attachment = next(mail.iter_attachments())
    assert attachment.get_filename() == "report.pdf"
    assert attachment.get_content() == letter().attachments[0].data


def test_the_same_letter_is_the_same_bytes_and_threads_to_the_last_one() -> None:
    """Message-ID and boundaries come from the report, so a repeated mail is recognised; References names last week's."""
    first, second = compose(letter(), SENDER), compose(letter(), SENDER)
    assert first.as_bytes() == second.as_bytes()
    assert first["References"] == message_id("r1", "organization", "lead@example.com", SENDER.address)
    assert first["Message-ID"] != compose(letter(recipient="other@example.com"), SENDER)["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_hostile_text_cannot_add_a_header() -> None:
    """Line breaks and direction marks in a subject become spaces."""
    message = compose(letter(subject="a\r\nBcc: x@evil.example\u202e\x00b", edition="ou:A\r\nX: y"), SENDER)
    parsed = message_from_bytes(message.as_bytes(), policy=default)
    assert parsed["Bcc"] is None
    assert parsed["X"] is None
    assert parsed["Subject"] == "a Bcc: x@evil.example b"


def test_starttls_and_authentication_with_a_private_authority(tmp_path: Path) -> None:
    """The certificate is verified; the password is right or the outcome is permanent and does not repeat it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    behaviour = Behaviour()
    with smtp_server(behaviour, tls=context, user="u", password="pa55word") as port:
        good = Smtp("127.0.0.1", port, "starttls", "u", "pa55word", ca_file, 5)
        assert by_smtp(good)(compose(letter(), SENDER)).result == "sent"
        wrong = by_smtp(Smtp("127.0.0.1", port, "starttls", "u", "wr0ng", ca_file, 5))(compose(letter(), SENDER))
        assert (wrong.result, "wr0ng" in wrong.detail) == ("permanent", False)
        stranger = by_smtp(Smtp("127.0.0.1", port, "starttls", "u", "pa55word", None, 5))(compose(letter(), SENDER))
        assert stranger.result == "permanent"
        assert "TLS" in stranger.detail
    assert len(behaviour.received) == 1
    assert "pa55word" not in repr(good)


def test_a_server_without_starttls_is_not_spoken_to_in_clear() -> None:
    """The outcome is permanent and names the settings to look at; nothing was sent."""
    behaviour = Behaviour()
    with smtp_server(behaviour) as port:
        outcome = by_smtp(Smtp("127.0.0.1", port, "starttls", timeout=5))(compose(letter(), SENDER))
    assert (outcome.result, behaviour.received) == ("permanent", [])
    assert "mail.security" in outcome.detail


@pytest.mark.parametrize(
    ("behaviour", "result", "taken"),
    [
        (Behaviour(greylist_first=1), "temporary", 0),
        (Behaviour(refuse=("lead@example.com",)), "permanent", 0),
        (Behaviour(cut_after_data=True), "unknown", 1),
        (Behaviour(slow_seconds=3.0), "unknown", 1),
    ],
    ids=["greylisted", "no such user", "cut after DATA", "no answer after DATA"],
)
def test_each_refusal_is_told_apart(behaviour: Behaviour, result: str, taken: int) -> None:
    """Before DATA nothing was handed over; after it only the server's answer says so."""
    with smtp_server(behaviour) as port:
        outcome = by_smtp(Smtp("127.0.0.1", port, "none", timeout=1.0))(compose(letter(), SENDER))
    assert (outcome.result, len(behaviour.received)) == (result, taken), outcome


def test_nobody_listening_is_temporary() -> None:
    """A mail server that is down is tried again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    outcome = by_smtp(plain(port))(compose(letter(), SENDER))
    assert outcome.result == "temporary"
    assert str(port) in outcome.detail


def test_the_attachment_limit_counts_what_base64_adds() -> None:
    """Six megabytes of PDF are eight in a mail."""
    assert fits([Attachment("a", "b/c", b"x" * 5_000_000)], 7.0)
    assert not fits([Attachment("a", "b/c", b"x" * 5_200_000)], 7.0)
