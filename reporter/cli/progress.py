"""Progress of long work: a live line on a terminal, one line a minute elsewhere, as JSON where that is asked for."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from reporter.cli.console import err, plain

Tell = Callable[[str, int, int, object], None]  # stage, done, total, what
Clock = Callable[[], float]

STAGES = {
    "organization": "listing the organization",
    "read": "reading accounts",
    "judge": "judging accounts",
    "who": "asking who made each change",
    "report": "rendering reports",
    "deliver": "handing over",
}
SECONDS_BETWEEN_LINES = 60.0
LONGEST = 90


@contextmanager
def progress(
    *,
    quiet: bool = False,
    as_json: bool = False,
    prefix: str = "",
    console: Console = err,
    clock: Clock = time.monotonic,
) -> Iterator[Tell]:
    """A function to be told of each step; what it shows goes to standard error and ends with the block."""
    if quiet:
        yield lambda *_: None
    elif as_json:
        yield _now_and_then(lambda *step: _say(console, _as_json(*step)), clock)
    elif console.is_terminal and not console.is_dumb_terminal:
        with _live(console) as bars:
            yield _on_terminal(bars, prefix)
    else:
        yield _now_and_then(lambda *step: _say(console, _in_words(prefix, *step)), clock)


def _say(console: Console, line: str) -> None:
    if line:
        console.print(line, markup=False, soft_wrap=True)


def _live(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=8),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[what]}", markup=False, table_column=Column(overflow="fold")),
        console=console,
        transient=False,
    )


def _on_terminal(bars: Progress, prefix: str) -> Tell:
    shown: dict[str, object] = {}

    def tell(stage: str, done: int, total: int, what: object) -> None:
        if stage not in shown:
            shown[stage] = bars.add_task(prefix + STAGES.get(stage, stage), total=max(total, 1), what="")
        words = plain(str(what))
        if done >= total:
            words = words.partition(";")[0] if ";" in words else ""  # the sums stay, the last name goes
        bars.update(shown[stage], completed=done, total=max(total, 1), what=words[:LONGEST])  # type: ignore[arg-type]

    return tell


def _now_and_then(show: Callable[[str, int, int, object, float | None], None], clock: Clock) -> Tell:
    """Show the first step of a stage, one each minute, and the last; with the seconds that are left."""
    began: dict[str, float] = {}
    last: dict[str, float] = {}

    def tell(stage: str, done: int, total: int, what: object) -> None:
        moment = clock()
        passed = moment - began.setdefault(stage, moment)
        if done >= total or moment - last.get(stage, -SECONDS_BETWEEN_LINES) >= SECONDS_BETWEEN_LINES:
            last[stage] = moment
            show(stage, done, total, what, passed * (total - done) / done if done and passed else None)

    return tell


def _in_words(prefix: str, stage: str, done: int, total: int, what: object, left: float | None) -> str:
    if done >= total == 1 and not dataclasses.is_dataclass(what):
        return ""  # that it began was told
    count = f" {done}/{total}" if total > 1 else ""
    sums = f": {plain(str(what)).partition(';')[0]}" if dataclasses.is_dataclass(what) else ""
    ahead = f", {_span(left)} left" if left else ""
    return f"{prefix}{STAGES.get(stage, stage)}{count}{sums}{ahead}"


def _as_json(stage: str, done: int, total: int, what: object, left: float | None) -> str:
    step: dict[str, Any] = {"progress": stage, "done": done, "total": total}
    if dataclasses.is_dataclass(what) and not isinstance(what, type):
        figures = dataclasses.asdict(what)
        step |= {name: figures[name] for name in ("calls", "denied", "throttled", "gaps")}
    return json.dumps({**step, "seconds_left": None if left is None else round(left)})


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
