"""How the report came about, and what its words mean: enough for a stranger to check it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reporter.model import Severity
from reporter.report.facts import Facts
from reporter.report.source import CheckText


@dataclass(frozen=True, slots=True)
class CheckUsed:
    """A check that was put in this run, and how often."""

    check: CheckText
    asked: int


@dataclass(frozen=True, slots=True)
class Method:
    """Versions, targets and the checks put; definitions are the template's own words."""

    tool_version: str
    checks_hash: str
    started_at: datetime | None
    finished_at: datetime | None
    targets: Mapping[str, str]
    due_days: Mapping[Severity, int]
    notes: tuple[str, ...]
    checks: tuple[CheckUsed, ...]


def method(facts: Facts) -> Method:
    """Name the tool, the checks with their versions, and what they were judged by."""
    asked: dict[str, int] = {}
    for tally in facts.tallies:
        asked[tally.check] = asked.get(tally.check, 0) + tally.passed + tally.failed + tally.insufficient
    return Method(
        facts.run.tool_version,
        facts.run.checks_hash,
        facts.run.started_at,
        facts.run.finished_at,
        dict(sorted(facts.options.targets.items())),
        facts.options.due_days,
        facts.options.notes,
        tuple(CheckUsed(facts.check(check), n) for check, n in sorted(asked.items())),
    )
