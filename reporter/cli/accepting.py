"""What waivers do to what was found: which failing findings a new one covers, and which are covered as of today."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from reporter.cli.asking import Asked, Row, Wanted
from reporter.cli.console import USAGE, Refusal, now
from reporter.cli.filters import Opened, counted
from reporter.model import Status, Waiver

ACCOUNT = re.compile(r"[0-9]{12}|[0-9*?]*[*?][0-9*?]*")  # twelve digits, or a pattern of digits


def refuse_unfit(resource: str, account: str, ou: str) -> None:
    """Refuse a waiver that says nowhere, or names what can be no account."""
    if (resource, account, ou) == ("*", "*", "*"):
        raise Refusal("a waiver must say where: --resource, --account or --ou", USAGE)
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
    found = sum(covers(waiver, one, asked.accounts[one.account], None) for one in failing)
    if found:
        verb = "matches" if found == 1 else "match"
        return f"it counts from the next run on; {counted(found, 'finding')} of the last run {verb}", True
    return "it counts from the next run on; NO failing finding of the last run matches: look at its words again", False


class Accepted:
    """The waivers in force today, whatever was in force at the run that is asked."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def covers(self, row: Row) -> bool:
        """Whether somebody accepts a finding today. Its tags are asked of the run: a waiver by tag counts as it did then."""
        from reporter.assess.waivers import match

        if row.waiver in self._ids:
            return True
        account = self._asked.accounts[row.finding.account]
        return match(self._waivers, row.finding, account, None, now().date()) is not None

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
