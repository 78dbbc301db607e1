"""Alike changes are put together; different ones never."""

from dataclasses import replace
from datetime import UTC, datetime

from reporter.drift.grouping import grouped, members
from reporter.drift.sensitive import BUCKET, TRAIL, Sensitive, sensitive
from reporter.model import Change, ChangeKind, ConfigurationItem, Direction, Op

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
OPENED = Op(
    "changed", "PublicAccessBlock.BlockPublicPolicy", True, False, "security", "BlockPublicPolicy true -> false"
)
CHANGE = Change(
    "111122223333", "eu-west-1", BUCKET, "b", "arn:aws:s3:::b", ChangeKind.MODIFIED, None, NOW, "security",
    Direction.WORSENED, "high", (OPENED,), "x",
)  # fmt: skip


def on(*names, **more):
    """The same change on several buckets."""
    return [replace(CHANGE, resource=name, **more) for name in names]


def test_three_alike_are_one_and_two_are_two():
    """From three on there is one group; fewer stay by themselves, in their order."""
    assert [len(one.changes) for one in grouped(on("a", "b", "c"))] == [3]
    assert [one.first.resource for one in grouped(on("a", "b"))] == ["a", "b"]


def test_any_difference_keeps_changes_apart():
    """Another value, kind, direction, severity, answer of a check, or type is another thing to read."""
    others = [
        replace(CHANGE, ops=(replace(OPENED, text="else"),)),
        replace(CHANGE, kind=ChangeKind.CREATED),
        replace(CHANGE, direction=Direction.MIXED),
        replace(CHANGE, severity="low"),
        replace(CHANGE, checks={"a": "pass -> fail"}),
        replace(CHANGE, type="AWS::S3::AccessPoint"),
    ]
    for other in others:
        assert sorted(len(one.changes) for one in grouped([*on("a", "b", "c"), other])) == [1, 3]


def test_the_caller_can_keep_apart_what_changes_do_not_say():
    """Two people doing the same are two groups, if that is asked for."""
    many = on("a", "b", "c", "d", "e", "f")
    who = dict(zip("abcdef", ["x", "y"] * 3, strict=True))
    assert [len(one.changes) for one in grouped(many, apart=lambda change: who[change.resource])] == [3, 3]
    shown, more = members(grouped(many)[0], 2)
    assert (len(shown), more) == (2, 4)


def test_the_lifecycle_of_a_trails_bucket_is_a_matter_of_security():
    """And only of that bucket; tags named as sensitive are one on every type."""
    trail = ConfigurationItem("1", "eu-west-1", TRAIL, "t", "t", {"S3BucketName": "logs"}, NOW)
    weighs = sensitive([trail], ["DataClass"])
    assert weighs == Sensitive(frozenset({"logs"}), frozenset({"DataClass"}))
    shorter = Op("changed", 'Lifecycle.Rules["x"].Expiration.Days', 180, 3, "operational", "Days 180 -> 3")
    label = Op("changed", 'Tags["DataClass"]', "pii", "public", "tags", "DataClass pii -> public")
    change = replace(CHANGE, resource="logs", ops=(shorter, label), klass="operational")
    assert {op.klass for op in weighs.weighed(change).ops} == {"security"}
    assert weighs.weighed(change).klass == "security"
    elsewhere = weighs.weighed(replace(change, resource="pictures"))
    assert [op.klass for op in elsewhere.ops] == ["operational", "security"]
    assert weighs.weighed(CHANGE) is CHANGE
