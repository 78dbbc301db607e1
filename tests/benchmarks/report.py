"""What making reports costs: CPU for a page, memory of a worker, a hundred account editions, ten thousand accounts.

`python tests/benchmarks/report.py [EDITIONS]`: the last line is one JSON object. CPU is that of this process and its
children together: questions, templates, layout and drawing.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "report"))

from fake_source import FakeSource
from organization import AS_OF, organization

from reporter.model import Account, ReadStatus, Status
from reporter.report.content import Content, Options, build
from reporter.report.edition import Edition
from reporter.report.export import DataFile, data_files
from reporter.report.mail import mail_bodies
from reporter.report.pdf import Job, Limits, Pdf, job, render_pdfs
from reporter.report.render import Look, html
from reporter.report.source import AccountRow, AccountTally, AccountTotal, FindingRow, Scope, Tally
from reporter.report.texts import mapped

OPTIONS = Options(organization="Example Corp", classification="Confidential")
ACCOUNT = "200000000001"
MANY = 10_000


def cpu() -> float:
    """Seconds of CPU so far, children that have ended included."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


class Large:
    """An organization of ten thousand accounts as a history would answer for it: aggregates, caps, streams."""

    def __init__(self, small: FakeSource) -> None:
        self.small = small

    def __getattr__(self, name: str) -> object:
        return getattr(self.small, name)

    def accounts(self, scope: Scope) -> Iterator[AccountRow]:
        for n in range(MANY):
            status = ReadStatus.READ if n % 50 else ReadStatus.UNREACHABLE
            account = Account(
                f"{n:012d}", f"workload-{n}", ou_path=f"Root/Unit {n % 40}", tags={"Owner": f"team-{n % 300}"}
            )
            yield AccountRow(account, status, "" if n % 50 else "Denied.", AS_OF, AS_OF, None, 17, 17, 40, 0, 90, 0)

    def account_totals(self, scope: Scope) -> Iterator[AccountTotal]:
        for n in range(MANY):
            yield AccountTotal(f"{n:012d}", 500, n % 9, 0, 10, n % 3, {"high": n % 4}, {})

    def account_tallies(self, scope: Scope, accounts) -> Iterator[AccountTally]:
        yield from (AccountTally(a, check, 12, 1) for a in accounts for check in self.small.check_texts)

    def tallies(self, scope: Scope) -> list[Tally]:
        return [Tally(c.id, c.severity, 400_000, 3_000, 40, 900, 70, 1_200) for c in self.small.check_texts.values()]

    def findings(self, scope: Scope, status: Status = Status.FAIL, limit: int | None = None) -> Iterator[FindingRow]:
        rows = list(self.small.findings(Scope(), status))
        for n in range(limit or (30_000 if status is Status.FAIL else 1_000)):
            row = rows[n % len(rows)] if rows else None
            if row:
                yield replace(row, finding=replace(row.finding, account=f"{n % MANY:012d}", resource=f"bucket-{n}"))


def one(editions: Edition, source: object, look: Look) -> tuple[Content, tuple[DataFile, ...]]:
    """A report and its data, with page and mail, as a run makes them."""
    content = build(source, editions, OPTIONS)
    files = data_files(source, content)
    html(content, files, look)
    mail_bodies(content, look)
    return content, files


def account_jobs(count: int, content: Content, files: tuple[DataFile, ...], look: Look) -> Iterator[Job]:
    """As many account editions, each with its own account in it."""
    for n in range(count):
        yield job(mapped(content, lambda text, n=n: text.replace(ACCOUNT, f"{n:012d}")), files, look)


def main() -> None:
    editions = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    look, limits = Look(), Limits(workers=2)
    started = time.monotonic()
    before = cpu()
    content, files = one(Edition(), organization(), look)
    (whole,) = render_pdfs([job(content, files, look)], limits)
    assert isinstance(whole, Pdf)
    whole_cpu = cpu() - before

    content, files = one(Edition("account", ACCOUNT), organization(), look)
    before = cpu()
    made = [pdf for pdf in render_pdfs(account_jobs(editions, content, files, look), limits) if isinstance(pdf, Pdf)]
    editions_cpu = cpu() - before
    pages = sum(pdf.pages for pdf in made)

    before, clock = cpu(), time.monotonic()
    content, files = one(Edition(), Large(organization()), look)
    large_seconds = time.monotonic() - clock
    (large,) = render_pdfs([job(content, files, look)], limits)
    assert isinstance(large, Pdf)
    told = {
        "cpu_s_per_page": round(editions_cpu / pages, 3),
        "peak_mb": max(pdf.peak_megabytes for pdf in (*made, whole, large)),
        "editions_100_cpu_s": round(editions_cpu * 100 / len(made), 1),
        "editions_made": len(made),
        "pages_per_edition": round(pages / len(made), 1),
        "organization_pages": whole.pages,
        "organization_cpu_s": round(whole_cpu, 2),
        "accounts_10000_content_s": round(large_seconds, 1),
        "accounts_10000_cpu_s": round(cpu() - before, 1),
        "accounts_10000_pages": large.pages,
        "accounts_10000_peak_mb": peak_mb(),
        "wall_s": round(time.monotonic() - started, 1),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
