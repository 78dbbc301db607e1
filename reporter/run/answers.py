"""What a run answered, asked again: passes replayed, the past judged by today's checks, controls over many runs.

Judgement is pure, so what passes is not stored: it is judged again from the snapshot of its run, with the evidence.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from reporter import history
from reporter.assess import waivers
from reporter.assess.compliance import NOTHING, Tally, completed, counted, tally
from reporter.assess.evaluate import CHECKS, Check
from reporter.assess.posture import ControlResult, DaysPassing, Rollup, days_passing
from reporter.model import AccountSnapshot, Finding, Framework, ReadStatus, Run, Status
from reporter.run.judging import EVERYTHING, Key, court, waived_by
from reporter.run.wiring import Judgement, with_stored

KEPT = (Status.FAIL, Status.INSUFFICIENT_DATA)


def replayed(
    engine: history.Engine, run: Run, judgement: Judgement, within: history.Within = EVERYTHING, type: str = ""
) -> Iterator[Finding]:
    """Every answer of a run again, passes included, account by account; by today's checks (see `differs`)."""
    for _, answers in _by_account(engine, run, judgement, within, type):
        yield from answers


def differs(run: Run, judgement: Judgement) -> str:
    """One sentence if today's checks, frameworks or targets are not those that judged the run; else nothing."""
    if not run.checks_hash or run.checks_hash == judgement.hash:
        return ""
    return (
        f"Today's checks, frameworks or targets are not those of run {run.seq} (then {run.checks_hash[:12]}, "
        f"now {judgement.hash[:12]}): what they answer may differ from what was reported."
    )


@dataclass(frozen=True, slots=True)
class Again:
    """One answer of today about a past snapshot, beside what was answered then.

    `then` is "fail" or "insufficient_data" as it was stored, "pass or not_applicable" where that was only counted, "not
    asked" where the check was unknown. `finding` is the stored one, with `gone`, where today's checks do not ask any more.
    """

    finding: Finding
    then: str
    waiver: str = ""  # the id of the one in force at the run
    gone: bool = False

    @property
    def moved(self) -> bool:
        """Whether the answer is another one than then."""
        now = self.finding.status.value
        quiet = now not in KEPT and self.then == QUIET
        return self.gone or not (quiet or now == self.then)


QUIET = "pass or not_applicable"
NOT_ASKED = "not asked"


def judged_again(
    engine: history.Engine, run: Run, judgement: Judgement, within: history.Within = EVERYTHING
) -> Iterator[tuple[AccountSnapshot, tuple[Again, ...]]]:
    """A past snapshot judged by today's checks, account by account, each answer beside the one of then."""
    for snapshot, answers in _by_account(engine, run, judgement, within):
        mine = history.Within(accounts=frozenset({snapshot.account.id}), checks=within.checks)
        then = {record.finding.key: record for record in history.findings(engine, run, mine)}
        asked = _asked(engine, run, judgement, mine)
        findings = tuple(answers)
        waived = waived_by(judgement.waivers, findings, snapshot, run.as_of.date())
        found = [_again(finding, then, asked, waived) for finding in findings]
        left = then.keys() - {finding.key for finding in findings}
        gone = [Again(then[key].finding, then[key].finding.status.value, gone=True) for key in sorted(left)]
        yield snapshot, (*found, *gone)


def _again(
    finding: Finding, then: Mapping[Key, history.FindingRecord], asked: Collection[str], waived: Mapping[Key, str]
) -> Again:
    known = then.get(finding.key)
    before = known.finding.status.value if known else QUIET if finding.check in asked else NOT_ASKED
    return Again(finding, before, waived.get(finding.key, ""))


def _by_account(
    engine: history.Engine, run: Run, judgement: Judgement, within: history.Within, type: str = ""
) -> Iterator[tuple[AccountSnapshot, Iterator[Finding]]]:
    sitting = court(engine, run, judgement)
    asked = _checks(within.checks, type)
    for snapshot in history.snapshots(engine, run, replace(within, checks=None)):
        yield snapshot, sitting.answers(snapshot, asked)


def _checks(ids: Collection[str] | None, type: str) -> list[Check]:
    wanted = CHECKS.keys() if ids is None else CHECKS.keys() & ids
    return [CHECKS[id] for id in sorted(wanted) if type in ("", CHECKS[id].subject)]


# --- controls ---


def rolled_up(engine: history.Engine, run: Run, judgement: Judgement, within: history.Within = EVERYTHING) -> Rollup:
    """The sums of every account in scope from which the frameworks of `judgement.selected` are answered, as of a run.

    An account that was not read is added with nothing known; an excluded one is out of scope.
    """
    roll = Rollup(judgement.selected, judgement.attestations, run.as_of.date())
    scope = replace(within, checks=None)  # a control is answered by all of its checks
    asked = _asked(engine, run, judgement, EVERYTHING)
    answers = history.account_tallies(engine, run, scope)
    waiting = next(answers, None)
    for reading in sorted(history.readings(engine, run, scope), key=lambda one: one.account.id):
        while waiting is not None and waiting[0] < reading.account.id:
            waiting = next(answers, None)
        if reading.status is ReadStatus.EXCLUDED:
            continue
        mine = summed(waiting[1]) if waiting is not None and waiting[0] == reading.account.id else None
        seen = reading.status is not ReadStatus.UNREACHABLE
        roll.add(reading.account, {} if mine is None else completed(mine, asked), read=seen)
    return roll


def summed(tallies: Iterable[history.Tally]) -> dict[str, Tally]:
    """The answers of each check in one account, whatever severities it gave."""
    sums: dict[str, Tally] = {}
    for one in tallies:
        known = sums.get(one.check, NOTHING)
        sums[one.check] = counted(
            passed=known.passed + one.passed,
            failed=known.failed + one.failed,
            waived=known.waived + one.waived,
            not_applicable=known.not_applicable + one.not_applicable,
            insufficient=known.insufficient + one.insufficient,
        )
    return sums


def answered_today(
    engine: history.Engine, run: Run, judgement: Judgement, within: history.Within = EVERYTHING
) -> Rollup:
    """The same for a past snapshot judged by today's checks: what a framework would have said of it."""
    roll = Rollup(judgement.selected, judgement.attestations, run.as_of.date())
    asked = frozenset(use.check for one in judgement.selected for control in one.controls for use in control.checks)
    for snapshot, answers in _by_account(engine, run, judgement, replace(within, checks=asked)):
        if snapshot.status is ReadStatus.EXCLUDED:
            continue
        findings = tuple(answers)
        waived = waived_by(judgement.waivers, findings, snapshot, run.as_of.date())
        seen = snapshot.status is not ReadStatus.UNREACHABLE
        roll.add(snapshot.account, tally(findings, asked, waived.keys()), read=seen)
    return roll


def _asked(engine: history.Engine, run: Run, judgement: Judgement, within: history.Within) -> frozenset[str]:
    """The checks that were certainly asked in a run: all, if they are today's; else those that had any answer."""
    if run.checks_hash == judgement.hash:
        return frozenset(CHECKS)
    return frozenset(one.check for one in history.tallies(engine, run, within))


@dataclass(frozen=True, slots=True)
class Over:
    """A control's answers over runs, oldest first, and on how many of the days watched it passed."""

    answers: tuple[tuple[Run, ControlResult], ...]
    days: DaysPassing


def over_runs(
    engine: history.Engine,
    runs: Sequence[Run],
    judgement: Judgement,
    framework: Framework,
    control: str,
    *,
    within: history.Within = EVERYTHING,
) -> Over:
    """What a control answered in each run, as it was stored then; by the control's mapping of today."""
    number = next(place for place, one in enumerate(framework.controls) if one.id == control)
    alone = replace(framework, controls=(framework.controls[number],))
    found: list[tuple[Run, ControlResult]] = []
    for run in sorted(runs, key=lambda one: one.as_of):
        then = replace(with_stored(judgement, engine, run.as_of), selected=(alone,))
        found.append((run, rolled_up(engine, run, then, within).result(framework.id).controls[0]))
    return Over(tuple(found), days_passing((run.as_of.date(), answer.status) for run, answer in found))


# --- waivers ---


def reviewed(engine: history.Engine, run: Run, on: date) -> waivers.Review:
    """The waivers in force at a run, those of the file and those given by command, sorted by what is to be done about them.

    What a waiver covered is counted over the whole organization: one that matches nothing matches nothing anywhere.
    """
    used: Counter[str] = Counter()
    known = waivers.Waivers(history.waivers(engine, run.as_of))
    if known.items:
        used.update(one.waiver_id for one in history.findings(engine, run, status=Status.FAIL) if one.waiver_id)
    return waivers.review(known, used, on)
