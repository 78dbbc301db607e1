"""One client for each service and region serves the whole organization; credentials travel with each request.

A connection costs eighteen times the CPU of a call and a client six times, so neither may grow with the number of accounts.
botocore signs with `context["signing"]["request_credentials"]` where a handler has put them; each request is looked at once
more before it leaves, so that a release of botocore that forgets this cannot send one account's question under another's name.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import botocore
import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ProfileNotFound
from botocore.parsers import ResponseParserError

from reporter.collect.failures import (
    SDK_ERRORS,
    Failure,
    OperationRefused,
    ReadFailed,
    WrongName,
    failure,
    means_absent,
    unread,
)
from reporter.collect.models import table_loader
from reporter.collect.options import CollectError, Connection
from reporter.collect.pace import Pace
from reporter.collect.resources import ALLOWED, ROOTS
from reporter.collect.transport import Transport
from reporter.collect.wellformed import fault_of
from reporter.model import Calls

_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<[?!][^>]*>\s*)*<(?:[\w-]+:)?([\w-]+)")
_ACCOUNT_IN_HOST = re.compile(r"^\d{12}\.")
_AWS_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws")
_PATIENCE = 3  # times the attempts for a call that AWS throttles: late is better than unread
_RENEWALS = 3  # of expired credentials, for one call
_SILENCE = 15.0  # seconds for which an endpoint that cannot be reached is not tried again, by any account
_AGENT = f"reporter Botocore/{botocore.__version__}"  # the SDK would put its own together anew for each request
_NOBODY = "no-credentials-of-its-own"


class Identity(Protocol):
    """Who asks: an account's role session, or the caller itself."""

    account: str  # whose quotas the call uses
    arn: str

    def credentials(self, tally: "Tally") -> Credentials:
        """Credentials that are valid now; what getting them costs is counted."""

    def renew(self, tally: "Tally", stale: Credentials) -> bool:
        """Get others than the stale ones, which AWS called expired; False if there is no way to."""


@dataclass(slots=True)
class Tally:
    """The calls made for one account, counted as they are sent."""

    made: int = 0
    denied: int = 0
    throttled: int = 0
    failed: int = 0
    by_operation: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def sent(self, operation: str) -> None:
        with self.lock:
            self.made += 1
            self.by_operation[operation] = self.by_operation.get(operation, 0) + 1

    def failing(self, error: Failure) -> None:
        with self.lock:
            self.denied += error.kind == "denied"
            self.throttled += error.kind == "throttled"
            self.failed += error.kind not in {"denied", "throttled", "other"}

    def calls(self) -> Calls:
        """What was counted so far."""
        with self.lock:
            return Calls(self.made, self.denied, self.throttled, self.failed, dict(sorted(self.by_operation.items())))


@dataclass(frozen=True, slots=True)
class Request:
    """One operation of a service in a region, and the permission it needs."""

    service: str
    region: str
    operation: str
    params: Mapping[str, Any]
    iam: str = ""
    absent: tuple[str, ...] = ()  # codes that are an answer: raised as ReadFailed of the kind "absent"

    @property
    def pace(self) -> str:
        """What limits it: the service, but for the one operation that has a limit of its own."""
        return self.operation if self.operation == "LookupEvents" else self.service


@dataclass(slots=True)
class _Turn:
    """What the handlers need to know of the call that this thread is making, and what they found."""

    credentials: Credentials
    tally: Tally
    service: str
    came: str = ""  # instead of XML with a status of success


_turn: ContextVar[_Turn] = ContextVar("turn")


class Clients:
    """The door itself: every request to AWS goes through `call`."""

    def __init__(
        self,
        connection: Connection,
        *,
        threads: int = 16,
        pace: Pace | None = None,
        shared: bool = True,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.connection = connection
        self.pace = pace or Pace()
        self.made = 0  # clients created: a figure the benchmark watches
        self._shared = shared
        self._threads = threads
        self._sleep = sleep
        self._lock = threading.Lock()
        self._silent: dict[
            tuple[str, str], tuple[float, Failure]
        ] = {}  # endpoints that could not be reached, until when
        self._clients: dict[tuple[str, str, str], tuple[Any, str | None]] = {}
        self.session = botocore.session.Session(profile=connection.profile or None)
        try:
            data_path = self.session.get_config_variable("data_path")
            self.session.register_component("data_loader", table_loader(data_path))
            self.home = connection.region or self.session.get_config_variable("region") or "us-east-1"
            self.partition: str = self.session.get_partition_for_region(self.home)
            bundle = connection.ca_bundle or self.session.get_config_variable("ca_bundle")
        except ProfileNotFound as error:
            raise CollectError(f"{error}. Set aws.profile to a profile of ~/.aws/config, or leave it empty.") from error
        self._transport = Transport(connection, bundle=bundle)

    def call(self, who: Identity, tally: Tally, request: Request) -> dict[str, Any]:
        """The answer to a request, after as many attempts as it takes and the connection allows; else ReadFailed."""
        if (request.service, request.operation) not in ALLOWED:
            raise OperationRefused(f"{request.service}:{request.operation} is not in the table of reads")
        silent = self._silent.get((request.service, request.region))
        if silent is not None and time.monotonic() < silent[0]:
            raise ReadFailed(unread(silent[1], request.operation, request.iam, None), silent[1].kind, silent[1].message)
        renewals = 0
        for attempt in range(1, _PATIENCE * self.connection.attempts + 1):
            self.pace.wait(who.account, request.region, request.pace)
            try:
                credentials = who.credentials(tally)
                return self._send(who.account, credentials, tally, request)
            except SDK_ERRORS as error:
                failed = failure(error)
                if isinstance(error, WrongName) and self._shared:
                    self._shared = False  # this release of the SDK does not take credentials by request
                    continue
            if means_absent(request.absent, failed):
                failed = replace(failed, kind="absent")
                break
            tally.failing(failed)
            if failed.kind == "throttled":
                self.pace.slow(who.account, request.region, request.pace)
            if failed.kind == "expired" and renewals < _RENEWALS and who.renew(tally, credentials):
                renewals += 1
                continue
            hopeful = failed.again or (failed.kind == "expired" and renewals == 0)
            # AWS's quota is an account's, not a call's: among many calls one can be the unlucky one again and again.
            patient = failed.kind == "throttled" and attempt < _PATIENCE * self.connection.attempts
            if not hopeful or (attempt >= self.connection.attempts and not patient):
                break
            self._sleep(min(self.connection.backoff * 2 ** (min(attempt, self.connection.attempts) - 1), 20.0))
        if failed.code == "EndpointUnreachable":
            self._silent[request.service, request.region] = (time.monotonic() + _SILENCE, failed)
        why = unread(failed, request.operation, request.iam, None)
        raise ReadFailed(why, failed.kind, failed.message, failed.request)

    def load(self, services: Iterable[str]) -> None:
        """Make clients for the home region before threads begin: a model that a thread parses leaves its garbage to the thread."""
        for service in services if self._shared else ():
            self.client(service, self.home)

    def offers(self, service: str, region: str) -> bool:
        """Whether the SDK knows the service in the region; a region that is newer than the SDK is asked anyway."""
        known = self.session.get_available_regions
        return region in known(service, self.partition) or region not in known("ec2", self.partition)

    def forget(self, account: str) -> None:
        """Drop what was kept for an account that is done; its clients too, if it had its own."""
        self.pace.forget(account)
        if self._shared:
            return
        with self._lock:
            for key in [key for key in self._clients if key[2] == account]:
                self._clients.pop(key)

    def client(self, service: str, region: str, account: str = "", credentials: Credentials | None = None) -> Any:
        """The client for a service and region, made once, under a lock: making two at once parses the models twice.

        Where clients are not shared each account has its own, made anew when its credentials change.
        """
        own = None if self._shared else credentials
        key = (service, region, account if own else "")
        if own is None and key in self._clients:
            return self._clients[key][0]
        with self._lock:
            found, made_with = self._clients.get(key, (None, None))
            if found is None or (own and made_with != own.access_key):
                found = self._make(service, region, own)
                self._clients[key] = (found, own.access_key if own else None)
            return found

    def _make(self, service: str, region: str, own: Credentials | None) -> Any:
        connection = self.connection
        client = self.session.create_client(
            service,
            region_name=region,
            endpoint_url=connection.endpoint_url or None,
            verify=connection.ca_bundle or None,
            aws_access_key_id=own.access_key if own else _NOBODY,
            aws_secret_access_key=own.secret_key if own else _NOBODY,
            aws_session_token=own.token if own else None,
            config=Config(
                # No session for directory buckets: nothing but their settings is read, and those are asked for like any other.
                s3={
                    "addressing_style": "path" if connection.path_style else "auto",
                    "disable_s3_express_session_auth": True,
                    "us_east_1_regional_endpoint": "regional",  # by default the SDK asks the global endpoint there
                },
                # One attempt: the SDK's retries share one quota per client, and the accounts share the client.
                retries={"mode": "standard", "total_max_attempts": 1},
                max_pool_connections=self._threads,
                connect_timeout=connection.connect_timeout,
                read_timeout=connection.read_timeout,
                parameter_validation=False,  # the table's own parameters, held to the models by a test
                user_agent=_AGENT,
            ),
        )
        events = client.meta.events
        events.register("before-parameter-build", _guard_and_sign)
        events.register("before-send", self._send_signed)
        events.register("before-parse", _look_at_answer)
        events.register("response-received", _note_what_came)
        if service == "s3control" and not _is_aws(client.meta.endpoint_url):
            events.register("before-sign", _no_account_in_host)
        self.made += 1
        return client

    def _send_signed(self, request: Any, event_name: str, **_: Any) -> Any:
        """The last look at a request, then out with it; None leaves the sending to the SDK."""
        _look_once_more(request, event_name)
        return self._transport(request)

    def _send(self, account: str, credentials: Credentials, tally: Tally, request: Request) -> dict[str, Any]:
        client = self.client(request.service, request.region, account, credentials)
        turn = _Turn(credentials, tally, request.service)
        token = _turn.set(turn)
        try:
            answer: dict[str, Any] = getattr(client, xform_name(request.operation))(**request.params)
        except ClientError as error:
            if turn.came and error.response.get("Error", {}).get("Code") == "500":
                raise ResponseParserError(turn.came) from error
            raise
        finally:
            _turn.reset(token)
        model = client.meta.service_model
        if "json" in model.resolved_protocol or "cbor" in model.resolved_protocol:
            wrong = fault_of(answer, model.operation_model(request.operation).output_shape)
            if wrong:
                raise ResponseParserError(wrong)
        return answer


def _guard_and_sign(model: Any, context: dict[str, Any], **_: Any) -> None:
    """Before anything is built: refuse what is not in the table, and hand over the credentials of this turn."""
    operation = (model.service_model.service_name, model.name)
    if operation not in ALLOWED:
        raise OperationRefused(f"{operation[0]}:{operation[1]} is not in the table of reads")
    context.setdefault("signing", {})["request_credentials"] = _turn.get().credentials


def _look_once_more(request: Any, event_name: str) -> None:
    """Before it leaves: the signature names the credentials of this turn, and the request is counted."""
    turn = _turn.get()
    signed = request.headers.get("Authorization", b"")
    text = signed.decode("ascii", "replace") if isinstance(signed, bytes) else str(signed)
    if f"Credential={turn.credentials.access_key}/" not in text:
        raise WrongName("the request is not signed with the credentials of the account at hand")
    turn.tally.sent(f"{turn.service}:{event_name.rpartition('.')[2]}")


def _look_at_answer(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    """An answer of another kind must not pass for an empty one: XML parsers ignore elements they do not know."""
    root = ROOTS.get((operation_model.service_model.service_name, operation_model.name))
    status = response_dict["status_code"]
    if root is None or status >= 300:
        return
    name = _root_of(response_dict["body"])
    usual = name.startswith(operation_model.name.removesuffix("Configuration"))  # as simulated AWSs call it
    if not re.fullmatch(root, name) and not usual:
        seen = f"begins with {name}, not with {root}" if name else "is no XML"
        raise ResponseParserError(f"the answer has status {status}, and {seen}")


def _note_what_came(response_dict: Mapping[str, Any] | None, **_: Any) -> None:
    """The SDK calls it an error 500 if S3's answer of status 200 is no XML; what came is to be told as it came."""
    if response_dict is None or response_dict["status_code"] != 200 or not isinstance(response_dict["body"], bytes):
        return
    name = _root_of(response_dict["body"])
    seen = f"and begins with {name}, but is no whole XML" if name else "and is no XML"
    _turn.get().came = f"the answer has status 200, {seen}"


def _root_of(body: bytes) -> str:
    found = _ROOT.match(body)
    return found.group(1).decode("ascii", "replace") if found else ""


def _no_account_in_host(request: Any, **_: Any) -> None:
    """S3 Control puts the account into the host's name, which an endpoint of one's own does not have."""
    parts = urlsplit(request.url)
    request.url = urlunsplit(parts._replace(netloc=_ACCOUNT_IN_HOST.sub("", parts.netloc)))


def _is_aws(url: str) -> bool:
    return (urlsplit(url).hostname or "").endswith(_AWS_HOSTS)
