"""One run, top to bottom: read every account, store it, derive the changes, judge, ask who, seal, report, deliver."""

import logging
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from reporter import __version__, history
from reporter.collect.coverage import Coverage
from reporter.collect.door import Door, open_door
from reporter.collect.organization import Organization, configured, discover
from reporter.collect.shards import collect_sharded
from reporter.collect.snapshot import Progress, collect
from reporter.drift.changes import describe
from reporter.model import Account, AccountSnapshot, ReadStatus, Run
from reporter.run.attributing import attribute_run
from reporter.run.awaiting import process
from reporter.run.clock import behind
from reporter.run.handing import Result, hand_over
from reporter.run.judging import judge_run
from reporter.run.publish import look
from reporter.run.ready import check_folder, check_look
from reporter.run.reverting import keep_reverted
from reporter.run.selecting import check_accounts, check_editions, check_units, chosen, parsed, spelled, split
from reporter.run.signing_key import check_key
from reporter.run.stopping import UNSENT, nothing_to_resume
from reporter.run.wiring import Judgement, WiringError, collect_options, judgement, with_stored
from reporter.settings import Settings, database_url

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)
KEEP_EVERY = 60.0  # seconds
RUNS_BACK = 20  # among which a slot's own run is looked for
Clock = Callable[[], datetime]
Tell = Callable[[str, int, int, object], None]  # stage, done, total, what (while reading: a Progress)


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
    processes: int = 0  # that read; 0: as the settings say
    # When the schedule's slot was first claimed: a run of the schedule begun since then is the slot's, an older one is not.
    since: datetime | None = None
    # The name of the owner of an interrupted run or letter, if it is known dead; empty if it may be alive.
    inherit: Callable[[str], str] = lambda _: ""

    @property
    def selection(self) -> tuple[str, ...]:
        """What the run is narrowed to, in one order however it was typed; empty for the whole organization."""
        return tuple(sorted({*self.accounts, *self.ous}))

    def dead(self, owner: str) -> bool:
        """Whether an owner is known to be dead."""
        return bool(self.inherit(owner))


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

    Raises the errors of the rooms (HistoryError, CollectError, SettingsError, WiringError ...), each one sentence. What can
    be refused is refused before anything is read, and a selection before anything is stored.
    """
    judged_by = judgement(settings)
    parsed(request.editions)
    check_folder(settings.report.directory)
    check_look(look(settings), paper=settings.report.pdf)
    check_key(settings)
    door = open_door(collect_options(settings), clock=clock)
    found = _discovered(door, settings, request, tell) if request.selection else None
    engine = history.connect(database_url(settings))
    history.prepare(engine, clock())
    history.sync_waivers(engine, judged_by.waivers.items, clock())
    at = Setting(engine, settings, with_stored(judged_by, engine, clock()), request, owner, clock, tell)
    finished = _unfinished_business(at, door, found)
    if finished is not None and (request.resume or not request.schedule or _is_of(request, finished.run)):
        return finished
    if request.resume:
        if (waiting := _waiting(engine)) is not None:
            return hand_over(at, waiting, resumed=True)
        raise NothingToResume(nothing_to_resume(engine, clock(), request.dead))
    if (done := _done_already(engine, request)) is not None:
        return hand_over(at, done, resumed=True)
    return hand_over(at, _read(at, door, found))


def _is_of(request: Request, run: Run) -> bool:
    """Whether a run is the one that a schedule's slot asks for, and not an earlier slot's."""
    in_time = request.since is None or (run.started_at is not None and run.started_at >= request.since)
    return run.schedule == request.schedule and in_time


def _done_already(engine: history.Engine, request: Request) -> Run | None:
    """The run of a slot that was taken over after its process had sealed it: the slot is not run twice."""
    if request.since is None:
        return None
    return next((run for run in history.last_runs(engine, RUNS_BACK) if _is_of(request, run)), None)


def _waiting(engine: history.Engine) -> Run | None:
    """The last run, if letters of it have not left: its process was ended while it mailed."""
    runs = history.last_runs(engine, 1)
    return runs[0] if runs and history.deliveries(engine, runs[0], UNSENT) else None


def _unfinished_business(at: Setting, door: Door, found: Organization | None) -> Result | None:
    """Finish what a killed process left: a sealed run that nobody was told of, or one in the midst of its accounts.

    A run of some accounts is taken up only by who wants the same, or whatever there is: else the whole organization's run
    would wait for it. One of the whole organization is never given up for one of some accounts.
    """
    if sealed := history.not_handed_over(at.engine):
        return [hand_over(at, run, resumed=True) for run in sealed][-1]
    begun = history.unfinished(at.engine, at.request.kind)
    if begun is None:
        return None
    run, owner = begun
    wanted = at.request.selection
    if wanted and not run.selection and not at.request.resume:
        raise WiringError(
            f"a run of the whole organization is not finished ({process(owner)}): `reporter run --resume` finishes it; "
            f"then ask again for {spelled(wanted)}"
        )
    if run.selection != wanted and not at.request.resume:
        return None
    at = replace(at, request=_as_asked(at.request, run))
    done = _read(at, door, found if run.selection == wanted else None, heir_of=at.request.inherit(owner))
    return hand_over(at, done, resumed=done.id == run.id, notes=_anew(at.engine, run, done))


def _anew(engine: history.Engine, begun: Run, done: Run) -> tuple[str, ...]:
    """That an interrupted run was not gone on with, and why."""
    if done.id == begun.id:
        return ()
    since = f"{begun.started_at or begun.as_of:%Y-%m-%d %H:%M:%S}"
    return (f"the run begun at {since} UTC was {history.given_up(engine, begun)}: every account was read anew",)


def _as_asked(request: Request, run: Run) -> Request:
    """The request that began a run, as far as the run tells."""
    ids, units = split(run.selection)
    since = request.since if run.schedule == request.schedule else None
    return replace(request, accounts=tuple(sorted(ids)), ous=units, schedule=run.schedule, since=since)


def _read(at: Setting, door: Door, found: Organization | None = None, *, heir_of: str = "") -> Run:
    """Everything up to the seal."""
    engine, clock, request = at.engine, at.clock, at.request
    if early := behind(engine, clock()):
        log.warning("%s", early)
    organization = found or _discovered(door, at.settings, request, at.tell, last_known=_last_known(engine))
    check_editions(organization, at.judgement, parsed(request.editions))
    picked = chosen(organization, request.selection)
    run = history.start_run(
        engine, kind=request.kind, as_of=clock(), owner=at.owner, now=clock(), lease=LEASE,
        organization=organization.id, tool_version=__version__, checks_hash=at.judgement.hash,
        schedule=request.schedule, selection=request.selection, not_before=request.since, heir_of=heir_of,
        dead=request.dead,
    )  # fmt: skip
    with _held(at, run):
        if picked.left:
            history.pass_over(engine, run, picked.left, picked.why)
            organization = organization.narrowed(picked.read)
        _store(at, door, organization, run)
        if organization.complete and not request.selection:
            gone = history.known_accounts(engine) - {account.id for account in organization.accounts}
            history.mark_left(engine, run, gone, clock())
        judge_run(engine, run, at.judgement, at.telling("judge"))
        if at.settings.collect.attribution:
            attribute_run(engine, door, run, at.telling("who"), clock)
        if at.settings.collect.reverted:
            keep_reverted(engine, door, run, at.telling("who"), clock())
        accounts = frozenset(account.id for account in organization.accounts)
        return history.seal(engine, run, clock(), accounts=accounts)


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


def _discovered(
    door: Door, settings: Settings, request: Request, tell: Tell, *, last_known: tuple[Account, ...] = ()
) -> Organization:
    """The organization as the settings want it read; what was asked for and is not there is refused."""
    scope = settings.organization
    tell("organization", 0, 1, "")
    whole = not request.selection
    found = configured(door, scope.accounts) if scope.accounts else discover(door, last_known=last_known, alone=whole)
    tell("organization", 1, 1, "")
    check_units(found, scope.ous, "[organization] ous:")
    check_accounts(found, request.accounts)
    check_units(found, request.ous)
    return found.select(ous=scope.ous, exclude=scope.exclude)


def _last_known(engine: history.Engine) -> tuple[Account, ...]:
    """The accounts of the last run: where AWS does not list them to the end, these are read all the same."""
    runs = history.last_runs(engine, 1, whole=True)
    return tuple(history.accounts(engine, runs[0]).values()) if runs else ()


def _store(at: Setting, door: Door, organization: Organization, run: Run) -> None:
    """Each account into the history as it ends; that all are there and none twice is checked at the end."""
    engine = at.engine
    done = history.recorded_accounts(engine, run)
    covered = Coverage.of(organization)
    total, before = len(covered.accounts), len(done & covered.accounts)
    standing = Progress(before, total, 0, 0, 0, 0, "", ReadStatus.READ)
    with closing(
        _snapshots(at, door, organization, done)
    ) as snapshots:  # whoever is stopped here stops the readers, too
        for snapshot in snapshots:
            kept = snapshot if at.settings.collect.request_ids else without_requests(snapshot)
            history.record_account(engine, run, kept, describe)
            covered.add(snapshot)
            standing = standing.after(snapshot)
            at.tell("read", standing.accounts_done, total, standing)
    covered.check(already=done)


def without_requests(snapshot: AccountSnapshot) -> AccountSnapshot:
    """The snapshot without AWS's ids of the requests: they differ each time and would be most of what a run stores."""
    return replace(snapshot, items=tuple(replace(item, requests={}) for item in snapshot.items))


def _snapshots(at: Setting, door: Door, organization: Organization, done: frozenset[str]) -> Generator[AccountSnapshot]:
    """By this process, or by as many as are wanted."""
    known = partial(history.named, at.engine)
    processes = at.request.processes or at.settings.collect.processes
    if processes == 1:
        return collect(door, organization, skip=done, known=known)
    return collect_sharded(door.options, organization, clock=at.clock, processes=processes, skip=done, known=known)
