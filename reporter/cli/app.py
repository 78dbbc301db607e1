"""The program: its commands, and the one place where an error becomes a sentence and an exit code."""

import gc
import importlib
import logging
import os
import re
import signal
import sys
from types import FrameType
from typing import Annotated, Any

import typer

from reporter import __version__
from reporter.cli.console import DONE, FAILED, Refusal, aside, err, plain, program, spelled

EXIT_CODES = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 done with gaps beyond the configured coverage, "
    "4 something got worse or is not as wanted (drift, watch, baseline), 130 and 143 stopped by Ctrl-C or SIGTERM."
)
COMMANDS = (
    "running",
    "scheduling",
    "demonstrating",
    "setting_up",
    "doctoring",
    "catalogue",
    "judging",
    "drifting",
    "differing",
    "past",
    "owning",
    "keeping",
    "baselines",
    "delivering",
    "proving",
    "watching",
    "reverting",
    "serving",
)

# What is imported and what the SDK loads stays to the end: to search it for garbage after every 700 objects costs a run a tenth of its CPU.
COLLECTIONS = (50_000, 20, 20)

app = typer.Typer(
    name="reporter",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    help=f"Multi-account compliance reporting for AWS CloudTrail and S3.\n\n{EXIT_CODES}",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"reporter {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[  # noqa: ARG001 - acts in its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done, on standard error.")] = False,
) -> None:
    """Options that stand before a command."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )


def register() -> typer.Typer:
    """The program with the commands of every module of this room; each module adds its own to `app`."""
    for name in COMMANDS:
        importlib.import_module(f"reporter.cli.{name}")
    return app


class Stopped(BaseException):
    """Somebody asked this process to end (SIGTERM). No Exception: nothing on the way may take it for a failure of its own."""


def main() -> None:
    """Run the command line; never a traceback for what a user can mend, and a word when it is told to end."""
    gc.set_threshold(*COLLECTIONS)
    register()
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _stop)
    try:
        _program()(prog_name=program())
    except Refusal as refusal:
        err.print(f"reporter: {_lines(str(refusal))}", markup=False)
        sys.exit(refusal.code)
    except SystemExit as end:
        if end.code == BY_KEYBOARD:  # typer has made it of the KeyboardInterrupt, without a word
            aside(_interrupted())
        raise
    except KeyboardInterrupt:
        aside(_interrupted())
        sys.exit(BY_KEYBOARD)
    except Stopped:
        aside(_interrupted())
        sys.exit(128 + signal.SIGTERM)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `| head` has seen enough
        sys.exit(DONE)
    except _of_the_database() as error:
        from reporter.history import unstored

        if not (sentence := unstored(error)):
            raise
        aside(f"reporter: {sentence}")
        sys.exit(FAILED)


def _of_the_database() -> type[Any]:
    """What the database raises; asked for only when something was raised, so that no start waits for its import."""
    from reporter.history import DatabaseError

    return DatabaseError


BY_KEYBOARD = 128 + signal.SIGINT
INTERRUPTED = "reporter: stopped as told"
STORING = frozenset({
    "run", "demo", "schedule", "watch", "attribute", "reverted", "deliver", "baseline", "acknowledge", "note", "waive",
    "attest", "hold", "purge",
})  # fmt: skip


def _interrupted() -> str:
    """That it has ended; what became of its work, where it stores any."""
    word = next((one for one in sys.argv[1:] if not one.startswith("-")), "")
    return f"{INTERRUPTED}; what was stored until now is kept" if word in STORING else INTERRUPTED


def _stop(sign: int, frame: FrameType | None) -> None:
    del sign, frame
    raise Stopped


def _program() -> Any:
    """The commands, with the examples in their help as they can be pasted here."""
    group = typer.main.get_command(app)
    for one in _all(group):
        one.help = re.sub(r"^  reporter (?=\S)", f"  {program()} ", spelled(one.help or ""), flags=re.MULTILINE)
    return group


def _all(one: Any) -> list[Any]:
    return [one, *(deep for each in getattr(one, "commands", {}).values() for deep in _all(each))]


def _lines(text: str) -> str:
    return "\n".join(plain(part) for part in text.split("\n"))
