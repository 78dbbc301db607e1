"""What is refused before anything is read, and how: one sentence, and the exit code for wrong usage."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporter import history
from reporter.cli import main

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    """A command over a history in which one run of a demo stands; its exit code and what it said on standard error."""
    engine = history.connect(f"sqlite:///{tmp_path / 'reporter.db'}")
    history.prepare(engine, NOW)
    history.seal(engine, history.start_run(engine, kind="demo", as_of=NOW, owner="me", now=NOW), NOW)
    engine.dispose()
    (tmp_path / "reporter.toml").write_text('[[schedule]]\nid = "weekly"\n', encoding="utf-8")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["reporter", *words])
        with pytest.raises(SystemExit) as left:
            main()
        return int(left.value.code or 0), capsys.readouterr().err

    return run


@pytest.mark.parametrize("words", [["run"], ["run", "--resume"], ["run", "--json"]])
def test_a_run_of_another_organization_is_not_written_into_a_demos_history(said, words: list[str]) -> None:
    """The simulated AWS is gone: whatever answers now would look as if every account had left."""
    code, err = said(*words)
    assert code == 2
    assert "is a demo's" in err
    assert "as if every account had left" in err


def test_a_run_that_does_not_exist_is_wrong_usage(said) -> None:
    """A mistyped number is told with the runs there are."""
    code, err = said("coverage", "--run", "99")
    assert (code, "There is no run '99'" in err) == (2, True)
