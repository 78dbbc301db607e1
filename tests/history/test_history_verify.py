"""The proof: whatever is altered by hand in whatever table, `verify` names the row; what was written properly passes."""

import json
import shutil
import sqlite3
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from estate_builder import BUCKET, ONE, TWO, bucket, finding, key, snapshot, start, trail, unreachable, weeks

from reporter import history
from reporter.drift.changes import describe
from reporter.history.columns import FOREVER
from reporter.history.schema import MIGRATIONS
from reporter.history.tables import Row
from reporter.model import Actor, Attestation, Attribution, SettingMaker, Status, Waiver

DAY = timedelta(days=1)
KIM = Actor("e", "n", weeks(4), "kim", mfa=True)
LIKELY = Attribution("likely", "one event", (KIM,), (SettingMaker("Policy", "likely", "one event", (KIM,)),))


def everything(engine):
    """Five weeks with something in every table; the last run is a narrowed one of a schedule."""
    for week in range(5):
        asked = {"schedule": "weekly", "selection": [ONE, TWO]} if week == 4 else {}
        begun = start(engine, weeks(week), **asked)
        tags = {"week": str(week)}
        items = [bucket(ONE, "a", Tags=tags), bucket(ONE, "b"), trail(ONE, "t", weeks(week)), key(TWO, "k")]
        facts = {"ou_path": f"Root/{week // 2}"}
        changes = history.record_account(
            engine, begun, snapshot(ONE, weeks(week), items[week % 2 :], facts=facts), describe
        )
        other = unreachable(TWO, weeks(week)) if week == 2 else snapshot(TWO, weeks(week), [bucket(TWO, "c")])
        history.record_account(engine, begun, other, describe)
        answers = [finding(items[1], Status.FAIL, reason=f"reason {week // 2}"), finding(items[2], Status.PASS)]
        history.record_findings(engine, begun, ONE, answers, {answers[0].key: "W-1"} if week else {})
        if week == 4:
            history.record_reverted(engine, begun, [(changes[0], LIKELY)], weeks(week))
        history.seal(engine, begun, weeks(week) + DAY, [ONE, TWO])
    id = changes[0].id
    now, soon = weeks(5), date(2026, 5, 1)
    history.attribute(engine, {id: LIKELY}, now)
    history.add_waiver(engine, Waiver("W-1", "*", "why", "kim", "lee", soon), by="kim", now=now)
    history.attest(engine, Attestation("cis", "1.1", "yes", "kim", soon, "f.pdf"), now, b"evidence")
    history.acknowledge(engine, id, owner="kim", reason="planned", expires_on=soon, by="kim", now=now)
    history.add_note(engine, id, "hm", by="kim", now=now)
    history.pin_baseline(engine, "gold", selector={}, source="#1", content={"x": 1}, by="kim", now=now)
    history.hold(engine, reason="case", by="kim", now=now, account="999999999999")
    history.purge(engine, now, by="kim")
    sealed = history.run_of(engine, "last")
    history.add_report(engine, sealed, edition="all", format="pdf", sha256="ab", path="x.pdf", size=1, now=now)
    history.enqueue(engine, sealed, [history.Letter("all", "kim@example.com", "<1>")], now)
    history.add_signature(engine, sealed, signed(sealed), now, by="kim")
    history.claim_slot(engine, "weekly", "2026-02-09T02:00", "w", now)


def signed(sealed, key="SHA256:x"):
    """A signed head, as far as the history looks into it."""
    statement = {"run": sealed.id, "seq": sealed.seq, "chain": sealed.chain}
    return json.dumps({"statement": statement, "signature": {"algorithm": "ed25519", "key": key}}).encode()


@pytest.fixture(scope="module")
def full(tmp_path_factory, blank) -> Path:
    """A history with something in every table, in SQLite."""
    path = tmp_path_factory.mktemp("full") / "history.db"
    shutil.copy(blank, path)
    engine = history.connect(str(path))
    everything(engine)
    assert history.verify(engine) == ()
    engine.dispose()
    with sqlite3.connect(path) as connection:
        for table in Row.metadata.tables:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0], f"{table} is empty"
    connection.close()
    return path


def tamper(full, tmp_path, *statements):
    """What verify says after somebody has been at the file."""
    path = tmp_path / "altered.db"
    shutil.copy(full, path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints=ON")
    touched = sum(connection.execute(statement).rowcount for statement in statements)
    connection.close()
    assert touched > 0
    engine = history.connect(str(path))
    found = history.verify(engine)
    engine.dispose()
    return found


def test_what_was_written_properly_passes(engine):
    """On both engines, with something in every table."""
    everything(engine)
    assert history.verify(engine) == ()


def test_signed_heads_are_kept_as_they_were_handed_out(engine):
    """Byte for byte and once for each key; what is not the run's head, or no signed head, is refused."""
    everything(engine)
    sealed = history.run_of(engine, "last")
    (head,) = history.signatures(engine, sealed)
    assert (head.run, head.chain, head.key, head.document) == (sealed.id, sealed.chain, "SHA256:x", signed(sealed))
    history.add_signature(engine, sealed, signed(sealed) + b" ", weeks(6))  # the same key: the first one stays
    history.add_signature(engine, sealed, signed(sealed, "SHA256:y"), weeks(6))
    assert [one.key for one in history.signatures(engine)] == ["SHA256:x", "SHA256:y"]
    assert history.signatures(engine, sealed)[0].document == signed(sealed)
    with pytest.raises(history.Refused, match="is not the head of run"):
        history.add_signature(engine, sealed, signed(history.run_of(engine, "4")), weeks(6))
    with pytest.raises(history.Refused, match="no signed head"):
        history.add_signature(engine, sealed, b"PDF", weeks(6))
    assert history.verify(engine) == ()


def test_what_came_and_went_is_kept_with_its_run(engine):
    """In the order it was told, with who did it, within a scope; nothing can be added once the run is sealed."""
    everything(engine)
    sealed = history.run_of(engine, "last")
    kept = history.reverted(engine, sealed)
    assert kept is not None
    ((change, who),) = kept.changes
    assert who == LIKELY
    assert change.resource in {"a", "b"}
    assert replace(change, id=None) in [replace(one, id=None) for one in history.changes(engine, run=sealed)]
    elsewhere = history.reverted(engine, sealed, history.Within(accounts=frozenset({TWO})))
    assert elsewhere is not None
    assert elsewhere.changes == ()
    assert history.reverted(engine, history.run_of(engine, "3")) is None, "nobody asked then"
    with pytest.raises(history.Refused, match="sealed"):
        history.record_reverted(engine, sealed, [], weeks(6))
    begun = start(engine, weeks(7))
    for words in ({f"{ONE} eu-west-1": "AccessDenied"}, {}):
        history.record_reverted(engine, begun, [], weeks(7), unasked=words, calls=len(words))
    again = history.reverted(engine, begun)
    assert again is not None
    assert (again.unasked, again.calls) == ({}, 0), "recorded twice, the later counts"


def test_an_older_history_is_migrated_and_still_proves_what_it_proved(engine):
    """Columns that came later change neither the chain nor the journal of what was written before them."""
    begun = start(engine, weeks(0))
    (item,) = items = [bucket(ONE, "a")]
    history.record_account(engine, begun, snapshot(ONE, weeks(0), items), describe)
    history.seal(engine, begun, weeks(0))
    begun = start(engine, weeks(1))
    changes = history.record_account(engine, begun, snapshot(ONE, weeks(1)), describe)
    assert changes[0].resource == item.id
    history.seal(engine, begun, weeks(1))
    history.attribute(engine, {changes[0].id: Attribution("likely", "one event", (KIM,))}, weeks(1))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    history.prepare(engine, weeks(2))
    assert history.verify(engine) == ()
    assert history.run_of(engine, "last").selection == ()


def value(table, column):
    """Something else that the column could hold."""
    name = str(column.type).upper()
    if "BLOB" in name or "BINARY" in name or table.name == "document":
        return "randomblob(32)"
    if column.name in {"valid_to", "ended_at"}:
        return f"CASE WHEN {column.name} = {FOREVER} THEN 4000000000000000 ELSE {column.name} + 1 END"
    if "INT" in name:
        return f'coalesce("{column.name}", 0) + 100'
    if "BOOL" in name:
        return f'1 - coalesce("{column.name}", 0)'
    if column.name in {
        "gaps",
        "changes",
        "checks",
        "detail",
        "payload",
        "unread",
        "content",
        "selector",
        "removed",
        "tags",
        "parent_ids",
        "value",
        "settings",
        "selection",
    }:
        return "'{\"forged\":1}'"
    return "'forged'"


UNSEALED = {"owner", "lease_until"}  # who is at work is no act; why a run was given up is no part of a sealed one
SEALED = {
    table.name: [
        column
        for column in table.columns
        if not column.primary_key
        and not (column.name in UNSEALED and "lease_until" in table.columns)
        and (table.name, column.name) != ("run", "reason")
    ]
    for table in Row.metadata.sorted_tables
}


@pytest.fixture(scope="module")
def altered(full, tmp_path_factory):
    """A copy to be altered column by column, and put right again."""
    path = tmp_path_factory.mktemp("altered") / "history.db"
    shutil.copy(full, path)
    engine = history.connect(str(path))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints=ON")
    yield engine, connection
    connection.close()
    engine.dispose()


@pytest.mark.parametrize("table", SEALED)
def test_any_column_altered_by_hand_is_named(altered, table):
    """Each column of each table, in one row: verify names the table and the row."""
    engine, connection = altered
    number = next(iter(Row.metadata.tables[table].primary_key.columns)).name
    order = "seq DESC" if table == "run" else number
    (row,) = connection.execute(f'SELECT {number} FROM "{table}" ORDER BY {order} LIMIT 1').fetchone()
    name = "#5" if table == "run" else row.hex() if isinstance(row, bytes) else str(row)
    for column in SEALED[table]:
        (before,) = connection.execute(f'SELECT "{column.name}" FROM "{table}" WHERE {number} = ?', [row]).fetchone()
        connection.execute(
            f'UPDATE "{table}" SET "{column.name}" = {value(column.table, column)} WHERE {number} = ?', [row]
        )
        found = history.verify(engine)
        assert any(problem.table == table and problem.row == name for problem in found), (column.name, found)
        connection.execute(f'UPDATE "{table}" SET "{column.name}" = ? WHERE {number} = ?', [before, row])
    assert history.verify(engine) == ()


DELETABLE = [table.name for table in Row.metadata.sorted_tables if table.name != "meta"]


@pytest.mark.parametrize("table", DELETABLE)
def test_a_row_removed_by_hand_is_missed(full, tmp_path, table):
    """Of each table the last row but, where one thing has several rows, not the only one: verify says what is missing."""
    number = next(iter(Row.metadata.tables[table].primary_key.columns)).name
    where = f'{number} = (SELECT max({number}) FROM "{table}")'
    if table == "run":
        where = "seq = 3"
    found = tamper(full, tmp_path, f'DELETE FROM "{table}" WHERE {where}')
    if table == "journal":
        assert any(
            problem.table == "schedule_run" and "the journal's end was cut off" in problem.what for problem in found
        ), found
        return
    named = {problem.table for problem in found}
    said = {
        "document": {
            "version",
            "finding",
            "change",
            "account_scan",
            "attestation",
            "baseline",
            "reverted",
            "head_signature",
        }
    }.get(table, {table})
    assert named & said, found
    assert any("missing" in problem.what for problem in found), found


@pytest.mark.parametrize(
    ("statements", "table", "words"),
    [
        (["DELETE FROM version WHERE id = (SELECT min(id) FROM version WHERE end_reason = 'changed')"], "version", "missing"),
        (["DELETE FROM version WHERE resource = (SELECT min(resource) FROM version WHERE end_reason = 'changed')"], "version", "all rows are missing"),
        (["INSERT INTO version SELECT NULL, resource, reader, valid_from, valid_from + 1, hash, canon, unread, end_reason, seal FROM version WHERE id = 1"], "version", "altered"),
        (["INSERT INTO note (change, text, by, at) VALUES (1, 'x', 'y', 1)"], "note", "added by hand"),
        (["INSERT INTO document VALUES (randomblob(32), 0, 1, x'00')"], "document", "its content is not"),
        (["DELETE FROM journal WHERE number = 3"], "journal", "is missing"),
        (["DELETE FROM account_scan WHERE run = 2 AND account = '111111111111'"], "account_scan", "is missing"),
        (["UPDATE document SET codec = 0 WHERE codec = 2"], "document", "its content is not"),
        (["DELETE FROM meta WHERE key = 'created_at'"], "meta", "is missing"),
        (["UPDATE run SET as_of = 'yesterday' WHERE seq = 2"], "run", "as_of"),
        (["UPDATE version SET valid_from = 'yesterday' WHERE id = 1"], "version", "valid_from"),
        (["UPDATE alembic_version SET version_num = '0000'"], "alembic_version", "the schema is not"),
        (["DELETE FROM resource WHERE id = 2"], "resource", "is missing"),
        (["DELETE FROM run WHERE seq = 5"], "run", "is missing: account_scan"),
        (["UPDATE run SET reason = 'x' WHERE seq = 2"], "run", "its status"),
        (["UPDATE meta SET value = '{' WHERE key = 'dictionary'"], "meta", "is None"),
        (["UPDATE document SET data = CAST(data || x'00' AS BLOB) WHERE codec = 2"], "document", "its content is not"),
        (["UPDATE document SET data = CAST(data AS TEXT) WHERE codec = 2"], "document", "its content is not"),
        (["UPDATE document SET data = substr(data, 1, length(data) - 1) WHERE codec = 2"], "document", "its content is not"),
    ],
)  # fmt: skip
def test_cunning(full, tmp_path, statements, table, words):
    """Rows added, holes cut and things swapped are named too."""
    found = tamper(full, tmp_path, *statements)
    assert any(problem.table == table and words in problem.what for problem in found), found


def test_a_forger_who_knows_the_seals_is_caught_by_the_chain(full, tmp_path):
    """A version altered with its seal made anew does not add up to its scan; a scan made anew not to its run's root."""
    from reporter.history.engine import write
    from reporter.history.seals import seal_of
    from reporter.history.tables import SCAN, VERSION

    path = tmp_path / "forged.db"
    shutil.copy(full, path)
    engine = history.connect(str(path))

    def forge(table, id, **values):
        def work(connection):
            from sqlalchemy import select, update

            row = dict(connection.execute(select(table).where(table.c.id == id)).mappings().one()) | values
            connection.execute(update(table).where(table.c.id == id).values(**values, seal=seal_of(table, row)))

        write(engine, work)

    versions = history.versions(engine, BUCKET, "a")
    forge(VERSION, 2, hash=bytes.fromhex(versions[1].sha256))
    found = history.verify(engine)
    assert {problem.table for problem in found} >= {"account_scan"}
    assert any("do not add up to what run 1 recorded" in problem.what for problem in found)
    forge(SCAN, 1, items=77)
    assert any(problem.table == "run" and "root" in problem.what for problem in history.verify(engine))
    engine.dispose()


def test_a_chain_made_anew_does_not_fit_what_was_signed(full, tmp_path):
    """Whoever could write every seal, root and head anew cannot sign them: the signed head is of another chain."""
    from sqlalchemy import select, update

    from reporter.history import journal
    from reporter.history.acts_tables import JOURNAL
    from reporter.history.engine import write
    from reporter.history.runs import link
    from reporter.history.tables import RUN

    path = tmp_path / "rewritten.db"
    shutil.copy(full, path)
    engine = history.connect(str(path))

    def rewrite(connection):
        chain = ""
        entries = {row.number: row.chain for row in connection.execute(select(JOURNAL))}
        for row in connection.execute(select(RUN).order_by(RUN.c.seq)).mappings().all():
            said = dict(row) | {"tool_version": "forged"}
            chain = link(chain, said, entries.get(row["journal"], journal.NOTHING))
            connection.execute(
                update(RUN).where(RUN.c.number == row["number"]).values(tool_version="forged", chain=chain)
            )

    write(engine, rewrite)
    found = history.verify(engine)
    assert {problem.table for problem in found} == {"head_signature"}, found
    assert "another head than run #5 has" in found[0].what
    engine.dispose()
