"""The front of the report: the cover, and the verdict in one sentence."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from reporter.report.changes import Drift
from reporter.report.coverage import Coverage
from reporter.report.facts import Facts
from reporter.report.posture import Posture
from reporter.report.source import Fared
from reporter.report.words import count, day, listing, number, percent, versioned
from reporter.report.words import coverage as in_words

Tone = Literal["worse", "mixed", "better", "steady", "baseline"]

NAMED = 3  # accounts a narrowed run's sentence calls by name


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
        frameworks=tuple(versioned(f.title, f.version) for f in facts.frameworks),
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
        "framework": versioned(facts.frameworks[0].title, facts.frameworks[0].version)
        if facts.frameworks
        else edition.of,
    }
    return words[edition.kind]


def _scope(facts: Facts, coverage: Coverage) -> str:
    if facts.edition.kind == "account":
        return f"This account: {FATES[facts.accounts[0].fared]}"
    whole = in_words(coverage.read, coverage.total, ())
    return f"{whole}; {narrowed(facts, coverage)}" if facts.run.selection else whole


FATES: dict[Fared, str] = {
    "read": "fully read",
    "partial": "read only in part",
    "unreachable": "not reached",
    "suspended": "suspended",
    "unselected": "not selected for this run",
    "excluded": "left out by the settings",
}


def narrowed(facts: Facts, coverage: Coverage) -> str:
    """Which accounts a run that was asked for some of them covers; empty for a run of the whole organization."""
    if not facts.run.selection:
        return ""
    if facts.edition.kind == "account":
        return (
            "this run was asked for other accounts only"
            if coverage.unselected
            else "this run was asked for single accounts"
        )
    names = [
        row.account.name or row.account.id for row in facts.accounts if row.fared not in ("unselected", "suspended")
    ]
    more = [f"{number(len(names) - NAMED)} more"] if len(names) > NAMED else []
    told = f": {listing([*names[:NAMED], *more])}" if names else ""
    return f"this run covers only {number(len(names))} of {count(coverage.total, 'account')}, as asked{told}"


def verdict(facts: Facts, posture: Posture, drift: Drift, coverage: Coverage) -> Verdict:
    """Say how things stand against last time, in the words a reader would repeat."""
    tone, headline = _headline(facts, posture, drift, coverage)
    return Verdict(
        tone,
        headline,
        _sentence(facts, posture, drift, coverage),
        _caveat(facts, coverage, posture),
        _figures(facts, posture, drift, coverage),
    )


def _headline(facts: Facts, posture: Posture, drift: Drift, coverage: Coverage) -> tuple[Tone, str]:
    """Worse outweighs better; less to be seen is neither, and never good news."""
    if coverage.blind:
        return "mixed", "Nothing could be read" if coverage.unreachable else "Nothing was read"
    if coverage.unlisted and coverage.total == 1:
        return "mixed", "Only one account could be seen"
    if facts.first:
        return (
            ("mixed", "The list of accounts is incomplete")
            if coverage.unlisted
            else ("baseline", "Baseline established")
        )
    moved = posture.movement
    dimmer = drift.access_lost or moved.lost_sight or coverage.lost or coverage.dimmed
    better = drift.improved or moved.fixed
    if drift.worsened or moved.new or moved.reopened:
        return "worse", "Worse than last time"
    if drift.mixed:
        return "mixed", "Partly worse, partly better"
    if dimmer:
        return "mixed", "Better in part, less visible in part" if better else "Less could be read than last time"
    if coverage.unlisted:
        return "mixed", "The list of accounts is incomplete"
    if better:
        return "better", "Better than last time"
    return "steady", "No change since last time" if drift.quiet else "No better and no worse than last time"


def _sentence(facts: Facts, posture: Posture, drift: Drift, coverage: Coverage) -> str:
    stand = _stand(posture)
    if coverage.blind:
        older = "what stands below is older" if facts.previous else "later reports have nothing yet to compare with"
        told = f"{_nobody(facts, coverage)}: {older}; {stand}"
    elif facts.previous is None:
        told = f"This is the first report, and later ones compare with it: {stand}"
    else:
        told = f"{_since(day(facts.previous.as_of), posture, drift, coverage)}; {stand}"
    told = f"{_unlisted(coverage)}{told}"
    only = narrowed(facts, coverage)
    return f"{told}; {only}." if only else f"{told}."


def _unlisted(coverage: Coverage) -> str:
    """That nobody knows of all accounts, before anything that is said of those that are known."""
    if not coverage.unlisted:
        return ""
    covered = (
        "1 account, and how many others there are"
        if coverage.total == 1
        else "those known before; what has joined since"
    )
    remedy = "grant organizations:ListAccounts, or name the accounts in organization.accounts"
    return f"AWS Organizations did not list the accounts ({coverage.unlisted}): this report covers {covered} is unknown; {remedy}. "


def _stand(posture: Posture) -> str:
    counts = posture.counts
    if not counts.open:
        return "no finding is open"
    if counts.open == 1:
        return (
            f"1 finding is open, and it is {'critical or high' if posture.open_grave else 'neither critical nor high'}"
        )
    grave = f"{number(posture.open_grave)} of them" if posture.open_grave else "none of them"
    return f"{number(counts.open)} findings are open, {grave} critical or high"


def _nobody(facts: Facts, coverage: Coverage) -> str:
    if coverage.total == 1:
        return f"{'This account' if facts.edition.kind == 'account' else 'The only account'} was not read ({FATES[facts.accounts[0].fared]})"
    return f"None of the {count(coverage.total, 'account')} was read ({listing(coverage.rest)})"


def _since(then: str, posture: Posture, drift: Drift, coverage: Coverage) -> str:
    """What happened since the previous run: what changed, what moved, what was lost from sight."""
    moved = posture.movement
    parts = [
        *_counted(
            "setting", (drift.worsened + drift.mixed, "worsened", "worsened"), (drift.improved, "improved", "improved")
        ),
        *_counted(
            "finding",
            (moved.new, "is new", "are new"),
            (moved.reopened, "came back", "came back"),
            (moved.fixed, "is fixed", "are fixed"),
            (moved.gone, "no longer applies", "no longer apply"),
        ),
    ]
    lost = [
        *_counted("account", (coverage.lost, "can no longer be reached", "can no longer be reached")),
        *_counted("account", (coverage.dimmed, "can be read only in part now", "can be read only in part now")),
        *_counted("resource", (drift.access_lost, "can no longer be read whole", "can no longer be read whole")),
        *_counted("finding", (moved.lost_sight, "can no longer be judged", "can no longer be judged")),
    ]
    unseen = f"; {listing(lost)}" if lost else ""
    if parts:
        return f"Since {then}, {listing(parts)}{unseen}"
    if drift.quiet:
        read = "" if coverage.complete else " that was read"
        tags = f" but tags and names ({count(drift.minor, 'change')})" if drift.minor else ""
        return f"Nothing{read}{tags} has changed since {then}{unseen}"
    return f"Since {then}, {count(drift.neutral, 'change')}, none for better or worse{unseen}"


def _counted(noun: str, *things: tuple[int, str, str]) -> list[str]:
    """Each count that is not zero with its words for one and for many; the noun stands with the first."""
    some = [(n, one if n == 1 else many) for n, one, many in things if n]
    return [f"{number(n) if place else count(n, noun)} {what}" for place, (n, what) in enumerate(some)]


def _caveat(facts: Facts, coverage: Coverage, posture: Posture) -> str:
    parts = []
    if coverage.rest and facts.edition.kind == "account":
        parts.append(f"This account was {FATES[facts.accounts[0].fared]}")
    elif coverage.rest:
        parts.append(in_words(coverage.read, coverage.total, coverage.rest))
    if posture.counts.insufficient:
        parts.append(f"{count(posture.counts.insufficient, 'question')} could not be answered for want of data")
    if coverage.unasked:
        parts.append(coverage.unasked)
    return "; ".join(parts) + ". What was not read never counts as a pass." if parts else ""


def _figures(facts: Facts, posture: Posture, drift: Drift, coverage: Coverage) -> tuple[Figure, ...]:
    counts = posture.counts
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
        "bad" if posture.open_grave else "plain" if coverage.blind else "good",
    )
    news = Figure("Changes", "–", "nothing to compare with yet")
    if not facts.first:
        worse = drift.worsened + drift.mixed
        note = f"of {count(drift.total, 'change')}; {_movement(posture)}"
        news = Figure(
            "Changes for the worse", number(worse), note, "bad" if worse else "plain" if coverage.blind else "good"
        )
    if facts.edition.kind == "account":
        clear = Figure(
            "This account",
            "read" if coverage.complete else "not fully read",
            f"{count(coverage.resources, 'resource')} in {count(coverage.regions_read, 'region')}",
            "plain" if coverage.complete else "warn",
        )
    return (news, opened, clear, rate)


def _movement(posture: Posture) -> str:
    moved = posture.movement
    counted = ((moved.new, "new"), (moved.reopened, "reopened"), (moved.fixed, "fixed"), (moved.gone, "gone"))
    return "findings: " + (listing([f"{number(n)} {what}" for n, what in counted if n]) or "none new, none fixed")
