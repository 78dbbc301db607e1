"""How a run ends when something is in its way: said in one sentence, with the exit code that fits and the next step."""

import json
import os
import signal
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from unittest.mock import patch

import pytest
from starlette.testclient import TestClient
from test_whole_run import ran
from world import World

from reporter import history
from reporter.model import ChangeKind
from reporter.report.sign import new_key, verified_head
from reporter.run.execute import Request, execute
from reporter.settings import data_file, load
from reporter.simulate.mail import Manners, receive
from reporter.web.app import application


def test_a_refused_mail_ends_with_3_the_reason_and_the_command(world: World) -> None:
    """The run itself is done; who was not reached, why, and what to type are printed, and are in the JSON."""
    world.mailbox.manners = Manners(refuse=("lead@*",))
    told = ran(world, code=3)
    (letter,) = told["undelivered"]
    assert (letter["recipient"], letter["state"]) == ("lead@example.com", "failed")
    assert "550" in letter["detail"]
    assert f"deliver resolve {letter['id']} pending" in letter["next"]
    done = world.reporter("run")
    assert done.returncode == 3
    assert "lead@example.com: it was not delivered (" in done.stdout
    assert "deliver send" in done.stdout


def test_a_mail_server_that_is_away_ends_with_3_and_says_when_it_is_tried_again(world: World) -> None:
    """Nothing is lost: the letter waits, and the command that sends it is named."""
    told = ran(world, code=3, REPORTER_MAIL__PORT="9")
    (letter,) = told["undelivered"]
    assert letter["state"] == "pending"
    assert letter["detail"]
    assert "deliver send" in letter["next"]


def test_one_number_of_calls_everywhere(world: World) -> None:
    """What the run prints, what its history holds and what AWS counted are the same; the organization is counted once."""
    world.sim.counts(reset=True)
    told = ran(world, REPORTER_COLLECT__ATTRIBUTION="false")
    sent = sum(sum(calls.values()) for calls in world.sim.counts()["calls"].values())
    engine = history.connect(world.database)
    readings = tuple(history.readings(engine, history.run_of(engine, "last"), history.Within()))
    assert told["calls"] == sum(one.calls for one in readings) == sent
    assert told["denied"] == sum(one.denied for one in readings)


def test_several_processes_read_the_same(world: World) -> None:
    """--processes: every account once, the same coverage, and the next run finds nothing changed."""
    assert ran(world, "--processes", "2")["coverage"]["read"] == 5
    assert ran(world)["changes"] == 0


@pytest.mark.parametrize("kind", ["a file", "read-only"])
def test_a_folder_that_cannot_be_written_to_is_said_before_anything_is_read(world: World, kind: str) -> None:
    """Exit code 2, one sentence, and AWS has heard nothing."""
    place = world.folder / "place"
    if kind == "a file":
        place.write_text("not a folder", encoding="utf-8")
    else:
        place.mkdir()
        place.chmod(stat.S_IRUSR | stat.S_IXUSR)
        if os.access(place, os.W_OK):
            pytest.skip("this user may write everywhere")
    world.sim.counts(reset=True)
    done = world.reporter("run", REPORTER_REPORT__DIRECTORY=str(place / "reports"))
    assert done.returncode == 2
    assert str(place) in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert world.sim.counts()["calls"] == {}


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"])
def test_a_run_that_is_stopped_says_how_to_go_on(world: World, sign: signal.Signals, code: int) -> None:
    """One line with what is stored, no traceback, no child left; --resume then finishes the same run."""
    world.sim.fault("delay", "s3:*", seconds=0.2)
    process = world.begin("run", REPORTER_COLLECT__THREADS="1")
    wait_for(lambda: recorded(world) >= 1)
    process.send_signal(sign)
    out, err = process.communicate(timeout=60)
    world.sim.clear_faults()
    assert process.returncode == code, out + err
    assert "Traceback" not in out + err
    assert "run --resume" in err.strip().splitlines()[-1]
    begun = history.unfinished(history.connect(world.database), "manual")
    assert begun is not None
    told = ran(world, "--resume")
    assert told["run"]["id"] == begun[0].id
    assert told["resumed"]


def test_a_run_that_is_stopped_while_it_mails_is_resumed(world: World) -> None:
    """The reports are made and the letter waits: said so, and --resume sends it, once."""
    world.mailbox.manners = Manners(slow=3)
    process = world.begin("run")
    wait_for(lambda: letters(world, "claimed") == 1)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 143, out + err
    assert "1 letter has not left yet" in err.strip().splitlines()[-1]
    world.mailbox.manners = Manners()
    told = ran(world, "--resume")
    assert told["resumed"]
    assert told["deliveries"] == {"sent": 1}
    assert len(world.mailbox.messages) == 1
    assert world.reporter("run", "--resume").returncode == 1


def test_who_stops_the_mails_by_the_link_in_one_gets_none_and_that_is_told(world: World) -> None:
    """One click, as a mail program sends it, to the pages that `serve` shows; each run then says so, until a person undoes it."""
    stop = {"REPORTER_MAIL__UNSUBSCRIBE": "https://127.0.0.1/stop/{token}"}
    ran(world, **stop)
    mail = message_from_bytes(world.mailbox.messages[0].path.read_bytes(), policy=default)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip("<>")
    assert link in mail.get_body(("plain",)).get_content()
    engine = history.connect(world.database)
    with TestClient(application(engine, data_file("templates"), "Example"), base_url="https://127.0.0.1") as web:
        assert web.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    told = ran(world, **stop)
    assert (told["deliveries"], told["undelivered"], len(world.mailbox.messages)) == ({}, [], 1)
    (note,) = told["notes"]
    assert note.startswith("lead@example.com asked for no more mails on ")
    assert "asked for no more mails" in world.reporter("deliver").stdout
    undone = world.reporter("deliver", "resume", "Lead@example.com", "--why", "she asked me to")
    assert undone.returncode == 0, undone.stderr
    assert history.unsubscribed(engine) == {}
    assert history.verify(engine) == ()


def test_a_wrong_password_is_named_with_its_settings_and_deliver_send_mends_it(world: World, tmp_path: Path) -> None:
    """Tried once, held, alarmed with the setting; with the right password the letter leaves by one command."""
    with receive(tmp_path / "guarded", user="u", password="right") as guarded:
        way = {"REPORTER_MAIL__PORT": str(guarded.port), "REPORTER_MAIL__USER": "u", "REPORTER_MAIL__PASSWORD": "wrong"}
        done = world.reporter("run", **way)
        assert done.returncode == 3
        assert "refused the user name or password (535); see mail.user, and mail.password_file or " in done.stdout
        assert "tries again" not in done.stdout
        assert guarded.said["535"] <= 1
        log = world.reporter("deliver", **way)
        assert (log.returncode, "held until that is mended" in log.stdout) == (1, True)
        sent = world.reporter("deliver", "send", **(way | {"REPORTER_MAIL__PASSWORD": "right"}))
        assert (sent.returncode, sent.stdout.strip()) == (0, "1 sent"), sent.stderr
        assert len(guarded.messages) == 1


def letters(world: World, state: str) -> int:
    """How many letters are in a state; none while there is no history."""
    with suppress(sqlite3.OperationalError), sqlite3.connect(world.folder / "reporter.db") as connection:
        return int(connection.execute("select count(*) from delivery where state = ?", [state]).fetchone()[0])
    return 0


def test_a_head_is_signed_with_the_run(world: World) -> None:
    """[sign] key_file: the head stands signed beside the reports and in the history, and the signature holds."""
    key = world.folder / "head.key"
    key.write_bytes(new_key())
    told = ran(world, REPORTER_SIGN__KEY_FILE=str(key))
    assert told["notes"] == []
    engine = history.connect(world.database)
    (signed,) = history.signatures(engine, history.run_of(engine, "last"))
    assert verified_head(signed.document)["chain"] == told["run"]["chain"]
    beside = Path(told["reports"][0]["html"]).parent / f"head-{told['run']['seq']:04d}.json"
    assert beside.read_bytes() == signed.document
    assert history.verify(engine) == ()


def test_a_signing_key_that_cannot_be_used_is_refused_before_reading(world: World) -> None:
    """Exit code 2, one sentence with the file."""
    key = world.folder / "head.key"
    key.write_text("no key", encoding="utf-8")
    done = world.reporter("run", REPORTER_SIGN__KEY_FILE=str(key))
    assert done.returncode == 2
    assert str(key) in done.stderr


def test_what_another_run_left_unsent_goes_to_its_own_schedule(world: World) -> None:
    """A sealed run of a schedule that was never handed over is mailed to that schedule's recipients, whoever finishes it."""
    with (world.folder / "reporter.toml").open("a", encoding="utf-8") as file:
        file.write('[[recipient]]\naddress = "monthly@example.com"\nschedules = ["monthly"]\n')
    settings = load(world.folder / "reporter.toml", {"REPORTER_HISTORY__URL": world.database})
    asked = Request(kind="scheduled", schedule="monthly")
    with patch.dict(os.environ, world.sim.environment), pytest.raises(Killed):
        execute(settings, asked, owner="dead", clock=lambda: datetime.now(UTC), tell=killed_at("report"))
    engine = history.connect(world.database)
    run = history.run_of(engine, "last")
    assert history.deliveries(engine, run) == ()
    told = json.loads(world.reporter("run", "--json").stdout)
    assert told["resumed"]
    assert told["run"]["id"] == run.id
    sent = {row.recipient for row in history.deliveries(engine, run)}
    assert sent == {"lead@example.com", "monthly@example.com"}


def test_accounts_that_are_not_listed_any_more_are_read_as_last_known(world: World) -> None:
    """Organizations refuses to list: nobody has left, everybody is read, and that the list is not complete is said."""
    ran(world)
    world.sim.deny("organizations:ListAccounts")
    told = ran(world, code=3)
    world.sim.allow()
    coverage = told["coverage"]
    assert coverage["accounts"] == coverage["read"] + coverage["partial"] == 5
    engine = history.connect(world.database)
    kinds = {change.kind for change in history.changes(engine, run=history.run_of(engine, "last"))}
    assert ChangeKind.LEFT_ORG not in kinds


def test_what_came_and_went_is_kept_with_the_run(world: World) -> None:
    """collect.reverted: a block taken off and put back between two runs is stored before the seal, with who did it."""
    ran(world)
    member = next(one for one in world.sim.organization.accounts if one.buckets)
    bucket = next(one for one in member.buckets if one.public_access_block and all(one.public_access_block.values()))
    world.catch_up()
    for act, more in (
        ("delete_public_access_block", {}),
        ("put_public_access_block", {"PublicAccessBlockConfiguration": dict(bucket.public_access_block or {})}),
    ):
        world.sim.act(member.id, "s3", act, region=bucket.region, Bucket=bucket.name, **more)
    assert ran(world, REPORTER_COLLECT__REVERTED="true")["changes"] == 0
    engine = history.connect(world.database)
    kept = history.reverted(engine, history.run_of(engine, "last"), history.Within())
    assert kept is not None
    assert [change.resource for change, _ in kept.changes] == [bucket.name]
    assert history.verify(engine) == ()


def test_an_edition_of_a_unit_that_is_gone_fails_one_letter_not_the_run(world: World) -> None:
    """A recipient's unit was renamed: that letter says so, the others arrive."""
    with (world.folder / "reporter.toml").open("a", encoding="utf-8") as file:
        file.write('[[recipient]]\naddress = "unit@example.com"\nedition = "ou:Root/Renamed"\n')
    told = ran(world, code=3)
    assert told["deliveries"] == {"sent": 1, "failed": 1}
    (letter,) = told["undelivered"]
    assert (letter["recipient"], "no account is below such a unit" in letter["detail"]) == ("unit@example.com", True)


def recorded(world: World) -> int:
    """How many accounts the run under way has stored."""
    file = world.folder / "reporter.db"
    if not file.exists() or file.stat().st_size == 0:
        return 0
    engine = history.connect(world.database)
    try:
        begun = history.unfinished(engine, "manual")
        return len(history.recorded_accounts(engine, begun[0])) if begun else 0
    except history.HistoryError:
        return 0
    finally:
        engine.dispose()


def wait_for(true: Callable[[], bool], seconds: float = 30) -> None:
    """Until it is so."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


class Killed(Exception):
    """The process ends here."""


def killed_at(stage: str) -> Callable[[str, int, int, str], None]:
    """Progress that ends the process at the first word of a stage."""

    def tell(now_at: str, done: int, total: int, what: str) -> None:
        if now_at == stage:
            raise Killed

    return tell
