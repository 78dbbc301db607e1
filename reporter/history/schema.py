"""Making the database ours, or leaving it alone: create, migrate, or one clear sentence."""

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from reporter.history import blobs, journal
from reporter.history.dictionary import DICTIONARY
from reporter.history.engine import lock, reading, share, write
from reporter.history.errors import NotOurs, TooNew, Unusable
from reporter.history.queries import recording
from reporter.history.tables import META

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
        raise NotOurs(f"{_name(engine)} is not a reporter history database: {_first_line(error)}; {REMEDY}") from None


def is_made(engine: Engine) -> bool:
    """Whether there is a history of ours in the database; nothing is written and nothing migrated."""
    try:
        with reading(engine) as connection:
            if not inspect(connection).has_table("meta"):
                return False
            found: Any = connection.scalar(recording.GET_META, {"key": "application"})
    except OperationalError as error:
        raise Unusable(f"The history database {_name(engine)} cannot be opened: {_first_line(error)}") from None
    except DatabaseError as error:
        raise NotOurs(f"{_name(engine)} is not a reporter history database: {_first_line(error)}; {REMEDY}") from None
    return bool(found == APPLICATION)


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
    if "meta" not in tables or connection.scalar(recording.GET_META, {"key": "application"}) != APPLICATION:
        some = ", ".join(sorted(tables)[:3])
        raise NotOurs(f"{_name(connection.engine)} holds something else (tables {some}); {REMEDY}")
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


def _first_line(error: DatabaseError) -> str:
    return (str(error.orig).strip().splitlines() or [type(error).__name__])[0]
