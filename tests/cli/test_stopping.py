"""Commands that stay: told to end once they end in order, told twice at once."""

import os
import signal
import sys
import threading
import time

import pytest

from reporter.cli import app
from reporter.cli.console import Refusal
from reporter.cli.stopping import until_told


def told(*signs: signal.Signals) -> list[bool]:
    """Work that is sent signals, one every fifth of a second, and takes two seconds to end once it is told."""
    ended = []
    with until_told() as stop:
        for number, sign in enumerate(signs, 1):
            threading.Timer(number / 5, os.kill, (os.getpid(), sign)).start()
        assert stop.wait(10)
        time.sleep(2)
        ended.append(True)
    return ended


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_lets_work_end_in_order(sign: signal.Signals, code: int) -> None:
    """The block goes on to its end; then there is a sentence, and the exit code that a shell expects."""
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(Refusal, match="stopped; work that was under way has ended in order") as caught:
        told(sign)
    assert caught.value.code == code
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before


def test_the_second_signal_ends_it_at_once() -> None:
    """Whoever is in a hurry is not kept waiting."""
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        told(signal.SIGINT, signal.SIGINT)
    assert time.monotonic() - began < 2


def test_work_that_ends_by_itself_says_nothing() -> None:
    """No signal, no sentence."""
    with until_told() as stop:
        assert not stop.is_set()


@pytest.mark.parametrize(
    ("word", "stores"), [("serve", False), ("findings", False), ("attribute", True), ("watch", True)]
)
def test_only_who_stores_says_that_it_is_kept(word: str, stores: bool, monkeypatch, capsys) -> None:
    """Pages that are no longer served have stored nothing."""

    def interrupted(**words: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["reporter", "-v", word, "-c", "run"])
    monkeypatch.setattr(app, "_program", lambda: interrupted)
    with pytest.raises(SystemExit) as left:
        app.main()
    said = capsys.readouterr().err
    assert left.value.code == 130
    assert said.startswith("reporter: stopped as told")
    assert ("is kept" in said) == stores
