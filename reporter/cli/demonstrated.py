"""What a demo's history cannot answer: the AWS that it was read from was simulated, and ended with the demo."""

import os
from typing import Literal

from reporter.cli.console import USAGE, Refusal
from reporter.cli.filters import Opened, place

WANTED = {
    "run": "another AWS read into it would look as if every account had left",
    "watch": "there is nothing to look at any more",
    "ask": "there is no CloudTrail to ask any more",
}


def refuse_demo(opened: Opened, wanted: Literal["run", "watch", "ask"]) -> None:
    """Refuse to ask AWS about a demo: whatever answers now, it is not what the demo read, and perhaps somebody's real accounts."""
    from reporter import history

    last = history.last_runs(opened.engine, 1)
    simulated = opened.settings.aws.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
    if last and last[0].kind == "demo" and not simulated:
        raise Refusal(
            f"the history at {place(opened.settings)} is a demo's, and the simulated AWS that it was read from ended with "
            f"the demo: {WANTED[wanted]}. What the demo's runs found is in `reporter drift`; for your own organization, "
            "`reporter init` writes the settings",
            USAGE,
        )
