"""Four levels of Block Public Access, policy, ACL and ownership: one answer."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.documents.public_access import FLAGS, account_block, effective_block, public_access
from reporter.model import Unread

ALL = dict.fromkeys(FLAGS, True)
NONE = dict.fromkeys(FLAGS, False)
UNREAD = Unread("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", "AccessDenied")
ORGANIZATION_ALL = {"s3_attributes": {"public_access_block_configuration": "all"}}
ORGANIZATION_NONE = {"s3_attributes": {"public_access_block_configuration": {"@@assign": "none"}}}
READABLE = {
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]
}
WRITABLE = {
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:PutBucketAcl", "Resource": "arn:aws:s3:::b"}]
}
PRIVATE = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "1" * 12}, "Action": "s3:*", "Resource": "*"}]}
ENFORCED = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
PREFERRED = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
PUBLIC, PRIVATE_STATUS = {"IsPublic": True}, {"IsPublic": False}


def acl(permission, group="AllUsers"):
    """A bucket ACL with one grant to a group."""
    grantee = {"Type": "Group", "URI": f"http://acs.amazonaws.com/groups/global/{group}"}
    return {"Owner": {"ID": "c" * 64}, "Grants": [{"Grantee": grantee, "Permission": permission}]}


def judge(**parts):
    """Judge an open bucket with some parts replaced."""
    usual = dict.fromkeys(("organization", "account", "bucket", "policy", "acl", "ownership", "policy_status"))
    return public_access(**{**usual, **parts})


@pytest.mark.parametrize(
    "parts, read, write",
    [
        ({}, False, False),
        ({"policy": READABLE}, True, False),
        ({"policy": READABLE, "policy_status": PUBLIC}, True, False),
        ({"policy": WRITABLE}, False, True),
        ({"policy": PRIVATE, "policy_status": PRIVATE_STATUS}, False, False),
        ({"policy": READABLE, "bucket": ALL}, False, False),
        ({"policy": READABLE, "account": ALL}, False, False),
        ({"policy": READABLE, "organization": ORGANIZATION_ALL}, False, False),
        ({"policy": READABLE, "organization": ORGANIZATION_NONE, "account": ALL}, True, False),
        ({"policy": READABLE, "organization": ORGANIZATION_NONE, "bucket": ALL}, False, False),
        ({"policy": READABLE, "bucket": {**ALL, "RestrictPublicBuckets": False}}, True, False),
        ({"policy": READABLE, "bucket": {**NONE, "IgnorePublicAcls": True}}, True, False),
        ({"acl": acl("READ")}, True, False),
        ({"acl": acl("READ", "AuthenticatedUsers")}, True, False),
        ({"acl": acl("FULL_CONTROL", "AuthenticatedUsers")}, True, True),
        ({"acl": acl("WRITE_ACP")}, False, True),
        ({"acl": acl("WRITE"), "ownership": PREFERRED}, False, True),
        ({"acl": acl("WRITE"), "ownership": ENFORCED}, False, False),
        ({"acl": acl("WRITE"), "bucket": {**NONE, "IgnorePublicAcls": True}}, False, False),
        ({"acl": acl("WRITE"), "bucket": {**ALL, "IgnorePublicAcls": False}}, False, True),
        ({"acl": acl("READ", "LogDelivery")}, False, False),
        # AWS's own verdict outweighs ours, in both directions.
        ({"policy": READABLE, "policy_status": PRIVATE_STATUS}, False, False),
        ({"policy": PRIVATE, "policy_status": PUBLIC}, None, None),
        # What was not read leaves undecided only what rests on it.
        ({"policy": UNREAD}, None, None),
        ({"policy": UNREAD, "account": ALL}, False, False),
        ({"policy": UNREAD, "policy_status": PRIVATE_STATUS}, False, False),
        ({"policy": READABLE, "bucket": UNREAD}, None, False),
        ({"policy": READABLE, "bucket": UNREAD, "account": ALL}, False, False),
        ({"policy": READABLE, "account": ALL, "organization": UNREAD}, None, False),
        ({"policy": READABLE, "account": ALL, "organization": UNREAD, "bucket": ALL}, False, False),
        ({"acl": UNREAD}, None, None),
        ({"acl": UNREAD, "ownership": ENFORCED}, False, False),
        ({"acl": acl("READ"), "ownership": UNREAD}, None, False),
        ({"acl": acl("READ"), "ownership": UNREAD, "policy": READABLE}, True, False),
    ],
)
def test_public_read_and_write(parts, read, write):
    """Each way in, each bolt on it, and each bolt that was not looked at."""
    found = judge(**parts)
    assert (found.read.holds, found.write.holds) == (read, write)
    assert found.read.because
    assert found.write.because


def test_what_disarms_is_named():
    """The reason names the setting and the level it comes from."""
    found = judge(policy=READABLE, acl=acl("READ"), account=ALL)
    assert "RestrictPublicBuckets (account) disarms a public policy" in found.read.because
    assert "IgnorePublicAcls (account) disarms ACLs" in found.read.because


def test_a_disagreement_with_aws_is_reported():
    """Where AWS's IsPublic and our reading differ, both are said; where we cannot decide there is none."""
    assert "AWS calls the policy not public" in judge(policy=READABLE, policy_status=PRIVATE_STATUS).disagreement
    assert "AWS calls the policy public" in judge(policy=PRIVATE, policy_status=PUBLIC).disagreement
    assert judge(policy=READABLE, policy_status=PUBLIC).disagreement is None
    assert judge(policy=UNREAD, policy_status=PUBLIC).disagreement is None


def test_all_four_flags_are_wanted_and_levels_add_up():
    """Two flags of the account and two of the bucket make four; a missing one is named."""
    one = {**NONE, "BlockPublicAcls": True, "IgnorePublicAcls": True}
    other = {**NONE, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
    assert effective_block(None, one, other).all_four is True
    assert effective_block(None, one, None).missing == ("BlockPublicPolicy", "RestrictPublicBuckets")
    assert effective_block(None, None, None).all_four is False
    assert effective_block(None, one, UNREAD).all_four is None
    assert effective_block(None, NONE, NONE, ALL).all_four is True


@pytest.mark.parametrize(
    "organization, account, all_four",
    [
        (None, ALL, True),
        (None, None, False),
        (ORGANIZATION_ALL, None, True),
        (ORGANIZATION_ALL, UNREAD, True),
        (ORGANIZATION_NONE, ALL, False),
        (UNREAD, ALL, None),
        (None, UNREAD, None),
        ({}, ALL, True),
        ({"s3_attributes": {"public_access_block_configuration": "some"}}, ALL, None),
        ({"s3_attributes": {"something_new": "x"}}, ALL, None),
    ],
)
def test_the_organizations_setting_replaces_the_accounts(organization, account, all_four):
    """All or none, whatever the account says; a form we do not know is undecided."""
    assert account_block(organization, account).all_four is all_four


LEVEL = st.sampled_from(
    [None, ALL, NONE, UNREAD, {**NONE, "RestrictPublicBuckets": True}, {**NONE, "IgnorePublicAcls": True}]
)


@settings(max_examples=100, deadline=None)
@given(
    account=LEVEL,
    bucket=LEVEL,
    policy=st.sampled_from([None, READABLE, WRITABLE, PRIVATE, UNREAD]),
    acl_part=st.sampled_from([None, acl("READ"), acl("WRITE"), UNREAD]),
    ownership=st.sampled_from([None, ENFORCED, PREFERRED, UNREAD]),
)
def test_reading_what_was_unread_never_contradicts_a_certain_answer(account, bucket, policy, acl_part, ownership):
    """A certain answer with something unread stays the same whatever that turns out to be."""
    parts = {"account": account, "bucket": bucket, "policy": policy, "acl": acl_part, "ownership": ownership}
    first = judge(**parts)
    worlds = {
        "account": (None, ALL),
        "bucket": (None, ALL),
        "policy": (None, READABLE, WRITABLE),
        "acl": (None, acl("FULL_CONTROL")),
        "ownership": (None, ENFORCED),
    }
    unread = [name for name, part in parts.items() if part is UNREAD]
    for values in product(*(worlds[name] for name in unread)):
        world = judge(**{**parts, **dict(zip(unread, values, strict=True))})
        assert first.read.holds in (None, world.read.holds)
        assert first.write.holds in (None, world.write.holds)
