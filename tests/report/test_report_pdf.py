"""The PDF: archivable, accessible, the same bytes each time, and made by a child that may fail."""

import hashlib
import io
import re
import subprocess
from dataclasses import replace

import pikepdf
import pytest
import segno
from organization import organization
from pdf_structure import headings, problems
from report_parts import OPTIONS, forms, pdf_everything, pdf_of, pdf_text, shared_pdf
from vast import vast

from reporter.model import Status
from reporter.report.charts import code
from reporter.report.pdf import Limits, PdfFailed, PdfUnavailable, Unwritable, job, render_pdf, render_pdfs
from reporter.report.render import Look

EDITIONS = ["organization", "executive", "account:200000000001"]
# a 1x1 PNG, for a logo that a viewer would like to smooth
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645"
    "400000000049454e44ae426082"
)


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_edition_is_archivable_and_accessible(edition):
    """No structural problem of PDF/A-3a or PDF/UA-1, and not one warning of the renderer."""
    _, pdf = shared_pdf(edition)
    assert problems(pdf.data) == []
    assert pdf.warnings == ()


def test_a_first_report_is_as_sound():
    """The templates' other branches keep the structure too."""
    pdf = pdf_of(forms(organization(first=True)))
    assert problems(pdf.data) == []
    assert pdf.warnings == ()


def test_a_logo_keeps_the_file_archivable():
    """It has alternative text and is not interpolated."""
    pdf = pdf_of(forms(organization(), "account:100000000003"), Look(logo=PNG))
    assert problems(pdf.data) == []
    assert pdf.warnings == ()


def test_the_same_report_has_the_same_bytes():
    """Twice, in two processes."""
    made, pdf = shared_pdf("executive")
    assert render_pdf(made.content, made.files, Look()).data == pdf.data


def test_the_file_is_whole(tmp_path):
    """qpdf finds nothing to complain of, and every font is embedded and has its Unicode map."""
    path = tmp_path / "report.pdf"
    path.write_bytes(shared_pdf()[1].data)
    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True).stdout.splitlines()[2:]
    assert fonts
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts)


def test_the_data_is_inside_with_the_digests_the_manifest_prints():
    """Attachments are the data files, byte for byte; the manifest page shows their SHA-256."""
    made, pdf = shared_pdf()
    printed = "".join(pdf_text(pdf.data).split())
    with pikepdf.open(io.BytesIO(pdf.data)) as opened:
        inside = {name: spec.get_file().read_bytes() for name, spec in opened.attachments.items()}
    assert inside == {file.name: file.data for file in made.files}
    for file in made.files:
        assert hashlib.sha256(file.data).hexdigest() in printed


def test_the_reader_finds_their_way():
    """Bookmarks in the order of the report, page numbers, and running heads."""
    _, pdf = shared_pdf()
    assert headings(pdf.data)[0] == "Compliance report"
    text = pdf_text(pdf.data)
    assert f"Page 2 of {pdf.pages}" in text
    assert f"Page {pdf.pages} of {pdf.pages}" in text
    assert text.count("As of 22 Nov 2026, 06:00 UTC") >= pdf.pages
    assert text.index("What got worse and what to do\nChanges") < text.rindex("Manifest")


def test_the_summary_in_print_is_the_summary_in_the_data():
    """The verdict's words and figures are on the paper."""
    made, pdf = shared_pdf()
    printed = " ".join(pdf_text(pdf.data).split())
    assert made.content.verdict.sentence in printed
    for figure in made.content.verdict.figures:
        assert figure.value in printed


def test_many_are_made_in_order_and_an_unmade_one_does_not_stop_the_rest():
    """Each job has its answer in its place; a failure is handed back as an error."""
    jobs = [job(made.content, made.files, Look()) for made in (forms(organization(), "executive", OPTIONS),)]
    broken = replace(jobs[0], page="<div>" * 2_000)
    answers = list(render_pdfs([jobs[0], broken, jobs[0]], Limits(workers=2)))
    assert isinstance(answers[1], PdfFailed)
    assert answers[0].data == answers[2].data


def test_an_unchanged_edition_is_not_rendered_again(tmp_path):
    """The second time it comes from the cache; a changed one does not."""
    made = forms(organization(), "executive")
    first = render_pdf(made.content, made.files, Look(), cache=tmp_path)
    again = render_pdf(made.content, made.files, Look(), cache=tmp_path)
    assert first.cpu_seconds > 0
    assert again.cpu_seconds == 0
    assert again.data == first.data
    other = job(made.content, made.files, Look(brand="#333333"))
    assert other.digest != job(made.content, made.files, Look()).digest


def test_a_document_that_takes_too_long_is_stopped():
    """The child is ended, the message says so."""
    made, _ = shared_pdf("executive")
    with pytest.raises(PdfFailed, match=r"not done after 0\.01 s"):
        render_pdf(made.content, made.files, Look(), Limits(seconds=0.01))


def test_a_document_that_takes_too_much_memory_is_stopped():
    """The limit holds in the child; this process lives on."""
    made, _ = shared_pdf("executive")
    with pytest.raises(PdfFailed, match="WeasyPrint stopped"):
        render_pdf(made.content, made.files, Look(), Limits(megabytes=160))


def test_without_pango_the_message_names_the_packages(tmp_path, monkeypatch):
    """HTML and mail work all the same."""
    fake = tmp_path / "weasyprint" / "text"
    fake.mkdir(parents=True)
    (tmp_path / "weasyprint" / "__init__.py").write_text("raise OSError('cannot load library libpango-1.0-0')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = forms(organization(), "executive")
    with pytest.raises(PdfUnavailable, match=r"apt-get install -y libpango-1\.0-0"):
        render_pdf(made.content, made.files, Look())
    assert made.page


def test_nothing_is_loaded_from_outside(tmp_path):
    """A template that asks for a file or a URL gets nothing and a warning that says so."""
    (tmp_path / "sections").mkdir()
    secret = tmp_path / "secret.png"
    secret.write_bytes(PNG)
    (tmp_path / "executive.html.j2").write_text(
        f'<!doctype html><html lang="en"><title>x</title><h1>x</h1><img alt="x" src="file://{secret}">'
        '<img alt="x" src="http://127.0.0.1:9/x.png">'
    )
    made = forms(organization(), "executive")
    pdf = render_pdf(made.content, made.files, Look(folder=tmp_path))
    assert len([w for w in pdf.warnings if "disallowed protocol" in w]) == 2


def test_the_body_stays_within_forty_pages():
    """However much there is to say, and however long its names: the rest is in the data, and the body says so."""
    pdf = pdf_of(forms(vast()))
    with pikepdf.open(io.BytesIO(pdf.data)) as opened, opened.open_outline() as outline:
        titles = {item.title: item for root in outline.root for item in root.children}
        pages = {page.obj.objgen: n for n, page in enumerate(opened.pages)}
        body = pages[titles["Method and definitions"].destination[0].objgen]
    assert body <= 40
    assert pdf.warnings == ()
    text = " ".join(pdf_text(pdf.data).split())
    assert "70 of 1,300 failing findings" in text
    assert "all are in the attached findings.csv" in text
    assert "controls shown, none of them fails; all are in the attached controls.csv" in text


def test_the_code_on_the_cover_holds_the_command_to_verify():
    """With the whole chain head, said in words beside it and in its alternative text."""
    made, pdf = shared_pdf()
    command = f"reporter verify --history --head {made.content.cover.chain.lower()}"
    drawn = code(command)
    assert f"QR code that holds the text: {command}" in pdf_everything(pdf.data)
    assert drawn.path in made.page
    matrix = [list(row) for row in segno.make_qr(command, error="m", boost_error=False).matrix]
    assert modules(drawn) == matrix


def modules(drawn):
    """The dark modules a code's path draws, its quiet zone taken off."""
    side = drawn.size - 8
    rows = [[0] * side for _ in range(side)]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1H\d+z", drawn.path):
        for step in range(int(length)):
            rows[int(y) - 4][int(x) - 4 + step] = 1
    return rows


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    """It names the folder and the setting; the document that was made is not half there."""
    blocked = tmp_path / "reports"
    blocked.write_text("a file, where a folder should be")
    made = forms(organization(), "executive")
    with pytest.raises(Unwritable, match=r"reports.*report\.directory"):
        render_pdf(made.content, made.files, Look(), cache=blocked / ".cache")


def test_an_accounts_edition_with_many_findings_stays_short():
    """About ten pages: findings alike are one, medium and low ones a line each."""
    source = organization()
    failing = [r for r in source.answers if r.finding.account == "200000000003" and r.finding.status is Status.FAIL]
    others = {r.finding.check: r for r in source.answers if r.finding.status is Status.FAIL}
    for n in range(46 - len(failing)):
        model = list(others.values())[n % len(others)]
        name = f"bucket-{n}"
        again = replace(model.finding, account="200000000003", resource=name, arn=f"arn:aws:s3:::{name}")
        source.answers.append(replace(model, finding=again, waiver=None))
    made = forms(source, "account:200000000003")
    assert made.content.findings.total == 46
    assert pdf_of(made).pages <= 12


def test_sign_off_and_manifest_have_a_page_each_with_whole_digests():
    """A page to be signed holds nothing else; a digest that is broken over two lines cannot be compared or pasted."""
    made, pdf = shared_pdf()
    *_, signing, manifest = pdf_text(pdf.data).rstrip("\f").split("\f")
    assert "Sign-off" in signing
    assert "Reservations" in signing
    assert "Data that goes with this report" not in signing
    lines = {line.strip() for line in manifest.splitlines()}
    assert {file.sha256 for file in made.files} <= lines
