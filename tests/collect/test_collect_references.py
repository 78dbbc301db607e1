"""How one resource names another, and what of it is looked up."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from collect_estate import KEY, KEYS, NOW

from reporter.collect.references import Looked, Reference, Register, names_in, resolve
from reporter.collect.resources import kind_of
from reporter.model import ConfigurationItem

KEY_KIND = kind_of("AWS::KMS::Key")
TOPIC_KIND = kind_of("AWS::SNS::Topic")


def item(type: str = "AWS::S3::Bucket", **configuration: object) -> ConfigurationItem:
    return ConfigurationItem("111111111111", "eu-west-1", type, "x", "arn:aws:s3:::x", configuration, NOW)


@pytest.mark.parametrize(
    ("name", "account", "full"),
    [
        (KEY, KEYS, KEY),
        ("1234abcd-12ab", "111111111111", "arn:aws:kms:eu-west-1:111111111111:key/1234abcd-12ab"),
        ("alias/logs", "111111111111", "arn:aws:kms:eu-west-1:111111111111:alias/logs"),
        (
            "arn:aws:kms:us-east-1:222222222222:alias/logs",
            "222222222222",
            "arn:aws:kms:us-east-1:222222222222:alias/logs",
        ),
    ],
)
def test_every_spelling_of_a_key_leads_to_its_owner(name: str, account: str, full: str) -> None:
    """ARN, alias ARN, bare id and alias name; the latter two are of the account and region of who names them."""
    reference = resolve(KEY_KIND, name, item())
    assert reference is not None
    assert (reference.account, reference.name) == (account, full)


@pytest.mark.parametrize(
    "name", [None, "", 7, {}, ["a", 1], "arn:aws:sns:eu-west-1:1:t", "arn:aws:kms", "arn:aws:kms:::key/a"]
)
def test_what_names_no_key_is_passed_over(name: object) -> None:
    """Hostile or foreign text is no reference."""
    assert resolve(KEY_KIND, name, item()) is None


@pytest.mark.parametrize("type", ["AWS::S3::Bucket", "AWS::S3Express::DirectoryBucket"])
def test_the_key_of_every_kind_of_bucket_is_looked_up(type: str) -> None:
    """By default encryption, general purpose and directory buckets alike."""
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}}
    assert [one.name for one in names_in(KEY_KIND, [item(type, Encryption={"Rules": [rule]})])] == [KEY]


def test_only_topics_among_the_actions_of_an_alarm_are_topics() -> None:
    """An alarm may also stop a machine or scale a group."""
    alarm = item(
        "AWS::CloudWatch::Alarm",
        AlarmActions=["arn:aws:automate:eu-west-1:ec2:stop", "arn:aws:sns:eu-west-1:111111111111:t"],
    )
    assert [one.name for one in names_in(TOPIC_KIND, [alarm, alarm])] == ["arn:aws:sns:eu-west-1:111111111111:t"]


def test_a_resource_that_many_name_is_read_once() -> None:
    """Thirty accounts ask for the same key at once: one reads, one hands it over, the others know of it."""
    register, reads = Register(), []
    reference = Reference("AWS::KMS::Key", KEYS, "eu-west-1", KEY)

    def read() -> Looked:
        reads.append(1)
        return Looked((item(),))

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: register.look(reference, read, by_owner=False), range(30)))
    assert len(reads) == 1
    assert sum(ours for _, ours in told) == 1


def test_an_owner_hands_over_what_others_had_read() -> None:
    """The owner's own snapshot is complete, though another account came first; and what an owner read is not kept."""
    register, reference = Register(), Reference("AWS::KMS::Key", KEYS, "eu-west-1", KEY)
    register.look(reference, lambda: Looked((item(),)), by_owner=False)
    looked, ours = register.look(reference, Looked, by_owner=True)
    assert (len(looked.items), ours) == (1, True)
    other = Reference("AWS::KMS::Key", KEYS, "eu-west-1", "other")
    register.look(other, lambda: Looked((item(),)), by_owner=True)
    looked, ours = register.look(other, lambda: Looked((item(),)), by_owner=False)
    assert (looked.items, ours) == ((), False)
