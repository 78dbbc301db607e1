"""How fast a service is asked: a bucket of tokens for each account, region and service, slower after AWS complains.

AWS counts calls for each account and region. A limiter shared between accounts lets one throttled account slow all others
(the SDK's adaptive retries do: 40 times); these do not know of each other.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# Calls a second. CloudTrail's Get, Describe and List: 10, not adjustable; LookupEvents: 2. S3 publishes none for settings.
_RATES: Mapping[str, float] = {"s3": 50.0, "s3control": 20.0, "sts": 100.0, "LookupEvents": 1.9}
_SLOWEST = 0.5
_BURST: Mapping[str, float] = {"organizations": 3.0}  # seconds' worth of calls that may go at once
_LITTLE_BURST = 0.2


@dataclass(slots=True)
class _Tokens:
    rate: float
    ceiling: float
    burst: float
    tokens: float = 1.0
    at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, now: float) -> float:
        """Take one token; the seconds to wait until it is there."""
        with self.lock:
            if self.rate < self.ceiling:  # a twentieth back for each second without complaint
                self.rate = min(self.ceiling, self.rate + self.ceiling * 0.05 * max(0.0, now - self.at))
            most = max(1.0, self.rate * self.burst)
            self.tokens = min(most, self.tokens + max(0.0, now - self.at) * self.rate)
            self.at = now
            self.tokens -= 1.0
            return max(0.0, -self.tokens / self.rate)

    def slow(self) -> None:
        with self.lock:
            self.rate = max(_SLOWEST, self.rate / 2)
            self.tokens = min(self.tokens, 0.0)


class Pace:
    """The token buckets of one process; `forget` an account when it is read, so that they do not pile up."""

    def __init__(
        self,
        calls_per_second: float = 9.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._default = calls_per_second
        self._clock = clock
        self._sleep = sleep
        self._accounts: dict[str, dict[tuple[str, str], _Tokens]] = {}
        self._lock = threading.Lock()

    def wait(self, account: str, region: str, service: str) -> None:
        """Return when the call may be sent."""
        pause = self._tokens(account, region, service).take(self._clock())
        if pause > 0:
            self._sleep(pause)

    def slow(self, account: str, region: str, service: str) -> None:
        """AWS complained: half the rate from now on, recovering by a twentieth of it a second."""
        self._tokens(account, region, service).slow()

    def forget(self, account: str) -> None:
        """Drop the buckets of an account that is done."""
        with self._lock:
            self._accounts.pop(account, None)

    def _tokens(self, account: str, region: str, service: str) -> _Tokens:
        try:  # nearly always there: a lock that every call of every thread takes makes them queue
            return self._accounts[account][region, service]
        except KeyError:
            pass
        with self._lock:
            buckets = self._accounts.setdefault(account, {})
            if (region, service) not in buckets:
                rate = _RATES.get(service, self._default)
                burst = _BURST.get(service, _LITTLE_BURST)
                buckets[region, service] = _Tokens(rate, rate, burst, max(1.0, rate * burst), self._clock())
            return buckets[region, service]
