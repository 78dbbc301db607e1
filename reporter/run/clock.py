"""A clock that was set back, or another machine's that stands before: nothing is lost by it, and it is told."""

from datetime import datetime

from reporter import history
from reporter.model import Run


def behind(engine: history.Engine, now: datetime) -> str:
    """That the clock stands before the last run, in one sentence; empty where it does not."""
    last = history.last_runs(engine, 1)
    return _told(now, last[0]) if last and now < last[0].as_of else ""


def dated_before(engine: history.Engine, run: Run) -> str:
    """The same of a finished run, against the one before it."""
    earlier = history.last_runs(engine, 2, until=run)[1:]
    return _told(run.as_of, earlier[0]) if earlier and run.as_of < earlier[0].as_of else ""


def _told(at: datetime, last: Run) -> str:
    """Why a run goes on all the same: a history that one wrong run dates into the future must not stop all that follow."""
    return (
        f"the clock of this machine says {at:%Y-%m-%d %H:%M:%S} UTC, which is before run {last.seq} "
        f"({last.as_of:%Y-%m-%d %H:%M:%S} UTC): one of the two is wrong. Nothing is lost or told twice, for what is seen now "
        f"counts as seen after run {last.seq}; but dates in reports, and who made a change, may be wrong until the clock is "
        "right (`timedatectl set-ntp true`)"
    )
