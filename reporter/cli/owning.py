"""What people say about what was found: acknowledgements, notes, waivers, attestations. Nothing rewrites history."""

import getpass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal, emit, line, load_settings, now, plain, told
from reporter.cli.filters import open_history

SOON = f"{now() + timedelta(days=90):%Y-%m-%d}"  # in examples, which are to work on the day they are read
ACKNOWLEDGE_HELP = """Take ownership of changes: who, why, until when. Without a number: list what is acknowledged.

With a number, --owner, --why and --until are required.

An acknowledgement ends by itself when the value changes again, when the resource is deleted or made anew, or when the date has
passed. It rewrites nothing: the change stays in every list, with its owner beside it.

\b
Examples:
  reporter acknowledge 8123 --owner alice --why "planned migration" --until SOON --ticket OPS-7
  reporter acknowledge 8123 8124 8130 --owner alice --why "same release" --until SOON
  reporter acknowledge 8123 --path Encryption --owner alice --why "key rotation" --until SOON
  reporter acknowledge                         all acknowledgements; --active leaves out those that have ended
  reporter acknowledge --revoke 4
""".replace("SOON", SOON)
NOTE_HELP = """Write a remark on a change; without a text, read the remarks.

\b
Examples:
  reporter note 8123 "seen with the platform team, no impact"
  reporter note 8123
"""
WAIVE_HELP = """Accept a finding until a date: it stays a finding, shown with owner, reason, approver and expiry.

With a check, --why, --owner, --approver, --until and at least one of --resource, --account, --ou and --tag are required.

Waivers may also stand in a file (assess.waivers). Expired ones fail again and are listed.

\b
Examples:
  reporter waive 's3-bucket-access-logging' --resource 'arn:aws:s3:::static-*' --why "public assets" --owner web --approver ciso --until SOON
  reporter waive s3-bucket-versioning --tag 'Stage=dev*' --ou Root/Workloads --why "made anew in an hour" --owner web --approver ciso --until SOON
  reporter waive                               all waivers
  reporter waive --revoke ID --why "bucket is gone"
""".replace("SOON", SOON)
ATTEST_HELP = """State that a manual control is met, with evidence and an expiry.

--statement and --until are required. What was stated of a control: `reporter frameworks FRAMEWORK --control CONTROL`.

\b
Examples:
  reporter attest cis-aws-5.0.0 2.1.3 --statement "classified in the data catalogue, page 4" --until SOON
  reporter attest cis-aws-5.0.0 2.1.3 --statement "classified in the data catalogue" --evidence catalogue.pdf --until SOON
""".replace("SOON", SOON)
Why = Annotated[str, typer.Option("--why", help="The reason; required.")]
Until = Annotated[str, typer.Option("--until", help=f"The last day it holds, such as {SOON}; required.")]
Owner = Annotated[str, typer.Option("--owner", help="Who owns it; required.")]


@app.command(help=ACKNOWLEDGE_HELP)
def acknowledge(
    changes: Annotated[
        list[int] | None,
        typer.Argument(metavar="[NUMBER]...", help="The changes' numbers, as `drift` prints them after #."),
    ] = None,
    config: Config = None,
    owner: Owner = "",
    why: Why = "",
    until: Until = "",
    ticket: Annotated[str, typer.Option("--ticket", help="Where it is worked on.")] = "",
    path: Annotated[str, typer.Option("--path", help="Only this setting of the change.")] = "",
    revoke: Annotated[int | None, typer.Option("--revoke", help="End the acknowledgement of this number.")] = None,
    active: Annotated[bool, typer.Option("--active", help="List only those that still count.")] = False,
    as_json: AsJson = False,
) -> None:
    """See ACKNOWLEDGE_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    with told(history.HistoryError):
        if revoke is not None:
            history.revoke_acknowledgement(opened.engine, revoke, by=me(), now=now())
            line(f"acknowledgement {revoke} ended")
            return
        if not changes:
            known = history.acknowledgements(opened.engine, now())
            listed("acknowledgements", [one for one in known if not (active and one.ended)], as_json, _acknowledged)
            return
        facts: dict[str, Any] = {
            "owner": given(owner, "--owner"),
            "reason": given(why, "--why"),
            "expires_on": _day(until),
        }
        made = []
        for change in dict.fromkeys(changes):
            one = history.acknowledge(opened.engine, change, by=me(), now=now(), ticket=ticket, path=path, **facts)
            made.append(one)
            if not as_json:
                line(f"change {change} acknowledged until {until} (acknowledgement {one.number})")
    if as_json:
        emit({"schema": "reporter/acknowledgements/1", "acknowledgements": made})


@app.command(help=NOTE_HELP)
def note(
    change: Annotated[int, typer.Argument(metavar="NUMBER", help="The change's number, as `drift` prints it after #.")],
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="The remark.")] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """See NOTE_HELP, which is what users read."""
    from reporter import history

    opened = open_history(config)
    with told(history.HistoryError):
        if text.strip():
            history.add_note(opened.engine, change, text.strip(), by=me(), now=now())
            line("noted")
            return
        notes = history.notes(opened.engine, [change])
    listed("notes", notes, as_json, lambda one: f"{one.at:%Y-%m-%d %H:%M}Z {one.by}: {one.text}")


@app.command(help=WAIVE_HELP)
def waive(
    check: Annotated[str, typer.Argument(metavar="[CHECK]", help="A check's id, or a pattern.")] = "",
    config: Config = None,
    resource: Annotated[str, typer.Option("--resource", help="ARN or id, * allowed.")] = "*",
    account: Annotated[str, typer.Option("--account", help="Account id, * allowed.")] = "*",
    ou: Annotated[str, typer.Option("--ou", help="OU path, * allowed; holds what is below it.")] = "*",
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="KEY=VALUE of the resource, * allowed; again for more.")
    ] = None,
    why: Why = "",
    owner: Owner = "",
    approver: Annotated[str, typer.Option("--approver", help="Who approved it; required.")] = "",
    until: Until = "",
    ticket: Annotated[str, typer.Option("--ticket", help="Where it is worked on.")] = "",
    revoke: Annotated[str, typer.Option("--revoke", help="End the waiver of this id.")] = "",
    as_json: AsJson = False,
) -> None:
    """See WAIVE_HELP, which is what users read."""
    import hashlib

    from reporter import history
    from reporter.cli import accepting
    from reporter.cli.filters import checks_named
    from reporter.model import Waiver

    new = None
    if check and not revoke:  # all of it is looked at before a history is made
        checks_named(check)
        tags = accepting.tags(tag or ())
        accepting.refuse_unfit(resource, account, ou, tags)
        told_by = (check, resource, account, ou, *(tag or ()), until, why)
        new = Waiver(
            id="w-" + hashlib.sha256("\0".join(told_by).encode()).hexdigest()[:10], check=check,
            reason=given(why, "--why"), owner=given(owner, "--owner"), approver=given(approver, "--approver"),
            expires_on=_day(until), resource=resource, account=account, ou=ou, tags=tags, ticket=ticket, created_at=now(),
        )  # fmt: skip
    opened = open_history(config, make=new is not None)
    with told(history.HistoryError):
        if revoke:
            history.revoke_waiver(opened.engine, revoke, by=me(), why=given(why, "--why"), now=now())
            line(f"waiver {revoke} revoked; what it covered fails again from the next run on")
        elif new is None:
            listed("waivers", history.waivers(opened.engine, now()), as_json, _waived)
        else:
            history.add_waiver(opened.engine, new, by=me(), now=now())
            line(f"waiver {new.id} until {until}: {plain(accepting.selected(new))}")
            words, does = accepting.effect(opened, new)
            line(words, "" if does else "yellow")


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
    from reporter.assess.frameworks import is_manual
    from reporter.cli import attesting
    from reporter.cli.filters import control_named, framework_named
    from reporter.model import Attestation

    settings = load_settings(config)
    if not is_manual(control_named(framework_named(settings, framework), control)):
        raise Refusal(
            f"{framework} {control} is answered by checks, so nobody can attest it; "
            f"to accept a finding that fails: `reporter waive --help`; its checks: `reporter frameworks {framework} --control {control}`",
            USAGE,
        )
    data = b""
    if evidence is not None:
        try:
            data = evidence.read_bytes()
        except OSError as error:
            raise Refusal(f"{evidence}: cannot be read ({error.strerror})", USAGE) from None
    word = Attestation(
        framework=framework, control=control, statement=given(statement, "--statement"), by=me(), valid_until=_day(until),
        evidence_name=evidence.name if evidence else "", evidence_sha256=hashlib.sha256(data).hexdigest() if evidence else "",
        at=now(),
    )  # fmt: skip
    opened = open_history(config, make=True)
    before = attesting.stated(opened, framework, control)
    with told(history.HistoryError):
        history.attest(opened.engine, word, now(), data if evidence else None)
    shown = f"with {plain(word.evidence_name)}" if evidence else "WITHOUT evidence (--evidence FILE)"
    line(f"{framework} {control} attested by {me()} until {until}, {shown}; it counts from the next run on")
    if also := attesting.besides(before, attesting.stated(opened, framework, control)):
        line(also, "yellow")


def me() -> str:
    """Who speaks: the user of this session."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need have no name
        return "unknown user"


def given(value: str, option: str) -> str:
    if not value.strip():
        raise Refusal(f"{option} is required", USAGE)
    return value.strip()


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(given(text, "--until"))
    except ValueError:
        raise Refusal(f"--until {text!r}: write a date like 2026-12-31", USAGE) from None
    if day < now().date():
        raise Refusal(f"--until {text}: is in the past", USAGE)
    return day


def listed(what: str, rows: Any, as_json: bool, show: Any) -> None:
    rows = list(rows)
    if as_json:
        emit({"schema": f"reporter/{what}/1", what: rows})
        return
    for row in rows:
        line(plain(show(row)))
    if not rows:
        line(f"no {what}")


def _acknowledged(one: Any) -> str:
    state = f"ended: {one.ended}" if one.ended else f"until {one.expires_on}"
    what = f"change {one.change}{f', {one.path}' if one.path else ''}"
    return f"{one.number}: {what} owned by {one.owner}, {state}: {one.reason} {one.ticket}".rstrip()


def _waived(one: Any) -> str:
    state = "EXPIRED" if one.expires_on < now().date() else f"until {one.expires_on}"
    tags = "".join(f", tag {key}={value}" for key, value in sorted(one.tags.items()))
    return f"{one.id}: {one.check} on {one.resource} ({one.account}, {one.ou}{tags}) {state}, {one.owner}/{one.approver}: {one.reason}"
