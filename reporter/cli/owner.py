"""Who holds a lease: this process, and whether the one before it can still be alive."""

import hashlib
import os
import socket
import uuid
from functools import cache
from pathlib import Path

PROC = Path("/proc")
OUR_NAME = ("/dev/termination-log", "/etc/hosts")  # what Kubernetes, and Docker, mount from a container's own folder
_OURS: set[str] = set()  # the names this process has acted under


def owner() -> str:
    """A name to hold leases under in this process; each piece of work has its own: host:process:where.began.random.

    `where` and `began` are left out where there is no /proc to read them from.
    """
    last = ".".join(filter(None, (where(), began(os.getpid()), uuid.uuid4().hex[:8])))
    name = f"{socket.gethostname()}:{os.getpid()}:{last}"
    _OURS.add(name)
    return name


def dead(name: str) -> bool:
    """Whether an owner is known to be dead: it lived on this host, and its process is gone."""
    return bool(heir(name))


def heir(name: str) -> str:
    """The name of an owner that is known to be dead, whose work may be taken up; empty if it may be alive, or lived elsewhere.

    Two containers may share a host name and see nothing of each other: who lived in another one is not known to be dead. A
    container that is started again is the same one, and whoever lived in it before is gone.
    """
    host, _, rest = name.partition(":")
    pid, _, last = rest.partition(":")
    if host != socket.gethostname() or not pid.isdigit() or name in _OURS:
        return ""
    machine, space, start, _ = last.split(".") if last.count(".") == 3 else ("", "", "", "")
    if not machine or not where():
        return name if int(pid) == os.getpid() or _gone(int(pid)) else ""
    ours, here = where().split(".")
    if machine != ours:
        return ""
    if space != here:
        return name if _container() else ""
    return name if _gone(int(pid)) or began(int(pid)) != start else ""


@cache
def where() -> str:
    """The machine since it was started, with the container, and the space of process ids in it; empty where nobody tells."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        space = (PROC / "self/ns/pid").stat().st_ino
    except OSError:
        return ""
    return f"{hashlib.sha256(f'{boot} {_container()}'.encode()).hexdigest()[:8]}.{space}"


@cache
def _container() -> str:
    try:
        return container((PROC / "self/mountinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""


def container(mounts: str) -> str:
    """The folder of the container that these mounts (mountinfo) are seen in; empty where they are no container's.

    It stays when the container is started again: of /var/lib/kubelet/pods/ID/containers/NAME/RANDOM the last word goes.
    """
    roots = {fields[4]: fields[3] for line in mounts.splitlines() if len(fields := line.split()) > 4}
    return next((roots[one].rpartition("/")[0] for one in OUR_NAME if one in roots), "")


def began(pid: int) -> str:
    """When a process was started, in ticks since the machine was; empty where nobody tells. A process id is given out again."""
    try:
        words = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return words.rpartition(")")[2].split()[19]


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
