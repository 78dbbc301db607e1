"""What the figures rest on: which accounts were read, and how far."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from reporter.model import ACCOUNT, ReadStatus
from reporter.report.exhibits import UNASKED
from reporter.report.facts import Capped, Facts
from reporter.report.source import AccountRow, GapCount
from reporter.report.words import count, fared

LATER = "NotYetRead"  # of what this version reads in no account


class Read(Protocol):
    """How far one account was read: a report's row, or the history's."""

    @property
    def status(self) -> ReadStatus: ...
    @property
    def regions_enabled(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every account of the scope, once, by how it fared; `incomplete` lists those that were not fully read.

    An account is fully read if nothing that was tried in it failed. What no run of this version tries is told apart
    (`unasked`): it lowers no account, and is no answer either.
    """

    total: int
    read: int
    partial: int
    unreachable: int
    excluded: int  # suspended and unselected ones among them
    suspended: int  # AWS lets nobody in
    unselected: int  # this run was asked for others only
    lost: int  # reached at the previous run, at least in part, and not in this
    dimmed: int  # fully read at the previous run, in part in this
    incomplete: Capped[AccountRow]
    regions_enabled: int  # of the accounts that could be asked
    regions_read: int
    regions_unknown: int  # accounts of which nobody knows the enabled regions
    resources: int  # in accounts that were read; what is known of one that was not counts for nothing
    resources_known: int  # with what is last known of the others: every row of inventory.csv
    calls: int
    denied: int
    oldest_at: datetime | None
    newest_at: datetime | None
    unlisted: str = (
        ""  # AWS's code where the organization's accounts could not be listed: there may be more than `total`
    )
    unasked: str = ""  # what no run of this version reads, in one clause; empty where nothing is missing for it

    @property
    def asked(self) -> int:
        """Accounts that could be asked anything."""
        return self.read + self.partial

    @property
    def complete(self) -> bool:
        """Whether every account was fully read, of a list that is known to hold all."""
        return self.read == self.total and not self.unlisted

    @property
    def blind(self) -> bool:
        """Whether nothing at all was read."""
        return not (self.read or self.partial)

    @property
    def rest(self) -> tuple[str, ...]:
        """The accounts not fully read, counted in words: 2 read in part, 1 not reached, 1 suspended."""
        return fared(
            partial=self.partial,
            unreachable=self.unreachable,
            suspended=self.suspended,
            unselected=self.unselected,
            left_out=self.excluded - self.suspended - self.unselected,
        )


_ORDER = (ReadStatus.UNREACHABLE, ReadStatus.PARTIAL, ReadStatus.EXCLUDED)


def coverage(facts: Facts, gaps: Iterable[GapCount]) -> Coverage:
    """Count the accounts by how they fared and list those not fully read, worst first."""
    rows = facts.accounts
    short = sorted((r for r in rows if r.status is not ReadStatus.READ), key=lambda r: _ORDER.index(r.status))
    open_rows = [row for row in rows if row.status in (ReadStatus.READ, ReadStatus.PARTIAL)]
    times = [row.observed_at for row in open_rows if row.observed_at]

    gaps = tuple(gaps)

    def having(status: ReadStatus) -> int:
        return sum(row.status is status for row in rows)

    return Coverage(
        total=len(rows),
        read=having(ReadStatus.READ),
        partial=having(ReadStatus.PARTIAL),
        unreachable=having(ReadStatus.UNREACHABLE),
        excluded=having(ReadStatus.EXCLUDED),
        suspended=sum(row.fared == "suspended" for row in rows),
        unselected=sum(row.fared == "unselected" for row in rows),
        lost=sum(row.status is ReadStatus.UNREACHABLE and _worse_read(facts, row) for row in rows),
        dimmed=sum(row.status is ReadStatus.PARTIAL and _worse_read(facts, row) for row in rows),
        incomplete=Capped(tuple(short[: facts.options.rows_shown]), len(short)),
        regions_enabled=sum(row.regions_enabled for row in open_rows),
        regions_read=sum(row.regions_read for row in open_rows),
        regions_unknown=regions_unknown(rows),
        resources=sum(row.resources for row in open_rows),
        resources_known=sum(row.resources for row in rows),
        calls=sum(row.calls for row in rows),
        denied=sum(row.denied for row in rows),
        oldest_at=min(times, default=None),
        newest_at=max(times, default=None),
        unlisted="" if facts.edition.kind == "account" else _unlisted(gaps),
        unasked=_never_asked(gaps),
    )


def regions_unknown(rows: Iterable[Read]) -> int:
    """Accounts of which nobody knows the enabled regions: not reached, left out, or the listing of regions was denied."""
    asked = (ReadStatus.READ, ReadStatus.PARTIAL)
    return sum(row.status not in asked or not row.regions_enabled for row in rows)


def _never_asked(gaps: Iterable[GapCount]) -> str:
    """What nobody read because this version does not, with the number of resources it is missing of."""
    missing = sum(gap.count for gap in gaps if gap.code == LATER)
    if not missing:
        return ""
    return f"log integrity is not assessed for {count(missing, 'trail')}: {UNASKED[LATER]}"


def _unlisted(gaps: Iterable[GapCount]) -> str:
    """Why the accounts of the organization were not listed; empty where they were."""
    return next(
        (g.code for g in gaps if g.code not in UNASKED and g.operation.endswith("ListAccounts") and ACCOUNT in g.types),
        "",
    )


def _worse_read(facts: Facts, row: AccountRow) -> bool:
    """Whether the previous run read more of an account: it fared well until then, or it is out of reach only since."""
    if facts.previous is None:
        return False
    then = facts.previous.as_of
    lately = row.status is ReadStatus.UNREACHABLE and row.last_read_at is not None and row.last_read_at >= then
    return lately or (row.since is not None and row.since > then and row.last_read_at is not None)
