"""Changes of runs that were given up: the next run that records their account tells them, for nobody else would.

A run that is given up (another version came after it, another selection) is never sealed and never reported; what it recorded
stays true, so the run after it finds nothing new there.
"""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Connection, Engine

from reporter.history.engine import write
from reporter.history.past import open_run
from reporter.history.queries import changes as queries
from reporter.history.queries.recording import chunks
from reporter.history.seals import sealed
from reporter.history.tables import CHANGE
from reporter.model import Run


def adopt(connection: Connection, run: int, reader: str) -> None:
    """Make what given-up runs found in one account this run's own."""
    _adopt(connection, run, partial(queries.orphans_of, reader))


def adopt_of_left(engine: Engine, run: Run) -> None:
    """The same for accounts that have left the organization: no scan will be about them."""
    write(engine, partial(_of_left, run=run), durable=False)


def _of_left(connection: Connection, *, run: Run) -> None:
    _adopt(connection, open_run(connection, run)["number"], queries.orphans_of_left)


def _adopt(connection: Connection, run: int, orphans: Callable[[Sequence[int]], queries.Query]) -> None:
    given_up = connection.scalars(queries.GIVEN_UP).all()
    for some in chunks(given_up):
        rows = [dict(row) | {"run": run} for row in connection.execute(orphans(some)).mappings()]
        if rows:
            values = [{"row": row["id"], "new_run": run, "new_seal": sealed(CHANGE, row)["seal"]} for row in rows]
            connection.execute(queries.ADOPT, values)
