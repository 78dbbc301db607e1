"""Telling a web address of a report: a JSON document, or a message in the form that Slack and its kin accept."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from reporter.deliver.message import one_line
from reporter.deliver.outbox import GoAhead, Outcome

LONGEST_HEADLINE, LONGEST_TEXT = 150, 3000  # characters of Slack's header and section blocks
LATER = {408, 425, 429, 500, 503, 507}
NOBODY_KNOWS = {502, 504}  # a gateway's answer: it does not know what became of the request behind it
HIDDEN = "\u200b"  # zero-width: breaks a mention, a link, an address without being seen


@dataclass(frozen=True, slots=True)
class News:
    """What a channel is told of a report. `facts` are plain values for programs."""

    headline: str
    lines: Sequence[str]
    more: int  # lines that are not shown
    link: str
    facts: Mapping[str, Any]
    sentence: str = ""  # between the headline and the lines


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A webhook's address is a secret: it is not carried to wherever a redirect points."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class _Line:
    """Remembers that the connection stood, and commits `sending` at that moment: before it, nothing was handed over."""

    def __init__(self, going: GoAhead) -> None:
        self._going = going
        self.stood = False

    def stands(self) -> None:
        if not self.stood:
            self._going()
            self.stood = True


class _Http(http.client.HTTPConnection):
    def __init__(self, *values: Any, line: _Line, **named: Any) -> None:
        super().__init__(*values, **named)
        self._line = line

    def connect(self) -> None:
        super().connect()
        self._line.stands()


class _Https(http.client.HTTPSConnection):
    def __init__(self, *values: Any, line: _Line, **named: Any) -> None:
        super().__init__(*values, **named)
        self._line = line

    def connect(self) -> None:
        super().connect()
        self._line.stands()


class _Opened(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """urllib's own handlers (proxies of the environment included) over connections that tell when they stand."""

    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._line = line

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_Http, line=self._line), request)

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_Https, line=self._line), request)


def post(url: str, document: Mapping[str, Any], going: GoAhead, *, key: str = "", timeout: float = 15.0) -> Outcome:
    """POST a JSON document; the address never appears in what is returned.

    `key` goes with it as `Idempotency-Key`, the same at each attempt, so that a receiver can recognise a repetition.
    """
    if not url.startswith(("https://", "http://")):
        words = "the webhook's address must begin with https:// or http://; see webhook.url_file"
        return Outcome("temporary", words, shut=True, ours=True)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "reporter",
        **({"Idempotency-Key": key} if key else {}),
    }
    line = _Line(going)
    try:
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
            url, data=json.dumps(document).encode(), headers=headers, method="POST"
        )
        with urllib.request.build_opener(_NoRedirect, _Opened(line)).open(request, timeout=timeout) as answer:
            return Outcome("sent", f"HTTP {answer.status}")
    except urllib.error.HTTPError as error:
        with error:
            return _refusal(error.code)
    except (OSError, http.client.HTTPException, ValueError) as error:
        # urllib's and http.client's own words may repeat the address; the system's do not
        reason = getattr(error, "reason", error)
        why = one_line(getattr(reason, "strerror", None) or type(reason).__name__)
        if line.stood:
            return Outcome("unknown", f"it was told and did not answer: {why}")
        return Outcome("temporary", f"no connection: {why}", shut=True)


def document(form: Literal["json", "slack"], news: News) -> dict[str, Any]:
    """The body for one report. In Slack's form, text from AWS cannot become a mention, a link, an image or an emoji."""
    if form == "json":
        return {
            "headline": news.headline,
            "sentence": news.sentence,
            "lines": list(news.lines),
            "more": news.more,
            "link": news.link,
            **news.facts,
        }
    shown = [f"• {one_line(line)}" for line in news.lines]
    if news.more:
        shown.append(f"… and {news.more} more")
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(one_line(news.headline), LONGEST_HEADLINE)}]
    if news.sentence:
        blocks.append({"type": "section", "text": _plain(one_line(news.sentence, LONGEST_TEXT), LONGEST_TEXT)})
    if shown:
        blocks.append({"type": "section", "text": _plain("\n".join(shown), LONGEST_TEXT)})
    said = filter(None, [news.headline, news.sentence, *shown])
    text = "\n".join(inert(one_line(line, LONGEST_TEXT)) for line in said)
    if news.link:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": f"<{news.link}|Open the report>"}})
        text += f"\n{news.link}"
    return {"text": text, "blocks": blocks}


def inert(text: str) -> str:
    """Text that Slack, Mattermost and Rocket.Chat show as it stands.

    Slack gives meaning to &, < and > (`<!channel>` calls everybody); the others to @all, [a](link) and ![an image](link);
    all of them to whatever looks like an address.
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", f"@{HIDDEN}").replace("](", f"]{HIDDEN}(").replace("://", f":{HIDDEN}//")


def _plain(text: str, longest: int) -> dict[str, Any]:
    """Slack's `plain_text`, which it does not interpret, for what came from AWS."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return {"type": "plain_text", "text": cut, "emoji": False}


def _refusal(code: int) -> Outcome:
    if code in NOBODY_KNOWS:
        return Outcome("unknown", f"HTTP {code}: a gateway answered in its place")
    return Outcome("temporary" if code in LATER else "permanent", f"HTTP {code}")
