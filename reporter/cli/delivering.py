"""`reporter report`, `preview`, `templates`, `deliver`: reports made again, looked at, and handed over."""

import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal, emit, line, load_settings, now, plain, told
from reporter.cli.filters import AtRun, Opened, open_history, run_named
from reporter.cli.progress import progress

REPORT_HELP = """Make the report of any past run again: the same bytes.

\b
Examples:
  reporter report                              the last run, the organization's edition
  reporter report --as-of 2026-08-01 --edition executive --edition ou:Root/Workloads
  reporter report --to DIR
"""
PREVIEW_HELP = """Render one edition and open it in the browser.

\b
Examples:
  reporter preview
  reporter preview --edition account:111122223333 -c demo/reporter.toml
"""
DELIVER_HELP = """The outbox: what was delivered, what waits, what is unknown; and a test of each way out.

\b
Examples:
  reporter deliver                             the delivery log
  reporter deliver test --to me@example.com    one short mail, and each webhook told once
  reporter deliver send                        send what is due now
  reporter deliver resolve 12 sent --why "found in the recipient's inbox"
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
) -> None:
    """See REPORT_HELP, which is what users read."""
    opened = open_history(config)
    for one in _rendered(opened, as_of, edition, to):
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


@app.command(help="Check templates of your own before they are used: reporter templates check [DIR].")
def templates(
    act: Annotated[str, typer.Argument(metavar="check")],
    directory: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Instead of report.templates.")] = None,
    config: Config = None,
) -> None:
    """Each template is rendered with a report full of hostile text; what is wrong is told with file and line."""
    from reporter.report.trial import problems

    if act != "check":
        raise Refusal("write: reporter templates check [DIR]", USAGE)
    folder = directory or load_settings(config).report.templates
    if folder is None:
        raise Refusal("no folder of templates is named: report.templates, or reporter templates check DIR", USAGE)
    if not folder.is_dir():
        raise Refusal(f"{folder}: there is no such folder", USAGE)
    found = list(problems(folder))
    for one in found:
        line(plain(one))
    line("good" if not found else f"{len(found)} problems")
    if found:
        raise typer.Exit(1)


@app.command(help=DELIVER_HELP)
def deliver(
    act: Annotated[str, typer.Argument(metavar="[test|send|resolve]")] = "log",
    words: Annotated[list[str] | None, typer.Argument(metavar="[ID STATE]")] = None,
    config: Config = None,
    to: Annotated[str, typer.Option("--to", help="With test: the address to write to.")] = "",
    why: Annotated[str, typer.Option("--why", help="With resolve: how you know.")] = "",
    as_json: AsJson = False,
) -> None:
    """See DELIVER_HELP, which is what users read."""
    opened = open_history(config)
    acts = {"log": _log, "send": _send, "resolve": _resolve, "test": _test}
    if act not in acts:
        raise Refusal(f"deliver {act}: use test, send or resolve, or nothing for the log", USAGE)
    acts[act](opened, words or [], to or why, as_json)


def _rendered(opened: Opened, name: str, editions: list[str] | None, to: Path | None) -> Any:
    from reporter.assess.written import BadFile
    from reporter.report.edition import Edition as Wanted
    from reporter.report.pdf import PdfFailed
    from reporter.run.publish import Press, publish
    from reporter.run.wiring import WiringError, judgement

    settings = opened.settings
    if to is not None:
        settings = settings.model_copy(update={"report": settings.report.model_copy(update={"directory": to})})
    with told(BadFile, WiringError, ValueError, code=USAGE):
        wanted = [Wanted.parse(text) for text in editions or ["organization"]]
        judged_by = judgement(settings)
    run = run_named(opened, name)
    with progress() as tell, told(PdfFailed):
        press = Press(opened.engine, run, settings, judged_by, record=to is None)
        return publish(press, wanted, lambda done, total, what: tell("report", done, total, what), now())


def _log(opened: Opened, words: list[str], text: str, as_json: bool) -> None:  # noqa: ARG001 - one form for all acts
    from reporter import history

    rows = history.deliveries(opened.engine)
    if as_json:
        emit(rows)
        return
    for row in rows:
        style = "bold red" if row.state in ("failed", "unknown") else ""
        tail = (
            f"next try {row.next_attempt_at:%Y-%m-%d %H:%M}Z" if row.next_attempt_at and row.state == "pending" else ""
        )
        line(
            plain(f"{row.id:>5} {row.state:<8} {row.edition:<24} {row.recipient:<36} {row.detail} {tail}").rstrip(),
            style,
        )
    line(f"{len(rows)} deliveries")


def _send(opened: Opened, words: list[str], text: str, as_json: bool) -> None:  # noqa: ARG001 - one form for all acts
    from reporter.cli.running import owner
    from reporter.run.posting import NO_TRANSPORT, post, transport

    send = transport(opened.settings)
    if send is None:
        raise Refusal(NO_TRANSPORT, USAGE)
    ended = post(opened.engine, opened.settings, send, owner(), now)
    if as_json:
        emit(dict(ended))
    else:
        line(", ".join(f"{n} {state}" for state, n in sorted(ended.items())) or "nothing was due")


def _resolve(opened: Opened, words: list[str], text: str, as_json: bool) -> None:  # noqa: ARG001 - one form for all acts
    from reporter import history
    from reporter.cli.owning import _me

    if len(words) != 2 or not words[0].isdigit() or words[1] not in ("sent", "failed", "pending") or not text:
        raise Refusal('write: reporter deliver resolve ID sent|failed|pending --why "..."', USAGE)
    with told(history.HistoryError):
        history.resolve(opened.engine, int(words[0]), words[1], by=_me(), why=text, now=now())
    line(f"delivery {words[0]} is {words[1]}")


def _test(opened: Opened, words: list[str], text: str, as_json: bool) -> None:  # noqa: ARG001 - one form for all acts
    from reporter.run.trying import try_each

    failed = False
    for name, outcome in try_each(opened.settings, text, now()):
        failed = failed or outcome.result != "sent"
        line(plain(f"{outcome.result:<10} {name:<16} {outcome.detail} {outcome.reference}").rstrip())
    if failed:
        raise typer.Exit(1)
