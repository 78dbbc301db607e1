"""The outbox filled and emptied: one letter at a time is claimed, marked as leaving, sent, and settled by what came of it."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

from reporter import history
from reporter.deliver.archive import ArchiveError, Link, Lock, link, to_folder, to_s3
from reporter.deliver.aws import Cloud, CloudUnusable, client
from reporter.deliver.mail import Send, Smtp, by_smtp
from reporter.deliver.message import Attachment, Letter, Sender, compose
from reporter.deliver.outbox import LEASE, Next, Outcome, after
from reporter.deliver.ses import by_ses
from reporter.deliver.topic import is_topic, publish
from reporter.deliver.webhook import post as tell
from reporter.model import Run
from reporter.report.edition import Edition
from reporter.run.awaiting import no_more, nobody
from reporter.run.lettering import ARCHIVE_FOLDER, ARCHIVE_S3, WEBHOOK, Desk, Handed, calls, copies, letters, media_type
from reporter.settings import Settings

NO_TRANSPORT = 'mail.transport is "none": nothing is sent; set it to "smtp" or "ses"'
Clock = Callable[[], datetime]
Dead = Callable[[str], bool]  # whether the owner of a lease is known to be dead


class Unreadable(RuntimeError):
    """A letter's files are gone or altered; the message says which and what to do."""


def cloud(settings: Settings) -> Cloud:
    """AWS as the settings reach it."""
    aws = settings.aws
    bundle = str(aws.ca_bundle) if aws.ca_bundle else ""
    return Cloud(aws.profile, aws.region, aws.endpoint_url, bundle, aws.path_style)


def transport(settings: Settings) -> Send | None:
    """The way out that the settings name for mail; None: mail is off."""
    mail = settings.mail
    if mail.transport == "smtp":
        return by_smtp(
            Smtp(mail.host, mail.port, mail.security, mail.user, mail.password.get_secret_value(), mail.ca_file, mail.timeout_seconds)
        )  # fmt: skip
    if mail.transport == "ses":
        return by_ses(cloud(settings), region=mail.ses_region, configuration_set=mail.ses_configuration_set)
    return None


def sender(settings: Settings) -> Sender:
    """Who the mail is from."""
    mail = settings.mail
    return Sender(mail.sender, mail.reply_to or "", mail.unsubscribe)


def bucket(settings: Settings) -> Any:
    """The S3 client of the archive."""
    return client(cloud(settings), "s3", settings.archive.s3_region, retries=3)


# --- filling ---


def queue(
    engine: history.Engine, settings: Settings, handed: Handed, owner: str, clock: Clock, *, dead: Dead = nobody
) -> Counter[str]:
    """Put all that a run hands over into the outbox; how the letters ended that have left already.

    The copies for the archive go first and leave at once: a mail gives a link only to a copy that is there. Mails are not
    queued while mail is off, or they would all leave on the day it is switched on.
    """
    run, previous = handed.run, handed.previous
    kept = [*copies(handed.published, settings)]
    ended: Counter[str] = Counter()
    if kept:
        history.enqueue(engine, run, kept, clock())
        ended = post(engine, settings, transport(settings), owner, clock, dead=dead)
    before, overtaken = _before(engine, previous) if previous else {}, _overtaken(engine, run)
    desk = Desk(settings, _links(engine, settings, handed, clock), before, overtaken)
    rest = [*calls(handed, settings, overtaken)]
    if settings.mail.transport != "none":
        rest += letters(handed, desk)
    history.enqueue(engine, run, rest, clock())
    return ended


def _links(
    engine: history.Engine, settings: Settings, handed: Handed, clock: Clock
) -> Callable[[Edition, Path], Link | None]:
    """Where a file can be opened: on the web pages, else by an expiring link to its copy in the archive."""
    run, base = handed.run, settings.report.link.rstrip("/")
    if base:
        return lambda edition, file: Link(f"{base}/runs/{run.seq}/{file.name}")  # noqa: ARG005 - one form for both
    if not settings.archive.s3_bucket:
        return lambda edition, file: None  # noqa: ARG005
    kept = {row.edition for row in history.deliveries(engine, run, {"sent"}) if row.recipient == ARCHIVE_S3}
    s3 = cache(partial(bucket, settings))

    def signed(edition: Edition, file: Path) -> Link | None:
        if edition.key not in kept:
            return None
        return link(
            s3(),
            settings.archive.s3_bucket,
            _key(settings, file.parent, file.name),
            lifetime=timedelta(days=settings.archive.link_days),
            now=clock(),
        )

    return signed


def _before(engine: history.Engine, previous: Run) -> dict[tuple[str, str], str]:
    """What to tell those whom the previous report may not have reached."""
    when = f"The report of {previous.as_of:%Y-%m-%d} (run {previous.seq})"
    said = {
        "unknown": f"{when} may not have reached you: the mail server's answer never came.",
        "failed": f"{when} did not reach you: the mail was refused.",
    }
    rows = history.deliveries(engine, previous, said.keys())
    return {(row.edition, row.recipient): said[row.state] for row in rows}


def _overtaken(engine: history.Engine, run: Run) -> str:
    """What letters say whose run was begun before another that is finished: stale news must not be taken for the latest."""
    newer = history.overtaken_by(engine, run)
    return (
        ""
        if newer is None
        else f"This is not the latest: run {newer.seq} of {newer.as_of:%Y-%m-%d %H:%M} UTC is newer."
    )


# --- emptying ---


@dataclass(frozen=True, slots=True)
class Round:
    """One emptying of the outbox: how each kind of letter leaves, and which ways were found shut."""

    engine: history.Engine
    settings: Settings
    send: Send | None
    owner: str
    clock: Clock
    s3: Callable[[], Any]
    shut: dict[str, Outcome]
    stopped: Callable[[], Mapping[str, datetime]]  # who asked for no more mails


def post(
    engine: history.Engine,
    settings: Settings,
    send: Send | None,
    owner: str,
    clock: Clock,
    *,
    dead: Dead = nobody,
    held: bool = False,
) -> Counter[str]:
    """Send what is due; how many letters ended in each state ("elsewhere": another worker took it over meanwhile).

    What a worker held that is `dead` is settled at once, as if its lease had ended: sent again if the receiver had not heard of
    it, else unknown.

    A way that turns out to be shut (no connection, wrong password) is tried once in a round, not once for each letter; the
    others of that way wait as if they had been tried. With `held`, what waits for a setting to be mended is due, too.
    """
    ended: Counter[str] = Counter()
    if held:
        history.retry_held(engine, owner, clock())
    stopped = cache(partial(history.unsubscribed, engine))
    at = Round(engine, settings, send, owner, clock, cache(partial(bucket, settings)), {}, stopped)
    rule = settings.mail.on_unknown
    while claimed := history.claim(engine, owner, clock(), lease=LEASE, on_unknown=rule, limit=1, dead=dead):
        ended[_one(at, claimed[0])] += 1
    return ended


def _one(at: Round, delivery: history.Delivery) -> str:
    """Try a claimed letter and settle it; its state then."""
    way = "mail" if delivery.message_id and "@" in delivery.recipient else delivery.recipient
    tries = _tries(at.engine, delivery)
    try:
        outcome = at.shut.get(way) or _attempt(at, delivery, tries)
    except history.LeaseLost:
        return "elsewhere"
    if outcome.shut:
        at.shut[way] = outcome
    then = after(outcome, tries, at.settings.mail.attempts, at.clock(), at.settings.mail.on_unknown)
    return _settle(at, delivery, outcome, then)


def _tries(engine: history.Engine, delivery: history.Delivery) -> int:
    """How often the letter was taken up, this time included, also by workers that died over it; not where it was held."""
    acts = Counter(one.act for one in history.entries(engine, "delivery", str(delivery.id)))
    return acts["delivery.claimed"] - acts["delivery.held"]


def _attempt(at: Round, delivery: history.Delivery, tries: int) -> Outcome:
    if problem := delivery.payload.get("problem"):
        return Outcome("permanent", problem)
    going = lambda: history.sending(at.engine, delivery, at.owner, at.clock())  # noqa: E731 - a word to be handed on
    if tries > at.settings.mail.attempts:
        result = "unknown" if delivery.attempts else "permanent"
        return Outcome(result, f"given up after {tries - 1} tries: each ended without a word")  # type: ignore[arg-type]
    try:
        match delivery.recipient:
            case str(recipient) if "@" in recipient:
                return _mailed(at, delivery, going)
            case str(recipient) if recipient.startswith(WEBHOOK):
                return _told(at, delivery, going)
            case "archive:folder" | "archive:s3":
                return _archived(at, delivery)
            case _:
                return Outcome("permanent", "nobody knows how to deliver this")
    except Unreadable as error:
        return Outcome("permanent", str(error))


def _mailed(at: Round, delivery: history.Delivery, going: Callable[[], object]) -> Outcome:
    if at.send is None:
        return Outcome("temporary", NO_TRANSPORT, shut=True, ours=True)
    payload = delivery.payload
    if (since := at.stopped().get(delivery.recipient)) is not None:
        return Outcome("permanent", no_more(delivery.recipient, since))
    folder = Path(payload["folder"])
    bodies = json.loads(_bytes(folder / payload["bodies"], payload["bodies"].split(".")[-3]))
    letter = Letter(
        run_id=delivery.run,
        edition=delivery.edition,
        recipient=payload["address"],
        subject=bodies["subject"],
        text=bodies["text"],
        html=bodies["html"],
        at=delivery.queued_at,
        message_id=delivery.message_id,
        references=payload["references"],
        token=payload.get("token", ""),
        attachments=[
            Attachment(entry["name"], media_type(entry["file"]), _bytes(folder / entry["file"], entry["sha256"]))
            for entry in payload["attachments"]
        ],
    )
    return at.send(compose(letter, sender(at.settings)), going)


def _told(at: Round, delivery: history.Delivery, going: Callable[[], object]) -> Outcome:
    name = delivery.recipient.removeprefix(WEBHOOK)
    hook = next((one for one in at.settings.webhook if one.name == name), None)
    if hook is None:
        return Outcome("permanent", f"the settings have no webhook called {name} any more")
    key = delivery.message_id.strip("<>")
    return told(at.settings, hook.url.get_secret_value(), delivery.payload["document"], going, key)


def told(settings: Settings, url: str, body: Mapping[str, Any], going: Callable[[], object], key: str) -> Outcome:
    """Tell a webhook, or an SNS topic where the address is its ARN."""
    return publish(cloud(settings), url, body, going) if is_topic(url) else tell(url, body, going, key=key)


def _archived(at: Round, delivery: history.Delivery) -> Outcome:
    """Copy all files of an edition. Doing it twice is the same as once, so that it is never `sending`, and never unknown."""
    archive, folder = at.settings.archive, Path(delivery.payload["folder"])
    lock, where = Lock(archive.lock_mode, archive.lock_days), ""
    try:
        for entry in delivery.payload["files"]:
            data = _bytes(folder / entry["file"], entry["sha256"])
            if delivery.recipient == ARCHIVE_FOLDER and archive.directory is not None:
                where = str(to_folder(archive.directory, f"{folder.name}/{entry['file']}", data).parent)
            elif delivery.recipient == ARCHIVE_S3 and archive.s3_bucket:
                key, kind = _key(at.settings, folder, entry["file"]), media_type(entry["file"])
                to_s3(at.s3(), archive.s3_bucket, key, data, media_type=kind, lock=lock, now=at.clock())
                where = f"s3://{archive.s3_bucket}/{key.rpartition('/')[0]}"
            else:
                return Outcome("permanent", "the settings have no such archive any more")
    except CloudUnusable as error:
        return Outcome("temporary", str(error), shut=True)
    except ArchiveError as error:
        return Outcome("permanent" if error.lasting else "temporary", str(error), shut=not error.lasting)
    return Outcome("sent", reference=where)


def _key(settings: Settings, folder: Path, name: str) -> str:
    return f"{settings.archive.s3_prefix}{folder.name}/{name}"


def _settle(at: Round, delivery: history.Delivery, outcome: Outcome, then: Next) -> str:
    try:
        history.settle(
            at.engine, delivery, at.owner, at.clock(), state=then.state,
            again_at=then.again_at, detail=outcome.detail, reference=outcome.reference,
        )  # fmt: skip
    except history.LeaseLost:
        return _late(at, delivery, outcome)
    return then.state


def _late(at: Round, delivery: history.Delivery, outcome: Outcome) -> str:
    """The answer came after the lease had ended: where the row says `unknown` by now, this is what was not known."""
    if outcome.result not in ("sent", "permanent"):
        return "elsewhere"
    state = "sent" if outcome.result == "sent" else "failed"
    why = f"the answer came after the lease had ended: {outcome.detail} {outcome.reference}".rstrip()
    try:
        history.resolve(at.engine, delivery.id, state, by=at.owner, why=why, now=at.clock())  # type: ignore[arg-type]
    except history.Refused:
        return "elsewhere"
    return state


def _bytes(file: Path, sha256: str) -> bytes:
    """A file of a letter as it was when the letter was queued. `sha256` may be shortened."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Unreadable(
            f"{file}: cannot be read ({error.strerror}); `reporter report` makes it anew, then resolve this as pending"
        ) from None
    if not hashlib.sha256(data).hexdigest().startswith(sha256):
        raise Unreadable(f"{file}: was altered after it was made; it is not sent")
    return data
