"""Whether metric filters catch at least the events a control wants, however they are written.

A counterexample is searched for: an event the wanted pattern matches and none of the filters does. It is enough to look at
values that tell any two tests of a field apart, so the answer is exact, but for regular expressions and array wildcards.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, combinations, pairwise

from reporter.documents.logic import Answer, Tri
from reporter.documents.patterns import (
    ABSENT,
    FRESH,
    NAMED,
    NUMBER,
    Comparison,
    Either,
    Expression,
    PatternError,
    Value,
    comparisons,
    evaluate,
    parse,
)

MOST_INNER = 4  # values of the form *x* on one field: each may or may not occur, so they multiply
MOST_STEPS = 50_000


class _TooMany(Exception):
    """The patterns ask for more combinations than are looked at."""


def matches_at_least(patterns: str | Sequence[str], wanted: str) -> Answer:
    """Whether the filter patterns together match every event the wanted pattern matches; `because` gives one they miss."""
    return _matches_at_least((patterns,) if isinstance(patterns, str) else tuple(patterns), wanted)


@lru_cache(maxsize=2048)
def _matches_at_least(patterns: tuple[str, ...], wanted: str) -> Answer:
    readable, unreadable = [], []
    for pattern in patterns:
        try:
            readable.append(parse(pattern))
        except PatternError as error:
            unreadable.append(str(error))
    filters = Either(tuple(readable))
    try:
        found = [_missed(parse(wanted), filters, absent_differs=differs) for differs in (True, False)]
    except _TooMany:
        return Answer(holds=None, because=("the filter pattern has too many cases to compare",))
    missed = [event for event in found if event is not None]
    if not missed:
        return Answer(holds=True, because=("every wanted event is matched",))
    if unreadable:
        return Answer(holds=None, because=tuple(unreadable))
    certain = len(missed) == len(found) and all(event.certain for event in missed)
    return Answer(holds=False if certain else None, because=(f"{'misses' if certain else 'may miss'} {missed[0]}",))


@dataclass(slots=True)
class _Missed:
    """An event that is wanted and not matched (certain), or for which one of the two cannot be decided."""

    certain: bool
    event: dict[str, Value]

    def __str__(self) -> str:
        return ", ".join(f"{name} {_said(value)}" for name, value in sorted(self.event.items()))


def _said(value: Value) -> str:
    if value == ABSENT:
        return "absent"
    return f"= {value}".replace(FRESH, "...")


def _missed(wanted: Expression, filters: Expression, *, absent_differs: bool) -> _Missed | None:
    tests = [*comparisons(wanted), *comparisons(filters)]
    values = {name: _values([test for test in tests if test.field == name]) for name in {t.field: None for t in tests}}
    search = _Search(wanted, filters, values, absent_differs=absent_differs)
    search.look({})
    return search.certain or search.perhaps


@dataclass(slots=True)
class _Search:
    """Assigns field after field, turning back as soon as the event is unwanted or matched for certain."""

    wanted: Expression
    filters: Expression
    values: dict[str, list[Value]]
    absent_differs: bool
    certain: _Missed | None = None
    perhaps: _Missed | None = None
    steps: int = field(default=0)

    def look(self, event: dict[str, Value]) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise _TooMany
        is_wanted = self._judge(self.wanted, event)
        is_matched = self._judge(self.filters, event)
        if is_wanted is False or is_matched is True:
            return
        if len(event) == len(self.values):
            self._record(event, certain=is_wanted is True and is_matched is False)
            return
        name = next(name for name in self.values if name not in event)
        for value in self.values[name]:
            self.look({**event, name: value})
            if self.certain is not None:
                return

    def _judge(self, expression: Expression, event: dict[str, Value]) -> Tri:
        return evaluate(expression, event, absent_differs=self.absent_differs)

    def _record(self, event: dict[str, Value], *, certain: bool) -> None:
        if certain:
            self.certain = _Missed(certain=True, event=event)
        elif self.perhaps is None:
            self.perhaps = _Missed(certain=False, event=event)


def _values(tests: Iterable[Comparison]) -> list[Value]:
    """Values of one field that tell any two of its tests apart: texts, numbers, true, false, null, and no value."""
    exact: set[str] = set()
    starts, ends, inner = {""}, {""}, set()
    numbers: set[float] = set()
    for test in tests:
        value = test.value
        if test.operator == "is" or test.operator.endswith("regex"):
            continue
        if NUMBER.fullmatch(value):
            numbers.add(float(value))
        if test.operator not in ("=", "!="):
            continue
        if value.startswith("*") and value.endswith("*"):
            inner.add(value[1:-1])
        elif value.startswith("*"):
            ends.add(value[1:])
        elif value.endswith("*"):
            starts.add(value[:-1])
        else:
            exact.add(value)
    texts = sorted(exact | set(_texts(starts, inner - {""}, ends)))
    return [*texts, *_numbers(numbers), *NAMED.values(), ABSENT]


def _texts(starts: set[str], inner: set[str], ends: set[str]) -> Iterable[str]:
    if len(inner) > MOST_INNER:
        raise _TooMany
    chosen = list(chain.from_iterable(combinations(sorted(inner), size) for size in range(len(inner) + 1)))
    return (FRESH.join((start, *words, end)) for start in starts for words in chosen for end in ends)


def _numbers(limits: set[float]) -> list[float]:
    """Each limit, one number between each two, and one beyond each end."""
    ordered = sorted(limits)
    between = [(low + high) / 2 for low, high in pairwise(ordered)]
    return sorted({*ordered, *between, *((ordered[0] - 1, ordered[-1] + 1) if ordered else ())})
