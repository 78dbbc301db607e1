"""What a dead sender held is not left to its lease, and who is sending now is said."""

import os
import sys
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parent))
from posting_parts import MONDAY, Clock, open_history, put_letters, sealed_run, settings_for, states

from reporter import history
from reporter.deliver.outbox import LEASE
from reporter.run.awaiting import LATE, in_hand, left, overdue, trouble, troubles
from reporter.run.clock import behind, dated_before
from reporter.run.posting import post, transport
from reporter.run.stopping import standing
from reporter.run.trying import try_each
from reporter.settings.schema import Aws, History, Webhook
from reporter.simulate.mail import receive
from reporter.simulate.simulation import Simulation


def test_a_letter_claimed_by_a_dead_sender_is_sent_at_once(tmp_path: Path) -> None:
    """Its receiver had not heard of it: sent again, once, minutes before the lease ends."""
    engine = open_history(f"sqlite:///{tmp_path / 'history.db'}")
    put_letters(engine, sealed_run(engine), tmp_path, "a@example.com")
    history.claim(engine, "host:1:dead", MONDAY, lease=LEASE)
    with receive(tmp_path / "mail") as mailbox:
        settings = settings_for(mailbox.port)
        assert post(engine, settings, transport(settings), "host:2:heir", Clock()) == {}
        ended = post(engine, settings, transport(settings), "host:2:heir", Clock(), dead={"host:1:dead"}.__contains__)
        assert ended == {"sent": 1}
        assert len(mailbox.messages) == 1


@pytest.mark.parametrize(("rule", "state", "mails"), [("skip", "unknown", 0), ("resend", "sent", 1)])
def test_a_letter_that_a_dead_sender_was_handing_over_is_unknown_at_once(
    tmp_path: Path, rule: str, state: str, mails: int
) -> None:
    """Its receiver may have it: never sent again behind the user's back, but for the rule `resend`."""
    engine = open_history(f"sqlite:///{tmp_path / 'history.db'}")
    put_letters(engine, sealed_run(engine), tmp_path, "a@example.com")
    (delivery,) = history.claim(engine, "host:1:dead", MONDAY, lease=LEASE)
    history.sending(engine, delivery, "host:1:dead", MONDAY)
    with receive(tmp_path / "mail") as mailbox:
        settings = settings_for(mailbox.port, on_unknown=rule)
        post(engine, settings, transport(settings), "host:2:heir", Clock(), dead=lambda name: name == "host:1:dead")
        assert states(engine) == {"a@example.com": state}
        assert len(mailbox.messages) == mails
    assert history.verify(engine) == ()


def test_a_living_sender_keeps_its_letter_and_is_named(tmp_path: Path) -> None:
    """Who sends, how much, and until when nobody else will."""
    engine = open_history(f"sqlite:///{tmp_path / 'history.db'}")
    put_letters(engine, sealed_run(engine), tmp_path, "a@example.com", "b@example.com")
    history.claim(engine, "build-host:4711:0badc0de", MONDAY, lease=LEASE, limit=2)
    settings = settings_for(9)
    assert post(engine, settings, None, "host:2:other", Clock(), dead=lambda _: False) == {}
    (said,) = in_hand(engine, MONDAY)
    assert said.startswith("2 letters are being sent by build-host:4711 until 07:10:00 UTC; ")
    assert in_hand(engine, MONDAY + LEASE + timedelta(seconds=1)) == ()


@pytest.mark.parametrize(
    ("step", "rule", "words"),
    [
        ("claimed", "skip", "the receiver has not heard of it: `reporter deliver send` sends it now"),
        ("sending", "skip", "the receiver may have it: `reporter deliver send` settles it as unknown"),
        ("sending", "resend", "the receiver may have it: `reporter deliver send` sends it again"),
    ],
)
def test_what_a_dead_process_left_is_said_with_what_becomes_of_it(
    tmp_path: Path, step: str, rule: str, words: str
) -> None:
    """At once if the process is known to be gone, else when its lease has ended; and nobody is said to be sending it."""
    engine = open_history(f"sqlite:///{tmp_path / 'history.db'}")
    put_letters(engine, sealed_run(engine), tmp_path, "a@example.com")
    (delivery,) = history.claim(engine, "build-host:4711:0badc0de", MONDAY, lease=LEASE)
    if step == "sending":
        history.sending(engine, delivery, "build-host:4711:0badc0de", MONDAY)
    (said,) = left(engine, MONDAY, dead=lambda _: True, on_unknown=rule)
    assert "by build-host:4711, and that process is gone; " in said
    assert words in said
    assert in_hand(engine, MONDAY, dead=lambda _: True) == left(engine, MONDAY) == ()
    (later,) = left(engine, MONDAY + LEASE, on_unknown=rule)
    assert "and its lease ended; " in later


def test_what_has_not_arrived_is_told_with_the_whole_command(tmp_path: Path) -> None:
    """Which recipient, why, and what to type next, without dots to be filled in but the reason a person gives."""
    engine = open_history(f"sqlite:///{tmp_path / 'history.db'}")
    put_letters(engine, sealed_run(engine), tmp_path, "a@example.com")
    (delivery,) = history.claim(engine, "me", MONDAY, lease=LEASE)
    failed = history.settle(engine, delivery, "me", MONDAY, state="failed", detail="550 no such user")
    assert "organization to a@example.com: it was not delivered (550 no such user)" in trouble(failed)
    assert f'`reporter deliver resolve {failed.id} pending --why "..."`, then `reporter deliver send`' in trouble(
        failed
    )


def test_a_letter_to_be_tried_again_says_when(tmp_path: Path) -> None:
    """Before that time `deliver send` would find nothing due."""
    engine = open_history(f"sqlite:///{tmp_path / 'history.db'}")
    put_letters(engine, sealed_run(engine), tmp_path, "a@example.com")
    (delivery,) = history.claim(engine, "me", MONDAY, lease=LEASE)
    later = MONDAY + timedelta(minutes=5)
    waiting = history.settle(engine, delivery, "me", MONDAY, state="pending", again_at=later, detail="451 busy")
    assert "(451 busy); `reporter deliver send` tries again from 2026-11-23 07:05:00 UTC on;" in trouble(waiting)


def test_letters_that_are_due_and_that_nobody_sends_are_said(tmp_path: Path) -> None:
    """Not in the minutes in which a timer would come by, nor while somebody is sending."""
    engine = open_history(f"sqlite:///{tmp_path / 'history.db'}")
    put_letters(engine, sealed_run(engine), tmp_path, "a@example.com", "b@example.com", "c@example.com")
    assert overdue(engine, MONDAY + LATE / 2) == ()
    (said,) = overdue(engine, MONDAY + LATE)
    assert (
        said == "3 letters are due since 2026-11-23 07:00:00 UTC, and nobody is sending them: `reporter deliver send`"
    )
    history.claim(engine, "here:7:x", MONDAY + LATE, lease=LEASE)
    assert overdue(engine, MONDAY + LATE) == ()
    (said,) = overdue(engine, MONDAY + LATE, dead=lambda _: True)
    assert said.startswith("2 letters are due since")


def test_many_letters_refused_alike_are_told_once(tmp_path: Path) -> None:
    """A server that refuses everybody is one trouble: how many, the first three, what to do with each; another reason is another."""
    engine = open_history(f"sqlite:///{tmp_path / 'history.db'}")
    names = [f"{letter}@example.com" for letter in "abcdef"]
    put_letters(engine, sealed_run(engine), tmp_path, *names)
    rows = []
    for delivery in history.claim(engine, "me", MONDAY, limit=6):
        detail = "421 busy" if delivery.recipient == "f@example.com" else f"550 {delivery.recipient} not here"
        rows.append(history.settle(engine, delivery, "me", MONDAY, state="failed", detail=detail))
    alike, other = troubles(rows)
    assert alike.startswith(
        "5 letters, organization to a@example.com, organization to b@example.com, organization to c@example.com and 2 more: "
        f"each was not delivered (550 a@example.com not here); when that is mended, `reporter deliver resolve {rows[0].id} "
    )
    assert f"`reporter deliver` lists them, {rows[0].id} is the first)" in alike
    assert other == trouble(rows[5])


def test_a_letter_that_was_being_handed_over_is_not_said_to_wait(tmp_path: Path) -> None:
    """Stopped in the middle of a mail: the receiver may have it, and what becomes of it is the user's rule."""
    url = f"sqlite:///{tmp_path / 'history.db'}"
    engine = open_history(url)
    run = sealed_run(engine)
    history.mark_handed_over(engine, run, MONDAY)
    put_letters(engine, run, tmp_path, "a@example.com", "b@example.com")
    (first, _) = history.claim(engine, "me", MONDAY, limit=2)
    history.sending(engine, first, "me", MONDAY)
    settings = settings_for(9).model_copy(update={"history": History(url=SecretStr(url))})
    said = standing(settings, "manual")
    assert said.startswith("1 letter has not left yet; `reporter run --resume` or `reporter deliver send` sends them. ")
    assert "1 letter was being handed over: whether the receiver has it is not known; " in said
    assert said.endswith('`reporter deliver send` settles it as unknown, by mail.on_unknown = "skip"')


def test_a_clock_that_was_set_back_is_told_before_and_after(tmp_path: Path) -> None:
    """One sentence that names both times, for who starts a run and for who reads its end."""
    engine = open_history(f"sqlite:///{tmp_path / 'history.db'}")
    assert behind(engine, MONDAY) == ""
    first = sealed_run(engine)
    assert behind(engine, MONDAY) == dated_before(engine, first) == ""
    early = MONDAY - timedelta(days=3)
    told = behind(engine, early)
    assert "2026-11-20 07:00:00 UTC, which is before run 1 (2026-11-23 07:00:00 UTC): one of the two is wrong" in told
    assert dated_before(engine, sealed_run(engine, early)) == told
    assert dated_before(engine, sealed_run(engine)) == ""


def test_a_webhook_that_is_a_topic_is_published_to(tmp_path: Path, simulated: Simulation) -> None:
    """The address of a webhook may be an SNS topic's ARN: reports and alerts, which leave the same way, get there."""
    engine = open_history(f"sqlite:///{tmp_path / 'history.db'}")
    run = sealed_run(engine)
    account = simulated.organization.accounts[0].id
    topic = simulated.client("sns", account, "us-east-1").create_topic(Name="reports")["TopicArn"]
    hooks = tuple(Webhook(name=name, url=SecretStr(arn)) for name, arn in (("all", topic), ("lost", f"{topic}-not")))
    aws = Aws(endpoint_url=simulated.endpoint_url, region="us-east-1")
    settings = settings_for(9).model_copy(update={"webhook": hooks, "aws": aws})
    told = [
        history.Letter(
            "organization", f"webhook:{hook.name}", f"<{hook.name}@x>", {"document": {"headline": "3 worse"}}
        )
        for hook in hooks
    ]
    history.enqueue(engine, run, told, MONDAY)
    with patch.dict(os.environ, simulated.environment):
        post(engine, settings, None, "me", Clock())
        ways = [outcome.result for way, outcome in try_each(settings, "", MONDAY) if way == "webhook:all"]
    assert states(engine) == {"webhook:all": "sent", "webhook:lost": "failed"}
    assert ways == ["sent"]
