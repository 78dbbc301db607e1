"""What `reporter doctor` sees of the runs before: what was left half done, letters that wait, room on the disk, the clock."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from reporter.cli.filters import counted, sqlite_file
from reporter.cli.signs import Sign, State
from reporter.settings import Settings

Dead = Callable[[str], bool]

LITTLE = 500_000_000  # bytes free; below that a log file that grows elsewhere can end a run
RUNS_OF_ROOM = 10
LONG = timedelta(days=400)  # without a run; more likely is that the clock is wrong
OUTBOX = "outbox"


def signs_of_the_past(engine: Any, settings: Settings, now: datetime, dead: Dead) -> Iterator[Sign]:
    """A line for each thing that stands in the way of the next run or of the last one's report; and that the rest is well."""
    yield from _runs(engine, now, dead)
    yield from _slots(engine, now, dead)
    yield from _outbox(engine, settings, now, dead)
    yield from _clock(engine, now)


def _runs(engine: Any, now: datetime, dead: Dead) -> Iterator[Sign]:
    """Runs that were begun and not finished, and a finished one that has reached nobody."""
    from reporter import history
    from reporter.run.awaiting import process
    from reporter.run.stopping import going_on, how_finished, is_held

    for found in history.begun(engine):
        run = found.run
        which = "run" if not run.selection else "run of some accounts"
        what = f"a {run.kind} {which} begun {run.started_at or run.as_of:%Y-%m-%d %H:%M} UTC"
        stands = f"{counted(found.recorded, 'account')} stored"
        if is_held(found, now, dead):
            yield Sign("run", "ok", f"{what} is under way by {process(found.owner)}, {stands}")
            continue
        told_since = history.overtaken_by(engine, run) is not None
        state: State = "warn" if run.selection or told_since else "fail"
        yield Sign("run", state, f"{what} was interrupted, {stands}, not finished", how_finished(engine, run))
    if (sealed := history.unshared(engine)) is None:
        return
    run = sealed.run
    if is_held(sealed, now, dead):
        yield Sign("run", "ok", f"run {run.seq} is finished, its report is being made by {process(sealed.owner)}")
    else:
        how = "`reporter run --resume`" if run.kind == "manual" else f"{going_on(run)}, or `reporter run --resume`,"
        yield Sign("run", "fail", f"run {run.seq} is finished, its report has reached nobody", f"{how} hands it over")


def _slots(engine: Any, now: datetime, dead: Dead) -> Iterator[Sign]:
    """Slots whose process is gone, where no half-done run tells of them: it died before it began one, or after its end."""
    from reporter import history
    from reporter.run.stopping import held_slot

    told = {found.run.schedule for found in history.begun(engine)}
    for slot in history.slots(engine):
        gone = (slot.lease_until or now) <= now or dead(slot.owner)
        if slot.state == "running" and gone and slot.schedule not in told:
            seen, _, remedy = held_slot(slot, now, dead).rstrip(".").partition("; ")
            yield Sign("schedule", "fail", seen, remedy)


def _outbox(engine: Any, settings: Settings, now: datetime, dead: Dead) -> Iterator[Sign]:
    """Letters that somebody has to look at, one line for each kind of trouble; that some wait, or that none does."""
    from reporter import history
    from reporter.run.awaiting import is_held, left, next_step, overdue, unsettled, waiting

    kinds: dict[str, list[Any]] = {}
    for row in unsettled(engine):
        kinds.setdefault("held until a setting is mended" if is_held(row) else row.state, []).append(row)
    for kind, rows in kinds.items():
        whom = f"{rows[0].edition} to {rows[0].recipient}" + (f" and {len(rows) - 1} more" if len(rows) > 1 else "")
        why = f" ({rows[0].detail})" if rows[0].detail else ""
        yield Sign(OUTBOX, "fail", f"{counted(len(rows), 'letter')} {kind}: {whom}{why}", next_step(rows[0]))
    late = (*left(engine, now, dead=dead, on_unknown=settings.mail.on_unknown), *overdue(engine, now, dead=dead))
    for one in late:
        seen, _, remedy = one.partition(": ")
        yield Sign(OUTBOX, "fail", seen, remedy)
    if kinds or late:
        return
    if wait := waiting(engine):
        yield Sign(OUTBOX, "ok", wait[0])
    elif letters := len(history.deliveries(engine)):
        yield Sign(OUTBOX, "ok", f"none of {counted(letters, 'letter')} waits or is unknown")


def _clock(engine: Any, now: datetime) -> Iterator[Sign]:
    """Whether this clock can be right, as far as the history knows the time."""
    from reporter import history
    from reporter.run.stopping import ahead

    last = history.last_runs(engine, 1)
    if not last:
        return
    run, remedy = last[0], "`timedatectl set-ntp true`, or the clock of the machine that this one runs on"
    seen = f"{now:%Y-%m-%d %H:%M} UTC, run {run.seq} is of {run.as_of:%Y-%m-%d %H:%M} UTC"
    if now < run.as_of:
        yield Sign("clock", "fail", f"{seen}: it stands before the last run, or that run's clock was ahead", remedy)
    elif now - run.as_of > LONG:
        yield Sign("clock", "warn", f"{seen}: nothing ran for {(now - run.as_of).days} days, or it is ahead", remedy)
    else:
        yield Sign("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC, after the last run")
    for slot in history.slots(engine):
        if slot.at > now:
            seen, _, remedy = ahead(slot).partition(". ")
            yield Sign("clock", "fail", seen, remedy)


def disk_signs(settings: Settings, run: Any, runs: int) -> Iterator[Sign]:
    """Room where the history, the reports and the archive live, one line for each disk, beside what a run takes there."""
    places: dict[int, list[Path]] = {}
    for place in (sqlite_file(settings), settings.report.directory, settings.archive.directory):
        if place is not None:
            there = _nearest(place)
            places.setdefault(there.stat().st_dev, []).append(place)
    for folders in places.values():
        yield _disk(settings, folders, run, runs)


def _disk(settings: Settings, folders: Sequence[Path], run: Any, runs: int) -> Sign:
    free, taken, told = shutil.disk_usage(_nearest(folders[0])).free, 0, ""
    if run is not None:
        parts = [*_taken(settings, folders, run, runs)]
        taken, told = sum(size for size, _ in parts), "".join(f", {words}" for _, words in parts)
    seen = f"{_size(free)} free for {', '.join(map(str, folders))}{told}"
    state: State = "fail" if free < taken else "warn" if free < max(LITTLE, RUNS_OF_ROOM * taken) else "ok"
    remedy = (
        f"make room on that disk: old folders of {settings.report.directory} may go, `reporter report --as-of DATE` makes a "
        "report again; `reporter purge --dry-run` says what of the history may go"
    )
    return Sign("disk", state, seen, remedy if state != "ok" else "")


def _taken(settings: Settings, folders: Sequence[Path], run: Any, runs: int) -> Iterator[tuple[int, str]]:
    """What a run takes of a disk: its reports as they lie there, of the history the mean of all runs."""
    from reporter.run.publish import folder_of

    file, reports = sqlite_file(settings), folder_of(settings, run)
    if file is not None and file in folders and file.is_file():
        size = sum(one.stat().st_size for one in (file, file.with_name(f"{file.name}-wal")) if one.is_file())
        yield size // runs, f"the history has {_size(size)} after {counted(runs, 'run')}"
    if settings.report.directory in folders and reports.is_dir():
        size = sum(one.stat().st_size for one in reports.iterdir() if one.is_file())
        yield size, f"the last run's reports took {_size(size)}"


def _nearest(place: Path) -> Path:
    """The place itself or, where it is not made yet, the folder that it will be made in."""
    above = (place.absolute(), *place.absolute().parents)
    return next(one for one in above if os.path.exists(one))  # noqa: PTH110 - of a folder nobody may look into, too


def _size(size: int) -> str:
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{max(size // 1000, 1 if size else 0)} kB"
