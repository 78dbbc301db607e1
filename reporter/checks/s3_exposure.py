"""Buckets: who can get at them from outside, and how. All levels are judged together, and AWS's own word is heard."""

from typing import Any

from reporter.assess.estate import InsufficientData, Resource, both, certain
from reporter.assess.evaluate import check
from reporter.assess.resource_types import ACCESS_POINT, BUCKET, MULTI_REGION_ACCESS_POINT
from reporter.checks import examples as eg
from reporter.checks import infrastructure as code
from reporter.checks.buckets import (
    access_is_logged,
    block,
    decided,
    exposure,
    is_public,
    is_shared_outside,
    only_sensitive,
    owner,
)
from reporter.checks.keys import encrypted_with_customer_key
from reporter.checks.sharing import circle
from reporter.documents.logic import Answer
from reporter.documents.public_access import Block, account_block, block_of
from reporter.documents.sharing import foreign_control
from reporter.model import ACCOUNT, Unread

OPEN_ACCOUNT = eg.account(PublicAccessBlock=eg.NO_FLAGS)
TWO_FLAGS = {**eg.NO_FLAGS, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}
ORGANIZATION_WIDE = {"s3_attributes": {"public_access_block_configuration": "all"}}
SWITCHED_OFF = {"s3_attributes": {"public_access_block_configuration": "none"}}
STRANGER = {"AWS": f"arn:aws:iam::{eg.STRANGER}:root"}
MEMBER = {"AWS": f"arn:aws:iam::{eg.ARCHIVE}:role/Auditor"}
CONFIDENTIAL: dict[str, Any] = {"Tags": {"DataClass": "confidential"}}


def _all_four(resource: Resource, flags: Block, *levels: Any) -> bool:
    """Whether all four flags are in force; one that is certainly off outweighs one that was not read."""
    if flags.all_four is None:
        unread = "; ".join(str(level) for level in levels if isinstance(level, Unread))
        raise InsufficientData(f"not every level of Block Public Access of {resource.id} was read: {unread}")
    return flags.all_four or resource.because(f"Not in force: {', '.join(flags.missing)}")


@check(
    "s3-account-public-access-block",
    subject=ACCOUNT,
    severity="medium",
    aka=("SH:S3.1", "CF:s3-account-level-public-access-blocks-periodic"),
    code=code.ACCOUNT_BLOCK,
    passes=[[eg.account()], [eg.account(PublicAccessBlock=None, EffectiveS3Policy=ORGANIZATION_WIDE)]],
    fails=[
        [eg.account(PublicAccessBlock=None)],
        [eg.account(PublicAccessBlock=TWO_FLAGS)],
        [eg.account(EffectiveS3Policy=SWITCHED_OFF)],
    ],
)
def account_public_access_block(account: Resource) -> bool:
    """The account blocks public access to all its buckets, with all four flags.

    One switch stands above every bucket policy and ACL, also of buckets yet to come.
    Fix: aws s3control put-public-access-block --account-id {Id} --public-access-block-configuration
      BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
    """
    parts = account.or_unread("EffectiveS3Policy"), account.or_unread("PublicAccessBlock")
    return _all_four(account, account_block(*parts), *parts)


@check(
    "s3-bucket-public-access-block",
    subject=BUCKET,
    severity="high",
    aka=("SH:S3.8", "CF:s3-bucket-level-public-access-prohibited"),
    code=code.BUCKET_BLOCK,
    passes=[
        [eg.bucket()],
        [OPEN_ACCOUNT, eg.bucket()],
        [eg.account(), eg.bucket(PublicAccessBlock=None)],
        [eg.account(PublicAccessBlock=None, EffectiveS3Policy=ORGANIZATION_WIDE), eg.bucket(PublicAccessBlock=None)],
    ],
    fails=[
        [OPEN_ACCOUNT, eg.bucket(PublicAccessBlock=None)],
        [OPEN_ACCOUNT, eg.bucket(PublicAccessBlock=TWO_FLAGS)],
    ],
)
def public_access_block(bucket: Resource) -> bool:
    """All four flags of Block Public Access are in force for the bucket, set on it, its account or the organization.

    While they are, no policy or ACL, by mistake or not, can open the bucket.
    Fix: aws s3api put-public-access-block --bucket {Name} --public-access-block-configuration
      BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
    """
    account = owner(bucket)
    above = account.or_unread("EffectiveS3Policy"), account.or_unread("PublicAccessBlock")
    return _all_four(bucket, block(bucket), *above, bucket.or_unread("PublicAccessBlock"))


def _nobody(bucket: Resource, answer: Answer) -> bool:
    if answer.holds:
        bucket.because(str(answer))
    return not decided(bucket, answer)


@check(
    "s3-bucket-not-public-read",
    subject=BUCKET,
    severity="critical",
    aka=("SH:S3.2", "CF:s3-bucket-public-read-prohibited"),
    passes=[
        [eg.bucket()],
        [OPEN_ACCOUNT, eg.bucket(PublicAccessBlock=eg.NO_FLAGS, Acl=eg.acl(eg.EVERYONE))],
        [eg.account(), eg.open_bucket()],
        [OPEN_ACCOUNT, eg.open_bucket(PublicAccessBlock=TWO_FLAGS, Acl=eg.acl(eg.EVERYONE), OwnershipControls=None)],
        [OPEN_ACCOUNT, eg.open_bucket(Policy=eg.allowing(eg.statement("*", "s3:PutObject")))],
    ],
    fails=[
        [OPEN_ACCOUNT, eg.open_bucket()],
        [OPEN_ACCOUNT, eg.open_bucket(Policy=eg.allowing(eg.statement({"AWS": "*"}, "s3:Get*")))],
        [OPEN_ACCOUNT, eg.bucket(PublicAccessBlock=None, Acl=eg.acl(eg.EVERYONE), OwnershipControls=None)],
        [OPEN_ACCOUNT, eg.bucket(PublicAccessBlock=None, Acl=eg.acl(eg.ANY_AWS_USER), OwnershipControls=None)],
    ],
)
def not_public_read(bucket: Resource) -> bool:
    """The public cannot read or list the bucket, by policy or by ACL.

    What is public is found within hours: names of buckets are guessed all day long.
    Fix: aws s3api put-public-access-block --bucket {Name} --public-access-block-configuration
      BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
    """
    return _nobody(bucket, exposure(bucket).read)


@check(
    "s3-bucket-not-public-write",
    subject=BUCKET,
    severity="critical",
    aka=("SH:S3.3", "CF:s3-bucket-public-write-prohibited"),
    passes=[[eg.bucket()], [OPEN_ACCOUNT, eg.open_bucket()]],
    fails=[
        [OPEN_ACCOUNT, eg.open_bucket(Policy=eg.allowing(eg.statement("*", "s3:PutObject*")))],
        [OPEN_ACCOUNT, eg.open_bucket(Policy=eg.allowing(eg.statement("*", "s3:PutBucketPolicy")))],
        [OPEN_ACCOUNT, eg.open_bucket(Policy=eg.allowing(eg.statement("*", "s3:PutLifecycleConfiguration")))],
        [OPEN_ACCOUNT, eg.bucket(PublicAccessBlock=None, Acl=eg.acl(eg.EVERYONE, "WRITE"), OwnershipControls=None)],
        [OPEN_ACCOUNT, eg.bucket(PublicAccessBlock=None, Acl=eg.acl(eg.EVERYONE, "WRITE_ACP"), OwnershipControls=None)],
    ],
)
def not_public_write(bucket: Resource) -> bool:
    """The public cannot write to the bucket, nor change its policy, ACL or lifecycle.

    Who may write can plant files, and who may change the policy can take everything.
    Fix: aws s3api put-public-access-block --bucket {Name} --public-access-block-configuration
      BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
    """
    return _nobody(bucket, exposure(bucket).write)


@check(
    "s3-bucket-external-access",
    subject=BUCKET,
    severity="high",
    passes=[
        [eg.bucket()],
        [eg.bucket(Policy=None)],
        [eg.bucket(Policy=eg.allowing(eg.statement(MEMBER, "s3:GetObject")))],
        [
            eg.bucket(
                Policy=eg.allowing(
                    eg.statement(
                        "*", "s3:GetObject", Condition={"StringEquals": {"aws:PrincipalOrgID": eg.ORGANIZATION_ID}}
                    )
                )
            )
        ],
        [
            eg.targets(trusted_accounts=(eg.STRANGER,)),
            eg.bucket(Policy=eg.allowing(eg.statement(STRANGER, "s3:GetObject"))),
        ],
    ],
    fails=[
        [eg.bucket(Policy=eg.allowing(eg.statement(STRANGER, "s3:GetObject")))],
        [
            eg.bucket(
                Policy=eg.allowing(
                    eg.statement(
                        "*", "s3:GetObject", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-foreign0000"}}
                    )
                )
            )
        ],
    ],
)
def external_access(bucket: Resource) -> bool:
    """Every grant across accounts stays in the organization, or goes to an account that settings trust.

    An account outside the organization follows other rules, and may belong to somebody else next year.
    Fix: aws s3api put-bucket-policy --bucket {Name} --policy file://<WHOLE_POLICY_WITHOUT_THAT_GRANT>
    """
    return not is_shared_outside(bucket)


@check(
    "s3-bucket-no-foreign-control",
    subject=BUCKET,
    severity="high",
    aka=("SH:S3.6", "CF:s3-bucket-blacklisted-actions-prohibited"),
    passes=[
        [eg.bucket()],
        [eg.bucket(Policy=None)],
        [eg.bucket(Policy=eg.allowing(eg.statement(STRANGER, "s3:GetObject")))],
        [eg.bucket(Policy=eg.allowing(eg.statement({"AWS": f"arn:aws:iam::{eg.HOME}:role/Admin"}, "s3:*")))],
    ],
    fails=[
        [eg.bucket(Policy=eg.allowing(eg.statement(STRANGER, "s3:PutBucketPolicy")))],
        [eg.bucket(Policy=eg.allowing(eg.statement(MEMBER, "s3:Put*")))],
        [eg.bucket(Policy=eg.allowing(eg.statement("*", "s3:*")))],
    ],
)
def no_foreign_control(bucket: Resource) -> bool:
    """No other account may change the bucket's policy, its ACLs or its encryption, not even one of the organization.

    Who may change the policy has every right there is, and can lock the owner out.
    Fix: aws s3api put-bucket-policy --bucket {Name} --policy file://<WHOLE_POLICY_WITHOUT_THAT_GRANT>
    """
    answer = foreign_control(bucket["Policy"], circle(bucket))
    return not certain(answer) or bucket.because(f"Given out of hand: {answer}")


@check(
    "s3-sensitive-bucket-restricted",
    subject=BUCKET,
    severity="high",
    passes=[[eg.bucket(**CONFIDENTIAL), eg.log_target(), eg.key()]],
    fails=[
        [OPEN_ACCOUNT, eg.open_bucket(**CONFIDENTIAL), eg.log_target(), eg.key()],
        [
            eg.bucket(**CONFIDENTIAL, Policy=eg.allowing(eg.statement(STRANGER, "s3:GetObject"))),
            eg.log_target(),
            eg.key(),
        ],
        [eg.account(VisibleTrails=[]), eg.bucket(**CONFIDENTIAL, Logging=None), eg.key()],
        [eg.bucket(**CONFIDENTIAL, Encryption=None), eg.log_target()],
    ],
    skips=[[eg.bucket()]],
)
def sensitive_bucket_restricted(bucket: Resource) -> bool:
    """A bucket tagged as sensitive is private, unshared, logged and encrypted under a customer managed key.

    What the organization itself calls sensitive deserves all four, not one of them.
    Fix: aws s3api put-public-access-block --bucket {Name} --public-access-block-configuration
        BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
      aws s3api put-bucket-policy --bucket {Name} --policy file://<WHOLE_POLICY_WITHOUT_THAT_GRANT>
      aws s3api put-bucket-logging --bucket {Name}
        --bucket-logging-status '{"LoggingEnabled":{"TargetBucket":"<LOG_TARGET>","TargetPrefix":"access/"}}'
      aws s3api put-bucket-encryption --bucket {Name} --server-side-encryption-configuration
        '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"<KEY_ARN>"},
        "BucketKeyEnabled":true}]}'
    """
    only_sensitive(bucket)
    return both(
        lambda: not is_public(bucket) or bucket.mended_by("put-public-access-block"),
        lambda: not is_shared_outside(bucket) or bucket.mended_by("put-bucket-policy"),
        lambda: access_is_logged(bucket) or bucket.mended_by("put-bucket-logging"),
        lambda: encrypted_with_customer_key(bucket) or bucket.mended_by("put-bucket-encryption"),
    )


@check(
    "s3-access-point-public-access-block",
    subject=ACCESS_POINT,
    severity="critical",
    aka=("SH:S3.19", "CF:s3-access-point-public-access-blocks"),
    passes=[[eg.access_point()]],
    fails=[
        [eg.access_point(PublicAccessBlock=TWO_FLAGS)],
        [eg.access_point(PublicAccessBlock=None)],
        [eg.access_point(PolicyStatus={"IsPublic": True})],
    ],
)
def access_point_block(point: Resource) -> bool:
    """The access point blocks public access with all four flags, and its policy is not public.

    An access point is a door of its own, and its flags cannot be changed later: a new one must take its place.
    Fix: aws s3control create-access-point --account-id {account} --name <NEW_NAME> --bucket {Bucket}
        --public-access-block-configuration
        BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
      aws s3control put-access-point-policy --account-id {account} --name {Name} --policy file://<WHOLE_POLICY_WITHOUT_THAT_GRANT>
    """
    return _closed(point)


@check(
    "s3-multi-region-access-point-public-access-block",
    subject=MULTI_REGION_ACCESS_POINT,
    severity="high",
    aka=("SH:S3.24",),
    passes=[[eg.multi_region_access_point()]],
    fails=[
        [eg.multi_region_access_point(PublicAccessBlock=eg.NO_FLAGS)],
        [eg.multi_region_access_point(PolicyStatus={"IsPublic": True})],
    ],
)
def multi_region_access_point_block(point: Resource) -> bool:
    """The multi-region access point blocks public access with all four flags, and its policy is not public.

    Its flags are fixed when it is made: a new one must take its place.
    Fix: aws s3control create-multi-region-access-point --account-id {account} --client-token <TOKEN>
        --details '{"Name":"<NEW_NAME>","Regions":[{"Bucket":"<BUCKET>"}]}'
      aws s3control put-multi-region-access-point-policy --account-id {account} --client-token <TOKEN>
        --details '{"Name":"<NAME>","Policy":"<POLICY>"}'
    """
    return _closed(point)


def _closed(point: Resource) -> bool:
    return both(
        lambda: _all_four(point, block_of(point["PublicAccessBlock"], "access point")) or point.mended_by("create-"),
        lambda: not (point["PolicyStatus"] or {}).get("IsPublic") or point.because("Its policy is public", "put-"),
    )
