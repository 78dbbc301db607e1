"""Remedies as code for trails, their event data stores and log groups: `infrastructure.py` says what stands for what."""

from reporter.assess.evaluate import Fragments

MULTI_REGION_TRAIL = Fragments(
    cloudformation="""\
Trail:
  Type: AWS::CloudTrail::Trail
  Properties: {S3BucketName: LOG_BUCKET, IsLogging: true, IsMultiRegionTrail: true, EnableLogFileValidation: true}
""",
    terraform="""\
resource "aws_cloudtrail" "this" {
  name                       = "organization-trail"
  s3_bucket_name             = "LOG_BUCKET"
  is_multi_region_trail      = true
  enable_log_file_validation = true
}
""",
)

EVERY_REGION = Fragments(
    mends=("update-trail",),
    cloudformation="""\
Trail:
  Type: AWS::CloudTrail::Trail
  Properties: {S3BucketName: "{S3BucketName}", IsLogging: true, IsMultiRegionTrail: true, IncludeGlobalServiceEvents: true}
""",
    terraform="""\
resource "aws_cloudtrail" "this" {
  is_multi_region_trail         = true
  include_global_service_events = true
}
""",
)

MANAGEMENT_EVENTS = Fragments(
    mends=("put-event-selectors",),
    cloudformation="""\
Trail:
  Type: AWS::CloudTrail::Trail
  Properties:
    S3BucketName: "{S3BucketName}"
    IsLogging: true
    # these are all selectors of the trail: those that it has belong here too
    EventSelectors: [{ReadWriteType: All, IncludeManagementEvents: true}]
""",
    terraform="""\
resource "aws_cloudtrail" "this" {
  # these are all selectors of the trail: those that it has belong here too
  event_selector {
    read_write_type           = "All"
    include_management_events = true
  }
}
""",
)

ORGANIZATION_TRAIL = Fragments(
    cloudformation="""\
Trail:
  Type: AWS::CloudTrail::Trail
  Properties: {S3BucketName: LOG_BUCKET, IsLogging: true, IsMultiRegionTrail: true, EnableLogFileValidation: true, IsOrganizationTrail: true}
""",
    terraform="""\
resource "aws_cloudtrail" "this" {
  name                       = "organization-trail"
  s3_bucket_name             = "LOG_BUCKET"
  is_multi_region_trail      = true
  enable_log_file_validation = true
  is_organization_trail      = true
}
""",
)

LOGGING = Fragments(
    mends=("start-logging",),
    cloudformation="""\
Trail:
  Type: AWS::CloudTrail::Trail
  Properties: {S3BucketName: "{S3BucketName}", IsLogging: true}
""",
    terraform="""\
resource "aws_cloudtrail" "this" { enable_logging = true }
""",
)

VALIDATION = Fragments(
    mends=("--enable-log-file-validation",),
    cloudformation="""\
Trail:
  Type: AWS::CloudTrail::Trail
  Properties: {S3BucketName: "{S3BucketName}", IsLogging: true, EnableLogFileValidation: true}
""",
    terraform="""\
resource "aws_cloudtrail" "this" { enable_log_file_validation = true }
""",
)

TRAIL_KEY = Fragments(
    cloudformation="""\
Trail:
  Type: AWS::CloudTrail::Trail
  Properties: {S3BucketName: "{S3BucketName}", IsLogging: true, KMSKeyId: KEY_ARN}
""",
    terraform="""\
resource "aws_cloudtrail" "this" { kms_key_id = "KEY_ARN" }
""",
)

OBJECT_EVENTS = Fragments(
    cloudformation="""\
Trail:
  Type: AWS::CloudTrail::Trail
  Properties:
    S3BucketName: LOG_BUCKET
    IsLogging: true
    # these are all selectors of the trail: those that it has belong here too
    EventSelectors: [{ReadWriteType: All, DataResources: [{Type: "AWS::S3::Object", Values: ["arn:aws:s3"]}]}]
""",
    terraform="""\
resource "aws_cloudtrail" "this" {
  # these are all selectors of the trail: those that it has belong here too
  event_selector {
    data_resource {
      type   = "AWS::S3::Object"
      values = ["arn:aws:s3"]
    }
  }
}
""",
)

INSIGHTS = Fragments(
    cloudformation="""\
Trail:
  Type: AWS::CloudTrail::Trail
  Properties:
    S3BucketName: LOG_BUCKET
    IsLogging: true
    # these are all selectors of the trail: those that it has belong here too
    InsightSelectors: [{InsightType: ApiCallRateInsight}, {InsightType: ApiErrorRateInsight}]
""",
    terraform="""\
resource "aws_cloudtrail" "this" {
  # these are all selectors of the trail: those that it has belong here too
  insight_selector { insight_type = "ApiCallRateInsight" }
  insight_selector { insight_type = "ApiErrorRateInsight" }
}
""",
)

STORE_PROTECTED = Fragments(
    mends=("--termination-protection",),
    cloudformation="""\
Store:
  Type: AWS::CloudTrail::EventDataStore
  Properties: {TerminationProtectionEnabled: true}
""",
    terraform="""\
resource "aws_cloudtrail_event_data_store" "this" { termination_protection_enabled = true }
""",
)

STORE_RETENTION = Fragments(
    mends=("--retention-period",),
    cloudformation="""\
Store:
  Type: AWS::CloudTrail::EventDataStore
  Properties: {RetentionPeriod: 2557}
""",
    terraform="""\
resource "aws_cloudtrail_event_data_store" "this" { retention_period = 2557 }
""",
)

STORE_KEY = Fragments(
    mends=("--kms-key-id",),
    cloudformation="""\
Store:
  Type: AWS::CloudTrail::EventDataStore
  Properties: {KmsKeyId: KEY_ARN}
""",
    terraform="""\
resource "aws_cloudtrail_event_data_store" "this" { kms_key_id = "KEY_ARN" }
""",
)

LOG_GROUP_RETENTION = Fragments(
    cloudformation="""\
LogGroup:
  Type: AWS::Logs::LogGroup
  Properties: {LogGroupName: "{logGroupName}", RetentionInDays: 400}
""",
    terraform="""\
resource "aws_cloudwatch_log_group" "this" { retention_in_days = 400 }
""",
)
