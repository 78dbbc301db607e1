"""The demo's management, security and infrastructure accounts: the organization trail, where it goes, what protects it."""

from reporter.simulate.demo_names import (
    ACCESS_LOGS,
    EVERYWHERE,
    FRANKFURT,
    HOME,
    LOG_BUCKET,
    VERSIONED,
    VIRGINIA,
    Names,
    days_before,
    tags,
)
from reporter.simulate.organization import (
    Alarm,
    Bucket,
    Channel,
    Document,
    EventDataStore,
    Key,
    LogGroup,
    Topic,
    Trail,
    Watchers,
    key_id,
)
from reporter.simulate.policies import (
    expire,
    key_policy,
    kms,
    logging_to,
    organization_reads,
    policy,
    principals_decrypt,
    role_reads,
    service_writes,
    tls_only,
    topic_policy,
    trail_encrypts,
    trail_writes,
)

ALL_ON = Watchers(config=EVERYWHERE, guardduty=EVERYWHERE, securityhub=EVERYWHERE, access_analyzer=EVERYWHERE)
TRAIL_GROUP = "aws-cloudtrail-logs-organization"
FILTERS = {  # name to pattern; the last two show what goes wrong: `&&` where `||` is meant, an alarm without action
    "root-usage": '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
    "console-no-mfa": '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }',
    "cloudtrail-changes": (
        "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail)"
        " || ($.eventName = StartLogging) || ($.eventName = StopLogging) }"
    ),
    "unauthorized-calls": '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
    "bucket-policy-changes": (
        "{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy)"
        " || ($.eventName = PutBucketCors) || ($.eventName = PutBucketLifecycle) || ($.eventName = PutBucketReplication)"
        " || ($.eventName = DeleteBucketPolicy) || ($.eventName = DeleteBucketCors) || ($.eventName = DeleteBucketLifecycle)"
        " || ($.eventName = DeleteBucketReplication)) }"
    ),
    "iam-policy-changes": "{ ($.eventName = PutUserPolicy) && ($.eventName = AttachRolePolicy) }",
    "kms-key-deletion": (
        "{ ($.eventSource = kms.amazonaws.com) && (($.eventName = DisableKey) || ($.eventName = ScheduleKeyDeletion)) }"
    ),
}


def management(n: Names) -> Document:
    """The organization trail with its log group, filters, alarms and topic."""
    me = n.id("management")
    topic = f"arn:aws:sns:{HOME}:{me}:security-alerts"
    subscribers = (("email", "soc@kestrel-harbour.example", True), ("email", "on-call@kestrel-harbour.example", False))
    billing = "kh-billing-exports"
    exports = policy(service_writes(billing, "bcm-data-exports.amazonaws.com", me, "DataExports"), tls_only(billing))
    return {
        "trails": (_organization_trail(n),),
        "log_groups": (LogGroup(TRAIL_GROUP, HOME, retention=365, filters=tuple(_filter(name) for name in FILTERS)),),
        "alarms": tuple(
            Alarm(f"cis-{name}", name, region=HOME, actions=() if name == "kms-key-deletion" else (topic,))
            for name in FILTERS
        ),
        "topics": (
            Topic(
                "security-alerts", HOME, topic_policy(topic, "cloudwatch.amazonaws.com", me), subscriptions=subscribers
            ),
        ),
        "buckets": (
            Bucket(
                billing,
                VIRGINIA,
                days_before(1400),
                versioning=VERSIONED,
                policy=exports,
                tags=tags("finance", "confidential"),
            ),
            Bucket("cf-templates-1k2j3h4g5f6d-eu-west-1", HOME, days_before(1390)),
        ),
        "watchers": ALL_ON,
    }


def _filter(name: str) -> Document:
    metric = {"metricName": name, "metricNamespace": "CloudTrailMetrics", "metricValue": "1"}
    return {"filterName": name, "filterPattern": FILTERS[name], "metricTransformations": [metric]}


def _organization_trail(n: Names) -> Trail:
    me = n.id("management")
    return Trail(
        "kh-organization-trail",
        LOG_BUCKET,
        HOME,
        organization=True,
        key=n.key("security-keys", "org-trail"),
        log_group=f"arn:aws:logs:{HOME}:{me}:log-group:{TRAIL_GROUP}:*",
        logs_role=f"arn:aws:iam::{me}:role/cloudtrail-to-cloudwatch",
        insights=("ApiCallRateInsight", "ApiErrorRateInsight"),
        tags={"Owner": "security", "Baseline": "2025.2"},
        started_at=days_before(1388),
    )


def log_archive(n: Names) -> Document:
    """Where all logs end: one bucket kept as it should be, three with the usual weaknesses."""
    me = n.id("log-archive")
    access_logs = Bucket(
        ACCESS_LOGS,
        HOME,
        days_before(1388),
        policy=policy(
            service_writes(ACCESS_LOGS, "logging.s3.amazonaws.com", me, "S3ServerAccessLogs"), tls_only(ACCESS_LOGS)
        ),
        lifecycle=expire(30, name="keep-a-month"),
        tags=tags("security"),
    )
    flow_logs = Bucket(
        "kh-vpc-flow-logs",
        HOME,
        days_before(900),
        policy=policy(service_writes("kh-vpc-flow-logs", "delivery.logs.amazonaws.com", n.id("network"), "FlowLogs")),
        lifecycle=expire(90, noncurrent=30),
        tags=tags("network"),
    )
    config_history = Bucket(
        "kh-config-history",
        FRANKFURT,
        days_before(1300),
        versioning=VERSIONED,
        encryption=kms(n.key("security-keys", "config-history", FRANKFURT)),
        logging=logging_to("kh-config-history", "self/"),  # logs into itself: a loop
        policy=policy(organization_reads("kh-config-history", n.organization), tls_only("kh-config-history")),
        tags=tags("security"),
    )
    return {"buckets": (_trail_bucket(n), access_logs, flow_logs, config_history), "watchers": ALL_ON}


def _trail_bucket(n: Names) -> Bucket:
    writes = trail_writes(LOG_BUCKET, n.organization_trail, n.id("management"), organization=n.organization)
    readers = role_reads(LOG_BUCKET, f"arn:aws:iam::{n.id('audit')}:role/log-analysts")
    return Bucket(
        LOG_BUCKET,
        HOME,
        days_before(1388),
        versioning={"Status": "Enabled", "MFADelete": "Enabled"},
        encryption=kms(n.key("security-keys", "org-trail")),
        logging=logging_to(ACCESS_LOGS, f"{LOG_BUCKET}/"),
        policy=policy(*writes, readers, tls_only(LOG_BUCKET)),
        tags=tags("security", "restricted", Retention="7y"),
    )


def audit(n: Names) -> Document:
    """The delegated administrator of the security services, with CloudTrail Lake and evidence under lock."""
    me = n.id("audit")
    key = Key(key_id(n.seed, "audit", "evidence"), HOME, "audit evidence", key_policy(me), aliases=("alias/evidence",))
    lake = EventDataStore(
        "8f2c1f7e-3b57-4a53-9a0c-6a1d8e2f4b10",
        HOME,
        {"Name": "org-lake", "OrganizationEnabled": True, "RetentionPeriod": 2557},
    )
    location = f"arn:aws:cloudtrail:{HOME}:{me}:eventdatastore/{lake.name}"
    partner_events = Channel(
        "0b7a5b3e-6e0a-4e59-8d76-0c7c1f9d2a44", HOME, "Custom", ({"Type": "EVENT_DATA_STORE", "Location": location},)
    )
    return {
        "buckets": _audit_buckets(n),
        "keys": (key,),
        "event_data_stores": (lake,),
        "channels": (partner_events,),
        "watchers": Watchers(EVERYWHERE, EVERYWHERE, EVERYWHERE, EVERYWHERE, (HOME, FRANKFURT)),
    }


def _audit_buckets(n: Names) -> tuple[Bucket, ...]:
    evidence = Bucket(
        "kh-audit-evidence",
        HOME,
        days_before(1200),
        versioning=VERSIONED,
        encryption=kms(n.key("audit", "evidence")),
        logging=logging_to("kh-audit-access-logs", "evidence/"),
        policy=policy(tls_only("kh-audit-evidence")),
        object_lock={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 7}}},
        tags=tags("audit", "restricted"),
    )
    results = Bucket(
        "kh-athena-results-audit",
        HOME,
        days_before(700),
        lifecycle=expire(14),
        policy=policy(tls_only("kh-athena-results-audit")),
    )
    logs = Bucket(
        "kh-audit-access-logs",
        HOME,
        days_before(1200),
        policy=policy(
            service_writes("kh-audit-access-logs", "logging.s3.amazonaws.com", n.id("audit"), "S3ServerAccessLogs")
        ),
        lifecycle=expire(400),
    )
    return (evidence, results, logs)


def security_keys(n: Names) -> Document:
    """Keys of the logs, in an account of their own: neither the logs' owner nor their writers can delete them."""
    me = n.id("security-keys")
    analysts = f"arn:aws:iam::{n.id('audit')}:role/log-analysts"
    org_trail = key_policy(me, trail_encrypts(n.organization_trail, n.id("management")), principals_decrypt(analysts))
    delivery = {
        "Name": "log-archive-delivery",
        "GranteePrincipal": f"arn:aws:iam::{n.id('log-archive')}:role/log-delivery",
        "Operations": ["GenerateDataKey", "Decrypt"],
    }
    trail_key, config_key = (
        key_id(n.seed, "security-keys", "org-trail"),
        key_id(n.seed, "security-keys", "config-history"),
    )
    aliases = ("alias/config-history",)
    return {
        "keys": (
            Key(trail_key, HOME, "organization trail", org_trail, aliases=("alias/org-trail",), grants=(delivery,)),
            Key(config_key, FRANKFURT, "Config history", key_policy(me), rotation=None, aliases=aliases),
        ),
        "buckets": (
            Bucket(
                "kh-key-ceremony-records",
                HOME,
                days_before(1100),
                versioning=VERSIONED,
                policy=policy(tls_only("kh-key-ceremony-records")),
                object_lock={"ObjectLockEnabled": "Enabled"},  # enabled, but nothing is locked by default
                tags=tags("security", "restricted"),
            ),
        ),
        "watchers": ALL_ON,
    }
