"""The canonical form: equal means equal, and nothing else does."""

import copy
import json
import random
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.documents.canonical import (
    canonical,
    canonical_json,
    digest,
    klass_of,
    meaning,
    plain,
    semantic,
    split_volatile,
    stored,
)
from reporter.documents.fields import IDENTITY
from reporter.model import ACCOUNT, Unread

BUCKET = "AWS::S3::Bucket"
TRAIL = "AWS::CloudTrail::Trail"

TEXT = st.text(min_size=1, max_size=8)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), TEXT)
FIELDS = st.sampled_from(
    ["Rules", "Grants", "Status", "Days", "Filter", "CORSRules", "Metrics", "Encryption", "ID", "Website"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(FIELDS, inner, max_size=3)),
    max_leaves=8,
)
CONFIGURATIONS = st.dictionaries(FIELDS, VALUES, min_size=1, max_size=4)
NAMES = st.lists(
    st.sampled_from(["s3:GetObject", "s3:PutObject", "s3:*", "kms:Decrypt"]), min_size=1, max_size=3, unique=True
)
STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Principal": st.fixed_dictionaries({"AWS": st.lists(TEXT, min_size=1, max_size=3, unique=True)}),
        "Action": NAMES,
        "Resource": st.lists(TEXT, min_size=1, max_size=2, unique=True),
    },
    optional={
        "Sid": TEXT,
        "Condition": st.dictionaries(
            st.sampled_from(["StringEquals", "Bool"]),
            st.dictionaries(TEXT, st.lists(TEXT, min_size=1, max_size=2, unique=True), min_size=1, max_size=2),
            min_size=1,
            max_size=2,
        ),
    },
)
POLICIES = st.fixed_dictionaries(
    {"Version": st.just("2012-10-17"), "Statement": st.lists(STATEMENTS, min_size=1, max_size=4)}
)


def leaves(value, path=()):
    """Every scalar of a value with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def with_leaf(value, path, new):
    """A copy with one scalar replaced."""
    result = copy.deepcopy(value)
    at = result
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = new
    return result


def shuffled(value, chance):
    """The same policy in another order, with lists of one as scalars or the reverse."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    if isinstance(value, list):
        items = [shuffled(item, chance) for item in value]
        chance.shuffle(items)
        return items[0] if len(items) == 1 and chance.random() < 0.5 else items
    return value


@settings(max_examples=100, deadline=None)
@given(CONFIGURATIONS, st.data())
def test_any_leaf_changes_the_hash(configuration, data):
    """Whatever single value changes, and to whatever other value or type, the hash changes."""
    form = canonical(BUCKET, configuration)
    found = list(leaves(form))
    if not found:
        return
    path, old = data.draw(st.sampled_from(found))
    new = data.draw(SCALARS.filter(lambda value: (type(value), value) != (type(old), old)))
    changed = canonical(BUCKET, with_leaf(form, path, new))
    assert digest(changed) != digest(form)


@settings(max_examples=80, deadline=None)
@given(POLICIES, st.data())
def test_any_leaf_of_a_policy_changes_the_hash(policy, data):
    """Each Sid, action, resource, principal and condition value of a policy is in the hash, repetitions too."""
    path, old = data.draw(st.sampled_from(list(leaves(policy))))
    new = data.draw(TEXT.filter(lambda value: value != old))
    before, after = canonical(BUCKET, {"Policy": policy}), canonical(BUCKET, {"Policy": with_leaf(policy, path, new)})
    assert digest(before) != digest(after)


@settings(max_examples=100, deadline=None)
@given(POLICIES, st.randoms(use_true_random=False))
def test_order_and_scalars_never_change_the_hash(policy, chance):
    """A policy as a map or as text, in any order, with scalars for lists of one, is one policy."""
    other = shuffled(policy, chance)
    assert digest(canonical(BUCKET, {"Policy": other})) == digest(canonical(BUCKET, {"Policy": json.dumps(policy)}))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"ID": TEXT, "Status": TEXT, "Expiration": st.fixed_dictionaries({"Days": st.integers(1, 9)})}
        ),
        max_size=5,
    ),
    st.randoms(use_true_random=False),
)
def test_order_of_rules_never_changes_the_hash(rules, chance):
    """Rules by ID are a set."""
    other = list(rules)
    chance.shuffle(other)
    assert canonical(BUCKET, {"Lifecycle": {"Rules": rules}}) == canonical(BUCKET, {"Lifecycle": {"Rules": other}})


@settings(max_examples=80, deadline=None)
@given(st.one_of(CONFIGURATIONS, POLICIES.map(lambda policy: {"Policy": policy})))
def test_canonical_twice_is_canonical_once(configuration):
    """The form of a form is itself, also after a trip through JSON."""
    form = canonical(BUCKET, configuration)
    assert canonical(BUCKET, form) == form
    assert canonical(BUCKET, json.loads(canonical_json(form))) == form


def test_false_null_missing_and_empty_are_four_things():
    """What is off, not configured, not there and empty have four hashes."""
    forms = [
        {"Website": False},
        {"Website": None},
        {},
        {"Website": []},
        {"Website": ""},
        {"Website": {}},
        {"Website": 0},
    ]
    assert len({digest(canonical(BUCKET, form)) for form in forms}) == len(forms)


def test_swapped_flags_and_moved_letters_differ():
    """Values swapped between keys, or characters moved between values, change the hash: keys and borders are in it."""
    one = {"PublicAccessBlock": {"BlockPublicPolicy": True, "RestrictPublicBuckets": False}}
    other = {"PublicAccessBlock": {"BlockPublicPolicy": False, "RestrictPublicBuckets": True}}
    assert digest(canonical(BUCKET, one)) != digest(canonical(BUCKET, other))
    assert digest({"p": "ab", "q": "c"}) != digest({"p": "a", "q": "bc"})


def test_repeated_statements_count():
    """Twice the first statement and once the second is not once the first and twice the second."""
    a = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    b = {**a, "Action": "s3:PutObject"}
    one, other = ({"Policy": {"Statement": statements}} for statements in ([a, a, b], [a, b, b]))
    assert digest(canonical(BUCKET, one)) != digest(canonical(BUCKET, other))


def test_everybody_has_one_spelling():
    """A star and an AWS star are the same principal, except where it is a NotPrincipal."""

    def form(key, value):
        return canonical(BUCKET, {"Policy": {"Statement": [{"Effect": "Allow", key: value, "Action": "s3:*"}]}})

    assert form("Principal", "*") == form("Principal", {"AWS": "*"}) == form("Principal", {"AWS": ["*"]})
    assert form("NotPrincipal", "*") != form("NotPrincipal", {"AWS": "*"})


def test_condition_values_are_text():
    """True, "true" and ["true"] are one condition value; so are 60 and "60"."""

    def form(value):
        return canonical(BUCKET, {"Policy": {"Statement": {"Effect": "Deny", "Condition": {"Bool": {"k": value}}}}})

    assert form(True) == form("true") == form(["true"])
    assert form(60) == form("60")


def test_tags_are_a_map_and_their_values_are_nobodys_business():
    """Tags in any of AWS's spellings are one map; a value that looks like a policy stays text."""
    spellings = [
        [{"Key": "b", "Value": '{"Statement": []}'}, {"Key": "a", "Value": ""}],
        [{"TagKey": "a", "TagValue": ""}, {"TagKey": "b", "TagValue": '{"Statement": []}'}],
        {"b": '{"Statement": []}', "a": ""},
    ]
    forms = [canonical(BUCKET, {"Tags": tags}) for tags in spellings]
    assert forms == [{"Tags": {"a": "", "b": '{"Statement": []}'}}] * 3


def test_order_that_matters_is_kept():
    """CORS rules are tried in turn and a path of organizational units leads down: neither is sorted."""
    rules = [{"AllowedMethods": ["PUT", "GET"]}, {"AllowedMethods": ["DELETE"]}]
    form = canonical(BUCKET, {"Cors": {"CORSRules": rules}})
    assert form["Cors"]["CORSRules"] == [{"AllowedMethods": ["GET", "PUT"]}, {"AllowedMethods": ["DELETE"]}]
    assert canonical(ACCOUNT, {"ParentIds": ["r-1", "ou-9", "ou-1"]})["ParentIds"] == ["r-1", "ou-9", "ou-1"]


@pytest.mark.parametrize("text", ["not json", "{broken", '"text"', "[1]", "", "{}", '{"Statement": NaN}'])
def test_a_policy_that_is_none_stays_as_it_is(text):
    """Text that is no policy is kept, so that a change of it is still seen."""
    form = canonical(BUCKET, {"Policy": text})["Policy"]
    assert form == ({} if text == "{}" else text)


def test_odd_policies_do_not_stop_the_reading():
    """Statements of wrong types, missing lists and strange principals have a form, too."""
    for statement in (
        None,
        "x",
        [None],
        ["x", {"Effect": "Allow"}],
        [{"Principal": 5, "Action": None, "Condition": "x"}],
        {"Condition": {"Bool": "x"}},
    ):
        form = canonical(BUCKET, {"Policy": {"Statement": statement}})
        assert canonical(BUCKET, form) == form
        assert semantic(BUCKET, form)


def test_hostile_text_has_bytes():
    """NUL, lone surrogates, direction marks and emoji have canonical bytes that read back the same."""
    value = {"Name": "a\x00b\ud800\u202e😀</script>=1+1"}
    data = canonical_json(value)
    assert data.isascii()
    assert json.loads(data) == value


def test_instants_become_text():
    """An instant is ISO text in UTC, whatever zone it came in; dates and bytes are text, too."""
    at = datetime(2026, 11, 22, 3, 0, tzinfo=timezone(timedelta(hours=1)))
    assert plain({"t": at, "n": at.replace(tzinfo=None), "b": b"x", "s": {"b", "a"}, "l": ({"d": at.date()},)}) == {
        "t": "2026-11-22T02:00:00Z",
        "n": "2026-11-22T03:00:00Z",
        "b": "eA==",
        "s": ["a", "b"],
        "l": [{"d": "2026-11-22"}],
    }
    assert canonical(TRAIL, {"T": at}) == {"T": "2026-11-22T02:00:00Z"}


def test_volatile_is_split_by_field_not_by_block():
    """IsLogging stays durable beside the delivery times, errors stay too, and merging the halves gives the whole."""
    whole = {
        "Name": "org",
        "Status": {
            "IsLogging": True,
            "LatestDeliveryTime": datetime(2026, 1, 1, tzinfo=UTC),
            "LatestDeliveryError": "AccessDenied",
            "LatestDigestDeliveryTime": 1,
            "StopLoggingTime": 2,
            "TimeLoggingStarted": "x",
            "LatestNotificationAttemptSucceeded": "",
        },
        "RegionStatus": {"eu-west-1": {"IsLogging": True, "LatestDeliveryError": None, "LatestDeliveryTime": 4}},
    }
    durable, volatile = split_volatile(TRAIL, whole)
    assert durable == {
        "Name": "org",
        "Status": {"IsLogging": True, "LatestDeliveryError": "AccessDenied"},
        "RegionStatus": {"eu-west-1": {"IsLogging": True, "LatestDeliveryError": None}},
    }
    assert set(volatile["Status"]) == set(whole["Status"]) - set(durable["Status"])
    assert volatile["RegionStatus"] == {"eu-west-1": {"LatestDeliveryTime": 4}}


def test_volatile_in_lists_and_unknown_types():
    """A moving field inside a list is dropped; a type without volatile fields is all durable."""
    features = {"Detail": {"Features": [{"Name": "S3", "Status": "ENABLED", "UpdatedAt": 1}], "UpdatedAt": 2}}
    durable, volatile = split_volatile("AWS::GuardDuty::Detector", features)
    assert durable == {"Detail": {"Features": [{"Name": "S3", "Status": "ENABLED"}]}}
    assert volatile == {"Detail": {"UpdatedAt": 2}}
    assert split_volatile("AWS::X::Y", {"UpdatedAt": 1}) == ({"UpdatedAt": 1}, {})


def test_semantic_form_forgets_what_has_no_effect():
    """Case of actions, Sids, repetitions, the two names of an account and a missing version mean nothing; actions do."""

    def form(statement, **policy):
        return semantic(BUCKET, {"Policy": {"Version": "2012-10-17", "Statement": statement, **policy}})

    one = {
        "Sid": "A",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "s3:getobject",
    }
    other = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["s3:GetObject", "s3:GetObject"]}
    assert form([one]) == form([other, other], Id="x")
    assert form([one]) != form([{**one, "Action": "s3:PutObject"}])
    assert form([one]) != form([one], Version="2008-10-17")
    assert meaning("Policy", None) is None


def test_stored_document_keeps_what_was_last_known():
    """A part that is unread keeps its last known value and says why; everything else is as read now."""
    last = {"Name": "b", "Policy": {"Statement": []}, "Website": None, "Gone": 1}
    why = Unread(
        "GetBucketPolicy", "s3:GetBucketPolicy", "AccessDenied", "long message", datetime(2026, 1, 1, tzinfo=UTC)
    )
    document = stored({"Name": "b", "Website": {}}, {"Policy": why}, last)
    assert document == {
        "configuration": {"Name": "b", "Website": {}, "Policy": {"Statement": []}},
        "unread": {"Policy": {"operation": "GetBucketPolicy", "iam": "s3:GetBucketPolicy", "code": "AccessDenied"}},
    }
    assert stored({}, {"*": why}, last)["configuration"] == last
    assert digest(stored({}, {"Policy": why})) == digest(stored({}, document["unread"]))


@pytest.mark.parametrize(
    "type, path, klass",
    [
        (TRAIL, "Status.IsLogging", "security"),
        (TRAIL, "Status.LatestDeliveryError", "operational"),
        (TRAIL, 'RegionStatus["eu-west-1"].LatestDeliveryError', "operational"),
        (TRAIL, 'RegionStatus["eu-west-1"].IsLogging', "security"),
        (TRAIL, 'Tags["a.b]"]', "tags"),
        (BUCKET, 'Policy.Statement["x\\"] y"].Action', "security"),
        (BUCKET, 'Policy.Statement["x"].Sid', "cosmetic"),
        (BUCKET, 'Lifecycle.Rules["old"].Expiration.Days', "operational"),
        (BUCKET, "Website", "security"),
        (BUCKET, "Notification.TopicConfigurations", "operational"),
        (BUCKET, 'Tags["Owner"]', "tags"),
        (ACCOUNT, "PublicAccessBlock.BlockPublicAcls", "security"),
        (ACCOUNT, "Email", "operational"),
        ("AWS::SNS::Topic", 'Attributes.Policy.Statement["a"]', "security"),
        ("AWS::SNS::Topic", "Attributes.DisplayName", "operational"),
        ("AWS::Logs::LogGroup", "retentionInDays", "security"),
        ("AWS::X::Y", "Anything", "operational"),
    ],
)
def test_class_of_a_path(type, path, klass):
    """Each field is a matter of security, operation, tags or cosmetics, whatever stands in the brackets."""
    assert klass_of(type, path) == klass


def test_identities_are_tuples_of_fields():
    """The table of identities is well formed: a string in the place of a tuple would be read letter by letter."""
    assert all(isinstance(fields, tuple) and fields for alternatives in IDENTITY.values() for fields in alternatives)


def test_documents_are_quick():
    """A bucket's document takes well under a millisecond to bring into form."""
    policy = {"Statement": [{"Sid": str(n), "Effect": "Allow", "Action": ["s3:a", "s3:b"]} for n in range(10)]}
    configuration = {"Policy": json.dumps(policy), "Tags": [{"Key": str(n), "Value": "v"} for n in range(10)]}
    chance = random.Random(1)
    started = time.process_time()
    for _ in range(100):
        chance.shuffle(configuration["Tags"])
        digest(canonical(BUCKET, configuration))
    assert time.process_time() - started < 0.5
