"""Two organizations made by hand, and what every check must answer about them: written down from AWS's rules, not from runs.

`ALDER` has an organization trail, its bucket in a log archive, its key in a vault, and an account full of odd buckets.
`BIRCH` has no organization trail: each account records itself, each in another wrong way.
"""

from reporter.documents.patterns_wanted import WANTED
from reporter.simulate.organization import (
    AccessPoint,
    Alarm,
    Bucket,
    Denial,
    EventDataStore,
    Key,
    LogGroup,
    Member,
    MultiRegionAccessPoint,
    Organization,
    Policy,
    Topic,
    Trail,
    Watchers,
)
from reporter.simulate.policies import (
    account_reads,
    expire,
    key_policy,
    kms,
    logging_to,
    organization_reads,
    policy,
    public_read,
    tls_only,
    topic_policy,
    trail_encrypts,
    trail_writes,
    trail_writes_without_source,
)

EAST, WEST = "us-east-1", "eu-west-1"
BOTH = (EAST, WEST)
ALDER_SEED, BIRCH_SEED = 7301, 7302
ROOT, ARCHIVE, VAULT, BLUE, TEAL, SAND, RED, GREEN, GREY, DARK = (f"{210 + n}000000{n:03d}" for n in range(1, 11))
STRANGER = "998877665544"
ALDER_ID = Organization(ALDER_SEED, ROOT, ()).id
VERSIONED = {"Status": "Enabled"}
WITH_MFA = {"Status": "Enabled", "MFADelete": "Enabled"}
RESTRICTING = {
    "BlockPublicAcls": False, "BlockPublicPolicy": False, "IgnorePublicAcls": True, "RestrictPublicBuckets": True,
}  # fmt: skip
ONLY_IGNORING = {**RESTRICTING, "RestrictPublicBuckets": False}
ONLY_RESTRICTING = {**RESTRICTING, "IgnorePublicAcls": False}
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
ANY_AWS_USER = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"


def granted(group, permission):
    """An ACL that gives a group something beside the owner's full control."""
    owner = {"ID": "a" * 64, "Type": "CanonicalUser"}
    return {
        "Owner": {"ID": "a" * 64},
        "Grants": [
            {"Grantee": owner, "Permission": "FULL_CONTROL"},
            {"Grantee": {"Type": "Group", "URI": group}, "Permission": permission},
        ],
    }


def opened(name, region=EAST, **more):
    """A bucket that nothing but its policy and ACL protects."""
    return Bucket(name, region, **{"public_access_block": None, **more})


def allows(bucket, action, condition=None, **who):
    """One grant on the objects of a bucket."""
    statement = {
        "Effect": "Allow", **(who or {"Principal": "*"}), "Action": action, "Resource": f"arn:aws:s3:::{bucket}/*",
    }  # fmt: skip
    return policy(statement | ({"Condition": condition} if condition else {}))


def tls(bucket, **changes):
    """A denial of plain HTTP, changed as named."""
    return policy(tls_only(bucket) | changes)


def lock(mode, **retention):
    return {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": mode, **retention}}}


def replicating(target):
    rule = {"ID": "copy", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""}, "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
            "DeleteMarkerReplication": {"Status": "Disabled"}}  # fmt: skip
    return {"Role": f"arn:aws:iam::{BLUE}:role/replication", "Rules": [rule]}


def key_of(account, id, **more):
    return Key(id, EAST, **more), f"arn:aws:kms:{EAST}:{account}:key/{id}"


# --- ALDER ---

ORG_TRAIL = f"arn:aws:cloudtrail:{WEST}:{ROOT}:trail/alder-all"
LOGS = "alder-trail-logs"
VAULT_KEY = Key(
    "0f0e0d0c-0b0a-4909-8807-060504030201", WEST, "trail", key_policy(VAULT, trail_encrypts(ORG_TRAIL, ROOT)),
    aliases=("alias/alder-trail",),
)  # fmt: skip
VAULT_KEY_ARN = f"arn:aws:kms:{WEST}:{VAULT}:key/{VAULT_KEY.id}"
WRITES_OF_ALL_OBJECTS = {
    "AdvancedEventSelectors": [
        {"Name": "everything that manages", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
        {
            "Name": "writes to objects",
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                {"Field": "readOnly", "Equals": ["false"]},
            ],
        },
    ]
}
ROOT_ACCOUNT = Member(
    ROOT, "alder-root", "root@alder.example", regions=BOTH,
    trails=(
        Trail(
            "alder-all", LOGS, WEST, organization=True, key=VAULT_KEY_ARN, selectors=WRITES_OF_ALL_OBJECTS,
            insights=("ApiCallRateInsight",),
        ),
    ),
    event_data_stores=(EventDataStore("short-lake", WEST, {"TerminationProtectionEnabled": False}),),
    watchers=Watchers(config=BOTH, guardduty=(EAST,), securityhub=BOTH),
)  # fmt: skip
ARCHIVE_ACCOUNT = Member(
    ARCHIVE, "alder-archive", "archive@alder.example", "Security", regions=BOTH,
    buckets=(
        Bucket(
            LOGS, WEST, versioning=WITH_MFA, encryption=kms(VAULT_KEY_ARN), logging=logging_to("alder-access-logs", "trail/"),
            policy=policy(*trail_writes(LOGS, ORG_TRAIL, ROOT, organization=ALDER_ID), tls_only(LOGS)),
        ),
        Bucket("alder-access-logs", WEST, versioning=VERSIONED, lifecycle=expire(400)),
        Bucket(
            "alder-team-trails", EAST, versioning=VERSIONED, object_lock=lock("COMPLIANCE", Days=400),
            policy=policy(*trail_writes_without_source("alder-team-trails", RED)),
        ),
    ),
)  # fmt: skip
VAULT_ACCOUNT = Member(VAULT, "alder-vault", "vault@alder.example", "Security", regions=BOTH, keys=(VAULT_KEY,))

OWN_KEY, OWN_KEY_ARN = key_of(BLUE, "11111111-2222-4333-8444-555555555555")
DYING_KEY, DYING_KEY_ARN = key_of(BLUE, "22222222-3333-4444-8555-666666666666", state="PendingDeletion")
GONE_KEY_ARN = f"arn:aws:kms:{EAST}:{BLUE}:key/99999999-9999-4999-8999-999999999999"
BLUE_BUCKETS = (
    Bucket("blue-plain"),
    opened("blue-notprincipal", policy=allows("blue-notprincipal", "s3:GetObject", NotPrincipal={"AWS": f"arn:aws:iam::{BLUE}:root"})),
    opened("blue-put-star", policy=allows("blue-put-star", "s3:PutObject*")),
    opened("blue-narrow-ip", policy=allows("blue-narrow-ip", "s3:GetObject", {"IpAddress": {"aws:SourceIp": "8.8.8.0/24"}})),
    opened("blue-doc-ip", policy=allows("blue-doc-ip", "s3:GetObject", {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})),
    opened("blue-wide-ip", policy=allows("blue-wide-ip", "s3:GetObject", {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}})),
    opened("blue-own-org", policy=policy(organization_reads("blue-own-org", ALDER_ID))),
    opened("blue-other-org", policy=policy(organization_reads("blue-other-org", "o-somebody0000"))),
    opened("blue-public-read", policy=policy(public_read("blue-public-read"))),
    opened("blue-acl-read", acl=granted(EVERYBODY, "READ"), ownership="ObjectWriter"),
    opened("blue-acl-inert", acl=granted(EVERYBODY, "READ"), ownership="BucketOwnerEnforced"),
    opened("blue-acl-write", acl=granted(ANY_AWS_USER, "WRITE"), ownership="BucketOwnerPreferred"),
    opened("blue-acl-ignored", acl=granted(EVERYBODY, "READ"), ownership="ObjectWriter", public_access_block=ONLY_IGNORING),
    opened("blue-restricted", policy=policy(public_read("blue-restricted")), public_access_block=ONLY_RESTRICTING),
    Bucket("blue-tls", policy=tls("blue-tls")),
    Bucket("blue-tls-prefix", policy=tls("blue-tls-prefix", Resource="arn:aws:s3:::blue-tls-prefix/in/*")),
    Bucket("blue-tls-one", policy=tls("blue-tls-one", Principal={"AWS": f"arn:aws:iam::{BLUE}:role/app"})),
    Bucket("blue-tls-put", policy=tls("blue-tls-put", Action="s3:PutObject")),
    Bucket("blue-tls-list", policy=tls("blue-tls-list", Condition={"Bool": {"aws:SecureTransport": ["false"]}})),
    Bucket("blue-suspended", versioning={"Status": "Suspended"}),
    Bucket("blue-mfa", versioning=WITH_MFA),
    Bucket("blue-lock-empty", versioning=VERSIONED, object_lock={"ObjectLockEnabled": "Enabled"}),
    Bucket("blue-lock-short", versioning=VERSIONED, object_lock=lock("GOVERNANCE", Days=10)),
    Bucket("blue-lock-year", versioning=VERSIONED, object_lock=lock("COMPLIANCE", Years=1)),
    Bucket("blue-own-key", encryption=kms(OWN_KEY_ARN), logging=logging_to("blue-logs", "own/")),
    Bucket("blue-gone-key", encryption=kms(GONE_KEY_ARN)),
    Bucket("blue-dying-key", encryption=kms(DYING_KEY_ARN)),
    Bucket("blue-aws-key", encryption={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}),
    Bucket("blue-logs"),
    Bucket("blue-log-self", logging=logging_to("blue-log-self", "me/")),
    Bucket("blue-log-gone", logging=logging_to("blue-log-nowhere", "x/")),
    Bucket("blue-kept", versioning=VERSIONED, lifecycle=expire(30)),
    Bucket("blue-kept-not", lifecycle={"Rules": [{**expire(30)["Rules"][0], "Status": "Disabled"}]}),
    Bucket("blue-copied", versioning=VERSIONED, replication=replicating("teal-copy")),
    Bucket("blue-copied-near", versioning=VERSIONED, replication=replicating("blue-copy-near")),
    Bucket("blue-copy-near", versioning=VERSIONED),
    Bucket("blue-website", website={"IndexDocument": {"Suffix": "index.html"}}),
    Bucket("blue-cors", cors={"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "PUT"]}]}),
    Bucket("blue-told", notification={"EventBridgeConfiguration": {}}),
    Bucket("blue-to-archive", policy=policy(account_reads("blue-to-archive", ARCHIVE))),
    Bucket("blue-to-stranger", policy=policy(account_reads("blue-to-stranger", STRANGER))),
    Bucket("blue-pii", tags={"DataClass": "pii"}),
    Bucket("blue-internal", tags={"DataClass": "internal"}),
)  # fmt: skip
BLUE_ACCOUNT = Member(
    BLUE, "alder-blue", "blue@alder.example", "Workloads", regions=BOTH, public_access_block=None, buckets=BLUE_BUCKETS,
    keys=(OWN_KEY, DYING_KEY),
    access_points=(
        AccessPoint("closed", "blue-plain"),
        AccessPoint("ajar", "blue-plain", public_access_block={**RESTRICTING, "BlockPublicAcls": True}),
    ),
    multi_region_access_points=(MultiRegionAccessPoint("everywhere", ("blue-plain", "blue-mfa")),),
)  # fmt: skip
TEAL_ACCOUNT = Member(
    TEAL, "alder-teal", "teal@alder.example", "Workloads", regions=BOTH, public_access_block=RESTRICTING,
    buckets=(
        opened("teal-opened", WEST, policy=policy(public_read("teal-opened")), acl=granted(EVERYBODY, "READ"), ownership="ObjectWriter"),
        Bucket("teal-copy", WEST, versioning=VERSIONED),
    ),
)  # fmt: skip
SAND_ACCOUNT = Member(
    SAND, "alder-sand", "sand@alder.example", "Sandbox", regions=BOTH, public_access_block=None,
    buckets=(
        opened("sand-opened", policy=policy(public_read("sand-opened"))),
        Bucket(
            "sand-tls-spelt",
            policy={"Version": "2012-10-17", "Statement": tls_only("sand-tls-spelt") | {"Condition": {"Bool": {"AWS:securetransport": "false"}}}},
        ),
    ),
)  # fmt: skip
RED_ACCOUNT = Member(
    RED, "alder-red", "red@alder.example", "Workloads", regions=BOTH, public_access_block=None,
    buckets=(
        opened("red-trail", policy=policy(*trail_writes("red-trail", f"arn:aws:cloudtrail:{EAST}:{RED}:trail/red-east", RED), public_read("red-trail"))),
        opened("red-trail-acl", acl=granted(ANY_AWS_USER, "FULL_CONTROL"), ownership="ObjectWriter", lifecycle=expire(1)),
        opened("red-trail-inert", acl=granted(EVERYBODY, "READ"), ownership="BucketOwnerEnforced", lifecycle=expire(500)),
    ),
    trails=(
        Trail("red-east", "red-trail", EAST, multi_region=False, validation=False),
        Trail("red-stopped", "red-trail-acl", EAST, logging=False, key=GONE_KEY_ARN),
        Trail("red-inert", "red-trail-inert", WEST, multi_region=False, delivered_minutes_ago=3 * 24 * 60),
        Trail("red-team", "alder-team-trails", EAST, multi_region=False),
        Trail("red-lost", "red-bucket-gone", WEST, multi_region=False, errors={"LatestDeliveryError": "NoSuchBucket"}),
        Trail("red-unseen", "grey-logs", WEST, multi_region=False),
    ),
)  # fmt: skip
GREEN_ACCOUNT = Member(
    GREEN, "alder-green", "green@alder.example", "Workloads", regions=BOTH,
    buckets=(
        Bucket("green-hidden", versioning=WITH_MFA, logging=logging_to("green-logs", "h/"), policy=tls("green-hidden")),
        Bucket("green-logs"),
        opened("green-open-acl", acl=granted(EVERYBODY, "READ"), ownership="ObjectWriter"),
    ),
)  # fmt: skip
GREY_ACCOUNT = Member(
    GREY,
    "alder-grey",
    "grey@alder.example",
    "Workloads",
    regions=BOTH,
    buckets=(Bucket("grey-logs", WEST),),
    assumable=False,
)
DARK_ACCOUNT = Member(DARK, "alder-dark", "dark@alder.example", "Workloads", regions=BOTH, state="SUSPENDED")
HIDDEN = ("Versioning", "Logging", "Policy", "PolicyStatus", "LifecycleConfiguration", "Replication")
ALDER = Organization(
    ALDER_SEED, ROOT,
    (ROOT_ACCOUNT, ARCHIVE_ACCOUNT, VAULT_ACCOUNT, BLUE_ACCOUNT, TEAL_ACCOUNT, SAND_ACCOUNT, RED_ACCOUNT, GREEN_ACCOUNT,
     GREY_ACCOUNT, DARK_ACCOUNT),
    policies=(
        Policy("keep-trails", policy({"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail",
               "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors"], "Resource": "*"}), targets=("Security", "Sandbox")),
        Policy("half-a-guard", policy({"Effect": "Deny", "Action": "cloudtrail:StopLogging", "Resource": "*"}), targets=(TEAL,)),
        Policy("no-public-s3", {"s3_attributes": {"public_access_block_configuration": {"@@assign": "all"}}}, "S3_POLICY", targets=("Sandbox",)),
    ),
    service_access=("cloudtrail.amazonaws.com",),
    denials=(
        *(Denial(f"s3:GetBucket{part}", GREEN, resource="green-hidden") for part in HIDDEN),
        Denial("s3control:GetPublicAccessBlock", GREEN),
        # moto's IsPublic knows neither NotPrincipal nor address ranges: hidden, so that the policy itself is read
        *(Denial("s3:GetBucketPolicyStatus", BLUE, resource=name) for name in ("blue-notprincipal", "blue-wide-ip")),
    ),
)  # fmt: skip

# --- BIRCH ---

BARE, SPLIT, SPLICED, NO_MANAGEMENT, NO_KMS, NO_GLOBAL, OBJECTS, WATCHED, ALARMED, CHIEF = (
    f"{310 + n}000000{n:03d}" for n in range(1, 11)
)


def recording(id, name, *trails, **more):
    """An account that records itself, into a bucket of its own."""
    return Member(
        id,
        f"birch-{name}",
        f"{name}@birch.example",
        regions=BOTH,
        buckets=(Bucket(f"birch-{name}-logs"),),
        trails=trails,
        **more,
    )


def advanced(*selectors):
    return {
        "AdvancedEventSelectors": [
            {"Name": name, "FieldSelectors": [{"Field": field, **test} for field, test in fields.items()]}
            for name, fields in selectors
        ]
    }


def equals(*values):
    return {"Equals": list(values)}


def metric(what, pattern):
    transformation = {"metricName": what, "metricNamespace": "CloudTrailMetrics", "metricValue": "1"}
    return {"filterName": what, "filterPattern": pattern, "metricTransformations": [transformation]}


MANAGING = {"eventCategory": equals("Management")}
GROUP_ARN = f"arn:aws:logs:{EAST}:{WATCHED}:log-group:birch-trail:*"
HEARD, UNHEARD = f"arn:aws:sns:{EAST}:{WATCHED}:heard", f"arn:aws:sns:{EAST}:{WATCHED}:unheard"
FILTERS = (
    metric("root-use", WANTED["root-use"]),
    metric("iam-policy-changes", "{ $.eventSource = iam.amazonaws.com }"),  # wider than asked for
    metric("cloudtrail-changes", "{ ($.eventName = CreateTrail) && ($.eventName = UpdateTrail) && ($.eventName = DeleteTrail)"
           " && ($.eventName = StartLogging) && ($.eventName = StopLogging) }"),
    metric("unauthorized-api-calls", WANTED["unauthorized-api-calls"]),
    metric("sign-in-failures", WANTED["sign-in-failures"]),
    metric("vpc-changes", WANTED["vpc-changes"]),
    metric("security-group-changes", WANTED["security-group-changes"]),
)  # fmt: skip
ALARMS = (
    Alarm("root-use", "root-use", actions=(HEARD,)),
    Alarm("iam", "iam-policy-changes", actions=(HEARD,)),
    Alarm("trail", "cloudtrail-changes", actions=(HEARD,)),
    Alarm("refused", "unauthorized-api-calls"),
    Alarm("sign-in", "sign-in-failures", actions=(UNHEARD,)),
    Alarm("vpc", "vpc-changes", actions=(HEARD,), enabled=False),
)
BIRCH = Organization(
    BIRCH_SEED, CHIEF,
    (
        Member(CHIEF, "birch-chief", "chief@birch.example", regions=BOTH),
        recording(BARE, "bare"),
        recording(SPLIT, "split", Trail("east", "birch-split-logs", EAST, multi_region=False), Trail("west", "birch-split-logs", WEST, multi_region=False)),
        recording(
            SPLICED, "spliced",
            Trail("spliced", "birch-spliced-logs", EAST, selectors=advanced(
                ("reads", {**MANAGING, "readOnly": equals("true")}), ("writes", {**MANAGING, "readOnly": equals("false")}))),
        ),
        recording(
            NO_MANAGEMENT, "unmanaged",
            Trail("data-only", "birch-unmanaged-logs", EAST, selectors={"EventSelectors": [
                {"ReadWriteType": "All", "IncludeManagementEvents": False,
                 "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]}),
        ),
        recording(
            NO_KMS, "unkeyed",
            Trail("no-kms", "birch-unkeyed-logs", EAST, selectors=advanced(
                ("Management events selector", {**MANAGING, "eventSource": {"NotEquals": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}}))),
        ),
        recording(NO_GLOBAL, "local", Trail("local", "birch-local-logs", WEST, global_events=False)),
        recording(
            OBJECTS, "objects",
            Trail("one-bucket", "birch-objects-logs", EAST, selectors=advanced(
                ("m", MANAGING), ("reads of one", {"eventCategory": equals("Data"), "resources.type": equals("AWS::S3::Object"),
                 "readOnly": equals("true"), "resources.ARN": {"StartsWith": ["arn:aws:s3:::birch-objects-logs/"]}}))),
            Trail("all-stopped", "birch-objects-logs", WEST, logging=False, selectors={"EventSelectors": [
                {"ReadWriteType": "All", "IncludeManagementEvents": True,
                 "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]}),
        ),
        recording(
            WATCHED, "watched",
            Trail("watched", "birch-watched-logs", EAST, log_group=GROUP_ARN, logs_role=f"arn:aws:iam::{WATCHED}:role/logs", topic="heard"),
            log_groups=(LogGroup("birch-trail", EAST, retention=90, filters=FILTERS),), alarms=ALARMS,
            topics=(
                Topic("heard", EAST, topic_policy(HEARD, "cloudtrail.amazonaws.com", WATCHED), subscriptions=(("email", "a@birch.example", True),)),
                Topic("unheard", EAST, topic_policy(UNHEARD, "cloudwatch.amazonaws.com", WATCHED), subscriptions=(("email", "b@birch.example", False),)),
            ),
        ),
        recording(
            ALARMED, "alarmed",
            Trail("alarmed", "birch-alarmed-logs", EAST, log_group=f"arn:aws:logs:{EAST}:{ALARMED}:log-group:birch-trail:*",
                  region_errors={WEST: {"IsLogging": False}}),
        ),
    ),
)  # fmt: skip
