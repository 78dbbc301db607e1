"""From a sealed run to files on disk and letters in the outbox: each edition built once, rendered once, recorded by its hash."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reporter import history
from reporter.deliver.message import Attachment, fits, message_id
from reporter.model import Account, Run
from reporter.report.content import Content, Options, build
from reporter.report.edition import Edition
from reporter.report.export import DataFile, data_files
from reporter.report.mail import MailBodies, mail_bodies
from reporter.report.pdf import Limits, PdfUnavailable, render_pdf
from reporter.report.render import Look, html
from reporter.run.source import HistorySource
from reporter.run.wiring import Judgement
from reporter.settings import Settings
from reporter.settings.schema import Recipient

WHOLE = Edition("organization")
ATTACHED = {"pdf": "application/pdf", "html": "text/html"}
Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Published:
    """The files of one edition, in the folder of its run. `pdf` is None where no PDF can be made, and `note` says why."""

    edition: Edition
    folder: Path
    html: Path
    pdf: Path | None
    data: tuple[Path, ...]
    headline: str
    note: str = ""


def folder_of(settings: Settings, run: Run) -> Path:
    """Where a run's reports are: a folder of its own, named by date and number."""
    return settings.report.directory / f"{run.as_of:%Y-%m-%d}-run-{run.seq:04d}"


@dataclass(frozen=True, slots=True)
class Press:
    """What reports are printed from: one sealed run, as one installation wants it."""

    engine: history.Engine
    run: Run
    settings: Settings
    judgement: Judgement
    record: bool = True  # write the files down in the history


def publish(press: Press, editions: Iterable[Edition], tell: Tell, now: datetime) -> tuple[Published, ...]:
    """Render editions into the run's folder and record each file's SHA-256. The same run gives the same bytes."""
    engine, run, settings = press.engine, press.run, press.settings
    source = HistorySource(engine, run, press.judgement)
    wanted = sorted(set(editions), key=lambda e: (e != WHOLE, e.key))
    done = []
    for number, edition in enumerate(wanted, 1):
        content = build(source, edition, options(settings))
        files = data_files(source, content)
        published = _write(content, files, edition, settings, folder_of(settings, run))
        if press.record:
            _record(engine, run, published, now)
        done.append(published)
        tell(number, len(wanted), edition.key)
    return tuple(done)


def _record(engine: history.Engine, run: Run, published: Published, now: datetime) -> None:
    for file in (published.html, published.pdf, *published.data):
        if file is not None:
            data = file.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            history.add_report(
                engine, run, edition=published.edition.key, format=file.suffix[1:], sha256=digest, path=str(file),
                size=len(data), now=now,
            )  # fmt: skip


def options(settings: Settings) -> Options:
    """How reports are worded, from the settings."""
    report = settings.report
    return Options(organization=report.organization_name, classification=report.classification)


def look(settings: Settings) -> Look:
    """How reports look, from the settings."""
    report = settings.report
    standard = Look()
    return Look(
        folder=report.templates,
        logo=report.logo.read_bytes() if report.logo else b"",
        logo_type="image/svg+xml" if report.logo and report.logo.suffix == ".svg" else "image/png",
        brand=report.accent or standard.brand,
        zone=report.time_zone,
    )


def addressed(
    recipients: Sequence[Recipient], accounts: Iterable[Account], schedule: str
) -> tuple[tuple[Recipient, str, Edition], ...]:
    """Who gets which edition of this run: (rule, address, edition), each pair of address and edition once."""
    accounts = list(accounts)
    found: dict[tuple[str, Edition], Recipient] = {}
    for rule in recipients:
        if rule.schedules and schedule not in rule.schedules:
            continue
        for address, edition in _expanded(rule, accounts):
            found.setdefault((address, edition), rule)
    return tuple((rule, address, edition) for (address, edition), rule in found.items())


def letters(
    run: Run, previous: Run | None, published: Sequence[Published], to: Sequence[tuple[Recipient, str, Edition]],
    settings: Settings,
) -> tuple[history.Letter, ...]:  # fmt: skip
    """One letter for each recipient and edition, ready for the outbox: which files it carries is decided here, once."""
    by_edition = {one.edition: one for one in published}
    found = []
    for rule, address, edition in to:
        one = by_edition[edition]
        carried, left_out = _carried(one, rule, settings)
        payload = {
            "folder": str(one.folder),
            "edition": edition.key,
            "attachments": [file.name for file in carried],
            "left_out": [file.name for file in left_out],
            "previous": previous.id if previous else "",
        }
        id = message_id(run.id, edition.key, address, settings.mail.sender)
        found.append(history.Letter(edition.key, address, id, payload))
    return tuple(found)


def attachments(folder: Path, names: Sequence[str]) -> tuple[Attachment, ...]:
    """The files of a letter, read when it leaves."""
    kinds = ATTACHED | {"csv": "text/csv", "json": "application/json"}
    return tuple(
        Attachment(name, kinds.get(name.rpartition(".")[2], "application/octet-stream"), (folder / name).read_bytes())
        for name in names
    )


def _write(
    content: Content, files: Sequence[DataFile], edition: Edition, settings: Settings, folder: Path
) -> Published:
    folder.mkdir(parents=True, exist_ok=True)
    page = _put(folder / f"{edition.key}.html", html(content, files, look(settings)).encode())
    note, pdf = "", None
    try:
        pdf = _put(folder / f"{edition.key}.pdf", render_pdf(content, files, look(settings), _limits(settings)).data)
    except PdfUnavailable as error:
        note = str(error)
    bodies = mail_bodies(content, look(settings), link=settings.report.link, note=note)
    _put_mail(folder, edition, bodies)
    data = tuple(_put(folder / f"{edition.key}-{file.name}", file.data) for file in files)
    return Published(edition, folder, page, pdf, data, bodies.subject, note)


def _limits(settings: Settings) -> Limits:
    return Limits(seconds=settings.report.render_seconds, megabytes=settings.report.render_megabytes)


def _put_mail(folder: Path, edition: Edition, bodies: MailBodies) -> None:
    text = json.dumps(
        {"subject": bodies.subject, "text": bodies.text, "html": bodies.html}, ensure_ascii=False, indent=1
    )
    _put(folder / f"{edition.key}.mail.json", text.encode())


def _put(file: Path, data: bytes) -> Path:
    """Whole or not at all: a killed process leaves no half file under the final name."""
    part = file.with_name(f".{file.name}.part")
    part.write_bytes(data)
    part.replace(file)
    return file


def _expanded(rule: Recipient, accounts: Sequence[Account]) -> Iterable[tuple[str, Edition]]:
    own = [Edition("account", account.id) for account in accounts]
    if rule.account_tag:
        for account, edition in zip(accounts, own, strict=True):
            if address := account.tags.get(rule.account_tag, "").strip():
                yield address, edition
    elif rule.address and rule.edition == "accounts":
        for edition in own:
            yield rule.address, edition
    elif rule.address:
        yield rule.address, Edition.parse(rule.edition)


def _carried(one: Published, rule: Recipient, settings: Settings) -> tuple[list[Path], list[Path]]:
    """The files a recipient asked for, as far as they fit into a mail, in the order asked; the rest is left to a link."""
    by_format: dict[str, list[Path]] = {"html": [one.html], "pdf": [one.pdf] if one.pdf else []}
    for file in one.data:
        by_format.setdefault(file.suffix[1:], []).append(file)
    carried: list[Path] = []
    left_out: list[Path] = []
    for file in (file for wanted in rule.formats for file in by_format.get(wanted, [])):
        sized = [Attachment(f.name, "a/b", f.read_bytes()) for f in (*carried, file)]
        (carried if fits(sized, settings.mail.attach_limit_megabytes) else left_out).append(file)
    return carried, left_out
