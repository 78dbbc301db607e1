"""Instants as AWS writes them."""

from datetime import UTC, datetime
from typing import Any


def instant(value: Any) -> datetime | None:
    """An instant as AWS gives it: a datetime, ISO text, or seconds since 1970; None if it is none of these."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, bool) or value in (None, ""):
        return None
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        at = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
