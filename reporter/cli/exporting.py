"""Findings as CSV and OCSF, by the report's own writers: a table and an event look the same wherever they come from."""

import json
import sys
from collections.abc import Iterable, Iterator

from reporter import __version__
from reporter.cli.asking import Asked, Row
from reporter.cli.showing import notes
from reporter.report.export import findings_csv
from reporter.report.ocsf import About, findings_ocsf
from reporter.report.source import FindingRow, Scope


def export(asked: Asked, rows: Iterable[Row], *, ocsf: bool) -> None:
    """Write the findings on standard output as they come."""
    told = _told(asked, rows)
    if ocsf:
        for event in findings_ocsf(told, _about(asked)):
            sys.stdout.write(json.dumps(event, ensure_ascii=True, sort_keys=True) + "\n")
    else:
        findings_csv(told, sys.stdout.buffer)
    notes(asked)


def _told(asked: Asked, rows: Iterable[Row]) -> Iterator[FindingRow]:
    for row in rows:
        state = row.state if row.state in ("new", "reopened") else "persisting"
        yield FindingRow(
            row.finding, row.since or asked.run.as_of, state, asked.waivers.get(row.waiver),  # type: ignore[arg-type]
            evidence_since=row.evidence_since,
        )  # fmt: skip


def _about(asked: Asked) -> About:
    """What every event repeats: the run, the organization, the checks, who asks for them."""
    from reporter.report.facts import Options
    from reporter.run.source import HistorySource

    source = HistorySource(asked.opened.engine, asked.run, asked.judgement)
    return About(
        as_of=asked.run.as_of, run=asked.run.id, tool_version=asked.run.tool_version or __version__,
        organization=asked.opened.settings.report.organization_name or Options().organization,
        checks=source.checks(), frameworks=source.frameworks(),
        accounts={row.account.id: row for row in source.accounts(Scope())},
    )  # fmt: skip
