"""The outbox emptied against a real mail server: retries, refusals, what is unknown, and what somebody is told of it."""

import sys
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from posting_parts import (
    LEASE_AND_MORE,
    MONDAY,
    Clock,
    open_history,
    put_letters,
    sealed_run,
    settings_for,
    states,
)

from reporter import history
from reporter.deliver.outbox import Outcome
from reporter.run.awaiting import alarms, unsettled
from reporter.run.posting import post, transport
from reporter.simulate.mail import Mailbox, Manners, receive

MINUTE = timedelta(minutes=1)
LEAD, OTHER = "lead@example.com", "other@example.com"


class Office:
    """A history with a run, a mail server with manners, and a clock that is moved by hand."""

    def __init__(self, folder: Path, mailbox: Mailbox, **mail: object) -> None:
        self.folder, self.mailbox, self.clock = folder, mailbox, Clock()
        self.engine = open_history(f"sqlite:///{folder / 'history.db'}")
        self.run = sealed_run(self.engine)
        self.settings = settings_for(mailbox.port, **mail)

    def put(self, *recipients: str) -> None:
        put_letters(self.engine, self.run, self.folder, *(recipients or (LEAD,)))

    def post(
        self, after: timedelta = timedelta(), owner: str = "w", send: object = None, held: bool = False
    ) -> dict[str, int]:
        self.clock.at += after
        way = send or transport(self.settings)
        return dict(post(self.engine, self.settings, way, owner, self.clock, held=held))  # type: ignore[arg-type]

    def row(self, recipient: str = LEAD) -> history.Delivery:
        return next(row for row in history.deliveries(self.engine) if row.recipient == recipient)

    def log(self, recipient: str = LEAD) -> list[str]:
        entries = history.entries(self.engine, "delivery", str(self.row(recipient).id))
        return [entry.act.removeprefix("delivery.") for entry in entries]


@pytest.fixture
def mailbox(tmp_path: Path):
    with receive(tmp_path / "mail") as mailbox:
        yield mailbox


@pytest.fixture
def office(tmp_path: Path, mailbox: Mailbox) -> Office:
    return Office(tmp_path, mailbox)


def test_a_greylisted_mail_arrives_at_the_second_try_with_the_same_message_id(office: Office) -> None:
    """It waits a minute, and the log shows each step with the server's words; nothing was `sending` while it was refused."""
    office.mailbox.manners = Manners(greylist=1)
    office.put()
    assert office.post() == {"pending": 1}
    row = office.row()
    assert (row.next_attempt_at, row.detail) == (MONDAY + MINUTE, "451 4.7.1 Greylisted, please come back later")
    assert office.post(timedelta(seconds=59)) == {}
    assert office.post(timedelta(seconds=1)) == {"sent": 1}
    assert office.log() == ["queued", "claimed", "pending", "claimed", "sending", "sent"]
    (received,) = office.mailbox.messages
    mail = message_from_bytes(received.path.read_bytes(), policy=default)
    assert mail["Message-ID"] == office.row().message_id
    assert mail["Date"].datetime == MONDAY
    assert office.row().reference == "2.0.0 Taken"
    assert history.verify(office.engine) == ()


def test_one_refusal_does_not_touch_the_others(office: Office) -> None:
    """A permanent refusal is recorded for its recipient in the server's words, and not tried again."""
    office.mailbox.manners = Manners(refuse=("gone@*",))
    office.put(LEAD, "gone@example.com", OTHER)
    assert office.post() == {"sent": 2, "failed": 1}
    assert office.row("gone@example.com").detail == "550 5.1.1 No such mailbox here"
    assert office.post(timedelta(days=2)) == {}
    assert [row.recipient for row in unsettled(office.engine)] == ["gone@example.com"]


def test_a_server_that_is_down_is_asked_once_a_round_and_given_up_within_a_day(tmp_path: Path) -> None:
    """A hundred letters make no hundred connections; each letter waits and fails like the first."""
    with receive(tmp_path / "mail") as mailbox:
        office = Office(tmp_path, mailbox)
        office.settings = settings_for(1)
        office.put(*(f"{n}@example.com" for n in range(5)))
        rounds = 0
        while "pending" in states(office.engine).values():
            office.post(timedelta(hours=4))
            rounds += 1
            assert rounds <= office.settings.mail.attempts
        assert rounds == office.settings.mail.attempts
        assert set(states(office.engine).values()) == {"failed"}


def test_a_wrong_password_is_tried_once_and_the_letters_wait_until_somebody_asks(tmp_path: Path) -> None:
    """Not again by itself, however long: it would have the account locked. Named with its settings, alarmed, never given up."""
    with receive(tmp_path / "mail", user="u", password="right") as mailbox:
        office = Office(tmp_path, mailbox, user="u", password="wrong", attempts=2)
        office.put(*(f"{n}@example.com" for n in range(5)))
        assert office.post() == {"pending": 5}
        assert office.post(timedelta(days=3)) == {}
        for _ in range(3):  # asked for, and still wrong: more often than a letter is tried
            assert office.post(MINUTE, held=True) == {"pending": 5}
        (said,) = alarms(office.engine)  # one for all, for one setting mends them
        assert said.startswith("5 letters, organization to 0@example.com, ")
        assert f"127.0.0.1:{mailbox.port} refused the user name or password (535); see mail.user, and " in said
        assert "mail.password_file or REPORTER_MAIL__PASSWORD" in said
        assert "then `reporter deliver send` sends it" in said
        office.settings = settings_for(mailbox.port, user="u", password="right")
        assert office.post(MINUTE, held=True) == {"sent": 5}
        assert office.log("0@example.com")[:4] == ["queued", "claimed", "held", "asked"]
        assert alarms(office.engine) == ()
        assert history.verify(office.engine) == ()


def test_a_letter_that_waits_for_a_setting_can_be_given_up(tmp_path: Path) -> None:
    """Mail was switched off for good: a person says so, and the alarm is over."""
    with receive(tmp_path / "mail") as mailbox:
        office = Office(tmp_path, mailbox)
        office.put()
        post(office.engine, settings_for(1, transport="none"), None, "w", office.clock)
        assert [row.recipient for row in unsettled(office.engine)] == [LEAD]
        history.resolve(
            office.engine, office.row().id, "sent", by="kim", why="handed over on paper", now=office.clock()
        )
        assert alarms(office.engine) == ()


def test_an_older_runs_letter_leaves_first_though_its_worker_died_over_it(office: Office) -> None:
    """The newer one was queued while the older was in a dead process's hands: they arrive in the order of their runs."""
    office.put()
    history.claim(office.engine, "host:1:dead", MONDAY)
    newer = sealed_run(office.engine, MONDAY + MINUTE)
    put_letters(office.engine, newer, office.folder, LEAD, at=MONDAY + MINUTE)
    office.clock.at += 2 * MINUTE
    way = transport(office.settings)
    ended = post(office.engine, office.settings, way, "heir", office.clock, dead=lambda name: name == "host:1:dead")
    assert ended == {"sent": 2}
    arrived = [message_from_bytes(one.path.read_bytes())["X-Reporter-Run"] for one in office.mailbox.messages]
    assert arrived == [office.run.id, newer.id]


def test_mail_that_is_mended_leaves_by_itself(office: Office) -> None:
    """A wrong setting loses nothing: the letters wait for the next round."""
    office.put(LEAD, OTHER)
    broken = office.settings
    office.settings = settings_for(1)
    assert office.post() == {"pending": 2}
    office.settings = broken
    assert office.post(5 * MINUTE) == {"sent": 2}


@pytest.mark.parametrize(("cut", "arrived"), [("kept", 1), ("lost", 0)])
def test_a_cut_after_the_mail_is_unknown_alarmed_and_never_sent_again_by_itself(
    office: Office, cut: str, arrived: int
) -> None:
    """Whether it was taken cannot be known: a person says so, or has it sent again."""
    office.mailbox.manners = Manners(cut=cut)
    office.put()
    assert office.post() == {"unknown": 1}
    assert office.post(timedelta(days=9)) == {}
    assert len(office.mailbox.messages) == arrived
    (alarm,) = alarms(office.engine)
    assert "organization to lead@example.com: it is not known whether it arrived" in alarm
    assert f"reporter deliver resolve {office.row().id}" in alarm
    history.resolve(office.engine, office.row().id, "pending", by="kim", why="not in the inbox", now=office.clock())
    assert office.post() == {"sent": 1}
    assert alarms(office.engine) == ()
    ids = {message_from_bytes(one.path.read_bytes())["Message-ID"] for one in office.mailbox.messages}
    assert ids == {office.row().message_id}


def test_by_the_rule_resend_an_unknown_mail_goes_again_under_the_same_message_id(tmp_path: Path) -> None:
    """The user chose twice rather than never: the copies are the same bytes, so that mail programs fold them into one."""
    with receive(tmp_path / "mail", manners=Manners(cut="kept")) as mailbox:
        office = Office(tmp_path, mailbox, on_unknown="resend")
        office.put()
        assert office.post() == {"pending": 1}
        assert office.post(MINUTE) == {"sent": 1}
        assert len({one.path.read_bytes() for one in mailbox.messages}) == 1
        assert len(mailbox.messages) == 2


def test_a_letter_that_kills_its_workers_is_given_up(tmp_path: Path) -> None:
    """Under `resend` a worker that dies each time after sending would mail for ever."""
    with receive(tmp_path / "mail") as mailbox:
        office = Office(tmp_path, mailbox, on_unknown="resend", attempts=3)
        office.put()

        class Died(BaseException):
            pass

        def fatal(message: object, going: object) -> Outcome:
            going()  # type: ignore[operator]
            raise Died

        for number in range(3):
            with pytest.raises(Died):
                office.post(LEASE_AND_MORE, f"w{number}", fatal)
        assert office.post(LEASE_AND_MORE, "w9", fatal) == {"unknown": 1}
        assert "given up after 3 tries" in office.row().detail


def test_an_answer_after_the_lease_is_still_the_truth(office: Office) -> None:
    """A server that takes eleven minutes to say yes: meanwhile the row became unknown, and the yes resolves it."""
    office.put()
    real = transport(office.settings)

    def slow(message: object, going: object) -> Outcome:
        outcome = real(message, going)  # type: ignore[misc, arg-type]
        office.clock.at += LEASE_AND_MORE
        assert history.claim(office.engine, "other", office.clock()) == ()
        assert office.row().state == "unknown"
        return outcome

    assert office.post(send=slow) == {"sent": 1}
    assert office.row().state == "sent"
    last = history.entries(office.engine, "delivery", str(office.row().id))[-1]
    assert "the answer came after the lease had ended" in last.detail["why"]


def test_who_lost_the_lease_before_the_last_line_hands_nothing_over(office: Office) -> None:
    """Another worker has the letter by now: it is sent by that one alone."""
    office.put()
    real = transport(office.settings)

    def overtaken(message: object, going: object) -> Outcome:
        office.clock.at += LEASE_AND_MORE
        assert len(history.claim(office.engine, "other", office.clock())) == 1
        return real(message, going)  # type: ignore[misc, arg-type]

    assert office.post(owner="first", send=overtaken) == {"elsewhere": 1}
    assert office.mailbox.messages == []
    assert office.post(LEASE_AND_MORE) == {"sent": 1}
    assert len(office.mailbox.messages) == 1


def test_a_file_that_was_altered_is_not_sent(office: Office) -> None:
    """What leaves is what was recorded, or nothing."""
    office.put()
    (office.folder / "organization.pdf").write_bytes(b"%PDF-1.7 all is well")
    assert office.post() == {"failed": 1}
    assert "was altered after it was made" in office.row().detail
    assert office.mailbox.messages == []


def test_a_file_that_is_gone_fails_with_the_remedy_and_can_be_sent_when_it_is_back(office: Office) -> None:
    """The report is made anew with the same bytes; then a person has it sent."""
    office.put()
    file = office.folder / "organization.pdf"
    data = file.read_bytes()
    file.unlink()
    assert office.post() == {"failed": 1}
    assert "`reporter report` makes it anew" in office.row().detail
    file.write_bytes(data)
    history.resolve(office.engine, office.row().id, "pending", by="kim", why="made anew", now=office.clock())
    assert office.post() == {"sent": 1}


def test_switched_off_mail_waits(office: Office) -> None:
    """Rows of a time when mail was on are kept, not lost."""
    office.put()
    assert dict(post(office.engine, settings_for(1, transport="none"), None, "w", office.clock)) == {"pending": 1}
    assert "mail.transport" in office.row().detail
    assert office.post(MINUTE, held=True) == {"sent": 1}


def test_failures_of_old_runs_do_not_alarm_for_ever(office: Office) -> None:
    """The latest run's failures and everything unknown are open; older failures stay in the log only."""
    office.mailbox.manners = Manners(refuse=("gone@*",))
    office.put("gone@example.com")
    office.post()
    assert len(alarms(office.engine)) == 1
    sealed_run(office.engine, MONDAY + timedelta(days=7))
    assert alarms(office.engine) == ()
    assert office.row("gone@example.com").state == "failed"
