"""The digest each row carries of itself, and the digests over many rows that a run's root is made of."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Table

from reporter.history.columns import digest_of
from reporter.history.tables import ACCOUNT, CHANGE, FINDING, RESOURCE, SCAN, VERSION

SEALED = (ACCOUNT, SCAN, RESOURCE, VERSION, CHANGE, FINDING)
_COLUMNS = {table: tuple(c.name for c in table.columns if c.name not in {"id", "seal"}) for table in SEALED}


def seal_of(table: Table, row: Mapping[Any, Any]) -> bytes:
    """What the row's `seal` must be: over every other column but its number."""
    return digest_of(row[name] for name in _COLUMNS[table])[:16]


def sealed(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """The row with its seal set (in place)."""
    row["seal"] = seal_of(table, row)
    return row


def line(type: str, uid: str, incarnation: int, hash: bytes) -> bytes:
    """One standing resource, as it goes into its account's manifest."""
    return digest_of((type, uid, incarnation, hash))


def finding_line(row: Mapping[Any, Any]) -> bytes:
    """One open finding, as it goes into its account's digest; what closing it changes is left out."""
    return digest_of(
        row[name] for name in ("resource", "check", "status", "severity", "detail", "waiver", "since", "reopened")
    )


def together(digests: Iterable[bytes]) -> bytes:
    """One digest over many, whatever their order."""
    return hashlib.sha256(b"".join(sorted(digests))).digest()
