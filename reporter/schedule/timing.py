"""When a schedule is due: cron expressions, time zones, slots. Pure: the clock is an argument.

A *slot* is a local wall time, written `2026-11-01T01:30`. Two traps of daylight saving lie here. In the hour that happens
twice a cron trigger fires twice: both firings are one slot. In the hour that does not happen the trigger fires once, an hour
later by the wall: that firing is its own slot, so nothing is skipped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NUMBERS = dict(enumerate(("sun", *WEEK)))  # ISO 8601: 1 is Monday, 7 is Sunday; crontab(5) adds 0 for Sunday
MOST_SLOTS = 1000  # an outage of years must not list a slot for each minute of it


class ScheduleError(ValueError):
    """A schedule cannot be understood; the message names it, the value and the remedy."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a schedule owes at a moment: the slot to run now, if any, and the slots that went by without a run."""

    slot: str | None
    missed: tuple[str, ...] = ()


def trigger(id: str, cron: str, time_zone: str) -> CronTrigger:
    """The trigger of a five-field cron expression.

    APScheduler counts 0 as Monday, cron counts 0 and 7 as Sunday: week days go through as names only.
    """
    fields = cron.split()
    if len(fields) != 5:
        raise ScheduleError(
            f"schedule {id}: cron = {cron!r}: five fields are needed (minute hour day month week day), "
            f"here are {len(fields)}; '0 7 * * mon' is Mondays at 7:00"
        )
    minute, hour, day, month, week_day = fields
    try:
        return CronTrigger(
            minute=minute,
            hour=hour,
            day=day,
            month=month,
            day_of_week=_week_days(week_day),
            timezone=ZoneInfo(time_zone),
        )
    except ValueError as error:
        raise ScheduleError(f"schedule {id}: cron = {cron!r}: {error}") from None


def slot_of(fires_at: datetime) -> str:
    """The slot of a firing: its local wall time, without the offset."""
    return fires_at.strftime("%Y-%m-%dT%H:%M")


def firings(trigger: CronTrigger, after: datetime, until: datetime) -> Iterator[datetime]:
    """The trigger's firings in (after, until], one for each slot, the first of a doubled hour."""
    seen = slot_of(after.astimezone(trigger.timezone))
    moment = after.astimezone(UTC)  # adding to a local time would lose which of the two 01:30s it is
    while (at := trigger.get_next_fire_time(None, moment + timedelta(microseconds=1))) is not None:
        moment = at.astimezone(UTC)
        if moment > until:
            return
        if slot_of(at) != seen:
            yield at
        seen = slot_of(at)


def due(trigger: CronTrigger, since: datetime, now: datetime) -> Due:
    """What is owed for the time after `since`: one catch-up run for the latest slot, the earlier ones missed."""
    slots: list[str] = []
    for at in firings(trigger, since, now):
        slot = slot_of(at)
        if slot not in slots:
            slots.append(slot)
        slots = slots[-MOST_SLOTS:]
    return Due(slots[-1], tuple(slots[:-1])) if slots else Due(None)


def _week_days(field: str) -> str:
    """`1-5`, `0,6`, `mon-fri`, `*/2` with cron's numbers turned into names."""
    return ",".join(_week_day(part) for part in field.lower().split(","))


def _week_day(part: str) -> str:
    numbers = re.fullmatch(r"(\d)(?:-(\d))?(/\d+)?", part)
    if numbers is None:
        return part
    first, last, step = int(numbers[1]), int(numbers[2] or numbers[1]), int((numbers[3] or "/1")[1:])
    if last > 7 or first > last:
        raise ValueError(f"week day {part!r}: use names (mon-fri) or 1 = Monday ... 7 = Sunday")
    return ",".join(NUMBERS[day] for day in range(first, last + 1, step))
