"""Proving that the history is what was written: every row re-hashed, every interval replayed, the chain followed.

It proves consistency with the chain's head. That the head is the one that was sealed, the heads printed in reports and mails
prove: they are in other people's hands.
"""

import zlib
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Table

from reporter.history import blobs, journal
from reporter.history.acts_tables import JOURNAL
from reporter.history.dictionary import DICTIONARY
from reporter.history.engine import reading
from reporter.history.nouns import Problem
from reporter.history.queries import proof, recording
from reporter.history.replay import account_problems
from reporter.history.runs import link, root_of
from reporter.history.schema import APPLICATION, HEAD
from reporter.history.seals import SEALED, seal_of
from reporter.history.tables import DOCUMENT, Row

Head = tuple[str, str]


def verify(engine: Engine) -> tuple[Problem, ...]:
    """Every row that is not what was written, most exact first; nothing if all is well."""
    with reading(engine) as connection:
        return tuple(dict.fromkeys(_problems(connection)))


def _problems(connection: Connection) -> Iterator[Problem]:
    yield from _facts(connection)
    yield from _documents(connection)
    for table in SEALED:
        for found in connection.execute(proof.all_rows(table)).mappings():
            if seal_of(table, found) != found["seal"]:
                yield Problem(table.name, str(found["id"]), f"was altered ({_where(found)})")
    for table, query in proof.MISSING_RESOURCES:
        for row in connection.execute(query):
            yield Problem("resource", str(row.resource), f"is missing: {table.name} {row.id} is about it")
    edge = connection.scalar(proof.PURGES)
    for row in connection.execute(proof.bare_resources()):
        if edge is None or row.first_seen_at >= edge:
            yield Problem("version", f"of resource {row.id}", f"all rows are missing: {row.type} {row.key}")
    for account in connection.scalars(proof.READERS).all():
        yield from account_problems(connection, account, edge)
    heads = yield from _journal(connection)
    yield from _journaled(connection, heads)
    yield from _runs(connection)


def _where(row: Mapping[Any, Any]) -> str:
    shown = [f"{name} {row[name]}" for name in ("account", "reader", "type", "key", "check", "run") if row.get(name)]
    return ", ".join(shown)


def _facts(connection: Connection) -> Iterator[Problem]:
    facts = {row.key: row.value for row in connection.execute(proof.FACTS)}
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
        except zlib.error:
            body = None
        if body is None or blobs.address(body) != row.hash or len(body) != row.size:
            yield Problem("document", row.hash.hex(), "its content is not what its address says")
    for table, query in proof.missing_documents():
        for key in connection.scalars(query):
            yield Problem(table.name, str(key), "names a document that is missing")
    for hash in connection.scalars(proof.unused_documents()):
        yield Problem("document", hash.hex(), "no row names it")


def _journal(connection: Connection) -> Generator[Problem, None, dict[Head, bytes]]:
    """Follow the journal; the chain after each entry that a run was sealed with is checked by `_runs`."""
    chain, number = journal.NOTHING, 0
    for entry in connection.execute(proof.all_rows(JOURNAL)).mappings():
        number += 1
        if entry["number"] != number:
            yield Problem("journal", str(number), "is missing")
            number = entry["number"]
        elif journal.link(chain, entry) != entry["chain"]:
            yield Problem("journal", str(number), f"was altered ({entry['act']} of {entry['key']})")
        chain = entry["chain"]
    return {(row.subject, row.key): row.content for row in connection.execute(proof.journal_heads())}


def _journaled(connection: Connection, heads: Mapping[Head, bytes]) -> Iterator[Problem]:
    """Every row that people or deliveries wrote says what the journal says it says."""
    sealed = {table.name for table in SEALED} | {"document", "journal", "run"}
    for table in (one for one in Row.metadata.sorted_tables if one.name not in sealed):
        key = journal.key_of(table)
        found = set()
        for row in connection.execute(proof.all_rows(table)).mappings():
            found.add(str(row[key]))
            content = heads.get((table.name, str(row[key])))
            if content is None or content == journal.NOTHING:
                yield Problem(table.name, str(row[key]), "was added by hand: the journal does not know it")
            elif content != journal.content_of(table, row):
                yield Problem(table.name, str(row[key]), "was altered: the journal says otherwise")
        yield from _vanished(table, heads, found)


def _vanished(table: Table, heads: Mapping[Head, bytes], found: set[str]) -> Iterator[Problem]:
    for (subject, key), content in heads.items():
        if subject == table.name and key not in found and content != journal.NOTHING:
            yield Problem(table.name, key, "is missing: the journal knows it")


def _runs(connection: Connection) -> Iterator[Problem]:
    chain, seq = "", 0
    journals = {0: journal.NOTHING} | {row.number: row.chain for row in connection.execute(proof.SEALED_ENTRIES)}
    for row in connection.execute(proof.SEALED_RUNS).mappings().all():
        seq += 1
        if row["seq"] != seq:
            yield Problem("run", f"#{seq}", "is missing")
            seq = row["seq"]
        elif link(chain, row, journals.get(row["journal"], b"")) != row["chain"]:
            yield Problem("run", f"#{seq}", "was altered, or a run or journal entry before it was")
        chain = row["chain"]
        if row["purged_at"] is None:
            yield from _contents(connection, row)


def _contents(connection: Connection, run: Mapping[Any, Any]) -> Iterator[Problem]:
    number = run["number"]
    scans = connection.execute(recording.SCANS_TO_SEAL, {"run": number}).all()
    there = {row.id: row.kind for row in connection.execute(proof.changes_of(number))}
    said = {id for row in connection.execute(proof.said_changes(number)) for id in row.changes}
    for id in sorted(said - set(there)):
        yield Problem("change", str(id), f"is missing: run #{run['seq']} found it")
    for id in sorted(set(there) - said):
        if there[id] != "left_org":
            yield Problem("change", str(id), f"was added: no scan of run #{run['seq']} found it")
    if root_of(connection, number, scans) != run["root"]:
        for account in connection.scalars(proof.expected_accounts(number)):
            yield Problem("account_scan", f"of {account} in run #{run['seq']}", "is missing")
        yield Problem("run", f"#{run['seq']}", "its scans and changes do not add up to its root")
