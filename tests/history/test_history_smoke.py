from datetime import UTC, datetime

from reporter import history


def test_prepare_twice(engine):
    """Preparing a prepared history changes nothing."""
    history.prepare(engine, datetime(2026, 1, 1, tzinfo=UTC))
