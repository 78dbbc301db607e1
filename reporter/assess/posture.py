"""The answers to whole frameworks: for one account, an OU or the organization, with a score that says what it rests on.

`Rollup` takes one account after the other and keeps sums only: its memory grows with OUs, checks and controls, never
with accounts or findings.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from reporter.assess.attestations import attestation_for
from reporter.assess.compliance import NOTHING, Tally, control_status
from reporter.model import Account, Attestation, Control, ControlStatus, Framework

ORGANIZATION = ""  # the scope that holds every account; other scopes are OU paths
DEFINITION = (
    "controls that pass, of all controls a check bears on and that apply; "
    "failing, waived, attested and not fully assessed controls count as not passing"
)
WITH_ANSWER = frozenset(
    {ControlStatus.PASS, ControlStatus.FAIL, ControlStatus.WAIVED, ControlStatus.NOT_APPLICABLE}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much was looked at. `answers` are pairs of check and account with complete data, of those that there should be."""

    controls: int  # all controls of the framework
    controls_assessed: int  # with an answer from checks
    manual: int  # that no check bears on, attested ones included
    attested: int  # answered by a person's word
    answers: int
    answers_expected: int
    accounts: int  # in scope
    accounts_read: int  # of which something is known in this run

    @property
    def percent(self) -> float | None:
        """Share of answers there are; None where there should be none."""
        return _percent(self.answers, self.answers_expected)


@dataclass(frozen=True, slots=True)
class Score:
    """A fraction that never stands alone: what it counts, out of what, how much was looked at, by which definition."""

    numerator: int
    denominator: int
    coverage: Coverage
    definition: str = DEFINITION

    @property
    def percent(self) -> float | None:
        """The fraction in percent, rounded down so that only all is 100; None where nothing could be asked."""
        return _percent(self.numerator, self.denominator)

    def __str__(self) -> str:
        share = "no score" if self.percent is None else f"{self.percent:.1f} %"
        seen = self.coverage
        return (
            f"{share} ({self.numerator} of {self.denominator} controls pass; {seen.controls_assessed} of {seen.controls} "
            f"controls assessed, {seen.accounts_read} of {seen.accounts} accounts read; {self.definition})"
        )


def _percent(part: int, whole: int) -> float | None:
    return part * 1000 // whole / 10 if whole else None


@dataclass(frozen=True, slots=True)
class ControlResult:
    """The answer to one control over a scope, with the counts it rests on."""

    framework: str
    control: str
    status: ControlStatus
    reason: str = ""
    passed: int = 0
    failed: int = 0  # waived included
    waived: int = 0
    not_applicable: int = 0
    insufficient: int = 0
    accounts_failing: int = 0  # with something failing un-waived, whether or not an answer is missing there
    accounts_assessed: int = 0  # of those read, in which no answer of the control's checks is missing
    accounts_total: int = 0
    accounts_passing: int = 0  # of those assessed, in which something passes and nothing fails un-waived
    attestation: Attestation | None = None  # the one in force, else the last that ended


@dataclass(frozen=True, slots=True)
class FrameworkResult:
    """The answers to all controls of a framework over a scope, in its order, and their score."""

    framework: Framework
    controls: tuple[ControlResult, ...]
    score: Score


@dataclass(slots=True)
class _Sums:
    """What is kept of the accounts of one scope. Account counts are per set of checks, as many controls share one."""

    accounts: int = 0
    read: int = 0
    tallies: dict[str, Tally] = field(default_factory=dict)
    failing: dict[frozenset[str], int] = field(default_factory=dict)
    assessed: dict[frozenset[str], int] = field(default_factory=dict)
    passing: dict[frozenset[str], int] = field(default_factory=dict)

    def add(self, tallies: Mapping[str, Tally], check_sets: Iterable[frozenset[str]], *, read: bool) -> None:
        """Count one account; where nothing passed, as nothing was asked or all is waived, it passes no control.

        Of an account that was not read nothing is answered, whatever the organization tells of it: what fails there fails,
        but it is not assessed.
        """
        if not read:
            tallies = {check: replace(one, answered=0) for check, one in tallies.items()}
        self.accounts += 1
        self.read += read
        for check, one in tallies.items():
            self.tallies[check] = self.tallies.get(check, NOTHING) + one
        failing = {check for check, one in tallies.items() if one.failing}
        answered = {check for check, one in tallies.items() if one.answered}
        passed = {check for check, one in tallies.items() if one.passed}
        for checks in check_sets:
            if not checks.isdisjoint(failing):
                self.failing[checks] = self.failing.get(checks, 0) + 1
            if checks <= answered:
                self.assessed[checks] = self.assessed.get(checks, 0) + 1
                passes = checks.isdisjoint(failing) and not checks.isdisjoint(passed)
                self.passing[checks] = self.passing.get(checks, 0) + passes

    def merge(self, other: "_Sums") -> None:
        """Count what another one counted."""
        self.accounts += other.accounts
        self.read += other.read
        for check, one in other.tallies.items():
            self.tallies[check] = self.tallies.get(check, NOTHING) + one
        for mine, theirs in (
            (self.failing, other.failing),
            (self.assessed, other.assessed),
            (self.passing, other.passing),
        ):
            for checks, number in theirs.items():
                mine[checks] = mine.get(checks, 0) + number


class Rollup:
    """Sums of one account after the other, from which any framework is answered for any OU and the organization.

    Every account in scope is to be added, also one that could not be read (with `read=False` and what little is known):
    an account left out would not lower the score that it must lower.
    """

    def __init__(
        self, frameworks: Iterable[Framework], attestations: Sequence[Attestation] = (), on: date | None = None
    ) -> None:
        self._frameworks = {framework.id: framework for framework in frameworks}
        self._attestations = attestations
        self._on = on
        self._check_sets = {_checks(control) for one in self._frameworks.values() for control in one.controls} - {
            frozenset()
        }
        self._sums: dict[str, _Sums] = {}  # by the OU path that accounts sit in

    def add(self, account: Account, tallies: Mapping[str, Tally], *, read: bool = True) -> None:
        """Count one account; its tallies may be dropped afterwards."""
        self._sums.setdefault(account.ou_path, _Sums()).add(tallies, self._check_sets, read=read)

    def ous(self) -> tuple[str, ...]:
        """The paths of all OUs that hold an account, directly or below them, in order."""
        paths: set[str] = set()
        for path in self._sums:
            names = path.split("/") if path else []
            paths.update("/".join(names[:depth]) for depth in range(1, len(names) + 1))
        return tuple(sorted(paths))

    def result(self, framework: str, ou: str = ORGANIZATION) -> FrameworkResult:
        """A framework's answers for the organization, or for one OU and everything below it."""
        sums = _Sums()
        for path, one in self._sums.items():
            if ou in (ORGANIZATION, path) or path.startswith(f"{ou}/"):
                sums.merge(one)
        return _result(self._frameworks[framework], sums, self._attestations, self._on)


def assess(
    framework: Framework,
    tallies: Mapping[str, Tally],
    attestations: Sequence[Attestation] = (),
    on: date | None = None,
    *,
    read: bool = True,
) -> FrameworkResult:
    """A framework's answers for one account, from its tallies."""
    sums = _Sums()
    sums.add(tallies, {_checks(control) for control in framework.controls} - {frozenset()}, read=read)
    return _result(framework, sums, attestations, on)


def _checks(control: Control) -> frozenset[str]:
    return frozenset(use.check for use in control.checks)


def _result(framework: Framework, sums: _Sums, attestations: Sequence[Attestation], on: date | None) -> FrameworkResult:
    controls = []
    for control in framework.controls:
        attestation = attestation_for(attestations, framework.id, control.id, on)
        answer = control_status(control, sums.tallies, sums.accounts, attestation, on)
        checks = _checks(control)
        controls.append(
            ControlResult(
                framework=framework.id,
                control=control.id,
                status=answer.status,
                reason=answer.reason,
                passed=answer.total.passed,
                failed=answer.total.failed,
                waived=answer.total.waived,
                not_applicable=answer.total.not_applicable,
                insufficient=answer.total.insufficient,
                accounts_failing=sums.failing.get(checks, 0),
                accounts_assessed=sums.assessed.get(checks, 0),
                accounts_total=sums.accounts,
                accounts_passing=sums.passing.get(checks, 0),
                attestation=attestation,
            )
        )
    return FrameworkResult(framework, tuple(controls), _score(framework, controls, sums))


def _score(framework: Framework, results: Sequence[ControlResult], sums: _Sums) -> Score:
    """The score of a framework: every control counts that a check bears on, unless all there is says it does not apply.

    What was not looked at stays in the denominator. So hiding data can only lower the score, never raise it.
    """
    checked = [one for control, one in zip(framework.controls, results, strict=True) if control.checks]
    checks = frozenset[str]().union(*(_checks(control) for control in framework.controls))
    answered = sum(sums.tallies.get(check, NOTHING).answered for check in checks)
    return Score(
        numerator=sum(1 for one in checked if one.status is ControlStatus.PASS),
        denominator=sum(1 for one in checked if one.status is not ControlStatus.NOT_APPLICABLE),
        coverage=Coverage(
            controls=len(results),
            controls_assessed=sum(1 for one in results if one.status in WITH_ANSWER),
            manual=len(results) - len(checked),
            attested=sum(1 for one in results if one.status is ControlStatus.ATTESTED),
            answers=answered,
            answers_expected=len(checks) * sums.accounts,
            accounts=sums.accounts,
            accounts_read=sums.read,
        ),
    )


@dataclass(frozen=True, slots=True)
class DaysPassing:
    """Days on which a control is known to have passed, of the days it was watched."""

    passing: int
    observed: int


def days_passing(observations: Iterable[tuple[date, ControlStatus]]) -> DaysPassing:
    """Count days from a control's answers at each run: a stretch between two runs passes if both its ends do.

    The day of a run counts by the worst answer given on it. Where nothing was known at one end, nothing is claimed of
    the days between.
    """
    by_day: dict[date, bool] = {}
    for day, status in sorted(observations, key=lambda seen: seen[0]):
        by_day[day] = by_day.get(day, True) and status is ControlStatus.PASS
    days = list(by_day.items())
    passing = sum(passed for _, passed in days)
    observed = len(days)
    for (before, good_before), (after, good_after) in pairwise(days):
        between = (after - before).days - 1
        observed += between
        passing += between if good_before and good_after else 0
    return DaysPassing(passing, observed)
