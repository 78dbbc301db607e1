"""`reporter init` and `reporter permissions`: the first settings, and the files by which AWS lets reporter read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Refusal, command, emit, line
from reporter.settings import data_file

INIT_HELP = """Write a first reporter.toml (every key, commented, with its default) and waivers.toml into DIR.

\b
Examples:
  reporter init
  reporter init /etc/reporter
"""
PERMISSIONS_HELP = """Say what reporter must be allowed, and write the files that allow it.

Without --write: the page that lists each permission, what it is for, and what is not known without it. With --write DIR: that page,
the role for every account as CloudFormation (member-role.yaml), the role's policies, and the policy of whoever starts reporter.

\b
Examples:
  reporter permissions
  reporter permissions --write deploy
  reporter permissions --json | jq '."hub-policy.json"'
"""


@app.command(help=INIT_HELP)
def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write.")] = Path(),
) -> None:
    """See INIT_HELP, which is what users read."""
    names = ("reporter.toml", "waivers.toml")
    for name in names:
        if (directory / name).exists():
            raise Refusal(f"{directory / name}: is there already; it is not overwritten")
    _written(directory, {name: data_file("config", name).read_text(encoding="utf-8") for name in names})
    named = None if directory == Path() else directory / "reporter.toml"
    line("Next: set role.external_id, create the role in every account, then see what works:")
    line(f"  {command('permissions --write deploy'):<44} the role as a CloudFormation template, for a StackSet")
    line(f"  {command('doctor', named):<44} what works, and how to mend the rest")


@app.command(help=PERMISSIONS_HELP)
def permissions(
    write: Annotated[Path | None, typer.Option("--write", help="The folder to write the files into.")] = None,
    as_json: AsJson = False,
) -> None:
    """See PERMISSIONS_HELP, which is what users read."""
    from reporter.collect.permissions import deploy_files

    files = deploy_files()
    if write is not None:
        _written(write, files)
    elif as_json:
        emit(files)
    else:
        line(files["PERMISSIONS.md"].rstrip())


def _written(directory: Path, files: Mapping[str, str]) -> None:
    """Write each, and say so; what is in the way is told in one sentence."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (directory / name).write_text(text, encoding="utf-8")
            line(f"wrote {directory / name}")
    except OSError as error:
        raise Refusal(
            f"{error.filename or directory}: cannot be written ({error.strerror}); name a folder this user may write to",
            USAGE,
        ) from None
