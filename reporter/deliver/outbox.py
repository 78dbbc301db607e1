"""The outbox's rules: what an attempt's outcome means for the row, and when it is tried again. Pure.

A row is pending, claimed (by one worker, until its lease ends), sending (the receiver may have it from here on), and then
sent, failed (refused for good, or given up) or unknown (handed over, but nobody said whether it was taken). A worker that
died while claimed left nothing behind: the row is pending again. A letter that a setting of ours keeps back is pending
without a time: it is held until somebody asks for it (a new run, `reporter deliver send`), and never given up. One that died while sending leaves `unknown`: the user's
own rule decides whether such a letter is skipped, and said so, or sent again under the same Message-ID.

Every way out (SMTP, SES, a webhook) calls its `GoAhead` at the last moment before the point of no return, and not earlier:
the shorter a row is `sending`, the fewer letters can become unknown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["pending", "claimed", "sending", "sent", "failed", "unknown"]
Result = Literal["sent", "temporary", "permanent", "unknown"]
OnUnknown = Literal["skip", "resend"]
GoAhead = Callable[[], object]  # commits `sending`; if it raises, nothing may be handed over

LEASE = timedelta(minutes=10)
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to, in the receiver's own words.

    `reference` is the provider's id, where it gives one. `shut` means that the way itself is closed (no connection, wrong
    password): the other letters that go the same way need not be tried now. `ours`: it stays so until a person mends a
    setting; trying again before that would only have a wrong password locked.
    """

    result: Result
    detail: str = ""
    reference: str = ""
    shut: bool = False
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Next:
    """What becomes of the row: its state, and when it is tried again if it is pending; pending without a time is held."""

    state: State
    again_at: datetime | None = None


def after(outcome: Outcome, attempt: int, attempts: int, now: datetime, on_unknown: OnUnknown) -> Next:
    """The row's next state after its `attempt`-th try (1 is the first) of at most `attempts`."""
    if outcome.result == "sent":
        return Next("sent")
    if outcome.result == "permanent":
        return Next("failed")
    if outcome.ours:
        return Next("pending")
    if outcome.result == "unknown" and on_unknown == "skip":
        return Next("unknown")
    if attempt >= attempts:
        return Next("unknown" if outcome.result == "unknown" else "failed")
    return Next("pending", now + BACKOFF[min(attempt, len(BACKOFF)) - 1])
