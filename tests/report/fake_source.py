"""A `Source` over plain lists: the semantics of every question, small enough to read."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from reporter.model import (
    SEVERITIES,
    ControlStatus,
    Direction,
    Finding,
    Framework,
    ReadStatus,
    Run,
    Status,
    Waiver,
)
from reporter.report.source import (
    AccountRow,
    AccountTally,
    AccountTotal,
    ChangeCount,
    ChangeRow,
    CheckText,
    ControlResult,
    EndedRow,
    FindingRow,
    GapCount,
    Integrity,
    InventoryRow,
    Movement,
    Scope,
    Tally,
    TrendPoint,
    WaiverRow,
)

DIRECTIONS = (Direction.WORSENED, Direction.MIXED, Direction.IMPROVED, Direction.NEUTRAL)


@dataclass
class FakeSource:
    """Every row of one run in memory. `answers` holds passes too; the history counts those instead."""

    this_run: Run
    previous_run: Run | None
    check_texts: dict[str, CheckText]
    framework_list: list[Framework]
    account_rows: list[AccountRow]
    answers: list[FindingRow] = field(default_factory=list)
    change_rows: list[ChangeRow] = field(default_factory=list)
    gap_rows: list[tuple[str, GapCount]] = field(default_factory=list)  # (account, one read)
    waiver_list: list[Waiver] = field(default_factory=list)
    trend_points: Callable[[int, int, int, int], list[TrendPoint]] | None = None
    fixed: list[tuple[str, str]] = field(default_factory=list)  # (account, check)
    integrity_read: Integrity | None = None
    inventory_rows: list[InventoryRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.by_id = {row.account.id: row for row in self.account_rows}

    def _in(self, scope: Scope, account: str) -> bool:
        row = self.by_id[account]
        if scope.accounts is not None and account not in scope.accounts:
            return False
        return not scope.ou or f"{row.account.ou_path}/".startswith(f"{scope.ou}/")

    def _answers(self, scope: Scope) -> Iterator[FindingRow]:
        for row in self.answers:
            if self._in(scope, row.finding.account) and (scope.checks is None or row.finding.check in scope.checks):
                yield row

    def run(self) -> Run:
        return self.this_run

    def previous(self) -> Run | None:
        return self.previous_run

    def checks(self) -> dict[str, CheckText]:
        return self.check_texts

    def frameworks(self) -> Sequence[Framework]:
        return self.framework_list

    def accounts(self, scope: Scope) -> Iterator[AccountRow]:
        rows = [row for row in self.account_rows if self._in(scope, row.account.id)]
        yield from sorted(rows, key=lambda row: (row.account.ou_path, row.account.name, row.account.id))

    def tallies(self, scope: Scope) -> Sequence[Tally]:
        groups: dict[tuple, list[FindingRow]] = defaultdict(list)
        for row in self._answers(scope):
            groups[row.finding.check, row.finding.severity].append(row)
        return [
            Tally(check, severity, **_counts(rows), accounts_failing=len(_failing_accounts(rows)))
            for (check, severity), rows in sorted(groups.items())
        ]

    def account_totals(self, scope: Scope) -> Iterator[AccountTotal]:
        groups: dict[str, list[FindingRow]] = defaultdict(list)
        for row in self._answers(scope):
            groups[row.finding.account].append(row)
        for account, rows in sorted(groups.items()):
            failing = Counter(r.finding.severity for r in rows if r.finding.status is Status.FAIL and not r.waiver)
            unknown = Counter(r.finding.severity for r in rows if r.finding.status is Status.INSUFFICIENT_DATA)
            yield AccountTotal(account, **_counts(rows), failing=dict(failing), unknown=dict(unknown))

    def account_tallies(self, scope: Scope, accounts: Collection[str]) -> Iterator[AccountTally]:
        wanted = set(accounts)
        groups: dict[tuple, list[FindingRow]] = defaultdict(list)
        for row in self._answers(scope):
            if row.finding.account in wanted:
                groups[row.finding.account, row.finding.check].append(row)
        for (account, check), rows in sorted(groups.items()):
            yield AccountTally(account, check, **_counts(rows))

    def controls(self, framework: str, scope: Scope) -> Sequence[ControlResult]:
        chosen = next(f for f in self.framework_list if f.id == framework)
        tallies = {check: [t for t in self.tallies(scope) if t.check == check] for check in self.check_texts}
        total = sum(self._in(scope, a) for a in self.by_id)
        read = sum(self._in(scope, r.account.id) and r.status is ReadStatus.READ for r in self.account_rows)
        return [self._control(chosen, c, tallies, read, total) for c in chosen.controls]

    def _control(self, framework, control, tallies, read, total) -> ControlResult:
        rows = [t for use in control.checks for t in tallies.get(use.check, [])]
        sums = {
            name: sum(getattr(t, name) for t in rows)
            for name in ("passed", "failed", "waived", "not_applicable", "insufficient")
        }
        status, reason = ControlStatus.PASS, ""
        if not control.checks:
            status, reason = ControlStatus.MANUAL, control.manual or "No check covers it."
        elif sums["failed"] > sums["waived"]:
            status = ControlStatus.FAIL
        elif sums["failed"]:
            status = ControlStatus.WAIVED
        elif sums["insufficient"] or read < total:
            status, reason = ControlStatus.PARTIAL, f"{total - read} of {total} accounts were not fully read."
        elif not sums["passed"]:
            status = ControlStatus.NOT_APPLICABLE
        failing = max((t.accounts_failing for t in rows), default=0)
        return ControlResult(framework.id, control.id, status, reason, **sums, accounts_failing=failing,
                             accounts_assessed=read, accounts_total=total)  # fmt: skip

    def findings(self, scope: Scope, status: Status = Status.FAIL, limit: int | None = None) -> Iterator[FindingRow]:
        rows = [row for row in self._answers(scope) if row.finding.status is status]
        rows.sort(key=lambda r: (r.waiver is not None, SEVERITIES.index(r.finding.severity), r.state == "persisting",
                                 r.finding.account, r.finding.arn, r.finding.check))  # fmt: skip
        yield from rows[:limit]

    def movement(self, scope: Scope) -> Movement:
        states = Counter(row.state for row in self._answers(scope) if row.finding.status is Status.FAIL)
        fixed = sum(self._in(scope, a) and (scope.checks is None or c in scope.checks) for a, c in self.fixed)
        return Movement(states["new"], states["reopened"], fixed, states["persisting"])

    def ended(self, scope: Scope, limit: int | None = None) -> Iterator[EndedRow]:
        for account, check in self.fixed[:limit]:
            if self._in(scope, account) and (scope.checks is None or check in scope.checks):
                text = self.check_texts[check]
                failed = Finding(check, account, "eu-west-1", text.subject, f"mended-{account}", f"arn:aws:s3:::mended-{account}",
                                 Status.FAIL, text.severity, "It was off")  # fmt: skip
                yield EndedRow(failed, self.this_run.as_of, "fixed", "passes", self.this_run.as_of)

    def _changes(self, scope: Scope) -> Iterator[ChangeRow]:
        for row in self.change_rows:
            if self._in(scope, row.change.account) and (
                scope.checks is None or scope.checks & row.change.checks.keys()
            ):
                yield row

    def changes(
        self, scope: Scope, direction: Direction | None = None, limit: int | None = None
    ) -> Iterator[ChangeRow]:
        rows = list(self._changes(scope))
        if direction is not None:
            rows = [r for r in rows if r.change.direction is direction and r.change.klass not in ("tags", "cosmetic")]
        rows.sort(key=lambda r: (r.change.klass in ("tags", "cosmetic"), DIRECTIONS.index(r.change.direction), SEVERITIES.index(r.change.severity),
                                 r.change.account, r.change.arn))  # fmt: skip
        yield from rows[:limit]

    def change_counts(self, scope: Scope) -> Sequence[ChangeCount]:
        counts = Counter((r.change.kind, r.change.klass, r.change.direction) for r in self._changes(scope))
        return [ChangeCount(*key, n) for key, n in sorted(counts.items())]

    def gaps(self, scope: Scope) -> Sequence[GapCount]:
        groups: dict[tuple, list[tuple[str, GapCount]]] = defaultdict(list)
        for account, gap in self.gap_rows:
            if self._in(scope, account):
                groups[gap.iam, gap.operation, gap.code].append((account, gap))
        counts = [
            GapCount(*key, sum(g.count for _, g in rows), len({a for a, _ in rows}),
                     tuple(sorted({t for _, g in rows for t in g.types})),
                     tuple(sorted({t for _, g in rows for t in g.regions})), rows[0][0])
            for key, rows in sorted(groups.items())
        ]  # fmt: skip
        return sorted(counts, key=lambda g: -g.count)

    def waivers(self, scope: Scope) -> Sequence[WaiverRow]:
        rows = []
        for waiver in sorted(self.waiver_list, key=lambda w: (w.expires_on, w.id)):
            covered = [r for r in self._answers(scope) if r.waiver is waiver]
            if covered or scope == Scope():
                title = self.check_texts[waiver.check].title if waiver.check in self.check_texts else ""
                rows.append(WaiverRow(waiver, len(covered), len({r.finding.account for r in covered}), title))
        return rows

    def trend(self, scope: Scope, limit: int) -> Sequence[TrendPoint]:
        counts = _counts(list(self._answers(scope)))
        rows = [row for row in self.account_rows if self._in(scope, row.account.id)]
        now = TrendPoint(
            self.this_run.id,
            self.this_run.as_of,
            counts["passed"],
            counts["failed"],
            counts["waived"],
            counts["insufficient"],
            sum(row.status is ReadStatus.READ for row in rows),
            len(rows),
        )
        past = self.trend_points(now) if self.trend_points else []
        return [*past, now][-limit:]

    def integrity(self, scope: Scope) -> Integrity | None:
        return self.integrity_read if scope == Scope() else None

    def inventory(self, scope: Scope) -> Iterator[InventoryRow]:
        yield from (row for row in self.inventory_rows if self._in(scope, row.account))

    def owned_outside(self, scope: Scope, names: Collection[str]) -> frozenset[str]:
        inside, outside = set(), set()
        for row in self.account_rows:
            (inside if self._in(scope, row.account.id) else outside).update((row.account.id, row.account.name))
        for row in self.inventory_rows:
            (inside if self._in(scope, row.account) else outside).update((row.id, row.arn))
        return frozenset(names) & frozenset(outside - inside)


def _counts(rows: list[FindingRow]) -> dict[str, int]:
    statuses = Counter(row.finding.status for row in rows)
    return {
        "passed": statuses[Status.PASS],
        "failed": statuses[Status.FAIL],
        "waived": sum(row.waiver is not None for row in rows),
        "not_applicable": statuses[Status.NOT_APPLICABLE],
        "insufficient": statuses[Status.INSUFFICIENT_DATA],
    }


def _failing_accounts(rows: list[FindingRow]) -> set[str]:
    return {row.finding.account for row in rows if row.finding.status is Status.FAIL and not row.waiver}


def renamed(source: FakeSource, finding: Callable[[Finding], Finding]) -> FakeSource:
    """The same source with every finding put through a function."""
    return replace(source, answers=[replace(row, finding=finding(row.finding)) for row in source.answers])
