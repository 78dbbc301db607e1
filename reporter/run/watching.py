"""Watching between two runs: a light look at what matters most, compared with the last run; only what got worse is told.

A watch writes no state into the history: its look is partial, and the next run will record the changes with all that belongs
to them. What it tells goes through the outbox, under the run it was compared with: so nothing is told twice, also not after a
crash, and not again when that run's successor has recorded it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

from reporter import history
from reporter.collect.door import Door, open_door
from reporter.collect.light import Glance, glance
from reporter.documents.canonical import canonical_json, plain
from reporter.drift import direction
from reporter.drift.changes import describe
from reporter.drift.noise import Fold, fold
from reporter.drift.sensitive import BUCKET, TRAIL, Sensitive
from reporter.drift.worsening import headed
from reporter.model import (
    ACCOUNT,
    EVERY_PART,
    GLOBAL,
    SEVERITIES,
    Account,
    Attribution,
    Change,
    ConfigurationItem,
    Direction,
    ReadStatus,
    Run,
    Severity,
)
from reporter.run.attributing import attribute, claimed, late, who_made
from reporter.run.comparing import rank, sensitive_in
from reporter.run.judging import Court, court
from reporter.run.wiring import collect_options, judgement
from reporter.settings import Settings

# What can be watched, and what that reads: for each type the parts. The fields of the listing come with it.
WATCHABLE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "trails": {TRAIL: ("Status", "Selectors")},
    "exposure": {
        BUCKET: ("OwnershipControls", "Policy", "PolicyStatus", "PublicAccessBlock", "Acl"),
        ACCOUNT: ("PublicAccessBlock",),
    },
    "protection": {BUCKET: ("Versioning", "Encryption", "Lifecycle", "ObjectLock", "Logging")},
}
WORSE = {Direction.WORSENED, Direction.MIXED}
Tell = Callable[[str, int, int, str], None]
Clock = Callable[[], datetime]


class NothingToCompare(RuntimeError):
    """No run has been sealed yet."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is watched."""

    parts: tuple[str, ...] = ("trails", "exposure")
    accounts: tuple[str, ...] = ()
    ou: str = ""
    severity: Severity = "high"  # at least this grave


@dataclass(frozen=True, slots=True)
class Watched:
    """What a look found: what got worse and was not told before, and counts of everything that is not shown."""

    base: Run
    at: datetime
    alerts: tuple[Change, ...]
    who: Mapping[int, Attribution]  # by place in `alerts`
    folds: tuple[Fold, ...]  # on many at once: one line each
    names: Mapping[str, str]  # of the accounts
    accounts: int
    unreachable: tuple[str, ...]  # accounts
    unread: int  # parts and listings that could not be read
    calls: int
    hidden: Mapping[str, int] = field(default_factory=dict)  # why: how many
    folded: int = 0  # what got worse and is told by a fold alone

    @property
    def share(self) -> float:
        """How many in a hundred of the accounts could be looked at."""
        return 100 * (self.accounts - len(self.unreachable)) / self.accounts if self.accounts else 0.0

    @property
    def loud(self) -> tuple[Fold, ...]:
        """Folds that hold worsened matters of security: an attacker with a script changes everything at once, too."""
        return tuple(one for one in self.folds if not one.quiet)


def look(settings: Settings, wanted: Wanted, engine: history.Engine, clock: Clock, tell: Tell) -> Watched:
    """Read, compare with the last run, judge. Raises NothingToCompare, and the rooms' own errors."""
    runs = history.last_runs(engine, 1, whole=True)
    if not runs:
        raise NothingToCompare("there is no run to compare with yet; `reporter run` makes the first")
    base = runs[0]
    door = open_door(collect_options(settings), clock=clock)
    accounts = {one.id: one for one in _chosen(engine, base, wanted)}
    management = next((one.id for one in history.accounts(engine, base).values() if one.management), "")
    sight = _Sight(engine, base, door, settings, wanted, management, sensitive_in(engine, base, _tags(settings)))
    found: list[Change] = []
    totals: Counter[str] = Counter()
    unreachable, unread, calls = [], 0, 0
    with ThreadPoolExecutor(min(settings.collect.threads, 16), thread_name_prefix="watch") as pool:
        for number, seen in enumerate(pool.map(sight.glance, accounts), 1):
            calls += seen.calls.made
            if _out_of_reach(seen):
                unreachable.append(seen.account)
            else:
                unread += len(seen.gaps) + sum(len(item.unread) for item in seen.items)
            totals.update(item.type for item in seen.items)
            found += sight.changes(seen)
            tell("watch", number, len(accounts), accounts[seen.account].name or seen.account)
    hidden, loud = _sifted(found, wanted.severity)
    kept, folds = fold(loud, totals)
    alerts = tuple(sorted(kept, key=rank))
    who: dict[int, Attribution] = {}
    if settings.collect.attribution:
        who = _who(sight, alerts, accounts, clock())
        attribute(engine, door, base, late(engine, clock()), lambda *_: None)
    return Watched(
        base, clock(), alerts, who, folds, {id: one.name for id, one in accounts.items()}, len(accounts),
        tuple(unreachable), unread, calls, hidden, len(loud) - len(kept),
    )  # fmt: skip


def mark(change: Change) -> str:
    """What makes a change the same when it is seen again by the next watch."""
    values = [[op.path, op.kind, plain(op.after), op.text if op.before == op.after else ""] for op in change.ops]
    about = [change.account, change.type, change.resource, change.kind.value, values]
    return hashlib.sha256(canonical_json(about)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Sight:
    """How an account is looked at and judged."""

    engine: history.Engine
    base: Run
    door: Door
    settings: Settings
    wanted: Wanted
    management: str
    sensitive: Sensitive
    courts: list[Court] = field(default_factory=list)  # at most one, made when the first account needs it

    def glance(self, account: str) -> Glance:
        """Read the watched parts, trails only where there were some."""
        parts: dict[str, set[str]] = {}
        for name in self.wanted.parts:
            for type, some in WATCHABLE[name].items():
                parts.setdefault(type, set()).update(some)
        homes = {item.region for item in self._known(account) if item.type == TRAIL}
        return glance(self.door, account, parts, {TRAIL: homes}, management=self.management)

    def changes(self, seen: Glance) -> list[Change]:
        """What differs from the last run, judged by today's checks before and after."""
        snapshot = history.account_snapshot(self.engine, self.base, seen.account)
        if snapshot is None:
            return []
        known = {(item.type, item.id): item for item in snapshot.items}
        merged = {(item.type, item.id): _merged(known.get((item.type, item.id)), item) for item in seen.items}
        pairs: list[tuple[ConfigurationItem | None, ConfigurationItem | None]]
        pairs = [(known.get(key), new) for key, new in merged.items()]
        pairs += [(old, None) for key, old in known.items() if key not in merged and _gone(old, seen)]
        found = [(change, old, new) for old, new in pairs if (change := self._described(old, new))]
        if not found:
            return []
        after = replace(
            snapshot, items=tuple(_after(known, merged, {c.resource for c, _, new in found if new is None}))
        )
        before, answers = (tuple(self._court().answers(one)) for one in (snapshot, after))
        return [headed(direction.judge(change, before, answers, old=old, new=new)) for change, old, new in found]

    def _described(self, old: ConfigurationItem | None, new: ConfigurationItem | None) -> Change | None:
        since = old.captured_at if old else self.base.as_of
        change = describe(old, new, detected_at=self.door.clock(), not_before=since)
        return self.sensitive.weighed(change) if change else None

    def _known(self, account: str) -> Sequence[ConfigurationItem]:
        snapshot = history.account_snapshot(self.engine, self.base, account)
        return snapshot.items if snapshot else ()

    def _court(self) -> Court:
        if not self.courts:
            self.courts.append(court(self.engine, self.base, judgement(self.settings)))
        return self.courts[0]


def _chosen(engine: history.Engine, base: Run, wanted: Wanted) -> Iterable[Account]:
    """The accounts of the last run that it could read; the others have nothing to be compared with."""
    scope = history.Within(accounts=frozenset(wanted.accounts) or None, ou=wanted.ou)
    for reading in history.readings(engine, base, scope):
        if reading.status is not ReadStatus.EXCLUDED and reading.last_read_at is not None:
            yield reading.account


def _merged(known: ConfigurationItem | None, seen: ConfigurationItem) -> ConfigurationItem:
    """What was last known, with what is seen now laid over it. What cannot be read now stays as it was known."""
    if known is None:
        return seen
    unread = {part: why for part, why in known.unread.items() if part not in seen.configuration and part != EVERY_PART}
    return replace(
        known,
        configuration={**known.configuration, **seen.configuration},
        unread=unread,
        volatile={**known.volatile, **seen.volatile},
        captured_at=seen.captured_at,
        created_at=seen.created_at or known.created_at,
    )


def _out_of_reach(seen: Glance) -> bool:
    """Whether the account could not be entered. That it holds nothing of what is watched is something else: its trail is gone."""
    return any(gap.type == ACCOUNT for gap in seen.gaps)


def _gone(old: ConfigurationItem, seen: Glance) -> bool:
    """Whether a complete listing no longer holds the resource."""
    return old.type != ACCOUNT and bool({(old.type, old.region), (old.type, GLOBAL)} & seen.listed)


def _after(
    known: Mapping[tuple[str, str], ConfigurationItem],
    merged: Mapping[tuple[str, str], ConfigurationItem],
    gone: set[str],
) -> Iterable[ConfigurationItem]:
    """The account's items as they are now, as far as is known."""
    yield from (merged.get(key, item) for key, item in known.items() if item.id not in gone)
    yield from (item for key, item in merged.items() if key not in known)


def _sifted(found: Iterable[Change], least: Severity) -> tuple[dict[str, int], list[Change]]:
    """What is loud enough to be told, and how many are not, by reason."""
    hidden: Counter[str] = Counter()
    loud = []
    for change in found:
        if change.direction not in WORSE:
            hidden["did not get worse"] += 1
        elif change.klass != "security":
            hidden["no matter of security"] += 1
        elif SEVERITIES.index(change.severity) > SEVERITIES.index(least):
            hidden[f"less grave than {least}"] += 1
        else:
            loud.append(change)
    return dict(sorted(hidden.items())), loud


def _who(
    sight: _Sight, alerts: Sequence[Change], accounts: Mapping[str, Account], now: datetime
) -> dict[int, Attribution]:
    return {
        place: who_made(
            sight.door,
            accounts.get(change.account),
            change,
            now,
            sight.management,
            before=claimed(sight.engine, change),
        )
        for place, change in enumerate(alerts)
    }


def _tags(settings: Settings) -> frozenset[str]:
    return frozenset(settings.targets.sensitive_tags)


__all__ = ["WATCHABLE", "NothingToCompare", "Wanted", "Watched", "look", "mark"]
