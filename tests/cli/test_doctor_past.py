"""What `reporter doctor` tells after a run that died half-way, of letters that wait, of the disk and of the clock."""

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "run"))
from posting_parts import MONDAY, open_history, put_letters, sealed_run

from reporter import history
from reporter.cli import doctoring_past
from reporter.cli.doctoring_past import disk_signs, signs_of_the_past
from reporter.cli.signs import Sign
from reporter.settings import Settings

DEAD, SOON, LATER = "here:7:dead", timedelta(minutes=1), MONDAY + timedelta(minutes=30)


@pytest.fixture
def engine(tmp_path: Path) -> history.Engine:
    return open_history(f"sqlite:///{tmp_path / 'history.db'}")


@pytest.fixture
def seen(engine: history.Engine) -> Callable[..., list[Sign]]:
    """What is not well, at a time, where one process is known to be dead."""

    def look(now=LATER) -> list[Sign]:
        found = signs_of_the_past(engine, Settings(), now, DEAD.__eq__)
        return [sign for sign in found if sign.state in ("warn", "fail")]

    return look


def handed_over(engine: history.Engine, at=MONDAY):
    run = sealed_run(engine, at)
    history.mark_handed_over(engine, run, at)
    return run


def begin(engine: history.Engine, owner: str = DEAD, at=MONDAY + SOON, **more):
    return history.start_run(engine, as_of=at, owner=owner, now=at, **({"kind": "manual"} | more))


def test_all_is_well_after_a_run_that_came_to_its_end(engine, seen, tmp_path: Path) -> None:
    """No line to mend; that the clock stands after the last run, and that no letter waits, is said."""
    run = handed_over(engine)
    put_letters(engine, run, tmp_path, "a@example.com")
    (letter,) = history.claim(engine, "me", MONDAY)
    history.settle(engine, letter, "me", MONDAY, state="sent")
    assert seen() == []
    said = {sign.name: sign.seen for sign in signs_of_the_past(engine, Settings(), LATER, lambda _: False)}
    assert said == {
        "clock": "2026-11-23 07:30 UTC, after the last run",
        "outbox": "none of 1 letter waits or is unknown",
    }


def test_an_interrupted_run_is_told_with_the_command_that_finishes_it(engine, seen) -> None:
    """Dead at once where that is known; one that may be alive is said to be under way."""
    handed_over(engine)
    begin(engine)
    (sign,) = seen(MONDAY + 2 * SOON)
    assert (sign.name, sign.state) == ("run", "fail")
    assert sign.seen == "a manual run begun 2026-11-23 07:01 UTC was interrupted, 0 accounts stored, not finished"
    assert sign.remedy == "`reporter run --resume` finishes it"
    begin(engine, owner="elsewhere:1:x", at=MONDAY + SOON, kind="scheduled", schedule="weekly")
    assert len(seen(MONDAY + 2 * SOON)) == 1


def test_a_scheduled_one_is_finished_by_the_schedule_or_read_anew(engine, seen) -> None:
    """Its slot is taken over; where that has failed, nobody goes on with the run."""
    slot = history.claim_slot(engine, "weekly", "2026-11-23T07:00", DEAD, MONDAY)
    begin(engine, kind="scheduled", schedule="weekly")
    (sign,) = seen()
    assert sign.remedy == "`reporter schedule --once` finishes it"
    history.finish_slot(engine, slot, DEAD, MONDAY, state="failed")
    (sign,) = seen()
    assert sign.remedy == "the next slot of schedule weekly reads anew, as `reporter run` does now"


def test_a_finished_run_that_reached_nobody_is_told(engine, seen) -> None:
    """Its report waits for `run --resume`."""
    begun = begin(engine, at=MONDAY)
    history.seal(engine, begun, MONDAY)
    (sign,) = seen()
    assert (sign.state, sign.seen) == ("fail", "run 1 is finished, its report has reached nobody")
    assert sign.remedy == "`reporter run --resume` hands it over"


def test_a_slot_whose_process_died_before_it_began_a_run_is_told(engine, seen) -> None:
    """Else nothing but `schedule --list` would know that a report is owed; one whose owner may live is left alone."""
    handed_over(engine)
    history.claim_slot(engine, "weekly", "2026-11-23T07:00", DEAD, MONDAY, lease=LATER - MONDAY + SOON)
    history.claim_slot(engine, "daily", "2026-11-23T07:00", "elsewhere:1:x", MONDAY, lease=LATER - MONDAY + SOON)
    (sign,) = seen()
    assert (sign.name, sign.state) == ("schedule", "fail")
    assert sign.seen == "schedule weekly, slot 2026-11-23T07:00: was interrupted, here:7 is gone"
    assert sign.remedy.startswith("`reporter schedule --once` takes it over now")


def test_a_finished_run_that_reached_nobody_is_told_though_one_beside_it_was_handed_over(engine, seen) -> None:
    """The later one compares with it and does not tell its changes again: handed over the oldest first, by whoever is next."""
    lost = begin(engine, at=MONDAY)
    beside = begin(engine, kind="scheduled", schedule="weekly", at=MONDAY + SOON)
    for run in (lost, beside):
        history.seal(engine, run, MONDAY + 2 * SOON)
    history.mark_handed_over(engine, beside, MONDAY + 2 * SOON)
    (sign,) = seen()
    assert (sign.state, sign.seen) == ("fail", "run 1 is finished, its report has reached nobody")
    assert [run.id for run in history.not_handed_over(engine)] == [lost.id]
    handed_over(engine, MONDAY + 5 * SOON)
    assert [run.id for run in history.not_handed_over(engine)] == []


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("unknown", ("1 letter unknown: organization to a@example.com (cut off)", "`reporter deliver resolve 1 sent")),
        ("failed", ("1 letter failed: organization to a@example.com (cut off)", "`reporter deliver resolve 1 pending")),
        ("held", ("1 letter held until a setting is mended: organization to", "`reporter deliver send` sends it")),
        ("due", ("1 letter is due since 2026-11-23 07:00:00 UTC, and nobody is sending it", "`reporter deliver send`")),
        (
            "claimed",
            ("1 letter is claimed by here:7, and that process is gone; the receiver", "`reporter deliver send`"),
        ),
    ],
)
def test_letters_that_somebody_must_look_at_are_told(engine, seen, tmp_path, state, said) -> None:
    """Each kind of trouble in a line, with what to type."""
    put_letters(engine, handed_over(engine), tmp_path, "a@example.com")
    if state != "due":
        (letter,) = history.claim(engine, DEAD, MONDAY)
    if state in ("unknown", "failed", "held"):
        as_stored = "pending" if state == "held" else state
        history.settle(engine, letter, DEAD, MONDAY, state=as_stored, detail="cut off")
    (sign,) = seen(MONDAY + timedelta(minutes=5))
    assert (sign.name, sign.state) == ("outbox", "fail")
    assert sign.seen.startswith(said[0])
    assert said[1] in sign.remedy


def test_a_clock_that_cannot_be_right_is_told(engine, seen) -> None:
    """Before the last run, or more than a year after it; and slots of a time still to come keep a schedule silent."""
    handed_over(engine)
    (sign,) = seen(MONDAY - timedelta(days=3))
    assert (sign.name, sign.state) == ("clock", "fail")
    assert sign.seen.startswith("2026-11-20 07:00 UTC, run 1 is of 2026-11-23 07:00 UTC: it stands before the last run")
    assert "timedatectl" in sign.remedy
    (sign,) = seen(MONDAY + timedelta(days=1000))
    assert (sign.state, "nothing ran for 1000 days, or it is ahead" in sign.seen) == ("warn", True)
    history.claim_slot(engine, "weekly", "2030-01-07T07:00", "me", MONDAY + timedelta(days=1141))
    (sign,) = seen()
    assert "nothing fires before that" in sign.seen
    assert "`reporter run`" in sign.remedy


class Usage(NamedTuple):
    free: int


@pytest.mark.parametrize(("free", "state"), [(20_000_000_000, "ok"), (300_000_000, "warn"), (40_000, "fail")])
def test_room_on_the_disk_is_told_beside_what_a_run_takes(engine, tmp_path, monkeypatch, free: int, state: str) -> None:
    """History and reports on one disk are one line; too little is said before a run dies of it."""
    run = handed_over(engine)
    folder = tmp_path / "reports" / "2026-11-23-run-0001"
    folder.mkdir(parents=True)
    (folder / "organization.pdf").write_bytes(b"p" * 123_000)
    monkeypatch.setattr(doctoring_past.shutil, "disk_usage", lambda place: Usage(free))
    settings = Settings.model_validate(
        {"history": {"url": f"sqlite:///{tmp_path / 'history.db'}"}, "report": {"directory": tmp_path / "reports"}}
    )
    (sign,) = disk_signs(settings, run, 1)
    assert (sign.name, sign.state) == ("disk", state)
    assert f"free for {tmp_path / 'history.db'}, {tmp_path / 'reports'}, the history has " in sign.seen
    assert sign.seen.endswith("after 1 run, the last run's reports took 123 kB")
    assert ("`reporter purge --dry-run`" in sign.remedy) == (state != "ok")


def test_a_disk_is_looked_at_before_there_is_a_history(tmp_path: Path) -> None:
    """Folders that the first run makes are on the disk of those that are there."""
    settings = Settings.model_validate(
        {"history": {"url": f"sqlite:///{tmp_path}/not/yet/r.db"}, "report": {"directory": tmp_path / "not" / "there"}}
    )
    (sign,) = disk_signs(settings, None, 0)
    assert sign.seen.endswith(f"free for {tmp_path}/not/yet/r.db, {tmp_path}/not/there")
