"""Everything reading needs for one process: clients, sessions, the clock. Opening it asks AWS nothing yet."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from reporter.collect.clients import Clients
from reporter.collect.options import CollectOptions
from reporter.collect.pace import Pace
from reporter.collect.policies import session_policy
from reporter.collect.sessions import Sessions

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Door:
    """AWS's one door, held open for a run."""

    options: CollectOptions
    clients: Clients
    sessions: Sessions
    clock: Clock


def open_door(options: CollectOptions, *, clock: Clock) -> Door:
    """Clients and sessions as the options say; raises CollectError where the profile or the credentials cannot be found."""
    clients = Clients(
        options.connection,
        threads=options.threads,
        pace=Pace(options.calls_per_second),
        shared=options.shared_clients,
    )
    policy = session_policy(options.asked_sets) if options.role.session_policy else ""
    return Door(options, clients, Sessions(clients, options.role, clock, policy), clock)
