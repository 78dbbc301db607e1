"""One simulation of the demo organization for all tests of this room that only read; others load what they need."""

from collections.abc import Iterator

import pytest

from reporter.simulate.demo import organization
from reporter.simulate.simulation import Simulation, start


@pytest.fixture(scope="session")
def demo() -> Iterator[Simulation]:
    """The demo organization, to be read only."""
    with start(organization()) as sim:
        yield sim


@pytest.fixture(scope="session")
def _own() -> Iterator[Simulation]:
    with start(organization()) as sim:
        yield sim


@pytest.fixture
def fresh(_own: Simulation) -> Simulation:
    """The demo organization, newly loaded: a test may change it as it likes."""
    _own.load(organization())
    return _own


@pytest.fixture
def calm(demo: Simulation) -> Iterator[Simulation]:
    """The demo organization for tests that only break the line to it: whatever they break is mended afterwards."""
    yield demo
    demo.clear_faults()
