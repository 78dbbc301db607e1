"""Policy documents the way people and AWS's own set-up guides write them, for the buckets, keys and topics of an organization."""

from typing import Any

from reporter.simulate.organization import Document


def policy(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def tls_only(bucket: str) -> Document:
    """Refuse whatever does not come encrypted."""
    return {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def trail_writes(
    bucket: str, trail_arn: str, owner: str, prefix: str = "", organization: str = ""
) -> tuple[Document, ...]:
    """CloudTrail may look at the bucket's ACL and write below AWSLogs, for one trail only; an organization's writes to two places."""
    source = {"StringEquals": {"aws:SourceArn": trail_arn}}
    lead = f"{prefix}/" if prefix else ""
    places = [f"arn:aws:s3:::{bucket}/{lead}AWSLogs/{owner}/*"]
    if organization:
        places.append(f"arn:aws:s3:::{bucket}/{lead}AWSLogs/{organization}/*")
    service = {"Service": "cloudtrail.amazonaws.com"}
    return (
        {"Sid": "AWSCloudTrailAclCheck", "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl",
         "Resource": f"arn:aws:s3:::{bucket}", "Condition": source},
        {"Sid": "AWSCloudTrailWrite", "Effect": "Allow", "Principal": service, "Action": "s3:PutObject",
         "Resource": places if len(places) > 1 else places[0],
         "Condition": {"StringEquals": {**source["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"}}},
    )  # fmt: skip


def trail_writes_without_source(bucket: str, owner: str) -> tuple[Document, ...]:
    """The older form of the set-up guide: any trail of any account may write (a confused deputy)."""
    service = {"Service": "cloudtrail.amazonaws.com"}
    return (
        {"Sid": "AWSCloudTrailAclCheck20150319", "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl",
         "Resource": f"arn:aws:s3:::{bucket}"},
        {"Sid": "AWSCloudTrailWrite20150319", "Effect": "Allow", "Principal": service, "Action": "s3:PutObject",
         "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{owner}/*",
         "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}},
    )  # fmt: skip


def public_read(bucket: str, sid: str = "PublicRead") -> Document:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }


def service_writes(bucket: str, service: str, account: str, sid: str) -> Document:
    """Another service of AWS delivers here (access logs, flow logs, Config) for one account."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }


def account_reads(bucket: str, *accounts: str, sid: str = "PartnerRead", **condition: Any) -> Document:
    """Whole accounts may list and read."""
    statement: Document = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in accounts]},
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    return statement | ({"Condition": condition} if condition else {})


def organization_reads(bucket: str, organization: str) -> Document:
    """Anybody, if of this organization: a wildcard principal that is not public."""
    return {
        "Sid": "OrganizationRead",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": organization}},
    }


def role_reads(bucket: str, role_arn: str, sid: str = "Readers") -> Document:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": role_arn},
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }


def key_policy(account: str, *statements: Document) -> Document:
    """The account's administrators hold the key; then the rest."""
    owner = {"AWS": f"arn:aws:iam::{account}:root"}
    return policy(
        {"Sid": "EnableIAMUserPermissions", "Effect": "Allow", "Principal": owner, "Action": "kms:*", "Resource": "*"},
        *statements,
    )


def trail_encrypts(trail_arn: str, owner: str) -> Document:
    """CloudTrail may encrypt for one trail, known by source and by encryption context."""
    return {
        "Sid": "AllowCloudTrailToEncryptLogs",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "kms:GenerateDataKey*",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:SourceArn": trail_arn},
            "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{owner}:trail/*"},
        },
    }


def principals_decrypt(*arns: str) -> Document:
    return {
        "Sid": "ReadersDecrypt",
        "Effect": "Allow",
        "Principal": {"AWS": list(arns)},
        "Action": ["kms:Decrypt", "kms:DescribeKey"],
        "Resource": "*",
    }


def topic_policy(topic_arn: str, service: str, account: str) -> Document:
    """A service publishes to the topic, for one account only."""
    return policy(
        {
            "Sid": "ServicePublish",
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sns:Publish",
            "Resource": topic_arn,
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        }
    )


def kms(key_arn: str, *, bucket_key: bool = True) -> Document:
    """A bucket's default encryption under a customer's key."""
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
    return {
        "Rules": [
            {
                "ApplyServerSideEncryptionByDefault": default,
                "BucketKeyEnabled": bucket_key,
                "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
            }
        ]
    }


def expire(days: int, *, prefix: str = "", noncurrent: int | None = None, name: str = "expire") -> Document:
    """A lifecycle that deletes after so many days."""
    rule: Document = {"ID": name, "Status": "Enabled", "Filter": {"Prefix": prefix}, "Expiration": {"Days": days}}
    if noncurrent is not None:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": noncurrent}
    return {"Rules": [rule]}


def logging_to(target: str, prefix: str) -> Document:
    """Server access logging (`LoggingEnabled`)."""
    return {"TargetBucket": target, "TargetPrefix": prefix}
