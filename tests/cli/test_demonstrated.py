"""What a demo's history cannot answer is refused before anything is asked of AWS: the accounts answering now are not its own."""

import sqlite3
from contextlib import closing
from unittest.mock import patch

import pytest
from drift_history import copied, said


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The settings file of a demo's history, after the demo's AWS has ended."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    file = copied(tmp_path)
    with closing(sqlite3.connect(tmp_path / "reporter.db")) as connection, connection:
        connection.execute("UPDATE run SET kind = 'demo'")
    return file


@pytest.mark.parametrize("words", [("watch",), ("watch", "--every", "1"), ("reverted", "--again")])
def test_nobody_is_asked_about_a_demo(file, words):
    """One sentence says that the simulated AWS has ended and what to do instead; credentials at hand change nothing."""
    with patch("reporter.collect.door.open_door", side_effect=AssertionError("AWS is asked")):
        answer = said(file, *words)
    assert answer.code == 2
    assert "is a demo's, and the simulated AWS that it was read from ended with the demo" in answer.err
    assert f"`reporter drift -c {file}`" in answer.err
    assert "`reporter init` writes the settings" in answer.err
