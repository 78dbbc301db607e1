"""What the history knew of an account before the scan at hand, and the instant that scan takes on the account's time line."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from reporter.history import blobs
from reporter.history.columns import TICK
from reporter.history.engine import lock
from reporter.history.errors import Refused, UnknownRun
from reporter.history.listings import NOTHING, Listings, from_document
from reporter.history.queries import recording
from reporter.model import Run

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Past:
    """The account's last scan in any run, its last row, and what was listed then. All empty for an account never seen."""

    head: Row | None
    account: Row | None
    listings: Listings

    @property
    def at(self) -> datetime | None:
        """The last instant of the account's time line; what comes must come after."""
        ends = [] if self.head is None else [self.head["at"]]
        if self.account is not None:
            ends += [self.account["valid_from"], self.account["valid_to"]]
        return max((end for end in ends if end is not None), default=None)

    @property
    def present(self) -> bool:
        """Whether the account is in the organization as far as anybody knows."""
        return self.account is not None and self.account["valid_to"] is None

    @property
    def read_at(self) -> datetime | None:
        """The instant of the last scan, if it read anything."""
        return self.head["at"] if self.head is not None else None


def past_of(connection: Connection, account: str) -> Past:
    """What is known of the account."""
    head = connection.execute(recording.HEAD_SCAN, {"account": account}).mappings().first()
    row = connection.execute(recording.LAST_ACCOUNT_ROW, {"account": account}).mappings().first()
    listings = NOTHING if head is None else listings_at(connection, head["coverage"])
    return Past(None if head is None else dict(head), None if row is None else dict(row), listings)


def listings_at(connection: Connection, coverage: bytes) -> Listings:
    """A scan's listings, decoded once for all scans that share them."""
    value = blobs.shared(connection, coverage)
    if not isinstance(value, Listings):
        value = blobs.remember(coverage, from_document(value))
    return value


def run_row(connection: Connection, run: Run) -> Row:
    """The stored row of a run."""
    row = connection.execute(recording.RUN_BY_ID, {"id": run.id}).mappings().first()
    if row is None:
        raise UnknownRun(f"There is no run {run.id} in this history; start_run makes one")
    return dict(row)


def open_run(connection: Connection, run: Run) -> Row:
    """The stored row of a run that can still be written to; nobody can seal it until the transaction ends."""
    lock(connection, f"run {run.id}", shared=True)
    row = run_row(connection, run)
    if row["status"] != "running":
        raise Refused(f"Run {run.id} is {row['status']}: nothing can be added to it; start a new run")
    return row


def instant_for(run: Row, past: Past, observed_at: datetime) -> datetime | None:
    """The scan's instant on the account's time line; None if another run's newer reading must stand.

    Normally what the clock said. A clock that was set back must not reorder what happened: what a later run saw is later,
    by one microsecond at least. But of two runs at work at once, the one that read the account earlier has lost.
    """
    last = past.at
    if last is None or observed_at > last:
        return observed_at
    head = past.head
    if head is None or head["run"] == run["number"]:
        return last + TICK
    over = head["run_status"] == "failed" or (head["run_seq"] or run["after_seq"] + 1) <= run["after_seq"]
    return last + TICK if run["number"] > head["run"] and over else None
