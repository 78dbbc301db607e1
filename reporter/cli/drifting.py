"""`reporter drift` and `reporter drift show`: what changed, whether it got worse, who did it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer

from reporter.cli import narrowing
from reporter.cli.app import app
from reporter.cli.console import GAPS, USAGE, AsJson, Config, Refusal, command, emit, line, moment, now, plain, spelled
from reporter.cli.filters import (
    Accounts,
    AtRun,
    Limit,
    Opened,
    Ou,
    Region,
    Type,
    counted,
    open_history,
    run_named,
    within,
)
from reporter.cli.narrowing import Place, beside, known_place, narrowed, say, unfinished
from reporter.drift.noise import LEAST, Fold, fold
from reporter.drift.text import LEGEND, SECTIONS, SHOWN, Beside, drift_lines, section, span
from reporter.drift.wording import clean
from reporter.model import Change, Run

DRIFT_HELP = """What changed: worse first, with who did it, then improved, then the rest. What is hidden is counted.

Without --since: the changes that one run found. Alike changes are shown as one, and a field that changed on a third of all
resources at once, or on more, as one line; --all shows each.

Exit codes: 0 nothing worsened, 1 failed, 2 wrong usage, 3 less was read than coverage.minimum_percent, 4 something worsened
that nobody has acknowledged.

\b
Examples:
  reporter drift                                        what the last run found
  reporter drift --since 2026-11-01 --type AWS::S3::Bucket
  reporter drift --since last-report --direction worsened --unacknowledged
  reporter drift --run 47 --all                         tags and cosmetic changes too
  reporter drift --actor alice --path Policy
  reporter drift --json | jq '.changes[] | select(.change.severity == "critical")'
  reporter drift show 8123                              everything about one change
"""
WORSENED = 4

drifts = typer.Typer(rich_markup_mode=None, add_completion=False)
app.add_typer(drifts, name="drift")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which changes a question is about: those of some runs, or of a time; and the run it is answered as of."""

    run: Run
    runs: tuple[Run, ...] = ()
    since: Any = None
    until: Any = None


@drifts.callback(invoke_without_command=True, help=DRIFT_HELP)
def drift(
    context: typer.Context,
    config: Config = None,
    run: AtRun = "last",
    since: Annotated[
        str | None,
        typer.Option("--since", help="Everything found after a date, a run, or last-report, instead of by one run."),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="With a date as --since: up to this date.")] = None,
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
    actor: narrowing.Who = "",
    unacknowledged: narrowing.Unowned = False,
    all: narrowing.Everything = False,
    limit: Limit = 0,
    as_json: AsJson = False,
) -> None:
    """See DRIFT_HELP, which is what users read."""
    from reporter import history

    if context.invoked_subcommand:
        return
    narrow = narrowed(
        kinds=kind, classes=classes, directions=direction, severity=severity, region=region, path=path, actor=actor,
        unowned=unacknowledged,
    )  # fmt: skip
    opened = open_history(config)
    asked = _asked(opened, run, since, until)
    scope = within(account, ou)
    known_place(opened, asked.run, Place(account or (), ou, region, type, resource))
    found = _changes(opened, asked, within=scope, type=type, resource=resource)
    known = beside(opened, asked.run, found)
    found = [change for change in found if narrow.holds(change, known)]
    came = _came(opened, asked, scope) if narrow == narrowed(region=region) else []  # they are of no kind or direction
    came = [one for one in came if one.of(type, region, resource)]
    told = Told(opened, asked, found, known, history.coverage(opened.engine, asked.run), came)
    if as_json:
        emit(told.document(limit))
    else:
        told.print(limit, everything=all)
    told.leave()


@dataclass(frozen=True, slots=True)
class Told:
    """The answer, in the forms it is given in."""

    opened: Opened
    asked: Asked
    changes: Sequence[Change]
    beside: Beside
    coverage: Any
    came: Sequence["Came"] = ()

    def print(self, limit: int, *, everything: bool) -> None:
        """As a plan."""
        told = Folded(self.changes) if everything else folded(self.opened, self.asked.run, self.changes)
        for text in (*self.head(), *came_lines(self.came, each=everything)):
            line(text)
        line()
        sections = frozenset(SECTIONS) if everything else SHOWN
        least = len(told.kept) + 1 if everything else narrowing.ALIKE
        say(
            drift_lines(
                told.kept, self.beside, folds=told.folds, sections=sections, least=least, limit=limit, folded=told.gone
            )
        )
        if self.changes:
            line(f"{LEGEND}   more of one: {command('drift show NUMBER')}", "dim")

    def document(self, limit: int) -> dict[str, Any]:
        """As data."""
        run = self.asked.run
        told = folded(self.opened, run, self.changes)
        shown = self.changes[:limit] if limit else self.changes
        return {
            "schema": "reporter/drift/1",
            "run": {"seq": run.seq, "id": run.id, "as_of": run.as_of, "chain": run.chain},
            "since": self.asked.since,
            "until": self.asked.until,
            "runs": [run.seq for run in self.asked.runs],
            "coverage": self.coverage,
            "counts": Counter(section(change) for change in self.changes),
            "kinds": Counter(change.kind.value for change in self.changes),
            "many_at_once": told.folds,
            "told_only_there": [change.id for change in told.gone],
            "unfinished": unfinished(self.opened, run) or None,
            "came_into_view": [
                {
                    "account": one.row.account,
                    "region": one.row.region,
                    "type": one.row.type,
                    "resource": one.row.id,
                    "arn": one.row.arn,
                    "first_seen": one.row.first_seen,
                    "named": one.named,
                }
                for one in self.came
            ],
            "changes": [self._entry(change) for change in shown],
        }

    def _entry(self, change: Change) -> dict[str, Any]:
        owned = self.beside.acknowledged(change)
        who = self.beside.attribution(change)
        return {"change": change, "section": section(change), "who": who, "acknowledged": owned or None}

    def head(self) -> list[str]:
        """What is compared with what, and how much of it was looked at."""
        from reporter.report import words

        run, c = self.asked.run, self.coverage
        rest = words.fared(partial=c.partial, unreachable=c.unreachable, excluded=c.excluded)
        unseen = f"; what was not read is never counted as deleted ({command('coverage')})"
        told = [
            f"Drift {_window(self.opened, self.asked)}   run {run.seq}   chain {run.chain[:12]}",
            f"Coverage {words.coverage(c.read, c.total, rest)}{unseen if c.partial + c.unreachable else ''}",
        ]
        later = unfinished(self.opened, run)
        return [*told, plain(f"NOT YET: {spelled(later)}")] if later else told

    def leave(self) -> None:
        """The exit code a pipeline branches on; what worsened outweighs thin coverage."""
        if any(section(change) == "worsened" and not self.beside.acknowledged(change) for change in self.changes):
            raise typer.Exit(WORSENED)
        c = self.coverage
        if c.read * 100 < self.opened.settings.coverage.minimum_percent * (c.total - c.excluded):
            raise typer.Exit(GAPS)


@dataclass(frozen=True, slots=True)
class Came:
    """A resource seen for the first time that no change tells of: something names it now, or it could be read at last."""

    row: Any
    named: bool

    def of(self, type: str, region: str, resource: str) -> bool:
        """Whether it is asked about; an empty word leaves all."""
        row = self.row
        return type in ("", row.type) and region in ("", row.region) and resource in ("", row.id, row.arn)


def came_lines(came: Sequence[Came], *, each: bool) -> list[str]:
    """How many resources came into view, and why; they changed nothing, and may bring new findings all the same."""
    found = []
    for named in (True, False):
        rows = [one.row for one in came if one.named is named]
        if rows:
            what = (
                f"{counted(len(rows), 'resource')} came into view ({'named' if named else 'read'} for the first time)"
            )
            found.append(
                f"{what}: no change of {'theirs' if len(rows) > 1 else 'its own'}{'' if each else '; see --all'}"
            )
            found += [f"  {row.type} {clean(row.arn or row.id)} ({row.account}, {row.region})" for row in rows if each]
    return found


def first_sight(opened: Opened, item: Any) -> str:
    """When and why a resource was first seen, where it came into view and no change tells of it; empty for any other."""
    from reporter import history

    rows = history.came_into_view(opened.engine, within=history.Within(accounts=frozenset({item.account})))
    for one in _with_why(rows):
        if one.of(item.type, item.region, item.arn or item.id):
            why = "something names it now" if one.named else "it could be read for the first time"
            return f"first seen {one.row.first_seen:%Y-%m-%d %H:%M}Z (came into view: {why}), no change of its own"
    return ""


def _with_why(rows: Sequence[Any]) -> list[Came]:
    """Where anything else came into view with it, its account could be read at last; else something names it."""
    from reporter import history

    read = {(row.account, row.first_seen) for row in rows if row.type not in history.NAMED}
    return [Came(row, (row.account, row.first_seen) not in read) for row in rows]


@dataclass(frozen=True, slots=True)
class Folded:
    """Changes without what changed on many at once, that as one line for each field, and what is told nowhere else."""

    kept: Sequence[Change]
    folds: tuple[Fold, ...] = ()
    gone: Sequence[Change] = ()


def folded(opened: Opened, run: Run, changes: Sequence[Change]) -> Folded:
    """The changes as they are shown; nothing is folded where there are few."""
    from reporter import history

    if len(changes) < LEAST:
        return Folded(changes)
    totals = Counter(row.type for row in history.inventory(opened.engine, run))
    kept, folds = fold(changes, totals)
    left = {change.id for change in kept}
    return Folded(kept, folds, [change for change in changes if change.id not in left])


def _asked(opened: Opened, run: str, since: str | None, until: str | None) -> Asked:
    from reporter.run.comparing import runs_between

    last = run_named(opened, run)
    if since is None:
        if until is not None:
            raise Refusal("--until needs --since", USAGE)
        return Asked(last, _since_whole(opened, last))
    if since == "last-report":
        before = _reported_before(opened, last)
    elif "-" in since and not since.startswith("run"):
        return Asked(last, since=beginning(since), until=moment(until))
    else:
        before = run_named(opened, since)
    if until is not None:
        raise Refusal("--until goes with a date as --since; name the last run with --run", USAGE)
    return Asked(last, runs_between(opened.engine, before, last))


def beginning(text: str | None) -> datetime | None:
    """The instant that a --since names. A date is its beginning: nothing of that day is left out."""
    at = moment(text)
    return at.replace(hour=0, minute=0, second=0, microsecond=0) if at and len(text or "") == len("2026-11-22") else at


def _since_whole(opened: Opened, last: Run) -> tuple[Run, ...]:
    """The run, and those of some accounts only since the whole one before it: as its report and mail count changes."""
    from reporter import history
    from reporter.run.comparing import runs_between

    before = None if last.selection else history.previous_run(opened.engine, last)
    return runs_between(opened.engine, before, last) if before else (last,)


def _reported_before(opened: Opened, last: Run) -> Run:
    """The run before this one of which a report was made."""
    from reporter import history

    for run in history.last_runs(opened.engine, (last.seq or 0) + 1, until=last)[1:]:
        if not run.selection and history.reports(opened.engine, run):
            return run
    raise Refusal(f"no report was made before run {last.seq}; name a date or a run: --since 2026-11-01")


def _changes(opened: Opened, asked: Asked, **narrow: Any) -> list[Change]:
    from reporter import history
    from reporter.run.comparing import rank

    if not asked.runs:
        return list(history.changes(opened.engine, since=asked.since, until=asked.until, sealed=True, **narrow))
    found = [change for run in asked.runs for change in history.changes(opened.engine, run=run, **narrow)]
    return sorted(found, key=rank)


def _came(opened: Opened, asked: Asked, scope: Any) -> list[Came]:
    """What came into view in the runs asked about, or within the time."""
    from reporter import history

    if asked.runs:
        return _with_why([row for run in asked.runs for row in history.came_into_view(opened.engine, run, scope)])
    rows = history.came_into_view(opened.engine, within=scope)
    if asked.since is not None:
        rows = tuple(row for row in rows if row.first_seen > asked.since)
    if asked.until is not None:
        rows = tuple(row for row in rows if row.first_seen <= asked.until)
    return _with_why(rows)


def _window(opened: Opened, asked: Asked) -> str:
    """Between which looks, and how far they are apart: unchanged over a year is not unchanged over a coffee."""
    from reporter import history

    if not asked.runs:
        until = asked.until or now()
        return f"after {asked.since:%Y-%m-%d %H:%M}Z, up to {until:%Y-%m-%d %H:%M}Z" if asked.since else "of all time"
    first = history.previous_run(opened.engine, asked.runs[0]) if asked.runs else None
    if first is None:
        return f"baseline {asked.run.as_of:%Y-%m-%d %H:%M}Z"
    return interval(first, asked.run)


def interval(first: Run, last: Run) -> str:
    """From one run to another, and how long that was."""
    width = span((last.as_of - first.as_of).total_seconds())
    return f"{first.as_of:%Y-%m-%d %H:%M}Z -> {last.as_of:%Y-%m-%d %H:%M}Z ({width})"
