"""When a schedule is due: cron as people write it, and the two hours a year that break it."""

from datetime import UTC, datetime

import pytest

from reporter.schedule.timing import ScheduleError, due, firings, slot_of, trigger


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "day"),
    [("0 8 * * 1", "Mon"), ("0 8 * * mon", "Mon"), ("0 8 * * 0", "Sun"), ("0 8 * * 7", "Sun"), ("0 8 * * 6", "Sat")],
)
def test_week_day_numbers_mean_what_cron_means(cron: str, day: str) -> None:
    """APScheduler alone would fire `0 8 * * 1` on Tuesdays."""
    first = next(firings(trigger("t", cron, "UTC"), at("2026-11-22T12:00"), at("2026-12-22T12:00")))
    assert first.strftime("%a") == day


def test_week_day_ranges_lists_and_steps() -> None:
    """`1-5` is Monday to Friday, `0-2` begins on Sunday, `1-7/2` is every other day."""
    for cron, days in [
        ("0 8 * * 1-5", "MonTueWedThuFri"),
        ("0 8 * * 0-2", "MonTueSun"),
        ("0 8 * * 1-7/2", "MonWedFriSun"),
    ]:
        week = firings(trigger("t", cron, "UTC"), at("2026-11-22T12:00"), at("2026-11-29T12:00"))
        assert "".join(f.strftime("%a") for f in week) == days


@pytest.mark.parametrize("cron", ["0 8 * *", "61 8 * * mon", "0 8 * * 8", "0 8 * * 5-1", "0 8 * * xyz", ""])
def test_a_bad_expression_names_the_schedule_and_the_value(cron: str) -> None:
    """One clear error, before anything is scheduled."""
    with pytest.raises(ScheduleError, match="schedule weekly: cron = "):
        trigger("weekly", cron, "UTC")


def test_the_hour_that_does_not_happen_still_runs_once() -> None:
    """02:30 in New York on 2027-03-14 does not exist; the day's run happens, an hour later by the wall."""
    t = trigger("t", "30 2 * * *", "America/New_York")
    fired = list(firings(t, at("2027-03-14T05:00"), at("2027-03-15T05:00")))
    assert [f.astimezone(UTC).isoformat() for f in fired] == ["2027-03-14T07:30:00+00:00"]


def test_the_hour_that_happens_twice_runs_once() -> None:
    """01:30 in New York on 2026-11-01 comes twice, an hour apart; both are the same slot."""
    t = trigger("t", "30 1 * * *", "America/New_York")
    fired = list(firings(t, at("2026-11-01T04:00"), at("2026-11-01T12:00")))
    assert [slot_of(f) for f in fired] == ["2026-11-01T01:30"]
    assert due(t, fired[0], at("2026-11-01T12:00")).slot is None


def test_after_an_outage_one_slot_runs_and_the_rest_are_missed() -> None:
    """Three Mondays passed: the last is caught up, the two before are named as missed."""
    owed = due(trigger("t", "0 7 * * mon", "UTC"), at("2026-11-02T07:00"), at("2026-11-24T00:00"))
    assert owed.slot == "2026-11-23T07:00"
    assert owed.missed == ("2026-11-09T07:00", "2026-11-16T07:00")


def test_nothing_is_owed_before_the_next_slot() -> None:
    """A restart within the week starts nothing."""
    assert due(trigger("t", "0 7 * * mon", "UTC"), at("2026-11-23T07:00"), at("2026-11-25T00:00")).slot is None
