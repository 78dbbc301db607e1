"""`reporter watch`: alerts between two runs; `reporter attribute`: asking again who made changes."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli import narrowing
from reporter.cli.app import app
from reporter.cli.console import DONE, GAPS, USAGE, AsJson, Config, Refusal, aside, emit, line, now, plain, told
from reporter.cli.demonstrated import refuse_demo
from reporter.cli.filters import Opened, Ou, counted, open_history, run_named
from reporter.cli.narrowing import say, told_of_files
from reporter.cli.owner import owner
from reporter.cli.progress import progress
from reporter.cli.stopping import until_told
from reporter.model import SEVERITIES

WATCH_HELP = """Look at what matters most between two runs, and tell only what got worse in security since the last run.

A light look: it asks for a few parts of trails and buckets and for nothing else, writes nothing into the history, and tells
each change once to each recipient: by mail (--to, else the recipients of the whole organization's report) and to every webhook
of the settings (JSON, Slack-compatible, or an SNS topic's ARN as the address). Alike changes are one entry; counts of what is
not told are always printed. Who has had --daily messages in 24 hours gets the rest with the next one.

Parts: trails (logging, selectors), exposure (bucket policies, access control lists, blocks on public access), protection
(versioning, encryption, lifecycle, Object Lock, access logging).

Exit codes: 0 nothing got worse, 1 failed, 2 wrong usage, 3 fewer accounts reached than coverage.minimum_percent or a message
that did not leave, 4 something got worse, told now or before.

\b
Examples:
  reporter watch                               one look, for cron or a Kubernetes CronJob
  reporter watch --every 15                    a look every 15 minutes until Ctrl-C
  reporter watch --part trails --part protection --severity medium --no-deliver
  reporter watch --ou Root/Workloads/Prod --to oncall@example.com --daily 5 --json
"""
ATTRIBUTE_HELP = """Ask CloudTrail again who made the changes that have no answer yet, and keep what it says.

CloudTrail delivers within about 15 minutes: what happened just before a run is found later. Every run and every watch asks
again by itself; this is for whoever cannot wait.

\b
Examples:
  reporter attribute
  reporter attribute --run 47
"""
GOT_WORSE = 4
Parts = Annotated[list[str] | None, typer.Option("--part", help="trails, exposure or protection; may be given again.")]


@app.command(help=WATCH_HELP)
def watch(
    config: Config = None,
    part: Parts = None,
    account: Annotated[
        list[str] | None, typer.Option("--account", help="Only this account id; may be given again.")
    ] = None,
    ou: Ou = "",
    severity: narrowing.AtLeast = "",
    to: Annotated[list[str] | None, typer.Option("--to", help="Mail to this address; may be given again.")] = None,
    daily: Annotated[
        int,
        typer.Option(
            "--daily", min=0, help="Messages in 24 hours to each recipient, at most (0: as watch.daily says)."
        ),
    ] = 0,
    every: Annotated[int, typer.Option("--every", min=0, help="Look again after so many minutes; 0: only once.")] = 0,
    no_deliver: Annotated[bool, typer.Option("--no-deliver", help="Print, but tell nobody.")] = False,
    as_json: AsJson = False,
) -> None:
    """See WATCH_HELP, which is what users read."""
    from reporter.run.watching import WATCHABLE, Wanted

    for name in part or ():
        if name not in WATCHABLE:
            raise Refusal(f"--part {name}: there is no such part; use one of {', '.join(WATCHABLE)}", USAGE)
    if severity and severity not in SEVERITIES:
        raise Refusal(f"--severity {severity}: use one of {', '.join(SEVERITIES)}", USAGE)
    opened = open_history(config)
    usual = opened.settings.watch
    wanted = Wanted(tuple(part or usual.parts), tuple(account or ()), ou, severity or usual.severity)

    def looked() -> int:
        return once(opened, wanted, to=to, daily=daily or usual.daily, deliver=not no_deliver, as_json=as_json)

    if every:
        _again(looked, every)
    elif code := looked():
        raise typer.Exit(code)


def once(
    opened: Opened,
    wanted: Any,
    *,
    to: list[str] | None = None,
    daily: int = 10,
    deliver: bool = True,
    as_json: bool = False,
    clock: Any = now,
) -> int:
    """One look, told and printed; the exit code that it deserves."""
    from reporter.collect.options import CollectError
    from reporter.history import HistoryError
    from reporter.run.alerting import lines, queue, waiting
    from reporter.run.posting import post, transport
    from reporter.run.watching import NothingToCompare, look

    settings = opened.settings
    refuse_demo(opened, "watch")
    with told(CollectError, HistoryError, NothingToCompare), told_of_files(), progress(quiet=as_json) as tell:
        watched = look(settings, wanted, opened.engine, clock, tell)
    queued, states = None, {}
    if deliver and (watched.alerts or watched.loud):
        queued = queue(opened.engine, watched, _desk(opened, to, daily))
    if deliver:
        states = dict(post(opened.engine, settings, transport(settings), owner(), clock))
    if as_json:
        emit(_document(watched, queued, states))
    else:
        line(f"Against run {watched.base.seq} of {watched.base.as_of:%Y-%m-%d %H:%M}Z", "bold")
        if not watched.alerts and not watched.loud:
            line(*_quiet(watched))
        say(lines(watched, watched.alerts))
        for text in _told_lines(queued, states):
            line(text)
    left = waiting(opened.engine, watched.base) if deliver else 0
    if left:
        aside(
            f"{counted(left, 'message')} of a watch did not leave or may not have; `reporter deliver` says why; what waits is tried again by the next watch",
            "yellow",
        )
    if watched.alerts or watched.loud:
        return GOT_WORSE
    return GAPS if left or watched.share < settings.coverage.minimum_percent else DONE


def _quiet(watched: Any) -> tuple[str, str]:
    """That nothing got worse, and how far that can be said: what could not be read has not been looked at."""
    if not watched.unreachable and not watched.unread:
        return "Nothing got worse.", "green"
    if watched.share == 0:
        return "Nothing is known: not one account could be reached.", "bold red"
    unseen = [counted(len(watched.unreachable), "account") + " not reached"] if watched.unreachable else []
    unseen += [f"{counted(watched.unread, 'read')} failed"] if watched.unread else []
    return f"Nothing got worse in what could be read; {', '.join(unseen)}.", "yellow"


def _desk(opened: Opened, to: list[str] | None, daily: int) -> Any:
    from reporter.run.alerting import Desk, To, recipients_of
    from reporter.run.publish import look

    settings = opened.settings
    mail = settings.mail.transport != "none"
    addresses = tuple(to or recipients_of(settings)) if mail else ()
    if to and not mail:
        raise Refusal('--to: mail.transport is "none", so nothing can be mailed; set it to "smtp" or "ses"', USAGE)
    hooks = tuple(hook.name for hook in settings.webhook)
    return Desk(settings, To(addresses, hooks, daily), look(settings), Path(settings.report.directory) / "watch")


def _document(watched: Any, queued: Any, states: dict[str, int]) -> dict[str, Any]:
    return {
        "schema": "reporter/watch/1",
        "base": {"seq": watched.base.seq, "as_of": watched.base.as_of},
        "at": watched.at,
        "alerts": [{"change": change, "who": watched.who.get(place)} for place, change in enumerate(watched.alerts)],
        "many_at_once": watched.folds,
        "not_told": dict(watched.hidden),
        "accounts": watched.accounts,
        "unreachable": watched.unreachable,
        "unread": watched.unread,
        "calls": watched.calls,
        "letters": queued,
        "delivered": states,
    }


def _told_lines(queued: Any, states: dict[str, int]) -> list[str]:
    said = []
    if queued is not None:
        said.append(f"{counted(queued.letters, 'message')} queued; {counted(queued.known, 'change')} told before")
        if queued.held:
            said.append(
                f"{counted(queued.held, 'recipient')} with the day's number of messages: the rest comes with the next"
            )
    if states:
        said.append("outbox: " + ", ".join(f"{count} {state}" for state, count in sorted(states.items())))
    return said


def _again(looked: Callable[[], int], minutes: int) -> None:
    """Look until told to stop. A look that fails is said and does not end the watch: the next one may go well."""
    with until_told() as stop:
        while not stop.is_set():
            _once_more(looked)
            stop.wait(minutes * 60)


def _once_more(looked: Callable[[], int]) -> None:
    try:
        looked()
    except Refusal as refusal:
        if refusal.code == USAGE:
            raise
        line(f"this look failed: {plain(refusal)}", "bold red")


@app.command(help=ATTRIBUTE_HELP)
def attribute(
    config: Config = None,
    run: Annotated[str, typer.Option("--run", help="Also the unanswered changes of this run.")] = "last",
    as_json: AsJson = False,
) -> None:
    """See ATTRIBUTE_HELP, which is what users read."""
    from reporter import history
    from reporter.collect.door import open_door
    from reporter.collect.options import CollectError
    from reporter.run.attributing import attribute as ask
    from reporter.run.attributing import unanswered
    from reporter.run.wiring import collect_options

    opened = open_history(config)
    chosen = run_named(opened, run)
    waiting = unanswered(opened.engine, chosen, now())
    found = 0
    if waiting:
        refuse_demo(opened, "ask")
        with told(CollectError, history.HistoryError), progress(quiet=as_json) as tell:
            door = open_door(collect_options(opened.settings), clock=now)
            found = ask(opened.engine, door, chosen, waiting, lambda done, total, what: tell("who", done, total, what))
    if as_json:
        emit({"schema": "reporter/attribute/1", "asked": [change.id for change in waiting], "named": found})
        return
    line(
        f"{counted(len(waiting), 'change')} asked about, {found} with a name now"
        if waiting
        else "every change has been asked about"
    )
