"""How the report came about, and what its words mean: enough for a stranger to check it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reporter.model import Framework, Severity
from reporter.report.facts import Facts
from reporter.report.source import CheckText
from reporter.report.words import target


@dataclass(frozen=True, slots=True)
class CheckUsed:
    """A check that was put in this run, and how often."""

    check: CheckText
    asked: int


@dataclass(frozen=True, slots=True)
class FrameworkUsed:
    """Where the controls of a framework and their checks come from, and what that was compared with."""

    title: str
    version: str
    source: str
    confirmed: str  # what agrees with which second source; and where there is none


@dataclass(frozen=True, slots=True)
class Method:
    """Versions, targets and the checks put; definitions are the template's own words."""

    tool_version: str
    checks_hash: str
    started_at: datetime | None
    finished_at: datetime | None
    targets: Mapping[str, Any]  # as the settings have them: 365, true, []
    due_days: Mapping[Severity, int]
    notes: tuple[str, ...]
    checks: tuple[CheckUsed, ...]
    frameworks: tuple[FrameworkUsed, ...] = ()

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """The targets as people read them: ("rotation required", "yes")."""
        return tuple((name.replace("_", " "), target(value)) for name, value in self.targets.items())


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
        tuple(map(_used, facts.frameworks)),
    )


def _used(framework: Framework) -> FrameworkUsed:
    return FrameworkUsed(framework.title, framework.version, framework.source, " ".join(framework.confirmed.split()))
