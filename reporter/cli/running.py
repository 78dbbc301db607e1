"""`reporter run` and `reporter schedule`: one run now, or each when it is due."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import (
    GAPS,
    USAGE,
    AsJson,
    Config,
    Refusal,
    emit,
    line,
    load_settings,
    now,
    plain,
    spelled,
    told,
)
from reporter.cli.owner import dead, heir, owner
from reporter.cli.progress import progress
from reporter.cli.stopping import until_told
from reporter.settings import Settings
from reporter.settings.schema import Schedule

DIGITS = 12  # of an account id
BY_KEYBOARD, BY_SIGNAL = 128 + signal.SIGINT, 128 + signal.SIGTERM

RUN_HELP = """Read every account, store, compare, judge, report, mail.

A run that was killed is finished first: nothing is read, stored or mailed twice.

With --accounts or --ou only those accounts are read, stored and judged. Such a run is printed and written to the reports
folder, mailed to nobody, and never what a run of the whole organization is compared with.

Exit codes: 0 all is well, 1 failed, 2 wrong usage, 3 done, but too little could be read, or somebody was not reached;
130 and 143 stopped by Ctrl-C or SIGTERM, to be gone on with by --resume.

\b
Examples:
  reporter run                                  everything, as reporter.toml says
  reporter run --estimate                       how many calls, how long, what CloudTrail will bill
  reporter run --ou Root/Workloads/Prod         only the accounts below this unit
  reporter run --processes 4                    read with four processes
  reporter run --accounts 111122223333 --json | jq .coverage
"""


@app.command(help=RUN_HELP)
def run(
    config: Config = None,
    accounts: Annotated[
        list[str] | None, typer.Option("--accounts", "--account", help="Only this account id; may be given again.")
    ] = None,
    ou: Annotated[list[str] | None, typer.Option(help="Only accounts below this OU, by id or path.")] = None,
    edition: Annotated[list[str] | None, typer.Option(help="Also render this edition, e.g. executive.")] = None,
    no_deliver: Annotated[bool, typer.Option("--no-deliver", help="Render, but mail and archive nothing.")] = False,
    processes: Annotated[
        int, typer.Option("--processes", min=0, help="Processes that read; 0: as collect.processes says.")
    ] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Only finish an interrupted run.")] = False,
    estimate: Annotated[bool, typer.Option("--estimate", help="Count calls, time and cost; read nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """See RUN_HELP, which is what users read."""
    from reporter.run.execute import Request

    settings = load_settings(config)
    for id in accounts or ():
        if id.isdigit() and len(id) != DIGITS:
            raise Refusal(f"--accounts {id}: an account id has {DIGITS} digits, this has {len(id)}", USAGE)
    if estimate:
        _estimate(settings, as_json)
        return
    request = Request(
        accounts=tuple(accounts or ()),
        ous=tuple(ou or ()),
        deliver=not no_deliver,
        resume=resume,
        editions=tuple(edition or ()),
        processes=processes,
        inherit=heir,
    )
    with stoppable(settings, request.kind), progress(quiet=as_json) as tell:
        result = start(settings, request, tell)
    if as_json:
        emit(summary(result))
    else:
        for text in (*lines(result), *_alarms(settings, result.run.id)):
            line(spelled(text))
    if result.undelivered or not result.complete(settings.coverage.minimum_percent):
        raise typer.Exit(GAPS)


@contextmanager
def stoppable(settings: Settings, kind: str) -> Iterator[None]:
    """Ctrl-C and SIGTERM end a run with one sentence: what of it is stored, and how to go on."""
    from reporter.cli.app import Stopped
    from reporter.cli.filters import there_is_history
    from reporter.run.stopping import standing

    try:
        yield
    except (KeyboardInterrupt, Stopped) as stop:
        code = BY_KEYBOARD if isinstance(stop, KeyboardInterrupt) else BY_SIGNAL
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the sentence is on its way
        left = standing(settings, kind) if there_is_history(settings) else "Nothing is stored yet"
        raise Refusal(f"stopped. {left}", code) from None


def start(settings: Settings, request: Any, tell: Any, clock: Any = now) -> Any:
    """Execute a run with this process as its owner; errors of the rooms become refusals."""
    from reporter.assess.frameworks import UnknownFramework
    from reporter.assess.written import BadFile
    from reporter.collect.coverage import CoverageError
    from reporter.collect.options import CollectError
    from reporter.deliver.archive import ArchiveError
    from reporter.history import HistoryError
    from reporter.report.pdf import PdfFailed
    from reporter.run.execute import NothingToResume, execute
    from reporter.run.wiring import WiringError

    wrong_files = (BadFile, UnknownFramework, WiringError)
    failures = (CollectError, CoverageError, HistoryError, ArchiveError, PdfFailed, NothingToResume)
    with told(*wrong_files, code=USAGE), told(*failures):
        return execute(settings, request, owner=owner(), clock=clock, tell=tell)


def summary(result: Any) -> dict[str, Any]:
    """What `--json` prints of a run."""
    c = result.coverage
    return {
        "run": {"id": result.run.id, "seq": result.run.seq, "as_of": result.run.as_of, "chain": result.run.chain},
        "resumed": result.resumed,
        "selection": list(result.run.selection),
        "coverage": {
            "accounts": c.total, "read": c.read, "partial": c.partial, "unreachable": c.unreachable, "excluded": c.excluded
        },
        "calls": result.calls,
        "denied": result.denied,
        "changes": result.changes,
        "reports": [
            {"edition": p.edition.key, "html": p.html, "pdf": p.pdf, "headline": p.headline, "note": p.note}
            for p in result.published
        ],
        "deliveries": dict(result.deliveries),
        "undelivered": [_open_letter(row) for row in result.undelivered],
        "notes": list(result.notes),
    }  # fmt: skip


def _open_letter(row: Any) -> dict[str, Any]:
    """A delivery that has not arrived, or may not have: for whom, why, and what to do."""
    from reporter.run.posting import next_step

    named = {name: getattr(row, name) for name in ("id", "edition", "recipient", "state", "detail", "next_attempt_at")}
    return named | {"next": spelled(next_step(row))}


def lines(result: Any) -> list[str]:
    """What a person is told of a run."""
    from reporter.run.posting import trouble
    from reporter.run.selecting import spelled as as_typed

    c, r = result.coverage, result.run
    selected = (
        f"  only {c.total - c.excluded} of {c.total} accounts, as asked by {as_typed(r.selection)}: mailed to nobody, and no "
        "run of the whole organization is compared with it"
    )
    told = [
        f"Run {r.seq} of {r.as_of:%Y-%m-%d %H:%M} UTC{' (was interrupted, now finished)' if result.resumed else ''}",
        f"  {c.total} accounts: {c.read} read, {c.partial} partly read, {c.unreachable} unreachable, {c.excluded} excluded",
        f"  {result.changes} changes, {result.calls} calls to AWS, {result.denied} denied, chain {r.chain[:16]}",
        *([plain(selected)] if r.selection else []),
    ]
    for one in result.published:
        told.append(f"  {plain(one.headline)}")
        told.append(f"    {one.pdf or one.html}")
        if one.note:
            told.append(f"    {one.note}")
    if result.deliveries:
        told.append("  delivered: " + ", ".join(f"{n} {state}" for state, n in sorted(result.deliveries.items())))
    told += [f"  ! {plain(trouble(row))}" for row in result.undelivered]
    told += [f"  ! {plain(note)}" for note in result.notes]
    return told


def _alarms(settings: Settings, besides: str = "") -> list[str]:
    """What the outbox wants a person to look at, besides what is told of a run itself."""
    from reporter import history
    from reporter.run.posting import trouble, unsettled
    from reporter.settings import database_url

    found = unsettled(history.connect(database_url(settings)))
    return [f"  ! {plain(trouble(row))}" for row in found if row.run != besides]


SCHEDULE_HELP = """Wait, and run each schedule of the settings when it is due.

Each slot starts once, however many of these processes there are. After an outage the latest slot is caught up and the
others are written down as missed; a run whose process died is taken over. Stop with Ctrl-C or SIGTERM: work under way ends first.

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
    from reporter.run.posting import post, transport
    from reporter.schedule.service import Timetable, first_tick, serve, tick, triggers
    from reporter.schedule.timing import ScheduleError

    settings = load_settings(config)
    with told(ScheduleError, code=USAGE):
        triggers(settings.schedule)
    engine = open_history(config, make=not show).engine
    me = owner()
    send = transport(settings)
    table = Timetable(
        engine, settings.schedule, lambda one: _scheduled(settings, one), me, now,
        post=lambda: post(engine, settings, send, me, now, dead=dead),
    )  # fmt: skip
    if show:
        _list(table, as_json)
        return
    if once:
        first_tick(table)
        for one in settings.schedule:
            tick(table, one)
        table.post()
        return
    with until_told() as stop:
        line(f"{len(settings.schedule)} schedule(s); stop with Ctrl-C")
        serve(table, stop)


def _scheduled(settings: Settings, schedule: Schedule) -> str:
    """One run of a schedule; it is not interactive, so progress goes to the log."""
    from reporter.run.execute import Request

    if schedule.kind == "watch":
        _watched(settings)
        return ""
    with progress() as tell:
        result = start(settings, Request(kind="scheduled", schedule=schedule.id, inherit=heir), tell)
    for text in lines(result):
        line(spelled(text))
    return str(result.run.id)


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
    from reporter.schedule.timing import trigger

    rows = []
    for one in table.schedules:
        following = trigger(one.id, one.cron, one.time_zone).get_next_fire_time(None, now())
        slots = history.slots(table.engine, one.id, 5)
        rows.append({"id": one.id, "cron": one.cron, "time_zone": one.time_zone, "next": following, "slots": slots})
    if as_json:
        emit(rows)
        return
    for row in rows:
        line(f"{row['id']}: {row['cron']} ({row['time_zone']}), next {row['next']}")
        for slot in row["slots"]:
            line(
                f"  {slot.slot} {slot.state}{f', run {slot.run_id}' if slot.run_id else ''} {plain(slot.detail)}".rstrip()
            )


def _estimate(settings: Settings, as_json: bool) -> None:
    from reporter.collect.door import open_door
    from reporter.collect.estimate import estimate
    from reporter.collect.options import CollectError
    from reporter.collect.organization import discover
    from reporter.run.wiring import collect_options

    options = collect_options(settings)
    number = len(settings.organization.accounts)
    if not number:
        with told(CollectError):
            found = discover(open_door(options, clock=now))
        number = len([account for account in found.accounts if account.state == "ACTIVE"])
    guess = estimate(options, number)
    if as_json:
        emit(guess)
        return
    for one in guess.lines:
        line(f"  {one.what}: {one.times} x {one.calls_each} calls in each account")
    line(guess.sentence)


def default_config() -> Path:
    """Where `reporter init` writes."""
    return Path("reporter.toml")
