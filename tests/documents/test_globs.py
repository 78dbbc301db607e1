"""Wildcard patterns, alone and compared with each other."""

import re
import time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.documents.globs import covers, matches, overlaps

PATTERNS = st.text("ab*?", max_size=5)
STRINGS = ["".join(letters) for size in range(6) for letters in product("abc", repeat=size)]
MANY = settings(max_examples=100, deadline=None)


def naive(pattern: str, text: str) -> bool:
    """The obvious translation to a regular expression."""
    return (
        re.fullmatch("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), text, re.DOTALL) is not None
    )


@MANY
@given(PATTERNS)
def test_a_pattern_matches_what_its_plain_translation_matches(pattern):
    """The fast matcher and the obvious one agree on every short string."""
    assert [matches(pattern, text) for text in STRINGS] == [naive(pattern, text) for text in STRINGS]


@MANY
@given(PATTERNS, PATTERNS)
def test_a_covering_pattern_matches_everything_the_covered_one_matches(wide, narrow):
    """`covers` is never claimed where some string tells the two apart."""
    if covers(wide, narrow):
        assert all(naive(wide, text) for text in STRINGS if naive(narrow, text))


@MANY
@given(st.text("ab*", max_size=5), st.text("ab*", max_size=5))
def test_covering_is_exact_without_question_marks(wide, narrow):
    """Where only stars are used, not covering always has a witness."""
    if not covers(wide, narrow):
        longer = [*STRINGS, *(narrow.replace("*", filler) for filler in ("", "c", "cc"))]
        assert any(naive(narrow, text) and not naive(wide, text) for text in longer)


@MANY
@given(PATTERNS, PATTERNS)
def test_overlap_is_found_exactly_when_a_string_fits_both(left, right):
    """`overlaps` agrees with trying every short string."""
    common = any(naive(left, text) and naive(right, text) for text in STRINGS)
    if common:
        assert overlaps(left, right)
    if overlaps(left, right) and len(left) + len(right) <= 5:
        assert common


@pytest.mark.parametrize(
    "wide, narrow, answer",
    [
        ("arn:aws:s3:::b*", "arn:aws:s3:::b/*", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b*", False),
        ("arn:aws:s3:::b/AWSLogs/*", "arn:aws:s3:::b/*", False),
        ("s3:*Object*", "s3:Get*Object?", True),
        ("?*", "*?", True),
        ("?", "*", False),
    ],
)
def test_known_pairs(wide, narrow, answer):
    """Pairs whose relation is clear to the eye."""
    assert covers(wide, narrow) is answer


def test_a_hostile_pattern_is_matched_in_reasonable_time():
    """Many stars do not send the matcher into backtracking."""
    started = time.perf_counter()
    assert not matches("*a" * 60 + "b", "a" * 2000)
    assert not overlaps("*a" * 40 + "b", "*a" * 40 + "c")
    assert not covers("?*" * 20, "*" + "a*" * 20 + "b?")
    assert time.perf_counter() - started < 2
