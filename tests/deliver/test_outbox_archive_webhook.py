"""The outbox's rules, write-once copies, and webhooks against a real HTTP server."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from reporter.deliver.archive import ArchiveError, to_folder
from reporter.deliver.outbox import Next, Outcome, after, after_crash
from reporter.deliver.webhook import document, post

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("result", "attempt", "rule", "then"),
    [
        ("sent", 1, "skip", Next("sent")),
        ("permanent", 1, "skip", Next("failed")),
        ("temporary", 1, "skip", Next("pending", NOW + timedelta(minutes=1))),
        ("temporary", 3, "skip", Next("failed")),
        ("unknown", 1, "skip", Next("unknown")),
        ("unknown", 1, "resend", Next("pending", NOW + timedelta(minutes=1))),
        ("unknown", 3, "resend", Next("unknown")),
    ],
)
def test_what_an_outcome_makes_of_a_row(result: str, attempt: int, rule: str, then: Next) -> None:
    """Temporary is retried with backoff, permanent ends, unknown follows the user's rule and never turns into failed."""
    assert after(Outcome(result), attempt, 3, NOW, rule) == then  # type: ignore[arg-type]


def test_a_worker_that_died_left_nothing_or_an_unknown() -> None:
    """Claimed means not yet handed over; sending means perhaps."""
    assert after_crash("claimed", "skip") == "pending"
    assert after_crash("sending", "skip") == "unknown"
    assert after_crash("sending", "resend") == "pending"
    assert after_crash("sent", "resend") == "sent"


def test_an_archived_file_is_whole_and_never_overwritten(tmp_path: Path) -> None:
    """The same bytes again are fine, other bytes are refused, and no part file stays behind."""
    to_folder(tmp_path, "2026/report.pdf", b"one")
    to_folder(tmp_path, "2026/report.pdf", b"one")
    with pytest.raises(ArchiveError, match="not overwritten"):
        to_folder(tmp_path, "2026/report.pdf", b"two")
    assert [p.name for p in (tmp_path / "2026").iterdir()] == ["report.pdf"]
    assert (tmp_path / "2026" / "report.pdf").read_bytes() == b"one"


def test_an_unwritable_archive_says_where_and_why(tmp_path: Path) -> None:
    """A file where a folder should be is one clear sentence."""
    (tmp_path / "f").write_text("")
    with pytest.raises(ArchiveError, match="cannot be written"):
        to_folder(tmp_path / "f", "report.pdf", b"one")


@pytest.fixture
def web() -> Iterator[tuple[str, list[dict], list[int]]]:
    """An HTTP server that answers with the codes it is given."""
    got: list[dict] = []
    codes: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(codes.pop(0) if codes else 200)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/secret-token", got, codes
    server.shutdown()
    thread.join()
    server.server_close()


def test_webhook_answers_are_told_apart_and_the_address_stays_secret(web: tuple[str, list[dict], list[int]]) -> None:
    """200 sent, 503 and 429 temporary, 403 permanent, a redirect is not followed."""
    url, got, codes = web
    codes += [200, 503, 429, 403, 302]
    outcomes = [post(url, {"n": n}) for n in range(5)]
    assert [o.result for o in outcomes] == ["sent", "temporary", "temporary", "permanent", "permanent"]
    assert "secret-token" not in repr(outcomes)
    assert len(got) == 5


def test_text_from_aws_is_inert_in_a_chat_message() -> None:
    """A bucket called `<!channel>` calls nobody."""
    body = document("slack", headline="<!channel> & co", lines=["<https://evil.example|click>"], link="", facts={})
    assert "<!channel>" not in json.dumps(body)
    assert "<https://evil" not in json.dumps(body)
    assert "&lt;!channel&gt; &amp; co" in body["text"]
