"""Who may decrypt: key policies and grants."""

import pytest

from reporter.documents.keys import decrypt_principals, may_decrypt
from reporter.documents.sharing import Circle

OWN, MEMBER, FOREIGN = "111111111111", "222222222222", "999999999999"
CIRCLE = Circle(OWN, "o-ours000001", frozenset({OWN, MEMBER}))
AUDIT = f"arn:aws:iam::{MEMBER}:role/audit"
DEFAULT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"}, "Action": "kms:*", "Resource": "*"}
TRAIL = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudtrail.amazonaws.com"},
    "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
    "Resource": "*",
}


def key_policy(*statements):
    """A key policy with the statement every key has."""
    return {"Version": "2012-10-17", "Statement": [DEFAULT, TRAIL, *statements]}


def allow(principal, action="kms:Decrypt", **more):
    """One more statement."""
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}


def key_grant(who, *operations):
    """A KMS grant."""
    return {"GrantId": "g", "GranteePrincipal": who, "Operations": list(operations or ("Decrypt",))}


@pytest.mark.parametrize(
    "policy, grants, readers, answer",
    [
        (key_policy(), [], (), False),
        (key_policy(), None, (), False),
        (key_policy(allow({"AWS": MEMBER})), [], (), False),
        (key_policy(allow({"AWS": FOREIGN})), [], (), True),
        (key_policy(allow({"AWS": FOREIGN}, "kms:DescribeKey")), [], (), False),
        (key_policy(allow({"AWS": FOREIGN}, "kms:Re*")), [], (), True),
        (key_policy(allow({"AWS": FOREIGN}, "kms:PutKeyPolicy")), [], (), True),
        (key_policy(allow({"AWS": FOREIGN}, "kms:CreateGrant")), [], (), True),
        (key_policy(allow({"AWS": "*"})), [], (), True),
        (key_policy(allow({"AWS": "*"}, Condition={"StringEquals": {"kms:CallerAccount": OWN}})), [], (), False),
        (key_policy(allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-ours000001"}})), [], (), False),
        (key_policy(), [key_grant(AUDIT)], (), False),
        (key_policy(), [key_grant(f"arn:aws:iam::{FOREIGN}:role/x")], (), True),
        (key_policy(), [key_grant(f"arn:aws:iam::{FOREIGN}:role/x", "Encrypt")], (), False),
        (key_policy(), [key_grant(f"arn:aws:iam::{FOREIGN}:role/x", "CreateGrant")], (), True),
        (key_policy(), [key_grant("dynamodb.amazonaws.com")], (), False),
        (key_policy(), [key_grant("AIDAEXAMPLE")], (), None),
        (key_policy(), [], (AUDIT,), True),
        (key_policy(), [], (AUDIT, f"arn:aws:iam::{OWN}:root"), False),
        (key_policy(), [key_grant(f"arn:aws:iam::{MEMBER}:role/other")], (AUDIT, f"arn:aws:iam::{OWN}:root"), True),
    ],
)
def test_who_may_decrypt(policy, grants, readers, answer):
    """Whoever may decrypt, or give himself the right to, must be a reader or of the organization."""
    assert may_decrypt(policy, grants, CIRCLE, readers).holds is answer


def test_the_reasons_name_the_grant():
    """A grant to an outsider is named with its operations."""
    answer = may_decrypt(key_policy(), [key_grant(f"arn:aws:iam::{FOREIGN}:role/x")], CIRCLE)
    assert answer.because == (f"grant g gives arn:aws:iam::{FOREIGN}:role/x Decrypt",)


def test_everyone_who_may_decrypt_is_listed():
    """From the policy and from grants, in order."""
    found = decrypt_principals(key_policy(allow({"AWS": AUDIT})), [key_grant("AIDAEXAMPLE"), key_grant("x", "Encrypt")])
    assert found == ("AIDAEXAMPLE", f"account {OWN}", f"aws {AUDIT}", "service cloudtrail.amazonaws.com")
