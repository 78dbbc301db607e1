"""Judging a run: every account by every check, and every change by what it did to the answers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache, partial

from reporter import history
from reporter.assess import waivers
from reporter.assess.estate import Estate
from reporter.assess.evaluate import CHECKS, Check, judge
from reporter.assess.neighbours import Listing, Neighbours
from reporter.assess.resource_types import TRAIL
from reporter.collect.resources import asked_by
from reporter.drift import direction
from reporter.drift.sensitive import Sensitive, sensitive
from reporter.drift.worsening import headed
from reporter.model import EVERY_PART, AccountSnapshot, Change, ConfigurationItem, Evidence, Finding, ReadStatus, Run
from reporter.run.wiring import Judgement

Tell = Callable[[int, int, str], None]  # done, total, what
Subject = tuple[str, str]  # type, id
Key = tuple[str, str, str, str]  # Finding.key
Kind = tuple[object, ...]  # what two pairs of answers have in common that tell the same of a change
EVERYTHING = history.Within()
LISTINGS_KEPT = 32  # the account at hand and those that many name: the log archive, the management account


@dataclass(frozen=True, slots=True)
class Court:
    """All that judging the accounts of one run needs, made once for the run."""

    judgement: Judgement
    neighbours: Neighbours
    shown: Callable[[str], Iterable[Subject]]  # what an account owns and others have named: type, id

    def answers(self, snapshot: AccountSnapshot, checks: Sequence[Check] | None = None) -> Iterator[Finding]:
        """Every check's answer about every resource of an account; an excluded account is asked nothing."""
        if snapshot.status is ReadStatus.EXCLUDED:
            return
        snapshot = replace(snapshot, items=(*snapshot.items, *self._only_others_showed(snapshot)))
        estate = Estate(snapshot, self.neighbours, targets=self.judgement.targets, asked_by=_permission)
        yield from judge(estate, checks) if checks is not None else judge(estate)

    def _only_others_showed(self, snapshot: AccountSnapshot) -> Iterator[ConfigurationItem]:
        """The account's keys, log groups and topics that were read for another account, whose resources name them.

        The account itself may have been read before anybody named them. A stale one does not count against the
        account's own complete listing.
        """
        own = {(item.type, item.id) for item in snapshot.items}
        for type, id in self.shown(snapshot.account.id):
            item = None if (type, id) in own else self.neighbours.find(type, id)
            if item is None or item.account != snapshot.account.id:
                continue
            if EVERY_PART not in item.unread or (type, item.region) not in snapshot.listed:
                yield item


def court(engine: history.Engine, run: Run, judgement: Judgement) -> Court:
    """The court for one run of the history, past or present."""
    return Court(judgement, neighbours(engine, run), partial(history.shown_by_others, engine))


@dataclass(slots=True)
class Touched:
    """The changed resources of a run, and the answers about them before and after.

    An organization's trail stands in the answers of every account. So of all pairs of answers that tell the same of a
    change only one is kept, without the values it read: what is held grows with the changes, not with the organization.
    """

    changes: dict[Subject, list[Change]] = field(default_factory=lambda: defaultdict(list))
    accounts: set[str] = field(default_factory=set)  # whose own resources changed
    names: dict[str, set[Subject]] = field(default_factory=lambda: defaultdict(set))  # id or ARN -> what it may mean
    before: dict[Subject, list[Finding]] = field(default_factory=lambda: defaultdict(list))
    after: dict[Subject, list[Finding]] = field(default_factory=lambda: defaultdict(list))
    old: dict[Subject, ConfigurationItem] = field(default_factory=dict)
    new: dict[Subject, ConfigurationItem] = field(default_factory=dict)
    _kinds: dict[Subject, set[Kind]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def by(cls, changes: Iterable[Change]) -> "Touched":
        """Index the changes by resource."""
        touched = cls()
        for change in changes:
            touched.changes[change.type, change.resource].append(change)
            touched.accounts.add(change.account)
            for name in {change.resource, change.arn} - {""}:
                touched.names[name].add((change.type, change.resource))
        return touched

    def about(self, findings: Iterable[Finding]) -> dict[Subject, dict[Key, Finding]]:
        """The answers about changed resources, or resting on them, by resource; without the values they read."""
        found: dict[Subject, dict[Key, Finding]] = defaultdict(dict)
        for finding in findings:
            for subject, read in self._rests_on(finding).items():
                found[subject][finding.key] = replace(finding, reason="", fix="", evidence=tuple(read))
        return found

    def _rests_on(self, finding: Finding) -> dict[Subject, list[Evidence]]:
        """The changed resources an answer is about, read, or only named: of a bucket that is gone, the trail has the name."""
        found: dict[Subject, list[Evidence]] = {}
        if (finding.type, finding.resource) in self.changes:
            # all that it read, of others too: what read only others is no answer to a change of its own resource
            found[finding.type, finding.resource] = [replace(one, value=None) for one in finding.evidence]
        for one in finding.evidence:
            meant = ({(one.type, one.id)} & self.changes.keys()) - {(finding.type, finding.resource)}
            if isinstance(one.value, str):
                meant |= self.names.get(one.value, set())
            for type, id in meant:
                found.setdefault((type, id), []).append(replace(one, type=type, id=id, value=None))
        return found

    def note(
        self, before: Mapping[Subject, Mapping[Key, Finding]], after: Mapping[Subject, Mapping[Key, Finding]]
    ) -> None:
        """Remember the answers of one account, then and now."""
        for subject in {*before, *after}:
            then, now = before.get(subject, {}), after.get(subject, {})
            for key in sorted({*then, *now}):
                self._pair(subject, then.get(key), now.get(key))

    def _pair(self, subject: Subject, then: Finding | None, now: Finding | None) -> None:
        kind = (_kind(subject, then), _kind(subject, now))
        if kind in self._kinds[subject]:
            return
        self._kinds[subject].add(kind)
        if then is not None:
            self.before[subject].append(then)
        if now is not None:
            self.after[subject].append(now)


def judge_run(engine: history.Engine, run: Run, judgement: Judgement, tell: Tell) -> None:
    """Judge every account that is not judged yet, then say of every change whether it made things worse.

    Both can be repeated: what a killed process left out is done by the next.
    """
    changes = history.changes(engine, run=run)
    touched = Touched.by(changes)
    done = history.judged_accounts(engine, run)
    accounts = history.accounts(engine, run)
    sitting = court(engine, run, judgement)
    before = _Past.of(engine, run, judgement)
    for number, snapshot in enumerate(history.snapshots(engine, run, EVERYTHING), 1):
        id = snapshot.account.id
        if id not in done or changes:
            findings = tuple(sitting.answers(snapshot))
            if id not in done:
                waived = waived_by(judgement.waivers, findings, snapshot, run.as_of.date())
                history.record_findings(engine, run, id, findings, waived)
            _compare(touched, snapshot, findings, before)
        tell(number, len(accounts), snapshot.account.name or id)
    for id in sorted(touched.accounts - accounts.keys()):  # left the organization: seen only by judging as before
        _compare(touched, None, (), before, id)
    if changes:
        weighs = sensitive(
            history.shared(engine, run, (TRAIL,), EVERYTHING), judgement.targets.get("sensitive_tags", ())
        )
        history.judge_changes(engine, run, [_directed(change, touched, weighs) for change in changes])


@dataclass(frozen=True, slots=True)
class _Past:
    """The run before, to be asked what the same checks answered then."""

    engine: history.Engine
    run: Run
    court: Court

    @classmethod
    def of(cls, engine: history.Engine, run: Run, judgement: Judgement) -> "_Past | None":
        previous = history.previous_run(engine, run)
        return None if previous is None else cls(engine, previous, court(engine, previous, judgement))


def _compare(
    touched: Touched,
    snapshot: AccountSnapshot | None,
    findings: Sequence[Finding],
    past: _Past | None,
    account: str = "",
) -> None:
    """Note what one account's answers tell of changed resources, against what the same checks answered before.

    A resource that is gone is seen only by judging as before: where an account's own resources changed, by all checks.
    """
    if not touched.changes:
        return
    account = snapshot.account.id if snapshot else account
    _keep(touched, snapshot, touched.new)
    after = touched.about(findings)
    asked = {key[0] for about in after.values() for key in about}
    if account in touched.accounts:
        asked |= CHECKS.keys()
    before: dict[Subject, dict[Key, Finding]] = {}
    if past is not None and asked:
        then = history.account_snapshot(past.engine, past.run, account)
        _keep(touched, then, touched.old)
        before = touched.about(past.court.answers(then, [CHECKS[id] for id in sorted(asked)])) if then else {}
    touched.note(before, after)


def _keep(touched: Touched, snapshot: AccountSnapshot | None, into: dict[Subject, ConfigurationItem]) -> None:
    """The changed resources themselves, for the comparison of their policies."""
    for item in snapshot.items if snapshot else ():
        if (item.type, item.id) in touched.changes:
            into[item.type, item.id] = item


def waived_by(
    accepted: waivers.Waivers, findings: Iterable[Finding], snapshot: AccountSnapshot, on: date
) -> dict[Key, str]:
    """Finding keys to the id of the waiver that covers each."""
    if not accepted.items:
        return {}
    tags = {(item.type, item.id): tags_of(item) for item in snapshot.items}
    found = {}
    for finding in findings:
        own = tags.get((finding.type, finding.resource))
        if waiver := waivers.match(accepted, finding, snapshot.account, own, on):
            found[finding.key] = waiver.id
    return found


def tags_of(item: ConfigurationItem) -> Mapping[str, str] | None:
    """A resource's tags as they were read; None where they were not: what it was tagged with before waives nothing."""
    return None if item.unread.keys() & {EVERY_PART, "Tags"} else item.configuration.get("Tags")


def neighbours(engine: history.Engine, run: Run) -> Neighbours:
    """The organization around an account, as the history answers for one run."""

    @lru_cache(maxsize=LISTINGS_KEPT)
    def listing(account: str) -> Listing | None:
        found = history.listing(engine, run, account)
        return Listing.of(found) if found else None

    return Neighbours(
        accounts=history.accounts(engine, run),
        find=partial(history.find, engine, run),
        shared=lambda type, account: history.shared(engine, run, (type,), _only(account)),
        listing=listing,
    )


def _only(account: str) -> history.Within:
    """One account; an empty id is the whole organization."""
    return history.Within(accounts=frozenset({account})) if account else EVERYTHING


def _permission(type: str, key: str) -> str:
    """The permission a key was read with, for the evidence."""
    _, iam = asked_by(type, key)
    return iam


def _directed(change: Change, touched: Touched, weighs: Sensitive) -> Change:
    """The change with its direction; its differences stay as they were recorded, only what they weigh is new."""
    subject = (change.type, change.resource)
    judged = direction.judge(
        weighs.weighed(change),
        touched.before.get(subject, ()),
        touched.after.get(subject, ()),
        old=touched.old.get(subject),
        new=touched.new.get(subject),
    )
    return replace(headed(judged), ops=change.ops)


def _kind(subject: Subject, finding: Finding | None) -> Kind:
    """Which check said what after reading which keys of the changed resource, and whether it is about that very one."""
    if finding is None:
        return ()
    own = finding.account if (finding.type, finding.resource) == subject else ""
    read = frozenset(one.key for one in finding.evidence)
    return (finding.check, finding.status, finding.severity, own, read)
