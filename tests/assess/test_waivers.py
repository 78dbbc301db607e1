"""Waivers: read strictly, matched exactly, listed when they end or cover nothing; they never change a status."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.assess import waivers
from reporter.assess.written import BadFile
from reporter.model import Account, Finding, Status, Waiver

CHECKS = {"s3-bucket-mfa-delete", "s3-bucket-tls-only", "cloudtrail-logging"}
TODAY = date(2026, 3, 1)
ACCOUNT = Account("111122223333", "build", ou_path="Root/Sandbox/Build")
GOOD = """
[[waiver]]
check = "s3-bucket-mfa-delete"
account = "111122223333"
resource = "arn:aws:s3:::cache-*"
reason = "Can be made again in an hour."
owner = "platform@example.com"
approver = "ciso@example.com"
ticket = "SEC-1"
expires_on = 2026-06-30
"""


def load(text):
    return waivers.load(text, "waivers.toml", CHECKS)


def problems(text):
    with pytest.raises(BadFile) as refused:
        load(text)
    return refused.value.problems


def finding(name="cache-1", check="s3-bucket-mfa-delete", status=Status.FAIL, account="111122223333"):
    return Finding(check, account, "eu-west-1", "AWS::S3::Bucket", name, f"arn:aws:s3:::{name}", status, "low")


def waiver(**more):
    required = {"check": "*", "reason": "r", "owner": "o", "approver": "a", "expires_on": date(2026, 6, 30)}
    made = Waiver(id="", **(required | more))
    return Waiver(**(required | more), id=waivers.identity(made))


def matched(one, what=None, account=ACCOUNT, tags=None, on=TODAY):
    return waivers.match(waivers.Waivers((one,)), what or finding(), account, tags, on) is not None


def test_a_waiver_is_read_with_an_id_of_its_own():
    """The id comes from what is waived: a longer expiry or a better reason leaves it."""
    (one,) = load(GOOD).items
    assert (one.owner, one.ticket, one.expires_on) == ("platform@example.com", "SEC-1", date(2026, 6, 30))
    longer = load(GOOD.replace("2026-06-30", "2027-06-30").replace("an hour", "a day")).items[0]
    assert one.id == longer.id
    assert one.id != load(GOOD.replace("cache-*", "cache-1")).items[0].id
    assert load(GOOD + 'id = "mine"').items[0].id == "mine"


def test_an_empty_file_waives_nothing():
    """The example that ships is all comment."""
    assert load("# nothing yet\n").items == ()


@pytest.mark.parametrize("key", ["check", "reason", "owner", "approver", "expires_on"])
def test_everything_but_the_ticket_is_required(key):
    """A waiver without a reason, an owner, an approver or an end is none."""
    lines = [line for line in GOOD.splitlines() if not line.startswith(key)]
    (said,) = problems("\n".join(lines))
    assert f'key "{key}" is missing' in said
    assert load(GOOD.replace('ticket = "SEC-1"', "")).items[0].ticket == ""


def test_a_waiver_without_a_selector_is_refused():
    """Waiving a check everywhere is possible, but has to be said."""
    bare = GOOD.replace('account = "111122223333"', "").replace('resource = "arn:aws:s3:::cache-*"', "")
    assert "selects nothing" in problems(bare)[0]
    assert load(bare + 'account = "*"').items[0].account == "*"


def test_a_waiver_of_everything_is_refused():
    """One line may not switch the report off."""
    text = (
        GOOD.replace('"s3-bucket-mfa-delete"', '"*"')
        .replace('"111122223333"', '"*"')
        .replace("arn:aws:s3:::cache-*", "*")
    )
    assert "waives every finding" in problems(text)[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("s3-bucket-mfa-delete", "s3-bucket-mfadelete"), 'Did you mean "s3-bucket-mfa-delete"?'),
        (("s3-bucket-mfa-delete", "ec2-*"), "is no check"),
        (('"111122223333"', '"11112222333"'), "12 digits"),
        (('"111122223333"', "111122223333"), "is no text"),
        (("2026-06-30", '"soon"'), "is no date"),
        (("2026-06-30", "2026-06-30T10:00:00Z"), "is no date"),
        (("owner =", "onwer ="), 'Did you mean "owner"?'),
        (('ticket = "SEC-1"', "tags = { Stage = 3 }"), "write texts by name"),
    ],
)
def test_each_slip_is_told_with_its_remedy(change, said):
    """One sentence for each, naming the waiver and the key."""
    found = problems(GOOD.replace(*change))
    assert any(said in one and one.startswith("waiver 1") for one in found)


def test_a_date_may_be_written_as_text():
    """Quotes around a date are no reason to refuse it."""
    assert load(GOOD.replace("2026-06-30", '"2026-06-30"')).items[0].expires_on == date(2026, 6, 30)


def test_two_waivers_of_the_same_are_refused():
    """Two reasons for one thing: one of them is forgotten."""
    assert "selects the same as waiver 1" in problems(GOOD + GOOD)[0]
    assert len(load(GOOD + 'id = "a"\n' + GOOD + 'id = "b"\n').items) == 2


def test_selectors_all_have_to_match():
    """Check, account, resource by ARN or name, OU and tags are globs, and all must fit."""
    assert matched(waiver(check="s3-*"))
    assert matched(waiver(resource="cache-?"))
    assert matched(waiver(resource="arn:aws:s3:::cache-1"))
    assert matched(waiver(account="1111*", ou="Root/Sandbox", tags={"Stage": "dev*"}), tags={"Stage": "dev-2"})
    assert not matched(waiver(check="cloudtrail-*"))
    assert not matched(waiver(resource="cache"))
    assert not matched(waiver(account="2*"))
    assert not matched(waiver(tags={"Stage": "dev*"}), tags={"Stage": "prod"})
    assert not matched(waiver(tags={"Stage": "dev*"}), tags={})


def test_a_waiver_by_tag_does_not_apply_where_tags_were_not_read():
    """Not knowing is no reason to accept."""
    assert not matched(waiver(tags={"Stage": "*"}), tags=None)


def test_an_ou_stands_for_all_it_holds():
    """The OU itself and everything below it, and no OU of a similar name."""
    assert matched(waiver(ou="Root/Sandbox"))
    assert matched(waiver(ou="Root/Sandbox/Build"))
    assert matched(waiver(ou="Root/*/Build"))
    assert not matched(waiver(ou="Root/Sand"))
    assert not matched(waiver(ou="Root/Sandbox/Build/Deeper"))


def test_names_with_the_characters_of_globs_match_themselves():
    """An OU called [old] is what it says."""
    odd = Account("111122223333", ou_path="Root/[old]")
    assert matched(waiver(ou="Root/[old]"), account=odd)


def test_a_waiver_holds_through_its_last_day():
    """The day after, the finding counts again."""
    one = waiver(expires_on=TODAY)
    assert matched(one)
    assert not matched(one, on=TODAY + timedelta(days=1))


def test_only_failing_findings_are_waived():
    """What passes, does not apply or was not seen needs no acceptance, and gets none."""
    for status in (Status.PASS, Status.NOT_APPLICABLE, Status.INSUFFICIENT_DATA):
        assert not matched(waiver(), finding(status=status))


def test_of_several_the_longest_counts():
    """Which waiver stands beside a finding does not depend on the order of a file."""
    short, long = waiver(check="s3-*"), waiver(resource="cache-1", expires_on=date(2027, 1, 1))
    for both in (waivers.combine(waivers.Waivers((short, long))), waivers.combine(waivers.Waivers((long, short)))):
        assert waivers.match(both, finding(), ACCOUNT, None, TODAY) == long


def test_the_longer_of_two_with_one_id_stays():
    """A waiver renewed in the database outlasts its older self in the file."""
    old, new = waiver(), waiver(expires_on=date(2027, 1, 1), reason="renewed")
    assert waivers.combine(waivers.Waivers((old,)), waivers.Waivers((new,))).items == (new,)


def test_expired_ending_and_unused_waivers_are_listed():
    """What has to be done about waivers is a list, soonest first."""
    gone = waiver(check="s3-*", expires_on=TODAY - timedelta(days=1))
    ending = waiver(resource="a", expires_on=TODAY + timedelta(days=30))
    lasting = waiver(resource="b", expires_on=TODAY + timedelta(days=31))
    review = waivers.review(waivers.combine(waivers.Waivers((lasting, gone, ending))), {lasting.id: 3}, TODAY)
    assert review.expired == (gone,)
    assert review.active == (ending, lasting)
    assert review.expiring == (ending,)
    assert review.unused == (ending,)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(list(Status)),
    st.text(max_size=20),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.none() | st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
)
def test_matching_never_changes_a_finding(status, name, on, tags):
    """Whatever the names, a waiver stands beside a finding or not at all."""
    what = finding(name or "x", status=status)
    found = waivers.match(waivers.Waivers((waiver(),)), what, ACCOUNT, tags, on)
    assert what.status is status
    assert (found is not None) == (status is Status.FAIL and on <= date(2026, 6, 30))
