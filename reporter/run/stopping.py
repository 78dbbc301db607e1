"""What is left when a run is told to stop, in one sentence: what is stored, and how to go on."""

from collections.abc import Callable, Sequence
from datetime import datetime

from reporter import history
from reporter.model import Run
from reporter.run.awaiting import process
from reporter.settings import Settings, database_url

UNSENT = ("pending", "claimed", "sending")


def standing(settings: Settings, kind: str) -> str:
    """How far the last run of a kind has come, and the command that goes on with it."""
    engine = history.connect(database_url(settings))
    try:
        begun = history.unfinished(engine, kind)
        if begun is not None:
            return _begun(engine, begun[0])
        if sealed := history.not_handed_over(engine):
            run = sealed[0]
            return (
                f"Run {run.seq} is stored whole; {going_on(run)} makes its reports and hands over what has not left yet"
            )
        last = history.last_runs(engine, 1)
        rows = history.deliveries(engine, last[0], UNSENT) if last else ()
        if rows:
            return _unsent(rows, settings.mail.on_unknown, going_on(last[0]))
    except history.HistoryError as error:
        return f"What is stored could not be told: {error}"
    if kind == "scheduled":
        return "No run was begun, or the last one is done: `reporter schedule --once` does what is owed"
    return "No run was begun, or the last one is done: `reporter run` starts a new one"


def going_on(run: Run) -> str:
    """The command that finishes a run whose process is gone."""
    return "`reporter schedule --once`" if run.kind == "scheduled" else "`reporter run --resume`"


def _begun(engine: history.Engine, run: Run) -> str:
    accounts = len(history.recorded_accounts(engine, run))
    what = "account of the run" if accounts == 1 else "accounts of the run"
    are = "is" if accounts == 1 else "are"
    return (
        f"{accounts} {what} begun at {run.started_at or run.as_of:%H:%M:%S} UTC {are} stored; "
        f"{going_on(run)} reads the others and goes on"
    )


def _unsent(rows: Sequence[history.Delivery], on_unknown: str, how: str) -> str:
    """Letters that have not left, and those of which nobody knows: the receiver may have what was being handed over."""
    parts = []
    if waiting := sum(row.state != "sending" for row in rows):
        letters = "letter has" if waiting == 1 else "letters have"
        parts.append(f"{waiting} {letters} not left yet; {how} or `reporter deliver send` sends them")
    if gone := len(rows) - waiting:
        rule = "sends it again" if on_unknown == "resend" else "settles it as unknown"
        letters = "letter was" if gone == 1 else "letters were"
        parts.append(
            f"{gone} {letters} being handed over: whether the receiver has it is not known; `reporter deliver send` {rule}, "
            f'by mail.on_unknown = "{on_unknown}"'
        )
    return ". ".join(parts)


def interrupted(engine: history.Engine, found: history.Unsealed, now: datetime, dead: Callable[[str], bool]) -> str:
    """What is said of a run that was begun and is not finished: who is at it, or how it is finished."""
    run, stands = found.run, f"({found.recorded} {'account' if found.recorded == 1 else 'accounts'} recorded)"
    what = f"a {run.kind} run begun {run.started_at or run.as_of:%Y-%m-%d %H:%M}Z"
    if run.status == "failed":
        return f"{what} was given up {stands}: what it found is told by the next run"
    if is_held(found, now, dead):
        return f"{what} is under way {stands}: what it finds counts when it is finished"
    return f"{what} was interrupted {stands}: what it found does not count yet; {how_finished(engine, run)}"


def how_finished(engine: history.Engine, run: Run) -> str:
    """What becomes of an interrupted run, and by which command."""
    if run.kind not in ("manual", "scheduled"):
        return "the next one of its kind finishes it" if run.kind != "demo" else "`reporter demo` makes another"
    if run.kind == "scheduled" and not _has_slot(engine, run):
        return f"the next slot of schedule {run.schedule} reads anew, as `reporter run` does now"
    if not run.selection and (newer := history.overtaken_by(engine, run)) is not None:
        return f"run {newer.seq} is newer and finished: {going_on(run)} gives this one up and reads anew"
    return f"{going_on(run)} finishes it"


def _has_slot(engine: history.Engine, run: Run) -> bool:
    """Whether the run's slot is still to be taken over; one that has failed is not gone on with."""
    return any(slot.state == "running" for slot in history.slots(engine, run.schedule))


def is_held(found: history.Unsealed, now: datetime, dead: Callable[[str], bool]) -> bool:
    """Whether somebody may still be at work on a run."""
    return found.lease_until is not None and found.lease_until > now and not dead(found.owner)


def nothing_to_resume(engine: history.Engine, now: datetime, dead: Callable[[str], bool]) -> str:
    """Why there is nothing for `run --resume`: nothing was interrupted, or it is a schedule's, which its own process finishes."""
    held = [slot for slot in history.slots(engine) if slot.state == "running"]
    if held:
        return " ".join(held_slot(slot, now, dead) for slot in held)
    if (begun := history.unfinished(engine, "scheduled")) is not None:
        run = begun[0]
        return (
            f"the run of schedule {run.schedule} begun at {run.started_at or run.as_of:%Y-%m-%d %H:%M:%S} UTC failed and is not "
            "gone on with: its next slot reads anew, and so does `reporter run`, now"
        )
    return "no run was interrupted; `reporter run` without --resume starts a new one"


def held_slot(slot: history.Slot, now: datetime, dead: Callable[[str], bool]) -> str:
    """Who works on a slot, or did until it died, and when it is taken over."""
    what, who, until = f"schedule {slot.schedule}, slot {slot.slot}", process(slot.owner), slot.lease_until or now
    takes = "`reporter schedule --once` takes it over"
    if dead(slot.owner):
        return f"{what}: was interrupted, {who} is gone; {takes} now, as a running `reporter schedule` does within a minute."
    if until <= now:
        return f"{what}: was interrupted, {who} gave no sign until {until:%H:%M:%S} UTC; {takes} now."
    return (
        f"{what}: held by {who} until {until:%Y-%m-%d %H:%M:%S} UTC; should that process be gone, {takes} after that."
    )


def ahead(slot: history.Slot) -> str:
    """That a slot was claimed by a clock that stood after the present one: nothing fires before it."""
    return (
        f"schedule {slot.schedule}: its slot {slot.slot} was claimed at {slot.at:%Y-%m-%d %H:%M} UTC, which is still to come by "
        "this clock: nothing fires before that. If this clock is right, `reporter run` runs meanwhile"
    )
