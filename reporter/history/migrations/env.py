"""Alembic's way in: the connection comes from `schema.prepare`, or from the database named on the command line."""

from typing import Any

from alembic import context
from sqlalchemy import Connection, types

from reporter.history import acts_tables, columns, tables
from reporter.history.engine import connect

MODELS = (tables, acts_tables)  # importing them fills the MetaData


def plain(kind: str, thing: Any, autogen: Any) -> Any:
    """A migration names the engine's own types: it must still run when ours have changed."""
    del autogen
    if kind == "type" and isinstance(thing, types.TypeDecorator):
        if isinstance(thing, columns.Serial):
            return "sa.BigInteger().with_variant(sa.Integer(), 'sqlite')"
        return f"sa.{type(thing.impl_instance).__name__}()"
    return False


def migrate(connection: Connection) -> None:
    """Run what is wanted on this connection."""
    context.configure(
        connection=connection,
        target_metadata=tables.Row.metadata,
        render_as_batch=True,
        render_item=plain,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    migrate(given)
else:
    with connect(context.config.get_main_option("sqlalchemy.url") or "reporter.db").connect() as opened:
        migrate(opened)
        opened.commit()
