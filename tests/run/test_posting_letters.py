"""Who gets what: addresses from settings, tags and contacts; formats, limits, links and time zones; nobody gets too much."""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "report"))
sys.path.insert(0, str(Path(__file__).parent.parent / "history"))
from estate_builder import account_item, snapshot
from estate_builder import run as recorded
from organization import ACCOUNTS, AS_OF, organization
from posting_parts import MONDAY, SENDER, open_history

from reporter.deliver.archive import Link
from reporter.deliver.message import message_id
from reporter.model import Account, Unread
from reporter.report.content import Content, Options, build
from reporter.report.edition import Edition
from reporter.report.render import Look
from reporter.run.addressing import Misaddressed, addressed, contacts_in, misaddressed, nobody_named
from reporter.run.lettering import Desk, Handed, calls, copies, letters
from reporter.settings.schema import Archive, Mail, Recipient, Report, Settings, Webhook

ORG, ONE, TWO = Edition("organization"), "111111111111", "222222222222"
SOURCE = organization()


def account(id: str, ou: str = "Root/Workloads/Prod", **tags: str) -> Account:
    return Account(id, f"name {id}", ou_path=ou, parent_ids=("r-1", "ou-prod"), tags=tags)


def pairs(
    rules: list[Recipient], accounts: list[Account], schedule: str = "", **options: object
) -> set[tuple[str, str]]:
    return {(address, edition.key) for _, address, edition in addressed(rules, accounts, schedule, **options)}  # type: ignore[arg-type]


# --- who ---


def test_an_address_gets_its_edition_and_accounts_get_each_their_own() -> None:
    """The edition `accounts` is every account's own report, one by one."""
    rules = [Recipient(address="lead@example.com"), Recipient(address="soc@example.com", edition="accounts")]
    own = {("soc@example.com", f"account-{id}") for id in (ONE, TWO)}
    assert pairs(rules, [account(ONE), account(TWO)]) == {("lead@example.com", "organization"), *own}


def test_the_same_address_in_other_letters_gets_one_mail_with_all_formats() -> None:
    """Addresses are compared without regard to case; the first spelling and time zone are kept."""
    rules = [
        Recipient(address="Lead@Example.com", time_zone="Asia/Tokyo"),
        Recipient(address="lead@example.com", formats=("csv", "pdf")),
    ]
    ((rule, address, edition),) = addressed(rules, [], "")
    assert (address, edition, rule.formats, rule.time_zone) == ("Lead@Example.com", ORG, ("pdf", "csv"), "Asia/Tokyo")


def test_accounts_that_name_nobody_are_told() -> None:
    """A tag that no account has is no recipient, and not silence: how many accounts, which, by which rule."""
    rules = [Recipient(account_tag="Owner"), Recipient(account_tag="Owner", edition="ou:Root/Gone")]
    silent, empty = nobody_named(rules, [account(ONE, Owner="a@example.com"), account(TWO)], "")
    assert silent.startswith(
        "recipients by account_tag Owner: 1 of 2 accounts name nobody, so nobody gets their reports"
    )
    assert "no account is meant by the edition ou:Root/Gone" in empty
    assert nobody_named([Recipient(address="a@example.com")], [account(ONE)], "") == ()
    assert nobody_named([Recipient(account_tag="Owner", schedules=("monthly",))], [account(TWO)], "weekly") == ()


def test_schedules_choose_their_recipients() -> None:
    """A rule without schedules belongs to all."""
    rules = [Recipient(address="a@example.com", schedules=("weekly",)), Recipient(address="b@example.com")]
    assert pairs(rules, [], "weekly") == {("a@example.com", "organization"), ("b@example.com", "organization")}
    assert pairs(rules, [], "daily") == {("b@example.com", "organization")}


def test_an_account_tag_gives_owners_their_own_account_and_nothing_more() -> None:
    """Several people may stand in one tag; a rule's wider edition does not widen what an owner gets."""
    rule = Recipient(account_tag="Owner", edition="organization")
    accounts = [
        account(ONE, Owner="anna@example.com bob@example.com"),
        account(TWO, Owner="Anna@example.com"),
        account("3" * 12),
    ]
    assert pairs([rule], accounts) == {
        ("anna@example.com", f"account-{ONE}"),
        ("bob@example.com", f"account-{ONE}"),
        ("Anna@example.com", f"account-{TWO}"),
    }
    assert misaddressed([rule], accounts, "") == ()


@pytest.mark.parametrize("ou", ["ou:Root/Workloads", "ou:Root/Workloads/", "ou:ou-prod"])
def test_owners_can_be_chosen_by_ou(ou: str) -> None:
    """By path or by id; `Root/Work` is not above `Root/Workloads`."""
    accounts = [
        account(ONE, Owner="a@example.com"),
        replace(account(TWO, "Root/Sandbox", Owner="b@example.com"), parent_ids=("r-1",)),
    ]
    assert pairs([Recipient(account_tag="Owner", edition=ou)], accounts) == {("a@example.com", f"account-{ONE}")}
    assert pairs([Recipient(account_tag="Owner", edition="ou:Root/Work")], accounts) == set()


def test_what_stands_in_a_tag_and_is_no_address_is_on_record() -> None:
    """It becomes no header, and it is not silently left out."""
    accounts = [account(ONE, Owner="see-wiki"), account(TWO, Owner="b@example.com\r\nBcc: evil@example.com")]
    wrong = misaddressed([Recipient(account_tag="Owner")], accounts, "")
    assert [(one.recipient, one.edition.of) for one in wrong] == [(f"tag Owner of {id}", id) for id in (ONE, TWO)]
    assert '"see-wiki" is no mail address' in wrong[0].why
    assert '"Bcc:" is no mail address' in wrong[1].why
    assert pairs([Recipient(account_tag="Owner")], accounts) == {
        ("b@example.com", f"account-{TWO}"),
        ("evil@example.com", f"account-{TWO}"),  # white space separates addresses; each gets this account's report only
    }


def test_alternate_contacts_are_asked_for_and_what_is_not_known_is_said() -> None:
    """Three answers: an address, none, and not readable."""
    answers: Mapping[str, str | Unread | None] = {
        ONE: "soc@example.com",
        TWO: None,
        "3" * 12: Unread("GetAlternateContact", "account:GetAlternateContact", "AccessDenied"),
    }
    asked = []

    def contact(one: Account, kind: str) -> str | Unread | None:
        asked.append(kind)
        return answers[one.id]

    rule, accounts = Recipient(alternate_contact="SECURITY"), [account(id) for id in answers]
    assert pairs([rule], accounts, contact=contact) == {("soc@example.com", f"account-{ONE}")}
    assert set(asked) == {"SECURITY"}
    (wrong,) = misaddressed([rule], accounts, "", contact)
    assert (wrong.recipient, wrong.why) == (
        "SECURITY contact of 333333333333",
        "the address could not be read: account:GetAlternateContact: AccessDenied",
    )
    assert len(misaddressed([rule], accounts, "")) == 3  # where nobody reads contacts, nobody is forgotten in silence


def test_contacts_are_taken_from_what_the_run_read(tmp_path: Path) -> None:
    """Read, not set, refused, never asked for: told apart by the account's own item in the history."""
    engine = open_history(f"sqlite:///{tmp_path / 'history.db'}")
    denied = Unread("GetAlternateContact", "account:GetAlternateContact", "AccessDenied")
    item = account_item(
        ONE, MONDAY, SecurityContact="soc@example.com", BillingContact=None, unread={"OperationsContact": denied}
    )
    sealed, _ = recorded(engine, MONDAY, snapshot(ONE, MONDAY, account_item=item))
    contact = contacts_in(engine, sealed)
    assert contact(account(ONE), "SECURITY") == "soc@example.com"
    assert contact(account(ONE), "BILLING") is None
    assert str(contact(account(ONE), "OPERATIONS")) == "account:GetAlternateContact: AccessDenied"
    assert str(contact(account(TWO), "SECURITY")) == "account:GetAlternateContact: NotYetRead"


def test_a_fixed_address_that_cannot_be_used_is_on_record() -> None:
    """Settings let more pass than a mail can carry."""
    (wrong,) = misaddressed([Recipient(address="jörg@example.com")], [], "")
    assert (wrong.recipient, wrong.edition) == ("jörg@example.com", ORG)


# --- what ---


@dataclass(frozen=True)
class Printed:
    edition: Edition
    folder: Path
    html: Path
    pdf: Path | None
    data: tuple[Path, ...]


def printed(folder: Path, edition: Edition = ORG, pdf: int = 1000) -> Printed:
    folder = folder / "2026-11-22-run-0012"
    folder.mkdir(exist_ok=True)
    files = {
        "html": b"<html>" * 9,
        "pdf": b"p" * pdf,
        "findings.csv": b"a,b\n",
        "inventory.csv": b"c\n",
        "report.json": b"{}",
    }
    made = {}
    for name, data in files.items():
        made[name] = folder / f"{edition.key}{'.' if name in ('html', 'pdf') else '-'}{name}"
        made[name].write_bytes(data)
    data = (made["findings.csv"], made["inventory.csv"], made["report.json"])
    return Printed(edition, folder, made["html"], made["pdf"] if pdf else None, data)


@cache
def content(edition: Edition) -> Content:
    return build(SOURCE, edition, Options(organization="Example Corp"))


def settings(**mail: object) -> Settings:
    return Settings(mail=Mail.model_validate({"transport": "smtp", "sender": SENDER} | mail))


def handed(one: Printed, *rules: Recipient, **more: object) -> Handed:
    to = [(rule, rule.address or "", one.edition) for rule in rules or (Recipient(address="Lead@Example.com"),)]
    values = {
        "run": SOURCE.run(),
        "previous": SOURCE.previous(),
        "published": [one],
        "to": to,
        "contents": content,
        "look": Look(),
    }
    return Handed(**(values | more))  # type: ignore[arg-type]


def written(one: Printed, *rules: Recipient, desk: Desk | None = None):
    """The first letter and its bodies."""
    letter = next(iter(letters(handed(one, *rules), desk or Desk(settings()))))
    data = (one.folder / letter.payload["bodies"]).read_bytes()
    assert letter.payload["bodies"].split(".")[-3] == hashlib.sha256(data).hexdigest()[:16]
    return letter, json.loads(data)


def test_a_letter_carries_the_formats_asked_for_in_their_order(tmp_path: Path) -> None:
    """With a name that says run and edition, and the hash of what was rendered; and the mail says what is attached."""
    one = printed(tmp_path)
    letter, bodies = written(one, Recipient(address="Lead@Example.com", formats=("csv", "pdf")))
    names = [entry["name"] for entry in letter.payload["attachments"]]
    assert names == [
        "2026-11-22-run-0012-organization-findings.csv",
        "2026-11-22-run-0012-organization-inventory.csv",
        "2026-11-22-run-0012-organization.pdf",
    ]
    assert letter.payload["attachments"][2]["sha256"] == hashlib.sha256(b"p" * 1000).hexdigest()
    assert (letter.recipient, letter.payload["address"]) == ("lead@example.com", "Lead@Example.com")
    assert letter.message_id == message_id(SOURCE.run().id, "organization", "lead@example.com", SENDER)
    flat = " ".join(bodies["text"].split())
    assert "Attached: 2026-11-22-run-0012-organization-findings.csv (1 kB)" in flat
    assert "2026-11-22-run-0012-organization.pdf" in bodies["html"]


def test_what_is_too_large_is_left_to_a_link_that_says_when_it_ends(tmp_path: Path) -> None:
    """In the recipient's own time zone."""
    one = printed(tmp_path, pdf=9_200_000)
    until = datetime(2026, 11, 29, 6, 30, tzinfo=UTC)
    desk = Desk(settings(), lambda edition, file: Link(f"https://archive.example/{file.name}?sig", until))
    letter, bodies = written(one, Recipient(address="a@example.com", time_zone="Europe/Berlin"), desk=desk)
    assert letter.payload["attachments"] == []
    assert letter.payload["left_out"] == ["organization.pdf"]
    flat = " ".join(bodies["text"].split())
    assert "Too large to attach: 2026-11-22-run-0012-organization.pdf (9.2 MB)." in flat
    assert "The link opens organization.pdf, for whoever has it, until 29 Nov 2026, 07:30 CET." in flat
    assert "Open the report: https://archive.example/organization.pdf?sig" in bodies["text"]
    assert 'href="https://archive.example/organization.pdf?sig"' in bodies["html"]


def test_without_a_link_the_mail_says_that_something_is_missing(tmp_path: Path) -> None:
    """Nobody takes a mail without its report for the whole report."""
    letter, bodies = written(printed(tmp_path, pdf=9_200_000))
    assert letter.payload["left_out"] == ["organization.pdf"]
    flat = " ".join(bodies["text"].split())
    assert "Too large to attach" in flat
    assert "There is no link to it" in flat
    assert "Open the report" not in flat


def test_small_files_go_along_even_where_a_large_one_does_not(tmp_path: Path) -> None:
    """The limit is on the mail, not on the first file."""
    letter, _ = written(
        printed(tmp_path, pdf=9_200_000), Recipient(address="a@example.com", formats=("pdf", "csv", "json"))
    )
    assert [entry["file"] for entry in letter.payload["attachments"]] == [
        "organization-findings.csv",
        "organization-inventory.csv",
        "organization-report.json",
    ]


def test_a_link_that_expires_is_given_only_where_it_is_needed(tmp_path: Path) -> None:
    """A web page's address is always there; a bearer's link is not scattered without need."""
    soon = Desk(settings(), lambda edition, file: Link("https://archive.example/x", AS_OF + timedelta(days=7)))
    assert "archive.example" not in written(printed(tmp_path), desk=soon)[1]["text"]
    web = Desk(settings(), lambda edition, file: Link(f"https://r.example/runs/12/{file.name}"))
    assert (
        "Open the report: https://r.example/runs/12/organization.html"
        in written(printed(tmp_path), desk=web)[1]["text"]
    )


def test_the_page_stands_in_for_a_pdf_that_could_not_be_made(tmp_path: Path) -> None:
    """The report reaches its readers all the same, and they know why it looks different."""
    letter, bodies = written(printed(tmp_path, pdf=0))
    assert [entry["file"] for entry in letter.payload["attachments"]] == ["organization.html"]
    flat = " ".join(bodies["text"].split())
    assert "The PDF could not be made this time: in its place there is the same report as a page" in flat
    small = settings(attach_limit_megabytes=0.000001)
    _, cut = written(
        printed(tmp_path, pdf=0), Recipient(address="a@example.com", formats=("pdf", "csv")), desk=Desk(small)
    )
    flat = " ".join(cut["text"].split())
    assert "attached as a page" not in flat  # it is too large, and said so
    assert "There is no link to them; whoever sends you this report can hand them to you." in flat
    off = settings().model_copy(update={"report": Report(pdf=False)})
    _, told = written(printed(tmp_path, pdf=0), desk=Desk(off))
    assert "No PDFs are made here (report.pdf)" in " ".join(told["text"].split())


def test_dates_are_the_recipients(tmp_path: Path) -> None:
    """A run at 06:00 UTC is at 15:00 in Tokyo; without a zone of their own it is the report's."""
    one = printed(tmp_path)
    tokyo = written(one, Recipient(address="a@example.com", time_zone="Asia/Tokyo"))[1]
    plain = written(one, Recipient(address="a@example.com"))[1]
    assert "22 Nov 2026, 15:00 JST" in tokyo["text"]
    assert "22 Nov 2026, 06:00 UTC" in plain["text"]


def test_who_may_not_have_got_the_last_report_is_told(tmp_path: Path) -> None:
    """Only they: it is between the mail server and them."""
    before = {("organization", "lead@example.com"): "The report of 2026-11-15 (run 11) may not have reached you."}
    one = printed(tmp_path)
    rules = [Recipient(address="lead@example.com"), Recipient(address="b@example.com")]
    found = list(letters(handed(one, *rules), Desk(settings(), before=before)))
    texts = {x.recipient: json.loads((one.folder / x.payload["bodies"]).read_text())["text"] for x in found}
    assert "may not have reached" in " ".join(texts["lead@example.com"].split())
    assert "may not have reached" not in " ".join(texts["b@example.com"].split())


def test_recipients_with_the_same_words_share_the_written_bodies(tmp_path: Path) -> None:
    """A thousand readers of one edition are a thousand rows, not a thousand files."""
    one = printed(tmp_path)
    rules = [Recipient(address=f"{n}@example.com") for n in range(20)]
    found = list(letters(handed(one, *rules), Desk(settings())))
    assert len({letter.payload["bodies"] for letter in found}) == 1
    assert len({letter.message_id for letter in found}) == 20
    assert len(list(one.folder.glob("*.mail.json"))) == 1


def test_the_link_to_stop_is_each_recipients_own(tmp_path: Path) -> None:
    """The token in it is the letter's, which the outbox knows."""
    desk = Desk(settings(unsubscribe="https://r.example/stop/{message}"))
    letter, bodies = written(printed(tmp_path), desk=desk)
    token = letter.message_id.strip("<>").partition("@")[0]
    assert f"Stop these mails: https://r.example/stop/{token}" in bodies["text"]
    ours = Desk(settings(unsubscribe="https://r.example/stop/{token}"))
    (first, said), (second, _) = (written(printed(tmp_path), desk=ours) for _ in range(2))
    assert f"https://r.example/stop/{token}-{first.payload['token']}" in said["text"]
    assert first.payload["token"] != second.payload["token"]  # nothing it could be reckoned from


def test_an_account_owners_letter_names_no_other_account(tmp_path: Path) -> None:
    """Neither in its words nor in its files, ids, names or paths."""
    id, name = ACCOUNTS[5][:2]
    edition = Edition("account", id)
    one = printed(tmp_path, edition)
    letter = next(
        iter(letters(handed(one, Recipient(address="owner@example.com", formats=("pdf", "csv"))), Desk(settings())))
    )
    everything = json.dumps(dict(letter.payload)) + (one.folder / letter.payload["bodies"]).read_text()
    assert id in everything
    assert name in everything
    assert [other[0] for other in ACCOUNTS if other[0] != id and other[0] in everything] == []
    assert {entry["file"].startswith(edition.key) for entry in letter.payload["attachments"]} == {True}


@dataclass(frozen=True)
class Namesake:
    """An edition whose file names are another's too."""

    of: str
    key: str = "ou-root-a"


def test_editions_that_share_their_file_names_are_sent_to_nobody(tmp_path: Path) -> None:
    """One's files would go out under the other's name."""
    here = [replace(printed(tmp_path), edition=Namesake(of)) for of in ("Root/A", "Root-A")]  # type: ignore[arg-type]
    to = [(Recipient(address=f"{n}@example.com"), f"{n}@example.com", one.edition) for n, one in enumerate(here)]
    found = list(letters(replace(handed(here[0]), published=here, to=to), Desk(settings())))
    assert [letter.recipient for letter in found] == ["0@example.com (Root/A)", "1@example.com (Root-A)"]
    assert all("two editions are called ou-root-a" in letter.payload["problem"] for letter in found)


def test_a_letter_that_cannot_be_addressed_stands_in_the_outbox(tmp_path: Path) -> None:
    """With its reason, and without a Message-ID: there will be no message."""
    wrong = Misaddressed("tag Owner of 111111111111", Edition("account", ONE), '"see-wiki" is no mail address')
    (letter,) = letters(replace(handed(printed(tmp_path)), to=(), wrong=[wrong]), Desk(settings()))
    assert (letter.edition, letter.recipient, letter.message_id) == (f"account-{ONE}", "tag Owner of 111111111111", "")
    assert letter.payload == {"problem": '"see-wiki" is no mail address'}


def test_every_edition_is_copied_to_every_archive(tmp_path: Path) -> None:
    """All its files, with the hashes of what was rendered."""
    archive = Archive(directory=tmp_path / "a", s3_bucket="report-archive")
    found = list(copies([printed(tmp_path)], Settings(archive=archive)))
    assert [letter.recipient for letter in found] == ["archive:folder", "archive:s3"]
    assert len(found[0].payload["files"]) == 5
    assert list(copies([printed(tmp_path)], Settings())) == []


def test_each_webhook_is_told_once_of_the_organization(tmp_path: Path) -> None:
    """What a channel needs, in its form; the address stands neither in the letter nor in its key."""
    hooks = (
        Webhook.model_validate({"name": "chat", "url": "https://hooks.example/secret", "form": "slack"}),
        Webhook.model_validate({"name": "siem", "url": "https://siem.example/secret"}),
    )
    values = Settings(webhook=hooks, report=Report(link="https://r.example"))
    chat, siem = calls(handed(printed(tmp_path)), values)
    assert [chat.recipient, siem.recipient] == ["webhook:chat", "webhook:siem"]
    assert "secret" not in repr((chat, siem))
    assert "|Open the report>" in chat.payload["document"]["blocks"][-1]["text"]["text"]
    assert "https://r.example/runs/12/organization.html" in chat.payload["document"]["text"]
    facts = siem.payload["document"]
    assert facts["run"] == SOURCE.run().id
    assert facts["id"] == siem.message_id.strip("<>")
    assert facts["changes"]["worsened"] >= len(facts["lines"]) > 0
    assert "Logging was stopped on payments-trail" in facts["lines"][0]
    assert facts["sentence"].startswith("Since 15 Nov 2026, 4 settings worsened")
