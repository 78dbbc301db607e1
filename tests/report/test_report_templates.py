"""Templates: ours pass their own check, and an organization's own are refused for what would do harm."""

import pytest
from organization import organization
from report_parts import OPTIONS, forms

from reporter.report.check import check_templates
from reporter.report.content import build
from reporter.report.edition import Edition
from reporter.report.render import Look, html, template_folder
from reporter.report.sample import Sample


def test_our_templates_pass():
    """All editions, first, quiet and full, page, mail and PDF, without one warning."""
    assert check_templates(Look()) == ()


@pytest.fixture
def override(tmp_path):
    """Write one template over ours."""

    def written(name, change):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(change((template_folder() / name).read_text()))
        return Look(folder=tmp_path)

    return written


@pytest.mark.parametrize(("name", "old", "new", "problem"), [
    ("sections/coverage.html.j2", "{% elif v.incomplete.rows %}", "{% elif v.incomplete.rows", "coverage.html.j2:"),
    ("sections/drift.html.j2", "c.drift %}", "c.dirft %}", "no attribute 'dirft'"),
    ("sections/cover.html.j2", "{{ c.verdict.sentence }}", "", "leaves out the verdict"),
    ("sections/findings.html.j2", "{{ e.operation }}", "{{ e.value | string | safe }}", "without escaping"),
    ("sections/method.html.j2", "<h2>", "<script>1</script><h2>", "holds a <script>"),
    ("sections/method.html.j2", "<h2>", '<img alt="x" src="https://cdn.example.com/x.png"><h2>', "loads https://cdn.example.com"),
    ("sections/method.html.j2", "<h2>", '<h2 onclick="x()">', "onclick"),
    ("mail.html.j2", "{{ r.account.name }}", "{{ r.account.name | safe }}", "mail.html.j2 prints a value without escaping"),
    ("print.css", "html { font-size: 9.2pt; }", "html { font-size: 9.2pt; colour: red; }", "prints with a warning"),
])  # fmt: skip
def test_a_harmful_template_is_refused_with_one_sentence(override, name, old, new, problem):
    """The sentence names the file and what is wrong."""

    def change(text):
        assert old in text
        return text.replace(old, new, 1)

    problems = check_templates(override(name, change))
    assert any(problem in told for told in problems), problems


def test_an_organization_s_own_section_is_used(override):
    """A file of the same name in the organization's folder goes before ours; everything else stays."""
    look = override("sections/signoff.html.j2", lambda text: text.replace("Sign-off", "Freigabe"))
    made = forms(organization())
    assert "Freigabe" in html(made.content, made.files, look)
    assert "Freigabe" not in html(made.content, made.files, Look())


def test_colour_and_logo_are_settings(override):
    """No template needs to be written for them."""
    made = forms(organization())
    page = html(made.content, made.files, Look(brand="#7a1f5c", logo=b"\x89PNG", logo_type="image/png"))
    assert "--brand: #7a1f5c" in page
    assert 'src="data:image/png;base64,' in page


@pytest.mark.parametrize("brand", ["red;}</style><script>", "#12345", "url(http://x)"])
def test_a_colour_that_is_none_is_refused(brand):
    """It would be written into a stylesheet."""
    with pytest.raises(ValueError, match="brand"):
        Look(brand=brand)


def test_the_sample_shows_everything():
    """Each branch of a template has something to show, so that the check sees it."""
    content = build(Sample(), Edition(), OPTIONS)
    assert len(content.drift.groups) == 4
    assert content.integrity
    assert content.waivers.acknowledged
    assert {status for f in content.frameworks for status, _ in f.statuses} == set(
        type(content.frameworks[0].lines[0].result.status)
    )
