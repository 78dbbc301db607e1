"""Each way out tried once with a word that says it is a test: mail, archives, webhooks."""

from collections.abc import Iterator
from datetime import datetime

from reporter.deliver.archive import ArchiveError, Lock, to_folder, to_s3
from reporter.deliver.aws import CloudUnusable
from reporter.deliver.message import Letter, compose, message_id, unusable
from reporter.deliver.outbox import Outcome
from reporter.deliver.webhook import News, document
from reporter.run.posting import NO_TRANSPORT, bucket, sender, told, transport
from reporter.settings import Settings

SUBJECT = "[reporter] A test of delivery"
TEXT = "This is a test: reporter's mail reaches you. No report is attached.\n"
HTML = "<!doctype html><html lang='en'><title>A test</title><p>This is a test: reporter's mail reaches you.</p></html>"
LOCKED_DAYS = 1  # a test that nobody can delete for seven years would be a poor one


def try_each(settings: Settings, address: str, now: datetime) -> Iterator[tuple[str, Outcome]]:
    """Name and outcome of every way out that the settings have; `address` instead of the fixed recipients of the settings.

    Tests do not stand in the outbox: what fails is told to whoever asked for the test, and not tried again.
    """
    name = f"test-{now:%Y%m%dT%H%M%S%f}"
    yield from _mails(settings, address, name, now)
    if settings.archive.directory is not None:
        yield "archive:folder", _archived(settings, "folder", name, now)
    if settings.archive.s3_bucket:
        yield "archive:s3", _archived(settings, "s3", name, now)
    news = News(SUBJECT, [TEXT.strip()], 0, "", {"test": True, "id": name})
    for hook in settings.webhook:
        yield (
            f"webhook:{hook.name}",
            told(settings, hook.url.get_secret_value(), document(hook.form, news), _at_once, name),
        )


def _mails(settings: Settings, address: str, name: str, now: datetime) -> Iterator[tuple[str, Outcome]]:
    send = transport(settings)
    to = [address] if address else sorted({one.address.lower() for one in settings.recipient if one.address})
    if send is None:
        yield "mail", Outcome("permanent", NO_TRANSPORT)
        return
    if not to:
        yield (
            "mail",
            Outcome("permanent", "no recipient has a fixed address; name one: reporter deliver test --to ADDRESS"),
        )
    for one in to:
        if why := unusable(one):
            yield f"mail {one}", Outcome("permanent", f"{one} {why}")
            continue
        id = message_id(name, "test", one, settings.mail.sender)
        letter = Letter(name, "test", one, SUBJECT, TEXT, HTML, now, id)
        yield f"mail {one}", send(compose(letter, sender(settings)), _at_once)


def _archived(settings: Settings, kind: str, name: str, now: datetime) -> Outcome:
    archive, data = settings.archive, TEXT.encode()
    try:
        if kind == "folder" and archive.directory is not None:
            return Outcome("sent", reference=str(to_folder(archive.directory, f"{name}.txt", data)))
        lock, key = Lock(archive.lock_mode, LOCKED_DAYS), f"{archive.s3_prefix}{name}.txt"
        s3 = bucket(settings)
        where = to_s3(s3, archive.s3_bucket, key, data, media_type="text/plain", lock=lock, now=now)
    except (ArchiveError, CloudUnusable) as error:
        return Outcome("permanent", str(error))
    return Outcome("sent", reference=where)


def _at_once() -> None:
    """A test has no row in the outbox that would have to say `sending`."""
