"""What an outcome makes of a row: pure rules."""

from datetime import UTC, datetime, timedelta

import pytest

from reporter.deliver.outbox import BACKOFF, Next, Outcome, after

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("result", "attempt", "rule", "then"),
    [
        ("sent", 1, "skip", Next("sent")),
        ("permanent", 1, "skip", Next("failed")),
        ("temporary", 1, "skip", Next("pending", NOW + timedelta(minutes=1))),
        ("temporary", 2, "skip", Next("pending", NOW + timedelta(minutes=5))),
        ("temporary", 3, "skip", Next("failed")),
        ("unknown", 1, "skip", Next("unknown")),
        ("unknown", 1, "resend", Next("pending", NOW + timedelta(minutes=1))),
        ("unknown", 3, "resend", Next("unknown")),
    ],
)
def test_what_an_outcome_makes_of_a_row(result: str, attempt: int, rule: str, then: Next) -> None:
    """Temporary is retried with backoff, permanent ends, unknown follows the user's rule and never turns into failed."""
    assert after(Outcome(result), attempt, 3, NOW, rule) == then  # type: ignore[arg-type]


@pytest.mark.parametrize("attempt", [1, 3, 99])
def test_what_a_setting_of_ours_keeps_back_is_held_however_often(attempt: int) -> None:
    """Pending without a time: nobody tries it by itself, and it is never given up."""
    assert after(Outcome("temporary", ours=True), attempt, 3, NOW, "skip") == Next("pending", None)


def test_waiting_grows_and_then_stays() -> None:
    """Eight attempts take most of a day: a mail server may be mended meanwhile."""
    waits = [after(Outcome("temporary"), n, 99, NOW, "skip").again_at - NOW for n in range(1, 9)]  # type: ignore[operator]
    assert waits == sorted(waits)
    assert waits[-1] == BACKOFF[-1]
    assert timedelta(hours=12) < sum(waits[:7], timedelta()) < timedelta(days=1)
