"""What follows the seal: the head is signed, reports are printed, letters go out, and the run's result is told.

Everything here can be repeated: what a killed process left out is done by the next, and nothing twice.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reporter import history
from reporter.model import Account, Run
from reporter.report.content import build
from reporter.report.pdf import Unwritable
from reporter.run.addressing import Addressed, Misaddressed, addressed, contacts_in, misaddressed, nobody_named
from reporter.run.awaiting import no_more
from reporter.run.clock import dated_before
from reporter.run.lettering import Handed
from reporter.run.posting import post, queue, transport
from reporter.run.publish import WHOLE, Press, Published, look, options, publish
from reporter.run.selecting import NotThere, empty, parsed
from reporter.run.signing import sign_run
from reporter.run.source import HistorySource
from reporter.run.wiring import Judgement, WiringError
from reporter.settings import Settings

ARRIVED = "sent"
EVERYTHING = history.Within()


class Wishes(Protocol):
    """What a request says of handing over."""

    @property
    def deliver(self) -> bool: ...
    @property
    def editions(self) -> tuple[str, ...]: ...
    def dead(self, owner: str) -> bool: ...


class Setting(Protocol):
    """What is worked with."""

    @property
    def engine(self) -> history.Engine: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def judgement(self) -> Judgement: ...
    @property
    def request(self) -> Wishes: ...
    @property
    def owner(self) -> str: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...
    @property
    def tell(self) -> Callable[[str, int, int, str], None]: ...
    def telling(self, stage: str) -> Callable[[int, int, str], None]: ...


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to.

    `calls` are the requests that reading took, each attempt counted, as the history keeps them for each account; questions
    about who made a change are not among them. `denied` are those that AWS refused: one may leave many values unread.
    """

    run: Run
    coverage: history.Coverage
    changes: int
    published: tuple[Published, ...]
    deliveries: Counter[str]
    calls: int = 0
    denied: int = 0
    resumed: bool = False
    undelivered: tuple[
        history.Delivery, ...
    ] = ()  # letters and copies of this run that have not arrived, or may not have
    notes: tuple[str, ...] = field(default=())  # what else a person should know

    def complete(self, minimum_percent: float) -> bool:
        """Whether enough of the accounts in scope was completely read."""
        in_scope = self.coverage.total - self.coverage.excluded
        return in_scope > 0 and self.coverage.read * 100 >= minimum_percent * in_scope


def hand_over(at: Setting, run: Run, *, resumed: bool = False, notes: tuple[str, ...] = ()) -> Result:
    """Signature, reports, archive, letters; then the run is marked as published and the outbox emptied.

    The recipients are those of the run's own schedule. A run of some accounts only is printed and goes to nobody: who gets the
    organization's report would take it for one.
    """
    engine = at.engine
    accounts = tuple(history.accounts(engine, run).values())
    deliver = at.request.deliver and not run.selection
    asked = parsed(at.request.editions)
    for edition in asked:
        if why := empty(edition, accounts, at.judgement):
            raise NotThere(f"--edition {why}")
    to, wrong = _recipients(at, run, accounts) if deliver else ((), ())
    to, stopped = _willing(engine, to)
    nobody = nobody_named(at.settings.recipient, accounts, run.schedule, contacts_in(engine, run)) if deliver else ()
    with _stored_whole(run):
        notes = (
            *notes,
            *_out_of_order(engine, run),
            *sign_run(engine, run, at.settings, at.clock()),
            *stopped,
            *nobody,
        )
        press = Press(engine, run, at.settings, at.judgement)
        wanted = {WHOLE, *asked, *(edition for _, _, edition in to)}
        at.tell("report", 0, len(wanted), "")  # the first edition takes longest: until it is there nothing else is said
        published = publish(press, wanted, at.telling("report"), at.clock())
        deliveries = _queued(at, run, published, to, wrong) if deliver else Counter()
    history.mark_handed_over(engine, run, at.clock())
    if deliver:
        at.tell("deliver", 0, 1, "")
        way = transport(at.settings)
        deliveries += post(engine, at.settings, way, at.owner, at.clock, dead=at.request.dead, held=True)
        at.tell("deliver", 1, 1, "")
    return _result(at, run, published, deliveries, resumed=resumed, notes=notes)


@contextmanager
def _stored_whole(run: Run) -> Iterator[None]:
    """A folder that cannot be written to costs no reading: what is done, and how to go on once it can."""
    try:
        yield
    except (ConnectionError, TimeoutError):
        raise
    except (Unwritable, WiringError, OSError) as error:
        why = str(error)
        if isinstance(error, OSError):
            why = f"{error.filename or 'the folder for reports'}: cannot be written ({error.strerror}); make room"
        go_on = (
            f"Run {run.seq} is stored whole: after that, `reporter run --resume` makes its reports and hands them over"
        )
        raise Unwritable(f"{why}. {go_on}") from None


def _out_of_order(engine: history.Engine, run: Run) -> Iterator[str]:
    """That a run is older than what is told already, or dated before it."""
    if early := dated_before(engine, run):
        yield early
    if (newer := history.overtaken_by(engine, run)) is not None:
        yield f"run {run.seq} was begun before run {newer.seq}, which was finished meanwhile: its letters say so"


def _recipients(
    at: Setting, run: Run, accounts: Collection[Account]
) -> tuple[tuple[Addressed, ...], tuple[Misaddressed, ...]]:
    """Who gets what; an edition that would hold nothing (its unit was renamed, say) becomes a failed letter, no failed run."""
    who = (at.settings.recipient, accounts, run.schedule, contacts_in(at.engine, run))
    found = addressed(*who)
    nothing = {edition: empty(edition, accounts, at.judgement) for _, _, edition in found}
    lost = (
        Misaddressed(address.lower(), edition, nothing[edition]) for _, address, edition in found if nothing[edition]
    )
    return tuple(one for one in found if not nothing[one[2]]), (*misaddressed(*who), *lost)


def _willing(engine: history.Engine, to: tuple[Addressed, ...]) -> tuple[tuple[Addressed, ...], tuple[str, ...]]:
    """Those who have not asked for no more mails; and of the others, that they did."""
    stopped = history.unsubscribed(engine)
    gone = sorted({address.lower() for _, address, _ in to} & stopped.keys())
    return tuple(one for one in to if one[1].lower() not in stopped), tuple(no_more(one, stopped[one]) for one in gone)


def _queued(
    at: Setting,
    run: Run,
    published: tuple[Published, ...],
    to: tuple[Addressed, ...],
    wrong: tuple[Misaddressed, ...],
) -> Counter[str]:
    engine, settings = at.engine, at.settings
    source, words = HistorySource(engine, run, at.judgement), options(settings, at.judgement)
    handed = Handed(
        run, history.previous_run(engine, run), published, to,
        contents=lambda edition: build(source, edition, words), look=look(settings), wrong=wrong,
    )  # fmt: skip
    return queue(engine, settings, handed, at.owner, at.clock, dead=at.request.dead)


def _result(
    at: Setting,
    run: Run,
    published: tuple[Published, ...],
    deliveries: Counter[str],
    *,
    resumed: bool,
    notes: tuple[str, ...],
) -> Result:
    engine = at.engine
    readings = tuple(history.readings(engine, run, EVERYTHING))
    changes = history.change_counts(engine, run, EVERYTHING, after=history.previous_run(engine, run))
    return Result(
        run, history.coverage(engine, run), sum(changes.values()), published, deliveries,
        calls=sum(one.calls for one in readings), denied=sum(one.denied for one in readings),
        resumed=resumed, undelivered=tuple(_undelivered(engine, run)), notes=notes,
    )  # fmt: skip


def _undelivered(engine: history.Engine, run: Run) -> Iterator[history.Delivery]:
    yield from (row for row in history.deliveries(engine, run) if row.state != ARRIVED)
