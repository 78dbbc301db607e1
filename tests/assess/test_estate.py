"""What a check may ask of an estate: values, refusals, look-ups across accounts, certain and uncertain answers."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.assess.estate import (
    Estate,
    InsufficientData,
    NotApplicable,
    Trace,
    both,
    certainly,
    either,
    every,
    failing,
    gathered,
    instant,
    some,
)
from reporter.assess.neighbours import Listing, Neighbours
from reporter.assess.references import home_of, names_of, reference
from reporter.assess.resource_types import (
    BUCKET,
    DETECTOR,
    GLOBAL_TYPES,
    KEY,
    LOG_GROUP,
    ORGANIZATION,
    PARTS,
    POLICY,
    TRAIL,
)
from reporter.checks import examples as eg
from reporter.model import ACCOUNT, GLOBAL, Account, AccountSnapshot, Gap, ReadStatus, Unread


def looked_at(example, type, account=eg.HOME):
    """The first resource of a type in an account of the example, and what reading it leaves behind."""
    estate = eg.estates(example)[account]
    resource, trace = estate.asked(estate.views(type)[0])
    return resource, trace


def test_reading_leaves_evidence():
    """A value read is noted once, with its resource and the moment of its reading."""
    bucket, trace = looked_at([eg.bucket()], BUCKET)
    assert bucket["Versioning"] is bucket["Versioning"]
    (evidence,) = trace.evidence.values()
    assert (evidence.type, evidence.id, evidence.account, evidence.key) == (
        BUCKET,
        eg.BUCKET_NAME,
        eg.HOME,
        "Versioning",
    )
    assert evidence.captured_at == eg.NOW


def test_evidence_names_the_call():
    """The reader's table says which call read a key; the evidence carries it."""
    snapshot = AccountSnapshot(account=Account(eg.HOME), status=ReadStatus.READ, items=(eg.bucket(),))
    estate = Estate(snapshot, Neighbours.of([snapshot]), asked_by=lambda _, key: f"s3:GetBucket{key}")
    bucket, trace = estate.asked(estate.views(BUCKET)[0])
    assert bucket["Policy"]
    assert [one.operation for one in trace.evidence.values()] == ["s3:GetBucketPolicy"]


def test_three_outcomes():
    """A part is a value, None for not configured, or a refusal that names the permission."""
    bucket, _ = looked_at([eg.unread(eg.bucket(Policy=None), "Versioning")], BUCKET)
    assert bucket["Encryption"]
    assert bucket["Policy"] is None
    with pytest.raises(
        InsufficientData, match="Versioning of example-trail-logs was not read: example:GetSomething: Acc"
    ):
        bucket["Versioning"]


def test_a_part_never_asked_for_is_not_unset():
    """A snapshot of a time when a part was not yet read does not say that the part is not configured."""
    item = eg.bucket()
    older = replace(item, configuration={key: value for key, value in item.configuration.items() if key != "Cors"})
    bucket, _ = looked_at([older], BUCKET)
    with pytest.raises(InsufficientData, match="never asked"):
        bucket["Cors"]


def test_an_unset_field_of_a_listing_is_none():
    """AWS leaves out fields that are not set; such a field reads as None."""
    trail, _ = looked_at([eg.trail()], TRAIL)
    assert trail["NoSuchField"] is None


def test_what_changes_by_itself_is_read_in_place():
    """Delivery times stand apart in a snapshot, and are read where AWS gives them."""
    trail, _ = looked_at([eg.trail()], TRAIL)
    assert "LatestDeliveryTime" not in trail.item.configuration["Status"]
    assert trail["Status"]["LatestDeliveryTime"] == eg.RECENT
    assert trail["Status"]["IsLogging"] is True
    assert trail.age(trail["Status"]["LatestDeliveryTime"]) == timedelta(minutes=30)
    assert trail.age(None) is None


def test_instants_of_either_kind():
    """Instants come as text from the history and as datetimes from the SDK, in any zone."""
    noon = datetime(2026, 6, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    assert instant("2026-06-01T12:00:00Z") == instant(noon) == eg.NOW
    assert instant(None) is None


def test_related_crosses_accounts():
    """A trail's bucket is found in the archive account, its key by alias, its log group with or without the star."""
    example = [
        eg.organization_trail(KmsKeyId="alias/example-trail"),
        eg.bucket(account=eg.ARCHIVE),
        eg.key(account=eg.MANAGEMENT),
        eg.log_group(),
    ]
    trail, _ = looked_at(example, TRAIL, eg.MANAGEMENT)
    assert trail.related(BUCKET, eg.BUCKET_NAME).account == eg.ARCHIVE
    assert trail.related(BUCKET, f"arn:aws:s3:::{eg.BUCKET_NAME}").account == eg.ARCHIVE
    assert trail.related(KEY, trail["KmsKeyId"]).account == eg.MANAGEMENT
    assert trail.related(LOG_GROUP, trail["CloudWatchLogsLogGroupArn"]).account == eg.HOME
    assert trail.related(KEY, None) is None


def test_related_is_none_only_if_certain():
    """What was not found does not exist if every listing that would show it was complete; else it is not known."""
    trail, _ = looked_at([eg.trail()], TRAIL)
    assert trail.related(BUCKET, "gone") is None
    assert trail.related(KEY, eg.KEY_ARN) is None
    trail, _ = looked_at([eg.trail(), eg.gap(BUCKET, account=eg.ARCHIVE)], TRAIL)
    with pytest.raises(InsufficientData, match=r"gone was not found and may exist unread: AWS::S3::Bucket in 2+: exam"):
        trail.related(BUCKET, "gone")
    trail, _ = looked_at([eg.trail(), eg.gap(KEY, region="us-west-2")], TRAIL)
    assert trail.related(KEY, eg.KEY_ARN) is None
    trail, _ = looked_at([eg.trail(), eg.gap(KEY, region=eg.HERE)], TRAIL)
    with pytest.raises(InsufficientData):
        trail.related(KEY, eg.KEY_ARN)


def test_a_name_that_could_not_be_looked_up_may_exist():
    """A key in another account that our own reading was refused is not called missing, whatever its owner listed."""
    archived = eg.key(account=eg.ARCHIVE).id
    refused = Gap(eg.ARCHIVE, eg.HERE, KEY, Unread("DescribeKey", "kms:DescribeKey", "AccessDenied"))
    naming = AccountSnapshot(
        account=Account(eg.HOME), status=ReadStatus.PARTIAL, items=(eg.trail(KmsKeyId=archived),), gaps=(refused,)
    )
    owner = AccountSnapshot(
        account=Account(eg.ARCHIVE),
        status=ReadStatus.READ,
        listed=frozenset({(KEY, eg.HERE)}),
        regions_enabled=(eg.HERE,),
    )
    estate = Estate(naming, Neighbours.of([naming, owner]))
    trail, _ = estate.asked(estate.views(TRAIL)[0])
    with pytest.raises(InsufficientData, match="kms:DescribeKey: AccessDenied"):
        trail.related(KEY, archived)


def test_related_within_an_account():
    """Where AWS demands that two resources share an account, another account's resource or silence does not matter."""
    example = [eg.bucket(), eg.log_target(account=eg.ARCHIVE), eg.gap(BUCKET, account=eg.MANAGEMENT)]
    bucket, _ = looked_at(example, BUCKET)
    assert bucket.related(BUCKET, eg.LOG_TARGET).account == eg.ARCHIVE
    assert bucket.related(BUCKET, eg.LOG_TARGET, within=eg.HOME) is None
    assert bucket.related(BUCKET, "gone", within=eg.HOME) is None


def test_a_region_that_is_not_enabled_holds_nothing():
    """Questions about one region of another account stop where that account may not use the region."""
    example = [eg.account(), eg.account(eg.ARCHIVE, Regions=[eg.HERE])]
    account, _ = looked_at(example, ACCOUNT)
    archive = account.related(ACCOUNT, eg.ARCHIVE)
    assert archive.all(TRAIL, "eu-west-1") == []


def test_related_outside_the_organization():
    """Nothing can be said of a resource in an account that is not of the organization."""
    trail, _ = looked_at([eg.trail()], TRAIL)
    with pytest.raises(InsufficientData, match="outside the organization"):
        trail.related(KEY, eg.KEY_ARN.replace(eg.HOME, eg.STRANGER))


def test_an_alias_may_hide_behind_unread_aliases():
    """A key whose aliases were not read may be the one that an alias means, at home and elsewhere."""
    for account in (eg.HOME, eg.ARCHIVE):
        alias = f"arn:aws:kms:{eg.HERE}:{account}:alias/example-trail"
        trail, _ = looked_at([eg.trail(), eg.unread(eg.key(account=account), "Aliases")], TRAIL)
        with pytest.raises(InsufficientData):
            trail.related(KEY, alias)
        trail, _ = looked_at([eg.trail(), eg.key(account=account, Aliases=[])], TRAIL)
        assert trail.related(KEY, alias) is None


def test_all_refuses_for_what_was_not_listed():
    """An incomplete listing adds a stand-in: what is certain stays certain, the rest is refused."""
    trail, _ = looked_at([eg.trail(), eg.bucket(), eg.gap(BUCKET)], TRAIL)
    buckets = trail.all(BUCKET)
    assert [bucket.exists for bucket in buckets] == [True, False]
    assert some(buckets, lambda bucket: bucket["Name"] == eg.BUCKET_NAME)
    with pytest.raises(InsufficientData, match="was not listed completely"):
        some(buckets, lambda bucket: bucket["Name"] == "other")


def test_an_empty_listing_is_evidence():
    """That there is nothing was seen too: which listing was complete and empty, where, by which call and when."""
    items = (eg.account(), eg.detector("eu-west-1"))
    listed = frozenset((DETECTOR, region) for region in eg.REGIONS)
    snapshot = AccountSnapshot(
        Account(eg.HOME), ReadStatus.READ, items=items, listed=listed, regions_enabled=eg.REGIONS, observed_at=eg.NOW
    )
    estate = Estate(snapshot, Neighbours.of([snapshot]), asked_by=lambda type, key: f"list {type} for {key}")
    account, trace = estate.asked(estate.views(ACCOUNT)[0])
    for region in ("eu-west-1", "us-east-1", "us-east-1"):
        account.all(DETECTOR, region)
    (nothing,) = trace.evidence.values()
    assert (nothing.type, nothing.id, nothing.key, nothing.value) == (DETECTOR, "us-east-1", "listing", [])
    assert (nothing.operation, nothing.captured_at) == (f"list {DETECTOR} for listing", eg.NOW)
    account, trace = looked_at([eg.account(), eg.gap(DETECTOR, region="us-east-1")], ACCOUNT)
    account.all(DETECTOR, "us-east-1")
    assert not trace.evidence  # not complete: nothing is known


def test_what_nothing_here_reads_is_said_in_words():
    """A code of ours is nothing that AWS said, and tells nobody what to do."""
    why = {"LogIntegrity": Unread("GetObject", "s3:GetObject", "NotYetRead")}
    trail, _ = looked_at([replace(eg.unread(eg.trail(), "LogIntegrity"), unread=why)], TRAIL)
    with pytest.raises(InsufficientData, match="was not read: log files are not read by this version"):
        trail["LogIntegrity"]


def test_all_of_one_region():
    """A region that was not listed leaves the others certain."""
    example = [eg.account(), eg.trail(), eg.trail(region="eu-west-1"), eg.gap(TRAIL, region="us-west-2")]
    account, _ = looked_at(example, ACCOUNT)
    assert [one.region for one in account.all(TRAIL, "eu-west-1")] == ["eu-west-1"]
    assert [one.exists for one in account.all(TRAIL, "us-west-2")] == [False]
    assert len(account.all(TRAIL)) == 3


def test_estate_all_speaks_for_the_organization():
    """Questions over the organization see every account, and one that was not listed keeps the answer open."""
    example = [eg.trail(), eg.organization_trail()]
    trail, _ = looked_at(example, TRAIL)
    assert {one.account for one in trail.estate_all(TRAIL)} == {eg.HOME, eg.MANAGEMENT}
    trail, _ = looked_at([*example, eg.gap(TRAIL, account=eg.ARCHIVE)], TRAIL)
    assert [one.exists for one in trail.estate_all(TRAIL)] == [True, True, False]


def test_policies_are_listed_in_the_management_account_only():
    """A member account that does not list the organization's policies leaves nothing open; the management account does."""
    account, _ = looked_at([eg.account(), eg.policy()], ACCOUNT)
    assert [one.exists for one in account.estate_all(POLICY)] == [True]
    account, _ = looked_at([eg.account(), eg.policy(), eg.gap(POLICY, account=eg.MANAGEMENT)], ACCOUNT)
    assert [one.exists for one in account.estate_all(POLICY)] == [True, False]


def test_related_all_keeps_what_may_exist():
    """Certainly absent ones are left out; those that may exist unread refuse when looked at."""
    trail, _ = looked_at([eg.trail(), eg.bucket()], TRAIL)
    assert [one.id for one in trail.related_all(BUCKET, [eg.BUCKET_NAME, "gone"])] == [eg.BUCKET_NAME]
    trail, _ = looked_at([eg.trail(), eg.bucket(), eg.gap(BUCKET, account=eg.ARCHIVE)], TRAIL)
    found = trail.related_all(BUCKET, [eg.BUCKET_NAME, "gone"])
    assert [one.exists for one in found] == [True, False]
    with pytest.raises(InsufficientData, match="gone was not found"):
        found[1]["Name"]


def test_last_known_items_refuse_everything():
    """An item of an account that could not be reached is there, and answers nothing."""
    trail, _ = looked_at([eg.unread(eg.trail())], TRAIL)
    assert trail.exists
    with pytest.raises(InsufficientData):
        trail["Name"]


def test_an_account_without_its_item_is_answered_for():
    """An account that was never read stands for itself, and refuses with the reason it was not reached."""
    why = Unread("AssumeRole", "sts:AssumeRole", "AccessDenied")
    snapshot = AccountSnapshot(
        account=Account(eg.HOME), status=ReadStatus.UNREACHABLE, gaps=(Gap(eg.HOME, GLOBAL, ACCOUNT, why),)
    )
    estate = Estate(snapshot, Neighbours.of([snapshot]))
    (view,) = estate.views(ACCOUNT)
    account, _ = estate.asked(view)
    with pytest.raises(InsufficientData, match="sts:AssumeRole: AccessDenied"):
        account["Regions"]
    assert estate.unlisted(BUCKET) == why


def test_a_strangers_item_in_a_snapshot_is_no_own_one():
    """What an account was shown of another owner's key is used only where the owner's own reading has none."""
    shown, own = eg.unread(eg.key(account=eg.ARCHIVE), "Policy"), eg.key(account=eg.ARCHIVE)
    carrying = AccountSnapshot(
        account=Account(eg.HOME), status=ReadStatus.READ, items=(eg.account(), eg.trail(KmsKeyId=own.id), shown)
    )
    for owner, readable in ((own, True), (None, False)):
        items = () if owner is None else (owner,)
        archive = AccountSnapshot(account=Account(eg.ARCHIVE), status=ReadStatus.READ, items=items)
        estate = Estate(carrying, Neighbours.of([carrying, archive]))
        trail, _ = estate.asked(estate.views(TRAIL)[0])
        found = trail.related(KEY, own.id)
        assert ("Policy" in found.item.configuration) is readable
        assert not estate.views(KEY)


def test_targets_are_evidence():
    """The target an answer was judged by stands in its evidence, the configured one before the default."""
    trail, trace = looked_at([eg.targets(log_retention_days=3650), eg.trail()], TRAIL)
    assert trail.target("log_retention_days") == 3650
    assert trail.target("lock_retention_days") == 365
    assert [(one.type, one.key, one.value) for one in trace.evidence.values()] == [
        ("target", "log_retention_days", 3650),
        ("target", "lock_retention_days", 365),
    ]


def test_notes_are_evidence_and_quiet_reading_is_none():
    """What follows from many reads is noted as one; the reads themselves need not be."""
    bucket, trace = looked_at([eg.bucket()], BUCKET)
    assert bucket.unnoted()["Versioning"]
    bucket.note("Uncovered", ["one"])
    assert [(one.key, one.operation) for one in trace.evidence.values()] == [("Uncovered", "derived")]


def test_work_is_done_once_for_all_checks():
    """What one check has worked out of a document, the next finds at hand, with its own evidence."""
    estate = eg.estates([eg.bucket()])[eg.HOME]
    (view,) = estate.views(BUCKET)
    done = []
    for _ in range(2):
        bucket, trace = estate.asked(view)
        assert bucket.derived(lambda policy: done.append(policy), "Policy") is None  # noqa: PLW0108 -- a new one each time
        assert bucket.remembered("work", lambda: done.append("work")) is None
        assert len(trace.evidence) == 1
    assert done.count("work") == 1


def test_the_organization_is_known_by_its_accounts():
    """The organization's id is told by the ARNs of its accounts; its accounts by their ids."""
    bucket, _ = looked_at([eg.bucket()], BUCKET)
    assert bucket.organization == (eg.ORGANIZATION_ID, frozenset({eg.HOME, eg.ARCHIVE, eg.MANAGEMENT}))


def test_references_in_every_spelling():
    """Keys, buckets and log groups are named in several ways, of the account and region of whoever names them."""
    near = eg.trail()
    assert reference(KEY, "11111111-2222", near) == f"arn:aws:kms:{eg.HERE}:{eg.HOME}:key/11111111-2222"
    assert reference(KEY, "alias/a", near) == f"arn:aws:kms:{eg.HERE}:{eg.HOME}:alias/a"
    assert reference(BUCKET, "arn:aws:s3:::b/prefix", near) == "b"
    assert home_of(KEY, eg.KEY_ARN) == (eg.HOME, eg.HERE)
    assert home_of(BUCKET, "b") == ("", GLOBAL)
    assert home_of(ACCOUNT, eg.HOME) == (eg.HOME, GLOBAL)
    assert list(names_of(eg.key())) == [eg.KEY_ARN, f"arn:aws:kms:{eg.HERE}:{eg.HOME}:alias/example-trail"]


def test_a_listing_says_what_is_missing():
    """Without its regions, no regional listing of an account is complete; a global one may be."""
    nothing = Listing(Account(eg.HOME), frozenset({(BUCKET, GLOBAL)}))
    assert nothing.unlisted(BUCKET) is None
    assert nothing.unlisted(TRAIL).code == "not read"
    assert nothing.unlisted(ORGANIZATION) is None
    one_region = Listing(Account(eg.HOME), frozenset({(TRAIL, eg.HERE)}), regions=(eg.HERE,))
    assert one_region.unlisted(TRAIL) is None
    assert one_region.unlisted(TRAIL, "eu-west-1") is not None


def test_every_global_type_is_known():
    """Types that AWS lists once for an account are types we know the parts of."""
    assert PARTS.keys() >= GLOBAL_TYPES


def refuse():
    """A question that cannot be answered."""
    raise InsufficientData("not read")


def asked(answer):
    """A question with one of three answers."""
    return refuse() if answer is None else answer


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([True, False, None]), max_size=6).flatmap(
        lambda x: st.tuples(st.just(x), st.permutations(x))
    )
)
def test_logic_is_kleenes_in_any_order(orders):
    """One certain answer outweighs any unread ones, wherever it stands; else an unread one leaves the answer open."""
    for order in orders:
        for question, decisive in ((some, True), (every, False)):
            expected = decisive if decisive in order else None if None in order else not decisive
            try:
                answer = question(order, asked)
            except InsufficientData:
                answer = None
            assert answer is expected


def test_logic_over_questions():
    """The same logic holds over questions of different kinds."""
    assert either(refuse, lambda: True)
    assert not both(refuse, lambda: False)
    with pytest.raises(InsufficientData):
        either(refuse, lambda: False)
    with pytest.raises(InsufficientData):
        both(refuse, lambda: True)


def test_witnesses():
    """Those that certainly fail are named; only if there are none does an unread one matter."""
    assert failing([True, False, None], asked) == [False]
    assert failing([True], asked) == []
    with pytest.raises(InsufficientData):
        failing([True, None], asked)
    answers, refusals = gathered([True, None], asked)
    assert answers == [True]
    assert len(refusals) == 1


def test_certainly_is_a_certain_yes():
    """Unread and not applicable are no certain yes."""

    def skip():
        raise NotApplicable("no")

    assert certainly(lambda: True)
    assert not certainly(refuse)
    assert not certainly(skip)


def test_refusals_together_say_how_many():
    """Several reasons are told as one, the same in whatever order they came."""

    def why(name):
        raise InsufficientData(name)

    messages = []
    for names in (("b", "a"), ("a", "b")):
        with pytest.raises(InsufficientData) as caught:
            some(names, why)
        messages.append(str(caught.value))
    assert messages == ["a (and 1 more of the kind)"] * 2


def test_a_trace_starts_empty():
    """Each answer has a trace of its own."""
    assert not Trace().evidence
