"""What people say about what was found: acknowledgements, notes, waivers, attestations, baselines, holds. Nothing rewrites history."""

import getpass
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal, emit, line, now, plain, told
from reporter.cli.filters import Opened, open_history, run_named

ACKNOWLEDGE_HELP = """Take ownership of a change: who, why, until when. It ends by itself when the value changes again or the date passes.

\b
Examples:
  reporter acknowledge 8123 --owner alice --why "planned migration" --until 2026-12-31 --ticket OPS-7
  reporter acknowledge                         all acknowledgements, ended ones too
"""
NOTE_HELP = """Write a remark on a change.

\b
Example:
  reporter note 8123 "seen with the platform team, no impact"
"""
WAIVE_HELP = """Accept a finding until a date: it stays a finding, shown with owner, reason, approver and expiry.

Waivers may also stand in a file (assess.waivers). Expired ones fail again and are listed.

\b
Examples:
  reporter waive 's3-bucket-access-logging' --resource 'arn:aws:s3:::static-*' --why "public assets" --owner web --approver ciso --until 2027-03-31
  reporter waive                               all waivers
  reporter waive --revoke ID --why "bucket is gone"
"""
ATTEST_HELP = """State that a manual control is met, with evidence and an expiry.

\b
Example:
  reporter attest cis-aws-5.0.0 2.1.3 --statement "classified in the data catalogue" --evidence catalogue.pdf --until 2027-06-30
"""
HOLD_HELP = """Keep what a purge would remove: a legal hold on an account, a type, a resource, or everything.

\b
Examples:
  reporter hold --account 111122223333 --why "case 4711"
  reporter hold                                all holds
  reporter hold --release 1 --why "case closed"
"""
PURGE_HELP = """Remove history older than the retention, except what is held. Purges are part of the chain.

\b
Examples:
  reporter purge --dry-run
  reporter purge --keep-days 2557
"""
BASELINE_HELP = """Desired state: pin a run, or load a file of desired values; then compare.

\b
Examples:
  reporter baseline pin golden --run last
  reporter baseline load golden desired.toml
  reporter baseline compare golden
  reporter baseline list
"""
Why = Annotated[str, typer.Option("--why", help="The reason; required.")]
Until = Annotated[str, typer.Option("--until", help="The last day it holds: 2026-12-31.")]
Owner = Annotated[str, typer.Option("--owner", help="Who owns it.")]


@app.command(help=ACKNOWLEDGE_HELP)
def acknowledge(
    change: Annotated[int | None, typer.Argument(metavar="[ID]", help="The change's number.")] = None,
    config: Config = None,
    owner: Owner = "",
    why: Why = "",
    until: Until = "",
    ticket: Annotated[str, typer.Option("--ticket")] = "",
    path: Annotated[str, typer.Option("--path", help="Only this setting of the change.")] = "",
    revoke: Annotated[int | None, typer.Option("--revoke", help="End the acknowledgement of this number.")] = None,
    as_json: AsJson = False,
) -> None:
    """See ACKNOWLEDGE_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    with told(history.HistoryError):
        if revoke is not None:
            history.revoke_acknowledgement(opened.engine, revoke, by=_me(), why=_given(why, "--why"), now=now())
            line(f"acknowledgement {revoke} ended")
        elif change is not None:
            made = history.acknowledge(
                opened.engine, change, owner=_given(owner, "--owner"), reason=_given(why, "--why"),
                expires_on=_day(until), by=_me(), now=now(), ticket=ticket, path=path,
            )  # fmt: skip
            line(f"acknowledged as {getattr(made, 'number', made)} until {until}")
        else:
            _listed(history.acknowledgements(opened.engine, now()), as_json, _acknowledged)


@app.command(help=NOTE_HELP)
def note(
    change: Annotated[int, typer.Argument(metavar="ID", help="The change's number.")],
    text: Annotated[str, typer.Argument(help="The remark.")],
    config: Config = None,
) -> None:
    """See NOTE_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    with told(history.HistoryError):
        history.note(opened.engine, change, text=text, by=_me(), now=now())
    line("noted")


@app.command(help=WAIVE_HELP)
def waive(
    check: Annotated[str, typer.Argument(metavar="[CHECK]", help="A check's id, or a pattern.")] = "",
    config: Config = None,
    resource: Annotated[str, typer.Option("--resource", help="ARN or id, * allowed.")] = "*",
    account: Annotated[str, typer.Option("--account")] = "*",
    ou: Annotated[str, typer.Option("--ou", help="OU path, * allowed; holds what is below it.")] = "*",
    why: Why = "",
    owner: Owner = "",
    approver: Annotated[str, typer.Option("--approver", help="Who approved it.")] = "",
    until: Until = "",
    ticket: Annotated[str, typer.Option("--ticket")] = "",
    revoke: Annotated[str, typer.Option("--revoke", help="End the waiver of this id.")] = "",
    as_json: AsJson = False,
) -> None:
    """See WAIVE_HELP, which is what users read."""
    import hashlib

    from reporter import history
    from reporter.cli.filters import check_ids
    from reporter.model import Waiver

    opened = open_history(config)
    with told(history.HistoryError):
        if revoke:
            history.revoke_waiver(opened.engine, revoke, by=_me(), why=_given(why, "--why"), now=now())
            line(f"waiver {revoke} revoked")
            return
        if not check:
            _listed(history.waivers(opened.engine, now()), as_json, _waived)
            return
        check_ids(check, "", "", opened)
        if (resource, account, ou) == ("*", "*", "*"):
            raise Refusal("a waiver must say where: --resource, --account or --ou", USAGE)
        told_by = (check, resource, account, ou, until, why)
        id = "w-" + hashlib.sha256("\0".join(told_by).encode()).hexdigest()[:10]
        waiver = Waiver(
            id=id, check=check, reason=_given(why, "--why"), owner=_given(owner, "--owner"),
            approver=_given(approver, "--approver"), expires_on=_day(until), resource=resource, account=account, ou=ou,
            ticket=ticket, created_at=now(),
        )  # fmt: skip
        history.add_waiver(opened.engine, waiver, by=_me(), now=now())
    line(f"waiver {id} until {until}: {check} on {plain(resource)} in account {account}, OU {plain(ou)}")


@app.command(help=ATTEST_HELP)
def attest(
    framework: Annotated[str, typer.Argument(help="A framework's id.")],
    control: Annotated[str, typer.Argument(help="A control's id.")],
    config: Config = None,
    statement: Annotated[str, typer.Option("--statement", help="What is stated; required.")] = "",
    evidence: Annotated[
        Path | None, typer.Option("--evidence", help="A file that shows it; stored and hashed.")
    ] = None,
    until: Until = "",
) -> None:
    """See ATTEST_HELP, which is what users read."""
    import hashlib

    from reporter import history
    from reporter.assess.frameworks import find_control
    from reporter.cli.filters import framework_named
    from reporter.model import Attestation

    opened = open_history(config)
    chosen = framework_named(opened.settings, framework)
    if find_control(chosen, control) is None:
        raise Refusal(f"{framework} has no control {control!r}; see `reporter frameworks {framework}`", USAGE)
    data = b""
    if evidence is not None:
        try:
            data = evidence.read_bytes()
        except OSError as error:
            raise Refusal(f"{evidence}: cannot be read ({error.strerror})", USAGE) from None
    word = Attestation(
        framework=framework, control=control, statement=_given(statement, "--statement"), by=_me(), valid_until=_day(until),
        evidence_name=evidence.name if evidence else "", evidence_sha256=hashlib.sha256(data).hexdigest() if evidence else "",
        at=now(),
    )  # fmt: skip
    with told(history.HistoryError):
        history.attest(opened.engine, word, data, now())
    line(f"{framework} {control} attested by {_me()} until {until}")


@app.command(help=HOLD_HELP)
def hold(
    config: Config = None,
    account: Annotated[str, typer.Option("--account")] = "",
    type: Annotated[str, typer.Option("--type")] = "",
    resource: Annotated[str, typer.Option("--resource")] = "",
    why: Why = "",
    release: Annotated[int | None, typer.Option("--release", help="End the hold of this number.")] = None,
    as_json: AsJson = False,
) -> None:
    """See HOLD_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    with told(history.HistoryError):
        if release is not None:
            history.release_hold(opened.engine, release, by=_me(), why=_given(why, "--why"), now=now())
            line(f"hold {release} released")
        elif why:
            made = history.hold(
                opened.engine, reason=why, by=_me(), now=now(), account=account, type=type, resource=resource
            )
            line(f"hold {getattr(made, 'number', made)} in force")
        else:
            _listed(history.holds(opened.engine), as_json, _held)


@app.command(help=PURGE_HELP)
def purge(
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    keep_days: Annotated[int, typer.Option("--keep-days", min=1, help="Instead of history.retention_days.")] = 0,
    as_json: AsJson = False,
) -> None:
    """See PURGE_HELP, which is what users read."""
    from datetime import timedelta

    from reporter import history

    opened = open_history(config)
    keep = timedelta(days=keep_days or opened.settings.history.retention_days)
    with told(history.HistoryError):
        gone = history.purge(opened.engine, now(), keep=keep, dry_run=dry_run, by=_me())
    if as_json:
        emit({"dry_run": dry_run, "purged": gone})
        return
    verb = "would remove" if dry_run else "removed"
    counts = ", ".join(f"{n} {table}" for table, n in sorted(gone.removed.items()) if n) or "nothing"
    line(f"older than {gone.cutoff:%Y-%m-%d}: {verb} {counts}; {gone.held} rows kept by holds")


@app.command(help=BASELINE_HELP)
def baseline(
    act: Annotated[str, typer.Argument(metavar="pin|load|compare|list|drop")],
    name: Annotated[str, typer.Argument(metavar="[NAME]")] = "",
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]")] = None,
    config: Config = None,
    run: Annotated[str, typer.Option("--run", help="The run to pin, or to compare.")] = "last",
    as_json: AsJson = False,
) -> None:
    """See BASELINE_HELP, which is what users read."""
    from reporter import history
    from reporter.cli.baselines import compare, load, pin

    opened = open_history(config)
    acts = {"pin": pin, "load": load, "compare": compare}
    with told(history.HistoryError):
        if act == "list":
            _listed(
                history.baselines(opened.engine), as_json, lambda b: f"{b.name}: {b.source}, by {b.by} {b.at:%Y-%m-%d}"
            )
        elif act == "drop":
            history.drop_baseline(opened.engine, _given(name, "NAME"), by=_me(), now=now())
            line(f"{plain(name)} dropped")
        elif act in acts:
            acts[act](opened, _given(name, "NAME"), file, run_named(opened, run), as_json)
        else:
            raise Refusal(f"baseline {act}: use pin, load, compare, list or drop", USAGE)


def read_toml(file: Path | None) -> dict[str, Any]:
    """A TOML file of the user's, or a refusal that names it."""
    if file is None:
        raise Refusal("which file? reporter baseline load NAME FILE", USAGE)
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refusal(f"{file}: {getattr(error, 'strerror', None) or error}", USAGE) from None


def _me() -> str:
    """Who speaks: the user of this session."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need have no name
        return "unknown user"


def _given(value: str, option: str) -> str:
    if not value.strip():
        raise Refusal(f"{option} is required", USAGE)
    return value.strip()


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(_given(text, "--until"))
    except ValueError:
        raise Refusal(f"--until {text!r}: write a date like 2026-12-31", USAGE) from None
    if day < now().date():
        raise Refusal(f"--until {text}: is in the past", USAGE)
    return day


def _listed(rows: Any, as_json: bool, show: Any) -> None:
    rows = list(rows)
    if as_json:
        emit(rows)
        return
    for row in rows:
        line(plain(show(row)))
    if not rows:
        line("none")


def _acknowledged(one: Any) -> str:
    state = one.ended or f"until {one.expires_on}"
    return f"{one.number}: change {one.change} owned by {one.owner}, {state}: {one.reason} {one.ticket}".rstrip()


def _waived(one: Any) -> str:
    state = "EXPIRED" if one.expires_on < now().date() else f"until {one.expires_on}"
    return f"{one.id}: {one.check} on {one.resource} ({one.account}, {one.ou}) {state}, {one.owner}/{one.approver}: {one.reason}"


def _held(one: Any) -> str:
    return f"{one.number}: {one.account or 'any account'} {one.type or 'any type'} {one.resource} by {one.by}: {one.reason}"


__all__ = ["Opened", "read_toml"]
