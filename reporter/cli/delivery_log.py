"""The delivery log as an auditor reads it: who was to get what, when it left, what the receiver said, who decided the rest."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from reporter.cli.console import emit, line, plain

COLUMNS = (
    "ID",
    "STATE",
    "RUN",
    "QUEUED (UTC)",
    "SETTLED (UTC)",
    "TRIES",
    "EDITION",
    "RECIPIENT",
    "MESSAGE-ID",
    "ANSWER",
)
RED = "bold red"
OPEN_STATES = ("failed", "unknown")


def show_log(engine: Any, rows: Sequence[Any], as_json: bool, now: datetime) -> None:
    """Deliveries, one to a line, the oldest first; or as one JSON document with every step of each."""
    logs = {row.id: steps(engine, row.id) for row in rows}
    numbers = _numbers(engine, rows)
    if as_json:
        emit([document(row, numbers[row.run], logs[row.id]) for row in rows])
        return
    table = [COLUMNS, *(_cells(row, numbers[row.run], _tries(logs[row.id]), now) for row in rows)]
    widths = [max(len(cells[n]) for cells in table) for n in range(len(COLUMNS))]
    for cells, row in zip(table, (None, *rows), strict=True):
        text = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        line(text, RED if row is not None and row.state in OPEN_STATES else "")
    states = Counter(row.state for row in rows)
    line(
        f"{len(rows)} {'delivery' if len(rows) == 1 else 'deliveries'}"
        + "".join(f", {n} {state}" for state, n in sorted(states.items()))
    )


def show_one(engine: Any, row: Any, as_json: bool) -> None:
    """One delivery from the day it was queued: each step with its time, who took it, and what was said."""
    log, number = steps(engine, row.id), _numbers(engine, [row])[row.run]
    told = document(row, number, log)
    if as_json:
        emit(told)
        return
    for name in ("id", "state", "run", "edition", "recipient", "message_id", "reference", "detail"):
        line(plain(f"{name:<12} {told[name]}").rstrip(), RED if name == "state" and row.state in OPEN_STATES else "")
    for file in told["attachments"]:
        line(plain(f"{'attached':<12} {file['name']}  {file['size']:,} bytes  SHA-256 {file['sha256']}"))
    for name in told["left_out"]:
        line(plain(f"{'left out':<12} {name} (too large for a mail)"))
    if told["overtaken"]:
        line(plain(f"{'says':<12} {told['overtaken']}"))
    for entry in log:
        words = "  ".join(str(value) for value in entry["detail"].values())
        line(plain(f"{_time(entry['at'])}  {entry['act']:<8} {entry['by']}  {words}").rstrip())


def document(row: Any, seq: int | None, log: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A delivery in plain values. What it holds is no secret: no address of a webhook, no link, no password."""
    files = row.payload.get("attachments", row.payload.get("files", ()))
    return {
        "id": row.id,
        "run": row.run,
        "seq": seq,
        "edition": row.edition,
        "recipient": row.recipient,
        "state": row.state,
        "tries": _tries(log),
        "handed_over": row.attempts,
        "queued_at": row.queued_at,
        "next_attempt_at": row.next_attempt_at if row.state == "pending" else None,
        "held_by": row.owner or None,
        "held_until": row.lease_until,
        "settled_at": row.settled_at,
        "message_id": row.message_id,
        "reference": row.reference,
        "detail": row.detail,
        "attachments": [{name: entry[name] for name in ("name", "size", "sha256")} for entry in files],
        "left_out": list(row.payload.get("left_out", ())),
        "overtaken": row.payload.get("overtaken", ""),
        "log": log,
    }


def steps(engine: Any, id: int) -> list[dict[str, Any]]:
    """Every step of a delivery, from the journal that cannot be altered without breaking its chain."""
    from reporter import history

    return [
        {"at": one.at, "act": one.act.removeprefix("delivery."), "by": one.by, "detail": dict(one.detail)}
        for one in history.entries(engine, "delivery", str(id))
    ]


def _tries(log: Iterable[dict[str, Any]]) -> int:
    """How often it was taken up, those times left out when a setting of ours kept it back."""
    return sum((entry["act"] == "claimed") - (entry["act"] == "held") for entry in log)


def _cells(row: Any, seq: int | None, tries: int, now: datetime) -> tuple[str, ...]:
    answer = " ".join(filter(None, (row.detail, row.reference)))
    if row.state == "pending":
        due = "due since" if row.next_attempt_at and row.next_attempt_at <= now else "next try"
        when = f"{due} {_time(row.next_attempt_at)}" if row.next_attempt_at else "held until that is mended"
        answer = f"{answer} ({when})".strip()
    if row.lease_until:
        answer = f"{answer} (by {row.owner.rpartition(':')[0]} until {_time(row.lease_until)})".strip()
    cells = (
        row.id, row.state, f"#{seq}" if seq else row.run, _time(row.queued_at), _time(row.settled_at), tries,
        row.edition, row.recipient, row.message_id, answer,
    )  # fmt: skip
    return tuple(plain(cell) for cell in cells)


def _numbers(engine: Any, rows: Iterable[Any]) -> dict[str, int | None]:
    from reporter import history

    return {id: history.run_of(engine, id).seq for id in {row.run for row in rows}}


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else "-"
