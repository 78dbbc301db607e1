"""Executes the rows of the table of reads: one listing, one item, one part at a time. No type has code of its own here.

Every read ends as a value, as None (AWS said "not configured"), or as unread: the permission, the code, the time.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from reporter.collect.answers import Row, as_instant, as_rows, as_value, evaluate, malformed
from reporter.collect.clients import Clients, Identity, Request, Tally
from reporter.collect.failures import ReadFailed
from reporter.collect.rows import Call, ResourceType
from reporter.documents.canonical import canonical, split_volatile
from reporter.model import GLOBAL, ConfigurationItem, Gap, Unread

_TRUNCATED = ("IsTruncated", "Truncated")  # as S3 and KMS say that a page is not the last
_PAGES = 20_000  # a listing that has not ended by then never will
Memo = dict[tuple[str, str, str, str], list[Row]]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, for which account, and what is known of it: everything a row's expressions may refer to."""

    clients: Clients
    clock: Callable[[], datetime]
    tally: Tally
    account: str
    identity: Identity
    organization: Identity | None = None  # who may ask Organizations; the account itself, if nobody
    arn: str = ""  # the role session that is on record as having read
    sets: frozenset[str] = frozenset()
    facts: Mapping[str, Any] = field(default_factory=dict)
    memo: Memo | None = None  # answers that are wanted more than once, where that is so
    receipts: dict[str, str] = field(default_factory=dict)  # AWS's id of the last request of each operation

    def knowing(self, **facts: Any) -> "Asker":
        """The same, knowing more: `_name`, `_regions` ..."""
        return replace(self, facts={**self.facts, **facts})

    def subject(self, fields: Mapping[str, Any], region: str) -> Row:
        """What expressions are asked of: the fields, and what is known around them."""
        elsewhere = [one for one in self.facts.get("_regions", ()) if one != region]
        return {**self.facts, **fields, "_account": self.account, "_region": region, "_elsewhere": elsewhere}


@dataclass(frozen=True, slots=True)
class Listing:
    """What a listing gave: the rows that belong here, the ids of all that were seen, and why it is incomplete, if it is."""

    rows: tuple[Row, ...] = ()
    seen: frozenset[str] = frozenset()
    gap: Gap | None = None
    kind: str = ""  # of the failure
    offered: bool = True  # False: AWS does not have the service there, so nobody was asked and nothing can be there


def list_rows(asker: Asker, kind: ResourceType, region: str, endpoint: str) -> Listing:
    """All resources of a type in an account and region, asked at the region `endpoint`.

    A listing that fails half way keeps what it has, and its gap says that there may be more.
    """
    assert kind.list is not None
    subject = asker.subject({}, region)
    rows: list[Row] = []
    try:
        for page in pages(asker, kind.service, kind.list, subject, endpoint):
            rows += [{**row, "_request": page.get("_request", "")} for row in as_rows(kind, page, subject)]
    except ReadFailed as error:
        gap = Gap(asker.account, region, kind.name, replace(error.why, at=asker.clock()))
        return Listing(_ours(kind, rows, subject), _seen(kind, rows), gap, error.kind)
    return Listing(_ours(kind, rows, subject), _seen(kind, rows))


def read_item(
    asker: Asker,
    kind: ResourceType,
    row: Row,
    region: str,
    endpoint: str,
    *,
    missing: Mapping[str, Unread] = MappingProxyType({}),
) -> ConfigurationItem:
    """One resource: its row of the listing, and each part of its type that is asked for and not `missing` already.

    Raises ReadFailed if not even its region can be told.
    """
    captured_at = asker.clock()
    fields = dict(row)
    asker = replace(asker, receipts={kind.list.operation: fields.pop("_request", "")} if kind.list else {})
    home = region
    if kind.region:
        home = evaluate(kind.region, fields) or ""
        if not home and kind.locate:
            fields |= _value(asker, kind.service, kind.locate, asker.subject(fields, region), endpoint)
            home = evaluate(kind.region, fields)
        endpoint = home
    subject = asker.subject(fields, home)
    unread_parts = _read_parts(asker, kind, subject, endpoint, dict(missing))
    name = str(evaluate(kind.id, subject))
    left_out = {*kind.drop, kind.created}
    kept = {key: subject[key] for key in (*fields, *kind.parts) if key in subject and key not in left_out}
    durable, volatile = split_volatile(kind.name, {key: value for key, value in kept.items() if key[0] != "_"})
    return ConfigurationItem(
        account=asker.account,
        region=home,
        type=kind.name,
        id=name,
        arn=str(evaluate(kind.arn, subject) or "") if kind.arn else name,
        configuration=canonical(kind.name, durable),
        captured_at=captured_at,
        unread={part: why for part, why in unread_parts.items() if part[0] != "_"},
        volatile=volatile,
        created_at=as_instant(fields.get(kind.created)),
        read_by=asker.arn,
        requests={operation: id for operation, id in asker.receipts.items() if id},
    )


def read_part(asker: Asker, kind: ResourceType, part: str, fields: Mapping[str, Any], endpoint: str) -> Any:
    """One part by itself; raises ReadFailed where it stays unread."""
    return _value(asker, kind.service, kind.parts[part], asker.subject(fields, GLOBAL), endpoint)


def _read_parts(
    asker: Asker, kind: ResourceType, subject: Row, endpoint: str, missing: dict[str, Unread]
) -> dict[str, Unread]:
    """Read the parts in their order into `subject`; what could not be read, and why."""
    for part, call in kind.parts.items():
        if call.set not in asker.sets or part in subject or part in missing:
            continue
        if call.later:
            missing[part] = Unread(call.operation, call.iam, call.later)
            continue
        needed = next((one for one in (call.each, *_vital(call)) if one in missing), None)
        if needed:
            missing[part] = missing[needed]
            continue
        try:
            subject[part] = _value(asker, kind.service, call, subject, endpoint)
        except ReadFailed as error:
            missing[part] = replace(error.why, at=asker.clock())
    return missing


def _vital(call: Call) -> Iterator[str]:
    return (known.part for known in call.known if known.vital)


def pages(asker: Asker, service: str, call: Call, subject: Row, endpoint: str) -> Iterator[Row]:
    """Every page of a listing, for each element if there are several; a code that means "none" ends it quietly."""
    for one in evaluate(call.each, subject) if call.each else (subject.get("_each"),):
        try:
            yield from _one(asker, service, call, {**subject, "_each": one}, endpoint)
        except ReadFailed as error:
            if error.kind != "absent":
                raise


def _value(asker: Asker, service: str, call: Call, subject: Row, endpoint: str) -> Any:
    """The value of one part: known, asked for once, or asked for each element."""
    for known in call.known:
        if (not known.part or known.part in subject) and evaluate(known.test, subject.get(known.part, subject)):
            return known.answer
    if not call.each:
        return _asked(asker, service, call, subject, endpoint)
    elements = evaluate(call.each, subject) or ()
    by_element = {one: _asked(asker, service, call, {**subject, "_each": one}, endpoint) for one in elements}
    if not call.inverted:
        return by_element
    answers = {answer for answers in by_element.values() for answer in answers}
    return {answer: [one for one, answers in by_element.items() if answer in answers] for answer in sorted(answers)}


def _asked(asker: Asker, service: str, call: Call, subject: Row, endpoint: str) -> Any:
    try:
        return as_value(call, list(_one(asker, service, call, subject, endpoint)))
    except ReadFailed as error:
        asker.receipts[call.operation] = error.request
        if error.kind == "absent":
            return None
        raise


def _one(asker: Asker, service: str, call: Call, subject: Row, endpoint: str) -> Iterator[Row]:
    """The pages of one call, remembered where the asker remembers."""
    service = call.service or service
    region = str(evaluate(call.region, subject)) if call.region else endpoint
    params = {name: _param(value, subject) for name, value in call.params.items()}
    key = (service, call.operation, region, repr(params))
    if asker.memo is not None and key in asker.memo:
        yield from asker.memo[key]
        return
    seen = []
    for page in _turn_pages(asker, service, call, region, params):
        seen.append(page)
        yield page
    if asker.memo is not None:
        asker.memo[key] = seen


def _turn_pages(asker: Asker, service: str, call: Call, region: str, params: Row) -> Iterator[Row]:
    who = asker.organization if call.by == "organization" and asker.organization else asker.identity
    tokens: set[str] = set()
    while True:
        page = asker.clients.call(
            who, asker.tally, Request(service, region, call.operation, params, call.iam, call.absent)
        )
        page["_request"] = page.pop("ResponseMetadata", {}).get("RequestId", "")
        asker.receipts[call.operation] = page["_request"]
        yield page
        token = page.get(call.pages[1]) if call.pages else None
        if not token and any(page.get(told) is True for told in _TRUNCATED):
            raise malformed(call, "the listing says that there is more, and not where")
        if not token or call.pages is None:
            return
        if token in tokens or len(tokens) > _PAGES:
            raise malformed(call, "the listing goes round in circles")
        tokens.add(token)
        params = {**params, call.pages[0]: token}


def _param(value: Any, subject: Row) -> Any:
    if isinstance(value, tuple):
        return [_param(one, subject) for one in value]
    return evaluate(value, subject) if isinstance(value, str) else value


def _ours(kind: ResourceType, rows: list[Row], subject: Row) -> tuple[Row, ...]:
    return tuple(row for row in rows if not kind.where or evaluate(kind.where, {**subject, **row}))


def _seen(kind: ResourceType, rows: list[Row]) -> frozenset[str]:
    return frozenset(str(row[kind.id]) for row in rows) if kind.seen_as else frozenset()
