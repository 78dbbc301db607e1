"""Letters for the outbox: what each recipient gets of a run, decided once, written down, and the same at every attempt."""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from reporter import history
from reporter.deliver.archive import Link
from reporter.deliver.message import fits, message_id, thread, unsubscribe_link
from reporter.deliver.webhook import News, document
from reporter.model import Run
from reporter.report.content import Content
from reporter.report.edition import Edition
from reporter.report.mail import mail_bodies
from reporter.report.render import Look
from reporter.report.words import instant, listing
from reporter.run.addressing import Addressed, Misaddressed
from reporter.run.packing import digest_of
from reporter.settings import Settings
from reporter.settings.schema import Mail, Recipient

ARCHIVE_FOLDER, ARCHIVE_S3, WEBHOOK = "archive:folder", "archive:s3", "webhook:"
MEDIA = {"pdf": "application/pdf", "html": "text/html", "csv": "text/csv", "json": "application/json"}
OTHER_MEDIA = "application/octet-stream"
NEWS_LINES = 10
TOKEN_BYTES = 16  # 128 bits: not to be guessed


class Printed(Protocol):
    """The files of one edition, as they were published."""

    @property
    def edition(self) -> Edition: ...
    @property
    def folder(self) -> Path: ...
    @property
    def html(self) -> Path: ...
    @property
    def pdf(self) -> Path | None: ...
    @property
    def data(self) -> tuple[Path, ...]: ...


@dataclass(frozen=True, slots=True)
class Handed:
    """What a run hands over: its files, to whom, and what the mails are written from.

    `contents` builds the content of an edition again; it is asked once for each edition.
    """

    run: Run
    previous: Run | None
    published: Sequence[Printed]
    to: Sequence[Addressed]
    contents: Callable[[Edition], Content]
    look: Look
    wrong: Sequence[Misaddressed] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """What letters are written with: the settings, where an edition's file can be opened, and what went wrong last time.

    `before` says of (edition, recipient) why the previous letter may not have arrived, `overtaken` that newer news was told
    before these letters were written.
    """

    settings: Settings
    link: Callable[[Edition, Path], Link | None] = lambda edition, file: None  # noqa: ARG005
    before: Mapping[tuple[str, str], str] = field(default_factory=dict)
    overtaken: str = ""


def letters(handed: Handed, desk: Desk) -> Iterator[history.Letter]:
    """One letter for each recipient and edition. A recipient's letter names and carries files of that edition only."""
    printed = {one.edition: one for one in handed.published}
    names = Counter(edition.key for edition in printed)
    for edition in sorted(dict.fromkeys(edition for _, _, edition in handed.to), key=lambda one: one.key):
        if names[edition.key] > 1:  # one has overwritten the other's files: nobody gets what may be somebody else's
            why = f"two editions are called {edition.key}; give one of the OUs or frameworks another name"
            yield from (
                history.Letter(edition.key, f"{address.lower()} ({edition.of})", "", {"problem": why})
                for _, address, to in handed.to
                if to == edition
            )
            continue
        writer = _Writer(handed, desk, printed[edition], handed.contents(edition))
        yield from (writer.letter(rule, address) for rule, address, to in handed.to if to == edition)
    for one in handed.wrong:
        yield history.Letter(one.edition.key, one.recipient, "", {"problem": one.why})


def copies(published: Iterable[Printed], settings: Settings) -> Iterator[history.Letter]:
    """One letter for each edition and archive: all files of the edition."""
    places = []
    if settings.archive.directory is not None:
        places.append(ARCHIVE_FOLDER)
    if settings.archive.s3_bucket:
        places.append(ARCHIVE_S3)
    for one in published:
        files = [_entry(file) for file in (one.html, one.pdf, *one.data) if file is not None and places]
        for place in places:
            yield history.Letter(one.edition.key, place, "", {"folder": str(one.folder.absolute()), "files": files})


def calls(handed: Handed, settings: Settings, overtaken: str = "") -> Iterator[history.Letter]:
    """One letter for each webhook, about the whole organization's edition; `overtaken` says that newer news was told."""
    whole = Edition("organization")
    if not settings.webhook:
        return
    content = handed.contents(whole)
    page = next((one.html for one in handed.published if one.edition == whole), None)
    base = settings.report.link.rstrip("/")
    told = _news(content, overtaken, f"{base}/runs/{handed.run.seq}/{page.name}" if base and page else "")
    for hook in settings.webhook:
        recipient = f"{WEBHOOK}{hook.name}"
        id = message_id(handed.run.id, whole.key, recipient, settings.mail.sender)
        body = document(hook.form, replace(told, facts={**told.facts, "id": id.strip("<>")}))
        yield history.Letter(whole.key, recipient, id, {"document": body})


@dataclass(slots=True)
class _Writer:
    """Writes the letters of one edition; bodies that are the same are written once."""

    handed: Handed
    desk: Desk
    one: Printed
    content: Content
    entries: dict[Path, dict[str, Any]] = field(default_factory=dict)
    bodies: dict[tuple[str, ...], str] = field(default_factory=dict)

    def letter(self, rule: Recipient, address: str) -> history.Letter:
        """The letter as the outbox keeps it. The recipient is in small letters, so that it is the same however it is typed."""
        recipient, edition, mail = address.lower(), self.one.edition, self.desk.settings.mail
        id = message_id(self.handed.run.id, edition.key, recipient, mail.sender)
        carried, left_out = self._carried(rule)
        link = self._link(left_out)
        zone = rule.time_zone if "time_zone" in rule.model_fields_set else self.handed.look.zone
        why = self._no_pdf() if "pdf" in rule.formats and self.one.pdf is None else ""
        note = " ".join(
            filter(None, (self.desk.overtaken, why, *_notes(carried, left_out, _until(link, zone, left_out))))
        )
        if said := self.desk.before.get((edition.key, recipient)):
            note = f"{note} {said}".strip()
        token = token_for(mail)
        stop = unsubscribe_link(mail.unsubscribe, id, recipient, token)
        previous = self.handed.previous
        payload = {
            "address": address,
            "folder": str(self.one.folder.absolute()),
            "bodies": self._written(zone, link.url if link else "", note, stop),
            "attachments": carried,
            "left_out": [entry["file"] for entry in left_out],
            "references": thread(previous.id if previous else "", edition.key, recipient, mail.sender),
            **({"token": token} if token else {}),
            **({"overtaken": self.desk.overtaken} if self.desk.overtaken else {}),
        }
        return history.Letter(edition.key, recipient, id, payload)

    def _no_pdf(self) -> str:
        """Why a page comes in place of the PDF that was asked for."""
        if not self.desk.settings.report.pdf:
            return "No PDFs are made here (report.pdf): in its place there is a page for the browser."
        return "The PDF could not be made this time: in its place there is the same report as a page for the browser."

    def _carried(self, rule: Recipient) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The files a recipient asked for, as far as they fit into a mail, in the order asked; the rest is left to a link."""
        limit = self.desk.settings.mail.attach_limit_megabytes
        carried: list[dict[str, Any]] = []
        left_out: list[dict[str, Any]] = []
        for entry in map(self._entry, _asked(rule, self.one)):
            fitting = fits([one["size"] for one in (*carried, entry)], limit)
            (carried if fitting else left_out).append(entry)
        return carried, left_out

    def _entry(self, file: Path) -> dict[str, Any]:
        if file not in self.entries:
            self.entries[file] = _entry(file)
        return self.entries[file]

    def _link(self, left_out: Sequence[Mapping[str, Any]]) -> Link | None:
        """To what was left out of the mail, else to the page; one that expires is given only where it is needed."""
        file = self.one.folder / left_out[0]["file"] if left_out else self.one.html
        link = self.desk.link(self.one.edition, file)
        return link if link is None or left_out or link.until is None else None

    def _written(self, zone: str, link: str, note: str, stop: str) -> str:
        """The name of the file that holds subject, text and HTML."""
        key = (zone, link, note, stop)
        if key not in self.bodies:
            made = mail_bodies(
                self.content, replace(self.handed.look, zone=zone), link=link, note=note, unsubscribe=stop,
                manifest=digest_of(self.one.data, self.one.edition),
            )  # fmt: skip
            old = " (older than what was sent last)" if self.desk.overtaken else ""
            values = {"subject": f"{made.subject}{old}", "text": made.text, "html": made.html}
            data = json.dumps(values, indent=1, sort_keys=True).encode()
            digest = hashlib.sha256(data).hexdigest()
            self.bodies[key] = f"{self.one.edition.key}.{digest[:16]}.mail.json"
            _put(self.one.folder / self.bodies[key], data)
        return self.bodies[key]


def _asked(rule: Recipient, one: Printed) -> Iterator[Path]:
    """The files of the formats asked for; the page stands in for a PDF that could not be made."""
    pages: dict[str, tuple[Path, ...]] = {"html": (one.html,), "pdf": (one.pdf or one.html,)}
    tables = {name: tuple(file for file in one.data if file.suffix == f".{name}") for name in ("csv", "json")}
    found = (file for name in rule.formats for file in (pages | tables).get(name, ()))
    yield from dict.fromkeys(found)


def _notes(carried: Sequence[Mapping[str, Any]], left_out: Sequence[Mapping[str, Any]], link: str) -> Iterator[str]:
    """What the mail says of its attachments."""
    if carried:
        yield f"Attached: {listing([_sized(entry) for entry in carried])}."
    if left_out:
        yield f"Too large to attach: {listing([_sized(entry) for entry in left_out])}. {link}"


def _until(link: Link | None, zone: str, left_out: Sequence[Mapping[str, Any]]) -> str:
    them = "them" if len(left_out) > 1 else "it"
    if link is None:
        return f"There is no link to {them}; whoever sends you this report can hand {them} to you."
    opens = f"The link opens {left_out[0]['file']}" if left_out else "The link opens it"
    others = " Ask whoever sends you this report for the others." if len(left_out) > 1 else ""
    if link.until is None:
        return f"{opens}.{others}"
    return f"{opens}, for whoever has it, until {instant(link.until, ZoneInfo(zone))}.{others}"


def _sized(entry: Mapping[str, Any]) -> str:
    size = entry["size"]
    return f"{entry['name']} ({f'{size / 1_000_000:.1f} MB' if size >= 100_000 else f'{max(size // 1000, 1)} kB'})"


def _entry(file: Path) -> dict[str, Any]:
    """A file as letters remember it: should it be altered before the letter leaves, that is seen."""
    data = file.read_bytes()
    name = f"{file.parent.name}-{file.name}"
    return {"file": file.name, "name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def token_for(mail: Mail) -> str:
    """What only one mail will hold, so that only its reader can stop the mails; empty where no link needs it."""
    return secrets.token_hex(TOKEN_BYTES) if "{token}" in mail.unsubscribe else ""


def media_type(name: str) -> str:
    """What a mail program or a browser is told of a file."""
    return MEDIA.get(name.rpartition(".")[2], OTHER_MEDIA)


def _news(content: Content, overtaken: str, link: str) -> News:
    cover, drift, posture, covered = content.cover, content.drift, content.posture, content.coverage
    worse = content.attention.worsened
    names = {id: account.name for id, account in content.accounts.items()}
    changes = [one.line.change for one in worse]
    lines = [f"[{c.severity}] {names.get(c.account) or c.account}: {c.summary}" for c in changes]
    facts = {
        "run": cover.run,
        "seq": cover.seq,
        "as_of": cover.as_of.isoformat(),
        "chain": cover.chain,
        "organization": cover.organization,
        "edition": content.edition.key,
        "changes": {"worsened": drift.worsened + drift.mixed, "improved": drift.improved, "total": drift.total},
        "findings": {
            "open": posture.counts.open,
            "new": posture.movement.new + posture.movement.reopened,
            "fixed": posture.movement.fixed,
        },
        "accounts": {"total": covered.total, "read": covered.read, "unreachable": covered.unreachable},
    }
    headline = f"{content.verdict.headline} ({cover.organization})"
    shown = lines[:NEWS_LINES]
    more = max(content.attention.worsened_total - len(shown), 0)
    return News(headline, shown, more, link, facts, f"{overtaken} {content.verdict.sentence}".strip())


def _put(file: Path, data: bytes) -> None:
    """Whole or not at all."""
    part = file.with_name(f".{file.name}.part")
    part.write_bytes(data)
    part.replace(file)
