"""The command line as a whole: help, README, wrong words."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from reporter.cli.app import COMMANDS, register

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> dict[str, str]:
    """Name to help of every command."""
    return {name: command.help or "" for name, command in typer.main.get_command(register()).commands.items()}


def reporter(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", "reporter", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_every_command_has_help_with_examples() -> None:
    """What a command does in a sentence, and a line to copy."""
    poor = [name for name, help in commands().items() if "reporter " not in help or len(help.split()) < 8]
    assert poor == []


def test_every_command_stands_in_the_readme() -> None:
    """Nothing to discover by reading code."""
    missing = [name for name in commands() if not re.search(rf"`(reporter )?[^`]*\b{re.escape(name)}\b[^`]*`", README)]
    assert missing == []


def test_every_command_of_the_readme_exists() -> None:
    """No line of the README's tables and examples is out of date."""
    named = set(re.findall(r"(?:\./run|reporter) ([a-z][a-z-]+)", README))
    ours = {"test", "check", "bench", "lock", "reporter"}
    words = {"sets", "and", "alone", "assumes", "takes", "runs", "makes", "is", "hands"}
    assert named - ours - words <= commands().keys()


def test_every_command_module_is_registered() -> None:
    """A module of the room that adds commands is named in COMMANDS."""
    adding = {
        file.stem
        for file in (ROOT / "reporter" / "cli").glob("*.py")
        if re.search(r"^(@app\.command|app\.add_typer)", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    assert adding == set(COMMANDS)


@pytest.mark.parametrize(
    "words", [["nonsense"], ["run", "--nonsense"], ["drift", "show"], ["findings", "--status", "x"]]
)
def test_wrong_words_end_with_2_and_no_traceback(words: list[str], tmp_path: Path) -> None:
    """Usage errors say what is wrong and where help is."""
    (tmp_path / "r.toml").write_text("")
    config = ["-c", str(tmp_path / "r.toml")] if words[0] in ("drift", "findings") else []
    done = reporter(*words, *config)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_a_settings_file_that_is_not_there_is_named() -> None:
    """Exit code 2 and the path."""
    done = reporter("findings", "-c", "/nowhere/reporter.toml")
    assert done.returncode == 2
    assert "/nowhere/reporter.toml" in done.stderr


def test_init_writes_settings_that_load_and_never_overwrites(tmp_path: Path) -> None:
    """A first file with every key; a second time is refused."""
    assert reporter("init", str(tmp_path)).returncode == 0
    again = reporter("init", str(tmp_path))
    assert again.returncode == 1
    assert "not overwritten" in again.stderr
    done = reporter("findings", "-c", str(tmp_path / "reporter.toml"))
    assert "no run" in done.stderr.lower() or "there is no" in done.stderr.lower()
    assert "Traceback" not in done.stderr
