"""What is said when the database fails while a command is at work: what is wrong, what is kept, what to do.

Only failures of the disk, the file and the server are told; a statement that does not fit the tables is a fault of the
program and keeps its traceback. The driver's own words are left out: a server's may name what history.url holds.
"""

import sqlite3
from collections.abc import Mapping

from sqlalchemy.exc import DatabaseError, OperationalError

KEPT = "what was stored until now is kept"
RESUME = "`reporter run --resume` goes on with a run that was under way"
FULL = f"the disk of the history is full; {KEPT}: make room, then {RESUME}"
MALFORMED = (
    "the history's database file is damaged (malformed); nothing was changed to mend it and what is readable in it is kept: "
    "restore a copy of it, then `reporter verify --history` tells whether that is whole"
)
LOCKED = f"the history is locked: another process holds it; {KEPT}: try again when that has ended; {RESUME}"
READ_ONLY = (
    f"the history cannot be written (read-only); {KEPT}: let this user write the file and its folder, then {RESUME}"
)
UNWRITTEN = f"the history cannot be read or written; {KEPT}: look at the disk, its quota and limits of file sizes, then {RESUME}"
AWAY = f"the database server of the history went away or does not answer; {KEPT}: when it is back, {RESUME}"

_SQLITE: Mapping[int, str] = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_CORRUPT: MALFORMED,
    sqlite3.SQLITE_NOTADB: MALFORMED,
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_PERM: READ_ONLY,
    sqlite3.SQLITE_IOERR: UNWRITTEN,
    sqlite3.SQLITE_CANTOPEN: UNWRITTEN,
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL: Mapping[str, str] = {"53100": FULL, "55P03": LOCKED, "58030": UNWRITTEN}


def unstored(error: DatabaseError) -> str:
    """The sentence for a failure of the database; empty where it is the program's own."""
    if isinstance(error.orig, sqlite3.Error):
        return _SQLITE.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF, "")
    state = str(getattr(error.orig, "sqlstate", "") or "")
    if state in _POSTGRESQL:
        return _POSTGRESQL[state]
    gone = error.connection_invalidated or state[:2] in {"", "08", "57"}
    return AWAY if isinstance(error, OperationalError) and gone else ""
