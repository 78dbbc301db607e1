"""Every form of a report at once, and its readable text: what several tests look through."""

import atexit
import io
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser

import pikepdf
from fake_source import FakeSource

from reporter.report.content import Content, Options, build
from reporter.report.edition import Edition
from reporter.report.export import DataFile, data_files
from reporter.report.mail import MailBodies, mail_bodies
from reporter.report.pdf import Limits, Pdf, _Worker, job
from reporter.report.render import Look, html

OPTIONS = Options(organization="Example Corp", classification="Confidential", prepared_by="Cloud Platform")


@dataclass(frozen=True)
class Forms:
    content: Content
    files: tuple[DataFile, ...]
    page: str
    mail: MailBodies


def forms(source: FakeSource, edition: str = "organization", options: Options = OPTIONS) -> Forms:
    content = build(source, Edition.parse(edition), options)
    files = data_files(source, content)
    return Forms(content, files, html(content, files, Look()), mail_bodies(content, Look(), link="https://r.example/1"))


def pdf_of(made: Forms, look: Look | None = None) -> Pdf:
    """By one child for a whole test process, so that only the first pays for starting it."""
    return _child().make(job(made.content, made.files, look or Look()))


@cache
def _child() -> _Worker:
    child = _Worker(Limits(keep_megabytes=1000))
    atexit.register(child.stop)
    return child


def pdf_text(data: bytes) -> str:
    """The text of all pages."""
    return subprocess.run(["pdftotext", "-", "-"], input=data, capture_output=True, check=True).stdout.decode()


def pdf_everything(data: bytes) -> str:
    """Page text, attachments, metadata, names, bookmarks, alternative texts: every string there is."""
    parts = [pdf_text(data)]
    with pikepdf.open(io.BytesIO(data)) as pdf:
        parts.append(pdf.Root.Metadata.read_bytes().decode())
        for name, spec in pdf.attachments.items():
            parts += [name, spec.get_file().read_bytes().decode()]
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Dictionary):
                parts += [str(value) for value in thing.values() if isinstance(value, pikepdf.String)]
    return "\n".join(parts)


class Tags(HTMLParser):
    """All elements with their attributes, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


@cache
def shared_pdf(edition: str = "organization") -> tuple[Forms, Pdf]:
    """One rendering for the tests that only look."""
    from organization import organization

    made = forms(organization(), edition)
    return made, pdf_of(made)
