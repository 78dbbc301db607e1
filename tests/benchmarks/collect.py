"""Reading and storing an organization, beside plain boto3 making the same calls; against an AWS that answers from memory over TLS.

Each measurement is a process of its own; CPU seconds (user and system, after imports) are the figure that compares. The last
line is one JSON object. `--peers DIR` (an environment with prowler in it) adds a loop of Prowler over accounts of a simulated AWS.
"""

import argparse
import contextlib
import gc
import json
import os
import pickle
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

ACCOUNTS = 10  # of the loop over a peer
NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
TARGETS = {
    "cpu_ratio_boto3_one": "<= 1.5", "cpu_ratio_prowler": "<= 1/60", "calls_over_table": "<= 1.02", "throttled_lost": "0",
    "neighbour_slowdown": "<= 1.2", "peak_mb_1000": "<= 150", "calls_per_second_30ms": ">= 700",
}  # fmt: skip


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for the loopback, and a bundle of all public authorities with ours: loading it is what a connection costs."""
    import botocore
    import trustme
    from canned_aws import REGIONS

    authority = trustme.CA()
    names = [
        name for region in REGIONS for name in (f"*.{region}.amazonaws.com", f"*.s3-control.{region}.amazonaws.com")
    ]
    authority.issue_cert("127.0.0.1", "*.amazonaws.com", *names).private_key_and_cert_chain_pem.write_to_path(
        folder / "server.pem"
    )
    bundle = Path(botocore.__file__).with_name("cacert.pem").read_bytes() + authority.cert_pem.bytes()
    (folder / "bundle.pem").write_bytes(bundle)
    return folder / "server.pem", folder / "bundle.pem"


@contextlib.contextmanager
def canned(folder: Path, **size: int) -> Iterator["Server"]:
    """The server in a process of its own."""
    options = [text for name, value in size.items() for text in (f"--{name}", str(value))]
    command = [sys.executable, str(HERE / "canned_aws.py"), "--certificate", str(folder / "server.pem"), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield Server(int(process.stdout.readline()), folder, size)
    finally:
        process.terminate()
        process.wait()


class Server:
    """Its address, its switches and its counters."""

    def __init__(self, port: int, folder: Path, size: dict[str, int]) -> None:
        self.url, self.folder, self.size = f"https://127.0.0.1:{port}", folder, size

    def ask(self, path: str) -> dict[str, Any]:
        import ssl
        import urllib.request

        context = ssl.create_default_context(cafile=str(self.folder / "bundle.pem"))
        with urllib.request.urlopen(f"{self.url}{path}", context=context) as answer:
            return json.load(answer)

    def run(self, part: str, **options: Any) -> dict[str, Any]:
        """One measurement in a process of its own; what it printed, with the server's counters."""
        self.ask("/_stats?reset=1")
        environment = {
            **os.environ, "CANNED_PORT": self.url.rsplit(":", 1)[1], "AWS_CA_BUNDLE": str(self.folder / "bundle.pem"), "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIA100000000000", "AWS_SECRET_ACCESS_KEY": "s", "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip
        flags = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        command = [sys.executable, __file__, "--part", part, "--folder", str(self.folder), *flags]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{part} failed:\n{done.stderr}")
        return {**json.loads(done.stdout.splitlines()[-1]), "server": self.ask("/_stats")}


def resolve_to_the_server() -> None:
    """AWS's own host names lead to the server: connections are per host, so an endpoint of one's own would flatter everybody."""
    port, ask = int(os.environ["CANNED_PORT"]), socket.getaddrinfo

    def getaddrinfo(host: str, *rest: Any, **options: Any) -> Any:
        if str(host).endswith(".amazonaws.com"):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        return ask(host, *rest, **options)

    socket.getaddrinfo = getaddrinfo


def used() -> float:
    """CPU seconds of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def figures(started: float, cpu: float, **more: Any) -> dict[str, Any]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": used() - cpu, "wall": time.monotonic() - started, "peak_mb": peak, **more}


def part_simulated(folder: Path | None, threads: int, log: str, skip: int) -> dict[str, Any]:
    """The same against the simulated AWS, where the role has a name and an external id; `log` names the sets to read."""
    from reporter.collect.options import Role

    del folder
    sets, log = frozenset(log.split(",")), ""
    with tempfile.TemporaryDirectory() as name:
        return part_ours(
            Path(name),
            threads,
            log,
            skip,
            sets=sets,
            role=Role(name="reporter-reader", external_id="example-org-reporter"),
        )


def part_ours(folder: Path, threads: int, log: str, skip: int, **told: Any) -> dict[str, Any]:
    """Discover, read, store in SQLite. `log` keeps what was asked, for the others to ask the same."""
    from reporter import history
    from reporter.collect.door import open_door
    from reporter.collect.options import CollectOptions
    from reporter.collect.organization import discover
    from reporter.collect.snapshot import collect
    from reporter.drift.changes import describe

    started, cpu = time.monotonic(), used()
    door = open_door(CollectOptions(threads=threads, **told), clock=lambda: NOW)
    asked = remembering(door.clients) if log else []
    organization = discover(door)
    organization = organization.select(accounts=[one.id for one in organization.accounts[skip:]])
    database = folder / f"history-{time.monotonic_ns()}.db"
    engine = history.connect(f"sqlite:///{database}")
    history.prepare(engine, NOW)
    run = history.start_run(
        engine,
        kind="manual",
        as_of=NOW,
        owner="bench",
        now=NOW,
        lease=timedelta(hours=9),
        organization="o",
        tool_version="0",
        checks_hash="",
    )
    ended, gaps, calls = {}, 0, 0
    for snapshot in collect(door, organization):
        history.record_account(engine, run, snapshot, describe)
        ended[snapshot.account.id] = time.monotonic() - started
        gaps += len(snapshot.gaps) + sum(
            code.code not in {"NotYetRead", "Excluded"} for item in snapshot.items for code in item.unread.values()
        )
        calls += snapshot.calls.made
    if log:
        Path(log).write_bytes(pickle.dumps(asked))
    told = figures(started, cpu, calls=calls, lost=gaps, clients=door.clients.made, ended=ended)
    engine.dispose()
    database.unlink()
    return told


def remembering(clients: Any) -> list[tuple[str, Any]]:
    """Note every request on its way, with the account it is for."""
    asked: list[tuple[str, Any]] = []
    send = clients.call

    def call(who: Any, tally: Any, request: Any) -> Any:
        asked.append((who.account, (request.service, request.region, request.operation, dict(request.params))))
        return send(who, tally, request)

    clients.call = call
    return asked


def part_boto3_one(folder: Path, threads: int, log: str, skip: int) -> dict[str, Any]:
    """The same calls by plain boto3: one client for each service and region, credentials by request, nothing kept."""
    del folder, skip
    from concurrent.futures import ThreadPoolExecutor
    from contextvars import ContextVar
    from threading import Lock

    import boto3
    import botocore.exceptions
    from botocore import xform_name
    from botocore.config import Config
    from botocore.credentials import Credentials

    accounts: dict[str, list[Any]] = {}
    for account, request in pickle.loads(Path(log).read_bytes()):
        accounts.setdefault(account, []).append(request)
    started, cpu = time.monotonic(), used()
    session, clients, lock = boto3.Session(), {}, Lock()
    current: ContextVar[Credentials] = ContextVar("current")

    def client(service: str, region: str) -> Any:
        with lock:
            if (service, region) not in clients:
                made = session.client(
                    service,
                    region_name=region,
                    config=Config(s3={"addressing_style": "path"}, max_pool_connections=threads),
                )
                made.meta.events.register(
                    "before-parameter-build",
                    lambda context, **_: context.setdefault("signing", {}).update(request_credentials=current.get()),
                )
                clients[service, region] = made
            return clients[service, region]

    def read(account: str) -> int:
        current.set(Credentials(f"ASIA{account}", "s", "t"))
        for service, region, operation, params in accounts[account]:
            with contextlib.suppress(botocore.exceptions.ClientError):
                getattr(client(service, region), xform_name(operation))(**params)
        return len(accounts[account])

    with ThreadPoolExecutor(threads) as pool:
        calls = sum(pool.map(read, sorted(accounts)))
    return figures(started, cpu, calls=calls, clients=len(clients))


def part_boto3_fresh(folder: Path, threads: int, log: str, skip: int) -> dict[str, Any]:
    """The same calls by boto3 as it is mostly used: a session and its clients for each account."""
    del folder, skip
    from concurrent.futures import ThreadPoolExecutor

    import boto3
    import botocore.exceptions
    from botocore import xform_name
    from botocore.config import Config

    accounts: dict[str, list[Any]] = {}
    for account, request in pickle.loads(Path(log).read_bytes()):
        accounts.setdefault(account, []).append(request)
    started, cpu = time.monotonic(), used()

    def read(account: str) -> tuple[int, int]:
        session = boto3.Session(f"ASIA{account}", "s", "t")
        clients: dict[tuple[str, str], Any] = {}
        for service, region, operation, params in accounts[account]:
            if (service, region) not in clients:
                clients[service, region] = session.client(
                    service, region_name=region, config=Config(s3={"addressing_style": "path"})
                )
            with contextlib.suppress(botocore.exceptions.ClientError):
                getattr(clients[service, region], xform_name(operation))(**params)
        return len(accounts[account]), len(clients)

    with ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(read, sorted(accounts)))
    return figures(started, cpu, calls=sum(calls for calls, _ in done), clients=sum(made for _, made in done))


def table_count(accounts: int, buckets: int, regions: int) -> int:
    """The calls the table asks for in the canned organization: each part once, but for answers that are known from another."""
    import botocore.session
    from canned_aws import World

    from reporter.collect.estimate import parts_asked
    from reporter.collect.resources import LISTED_TYPES
    from reporter.collect.resources_cloudtrail import TRAIL
    from reporter.collect.resources_organization import ACCOUNT
    from reporter.collect.resources_s3 import BUCKET
    from reporter.collect.rows import DEFAULT_SETS

    world, session = World(accounts, buckets, regions), botocore.session.Session()
    each = 1 + len(parts_asked(ACCOUNT, DEFAULT_SETS)) - 1  # the role; no S3 policies in force here
    for kind in LISTED_TYPES:
        if kind.set not in DEFAULT_SETS:
            continue
        places = [kind.at or "us-east-1"] if not kind.regional else world.regions
        places = [one for one in places if not kind.regions or one in kind.regions]
        each += len([one for one in places if not kind.offered or one in session.get_available_regions(kind.service)])
    each += len(parts_asked(TRAIL, DEFAULT_SETS)) - 1  # a trail of one region has no status elsewhere
    for number in range(buckets):
        each += len(parts_asked(BUCKET, DEFAULT_SETS))
        each -= world.enforced(number) + (not world.has_policy(number)) + 2 * (not world.versioned(number))
    each -= accounts and 0
    organization = 2 + 2 + 1 + 1 + 3 + -(-accounts // 20) + 1  # who am I; roots are asked for once
    return accounts * each - 1 + organization - 1  # the caller's own account needs no role


def main() -> None:
    """Measure everything, print a table, and one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--log", default="")
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="300 accounts instead of 1,000 for the memory")
    parser.add_argument("--peers", type=Path, help="an environment with prowler in it")
    told = parser.parse_args()
    if told.part:
        if told.part in {"ours", "simulated"}:
            gc.set_threshold(50_000, 20, 20)  # as the program does, before it imports anything
        if told.part != "simulated":
            resolve_to_the_server()
        print(json.dumps(globals()[f"part_{told.part}"](told.folder, told.threads, told.log, told.skip)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificate(folder)
        result = {**cpu(folder), **throttling(folder), **latency(folder), **memory(folder, 300 if told.quick else 1000)}
    result |= peers(told.peers) if told.peers else {"cpu_ratio_prowler": None}
    for key, target in TARGETS.items():
        print(f"{key:24} {result.get(key)!s:>12}   target {target}", file=sys.stderr)
    print(json.dumps(result))


def cpu(folder: Path) -> dict[str, Any]:
    """CPU beside plain boto3; connections and clients for few and for many accounts; calls beside the table's own count."""
    log = str(folder / "asked.pickle")
    size = {"accounts": 20, "buckets": 10, "regions": 17}
    with canned(folder, **size) as server:
        server.run("ours", threads=8, log=log)
        runs = [(server.run("ours", threads=8), server.run("boto3_one", threads=8, log=log)) for _ in range(3)]
        fresh = server.run("boto3_fresh", threads=8, log=log)
    with canned(folder, accounts=80, buckets=10, regions=17) as server:
        many = server.run("ours", threads=8)
    ours, one = (
        min((ours for ours, _ in runs), key=lambda run: run["cpu"]),
        min((one for _, one in runs), key=lambda run: run["cpu"]),
    )
    counted = table_count(**size)
    return {
        "cpu_ratio_boto3_one": round(ours["cpu"] / one["cpu"], 2),
        "cpu_ratio_boto3_fresh": round(ours["cpu"] / fresh["cpu"], 3),
        "cpu_seconds": {"ours": round(ours["cpu"], 2), "boto3_one": round(one["cpu"], 2), "boto3_fresh": round(fresh["cpu"], 2)},
        "cpu_ms_per_account": round(1000 * ours["cpu"] / size["accounts"], 1),
        "calls": ours["server"]["calls"],
        "calls_over_table": round(ours["server"]["calls"] / counted, 4),
        "connections": ours["server"]["connections"],
        "connections_4x_accounts": many["server"]["connections"],
        "connections_s3control": [run["server"]["connections_s3control"] for run in (ours, many)],
        "connections_boto3_one": one["server"]["connections"],
        "clients": ours["clients"],
        "clients_4x_accounts": many["clients"],
        "conditions_cpu": {**size, "threads": 8, "tls": True, "authorities_in_bundle": "public + 1", "best_of": 3, "stored": "sqlite"},
    }  # fmt: skip


def throttling(folder: Path) -> dict[str, Any]:
    """One account that may make ten calls a second, among others that may make any number."""
    size = {"accounts": 8, "buckets": 20, "regions": 2}
    slow = "100000000003"
    with canned(folder, **size) as server:
        server.ask("/_set?latency=0.005")
        free = server.run("ours", threads=8)
        server.ask(f"/_set?limit={slow}:10")
        limited = server.run("ours", threads=8)
    others = [id for id in free["ended"] if id != slow]
    before, after = (max(run["ended"][id] for id in others) for run in (free, limited))
    return {
        "throttled_lost": limited["lost"],
        "throttle_answers": limited["server"]["throttled"],
        "throttled_account_seconds": round(limited["ended"][slow], 1),
        "neighbour_slowdown": round(after / before, 2),
        "conditions_throttling": {**size, "threads": 8, "latency_ms": 5, "limit_calls_per_second": 10},
    }


def latency(folder: Path) -> dict[str, Any]:
    """Calls a second of one process at 30 ms, reading and storing."""
    size = {"accounts": 96, "buckets": 20, "regions": 4}
    with canned(folder, **size) as server:
        server.ask("/_set?latency=0.03")
        run = server.run("ours", threads=32)
    return {
        "calls_per_second_30ms": round(run["server"]["calls"] / run["wall"]),
        "conditions_latency": {
            **size,
            "threads": 32,
            "calls": run["server"]["calls"],
            "wall_seconds": round(run["wall"], 1),
            "cpu_seconds": round(run["cpu"], 1),
            "load_average": os.getloadavg()[0],
        },
    }


def memory(folder: Path, accounts: int) -> dict[str, Any]:
    """Peak memory for a hundred accounts and for many."""
    peaks = {}
    for number in (100, accounts):
        with canned(folder, accounts=number, buckets=3, regions=2) as server:
            peaks[number] = server.run("ours", threads=16)["peak_mb"]
    return {
        "peak_mb_100": round(peaks[100], 1),
        "peak_mb_1000": round(peaks[accounts], 1),
        "conditions_memory": {"accounts": [100, accounts], "buckets": 3, "regions": 2, "threads": 16},
    }


def peers(environment: Path) -> dict[str, Any]:
    """Prowler's CloudTrail and S3 services in a loop over accounts, beside us over the same, against a simulated AWS."""
    from reporter.simulate import organization as simulated
    from reporter.simulate.simulation import start

    with start(alike(simulated)) as simulation:
        surroundings = {**os.environ, **simulation.environment}
        ours, everything = (
            whole_process([sys.executable, __file__, "--part", "simulated", "--log", sets], surroundings)
            for sets in ("core", "core,access-points,lake,detectors")
        )
        theirs = 0.0
        for member in simulation.organization.accounts:
            with tempfile.TemporaryDirectory() as out:
                command = [
                    str(environment / "bin" / "prowler"),
                    "aws",
                    "--services",
                    "s3",
                    "cloudtrail",
                    "-M",
                    "csv",
                    "-o",
                    out,
                    "-b",
                ]
                key = {"AWS_ACCESS_KEY_ID": f"AKIAADMN{member.id}"}
                theirs += whole_process(command, {**surroundings, **key})
    return {
        "cpu_ratio_prowler": round(ours / theirs, 4),  # the same services: CloudTrail and S3
        "cpu_ratio_prowler_whole_table": round(everything / theirs, 4),
        "cpu_seconds_prowler": {
            "ours": round(ours, 1),
            "whole_table": round(everything, 1),
            "prowler": round(theirs, 1),
        },
        "conditions_prowler": {
            "accounts": ACCOUNTS,
            "buckets": 10,
            "regions": 17,
            "tls": False,
            "whole_processes": True,
        },
    }


def alike(simulated: Any) -> Any:
    """Ten accounts of ten buckets, in all regions."""
    from canned_aws import REGIONS

    ids = [simulated.account_id(3, f"account-{number}") for number in range(ACCOUNTS)]
    members = tuple(
        simulated.Member(
            id, f"account-{number}", f"{number}@example.com", regions=REGIONS,
            buckets=tuple(simulated.Bucket(f"bucket-{number}-{one}", REGIONS[one % 17]) for one in range(10)),
            trails=(simulated.Trail("own", f"bucket-{number}-0"),),
        )
        for number, id in enumerate(ids)
    )  # fmt: skip
    return simulated.Organization(3, ids[0], members)


def whole_process(command: list[str], environment: dict[str, str]) -> float:
    """CPU seconds of a command, from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 3}:  # 3: Prowler found something to say
        raise SystemExit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    main()
