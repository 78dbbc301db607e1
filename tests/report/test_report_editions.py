"""A recipient's edition holds nothing about accounts outside it, in any format and any place of it."""

import re
from dataclasses import replace

import pytest
from organization import ACCOUNTS, organization
from report_parts import OPTIONS, forms, pdf_everything, pdf_of

from reporter.report.source import FindingRow

IDS = [account[0] for account in ACCOUNTS]


def distinct():
    """The organization with names that occur nowhere in our own words, some with spaces, and mentioned in evidence."""
    source = organization()
    names = {id: (f"Zorb {name}" if i % 2 else f"qx-{name}") for i, (id, name, *_) in enumerate(ACCOUNTS)}
    mention = "Shared with " + ", ".join(names.values()) + "; see example-org-trail-logs.s3.amazonaws.com."
    ids = "-".join(IDS)

    def told(row: FindingRow) -> FindingRow:
        evidence = tuple(replace(e, value=[e.value, mention, f"logs-{ids}-eu"]) for e in row.finding.evidence)
        return replace(
            row, finding=replace(row.finding, evidence=evidence, reason=mention, fix=row.finding.fix + mention)
        )

    rows = [replace(row, account=replace(row.account, name=names[row.account.id])) for row in source.account_rows]
    return replace(source, account_rows=rows, answers=[told(row) for row in source.answers]), names


def secrets(source, names, inside):
    """Every id, name, ARN and bucket of the accounts outside."""
    outside = {id for id in IDS if id not in inside}
    owned = {row.id for row in source.inventory_rows if row.account in outside}
    owned |= {row.arn for row in source.inventory_rows if row.account in outside}
    return outside | {names[id] for id in outside} | owned


def leaks(text, secret):
    return sorted(s for s in secret if s in text)


@pytest.mark.parametrize("account", IDS)
def test_an_account_edition_names_no_other_account(account):
    """Page, mail, data and file names of every account's edition."""
    source, names = distinct()
    made = forms(source, f"account:{account}")
    secret = secrets(source, names, {account})
    files = "\n".join(file.name + file.data.decode() for file in made.files)
    for text in (made.page, made.mail.subject, made.mail.text, made.mail.html, files, made.content.edition.key):
        assert leaks(text, secret) == []
    assert account in made.page
    assert names[account] in made.page


@pytest.mark.parametrize("ou", ["Root/Workloads", "Root/Workloads/Prod", "Root/Security"])
def test_an_ou_edition_names_only_its_accounts(ou):
    """What is below the OU is in, everything else is out."""
    source, names = distinct()
    inside = {id for id, _, path, _ in ACCOUNTS if f"{path}/".startswith(f"{ou}/")}
    made = forms(source, f"ou:{ou}")
    secret = secrets(source, names, inside)
    files = "\n".join(file.data.decode() for file in made.files)
    for text in (made.page, made.mail.text, made.mail.html, files):
        assert leaks(text, secret) == []
    assert all(names[id] in made.page or names[id] in files for id in inside)


@pytest.mark.parametrize("edition", ["account:200000000001"])
def test_the_pdf_of_an_edition_names_no_other_account_anywhere(edition):
    """Page text, attachments, metadata, bookmarks, alternative texts and every other string of the file."""
    source, names = distinct()
    inside = {id for id, _, path, _ in ACCOUNTS if edition in (f"account:{id}", f"ou:{path}")}
    everything = pdf_everything(pdf_of(forms(source, edition)).data)
    squeezed = "".join(everything.split())
    secret = secrets(source, names, inside)
    assert leaks(everything, secret) == []
    assert leaks(squeezed, {"".join(s.split()) for s in secret}) == []


def test_own_names_are_kept_where_a_stranger_shares_them():
    """An account of the scope is never blanked because another one is called the same."""
    source = organization()
    rows = [
        replace(row, account=replace(row.account, name="payments-prod")) if row.account.name == "audit" else row
        for row in source.account_rows
    ]
    made = forms(replace(source, account_rows=rows), "account:200000000001")
    assert "payments-prod" in made.page


def test_our_own_words_survive_an_account_named_like_them():
    """An account called "critical" or "audit" elsewhere blanks no severity and no prose."""
    source = organization()
    words = iter(
        [
            "critical",
            "Trail",
            "new",
            "read",
            "bucket",
            "fail",
            "account",
            "high",
            "Policy",
            "Status",
            "us",
            "S3",
            "s",
            "x",
        ]
    )
    rows = [
        row if row.account.id == "200000000001" else replace(row, account=replace(row.account, name=next(words)))
        for row in source.account_rows
    ]
    made = forms(replace(source, account_rows=rows), "account:200000000001")
    assert "Critical" in made.page
    assert "The trail is logging" in made.page
    assert made.content.findings.groups[0].severity == "critical"


def test_a_framework_edition_holds_its_framework_only():
    """Other frameworks, and checks it does not use, are left out; accounts are all there."""
    made = forms(organization(), "framework:cis-aws-5.0.0")
    assert [f.id for f in made.content.frameworks] == ["cis-aws-5.0.0"]
    assert "s3-bucket-versioning" not in made.page
    assert made.content.coverage.total == 14


def test_figures_of_an_edition_are_those_of_its_scope():
    """An account's edition counts its own findings and its own changes."""
    made = forms(organization(), "account:200000000001", OPTIONS)
    assert made.content.posture.counts.open == 4
    assert made.content.drift.total == 1
    assert made.content.coverage.total == 1
    assert "14" not in made.content.verdict.caveat


def test_a_framework_edition_names_its_version():
    """On the cover and in the subject: two versions of one benchmark are two reports."""
    made = forms(organization(), "framework:cis-aws-5.0.0")
    assert made.content.cover.edition.endswith(" 5.0.0")
    assert " 5.0.0" in made.mail.subject


def test_an_accounts_edition_speaks_of_one_account():
    """No "1 of 1 account": its owner is told how far their account was read."""
    made = forms(organization(), "account:200000000001", OPTIONS)
    assert "This account: fully read" in made.page
    for counted in ("1 of 1 account", "of the 1 account", "in 1 account"):
        assert counted not in flat_text(made.page)
    whole = made.content.findings
    assert whole.shown == whole.total
    assert "all shown below" in made.page


def flat_text(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_manifest_is_said_to_list_what_it_lists():
    """Documents and tables: no list of digests, no signature, not the manifest itself."""
    page = " ".join(forms(organization()).page.split())
    assert "manifest.json</code> lists the report's documents and tables" in page
    assert "every one of them" not in page
