"""The HTML page in a real browser: accessible, within a phone's width, readable without a network or a script."""

import shutil
from dataclasses import replace
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from hostile import hostile
from organization import organization
from playwright.sync_api import sync_playwright
from report_parts import forms

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install -y chromium")


@pytest.fixture(scope="module")
def playwright():
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright):
    launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
    yield launched
    launched.close()


@pytest.fixture(scope="module")
def classic(playwright):
    """A browser whose scroll bars take room, as on most desktops."""
    launched = playwright.chromium.launch(
        executable_path=CHROMIUM, args=FLAGS.split(), ignore_default_args=["--hide-scrollbars"]
    )
    yield launched
    launched.close()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")

    def written(name, text):
        path = folder / f"{name}.html"
        path.write_text(text, "utf-8")
        return path.as_uri()

    return written


def opened(browser, address, *, width=1200, scheme="light"):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))
    page.goto(address)
    assert asked == [address]
    return page


@pytest.mark.parametrize(("edition", "width", "scheme"), [
    ("account:200000000003", 1200, "light"), ("organization", 390, "dark"), ("executive", 390, "light"),
])  # fmt: skip
def test_the_page_has_no_accessibility_violation(browser, page_file, edition, width, scheme):
    """WCAG 2.2 AA as axe sees it, wide and narrow, light and dark, with every detail unfolded."""
    page = opened(browser, page_file(edition[:3], forms(organization(), edition).page), width=width, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(page, options=RULES)
    told = [(v["id"], v["nodes"][0]["html"][:160]) for v in found.response["violations"]]
    page.close()
    assert len(found.response["passes"]) > 20
    assert told == []


@pytest.mark.parametrize("source", [organization, hostile])
@pytest.mark.parametrize("width", [360, 820])
def test_nothing_is_wider_than_the_screen(browser, page_file, source, width):
    """Not even names of 250 characters push the page apart on a phone."""
    page = opened(browser, page_file(source.__name__, forms(source()).page), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("width", [320, 390])
def test_a_scroll_bar_that_takes_room_makes_no_second_one(classic, page_file, width):
    """Classic scroll bars narrow the page; neither the page nor the mail is then wider than what is left."""
    made = forms(organization())
    for name, text in (("page", made.page), ("mail", made.mail.html)):
        page = opened(classic, page_file(f"classic-{name}", text), width=width)
        room, taken = page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollWidth]")
        page.close()
        assert room < width
        assert taken <= room


def test_details_open_by_keyboard_and_links_lead_somewhere(browser, page_file):
    """Tab and Enter are enough; every link of the page has its target."""
    page = opened(browser, page_file("keys", forms(organization()).page))
    folded = page.locator("details:not([open])").count()
    page.locator("details:not([open]) > summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details:not([open])").count() == folded - 1
    assert page.evaluate(
        "[...document.querySelectorAll('a')].every(a => document.querySelector(a.getAttribute('href')))"
    )
    page.close()


BOXES = """() => Object.fromEntries(['text.date', 'rect'].map(kind => [kind,
  [...document.querySelector('svg.trend').querySelectorAll(kind)].map(e => e.getBoundingClientRect())
    .filter(b => b.width).map(b => [b.left, b.top, b.right, b.bottom])]))"""


@pytest.mark.parametrize(("past", "dates"), [(1, 2), (8, 9), (11, 6)])
def test_a_trend_names_its_days_on_a_phone(browser, page_file, past, dates):
    """Each bar has its day as long as there is room, then every second one; no day touches a bar or another day."""
    source = organization()
    few = replace(source, trend_points=lambda now: source.trend_points(now)[-past:])
    page = opened(browser, page_file(f"trend-{past}", forms(few).page), width=390)
    texts, bars = page.evaluate(BOXES).values()
    page.close()
    assert len(texts) == dates
    assert all(one[2] <= other[0] for one, other in pairwise(texts))
    assert bars
    assert max(bar[3] for bar in bars) <= min(text[1] for text in texts)


def test_the_mail_is_readable_on_a_phone(browser, page_file):
    """Its tables shrink to the screen, and it has no accessibility violation of its own."""
    page = opened(browser, page_file("mail", forms(organization()).mail.html), width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
    assert [(v["id"], v["nodes"][0]["html"][:160]) for v in found.response["violations"]] == []
    page.close()
