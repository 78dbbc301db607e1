"""`reporter reverted`: what changed and changed back between two runs."""

import typer

from reporter.cli.app import app
from reporter.cli.console import AsJson, Config, emit, line, now, plain, told
from reporter.cli.filters import Accounts, AtRun, Ou, open_history, run_named, within
from reporter.cli.narrowing import say
from reporter.cli.progress import progress

REVERTED_HELP = """What was changed and changed back between a run and the one before it, so that neither saw a difference.

Asked of CloudTrail on demand: one call for each event name, account and region, two a second for each; the last 90 days.
(A trail that was switched off and on again is in `reporter drift` already: the trail itself tells.)

Exit code 4 if anything was, as with `reporter drift`.

\b
Examples:
  reporter reverted --account 111122223333
  reporter reverted --run 46 --ou Root/Workloads/Prod --json
"""
CAME_AND_WENT = 4


@app.command(help=REVERTED_HELP)
def reverted(
    config: Config = None, run: AtRun = "last", account: Accounts = None, ou: Ou = "", as_json: AsJson = False
) -> None:
    """See REVERTED_HELP, which is what users read."""
    from reporter import history
    from reporter.collect.door import open_door
    from reporter.collect.options import CollectError
    from reporter.drift.text import Beside, change_lines
    from reporter.run.reverting import reverted as ask
    from reporter.run.wiring import collect_options

    opened = open_history(config)
    chosen, scope = run_named(opened, run), within(account, ou)
    with told(CollectError, history.HistoryError), progress(quiet=as_json) as tell:
        door = open_door(collect_options(opened.settings), clock=now)
        found = ask(opened.engine, door, chosen, scope, lambda done, total, what: tell("who", done, total, what))
    if as_json:
        emit({"schema": "reporter/reverted/1", "found": found})
    elif found is None:
        line(f"run {chosen.seq} is the first: there is nothing before it")
    else:
        names = {id: one.name for id, one in history.accounts(opened.engine, chosen).items()}
        line(f"Between run {found.before.seq} and run {found.after.seq}, {found.calls} calls to CloudTrail", "bold")
        made_by = {(one.type, one.resource): found.who[place] for place, one in enumerate(found.changes)}
        beside = Beside(lambda one: made_by.get((one.type, one.resource)), account=lambda id: names.get(id, ""))
        for change in found.changes:
            say(change_lines(change, beside))
        for where, why in sorted(found.unasked.items()):
            line(f"  ? {plain(where)} could not be asked: {plain(why)}", "magenta")
        line(f"{len(found.changes)} changed and changed back", "bold")
    if found is not None and found.changes:
        raise typer.Exit(CAME_AND_WENT)
