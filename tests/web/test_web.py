"""The web pages over a real history, asked over ASGI: what they show, refuse and carry in their headers."""

import hashlib
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from starlette.testclient import TestClient

from reporter import history
from reporter.model import Account, AccountSnapshot, ReadStatus
from reporter.settings import data_file
from reporter.web.app import application

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
HOSTILE = "<script>alert(1)</script>"
TOKEN = "0123456789abcdef"
TOLD = {"token": TOKEN}


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "organization.html"
    file.write_text("<!doctype html><title>Report</title>")
    return file


@pytest.fixture
def pages(tmp_path: Path, report: Path) -> Iterator[TestClient]:
    """One sealed run with one report and one letter to a hostile name."""
    engine = history.connect(f"sqlite:///{tmp_path / 'r.db'}")
    history.prepare(engine, NOW)
    run = history.start_run(engine, kind="manual", as_of=NOW, owner="me", now=NOW)
    account = Account(id="111122223333", name=HOSTILE)
    snapshot = AccountSnapshot(account, ReadStatus.UNREACHABLE, reason="no role", observed_at=NOW)
    history.record_account(engine, run, snapshot, lambda *_, **__: None)
    run = history.seal(engine, run, NOW)
    data = report.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    history.add_report(
        engine, run, edition="organization", format="html", sha256=digest, path=str(report), size=len(data), now=NOW
    )
    history.enqueue(engine, run, [history.Letter("organization", f"{HOSTILE}@example.com", "<id@x>", TOLD)], NOW)
    pages = application(engine, data_file("templates"), "Example", names=["reporter.example.com"])
    with TestClient(pages, base_url="http://127.0.0.1:8477") as client:
        yield client


def test_pages_list_runs_reports_and_deliveries_with_names_made_harmless(pages: TestClient) -> None:
    """The run's page shows coverage, the report's hash and the recipient, escaped."""
    home, run = pages.get("/"), pages.get("/runs/1")
    assert home.status_code == run.status_code == 200
    assert "0 of 1 account fully read, 1 not reached" in home.text
    assert "0 of 1 account fully read, 1 not reached" in run.text
    assert "&lt;script&gt;" in run.text
    assert HOSTILE not in run.text


def test_every_answer_carries_the_safe_headers(pages: TestClient) -> None:
    """Errors and files too."""
    for path in ("/", "/runs/1", "/runs/1/organization.html", "/runs/99", "/nowhere"):
        answer = pages.get(path)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_report_altered_on_disk_is_refused(pages: TestClient, report: Path) -> None:
    """The recorded digest decides, not the file's name."""
    assert pages.get("/runs/1/organization.html").text == report.read_text()
    report.write_text("<!doctype html><title>Forged</title>")
    answer = pages.get("/runs/1/organization.html")
    assert answer.status_code == 409
    assert "altered" in answer.text


@pytest.mark.parametrize("path", ["/runs/99", "/runs/nonsense", "/runs/1/absent.pdf", "/runs/1/..%2f..%2fetc%2fpasswd"])
def test_what_is_not_there_is_a_plain_404(pages: TestClient, path: str) -> None:
    """No path leads out of the recorded files."""
    answer = pages.get(path)
    assert answer.status_code == 404
    assert "root:" not in answer.text


def test_a_reader_stops_the_mails_by_one_click(pages: TestClient) -> None:
    """RFC 8058: a POST without cookies or questions, as mail programs send it; said twice, it is entered once, and undone by a
    person."""
    clicked = pages.post(f"/stop/id-{TOKEN}", data={"List-Unsubscribe": "One-Click"})
    again = pages.post(f"/stop/id-{TOKEN}")
    assert clicked.status_code == again.status_code == 200
    assert HOSTILE not in clicked.text
    engine = pages.app.routes[0].endpoint.__self__.engine  # type: ignore[attr-defined]
    recipient = f"{HOSTILE}@example.com"
    assert list(history.unsubscribed(engine)) == [recipient]
    assert [one.act for one in history.entries(engine, "delivery")] == ["delivery.queued", "delivery.unsubscribed"]
    history.resubscribe(engine, recipient, by="kim", why="asked me to", now=NOW)
    assert history.unsubscribed(engine) == {}
    assert history.verify(engine) == ()


def test_opening_the_link_only_asks(pages: TestClient) -> None:
    """Mail filters open every link: a page with a button, and only that page may send a form, to this server alone."""
    asked = pages.get(f"/stop/id-{TOKEN}")
    assert (asked.status_code, '<form method="post">' in asked.text) == (200, True)
    assert "form-action 'self'" in asked.headers["content-security-policy"]
    assert "form-action 'none'" in pages.get("/").headers["content-security-policy"]
    assert history.unsubscribed(pages.app.routes[0].endpoint.__self__.engine) == {}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "token", ["id", "id-", "id-0123456789abcdeg", f"%25-{TOKEN}", f"-{TOKEN}", "i_-" + TOKEN, "é-é"]
)
def test_a_message_id_alone_stops_nobodys_mails(pages: TestClient, token: str) -> None:
    """It can be reckoned by whoever gets a mail of the same run: what only the one mail holds is asked for, whole."""
    assert pages.get(f"/stop/{token}").status_code == pages.post(f"/stop/{token}").status_code == 404


def test_the_pages_change_nothing(pages: TestClient) -> None:
    """Only reading methods are answered."""
    assert pages.post("/").status_code == 405
    assert pages.delete("/runs/1").status_code == 405


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST:8477", "127.0.0.1", "[::1]:8477", "reporter.example.com"])
def test_the_server_answers_to_its_own_names(pages: TestClient, name: str) -> None:
    """Loopback by any spelling, and the names that were configured, with or without a port."""
    assert pages.get("/", headers={"host": name}).status_code == 200


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example:8477", "localhost.evil.example", "[::1", ""])
def test_a_request_under_another_name_gets_nothing(pages: TestClient, name: str) -> None:
    """A name of somebody else's that leads here is no way in for their web page: 421, on every path but the probe's."""
    assert pages.get("/health", headers={"host": name}).text == "ok\n"  # probes ask by address
    for path in ("/", "/runs/1/organization.html", "/nowhere"):
        answer = pages.get(path, headers={"host": name})
        assert answer.status_code == 421
        assert "Report" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install -y chromium")
def test_a_run_on_a_phone_shows_every_file_with_its_digest(pages: TestClient) -> None:
    """At 390 px the rows are stacked: nothing is off-screen, no row is a page of blank, each value has its name."""
    with (
        sync_playwright() as started,
        started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as browser,
    ):
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.set_content(pages.get("/runs/1").text)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for row in page.locator("tbody tr").all():
            box = row.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= 390
            assert box["height"] < 200
        digest = page.locator("td[data-label='SHA-256'] code").first.bounding_box()
        assert digest is not None
        assert digest["x"] + digest["width"] <= 390
        page.set_viewport_size({"width": 1200, "height": 800})
        assert page.locator("thead th").first.is_visible()
