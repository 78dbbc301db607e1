"""Who made each change: CloudTrail asked once for each changed resource and window, and the answer kept with the change."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from reporter import history
from reporter.collect.door import Door
from reporter.collect.events import lookup
from reporter.drift import attribution
from reporter.drift.claimed import NO_CLAIMS, Claims, claims
from reporter.model import Account, Attribution, Change, Run

Tell = Callable[[int, int, str], None]
Clock = Callable[[], datetime]
ASKED_CLASSES = ("security", "operational")
NO_EVENTS = ("joined", "left_org")
LOOK_BACK = timedelta(days=35)  # for what was asked too early; older events are not late any more
THREADS = 8  # accounts asked at the same time; within one, CloudTrail answers two questions a second


def attribute_run(engine: history.Engine, door: Door, run: Run, tell: Tell, clock: Clock) -> None:
    """Attribute the changes of a run that have no answer yet; what could not be asked is said, with the reason.

    Earlier changes are asked about again whose events had not been delivered when they were asked for.
    """
    attribute(engine, door, run, unanswered(engine, run, clock()), tell)


def unanswered(engine: history.Engine, run: Run, now: datetime) -> tuple[Change, ...]:
    """The changes of a run that nobody has asked about, and earlier ones that were asked about too early."""
    waiting = [change for change in history.unattributed(engine, run=run) if _has_events(change)]
    known = {change.id for change in waiting}
    return (*waiting, *(change for change in late(engine, now) if change.id not in known))


def attribute(engine: history.Engine, door: Door, run: Run, changes: Iterable[Change], tell: Tell) -> int:
    """Ask for changes, in the accounts as a run knew them, and keep the answers; how many of them name somebody.

    Accounts are asked at the same time, the changes of one account one after the other.
    """
    accounts, clock = history.accounts(engine, run), door.clock
    by_account: dict[str, list[Change]] = {}
    for change in changes:
        by_account.setdefault(change.account, []).append(change)
    total, number, found = sum(map(len, by_account.values())), 0, 0
    management = next((one.id for one in accounts.values() if one.management), "")

    def asked(account: str) -> list[tuple[Change, Attribution]]:
        answers: list[tuple[Change, Attribution]] = []
        for change in sorted(by_account[account], key=lambda one: one.detected_at):
            before = claimed(engine, change, answers)
            answers.append((change, who_made(door, accounts.get(account), change, clock(), management, before=before)))
        return answers

    with ThreadPoolExecutor(THREADS, thread_name_prefix="who") as pool:
        for answers in pool.map(asked, sorted(by_account)):
            history.attribute(engine, {change.id: who for change, who in answers if change.id is not None}, clock())
            for change, who in answers:
                number, found = number + 1, found + bool(who.actors)
                tell(number, total, change.resource)
    return found


def claimed(engine: history.Engine, change: Change, answers: Iterable[tuple[Change, Attribution]] = ()) -> Claims:
    """The events that made the resource's other changes, as far as they reach into this one's window; `answers` are newest."""
    if change.not_before is None:
        return NO_CLAIMS
    since = change.not_before - attribution.EARLIER - attribution.LATER
    found = history.changes(engine, since=since, type=change.type, resource=change.arn or change.resource)
    others = [one for one in found if one.id not in (None, change.id) and one.detected_at != change.detected_at]
    if not others:
        return NO_CLAIMS
    who = history.attributions(engine, [one.id for one in others if one.id is not None])
    who |= {one.id: answer for one, answer in answers if one.id is not None}
    told = [(one, who[one.id]) for one in others if one.id in who]
    return claims(
        (one for one in told if one[0].detected_at < change.detected_at),
        (one for one in told if one[0].detected_at > change.detected_at),
    )


def late(engine: history.Engine, now: datetime) -> tuple[Change, ...]:
    """Changes whose maker was asked for before CloudTrail could have told, and that may be asked about again by now."""
    recent = [one for one in history.changes(engine, since=now - LOOK_BACK) if _has_events(one)]
    known = history.attributions(engine, [one.id for one in recent if one.id is not None])
    return tuple(one for one in recent if one.id in known and _due(engine, one, known[one.id], now))


def who_made(
    door: Door,
    account: Account | None,
    change: Change,
    now: datetime,
    management: str = "",
    *,
    before: Claims = NO_CLAIMS,
) -> Attribution:
    """One question for each name the resource may have in the log, until one finds something that made no earlier change."""
    if account is None:
        return attribution.attribute(change, (), unavailable="the account has left the organization", asked_at=now)
    wanted = attribution.lookup(change)
    for value in wanted.values:
        by_name = wanted.attribute == "ResourceName"
        answer = lookup(
            door, wanted.account, wanted.region, start=wanted.start, end=wanted.end, management=management,
            resource=value if by_name else "", event_name="" if by_name else value,
        )  # fmt: skip
        if answer.why is not None:
            return attribution.attribute(change, (), unavailable=str(answer.why), asked_at=now)
        found = attribution.attribute(change, answer.events, asked_at=now, claimed=before)
        if found.confidence != "none":
            return found
    return attribution.attribute(change, (), asked_at=now)


def _due(engine: history.Engine, change: Change, known: Attribution, now: datetime) -> bool:
    if known.confidence != "none":
        return False
    entries = history.entries(engine, "attribution", str(change.id))
    again = attribution.ask_again_at(change, known, entries[-1].at) if entries else now
    return again is not None and again <= now


def _has_events(change: Change) -> bool:
    return change.klass in ASKED_CLASSES and change.kind.value not in NO_EVENTS
