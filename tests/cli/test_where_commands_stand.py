"""Commands that reporter prints, as they can be pasted where the user stands; and places where there is no history."""

import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from postgres_server import Postgres
from warm import reporter_process

from reporter import history
from reporter.cli.app import register
from reporter.cli.console import command, quoted, spelled

ROOT = Path(__file__).parent.parent.parent
QUESTIONS = (
    ["drift"], ["drift", "show", "1"], ["diff", "previous", "last"], ["history", "x"], ["show", "x"], ["blame", "x"],
    ["coverage"], ["findings"], ["assess"], ["fix-plan", "plan"], ["verify", "--history"], ["export", "--git", "out"],
    ["report"], ["preview"], ["deliver"], ["deliver", "send"], ["acknowledge"], ["note", "1"], ["waive"], ["hold"],
    ["purge", "--dry-run"], ["baseline"], ["baseline", "list"], ["reverted"], ["attribute"], ["watch"], ["serve"],
    ["sign", "--key", "k"], ["frameworks", "cis-aws-5.0.0", "--run", "last"],
)  # fmt: skip


def reporter(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own, started in a folder."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("REPORTER_")}
    return reporter_process(words, folder, clean | environ)


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_a_question_makes_no_database(words: list[str], tmp_path: Path, monkeypatch, capsys) -> None:
    """Where nobody has made a history there is none afterwards: one sentence that says how to make one, and exit code 2."""
    (tmp_path / "r.toml").write_text("", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["reporter", *words, "-c", str(tmp_path / "r.toml")])
    monkeypatch.setenv("REPORTER_COMMAND", "./run")
    from reporter.cli import main

    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert f"there is no history at {tmp_path}/reporter.db" in said
    assert f"`./run run -c {tmp_path}/r.toml`" in said
    assert len(said.splitlines()) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["r.toml"]


STRANGE = (["drift"], ["findings"], ["coverage"], ["verify", "--history"], ["doctor"], ["frameworks", "cis-aws-5.0.0", "--control", "3.2"],
           ["waive", "s3-bucket-versioning", "--resource", "a", "--why", "x", "--owner", "o", "--approver", "a", "--until", "2999-12-31"])  # fmt: skip


@pytest.mark.parametrize("words", STRANGE, ids=lambda words: words[0])
@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
def test_a_place_that_holds_something_else_is_told_as_such(words: list[str], folder: bool, tmp_path: Path) -> None:
    """A database of somebody else, or a folder of that name: every command says so, and leaves it as it is."""
    place = tmp_path / "reporter.db"
    if folder:
        place.mkdir()
    else:
        other = sqlite3.connect(place)
        other.execute("CREATE TABLE people (name TEXT)")
        other.close()
    before = None if folder else place.read_bytes()
    done = reporter(
        tmp_path, *words, REPORTER_HISTORY__URL=f"sqlite:///{place}", AWS_EC2_METADATA_DISABLED="true", HOME="/nowhere"
    )
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert ("is a folder; name a file" if folder else "holds something else (tables people)") in told
    assert not any(wrong in told for wrong in ("Traceback", "none yet", "there is no history"))
    assert folder or place.read_bytes() == before


def test_a_question_makes_no_tables_on_a_server(postgres: Postgres, tmp_path: Path) -> None:
    """An empty PostgreSQL database stays empty, and the sentence does not repeat a password."""
    url = postgres.new("template1")
    done = reporter(tmp_path, "drift", REPORTER_HISTORY__URL=url)
    assert done.returncode == 2
    assert "there is no history at postgresql" in done.stderr
    assert not history.is_made(history.connect(url))


def test_every_command_that_asks_a_history_is_tried_here() -> None:
    """A new command must say here, or there, what it does without a history."""
    import typer

    elsewhere = {"run", "demo", "schedule", "init", "doctor", "permissions", "checks", "templates", "attest"}
    assert {words[0] for words in QUESTIONS} | elsewhere == set(typer.main.get_command(register()).commands)


def test_a_printed_command_begins_as_the_user_did_and_names_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through ./run it is ./run; the settings file is named where it was named, and only then; names are quoted."""
    monkeypatch.setenv("REPORTER_COMMAND", "./run")
    monkeypatch.setattr(sys, "argv", ["reporter", "drift", "--config=my demo/r.toml"])
    assert command("drift show 3") == "./run drift show 3 -c 'my demo/r.toml'"
    assert command("init") == "./run init"
    monkeypatch.setattr(sys, "argv", ["reporter", "drift"])
    assert command("coverage") == "./run coverage"
    assert (
        spelled("see `reporter coverage`; nothing else of reporter") == "see `./run coverage`; nothing else of reporter"
    )
    monkeypatch.setenv("REPORTER_COMMAND", "/opt/the reporter/run")
    assert command("coverage") == "'/opt/the reporter/run' coverage"
    assert shlex.split(quoted("a'b;\x1b[31m$(x)")) == ["a'b;\\u001b[31m$(x)"]


def test_the_run_script_says_how_it_was_called(tmp_path: Path) -> None:
    """From another folder and by another name, what is printed can be pasted there."""
    there = os.path.relpath(ROOT / "run", tmp_path)
    environ = {**os.environ, "REPORTER_VENV": str(Path(sys.executable).parent.parent)}
    done = subprocess.run([there, "drift"], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    printed = re.search(r"`(\S+run run)`", done.stderr)
    assert printed, done.stderr
    assert (tmp_path / printed[1].split()[0]).resolve() == ROOT / "run"


def test_help_can_be_pasted_too(tmp_path: Path) -> None:
    """Usage and examples begin as the user did."""
    done = reporter(tmp_path, "drift", "show", "--help", REPORTER_COMMAND="./run")
    assert done.stdout.splitlines()[0].strip() == "" or "Usage: ./run drift show" in done.stdout
    assert "  ./run drift show 8123 --raw" in done.stdout
    assert "reporter drift" not in done.stdout


def test_init_elsewhere_proposes_commands_that_find_the_file(tmp_path: Path) -> None:
    """`init DIR` is followed by `doctor -c DIR/reporter.toml`."""
    done = reporter(tmp_path, "init", "etc", REPORTER_COMMAND="./run")
    assert "./run doctor -c etc/reporter.toml" in done.stdout
    assert "./run permissions --write deploy" in done.stdout


def test_settings_named_at_a_group_count_for_its_commands(tmp_path: Path) -> None:
    """`drift -c FILE show 1` reads FILE."""
    done = reporter(tmp_path, "drift", "-c", "absent.toml", "show", "1")
    assert done.returncode == 2
    assert "absent.toml: there is no such file" in done.stderr


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_that_is_told_to_end_says_so(sign: signal.Signals, code: int, tmp_path: Path, blank: Path) -> None:
    """One line on standard error and the exit code that shells expect, for Ctrl-C and SIGTERM alike."""
    (tmp_path / "r.toml").write_text(f'[history]\nurl = "sqlite:///{blank}"\n', encoding="utf-8")
    argv = [sys.executable, "-W", "ignore", "-m", "reporter", "serve", "-c", str(tmp_path / "r.toml"), "--port", "0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        assert server.stdout.readline().startswith("http://127.0.0.1:")
        time.sleep(0.5)  # the address stands before the server's own handlers do
        server.send_signal(sign)
        said = server.stderr.read()
        assert server.wait(20) == code
    assert said == "reporter: stopped as told\n"  # it stores nothing
