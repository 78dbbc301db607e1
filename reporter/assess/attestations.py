"""Attestations: a person's statement for a control that no check can answer, with hashed evidence and an expiry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from reporter.assess.frameworks import find_control, is_manual
from reporter.assess.written import Problems, check_keys, date_of, nearest, parse, quote, tables_of, text_of
from reporter.model import Attestation, Framework

KEYS = frozenset({"framework", "control", "statement", "by", "valid_until", "evidence"})
SOON = timedelta(days=30)


def load(text: str, name: str, frameworks: Iterable[Framework], hashes: Mapping[str, str]) -> tuple[Attestation, ...]:
    """Read an attestations file; `hashes` gives the SHA-256 of each evidence file by the name written in it."""
    content = parse(text, name)
    problems = Problems(name)
    check_keys(problems, content, {"attestation"})
    by_id = {framework.id: framework for framework in frameworks}
    tables = tables_of(problems, content, "attestation")
    found = tuple(_attestation(problems, table, number, by_id, hashes) for number, table in enumerate(tables, 1))
    problems.refuse()
    return found


def evidence_names(text: str, name: str) -> tuple[str, ...]:
    """The evidence files that an attestations file names, for whoever reads and hashes them before `load`."""
    tables = parse(text, name).get("attestation", [])
    named = (table.get("evidence") for table in tables if isinstance(table, dict)) if isinstance(tables, list) else ()
    return tuple(sorted({one.strip() for one in named if isinstance(one, str) and one.strip()}))


def attestation_for(
    attestations: Iterable[Attestation], framework: str, control: str, on: date | None
) -> Attestation | None:
    """The attestation of a control that holds longest; if all have ended, the last of them, so that it can be named."""
    of_control = [one for one in attestations if one.framework == framework and one.control == control]
    return max(
        of_control, key=lambda one: (on is not None and is_valid(one, on), one.valid_until, one.by), default=None
    )


def is_valid(attestation: Attestation, on: date) -> bool:
    """Whether it holds on a day; the last day is included."""
    return on <= attestation.valid_until


@dataclass(frozen=True, slots=True)
class Review:
    """Attestations by what is to be done about them."""

    valid: tuple[Attestation, ...]
    expiring: tuple[Attestation, ...]  # of the valid ones, those that end soon
    expired: tuple[Attestation, ...]


def review(attestations: Sequence[Attestation], on: date, soon: timedelta = SOON) -> Review:
    """Sort attestations by day of expiry into what holds, what ends soon and what has ended."""
    ordered = sorted(attestations, key=lambda one: (one.valid_until, one.framework, one.control))
    return Review(
        valid=tuple(one for one in ordered if is_valid(one, on)),
        expiring=tuple(one for one in ordered if on <= one.valid_until <= on + soon),
        expired=tuple(one for one in ordered if not is_valid(one, on)),
    )


def _attestation(
    problems: Problems,
    table: Mapping[str, Any],
    number: int,
    frameworks: Mapping[str, Framework],
    hashes: Mapping[str, str],
) -> Attestation:
    problems = problems.at(
        f"attestation {number} ({quote(table.get('framework', ''))}, {quote(table.get('control', ''))})"
    )
    check_keys(problems, table, KEYS)
    framework = text_of(problems, table, "framework", required=True)
    control = text_of(problems, table, "control", required=True)
    evidence = text_of(problems, table, "evidence")
    if framework and control:
        _refuse_unfit(problems, framework, control, frameworks)
    if evidence and evidence not in hashes:
        problems.add(f'key "evidence" names {quote(evidence)}, which could not be read: put the file beside this one.')
    return Attestation(
        framework=framework,
        control=control,
        statement=text_of(problems, table, "statement", required=True),
        by=text_of(problems, table, "by", required=True),
        valid_until=date_of(problems, table, "valid_until"),
        evidence_name=evidence,
        evidence_sha256=hashes.get(evidence, ""),
    )


def _refuse_unfit(problems: Problems, framework: str, control: str, frameworks: Mapping[str, Framework]) -> None:
    """An attestation of an unknown control would be lost, one of a control that checks answer would say nothing."""
    if framework not in frameworks:
        problems.add(f'key "framework" is {quote(framework)}, which is not known.{nearest(framework, frameworks)}')
        return
    known = frameworks[framework]
    found = find_control(known, control)
    if found is None:
        close = nearest(control, {one.id for one in known.controls})
        problems.add(f'key "control" is {quote(control)}, which {quote(framework)} does not have.{close}')
    elif not is_manual(found):
        problems.add("this control is answered by checks: to accept a failing finding, write a waiver instead.")
