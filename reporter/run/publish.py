"""From a sealed run to files on disk and letters in the outbox: each edition built once, rendered once, recorded by its hash."""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from reporter import history
from reporter.model import Run
from reporter.report.content import Content, Options, build
from reporter.report.edition import Edition
from reporter.report.export import DataFile, data_files
from reporter.report.facts import bounds
from reporter.report.mail import subject
from reporter.report.ocsf import ocsf_files
from reporter.report.pdf import Job, Limits, Pdf, PdfUnavailable, Unwritable, job, render_pdfs
from reporter.report.render import Look, html
from reporter.report.sign import Signer, SignError
from reporter.run.packing import Packer, packer
from reporter.run.ready import check_folder
from reporter.run.signing_key import signer
from reporter.run.source import HistorySource
from reporter.run.wiring import Judgement
from reporter.settings import Settings

WHOLE = Edition("organization")
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


@dataclass(frozen=True, slots=True)
class Draft:
    """An edition whose PDF is being made."""

    content: Content
    files: tuple[DataFile, ...]


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


def check_editions(press: Press, editions: Iterable[Edition]) -> None:
    """NoSuchEdition for the first that cannot be made of the run, before any is rendered."""
    source = HistorySource(press.engine, press.run, press.judgement)
    for edition in editions:
        bounds(source, edition)


def publish(press: Press, editions: Iterable[Edition], tell: Tell, now: datetime) -> tuple[Published, ...]:
    """Render editions into the run's folder and record each file's SHA-256. The same run gives the same bytes.

    PDFs are made in parallel within the cores, and one that was made before for the same content is taken from the cache.
    An edition whose PDF cannot be made is published as HTML, with the reason.
    """
    source = HistorySource(press.engine, press.run, press.judgement)
    wanted = sorted(set(editions), key=lambda e: (e != WHOLE, e.key))
    begun: deque[Draft] = deque()

    def jobs() -> Iterator[Job]:
        for edition in wanted:
            content = build(source, edition, options(press.settings, press.judgement))
            files = data_files(source, content)
            begun.append(Draft(content, (*files, *ocsf_files(source, content))))
            yield job(content, files, look(press.settings))

    done: list[Published] = []
    tell(0, len(wanted), "")
    packs = packer(press.engine, press.run, _put, _signer(press), now)
    for made in _made(jobs(), press.settings):
        published = _packed(_write(begun.popleft(), made, press.settings, folder_of(press.settings, press.run)), packs)
        if press.record:
            _record(press.engine, press.run, published, now)
        done.append(published)
        tell(len(done), len(wanted), published.edition.key)
    return tuple(done)


def _signer(press: Press) -> Signer | None:
    """Who signs packages: nobody where a report is only rebuilt, or where the key cannot be had (the head's signing tells why)."""
    try:
        return signer(press.settings) if press.record else None
    except SignError:
        return None


def _packed(published: Published, packs: Packer) -> Published:
    files = tuple(file for file in (published.html, published.pdf, *published.data) if file is not None)
    return replace(published, data=(*published.data, *packs.pack(published.edition, files)))


def _made(jobs: Iterator[Job], settings: Settings) -> Iterator[bytes | str]:
    """Each PDF, or in its place the reason why there is none (empty where none is wanted)."""
    if not settings.report.pdf:
        yield from ("" for _ in jobs)
        return
    limits = Limits(settings.report.render_seconds, settings.report.render_megabytes, workers=os.cpu_count() or 1)
    first = next(jobs)
    try:
        made = next(iter(render_pdfs([first], limits, settings.report.directory / ".cache")))
    except PdfUnavailable as error:
        reason = str(error)
        yield reason
        yield from (reason for _ in jobs)
        return
    for one in chain([made], render_pdfs(jobs, limits, settings.report.directory / ".cache")):
        yield one.data if isinstance(one, Pdf) else str(one)


def _record(engine: history.Engine, run: Run, published: Published, now: datetime) -> None:
    rendered = [("html", published.html), ("pdf", published.pdf)]
    key = published.edition.key
    data = [(file.name.removeprefix(key).lstrip("-."), file) for file in published.data]
    for format, file in (*rendered, *data):
        if file is not None:
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            history.add_report(
                engine, run, edition=key, format=format, sha256=digest, path=str(file),
                size=len(content), now=now,
            )  # fmt: skip


def options(settings: Settings, judged_by: Judgement) -> Options:
    """How reports are worded, from the settings, and the targets they were judged by."""
    report = settings.report
    standard = Options()
    return Options(
        organization=report.organization_name or standard.organization,
        classification=report.classification,
        prepared_by=report.prepared_by,
        owner_tags=report.owner_tags,
        due_days=report.due_days,
        targets=judged_by.targets,
    )


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


def _write(draft: Draft, made: bytes | str, settings: Settings, folder: Path) -> Published:
    content, edition = draft.content, draft.content.edition
    check_folder(folder)
    page = _put(folder / f"{edition.key}.html", html(content, draft.files, look(settings)).encode())
    pdf = _put(folder / f"{edition.key}.pdf", made) if isinstance(made, bytes) else None
    note = made if isinstance(made, str) else ""
    data = tuple(_put(folder / f"{edition.key}-{file.name}", file.data) for file in draft.files)
    return Published(edition, folder, page, pdf, data, subject(content, ZoneInfo(settings.report.time_zone)), note)


def _put(file: Path, data: bytes) -> Path:
    """Whole or not at all: a killed process leaves no half file under the final name."""
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(data)
        part.replace(file)
    except OSError as error:
        raise Unwritable(
            f"{file}: cannot be written ({error.strerror}); make room or name another report.directory"
        ) from None
    return file
