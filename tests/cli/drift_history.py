"""A real history of two runs over the simulated demo organization, made once, and the command line driven as users drive it."""

import contextlib
import fcntl
import io
import json
import os
import sqlite3
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

from reporter.cli.app import main
from reporter.run.execute import Request, execute
from reporter.settings import load
from reporter.simulate.demo import a_week_later, organization
from reporter.simulate.simulation import start

FILE = """
[history]
url = "sqlite:///{database}"
[report]
directory = "{folder}/reports"
pdf = false
[coverage]
minimum_percent = 50.0
"""


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@cache
def built() -> Path:
    """The folder of a finished history: baseline, then the demo's week, then the second run.

    Made by the first that asks among the processes that share the tests; the others wait for it.
    """
    folder = Path(os.environ["TESTS_SHARED_FOLDER"]) / "drift"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            _make(folder)
            (folder / "made").touch()
    return folder


def _make(folder: Path) -> None:
    with start(organization()) as sim, patch.dict(os.environ, sim.environment):
        settings = load(_file(folder), _environ(sim))
        _run(settings, sim)
        a_week_later(sim)
        _run(settings, sim)


def copied(folder: Path, source: Path | None = None) -> Path:
    """A history of one's own in a folder, the common one's or another's content; returns its settings file."""
    with (
        contextlib.closing(sqlite3.connect((source or built()) / "reporter.db")) as old,
        contextlib.closing(sqlite3.connect(folder / "reporter.db")) as new,
    ):
        old.backup(new)  # a copied file would lack what still stands in the write-ahead log
    return _file(folder)


def said(file: Path, *words: str) -> Said:
    """One command with its exit code and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    argv = ["reporter", *words, *(() if "--help" in words else ("-c", str(file)))]
    with patch.object(sys, "argv", argv), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as left:
            code = left.code or 0
    return Said(code, out.getvalue(), err.getvalue())


def _run(settings, sim):
    execute(settings, Request(kind="demo", deliver=False), owner="test", clock=lambda: sim.now, tell=lambda *_: None)


def _file(folder: Path) -> Path:
    file = folder / "reporter.toml"
    file.write_text(
        FILE.format(database=(folder / "reporter.db").as_posix(), folder=folder.as_posix()), encoding="utf-8"
    )
    return file


def _environ(sim):
    return {
        "REPORTER_ROLE__NAME": sim.organization.role,
        "REPORTER_ROLE__EXTERNAL_ID": sim.organization.external_id,
        "REPORTER_AWS__ENDPOINT_URL": sim.endpoint_url,
        "REPORTER_AWS__REGION": "us-east-1",
    }
