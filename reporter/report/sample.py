"""A small made-up run with one of everything a report can show: what templates are checked with before they are used."""

# ruff: noqa: ARG002 - the protocol names the arguments, a sample needs few of them

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from reporter.model import (
    Account,
    Actor,
    Attestation,
    Attribution,
    Change,
    ChangeKind,
    CheckUse,
    Control,
    ControlStatus,
    Direction,
    Evidence,
    Finding,
    Framework,
    Op,
    ReadStatus,
    Run,
    Status,
    Waiver,
)
from reporter.report.source import (
    AccountRow,
    AccountTally,
    AccountTotal,
    Acknowledgement,
    ChangeCount,
    ChangeRow,
    CheckText,
    ControlResult,
    Detection,
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

AT = datetime(2026, 1, 12, 6, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
MARK = '<b id="forged">{{ 7 * 7 }}</b>'  # becomes an element where a template does not escape
ONE, TWO, THREE = "111111111111", "222222222222", "333333333333"
BUCKET = "AWS::S3::Bucket"
LONG = "a-name-without-a-single-place-to-break-it-" * 4
CHECK = CheckText(
    "sample-check", "The sample is well kept", "Because it is looked at", "aws s3api ... {Name}", "high", BUCKET
)
OTHER = CheckText("sample-other", "The other sample too", "", "", "low", BUCKET)
WAIVER = Waiver(
    "w-1", OTHER.id, f"Reason {MARK}", "owner@example.com", "chief@example.com", date(2026, 1, 30), ticket="T-1"
)
KINDS = tuple(ChangeKind)


@dataclass(frozen=True, slots=True)
class Sample:
    """Three accounts: one read, one read in part, one out of reach. `first` has no earlier run, `quiet` no change."""

    first: bool = False
    quiet: bool = False

    def run(self) -> Run:
        """The run the sample stands for."""
        return _run(1 if self.first else 2, AT)

    def previous(self) -> Run | None:
        """A week before, unless it is the first."""
        return None if self.first else _run(1, AT - WEEK)

    def checks(self) -> Mapping[str, CheckText]:
        """Two."""
        return {CHECK.id: CHECK, OTHER.id: OTHER}

    def frameworks(self) -> Sequence[Framework]:
        """One, with a control for each status there is."""
        uses = (CheckUse(CHECK.id), CheckUse(OTHER.id))
        controls = tuple(
            Control(f"C.{s}", f"Asks for {s}", f"Family {n % 3}", checks=uses) for n, s in enumerate(ControlStatus)
        )
        return (Framework("sample", "Sample framework", "1", "ours", controls),)

    def accounts(self, scope: Scope) -> Iterator[AccountRow]:
        """The three, or the one of an account's edition."""
        for id, status in zip(
            (ONE, TWO, THREE), (ReadStatus.READ, ReadStatus.PARTIAL, ReadStatus.UNREACHABLE), strict=True
        ):
            if scope.accounts is None or id in scope.accounts:
                account = Account(id, f"{status} {MARK}", ou_path="Root/Sample", tags={"Owner": f"{LONG}@example.com"})
                yield AccountRow(account, status, f"Because {MARK}", AT, AT - WEEK, AT - WEEK, 2, 1, 5, 1, 40, 3)

    def tallies(self, scope: Scope) -> Sequence[Tally]:
        """Every count above zero."""
        return (Tally(CHECK.id, "high", 5, 2, 0, 1, 1, 1), Tally(OTHER.id, "low", 3, 1, 1, 0, 1, 0))

    def account_totals(self, scope: Scope) -> Iterator[AccountTotal]:
        """The account read has failures, the others no answer."""
        yield AccountTotal(ONE, 8, 3, 1, 1, 2, {"high": 2}, {"high": 1})

    def account_tallies(self, scope: Scope, accounts: Collection[str]) -> Iterator[AccountTally]:
        """Of the account that was read."""
        yield AccountTally(ONE, CHECK.id, 5, 2, 0, 1, 1)
        yield AccountTally(ONE, OTHER.id, 3, 1, 1, 0, 1)

    def controls(self, framework: str, scope: Scope) -> Sequence[ControlResult]:
        """One of each status."""
        by = Attestation(framework, "C", f"Stated {MARK}", "chief@example.com", date(2026, 12, 31))
        return [
            ControlResult(
                framework, f"C.{s}", s, f"Because {MARK}", 5, 2, 1, 0, 1, 1, 1, 3, by if s == "attested" else None
            )
            for s in ControlStatus
        ]

    def findings(self, scope: Scope, status: Status = Status.FAIL, limit: int | None = None) -> Iterator[FindingRow]:
        """Three failures: new, reopened, and waived."""
        rows = [_finding(CHECK, "new", None), _finding(CHECK, "reopened", None), _finding(OTHER, "persisting", WAIVER)]
        yield from rows[:limit] if status is Status.FAIL else []

    def movement(self, scope: Scope) -> Movement:
        """Every sort once."""
        return Movement(persisting=3) if self.first or self.quiet else Movement(1, 1, 1, 1, 1)

    def ended(self, scope: Scope, limit: int | None = None) -> Iterator[EndedRow]:
        """One of each sort that the movement counts."""
        if not (self.first or self.quiet):
            failed = _finding(CHECK, "new", None).finding
            became = (("fixed", "passes"), ("gone", "deleted"), ("lost_sight", "no data"))
            yield from [EndedRow(failed, AT - 9 * WEEK, how, why, AT) for how, why in became][:limit]  # type: ignore[arg-type]

    def changes(
        self, scope: Scope, direction: Direction | None = None, limit: int | None = None
    ) -> Iterator[ChangeRow]:
        """One of each kind and direction."""
        if not (self.first or self.quiet):
            rows = [_change(n, kind, d) for n, (kind, d) in enumerate((k, d) for d in Direction for k in KINDS)]
            yield from [row for row in rows if direction in (None, row.change.direction)][:limit]

    def change_counts(self, scope: Scope) -> Sequence[ChangeCount]:
        """As many as `changes` gives, and a few of tags."""
        if self.first or self.quiet:
            return ()
        counts = [ChangeCount(kind, "security", direction, 1) for direction in Direction for kind in KINDS]
        return [*counts, ChangeCount(ChangeKind.MODIFIED, "tags", Direction.NEUTRAL, 4)]

    def gaps(self, scope: Scope) -> Sequence[GapCount]:
        """One permission that is denied."""
        return (
            GapCount("s3:GetBucketPolicy", "GetBucketPolicy", f"AccessDenied {MARK}", 3, 1, (BUCKET,), ("eu-west-1",)),
        )

    def waivers(self, scope: Scope) -> Sequence[WaiverRow]:
        """One, soon to expire."""
        return (WaiverRow(WAIVER, 1, 1),)

    def trend(self, scope: Scope, limit: int) -> Sequence[TrendPoint]:
        """Six runs, or one."""
        weeks = range(0 if self.first else 5, -1, -1)
        return [TrendPoint(f"run-{n}", AT - n * WEEK, 8, 3 + n, 1, 2, 1, 3) for n in weeks]

    def integrity(self, scope: Scope) -> Integrity | None:
        """A break in the record and somebody behind it."""
        seen = Detection(f"Pattern {MARK}", ONE, f"person {MARK}", AT, "high", "summary")
        return None if self.first else Integrity(1, 10, 2, (f"A gap {MARK}",), AT - WEEK, AT, (seen,))

    def inventory(self, scope: Scope) -> Iterator[InventoryRow]:
        """One bucket."""
        yield InventoryRow(ONE, "eu-west-1", BUCKET, LONG, f"arn:aws:s3:::{LONG}", AT - WEEK, AT, "0" * 64)

    def owned_outside(self, scope: Scope, names: Collection[str]) -> frozenset[str]:
        """Nothing is mentioned that could be."""
        return frozenset()


def _run(seq: int, at: datetime) -> Run:
    return Run(f"run-{seq}", at, "demo", "sealed", at, at, seq, "a" * 64, "b" * 64, "0", "c" * 64, "o-sample")


def _finding(check: CheckText, state: str, waiver: Waiver | None) -> FindingRow:
    evidence = tuple(Evidence(BUCKET, LONG, ONE, f"Key{n}", {"value": [MARK, LONG]}, "GetThing", AT) for n in range(6))
    arn = f"arn:aws:s3:::{LONG}"
    finding = Finding(
        check.id, ONE, "eu-west-1", BUCKET, LONG, arn, Status.FAIL, check.severity, f"Seen {MARK}", evidence, MARK
    )
    return FindingRow(finding, AT - 40 * WEEK, state, waiver)  # type: ignore[arg-type]  # one of the three


def _change(n: int, kind: ChangeKind, direction: Direction) -> ChangeRow:
    ops = tuple(
        Op("changed", f"Path{i}.{LONG}", [MARK], None if i else {"a": LONG}, "security")
        for i in range(8 if n == 0 else n % 2)
    )
    actor = Actor("e-1", "PutThing", AT, f"person {MARK}", "arn", "192.0.2.1", "agent", "console", mfa=False)
    told = (None, Attribution("none", "Nothing found."), Attribution("ambiguous", "Two fit.", (actor, actor)))[n % 3]
    moved = {CHECK.id: "pass -> fail", OTHER.id: "fail -> pass"}
    change = Change(
        ONE, "eu-west-1", BUCKET, LONG, "arn", kind, AT - WEEK, AT, "security", direction, "high", ops, f"{kind} {MARK}", moved, 1, n
    )  # fmt: skip
    seen = Acknowledgement(n, "owner@example.com", f"Known {MARK}", AT, date(2026, 2, 1)) if n % 4 == 0 else None
    return ChangeRow(change, told, seen)
