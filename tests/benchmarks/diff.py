"""The walker beside DeepDiff: how many of the ten cases each tells in exactly the right number of entries, and how long it takes.

The last line is one JSON object. `ratio_deepdiff` is DeepDiff(ignore_order=True) on our canonical forms over our walker on the
same forms; `ratio_deepdiff_whole` has the canonical form of both sides in either time.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "drift"))

from deepdiff import DeepDiff
from ten_cases import BUCKET, CONFIGURATION, TEN

from reporter.documents.canonical import canonical, digest
from reporter.drift.walker import compare

ROUNDS = 7


def entries(found: DeepDiff) -> int:
    """How many differences DeepDiff tells, whatever their kind."""
    return sum(len(kind) if hasattr(kind, "__len__") else 1 for kind in found.values())


def quickest(work: Callable[[], Any], repeat: int) -> float:
    """Microseconds of one call, the best of several rounds: other work on the machine only ever adds."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(repeat):
            work()
        rounds.append((time.perf_counter() - started) / repeat * 1e6)
    return min(rounds)


def realistic() -> dict[str, Any]:
    """A bucket's configuration of some 1.8 kB, as an organization has them."""
    rules = [
        {"ID": f"rule-{n}", "Status": "Enabled", "Filter": {"Prefix": f"p{n}/"}, "Expiration": {"Days": 30 + n}}
        for n in range(4)
    ]
    tags = {f"tag-{n}": f"value {n}" for n in range(8)}
    return {**CONFIGURATION, "Lifecycle": {"Rules": rules}, "Tags": tags}


def large() -> tuple[dict[str, Any], dict[str, Any]]:
    """A policy of sixty statements, and the same shuffled with two edits."""
    statements = [
        {
            "Sid": f"S{n}",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{n:012d}:root"},
            "Action": ["s3:GetObject", f"s3:Put{n}"],
            "Resource": f"arn:aws:s3:::b/{n}/*",
        }
        for n in range(60)
    ]
    other = [dict(one) for one in statements]
    other[7]["Action"] = ["s3:GetObject"]
    other[30]["Effect"] = "Deny"
    random.Random(5).shuffle(other)
    return {"Policy": {"Statement": statements}}, {"Policy": {"Statement": other}}


def form(type: str, configuration: dict[str, Any]) -> dict[str, Any]:
    """A stored document."""
    return {"configuration": canonical(type, configuration), "unread": {}}


def main() -> None:
    """Measure, print a table, and one JSON object last."""
    exact = exact_deepdiff = exact_raw = 0
    ours, theirs, ours_whole, theirs_whole = [], [], [], []
    pairs = [(type, before, after, len(expected)) for _, type, before, after, expected in TEN]
    for number, (type, before, after, expected) in enumerate(pairs, 1):
        one, other = form(type, before), form(type, after)
        ops = compare(type, one, other)
        deep = DeepDiff(one, other, ignore_order=True)
        exact += [op.text for op in ops] == TEN[number - 1][4]
        exact_deepdiff += entries(deep) == expected
        exact_raw += entries(DeepDiff(before, after, ignore_order=True)) == expected
        if expected:
            ours.append(quickest(lambda t=type, a=one, b=other: compare(t, a, b), 50))
            theirs.append(quickest(lambda a=one, b=other: DeepDiff(a, b, ignore_order=True), 3))
            spent = quickest(lambda t=type, a=before, b=after: (form(t, a), form(t, b)), 20)
            ours_whole.append(ours[-1] + spent)
            theirs_whole.append(theirs[-1] + spent)
        print(f"case {number:2d}: {len(ops)} entries, DeepDiff {entries(deep)}, expected {expected}")
    bucket = realistic()
    one, other = large()
    left, right = form(BUCKET, one), form(BUCKET, other)
    result = {
        "benchmark": "diff",
        "exact_of_10": exact,
        "exact_of_10_deepdiff_canonical": exact_deepdiff,
        "exact_of_10_deepdiff_raw": exact_raw,
        "ratio_deepdiff": round(statistics.geometric_mean(b / a for a, b in zip(ours, theirs, strict=True)), 1),
        "ratio_deepdiff_whole": round(
            statistics.geometric_mean(b / a for a, b in zip(ours_whole, theirs_whole, strict=True)), 1
        ),
        "walker_us": round(statistics.median(ours), 1),
        "deepdiff_us": round(statistics.median(theirs), 1),
        "canonical_us": round(quickest(lambda: canonical(BUCKET, bucket), 50), 1),
        "hash_us": round(quickest(lambda: digest(bucket), 50), 1),
        "unchanged_us": round(quickest(lambda: compare(BUCKET, form(BUCKET, bucket), form(BUCKET, bucket)), 20), 1),
        "policy_60_us": round(quickest(lambda: compare(BUCKET, left, right), 5), 1),
        "policy_60_deepdiff_us": round(quickest(lambda: DeepDiff(left, right, ignore_order=True), 1), 1),
        "policy_60_entries": len(compare(BUCKET, left, right)),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
