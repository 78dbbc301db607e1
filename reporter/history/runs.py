"""A run's life: started or taken up again, kept alive, sealed into the chain; and finding runs by name."""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from reporter.documents.canonical import CANON_VERSION, canonical_json
from reporter.history.columns import micros
from reporter.history.engine import lock, reading, write
from reporter.history.errors import LeaseLost, RunBusy, UnknownRun, Unsealable
from reporter.history.journal import NOTHING, last_entry
from reporter.history.past import Row, open_run
from reporter.history.queries import proof, recording, runs
from reporter.model import ReadStatus, Run

LEASE = timedelta(minutes=10)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


def start_run(
    engine: Engine,
    *,
    kind: str,
    as_of: datetime,
    owner: str,
    now: datetime,
    lease: timedelta = LEASE,
    organization: str = "",
    tool_version: str = "",
    checks_hash: str = "",
    schedule: str = "",
    selection: Collection[str] = (),
    not_before: datetime | None = None,
    heir_of: str = "",
    dead: Callable[[str], bool] = lambda _: False,
) -> Run:
    """A new run, or the unfinished one of this kind whose owner died: with its id, its as-of and what it had recorded.

    RunBusy while another owner's lease holds, unless that owner is the one known to be dead (`heir_of`). `owner` names one
    process for good (host, process id and a random part).
    `selection` is what a narrowed run is asked for (account ids, units). An unfinished narrowed run of another selection is
    given up; an unfinished whole run never is, for a narrowed one: RunBusy. One begun before `not_before` is given up, too: it
    belongs to an earlier slot of the schedule, and half of it would be old. So is one of the whole organization after which
    another was begun and finished: its news would be older than what is told already.
    A new one of the whole organization gives up what a process that is gone (its lease is over, or `dead` knows it) left of
    such a run of another kind: else the changes that one stored would be missing from what the new one tells.
    """
    wanted: dict[str, Any] = {
        "organization": organization,
        "tool_version": tool_version,
        "checks_hash": checks_hash,
    }
    wanted |= {"schedule": schedule, "selection": sorted(set(selection)) or None}
    begun = partial(
        _start, kind=kind, as_of=as_of, owners=(owner, heir_of), now=now, lease=lease, not_before=not_before,
        wanted=wanted, dead=dead,
    )  # fmt: skip
    return write(engine, begun)


def _start(
    connection: Connection,
    *,
    kind: str,
    as_of: datetime,
    owners: tuple[str, str],
    now: datetime,
    lease: timedelta,
    not_before: datetime | None,
    wanted: Mapping[str, Any],
    dead: Callable[[str], bool],
) -> Run:
    lock(connection, "runs")
    leased = {"owner": owners[0], "lease_until": now + lease}
    unfinished = {"kind": kind, "organization": wanted["organization"]}
    for found in connection.execute(recording.UNFINISHED, unfinished).mappings().all():
        row = dict(found)
        if row["owner"] not in owners and row["lease_until"] > now:
            raise RunBusy(
                f"A {kind} run is under way since {row['started_at']:%Y-%m-%d %H:%M}Z ({row['owner']}); it is taken up "
                f"when its owner gives no sign until {row['lease_until']:%H:%M:%S}Z"
            )
        late = not_before is not None and row["started_at"] < not_before
        why = "a later slot of its schedule" if late else _given_up(row, wanted) or _overtaken(connection, row)
        if not why:
            connection.execute(recording.CHANGE_RUN.values(**leased), {"row": row["number"]})
            return run_from(row)
        _fail(connection, row, now, f"given up: {why} came after it")
    if not wanted["selection"]:
        _clear(connection, wanted["organization"], now, dead)
    values = _new_run(connection, kind, as_of, wanted)
    values |= {"started_at": now, **leased}
    connection.execute(recording.NEW_RUN, values)
    return run_from(values | {"finished_at": None, "seq": None})


def _clear(connection: Connection, organization: str, now: datetime, dead: Callable[[str], bool]) -> None:
    """Give up the runs of the whole organization, of whatever kind, whose process is gone: what they found is the next one's."""
    for found in connection.execute(runs.begun()).mappings().all():
        row = dict(found)
        gone = row["lease_until"] <= now or dead(row["owner"])
        if gone and not row["selection"] and row["organization"] == organization:
            _fail(connection, row, now, "given up: another run of the whole organization was begun after it")


def _given_up(row: Mapping[Any, Any], wanted: Mapping[str, Any]) -> str:
    """What came after an unfinished run, so that it cannot be taken up; "" if it can."""
    if any(row[name] != wanted[name] for name in ("tool_version", "checks_hash")):
        return "another version of the program or of its checks"
    if row["selection"] == wanted["selection"]:
        return ""
    if not row["selection"]:
        raise RunBusy(
            f"The whole {row['kind']} run begun at {row['started_at']:%Y-%m-%d %H:%M}Z is not finished; finish it first "
            "(`reporter run --resume`), then narrow the next"
        )
    return "a run of other accounts"


def _overtaken(connection: Connection, row: Mapping[Any, Any]) -> str:
    """The run that was begun and finished after an unfinished one of the whole organization; "" if none was."""
    newer = None if row["selection"] else connection.execute(runs.newest_begun_after(row["number"])).mappings().first()
    return f"run {newer['seq']}, which is newer and finished," if newer else ""


def _new_run(connection: Connection, kind: str, as_of: datetime, wanted: Mapping[str, Any]) -> dict[str, Any]:
    number = (connection.scalar(recording.LAST_NUMBER) or 0) + 1
    name = f"reporter run {number} {wanted['organization']} {kind} {micros(as_of)}"
    return {
        "id": str(uuid5(NAMESPACE_URL, name)),
        "kind": kind,
        "as_of": as_of,
        "status": "running",
        "after_seq": connection.scalar(recording.LAST_SEQ) or 0,
        "canon_version": CANON_VERSION,
        "root": "",
        "chain": "",
        "reason": "",
        **wanted,
    }


def heartbeat(engine: Engine, run: Run, owner: str, now: datetime, lease: timedelta = LEASE) -> None:
    """Say that the run's owner lives. LeaseLost if somebody else has taken the run up."""
    write(engine, partial(_heartbeat, run=run, owner=owner, until=now + lease), durable=False)


def _heartbeat(connection: Connection, *, run: Run, owner: str, until: datetime) -> None:
    row = open_run(connection, run)
    if row["owner"] != owner:
        raise LeaseLost(f"Run {run.id} was taken up by {row['owner']}; this process stops")
    connection.execute(recording.CHANGE_RUN.values(lease_until=until), {"row": row["number"]})


def abandon(engine: Engine, run: Run, now: datetime, why: str) -> None:
    """End a run that cannot be finished. What it recorded stays true; the run is not in the chain."""
    write(engine, lambda connection: _fail(connection, open_run(connection, run), now, why))


def _fail(connection: Connection, row: Row, now: datetime, why: str) -> None:
    values = {"status": "failed", "finished_at": now, "reason": why}
    connection.execute(recording.CHANGE_RUN.values(**values), {"row": row["number"]})


def recorded_accounts(engine: Engine, run: Run) -> frozenset[str]:
    """The accounts this run has recorded: a resumed run reads the others."""
    return _accounts(engine, run, recording.RECORDED)


def judged_accounts(engine: Engine, run: Run) -> frozenset[str]:
    """The accounts whose findings this run has recorded."""
    return _accounts(engine, run, recording.JUDGED)


def _accounts(engine: Engine, run: Run, query: Any) -> frozenset[str]:
    with reading(engine) as connection:
        number = runs.number_of(connection, run.id)
        return frozenset(connection.scalars(query, {"run": number}))


# --- sealing ---


def seal(engine: Engine, run: Run, now: datetime, accounts: Collection[str] | None = None) -> Run:
    """Close the run: nothing is added any more, and its root goes into the chain. Sealing a sealed run gives it back.

    `accounts` are those the organization has: each must have been recorded, however it fared.
    """
    return write(engine, partial(_seal, run=run, now=now, accounts=accounts))


def _seal(connection: Connection, *, run: Run, now: datetime, accounts: Collection[str] | None) -> Run:
    lock(connection, "runs")
    lock(connection, f"run {run.id}")
    found = connection.execute(recording.RUN_BY_ID, {"id": run.id}).mappings().first()
    if found is not None and found["status"] == "sealed":
        return run_from(found)
    row = open_run(connection, run)
    scans = connection.execute(recording.SCANS_TO_SEAL, {"run": row["number"]}).all()
    wanted = set(accounts or ())
    if row["selection"]:  # of what a narrowed run left out, only what was known is on its record
        wanted &= {*connection.scalars(recording.OPEN_ACCOUNTS)}
    _check_coverage(run, scans, wanted)
    before = connection.execute(recording.LAST_SEALED).mappings().first()
    sealed = row | {
        "status": "sealed",
        "finished_at": now,
        "seq": (before["seq"] if before else 0) + 1,
        "journal": last_entry(connection).number,
        "root": root_of(connection, row["number"], scans),
    }
    sealed["chain"] = link(before["chain"] if before else "", sealed, last_entry(connection).chain)
    values = {name: sealed[name] for name in ("status", "finished_at", "seq", "journal", "root", "chain")}
    connection.execute(recording.CHANGE_RUN.values(**values), {"row": row["number"]})
    return run_from(sealed)


def _check_coverage(run: Run, scans: Sequence[Any], accounts: Collection[str]) -> None:
    missing = sorted(set(accounts) - {scan.account for scan in scans})
    if missing:
        raise Unsealable(
            f"Run {run.id} cannot be sealed: {len(missing)} of {len(accounts)} accounts were not recorded "
            f"(the first: {', '.join(missing[:3])}); start the run again, it goes on where it stopped"
        )
    unknown = {scan.status for scan in scans} - {status.value for status in ReadStatus}
    if unknown:
        raise Unsealable(f"Run {run.id} cannot be sealed: unknown status of an account: {', '.join(sorted(unknown))}")


def root_of(connection: Connection, number: int, scans: Sequence[Any]) -> str:
    """One digest over everything the run says: its accounts' scans in order, and its changes."""
    whole = hashlib.sha256(b"".join(scan.seal for scan in scans))
    changes = sorted(connection.scalars(recording.CHANGES_TO_SEAL, {"run": number}))
    whole.update(hashlib.sha256(b"".join(changes)).digest())
    return whole.hexdigest()


CHAINED = (
    "seq",
    "number",
    "id",
    "kind",
    "organization",
    "tool_version",
    "checks_hash",
    "canon_version",
    "after_seq",
    "root",
)


def link(chain: str, row: Mapping[Any, Any], journal: bytes) -> str:
    """The chain's next head: over the head before, the run's own words and times, its root, and the journal's head."""
    return hashlib.sha256(canonical_json(_linked(chain, row, journal))).hexdigest()


def _linked(chain: str, row: Mapping[Any, Any], journal: bytes) -> list[Any]:
    times = [micros(row[name]) for name in ("as_of", "started_at", "finished_at")]
    words = [chain, *(row[name] for name in CHAINED), *times, journal.hex()]
    # Only where they are said, so that chains older than these words hold.
    return words + [[name, row[name]] for name in ("schedule", "selection") if row[name]]


def sealing(engine: Engine, run: Run) -> list[Any]:
    """What a sealed run's head is the SHA-256 of, as canonical JSON; the first word is the head before. Empty if not sealed."""
    with reading(engine) as connection:
        row = connection.execute(recording.RUN_BY_ID, {"id": run.id}).mappings().first()
        if row is None or row["seq"] is None:
            return []
        before = connection.scalar(proof.CHAIN_OF, {"seq": row["seq"] - 1}) or ""
        entry = connection.scalar(proof.ENTRY_CHAIN, {"number": row["journal"]})
    return _linked(before, row, NOTHING if entry is None else entry)


# --- finding runs ---


def run_from(row: Mapping[Any, Any]) -> Run:
    """A run as the model has it."""
    return Run(
        id=row["id"],
        as_of=row["as_of"],
        kind=row["kind"],
        status=row["status"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        seq=row["seq"],
        root=row["root"],
        chain=row["chain"],
        tool_version=row["tool_version"],
        checks_hash=row["checks_hash"],
        organization=row["organization"],
        schedule=row["schedule"],
        selection=tuple(row["selection"] or ()),
    )


def run_of(engine: Engine, ref: str) -> Run:
    """The run of an id, a number (`12`, `#12`), a day (`2026-08-01`: the last one sealed by its end, UTC), `last`, `previous`."""
    with reading(engine) as connection:
        row = connection.execute(_query(ref)).mappings().first()
        last = connection.execute(runs.sealed_runs(1)).mappings().first() if row is None else None
    if row is None:
        newest = f"; the last is #{last['seq']}" if last else ""
        raise UnknownRun(
            f"There is no run '{_visible(ref)}'{newest}; say its id, its number (#12), a day it was sealed by (2026-08-01), "
            "last or previous"
        )
    return run_from(row)


def _visible(ref: str) -> str:
    """What somebody typed, with what no terminal should be told made visible."""
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in ref[:80])


def _query(ref: str) -> Any:
    name = ref.strip().removeprefix("#")
    if name in {"last", "latest"}:
        return runs.sealed_runs(1)
    if name == "previous":
        return runs.before_the_last()
    if _NUMBER.fullmatch(name):
        return runs.by_seq(int(name))
    if (day := _day(name)) is not None:
        end = datetime.combine(day, time(), ZoneInfo("UTC")) + timedelta(days=1)
        return runs.sealed_runs(1, before=end)
    return runs.by_id(name)


def _day(name: str) -> date | None:
    """The day of that name; none where no calendar has it (2026-11-31), or nothing comes after it."""
    try:
        day = date.fromisoformat(name) if _DAY.fullmatch(name) else None
    except ValueError:
        return None
    return None if day == date.max else day


def last_runs(
    engine: Engine, limit: int = 1, until: Run | None = None, kinds: Collection[str] = (), *, whole: bool = False
) -> tuple[Run, ...]:
    """The last sealed runs, newest first; `until` is the newest of them. `whole` leaves narrowed ones out."""
    query = runs.sealed_runs(limit, seq=until.seq if until else None, kinds=kinds, whole=whole)
    with reading(engine) as connection:
        return tuple(run_from(row) for row in connection.execute(query).mappings())


def previous_run(engine: Engine, run: Run, kinds: Collection[str] = ()) -> Run | None:
    """The sealed run of the whole organization before this one (for one not sealed: the last); never a narrowed one."""
    query = runs.sealed_runs(1, seq=run.seq - 1 if run.seq else None, kinds=kinds, whole=True)
    with reading(engine) as connection:
        row = connection.execute(query).mappings().first()
    return None if row is None else run_from(row)


def run_at(engine: Engine, at: datetime) -> Run | None:
    """The last run sealed whose as-of is not after an instant."""
    with reading(engine) as connection:
        row = connection.execute(runs.sealed_runs(1, until=at)).mappings().first()
    return None if row is None else run_from(row)


def emptied_at(engine: Engine, run: Run) -> datetime | None:
    """When a purge took what a run held; its head is all that is left of it. None for a run that is whole."""
    with reading(engine) as connection:
        row = connection.execute(runs.by_id(run.id)).mappings().first()
    return None if row is None else row["purged_at"]
