"""kill -9 at every point between claim, sending, DATA and settle, against a real mail server: nobody gets two, nothing is lost."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from posting_parts import (
    LEASE_AND_MORE,
    SENDER,
    Assassin,
    Clock,
    ended,
    forked,
    open_history,
    put_letters,
    sealed_run,
    settings_for,
    states,
    tapped,
)
from warm import reporter_process

from reporter import history
from reporter.run.awaiting import unsettled
from reporter.run.posting import post, transport
from reporter.settings.schema import Settings
from reporter.simulate.mail import Mailbox, receive

ROOT = str(Path(__file__).parent.parent.parent)
# (All of a small mail may be on its way while the line still sees its middle: "body" is late, too.)
# Before the last line of a mail nothing was handed over: whoever dies there leaves nothing unknown.
EARLY = ["clock 1", "clock 2", "EHLO", "MAIL", "RCPT", "DATA", "354"]
LATE = ["body", "dot", "dot passed", "250 taken", "answered", "clock 3", "clock 4", "clock 5", "any time"]
POINTS = [*EARLY, *LATE]


class Rounds:
    """Rounds of: a letter or two, a worker that is killed, the lease runs out, a worker that lives."""

    def __init__(self, url: str, folder: Path, mailbox: Mailbox, settings: Settings, rule: str) -> None:
        self.url, self.folder, self.mailbox = url, folder, mailbox
        self.engine = open_history(url)
        self.run = sealed_run(self.engine)
        self.clock = Clock()
        self.settings = settings
        self.direct = settings_for(mailbox.port, on_unknown=rule)
        self.dice = Random(20261123)
        self.killed: Counter[str] = Counter()
        self.unknown_at: Counter[str] = Counter()

    def once(self, number: int, point: str, assassin: Assassin) -> None:
        names = [f"{number}-{who}@example.com" for who in ("first", "second")[: 1 + (number % 3 == 0)]]
        put_letters(self.engine, self.run, self.folder, *names, at=self.clock())
        self.engine.dispose()  # a child does not share a parent's connections
        assassin.when = point
        child = forked(lambda: self.work(point))
        assassin.victim = child
        if point == "any time":
            time.sleep(self.dice.uniform(0.005, 0.06))
            os.kill(child, signal.SIGKILL)
        self.killed[point] += ended(child)
        self.clock.at += LEASE_AND_MORE
        post(self.engine, self.direct, transport(self.direct), f"heir {number}", self.clock)
        self.unknown_at[point] += sum(states(self.engine)[name] == "unknown" for name in names)

    def work(self, point: str) -> None:
        """The worker that dies: of its own clock, of the line, or of a signal from outside."""
        engine = history.connect(self.url)
        clock: Callable[[], object] = self.clock
        if point.startswith("clock"):
            clock = _Deadly(self.clock, int(point.split()[1]))
        post(engine, self.settings, transport(self.settings), f"worker {os.getpid()}", clock)  # type: ignore[arg-type]

    def mails(self) -> Counter[str]:
        return Counter(one.recipients[0] for one in self.mailbox.messages)


class _Deadly:
    """A clock that kills who looks at it for the n-th time: the outbox looks before each step it commits."""

    def __init__(self, clock: Clock, looks: int) -> None:
        self.clock, self.left = clock, looks

    def __call__(self) -> object:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.clock()


def played(url: str, folder: Path, rounds: int, rule: str = "skip") -> Rounds:
    with receive(folder / "mail") as mailbox, tapped(mailbox.port) as (port, assassin):
        game = Rounds(url, folder, mailbox, settings_for(port, on_unknown=rule), rule)
        for number in range(rounds):
            game.once(number, POINTS[number % len(POINTS)], assassin)
        return game


def is_true_to_the_outbox(game: Rounds) -> None:
    """Nobody has two; what is sent has arrived; what has not arrived is unknown, and is shown."""
    mails, found = game.mails(), states(game.engine)
    assert max(mails.values()) == 1
    assert set(found.values()) == {"sent", "unknown"}
    assert [name for name, state in found.items() if state == "sent" and mails[name] != 1] == []
    shown = {row.recipient for row in unsettled(game.engine)}
    assert shown == {name for name, state in found.items() if state == "unknown"}
    assert {point for point in EARLY if game.unknown_at[point]} == set()
    assert history.verify(game.engine) == ()


@pytest.mark.parametrize("rule", ["skip", "resend"])
def test_killed_anywhere_a_hundred_times_nobody_gets_two(tmp_path: Path, rule: str) -> None:
    """With the rule `skip` one mail or none, and then it is known that it is not known; with `resend` one or more, the same."""
    game = played(f"sqlite:///{tmp_path / 'history.db'}", tmp_path, 100 if rule == "skip" else len(POINTS), rule)
    assert {point for point in POINTS if not game.killed[point]} <= {"any time"}  # every other point has killed
    if rule == "skip":
        is_true_to_the_outbox(game)
        assert {game.mails()[row.recipient] for row in unsettled(game.engine)} == {0, 1}  # both do happen
        return
    assert set(states(game.engine).values()) == {"sent"}
    assert set(game.mails()) == set(states(game.engine))
    for name, times in game.mails().items():
        copies = {one.path.read_bytes() for one in game.mailbox.messages if one.recipients == (name,)}
        assert (times, len(copies)) in {(1, 1), (2, 1)}, name


def test_killed_anywhere_on_postgresql_nobody_gets_two(postgres: object, tmp_path: Path) -> None:
    """The same truth on the other database."""
    is_true_to_the_outbox(played(postgres.new(), tmp_path, len(POINTS)))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("point", "then"), [("RCPT", {"sent"}), ("354", {"sent"}), ("dot passed", {"unknown"}), ("250 taken", {"unknown"})]
)
def test_the_program_itself_is_killed_and_the_next_one_goes_on_at_once(
    tmp_path: Path, point: str, then: set[str]
) -> None:
    """`reporter deliver send` as it is installed: no lease is waited for, nobody gets two, and what is unknown ends with 1."""
    url = f"sqlite:///{tmp_path / 'history.db'}"
    engine = open_history(url)
    put_letters(engine, sealed_run(engine), tmp_path, "a@example.com", at=datetime.now(UTC))
    engine.dispose()

    def by_way_of(port: int) -> dict[str, str]:
        mail = {"TRANSPORT": "smtp", "HOST": "127.0.0.1", "PORT": port, "SECURITY": "none", "SENDER": SENDER}
        settings = {f"REPORTER_MAIL__{key}": str(value) for key, value in mail.items()}
        return os.environ | settings | {"REPORTER_HISTORY__URL": url, "PYTHONPATH": ROOT}

    with receive(tmp_path / "mail") as mailbox, tapped(mailbox.port) as (port, assassin):
        assassin.when = point
        command = [sys.executable, "-W", "ignore", "-m", "reporter", "deliver", "send"]
        victim = subprocess.Popen(command, cwd=tmp_path, env=by_way_of(port))
        assassin.victim = victim.pid
        victim.wait(timeout=60)
        assert victim.returncode == -signal.SIGKILL
        heir = reporter_process(["deliver", "send"], tmp_path, by_way_of(mailbox.port))
        said = heir.stdout + heir.stderr
        assert set(states(engine).values()) == then, said
        assert len(mailbox.messages) <= 1
        assert heir.returncode == (1 if then == {"unknown"} else 0), said
        assert ("a@example.com: it is not known whether it arrived" in said) == (then == {"unknown"})
