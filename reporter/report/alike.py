"""Accounts that were not read for one and the same reason, told once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from reporter.report.source import AccountRow

NAMED = 5


@dataclass(frozen=True, slots=True)
class Alike:
    """How accounts fared and why, in the words of the first; the first are named, `more` are not."""

    rows: tuple[AccountRow, ...]
    more: int
    count: int
    fared: str
    reason: str


def alike(rows: Iterable[AccountRow]) -> tuple[Alike, ...]:
    """Rows by how they fared and why, in the order in which they come; their own ids and names in a reason make no difference."""
    groups: dict[tuple[str, str], list[AccountRow]] = defaultdict(list)
    for row in rows:
        groups[row.fared, _without_its_own(row)].append(row)
    return tuple(
        Alike(tuple(same[:NAMED]), max(len(same) - NAMED, 0), len(same), fared, same[0].reason)
        for (fared, _), same in groups.items()
    )


def _without_its_own(row: AccountRow) -> str:
    bare = row.reason.replace(row.account.id, "*")
    return bare.replace(row.account.name, "*") if row.account.name else bare
