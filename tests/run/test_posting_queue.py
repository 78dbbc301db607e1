"""A run handed over whole: archive, links, mails, webhooks; and what `reporter deliver` says of it."""

import json
import re
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "report"))
sys.path.insert(0, str(Path(__file__).parent.parent / "deliver"))
from organization import organization
from posting_parts import MONDAY, SENDER, Clock, open_history, sealed_run, states
from web_receiver import Receiver, receiving

from reporter import history
from reporter.cli import delivering  # noqa: F401 - registers the commands
from reporter.cli.app import app
from reporter.cli.console import Refusal
from reporter.report.content import Content, Options, build
from reporter.report.edition import Edition
from reporter.report.render import Look
from reporter.run.addressing import addressed, misaddressed
from reporter.run.awaiting import alarms
from reporter.run.lettering import Handed
from reporter.run.posting import post, queue, transport
from reporter.run.publish import Published
from reporter.settings.schema import Settings
from reporter.simulate.mail import Mailbox, Manners, receive
from reporter.simulate.simulation import Simulation

ORG = Edition("organization")
SECRET, PASSWORD = "secret-of-the-webhook", "pa55-of-the-mail"
BUCKET, REGION = "report-archive", "eu-west-1"
SOURCE = organization()


@cache
def content(edition: Edition) -> Content:
    return build(SOURCE, edition, Options(organization="Example Corp"))


class Installation:
    """An installation with all ways out, and a run whose reports are ready."""

    def __init__(self, folder: Path, mailbox: Mailbox, receiver: Receiver, endpoint: str) -> None:
        self.folder, self.mailbox, self.receiver, self.clock = folder, mailbox, receiver, Clock()
        self.url = f"sqlite:///{folder / 'history.db'}"
        self.engine = open_history(self.url)
        self.values: dict[str, Any] = {
            "mail": {
                "transport": "smtp", "host": "127.0.0.1", "port": mailbox.port, "security": "none", "sender": SENDER,
                "timeout_seconds": 5, "user": "u", "password": PASSWORD,
            },
            "recipient": [{"address": "lead@example.com"}, {"address": "LEAD@example.com"}, {"address": "soc@example.com"}],
            "webhook": [{"name": "chat", "url": receiver.url, "form": "slack"}],
            "archive": {
                "directory": folder / "archive", "s3_bucket": BUCKET, "s3_region": REGION,
                "s3_prefix": f"{folder.name}/", "lock_mode": "COMPLIANCE", "lock_days": 30,
            },
            "aws": {"endpoint_url": endpoint},
        }  # fmt: skip
        self.run = sealed_run(self.engine)

    @property
    def settings(self) -> Settings:
        return Settings.model_validate(self.values)

    def published(self, pdf: int = 2000) -> Published:
        place = self.folder / "reports" / "2026-11-23-run-0001"
        place.mkdir(parents=True, exist_ok=True)
        files = {"organization.html": b"<html>", "organization.pdf": b"p" * pdf, "organization-findings.csv": b"a\n"}
        for name, data in files.items():
            (place / name).write_bytes(data)
        page, document, table = (place / name for name in files)
        return Published(ORG, place, page, document, (table,), "3 worsened")

    def queue(self, pdf: int = 2000) -> dict[str, int]:
        previous = history.previous_run(self.engine, self.run)
        rules = self.settings.recipient
        handed = Handed(
            self.run, previous, [self.published(pdf)], addressed(rules, [], ""), content, Look(), misaddressed(rules, [], "")
        )  # fmt: skip
        kinds = dict(queue(self.engine, self.settings, handed, "w", self.clock))
        history.mark_handed_over(self.engine, self.run, self.clock())
        return kinds

    def post(self, after: timedelta = timedelta()) -> dict[str, int]:
        self.clock.at += after
        return dict(post(self.engine, self.settings, transport(self.settings), "w", self.clock))

    def mails(self) -> dict[str, Any]:
        return {
            one.recipients[0]: message_from_bytes(one.path.read_bytes(), policy=default)
            for one in self.mailbox.messages
        }

    def reporter(self, *words: str) -> "Said":
        """The command, with settings as a user has them: secrets in files."""
        folder = self.folder
        (folder / "password").write_text(PASSWORD)
        (folder / "hook").write_text(self.receiver.url)
        archive = self.values["archive"]
        (folder / "reporter.toml").write_text(f"""
[history]
url = "{self.url}"
[aws]
endpoint_url = "{self.values["aws"]["endpoint_url"]}"
[mail]
transport = "smtp"
host = "127.0.0.1"
port = {self.mailbox.port}
security = "none"
sender = "{SENDER}"
user = "u"
password_file = "password"
[[recipient]]
address = "lead@example.com"
[[webhook]]
name = "chat"
url_file = "hook"
form = "slack"
[archive]
directory = "{archive["directory"]}"
s3_bucket = "{BUCKET}"
s3_region = "{REGION}"
s3_prefix = "{archive["s3_prefix"]}"
lock_mode = "GOVERNANCE"
lock_days = 30
""")
        done = CliRunner().invoke(app, [*words, "-c", str(folder / "reporter.toml")])
        if isinstance(done.exception, Refusal):
            return Said(done.exception.code, done.stdout, str(done.exception))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Said(done.exit_code, done.stdout, done.stderr)


@dataclass
class Said:
    """What a command printed, and how it ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


@pytest.fixture
def sim(simulated: Simulation, monkeypatch: pytest.MonkeyPatch) -> Simulation:
    """An archive's bucket in the simulated AWS, reached by the ordinary credential chain."""
    simulated.clear_faults()
    simulated.allow()
    management = simulated.organization.accounts[0].id
    s3 = simulated.client("s3", management, REGION)
    if BUCKET not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        place = {"LocationConstraint": REGION}
        s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True, CreateBucketConfiguration=place)
    for name, value in simulated.environment.items():
        monkeypatch.setenv(name, value)
    return simulated


@pytest.fixture
def here(tmp_path: Path, sim: Simulation) -> Iterator[Installation]:
    with receive(tmp_path / "mail", user="u", password=PASSWORD) as mailbox, receiving(SECRET) as receiver:
        yield Installation(tmp_path, mailbox, receiver, sim.endpoint_url)


def test_everything_leaves_once_by_every_way(here: Installation) -> None:
    """Two archives, two readers (one of them named twice), one channel; again is nothing new."""
    assert here.queue() == {"sent": 2}  # the copies are there before a mail speaks of them
    assert here.post() == {"sent": 3}
    assert states(here.engine) == dict.fromkeys(
        ("archive:folder", "archive:s3", "webhook:chat", "lead@example.com", "soc@example.com"), "sent"
    )
    assert here.queue() == {}
    assert here.post(timedelta(days=1)) == {}
    assert sorted(here.mails()) == ["lead@example.com", "soc@example.com"]
    (news,) = here.receiver.got
    assert news["blocks"][0]["type"] == "header"
    copy = here.folder / "archive" / "2026-11-23-run-0001" / "organization.pdf"
    assert copy.read_bytes() == b"p" * 2000
    assert history.verify(here.engine) == ()


def test_a_report_too_large_for_a_mail_is_opened_by_the_link_in_it(here: Installation) -> None:
    """The mail that arrives has no attachment, says so, and its link opens the very file until the time it tells."""
    here.queue(pdf=6_000_000)
    here.post()
    mail = here.mails()["lead@example.com"]
    assert list(mail.iter_attachments()) == []
    text = mail.get_body(("plain",)).get_content()
    assert "Too large to attach: 2026-11-23-run-0001-organization.pdf (6.0 MB)." in " ".join(text.split())
    assert "until 30 Nov 2026, 07:00 UTC" in " ".join(text.split())
    (link,) = re.findall(r"Open the report: (\S+)", text)
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"p" * 6_000_000


def test_an_archive_that_refuses_holds_up_nobody_and_is_tried_again(here: Installation, sim: Simulation) -> None:
    """The mail leaves without a link and says that there is none; the copy follows when the permission is there."""
    sim.deny("s3:PutObject")
    here.queue(pdf=6_000_000)
    assert here.post() == {"sent": 3}
    text = here.mails()["lead@example.com"].get_body(("plain",)).get_content()
    assert "There is no link to it" in " ".join(text.split())
    (row,) = history.deliveries(here.engine, states={"pending"})
    assert (row.recipient, "s3:PutObject is needed" in row.detail) == ("archive:s3", True)
    sim.allow()
    assert here.post(timedelta(minutes=1)) == {"sent": 1}


def test_an_archive_that_was_tampered_with_is_alarmed(here: Installation) -> None:
    """Another content under the report's name is never overwritten, and somebody must look."""
    place = here.folder / "archive" / "2026-11-23-run-0001"
    place.mkdir(parents=True)
    (place / "organization.pdf").write_bytes(b"all is well")
    here.queue()
    assert states(here.engine)["archive:folder"] == "failed"
    assert any("another content" in text for text in alarms(here.engine))
    assert (place / "organization.pdf").read_bytes() == b"all is well"


def test_a_channel_that_does_not_answer_is_unknown_and_not_told_twice(here: Installation) -> None:
    """A webhook has the same states as a mail."""
    here.receiver.answers[:] = [0]
    here.queue()
    assert here.post() == {"sent": 2, "unknown": 1}
    assert here.post(timedelta(days=1)) == {}
    assert len(here.receiver.got) == 1
    here.receiver.answers[:] = [503, 200]
    here.values["webhook"].append({"name": "second", "url": here.receiver.url})
    assert here.queue() == {}
    assert [here.post(), here.post(timedelta(minutes=1))] == [{"pending": 1}, {"sent": 1}]
    assert len(set(here.receiver.keys[1:])) == 1


def test_while_mail_is_off_none_is_queued(here: Installation) -> None:
    """Otherwise weeks of reports would leave on the day it is switched on."""
    here.values["mail"]["transport"] = "none"
    here.queue()
    assert set(states(here.engine)) == {"archive:folder", "archive:s3", "webhook:chat"}


def test_what_cannot_be_addressed_is_failed_and_alarmed(here: Installation) -> None:
    """It never was a mail, and it is not forgotten."""
    here.values["recipient"].append({"address": "jörg@example.com"})
    here.queue()
    assert here.post() == {"sent": 3, "failed": 1}
    assert any("jörg@example.com: it was not delivered (is no mail address" in text for text in alarms(here.engine))


def test_the_next_report_tells_whom_the_last_one_may_not_have_reached(here: Installation) -> None:
    """In the mail to them, and to nobody else."""
    here.mailbox.manners = Manners(cut="lost")
    here.queue()
    assert here.post() == {"unknown": 1, "sent": 2}
    lost = next(row.recipient for row in history.deliveries(here.engine, states={"unknown"}))
    here.clock.at += timedelta(days=7)
    here.run = sealed_run(here.engine, MONDAY + timedelta(days=7))
    here.queue()
    here.post()
    texts = {to: " ".join(mail.get_body(("plain",)).get_content().split()) for to, mail in here.mails().items()}
    told = {to for to, text in texts.items() if "The report of 2026-11-23 (run 1) may not have reached you" in text}
    assert told == {lost}
    last = here.mailbox.messages[-1]
    mail = message_from_bytes(last.path.read_bytes(), policy=default)
    assert mail["In-Reply-To"] == next(
        row.message_id for row in history.deliveries(here.engine) if row.recipient == last.recipients[0]
    )


def test_the_log_is_what_an_auditor_needs_and_holds_no_secret(here: Installation) -> None:
    """Times, tries, Message-ID, the provider's words, every step; exit code 1 and red while something is open."""
    here.mailbox.manners = Manners(cut="lost")
    here.queue()
    here.post()
    table = here.reporter("deliver")
    assert table.exit_code == 1
    head, *rows = table.stdout.splitlines()
    assert head.split() == [
        "ID",
        "STATE",
        "RUN",
        "QUEUED",
        "(UTC)",
        "SETTLED",
        "(UTC)",
        "TRIES",
        "EDITION",
        "RECIPIENT",
        "MESSAGE-ID",
        "ANSWER",
    ]
    assert len(rows) == 6
    assert rows[-1] == "5 deliveries, 4 sent, 1 unknown"
    sent = next(row for row in rows if "soc@example.com" in row)
    for part in ("sent", "#1", "2026-11-23 07:00:00", "organization", "@example.com>", "2.0.0 Taken"):
        assert part in sent
    assert "it is not known whether it arrived" in table.stderr
    told = json.loads(here.reporter("deliver", "--json", "--run", "last").stdout)
    one = next(row for row in told if row["recipient"] == "soc@example.com")
    assert [step["act"] for step in one["log"]] == ["queued", "claimed", "sending", "sent"]
    assert one["attachments"][0]["name"] == "2026-11-23-run-0001-organization.pdf"
    unknown = next(row for row in told if row["state"] == "unknown")
    shown = here.reporter("deliver", "show", str(unknown["id"]))
    assert "handed over" in shown.stdout
    for output in (table.output, json.dumps(told), shown.output):
        assert SECRET not in output
        assert PASSWORD not in output


def test_an_unknown_delivery_is_resolved_on_the_command_line(here: Installation) -> None:
    """A reason is asked for, and who decided it is on record; then the alarm is over."""
    here.mailbox.manners = Manners(cut="lost")
    here.queue()
    here.post()
    (row,) = history.deliveries(here.engine, states={"unknown"})
    assert here.reporter("deliver", "resolve", str(row.id), "pending").exit_code == 2
    done = here.reporter("deliver", "resolve", str(row.id), "pending", "--why", "not in the inbox")
    assert done.exit_code == 0, done.output
    assert here.reporter("deliver", "send").stdout.splitlines() == ["1 sent"]
    assert here.reporter("deliver").exit_code == 0
    shown = here.reporter("deliver", "show", str(row.id)).stdout
    assert "not in the inbox" in shown
    again = here.reporter("deliver", "resolve", "99", "sent", "--why", "x")
    assert again.exit_code == 1
    assert "does not exist" in again.stderr


def test_each_way_out_is_tried_with_a_word_that_says_so(here: Installation, sim: Simulation) -> None:
    """A mail, a file in each archive (locked for a day only), each channel; the outbox stays empty, and no secret is printed."""
    done = here.reporter("deliver", "test", "--to", "me@example.com")
    assert done.exit_code == 0, done.output
    ways = [text.split()[1] for text in done.stdout.splitlines()]
    assert ways == ["mail", "archive:folder", "archive:s3", "webhook:chat"]
    assert here.mails()["me@example.com"]["Subject"] == "[reporter] A test of delivery"
    assert "test" in here.receiver.got[0]["text"]
    assert history.deliveries(here.engine) == ()
    key = re.search(rf"s3://{BUCKET}/(\S+)", done.stdout)
    assert key is not None
    head = sim.client("s3", sim.organization.accounts[0].id, REGION).head_object(Bucket=BUCKET, Key=key[1])
    assert head["ObjectLockMode"] == "GOVERNANCE"
    here.receiver.answers[:] = [404]
    failed = here.reporter("deliver", "test", "--to", "not an address")
    assert failed.exit_code == 1
    assert "is no mail address" in failed.stdout
    assert "HTTP 404" in failed.stdout
    assert SECRET not in done.output + failed.output
    assert PASSWORD not in done.output + failed.output


def test_letters_of_a_run_that_was_overtaken_say_so(here: Installation) -> None:
    """Made late, after a newer run was told: subject, text, chat and the delivery log say that it is not the latest."""
    newer = sealed_run(here.engine, MONDAY + timedelta(hours=1))
    here.queue()
    here.post()
    said = f"This is not the latest: run {newer.seq} of 2026-11-23 08:00 UTC is newer."
    mail = here.mails()["lead@example.com"]
    assert mail["Subject"].endswith(" (older than what was sent last)")
    assert " ".join(mail.get_body(("plain",)).get_content().split()).count(said) == 1
    assert said in json.dumps(here.receiver.got)
    (row,) = [one for one in history.deliveries(here.engine) if one.recipient == "lead@example.com"]
    assert f"says         {said}" in here.reporter("deliver", "show", str(row.id)).stdout
