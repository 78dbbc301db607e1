"""The status of a control, scores and their roll-up: missing data is never good news, and every figure says its basis."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.assess.compliance import UNREAD, Tally, completed, control_status, counted, tally
from reporter.assess.posture import Rollup, assess, days_passing
from reporter.model import (
    Account,
    Attestation,
    CheckUse,
    Control,
    ControlStatus,
    Finding,
    Framework,
    Status,
)

TODAY = date(2026, 3, 1)
NAMES = ("a-check", "b-check", "c-check")
CONTROL = Control("1", "Two things hold", checks=(CheckUse("a-check", "direct"), CheckUse("b-check")))
MANUAL = Control("2", "Somebody reads", manual="A person must say so.")
MIXED = Control("3", "A person's, with help", manual="A person must say so.", checks=(CheckUse("a-check"),))
SECOND = Control("4", "One thing holds", checks=(CheckUse("c-check"),))
FRAMEWORK = Framework("house", "House rules", "1", "https://example.com", (CONTROL, MANUAL, MIXED, SECOND))
GOOD = counted(passed=3)
BAD = counted(passed=2, failed=1)
HIDDEN = counted(passed=2, insufficient=1)
NONE_THERE = counted()
ATTESTED = Attestation("house", "3", "We do.", "alice@example.com", TODAY + timedelta(days=30), "minutes.pdf")

# From worst to best: what "never improves" means.
RANK = (
    ControlStatus.FAIL,
    ControlStatus.NOT_ASSESSED,
    ControlStatus.PARTIAL,
    ControlStatus.ATTESTED,
    ControlStatus.WAIVED,
    ControlStatus.PASS,
    ControlStatus.NOT_APPLICABLE,
)


def status(control, tallies, accounts=1, **more):
    return control_status(control, tallies, accounts, **more).status


def finding(check="a-check", result=Status.FAIL, resource="bucket-1", account="111111111111"):
    return Finding(check, account, "eu-west-1", "AWS::S3::Bucket", resource, f"arn:aws:s3:::{resource}", result, "high")


def test_an_unwaived_failure_fails_the_control():
    """One failing finding is enough, whatever else is good, hidden or waived."""
    answer = control_status(CONTROL, {"a-check": GOOD + counted(failed=3, waived=1), "b-check": HIDDEN}, 2)
    assert answer.status is ControlStatus.FAIL
    assert answer.reason == "Failing: a-check (2 in 1 account)."


def test_a_control_passes_when_every_check_has_data_everywhere():
    """Two checks, three accounts, all seen, nothing failing."""
    assert (
        status(CONTROL, {"a-check": GOOD + GOOD + NONE_THERE, "b-check": GOOD + GOOD + GOOD}, 3) is ControlStatus.PASS
    )


def test_one_account_without_data_makes_it_partial():
    """The reason says how many accounts lack data, and for which checks."""
    answer = control_status(CONTROL, {"a-check": GOOD + UNREAD, "b-check": GOOD + GOOD}, 2)
    assert answer.status is ControlStatus.PARTIAL
    assert answer.reason == "No complete data in 1 of 2 accounts: a-check."


def test_a_check_that_was_never_run_makes_it_partial():
    """A check missing from the tallies is missing data, not a pass."""
    assert status(CONTROL, {"a-check": GOOD}) is ControlStatus.PARTIAL


def test_an_account_missing_from_the_tallies_makes_it_partial():
    """The number of accounts in scope decides, not the number of accounts that answered."""
    assert status(CONTROL, {"a-check": GOOD, "b-check": GOOD}, 2) is ControlStatus.PARTIAL


def test_nothing_seen_at_all_is_not_assessed():
    """No data anywhere is said as such."""
    answer = control_status(CONTROL, {"a-check": UNREAD, "b-check": counted(insufficient=4)}, 1)
    assert answer.status is ControlStatus.NOT_ASSESSED
    assert answer.reason == "No complete data in any of 1 account: a-check, b-check."
    assert status(CONTROL, {}, 0) is ControlStatus.NOT_ASSESSED


def test_all_failures_waived_is_waived_not_passed():
    """Accepted is not good, and a waiver covers no missing data."""
    accepted = counted(passed=1, failed=2, waived=2)
    assert status(CONTROL, {"a-check": accepted, "b-check": GOOD}) is ControlStatus.WAIVED
    answer = control_status(CONTROL, {"a-check": accepted, "b-check": UNREAD}, 1)
    assert answer.status is ControlStatus.PARTIAL
    assert answer.reason.endswith("2 findings failing, all waived.")


def test_nothing_to_ask_about_is_not_applicable():
    """Complete listings without one subject, or only answers that do not apply."""
    assert (
        status(CONTROL, {"a-check": NONE_THERE, "b-check": counted(not_applicable=2)}) is ControlStatus.NOT_APPLICABLE
    )


def test_a_control_without_checks_is_manual_until_attested():
    """An attestation holds through its last day and no longer."""
    word = Attestation("house", "2", "We do.", "alice@example.com", TODAY, "minutes.pdf")
    assert status(MANUAL, {}, 5) is ControlStatus.MANUAL
    answer = control_status(MANUAL, {}, 5, word, TODAY)
    assert answer.status is ControlStatus.ATTESTED
    assert answer.reason == "Attested by alice@example.com, valid until 2026-03-01, evidence minutes.pdf."
    late = control_status(MANUAL, {}, 5, word, TODAY + timedelta(days=1))
    assert late.status is ControlStatus.MANUAL
    assert late.reason == "A person must say so; the attestation of alice@example.com ended on 2026-03-01."


def test_an_attestation_never_hides_a_failing_finding():
    """It fills what was not seen of a manual control; it does not argue with what was."""
    assert status(MIXED, {"a-check": UNREAD}, attestation=ATTESTED, on=TODAY) is ControlStatus.ATTESTED
    assert status(MIXED, {"a-check": BAD}, attestation=ATTESTED, on=TODAY) is ControlStatus.FAIL
    assert status(MIXED, {"a-check": GOOD}, attestation=ATTESTED, on=TODAY) is ControlStatus.PASS
    assert status(CONTROL, {"a-check": UNREAD}, attestation=ATTESTED, on=TODAY) is ControlStatus.NOT_ASSESSED


def test_long_reasons_are_cut_with_a_count():
    """A control with many failing checks names the worst and counts the rest."""
    control = Control("9", "Many", checks=tuple(CheckUse(f"check-{n}") for n in range(9)))
    answer = control_status(control, {f"check-{n}": counted(failed=n + 1) for n in range(9)}, 1)
    assert answer.reason == (
        "Failing: check-8 (9 in 1 account), check-7 (8 in 1 account), check-6 (7 in 1 account) and 6 more."
    )


def test_findings_of_an_account_become_tallies():
    """Waived findings stay failed; a check without findings is answered, one with insufficient data is not."""
    findings = [
        finding(),
        finding(resource="bucket-2"),
        finding(resource="bucket-3", result=Status.PASS),
        finding("b-check", Status.INSUFFICIENT_DATA),
        finding("b-check", Status.NOT_APPLICABLE, "bucket-2"),
    ]
    tallies = tally(findings, NAMES, waived={findings[0].key, findings[3].key})
    assert tallies["a-check"] == Tally(passed=1, failed=2, waived=1, accounts=1, answered=1, failing=1)
    assert tallies["b-check"] == Tally(not_applicable=1, insufficient=1, accounts=1)
    assert tallies["c-check"] == Tally(accounts=1, answered=1)


def test_a_waiver_changes_no_count_of_statuses():
    """Waiving everything leaves passed, failed, not applicable and insufficient as they were."""
    findings = [finding(), finding("b-check", Status.PASS), finding("c-check", Status.INSUFFICIENT_DATA)]
    before = tally(findings, NAMES)
    after = tally(findings, NAMES, waived={one.key for one in findings})
    for check in NAMES:
        same = ("passed", "failed", "not_applicable", "insufficient", "accounts", "answered")
        assert [getattr(before[check], name) for name in same] == [getattr(after[check], name) for name in same]


# --- properties ---

counts = st.builds(
    lambda p, f, w, n, i, c: counted(
        passed=p, failed=f, waived=min(f, w), not_applicable=n, insufficient=i, complete=c
    ),
    *(st.integers(0, 3) for _ in range(5)),
    st.booleans(),
)
accounts = st.dictionaries(st.sampled_from(NAMES), counts)
estates = st.lists(accounts, min_size=1, max_size=5)
quick = settings(max_examples=100, deadline=None)


def whole(estate):
    roll = Rollup([FRAMEWORK], (ATTESTED,), TODAY)
    for number, tallies in enumerate(estate):
        roll.add(Account(f"{number:012}", ou_path="Root/A" if number % 2 else "Root"), tallies, read=bool(tallies))
    return roll.result("house")


def rank(result):
    return [RANK.index(one.status) for one in result.controls if one.control != "2"]


def worse_or_same(before, after):
    return all(new <= old for old, new in zip(rank(before), rank(after), strict=True))


@quick
@given(estates, st.sampled_from(NAMES), st.integers(0, 4))
def test_one_more_failing_finding_never_improves_a_control(estate, check, at):
    """Whatever the estate, a further failure leaves each control as it is or makes it worse."""
    at %= len(estate)
    worse = [dict(tallies) for tallies in estate]
    before = worse[at].get(check, UNREAD)
    worse[at][check] = Tally(
        before.passed,
        before.failed + 1,
        before.waived,
        before.not_applicable,
        before.insufficient,
        1,
        before.answered,
        1,
    )
    assert worse_or_same(whole(estate), whole(worse))
    assert whole(worse).score.numerator <= whole(estate).score.numerator


def hide(one, how):
    """The same with some findings turned into insufficient data: what was seen is seen no more."""
    lost = min(how, one.seen)
    passed = min(one.passed, lost)
    failed = min(one.failed, lost - passed)
    other = lost - passed - failed
    return counted(
        passed=one.passed - passed,
        failed=one.failed - failed,
        waived=min(one.waived, one.failed - failed),
        not_applicable=one.not_applicable - other,
        insufficient=one.insufficient + lost,
        complete=False,
    )


@quick
@given(estates, st.sampled_from(NAMES), st.integers(0, 4), st.integers(0, 9))
def test_hiding_data_never_raises_a_score(estate, check, at, how):
    """Turning answers into missing data cannot make the figure better, nor the coverage."""
    at %= len(estate)
    hidden = [dict(tallies) for tallies in estate]
    if check in hidden[at]:
        hidden[at][check] = hide(hidden[at][check], how)
    assert not_higher(whole(estate).score, whole(hidden).score)


@quick
@given(estates, st.integers(0, 4))
def test_an_unread_account_never_raises_a_score(estate, at):
    """Losing a whole account, however bad it was, cannot make the figure better."""
    at %= len(estate)
    lost = [{} if number == at else tallies for number, tallies in enumerate(estate)]
    assert not_higher(whole(estate).score, whole(lost).score)


@quick
@given(estates, accounts)
def test_an_account_that_was_not_read_is_not_assessed(estate, told):
    """Whatever the organization tells of an account, nobody asked it: it counts for no control, no answer, no pass."""
    roll = Rollup([FRAMEWORK])
    for number, tallies in enumerate(estate):
        roll.add(Account(f"{number:012}"), tallies)
    before = roll.result("house")
    roll.add(Account("9" * 12), told, read=False)
    after = roll.result("house")
    for one, other in zip(before.controls, after.controls, strict=True):
        assert (other.accounts_assessed, other.accounts_passing) == (one.accounts_assessed, one.accounts_passing)
        assert other.accounts_assessed <= after.score.coverage.accounts_read < other.accounts_total
        assert other.status not in {ControlStatus.PASS, ControlStatus.NOT_APPLICABLE}
    assert after.score.coverage.answers == before.score.coverage.answers


@quick
@given(estates)
def test_one_more_unread_account_never_raises_a_score(estate):
    """An account that joins and cannot be read lowers the score or leaves it."""
    assert not_higher(whole(estate).score, whole([*estate, {}]).score)
    passing = {ControlStatus.PASS, ControlStatus.NOT_APPLICABLE, ControlStatus.WAIVED}
    assert not {one.status for one in whole([*estate, {}]).controls if one.control in ("1", "4")} & passing


def not_higher(before, after):
    """Smaller or equal as a fraction; no score at all stands below none."""
    left = before.numerator / before.denominator if before.denominator else 0
    right = after.numerator / after.denominator if after.denominator else 0
    return (
        right <= left
        and after.numerator <= before.numerator
        and after.denominator >= before.denominator
        and after.coverage.percent <= before.coverage.percent
    )


@quick
@given(estates)
def test_a_waiver_never_makes_a_control_pass(estate):
    """Waiving all that fails turns no control into a pass and changes no score."""
    waived = [{check: counted_again(one, waived=one.failed) for check, one in tallies.items()} for tallies in estate]
    before, after = whole(estate), whole(waived)
    assert after.score.numerator == before.score.numerator
    for old, new in zip(before.controls, after.controls, strict=True):
        assert (new.status is ControlStatus.PASS) == (old.status is ControlStatus.PASS)
        assert (old.passed, old.failed, old.insufficient) == (new.passed, new.failed, new.insufficient)


def counted_again(one, waived):
    return counted(
        passed=one.passed,
        failed=one.failed,
        waived=waived,
        not_applicable=one.not_applicable,
        insufficient=one.insufficient,
        complete=bool(one.answered or one.insufficient),
    )


@quick
@given(estates)
def test_the_roll_up_is_the_sum_of_its_parts(estate):
    """The organization's answer is that of its tallies added by hand, in any order, and counts each account once."""
    forward, backward = whole(estate), whole(list(reversed(estate)))
    assert [one.status for one in forward.controls] == [one.status for one in backward.controls]
    by_hand = {check: sum((tallies.get(check, UNREAD) for tallies in estate), Tally()) for check in NAMES}
    for control, result in zip(FRAMEWORK.controls, forward.controls, strict=True):
        mine = control_status(control, by_hand, len(estate), ATTESTED if control.id == "3" else None, TODAY)
        assert (mine.status, mine.total.failed) == (result.status, result.failed)
        alone = [accounts_of(control, tallies) for tallies in estate]
        assert result.accounts_failing == sum(failing for failing, _ in alone)
        assert result.accounts_assessed == sum(assessed for _, assessed in alone)
        assert result.accounts_total == len(estate)


def accounts_of(control, tallies):
    mine = [tallies.get(use.check, UNREAD) for use in control.checks]
    return any(one.failing for one in mine), bool(mine) and all(one.answered for one in mine)


# --- roll-up and score ---


def test_ous_hold_what_is_below_them():
    """An OU's answer covers the accounts below it, and no OU of a similar name."""
    roll = Rollup([FRAMEWORK])
    for id, path, one in (
        ("1" * 12, "Root", GOOD),
        ("2" * 12, "Root/Work", GOOD),
        ("3" * 12, "Root/Work/Prod", BAD),
        ("4" * 12, "Root/Workshop", GOOD),
    ):
        roll.add(Account(id, ou_path=path), {"c-check": one})
    assert roll.ous() == ("Root", "Root/Work", "Root/Work/Prod", "Root/Workshop")

    def total(ou):
        (control,) = (one for one in roll.result("house", ou).controls if one.control == "4")
        return control.accounts_total, control.accounts_failing, control.status

    assert total("") == (4, 1, ControlStatus.FAIL)
    assert total("Root") == (4, 1, ControlStatus.FAIL)
    assert total("Root/Work") == (2, 1, ControlStatus.FAIL)
    assert total("Root/Workshop") == (1, 0, ControlStatus.PASS)
    assert total("Root/Nowhere") == (0, 0, ControlStatus.NOT_ASSESSED)


def test_a_score_prints_what_it_rests_on():
    """Numerator, denominator, coverage and definition stand beside the percentage."""
    score = whole([{"a-check": GOOD, "b-check": GOOD, "c-check": GOOD}, {"a-check": GOOD}]).score
    assert (score.numerator, score.denominator) == (1, 3)
    seen = score.coverage
    assert (seen.controls, seen.controls_assessed, seen.manual, seen.attested) == (4, 1, 1, 0)
    assert (seen.answers, seen.answers_expected, seen.accounts, seen.accounts_read) == (4, 6, 2, 2)
    assert str(score).startswith("33.3 % (1 of 3 controls pass; 1 of 4 controls assessed, 2 of 2 accounts read; ")
    assert "not fully assessed controls count as not passing" in str(score)


def test_a_score_is_rounded_down_and_absent_where_there_is_nothing_to_ask():
    """Only all is 100 %; nothing is no number."""
    many = Framework("m", "M", "1", "s", tuple(Control(str(n), "t", checks=(CheckUse(f"c{n}"),)) for n in range(3000)))
    result = assess(many, {f"c{n}": BAD if n == 7 else GOOD for n in range(3000)})
    assert result.score.percent == 99.9
    empty = assess(FRAMEWORK, dict.fromkeys(NAMES, NONE_THERE))
    assert empty.score.percent is None
    assert str(empty.score).startswith("no score (0 of 0 controls pass")


def test_one_account_is_assessed_like_any_scope():
    """The same rule, for a scope of one."""
    result = assess(FRAMEWORK, {"a-check": GOOD, "b-check": BAD, "c-check": GOOD})
    assert [one.status for one in result.controls] == [
        ControlStatus.FAIL,
        ControlStatus.MANUAL,
        ControlStatus.PASS,
        ControlStatus.PASS,
    ]
    assert result.controls[0].accounts_failing == 1


def test_accounts_fail_pass_or_are_not_known():
    """Three counts that add up: 3 of 4 failing is not one passing, if the fourth was never read."""
    roll = Rollup([FRAMEWORK])
    for number, of_a in enumerate((BAD, BAD, GOOD)):
        roll.add(Account(f"{number:012}"), {"a-check": of_a, "b-check": GOOD, "c-check": GOOD})
    roll.add(Account("9" * 12), {}, read=False)
    first = roll.result("house").controls[0]
    assert (first.accounts_failing, first.accounts_passing, first.accounts_assessed, first.accounts_total) == (
        2,
        1,
        3,
        4,
    )


def test_an_account_that_was_not_asked_passes_nothing():
    """A check of the management account alone speaks for no other: neither for one it finds nothing in, nor an unread one."""
    roll = Rollup([FRAMEWORK])
    roll.add(Account("1" * 12), {"a-check": GOOD, "b-check": GOOD, "c-check": BAD})
    for number in range(14):
        roll.add(Account(f"2{number:011}"), {"a-check": GOOD, "b-check": NONE_THERE, "c-check": NONE_THERE})
    roll.add(Account("9" * 12), {"a-check": GOOD, "b-check": GOOD, "c-check": NONE_THERE}, read=False)
    two, _, _, one = roll.result("house").controls
    assert (one.accounts_failing, one.accounts_passing, one.accounts_assessed) == (1, 0, 15)
    assert (two.accounts_failing, two.accounts_passing) == (0, 15)  # what is not asked there hinders no pass


@pytest.mark.parametrize("of_it", [counted(not_applicable=2), counted(failed=1, waived=1), HIDDEN, UNREAD])
def test_an_account_passes_a_control_only_where_something_passed(of_it):
    """What does not apply, is waived, is missing or was never read is no pass of an account."""
    roll = Rollup([FRAMEWORK])
    roll.add(Account("1" * 12), {"c-check": of_it})
    assert roll.result("house").controls[3].accounts_passing == 0


def test_an_account_that_fails_with_an_answer_missing_is_failing_and_not_assessed():
    """Failing, and not assessed: the one does not hide the other."""
    result = assess(FRAMEWORK, {"c-check": counted(passed=1, failed=1, insufficient=1)}).controls[3]
    assert (result.accounts_failing, result.accounts_passing, result.accounts_assessed) == (1, 0, 0)


def test_ten_thousand_accounts_are_rolled_up_in_passing():
    """Sums only: no account is kept, and a control shared by many frameworks is counted once."""
    roll = Rollup([FRAMEWORK])
    tallies = {"a-check": GOOD, "b-check": GOOD, "c-check": BAD}
    for number in range(10_000):
        roll.add(Account(f"{number:012}", ou_path=f"Root/{number % 7}"), tallies)
    result = roll.result("house")
    assert result.controls[0].accounts_assessed == 10_000
    assert result.controls[3].accounts_failing == 10_000
    assert len(roll.ous()) == 8


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], (0, 0)),
        ([(0, "pass")], (1, 1)),
        ([(0, "pass"), (7, "pass")], (8, 8)),
        ([(0, "pass"), (7, "fail")], (1, 8)),
        ([(7, "fail"), (0, "pass"), (8, "pass"), (10, "pass")], (4, 11)),
        ([(0, "pass"), (0, "fail"), (1, "waived")], (0, 2)),
        ([(0, "pass"), (7, "partial"), (14, "pass")], (2, 15)),
    ],
)
def test_days_passing_claims_nothing_it_does_not_know(runs, expected):
    """A stretch between two runs passes if both its ends do; the worst answer of a day counts."""
    seen = days_passing((TODAY + timedelta(days=day), ControlStatus(status)) for day, status in runs)
    assert (seen.passing, seen.observed) == expected


def test_a_check_that_was_asked_and_found_nothing_is_answered():
    """Silence of a check that was asked is an answer; of one that was not, it is none."""
    found = tally([], ["asked"])
    whole = completed({}, ["asked"])
    assert whole == found
    assert whole["asked"].answered == 1
    assert "younger" not in whole
    failing = counted(failed=1)
    assert completed({"asked": failing}, ["asked", "other"]) == {"asked": failing, "other": counted()}
