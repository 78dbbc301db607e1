"""The mail server on loopback: it takes mail, asks for what it is told to ask, and misbehaves on demand."""

import smtplib
import ssl
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
import trustme

from reporter.simulate.certificates import self_signed
from reporter.simulate.mail import Mailbox, Manners, receive

TO = ["soc@example.com"]


def letter(subject: str = "Weekly report – Üben") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "reporter@example.com", TO[0]
    message.set_content("Grüße 你好")
    return message


def send(box: Mailbox, to: list[str] | None = None) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP(box.host, box.port, timeout=5) as server:
        return server.send_message(letter(), to_addrs=to or TO)


def test_mail_is_kept_as_a_file_with_its_envelope(tmp_path: Path) -> None:
    """What arrives is what was sent."""
    with receive(tmp_path) as box:
        send(box, [*TO, "ciso@example.com"])
        (taken,) = box.messages
    assert taken.recipients == ("soc@example.com", "ciso@example.com")
    message = message_from_bytes(taken.path.read_bytes(), policy=default)
    assert message["Subject"] == "Weekly report – Üben"
    assert message.get_content().strip() == "Grüße 你好"
    assert taken.path.name == "001-soc@example.com.eml"


def test_starttls_and_login_are_insisted_on(tmp_path: Path) -> None:
    """No mail before TLS, none before the right password."""
    authority, server_side = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    client_side = ssl.create_default_context()
    authority.configure_trust(client_side)
    with receive(tmp_path, tls=server_side, user="reporter", password="right") as box:
        with pytest.raises(smtplib.SMTPException), smtplib.SMTP(box.host, box.port, timeout=5) as server:
            server.send_message(letter())
        with smtplib.SMTP(box.host, box.port, timeout=5) as server:
            server.starttls(context=client_side)
            with pytest.raises(smtplib.SMTPResponseException, match="530"):
                server.mail("reporter@example.com") and server.send_message(letter())
            with pytest.raises(smtplib.SMTPAuthenticationError):
                server.login("reporter", "wrong")
            server.login("reporter", "right")
            server.send_message(letter())
        (taken,) = box.messages
    assert (taken.user, taken.encrypted) == ("reporter", True)


def test_tls_from_the_first_byte_with_the_demos_own_certificate(tmp_path: Path) -> None:
    """The certificate signed by itself is trusted by who is given it."""
    context, certificate = self_signed(tmp_path / "tls")
    with receive(tmp_path, tls=context, implicit=True) as box:
        trusting = ssl.create_default_context(cafile=str(certificate))
        with smtplib.SMTP_SSL(box.host, box.port, context=trusting, timeout=5) as server:
            server.send_message(letter())
        assert box.messages[0].encrypted


def test_greylisting_lets_the_second_try_through(tmp_path: Path) -> None:
    """451 for each sender and recipient, once."""
    with receive(tmp_path, manners=Manners(greylist=1)) as box:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            send(box)
        assert caught.value.recipients["soc@example.com"][0] == 451
        assert send(box) == {}
        assert len(box.messages) == 1


def test_some_recipients_may_be_refused(tmp_path: Path) -> None:
    """The others get their mail."""
    with receive(tmp_path, manners=Manners(refuse=("gone@*",))) as box:
        refused = send(box, ["soc@example.com", "gone@example.com"])
        assert refused["gone@example.com"][0] == 550
        assert box.messages[0].recipients == ("soc@example.com",)


@pytest.mark.parametrize("cut, kept", [("kept", 2), ("lost", 1)])
def test_a_connection_cut_after_data_leaves_the_sender_in_doubt(tmp_path: Path, cut: str, kept: int) -> None:
    """Taken or not, the sender cannot know; the second try arrives."""
    with receive(tmp_path, manners=Manners(cut=cut)) as box:
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(box)
        send(box)
        assert len(box.messages) == kept


@pytest.mark.parametrize(
    "manners, code",
    [(Manners(busy=1), 452), (Manners(reject="554 5.7.1 Looks like spam"), 554), (Manners(largest=10), 552)],
)
def test_messages_may_be_refused_after_data(tmp_path: Path, manners: Manners, code: int) -> None:
    """For now, for good, or for their size; good manners return at once."""
    with receive(tmp_path, manners=manners) as box:
        with pytest.raises(smtplib.SMTPDataError) as caught:
            send(box)
        assert caught.value.smtp_code == code
        box.manners = Manners()
        send(box)
        assert len(box.messages) == 1
