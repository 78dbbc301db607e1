"""How findings are shown on a terminal and as JSON: the gravest first, those of one check together, what was unread folded."""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from reporter.cli.asking import Asked, Row, Wanted
from reporter.cli.console import aside, command, line, plain
from reporter.cli.filters import counted
from reporter.documents.canonical import plain as as_data
from reporter.model import Finding, ReadStatus, Status

SIGNS = {Status.PASS: "✓", Status.FAIL: "✗", Status.INSUFFICIENT_DATA: "?", Status.NOT_APPLICABLE: "–"}
STYLES = {"critical": "bold red", "high": "red", "medium": "yellow"}
TONES = {Status.INSUFFICIENT_DATA: "magenta", Status.PASS: "green"}
ANSWERS = {
    Status.FAIL: "fail", Status.INSUFFICIENT_DATA: "could not be judged", Status.PASS: "pass",
    Status.NOT_APPLICABLE: "not applicable",
}  # fmt: skip
ALIKE = 3  # findings of one check that are shown before the rest is counted
UNLISTED = " was not listed completely: "
VALUE_SHOWN = 300  # characters of a value of the evidence
NAMES = ("check", "account", "region", "type", "resource", "arn", "status", "severity", "reason", "fix")


@dataclass(slots=True)
class Group:
    """The findings of one check and status: the first ones, and how many there are."""

    shown: list[Row] = field(default_factory=list)
    count: int = 0
    new: int = 0
    waived: int = 0
    accounts: set[str] = field(default_factory=set)

    def add(self, row: Row, most: int) -> None:
        """Count one; keep it if there is room."""
        self.count += 1
        self.new += row.state in ("new", "reopened")
        self.waived += bool(row.waiver)
        self.accounts.add(row.finding.account)
        if not most or len(self.shown) < most:
            self.shown.append(row)


@dataclass(slots=True)
class Sheet:
    """A list of findings while it is put in order for reading."""

    asked: Asked
    everything: bool = False  # fold nothing
    evidence: bool = False
    groups: dict[tuple[str, str, str], Group] = field(default_factory=lambda: defaultdict(Group))
    unread: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def print(self, rows: Iterable[Row]) -> None:
        """All of it, with what it rests on below."""
        from reporter.assess.evaluate import CHECKS

        unreachable = self._unreachable()
        for row in rows:
            self._sort_in(row, unreachable)
        for (status, severity, check), group in self.groups.items():
            title = CHECKS[check].title if check in CHECKS else "no longer asked"
            self._print_group(Status(status), severity, f"{check}  {title}", group)
        for (account, why), number in self.unread.items():
            line(f"? {counted(number, 'answer')} missing in {self._account(account)}", "magenta")
            line(f"      {plain(why)}")
        self._foot()

    def _sort_in(self, row: Row, unreachable: Mapping[str, str]) -> None:
        one = row.finding
        if one.status is Status.INSUFFICIENT_DATA and not self.everything:
            why = unreachable.get(one.account) or (one.reason.partition(UNLISTED)[2] if one.resource == "*" else "")
            if why:
                self.unread[one.account, why] += 1
                return
        group = self.groups[one.status.value, one.severity, one.check]
        group.add(row, 0 if self.everything else ALIKE)

    def _unreachable(self) -> dict[str, str]:
        from reporter import history

        found = history.readings(self.asked.opened.engine, self.asked.run)
        return {one.account.id: one.reason for one in found if one.status is ReadStatus.UNREACHABLE}

    def _print_group(self, status: Status, severity: str, title: str, group: Group) -> None:
        style = STYLES.get(severity, "") if status is Status.FAIL else TONES.get(status, "")
        line(f"{SIGNS[status]} {severity:<8}  {title}", style)
        for row in group.shown:
            self._print_row(row)
        if (more := group.count - len(group.shown)) > 0:
            new = f", {group.new} of all new" if group.new else ""
            waived = f", {group.waived} waived" if group.waived else ""
            where = counted(len(group.accounts), "account")
            check = group.shown[0].finding.check
            line(
                f"      and {more} more, {group.count} in {where}{new}{waived}: {command(f'findings --check {check} --all')}"
            )

    def _print_row(self, row: Row) -> None:
        one = row.finding
        name = plain(one.arn or one.resource) if one.resource != "*" else one.type
        line(f"      {name}  in {self._account(one.account)} {one.region}{self._dated(row)}".rstrip())
        if one.reason:
            line(f"        {plain(one.reason)}")
        if self.evidence:
            self._print_evidence(row)

    def _print_evidence(self, row: Row) -> None:
        for one in row.finding.evidence:
            value = json.dumps(as_data(one.value), ensure_ascii=False, default=str)
            shown = value if len(value) <= VALUE_SHOWN else f"{value[: VALUE_SHOWN - 1]}…"
            by = f"  ({one.operation})" if one.operation else ""
            line(f"        · {plain(one.id)} {one.key} = {plain(shown)}{by}", "dim")
        for step in filter(
            None, row.finding.fix.split("\n")
        ):  # splitlines would also split at signs that a name may hold
            line(f"        {plain(step)}", "dim") if step.startswith("#") else line(f"        $ {plain(step)}")

    def _dated(self, row: Row) -> str:
        since = f"  {row.state} since {row.since:%Y-%m-%d}" if row.since else ""
        since = since.replace("persisting ", "")
        if not row.waiver:
            return since
        waiver = self.asked.waivers.get(row.waiver)
        until = f" until {waiver.expires_on} ({plain(waiver.owner)}: {plain(waiver.reason)})" if waiver else ""
        return f"{since}  waived by {row.waiver}{until}"

    def _account(self, id: str) -> str:
        account = self.asked.accounts.get(id)
        return f"{plain(account.name)} ({id})" if account and account.name else id

    def _foot(self) -> None:
        """What the list rests on: how many, how much was looked at, waivers to be seen to."""
        counts: Counter[Status] = Counter()
        for (status, _, _), group in self.groups.items():
            counts[Status(status)] += group.count
        counts[Status.INSUFFICIENT_DATA] += sum(self.unread.values())
        waived = sum(group.waived for group in self.groups.values())
        line(f"{found_words(counts, waived)}. {coverage_words(self.asked)}")
        for text in waiver_words(self.asked.review):
            line(text, "yellow")
        notes(self.asked)


def found_words(counts: Mapping[Status, int], waived: int) -> str:
    """How many findings there are of each status: what could not be judged is none that fails."""
    told = [f"{number} {ANSWERS[status]}" for status in ANSWERS if (number := counts.get(status, 0))]
    if waived:
        told.append(f"{waived} waived")
    return counted(sum(counts.values()), "finding") + (f": {', '.join(told)}" if told else "")


def coverage_words(asked: Asked) -> str:
    """How many accounts an answer rests on, in the report's words; those that were left out by name."""
    from reporter import history
    from reporter.report import words

    c = asked.coverage
    rest = list(words.fared(partial=c.partial, unreachable=c.unreachable))
    if c.excluded:
        found = history.readings(asked.opened.engine, asked.run)
        names = [one.account.name or one.account.id for one in found if one.status is ReadStatus.EXCLUDED]
        more = f" and {len(names) - ALIKE} more" if len(names) > ALIKE else ""
        rest.append(f"{c.excluded} left out ({plain(', '.join(sorted(names)[:ALIKE]))}{more})")
    return f"Coverage: {words.coverage(c.read, c.total, rest)}."


def waiver_words(review: Any) -> Iterable[str]:
    """The waivers that ended or that nothing needs; one line each."""
    for one in review.expired:
        yield f"waiver {one.id} ended on {one.expires_on}, what it covered fails again: {_waiver(one)}"
    for one in review.unused:
        yield f"waiver {one.id} matches nothing that fails: {_waiver(one)}"
    for one in review.expiring:
        yield f"waiver {one.id} ends on {one.expires_on}: {_waiver(one)}"


def _waiver(one: Any) -> str:
    where = [f"{name} {plain(value)}" for name in ("account", "ou", "resource") if (value := getattr(one, name)) != "*"]
    tags = [f"tag {plain(key)}={plain(value)}" for key, value in one.tags.items()]
    return f"{one.check} on {', '.join((*where, *tags)) or 'everything'}, owner {plain(one.owner)}"


def notes(asked: Asked) -> None:
    """What must be said beside the answer, on standard error: it is no part of the data."""
    for note in asked.notes:
        aside(f"reporter: {note}")


def emit_findings(asked: Asked, rows: Iterable[Row], wanted: Wanted) -> None:
    """One JSON document, written as the rows come: a list of any length costs no memory."""
    review = asked.review
    head = {
        "schema": "reporter/findings/1",
        "run": {"seq": asked.run.seq, "id": asked.run.id, "as_of": asked.run.as_of, "chain": asked.run.chain},
        "coverage": asdict(asked.coverage),
        "statuses": [status.value for status in wanted.statuses],
        "waivers": {name: [one.id for one in getattr(review, name)] for name in ("expired", "expiring", "unused")},
    }
    emit_stream(head, "findings", map(document, rows))
    notes(asked)


def emit_stream(head: Mapping[str, Any], name: str, rows: Iterable[Mapping[str, Any]], **foot: Any) -> None:
    """A JSON object whose list under `name` is written as it comes; `foot` is asked when it has ended."""
    write = sys.stdout.write
    write("{\n")
    for key, value in head.items():
        write(f" {json.dumps(key)}: {_json(value)},\n")
    write(f" {json.dumps(name)}: [")
    between = "\n"
    for row in rows:
        write(f"{between}  {_json(row)}")
        between = ",\n"
    write("\n ]")
    for key, value in foot.items():
        write(f",\n {json.dumps(key)}: {_json(value() if callable(value) else value)}")
    write("\n}\n")


def document(row: Row) -> dict[str, Any]:
    """A finding as data."""
    one = row.finding
    evidence = [{name: getattr(e, name) for name in e.__dataclass_fields__} for e in one.evidence]
    return {
        **{name: getattr(one, name) for name in NAMES},
        **_code(one),
        "evidence": evidence,
        "since": row.since,
        "state": row.state or None,
        "waiver": row.waiver or None,
    }


def _code(finding: Finding) -> dict[str, str]:
    """The remedy as Terraform and CloudFormation, where the check has one."""
    from reporter.assess.evaluate import CHECKS
    from reporter.assess.remediation import filled

    check = CHECKS.get(finding.check)
    if check is None or finding.status is not Status.FAIL:
        return {}
    code = check.as_code(finding.fix)
    fragments = {"terraform": code.terraform, "cloudformation": code.cloudformation}
    return {name: filled(text, finding, check.acts_on) for name, text in fragments.items() if text}


def _json(value: Any) -> str:
    return json.dumps(as_data(value), ensure_ascii=False, sort_keys=True, default=str)
