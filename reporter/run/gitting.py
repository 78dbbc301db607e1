"""The history as a git repository: one file for each resource, one commit for each run, the same commits each time.

Written through `git fast-import`, so the size of the organization is no matter; dates and names come from the runs, and so
does every commit id. An earlier export of the same choice is continued where it ended.
"""

import hashlib
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from reporter import history
from reporter.model import EVERY_PART, Change, ConfigurationItem, Run
from reporter.run.comparing import rank

BRANCH = "refs/heads/history"
AUTHOR = "reporter <reporter@localhost>"
MARK = "reporter.history"  # a key in the repository's own configuration: that it is an export of ours, and of what
LONGEST_NAME = 180  # bytes of a file name, below every file system's limit
TOLD = 200  # changes that a commit names
NAMED = ("AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::SNS::Topic")
_PREFIX = re.compile(
    r"(?:trail|key|eventdatastore|channel|analyzer|detector|configuration-recorder|accesspoint)/|log-group:"
)
GIT = ("git", "-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false")


class GitError(RuntimeError):
    """The export could not be written; the message says why."""


def export_git(
    engine: history.Engine, folder: Path, tell: Callable[[str], None], within: history.Within = history.EVERYWHERE
) -> int:
    """Write all sealed runs into `folder` and check the last out; how many commits were added."""
    if folder.exists() and any(folder.iterdir()) and not _mark(folder):
        raise GitError(f"{folder}: is not empty and not an earlier export; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    _git(folder, "init", "--quiet")
    runs = tuple(reversed(history.last_runs(engine, 1_000_000)))
    tip = _tip(folder, runs) if _mark(folder) == _choice(within) else None
    _git(folder, "config", MARK, _choice(within))
    waiting = [run for run in runs if tip is None or (run.seq or 0) > (tip.seq or 0)]
    if waiting:
        _import(folder, _stream(engine, tip, waiting, within, tell))
    if runs:
        _git(folder, "symbolic-ref", "HEAD", BRANCH)
        _git(folder, "reset", "--quiet", "--hard")
    return len(waiting)


def path_of(item: ConfigurationItem) -> str:
    """Where a resource's file is: account, type, region and name, each fit for every file system."""
    type = item.type.replace("AWS::", "").replace("::", "-").strip(":-") or "Account"
    said = item.id.split(":", 5)[-1] if item.id.startswith("arn:") else item.id
    name = quote(_PREFIX.sub("", said), safe="@+=,.-")
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME]}~{hashlib.sha256(item.id.encode()).hexdigest()[:8]}"
    return f"{item.account}/{type}/{item.region}/{name}.json"


def _import(folder: Path, stream: Iterator[bytes]) -> None:
    command = [*GIT, "-C", str(folder), "fast-import", "--quiet", "--force"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603 - no shell, no foreign word
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # git has given up, and says why
        for chunk in stream:
            process.stdin.write(chunk)
    _, said = process.communicate()
    if process.returncode:
        raise GitError(f"git fast-import failed: {said.decode(errors='replace').strip()[:300]}")


def _stream(
    engine: history.Engine, tip: Run | None, runs: list[Run], within: history.Within, tell: Callable[[str], None]
) -> Iterator[bytes]:
    """What fast-import reads: a commit for each run, upon the earlier export's last one if there is one."""
    previous = tip if tip and not history.emptied_at(engine, tip) else None
    for place, run in enumerate(runs):
        purged = history.emptied_at(engine, run)
        seconds = int(run.as_of.timestamp())
        message = _message(run, history.changes(engine, run=run, within=within), purged)
        yield f"commit {BRANCH}\ncommitter {AUTHOR} {seconds} +0000\n".encode()
        yield b"data %d\n%s\n" % (len(message), message)
        if place == 0 and tip:
            yield f"from {BRANCH}^0\n".encode()
        if previous is None:
            yield b"deleteall\n"
        if purged is None:
            yield from _files(engine, previous, run, within)
        yield b"\n"
        tell(f"run {run.seq} of {run.as_of:%Y-%m-%d}" + (f", purged on {purged:%Y-%m-%d}: no files" if purged else ""))
        previous = run if purged is None else None


def _files(engine: history.Engine, previous: Run | None, run: Run, within: history.Within) -> Iterator[bytes]:
    for before, after in _differences(engine, previous, run, within):
        if before is not None and (after is None or path_of(after) != path_of(before)):
            yield f'D "{path_of(before)}"\n'.encode()
        if after is not None:
            data = _document(after)
            yield f'M 100644 inline "{path_of(after)}"\n'.encode() + b"data %d\n%s\n" % (len(data), data)


def _message(run: Run, changes: tuple[Change, ...], purged: datetime | None = None) -> bytes:
    """What the commit says: the run, and its changes in words, the worse first. Who made them may be found out later.

    Of a run that a purge emptied only the head is left: it has no files, and how many changes it had is not known.
    """
    what = f"purged on {purged:%Y-%m-%d}, only its head is left" if purged else _counted(len(changes))
    lines = [f"Run {run.seq} of {run.as_of:%Y-%m-%d %H:%M} UTC: {what}", ""]
    lines += [
        f"{one.direction.value} {one.kind.value} {one.arn or one.resource} ({one.account}): {one.summary}"
        for one in sorted(changes, key=rank)[:TOLD]
    ]
    if len(changes) > TOLD:
        lines.append(f"and {len(changes) - TOLD} more")
    lines += ["" if changes or purged else "No changes.", f"Run-Id: {run.id}", f"Chain: {run.chain}"]
    return "".join(f"{_one_line(text)}\n" for text in lines).encode()


def _counted(number: int) -> str:
    return f"{number} change{'' if number == 1 else 's'}"


def _differences(
    engine: history.Engine, previous: Run | None, run: Run, within: history.Within
) -> Iterator[tuple[ConfigurationItem | None, ConfigurationItem | None]]:
    if previous is not None:
        for before, after in history.pairs(engine, previous, run, within):
            yield before, after or _still(engine, run, before)
        return
    for item in history.shared(engine, run, NAMED, within):  # also what only other accounts could show
        yield None, item
    for snapshot in history.snapshots(engine, run, within):
        for item in snapshot.items:
            yield None, item


def _still(engine: history.Engine, run: Run, item: ConfigurationItem | None) -> ConfigurationItem | None:
    """The same file's resource in other eyes: a key that one account names no more, its owner may still have."""
    found = history.find(engine, run, item.type, item.arn or item.id) if item else None
    return found if item and found and path_of(found) == path_of(item) else None


def _document(item: ConfigurationItem) -> bytes:
    document = {
        "arn": item.arn,
        "type": item.type,
        "configuration": item.configuration,
        "unread": {part: str(why) for part, why in item.unread.items() if part != EVERY_PART},
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True, default=str).encode() + b"\n"


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _choice(within: history.Within) -> str:
    """What is exported, in one word for the repository's configuration."""
    accounts = ",".join(sorted(within.accounts or ()))
    return f"accounts={accounts};ou={within.ou}"


def _mark(folder: Path) -> str:
    """What an earlier export into this folder was of; empty if there was none."""
    if not (folder / ".git").is_dir():
        return ""
    asked = [*GIT, "-C", str(folder), "config", "--local", MARK]
    return subprocess.run(asked, capture_output=True, check=False).stdout.decode(errors="replace").strip()  # noqa: S603 - as above


def _tip(folder: Path, runs: tuple[Run, ...]) -> Run | None:
    """The run that an earlier export ended with, if the branch still ends with it and it has the same head."""
    asked = [*GIT, "-C", str(folder), "log", "-1", "--format=%B", BRANCH]
    said = subprocess.run(asked, capture_output=True, check=False).stdout.decode(errors="replace")  # noqa: S603 - as above
    return next((run for run in runs if f"Run-Id: {run.id}\nChain: {run.chain}\n" in said), None)


def _git(folder: Path, *words: str) -> None:
    try:
        subprocess.run([*GIT, "-C", str(folder), *words], check=True, capture_output=True)  # noqa: S603 - as above
    except FileNotFoundError:
        raise GitError("git is not installed: sudo apt-get install -y git") from None
    except subprocess.CalledProcessError as error:
        raise GitError(f"git {words[0]} failed: {error.stderr.decode(errors='replace').strip()[:300]}") from None
