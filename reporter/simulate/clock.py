"""The simulated clock, and moto made to live by it. Must be wound before any of moto's services is imported."""

from dataclasses import dataclass
from datetime import UTC, datetime

import moto.core.utils

from reporter.simulate.organization import START


@dataclass
class Clock:
    """It stands still until somebody advances it, so that two readings of the same state are the same bytes."""

    now: datetime = START

    def naive(self) -> datetime:
        """The same as moto likes it: UTC without saying so."""
        return self.now.astimezone(UTC).replace(tzinfo=None)


CLOCK = Clock()


def wind() -> None:
    """Let moto's own "now" be the simulated one; its services import the function by name, hence the order."""
    moto.core.utils.utcnow = CLOCK.naive
