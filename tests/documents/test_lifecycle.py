"""Days until S3 Lifecycle deletes objects under a prefix."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.documents.lifecycle import days_until_deletion

LOGS = "AWSLogs/"
ON, SUSPENDED = {"Status": "Enabled"}, {"Status": "Suspended"}


def rule(days=None, *, noncurrent=None, status="Enabled", where=None, newer=None, **more):
    """A lifecycle rule."""
    found = {"ID": "r", "Status": status, "Filter": {} if where is None else where, **more}
    if days is not None:
        found["Expiration"] = {"Days": days}
    if noncurrent is not None:
        found["NoncurrentVersionExpiration"] = {"NoncurrentDays": noncurrent}
        if newer:
            found["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = newer
    return found


def rules(*found):
    """A lifecycle configuration."""
    return {"Rules": list(found)}


@pytest.mark.parametrize(
    "lifecycle, versioning, days",
    [
        (None, None, (None, None, None, None)),
        (rules(), ON, (None, None, None, None)),
        (rules(rule(1)), None, (1, None, 1, 1)),
        (rules(rule(1, status="Disabled")), None, (None, None, None, None)),
        (rules(rule(400), rule(90)), None, (90, None, 90, 90)),
        (rules(rule(90)), ON, (90, None, None, None)),
        (rules(rule(90, noncurrent=30)), ON, (90, 30, 120, 30)),
        (rules(rule(90), rule(noncurrent=400)), ON, (90, 400, 490, 400)),
        (rules(rule(noncurrent=30)), ON, (None, 30, None, 30)),
        (rules(rule(90, noncurrent=30, newer=2)), ON, (90, 30, None, 30)),
        (rules(rule(90, noncurrent=30)), SUSPENDED, (90, 30, 90, 30)),
        (rules(rule(noncurrent=30)), None, (None, None, None, None)),
        (rules(rule(90)), {"Status": "Enabled", "MFADelete": "Disabled"}, (90, None, None, None)),
        (rules(rule(Expiration={"Date": "2031-01-01"})), None, (0, None, 0, 0)),
        (rules(rule(Expiration={"ExpiredObjectDeleteMarker": True})), ON, (None, None, None, None)),
        (rules(rule(Transitions=[{"Days": 30, "StorageClass": "GLACIER"}])), None, (None, None, None, None)),
        (rules(rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7})), None, (None, None, None, None)),
    ],
)
def test_days(lifecycle, versioning, days):
    """(current, noncurrent, least, soonest), with and without versioning."""
    found = days_until_deletion(lifecycle, versioning, LOGS)
    assert (found.current, found.noncurrent, found.least, found.soonest) == days


@pytest.mark.parametrize(
    "where, counts",
    [
        ({}, True),
        ({"Prefix": ""}, True),
        ({"Prefix": "AWSLogs/"}, True),
        ({"Prefix": "AWS"}, True),
        ({"Prefix": "AWSLogs/111111111111/"}, True),
        ({"Prefix": "access/"}, False),
        ({"Prefix": "AWSLogsX/"}, False),
        ({"And": {"Prefix": "AWSLogs/", "ObjectSizeGreaterThan": 1024}}, True),
        ({"And": {"Prefix": "tmp/", "ObjectSizeGreaterThan": 1024}}, False),
        ({"ObjectSizeLessThan": 1024}, True),
    ],
)
def test_a_rule_counts_where_some_object_falls_under_it(where, counts):
    """Prefixes overlap in either direction; any size may occur."""
    found = days_until_deletion(rules(rule(7, where=where)), None, LOGS)
    assert found.least == (7 if counts else None)


def test_an_old_style_prefix_counts_too():
    """Rules of before 2018 have the prefix beside the status."""
    old = {"ID": "r", "Status": "Enabled", "Prefix": "access/", "Expiration": {"Days": 7}}
    assert days_until_deletion(rules(old), None, LOGS).least is None
    assert days_until_deletion(rules(old), None, "access/").least == 7


@pytest.mark.parametrize(
    "where",
    [{"Tag": {"Key": "a", "Value": "b"}}, {"And": {"Prefix": "AWSLogs/", "Tags": [{"Key": "a", "Value": "b"}]}}],
)
def test_rules_for_tagged_objects_are_told_apart(where):
    """Log objects carry no tags unless somebody tags them."""
    found = days_until_deletion(rules(rule(7, where=where), rule(400)), None, LOGS)
    assert (found.least, found.tagged) == (400, 7)
    assert "rule r: expires after 7 days if tagged" in found.because


DAYS = st.none() | st.integers(1, 1000)
RULES = st.builds(
    rule,
    DAYS,
    noncurrent=DAYS,
    status=st.sampled_from(["Enabled", "Enabled", "Disabled"]),
    where=st.sampled_from([{}, {"Prefix": "AWSLogs/"}, {"Prefix": "x/"}, {"Tag": {"Key": "a", "Value": "b"}}]),
    newer=st.sampled_from([None, 3]),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(RULES, max_size=4), st.sampled_from([None, ON, SUSPENDED]), RULES)
def test_another_rule_never_lengthens_a_life(found, versioning, another):
    """Adding a rule can only bring deletion forward."""
    before = days_until_deletion(rules(*found), versioning, LOGS)
    after = days_until_deletion(rules(*found, another), versioning, LOGS)
    for name in ("current", "noncurrent", "least", "soonest", "tagged"):
        old, new = getattr(before, name), getattr(after, name)
        assert old is None or (new is not None and new <= old)


@settings(max_examples=50, deadline=None)
@given(st.lists(RULES, max_size=4), st.sampled_from([None, ON, SUSPENDED]))
def test_somebody_helping_never_delays_deletion(found, versioning):
    """Deleting first, or tagging first, is at least as quick as lifecycle alone."""
    days = days_until_deletion(rules(*found), versioning, LOGS)
    for quick, slow in ((days.soonest, days.least), (days.tagged, days.soonest)):
        assert slow is None or (quick is not None and quick <= slow)
