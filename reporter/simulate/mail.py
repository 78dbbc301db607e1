"""A mail server on loopback that keeps what it gets as .eml files, and behaves as badly as it is told to."""

import asyncio
import logging
import re
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Manners:
    """How the server treats its callers. All of it may be changed while it runs (`Mailbox.manners`)."""

    greylist: int = 0  # so many times each (sender, recipient) is told 451 to come back
    refuse: tuple[str, ...] = ()  # recipients (globs) that do not exist: 550
    busy: int = 0  # so many messages are answered 452 after DATA
    reject: str = ""  # what every message is answered instead of 250, e.g. "554 5.7.1 Looks like spam"
    slow: float = 0.0  # seconds before each answer to MAIL, RCPT and DATA
    cut: str = ""  # "kept": the message is taken and the connection dies before the answer; "lost": it is not taken
    cuts: int = 1  # how many messages `cut` strikes
    largest: int = 0  # bytes; larger messages are answered 552


@dataclass(frozen=True)
class Received:
    """One message taken: its envelope and the file it is in."""

    sender: str
    recipients: tuple[str, ...]
    path: Path
    user: str = ""
    encrypted: bool = False


@dataclass
class Mailbox:
    """The running server and what it has received."""

    folder: Path
    host: str = HOST
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    manners: Manners = Manners()
    messages: list[Received] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)  # replies by code, the server's own book-keeping
    _implicit: bool = False
    _greeted: Counter[tuple[str, str]] = field(default_factory=Counter)
    _busy: int = 0
    _cut: int = 0

    async def handle_MAIL(  # noqa: N802 # aiosmtpd's names and arguments, here and below
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        await asyncio.sleep(self.manners.slow)
        if self.user and not session.authenticated:
            return self._say("530 5.7.0 Authentication required")
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._say("250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        await asyncio.sleep(self.manners.slow)
        if any(fnmatchcase(address, glob) for glob in self.manners.refuse):
            return self._say("550 5.1.1 No such mailbox here")
        who = (envelope.mail_from or "", address)
        if self._greeted[who] < self.manners.greylist:
            self._greeted[who] += 1
            return self._say("451 4.7.1 Greylisted, please come back later")
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return self._say("250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        manners = self.manners
        await asyncio.sleep(manners.slow)
        content = envelope.original_content or b""
        if manners.largest and len(content) > manners.largest:
            return self._say("552 5.3.4 Message too big")
        if self._busy < manners.busy:
            self._busy += 1
            return self._say("452 4.3.1 Insufficient system storage")
        if manners.reject:
            return self._say(manners.reject)
        if manners.cut and self._cut < manners.cuts:
            self._cut += 1
            if manners.cut == "kept":
                self._keep(session, envelope, content)
            if isinstance(server.transport, asyncio.WriteTransport):
                server.transport.abort()
            return self._say("421 cut")
        self._keep(session, envelope, content)
        return self._say("250 2.0.0 Taken")

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        """Only the one user. `handled=False` lets aiosmtpd say 535 itself."""
        known = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == (
            self.user,
            self.password,
        )
        return AuthResult(success=True, auth_data=self.user) if known else AuthResult(success=False, handled=False)

    def _say(self, reply: str) -> str:
        self.said[reply[:3]] += 1
        return reply

    def _keep(self, session: Session, envelope: Envelope, content: bytes) -> None:
        number = len(self.messages) + 1
        first = re.sub(r"[^\w.@+-]", "_", envelope.rcpt_tos[0]) if envelope.rcpt_tos else "nobody"
        path = self.folder / f"{number:03d}-{first}.eml"
        path.write_bytes(content)
        user = str(session.auth_data) if session.authenticated else ""
        secret = self._implicit or session.ssl is not None
        self.messages.append(Received(str(envelope.mail_from), tuple(envelope.rcpt_tos), path, user, secret))


@contextmanager
def receive(
    folder: Path,
    *,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
    user: str = "",
    password: str = "",
    manners: Manners = Manners(),  # frozen
) -> Iterator[Mailbox]:
    """A mail server until the context ends.

    With `tls` it offers STARTTLS and insists on it (or speaks TLS from the first byte: `implicit`); with `user` it asks for AUTH.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mailbox = Mailbox(folder, user=user, password=password, manners=manners, _implicit=implicit)
    loop = asyncio.new_event_loop()
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's

    def protocol() -> SMTP:
        return SMTP(
            mailbox,
            hostname="mail.simulated.example",
            loop=loop,
            tls_context=None if implicit else tls,
            require_starttls=tls is not None and not implicit,
            authenticator=mailbox.authenticate if user else None,
            auth_require_tls=tls is not None and not implicit,
        )

    server = loop.run_until_complete(loop.create_server(protocol, HOST, 0, ssl=tls if implicit else None))
    mailbox.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield mailbox
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        server.close()
        _finish(loop)


def _finish(loop: asyncio.AbstractEventLoop) -> None:
    """Callers that never hung up are hung up on."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks))
    loop.run_until_complete(asyncio.sleep(0))  # transports close in the next turn
    loop.close()
