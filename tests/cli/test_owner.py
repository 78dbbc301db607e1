"""Who holds a lease, and whether that one can still be alive."""

import os
import socket
import subprocess
import sys

from reporter.cli.owner import dead, heir, owner


def test_this_process_is_alive_under_each_of_its_names() -> None:
    """Two pieces of work of one process have names of their own, and neither takes the other's."""
    first, second = owner(), owner()
    assert first != second
    assert not dead(first)
    assert not dead(second)


def test_who_had_this_processs_id_before_is_gone() -> None:
    """A container that is started again has its old host name and often its old process id."""
    before = f"{socket.gethostname()}:{os.getpid()}:0badc0de"
    assert heir(before) == before


def test_a_process_that_has_ended_here_is_dead_and_one_elsewhere_is_not_known_to_be() -> None:
    """Only what this host can see is said."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert dead(f"{socket.gethostname()}:{ended.pid}:0badc0de")
    assert not dead(f"other-host:{ended.pid}:0badc0de")
    assert not dead(f"{socket.gethostname()}:1:0badc0de")
    assert not dead("nonsense")
