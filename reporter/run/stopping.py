"""What is left when a run is told to stop, in one sentence: what is stored, and how to go on."""

from reporter import history
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
            return (
                f"{accounts} {what} begun at {run.started_at or run.as_of:%H:%M:%S} UTC are stored; "
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
