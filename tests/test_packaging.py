"""What is handed out works where it lands: the wheel from any directory, the run script as it says."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_templates_config_and_migrations(wheel: Path) -> None:
    """Everything the program reads at run time travels inside it, and no tests do."""
    names = set(zipfile.ZipFile(wheel).namelist())
    for file in (*(ROOT / "templates").rglob("*.j2"), *(ROOT / "config").rglob("*.toml")):
        assert f"reporter/data/{file.relative_to(ROOT).as_posix()}" in names
    assert any(name.startswith("reporter/history/migrations/versions/") for name in names)
    assert not any(name.startswith("tests/") for name in names)


def test_the_wheel_works_from_any_directory(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere, beside the same dependencies and with no checkout in sight: frameworks load, init writes."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    site = next((home / "lib").glob("python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    dependencies = next(Path(p) for p in sys.path if p.endswith("site-packages"))
    (site / "dependencies.pth").write_text(f"{dependencies}\n", encoding="utf-8")
    program = [str(home / "bin" / "python"), "-W", "ignore", "-P", "-m", "reporter"]
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    where = subprocess.run(
        [*program[:-2], "-c", "import reporter; print(reporter.__file__)"],
        cwd="/",
        env=environ,
        capture_output=True,
        text=True,
    )
    assert str(site) in where.stdout
    for words in (["frameworks"], ["init", str(tmp_path / "new")], ["checks", "cloudtrail-logging"]):
        done = subprocess.run([*program, *words], cwd="/", env=environ, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


def test_run_alone_lists_its_commands() -> None:
    """No set-up for a question."""
    done = subprocess.run([str(ROOT / "run")], capture_output=True, text=True, timeout=10)
    assert done.returncode == 0
    for name in ("demo", "test", "check", "serve", "bench"):
        assert f"  {name}" in done.stdout


def test_run_is_a_posix_shell_file() -> None:
    """dash, the strictest shell at hand, can read all of it."""
    assert (ROOT / "run").read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    assert subprocess.run(["sh", "-n", str(ROOT / "run")], timeout=10).returncode == 0


def test_an_unknown_benchmark_names_the_known_ones() -> None:
    """`./run bench nonsense` ends with 2."""
    done = subprocess.run([str(ROOT / "run"), "bench", "nonsense"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "history" in done.stderr


def test_ci_runs_the_readmes_test_command_and_nothing_else() -> None:
    """One line of work."""
    lines = [
        one for one in (ROOT / ".ci" / "run").read_text().splitlines() if one and not one.startswith(("#", "set", "cd"))
    ]
    assert lines == ["exec ./run test"]
    assert "./run test" in (ROOT / "README.md").read_text(encoding="utf-8")
