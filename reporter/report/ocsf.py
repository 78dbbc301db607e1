"""Findings as OCSF events, class 2003 (Compliance Finding), schema 1.6.0, profile `cloud`: one JSON object a line."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from reporter.model import Framework, Severity, Status
from reporter.report.content import Content
from reporter.report.exhibits import exhibits, explained
from reporter.report.export import DataFile
from reporter.report.masking import blanking, found_outside, is_narrow
from reporter.report.source import AccountRow, CheckText, EndedRow, FindingRow, Source
from reporter.report.tables import STORED
from reporter.report.texts import mapped, texts

VERSION = "1.6.0"
CLASS = 2003
SEVERITY: dict[Severity, int] = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
COMPLIANCE = {Status.PASS: (1, "Pass"), Status.FAIL: (3, "Fail"), Status.INSUFFICIENT_DATA: (0, "Unknown")}
OTHER = 99
CREATE, UPDATE, CLOSE = 1, 2, 3


def ocsf_files(source: Source, content: Content) -> tuple[DataFile, ...]:
    """Every finding of the edition that does not pass, and the end of those that did not, for a SIEM or a data lake."""
    return (
        _file("findings", "Findings as OCSF 2003 events", events(source, content)),
        _file("ended", "Findings that ended, as OCSF 2003 events that close them", closing_events(source, content)),
    )


def _file(name: str, holds: str, written: Iterable[Mapping[str, Any]]) -> DataFile:
    lines = [json.dumps(event, ensure_ascii=True, sort_keys=True) for event in written]
    data = "".join(f"{line}\n" for line in lines).encode()
    return DataFile(f"{name}.ocsf.jsonl", "application/x-ndjson", data, holds, len(lines))


@dataclass(frozen=True, slots=True)
class About:
    """What every event repeats: the run, the organization, the checks and who asks for them."""

    as_of: datetime
    run: str
    tool_version: str
    organization: str
    checks: Mapping[str, CheckText]
    frameworks: Sequence[Framework]
    accounts: Mapping[str, AccountRow]


def events(source: Source, content: Content) -> Iterator[dict[str, Any]]:
    """The events, most severe failures first; names from outside a narrow edition are blanked."""
    change = _blank(source, content, _rows(source, content))
    rows = _rows(source, content)
    yield from findings_ocsf(
        (mapped(row, change, (CheckText,)) if change else row for row in rows), _about(source, content)
    )


def closing_events(source: Source, content: Content) -> Iterator[dict[str, Any]]:
    """One event for each finding that failed at the previous run and is fixed or gone; names are blanked likewise."""
    change = _blank(source, content, _closed(source, content))
    rows = _closed(source, content)
    yield from closed_ocsf(
        (mapped(row, change, (CheckText,)) if change else row for row in rows), _about(source, content)
    )


def _blank(source: Source, content: Content, rows: Iterable[Any]) -> Callable[[str], str] | None:
    if not is_narrow(content.scope):
        return None
    outside = found_outside(source, content.scope, (text for row in rows for text in texts(row)))
    return blanking(outside) if outside else None


def _about(source: Source, content: Content) -> About:
    cover = content.cover
    return About(
        as_of=cover.as_of,
        run=cover.run,
        tool_version=cover.tool_version,
        organization=cover.organization,
        checks=source.checks(),
        frameworks=_reported(content),
        accounts={row.account.id: row for row in source.accounts(content.scope)},
    )


def findings_ocsf(rows: Iterable[FindingRow], about: About) -> Iterator[dict[str, Any]]:
    """One event for each finding, of whatever status, in the order given."""
    controls = _controls(about)
    for row in rows:
        yield _event(about, row, controls)


def closed_ocsf(rows: Iterable[EndedRow], about: About) -> Iterator[dict[str, Any]]:
    """One event that closes each finding which failed at the previous run: seen to pass now, or gone."""
    controls = _controls(about)
    for row in rows:
        status = Status.PASS if row.became == "fixed" else Status.NOT_APPLICABLE
        now = replace(row.finding, status=status, reason=row.because, evidence=())
        event = _event(about, FindingRow(now, row.failing_since), controls)
        event["finding_info"]["first_seen_time"] = _milliseconds(row.failing_since)
        event["unmapped"] = {"became": row.became, "because": row.because}
        yield event | _activity(CLOSE) | {"status_id": 4, "status": "Resolved"}


def _controls(about: About) -> dict[str, list[tuple[str, str]]]:
    """Of each check the (standard, control) that ask for it."""
    controls: dict[str, list[tuple[str, str]]] = {}
    for framework in about.frameworks:
        standard = f"{framework.title} {framework.version}".strip()
        for control in framework.controls:
            for use in control.checks:
                controls.setdefault(use.check, []).append((standard, control.id))
    return controls


def _reported(content: Content) -> list[Framework]:
    """The frameworks of an edition, with the controls it speaks of."""
    return [
        Framework(f"{f.title} {f.version}", f.title, f.version, "", tuple(line.control for line in f.lines))
        for f in content.frameworks
    ]


def _rows(source: Source, content: Content) -> Iterator[FindingRow]:
    for status in (Status.FAIL, Status.INSUFFICIENT_DATA, Status.NOT_APPLICABLE):
        yield from source.findings(content.scope, status)


def _closed(source: Source, content: Content) -> Iterator[EndedRow]:
    """What is lost sight of is not closed: it is among the rows, without an answer."""
    return (row for row in source.ended(content.scope) if row.became != "lost_sight")


def _activity(activity: int) -> dict[str, Any]:
    return {"activity_id": activity, "type_uid": CLASS * 100 + activity}


def _event(about: About, row: FindingRow, controls: Mapping[str, list[tuple[str, str]]]) -> dict[str, Any]:
    finding = row.finding
    check = about.checks.get(finding.check) or CheckText(finding.check, finding.check)
    activity = UPDATE if row.state == "persisting" else CREATE
    state = (3, "Suppressed") if row.waiver else (1, "New") if activity == CREATE else (OTHER, "Persisting")
    return {
        **_activity(activity),
        "category_uid": 2,
        "class_uid": CLASS,
        "time": _milliseconds(about.as_of),
        "severity_id": SEVERITY[finding.severity],
        "status_id": state[0],
        "status": state[1],
        "message": check.title,
        "metadata": {
            "version": VERSION,
            "profiles": ["cloud"],
            "uid": _uid(f"{about.run} {json.dumps(finding.key)}"),
            "correlation_uid": about.run,
            "product": {"name": "reporter", "vendor_name": "reporter", "version": about.tool_version},
        },
        "finding_info": _info(about, row, check),
        "compliance": _compliance(finding.status, explained(finding.reason), check, controls.get(check.id, [])),
        "resources": [
            {
                "uid": finding.arn or finding.resource,
                "name": finding.resource,
                "type": finding.type,
                "region": finding.region,
            }
        ],
        "cloud": _cloud(about, finding.account, finding.region, about.accounts.get(finding.account)),
        "remediation": {"desc": finding.fix or check.fix or "See the report."},
        "unmapped": _unmapped(row),
    }


def _unmapped(row: FindingRow) -> dict[str, Any]:
    """What the class has no field for: every value that was read, and since when the answer has this evidence."""
    since = {"evidence_since": row.evidence_since.isoformat()} if row.evidence_since else {}
    return {"evidence": json.loads(json.dumps(exhibits(row.finding), default=str))} | since


def _info(about: About, row: FindingRow, check: CheckText) -> dict[str, Any]:
    """What stays the same of a finding from run to run, and since when it is seen."""
    told: dict[str, Any] = {
        "uid": _uid(json.dumps(row.finding.key)),
        "title": check.title,
        "desc": check.why or check.title,
        "last_seen_time": _milliseconds(about.as_of),
        "types": ["Compliance"],
    }
    stored = row.finding.status in STORED  # since when something passes is not stored
    return told | ({"first_seen_time": _milliseconds(row.first_seen)} if stored else {})


def _compliance(status: Status, reason: str, check: CheckText, controls: list[tuple[str, str]]) -> dict[str, Any]:
    number, word = COMPLIANCE.get(status, (OTHER, "Not applicable"))
    told: dict[str, Any] = {
        "status_id": number,
        "status": word,
        "control": controls[0][1] if controls else check.id,
        "standards": sorted({standard for standard, _ in controls}) or ["reporter"],
        "requirements": [f"{standard} {control}" for standard, control in controls],
        "checks": [{"uid": check.id, "name": check.title, "status_id": number}],
    }
    return told | ({"status_details": [reason]} if reason else {})


def _cloud(about: About, account: str, region: str, row: AccountRow | None) -> dict[str, Any]:
    owner = {"uid": account, "type_id": 10, "type": "AWS Account"}
    if row:
        owner["name"] = row.account.name
    org = {"name": about.organization} | ({"ou_name": row.account.ou_path} if row else {})
    return {"provider": "AWS", "region": region, "account": owner, "org": org}


def _uid(name: str) -> str:
    """The same name, the same id: a finding keeps its own for good, an event is one finding in one run."""
    return str(uuid5(NAMESPACE_URL, f"reporter:{name}"))


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
