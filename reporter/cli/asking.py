"""Which findings are shown: the options of `findings` and `assess` as values, and the answers that they leave."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import cached_property
from itertools import islice
from typing import Any

from reporter import history
from reporter.cli.console import USAGE, Refusal, moment, plain
from reporter.cli.filters import Opened
from reporter.cli.narrowing import told_of_files
from reporter.model import SEVERITIES, Account, Finding, Run, Severity, Status, Waiver

STATUSES = tuple(status.value for status in Status)
STORED = (Status.FAIL, Status.INSUFFICIENT_DATA)  # what the history keeps rows of; the rest is counted and replayed
DATE = len("2026-11-22")


@dataclass(frozen=True, slots=True)
class Row:
    """One answer with its history; `since` is None where it passes, for passes are counted and not dated."""

    finding: Finding
    since: datetime | None = None
    state: str = ""  # new, reopened, persisting
    waiver: str = ""
    evidence_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for."""

    scope: history.Within
    statuses: tuple[Status, ...] = STORED
    severities: tuple[Severity, ...] = ()
    type: str = ""
    region: str = ""
    resource: str = ""
    since: datetime | None = None
    limit: int = 0

    def holds(self, row: Row) -> bool:
        """Whether an answer is asked for, by what the history does not narrow by itself."""
        one = row.finding
        return (
            (not self.severities or one.severity in self.severities)
            and self.type in ("", one.type)
            and self.region in ("", one.region)
            and self.resource in ("", one.resource, one.arn)
            and (self.since is None or (row.since is not None and row.since >= self.since))
        )

    @property
    def replays(self) -> tuple[Status, ...]:
        """Of the statuses asked for, those that are judged again from the snapshot."""
        return tuple(status for status in self.statuses if status not in STORED)


@dataclass
class Asked:
    """A run that is asked, and what is looked up about it once."""

    opened: Opened
    run: Run
    notes: list[str] = field(default_factory=list)  # what must be said beside the answer

    @cached_property
    def judgement(self) -> Any:
        """Today's checks, frameworks, targets, with the waivers and attestations in force at the run."""
        from reporter.run.wiring import judgement, with_stored

        with told_of_files():
            return with_stored(judgement(self.opened.settings), self.opened.engine, self.run.as_of)

    @cached_property
    def accounts(self) -> Mapping[str, Account]:
        """Every account of the run, by id."""
        return history.accounts(self.opened.engine, self.run)

    @cached_property
    def waivers(self) -> Mapping[str, Waiver]:
        """The waivers known at the run, by id: those given by command, and those of the file."""
        return {one.id: one for one in self.judgement.waivers.items}

    @cached_property
    def review(self) -> Any:
        """Waivers by what is to be done about them, as of the run."""
        from reporter.run.answers import reviewed

        return reviewed(self.opened.engine, self.run, self.run.as_of.date())

    @cached_property
    def coverage(self) -> history.Coverage:
        """How many accounts the run read."""
        return history.coverage(self.opened.engine, self.run)

    def located(self, accounts: Collection[str] | None, ou: str) -> None:
        """Refuse accounts and OUs that the run does not have: an empty answer about a wrong name looks like good news."""
        for id in accounts or ():
            if id not in self.accounts:
                raise Refusal(f"--account {id}: run {self.run.seq} has no such account{self._meant(id)}", USAGE)
        if ou and not any(f"{one.ou_path}/".startswith(f"{ou}/") for one in self.accounts.values()):
            known = ", ".join(sorted({one.ou_path for one in self.accounts.values()}))
            raise Refusal(f"--ou {ou}: run {self.run.seq} has no account there; its OUs are {known}", USAGE)

    def _meant(self, word: str) -> str:
        """Which account was meant, if it was called by its name or by an id that is nearly right."""
        names = {one.name: id for id, one in self.accounts.items()}
        named = names.get(next(iter(get_close_matches(word, names, n=1)), ""))
        near = [named] if named else get_close_matches(word, self.accounts, n=1)
        if not near:
            return "; give the 12 digits of one"
        return f" (did you mean {near[0]}, {plain(self.accounts[near[0]].name)}?)"

    def named(self, wanted: Wanted) -> None:
        """Refuse a resource or region of which the run knows nothing: that nothing fails there is no good news."""
        if not (wanted.resource or wanted.region):
            return
        names, regions = {"*"}, {"global"}
        for one in history.inventory(self.opened.engine, self.run):
            names.update((one.id, one.arn))
            regions.add(one.region)
        for row in history.findings(self.opened.engine, self.run):
            names.update((row.finding.resource, row.finding.arn))
            regions.add(row.finding.region)
        for option, word, known in (("--resource", wanted.resource, names), ("--region", wanted.region, regions)):
            if word and word not in known:
                near = get_close_matches(word, known, n=1)
                hint = f" (did you mean {near[0]}?)" if near else ""
                what = option.removeprefix("--")
                raise Refusal(f"{option} {word}: there is no {what} of that name in run {self.run.seq}{hint}", USAGE)

    def rows(self, wanted: Wanted) -> Iterator[Row]:
        """The answers asked for: what does not pass as it is stored, the rest judged again from the snapshot."""
        found = (row for row in self._rows(wanted) if wanted.holds(row))
        return islice(found, wanted.limit or None)

    def _rows(self, wanted: Wanted) -> Iterator[Row]:
        engine = self.opened.engine
        previous = history.previous_run(engine, self.run)
        for status in (one for one in STORED if one in wanted.statuses):
            records = history.findings(
                engine, self.run, wanted.scope, status=status, severities=wanted.severities, type=wanted.type,
                region=wanted.region, previous=previous,
            )  # fmt: skip
            for one in records:
                yield Row(
                    one.finding, one.failing_since or one.since, one.state, one.waiver_id or "", one.evidence_since
                )
        if wanted.replays:
            yield from map(Row, self._replayed(wanted))

    def _replayed(self, wanted: Wanted) -> Iterator[Finding]:
        from reporter.run.answers import differs, replayed

        if note := differs(self.run, self.judgement):
            self.notes.append(note)
        for finding in replayed(self.opened.engine, self.run, self.judgement, wanted.scope, wanted.type):
            if finding.status in wanted.replays:
                yield finding


def statuses(names: Iterable[str] | None) -> tuple[Status, ...]:
    """The statuses named, by default what does not pass."""
    return tuple(Status(_word("--status", name, STATUSES)) for name in names or ()) or STORED


def severities(names: Iterable[str] | None) -> tuple[Severity, ...]:
    """The severities named."""
    return tuple(_word("--severity", name, SEVERITIES) for name in names or ())  # type: ignore[misc]  # checked


def since(text: str | None, wanted: Collection[Status]) -> datetime | None:
    """The instant a `--since` names; a date is its beginning. Passes have no date."""
    if text is None:
        return None
    if any(status not in STORED for status in wanted):
        raise Refusal("--since is about what does not pass: passes are counted, not dated", USAGE)
    at = moment(text)
    if len(text) == DATE:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return at


def subject_named(type: str) -> str:
    """A resource type that checks are asked of, or a refusal that proposes the nearest."""
    import reporter.checks  # noqa: F401 - fills the registry
    from reporter.assess.evaluate import CHECKS

    known = sorted({check.subject for check in CHECKS.values()})
    if type and type not in known:
        near = get_close_matches(type, known, n=1)
        raise Refusal(f"--type {type}: no check asks about it; {near[0] if near else ', '.join(known)}?", USAGE)
    return type


def _word(option: str, word: str, known: Collection[str]) -> str:
    if word not in known:
        raise Refusal(f"{option} {word}: use one of {', '.join(known)}", USAGE)
    return word
