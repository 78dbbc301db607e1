"""`reporter drift show`, everything about one change; `reporter diff`, two runs side by side."""

import difflib
import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from reporter.cli import narrowing
from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal, command, emit, line, now, plain, quoted
from reporter.cli.drifting import drifts, interval
from reporter.cli.filters import Accounts, Opened, Ou, Region, Type, counted, open_history, run_named, within
from reporter.cli.narrowing import Place, beside, known_place, narrowed, owned_words, say, told_of_files
from reporter.drift.text import LEGEND, NOTHING_BESIDE, SECTIONS, SHOWN, change_lines, drift_lines, section
from reporter.drift.wording import clean, shown
from reporter.model import Attribution, Change

SHOW_HELP = """Everything about one change: its differences in full, who made it and how sure that is, acknowledgements, notes.

\b
Examples:
  reporter drift show 8123
  reporter drift show 8123 --raw       the whole configuration before and after, as a text diff
  reporter drift show 8123 --json
"""
DIFF_HELP = """What differs between two runs, whatever happened in between.

The direction comes from what policies grant and from rules for single settings; --judge also asks today's checks about both
sides, which takes about a second for each account that differs. What changed in between and changed back is no difference; it
is listed apart. A resource that the earlier run did not look for is counted, not called created.

\b
Examples:
  reporter diff previous last
  reporter diff 2026-08-01 2026-09-01 --type AWS::CloudTrail::Trail
  reporter diff 12 47 --account 111122223333 --path Policy --judge --json
"""
LONGEST = 400  # characters of a value


@drifts.command("show", help=SHOW_HELP)
def show_change(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The change's number; lists print it as #NUMBER.")],
    config: Config = None,
    raw: Annotated[bool, typer.Option("--raw", help="The configuration before and after, line by line.")] = False,
    as_json: AsJson = False,
) -> None:
    """See SHOW_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    change = history.change(opened.engine, number)
    if change is None:
        raise Refusal(
            f"there is no change {number}; `reporter drift` prints each change's number after its name", USAGE
        )
    who = history.attributions(opened.engine, [number]).get(number)
    notes = history.notes(opened.engine, [number])
    owned = history.acknowledgements(opened.engine, now(), [number])
    if as_json:
        emit(
            {
                "schema": "reporter/change/1", "change": change, "section": section(change), "who": who,
                "acknowledgements": owned, "notes": notes,
            }
        )  # fmt: skip
        return
    known = beside(opened, run_named(opened, "last"), [change])
    say(change_lines(change, known))
    for text, style in _details(change, who):
        line(text, style)
    for one in owned:
        words = owned_words(one, now().date()) + (f" ({one.ended})" if one.ended else "")
        line(f"    acknowledgement {one.number}: {plain(words)}")
    for note in notes:
        line(f"    note {note.at:%Y-%m-%d %H:%M}Z {plain(note.by)}: {plain(note.text)}")
    if raw:
        line()
        for text in _raw(opened, change):
            line(text, {"+": "green", "-": "red", "@": "dim"}.get(text[:1], ""))
        return
    line()
    line(
        f"{command(f'drift show {number} --raw')}   {command(f'blame {quoted(change.arn or change.resource)}')}", "dim"
    )


def _details(change: Change, who: Attribution | None) -> Iterator[tuple[str, str]]:
    """What the plan leaves out: both values of each setting, every answer that moved, every event."""
    yield f"    {change.arn or change.resource}", ""
    for op in change.ops:
        yield f"    {clean(op.path)}  ({op.klass})", "bold"
        yield f"      before: {shown(op.before, LONGEST)}", ""
        yield f"      after:  {shown(op.after, LONGEST)}", ""
        own = next((one for one in (who.settings if who else ()) if one.path == op.path), None)
        if own is not None and own.actors:
            yield (
                f"      by:     {clean(own.actors[0].principal)} {clean(own.actors[0].event_name)} [{own.confidence}]",
                "dim",
            )
    moved = [f"{check} {move}" for check, move in change.checks.items() if "absent" in move]
    if moved:
        yield f"    answers that came or went: {', '.join(moved)}", "dim"
    if who is None:
        yield "    Nobody has asked CloudTrail who made it.", "dim"
        return
    yield f"    who: {who.confidence}, {clean(who.reason)}", ""
    for one in who.actors:
        yield f"      {one.at:%Y-%m-%d %H:%M:%S}Z {clean(one.event_name)} by {clean(one.principal)}", ""
        yield f"        {clean(one.arn)} from {clean(one.source_ip)}, {clean(one.user_agent)}", "dim"
        yield f"        event {clean(one.event_id)}", "dim"


def _raw(opened: Opened, change: Change) -> Iterator[str]:
    """The stored documents on both sides of the change as a unified diff."""
    from reporter import history

    versions = history.versions(opened.engine, change.type, change.arn or change.resource)
    before = [one for one in versions if one.valid_from < change.detected_at]
    after = [one for one in versions if one.valid_from == change.detected_at]
    old, new = _pretty(before[-1] if before else None), _pretty(after[0] if after else None)
    found = list(difflib.unified_diff(old, new, "before", f"{change.detected_at:%Y-%m-%d %H:%M}Z", lineterm=""))
    yield from (plain(text) for text in found)
    if not found:
        yield "The configuration is the same before and after; what happened in between is said above."


def _pretty(version: Any) -> list[str]:
    if version is None:
        return []
    return json.dumps(version.item.configuration, indent=2, sort_keys=True, ensure_ascii=False).split("\n")


@app.command(help=DIFF_HELP)
def diff(
    before: Annotated[str, typer.Argument(metavar="RUN_A", help="A run: number, id, date, previous, last.")],
    after: Annotated[str, typer.Argument(metavar="RUN_B", help="A later run to compare with.")],
    config: Config = None,
    account: Accounts = None,
    ou: Ou = "",
    region: Region = "",
    type: Type = "",
    resource: narrowing.Resource = "",
    kind: narrowing.Kinds = None,
    classes: narrowing.Classes = None,
    direction: narrowing.Directions = None,
    severity: narrowing.AtLeast = "",
    path: narrowing.Path = "",
    all: narrowing.Everything = False,
    judge: Annotated[bool, typer.Option("--judge", help="Judge both sides by today's checks, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """See DIFF_HELP, which is what users read."""
    from reporter.run.comparing import compare, judged
    from reporter.run.wiring import judgement

    narrow = narrowed(kinds=kind, classes=classes, directions=direction, severity=severity, region=region, path=path)
    opened = open_history(config)
    first, second = run_named(opened, before), run_named(opened, after)
    if (first.seq or 0) >= (second.seq or 0):
        raise Refusal(f"run {first.seq} is not before run {second.seq}; write the earlier one first", USAGE)
    scope = within(account, ou)
    known_place(opened, second, Place(account or (), ou, region, type, resource))
    compared = compare(opened.engine, first, second, scope)
    if judge:
        with told_of_files():
            compared = judged(opened.engine, compared, judgement(opened.settings))

    def wanted(change: Change) -> bool:
        named = not resource or resource in {change.resource, change.arn}
        return named and (not type or change.type == type) and narrow.holds(change, NOTHING_BESIDE)

    found = [change for change in compared.changes if wanted(change)]
    back = [change for change in compared.reverted if wanted(change)]
    if as_json:
        told = {"changes": found, "changed_and_reverted": back, "first_seen": compared.first_seen}
        emit({"schema": "reporter/diff/1", "from": first.seq, "to": second.seq, **told})
        return
    known = beside(opened, second, [*found, *back])
    line(f"Run {first.seq} -> run {second.seq}   {interval(first, second)}", "bold")
    line()
    sections = frozenset(SECTIONS) if all else SHOWN
    least = len(found) + 1 if all else narrowing.ALIKE
    say(drift_lines(found, known, sections=sections, least=least))
    if back:
        line()
        line(f"CHANGED AND CHANGED BACK {len(back)}", "bold")
        for change in back:
            say(change_lines(change, known))
    if compared.first_seen:
        new = counted(compared.first_seen, "resource")
        line(f"Seen first after run {first.seq}, which did not look for it: {new}.", "dim")
    line(f"{LEGEND}   who did it: {command('history ARN')}", "dim")
