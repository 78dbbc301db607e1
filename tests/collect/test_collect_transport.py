"""Connections: trusted, shared, and honest about what did not arrive."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from reporter.collect.clients import Clients, Request, Tally
from reporter.collect.failures import ReadFailed
from reporter.collect.options import CollectError, Connection
from reporter.collect.transport import _IDLE, _Lines

WHO = type("Who", (), {"account": "1", "arn": "", "renew": lambda *_: False})
LIST = Request("s3", "us-east-1", "ListBuckets", {"MaxBuckets": 10}, "s3:ListAllMyBuckets")
BLOCK = Request(
    "s3control", "us-east-1", "GetPublicAccessBlock", {"AccountId": "1" * 12}, "s3:GetAccountPublicAccessBlock"
)
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


def ask(port: int, scheme: str = "http", request: Request = LIST, **more: str) -> dict:
    connection = Connection(
        endpoint_url=f"{scheme}://127.0.0.1:{port}", attempts=2, backoff=0.01, connect_timeout=1, **more
    )
    return Clients(connection).call(who(), Tally(), request)


def test_an_answer_shorter_than_announced_is_refused() -> None:
    """The SDK takes what it gets; a cut-off body must not pass for the whole."""
    with served(answer(BODY, len(BODY) + 1)) as port, pytest.raises(ReadFailed) as caught:
        ask(port)
    assert caught.value.why.code == "ConnectionFailed"
    with served(answer(BODY, len(BODY))) as port:
        assert ask(port)["Buckets"] == [{"Name": "a"}]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<!DOCTYPE html><html>Please log in</html>", "has status 200, and begins with html"),
        (b"Please log in", "has status 200, and is no XML"),
        (b"", "has status 200, and is no XML"),
        (BODY[:-9], "has status 200, and begins with ListAllMyBucketsResult, but is no whole XML"),
        (b"\x00\xff" + BODY, "has status 200, and is no XML"),
    ],
)
def test_a_page_of_a_proxy_with_status_200_is_told_as_it_came(body: bytes, said: str) -> None:
    """The SDK would call it an error 500 of S3; what came is status 200, and the remedy is to look for who sent it."""
    with served(answer(body, len(body))) as port, pytest.raises(ReadFailed) as caught:
        ask(port)
    assert caught.value.why.code == "MalformedResponse"
    assert said in caught.value.why.message
    assert "look for a proxy in between" in caught.value.why.message


@pytest.mark.parametrize(
    ("request_", "space", "code"),
    [
        (LIST, "", "InternalError"),
        (LIST, ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', "MalformedResponse"),
        (BLOCK, "", "MalformedResponse"),
    ],
    ids=["s3", "namespace", "s3control"],
)
def test_an_error_that_comes_with_status_200_is_an_error(request_: Request, space: str, code: str) -> None:
    """S3 may find out too late for another status: its code is kept, and no form of it passes for an empty answer."""
    body = f"<Error{space}><Code>InternalError</Code><Message>Try again.</Message></Error>".encode()
    with served(answer(body, len(body))) as port, pytest.raises(ReadFailed) as caught:
        ask(port, request=request_)
    assert (caught.value.why.code, caught.value.kind) == (code, "transient")


@pytest.mark.parametrize(
    "came",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(BODY), BODY),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n%b\r\n0\r\n\r\n" % BODY,
        b"HTTP/1.1 200 OK\r\nEndless: " + b"x" * 100_000,
    ],
    ids=["no HTTP", "nothing", "half a head", "no last chunk", "no length of a chunk", "no end of the head"],
)
def test_what_is_no_whole_answer_of_http_is_refused(came: bytes) -> None:
    """Whatever stands at the other end of the line: tried again, then unread; no value, and no fault of the program."""
    with served(came) as port, pytest.raises(ReadFailed) as caught:
        ask(port)
    assert caught.value.why.code in {"ConnectionFailed", "MalformedResponse"}
    assert caught.value.kind == "transient"


def test_chunks_are_an_answer() -> None:
    """As S3 sends long listings."""
    half = len(BODY) // 2
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in (BODY[:half], BODY[half:], b""))
    with served(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces) as port:
        assert ask(port)["Buckets"] == [{"Name": "a"}]


def test_a_connection_that_was_closed_meanwhile_is_not_used() -> None:
    """An idle connection is looked at first, so that no call is lost to it; one whose host made way is closed at its return."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        lines = _Lines("http", f"127.0.0.1:{listener.getsockname()[1]}", Connection(), ssl.create_default_context())
        first = lines.take()
        listener.accept()[0].close()
        lines.give(first)
        time.sleep(_IDLE + 0.05)
        second = lines.take()
        assert second is not first
        lines.give(second)
        assert lines.take() is second
        lines.close()
        lines.give(second)
        assert not second.is_connected


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
