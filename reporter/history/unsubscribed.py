"""Who asked for no more mails: said by the link in a mail, undone by a person, both entered in the journal.

Nothing but the journal holds it: the last word about an address counts.
"""

import hmac
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Engine

from reporter.history import journal
from reporter.history.acts_tables import DELIVERY
from reporter.history.engine import lock, reading, write
from reporter.history.errors import Refused
from reporter.history.nouns import Delivery
from reporter.history.outbox import delivery_from
from reporter.history.queries import acts
from reporter.history.queries.runs import ids_of

LEFT, BACK = "unsubscribed", "resubscribed"
BY_LINK = "the link in the mail"


def mailed_by(engine: Engine, token: str) -> Delivery | None:
    """The mail that carried this token: the left part of its Message-ID, a hyphen, and what only that mail holds."""
    with reading(engine) as connection:
        return _mailed_by(connection, token)


def _mailed_by(connection: Connection, token: str) -> Delivery | None:
    left, _, secret = token.rpartition("-")
    if not (left.isalnum() and secret.isascii()):
        return None
    wanted = acts.rows(DELIVERY, DELIVERY.c.message_id.startswith(f"<{left}@", autoescape=True))
    for row in connection.execute(wanted).mappings().all():
        if hmac.compare_digest(str((row["payload"] or {}).get("token", "")), secret) and secret:
            return delivery_from(row, ids_of(connection, [row["run"]]))
    return None


def unsubscribe(engine: Engine, token: str, now: datetime) -> str:
    """Enter that the recipient of the mail with this token wants no more; the address. Said twice, it is entered once."""
    return write(engine, partial(_unsubscribe, token=token, now=now))


def _unsubscribe(connection: Connection, *, token: str, now: datetime) -> str:
    lock(connection, "outbox")
    mail = _mailed_by(connection, token)
    if mail is None:
        raise Refused("no mail carries this link")
    if mail.recipient not in _unsubscribed(connection):
        row = connection.execute(acts.row(DELIVERY, mail.id)).mappings().one()
        detail = {"recipient": mail.recipient}
        journal.record(connection, DELIVERY, [row], act=LEFT, now=now, by=BY_LINK, detail=detail)
    return mail.recipient


def resubscribe(engine: Engine, recipient: str, *, by: str, why: str, now: datetime) -> None:
    """A person has an address get mails again."""
    write(engine, partial(_resubscribe, recipient=recipient.lower(), by=by, why=why, now=now))


def _resubscribe(connection: Connection, *, recipient: str, by: str, why: str, now: datetime) -> None:
    lock(connection, "outbox")
    if recipient not in _unsubscribed(connection):
        raise Refused(f"{recipient} has not asked for no more mails; nothing is to be undone")
    row = connection.execute(acts.newest(DELIVERY, DELIVERY.c.recipient == recipient, limit=1)).mappings().one()
    journal.record(connection, DELIVERY, [row], act=BACK, now=now, by=by, detail={"recipient": recipient, "why": why})


def unsubscribed(engine: Engine) -> dict[str, datetime]:
    """The addresses, in small letters, that get no more mails, and since when."""
    with reading(engine) as connection:
        return _unsubscribed(connection)


def _unsubscribed(connection: Connection) -> dict[str, datetime]:
    said = [
        row
        for act in (LEFT, BACK)
        for row in connection.execute(acts.entries("delivery", "", f"delivery.{act}", None)).mappings()
    ]
    found: dict[str, datetime] = {}
    for row in sorted(said, key=lambda one: int(one["number"])):
        recipient = str(row["detail"]["recipient"])
        found.pop(recipient, None)
        if row["act"] == f"delivery.{LEFT}":
            found[recipient] = row["at"]
    return found
