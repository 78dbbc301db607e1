"""A letter with everything in it, and the sender."""

from datetime import UTC, datetime

from reporter.deliver.message import Attachment, Letter, Sender, message_id

AT = datetime(2026, 11, 23, 7, tzinfo=UTC)
SENDER = Sender("reporter@example.com", reply_to="tickets@example.com")
REGION, BUCKET = "eu-west-1", "report-archive"  # of the simulated archive
PDF = b"%PDF-1.7\n.\n" * 40


def letter(**changes: object) -> Letter:
    values: dict[str, object] = {
        "run_id": "0b6c2c1e-run",
        "edition": "organization",
        "recipient": "lead@example.com",
        "subject": "3 worsened",
        "text": "Three settings got worse.\n.\nA dot alone.\n",
        "html": "<p>Three settings got worse.</p>",
        "at": AT,
        "attachments": (Attachment("report.pdf", "application/pdf", PDF),),
    } | changes
    id = message_id(values["run_id"], values["edition"], values["recipient"], SENDER.address)  # type: ignore[arg-type]
    return Letter(**({"message_id": id} | values))  # type: ignore[arg-type]


class Gone:
    """A go-ahead that remembers when it was asked for."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1
