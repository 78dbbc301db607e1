"""Content to pages: Jinja2 with autoescaping and without tolerance for a name that is not there."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup

from reporter.report import charts, words
from reporter.report.content import Content
from reporter.report.export import DataFile
from reporter.report.overview import Cover
from reporter.report.text import seen

WORD = 24  # letters of a command's word that stand together, whatever signs are in it
WIDEST = 40  # letters that fit on one line of a phone
UNBROKEN = re.compile(r"[\w=.:,]*")  # no line breaks inside (UAX 14)


@dataclass(frozen=True, slots=True)
class Look:
    """What an organization may change of the looks: a folder of templates that go before ours, a logo, a colour."""

    folder: Path | None = None
    logo: bytes = b""
    logo_type: str = "image/png"
    brand: str = "#12455b"
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.brand):
            raise ValueError(f'report.brand is "{self.brand}", which is no colour. Write it as #12455b.')


def template_folder() -> Path:
    """Where our templates are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "data" / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


@cache
def environment(look: Look) -> jinja2.Environment:
    """The templates with their filters, compiled once for each look; every value printed passes `seen` first."""
    folders = [look.folder] if look.folder else []
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, template_folder()]),
        autoescape=_escapes,  # noqa: S701 - all but plain text and stylesheets are escaped
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    zone = ZoneInfo(look.zone)
    env.filters |= {
        "number": words.number,
        "percent": words.percent,
        "day": partial(words.day, zone=zone),
        "instant": partial(words.instant, zone=zone),
        "days": words.days,
        "period": partial(_period, zone=zone),
        "listing": words.listing,
        "sentence": words.sentence,
        "shown": words.shown,
        "cut": words.cut,
        "brief": words.brief,
        "versioned": words.versioned,
        "commands": words.commands,
        "said": words.said,
        "short": words.short,
        "arrow": words.arrow,
        "dotted": _dotted,
        "typed": _typed,
        "grouped": words.grouped,
    }
    env.tests["remark"] = lambda line: line.startswith("#")  # of a remedy: a line for the reader, no command
    env.globals |= {"count": words.count, "charts": charts, "brand": look.brand, "logo": _data_uri(look)}
    return env


def html(content: Content, files: Sequence[DataFile], look: Look, *, paged: bool = False) -> str:
    """The report as one page that needs no network; `paged` is the form the PDF is made of."""
    env = environment(look)
    name = "executive.html.j2" if content.edition.kind == "executive" else "report.html.j2"
    return env.get_template(name).render(content=content, files=files, paged=paged, css=partial(stylesheet, env))


def stylesheet(env: jinja2.Environment, name: str) -> Markup:
    """A stylesheet with its settings filled in, ready for a style element."""
    return Markup(env.get_template(name).render())  # noqa: S704 - a template of ours or the organization's own


def _dotted(path: str) -> Markup:
    """A path that breaks between its parts (`.seg`) and inside one only where it is wider than the column."""
    parts = re.findall(r"[^.]*\.?", seen(path))
    return Markup("").join(Markup('<span class="seg">{}</span>').format(part) for part in parts if part)


def _period(cover: Cover, *, zone: ZoneInfo, exact: bool = False) -> str:
    return words.period(cover.from_at, cover.as_of, zone, exact=exact)


def _typed(command: str) -> Markup:
    """A command that breaks between its words, in a long word after its signs, and inside a part only where it is very long.

    Without it lines break at hyphens, and nobody can tell whether `--` at a line's end belongs to the next. Copied, it is
    what it was: `wbr` is no character.
    """
    return Markup(" ").join(map(_word, seen(command).split(" ")))


def _word(word: str) -> Markup:
    """A word in a span of its own, where it has signs after which a line would break: each span costs a page its time."""
    parts = re.findall(r"[^,:/]*[,:/]+|[^,:/]+", word) if len(word) > WORD else [word]
    if len(parts) > 1:
        return Markup("<wbr>").join(map(_part, parts))
    if UNBROKEN.fullmatch(word) or len(word) > WIDEST:
        return Markup("{}").format(word)
    if len(word) <= WORD:
        return Markup('<span class="tok">{}</span>').format(word)
    head, rest = _head(word)
    return Markup('<span class="tok long"><span class="tok">{}</span>{}</span>').format(head, rest)


def _part(part: str) -> Markup:
    return Markup('<span class="tok part">{}</span>').format(part) if len(part) <= WIDEST else Markup("{}").format(part)


def _head(word: str) -> tuple[str, str]:
    """An option's dashes and first word, and the rest: in a narrow column the break is not after the dashes."""
    cut = word.find("-", len(word) - len(word.lstrip("-"))) + 1
    return (word[:cut], word[cut:]) if 0 < cut <= WORD else (word[:WORD], word[WORD:])


def _escapes(name: str | None) -> bool:
    """Plain text and stylesheets are no markup; everything else is."""
    return name is None or not name.endswith((".txt.j2", ".css"))


def _finalize(value: Any) -> Any:
    return seen(value) if type(value) is str else value


def _data_uri(look: Look) -> str:
    if not look.logo:
        return ""
    return f"data:{look.logo_type};base64,{base64.b64encode(look.logo).decode()}"
