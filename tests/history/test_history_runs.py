"""A run's life: leases, taking up what a dead process left, sealing, and names for runs."""

from dataclasses import replace
from datetime import timedelta

import pytest
from estate_builder import MONDAY, ONE, TWO, bucket, run, snapshot, start, told, weeks

from reporter import history
from reporter.drift.changes import describe
from reporter.model import Direction

MINUTE = timedelta(minutes=1)


def test_one_run_of_a_kind_at_a_time(engine):
    """While its owner gives signs of life, nobody else starts; another kind of run may."""
    start(engine, MONDAY, owner="a")
    with pytest.raises(history.RunBusy, match=r"manual run is under way .*\(a\)"):
        start(engine, MONDAY + MINUTE, owner="b")
    assert start(engine, MONDAY, owner="b", kind="watch").kind == "watch"


def test_a_dead_owners_run_is_taken_up_where_it_stopped(engine):
    """The same run goes on: its id, its as-of and the accounts it has; the first owner finds out."""
    first = start(engine, MONDAY, owner="a")
    history.record_account(engine, first, snapshot(ONE, MONDAY), describe)
    history.heartbeat(engine, first, "a", MONDAY + 5 * MINUTE)
    with pytest.raises(history.RunBusy):
        start(engine, MONDAY + 14 * MINUTE, owner="b")
    second = start(engine, MONDAY + 16 * MINUTE, owner="b")
    assert second == first
    assert history.recorded_accounts(engine, second) == {ONE}
    with pytest.raises(history.LeaseLost, match="taken up by b"):
        history.heartbeat(engine, first, "a", MONDAY + 17 * MINUTE)


def test_an_heir_need_not_wait_for_the_lease_and_acts_in_its_own_name(engine):
    """Who knows the owner to be dead takes its run up at once; whoever comes next finds the heir, and it is alive."""
    first = start(engine, MONDAY, owner="a")
    second = history.start_run(engine, kind="manual", as_of=MONDAY, owner="b", now=MONDAY + MINUTE, heir_of="a")
    assert second.id == first.id
    with pytest.raises(history.RunBusy, match=r"\(b\)"):
        history.start_run(engine, kind="manual", as_of=MONDAY, owner="c", now=MONDAY + MINUTE, heir_of="a")


def test_a_run_that_a_newer_one_has_overtaken_is_given_up(engine):
    """Its news would be older than what is told already: a new run begins, and says why. A narrowed run overtakes nothing."""
    old = start(engine, MONDAY, owner="a", kind="scheduled")
    only = history.start_run(engine, kind="manual", as_of=MONDAY, owner="b", now=MONDAY, selection=[ONE])
    history.record_account(engine, only, snapshot(ONE, MONDAY), describe)
    history.seal(engine, only, MONDAY)
    assert history.overtaken_by(engine, old) is None
    assert start(engine, MONDAY, owner="a", kind="scheduled").id == old.id
    newer = history.seal(engine, start(engine, MONDAY + MINUTE, owner="b"), MONDAY + MINUTE)
    assert history.overtaken_by(engine, old) == newer
    assert [one.run.id for one in history.begun(engine)] == [old.id]
    anew = start(engine, MONDAY + 2 * MINUTE, owner="a", kind="scheduled")
    assert anew.id != old.id
    assert history.given_up(engine, old) == f"given up: run {newer.seq}, which is newer and finished, came after it"
    assert history.overtaken_by(engine, history.seal(engine, anew, MONDAY + 3 * MINUTE)) is None


def test_a_run_of_another_version_is_not_taken_up(engine):
    """Half a run judged by other checks is given up, and a new one begins."""
    first = start(engine, MONDAY, owner="a", checks_hash="1")
    second = start(engine, MONDAY, owner="a", checks_hash="2")
    assert second.id != first.id
    assert history.run_of(engine, first.id).status == "failed"
    history.abandon(engine, second, MONDAY, "cancelled by hand")
    third = start(engine, MONDAY + MINUTE, owner="a", checks_hash="2")
    assert third.id not in {first.id, second.id}


def test_a_run_is_sealed_when_every_account_is_accounted_for(engine):
    """An account that was forgotten keeps the run open; sealing twice gives the same run."""
    begun = start(engine, MONDAY)
    history.record_account(engine, begun, snapshot(ONE, MONDAY), describe)
    with pytest.raises(history.Unsealable, match=f"1 of 2 accounts were not recorded .*{TWO}"):
        history.seal(engine, begun, MONDAY, [ONE, TWO])
    history.record_account(engine, begun, snapshot(TWO, MONDAY), describe)
    sealed = history.seal(engine, begun, MONDAY, [ONE, TWO])
    assert history.seal(engine, begun, MONDAY + MINUTE, [ONE, TWO]) == sealed == history.run_of(engine, "last")


def test_the_chain_links_every_run_to_the_one_before(engine):
    """The same content gives another head after another past."""
    heads = [run(engine, weeks(week), snapshot(ONE, weeks(0)))[0].chain for week in range(3)]
    assert len(set(heads)) == 3


def test_names_for_runs(engine):
    """By id, number, day, last and previous; anything else is one clear sentence."""
    first, second, third = (run(engine, weeks(week), snapshot(ONE, weeks(week)))[0] for week in range(3))
    for ref, expected in (("1", first), ("#2", second), (first.id, first), ("last", third), ("previous", second)):
        assert history.run_of(engine, ref) == expected
    assert history.run_of(engine, "2026-01-12") == second, "the day of the second run"
    assert history.run_of(engine, "2026-01-18") == second
    for ref in ("#9", "2025-01-01", "nonsense"):
        with pytest.raises(history.UnknownRun, match="There is no run"):
            history.run_of(engine, ref)
    assert history.last_runs(engine, 2) == (third, second)
    assert history.last_runs(engine, 5, until=second) == (second, first)
    assert history.previous_run(engine, third) == second
    assert history.previous_run(engine, first) is None
    assert history.run_at(engine, weeks(1) + MINUTE) == second
    assert history.run_at(engine, weeks(-1)) is None


def test_judging_changes_ends_with_the_seal(engine):
    """Direction and checks are noted while the run is open; afterwards the sealed change stands."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]))
    begun = start(engine, weeks(1))
    (found,) = history.record_account(
        engine, begun, snapshot(ONE, weeks(1), [bucket(ONE, "a", Versioning=None)]), describe
    )
    judged = replace(found, direction=Direction.WORSENED, severity="high", checks={"bucket-versioning": "pass -> fail"})
    history.judge_changes(engine, begun, [judged])
    assert history.changes(engine, run=begun) == (judged,)
    with pytest.raises(history.Refused, match="not of run"):
        history.judge_changes(engine, begun, [replace(judged, id=77)])
    history.seal(engine, begun, weeks(1))
    with pytest.raises(history.Refused, match="sealed"):
        history.judge_changes(engine, begun, [replace(judged, direction=Direction.IMPROVED)])
    assert history.verify(engine) == ()


def test_what_a_run_that_was_given_up_found_is_told_by_the_next(engine):
    """Another version came after an interruption: the next run tells, judges and seals what the first had found, once."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]), snapshot(TWO, weeks(0)))
    lost = start(engine, weeks(1), tool_version="1")
    seen = snapshot(ONE, weeks(1), [bucket(ONE, "a", Tags={"x": "1"})])
    (found,) = history.record_account(engine, lost, seen, describe)
    history.mark_left(engine, lost, [TWO], weeks(1))
    begun = start(engine, weeks(2), tool_version="2")
    assert begun.id != lost.id
    seen = snapshot(ONE, weeks(2), [bucket(ONE, "a", Tags={"x": "1"})])
    assert history.record_account(engine, begun, seen, describe) == ()
    history.mark_left(engine, begun, (), weeks(2))
    mine = history.changes(engine, run=begun)
    assert told(mine) == [("left_org", TWO), ("modified", "a")]
    history.judge_changes(engine, begun, [replace(found, severity="high")])
    sealed = history.seal(engine, begun, weeks(2), [ONE])
    assert {change.severity for change in history.changes(engine, run=sealed)} == {"high", "informational"}
    assert history.changes(engine, run=lost) == ()
    assert history.verify(engine) == ()
    later, _ = run(engine, weeks(3), snapshot(ONE, weeks(3), [bucket(ONE, "a", Tags={"x": "1"})]))
    assert history.changes(engine, run=later) == ()


def test_what_a_dead_run_of_another_kind_found_is_told_by_the_next_whole_one(engine):
    """Its changes are in what the next one reads: left with a run that may never end, they would be missing from its news."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]))
    tagged = [bucket(ONE, "a", Tags={"x": "1"})]
    dead = start(engine, weeks(1), owner="gone", kind="scheduled")
    history.record_account(engine, dead, snapshot(ONE, weeks(1), tagged), describe)
    alive = start(engine, weeks(1), owner="b")  # its owner may live: it is left alone
    assert [one.run.id for one in history.begun(engine)] == [dead.id, alive.id]
    history.abandon(engine, alive, weeks(1), "no more")
    asked = {"kind": "manual", "as_of": weeks(1) + MINUTE, "now": weeks(1) + MINUTE}
    narrow = history.start_run(engine, owner="c", selection=[ONE], dead="gone".__eq__, **asked)
    history.abandon(engine, narrow, weeks(1), "no more")
    assert [one.run.id for one in history.begun(engine)] == [dead.id]
    newer = history.start_run(engine, owner="c", dead="gone".__eq__, **asked)
    assert [one.run.id for one in history.begun(engine)] == [newer.id]
    history.record_account(engine, newer, snapshot(ONE, weeks(1) + MINUTE, tagged), describe)
    assert told(history.changes(engine, run=newer)) == [("modified", "a")]
    assert history.changes(engine, run=dead) == ()


def test_a_newer_run_that_is_not_sealed_is_known(engine):
    """Under way, interrupted or given up: who answers from sealed runs can say what is missing. Nothing once it is sealed."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]))
    assert history.unsealed(engine) is None
    begun = start(engine, weeks(1), owner="host:1:x")
    history.record_account(engine, begun, snapshot(ONE, weeks(1), [bucket(ONE, "a", Tags={"x": "1"})]), describe)
    found = history.unsealed(engine)
    assert (found.run.id, found.recorded, found.owner, found.reason) == (begun.id, 1, "host:1:x", "")
    assert len(history.changes(engine, since=weeks(0))) == 1
    assert history.changes(engine, since=weeks(0), sealed=True) == ()
    history.abandon(engine, begun, weeks(1), "no more")
    assert history.unsealed(engine).reason == "no more"
    run(engine, weeks(2), snapshot(ONE, weeks(2)))
    assert history.unsealed(engine) is None
