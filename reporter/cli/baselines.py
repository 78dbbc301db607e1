"""What `reporter baseline` does: pin a run, load desired values, compare with either."""

from pathlib import Path
from typing import Any

from reporter.cli.console import USAGE, emit, line, now, plain, told
from reporter.cli.drifting import TONES
from reporter.cli.filters import Opened


def pin(opened: Opened, name: str, file: Path | None, run: Any, as_json: bool) -> None:  # noqa: ARG001 - one form for all acts
    """Keep a run's state as what is wanted."""
    from reporter import history
    from reporter.cli.owning import _me

    history.pin_baseline(
        opened.engine, name, source=f"run {run.seq}", selector={}, content={"run": run.id}, by=_me(), now=now()
    )
    line(f"{plain(name)} is run {run.seq} of {run.as_of:%Y-%m-%d}")


def load(opened: Opened, name: str, file: Path | None, run: Any, as_json: bool) -> None:  # noqa: ARG001 - one form for all acts
    """Keep a file of desired values as what is wanted."""
    from reporter import history
    from reporter.cli.owning import _me, read_toml
    from reporter.drift.baseline import BadBaseline, parse

    entries = read_toml(file).get("desired", [])
    with told(BadBaseline, code=USAGE):
        found = parse(name, entries)
    history.pin_baseline(
        opened.engine, name, source=str(file), selector={}, content={"desired": entries}, by=_me(), now=now()
    )
    line(f"{plain(name)}: {len(found.desired)} desired values")


def compare(opened: Opened, name: str, file: Path | None, run: Any, as_json: bool) -> None:  # noqa: ARG001 - one form for all acts
    """What is not as wanted in a run."""
    from reporter import history
    from reporter.cli.console import Refusal
    from reporter.drift.baseline import deviations, parse

    known = {one.name: one for one in history.baselines(opened.engine)}
    if name not in known:
        raise Refusal(f"no baseline is called {name!r}; `reporter baseline list` shows them", USAGE)
    content = known[name].content or {}
    if "run" in content:
        _against_run(opened, content["run"], run, as_json)
        return
    wanted = parse(name, content.get("desired", []))
    items = (item for snapshot in history.snapshots(opened.engine, run, history.Within()) for item in snapshot.items)
    found = list(deviations(wanted, items, history.accounts(opened.engine, run)))
    if as_json:
        emit(found)
        return
    for one in found:
        line(plain(f"{one.account} {one.arn or one.resource} {one.path}: {one}"))
    line(f"{len(found)} deviations from {plain(name)} in run {run.seq}")


def _against_run(opened: Opened, pinned: str, run: Any, as_json: bool) -> None:
    from reporter import history
    from reporter.drift.changes import describe
    from reporter.drift.text import SECTIONS, drift_lines

    first = history.run_of(opened.engine, pinned)
    pairs = history.pairs(opened.engine, first, run, history.Within())
    found = [c for a, b in pairs if (c := describe(a, b, detected_at=run.as_of, not_before=first.as_of))]
    if as_json:
        emit(found)
        return
    for one in drift_lines(found, sections=frozenset(SECTIONS)):
        line(str(one), TONES.get(one.tone, ""))
