"""1,000 runs over an organization that changes at random, on both engines: what was reported wrongly (nothing), and how fast.

python tests/benchmarks/mutations.py [RUNS] [SEED]     prints one JSON object; exit code 1 if anything was wrong
"""

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "run"), str(TESTS.parent)]

from mutations import Driver  # noqa: E402
from postgres_server import BORN, Postgres, postgres_binaries  # noqa: E402

from reporter import history  # noqa: E402


def driven(url, runs, seed):
    """The figures of one engine."""
    engine = history.connect(url)
    driver = Driver(engine, seed)
    began = time.perf_counter()
    wrong = [(number, one) for number in range(runs) for one in driver.run()]
    seconds = time.perf_counter() - began
    wrong += [("standing", one) for one in driver.standing()]
    altered = history.verify(engine)
    engine.dispose()
    for one in (*wrong[:20], *altered[:20]):
        print(one, file=sys.stderr)
    return {
        "runs": runs, "steps": runs * driver.steps_per_run, "changes_reported": driver.told, "wrong": len(wrong),
        "altered": len(altered), "seconds": round(seconds, 1),
    }  # fmt: skip


def main():
    runs, seed = (
        (int(word) for word in [*sys.argv[1:], "1000", "7"][:2]) if len(sys.argv) != 2 else (int(sys.argv[1]), 7)
    )
    folder = Path(tempfile.mkdtemp(prefix="reporter-mutations-"))
    folder.chmod(0o755)
    found = {}
    try:
        engine = history.connect(str(folder / "history.db"))
        history.prepare(engine, BORN)
        engine.dispose()
        found["sqlite"] = driven(str(folder / "history.db"), runs, seed)
        binaries = postgres_binaries()
        if binaries is None:
            found["postgresql"] = None
        else:
            (folder / "pg").mkdir(mode=0o755)
            server = Postgres(folder / "pg", binaries)
            try:
                found["postgresql"] = driven(server.new(), runs, seed)
            finally:
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found))
    return any(one and (one["wrong"] or one["altered"]) for one in found.values())


if __name__ == "__main__":
    sys.exit(main())
