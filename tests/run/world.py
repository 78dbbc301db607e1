"""A simulated organization that is not the demo's, a mail server, and settings that point at both."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warm import reporter_process

from reporter.simulate.mail import Mailbox, receive
from reporter.simulate.other import organization
from reporter.simulate.simulation import Simulation, start

SEED = 41
ROOT = str(Path(__file__).parent.parent.parent)


@dataclass
class World:
    """A simulation with its settings file, and the program run in it as a user runs it."""

    sim: Simulation
    mailbox: Mailbox
    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def reporter(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """The command line in a process of its own, waited for."""
        return reporter_process(words, self.folder, self.environ | environ)

    def begin(self, *words: str, **environ: str) -> subprocess.Popen[str]:
        """The installed program, started as a user starts it and not waited for."""
        return subprocess.Popen(
            self.command(*words), **self.process(environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-W", "ignore", "-m", "reporter", *words]

    def process(self, environ: dict[str, str]) -> dict[str, object]:
        return {"cwd": self.folder, "env": self.environ | environ}

    def catch_up(self) -> None:
        """Set the simulated clock to the program's, which is the real one: what is done next happens now."""
        behind = datetime.now(UTC) - datetime.fromisoformat(self.sim.command("now"))
        self.sim.advance(seconds=behind.total_seconds())

    @property
    def database(self) -> str:
        return f"sqlite:///{self.folder / 'reporter.db'}"


@pytest.fixture(scope="session")
def simulated() -> Iterator[Simulation]:
    """One simulated AWS for all tests of this folder; each test loads its own organization into it."""
    with start(organization(SEED, accounts=3, buckets=3)) as sim:
        yield sim


@pytest.fixture
def world(simulated: Simulation, tmp_path: Path) -> Iterator[World]:
    """A fresh organization of five accounts, an empty mailbox and a settings file; the program's only way in is its
    environment, as for a user."""
    made = organization(SEED, accounts=3, buckets=3)
    simulated.load(made, now=datetime.now(UTC))  # the program's clock is the real one
    simulated.clear_faults()
    with receive(tmp_path / "mail") as mailbox:
        (tmp_path / "reporter.toml").write_text(
            f"""
[role]
name = "{made.role}"
external_id = "{made.external_id}"
[collect]
threads = 8
calls_per_second = 100
[coverage]
minimum_percent = 90
[assess]
frameworks = ["cloudtrail-eight-practices"]
[report]
pdf = false
[mail]
transport = "smtp"
host = "127.0.0.1"
port = {mailbox.port}
security = "none"
sender = "reporter@example.com"
[[recipient]]
address = "lead@example.com"
""",
            encoding="utf-8",
        )
        environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": ROOT} | dict(simulated.environment)
        yield World(simulated, mailbox, tmp_path, environ)


@pytest.fixture
def account_named(world: World) -> Callable[[str], str]:
    """The id of an account of the simulated organization by its name."""
    return lambda name: world.sim.organization.account(name).id
