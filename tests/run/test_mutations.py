"""An organization changes at random, is read badly, and everything that truly happened is reported once and nothing else.

The truth is made in `mutating`, the comparison in `mutations`; `tests/benchmarks/mutations.py` does the same for 1,000 steps.
"""

import importlib.util
from pathlib import Path

import pytest
from mutations import Driver

from reporter import history

_FILE = Path(__file__).parent.parent / "history" / "conftest.py"
_SPEC = importlib.util.spec_from_file_location("engines_of_history_tests", _FILE)
_engines = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_engines)
postgres, blank, url, engine = _engines.postgres, _engines.blank, _engines.url, _engines.engine


@pytest.mark.parametrize("seed, runs", [(4, 60), (12, 60), (2026, 60)])
def test_every_real_change_is_reported_once_and_none_is_invented(engine, seed, runs):
    """Denials, outages, cut listings, re-orderings, re-creations, moves: the reports of each run are the truth, and the chain holds."""
    driver = Driver(engine, seed)
    wrong = [(number, one) for number in range(runs) for one in driver.run()]
    assert wrong == []
    assert driver.standing() == []
    assert driver.told > runs
    assert history.verify(engine) == ()


def test_many_steps_between_two_looks_are_one_honest_difference(engine):
    """Twenty things between two runs: what came and went is not told, what lasted is told once."""
    driver = Driver(engine, 77, steps_per_run=20)
    wrong = [(number, one) for number in range(12) for one in driver.run()]
    assert wrong == []
    assert driver.standing() == []
