"""What people accept and state: waivers and attestations. Each wording is a row of its own and none is ever rewritten."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from reporter.history import blobs, journal
from reporter.history.acts_tables import ATTESTATION, WAIVER
from reporter.history.engine import lock, reading, write
from reporter.history.errors import Refused
from reporter.history.queries import acts
from reporter.model import Attestation, Waiver

FILE, COMMAND = "file", "command"


def add_waiver(engine: Engine, waiver: Waiver, *, by: str, now: datetime) -> None:
    """Accept findings by command; another wording under the same id ends the earlier one."""
    write(engine, partial(_put, wanted=[waiver], source=COMMAND, by=by, now=now))


def sync_waivers(engine: Engine, waivers: Iterable[Waiver], now: datetime) -> None:
    """Note the waivers of the settings' file: new ones, changed ones, and those that are no longer in it."""
    write(engine, partial(_sync, waivers=tuple(waivers), now=now))


def _sync(connection: Connection, *, waivers: tuple[Waiver, ...], now: datetime) -> None:
    _put(connection, wanted=waivers, source=FILE, by="", now=now)
    present = {waiver.id for waiver in waivers}
    for row in connection.execute(acts.waivers_in_force(None)).mappings().all():
        if row["source"] == FILE and row["id"] not in present:
            _end(connection, row, now=now, by="", why="no longer in the file")


def _put(connection: Connection, *, wanted: Iterable[Waiver], source: str, by: str, now: datetime) -> None:
    lock(connection, "waivers")
    open_rows = {row["id"]: row for row in connection.execute(acts.waivers_in_force(None)).mappings().all()}
    for waiver in wanted:
        content = _content(waiver)
        row = open_rows.get(waiver.id)
        if row is not None and row["content"] == content:
            continue
        if row is not None:
            _end(connection, row, now=now, by=by, why="another wording")
        values = {"id": waiver.id, "source": source, "content": content, "at": now, "by": by, "ended_at": None}
        journal.add(connection, WAIVER, values | {"ended_by": "", "end_reason": ""}, act="added", now=now, by=by)


def revoke_waiver(engine: Engine, id: str, *, by: str, why: str, now: datetime) -> None:
    """End a waiver that was given by command; one of the file is ended there."""
    write(engine, partial(_revoke, id=id, by=by, why=why, now=now))


def _revoke(connection: Connection, *, id: str, by: str, why: str, now: datetime) -> None:
    lock(connection, "waivers")
    for row in connection.execute(acts.waivers_in_force(None)).mappings().all():
        if row["id"] == id and row["source"] == FILE:
            raise Refused(f"Waiver {id} stands in the waivers file: remove it there")
        if row["id"] == id:
            _end(connection, row, now=now, by=by, why=why)
            return
    raise Refused(f"There is no waiver {id} in force")


def _end(connection: Connection, row: Mapping[Any, Any], *, now: datetime, by: str, why: str) -> None:
    values = {"ended_at": now, "ended_by": by, "end_reason": why}
    journal.alter(connection, WAIVER, row["number"], values, act="ended", now=now, by=by)


def waivers(engine: Engine, at: datetime | None = None) -> tuple[Waiver, ...]:
    """The waivers that stood at an instant (none: now), expired ones included, by id."""
    with reading(engine) as connection:
        return tuple(_waiver(row) for row in connection.execute(acts.waivers_in_force(at)).mappings())


def _content(waiver: Waiver) -> dict[str, Any]:
    values = {one.name: getattr(waiver, one.name) for one in fields(waiver) if one.name != "created_at"}
    return values | {"expires_on": waiver.expires_on.isoformat(), "tags": dict(waiver.tags)}


def _waiver(row: Mapping[Any, Any]) -> Waiver:
    content = row["content"] | {"expires_on": date.fromisoformat(row["content"]["expires_on"])}
    return Waiver(**content, created_at=row["at"])


# --- attestations ---


def attest(engine: Engine, attestation: Attestation, now: datetime, evidence: bytes | None = None) -> None:
    """Put on record a person's statement about a control, with its evidence. Stated twice in the same words, it is one row."""
    write(engine, partial(_attest, attestation=attestation, evidence=evidence, now=now))


def _attest(connection: Connection, *, attestation: Attestation, evidence: bytes | None, now: datetime) -> None:
    lock(connection, "attestations")
    values = {
        "framework": attestation.framework,
        "control": attestation.control,
        "statement": attestation.statement,
        "by": attestation.by,
        "valid_until": attestation.valid_until,
        "evidence_name": attestation.evidence_name,
        "evidence": _evidence(connection, attestation, evidence),
        "revoked_at": None,
        "revoked_by": "",
    }
    for row in connection.execute(acts.rows(ATTESTATION)).mappings():
        if all(row[name] == value for name, value in values.items()):
            return
    at = attestation.at or now
    journal.add(connection, ATTESTATION, values | {"at": at}, act="added", now=now, by=attestation.by)


def _evidence(connection: Connection, attestation: Attestation, evidence: bytes | None) -> bytes | None:
    if evidence is None:
        return None
    found = hashlib.sha256(evidence).hexdigest()
    if attestation.evidence_sha256 not in {"", found}:
        raise Refused(
            f"{attestation.evidence_name}: its SHA-256 is {found}, the attestation of {attestation.framework} "
            f"{attestation.control} says {attestation.evidence_sha256}; attest again with the present file"
        )
    blobs.put(connection, {bytes.fromhex(found): evidence})
    return bytes.fromhex(found)


def revoke_attestations(engine: Engine, framework: str, control: str, *, by: str, now: datetime) -> int:
    """Take back what was stated about a control; how many statements that were."""
    return write(engine, partial(_revoke_attestations, framework=framework, control=control, by=by, now=now))


def _revoke_attestations(connection: Connection, *, framework: str, control: str, by: str, now: datetime) -> int:
    lock(connection, "attestations")
    about = (ATTESTATION.c.framework == framework, ATTESTATION.c.control == control, ATTESTATION.c.revoked_at.is_(None))
    found = connection.execute(acts.rows(ATTESTATION, *about)).mappings().all()
    for row in found:
        values = {"revoked_at": now, "revoked_by": by}
        journal.alter(connection, ATTESTATION, row["number"], values, act="revoked", now=now, by=by)
    return len(found)


def attestations(engine: Engine, at: datetime | None = None) -> tuple[Attestation, ...]:
    """The statements that stood at an instant (none: now), expired ones included, oldest first."""
    with reading(engine) as connection:
        return tuple(
            Attestation(
                framework=row["framework"],
                control=row["control"],
                statement=row["statement"],
                by=row["by"],
                valid_until=row["valid_until"],
                evidence_name=row["evidence_name"],
                evidence_sha256=row["evidence"].hex() if row["evidence"] else "",
                at=row["at"],
            )
            for row in connection.execute(acts.attestations(at)).mappings()
        )


def evidence(engine: Engine, sha256: str) -> bytes | None:
    """The content of a stored document, such as an attestation's evidence file."""
    with reading(engine) as connection:
        return blobs.get_bytes(connection, bytes.fromhex(sha256))
