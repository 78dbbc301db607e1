"""Both engines for any test: SQLite in a file, PostgreSQL of the system's own binaries on a socket in a temporary folder."""

import atexit
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from postgres_server import BORN, Postgres, postgres_binaries
from sqlalchemy import Engine

from reporter import history

# Chance finds what nobody thought of, but what fails once must fail when it is run again: examples are drawn anew
# only where --hypothesis-profile=explore asks for it, which pytest obeys after this file and so wins.
settings.register_profile("same", settings.get_profile("default"), derandomize=True, deadline=None)
settings.register_profile("explore", settings.get_profile("default"), derandomize=False, deadline=None)
settings.load_profile("same")

# What is dear to make is made once for all processes of a test run: they inherit the name of the folder.
if "TESTS_SHARED_FOLDER" not in os.environ:
    os.environ["TESTS_SHARED_FOLDER"] = tempfile.mkdtemp(prefix="reporter-tests-")
    atexit.register(shutil.rmtree, os.environ["TESTS_SHARED_FOLDER"], ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the whole session; without one the tests are skipped loudly, or fail where REPORTER_REQUIRE_PG=1."""
    binaries = postgres_binaries()
    if binaries is None:
        said = "no PostgreSQL here: half of the history's tests do not run (apt-get install postgresql)"
        if os.environ.get("REPORTER_REQUIRE_PG") == "1":
            pytest.fail(said)
        warnings.warn(pytest.PytestWarning(said), stacklevel=1)
        pytest.skip(said)
    folder = Path(tempfile.mkdtemp(prefix="reporter-pg-"))
    folder.chmod(0o755)
    server = Postgres(folder, binaries)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared SQLite file to copy from."""
    path = tmp_path_factory.mktemp("blank") / "blank.db"
    engine = history.connect(str(path))
    history.prepare(engine, BORN)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, blank: Path) -> str:
    """The address of a prepared, empty history."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres").new()
    shutil.copy(blank, tmp_path / "history.db")
    return f"sqlite:///{tmp_path / 'history.db'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A prepared, empty history."""
    engine = history.connect(url)
    yield engine
    engine.dispose()
