"""The status of a control, from counts alone: what fails, what is waived, and what nobody has looked at.

A `Tally` says how one check fared over some accounts. Tallies add up, so the same rule answers for one account, an OU
and an organization of ten thousand accounts without a single finding in memory. Missing data never counts as good:
a control passes only if every check it names had its answer in every account in scope.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from reporter.model import Attestation, Control, ControlStatus, Finding, Status

FEW = 3  # checks named in a reason; the report lists them all


@dataclass(frozen=True, slots=True)
class Tally:
    """Answers of one check over some accounts. `failed` includes `waived`; `answered` and `failing` count accounts."""

    passed: int = 0
    failed: int = 0
    waived: int = 0
    not_applicable: int = 0
    insufficient: int = 0
    accounts: int = 0  # accounts this speaks of
    answered: int = 0  # of those, accounts in which everything the check asks about was seen
    failing: int = 0  # of those, accounts with a failing finding that nobody waived

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.passed + other.passed,
            self.failed + other.failed,
            self.waived + other.waived,
            self.not_applicable + other.not_applicable,
            self.insufficient + other.insufficient,
            self.accounts + other.accounts,
            self.answered + other.answered,
            self.failing + other.failing,
        )

    @property
    def open(self) -> int:
        """Failing findings that nobody waived."""
        return self.failed - self.waived

    @property
    def seen(self) -> int:
        """Findings with an answer."""
        return self.passed + self.failed + self.not_applicable


NOTHING = Tally()
UNREAD = Tally(accounts=1)  # an account of which nothing is known


def counted(
    *,
    passed: int = 0,
    failed: int = 0,
    waived: int = 0,
    not_applicable: int = 0,
    insufficient: int = 0,
    complete: bool = True,
) -> Tally:
    """The tally of one check in one account from its counts; `complete` is False where its subjects were not all seen."""
    return Tally(
        passed=passed,
        failed=failed,
        waived=waived,
        not_applicable=not_applicable,
        insufficient=insufficient,
        accounts=1,
        answered=int(complete and not insufficient),
        failing=int(failed > waived),
    )


def tally(
    findings: Iterable[Finding], checks: Iterable[str], waived: Collection[tuple[str, str, str, str]] = ()
) -> dict[str, Tally]:
    """The tallies of one account. `checks` are those it was judged by, `waived` the keys of findings with a waiver.

    A check without any finding counts as answered: the judgement itself reports a listing that was incomplete as a
    finding with insufficient data, so silence means that the account holds nothing of the kind.
    """
    counts: dict[str, dict[str, int]] = {check: {} for check in checks}
    for finding in findings:
        of_check = counts.setdefault(finding.check, {})
        of_check[finding.status] = of_check.get(finding.status, 0) + 1
        if finding.status is Status.FAIL and finding.key in waived:
            of_check["waived"] = of_check.get("waived", 0) + 1
    return {
        check: counted(
            passed=number.get(Status.PASS, 0),
            failed=number.get(Status.FAIL, 0),
            waived=number.get("waived", 0),
            not_applicable=number.get(Status.NOT_APPLICABLE, 0),
            insufficient=number.get(Status.INSUFFICIENT_DATA, 0),
        )
        for check, number in counts.items()
    }


def completed(tallies: Mapping[str, Tally], asked: Iterable[str]) -> dict[str, Tally]:
    """The tallies of one account with every check that was asked of it: one that found nothing to ask about is answered.

    `asked` must not hold a check that was not asked then (one that is younger than the answers): silence is no answer of it.
    """
    return {**{check: counted() for check in asked}, **tallies}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said of a control, why, and the counts it rests on (of all checks it names together)."""

    status: ControlStatus
    reason: str
    total: Tally


def control_status(
    control: Control,
    tallies: Mapping[str, Tally],
    accounts: int,
    attestation: Attestation | None = None,
    on: date | None = None,
) -> Answer:
    """Answer a control over a scope of so many accounts. A check or account missing from `tallies` was not looked at.

    An attestation speaks for a control that is manual, on a day within its validity; it never hides a finding that fails.
    """
    by_check = {use.check: tallies.get(use.check, NOTHING) for use in control.checks}
    total = sum(by_check.values(), NOTHING)
    if total.open:
        return Answer(ControlStatus.FAIL, _failing(by_check), total)
    complete = accounts > 0 and all(one.answered >= accounts for one in by_check.values())
    if not complete or not by_check:
        return _unanswered(control, by_check, accounts, attestation, on)
    if total.failed:
        return Answer(ControlStatus.WAIVED, f"{_count(total.failed, 'finding')} failing, all waived.", total)
    if total.passed:
        return Answer(ControlStatus.PASS, "", total)
    return Answer(ControlStatus.NOT_APPLICABLE, "Nothing in scope that its checks ask about.", total)


def _unanswered(
    control: Control, by_check: Mapping[str, Tally], accounts: int, attestation: Attestation | None, on: date | None
) -> Answer:
    """What is left to say where checks are missing or have not seen everything: a person's word, or how much is missing."""
    total = sum(by_check.values(), NOTHING)
    if control.manual and attestation and on and on <= attestation.valid_until:
        return Answer(ControlStatus.ATTESTED, _attested(attestation), total)
    if not by_check:
        return Answer(ControlStatus.MANUAL, _manual(control, attestation), total)
    if not accounts:
        return Answer(ControlStatus.NOT_ASSESSED, "No account in scope.", total)
    seen = total.seen or total.answered
    reason = _missing(by_check, accounts)
    if total.failed:
        reason += f" {_count(total.failed, 'finding')} failing, all waived."
    return Answer(ControlStatus.PARTIAL if seen else ControlStatus.NOT_ASSESSED, reason, total)


def _failing(by_check: Mapping[str, Tally]) -> str:
    worst = sorted(
        (check for check in by_check if by_check[check].open), key=lambda check: (-by_check[check].open, check)
    )
    said = [f"{check} ({by_check[check].open} in {_count(by_check[check].failing, 'account')})" for check in worst]
    return f"Failing: {_some_of(said)}."


def _missing(by_check: Mapping[str, Tally], accounts: int) -> str:
    """How many accounts lack data, by check, the blindest first."""
    lacking = {check: accounts - one.answered for check, one in by_check.items() if one.answered < accounts}
    most = max(lacking.values())
    blindest = sorted(lacking, key=lambda check: (-lacking[check], check))
    where = f"any of {_count(accounts, 'account')}" if most == accounts else f"{most} of {_count(accounts, 'account')}"
    return f"No complete data in {where}: {_some_of(blindest)}."


def _attested(attestation: Attestation) -> str:
    evidence = f", evidence {attestation.evidence_name}" if attestation.evidence_name else ""
    return f"Attested by {attestation.by}, valid until {attestation.valid_until.isoformat()}{evidence}."


def _manual(control: Control, attestation: Attestation | None) -> str:
    if attestation is None:
        return control.manual
    ended = f"the attestation of {attestation.by} ended on {attestation.valid_until.isoformat()}"
    return f"{control.manual.rstrip('.')}; {ended}."


def _some_of(names: list[str]) -> str:
    more = len(names) - FEW
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:FEW])} and {more} more"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
