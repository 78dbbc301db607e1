"""An organization in which everything is too much: what a body must cope with in forty pages."""

from dataclasses import replace

from fake_source import FakeSource
from organization import BUCKET, organization

from reporter.model import Account, ChangeKind, Control, Direction, Evidence, Op, ReadStatus, Status
from reporter.report.source import AccountRow, GapCount

LONG = "a name with words in it, and one-without-a-single-place-to-break-" * 3
DIRECTIONS = tuple(Direction)
KINDS = (ChangeKind.MODIFIED, ChangeKind.CREATED, ChangeKind.DELETED, ChangeKind.ACCESS_LOST)


def vast() -> FakeSource:
    """Sixty failing checks, eight frameworks of sixty controls, hundreds of changes, waivers and unread accounts."""
    source = organization()
    texts = {
        f"check-{n}": replace(text, id=f"check-{n}", title=f"{text.title} {n} {LONG[:60]}", severity=severity, why=LONG)
        for n, (text, severity) in enumerate(
            (text, severity) for text in source.check_texts.values() for severity in ("critical", "high", "medium", "low", "low")
        )
    }  # fmt: skip
    failing = [row for row in source.answers if row.finding.status is Status.FAIL]
    answers = []
    for n in range(1_300):
        row, text = failing[n % len(failing)], texts[f"check-{n % len(texts)}"]
        evidence = tuple(
            Evidence(BUCKET, f"of-{k}", row.finding.account, f"Key{k}", LONG * 2, "GetThing") for k in range(9)
        )
        finding = replace(row.finding, check=text.id, severity=text.severity, resource=f"{LONG[:80]}{n}", evidence=evidence,
                          reason=LONG, fix=LONG * 2)  # fmt: skip
        answers.append(replace(row, finding=finding))
    frameworks = [
        replace(f, id=f"{f.id}-{n}", title=f"{f.title} {n}", controls=tuple(
            Control(f"{n}.{k}", f"{LONG[:90]}", f"Family {k % 12}", checks=source.framework_list[0].controls[0].checks)
            for k in range(60)))
        for n, f in enumerate(source.framework_list * 3)
    ]  # fmt: skip
    ops = tuple(Op("changed", f"Policy.Statement[{LONG[:50]}].{n}", LONG * 2, [LONG], "security") for n in range(9))
    changes = [
        replace(
            row, change=replace(row.change, id=n, direction=DIRECTIONS[n % 4], kind=KINDS[n % 4], ops=ops, summary=LONG)
        )
        for n, row in enumerate(source.change_rows * 60)
    ]
    unread = [
        AccountRow(Account(f"{400000000000 + n}", LONG[:50], ou_path="Root/Far"), ReadStatus.UNREACHABLE, LONG * 2)
        for n in range(70)
    ]
    gaps = [
        (source.account_rows[n % 10].account.id, GapCount(f"s3:Get{n}", f"Get{n}", "AccessDenied", 1, 1))
        for n in range(90)
    ]
    waivers = [replace(w, id=f"w-{n}", reason=LONG) for n, w in enumerate(source.waiver_list * 40)]
    return FakeSource(
        source.this_run, source.previous_run, source.check_texts | texts, frameworks, [*source.account_rows, *unread], answers,
        changes, gaps, waivers, source.trend_points, integrity_read=source.integrity_read, inventory_rows=source.inventory_rows,
    )  # fmt: skip
