"""`reporter fix-plan`: the scripts, account by account."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from reporter.assess.remediation import acts_in, fix_plan
from reporter.cli.accepting import Accepted
from reporter.cli.asking import Asked, Wanted
from reporter.cli.console import Refusal, line, plain
from reporter.model import Finding


def write(directory: Path, asked: Asked, wanted: Wanted) -> None:
    """Write the scripts, and a word about those an earlier plan left there: they tell of a past state."""
    written = set()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for id, text in _scripts(asked, wanted):
            file = directory / f"fix-{id}.sh"
            file.write_text(text, encoding="utf-8")
            file.chmod(0o755)
            written.add(id)
            line(f"wrote {plain(file)}  {_summary(text)}")
    except OSError as error:
        raise Refusal(f"{plain(directory)}: cannot be written ({error.strerror})") from None
    for file in sorted(directory.glob("fix-*.sh")):
        if file.stem.removeprefix("fix-") not in written:
            line(f"left from an earlier plan, not of this one: {plain(file)}", "yellow")
    line(f"{len(written)} scripts. Read them first; each only prints what it would do until it is called with --apply.")


def _scripts(asked: Asked, wanted: Wanted) -> Iterator[tuple[str, str]]:
    """Each account's script, one account's findings in memory at a time; those that others' findings ask for come last."""
    accepted = Accepted(asked)
    elsewhere: dict[str, list[Finding]] = defaultdict(list)
    for id in sorted(asked.accounts):
        mine: list[Finding] = []
        for finding in _failing(asked, wanted, accepted, id):
            (mine if acts_in(finding) == id else elsewhere[acts_in(finding)]).append(finding)
        if mine and id not in elsewhere:
            yield id, fix_plan(mine)[id]
    for id, theirs in sorted(elsewhere.items()):
        yield id, fix_plan([*_own(asked, wanted, accepted, id), *theirs])[id]


def _failing(asked: Asked, wanted: Wanted, accepted: Accepted, account: str) -> Iterator[Finding]:
    """What fails in one account, if it is asked for, and nobody accepts today."""
    if wanted.scope.accounts is not None and account not in wanted.scope.accounts:
        return
    path = asked.accounts[account].ou_path
    if not f"{path}/".startswith(f"{wanted.scope.ou}/") and wanted.scope.ou:
        return
    scope = replace(wanted.scope, accounts=frozenset({account}), ou="")
    rows = asked.rows(replace(wanted, scope=scope))
    yield from (row.finding for row in rows if not accepted.covers(row))


def _own(asked: Asked, wanted: Wanted, accepted: Accepted, account: str) -> Iterator[Finding]:
    """What fails in an account and is mended in that same one; nothing of an account outside the organization."""
    if account in asked.accounts:
        yield from (finding for finding in _failing(asked, wanted, accepted, account) if acts_in(finding) == account)


def _summary(script: str) -> str:
    """The script's own heading says what it holds."""
    return next(part.partition(": ")[2] for part in script.splitlines() if part.startswith("# Fix plan"))
