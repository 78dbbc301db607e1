"""`reporter schedule`: each run when it is due."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import (
    DONE,
    FAILED,
    GAPS,
    USAGE,
    AsJson,
    Config,
    emit,
    line,
    load_settings,
    now,
    plain,
    spelled,
    told,
)
from reporter.cli.filters import counted
from reporter.cli.owner import dead, heir, owner
from reporter.cli.progress import progress
from reporter.cli.running import ended_with, lines, other_alarms, start, stoppable
from reporter.cli.stopping import until_told
from reporter.settings import Settings
from reporter.settings.schema import Schedule

SLOTS_SHOWN = 5  # of each schedule

SCHEDULE_HELP = """Wait, and run each schedule of the settings when it is due.

Each slot starts once, however many of these processes there are. After an outage the latest slot is caught up and the
others are written down as missed; a run whose process died is taken over: at once on the same machine and in the same
container, elsewhere when its lease of 15 minutes ends. Stop with Ctrl-C or SIGTERM: work under way ends first.

--once ends with 0 if all is well or nothing was owed, 1 if a run failed, 3 as `reporter run` does.

\b
Examples:
  reporter schedule
  reporter schedule --once        do what is owed now and end (for cron or a Kubernetes CronJob)
  reporter schedule --list        when each schedule fires next, and its last slots
"""


@app.command(help=SCHEDULE_HELP)
def schedule(
    config: Config = None,
    once: Annotated[bool, typer.Option("--once", help="Do what is owed now, then end.")] = False,
    show: Annotated[bool, typer.Option("--list", help="Show the schedules and their slots.")] = False,
    as_json: AsJson = False,
) -> None:
    """See SCHEDULE_HELP, which is what users read."""
    from reporter.cli.filters import open_history
    from reporter.history import HistoryError
    from reporter.schedule.service import serve, triggers
    from reporter.schedule.timing import ScheduleError

    settings = load_settings(config)
    with told(ScheduleError, code=USAGE):
        triggers(settings.schedule)
    engine = open_history(config, make=not show).engine
    ends: list[int] = []
    table = _timetable(settings, engine, ends)
    if show:
        _list(table, as_json)
        return
    if once:
        with stoppable(settings, "scheduled"), told(HistoryError):
            code = _once(table, settings, ends)
        raise typer.Exit(code)
    with until_told() as stop:
        line(f"{counted(len(settings.schedule), 'schedule')}; stop with Ctrl-C")
        for one in settings.schedule:
            _say_slots(table, one)
        serve(table, stop)


def _timetable(settings: Settings, engine: Any, ends: list[int]) -> Any:
    """What the timer works with; how each piece of work ended goes into `ends`."""
    from reporter.run.posting import post, transport
    from reporter.schedule.service import Timetable

    me, send, posted = owner(), transport(settings), list[object]()

    def emptied() -> Any:
        """The outbox; what waits for a setting is tried by the first look of a process, which has read them just now."""
        ended = post(engine, settings, send, me, now, dead=dead, held=not posted and not ends)
        posted.append(ended)
        return ended

    def started(one: Schedule, since: Any) -> str:
        ends.append(FAILED)  # unless it comes to its end
        id, ends[-1] = _scheduled(settings, one, since)
        return id

    return Timetable(engine, settings.schedule, started, me, now, post=emptied, dead=dead)


def _once(table: Any, settings: Settings, ends: list[int]) -> int:
    """What is owed now, in words; the worst exit code of it."""
    from reporter.schedule.service import first_tick, tick

    began = now()
    first_tick(table)
    for one in settings.schedule:
        tick(table, one)
        ends += [FAILED] if _say_slots(table, one, since=began) else []
    ended = table.post()
    if ended:
        line("outbox: " + ", ".join(f"{n} {state}" for state, n in sorted(ended.items())))
    if ended or ends:
        for text in other_alarms(settings):
            line(spelled(text.lstrip()))
    if set(ended) - {"sent", "elsewhere"}:
        ends.append(GAPS)
    return FAILED if FAILED in ends else max(ends, default=DONE)


def _say_slots(table: Any, schedule: Schedule, since: Any = None) -> bool:
    """When a schedule is due next, who holds a slot of it, what failed since; whether something did."""
    from reporter import history
    from reporter.run.stopping import ahead, held_slot
    from reporter.schedule.timing import trigger

    following = trigger(schedule.id, schedule.cron, schedule.time_zone).get_next_fire_time(None, now())
    line(
        f"{schedule.id}: next {following:%Y-%m-%d %H:%M} {schedule.time_zone}" if following else f"{schedule.id}: never"
    )
    failed = False
    for slot in history.slots(table.engine, schedule.id, SLOTS_SHOWN):
        if slot.state == "running":
            line(spelled(plain(held_slot(slot, now(), table.dead))))
        if slot.at > now():
            line(plain(f"! {ahead(slot)}"))
        if slot.state == "failed" and since and slot.finished_at and slot.finished_at >= since:
            line(plain(f"! schedule {slot.schedule}, slot {slot.slot}: failed: {slot.detail}"))
            failed = True
    return failed


def _scheduled(settings: Settings, schedule: Schedule, since: Any) -> tuple[str, int]:
    """One run of a schedule, and its exit code; it is not interactive, so progress goes to the log."""
    from reporter.run.execute import Request

    if schedule.kind == "watch":
        _watched(settings)
        return "", DONE
    with progress() as tell:
        asked = Request(kind="scheduled", schedule=schedule.id, inherit=heir, since=since)
        result = start(settings, asked, tell)
    for text in lines(result):
        line(spelled(text))
    return str(result.run.id), ended_with(settings, result)


def _watched(settings: Settings) -> None:
    """One light look of a schedule whose kind is watch."""
    from reporter import history
    from reporter.cli.filters import Opened
    from reporter.cli.watching import once
    from reporter.run.watching import Wanted
    from reporter.settings import database_url

    engine = history.connect(database_url(settings))
    history.prepare(engine, now())
    watch = settings.watch
    once(Opened(engine, settings), Wanted(watch.parts, severity=watch.severity), daily=watch.daily)


def _list(table: Any, as_json: bool) -> None:
    from reporter import history
    from reporter.schedule.service import OPENED
    from reporter.schedule.timing import trigger

    rows = []
    for one in table.schedules:
        following = trigger(one.id, one.cron, one.time_zone).get_next_fire_time(None, now())
        every = history.slots(table.engine, one.id)
        opened = next((slot.at for slot in every if slot.slot == OPENED), None)
        slots = [slot for slot in every if slot.slot != OPENED][:SLOTS_SHOWN]
        rows.append(
            {
                "id": one.id,
                "cron": one.cron,
                "time_zone": one.time_zone,
                "next": following,
                "since": opened,
                "slots": slots,
            }
        )
    if as_json:
        emit(rows)
        return
    for row in rows:
        _print(row)


def _print(row: Mapping[str, Any]) -> None:
    """A schedule with its last slots; of one that never ran, since when it is known."""
    from reporter.run.stopping import ahead, held_slot

    line(f"{row['id']}: {row['cron']} ({row['time_zone']}), next {row['next']}")
    if not row["slots"]:
        first = (
            f"first seen {row['since']:%Y-%m-%d %H:%M} UTC" if row["since"] else "no `reporter schedule` has seen it"
        )
        line(spelled(f"  has never run; {first}"))
    for slot in row["slots"]:
        what = f"{slot.slot} {slot.state}{f', run {slot.run_id}' if slot.run_id else ''} {slot.detail}".rstrip()
        line(plain(f"  {what}"))
        if slot.state == "running":
            line(spelled(plain(f"    {held_slot(slot, now(), dead)}")))
        elif slot.at > now():
            line(plain(f"    {ahead(slot)}"))
