"""Progress of long work: a live line on a terminal, one line a minute elsewhere, nothing where it is not wanted."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from reporter.cli.console import err, plain

Tell = Callable[[str, int, int, str], None]  # stage, done, total, what

STAGES = {
    "organization": "listing the organization",
    "read": "reading accounts",
    "judge": "judging accounts",
    "who": "asking who made each change",
    "report": "rendering reports",
    "deliver": "handing over",
}
SECONDS_BETWEEN_LINES = 60.0
LONGEST_NAME = 48


@contextmanager
def progress(*, quiet: bool = False, prefix: str = "") -> Iterator[Tell]:
    """A function to be told of each step; what it shows ends with the block."""
    if quiet:
        yield lambda *_: None
    elif err.is_terminal and not err.is_dumb_terminal:
        with _live() as bars:
            yield _on_terminal(bars, prefix)
    else:
        yield _in_log(prefix)


def _live() -> Progress:
    return Progress(
        TextColumn("{task.description:<32}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:>5.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[what]}", markup=False),
        console=err,
        transient=False,
    )


def _on_terminal(bars: Progress, prefix: str) -> Tell:
    shown: dict[str, object] = {}

    def tell(stage: str, done: int, total: int, what: str) -> None:
        if stage not in shown:
            shown[stage] = bars.add_task(prefix + STAGES.get(stage, stage), total=max(total, 1), what="")
        name = plain(what)[:LONGEST_NAME]
        finished = done >= total
        bars.update(shown[stage], completed=done, total=max(total, 1), what="" if finished else name)  # type: ignore[arg-type]

    return tell


def _in_log(prefix: str) -> Tell:
    last: dict[str, float] = {}

    def tell(stage: str, done: int, total: int, what: str) -> None:  # noqa: ARG001 - names are for terminals
        moment = time.monotonic()
        if done >= total or moment - last.get(stage, -SECONDS_BETWEEN_LINES) >= SECONDS_BETWEEN_LINES:
            last[stage] = moment
            count = f" {done}/{total}" if total > 1 else ""
            err.print(f"{prefix}{STAGES.get(stage, stage)}{count}", markup=False)

    return tell
