"""Which of the values a check read show the failure: those come first, and of a list the members that failed."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reporter.model import Evidence, Finding

PROOF_ROOM = 420  # characters at most that a failing member is given
STEM = 6  # letters of a word that its other forms share: encryp-ted, encryp-tion
TELLING = 4  # letters below which a value in the reason may stand there by chance
NAMES = ("Sid", "ID", "Id", "Name", "name", "filterName")  # what AWS calls the members of its lists by

_QUOTED = re.compile(r'\["([^"]+)"\]|“([^”]+)”')
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True, slots=True)
class Proof:
    """A value as a report prints it: the members of a list that the reason names stand first, with room to be whole."""

    type: str
    id: str
    key: str
    value: Any
    operation: str
    room: int = 0


def proofs(finding: Finding) -> tuple[Proof, ...]:
    """All the evidence of a finding, what shows the failure first, the rest as it was read."""
    ranked = [_weighed(one, finding.reason, last=one is finding.evidence[-1]) for one in finding.evidence]
    ranked.sort(key=lambda pair: -pair[0])
    return tuple(proof for _, proof in ranked)


def _weighed(one: Evidence, reason: str, *, last: bool) -> tuple[float, Proof]:
    """How much a value has to do with the reason, and the value with the telling members first."""
    value, member = _first(one.value, reason)
    if member is not None:
        room = min(len(json.dumps(member, ensure_ascii=False, default=str)) + 40, PROOF_ROOM)
        return 3, Proof(one.type, one.id, one.key, value, one.operation, room)
    weight = 0.5 if last else 0.0
    words = {leaf for leaf in _leaves(value) if len(leaf) >= TELLING}
    if any(word in reason for word in (one.key, *words)):
        weight += 2
    elif all(word[:STEM].lower() in reason.lower() for word in _WORDS.findall(one.key) or [one.key]):
        weight += 1
    return weight, Proof(one.type, one.id, one.key, value, one.operation)


def _first(value: Any, reason: str) -> tuple[Any, Any]:
    """The value with the members named in the reason in front of their list, and the first of them; None if none is."""
    if isinstance(value, list):
        telling = [one for place, one in enumerate(value) if isinstance(one, Mapping) and _named(one, place, reason)]
        if telling:
            return [*telling, *(one for one in value if one not in telling)], telling[0]
    if isinstance(value, Mapping):
        for key, inner in value.items():
            ordered, member = _first(inner, reason) if isinstance(inner, list) else (None, None)
            if member is not None:
                return {key: ordered, **{k: v for k, v in value.items() if k != key}}, member
    return value, None


def _named(member: Mapping[str, Any], place: int, reason: str) -> bool:
    """Whether the reason speaks of a list's member: by its name in brackets or quotes, by its place, by whom it grants."""
    named = {first or second for first, second in _QUOTED.findall(reason)}
    if named & {str(member[name]) for name in NAMES if member.get(name)}:
        return True
    grantee = member.get("Grantee")
    group = str(grantee.get("URI", "")).rpartition("/")[2] if isinstance(grantee, Mapping) else ""
    return bool(group and group in reason) or f"Statement[{place}]" in reason


def _leaves(value: Any) -> Iterator[str]:
    """The keys and texts inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
