"""What is said when the database fails under a command: one sentence, no traceback."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from drift_history import said
from sqlalchemy import create_engine
from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError

sys.path.insert(0, str(Path(__file__).parent.parent / "history"))
from estate_builder import MONDAY, ONE, bucket, run, snapshot, weeks

from reporter import history
from reporter.history import unstored


@pytest.fixture
def made(tmp_path):
    """The settings file and the database file of a history of two runs, all of it in the one file."""
    file, database = tmp_path / "reporter.toml", tmp_path / "reporter.db"
    file.write_text(f'[history]\nurl = "sqlite:///{database}"\n', encoding="utf-8")
    engine = history.connect(str(database))
    history.prepare(engine, MONDAY)
    for week in range(2):
        items = [bucket(ONE, f"b{n:03}", Website={"Index": f"{week}-{n}" * 40}) for n in range(60)]
        run(engine, weeks(week), snapshot(ONE, weeks(week), items))
    engine.dispose()
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    return file, database


def scribble(database: Path, tables: tuple[str, ...]) -> None:
    """Overwrite the first page of each of these tables, as a failing disk does."""
    with sqlite3.connect(database) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        asked = "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = ?"
        pages = [connection.execute(asked, (name,)).fetchone()[0] for name in tables]
    connection.close()
    with database.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b"\xa5" * size)


def test_a_damaged_file_is_one_sentence(made):
    """Found while a command reads: what is wrong, what to restore and how to look at it, and no traceback."""
    file, database = made
    scribble(database, ("run",))
    told = said(file, "drift")
    assert told.code == 1
    assert "damaged" in told.err
    assert f"`reporter verify --history -c {file}`" in told.err
    assert len(told.err.strip().splitlines()) == 1


def test_a_file_damaged_at_its_head_is_not_called_another_programs(made):
    """Found while the file is opened: it is damaged, which is not to say that it is no history."""
    file, database = made
    with database.open("r+b") as opened:
        opened.seek(100)
        opened.write(b"\xa5" * 400)
    told = said(file, "drift")
    assert (told.code, "is damaged" in told.err, "is not a reporter history" in told.err) == (1, True, False)


def test_a_full_disk_says_make_room_and_resume():
    """SQLite may not grow its file any more."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 3")
        connection.exec_driver_sql("CREATE TABLE full_soon (words BLOB)")
        with pytest.raises(OperationalError) as caught:
            connection.exec_driver_sql("INSERT INTO full_soon VALUES (zeroblob(100000))")
    told = unstored(caught.value)
    assert "is full; what was stored until now is kept: make room, then `reporter run --resume`" in told


def test_a_locked_and_a_read_only_file_say_what_to_do(made):
    """Another process writes; or nobody may."""
    _, database = made
    holder = sqlite3.connect(database)
    holder.execute("BEGIN EXCLUSIVE")
    engine = create_engine(f"sqlite:///{database}", connect_args={"timeout": 0})
    with engine.connect() as connection, pytest.raises(OperationalError) as caught:
        connection.exec_driver_sql("DELETE FROM run")
    assert "another process holds it" in unstored(caught.value)
    holder.close()
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = 1")
        with pytest.raises(OperationalError) as caught:
            connection.exec_driver_sql("DELETE FROM run")
    assert "cannot be written" in unstored(caught.value)
    engine.dispose()


def test_a_server_that_goes_away_is_told_without_its_address():
    """The driver's words may name host and user; the sentence does not."""
    import psycopg

    gone = psycopg.OperationalError("connection to host db.internal, user audit, password=secret failed")
    told = unstored(OperationalError("SELECT 1", {}, gone, connection_invalidated=True))
    assert "went away" in told
    assert not any(word in told for word in ("db.internal", "audit", "secret"))


def test_a_statement_that_does_not_fit_stays_a_fault_of_the_program():
    """No sentence for what a user cannot mend."""
    with create_engine("sqlite://").connect() as connection, pytest.raises(DatabaseError) as caught:
        connection.exec_driver_sql("SELECT * FROM nothing_here")
    assert unstored(caught.value) == ""
    assert unstored(ProgrammingError("x", {}, ValueError("y"))) == ""


def test_the_help_waits_for_no_database_driver():
    """What is caught is imported only once something was raised."""
    code = "import sys, reporter.cli.app; print('sqlalchemy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "False"
