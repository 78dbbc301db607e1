"""Judging a run: every account by every check, and every change by what it did to the answers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from reporter import history
from reporter.assess import waivers
from reporter.assess.estate import Estate
from reporter.assess.evaluate import CHECKS, Check, judge
from reporter.assess.neighbours import Listing, Neighbours
from reporter.collect.resources import asked_by
from reporter.drift import direction
from reporter.model import AccountSnapshot, Change, ConfigurationItem, Finding, ReadStatus, Run
from reporter.run.wiring import Judgement

Tell = Callable[[int, int, str], None]  # done, total, what
Subject = tuple[str, str]  # type, id
EVERYTHING = history.Within()


@dataclass(slots=True)
class Touched:
    """The changed resources of a run, and which answers looked at them."""

    changes: dict[Subject, list[Change]] = field(default_factory=lambda: defaultdict(list))
    before: dict[Subject, list[Finding]] = field(default_factory=lambda: defaultdict(list))
    after: dict[Subject, list[Finding]] = field(default_factory=lambda: defaultdict(list))
    old: dict[Subject, ConfigurationItem] = field(default_factory=dict)
    new: dict[Subject, ConfigurationItem] = field(default_factory=dict)
    checks: dict[str, set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )  # account -> checks to judge as before

    @classmethod
    def by(cls, changes: Iterable[Change]) -> "Touched":
        """Index the changes by resource."""
        touched = cls()
        for change in changes:
            touched.changes[change.type, change.resource].append(change)
            touched.checks[change.account] |= CHECKS.keys()  # a deleted resource is seen only by judging as before
        return touched

    def note(self, snapshot: AccountSnapshot, findings: Iterable[Finding]) -> None:
        """Remember what is, or rests on, a changed resource."""
        for item in snapshot.items:
            if (item.type, item.id) in self.changes:
                self.new[item.type, item.id] = item
        for finding in findings:
            self._note(finding)

    def _note(self, finding: Finding) -> None:
        for subject in _subjects(finding) & self.changes.keys():
            self.after[subject].append(finding)
            self.checks[finding.account].add(finding.check)


@dataclass(frozen=True, slots=True)
class Court:
    """All that judging the accounts of one run needs, made once for the run."""

    judgement: Judgement
    neighbours: Neighbours

    def answers(self, snapshot: AccountSnapshot, checks: Sequence[Check] | None = None) -> Iterator[Finding]:
        """Every check's answer about every resource of an account; an excluded account is asked nothing."""
        if snapshot.status is ReadStatus.EXCLUDED:
            return
        estate = Estate(snapshot, self.neighbours, targets=self.judgement.targets, asked_by=_permission)
        yield from judge(estate, checks) if checks is not None else judge(estate)


def court(engine: history.Engine, run: Run, judgement: Judgement) -> Court:
    """The court for one run of the history, past or present."""
    return Court(judgement, neighbours(engine, run))


def judge_run(engine: history.Engine, run: Run, judgement: Judgement, tell: Tell) -> None:
    """Judge every account that is not judged yet, then say of every change whether it made things worse.

    Both can be repeated: what a killed process left out is done by the next.
    """
    previous = history.previous_run(engine, run)
    changes = history.changes(engine, run=run)
    touched = Touched.by(changes)
    done = history.judged_accounts(engine, run)
    accounts = history.accounts(engine, run)
    sitting = court(engine, run, judgement)
    for number, snapshot in enumerate(history.snapshots(engine, run, EVERYTHING), 1):
        findings = tuple(sitting.answers(snapshot))
        if snapshot.account.id not in done:
            waived = waived_by(judgement.waivers, findings, snapshot, run.as_of.date())
            history.record_findings(engine, run, snapshot.account.id, findings, waived)
        touched.note(snapshot, findings)
        tell(number, len(accounts), snapshot.account.name or snapshot.account.id)
    if changes:
        _look_back(engine, previous, touched, judgement)
        history.judge_changes(engine, run, [_directed(change, touched) for change in changes])


def waived_by(
    accepted: waivers.Waivers, findings: Iterable[Finding], snapshot: AccountSnapshot, on: date
) -> dict[tuple[str, str, str, str], str]:
    """Finding keys to the id of the waiver that covers each."""
    if not accepted.items:
        return {}
    tags = {(item.type, item.id): item.configuration.get("Tags") for item in snapshot.items}
    found = {}
    for finding in findings:
        own = tags.get((finding.type, finding.resource))
        if waiver := waivers.match(accepted, finding, snapshot.account, own, on):
            found[finding.key] = waiver.id
    return found


def neighbours(engine: history.Engine, run: Run) -> Neighbours:
    """The organization around an account, as the history answers for one run."""

    def listing(account: str) -> Listing | None:
        found = history.listing(engine, run, account)
        return Listing.of(found) if found else None

    return Neighbours(
        accounts=history.accounts(engine, run),
        find=partial(history.find, engine, run),
        shared=lambda type: history.shared(engine, run, (type,), EVERYTHING),
        listing=listing,
    )


def _permission(type: str, key: str) -> str:
    """The permission a key was read with, for the evidence."""
    _, iam = asked_by(type, key)
    return iam


def _look_back(engine: history.Engine, previous: Run | None, touched: Touched, judgement: Judgement) -> None:
    """What the changed resources were in the run before, and what the same checks answered about them."""
    if previous is None:
        return
    sitting = court(engine, previous, judgement)
    for account, checks in sorted(touched.checks.items()):
        snapshot = history.account_snapshot(engine, previous, account)
        if snapshot is None:
            continue
        for item in snapshot.items:
            if (item.type, item.id) in touched.changes:
                touched.old[item.type, item.id] = item
        for finding in sitting.answers(snapshot, [CHECKS[id] for id in sorted(checks)]):
            for subject in _subjects(finding) & touched.changes.keys():
                touched.before[subject].append(finding)


def _directed(change: Change, touched: Touched) -> Change:
    subject = (change.type, change.resource)
    return direction.judge(
        change,
        touched.before.get(subject, ()),
        touched.after.get(subject, ()),
        old=touched.old.get(subject),
        new=touched.new.get(subject),
    )


def _subjects(finding: Finding) -> set[Subject]:
    """The resources an answer is about or rests on."""
    return {(finding.type, finding.resource)} | {(evidence.type, evidence.id) for evidence in finding.evidence}
