"""Making the database ours, or leaving it alone: create, migrate, or one clear sentence."""

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, inspect, make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from reporter.history import blobs, journal
from reporter.history.dictionary import DICTIONARY
from reporter.history.engine import lock, reading, share, write
from reporter.history.errors import Damaged, HistoryError, NotOurs, TooNew, Unusable
from reporter.history.queries import recording
from reporter.history.tables import META

T = TypeVar("T")
APPLICATION = "reporter history"
HEAD = "0002"  # the newest migration; a test holds it equal to the folder
MIGRATIONS = Path(__file__).parent / "migrations"


def prepare(engine: Engine, now: datetime) -> None:
    """Create the tables in an empty database, migrate an older one of ours, refuse anything else untouched."""
    try:
        write(engine, lambda connection: _prepare(connection, now))
        share(engine)
    except OperationalError as error:
        raise Unusable(f"The history database {_name(engine)} cannot be opened: {_first_line(error)}") from None
    except DatabaseError as error:
        raise _unlike_ours(engine, error) from None


def is_made(engine: Engine) -> bool:
    """Whether there is a history of ours in the database, False if it is empty. NotOurs where another program's tables are.

    Nothing is written and nothing migrated.
    """
    return _asked(engine, _is_made)


def check(engine: Engine) -> None:
    """That a history that cannot be written is one of ours, of this very schema: nobody can migrate it here."""
    found = _asked(engine, lambda connection: connection.scalar(recording.REVISION) if _is_made(connection) else "")
    if not found:
        raise Unusable(f"{_name(engine)} is empty and cannot be written; {REMEDY}")
    if found != HEAD:
        why = "an older reporter, and it cannot be migrated here" if found < HEAD else "a newer reporter"
        raise TooNew(f"{_name(engine)} was written by {why} (schema {found}, this one knows {HEAD})")


def _asked(engine: Engine, question: Callable[[Connection], T]) -> T:
    try:
        with reading(engine) as connection:
            return question(connection)
    except OperationalError as error:
        raise Unusable(f"The history database {_name(engine)} cannot be opened: {_first_line(error)}") from None
    except DatabaseError as error:
        raise _unlike_ours(engine, error) from None


def _is_made(connection: Connection) -> bool:
    tables = set(inspect(connection).get_table_names())
    if tables and not _is_ours(connection, tables):
        raise NotOurs(_holds(connection, tables))
    return bool(tables)


def _is_ours(connection: Connection, tables: Collection[str]) -> bool:
    """Whether the tables are a history's. Another program may have a table `meta`, too, with columns of its own."""
    if "meta" not in tables or {column["name"] for column in inspect(connection).get_columns("meta")} != {
        "key",
        "value",
    }:
        return False
    try:
        found: Any = connection.scalar(recording.GET_META, {"key": "application"})
    except ValueError:  # its values are no JSON
        return False
    return bool(found == APPLICATION)


def _holds(connection: Connection, tables: Collection[str]) -> str:
    some = ", ".join(sorted(tables)[:3])
    return f"{_name(connection.engine)} holds something else (tables {some}); {REMEDY}"


REMEDY = "point history.url to an empty database or to one that reporter made"


def _prepare(connection: Connection, now: datetime) -> None:
    lock(connection, "migration")
    tables = set(inspect(connection).get_table_names())
    if not tables:
        _upgrade(connection)
        facts = {
            "application": APPLICATION,
            "created_at": now.isoformat(),
            "dictionary": blobs.address(DICTIONARY).hex(),
        }
        rows = [{"key": key, "value": value} for key, value in facts.items()]
        connection.execute(recording.SET_META, rows)
        journal.record(connection, META, rows, act="created", now=now)
        return
    if not _is_ours(connection, tables):
        raise NotOurs(_holds(connection, tables))
    found = connection.scalar(recording.REVISION)
    if found == HEAD:
        return
    if found is None or found > HEAD:
        raise TooNew(
            f"{_name(connection.engine)} was written by a newer reporter (schema {found}, this one knows {HEAD}); "
            "upgrade reporter"
        )
    _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _name(engine: Engine) -> str:
    where = make_url(engine.url)
    return str(where.database) if engine.dialect.name == "sqlite" else where.render_as_string(hide_password=True)


def _unlike_ours(engine: Engine, error: DatabaseError) -> HistoryError:
    """A file that is no database at all, or one that was and is damaged: the second must not be taken for another's."""
    said = _first_line(error)
    if "malformed" in said:
        return Damaged(
            f"The history database {_name(engine)} is damaged ({said}); nothing was changed in it: restore a copy, "
            "then `reporter verify --history` tells whether that is whole"
        )
    return NotOurs(f"{_name(engine)} is not a reporter history database: {said}; {REMEDY}")


def _first_line(error: DatabaseError) -> str:
    return (str(error.orig).strip().splitlines() or [type(error).__name__])[0]
