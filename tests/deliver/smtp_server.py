"""A real SMTP server on loopback that misbehaves in the ways real ones do."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Behaviour:
    """What the server does; every mail it took stands in `received`."""

    received: list[bytes] = field(default_factory=list)
    greylist_first: int = 0
    refuse: tuple[str, ...] = ()
    cut_after_data: bool = False
    slow_seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return "550 5.1.1 no such user"
        if self.greylist_first > 0:
            self.greylist_first -= 1
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        with self.lock:
            self.received.append(envelope.content)
        if self.slow_seconds:
            await asyncio.sleep(self.slow_seconds)
        if self.cut_after_data:
            server.transport.close()
        return "250 2.0.0 queued as 4711"


@contextmanager
def smtp_server(
    behaviour: Behaviour, *, tls: ssl.SSLContext | None = None, user: str = "", password: str = ""
) -> Iterator[int]:
    """Run the server; the port it listens on. With `user`, AUTH is required; with `tls`, STARTTLS is."""

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == (user, password)
        return AuthResult(success=good, handled=False)

    options: dict[str, object] = {"tls_context": tls, "require_starttls": tls is not None} if tls else {}
    check: Callable[..., AuthResult] | None = authenticate if user else None
    with socket.socket() as free:  # aiosmtpd's Controller calls its own port to see that it is up: it cannot be 0
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(
        behaviour,
        hostname="127.0.0.1",
        port=port,
        authenticator=check,
        auth_required=bool(user),
        auth_require_tls=tls is not None,
        **options,
    )
    controller.start()
    try:
        yield port
    finally:
        controller.stop()
