"""What has not arrived, or may not have, and who is at it: in sentences that end with a command."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from reporter import history

IN_HAND = ("claimed", "sending")
LATE = timedelta(minutes=2)  # `reporter schedule` looks each minute
NAMED = 3  # of letters with the same trouble


def nobody(owner: str) -> bool:  # noqa: ARG001 - one signature for all who know, or do not
    """What is said of owners where nobody can tell: none is known to be dead."""
    return False


def is_held(row: history.Delivery) -> bool:
    """Whether a letter waits until a person mends a setting: nobody tries it by itself before the next run."""
    return row.state == "pending" and row.next_attempt_at is None


def unsettled(engine: history.Engine) -> tuple[history.Delivery, ...]:
    """What somebody has to look at: everything unknown or held, and what failed of the latest run."""
    last = {run.id for run in history.last_runs(engine, 1)}
    rows = history.deliveries(engine, states={"unknown", "failed", "pending"})
    return tuple(row for row in rows if row.state == "unknown" or is_held(row) or _failed_of(row, last))


def _failed_of(row: history.Delivery, runs: set[str]) -> bool:
    return row.state == "failed" and row.run in runs


def alarms(engine: history.Engine) -> tuple[str, ...]:
    """The same in sentences, for a terminal, a log, or the organization's report."""
    return troubles(unsettled(engine))


def troubles(rows: Iterable[history.Delivery]) -> tuple[str, ...]:
    """Why deliveries have not arrived, or may not have, and what to do about it; those with the same trouble are one sentence."""
    alike: dict[tuple[str, ...], list[history.Delivery]] = defaultdict(list)
    for row in rows:
        mail = "mail" if "@" in row.recipient else row.recipient
        alike[row.state, str(is_held(row)), row.detail.replace(row.recipient, "*"), mail].append(row)
    return tuple(trouble(same[0]) if len(same) == 1 else _trouble_of_many(same) for same in alike.values())


def trouble(row: history.Delivery) -> str:
    """Why one delivery has not arrived, or may not have, and what to do about it, as a command."""
    said = f"{row.edition} to {row.recipient}: {_SAID.get(row.state, 'it has not left yet')}"
    return f"{said}{_why(row)}; {next_step(row)}"


def _trouble_of_many(rows: list[history.Delivery]) -> str:
    """The same of several: how many, the first of them, and what is done with each."""
    first = min(rows, key=lambda row: (row.next_attempt_at is None, row.next_attempt_at, row.id))
    named = ", ".join(f"{row.edition} to {row.recipient}" for row in rows[:NAMED])
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    said = _SAID.get(first.state, "it has not left yet").replace("it ", "each ", 1)
    said = "of none it is known whether it arrived" if first.state == "unknown" else said
    each = f" (each has its own number; `reporter deliver` lists them, {first.id} is the first)"
    rest = "" if first.state == "pending" else each
    return f"{len(rows)} letters, {named}{more}: {said}{_why(first)}; {next_step(first)}{rest}"


def _why(row: history.Delivery) -> str:
    return f" ({row.detail})" if row.detail else ""


_SAID = {"unknown": "it is not known whether it arrived", "failed": "it was not delivered"}


def next_step(row: history.Delivery) -> str:
    """What a person can do about a delivery that has not arrived."""
    again = f'`reporter deliver resolve {row.id} pending --why "..."`, then `reporter deliver send`, sends it again'
    if row.state == "unknown":
        look = "ask the recipient" if "@" in row.recipient else "look there"
        return f'{look}: `reporter deliver resolve {row.id} sent --why "..."` if it arrived, else {again}'
    if row.state == "failed":
        return f"when that is mended, {again}"
    if is_held(row):
        return "nobody tries it before that is mended: then `reporter deliver send` sends it, as the next run does"
    if row.state == "pending" and row.next_attempt_at:
        at = f"{row.next_attempt_at:%Y-%m-%d %H:%M:%S} UTC"
        return f"`reporter deliver send` tries again from {at} on; where `reporter schedule` runs, it does so by itself"
    return f"`reporter deliver show {row.id}` tells how it goes on"


def waiting(engine: history.Engine) -> tuple[str, ...]:
    """How many letters wait for their next try, and when the first of them is due; nothing where none waits."""
    times = sorted(row.next_attempt_at for row in history.deliveries(engine, states={"pending"}) if row.next_attempt_at)
    if not times:
        return ()
    wait = "1 letter waits" if len(times) == 1 else f"{len(times)} letters wait"
    first = f"{wait} for another try, the first from {times[0]:%Y-%m-%d %H:%M:%S} UTC on"
    return (f"{first}; `reporter deliver` says why",)


def overdue(engine: history.Engine, now: datetime, *, dead: Callable[[str], bool] = nobody) -> tuple[str, ...]:
    """That letters are due and no living process is sending, since when, and what sends them."""
    times = [row.next_attempt_at for row in history.deliveries(engine, states={"pending"}) if row.next_attempt_at]
    late = [at for at in times if at <= now - LATE]
    if not late or in_hand(engine, now, dead=dead):
        return ()
    them = "it" if len(late) == 1 else "them"
    since = f"{min(late):%Y-%m-%d %H:%M:%S} UTC"
    return (f"{_letters(len(late))} due since {since}, and nobody is sending {them}: `reporter deliver send`",)


def no_more(recipient: str, since: datetime) -> str:
    """That somebody asked for no more mails, and how that is undone."""
    return (
        f"{recipient} asked for no more mails on {since:%Y-%m-%d} by the link in one: take the address out of the settings, or "
        f'`reporter deliver resume {recipient} --why "..."` has it get them again'
    )


def in_hand(
    engine: history.Engine, now: datetime, *, dead: Callable[[str], bool] = nobody, on_unknown: str = "skip"
) -> tuple[str, ...]:
    """Who is sending at this moment, and until when nobody else will, in sentences. Whose lease is over is with `left`."""
    return _told(engine, now, dead, on_unknown, gone=False)


def left(
    engine: history.Engine, now: datetime, *, dead: Callable[[str], bool] = nobody, on_unknown: str = "skip"
) -> tuple[str, ...]:
    """What processes that are gone (`dead` knows them, or their lease has ended) still hold, and who takes it over."""
    return _told(engine, now, dead, on_unknown, gone=True)


def _told(
    engine: history.Engine, now: datetime, dead: Callable[[str], bool], on_unknown: str, *, gone: bool
) -> tuple[str, ...]:
    held: Counter[tuple[str, datetime, str]] = Counter()
    for row in history.deliveries(engine, states=IN_HAND):
        until = row.lease_until or now
        if (until <= now or dead(row.owner)) == gone:
            held[row.owner, until, row.state if gone else ""] += 1
    if not gone:
        return tuple(_at_it(owner, until, count) for (owner, until, _), count in sorted(held.items()))
    return tuple(
        _left_behind(owner, state, count, "its lease ended" if until <= now else "that process is gone", on_unknown)
        for (owner, until, state), count in sorted(held.items())
    )


def _at_it(owner: str, until: datetime, count: int) -> str:
    return (
        f"{_letters(count)} being sent by {process(owner)} until {until:%H:%M:%S} UTC; should that process be gone, "
        "`reporter deliver send` takes over after that"
    )


def _left_behind(owner: str, state: str, count: int, why: str, on_unknown: str) -> str:
    them = "it" if count == 1 else "them"
    if state == "claimed":
        now = f"`reporter deliver send` sends {them} now, as a running `reporter schedule` does within a minute"
        then = f"the receiver has not heard of {them}: {now}"
        return f"{_letters(count)} claimed by {process(owner)}, and {why}; {then}"
    rule = f"sends {them} again" if on_unknown == "resend" else f"settles {them} as unknown"
    then = f'the receiver may have {them}: `reporter deliver send` {rule}, by mail.on_unknown = "{on_unknown}"'
    return f"{_letters(count)} being handed over by {process(owner)}, and {why}; {then}"


def _letters(count: int) -> str:
    return f"{count} {'letter is' if count == 1 else 'letters are'}"


def process(owner: str) -> str:
    """An owner of a lease as people know it: host and process id, without the random part."""
    return owner.rpartition(":")[0] or owner
