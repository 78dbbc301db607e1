"""Removing what is older than the retention says, unless it is held. The runs' headers stay, so the chain still holds."""

import shlex
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, Connection, Engine

from reporter.history import blobs, journal
from reporter.history.acts_tables import PURGE, REVERTED
from reporter.history.engine import lock, write
from reporter.history.errors import Refused
from reporter.history.nouns import Purged
from reporter.history.queries import acts, purging, recording
from reporter.history.tables import CHANGE, DOCUMENT, RESOURCE

KEEP = timedelta(days=2557)  # seven years


class _Rehearsal(Exception):
    """Carries the counts out of a transaction that must not stay."""

    def __init__(self, purged: Purged) -> None:
        super().__init__()
        self.purged = purged


def purge(
    engine: Engine,
    now: datetime,
    *,
    keep: timedelta = KEEP,
    by: str,
    dry_run: bool = False,
    with_baselines: bool = False,
) -> Purged:
    """Remove what ended more than `keep` ago; what stood then or later stays, and so does what is held.

    The last run is never removed. A run that a baseline is pinned to is emptied only `with_baselines`: else nothing is removed
    at all. A rehearsal does the same and takes it back.
    """
    try:
        return write(
            engine, partial(_purge, cutoff=now - keep, now=now, by=by, dry_run=dry_run, with_baselines=with_baselines)
        )
    except _Rehearsal as rehearsal:
        return rehearsal.purged


def _purge(
    connection: Connection, *, cutoff: datetime, now: datetime, by: str, dry_run: bool, with_baselines: bool
) -> Purged:
    lock(connection, "runs")
    pinned = _pinned(connection, cutoff)
    removed, held = _emptied(connection, cutoff, now)
    result = Purged(
        cutoff, dict(sorted((+removed).items())), held.total(), dict(sorted((+held).items())),
        tuple(pinned) if removed["run"] else (),
    )  # fmt: skip
    if dry_run:
        raise _Rehearsal(result)
    if result.baselines and not with_baselines:
        raise Refused(_needed(pinned))
    values = {"at": now, "by": by, "cutoff": cutoff, "removed": dict(result.removed)}
    journal.add(connection, PURGE, values, act="done", now=now, by=by)
    return result


def _pinned(connection: Connection, cutoff: datetime) -> dict[str, int]:
    """The baselines that stand on a run which is old enough to be emptied, with its number in the chain."""
    rows = connection.execute(acts.baselines()).mappings().all()
    contents = blobs.get(connection, [row["content"] for row in rows])
    runs = {row["name"]: contents[row["content"]].get("run") for row in rows}
    old = {row.id: row.seq for row in connection.execute(purging.whole_old_runs(cutoff))}
    return {name: old[run] for name, run in runs.items() if run in old}


def _needed(pinned: Mapping[str, int]) -> str:
    name, seq = next(iter(pinned.items()))
    word = shlex.quote(name)
    others = f" (and {len(pinned) - 1} more like it)" if len(pinned) > 1 else ""
    return (
        f"Nothing was removed: baseline {name} is pinned to run {seq}, which this would empty{others}. "
        f"`reporter baseline pin {word} --run last` pins a later run, `reporter baseline drop {word}` gives it up, and "
        "--with-baselines empties the run all the same"
    )


def _emptied(connection: Connection, cutoff: datetime, now: datetime) -> tuple[Counter[str], Counter[str]]:
    """What was removed, and what a hold kept, by table."""
    edge = min(cutoff, connection.scalar(purging.first_kept(cutoff)) or cutoff)
    removed: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for table, old, kept in purging.old_rows(cutoff, edge):
        if table is CHANGE:
            removed += _about(connection, now, old, ~kept)
        held[table.name] = connection.scalar(purging.count(table, old, kept)) or 0
        removed[table.name] = connection.execute(purging.remove(table, old, ~kept)).rowcount
    keys = list(connection.scalars(purging.old_reverts(cutoff)))
    connection.execute(purging.remove_rows(REVERTED, keys))
    journal.removed(connection, REVERTED, keys, now=now)
    removed["reverted"] = len(keys)
    removed["resource"] = connection.execute(purging.remove(RESOURCE, purging.empty_resources())).rowcount
    removed["document"] = connection.execute(
        purging.remove(DOCUMENT, DOCUMENT.c.hash.in_(purging.unused_documents()))
    ).rowcount
    if removed.total():  # else every run is still whole
        removed["run"] = connection.execute(purging.mark_purged(cutoff, now)).rowcount
    return removed, held


def _about(connection: Connection, now: datetime, *conditions: ColumnElement[bool]) -> Counter[str]:
    """What was said about changes that go: who made them, who owned them, remarks. The journal keeps that it was there."""
    removed: Counter[str] = Counter()
    for table in purging.BY_CHANGE:
        keys = list(connection.scalars(purging.about_changes(table, *conditions)))
        for some in recording.chunks(keys):
            connection.execute(purging.remove_rows(table, list(some)))
        journal.removed(connection, table, keys, now=now)
        removed[table.name] = len(keys)
    return removed
