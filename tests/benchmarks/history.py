"""What a year of history costs: 1,000 accounts of 50 buckets, read weekly, 1 % of the buckets changed in between.

    ./run bench history [--accounts 1000] [--buckets 50] [--weeks 52] [--engines sqlite,postgresql]

The last line is one JSON object: for each engine the size of the database (`db_mb`), the median time to write a week
(`write_week_s`), to list the last run's changes (`last_changes_ms`) and to rebuild one account as of a date
(`account_as_of_ms`); and beside them what full copies would take (`full_copies`, two weeks measured, the rest reckoned).
"""

import argparse
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from postgres_server import Postgres, postgres_binaries
from sqlalchemy import make_url

from reporter import history
from reporter.documents.canonical import canonical, canonical_json
from reporter.drift.changes import describe
from reporter.model import ACCOUNT, GLOBAL, Account, AccountSnapshot, Calls, ConfigurationItem, ReadStatus, Run

BUCKET = "AWS::S3::Bucket"
START = datetime(2026, 1, 5, 2, tzinfo=UTC)
WEEK = timedelta(days=7)
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
CLOSED = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)


def bucket(account: str, number: int, changed: int, pick: random.Random) -> dict[str, Any]:
    """A bucket's configuration; `changed` counts its changes so far, each of which touches one setting."""
    name = f"corp-{account[-6:]}-{pick.choice(('logs', 'data', 'web', 'backup'))}-{number}"
    roles = [
        f"arn:aws:iam::{account}:role/{pick.choice(('app', 'etl', 'ci', 'audit'))}-{pick.randrange(900)}"
        for _ in range(3)
    ]
    statements = [
        {
            "Sid": "Tls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Sid": "Read",
            "Effect": "Allow",
            "Principal": {"AWS": roles},
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        },
    ]
    configuration = {
        "Name": name,
        "BucketRegion": pick.choice(REGIONS),
        "Versioning": pick.choice((None, {"Status": "Enabled"})),
        "Encryption": {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": f"arn:aws:kms:eu-west-1:{account}:key/{pick.getrandbits(64):016x}"}, "BucketKeyEnabled": True}]},
        "Logging": {"TargetBucket": f"corp-logs-{account[-3:]}", "TargetPrefix": f"{name}/"},
        "Policy": {"Version": "2012-10-17", "Statement": statements},
        "PolicyStatus": {"IsPublic": False},
        "Acl": None,
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlock": dict(CLOSED),
        "Lifecycle": {"Rules": [{"ID": f"old-{pick.randrange(99)}", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": pick.choice((90, 365, 730))}}]},
        "Replication": None,
        "ObjectLock": None,
        "Notification": None,
        "Tags": {"Owner": f"team-{pick.randrange(40)}", "CostCenter": str(pick.randrange(10_000)), "Environment": pick.choice(("prod", "dev"))},
        "Website": None,
        "Cors": None,
    }  # fmt: skip
    if changed % 3 == 1:
        configuration["PublicAccessBlock"]["BlockPublicPolicy"] = False
    if changed % 3 == 2:
        configuration["Tags"]["CostCenter"] = str(changed)
    if changed >= 3:
        configuration["Lifecycle"]["Rules"][0]["Expiration"]["Days"] = 100 + changed
    return canonical(BUCKET, configuration)


class Organization:
    """The accounts as they stand in one week, and how they change by the next."""

    def __init__(self, accounts: int, buckets: int) -> None:
        self.accounts = [f"{100_000_000_000 + 7 * n}" for n in range(accounts)]
        self.buckets, self.chance = buckets, random.Random(5)
        self.changed: dict[tuple[str, int], int] = {}
        self.items = {account: tuple(self.read(account, n) for n in range(buckets)) for account in self.accounts}

    def read(self, account: str, number: int) -> tuple[str, str, dict[str, Any]]:
        configuration = bucket(
            account, number, self.changed.get((account, number), 0), random.Random(f"{account}/{number}")
        )
        return configuration["Name"], configuration["BucketRegion"], configuration

    def week_passes(self) -> int:
        everything = len(self.accounts) * self.buckets
        places = self.chance.sample(range(everything), everything // 100)
        for place in places:
            account, number = self.accounts[place // self.buckets], place % self.buckets
            self.changed[account, number] = self.changed.get((account, number), 0) + 1
            items = list(self.items[account])
            items[number] = self.read(account, number)
            self.items[account] = tuple(items)
        return len(places)

    def snapshots(self, at: datetime) -> Iterator[AccountSnapshot]:
        for place, id in enumerate(self.accounts):
            observed = at + timedelta(seconds=place)
            arn = f"arn:aws:organizations::999999999999:account/o-a1b2c3d4e5/{id}"
            account = Account(
                id,
                f"team {id}",
                f"{id}@example.com",
                arn=arn,
                parent_ids=("r-1", f"ou-{place % 20}"),
                ou_path=f"Root/Unit {place % 20}",
            )
            items = [
                ConfigurationItem(
                    id,
                    GLOBAL,
                    ACCOUNT,
                    id,
                    arn,
                    {"Id": id, "Name": account.name, "Regions": list(REGIONS), "PublicAccessBlock": CLOSED},
                    observed,
                )
            ]
            items += [
                ConfigurationItem(
                    id, region, BUCKET, name, f"arn:aws:s3:::{name}", configuration, observed, created_at=START
                )
                for name, region, configuration in self.items[id]
            ]
            calls = Calls(made=13 * len(items), by_operation={"s3:ListBuckets": 1, "s3:GetBucketPolicy": self.buckets})
            listed = frozenset({(BUCKET, GLOBAL), (ACCOUNT, GLOBAL)})
            yield AccountSnapshot(account, ReadStatus.READ, "", tuple(items), (), listed, REGIONS, REGIONS, calls, f"arn:aws:sts::{id}:assumed-role/ReporterAudit/reporter", observed)  # fmt: skip


def measure(url: str, size: Any, accounts: int, buckets: int, weeks: int) -> dict[str, Any]:
    """Write the year; then ask."""
    engine = history.connect(url)
    history.prepare(engine, START)
    organization = Organization(accounts, buckets)
    seconds: list[float] = []
    run = None
    expected = 0
    for week in range(weeks):
        expected = organization.week_passes() if week else 0
        run, took = write_week(engine, organization, START + week * WEEK)
        seconds.append(took)
        print(f"  week {week + 1:2}: {took:6.2f} s, {size():7.1f} MB", flush=True)
    assert run is not None
    found = len(history.changes(engine, run=run))
    assert found == expected, f"{found} changes listed, {expected} made"
    middle = START + weeks // 2 * WEEK + timedelta(days=1)
    result = {
        "db_mb": round(size(), 1),
        "write_week_s": round(statistics.median(seconds[1:] or seconds), 2),
        "first_week_s": round(seconds[0], 2),
        "last_changes_ms": milliseconds(lambda: history.changes(engine, run=run)),
        "changes": found,
        "account_as_of_ms": milliseconds(
            lambda: history.account_snapshot(engine, middle, organization.accounts[accounts // 2])
        ),
    }
    started = time.perf_counter()
    problems = history.verify(engine)
    result |= {"verify_s": round(time.perf_counter() - started, 1), "problems": len(problems)}
    engine.dispose()
    return result


def write_week(engine: Any, organization: Organization, at: datetime) -> tuple[Run, float]:
    """One run, from its start to its seal. Making up the organization is not counted."""
    snapshots = organization.snapshots(at)
    started = time.perf_counter()
    run = history.start_run(engine, kind="scheduled", as_of=at, owner="bench", now=at)
    made_up = 0.0
    while True:
        before = time.perf_counter()
        snapshot = next(snapshots, None)
        made_up += time.perf_counter() - before
        if snapshot is None:
            break
        history.record_account(engine, run, snapshot, describe)
    sealed = history.seal(engine, run, at + timedelta(hours=1), organization.accounts)
    return sealed, time.perf_counter() - started - made_up


def milliseconds(ask: Any) -> float:
    """The median of twenty askings, the first not counted."""
    times = []
    for _ in range(21):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    return round(statistics.median(times[1:]), 2)


def full_copies(folder: Path, accounts: int, buckets: int, weeks: int) -> dict[str, float]:
    """Two weeks of plain copies in SQLite, and what the year would come to at that rate."""
    organization = Organization(accounts, buckets)
    path = folder / "copies.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE copy (run INTEGER, account TEXT, key TEXT, document TEXT)")
    connection.execute("CREATE INDEX ix_account ON copy (account, run)")
    seconds, sizes = [], [0.0]
    for week in range(2):
        started = time.perf_counter()
        for snapshot in organization.snapshots(START + week * WEEK):
            rows = [
                (week, item.account, item.id, canonical_json(item.configuration).decode()) for item in snapshot.items
            ]
            connection.executemany("INSERT INTO copy VALUES (?, ?, ?, ?)", rows)
        connection.commit()
        seconds.append(time.perf_counter() - started)
        sizes.append(path.stat().st_size / 1e6)
    connection.close()
    return {
        "db_mb": round((sizes[2] - sizes[1]) * weeks, 1),
        "write_week_s": round(min(seconds), 2),
        "weeks_measured": 2,
    }


def sqlite(folder: Path, options: Mapping[str, int]) -> dict[str, Any]:
    """The year in a file."""
    path = folder / "history.db"
    return measure(str(path), lambda: sum(file.stat().st_size for file in folder.glob("history.db")) / 1e6, **options)


def postgresql(folder: Path, options: Mapping[str, int]) -> dict[str, Any]:
    """The year in a server of the system's own, on a socket, with its ordinary durability."""
    binaries = postgres_binaries()
    if binaries is None:
        return {"skipped": "no PostgreSQL here (apt-get install postgresql)"}
    server = Postgres(folder, binaries, durable=True)
    try:
        url = server.new()
        name = make_url(url).database
        return measure(url, lambda: server.number(f"SELECT pg_database_size('{name}')") / 1e6, **options)
    finally:
        server.stop()


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("accounts", 1000), ("buckets", 50), ("weeks", 52)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--engines", default="sqlite,postgresql")
    asked = parser.parse_args()
    options = {"accounts": asked.accounts, "buckets": asked.buckets, "weeks": asked.weeks}
    figures: dict[str, Any] = {**options}
    for name in asked.engines.split(","):
        with tempfile.TemporaryDirectory(prefix="reporter-bench-") as folder:
            Path(folder).chmod(0o755)
            print(name, flush=True)
            figures[name] = {"sqlite": sqlite, "postgresql": postgresql}[name](Path(folder), options)
    with tempfile.TemporaryDirectory(prefix="reporter-bench-") as folder:
        figures["full_copies"] = full_copies(Path(folder), **options)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
