"""Runs of some accounts only: what they leave out stays as it was, as if they had not been."""

from datetime import timedelta

import pytest
from estate_builder import ONE, THREE, TWO, bucket, finding, run, snapshot, start, unreachable, weeks

from reporter import history
from reporter.drift.changes import describe
from reporter.model import Account, ReadStatus, Status

HOUR = timedelta(hours=1)
WHY = "Not selected by --accounts"


def judged(engine, begun, id, week, **parts):
    """An account of one bucket without versioning, recorded and judged."""
    item = bucket(id, f"b{id}", Versioning=None, **parts)
    history.record_account(engine, begun, snapshot(id, weeks(week), [item]), describe)
    history.record_findings(engine, begun, id, [finding(item, Status.FAIL)])


def whole(engine, week, ids=(ONE, TWO), **parts):
    """A run of the whole organization."""
    begun = start(engine, weeks(week))
    for id in ids:
        judged(engine, begun, id, week, **parts)
    return history.seal(engine, begun, weeks(week) + HOUR, ids)


def narrowed(engine, week, **parts):
    """A run of the first account only."""
    begun = start(engine, weeks(week), selection=[ONE])
    judged(engine, begun, ONE, week, **parts)
    for _ in range(2):
        history.pass_over(engine, begun, [Account(TWO), Account(THREE)], WHY)
    return history.seal(engine, begun, weeks(week) + HOUR, [ONE, TWO, THREE])


def test_what_a_narrowed_run_left_out_is_carried_on(engine):
    """Items, findings with their ages, tallies and the last reading are what they were; coverage says it was left out."""
    first = whole(engine, 0)
    part = narrowed(engine, 1)
    assert part.selection == (ONE,)
    assert history.coverage(engine, part) == history.Coverage(read=1, excluded=1), (
        "the third account nobody has seen yet"
    )
    assert history.judged_accounts(engine, part) == {ONE, TWO}
    one, two = history.readings(engine, part)
    assert (one.status, two.status, two.reason) == (ReadStatus.READ, ReadStatus.EXCLUDED, WHY)
    assert (two.last_read_at, two.resources, two.calls, two.gaps, two.since) == (weeks(0), 2, 0, 0, None)
    assert history.tallies(engine, part) == history.tallies(engine, first)
    assert [one.since for one in history.findings(engine, part)] == [weeks(0), weeks(0)]
    assert history.verify(engine) == ()


def test_the_next_whole_run_is_as_if_the_narrowed_one_had_not_been(engine):
    """It is compared with the whole run before; nothing is new, nothing joined, windows begin at the last real look."""
    first = whole(engine, 0)
    part = narrowed(engine, 1)
    second = whole(engine, 2)
    assert history.previous_run(engine, second) == history.previous_run(engine, part) == first
    assert history.run_of(engine, "previous") == first
    assert history.changes(engine, run=second, after=first) == ()
    moved = history.movement(engine, second, first)
    assert (moved.new, moved.persisting, moved.gone, moved.now) == (0, 2, 0, 2)
    found = tuple(history.findings(engine, second, previous=first))
    assert [(one.since, one.state) for one in found] == [(weeks(0), "persisting")] * 2
    assert all(reading.since is None for reading in history.readings(engine, second))
    third = whole(engine, 3, Policy={"Statement": []})
    assert {change.not_before for change in history.changes(engine, run=third)} == {weeks(2)}
    assert [point.run for point in history.trend(engine, third, 9)] == [first.id, second.id, third.id]
    assert [point.run for point in history.trend(engine, part, 9)] == [first.id, part.id]
    assert history.last_runs(engine, 9, whole=True) == (third, second, first)
    assert history.verify(engine) == ()


def test_windows_begin_before_the_narrowed_run_that_did_not_look(engine):
    """What differs in an account that was left out may have changed at any time since it was really read."""
    whole(engine, 0)
    narrowed(engine, 1, Tags={"a": "b"})
    second = whole(engine, 2, Tags={"a": "b"})
    (change,) = history.changes(engine, run=second)
    assert (change.account, change.not_before) == (TWO, weeks(0))
    assert history.account_snapshot(engine, weeks(1), TWO).status is ReadStatus.READ, "as of then it was last read so"


def test_an_account_out_of_reach_stays_so_behind_a_narrowed_run(engine):
    """Since when it cannot be read is not reset by a run that did not ask."""
    whole(engine, 0)
    run(
        engine, weeks(1), snapshot(ONE, weeks(1), [bucket(ONE, f"b{ONE}", Versioning=None)]), unreachable(TWO, weeks(1))
    )
    narrowed(engine, 2)
    last, changes = run(
        engine, weeks(3), snapshot(ONE, weeks(3), [bucket(ONE, f"b{ONE}", Versioning=None)]), unreachable(TWO, weeks(3))
    )
    assert changes == ()
    assert [reading.since for reading in history.readings(engine, last)] == [None, weeks(1)]


def test_an_account_first_seen_by_a_narrowed_run_has_joined_once(engine):
    """One that a narrowed run passed over unseen joins when it is first read."""
    whole(engine, 0)
    narrowed(engine, 1)
    second = whole(engine, 2, (ONE, TWO, THREE))
    assert [(one.kind, one.account) for one in history.changes(engine, run=second)] == [("joined", THREE)]


def test_an_unfinished_narrowed_run_is_taken_up_only_for_the_same_accounts(engine):
    """Another selection gives it up; an unfinished whole run is never given up for a narrowed one."""
    begun = start(engine, weeks(0), selection=[TWO, ONE], owner="a", schedule="weekly")
    late = weeks(0) + HOUR
    again = start(engine, late, selection=[ONE, TWO], owner="b")
    assert (again.id, again.schedule) == (begun.id, "weekly")
    other = start(engine, late + HOUR, selection=[ONE], owner="c")
    assert other.id != begun.id
    assert history.unfinished(engine, "manual") == (other, "c")
    complete = start(engine, late + 2 * HOUR, owner="d")
    assert complete.selection == ()
    with pytest.raises(history.RunBusy, match="finish it first"):
        start(engine, late + 3 * HOUR, selection=[ONE], owner="e")
