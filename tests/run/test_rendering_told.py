"""Making the reports is a step of its own in what a run tells, from before the first page is drawn."""

import json
from pathlib import Path

import pytest
from world import World

from reporter.report.render import Look
from reporter.run.ready import check_look
from reporter.run.wiring import WiringError


def test_rendering_is_told_before_the_first_report_is_made(world: World) -> None:
    """The seconds that PDFs take are not put down to the step before them; how many there will be is said at once."""
    done = world.reporter("run", "--json", "--no-deliver")
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stderr.splitlines()]
    steps = [(one["done"], one["total"]) for one in told if one["progress"] == "report"]
    assert steps[0] == (0, 1)
    assert steps[-1] == (1, 1)


def test_a_run_counts_accounts_in_the_words_of_its_report(world: World) -> None:
    """What `reporter run` prints is what the cover says of the same accounts."""
    done = world.reporter("run", "--no-deliver")
    assert done.returncode == 0, done.stderr
    assert "5 of 5 accounts fully read" in done.stdout
    (page,) = world.folder.glob("reports/*/organization.html")
    assert "<td>5 of 5 accounts fully read</td>" in page.read_text("utf-8")


def test_a_template_of_ones_own_that_would_fail_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    """One sentence with the file and the line; ours are not looked at again."""
    check_look(Look(), paper=True)
    (tmp_path / "mail.txt.j2").write_text("{{ content.cover }\n", encoding="utf-8")
    with pytest.raises(WiringError, match=r"mail\.txt\.j2:1: .*mend it, or leave report\.templates out"):
        check_look(Look(folder=tmp_path), paper=False)
