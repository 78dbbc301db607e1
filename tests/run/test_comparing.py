"""Two runs compared say of neighbours what the later one reported, and of distant ones nothing that was not so."""

from datetime import UTC, datetime

import pytest
from mutations import Driver

from reporter import history
from reporter.model import ACCOUNT, Change, ChangeKind, Direction
from reporter.run.comparing import compare, rank, runs_between

BORN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def driver(tmp_path):
    """An empty history in a file, and an organization that changes."""
    engine = history.connect(str(tmp_path / "history.db"))
    history.prepare(engine, BORN)
    yield Driver(engine, 19)
    engine.dispose()


def differing(changes):
    """What two states can show of changes: not what came and went in between; a move is one thing, not a loss and a gain."""
    moved = {(one.type, one.resource) for one in changes if one.kind is ChangeKind.MOVED}
    return {
        (one.account, one.type, one.resource): one.kind.value
        for one in changes
        if not (one.kind is ChangeKind.DELETED and (one.type, one.resource) in moved)
        and one.kind.value not in {"joined", "left_org"}
        and not (one.ops and all(op.before == op.after for op in one.ops))
    }


def test_neighbours_differ_in_what_the_later_run_reported(driver):
    """Run by run the comparison finds the reported changes; what it adds is only what accounts that came or went took along."""
    driver.run()
    before = driver.last
    for _ in range(45):
        driver.run()
        after = driver.last
        reported = history.changes(driver.engine, run=after)
        found = differing(compare(driver.engine, before, after, history.EVERYWHERE).changes)
        moved = {one.account for one in reported if one.kind.value in {"joined", "left_org"}}
        expected = differing(reported)
        assert {key: kind for key, kind in found.items() if key[0] not in moved} == {
            key: kind for key, kind in expected.items() if key[0] not in moved
        }
        before = after


def test_distant_runs_invent_nothing(driver):
    """Created was not there before, deleted is not there now; what came and went between them is listed apart."""
    driver.run()
    first = driver.last
    for _ in range(25):
        driver.run()
    last = driver.last
    compared = compare(driver.engine, first, last, history.EVERYWHERE)
    between = runs_between(driver.engine, first, last)
    assert [run.seq for run in between] == list(range(2, 27))
    reported = [one for run in between for one in history.changes(driver.engine, run=run)]
    told = {(one.type, one.resource) for one in reported}
    assert {(one.type, one.resource) for one in compared.changes if one.type != ACCOUNT} <= told
    assert not {(one.type, one.resource) for one in compared.reverted} & {
        (one.type, one.resource) for one in compared.changes
    }
    for one in compared.changes:
        there = history.find(driver.engine, last, one.type, one.arn) is not None
        assert there == (one.kind not in {ChangeKind.DELETED, ChangeKind.LEFT_ORG})


def test_what_got_worse_is_ordered_by_how_grave_it_is():
    """A critical change that also mended something stands before a slight one that only got worse, here and in the history."""
    slight, grave, better = (
        Change("1", "", "AWS::S3::Bucket", "b", "", ChangeKind.MODIFIED, None, BORN, direction=way, severity=severity)
        for way, severity in (
            (Direction.WORSENED, "low"), (Direction.MIXED, "critical"), (Direction.IMPROVED, "critical"),
        )
    )  # fmt: skip
    assert sorted([better, slight, grave], key=rank) == [grave, slight, better]
