"""Processes that are killed at any moment, and processes that work side by side: nothing lost, nothing doubled, nothing overlapping."""

import os
import random
import signal
import threading
import time
import traceback
from datetime import timedelta
from functools import partial

import pytest
from estate_builder import BUCKET, MONDAY, bucket, finding, run, snapshot, start, weeks

from reporter import history
from reporter.drift.changes import describe
from reporter.model import Status

ACCOUNTS = tuple(f"{n:012}" for n in range(1, 31))
HOUR = timedelta(hours=1)


def child(work):
    """Run `work` in a process of its own; its number."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except BaseException:  # a child that fails must not go on as a second test process
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def wait(pid):
    """How a child ended: 0, or what killed it."""
    _, status = os.waitpid(pid, 0)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def items(account, week):
    """Four buckets: one changes every week, one is new, one is gone after the first week."""
    found = [bucket(account, f"{account}-a", Tags={"week": str(week)}), bucket(account, f"{account}-b")]
    return [*found, bucket(account, f"{account}-c")] if week == 0 else [*found, bucket(account, f"{account}-d")]


def work(url, week, owner, now, *, order=ACCOUNTS, kind="manual", seal=True):
    """A run from start to seal, or from where another left it."""
    engine = history.connect(url)
    begun = history.start_run(engine, kind=kind, as_of=weeks(week), owner=owner, now=now)
    done = history.recorded_accounts(engine, begun)
    for account in order:
        here = items(account, week)
        if account not in done:
            history.record_account(engine, begun, snapshot(account, weeks(week), here), describe)
        history.record_findings(engine, begun, account, [finding(one, Status.FAIL) for one in here])
    if seal:
        history.seal(engine, begun, now, ACCOUNTS)
    engine.dispose()


def checked(engine, expected_runs):
    """Whatever happened: every week's changes are there once, the state is the last one read, and the proof holds."""
    assert history.verify(engine) == ()
    assert [run.seq for run in history.last_runs(engine, 99)] == list(range(expected_runs, 0, -1))
    last = history.last_runs(engine)[0]
    assert history.coverage(engine, last).read == len(ACCOUNTS)
    assert sum(tally.failed for tally in history.tallies(engine, last)) == 3 * len(ACCOUNTS)
    for one in history.snapshots(engine, last):
        assert [item.id[-1] for item in one.items if item.type == BUCKET] == ["a", "b", "d"]


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_moment(url, engine, seed):
    """A run that is killed again and again goes on where it stopped, and ends as though nothing had happened."""
    chance = random.Random(seed)
    killed = 0
    now = MONDAY
    for week in (0, 1):
        for attempt in range(200):
            now += HOUR
            pid = child(partial(work, url, week, f"{week}/{attempt}", now))
            if attempt < 6:
                time.sleep(chance.uniform(0.01, 0.12))
                os.kill(pid, signal.SIGKILL)
            ended = wait(pid)
            assert ended in {0, -signal.SIGKILL}
            killed += ended != 0
            if len(history.last_runs(engine, 99)) > week:  # it may have been killed when all was done
                break
    assert killed > 2
    checked(engine, 2)
    changes = history.changes(engine, run=history.run_of(engine, "2"))
    assert len(changes) == 3 * len(ACCOUNTS)
    assert len({(change.kind, change.resource) for change in changes}) == len(changes)


def test_two_writers_of_one_run(url, engine):
    """Two processes record the same run from both ends: each account is recorded once."""
    work(url, 0, "me", MONDAY)
    now = MONDAY + HOUR
    orders = (ACCOUNTS, ACCOUNTS[::-1])
    pids = [child(lambda order=order: work(url, 1, "same owner", now, order=order, seal=False)) for order in orders]
    assert [wait(pid) for pid in pids] == [0, 0]
    work(url, 1, "same owner", now)
    checked(engine, 2)
    assert len(history.changes(engine, run=history.run_of(engine, "2"))) == 3 * len(ACCOUNTS)


def test_two_runs_at_once(url, engine):
    """Two kinds of run over the same accounts at the same time: both are sealed, and each change is told once."""
    work(url, 0, "me", MONDAY)
    kinds = (("manual", ACCOUNTS), ("watch", ACCOUNTS[::-1]))
    pids = [
        child(lambda kind=kind, order=order: work(url, 1, kind, MONDAY + HOUR, order=order, kind=kind))
        for kind, order in kinds
    ]
    assert [wait(pid) for pid in pids] == [0, 0]
    checked(engine, 3)
    changes = history.changes(engine)
    assert len({(change.kind, change.resource) for change in changes}) == len(changes) == 3 * len(ACCOUNTS)


def test_sealing_waits_for_who_is_still_writing(engine):
    """A writer that has begun an account ends it before the run is sealed; one that begins later is refused."""
    run(engine, weeks(0), snapshot(ACCOUNTS[0], weeks(0), [bucket(ACCOUNTS[0], "a")]))
    begun = start(engine, weeks(1))
    sealed = []
    sealing = threading.Thread(target=lambda: sealed.append(history.seal(engine, begun, weeks(1))))

    def slow(before, after, **facts):
        sealing.start()
        time.sleep(0.3)
        assert not sealed
        return describe(before, after, **facts)

    changed = snapshot(ACCOUNTS[0], weeks(1), [bucket(ACCOUNTS[0], "a", Versioning=None)])
    assert len(history.record_account(engine, begun, changed, slow)) == 1
    sealing.join()
    with pytest.raises(history.Refused, match="sealed"):
        history.record_account(engine, begun, snapshot(ACCOUNTS[1], weeks(1)), describe)
    assert history.coverage(engine, sealed[0]).total == 1
    assert history.verify(engine) == ()
