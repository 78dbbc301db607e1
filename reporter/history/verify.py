"""Proving that the history is what was written: every row re-hashed, every interval replayed, the chain followed.

It proves consistency with the chain's head. That the head is the one that was sealed, the heads printed in reports and mails
prove: they are in other people's hands.
"""

import zlib
from collections.abc import Collection, Generator, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Table

from reporter.history import blobs, journal
from reporter.history.acts_tables import JOURNAL
from reporter.history.columns import EPOCH, read
from reporter.history.dictionary import DICTIONARY
from reporter.history.engine import reading, tolerating
from reporter.history.errors import Refused
from reporter.history.nouns import Problem
from reporter.history.queries import proof, purging, recording
from reporter.history.replay import account_problems
from reporter.history.runs import link, root_of
from reporter.history.schema import APPLICATION, HEAD
from reporter.history.seals import SEALED, seal_of
from reporter.history.signatures import parts
from reporter.history.tables import DOCUMENT, META, RUN, Row

Head = tuple[str, str]
NEVER = EPOCH  # no run ended before it
NOTHING_READ = b""


def verify(engine: Engine) -> tuple[Problem, ...]:
    """Every row that is not what was written, most exact first; nothing if all is well."""
    with reading(engine) as connection, tolerating(connection):
        return tuple(dict.fromkeys(_problems(connection)))


def _problems(connection: Connection) -> Iterator[Problem]:
    yield from _facts(connection)
    yield from _documents(connection)
    unreadable = yield from _seals(connection)
    unreadable |= yield from _journal(connection)
    for run, bad in _rows(connection, RUN):
        if bad:
            unreadable = True
            yield Problem("run", f"#{run['seq']}", f"was altered ({bad})")
    if unreadable:  # what cannot be read cannot be replayed; it has been named
        return
    for table, query in proof.MISSING_RUNS:
        for row in connection.execute(query):
            yield Problem("run", f"number {row.run}", f"is missing: {table.name} {row.id} is of it")
    for table, query in proof.MISSING_RESOURCES:
        for row in connection.execute(query):
            yield Problem("resource", str(row.resource), f"is missing: {table.name} {row.id} is about it")
    edge = connection.scalar(proof.LAST_PURGE)
    for row in connection.execute(proof.bare_resources()):
        if edge is None or row.first_seen_at >= edge:
            yield Problem("version", f"of resource {row.id}", f"all rows are missing: {row.type} {row.key}")
    for account in connection.scalars(proof.READERS).all():
        yield from account_problems(connection, account, edge)
    yield from _runs(connection)
    yield from _signed(connection)


def _signed(connection: Connection) -> Iterator[Problem]:
    """Signed heads that are not the heads of their runs; a document that was damaged has been named."""
    for row in connection.execute(proof.SIGNED).all():
        try:
            said = parts(blobs.get_bytes(connection, row.document) or b"")[0].get("chain")
        except (Refused, zlib.error, ValueError, TypeError):
            continue
        if said != row.chain:
            yield Problem("head_signature", str(row.number), f"is over another head than run #{row.seq} has")


def _rows(connection: Connection, table: Table) -> Iterator[tuple[dict[str, Any], str]]:
    """A table's rows, read value by value, each with the column that could not be read, if any."""
    for raw in connection.execute(proof.all_rows(table)).mappings():
        row, bad = dict(raw), ""
        for column in table.columns:
            try:
                row[column.name] = read(column.type, raw[column.name], connection.dialect)
            except (ValueError, TypeError, OverflowError):
                bad = column.name
        yield row, bad


def _seals(connection: Connection) -> Generator[Problem, None, bool]:
    unreadable = False
    for table in SEALED:
        for row, bad in _rows(connection, table):
            unreadable |= bool(bad)
            if bad or seal_of(table, row) != row["seal"]:
                yield Problem(table.name, str(row["id"]), f"was altered ({bad or _where(row)})")
    return unreadable


def _where(row: Mapping[Any, Any]) -> str:
    shown = [f"{name} {row[name]}" for name in ("account", "reader", "type", "key", "check", "run") if row.get(name)]
    return ", ".join(shown)


def _facts(connection: Connection) -> Iterator[Problem]:
    facts = {row["key"]: None if bad else row["value"] for row, bad in _rows(connection, META)}
    wanted = {"application": APPLICATION, "dictionary": blobs.address(DICTIONARY).hex()}
    for key, value in wanted.items():
        if facts.get(key) != value:
            yield Problem("meta", key, f"is {facts.get(key)!r}, not {value!r}")
    if (found := connection.scalar(recording.REVISION)) != HEAD:
        yield Problem("alembic_version", str(found), f"the schema is not {HEAD}")


def _documents(connection: Connection) -> Iterator[Problem]:
    for row in connection.execute(proof.all_rows(DOCUMENT)):
        try:
            body = blobs.unpack(row.codec, row.data)
        except (zlib.error, ValueError, TypeError):
            body = None
        if body is None or blobs.address(body) != row.hash or len(body) != row.size:
            yield Problem("document", _hex(row.hash), "its content is not what its address says")
    for table, query in proof.missing_documents():
        for key in connection.scalars(query):
            yield Problem(table.name, str(key), "names a document that is missing")
    for hash in connection.scalars(purging.unused_documents()):
        yield Problem("document", _hex(hash), "no row names it")


def _hex(hash: Any) -> str:
    return hash.hex() if isinstance(hash, bytes) else str(hash)


def _journal(connection: Connection) -> Generator[Problem, None, bool]:
    """Follow the journal, and hold every row that people or deliveries wrote against it."""
    chain, number = journal.NOTHING, 0
    heads: dict[Head, bytes] = {}
    for entry, bad in _rows(connection, JOURNAL):
        number += 1
        if entry["number"] != number:
            yield Problem("journal", str(number), "is missing")
            number = entry["number"]
        elif bad or journal.link(chain, entry) != entry["chain"]:
            yield Problem("journal", str(number), f"was altered ({entry['act']} of {entry['key']})")
        chain = entry["chain"]
        heads[str(entry["subject"]), str(entry["key"])] = entry["content"]
    return (yield from _journaled(connection, heads))


def _journaled(connection: Connection, heads: Mapping[Head, bytes]) -> Generator[Problem, None, bool]:
    sealed = {table.name for table in SEALED} | {"document", "journal", "run"}
    unreadable = False
    for table in (one for one in Row.metadata.sorted_tables if one.name not in sealed):
        key = journal.key_of(table)
        rows = {str(row[key]): (row, bad) for row, bad in _rows(connection, table)}
        unreadable |= any(bad for _, bad in rows.values())
        for name, (row, bad) in rows.items():
            content = heads.get((table.name, name), journal.NOTHING)
            wrong = _wrong(content, NOTHING_READ if bad else journal.content_of(table, row))
            yield from [Problem(table.name, name, wrong)] if wrong else ()
        yield from _vanished(table, heads, rows)
    return unreadable


def _wrong(said: bytes, found: bytes) -> str:
    if said == journal.NOTHING:
        return "is unknown to the journal: added by hand, or the journal's end was cut off"
    return "" if said == found else "was altered: the journal says otherwise"


def _vanished(table: Table, heads: Mapping[Head, bytes], found: Collection[str]) -> Iterator[Problem]:
    for (subject, key), content in heads.items():
        if subject == table.name and key not in found and content != journal.NOTHING:
            yield Problem(table.name, key, "is missing: the journal knows it")


def _runs(connection: Connection) -> Iterator[Problem]:
    chain, seq = "", 0
    purges = {row.at: row.cutoff for row in connection.execute(proof.PURGES)}
    journals = {0: journal.NOTHING} | {row.number: row.chain for row in connection.execute(proof.SEALED_ENTRIES)}
    for row in connection.execute(proof.SEALED_RUNS).mappings().all():
        seq += 1
        if row["seq"] != seq:
            yield Problem("run", f"#{seq}", "is missing")
            seq = row["seq"]
        elif link(chain, row, journals.get(row["journal"], b"")) != row["chain"]:
            yield Problem("run", f"#{seq}", "was altered, or a run or journal entry before it was")
        chain = row["chain"]
        if (
            row["status"] != "sealed"
            or row["reason"]
            or (row["purged_at"] and row["finished_at"] >= purges.get(row["purged_at"], NEVER))
        ):
            yield Problem("run", f"#{seq}", "was altered: its status, or that it was purged")
        if row["purged_at"] is None:
            yield from _contents(connection, row)


def _contents(connection: Connection, run: Mapping[Any, Any]) -> Iterator[Problem]:
    number = run["number"]
    scans = connection.execute(recording.SCANS_TO_SEAL, {"run": number}).all()
    there = {row.id: row.kind for row in connection.execute(proof.changes_of(number))}
    said = {id for row in connection.execute(proof.said_changes(number)) for id in row.changes}
    for id in sorted(said - set(there)):
        yield Problem("change", str(id), f"is missing: run #{run['seq']} found it")
    more = {id for id in set(there) - said if there[id] != "left_org"}
    if more:  # told by this run, found by one before it that was given up
        more -= {id for row in connection.execute(proof.said_by_given_up()) for id in row.changes}
    for id in sorted(more):
        yield Problem("change", str(id), f"was added: no scan of run #{run['seq']} found it")
    if root_of(connection, number, scans) != run["root"]:
        for account in connection.scalars(proof.expected_accounts(number)):
            yield Problem("account_scan", f"of {account} in run #{run['seq']}", "is missing")
        yield Problem("run", f"#{run['seq']}", "its scans and changes do not add up to its root")
