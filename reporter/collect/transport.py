"""Connections to AWS, shared by all clients.

The SDK gives each client a pool of its own and loads its hundred authorities for every new connection: 18 ms of CPU each, and
a megabyte a client. Here one pool with one TLS context serves all. It also refuses an answer that is shorter than announced,
which the SDK lets pass. Behind a proxy the SDK's own way is taken.

S3 Control has a host for every account of every region, all under one wildcard certificate. Their requests share the
connections of the region's first such host, each with its own `Host`, as RFC 9110, 4.3.3 allows while the certificate covers
the name and the server does not answer 421 (15.5.20); where AWS will not have it, each account goes to its own host again.
"""

import re
import socket
import ssl
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import botocore.exceptions as sdk
import urllib3
from botocore.awsrequest import AWSResponse
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies
from urllib3 import exceptions as http
from urllib3.util import ssl_ as tls

from reporter.collect.options import CollectError, Connection

_HOSTS = 512  # kept open: services times regions, with room
_OF_ACCOUNT = re.compile(r"^\d{12}\.(s3-control\..+)$")
_NO_ACCOUNT = "000000000000"  # a certificate that covers even the host of this account covers those of all
_PASSING_HOSTS = 64  # of those beyond the kept ones (buckets by name): the longest unused makes way


class Transport:
    """Sends the SDK's prepared requests: a handler of its event `before-send`, which takes an answer for sent."""

    def __init__(self, connection: Connection, *, bundle: str | None, threads: int) -> None:
        context = tls.create_urllib3_context()
        path = get_cert_path(bundle or True)
        try:
            context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise CollectError(f"The bundle of certificate authorities {path} cannot be read: {error}.") from error
        pools = partial(
            urllib3.PoolManager,
            maxsize=threads,
            ssl_context=context,
            timeout=urllib3.Timeout(connect=connection.connect_timeout, read=connection.read_timeout),
            socket_options=[
                *urllib3.connection.HTTPConnection.default_socket_options,
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            ],
        )
        self._kept, self._passing = pools(num_pools=2 * _HOSTS), pools(num_pools=_PASSING_HOSTS)
        self._by_host: dict[str, Any] = {}
        self._lenders: dict[str, str] = {}  # of S3 Control in a region: the host whose connections serve all accounts
        self._apart: set[str] = set()  # where that was refused
        self._proxies = bool(getproxies())

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        """The answer; None where the SDK is to send the request itself."""
        parts = urlsplit(request.url)
        if self._proxies and _proxied(parts.scheme, parts.netloc):
            return None
        try:
            return self._answer(request, f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/")
        except http.SSLError as error:
            raise sdk.SSLError(endpoint_url=request.url, error=error) from error
        except (http.NewConnectionError, socket.gaierror) as error:
            raise sdk.EndpointConnectionError(endpoint_url=request.url, error=error) from error
        except http.ConnectTimeoutError as error:
            raise sdk.ConnectTimeoutError(endpoint_url=request.url, error=error) from error
        except http.ReadTimeoutError as error:
            raise sdk.ReadTimeoutError(endpoint_url=request.url, error=error) from error
        except http.HTTPError as error:
            raise sdk.ConnectionClosedError(endpoint_url=request.url, request=request, error=error) from error

    def _pool(self, url: str, host: str) -> Any:
        """The connections to a host; finding them by the whole URL each time would cost as much as parsing an answer."""
        pool = self._by_host.get(host)
        if pool is None:
            if len(self._by_host) >= _HOSTS or _OF_ACCOUNT.match(host):
                return self._passing.connection_from_url(url)
            pool = self._by_host[host] = self._kept.connection_from_url(url)
        return pool

    def _shared_pool(self, url: str, domain: str, host: str) -> Any:
        """The connections that serve S3 Control of a region for all accounts: those of the first account's host."""
        pool = self._by_host.get(domain)
        if pool is None:
            lender = self._lenders.setdefault(domain, host)
            covered = {"assert_hostname": f"{_NO_ACCOUNT}.{domain.partition(':')[0]}"}
            pool = self._kept.connection_from_url(url.replace(host, lender, 1), covered)
            self._by_host[domain] = pool
        return pool

    def _answer(self, request: Any, target: str) -> AWSResponse:
        host = request.url.split("/", 3)[2]
        account = _OF_ACCOUNT.match(host)
        if account is None or account[1] in self._apart:
            return _ask(self._pool(request.url, host), request, request.headers, target)
        domain = account[1]
        try:
            answer = _ask(
                self._shared_pool(request.url, domain, host), request, {**request.headers, "Host": host}, target
            )
        except http.SSLError:
            answer = None  # if it is more than a certificate for one account alone, the account's own host will tell
        if answer is None or (_misdirected(answer) and host != self._lenders[domain]):
            self._apart.add(domain)
            # The next attempt goes to the account's own host, and is counted like any other.
            raise sdk.ConnectionClosedError(endpoint_url=request.url, request=request)
        return answer


def _ask(pool: Any, request: Any, headers: Any, target: str) -> AWSResponse:
    answer = pool.urlopen(
        request.method,
        target,
        body=request.body,
        headers=headers,
        retries=False,
        assert_same_host=False,
        preload_content=False,
        decode_content=False,
    )
    whole = AWSResponse(request.url, answer.status, answer.headers, answer)
    _ = whole.content  # read to the end, so that the connection goes back to the pool
    return whole


def _misdirected(answer: AWSResponse) -> bool:
    """Whether the host will not answer for another: it says so, or it checked the signature against its own name."""
    return answer.status_code == 421 or (answer.status_code == 403 and b"SignatureDoesNotMatch" in answer.content)


@lru_cache(maxsize=1024)
def _proxied(scheme: str, host: str) -> bool:
    return scheme in get_environ_proxies(f"{scheme}://{host}/")
