"""Random policies and random requests: what the room says of a policy is held against deciding single requests."""

from hypothesis import given, settings
from hypothesis import strategies as st
from iam_oracle import Request, allowed, denied, fits

from reporter.documents.arn import account_of
from reporter.documents.globs import matches
from reporter.documents.grants import effective_grants
from reporter.documents.grants_diff import grants_diff
from reporter.documents.guards import tls_only
from reporter.documents.policy import parse
from reporter.documents.public import is_public
from reporter.documents.sharing import Circle, external_access

OWN, MEMBER, FOREIGN = "111111111111", "222222222222", "999999999999"
OURS, THEIRS = "o-ours000001", "o-theirs0001"
CIRCLE = Circle(OWN, OURS, frozenset({OWN, MEMBER}))
BUCKET = "arn:aws:s3:::logs"
ROLE = "arn:aws:iam::{}:role/reader"
PRINCIPALS = [
    "*",
    {"AWS": "*"},
    {"AWS": OWN},
    {"AWS": f"arn:aws:iam::{FOREIGN}:root"},
    {"AWS": [ROLE.format(MEMBER), ROLE.format(FOREIGN)]},
    {"Service": "cloudtrail.amazonaws.com"},
]
ACTIONS = ["s3:*", "*", "s3:GetObject", ["s3:get*", "s3:PutObject"], "s3:Put*", "s3:ListBucket"]
RESOURCES = [BUCKET, f"{BUCKET}/*", [BUCKET, f"{BUCKET}/*"], "*", f"{BUCKET}/AWSLogs/*"]
TESTS = [
    ("StringEquals", {"aws:PrincipalOrgID": OURS}),
    ("StringNotEquals", {"aws:PrincipalOrgID": OURS}),
    ("StringEqualsIfExists", {"AWS:principalorgid": OURS}),
    ("StringEquals", {"aws:PrincipalAccount": [OWN, MEMBER]}),
    ("StringNotEquals", {"aws:PrincipalAccount": [OWN]}),
    ("IpAddress", {"aws:SourceIp": "203.0.113.0/24"}),
    ("NotIpAddress", {"aws:SourceIp": ["203.0.113.0/24", "10.0.0.0/8"]}),
    ("IpAddress", {"aws:SourceIp": "0.0.0.0/1"}),
    ("Bool", {"aws:SecureTransport": "false"}),
    ("Bool", {"aws:SecureTransport": [False]}),
    ("StringLike", {"aws:SourceVpc": "vpc-*"}),
    ("StringEquals", {"aws:SourceVpce": "vpce-1"}),
    ("ArnLike", {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/*"}),
    ("StringLike", {"aws:PrincipalTag/team": "*"}),
    ("Null", {"aws:PrincipalOrgID": "false"}),
]


@st.composite
def statements(draw):
    """A statement in some spelling."""
    statement = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    principal = draw(st.sampled_from(PRINCIPALS))
    statement["NotPrincipal" if principal != "*" and draw(st.integers(0, 5)) == 0 else "Principal"] = principal
    statement["NotAction" if draw(st.integers(0, 5)) == 0 else "Action"] = draw(st.sampled_from(ACTIONS))
    statement["NotResource" if draw(st.integers(0, 7)) == 0 else "Resource"] = draw(st.sampled_from(RESOURCES))
    if draw(st.booleans()):
        return statement
    for operator, block in draw(st.lists(st.sampled_from(TESTS), min_size=1, max_size=2)):
        statement.setdefault("Condition", {}).setdefault(operator, {}).update(block)
    return statement


@st.composite
def policies(draw):
    """A policy of up to three statements, one of them perhaps not in a list."""
    found = draw(st.lists(statements(), min_size=1, max_size=3))
    return {"Version": "2012-10-17", "Statement": found[0] if len(found) == 1 and draw(st.booleans()) else found}


@st.composite
def requests(draw):
    """A request with the context AWS would give its caller."""
    who = draw(st.sampled_from([None, OWN, MEMBER, FOREIGN, "cloudtrail.amazonaws.com"]))
    context = {"aws:securetransport": draw(st.sampled_from(["true", "false"]))}
    context["aws:sourceip"] = draw(st.sampled_from(["203.0.113.7", "198.51.100.1", "10.1.2.3", "2.2.2.2"]))
    if draw(st.integers(0, 3)) == 0:
        context["aws:sourcevpc"], context["aws:sourcevpce"] = "vpc-9", "vpce-9"
        del context["aws:sourceip"]
    principal = ROLE.format(who) if who and who.isdigit() else who
    if who and who.isdigit():
        context["aws:principalaccount"] = who
        context["aws:principalarn"] = principal
        if draw(st.booleans()) or who != FOREIGN:
            context["aws:principalorgid"] = THEIRS if who == FOREIGN else OURS
        context["aws:principaltag/team"] = "red"
    action, resource = draw(
        st.sampled_from(
            [
                ("s3:GetObject", f"{BUCKET}/AWSLogs/x.gz"),
                ("s3:PutObject", f"{BUCKET}/other"),
                ("s3:DeleteObject", f"{BUCKET}/other"),
                ("s3:ListBucket", BUCKET),
                ("s3:PutBucketPolicy", BUCKET),
            ]
        )
    )
    return Request(principal, action, resource, context)


ENOUGH = settings(max_examples=100, deadline=None)
SAMPLES = st.lists(requests(), min_size=10, max_size=10)


def granted(policy: dict, request: Request) -> bool:
    """Whether some effective grant speaks of the request's caller, action and resource, its conditions met."""
    return any(
        request.action in grant.actions
        and any(matches(resource, request.resource) for resource in grant.resources)
        and _named(grant.principal, request.principal)
        for grant in effective_grants(policy)
    )


def _named(principal, who) -> bool:
    if principal.kind == "everyone":
        return True
    return principal.value in (who, account_of(who))


@ENOUGH
@given(policies(), SAMPLES)
def test_every_allowed_request_is_among_the_effective_grants(policy, samples):
    """What is listed as granted is never less than what is granted."""
    for request in samples:
        if allowed(policy, request):
            assert granted(policy, request)


@ENOUGH
@given(policies(), SAMPLES)
def test_a_policy_said_not_to_be_public_lets_no_stranger_in(policy, samples):
    """No anonymous caller from an arbitrary place is allowed anything."""
    if is_public(policy).holds is False:
        strangers = [r for r in samples if r.principal is None and r.context.get("aws:sourceip") == "198.51.100.1"]
        assert not [request for request in strangers if allowed(policy, request)]


@ENOUGH
@given(policies(), SAMPLES)
def test_a_policy_said_to_stay_inside_lets_no_foreign_account_in(policy, samples):
    """Every request of a foreign account or of nobody, from no known network, is refused."""
    if external_access(policy, CIRCLE).holds is False:
        foreign = [r for r in samples if r.principal in (None, ROLE.format(FOREIGN))]
        assert not [request for request in foreign if allowed(policy, request)]


@ENOUGH
@given(policies(), policies(), SAMPLES)
def test_a_policy_not_said_to_be_worse_allows_and_spares_nothing_new(before, after, samples):
    """Whoever is allowed after was allowed before, and whatever was denied before is denied after."""
    if not grants_diff(before, after).worsened:
        for request in samples:
            assert not (allowed(after, request) and not allowed(before, request) and not denied(before, request))
            assert not denied(before, request) or denied(after, request)


@ENOUGH
@given(policies())
def test_a_respelled_policy_makes_no_difference(policy):
    """Lists for single values, another order and another case of actions are no change."""
    found = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    respelled = {"Version": policy["Version"], "Statement": [_respelled(s) for s in reversed(found)]}
    difference = grants_diff(policy, respelled)
    assert not difference.worsened
    assert not difference.improved


def _respelled(statement: dict) -> dict:
    changed = dict(statement)
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        if name in changed:
            values = changed[name] if isinstance(changed[name], list) else [changed[name]]
            changed[name] = [v.upper().replace("S3:", "s3:") if "ction" in name else v for v in reversed(values)]
    return changed


@ENOUGH
@given(policies(), SAMPLES)
def test_a_policy_said_to_be_tls_only_denies_every_plain_request(policy, samples):
    """Where TLS is said to be demanded, no caller gets anything without it."""
    if tls_only(policy, "logs").holds:
        assert all(denied(policy, r) for r in samples if r.context["aws:securetransport"] == "false")


@ENOUGH
@given(policies(), SAMPLES)
def test_parsing_keeps_every_statement(policy, samples):
    """As many statements come out as went in, each allowing and denying what it did."""
    parsed = parse(policy)
    found = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    assert [s.effect for s in parsed.statements] == [s["Effect"] for s in found]
    for request in samples:
        for statement, raw in zip(parsed.statements, found, strict=True):
            if fits(raw, request):
                assert request.action in statement.actions


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ELEMENTS = ("Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
ODD = st.fixed_dictionaries({}, optional=dict.fromkeys(ELEMENTS, JSON))


@ENOUGH
@given(st.one_of(JSON, st.fixed_dictionaries({"Statement": st.lists(ODD, max_size=3) | ODD | JSON})))
def test_no_document_however_odd_breaks_the_reading(document):
    """Any JSON value gets an answer: yes, no or undecided."""
    if document is None or isinstance(document, dict | str):
        assert is_public(document).holds in (True, False, None)
        assert tls_only(document, "logs").holds in (True, False, None)
        assert external_access(document, CIRCLE).holds in (True, False, None)
        grants_diff(document, None).lines()
