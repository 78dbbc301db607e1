"""Text from elsewhere, made harmless: what cannot be seen is written out, what spreadsheets would run is quoted."""

import re
import unicodedata

# control, format (directions, joiners, soft hyphens), surrogate, private and unassigned code points
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_WHITE = frozenset("\n\t")
_FORMULA = re.compile(r"[=+\-@\t\r|%]")


def code_point(character: str) -> str:
    """U+202E, as the character is called."""
    return f"U+{ord(character):04X}"


def seen(text: str) -> str:
    """Write every character that has no shape of its own as its code point: no hidden and no reversed text."""
    if text.isprintable():
        return text
    return "".join(c if c in _WHITE or unicodedata.category(c) not in _UNSEEN else f"‹{code_point(c)}›" for c in text)


def cell(text: str) -> str:
    """A spreadsheet cell that is text and nothing else: formulas get a leading apostrophe."""
    flat = seen(text.replace("\r\n", "\n").replace("\r", "\n"))
    return f"'{flat}" if _FORMULA.match(flat.lstrip()) else flat
