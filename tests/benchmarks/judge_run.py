"""What judging costs as part of a run: read from the history, answered, written, and compared with the run before.

Records accounts as `judge.py` generates them into a database of its own, judges them, stops the organization's trail and judges
once more, so that every account's answers move with one change. Prints one JSON line: seconds for ten thousand resources of
the first and of the second run, and memory after judging at both sizes: what the process holds of its own, which must not grow
with the accounts. SQLite's page cache (64 MB at most in a run) is kept at 2 MB here, else it would be all that one sees grow.
"""

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

from judge import ARN, GROUP, LISTED, LOGS, ORGANIZATION_TRAIL, REGIONS, snapshot
from sqlalchemy import event

from reporter import history
from reporter.checks import examples as eg
from reporter.drift.changes import describe
from reporter.model import Account, AccountSnapshot, ConfigurationItem, ReadStatus
from reporter.run.judging import judge_run
from reporter.run.wiring import judgement
from reporter.settings import Settings

FIRST = datetime(2026, 11, 2, 6, tzinfo=UTC)
SILENT = {region: {"IsLogging": False, "LatestDeliveryError": None} for region in REGIONS}
STOPPED = replace(
    ORGANIZATION_TRAIL,
    configuration={**ORGANIZATION_TRAIL.configuration, "Status": {"IsLogging": False}, "RegionStatus": SILENT},
)


def centre(trail: ConfigurationItem) -> Iterator[AccountSnapshot]:
    """The accounts that all others look into: the management account with the trail, the archive with its bucket."""
    guards = (eg.policy(Id=f"p-{n}", Targets=[{"TargetId": eg.ROOT, "Name": "R", "Type": "ROOT"}]) for n in range(20))
    items = {
        eg.MANAGEMENT: (trail, GROUP, eg.organization(), eg.account(eg.MANAGEMENT, Regions=REGIONS), *guards),
        eg.ARCHIVE: (eg.bucket(account=eg.ARCHIVE, Name=LOGS), eg.key(account=eg.ARCHIVE), eg.account(eg.ARCHIVE)),
    }
    for id, held in items.items():
        account = Account(id, arn=f"{ARN}/{id}", management=id == eg.MANAGEMENT, parent_ids=(eg.ROOT,))
        mine = tuple(item for item in held if item.account == id)
        yield AccountSnapshot(account, ReadStatus.READ, items=mine, listed=LISTED, regions_enabled=tuple(REGIONS))


def one_run(engine: history.Engine, at: datetime, trail: ConfigurationItem, accounts: int, buckets: int) -> float:
    """Record and judge everything; the seconds of processor time that judging took."""
    by = judgement(Settings())
    run = history.start_run(
        engine, kind="manual", as_of=at, owner="benchmark", now=at, lease=timedelta(days=1),
        organization=eg.ORGANIZATION_ID, tool_version="benchmark", checks_hash=by.hash,
    )  # fmt: skip
    for one in chain(centre(trail), (snapshot(number, buckets) for number in range(accounts))):
        items = tuple(replace(item, captured_at=at) for item in one.items)
        history.record_account(engine, run, replace(one, items=items, observed_at=at), describe)
    started = time.process_time()
    judge_run(engine, run, by, lambda *_: None)
    seconds = time.process_time() - started
    history.seal(engine, run, at)
    return seconds


def measured(accounts: int, buckets: int) -> dict[str, float]:
    """Two runs over so many accounts."""
    with tempfile.TemporaryDirectory() as folder:
        engine = history.connect(f"sqlite:///{Path(folder) / 'reporter.db'}")
        event.listen(engine.pool, "checkout", lambda connection, *_: connection.execute("PRAGMA cache_size=-2000"))
        history.prepare(engine, FIRST)
        resources = accounts * (buckets + 4)
        first = one_run(engine, FIRST, ORGANIZATION_TRAIL, accounts, buckets)
        second = one_run(engine, FIRST + timedelta(days=7), STOPPED, accounts, buckets)
        engine.dispose()
    return {
        "seconds_10k": round(first * 10_000 / resources, 2),
        "seconds_10k_changed": round(second * 10_000 / resources, 2),
        "own_mb": resident("RssAnon"),
        "mapped_mb": resident("RssFile"),
    }


def resident(kind: str) -> int:
    """Megabytes in memory now, by kind as Linux tells them apart."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")) / 1024)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--accounts", type=int, default=200, help="accounts of the larger organization")
    options.add_argument("--buckets", type=int, default=50, help="buckets in each of them")
    asked = options.parse_args()
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as fresh:  # each size in a process of its own
        sizes = [(asked.accounts // 4, asked.buckets), (asked.accounts, asked.buckets)]
        small, large = fresh.starmap(measured, sizes, chunksize=1)
    print(json.dumps({**large, "own_mb_quarter": small["own_mb"], "accounts": asked.accounts}))


if __name__ == "__main__":
    main()
