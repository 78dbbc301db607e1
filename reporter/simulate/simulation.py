"""The simulation as its user sees it: an endpoint, credentials, a clock, and hands to change things with."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import botocore.session
from botocore.config import Config

from reporter.simulate.organization import START, Denial, Document, Member, Organization, member_to, to_json

SECRET = "simulated"  # noqa: S105 # nobody checks it
ACTOR_HEADER = "x-simulate-actor"


@dataclass
class Simulation:
    """A running simulation. Every method is one small HTTP call to the child process."""

    organization: Organization
    port: int
    _clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to take the simulation for AWS: endpoint, region, the hub's credentials."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": f"AKIAHUB0{self.organization.reader}",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.command("now"))

    def advance(self, **duration: float) -> datetime:
        """Let simulated time pass: `advance(days=7)`."""
        return datetime.fromisoformat(self.command("advance", seconds=timedelta(**duration).total_seconds()))

    def command(self, name: str, **keywords: Any) -> Any:
        """One command of `reporter.simulate.control`; a refusal is a ValueError with its reason."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", f"/_simulate/{name}", json.dumps(keywords), {"connection": "close"})
            response = connection.getresponse()
            told = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:  # HTTP's OK
            raise ValueError(told["error"])
        return told

    def fault(self, kind: str, operation: str = "*", **rule: Any) -> None:
        """Add a rule of misbehaviour (`reporter.simulate.faults`); `account` by name, id or glob."""
        account = self._id(rule.pop("account", "*"))
        self.command("fault", kind=kind, operation=operation, account=account, **rule)

    def clear_faults(self, seed: int = 0) -> list[int]:
        return list(self.command("clear_faults", seed=seed))

    def deny(self, operation: str, account: str = "*", **rule: str) -> None:
        """Deny calls from now on, by account name or id."""
        self.command("deny", **asdict(Denial(operation, self._id(account), **rule)))

    def allow(self, operation: str = "*", account: str = "*") -> None:
        self.command("allow", operation=operation, account=self._id(account))

    def account(self, name: str, **changes: Any) -> None:
        """Change an account's `state`, `assumable` or `regions`."""
        self.command("account", id=self._id(name), **changes)

    def join(self, member: Member) -> None:
        """An account joins the organization, with all that is in it."""
        self.command("join", member=member_to(member))
        self.organization = replace(self.organization, accounts=(*self.organization.accounts, member))

    def leave(self, name: str) -> None:
        """An account leaves the organization."""
        self.command("leave", account=self._id(name))

    def counts(self, *, reset: bool = False) -> dict[str, Any]:
        return dict(self.command("counts", reset=reset))

    def load(self, organization: Organization, now: datetime = START) -> None:
        """Start anew with another organization, in the same process and on the same port."""
        self.command("load", organization=to_json(organization).decode(), now=now.isoformat())
        self.organization = organization
        self._clients.clear()

    def client(self, service: str, account: str, region: str = "us-east-1") -> Any:
        """A botocore client with the administrator's credentials of an account; kept."""
        key = (service, self._id(account), region)
        if key not in self._clients:
            client = _botocore().create_client(
                service,
                region_name=region,
                endpoint_url=self.endpoint_url,
                aws_access_key_id=f"AKIAADMN{key[1]}",
                aws_secret_access_key=SECRET,
                config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
            )
            if service == "s3control":
                client.meta.events.register("before-send", self._without_account_in_host)
            self._clients[key] = client
        return self._clients[key]

    def act(
        self,
        account: str,
        service: str,
        operation: str,
        *,
        region: str = "us-east-1",
        actor: Mapping[str, Any] | None = None,
        **params: Any,
    ) -> Any:
        """Make one API call the way a person does: really sent, really answered, and recorded as theirs.

        `operation` is botocore's method (`put_bucket_policy`). `actor` has CloudTrail's `identity`, `ip`, `agent` and perhaps
        `at` (ISO text); see `reporter.simulate.people`.
        """
        client = self.client(service, account, region)
        told = json.dumps({**(actor or {}), "params": _plain(params)})

        def add_header(request: Any, **_: Any) -> None:
            request.headers[ACTOR_HEADER] = told

        client.meta.events.register("before-send", add_header, unique_id="simulate-actor")
        try:
            return getattr(client, operation)(**params)
        finally:
            client.meta.events.unregister("before-send", unique_id="simulate-actor")

    def _without_account_in_host(self, request: Any, **_: Any) -> None:
        """botocore puts the account id before the host, which 127.0.0.1 cannot bear."""
        parts = urlsplit(request.url)
        request.url = urlunsplit(parts._replace(netloc=f"127.0.0.1:{self.port}"))

    def _id(self, name: str) -> str:
        return name if "*" in name else self.organization.account(name).id


@lru_cache(maxsize=1)
def _botocore() -> Any:
    """One session for all simulations of the process: it parses each service's model once."""
    return botocore.session.Session()


def _plain(params: Document) -> Document:
    return dict(json.loads(json.dumps(params, default=str)))


@contextmanager
def start(organization: Organization, now: datetime = START) -> Iterator[Simulation]:
    """A simulated AWS with this organization in it, in a process of its own, until the context ends."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MOTO_"))}
    child = subprocess.Popen(  # our own module by our own interpreter
        [sys.executable, "-m", "reporter.simulate"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # a Ctrl-C at the terminal is the parent's; the child ends when the parent hangs up
    )
    if child.stdin is None or child.stdout is None:
        raise RuntimeError("the simulation's process has no pipes")
    try:
        told = {"organization": to_json(organization).decode(), "now": now.isoformat()}
        child.stdin.write(json.dumps(told).encode() + b"\n")
        child.stdin.flush()
        ready = child.stdout.readline()
        if not ready:
            raise RuntimeError(
                "the simulation's process ended before it was ready; its last words are on standard error"
            )
        yield Simulation(organization, json.loads(ready)["port"])
    finally:
        child.stdin.close()
        child.stdout.close()
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
