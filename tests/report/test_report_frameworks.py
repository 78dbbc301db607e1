"""Frameworks: direct and supporting evidence, what is printed first, and how accounts fared."""

import csv
import io
import json
from dataclasses import replace

from organization import organization
from report_parts import OPTIONS, flat, forms

from reporter.model import CheckUse, Control, ControlStatus, Framework
from reporter.report.content import build
from reporter.report.edition import Edition

BAD = "s3-bucket-not-public-read"  # fails somewhere
MFA = "cloudtrail-bucket-mfa-delete"


def framework(id, *controls, total=None):
    return Framework(id, id.upper(), "1", "ours", controls, total=total)


def control(id, *uses):
    return Control(id, f"Asks {id}", checks=tuple(CheckUse(check, relation) for check, relation in uses))


def controls_csv(made):
    data = next(file.data for file in made.files if file.name == "controls.csv").decode()
    return {row["control"]: row for row in csv.DictReader(io.StringIO(data, newline=""))}


def mixed():
    """One control answered directly, one on supporting evidence alone, one on both, one by nobody."""
    source = organization()
    source.framework_list = [
        framework("one", control("D", (BAD, "direct")), control("S", (BAD, "supporting")),
                  control("B", (BAD, "direct"), (MFA, "supporting")), Control("M", "Asks M", manual="Ask somebody."), total=52),
    ]  # fmt: skip
    return source


def test_supporting_evidence_alone_is_said_beside_the_answer():
    """On the page and in the table: such a control does not flatly fail, and would not flatly pass."""
    made = forms(mixed())
    rows = controls_csv(made)
    assert {id: row["evidence"] for id, row in rows.items()} == {
        "D": "direct",
        "S": "supporting",
        "B": "both",
        "M": "none",
    }
    assert rows["B"]["checks"] == f"{BAD} (direct); {MFA} (supporting)"
    table = made.page[made.page.index('id="framework-1"') :]
    said = {id: table.split(f">{id}</th>")[1].split("</tr>")[0] for id in "DSBM"}
    assert "supporting evidence only" in said["S"]
    assert not any("supporting" in said[id] for id in "DBM")
    assert made.content.frameworks[0].supported("fail") == 1


def test_the_page_says_that_controls_are_a_selection():
    """And of how many, where the standard's own number is known."""
    made = forms(mixed())
    assert '4<spanclass="softnowrap">of52</span>' in flat(made.page)
    assert "a selection, not the whole framework" in made.page


def test_no_failing_control_is_left_out_for_another():
    """Of two frameworks with little room, every failing control of both is printed before any that does not fail."""
    source = organization()
    failing = [control(f"F{n}", (BAD, "direct")) for n in range(9)]
    manual = [Control(f"M{n}", f"Asks M{n}", manual="Ask somebody.") for n in range(9)]
    source.framework_list = [framework("one", *manual, *failing), framework("two", *failing[:2], *manual[:7])]
    made = forms(source, options=replace(OPTIONS, controls_shown=15))
    for section in made.content.frameworks:
        failed = {line.control.id for line in section.lines if line.result.status is ControlStatus.FAIL}
        assert failed <= set(section.printed)
        assert section.failing_left_out == 0
    assert sum(len(section.printed) for section in made.content.frameworks) <= 15
    assert "every failing one among them" in made.page


def test_failing_controls_without_room_are_counted():
    """Where not even the failing ones find room, the table says how many of them it leaves out."""
    source = organization()
    source.framework_list = [framework("one", *(control(f"F{n}", (BAD, "direct")) for n in range(30)))]
    made = forms(source, options=replace(OPTIONS, controls_shown=12))
    assert made.content.frameworks[0].failing_left_out == 18
    assert "12 of 30 controls shown, all but 18 of the failing ones among them" in made.page


def test_an_account_that_fails_and_lacks_an_answer_counts_as_both():
    """Accounts without data are those in scope that are not assessed, failing or not, in CSV, JSON and page."""
    source = mixed()
    whole = source.controls
    source.controls = lambda id, scope: [
        replace(result, accounts_failing=11, accounts_passing=1, accounts_assessed=9, accounts_total=13)
        for result in whole(id, scope)
    ]
    made = forms(source)
    row = controls_csv(made)["D"]
    assert (row["accounts_failing"], row["accounts_passing"], row["accounts_without_data"]) == ("11", "1", "4")
    assert int(row["accounts_assessed"]) + int(row["accounts_without_data"]) == int(row["accounts_total"])
    told = json.loads(next(file.data for file in made.files if file.name == "report.json"))
    stored = told["frameworks"][0]["lines"][0]["result"]
    assert stored["accounts_total"] - stored["accounts_assessed"] == int(row["accounts_without_data"])
    table = flat(made.page[made.page.index('id="framework-1"') :])
    assert '✗&#160;11</span><spanclass="nowrap">✓&#160;1</span><spanclass="nowrap">?&#160;4</span>' in table
    assert "? with an answer missing, open findings or not" in made.page


def test_where_the_mapping_comes_from_is_in_the_method():
    """Its source, and that there is no second source for it, where there is none."""
    source = mixed()
    source.framework_list = [
        replace(source.framework_list[0], confirmed="There is no second\nsource for this version.")
    ]
    made = build(source, Edition(), OPTIONS)
    assert made.method.frameworks[0].confirmed == "There is no second source for this version."
    page = forms(source).page
    assert "There is no second source for this version." in page[page.index('id="method"') :]


def test_titles_of_controls_are_whole_in_the_short_tables():
    """A table that is kept short leaves out rows and says so; it does not leave out the ends of sentences."""
    source = organization()
    title = "Only those who must can reach the trail's bucket, and nobody switches it off"
    source.framework_list = [
        framework("one", *(Control(f"F{n}", title, checks=(CheckUse(BAD, "direct"),)) for n in range(90)))
    ]
    made = forms(source)
    assert made.content.frameworks[0].total > made.content.controls_in_full
    assert made.page.count(title.replace("'", "&#39;")) >= 85


def test_long_titles_take_the_room_of_two_rows():
    """The bound is on lines: what wraps leaves room for fewer, and the caption counts those that are left out."""
    source = organization()
    source.framework_list = [
        framework("one", *(Control(f"F{n}", "long " * 15, checks=(CheckUse(BAD, "direct"),)) for n in range(30)))
    ]
    made = forms(source, options=replace(OPTIONS, controls_shown=20))
    assert "10 of 30 controls shown, all but 20 of the failing ones among them" in made.page


def test_families_without_a_column_are_counted():
    """The map has room for nine families; a framework with more says so, and its version is named."""
    source = organization()
    many = [Control(f"C{n}", f"Asks C{n}", f"Family {n}", checks=(CheckUse(BAD, "direct"),)) for n in range(14)]
    source.framework_list = [framework("one", *many)]
    made = forms(source)
    assert "9 of 14 families shown" in made.page
    assert "Families of ONE, version 1." in made.page
    source.framework_list = [framework("one", *many[:9])]
    assert "families shown" not in forms(source).page
