"""Drift against what somebody decided, beside drift against yesterday: desired values, or a pinned snapshot."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

from reporter.documents.canonical import canonical
from reporter.drift.changes import describe
from reporter.drift.paths import locate
from reporter.drift.wording import clean, shown
from reporter.model import EVERY_PART, Account, Change, ConfigurationItem

Test = Literal["equals", "one_of", "subset", "absent"]
TESTS: tuple[Test, ...] = get_args(Test)
_KEYS = {"type", "path", "resource", "account", "ou", "tags", "reason", *TESTS}


class BadBaseline(ValueError):
    """A baseline that cannot be used: which entry, which key, what would be right."""


@dataclass(frozen=True, slots=True)
class Desired:
    """One desired value: for which resources, under which path, which test against what."""

    type: str
    path: str
    test: Test
    value: Any = None
    resource: str = "*"  # glob over id or ARN
    accounts: tuple[str, ...] = ("*",)
    ous: tuple[str, ...] = ("*",)
    tags: Mapping[str, str] = field(default_factory=dict)  # all must match; values are globs
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A named set of desired values."""

    name: str
    desired: tuple[Desired, ...]


@dataclass(frozen=True, slots=True)
class Deviation:
    """A resource that is not as desired, or (`unread`) of which that cannot be said."""

    account: str
    region: str
    type: str
    resource: str
    arn: str
    path: str
    desired: str
    actual: Any
    text: str
    reason: str = ""
    unread: bool = False


def parse(name: str, entries: Sequence[Mapping[str, Any]]) -> Baseline:
    """A baseline from a file's entries, each {type, path, one of equals/one_of/subset/absent, selectors, reason}."""
    problems: list[str] = []
    desired = []
    for number, entry in enumerate(entries, 1):
        found = list(_problems(entry))
        problems += [f"baseline {name!r}, entry {number}: {problem}" for problem in found]
        if not found:
            desired.append(_desired(entry))
    if problems:
        raise BadBaseline("\n".join(problems))
    return Baseline(name, tuple(desired))


def deviations(
    baseline: Baseline, items: Iterable[ConfigurationItem], accounts: Mapping[str, Account]
) -> Iterator[Deviation]:
    """Every resource that is not as the baseline wants it, in the order of the items."""
    for item in items:
        for one in baseline.desired:
            if _selected(one, item, accounts.get(item.account)):
                yield from _judged(one, item)


def against_pinned(
    pinned: Iterable[ConfigurationItem],
    now: Iterable[ConfigurationItem],
    *,
    listed: AbstractSet[tuple[str, str, str]],
    detected_at: datetime,
) -> tuple[Change, ...]:
    """What differs from a pinned snapshot. `listed` names the (account, type, region) that were listed completely: only there
    does a missing resource count as deleted."""
    old = {_key(item): item for item in pinned}
    new = {_key(item): item for item in now}
    changes = []
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if before and not after and (before.account, before.type, before.region) not in listed:
            continue
        change = describe(before, after, detected_at=detected_at)
        if change:
            changes.append(change)
    return tuple(changes)


def _key(item: ConfigurationItem) -> tuple[str, str]:
    return item.type, item.arn or item.id


def _problems(entry: Mapping[str, Any]) -> Iterator[str]:
    for key in ("type", "path"):
        if not isinstance(entry.get(key), str) or not entry[key]:
            yield f"{key} is missing; write for example {'AWS::S3::Bucket' if key == 'type' else 'Versioning.Status'}"
    for key in sorted(set(entry) - _KEYS):
        yield f"{key}: unknown key; known are {', '.join(sorted(_KEYS))}"
    tests = [test for test in TESTS if test in entry]
    if len(tests) != 1:
        yield f"needs exactly one of {', '.join(TESTS)}, has {', '.join(tests) or 'none'}"
    for test in ("one_of", "subset"):
        if test in entry and not isinstance(entry[test], list | tuple):
            yield f"{test}: {entry[test]!r} is no list"
    if "absent" in entry and entry["absent"] is not True:
        yield f"absent: {entry['absent']!r}; write true, or leave it out"
    if not isinstance(entry.get("tags", {}), Mapping):
        yield f"tags: {entry['tags']!r} is no map of key to value"


def _desired(entry: Mapping[str, Any]) -> Desired:
    test = next(test for test in TESTS if test in entry)
    value = canonical(entry["type"], {_last(entry["path"]): entry[test]})[_last(entry["path"])]
    return Desired(
        type=entry["type"],
        path=entry["path"],
        test=test,
        value=None if test == "absent" else value,
        resource=str(entry.get("resource", "*")),
        accounts=_globs(entry.get("account", "*")),
        ous=_globs(entry.get("ou", "*")),
        tags={str(key): str(glob) for key, glob in (entry.get("tags") or {}).items()},
        reason=str(entry.get("reason", "")),
    )


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _globs(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


def _selected(one: Desired, item: ConfigurationItem, account: Account | None) -> bool:
    if item.type != one.type or not (fnmatchcase(item.id, one.resource) or fnmatchcase(item.arn, one.resource)):
        return False
    if not any(fnmatchcase(item.account, glob) for glob in one.accounts):
        return False
    path = account.ou_path if account else ""
    if not any(glob == "*" or fnmatchcase(path, glob) or path.startswith(f"{glob}/") for glob in one.ous):
        return False
    tags = item.configuration.get("Tags") or {}
    return all(key in tags and fnmatchcase(str(tags[key]), glob) for key, glob in one.tags.items())


def _judged(one: Desired, item: ConfigurationItem) -> Iterator[Deviation]:
    part = one.path.partition(".")[0].partition("[")[0]
    why = item.unread.get(part) or item.unread.get(EVERY_PART)
    if why is not None:
        yield _deviation(one, item, one.path, None, f"{one.path} could not be read: {why}", unread=True)
        return
    for path, value in locate(item.configuration, one.path):
        if not _holds(one, value):
            text = f"{path} is {shown(value)}, desired {_wanted(one)}"
            yield _deviation(one, item, path, value, text)


def _holds(one: Desired, value: Any) -> bool:
    if one.test == "absent":
        return value is None
    if one.test == "equals":
        return _equal(value, one.value)
    if one.test == "one_of":
        return any(_equal(value, wanted) for wanted in one.value)
    members = value if isinstance(value, list) else [] if value is None else [value]
    return all(any(_equal(member, wanted) for wanted in one.value) for member in members)


def _equal(value: Any, wanted: Any) -> bool:
    """Equal in value and type, so that 1 does not pass for true; a list of one equals what it holds."""
    if isinstance(value, list) and not isinstance(wanted, list):
        wanted = [wanted]
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _wanted(one: Desired) -> str:
    words = {"equals": "", "one_of": "one of ", "subset": "nothing but "}
    return "nothing" if one.test == "absent" else words[one.test] + shown(one.value)


def _deviation(
    one: Desired, item: ConfigurationItem, path: str, actual: Any, text: str, *, unread: bool = False
) -> Deviation:
    return Deviation(
        account=item.account,
        region=item.region,
        type=item.type,
        resource=item.id,
        arn=item.arn,
        path=path,
        desired=_wanted(one),
        actual=actual,
        text=clean(text),
        reason=one.reason,
        unread=unread,
    )
