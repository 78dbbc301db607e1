"""The history as a git repository: what a checkout holds, the same commits everywhere, and continued where it ended."""

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from mutations import Driver

from reporter import history
from reporter.model import ACCOUNT, ConfigurationItem
from reporter.run.gitting import GitError, export_git, path_of

BORN = datetime(2026, 1, 1, tzinfo=UTC)


def git(folder, *words):
    return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True).stdout


def quiet(_):
    """Nobody listens."""


@pytest.fixture
def driver(tmp_path):
    """A history of twelve runs over a changing organization."""
    engine = history.connect(str(tmp_path / "history.db"))
    history.prepare(engine, BORN)
    driver = Driver(engine, 31)
    for _ in range(12):
        driver.run()
    yield driver
    engine.dispose()


def test_a_checkout_is_the_last_run(driver, tmp_path):
    """One commit for each run; the files are the resources that stand, with their last known configuration."""
    folder = tmp_path / "git"
    assert export_git(driver.engine, folder, quiet) == 12
    assert len(git(folder, "log", "--format=%H").split()) == 12
    files = {file.relative_to(folder).as_posix(): json.loads(file.read_text()) for file in folder.rglob("*.json")}
    standing = {}
    for snapshot in history.snapshots(driver.engine, driver.last, history.EVERYWHERE):
        standing |= {path_of(item): item for item in snapshot.items}
    assert standing.keys() <= files.keys()
    assert {path.split("/")[1] for path in files.keys() - standing.keys()} <= {
        "KMS-Key"
    }  # shown by other accounts only
    for path, item in standing.items():
        assert files[path]["configuration"] == item.configuration


def test_the_same_history_gives_the_same_commits(driver, tmp_path):
    """Exported twice, and exported in two goes, the last commit has the same id."""
    once, again, grown = (tmp_path / name for name in ("once", "again", "grown"))
    export_git(driver.engine, grown, quiet)
    for _ in range(3):
        driver.run()
    assert export_git(driver.engine, once, quiet) == 15
    assert export_git(driver.engine, again, quiet) == 15
    assert export_git(driver.engine, grown, quiet) == 3
    assert export_git(driver.engine, grown, quiet) == 0
    heads = {git(folder, "rev-parse", "HEAD") for folder in (once, again, grown)}
    assert len(heads) == 1
    assert git(grown, "status", "--porcelain") == ""


def test_a_part_of_the_organization_is_an_export_of_its_own(driver, tmp_path):
    """Only the chosen accounts; another choice into the same folder begins anew."""
    folder = tmp_path / "git"
    one = history.Within(accounts=frozenset({"000000000005"}))
    export_git(driver.engine, folder, quiet, one)
    assert {file.parts[0] for file in (f.relative_to(folder) for f in folder.rglob("*.json"))} == {"000000000005"}
    assert export_git(driver.engine, folder, quiet) == 12
    assert len({file.relative_to(folder).parts[0] for file in folder.rglob("*.json")}) > 1


def test_a_purged_run_is_a_commit_that_says_so(driver, tmp_path):
    """It has no files, and nobody reads that nothing changed in it; the next run's files are all of them, and no more."""
    fresh, grown = tmp_path / "fresh", tmp_path / "grown"
    export_git(driver.engine, grown, quiet)
    driver.run()
    runs = [*reversed(history.last_runs(driver.engine, 13))]
    now = runs[-1].finished_at + timedelta(days=1)
    assert history.purge(driver.engine, now, keep=now - runs[-1].as_of, by="test").removed["run"] == 12
    export_git(driver.engine, fresh, quiet)
    messages = git(fresh, "log", "--reverse", "--format=%B%x00").split("\x00")
    for run, said in zip(runs[:-1], messages, strict=False):
        assert (
            f"Run {run.seq} of {run.as_of:%Y-%m-%d %H:%M} UTC: purged on {now:%Y-%m-%d}, only its head is left" in said
        )
        assert "No changes" not in said
        assert run.chain in said
    assert git(fresh, "ls-tree", "-r", "HEAD~1") == ""
    assert export_git(driver.engine, grown, quiet) == 1, (
        "the earlier export is continued, though its last run is empty now"
    )
    assert git(grown, "rev-parse", "HEAD^{tree}") == git(fresh, "rev-parse", "HEAD^{tree}")
    assert git(fresh, "ls-tree", "-r", "HEAD") != ""


def test_commits_tell_what_changed(driver, tmp_path):
    """Each message names the run, its head and its changes."""
    folder = tmp_path / "git"
    export_git(driver.engine, folder, quiet)
    runs = history.last_runs(driver.engine, 12)
    messages = git(folder, "log", "--format=%B%x00").split("\x00")
    for run, said in zip(runs, messages, strict=False):
        changes = history.changes(driver.engine, run=run)
        assert f"Run {run.seq} of" in said
        assert f": {len(changes)} change{'' if len(changes) == 1 else 's'}\n" in said
        assert run.chain in said
        assert all((one.arn or one.resource) in said for one in changes)


def test_foreign_folders_and_names_are_safe(tmp_path, driver):
    """A folder of somebody else's is left alone; no resource's name leaves the folder or collides when it is cut."""
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "thesis.tex").touch()
    with pytest.raises(GitError, match="not an earlier export"):
        export_git(driver.engine, tmp_path / "else", quiet)
    item = ConfigurationItem("1", "eu-west-1", "AWS::S3::Bucket", "x", "arn", {}, BORN)
    for name in ("../../etc/passwd", "a/../b", '"quoted"\n', "\u202egnp.exe", ".", "x" * 300):
        path = path_of(replace(item, id=name))
        assert path.isascii()
        assert path.isprintable()
        assert len(path.split("/")) == 4
        assert ".." not in path.split("/")
    long = [path_of(replace(item, id="x" * 300 + end)) for end in "ab"]
    assert long[0] != long[1]
    assert path_of(replace(item, type=ACCOUNT, id="1", region="global")) == "1/Account/global/1.json"
    arn = "arn:aws:cloudtrail:eu-west-1:1:trail/org"
    assert path_of(replace(item, type="AWS::CloudTrail::Trail", id=arn)) == "1/CloudTrail-Trail/eu-west-1/org.json"
