"""How far a run is: on a terminal, in a log, for a program."""

import io
import json

from rich.console import Console

from reporter.cli.progress import progress
from reporter.collect.snapshot import Progress
from reporter.model import ReadStatus


def after(accounts: int) -> Progress:
    """Where reading stands after so many accounts of ten."""
    return Progress(
        accounts, 10, 120 * accounts, accounts, 2 * accounts, 1, "111122223333", ReadStatus.PARTIAL, "[red]x\x1b[2J"
    )


def test_a_log_gets_one_line_a_minute_with_the_sums_and_the_time_left() -> None:
    """The first step, one each minute, and the last; what lies between is not told."""
    file, seconds = io.StringIO(), iter(range(0, 1000, 20))
    with progress(console=Console(file=file), clock=lambda: next(seconds)) as tell:
        tell("deliver", 0, 1, "")
        tell("deliver", 1, 1, "")
        for done in range(1, 11):
            tell("read", done, 10, after(done))
    assert file.getvalue().splitlines() == [
        "handing over",
        "reading accounts 1/10: 120 calls, 2 throttled, 1 gap",
        "reading accounts 4/10: 480 calls, 8 throttled, 1 gap, 90 s left",
        "reading accounts 7/10: 840 calls, 14 throttled, 1 gap, 51 s left",
        "reading accounts 10/10: 1,200 calls, 20 throttled, 1 gap",
    ]


def test_a_program_gets_the_same_as_json() -> None:
    """One object a line, with numbers."""
    file, seconds = io.StringIO(), iter((0, 30, 61, 90))
    with progress(as_json=True, console=Console(file=file), clock=lambda: next(seconds)) as tell:
        tell("organization", 1, 1, "")
        tell("read", 1, 3, after(1))
        tell("read", 2, 3, after(2))
        tell("read", 3, 3, after(3))
    told = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [(one["progress"], one["done"], one["total"]) for one in told] == [
        ("organization", 1, 1),
        ("read", 1, 3),
        ("read", 3, 3),
    ]
    assert {name: told[2][name] for name in ("calls", "denied", "throttled", "gaps", "seconds_left")} == {
        "calls": 360, "denied": 3, "throttled": 6, "gaps": 1, "seconds_left": 0
    }  # fmt: skip


def test_a_terminal_shows_accounts_calls_throttled_gaps_and_time_left() -> None:
    """On eighty columns; an account's name can neither colour the line nor steer the terminal."""
    file = io.StringIO()
    with progress(console=Console(file=file, force_terminal=True, width=80, _environ={})) as tell:
        for done in range(1, 5):
            tell("read", done, 10, after(done))
    shown = file.getvalue().rpartition("reading accounts")[2]
    assert "4/10" in shown
    assert "480 calls, 8 throttled, 1 gap" in " ".join(shown.split())
    assert ":" in shown.partition("480")[0]  # the time left, as h:mm:ss
    assert "\x1b[2J" not in file.getvalue()
    assert "[red]x" in file.getvalue()
