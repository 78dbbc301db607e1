"""`reporter history`, `show`, `blame`, `coverage`: one resource through time, and how much of the whole was seen."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any

import typer

from reporter.cli import narrowing
from reporter.cli.app import app
from reporter.cli.console import (
    GAPS,
    USAGE,
    AsJson,
    Config,
    Refusal,
    command,
    emit,
    line,
    moment,
    now,
    plain,
    quoted,
    spelled,
)
from reporter.cli.covered import NOT_ASKED, coverage_lines, gap_lines
from reporter.cli.drifting import beginning, first_sight
from reporter.cli.filters import Accounts, AtRun, Limit, Opened, Ou, Type, counted, open_history, run_named, within
from reporter.cli.narrowing import Place, beside, known_place, narrowed, say, unfinished
from reporter.drift.text import Beside, actor_line, change_lines, others_of
from reporter.drift.wording import clean, shown
from reporter.model import Attribution, Change

HISTORY_HELP = """Everything known of one resource: when it came, each change and who made it, when parts of it could not be read.

The resource is named by its ARN, its id, or the last part of its ARN.

\b
Examples:
  reporter history arn:aws:s3:::corp-logs
  reporter history corp-logs --kind modified --path Policy
  reporter history corp-logs --json
"""
SHOW_HELP = """A resource's configuration as it was last known at a date.

\b
Examples:
  reporter show arn:aws:s3:::corp-logs
  reporter show corp-logs --at 2026-03-01 --path PublicAccessBlock
  reporter show corp-logs --json
"""
BLAME_HELP = """Each setting of a resource: its value, since when it is so, and who set it.

\b
Examples:
  reporter blame arn:aws:s3:::corp-logs
  reporter blame corp-logs --path Encryption --json
"""
COVERAGE_HELP = """What a run read and what it did not, account by account, with the reason and the remedy.

Exit code 3 if less was read than coverage.minimum_percent.

\b
Examples:
  reporter coverage
  reporter coverage --status unreachable --status partial
  reporter coverage --run previous --ou Root/Workloads --json
"""
Name = Annotated[str, typer.Argument(metavar="ARN", help="The resource's ARN or id.")]
Since = Annotated[str | None, typer.Option("--since", help="Only what was seen after this date.")]
At = Annotated[str | None, typer.Option("--at", help="A date or instant; default: now.")]


@app.command("history", help=HISTORY_HELP)
def history_of(
    name: Name,
    config: Config = None,
    type: Type = "",
    since: Since = None,
    kind: narrowing.Kinds = None,
    path: narrowing.Path = "",
    actor: narrowing.Who = "",
    limit: Limit = 0,
    as_json: AsJson = False,
) -> None:
    """See HISTORY_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    narrow = narrowed(kinds=kind, path=path, actor=actor)
    versions = versions_of(opened, name, type)
    item = versions[-1].item
    found = history.changes(
        opened.engine, since=beginning(since), type=item.type, resource=item.arn or item.id, sealed=True
    )
    known = beside(opened, run_named(opened, "last"), found)
    wanted = sorted((one for one in found if narrow.holds(one, known)), key=lambda change: change.detected_at)
    wanted = wanted[-limit:] if limit else wanted
    notes = history.notes(opened.engine, [one.id for one in wanted if one.id is not None])
    if as_json:
        told = [
            {"change": c, "who": known.attribution(c), "acknowledged": known.acknowledged(c) or None} for c in wanted
        ]
        emit({"schema": "reporter/history/1", "versions": versions, "changes": told, "notes": notes})
        return
    _print_life(versions, known, first_sight(opened, item))
    remarks: dict[int, list[Any]] = {}
    for note in notes:
        remarks.setdefault(note.change, []).append(note)
    for change in wanted:
        line()
        say(change_lines(change, known))
        for note in remarks.get(change.id or 0, ()):
            line(f"      note {note.at:%Y-%m-%d %H:%M}Z {plain(note.by)}: {plain(note.text)}")
    line()
    line(
        f"{len(wanted)} of {counted(len(found), 'change')} shown; {command(f'blame {quoted(item.arn or item.id)}')}",
        "dim",
    )


def _print_life(versions: Sequence[Any], known: Beside, came: str) -> None:
    """Where it is, and each state it was in: a new life, a spell out of sight."""
    item = versions[-1].item
    line(f"{item.type} {plain(item.arn or item.id)}", "bold")
    place = " ".join(part for part in (plain(known.account(item.account)), item.account) if part)
    line(f"account {place}, {item.region}")
    if came:
        line(f"  {plain(came)}")
    for version in versions:
        until = f"{version.valid_to:%Y-%m-%d %H:%M}Z {version.end_reason}" if version.valid_to else "now"
        again = f"  life {version.incarnation}" if version.incarnation > 1 else ""
        other = f"  account {version.item.account}" if version.item.account != item.account else ""
        line(f"  {version.valid_from:%Y-%m-%d %H:%M}Z -> {until}  {version.sha256[:12]}{again}{other}")
        for part, why in sorted(version.item.unread.items()):
            if why.code not in NOT_ASKED:
                line(f"      ? {plain(part)} out of sight: {plain(why)}; the last known value is kept", "magenta")


@app.command(help=SHOW_HELP)
def show(
    name: Name,
    config: Config = None,
    at: At = None,
    type: Type = "",
    path: Annotated[str, typer.Option("--path", help="Only this setting: Policy, Encryption.Rules ...")] = "",
    as_json: AsJson = False,
) -> None:
    """See SHOW_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    known = versions_of(opened, name, type)
    instant = moment(at, now()) or now()
    item = known[-1].item
    version = history.item_at(opened.engine, item.type, item.arn or item.id, instant)
    if version is None:
        first = known[0].valid_from
        raise Refusal(
            f"{name} was not known at {instant:%Y-%m-%d %H:%M}Z; it was first seen at {first:%Y-%m-%d %H:%M}Z",
            USAGE,
        )
    item = version.item
    configuration = _below(item.configuration, path)
    around = history.around(opened.engine, item.type, item.arn or item.id, instant)
    look = _look(opened.engine, item, around.last)
    if as_json:
        emit(
            {
                "schema": "reporter/item/1", "type": item.type, "id": item.id, "arn": item.arn, "account": item.account,
                "region": item.region, "at": instant, "valid_from": version.valid_from, "valid_to": version.valid_to,
                "incarnation": version.incarnation, "sha256": version.sha256, "configuration": configuration,
                "last_look": around.last, "next_look": around.next, "next_shows": around.shows or None,
                "unread": {part: str(why) for part, why in item.unread.items()},
                "read_by": look.read_by if look else "", "requests": look.requests if look else {},
            }
        )  # fmt: skip
        return
    _print(Shown(version, instant, configuration, around, look))


@dataclass(frozen=True, slots=True)
class Shown:
    """One resource at an instant: its version, the settings asked for, the looks around, and the look that saw it."""

    version: Any
    instant: datetime
    configuration: Any
    around: Any
    look: Any


def _print(one: Shown) -> None:
    version, item, around, look = one.version, one.version.item, one.around, one.look
    until = f"until {version.valid_to:%Y-%m-%d %H:%M}Z ({version.end_reason})" if version.valid_to else "until now"
    line(f"{item.type} {plain(item.arn or item.id)}", "bold")
    line(f"account {item.account}, {item.region}; as of {one.instant:%Y-%m-%d %H:%M}Z")
    if around.last != one.instant:
        line(_between(around), "yellow" if around.shows in ("different", "gone") else "dim")
    line(f"so since {version.valid_from:%Y-%m-%d %H:%M}Z, {until}; sha256 {version.sha256}", "dim")
    if look and look.read_by:
        line(plain(f"read by {look.read_by}"), "dim")
    for text in json.dumps(one.configuration, indent=2, sort_keys=True, ensure_ascii=False).split("\n"):
        line(plain(text))
    for operation, id in sorted(look.requests.items() if look else ()):
        line(plain(f"request {operation} {id}"), "dim")
    for part, why in sorted(item.unread.items()):
        if why.code not in NOT_ASKED:
            line(f"? {plain(part)} could not be read: {plain(why)}; shown is its last known value", "magenta")


def _look(engine: Any, item: Any, at: Any) -> Any:
    """The resource as the run saw it that looked at an instant: by which session, and by which requests where they are kept."""
    from reporter import history

    run = history.run_at(engine, at) if at else None
    return history.find(engine, run, item.type, item.arn or item.id) if run else None


def _between(around: Any) -> str:
    """What is known of a moment at which nobody looked: the look before it, and what the one after it showed."""
    last = f"as last seen at {around.last:%Y-%m-%d %H:%M}Z" if around.last else "no look before it is on record"
    if around.next is None:
        return f"{last}; nobody has looked since"
    shown = {
        "same": "the same",
        "different": "something else: when in between it changed is not known here",
        "gone": "that it is gone",
    }
    return f"{last}; the next look, at {around.next:%Y-%m-%d %H:%M}Z, shows {shown.get(around.shows, 'nothing')}"


def _below(configuration: Mapping[str, Any], path: str) -> Any:
    from reporter.drift.paths import keys, locate

    if not path:
        return configuration
    if keys(path)[0] not in configuration:  # below a part, null says "not set": AWS leaves such fields out
        parts = ", ".join(sorted(configuration))
        raise Refusal(f"--path {path}: leads nowhere in this resource; it has {parts}", USAGE)
    return dict(locate(configuration, path))


@app.command(help=BLAME_HELP)
def blame(
    name: Name, config: Config = None, type: Type = "", path: narrowing.Path = "", as_json: AsJson = False
) -> None:
    """See BLAME_HELP, which is what users read."""
    from reporter import history
    from reporter.drift.blame import blame as settings_of

    opened = open_history(config)
    versions = versions_of(opened, name, type)
    item = versions[-1].item
    found = history.changes(opened.engine, type=item.type, resource=item.arn or item.id)
    made_by = history.attributions(opened.engine, [c.id for c in found if c.id is not None])
    settings = settings_of(item.configuration, found, versions[0].valid_from)
    rows = [_blamed(one, made_by) for one in settings if path.lower() in one.path.lower()]
    if as_json:
        emit({"schema": "reporter/blame/1", "type": item.type, "arn": item.arn, "settings": rows})
        return
    line(f"{item.type} {plain(item.arn or item.id)}", "bold")
    for row in (row for row in rows if row["change"] is not None):
        line(f"  {clean(row['path'])} = {shown(row['value'])}")
        line(f"      {row['said']}", "dim")
    unchanged = [row for row in rows if row["change"] is None]
    if unchanged:
        line(
            f"As it is since the first look, {versions[0].valid_from:%Y-%m-%d %H:%M}Z, or longer: "
            f"{counted(len(unchanged), 'setting')}"
        )
    for row in unchanged:
        line(f"  {clean(row['path'])} = {shown(row['value'])}")
    if not rows:
        line(f"no setting's path holds {path!r}" if path else "nothing is set")


def _blamed(setting: Any, made_by: Mapping[int, Attribution]) -> dict[str, Any]:
    """A setting with who set it, in words and as data."""
    from reporter.drift.blame import made

    change: Change | None = setting.change
    who = made(setting, made_by.get(change.id or 0)) if change else None
    return {
        "path": setting.path, "value": setting.value, "since": setting.since, "change": change.id if change else None,
        "who": who, "said": _said(setting, change, who),
    }  # fmt: skip


def _said(setting: Any, change: Change | None, who: Attribution | None) -> str:
    if change is None:
        return f"not changed since the first look, {setting.since:%Y-%m-%d %H:%M}Z"
    number = f" (change #{change.id})" if change.id is not None else ""
    if who is None or not who.actors:
        why = clean(who.reason) if who else "nobody has asked CloudTrail"
        return f"seen {setting.since:%Y-%m-%d %H:%M}Z{number}; by whom is not known: {why}"
    return f"by {actor_line(who.actors[0], others_of(who))} [{who.confidence}]{number}"


@app.command(help=COVERAGE_HELP)
def coverage(
    config: Config = None,
    run: AtRun = "last",
    account: Accounts = None,
    ou: Ou = "",
    status: Annotated[
        list[str] | None,
        typer.Option("--status", help="Only read, partial, unreachable or excluded; may be given again."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """See COVERAGE_HELP, which is what users read."""
    from reporter import history
    from reporter.model import ReadStatus

    for word in status or ():
        if word not in set(ReadStatus):
            raise Refusal(f"--status {word}: use one of {', '.join(ReadStatus)}", USAGE)
    opened = open_history(config)
    chosen = run_named(opened, run)
    known_place(opened, chosen, Place(account or (), ou))
    total = history.coverage(opened.engine, chosen)
    readings = history.readings(opened.engine, chosen, within(account, ou))
    rows = [row for row in readings if not status or row.status.value in status]
    gaps = history.gaps(opened.engine, chosen, within(account, ou))
    if as_json:
        told = {"run": chosen.seq, "coverage": total, "accounts": rows, "gaps": gaps}
        emit({"schema": "reporter/coverage/1", **told, "unfinished": unfinished(opened, chosen) or None})
    else:
        for text, style in (*coverage_lines(chosen, total, rows), *gap_lines(gaps)):
            line(text, style)
        if later := unfinished(opened, chosen):
            line(plain(f"NOT YET: {spelled(later)}"), "yellow")
    if total.read * 100 < opened.settings.coverage.minimum_percent * (total.total - total.excluded):
        raise typer.Exit(GAPS)


def versions_of(opened: Opened, name: str, type: str = "") -> Any:
    """All versions of the resource of that ARN, id or last part of an ARN; a refusal that helps where there is none, or several."""
    from reporter import history
    from reporter.assess.resource_types import PARTS

    types = [type] if type else sorted(PARTS)
    for one in types:
        versions = history.versions(opened.engine, one, name)
        if versions:
            return versions
    last = run_named(opened, "last")
    rows = [row for row in history.inventory(opened.engine, last) if not type or row.type == type]
    named = [row for row in rows if row.id.replace(":", "/").rpartition("/")[2] == name]
    if len(named) == 1:
        return history.versions(opened.engine, named[0].type, named[0].arn or named[0].id)
    near = named or [row for row in rows if name.lower() in row.arn.lower()] or _alike(name, rows)
    hint = ", ".join(sorted({row.arn or row.id for row in near})[:5])
    several = f"{name}: names several resources, write the ARN of one: {hint}"
    none = f"{name}: the history knows no such resource{f'; near are {hint}' if near else ''}"
    raise Refusal(several if named else none, USAGE)


def _alike(name: str, rows: Sequence[Any]) -> list[Any]:
    """Those whose own name is nearly this one: a letter too many, too few, or another."""
    own = {row.id.replace(":", "/").rpartition("/")[2]: row for row in rows}
    return [own[one] for one in get_close_matches(name.replace(":", "/").rpartition("/")[2], own, n=3, cutoff=0.75)]
