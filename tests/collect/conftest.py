"""One simulated organization for all tests of reading; each test finds it as it was declared."""

from collections.abc import Iterator

import pytest
from collect_estate import environment, small_organization

from reporter.simulate.simulation import Simulation, start


@pytest.fixture(scope="session")
def running() -> Iterator[Simulation]:
    """The child process, started once."""
    with start(small_organization()) as simulation, environment(simulation.environment):
        yield simulation


@pytest.fixture
def aws(running: Simulation) -> Iterator[Simulation]:
    """The organization as declared, without faults; what the test denies or breaks is undone."""
    yield running
    running.clear_faults()
    running.allow()
