"""How fast AWS is asked, with a clock that the test turns."""

from reporter.collect.pace import Pace


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def timed(calls: int, *, service: str = "cloudtrail", rate: float = 9.0, slow_at: int = -1) -> float:
    clock = Clock()
    pace = Pace(rate, clock=clock, sleep=clock.sleep)
    for number in range(calls):
        if number == slow_at:
            pace.slow("1", "r", service)
        pace.wait("1", "r", service)
    return clock.now


def test_calls_keep_below_the_rate() -> None:
    """Ninety calls at nine a second take about ten seconds."""
    assert 9.5 <= timed(90) <= 10.0


def test_a_few_calls_need_not_wait() -> None:
    """The first call goes at once."""
    assert timed(1) == 0.0


def test_a_complaint_halves_the_rate_for_a_while() -> None:
    """After a complaint the same calls take longer, and the rate recovers."""
    assert timed(90) < timed(90, slow_at=0) < 2 * timed(90)


def test_lookups_have_their_own_slow_limit() -> None:
    """CloudTrail answers two lookups a second, whatever else is allowed."""
    assert timed(20, service="LookupEvents", rate=1000) >= 9


def test_accounts_do_not_wait_for_each_other() -> None:
    """A complaint about one account leaves its neighbour's pace alone."""
    clock = Clock()
    pace = Pace(9.0, clock=clock, sleep=clock.sleep)
    for _ in range(8):
        pace.slow("1", "r", "s3")
    pace.wait("2", "r", "s3")
    assert clock.now == 0.0
    pace.wait("1", "r", "s3")
    assert clock.now > 0.0


def test_an_account_that_is_done_is_forgotten() -> None:
    """The buckets do not pile up over ten thousand accounts."""
    clock = Clock()
    pace = Pace(9.0, clock=clock, sleep=clock.sleep)
    for number in range(100):
        pace.wait(str(number), "r", "s3")
        pace.forget(str(number))
    assert pace._accounts == {}
