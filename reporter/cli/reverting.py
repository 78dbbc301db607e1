"""`reporter reverted`: what changed and changed back between two runs."""

from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import AsJson, Config, emit, line, now, plain, told
from reporter.cli.demonstrated import refuse_demo
from reporter.cli.filters import Accounts, AtRun, Opened, Ou, open_history, run_named, within
from reporter.cli.narrowing import say
from reporter.cli.progress import progress
from reporter.model import Run

REVERTED_HELP = """What was changed and changed back between a run and the one before it, so that neither saw a difference.

Answered by what a run has kept of it (collect.reverted), else asked of CloudTrail now: one call for each event name, account
and region, two a second for each; the last 90 days.
(A trail that was switched off and on again is in `reporter drift` already: the trail itself tells.)

Exit code 4 if anything was, as with `reporter drift`.

\b
Examples:
  reporter reverted --account 111122223333
  reporter reverted --again                    ask CloudTrail, whatever a run has kept
  reporter reverted --run 46 --ou Root/Workloads/Prod --json
"""
CAME_AND_WENT = 4


@app.command(help=REVERTED_HELP)
def reverted(
    config: Config = None,
    run: AtRun = "last",
    account: Accounts = None,
    ou: Ou = "",
    again: Annotated[bool, typer.Option("--again", help="Ask CloudTrail, whatever the run has kept.")] = False,
    as_json: AsJson = False,
) -> None:
    """See REVERTED_HELP, which is what users read."""
    opened = open_history(config)
    chosen, scope = run_named(opened, run), within(account, ou)
    found = (None if again else _kept(opened, chosen, scope)) or _asked(opened, chosen, scope, as_json)
    if as_json:
        emit({"schema": "reporter/reverted/1", "found": found})
    elif found is None:
        line(f"run {chosen.seq} is the first: there is nothing before it")
    else:
        _print(opened, found)
    if found is not None and found.changes:
        raise typer.Exit(CAME_AND_WENT)


def _kept(opened: Opened, run: Run, scope: Any) -> Any:
    """What the run itself asked before it was sealed; None if it did not."""
    from reporter import history
    from reporter.run.reverting import Reverted

    kept, before = history.reverted(opened.engine, run, scope), history.previous_run(opened.engine, run)
    if kept is None or before is None:
        return None
    who = {place: attribution for place, (_, attribution) in enumerate(kept.changes) if attribution is not None}
    return Reverted(before, run, tuple(change for change, _ in kept.changes), who, kept.unasked, kept.calls)


def _asked(opened: Opened, run: Run, scope: Any, quiet: bool) -> Any:
    from reporter import history
    from reporter.collect.door import open_door
    from reporter.collect.options import CollectError
    from reporter.run.reverting import reverted as ask
    from reporter.run.wiring import collect_options

    refuse_demo(opened, "ask")
    with told(CollectError, history.HistoryError), progress(quiet=quiet) as tell:
        door = open_door(collect_options(opened.settings), clock=now)
        return ask(opened.engine, door, run, scope, lambda done, total, what: tell("who", done, total, what))


def _print(opened: Opened, found: Any) -> None:
    from reporter import history
    from reporter.drift.text import Beside, change_lines

    names = {id: one.name for id, one in history.accounts(opened.engine, found.after).items()}
    line(f"Between run {found.before.seq} and run {found.after.seq}, {found.calls} calls to CloudTrail", "bold")
    made_by = {(one.type, one.resource): found.who.get(place) for place, one in enumerate(found.changes)}
    beside = Beside(lambda one: made_by.get((one.type, one.resource)), account=lambda id: names.get(id, ""))
    for change in found.changes:
        say(change_lines(change, beside))
    for where, why in sorted(found.unasked.items()):
        line(f"  ? {plain(where)} could not be asked: {plain(why)}", "magenta")
    line(f"{len(found.changes)} changed and changed back", "bold")
