"""`reporter baseline`: desired state, as a pinned run or a file of desired values, and what deviates from it."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli import narrowing
from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal, command, emit, line, now, plain, told
from reporter.cli.filters import (
    Accounts,
    AtRun,
    Opened,
    Ou,
    Type,
    counted,
    open_history,
    refuse_emptied,
    run_named,
    within,
)
from reporter.cli.narrowing import Place, beside, known_place, say
from reporter.cli.owning import me

BASELINE_HELP = """What is wanted, beside what was: pin a run, or load a file of desired values; then compare any run with it.

A file of desired values holds entries like this one; the tests are equals, one_of, subset and absent:

\b
  [[desired]]
  type = "AWS::S3::Bucket"
  path = "PublicAccessBlock.BlockPublicPolicy"
  equals = true
  ou = "Root/Workloads/*"            # or account, resource, tags
  reason = "policy P-12"

\b
Examples:
  reporter baseline pin golden --run last
  reporter baseline pin logs --type AWS::CloudTrail::Trail --account 111122223333
  reporter baseline load desired desired.toml
  reporter baseline compare golden
  reporter baseline
"""
PIN_HELP = """Keep a run's state, or part of it, as what is wanted. A name used before is pinned anew; the old pin stays on record.

\b
Examples:
  reporter baseline pin golden
  reporter baseline pin logs --run 2026-10-01 --type AWS::CloudTrail::Trail --ou Root/Security
"""
LOAD_HELP = """Keep a file of desired values as what is wanted; `reporter baseline --help` shows its form.

\b
Examples:
  reporter baseline load desired desired.toml
"""
COMPARE_HELP = """What is not as wanted in a run. Exit code 4 if anything is not, as with `reporter drift`.

What could not be read is said to be so; it neither deviates nor conforms.

\b
Examples:
  reporter baseline compare golden
  reporter baseline compare desired --run 47 --ou Root/Workloads --json
"""
DROP_HELP = """Stop comparing with a baseline; that it was there stays on record.

\b
Examples:
  reporter baseline drop golden
"""
LIST_HELP = """The baselines there are.

\b
Examples:
  reporter baseline list --json
"""
DEVIATES = 4
Name = Annotated[str, typer.Argument(help="The baseline's name.")]

baselines = typer.Typer(rich_markup_mode=None, add_completion=False)
app.add_typer(baselines, name="baseline")


@baselines.callback(invoke_without_command=True, help=BASELINE_HELP)
def baseline(context: typer.Context, config: Config = None) -> None:
    """See BASELINE_HELP, which is what users read."""
    if context.invoked_subcommand is None:
        show_all(config, as_json=False)


@baselines.command(help=PIN_HELP)
def pin(
    name: Name,
    config: Config = None,
    run: AtRun = "last",
    account: Accounts = None,
    ou: Ou = "",
    type: Type = "",
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="Only resources with this tag: KEY=VALUE; may be given again.")
    ] = None,
) -> None:
    """See PIN_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    chosen = run_named(opened, run)
    within(account, ou)  # both at once are refused
    known_place(opened, chosen, Place(account or (), ou, type=type))
    selector = {"accounts": sorted(account or ()), "ou": ou, "type": type, "tags": _tags(tag)}
    with told(history.HistoryError):
        history.pin_baseline(
            opened.engine, name, source=f"run {chosen.seq}", selector=selector, content={"run": chosen.id}, by=me(), now=now()
        )  # fmt: skip
    line(f"baseline {plain(name)} is run {chosen.seq} of {chosen.as_of:%Y-%m-%d}{_narrowed(selector)}")


@baselines.command(help=LOAD_HELP)
def load(
    name: Name, file: Annotated[Path, typer.Argument(help="A TOML file of [[desired]] entries.")], config: Config = None
) -> None:
    """See LOAD_HELP, which is what users read."""
    from reporter import history
    from reporter.drift.baseline import BadBaseline, parse

    opened = open_history(config)
    entries = _entries(file)
    with told(BadBaseline, code=USAGE):
        parsed = parse(name, entries)
    with told(history.HistoryError):
        history.pin_baseline(
            opened.engine, name, source=file.name, selector={}, content={"desired": entries}, by=me(), now=now()
        )
    line(f"baseline {plain(name)}: {counted(len(parsed.desired), 'desired value')} from {plain(file.name)}")


@baselines.command("list", help=LIST_HELP)
def show_all(config: Config = None, as_json: AsJson = False) -> None:
    """See LIST_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    rows = history.baselines(opened.engine)
    if as_json:
        emit({"schema": "reporter/baselines/1", "baselines": rows})
        return
    for one in rows:
        line(plain(f"{one.name}: {one.source}{_narrowed(one.selector)}, by {one.by} {one.at:%Y-%m-%d}"))
    if not rows:
        line(f"no baseline yet; {command('baseline pin NAME')} makes the last run one")


@baselines.command(help=DROP_HELP)
def drop(name: Name, config: Config = None) -> None:
    """See DROP_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    with told(history.HistoryError):
        history.drop_baseline(opened.engine, name, by=me(), now=now())
    line(f"baseline {plain(name)} is dropped")


@baselines.command(help=COMPARE_HELP)
def compare(
    name: Name,
    config: Config = None,
    run: AtRun = "last",
    account: Accounts = None,
    ou: Ou = "",
    type: Type = "",
    path: narrowing.Path = "",
    as_json: AsJson = False,
) -> None:
    """See COMPARE_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    found = history.baseline(opened.engine, name)
    if found is None:
        raise Refusal(f"no baseline is called {name!r}; `reporter baseline` lists them", USAGE)
    chosen, scope = run_named(opened, run), within(account, ou)
    known_place(opened, chosen, Place(account or (), ou, type=type))
    if "run" in (found.content or {}):
        differs = _against_run(opened, found, chosen, scope, (type, path, as_json))
    else:
        differs = _against_values(opened, found, chosen, scope, (type, path, as_json))
    if differs:
        raise typer.Exit(DEVIATES)


def _against_values(opened: Opened, pinned: Any, run: Any, scope: Any, shown: tuple[str, str, bool]) -> bool:
    from reporter import history
    from reporter.drift.baseline import deviations, parse

    type, path, as_json = shown
    wanted = parse(pinned.name, pinned.content["desired"])
    items = (item for snapshot in history.snapshots(opened.engine, run, scope) for item in snapshot.items)
    accounts = history.accounts(opened.engine, run)
    found = [
        one
        for one in deviations(wanted, items, accounts)
        if (not type or one.type == type) and path.lower() in one.path.lower()
    ]
    unread = sum(one.unread for one in found)
    if as_json:
        emit({"schema": "reporter/deviations/1", "baseline": pinned.name, "run": run.seq, "deviations": found})
        return len(found) > unread
    for (about, words, reason), count in _alike(found):
        line(
            f"  {'?' if 'could not be read' in words else '~'} {about}",
            "magenta" if "could not be" in words else "yellow",
        )
        line(f"      {words}{f' (and {count - 1} more alike)' if count > 1 else ''}{f'  [{reason}]' if reason else ''}")
    line(
        f"{counted(len(found) - unread, 'deviation')} from {plain(pinned.name)} in run {run.seq}; {unread} could not be read",
        "bold",
    )
    return len(found) > unread


def _alike(found: list[Any]) -> Iterator[tuple[tuple[str, str, str], int]]:
    """Deviations in the same words are one entry, under the first resource's name."""
    counts = Counter((one.type, one.text, one.reason) for one in found)
    for (type, text, reason), count in counts.items():
        first = next(one for one in found if (one.type, one.text, one.reason) == (type, text, reason))
        yield (plain(f"{type} {first.arn or first.resource} ({first.account})"), plain(text), plain(reason)), count


def _against_run(opened: Opened, pinned: Any, run: Any, scope: Any, shown: tuple[str, str, bool]) -> bool:
    from reporter import history
    from reporter.drift.text import SECTIONS, drift_lines
    from reporter.run.comparing import compare as compared

    type, path, as_json = shown
    with told(history.HistoryError):
        first = history.run_of(opened.engine, pinned.content["run"])
    refuse_emptied(opened, first)
    if first.seq == run.seq and as_json:
        emit({"schema": "reporter/deviations/1", "baseline": pinned.name, "run": run.seq, "changes": []})
        return False
    if first.seq == run.seq:
        line(f"No changes: baseline {plain(pinned.name)} is this very run {run.seq}.", "green")
        return False
    if (first.seq or 0) > (run.seq or 0):
        raise Refusal(f"baseline {pinned.name} is run {first.seq}, which is later than run {run.seq}", USAGE)
    differences = compared(opened.engine, first, run, scope).changes
    chosen = [
        one
        for one in differences
        if (not type or one.type == type)
        and any(_selected(opened, pinned.selector, one, side) for side in (first, run))
    ]
    found = [one for one in chosen if not path or any(path.lower() in op.path.lower() for op in one.ops)]
    if as_json:
        emit({"schema": "reporter/deviations/1", "baseline": pinned.name, "run": run.seq, "changes": found})
        return bool(found)
    line(
        f"Against {plain(pinned.name)} (run {first.seq} of {first.as_of:%Y-%m-%d}){_narrowed(pinned.selector)}", "bold"
    )
    say(drift_lines(found, beside(opened, run, found), sections=frozenset(SECTIONS)))
    return bool(found)


def _selected(opened: Opened, selector: Mapping[str, Any], change: Any, run: Any) -> bool:
    """Whether a change is about something of the pinned kind, as a run knew it: what is gone or lost its tag was pinned, too."""
    from reporter import history

    if selector.get("accounts") and change.account not in selector["accounts"]:
        return False
    if selector.get("type") and change.type != selector["type"]:
        return False
    if wanted := selector.get("ou", "").rstrip("/"):
        account = history.accounts(opened.engine, run).get(change.account)
        path = account.ou_path if account else ""
        if path != wanted and not path.startswith(f"{wanted}/"):
            return False
    if selector.get("tags"):
        item = history.find(opened.engine, run, change.type, change.arn or change.resource)
        tags = (item.configuration.get("Tags") if item else None) or {}
        return all(tags.get(key) == value for key, value in selector["tags"].items())
    return True


def _tags(given: list[str] | None) -> dict[str, str]:
    tags = {}
    for text in given or ():
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise Refusal(f"--tag {text}: write KEY=VALUE", USAGE)
        tags[key] = value
    return tags


def _narrowed(selector: Mapping[str, Any]) -> str:
    words = [", ".join(selector.get("accounts", ())), selector.get("ou", ""), selector.get("type", "")]
    words += [f"{key}={value}" for key, value in (selector.get("tags") or {}).items()]
    said = "; ".join(word for word in words if word)
    return f" ({plain(said)})" if said else ""


def _entries(file: Path) -> list[dict[str, Any]]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refusal(f"{file}: {getattr(error, 'strerror', None) or error}", USAGE) from None
    entries = document.get("desired")
    if not isinstance(entries, list) or not entries:
        raise Refusal(f"{file}: has no [[desired]] entry; `reporter baseline --help` shows one", USAGE)
    return entries
