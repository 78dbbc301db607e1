"""The outbox emptied: one letter at a time is claimed, marked as leaving, sent, and settled by what came of it."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from reporter import history
from reporter.deliver.mail import Send, Smtp, by_ses, by_smtp
from reporter.deliver.message import Letter, Sender, compose
from reporter.deliver.outbox import LEASE, Outcome, after
from reporter.run.publish import attachments
from reporter.settings import Settings

NO_TRANSPORT = 'mail.transport is "none": nothing is sent; set it to "smtp" or "ses"'
Clock = Callable[[], datetime]


def transport(settings: Settings) -> Send | None:
    """The way out that the settings name; None: mail is off."""
    mail = settings.mail
    if mail.transport == "smtp":
        return by_smtp(
            Smtp(mail.host, mail.port, mail.security, mail.user, mail.password.get_secret_value(), mail.ca_file, mail.timeout_seconds)
        )  # fmt: skip
    if mail.transport == "ses":
        endpoint = settings.aws.endpoint_url or None
        return by_ses(mail.ses_region, configuration_set=mail.ses_configuration_set, endpoint_url=endpoint)
    return None


def sender(settings: Settings) -> Sender:
    """Who the mail is from."""
    mail = settings.mail
    return Sender(mail.sender, mail.reply_to or "", mail.unsubscribe)


def post(engine: history.Engine, settings: Settings, send: Send, owner: str, clock: Clock) -> Counter[str]:
    """Send what is due; how many letters ended in each state.

    `sending` is committed before the provider is called: whoever dies in between leaves a row that says so.
    """
    ended: Counter[str] = Counter()
    rule = settings.mail.on_unknown
    while claimed := history.claim(engine, owner, clock(), lease=LEASE, on_unknown=rule, limit=1):
        delivery = claimed[0]
        letter = _letter(engine, delivery)
        if isinstance(letter, Outcome):
            outcome = letter
        else:
            history.sending(engine, delivery, owner, clock())
            outcome = send(compose(letter, sender(settings)))
        then = after(outcome, delivery.attempts + 1, settings.mail.attempts, clock(), rule)
        history.settle(
            engine, delivery, owner, clock(), state=then.state,
            again_at=then.again_at, detail=outcome.detail, reference=outcome.reference,
        )  # fmt: skip
        ended[then.state] += 1
    return ended


def _letter(engine: history.Engine, delivery: history.Delivery) -> Letter | Outcome:
    """The letter with its files; a file that is gone is an outcome, not a crash."""
    payload = delivery.payload
    folder, edition = Path(payload["folder"]), payload["edition"]
    run = history.run_of(engine, delivery.run)
    try:
        bodies = json.loads((folder / f"{edition}.mail.json").read_text(encoding="utf-8"))
        files = attachments(folder, payload["attachments"])
    except OSError as error:
        return Outcome(
            "permanent", f"{error.filename}: cannot be read ({error.strerror}); `reporter report` makes it anew"
        )
    return Letter(
        run_id=run.id,
        edition=edition,
        recipient=delivery.recipient,
        subject=bodies["subject"],
        text=bodies["text"],
        html=bodies["html"],
        at=run.as_of,
        attachments=files,
        previous_run_id=payload.get("previous", ""),
    )
