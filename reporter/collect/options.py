"""What reading is told: the role, the connection, the scope. Plain values; `reporter.settings` is where they come from."""

from dataclasses import dataclass
from datetime import timedelta

from reporter.collect.rows import DEFAULT_SETS, EXTRA


class CollectError(Exception):
    """Reading cannot begin: one sentence with what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Role:
    """The read-only role that is assumed in every account."""

    name: str = "ReporterAudit"
    external_id: str = ""
    session_name: str = "reporter"
    session_policy: bool = True  # the session may do no more than read, whatever the role is given later
    source_identity: str = ""
    duration: timedelta = timedelta(hours=1)
    management: str = ""  # another name in the management account; `name`, if empty


@dataclass(frozen=True, slots=True)
class Connection:
    """How AWS is reached; what is None or empty is decided by the SDK's own chain of environment and configuration files."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    ca_bundle: str | None = None
    path_style: bool = True  # by host name, every bucket costs a connection of its own
    connect_timeout: float = 5.0
    read_timeout: float = 20.0
    attempts: int = 6
    backoff: float = 0.3  # seconds before the second attempt, doubled with each further one


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """All that reading is told."""

    role: Role = Role()
    connection: Connection = Connection()
    regions: tuple[str, ...] = ()  # only these; empty: every enabled region of the account
    threads: int = 16
    calls_per_second: float = 9.0  # for each account, region and service without a rate of its own
    extra: bool = False
    sets: frozenset[str] = DEFAULT_SETS
    account_tags: bool = True
    shared_clients: bool = True  # False: clients for each account, should the SDK drop credentials by request

    @property
    def asked_sets(self) -> frozenset[str]:
        """The sets of the table that are read."""
        return self.sets | {EXTRA} if self.extra else self.sets
