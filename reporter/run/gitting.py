"""The history as a git repository: one file for each resource, one commit for each run, the same commits each time.

Written through `git fast-import`, so the size of the organization is no matter; dates and names come from the runs, and so
does every commit id.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from reporter import history
from reporter.model import ConfigurationItem, Run

BRANCH = "refs/heads/history"
AUTHOR = "reporter <reporter@localhost>"
MARK = "reporter.history"  # a key in the repository's own configuration that says it is an export of ours
LONGEST_NAME = 200  # bytes of a file name, below every file system's limit


class GitError(RuntimeError):
    """The export could not be written; the message says why."""


def export_git(engine: history.Engine, folder: Path, tell: Callable[[str], None]) -> int:
    """Write all sealed runs into `folder` and check the last out; how many commits there are."""
    if folder.exists() and any(folder.iterdir()) and not _is_ours(folder):
        raise GitError(f"{folder}: is not empty and not an earlier export; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    _git(folder, "init", "--quiet")
    _git(folder, "config", MARK, "true")
    runs = list(reversed(history.last_runs(engine, 1_000_000)))
    process = subprocess.Popen(  # noqa: S603 - no shell, and no word of the command comes from outside
        ["git", "-C", str(folder), "fast-import", "--quiet", "--force"],  # noqa: S607 - git is found on PATH
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    previous: Run | None = None
    for run in runs:
        for chunk in _commit(engine, previous, run):
            process.stdin.write(chunk)
        tell(f"run {run.seq} of {run.as_of:%Y-%m-%d}")
        previous = run
    _, said = process.communicate()
    if process.returncode:
        raise GitError(f"git fast-import failed: {said.decode(errors='replace').strip()[:300]}")
    if runs:
        _git(folder, "symbolic-ref", "HEAD", BRANCH)
        _git(folder, "reset", "--quiet", "--hard")
    return len(runs)


def path_of(item: ConfigurationItem) -> str:
    """Where a resource's file is: account, type and name, each fit for every file system."""
    type = item.type.replace("AWS::", "").replace("::", "-").strip("-") or "Account"
    name = quote(item.id.rpartition(":")[2] if item.id.startswith("arn:") else item.id, safe="@+=,.-")
    return f"{item.account}/{type}/{item.region}/{name[:LONGEST_NAME]}.json"


def _commit(engine: history.Engine, previous: Run | None, run: Run) -> Iterator[bytes]:
    seconds = int(run.as_of.timestamp())
    message = f"Run {run.seq} of {run.as_of:%Y-%m-%d %H:%M} UTC\n\nRun-Id: {run.id}\nChain: {run.chain}\n".encode()
    yield f"commit {BRANCH}\ncommitter {AUTHOR} {seconds} +0000\n".encode()
    yield b"data %d\n%s\n" % (len(message), message)
    if previous is None:
        yield b"deleteall\n"
    for before, after in _differences(engine, previous, run):
        if before is not None and (after is None or path_of(after) != path_of(before)):
            yield f'D "{path_of(before)}"\n'.encode()
        if after is not None:
            data = _document(after)
            yield f'M 100644 inline "{path_of(after)}"\n'.encode() + b"data %d\n%s\n" % (len(data), data)
    yield b"\n"


def _differences(
    engine: history.Engine, previous: Run | None, run: Run
) -> Iterator[tuple[ConfigurationItem | None, ConfigurationItem | None]]:
    if previous is not None:
        yield from history.pairs(engine, previous, run, history.Within())
        return
    for snapshot in history.snapshots(engine, run, history.Within()):
        for item in snapshot.items:
            yield None, item


def _document(item: ConfigurationItem) -> bytes:
    document = {
        "arn": item.arn,
        "type": item.type,
        "configuration": item.configuration,
        "unread": {part: str(why) for part, why in item.unread.items() if part != "*"},
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, default=str).encode() + b"\n"


def _is_ours(folder: Path) -> bool:
    asked = ["git", "-C", str(folder), "config", "--local", MARK]
    return subprocess.run(asked, capture_output=True, check=False).stdout.strip() == b"true"  # noqa: S603 - as above


def _git(folder: Path, *words: str) -> None:
    try:
        subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)  # noqa: S603, S607 - as above
    except FileNotFoundError:
        raise GitError("git is not installed: sudo apt-get install -y git") from None
    except subprocess.CalledProcessError as error:
        raise GitError(f"git {words[0]} failed: {error.stderr.decode(errors='replace').strip()[:300]}") from None
