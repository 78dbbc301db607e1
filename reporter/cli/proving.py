"""`reporter verify` and `reporter export`: that nothing was altered, and the history in forms others read."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal, emit, line, plain, told
from reporter.cli.filters import open_history

VERIFY_HELP = """Re-hash the whole history and walk its chain; name each row that was altered.

Exit code 0: nothing was altered; 1: something was. Compare the printed head with one from an older report or mail: it must be
among the heads of this chain.

\b
Examples:
  reporter verify --history
  reporter verify --history --head 9f3c0a...       the head printed in a report you kept
"""
EXPORT_HELP = """Write the history as a git repository: one file for each resource, one commit for each run.

\b
Example:
  reporter export --git DIR
"""


@app.command(help=VERIFY_HELP)
def verify(
    config: Config = None,
    history_too: Annotated[bool, typer.Option("--history", help="Verify the history database.")] = False,
    head: Annotated[str, typer.Option("--head", help="A chain head from a report you kept (or its beginning).")] = "",
    as_json: AsJson = False,
) -> None:
    """See VERIFY_HELP, which is what users read."""
    from reporter import history

    if not history_too:
        raise Refusal("say what to verify: reporter verify --history", USAGE)
    opened = open_history(config)
    problems = list(history.verify(opened.engine))
    runs = history.last_runs(opened.engine, 1_000_000)
    known = [run for run in runs if head and run.chain.startswith(head.lower())]
    if as_json:
        emit(
            {
                "problems": problems,
                "runs": len(runs),
                "head": runs[0].chain if runs else "",
                "known": [r.seq for r in known],
            }
        )
    else:
        for one in problems:
            line(plain(f"ALTERED {one.table} {one.row}: {one.what}"), "bold red")
        if runs and not problems:
            line(f"Nothing was altered: {len(runs)} runs, head {runs[0].chain}")
        if head:
            line(
                f"head {head} is run {known[0].seq}" if known else f"NO RUN HAS THE HEAD {plain(head)}",
                "" if known else "bold red",
            )
    if problems or (head and not known):
        raise typer.Exit(1)


@app.command(help=EXPORT_HELP)
def export(
    git: Annotated[Path, typer.Option("--git", help="The folder to write; new or an earlier export.")],
    config: Config = None,
) -> None:
    """See EXPORT_HELP, which is what users read."""
    from reporter.run.gitting import GitError, export_git

    opened = open_history(config)
    with told(GitError):
        commits = export_git(opened.engine, git, _said)
    line(f"{commits} commits in {git}")


def _said(text: Any) -> None:
    line(plain(text), "dim")
