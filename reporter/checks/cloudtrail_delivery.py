"""Trails: does the record arrive, and whole? Asked of each trail, in its home region."""

from datetime import timedelta
from typing import Any

from reporter.assess.estate import InsufficientData, NotApplicable, Resource, both, every
from reporter.assess.evaluate import check
from reporter.assess.resource_types import BUCKET, KEY, LOG_GROUP, TOPIC, TRAIL
from reporter.checks import examples as eg
from reporter.checks import infrastructure_cloudtrail as code
from reporter.checks.topics import has_confirmed_subscriber, is_public_topic
from reporter.checks.trails import log_group

A_DAY = timedelta(hours=24)
KEPT = (400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)  # days of a year and more that CloudWatch Logs knows


@check(
    "cloudtrail-logging",
    subject=TRAIL,
    severity="critical",
    code=code.LOGGING,
    passes=[[eg.trail()], [eg.trail(IsMultiRegionTrail=False, RegionStatus=None)]],
    fails=[
        [eg.trail(Status__IsLogging=False)],
        [eg.trail(RegionStatus={"eu-west-1": {"IsLogging": False, "LatestDeliveryError": None}})],
    ],
)
def logging(trail: Resource) -> bool:
    """The trail is logging in every region it covers.

    A trail that exists but was stopped looks healthy in every list and records nothing.
    Fix: aws cloudtrail start-logging --name {TrailARN} --region {HomeRegion}
    """
    return both(
        lambda: trail["Status"]["IsLogging"] or trail.because("The trail is stopped"),
        lambda: every(
            _regions(trail), lambda one: one[1]["IsLogging"] or trail.because(f"The trail is stopped in {one[0]}")
        ),
    )


def _regions(trail: Resource) -> list[tuple[str, dict[str, Any]]]:
    """The status in the regions other than its own; a one-region trail has none."""
    if not trail["IsMultiRegionTrail"]:
        return []
    return sorted((trail["RegionStatus"] or {}).items())


@check(
    "cloudtrail-delivery",
    subject=TRAIL,
    severity="high",
    passes=[[eg.trail()]],
    fails=[
        [eg.trail(Status__LatestDeliveryError="AccessDenied")],
        [eg.trail(RegionStatus={"eu-west-1": {"IsLogging": True, "LatestDeliveryError": "NoSuchBucket"}})],
        [eg.trail(Status__LatestDeliveryTime=eg.STALE)],
        [eg.trail(Status={"IsLogging": True})],
    ],
)
def delivery(trail: Resource) -> bool:
    """Log files reach the bucket: the last one is recent, and no region reports an error.

    A trail may log and still deliver nothing, when the bucket's policy or the key refuses it.
    Fix: # look first at what refuses CloudTrail
      aws cloudtrail get-trail-status --name {TrailARN} --region {HomeRegion}
      # look first at what the bucket allows, then let CloudTrail write to it
      aws s3api get-bucket-policy --bucket {S3BucketName}
      aws s3api put-bucket-policy --bucket {S3BucketName} --policy file://<WHOLE_POLICY_THAT_LETS_CLOUDTRAIL_WRITE>
      # look first at what the key allows, then let CloudTrail encrypt with it
      aws kms get-key-policy --key-id <KEY_ARN> --policy-name default
      aws kms put-key-policy --key-id <KEY_ARN> --policy-name default --policy file://<WHOLE_POLICY_THAT_LETS_CLOUDTRAIL_ENCRYPT>
      aws cloudtrail update-trail --name {TrailARN} --s3-bucket-name <LOG_BUCKET> --region {HomeRegion}
      aws cloudtrail start-logging --name {TrailARN} --region {HomeRegion}
    """
    hours = trail.target("delivery_max_age_hours")
    return both(
        lambda: _without_error(trail, trail["HomeRegion"], trail["Status"], "LatestDeliveryError"),
        lambda: every(_regions(trail), lambda one: _without_error(trail, *one, "LatestDeliveryError")),
        lambda: _recent(trail, "LatestDeliveryTime", timedelta(hours=hours)) or _mended_where_it_is_stuck(trail),
    )


def _without_error(trail: Resource, region: str, status: dict[str, Any], key: str) -> bool:
    error = status.get(key)
    if not error:
        return True
    trail.because(f"{key} in {region}: {error}")
    return _mended_by_code(trail, str(error))


def _mended_by_code(trail: Resource, error: str) -> bool:
    """No, and what lets CloudTrail through, by the error it met: the bucket is gone, or the key or the bucket refuses it."""
    if "NoSuchBucket" in error:
        return trail.mended_by("update-trail")
    if "KMS" in error.upper() and trail["KmsKeyId"]:
        trail.mended_in(KEY_ARN=[trail["KmsKeyId"]])
        return _mended_at_home(trail, KEY, trail["KmsKeyId"], "-key-policy")
    if "AccessDenied" in error:
        return _mended_at_home(trail, BUCKET, trail["S3BucketName"], "-bucket-policy")
    return trail.mended_by("get-trail-status", "-bucket-policy")


def _mended_at_home(trail: Resource, type: str, name: str, *commands: str) -> bool:
    """No, and by these commands, run in the account of the bucket or key that refuses, where that account is known."""
    try:
        home = trail.related(type, name)
    except InsufficientData:
        home = None
    if home is not None:
        trail.mended_from(home.account)
    return trail.mended_by(*commands)


def _mended_where_it_is_stuck(trail: Resource) -> bool:
    """No, and what helps where nothing arrives and no error tells why: a trail that is stopped is started."""
    return trail.mended_by("get-trail-status" if trail["Status"].get("IsLogging") else "start-logging")


def _recent(trail: Resource, key: str, limit: timedelta) -> bool:
    """Whether a time of the trail's status lies within the limit before it was read."""
    age = trail.age(trail["Status"].get(key))
    if age is None:
        return trail.because(f"{key}: there was none yet")
    if age > A_DAY:
        return age <= limit or trail.because(f"{key} lay {age.days} days back")
    return age <= limit or trail.because(f"{key} lay {age // timedelta(hours=1)} hours back, {limit} are allowed")


@check(
    "cloudtrail-log-file-validation",
    subject=TRAIL,
    severity="medium",
    aka=("SH:CloudTrail.4", "CF:cloud-trail-log-file-validation-enabled"),
    code=(code.VALIDATION, code.LOGGING),
    passes=[[eg.trail()]],
    fails=[[eg.trail(LogFileValidationEnabled=False)], [eg.trail(Status__IsLogging=False)]],
)
def log_file_validation(trail: Resource) -> bool:
    """A logging trail signs digests of its log files.

    Without digests nobody can prove that a log file was not changed or removed after delivery.
    Fix: aws cloudtrail update-trail --name {TrailARN} --enable-log-file-validation --region {HomeRegion}
      aws cloudtrail start-logging --name {TrailARN} --region {HomeRegion}
    """
    return both(
        lambda: trail["LogFileValidationEnabled"] or trail.because("Log file validation is off", "update-trail"),
        lambda: trail["Status"]["IsLogging"] or trail.because("The trail is stopped", "start-logging"),
    )


@check(
    "cloudtrail-digest-delivery",
    subject=TRAIL,
    severity="medium",
    passes=[[eg.trail()]],
    fails=[
        [eg.trail(Status__LatestDigestDeliveryError="AccessDenied")],
        [eg.trail(Status__LatestDigestDeliveryTime="2026-06-01T08:00:00Z")],
        [eg.trail(Status__LatestDigestDeliveryTime=eg.STALE)],
        [eg.trail(Status={"IsLogging": True})],
    ],
    skips=[[eg.trail(LogFileValidationEnabled=False)]],
)
def digest_delivery(trail: Resource) -> bool:
    """Digests of the log files reach the bucket every hour.

    A chain of digests that breaks off leaves all later log files without proof.
    Fix: # look first at what refuses CloudTrail
      aws cloudtrail get-trail-status --name {TrailARN} --region {HomeRegion}
      # look first at what the bucket allows, then let CloudTrail write to it
      aws s3api get-bucket-policy --bucket {S3BucketName}
      aws s3api put-bucket-policy --bucket {S3BucketName} --policy file://<WHOLE_POLICY_THAT_LETS_CLOUDTRAIL_WRITE>
      # look first at what the key allows, then let CloudTrail encrypt with it
      aws kms get-key-policy --key-id <KEY_ARN> --policy-name default
      aws kms put-key-policy --key-id <KEY_ARN> --policy-name default --policy file://<WHOLE_POLICY_THAT_LETS_CLOUDTRAIL_ENCRYPT>
      aws cloudtrail update-trail --name {TrailARN} --s3-bucket-name <LOG_BUCKET> --region {HomeRegion}
      aws cloudtrail start-logging --name {TrailARN} --region {HomeRegion}
    """
    if not trail["LogFileValidationEnabled"]:
        raise NotApplicable("Log file validation is off, so there are no digests")
    hours = trail.target("digest_max_age_hours")
    return both(
        lambda: _without_error(trail, trail["HomeRegion"], trail["Status"], "LatestDigestDeliveryError"),
        lambda: _recent(trail, "LatestDigestDeliveryTime", timedelta(hours=hours)) or _mended_where_it_is_stuck(trail),
    )


INTACT = {"Verified": True, "Missing": [], "Altered": [], "Injected": [], "Gaps": []}


@check(
    "cloudtrail-log-integrity",
    subject=TRAIL,
    severity="critical",
    passes=[[eg.trail()]],
    fails=[
        [eg.trail(LogIntegrity={**INTACT, "Verified": False, name: ["AWSLogs/example.json.gz"]})]
        for name in ("Missing", "Altered", "Injected", "Gaps")
    ],
)
def log_integrity(trail: Resource) -> bool:
    """The digests prove that no log file of the period is missing, altered or injected.

    This is the proof itself, not the switch that makes it possible.
    Fix: # look only: it names the files; no command makes an altered log whole, their kept versions or replicas may
      aws cloudtrail validate-logs --trail-arn {TrailARN} --start-time <START> --region {HomeRegion}
    """
    result = trail["LogIntegrity"]
    if result is None:
        raise InsufficientData(f"LogIntegrity of {trail.id} was not read: its log files were not verified")
    wrong = {name: len(result[name]) for name in ("Missing", "Altered", "Injected", "Gaps") if result.get(name)}
    if wrong:
        return trail.because("The proof is broken: " + ", ".join(f"{name} {count}" for name, count in wrong.items()))
    return bool(result["Verified"]) or trail.because("The digests could not be verified")


@check(
    "cloudtrail-cloudwatch-logs",
    subject=TRAIL,
    severity="low",
    aka=("SH:CloudTrail.5", "CF:cloud-trail-cloud-watch-logs-enabled"),
    passes=[[eg.trail()]],
    fails=[
        [eg.trail(CloudWatchLogsLogGroupArn=None)],
        [eg.trail(Status__LatestCloudWatchLogsDeliveryError="AccessDenied")],
        [eg.trail(Status__LatestCloudWatchLogsDeliveryTime=eg.STALE)],
        [eg.trail(Status={"IsLogging": True})],
    ],
)
def cloudwatch_logs(trail: Resource) -> bool:
    """Events reach a CloudWatch log group within the day.

    Log files tell the past; alarms need the events while they happen.
    Fix: aws cloudtrail update-trail --name {TrailARN} --cloud-watch-logs-log-group-arn <LOG_GROUP_ARN>
      --cloud-watch-logs-role-arn <ROLE_ARN> --region {HomeRegion}
    """
    hours = trail.target("delivery_max_age_hours")
    return both(
        lambda: trail["CloudWatchLogsLogGroupArn"] or trail.because("No log group is set"),
        lambda: (
            not trail["Status"].get("LatestCloudWatchLogsDeliveryError")
            or trail.because(
                f"LatestCloudWatchLogsDeliveryError: {trail['Status']['LatestCloudWatchLogsDeliveryError']}"
            )
        ),
        lambda: _recent(trail, "LatestCloudWatchLogsDeliveryTime", timedelta(hours=hours)),
    )


@check(
    "cloudwatch-log-group-retention",
    subject=TRAIL,
    severity="medium",
    acts_on=LOG_GROUP,
    code=code.LOG_GROUP_RETENTION,
    passes=[[eg.trail(), eg.log_group()], [eg.trail(), eg.log_group(retentionInDays=None)]],
    fails=[[eg.trail(), eg.log_group(retentionInDays=30)]],
    skips=[[eg.trail(CloudWatchLogsLogGroupArn=None)]],
)
def log_group_retention(trail: Resource) -> bool:
    """The trail's log group keeps events for as long as the target asks, or for ever.

    Short retention leaves alarms without the events that explain them.
    Fix: aws logs put-retention-policy --log-group-name {logGroupName} --retention-in-days 400 --region {region}
    """
    wanted = trail.target("cloudwatch_retention_days")
    trail.mended_with("--retention-in-days", str(next((kept for kept in KEPT if kept >= wanted), KEPT[-1])))
    days = log_group(trail)["retentionInDays"]
    return days is None or days >= wanted or trail.because(f"Events are kept for {days} days, the target is {wanted}")


@check(
    "cloudwatch-log-group-encryption",
    subject=TRAIL,
    severity="low",
    acts_on=LOG_GROUP,
    passes=[[eg.trail(), eg.log_group()]],
    fails=[[eg.trail(), eg.log_group(kmsKeyId=None)]],
    skips=[[eg.trail(CloudWatchLogsLogGroupArn=None)]],
)
def log_group_encryption(trail: Resource) -> bool:
    """The trail's log group is encrypted with a KMS key.

    The same events as in the log files deserve the same key control.
    Fix: aws logs associate-kms-key --log-group-name {logGroupName} --kms-key-id <KEY_ARN> --region {region}
    """
    return bool(log_group(trail)["kmsKeyId"]) or trail.because("The log group has no key")


@check(
    "cloudtrail-notification",
    subject=TRAIL,
    severity="low",
    passes=[[eg.trail(), eg.topic()]],
    fails=[
        [eg.trail(SnsTopicARN=None)],
        [eg.trail()],
        [eg.trail(), eg.topic(Subscriptions=[])],
        [eg.trail(), eg.topic(Subscriptions=[{"Protocol": "email", "SubscriptionArn": "PendingConfirmation"}])],
        [eg.trail(), eg.topic(Attributes__Policy={"Statement": eg.statement("*", "SNS:Publish")})],
    ],
)
def notification(trail: Resource) -> bool:
    """Somebody is told of each delivered log file, through a topic that is not public.

    Where log files are processed on notification, a silent topic is a silent defence.
    Fix: aws cloudtrail update-trail --name {TrailARN} --sns-topic-name <TOPIC> --region {HomeRegion}
      aws sns subscribe --topic-arn {SnsTopicARN} --protocol email --notification-endpoint <ADDRESS> --region {HomeRegion}
      aws sns set-topic-attributes --topic-arn {SnsTopicARN} --attribute-name Policy
        --attribute-value file://<WHOLE_POLICY_WITHOUT_THAT_GRANT> --region {HomeRegion}
    """
    arn = trail["SnsTopicARN"]
    if not arn:
        return trail.because("No topic is set", "update-trail")
    topic = trail.related(TOPIC, arn)
    if topic is None:
        return trail.because(f"Topic {arn} does not exist", "update-trail")
    return both(
        lambda: has_confirmed_subscriber(topic) or trail.because("The topic has no confirmed subscriber", "subscribe"),
        lambda: not is_public_topic(topic) or trail.because("The topic is public", "set-topic-attributes"),
    )
