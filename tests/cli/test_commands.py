"""The command line as a whole: help, README, wrong words."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from drift_history import copied
from warm import reporter_process

from reporter.cli.app import COMMANDS, register

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> dict[str, str]:
    """Name to help of every command."""
    return {name: command.help or "" for name, command in typer.main.get_command(register()).commands.items()}


@cache
def known_commands() -> dict[tuple[str, ...], Any]:
    """Words to command, of all."""
    return dict(each())


def each(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words, those of groups included."""
    for name, command in (group or typer.main.get_command(register())).commands.items():
        yield (*path, name), command
        if hasattr(command, "commands"):
            yield from each(command, (*path, name))


def options_of(words: tuple[str, ...]) -> set[str]:
    """The options that a command takes."""
    command = known_commands()[words]
    return {"--help", *(option for one in command.params for option in (*one.opts, *one.secondary_opts))}


def reporter(*words: str) -> subprocess.CompletedProcess[str]:
    return reporter_process(words, Path.cwd(), os.environ)


def test_every_command_has_help_with_examples() -> None:
    """What a command does in a sentence, and a line to copy."""
    poor = [name for name, help in commands().items() if "reporter " not in help or len(help.split()) < 8]
    assert poor == []


def test_the_examples_of_every_help_are_commands_with_options_that_exist() -> None:
    """Each help ends with lines to copy, and each line would be understood."""
    known = known_commands()
    for path, command in known.items():
        found = re.findall(r"^  reporter (.+?)(?:  .*)?$", (command.help or "").partition("Examples:")[2], re.MULTILINE)
        assert found, f"{path}: no example"
        for example in found:
            words = shlex.split(re.split(r" [|&>]", example)[0])
            asked = next(tuple(words[:n]) for n in (2, 1) if tuple(words[:n]) in known)
            named = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
            assert named <= options_of(asked), example


def test_every_command_stands_in_the_readme() -> None:
    """Nothing to discover by reading code."""
    missing = [name for name in commands() if not re.search(rf"`(reporter )?[^`]*\b{re.escape(name)}\b[^`]*`", README)]
    assert missing == []


def proposed(text: str) -> Iterator[list[str]]:
    """The words of every command of ours in a page's code, blocks and spans alike."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in [*(line for block in blocks for line in block.splitlines()), *spans]:
        found = re.match(r" *(?:\./run|reporter) (\S.*)", line)
        if found:
            yield shlex.split(found[1], comments=True)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_command_of_a_page_exists_with_its_options(page: str) -> None:
    """No line of the pages' tables, sentences and examples is out of date."""
    known = known_commands()
    ours = {"test", "check", "bench", "lock", "reporter"}
    found = [words for words in proposed((ROOT / page).read_text(encoding="utf-8")) if words[0] not in ours]
    assert found
    for words in found:
        asked = next((tuple(words[:n]) for n in (2, 1) if tuple(words[:n]) in known), None)
        assert asked, " ".join(words)
        named = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert named <= options_of(asked), " ".join(words)


def test_what_the_readme_proposes_after_the_demo_works_as_it_stands(tmp_path: Path) -> None:
    """Each line pasted in the folder of the demo answers, or ends with the exit code that says what it found."""
    (tmp_path / "demo").mkdir()
    copied(tmp_path / "demo")
    lines = [words for words in proposed(README) if "demo/reporter.toml" in words and words[0] != "serve"]
    assert len(lines) == 4
    for words in lines:
        done = reporter_process(words, tmp_path, os.environ)
        assert done.returncode == {"drift": 4}.get(words[0], 0), (words, done.stderr)
        assert len(done.stdout.splitlines()) > 1


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


@pytest.mark.parametrize("option", ["--accounts", "--account"])
def test_an_account_id_with_a_digit_missing_is_refused_before_anybody_is_asked(tmp_path: Path, option: str) -> None:
    """By either name of the option: no credentials are looked for, the exit code is that of wrong usage."""
    file = tmp_path / "r.toml"
    file.write_text("")
    done = reporter("run", option, "11112", "-c", str(file))
    assert done.returncode == 2
    assert "--accounts 11112: an account id has 12 digits, this has 5" in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["r.toml"]


@pytest.mark.parametrize("word", ["findings", "assess"])
def test_no_list_of_findings_speaks_of_tags_and_cosmetic_changes(word: str) -> None:
    """What --all unfolds is said of the thing that is listed."""
    (option,) = (one for one in known_commands()[(word,)].params if "--all" in one.opts)
    assert "finding" in option.help
    assert "cosmetic" not in option.help


def test_the_help_of_the_program_names_each_exit_code() -> None:
    """What drift and a stopped run end with stands where a pipeline's author looks first."""
    said = " ".join(reporter("--help").stdout.split())
    assert [
        code for code in ("0 done", "1 failed", "2 wrong", "3 done", "4 something", "130 and 143") if code not in said
    ] == []
