"""How fast an organization is judged, and in how much memory: generated accounts, one at a time, by all checks.

Each account's answers are mapped to every control of every framework, as a run does.

Prints one JSON line: `seconds_10k` for ten thousand resources, `findings` and `peak_mb_500k` for the organization streamed
after it (10,000 accounts of 50 buckets; `--accounts N` for fewer). Run with `python tests/benchmarks/judge.py`.
"""

import argparse
import json
import resource
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import reporter.checks  # noqa: F401 -- fills the registry
from reporter.assess.compliance import tally
from reporter.assess.estate import Estate
from reporter.assess.evaluate import CHECKS, judge
from reporter.assess.frameworks import load_all
from reporter.assess.neighbours import Listing, Neighbours
from reporter.assess.posture import Rollup
from reporter.assess.resource_types import GLOBAL_TYPES
from reporter.checks import examples as eg
from reporter.checks.examples.estates import REGIONAL_TYPES
from reporter.documents.patterns_wanted import WANTED
from reporter.model import GLOBAL, Account, AccountSnapshot, ConfigurationItem, Framework, ReadStatus

REGIONS = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
]
LISTED = frozenset(product(REGIONAL_TYPES, REGIONS)) | {(kind, GLOBAL) for kind in GLOBAL_TYPES}
LOGS = "organization-trail-logs"
FILTERS = [eg.metric_filter(pattern, what) for what, pattern in WANTED.items()]
GROUP = eg.log_group(*FILTERS, account=eg.MANAGEMENT)
ORGANIZATION_TRAIL = eg.organization_trail(
    S3BucketName=LOGS,
    SnsTopicARN=None,
    KmsKeyId=eg.key(account=eg.ARCHIVE).id,
    CloudWatchLogsLogGroupArn=GROUP.id,
    RegionStatus={region: {"IsLogging": True, "LatestDeliveryError": None} for region in REGIONS},
)
ARN = f"arn:aws:organizations::{eg.MANAGEMENT}:account/{eg.ORGANIZATION_ID}"


def bucket(account: str, number: int) -> ConfigurationItem:
    """One of the account's buckets. Of ten: three have a policy of five statements, four deny plain HTTP, three have none.

    The names of bucket and principals make every policy a different one; one bucket in ten is badly kept.
    """
    name = f"bucket-{account}-{number}"
    region = REGIONS[number % len(REGIONS)]
    target = {"TargetBucket": f"bucket-{account}-0", "TargetPrefix": f"{name}/"} if number else None
    document: dict[str, Any] | None = eg.log_bucket_policy(name)
    if number % 10 < 3:
        reader = {"AWS": f"arn:aws:iam::{int(account) + number % 3:012d}:role/Reader"}
        granted = eg.statement(reader, "s3:Get*", "s3:ListBucket", name=name)
        document = {**document, "Statement": [*document["Statement"], granted]}
    elif number % 10 < 7:
        document = {**document, "Statement": document["Statement"][2:]}
    else:
        document = None
    kept: dict[str, Any] = {"Policy": document, "Logging": target}
    if number % 10 == 9:
        kept = {"Policy": None, "Logging": None, "Versioning": None}
    return eg.bucket(
        account=account,
        region=region,
        Name=name,
        Replication=None,
        ObjectLock=None,
        Encryption__Rules=[encryption(account)],
        **kept,
    )


def encryption(account: str) -> dict[str, Any]:
    """Default encryption under the account's own key."""
    own = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": eg.key(account=account).id}
    return {"ApplyServerSideEncryptionByDefault": own, "BucketKeyEnabled": True}


def snapshot(number: int, buckets: int) -> AccountSnapshot:
    """One account of the organization: itself, a trail of its own with key and log group, and its buckets."""
    id = f"{100_000_000_000 + number * 7:012d}"
    key, group = eg.key(account=id), eg.log_group(*FILTERS, account=id)
    trail = eg.trail(
        account=id, S3BucketName=LOGS, SnsTopicARN=None, KmsKeyId=key.id, CloudWatchLogsLogGroupArn=group.id
    )
    items = [eg.account(id, Regions=REGIONS, VisibleTrails=[trail.id, ORGANIZATION_TRAIL.id]), trail, key, group]
    items += [bucket(id, one) for one in range(buckets)]
    return AccountSnapshot(
        account=Account(id, arn=f"{ARN}/{id}"),
        status=ReadStatus.READ,
        items=tuple(items),
        listed=LISTED,
        regions_enabled=tuple(REGIONS),
    )


def neighbours(accounts: int) -> Neighbours:
    """The organization by look-up: what lives in the management and archive accounts; other accounts on demand."""
    central = [
        ORGANIZATION_TRAIL,
        GROUP,
        eg.bucket(account=eg.ARCHIVE, Name=LOGS),
        eg.key(account=eg.ARCHIVE),
        eg.organization(),
        eg.account(eg.ARCHIVE),
        eg.account(eg.MANAGEMENT),
        *(eg.policy(Id=f"p-{n}", Targets=[{"TargetId": eg.ROOT, "Name": "Root", "Type": "ROOT"}]) for n in range(20)),
    ]
    ids = [eg.ARCHIVE, eg.MANAGEMENT, *(f"{100_000_000_000 + n * 7:012d}" for n in range(accounts))]
    known = {id: Account(id, arn=f"{ARN}/{id}", management=id == eg.MANAGEMENT, parent_ids=(eg.ROOT,)) for id in ids}
    by_name = {(item.type, item.id): item for item in central}
    return Neighbours(
        accounts=known,
        find=lambda *name: by_name.get(name),
        shared=lambda kind, owner: [one for one in central if one.type == kind and owner in {"", one.account}],
        listing=lru_cache(maxsize=1)(lambda id: Listing(known[id], LISTED, regions=tuple(REGIONS))),
    )


def frameworks() -> tuple[Framework, ...]:
    """All frameworks that come with the project."""
    files = sorted((Path(__file__).parents[2] / "config" / "frameworks").glob("*.toml"))
    return load_all({file.name: file.read_text(encoding="utf-8") for file in files}, CHECKS.keys())


def judged(snapshots: Iterator[AccountSnapshot], around: Neighbours) -> tuple[float, int, Counter[str]]:
    """Seconds of judging and of mapping to every control of every framework, resources judged, findings by status."""
    known = frameworks()
    roll = Rollup(known, on=date(2026, 6, 1))
    seconds, resources, counts = 0.0, 0, Counter[str]()
    for one in snapshots:
        started = time.process_time()
        findings = list(judge(Estate(one, around)))
        roll.add(one.account, tally(findings, CHECKS))
        seconds += time.process_time() - started
        counts.update(finding.status for finding in findings)
        resources += len(one.items)
    started = time.process_time()
    for framework in known:
        roll.result(framework.id)
    return seconds + time.process_time() - started, resources, counts


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--accounts", type=int, default=10_000, help="accounts of the streamed organization")
    options.add_argument("--buckets", type=int, default=50, help="buckets in each of them")
    asked = options.parse_args()
    seconds, resources, small = judged((snapshot(n, 96) for n in range(100)), neighbours(100))
    streamed = (snapshot(n, asked.buckets) for n in range(asked.accounts))
    long_seconds, many, large = judged(streamed, neighbours(asked.accounts))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "seconds_10k": round(seconds * 10_000 / resources, 2),
                "findings_10k": sum(small.values()),
                "findings": sum(large.values()),
                "resources": many,
                "seconds": round(long_seconds, 1),
                "peak_mb_500k": round(peak),
                "statuses": dict(sorted(large.items())),
            }
        )
    )


if __name__ == "__main__":
    main()
