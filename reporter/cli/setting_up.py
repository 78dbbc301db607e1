"""`reporter init` and `reporter doctor`: the first settings, and what works with them."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from reporter.cli.app import app
from reporter.cli.console import AsJson, Config, Refusal, emit, line, now, plain
from reporter.settings import Settings, SettingsError, data_file, database_url, load

INIT_HELP = """Write a first reporter.toml (every key, commented, with its default) and waivers.toml into DIR.

\b
Examples:
  reporter init
  reporter init /etc/reporter
"""
DOCTOR_HELP = """Say in one page what works and what does not, and how to mend it.

Settings, credentials, the organization, the role in each account, database, mail server, PDF and fonts. Sends nothing.

\b
Examples:
  reporter doctor
  reporter doctor --accounts 3      ask only three accounts for their role
"""


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing looked at: ok, not ok, or not needed (None), with what was seen and the remedy."""

    name: str
    ok: bool | None
    seen: str
    remedy: str = ""


@app.command(help=INIT_HELP)
def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write.")] = Path(),
) -> None:
    """See INIT_HELP, which is what users read."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("reporter.toml", "waivers.toml"):
        target = directory / name
        try:
            with target.open("x", encoding="utf-8") as file:
                file.write(data_file("config", name).read_text(encoding="utf-8"))
        except FileExistsError:
            raise Refusal(f"{target}: is there already; it is not overwritten") from None
        except OSError as error:
            raise Refusal(f"{target}: cannot be written ({error.strerror})") from None
        line(f"wrote {target}")
    line("Next: create the role (deploy/member-role.yaml as a StackSet), set role.external_id, then: reporter doctor")


@app.command(help=DOCTOR_HELP)
def doctor(
    config: Config = None,
    accounts: Annotated[int, typer.Option(help="Ask at most this many accounts for their role (0: all).")] = 20,
    as_json: AsJson = False,
) -> None:
    """See DOCTOR_HELP, which is what users read."""
    try:
        settings = load(config)
    except SettingsError as error:
        raise Refusal(str(error), 2) from None
    signs = [Sign("settings", True, "read")]
    signs += [*_database(settings), *_aws(settings, accounts), *_mail(settings), *_pdf()]
    if as_json:
        emit(signs)
    else:
        for sign in signs:
            _show(sign)
    if any(sign.ok is False for sign in signs):
        raise typer.Exit(1)


def _show(sign: Sign) -> None:
    mark, style = {True: ("ok  ", ""), False: ("FAIL", "bold red"), None: ("-   ", "dim")}[sign.ok]
    line(f"{mark} {sign.name:<14} {plain(sign.seen)}", style)
    for part in sign.remedy.splitlines() if sign.ok is False else ():
        line(f"     {'':<14} {plain(part)}")


def _database(settings: Settings) -> Iterator[Sign]:
    from reporter import history

    try:
        engine = history.connect(database_url(settings))
        history.prepare(engine, now())
    except history.HistoryError as error:
        yield Sign("database", False, str(error), "see history.url")
        return
    last = history.last_runs(engine, 1)
    seen = f"run {last[0].seq} of {last[0].as_of:%Y-%m-%d %H:%M} UTC is the last" if last else "no run yet"
    yield Sign("database", True, f"{engine.dialect.name}, {seen}")


def _aws(settings: Settings, most: int) -> Iterator[Sign]:
    from reporter.collect.door import open_door
    from reporter.collect.options import CollectError
    from reporter.collect.organization import configured, discover
    from reporter.collect.probe import probe_account, probe_caller
    from reporter.run.wiring import collect_options

    try:
        door = open_door(collect_options(settings), clock=now)
        caller = probe_caller(door)
        yield Sign("credentials", caller.ok, caller.sentence, "aws configure, AWS_PROFILE or an instance role")
        if not caller.ok:
            return
        ids = settings.organization.accounts
        found = configured(door, ids) if ids else discover(door)
    except CollectError as error:
        yield Sign(
            "organization", False, str(error), "deploy/hub-policy.json, or list accounts in organization.accounts"
        )
        return
    active = [account for account in found.accounts if account.state == "ACTIVE"]
    yield Sign(
        "organization", True, f"{found.id or 'configured list'}: {len(found.accounts)} accounts, {len(active)} active"
    )
    asked = active[: most or None]
    for account in asked:
        probe = probe_account(door, account.id)
        name = f"{account.name or account.id} ({account.id})"
        yield Sign(
            "role", probe.ok, f"{name}: {probe.sentence}", "deploy/member-role.yaml; role.name, role.external_id"
        )
    if len(asked) < len(active):
        yield Sign("role", None, f"{len(active) - len(asked)} more accounts were not asked; --accounts 0 asks all")


def _mail(settings: Settings) -> Iterator[Sign]:
    from reporter.deliver.mail import Smtp, greet

    mail = settings.mail
    if mail.transport == "none":
        yield Sign("mail", None, 'mail.transport is "none": reports are written, not sent')
    elif mail.transport == "ses":
        yield Sign("mail", None, "SES: `reporter deliver test` sends one mail")
    else:
        server = Smtp(
            mail.host, mail.port, mail.security, mail.user, mail.password.get_secret_value(), mail.ca_file, mail.timeout_seconds
        )  # fmt: skip
        problem = greet(server)
        where = f"{mail.host}:{mail.port}"
        yield Sign("mail", not problem, problem or f"{where} answers, {mail.security}", "see [mail] in reporter.toml")
    if settings.recipient and mail.transport == "none":
        yield Sign(
            "recipients",
            False,
            f"{len(settings.recipient)} are named, but mail is off",
            'set mail.transport to "smtp" or "ses"',
        )
    if not settings.recipient:
        yield Sign("recipients", None, "nobody gets mail: add a [[recipient]]")


def _pdf() -> Iterator[Sign]:
    from reporter.report.fonts import families
    from reporter.report.pdf import PACKAGES

    command = [sys.executable, "-m", "reporter.report.worker", "3000"]
    asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    seen = "can be made" if asked.returncode == 0 else (asked.stderr.strip().splitlines() or ["cannot be made"])[-1]
    yield Sign("pdf", asked.returncode == 0, seen, f"sudo apt-get install -y {PACKAGES}")
    known = families()
    more = "sudo apt-get install -y fonts-dejavu-core fonts-noto-cjk"
    yield Sign("fonts", bool(known), ", ".join(known) or "none found", more)
