"""The data of `tests/benchmarks/judge_prowler.py`: what it compares exists, and what it explains it explains once."""

import fnmatch
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import reporter.checks  # noqa: F401 -- fills the registry
from reporter.assess.evaluate import CHECKS
from reporter.simulate.organization import Bucket, Member, Organization, Trail

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from prowler_questions import EXPLANATIONS, QUESTIONS, Case

MEMBER = Member("111111111111", "one", "one@example.com", buckets=(Bucket("here"),), trails=(Trail("t", "there"),))
OTHER = Member("222222222222", "two", "two@example.com", buckets=(Bucket("there"),))
ORGANIZATION = Organization(1, MEMBER.id, (MEMBER, OTHER))
ELSEWHERE = Case(ORGANIZATION, MEMBER, "cloudtrail-bucket-not-public", MEMBER.trails[0], "insufficient_data", "pass")


def explained(case: Case) -> list[str]:
    return [one.key for one in EXPLANATIONS if one.explains(case)]


def test_what_is_compared_exists() -> None:
    """Every check of ours is in the catalogue, and no check of Prowler's stands in two questions."""
    assert {check for question in QUESTIONS for check in question.ours} <= CHECKS.keys()
    theirs = [check for question in QUESTIONS for check in question.theirs]
    assert len(theirs) == len(set(theirs))


@pytest.mark.parametrize("one", EXPLANATIONS, ids=lambda one: one.key)
def test_an_explanation_is_about_a_question_and_says_why(one) -> None:
    """Its globs match compared checks, its sentence ends, and its key is its own."""
    compared = {question.ours[0] for question in QUESTIONS}
    assert all(any(fnmatch.fnmatchcase(check, glob) for check in compared) for glob in one.checks.split())
    assert one.why.endswith(".")
    assert one.kind in {"wrong", "beyond"}
    assert [other.key for other in EXPLANATIONS].count(one.key) == 1


def with_insights(*, logging: bool) -> Case:
    """One kind of insight on the account's trail: Prowler passes it, ours does not."""
    trail = replace(MEMBER.trails[0], insights=("ApiCallRateInsight",), logging=logging)
    member = replace(MEMBER, trails=(trail,))
    return Case(Organization(1, MEMBER.id, (member, OTHER)), member, "cloudtrail-insights", None, "pass", "fail")


def test_ours_asks_more_only_where_both_agree_on_what_prowler_asks() -> None:
    """One kind of insight on a logging trail satisfies Prowler's question; on a stopped one its PASS stays unexplained."""
    assert explained(with_insights(logging=True)) == ["insights-one-kind"]
    assert explained(with_insights(logging=False)) == []


@pytest.mark.parametrize(
    ("check", "clause"),
    [
        ("cloudtrail-insights", "call rates and error rates"),
        ("s3-bucket-kms-encryption", "customer managed key"),
        ("s3-bucket-object-lock", "at least the target days"),
        ("cloudtrail-bucket-access-logging", "by data events"),
    ],
)
def test_the_clause_that_ours_adds_stands_in_its_title(check: str, clause: str) -> None:
    """Nobody has to guess that more is asked: the title of the check says so."""
    assert clause in CHECKS[check].title
    assert [one.key for one in EXPLANATIONS if one.kind == "beyond" and fnmatch.fnmatchcase(check, one.checks)]


def test_an_explanation_holds_only_against_what_was_built() -> None:
    """The bucket must really be elsewhere: the same pair of answers about a bucket at home stays unexplained."""
    assert explained(ELSEWHERE) == ["bucket-elsewhere"]
    assert explained(replace(ELSEWHERE, thing=replace(MEMBER.trails[0], bucket="here"))) == []
    assert explained(replace(ELSEWHERE, theirs="fail")) == []
