"""What differs between two runs, whatever happened in between, said as honestly as a change that was seen to happen.

Two states alone know nothing of why a resource is missing on one side. It came only if a run in between reported that it did;
else the earlier run did not look for it, and it is counted, not called created.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reporter import history
from reporter.drift import direction
from reporter.drift.changes import describe
from reporter.drift.sensitive import TRAIL, Sensitive, sensitive
from reporter.model import (
    EVERY_PART,
    SEVERITIES,
    Change,
    ChangeKind,
    ConfigurationItem,
    Direction,
    Finding,
    Run,
)
from reporter.run.judging import court
from reporter.run.wiring import Judgement

_CAME = {ChangeKind.CREATED, ChangeKind.RECREATED, ChangeKind.MOVED, ChangeKind.JOINED}
_ORDER = {
    Direction.WORSENED: 0,
    Direction.MIXED: 0,
    Direction.IMPROVED: 1,
    Direction.NEUTRAL: 2,
}  # mixed got worse, too
Pair = tuple[ConfigurationItem | None, ConfigurationItem | None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences between two runs, and what cannot be said of them."""

    before: Run
    after: Run
    changes: tuple[Change, ...]
    first_seen: int  # there in the later run; whether also in the earlier one is not known
    reverted: tuple[Change, ...]  # seen to happen in between, and no longer to be seen


def compare(engine: history.Engine, before: Run, after: Run, within: history.Within) -> Comparison:
    """Every resource that is not the same in two runs, the worse first. `before` is the earlier one."""
    weighs = sensitive_in(engine, after, frozenset())
    seen = [change for run in runs_between(engine, before, after) for change in _of(engine, run, within)]
    came = {(one.type, one.resource): one for one in seen if one.kind in _CAME}
    times = Counter((one.type, one.resource) for one in seen)
    once = {(one.type, one.resource): one for one in seen if times[one.type, one.resource] == 1}
    found: dict[tuple[str, str], Change] = {}  # a key that several accounts name is one key
    unknown = 0
    for pair in history.pairs(engine, before, after, within):
        old, new = _completed(engine, before, after, pair)
        if old is None and new is not None:
            change = came.get((new.type, new.id))  # two states do not tell what came from what was not looked for
            unknown += change is None
        else:
            change = _as_told(_described(engine, old, new, before, after), once)
        if change is not None:
            told = change.id is not None  # judged when it was seen to happen
            way = change if told else direction.judge(weighs.weighed(change), old=old, new=new)
            found.setdefault((change.type, change.arn or change.resource), way)
    changes = tuple(sorted(found.values(), key=rank))
    still = {(change.type, change.resource) for change in changes}
    back = tuple(sorted((one for one in seen if (one.type, one.resource) not in still), key=rank))
    return Comparison(before, after, changes, unknown, back)


def _as_told(change: Change | None, once: Mapping[tuple[str, str], Change]) -> Change | None:
    """The change as it was judged when it was seen, where that one step is all that happened between the two runs."""
    told = once.get((change.type, change.resource)) if change else None
    return told if change and told and (told.kind, told.ops) == (change.kind, change.ops) else change


def judged(engine: history.Engine, compared: Comparison, judgement: Judgement) -> Comparison:
    """The same differences, with what today's checks answer about both sides: their moves count for the direction."""
    accounts = sorted({change.account for change in compared.changes})
    before, after = (tuple(_answers(engine, run, judgement, accounts)) for run in (compared.before, compared.after))
    told = [_again(change, direction.judge(change, before, after)) for change in compared.changes]
    return replace(compared, changes=tuple(sorted(told, key=rank)))


def _answers(engine: history.Engine, run: Run, judgement: Judgement, accounts: Iterable[str]) -> Iterator[Finding]:
    sitting = court(engine, run, judgement)
    for account in accounts:
        snapshot = history.account_snapshot(engine, run, account)
        if snapshot is not None:
            yield from sitting.answers(snapshot)


def _again(change: Change, by_checks: Change) -> Change:
    """The change as judged by policies and rules, with the checks' verdict put to it."""
    signs = {change.direction, by_checks.direction} - {Direction.NEUTRAL}
    way = signs.pop() if len(signs) == 1 else Direction.MIXED if signs else Direction.NEUTRAL
    severity = min(change.severity, by_checks.severity, key=SEVERITIES.index)
    return replace(change, direction=way, severity=severity, checks=by_checks.checks)


def runs_between(engine: history.Engine, before: Run, after: Run) -> tuple[Run, ...]:
    """The sealed runs after `before` up to `after`, oldest first."""
    first, last = before.seq or 0, after.seq or 0
    runs = history.last_runs(engine, max(0, last - first), until=after)
    return tuple(sorted((run for run in runs if (run.seq or 0) > first), key=lambda run: run.seq or 0))


def sensitive_in(engine: history.Engine, run: Run, tags: frozenset[str]) -> Sensitive:
    """What is a matter of security in a run though not for its type: the lifecycle of the buckets that trails write to."""
    return sensitive(history.shared(engine, run, (TRAIL,)), tags)


def rank(change: Change) -> tuple[int, int, str, str, str]:
    """The order in which changes are read: worse before better, grave before slight, then by place."""
    place = (change.account, change.type, change.resource)
    return (_ORDER[change.direction], SEVERITIES.index(change.severity), *place)


def _completed(engine: history.Engine, before: Run, after: Run, pair: Pair) -> Pair:
    """The pair, where one side was kept under another account's name: that account named it, its owner did not list it yet."""
    old, new = pair
    if old is None and new is not None:
        old = history.find(engine, before, new.type, new.arn or new.id)
    elif new is None and old is not None:
        new = history.find(engine, after, old.type, old.arn or old.id)
    return old, new


def _described(
    engine: history.Engine, old: ConfigurationItem | None, new: ConfigurationItem | None, before: Run, after: Run
) -> Change | None:
    if old is not None and EVERY_PART in old.unread:
        old = replace(old, unread={part: why for part, why in old.unread.items() if part != EVERY_PART})
    if new is not None and EVERY_PART in new.unread:
        new = replace(new, unread={part: why for part, why in new.unread.items() if part != EVERY_PART})
    left = old is not None and new is None and history.listing(engine, after, old.account) is None
    return describe(old, new, detected_at=after.as_of, not_before=before.as_of, left=left)


def _of(engine: history.Engine, run: Run, within: history.Within) -> Iterator[Change]:
    silent = {ChangeKind.ACCESS_LOST, ChangeKind.ACCESS_RESTORED}
    yield from (change for change in history.changes(engine, run=run, within=within) if change.kind not in silent)
