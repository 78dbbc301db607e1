"""`reporter run`: one run now, and what is told of it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import (
    DONE,
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
from reporter.cli.estimating import show_estimate
from reporter.cli.owner import heir, owner
from reporter.cli.progress import progress
from reporter.settings import Settings, database_url

DIGITS = 12  # of an account id
BY_KEYBOARD, BY_SIGNAL = 128 + signal.SIGINT, 128 + signal.SIGTERM

RUN_HELP = """Read every account, store, compare, judge, report, mail.

A run that was killed is finished first: nothing is read, stored or mailed twice.

With --accounts or --ou only those accounts are read, stored and judged. Such a run is printed and written to the reports
folder, mailed to nobody, and never what a run of the whole organization is compared with.

How far it is stands on a terminal; elsewhere one line a minute tells it, with --json as one JSON object (on standard error).

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
        show_estimate(settings, accounts or (), ou or (), processes, as_json=as_json)
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
    with stoppable(settings, request.kind), progress(as_json=as_json) as tell:
        result = start(settings, request, tell)
    if as_json:
        emit(summary(result))
    else:
        for text in (*lines(result), *other_alarms(settings, result.run.id)):
            line(spelled(text))
    if code := ended_with(settings, result):
        raise typer.Exit(code)


def ended_with(settings: Settings, result: Any) -> int:
    """The exit code of a run that came to its end."""
    well = not result.undelivered and result.complete(settings.coverage.minimum_percent)
    return DONE if well else GAPS


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
    from reporter.cli.demonstrated import refuse_demo
    from reporter.cli.filters import Opened, there_is_history
    from reporter.collect.coverage import CoverageError
    from reporter.collect.options import CollectError
    from reporter.deliver.archive import ArchiveError
    from reporter.history import HistoryError, connect
    from reporter.report.pdf import PdfFailed
    from reporter.run.execute import NothingToResume, execute
    from reporter.run.wiring import WiringError

    wrong_files = (BadFile, UnknownFramework, WiringError)
    failures = (CollectError, CoverageError, HistoryError, ArchiveError, PdfFailed, NothingToResume)
    with told(*wrong_files, code=USAGE), told(*failures):
        if request.kind != "demo" and there_is_history(settings):
            refuse_demo(Opened(connect(database_url(settings)), settings), "run")
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
    from reporter.run.awaiting import next_step

    named = {name: getattr(row, name) for name in ("id", "edition", "recipient", "state", "detail", "next_attempt_at")}
    return named | {"next": spelled(next_step(row))}


def lines(result: Any) -> list[str]:
    """What a person is told of a run."""
    from reporter.cli.filters import counted
    from reporter.report import words
    from reporter.run.awaiting import troubles
    from reporter.run.selecting import spelled as as_typed

    c, r = result.coverage, result.run
    selected = (
        f"  only {c.total - c.excluded} of {c.total} accounts, as asked by {as_typed(r.selection)}: mailed to nobody, and no "
        "run of the whole organization is compared with it"
    )
    told = [
        f"Run {r.seq} of {r.as_of:%Y-%m-%d %H:%M} UTC{_taken_up(result)}",
        f"  {words.coverage(c.read, c.total, words.fared(partial=c.partial, unreachable=c.unreachable, excluded=c.excluded))}",
        f"  {counted(result.changes, 'change')}, {counted(result.calls, 'call')} to AWS, {result.denied} denied, chain {r.chain[:16]}",
        *([plain(selected)] if r.selection else []),
    ]
    for one in result.published:
        told.append(f"  {plain(one.headline)}")
        told.append(f"    {one.pdf or one.html}")
        if one.note:
            told.append(f"    {one.note}")
    if result.deliveries:
        told.append("  outbox: " + ", ".join(f"{n} {state}" for state, n in sorted(result.deliveries.items())))
    told += [f"  ! {plain(one)}" for one in troubles(result.undelivered)]
    told += [f"  ! {plain(note)}" for note in result.notes]
    return told


def _taken_up(result: Any) -> str:
    """Whether the run was begun before, and whether all of it is done now."""
    if not result.resumed:
        return ""
    return " (taken up again; not everything has left)" if result.undelivered else " (taken up again, now finished)"


def other_alarms(settings: Settings, besides: str = "") -> list[str]:
    """What the outbox wants a person to look at, besides what is told of a run itself."""
    from reporter import history
    from reporter.run.awaiting import troubles, unsettled

    found = unsettled(history.connect(database_url(settings)))
    return [f"  ! {plain(one)}" for one in troubles(row for row in found if row.run != besides)]


def default_config() -> Path:
    """Where `reporter init` writes."""
    return Path("reporter.toml")
