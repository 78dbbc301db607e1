"""`reporter findings`, `assess` and `fix-plan`: what the checks answered, answered again, and what to do about it."""

from pathlib import Path
from typing import Annotated

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal
from reporter.cli.filters import (
    Accounts,
    AtRun,
    Limit,
    Ou,
    Region,
    Type,
    check_ids,
    framework_named,
    open_history,
    run_named,
    within,
)
from reporter.cli.narrowing import Resource

FINDINGS_HELP = """What the checks answered in a run: what fails and what could not be judged, or with --status anything.

Findings of one check stand together, the gravest check first; after three the rest is counted (--all shows each). What passes
is not stored: it is judged again from the run's snapshot, by today's checks, with its evidence.

\b
Examples:
  reporter findings
  reporter findings --severity critical --severity high --ou Root/Workloads
  reporter findings --check s3-bucket-not-public-read --evidence     what was read, and the command that mends it
  reporter findings --framework cis-aws-5.0.0 --control 3.2 --json
  reporter findings --since 2026-11-01                               only what began to fail since
  reporter findings --status pass --account 111122223333             replayed from the snapshot
  reporter findings --csv > findings.csv
"""
ASSESS_HELP = """Judge a past snapshot again, by today's checks, and say what they answer otherwise than was answered then.

With --framework: what its controls would have answered then, by today's mapping.

\b
Examples:
  reporter assess --at previous
  reporter assess --at previous --with "today's checks"              the same: there are no others
  reporter assess --at last --check 's3-*' --json
  reporter assess --at 1 --framework cis-aws-7.0.0                   a run's number; or a date: what was known on that day
"""
FIX_HELP = """Write one shell script for each account that mends what fails: to be read by a person before it is run.

The scripts are ordered and can be repeated; each refuses to run in another account and prints what it would do unless
called with --apply. Nothing is changed by writing them. What a waiver covers today is left out.

\b
Examples:
  reporter fix-plan DIR
  reporter fix-plan DIR --severity critical --account 111122223333
  reporter fix-plan DIR --framework cis-aws-5.0.0
"""
TODAYS = "today's checks"
Severities = Annotated[
    list[str] | None, typer.Option("--severity", help="critical, high, medium, low; may be given again.")
]
Stati = Annotated[
    list[str] | None,
    typer.Option("--status", help="pass, fail, not_applicable, insufficient_data; may be given again."),
]
Everything = Annotated[
    bool, typer.Option("--all", help="Each finding by itself: nothing grouped, nothing only counted.")
]
CheckNamed = Annotated[str, typer.Option("--check", help="A check's id, or a pattern.")]
FrameworkNamed = Annotated[str, typer.Option("--framework", help="Only checks of this framework.")]
ControlNamed = Annotated[str, typer.Option("--control", help="Only checks of this control of the framework.")]


@app.command(help=FINDINGS_HELP)
def findings(
    config: Config = None,
    run: AtRun = "last",
    status: Stati = None,
    severity: Severities = None,
    check: CheckNamed = "",
    framework: FrameworkNamed = "",
    control: ControlNamed = "",
    account: Accounts = None,
    ou: Ou = "",
    region: Region = "",
    type: Type = "",
    resource: Resource = "",
    since: Annotated[str | None, typer.Option("--since", help="Only what has failed since this date or later.")] = None,
    limit: Limit = 0,
    everything: Everything = False,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Also what was read, and the command that mends it.")
    ] = False,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, safe for spreadsheets.")] = False,
    as_ocsf: Annotated[
        bool, typer.Option("--ocsf", help="OCSF Compliance Findings, one JSON document a line.")
    ] = False,
) -> None:
    """See FINDINGS_HELP, which is what users read."""
    from reporter.cli import asking, showing

    if as_json + as_csv + as_ocsf > 1:
        raise Refusal("--json, --csv and --ocsf exclude each other; use one", USAGE)
    stati = asking.statuses(status)
    opened = open_history(config)
    wanted = asking.Wanted(
        scope=within(account, ou, check_ids(check, framework, control, opened)), statuses=stati,
        severities=asking.severities(severity), type=asking.subject_named(type), region=region, resource=resource,
        since=asking.since(since, stati), limit=limit,
    )  # fmt: skip
    asked = asking.Asked(opened, run_named(opened, run))
    asked.located(account, ou)
    asked.named(wanted)
    rows = asked.rows(wanted)
    if as_json:
        showing.emit_findings(asked, rows, wanted)
    elif as_csv or as_ocsf:
        from reporter.cli import exporting

        exporting.export(asked, rows, ocsf=as_ocsf)
    else:
        showing.Sheet(asked, everything, evidence).print(rows)


@app.command(help=ASSESS_HELP)
def assess(
    at: Annotated[str, typer.Option("--at", help="last, a run's number or id, or a date.")] = "last",
    by: Annotated[str, typer.Option("--with", help="Whose checks: today's, which alone are here.")] = TODAYS,
    config: Config = None,
    check: CheckNamed = "",
    framework: Annotated[str, typer.Option("--framework", help="What this framework's controls would answer.")] = "",
    account: Accounts = None,
    ou: Ou = "",
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """See ASSESS_HELP, which is what users read."""
    from reporter.cli import again, asking

    if by not in (TODAYS, "today's", "today"):
        raise Refusal(
            f"--with {by}: only {TODAYS} are here; those of then came with the version that judged then", USAGE
        )
    opened = open_history(config)
    asked = asking.Asked(opened, run_named(opened, at))
    asked.located(account, ou)
    if framework:
        if check:
            raise Refusal("--check and --framework exclude each other; use one", USAGE)
        again.controls(asked, framework_named(opened.settings, framework), within(account, ou), as_json=as_json)
        return
    scope = within(account, ou, check_ids(check, "", "", opened))
    again.answers(asked, scope, everything=everything, as_json=as_json)


@app.command("fix-plan", help=FIX_HELP)
def fix_plan(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write the scripts.")],
    config: Config = None,
    run: AtRun = "last",
    severity: Severities = None,
    check: CheckNamed = "",
    framework: FrameworkNamed = "",
    control: ControlNamed = "",
    account: Accounts = None,
    ou: Ou = "",
) -> None:
    """See FIX_HELP, which is what users read."""
    from reporter.cli import asking, planning
    from reporter.model import Status

    opened = open_history(config)
    wanted = asking.Wanted(
        scope=within(account, ou, check_ids(check, framework, control, opened)), statuses=(Status.FAIL,),
        severities=asking.severities(severity),
    )  # fmt: skip
    asked = asking.Asked(opened, run_named(opened, run))
    asked.located(account, ou)
    planning.write(directory, asked, wanted)
