"""Numbers for the charts: positions and lengths only; the SVG is the templates' (macros/charts.j2)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import segno

from reporter.model import ControlStatus
from reporter.report.posture import Counts, RunPoint
from reporter.report.words import MONTHS, count


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a bar: `kind` names its colour and pattern, `n` its figure."""

    kind: str
    n: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Label:
    """A short text at a place."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class StackedBar:
    """One horizontal bar; `title` says in words what it shows."""

    width: float
    height: float
    segments: tuple[Segment, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code: `path` draws its dark modules in a square of `size` modules, the quiet zone of four included."""

    size: int
    path: str
    title: str


@dataclass(frozen=True, slots=True)
class TrendChart:
    """Open, waived and unanswered findings for each run, upright bars."""

    width: float
    height: float
    base: float  # y of the zero line
    left: float
    bars: tuple[Segment, ...]
    totals: tuple[Label, ...]
    dates: tuple[Label, ...]
    ticks: tuple[Label, ...]  # the text, and y of its grid line
    title: str
    crowded: bool = False  # a narrow screen, which prints large, has room for every second date only


def stacked(parts: Sequence[tuple[str, int]], label: str, width: float = 220, height: float = 10) -> StackedBar:
    """Share a bar's length among its parts; a part that is not zero is never thinner than can be seen."""
    total = sum(n for _, n in parts)
    least = 2.0
    seen = [(kind, n) for kind, n in parts if n]
    free = width - least * len(seen)
    segments, x = [], 0.0
    for kind, n in seen:
        length = round(least + free * n / total, 2)
        segments.append(Segment(kind, n, round(x, 2), 0, length, height))
        x += length
    words = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in parts if n) or "nothing asked"
    return StackedBar(width, height, tuple(segments), f"{label}: {words}")


def answers(counts: Counts, label: str, width: float = 220, height: float = 10) -> StackedBar:
    """The bar of a set of answers, in the order open, waived, no data, passed."""
    parts = [
        ("open", counts.open),
        ("waived", counts.waived),
        ("no_data", counts.insufficient),
        ("passed", counts.passed),
    ]
    return stacked(parts, label, width, height)


QUIET = 4  # modules of white that a reader needs around a code


def code(text: str) -> Code:
    """A text as a QR code that bears a seventh of it being illegible; the same text gives the same code."""
    rows = [tuple(row) for row in segno.make_qr(text, error="m", boost_error=False).matrix]
    runs = [
        f"M{x + QUIET} {y + QUIET}h{len(dark)}v1H{x + QUIET}z" for y, row in enumerate(rows) for x, dark in _runs(row)
    ]
    return Code(len(rows) + 2 * QUIET, "".join(runs), f"QR code that holds the text: {text}")


def _runs(row: Sequence[int]) -> Iterator[tuple[int, Sequence[int]]]:
    """The dark stretches of a row: where each begins, and its modules."""
    x = 0
    for dark, modules in groupby(row):
        stretch = tuple(modules)
        if dark:
            yield x, stretch
        x += len(stretch)


CONTROL_ORDER = ("fail", "waived", "partial", "not_assessed", "manual", "attested", "pass", "not_applicable")


def controls(
    statuses: Sequence[tuple[ControlStatus, int]], label: str, width: float = 220, height: float = 10
) -> StackedBar:
    """The bar of a framework's control statuses, worst first."""
    counted = {status.value: n for status, n in statuses}
    return stacked([(kind, counted.get(kind, 0)) for kind in CONTROL_ORDER], label, width, height)


HEADROOM = 1.12  # so that the figure above the tallest bar does not stand on the uppermost line
LARGE_DATE = 66.0  # as wide as "23 Nov" is where screen.css prints a chart's texts large


def trend(points: Sequence[RunPoint], width: float = 520, height: float = 150) -> TrendChart:
    """Bars for the last runs; the scale is a round number above the tallest."""
    left, top, bottom = 30.0, 16.0, 22.0
    base = height - bottom
    tallest = max((p.counts.failed + p.counts.insufficient for p in points), default=0)
    scale = _round_up(math.ceil(tallest * HEADROOM))
    slot = min((width - left) / max(len(points), 1), 90.0)
    width = min(width, round(left + slot * max(len(points), 3), 2))  # few runs make a narrow chart
    thick = min(slot * 0.62, 44.0)
    bars: list[Segment] = []
    totals, dates = [], []
    for i, point in enumerate(points):
        x = left + slot * i + (slot - thick) / 2
        y = base
        for kind, n in (
            ("open", point.counts.open),
            ("waived", point.counts.waived),
            ("no_data", point.counts.insufficient),
        ):
            tall = (base - top) * n / scale
            y -= tall
            if n:
                bars.append(Segment(kind, n, round(x, 2), round(y, 2), round(thick, 2), round(tall, 2)))
        middle = round(x + thick / 2, 2)
        totals.append(Label(str(point.counts.open), middle, round(y - 4, 2)))
        dates.append(Label(f"{point.as_of.day} {MONTHS[point.as_of.month - 1]}", middle, round(base + 13, 2)))
    ticks = tuple(
        Label(f"{scale * part // 2}", left - 6, round(base - (base - top) * part / 2, 2)) for part in (0, 1, 2)
    )
    title, crowded = _trend_title(points), slot < LARGE_DATE
    return TrendChart(width, height, base, left, tuple(bars), tuple(totals), tuple(dates), ticks, title, crowded)


def _trend_title(points: Sequence[RunPoint]) -> str:
    if not points:
        return "No runs yet"
    figures = ", ".join(str(p.counts.open) for p in points)
    return f"Open findings over the last {count(len(points), 'run')}, oldest first: {figures}"


def _round_up(n: int) -> int:
    """The next even round number: 7 -> 8, 23 -> 30, 151 -> 200."""
    if n <= 10:
        return max(n + n % 2, 2)
    step = int(10 ** (len(str(n)) - 1))
    return -(-n // step) * step
