"""Accounts that were not read for the same reason: told once in a mail, with the first of them and how many there are."""

from dataclasses import replace

from organization import organization
from report_parts import OPTIONS

from reporter.model import ReadStatus
from reporter.report.alike import NAMED, alike
from reporter.report.content import build
from reporter.report.edition import Edition
from reporter.report.mail import mail_bodies
from reporter.report.render import Look

WHY = "arn:aws:iam::{}:role/reader cannot be assumed. Create it from deploy/member-role.yaml."


def shut_out():
    """The organization, in which no role can be assumed."""
    source = organization()
    source.account_rows = [
        replace(row, status=ReadStatus.UNREACHABLE, reason=WHY.format(row.account.id)) for row in source.account_rows
    ]
    return source


def test_many_accounts_refused_alike_are_one_entry_of_the_mail():
    """The reason stands once, though each names its own account; five names, and how many more."""
    source = shut_out()
    content = build(source, Edition.parse("organization"), OPTIONS)
    made = mail_bodies(content, Look())
    many = len(source.account_rows)
    assert many > NAMED
    for form in (made.text, made.html):
        assert form.count("cannot be assumed") == 1
        assert f"and {many - NAMED} more account" in form


def test_another_reason_is_another_entry():
    """Only what differs by an account's own id or name is the same."""
    rows = shut_out().account_rows
    other = replace(rows[1], reason="Not reached: timed out.")
    found = alike([rows[0], other, rows[2], replace(rows[3], status=ReadStatus.PARTIAL)])
    assert [(one.count, one.more, one.fared) for one in found] == [
        (2, 0, "unreachable"), (1, 0, "unreachable"), (1, 0, "partial"),
    ]  # fmt: skip
    assert found[0].rows == (rows[0], rows[2])
