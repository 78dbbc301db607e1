"""The verdict read aloud: first reports, quiet weeks, lost sight, narrowed runs, nothing read; and what to do about it."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from organization import AS_OF, LAST, organization
from report_parts import OPTIONS, forms

from reporter.model import Actor, Attribution, Change, ChangeKind, Direction, Op, ReadStatus, SettingMaker
from reporter.report.attention import remedy
from reporter.report.content import build
from reporter.report.edition import Edition
from reporter.report.mail import mail_bodies, subject
from reporter.report.render import Look, environment
from reporter.report.source import ChangeRow, GapCount, Movement


def fared(source, status, reason="", *, since=None, last_read_at=LAST, state="ACTIVE"):
    """The same organization, every account of which fared so."""
    source.account_rows = [
        replace(
            row, status=status, reason=reason, since=since, last_read_at=last_read_at,
            account=replace(row.account, state=state),
        )
        for row in source.account_rows
    ]  # fmt: skip
    source.by_id = {row.account.id: row for row in source.account_rows}
    return source


def told(source, edition="organization"):
    return build(source, Edition.parse(edition), OPTIONS).verdict


def test_what_was_lost_from_sight_is_in_the_sentence():
    """An account that was reached last time and is not now, one read only in part now, and findings nobody can judge."""
    source = organization(quiet=True)
    lost, dimmed = source.account_rows[0], source.account_rows[1]
    source.account_rows = [
        replace(lost, status=ReadStatus.UNREACHABLE, since=AS_OF, last_read_at=LAST),
        replace(dimmed, status=ReadStatus.PARTIAL, since=AS_OF, last_read_at=AS_OF),
        *source.account_rows[2:],
    ]
    source.by_id = {row.account.id: row for row in source.account_rows}
    source.movement = lambda _scope: Movement(persisting=15, lost_sight=4)
    verdict = told(source)
    assert verdict.headline == "Less could be read than last time"
    assert "1 account can no longer be reached" in verdict.sentence
    assert "1 account can be read only in part now" in verdict.sentence
    assert "4 findings can no longer be judged" in verdict.sentence


def test_an_account_that_was_never_reached_is_not_lost_anew():
    """It is in the caveat every week, and in the sentence in the week it happened only."""
    verdict = told(organization(quiet=True))
    assert "can no longer be reached" not in verdict.sentence


def test_a_week_in_which_only_tags_changed_says_how_many():
    """One number: what the sentence leaves out of "nothing", it counts."""
    source = organization(quiet=True)
    tag = Change("100000000001", "global", "AWS::S3::Bucket", "b", "arn:aws:s3:::b", ChangeKind.MODIFIED, LAST, AS_OF, "tags",
                 ops=(Op("changed", "Tags.a", "1", "2", "tags"),), id=1)  # fmt: skip
    source.change_rows = [ChangeRow(tag)]
    verdict = told(source)
    assert verdict.sentence.startswith(
        "Nothing that was read but tags and names (1 change) has changed since 15 Nov 2026;"
    )
    assert verdict.figures[0].note == "of 1 change; findings: none new, none fixed"


def test_a_change_of_a_tag_that_worsened_something_is_no_quiet_week():
    """It is counted as worse, and so it is listed."""
    source = organization(quiet=True)
    tag = Change("100000000001", "global", "AWS::S3::Bucket", "b", "arn:aws:s3:::b", ChangeKind.MODIFIED, LAST, AS_OF, "tags",
                 Direction.WORSENED, "medium", (Op("removed", "Tags.DataClass", "pii", None, "tags"),), id=1)  # fmt: skip
    source.change_rows = [ChangeRow(tag)]
    made = build(source, Edition(), OPTIONS)
    assert not made.quiet
    assert made.drift.minor == 0
    assert [group.lines.total for group in made.drift.groups] == [1]


def test_the_first_words_of_a_list_carry_the_noun():
    """ "1 setting improved", not "1 improved", where nothing before it says what is counted."""
    source = organization(quiet=True)
    source.movement = lambda _scope: Movement(persisting=15, fixed=2, gone=3)
    better = told(source)
    assert "2 findings are fixed and 3 no longer apply" in better.sentence
    assert better.headline == "Better than last time"


@pytest.mark.parametrize("first", [False, True])
def test_a_run_that_read_nothing_says_so_first(first):
    """No baseline and no quiet week is claimed, in the subject neither; what is shown is older."""
    made = forms(fared(organization(first=first, quiet=not first), ReadStatus.UNREACHABLE, "No role.", since=LAST))
    verdict = made.content.verdict
    assert verdict.headline == "Nothing could be read"
    assert verdict.sentence.startswith("None of the 14 accounts was read (14 not reached)")
    assert "Nothing could be read" in made.mail.subject
    assert "✓ Nothing changed" not in made.page
    assert not [figure for figure in verdict.figures if figure.tone == "good"], "what nobody saw is no good news"
    assert "silence would mean" not in made.mail.text
    for text, why, older in (
        (made.page, "Why nothing was read", "What else to do, by what was last known"),
        (made.mail.html, "Not fully read", "What else to do, by what was last known"),
        (made.mail.text, "NOT FULLY READ", "WHAT ELSE TO DO, BY WHAT WAS LAST KNOWN"),
    ):
        assert text.index(why) < text.index(older), "why comes before what is only known from earlier"
        assert "What to do next" not in text


def test_accounts_that_nobody_could_list_are_never_called_all():
    """Headline, sentence and subject say so before anything else; the baseline of a part is not called one."""
    for quiet, first in ((True, False), (False, True)):
        source = organization(first=first, quiet=quiet)
        gap = GapCount("organizations:ListAccounts", "ListAccounts", "AccessDeniedException", 1, 1, ("AWS::::Account",))
        source.gap_rows.append((source.account_rows[0].account.id, gap))
        made = forms(source)
        assert made.content.verdict.tone == "mixed"
        assert made.content.verdict.headline == "The list of accounts is incomplete"
        assert made.content.verdict.sentence.startswith("AWS Organizations did not list the accounts (AccessDenied")
        assert "the organization's accounts could not be listed" in made.mail.subject
        assert not made.content.coverage.complete
        source.account_rows = source.account_rows[:1]
        source.answers = [r for r in source.answers if r.finding.account == source.account_rows[0].account.id]
        source.change_rows, source.waiver_list, source.fixed, source.inventory_rows = [], [], [], []
        source.gap_rows, source.by_id = (
            source.gap_rows[-1:],
            {source.account_rows[0].account.id: source.account_rows[0]},
        )
        alone = forms(source)
        assert alone.content.verdict.headline == "Only one account could be seen"
        assert "Only one account seen" in alone.mail.subject


def test_one_open_finding_is_spoken_of_as_one():
    """Not "1 finding is open, 1 of them critical or high"."""
    source = organization()
    first = next(row for row in source.answers if row.finding.severity == "high" and row.finding.status.value == "fail")
    source.answers = [first]
    assert told(source).sentence.endswith("1 finding is open, and it is critical or high.")


def test_a_clock_that_was_set_back_is_said_where_the_period_stands():
    """No period that ends before it begins."""
    source = organization()
    source.previous_run = replace(source.previous_run, as_of=source.this_run.as_of + timedelta(days=1))
    made = forms(source)
    said = "As of 22 Nov 2026; the run before is dated 23 Nov 2026, which is later: a clock was wrong"
    assert said in made.page
    assert said in made.mail.html
    assert "which is later: a clock was wrong" in made.mail.text


def test_a_command_breaks_between_words_and_loses_none_of_its_letters():
    """Options stand together; a long list breaks after its commas; copied, it is what it was."""
    block = "--public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true"
    command = f"aws s3api put --bucket orders {block}"
    typed = str(environment(Look()).filters["typed"](command))
    assert re.sub("<[^>]+>", "", typed) == command
    assert 'put <span class="tok">--bucket</span> orders ' in typed
    assert '<span class="tok long"><span class="tok">--public-</span>access-block-configuration</span>' in typed
    assert '<span class="tok part">BlockPublicAcls=true,</span><wbr><span class="tok part">' in typed
    assert "&lt;b&gt;" in environment(Look()).filters["typed"]("<b>")


def test_a_remark_in_a_remedy_is_no_command():
    """It looks otherwise, and "more commands" does not count it."""
    macro = environment(Look()).from_string(
        '{% import "macros/ui.html.j2" as ui with context %}{{ ui.commands(fix, room=30) }}'
    )
    fix = "# look first\naws one\n# then\naws two --with-a-name-that-has-no-room-left"
    page = macro.render(fix=fix, content=None, paged=False)
    assert '<code class="cmd soft">' in page
    assert "1 more command," in page


def test_a_suspended_account_is_called_suspended():
    """Not "left out on purpose": AWS closed it."""
    source = fared(organization(quiet=True), ReadStatus.EXCLUDED, "The account is suspended.", state="SUSPENDED")
    verdict = told(source, "account:200000000001")
    assert verdict.sentence.startswith("This account was not read (suspended)")
    assert "14 suspended" in told(source).caveat


def test_a_narrowed_run_names_the_accounts_it_covers():
    """On the cover and in the verdict; the others are not selected, which is no failure."""
    source = organization(quiet=True)
    chosen = {"200000000001", "200000000002"}
    source.this_run = replace(source.this_run, selection=tuple(sorted(chosen)))
    source.account_rows = [
        row if row.account.id in chosen
        else replace(row, status=ReadStatus.EXCLUDED, reason="Not selected by --accounts 200000000001; it stays as it was.")
        for row in source.account_rows
    ]  # fmt: skip
    source.by_id = {row.account.id: row for row in source.account_rows}
    made = forms(source)
    assert "covers only 2 of 14 accounts, as asked: checkout-prod and payments-prod" in made.content.verdict.sentence
    assert "covers only 2 of 14 accounts" in made.content.cover.scope
    assert "not selected for this run" in made.content.verdict.caveat
    assert "left out" not in made.content.verdict.caveat


def test_the_movement_adds_up_where_findings_are_gone():
    """Then + new + reopened - fixed - gone - lost sight = now, and each is told."""
    source = organization()
    source.movement = lambda _scope: Movement(new=4, reopened=1, fixed=2, persisting=16, lost_sight=1, gone=10)
    made = forms(source)
    assert "10 no longer apply" in made.content.verdict.sentence
    assert "− Gone" in made.page
    assert "10 gone" in made.mail.text


def test_the_mail_says_how_many_more_accounts_there_are():
    """Four names and a number; a list that ends in silence looks complete."""
    made = forms(organization())
    action = replace(made.content.attention.actions[0], owners=(), named=tuple("abcdef"), accounts=9, unowned=6)
    content = replace(made.content, attention=replace(made.content.attention, actions=(action,)))
    mail = mail_bodies(content, Look())
    assert "a, b, c, d and 2 more (no owner tag); 3 more accounts in the data" in mail.text
    assert "a, b, c, d and 2 more" in mail.html


def test_a_remedy_is_of_what_changed_and_whole():
    """Of the commands of a broken check those about what the change touched; never half a command, each on its line."""
    source = organization()
    row = next(r for r in source.answers if r.finding.check == "s3-bucket-kms-encryption" and r.state == "new")
    long = "aws s3api put-bucket-encryption --bucket x --server-side-encryption-configuration '" + "k" * 400 + "'"
    finding = replace(row.finding, fix=f"aws s3api put-bucket-logging --bucket x\n{long}")
    change = Change(finding.account, finding.region, finding.type, finding.resource, finding.arn, ChangeKind.MODIFIED, LAST, AS_OF,
                    "security", Direction.WORSENED, "high", (Op("removed", "Encryption.Rules.KMSMasterKeyID", "k", None),),
                    checks={finding.check: "pass -> fail"}, id=77)  # fmt: skip
    assert remedy(change, [finding]) == long
    assert remedy(replace(change, ops=(Op("changed", "Website", 1, 2),)), [finding]) == finding.fix
    assert remedy(replace(change, checks={"s3-bucket-versioning": "pass -> fail"}), [finding]) == ""
    source.change_rows = [ChangeRow(change)]
    source.answers = [replace(r, finding=finding) if r is row else r for r in source.answers]
    made = forms(source)
    assert long in made.mail.text.splitlines()[made.mail.text.splitlines().index("  Do:") + 1]
    assert "k" * 400 in made.page


def test_a_remedy_of_several_lines_keeps_them_in_the_text_mail():
    """Behind a comment on the same line no command would run; a sign that breaks a line otherwise makes no line."""
    made = forms(organization())
    comment, command = "# in account 897386324981", "aws cloudtrail start-logging --name 'two  blanks'"
    hostile = "aws s3api put-bucket-logging --bucket a\u2028b\rc"
    worse = replace(made.content.attention.worsened[0], fix=f"{comment}\n{command}\n{hostile}")
    content = replace(made.content, attention=replace(made.content.attention, worsened=(worse,)))
    lines = mail_bodies(content, Look()).text.splitlines()
    at = lines.index("  Do:")
    assert lines[at + 1 : at + 3] == [f"      {comment}", f"      {command}"]
    assert lines[at + 3].startswith("      aws s3api put-bucket-logging --bucket a")
    assert lines[at + 3].endswith("c")


def test_a_subject_has_the_date_of_the_readers_zone():
    """Early morning in UTC is the day before in California."""
    content = build(organization(), Edition(), OPTIONS)
    assert subject(content, ZoneInfo("America/Los_Angeles")).endswith("21 Nov 2026")
    assert subject(content).endswith("22 Nov 2026")


def test_each_setting_names_who_made_it_where_several_did():
    """The headline names who made it worse, and how many others had a part; the table says who made what."""
    source = organization()
    at = AS_OF - timedelta(days=1)
    first = Actor("e-1", "PutBucketPolicy", at, "alice@example.com", mfa=False)
    second = Actor("e-2", "PutBucketTagging", at, "bob@example.com")
    told_apart = (
        SettingMaker("Policy", "exact", "shows it", (first,)),
        SettingMaker("Tags.a", "exact", "shows it", (second,)),
    )
    who = Attribution("exact", "each setting by its own event", (first, second), told_apart)
    change = Change("200000000001", "eu-west-1", "AWS::S3::Bucket", "b", "arn:aws:s3:::b", ChangeKind.MODIFIED, LAST, AS_OF, "security",
                    Direction.WORSENED, "high", (Op("added", "Policy", None, {}), Op("changed", "Tags.a", "1", "2")), id=9)  # fmt: skip
    source.change_rows = [ChangeRow(change, who)]
    made = forms(source)
    page = " ".join(made.page.split())
    assert "by alice@example.com, PutBucketPolicy" in page
    assert "by bob@example.com, PutBucketTagging" in page
    assert (
        "alice@example.com, PutBucketPolicy on 21 Nov 2026, 06:00 UTC, without MFA and 1 other (exact)"
        in made.mail.text
    )
    assert "Also possible" not in page
    assert "ertain)" not in page


def test_the_actions_say_how_many_more_checks_fail():
    """A list of the five gravest that does not say so looks like all there is: on the page, in the mail, for executives."""
    made = forms(organization())
    shown, total = len(made.content.attention.actions), made.content.attention.actions_total
    assert total == sum(row.counts.open > 0 for row in made.content.findings.checks) > shown
    assert f"The {shown} gravest of {total} failing checks; the others are under Findings." in made.page
    assert f"The {shown} gravest of {total} failing checks; the others are in the report." in made.mail.html
    assert f"WHAT TO DO NEXT (the {shown} gravest of {total} failing checks)" in made.mail.text
    assert f"the 4 gravest of {total} failing checks" in forms(organization(), "executive").page


def test_a_change_that_no_command_mends_is_asked_about():
    """Where no check fails because of it, whoever made it is to say whether it was meant; never no word of what to do."""
    source = organization()
    source.change_rows = [
        replace(row, change=replace(row.change, checks={}), acknowledgement=None) for row in source.change_rows
    ]
    made = forms(source)
    worse = next(w for w in made.content.attention.worsened if w.line.attribution and w.line.attribution.actors)
    asked = f"{worse.line.attribution.actors[0].principal} whether this was meant. If so"
    assert worse.fix == ""
    for text in (made.page, made.mail.html, made.mail.text):
        assert f"ask {asked}" in " ".join(text.split())
        whole = f'reporter acknowledge {worse.line.change.id} --owner "..." --why "..." --until YYYY-MM-DD'
        assert whole in unescape(re.sub("<[^>]+>", "", text))
        assert "f not, put the value before back" in text


def test_what_aws_said_is_told_to_its_end():
    """The last words of a refusal name what is missing."""
    source = organization()
    said = (
        "AWS says: "
        + "arn:aws:iam::200000000009:role/reader " * 10
        + "because no policy allows the sts:AssumeRole action"
    )
    source.account_rows = [
        replace(row, reason=said) if row.status is ReadStatus.UNREACHABLE else row for row in source.account_rows
    ]
    made = forms(source)
    for text in (made.page, made.mail.html, made.mail.text):
        assert "allows the sts:AssumeRole action." in " ".join(text.split())
