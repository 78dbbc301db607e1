"""Findings as intervals: rows only for what does not pass and only when it differs, and counts for all of it."""

from collections import Counter
from dataclasses import asdict, replace

import pytest
from estate_builder import BUCKET, ONE, THREE, TWO, bucket, finding, run, snapshot, start, unreachable, weeks

from reporter import history
from reporter.drift.changes import describe
from reporter.model import Evidence, Finding, ReadStatus, Status

PASS, FAIL, UNKNOWN, NOT = Status.PASS, Status.FAIL, Status.INSUFFICIENT_DATA, Status.NOT_APPLICABLE
A, B, C = (bucket(ONE, name) for name in "abc")


def judge(engine, week, answers, *, items=(A, B, C), waived=None):
    """A run in which one account is judged."""
    begun = start(engine, weeks(week))
    history.record_account(engine, begun, snapshot(ONE, weeks(week), items), describe)
    history.record_findings(engine, begun, ONE, answers, waived)
    return history.seal(engine, begun, weeks(week))


def rows(engine):
    """How many finding rows there are."""
    return sum(len(history.finding_history(engine, BUCKET, name)) for name in "abc")


def test_a_row_is_written_only_when_something_differs(engine):
    """The same failure week after week is one row; so is the same failure with evidence read at another time."""
    for week in range(4):
        evidence = (Evidence(BUCKET, "a", ONE, "Versioning", None, "s3:GetBucketVersioning", weeks(week)),)
        sealed = judge(engine, week, [finding(A, FAIL, evidence=evidence), finding(B, PASS), finding(C, NOT)])
    assert rows(engine) == 1
    (record,) = history.findings(engine, sealed)
    assert record.finding == finding(A, FAIL, evidence=evidence)
    assert (record.since, record.state) == (weeks(0), "persisting")
    judge(engine, 4, [finding(A, FAIL, reason="suspended"), finding(B, PASS)])
    assert rows(engine) == 2
    assert history.verify(engine) == ()


def test_passes_are_counted(engine):
    """All answers are counted by check and severity, and none but failures and unknowns are stored."""
    answers = [finding(A, FAIL), finding(B, PASS), finding(C, NOT), finding(A, UNKNOWN, "other", severity="low")]
    sealed = judge(engine, 0, answers)
    assert history.tallies(engine, sealed) == (
        history.Tally("bucket-versioning", "high", passed=1, failed=1, not_applicable=1, accounts_failing=1),
        history.Tally("other", "low", insufficient=1),
    )
    assert list(history.account_tallies(engine, sealed)) == [(ONE, history.tallies(engine, sealed))]
    (point,) = history.trend(engine, sealed, 1)
    assert (point.passed, point.failed, point.not_applicable, point.insufficient) == (1, 1, 1, 1)
    only = history.Within(checks=frozenset({"other"}))
    assert [tally.check for tally in history.tallies(engine, sealed, only)] == ["other"]
    assert [record.finding.check for record in history.findings(engine, sealed, only)] == ["other"]


def test_judging_twice_is_judging_once(engine):
    """A resumed run may judge an account again."""
    begun = start(engine, weeks(0))
    with pytest.raises(history.Refused, match="record_account comes before"):
        history.record_findings(engine, begun, ONE, [])
    history.record_account(engine, begun, snapshot(ONE, weeks(0), [A]), describe)
    assert history.judged_accounts(engine, begun) == frozenset()
    history.record_findings(engine, begun, ONE, [finding(A, FAIL)])
    history.record_findings(engine, begun, ONE, [finding(A, PASS)])
    assert history.judged_accounts(engine, begun) == {ONE}
    assert [record.finding.status for record in history.findings(engine, begun)] == [FAIL]


def test_new_fixed_reopened_persisting_and_lost_from_sight(engine):
    """What became of failures between two runs; a failure that nobody could look at is neither fixed nor new afterwards."""
    first = judge(engine, 0, [finding(A, FAIL), finding(B, FAIL), finding(C, PASS)])
    second = judge(engine, 1, [finding(A, PASS), finding(B, UNKNOWN), finding(C, FAIL)])
    assert moved(engine, second, first) == {"new": 1, "fixed": 1, "lost_sight": 1, "before": 2, "now": 1}
    third = judge(engine, 2, [finding(A, FAIL), finding(B, FAIL), finding(C, FAIL)])
    after = {"reopened": 1, "persisting": 2, "before": 1, "now": 3, "seen_again": 1}
    assert moved(engine, third, second) == after
    over_two = {"new": 1, "reopened": 1, "persisting": 1, "before": 2, "now": 3, "between": 1}
    assert moved(engine, third, first) == over_two
    states = {one.finding.resource: one for one in history.findings(engine, third, previous=second)}
    assert {name: one.state for name, one in states.items()} == {"a": "reopened", "b": "persisting", "c": "persisting"}
    assert [one.state for one in history.findings(engine, third)] == ["persisting"] * 3, (
        "against nothing, nothing is new"
    )
    assert states["b"].failing_since == weeks(0), "it failed before anybody lost sight of it"
    assert states["b"].since == weeks(2)
    fourth = judge(engine, 3, [], items=())
    assert moved(engine, fourth, third) == {"gone": 3, "before": 3, "gone_why": {"deleted": 3}}


def moved(engine, run, previous, within=history.EVERYWHERE):
    """The movement without what is nothing; its sum is right."""
    found = history.movement(engine, run, previous, within)
    came = found.new + found.reopened + found.seen_again
    assert found.before + came - found.fixed - found.gone - found.lost_sight - found.between == found.now
    listed = Counter(one.became for one in history.ended_findings(engine, run, previous, within))
    assert listed == {k: getattr(found, k) for k in ("fixed", "gone", "lost_sight") if getattr(found, k)}
    return {name: value for name, value in asdict(found).items() if value}


def test_what_no_longer_fails_is_listed_with_what_became_of_it(engine):
    """As it failed, fixed before gone before lost sight of, and the same however much happens afterwards."""
    first = judge(engine, 0, [finding(A, FAIL, reason="open"), finding(B, FAIL), finding(C, FAIL)])
    second = judge(engine, 1, [finding(A, PASS), finding(B, UNKNOWN)], items=(A, B))
    told = list(history.ended_findings(engine, second, first))
    assert [(one.finding.resource, one.became, one.because) for one in told] == [
        ("a", "fixed", "passes"),
        ("c", "gone", "deleted"),
        ("b", "lost_sight", "no data"),
    ]
    assert (told[0].finding.status, told[0].finding.reason) == (FAIL, "open")
    assert (told[0].failing_since, told[0].ended_at) == (weeks(0), weeks(1))
    counted = history.movement(engine, second, first)
    judge(engine, 2, [finding(A, FAIL), finding(B, FAIL)], items=(A, B))
    judge(engine, 3, [], items=(B,))
    assert list(history.ended_findings(engine, second, first)) == told, "a past report is rebuilt as it was"
    assert history.movement(engine, second, first) == counted
    assert list(history.ended_findings(engine, second, first, limit=1)) == told[:1]


def test_failures_that_are_gone_are_counted_with_the_reason(engine):
    """Deleted, no longer asked about, or out of a check's reach (a tag that went): gone, neither fixed nor passed."""
    other = replace(finding(A, FAIL), check="bucket-other")
    first = judge(engine, 0, [finding(A, FAIL), finding(B, FAIL), finding(C, FAIL), other])
    second = judge(engine, 1, [finding(A, NOT), finding(C, PASS)], items=(A, C))
    gone = {"deleted": 1, "no longer applicable": 1, "no longer asked": 1}
    assert moved(engine, second, first) == {"fixed": 1, "gone": 3, "before": 4, "gone_why": gone}
    third = judge(engine, 2, [finding(A, FAIL)], items=(A, C))
    assert moved(engine, third, second) == {"reopened": 1, "now": 1}
    assert history.verify(engine) == ()


def test_failures_of_an_account_that_left_or_was_left_out_are_gone(engine):
    """Each with its own reason."""
    begun = start(engine, weeks(0))
    for id in (ONE, TWO, THREE):
        item = bucket(id, f"b{id}")
        history.record_account(engine, begun, snapshot(id, weeks(0), [item]), describe)
        history.record_findings(engine, begun, id, [finding(item, FAIL)])
    first = history.seal(engine, begun, weeks(0))
    begun = start(engine, weeks(1))
    history.mark_left(engine, begun, [TWO], weeks(1))
    excluded = snapshot(THREE, weeks(1), status=ReadStatus.EXCLUDED, listed=frozenset())
    for one in (snapshot(ONE, weeks(1), [bucket(ONE, f"b{ONE}")]), excluded):
        history.record_account(engine, begun, one, describe)
    history.record_findings(engine, begun, ONE, [finding(bucket(ONE, f"b{ONE}"), FAIL)])
    history.record_findings(engine, begun, THREE, [])
    second = history.seal(engine, begun, weeks(1))
    gone = {"account left out": 1, "left the organization": 1}
    assert moved(engine, second, first) == {"persisting": 1, "gone": 2, "before": 3, "now": 1, "gone_why": gone}


def test_a_trend_counts_as_read_what_was_fully_read(engine):
    """A partly read account is not fully read."""
    partial = snapshot(TWO, weeks(0), status=ReadStatus.PARTIAL)
    sealed, _ = run(engine, weeks(0), snapshot(ONE, weeks(0)), partial, unreachable(THREE, weeks(0)))
    (point,) = history.trend(engine, sealed, 5)
    assert (point.accounts_read, point.accounts_total) == (1, 3)


def test_a_failure_says_since_when_for_its_present_reason(engine):
    """It may fail longer than for what it fails now: a newer fact has a newer date, whatever waivers come and go."""
    answers = [finding(A, FAIL, reason="one"), finding(A, FAIL, reason="two"), finding(A, FAIL, reason="two")]
    for week, answer in enumerate(answers):
        sealed = judge(engine, week, [answer], waived={answer.key: "W-1"} if week == 2 else None)
    (record,) = history.findings(engine, sealed)
    assert (record.since, record.failing_since, record.evidence_since) == (weeks(0), weeks(0), weeks(1))
    judge(engine, 3, [finding(A, PASS)])
    (record,) = history.findings(engine, judge(engine, 4, [answers[0]]))
    assert (record.since, record.evidence_since) == (weeks(4), weeks(4))


def test_a_reason_is_as_old_as_its_words(engine):
    """Delivery times and the order of a list move the evidence every week: the reason is since when it reads as it does."""
    words = ["one", "two", "two", "two", "two"]
    for week, reason in enumerate(words):
        read = {"LatestDeliveryTime": str(week), "names": ["x", "y"] if week % 2 else ["y", "x"]}
        evidence = (Evidence(BUCKET, "a", ONE, "Status", read, "cloudtrail:GetTrailStatus", weeks(week)),)
        answer = finding(A, FAIL, reason=reason, evidence=evidence)
        sealed = judge(engine, week, [answer], waived={answer.key: "W-1"} if week == 3 else None)
    (record,) = history.findings(engine, sealed)
    assert (record.since, record.evidence_since) == (weeks(0), weeks(1))
    known = history.finding_history(engine, BUCKET, "a")
    assert [one.evidence_since for one in known] == [weeks(0), *[weeks(1)] * 4]
    (record,) = history.findings(engine, judge(engine, 5, [finding(A, FAIL, reason="one")]))
    assert record.evidence_since == weeks(5), "an old reason that is back is new again"
    judge(engine, 6, [finding(A, UNKNOWN)])
    (record,) = history.findings(engine, judge(engine, 7, [finding(A, FAIL, reason="one")]))
    assert record.evidence_since == weeks(7), "nobody knows what it was while out of sight"


def test_a_waiver_is_noted_beside_the_status(engine):
    """A waived failure still fails; the row says by which waiver, and a waiver that ends is a new row."""
    answer = finding(A, FAIL)
    sealed = judge(engine, 0, [answer, finding(B, FAIL)], waived={answer.key: "W-1"})
    (tally,) = history.tallies(engine, sealed)
    assert (tally.failed, tally.waived, tally.accounts_failing) == (2, 1, 1)
    assert [(one.finding.resource, one.waiver_id) for one in history.findings(engine, sealed)] == [
        ("b", None),
        ("a", "W-1"),
    ]
    judge(engine, 1, [answer, finding(B, FAIL)])
    assert [one.waiver_id for one in history.finding_history(engine, BUCKET, "a")] == ["W-1", None]


def test_an_answer_about_what_could_not_be_listed(engine):
    """A check whose subjects could not be listed leaves one answer, about no resource; it is no inventory."""
    unlisted = Finding("bucket-versioning", ONE, "global", BUCKET, "*", "", UNKNOWN, "high", "s3:ListAllMyBuckets")
    sealed = judge(engine, 0, [unlisted])
    judge(engine, 1, [unlisted])
    assert [one.finding for one in history.findings(engine, sealed)] == [unlisted]
    assert "*" not in {row.id for row in history.inventory(engine, sealed)}
    assert history.verify(engine) == ()


def test_findings_of_a_past_run_are_those_of_that_run(engine):
    """Asking a past run gives what stood then, in the order a reader wants: not waived, grave, new, by account."""
    low = finding(B, FAIL, "b-check", severity="low")
    first = judge(engine, 0, [finding(A, FAIL), low])
    other = bucket(TWO, "d")
    begun = start(engine, weeks(1))
    history.record_account(engine, begun, snapshot(ONE, weeks(1), [A, B]), describe)
    history.record_account(engine, begun, snapshot(TWO, weeks(1), [other]), describe)
    history.record_findings(engine, begun, ONE, [finding(A, PASS), low])
    history.record_findings(
        engine, begun, TWO, [finding(other, FAIL, severity="critical"), finding(other, UNKNOWN, "x")]
    )
    second = history.seal(engine, begun, weeks(1))
    assert [one.finding.resource for one in history.findings(engine, first)] == ["a", "b"]
    assert [(one.finding.resource, one.finding.check) for one in history.findings(engine, second)] == [
        ("d", "bucket-versioning"),
        ("d", "x"),
        ("b", "b-check"),
    ]
    narrow = history.findings(engine, second, status=FAIL, severities=["low"], type=BUCKET, region="eu-west-1", limit=5)
    assert [one.finding.resource for one in narrow] == ["b"]
    assert [one.finding.resource for one in history.findings(engine, second, offset=2)] == ["b"]
    trend = history.trend(engine, second, 9)
    assert [(point.failed, point.insufficient, point.accounts_total) for point in trend] == [(2, 0, 1), (2, 1, 2)]
    only = history.Within(checks=frozenset({"b-check"}))
    assert [point.failed for point in history.trend(engine, second, 1, only)] == [1]


def test_changes_of_the_checks_of_an_edition(engine):
    """A framework's edition shows the changes of resources that its checks had something against."""
    judge(engine, 0, [finding(A, FAIL), finding(B, PASS)])
    begun = start(engine, weeks(1))
    items = [replace(one, configuration={**one.configuration, "Tags": {"x": "y"}}) for one in (A, B)]
    history.record_account(engine, begun, snapshot(ONE, weeks(1), items), describe)
    history.record_findings(engine, begun, ONE, [finding(A, PASS), finding(B, PASS)])
    only = history.Within(checks=frozenset({"bucket-versioning"}))
    assert [change.resource for change in history.changes(engine, run=begun, within=only)] == ["a"]


def test_a_run_that_was_overtaken_takes_over_the_findings(engine):
    """Of two runs at once, the one with the older reading shows the newer one's findings for that account."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [A]))
    slow, quick = start(engine, weeks(1), owner="slow"), start(engine, weeks(1), owner="quick", kind="watch")
    for begun, week in ((quick, 2), (slow, 1)):
        history.record_account(engine, begun, snapshot(ONE, weeks(week), [A]), describe)
    history.record_findings(engine, quick, ONE, [finding(A, FAIL)])
    history.record_findings(engine, slow, ONE, [finding(A, PASS)])
    for begun in (slow, quick):
        sealed = history.seal(engine, begun, weeks(2))
        assert [one.finding.status for one in history.findings(engine, sealed)] == [FAIL]
    assert history.verify(engine) == ()
