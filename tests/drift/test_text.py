"""Changes as lines: readable without colour, safe to print, nothing hidden without a count."""

from dataclasses import replace
from datetime import UTC, datetime

from reporter.drift.noise import Fold
from reporter.drift.text import LEGEND, Beside, Line, drift_lines, section, span, summary
from reporter.model import Actor, Attribution, Change, ChangeKind, Direction, Op, SettingMaker

THEN = datetime(2026, 11, 15, 2, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
WORSE = Change(
    account="111122223333",
    region="eu-west-1",
    type="AWS::S3::Bucket",
    resource="corp-logs",
    arn="arn:aws:s3:::corp-logs",
    kind=ChangeKind.MODIFIED,
    not_before=THEN,
    detected_at=NOW,
    klass="security",
    direction=Direction.WORSENED,
    severity="critical",
    ops=(
        Op(
            "changed",
            "PublicAccessBlock.BlockPublicPolicy",
            True,
            False,
            "security",
            "PublicAccessBlock.BlockPublicPolicy true -> false",
        ),
        Op(
            "added",
            'Policy.Statement["Oops"]',
            None,
            {},
            "security",
            'Policy.Statement["Oops"] added: Allow * s3:GetObject',
        ),
    ),
    summary="x",
    checks={"s3-public-access": "pass -> fail"},
    id=8123,
)
ALICE = Actor(
    "e",
    "PutBucketPolicy",
    datetime(2026, 11, 18, 14, 3, tzinfo=UTC),
    "alice via Admin",
    source_ip="203.0.113.7",
    via="console",
    mfa=True,
)


def rendered(changes, *, folds=(), **beside):
    """The lines as text."""
    sections = {"sections": beside.pop("sections")} if "sections" in beside else {}
    return "\n".join(str(line) for line in drift_lines(changes, Beside(**beside), folds=folds, **sections))


def test_a_worsened_change_in_full():
    """What, where, how bad, the checks, the differences, who, between when: every word there without colour."""
    text = rendered([WORSE], attribution=lambda _: Attribution("exact", "because", (ALICE,)))
    assert text.splitlines() == [
        "WORSENED 1",
        "  ~ AWS::S3::Bucket corp-logs (111122223333, eu-west-1) modified  CRITICAL worsened  #8123",
        "      ! s3-public-access: pass -> fail",
        "      ~ PublicAccessBlock.BlockPublicPolicy true -> false",
        '      + Policy.Statement["Oops"] added: Allow * s3:GetObject',
        "      by alice via Admin (203.0.113.7, console, MFA) PutBucketPolicy 2026-11-18 14:03Z [exact]",
        "      between 2026-11-15 02:00Z (last confirmed) and 2026-11-22 02:00Z (seen), 7 d",
        "",
        "Summary: 1 worsened; 1 modified",
    ]


def test_no_changes_is_said_first():
    """Nothing changed is one clear line."""
    assert rendered([]) == "No changes."


def test_uncertain_attribution_shows_its_reason_and_the_others():
    """Ambiguous names the candidates; none says why."""
    text = rendered(
        [WORSE],
        attribution=lambda _: Attribution("ambiguous", "two could have", (ALICE, replace(ALICE, principal="bob"))),
    )
    assert "[ambiguous]" in text
    assert "two could have" in text
    assert "also bob" in text
    assert "by nobody we can name: too old" in rendered([WORSE], attribution=lambda _: Attribution("none", "too old"))


def test_sections_by_direction_and_sight():
    """Worse and mixed first, lost sight on its own, the rest by direction and class."""
    changes = {
        "worsened": replace(WORSE, direction=Direction.MIXED),
        "access lost": replace(WORSE, direction=Direction.NEUTRAL, kind=ChangeKind.ACCESS_LOST),
        "improved": replace(WORSE, direction=Direction.IMPROVED),
        "neutral": replace(WORSE, direction=Direction.NEUTRAL),
        "tags": replace(WORSE, direction=Direction.NEUTRAL, klass="tags"),
        "cosmetic": replace(WORSE, direction=Direction.NEUTRAL, klass="cosmetic"),
    }
    assert {name: section(change) for name, change in changes.items()} == {name: name for name in changes}
    text = rendered(list(changes.values()))
    assert "Hidden: 1 tags, 1 cosmetic." in text
    assert "TAGS" in rendered(list(changes.values()), sections=frozenset({"tags"}))
    assert summary(changes.values()).startswith(
        "Summary: 1 worsened, 1 access lost, 1 improved, 1 neutral, 1 tags, 1 cosmetic;"
    )


def test_every_kind_has_its_symbol():
    """Each kind is told by a symbol and by a word."""
    for kind in ChangeKind:
        text = rendered([replace(WORSE, kind=kind, ops=(), checks={}, direction=Direction.NEUTRAL)])
        assert f" {kind.value.replace('_', ' ')}" in text
        assert text.splitlines()[1].split()[0] in {"+", "-", "~", "-/+", "!", "?"}
    assert all(symbol in LEGEND for symbol in "+-~!?")


def test_folds_and_acknowledgements_are_shown():
    """What was folded is one line and a count; what is acknowledged says by whom."""
    one = Fold("AWS::S3::Bucket", "Tags", 40, 100, 3, "tags", 0, 'Tags["a"] 1 -> 2', 40)
    text = rendered([WORSE], folds=[one], acknowledged=lambda _: "bob until 2027-01-01")
    assert "MANY AT ONCE 1" in text
    assert 'AWS::S3::Bucket Tags changed on 40 of 100 resources in 3 accounts, e.g. Tags["a"] 1 -> 2' in text
    assert "acknowledged: bob until 2027-01-01" in text


def test_the_summary_counts_what_only_a_folded_line_tells():
    """Forty changes folded into one line are forty changes, and that they are told there alone is said."""
    noise = replace(WORSE, direction=Direction.NEUTRAL, checks={})
    one = Fold("AWS::S3::Bucket", "Tags", 40, 100, 3, "tags", 0, 'Tags["a"] 1 -> 2', 40)
    lines = list(map(str, drift_lines([WORSE], folds=[one], folded=[noise] * 40)))
    assert lines[-1].startswith("Summary: 1 worsened, 40 neutral; 41 modified")
    assert lines[-1].endswith("; 40 of them told only under MANY AT ONCE")
    alone = list(map(str, drift_lines([], folds=[one], folded=[noise] * 40)))
    assert alone[-1].startswith("Summary: 40 neutral; 40 modified")


def test_hostile_words_stay_on_their_line():
    """Names, summaries and principals with controls or direction marks print as escapes."""
    evil = "x\n\x1b[31m\u202e"
    change = replace(WORSE, resource=evil, ops=(), summary=evil, checks={})
    lines = list(
        drift_lines(
            [change, change, change, replace(change, region=evil)],
            Beside(
                attribution=lambda _: Attribution("exact", evil, (replace(ALICE, principal=evil, user_agent=evil),)),
                acknowledged=lambda _: evil,
                account=lambda _: evil,
            ),
        )
    )
    assert all(str(line).isprintable() for line in lines)


def test_what_comes_or_goes_names_only_the_checks_that_fail():
    """A new resource moves every answer: what fails stands in one line, the rest is a count; a gone one has none."""
    checks = {"a": "absent -> fail", "b": "absent -> pass", "c": "absent -> fail"}
    came = replace(WORSE, kind=ChangeKind.CREATED, ops=(), checks=checks, summary="created")
    assert "      ! fails a, c (1 other does not)" in rendered([came]).splitlines()
    went = replace(came, kind=ChangeKind.DELETED, checks={"a": "fail -> absent"}, summary="deleted")
    assert "absent" not in rendered([went])


def test_alike_changes_are_one_with_their_resources():
    """The same change on many buckets is told once, with the names, the numbers and who made how many."""
    many = [replace(WORSE, resource=f"b{n}", id=n, account=f"{n % 2:012d}") for n in range(20)]
    text = rendered(many, attribution=lambda _: Attribution("exact", "x", (ALICE,)), account=lambda _: "prod")
    assert "  ~ 20 x AWS::S3::Bucket in 2 accounts modified  CRITICAL worsened" in text.splitlines()
    assert "on b0 #0, b1 #1," in text
    assert "and 8 more" in text
    assert "[exact], 20 of 20" in text
    assert text.count("BlockPublicPolicy") == 1
    assert "Summary: 20 worsened; 20 modified" in text
    two = rendered(many[:2])
    assert two.count("BlockPublicPolicy") == 2


def test_an_account_goes_by_its_name():
    """The account's name stands before its number, where it is known."""
    assert "(prod-log 111122223333, eu-west-1)" in rendered([WORSE], account=lambda _: "prod-log")


def test_long_changes_are_cut_with_a_count():
    """Twelve differences are shown, the rest counted."""
    many = tuple(Op("changed", f"P{n}", 1, 2, text=f"P{n} 1 -> 2") for n in range(20))
    assert "(8 more differences)" in rendered([replace(WORSE, ops=many)])


def test_a_line_is_data():
    """A line carries its tone for a terminal, and is plain text by itself."""
    assert str(Line(1, "+", "x", "came")) == "  + x"


def test_several_people_are_told_apart():
    """The headline says that there were others; each is named with the settings that are that person's doing."""
    bob = replace(ALICE, event_id="f", event_name="PutBucketPublicAccessBlock", principal="bob")
    settings = (
        SettingMaker(WORSE.ops[0].path, "exact", "", (bob,)),
        SettingMaker(WORSE.ops[1].path, "exact", "", (ALICE,)),
    )
    text = rendered([WORSE], attribution=lambda _: Attribution("exact", "", (ALICE, bob), settings))
    assert (
        "by alice via Admin and 1 other (203.0.113.7, console, MFA) PutBucketPolicy 2026-11-18 14:03Z [exact]" in text
    )
    assert 'Policy.Statement["Oops"]\n' in text
    assert "also bob" in text
    assert "PutBucketPublicAccessBlock 2026-11-18 14:03Z: PublicAccessBlock.BlockPublicPolicy" in text
    alone = rendered([WORSE], attribution=lambda _: Attribution("exact", "", (ALICE,), settings[1:]))
    assert "other" not in alone.split("by alice")[1].split("[exact]")[0]


def test_a_short_while_is_said_in_minutes():
    """An alert minutes after a run does not say "0 h"."""
    assert [span(one) for one in (0, 59, 60, 1500, 3600, 86400, 7 * 86400)] == [
        "0 s", "59 s", "1 min", "25 min", "1 h", "24 h", "7 d",
    ]  # fmt: skip
