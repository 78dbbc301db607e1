"""How plain values read: numbers, instants, ages, counts of things, and AWS's values as short text."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(value: float | None) -> str:
    """1240 -> 1,240; None -> a dash."""
    return "–" if value is None else f"{value:,}"


def percent(share: float | None) -> str:
    """Whole percents, but never 100 % of what is not whole and never 0 % of what is not nothing."""
    if share is None:
        return "–"
    if 0.99 <= share < 1:
        return f"{int(share * 1000) / 10:.1f} %"
    if 0 < share < 0.01:
        return "< 1 %"
    return f"{round(share * 100)} %"


def day(value: date | datetime | None, zone: tzinfo = UTC) -> str:
    """22 Nov 2026, in English whatever the locale, for the same bytes everywhere."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = value.astimezone(zone)
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def period(from_at: datetime | None, as_of: datetime, zone: tzinfo = UTC, *, exact: bool = False) -> str:
    """From when to when a report speaks; where a clock was set back between its two runs, that."""
    told = instant if exact else day
    now = told(as_of, zone)
    if from_at is None:
        return f"As of {now}, first report"
    if from_at <= as_of:
        return f"{told(from_at, zone)} to {now}"
    return f"As of {now}; the run before is dated {told(from_at, zone)}, which is later: a clock was wrong"


def instant(value: datetime | None, zone: tzinfo = UTC) -> str:
    """22 Nov 2026, 18:53 UTC."""
    if value is None:
        return "–"
    local = value.astimezone(zone)
    return f"{day(local, zone)}, {local:%H:%M} {local.tzname()}"


def count(n: int, one: str, many: str = "") -> str:
    """`count(1, "finding")` -> 1 finding; `count(2, "finding")` -> 2 findings."""
    return f"{number(n)} {one if n == 1 else many or one + 's'}"


def days(n: int) -> str:
    """An age in days as people say it."""
    return "today" if n == 0 else count(n, "day")


def listing(parts: Sequence[str]) -> str:
    """a; a and b; a, b and c."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def fared(
    *,
    partial: int = 0,
    unreachable: int = 0,
    suspended: int = 0,
    unselected: int = 0,
    left_out: int = 0,
    excluded: int = 0,
) -> tuple[str, ...]:
    """The accounts not fully read, in the words of reports, mails and commands; `excluded` where nobody asks why they are."""
    counted = (
        (partial, "read in part"),
        (unreachable, "not reached"),
        (suspended, "suspended"),
        (unselected, "not selected for this run"),
        (left_out, "left out by the settings"),
        (excluded, "left out"),
    )
    return tuple(f"{number(n)} {what}" for n, what in counted if n)


def coverage(read: int, total: int, rest: Sequence[str]) -> str:
    """13 of 17 accounts fully read, 2 read in part, 1 not reached and 1 suspended: `rest` is by `fared`."""
    return ", ".join(
        part for part in (f"{number(read)} of {count(total, 'account')} fully read", listing(rest)) if part
    )


def sentence(text: str) -> str:
    """First letter up, a full stop at the end; a first word that is a name (s3:GetObject) stays as it is."""
    text = text.strip()
    if not text:
        return ""
    first = text.split(maxsplit=1)[0]
    head = text[0].upper() if first.rstrip(",.;").isalpha() and first[1:].islower() else text[0]
    return head + text[1:] + ("" if text[-1] in ".!?" else ".")


def shown(value: Any, limit: int = 320) -> str:
    """A value of AWS as text: strings as they are, the rest as JSON, cut in the middle of nothing but at the end."""
    if value is None:
        return "not configured"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return cut(value, limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; says how many were left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({number(len(text) - limit)} more characters in the data)"


def commands(text: str, room: int) -> list[str]:
    """The lines of a remedy, whole, as many as the room has characters for: half a command does harm or nothing.

    A warning (# cannot be taken back) takes no room from its command, and does not stand without it.
    """
    lines: list[str] = []
    for line in text.split("\n"):
        room -= 0 if line.startswith("#") else len(line)
        if room < 0:
            break
        lines.append(line)
    while lines and lines[-1].startswith("#"):
        lines.pop()
    return lines


# what stands where AWS said nothing, for nobody asked
_SAID = {
    "NotYetRead": "not asked: the trails' log files are not read",
    "Excluded": "not asked: the account is left out",
    "NotSelected": "not asked: the account was not selected",
}


def said(code: str) -> str:
    """AWS's error code, or in words that AWS was not asked."""
    return _SAID.get(code, code)


def target(value: Any) -> str:
    """A setting's value as people write it: yes, 365, a, b; an empty list is none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {target(inner)}" for key, inner in value.items()) or "none"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(one) for one in value) or "none"
    return str(value)


def versioned(title: str, version: str) -> str:
    """A framework with its version; apart where both are numbers, or the version is too short to be seen as one."""
    if version and (title[-1:].isdigit() or (version.isdigit() and len(version) < 4)):
        return f"{title}, version {version}"
    return f"{title} {version}".strip()


def brief(text: str, limit: int) -> str:
    """At most `limit` characters and an ellipsis, where there is no room to say more."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def short(name: str) -> str:
    """A resource as people call it: of an ARN its last part, of anything else all of it."""
    return re.split(r"[:/]", name)[-1] or name if name.startswith("arn:") else name


def arrow(text: str) -> str:
    """ "pass -> fail" as it is printed."""
    return text.replace("->", "→")


def grouped(digest: str, length: int = 24) -> str:
    """A digest's first characters in groups of four, for reading aloud."""
    head = digest[:length].upper()
    return " ".join(head[i : i + 4] for i in range(0, len(head), 4))
