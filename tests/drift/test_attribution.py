"""Matching a change to the events that made it, with an honest confidence."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reporter.documents.canonical import canonical
from reporter.drift.attribution import ask_again_at, attribute, event_names, lookup
from reporter.drift.blame import blame, made
from reporter.drift.changes import describe
from reporter.drift.claimed import claims
from reporter.drift.event_names import EXISTENCE, FOLLOWS, WRITERS
from reporter.drift.paths import keys, last_key, locate
from reporter.drift.redaction import redacted
from reporter.drift.worsening import headed, worsened
from reporter.model import ACCOUNT, Change, ChangeKind, ConfigurationItem, Direction, Unread

BUCKET = "AWS::S3::Bucket"
TRAIL = "AWS::CloudTrail::Trail"
THEN = datetime(2026, 11, 15, 2, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
ARNS = {BUCKET: "arn:aws:s3:::logs", TRAIL: "arn:aws:cloudtrail:eu-west-1:111122223333:trail/org"}

PUBLIC = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Oops", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}],
}


def item(type, configuration, unread=None, **more):
    """A stored item of a bucket `logs`, a trail `org` or another type."""
    arn = more.pop("arn", ARNS.get(type, ""))
    return ConfigurationItem(
        account="111122223333",
        region=more.pop("region", "eu-west-1"),
        type=type,
        id=more.pop("id", "logs" if type == BUCKET else arn),
        arn=arn,
        configuration=canonical(type, configuration),
        captured_at=THEN,
        unread=unread or {},
        **more,
    )


def changed(type, before, after, **more):
    """The change between two configurations."""
    return describe(item(type, before, **more), item(type, after, **more), detected_at=NOW)


def event(name, parameters, at="2026-11-18T14:03:00Z", **more):
    """A CloudTrail record by alice."""
    return {
        "eventID": more.pop("eventID", f"{name}-{at}"),
        "eventName": name,
        "eventTime": at,
        "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "userName": "alice"},
        "requestParameters": parameters,
        **more,
    }


def policy_put(document, at="2026-11-18T14:03:00Z", **more):
    """PutBucketPolicy as S3 logs it."""
    return event(
        "PutBucketPolicy", {"bucketName": "logs", "bucketPolicy": document, "Host": "s3", "policy": ""}, at, **more
    )


POLICY_CHANGE = changed(BUCKET, {"Policy": None}, {"Policy": PUBLIC})

EXACT = [
    ("a policy from nothing", POLICY_CHANGE, policy_put(PUBLIC)),
    (
        "a statement added",
        changed(BUCKET, {"Policy": {"Statement": []}}, {"Policy": {"Statement": PUBLIC["Statement"]}}),
        policy_put({"Statement": {**PUBLIC["Statement"][0], "Action": ["s3:GetObject"]}}),
    ),
    (
        "a policy deleted",
        changed(BUCKET, {"Policy": PUBLIC}, {"Policy": None}),
        event("DeleteBucketPolicy", {"bucketName": "logs"}),
    ),
    (
        "a flag",
        changed(
            BUCKET, {"PublicAccessBlock": {"BlockPublicAcls": True}}, {"PublicAccessBlock": {"BlockPublicAcls": False}}
        ),
        event(
            "PutBucketPublicAccessBlock",
            {"bucketName": "logs", "PublicAccessBlockConfiguration": {"BlockPublicAcls": False, "xmlns": "x"}},
        ),
    ),
    (
        "versioning with another spelling",
        changed(BUCKET, {"Versioning": None}, {"Versioning": {"Status": "Enabled", "MFADelete": "Enabled"}}),
        event(
            "PutBucketVersioning",
            {"bucketName": "logs", "VersioningConfiguration": {"Status": "Enabled", "MfaDelete": "Enabled"}},
        ),
    ),
    (
        "days of a rule",
        changed(
            BUCKET,
            {"Lifecycle": {"Rules": [{"ID": "old", "Expiration": {"Days": 365}}]}},
            {"Lifecycle": {"Rules": [{"ID": "old", "Expiration": {"Days": 30}}]}},
        ),
        event(
            "PutBucketLifecycle",
            {"bucketName": "logs", "LifecycleConfiguration": {"Rule": {"ID": "old", "Expiration": {"Days": 30}}}},
        ),
    ),
    (
        "a rule dropped by a put",
        changed(
            BUCKET,
            {"Lifecycle": {"Rules": [{"ID": "old", "Status": "Enabled"}, {"ID": "new", "Status": "Enabled"}]}},
            {"Lifecycle": {"Rules": [{"ID": "new", "Status": "Enabled"}]}},
        ),
        event(
            "PutBucketLifecycleConfiguration",
            {"bucketName": "logs", "LifecycleConfiguration": {"Rule": [{"ID": "new"}]}},
        ),
    ),
    (
        "logging stopped",
        changed(TRAIL, {"Status": {"IsLogging": True}}, {"Status": {"IsLogging": False}}),
        event("StopLogging", {"name": ARNS[TRAIL]}),
    ),
    (
        "a field of a trail, by its short name",
        changed(TRAIL, {"LogFileValidationEnabled": True}, {"LogFileValidationEnabled": False}),
        event("UpdateTrail", {"name": "org", "enableLogFileValidation": False}),
    ),
    (
        "selectors and what follows from them",
        changed(
            TRAIL,
            {"HasCustomEventSelectors": False, "Selectors": {"EventSelectors": [{"ReadWriteType": "All"}]}},
            {"HasCustomEventSelectors": True, "Selectors": {"EventSelectors": [{"ReadWriteType": "WriteOnly"}]}},
        ),
        event("PutEventSelectors", {"trailName": "org", "eventSelectors": [{"readWriteType": "WriteOnly"}]}),
    ),
    (
        "a key's policy as text",
        changed("AWS::KMS::Key", {"Policy": None}, {"Policy": PUBLIC}, arn="arn:aws:kms:eu-west-1:111122223333:key/k1"),
        event("PutKeyPolicy", {"keyId": "k1", "policyName": "default", "policy": json.dumps(PUBLIC)}),
    ),
    (
        "a key disabled",
        changed(
            "AWS::KMS::Key",
            {"Metadata": {"Enabled": True, "KeyState": "Enabled"}},
            {"Metadata": {"Enabled": False, "KeyState": "Disabled"}},
            arn="arn:aws:kms:eu-west-1:111122223333:key/k1",
        ),
        event("DisableKey", {"keyId": "arn:aws:kms:eu-west-1:111122223333:key/k1"}),
    ),
    (
        "retention of a log group",
        changed(
            "AWS::Logs::LogGroup",
            {"retentionInDays": 365},
            {"retentionInDays": 30},
            arn="arn:aws:logs:eu-west-1:111122223333:log-group:/aws/trail",
        ),
        event("PutRetentionPolicy", {"logGroupName": "/aws/trail", "retentionInDays": 30}),
    ),
    (
        "a tag put with all others",
        changed(BUCKET, {"Tags": {"Env": "dev", "Old": "x"}}, {"Tags": {"Env": "Prod"}}),
        event(
            "PutBucketTagging",
            {"bucketName": "logs", "Tagging": {"TagSet": {"Tag": [{"Key": "Env", "Value": "Prod"}]}}},
        ),
    ),
    (
        "a tag of a key",
        changed(
            "AWS::KMS::Key", {"Tags": {}}, {"Tags": {"Env": "prod"}}, arn="arn:aws:kms:eu-west-1:111122223333:key/k1"
        ),
        event("TagResource", {"keyId": "k1", "tags": [{"tagKey": "Env", "tagValue": "prod"}]}),
    ),
    (
        "the account's public access block",
        changed(
            ACCOUNT,
            {"PublicAccessBlock": {"BlockPublicAcls": True}},
            {"PublicAccessBlock": None},
            id="111122223333",
            region="global",
        ),
        event("DeleteAccountPublicAccessBlock", {"accountId": "111122223333"}),
    ),
]


@pytest.mark.parametrize("name, change, made_by", EXACT, ids=[case[0] for case in EXACT])
def test_exact(name, change, made_by):
    """An event whose parameters are the new value made the change."""
    found = attribute(change, [made_by])
    assert (found.confidence, [one.event_name for one in found.actors]) == ("exact", [made_by["eventName"]]), (
        found.reason
    )


def test_an_answer_of_lookup_events_is_unwrapped():
    """The record may come as LookupEvents wraps it: text in a field."""
    wrapped = {"EventId": "x", "EventName": "PutBucketPolicy", "CloudTrailEvent": json.dumps(policy_put(PUBLIC))}
    assert attribute(POLICY_CHANGE, [wrapped]).confidence == "exact"


def test_records_that_cannot_be_read_explain_nothing():
    """Text that is no record is passed over."""
    found = attribute(POLICY_CHANGE, [{"CloudTrailEvent": "{broken"}, {"CloudTrailEvent": "[]"}, policy_put(PUBLIC)])
    assert found.confidence == "exact"


def test_another_tag_value_is_not_exact():
    """A tagging that put another value explains nothing exactly."""
    change = changed(BUCKET, {"Tags": {"Env": "dev"}}, {"Tags": {"Env": "prod"}})
    put = event(
        "PutBucketTagging", {"bucketName": "logs", "Tagging": {"TagSet": {"Tag": {"Key": "Env", "Value": "test"}}}}
    )
    assert attribute(change, [put]).confidence == "likely"


def test_of_three_candidates_the_last_that_shows_the_value_made_it():
    """Earlier and later writes to the same setting are named beside the one that produced the state."""
    other = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}]}
    events = [policy_put(other, "2026-11-19T09:00:00Z"), policy_put(PUBLIC, "2026-11-20T09:00:00Z"), policy_put(other)]
    found = attribute(POLICY_CHANGE, events)
    assert found.confidence == "exact"
    assert [f"{one.at:%d}" for one in found.actors] == ["20", "19", "18"]
    assert "3 events on this setting" in found.reason


def test_the_only_candidate_is_likely():
    """One event that does not show the value: likely, with the reason."""
    found = attribute(POLICY_CHANGE, [event("PutBucketPolicy", {"bucketName": "logs"})])
    assert found.confidence == "likely"
    assert "only event in the window" in found.reason


def test_several_candidates_are_ambiguous_and_all_named():
    """Three events that do not show the value: ambiguous, newest first."""
    events = [event("PutBucketPolicy", {"bucketName": "logs"}, f"2026-11-{day}T09:00:00Z") for day in (17, 19, 18)]
    found = attribute(POLICY_CHANGE, events)
    assert found.confidence == "ambiguous"
    assert [f"{one.at:%d}" for one in found.actors] == ["19", "18", "17"]


def test_refused_and_reading_events_made_nothing():
    """An attempt that was denied is told as the reason; a read is not even that."""
    refused = policy_put(PUBLIC, errorCode="AccessDenied")
    found = attribute(POLICY_CHANGE, [refused, event("GetBucketPolicy", {"bucketName": "logs"}, readOnly=True)])
    assert found.confidence == "none"
    assert (
        found.reason
        == "only refused attempts in the window, the last PutBucketPolicy by alice (IAM user): AccessDenied"
    )
    assert not found.actors


@pytest.mark.parametrize(
    "stray",
    [
        policy_put(PUBLIC, "2026-11-14T09:00:00Z"),
        policy_put(PUBLIC, "2026-11-23T09:00:00Z"),
        event("PutBucketPolicy", {"bucketName": "other", "bucketPolicy": PUBLIC}),
        event("PutBucketLogging", {"bucketName": "other", "BucketLoggingStatus": {"TargetBucket": "logs"}}),
        event("PutBucketAcl", {"bucketName": "logs"}),
        {"eventName": "PutBucketPolicy", "requestParameters": {"bucketName": "logs"}},
        {},
    ],
    ids=["too early", "too late", "other bucket", "names it only", "other setting", "no time", "nothing"],
)
def test_what_is_not_about_it_does_not_count(stray):
    """Events outside the window, of other resources and of other settings explain nothing."""
    assert attribute(POLICY_CHANGE, [stray]).confidence == "none"


def test_reasons_for_none():
    """Why there is no answer is told: denied, too old, not delivered yet, nothing there, nothing known."""
    assert "AccessDenied" in attribute(POLICY_CHANGE, [], unavailable="cloudtrail:LookupEvents: AccessDenied").reason
    assert "90 days" in attribute(POLICY_CHANGE, [], asked_at=NOW + timedelta(days=91)).reason
    assert "ask again" in attribute(POLICY_CHANGE, [], asked_at=NOW + timedelta(minutes=2)).reason
    assert "no event in the window" in attribute(POLICY_CHANGE, [], asked_at=NOW + timedelta(hours=2)).reason
    unknown = changed("AWS::X::Y", {"Thing": 1}, {"Thing": 2}, arn="x")
    assert "no event is known to write Thing" in attribute(unknown, []).reason


def test_one_setting_without_its_event_lowers_the_whole():
    """Two settings changed and one event found: likely, and what is missing is said."""
    change = changed(
        BUCKET, {"Policy": None, "Versioning": None}, {"Policy": PUBLIC, "Versioning": {"Status": "Enabled"}}
    )
    found = attribute(change, [policy_put(PUBLIC)])
    assert found.confidence == "likely"
    assert "nothing found for 1 of 2 settings" in found.reason


def test_two_events_may_make_one_change():
    """Two updates of a trail, each of one field: both are producers, and that is exact."""
    change = changed(
        TRAIL, {"IsMultiRegionTrail": True, "KmsKeyId": "k1"}, {"IsMultiRegionTrail": False, "KmsKeyId": "k2"}
    )
    events = [
        event("UpdateTrail", {"name": "org", "isMultiRegionTrail": False}, "2026-11-17T09:00:00Z"),
        event("UpdateTrail", {"name": "org", "kmsKeyId": "k2"}, "2026-11-18T09:00:00Z"),
    ]
    found = attribute(change, events)
    assert (found.confidence, len(found.actors)) == ("exact", 2)


def by(name, one):
    """The same record, by somebody else."""
    return {**one, "userIdentity": {"type": "IAMUser", "userName": name}}


WIDE = changed(
    BUCKET,
    {"Versioning": {"Status": "Enabled"}, "Policy": None, "Tags": None, "PolicyStatus": {"IsPublic": False}},
    {"Versioning": {"Status": "Suspended"}, "Policy": PUBLIC, "Tags": {"a": "b"}, "PolicyStatus": {"IsPublic": True}},
)
SUSPENDED = event(
    "PutBucketVersioning",
    {"bucketName": "logs", "VersioningConfiguration": {"Status": "Suspended"}},
    "2026-11-17T09:00:00Z",
)
TAGGED = event(
    "PutBucketTagging",
    {"bucketName": "logs", "Tagging": {"TagSet": {"Tag": {"Key": "a", "Value": "b"}}}},
    "2026-11-20T09:00:00Z",
)
SEVERAL = [by("bob", SUSPENDED), by("alice", policy_put(PUBLIC)), by("carol", TAGGED)]


def test_each_setting_has_its_own_maker():
    """Three people changed a bucket between two runs: each difference names who made it, and what only follows another part too."""
    found = attribute(WIDE, SEVERAL)
    makers = {one.path: (one.actors[0].principal.split()[0], one.confidence) for one in found.settings}
    assert makers == {
        "Policy": ("alice", "exact"),
        "PolicyStatus.IsPublic": ("alice", "exact"),
        "Tags": ("carol", "exact"),
        "Versioning.Status": ("bob", "exact"),
    }
    assert found.confidence == "exact"


def test_the_headline_names_who_made_it_worse():
    """Of several people the one whose event made it worst comes first; where nothing got worse, the last."""
    worse = attribute(replace(WIDE, direction=Direction.WORSENED), SEVERAL)
    assert (worse.actors[0].principal.split()[0], worse.others) == ("alice", 2)
    neutral = attribute(WIDE, SEVERAL)
    assert (neutral.actors[0].principal.split()[0], neutral.others) == ("carol", 2)
    alone = attribute(replace(WIDE, direction=Direction.WORSENED), [SEVERAL[1]])
    assert (alone.actors[0].principal.split()[0], alone.others, alone.confidence) == ("alice", 0, "likely")
    assert "Versioning.Status" not in {one.path for one in alone.settings}, (
        "nobody is named for what nobody is known to have done"
    )


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        ({"Versioning": {"Status": "Enabled"}, "Logging": None}, {"Versioning": {"Status": "Suspended"}, "Logging": {"TargetBucket": "x", "TargetPrefix": ""}}, ["Versioning.Status"]),
        ({"Policy": PUBLIC, "Versioning": {"Status": "Enabled"}}, {"Policy": None, "Versioning": {"Status": "Suspended"}}, ["Versioning.Status"]),
        ({"Policy": None, "Versioning": {"Status": "Enabled"}}, {"Policy": PUBLIC, "Versioning": {"Status": "Suspended"}}, ["Policy", "Versioning.Status"]),
        ({"Tags": {"Class": "pii"}, "Acl": None}, {"Tags": None, "Acl": None}, ["Tags"]),
    ],
    ids=["one of two got better", "a public policy went", "the gravest first", "no rule tells"],
)  # fmt: skip
def test_which_differences_made_it_worse(before, after, paths):
    """By the rules for single settings and by what policies grant; where neither tells, all that did not get better."""
    change = replace(changed(BUCKET, before, after), direction=Direction.WORSENED)
    assert [op.path.partition("[")[0] for op in worsened(change)] == paths
    assert worsened(replace(change, direction=Direction.NEUTRAL)) == ()


@pytest.mark.parametrize(
    ("field", "narrow", "wide"),
    [("Principal", {"AWS": "arn:aws:iam::111122223333:root"}, "*"), ("Action", ["s3:GetObject"], ["s3:GetObject", "s3:PutObject"])],
    ids=["principal", "action"],
)  # fmt: skip
def test_a_statement_that_grants_more_made_it_worse(field, narrow, wide):
    """A single field of a statement that was widened is told from one that was narrowed."""
    statement = {**PUBLIC["Statement"][0], "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}
    one, other = ({"Policy": {"Statement": [{**statement, field: value}]}} for value in (narrow, wide))
    suspended = {"Versioning": {"Status": "Suspended"}}, {"Versioning": {"Status": "Enabled"}}
    wider = replace(changed(BUCKET, {**one, **suspended[0]}, {**other, **suspended[1]}), direction=Direction.MIXED)
    assert {op.path.partition(".")[0] for op in worsened(wider)} == {"Policy"}
    narrower = replace(changed(BUCKET, {**other, **suspended[1]}, {**one, **suspended[0]}), direction=Direction.MIXED)
    assert {op.path for op in worsened(narrower)} == {"Versioning.Status"}


def test_blame_gives_each_setting_its_own_maker():
    """Not the first name of the whole change; a setting whose event was not found has no maker, whatever was found beside it."""
    after = item(BUCKET, {"Versioning": {"Status": "Suspended"}, "Policy": PUBLIC, "Tags": {"a": "b"}}).configuration
    found = {one.path: one for one in blame(after, [WIDE], THEN)}
    who = attribute(WIDE, SEVERAL)
    versioning = made(found["Versioning.Status"], who)
    assert versioning is not None
    assert (versioning.actors[0].principal, versioning.confidence) == ("bob (IAM user)", "exact")
    effect = next(one for path, one in found.items() if path.startswith("Policy.") and path.endswith(".Effect"))
    assert made(effect, who).actors[0].principal == "alice (IAM user)"
    assert made(found["Versioning.Status"], attribute(WIDE, [SEVERAL[1]])).confidence == "none"
    assert made(found["Versioning.Status"], None) is None
    older = replace(who, settings=())
    assert [one.event_name for one in made(found["Versioning.Status"], older).actors] == ["PutBucketVersioning"]


def test_creation_and_deletion_have_their_own_events():
    """Created by CreateBucket, deleted by DeleteBucket, re-created by both."""
    create = event("CreateBucket", {"bucketName": "logs"}, "2026-11-19T09:00:00Z")
    delete = event("DeleteBucket", {"bucketName": "logs"}, "2026-11-18T09:00:00Z")
    created = describe(None, item(BUCKET, {}), detected_at=NOW, not_before=THEN)
    deleted = describe(item(BUCKET, {}), None, detected_at=NOW)
    again = describe(item(BUCKET, {}, created_at=THEN), item(BUCKET, {}, created_at=NOW), detected_at=NOW)
    for change, first in ((created, "CreateBucket"), (deleted, "DeleteBucket"), (again, "CreateBucket")):
        found = attribute(change, [create, delete])
        assert (found.confidence, found.actors[0].event_name) == ("exact", first)
    assert {one.event_name for one in attribute(again, [create, delete]).actors} == {"CreateBucket", "DeleteBucket"}


def test_lost_sight_is_never_more_than_likely():
    """A role's policy detached in the window may be why; CloudTrail cannot say that it is."""
    unread = {"Policy": Unread("GetBucketPolicy", "s3:GetBucketPolicy", "AccessDenied")}
    change = describe(item(BUCKET, {"Policy": None}), item(BUCKET, {"Policy": None}, unread), detected_at=NOW)
    detached = event("DetachRolePolicy", {"roleName": "reporter"}, eventSource="iam.amazonaws.com")
    assert attribute(change, [detached]).confidence == "likely"
    assert attribute(change, [policy_put(PUBLIC)]).confidence == "likely"
    assert attribute(change, [detached, policy_put(PUBLIC)]).confidence == "ambiguous"


def test_a_deleted_principal_is_the_work_of_who_deleted_it():
    """Where an ARN turned into a bare id, the event is DeleteRole, not an edit of the policy."""
    statement = PUBLIC["Statement"][0]
    before, after = (
        {"Policy": {"Statement": [{**statement, "Principal": {"AWS": name}}]}}
        for name in ("arn:aws:iam::111122223333:role/ops", "AROAEXAMPLEID12345678")
    )
    change = changed(BUCKET, before, after)
    assert event_names(change) == ("DeleteRole", "DeleteUser")
    found = attribute(
        change, [event("DeleteRole", {"roleName": "ops"}), event("PutBucketTagging", {"bucketName": "logs"})]
    )
    assert (found.confidence, found.actors[0].event_name) == ("likely", "DeleteRole")


def test_lookup_asks_by_the_names_events_use():
    """A bucket by its name in its region, a key by its ARN, a trail by name then ARN, an account by event names in us-east-1."""
    asked = lookup(POLICY_CHANGE)
    assert (asked.region, asked.attribute, asked.values) == ("eu-west-1", "ResourceName", ("logs", "arn:aws:s3:::logs"))
    assert asked.start == THEN - timedelta(minutes=15)
    assert asked.end == NOW + timedelta(minutes=5)
    trail = changed(TRAIL, {"KmsKeyId": None}, {"KmsKeyId": "k"})
    assert lookup(trail).values == ("org", ARNS[TRAIL])
    account = changed(ACCOUNT, {"ParentIds": ["r-1"]}, {"ParentIds": ["r-2"]}, id="111122223333", region="global")
    assert (lookup(account).region, lookup(account).attribute, lookup(account).values) == (
        "us-east-1",
        "EventName",
        ("MoveAccount",),
    )


def test_asking_again():
    """What was found is not asked again; what was not is, soon at first, then hourly, for a day."""
    none, found = attribute(POLICY_CHANGE, []), attribute(POLICY_CHANGE, [policy_put(PUBLIC)])
    assert ask_again_at(POLICY_CHANGE, found, NOW) is None
    assert ask_again_at(POLICY_CHANGE, none, NOW) == NOW + timedelta(minutes=15)
    assert ask_again_at(POLICY_CHANGE, none, NOW + timedelta(hours=3)) == NOW + timedelta(hours=4)
    assert ask_again_at(POLICY_CHANGE, none, NOW + timedelta(hours=24)) is None


def test_the_tables_speak_of_the_same_types():
    """Every type that has events for its parts has events for its existence; followers have leaders."""
    assert set(EXISTENCE) == set(WRITERS)
    for (type, _), leaders in FOLLOWS.items():
        assert set(leaders) <= set(WRITERS[type]), type
    for rows in (*WRITERS.values(),):
        assert all(isinstance(names, tuple) for names in rows.values())


def test_every_kind_of_change_has_an_answer():
    """No kind of change, of a known or unknown type, makes attribution stumble."""
    for kind in ChangeKind:
        for type in (BUCKET, "AWS::X::Y"):
            change = Change("1", "eu-west-1", type, "x", "arn:x", kind, THEN, NOW)
            assert attribute(change, [policy_put(PUBLIC)]).confidence == "none"


def test_paths_are_read_back():
    """Steps in brackets are no keys, whatever they hold; a path leads back to its value."""
    assert keys('Policy.Statement["a.b\\"] c"].Action') == ("Policy", "Statement", "Action")
    assert last_key('Tags["Data.Class"]') == "Tags"
    rules = {"Lifecycle": {"Rules": [{"ID": 'o"l.d', "Days": 1}, {"ID": "b", "Days": 2}]}, "Tags": {"a.b": "x"}}
    assert list(locate(rules, 'Lifecycle.Rules["o\\"l.d"].Days')) == [('Lifecycle.Rules["o\\"l.d"].Days', 1)]
    assert [value for _, value in locate(rules, "Lifecycle.Rules[*].Days")] == [1, 2]
    assert list(locate(rules, "Lifecycle.Rules.Days")) == [
        ('Lifecycle.Rules["o\\"l.d"].Days', 1),
        ('Lifecycle.Rules["b"].Days', 2),
    ]
    assert list(locate(rules, 'Tags["a.b"]')) == [('Tags["a.b"]', "x")]
    assert list(locate(rules, "Website.x")) == [("Website.x", None)]
    assert list(locate(rules, 'Lifecycle.Rules["gone"].Days')) == [('Lifecycle.Rules["gone"].Days', None)]


def test_redaction_keeps_who_and_masks_what_is_secret():
    """Who did what from where stays; keys, passwords and mail addresses in parameters do not."""
    record = policy_put(
        PUBLIC,
        sourceIPAddress="203.0.113.7",
        responseElements={"x": 1},
        userIdentity={"type": "IAMUser", "userName": "alice", "accessKeyId": "AKIA", "arn": "a"},
    )
    record["requestParameters"] |= {
        "endpoint": "bob.jones+x@example.com",
        "nested": [{"SecretString": "hunter2", "masterUserPassword": "x", "keyMaterial": "y", "token": ""}],
        "long": "z" * 5000,
    }
    kept = redacted(record)
    assert kept["userIdentity"] == {"type": "IAMUser", "userName": "alice", "arn": "a"}
    assert kept["requestParameters"]["endpoint"] == "…@example.com"
    assert kept["requestParameters"]["nested"] == [
        {"SecretString": "(redacted)", "masterUserPassword": "(redacted)", "keyMaterial": "(redacted)", "token": ""}
    ]
    assert len(kept["requestParameters"]["long"]) == 2000
    assert "responseElements" not in kept
    assert attribute(POLICY_CHANGE, [kept]).confidence == "exact"


def test_who_acted_before_the_last_look_is_not_named_beside_who_made_the_change():
    """What was done minutes before it was seen then; only where nothing came after may the last look have missed it."""
    change = changed(BUCKET, {"Versioning": {"Status": "Enabled"}}, {"Versioning": {"Status": "Suspended"}})

    def put(status, at, **more):
        return event(
            "PutBucketVersioning", {"bucketName": "logs", "VersioningConfiguration": {"Status": status}}, at, **more
        )

    bob = {"type": "IAMUser", "userName": "bob"}
    early = put("Suspended", "2026-11-15T01:55:00Z", userIdentity=bob)
    both = attribute(change, [early, put("Suspended", "2026-11-18T14:03:00Z")])
    assert [one.principal for one in both.actors] == ["alice (IAM user)"]
    assert both.others == 0
    assert [one.principal for one in attribute(change, [early]).actors] == ["bob (IAM user)"]


def versioning(status, at, who="alice"):
    """A PutBucketVersioning of the bucket `logs`."""
    parameters = {"bucketName": "logs", "VersioningConfiguration": {"Status": status}}
    return event("PutBucketVersioning", parameters, at, userIdentity={"type": "IAMUser", "userName": who})


def switched(before, after, start, end):
    """A change of the bucket's versioning between two looks."""
    change = changed(BUCKET, {"Versioning": {"Status": before}}, {"Versioning": {"Status": after}})
    return replace(change, not_before=start, detected_at=end)


def test_an_event_that_made_an_earlier_change_is_not_named_again():
    """Minutes before the last look or just after it began: what made one change made no later one; unless nobody claims it."""
    opaque = event("PutBucketVersioning", {"bucketName": "logs"}, "2026-11-15T01:55:00Z")
    first = switched("Enabled", "Suspended", THEN - timedelta(days=7), THEN)
    second = switched("Suspended", "Enabled", THEN, NOW)
    assert attribute(second, [opaque]).confidence == "likely"
    assert "shortly before the last look" in attribute(second, [opaque]).reason
    told = claims([(first, attribute(first, [opaque]))])
    assert attribute(second, [opaque], claimed=told).confidence == "none"
    during = versioning("Suspended", "2026-11-15T02:01:00Z", "bob")
    told = claims([(first, attribute(first, [during, opaque]))])
    later = event("PutBucketVersioning", {"bucketName": "logs"}, "2026-11-18T14:03:00Z")
    found = attribute(second, [during, later, opaque], claimed=told)
    assert [one.at.day for one in found.actors] == [18]
    assert attribute(second, [during, opaque], claimed=told).confidence == "none"


def test_a_claim_is_about_one_part_or_about_the_whole_resource():
    """Who suspended versioning may have put the policy, too; what came before a bucket was made anew made nothing in it."""
    opaque = event("PutBucketVersioning", {"bucketName": "logs"}, "2026-11-15T01:55:00Z")
    put = policy_put(PUBLIC, "2026-11-15T01:54:00Z")
    first = switched("Enabled", "Suspended", THEN - timedelta(days=7), THEN)
    policy = replace(POLICY_CHANGE, not_before=THEN, detected_at=NOW)
    told = claims([(first, attribute(first, [opaque]))])
    assert attribute(policy, [put], claimed=told).confidence == "exact"
    made = event("CreateBucket", {"bucketName": "logs"}, "2026-11-15T01:55:00Z")
    born = replace(first, kind=ChangeKind.CREATED, ops=())
    told = claims([(born, attribute(born, [made]))])
    assert attribute(policy, [put], claimed=told).confidence == "none"


def test_what_could_not_be_told_apart_claims_nothing():
    """Of several that could have made it, none is known to have; each may have made the next."""
    first = switched("Enabled", "Suspended", THEN - timedelta(days=7), THEN)
    events = [event("PutBucketVersioning", {"bucketName": "logs"}, f"2026-11-15T01:5{n}:00Z") for n in (1, 2)]
    assert claims([(first, attribute(first, events))]) == {}
    assert claims([(first, attribute(first, []))]) == {}


def test_what_the_last_look_had_read_is_not_named_for_what_came_after():
    """An event minutes before the last look that shows the old value: the look saw it, and somebody else changed it then."""
    change = switched("Enabled", "Suspended", THEN, NOW)
    assert attribute(change, [versioning("Enabled", "2026-11-15T01:55:00Z")]).confidence == "none"


def test_an_event_while_the_account_was_read_counts_where_none_came_before():
    """Accounts are dated by the beginning of their reading: a later write that shows the value made it, one that does not did not."""
    change = switched("Enabled", "Suspended", THEN, NOW)
    alice = event("PutBucketVersioning", {"bucketName": "logs"}, "2026-11-18T14:03:00Z")
    blind = event(
        "PutBucketVersioning", {"bucketName": "logs"}, "2026-11-22T02:03:00Z",
        userIdentity={"type": "IAMUser", "userName": "bob"},
    )  # fmt: skip
    found = attribute(change, [alice, blind])
    assert [one.principal for one in found.actors] == ["alice (IAM user)"]
    found = attribute(change, [alice, versioning("Suspended", "2026-11-22T02:03:00Z", "bob")])
    assert (found.confidence, found.actors[0].principal) == ("exact", "bob (IAM user)")
    found = attribute(change, [blind])
    assert (found.confidence, found.actors[0].principal) == ("likely", "bob (IAM user)")
    assert "while it was being read" in found.reason
    assert attribute(change, [versioning("Suspended", "2026-11-22T02:06:00Z")]).confidence == "none"


@pytest.mark.parametrize("minutes", [-14, -1, 0, 1, 4])
@pytest.mark.parametrize("asked", ["Enabled", "Suspended", None], ids=["shows old", "shows new", "tells nothing"])
@pytest.mark.parametrize("newest_first", [False, True], ids=["in order", "asked again later"])
def test_an_event_around_a_look_is_named_for_one_change_at_most(minutes, asked, newest_first):
    """Before or after the moment an item was read, nobody knows: never for two, never for the one that its value gainsays."""
    at = f"{THEN + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"
    opaque = event("PutBucketVersioning", {"bucketName": "logs"}, at)
    one = versioning(asked, at) if asked else opaque
    changes = [
        switched("Enabled", "Suspended", THEN - timedelta(days=7), THEN),
        switched("Suspended", "Enabled", THEN, NOW),
    ]
    answers = {}
    for place in (1, 0) if newest_first else (0, 1):
        told = [(changes[other], answer) for other, answer in answers.items()]
        known = claims((), told) if place == 0 else claims(told)
        answers[place] = attribute(changes[place], [one], claimed=known)
    named = [place for place, answer in sorted(answers.items()) if answer.actors]
    wanted = {"Suspended": [0], "Enabled": [1]}
    assert named == wanted.get(asked, named)
    assert len(named) == 1


def test_what_an_event_set_otherwise_is_not_its_work():
    """The only event of the right name, but it set another value: the reason says so, and whoever tells nothing stays likely."""
    change = switched("Enabled", "Suspended", THEN, NOW)
    found = attribute(change, [versioning("Enabled", "2026-11-18T14:03:00Z")])
    assert (found.confidence, found.actors) == ("none", ())
    assert "set another value" in found.reason
    moved = changed(TRAIL, {"S3BucketName": "a"}, {"S3BucketName": "b"})
    update = event("UpdateTrail", {"name": "org", "s3BucketName": "c"})
    assert attribute(moved, [update]).confidence == "none"
    keyed = changed(TRAIL, {"KmsKeyId": None}, {"KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1"})
    update = event("UpdateTrail", {"name": "org", "kmsKeyId": "alias/logs"})
    assert attribute(keyed, [update]).confidence == "likely", "AWS makes an ARN of an alias"


def test_the_summary_begins_with_the_worst():
    """Who reads one line reads that everybody may read the bucket, not that the denial of plain HTTP went with it."""
    deny = {"Sid": "A", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    bare = {"Version": "2012-10-17", "Statement": [deny]}
    change = changed(BUCKET, {"Policy": bare}, {"Policy": PUBLIC})
    assert change.summary.startswith('Policy.Statement["A"] removed')
    worse = headed(replace(change, direction=Direction.WORSENED))
    assert worse.summary == 'Policy.Statement["Oops"] added: Allow * s3:GetObject and 1 more'
    assert headed(change) == change
