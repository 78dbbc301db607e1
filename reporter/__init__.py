"""reporter: multi-account compliance reporting for AWS CloudTrail and S3."""

__version__ = "0.1.0"
