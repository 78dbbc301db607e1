"""What is left when a run is told to stop, in one sentence: what is stored, and how to go on."""

from collections.abc import Callable
from datetime import datetime

from reporter import history
from reporter.run.awaiting import process
from reporter.settings import Settings, database_url

UNSENT = ("pending", "claimed", "sending")


def standing(settings: Settings, kind: str) -> str:
    """How far the last run of a kind has come, and the command that goes on with it."""
    engine = history.connect(database_url(settings))
    try:
        begun = history.unfinished(engine, kind)
        last = history.last_runs(engine, 1)
        if begun is not None:
            run, accounts = begun[0], len(history.recorded_accounts(engine, begun[0]))
            what = "account of the run" if accounts == 1 else "accounts of the run"
            are = "is" if accounts == 1 else "are"
            return (
                f"{accounts} {what} begun at {run.started_at or run.as_of:%H:%M:%S} UTC {are} stored; "
                "`reporter run --resume` reads the others and goes on"
            )
        if last and not history.is_handed_over(engine, last[0]):
            return (
                f"Run {last[0].seq} is stored whole; `reporter run --resume` makes its reports and hands over what has not "
                "left yet"
            )
        if waiting := history.deliveries(engine, last[0], UNSENT) if last else ():
            letters = "letter has" if len(waiting) == 1 else "letters have"
            return (
                f"{len(waiting)} {letters} not left yet; `reporter run --resume` or `reporter deliver send` sends them"
            )
    except history.HistoryError as error:
        return f"What is stored could not be told: {error}"
    return "No run was begun, or the last one is done: `reporter run` starts a new one"


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
