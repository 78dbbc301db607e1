"""Watching between two runs, over the simulation: told once, grouped, bounded, and only what got worse."""

import http.server
import json
import os
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from reporter import history
from reporter.deliver.aws import Cloud
from reporter.deliver.topic import is_topic, publish
from reporter.model import Actor, Attribution, Change, ChangeKind, Direction, Op, Run
from reporter.report.render import Look
from reporter.run.alerting import Desk, To, lines, message, queue
from reporter.run.execute import Request, execute
from reporter.run.posting import post, transport
from reporter.run.watching import NothingToCompare, Wanted, Watched, look
from reporter.settings import Settings, database_url, load
from reporter.simulate.people import CLI, iam_user

ACTOR = {"ip": "203.0.113.9", "agent": CLI}
QUIET = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


class Watch:
    """A first run done, and looks after it."""

    def __init__(self, world):
        self.sim, self.mailbox, self.folder = world.sim, world.mailbox, world.folder
        self.settings = load(world.folder / "reporter.toml", {"REPORTER_HISTORY__URL": world.database})
        self.engine = history.connect(database_url(self.settings))
        history.prepare(self.engine, datetime.now(UTC))
        self.ahead = timedelta()

    def clock(self):
        return datetime.now(UTC) + self.ahead

    def run(self):
        execute(self.settings, Request(deliver=False), owner="t", clock=self.clock, tell=lambda *_: None)

    def look(self, *parts, **wanted):
        return look(self.settings, Wanted(parts or Wanted().parts, **wanted), self.engine, self.clock, lambda *_: None)

    def tell(self, watched, **to):
        desk = Desk(self.settings, To(**({"addresses": ("lead@example.com",)} | to)), folder=self.folder / "watch")
        queued = queue(self.engine, watched, desk)
        post(self.engine, self.settings, transport(self.settings), "t", self.clock)
        return queued

    def act(self, account, service, operation, **params):
        return self.sim.act(account, service, operation, actor=iam_user(account, "mallory", **ACTOR), **params)

    def buckets(self):
        """(account, region, name) of the workloads' buckets that have a block of their own."""
        return [
            (member.id, bucket.region, bucket.name)
            for member in self.sim.organization.accounts
            for bucket in member.buckets
            if bucket.public_access_block and all(bucket.public_access_block.values())
        ]

    def unblock(self, account, region, name):
        self.act(account, "s3", "delete_public_access_block", region=region, Bucket=name)

    def trail(self):
        root = self.sim.organization.accounts[0]
        return (
            root.id,
            f"arn:aws:cloudtrail:{root.trails[0].region}:{root.id}:trail/{root.trails[0].name}",
            root.trails[0].region,
        )


@pytest.fixture
def watch(world):
    """A baseline, and the means to look again."""
    with patch.dict(os.environ, world.sim.environment):
        watch = Watch(world)
        watch.run()
        yield watch
        watch.engine.dispose()


def test_without_a_run_there_is_nothing_to_compare(world):
    """The first thing to do is a run, and that is what is said."""
    with patch.dict(os.environ, world.sim.environment), pytest.raises(NothingToCompare, match="reporter run"):
        Watch(world).look()


def test_a_quiet_look_is_cheap_and_tells_nothing(watch):
    """Nothing changed: no alert, and far fewer calls than a run; what was looked at is counted."""
    watch.sim.counts(reset=True)
    watched = watch.look()
    assert watched.alerts == ()
    assert watched.accounts == 5
    assert watched.calls < 200
    assert not any(
        "Organizations" in name or "organizations" in name
        for calls in watch.sim.counts()["calls"].values()
        for name in calls
    )
    text = "\n".join(map(str, lines(watched, watched.alerts)))
    assert text.startswith("Changes not told: none.")
    assert f"Accounts looked at: 5, calls: {watched.calls}, accounts not reached: 0, reads that failed: 0." in text


def test_what_got_worse_is_told_once_with_who_did_it(watch):
    """Logging is stopped: one mail with the change, the checks, the person; the next look tells nobody again."""
    account, arn, region = watch.trail()
    watch.act(account, "cloudtrail", "stop_logging", region=region, Name=arn)
    watched = watch.look()
    (alert,) = watched.alerts
    assert (alert.resource, alert.severity, alert.direction.value) == (arn, "critical", "worsened")
    assert alert.checks["cloudtrail-logging"] == "pass -> fail"
    assert watched.who[0].actors[0].principal == "mallory (IAM user)"
    assert watch.tell(watched).letters == 1
    (mail,) = watch.mailbox.messages
    text = mail.path.read_text(errors="replace")
    assert "Subject: [reporter] CRITICAL, 1 thing got worse" in text
    assert "Status.IsLogging true -> false" in text.replace("=\n", "")
    assert "mallory" in text
    again = watch.look()
    queued = watch.tell(again)
    assert (queued.letters, queued.known) == (0, 1)
    assert len(watch.mailbox.messages) == 1
    watch.run()  # the next run records it
    assert watch.look().alerts == ()


def test_off_and_on_again_between_two_looks_is_told(watch):
    """Logging off for five minutes is no difference of two states, and is told all the same."""
    account, arn, region = watch.trail()
    watch.sim.advance(minutes=1)
    watch.act(account, "cloudtrail", "stop_logging", region=region, Name=arn)
    watch.sim.advance(minutes=5)
    watch.act(account, "cloudtrail", "start_logging", region=region, Name=arn)
    (alert,) = watch.look("trails").alerts
    assert "logging was off" in alert.summary
    assert alert.direction.value == "mixed"


def test_what_did_not_get_worse_is_counted_not_told(watch):
    """An improvement, a denial and a change of no weight make no alert; each is in the counts."""
    account, region, name = watch.buckets()[0]
    watch.act(
        account,
        "s3",
        "put_bucket_versioning",
        region=region,
        Bucket=name,
        VersioningConfiguration={"Status": "Enabled"},
    )
    watch.sim.deny("s3:GetBucketPolicy", account=account)
    watched = watch.look("exposure", "protection")
    assert watched.alerts == ()
    assert watched.unread > 0
    assert sum(watched.hidden.values()) <= 1
    assert watch.tell(watched).letters == 0


def test_an_account_out_of_reach_is_no_deletion(watch):
    """A role that cannot be assumed and a trail that cannot be listed make nothing worse; both are counted. But an account
    that holds nothing of what is watched any more was reached: what it held is gone."""
    member = watch.sim.organization.accounts[2]
    watch.sim.account(member.id, assumable=False)
    account, arn, region = watch.trail()
    watch.sim.deny("cloudtrail:DescribeTrails", account=account)
    watched = watch.look()
    assert watched.alerts == ()
    assert watched.unreachable == (member.id,)
    assert watched.unread == 1
    watch.sim.allow()
    watch.sim.account(member.id, assumable=True)
    watch.act(account, "cloudtrail", "delete_trail", region=region, Name=arn)
    watched = watch.look("trails")
    assert [(one.resource, one.kind.value, one.direction.value) for one in watched.alerts] == [
        (arn, "deleted", "worsened")
    ]
    assert (watched.unreachable, watched.unread, watched.share) == ((), 0, 100)


def test_the_same_on_many_is_one_line(watch):
    """A field that gets worse on many resources at once is one loud line, and still told; the subject counts each once."""
    buckets = watch.buckets()
    assert len(buckets) >= 5
    for bucket in buckets:
        watch.unblock(*bucket)
    watched = watch.look("exposure", severity="low")
    (loud,) = watched.loud
    assert loud.path == "PublicAccessBlock"
    assert loud.worsened == loud.changed >= 5
    assert watch.tell(watched).letters == 1
    text = watch.mailbox.messages[0].path.read_text().replace("=\n", "")
    assert "changed on" in text
    assert "1 setting changed on many resources at once" in text
    assert f"MANY AT ONCE, {watched.folded} things got worse" in text
    assert watched.folded == loud.changed


def test_the_daily_bound_holds_back_and_catches_up(watch):
    """After the day's last message new alerts wait, counted; the next day's first message carries them."""
    account, arn, region = watch.trail()
    watch.act(account, "cloudtrail", "stop_logging", region=region, Name=arn)
    assert watch.tell(watch.look(), daily=1).letters == 1
    watch.act(account, "cloudtrail", "update_trail", region=region, Name=arn, IsMultiRegionTrail=False)
    held = watch.tell(watch.look(), daily=1)
    assert (held.letters, held.held) == (0, 1)
    watch.ahead = timedelta(hours=25)
    assert watch.tell(watch.look(), daily=1).letters == 1
    assert "IsMultiRegionTrail true -> false" in watch.mailbox.messages[-1].path.read_text().replace("=\n", "")


def test_webhooks_are_told_in_their_form(watch):
    """JSON for programs with every difference, Slack's blocks for people; each once."""
    with _listener() as (port, heard):
        values = watch.settings.model_dump() | {
            "webhook": (
                {"name": "siem", "url": f"http://127.0.0.1:{port}/siem", "form": "json"},
                {"name": "chat", "url": f"http://127.0.0.1:{port}/chat", "form": "slack"},
            )
        }
        watch.settings = Settings.model_validate(values)
        account, arn, region = watch.trail()
        watch.act(account, "cloudtrail", "stop_logging", region=region, Name=arn)
        watched = watch.look()
        assert watch.tell(watched, addresses=(), webhooks=("siem", "chat")).letters == 2
        assert watch.tell(watch.look(), addresses=(), webhooks=("siem", "chat")).letters == 0
    assert sorted(heard) == ["/chat", "/siem"]
    siem = json.loads(heard["/siem"])
    assert siem["schema"] == "reporter/alert/1"
    assert siem["changes"][0]["resource"] == arn
    assert "Status.IsLogging true -> false" in siem["changes"][0]["differences"]
    who = siem["changes"][0]["who"]
    assert (who["confidence"], who["actors"][0]["principal"]) == ("exact", "mallory (IAM user)")
    (head, _, bullet) = json.loads(heard["/chat"])["blocks"]
    assert head["text"]["text"].startswith("CRITICAL, 1 thing got worse")
    assert "by mallory (IAM user) (203.0.113.9, cli) StopLogging" in bullet["text"]["text"]


def test_a_channel_is_not_told_that_one_did_what_several_did():
    """Changes alike are one line; by the one who made most of them, with how many, and how many others there are."""
    at = datetime(2026, 11, 22, 2, tzinfo=UTC)
    op = Op(
        "changed", "PublicAccessBlock.BlockPublicPolicy", True, False, "security", "BlockPublicPolicy true -> false"
    )
    opened = [
        Change(
            "111122223333", "eu-west-1", "AWS::S3::Bucket", name, "", ChangeKind.MODIFIED, None, at, "security",
            Direction.WORSENED, "high", (op,), "opened",
        )
        for name in "abc"
    ]  # fmt: skip
    by = {name: Attribution("exact", "", (Actor("e", "PutX", at, name),)) for name in ("alice", "mallory")}
    base = Run("r", at)

    def line(*names):
        who = {place: by[name] for place, name in enumerate(names) if name}
        watched = Watched(base, at, tuple(opened), who, (), {}, 1, (), 0, 0)
        (said,) = message(Settings(), watched, opened, Look()).news.lines
        return said.partition("opened")[2]

    one = "; by mallory PutX 2026-11-22 02:00Z [exact]"
    assert line("mallory", "mallory", "mallory") == one
    assert line("alice", "mallory", "mallory") == f"{one}, 2 of 3, others by 1 more"
    assert line("", "mallory", "mallory") == f"{one}, 2 of 3"
    assert line("", "", "") == ""


def test_a_topic_is_told(world):
    """An SNS topic gets the alert as JSON with a plain subject; a topic that is not there is a lasting refusal."""
    with patch.dict(os.environ, world.sim.environment):
        cloud = Cloud(endpoint_url=world.sim.endpoint_url, region="us-east-1")
        account = world.sim.organization.accounts[0].id
        made = world.sim.client("sns", account, "us-east-1").create_topic(Name="alerts")["TopicArn"]
        went = []
        sent = publish(
            cloud, made, {"headline": "CRITICAL, 1 thing got worse – Größe", "lines": []}, lambda: went.append(1)
        )
        assert (sent.result, went) == ("sent", [1])
        assert publish(cloud, made + "-not", {"headline": "x"}, lambda: None).result == "permanent"
    assert is_topic(made)
    assert not is_topic("https://hooks.example.com/x")


@contextmanager
def _listener():
    heard = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            heard[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, heard
    finally:
        server.shutdown()
        server.server_close()


def test_the_command_prints_tells_and_leaves_with_a_code(world):
    """`reporter watch`: 0 while nothing is worse, 4 when something is; text and JSON agree; `attribute` asks again."""
    assert world.reporter("run", "--no-deliver").returncode == 0
    quiet = world.reporter("watch")
    assert quiet.returncode == 0, quiet.stderr
    assert "Nothing got worse." in quiet.stdout
    root = world.sim.organization.accounts[0]
    arn = f"arn:aws:cloudtrail:{root.trails[0].region}:{root.id}:trail/{root.trails[0].name}"
    world.sim.act(
        root.id,
        "cloudtrail",
        "stop_logging",
        region=root.trails[0].region,
        Name=arn,
        actor=iam_user(root.id, "mallory", **ACTOR),
    )
    loud = world.reporter("watch", "--part", "trails")
    assert loud.returncode == 4, loud.stderr
    assert "1 message queued; 0 changes told before" in loud.stdout
    assert "Changes not told: none." in loud.stdout
    held = world.reporter("watch", "--part", "trails", "--to", "other@example.com", REPORTER_MAIL__PORT="1")
    assert "1 message of a watch did not leave or may not have" in " ".join(held.stderr.split())
    again = json.loads(world.reporter("watch", "--no-deliver", "--json").stdout)
    assert [one["change"]["resource"] for one in again["alerts"]] == [arn]
    member = world.sim.organization.accounts[-1].id
    world.sim.account(member, assumable=False)
    blind = world.reporter("watch", "--account", member)
    assert (blind.returncode, "Nothing is known: not one account could be reached." in blind.stdout) == (3, True)
    wrong = world.reporter("watch", "--part", "nonsense")
    assert wrong.returncode == 2
    assert "--part nonsense: there is no such part; use one of trails, exposure, protection" in wrong.stderr
    assert world.reporter("attribute").stdout == "every change has been asked about\n"
