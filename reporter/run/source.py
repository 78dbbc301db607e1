"""What a report asks, answered by the history: one sealed run and the one before it behind `reporter.report.source.Source`."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import cast

from reporter import history
from reporter.assess import posture
from reporter.assess.evaluate import CHECKS
from reporter.model import (
    Change,
    ChangeClass,
    ChangeKind,
    Direction,
    Framework,
    Run,
    Severity,
    Status,
    Waiver,
)
from reporter.report import source as report
from reporter.report.source import Scope
from reporter.run.answers import rolled_up
from reporter.run.selecting import NOT_SELECTED
from reporter.run.wiring import Judgement

SHOWN_CLASSES = ("security", "operational")


class HistorySource:
    """One sealed run of a history, as a report may question it. What is asked again is remembered, by scope."""

    def __init__(self, engine: history.Engine, run: Run, judgement: Judgement) -> None:
        self._engine = engine
        self._run = run
        self._previous = history.previous_run(engine, run)
        self._judgement = judgement
        self._rollups: dict[Scope, posture.Rollup] = {}
        self._waivers: dict[str, Waiver] | None = None
        self._owned: tuple[tuple[str, str], ...] | None = None
        self._read = _read_by(engine, run)

    def run(self) -> Run:
        return self._run

    def previous(self) -> Run | None:
        return self._previous

    def checks(self) -> Mapping[str, report.CheckText]:
        return {
            check.id: report.CheckText(
                id=check.id,
                title=check.title,
                why=check.why,
                fix=check.fix,
                severity=check.severity,
                subject=check.subject,
                aka=check.aka,
            )
            for check in CHECKS.values()
        }

    def frameworks(self) -> Sequence[Framework]:
        return self._judgement.selected

    def accounts(self, scope: Scope) -> Iterator[report.AccountRow]:
        readings = history.readings(self._engine, self._run, _within(scope))
        for one in sorted(readings, key=lambda r: (r.account.ou_path, r.account.name, r.account.id)):
            yield report.AccountRow(
                account=one.account,
                status=one.status,
                reason=one.reason,
                observed_at=one.observed_at,
                last_read_at=one.last_read_at,
                since=one.since,
                regions_enabled=one.regions_enabled,
                regions_read=one.regions_read,
                resources=one.resources,
                gaps=one.gaps,
                calls=one.calls,
                denied=one.denied,
                unasked=one.unasked,
                read_by=one.read_by,
            )

    def tallies(self, scope: Scope) -> Sequence[report.Tally]:
        return [
            report.Tally(
                check=t.check,
                severity=t.severity,
                passed=t.passed,
                failed=t.failed,
                waived=t.waived,
                not_applicable=t.not_applicable,
                insufficient=t.insufficient,
                accounts_failing=t.accounts_failing,
            )
            for t in history.tallies(self._engine, self._run, self._within(scope))
        ]

    def account_totals(self, scope: Scope) -> Iterator[report.AccountTotal]:
        for account, tallies in history.account_tallies(self._engine, self._run, self._within(scope)):
            failing: Counter[Severity] = Counter()
            unknown: Counter[Severity] = Counter()
            for one in tallies:
                failing[one.severity] += one.failed - one.waived
                unknown[one.severity] += one.insufficient
            yield report.AccountTotal(
                account=account,
                passed=sum(t.passed for t in tallies),
                failed=sum(t.failed for t in tallies),
                waived=sum(t.waived for t in tallies),
                not_applicable=sum(t.not_applicable for t in tallies),
                insufficient=sum(t.insufficient for t in tallies),
                failing=+failing,
                unknown=+unknown,
            )

    def account_tallies(self, scope: Scope, accounts: Collection[str]) -> Iterator[report.AccountTally]:
        narrowed = Scope(frozenset(accounts), "", scope.checks)
        for account, tallies in history.account_tallies(self._engine, self._run, self._within(narrowed)):
            for t in tallies:
                yield report.AccountTally(
                    account, t.check, t.passed, t.failed, t.waived, t.not_applicable, t.insufficient
                )

    def controls(self, framework: str, scope: Scope) -> Sequence[report.ControlResult]:
        everywhere = Scope(scope.accounts, scope.ou, None)  # a control is answered by all of its checks
        if everywhere not in self._rollups:
            self._rollups[everywhere] = rolled_up(self._engine, self._run, self._judgement, self._within(everywhere))
        result = self._rollups[everywhere].result(framework)
        return [
            report.ControlResult(
                framework=c.framework,
                control=c.control,
                status=c.status,
                reason=c.reason,
                passed=c.passed,
                failed=c.failed,
                waived=c.waived,
                not_applicable=c.not_applicable,
                insufficient=c.insufficient,
                accounts_failing=c.accounts_failing,
                accounts_assessed=c.accounts_assessed,
                accounts_passing=c.accounts_passing,
                accounts_total=c.accounts_total,
                attestation=c.attestation,
            )
            for c in result.controls
        ]

    def findings(
        self, scope: Scope, status: Status = Status.FAIL, limit: int | None = None
    ) -> Iterator[report.FindingRow]:
        records = history.findings(
            self._engine, self._run, self._within(scope), status=status, limit=limit, previous=self._previous
        )
        for one in records:
            yield report.FindingRow(
                finding=one.finding,
                first_seen=one.failing_since or one.since,
                state=one.state,
                evidence_since=one.evidence_since,
                waiver=self._waiver(one.waiver_id) if one.waiver_id else None,
            )

    def movement(self, scope: Scope) -> report.Movement:
        if self._previous is None:
            return report.Movement(persisting=sum(t.failed for t in self.tallies(scope)))
        moved = history.movement(self._engine, self._run, self._previous, self._within(scope))
        return report.Movement(moved.new, moved.reopened, moved.fixed, moved.persisting, moved.lost_sight, moved.gone)

    def ended(self, scope: Scope, limit: int | None = None) -> Iterator[report.EndedRow]:
        if self._previous is None:
            return
        within = self._within(scope)
        for one in history.ended_findings(self._engine, self._run, self._previous, within, limit=limit):
            yield report.EndedRow(
                one.finding, one.failing_since, one.became, one.because, one.ended_at, one.waiver_id or ""
            )

    def changes(
        self, scope: Scope, direction: Direction | None = None, limit: int | None = None
    ) -> Iterator[report.ChangeRow]:
        found = history.changes(
            self._engine,
            run=self._run,
            after=self._previous,
            within=self._within(scope),
            classes=SHOWN_CLASSES if direction is Direction.NEUTRAL else (),
            directions=(direction,) if direction else (),
            limit=limit,
        )
        made_by = history.attributions(self._engine, [c.id for c in found if c.id is not None])
        owned = self._acknowledgements(found)
        for change in found:
            yield report.ChangeRow(change, made_by.get(change.id or 0), owned.get(change.id or 0))

    def change_counts(self, scope: Scope) -> Sequence[report.ChangeCount]:
        counts = history.change_counts(self._engine, self._run, self._within(scope), after=self._previous)
        return [
            report.ChangeCount(ChangeKind(kind), cast(ChangeClass, klass), Direction(way), n)
            for (kind, klass, way), n in sorted(counts.items())
        ]

    def gaps(self, scope: Scope) -> Sequence[report.GapCount]:
        return [
            report.GapCount(
                iam=g.iam,
                operation=g.operation,
                code=g.code,
                count=g.count,
                accounts=g.accounts,
                types=g.types,
                regions=g.regions,
                example=g.example,
            )
            for g in history.gaps(self._engine, self._run, self._within(scope))
        ]

    def waivers(self, scope: Scope) -> Sequence[report.WaiverRow]:
        used: Counter[str] = Counter()
        where: dict[str, set[str]] = {}
        for one in history.findings(self._engine, self._run, self._within(scope), status=Status.FAIL):
            if one.waiver_id:
                used[one.waiver_id] += 1
                where.setdefault(one.waiver_id, set()).add(one.finding.account)
        named = [waiver for id in used if (waiver := self._waiver(id))]
        return [
            report.WaiverRow(w, used[w.id], len(where[w.id]), CHECKS[w.check].title if w.check in CHECKS else "")
            for w in sorted(named, key=lambda w: (w.expires_on, w.id))
        ]

    def trend(self, scope: Scope, limit: int) -> Sequence[report.TrendPoint]:
        return [
            report.TrendPoint(
                run=p.run,
                as_of=p.as_of,
                passed=p.passed,
                failed=p.failed,
                waived=p.waived,
                insufficient=p.insufficient,
                not_applicable=p.not_applicable,
                accounts_read=p.accounts_read,
                accounts_total=p.accounts_total,
            )
            for p in history.trend(self._engine, self._run, limit, self._within(scope))
        ]

    def integrity(self, scope: Scope) -> report.Integrity | None:  # noqa: ARG002 - log files are not read yet
        return None

    def inventory(self, scope: Scope) -> Iterator[report.InventoryRow]:
        for r in history.inventory(self._engine, self._run, self._within(scope)):
            yield report.InventoryRow(
                r.account, r.region, r.type, r.id, r.arn, r.first_seen, r.captured_at, r.sha256, r.unread
            )

    def owned_outside(self, scope: Scope, names: Collection[str]) -> frozenset[str]:
        if not names:
            return frozenset()
        inside = {one.account.id for one in history.readings(self._engine, self._run, _within(scope))}
        accounts = history.accounts(self._engine, self._run).keys()
        owners: dict[str, set[str]] = {name: {name} for name in names if name in accounts}
        for name, owner in self._owners():
            if name in names:
                owners.setdefault(name, set()).add(owner)
        return frozenset(name for name, whose in owners.items() if not whose & inside)

    def _owners(self) -> Sequence[tuple[str, str]]:
        """Each resource's id and ARN with its owner, of the whole organization: read once for all editions of a run."""
        if self._owned is None:
            rows = history.inventory(self._engine, self._run, history.Within())
            self._owned = tuple(pair for r in rows for pair in ((r.id, r.account), (r.arn, r.account)))
        return self._owned

    def _within(self, scope: Scope) -> history.Within:
        """The scope; of a narrowed run only the accounts it read, for what is known of the others is not its own."""
        if self._read is None:
            return _within(scope)
        accounts = self._read if scope.accounts is None else scope.accounts & self._read
        return history.Within(accounts=accounts, ou=scope.ou, checks=scope.checks)

    def _waiver(self, id: str) -> Waiver | None:
        if self._waivers is None:
            stored = history.waivers(self._engine, self._run.as_of)
            self._waivers = {w.id: w for w in (*stored, *self._judgement.waivers.items)}
        return self._waivers.get(id)

    def _acknowledgements(self, changes: Sequence[Change]) -> Mapping[int, report.Acknowledgement]:
        wanted = {change.id for change in changes}
        found = {}
        for one in history.acknowledgements(self._engine, self._run.as_of):
            if one.change in wanted and not one.ended:
                found[one.change] = report.Acknowledgement(
                    one.change, one.owner, one.reason, one.at, one.expires_on, one.ticket
                )
        return found


def _within(scope: Scope) -> history.Within:
    return history.Within(accounts=scope.accounts, ou=scope.ou, checks=scope.checks)


def _read_by(engine: history.Engine, run: Run) -> frozenset[str] | None:
    """The accounts a narrowed run was asked for; None for a run of the whole organization."""
    if not run.selection:
        return None
    readings = history.readings(engine, run, history.Within())
    return frozenset(one.account.id for one in readings if not one.reason.startswith(NOT_SELECTED))
