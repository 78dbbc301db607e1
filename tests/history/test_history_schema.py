"""Opening a database: ours, an older one, a newer one, somebody else's, or none."""

import hashlib
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st
from postgres_server import BORN
from sqlalchemy import inspect

from reporter import history
from reporter.history import acts_tables, blobs, columns, dictionary, schema, tables
from reporter.history.engine import write

ROOM = Path(history.__file__).parent


def config(connection=None):
    """Alembic over the room's own migrations."""
    found = Config()
    found.set_main_option("script_location", str(schema.MIGRATIONS))
    found.attributes["connection"] = connection
    return found


def test_preparing_twice_changes_nothing(engine):
    """A prepared history is left alone."""
    history.prepare(engine, BORN)
    assert history.verify(engine) == ()


def test_the_migrations_make_the_tables(engine):
    """What the migrations build is what the models say, on both engines; down to nothing and up again."""
    with engine.begin() as connection:
        command.check(config(connection))
    with engine.begin() as connection:
        command.downgrade(config(connection), "base")
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
        command.upgrade(config(connection), "head")
        command.check(config(connection))
    assert ScriptDirectory.from_config(config()).get_current_head() == schema.HEAD


def test_whether_there_is_a_history_is_asked_without_making_one(engine, tmp_path):
    """An empty database, or somebody else's, is none; asking writes nothing."""
    assert history.is_made(engine)
    empty = history.connect(str(tmp_path / "empty.db"))
    assert not history.is_made(empty)
    with empty.connect() as connection:
        assert inspect(connection).get_table_names() == []
    empty.dispose()


def test_another_programs_tables_are_no_empty_history(url):
    """Asking whether there is a history refuses another program's tables on both engines; even where one is called `meta`."""
    engine = history.connect(url)
    write(engine, lambda connection: connection.exec_driver_sql("DELETE FROM meta"))
    with pytest.raises(history.NotOurs, match=r"holds something else \(tables .*point history\.url"):
        history.is_made(engine)
    write(engine, lambda connection: connection.exec_driver_sql("DROP TABLE meta"))
    write(engine, lambda connection: connection.exec_driver_sql("CREATE TABLE meta (id INTEGER)"))
    with pytest.raises(history.NotOurs, match="holds something else"):
        history.is_made(engine)
    with pytest.raises(history.NotOurs, match="holds something else"):
        history.prepare(engine, BORN)
    engine.dispose()


def powerless(*words, folder):
    """A process that may read and write only what the permissions of files let it: root would be let do everything."""
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"] if os.getuid() == 0 else []
    if drop and shutil.which("setpriv") is None:
        pytest.skip("root without setpriv: cannot give up its powers")
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOM.parent.parent)}
    return subprocess.run(
        [*drop, sys.executable, "-c", *words], capture_output=True, text=True, cwd=folder, env=environ
    )


ASKED = """
import sys
from datetime import UTC, datetime
from reporter import history
engine = history.connect(sys.argv[1])
try:
    history.check(engine)
    print(history.is_read_only(engine), history.is_made(engine), history.verify(engine))
    history.prepare(engine, datetime.now(UTC))
except history.Unusable as error:
    print(error)
"""


@pytest.fixture
def locked(blank, tmp_path):
    """A folder and a history in it that may be read only."""
    folder = tmp_path / "auditor"
    folder.mkdir()
    shutil.copy(blank, folder / "history.db")
    (folder / "history.db").chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def test_a_history_that_may_only_be_read_is_read(locked):
    """An auditor's copy: it is asked and verified, nothing is left beside it, and writing is refused with the remedy."""
    said = powerless(ASKED, str(locked / "history.db"), folder=locked)
    first, second = said.stdout.splitlines()
    assert first == "True True ()", said.stderr
    assert second.endswith(
        "can be read here and not written; let this user write there, or name another place in history.url"
    )
    assert [path.name for path in locked.iterdir()] == ["history.db"]


def test_a_log_that_cannot_be_read_is_not_passed_over(locked):
    """What still stands in the write-ahead log would be missing from every answer: refused, with what to copy."""
    locked.chmod(0o755)
    (locked / "history.db-wal").write_bytes(b"x" * 100)
    locked.chmod(0o555)
    said = powerless(ASKED, str(locked / "history.db"), folder=locked)
    assert "history.db-wal holds what is not in it yet" in said.stdout, said.stderr


def test_another_programs_database_is_left_alone(tmp_path):
    """A database with other tables, or a file that is none, is refused in one sentence and stays as it was."""
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    before = path.read_bytes()
    with pytest.raises(history.NotOurs, match=r"theirs\.db holds something else \(tables meta\); point history\.url"):
        history.prepare(history.connect(str(path)), BORN)
    connection.close()
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall() == [("meta",)]
    assert len(path.read_bytes()) == len(before)
    text = tmp_path / "notes.txt"
    text.write_text("no database " * 100)
    with pytest.raises(history.HistoryError, match=r"notes\.txt"):
        history.prepare(history.connect(str(text)), BORN)
    assert text.read_text() == "no database " * 100


def test_a_newer_history_is_refused(engine):
    """A program that does not know the schema does not touch it."""
    write(engine, lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(history.TooNew, match="upgrade reporter"):
        history.prepare(engine, BORN)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://x/y", "mysql is not supported"),
        ("http//:", "cannot be opened"),
        ("://", "is not a database URL"),
        ("/no/such/folder/history.db", "make its folder first"),
        ("postgresql://x@127.0.0.1:1/y?connect_timeout=1", "cannot be opened"),
    ],
)
def test_what_cannot_be_opened(url, words, tmp_path, monkeypatch):
    """One sentence each, and no secret in it."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(history.Unusable, match=words):
        history.prepare(history.connect(url), BORN)


def test_a_password_is_not_printed():
    """An address that cannot be reached is named without its password."""
    with pytest.raises(history.Unusable) as caught:
        history.prepare(history.connect("postgresql://reporter:hunter2@127.0.0.1:1/y?connect_timeout=1"), BORN)
    assert "hunter2" not in str(caught.value)


def test_the_file_is_its_owners(tmp_path):
    """A history tells an intruder where to look: nobody else may read it."""
    history.prepare(history.connect(str(tmp_path / "new.db")), BORN)
    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


def test_a_copy_of_the_room_migrates_from_anywhere(tmp_path):
    """Nothing about the migrations depends on where they lie, an odd folder name included."""
    odd = tmp_path / "100% odd"
    shutil.copytree(schema.MIGRATIONS, odd)
    found = Config()
    found.set_main_option("script_location", str(odd).replace("%", "%%"))
    assert ScriptDirectory.from_config(found).get_current_head() == schema.HEAD


def test_the_dictionary_never_changes():
    """Stored documents can be read with these very bytes only."""
    assert hashlib.sha256(dictionary.DICTIONARY).hexdigest() == DIGEST
    assert len(dictionary.DICTIONARY) < 32_768


DIGEST = "1e3fab4b9ce0f2c49c19285cf439a61f0859205e5b437b7af84bc2f2950cf1c4"


@given(st.binary(max_size=3000))
@settings(max_examples=50, deadline=None)
def test_a_document_is_unpacked_as_it_was_packed(body):
    """Whatever its bytes."""
    assert blobs.unpack(*blobs.pack(body)) == body


@given(st.text())
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_spelling_that_both_engines_take(text):
    """And it is read back as it was; texts without oddities are stored as they are."""
    stored = columns.escaped(text)
    stored.encode()
    assert "\0" not in stored
    assert columns.Word().process_result_value(stored, None) == text
    if text.isascii() and text.isprintable() and "\\" not in text:
        assert stored == text


def test_an_instant_needs_a_zone():
    """A naive time is no instant."""
    with pytest.raises(ValueError, match="needs a time zone"):
        columns.micros(BORN.replace(tzinfo=None))
    assert columns.instant(columns.micros(BORN)) == BORN


def test_sql_is_spoken_in_the_queries_only():
    """Statements are made in `queries`, tables in the two modules of tables; everything else calls them by name."""
    spoken = re.compile(r"\b(select|insert|update|delete)\(|exec_driver_sql\(|\btext\(")
    allowed = {"engine.py", "columns.py"}
    for path in ROOM.glob("*.py"):
        found = [
            line
            for line in path.read_text().splitlines()
            if spoken.search(line) and "hashlib" not in line and "root" not in line and "whole.update" not in line
        ]
        assert path.name in allowed or not found, (path.name, found)


def test_every_table_is_sealed_or_in_the_journal():
    """No table can be altered unseen: each is covered by seals, by the journal, by its addresses or by the chain."""
    from reporter.history.seals import SEALED

    covered = {table.name for table in SEALED} | {"document", "journal", "run"}
    journaled = {table.name for table in tables.Row.metadata.sorted_tables} - covered
    acts = {value.name for name, value in vars(acts_tables).items() if name.isupper()} - {"journal"}
    assert journaled == acts | {"meta"}
