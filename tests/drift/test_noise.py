"""The noise guard: what changes everywhere is one line, and always counted."""

from dataclasses import replace
from datetime import UTC, datetime

from reporter.drift.noise import fold, hidden
from reporter.model import Change, ChangeKind, Direction, Op

BUCKET = "AWS::S3::Bucket"
NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)


def change(name, *ops, kind=ChangeKind.MODIFIED, direction=Direction.NEUTRAL, account="1"):
    """A change of one bucket."""
    return Change(
        account, "eu-west-1", BUCKET, name, f"arn:aws:s3:::{name}", kind, NOW, NOW, ops=ops, direction=direction
    )


def op(path, before="1", after="2", klass="operational", kind="changed"):
    """A difference."""
    return Op(kind, path, before, after, klass, f"{path} {before} -> {after}")


def test_one_flapping_field_is_one_line():
    """A field that changed on 40 of 100 buckets is one fold; the changes that held nothing else are gone from the list."""
    changes = [change(f"b{n}", op("Notification.Etag", str(n), str(n + 1))) for n in range(40)]
    kept, folds = fold(changes, {BUCKET: 100})
    assert kept == ()
    assert [(one.path, one.changed, one.total, one.quiet) for one in folds] == [("Notification.Etag", 40, 100, True)]
    assert hidden(folds) == "1 setting changed on many resources at once and is shown as one line (40 changes)"


def test_real_changes_survive_beside_the_noise():
    """A bucket that also changed for itself keeps that, with its class and sentence; others are untouched."""
    noise = op("Notification.Etag")
    own = op("PublicAccessBlock.BlockPublicAcls", klass="security")
    changes = [change(f"b{n}", noise) for n in range(39)] + [
        change("b39", own, noise),
        change("c", own),
        change("d", kind=ChangeKind.DELETED),
    ]
    kept, _ = fold(changes, {BUCKET: 100})
    assert [(one.resource, one.ops, one.klass) for one in kept[:1]] == [("b39", (own,), "security")]
    assert kept[0].summary == own.text
    assert [one.resource for one in kept] == ["b39", "c", "d"]


def test_elements_and_free_words_do_not_hide_the_pattern():
    """The same setting under different names of rules or tags is one spot."""
    changes = [change(f"b{n}", op(f'Tags["k{n}"]', klass="tags")) for n in range(10)]
    assert [one.path for one in fold(changes, {BUCKET: 10})[1]] == ["Tags"]


def test_a_third_is_the_border_and_few_are_never_noise():
    """At or under the share, or with few resources, everything is told singly."""
    changes = [change(f"b{n}", op("Website")) for n in range(30)]
    assert fold(changes, {BUCKET: 100})[1] == ()
    assert len(fold(changes, {BUCKET: 99})[1]) == 1
    assert fold(changes[:4], {BUCKET: 4})[1] == ()


def test_worsened_security_is_folded_but_never_quiet():
    """A script that opens every bucket is one line, too, and that line is not to be kept out of mails."""
    flag = op("PublicAccessBlock.BlockPublicAcls", "true", "false", "security")
    changes = [change(f"b{n}", flag, direction=Direction.WORSENED, account=str(n % 3)) for n in range(20)]
    (one,) = fold(changes, {BUCKET: 20})[1]
    assert (one.quiet, one.worsened, one.alike, one.accounts) == (False, 20, 20, 3)
    assert str(one).endswith("20 worsened")


def test_lost_sight_folds_apart_from_edits():
    """A permission lost everywhere is one line and does not mix with edits of the same part."""
    lost = [change(f"b{n}", op("Policy", kind="access_lost"), kind=ChangeKind.ACCESS_LOST) for n in range(20)]
    edits = [change(f"e{n}", op("Policy")) for n in range(3)]
    kept, folds = fold(lost + edits, {BUCKET: 23})
    assert len(folds) == 1
    assert [one.resource for one in kept] == ["e0", "e1", "e2"]


def test_re_created_buckets_keep_their_differences():
    """Only plain modifications are folded; existence is told one by one."""
    changes = [replace(change(f"b{n}", op("Website")), kind=ChangeKind.RECREATED) for n in range(10)]
    assert fold(changes, {BUCKET: 10}) == (tuple(changes), ())


def test_what_flaps_from_run_to_run_is_counted_by_resource():
    """Six changes of one bucket are no six buckets: nothing is folded; forty of ten say so."""
    assert fold([change("b", op("Website", str(n), str(n + 1))) for n in range(6)], {BUCKET: 19})[1] == ()
    changes = [change(f"b{n % 10}", op("Website", str(n), str(n + 1))) for n in range(40)]
    (one,) = fold(changes, {BUCKET: 19})[1]
    assert (one.changed, one.times, one.accounts) == (10, 40, 1)
    assert "Website changed on 10 of 19 resources in 1 account, 40 times, e.g. " in str(one)
    assert hidden([one]) == "1 setting changed on many resources at once and is shown as one line (40 changes)"
    assert "2 settings changed on many resources at once" in hidden([one, one])


def test_nothing_gives_nothing():
    """No changes, no folds, no line."""
    assert fold([], {}) == ((), ())
    assert hidden([]) == ""
