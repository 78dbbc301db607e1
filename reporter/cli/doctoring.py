"""`reporter doctor`: what works and what does not, on one page, each trouble with how to mend it."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import AsJson, Config, command, emit, given_config, line, load_settings, now, plain, spelled
from reporter.cli.doctoring_past import disk_signs, signs_of_the_past
from reporter.cli.filters import counted, place, sqlite_file, there_is_history
from reporter.cli.owner import dead
from reporter.cli.signs import Sign, State
from reporter.settings import Settings, database_url, settings_file

DOCTOR_HELP = """Say in one page what works and what does not, and how to mend it.

Settings, credentials, the organization, the role in each account and what it may read, database, what earlier runs left half
done, letters that wait, room on the disk, the clock, mail server, PDF and fonts. Sends nothing, writes nothing. Exit code 1 if anything does not work.

\b
Examples:
  reporter doctor
  reporter doctor --accounts 3      ask only three accounts for their role
  reporter doctor --json
"""
MARKS: dict[State, tuple[str, str]] = {
    "ok": ("ok  ", ""), "warn": ("warn", "yellow"), "fail": ("FAIL", "bold red"), "off": ("-   ", "dim")
}  # fmt: skip
WIDTH = 13  # of the names
ALIKE = 5  # accounts with the same trouble that are named
SCRIPTS = {
    "Latin": "é", "Greek": "Ω", "Cyrillic": "Ж", "Arabic": "ع", "Hebrew": "א", "Devanagari": "अ", "Thai": "ก",
    "Chinese": "漢", "Japanese": "か", "Korean": "한",
}  # fmt: skip
CREDENTIALS = (
    "aws configure, AWS_PROFILE (or aws.profile), or an instance role; `aws sts get-caller-identity` tries them"
)
EXTERNAL_ID = 16  # characters that nobody guesses
OFFLINE = "EndpointUnreachable"


@app.command(help=DOCTOR_HELP)
def doctor(
    config: Config = None,
    accounts: Annotated[int, typer.Option(help="Ask at most this many accounts for their role (0: all).")] = 20,
    as_json: AsJson = False,
) -> None:
    """See DOCTOR_HELP, which is what users read."""
    settings = load_settings(config)
    signs = [*_settings(settings), *_aws(settings, accounts), *_database(settings), *_mail(settings), *_pdf(settings)]
    if as_json:
        emit({"schema": "reporter/doctor/1", "signs": signs})
    else:
        for sign in signs:
            _show(sign)
        _sum_up(signs)
    if any(sign.state == "fail" for sign in signs):
        raise typer.Exit(1)


def _show(sign: Sign) -> None:
    mark, style = MARKS[sign.state]
    line(f"{mark} {sign.name:<{WIDTH}} {plain(sign.seen)}", style)
    for part in sign.remedy.splitlines() if sign.state in ("fail", "warn") else ():
        line(f"     {'':<{WIDTH}} -> {plain(spelled(part))}")


def _sum_up(signs: Sequence[Sign]) -> None:
    bad, doubtful = (sum(sign.state == state for sign in signs) for state in ("fail", "warn"))
    if bad or doubtful:
        line(f"{counted(bad, 'thing')} to mend, {counted(doubtful, 'thing')} to look at", "bold")
    else:
        line(f"All is well; next: {command('run --estimate')}, then {command('run')}", "green")


def _settings(settings: Settings) -> Iterator[Sign]:
    """Where they came from, the files they name, and the one key whose emptiness is a hole."""
    file = settings_file(given_config())
    if file is None:
        yield Sign(
            "settings",
            "warn",
            "there is no settings file here: every key has its default",
            "`reporter init` writes one",
        )
    else:
        yield Sign("settings", "ok", f"{file} is good")
    yield from _named_files(settings)
    external_id = settings.role.external_id.get_secret_value()
    if 0 < len(external_id) < EXTERNAL_ID:
        yield Sign(
            "external id",
            "warn",
            f"role.external_id has {counted(len(external_id), 'character')}: it is easily guessed",
            "choose 16 random characters or more, the same in role.external_id and in the role's trust policy",
        )
    if not external_id:
        yield Sign(
            "external id",
            "warn",
            "role.external_id is empty: deploy/member-role.yaml asks for one, so its role will not be given",
            "choose 16 random characters or more, the same in role.external_id and in the role's trust policy",
        )


def _named_files(settings: Settings) -> Iterator[Sign]:
    from reporter.assess.frameworks import UnknownFramework
    from reporter.assess.written import BadFile
    from reporter.run.wiring import WiringError, judgement

    try:
        judged_by = judgement(settings)
    except (BadFile, UnknownFramework, WiringError) as error:
        yield Sign("judgement", "fail", str(error), "mend that file, or the key of [assess] or [report] that names it")
        return
    frameworks, accepted = len(judged_by.selected), len(judged_by.waivers.items)
    yield Sign("judgement", "ok", f"{counted(frameworks, 'framework')}, {counted(accepted, 'waiver')} from the file")


def _database(settings: Settings) -> Iterator[Sign]:
    from reporter import history

    file = sqlite_file(settings)
    try:
        if not there_is_history(settings):
            yield from disk_signs(settings, None, 0)
            empty = Sign("database", "ok", f"{place(settings)} is empty; the first run makes the tables")
            yield empty if file is None else _to_be_made("database", file, "history.url")
            return
        engine = history.connect(database_url(settings))
        history.prepare(engine, now())
        last = history.last_runs(engine, 1)
    except history.HistoryError as error:
        remedy = "see history.url" if file else "see history.url; a server must be running and know the user"
        yield Sign("database", "fail", str(error), remedy)
        return
    seen = f"run {last[0].seq} of {last[0].as_of:%Y-%m-%d %H:%M} UTC is the last" if last else "no run yet"
    yield Sign("database", "ok", f"{engine.dialect.name} at {place(settings)}, {seen}")
    if last:
        yield from _denied(history.gaps(engine, last[0]))
    yield from signs_of_the_past(engine, settings, now(), dead)
    yield from disk_signs(settings, last[0] if last else None, last[0].seq or 1 if last else 0)


def _to_be_made(name: str, path: Path, key: str) -> Sign:
    """Whether what is not there yet can be made there."""
    folder = next(one for one in (path.parent, *path.parent.parents) if one.exists())
    if name == "database" and folder != path.parent:
        return Sign(name, "fail", f"{path.parent} is not there", f"mkdir -p {path.parent}, or another place in {key}")
    if not os.access(folder, os.W_OK):
        remedy = f"let this user write into {folder} (chown, chmod), or name another place in {key}"
        return Sign(name, "fail", f"{folder} may not be written by this user", remedy)
    return Sign(name, "ok", f"none yet; the first run makes {path}")


def _denied(gaps: Sequence[Any]) -> Iterator[Sign]:
    """What the last run was refused: the probe asks for little, a run for all."""
    refused = [gap for gap in gaps if gap.iam and "denied" in gap.code.lower()]
    if refused:
        named = ", ".join(f"{gap.iam} in {counted(gap.accounts, 'account')}" for gap in refused[:ALIKE])
        more = f" and {len(refused) - ALIKE} more" if len(refused) > ALIKE else ""
        yield Sign(
            "permissions",
            "warn",
            f"the last run was denied {named}{more}",
            "add them to the role (deploy/PERMISSIONS.md says what each is for); `reporter coverage` shows where",
        )


def _aws(settings: Settings, most: int) -> Iterator[Sign]:
    from reporter.collect.door import open_door
    from reporter.collect.options import CollectError
    from reporter.collect.organization import configured, discover
    from reporter.run.wiring import collect_options

    try:
        door = open_door(collect_options(settings), clock=now)
        sign = _caller(door, settings)
    except CollectError as error:
        sign = Sign("credentials", "fail", str(error), CREDENTIALS)
    yield sign
    if sign.state != "ok":
        yield Sign("organization", "off", "not asked, nor the roles in its accounts: that takes credentials")
        return
    try:
        ids = settings.organization.accounts
        found = configured(door, ids) if ids else discover(door)
    except CollectError as error:
        remedy = "give the caller deploy/hub-policy.json, or list the accounts in organization.accounts"
        yield Sign("organization", "fail", str(error), remedy)
        return
    active = [account for account in found.accounts if account.state == "ACTIVE"]
    words = f"{counted(len(found.accounts), 'account')}, {len(active)} of them active"
    yield Sign("organization", "ok", f"{found.id or 'accounts as listed in the settings'}: {words}")
    yield from _roles(door, active[: most or None])
    if most and len(active) > most:
        yield Sign("role", "off", f"{len(active) - most} more accounts were not asked; --accounts 0 asks all")


def _caller(door: Any, settings: Settings) -> Sign:
    """Who the caller is, or why nobody can say."""
    from reporter.collect.probe import probe_caller

    caller = probe_caller(door)
    if caller.ok:
        return Sign("credentials", "ok", caller.sentence)
    why = door.sessions.unidentified
    if why is not None and why.code == OFFLINE:
        named = settings.aws.endpoint_url or os.environ.get("AWS_ENDPOINT_URL", "")
        remedy = f"look at aws.endpoint_url and AWS_ENDPOINT_URL ({named})" if named else "look at network and proxy"
        return Sign("credentials", "fail", f"not known, for AWS does not answer: {why.message}", remedy)
    return Sign("credentials", "fail", caller.sentence, CREDENTIALS)


def _roles(door: Any, accounts: Sequence[Any]) -> Iterator[Sign]:
    """The role in each account, then what it may read: the good ones counted, alike troubles told once."""
    from reporter.collect.probe import probe_account

    probes = [(account, probe_account(door, account.id)) for account in accounts]
    taken = [(account, probe) for account, probe in probes if probe.ok or probe.arn]
    reading = [account for account, probe in taken if probe.ok]
    yield from _tally("role", len(taken), len(probes), "can be taken")
    untaken = [(account, probe.sentence) for account, probe in probes if not (probe.ok or probe.arn)]
    yield from _alike(
        "role", untaken, "deploy/member-role.yaml in that account; compare role.name and role.external_id"
    )
    yield from _tally("permissions", len(reading), len(taken), "may list regions, trails and buckets")
    refused = [(account, probe.sentence) for account, probe in taken if not probe.ok]
    yield from _alike(
        "permissions", refused, "deploy/read-policy.json is what the role needs; a guardrail may deny it, too"
    )


def _tally(name: str, good: int, asked: int, what: str) -> Iterator[Sign]:
    if good:
        yield Sign(name, "ok", f"{what} in {good} of {counted(asked, 'account')}")


def _alike(name: str, troubles: Sequence[tuple[Any, str]], remedy: str) -> Iterator[Sign]:
    """Accounts whose trouble reads the same but for their own ids and names are one sign."""
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for account, sentence in troubles:
        named = f"{account.name} ({account.id})" if account.name else account.id
        groups[sentence.replace(account.id, "*")].append((named, sentence))
    for members in groups.values():
        names = ", ".join(named for named, _ in members[:ALIKE])
        more = f" and {len(members) - ALIKE} more" if len(members) > ALIKE else ""
        yield Sign(name, "fail", f"{names}{more}: {members[0][1]}", remedy)


def _mail(settings: Settings) -> Iterator[Sign]:
    from reporter.deliver.mail import Smtp, greet

    mail = settings.mail
    if mail.transport == "none":
        yield Sign("mail", "off", 'mail.transport is "none": reports are written, not sent')
    elif mail.transport == "ses":
        yield Sign("mail", "off", f"SES, not asked: {command('deliver test --to ADDRESS')} sends one mail")
    else:
        password = mail.password.get_secret_value()
        server = Smtp(mail.host, mail.port, mail.security, mail.user, password, mail.ca_file, mail.timeout_seconds)
        problem = greet(server)
        where = f"{mail.host}:{mail.port}"
        remedy = (
            "mail.host, mail.port and mail.security (starttls: 587, tls: 465); the password by REPORTER_MAIL__PASSWORD or "
            "mail.password_file; `reporter deliver test --to ADDRESS` tries again with a letter"
        )
        yield Sign("mail", "fail" if problem else "ok", problem or f"{where} answers, {mail.security}", remedy)
    if settings.recipient and mail.transport == "none":
        seen = f"{len(settings.recipient)} are named, but mail is off"
        yield Sign("recipients", "fail", seen, 'set mail.transport to "smtp" or "ses"')
    if not settings.recipient:
        yield Sign("recipients", "off", "nobody gets mail: add a [[recipient]]")


def _pdf(settings: Settings) -> Iterator[Sign]:
    from reporter.report.pdf import PACKAGES

    folder = settings.report.directory
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        inside = folder / "x" if folder.is_dir() else folder
        made = _to_be_made("reports", inside, "report.directory")
        yield made if made.state == "fail" else Sign("reports", "ok", f"will be written into {folder}")
    else:
        yield Sign("reports", "ok", f"are written into {folder}")
    worker = [sys.executable, "-m", "reporter.report.worker", "3000"]
    asked = subprocess.run(worker, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    good = asked.returncode == 0
    seen = "can be made" if good else (asked.stderr.strip().splitlines() or ["cannot be made"])[-1]
    yield Sign("pdf", "ok" if good else "fail", seen, f"sudo apt-get install -y {PACKAGES}; or report.pdf = false")
    yield _fonts()


def _fonts() -> Sign:
    """Which scripts the fonts here can draw: names in the others are printed as code points."""
    from reporter.report.fonts import families, missing

    known = families()
    if not known:
        return Sign("fonts", "fail", "none found", "sudo apt-get install -y fonts-dejavu-core")
    lacking = [name for name, sample in SCRIPTS.items() if missing(sample)]
    drawn = ", ".join(name for name in SCRIPTS if name not in lacking)
    if not lacking:
        return Sign("fonts", "ok", f"{len(known)} font families draw {drawn}")
    return Sign(
        "fonts",
        "warn",
        f"{drawn} can be drawn; {', '.join(lacking)} will be printed as code points",
        "sudo apt-get install -y fonts-dejavu-core fonts-noto-core fonts-noto-cjk",
    )
