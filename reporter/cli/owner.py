"""Who holds a lease: this process, and whether the one before it can still be alive."""

import os
import socket
import uuid


def owner() -> str:
    """Who holds leases in this process."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def dead(name: str) -> bool:
    """Whether an owner is known to be dead: it lived on this host, and its process is gone."""
    return bool(heir(name))


def heir(name: str) -> str:
    """The name of an owner that is known to be dead, to act under it; empty if it may be alive, or lived on another host."""
    host, _, rest = name.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return ""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return name
    except PermissionError:
        return ""
    return ""
