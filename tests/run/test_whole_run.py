"""The main job end to end, by the command line, against a simulated organization over HTTP and a real mail server."""

import json
import signal
import sqlite3
import time
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from random import Random

import pytest
from postgres_server import Postgres
from world import World

from reporter import history
from reporter.model import ChangeKind, Direction


def ran(world: World, *words: str, code: int = 0, **environ: str) -> dict:
    done = world.reporter("run", "--json", *words, **environ)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def counts(database: Path) -> dict[str, int]:
    with sqlite3.connect(database) as connection:
        tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        return {name: connection.execute(f"select count(*) from {name}").fetchone()[0] for name in tables}


def test_a_run_reads_judges_reports_and_mails(world: World) -> None:
    """Five accounts, one report as HTML and PDF, one mail with the very PDF that is on disk."""
    told = ran(world, REPORTER_REPORT__PDF="true")
    assert told["coverage"] == {"accounts": 5, "read": 5, "partial": 0, "unreachable": 0, "excluded": 0}
    assert told["deliveries"] == {"sent": 1}
    (report,) = told["reports"]
    assert "Baseline established" in report["headline"]
    (received,) = world.mailbox.messages
    mail = message_from_bytes(received.path.read_bytes(), policy=default)
    assert mail["To"] == "lead@example.com"
    (pdf,) = mail.iter_attachments()
    assert pdf.get_content() == Path(report["pdf"]).read_bytes()
    assert "<html" in Path(report["html"]).read_text(encoding="utf-8")


def test_the_second_run_tells_exactly_what_changed(world: World) -> None:
    """One bucket opened, one policy re-ordered, nothing else: one change, worsened, with who did it."""
    ran(world)
    sim = world.sim
    member = next(m for m in sim.organization.accounts if (m.buckets and m.name.startswith("work")) or m.buckets)
    bucket = member.buckets[0]
    sim.act(
        member.name, "s3", "put_bucket_versioning", region=bucket.region, Bucket=bucket.name,
        VersioningConfiguration={"Status": "Suspended"},
    )  # fmt: skip
    told = ran(world)
    engine = history.connect(world.database)
    changes = history.changes(engine, run=history.run_of(engine, "last"))
    assert [(c.kind, c.resource) for c in changes] == [(ChangeKind.MODIFIED, bucket.name)]
    assert told["changes"] == 1
    (change,) = changes
    who = history.attributions(engine, [change.id or 0])[change.id or 0]
    assert who.confidence == "exact"
    assert who.actors[0].event_name == "PutBucketVersioning"


def test_an_unreachable_account_is_not_assessed_not_deleted_and_ends_with_3(world: World) -> None:
    """Its resources stay as last known, nothing of it counts as passing, and it comes back without a word of creation."""
    ran(world)
    member = next(m for m in world.sim.organization.accounts if m.id != world.sim.organization.management)
    world.sim.account(member.name, assumable=False)
    lost = ran(world, code=3)
    assert lost["coverage"]["unreachable"] == 1
    assert lost["changes"] == 1
    engine = history.connect(world.database)
    run = history.run_of(engine, "last")
    snapshot = history.account_snapshot(engine, run, member.id)
    assert snapshot is not None
    assert len(snapshot.items) > 1
    passed = sum(
        t.passed for _, ts in history.account_tallies(engine, run, history.Within(frozenset({member.id}))) for t in ts
    )
    assert passed == 0
    world.sim.account(member.name, assumable=True)
    ran(world)
    (change,) = history.changes(engine, run=history.run_of(engine, "last"))
    assert (change.kind, change.resource) == (ChangeKind.ACCESS_RESTORED, member.id)


def test_a_denied_call_costs_one_part_of_one_resource(world: World) -> None:
    """The policy of one bucket cannot be read: access lost once, later restored once, never deleted."""
    ran(world)
    member = next(m for m in world.sim.organization.accounts if m.buckets)
    world.sim.deny("s3:GetBucketPolicy", account=member.name, resource=member.buckets[0].name)
    assert ran(world, code=3)["changes"] == 1
    engine = history.connect(world.database)
    (change,) = history.changes(engine, run=history.run_of(engine, "last"))
    assert (change.kind, change.resource) == (ChangeKind.ACCESS_LOST, member.buckets[0].name)
    world.sim.allow()
    ran(world)
    (change,) = history.changes(engine, run=history.run_of(engine, "last"))
    assert change.kind is ChangeKind.ACCESS_RESTORED
    assert change.direction is not Direction.WORSENED


def test_a_run_killed_anywhere_is_finished_by_the_next(world: World) -> None:
    """Killed after a random time, again and again: at the end the same rows, one report and one mail as undisturbed."""
    dice = Random(7)
    for _ in range(6):
        process = world.begin("run")
        time.sleep(dice.uniform(0.8, 4.0))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = world.reporter("run", "--json")
    assert done.returncode == 0, done.stderr
    engine = history.connect(world.database)
    runs = history.last_runs(engine, 100)
    for run in runs:
        assert history.coverage(engine, run).total == 5
        assert [d.state for d in history.deliveries(engine, run=run)] in (["sent"], ["unknown"])
        assert history.is_handed_over(engine, run)
    assert sum(len(history.changes(engine, run=run)) for run in runs) == 0
    heads = [message_from_bytes(m.path.read_bytes(), policy=default)["Message-ID"] for m in world.mailbox.messages]
    assert len(heads) == len(set(heads))
    assert len(heads) >= len([r for r in runs if history.deliveries(engine, run=r)[0].state == "sent"])


def test_a_run_for_one_account_leaves_the_others_out_and_says_so(world: World) -> None:
    """--accounts: the others are excluded, with the reason; nothing of theirs is deleted."""
    ran(world)
    member = world.sim.organization.accounts[-1]
    told = ran(world, "--accounts", member.id)
    assert told["coverage"]["read"] == 1
    assert told["coverage"]["excluded"] == 4
    assert told["changes"] == 0
    assert told["deliveries"] == {}


def test_the_same_run_on_postgresql(world: World, postgres: Postgres) -> None:
    """With a PostgreSQL address in the environment nothing else changes: one report, one mail, a history that verifies."""
    address = {"REPORTER_HISTORY__URL": postgres.new()}
    assert ran(world, **address)["deliveries"] == {"sent": 1}
    assert ran(world, **address)["changes"] == 0
    done = world.reporter("verify", "--history", **address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(world.mailbox.messages) == 2


def test_nothing_to_resume_is_one_sentence(world: World) -> None:
    """--resume starts nothing new."""
    ran(world)
    done = world.reporter("run", "--resume")
    assert done.returncode == 1
    assert "no run was interrupted" in done.stderr


@pytest.mark.parametrize(
    ("file", "environ", "code", "words"),
    [
        ("[mial]\n", {}, 2, "did you mean mail?"),
        ('[assess]\nframeworks = ["cis-aws-5.0"]\n', {}, 2, "cis-aws-5.0"),
        ('[role]\nname = "Nobody"\n', {}, 3, ""),
        ("", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "REPORTER_COLLECT__ATTEMPTS": "1"}, 1, "127.0.0.1:9"),
        (
            "",
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"},
            1,
            "credentials",
        ),
        ('[history]\nurl = "postgresql+psycopg://127.0.0.1:9/none"\n', {}, 2, ""),
        ('[history]\nurl = "mysql://127.0.0.1/x"\n', {}, 2, ""),
        ('[report]\nlogo = "absent.png"\n', {}, 2, "absent.png"),
    ],
    ids=["typo", "framework", "role", "endpoint", "credentials", "postgresql", "url", "logo"],
)
def test_bad_input_ends_in_one_sentence(
    world: World, file: str, environ: dict[str, str], code: int, words: str
) -> None:
    """What is wrong, where, and what to do; no traceback, the exit code that fits."""
    (world.folder / "bad.toml").write_text(file, encoding="utf-8")
    done = world.reporter("run", "-c", "bad.toml", "--no-deliver", **environ)
    assert "Traceback" not in done.stderr + done.stdout
    assert done.returncode in (code, 1), done.stderr
    if words:
        assert words in done.stderr
        assert len(done.stderr.strip().splitlines()) <= 4


def test_a_database_that_is_not_ours_is_left_alone(world: World) -> None:
    """One sentence, exit code 1 or 2, and not a byte of it changed."""
    file = world.folder / "reporter.db"
    with sqlite3.connect(file) as connection:
        connection.execute("create table customers (name text)")
    before = file.read_bytes()
    done = world.reporter("run")
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert file.read_bytes() == before


def test_a_mail_server_that_refuses_leaves_the_report_and_the_reason(world: World) -> None:
    """The run is done, the recipient's row says failed and why."""
    from reporter.simulate.mail import Manners

    world.mailbox.manners = Manners(refuse=("lead@*",))
    told = ran(world, code=3)
    assert told["deliveries"] == {"failed": 1}
    engine = history.connect(world.database)
    (row,) = history.deliveries(engine)
    assert "550" in row.detail
    assert Path(told["reports"][0]["html"]).exists()


def test_who_asked_and_by_which_requests_is_kept_for_evidence(world: World) -> None:
    """The session's ARN always; AWS's ids of the requests where the settings ask for them, and no change comes of them."""
    bucket = next(m for m in world.sim.organization.accounts if m.buckets).buckets[0].name
    ran(world, "--no-deliver")
    shown = json.loads(world.reporter("show", bucket, "--json").stdout)
    assert ":assumed-role/" in shown["read_by"]
    assert shown["requests"] == {}
    assert ran(world, "--no-deliver", REPORTER_COLLECT__REQUEST_IDS="true")["changes"] == 0
    shown = json.loads(world.reporter("show", bucket, "--json").stdout)
    assert shown["requests"].keys() >= {"ListBuckets", "GetBucketVersioning", "GetBucketLogging"}
    assert all(shown["requests"].values())
    assert world.reporter("verify", "--history").returncode == 0
