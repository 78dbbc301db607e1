"""The message itself: the same bytes, inert headers, threads, attachments."""

import sys
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from letters import AT, PDF, SENDER, letter

from reporter.deliver.message import (
    Attachment,
    Sender,
    compose,
    file_name,
    fits,
    message_id,
    one_line,
    thread,
    unsubscribe_link,
    unusable,
)

HOSTILE = [
    "a\r\nBcc: x@evil.example",
    "\u202egnp.exe",
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "名前 😀 اسم",
    "x" * 5000,
    "\x00\x1b[31m",
    "\ud800",
    "..\\..\\/etc/passwd",
    '"; filename="evil.exe',
]


def parsed(**changes: object):
    return message_from_bytes(compose(letter(**changes), SENDER).as_bytes(), policy=default)


def test_the_same_letter_is_the_same_bytes() -> None:
    """Nothing in a message comes from a clock or from chance: a retry is a copy."""
    assert compose(letter(), SENDER).as_bytes() == compose(letter(), SENDER).as_bytes()
    assert compose(letter(), SENDER).as_bytes() != compose(letter(recipient="b@example.com"), SENDER).as_bytes()


def test_a_message_says_that_a_program_wrote_it() -> None:
    """Vacation replies stay away; mail programs can file it; the date is when it was queued."""
    mail = parsed()
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert mail["List-Id"] == "<reporter.example.com>"
    assert mail["Reply-To"] == "tickets@example.com"
    assert mail["Date"].datetime == AT


def test_the_message_id_is_one_for_a_run_an_edition_and_a_recipient() -> None:
    """However the address is typed; and the address cannot be read from it."""
    id = message_id("r", "organization", "Lead@Example.com", "reporter@example.com")
    assert id == message_id("r", "organization", "lead@example.com", "reporter@example.com")
    assert "lead" not in id
    others = [
        ("r2", "organization", "lead@example.com"),
        ("r", "executive", "lead@example.com"),
        ("r", "organization", "b@e.org"),
    ]
    assert id not in {message_id(*other, "reporter@example.com") for other in others}


def test_mails_of_an_edition_thread_even_where_one_is_missing() -> None:
    """All refer to one identifier of their own, and to last week's mail."""
    first, second, third = (thread(run, "organization", "a@b.c", "s@b.c") for run in ("", "r1", "r2"))
    assert {one[0] for one in (first, second, third)} == {first[0]}
    assert second[1] == message_id("r1", "organization", "a@b.c", "s@b.c")
    mail = parsed(references=third)
    assert mail["References"].split() == [first[0], third[1]]
    assert mail["In-Reply-To"] == third[1]
    assert parsed()["References"] is None


def test_unsubscribing_is_offered_only_where_it_works() -> None:
    """No header without a setting; one click only by https; the letter's own token in the address."""
    assert parsed()["List-Unsubscribe"] is None
    one_click = compose(letter(), Sender("r@example.com", unsubscribe="https://r.example.com/stop/{message}"))
    token = letter().message_id.strip("<>").partition("@")[0]
    assert one_click["List-Unsubscribe"] == f"<https://r.example.com/stop/{token}>"
    assert one_click["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    ours = Sender("r@example.com", unsubscribe="https://r.example.com/stop/{token}")
    assert compose(letter(), ours)["List-Unsubscribe"] is None  # this mail holds nothing by which it could work
    own = compose(replace(letter(), token="5ec2e7"), ours)
    assert own["List-Unsubscribe"] == f"<https://r.example.com/stop/{token}-5ec2e7>"
    by_mail = compose(letter(), Sender("r@example.com", unsubscribe="mailto:stop@example.com"))
    assert by_mail["List-Unsubscribe"] == "<mailto:stop@example.com>"
    assert by_mail["List-Unsubscribe-Post"] is None
    assert (
        unsubscribe_link("https://e.org/?who={recipient}", "<1@e.org>", "a+b@e.org")
        == "https://e.org/?who=a%2Bb%40e.org"
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    """In a subject, an edition, a body or a file name: no header, no folder, no reversed name comes of it."""
    mail = parsed(
        subject=text, edition=text, text=text, html=text, attachments=[Attachment(text, "application/pdf", PDF)]
    )
    assert set(mail.keys()) == set(parsed().keys())
    assert mail["Bcc"] is None
    assert mail["Subject"].isprintable()
    assert len(mail["Subject"]) <= 200
    (attachment,) = mail.iter_attachments()
    name = attachment.get_filename()
    assert name == file_name(text)
    assert name.isprintable()
    assert not set(name) & set('/\\"')
    assert attachment.get_content() == PDF


WORDS = (
    "Demo:",
    "[reporter]",
    "5",
    "WORSENED,",
    "-",
    "Größe",
    "株式会社テスト会社名",
    "=?utf-8?q?x?=",
    "x" * 40,
    "y" * 70,
    "é" * 30,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=16))
def test_a_long_subject_is_folded_after_words(words: list[str]) -> None:
    """No line is empty, none is too long, and the reader gets the subject that was written, each space of it."""
    subject = " ".join(words)[:150].strip()
    whole = compose(letter(subject=subject), SENDER).as_bytes()
    lines = whole[whole.index(b"Subject:") : whole.index(b"\r\nDate:")].split(b"\r\n")
    assert lines[0].removeprefix(b"Subject:").strip()
    assert all(line.strip() and len(line) <= 78 for line in lines)
    assert parsed(subject=subject)["Subject"] == subject.replace("=?", "= ?")


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_makes_one_line(text: str) -> None:
    """Whatever is said to us, a log and a header get one printable line of bounded length."""
    line = one_line(text)
    assert line.isprintable()
    assert len(line) <= 300
    assert compose(letter(subject=text, text=text, html=text), SENDER).as_bytes().isascii()


@pytest.mark.parametrize("address", ["a@b.org", "First.Last+tag@sub.example.co.uk", "o'neil@example.com"])
def test_addresses_that_can_be_used(address: str) -> None:
    """Ordinary addresses, also with a plus and an apostrophe."""
    assert unusable(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "", "nobody", "@example.com", "a@", "a b@c.de", "a@b@c.de", "a..b@c.de", ".a@c.de", "a.@c.de", "a@.de", "a@de.",
        "a@c.de\r\nBcc: x@evil.example", "<a@c.de>", "Name <a@c.de>", "a@c.de,b@c.de", "jörg@example.com", "a@exämple.com",
        '"a b"@c.de', "x" * 65 + "@c.de", "a@" + "x" * 260, "a@[127.0.0.1]", "a@c.de\u202e", "archive:s3",
    ],
)  # fmt: skip
def test_addresses_that_cannot_be_used_are_found_before_they_are_written_to(address: str) -> None:
    """What a tag or a contact holds is not put into a header unless it is an address and nothing else."""
    assert unusable(address)


def test_the_attachment_limit_counts_what_base64_adds() -> None:
    """Six megabytes of PDF are eight in a mail."""
    assert fits([5_000_000], 7.0)
    assert not fits([3_000_000, 2_200_000], 7.0)
    body = compose(letter(attachments=[Attachment("a", "application/pdf", b"x" * 5_000_000)]), SENDER).as_bytes()
    assert len(body) < 7_000_000
