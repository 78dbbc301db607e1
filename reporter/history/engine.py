"""Opening the database, and the two kinds of transaction: reading (a steady view) and writing (one at a time where it matters)."""

import errno
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError

from reporter.history.errors import Unusable

T = TypeVar("T")
BUSY_MS = 30_000
ATTEMPTS = 4
READ_ONLY = "reporter_read_only"
ELSEWHERE = "let this user write there, or name another place in history.url"
# serialization failure, deadlock, and a row or a document that another came first to write or to purge: once more is enough
RETRIED = {"40001", "40P01", "23503", "23505"}


def connect(url: str) -> Engine:
    """An engine for `sqlite:///path`, a plain path, or `postgresql://…`; nothing is read yet.

    SQLite: write-ahead log, foreign keys, 30 s of patience with other writers. The file is made readable by its owner only.
    One that this user may not write is opened for reading (`is_read_only`).
    """
    where = _parsed(url)
    if where.get_backend_name() == "sqlite":
        return _sqlite(where)
    if where.get_backend_name() != "postgresql":
        raise Unusable(
            f"history.url: {where.get_backend_name()} is not supported; use sqlite:///path or postgresql://…"
        )
    try:
        return create_engine(where.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise Unusable(f"history.url: {error.name} is not installed; run: pip install 'reporter[postgres]'") from None


def _parsed(url: str) -> URL:
    if "://" not in url:
        return URL.create("sqlite", database=url)
    try:
        return make_url(url)
    except ArgumentError:
        raise Unusable(
            "history.url is not a database URL; use sqlite:///path or postgresql://user@host/database"
        ) from None


def _sqlite(where: URL) -> Engine:
    path = None if where.database in (None, "", ":memory:") else Path(str(where.database))
    if path is not None and _only_readable(path):
        return _made(create_engine(where, creator=partial(_look_at, path), execution_options={READ_ONLY: True}))
    if path is not None:
        try:
            path.touch(mode=0o600, exist_ok=True)
        except OSError as error:
            remedy = "make its folder first" if error.errno == errno.ENOENT else ELSEWHERE
            raise Unusable(f"history.url: {path} cannot be opened: {error.strerror}; {remedy}") from None
    return _made(create_engine(where, connect_args={"timeout": BUSY_MS / 1000}))


def _made(engine: Engine) -> Engine:
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _only_readable(path: Path) -> bool:
    """Whether a file is there that this user may read and not write: an auditor's copy, a backup, a read-only mount."""
    if not (path.is_file() and os.access(path, os.R_OK)):
        return False
    return not os.access(path, os.W_OK) or not (os.access(path.parent, os.W_OK) or _beside(path, "wal").exists())


def _look_at(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing, not even beside the file.

    A write-ahead log can be read only with its index (-shm), which a reader who may not write cannot make. Without a log the
    file is all there is, and stays as it is.
    """
    log, index = _beside(path, "wal"), _beside(path, "shm")
    if not index.exists() and log.exists() and log.stat().st_size:
        raise Unusable(
            f"{path} cannot be read here: {log.name} holds what is not in it yet, and this user may not write in that "
            f"folder; copy {path.name} and {log.name} to a folder of your own and name that in history.url"
        )
    how = "mode=ro" if index.exists() else "mode=ro&immutable=1"
    address = f"file:{quote(str(path.absolute()))}?{how}"
    return sqlite3.connect(address, uri=True, timeout=BUSY_MS / 1000, check_same_thread=False)


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f"{path.name}-{what}")


def is_read_only(engine: Engine) -> bool:
    """Whether the database can be asked, and nothing can be written into it."""
    return bool(engine.get_execution_options().get(READ_ONLY))


def refuse_writing(engine: Engine) -> None:
    """Unusable where nothing can be written."""
    if is_read_only(engine):
        raise Unusable(f"history.url: {engine.url.database} can be read here and not written; {ELSEWHERE}")


def _set_up(connection: Any, record: Any) -> None:
    """Python's own transactions are switched off (`_begin` says when). Nothing here writes: the file may not be ours."""
    del record
    connection.isolation_level = None
    for pragma in ("foreign_keys=ON", f"busy_timeout={BUSY_MS}", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def share(engine: Engine) -> None:
    """Let readers go on while one process writes: SQLite's write-ahead log, which stays on in the file once it is set."""
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        connection.cursor().execute("PRAGMA journal_mode=WAL")
        connection.close()


def _begin(connection: Connection) -> None:
    """A writer takes the lock first: one that reads before it writes would lose to another, silently or by an error.

    Readers never take it. `durable` writers wait for the disk; the others are covered by the next durable one (see `write`).
    """
    options = connection.get_execution_options()
    if not options.get("writes"):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if options.get('durable') else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection whose every query sees the same state of the database."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def tolerating(connection: Connection) -> Iterator[None]:
    """Let text be read that is none: SQLite's, which a hand put where bytes were. Slow, so only for who looks for such a hand."""
    raw: Any = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    raw.text_factory = _text
    try:
        yield
    finally:
        raw.text_factory = str


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def write(engine: Engine, work: Callable[[Connection], T], *, durable: bool = True) -> T:
    """`work` in one transaction, again from the start if the engine chose it as the loser of a deadlock.

    Not durable: a power cut may undo it, wholly and together with all that came after, never in part. An account of a run
    is such a thing: the run is sealed durably, and a run that was not sealed is taken up where its rows end.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _write(engine, work, durable=durable)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") not in RETRIED or attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _write(engine: Engine, work: Callable[[Connection], T], *, durable: bool) -> T:
    refuse_writing(engine)
    with engine.connect() as connection:
        connection.execution_options(writes=True, durable=durable)
        with connection.begin():
            if engine.dialect.name == "postgresql" and not durable:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            return work(connection)


def lock(connection: Connection, name: str, *, shared: bool = False) -> None:
    """Until the transaction ends, nobody else holds `name`, or only those who share it. SQLite's writers are alone anyway."""
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(f"reporter {name}".encode()).digest()[:8], "big", signed=True)
        how = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        connection.exec_driver_sql(f"SELECT {how}({number})")
