"""How the commands that stay (schedule, watch --every) are told to end: once in order, twice at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from reporter.cli.console import Refusal


@contextmanager
def until_told() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, with a word on standard error; the block then ends its work and leaves.

    The second signal acts as it did before, so that whoever is in a hurry is not kept waiting. Afterwards the process ends
    with 130 or 143, as a shell expects of one that was told to.
    """
    stop = threading.Event()
    by: list[int] = []
    before = {sign: signal.getsignal(sign) for sign in (signal.SIGINT, signal.SIGTERM)}

    def told(sign: int, frame: FrameType | None) -> None:
        del frame
        by.append(sign)
        for one, handler in before.items():
            signal.signal(one, handler)
        stop.set()

    for sign in before:
        signal.signal(sign, told)
    try:
        yield stop
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
    if by:
        raise Refusal("stopped; work that was under way has ended in order", 128 + by[0])
