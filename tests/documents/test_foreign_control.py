"""Who else can take a bucket over: change its policy, its ACLs, its encryption."""

import pytest

from reporter.documents.sharing import Circle, foreign_control

OWNER, MEMBER, STRANGER = "111111111111", "222222222222", "999999999999"
CIRCLE = Circle(OWNER, "o-example", frozenset({OWNER, MEMBER}), trusted=frozenset({STRANGER}))


def policy(principal, action, effect="Allow", **more):
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": effect, "Principal": principal, "Action": action, "Resource": "*"} | more],
    }


def of(account):
    return {"AWS": f"arn:aws:iam::{account}:root"}


@pytest.mark.parametrize(
    ("document", "holds"),
    [
        (None, False),
        (policy(of(OWNER), "s3:*"), False),
        (policy(of(STRANGER), ["s3:GetObject", "s3:PutObject", "s3:PutLifecycleConfiguration"]), False),
        (policy(of(MEMBER), "s3:PutBucketPolicy"), True),  # the organization is no excuse
        (policy(of(STRANGER), "s3:*"), True),  # nor is trust in its reading
        (policy("*", "s3:PutObjectAcl"), True),
        (policy("*", "s3:Delete*Policy", Condition={"StringEquals": {"aws:PrincipalAccount": OWNER}}), False),
        (policy("*", "s3:*", "Deny"), False),
        (policy({"Service": "cloudtrail.amazonaws.com"}, "s3:PutObjectAcl"), False),
        (policy({"AWS": "*"}, "s3:*", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}}), None),
    ],
)
def test_only_the_owner_keeps_control(document, holds):
    """Any other account counts, of the organization or trusted; reading and writing objects do not."""
    assert foreign_control(document, CIRCLE).holds is holds


def test_the_reason_names_the_statement():
    """And says whether it is anybody or another account."""
    assert str(foreign_control(policy(of(MEMBER), "s3:Put*"), CIRCLE)).startswith("another account: ")
    assert str(foreign_control(policy("*", "s3:Put*"), CIRCLE)).startswith("anybody: ")
