"""What people say about what was found: acknowledgements, notes, waivers, attestations, holds. Nothing rewrites history."""

import getpass
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal, emit, line, load_settings, now, plain, told
from reporter.cli.filters import counted, open_history

ACKNOWLEDGE_HELP = """Take ownership of changes: who, why, until when. Without a number: list what is acknowledged.

An acknowledgement ends by itself when the value changes again, when the resource is deleted or made anew, or when the date has
passed. It rewrites nothing: the change stays in every list, with its owner beside it.

\b
Examples:
  reporter acknowledge 8123 --owner alice --why "planned migration" --until 2026-12-31 --ticket OPS-7
  reporter acknowledge 8123 8124 8130 --owner alice --why "same release" --until 2026-12-31
  reporter acknowledge 8123 --path Encryption --owner alice --why "key rotation" --until 2026-12-31
  reporter acknowledge                         all acknowledgements; --active leaves out those that have ended
  reporter acknowledge --revoke 4
"""
NOTE_HELP = """Write a remark on a change; without a text, read the remarks.

\b
Examples:
  reporter note 8123 "seen with the platform team, no impact"
  reporter note 8123
"""
WAIVE_HELP = """Accept a finding until a date: it stays a finding, shown with owner, reason, approver and expiry.

Waivers may also stand in a file (assess.waivers). Expired ones fail again and are listed.

\b
Examples:
  reporter waive 's3-bucket-access-logging' --resource 'arn:aws:s3:::static-*' --why "public assets" --owner web --approver ciso --until 2027-03-31
  reporter waive s3-bucket-versioning --tag 'Stage=dev*' --ou Root/Workloads --why "made anew in an hour" --owner web --approver ciso --until 2027-03-31
  reporter waive                               all waivers
  reporter waive --revoke ID --why "bucket is gone"
"""
ATTEST_HELP = """State that a manual control is met, with evidence and an expiry.

\b
Examples:
  reporter attest cis-aws-5.0.0 2.1.3 --statement "classified in the data catalogue" --evidence catalogue.pdf --until 2027-06-30
"""
HOLD_HELP = """Keep what a purge would remove: a legal hold on an account, a type, a resource, or everything.

\b
Examples:
  reporter hold --account 111122223333 --why "case 4711"
  reporter hold --everything --why "audit of 2026"
  reporter hold                                all holds in force
  reporter hold --release 1
"""
PURGE_HELP = """Remove history older than the retention, except what is held. Purges are part of the chain.

\b
Examples:
  reporter purge --dry-run
  reporter purge --keep-days 2557
"""
ALL_RUNS = 1_000_000
Why = Annotated[str, typer.Option("--why", help="The reason; required.")]
Until = Annotated[str, typer.Option("--until", help="The last day it holds: 2026-12-31.")]
Owner = Annotated[str, typer.Option("--owner", help="Who owns it.")]


@app.command(help=ACKNOWLEDGE_HELP)
def acknowledge(
    changes: Annotated[list[int] | None, typer.Argument(metavar="[NUMBER]...", help="The changes' numbers.")] = None,
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
            _listed("acknowledgements", [one for one in known if not (active and one.ended)], as_json, _acknowledged)
            return
        facts: dict[str, Any] = {
            "owner": _given(owner, "--owner"),
            "reason": _given(why, "--why"),
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
    change: Annotated[int, typer.Argument(metavar="NUMBER", help="The change's number.")],
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
    _listed("notes", notes, as_json, lambda one: f"{one.at:%Y-%m-%d %H:%M}Z {one.by}: {one.text}")


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
    approver: Annotated[str, typer.Option("--approver", help="Who approved it.")] = "",
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
            reason=_given(why, "--why"), owner=_given(owner, "--owner"), approver=_given(approver, "--approver"),
            expires_on=_day(until), resource=resource, account=account, ou=ou, tags=tags, ticket=ticket, created_at=now(),
        )  # fmt: skip
    opened = open_history(config, make=new is not None)
    with told(history.HistoryError):
        if revoke:
            history.revoke_waiver(opened.engine, revoke, by=me(), why=_given(why, "--why"), now=now())
            line(f"waiver {revoke} revoked; what it covered fails again from the next run on")
        elif new is None:
            _listed("waivers", history.waivers(opened.engine, now()), as_json, _waived)
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
        framework=framework, control=control, statement=_given(statement, "--statement"), by=me(), valid_until=_day(until),
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
            line(f"hold {release} released")
        elif why or account or type or resource or everything:
            reason = _given(why, "--why")
            if not (account or type or resource or everything):
                raise Refusal("what is to be kept? --account, --type, --resource, or --everything", USAGE)
            if account:
                _seen_account(opened.engine, account)
            made = history.hold(
                opened.engine, reason=reason, by=me(), now=now(), account=account, type=type, resource=resource
            )
            if as_json:
                emit({"schema": "reporter/holds/1", "holds": [made]})
            else:
                line(f"in force, hold {plain(_held(made))}")
        else:
            _listed("holds", history.holds(opened.engine), as_json, _held)


@app.command(help=PURGE_HELP)
def purge(
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    keep_days: Annotated[
        int | None, typer.Option("--keep-days", min=1, help="Instead of history.retention_days.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """See PURGE_HELP, which is what users read."""
    from datetime import timedelta

    from reporter import history

    opened = open_history(config)
    keep = timedelta(days=keep_days or opened.settings.history.retention_days)
    with told(history.HistoryError):
        gone = history.purge(opened.engine, now(), keep=keep, dry_run=dry_run, by=me())
    if as_json:
        emit({"schema": "reporter/purge/1", "dry_run": dry_run, "purged": gone})
        return
    verb = "would remove" if dry_run else "removed"
    line(f"Older than {gone.cutoff:%Y-%m-%d}: {verb} {_rows(gone.removed)}; kept by holds: {_rows(gone.kept)}")
    if emptied := gone.removed.get("run"):
        what = "would be" if dry_run else "are" if emptied > 1 else "is"
        line(f"{counted(emptied, 'run')} {what} emptied by it; the heads stay, so that the chain holds")


def _rows(counts: Mapping[str, int]) -> str:
    """How many rows of which tables; of a run only the content goes."""
    return (
        ", ".join(f"{counted(n, 'row')} of {name}" for name, n in sorted(counts.items()) if n and name != "run")
        or "nothing"
    )


def me() -> str:
    """Who speaks: the user of this session."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need have no name
        return "unknown user"


def _seen_account(engine: Any, id: str) -> None:
    """Refuse an account that no run has seen; one that has left the organization since may be held, too."""
    from reporter import history

    runs = history.last_runs(engine, ALL_RUNS)
    if not any(id in history.accounts(engine, run) for run in runs):
        raise Refusal(f"--account {id}: no run has seen such an account; give its 12 digits", USAGE)


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


def _listed(what: str, rows: Any, as_json: bool, show: Any) -> None:
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


def _held(one: Any) -> str:
    what = " ".join(word for word in (one.account, one.type, one.resource) if word) or "everything"
    return f"{one.number}: {what}, by {one.by} {one.at:%Y-%m-%d}: {one.reason}"
