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
    assert one.kind in {"wrong", "narrower"}
    assert [other.key for other in EXPLANATIONS].count(one.key) == 1


def test_an_explanation_holds_only_against_what_was_built() -> None:
    """The bucket must really be elsewhere: the same pair of answers about a bucket at home stays unexplained."""
    assert explained(ELSEWHERE) == ["bucket-elsewhere"]
    assert explained(replace(ELSEWHERE, thing=replace(MEMBER.trails[0], bucket="here"))) == []
    assert explained(replace(ELSEWHERE, theirs="fail")) == []
