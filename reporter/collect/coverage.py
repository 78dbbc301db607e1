"""How much of the organization a snapshot covers; its sums are checked before the snapshot is sealed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from reporter.collect.organization import Organization
from reporter.collect.standing import added
from reporter.model import AccountSnapshot, Calls, ReadStatus


class CoverageError(Exception):
    """The sums do not add up: an account was lost or counted twice."""


@dataclass(slots=True)
class Coverage:
    """Accounts of the organization = read + partly read + unreachable + excluded; regions enabled = read + not read."""

    accounts: frozenset[str]
    status: dict[str, ReadStatus] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)  # of every account that is not simply read
    regions_enabled: int = 0
    regions_read: int = 0
    regions_not_read: int = 0
    gaps: int = 0
    calls: Calls = field(default_factory=Calls)
    twice: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, organization: Organization) -> "Coverage":
        """Nothing read yet. Of a narrowed run, the accounts it was asked for."""
        return cls(frozenset(account.id for account in organization.to_read))

    def add(self, snapshot: AccountSnapshot) -> None:
        """Count one account's snapshot."""
        id = snapshot.account.id
        if id in self.status:
            self.twice.append(id)
        self.status[id] = snapshot.status
        if snapshot.reason:
            self.reasons[id] = snapshot.reason
        self.regions_enabled += len(snapshot.regions_enabled)
        self.regions_read += len(set(snapshot.regions_read) & set(snapshot.regions_enabled))
        self.regions_not_read += len(set(snapshot.regions_enabled) - set(snapshot.regions_read))
        self.gaps += len(snapshot.gaps)
        self.calls = added(self.calls, snapshot.calls)

    def check(self, already: Iterable[str] = ()) -> None:
        """Raise CoverageError unless every account was handed over exactly once, with a reason where it was not read.

        `already` are the accounts that an interrupted run had recorded before.
        """
        missing = self.accounts - self.status.keys() - set(already)
        strange = self.status.keys() - self.accounts
        unexplained = [
            id for id, status in self.status.items() if status is not ReadStatus.READ and not self.reasons.get(id)
        ]
        for what, ids in (
            ("missing", missing),
            ("not of the organization", strange),
            ("counted twice", self.twice),
            ("without a reason", unexplained),
        ):
            if ids:
                raise CoverageError(f"The snapshot does not add up; accounts {what}: {', '.join(sorted(ids))}.")
        if self.regions_enabled != self.regions_read + self.regions_not_read:
            raise CoverageError(
                f"The snapshot does not add up; of {self.regions_enabled} regions {self.regions_read} are read and "
                f"{self.regions_not_read} are not: one was counted twice."
            )
        if self.calls.made != sum(self.calls.by_operation.values()):
            raise CoverageError(
                f"The snapshot does not add up; {self.calls.made} calls are not the sum of the operations."
            )

    @property
    def counts(self) -> dict[ReadStatus, int]:
        """Accounts by how they fared; the sum is the number of accounts."""
        counted = Counter(self.status.values())
        return {status: counted[status] for status in ReadStatus}

    @property
    def percent(self) -> float:
        """Share of the accounts in scope that were read or partly read; excluded accounts are not in scope."""
        counts = self.counts
        scope = len(self.status) - counts[ReadStatus.EXCLUDED]
        return 100.0 if not scope else 100.0 * (counts[ReadStatus.READ] + counts[ReadStatus.PARTIAL]) / scope

    @property
    def sentence(self) -> str:
        """The coverage statement."""
        counts = self.counts
        return (
            f"{len(self.status)} accounts = {counts[ReadStatus.READ]} read + {counts[ReadStatus.PARTIAL]} partly read + "
            f"{counts[ReadStatus.UNREACHABLE]} unreachable + {counts[ReadStatus.EXCLUDED]} excluded; "
            f"{self.regions_enabled} regions enabled = {self.regions_read} read + {self.regions_not_read} not read; "
            f"{self.calls.made} calls, "
            f"{self.calls.denied} denied, {self.calls.throttled} throttled; {self.gaps} gaps."
        )
