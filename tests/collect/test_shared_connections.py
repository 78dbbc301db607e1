"""S3 Control's host of each account: one connection for all of them where AWS allows it, one each where it does not."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from botocore.credentials import Credentials

from reporter.collect.clients import Clients, Request, Tally
from reporter.collect.failures import ReadFailed
from reporter.collect.options import Connection

ACCOUNTS = [f"{number}" * 12 for number in (1, 2, 3, 1, 2)]
DOMAIN = "s3-control.us-east-1.amazonaws.com"
OPEN = (
    b"<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>"
    b"<BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>"
)
Answer = tuple[int, bytes]


class Server:
    """Answers over TLS, and keeps what came: for each connection the hosts it was asked for."""

    def __init__(self, names: list[str], answer: Callable[[list[str]], Answer], folder: Path) -> None:
        authority = trustme.CA()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(self.context)
        self.bundle = str(folder / "authority.pem")
        authority.cert_pem.write_to_path(self.bundle)
        self.hosts: list[list[str]] = []
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.keep, args=(plain,), daemon=True).start()

    def keep(self, plain: socket.socket) -> None:
        hosts: list[str] = []
        try:
            with self.context.wrap_socket(plain, server_side=True) as connection:
                while head := connection.recv(65536):
                    hosts.append(head.lower().split(b"host: ", 1)[1].split(b"\r\n", 1)[0].decode())
                    if len(hosts) == 1:
                        self.hosts.append(hosts)
                    status, body = self.answer(hosts)
                    connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
        except (ssl.SSLError, ConnectionError):
            return


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """A server that AWS's own names lead to."""
    servers: list[Server] = []
    ask = socket.getaddrinfo

    def resolve(host: str, *rest: object, **options: object) -> object:
        if str(host).endswith(".amazonaws.com"):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", servers[-1].listener.getsockname())]
        return ask(host, *rest, **options)

    def start(names: list[str], answer: Callable[[list[str]], Answer]) -> Server:
        servers.append(Server(names, answer, tmp_path))
        return servers[-1]

    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    yield start
    for server in servers:
        server.listener.close()


def ask_all(server: Server) -> tuple[list[dict[str, bool]], int]:
    """The block of every account by one client after the other; and the calls counted."""
    clients = Clients(Connection(ca_bundle=server.bundle, attempts=2, backoff=0.01, region="us-east-1"), threads=1)
    tally, told = Tally(), []
    for account in ACCOUNTS:
        who = type("Who", (), {"account": account, "arn": "", "renew": lambda *_: False})()
        who.credentials = lambda _, account=account: Credentials(f"AKIA{account}", "s")
        request = Request("s3control", "us-east-1", "GetPublicAccessBlock", {"AccountId": account})
        told.append(clients.call(who, tally, request)["PublicAccessBlockConfiguration"])
    return told, tally.made


def test_all_accounts_share_the_connections_of_the_first(serving: Callable[..., Server]) -> None:
    """One wildcard certificate covers every account's host: one connection is made, and each request names its own host."""
    server = serving([f"*.{DOMAIN}"], lambda hosts: (200, OPEN))
    told, calls = ask_all(server)
    assert [one["BlockPublicAcls"] for one in told] == [True] * len(ACCOUNTS)
    assert server.hosts == [[f"{account}.{DOMAIN}" for account in ACCOUNTS]]
    assert calls == len(ACCOUNTS)


@pytest.mark.parametrize(
    "refusal",
    [(421, b"<Error/>"), (403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")],
    ids=["421", "signature"],
)
def test_a_host_that_will_not_answer_for_others_is_left_its_own(
    serving: Callable[..., Server], refusal: Answer
) -> None:
    """The refused call is made once more on the account's own host, and counted; no other is refused after it."""
    server = serving([f"*.{DOMAIN}"], lambda hosts: refusal if len(set(hosts)) > 1 else (200, OPEN))
    told, calls = ask_all(server)
    assert [one["BlockPublicAcls"] for one in told] == [True] * len(ACCOUNTS)
    assert calls == len(ACCOUNTS) + 1
    assert all(len(set(hosts)) == 1 for hosts in server.hosts[1:])


def test_a_certificate_for_one_account_is_not_used_for_another(serving: Callable[..., Server]) -> None:
    """Without a wildcard nothing is shared: each connection is for a name that its certificate bears."""
    names = [f"{account}.{DOMAIN}" for account in sorted(set(ACCOUNTS))]
    server = serving(names, lambda hosts: (200, OPEN))
    told, _ = ask_all(server)
    assert [one["BlockPublicAcls"] for one in told] == [True] * len(ACCOUNTS)
    assert [set(hosts) for hosts in server.hosts] == [{name} for name in names]


def test_an_untrusted_authority_is_told_as_one(serving: Callable[..., Server], tmp_path: Path) -> None:
    """A proxy that opens TLS is no question of names: the remedy is the bundle."""
    server = serving([f"*.{DOMAIN}"], lambda hosts: (200, OPEN))
    trustme.CA().cert_pem.write_to_path(server.bundle)
    with pytest.raises(ReadFailed) as caught:
        ask_all(server)
    assert caught.value.why.code == "TlsFailed"
