"""One run, top to bottom: read every account, store it, derive the changes, judge, ask who, seal, report, deliver."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from reporter import __version__, history
from reporter.collect.door import Door, open_door
from reporter.collect.organization import Organization, configured, discover
from reporter.collect.snapshot import collect
from reporter.drift.changes import describe
from reporter.model import Run
from reporter.report.content import build
from reporter.report.edition import Edition
from reporter.run.addressing import addressed, contacts_in, misaddressed
from reporter.run.attributing import attribute_run
from reporter.run.judging import judge_run
from reporter.run.lettering import Handed
from reporter.run.posting import post, queue, transport
from reporter.run.publish import WHOLE, Press, Published, look, options, publish
from reporter.run.source import HistorySource
from reporter.run.wiring import Judgement, collect_options, judgement, with_stored
from reporter.settings import Settings, database_url

LEASE = timedelta(minutes=3)
KEEP_EVERY = 60.0  # seconds
Clock = Callable[[], datetime]
Tell = Callable[[str, int, int, str], None]  # stage, done, total, what


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of one run."""

    kind: str = "manual"
    schedule: str = ""
    accounts: tuple[str, ...] = ()
    ous: tuple[str, ...] = ()
    deliver: bool = True
    resume: bool = False  # only finish what was begun
    editions: tuple[str, ...] = ()
    inherit: Callable[[str], str] = lambda _: (
        ""
    )  # the name to act under if the owner of an interrupted run is known dead


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to."""

    run: Run
    coverage: history.Coverage
    changes: int
    published: tuple[Published, ...]
    deliveries: Counter[str]
    calls: int = 0
    resumed: bool = False

    def complete(self, minimum_percent: float) -> bool:
        """Whether enough of the accounts in scope was completely read."""
        in_scope = self.coverage.total - self.coverage.excluded
        return in_scope > 0 and self.coverage.read * 100 >= minimum_percent * in_scope


class NothingToResume(RuntimeError):
    """No run was interrupted; `reporter run` without --resume starts a new one."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every step of a run works with."""

    engine: history.Engine
    settings: Settings
    judgement: Judgement
    request: Request
    owner: str
    clock: Clock
    tell: Tell

    def telling(self, stage: str) -> Callable[[int, int, str], None]:
        """Progress of one stage."""
        return lambda done, total, what: self.tell(stage, done, total, what)


def execute(settings: Settings, request: Request, *, owner: str, clock: Clock, tell: Tell) -> Result:
    """Do one run, or finish the one that was interrupted: nothing is read, stored, judged or mailed twice.

    Raises the errors of the rooms (HistoryError, CollectError, SettingsError, WiringError ...), each one sentence.
    """
    judged_by = judgement(settings)
    engine = history.connect(database_url(settings))
    history.prepare(engine, clock())
    history.sync_waivers(engine, judged_by.waivers.items, clock())
    judged_by = with_stored(judged_by, engine, clock())
    at = Setting(engine, settings, judged_by, request, owner, clock, tell)
    if (unpublished := _unpublished(engine)) is not None:
        return _hand_over(at, unpublished, resumed=True)
    interrupted = history.unfinished(engine, request.kind)
    if interrupted is not None:
        at = replace(at, owner=request.inherit(interrupted[1]) or owner)
    elif request.resume:
        raise NothingToResume("no run was interrupted; `reporter run` without --resume starts a new one")
    run, calls = _read(at)
    return _hand_over(at, run, calls=calls, resumed=interrupted is not None)


def _read(at: Setting) -> tuple[Run, int]:
    """Everything up to the seal: the run, and the number of calls it made."""
    engine, clock = at.engine, at.clock
    door = open_door(collect_options(at.settings), clock=clock)
    at.tell("organization", 0, 1, "")
    organization = _organization(door, at)
    at.tell("organization", 1, 1, "")
    run = history.start_run(
        engine, kind=at.request.kind, as_of=clock(), owner=at.owner, now=clock(), lease=LEASE,
        organization=organization.id, tool_version=__version__, checks_hash=at.judgement.hash,
    )  # fmt: skip
    with _held(at, run):
        calls = _store(at, door, organization, run)
        if organization.complete:
            gone = history.known_accounts(engine) - {account.id for account in organization.accounts}
            history.mark_left(engine, run, gone, clock())
        judge_run(engine, run, at.judgement, at.telling("judge"))
        if at.settings.collect.attribution:
            attribute_run(engine, door, run, at.telling("who"), clock)
        accounts = frozenset(account.id for account in organization.accounts)
        return history.seal(engine, run, clock(), accounts=accounts), calls


@contextmanager
def _held(at: Setting, run: Run) -> Iterator[None]:
    """Keep the run's lease alive while it is worked on, however long one account takes."""
    over = threading.Event()

    def keep() -> None:
        while not over.wait(KEEP_EVERY):
            with suppress(history.HistoryError):  # whoever lost the lease is told by the next write
                history.heartbeat(at.engine, run, at.owner, at.clock(), LEASE)

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _organization(door: Door, at: Setting) -> Organization:
    scope, request = at.settings.organization, at.request
    found = configured(door, scope.accounts) if scope.accounts else discover(door)
    return found.select(accounts=request.accounts, ous=request.ous or scope.ous, exclude=scope.exclude)


def _store(at: Setting, door: Door, organization: Organization, run: Run) -> int:
    """Each account into the history as it ends; the number of calls made."""
    engine = at.engine
    done = history.recorded_accounts(engine, run)
    total, number, calls = len(organization.accounts), len(done), organization.calls.made
    for snapshot in collect(door, organization, skip=done, known=partial(history.named, engine)):
        history.record_account(engine, run, snapshot, describe)
        number, calls = number + 1, calls + snapshot.calls.made
        at.tell("read", number, total, f"{snapshot.account.name or snapshot.account.id}: {snapshot.status}")
    return calls


def _hand_over(at: Setting, run: Run, *, calls: int = 0, resumed: bool = False) -> Result:
    """Reports, archive, letters; then the run is marked as published and the outbox emptied."""
    engine, settings, request = at.engine, at.settings, at.request
    accounts = tuple(history.accounts(engine, run).values())
    who = (settings.recipient if request.deliver else (), accounts, request.schedule, contacts_in(engine, run))
    to = addressed(*who)
    wanted = {WHOLE, *(Edition.parse(text) for text in request.editions), *(edition for _, _, edition in to)}
    press = Press(engine, run, settings, at.judgement)
    published = publish(press, wanted, at.telling("report"), at.clock())
    deliveries: Counter[str] = Counter()
    if request.deliver:
        source, words = HistorySource(engine, run, at.judgement), options(settings, at.judgement)
        handed = Handed(
            run, history.previous_run(engine, run), published, to,
            contents=lambda edition: build(source, edition, words), look=look(settings), wrong=misaddressed(*who),
        )  # fmt: skip
        deliveries += queue(engine, settings, handed, at.owner, at.clock)
    history.mark_handed_over(engine, run, at.clock())
    if request.deliver:
        at.tell("deliver", 0, 1, "")
        deliveries += post(engine, settings, transport(settings), at.owner, at.clock)
        at.tell("deliver", 1, 1, "")
    changes = sum(history.change_counts(engine, run, history.Within()).values())
    return Result(run, history.coverage(engine, run), changes, published, deliveries, calls, resumed)


def _unpublished(engine: history.Engine) -> Run | None:
    """The last run, if it was sealed but its reports were never handed over."""
    last = history.last_runs(engine, 1)
    return last[0] if last and not history.is_handed_over(engine, last[0]) else None
