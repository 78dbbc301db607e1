"""The whole report as plain data: what HTML, PDF, mail, CSV and JSON are rendered from, computed once.

`build` asks a `Source` a fixed number of questions, whatever the size of the organization; lists are capped here, and each
carries its total so that every rendering can say what it leaves out.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reporter.report.attention import Attention, attention
from reporter.report.changes import Drift, drift
from reporter.report.controls import AccountMap, FrameworkSection, account_map, control_results, framework_sections
from reporter.report.coverage import Coverage, coverage
from reporter.report.edition import Edition
from reporter.report.facts import AccountRef, Facts, Options, gather, refer
from reporter.report.findings import FindingsSection, WaiversSection, findings_section, waivers_section
from reporter.report.masking import masked
from reporter.report.method import Method, method
from reporter.report.overview import Cover, Verdict, cover, verdict
from reporter.report.posture import Posture, posture
from reporter.report.source import Integrity, Scope, Source
from reporter.report.unassessed import Unassessed, unassessed

__all__ = ["Content", "Options", "build"]


@dataclass(frozen=True, slots=True)
class Content:
    """A report of one edition, in the order it is read. `accounts` explains every account id in it."""

    edition: Edition
    scope: Scope
    first: bool  # nothing to compare with: this report establishes the baseline
    quiet: bool  # nothing changed, and that is the news
    cover: Cover
    verdict: Verdict
    attention: Attention
    posture: Posture
    coverage: Coverage
    frameworks: tuple[FrameworkSection, ...]
    map: AccountMap | None
    drift: Drift
    findings: FindingsSection
    waivers: WaiversSection
    unassessed: Unassessed
    integrity: Integrity | None
    method: Method
    accounts: Mapping[str, AccountRef]
    controls_in_full: int = 80  # with more controls than this in all, their tables are kept short


def build(source: Source, edition: Edition, options: Options) -> Content:
    """Ask the source and lay out the report; an edition with a narrower scope holds nothing from outside it."""
    facts = gather(source, edition, options)
    gaps = tuple(source.gaps(facts.scope))
    covered = coverage(facts, gaps)
    results = control_results(source, facts)
    changes = drift(source, facts)
    findings = findings_section(source, facts)
    standing = posture(source, facts)
    content = Content(
        edition=edition,
        scope=facts.scope,
        first=facts.first,
        quiet=not facts.first and changes.quiet,
        cover=cover(facts, covered),
        verdict=verdict(facts, standing, changes, covered),
        attention=attention(source, facts, changes, findings),
        posture=standing,
        coverage=covered,
        frameworks=framework_sections(facts, results),
        map=account_map(source, facts),
        drift=changes,
        findings=findings,
        waivers=waivers_section(source, facts, (line for group in changes.groups for line in group.lines.rows)),
        unassessed=unassessed(source, facts, results, gaps),
        integrity=source.integrity(facts.scope),
        method=method(facts),
        accounts=_mentioned(facts, _ids(changes, findings, covered, standing)),
        controls_in_full=facts.options.controls_in_full,
    )
    return masked(source, facts, content)


def _mentioned(facts: Facts, ids: Iterable[str]) -> Mapping[str, AccountRef]:
    """References for the accounts the body names, so that ten thousand others are not carried along."""
    wanted = set(ids)
    if facts.edition.kind == "account":
        wanted.update(row.account.id for row in facts.accounts)
    known = {row.account.id: row for row in facts.accounts if row.account.id in wanted}
    tags = facts.options.owner_tags
    # an account that has left the organization still has changes, but no row
    return {a: refer(known[a], tags) if a in known else AccountRef(a) for a in sorted(wanted)}


def _ids(changes: Drift, findings: FindingsSection, covered: Coverage, standing: Posture) -> Iterator[str]:
    yield from (line.change.account for group in changes.groups for line in group.lines.rows)
    yield from (line.finding.account for group in findings.groups for line in group.lines.rows)
    yield from (row.account.id for row in covered.incomplete.rows)
    yield from (line.account for line in standing.ended.lines)
