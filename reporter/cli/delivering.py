"""`reporter report`, `preview`, `templates`, `deliver`: reports made again, looked at, and handed over."""

import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from reporter.cli.app import app
from reporter.cli.console import (
    FAILED,
    USAGE,
    AsJson,
    Config,
    Refusal,
    aside,
    emit,
    line,
    load_settings,
    now,
    plain,
    spelled,
    told,
)
from reporter.cli.filters import AtRun, Limit, Opened, counted, open_history, run_named
from reporter.cli.progress import progress
from reporter.settings import Settings

REPORT_HELP = """Make the report of any past run again: the same bytes.

\b
Examples:
  reporter report                              the last run, the organization's edition
  reporter report --as-of 2026-08-01 --edition executive --edition ou:Root/Workloads
  reporter report --to DIR --json
"""
TEMPLATES_HELP = """Check templates of your own before they are used: each is rendered with a report full of hostile text.

What is wrong is told with file and line; exit code 1 if anything is.

\b
Examples:
  reporter templates check                     the folder that report.templates names
  reporter templates check my-templates --json
"""
PREVIEW_HELP = """Render one edition and open it in the browser.

\b
Examples:
  reporter preview
  reporter preview --edition account:111122223333 -c demo/reporter.toml
"""
DELIVER_HELP = """The outbox: what was delivered, what waits, what is unknown; and a test of each way out.

Ends with exit code 1 while a delivery is unknown, waits for a setting to be mended, was left by a process that died, or is
due and nobody sends it; or one of the last run failed, or the last run's report has reached nobody.

\b
Examples:
  reporter deliver                             the delivery log, the newest 200; --json with every step
  reporter deliver --run last
  reporter deliver show 12                     one delivery, step by step
  reporter deliver test --to me@example.com    one short mail, one file into each archive, each webhook told once
  reporter deliver send                        send what is due now
  reporter deliver resolve 12 sent --why "found in the recipient's inbox"
  reporter deliver resolve 12 pending --why "not in the inbox"     send it again, under the same Message-ID
  reporter deliver resume me@example.com --why "asked me to"       who stopped the mails by the link in one gets them again
"""
Edition = Annotated[
    list[str] | None, typer.Option("--edition", help="organization, executive, ou:..., account:..., framework:...")
]


@app.command(help=REPORT_HELP)
def report(
    config: Config = None,
    as_of: Annotated[str, typer.Option("--as-of", help="last, a run's number or id, or a date.")] = "last",
    edition: Edition = None,
    to: Annotated[Path | None, typer.Option("--to", help="Folder to write to instead of report.directory.")] = None,
    as_json: AsJson = False,
) -> None:
    """See REPORT_HELP, which is what users read."""
    opened = open_history(config)
    made = _rendered(opened, as_of, edition, to)
    if as_json:
        names = ("html", "pdf", "headline", "note")
        rows = [{"edition": one.edition.key, **{name: getattr(one, name) for name in names}} for one in made]
        emit({"schema": "reporter/reports/1", "reports": rows})
        return
    for one in made:
        line(plain(one.pdf or one.html))
        if one.note:
            line(one.note)


@app.command(help=PREVIEW_HELP)
def preview(
    config: Config = None,
    run: AtRun = "last",
    edition: Annotated[str, typer.Option("--edition")] = "organization",
    no_open: Annotated[bool, typer.Option("--no-open", help="Only print where the page is.")] = False,
) -> None:
    """See PREVIEW_HELP, which is what users read."""
    from tempfile import mkdtemp

    opened = open_history(config)
    (one,) = _rendered(opened, run, [edition], Path(mkdtemp(prefix="reporter-preview-")))
    address = one.html.resolve().as_uri()
    line(address)
    if not no_open:
        webbrowser.open(address)


@app.command(help=TEMPLATES_HELP)
def templates(
    act: Annotated[str, typer.Argument(metavar="check")],
    directory: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Instead of report.templates.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """See TEMPLATES_HELP, which is what users read."""
    from reporter.report.check import check_templates
    from reporter.report.render import Look

    if act != "check":
        raise Refusal("write: `reporter templates check [DIR]`", USAGE)
    folder = directory or load_settings(config).report.templates
    if folder is None:
        raise Refusal("no folder of templates is named: report.templates, or `reporter templates check DIR`", USAGE)
    if not folder.is_dir():
        raise Refusal(f"{folder}: there is no such folder", USAGE)
    found = check_templates(Look(folder=folder))
    if as_json:
        emit({"schema": "reporter/templates/1", "folder": folder, "problems": [str(one) for one in found]})
    else:
        for one in found:
            line(plain(one))
        line("good" if not found else counted(len(found), "problem"))
    if found:
        raise typer.Exit(1)


@app.command(help=DELIVER_HELP)
def deliver(
    act: Annotated[str, typer.Argument(metavar="[show|test|send|resolve|resume]")] = "log",
    words: Annotated[list[str] | None, typer.Argument(metavar="[ID [STATE]]")] = None,
    config: Config = None,
    to: Annotated[str, typer.Option("--to", help="With test: the address to write to.")] = "",
    why: Annotated[str, typer.Option("--why", help="With resolve and resume: how you know, or why.")] = "",
    run: Annotated[str, typer.Option("--run", help="Only this run: last, previous, a number, an id, or a date.")] = "",
    limit: Limit = 200,
    as_json: AsJson = False,
) -> None:
    """See DELIVER_HELP, which is what users read."""
    acts = {"log": _log, "show": _show, "send": _send, "resolve": _resolve, "resume": _resume}
    if act == "test":
        _test(load_settings(config), to, as_json)
    elif act in acts:
        acts[act](Asked(open_history(config), tuple(words or ()), to, why, run, limit, as_json))
    else:
        raise Refusal(f"deliver {act}: use show, test, send, resolve or resume, or nothing for the log", USAGE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What `reporter deliver` was asked."""

    opened: Opened
    words: tuple[str, ...]
    to: str
    why: str
    run: str
    limit: int
    as_json: bool


def _rendered(opened: Opened, name: str, editions: list[str] | None, to: Path | None) -> Any:
    from reporter.assess.written import BadFile
    from reporter.report.edition import Edition as Wanted
    from reporter.report.edition import NoSuchEdition
    from reporter.report.pdf import PdfFailed, Unwritable
    from reporter.run.publish import Press, check_editions, publish
    from reporter.run.wiring import WiringError, judgement

    settings = opened.settings
    if to is not None:
        settings = settings.model_copy(update={"report": settings.report.model_copy(update={"directory": to})})
    with told(BadFile, WiringError, NoSuchEdition, code=USAGE):
        wanted = [Wanted.parse(text) for text in editions or ["organization"]]
        judged_by = judgement(settings)
    run = run_named(opened, name)
    press = Press(opened.engine, run, settings, judged_by, record=to is None)
    try:
        with told(NoSuchEdition, code=USAGE):
            check_editions(press, wanted)
        with progress() as tell, told(PdfFailed), told(Unwritable, code=USAGE):
            return publish(press, wanted, lambda done, total, what: tell("report", done, total, what), now())
    except OSError as error:
        where = error.filename or settings.report.directory
        raise Refusal(
            f"{where}: cannot be written ({error.strerror}); name another folder by --to or report.directory", USAGE
        ) from None


def _log(asked: Asked) -> None:
    from reporter import history
    from reporter.cli.delivery_log import show_log
    from reporter.cli.owner import dead
    from reporter.run.awaiting import in_hand, no_more

    engine = asked.opened.engine
    rows = history.deliveries(engine, run_named(asked.opened, asked.run, whole=False) if asked.run else None)
    show_log(engine, rows[-asked.limit :] if asked.limit else rows, asked.as_json, now())
    gone = [no_more(who, since) for who, since in sorted(history.unsubscribed(engine).items())]
    for one in () if asked.as_json else (*in_hand(engine, now(), dead=dead), *gone):
        line(spelled(plain(one)))
    _alarm(asked)


def _show(asked: Asked) -> None:
    from reporter import history
    from reporter.cli.delivery_log import show_one

    wanted = {row.id: row for row in history.deliveries(asked.opened.engine)}
    if len(asked.words) != 1 or not asked.words[0].isdigit() or int(asked.words[0]) not in wanted:
        raise Refusal("write: `reporter deliver show ID`, with an ID that `reporter deliver log` lists", USAGE)
    show_one(asked.opened.engine, wanted[int(asked.words[0])], asked.as_json)


def _send(asked: Asked) -> None:
    from reporter.cli.owner import dead, owner
    from reporter.run.awaiting import in_hand, waiting
    from reporter.run.posting import post, transport

    settings, engine = asked.opened.settings, asked.opened.engine
    ended = post(engine, settings, transport(settings), owner(), now, dead=dead, held=True)
    held = in_hand(engine, now(), dead=dead)
    if asked.as_json:
        emit(dict(ended) | ({"being_sent": held} if held else {}))
    else:
        told = ", ".join(f"{n} {state}" for state, n in sorted(ended.items()))
        line(told or ("nothing else is due" if held else "nothing was due"))
        for one in () if ended else waiting(engine):
            line(spelled(plain(one)))
        for one in held:
            line(spelled(plain(one)))
        if ended["pending"]:
            line(spelled("`reporter deliver` says why some wait, and until when"))
    _alarm(asked)


def _alarm(asked: Asked) -> None:
    """What somebody has to look at, in red on standard error, and as the exit code."""
    from reporter.cli.narrowing import unshared
    from reporter.cli.owner import dead
    from reporter.run.awaiting import alarms, left, overdue

    engine, rule = asked.opened.engine, asked.opened.settings.mail.on_unknown
    found = (*alarms(engine), *left(engine, now(), dead=dead, on_unknown=rule), *overdue(engine, now(), dead=dead))
    if reached_nobody := unshared(asked.opened):
        found = (*found, reached_nobody)
    for one in found:
        aside(one, "bold red")
    if found:
        raise typer.Exit(FAILED)


def _resolve(asked: Asked) -> None:
    from reporter import history
    from reporter.cli.owning import me

    words: dict[str, Literal["sent", "failed", "pending"]] = {"sent": "sent", "failed": "failed", "pending": "pending"}
    if len(asked.words) != 2 or not asked.words[0].isdigit() or asked.words[1] not in words or not asked.why:
        raise Refusal(
            'write: `reporter deliver resolve ID sent --why "how you know"`, or failed to give it up, or pending to send it again',
            USAGE,
        )
    id, state = int(asked.words[0]), words[asked.words[1]]
    with told(history.HistoryError):
        history.resolve(asked.opened.engine, id, state, by=me(), why=asked.why, now=now())
    line(spelled(f"delivery {id} is {state}{'; `reporter deliver send` sends it now' if state == 'pending' else ''}"))


def _resume(asked: Asked) -> None:
    from reporter import history
    from reporter.cli.owning import me

    if len(asked.words) != 1 or not asked.why:
        raise Refusal('write: `reporter deliver resume ADDRESS --why "..."`', USAGE)
    with told(history.HistoryError):
        history.resubscribe(asked.opened.engine, asked.words[0], by=me(), why=asked.why, now=now())
    line(plain(f"{asked.words[0]} gets mails again, from the next run on"))


def _test(settings: Settings, to: str, as_json: bool) -> None:
    from reporter.run.trying import try_each

    outcomes = []
    for name, outcome in try_each(settings, to, now()):
        outcomes.append(
            {"way": name, "result": outcome.result, "detail": outcome.detail, "reference": outcome.reference}
        )
        if not as_json:
            word = "failed" if outcome.result == "permanent" else outcome.result
            line(plain(f"{word:<10} {name:<24} {outcome.detail} {outcome.reference}").rstrip())
    if as_json:
        emit(outcomes)
    if any(one["result"] != "sent" for one in outcomes):
        raise typer.Exit(FAILED)
