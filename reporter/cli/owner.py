"""Who holds a lease: this process, and whether the one before it can still be alive."""

import os
import socket
import uuid

_OURS: set[str] = set()  # the names this process has acted under


def owner() -> str:
    """A name to hold leases under in this process; each piece of work has its own."""
    name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    _OURS.add(name)
    return name


def dead(name: str) -> bool:
    """Whether an owner is known to be dead: it lived on this host, and its process is gone."""
    return bool(heir(name))


def heir(name: str) -> str:
    """The name of an owner that is known to be dead, to act under it; empty if it may be alive, or lived on another host.

    A container that is started again has its old host name and often its old process id: who had the id of this process and
    is not of this process is gone.
    """
    host, _, rest = name.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return ""
    if int(pid) == os.getpid():
        return "" if name in _OURS else name
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return name
    except PermissionError:
        return ""
    return ""
