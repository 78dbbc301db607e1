"""What is kept and what goes: legal holds, and the purge of what is older than the retention."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal, emit, line, now, plain, spelled, told
from reporter.cli.filters import Opened, counted, open_history
from reporter.cli.narrowing import Place, known_place
from reporter.cli.owning import Why, given, listed, me

HOLD_HELP = """Keep what a purge would remove: a legal hold on an account, a type, a resource, or everything.

To place one takes --why and one of --account, --type, --resource, --everything (of the first three all that are given must
apply). Once it is released, the next purge removes for good what is older than the retention.

\b
Examples:
  reporter hold --account 111122223333 --why "case 4711"
  reporter hold --type AWS::CloudTrail::Trail --why "audit of the logs"
  reporter hold --everything --why "audit of 2026"
  reporter hold                                all holds in force
  reporter hold --release 1
"""
PURGE_HELP = """Remove history older than the retention, except what is held. Purges are part of the chain.

WARNING: what is removed cannot be brought back; a past date in it can no longer be shown, judged or reported again. Look at
--dry-run first. A run that a baseline is pinned to is not emptied: the purge then removes nothing and says which.

\b
Examples:
  reporter purge --dry-run
  reporter purge --dry-run --keep-days 400
  reporter purge                               what is older than history.retention_days
"""


@app.command(help=HOLD_HELP)
def hold(
    config: Config = None,
    account: Annotated[str, typer.Option("--account", help="All of this account.")] = "",
    type: Annotated[str, typer.Option("--type", help="All of this resource type.")] = "",
    resource: Annotated[str, typer.Option("--resource", help="This resource, by id or ARN.")] = "",
    everything: Annotated[bool, typer.Option("--everything", help="All there is.")] = False,
    why: Why = "",
    release: Annotated[int | None, typer.Option("--release", help="End the hold of this number.")] = None,
    as_json: AsJson = False,
) -> None:
    """See HOLD_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    with told(history.HistoryError):
        if release is not None:
            history.release_hold(opened.engine, release, by=me(), now=now())
            line(
                f"hold {release} released; the next purge removes what it kept, where that is older than the retention"
            )
        elif why or account or type or resource or everything:
            reason = given(why, "--why")
            _refuse_unknown(opened, account, type, resource, everything)
            made = history.hold(
                opened.engine, reason=reason, by=me(), now=now(), account=account, type=type, resource=resource
            )
            if as_json:
                emit({"schema": "reporter/holds/1", "holds": [made]})
            else:
                line(f"in force, hold {plain(_held(made))}")
        else:
            listed("holds", history.holds(opened.engine), as_json, _held)


@app.command(help=PURGE_HELP)
def purge(
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    keep_days: Annotated[
        int | None, typer.Option("--keep-days", min=1, help="Instead of history.retention_days.")
    ] = None,
    with_baselines: Annotated[
        bool, typer.Option("--with-baselines", help="Also empty runs that a baseline is pinned to.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """See PURGE_HELP, which is what users read."""
    from datetime import timedelta

    from reporter import history

    opened = open_history(config)
    keep = timedelta(days=keep_days or opened.settings.history.retention_days)
    with told(history.HistoryError):
        gone = history.purge(opened.engine, now(), keep=keep, dry_run=dry_run, by=me(), with_baselines=with_baselines)
    if as_json:
        emit({"schema": "reporter/purge/1", "dry_run": dry_run, "purged": gone})
        return
    for text in _purged(gone, dry_run=dry_run, with_baselines=with_baselines):
        line(text)


def _purged(gone: Any, *, dry_run: bool, with_baselines: bool) -> list[str]:
    verb = "would remove" if dry_run else "removed"
    said = [f"Older than {gone.cutoff:%Y-%m-%d}: {verb} {_rows(gone.removed)}; kept by holds: {_rows(gone.kept)}"]
    if emptied := gone.removed.get("run"):
        what = "would be" if dry_run else "are" if emptied > 1 else "is"
        said.append(f"{counted(emptied, 'run')} {what} emptied by it; the heads stay, so that the chain holds")
    if gone.baselines:
        names = plain(", ".join(gone.baselines))
        does = (
            "can be compared with no more" if not dry_run or with_baselines
            else "stands in the way: `reporter purge` will remove nothing, unless it is told --with-baselines"
        )  # fmt: skip
        said.append(spelled(f"pinned to a run among them: baseline {names}, which {does}"))
    return said


def _rows(counts: Mapping[str, int]) -> str:
    """How many rows of which tables; of a run only the content goes."""
    return (
        ", ".join(f"{counted(n, 'row')} of {name}" for name, n in sorted(counts.items()) if n and name != "run")
        or "nothing"
    )


def _refuse_unknown(opened: Opened, account: str, type: str, resource: str, everything: bool) -> None:
    """A hold on a name mistyped keeps nothing, and nobody would know before the purge. What has left may be held, too."""
    from reporter import history

    narrowed = bool(account or type or resource)
    if narrowed is everything:
        raise Refusal(
            "--everything is more than --account, --type or --resource: say one or the other" if narrowed
            else "what is to be kept? --account, --type, --resource, or --everything", USAGE
        )  # fmt: skip
    for run in history.last_runs(opened.engine, 1) if narrowed else ():
        known_place(opened, run, Place((account,) if account else (), type=type, resource=resource))


def _held(one: Any) -> str:
    what = " ".join(word for word in (one.account, one.type, one.resource) if word) or "everything"
    return f"{one.number}: {what}, by {one.by} {one.at:%Y-%m-%d}: {one.reason}"
