"""Whether a change made things worse."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reporter.documents.canonical import canonical
from reporter.drift.changes import describe
from reporter.drift.direction import judge
from reporter.drift.worse import GUARDS, ROWS, worse
from reporter.model import ConfigurationItem, Direction, Evidence, Finding, Status, Unread

BUCKET = "AWS::S3::Bucket"
TRAIL = "AWS::CloudTrail::Trail"
THEN = datetime(2026, 11, 15, 2, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
WORSENED, IMPROVED, MIXED, NEUTRAL = Direction.WORSENED, Direction.IMPROVED, Direction.MIXED, Direction.NEUTRAL


def item(type, configuration, account="111122223333", **more):
    """A stored item."""
    return ConfigurationItem(
        account=account,
        region="eu-west-1",
        type=type,
        id="x",
        arn="arn:aws:s3:::x",
        configuration=canonical(type, configuration),
        captured_at=THEN,
        **more,
    )


def judged(type, before, after, found_before=(), found_after=()):
    """The judged change between two configurations (None: not there)."""
    old, new = (item(type, one) if one is not None else None for one in (before, after))
    return judge(describe(old, new, detected_at=NOW), found_before, found_after, old=old, new=new)


def finding(status, check="bucket-versioned", *, key="Versioning", severity="high", type=BUCKET, resource="x"):
    """A finding that read one part of the bucket x."""
    return Finding(
        check=check,
        account="111122223333",
        region="eu-west-1",
        type=type,
        resource=resource,
        arn="",
        status=status,
        severity=severity,
        evidence=(Evidence(BUCKET, "x", "111122223333", key, None),),
    )


ON, OFF = {"Versioning": {"Status": "Enabled"}}, {"Versioning": {"Status": "Suspended"}}


def test_pass_to_fail_is_worse():
    """A check that passed and now fails makes the change worse, with its severity and the move."""
    change = judged(BUCKET, ON, OFF, [finding(Status.PASS)], [finding(Status.FAIL)])
    assert (change.direction, change.severity) == (WORSENED, "high")
    assert change.checks == {"bucket-versioned": "pass -> fail"}


def test_fail_to_pass_is_better():
    """A check that failed and now passes makes it better, as grave as what it ended."""
    change = judged(BUCKET, OFF, ON, [finding(Status.FAIL)], [finding(Status.PASS)])
    assert (change.direction, change.severity) == (IMPROVED, "high")


def test_one_worse_and_one_better_is_mixed():
    """Both moves at once are mixed; the severity is that of what got worse."""
    before = [finding(Status.PASS), finding(Status.FAIL, "other", severity="critical")]
    after = [finding(Status.FAIL), finding(Status.PASS, "other", severity="critical")]
    change = judged(BUCKET, ON, OFF, before, after)
    assert (change.direction, change.severity) == (MIXED, "high")


def test_a_passing_check_overrules_the_rule():
    """Where the check that looks at the part passes, a weaker value is nobody's concern."""
    change = judged(BUCKET, ON, OFF, [finding(Status.PASS)], [finding(Status.PASS)])
    assert change.direction is NEUTRAL


def test_a_bad_thing_can_get_worse():
    """Where the check fails before and after, the rule of the field decides."""
    change = judged(BUCKET, ON, OFF, [finding(Status.FAIL)], [finding(Status.FAIL)])
    assert (change.direction, change.severity) == (WORSENED, "medium")


def test_findings_of_others_count_if_they_read_the_changed_part():
    """A trail's check that reads its bucket's versioning moves with the bucket; one that read another part does not."""
    trail = {"type": TRAIL, "resource": "trail", "check": "trail-bucket-versioned"}
    change = judged(BUCKET, ON, OFF, [finding(Status.PASS, **trail)], [finding(Status.FAIL, **trail)])
    assert change.checks == {"trail-bucket-versioned": "pass -> fail"}
    assert change.severity == "high"
    aside = judged(
        BUCKET, ON, OFF, [finding(Status.PASS, key="Acl", **trail)], [finding(Status.FAIL, key="Acl", **trail)]
    )
    assert aside.checks == {}


def test_findings_of_the_resource_itself_count_only_if_they_read_the_changed_part():
    """Who adds Block Public Access to an account stopped no trail, though the account's checks of the trail now fail."""
    account = "AWS::::Account"
    flags = {"PublicAccessBlock": dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy"), True)}
    dark = {"type": account, "check": "cloudtrail-enabled", "severity": "critical"}
    trails = (
        Evidence(account, "x", "111122223333", "VisibleTrails", None),
        Evidence(TRAIL, "t", "999999999999", "Status", None),
    )
    was, now = (replace(finding(one, **dark), evidence=trails) for one in (Status.PASS, Status.FAIL))
    added = judged(account, {"PublicAccessBlock": None}, flags, [was], [now])
    assert (added.direction, added.checks) == (IMPROVED, {})
    unseen = judged(account, {"VisibleTrails": ["t"]}, {"VisibleTrails": []}, [was], [now])
    assert (unseen.direction, unseen.severity) == (WORSENED, "critical")
    stopped = replace(item(TRAIL, {"Status": {"IsLogging": True}}), id="t", account="999999999999")
    change = describe(stopped, replace(stopped, configuration={"Status": {"IsLogging": False}}), detected_at=NOW)
    assert judge(change, [was], [now]).checks == {"cloudtrail-enabled": "pass -> fail"}


def test_a_finding_of_the_resource_that_read_the_part_then_or_now_counts_as_a_whole():
    """A check that read the changed part only before moved with it, and is told by both of its answers."""
    change = judged(BUCKET, ON, OFF, [finding(Status.PASS)], [finding(Status.FAIL, key="Acl")])
    assert change.checks == {"bucket-versioned": "pass -> fail"}


def test_a_finding_of_the_resource_that_does_not_tell_all_it_read_counts():
    """What read nothing, or stopped at what was not read, may rest on what changed."""
    blank = [replace(finding(one), evidence=()) for one in (Status.PASS, Status.FAIL)]
    assert judged(BUCKET, ON, OFF, blank[:1], blank[1:]).checks == {"bucket-versioned": "pass -> fail"}
    known, unknown = finding(Status.PASS, key="Acl"), finding(Status.INSUFFICIENT_DATA, key="Acl")
    assert judged(BUCKET, ON, OFF, [known], [unknown]).checks == {"bucket-versioned": "pass -> insufficient_data"}


def test_of_several_answers_that_move_the_one_to_fail_is_told():
    """Of accounts whose answers rest on one trail, the first may merely be asked no more; that another fails is the news."""
    first, second = ({"type": "AWS::::Account", "resource": id} for id in ("1", "2"))
    before = [finding(Status.PASS, **first), finding(Status.PASS, **second)]
    after = [finding(Status.NOT_APPLICABLE, **first), finding(Status.FAIL, **second)]
    assert judged(BUCKET, ON, OFF, before, after).checks == {"bucket-versioned": "pass -> fail"}
    assert judged(BUCKET, OFF, ON, after, before).checks == {"bucket-versioned": "fail -> pass"}


def test_a_new_resource_that_fails_is_worse():
    """Created with a failing check: worse. Created passing, or deleted while failing: neither."""
    assert judged(BUCKET, None, OFF, [], [finding(Status.FAIL)]).direction is WORSENED
    assert judged(BUCKET, None, ON, [], [finding(Status.PASS)]).direction is NEUTRAL
    gone = judged(BUCKET, OFF, None, [finding(Status.FAIL)], [])
    assert (gone.direction, gone.checks) == (NEUTRAL, {"bucket-versioned": "fail -> absent"})


def test_safeguards_that_go_or_come():
    """A deleted trail is worse and a new one better, without any finding."""
    assert (judged(TRAIL, {}, None).direction, judged(TRAIL, {}, None).severity) == (WORSENED, "high")
    assert judged(TRAIL, None, {}).direction is IMPROVED


def test_another_owner_is_critical():
    """A bucket name that now belongs to another account is as bad as it gets."""
    old, new = item(BUCKET, ON), item(BUCKET, ON, account="999999999999")
    change = judge(describe(old, new, detected_at=NOW), old=old, new=new)
    assert (change.direction, change.severity) == (WORSENED, "critical")


def test_lost_sight_is_neither_but_weighs_what_it_hides():
    """A lost part is neutral; its severity is that of the checks that can no longer answer, low if none did."""
    unread = {"Versioning": Unread("GetBucketVersioning", "s3:GetBucketVersioning", "AccessDenied")}
    change = describe(item(BUCKET, ON), item(BUCKET, ON, unread=unread), detected_at=NOW)
    blind = judge(change, [finding(Status.PASS)], [finding(Status.INSUFFICIENT_DATA)])
    assert (blind.direction, blind.severity) == (NEUTRAL, "high")
    assert blind.checks == {"bucket-versioned": "pass -> insufficient_data"}
    assert judge(change).severity == "low"


# --- policies --------------------------------------------------------------------------------------------------------


def statement(**more):
    """A statement for one role of the account."""
    return {
        "Sid": "A",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/ops"},
        "Action": ["s3:GetObject"],
        "Resource": "arn:aws:s3:::x/*",
        **more,
    }


def policy(*statements):
    """A bucket with these statements, or without a policy."""
    return {"Policy": {"Version": "2012-10-17", "Statement": list(statements)} if statements else None}


DENY = statement(
    Sid="D", Effect="Deny", Principal="*", Action="s3:*", Condition={"Bool": {"aws:SecureTransport": "false"}}
)

POLICIES = [
    ("made public", policy(statement()), policy(statement(Principal="*")), WORSENED, "critical"),
    ("public from nothing", policy(), policy(statement(Principal="*")), WORSENED, "critical"),
    ("no longer public", policy(statement(Principal="*")), policy(), IMPROVED, "critical"),
    (
        "an action more",
        policy(statement()),
        policy(statement(Action=["s3:GetObject", "s3:PutObject"])),
        WORSENED,
        "medium",
    ),
    (
        "an action less",
        policy(statement(Action=["s3:GetObject", "s3:PutObject"])),
        policy(statement()),
        IMPROVED,
        "medium",
    ),
    ("a denial gone", policy(statement(), DENY), policy(statement()), WORSENED, "medium"),
    ("a denial added", policy(statement()), policy(statement(), DENY), IMPROVED, "medium"),
    ("swapped action", policy(statement()), policy(statement(Action="s3:DeleteObject")), MIXED, "medium"),
    ("renamed", policy(statement()), policy(statement(Sid="B")), NEUTRAL, "informational"),
    (
        "split in two",
        policy(statement(Action=["s3:GetObject", "s3:PutObject"])),
        policy(statement(), statement(Sid="B", Action="s3:PutObject")),
        NEUTRAL,
        "informational",
    ),
]


@pytest.mark.parametrize("name, before, after, direction, severity", POLICIES, ids=[case[0] for case in POLICIES])
def test_policies_by_what_they_grant(name, before, after, direction, severity):
    """A policy is worse if it grants more or denies less, whatever the words; a respelling is neither."""
    change = judged(BUCKET, before, after)
    assert (change.direction, change.severity) == (direction, severity)


def test_an_unread_policy_is_not_compared():
    """A policy that could not be read grants neither more nor less than before."""
    unread = {"Policy": Unread("GetBucketPolicy", "s3:GetBucketPolicy", "AccessDenied")}
    old, new = item(BUCKET, policy(statement())), item(BUCKET, {"Policy": None}, unread=unread)
    assert judge(describe(old, new, detected_at=NOW), old=old, new=new).direction is NEUTRAL


def test_guardrails_of_the_organization():
    """A denial that leaves a service control policy is worse, one that comes is better."""
    rule = {"Sid": "NoStop", "Effect": "Deny", "Action": "cloudtrail:StopLogging", "Resource": "*"}
    allow = {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}
    with_rule, without = ({"Content": {"Statement": found}} for found in ([allow, rule], [allow]))
    assert judged("AWS::Organizations::Policy", with_rule, without).direction is WORSENED
    assert judged("AWS::Organizations::Policy", without, with_rule).direction is IMPROVED


# --- rules -----------------------------------------------------------------------------------------------------------

RULES = [
    (TRAIL, {"Status": {"IsLogging": True}}, {"Status": {"IsLogging": False}}, "critical"),
    (
        TRAIL,
        {"RegionStatus": {"eu-west-1": {"IsLogging": True}}},
        {"RegionStatus": {"eu-west-1": {"IsLogging": False}}},
        "high",
    ),
    (TRAIL, {"Status": {"LatestDeliveryError": None}}, {"Status": {"LatestDeliveryError": "AccessDenied"}}, "medium"),
    (TRAIL, {"KmsKeyId": "k"}, {}, "medium"),
    (TRAIL, {"LogFileValidationEnabled": True}, {"LogFileValidationEnabled": False}, "medium"),
    (
        BUCKET,
        {"PublicAccessBlock": {"BlockPublicAcls": True}},
        {"PublicAccessBlock": {"BlockPublicAcls": False}},
        "high",
    ),
    (BUCKET, {"PublicAccessBlock": {"BlockPublicAcls": True}}, {"PublicAccessBlock": None}, "high"),
    (
        BUCKET,
        {"Versioning": {"Status": "Enabled", "MFADelete": "Enabled"}},
        {"Versioning": {"Status": "Enabled", "MFADelete": "Disabled"}},
        "medium",
    ),
    (BUCKET, {"Logging": {"TargetBucket": "l"}}, {"Logging": None}, "medium"),
    (
        BUCKET,
        {"Encryption": {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}},
        {"Encryption": {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}},
        "medium",
    ),
    (
        BUCKET,
        {"Acl": {"Grants": []}},
        {
            "Acl": {
                "Grants": [
                    {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
                ]
            }
        },
        "critical",
    ),
    (
        BUCKET,
        {"Lifecycle": {"Rules": [{"ID": "o", "Expiration": {"Days": 365}}]}},
        {"Lifecycle": {"Rules": [{"ID": "o", "Expiration": {"Days": 30}}]}},
        "low",
    ),
    (
        BUCKET,
        {"ObjectLock": {"Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 400}}}},
        {"ObjectLock": {"Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}}},
        "high",
    ),
    ("AWS::Logs::LogGroup", {}, {"retentionInDays": 30}, "medium"),
    ("AWS::Logs::LogGroup", {"retentionInDays": 365}, {"retentionInDays": 30}, "medium"),
    ("AWS::CloudWatch::Alarm", {"AlarmActions": ["a", "b"]}, {"AlarmActions": ["a"]}, "medium"),
    ("AWS::KMS::Key", {"Metadata": {"KeyState": "Enabled"}}, {"Metadata": {"KeyState": "PendingDeletion"}}, "high"),
    ("AWS::KMS::Key", {"Rotation": {"RotationPeriodInDays": 365}}, {"Rotation": {"RotationPeriodInDays": 2560}}, "low"),
    ("AWS::::Account", {"VisibleTrails": ["a"]}, {"VisibleTrails": []}, "high"),
    (
        "AWS::GuardDuty::Detector",
        {"Detail": {"Features": [{"Name": "S3", "Status": "ENABLED"}]}},
        {"Detail": {"Features": [{"Name": "S3", "Status": "DISABLED"}]}},
        "medium",
    ),
]


@pytest.mark.parametrize("type, before, after, severity", RULES)
def test_rules_where_no_check_answers(type, before, after, severity):
    """A field gets worse in its bad direction and better in the other."""
    change = judged(type, before, after)
    assert (change.direction, change.severity) == (WORSENED, severity)
    assert judged(type, after, before).direction is IMPROVED


def test_tags_and_the_like_are_neutral():
    """A tag, a name, an unknown field have no bad direction."""
    for before, after in (({"Tags": {"a": "1"}}, {"Tags": None}), ({"Anything": 1}, {"Anything": 0})):
        change = judged(BUCKET, before, after)
        assert (change.direction, change.severity) == (NEUTRAL, "informational")


def test_rules_take_any_value():
    """A rule that meets a value of another kind has no opinion, and does not stumble."""
    values = (None, True, 0, "x", [], ["a"], {}, {"a": 1})
    for rows in ROWS.values():
        for _, rule, _, good in rows:
            for one in values:
                assert worse(rule, one, one, good) == 0
                for other in values if rule != "swapped" else ():  # of two unknowns neither is the better
                    assert worse(rule, one, other, good) == -worse(rule, other, one, good)
    assert GUARDS


SUSPENDED, ENABLED = {"Status": "Suspended"}, {"Status": "Enabled"}
OPEN = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy"), False)


@pytest.mark.parametrize(
    ("part", "before", "after", "direction"),
    [
        ("Versioning", None, SUSPENDED, "neutral"),
        ("Versioning", SUSPENDED, None, "neutral"),
        ("Versioning", ENABLED, SUSPENDED, "worsened"),
        ("Versioning", ENABLED, None, "worsened"),
        ("Versioning", None, ENABLED, "improved"),
        ("Versioning", SUSPENDED, ENABLED, "improved"),
        ("PublicAccessBlock", None, OPEN, "neutral"),
        ("PublicAccessBlock", None, OPEN | {"BlockPublicAcls": True}, "improved"),
        ("PublicAccessBlock", OPEN, None, "neutral"),
        ("OwnershipControls", None, {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}, "neutral"),
        ("OwnershipControls", {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}, None, "worsened"),
        ("Replication", None, {"Role": "r", "Rules": [{"ID": "a", "Status": "Disabled"}]}, "neutral"),
    ],
)
def test_a_part_that_comes_or_goes_whole_counts_by_what_it_says(part, before, after, direction):
    """A protection that comes switched off protects nothing, and takes nothing away when it goes."""
    assert judged(BUCKET, {part: before}, {part: after}).direction == direction


@pytest.mark.parametrize("answer", [Status.PASS, Status.FAIL])
def test_taking_a_tag_off_so_that_a_check_no_longer_asks_is_worse(answer):
    """What is no longer called confidential is no longer held to it; a check that stops asking for another reason is neutral."""
    tagged, bare = {"Tags": {"DataClass": "pii"}}, {"Tags": {"Owner": "x"}}
    now = finding(Status.NOT_APPLICABLE, key="Tags")
    change = judged(BUCKET, tagged, bare, [finding(answer, key="Tags")], [now])
    assert (change.direction, change.severity) == (WORSENED, "high")
    assert change.checks == {"bucket-versioned": f"{answer} -> not_applicable"}
    assert judged(BUCKET, bare, tagged, [now], [finding(Status.PASS, key="Tags")]).direction == NEUTRAL
    elsewhere = finding(Status.NOT_APPLICABLE, key="Versioning")
    assert judged(BUCKET, ON | tagged, ON | bare, [finding(answer)], [elsewhere]).direction == NEUTRAL


def expiring(*rules):
    """A bucket's lifecycle: (id, status, days)."""
    return {
        "Lifecycle": {
            "Rules": [{"ID": id, "Status": status, "Expiration": {"Days": days}} for id, status, days in rules]
        }
    }


def limits(**more):
    """A service control policy with one denial."""
    deny = {"Sid": "D", "Effect": "Deny", "Action": "cloudtrail:*", "Resource": "*", **more}
    return {"Content": {"Version": "2012-10-17", "Statement": [deny]}}


def granted(*grants):
    """A bucket's access control list: grantees."""
    return {"Acl": {"Owner": {"ID": "o"}, "Grants": [{"Grantee": one, "Permission": "READ"} for one in grants]}}


def s3_policy(said):
    """An organization's S3 policy."""
    return {"Content": {"s3_attributes": {"public_access_block_configuration": said}}}


def above(said):
    """What reaches an account of it."""
    return {"EffectiveS3Policy": s3_policy(said)["Content"]}


def selecting(**more):
    """A trail's selectors of the older form: all management events."""
    plain = {"ReadWriteType": "All", "IncludeManagementEvents": True, "ExcludeManagementEventSources": []}
    return {"Selectors": {"EventSelectors": [plain | more]}}


def selected(*fields):
    """Those of the newer one."""
    kept = [{"Field": "eventCategory", "Equals": ["Management"]}, *fields]
    return {"Selectors": {"AdvancedEventSelectors": [{"Name": "m", "FieldSelectors": kept}]}}


ACCOUNT, ALL = "AWS::::Account", {"@@assign": "all"}
WRITES = {"Field": "readOnly", "Equals": ["false"]}
KEY, SCP, RECORDER = "AWS::KMS::Key", "AWS::Organizations::Policy", "AWS::Config::ConfigurationRecorder"
NARROWER = {"Action": "cloudtrail:StopLogging"}
SPARED = {"Condition": {"StringNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/admin"]}}}
BY_HAND = [
    (KEY, {"Metadata": {"Enabled": True}}, {"Metadata": {"Enabled": False}}, WORSENED, "high"),
    (TRAIL, {"S3BucketName": "a"}, {"S3BucketName": "b"}, WORSENED, "high"),
    (TRAIL, {"KmsKeyId": "arn:a"}, {"KmsKeyId": "arn:b"}, WORSENED, "medium"),
    (TRAIL, {"KmsKeyId": None}, {"KmsKeyId": "arn:b"}, IMPROVED, "medium"),
    (SCP, limits(), limits(**NARROWER), WORSENED, "high"),
    (SCP, limits(), limits(**SPARED), WORSENED, "high"),
    (SCP, limits(**NARROWER), limits(), IMPROVED, "high"),
    (SCP, {"Targets": [{"TargetId": "r-1"}]}, {"Targets": []}, WORSENED, "high"),
    (SCP, s3_policy(ALL), s3_policy({"@@assign": "none"}), WORSENED, "high"),
    (SCP, s3_policy({"@@assign": "none"}), s3_policy(ALL), IMPROVED, "high"),
    (SCP, s3_policy(ALL), {"Content": {}}, WORSENED, "high"),
    (ACCOUNT, above("all"), above("none"), WORSENED, "high"),
    (ACCOUNT, above("all"), above(ALL), NEUTRAL, "informational"),
    (ACCOUNT, {"EffectiveS3Policy": None}, above("none"), NEUTRAL, "informational"),
    (TRAIL, selecting(), selecting(ReadWriteType="WriteOnly"), WORSENED, "medium"),
    (TRAIL, selecting(), selecting(IncludeManagementEvents=False), WORSENED, "high"),
    (TRAIL, selecting(), selecting(ExcludeManagementEventSources=["kms.amazonaws.com"]), WORSENED, "medium"),
    (TRAIL, selected(), selected(WRITES), WORSENED, "medium"),
    (TRAIL, selected(WRITES), selected(), IMPROVED, "medium"),
    (RECORDER, {"Status": {"recording": True}}, {"Status": {"recording": False}}, WORSENED, "high"),
    (RECORDER, {"Status": {"lastStatus": "SUCCESS"}}, {"Status": {"lastStatus": "FAILURE"}}, WORSENED, "medium"),
    (
        RECORDER, {"recordingGroup": {"allSupported": True}},
        {"recordingGroup": {"allSupported": False, "resourceTypes": [BUCKET]}}, WORSENED, "medium",
    ),
    (
        RECORDER, {"recordingGroup": {"exclusionByResourceTypes": {"resourceTypes": []}}},
        {"recordingGroup": {"exclusionByResourceTypes": {"resourceTypes": [BUCKET]}}}, WORSENED, "medium",
    ),
    (BUCKET, expiring(("a", "Enabled", 400)), expiring(("a", "Enabled", 40)), WORSENED, "low"),
    (BUCKET, expiring(("a", "Enabled", 40)), expiring(("a", "Enabled", 400)), IMPROVED, "low"),
    (BUCKET, expiring(("a", "Enabled", 400)), expiring(("a", "Enabled", 400), ("b", "Enabled", 1)), WORSENED, "medium"),
    (BUCKET, expiring(("a", "Disabled", 1)), expiring(("a", "Enabled", 1)), WORSENED, "medium"),
    (BUCKET, granted(), granted({"Type": "CanonicalUser", "ID": "z"}), WORSENED, "medium"),
    (BUCKET, {"Logging": {"TargetBucket": "a"}}, {"Logging": {"TargetBucket": "b"}}, WORSENED, "medium"),
    ("AWS::SNS::Topic", {"Subscriptions": [{"SubscriptionArn": "1"}]}, {"Subscriptions": []}, WORSENED, "low"),
    ("AWS::CloudWatch::Alarm", {"ActionsEnabled": True}, {"ActionsEnabled": False}, WORSENED, "medium"),
    ("AWS::Logs::LogGroup", {"retentionInDays": 365}, {"retentionInDays": 7}, WORSENED, "medium"),
    ("AWS::Logs::LogGroup", {"retentionInDays": 365}, {"retentionInDays": None}, IMPROVED, "medium"),
]  # fmt: skip


@pytest.mark.parametrize("type, before, after, way, severity", BY_HAND)
def test_what_no_check_answers_has_its_direction(type, before, after, way, severity):
    """What somebody does who wants to be unseen, or to let others in, is worse although no check speaks of it."""
    change = judged(type, before, after)
    assert (change.direction, change.severity) == (way, severity)


def test_no_check_makes_it_good_that_all_is_deleted_within_days():
    """A lifecycle is what is asked for; one that leaves nothing after a day is not what was meant."""
    content = finding(Status.PASS, "bucket-lifecycle", key="Lifecycle")
    slower = judged(BUCKET, expiring(("a", "Enabled", 400)), expiring(("a", "Enabled", 40)), [content], [content])
    faster = judged(BUCKET, expiring(("a", "Enabled", 400)), expiring(("a", "Enabled", 1)), [content], [content])
    assert (slower.direction, faster.direction) == (NEUTRAL, WORSENED)
    kept_versions = {"Versioning": {"Status": "Enabled"}}
    kept, less = (
        one["Lifecycle"]["Rules"] for one in (expiring(("a", "Enabled", 400)), expiring(("a", "Enabled", 40)))
    )
    for rule in (*kept, *less):
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": 5}
    both = [{"Lifecycle": {"Rules": rules}, **kept_versions} for rules in (kept, less)]
    assert judged(BUCKET, *both, [content], [content]).direction == NEUTRAL, "what goes within days went so before"
