"""What a run will cost before it is started: calls, time, money; counted from the table of reads."""

from collections.abc import Collection
from dataclasses import dataclass

from reporter.collect.options import CollectOptions
from reporter.collect.resources import LISTED_TYPES
from reporter.collect.resources_organization import ACCOUNT
from reporter.collect.resources_protection import KEY
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
    """What a run costs at most; answers that are known without asking make it less."""

    calls: int
    per_account: int
    saved: int  # of these, calls that are not made where the answer is known from another
    seconds: float
    dollars: float  # for each copy of management events after the first
    lines: tuple[Line, ...]

    @property
    def sentence(self) -> str:
        """The estimate on one line."""
        minutes = self.seconds / 60
        time = f"{minutes:.0f} minutes" if minutes >= 2 else f"{self.seconds:.0f} seconds"
        return (
            f"At most {self.calls:,} calls ({self.per_account:,} an account; up to {self.saved:,} fewer where an answer is "
            f"known from another), about {time}, and ${self.dollars:,.2f} for each further copy of management events."
        )


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
    sets = options.asked_sets
    lines = _lines(sets, regions=len(options.regions) or regions, buckets=buckets, trails=trails, keys=keys)
    per_account = sum(line.calls for line in lines)
    organization = 12 + -(-accounts // _PER_PAGE_OF_ACCOUNTS) * 2
    saved = accounts * (sum(buckets for part in _SHORTCUTS if part != "EffectiveS3Policy") + 1)
    calls = accounts * per_account + organization
    rate = min(processes * _CALLS_A_SECOND, processes * options.threads / _LATENCY)
    seconds = max(calls / rate, per_account * _LATENCY / min(8, options.threads))
    return Estimate(calls, per_account, saved, seconds, calls * DOLLARS_FOR_A_COPY, lines)


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
        lines.append(Line(kind.name, items.get(kind.name, 0), each))
    lines.append(Line(KEY.name, keys, len(parts_asked(KEY, sets))))
    return tuple(line for line in lines if line.calls)
