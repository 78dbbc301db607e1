"""`reporter demo`: the whole job on a simulated organization, with no AWS account and no keys."""

import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, Refusal, command, line, now, plain
from reporter.cli.making_room import make_room
from reporter.cli.progress import progress
from reporter.cli.running import lines, start
from reporter.settings import Settings, load

DEMO_HELP = """The whole job on a simulated AWS Organization: no AWS account, no keys, nothing leaves this machine.

An earlier demo in DIR is replaced. Where somebody has written notes, waivers or acknowledgements into its history, it is moved
aside to DIR/earlier-1 instead.

A first report; then people change things (logging stopped, a bucket opened ...); a simulated week later the second report,
mailed to a mail server on loopback. DIR afterwards holds the reports, the mails as .eml and the history.

\b
Examples:
  reporter demo
  reporter demo /tmp/look && open /tmp/look/reports/*/organization.pdf
  reporter demo --force            an earlier demo in the folder is replaced, even where somebody has written into its history
"""
LEAD = "security-lead@example.com"
FILE = """# Written by `reporter demo`: the settings of the demo's history, for the commands it proposes.
[history]
url = "sqlite:///reporter.db"

[report]
directory = "reports"
organization_name = "Kestrel Harbour (demo)"
classification = "Demo"

[coverage]
minimum_percent = 75.0
"""


@app.command(help=DEMO_HELP)
def demo(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to leave the results.")] = Path("demo"),
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier demo, whatever stands in it.")] = False,
) -> None:
    """See DEMO_HELP, which is what users read."""
    try:
        from reporter.simulate.demo import a_week_later, organization
        from reporter.simulate.mail import receive
        from reporter.simulate.simulation import start as simulate
    except ModuleNotFoundError as error:
        raise Refusal(f"the demo needs {error.name}: pip install 'reporter[demo]'") from None
    began = time.monotonic()
    if aside_to := make_room(directory, now(), force=force):
        line(f"Somebody has written into the history of the earlier demo here: it is kept in {aside_to}")
    file = _settings_file(directory)
    line("Starting a simulated AWS Organization and a mail server on 127.0.0.1 ...")
    with simulate(organization()) as sim, receive(directory / "mail") as mailbox:
        os.environ.update(sim.environment)  # the ordinary credential chain of the AWS SDK takes it from here
        settings = _settings(file, sim, mailbox.port)
        line("Week 1")
        first = _run(settings, lambda: sim.now)
        changed = a_week_later(sim)
        quiet = sum(not one.kind for one in changed)
        line(
            f"A simulated week passes: {len(changed)} things happen in AWS, {len(changed) - quiet} of them changes "
            f"({quiet} writes a policy anew in another order)."
        )
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


def _settings_file(folder: Path) -> Path:
    """The demo's settings, for the commands it proposes at its end."""
    file = folder / "reporter.toml"
    try:
        file.write_text(FILE, encoding="utf-8")
    except OSError as error:
        raise Refusal(
            f"{file}: cannot be written ({error.strerror}); `reporter demo DIR` takes another folder", USAGE
        ) from None
    return file


def _settings(file: Path, sim: Any, port: int) -> Settings:
    """What the file says, and what only lives as long as the simulation."""
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


def _look_next(directory: Path, first: Any, second: Any, seconds: float) -> None:
    config = directory / "reporter.toml"
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
    steps = (
        ("drift", "what changed, when, by whom"),
        ("findings --severity critical", "what fails"),
        ("coverage", "what was not looked at, and why"),
        ("verify --history", "that nothing in the history was altered"),
        ("serve", "the reports in a browser"),
        ("init", "settings for your own organization"),
    )
    width = max(len(command(words, config)) for words, _ in steps)
    for words, why in steps:
        line(f"  {command(words, config):<{width}}  {why}")
