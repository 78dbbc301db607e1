"""The options by which lists are narrowed, the same for every command, and what they select."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.console import USAGE, Refusal, load_settings, now, plain, told
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


def open_history(config: Any, *, make: bool = False) -> Opened:
    """The history of the settings, ready to be asked. Only who writes may `make` one: a question leaves no file behind."""
    from reporter import history

    settings = load_settings(config)
    with told(history.HistoryError):
        if not there_is_history(settings) and not make:
            raise Refusal(
                f"there is no history at {place(settings)}; `reporter run` makes one, `reporter demo` a simulated one",
                USAGE,
            )
        engine = history.connect(database_url(settings))
        if history.is_read_only(engine):  # an auditor's copy: what writes is refused when it writes
            history.check(engine)
        else:
            history.prepare(engine, now())
    return Opened(engine, settings)


def there_is_history(settings: Settings) -> bool:
    """Whether somebody has made a history where the settings say; looking makes none. HistoryError where nobody answers."""
    from reporter import history

    file = sqlite_file(settings)
    if file is not None and file.is_dir():
        raise history.Unusable(f"history.url: {file} is a folder; name a file, for instance {file / 'reporter.db'}")
    if file is not None and not (file.is_file() and file.stat().st_size > 0):
        return False
    engine = history.connect(database_url(settings))
    try:
        return history.is_made(engine)
    finally:
        engine.dispose()


def sqlite_file(settings: Settings) -> Path | None:
    """The file of an SQLite history; None for a server's."""
    kind, _, path = database_url(settings).partition(":///")
    if kind.partition("+")[0] == "sqlite":
        return Path(path.partition("?")[0])
    return None if "://" in database_url(settings) else Path(database_url(settings))


def place(settings: Settings) -> str:
    """Where the history is, without a password."""
    if file := sqlite_file(settings):
        return str(file)
    scheme, _, rest = database_url(settings).partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def run_named(opened: Opened, name: str, *, whole: bool = True) -> Any:
    """The sealed run of that name; a clear word if there is none, or if what it held was purged and `whole` is asked for."""
    from reporter import history

    with told(history.UnknownRun, code=USAGE):
        if not history.last_runs(opened.engine, 1):
            raise Refusal(f"the history at {place(opened.settings)} holds no finished run yet{_first(opened)}")
        found = history.run_of(opened.engine, name)
    if whole:
        refuse_emptied(opened, found)
    return found


def _first(opened: Opened) -> str:
    """How the first run is made, or what has become of it."""
    from reporter import history
    from reporter.cli.owner import dead
    from reporter.run.stopping import interrupted

    found = history.unsealed(opened.engine)
    makes = "; `reporter run` makes one"
    if found is None:
        return makes
    return f": {interrupted(opened.engine, found, now(), dead)}{makes if found.run.status == 'failed' else ''}"


def refuse_emptied(opened: Opened, run: Any) -> None:
    """Nothing can be said of a run of which a purge has left the head: "no changes" would be a lie."""
    from reporter import history

    if at := history.emptied_at(opened.engine, run):
        raise Refusal(
            f"what run {run.seq} of {run.as_of:%Y-%m-%d} held was purged on {at:%Y-%m-%d}; only its head is left"
        )


def within(accounts: list[str] | None, ou: str, checks: frozenset[str] | None = None) -> Any:
    """The scope that `--account` and `--ou` name."""
    from reporter import history

    if accounts and ou:
        raise Refusal("--account and --ou exclude each other; use one", USAGE)
    return history.Within(accounts=frozenset(accounts) if accounts else None, ou=ou, checks=checks)


def check_ids(pattern: str, framework: str, control: str, opened: Opened) -> frozenset[str] | None:
    """The checks that `--check`, `--framework` and `--control` leave; None: all."""
    if control and not framework:
        raise Refusal("--control needs --framework", USAGE)
    if not (pattern or framework):
        return None
    found = frozenset(checks_named(pattern or "*", "--check "))
    if framework:
        chosen = framework_named(opened.settings, framework)
        controls = (control_named(chosen, control),) if control else chosen.controls
        found &= {use.check for one in controls for use in one.checks}
    return found


def checks_named(pattern: str, said: str = "") -> tuple[str, ...]:
    """The ids of the checks that an id or a pattern names; the nearest one is proposed for a wrong id."""
    from difflib import get_close_matches
    from fnmatch import fnmatchcase

    import reporter.checks  # noqa: F401 - fills the registry
    from reporter.assess.evaluate import CHECKS

    found = tuple(sorted(id for id in CHECKS if fnmatchcase(id, pattern)))
    if not found:
        near = get_close_matches(pattern, CHECKS, n=1)
        raise Refusal(f"{said}{pattern}: no check is called that{_proposed(near)}; see `reporter checks`", USAGE)
    return found


def control_named(framework: Any, id: str) -> Any:
    """A control of a framework by its id, with the nearest one proposed for a wrong id."""
    from difflib import get_close_matches

    from reporter.assess.frameworks import find_control

    found = find_control(framework, id)
    if found is None:
        near = get_close_matches(id, [one.id for one in framework.controls], n=1)
        hint = f"{_proposed(near)}; see `reporter frameworks {framework.id}`"
        raise Refusal(f"{framework.id} has no control {plain(id)!r}{hint}", USAGE)
    return found


def _proposed(near: list[str]) -> str:
    return f" (did you mean {near[0]}?)" if near else ""


def framework_named(settings: Settings, id: str) -> Any:
    """A framework by its id, with the nearest one proposed for a wrong id."""
    from reporter.assess.frameworks import UnknownFramework, select

    with told(UnknownFramework, code=USAGE):
        return select(frameworks_of(settings), (id,))[0]


def frameworks_of(settings: Settings) -> Any:
    """All frameworks, shipped and own; a mistake in a file is told with its place."""
    from reporter.assess.written import BadFile
    from reporter.run.wiring import WiringError, all_frameworks

    with told(BadFile, WiringError, code=USAGE):
        return all_frameworks(settings.assess.frameworks_directory)


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 check, 2 checks."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
