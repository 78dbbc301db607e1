"""A history with a sealed run and letters in its outbox, and a line to the mail server that kills whoever speaks on it."""

import hashlib
import json
import os
import select
import signal
import socket
import socketserver
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from reporter import history
from reporter.deliver.message import message_id
from reporter.model import Run
from reporter.settings.schema import Mail, Settings

MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)
LEASE_AND_MORE = timedelta(minutes=11)
SENDER = "reporter@example.com"


@dataclass
class Clock:
    """Time stands still until it is moved."""

    at: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.at


@cache
def blank() -> bytes:
    """An empty history, made once: every test begins with a copy."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "blank.db"
        engine = history.connect(str(file))
        history.prepare(engine, MONDAY)
        engine.dispose()
        return file.read_bytes()


def open_history(url: str) -> history.Engine:
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).write_bytes(blank())
    return history.connect(url)


def sealed_run(engine: history.Engine, at: datetime = MONDAY) -> Run:
    run = history.start_run(engine, kind="manual", as_of=at, owner="test", now=at)
    return history.seal(engine, run, at)


def settings_for(port: int, **mail: object) -> Settings:
    values = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none", "sender": SENDER} | mail
    return Settings(mail=Mail.model_validate({"timeout_seconds": 5} | values))


def put_letters(engine: history.Engine, run: Run, folder: Path, *recipients: str, at: datetime = MONDAY) -> int:
    """Letters as `lettering` writes them, each with a file attached; with them the run's reports are handed over."""
    bodies = json.dumps(
        {"subject": "3 worsened", "text": "Three settings got worse.\n", "html": "<p>Three.</p>"}
    ).encode()
    name = f"organization.{hashlib.sha256(bodies).hexdigest()[:16]}.mail.json"
    pdf = b"%PDF-1.7\n" + bytes(range(256)) * 400
    (folder / name).write_bytes(bodies)
    (folder / "organization.pdf").write_bytes(pdf)
    entry = {"file": "organization.pdf", "name": "run-1-organization.pdf", "size": len(pdf)}
    payload = {
        "folder": str(folder),
        "bodies": name,
        "attachments": [entry | {"sha256": hashlib.sha256(pdf).hexdigest()}],
        "left_out": [],
        "references": [],
    }
    found = [
        history.Letter("organization", to, message_id(run.id, "organization", to, SENDER), payload | {"address": to})
        for to in recipients
    ]
    count = history.enqueue(engine, run, found, at)
    history.mark_handed_over(engine, run, at)
    return count


def states(engine: history.Engine) -> dict[str, str]:
    return {row.recipient: row.state for row in history.deliveries(engine)}


@dataclass
class Assassin:
    """Kills the process at its side of the line at one moment of the conversation.

    `when`: a command ("RCPT"), "354" or "250 taken" (the server's answers, before they arrive), "body" (in the middle of
    the mail), "dot" (the last line, not passed on), "dot passed" (passed on, the answer not awaited), "answered".
    """

    when: str = ""
    victim: int = 0

    def strike(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.victim, signal.SIGKILL)

    def hears_client(self, data: bytes, in_body: bool) -> bool:
        """Whether the data may go on to the server."""
        last = (in_body and data.endswith(b"\r\n.\r\n")) or data == b".\r\n"
        fatal = (
            (not in_body and self.when and data.upper().startswith(self.when.encode()))
            or (self.when == "body" and in_body and not last)
            or (self.when == "dot" and last)
        )
        if fatal:
            self.strike()
        return not fatal

    def hears_server(self, data: bytes, after_dot: bool) -> bool:
        fatal = (self.when == "354" and data.startswith(b"354")) or (self.when == "250 taken" and after_dot)
        if fatal:
            self.strike()
        return not fatal


@contextmanager
def tapped(port: int) -> Iterator[tuple[int, Assassin]]:
    """A line to the mail server at `port` on which the assassin listens; the line's own port."""
    assassin = Assassin()

    class Line(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as server, suppress(OSError):
                carry(self.request, server, assassin)

    class Lines(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        request_queue_size = 64

    with Lines(("127.0.0.1", 0), Line) as lines:
        thread = threading.Thread(target=lambda: lines.serve_forever(0.02), daemon=True)
        thread.start()
        yield lines.server_address[1], assassin
        lines.shutdown()
        thread.join()


def carry(client: socket.socket, server: socket.socket, assassin: Assassin) -> None:
    """Pass on what both say until one hangs up or somebody dies."""
    in_body = after_dot = False
    while True:
        for ready in select.select([client, server], [], [])[0]:
            data = ready.recv(65_536)
            if not data:
                return
            if ready is server:
                if not assassin.hears_server(data, after_dot):
                    return
                in_body = in_body or data.startswith(b"354")
                client.sendall(data)
                if after_dot and assassin.when == "answered":
                    assassin.strike()
                after_dot = False
                continue
            if not assassin.hears_client(data, in_body):
                return
            server.sendall(data)
            if in_body and data.endswith(b".\r\n"):
                in_body, after_dot = False, True
                if assassin.when == "dot passed":
                    assassin.strike()


def forked(work: Callable[[], object]) -> int:
    """Start `work` in a process of its own, which ends when it is done."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    finally:
        os._exit(0)


def ended(child: int) -> bool:
    """Wait for a process; whether it was killed."""
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])
