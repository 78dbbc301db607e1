"""What a watch tells: one message for all that got worse, grouped, in words; into the outbox, within a daily bound."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from reporter import history
from reporter.deliver.message import message_id
from reporter.deliver.webhook import News, document
from reporter.drift.grouping import Group, grouped
from reporter.drift.noise import hidden
from reporter.drift.text import Beside, Line, actor_line, group_lines, others_of, span
from reporter.drift.wording import clean
from reporter.model import Attribution, Change, Run
from reporter.report.render import Look, environment, stylesheet
from reporter.run.lettering import WEBHOOK, token_for
from reporter.run.watching import Watched, mark
from reporter.settings import Settings

EDITION = "watch"  # and the message's own mark after a dot
DAY = timedelta(days=1)
SHOWN = 20  # groups in one message
RUNS_BACK = 10  # among whose letters those of the last day are looked for


@dataclass(frozen=True, slots=True)
class To:
    """Who is told, and how often at most."""

    addresses: tuple[str, ...] = ()
    webhooks: tuple[str, ...] = ()
    daily: int = 10  # messages in 24 hours, to each


@dataclass(frozen=True, slots=True)
class Desk:
    """What alerts are written with: the settings, the looks, and the folder for the bodies of mails."""

    settings: Settings
    to: To
    look: Look = Look()  # noqa: RUF009 - a frozen value
    folder: Path = Path("reports/watch")


@dataclass(frozen=True, slots=True)
class Message:
    """One alert in all its forms."""

    subject: str
    text: str
    html: str
    news: News


@dataclass(frozen=True, slots=True)
class Queued:
    """What became of an alert."""

    letters: int
    known: int  # changes that were told before, since the last run
    held: int  # recipients whose daily bound is reached; what they miss is in their next message


def lines(watched: Watched, changes: Sequence[Change]) -> Iterator[Line]:
    """The alert as lines: what got worse, in groups, then counts of what is not shown. The counts are always there."""
    beside = Beside(attribution=_who(watched), account=lambda id: watched.names.get(id, ""))
    groups = grouped(changes)
    for group in groups[:SHOWN]:
        yield from group_lines(group, beside)
    if len(groups) > SHOWN:
        yield Line(1, "", f"and {len(groups) - SHOWN} more", "faint")
    for one in watched.loud:
        yield Line(1, "!", str(one), "worse")
    yield from counts(watched)


def _who(watched: Watched) -> Callable[[Change], Attribution | None]:
    """Who made a change of this look, where it was asked."""
    place = {mark(change): number for number, change in enumerate(watched.alerts)}
    return lambda change: watched.who.get(place.get(mark(change), -1))


def counts(watched: Watched) -> Iterator[Line]:
    """What a look did not tell, and did not see."""
    words = [f"{count} {why}" for why, count in watched.hidden.items()]
    yield Line(0, "", f"Changes not told: {', '.join(words) or 'none'}.", "faint")
    if watched.folds:
        yield Line(0, "", f"{hidden(watched.folds)}.", "faint")
    unseen = f"accounts not reached: {len(watched.unreachable)}, reads that failed: {watched.unread}"
    yield Line(0, "", f"Accounts looked at: {watched.accounts}, calls: {watched.calls}, {unseen}.", "faint")


def queue(engine: history.Engine, watched: Watched, desk: Desk) -> Queued:
    """Put the alert into the outbox for everybody who has not had it; who has had enough today gets it tomorrow."""
    sent = _sent(engine, watched.base, watched.at)
    letters: list[history.Letter] = []
    known, held, to = 0, 0, desk.to
    mailed = [one.lower() for one in to.addresses if one.lower() not in history.unsubscribed(engine)]
    for recipient in (*mailed, *(f"{WEBHOOK}{name}" for name in to.webhooks)):
        told = {one for delivery in sent if delivery.recipient == recipient for one in delivery.payload.get("told", ())}
        new = [change for change in watched.alerts if mark(change) not in told]
        folds = [one for one in watched.loud if str(one) not in told]
        known = max(known, len(watched.alerts) - len(new))
        if not new and not folds:
            continue
        today = [one for one in sent if one.recipient == recipient and one.queued_at > watched.at - DAY]
        if len(today) >= to.daily:
            held += 1
            continue
        marks = [*map(mark, new), *map(str, folds)]
        letters.append(_letter(watched, new, marks, recipient, desk))
    return Queued(history.enqueue(engine, watched.base, letters, watched.at), known, held)


def message(settings: Settings, watched: Watched, changes: Sequence[Change], look: Look) -> Message:
    """The alert in words, as a page, and for a channel."""
    told = list(lines(watched, changes))
    groups = grouped(changes)
    subject = f"[reporter] {_headline(changes, watched)}{_of(settings)}"
    since = span((watched.at - watched.base.as_of).total_seconds())
    opening = f"Seen {watched.at:%Y-%m-%d %H:%M} UTC, against run {watched.base.seq} of {watched.base.as_of:%Y-%m-%d %H:%M} UTC ({since})."
    closing = "The next run records these changes; what was told is not told again before it."
    text = "\n".join([opening, "", *map(str, told), "", closing, ""])
    env = environment(look)
    values = {"subject": subject, "opening": opening, "closing": closing, "lines": told}
    page = env.get_template("alert.html.j2").render(values, css=partial(stylesheet, env))
    who = _who(watched)
    short = [_short(group, watched, who) for group in groups] + [str(one) for one in watched.loud]
    facts = {
        "schema": "reporter/alert/1", "base_run": watched.base.seq, "at": watched.at.isoformat(),
        "changes": [_fact(change, who(change)) for change in changes], "not_told": dict(watched.hidden),
        "unreachable": list(watched.unreachable), "unread": watched.unread,
    }  # fmt: skip
    news = News(
        headline=subject.removeprefix("[reporter] "),
        sentence=opening,
        lines=short[:SHOWN],
        more=max(0, len(short) - SHOWN),
        link=settings.report.link,
        facts=facts,
    )
    return Message(subject, text, page, news)


def _letter(
    watched: Watched, changes: Sequence[Change], marks: Sequence[str], recipient: str, desk: Desk
) -> history.Letter:
    """The alert to one recipient, in the form in which the outbox keeps letters of its kind."""
    edition = f"{EDITION}.{hashlib.sha256(repr(sorted(marks)).encode()).hexdigest()[:12]}"
    settings = desk.settings
    id = message_id(watched.base.id, edition, recipient, settings.mail.sender)
    made = message(settings, watched, changes, desk.look)
    payload: dict[str, Any] = {"told": list(marks)}
    if recipient.startswith(WEBHOOK):
        hook = next(one for one in settings.webhook if f"{WEBHOOK}{one.name}" == recipient)
        payload["document"] = document(hook.form, made.news)
    else:
        bodies = _written(desk.folder, edition, made)
        payload |= {
            "address": recipient, "folder": str(desk.folder.absolute()), "bodies": bodies, "attachments": [],
            "left_out": [], "references": [], "token": token_for(settings.mail),
        }  # fmt: skip
    return history.Letter(edition, recipient, id, payload)


def _written(folder: Path, edition: str, made: Message) -> str:
    """The name of the file that holds subject, text and HTML; named by its content, so that an altered one is not sent."""
    values = {"subject": made.subject, "text": made.text, "html": made.html}
    data = json.dumps(values, indent=1, sort_keys=True).encode()
    name = f"{edition}.{hashlib.sha256(data).hexdigest()[:16]}.mail.json"
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{name}.part"
    part.write_bytes(data)
    part.replace(folder / name)
    return name


def waiting(engine: history.Engine, base: Run) -> int:
    """Alerts since a run that have not left, or of which nobody knows whether they did."""
    rows = history.deliveries(engine, base, ("pending", "claimed", "sending", "unknown"))
    return sum(row.edition.startswith(f"{EDITION}.") for row in rows)


def _sent(engine: history.Engine, base: Run, now: datetime) -> tuple[history.Delivery, ...]:
    """The alerts of the last day, and all that were told since the last run."""
    runs = history.last_runs(engine, RUNS_BACK, until=base)
    rows = (row for run in runs for row in history.deliveries(engine, run) if row.edition.startswith(f"{EDITION}."))
    return tuple(row for row in rows if row.run == base.id or row.queued_at > now - DAY)


def _headline(changes: Sequence[Change], watched: Watched) -> str:
    worst = changes[0].severity.upper() if changes else "MANY AT ONCE"
    number = len(changes) + watched.folded
    what = "thing" if number == 1 else "things"
    first = f": {clean(changes[0].resource, 60)}" if number == 1 and changes else ""
    return f"{worst}, {number} {what} got worse{first}"


def _of(settings: Settings) -> str:
    return f" - {settings.report.organization_name}" if settings.report.organization_name else ""


def _short(group: Group, watched: Watched, who: Callable[[Change], Attribution | None]) -> str:
    """A group in one line, for a channel: the worst of it, and who did it."""
    change = group.first
    name = watched.names.get(change.account, "")
    there = f"{len(group.accounts)} account{'' if len(group.accounts) == 1 else 's'}"
    where = f"{len(group.changes)} resources in {there}" if len(group.changes) > 1 else (
        f"{change.resource} ({name or change.account})"
    )  # fmt: skip
    return f"[{change.severity}] {where}: {change.summary}{_by(group, who)}"


def _by(group: Group, who: Callable[[Change], Attribution | None]) -> str:
    """Who made a change; of a group the one who made most of it, how many of it, and how many others there are."""
    made = [found for change in group.changes if (found := who(change)) and found.actors]
    if not made:
        return ""
    ((name, count),) = (names := Counter(one.actors[0].principal for one in made)).most_common(1)
    first = next(one for one in made if one.actors[0].principal == name)
    said = f"; by {actor_line(first.actors[0], others_of(first))} [{first.confidence}]"
    if count == len(group.changes):
        return said
    more = len(names) - 1
    return f"{said}, {count} of {len(group.changes)}" + (f", others by {more} more" if more else "")


def _fact(change: Change, who: Attribution | None) -> Mapping[str, Any]:
    return {
        "account": change.account, "region": change.region, "type": change.type, "resource": change.resource,
        "arn": change.arn, "kind": change.kind.value, "direction": change.direction.value, "severity": change.severity,
        "summary": change.summary, "differences": [op.text for op in change.ops], "checks": dict(change.checks),
        "who": None if who is None else _maker(who),
    }  # fmt: skip


def _maker(who: Attribution) -> Mapping[str, Any]:
    """Who made a change, as far as a program that is alerted wants to know."""
    actors = [
        {
            "principal": one.principal, "arn": one.arn, "source_ip": one.source_ip, "via": one.via,
            "event_name": one.event_name, "event_id": one.event_id, "at": one.at.isoformat(),
        }
        for one in who.actors
    ]  # fmt: skip
    return {"confidence": who.confidence, "reason": who.reason, "actors": actors}


def recipients_of(settings: Settings) -> Iterable[str]:
    """Whom the settings send the whole organization's report: those are alerted, unless others are named."""
    return tuple(
        one.address for one in settings.recipient if one.address and one.edition in {"organization", "executive"}
    )
