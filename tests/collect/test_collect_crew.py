"""The threads: bounded, helpful, and never silent about an error."""

import threading
import time

import pytest

from reporter.collect.crew import Crew


def test_results_come_in_the_order_of_the_tasks() -> None:
    """Whoever does a task, its result stands at its place."""
    crew = Crew(4)
    outcomes = list(crew.run(lambda one: crew.each(lambda n: n * one, range(50)), iter([1, 2, 3])))
    assert sorted(outcome.result() for _, outcome in outcomes) == [[n * one for n in range(50)] for one in (1, 2, 3)]


def test_no_more_threads_than_allowed() -> None:
    """Twenty accounts with tasks of their own never run on more than four threads."""
    crew, lock, seen = Crew(4), threading.Lock(), set()

    def task(_: int) -> None:
        with lock:
            seen.add(threading.get_ident())
        time.sleep(0.001)

    for _, outcome in crew.run(lambda _: crew.each(task, range(10)), iter(range(20))):
        outcome.result()
    assert len(seen) <= 4


def test_idle_threads_help_the_last_account() -> None:
    """One account alone is read by several threads."""
    crew, seen = Crew(8), set()

    def task(_: int) -> None:
        seen.add(threading.get_ident())
        time.sleep(0.01)

    for _, outcome in crew.run(lambda _: crew.each(task, range(40)), iter([1])):
        outcome.result()
    assert len(seen) > 3


def test_an_error_reaches_who_waits_for_it() -> None:
    """An error in a task ends its own account only, whichever thread met it."""
    crew = Crew(4)

    def task(number: int) -> int:
        time.sleep(0.002)
        if number == 7:
            raise ZeroDivisionError
        return number

    outcomes = dict(crew.run(lambda one: crew.each(task, range(one)), iter([5, 20, 6])))
    assert outcomes[5].result() == [0, 1, 2, 3, 4]
    assert outcomes[6].result() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(ZeroDivisionError):
        outcomes[20].result()


def test_no_more_accounts_are_begun_than_wanted() -> None:
    """A consumer that is slow holds the readers back: nothing piles up."""
    crew, begun = Crew(2), []
    for _, _ in crew.run(begun.append, iter(range(100)), ahead=1):
        time.sleep(0.005)
        assert len(begun) <= 100
        break
    assert len(begun) <= 4


def test_leaving_early_stops_the_threads() -> None:
    """Closing the iterator cancels what has not begun and waits for the rest."""
    crew = Crew(2)
    results = crew.run(lambda _: time.sleep(0.01), iter(range(50)))
    next(results)
    results.close()
    assert crew.stopped
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("collect") and thread.is_alive()]
