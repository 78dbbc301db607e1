"""Webhooks against a real HTTP server: outcomes, the secret address, and text that stays text."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from letters import Gone
from web_receiver import Receiver, receiving

from reporter.deliver.webhook import HIDDEN, LONGEST_TEXT, News, document, inert, post

SECRET = "T00/B00/secret-token"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(SECRET) as one:
        yield one


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (200, "sent"), (204, "sent"), (302, "permanent"), (403, "permanent"), (404, "permanent"), (410, "permanent"),
        (429, "temporary"), (500, "temporary"), (503, "temporary"), (502, "unknown"), (504, "unknown"), (0, "unknown"),
    ],
)  # fmt: skip
def test_answers_are_told_apart_and_the_address_stays_secret(receiver: Receiver, status: int, result: str) -> None:
    """A redirect is not followed; a gateway's word and silence leave it unknown; nothing repeats the address."""
    receiver.answers.append(status)
    going = Gone()
    outcome = post(receiver.url, {"n": 1}, going, key="message-1")
    assert (outcome.result, going.times) == (result, 1), outcome
    assert "secret" not in repr(outcome)
    assert (receiver.got, receiver.keys) == ([{"n": 1}], ["message-1"])


def test_where_nobody_listens_nothing_was_handed_over() -> None:
    """No `sending` in the outbox, and the way is shut for this round."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    going = Gone()
    outcome = post(f"http://127.0.0.1:{port}/{SECRET}", {}, going)
    assert (outcome.result, outcome.shut, going.times) == ("temporary", True, 0)
    assert "refused" in outcome.detail


def test_a_server_that_never_answers_leaves_it_unknown() -> None:
    """The connection stood, so the message may have been read."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        going = Gone()
        outcome = post(f"http://127.0.0.1:{silent.getsockname()[1]}/{SECRET}", {}, going, timeout=0.2)
    assert (outcome.result, going.times) == ("unknown", 1)


def test_plain_http_where_tls_is_expected_hands_nothing_over() -> None:
    """The TLS handshake comes before `sending`."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        going = Gone()
        outcome = post(f"https://127.0.0.1:{silent.getsockname()[1]}/{SECRET}", {}, going, timeout=0.2)
    assert (outcome.result, going.times) == ("temporary", 0)


@pytest.mark.parametrize(
    "url", ["ftp://example.com/x", "", "http://", "http://exa mple/secret", "http://127.0.0.1:x/secret"]
)
def test_an_address_that_is_none_is_said_without_repeating_it(url: str) -> None:
    """A wrong secret is still a secret."""
    outcome = post(url, {}, Gone())
    assert outcome.result == "temporary"
    assert "secret" not in repr(outcome)


HOSTILE = [
    "<!channel>",
    "<https://evil.example|click>",
    "@here @all",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "https://evil.example",
    "a\n• a line of its own",
    "\u202eoof",
    "😀" * 300,
]


def spoken(body: dict) -> list[str]:
    """What a client that renders marks would render: the fallback text."""
    return body["text"].split("\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_aws_is_inert_in_a_chat_message(text: str) -> None:
    """It calls nobody, links nowhere, fetches nothing, and cannot write lines of its own."""
    body = document("slack", News(text, [text], 0, "https://r.example.com/runs/2", {}, text))
    shown = spoken(body)
    assert len(shown) == 4
    assert shown[-1] == "https://r.example.com/runs/2"
    for line in shown[:-1]:
        assert not any(mark in line for mark in ("<", ">", "](", "://", "@h", "@a"))
        assert line.replace(HIDDEN, "").isprintable()
    kinds = [block["text"]["type"] for block in body["blocks"]]
    assert kinds == ["plain_text", "plain_text", "plain_text", "mrkdwn"]  # only the link, which is ours, is markup
    assert body["blocks"][-1]["text"]["text"] == "<https://r.example.com/runs/2|Open the report>"


def test_long_news_are_cut_and_say_how_much_is_missing() -> None:
    """Slack refuses a block of more than 3,000 characters, and a header of more than 150."""
    body = document("slack", News("h" * 400, ["x" * 290] * 12, 5, "", {}))
    header, lines = (block["text"]["text"] for block in body["blocks"])
    assert (len(header), len(lines)) == (150, LONGEST_TEXT)
    assert "… and 5 more" in document("slack", News("h", ["x"], 5, "", {}))["blocks"][1]["text"]["text"]


def test_programs_get_the_facts_as_they_are() -> None:
    """JSON needs no defusing: a value cannot leave its quotes."""
    news = News("<!channel>", ["@all"], 1, "", {"run": "r1", "findings": {"open": 3}}, "s")
    body = document("json", news)
    assert body == {
        "headline": "<!channel>",
        "sentence": "s",
        "lines": ["@all"],
        "more": 1,
        "link": "",
        "run": "r1",
        "findings": {"open": 3},
    }


def test_what_is_hidden_is_only_what_acts() -> None:
    """Ordinary text is not touched."""
    assert inert("Logging stopped on 3 trails (50 %)") == "Logging stopped on 3 trails (50 %)"
