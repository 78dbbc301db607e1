"""`reporter findings`, `assess` and `fix-plan`: what the checks answered, answered again, and what to do about it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal, emit, line, moment, plain, told
from reporter.cli.filters import (
    Accounts,
    AtRun,
    Limit,
    Opened,
    Ou,
    Region,
    Type,
    check_ids,
    open_history,
    run_named,
    within,
)

FINDINGS_HELP = """What the checks answered in a run: what fails and what could not be judged, or with --status anything.

\b
Examples:
  reporter findings
  reporter findings --severity critical --severity high --ou Root/Workloads
  reporter findings --framework cis-aws-5.0.0 --control 3.2 --json
  reporter findings --status pass --account 111122223333      replayed from the snapshot, with its evidence
  reporter findings --csv > findings.csv
"""
ASSESS_HELP = """Judge a past snapshot again, by today's checks.

\b
Examples:
  reporter assess --at 2026-08-01
  reporter assess --at last --check 's3-*' --json
"""
FIX_HELP = """Write one shell script for each account that mends what fails: to be read by a person before it is run.

The scripts are ordered and can be repeated; each refuses to run in another account and prints what it would do unless
called with --apply. Nothing is changed by writing them.

\b
Examples:
  reporter fix-plan DIR
  reporter fix-plan DIR --severity critical
"""
Severities = Annotated[
    list[str] | None, typer.Option("--severity", help="critical, high, medium, low; may be given again.")
]
STATUSES = ("pass", "fail", "not_applicable", "insufficient_data")
SIGNS = {"pass": "✓", "fail": "✗", "insufficient_data": "?", "not_applicable": "–"}


@app.command(help=FINDINGS_HELP)
def findings(
    config: Config = None,
    run: AtRun = "last",
    status: Annotated[
        list[str] | None, typer.Option("--status", help=f"{', '.join(STATUSES)}; may be given again.")
    ] = None,
    severity: Severities = None,
    check: Annotated[str, typer.Option("--check", help="A check's id, or a pattern.")] = "",
    framework: Annotated[str, typer.Option("--framework", help="Only checks of this framework.")] = "",
    control: Annotated[str, typer.Option("--control", help="Only checks of this control of the framework.")] = "",
    account: Accounts = None,
    ou: Ou = "",
    region: Region = "",
    type: Type = "",
    since: Annotated[str | None, typer.Option("--since", help="Only what has failed since this date or later.")] = None,
    limit: Limit = 0,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, safe for spreadsheets.")] = False,
    as_ocsf: Annotated[
        bool, typer.Option("--ocsf", help="OCSF Compliance Findings, one JSON document a line.")
    ] = False,
) -> None:
    """See FINDINGS_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    wanted = _statuses(status)
    scope = within(account, ou, check_ids(check, framework, control, opened))
    chosen = run_named(opened, run)
    rows: Iterable[Any] = _rows(opened, chosen, scope, wanted)
    after = moment(since)
    rows = (
        row
        for row in rows
        if (not severity or row.finding.severity in severity)
        and (not region or row.finding.region == region)
        and (not type or row.finding.type == type)
        and (after is None or (row.failing_since or row.since) >= after)
    )
    rows = islice(rows, limit or None)
    if as_json:
        emit([_document(row) for row in rows])
    elif as_csv or as_ocsf:
        _export(opened, chosen, rows, ocsf=as_ocsf)
    else:
        _print(rows, history.coverage(opened.engine, chosen))


@app.command(help=ASSESS_HELP)
def assess(
    at: Annotated[str, typer.Option("--at", help="last, a run's number or id, or a date.")] = "last",
    config: Config = None,
    check: Annotated[str, typer.Option("--check", help="A check's id, or a pattern.")] = "",
    account: Accounts = None,
    as_json: AsJson = False,
) -> None:
    """See ASSESS_HELP, which is what users read."""
    opened = open_history(config)
    run = run_named(opened, at)
    asked = check_ids(check, "", "", opened)
    found = list(_replayed(opened, run, within(account, ""), asked))
    if as_json:
        emit([{"run": run.seq, "as_of": run.as_of}, *found])
        return
    for finding in found:
        if finding.status.value in ("fail", "insufficient_data"):
            _print_finding(finding)
    counts = Counter(finding.status.value for finding in found)
    line(
        f"run {run.seq} of {run.as_of:%Y-%m-%d}, judged by today's checks: "
        + ", ".join(f"{counts[s]} {s}" for s in STATUSES)
    )


@app.command("fix-plan", help=FIX_HELP)
def fix_plan(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write the scripts.")],
    config: Config = None,
    run: AtRun = "last",
    severity: Severities = None,
    account: Accounts = None,
    ou: Ou = "",
) -> None:
    """See FIX_HELP, which is what users read."""
    from reporter import history
    from reporter.assess.remediation import fix_plan as plan
    from reporter.model import Status

    opened = open_history(config)
    chosen = run_named(opened, run)
    rows = history.findings(opened.engine, chosen, within(account, ou), status=Status.FAIL)
    failing = [r.finding for r in rows if not r.waiver_id and (not severity or r.finding.severity in severity)]
    directory.mkdir(parents=True, exist_ok=True)
    scripts = plan(failing)
    for id, text in sorted(scripts.items()):
        file = directory / f"fix-{id}.sh"
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)
        line(f"wrote {plain(file)}")
    line(
        f"{len(scripts)} accounts, {len(failing)} findings. Read them first; each prints what it would do until --apply."
    )


def _statuses(names: list[str] | None) -> tuple[str, ...]:
    for name in names or ():
        if name not in STATUSES:
            raise Refusal(f"--status {name}: use one of {', '.join(STATUSES)}", USAGE)
    return tuple(names or ("fail", "insufficient_data"))


def _rows(opened: Opened, run: Any, scope: Any, statuses: tuple[str, ...]) -> Iterator[Any]:
    """Rows of the history for what does not pass; passes are judged again from the snapshot, as they are only counted."""
    from reporter import history
    from reporter.model import Status

    for name in statuses:
        if name in ("fail", "insufficient_data"):
            yield from history.findings(opened.engine, run, scope, status=Status(name))
    replayed = {name for name in statuses if name in ("pass", "not_applicable")}
    if replayed:
        for finding in _replayed(opened, run, scope, scope.checks):
            if finding.status.value in replayed:
                yield history.FindingRecord(finding=finding, since=run.as_of)


def _replayed(opened: Opened, run: Any, scope: Any, checks: frozenset[str] | None) -> Iterator[Any]:
    from reporter import history
    from reporter.assess.evaluate import CHECKS
    from reporter.assess.written import BadFile
    from reporter.run.judging import court
    from reporter.run.wiring import WiringError, judgement

    with told(BadFile, WiringError, code=USAGE):
        sitting = court(opened.engine, run, judgement(opened.settings))
    asked = None if checks is None else [CHECKS[id] for id in sorted(checks)]
    everywhere = history.Within(accounts=scope.accounts, ou=scope.ou)
    for snapshot in history.snapshots(opened.engine, run, everywhere):
        yield from sitting.answers(snapshot, asked)


def _document(row: Any) -> dict[str, Any]:
    f = row.finding
    names = ("check", "account", "region", "type", "resource", "arn", "status", "severity", "reason", "fix", "evidence")
    return {name: getattr(f, name) for name in names} | {
        "since": row.failing_since or row.since,
        "state": row.state,
        "waiver": row.waiver_id,
    }


def _print(rows: Iterable[Any], coverage: Any) -> None:
    shown = 0
    for row in rows:
        note = f"since {row.failing_since or row.since:%Y-%m-%d}{' waived' if row.waiver_id else ''}"
        _print_finding(row.finding, note)
        shown += 1
    line(
        f"{shown} findings. Coverage: {coverage.read} of {coverage.total - coverage.excluded} accounts in scope read "
        f"completely, {coverage.partial} partly, {coverage.unreachable} not at all."
    )


def _print_finding(finding: Any, note: str = "") -> None:
    style = {"critical": "bold red", "high": "red", "medium": "yellow"}.get(finding.severity, "")
    sign = SIGNS[finding.status.value]
    line(
        f"{sign} {finding.severity:<9} {finding.check}  {plain(finding.arn or finding.resource)}  {note}".rstrip(),
        style,
    )
    line(f"    {plain(finding.account)} {finding.region}: {plain(finding.reason)}")


def _export(opened: Opened, run: Any, rows: Iterable[Any], *, ocsf: bool) -> None:
    import sys

    from reporter.report.export import findings_csv, findings_ocsf

    found = [row.finding for row in rows]
    del opened
    sys.stdout.write(findings_ocsf(found, run) if ocsf else findings_csv(found))
