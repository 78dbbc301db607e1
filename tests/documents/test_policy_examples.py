"""Policies whose verdict is known: AWS's own examples, and the cases other scanners get wrong."""

import pytest
from policy_sentry.querying.actions import get_actions_for_service
from policy_sentry.shared.iam_data import get_service_prefix_data

from reporter.documents.actions import KNOWN, LOG_ACCESS, S3_BUCKET, S3_OBJECT, S3_READ, S3_WRITE, expand
from reporter.documents.grants import effective_grants, undecidable
from reporter.documents.grants_diff import grants_diff
from reporter.documents.policy import parse
from reporter.documents.public import is_public, public_grants
from reporter.documents.sharing import (
    Circle,
    Reach,
    acl_sharing,
    external_access,
    grants_by_reach,
    outsiders,
    service_grant_bound,
)

OWN, MEMBER, FOREIGN = "111111111111", "222222222222", "999999999999"
OURS = "o-ours000001"
CIRCLE = Circle(OWN, OURS, frozenset({OWN, MEMBER}), frozenset({"333333333333"}), {"c" * 64: OWN})
B, OBJECTS = "arn:aws:s3:::b", "arn:aws:s3:::b/*"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{OWN}:trail/t"


def policy(*statements, version="2012-10-17"):
    """A policy document."""
    return {"Version": version, "Statement": list(statements)}


def allow(principal="*", action="s3:GetObject", resource=OBJECTS, **more):
    """An Allow statement; keywords replace or add elements, None drops one."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}
    return {key: value for key, value in statement.items() if value is not None}


def deny(principal="*", action="s3:*", resource=(B, OBJECTS), **more):
    """A Deny statement."""
    return allow(principal, action, list(resource), **{**more, "Effect": "Deny"})


def when(operator, key, *values):
    """A condition block of one key."""
    return {"Condition": {operator: {key: list(values) if len(values) != 1 else values[0]}}}


PUBLIC = {
    "everyone": allow(),
    "everyone as AWS": allow({"AWS": "*"}),
    "everyone in a list": allow({"AWS": ["*"]}),
    "NotPrincipal allows all others": allow(None, NotPrincipal={"AWS": f"arn:aws:iam::{OWN}:root"}),
    "NotAction": allow(action=None, NotAction="s3:DeleteBucket"),
    "an action S3 does not have": allow(action="s3:NotASupportedAction"),
    "any VPC": allow(**when("StringLike", "aws:SourceVpc", "vpc-*")),
    "half the internet": allow(**when("IpAddress", "aws:SourceIp", "0.0.0.0/1")),
    "a /7": allow(**when("IpAddress", "aws:SourceIp", "8.0.0.0/7")),
    "an IPv6 /31": allow(**when("IpAddress", "aws:SourceIp", "2001:db8::/31")),
    "one narrow and one broad network": allow(**when("IpAddress", "aws:SourceIp", "203.0.113.0/24", "0.0.0.0/0")),
    "all but one network": allow(**when("NotIpAddress", "aws:SourceIp", "203.0.113.0/24")),
    "organization if there is one": allow(**when("StringEqualsIfExists", "aws:PrincipalOrgID", OURS)),
    "paths for all values, none included": allow(
        **when("ForAllValues:StringLike", "aws:PrincipalOrgPaths", f"{OURS}/r-1/ou-1/*")
    ),
    "any organization": allow(**when("StringLike", "aws:PrincipalOrgID", "o-*")),
    "a variable": allow(**when("StringEquals", "aws:PrincipalAccount", "${aws:PrincipalTag/account}")),
    "a tag anybody may carry": allow(**when("StringEquals", "aws:PrincipalTag/team", "red")),
    "a referer": allow(**when("StringLike", "aws:Referer", "https://example.com/*")),
    "a public identity provider": allow({"Federated": "graph.facebook.com"}),
    "principals of any account": allow(**when("StringLike", "aws:PrincipalArn", "arn:aws:iam::*:role/reader")),
    "source of any account": allow(**when("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:topic")),
    "StringLike runs across colons": allow(**when("StringLike", "aws:PrincipalArn", f"arn:*:{OWN}:*")),
    "StringLike runs across fields": allow(**when("StringLike", "aws:PrincipalArn", f"arn:*:iam::{OWN}:role/x")),
}
NOT_PUBLIC = {
    "nothing": None,
    "an account": allow({"AWS": FOREIGN}),
    "a role": allow({"AWS": f"arn:aws:iam::{FOREIGN}:role/r"}),
    "a service": allow({"Service": "cloudtrail.amazonaws.com"}, "s3:PutObject"),
    "a provider inside an account": allow({"Federated": f"arn:aws:iam::{OWN}:saml-provider/p"}),
    "a canonical user": allow({"CanonicalUser": "c" * 64}),
    "whoever may use one key": allow(
        **when("StringEquals", "s3:x-amz-server-side-encryption-aws-kms-key-id", f"arn:aws:kms:us-east-1:{OWN}:key/k")
    ),
    "one VPC": allow(**when("StringEquals", "aws:SourceVpc", "vpc-91237329")),
    "one endpoint": allow(**when("StringEquals", "aws:sourceVpce", "vpce-1")),
    "one organization": allow(**when("StringEquals", "aws:PrincipalOrgID", OURS)),
    "paths in one organization": allow(**when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", f"{OURS}/r-1/ou-1/*")),
    "an organization if the key must exist": allow(
        Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": OURS}, "Null": {"aws:PrincipalOrgID": "false"}}
    ),
    "a documentation network": allow(**when("IpAddress", "aws:SourceIp", "203.0.113.0/24")),
    "a network that Python calls global": allow(**when("IpAddress", "aws:SourceIp", "8.8.8.0/24")),
    "a /8": allow(**when("IpAddress", "aws:SourceIp", "8.0.0.0/8")),
    "an IPv6 /32": allow(**when("IpAddress", "aws:SourceIp", "2001:db8::/32")),
    "a private network broader than /8 could be": allow(**when("IpAddress", "aws:SourceIp", "172.16.0.0/12")),
    "roles of one account": allow(**when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OWN}:role/*")),
    "access points of one account": allow(
        **when("StringLike", "s3:DataAccessPointArn", f"arn:aws:s3:us-west-2:{OWN}:accesspoint/*")
    ),
    "a star that StringEquals takes for itself": allow(**when("StringEquals", "aws:PrincipalOrgID", "o-*")),
    "variables before 2012": (
        allow(**when("StringEquals", "aws:PrincipalAccount", "${x}")),
        {"version": "2008-10-17"},
    ),
}
UNDECIDED = {
    "an operator of tomorrow": allow(**when("StringResembles", "aws:PrincipalOrgID", OURS)),
    "a network that is none": allow(**when("IpAddress", "aws:SourceIp", "the-office")),
    "the resource's own organization": allow(**when("StringEquals", "aws:PrincipalOrgID", "${aws:ResourceOrgID}")),
    "an effect of tomorrow": allow(Effect="Permit"),
}


def _document(statement):
    if statement is None:
        return None
    if isinstance(statement, tuple):
        return policy(statement[0], **statement[1])
    return policy(statement)


@pytest.mark.parametrize("case", PUBLIC)
def test_public(case):
    """Grants to callers nobody chose are public, and the statement is named."""
    answer = is_public(_document(PUBLIC[case]))
    assert answer.holds is True
    assert "Statement[0]" in str(answer)


@pytest.mark.parametrize("case", NOT_PUBLIC)
def test_not_public(case):
    """Grants to fixed callers are not public."""
    assert is_public(_document(NOT_PUBLIC[case])).holds is False


@pytest.mark.parametrize("case", UNDECIDED)
def test_undecided(case):
    """What is not understood is neither public nor safe, and is named."""
    answer = is_public(_document(UNDECIDED[case]))
    assert answer.holds is None
    assert answer.because


def test_one_certain_public_statement_outweighs_an_undecided_one():
    """A policy with a public statement is public, whatever else it says."""
    assert is_public(policy(UNDECIDED["an operator of tomorrow"], allow())).holds is True


def test_one_public_statement_among_private_ones_makes_the_policy_public():
    """AWS's example: a service, an account, and everyone."""
    assert is_public(policy(NOT_PUBLIC["a service"], NOT_PUBLIC["an account"], allow())).holds is True


@pytest.mark.parametrize(
    "denial, public",
    [
        (deny(), False),
        (deny(resource=[OBJECTS]), False),
        (deny(action="s3:PutObject"), True),
        (deny(resource=[f"{B}/private/*"]), True),
        (deny(**when("Bool", "aws:SecureTransport", "false")), True),
        (deny(**when("StringNotEquals", "aws:PrincipalOrgID", OURS)), False),
        (deny(**when("StringNotEquals", "aws:PrincipalTag/team", "red")), True),
        (deny(**when("ForAnyValue:StringNotLike", "aws:PrincipalOrgPaths", f"{OURS}/*")), True),
        (deny({"AWS": FOREIGN}), True),
        (deny(None, NotPrincipal={"AWS": f"arn:aws:iam::{OWN}:root"}), False),
        (
            deny(
                Condition={
                    "StringNotEquals": {"aws:PrincipalOrgID": OURS},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                }
            ),
            False,
        ),
        (
            deny(Condition={"StringNotEquals": {"aws:PrincipalOrgID": OURS}, "Bool": {"aws:ViaAWSService": "false"}}),
            True,
        ),
    ],
)
def test_deny_over_allow(denial, public):
    """A Deny takes away what it covers, for whom it covers; what it lets through stays granted."""
    assert is_public(policy(allow(), denial)).holds is public


@pytest.mark.parametrize(
    "action", ["s3:PutObject*", "S3:putobject", "s3:*Acl", "s3:PutBucketPolicy", "s3:PutLifecycle*", "*"]
)
def test_public_writes_are_found_in_every_spelling(action):
    """Writing includes policies, ACLs and lifecycles; wildcards and case do not hide it."""
    assert public_grants(policy(allow(action=action, resource=[B, OBJECTS])), S3_WRITE).holds is True


def test_a_deny_takes_away_its_own_part_only():
    """Other actions and other resources of the same grant stay granted."""
    wide = allow(action="s3:*", resource=[B, OBJECTS])
    objects = effective_grants(policy(wide, deny(resource=[OBJECTS])))
    assert [grant.resources for grant in objects] == [(B,)]
    assert objects[0].actions >= {"s3:ListBucket", "s3:PutBucketPolicy"}
    (rest,) = effective_grants(policy(wide, deny(action="s3:Put*")))
    assert "s3:GetObject" in rest.actions
    assert "s3:PutObject" not in rest.actions
    inside = deny(action="s3:Put*", **when("StringNotEquals", "aws:PrincipalOrgID", OURS))
    read, write = effective_grants(policy(wide, inside))
    assert (read.public, write.public) == (True, False)


def test_a_deny_that_is_not_understood_takes_nothing_away():
    """A quantifier of tomorrow might spare anybody."""
    odd = deny(**when("ForSomeValues:StringNotEquals", "aws:PrincipalOrgID", OURS))
    assert is_public(policy(allow(), odd)).holds is True
    assert "ForSomeValues:StringNotEquals" in undecidable(policy(odd))[0]


def test_public_read_is_not_public_write():
    """Reading and writing are told apart."""
    document = policy(allow(action=["s3:Get*", "s3:List*"]))
    assert public_grants(document, S3_READ).holds is True
    assert public_grants(document, S3_WRITE).holds is False


def test_a_single_object_and_a_list_are_the_same_statement():
    """A Statement that is an object, an Action that is a string: read like their lists."""
    single = {"Version": "2012-10-17", "Statement": allow(action="s3:GetObject", resource=OBJECTS)}
    listed = policy(allow(action=["s3:GetObject"], resource=[OBJECTS]))
    assert effective_grants(single) == effective_grants(listed)


def test_a_policy_given_as_text_is_read():
    """JSON text is parsed; what is no JSON is undecided."""
    assert (
        is_public('{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}').holds is True
    )
    assert is_public("{").holds is None


def test_reading_a_policy_does_not_change_it():
    """Documents are shared between checks: reading leaves them as they are."""
    document = policy(allow(**when("StringEquals", "AWS:SourceVpc", "vpc-1")))
    before = repr(document)
    is_public(document)
    assert repr(document) == before


def test_an_access_point_inside_a_vpc_is_never_public():
    """AWS's two special rules for access points."""
    by_point = allow(**when("StringLike", "s3:DataAccessPointArn", f"arn:aws:s3:us-west-2:{OWN}:accesspoint/*"))
    assert is_public(policy(allow()), vpc_origin=True).holds is False
    assert is_public(policy(by_point)).holds is False
    assert is_public(policy(by_point), access_point=True).holds is True


@pytest.mark.parametrize(
    "statement, reach",
    [
        (allow({"AWS": OWN}), Reach.OWN),
        (allow({"AWS": f"arn:aws:iam::{MEMBER}:role/x"}), Reach.ORGANIZATION),
        (allow({"AWS": "333333333333"}), Reach.TRUSTED),
        (allow({"AWS": FOREIGN}), Reach.EXTERNAL),
        (allow(), Reach.PUBLIC),
        (allow(**when("StringEquals", "aws:PrincipalOrgID", OURS)), Reach.ORGANIZATION),
        (allow(**when("StringEquals", "aws:PrincipalOrgID", OURS, "o-other00001")), Reach.EXTERNAL),
        (allow(**when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", f"{OURS}/r-1/*")), Reach.ORGANIZATION),
        (allow(**when("StringEquals", "aws:PrincipalOrgID", "${aws:ResourceOrgID}")), Reach.ORGANIZATION),
        (allow({"AWS": FOREIGN}, **when("StringEquals", "aws:PrincipalOrgID", OURS)), Reach.ORGANIZATION),
        (allow({"Service": "cloudtrail.amazonaws.com"}), Reach.SERVICE),
        (allow({"Service": "x.amazonaws.com"}, **when("StringEquals", "aws:SourceAccount", OWN)), Reach.OWN),
        (allow(**when("IpAddress", "aws:SourceIp", "203.0.113.0/24")), Reach.EXTERNAL),
        (allow(**when("StringEquals", "aws:SourceVpce", "vpce-1")), Reach.UNKNOWN),
        (allow({"AWS": "AROAEXAMPLEROLEID1234"}), Reach.NOBODY),
        (allow(**when("StringEquals", "aws:PrincipalOrgID")), Reach.NOBODY),
        (allow({"AWS": "something else"}), Reach.UNKNOWN),
        (allow({"CanonicalUser": "c" * 64}), Reach.OWN),
        (allow({"CanonicalUser": "d" * 64}), Reach.UNKNOWN),
        (allow({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"}), Reach.UNKNOWN),
        (allow({"Federated": f"arn:aws:iam::{MEMBER}:saml-provider/p"}), Reach.ORGANIZATION),
    ],
)
def test_reach(statement, reach):
    """Every grant is placed: own, organization, trusted, service, external, public, or unknown."""
    assert list(grants_by_reach(policy(statement), CIRCLE)) == [reach]


@pytest.mark.parametrize(
    ("grantee", "answer"),
    [
        ({"ID": "b" * 64, "Type": "CanonicalUser"}, False),  # the owner
        ({"ID": "c" * 64, "Type": "CanonicalUser"}, False),  # an account of ours that is known by its id
        ({"ID": "e" * 64, "Type": "CanonicalUser"}, None),
        ({"ID": "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0", "Type": "CanonicalUser"}, False),
        ({"URI": "http://acs.amazonaws.com/groups/s3/LogDelivery", "Type": "Group"}, False),
    ],
)
def test_an_acl_may_share_with_another_account(grantee, answer):
    """Whose canonical id it is only that account tells, so a stranger's is undecided, and never inside."""
    acl = {"Owner": {"ID": "b" * 64}, "Grants": [{"Grantee": grantee, "Permission": "READ"}]}
    assert acl_sharing(acl, CIRCLE).holds is answer
    if answer is None:
        assert acl_sharing(acl, Circle(OWN, canonical={"e" * 64: FOREIGN})).holds is True
    assert acl_sharing(None, CIRCLE).holds is False


def test_a_log_archive_shared_with_the_organization_is_not_shared_outside():
    """Grants by account id and by organization id stay inside; a substring of an account id does not count."""
    inside = policy(allow({"AWS": [OWN, MEMBER]}), allow(**when("StringEquals", "aws:PrincipalOrgID", OURS)))
    assert external_access(inside, CIRCLE).holds is False
    assert external_access(policy(allow({"AWS": f"arn:aws:iam::{FOREIGN}:role/{OWN}"})), CIRCLE).holds is True
    assert external_access(policy(allow(**when("StringEquals", "aws:SourceVpc", "vpc-1"))), CIRCLE).holds is None
    assert external_access(None, CIRCLE).holds is False


@pytest.mark.parametrize(
    "statement, readers, answer",
    [
        (allow({"AWS": MEMBER}), (), False),
        (allow({"AWS": MEMBER}), (f"arn:aws:iam::{MEMBER}:role/*",), True),
        (allow({"AWS": MEMBER}), (f"arn:aws:iam::{MEMBER}:root",), False),
        (allow({"AWS": f"arn:aws:iam::{MEMBER}:role/audit"}), (f"arn:aws:iam::{MEMBER}:role/*",), False),
        (allow({"AWS": f"arn:aws:iam::{FOREIGN}:role/audit"}), (), True),
        (allow(None, NotPrincipal={"AWS": OWN}), (), True),
        (allow({"AWS": FOREIGN}, "s3:PutBucketPolicy", B), (), True),
        (allow({"AWS": FOREIGN}, "s3:GetBucketLocation", B), (), False),
        (allow({"Service": "cloudtrail.amazonaws.com"}, "s3:*"), ("arn:aws:iam::1:role/x",), False),
        (
            allow(**when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OWN}:role/audit")),
            ("arn:aws:iam::*:role/audit",),
            False,
        ),
        (allow(**when("StringEquals", "aws:SourceVpce", "vpce-1")), (), None),
    ],
)
def test_outsiders(statement, readers, answer):
    """Whoever is not a configured reader (or, without any, not of the organization) is an outsider."""
    assert outsiders(policy(statement), CIRCLE, readers, LOG_ACCESS).holds is answer


CLOUDTRAIL = {"Service": "cloudtrail.amazonaws.com"}


@pytest.mark.parametrize(
    "more, bound",
    [
        ({}, False),
        (when("StringEquals", "aws:SourceArn", TRAIL), True),
        (when("StringEquals", "AWS:SourceArn", TRAIL), True),
        (when("ArnLike", "aws:SourceArn", f"arn:aws:cloudtrail:*:{OWN}:trail/*"), True),
        (when("ArnLike", "aws:SourceArn", "arn:aws:cloudtrail:*:*:trail/*"), False),
        (when("StringEquals", "aws:SourceArn", TRAIL.replace(OWN, FOREIGN)), False),
        (when("StringEquals", "aws:SourceOrgID", OURS), True),
        (when("StringEquals", "aws:SourceOrgID", "o-other00001"), False),
        (when("StringEquals", "aws:SourceAccount", MEMBER), True),
        (when("StringEqualsIfExists", "aws:SourceArn", TRAIL), False),
        (when("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control"), False),
        (when("StringLike", "kms:EncryptionContext:aws:cloudtrail:arn", f"arn:aws:cloudtrail:*:{OWN}:trail/*"), True),
        (when("StringLike", "kms:EncryptionContext:aws:cloudtrail:arn", "arn:aws:cloudtrail:*:*:trail/*"), False),
    ],
)
def test_cloudtrails_own_grant(more, bound):
    """CloudTrail's grant must be bound to our own trails, or any stranger's trail can write here."""
    document = policy(allow(CLOUDTRAIL, "s3:PutObject", **more))
    assert service_grant_bound(document, CIRCLE).holds is bound


def test_a_deny_may_bind_cloudtrails_grant_too():
    """ "Deny services unless their source is ours" binds as well as a condition of the grant."""
    document = policy(
        allow(CLOUDTRAIL, "s3:PutObject"),
        deny(
            Condition={
                "StringNotEqualsIfExists": {"aws:SourceOrgID": OURS},
                "Bool": {"aws:PrincipalIsAWSService": "true"},
            }
        ),
    )
    assert service_grant_bound(document, CIRCLE).holds is True


def test_nothing_granted_is_nothing_unbound():
    """Without a grant there is nothing to bind; with actions named, everyone's grants count."""
    assert service_grant_bound(policy(allow({"AWS": OWN})), CIRCLE).holds is True
    assert service_grant_bound(policy(allow(action="s3:PutObject")), CIRCLE, actions=["s3:PutObject"]).holds is False


@pytest.mark.parametrize(
    "before, after, worsened, improved",
    [
        (policy(allow({"AWS": OWN})), policy(allow({"AWS": OWN}), allow()), True, False),
        (policy(allow(action="s3:*")), policy(allow(action="s3:Get*")), False, True),
        (policy(allow({"AWS": OWN})), policy(allow({"AWS": f"arn:aws:iam::{OWN}:root"})), False, False),
        (policy(allow({"AWS": OWN}), deny()), policy(allow({"AWS": OWN})), True, False),
        (policy(deny(**when("Bool", "aws:SecureTransport", "false"))), None, True, False),
        (None, policy(deny(**when("Bool", "aws:SecureTransport", "false"))), False, True),
        (policy(allow(**when("StringEquals", "aws:PrincipalOrgID", OURS))), policy(allow()), True, False),
        (
            policy(allow(**when("IpAddress", "aws:SourceIp", "203.0.113.0/24"))),
            policy(allow(**when("IpAddress", "aws:SourceIp", "203.0.113.0/24", "198.51.100.0/24"))),
            True,
            False,
        ),
        (
            policy(deny(**when("StringNotEquals", "aws:PrincipalOrgID", OURS))),
            policy(deny(**when("StringNotEquals", "aws:PrincipalOrgID", OURS, "o-other00001"))),
            True,
            False,
        ),
        (
            policy(allow(resource=OBJECTS)),
            policy(allow(resource=f"{B}/a/*"), allow({"AWS": FOREIGN}, resource=B)),
            True,
            True,
        ),
        (policy(allow(resource=f"{B}/${{aws:username}}/*")), policy(allow(resource=OBJECTS)), True, False),
        (
            policy(allow(action=["s3:Get*", "s3:List*"])),
            policy(allow(action="s3:List*"), allow(action="s3:Get*")),
            False,
            False,
        ),
    ],
)
def test_direction_of_a_change(before, after, worsened, improved):
    """More allowed or less denied is worse; respelling is neither."""
    difference = grants_diff(before, after)
    assert (difference.worsened, difference.improved) == (worsened, improved)
    assert bool(difference.lines()) == (worsened or improved)


def test_a_difference_names_what_is_new_only():
    """Of a wider grant only the added actions are shown."""
    difference = grants_diff(
        policy(allow(action="s3:GetObject")), policy(allow(action=["s3:GetObject", "s3:PutObject"]))
    )
    assert difference.lines() == ("allows: Statement[0] Allow everyone s3:PutObject on arn:aws:s3:::b/*",)


def test_what_is_not_understood_is_said():
    """Problems of a policy are listed in words."""
    assert undecidable(policy(UNDECIDED["an effect of tomorrow"])) == (
        "Statement[0]: Effect is 'Permit', neither Allow nor Deny",
    )
    assert undecidable(None) == ()


@pytest.mark.parametrize(
    "pattern, some, none",
    [
        ("s3:PutObject*", "s3:PutObjectAcl", "s3:GetObject"),
        ("S3:put*acl", "s3:PutBucketAcl", "s3:PutObject"),
        ("s*:*", "s3:GetObject", "kms:Decrypt"),
        ("kms:Re?ncrypt*", "kms:ReEncryptFrom", "kms:Decrypt"),
        ("sqs:SendMessage", "sqs:SendMessage", "s3:GetObject"),
    ],
)
def test_wildcards_in_actions(pattern, some, none):
    """An action pattern stands for the service's real actions, any case; an unknown one for itself."""
    assert some in expand(pattern)
    assert none not in expand(pattern)


def test_actions_are_those_of_the_service_authorization_reference():
    """Names, and which act on objects, equal the copy of AWS's reference that policy_sentry carries."""
    reference = {service: get_actions_for_service(service) for service in KNOWN}
    assert {service: set(actions) for service, actions in KNOWN.items()} == {s: set(a) for s, a in reference.items()}
    privileges = get_service_prefix_data("s3")["privileges"]
    on = {
        kind: {f"s3:{n}" for n, p in privileges.items() if kind in p["resource_types"]} for kind in ("bucket", "object")
    }
    assert on["object"] == S3_OBJECT
    assert on["bucket"] == S3_BUCKET


def test_hostile_names_are_only_text():
    """Markup, control characters and long names pass through labels unharmed."""
    sid = "<script>\u202e\x00=cmd()" + "x" * 250
    assert parse(policy(allow(Sid=sid))).statements[0].label == f'Statement["{sid}"]'
