"""Who made each change: CloudTrail asked once for each changed resource and window, and the answer kept with the change."""

from collections.abc import Callable
from datetime import datetime

from reporter import history
from reporter.collect.door import Door
from reporter.collect.events import lookup
from reporter.drift import attribution
from reporter.model import Account, Attribution, Change, Run

Tell = Callable[[int, int, str], None]
Clock = Callable[[], datetime]
ASKED_CLASSES = ("security", "operational")
NO_EVENTS = ("joined", "left_org")


def attribute_run(engine: history.Engine, door: Door, run: Run, tell: Tell, clock: Clock) -> None:
    """Attribute the changes of a run that have no answer yet; what could not be asked is said, with the reason."""
    waiting = [
        change
        for change in history.unattributed(engine, run=run)
        if change.klass in ASKED_CLASSES and change.kind.value not in NO_EVENTS
    ]
    accounts = history.accounts(engine, run)
    for number, change in enumerate(waiting, 1):
        found = _who(door, accounts.get(change.account), change, clock())
        if change.id is not None:
            history.attribute(engine, {change.id: found}, clock())
        tell(number, len(waiting), change.resource)


def _who(door: Door, account: Account | None, change: Change, now: datetime) -> Attribution:
    """One question for each name the resource may have in the log, until one finds something."""
    if account is None:
        return attribution.attribute(change, (), unavailable="the account has left the organization", asked_at=now)
    wanted = attribution.lookup(change)
    for value in wanted.values:
        by_name = wanted.attribute == "ResourceName"
        answer = lookup(
            door, account.id, wanted.region, start=wanted.start, end=wanted.end,
            resource=value if by_name else "", event_name="" if by_name else value,
        )  # fmt: skip
        if answer.why is not None:
            return attribution.attribute(change, (), unavailable=str(answer.why), asked_at=now)
        found = attribution.attribute(change, answer.events, asked_at=now)
        if found.confidence != "none":
            return found
    return attribution.attribute(change, (), asked_at=now)
