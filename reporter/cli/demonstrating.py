"""`reporter demo`: the whole job on a simulated organization, with no AWS account and no keys."""

import os
import shutil
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import Refusal, line, plain
from reporter.cli.progress import progress
from reporter.cli.running import lines, start
from reporter.settings import Settings, load

DEMO_HELP = """The whole job on a simulated AWS Organization: no AWS account, no keys, nothing leaves this machine.

A first report; then people change things (logging stopped, a bucket opened ...); a simulated week later the second report,
mailed to a mail server on loopback. DIR afterwards holds the reports, the mails as .eml and the history.

\b
Examples:
  reporter demo
  reporter demo /tmp/look && open /tmp/look/reports/*/organization.pdf
"""
MARK = ".reporter-demo"
OURS = ("reports", "mail", "reporter.db", "reporter.db-wal", "reporter.db-shm", "reporter.toml", MARK)
LEAD = "security-lead@example.com"
FILE = """# Written by `reporter demo`: the settings of the demo's history, for the commands it proposes.
[history]
url = "sqlite:///{database}"

[report]
directory = "reports"
organization_name = "Example Corp (demo)"
classification = "Demo"

[coverage]
minimum_percent = 75.0
"""


@app.command(help=DEMO_HELP)
def demo(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to leave the results.")] = Path("demo"),
) -> None:
    """See DEMO_HELP, which is what users read."""
    try:
        from reporter.simulate.demo import a_week_later, organization
        from reporter.simulate.mail import receive
        from reporter.simulate.simulation import start as simulate
    except ModuleNotFoundError as error:
        raise Refusal(f"the demo needs {error.name}: pip install 'reporter[demo]'") from None
    began = time.monotonic()
    folder = _empty(directory)
    line("Starting a simulated AWS Organization and a mail server on 127.0.0.1 ...")
    with simulate(organization()) as sim, receive(folder / "mail") as mailbox:
        os.environ.update(sim.environment)  # the ordinary credential chain of the AWS SDK takes it from here
        settings = _settings(folder, sim, mailbox.port)
        line("Week 1")
        first = _run(settings, lambda: sim.now)
        changed = a_week_later(sim)
        line(f"A simulated week passes: {len(changed)} things happen in AWS.")
        line("Week 2")
        second = _run(settings, lambda: sim.now)
    _look_next(directory, first, second, time.monotonic() - began)


def _run(settings: Settings, clock: Callable[[], datetime]) -> Any:
    from reporter.run.execute import Request

    with progress(prefix="  ") as tell:
        result = start(settings, Request(kind="demo"), tell, clock)
    for text in lines(result):
        line(f"  {text}")
    return result


def _settings(folder: Path, sim: Any, port: int) -> Settings:
    """The demo's settings: its file, and what only lives as long as the simulation."""
    file = folder / "reporter.toml"
    file.write_text(FILE.format(database=(folder / "reporter.db").resolve().as_posix()), encoding="utf-8")
    environ = {
        "REPORTER_ROLE__NAME": sim.organization.role,
        "REPORTER_ROLE__EXTERNAL_ID": sim.organization.external_id,
        "REPORTER_AWS__ENDPOINT_URL": sim.endpoint_url,
        "REPORTER_AWS__REGION": "us-east-1",
        "REPORTER_MAIL__TRANSPORT": "smtp",
        "REPORTER_MAIL__HOST": "127.0.0.1",
        "REPORTER_MAIL__PORT": str(port),
        "REPORTER_MAIL__SECURITY": "none",
        "REPORTER_MAIL__SENDER": "reporter@example.com",
    }
    settings = load(file, environ)
    return Settings.model_validate(settings.model_dump() | {"recipient": ({"address": LEAD},)})


def _empty(directory: Path) -> Path:
    """The folder to work in: new, empty, or holding an earlier demo, which is replaced. Nothing else is ever deleted."""
    if directory.exists() and any(directory.iterdir()) and not (directory / MARK).exists():
        raise Refusal(f"{directory}: is not empty and not an earlier demo; name another folder: reporter demo DIR")
    directory.mkdir(parents=True, exist_ok=True)
    for name in OURS:
        path = directory / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    (directory / MARK).touch()
    return directory


def _look_next(directory: Path, first: Any, second: Any, seconds: float) -> None:
    config = f"-c {directory / 'reporter.toml'}"
    mails = sorted((directory / "mail").glob("*.eml"))
    line()
    line(f"Done in {seconds:.0f} s. What to look at next", "bold")
    line()
    line(f"  {second.published[0].headline}")
    for title, result in (("first report", first), ("second report", second)):
        one = result.published[0]
        line(f"  {title:<16}{one.pdf or one.html}")
        if one.pdf:
            line(f"  {'':<16}{one.html}")
    for mail in mails:
        line(f"  {'mail':<16}{plain(mail)}")
    line(f"  {'history':<16}{directory / 'reporter.db'}")
    line()
    for command, why in (
        (f"reporter drift {config}", "what changed, when, by whom"),
        (f"reporter findings --severity critical {config}", "what fails"),
        (f"reporter coverage {config}", "what was not looked at, and why"),
        (f"reporter verify --history {config}", "that nothing in the history was altered"),
        ("reporter init", "settings for your own organization"),
    ):
        line(f"  {command:<58} {why}")
