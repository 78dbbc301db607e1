"""The program in a process of its own, forked from one that warmed.py has prepared: half of a small run is preparation.

For tests that wait for its end. Who kills it, or asks how it starts, begins `python -m reporter` itself.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from unittest.mock import patch

import reporter

CALLED = str(Path(reporter.__file__).parent / "__main__.py")  # as `python -m reporter` has it
WORKERS = multiprocessing.get_context("forkserver")
WORKERS.set_forkserver_preload(["warmed"])


def reporter_process(
    words: Sequence[str], folder: Path, environ: Mapping[str, str], seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """What `python -W ignore -m reporter WORDS` answers in a folder with this environment and no other."""
    with tempfile.TemporaryDirectory() as place:
        said = [Path(place) / name for name in ("stdout", "stderr")]
        _begin()
        process = WORKERS.Process(target=_program, args=(list(words), str(folder), dict(environ), said))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(words), seconds, *(one.read_bytes() for one in said))
        stdout, stderr = (one.read_text(encoding="utf-8") if one.exists() else "" for one in said)
        return subprocess.CompletedProcess(list(words), process.exitcode, stdout, stderr)


@cache
def _begin() -> None:
    """Start the process that all others are forked from; it finds warmed.py beside this file."""
    with patch.dict(os.environ, PYTHONPATH=str(Path(__file__).parent)):
        forkserver.ensure_running()


def _program(words: list[str], folder: str, environ: dict[str, str], said: list[Path]) -> None:
    for number, path in enumerate((Path(os.devnull), *said)):
        flags = os.O_RDWR if number == 0 else os.O_WRONLY | os.O_CREAT
        os.dup2(os.open(path, flags, 0o600), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    warnings.resetwarnings()
    warnings.simplefilter("ignore")
    sys.argv = [CALLED, *words]
    from reporter.cli import main

    main()
