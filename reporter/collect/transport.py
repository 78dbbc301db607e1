"""Connections to AWS, shared by all clients.

The SDK gives each client a pool of its own and loads its hundred authorities for every new connection: 18 ms of CPU each, and
a megabyte a client. Here all share one TLS context and one set of connections. They are urllib3's, which knows TLS; requests and
answers go over them by the standard library's own HTTP, for the layers that urllib3's pools put around it cost a fifth of a
call's CPU. An answer that is shorter than announced is refused, which the SDK lets pass. Behind a proxy the SDK's own way is
taken.

S3 Control has a host for every account of every region, all under one wildcard certificate. Their requests share the
connections of the region's first such host, each with its own `Host`, as RFC 9110, 4.3.3 allows while the certificate covers
the name and the server does not answer 421 (15.5.20); where AWS will not have it, each account goes to its own host again.
"""

import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
from collections import OrderedDict, deque
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import botocore.exceptions as sdk
from botocore.awsrequest import AWSResponse
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies
from urllib3 import exceptions as urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import ssl_ as tls
from urllib3.util.ssl_match_hostname import CertificateError

from reporter.collect.options import CollectError, Connection

_HOSTS = 512  # kept open: services times regions, with room
_OF_ACCOUNT = re.compile(r"^\d{12}\.(s3-control\..+)$")
_NO_ACCOUNT = "000000000000"  # a certificate that covers even the host of this account covers those of all
_PASSING_HOSTS = 64  # of those beyond the kept ones (buckets by name): the longest unused makes way
_STALE = 20.0  # seconds after which an unused connection is closed
_IDLE = 0.5  # seconds after which a connection is looked at before it is used again: the other side may have closed it


class _Lines:
    """The open connections to one host, the last used first. `covered`: the name that its certificate must bear, if another."""

    def __init__(
        self, scheme: str, host: str, connection: Connection, context: ssl.SSLContext, covered: str = ""
    ) -> None:
        parts = urlsplit(f"{scheme}://{host}")
        self._host, self._port = parts.hostname or "", parts.port
        self._secure, self._context, self._covered = scheme == "https", context, covered
        self._connect, self._read = connection.connect_timeout, connection.read_timeout
        self._idle: deque[tuple[HTTPConnection, float]] = deque()
        self.open = True

    def take(self) -> HTTPConnection:
        """A connection that nobody else uses until it is given back."""
        with contextlib.suppress(IndexError):  # none is left
            while True:
                line, since = self._idle.pop()
                if time.monotonic() - since < _IDLE or line.is_connected:
                    return line
                line.close()
        return self._new()

    def give(self, line: HTTPConnection) -> None:
        """Keep it for the next; what nobody has needed for long is closed, for the other side will have done so."""
        now = time.monotonic()
        self._idle.append((line, now))
        with contextlib.suppress(IndexError):  # another thread was quicker
            while now - self._idle[0][1] > _STALE or not self.open:
                self._idle.popleft()[0].close()

    def close(self) -> None:
        """Close what is idle, now and whenever one is given back."""
        self.open = False
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop()[0].close()

    def _new(self) -> HTTPConnection:
        options = [*HTTPConnection.default_socket_options, (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
        line: HTTPConnection
        if self._secure:
            line = HTTPSConnection(
                self._host, self._port, timeout=self._connect, socket_options=options,
                ssl_context=self._context, assert_hostname=self._covered or None,
            )  # fmt: skip
        else:
            line = HTTPConnection(self._host, self._port, timeout=self._connect, socket_options=options)
        line.connect()
        line.sock.settimeout(self._read)
        return line


class Transport:
    """Sends the SDK's prepared requests: a handler of its event `before-send`, which takes an answer for sent."""

    def __init__(self, connection: Connection, *, bundle: str | None) -> None:
        self._context = tls.create_urllib3_context()
        path = get_cert_path(bundle or True)
        try:
            self._context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise CollectError(f"The bundle of certificate authorities {path} cannot be read: {error}.") from error
        self._connection = connection
        self._kept: dict[str, _Lines] = {}
        self._passing: OrderedDict[str, _Lines] = OrderedDict()
        self._lock = threading.Lock()
        self._lenders: dict[str, str] = {}  # of S3 Control in a region: the host whose connections serve all accounts
        self._apart: set[str] = set()  # where that was refused
        self._proxies = bool(getproxies())

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        """The answer; None where the SDK is to send the request itself."""
        parts = urlsplit(request.url)
        if self._proxies and _proxied(parts.scheme, parts.netloc):
            return None
        if not isinstance(request.body, bytes | str | None):
            return None  # a stream, which no read has
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            return self._answer(request, parts.scheme, parts.netloc, target)
        except (ssl.SSLError, CertificateError) as error:
            raise sdk.SSLError(endpoint_url=request.url, error=error) from error
        except (urllib3.NewConnectionError, socket.gaierror) as error:
            raise sdk.EndpointConnectionError(endpoint_url=request.url, error=error) from error
        except urllib3.ConnectTimeoutError as error:
            raise sdk.ConnectTimeoutError(endpoint_url=request.url, error=error) from error
        except TimeoutError as error:
            raise sdk.ReadTimeoutError(endpoint_url=request.url, error=error) from error
        except (OSError, http.client.HTTPException, urllib3.HTTPError) as error:
            raise sdk.ConnectionClosedError(endpoint_url=request.url, request=request, error=error) from error

    def _lines(self, scheme: str, host: str) -> _Lines:
        """The connections to a host."""
        found = self._kept.get(host)
        if found is not None:
            return found
        with self._lock:
            if len(self._kept) < _HOSTS and not _OF_ACCOUNT.match(host):
                return self._kept.setdefault(host, _Lines(scheme, host, self._connection, self._context))
            found = self._passing.get(host) or _Lines(scheme, host, self._connection, self._context)
            self._passing[host] = found
            self._passing.move_to_end(host)
            while len(self._passing) > _PASSING_HOSTS:
                self._passing.popitem(last=False)[1].close()
            return found

    def _shared_lines(self, scheme: str, domain: str, host: str) -> _Lines:
        """The connections that serve S3 Control of a region for all accounts: those of the first account's host."""
        found = self._kept.get(domain)
        if found is not None:
            return found
        with self._lock:
            lender = self._lenders.setdefault(domain, host)
            covered = f"{_NO_ACCOUNT}.{domain.partition(':')[0]}"
            return self._kept.setdefault(domain, _Lines(scheme, lender, self._connection, self._context, covered))

    def _answer(self, request: Any, scheme: str, host: str, target: str) -> AWSResponse:
        account = _OF_ACCOUNT.match(host)
        if account is None or account[1] in self._apart:
            return _ask(self._lines(scheme, host), request, host, target)
        domain = account[1]
        try:
            answer = _ask(self._shared_lines(scheme, domain, host), request, host, target)
        except (ssl.SSLError, CertificateError):
            answer = None  # if it is more than a certificate for one account alone, the account's own host will tell
        if answer is None or (_misdirected(answer) and host != self._lenders[domain]):
            self._apart.add(domain)
            # The next attempt goes to the account's own host, and is counted like any other.
            raise sdk.ConnectionClosedError(endpoint_url=request.url, request=request)
        return answer


class _Whole(bytes):
    """A body that was read to its end, as the SDK takes it."""

    def stream(self) -> tuple[bytes]:
        return (self,)


def _ask(lines: _Lines, request: Any, host: str, target: str) -> AWSResponse:
    line, lasting = lines.take(), False
    try:
        # Not urllib3's own of these names: those make an answer that reads, decodes and goes back to a pool by itself.
        http.client.HTTPConnection.request(
            line, request.method, target, request.body, {**request.headers, "Host": host}
        )
        answer = http.client.HTTPConnection.getresponse(line)
        body = _Whole(answer.read())  # raises IncompleteRead if it is shorter than announced
        lasting = not answer.will_close
    except ssl.SSLError as error:  # the certificate was found good when the connection was made
        raise ConnectionError(str(error)) from error
    finally:
        if lasting:
            lines.give(line)
        else:
            line.close()
    return AWSResponse(request.url, answer.status, answer.headers.items(), body)


def _misdirected(answer: AWSResponse) -> bool:
    """Whether the host will not answer for another: it says so, or it checked the signature against its own name."""
    return answer.status_code == 421 or (answer.status_code == 403 and b"SignatureDoesNotMatch" in answer.content)


@lru_cache(maxsize=1024)
def _proxied(scheme: str, host: str) -> bool:
    return scheme in get_environ_proxies(f"{scheme}://{host}/")
