"""What was not read: failed reads, what nobody tried, accounts that could not be asked; in figures that do not flatter."""

import csv
import io
from collections import Counter
from dataclasses import replace

from organization import TRAIL, organization
from report_parts import OPTIONS, flat, forms

from reporter.model import ReadStatus, Status
from reporter.report.source import GapCount
from reporter.report.words import versioned

TRAIL_ACCOUNT = "200000000001"
CHECK = "cloudtrail-log-file-validation"
REASON = "LogIntegrity of payments-trail was not read: GetObject: NotYetRead"


def never_tried():
    """The organization, in which one trail's log files are not read because this version reads none."""
    source = organization()
    source.gap_rows = [
        *source.gap_rows,
        (TRAIL_ACCOUNT, GapCount("", "GetObject", "NotYetRead", 1, 1, (TRAIL,), ("eu-west-1",))),
    ]
    source.account_rows = [
        replace(row, gaps=1, unasked=1) if row.account.id == TRAIL_ACCOUNT else row for row in source.account_rows
    ]
    source.answers = [
        replace(row, finding=replace(row.finding, status=Status.INSUFFICIENT_DATA, reason=REASON))
        if (row.finding.check, row.finding.account) == (CHECK, TRAIL_ACCOUNT)
        else row
        for row in source.answers
    ]
    return source


def table(made, name):
    data = next(file.data for file in made.files if file.name == f"{name}.csv").decode()
    return list(csv.DictReader(io.StringIO(data, newline="")))


def test_what_nobody_tried_is_no_failed_read():
    """It stands by itself, in words, and AWS is not said to have said it."""
    made = forms(never_tried())
    told = made.content.unassessed
    assert [one.what for one in told.untried.rows] == ["GetObject"]
    assert not {one.why for one in told.failed.rows} & {"NotYetRead", "Excluded"}
    assert "NotYetRead" not in made.page
    assert "does not read the trails" in made.page[made.page.index('id="unassessed"') :]


def test_a_fully_read_account_has_no_failed_read():
    """In the table failures and what was never tried are two columns; only the first lowers an account."""
    made = forms(never_tried())
    rows = {row["account"]: row for row in table(made, "coverage")}
    assert (rows[TRAIL_ACCOUNT]["status"], rows[TRAIL_ACCOUNT]["reads_failed"], rows[TRAIL_ACCOUNT]["not_asked"]) == (
        "read", "0", "1",
    )  # fmt: skip
    assert all(row["reads_failed"] == "0" for row in rows.values() if row["status"] == "read")
    assert "Fully read" in made.page[made.page.index('id="method"') :]


def test_what_no_run_reads_is_named_on_the_cover():
    """Log integrity is critical: that nobody looked must not stand on page twenty-two only; nor in codes."""
    made = forms(never_tried())
    assert made.content.coverage.unasked.startswith("log integrity is not assessed for 1 trail")
    assert "log integrity is not assessed for 1 trail" in made.content.verdict.caveat.lower()
    (row,) = [row for row in table(made, "findings") if row["check"] == CHECK and row["account"] == TRAIL_ACCOUNT]
    assert "NotYetRead" not in row["reason"] + row["evidence"]
    assert "aws cloudtrail validate-logs" in row["reason"]


def test_checks_say_why_they_lack_data():
    """Those that lack it only where no account was reached are counted; the others stand with the reason."""
    made = forms(never_tried())
    rows = {row.check.id: row for row in made.content.unassessed.checks.rows}
    assert "does not read the trails" in rows[CHECK].why
    assert all(row.insufficient > row.unreached for row in rows.values())
    unreached = {r.finding.check for r in never_tried().answers if r.finding.status is Status.INSUFFICIENT_DATA}
    assert made.content.unassessed.checks_unreached == len(unreached) - made.content.unassessed.checks.total > 0


def test_regions_are_counted_where_somebody_could_ask():
    """An account that was not reached is not "0 of 0 regions": its regions are unknown, and that is said."""
    source = organization()
    made = forms(source)
    asked = [row for row in source.account_rows if row.status in (ReadStatus.READ, ReadStatus.PARTIAL)]
    covered = made.content.coverage
    assert covered.regions_enabled == sum(row.regions_enabled for row in asked)
    assert covered.regions_unknown == 2
    assert "which regions 2 accounts have enabled is unknown" in made.page
    source.account_rows = [row if row in asked else replace(row, regions_enabled=0) for row in source.account_rows]
    enabled = {row["status"]: row["regions_enabled"] for row in table(forms(source), "coverage")}
    assert (enabled["read"], enabled["unreachable"], enabled["excluded"]) == ("17", "", "")


def test_resources_are_the_rows_of_the_inventory_that_were_read():
    """One definition: an account that could not be read is in the inventory as not read, and in no figure."""
    made = forms(organization())
    states = Counter(row["state"] for row in table(made, "inventory"))
    assert made.content.coverage.resources == states["read"]
    assert {row["account"] for row in table(made, "inventory") if row["state"] == "not read"} == {"300000000001"}
    unread = [row for row in table(made, "coverage") if row["status"] in ("unreachable", "excluded")]
    assert made.content.coverage.resources == sum(int(r["resources"]) for r in table(made, "coverage")) - sum(
        int(row["resources"]) for row in unread
    )


def test_a_longer_inventory_than_what_was_read_says_why():
    """The manifest's rows, the figure of the report and the words between them are of one reckoning."""
    made = forms(organization())
    covered = made.content.coverage
    listed = next(file.rows for file in made.files if file.name == "inventory.csv")
    assert covered.resources_known == listed > covered.resources
    rest = listed - covered.resources
    assert f"inventory.csv lists {listed}: also {rest} as last known, of accounts that were not read" in made.page
    assert listed == sum(int(row["resources"]) for row in table(made, "coverage"))


def test_one_refused_request_is_not_counted_as_many_reads():
    """Of an account that nobody could enter all is unknown; the number of its parts is no number of requests."""
    made = forms(organization())
    (denied,) = [one for one in made.content.unassessed.failed.rows if one.what == "sts:AssumeRole"]
    assert denied.whole
    section = made.page[made.page.index("Reads that failed") :]
    assert 'data-label="Leftunknown">all</td>' in flat(section.split("</table>")[0])


def test_equal_times_of_reading_are_said_once():
    """Not "between 06:00 and 06:00"."""
    page = forms(organization()).page
    assert "Configuration was read at 22 Nov 2026, 05:57 UTC." in " ".join(page.split())
    assert "between 22 Nov" not in page


def test_controls_that_stayed_open_are_all_named():
    """Put together by framework and reason: none is left out."""
    made = forms(organization(), options=replace(OPTIONS, rows_shown=3))
    named = {(row.framework, control) for row in made.content.unassessed.controls for control in row.controls}
    unanswered = {
        (versioned(section.title, section.version), line.control.id)
        for section in made.content.frameworks
        for line in section.lines
        if line.result.status in ("partial", "not_assessed", "manual")
    }
    assert named == unanswered
