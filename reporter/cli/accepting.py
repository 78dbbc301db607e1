"""What waivers do to what was found: which failing findings a new one covers, and which are covered as of today."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from reporter.cli.asking import Asked, Row, Wanted
from reporter.cli.console import USAGE, Refusal, now
from reporter.cli.filters import Opened, counted
from reporter.model import Finding, Status, Waiver

ACCOUNT = re.compile(r"[0-9]{12}|[0-9*?]*[*?][0-9*?]*")  # twelve digits, or a pattern of digits


def tags(pairs: Iterable[str]) -> dict[str, str]:
    """KEY=VALUE as it is typed; a value may hold a further =."""
    found = dict(pair.partition("=")[::2] for pair in pairs)
    if wrong := next((pair for pair in pairs if "=" not in pair or not pair.partition("=")[0]), None):
        raise Refusal(f"--tag {wrong}: write KEY=VALUE, such as 'Stage=dev*'", USAGE)
    return found


def selected(waiver: Waiver) -> str:
    """What a waiver speaks of."""
    tagged = "".join(f", tag {key}={value}" for key, value in sorted(waiver.tags.items()))
    return f"{waiver.check} on {waiver.resource} in account {waiver.account}, OU {waiver.ou}{tagged}"


def refuse_unfit(resource: str, account: str, ou: str, tags: Mapping[str, str]) -> None:
    """Refuse a waiver that says nowhere, or names what can be no account."""
    if (resource, account, ou) == ("*", "*", "*") and not tags:
        raise Refusal("a waiver must say where: --resource, --account, --ou or --tag", USAGE)
    if not ACCOUNT.fullmatch(account):
        raise Refusal(f"--account {account}: no account id is like that; give its 12 digits", USAGE)


def effect(opened: Opened, waiver: Waiver) -> tuple[str, bool]:
    """What a new waiver will do, in a sentence, and whether it does anything to what the last run found."""
    from reporter import history
    from reporter.assess.waivers import covers

    if not history.last_runs(opened.engine, 1):
        return "it counts from the first run on", True
    asked = Asked(opened, history.run_of(opened.engine, "last"))
    failing = (row.finding for row in asked.rows(Wanted(history.Within(), (Status.FAIL,))))
    found = sum(covers(waiver, one, asked.accounts[one.account], _tags(asked, one, (waiver,))) for one in failing)
    if found:
        verb = "matches" if found == 1 else "match"
        return f"it counts from the next run on; {counted(found, 'finding')} of the last run {verb}", True
    return "it counts from the next run on; NO failing finding of the last run matches: look at its words again", False


def _tags(asked: Asked, finding: Finding, waivers: Iterable[Waiver]) -> Mapping[str, str] | None:
    """The resource's tags as the run read them; asked for only where a waiver about the check speaks of tags."""
    from reporter import history
    from reporter.run.judging import tags_of

    if not any(one.tags and fnmatchcase(finding.check, one.check) for one in waivers):
        return None
    item = history.find(asked.opened.engine, asked.run, finding.type, finding.arn or finding.resource)
    return None if item is None else tags_of(item)


class Accepted:
    """The waivers in force today, whatever was in force at the run that is asked."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def covers(self, row: Row) -> bool:
        """Whether somebody accepts a finding today, by the tags that its resource had at the run."""
        from reporter.assess.waivers import match

        if row.waiver in self._ids:
            return True
        account = self._asked.accounts[row.finding.account]
        tags = _tags(self._asked, row.finding, self._waivers.items)
        return match(self._waivers, row.finding, account, tags, now().date()) is not None

    @cached_property
    def _waivers(self) -> Any:
        from reporter.cli.narrowing import told_of_files
        from reporter.run.wiring import judgement, with_stored

        with told_of_files():
            return with_stored(judgement(self._asked.opened.settings), self._asked.opened.engine, now()).waivers

    @cached_property
    def _ids(self) -> Mapping[str, Waiver]:
        from reporter.assess.waivers import is_in_force

        return {one.id: one for one in self._waivers.items if is_in_force(one, now().date())}
