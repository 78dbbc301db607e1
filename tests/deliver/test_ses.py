"""Mail by SES v2: the same bytes as by SMTP, throttling, refusals, and answers that never come."""

import base64
import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from letters import SENDER, Gone, letter

from reporter.deliver.aws import Cloud
from reporter.deliver.message import compose
from reporter.deliver.outbox import Outcome
from reporter.deliver.ses import by_ses
from reporter.simulate.simulation import Simulation


def sent(cloud: Cloud, going: Gone | None = None, **options: str) -> Outcome:
    return by_ses(cloud, **options)(compose(letter(), SENDER), going or Gone())


@dataclass
class Double:
    """SES as far as one call goes: what it was asked, and what it answers."""

    status: int = 200
    answer: dict = field(default_factory=lambda: {"MessageId": "0102"})
    asked: list[dict] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def double() -> Iterator[Double]:
    state = Double()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(state.answer).encode()
            self.send_response(state.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=lambda: server.serve_forever(0.02))
        thread.start()
        yield state
        server.shutdown()
        thread.join()


def test_ses_gets_the_very_bytes_that_smtp_gets(cloud: Cloud, double: Double) -> None:
    """Raw, for one recipient, tagged with run and message so that SES's events can be matched; its id is the reference."""
    outcome = sent(replace(cloud, endpoint_url=double.url), configuration_set="reports")
    assert outcome == Outcome("sent", reference="0102")
    (asked,) = double.asked
    assert base64.b64decode(asked["Content"]["Raw"]["Data"]) == compose(letter(), SENDER).as_bytes()
    assert (asked["FromEmailAddress"], asked["Destination"]) == (
        "reporter@example.com",
        {"ToAddresses": ["lead@example.com"]},
    )
    assert asked["ConfigurationSetName"] == "reports"
    tags = {tag["Name"]: tag["Value"] for tag in asked["EmailTags"]}
    assert tags == {
        "reporter-run": letter().run_id,
        "reporter-message": letter().message_id.strip("<>").partition("@")[0],
    }


def test_a_verified_sender_sends_and_another_does_not(cloud: Cloud) -> None:
    """Against the simulated service."""
    outcome = sent(cloud)
    assert outcome.result == "sent"
    assert outcome.reference
    stranger = compose(letter(), replace(SENDER, address="stranger@example.org"))
    assert by_ses(cloud)(stranger, Gone()).result == "permanent"


@pytest.mark.parametrize(
    ("fault", "options", "then"),
    [
        ("throttle", {}, ("temporary", True)),
        ("error", {"code": "TooManyRequestsException", "status": 429}, ("temporary", True)),
        ("error", {"code": "ServiceUnavailable", "status": 503}, ("temporary", True)),
        ("error", {"code": "ExpiredTokenException", "status": 403}, ("temporary", True)),
        ("error", {"code": "AccountSuspendedException", "status": 400}, ("temporary", True)),
        ("error", {"code": "MessageRejected", "status": 400}, ("permanent", False)),
        ("error", {"code": "InternalServiceErrorException", "status": 500}, ("unknown", False)),
        ("kill", {}, ("unknown", False)),
        ("truncate", {}, ("unknown", False)),
        ("wrong", {}, ("unknown", False)),
    ],
)
def test_ses_answers_are_told_apart(
    simulation: Simulation, cloud: Cloud, fault: str, options: dict, then: tuple[str, bool]
) -> None:
    """Only a clear refusal may be tried again; what did not answer clearly is unknown. The SDK itself tries once."""
    simulation.counts(reset=True)
    simulation.fault(fault, "sesv2:*", **options)
    outcome = sent(cloud)
    assert (outcome.result, outcome.shut) == then, outcome
    calls = simulation.counts()["calls"]
    assert sum(count for counts in calls.values() for count in counts.values()) == 1


@pytest.mark.parametrize(
    ("whose", "result", "shut"), [("reporter@example.com", "temporary", True), ("lead@example.com", "permanent", False)]
)
def test_an_address_that_is_not_verified_is_ours_or_the_recipients(
    cloud: Cloud, double: Double, whose: str, result: str, shut: bool
) -> None:
    """An unverified sender stops all mail until it is mended; in the sandbox an unverified recipient is alone in it."""
    double.status, double.answer = 400, {
        "__type": "MessageRejected",
        "message": f"Email address is not verified. The following identities failed the check in region EU-WEST-1: {whose}",
    }  # fmt: skip
    outcome = sent(replace(cloud, endpoint_url=double.url))
    assert (outcome.result, outcome.shut) == (result, shut), outcome


def test_without_credentials_or_connection_nothing_was_handed_over(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Temporary, and the way is shut; without credentials the outbox does not even say `sending`."""
    outcome = sent(replace(cloud, endpoint_url="http://127.0.0.1:9"))
    assert (outcome.result, outcome.shut) == ("temporary", True)
    going = Gone()
    outcome = sent(replace(cloud, profile="nobody-has-this"), going)
    assert (outcome.result, outcome.shut, going.times) == ("temporary", True, 0)
    assert "[aws]" in outcome.detail
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    outcome = sent(cloud, going)
    assert (outcome.result, outcome.shut, going.times) == ("temporary", True, 0)
    assert "no credentials" in outcome.detail
