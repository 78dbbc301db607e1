"""The walker: differences between two stored documents, in paths a person can read."""

import copy

import pytest
from deepdiff import DeepDiff
from hypothesis import given, settings
from hypothesis import strategies as st
from ten_cases import BUCKET, CONFIGURATION, STATEMENT, TEN, TRAIL, TRAIL_CONFIGURATION, edited

from reporter.collect.resources import TYPES
from reporter.documents.canonical import canonical, digest
from reporter.documents.fields import PARTS
from reporter.drift.walker import compare
from reporter.model import ACCOUNT, Unread

DENIED = Unread("GetBucketPolicy", "s3:GetBucketPolicy", "AccessDenied")


def document(configuration, unread=None, type=BUCKET):
    """A stored document."""
    return {"configuration": canonical(type, configuration), "unread": unread or {}}


def difference(before, after, type=BUCKET):
    """The operations between two configurations."""
    return compare(type, document(before, type=type), document(after, type=type))


@pytest.mark.parametrize("name, type, before, after, expected", TEN, ids=[case[0] for case in TEN])
def test_ten_cases_exact(name, type, before, after, expected):
    """Ten edits as people make them: each is told in as many entries as it has, in words."""
    assert [op.text for op in difference(before, after, type)] == expected


def test_ten_cases_count():
    """The expected numbers of entries are 0 1 1 1 1 1 1 1 1 2."""
    assert [len(case[4]) for case in TEN] == [0, 1, 1, 1, 1, 1, 1, 1, 1, 2]


# --- the oracle ------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(["a", "b", "c", "dd", "Ünï", ""])
LEAVES = st.one_of(st.booleans(), st.integers(0, 3), WORDS, st.none())
RULES = st.lists(
    st.fixed_dictionaries(
        {"Status": st.sampled_from(["Enabled", "Disabled"])},
        optional={
            "ID": WORDS,
            "Expiration": st.fixed_dictionaries({"Days": st.integers(1, 4)}),
            "Filter": st.fixed_dictionaries({"Prefix": WORDS}),
            "Transitions": st.lists(
                st.fixed_dictionaries(
                    {"Days": st.integers(1, 3), "StorageClass": st.sampled_from(["GLACIER", "DEEP"])}
                ),
                max_size=2,
            ),
        },
    ),
    max_size=4,
)
STATEMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Deny"]),
            "Principal": st.sampled_from(["*", {"AWS": "111122223333"}, {"Service": ["b", "a"]}]),
            "Action": st.lists(
                st.sampled_from(["s3:GetObject", "s3:Put*", "s3:*"]), min_size=1, max_size=3, unique=True
            ),
        },
        optional={
            "Sid": WORDS,
            "Condition": st.sampled_from(
                [{"Bool": {"k": ["true"]}}, {"Bool": {"k": ["false"]}, "Null": {"j": "true"}}]
            ),
        },
    ),
    min_size=1,
    max_size=4,
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "Policy": st.one_of(st.none(), STATEMENTS.map(lambda found: {"Version": "2012-10-17", "Statement": found})),
        "Lifecycle": st.one_of(st.none(), RULES.map(lambda rules: {"Rules": rules})),
        "PublicAccessBlock": st.dictionaries(st.sampled_from(["BlockPublicAcls", "IgnorePublicAcls"]), st.booleans()),
        "Tags": st.dictionaries(WORDS, WORDS, max_size=3),
        "Website": st.one_of(st.none(), st.fixed_dictionaries({"x": LEAVES})),
        "Cors": st.fixed_dictionaries(
            {"CORSRules": st.lists(st.fixed_dictionaries({"AllowedMethods": st.lists(WORDS, max_size=2)}), max_size=3)}
        ),
    }
)


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_finds_a_difference_exactly_where_the_oracle_does(before, after):
    """The walker is silent exactly when DeepDiff, ignoring order where order means nothing, is silent, and when the hashes agree."""
    one, other = canonical(BUCKET, before), canonical(BUCKET, after)
    ops = difference(before, after)
    parts = {op.path.partition(".")[0].partition("[")[0] for op in ops}
    for part in one:
        ordered = part == "Cors"
        silent = not DeepDiff(one[part], other[part], ignore_order=not ordered, report_repetition=True)
        assert silent == (part not in parts), (part, ops)
    assert (digest(one) == digest(other)) == (not ops)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_order_is_no_difference(configuration, chance):
    """Whatever is shuffled in sets, nothing is reported."""
    other = copy.deepcopy(configuration)
    for part, name in (("Policy", "Statement"), ("Lifecycle", "Rules")):
        if other[part]:
            chance.shuffle(other[part][name])
    assert difference(configuration, other) == ()


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_every_entry_is_readable(before, after):
    """Each entry starts with its path, is one line without controls, has a class, and its path begins with its part."""
    for op in difference(before, after):
        assert op.text.startswith(op.path[:100])
        assert op.text.isprintable()
        assert op.klass in {"security", "operational", "tags", "cosmetic"}
        assert op.kind in {"added", "removed", "changed"}


def every_leaf(value, path=()):
    """Every scalar of a value with its path."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if children is None:
        yield path, value
        return
    for key, item in children:
        yield from every_leaf(item, (*path, key))


@pytest.mark.parametrize(
    "type, configuration", [(BUCKET, CONFIGURATION), (TRAIL, TRAIL_CONFIGURATION)], ids=["bucket", "trail"]
)
def test_every_single_edit_is_told_once(type, configuration):
    """Whichever one value is edited, and however everything is shuffled beside it, exactly that is told: one entry, or for
    what is its own name (a grant, the field of a selector) one that went and one that came."""
    form = canonical(type, configuration)
    for path, value in every_leaf(form):
        edit = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else f"{value} edited"
        other = edited(form, (path, edit))
        for rows in [other.get("Policy", {}).get("Statement"), other.get("Lifecycle", {}).get("Rules")]:
            if rows:
                rows.reverse()
        ops = difference(form, other, type)
        expected = 2 if path[:2] == ("Acl", "Grants") or path[-1] == "Field" else 1
        assert len(ops) == expected, (path, [op.text for op in ops])
        assert all(op.path.startswith(path[0]) for op in ops)


# --- what could not be read ------------------------------------------------------------------------------------------


def test_a_part_that_is_unread_is_lost_not_removed():
    """A policy that can no longer be read is access_lost, whether the document still carries the last value or not."""
    for configuration in (CONFIGURATION, {key: value for key, value in CONFIGURATION.items() if key != "Policy"}):
        ops = compare(BUCKET, document(CONFIGURATION), document(configuration, {"Policy": DENIED}))
        assert [(op.kind, op.path, op.klass) for op in ops] == [("access_lost", "Policy", "security")]
        assert ops[0].text == "Policy can no longer be read: s3:GetBucketPolicy: AccessDenied (last known value kept)"


def test_a_part_read_again_is_compared_with_what_was_last_known():
    """After a denial the comparison is with the last known value: a change made meanwhile is told beside the restored sight."""
    was = document(CONFIGURATION, {"Policy": {"iam": "s3:GetBucketPolicy", "code": "AccessDenied"}})
    assert [op.kind for op in compare(BUCKET, was, document(CONFIGURATION))] == ["access_restored"]
    changed = edited(CONFIGURATION, (("Policy", "Statement", 1, "Action"), "s3:*"))
    assert [op.text for op in compare(BUCKET, was, document(changed))] == [
        "Policy can be read again",
        'Policy.Statement["Trail"].Action + s3:*, - s3:GetBucketAcl, - s3:PutObject',
    ]


def test_a_part_never_read_before_is_not_new():
    """Reading a part for the first time gives sight of it, not a creation of its settings."""
    never = {key: value for key, value in CONFIGURATION.items() if key != "Policy"}
    ops = compare(BUCKET, document(never, {"Policy": DENIED}), document(CONFIGURATION))
    assert [op.kind for op in ops] == ["access_restored"]


def test_an_item_that_could_not_be_read_at_all_has_lost_nothing_but_sight():
    """With everything unread no part differs, and when it is back only real differences are told."""
    gone = document({}, {"*": Unread("ListBuckets", "s3:ListAllMyBuckets", "Throttling")})
    assert [(op.kind, op.path) for op in compare(BUCKET, document(CONFIGURATION), gone)] == [("access_lost", "*")]
    kept = {"configuration": canonical(BUCKET, CONFIGURATION), "unread": gone["unread"]}
    back = edited(CONFIGURATION, (("Versioning", "Status"), "Suspended"))
    assert [op.text for op in compare(BUCKET, kept, document(back))] == [
        "everything can be read again",
        "Versioning.Status Enabled -> Suspended",
    ]


def test_another_reason_for_not_reading_is_no_change():
    """Denied yesterday and throttled today: nothing was learnt, nothing is told."""
    one = document(CONFIGURATION, {"Policy": {"iam": "s3:GetBucketPolicy", "code": "AccessDenied"}})
    other = document(CONFIGURATION, {"Policy": {"iam": "s3:GetBucketPolicy", "code": "Throttling"}})
    assert compare(BUCKET, one, other) == ()


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, DOCUMENTS, st.sets(st.sampled_from(["Policy", "Lifecycle", "Tags", "Website"]), min_size=1))
def test_what_is_unread_never_yields_an_edit(before, after, parts):
    """Whatever the document carries for an unread part, no edit of that part is reported."""
    ops = compare(BUCKET, document(before), document(after, dict.fromkeys(parts, DENIED)))
    touched = {op.path.partition(".")[0].partition("[")[0] for op in ops if op.kind != "access_lost"}
    assert not touched & parts


# --- shapes ----------------------------------------------------------------------------------------------------------


def texts(before, after, type=BUCKET):
    """The lines of the differences."""
    return [op.text for op in difference(before, after, type)]


def policy(*statements):
    """A configuration with a policy of these statements."""
    return {"Policy": {"Version": "2012-10-17", "Statement": list(statements)}}


def test_a_renamed_statement_is_a_renaming():
    """Only the Sid differs: one cosmetic entry, not a removal and an addition."""
    ops = difference(policy(STATEMENT), policy({**STATEMENT, "Sid": "Other"}))
    assert [(op.text, op.klass) for op in ops] == [
        ('Policy.Statement["PublicRead"].Sid PublicRead -> Other', "cosmetic")
    ]


def test_statements_without_sid_are_paired_by_likeness():
    """A nameless statement whose action changed is one change, named by what it said before."""
    one = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/ops"},
        "Action": "s3:GetObject",
        "Resource": "*",
    }
    other = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "x",
        "Condition": {"Bool": {"k": "false"}},
    }
    before, after = policy(one, other), policy(other, {**one, "Action": ["s3:GetObject", "s3:PutObject"]})
    assert texts(before, after) == [
        'Policy.Statement["Allow 111122223333:role/ops s3:GetObject"].Action + s3:PutObject'
    ]


def test_the_same_sid_twice_is_still_paired():
    """Two statements under one Sid: an edit of one is an edit of one."""
    first, second = {**STATEMENT, "Sid": "A"}, {**STATEMENT, "Sid": "A", "Action": "s3:PutObject"}
    assert len(difference(policy(first, second), policy(second, {**first, "Resource": "x"}))) == 1


def test_repeated_statements_are_counted():
    """One repetition less of one statement and more of another is two entries."""
    a, b = STATEMENT, {**STATEMENT, "Sid": "B", "Action": "s3:PutObject"}
    assert [op.kind for op in difference(policy(a, a, b), policy(a, b, b))] == ["added", "removed"]


def test_respelt_actions_are_cosmetic():
    """An action in other case grants the same: shown as cosmetic."""
    ops = difference(policy(STATEMENT), policy({**STATEMENT, "Action": "s3:getobject"}))
    assert [op.klass for op in ops] == ["cosmetic"]


def test_a_deleted_principal_is_named_as_such():
    """Where a role was and AWS now shows a bare id, the line says that the principal is gone."""
    role = {**STATEMENT, "Principal": {"AWS": "arn:aws:iam::111122223333:role/ops"}}
    gone = {**STATEMENT, "Principal": {"AWS": "AROAEXAMPLEID12345678"}}
    assert texts(policy(role), policy(gone)) == [
        'Policy.Statement["PublicRead"].Principal.AWS + AROAEXAMPLEID12345678 (deleted principal), - 111122223333:role/ops'
    ]


def test_the_one_rule_needs_no_name():
    """Encryption has one rule: the path goes straight through it."""
    other = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}}]}
    assert texts(CONFIGURATION, {**CONFIGURATION, "Encryption": other}) == [
        "Encryption.Rules.ApplyServerSideEncryptionByDefault.KMSMasterKeyID added: k",
        "Encryption.Rules.ApplyServerSideEncryptionByDefault.SSEAlgorithm AES256 -> aws:kms",
    ]


def test_order_of_cors_rules_is_a_change():
    """The same rules in another order are one entry; a new one in the middle is one entry."""
    a, b, c = ({"AllowedMethods": [word], "ID": word} for word in ("GET", "PUT", "HEAD"))
    cors = [{"Cors": {"CORSRules": list(rules)}} for rules in ((a, b), (b, a), (a, c, b))]
    assert texts(cors[0], cors[1]) == ["Cors.CORSRules: the order changed"]
    assert texts(cors[0], cors[2]) == ['Cors.CORSRules["HEAD"] added: AllowedMethods [HEAD], ID HEAD']


def test_tags_and_regions_stand_in_brackets():
    """Keys that are somebody's own words are quoted, so that a dot in them is no step."""
    assert texts({"Tags": {"a.b": "1", "c": "2"}}, {"Tags": {"a.b": "2"}}) == [
        'Tags["a.b"] 1 -> 2',
        'Tags["c"] removed: 2',
    ]
    before, after = ({"RegionStatus": {"eu-west-1": {"IsLogging": flag}}} for flag in (True, False))
    assert texts(before, after, TRAIL) == ['RegionStatus["eu-west-1"].IsLogging true -> false']


def test_true_is_not_one():
    """A change of type alone is seen, though Python calls the values equal."""
    for before, after in ((True, 1), (0, False), (1, 1.0), ("1", 1)):
        assert len(difference({"Website": {"x": before}}, {"Website": {"x": after}})) == 1


def test_hostile_names_stay_on_their_line():
    """Names with quotes, newlines, direction marks and markup cannot break the line or fake a path."""
    evil = "x\"].Action\n\u202e<b>=cmd|' /C calc'!A0\x1b[31m"
    before = {"Tags": {}, "Lifecycle": {"Rules": [{"ID": evil, "Expiration": {"Days": 1}}]}}
    after = {"Tags": {evil: evil}, "Lifecycle": {"Rules": [{"ID": evil, "Expiration": {"Days": 2}}]}}
    ops = difference(before, after)
    assert len(ops) == 2
    assert all(op.text.isprintable() and "\u202e" not in op.text for op in ops)
    assert [op.klass for op in ops] == ["operational", "tags"]


def test_creation_and_deletion_have_no_entries():
    """A resource that comes or goes is one change, not a list of its settings."""
    assert compare(BUCKET, None, document(CONFIGURATION)) == ()
    assert compare(BUCKET, document(CONFIGURATION), None) == ()


def test_a_part_that_was_not_asked_for_is_no_change():
    """When more parts are read than before, or fewer, nothing changed at AWS; a field that AWS leaves out when unset is real."""
    more = {**CONFIGURATION, "Accelerate": {"Status": "Enabled"}, "Abac": None}
    assert texts(CONFIGURATION, more) == texts(more, CONFIGURATION) == []
    with_key, without = (
        TRAIL_CONFIGURATION,
        {key: value for key, value in TRAIL_CONFIGURATION.items() if key != "KmsKeyId"},
    )
    assert texts(without, with_key, TRAIL) == ["KmsKeyId added: arn:aws:kms:eu-west-1:111122223333:key/1"]
    assert texts(without, {**without, "KmsKeyId": None}, TRAIL) == []


@pytest.mark.parametrize("code", ["NotYetRead", "NotAsked", "Excluded"])
def test_what_nobody_tried_to_read_is_not_lost(code):
    """A part that waits for another source is neither lost nor restored; a denial before it or after it is."""
    waiting = {"LogIntegrity": Unread("GetObject", "", code)}
    denied = {"LogIntegrity": Unread("GetObject", "s3:GetObject", "AccessDenied")}
    known = {**TRAIL_CONFIGURATION, "LogIntegrity": {"Valid": True}}

    def kinds(before, after):
        return [op.kind for op in compare(TRAIL, before, after)]

    plain, full = document(TRAIL_CONFIGURATION, waiting, TRAIL), document(known, type=TRAIL)
    assert kinds(plain, full) == kinds(full, plain) == []
    assert kinds(full, document(known, denied, TRAIL)) == ["access_lost"]
    broken = document({**known, "LogIntegrity": {"Valid": False}}, type=TRAIL)
    assert kinds(document(known, waiting, TRAIL), broken) == ["changed"]


def test_the_table_of_parts_is_the_readers():
    """Every part that is read is known as one, so that reading more or less is never taken for a change."""
    for row in TYPES:
        read = {part for part in row.parts if not part.startswith("_")} | (
            {"VisibleTrails"} if row.name == ACCOUNT else set()
        )
        assert PARTS.get(row.name, frozenset()) == read, row.name
