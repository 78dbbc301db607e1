"""What random faults do to a run: denied, throttled, delayed, cut off, killed, malformed, answered with other codes.

    ./run bench faults [--runs 200] [--seed 0]

Each run draws its own faults for operations at random, in front of the simulated AWS, and its snapshot is compared with the
one without faults. Runs of odd seeds are first runs; the others know the accounts of the run before. The last line is one
JSON object: `runs`, the `faults` that struck by kind, `values_compared`, `values_unread`, `wrong` (values that differ or are
missing without a recorded gap; 0 is the target), `failed_runs` (runs without a snapshot; 0 is the target) and the
conditions beside them. Whatever is wrong is written to stderr with its seed, and ends the program with 1.
"""

import argparse
import json
import logging
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "collect"))

from collect_estate import environment, read, small_organization
from fault_runs import rules, run_under

from reporter.simulate.simulation import start


def main(runs: int, seed: int) -> int:
    """Run them all; 1 if anything was wrong."""
    told: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    began = time.monotonic()
    with start(small_organization()) as aws, environment(aws.environment):
        aws.counts(reset=True)
        sound = read(aws, extra=True)
        operations = sorted({operation for calls in aws.counts()["calls"].values() for operation in calls})
        for one in range(seed, seed + runs):
            outcome = run_under(aws, one, rules(one, operations), sound, first=one % 2 == 1)
            faults += outcome.injected
            told += Counter(
                values_compared=outcome.values, values_unread=outcome.unread,
                wrong=len(outcome.wrong), failed_runs=bool(outcome.failed), whole=len(outcome.snapshots) == len(sound),
            )  # fmt: skip
            for text in filter(None, [outcome.failed, *outcome.wrong]):
                print(f"seed {one}: {text}", file=sys.stderr)
    names = ("values_compared", "values_unread", "wrong", "failed_runs")
    figures = {"runs": runs, "faults": dict(sorted(faults.items())), **{name: told[name] for name in names}}
    conditions = {
        "accounts": len(sound), "operations": len(operations), "first_seed": seed, "runs_with_all_accounts": told["whole"],
        "seconds": round(time.monotonic() - began),
    }  # fmt: skip
    print(json.dumps({**figures, "conditions": conditions}))
    return int(bool(told["wrong"] or told["failed_runs"]))


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200, help="how many runs")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    given = parser.parse_args()
    sys.exit(main(given.runs, given.seed))
