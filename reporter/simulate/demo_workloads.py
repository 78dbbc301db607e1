"""The demo's workload and sandbox accounts: trails and buckets good and bad, as one finds them."""

from reporter.simulate.demo_names import (
    EVERYWHERE,
    FRANKFURT,
    HOME,
    PARTNER,
    SYDNEY,
    VERSIONED,
    VIRGINIA,
    Names,
    days_before,
    tags,
)
from reporter.simulate.organization import (
    NONE_BLOCKED,
    AccessPoint,
    Bucket,
    DirectoryBucket,
    Document,
    Key,
    LogGroup,
    MultiRegionAccessPoint,
    Topic,
    Trail,
    Watchers,
    key_id,
)
from reporter.simulate.policies import (
    account_reads,
    expire,
    key_policy,
    kms,
    logging_to,
    policy,
    public_read,
    role_reads,
    service_writes,
    tls_only,
    topic_policy,
    trail_encrypts,
    trail_writes,
    trail_writes_without_source,
)
from reporter.simulate.s3_grants import everyone_reads

BASIC = Watchers(config=(HOME,), guardduty=EVERYWHERE, securityhub=(HOME,), access_analyzer=(HOME,))


def payments_prod(n: Names) -> Document:
    """A trail of its own for data events, kept well; one export bucket that a partner outside the organization may read."""
    me = n.id("payments-prod")
    trail_arn, key = n.trail("payments-prod", "payments-data-events"), n.key("payments-prod", "payments-trail")
    topic = f"arn:aws:sns:{HOME}:{me}:payments-trail-delivery"
    trail = Trail(
        "payments-data-events", "kh-payments-trail", HOME, key=key, topic="payments-trail-delivery", selectors={"AdvancedEventSelectors": _ledger_and_management()},
        log_group=f"arn:aws:logs:{HOME}:{me}:log-group:payments-trail:*", logs_role=f"arn:aws:iam::{me}:role/trail-to-logs",
        event_configuration={"MaxEventSize": "Large", "ContextKeySelectors": [{"Type": "TagContext", "Equals": ["Owner"]}], "AggregationConfigurations": []},
        tags={"Owner": "payments"}, started_at=days_before(610),
    )  # fmt: skip
    return {
        "trails": (trail,),
        "log_groups": (LogGroup("payments-trail", HOME, retention=90, key=key),),
        "topics": (Topic("payments-trail-delivery", HOME, topic_policy(topic, "cloudtrail.amazonaws.com", me)),),
        "keys": (
            Key(
                key_id(n.seed, "payments-prod", "payments-trail"),
                HOME,
                "trail",
                key_policy(me, trail_encrypts(trail_arn, me)),
                aliases=("alias/payments-trail",),
            ),
            Key(
                key_id(n.seed, "payments-prod", "ledger"),
                HOME,
                "ledger",
                key_policy(me),
                aliases=("alias/ledger",),
                tags={"Owner": "payments"},
            ),
        ),
        "buckets": _payments_buckets(n, trail_arn),
        "watchers": Watchers(EVERYWHERE, EVERYWHERE, EVERYWHERE, EVERYWHERE, (HOME,)),
    }


def _ledger_and_management() -> list[Document]:
    """Advanced selectors: the ledger's objects, and all management events."""
    objects = (
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::kh-payments-ledger/"]},
    )
    return [
        {"Name": "Ledger objects", "FieldSelectors": list(objects)},
        {"Name": "Management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
    ]


def _payments_buckets(n: Names, trail_arn: str) -> tuple[Bucket, ...]:
    me = n.id("payments-prod")
    return (
        Bucket(
            "kh-payments-trail", HOME, days_before(610), versioning=VERSIONED, encryption=kms(n.key("payments-prod", "payments-trail")),
            logging=logging_to("kh-payments-access-logs", "trail/"),
            policy=policy(*trail_writes("kh-payments-trail", trail_arn, me), tls_only("kh-payments-trail")),
            object_lock={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 400}}},
            lifecycle=expire(730, noncurrent=730), tags=tags("payments", "confidential"),
        ),
        Bucket(
            "kh-payments-ledger", HOME, days_before(1350), versioning=VERSIONED, encryption=kms(n.key("payments-prod", "ledger")),
            logging=logging_to("kh-payments-access-logs", "ledger/"), policy=policy(tls_only("kh-payments-ledger")),
            notification={"EventBridgeConfiguration": {}}, tags=tags("payments", "restricted", PCI="in-scope"),
        ),
        Bucket(
            "kh-payments-exports", HOME, days_before(640), policy=policy(account_reads("kh-payments-exports", PARTNER, sid="SettlementPartner")),
            lifecycle=expire(60), tags=tags("payments", "confidential"),
        ),
        Bucket(
            "kh-payments-access-logs", HOME, days_before(1350), lifecycle=expire(400),
            policy=policy(service_writes("kh-payments-access-logs", "logging.s3.amazonaws.com", me, "S3ServerAccessLogs"), tls_only("kh-payments-access-logs")),
        ),
    )  # fmt: skip


def web_shop_prod(n: Names) -> Document:
    """A public asset bucket, uploads with ACLs, and orders encrypted with a key of their own."""
    me = n.id("web-shop-prod")
    return {
        "public_access_block": None,
        "keys": (Key(key_id(n.seed, "web-shop-prod", "orders"), HOME, "orders", key_policy(me), aliases=("alias/orders",)),),
        "buckets": (
            Bucket(
                "kh-shop-assets", HOME, days_before(1330), public_access_block=NONE_BLOCKED, policy=policy(public_read("kh-shop-assets", "PublicReadGetObject")),
                website={"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "404.html"}},
                cors={"CORSRules": [{"AllowedMethods": ["GET", "HEAD"], "AllowedOrigins": ["https://shop.kestrel-harbour.example"]}]}, tags=tags("web-shop", "public"),
            ),
            Bucket(
                "kh-shop-uploads", HOME, days_before(1330), ownership="ObjectWriter", public_access_block=None,
                acl=everyone_reads(me, "AuthenticatedUsers"), tags=tags("web-shop", "confidential"),
            ),
            Bucket(
                "kh-shop-orders", HOME, days_before(500), versioning=VERSIONED, encryption=kms(n.key("web-shop-prod", "orders")),
                policy=policy(tls_only("kh-shop-orders")), logging=logging_to("kh-shop-logs", "orders/"), tags=tags("web-shop", "pii"),
            ),
            Bucket(
                "kh-shop-logs", HOME, days_before(1330), lifecycle=expire(30),
                policy=policy(service_writes("kh-shop-logs", "logging.s3.amazonaws.com", me, "S3ServerAccessLogs")), tags=tags("web-shop"),
            ),
        ),
        "watchers": BASIC,
    }  # fmt: skip


def data_lake_prod(n: Names) -> Document:
    """Access points (one public), a multi-region access point, a directory bucket; one bucket's policy may not be read."""
    me = n.id("data-lake-prod")
    lake_role = f"arn:aws:iam::{me}:role/lake-formation"
    point = {
        "Sid": "Partners", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:{FRANKFURT}:{me}:accesspoint/partner-feed/object/*",
    }  # fmt: skip
    return {
        "regions": (*EVERYWHERE, "eu-south-1"),
        "buckets": (
            Bucket("kh-lake-raw", HOME, days_before(870), versioning=VERSIONED, policy=policy(tls_only("kh-lake-raw")), tags=tags("data", "confidential"),
                   lifecycle={"Rules": [{"ID": "tier", "Status": "Enabled", "Filter": {"And": {"Prefix": "raw/", "Tags": [{"Key": "tier", "Value": "cold"}]}},
                                         "Transitions": [{"Days": 30, "StorageClass": "GLACIER_IR"}]}]}),
            Bucket("kh-lake-curated", HOME, days_before(870), versioning=VERSIONED,
                   policy=policy(role_reads("kh-lake-curated", lake_role, "LakeFormation"), tls_only("kh-lake-curated")), tags=tags("data", "pii")),
            Bucket("kh-lake-consumption", FRANKFURT, days_before(640), public_access_block=NONE_BLOCKED,
                   policy=policy(account_reads("kh-lake-consumption", n.id("payments-prod"), n.id("web-shop-prod"), sid="InternalConsumers")), tags=tags("data")),
            Bucket("kh-lake-milano", "eu-south-1", days_before(90), policy=policy(tls_only("kh-lake-milano")), tags=tags("data")),
        ),
        "access_points": (
            AccessPoint("analytics-vpc", "kh-lake-curated", HOME, vpc="vpc-0a1b2c3d4e5f60718"),
            AccessPoint("partner-feed", "kh-lake-consumption", FRANKFURT, policy(point), NONE_BLOCKED),
        ),
        "multi_region_access_points": (MultiRegionAccessPoint("lake-global", ("kh-lake-raw", "kh-lake-consumption")),),
        "directory_buckets": (DirectoryBucket("kh-lake-hot--euw1-az1--x-s3", HOME),),
        "watchers": Watchers((HOME, FRANKFURT), EVERYWHERE, (HOME, FRANKFURT), EVERYWHERE, (HOME, FRANKFURT)),
    }  # fmt: skip


def mobile_api_prod(n: Names) -> Document:
    """A trail that says it logs and delivers nothing: the bucket refuses it since three days."""
    me = n.id("mobile-api-prod")
    return {
        "public_access_block": None,
        "trails": (
            Trail("mobile-trail", "kh-mobile-trail", VIRGINIA, errors={"LatestDeliveryError": "AccessDenied"}, delivered_minutes_ago=3 * 24 * 60,
                  started_at=days_before(450), selectors={"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True,
                  "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}], "ExcludeManagementEventSources": []}]}),
        ),
        "buckets": (
            Bucket("kh-mobile-trail", VIRGINIA, days_before(450), policy=policy(*trail_writes_without_source("kh-mobile-trail", me))),
            Bucket("kh-mobile-crash-reports", VIRGINIA, days_before(450), public_access_block=None, tags=tags("mobile", "confidential")),
            Bucket("kh-mobile-push-certs", SYDNEY, days_before(300), versioning=VERSIONED, encryption=kms("alias/aws/s3", bucket_key=False),
                   policy=policy(tls_only("kh-mobile-push-certs")), tags=tags("mobile", "restricted")),
        ),
        "watchers": Watchers(config=(VIRGINIA,), guardduty=(VIRGINIA, HOME), securityhub=()),
    }  # fmt: skip


def payments_dev(_: Names) -> Document:
    """Test data that is a copy of the real thing; it will be opened during the week."""
    return {
        "public_access_block": None,
        "buckets": (
            Bucket("kh-payments-dev-fixtures", HOME, days_before(220), policy=policy(tls_only("kh-payments-dev-fixtures")), tags=tags("payments", "confidential", Origin="copy of production")),
            Bucket("kh-payments-dev-scratch", HOME, days_before(35), lifecycle=expire(7)),
        ),
        "watchers": Watchers(guardduty=(HOME,)),
    }  # fmt: skip


def web_shop_dev(n: Names) -> Document:
    """A trail of a team that left: its bucket is gone."""
    return {
        "trails": (Trail("dev-trail", "kh-shop-dev-trail-2023", HOME, multi_region=False, validation=False, started_at=days_before(1100), delivered_minutes_ago=60 * 24 * 200),),
        "buckets": (
            Bucket("kh-shop-dev-previews", HOME, days_before(800), public_access_block=NONE_BLOCKED, policy=policy(public_read("kh-shop-dev-previews", "Previews")),
                   website={"IndexDocument": {"Suffix": "index.html"}}),
            Bucket("kh-shop-dev-builds", HOME, days_before(800), lifecycle=expire(21), policy=policy(tls_only("kh-shop-dev-builds"))),
        ),
        "watchers": Watchers(guardduty=(HOME,), access_analyzer=(HOME,)),
        "tags": {"CostCenter": f"4711-{n.id('web-shop-dev')[:3]}"},
    }  # fmt: skip


def data_lake_dev(n: Names) -> Document:
    """A stopped trail whose key is about to be deleted."""
    me, key = n.id("data-lake-dev"), key_id(n.seed, "data-lake-dev", "old-trail")
    return {
        "trails": (
            Trail("lake-dev-audit", "kh-lake-dev-audit", FRANKFURT, key=n.key("data-lake-dev", "old-trail", FRANKFURT), logging=False, started_at=days_before(300), stopped_at=days_before(41)),
        ),
        "keys": (Key(key, FRANKFURT, "old trail", key_policy(me), state="PendingDeletion", aliases=("alias/old-trail",)),),
        "buckets": (
            Bucket("kh-lake-dev-audit", FRANKFURT, days_before(300), policy=policy(*trail_writes("kh-lake-dev-audit", n.trail("data-lake-dev", "lake-dev-audit", FRANKFURT), me), tls_only("kh-lake-dev-audit"))),
            Bucket("kh-lake-dev-sandbox", FRANKFURT, days_before(290), lifecycle=expire(30)),
        ),
        "watchers": Watchers(config=(FRANKFURT,), guardduty=(FRANKFURT, HOME)),
    }  # fmt: skip


def sandbox_anna(n: Names) -> Document:
    """A sandbox with everything open; its tags try to be markup and formulas."""
    return {
        "public_access_block": None,
        "buckets": (
            Bucket("anna-test-bucket-123", VIRGINIA, days_before(180)),
            Bucket("anna-party-pictures", VIRGINIA, days_before(150), ownership="BucketOwnerPreferred", public_access_block=None, acl=everyone_reads(n.id("sandbox-anna"), "AllUsers"),
                   tags={"Comment": '=HYPERLINK("https://example.com","click")', "Note": "<script>alert('x')</script> & <b>bold</b>"}),
        ),
        "watchers": Watchers(),
    }  # fmt: skip


def sandbox_ml(_: Names) -> Document:
    return {
        "buckets": (
            Bucket("ml-models-scratch", SYDNEY, days_before(75), encryption=None,  # from before encryption was AWS's default
                   tags={"プロジェクト": "機械学習の実験 🐦‍🔥", "mood": "\u202egnitset\u202c ±½ 'quoted' \"twice\""}),
            Bucket("ml-training-data", VIRGINIA, days_before(75), versioning={"Status": "Suspended"}, lifecycle=expire(3650), tags=tags("ml", "pii")),
        ),
        "watchers": Watchers(config=(VIRGINIA,), guardduty=(VIRGINIA,)),
    }  # fmt: skip


def acquired_logistics(_: Names) -> Document:
    return {
        "assumable": False,
        "buckets": (Bucket("aql-shipment-labels", VIRGINIA, days_before(2000)),),
        "tags": {"Migration": "Q1 2027"},
    }


def old_marketing(_: Names) -> Document:
    return {"state": "SUSPENDED", "buckets": (Bucket("old-marketing-campaigns", VIRGINIA, days_before(1500)),)}
