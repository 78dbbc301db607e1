"""Drift against desired values and against a pinned snapshot."""

from datetime import UTC, datetime

import pytest

from reporter.documents.canonical import canonical
from reporter.drift.baseline import BadBaseline, against_pinned, deviations, parse
from reporter.model import Account, ChangeKind, ConfigurationItem, Unread

BUCKET = "AWS::S3::Bucket"
NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
ACCOUNTS = {"1": Account("1", ou_path="Root/Prod/Web"), "2": Account("2", ou_path="Root/Test")}
DENIED = Unread("GetBucketVersioning", "s3:GetBucketVersioning", "AccessDenied")


def bucket(name, configuration, account="1", unread=None):
    """A bucket."""
    return ConfigurationItem(
        account, "eu-west-1", BUCKET, name, f"arn:aws:s3:::{name}", canonical(BUCKET, configuration), NOW, unread or {}
    )


def found(entry, *items):
    """The texts of the deviations from one entry."""
    baseline = parse("golden", [{"type": BUCKET, **entry}])
    return [one.text for one in deviations(baseline, items, ACCOUNTS)]


ON = bucket("on", {"Versioning": {"Status": "Enabled"}, "Tags": {"DataClass": "secret", "Env": "prod"}})
OFF = bucket("off", {"Versioning": {"Status": "Suspended"}, "Tags": {"DataClass": "open"}}, "2")
BARE = bucket("bare", {"Versioning": None, "Tags": None}, "2")


def test_equals():
    """A value that is not the desired one deviates; not configured deviates, too."""
    assert found({"path": "Versioning.Status", "equals": "Enabled"}, ON, OFF, BARE) == [
        "Versioning.Status is Suspended, desired Enabled",
        "Versioning.Status is not set, desired Enabled",
    ]
    assert found({"path": "Versioning", "equals": None}, BARE) == []


def test_one_of_subset_absent():
    """The other tests: one of several values, nothing beyond a list, nothing at all."""
    assert found({"path": "Versioning.Status", "one_of": ["Enabled", "Suspended"]}, ON, OFF, BARE) == [
        "Versioning.Status is not set, desired one of [Enabled, Suspended]"
    ]
    assert found({"path": "Versioning", "absent": True}, ON, BARE) == ["Versioning is Status Enabled, desired nothing"]
    policy = {"Policy": {"Statement": [{"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"]}]}}
    one = bucket("b", policy)
    allowed = {"path": 'Policy.Statement["A"].Action', "subset": ["s3:GetObject"]}
    assert found(allowed, one) == [
        'Policy.Statement["A"].Action is [s3:GetObject, s3:PutObject], desired nothing but [s3:GetObject]'
    ]
    assert found({**allowed, "subset": ["s3:PutObject", "s3:GetObject", "s3:List*"]}, one) == []
    assert found({"path": "Policy.Statement[*].Effect", "equals": "Deny"}, one) == [
        'Policy.Statement["A"].Effect is Allow, desired Deny'
    ]


def test_true_is_not_one_and_a_list_of_one_is_its_element():
    """Types count; the spelling of a list of one does not."""
    block = bucket(
        "b", {"PublicAccessBlock": {"BlockPublicAcls": True}, "Policy": {"Statement": {"Sid": "A", "Action": "s3:*"}}}
    )
    assert found({"path": "PublicAccessBlock.BlockPublicAcls", "equals": 1}, block)
    assert not found({"path": "PublicAccessBlock.BlockPublicAcls", "equals": True}, block)
    assert not found({"path": 'Policy.Statement["A"].Action', "equals": "s3:*"}, block)


@pytest.mark.parametrize(
    "selector, names",
    [
        ({}, ["on", "off", "bare"]),
        ({"account": "2"}, ["off", "bare"]),
        ({"account": ["1", "3*"]}, ["on"]),
        ({"ou": "Root/Prod"}, ["on"]),
        ({"ou": ["Root/*"]}, ["on", "off", "bare"]),
        ({"ou": "Root/Pro"}, []),
        ({"tags": {"DataClass": "s*"}}, ["on"]),
        ({"tags": {"DataClass": "*", "Env": "prod"}}, ["on"]),
        ({"resource": "o*"}, ["on", "off"]),
        ({"resource": "arn:aws:s3:::bare"}, ["bare"]),
    ],
)
def test_selectors(selector, names):
    """By account, unit and what is below it, tags, name or ARN; all that are given must hold."""
    baseline = parse("golden", [{"type": BUCKET, "path": "Nothing", "equals": "x", "reason": "why", **selector}])
    listed = list(deviations(baseline, [ON, OFF, BARE], ACCOUNTS))
    assert [one.resource for one in listed] == names
    assert all((one.reason, one.unread) == ("why", False) for one in listed)


def test_what_could_not_be_read_is_said():
    """An unread part neither deviates nor agrees: it is named, with the permission."""
    blind = bucket("b", {}, unread={"Versioning": DENIED})
    baseline = parse("golden", [{"type": BUCKET, "path": "Versioning.Status", "equals": "Enabled"}])
    (one,) = deviations(baseline, [blind], ACCOUNTS)
    assert one.unread
    assert one.text == "Versioning.Status could not be read: s3:GetBucketVersioning: AccessDenied"


def test_a_bad_baseline_is_refused_with_every_problem():
    """Each problem names the entry, the key and what would be right."""
    with pytest.raises(BadBaseline) as caught:
        parse(
            "golden",
            [
                {"path": "x", "equals": 1},
                {"type": BUCKET, "path": "x", "equal": 1},
                {"type": BUCKET, "path": "x", "subset": "a", "absent": False},
            ],
        )
    text = str(caught.value)
    assert "entry 1: type is missing" in text
    assert "entry 2: equal: unknown key" in text
    assert "entry 3: needs exactly one of" in text
    assert "entry 3: subset: 'a' is no list" in text


def test_against_a_pinned_snapshot():
    """What differs, came or went since it was pinned; gone counts only where the listing was complete."""
    pinned = [ON, OFF, BARE]
    now = [bucket("on", {"Versioning": None, "Tags": {"DataClass": "secret", "Env": "prod"}}), bucket("new", {})]
    everywhere = {("1", BUCKET, "eu-west-1"), ("2", BUCKET, "eu-west-1")}
    kinds = {one.resource: one.kind for one in against_pinned(pinned, now, listed=everywhere, detected_at=NOW)}
    assert kinds == {
        "on": ChangeKind.MODIFIED,
        "new": ChangeKind.CREATED,
        "off": ChangeKind.DELETED,
        "bare": ChangeKind.DELETED,
    }
    blind = {
        one.resource
        for one in against_pinned(pinned, now, listed=frozenset({("1", BUCKET, "eu-west-1")}), detected_at=NOW)
    }
    assert blind == {"on", "new"}
