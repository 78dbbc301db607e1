"""The same organization after an attacker has named everything in it."""

from dataclasses import replace
from itertools import cycle

from fake_source import FakeSource
from organization import organization

from reporter.report.source import CheckText
from reporter.report.texts import mapped

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=http://evil.example/x onerror=alert(1)>',
    "{{ 7*7 }}{% for x in y %}",
    '=HYPERLINK("http://evil.example","click")',
    "+cmd|' /C calc'!A0",
    "\u202egnp.exe\u202c \u200f\u2067abc\u2069",
    "名前が漢字 الاسم بالعربية שם 😀 🦊 👩‍👩‍👧 \U000f0000",
    "x" * 250,
    "line\r\nBcc: everyone@example.com\r\n\r\nbody\ttab",
    "\x00\x07\x1b[31mred\x1b[0m \ud800 \ufffe",
    "]]></style></title></svg><style>*{display:none}</style>",
    "&amp;&lt;é‰ ½ \u00ad soft\u200bzero",
)


def hostile() -> FakeSource:
    """Payloads behind every text AWS or people provide; ids that join rows are kept, for they could not be forged."""
    source = organization()
    payload = cycle(PAYLOADS)
    kept = {row.account.id for row in source.account_rows} | {"global", "", *source.check_texts}
    kept |= {answer.finding.type for answer in source.answers} | {"pass -> fail", "fail -> pass"}
    named: dict[str, str] = {}

    def forged(text: str) -> str:
        if text in kept:
            return text
        return named.setdefault(text, f"{text[:40]} {next(payload)}")

    waivers = {waiver.id: mapped(waiver, forged) for waiver in source.waiver_list}
    answers = [
        replace(mapped(row, forged, (CheckText,)), waiver=waivers[row.waiver.id] if row.waiver else None)
        for row in source.answers
    ]
    return replace(
        source,
        account_rows=[
            replace(mapped(row, forged), account=replace(mapped(row.account, forged), ou_path=row.account.ou_path))
            for row in source.account_rows
        ],
        answers=answers,
        waiver_list=list(waivers.values()),
        change_rows=mapped(source.change_rows, forged),
        gap_rows=mapped(source.gap_rows, forged),
        integrity_read=mapped(source.integrity_read, forged),
        inventory_rows=mapped(source.inventory_rows, forged),
    )
