"""The program: its commands, and the one place where an error becomes a sentence and an exit code."""

import importlib
import logging
import os
import sys
from typing import Annotated

import typer

from reporter import __version__
from reporter.cli.console import DONE, Refusal, err, plain

EXIT_CODES = "Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 done with gaps beyond the configured coverage."
COMMANDS = (
    "running",
    "demonstrating",
    "setting_up",
    "catalogue",
    "judging",
    "drifting",
    "differing",
    "past",
    "owning",
    "baselines",
    "delivering",
    "proving",
    "watching",
    "reverting",
    "serving",
)

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


def main() -> None:
    """Run the command line; never a traceback for what a user can mend."""
    try:
        register()(prog_name="reporter")
    except Refusal as refusal:
        err.print(f"reporter: {_lines(str(refusal))}", markup=False)
        sys.exit(refusal.code)
    except KeyboardInterrupt:
        err.print("reporter: interrupted; what was stored is kept, `reporter run --resume` goes on", markup=False)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `| head` has seen enough
        sys.exit(DONE)


def _lines(text: str) -> str:
    return "\n".join(plain(part) for part in text.splitlines())
