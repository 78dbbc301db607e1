"""The questions: one file for each AWS service. Importing this package fills `reporter.assess.evaluate.CHECKS`."""

from reporter.checks import (
    cloudtrail,
    cloudtrail_alarms,
    cloudtrail_bucket,
    cloudtrail_delivery,
    cloudtrail_key,
    detective,
    kms,
    organization,
    s3,
    s3_exposure,
    sns,
)

__all__ = [
    "cloudtrail",
    "cloudtrail_alarms",
    "cloudtrail_bucket",
    "cloudtrail_delivery",
    "cloudtrail_key",
    "detective",
    "kms",
    "organization",
    "s3",
    "s3_exposure",
    "sns",
]
