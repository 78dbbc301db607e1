"""Telling a web address of a report: a JSON document, or a message in the form that Slack and its kin accept."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Literal

from reporter.deliver.outbox import Outcome

LONGEST_TEXT = 3000  # characters; Slack's limit for one section


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A webhook's address is a secret: it is not carried to wherever a redirect points."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def post(url: str, document: Mapping[str, Any], *, timeout: float = 15.0) -> Outcome:
    """POST a JSON document; the address never appears in what is returned."""
    if not url.startswith(("https://", "http://")):
        return Outcome("permanent", "the webhook's address must begin with https:// or http://")
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        url, data=json.dumps(document).encode(), headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout) as answer:
            return Outcome("sent", f"HTTP {answer.status}")
    except urllib.error.HTTPError as error:
        again = error.code >= 500 or error.code in {408, 425, 429}
        return Outcome("temporary" if again else "permanent", f"HTTP {error.code}")
    except TimeoutError:
        return Outcome("unknown", f"no answer within {timeout:.0f} s")
    except (urllib.error.URLError, OSError) as error:
        return Outcome("temporary", f"no connection: {getattr(error, 'reason', error)}")


def document(
    form: Literal["json", "slack"], *, headline: str, lines: list[str], link: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """The body for one report. In Slack's form, text from AWS cannot become a mention or a link."""
    if form == "json":
        return {"headline": headline, "lines": lines, "link": link, **facts}
    body = "\n".join(f"• {slack_text(line)}" for line in lines)[:LONGEST_TEXT]
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*{slack_text(headline)}*"}},
    ]
    if body:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": body}})
    if link:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": f"<{link}|Open the report>"}})
    return {"text": slack_text(headline), "blocks": blocks}


def slack_text(text: str) -> str:
    """Slack gives meaning to &, < and >: `<!channel>` in a bucket's tag must call nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
