"""How values read, what charts measure, and which characters can be drawn."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.report import charts, words
from reporter.report.fonts import families, legible, missing
from reporter.report.posture import Counts, RunPoint
from reporter.report.text import cell, seen

COUNTS = st.builds(Counts, *[st.integers(0, 10**6)] * 2, st.just(0), st.just(0), st.integers(0, 10**6))


@given(st.integers(0, 10**6), st.integers(1, 10**6))
@settings(max_examples=100, deadline=None)
def test_a_percentage_is_never_rounded_to_all_or_nothing(part, whole):
    """100 % means all of it and 0 % none of it."""
    share = min(part, whole) / whole
    assert (words.percent(share) == "100 %") == (share == 1)
    assert (words.percent(share) == "0 %") == (share == 0)


def test_no_answers_give_no_rate():
    """Nothing answered is neither 0 % nor 100 %."""
    assert words.percent(Counts().pass_rate) == "–"
    assert words.percent(Counts(insufficient=3).answered_rate) == "0 %"


def test_waived_and_unanswered_do_not_raise_the_rate():
    """A waived finding counts as failed; what was not answered is left out of both sides."""
    assert Counts(passed=8, failed=2, waived=2, insufficient=5).pass_rate == 0.8


@given(COUNTS)
@settings(max_examples=100, deadline=None)
def test_a_bar_is_as_long_as_its_parts(counts):
    """No part is lost, none is too thin to see, and they fill the bar."""
    bar = charts.answers(counts, "All", 200)
    assert {s.kind for s in bar.segments} == {
        kind for kind, n in (("open", counts.open), ("no_data", counts.insufficient), ("passed", counts.passed)) if n
    }
    assert all(s.width >= 2 for s in bar.segments)
    if bar.segments:
        assert abs(bar.segments[-1].x + bar.segments[-1].width - 200) < 0.1


@given(st.lists(COUNTS, min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_a_trend_stays_inside_its_frame(runs):
    """The tallest bar ends below the top, every bar stands on the line or on another."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    chart = charts.trend([RunPoint("r", at, counts, 1, 1) for counts in runs])
    assert all(0 <= s.y <= s.y + s.height <= chart.base + 0.1 for s in chart.bars)
    assert all(s.x + s.width <= chart.width for s in chart.bars)
    assert len(chart.totals) == len(runs)


@given(st.text())
@settings(max_examples=100, deadline=None)
def test_what_is_shown_can_be_seen(text):
    """Making text harmless twice changes nothing more; a cell never starts like a formula."""
    assert seen(seen(text)) == seen(text)
    assert not cell(text).lstrip().startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize(("text", "printed"), [
    ("denied", "Denied."), ("s3:GetObject is denied", "s3:GetObject is denied."), ("iPhone", "iPhone."), ("", ""),
    ("Done!", "Done!"), ("arn:aws:s3:::x", "arn:aws:s3:::x."),
])  # fmt: skip
def test_a_sentence_leaves_names_alone(text, printed):
    """Only an ordinary first word is capitalised."""
    assert words.sentence(text) == printed


def test_instants_are_told_in_the_reader_s_zone():
    """With its name; the same bytes whatever the machine's locale."""
    at = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert words.instant(at) == "29 Mar 2026, 00:30 UTC"
    assert words.instant(at, ZoneInfo("Europe/Berlin")) == "29 Mar 2026, 01:30 CET"
    assert words.day(date(2026, 3, 29)) == "29 Mar 2026"
    assert words.instant(None) == "–"


@pytest.mark.parametrize(("name", "called"), [
    ("arn:aws:cloudtrail:eu-west-1:1:trail/main", "main"), ("arn:aws:s3:::bucket", "bucket"), ("a/b:c", "a/b:c"),
    ("arn:aws:sns:eu-west-1:1:topic", "topic"), ("arn:", "arn:"),
])  # fmt: skip
def test_a_resource_is_called_by_the_end_of_its_arn(name, called):
    """Anything that is no ARN keeps its whole name."""
    assert words.short(name) == called


def test_what_is_cut_says_how_much():
    """The reader knows that there is more, and where."""
    assert words.cut("x" * 1300, 60) == "x" * 60 + "… (1,240 more characters in the data)"
    assert words.shown(None) == "not configured"
    assert words.shown(False) == "false"
    assert words.shown({"b": 1, "a": "é"}) == '{"a": "é", "b": 1}'


def test_a_character_without_a_glyph_is_written_as_its_code_point():
    """Private and unassigned ones have none anywhere; ASCII has one everywhere."""
    assert legible("a\U000f1234b") == "aU+F1234b"
    assert missing("plain ASCII ~") == frozenset()
    assert legible("plain") == "plain"
    assert "DejaVu Sans" in families()


@given(st.lists(COUNTS, min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_the_figure_above_a_bar_stands_clear_of_the_uppermost_line(runs):
    """The tallest bar leaves a tenth of the scale for its figure; few runs make a chart no wider than their bars need."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    chart = charts.trend([RunPoint("r", at, counts, 1, 1) for counts in runs], 660, 170)
    highest = min((s.y for s in chart.bars), default=chart.base)
    uppermost = min(tick.y for tick in chart.ticks)
    assert highest - uppermost >= 0.08 * (chart.base - uppermost)
    assert (chart.width < 400) == (len(runs) <= 4)


def test_accounts_are_counted_in_one_set_of_words():
    """What nobody is, is not mentioned; the last two are joined by and."""
    rest = words.fared(partial=2, unreachable=1, suspended=1)
    assert words.coverage(13, 17, rest) == "13 of 17 accounts fully read, 2 read in part, 1 not reached and 1 suspended"
    assert words.coverage(1, 1, words.fared()) == "1 of 1 account fully read"
    assert words.fared(left_out=2, excluded=3) == ("2 left out by the settings", "3 left out")


def test_a_warning_stands_with_its_command_or_not_at_all():
    """It takes no room from the command, and is not left behind alone where the command is too long."""
    warned = "# cannot be taken back\naws s3api put-object-lock-configuration"
    assert words.commands(warned, 39) == warned.split("\n")
    assert words.commands(warned, 10) == []
