"""The content model: what the report says, and that its figures are those of the data behind it."""

import csv
import io
import re
from collections import Counter
from dataclasses import replace

import pytest
from organization import organization
from report_parts import OPTIONS, forms

from reporter.model import ControlStatus, ReadStatus, Status
from reporter.report.content import build
from reporter.report.edition import Edition, NoSuchEdition
from reporter.report.render import template_folder
from reporter.report.source import Scope
from reporter.report.words import day


def content(edition="organization", options=OPTIONS, **kind):
    return build(organization(**kind), Edition.parse(edition), options)


def rows(files, name):
    data = next(file.data for file in files if file.name == f"{name}.csv")
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_a_bad_week_is_told_in_one_sentence():
    """What worsened, what is new, what came back, what is fixed, and what stands open."""
    verdict = content().verdict
    assert verdict.headline == "Worse than last time"
    assert verdict.sentence == (
        "Since 15 Nov 2026, 4 settings worsened, 1 improved, 4 findings are new, 1 came back and 2 are fixed; "
        "1 resource can no longer be read whole; 19 findings are open, 6 of them critical or high."
    )
    assert "1 not reached" in verdict.caveat
    assert "never counts as a pass" in verdict.caveat


def test_the_first_report_establishes_a_baseline():
    """No comparison is invented where there is nothing to compare with."""
    made = forms(organization(first=True))
    assert made.content.first
    assert made.content.verdict.headline == "Baseline established"
    assert "Baseline established" in made.page
    assert "Baseline established" in made.mail.subject
    assert "Against the previous run" not in made.page


def test_a_week_without_change_says_so_loudly():
    """In the verdict, on the page, in the subject and the text of the mail."""
    made = forms(organization(quiet=True))
    assert made.content.quiet
    for text in (made.content.verdict.headline, made.mail.subject):
        assert "No change since last time" in text
    assert "NO CHANGE SINCE LAST TIME" in made.mail.text
    assert "✓ Nothing changed since 15 Nov 2026" in made.page


def test_a_quiet_week_with_an_unreachable_account_is_not_called_whole():
    """The caveat and the subject name what was not seen."""
    made = forms(organization(quiet=True))
    assert "1 account not reached" in made.mail.subject
    assert "1 not reached" in made.content.verdict.caveat
    assert made.content.verdict.sentence.startswith("Nothing that was read has changed since 15 Nov 2026;")


def test_every_figure_can_be_recomputed_from_the_data():
    """Open, waived, unanswered, movement, changes, coverage and controls, from the files that go with the report."""
    made = forms(organization())
    posture, drift, coverage = made.content.posture, made.content.drift, made.content.coverage
    findings = rows(made.files, "findings")
    failing = [row for row in findings if row["status"] == "fail"]
    waived = [row for row in failing if row["waiver"]]
    assert posture.counts.failed == len(failing) == made.content.findings.total
    assert posture.counts.waived == len(waived)
    assert posture.counts.insufficient == sum(row["status"] == "insufficient_data" for row in findings)
    grave = [row for row in failing if row["severity"] in ("critical", "high") and not row["waiver"]]
    assert posture.open_grave == len(grave)
    states = Counter(row["state"] for row in failing)
    moved = posture.movement
    assert (moved.new, moved.reopened, moved.persisting) == (states["new"], states["reopened"], states["persisting"])
    became = Counter(row["became"] for row in rows(made.files, "ended"))
    assert (moved.fixed, moved.gone, moved.lost_sight) == (became["fixed"], became["gone"], became["lost_sight"])
    assert moved.fixed > 0
    unclear = {r["account"] for r in findings if r["severity"] in ("critical", "high") and not r["waiver"]}
    answered = {
        row["account"] for row in rows(made.files, "coverage") if row["status"] == "read" and row["passed"] != "0"
    }
    assert posture.accounts_clear == len(answered - unclear)
    changes = {row["id"]: row for row in rows(made.files, "changes")}
    directions = Counter(row["direction"] for row in changes.values())
    assert drift.total == len(changes)
    assert (drift.worsened, drift.improved) == (directions["worsened"], directions["improved"])
    accounts = rows(made.files, "coverage")
    assert coverage.read == sum(row["status"] == "read" for row in accounts)
    assert coverage.total == len(accounts)
    kept = Counter(row["state"] == "not read" for row in rows(made.files, "inventory"))
    assert (coverage.resources, coverage.resources_known) == (kept[False], kept.total())
    assert (coverage.calls, coverage.denied) == tuple(sum(int(r[c]) for r in accounts) for c in ("calls", "denied"))
    assert coverage.regions_read == sum(int(row["regions_read"]) for row in accounts)
    for column, figure in (("passed", posture.counts.passed), ("failed", posture.counts.failed)):
        assert sum(int(row[column]) for row in accounts) == figure
        assert sum(int(row[column]) for row in rows(made.files, "checks")) == figure
    controls = Counter((row["framework"], row["status"]) for row in rows(made.files, "controls"))
    for framework in made.content.frameworks:
        assert dict(framework.statuses) == {s: n for (f, s), n in controls.items() if f == framework.id}


def test_the_trend_is_not_cut_by_a_page():
    """Heading, bars and legend stand in one block that no page break goes through."""
    page = forms(organization()).page
    assert re.search(r'<div class="whole">\s*<h3>Findings over the last', page)
    assert ".whole { break-inside: avoid; }" in (template_folder() / "print.css").read_text()


def test_what_is_fixed_is_named():
    """A number that somebody worked for is not all they get to see."""
    made = forms(organization())
    section = made.page[made.page.index("No longer failing") :]
    for account, check in organization().fixed:
        assert account in section
        assert organization().check_texts[check].title in section


def test_nobody_read_an_account_that_was_not_read():
    """The session that tried to enter it, and when it tried, are not told as though they had read it."""
    source = organization()
    at = source.this_run.as_of
    source.account_rows[:] = [replace(row, observed_at=at, read_by="arn:aws:sts::1:x") for row in source.account_rows]
    for row in rows(forms(source).files, "coverage"):
        read = row["status"] in ("read", "partial")
        assert bool(row["observed_at"]) == read
        assert bool(row["read_by"]) == read


def test_unknown_is_never_a_pass():
    """An account with an unanswered critical check, or not read at all, is not clear; its cells show a question mark."""
    made = content()
    unread = {row.account.id for row in made.coverage.incomplete.rows}
    assert unread == {"300000000001", "200000000007", "300000000002"}
    assert made.posture.accounts_clear <= made.posture.accounts_read
    assert made.map
    for row in made.map.rows.rows:
        if row.status is ReadStatus.UNREACHABLE:
            assert all(cell is None or not cell.passed for cell in row.cells)


def test_the_account_that_could_not_be_reached_is_in_every_place():
    """Coverage, map, what was not assessed, the figures and the mail."""
    made = forms(organization())
    assert "sandbox-ml" in made.mail.text
    assert any(gap.what == "sts:AssumeRole" for gap in made.content.unassessed.failed.rows)
    assert any(row.account.name == "sandbox-ml" for row in made.content.map.rows.rows)


def test_a_control_without_an_answer_is_not_assessed():
    """It stands in its framework's table with a reason; the denominator is the framework's own."""
    source = organization()
    whole = source.controls
    source.controls = lambda framework, scope: list(whole(framework, scope))[1:]
    made = build(source, Edition(), OPTIONS)
    for section, framework in zip(made.frameworks, source.framework_list, strict=True):
        assert section.total == len(framework.controls)
        assert section.lines[0].result.status is ControlStatus.NOT_ASSESSED
        assert section.lines[0].result.reason


def test_what_is_cut_is_said():
    """A body that shows a part names the whole and the file that holds it."""
    made = forms(organization(), options=replace(OPTIONS, findings_shown=5, changes_shown=2, accounts_shown=4))
    assert made.content.findings.shown == 5
    assert "5 of 21 failing findings" in made.page
    assert "4 of 14 accounts shown; all are in the attached coverage.csv" in made.page
    assert "2 of 4 changes shown; all are in the attached changes.csv" in made.page
    assert len([row for row in rows(made.files, "findings") if row["status"] == "fail"]) == 21


def test_worsened_changes_come_with_who_and_the_remedy_filled_in():
    """The remedy of the gravest broken check, with the resource's own name in it."""
    first = content().attention.worsened[0]
    assert first.line.change.resource == "payments-trail"
    assert first.line.attribution.actors[0].principal.startswith("jordan@example.com")
    assert "arn:aws:cloudtrail:eu-west-1:200000000001:trail/payments-trail" in first.fix


def test_the_first_of_several_due_days_is_called_so():
    """An action of many findings is due when the oldest is, while its newest, with a day of its own, stands further down."""
    made = forms(organization())
    action = next(a for a in made.content.attention.actions if a.open > 1)
    group = next(g for g in made.content.findings.groups if g.check.id == action.check)
    days = [line.due_on for line in group.lines.rows if line.due_on]
    assert action.due_on == min(days)
    said = f"the first due by {day(action.due_on)}"
    for text in (made.page, made.mail.html, made.mail.text):
        assert said in text.replace("\xa0", " ")


def test_actions_name_owners_and_days():
    """Gravest first, with owners from tags and the earliest day due."""
    actions = content().attention.actions
    assert [a.severity for a in actions] == ["critical", "critical", "high", "high", "medium"]
    assert actions[0].owners == ("data@example.com", "web@example.com")
    assert str(actions[0].due_on) == "2026-11-25"


def test_waived_findings_still_count_as_failed():
    """They stand beside the open ones in figures, and never among the passed."""
    made = content()
    assert made.posture.counts.waived == 2
    assert made.waivers.waived_findings == 2
    assert [line.state for line in made.waivers.lines.rows] == ["expiring", "in force"]


@pytest.mark.parametrize("edition", ["account:999999999999", "ou:Root/Nowhere", "framework:pci"])
def test_an_edition_of_nothing_is_one_clear_error(edition):
    """It names what was asked for, and where those that exist are listed."""
    with pytest.raises(NoSuchEdition, match=edition.split(":")[1]) as told:
        content(edition)
    assert any(words in str(told.value) for words in ("`reporter coverage` lists", "Its units are", "Known: "))


def test_an_edition_that_is_nearly_right_is_guessed():
    """By the account's name, or a unit spelt nearly so."""
    with pytest.raises(NoSuchEdition, match="Did you mean account:200000000001"):
        content("account:payments-prod")
    with pytest.raises(NoSuchEdition, match="Did you mean ou:Root/Workloads/Prod"):
        content("ou:Root/Workload/Prod")
    with pytest.raises(NoSuchEdition, match=r"Did you mean ou:Root/Workloads\?"):
        content("ou:Root/Workload")


@pytest.mark.parametrize("text", ["everything", "account", "organization:x", "ou:"])
def test_an_edition_that_does_not_exist_is_one_clear_error(text):
    """It names the text and the remedy."""
    with pytest.raises(NoSuchEdition, match=text.split(":")[0]):
        Edition.parse(text)


def test_file_names_of_editions_are_plain():
    """ASCII letters, digits, dots and dashes only, whatever the OU is called; and no two editions share one."""
    assert re.fullmatch(r"ou-root-pr-prod---co-[0-9a-f]{8}", Edition("ou", "Root/Préprod & Co").key)
    assert Edition("ou", "Root/A").key != Edition("ou", "Root-A").key
    assert Edition("framework", "cis-aws-5.0.0").key == "framework-cis-aws-5.0.0"
    assert Edition("account", "111122223333").key == "account-111122223333"


def test_a_units_long_path_makes_a_short_file_name():
    """Five nested units of 128 letters each: no file system takes such a name whole, and two of them stay two."""
    deep = "/".join(("Root", *("u" * 128 for _ in range(5))))
    one, other = (Edition("ou", f"{deep}/{leaf}").key for leaf in ("a", "b"))
    assert one != other
    assert len(f"{one}.0123456789abcdef.mail.json".encode()) < 160


def test_the_number_of_questions_does_not_grow_with_the_organization():
    """Each method of the source is called a fixed number of times."""
    calls = Counter()

    class Counting:
        """Passes questions on and counts them."""

        def __init__(self, source):
            self.source = source

        def __getattr__(self, name):
            calls[name] += 1
            return getattr(self.source, name)

    build(Counting(organization()), Edition(), OPTIONS)
    assert calls["controls"] == 3
    assert max(calls.values()) <= 4


def test_the_fake_source_answers_scopes_as_though_nothing_else_existed():
    """The reference for whoever implements it over the history."""
    source = organization()
    scope = Scope(accounts=frozenset({"200000000001"}))
    assert {t.account for t in source.account_totals(scope)} == {"200000000001"}
    assert {r.finding.account for r in source.findings(scope, Status.FAIL)} == {"200000000001"}
    assert {r.change.account for r in source.changes(scope)} == {"200000000001"}
    assert "example-org-trail-logs" in source.owned_outside(scope, {"example-org-trail-logs", "payments-prod-ledger"})
    assert "payments-prod-ledger" not in source.owned_outside(scope, {"payments-prod-ledger"})
