"""Signed heads of the chain, kept beside the runs they vouch for. Who signed, and that it holds, the signing room can tell."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from reporter.history import blobs, journal
from reporter.history.acts_tables import SIGNATURE
from reporter.history.engine import lock, reading, write
from reporter.history.errors import Refused
from reporter.history.nouns import SignedHead
from reporter.history.past import run_row
from reporter.history.queries import acts
from reporter.history.queries.runs import ids_of, number_of
from reporter.model import Run


def add_signature(engine: Engine, run: Run, document: bytes, now: datetime, *, by: str = "") -> None:
    """Keep a signed head of a sealed run, byte for byte. Signed again with the same key, the first one stays."""
    write(engine, partial(_add, run=run, document=document, now=now, by=by))


def _add(connection: Connection, *, run: Run, document: bytes, now: datetime, by: str) -> None:
    lock(connection, "signatures")
    row = run_row(connection, run)
    statement, signature = parts(document)
    if row["seq"] is None or statement.get("chain") != row["chain"]:
        raise Refused(f"The signed head is not the head of run {run.id}; sign that run's head: `reporter sign`")
    key = str(signature.get("key"))
    same = acts.rows(SIGNATURE, SIGNATURE.c.run == row["number"], SIGNATURE.c.key == key)
    if connection.execute(same).first() is not None:
        return
    blobs.put(connection, {blobs.address(document): document})
    values = {
        "run": row["number"],
        "chain": row["chain"],
        "algorithm": str(signature.get("algorithm")),
        "key": key,
        "at": now,
        "document": blobs.address(document),
    }
    journal.add(connection, SIGNATURE, values, act="added", now=now, by=by)


def parts(document: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What a signed head states, and its signature."""
    try:
        parsed = json.loads(document)
        return dict(parsed["statement"]), dict(parsed["signature"])
    except (ValueError, KeyError, TypeError):
        raise Refused("The document is no signed head of a chain; `reporter sign` writes one") from None


def signatures(engine: Engine, run: Run | None = None) -> tuple[SignedHead, ...]:
    """The signed heads of a run, or all, oldest first."""
    with reading(engine) as connection:
        wanted = () if run is None else (SIGNATURE.c.run == number_of(connection, run.id),)
        rows = connection.execute(acts.rows(SIGNATURE, *wanted)).mappings().all()
        names = ids_of(connection, [row["run"] for row in rows])
        return tuple(
            SignedHead(
                run=names[row["run"]],
                chain=row["chain"],
                algorithm=row["algorithm"],
                key=row["key"],
                at=row["at"],
                document=blobs.get_bytes(connection, row["document"]) or b"",
            )
            for row in rows
        )
