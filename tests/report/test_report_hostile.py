"""Names chosen by an attacker, in every field that AWS or people fill: inert in every format."""

import csv
import email.message
import email.policy
import io
import json
import subprocess

import pytest
from hostile import hostile
from report_parts import Tags, forms, pdf_of, pdf_text

from reporter.report.text import cell, seen

ELEMENTS = (
    "html head meta title style body main header section nav div p h1 h2 h3 h4 table caption colgroup col thead tbody tr th td",
    "span wbr code br a ol li svg rect path text details summary strong",
)
ALLOWED = {name for line in ELEMENTS for name in line.split()}


@pytest.fixture(scope="module")
def made():
    return forms(hostile())


@pytest.mark.parametrize("where", ["page", "mail"])
def test_markup_in_names_makes_no_element(made, where):
    """The page and the mail hold only the elements of the templates: no script, image or handler came in by a name."""
    page = made.page if where == "page" else made.mail.html
    tags = Tags(page)
    assert {tag for tag, _ in tags.elements} <= ALLOWED
    assert not [attrs for _, attrs in tags.elements if any(name.startswith("on") for name in attrs)]
    links = {attrs["href"] for tag, attrs in tags.elements if tag == "a"}
    assert all(link.startswith(("#", "https://r.example/")) for link in links)
    assert sum(tag == "style" for tag, _ in tags.elements) <= 1


def test_template_syntax_in_names_is_not_run(made):
    """A name that looks like Jinja is printed as it is."""
    assert "{{ 7*7 }}" in made.page
    assert "49{%" not in made.page


def test_nothing_hidden_or_reversed_remains(made):
    """Direction marks, controls and joiners are written out as code points in HTML, mail and subject."""
    for text in (made.page, made.mail.html, made.mail.text, made.mail.subject):
        assert seen(text) == text
    assert "U+202E" in made.page


def test_the_subject_stays_one_header(made):
    """No name can add a header or a second line to the mail."""
    assert "\n" not in made.mail.subject
    assert "\r" not in made.mail.subject
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = made.mail.subject
    message.set_content(made.mail.text)
    message.add_alternative(made.mail.html, subtype="html")
    parsed = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
    assert parsed["Bcc"] is None
    assert not [line for line in made.mail.text.splitlines() if line.startswith("Bcc")]


def test_no_cell_is_a_formula(made):
    """Every cell of every CSV starts harmlessly, and rows stay rows."""
    tables = [file for file in made.files if file.name.endswith(".csv")]
    assert len(tables) == 7
    for file in tables:
        rows = list(csv.reader(io.StringIO(file.data.decode(), newline="")))
        assert len(rows) == file.rows + 1
        assert {len(row) for row in rows} == {len(rows[0])}
        assert not [c for row in rows for c in row if c.lstrip()[:1] in ("=", "+", "-", "@", "\t", "\r", "|", "%")]


@pytest.mark.parametrize("text", ["=1+1", " =1+1", "\t=1", "\n=1", "-2+3", "@SUM(1)", "+1", "|x", "％", "\u202e=1"])
def test_a_formula_becomes_text(text):
    """A leading apostrophe, after whatever blanks or hidden characters come first."""
    assert cell(text)[0] in "'‹％"


def test_the_json_holds_the_names_verbatim(made):
    """JSON is for machines: names are not altered, and it is valid whatever they hold."""
    report = next(file for file in made.files if file.name == "report.json")
    assert "<script>alert(1)</script>" in json.dumps(json.loads(report.data), ensure_ascii=False)


def test_the_pdf_is_whole_and_writes_what_it_cannot_draw(made, tmp_path):
    """No warning, no broken file, no box for a character without a glyph, and names come out as text."""
    pdf = pdf_of(made)
    assert pdf.warnings == ()
    text = pdf_text(pdf.data)
    assert "<script>alert(1)</script>" in text
    assert "U+F0000" in text
    assert "漢" in text or "U+6F22" in text
    path = tmp_path / "hostile.pdf"
    path.write_bytes(pdf.data)
    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_an_executive_edition_stays_two_pages():
    """However long the names are."""
    assert pdf_of(forms(hostile(), "executive")).pages == 2
