"""Who holds a lease, and whether that one can still be alive."""

import os
import socket
import subprocess
import sys

import pytest

from reporter.cli.owner import began, container, dead, heir, owner, where


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


def renamed(name: str, **parts: str) -> str:
    """The name of an owner that differs from this one in some words."""
    host, pid, last = name.split(":")
    machine, space, start, _ = last.split(".")
    said = {"pid": pid, "machine": machine, "space": space, "start": start} | parts
    return f"{host}:{said['pid']}:{said['machine']}.{said['space']}.{said['start']}.0badc0de"


@pytest.mark.skipif(not where(), reason="no /proc")
def test_a_process_of_another_container_with_this_host_name_is_not_known_to_be_dead() -> None:
    """Its process ids are not seen here: a letter it is sending must not be taken for one that nobody sends."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert dead(renamed(owner(), pid=str(ended.pid)))
    assert not dead(renamed(owner(), pid=str(ended.pid), machine="0badc0de"))
    assert not dead(renamed(owner(), pid=str(os.getpid()), machine="0badc0de"))


@pytest.mark.skipif(not where(), reason="no /proc")
def test_a_process_id_that_was_given_out_again_is_not_its_first_owner() -> None:
    """The process that has the id now began at another time."""
    alive = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert not dead(renamed(owner(), pid=str(alive.pid), start=began(alive.pid)))
    assert dead(renamed(owner(), pid=str(alive.pid), start="1"))
    alive.communicate(b"\n")


def test_a_container_is_known_by_what_is_mounted_from_its_own_folder() -> None:
    """The same after it was started again; the machine itself is none."""
    docker = "689 675 8:1 /var/lib/docker/containers/ab12/hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw"
    pod = "690 675 8:1 /pods/u-1/containers/reporter/{} /dev/termination-log rw - ext4 /dev/sda1 rw\n691 675 8:1 /pods/u-1/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw"
    assert container(docker) == "/var/lib/docker/containers/ab12"
    assert container(pod.format("1f")) == container(pod.format("2e")) == "/pods/u-1/containers/reporter"
    assert container("22 1 8:1 / / rw - ext4 /dev/sda1 rw") == container("") == ""
