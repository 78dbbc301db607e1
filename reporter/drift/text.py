"""Changes as lines of text in the manner of a plan: a symbol for what happened, words for everything that colour would say.

+ came      - went      ~ differs      ! worse      ? out of sight
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from reporter.drift.noise import Fold, hidden
from reporter.drift.wording import clean
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


def drift_lines(
    changes: Sequence[Change],
    *,
    attribution: Callable[[Change], Attribution | None] = lambda _: None,
    acknowledged: Callable[[Change], str] = lambda _: "",
    folds: Sequence[Fold] = (),
    sections: frozenset[Section] = SHOWN,
) -> Iterator[Line]:
    """The whole answer to "what changed": sections by direction, hidden ones as counts, a summary last."""
    if not changes and not folds:
        yield Line(0, "", "No changes.", "better")
        return
    by_section: dict[Section, list[Change]] = {name: [] for name in SECTIONS}
    for change in changes:
        by_section[section(change)].append(change)
    for name in SECTIONS:
        if by_section[name] and name in sections:
            yield Line(0, "", f"{name.upper()} {len(by_section[name])}", "heading")
            for change in by_section[name]:
                yield from change_lines(change, attribution(change), acknowledged(change))
            yield Line(0, "", "")
    if folds:
        yield Line(0, "", f"ALMOST EVERYWHERE {len(folds)}", "heading")
        yield from (Line(1, "~" if one.quiet else "!", str(one), "faint" if one.quiet else "worse") for one in folds)
        yield Line(0, "", hidden(folds), "faint")
    left = [f"{len(by_section[name])} {name}" for name in SECTIONS if by_section[name] and name not in sections]
    if left:
        yield Line(0, "", f"Hidden: {', '.join(left)}.", "faint")
    yield Line(0, "", summary(changes), "heading")


def change_lines(change: Change, attribution: Attribution | None = None, acknowledged: str = "") -> Iterator[Line]:
    """One change: what, where, how bad; its differences; who did it; in which window."""
    symbol, tone = _KINDS[change.kind]
    worse = change.direction in {Direction.WORSENED, Direction.MIXED}
    yield Line(1, symbol, _head(change), "worse" if worse else tone)
    for check, move in change.checks.items():
        yield Line(
            3,
            "!" if move.endswith("-> fail") else "",
            f"{check}: {move}",
            "worse" if move.endswith("-> fail") else "plain",
        )
    for op in change.ops[:OPS]:
        yield _op_line(op)
    if len(change.ops) > OPS:
        yield Line(3, "", f"({len(change.ops) - OPS} more differences)", "faint")
    if not change.ops or change.kind in {ChangeKind.RECREATED, ChangeKind.MOVED}:
        yield Line(3, "", clean(change.summary))
    if attribution:
        yield from who_lines(attribution)
    yield Line(3, "", window(change.not_before, change.detected_at), "faint")
    if acknowledged:
        yield Line(3, "", f"acknowledged: {clean(acknowledged)}", "faint")


def who_lines(attribution: Attribution) -> Iterator[Line]:
    """Who did it, how sure that is; every candidate where it is not sure."""
    if not attribution.actors:
        yield Line(3, "", f"by nobody we can name: {clean(attribution.reason)}", "faint")
        return
    first, *others = attribution.actors
    yield Line(3, "", f"by {actor_line(first)} [{attribution.confidence}]")
    if attribution.confidence != "exact":
        yield Line(4, "", clean(attribution.reason), "faint")
    for other in others[:3]:
        yield Line(4, "", f"also {actor_line(other)}", "faint")
    if len(others) > len(others[:3]):
        yield Line(4, "", f"(and {len(others) - 3} more events)", "faint")


def actor_line(actor: Actor) -> str:
    """`alice via Admin (203.0.113.7, console, MFA) PutBucketPolicy 2026-11-18 14:03Z`."""
    factor = {True: "MFA", False: "no MFA", None: ""}[actor.mfa]
    how = ", ".join(clean(word, 64) for word in (actor.source_ip, actor.via, factor) if word)
    return f"{clean(actor.principal)}{f' ({how})' if how else ''} {clean(actor.event_name)} {actor.at:%Y-%m-%d %H:%MZ}"


def window(start: datetime | None, end: datetime) -> str:
    """Between which two looks it happened, and how far apart they were."""
    if start is None:
        return f"first seen {end:%Y-%m-%d %H:%MZ}"
    return f"between {start:%Y-%m-%d %H:%MZ} (last confirmed) and {end:%Y-%m-%d %H:%MZ} (seen), {_span((end - start).total_seconds())}"


def summary(changes: Iterable[Change]) -> str:
    """The last line: how many by direction, how many by kind."""
    listed = list(changes)
    sections = Counter(section(change) for change in listed)
    kinds = Counter(change.kind.value.replace("_", " ") for change in listed)
    first = [f"{sections[name]} {name}" for name in SECTIONS if sections[name]]
    second = [f"{count} {kind}" for kind, count in sorted(kinds.items())]
    return f"Summary: {', '.join(first) or 'nothing'}; {', '.join(second) or 'no changes'}"


def _head(change: Change) -> str:
    where = ", ".join(part for part in (change.account, change.region) if part)
    how = f"  {change.severity.upper()}" if change.direction is not Direction.NEUTRAL else ""
    way = f" {change.direction.value}" if change.direction is not Direction.NEUTRAL else ""
    number = f"  #{change.id}" if change.id is not None else ""
    kind = change.kind.value.replace("_", " ")
    return f"{change.type} {clean(change.resource)} ({where}) {kind}{how}{way}{number}"


def _op_line(op: Op) -> Line:
    symbol, tone = _OPS[op.kind]
    return Line(3, symbol, clean(op.text or op.path), tone)


def _span(seconds: float) -> str:
    hours = round(seconds / 3600)
    return f"{hours} h" if hours < 48 else f"{round(hours / 24)} d"
