"""Checks as values, and their answers: `@check` puts a question into `CHECKS`, `judge` asks it of an estate.

A check is a predicate with examples. Its docstring is its text: the first sentence is the title, the rest says why,
`Fix:` gives the commands.
"""

import hashlib
import inspect
import json
import pkgutil
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.abc import InspectLoader
from importlib.util import find_spec
from itertools import groupby
from typing import Any, Final

from reporter.assess.estate import Estate, InsufficientData, NotApplicable, Resource, Trace
from reporter.assess.view import LISTING, told
from reporter.model import ConfigurationItem, Evidence, Finding, Severity, Status

Question = Callable[[Resource], bool]
Example = Sequence[Any]  # configuration items, gaps and targets: see checks/examples.py
FIX: Final = re.compile(r"^Fix:[ \n]?", re.MULTILINE)
PLACEHOLDER: Final = re.compile(r"\{([A-Za-z]\w*)\}")  # {S3BucketName}; JSON's braces never hold a bare word
VOCABULARY: Final = frozenset(["estate", "evaluate", "kleene", "neighbours", "references", "resource_types", "view"])
DEFECT: Final = "The check itself failed"
VALUE_SHOWN: Final = 200  # characters of a value in a reason; the evidence holds it whole


@dataclass(frozen=True, slots=True)
class Fragments:
    """A remedy as code: resources of a CloudFormation template, Terraform blocks.

    `mends` are words of those commands of the fix ("start-logging") that it does the same as; none stands for all.
    """

    cloudformation: str = ""
    terraform: str = ""
    mends: tuple[str, ...] = ()

    def instead_of(self, *commands: str) -> "Fragments":
        """The same code, for a check of which it mends only what these commands do."""
        return replace(self, mends=commands)


NO_FRAGMENTS: Final = Fragments()
NOWHERE: Final[Mapping[str, Sequence[str]]] = {}
NOTHING_SET: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Check:
    """One testable question about a type of resource, with its text and its examples on both sides."""

    id: str
    subject: str
    severity: Severity
    question: Question
    title: str
    why: str
    fix: str
    code: tuple[Fragments, ...] = ()
    acts_on: str = ""  # the type that `fix` changes, where that is not the subject
    aka: tuple[str, ...] = ()  # SH:CloudTrail.4, CF:cloud-trail-log-file-validation-enabled
    passes: tuple[Example, ...] = ()
    fails: tuple[Example, ...] = ()
    skips: tuple[Example, ...] = ()  # where the question does not apply
    source: str = ""  # SHA-256 of the question's own text

    def as_code(self, fix: str) -> Fragments:
        """What does as code what a finding's fix does: the first that stands for one of its commands, or nothing."""
        mending = (one for one in self.code if not one.mends or any(word in fix for word in one.mends))
        return next(mending, NO_FRAGMENTS)

    def remedy(
        self,
        resources: Iterable[ConfigurationItem],
        mended_by: Sequence[str] = (),
        places: Mapping[str, Sequence[str]] = NOWHERE,
        set_to: Mapping[str, Any] = NOTHING_SET,
    ) -> str:
        """`fix` with the names of the first resource that has them; a key that none has stays visible as {Key}.

        With `mended_by`, the commands that hold one of its words: what holds already is no business of the fix. `places`
        gives the values of a <PLACEHOLDER>, each of which gets the command; `set_to` the values of options.
        """
        names = [_names(item) for item in resources]
        lines = self.fix.split("\n")
        everywhere = [said for line in _called(lines, mended_by) or lines for said in _for_each(line, places)]
        text = "\n".join(everywhere)
        for option in set_to:  # marked before names are filled in: neither reads the other's words
            text = re.sub(rf"{option} (?:'[^']*'|\S+)", f"{option} \0{option}\0", text)
        text = PLACEHOLDER.sub(lambda match: _filled(match, names), text)
        for option, value in set_to.items():
            text = text.replace(f"\0{option}\0", shlex.quote(value if isinstance(value, str) else compact(value)))
        return text


def compact(document: Any) -> str:
    """A document on one line, as an option of a command takes it; an angle bracket stays a <PLACEHOLDER>."""
    return json.dumps(document, separators=(",", ":"))


def _called(lines: Sequence[str], words: Sequence[str]) -> list[str]:
    """The commands that hold one of the words, each with the remarks that stand before it."""
    called: list[str] = []
    remarks: list[str] = []
    for line in lines:
        remarks.append(line)
        if not line.startswith("#"):
            called += remarks if any(word in line for word in words) else []
            remarks = []
    return called


def _for_each(line: str, places: Mapping[str, Sequence[str]]) -> list[str]:
    """The command as often as its placeholder has values; as it is where it has none of these placeholders."""
    known = next((name for name, values in places.items() if values and f"<{name}>" in line), "")
    return [line.replace(f"<{known}>", shlex.quote(value)) for value in places[known]] if known else [line]


CHECKS: Final[dict[str, Check]] = {}


def check(
    id: str,
    *,
    subject: str,
    severity: Severity,
    passes: Sequence[Example],
    fails: Sequence[Example],
    skips: Sequence[Example] = (),
    aka: tuple[str, ...] = (),
    acts_on: str = "",
    code: Fragments | tuple[Fragments, ...] = (),
) -> Callable[[Question], Question]:
    """Registers the decorated question under its id; the examples become its tests."""

    def register(question: Question) -> Question:
        if id in CHECKS:
            raise ValueError(
                f"check {id!r} is defined twice: {CHECKS[id].question.__module__} and {question.__module__}"
            )
        text = sections(inspect.getdoc(question) or "")
        CHECKS[id] = Check(
            id=id,
            subject=subject,
            severity=severity,
            question=question,
            code=code if isinstance(code, tuple) else (code,),
            acts_on=acts_on or subject,
            aka=aka,
            passes=tuple(passes),
            fails=tuple(fails),
            skips=tuple(skips),
            source=hashlib.sha256(_text_of(question).encode()).hexdigest(),
            **text,
        )
        return question

    return register


def _text_of(question: Question) -> str:
    """The question's code and text. Questions made from a table share their code and differ in their docstring."""
    return inspect.getsource(question) + (question.__doc__ or "")


def sections(docstring: str) -> dict[str, str]:
    """The parts of a check's docstring: title, why, fix."""
    text, *fix = FIX.split(docstring, maxsplit=1)
    title, _, why = text.partition("\n\n")
    return {
        "title": " ".join(title.split()),
        "why": " ".join(why.split()),
        "fix": commands(fix[0]) if fix else "",
    }


def commands(text: str) -> str:
    """A `Fix:` text as one command per line: a line that starts deeper than `aws` continues the command before it.

    A line that starts with # is a warning, and stands before the command it is about.
    """
    lines: list[str] = []
    for line in text.strip().splitlines():
        if lines and not line.strip().startswith(("aws ", "# ")):
            lines[-1] += " " + line.strip()
        elif line.strip():
            lines.append(line.strip())
    return "\n".join(lines)


def _names(item: ConfigurationItem) -> Mapping[str, Any]:
    identity = {"id": item.id, "arn": item.arn, "account": item.account, "region": item.region}
    return {**item.configuration, **identity}


def _filled(match: re.Match[str], names: Iterable[Mapping[str, Any]]) -> str:
    """The value for one placeholder, quoted for a shell: names come from AWS and may be hostile."""
    for known in names:
        value = known.get(match[1])
        if isinstance(value, str | int) and value != "":
            return shlex.quote(str(value))
    return match[0]


def judge(estate: Estate, checks: Iterable[Check] | None = None) -> Iterator[Finding]:
    """One finding for each check and resource of the account, passes included: by type, region, resource, check.

    A type whose listing is incomplete adds one finding "*" per check, so that what was never seen is never silent.
    All checks of a resource are asked before the next resource: what one has worked out, the others find at hand.
    """
    wanted = CHECKS.values() if checks is None else checks
    for subject, questions in groupby(sorted(wanted, key=lambda one: (one.subject, one.id)), lambda one: one.subject):
        asked = tuple(questions)
        for view in estate.views(subject):
            yield from (_answer(question, *estate.asked(view)) for question in asked)
        unlisted = estate.unlisted(subject)
        if unlisted is not None:
            yield from (_unlisted(question, estate.account.id, told(unlisted)) for question in asked)


def _unlisted(question: Check, account: str, why: str) -> Finding:
    reason = f"{question.subject} was not listed completely: {why}"
    unknown = Status.INSUFFICIENT_DATA
    return Finding(question.id, account, "", question.subject, "*", "", unknown, question.severity, reason)


def _answer(question: Check, resource: Resource, trace: Trace) -> Finding:
    status, reason = _ask(question, resource)
    item = resource.item
    evidence = tuple(trace.evidence.values())
    fix = ""
    if status is Status.FAIL:
        reason = trace.because or _seen(evidence)
        fix = _remedy(question, item, trace)
    return Finding(
        question.id,
        item.account,
        item.region,
        item.type,
        item.id,
        item.arn,
        status,
        question.severity,
        reason,
        evidence,
        fix,
    )


def _ask(question: Check, resource: Resource) -> tuple[Status, str]:
    """The answer, or why there is none. A check that breaks is an answer too: named, and never a pass."""
    try:
        return (Status.PASS if question.question(resource) else Status.FAIL), ""
    except NotApplicable as why:
        return Status.NOT_APPLICABLE, str(why)
    except InsufficientData as why:
        return Status.INSUFFICIENT_DATA, str(why)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        where = f"{question.id} on {resource.arn or resource.id}"
        return Status.INSUFFICIENT_DATA, f"{DEFECT}: {where}: {type(error).__name__}: {error}"


def _seen(evidence: tuple[Evidence, ...]) -> str:
    """What decided a failure: the last thing looked at."""
    if not evidence:
        return ""
    last = evidence[-1]
    if last.key == LISTING:
        return f"There is none in {last.id}"
    if last.value is None or last.value in ([], {}):
        return f"{last.key} is not set"
    value = _shown(last.value)
    return f"{last.key}: {value if len(value) <= VALUE_SHOWN else value[: VALUE_SHOWN - 1] + '…'}"


def _shown(value: Any) -> str:
    """A value for people: text as it is, names in a row, everything else as AWS would write it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _remedy(question: Check, subject: ConfigurationItem, trace: Trace) -> str:
    """The fix for this resource; where it changes another one in another account, the first line says where."""
    changed = [item for item in trace.looked_up if item.type == question.acts_on != subject.type]
    if trace.told_by is not None and trace.told_by.type != subject.type:
        changed = [trace.told_by]
    text = question.remedy([*changed, subject], trace.mended_by, trace.places, trace.set_to)
    where = trace.mended_from or (changed[0].account if changed else subject.account)
    return text if where == subject.account else f"# in account {where}\n{text}"


def checks_hash() -> str:
    """One hash of everything that judges: each check's id, severity and text, and the modules they stand on."""
    parts = [f"{one.id} {one.severity} {one.source}" for _, one in sorted(CHECKS.items())]
    parts += [f"{name} {_source(name)}" for name in judging_modules()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def judging_modules() -> list[str]:
    """The modules an answer may depend on, imported yet or not: what checks read with, and what documents mean."""
    packages = {one.question.__module__.rpartition(".")[0] for one in CHECKS.values()}
    rooms: dict[str, frozenset[str] | None] = {"reporter.assess": VOCABULARY, "reporter.documents": None}
    rooms.update((package, None) for package in packages - {""})
    found = [
        f"{room}.{module.name}"
        for room, wanted in rooms.items()
        for module in pkgutil.iter_modules(import_module(room).__path__)
        if not module.ispkg and (wanted is None or module.name in wanted)
    ]
    return sorted(found)


def _source(module: str) -> str:
    spec = find_spec(module)
    loader = None if spec is None else spec.loader
    return (loader.get_source(module) or "") if isinstance(loader, InspectLoader) else ""
