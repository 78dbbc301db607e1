"""From two states to one change: its kind, class and sentence."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reporter.documents.canonical import canonical
from reporter.drift.blame import blame
from reporter.drift.changes import describe, in_short
from reporter.drift.direction import judge
from reporter.drift.reverted import reverted_in_events
from reporter.model import ACCOUNT, EVERY_PART, ChangeKind, ConfigurationItem, Direction, Op, Unread

BUCKET = "AWS::S3::Bucket"
TRAIL = "AWS::CloudTrail::Trail"
THEN = datetime(2026, 11, 15, 2, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
BORN = datetime(2024, 1, 1, tzinfo=UTC)
DENIED = Unread("GetBucketPolicy", "s3:GetBucketPolicy", "AccessDenied")
POLICY = {"Statement": [{"Sid": "A", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}]}
OPEN = {"Name": "b", "Policy": POLICY, "Tags": {"Owner": "x"}, "Versioning": {"Status": "Enabled"}, "Lifecycle": None}


def bucket(configuration=OPEN, *, at=THEN, account="111122223333", created_at=BORN, unread=None):
    """A stored bucket."""
    return ConfigurationItem(
        account=account,
        region="eu-west-1",
        type=BUCKET,
        id="b",
        arn="arn:aws:s3:::b",
        configuration=canonical(BUCKET, configuration),
        captured_at=at,
        created_at=created_at,
        unread=unread or {},
    )


def told(before, after, **more):
    """The change between two items."""
    return describe(before, after, detected_at=NOW, **more)


def test_created_and_deleted():
    """First seen is created with no lower bound of its window; proven gone is deleted between the last look and now."""
    created, deleted = told(None, bucket()), told(bucket(), None)
    assert (created.kind, created.not_before, created.summary) == (ChangeKind.CREATED, None, "created")
    assert (deleted.kind, deleted.not_before, deleted.detected_at) == (ChangeKind.DELETED, THEN, NOW)
    assert created.klass == deleted.klass == "security"
    assert told(None, None) is None


def test_nothing_is_no_change():
    """Equal states, and states that differ in volatile values or times only, are no change."""
    assert told(bucket(), bucket(at=NOW)) is None


def test_modified_takes_the_gravest_class_and_says_the_gravest_thing():
    """A change of tags and of security is one of security, and its sentence says so first."""
    after = {**OPEN, "Tags": {"Owner": "y"}, "Versioning": {"Status": "Suspended"}}
    change = told(bucket(), bucket(after))
    assert (change.kind, change.klass, change.summary) == (
        ChangeKind.MODIFIED,
        "security",
        "Versioning.Status Enabled -> Suspended and 1 more",
    )
    assert told(bucket(), bucket({**OPEN, "Tags": {}})).klass == "tags"
    assert told(bucket(), bucket({**OPEN, "Lifecycle": {"Rules": [{"ID": "x"}]}})).klass == "operational"


def test_a_renamed_statement_is_cosmetic():
    """A Sid has no effect."""
    other = {"Statement": [{**POLICY["Statement"][0], "Sid": "B"}]}
    assert told(bucket(), bucket({**OPEN, "Policy": other})).klass == "cosmetic"


def test_lost_sight_is_its_own_kind_and_never_a_deletion():
    """A denied part is access_lost; back again it is access_restored; with an edit beside it, it is a modification."""
    lost = told(bucket(), bucket(unread={"Policy": DENIED}))
    assert lost.kind is ChangeKind.ACCESS_LOST
    assert "s3:GetBucketPolicy: AccessDenied" in lost.summary
    back = told(bucket(unread={"Policy": DENIED}), bucket())
    assert (back.kind, back.summary) == (ChangeKind.ACCESS_RESTORED, "Policy can be read again")
    both = told(bucket(), bucket({**OPEN, "Tags": None}, unread={"Policy": DENIED}))
    assert (both.kind, len(both.ops)) == (ChangeKind.MODIFIED, 2)
    assert both.summary.startswith("Tags removed")


@pytest.mark.parametrize("parts", [{"Policy"}, {"Policy", "Tags", "Versioning"}, {EVERY_PART}])
@pytest.mark.parametrize("carried", [True, False])
def test_a_gap_never_yields_deleted(parts, carried):
    """However much of a bucket is unread, and whether or not its last values are carried along, nothing is deleted or removed."""
    left = {key: value for key, value in OPEN.items() if key not in parts and EVERY_PART not in parts}
    unread = dict.fromkeys(parts, DENIED)
    lost = told(bucket(), bucket(OPEN if carried else left, unread=unread))
    assert lost.kind is ChangeKind.ACCESS_LOST
    assert {op.kind for op in lost.ops} == {"access_lost"}
    again = told(bucket(unread=unread), bucket())
    assert again.kind is ChangeKind.ACCESS_RESTORED
    assert {op.kind for op in again.ops} == {"access_restored"}


def test_recreated_by_a_later_creation_date():
    """Same name, later creation date: another bucket, the next incarnation."""
    change = told(bucket(), bucket({"Name": "b", "Tags": None}, created_at=NOW), incarnation=2)
    assert (change.kind, change.incarnation, change.klass) == (ChangeKind.RECREATED, 3, "security")
    assert change.summary.startswith("re-created: created 2024-01-01 00:00Z, now 2026-11-22 02:00Z")


def test_a_policy_edit_may_move_the_creation_date():
    """AWS lets the date move with an edit of the policy: then it is a modification, and no new incarnation."""
    edited = {"Statement": [{**POLICY["Statement"][0], "Action": "s3:*"}]}
    change = told(bucket(), bucket({**OPEN, "Policy": edited}, created_at=NOW))
    assert (change.kind, change.incarnation) == (ChangeKind.MODIFIED, 1)
    assert told(bucket(), bucket({**OPEN, "Policy": None}, created_at=NOW)).kind is ChangeKind.MODIFIED
    unseen = bucket(unread={"Policy": DENIED})
    assert told(unseen, bucket(created_at=NOW)).kind is ChangeKind.RECREATED


def test_a_bucket_that_lost_everything_is_another_one():
    """With the policy also other settings fell back to nothing: the edit of the policy does not explain the new date."""
    fresh = {"Name": "b", "Policy": None, "Tags": None, "Versioning": None, "Lifecycle": None}
    assert told(bucket(), bucket(fresh, created_at=NOW)).kind is ChangeKind.RECREATED


def test_an_earlier_creation_date_means_nothing():
    """Another region's copy of the list may give an older date."""
    assert told(bucket(), bucket(created_at=BORN - timedelta(days=1))) is None
    assert told(bucket(), bucket(created_at=None)) is None


def test_moved_to_another_owner():
    """The same bucket name in another account is moved, whatever else differs."""
    change = told(bucket(), bucket({**OPEN, "Tags": None}, account="999999999999", created_at=NOW))
    assert (change.kind, change.account, change.incarnation) == (ChangeKind.MOVED, "999999999999", 2)
    assert change.summary.startswith("moved from account 111122223333 to 999999999999; Tags removed")


def test_last_confirmed_can_be_later_than_the_last_change():
    """The window starts where the caller last confirmed the state, not where it began."""
    confirmed = NOW - timedelta(days=1)
    assert told(bucket(), bucket({**OPEN, "Tags": {}}), not_before=confirmed).not_before == confirmed


def test_accounts_join_and_leave():
    """An account that appears joined the organization, one that goes left it; its resources leave with it."""
    account = replace(bucket({"Name": "prod"}), type=ACCOUNT, id="111122223333", region="global")
    assert (told(None, account).kind, told(None, account).summary) == (ChangeKind.JOINED, "joined the organization")
    assert told(account, None).kind is ChangeKind.LEFT_ORG
    assert told(bucket(), None, left=True).kind is ChangeKind.LEFT_ORG


def test_what_is_sensitive_here_is_security():
    """The lifecycle of a log bucket and the tag that says what is confidential weigh as security; other tags do not."""
    after = {**OPEN, "Lifecycle": {"Rules": [{"ID": "x"}]}}
    assert told(bucket(), bucket(after), sensitive={"Lifecycle"}).klass == "security"
    before = bucket({**OPEN, "Tags": {"DataClass": "secret", "DataClassOld": "x"}})
    sensitive = {'Tags["DataClass"]'}
    assert (
        told(before, bucket({**OPEN, "Tags": {"DataClass": "open", "DataClassOld": "x"}}), sensitive=sensitive).klass
        == "security"
    )
    assert told(before, bucket({**OPEN, "Tags": {"DataClass": "secret"}}), sensitive=sensitive).klass == "tags"


@pytest.mark.parametrize(
    ("before", "after", "klass"),
    [
        ({"DataClass": "pii"}, None, "security"),
        (None, {"DataClass": "pii", "Owner": "x"}, "security"),
        ({"Owner": "x"}, None, "tags"),
    ],
)
def test_the_only_tag_is_as_sensitive_as_one_of_many(before, after, klass):
    """Tags that come or go whole are a matter of security where a sensitive one is among them."""
    change = told(bucket({**OPEN, "Tags": before}), bucket({**OPEN, "Tags": after}), sensitive={'Tags["DataClass"]'})
    assert change.klass == klass


# --- blame -----------------------------------------------------------------------------------------------------------


def test_blame_names_the_change_of_each_setting():
    """Each setting stands with the latest change that touched it; what never changed is as old as the resource."""
    states = [
        bucket(OPEN),
        bucket({**OPEN, "Versioning": {"Status": "Suspended"}}),
        bucket({**OPEN, "Versioning": {"Status": "Suspended"}, "Policy": None}),
        bucket({**OPEN, "Versioning": {"Status": "Suspended"}}),
    ]
    changes = [
        describe(one, other, detected_at=NOW + timedelta(days=number))
        for number, (one, other) in enumerate(itertools.pairwise(states))
    ]
    settings = {one.path: one for one in blame(states[-1].configuration, changes, BORN)}
    assert settings['Tags["Owner"]'].change is None
    assert settings['Tags["Owner"]'].since == BORN
    assert settings["Versioning.Status"].change is changes[0]
    assert settings['Policy.Statement["A"].Action'].change is changes[2]
    assert settings['Policy.Statement["A"].Action'].value == ["s3:GetObject"]


def test_blame_of_nameless_elements_takes_any_change_of_their_list():
    """A statement without a Sid is known by its words only, which change: the latest change of the list counts."""
    one = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "x"}
    other = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "y"}
    before = bucket({"Policy": {"Statement": [one, other]}})
    after = bucket({"Policy": {"Statement": [{**one, "Action": "s3:PutObject"}, other]}})
    change = told(before, after)
    assert all(setting.change is change for setting in blame(after.configuration, [change], BORN))


def test_blame_begins_anew_with_a_new_resource():
    """After a re-creation every setting is owed to it."""
    change = told(bucket(), bucket({"Name": "b", "Tags": None}, created_at=NOW))
    assert all(
        one.change is change for one in blame({"Name": "b", "Encryption": {"Rules": [{"x": 1}]}}, [change], BORN)
    )


# --- changed and changed back ----------------------------------------------------------------------------------------


def trail(*, logging=True, stopped=None, started=None, unread=None):
    """A stored trail with its volatile times."""
    times = {"StopLoggingTime": stopped, "StartLoggingTime": started}
    return ConfigurationItem(
        account="111122223333",
        region="eu-west-1",
        type=TRAIL,
        id="arn:aws:cloudtrail:eu-west-1:111122223333:trail/org",
        arn="arn:aws:cloudtrail:eu-west-1:111122223333:trail/org",
        configuration={"Status": {"IsLogging": logging}},
        captured_at=THEN,
        unread=unread or {},
        volatile={"Status": {key: value for key, value in times.items() if value}},
    )


def test_logging_off_and_on_again_is_seen():
    """Both looks find the trail logging, and AWS says when it was not: a change, with the span, worse and better again."""
    after = trail(stopped="2026-11-18T02:10:00Z", started="2026-11-18T02:55:00Z")
    change = judge(describe(trail(), after, detected_at=NOW), old=trail(), new=after)
    assert change.summary == (
        "Status.IsLogging true -> false -> true: logging was off 2026-11-18 02:10Z to 02:55Z (45 min)"
    )
    assert (change.klass, change.direction, change.severity) == ("security", Direction.MIXED, "high")
    assert describe(replace(trail(), captured_at=NOW), after, detected_at=NOW) is None


def test_logging_on_and_off_again_is_seen():
    """The reverse is told, too, and is nobody's alarm."""
    off = trail(logging=False, started="2026-11-18T02:00:00Z", stopped="2026-11-19T03:30:00Z")
    change = judge(describe(trail(logging=False), off, detected_at=NOW))
    assert "logging was on 2026-11-18 02:00Z to 2026-11-19 03:30Z (25 h 30 min)" in change.summary
    assert change.direction is Direction.NEUTRAL


@pytest.mark.parametrize(
    "before, after",
    [
        (trail(), trail()),
        (trail(), trail(stopped="2026-11-01T00:00:00Z", started="2026-11-01T01:00:00Z")),
        (trail(), trail(stopped="2026-11-18T02:55:00Z", started="2026-11-18T02:10:00Z")),
        (trail(unread={"Status": DENIED}), trail(stopped="2026-11-18T02:10:00Z", started="2026-11-18T02:55:00Z")),
        (trail(), trail(stopped="rubbish", started="2026-11-18T02:55:00Z")),
        (bucket(), bucket()),
    ],
    ids=["quiet", "long ago", "out of order", "not read", "unreadable time", "no trail"],
)
def test_what_is_no_reversal(before, after):
    """Old interruptions, unread states and other types are not reversals."""
    change = describe(before, after, detected_at=NOW)
    assert change is None or all(op.kind == "access_restored" for op in change.ops)


def test_a_plain_stop_is_told_once():
    """A trail that was stopped and stays so differs in its state, and in nothing else."""
    after = trail(logging=False, stopped="2026-11-18T02:10:00Z", started="2020-01-01T00:00:00Z")
    assert [op.text for op in describe(trail(), after, detected_at=NOW).ops] == ["Status.IsLogging true -> false"]


def test_touched_twice_and_as_before():
    """Two successful writes to one setting of a bucket that reads as before: told with both, and only within the window."""

    def put(hour, name="PutBucketPolicy", **more):
        return {
            "eventID": f"e{hour}",
            "eventName": name,
            "eventTime": f"2026-11-18T{hour}:00:00Z",
            "requestParameters": {"bucketName": "b"},
            **more,
        }

    def asked(*events):
        return reverted_in_events(bucket(), events, not_before=THEN, detected_at=NOW)

    change = asked(put("14"), put("10"), put("11", "GetBucketPolicy", readOnly=True))
    assert change.summary == (
        "Policy changed and is as before: PutBucketPolicy 2026-11-18 10:00Z, PutBucketPolicy 2026-11-18 14:00Z"
    )
    assert (change.klass, change.direction) == ("security", Direction.MIXED)
    assert asked(put("14")) is None
    assert asked(put("14"), put("10", errorCode="AccessDenied")) is None
    assert asked(put("14"), put("10", "PutBucketTagging")) is None
    assert asked(put("14"), put("10", requestParameters={"bucketName": "other"})) is None


def test_a_coming_and_going_while_the_account_was_read_is_told_once():
    """Opened before the account was read and closed minutes after: told now; both after: the next run's to tell."""

    def asked(*minutes):
        events = [
            {
                "eventID": f"e{minute}",
                "eventName": "PutBucketPolicy",
                "eventTime": (NOW + timedelta(minutes=minute)).isoformat(),
                "requestParameters": {"bucketName": "b"},
            }
            for minute in minutes
        ]
        return reverted_in_events(bucket(), events, not_before=THEN, detected_at=NOW, later=timedelta(minutes=5))

    assert asked(-1, 3) is not None
    assert asked(1, 3) is None
    assert asked(-1, 6) is None


def test_of_differences_that_say_the_same_the_shortest_is_named():
    """A trail that was stopped is named by its own switch, not by the copy of it in another region."""
    ops = [
        Op("changed", path, True, False, "security", f"{path} true -> false")
        for path in ('RegionStatus["ap-southeast-2"].IsLogging', "Status.IsLogging")
    ]
    assert in_short(ops) == "Status.IsLogging true -> false and 1 more"
