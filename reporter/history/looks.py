"""When a resource, or one part of it, was last really looked at: where the window of a change begins."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from reporter.documents.canonical import bare
from reporter.history.lives import Standing
from reporter.history.past import listings_at
from reporter.history.queries import recording
from reporter.model import EVERY_PART, Op

LATEST = 3
SIGHT = {"access_lost", "access_restored"}


@dataclass(slots=True)
class Looks:
    """The scans of the readers at hand, the latest first; read once, the few latest by themselves, for they mostly answer."""

    connection: Connection
    _scans: dict[tuple[str, bool], Sequence[Any]] = field(default_factory=dict)

    def last(self, row: Standing, parts: frozenset[str] = frozenset(), before: datetime | None = None) -> datetime:
        """The last scan (before an instant) that saw the resource itself and read those parts of it.

        A scan whose listing broke off, or that did not get into the account, saw nothing. Where no scan did: when the row
        at hand began.
        """
        blind = self._blind(row, parts) if parts else ()
        for scan in self._of(row.reader):
            if scan.at < row.first_seen_at:
                break
            if (before is None or scan.at < before) and not any(start <= scan.at < end for start, end in blind):
                listings = listings_at(self.connection, scan.coverage)
                if listings.fresh(row.type, row.region, row.uid):
                    at: datetime = scan.at
                    return at
        start: datetime = row.valid_from
        return start

    def confirmed(self, row: Standing, ops: Iterable[Op]) -> datetime:
        """When everything that differs now was last seen to be as it was before; parts that stayed the same do not matter."""
        differing = {bare(op.path).partition(".")[0] for op in ops if op.kind not in SIGHT}
        hidden = set(row.unread or ())
        return self.last(row, frozenset(hidden if EVERY_PART in hidden else differing & hidden))

    def _of(self, reader: str) -> Iterator[Any]:
        latest = self._read(reader, every=False)
        yield from latest
        if len(latest) == LATEST:
            yield from self._read(reader, every=True)[LATEST:]

    def _read(self, reader: str, *, every: bool) -> Sequence[Any]:
        if (reader, every) not in self._scans:
            query = recording.LOOKS if every else recording.LOOKS.limit(LATEST)
            self._scans[reader, every] = self.connection.execute(query, {"reader": reader}).all()
        return self._scans[reader, every]

    def _blind(self, row: Standing, parts: frozenset[str]) -> list[tuple[datetime, datetime]]:
        """The spells in which one of the parts was not read; the open one ends beyond every scan."""
        versions = self.connection.execute(recording.VERSIONS_OF, {"resource": row.resource}).all()
        hiding = {*parts, EVERY_PART}
        return [
            (one.valid_from, one.valid_to or datetime.max.replace(tzinfo=one.valid_from.tzinfo))
            for one in versions
            if hiding & set(one.unread or ())
        ]
