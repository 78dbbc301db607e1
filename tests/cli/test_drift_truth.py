"""What drift leaves out, and says so: folded changes, runs that are not finished, runs that were purged."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from drift_history import said

sys.path.insert(0, str(Path(__file__).parent.parent / "history"))
from estate_builder import MONDAY, ONE, TWO, bucket, run, snapshot, start, weeks

from reporter import history
from reporter.drift.changes import describe
from reporter.run.stopping import standing
from reporter.settings import load


@pytest.fixture
def made(tmp_path):
    """The settings file of an empty history, and the history."""
    file = tmp_path / "reporter.toml"
    file.write_text(f'[history]\nurl = "sqlite:///{tmp_path / "reporter.db"}"\n', encoding="utf-8")
    engine = history.connect(str(tmp_path / "reporter.db"))
    history.prepare(engine, MONDAY)
    yield file, engine
    engine.dispose()


def buckets(week, changed=0, **more):
    """Nineteen buckets, some of which say something else now."""
    items = [bucket(ONE, f"b{n:02}", Website={"Index": str(week)} if n < changed else None, **more) for n in range(19)]
    return snapshot(ONE, weeks(week), items)


def test_folded_changes_are_counted_as_what_they_are(made):
    """Six of nineteen are not almost all, and not one: the line says six, the summary counts six, --all shows each."""
    file, engine = made
    run(engine, weeks(0), buckets(0))
    run(engine, weeks(1), buckets(1, changed=6))
    text = said(file, "drift").out
    assert "MANY AT ONCE 1" in text
    assert "AWS::S3::Bucket Website changed on 6 of 19 resources in 1 account, e.g. " in text
    assert "Summary: 6 neutral; 6 modified; 6 of them told only under MANY AT ONCE" in text
    assert "everywhere" not in text.lower()
    document = said(file, "drift", "--json").json
    assert (document["counts"], len(document["told_only_there"])) == ({"neutral": 6}, 6)
    assert document["many_at_once"][0]["changed"] == 6
    each = said(file, "drift", "--all").out
    assert "MANY AT ONCE" not in each
    assert each.count(" modified") == 7


def test_a_newer_run_that_is_not_finished_is_said(made):
    """Interrupted, under way or given up: drift and coverage say that it does not count yet, and drift by date leaves it out."""
    file, engine = made
    run(engine, weeks(0), buckets(0))
    last, _ = run(engine, weeks(1), buckets(1))
    history.mark_handed_over(engine, last, weeks(1))
    assert "NOT YET" not in said(file, "drift").out
    begun = start(engine, weeks(2), owner="elsewhere:1:x")
    history.record_account(engine, begun, buckets(2, changed=2), describe)
    words = "NOT YET: a manual run begun 2026-01-19 02:00Z was interrupted (1 account recorded): what it found does not count yet"
    assert f"{words}; `reporter run --resume -c {file}` finishes it" in said(file, "drift").out
    assert words in said(file, "coverage").out
    assert "was interrupted" in said(file, "drift", "--json").json["unfinished"]
    assert "NOT YET" not in said(file, "drift", "--run", "1").out
    assert said(file, "drift", "--since", "2026-01-01", "--json").json["changes"] == []
    assert "0 of 0 changes shown" in said(file, "history", "b00").out
    history.abandon(engine, begun, weeks(2), "another version")
    assert "was given up (1 account recorded): what it found is told by the next run" in said(file, "drift").out
    run(engine, weeks(3), buckets(2, changed=2))
    assert "Summary: 2 neutral; 2 modified" in said(file, "drift").out


def test_one_account_is_stored_and_two_are(made):
    """What is told of a run that is stopped agrees with its number."""
    file, engine = made
    begun = start(engine, weeks(0))
    history.record_account(engine, begun, buckets(0), describe)
    assert "1 account of the run begun" in standing(load(file, {}), "manual")
    assert "UTC is stored;" in standing(load(file, {}), "manual")
    history.record_account(engine, begun, snapshot(TWO, weeks(0), [bucket(TWO, "other")]), describe)
    assert "UTC are stored;" in standing(load(file, {}), "manual")


@pytest.mark.parametrize(
    ("facts", "how"),
    [
        ({}, "`reporter run --resume -c {}` hands it over"),
        (
            {"kind": "scheduled", "schedule": "weekly"},
            "the next slot of schedule weekly, or `reporter run --resume -c {}` now, hands it over",
        ),
    ],
)
def test_a_finished_run_that_reached_nobody_is_said(made, facts, how):
    """Killed while it rendered: drift, coverage and deliver say so, deliver as an alarm; once handed over nobody does."""
    file, engine = made
    run(engine, weeks(0), buckets(0), **facts)
    last, _ = run(engine, weeks(1), buckets(1), **facts)
    words = f"run 2 is finished, its report has reached nobody yet; {how.format(file)}"
    assert f"NOT YET: {words}" in said(file, "drift").out
    assert words in said(file, "coverage").out
    assert "NOT YET" not in said(file, "drift", "--run", "1").out
    told = said(file, "deliver")
    assert (told.code, words in told.err) == (1, True)
    history.mark_handed_over(engine, last, weeks(1))
    assert "NOT YET" not in said(file, "drift").out
    told = said(file, "deliver")
    assert (told.code, told.err) == (0, "")


def test_a_run_whose_process_renders_is_no_alarm(made):
    """Sealed a moment ago, and its owner's lease holds: its reports are on the way."""
    file, engine = made
    begun = start(engine, datetime.now(UTC), owner="elsewhere:1:x")
    history.record_account(engine, begun, buckets(0), describe)
    history.seal(engine, begun, datetime.now(UTC))
    assert said(file, "deliver").code == 0


def test_what_a_purged_run_held_is_not_called_no_change(made):
    """Of an emptied run nothing can be told: drift, diff, baselines and export of it refuse; its head can still be signed."""
    file, engine = made
    run(engine, weeks(0), buckets(0))
    said(file, "baseline", "pin", "first")
    run(engine, weeks(1), buckets(1, changed=6))
    run(engine, weeks(2), buckets(2, changed=6))
    assert said(file, "diff", "1", "3").code == 0
    assert "baseline first is pinned to run 1" in said(file, "purge", "--keep-days", "1").err
    purged = said(file, "purge", "--keep-days", "1", "--with-baselines").out
    assert "2 runs are emptied by it; the heads stay" in purged
    assert "baseline first, which can be compared with no more" in purged
    for words in (
        ["drift", "--run", "1"],
        ["diff", "1", "3"],
        ["baseline", "compare", "first"],
        ["coverage", "--run", "2"],
    ):
        answer = said(file, *words)
        assert (answer.code, answer.out) == (1, ""), words
        assert "was purged on" in answer.err
        assert "only its head is left" in answer.err
    assert said(file, "verify", "--history").code == 0
    assert said(file, "drift").code in {0, 3}
    shown = said(file, "show", "b10", "--at", f"{weeks(1):%Y-%m-%d}").out
    assert "no look before it is on record; the next look" in shown, (
        "somebody had looked; the purge took the record of it"
    )


def test_a_tag_that_is_lost_is_drift_from_what_was_pinned_by_it(made):
    """Pinned by a tag: the bucket that lost the tag and the one that is gone deviate, whatever they say now."""
    file, engine = made
    gold = {"tier": "gold"}
    first = [bucket(ONE, name, Tags=gold) for name in ("a", "b", "c")] + [bucket(ONE, "d")]
    run(engine, weeks(0), snapshot(ONE, weeks(0), first))
    assert said(file, "baseline", "pin", "golden", "--tag", "tier=gold").code == 0
    same = said(file, "baseline", "compare", "golden", "--json")
    assert (same.code, same.json["changes"]) == (0, [])
    later = [bucket(ONE, "a", Tags=None), bucket(ONE, "c", Tags=gold), bucket(ONE, "d", Website={"Index": "x"})]
    run(engine, weeks(1), snapshot(ONE, weeks(1), later))
    answer = said(file, "baseline", "compare", "golden", "--json")
    assert answer.code == 4
    assert {(one["resource"], one["kind"]) for one in answer.json["changes"]} == {("a", "modified"), ("b", "deleted")}


def test_what_is_done_is_told_as_json_too(made, tmp_path):
    """--json of an act prints what was made, and nothing else."""
    file, engine = made
    run(engine, weeks(0), buckets(0))
    run(engine, weeks(1), buckets(1, changed=2))
    words = ("--owner", "alice", "--why", "known", "--until", "2999-01-01", "--json")
    (owned,) = said(file, "acknowledge", "1", *words).json["acknowledgements"]
    assert (owned["change"], owned["owner"]) == (1, "alice")
    (held,) = said(file, "hold", "--everything", "--why", "audit", "--json").json["holds"]
    assert held["reason"] == "audit"
    assert said(file, "export", "--git", str(tmp_path / "git"), "--json").json["commits_added"] == 2
