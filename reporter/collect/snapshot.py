"""The snapshot of the organization, one account at a time: concurrent, bounded, and never stopped by one of them."""

import logging
from collections.abc import Callable, Collection, Generator
from concurrent.futures import Future
from dataclasses import dataclass

from reporter.collect.account import Known, Reading, read_account, unreadable
from reporter.collect.crew import Crew
from reporter.collect.door import Door
from reporter.collect.failures import Failure, unread
from reporter.collect.organization import Organization
from reporter.collect.resources import services
from reporter.model import Account, AccountSnapshot, ReadStatus

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the reading stands, after each account; as text, all but how many accounts are done."""

    accounts_done: int
    accounts: int
    calls: int
    denied: int
    throttled: int
    gaps: int
    account: str
    status: ReadStatus
    name: str = ""

    def __str__(self) -> str:
        gaps = "1 gap" if self.gaps == 1 else f"{self.gaps:,} gaps"
        return f"{self.calls:,} calls, {self.throttled:,} throttled, {gaps}; {self.name}: {self.status}"

    def after(self, snapshot: AccountSnapshot) -> "Progress":
        """One account further."""
        calls = snapshot.calls
        return Progress(
            self.accounts_done + 1,
            self.accounts,
            self.calls + calls.made,
            self.denied + calls.denied,
            self.throttled + calls.throttled,
            self.gaps + len(snapshot.gaps),
            snapshot.account.id,
            snapshot.status,
            snapshot.account.name or snapshot.account.id,
        )


def collect(
    door: Door,
    organization: Organization,
    *,
    skip: Collection[str] = frozenset(),
    known: Known | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Generator[AccountSnapshot]:
    """Each account's snapshot as soon as it is complete; nothing of the whole organization is kept.

    `skip` are the accounts that an interrupted run has recorded. `known` tells, for an account, which keys, log groups, alarms
    and topics the history holds open. Closing the iterator stops the threads.
    """
    accounts = [account for account in organization.to_read if account.id not in skip]
    crew = Crew(door.options.threads)
    reading = Reading(door, organization, crew, known=known, speaker=organization.speaker)
    door.clients.load(services(door.options.asked_sets))
    done = Progress(0, len(accounts), 0, 0, 0, 0, "", ReadStatus.READ)
    for account, outcome in crew.run(lambda one: read_account(reading, one), iter(accounts)):
        snapshot = _outcome(reading, account, outcome)
        door.clients.forget(account.id)
        done = done.after(snapshot)
        if progress:
            progress(done)
        yield snapshot


def _outcome(reading: Reading, account: Account, outcome: Future[AccountSnapshot]) -> AccountSnapshot:
    """The snapshot; an account whose reading ended by a fault of ours is unreachable in this run, with that reason."""
    error = outcome.exception()
    if error is None:
        return outcome.result()
    if not isinstance(error, Exception):
        raise error
    log.error("Reading account %s ended by a fault of the program", account.id, exc_info=error)
    fault = Failure("ProgramFault", f"{type(error).__name__}: {error}", "other")
    return unreadable(reading, account, unread(fault, "", "", reading.door.clock()))
