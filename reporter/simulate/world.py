"""What the simulation knows beside moto: the clock, who signed in, what is denied, what was called, and what moto cannot hold."""

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from reporter.simulate.clock import CLOCK
from reporter.simulate.faults import Faults
from reporter.simulate.organization import Denial, Document, Member, Organization, digest
from reporter.simulate.request import Request

ADMINISTRATOR, HUB = "AKIAADMN", "AKIAHUB0"  # with twelve digits behind: the permanent keys of each account


@dataclass
class Session:
    """Temporary credentials of an assumed role. Expiry is real time: it is the caller's SDK that watches it."""

    account: str
    role: str
    name: str
    expires_at: datetime
    source_identity: str = ""
    policy: str = ""
    caller: str = ""
    revoked: bool = False

    @property
    def arn(self) -> str:
        return f"arn:aws:sts::{self.account}:assumed-role/{self.role}/{self.name}"


@dataclass
class Place:
    """What an account has that moto has no room for."""

    member: Member
    state: str
    assumable: bool
    regions: tuple[str, ...]
    trails: dict[str, Document] = field(default_factory=dict)  # trail ARN to {errors, region_errors, minutes_ago, ...}
    stores: dict[str, Document] = field(default_factory=dict)  # event data store ARN to GetEventDataStore
    channels: dict[str, Document] = field(default_factory=dict)  # channel ARN to GetChannel
    lake: dict[str, Document] = field(default_factory=dict)  # ARN of either to what other calls say of it
    directory_buckets: dict[str, Any] = field(default_factory=dict)
    access_points: dict[tuple[str, str], Any] = field(default_factory=dict)  # region and name
    multi_region_access_points: tuple[Any, ...] = ()
    watchers: dict[str, set[str]] = field(default_factory=dict)  # service to regions it is on in
    created: dict[str, datetime] = field(default_factory=dict)


@dataclass
class World:
    """The state of one simulation. moto holds the rest, process-wide."""

    organization: Organization
    places: dict[str, Place] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    denials: list[Denial] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    calls: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    codes: Counter[str] = field(default_factory=Counter)  # HTTP status to number
    connections: int = 0
    s3: dict[str, dict[str, bytes]] = field(default_factory=dict)  # bucket to subresource to the document as it was put
    s3_headers: dict[str, dict[str, str]] = field(default_factory=dict)
    events: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))  # by account, as they came
    lock: threading.RLock = field(default_factory=threading.RLock)
    serial: int = 0

    @property
    def now(self) -> datetime:
        return CLOCK.now

    def next_serial(self) -> int:
        with self.lock:
            self.serial += 1
            return self.serial

    def identify(self, access_key: str) -> tuple[str, str] | None:
        """Account and principal ARN behind an access key; None if the key is unknown or its session was revoked."""
        session = self.sessions.get(access_key)
        if session is not None:
            return None if session.revoked else (session.account, session.arn)
        account = access_key[8:]
        if account not in self.places:
            return None
        if access_key.startswith(HUB):
            return account, f"arn:aws:sts::{account}:assumed-role/reporter-hub/i-0{account[:8]}"
        if access_key.startswith(ADMINISTRATOR):
            return account, f"arn:aws:iam::{account}:user/administrator"
        return None

    def open_session(self, session: Session) -> str:
        """The access key under which the session is known from now on."""
        number = digest(self.organization.seed, "session", str(self.next_serial()))
        key = "ASIA" + "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(number >> (5 * i)) % 32] for i in range(16))
        self.sessions[key] = session
        return key

    def denial(self, request: Request) -> Denial | None:
        for rule in self.denials:
            if (
                fnmatchcase(request.name, rule.operation)
                and fnmatchcase(request.account, rule.account)
                and fnmatchcase(request.region, rule.region)
                and fnmatchcase(request.resource, rule.resource)
            ):
                return rule
        return None
