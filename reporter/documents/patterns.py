"""CloudWatch metric filter patterns, parsed and compared in meaning.

`{ ($.eventSource = s3.amazonaws.com) && ($.eventName = Put*) }`: selectors, `=` and `!=` with wildcards at the ends, numbers,
`IS NULL|TRUE|FALSE`, `NOT EXISTS`, `&&` before `||`, parentheses, `%regular expressions%`. Filters are case sensitive.
What cannot be read raises; what cannot be decided of a record is None. Comparing two patterns: `pattern_cover.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reporter.documents.logic import Tri, all_of, any_of, negate

ABSENT = "\x00absent"  # stands for a field the event lacks; no field value is equal to it
MOST_QUANTIFIERS = (
    5  # a regular expression with more can take for ever; AWS allows two expressions, not how long they run
)
MOST_NESTED = 50
TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>\() | (?P<close>\)) | (?P<and>&&) | (?P<or>\|\|)
      | (?P<selector>\$(?:\.?\[[^\]]*\]|\.[^\s=!<>()&|\[\].]+)+)
      | (?P<operator>!=|>=|<=|=|>|<)
      | (?P<words>NOT\s+EXISTS?|IS\s+(?:NULL|TRUE|FALSE))(?=[\s)&|]|$)
      | "(?P<quoted>(?:[^"\\]|\\.)*)"
      | %(?P<regex>(?:[^%\\]|\\.)*)%
      | (?P<bare>[^\s()&|"%]+)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
NAMED: dict[str, bool | None] = {"null": None, "true": True, "false": False}
STEP = re.compile(r"""\.\['(.*?)'\]|\[(\d+)\]|\.([^.\[]+)""")
PLAIN_WORDS = re.compile(r"[A-Za-z0-9_ -]+")
FRESH = "\ue000"  # a character no field value holds: stands for "anything else" when patterns are compared
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


class PatternError(ValueError):
    """A filter pattern that is not a JSON pattern we can read; the message says where."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test on one field. `value` is the text compared with; for `is` one of null, true, false, absent."""

    field: str  # $.userIdentity.type
    operator: str  # = != > >= < <= is regex "not regex"
    value: str

    def __str__(self) -> str:
        return f"{self.field} {self.operator} {self.value}"


@dataclass(frozen=True, slots=True)
class Both:
    """All parts hold."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One part holds."""

    parts: tuple["Expression", ...]


Expression = Comparison | Both | Either
EVERYTHING = Both(())  # the empty pattern


def parse(text: str) -> Expression:
    """Read a JSON pattern, or the empty pattern, which matches everything; raise PatternError for any other form."""
    stripped = text.strip()
    if not stripped:
        return EVERYTHING
    if not (stripped.startswith("{") and stripped.endswith("}")):
        raise PatternError(f"filter pattern {text[:60]!r} matches words, not fields of a record")
    reader = _Reader(_tokens(stripped[1:-1]))
    expression = reader.either()
    if reader.at < len(reader.tokens):
        raise PatternError(f"filter pattern ends too late, at {reader.tokens[reader.at][1][:40]!r}")
    return expression


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while text[at:].strip():
        token = TOKEN.match(text, at)
        if token is None:
            raise PatternError(f"filter pattern cannot be read at {text[at : at + 40]!r}")
        kind = str(token.lastgroup)
        found.append((kind, token[kind]))
        at = token.end()
    return found


class _Reader:
    """Reads `a && b || (c)` by descent; `&&` binds closer than `||`."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else "end"

    def take(self, *kinds: str) -> tuple[str, str]:
        if self.kind() not in kinds:
            raise PatternError(f"filter pattern wants {' or '.join(kinds)} where it has {self.kind()}")
        self.at += 1
        return self.tokens[self.at - 1]

    def either(self) -> Expression:
        parts = [self.both()]
        while self.kind() == "or":
            self.take("or")
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def both(self) -> Expression:
        parts = [self.single()]
        while self.kind() == "and":
            self.take("and")
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def single(self) -> Expression:
        if self.kind() == "open":
            self.take("open")
            self.depth += 1
            if self.depth > MOST_NESTED:
                raise PatternError(f"filter pattern nests parentheses deeper than {MOST_NESTED}")
            inside = self.either()
            self.take("close")
            self.depth -= 1
            return inside
        return self.comparison()

    def comparison(self) -> Comparison:
        field = _field(self.take("selector")[1])
        kind, word = self.take("operator", "words")
        if kind == "words":
            asked = word.split()[-1].lower()
            return Comparison(field, "is", "absent" if asked.startswith("exist") else asked)
        how, value = self.take("quoted", "bare", "regex")
        if how == "regex":
            if word not in ("=", "!="):
                raise PatternError(f"filter pattern compares {field} with a regular expression by {word}")
            if PLAIN_WORDS.fullmatch(value):
                return Comparison(field, word, f"*{value}*")
            return Comparison(field, "regex" if word == "=" else "not regex", value)
        if how == "quoted":
            value = re.sub(r"\\(.)", r"\1", value)
        if word not in ("=", "!=") and not NUMBER.fullmatch(value):
            raise PatternError(f"filter pattern compares {field} with {value[:40]!r}, which is no number")
        return Comparison(field, word, value)


def _field(selector: str) -> str:
    """One spelling of a selector: `$.['cluster.name']` and `$.["cluster.name"]` are the same field."""
    return re.sub(r"\.?\[(['\"])(.*?)\1\]", r".['\2']", selector)


Value = str | float | bool | None  # of one field: ABSENT, null, a boolean, a number, a text


def evaluate(expression: Expression, event: Mapping[str, Value], *, absent_differs: bool = False) -> Tri:
    """Whether an event, as field -> value, matches; a field that is not in it is undecided.

    AWS does not say whether `!=` holds for a field the record lacks: `absent_differs` says which is assumed.
    """
    if isinstance(expression, Comparison):
        if expression.field not in event:
            return None
        return _compare(expression, event[expression.field], absent_differs=absent_differs)
    parts = (evaluate(part, event, absent_differs=absent_differs) for part in expression.parts)
    return all_of(parts) if isinstance(expression, Both) else any_of(parts)


def _compare(test: Comparison, value: Value, *, absent_differs: bool) -> Tri:
    if test.operator == "is":
        return value == ABSENT if test.value == "absent" else value is NAMED[test.value]
    if value == ABSENT or value is None:
        return absent_differs if test.operator in ("!=", "not regex") else False
    if test.operator.endswith("regex"):
        found = _searches(test.value, _text(value))
        return negate(found) if test.operator == "not regex" else found
    if test.operator in ("=", "!="):
        same = same_text(test.value, _text(value)) or _same_number(test.value, value)
        return same if test.operator == "=" else not same
    return _ordered(test.operator, float(test.value), value)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def same_text(pattern: str, text: str) -> bool:
    """Whether a text equals a value; a star at either end of the value stands for any text, one in the middle for itself."""
    if pattern == "*":
        return True
    body = pattern.removeprefix("*").removesuffix("*")
    if pattern.startswith("*") and pattern.endswith("*"):
        return body in text
    if pattern.startswith("*"):
        return text.endswith(body)
    return text.startswith(body) if pattern.endswith("*") else text == pattern


def _same_number(pattern: str, value: Value) -> bool:
    return isinstance(value, float) and bool(NUMBER.fullmatch(pattern)) and float(pattern) == value


def _ordered(operator: str, limit: float, value: Value) -> bool:
    if not isinstance(value, float):
        return False
    return {">": value > limit, ">=": value >= limit, "<": value < limit, "<=": value <= limit}[operator]


def _searches(expression: str, text: str) -> Tri:
    """Whether a regular expression occurs in the text; None if it is not one AWS allows, or could run for ever.

    About "anything else" an expression says nothing certain.
    """
    if FRESH in text or "(" in expression or sum(expression.count(sign) for sign in "*+{?") > MOST_QUANTIFIERS:
        return None
    try:
        return re.search(expression, text) is not None
    except re.error:
        return None


def matches(pattern: str, record: Mapping[str, Any]) -> Tri:
    """Whether a filter pattern matches a CloudTrail record; None if that cannot be decided."""
    try:
        expression = parse(pattern)
    except PatternError:
        return None
    event = {test.field: _looked_up(record, test.field) for test in comparisons(expression)}
    known = {field: value for field, value in event.items() if value is not NotImplemented}
    answers = {evaluate(expression, known, absent_differs=differs) for differs in (True, False)}
    return answers.pop() if len(answers) == 1 else None


def _looked_up(record: Mapping[str, Any], field: str) -> Any:
    """The value at a selector: ABSENT if there is none, NotImplemented for objects, arrays and wildcards."""
    if "*" in field:
        return NotImplemented
    value: Any = record
    for quoted, index, plain in STEP.findall(field):
        if index:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else ABSENT
        else:
            value = value.get(quoted or plain, ABSENT) if isinstance(value, Mapping) else ABSENT
    if isinstance(value, Mapping | list):
        return NotImplemented
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def comparisons(expression: Expression) -> list[Comparison]:
    """Every test of an expression, in order."""
    if isinstance(expression, Comparison):
        return [expression]
    return [test for part in expression.parts for test in comparisons(part)]
