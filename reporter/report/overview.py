"""The front of the report: cover, the verdict in one sentence, what got worse, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from reporter.model import SEVERITIES, Severity
from reporter.report.changes import ChangeLine, Drift, worsened
from reporter.report.coverage import Coverage
from reporter.report.facts import Facts, refer
from reporter.report.findings import FindingGroup, FindingsSection
from reporter.report.posture import Posture
from reporter.report.source import AccountRow
from reporter.report.words import count, day, listing, number, percent, short

Tone = Literal["worse", "mixed", "better", "steady", "baseline"]

WORSENED_SHOWN = 6
ACTIONS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Cover:
    """What identifies the report."""

    organization: str
    title: str
    edition: str  # "Organization Units below Root/Prod", in words
    scope: str
    from_at: datetime | None  # the previous run's as-of
    as_of: datetime
    frameworks: tuple[str, ...]
    run: str
    seq: int | None
    root: str
    chain: str
    classification: str
    prepared_by: str
    tool_version: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the front page with what it is counted out of."""

    label: str
    value: str
    note: str
    tone: Literal["bad", "warn", "good", "plain"] = "plain"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The report in one sentence, a word for its tone, and four figures."""

    tone: Tone
    headline: str
    sentence: str
    caveat: str  # what the sentence does not cover; empty when everything was read
    figures: tuple[Figure, ...]


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
    due_on: date | None
    fix: str  # of the first of them, as an example


@dataclass(frozen=True, slots=True)
class Worse:
    """A change for the worse and the remedy, with the resource's names filled in where its finding is at hand."""

    line: ChangeLine
    title: str  # what it means: which check the resource no longer passes
    fix: str


@dataclass(frozen=True, slots=True)
class Attention:
    """What got worse since last time and the next actions."""

    worsened: tuple[Worse, ...]
    worsened_total: int
    actions: tuple[Action, ...]


def cover(facts: Facts, coverage: Coverage) -> Cover:
    """Take the report's identity from the run; nothing here depends on when or where it is rendered."""
    run, options = facts.run, facts.options
    return Cover(
        organization=options.organization,
        title="Executive summary" if facts.edition.kind == "executive" else "Compliance report",
        edition=_edition(facts),
        scope=_scope(facts, coverage),
        from_at=facts.previous.as_of if facts.previous else None,
        as_of=run.as_of,
        frameworks=tuple(f"{f.title} {f.version}".strip() for f in facts.frameworks),
        run=run.id,
        seq=run.seq,
        root=run.root,
        chain=run.chain,
        classification=options.classification,
        prepared_by=options.prepared_by,
        tool_version=run.tool_version,
    )


def _edition(facts: Facts) -> str:
    edition = facts.edition
    if edition.kind == "account":
        account = facts.accounts[0].account
        return f"Account {account.name} ({account.id})" if account.name else f"Account {account.id}"
    words = {
        "organization": "Whole organization",
        "executive": "Whole organization",
        "ou": f"Accounts below {edition.of}",
        "framework": facts.frameworks[0].title if facts.frameworks else edition.of,
    }
    return words[edition.kind]


def _scope(facts: Facts, coverage: Coverage) -> str:
    if facts.edition.kind == "account":
        return "This account: " + ("fully read" if coverage.complete else "not fully read")
    return f"{number(coverage.read)} of {count(coverage.total, 'account')} fully read"


def verdict(facts: Facts, posture: Posture, drift: Drift, coverage: Coverage) -> Verdict:
    """Say how things stand against last time, in the words a reader would repeat."""
    tone = _tone(facts, posture, drift)
    return Verdict(
        tone,
        _headline(tone, drift),
        _sentence(facts, posture, drift),
        _caveat(coverage, posture),
        _figures(facts, posture, drift, coverage),
    )


def _tone(facts: Facts, posture: Posture, drift: Drift) -> Tone:
    if facts.first:
        return "baseline"
    moved = posture.movement
    worse = drift.worsened + drift.mixed + drift.access_lost + moved.new + moved.reopened + moved.lost_sight
    better = drift.improved + moved.fixed
    if worse and better:
        return "mixed" if not (drift.worsened or moved.new or moved.reopened) else "worse"
    if worse:
        return "worse"
    return "better" if better else "steady"


def _headline(tone: Tone, drift: Drift) -> str:
    if tone == "steady":
        return "No change since last time" if drift.quiet else "No better and no worse than last time"
    return {
        "baseline": "Baseline established",
        "worse": "Worse than last time",
        "mixed": "Better in part, less visible in part",
        "better": "Better than last time",
    }[tone]


def _sentence(facts: Facts, posture: Posture, drift: Drift) -> str:
    still = f"{count(posture.counts.open, 'finding')} {'is' if posture.counts.open == 1 else 'are'} open"
    grave = f"{number(posture.open_grave)} of them critical or high" if posture.counts.open else "none"
    stand = f"{still}, {grave}" if posture.counts.open else "no finding is open"
    if facts.previous is None:
        return f"This is the first report, and later ones compare with it: {stand}."
    since = day(facts.previous.as_of)
    moved = posture.movement
    if drift.quiet and not (moved.new or moved.fixed or moved.reopened):
        return f"Nothing that was read has changed since {since}; {stand}."
    parts = [
        count(n, one, many)
        for n, one, many in (
            (drift.worsened + drift.mixed, "setting worsened", "settings worsened"),
            (drift.improved, "improved", "improved"),
            (moved.new, "finding is new", "findings are new"),
            (moved.reopened, "came back", "came back"),
            (moved.fixed, "is fixed", "are fixed"),
        )
        if n
    ]
    news = listing(parts) or f"{count(drift.neutral, 'change')}, none for better or worse"
    return f"Since {since}, {news}; {stand}."


def _caveat(coverage: Coverage, posture: Posture) -> str:
    short = [
        f"{number(n)} {what}"
        for n, what in (
            (coverage.unreachable, "could not be reached"),
            (coverage.partial, "could be read only in part"),
            (coverage.excluded, "left out on purpose"),
        )
        if n
    ]
    parts = [f"Of {count(coverage.total, 'account')}, {listing(short)}"] if short else []
    if posture.counts.insufficient:
        parts.append(f"{count(posture.counts.insufficient, 'question')} could not be answered for want of data")
    return "; ".join(parts) + ". None of this counts as a pass." if parts else ""


def _figures(facts: Facts, posture: Posture, drift: Drift, coverage: Coverage) -> tuple[Figure, ...]:
    counts, moved = posture.counts, posture.movement
    clear = Figure(
        "Accounts clear of critical and high",
        f"{number(posture.accounts_clear)} of {number(posture.accounts_total)}",
        f"{count(posture.accounts_read, 'account')} fully read",
        "good" if posture.accounts_clear == posture.accounts_total else "bad",
    )
    rate = Figure(
        "Checks passed",
        percent(counts.pass_rate),
        f"{number(counts.passed)} of {number(counts.answered)} answered; "
        f"{percent(counts.answered_rate)} of all could be answered",
    )
    opened = Figure(
        "Open critical and high",
        number(posture.open_grave),
        f"{count(counts.open, 'open finding')} in all, {number(counts.waived)} waived beside them",
        "bad" if posture.open_grave else "good",
    )
    news = Figure("Changes", "–", "nothing to compare with yet")
    if not facts.first:
        news = Figure(
            "Changes for the worse",
            number(drift.worsened + drift.mixed),
            f"of {number(drift.total)}; {moved.new} new, {moved.reopened} reopened, {moved.fixed} fixed findings",
            "bad" if drift.worsened + drift.mixed else "good",
        )
    if facts.edition.kind == "account":
        clear = Figure(
            "This account",
            "read" if coverage.complete else "not fully read",
            f"{count(coverage.resources, 'resource')} in {count(coverage.regions_read, 'region')}",
            "plain" if coverage.complete else "warn",
        )
    return (news, opened, clear, rate)


def attention(facts: Facts, drift: Drift, findings: FindingsSection) -> Attention:
    """Put what worsened and the gravest open checks in front."""
    owners = {row.account.id: row for row in facts.accounts}
    ranked = sorted(
        (group for group in findings.groups if group.counts.open),
        key=lambda g: (SEVERITIES.index(g.severity), -_new(g), -g.counts.open, g.check.id),
    )
    actions = tuple(_action(facts, group, owners) for group in ranked[:ACTIONS_SHOWN])
    fixes = {
        (line.finding.check, line.finding.account, line.finding.resource): line.finding.fix
        for group in findings.groups
        for line in group.lines.rows
    }
    worse = tuple(Worse(line, _meaning(line), _fix(line, fixes)) for line in worsened(drift.groups, WORSENED_SHOWN))
    return Attention(worse, drift.worsened + drift.mixed, actions)


def _meaning(line: ChangeLine) -> str:
    """The gravest check the change broke, in words; the change itself where it broke none."""
    broken = [moved for moved in line.moved if moved.moved.endswith("fail")]
    if not broken:
        return line.title
    verb = "no longer passes" if broken[0].moved.startswith("pass") else "fails"
    more = len(broken) - 1 + (line.moved_left_out if len(broken) == len(line.moved) else 0)
    rest = f" and {number(more)} more" if more else ""
    return f"{short(line.change.resource)} {verb} “{broken[0].check.title}”{rest}"


def _fix(line: ChangeLine, fixes: Mapping[tuple[str, str, str], str]) -> str:
    """The remedy of the gravest check the change broke."""
    broken = next((moved.check for moved in line.moved if moved.moved.endswith("fail")), None)
    if broken is None:
        return ""
    change = line.change
    return fixes.get((broken.id, change.account, change.resource)) or broken.fix


def _new(group: FindingGroup) -> int:
    return sum(line.state != "persisting" for line in group.lines.rows if not line.waiver)


def _action(facts: Facts, group: FindingGroup, rows: dict[str, AccountRow]) -> Action:
    lines = [line for line in group.lines.rows if not line.waiver]
    owners = {refer(rows[a], facts.options.owner_tags).owner for a in {li.finding.account for li in lines} if a in rows}
    names = {rows[a].account.name or a for a in {line.finding.account for line in lines} if a in rows}
    due = [line.due_on for line in lines if line.due_on]
    return Action(
        group.check.id,
        group.check.title,
        group.severity,
        group.counts.open,
        group.accounts_failing,
        _new(group),
        tuple(sorted(owner for owner in owners if owner)),
        tuple(sorted(names)),
        min(due, default=None),
        lines[0].finding.fix or group.check.fix,
    )
