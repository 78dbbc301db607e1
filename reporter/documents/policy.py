"""A policy document read into one form, whatever its spelling: resource policies, key policies, service control policies.

A statement may be an object or a list, an action a string or a list, a principal `"*"` or a map, a value true or "true",
a condition key in any case. What cannot be understood is kept as a `problem` of its statement, so that an answer that rests
on it is undecided.
"""

import json
import marshal
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from reporter.documents.actions import EVERY_ACTION, expand_all
from reporter.documents.arn import ACCOUNT_ID, Arn

Kind = Literal["everyone", "account", "aws", "service", "federated", "canonical", "deleted"]

POSITIVE_NAMES = """
    stringequals stringequalsignorecase stringlike arnequals arnlike ipaddress bool binaryequals null
    numericequals numericlessthan numericlessthanequals numericgreaterthan numericgreaterthanequals
    dateequals datelessthan datelessthanequals dategreaterthan dategreaterthanequals
"""
NEGATIVE_NAMES = """
    stringnotequals stringnotequalsignorecase stringnotlike arnnotequals arnnotlike notipaddress numericnotequals datenotequals
"""
POSITIVE = frozenset(POSITIVE_NAMES.split())
NEGATIVE = frozenset(NEGATIVE_NAMES.split())
WILD_OPERATORS = frozenset({"stringlike", "stringnotlike", "arnequals", "arnnotequals", "arnlike", "arnnotlike"})
QUANTIFIERS = ("forallvalues", "foranyvalue")
UNIQUE_ID = re.compile(r"A(?:IDA|ROA|GPA|KIA|SIA|NPA|NVA|PKA|SCA|BIA|CCA)[A-Z0-9]{12,}")
VARIABLES_SINCE = "2012-10-17"  # in a policy of an older version `${...}` is plain text
REMEMBERED = 512


@dataclass(frozen=True, slots=True, order=True)
class Principal:
    """Who a statement names. An account id and its `:root` ARN are the same account."""

    kind: Kind
    value: str

    def __str__(self) -> str:
        return "everyone" if self.kind == "everyone" else f"{self.kind} {self.value}"


EVERYONE = Principal("everyone", "*")


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """One key of a condition block. `operator` and `key` are lower case, values are strings, ORed among themselves."""

    operator: str  # stringequals ... without IfExists and without quantifier
    key: str
    values: tuple[str, ...]
    if_exists: bool = False
    quantifier: str = ""  # forallvalues, foranyvalue

    @property
    def known(self) -> bool:
        """Whether we know what the operator means."""
        return self.operator in POSITIVE or self.operator in NEGATIVE

    @property
    def negative(self) -> bool:
        """Whether it holds for every value but those named (and for a request without the key)."""
        return self.operator in NEGATIVE

    @property
    def takes_wildcards(self) -> bool:
        """Whether `*` and `?` in its values are wildcards: in StringEquals they are plain characters."""
        return self.operator in WILD_OPERATORS

    def __str__(self) -> str:
        quantifier = f"{self.quantifier}:" if self.quantifier else ""
        return f"{quantifier}{self.operator}{'ifexists' if self.if_exists else ''} {self.key} {'|'.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. With `not_action` the actions are already the others; NotPrincipal and NotResource stay as written."""

    label: str  # Statement["Sid"] or Statement[0]
    effect: str  # Allow, Deny
    principals: tuple[Principal, ...]
    not_principal: bool
    actions: frozenset[str]
    action_patterns: tuple[str, ...]
    not_action: bool
    resources: tuple[str, ...]
    not_resource: bool
    conditions: tuple[Condition, ...]
    problems: tuple[str, ...] = ()

    @property
    def names_everyone(self) -> bool:
        """Whether it applies to every principal, without an exception."""
        return not self.not_principal and EVERYONE in self.principals


@dataclass(frozen=True, eq=False)
class Policy:
    """A policy: its statements, and whether `${...}` in them is a variable. Compared by identity, so that it can be a key."""

    statements: tuple[Statement, ...] = ()
    variables: bool = False
    problems: tuple[str, ...] = ()

    @cached_property
    def denials(self) -> tuple[Statement, ...]:
        """The statements that deny."""
        return tuple(statement for statement in self.statements if statement.effect == "Deny")

    @cached_property
    def allowances(self) -> tuple[Statement, ...]:
        """The statements that allow, and those whose effect is not clear."""
        return tuple(statement for statement in self.statements if statement.effect != "Deny")


NOTHING = Policy()
_remembered: OrderedDict[bytes, Policy] = OrderedDict()


def parse(document: Mapping[str, Any] | str | None) -> Policy:
    """Read a document as AWS returns it (parsed, or its text); None, no policy, has no statement.

    Many checks ask about the same document one after the other, so the latest are remembered by their content.
    """
    if document is None:
        return NOTHING
    content = _content(document)
    policy = _remembered.get(content)
    if policy is None:
        policy = _remembered[content] = _policy(document)
        if len(_remembered) > REMEMBERED:
            _remembered.popitem(last=False)
    return policy


def _content(document: Any) -> bytes:
    """The document's content as a key. Version 2 of marshal has no back references, so that equal content is equal bytes."""
    try:
        return marshal.dumps(document, 2)
    except ValueError:  # a mapping that is no dict
        return repr(document).encode(errors="surrogatepass")


def _policy(document: Mapping[str, Any] | str) -> Policy:
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError as error:
            return Policy(problems=(f"policy is not JSON: {error}",))
    if not isinstance(document, Mapping):
        return Policy(problems=(f"policy is a {type(document).__name__}, not an object",))
    parts = _lowered(document)
    statements = _listed(parts.get("statement"))
    return Policy(
        tuple(_statement(statement, index) for index, statement in enumerate(statements)),
        variables=parts.get("version") == VARIABLES_SINCE,
    )


def _lowered(value: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): entry for key, entry in value.items()}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _texts(value: Any) -> tuple[str, ...]:
    """A value or a list of values as strings: true and "True" are both "true" to AWS, 1.2 is "1.2"."""
    return tuple(str(entry).lower() if isinstance(entry, bool) else str(entry) for entry in _listed(value))


def _statement(raw: Any, index: int) -> Statement:
    if not isinstance(raw, Mapping):
        raw = {}
    parts = _lowered(raw)
    sid, effect = parts.get("sid"), str(parts.get("effect", ""))
    problems = [] if effect in ("Allow", "Deny") else [f"Effect is {effect!r}, neither Allow nor Deny"]
    not_action = "notaction" in parts and "action" not in parts
    patterns = _texts(parts.get("notaction" if not_action else "action"))
    if not patterns:
        problems.append("names no action")
    not_principal = "notprincipal" in parts and "principal" not in parts
    not_resource = "notresource" in parts and "resource" not in parts
    expanded = expand_all(patterns)
    return Statement(
        label=f'Statement["{sid}"]' if sid else f"Statement[{index}]",
        effect=effect,
        principals=tuple(sorted(set(_principals(parts.get("notprincipal" if not_principal else "principal"))))),
        not_principal=not_principal,
        actions=EVERY_ACTION - expanded if not_action else expanded,
        action_patterns=patterns,
        not_action=not_action,
        resources=_texts(parts.get("notresource" if not_resource else "resource")) or ("*",),
        not_resource=not_resource,
        conditions=tuple(sorted(_conditions(parts.get("condition"), problems))),
        problems=tuple(problems),
    )


def _principals(raw: Any) -> Iterable[Principal]:
    """Every principal named. Without any (identity and service control policies) there is none."""
    if isinstance(raw, Mapping):
        for kind, values in raw.items():
            for value in _texts(values):
                yield _principal(str(kind).lower(), value)
        return
    for value in _texts(raw):
        yield _principal("aws", value)


def _principal(kind: str, value: str) -> Principal:
    if kind in ("service", "federated"):
        return Principal("service" if kind == "service" else "federated", value)
    if kind == "canonicaluser":
        return Principal("canonical", value)
    if value == "*":
        return EVERYONE
    if ACCOUNT_ID.fullmatch(value):
        return Principal("account", value)
    if UNIQUE_ID.fullmatch(value):
        return Principal("deleted", value)
    arn = Arn.parse(value)
    if arn and arn.resource == "root" and ACCOUNT_ID.fullmatch(arn.account):
        return Principal("account", arn.account)
    return Principal("aws", value)


def _conditions(raw: Any, problems: list[str]) -> Iterable[Condition]:
    if raw is None:
        return
    if not isinstance(raw, Mapping):
        problems.append("Condition is not an object")
        return
    for written, block in raw.items():
        quantifier, _, operator = str(written).lower().rpartition(":")
        if_exists = operator.endswith("ifexists")
        operator = operator.removesuffix("ifexists")
        if quantifier not in ("", *QUANTIFIERS) or not isinstance(block, Mapping):
            problems.append(f"condition operator {written!r} is not known")
            continue
        for key, values in block.items():
            yield Condition(operator, str(key).lower(), tuple(sorted(set(_texts(values)))), if_exists, quantifier)
