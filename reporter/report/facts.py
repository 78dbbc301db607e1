"""What every section of a report starts from: asked of the source once, for one edition."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from reporter.model import Framework, Run, Severity
from reporter.report.edition import Edition, NoSuchEdition
from reporter.report.source import (
    AccountRow,
    AccountTotal,
    ChangeCount,
    CheckText,
    Movement,
    Scope,
    Source,
    Tally,
)

Row = TypeVar("Row")

UNITS_NAMED = 12  # in the message about a unit that is not there


@dataclass(frozen=True, slots=True)
class Capped(Generic[Row]):
    """The rows a body shows, and how many there are in the attached data."""

    rows: tuple[Row, ...] = ()
    total: int = 0

    @property
    def cut(self) -> bool:
        """Whether the body leaves any out (and must say so)."""
        return self.total > len(self.rows)


@dataclass(frozen=True, slots=True)
class Options:
    """What settings decide about a report; the defaults make a good one."""

    organization: str = "AWS organization"
    classification: str = ""
    prepared_by: str = ""
    owner_tags: tuple[str, ...] = ("Owner", "owner", "Team", "team")
    # what a body prints; the attached data holds everything. Together these keep any organization within forty pages
    findings_shown: int = 70
    evidence_checks: int = (
        10  # checks of which the first finding is printed with its evidence (for an account: all of theirs)
    )
    changes_shown: int = 10  # for the worse, with before and after
    controls_shown: int = 245  # lines of the tables of all frameworks together
    controls_in_full: int = 80  # with more controls than this in all, their tables are kept short
    rows_shown: int = 16  # of short lists: other changes, waivers, gaps
    accounts_shown: int = 40
    runs_shown: int = 12
    expiring: timedelta = timedelta(days=30)
    due_days: Mapping[Severity, int] = field(default_factory=lambda: {"critical": 7, "high": 30, "medium": 90})
    targets: Mapping[str, Any] = field(default_factory=dict)  # what the checks judged by: log_retention_days -> 365
    notes: tuple[str, ...] = ()  # sentences of the organization's own for the method section


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account as a reader should see it beside anything of its own."""

    id: str
    name: str = ""
    ou: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """The run, its scope, and the aggregates more than one section needs."""

    edition: Edition
    options: Options
    scope: Scope
    run: Run
    previous: Run | None
    checks: Mapping[str, CheckText]
    frameworks: tuple[Framework, ...]
    accounts: tuple[AccountRow, ...]
    totals: Mapping[str, AccountTotal]
    tallies: tuple[Tally, ...]
    movement: Movement
    change_counts: tuple[ChangeCount, ...]

    @property
    def first(self) -> bool:
        """Whether there is nothing to compare with: this report establishes the baseline."""
        return self.previous is None

    @property
    def as_of(self) -> datetime:
        """The instant the report speaks of."""
        return self.run.as_of

    def check(self, check: str) -> CheckText:
        """The text of a check; of one that has left the registry, its id."""
        return self.checks.get(check) or CheckText(check, check)

    def due_on(self, severity: Severity, first_seen: datetime) -> date | None:
        """The day by which a finding should be mended; None where its severity has no limit."""
        days = self.options.due_days.get(severity)
        return None if days is None else first_seen.date() + timedelta(days=days)


def refer(row: AccountRow, owner_tags: tuple[str, ...]) -> AccountRef:
    """An account's reference, its owner taken from the first of the tags that is set."""
    account = row.account
    owner = next((account.tags[tag] for tag in owner_tags if account.tags.get(tag)), "")
    return AccountRef(account.id, account.name, account.ou_path, owner)


def gather(source: Source, edition: Edition, options: Options) -> Facts:
    """Ask the source for what all sections share; an edition of nothing is an error that names what there is."""
    if edition.kind == "account":  # about fifteen pages
        options = replace(options, controls_shown=min(options.controls_shown, 40), controls_in_full=0, rows_shown=10)
    frameworks, scope, accounts = bounds(source, edition)
    return Facts(
        edition=edition,
        options=options,
        scope=scope,
        run=source.run(),
        previous=source.previous(),
        checks={id: replace(text, title=text.title.rstrip(".")) for id, text in source.checks().items()},
        frameworks=frameworks,
        accounts=accounts,
        totals={total.account: total for total in source.account_totals(scope)},
        tallies=tuple(source.tallies(scope)),
        movement=source.movement(scope),
        change_counts=tuple(source.change_counts(scope)),
    )


def bounds(source: Source, edition: Edition) -> tuple[tuple[Framework, ...], Scope, tuple[AccountRow, ...]]:
    """What an edition is about: its frameworks, scope and accounts; NoSuchEdition where that is nothing."""
    frameworks = tuple(source.frameworks())
    if edition.kind == "framework":
        known = ", ".join(f.id for f in frameworks)
        frameworks = tuple(f for f in frameworks if f.id == edition.of)
        if not frameworks:
            raise NoSuchEdition(f'No framework "{edition.of}" is reported on. Known: {known or "none"}.')
    scope = _scope(edition, frameworks)
    accounts = tuple(source.accounts(scope))
    if not accounts:
        raise NoSuchEdition(_nobody(source, edition))
    return frameworks, scope, accounts


def _nobody(source: Source, edition: Edition) -> str:
    """That an edition holds no account, what it may have meant, and where the accounts and units are listed."""
    rows = tuple(source.accounts(Scope()))
    if edition.kind == "ou":
        parts = [row.account.ou_path.split("/") for row in rows]
        known = {unit: unit for path in parts for n in range(len(path)) if (unit := "/".join(path[: n + 1]))}
        listed = f"Its units are {', '.join(sorted(known)[:UNITS_NAMED])}"
        listed += f" and {len(known) - UNITS_NAMED} more." if len(known) > UNITS_NAMED else "."
    else:
        known = {name: row.account.id for row in rows for name in (row.account.id, row.account.name) if name}
        listed = "`reporter coverage` lists every account with its id."
    near = get_close_matches(edition.of, sorted(known), 1, 0.7)
    meant = f" Did you mean {edition.kind}:{known[near[0]]}?" if near else ""
    return f"Edition {edition.kind}:{edition.of} holds no account of this run.{meant} {listed}"


def _scope(edition: Edition, frameworks: tuple[Framework, ...]) -> Scope:
    if edition.kind == "ou":
        return Scope(ou=edition.of)
    if edition.kind == "account":
        return Scope(accounts=frozenset({edition.of}))
    if edition.kind == "framework":
        return Scope(checks=frozenset(use.check for f in frameworks for c in f.controls for use in c.checks))
    return Scope()
