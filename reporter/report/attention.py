"""What needs somebody: the changes for the worse with who made them and their remedy, and what to do next."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from reporter.assess.remedy import fix_for
from reporter.model import SEVERITIES, Change, Finding, Severity, Status
from reporter.report.changes import ChangeLine, Drift, worsened
from reporter.report.facts import Facts, refer
from reporter.report.findings import FindingGroup, FindingsSection
from reporter.report.source import AccountRow, Scope, Source
from reporter.report.words import number, short

WORSENED_SHOWN = 6
ACTIONS_SHOWN = 5
FAILING_READ = 5_000  # findings looked through for the remedies of what worsened


@dataclass(frozen=True, slots=True)
class Action:
    """What to do next: the un-waived failures of one check."""

    check: str
    title: str
    severity: Severity
    open: int
    accounts: int
    new: int  # among the findings shown
    owners: tuple[str, ...]
    named: tuple[str, ...]  # the accounts of the findings shown, for where no owner is known
    unowned: int  # of the accounts named, those without an owner
    due_on: date | None
    fix: str  # of the first of them, as an example


@dataclass(frozen=True, slots=True)
class Worse:
    """A change for the worse and the remedy, with the resource's names filled in."""

    line: ChangeLine
    title: str  # what it means: which check the resource no longer passes
    fix: str  # one command a line; of the check in the title, and of what the change touched


@dataclass(frozen=True, slots=True)
class Attention:
    """What got worse since last time and the next actions."""

    worsened: tuple[Worse, ...]
    worsened_total: int
    actions: tuple[Action, ...]
    actions_total: int = 0  # checks with an open finding


def attention(source: Source, facts: Facts, drift: Drift, findings: FindingsSection) -> Attention:
    """Put what worsened and the gravest open checks in front."""
    rows = {row.account.id: row for row in facts.accounts}
    ranked = sorted(
        (group for group in findings.groups if group.counts.open),
        key=lambda g: (SEVERITIES.index(g.severity), -_new(g), -g.counts.open, g.check.id),
    )
    actions = tuple(_action(facts, group, rows) for group in ranked[:ACTIONS_SHOWN])
    lines = worsened(drift.groups, WORSENED_SHOWN)
    fixes = _fixes(source, facts.scope, lines)
    worse = tuple(Worse(line, _meaning(line), fix) for line, fix in zip(lines, fixes, strict=True))
    opened = sum(row.counts.open > 0 for row in findings.checks)
    return Attention(worse, drift.worsened + drift.mixed, actions, opened)


def _meaning(line: ChangeLine) -> str:
    """The gravest check the change broke, in words; the change itself where it broke none."""
    broken = [moved for moved in line.moved if moved.moved.endswith("fail")]
    if not broken:
        return line.title
    verb = "no longer passes" if broken[0].moved.startswith("pass") else "fails"
    more = sum(how.endswith("fail") for how in line.change.checks.values()) - 1
    rest = f" and {number(more)} more" if more else ""
    return f"{short(line.change.resource)} {verb} “{broken[0].check.title}”{rest}"


def _fixes(source: Source, scope: Scope, lines: tuple[ChangeLine, ...]) -> tuple[str, ...]:
    """The remedy of each change: of a finding in its own account, else in another (a trail's about the bucket it names)."""
    accounts = frozenset(line.change.account for line in lines)
    near = _failing(source, Scope(accounts), [line.change for line in lines])
    found = [remedy(line.change, near) for line in lines]
    left = [line.change for line, fix in zip(lines, found, strict=True) if not fix]
    far = _failing(source, scope, left)
    return tuple(fix or remedy(line.change, far) for line, fix in zip(lines, found, strict=True))


def _failing(source: Source, scope: Scope, changes: list[Change]) -> list[Finding]:
    """The open findings of the checks that some changes broke."""
    checks = frozenset(check for change in changes for check, how in change.checks.items() if how.endswith("fail"))
    if not checks:
        return []
    rows = source.findings(replace(scope, checks=checks), Status.FAIL, FAILING_READ)
    return [row.finding for row in rows if not row.waiver]


def remedy(change: Change, failing: Iterable[Finding]) -> str:
    """The remedy of the gravest finding the change brought about; of several commands those about what it touched."""
    whole = fix_for(change, failing)
    touched = {_kebab(re.split(r"[.\[]", op.path, maxsplit=1)[0]) for op in change.ops}
    commands = whole.split("\n")
    about = [one for one in commands if one.startswith("#") or any(part in one for part in touched)]
    return "\n".join(about) if any(not one.startswith("#") for one in about) else whole


def _kebab(part: str) -> str:
    """PublicAccessBlock -> -public-access-block, as commands spell it; with the dash, so that no word's end is taken for it."""
    return "-" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", part).lower()


def _new(group: FindingGroup) -> int:
    return sum(line.state != "persisting" for line in group.lines.rows if not line.waiver)


def _action(facts: Facts, group: FindingGroup, rows: Mapping[str, AccountRow]) -> Action:
    lines = [line for line in group.lines.rows if not line.waiver]
    where = sorted({line.finding.account for line in lines} & rows.keys())
    owners = [refer(rows[account], facts.options.owner_tags).owner for account in where]
    due = [line.due_on for line in lines if line.due_on]
    return Action(
        group.check.id,
        group.check.title,
        group.severity,
        group.counts.open,
        group.accounts_failing,
        _new(group),
        tuple(sorted({owner for owner in owners if owner})),
        tuple(sorted(rows[account].account.name or account for account in where)),
        owners.count(""),
        min(due, default=None),
        lines[0].finding.fix or group.check.fix,
    )
