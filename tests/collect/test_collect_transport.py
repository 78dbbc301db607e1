"""Connections: trusted, shared, and honest about what did not arrive."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from reporter.collect.clients import Clients, Request, Tally
from reporter.collect.failures import ReadFailed
from reporter.collect.options import CollectError, Connection

WHO = type("Who", (), {"account": "1", "arn": "", "renew": lambda *_: False})
LIST = Request("s3", "us-east-1", "ListBuckets", {"MaxBuckets": 10}, "s3:ListAllMyBuckets")
BODY = b"<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket></Buckets></ListAllMyBucketsResult>"


def who() -> object:
    from botocore.credentials import Credentials

    found = WHO()
    found.credentials = lambda tally: Credentials("AKIAEXAMPLE", "s")
    return found


@contextmanager
def served(answer: bytes, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that answers every connection with the same bytes and closes it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
                connection = context.wrap_socket(connection, server_side=True) if context else connection
                connection.recv(65536)
                connection.sendall(answer)
                connection.close()
            except ssl.SSLError:
                continue
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def answer(body: bytes, length: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (
        length,
        body,
    )


def ask(port: int, scheme: str = "http", **more: str) -> dict:
    connection = Connection(
        endpoint_url=f"{scheme}://127.0.0.1:{port}", attempts=2, backoff=0.01, connect_timeout=1, **more
    )
    return Clients(connection).call(who(), Tally(), LIST)


def test_an_answer_shorter_than_announced_is_refused() -> None:
    """The SDK takes what it gets; a cut-off body must not pass for the whole."""
    with served(answer(BODY, len(BODY) + 1)) as port, pytest.raises(ReadFailed) as caught:
        ask(port)
    assert caught.value.why.code == "ConnectionFailed"
    with served(answer(BODY, len(BODY))) as port:
        assert ask(port)["Buckets"] == [{"Name": "a"}]


def test_an_untrusted_certificate_is_refused_and_the_remedy_named(tmp_path: Path) -> None:
    """TLS is verified; behind an inspecting proxy its authority can be set."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with served(answer(BODY, len(BODY)), context) as port:
        with pytest.raises(ReadFailed) as caught:
            ask(port, "https")
        assert caught.value.why.code == "TlsFailed"
        assert "aws.ca_bundle" in caught.value.why.message
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        assert ask(port, "https", ca_bundle=str(tmp_path / "ca.pem"))["Buckets"]


def test_a_bundle_that_is_not_there_is_one_clear_sentence(tmp_path: Path) -> None:
    """The path that was set, and that it cannot be read."""
    with pytest.raises(CollectError, match=r"nowhere\.pem"):
        Clients(Connection(ca_bundle=str(tmp_path / "nowhere.pem")))


def test_an_endpoint_that_cannot_be_reached_is_not_tried_by_every_account() -> None:
    """After one account's attempts the others are told at once; the code says what it was."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    clients = Clients(Connection(endpoint_url=f"http://127.0.0.1:{port}", attempts=2, backoff=0.01, connect_timeout=1))
    tallies = [Tally(), Tally()]
    for tally in tallies:
        with pytest.raises(ReadFailed) as caught:
            clients.call(who(), tally, LIST)
        assert caught.value.why.code == "EndpointUnreachable"
    assert [tally.made for tally in tallies] == [2, 0]
