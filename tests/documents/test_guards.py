"""TLS-only policies and service control policies, in every spelling."""

import pytest

from reporter.documents.guards import scp_denies, statement_denies_insecure_transport, tls_at_least, tls_only
from reporter.documents.policy import parse

B, OBJECTS = "arn:aws:s3:::b", "arn:aws:s3:::b/*"
INSECURE = {"Bool": {"aws:SecureTransport": "false"}}


def denial(**more):
    """The usual TLS-only statement; keywords replace or add elements, None drops one."""
    usual = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [B, OBJECTS], "Condition": INSECURE}
    return {key: value for key, value in {**usual, **more}.items() if value is not None}


GUARDED = {
    "the usual": denial(),
    "everyone as AWS": denial(Principal={"AWS": "*"}),
    "everyone in a list": denial(Principal={"AWS": ["*"]}),
    "every action": denial(Action="*"),
    "every action in a list": denial(Action=["s3:*"]),
    "a list of values": denial(Condition={"Bool": {"aws:SecureTransport": ["false"]}}),
    "a real boolean": denial(Condition={"Bool": {"aws:SecureTransport": False}}),
    "capitals": denial(Condition={"bool": {"AWS:SECURETRANSPORT": "False"}}),
    "if it exists": denial(Condition={"BoolIfExists": {"aws:SecureTransport": "false"}}),
    "every resource": denial(Resource="*"),
    "one pattern for both": denial(Resource=f"{B}*"),
    "not another bucket": denial(Resource=None, NotResource="arn:aws:s3:::other*"),
    "everything but nothing of S3": denial(Action=None, NotAction="ec2:*"),
    "denied altogether": denial(Condition=None),
    "without any TLS version": denial(Condition={"Null": {"s3:TlsVersion": "true"}}),
}
UNGUARDED = {
    "one prefix": denial(Resource=[B, f"{B}/public/*"]),
    "objects only": denial(Resource=OBJECTS),
    "the bucket only": denial(Resource=B),
    "one principal": denial(Principal={"AWS": "111111111111"}),
    "all but one": denial(Principal=None, NotPrincipal={"AWS": "111111111111"}),
    "only PutObject": denial(Action="s3:PutObject"),
    "all but reading": denial(Action=None, NotAction="s3:GetObject"),
    "only from outside": denial(Condition={**INSECURE, "NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
    "TLS denied instead": denial(Condition={"Bool": {"aws:SecureTransport": "true"}}),
    "allowed with TLS": denial(Effect="Allow", Condition={"Bool": {"aws:SecureTransport": "true"}}),
    "another bucket": denial(Resource=["arn:aws:s3:::other", "arn:aws:s3:::other/*"]),
    "another partition": denial(Resource=["arn:aws-cn:s3:::b", "arn:aws-cn:s3:::b/*"]),
    "with a TLS version": denial(Condition={"Null": {"s3:TlsVersion": "false"}}),
    "old TLS only": denial(Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
}


@pytest.mark.parametrize("case", GUARDED)
def test_tls_only(case):
    """Everyone is denied every action on bucket and objects without TLS, however that is written."""
    assert tls_only({"Statement": [GUARDED[case]]}, "b").holds is True
    assert tls_only({"Statement": GUARDED[case]}, "b").holds is True


@pytest.mark.parametrize("case", UNGUARDED)
def test_not_tls_only(case):
    """A denial with a gap guards nothing, and the answer says where the gap is."""
    answer = tls_only({"Statement": [UNGUARDED[case]]}, "b")
    assert answer.holds is False
    assert "arn:aws:s3:::b" in str(answer)


def test_two_statements_may_guard_together():
    """One for the bucket, one for its objects."""
    both = [denial(Resource=B), denial(Resource=OBJECTS)]
    assert tls_only({"Statement": both}, B).holds is True


def test_no_policy_guards_nothing():
    """None is "no policy"; what is no policy is undecided."""
    assert tls_only(None, "b").holds is False
    assert tls_only("not json", "b").holds is None


def test_a_spelling_aws_does_not_document_is_undecided():
    """A string operator on the boolean key may work or not: nobody says."""
    document = {"Statement": [denial(Condition={"StringEquals": {"aws:SecureTransport": "false"}})]}
    assert tls_only(document, "b").holds is None


def test_a_version_check_with_if_exists_denies_plain_http_too():
    """A request without TLS has no TLS version; with IfExists that is denied, without it is not."""
    with_it, without = ({"NumericLessThan" + x: {"s3:TlsVersion": "1.2"}} for x in ("IfExists", ""))
    assert tls_only({"Statement": [denial(Condition=with_it)]}, "b").holds is True
    assert tls_only({"Statement": [denial(Condition=without)]}, "b").holds is False


@pytest.mark.parametrize(
    "condition, version, answer",
    [
        ({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, "1.2", True),
        ({"NumericLessThan": {"s3:TlsVersion": 1.2}}, "1.2", True),
        ({"NumericLessThan": {"s3:TlsVersion": ["1.2"]}}, "1.3", False),
        ({"NumericLessThan": {"s3:TlsVersion": "1.3"}}, "1.2", True),
        ({"NumericLessThan": {"s3:TlsVersion": "1.1"}}, "1.2", False),
        ({"NumericLessThanEquals": {"s3:TlsVersion": "1.1"}}, "1.2", True),
        ({"NumericNotEquals": {"s3:TlsVersion": "1.3"}}, "1.3", True),
        ({"NumericLessThan": {"s3:TlsVersion": "new"}}, "1.2", None),
        ({"StringLike": {"s3:TlsVersion": "1.0"}}, "1.2", None),
        (INSECURE, "1.2", False),
    ],
)
def test_least_tls_version(condition, version, answer):
    """Old TLS is denied by version, not by SecureTransport."""
    assert tls_at_least({"Statement": [denial(Condition=condition)]}, "b", version).holds is answer


def test_one_statement_is_judged_for_itself():
    """The verdict on a single statement, whatever it is about."""
    statements = parse({"Statement": [denial(Resource=OBJECTS), denial(Principal={"AWS": "1" * 12})]}).statements
    assert [statement_denies_insecure_transport(s) for s in statements] == [True, False]


STOP = ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"]
FULL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def scp(condition=None, **more):
    """A control policy that denies stopping trails."""
    statement = {"Sid": "S", "Effect": "Deny", "Action": "cloudtrail:*", "Resource": "*", **more}
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [{k: v for k, v in statement.items() if v is not None}]}


def spare(*patterns, operator="ArnNotLike", key="aws:PrincipalArn"):
    """A condition that spares principals."""
    return {operator: {key: list(patterns)}}


GLASS = "arn:aws:iam::*:role/BreakGlass"


@pytest.mark.parametrize(
    "levels, configured, answer",
    [
        ([[FULL], [FULL]], (), False),
        ([[FULL, scp()], [FULL]], (), True),
        ([[FULL], [], [FULL, scp()]], (), True),
        ([[scp()]], (), True),
        ([[FULL, scp(Action="cloudtrail:StopLogging")]], (), False),
        ([[FULL, scp(Action=["cloudtrail:stoplogging", "CloudTrail:Delete*"])]], (), True),
        ([[FULL, scp(Action=None, NotAction="s3:*")]], (), True),
        ([[FULL, scp(Action=None, NotAction="cloudtrail:*")]], (), False),
        ([[FULL, scp(Resource="arn:aws:cloudtrail:*:*:trail/main")]], (), False),
        ([[FULL, scp(spare(GLASS))]], (), True),
        ([[FULL, scp(spare(GLASS))]], (GLASS,), True),
        ([[FULL, scp(spare(GLASS))]], ("arn:aws:iam::*:role/Other",), False),
        ([[FULL, scp(spare(GLASS, operator="StringNotLike"))]], ("arn:aws:iam::*:role/Break*",), True),
        ([[FULL, scp(spare("*"))]], (), False),
        ([[FULL, scp(spare("arn:aws:iam::*:role/*"))]], (), False),
        ([[FULL, scp(spare("arn:aws:iam::111111111111:*"))]], (), False),
        ([[FULL, scp(spare("${aws:PrincipalArn}/x"))]], (), False),
        ([[FULL, scp(spare("prod", operator="StringNotEquals", key="aws:PrincipalTag/stage"))]], (), False),
        ([[FULL, scp({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})]], (), False),
        ([[FULL, scp({"StringResembles": {"aws:PrincipalArn": GLASS}})]], (), None),
        ([[FULL, scp({"StringResembles": {"aws:PrincipalArn": GLASS}})], [FULL, scp()]], (), True),
        ([[FULL, "not json"]], (), None),
        ([[{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}]], (), True),
        ([[]], (), False),
    ],
)
def test_service_control_policies(levels, configured, answer):
    """Denied by any level, by a level that allows other things only, with at most break glass spared."""
    assert scp_denies(levels, STOP, break_glass=configured).holds is answer


def test_a_denial_that_is_missing_is_named():
    """The reasons name the actions that are not denied, and what spares whom."""
    answer = scp_denies([[FULL, scp(Action="cloudtrail:StopLogging")]], STOP)
    assert answer.because[0].startswith("cloudtrail:DeleteTrail: ")
    assert "sparing" in str(scp_denies([[FULL, scp(spare(GLASS))]], STOP))


def test_a_resource_may_be_named():
    """A denial for every trail covers one trail; a denial for the log bucket covers its objects."""
    wide = scp(Resource="arn:aws:cloudtrail:*:*:trail/*")
    assert scp_denies([[wide]], STOP, "arn:aws:cloudtrail:eu-west-1:111111111111:trail/t").holds is True
    bucket = scp(Action="s3:DeleteObject*", Resource="arn:aws:s3:::logs*")
    assert scp_denies([[bucket]], ["s3:DeleteObject"], "arn:aws:s3:::logs/*").holds is True
    assert scp_denies([[bucket]], ["s3:DeleteObject"], "arn:aws:s3:::other/*").holds is False
