"""ARNs and references to keys."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.documents.arn import Arn, account_of, bucket_arn, key_reference, partition_of

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", max_size=8)


@settings(max_examples=50, deadline=None)
@given(WORD.filter(bool), WORD.filter(bool), WORD, WORD, st.text(max_size=20))
def test_an_arn_reads_back_as_it_was_written(partition, service, region, account, resource):
    """Parsing and formatting are inverse, colons in the resource included."""
    arn = Arn(partition, service, region, account, resource)
    assert Arn.parse(str(arn)) == arn


@pytest.mark.parametrize("text", [None, "", "arn", "arn:aws:s3", "urn:aws:s3:::b", "123456789012", "arn::s3:::b"])
def test_what_is_no_arn_is_none(text):
    """Nothing is made of a text that is not an ARN."""
    assert Arn.parse(text) is None


@pytest.mark.parametrize(
    "text, account",
    [
        ("arn:aws:iam::111122223333:root", "111122223333"),
        ("111122223333", "111122223333"),
        ("arn:aws:s3:::bucket", None),
        ("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1", None),
        ("arn:aws:cloudtrail:*:111122223333:trail/*", "111122223333"),
        ("99", None),
        (None, None),
    ],
)
def test_the_account_in_an_arn(text, account):
    """Only twelve digits in the right place are an account."""
    assert account_of(text) == account


@pytest.mark.parametrize(
    "region, partition",
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_partitions_follow_from_regions(region, partition):
    """China, GovCloud and the others have partitions of their own."""
    assert partition_of(region) == partition


def test_a_bucket_arn_lies_in_its_partition():
    """A name becomes an ARN; an ARN stays."""
    assert bucket_arn("b", "aws-cn") == "arn:aws-cn:s3:::b"
    assert bucket_arn("arn:aws:s3:::b") == "arn:aws:s3:::b"


@pytest.mark.parametrize(
    "text, arn",
    [
        (f"arn:aws:kms:us-east-1:999988887777:key/{KEY}", f"arn:aws:kms:us-east-1:999988887777:key/{KEY}"),
        (KEY, f"arn:aws:kms:eu-west-1:111122223333:key/{KEY}"),
        ("alias/logs", "arn:aws:kms:eu-west-1:111122223333:alias/logs"),
        ("arn:aws:kms:us-east-1:999988887777:alias/logs", "arn:aws:kms:us-east-1:999988887777:alias/logs"),
        ("mrk-0123", "arn:aws:kms:eu-west-1:111122223333:key/mrk-0123"),
    ],
)
def test_a_key_may_be_referred_to_in_four_ways(text, arn):
    """A bare id or alias lies in the account and region of the item that names it."""
    reference = key_reference(text, "111122223333", "eu-west-1")
    assert reference.arn == arn
    assert bool(reference.alias) == ("alias/" in text)


def test_a_bare_key_id_takes_the_partition_of_its_region():
    """In China a bare id is a key of `aws-cn`."""
    assert key_reference(KEY, "111122223333", "cn-north-1").arn.startswith("arn:aws-cn:kms:")
