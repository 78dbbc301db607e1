"""The same content as a mail: a subject with the news, a text part that stands alone, HTML that survives mail clients."""

from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

import css_inline

from reporter.report.alike import alike
from reporter.report.content import Content
from reporter.report.render import Look, environment, stylesheet
from reporter.report.text import seen
from reporter.report.texts import mapped
from reporter.report.words import count, day, listing


@dataclass(frozen=True, slots=True)
class MailBodies:
    """What a mail says, before anybody addresses it."""

    subject: str
    text: str
    html: str


def mail_bodies(
    content: Content, look: Look, *, link: str = "", note: str = "", unsubscribe: str = "", manifest: str = ""
) -> MailBodies:
    """Render the bodies. `link` opens the report, `note` says what is attached or why it is not, `manifest` is the package's."""
    env = environment(look)
    news = subject(content, ZoneInfo(look.zone))
    values = {
        "content": content,
        "subject": news,
        "link": link,
        "note": note,
        "unsubscribe": unsubscribe,
        "manifest": manifest,
    }
    flat = _flat(content)
    text = env.get_template("mail.txt.j2").render(
        values | {"content": flat, "not_read": alike(flat.coverage.incomplete.rows)}
    )
    page = env.get_template("mail.html.j2").render(
        values, not_read=alike(content.coverage.incomplete.rows), css=partial(stylesheet, env)
    )
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False)
    return MailBodies(news, text, inliner.inline(page))


def _flat(content: Content) -> Content:
    """The content for a text of lines: a name with a line break in it must not be able to write lines of its own.

    A remedy keeps its lines, which the template indents: behind a comment on the same line no command would run.
    """
    flat = mapped(content, lambda value: " ".join(value.split()))
    pairs = zip(flat.attention.worsened, content.attention.worsened, strict=True)
    worse = tuple(replace(one, fix=_lines(whole.fix)) for one, whole in pairs)
    return replace(flat, attention=replace(flat.attention, worsened=worse))


def _lines(fix: str) -> str:
    """The remedy with its own lines and no others: other signs that break a line become blanks."""
    return "\n".join(" ".join(line.splitlines()) for line in fix.split("\n"))


def subject(content: Content, zone: tzinfo = UTC) -> str:
    """One line with the news first, the date as it is in `zone`; a quiet week and a first report say so."""
    cover, verdict = content.cover, content.verdict
    drift, moved, covered = content.drift, content.posture.movement, content.coverage
    news = [
        f"{n} {what}"
        for n, what in (
            (drift.worsened + drift.mixed, "WORSENED"),
            (moved.new + moved.reopened, "new"),
            (moved.fixed, "fixed"),
            (drift.access_lost, "no longer readable"),
        )
        if n
    ]
    if covered.blind:
        news = [verdict.headline]
    elif content.first:
        news = [f"Baseline established, {count(content.posture.counts.open, 'open finding')}"]
    elif not news:
        news = [verdict.headline]
    if covered.unlisted:
        seen_only = "Only one account seen: " if covered.total == 1 else ""
        news = [f"{seen_only}the organization's accounts could not be listed", *(news if not content.first else [])]
    if covered.unreachable:
        news.append(f"{count(covered.unreachable, 'account')} not reached")
    marking = f"{cover.classification}: " if cover.classification else ""
    where = cover.organization if content.edition.kind in ("organization", "executive") else cover.edition
    line = (
        f"{marking}[reporter] {', '.join(news) if len(news) > 1 else listing(news)} - {where}, {day(cover.as_of, zone)}"
    )
    return " ".join(seen(line).split())[:200]
