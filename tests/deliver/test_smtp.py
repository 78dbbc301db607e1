"""Mail by SMTP: a real server, TLS and AUTH, and every way a delivery can end."""

import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import trustme

sys.path.insert(0, str(Path(__file__).parent))
from letters import PDF, SENDER, Gone, letter

from reporter.deliver.mail import Smtp, by_smtp, greet
from reporter.deliver.message import Attachment, compose
from reporter.deliver.outbox import Outcome
from reporter.simulate.mail import Manners, receive


def sent(port: int, going: Gone | None = None, timeout: float = 5, **changes: object) -> Outcome:
    return by_smtp(Smtp("127.0.0.1", port, "none", timeout=timeout))(
        compose(letter(**changes), SENDER), going or Gone()
    )


def test_a_mail_arrives_whole_with_both_bodies_and_the_attachment(tmp_path: Path) -> None:
    """What the server took parses back to the text (a lone dot included), the HTML and the very bytes of the PDF."""
    going = Gone()
    with receive(tmp_path) as mailbox:
        outcome = sent(mailbox.port, going)
    assert (outcome.result, outcome.reference, going.times) == ("sent", "2.0.0 Taken", 1)
    (received,) = mailbox.messages
    assert (received.sender, received.recipients) == ("reporter@example.com", ("lead@example.com",))
    mail = message_from_bytes(received.path.read_bytes(), policy=default)
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == letter().text
    assert "<p>Three" in mail.get_body(("html",)).get_content()
    (attachment,) = mail.iter_attachments()
    assert (attachment.get_filename(), attachment.get_content()) == ("report.pdf", PDF)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def context_of(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_and_authentication_with_a_private_authority(security: str, authority: trustme.CA, tmp_path: Path) -> None:
    """The certificate is verified and the password checked; what is wrong is ours to mend, and the password is not repeated."""
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    tls = context_of(authority)
    with receive(tmp_path / "mail", tls=tls, implicit=security == "tls", user="u", password="pa55word") as mailbox:

        def outcome(password: str, ca: Path | None) -> Outcome:
            server = Smtp("127.0.0.1", mailbox.port, security, "u", password, ca, 5)  # type: ignore[arg-type]
            assert password not in repr(server)
            assert password not in greet(server)
            return by_smtp(server)(compose(letter(), SENDER), Gone())

        assert outcome("pa55word", ca_file).result == "sent"
        wrong = outcome("wr0ng", ca_file)
        assert (wrong.result, wrong.shut, "wr0ng" in wrong.detail) == ("temporary", True, False)
        assert (
            "user name or password (535); see mail.user, and mail.password_file or REPORTER_MAIL__PASSWORD"
            in wrong.detail
        )
        assert wrong.ours  # nobody's patience mends it
        stranger = outcome("pa55word", None)
        assert (stranger.result, stranger.shut) == ("temporary", True)
        assert "mail.ca_file" in stranger.detail
        assert not stranger.ours  # a certificate is renewed over night
        lost = outcome("pa55word", tmp_path / "lost.pem")
        assert (lost.result, lost.ours) == ("temporary", True)
    (received,) = mailbox.messages
    assert (received.encrypted, received.user) == (True, "u")


def test_a_server_without_starttls_is_not_spoken_to_in_clear(tmp_path: Path) -> None:
    """The outcome names the settings to look at; nothing was sent, and the outbox keeps the letter."""
    with receive(tmp_path) as mailbox:
        server = Smtp("127.0.0.1", mailbox.port, "starttls", timeout=5)
        outcome = by_smtp(server)(compose(letter(), SENDER), Gone())
        assert greet(server) == outcome.detail
        assert greet(Smtp("127.0.0.1", mailbox.port, "none", timeout=5)) == ""
    assert (outcome.result, outcome.shut, outcome.ours, mailbox.messages) == ("temporary", True, True, [])
    assert "mail.security" in outcome.detail


def test_tls_spoken_to_a_server_that_speaks_plain_text_says_which_settings(tmp_path: Path) -> None:
    """Port 587 with security tls is a common mistake."""
    with receive(tmp_path) as mailbox:
        outcome = by_smtp(Smtp("127.0.0.1", mailbox.port, "tls", timeout=5))(compose(letter(), SENDER), Gone())
    assert (outcome.result, outcome.shut) == ("temporary", True)
    assert "mail.security" in outcome.detail


@pytest.mark.parametrize(
    ("manners", "result", "gone", "kept"),
    [
        (Manners(greylist=1), "temporary", 0, 0),
        (Manners(refuse=("lead@*",)), "permanent", 0, 0),
        (Manners(busy=1), "temporary", 1, 0),
        (Manners(reject="554 5.7.1 Looks like spam"), "permanent", 1, 0),
        (Manners(cut="kept"), "unknown", 1, 1),
        (Manners(cut="lost"), "unknown", 1, 0),
    ],
    ids=["greylisted", "no such user", "disk full", "taken for spam", "cut, taken", "cut, not taken"],
)
def test_each_refusal_is_told_apart(manners: Manners, result: str, gone: int, kept: int, tmp_path: Path) -> None:
    """Before the last line nothing was handed over; after it only the server's answer says whether it was."""
    going = Gone()
    with receive(tmp_path, manners=manners) as mailbox:
        outcome = sent(mailbox.port, going)
    assert (outcome.result, going.times, len(mailbox.messages)) == (result, gone, kept), outcome
    assert not outcome.shut


def test_one_refused_recipient_is_not_the_others_fault(tmp_path: Path) -> None:
    """Each recipient has a message of their own: one gets theirs, the other's refusal is on record with the server's words."""
    with receive(tmp_path, manners=Manners(refuse=("gone@*",))) as mailbox:
        outcomes = [sent(mailbox.port, recipient=to) for to in ("gone@example.com", "here@example.com")]
    assert [(o.result, o.detail) for o in outcomes] == [("permanent", "550 5.1.1 No such mailbox here"), ("sent", "")]
    assert [one.recipients for one in mailbox.messages] == [("here@example.com",)]


def test_a_slow_server_is_waited_for_and_a_silent_one_is_not(tmp_path: Path) -> None:
    """Each answer has its own time. Silence before DATA is temporary, after the mail it is unknown."""
    with receive(tmp_path / "slow", manners=Manners(slow=0.15)) as mailbox:
        assert sent(mailbox.port, timeout=2).result == "sent"
    with receive(tmp_path / "silent", manners=Manners(slow=1.0)) as mailbox:
        early = sent(mailbox.port, timeout=0.3)
        assert (early.result, mailbox.messages) == ("temporary", [])


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (Smtp("127.0.0.1", 9, "starttls", ca_file=Path("/nowhere/ca.pem")), "no connection to 127.0.0.1:9"),
        (Smtp("127.0.0.1", 9, "tls", ca_file=Path("/nowhere/ca.pem")), "/nowhere/ca.pem: cannot be read"),
        (Smtp("mail..example.com", 25, "none"), "no connection to mail..example.com:25"),
        (Smtp("x" * 70 + ".example.com", 25, "none"), "no connection to xxx"),
    ],
)
def test_settings_that_lead_nowhere_are_one_sentence(server: Smtp, words: str) -> None:
    """No traceback, whatever was typed as a host or a file."""
    outcome = by_smtp(server)(compose(letter(), SENDER), Gone())
    assert (outcome.result, outcome.shut) == ("temporary", True)
    assert words in outcome.detail


def test_nobody_listening_is_temporary_and_shuts_the_way() -> None:
    """A mail server that is down is tried again, once for all letters."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    outcome = sent(port)
    assert (outcome.result, outcome.shut) == ("temporary", True)
    assert f"127.0.0.1:{port}" in outcome.detail


@contextmanager
def scripted(*answers: bytes) -> Iterator[int]:
    """A server that says these lines, one for the greeting and one for each thing it is told, and then hangs up."""

    class Script(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            in_mail = False
            for number, answer in enumerate(answers):
                while number and (line := self.rfile.readline()):
                    if not in_mail or line == b".\r\n":
                        break
                in_mail = answer.startswith(b"354")
                self.wfile.write(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Script) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(0.02))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


OK = b"250 OK\r\n"


@pytest.mark.parametrize(
    ("answers", "result", "shut", "words"),
    [
        ((b"554 No mail here\r\n",), "temporary", True, "554"),
        ((b"220 hi\r\n", OK, b"550 We do not know you\r\n"), "temporary", True, "the sender: 550"),
        ((b"220 hi\r\n", OK, OK, b"nonsense\r\n"), "temporary", False, ""),
        ((b"220 hi\r\n", OK, OK, OK, b"451 Later\r\n"), "temporary", False, "451 Later"),
        ((b"220 hi\r\n", OK, OK, OK, b"354 go\r\n", b"nonsense\r\n"), "unknown", False, "cannot be read"),
        ((b"220 hi\r\n", OK, OK, OK, b"354 go\r\n", b"250 " + b"x" * 9000 + b"\r\n"), "unknown", False, "handed over"),
        ((b"220 hi\r\n", OK, OK, OK, b"354 go\r\n", b"252 Perhaps\r\n"), "sent", False, ""),
        ((b"220 hi\r\n", b"250-hi\r\n250 SIZE 100\r\n"), "permanent", False, "attach_limit_megabytes"),
        ((b"220 hi\r\n", OK, OK, b"550 \x1b[31mred\xff\r\n"), "permanent", False, "[31mred"),
    ],
)
def test_odd_answers_are_judged_by_where_they_fall(
    answers: tuple[bytes, ...], result: str, shut: bool, words: str
) -> None:
    """What concerns the sender shuts the way; what cannot be understood after the mail is unknown, never a success."""
    with scripted(*answers) as port:
        outcome = sent(port)
    assert (outcome.result, outcome.shut) == (result, shut), outcome
    assert words in outcome.detail
    assert outcome.detail.isprintable()


def test_nothing_is_handed_over_without_the_word(tmp_path: Path) -> None:
    """If `sending` cannot be committed (the lease is lost, the database is away), the server never sees the last line."""

    class Lost(Exception):
        pass

    def refuse() -> None:
        raise Lost

    with receive(tmp_path) as mailbox:
        send = by_smtp(Smtp("127.0.0.1", mailbox.port, "none", timeout=5))
        with pytest.raises(Lost):
            send(compose(letter(), SENDER), refuse)
        assert sent(mailbox.port, recipient="next@example.com").result == "sent"
    assert [one.recipients for one in mailbox.messages] == [("next@example.com",)]


def test_a_large_mail_goes_out_in_pieces(tmp_path: Path) -> None:
    """Seven megabytes of attachment arrive byte for byte."""
    data = bytes(range(256)) * 20_000
    with receive(tmp_path) as mailbox:
        assert sent(mailbox.port, attachments=[Attachment("r.pdf", "application/pdf", data)]).result == "sent"
    mail = message_from_bytes(mailbox.messages[0].path.read_bytes(), policy=default)
    assert next(mail.iter_attachments()).get_content() == data
