"""`reporter drift` and `reporter diff`: what changed, whether it got worse, who did it."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal, emit, line, moment, plain
from reporter.cli.filters import Accounts, AtRun, Limit, Opened, Ou, Type, open_history, run_named, within

DRIFT_HELP = """What changed: worse first, with who did it, then improved, then the rest; hidden changes are counted.

Exit codes: 0 nothing worsened, 1 failed, 2 wrong usage, 3 coverage below the configured minimum, 4 something worsened.

\b
Examples:
  reporter drift                                     since the last report
  reporter drift --since 2026-11-01 --type AWS::S3::Bucket
  reporter drift --run 47 --all                      tags and cosmetic changes too
  reporter drift --actor alice --path Policy
  reporter drift show 8123                           everything about one change
"""
DIFF_HELP = """What differs between two runs, whatever happened in between; changed and changed back is no difference.

\b
Examples:
  reporter diff previous last
  reporter diff 2026-08-01 2026-09-01 --type AWS::CloudTrail::Trail
"""
WORSENED = 4
TONES = {
    "heading": "bold", "worse": "bold red", "better": "green", "came": "green", "went": "red", "differs": "yellow",
    "unseen": "magenta", "faint": "dim",
}  # fmt: skip


@app.command(help=DRIFT_HELP)
def drift(
    words: Annotated[list[str] | None, typer.Argument(metavar="[show ID]", help="show ID: one change.")] = None,
    config: Config = None,
    run: AtRun = "last",
    since: Annotated[
        str | None, typer.Option("--since", help="Everything detected after this date instead of one run.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="With --since: up to this date.")] = None,
    account: Accounts = None,
    ou: Ou = "",
    type: Type = "",
    resource: Annotated[str, typer.Option("--resource", help="Only this resource, by id or ARN.")] = "",
    path: Annotated[str, typer.Option("--path", help="Only changes of settings whose path holds this text.")] = "",
    actor: Annotated[
        str, typer.Option("--actor", help="Only changes by a principal, address or tool holding this text.")
    ] = "",
    all: Annotated[
        bool, typer.Option("--all", help="Show tags and cosmetic changes and what is almost everywhere.")
    ] = False,
    limit: Limit = 0,
    as_json: AsJson = False,
) -> None:
    """See DRIFT_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    if words:
        _show(opened, words, as_json)
        return
    chosen = run_named(opened, run)
    window = {"since": moment(since), "until": moment(until)} if since or until else {"run": chosen}
    found = history.changes(
        opened.engine, within=within(account, ou), type=type, resource=resource, limit=limit or None, **window
    )
    made_by = history.attributions(opened.engine, [c.id for c in found])
    found = [c for c in found if _wanted(c, made_by.get(c.id), path, actor)]
    coverage = history.coverage(opened.engine, chosen)
    if as_json:
        emit(_document(opened, chosen, coverage, found, made_by))
    else:
        _print(opened, chosen, coverage, found, made_by, everything=all)
    _leave(found, coverage, opened.settings.coverage.minimum_percent)


@app.command(help=DIFF_HELP)
def diff(
    before: Annotated[str, typer.Argument(metavar="RUN_A", help="A run: number, id, date, previous, last.")],
    after: Annotated[str, typer.Argument(metavar="RUN_B", help="The run to compare with.")],
    config: Config = None,
    account: Accounts = None,
    ou: Ou = "",
    type: Type = "",
    as_json: AsJson = False,
) -> None:
    """See DIFF_HELP, which is what users read."""
    from reporter import history
    from reporter.drift.changes import describe
    from reporter.drift.text import LEGEND, SECTIONS, drift_lines

    opened = open_history(config)
    first, second = run_named(opened, before), run_named(opened, after)
    found = []
    for old, new in history.pairs(opened.engine, first, second, within(account, ou)):
        change = describe(old, new, detected_at=second.as_of, not_before=first.as_of)
        if change is not None and (not type or change.type == type):
            found.append(change)
    if as_json:
        emit({"from": first.seq, "to": second.seq, "changes": found})
        return
    line(
        f"Run {first.seq} of {first.as_of:%Y-%m-%d %H:%M} -> run {second.seq} of {second.as_of:%Y-%m-%d %H:%M} UTC",
        "bold",
    )
    for one in drift_lines(found, sections=frozenset(SECTIONS)):
        line(str(one), TONES.get(one.tone, ""))
    line(LEGEND, "dim")


def _wanted(change: Any, attribution: Any, path: str, actor: str) -> bool:
    if path and not any(path.lower() in op.path.lower() for op in change.ops):
        return False
    if not actor:
        return True
    actors = attribution.actors if attribution else ()
    known = " ".join(f"{a.principal} {a.arn} {a.source_ip} {a.user_agent} {a.via}" for a in actors)
    return actor.lower() in known.lower()


def _print(opened: Opened, run: Any, coverage: Any, found: Sequence[Any], made_by: Any, *, everything: bool) -> None:
    from reporter import history
    from reporter.drift.noise import fold
    from reporter.drift.text import LEGEND, SECTIONS, SHOWN, drift_lines

    totals: Counter[str] = Counter()
    if not everything and found:
        totals.update(row.type for row in history.inventory(opened.engine, run, history.Within()))
    kept, folds = (found, ()) if everything else fold(found, totals)
    owned = {
        a.change: f"{a.owner}: {a.reason}" for a in history.acknowledgements(opened.engine, run.as_of) if not a.ended
    }
    for text in _head(opened, run, coverage):
        line(text)
    line()
    shown = drift_lines(
        kept,
        attribution=lambda c: made_by.get(c.id),
        acknowledged=lambda c: owned.get(c.id, ""),
        folds=folds,
        sections=frozenset(SECTIONS) if everything else SHOWN,
    )
    for one in shown:
        line(str(one), TONES.get(one.tone, ""))
    line(f"{LEGEND}   reporter drift show ID", "dim")


def _head(opened: Opened, run: Any, coverage: Any) -> list[str]:
    from reporter import history

    previous = history.previous_run(opened.engine, run)
    since = f"{previous.as_of:%Y-%m-%d %H:%M}Z -> " if previous else "baseline "
    width = f" ({(run.as_of - previous.as_of).days} d)" if previous else ""
    text = [f"Drift {since}{run.as_of:%Y-%m-%d %H:%M}Z{width}   run {run.seq}   chain {run.chain[:12]}"]
    unseen = coverage.partial + coverage.unreachable
    tail = (
        f"; {coverage.partial} partly, {coverage.unreachable} unreachable: never counted as deleted (reporter coverage)"
    )
    text.append(f"Coverage {coverage.read}/{coverage.total - coverage.excluded} accounts{tail if unseen else ''}")
    return text


def _document(opened: Opened, run: Any, coverage: Any, found: Sequence[Any], made_by: Any) -> dict[str, Any]:
    from reporter.drift.text import section

    del opened
    return {
        "schema": "reporter/drift/1",
        "run": {"seq": run.seq, "id": run.id, "as_of": run.as_of, "chain": run.chain},
        "coverage": coverage,
        "counts": Counter(section(c) for c in found),
        "changes": [{"change": c, "who": made_by.get(c.id)} for c in found],
    }


def _show(opened: Opened, words: list[str], as_json: bool) -> None:
    from reporter import history
    from reporter.drift.text import change_lines

    if len(words) != 2 or words[0] != "show" or not words[1].isdigit():
        raise Refusal("write: reporter drift show ID (the number of a change)", USAGE)
    number = int(words[1])
    change = history.change(opened.engine, number)
    if change is None:
        raise Refusal(f"there is no change {number}; `reporter drift --json` lists them with their ids")
    who = history.attributions(opened.engine, [number]).get(number)
    notes = history.notes(opened.engine, number)
    owned = [a for a in history.acknowledgements(opened.engine, None) if a.change == number]
    if as_json:
        emit({"change": change, "who": who, "acknowledgements": owned, "notes": notes})
        return
    for one in change_lines(change, who):
        line(str(one), TONES.get(one.tone, ""))
    for actor in who.actors if who else ():
        line(
            f"      {actor.at:%Y-%m-%d %H:%M:%S}Z {actor.event_name} by {plain(actor.principal)} from {plain(actor.source_ip)}"
        )
        line(f"        {plain(actor.user_agent)}  event {plain(actor.event_id)}", "dim")
    for op in change.ops:
        line(f"    {plain(op.path)}", "bold")
        line(f"      before: {plain(op.before)}")
        line(f"      after:  {plain(op.after)}")
    for one in owned:
        line(f"    acknowledged by {plain(one.owner)} until {one.expires_on}: {plain(one.reason)} {one.ended}".rstrip())
    for note in notes:
        line(f"    {note.at:%Y-%m-%d %H:%M} {plain(note.by)}: {plain(note.text)}")


def _leave(found: Sequence[Any], coverage: Any, minimum: float) -> None:
    """The exit code a pipeline branches on; what worsened outweighs thin coverage."""
    from reporter.drift.text import section

    if any(section(change) == "worsened" for change in found):
        raise typer.Exit(WORSENED)
    in_scope = coverage.total - coverage.excluded
    if coverage.read * 100 < minimum * in_scope:
        raise typer.Exit(3)
