"""Metric filter patterns: parsing, matching records, and comparing in meaning."""

import time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.documents.pattern_cover import matches_at_least
from reporter.documents.patterns import PatternError, matches, parse
from reporter.documents.patterns_wanted import WANTED

# The record and the patterns with their results are those of AWS's documentation of JSON filter patterns.
RECORD = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "cluster.name": "c",
    "ThisFlag": True,
    "latency": 55.5,
    "user": {"id": 1, "email": "John.Stiles@example.com"},
    "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
    "actions": ["GET", "PUT", "DELETE"],
    "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]],
}


@pytest.mark.parametrize(
    "pattern, answer",
    [
        ("", True),
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{$.eventType=UpdateTrail}", True),
        ("{ $.eventType = updatetrail }", False),
        ("{ $.eventType = *Trail }", True),
        ("{ $.eventType = Update* }", True),
        ('{ $.eventType = "*pdate*" }', True),
        ("{ $.eventType = Up*Trail }", False),
        ("{ $.eventType = * }", True),
        ("{ $.eventType != UpdateTrail }", False),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ('{ $.arrayKey[0] = "value" }', True),
        ("{ $.arrayKey[9] = value }", False),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.eventType IS NULL }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.eventType NOT EXISTS }", False),
        ("{ $.SomeObject.inner NOT EXISTS }", True),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag is false }", False),
        ("{ $.['cluster.name'] = \"c\" }", True),
        ("{ $.eventType = %Trail% }", True),
        ("{ $.eventType = %^Trail% }", False),
        (r"{ $.sourceIPAddress = %111\.111\.111\.1[0-9]{1,2}% }", True),
        ("{ $.latency > 50 && $.latency <= 55.5 }", True),
        ("{ $.latency >= 5.6e1 }", False),
        ("{ $.latency = 55.5 }", True),
        ("{ $.latency != +55.5 }", False),
        ("{ $.eventType > 5 }", False),
        ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', True),
        ('{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', False),
        (
            '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch" && $.actions[2] = "nonmatch" }',
            True,
        ),
        (
            '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch") && $.actions[2] = "nonmatch" }',
            False,
        ),
        # A field that is not there: AWS does not say what != makes of it.
        ("{ $.missing = x }", False),
        ("{ $.missing != x }", None),
        ("{ $.missing != x || $.ThisFlag IS TRUE }", True),
        # Objects, wildcards over arrays, words: not decided here.
        ("{ $.users = 1 }", None),
        ("{ $.arrayKey[*] = value }", None),
        ("{ $.* = %x% }", None),
        ("{ $.eventType = %(a|b)% }", None),
        ("ERROR", None),
        ('"ConsoleLogin"', None),
        ("[ip, user, status = 4*]", None),
        ("{ $.eventType = }", None),
        ("{ $.eventType ~ x }", None),
    ],
)
def test_a_pattern_on_a_record(pattern, answer):
    """As AWS documents it; what is not documented or not about fields is undecided."""
    assert matches(pattern, RECORD) is answer


@pytest.mark.parametrize(
    "text",
    [
        "{ ($.a = b }",
        "{ $.a = b) }",
        "{ $.a b }",
        "{ $.a = b $.c = d }",
        "{ && }",
        "{ $.a > x }",
        "{ $.a > %x.% }",
        "{",
        "{ " + "(" * 600 + "$.a = b" + ")" * 600 + " }",
    ],
)
def test_what_cannot_be_read_is_said(text):
    """A broken pattern raises an error that says what is wrong."""
    with pytest.raises(PatternError, match="filter pattern"):
        parse(text)


@pytest.mark.parametrize("suffix", WANTED)
def test_a_wanted_pattern_matches_itself_however_turned_around(suffix):
    """Every wanted pattern covers itself, in another order, and joined with other events."""
    wanted = WANTED[suffix]
    assert matches_at_least(wanted, wanted).holds is True
    assert matches_at_least(f"{{ ($.eventName = Other) || ({wanted[1:-1]}) }}", wanted).holds is True
    assert matches_at_least(f"{{ ({wanted[1:-1]}) && ($.awsRegion = eu-west-1) }}", wanted).holds is False


def joined(*names, by="||"):
    """`{ ($.eventName = A) || ($.eventName = B) }`."""
    return "{ " + f" {by} ".join(f"($.eventName = {name})" for name in names) + " }"


TRAIL = ("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging")
GROUPS = ("Authorize", "Revoke")


@pytest.mark.parametrize(
    "suffix, pattern, answer",
    [
        ("cloudtrail-changes", joined(*TRAIL), True),
        ("cloudtrail-changes", joined(*reversed(TRAIL)), True),
        ("cloudtrail-changes", joined(*TRAIL, by="&&"), False),
        ("cloudtrail-changes", joined(*TRAIL[1:]), False),
        ("cloudtrail-changes", joined("*Trail", "*Logging"), True),
        ("cloudtrail-changes", joined('"*Trail"', '"St*"'), True),
        ("cloudtrail-changes", "{ $.eventSource = cloudtrail.amazonaws.com }", True),
        ("cloudtrail-changes", "{ $.eventName = %Trail|Logging% }", True),
        ("cloudtrail-changes", "{ $.eventName = %Trail$% }", False),
        ("cloudtrail-changes", "{ $.eventName = %(Trail)% }", None),
        ("cloudtrail-changes", "", True),
        ("cloudtrail-changes", "StopLogging", None),
        ("cloudtrail-changes", "[...]", None),
        ("cloudtrail-changes", "{ ($.errorCode NOT EXISTS) && ($.eventSource = cloudtrail.amazonaws.com) }", False),
        ("cloudtrail-changes", "{ $.eventSource = cloudtrail.amazonaws.com && $.readOnly IS FALSE }", False),
        (
            "unauthorized-api-calls",
            '{($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")}',
            True,
        ),
        (
            "unauthorized-api-calls",
            '{($.errorCode = "AccessDenied*") || ($.errorCode = "*UnauthorizedOperation")}',
            True,
        ),
        ("unauthorized-api-calls", '{($.errorCode = "*Unauthorized*") || ($.errorCode = "*AccessDenied*")}', True),
        (
            "unauthorized-api-calls",
            '{($.errorCode = "*UnauthorizedOperation") && ($.errorCode = "AccessDenied*")}',
            False,
        ),
        (
            "unauthorized-api-calls",
            '{($.errorCode = "UnauthorizedOperation") || ($.errorCode = "AccessDenied")}',
            False,
        ),
        ("sign-in-without-mfa", '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }', True),
        ("sign-in-without-mfa", '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed = "No") }', True),
        ("sign-in-without-mfa", '{ ($.eventName = "ConsoleLogin") || ($.additionalEventData.MFAUsed != "Yes") }', True),
        ("sign-in-without-mfa", '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed = "Yes") }', False),
        (
            "root-use",
            '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
            True,
        ),
        (
            "root-use",
            '{ $.eventType != "AwsServiceEvent" && $.userIdentity.invokedBy NOT EXISTS && $.userIdentity.type = "Root" }',
            True,
        ),
        ("root-use", '{ $.userIdentity.type = "Root" }', True),
        ("root-use", '{ $.userIdentity.type = "Root" && $.eventName = ConsoleLogin }', False),
        ("sign-in-failures", '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }', True),
        ("sign-in-failures", "{ ($.eventName = ConsoleLogin) && ($.responseElements.ConsoleLogin = Failure) }", True),
        (
            "sign-in-failures",
            '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "No username found in supplied account") }',
            False,
        ),
        (
            "kms-key-disabled-or-deleted",
            "{($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }",
            True,
        ),
        (
            "kms-key-disabled-or-deleted",
            "{($.eventSource = kms.amazonaws.com) && ($.eventName=DisableKey) || ($.eventName=ScheduleKeyDeletion) }",
            True,
        ),
        (
            "kms-key-disabled-or-deleted",
            "{($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)&&($.eventName=ScheduleKeyDeletion)) }",
            False,
        ),
        (
            "security-group-changes",
            joined(
                *(f"{g}SecurityGroup{d}" for g in GROUPS for d in ("Ingress", "Egress")),
                "CreateSecurityGroup",
                "DeleteSecurityGroup",
            ),
            True,
        ),
        ("security-group-changes", "{ $.eventName = *SecurityGroup* }", True),
        ("security-group-changes", "{ $.eventName = *SecurityGroup }", False),
        ("vpc-changes", "{ $.eventName = *Vpc* }", True),
        ("network-acl-changes", "{ ($.eventSource = ec2.amazonaws.com) && ($.eventName = *NetworkAcl*) }", True),
        ("network-acl-changes", "{ ($.eventSource = ec2) && ($.eventName = *NetworkAcl*) }", False),
        ("organizations-changes", '{ ($.eventSource = "organizations.amazonaws.com") }', True),
        (
            "s3-bucket-policy-changes",
            "{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucket*) || ($.eventName = DeleteBucket*)) }",
            True,
        ),
        ("s3-bucket-policy-changes", "{ ($.eventSource = s3.amazonaws.com) && ($.eventName = PutBucket*) }", False),
        ("iam-policy-changes", "{ $.eventName = *Policy* }", True),
        ("iam-policy-changes", "{ $.eventName = %Policy% && $.eventName != DetachGroupPolicy }", False),
    ],
)
def test_filters_against_what_is_wanted(suffix, pattern, answer):
    """Order, wildcards and spelling do not matter; `&&` for `||`, missing events and extra conditions do."""
    assert matches_at_least(pattern, WANTED[suffix]).holds is answer


def test_a_missed_event_is_given():
    """The reason shows an event the filter does not match."""
    answer = matches_at_least(joined(*TRAIL[:4]), WANTED["cloudtrail-changes"])
    assert answer.because == ("misses $.eventName = StopLogging, $.eventSource = cloudtrail.amazonaws.com",)


def test_several_filters_may_do_it_together():
    """Two filters with half the events each cover all; one that cannot be read does not spoil it."""
    halves = [joined(*TRAIL[:2]), joined(*TRAIL[2:])]
    assert matches_at_least(halves, WANTED["cloudtrail-changes"]).holds is True
    assert matches_at_least([*halves, "ERROR"], WANTED["cloudtrail-changes"]).holds is True
    assert matches_at_least([halves[0], "ERROR"], WANTED["cloudtrail-changes"]).holds is None
    assert matches_at_least([], WANTED["cloudtrail-changes"]).holds is False


def test_texts_that_hold_several_words_are_thought_of():
    """An event may contain both of two wanted words, in any place."""
    both = "{ $.x = *a* && $.x = *b* }"
    assert matches_at_least("{ $.x = zzz }", both).holds is False
    assert matches_at_least("{ $.x = *b* }", both).holds is True
    assert matches_at_least(both, "{ $.x = *b* }").holds is False


def test_there_are_fifteen_alarms():
    """One for each control of the monitoring section."""
    assert len(WANTED) == 15


def test_a_hostile_pattern_ends_in_time():
    """Many fields, many wildcards, greedy expressions: undecided at worst, and soon."""
    started = time.perf_counter()
    many = "{ " + " && ".join(f"($.f{n} = *a{n}* || $.g = *b{n}*)" for n in range(40)) + " }"
    deep = "{ $.eventName = %" + ".*" * 40 + "x% }"
    wide = "{ " + " || ".join(f"($.f{n} = a && $.g{n} != b)" for n in range(20)) + " }"
    for pattern in (many, deep, wide):
        assert matches_at_least(pattern, WANTED["iam-policy-changes"]).holds in (None, False)
    assert time.perf_counter() - started < 5


VALUES = ["a", "ab", "b", "*a", "a*", "*b*", "*"]
FIELDS = ["$.x", "$.y"]
COMPARISONS = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(FIELDS), st.sampled_from(["=", "!="]), st.sampled_from(VALUES)),
    st.builds(
        "{} {}".format, st.sampled_from(FIELDS), st.sampled_from(["NOT EXISTS", "IS NULL", "IS TRUE", "> 1", "<= 2"])
    ),
)
EXPRESSIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.builds(
        lambda op, parts: "(" + f" {op} ".join(parts) + ")",
        st.sampled_from(["&&", "||"]),
        st.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=5,
)
CELLS = [
    "a",
    "ab",
    "b",
    "ba",
    "aba",
    "zaz",
    "zbz",
    "zz",
    "azb",
    "azbza",
    "azbz",
    "zbza",
    "aza",
    "za",
    "az",
    "zb",
    "",
    None,
    True,
    0,
    1,
    1.5,
    2,
    3,
    "absent",
]
EVENTS = [{k: v for k, v in zip("xy", cells, strict=True) if v != "absent"} for cells in product(CELLS, repeat=2)]


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS, EXPRESSIONS)
def test_comparing_patterns_agrees_with_trying_events(one, other):
    """ "At least" is never claimed where an event tells the two apart, and never denied where none does."""
    pattern, wanted = f"{{ {one} }}", f"{{ {other} }}"
    answer = matches_at_least(pattern, wanted).holds
    pairs = [(matches(wanted, event), matches(pattern, event)) for event in EVENTS]
    if (True, False) in pairs:
        assert answer is not True
    if answer is False:
        assert any(w is not False and p is not True for w, p in pairs)
    if answer is True:
        assert all(p is not False for w, p in pairs if w is True)


@settings(max_examples=50, deadline=None)
@given(EXPRESSIONS)
def test_a_pattern_covers_itself_with_or_without_company(one):
    """Reflexive, and monotone in `||`."""
    assert matches_at_least(f"{{ {one} }}", f"{{ {one} }}").holds is True
    assert matches_at_least(f"{{ {one} || $.z = q }}", f"{{ {one} }}").holds is True


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40) | st.text('{}$.ab=! &|()"%*<>0', max_size=30).map(lambda t: "{" + t + "}"))
def test_no_text_breaks_the_reading(text):
    """Every text is a pattern or is refused in words."""
    assert matches(text, RECORD) in (True, False, None)
    assert matches_at_least(text, WANTED["root-use"]).holds in (True, False, None)
