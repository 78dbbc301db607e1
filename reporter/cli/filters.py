"""The options by which lists are narrowed, the same for every command, and what they select."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from reporter.cli.console import FAILED, Refusal, load_settings, now, told
from reporter.settings import Settings, database_url

AtRun = Annotated[str, typer.Option("--run", help="last, previous, a number, an id, or a date.")]
Accounts = Annotated[list[str] | None, typer.Option("--account", help="Only this account id; may be given again.")]
Ou = Annotated[str, typer.Option("--ou", help="Only accounts below this OU path.")]
Region = Annotated[str, typer.Option("--region", help="Only this region.")]
Type = Annotated[str, typer.Option("--type", help="Only this resource type, e.g. AWS::S3::Bucket.")]
Limit = Annotated[int, typer.Option("--limit", min=0, help="At most this many lines (0: all).")]


@dataclass(frozen=True, slots=True)
class Opened:
    """The history that a command asks, and the settings it was found by."""

    engine: Any
    settings: Settings
    extra: Mapping[str, Any] = field(default_factory=dict)


def open_history(config: Any) -> Opened:
    """The history of the settings, ready to be asked."""
    from reporter import history

    settings = load_settings(config)
    with told(history.HistoryError):
        engine = history.connect(database_url(settings))
        history.prepare(engine, now())
    return Opened(engine, settings)


def run_named(opened: Opened, name: str) -> Any:
    """The sealed run of that name; a clear word if there is none."""
    from reporter import history

    with told(history.UnknownRun):
        return history.run_of(opened.engine, name)


def within(accounts: list[str] | None, ou: str, checks: frozenset[str] | None = None) -> Any:
    """The scope that `--account` and `--ou` name."""
    from reporter import history

    if accounts and ou:
        raise Refusal("--account and --ou exclude each other; use one", FAILED + 1)
    return history.Within(accounts=frozenset(accounts) if accounts else None, ou=ou, checks=checks)


def check_ids(pattern: str, framework: str, control: str, opened: Opened) -> frozenset[str] | None:
    """The checks that `--check`, `--framework` and `--control` leave; None: all."""
    from fnmatch import fnmatchcase

    from reporter.assess.evaluate import CHECKS
    from reporter.assess.frameworks import find_control

    if not (pattern or framework or control):
        return None
    found = set(CHECKS)
    if pattern:
        found = {id for id in found if fnmatchcase(id, pattern)}
        if not found:
            raise Refusal(f"--check {pattern}: no check is called that; see `reporter checks`", 2)
    if control and not framework:
        raise Refusal("--control needs --framework", 2)
    if framework:
        chosen = framework_named(opened.settings, framework)
        controls = chosen.controls
        if control:
            one = find_control(chosen, control)
            if one is None:
                raise Refusal(
                    f"--control {control}: {framework} has no such control; see `reporter frameworks {framework}`", 2
                )
            controls = (one,)
        found &= {use.check for one in controls for use in one.checks}
    return frozenset(found)


def framework_named(settings: Settings, id: str) -> Any:
    """A framework by its id, with the nearest one proposed for a wrong id."""
    from reporter.assess.frameworks import UnknownFramework, select

    with told(UnknownFramework, code=2):
        return select(frameworks_of(settings), (id,))[0]


def frameworks_of(settings: Settings) -> Any:
    """All frameworks, shipped and own; a mistake in a file is told with its place."""
    from reporter.assess.written import BadFile
    from reporter.run.wiring import WiringError, all_frameworks

    with told(BadFile, WiringError, code=2):
        return all_frameworks(settings.assess.frameworks_directory)
