"""Frameworks: files that say which checks answer which controls, read strictly, and the questions asked of them.

A framework file holds identifiers and our own short titles, never a standard's wording. Checks are named by id only;
which ids exist is told by whoever calls, so that neither side imports the other.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Literal, get_args

from reporter.assess.written import BadFile, Problems, check_keys, nearest, parse, quote, tables_of, text_of
from reporter.model import CheckUse, Control, Framework

Relation = Literal["direct", "supporting"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)
SOURCES = ("aws-docs", "prowler-derived", "ours")  # who says that this check bears on this control
FRAMEWORK_KEYS = frozenset(
    {"id", "title", "version", "source", "licence", "confirmed", "mapping", "default", "total", "control"}
)  # fmt: skip
CONTROL_KEYS = frozenset({"id", "title", "family", "level", "manual", "source", *RELATIONS})
ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-")


class UnknownFramework(ValueError):
    """Settings or a command name a framework that no file defines."""


def load(text: str, name: str, known_checks: Collection[str]) -> Framework:
    """Read one framework file; `name` is what errors call it. Raises BadFile with everything that is wrong in it."""
    content = parse(text, name)
    problems = Problems(name)
    check_keys(problems, content, FRAMEWORK_KEYS)
    source = _source(problems, content, "mapping", "ours")
    tables = tables_of(problems, content, "control")
    controls = tuple(_control(problems, table, index, source, known_checks) for index, table in enumerate(tables, 1))
    if not controls:
        problems.add('there is no control in it: write at least one [[control]] with an "id" and a "title".')
    _refuse_doubles(problems, controls)
    default = content.get("default", False)
    if not isinstance(default, bool):
        problems.add(f'key "default" is {quote(default)}: write true or false.')
    framework = Framework(
        id=_framework_id(problems, content),
        title=text_of(problems, content, "title", required=True),
        version=text_of(problems, content, "version", required=True),
        source=text_of(problems, content, "source", required=True),
        controls=controls,
        licence=text_of(problems, content, "licence"),
        confirmed=text_of(problems, content, "confirmed"),
        default=default is True,
        total=_total(problems, content, len(controls)),
    )
    problems.refuse()
    return framework


def load_all(texts: Mapping[str, str], known_checks: Collection[str]) -> tuple[Framework, ...]:
    """Read every framework file, by title and version; an id that two files claim is an error naming both."""
    frameworks: dict[str, tuple[str, Framework]] = {}
    for name in sorted(texts):
        framework = _loaded(texts[name], name, frozenset(known_checks))
        if framework.id in frameworks:
            other = frameworks[framework.id][0]
            raise BadFile(name, [f'key "id" is "{framework.id}", which {other} has already: give one of them another.'])
        frameworks[framework.id] = (name, framework)
    return tuple(sorted((f for _, f in frameworks.values()), key=lambda f: (f.title, _by_number(f.version), f.id)))


@lru_cache(maxsize=64)  # a run asks for all of them twice, the web pages with each request
def _loaded(text: str, name: str, known_checks: frozenset[str]) -> Framework:
    return load(text, name, known_checks)


def select(frameworks: Iterable[Framework], ids: Sequence[str] = ()) -> tuple[Framework, ...]:
    """The frameworks to report on: those named, in that order, or those enabled by default if none is named."""
    by_id = {framework.id: framework for framework in frameworks}
    if not ids:
        return tuple(framework for framework in by_id.values() if framework.default)
    unknown = [wanted for wanted in ids if wanted not in by_id]
    if unknown:
        remedy = nearest(unknown[0], by_id) or f" Known are {', '.join(sorted(by_id))}."
        raise UnknownFramework(f"No framework has the id {quote(unknown[0])}.{remedy}")
    return tuple(by_id[wanted] for wanted in dict.fromkeys(ids))


def find_control(framework: Framework, id: str) -> Control | None:
    """The control of that id, if the framework has it."""
    return next((control for control in framework.controls if control.id == id), None)


def is_manual(control: Control) -> bool:
    """Whether a person may attest it: the file says why no check can answer it, or not all of it.

    Where checks answer alone an attestation would say nothing, and a failing finding is accepted by a waiver.
    """
    return bool(control.manual)


def controls_asking(frameworks: Iterable[Framework], check: str) -> tuple[tuple[Framework, Control, CheckUse], ...]:
    """Every control that a check bears on, over all frameworks given, in their order."""
    return tuple(
        (framework, control, use)
        for framework in frameworks
        for control in framework.controls
        for use in control.checks
        if use.check == check
    )


def also_asked_by(
    frameworks: Iterable[Framework], framework: Framework, control: Control
) -> tuple[tuple[Framework, Control], ...]:
    """Controls of other frameworks that ask the same: at least one check answers both directly.

    Supporting checks are left out: nearly every logging control shares one, and a list of everything says nothing.
    """
    asked = _direct(control)
    return tuple(
        (other, candidate)
        for other in frameworks
        if other.id != framework.id
        for candidate in other.controls
        if asked & _direct(candidate)
    )


def checks_of(framework: Framework) -> frozenset[str]:
    """The ids of all checks that the framework's controls name."""
    return frozenset(use.check for control in framework.controls for use in control.checks)


@dataclass(frozen=True, slots=True)
class Statistics:
    """How much of a framework checks can speak to: the honest size behind its name.

    Every control is one of three: answered by checks alone, by checks and a person, or by a person alone.
    """

    controls: int
    covered: int  # controls that at least one check bears on
    shared: int  # of those, controls that a person is to speak to as well
    manual: int  # controls that no check bears on
    checks: int  # distinct checks
    direct: int  # mappings control-check in which the check answers the control
    supporting: int


def statistics(framework: Framework) -> Statistics:
    """Count a framework's controls, checks and mappings."""
    uses = [use for control in framework.controls for use in control.checks]
    covered = sum(1 for control in framework.controls if control.checks)
    shared = sum(1 for control in framework.controls if control.checks and is_manual(control))
    direct = sum(1 for use in uses if use.relation == "direct")
    return Statistics(
        controls=len(framework.controls),
        covered=covered,
        shared=shared,
        manual=len(framework.controls) - covered,
        checks=len(checks_of(framework)),
        direct=direct,
        supporting=len(uses) - direct,
    )


def fingerprint(frameworks: Iterable[Framework]) -> str:
    """SHA-256 over what was loaded, for the record of a run: the same mapping gives the same hash, however written."""
    return _fingerprint(frozenset(frameworks))


@lru_cache(maxsize=4)
def _fingerprint(frameworks: frozenset[Framework]) -> str:
    rows = sorted((asdict(framework) for framework in frameworks), key=lambda row: str(row["id"]))
    return hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _direct(control: Control) -> set[str]:
    return {use.check for use in control.checks if use.relation == "direct"}


def _by_number(version: str) -> tuple[tuple[int, str], ...]:
    """Order 10.0 after 9.0."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in version.split("."))


def _total(problems: Problems, content: Mapping[str, Any], written: int) -> int | None:
    """How many controls the whole standard has, if the file says so; a file cannot hold more."""
    total = content.get("total")
    if total is None:
        return None
    if isinstance(total, bool) or not isinstance(total, int) or total < written:
        remedy = f"write how many controls the whole standard has (the file holds {written}), or leave it out."
        problems.add(f'key "total" is {quote(total)}: {remedy}')
        return None
    return total


def _framework_id(problems: Problems, content: Mapping[str, Any]) -> str:
    written = text_of(problems, content, "id", required=True)
    if set(written) - ID_CHARACTERS:
        problems.add(f'key "id" is {quote(written)}: use small letters, digits, dots and hyphens (cis-aws-5.0.0).')
    return written


def _source(problems: Problems, table: Mapping[str, Any], key: str, default: str) -> str:
    value = text_of(problems, table, key, default=default)
    return _known_source(problems, f'key "{key}"', value)


def _known_source(problems: Problems, what: str, value: str) -> str:
    if value not in SOURCES:
        remedy = nearest(value, SOURCES)
        problems.add(f"{what} is {quote(value)}, which is no source: use one of {', '.join(SOURCES)}.{remedy}")
    return value


def _control(
    problems: Problems, table: Mapping[str, Any], index: int, source: str, known_checks: Collection[str]
) -> Control:
    """Read one `[[control]]`; a place is named by id, and by number where the id itself is at fault."""
    written = table.get("id")
    named = isinstance(written, str) and written.strip()
    problems = problems.at(f"control {quote(written)}" if named else f"control number {index}")
    check_keys(problems, table, CONTROL_KEYS)
    control = Control(
        id=text_of(problems, table, "id", required=True),
        title=text_of(problems, table, "title", required=True),
        family=text_of(problems, table, "family"),
        level=text_of(problems, table, "level"),
        manual=text_of(problems, table, "manual"),
    )
    source = _source(problems, table, "source", source)
    uses = _uses(problems, table, source, known_checks)
    if not control.manual and not any(table.get(relation) for relation in RELATIONS):
        remedy = 'name checks under "direct" or "supporting", or write manual = "why no check can answer it".'
        problems.add(f"has neither checks nor a reason to be manual: {remedy}")
    return replace(control, checks=uses)


def _uses(
    problems: Problems, table: Mapping[str, Any], source: str, known_checks: Collection[str]
) -> tuple[CheckUse, ...]:
    """Read a control's lists of checks: `check-id` or a glob of ids, either with `@source` behind it.

    A check named by its id is what its list says; a glob adds only checks that nothing else names.
    """
    named: dict[str, CheckUse] = {}
    by_glob: dict[str, CheckUse] = {}
    for relation in RELATIONS:
        for pattern, said in _entries(problems, table, relation, source):
            checks = _matching(pattern, known_checks)
            if not checks:
                remedy = nearest(pattern, known_checks) or " `reporter checks` lists them."
                problems.add(f'key "{relation}" names {quote(pattern)}, which is no check.{remedy}')
            if pattern in named:
                problems.add(f"check {quote(pattern)} is named twice: name it once, as direct or as supporting.")
            found = named if pattern in checks else by_glob
            for check in checks:
                found.setdefault(check, CheckUse(check, relation, said))
    return tuple(sorted((by_glob | named).values(), key=lambda use: (RELATIONS.index(use.relation), use.check)))


def _entries(
    problems: Problems, table: Mapping[str, Any], relation: Relation, source: str
) -> Iterator[tuple[str, str]]:
    """The entries of one list, each as what it names and who says so."""
    entries = table.get(relation, [])
    if not isinstance(entries, list):
        problems.add(f'key "{relation}" is {quote(entries)}: write a list, such as {relation} = ["check-id"].')
        return
    for entry in entries:
        if not isinstance(entry, str):
            problems.add(f'key "{relation}" holds {quote(entry)}, which is no text: write the id of a check.')
            continue
        pattern, at, said = (part.strip() for part in entry.partition("@"))
        if at:
            said = _known_source(problems, f'the source of {quote(pattern)} in key "{relation}"', said)
        yield pattern, said or source


def _matching(pattern: str, known_checks: Collection[str]) -> list[str]:
    if pattern in known_checks:
        return [pattern]
    if "*" not in pattern:
        return []
    return sorted(check for check in known_checks if fnmatchcase(check, pattern))


def _refuse_doubles(problems: Problems, controls: Iterable[Control]) -> None:
    seen: set[str] = set()
    for number, control in enumerate(controls, 1):
        if control.id in seen:
            place = problems.at(f"control {quote(control.id)}")
            place.add(f"is number {number} of the file, and an earlier one has the same id: join them.")
        if control.id:
            seen.add(control.id)
