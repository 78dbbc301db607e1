"""The folder of a demo: an earlier one makes way for the new, but nothing that a person wrote is ever lost by it."""

import shutil
from datetime import datetime
from pathlib import Path

from reporter.cli.console import USAGE, Refusal

MARK = ".reporter-demo"
OURS = ("reports", "mail", "reporter.db", "reporter.db-wal", "reporter.db-shm", "reporter.toml")
WORDS = ("acknowledgement", "note", "waiver", "attestation", "baseline", "hold")  # what only people put into a history


def make_room(directory: Path, now: datetime, *, force: bool = False) -> Path | None:
    """Make the folder one to work in; returns where an earlier demo was put, if it could not be replaced.

    Only a new folder, an empty one, or that of an earlier demo is taken; of the latter only what a demo makes is touched.
    """
    try:
        if directory.exists() and any(directory.iterdir()) and not (directory / MARK).exists():
            raise Refusal(
                f"{directory}: is not empty and not an earlier demo; `reporter demo DIR` takes another folder", USAGE
            )
        directory.mkdir(parents=True, exist_ok=True)
        kept = None if force or not _written_into(directory / "reporter.db", now) else _moved_aside(directory)
        for name in OURS:
            path = directory / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        (directory / MARK).touch()
    except OSError as error:
        raise Refusal(
            f"{error.filename or directory}: cannot be written ({error.strerror}); `reporter demo DIR` takes another folder",
            USAGE,
        ) from None
    return kept


def _written_into(database: Path, now: datetime) -> bool:
    """Whether people have put words into the history; one that cannot be read may hold some."""
    from reporter import history

    if not database.exists():
        return False
    try:
        engine = history.connect(str(database))
        history.prepare(engine, now)
        found = any(history.entries(engine, subject, limit=1) for subject in WORDS)
        engine.dispose()
    except history.HistoryError:
        return True
    return found


def _moved_aside(directory: Path) -> Path:
    number = 1
    while (target := directory / f"earlier-{number}").exists():
        number += 1
    target.mkdir()
    for name in OURS:
        if (directory / name).exists():
            (directory / name).rename(target / name)
    return target
