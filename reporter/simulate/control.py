"""What the parent process may ask of the simulation: time, faults, denials, counters, a new organization.

Each command is a function here; its name is the path below `/_simulate/`, its keywords the JSON body.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from reporter.simulate import build
from reporter.simulate.answers import Answer, as_json
from reporter.simulate.clock import CLOCK
from reporter.simulate.faults import Fault
from reporter.simulate.organization import Denial, from_json, member_from
from reporter.simulate.world import World

Command = Callable[..., Any]
COMMANDS: dict[str, Command] = {}


def command(server: Any, name: str, keywords: dict[str, Any]) -> Answer:
    """Run one command; a mistake in it is answered as HTTP 400 with the reason."""
    function = COMMANDS.get(name)
    if function is None:
        return as_json({"error": f"no command {name!r}; there are {', '.join(sorted(COMMANDS))}"}, 400)
    if name == "load":
        server.world = build.build(
            from_json(keywords["organization"].encode()), datetime.fromisoformat(keywords["now"])
        )
        return as_json({})
    try:
        return as_json(function(server.world, **keywords))
    except (TypeError, ValueError, LookupError) as problem:
        return as_json({"error": f"{name}: {problem}"}, 400)


def _command(function: Command) -> Command:
    COMMANDS[function.__name__.rstrip("_")] = function
    return function


@_command
def load(_: World) -> None:
    """A new organization in place of the present one (handled by `command`: it replaces the world)."""


@_command
def advance(_: World, seconds: float) -> str:
    CLOCK.now += timedelta(seconds=seconds)
    return CLOCK.now.isoformat()


@_command
def now(_: World) -> str:
    return CLOCK.now.isoformat()


@_command
def fault(world: World, **rule: Any) -> None:
    world.faults.add(Fault(**rule))


@_command
def clear_faults(world: World, seed: int = 0) -> list[int]:
    """Ends all faults; how often each has struck."""
    struck = world.faults.struck()
    world.faults.clear(seed)
    return struck


@_command
def deny(world: World, **rule: Any) -> None:
    world.denials.append(Denial(**rule))


@_command
def allow(world: World, operation: str = "*", account: str = "*") -> int:
    """Lifts the denials of this very operation and account ("*" lifts all); how many are left."""
    world.denials[:] = [
        d for d in world.denials if operation not in {"*", d.operation} or account not in {"*", d.account}
    ]
    return len(world.denials)


@_command
def join(world: World, member: dict[str, Any]) -> None:
    build.join(world, member_from(member))


@_command
def leave(world: World, account: str) -> None:
    build.leave(world, account)


@_command
def account(
    world: World, id: str, state: str | None = None, assumable: bool | None = None, regions: list[str] | None = None
) -> None:
    """Change an account: its state, whether its role can be assumed, its enabled regions."""
    from reporter.simulate.organizations import backend

    place = world.places[id]
    if assumable is not None:
        place.assumable = assumable
    if regions is not None:
        place.regions = tuple(sorted(regions))
    if state is not None:
        place.state = state
        described = backend(world).get_account_by_id(id)
        described.state, described.status = state, "ACTIVE" if state == "ACTIVE" else "SUSPENDED"


@_command
def trail(world: World, account: str, arn: str, **changes: Any) -> None:
    """Set a trail's delivery `errors`, the age of its last delivery (`minutes_ago`) or its status in regions (`region_errors`)."""
    unknown = changes.keys() - {"errors", "minutes_ago", "region_errors"}
    if unknown:
        raise ValueError(f"a trail has no {', '.join(sorted(unknown))} to set")
    world.places[account].trails[arn].update(changes)


@_command
def expire_sessions(world: World, account: str = "*") -> int:
    """Every session opened so far (of one account) is refused as expired from now on; how many."""
    found = [s for s in world.sessions.values() if account in {"*", s.account} and not s.revoked]
    for session in found:
        session.revoked = True
    return len(found)


@_command
def sessions(world: World) -> list[dict[str, str]]:
    fields = ("account", "role", "name", "source_identity", "policy", "caller")
    return [{name: getattr(s, name) for name in fields} for s in world.sessions.values()]


@_command
def counts(world: World, reset: bool = False) -> dict[str, Any]:
    """Calls by account and operation, answers by status, connections."""
    told = {
        "calls": {a: dict(c) for a, c in world.calls.items()},
        "status": dict(world.codes),
        "connections": world.connections,
    }
    if reset:
        world.calls.clear()
        world.codes.clear()
        world.connections = 0
    return told


@_command
def events(world: World, account: str = "*", writes_only: bool = True) -> list[dict[str, Any]]:
    """Recorded CloudTrail events, oldest first."""
    found = [e for kept in world.events.values() for e in kept if account in {"*", e.account}]
    found.sort(key=lambda e: (e.at, e.id))
    return [e.document() for e in found if not (writes_only and e.read_only)]


@_command
def forget_events(world: World) -> None:
    world.events.clear()
