"""What a trail's event selectors record, as sets of events: both forms, union, difference, and what is not covered.

A selector is a conjunction of tests on fields of an event (`eventCategory`, `readOnly`, `resources.ARN` ...); a trail
records the union of its selectors, several trails the union of theirs. A question ("every write to every object of this
bucket") is a set of events too. Whether it is covered is decided exactly, on sample events: for each field one value for
each combination of prefixes and suffixes that any test asks for. Names of selectors mean nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Self

from reporter.documents.logic import Answer, Tri, all_of, any_of

FRESH = "\ue000"  # a character no field value holds: stands for "anything else"
CLOSED = {"readOnly": ("true", "false")}  # fields with these values only
REGION = "awsRegion"  # ours: which regions the trail records in
S3_OBJECT = "AWS::S3::Object"
SELECT = {"Equals": "equals", "StartsWith": "starts", "EndsWith": "ends"}
DESELECT = {"NotEquals": "equals", "NotStartsWith": "starts", "NotEndsWith": "ends"}
MOST_SAMPLES = 20_000
Event = dict[str, str]


def _fits(how: str, value: str, text: str) -> bool:
    if how == "equals":
        return text == value
    return text.startswith(value) if how == "starts" else text.endswith(value)


@dataclass(frozen=True, slots=True)
class Test:
    """One field's test. Operators that select are ORed with each other, those that deselect are ANDed, and both must hold."""

    field: str
    select: frozenset[tuple[str, str]] = frozenset()  # ("equals" | "starts" | "ends", value)
    deselect: frozenset[tuple[str, str]] = frozenset()
    unknown: str = ""  # an operator we do not know

    def meets(self, event: Event) -> Tri:
        """Whether the event passes. A field the event does not state may be anything: undecided."""
        text = event.get(self.field)
        if text is None:
            return None
        if any(_fits(how, value, text) for how, value in self.deselect):
            return False
        if self.select and not any(_fits(how, value, text) for how, value in self.select):
            return None if self.unknown else False
        return None if self.unknown else True


Selector = tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Uncovered:
    """What is not recorded for certain, and what may not be (a selector we cannot read could record it)."""

    certain: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """A set of recorded events: the union of selectors. `|` joins the coverage of several trails."""

    selectors: tuple[Selector, ...] = ()

    def __or__(self, other: Self) -> Self:
        return replace(self, selectors=tuple(dict.fromkeys((*self.selectors, *other.selectors))))

    def records(self, event: Event) -> Tri:
        """Whether an event (a value for each field that is tested) is recorded."""
        return any_of(all_of(test.meets(event) for test in selector) for selector in self.selectors)

    def missing(self, question: Selector) -> Iterator[tuple[Event, Tri]]:
        """Sample events of the question that are not recorded, or may not be, each with the answer."""
        near = Coverage(tuple(s for s in self.selectors if _may_touch(s, question)))
        samples = _samples((*near.selectors, question), question)
        if samples is None:
            yield {}, None
            return
        for event in samples:
            recorded = near.records(event)
            if recorded is not True:
                yield event, recorded

    def covers(self, question: Selector) -> Tri:
        """Whether every event of the question is recorded."""
        answers = [recorded for _, recorded in self.missing(question)]
        return True if not answers else (False if False in answers else None)

    def minus(self, other: Self) -> tuple[str, ...]:
        """Sample events that this records and the other certainly does not, in words; empty: the other records all this."""
        lost = []
        for selector in self.selectors:
            lost += [_words(event) for event, recorded in other.missing(selector) if recorded is False]
        return tuple(dict.fromkeys(lost))

    def uncovered(
        self, buckets: Mapping[str, str] | Iterable[str], *, read_only: bool, partition: str = "aws"
    ) -> Uncovered:
        """The buckets of which not every object-level read (or write) is recorded; a mapping gives each bucket's region."""
        regions = buckets if isinstance(buckets, Mapping) else {}
        alike = not any(_tells_apart(selector, f"arn:{partition}:s3:::") for selector in self.selectors)
        asked: dict[tuple[str, str | None], Tri] = {}
        answers: dict[str, Tri] = {}
        for name in sorted(buckets):
            key = ("" if alike else name, regions.get(name))
            if key not in asked:
                asked[key] = self.covers(_object_events(name, key[1], read_only=read_only, partition=partition))
            answers[name] = asked[key]
        return Uncovered(
            tuple(name for name, answer in answers.items() if answer is False),
            tuple(name for name, answer in answers.items() if answer is None),
        )

    def whatever_bucket(self, regions: Iterable[str], *, read_only: bool, partition: str = "aws") -> Tri:
        """Whether every object-level read (or write) would be recorded of a bucket of any name in these regions."""
        return all_of(
            self.covers(_object_events(FRESH, region, read_only=read_only, partition=partition)) for region in regions
        )

    def management(self, regions: Iterable[str]) -> Answer:
        """Whether management events are recorded, reads and writes of every source, in each region; `because` names holes."""
        holes: dict[str, Tri] = {}
        for region in sorted(regions):
            question = (_equals("eventCategory", "Management"), _equals(REGION, region))
            holes.update({_words(event): recorded for event, recorded in self.missing(question)})
        if not holes:
            return Answer(holds=True, because=("every management event is recorded",))
        holds = False if False in holes.values() else None
        return Answer(holds, tuple(f"not recorded: {hole}" for hole, answer in holes.items() if answer is holds))


def union(coverages: Iterable[Coverage]) -> Coverage:
    """The events recorded by any of them."""
    return Coverage(tuple(dict.fromkeys(s for coverage in coverages for s in coverage.selectors)))


def coverage(selectors: Mapping[str, Any] | None, regions: Iterable[str] | None = None) -> Coverage:
    """What a trail records: the `Selectors` part (either form), in the regions given (None: any).

    A trail that was never given selectors records all management events and no data events.
    """
    parts = selectors or {}
    advanced, basic = parts.get("AdvancedEventSelectors"), parts.get("EventSelectors")
    where = () if regions is None else (Test(REGION, frozenset(("equals", region) for region in regions)),)
    if advanced:
        found = [_advanced(selector.get("FieldSelectors", ())) for selector in advanced]
    else:
        found = [plain for selector in (basic or [{}]) for plain in _basic(selector)]
    return Coverage(tuple((*selector, *where) for selector in found))


def _advanced(fields: Sequence[Mapping[str, Any]]) -> Selector:
    return tuple(_test(field) for field in fields)


def _test(field: Mapping[str, Any]) -> Test:
    unknown = [key for key in field if key not in ("Field", *SELECT, *DESELECT) and field[key]]
    return Test(
        str(field.get("Field", "")),
        frozenset((how, str(value)) for name, how in SELECT.items() for value in field.get(name) or ()),
        frozenset((how, str(value)) for name, how in DESELECT.items() for value in field.get(name) or ()),
        ", ".join(unknown),
    )


def _basic(selector: Mapping[str, Any]) -> Iterator[Selector]:
    """A basic selector as advanced ones: one for management events, one for each data resource."""
    mode = {"ReadOnly": "true", "WriteOnly": "false"}.get(selector.get("ReadWriteType", "All"))
    which = () if mode is None else (_equals("readOnly", mode),)
    if selector.get("IncludeManagementEvents", True):
        excluded = selector.get("ExcludeManagementEventSources") or ()
        sources = (
            (Test("eventSource", deselect=frozenset(("equals", source) for source in excluded)),) if excluded else ()
        )
        yield (_equals("eventCategory", "Management"), *which, *sources)
    for resource in selector.get("DataResources") or ():
        kind = str(resource.get("Type", ""))
        values = frozenset((_how(kind, value), value) for value in resource.get("Values") or ())
        if values:
            yield (
                _equals("eventCategory", "Data"),
                _equals("resources.type", kind),
                Test("resources.ARN", values),
                *which,
            )


def _how(kind: str, value: str) -> str:
    """S3 values are prefixes (`arn:aws:s3` is every bucket); for functions and tables only the bare service is."""
    return "starts" if kind == S3_OBJECT or value.count(":") < 5 else "equals"


def _equals(field: str, *values: str) -> Test:
    return Test(field, frozenset(("equals", value) for value in values))


def _object_events(bucket: str, region: str | None, *, read_only: bool, partition: str) -> Selector:
    prefix = f"arn:{partition}:s3:::{bucket}/" if not bucket.startswith("arn:") else f"{bucket}/"
    question = (
        _equals("eventCategory", "Data"),
        _equals("resources.type", S3_OBJECT),
        _equals("readOnly", "true" if read_only else "false"),
        _equals("eventSource", "s3.amazonaws.com"),
        Test("resources.ARN", frozenset({("starts", prefix)})),
    )
    return question if region is None else (*question, _equals(REGION, region))


def _tells_apart(selector: Selector, every_bucket: str) -> bool:
    """Whether a selector can treat two buckets differently; without tests on their names they all share one answer."""
    return any(
        test.field == "resources.ARN"
        and (
            test.unknown
            or any(how != "starts" or not every_bucket.startswith(v) for how, v in test.select | test.deselect)
        )
        for test in selector
    )


def _may_touch(selector: Selector, question: Selector) -> bool:
    """Whether a selector can record any event of the question: cheap, and only to keep the samples few."""
    return all(_compatible(test, asked) for test in selector for asked in question if test.field == asked.field)


def _compatible(test: Test, asked: Test) -> bool:
    if not test.select or not asked.select or test.unknown:
        return True
    return any(_meet(one, other) for one in test.select for other in asked.select)


def _meet(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether one text can pass both: an exact value must fit, two prefixes must lie on one line, else perhaps."""
    for (how, value), (other_how, other_value) in ((one, other), (other, one)):
        if how == "equals":
            return _fits(other_how, other_value, value)
    if one[0] == other[0] == "starts":
        return one[1].startswith(other[1]) or other[1].startswith(one[1])
    return True


def _samples(selectors: Iterable[Selector], question: Selector) -> Iterator[Event] | None:
    """Every combination of telling values that belongs to the question, or None if there are too many to look at."""
    tests: dict[str, list[Test]] = {}
    for selector in selectors:
        for test in selector:
            tests.setdefault(test.field, []).append(test)
    choices = {
        field: [
            text
            for text in _values(field, found)
            if all(asked.meets({field: text}) for asked in question if asked.field == field)
        ]
        for field, found in sorted(tests.items())
    }
    size = 1
    for texts in choices.values():
        size *= len(texts)
    if size > MOST_SAMPLES:
        return None
    return (dict(zip(choices, texts, strict=True)) for texts in product(*choices.values()))


def _values(field: str, tests: Iterable[Test]) -> list[str]:
    """Texts that tell any two tests of the field apart: each exact value, and each longest prefix with each longest suffix."""
    if field in CLOSED:
        return list(CLOSED[field])
    wanted = {pair for test in tests for pair in test.select | test.deselect}
    exact = {value for how, value in wanted if how == "equals"}
    starts = {value for how, value in wanted if how == "starts"} | {""}
    ends = {value for how, value in wanted if how == "ends"} | {""}
    return sorted(exact | {start + FRESH + end for start in starts for end in ends})


def _words(event: Event) -> str:
    """An event in words: the fields that tell, `...` for anything."""
    return ", ".join(f"{field} {text.replace(FRESH, '...')}" for field, text in sorted(event.items()))
