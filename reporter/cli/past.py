"""`reporter history`, `show`, `blame`, `coverage`, `accounts`: one resource through time, and what was seen of the whole."""

from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import AsJson, Config, Refusal, emit, line, moment, now, plain
from reporter.cli.drifting import TONES
from reporter.cli.filters import Accounts, AtRun, Opened, Ou, open_history, run_named, within

HISTORY_HELP = """Everything known of one resource: each configuration it had, from when to when, what changed, who did it.

\b
Examples:
  reporter history arn:aws:s3:::corp-logs
  reporter history corp-logs --json
"""
SHOW_HELP = """A resource's configuration as it was last known at a date.

\b
Examples:
  reporter show arn:aws:s3:::corp-logs
  reporter show corp-logs --at 2026-03-01
"""
BLAME_HELP = """Each setting of a resource: its value, since when, and who set it.

\b
Examples:
  reporter blame arn:aws:s3:::corp-logs
"""
COVERAGE_HELP = """What a run read and what it did not, account by account, with the reason and the remedy.

\b
Examples:
  reporter coverage
  reporter coverage --run previous --json
"""
Name = Annotated[str, typer.Argument(metavar="ARN", help="The resource's ARN or id.")]


@app.command("history", help=HISTORY_HELP)
def history_of(name: Name, config: Config = None, as_json: AsJson = False) -> None:
    """See HISTORY_HELP, which is what users read."""
    from reporter import history
    from reporter.drift.text import change_lines

    opened = open_history(config)
    versions = _versions(opened, name)
    item = versions[-1].item
    changes = history.changes(opened.engine, type=item.type, resource=item.id)
    made_by = history.attributions(opened.engine, [c.id for c in changes])
    if as_json:
        emit({"versions": versions, "changes": [{"change": c, "who": made_by.get(c.id)} for c in changes]})
        return
    line(f"{item.type} {plain(item.arn or item.id)}", "bold")
    line(f"account {item.account}, {item.region}")
    for version in versions:
        until = f"{version.valid_to:%Y-%m-%d %H:%M}Z {version.end_reason}" if version.valid_to else "now"
        again = f", life {version.incarnation}" if version.incarnation > 1 else ""
        line(f"  {version.valid_from:%Y-%m-%d %H:%M}Z -> {until}  {version.sha256[:12]}{again}")
        for part, why in sorted(version.item.unread.items()):
            line(f"      ? {plain(part)}: {plain(why)}", "magenta")
    for change in sorted(changes, key=lambda c: c.detected_at):
        line(f"{change.detected_at:%Y-%m-%d %H:%M}Z")
        for one in change_lines(change, made_by.get(change.id)):
            line(str(one), TONES.get(one.tone, ""))


@app.command(help=SHOW_HELP)
def show(
    name: Name,
    config: Config = None,
    at: Annotated[str | None, typer.Option("--at", help="A date or instant; default: now.")] = None,
) -> None:
    """See SHOW_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    known = _versions(opened, name)[-1].item
    instant = moment(at, now()) or now()
    version = history.item_at(opened.engine, known.type, known.id, instant)
    if version is None:
        raise Refusal(f"{name} was not known at {instant:%Y-%m-%d %H:%M}Z; `reporter history {name}` shows since when")
    item = version.item
    emit(
        {
            "type": item.type, "arn": item.arn, "account": item.account, "region": item.region,
            "valid_from": version.valid_from, "valid_to": version.valid_to, "sha256": version.sha256,
            "configuration": item.configuration, "unread": {part: str(why) for part, why in item.unread.items()},
        }
    )  # fmt: skip


@app.command(help=BLAME_HELP)
def blame(name: Name, config: Config = None, as_json: AsJson = False) -> None:
    """See BLAME_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    versions = _versions(opened, name)
    item = versions[-1].item
    changes = history.changes(opened.engine, type=item.type, resource=item.id)
    made_by = history.attributions(opened.engine, [c.id for c in changes])
    rows = [_blamed(key, value, versions, changes, made_by) for key, value in sorted(item.configuration.items())]
    if as_json:
        emit(rows)
        return
    line(f"{item.type} {plain(item.arn or item.id)}", "bold")
    for row in rows:
        who = (
            f"{row['who']} ({row['confidence']})"
            if row["who"]
            else "not known: before the first snapshot or not in the log"
        )
        value = plain(row["value"])
        line(f"  {row['setting']:<26} {value if len(value) <= 60 else value[:59] + '…'}")
        line(f"  {'':<26} since {row['since']:%Y-%m-%d %H:%M}Z, by {plain(who)}", "dim")


@app.command(help=COVERAGE_HELP)
def coverage(
    config: Config = None, run: AtRun = "last", account: Accounts = None, ou: Ou = "", as_json: AsJson = False
) -> None:
    """See COVERAGE_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    chosen = run_named(opened, run)
    total = history.coverage(opened.engine, chosen)
    rows = list(history.readings(opened.engine, chosen, within(account, ou)))
    gaps = history.gaps(opened.engine, chosen, within(account, ou))
    if as_json:
        emit({"run": chosen.seq, "coverage": total, "accounts": rows, "gaps": gaps})
        return
    line(
        f"Run {chosen.seq} of {chosen.as_of:%Y-%m-%d %H:%M}Z: {total.total} accounts = {total.read} read + {total.partial} partly "
        f"read + {total.unreachable} unreachable + {total.excluded} excluded",
        "bold",
    )
    for row in sorted(
        rows, key=lambda r: (r.status.value == "read", r.status.value, r.account.ou_path, r.account.name)
    ):
        style = {"unreachable": "bold red", "partial": "yellow", "excluded": "dim"}.get(row.status.value, "")
        name = plain(f"{row.account.name} ({row.account.id})")
        line(
            f"  {row.status.value:<12} {name:<40} {row.regions_read}/{row.regions_enabled} regions, {row.calls} calls",
            style,
        )
        if row.reason:
            line(f"  {'':<12} {plain(row.reason)}")
    if gaps:
        line("Not read, by permission", "bold")
    for gap in gaps:
        line(
            f"  {gap.iam or gap.operation}: {gap.code}, {gap.count} reads in {gap.accounts} accounts, e.g. {plain(gap.example)}"
        )


def _versions(opened: Opened, name: str) -> Any:
    """All versions of the resource of that ARN or id, whatever its type."""
    from reporter import history
    from reporter.assess.resource_types import PARTS

    for type in sorted(PARTS):
        versions = history.versions(opened.engine, type, name)
        if versions:
            return versions
    raise Refusal(f"{name}: the history knows no resource of that ARN or id; `reporter findings` prints ARNs")


def _blamed(key: str, value: Any, versions: Any, changes: Any, made_by: Any) -> dict[str, Any]:
    """One setting: its value, the start of the unbroken spell with this value, and the change that began it."""
    since = versions[-1].valid_from
    for version in reversed(versions):
        if version.item.configuration.get(key) != value:
            break
        since = version.valid_from
    began = [c for c in changes if c.detected_at == since]
    who = next((made_by[c.id] for c in began if c.id in made_by), None)
    actor = who.actors[0] if who and who.actors else None
    return {
        "setting": key, "value": value, "since": since, "who": actor.principal if actor else "",
        "event": actor.event_name if actor else "", "confidence": who.confidence if who else "none",
    }  # fmt: skip
