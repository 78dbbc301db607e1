"""The demo's infrastructure accounts: the network's own trail, and what all teams share."""

from reporter.simulate.demo_core import ALL_ON
from reporter.simulate.demo_names import EVERYWHERE, FRANKFURT, HOME, VERSIONED, VIRGINIA, Names, days_before, tags
from reporter.simulate.organization import Bucket, Document, Key, Trail, Watchers, key_id
from reporter.simulate.policies import (
    account_reads,
    expire,
    key_policy,
    kms,
    logging_to,
    organization_reads,
    policy,
    public_read,
    role_reads,
    service_writes,
    tls_only,
    trail_writes,
)


def network(n: Names) -> Document:
    """An old single-region trail without validation, beside the organization's; GetTrailStatus is denied here."""
    bucket = "kh-network-forensics"
    statements = trail_writes(bucket, n.trail("network", "network-forensics", FRANKFURT), n.id("network"))
    writes_only: Document = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": []}
    writes_only["ExcludeManagementEventSources"] = ["kms.amazonaws.com"]
    return {
        "trails": (
            Trail(
                "network-forensics",
                bucket,
                FRANKFURT,
                multi_region=False,
                validation=False,
                selectors={"EventSelectors": [writes_only]},
                started_at=days_before(820),
            ),
        ),
        "buckets": (
            Bucket(
                bucket,
                FRANKFURT,
                days_before(820),
                versioning={"Status": "Suspended"},
                policy=policy(*statements),
                lifecycle=expire(180),
            ),
            Bucket(
                "kh-dns-query-logs",
                HOME,
                days_before(400),
                lifecycle=expire(365),
                policy=policy(tls_only("kh-dns-query-logs")),
            ),
        ),
        "watchers": Watchers((HOME, FRANKFURT), EVERYWHERE, EVERYWHERE, (HOME,)),
    }


def shared_services(n: Names) -> Document:
    """Artifacts replicated to a second region, Terraform state, and a download bucket that is public on purpose."""
    me, logs, downloads = n.id("shared-services"), "kh-platform-access-logs", "kh-public-downloads"
    state = "kh-terraform-state"
    deployer = role_reads(state, f"arn:aws:iam::{me}:role/terraform-deploy", "Terraform")
    terraform = Key(
        key_id(n.seed, "shared-services", "terraform"),
        HOME,
        "Terraform state",
        key_policy(me),
        rotation=180,
        aliases=("alias/terraform",),
    )
    return {
        "public_access_block": None,
        "buckets": (
            *_artifacts(n),
            Bucket(
                state, HOME, days_before(1250), versioning=VERSIONED, encryption=kms(n.key("shared-services", "terraform")),
                logging=logging_to(logs, "terraform-state/"), policy=policy(deployer, tls_only(state)), tags=tags("platform", "confidential"),
            ),
            Bucket(
                logs, HOME, days_before(1250), lifecycle=expire(730),
                policy=policy(service_writes(logs, "logging.s3.amazonaws.com", me, "S3ServerAccessLogs")),
            ),
            Bucket(
                downloads, VIRGINIA, days_before(980), public_access_block=None,
                policy=policy(public_read(downloads, "PublicDownloads"), tls_only(downloads)),
                cors={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 3000}]},
                tags=tags("platform", "public", Approved="SEC-1182"),
            ),
        ),
        "keys": (terraform,),
        "watchers": ALL_ON,
    }  # fmt: skip


def _artifacts(n: Names) -> tuple[Bucket, Bucket]:
    """What is built, and its replica in a second region."""
    name, replica = "kh-artifacts", "kh-artifacts-replica"
    rule = {
        "ID": "all",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{replica}", "StorageClass": "STANDARD_IA"},
    }
    replication = {"Role": f"arn:aws:iam::{n.id('shared-services')}:role/s3-replication", "Rules": [rule]}
    readers = account_reads(
        name, n.id("payments-prod"), n.id("web-shop-prod"), n.id("mobile-api-prod"), sid="ProductionRead"
    )
    document = policy(organization_reads(name, n.organization), readers, tls_only(name))
    return (
        Bucket(
            name,
            HOME,
            days_before(1000),
            versioning=VERSIONED,
            replication=replication,
            policy=document,
            tags=tags("platform"),
        ),
        Bucket(replica, FRANKFURT, days_before(1000), versioning=VERSIONED, policy=policy(tls_only(replica))),
    )
