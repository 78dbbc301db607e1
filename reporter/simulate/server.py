"""The HTTP server of the child process: AWS on every path, and the control interface below `/_simulate/`.

A small server of its own: connections are kept alive, a fault may cut or kill them, and a call costs a fraction of what a web
framework takes.
"""

import json
import socket
import socketserver
import sys
import threading
from http import HTTPStatus
from typing import Any

from reporter.simulate import control
from reporter.simulate.answers import Answer
from reporter.simulate.front import answer
from reporter.simulate.request import Request
from reporter.simulate.world import World

CONTROL = "/_simulate/"
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class Server(socketserver.ThreadingTCPServer):
    """One thread for each connection, on loopback only."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, world: World) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.world = world

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no news; anything else is a fault of the simulation and said so."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Connection(socketserver.StreamRequestHandler):
    """Requests of one connection, one after the other."""

    server: Server
    disable_nagle_algorithm = True
    rbufsize = 65536

    def handle(self) -> None:
        self.server.world.connections += 1
        while True:
            request = self._read()
            if request is None or not self._serve(request):
                return

    def _read(self) -> Request | None:
        line = self.rfile.readline(65537)
        if not line.strip():
            return None
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers: dict[str, str] = {}
        while (line := self.rfile.readline(65537)) not in {b"\r\n", b"\n", b""}:
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.pop("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return Request(method, target, headers, self._body(headers))

    def _body(self, headers: dict[str, str]) -> bytes:
        if "chunked" not in headers.pop("transfer-encoding", "").lower():
            return self.rfile.read(int(headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _serve(self, request: Request) -> bool:
        """Send the answer; whether the connection lives on."""
        if request.target.startswith(CONTROL):
            result = control.command(
                self.server, request.target.removeprefix(CONTROL), json.loads(request.body or b"{}")
            )
        else:
            result = answer(self.server.world, request)
        if result.kill:
            self._reset()
            return False
        body = b"" if request.method == "HEAD" else result.body
        sent = body if result.cut is None else body[: result.cut]
        self.wfile.write(_head(result, len(body)) + sent)
        if result.cut is not None:
            self._reset()
            return False
        return request.headers.get("connection", "").lower() != "close"

    def _reset(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)


def _head(result: Answer, length: int) -> bytes:
    lines = [f"HTTP/1.1 {result.status} {_REASONS.get(result.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in result.headers.items()]
    if "content-length" not in result.headers:
        lines.append(f"content-length: {length}")
    return ("\r\n".join(lines) + "\r\nx-amzn-requestid: simulated\r\n\r\n").encode("latin-1", "replace")


def serve(world: World) -> Server:
    """A server that answers already, in a thread of its own."""
    server = Server(world)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server
