"""`reporter run --estimate`: calls, time and cost of a run before it is made."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from reporter.cli.console import USAGE, emit, line, now, plain, told
from reporter.settings import Settings


def show_estimate(
    settings: Settings, accounts: Collection[str], ous: Collection[str], processes: int, *, as_json: bool
) -> None:
    """Print it, for all accounts or those asked for; Organizations is asked for them, and nothing else is read."""
    from reporter.collect.estimate import as_before, estimate
    from reporter.run.wiring import collect_options

    ids = _accounts(settings, accounts, ous)
    before, seconds = _last_run(settings)
    options = collect_options(settings)
    guess = (
        as_before(before, seconds, ids)
        if before
        else estimate(options, len(ids), processes=processes or settings.collect.processes or 1)
    )
    if as_json:
        emit({**asdict(guess), "sentence": guess.sentence})
        return
    for one in guess.lines:
        line(f"  {one.what}: {one.times} x {one.calls_each} calls in each account")
    line(plain(guess.sentence))


def _accounts(settings: Settings, accounts: Collection[str], ous: Collection[str]) -> tuple[str, ...]:
    """The ids of the accounts that a run would read."""
    from reporter.collect.door import open_door
    from reporter.collect.options import CollectError
    from reporter.collect.organization import discover, within
    from reporter.run.selecting import check_accounts, check_units
    from reporter.run.wiring import WiringError, collect_options

    scope = settings.organization
    if scope.accounts:
        return tuple(id for id in scope.accounts if (not accounts or id in accounts) and id not in scope.exclude)
    with told(WiringError, code=USAGE), told(CollectError):
        found = discover(open_door(collect_options(settings), clock=now))
        check_accounts(found, accounts)
        check_units(found, ous)
        found = found.select(ous=scope.ous, exclude=scope.exclude)
    read = [account for account in found.accounts if account.id not in found.excluded]
    if accounts or ous:
        read = [one for one in read if one.id in accounts or any(within(one, unit) for unit in ous)]
    return tuple(account.id for account in read)


def _last_run(settings: Settings) -> tuple[Mapping[str, int], float]:
    """The calls that the last run of the whole organization made in each account, and how long it took; none, if none."""
    from reporter import history
    from reporter.cli.filters import there_is_history
    from reporter.settings import database_url

    if not there_is_history(settings):
        return {}, 0.0
    engine = history.connect(database_url(settings))
    runs: Any = history.last_runs(engine, 1, whole=True)
    if not runs:
        return {}, 0.0
    run = runs[0]
    made = {one.account.id: one.calls for one in history.readings(engine, run, history.Within()) if one.calls}
    return made, (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else 0.0
