"""The questions: one file for each AWS service. Importing this package fills `reporter.assess.evaluate.CHECKS`."""

from reporter.checks import (
    cloudtrail,
    cloudtrail_alarms,
    cloudtrail_bucket,
    cloudtrail_delivery,
    cloudtrail_key,
    detective,
    organization,
    s3,
    s3_exposure,
)

__all__ = [
    "cloudtrail",
    "cloudtrail_alarms",
    "cloudtrail_bucket",
    "cloudtrail_delivery",
    "cloudtrail_key",
    "detective",
    "organization",
    "s3",
    "s3_exposure",
]
