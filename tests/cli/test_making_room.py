"""The demo's folder: what a second demo may replace, and what it may not."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from reporter import history
from reporter.cli.console import Refusal
from reporter.cli.making_room import MARK, make_room
from reporter.model import Waiver

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The folder of an earlier demo, with a file that is not the demo's."""
    folder = tmp_path / "demo"
    assert make_room(folder, NOW) is None
    history.prepare(history.connect(str(folder / "reporter.db")), NOW)
    (folder / "reports").mkdir()
    (folder / "reports" / "old.html").write_text("old")
    (folder / "mine.txt").write_text("mine")
    return folder


def speak(folder: Path) -> None:
    """A word of a person in the history."""
    engine = history.connect(str(folder / "reporter.db"))
    waiver = Waiver(
        id="w-1", check="s3-*", reason="r", owner="o", approver="a", expires_on=date(2999, 1, 1), resource="x", account="*",
        ou="*", ticket="", created_at=NOW,
    )  # fmt: skip
    history.add_waiver(engine, waiver, by="alice", now=NOW)
    engine.dispose()


def test_an_earlier_demo_nobody_wrote_into_is_replaced(earlier: Path) -> None:
    """Only what a demo makes goes; what else lies there stays."""
    assert make_room(earlier, NOW) is None
    assert sorted(file.name for file in earlier.iterdir()) == [MARK, "mine.txt"]


def test_what_people_wrote_is_moved_aside_whole(earlier: Path) -> None:
    """The old history with its reports stands in a folder of its own, each time another; --force replaces it."""
    speak(earlier)
    assert make_room(earlier, NOW) == earlier / "earlier-1"
    assert (earlier / "earlier-1" / "reports" / "old.html").read_text() == "old"
    kept = history.connect(str(earlier / "earlier-1" / "reporter.db"))
    assert [one.id for one in history.waivers(kept, NOW)] == ["w-1"]
    history.prepare(history.connect(str(earlier / "reporter.db")), NOW)
    speak(earlier)
    assert make_room(earlier, NOW) == earlier / "earlier-2"
    history.prepare(history.connect(str(earlier / "reporter.db")), NOW)
    speak(earlier)
    assert make_room(earlier, NOW, force=True) is None
    assert not (earlier / "reporter.db").exists()


def test_a_history_that_cannot_be_read_is_kept(earlier: Path) -> None:
    """It may hold words of people."""
    (earlier / "reporter.db").write_bytes(b"not a database" * 100)
    assert make_room(earlier, NOW) == earlier / "earlier-1"


@pytest.mark.parametrize("make", ["file", "other folder", "under a file"])
def test_a_place_that_cannot_be_used_is_refused_at_once(tmp_path: Path, make: str) -> None:
    """One sentence and exit code 2, and nothing is touched."""
    place = tmp_path / "x"
    if make == "other folder":
        place.mkdir()
        (place / "thesis.tex").write_text("dear")
    else:
        place.write_text("dear")
    with pytest.raises(Refusal, match="takes another folder") as caught:
        make_room(place / "below" if make == "under a file" else place, NOW)
    assert caught.value.code == 2
    assert (place / "thesis.tex" if place.is_dir() else place).read_text() == "dear"
