"""Every form of a report at once, and its readable text: what several tests look through."""

import io
import re
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser

import pikepdf
from fake_source import FakeSource
from pypdf import PdfReader

from reporter.report.content import Content, Options, build
from reporter.report.edition import Edition
from reporter.report.export import DataFile, data_files
from reporter.report.mail import MailBodies, mail_bodies
from reporter.report.pdf import Pdf, render_pdf
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
    return render_pdf(made.content, made.files, look or Look())


def pdf_text(data: bytes) -> str:
    """The text of all pages, with line breaks inside words taken out."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def pdf_everything(data: bytes) -> str:
    """Page text, attachments, metadata, names, bookmarks, alternative texts: every string there is."""
    reader = PdfReader(io.BytesIO(data))
    parts = [pdf_text(data), str(reader.metadata), str(reader.xmp_metadata and reader.xmp_metadata.stream.get_data())]
    for name, contents in reader.attachments.items():
        parts += [name, *(c.decode("utf-8", "replace") for c in contents)]
    with pikepdf.open(io.BytesIO(data)) as pdf:
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
