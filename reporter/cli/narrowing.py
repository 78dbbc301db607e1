"""Which changes of a list are shown: the options that drift, diff, history and the alerts share, and how changes are printed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any

import typer

from reporter.cli.console import USAGE, Refusal, aside, line, now, told
from reporter.cli.filters import Opened
from reporter.cli.owner import dead
from reporter.drift.text import Beside, Line
from reporter.model import SEVERITIES, Attribution, Change, ChangeKind, Direction, Run

ALL_RUNS = 1_000_000
ALIKE = 3  # changes that are shown as one
CLASSES = ("security", "operational", "tags", "cosmetic")
TONES = {
    "heading": "bold", "worse": "bold red", "better": "green", "came": "green", "went": "red", "differs": "yellow",
    "unseen": "magenta", "faint": "dim",
}  # fmt: skip

Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", help="Only created, modified, deleted, access_lost ...; may be given again."),
]
Classes = Annotated[
    list[str] | None, typer.Option("--class", help="Only security, operational, tags or cosmetic; may be given again.")
]
Directions = Annotated[
    list[str] | None, typer.Option("--direction", help="Only worsened, improved, mixed or neutral; may be given again.")
]
AtLeast = Annotated[
    str, typer.Option("--severity", help="Only changes at least this grave: low, medium, high, critical.")
]
Resource = Annotated[str, typer.Option("--resource", help="Only this resource, by id or ARN.")]
Path = Annotated[str, typer.Option("--path", help="Only changes of settings whose path holds this text.")]
Who = Annotated[str, typer.Option("--actor", help="Only changes by a principal, address or tool holding this text.")]
Unowned = Annotated[bool, typer.Option("--unacknowledged", help="Only changes that nobody has acknowledged.")]
Everything = Annotated[
    bool, typer.Option("--all", help="Nothing folded, grouped or hidden: tags and cosmetic changes too.")
]


@dataclass(frozen=True, slots=True)
class Narrow:
    """What a list of changes is narrowed to, beyond what the history narrows by itself."""

    kinds: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    severity: str = ""
    region: str = ""
    path: str = ""
    actor: str = ""
    unowned: bool = False

    def holds(self, change: Change, beside: Beside) -> bool:
        """Whether the change is wanted."""
        wanted = (
            (not self.kinds or change.kind.value in self.kinds)
            and (not self.classes or change.klass in self.classes)
            and (not self.directions or change.direction.value in self.directions)
            and (not self.region or change.region == self.region)
        )
        if not wanted or (self.severity and _graver(self.severity, change.severity)):
            return False
        if self.path and not any(self.path.lower() in op.path.lower() for op in change.ops):
            return False
        if self.unowned and beside.acknowledged(change):
            return False
        return not self.actor or self.actor.lower() in _names(beside.attribution(change))


def narrowed(
    *,
    kinds: list[str] | None = None,
    classes: list[str] | None = None,
    directions: list[str] | None = None,
    severity: str = "",
    region: str = "",
    path: str = "",
    actor: str = "",
    unowned: bool = False,
) -> Narrow:
    """The options as given, each word checked against what there is."""
    _known("--kind", kinds, [kind.value for kind in ChangeKind])
    _known("--class", classes, CLASSES)
    _known("--direction", directions, [direction.value for direction in Direction])
    _known("--severity", [severity] if severity else None, SEVERITIES)
    return Narrow(
        tuple(kinds or ()), tuple(classes or ()), tuple(directions or ()), severity, region, path, actor, unowned
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where changes are asked for; empty words leave all."""

    accounts: Sequence[str] = ()
    ou: str = ""
    region: str = ""
    type: str = ""
    resource: str = ""


def known_place(opened: Opened, run: Run, place: Place) -> None:
    """Refuse names that the history does not know: "no changes" of a name mistyped looks like good news."""
    from reporter import history
    from reporter.assess.resource_types import PARTS

    if place.type and place.type not in PARTS:
        raise Refusal(f"--type {place.type}: there is no such type{_near(place.type, PARTS)}", USAGE)
    if place.accounts or place.ou:
        _known_accounts(opened, run, place)
    types = (place.type,) if place.type else sorted(PARTS)
    if place.resource and not any(history.versions(opened.engine, one, place.resource) for one in types):
        names = {name for row in history.inventory(opened.engine, run) for name in (row.id, row.arn)}
        near = _near(place.resource, names)
        raise Refusal(f"--resource {place.resource}: the history knows no such resource{near}", USAGE)
    if place.region:
        regions = {row.region for row in history.inventory(opened.engine, run)}
        if place.region not in regions:
            near = _near(place.region, regions)
            aside(f"reporter: --region {place.region}: run {run.seq} knows of nothing in a region of that name{near}")


def _known_accounts(opened: Opened, run: Run, place: Place) -> None:
    """In the run asked about or, for what has left or moved since, in any."""
    from reporter import history

    ids, ou = set(place.accounts), place.ou.rstrip("/")
    units: set[str] = set()
    for one in (run, *history.last_runs(opened.engine, ALL_RUNS)):
        accounts = history.accounts(opened.engine, one)
        ids -= accounts.keys()
        units |= {account.ou_path for account in accounts.values()}
        if not ids and (not ou or any(f"{path}/".startswith(f"{ou}/") for path in units)):
            return
    if ids:
        raise Refusal(f"--account {min(ids)}: no run has seen such an account; give its 12 digits", USAGE)
    raise Refusal(f"--ou {place.ou}: no run has seen an account there; the OUs are {', '.join(sorted(units))}", USAGE)


def _near(word: str, known: Iterable[str]) -> str:
    found = get_close_matches(word, known, n=1)
    return f" (did you mean {found[0]}?)" if found else ""


def beside(opened: Opened, run: Any, changes: Iterable[Change]) -> Beside:
    """Who made the changes, who owns them, what their accounts are called."""
    from reporter import history

    ids = [change.id for change in changes if change.id is not None]
    made_by = history.attributions(opened.engine, ids)
    owned = owned_by(opened, ids)
    names = {id: account.name for id, account in history.accounts(opened.engine, run).items()}
    return Beside(
        attribution=lambda change: made_by.get(change.id or 0),
        acknowledged=lambda change: owned.get(change.id or 0, ""),
        account=lambda id: names.get(id, ""),
    )


def unfinished(opened: Opened, asked: Run) -> str:
    """That a run newer than the last finished one is not part of an answer about that, and how it gets there; else empty."""
    from reporter import history
    from reporter.run.stopping import interrupted

    found = history.unsealed(opened.engine)
    if history.last_runs(opened.engine, 1)[0].seq != asked.seq:
        return ""
    if found is None:
        return unshared(opened)
    return interrupted(opened.engine, found, now(), dead)


def unshared(opened: Opened) -> str:
    """That the last run is finished and has reached nobody, and what hands it over; empty while its process is at it."""
    from reporter import history
    from reporter.run.stopping import is_held

    found = history.unshared(opened.engine)
    if found is None or is_held(found, now(), dead):
        return ""
    how = "`reporter run --resume`"
    if found.run.kind == "scheduled":
        how = f"the next slot of schedule {found.run.schedule}, or {how} now,"
    return f"run {found.run.seq} is finished, its report has reached nobody yet; {how} hands it over"


def owned_by(opened: Opened, ids: list[int]) -> Mapping[int, str]:
    """Change number to who owns it, why and until when; only what still counts."""
    from reporter import history

    at = now()
    found = history.acknowledgements(opened.engine, at, ids) if ids else ()
    return {one.change: owned_words(one, at.date()) for one in found if not one.ended}


def owned_words(one: Any, today: Any) -> str:
    """An acknowledgement in one line."""
    left = (one.expires_on - today).days
    soon = f" (expires in {left} d)" if left <= 30 else ""
    ticket = f", {one.ticket}" if one.ticket else ""
    return f"{one.owner} until {one.expires_on}{soon}: {one.reason}{ticket}"


@contextmanager
def told_of_files() -> Iterator[None]:
    """A mistake in a framework's, waivers' or attestations' file as one sentence that names the file."""
    from reporter.assess.frameworks import UnknownFramework
    from reporter.assess.written import BadFile
    from reporter.run.wiring import WiringError

    with told(BadFile, UnknownFramework, WiringError, code=USAGE):
        yield


def say(lines: Iterable[Line]) -> None:
    """Lines on standard output, in the colour of their tone where there are colours."""
    for one in lines:
        line(str(one), TONES.get(one.tone, ""))


def _known(option: str, given: list[str] | None, words: Iterable[str]) -> None:
    for word in given or ():
        if word not in words:
            raise Refusal(f"{option} {word}: there is no such word; use one of {', '.join(words)}", USAGE)


def _graver(one: str, other: str) -> bool:
    return SEVERITIES.index(one) < SEVERITIES.index(other)


def _names(attribution: Attribution | None) -> str:
    actors = attribution.actors if attribution else ()
    words = (w for a in actors for w in (a.principal, a.arn, a.source_ip, a.user_agent, a.via, a.event_name))
    return " ".join(words).lower()
