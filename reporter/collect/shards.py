"""Reading with several processes: accounts are dealt out, snapshots come back through one queue.

One process is bound by Python's own lock at about 850 calls a second; two processes on two cores read twice as much.
"""

import multiprocessing
import queue
import signal
from collections.abc import Callable, Collection, Generator, Iterator
from dataclasses import dataclass
from typing import Any

from reporter.collect.account import Known
from reporter.collect.door import Clock, open_door
from reporter.collect.options import CollectError, CollectOptions
from reporter.collect.organization import Organization
from reporter.collect.snapshot import Progress, collect
from reporter.model import AccountSnapshot, ReadStatus

_WAITING = 8  # snapshots between the processes: a slow store slows the readers, it does not fill the memory
_ALIVE = 5.0  # seconds after which a silent process is looked at


@dataclass(frozen=True, slots=True)
class _Share:
    """What one process is told."""

    options: CollectOptions
    organization: Organization
    clock: Clock
    ids: frozenset[str]
    names: dict[str, tuple[tuple[str, str, str], ...]] | None


def collect_sharded(
    options: CollectOptions,
    organization: Organization,
    *,
    clock: Clock,
    processes: int,
    skip: Collection[str] = frozenset(),
    known: Known | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Generator[AccountSnapshot]:
    """As `collect`, over `processes` processes with the caller's credentials each; `clock` must be a module's function.

    `known` is asked here, before the accounts are dealt out.
    """
    accounts = [account for account in organization.to_read if account.id not in skip]
    context = multiprocessing.get_context("spawn")
    results: Any = context.Queue(_WAITING)
    dealt = [accounts[at::processes] for at in range(processes)]
    workers = []
    for share in (one for one in dealt if one):
        names = {account.id: tuple(known(account.id)) for account in share} if known else None
        ids = frozenset(account.id for account in share)
        job = _Share(options, organization, clock, ids, names)
        workers.append(context.Process(target=_work, args=(job, results), daemon=True))
    try:
        for worker in workers:
            worker.start()
        yield from _received(results, workers, len(accounts), progress)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _received(
    results: Any, workers: list[Any], expected: int, progress: Callable[[Progress], None] | None
) -> Iterator[AccountSnapshot]:
    done = Progress(0, expected, 0, 0, 0, 0, "", ReadStatus.READ)
    while done.accounts_done < expected:
        try:
            got = results.get(timeout=_ALIVE)
        except queue.Empty:
            if not any(worker.is_alive() for worker in workers) and results.empty():
                raise CollectError(
                    f"{expected - done.accounts_done} accounts are unread: a reading process ended. Run again with --resume."
                ) from None
            continue
        if isinstance(got, str):
            raise CollectError(got)
        done = done.after(got)
        if progress:
            progress(done)
        yield got


def _work(share: _Share, results: Any) -> None:
    """In a process of its own: read some accounts, send each snapshot. Ctrl-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    others = frozenset(account.id for account in share.organization.accounts if account.id not in share.ids)
    known = share.names.__getitem__ if share.names is not None else None
    try:
        door = open_door(share.options, clock=share.clock)
        for snapshot in collect(door, share.organization, skip=others, known=known):
            results.put(snapshot)
    except CollectError as error:
        results.put(str(error))
