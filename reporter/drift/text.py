"""Changes as lines of text in the manner of a plan: a symbol for what happened, words for everything that colour would say.

+ came      - went      ~ differs      ! worse      ? out of sight
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from reporter.drift.grouping import LEAST, Group, grouped, members
from reporter.drift.noise import Fold, hidden
from reporter.drift.wording import LINE, clean
from reporter.model import Actor, Attribution, Change, ChangeKind, Direction, Op

Tone = Literal["plain", "heading", "worse", "better", "came", "went", "differs", "unseen", "faint"]
Section = Literal["worsened", "access lost", "improved", "neutral", "tags", "cosmetic"]

LEGEND = "+ came   - went   ~ differs   ! worse   ? out of sight"
SECTIONS: tuple[Section, ...] = ("worsened", "access lost", "improved", "neutral", "tags", "cosmetic")
SHOWN: frozenset[Section] = frozenset({"worsened", "access lost", "improved", "neutral"})
OPS = 12  # differences of one change that are shown

_KINDS: Mapping[ChangeKind, tuple[str, Tone]] = {
    ChangeKind.CREATED: ("+", "came"),
    ChangeKind.JOINED: ("+", "came"),
    ChangeKind.DELETED: ("-", "went"),
    ChangeKind.LEFT_ORG: ("-", "went"),
    ChangeKind.MODIFIED: ("~", "differs"),
    ChangeKind.RECREATED: ("-/+", "differs"),
    ChangeKind.MOVED: ("!", "worse"),
    ChangeKind.ACCESS_LOST: ("?", "unseen"),
    ChangeKind.ACCESS_RESTORED: ("?", "unseen"),
}
_OPS: Mapping[str, tuple[str, Tone]] = {
    "added": ("+", "came"),
    "removed": ("-", "went"),
    "changed": ("~", "differs"),
    "access_lost": ("?", "unseen"),
    "access_restored": ("?", "unseen"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: how deep, its symbol, its words, and the tone a terminal may colour it in."""

    indent: int
    symbol: str
    text: str
    tone: Tone = "plain"

    def __str__(self) -> str:
        head = f"{self.symbol} " if self.symbol else ""
        return f"{'  ' * self.indent}{head}{self.text}".rstrip()


def section(change: Change) -> Section:
    """Where a change belongs: what got worse first, whatever kind of change it is."""
    if change.direction in {Direction.WORSENED, Direction.MIXED}:
        return "worsened"
    if change.kind is ChangeKind.ACCESS_LOST:
        return "access lost"
    if change.direction is Direction.IMPROVED:
        return "improved"
    if change.klass == "tags":
        return "tags"
    return "cosmetic" if change.klass == "cosmetic" else "neutral"


@dataclass(frozen=True, slots=True)
class Beside:
    """What the changes themselves do not say and a reader wants to see beside them."""

    attribution: Callable[[Change], Attribution | None] = lambda _: None
    acknowledged: Callable[[Change], str] = lambda _: ""
    account: Callable[[str], str] = lambda _: ""  # an account's name


NOTHING_BESIDE = Beside()


def drift_lines(
    changes: Sequence[Change],
    beside: Beside = NOTHING_BESIDE,
    *,
    folds: Sequence[Fold] = (),
    sections: frozenset[Section] = SHOWN,
    least: int = LEAST,
    limit: int = 0,
    folded: Sequence[Change] = (),
) -> Iterator[Line]:
    """The whole answer to "what changed": sections by direction, hidden ones as counts, a summary last.

    `least` alike are shown as one; a number no list reaches shows each by itself. After `limit` of them (0: never) the
    others are only counted. `folded` are the changes that only a fold tells of: the summary counts them, too.
    """
    if not changes and not folds:
        yield Line(0, "", "No changes.", "better")
        return
    by_section: dict[Section, list[Change]] = {name: [] for name in SECTIONS}
    for change in changes:
        by_section[section(change)].append(change)
    budget = limit or len(changes)
    for name in SECTIONS:
        if by_section[name] and name in sections:
            groups = grouped(by_section[name], least=least)
            yield from _section(f"{name.upper()} {len(by_section[name])}", groups[:budget], len(groups), beside)
            budget = max(0, budget - len(groups))
    if folds:
        yield from _folds(folds)
    left = [f"{len(by_section[name])} {name}" for name in SECTIONS if by_section[name] and name not in sections]
    if left:
        yield Line(0, "", f"Hidden: {', '.join(left)}.", "faint")
    every = [*changes, *folded]
    yield Line(0, "", summary(every, sum(bool(beside.acknowledged(one)) for one in every), len(folded)), "heading")


def _folds(folds: Sequence[Fold]) -> Iterator[Line]:
    yield Line(0, "", f"MANY AT ONCE {len(folds)}", "heading")
    for one in folds:
        yield Line(1, "~" if one.quiet else "!", clean(str(one), 2 * LINE), "faint" if one.quiet else "worse")
    yield Line(0, "", hidden(folds), "faint")
    yield Line(0, "", "")


def _section(title: str, groups: Sequence[Group], total: int, beside: Beside) -> Iterator[Line]:
    yield Line(0, "", title, "heading")
    for group in groups:
        yield from group_lines(group, beside)
    if len(groups) < total:
        yield Line(1, "", f"({total - len(groups)} more, not shown because of the limit)", "faint")
    yield Line(0, "", "")


def group_lines(group: Group, beside: Beside = NOTHING_BESIDE) -> Iterator[Line]:
    """Changes alike as one, with the resources they are on; a change by itself in full."""
    if len(group.changes) == 1:
        yield from change_lines(group.first, beside)
        return
    change = group.first
    yield _head(change, f"{len(group.changes)} x {change.type} in {len(group.accounts)} {_accounts(group)}")
    yield from _what(change)
    shown, more = members(group, OPS)
    names = [f"{clean(one.resource, 80)}{f' #{one.id}' if one.id is not None else ''}" for one in shown]
    yield Line(3, "", f"on {', '.join(names)}{f' and {more} more' if more else ''}")
    yield from _who_of(group, beside)
    starts = {change.not_before for change in group.changes}
    first = None if None in starts else min(start for start in starts if start)
    yield Line(3, "", window(first, max(change.detected_at for change in group.changes)), "faint")
    owned = [said for change in group.changes if (said := beside.acknowledged(change))]
    if owned:
        yield Line(3, "", f"acknowledged: {len(owned)} of {len(group.changes)}, {clean(owned[0])}", "faint")


def change_lines(change: Change, beside: Beside = NOTHING_BESIDE) -> Iterator[Line]:
    """One change: what, where, how bad; its differences; who did it; in which window."""
    place = " ".join(part for part in (clean(beside.account(change.account), 64), change.account) if part)
    where = ", ".join(part for part in (place, change.region) if part)
    yield _head(change, f"{change.type} {clean(change.resource)} ({where})")
    yield from _what(change)
    attribution = beside.attribution(change)
    if attribution:
        yield from who_lines(attribution)
    yield Line(3, "", window(change.not_before, change.detected_at), "faint")
    owned = beside.acknowledged(change)
    if owned:
        yield Line(3, "", f"acknowledged: {clean(owned)}", "faint")


def _what(change: Change) -> Iterator[Line]:
    """The answers it moved and the differences it is made of."""
    yield from _moves(change)
    for op in change.ops[:OPS]:
        yield _op_line(op)
    if len(change.ops) > OPS:
        yield Line(3, "", f"({len(change.ops) - OPS} more differences)", "faint")
    if change.kind in {ChangeKind.RECREATED, ChangeKind.MOVED} or not (change.ops or change.summary == change.kind):
        yield Line(3, "", clean(change.summary))


def _moves(change: Change) -> Iterator[Line]:
    """The checks whose answer moved. A resource that came or went moves them all: then only what fails is named."""
    came = [check for check, move in change.checks.items() if move == "absent -> fail"]
    if came:
        others = sum(move.startswith("absent -> ") for move in change.checks.values()) - len(came)
        rest = f" ({others} other{'s do' if others > 1 else ' does'} not)" if others else ""
        yield Line(3, "!", clean(f"fails {', '.join(came)}{rest}", 1000), "worse")
    for check, move in change.checks.items():
        if "absent" in move.split(" -> "):
            continue
        tone: Tone = "worse" if move.endswith("-> fail") else "better" if move.endswith("-> pass") else "plain"
        yield Line(3, {"worse": "!", "better": ""}.get(tone, "?"), f"{check}: {move}", tone)


def _who_of(group: Group, beside: Beside) -> Iterator[Line]:
    """Who made changes that are alike: each person or workload once, with how many of them."""
    known = [found for change in group.changes if (found := beside.attribution(change))]
    named = Counter(found.actors[0].principal for found in known if found.actors)
    for name, count in named.most_common(3):
        one = next(found for found in known if found.actors and found.actors[0].principal == name)
        who = actor_line(one.actors[0], others_of(one))
        yield Line(3, "", f"by {who} [{one.confidence}], {count} of {len(group.changes)}")
    if len(named) > 3:
        yield Line(3, "", f"(and {len(named) - 3} more)", "faint")
    unknown = sum(not found.actors for found in known)
    if unknown:
        yield Line(3, "", f"{unknown} of {len(group.changes)} by nobody we can name", "faint")


def _accounts(group: Group) -> str:
    return "account" if len(group.accounts) == 1 else "accounts"


def who_lines(attribution: Attribution) -> Iterator[Line]:
    """Who did it, how sure that is; every candidate where it is not sure."""
    if not attribution.actors:
        yield Line(3, "", f"by nobody we can name: {clean(attribution.reason)}", "faint")
        return
    first, *others = attribution.actors
    yield Line(3, "", f"by {actor_line(first, others_of(attribution))} [{attribution.confidence}]")
    if attribution.confidence != "exact":
        yield Line(4, "", clean(attribution.reason), "faint")
    if others and (what := _settings(attribution, first)):
        yield Line(4, "", clean(what), "faint")
    for other in others[:3]:
        what = _settings(attribution, other)
        yield Line(4, "", clean(f"also {actor_line(other)}{f': {what}' if what else ''}", 2 * LINE), "faint")
    if len(others) > len(others[:3]):
        yield Line(4, "", f"(and {len(others) - 3} more events)", "faint")


def others_of(attribution: Attribution) -> str:
    """ " and 2 others" where more than one had a part in it; empty where it was one."""
    count = attribution.others
    return f" and {count} other{'s' if count > 1 else ''}" if count else ""


def _settings(attribution: Attribution, actor: Actor) -> str:
    """Which settings one event made."""
    mine = [one.path for one in attribution.settings if one.actors[:1] == (actor,)]
    return ", ".join(mine[:3]) + (f" and {len(mine) - 3} more" if len(mine) > 3 else "")


def actor_line(actor: Actor, others: str = "") -> str:
    """`alice via Admin and 1 other (203.0.113.7, console, MFA) PutBucketPolicy 2026-11-18 14:03Z`."""
    factor = {True: "MFA", False: "no MFA", None: ""}[actor.mfa]
    how = ", ".join(clean(word, 64) for word in (actor.source_ip, actor.via, factor) if word)
    return f"{clean(actor.principal)}{others}{f' ({how})' if how else ''} {clean(actor.event_name)} {actor.at:%Y-%m-%d %H:%MZ}"


def window(start: datetime | None, end: datetime) -> str:
    """Between which two looks it happened, and how far apart they were."""
    if start is None:
        return f"first seen {end:%Y-%m-%d %H:%MZ}"
    return f"between {start:%Y-%m-%d %H:%MZ} (last confirmed) and {end:%Y-%m-%d %H:%MZ} (seen), {span((end - start).total_seconds())}"


def summary(changes: Iterable[Change], acknowledged: int = 0, folded: int = 0) -> str:
    """The last line: how many by direction, how many by kind, how many somebody owns, how many only a folded line tells of."""
    listed = list(changes)
    sections = Counter(section(change) for change in listed)
    kinds = Counter(change.kind.value.replace("_", " ") for change in listed)
    first = [f"{sections[name]} {name}" for name in SECTIONS if sections[name]]
    second = [f"{count} {kind}" for kind, count in sorted(kinds.items())]
    owned = f"; {acknowledged} acknowledged" if acknowledged else ""
    hid = f"; {folded} of them told only under MANY AT ONCE" if folded else ""
    return f"Summary: {', '.join(first) or 'nothing'}; {', '.join(second) or 'no changes'}{owned}{hid}"


def _head(change: Change, subject: str) -> Line:
    symbol, tone = _KINDS[change.kind]
    worse = change.direction in {Direction.WORSENED, Direction.MIXED}
    how = f"  {change.severity.upper()} {change.direction.value}" if change.direction is not Direction.NEUTRAL else ""
    number = f"  #{change.id}" if change.id is not None and subject.startswith(change.type) else ""
    kind = change.kind.value.replace("_", " ")
    return Line(1, symbol, f"{subject} {kind}{how}{number}", "worse" if worse else tone)


def _op_line(op: Op) -> Line:
    symbol, tone = _OPS[op.kind]
    return Line(3, symbol, clean(op.text or op.path), tone)


def span(seconds: float) -> str:
    """How long, in the unit that people would say."""
    if seconds < 3600:
        return f"{round(seconds / 60)} min" if seconds >= 60 else f"{round(seconds)} s"
    hours = round(seconds / 3600)
    return f"{hours} h" if hours < 48 else f"{round(hours / 24)} d"
