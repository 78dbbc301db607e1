"""What a run will cost before it is started: calls, time, money; by what the last run took, else from the table of reads."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from reporter.collect.options import CollectOptions
from reporter.collect.resources import LISTED_TYPES
from reporter.collect.resources_organization import ACCOUNT
from reporter.collect.resources_protection import KEY
from reporter.collect.resources_security import DETECTOR, RECORDER
from reporter.collect.rows import Call, ResourceType

# Every call is a management event. CloudTrail delivers a first copy for nothing; each further copy costs this much.
DOLLARS_FOR_A_COPY = 2.00 / 100_000
_CALLS_A_SECOND = 700.0  # of one process, by measurement (tests/benchmarks/collect.py)
_LATENCY = 0.05  # seconds for a call to a region far away
_PER_PAGE_OF_ACCOUNTS = 20  # AWS Organizations hands out no more
_SHORTCUTS = frozenset({"PolicyStatus", "Acl", "Replication", "ObjectLock", "EffectiveS3Policy"})


@dataclass(frozen=True, slots=True)
class Line:
    """The calls of one kind of thing, in one account."""

    what: str
    times: int
    calls_each: int

    @property
    def calls(self) -> int:
        """All of them."""
        return self.times * self.calls_each


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run costs."""

    accounts: int
    calls: int
    per_account: int
    saved: int  # of these, calls that may not be made because the answer is known from another
    seconds: float
    dollars: float  # for each copy of management events after the first
    basis: str  # what it rests on
    lines: tuple[Line, ...] = ()

    @property
    def sentence(self) -> str:
        """The estimate on one line."""
        minutes = self.seconds / 60
        time = f"{minutes:.0f} minutes" if minutes >= 2 else f"{self.seconds:.0f} seconds"
        fewer = f", up to {self.saved:,} fewer where an answer is known from another" if self.saved else ""
        return (
            f"About {self.calls:,} calls for {self.accounts:,} accounts ({self.per_account:,} an account{fewer}), {time} of "
            f"reading, and ${self.dollars:,.2f} for each further copy of management events; {self.basis}."
        )


def as_before(calls: Mapping[str, int], seconds: float, accounts: Collection[str]) -> Estimate:
    """By what the last run took in each account: whoever is new counts as the average, whoever is gone not at all."""
    average = sum(calls.values()) / len(calls)
    made = round(sum(calls.get(id, average) for id in accounts))
    new = sum(id not in calls for id in accounts)
    basis = "as the last run took" + (f", each of {new:,} that it did not read counted as the average" if new else "")
    share = made / (sum(calls.values()) or 1)
    each = round(made / max(1, len(accounts)))
    return Estimate(len(accounts), made, each, 0, seconds * share, made * DOLLARS_FOR_A_COPY, basis)


def estimate(
    options: CollectOptions,
    accounts: int,
    *,
    regions: int = 17,
    buckets: int = 20,
    trails: int = 1,
    keys: int = 1,
    processes: int = 1,
) -> Estimate:
    """The cost of reading `accounts` accounts alike: enabled regions, buckets, own trails and named keys in each."""
    sets, regions = options.asked_sets, len(options.regions) or regions
    lines = _lines(sets, regions=regions, buckets=buckets, trails=trails, keys=keys)
    per_account = sum(line.calls for line in lines)
    organization = 12 + -(-accounts // _PER_PAGE_OF_ACCOUNTS) * 2
    saved = accounts * (sum(buckets for part in _SHORTCUTS if part != "EffectiveS3Policy") + 1)
    calls = accounts * per_account + organization
    rate = min(processes * _CALLS_A_SECOND, processes * options.threads / _LATENCY)
    seconds = max(calls / rate, per_account * _LATENCY / min(8, options.threads))
    basis = f"if each has {regions} regions, {buckets} buckets, {trails} trail(s) and {keys} key(s) named; a run makes it exact"
    return Estimate(accounts, calls, per_account, saved, seconds, calls * DOLLARS_FOR_A_COPY, basis, lines)


def parts_asked(kind: ResourceType, sets: Collection[str]) -> tuple[Call, ...]:
    """The calls each item of a type costs after it was listed."""
    return tuple(call for call in kind.parts.values() if call.set in sets and not call.later)


def _lines(sets: Collection[str], *, regions: int, buckets: int, trails: int, keys: int) -> tuple[Line, ...]:
    items = {"AWS::CloudTrail::Trail": trails, "AWS::S3::Bucket": buckets}
    lines = [Line("taking the role", 1, 1), Line(ACCOUNT.name, 1, len(parts_asked(ACCOUNT, sets)))]
    for kind in LISTED_TYPES:
        if kind.set not in sets:
            continue
        places = 1 if not kind.regional else min(regions, len(kind.regions) or regions)
        lines.append(Line(f"listing {kind.name}", places, 1))
        each = sum(regions - 1 if call.each else 1 for call in parts_asked(kind, sets))
        found = places if kind in (RECORDER, DETECTOR) else items.get(kind.name, 0)  # on everywhere, as they should be
        lines.append(Line(kind.name, found, each))
    lines.append(Line(KEY.name, keys, len(parts_asked(KEY, sets))))
    return tuple(line for line in lines if line.calls)
