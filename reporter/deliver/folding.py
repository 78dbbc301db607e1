"""How long headers are folded: after words, each line with something on it, and so that they decode to what they were.

The standard library leaves the first line empty before a long word, which some clients show as a mail without a subject, and
loses or doubles spaces between words it encodes one by one.
"""

import textwrap
from email.header import Header
from email.policy import SMTP, EmailPolicy
from typing import Any

WIDTH = 76  # RFC 2047 asks for at most 76 in a line with an encoded word, RFC 5322 for 78
FREE = frozenset({"subject", "x-reporter-edition"})  # headers of free text, where spaces may become line breaks


class Folding(EmailPolicy):
    """The standard library's policy for SMTP, but for headers of free text."""

    def fold(self, name: str, value: Any) -> str:
        """The header's lines, as the generator writes them."""
        return folded(name, str(value), self.linesep) if name.lower() in FREE else super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        """The same as bytes."""
        return self.fold(name, value).encode() if name.lower() in FREE else super().fold_binary(name, value)


def folded(name: str, text: str, linesep: str = "\r\n") -> str:
    """Words that stand in a line of their own are left as they are; all else is encoded whole (RFC 2047)."""
    plain = text.isascii() and "=?" not in text and all(len(word) < WIDTH - len(name) - 2 for word in text.split())
    if plain:
        lines = textwrap.wrap(
            f"{name}: {text}", WIDTH, subsequent_indent=" ", break_long_words=False, break_on_hyphens=False
        )
        return linesep.join(lines) + linesep
    encoded = Header(text, "utf-8", WIDTH, name).encode(linesep=linesep)
    return f"{name}: {encoded}{linesep}"


LETTERS = Folding(**{name: getattr(SMTP, name) for name in ("linesep", "max_line_length", "header_factory")})
