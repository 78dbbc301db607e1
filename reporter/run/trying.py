"""Each way out tried once with a word that says it is a test: mail, archive, webhooks."""

from collections.abc import Iterator
from datetime import datetime

from reporter.deliver.archive import ArchiveError, to_folder
from reporter.deliver.message import Letter, compose
from reporter.deliver.outbox import Outcome
from reporter.deliver.webhook import document, post
from reporter.run.posting import NO_TRANSPORT, sender, transport
from reporter.settings import Settings

SUBJECT = "[reporter] A test of delivery"
TEXT = "This is a test: reporter's mail reaches you. No report is attached.\n"
HTML = "<!doctype html><html lang='en'><title>A test</title><p>This is a test: reporter's mail reaches you.</p></html>"


def try_each(settings: Settings, address: str, now: datetime) -> Iterator[tuple[str, Outcome]]:
    """Name and outcome of every way out that the settings have."""
    send = transport(settings)
    if send is None:
        yield "mail", Outcome("permanent", NO_TRANSPORT)
    else:
        run_id = f"test-{now:%Y%m%dT%H%M%S%f}"
        for to in [address] if address else sorted({r.address for r in settings.recipient if r.address}):
            letter = Letter(run_id, "test", to, SUBJECT, TEXT, HTML, now)
            yield f"mail {to}", send(compose(letter, sender(settings)))
    if settings.archive.directory is not None:
        yield "archive", _archived(settings, now)
    for hook in settings.webhook:
        body = document(hook.form, headline=SUBJECT, lines=[TEXT.strip()], link="", facts={"test": True})
        yield f"webhook {hook.name}", post(hook.url.get_secret_value(), body)


def _archived(settings: Settings, now: datetime) -> Outcome:
    assert settings.archive.directory is not None
    try:
        file = to_folder(settings.archive.directory, f"test-{now:%Y%m%dT%H%M%S%f}.txt", TEXT.encode())
    except ArchiveError as error:
        return Outcome("permanent", str(error))
    return Outcome("sent", str(file))
