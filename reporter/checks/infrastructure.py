"""The same remedies for those who write their infrastructure down: a CloudFormation resource, a Terraform block.

LOG_BUCKET, KEY_ARN and the like stand for what only the reader knows; `{Name}` is the failing resource's own. A fragment
holds what the check asks for, not all that a stack needs.
"""

from reporter.assess.evaluate import Fragments

KEY_ROTATION = Fragments(
    cloudformation="""\
Key:
  Type: AWS::KMS::Key
  Properties: {EnableKeyRotation: true, RotationPeriodInDays: 365}
""",
    terraform="""\
resource "aws_kms_key" "this" {
  enable_key_rotation     = true
  rotation_period_in_days = 365
}
""",
)

VERSIONING = Fragments(
    cloudformation="""\
Bucket:
  Type: AWS::S3::Bucket
  Properties: {BucketName: "{Name}", VersioningConfiguration: {Status: Enabled}}
""",
    terraform="""\
resource "aws_s3_bucket_versioning" "this" {
  bucket = "{Name}"
  versioning_configuration { status = "Enabled" }
}
""",
)

OBJECT_LOCK = Fragments(
    cloudformation="""\
Bucket:
  Type: AWS::S3::Bucket
  Properties:
    BucketName: "{Name}"
    ObjectLockEnabled: true
    ObjectLockConfiguration:
      # cannot be taken back before the days are over
      {ObjectLockEnabled: Enabled, Rule: {DefaultRetention: {Mode: COMPLIANCE, Days: 365}}}
""",
    terraform="""\
resource "aws_s3_bucket_object_lock_configuration" "this" {
  bucket = "{Name}"
  rule {
    default_retention {
      # cannot be taken back before the days are over
      mode = "COMPLIANCE"
      days = 365
    }
  }
}
""",
)

BUCKET_KEY = Fragments(
    cloudformation="""\
Bucket:
  Type: AWS::S3::Bucket
  Properties:
    BucketName: "{Name}"
    BucketEncryption:
      ServerSideEncryptionConfiguration:
        - ServerSideEncryptionByDefault: {SSEAlgorithm: "aws:kms", KMSMasterKeyID: KEY_ARN}
          BucketKeyEnabled: true
""",
    terraform="""\
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = "{Name}"
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "KEY_ARN"
    }
  }
}
""",
)

OWNERSHIP = Fragments(
    cloudformation="""\
Bucket:
  Type: AWS::S3::Bucket
  Properties: {BucketName: "{Name}", OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerEnforced}]}}
""",
    terraform="""\
resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = "{Name}"
  rule { object_ownership = "BucketOwnerEnforced" }
}
""",
)

BUCKET_BLOCK = Fragments(
    cloudformation="""\
Bucket:
  Type: AWS::S3::Bucket
  Properties:
    BucketName: "{Name}"
    PublicAccessBlockConfiguration:
      {BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true}
""",
    terraform="""\
resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = "{Name}"
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}
""",
)

ACCOUNT_BLOCK = Fragments(
    cloudformation="",
    terraform="""\
resource "aws_s3_account_public_access_block" "this" {
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}
""",
)

ACCESS_LOGGING = Fragments(
    cloudformation="""\
Bucket:
  Type: AWS::S3::Bucket
  Properties: {BucketName: "{Name}", LoggingConfiguration: {DestinationBucketName: LOG_TARGET, LogFilePrefix: access/}}
""",
    terraform="""\
resource "aws_s3_bucket_logging" "this" {
  bucket        = "{Name}"
  target_bucket = "LOG_TARGET"
  target_prefix = "access/"
}
""",
)

NOTIFICATIONS = Fragments(
    cloudformation="""\
Bucket:
  Type: AWS::S3::Bucket
  Properties: {BucketName: "{Name}", NotificationConfiguration: {EventBridgeConfiguration: {EventBridgeEnabled: true}}}
""",
    terraform="""\
resource "aws_s3_bucket_notification" "this" {
  bucket      = "{Name}"
  eventbridge = true
}
""",
)

TLS_ONLY = Fragments(
    cloudformation="""\
Policy:
  Type: AWS::S3::BucketPolicy
  Properties:
    Bucket: "{Name}"
    PolicyDocument:
      Version: "2012-10-17"
      Statement:
        # this is the bucket's whole policy: the statements that it has belong here too
        - Effect: Deny
          Principal: "*"
          Action: "s3:*"
          Resource: ["arn:aws:s3:::{Name}", "arn:aws:s3:::{Name}/*"]
          Condition: {Bool: {"aws:SecureTransport": "false"}}
""",
    terraform="",
)

TLS_VERSION = Fragments(
    cloudformation="""\
Policy:
  Type: AWS::S3::BucketPolicy
  Properties:
    Bucket: "{Name}"
    PolicyDocument:
      Version: "2012-10-17"
      Statement:
        # this is the bucket's whole policy: the statements that it has belong here too
        - Effect: Deny
          Principal: "*"
          Action: "s3:*"
          Resource: ["arn:aws:s3:::{Name}", "arn:aws:s3:::{Name}/*"]
          Condition: {NumericLessThan: {"s3:TlsVersion": "1.2"}}
""",
    terraform="",
)

GUARDDUTY = Fragments(
    cloudformation="""\
Detector:
  Type: AWS::GuardDuty::Detector
  Properties: {Enable: true}
""",
    terraform="""\
resource "aws_guardduty_detector" "this" { enable = true }
""",
)

GUARDDUTY_S3 = Fragments(
    cloudformation="""\
Detector:
  Type: AWS::GuardDuty::Detector
  Properties: {Enable: true, Features: [{Name: S3_DATA_EVENTS, Status: ENABLED}]}
""",
    terraform="""\
resource "aws_guardduty_detector" "this" { enable = true }
resource "aws_guardduty_detector_feature" "this" {
  detector_id = aws_guardduty_detector.this.id
  name        = "S3_DATA_EVENTS"
  status      = "ENABLED"
}
""",
)

GUARDDUTY_S3_FEATURE = Fragments(
    mends=("update-detector",),
    terraform="""\
resource "aws_guardduty_detector_feature" "this" {
  detector_id = "DETECTOR_ID"
  name        = "S3_DATA_EVENTS"
  status      = "ENABLED"
}
""",
)

SECURITY_HUB = Fragments(
    cloudformation="""\
Hub: {Type: "AWS::SecurityHub::Hub"}
""",
    terraform="""\
resource "aws_securityhub_account" "this" {}
""",
)

ANALYZER = Fragments(
    cloudformation="""\
Analyzer:
  Type: AWS::AccessAnalyzer::Analyzer
  Properties: {Type: ACCOUNT, AnalyzerName: external-access}
""",
    terraform="""\
resource "aws_accessanalyzer_analyzer" "this" {
  analyzer_name = "external-access"
  type          = "ACCOUNT"
}
""",
)

MACIE = Fragments(
    cloudformation="""\
Session:
  Type: AWS::Macie::Session
  Properties: {Status: ENABLED}
""",
    terraform="""\
resource "aws_macie2_account" "this" { status = "ENABLED" }
""",
)
