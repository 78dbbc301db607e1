"""Check templates before anything is sent with them: an organization's own go through the same gate as ours."""

import traceback
from collections.abc import Iterator
from html.parser import HTMLParser

import jinja2

from reporter.report.content import Content, Options, build
from reporter.report.edition import Edition
from reporter.report.export import DataFile
from reporter.report.mail import mail_bodies
from reporter.report.pdf import Limits, PdfFailed, job, render_pdfs
from reporter.report.render import Look, environment, html
from reporter.report.sample import MARK, ONE, Sample

OPTIONS = Options(organization="Sample organization", classification="Sample", prepared_by="Sample")
CASES = (
    (Edition("executive"), Sample()),
    (Edition(), Sample()),
    (Edition(), Sample(first=True)),
    (Edition(), Sample(quiet=True)),
    (Edition("account", ONE), Sample()),
)
FORBIDDEN = frozenset({"script", "iframe", "object", "embed", "link", "base", "form", "input", "video", "audio"})
FILES = (DataFile("sample.csv", "text/csv", b"a\r\n", "Sample data", 1),)


def check_templates(look: Look, limits: Limits | None = None, *, paper: bool = True) -> tuple[str, ...]:
    """What is wrong with the templates of a look, one sentence each; empty when they may be used (on `paper`, too)."""
    problems = list(_syntax(look))
    if problems:
        return tuple(problems)
    for edition, sample in CASES:
        content = build(sample, edition, OPTIONS)
        problems += _rendered(content, look)
    if paper and not problems:
        problems += _printed(look, limits)
    return tuple(dict.fromkeys(problems))


def _syntax(look: Look) -> Iterator[str]:
    env = environment(look)
    for name in env.list_templates(extensions=["j2", "css"]):
        try:
            env.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            yield f"{error.filename or name}:{error.lineno}: {error.message}"


def _rendered(content: Content, look: Look) -> Iterator[str]:
    """Render page and mail and look at what came out."""
    try:
        page = html(content, FILES, look)
        mail = mail_bodies(
            content, look, link="https://example.com/", note="A note", unsubscribe="https://example.com/u"
        )
    except jinja2.TemplateError as error:
        yield _where(error)
        return
    yield from _elements("report.html.j2", page)
    yield from _elements("mail.html.j2", mail.html)
    body = page.partition("<body")[2]  # the head repeats the verdict for search engines of intranets
    yield from (f"The page leaves out {what}." for what, text in _promised(content).items() if text not in body)
    if MARK not in mail.text and not content.first and not content.quiet:
        yield "mail.txt.j2 does not stand alone: it names nothing that got worse."


def _promised(content: Content) -> dict[str, str]:
    """What no report may go without, whatever it looks like."""
    return {
        "the verdict": content.verdict.sentence,
        "how many accounts were read": content.cover.scope.split(" ", 1)[0],
        "the run's id": content.cover.run,
    }


def _elements(name: str, page: str) -> Iterator[str]:
    seen = _Elements()
    seen.feed(page)
    if "forged" in seen.ids:
        yield f"{name} prints a value without escaping it (|safe, or autoescape switched off): names of AWS can become markup."
    yield from (f"{name} holds a <{tag}>, which a report must not." for tag in sorted(seen.tags & FORBIDDEN))
    yield from (f"{name} loads {address} from outside; put it into the page as a data: URL." for address in seen.loads)
    yield from (f"{name} has an element with {handler}, a script." for handler in sorted(seen.handlers))
    if seen.first_heading != "h1" and name == "report.html.j2":
        yield f"{name} does not begin with an h1."
    if seen.language is None:
        yield f"{name} lacks <html lang=...>."


def _printed(look: Look, limits: Limits | None) -> Iterator[str]:
    """The renderer's own warnings of the first edition that has any; one that cannot be printed at all is one too."""
    jobs = (job(build(sample, edition, OPTIONS), FILES, look) for edition, sample in CASES)
    for (edition, _), made in zip(CASES, render_pdfs(jobs, limits), strict=True):
        if isinstance(made, PdfFailed):
            yield f"The {edition.kind} edition cannot be printed: {made}"
            return
        if made.warnings:
            yield from (f"The {edition.kind} edition prints with a warning: {warning}" for warning in made.warnings)
            return


def _where(error: jinja2.TemplateError) -> str:
    """The template and line an error came from."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.endswith((".j2", ".css"))]
    place = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
    return f"{place}{error.message or type(error).__name__}"


class _Elements(HTMLParser):
    """Collects what a page consists of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: set[str] = set()
        self.loads: list[str] = []
        self.handlers: set[str] = set()
        self.first_heading = ""
        self.language: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element, its id, what it loads and what it would run."""
        told = dict(attrs)
        self.tags.add(tag)
        self.ids.add(told.get("id") or "")
        self.handlers |= {name for name in told if name.startswith("on")}
        self.loads += [
            told[a] or "" for a in ("src", "poster") if a in told and not (told[a] or "").startswith("data:")
        ]
        if tag == "html":
            self.language = told.get("lang")
        if not self.first_heading and tag in ("h1", "h2", "h3", "h4"):
            self.first_heading = tag
