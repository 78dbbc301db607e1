"""Which characters the system's fonts can draw. What none can is written as its code point, never as an empty box."""

import ctypes
import ctypes.util
import hashlib
from collections.abc import Iterable
from functools import cache

from reporter.report.text import code_point


class _FontSet(ctypes.Structure):
    """fontconfig's list of fonts (fontconfig.h: FcFontSet)."""

    _fields_ = (("nfont", ctypes.c_int), ("sfont", ctypes.c_int), ("fonts", ctypes.POINTER(ctypes.c_void_p)))


def legible(text: str) -> str:
    """The text with every character no font has written as U+XXXX."""
    lacking = missing(set(text))
    return text.translate({ord(c): code_point(c) for c in lacking}) if lacking else text


def missing(characters: Iterable[str]) -> frozenset[str]:
    """Those characters that no outline font of the system has a glyph for."""
    fonts = _charsets()
    wanted = [c for c in characters if ord(c) > 0x7E]  # every text font has ASCII
    if fonts is None:
        return frozenset(c for c in wanted if ord(c) > 0x17F)  # no fontconfig: trust Latin only
    library, charsets = fonts
    return frozenset(c for c in wanted if not any(library.FcCharSetHasChar(s, ord(c)) for s in charsets))


@cache
def installed() -> str:
    """A digest of the fonts there are: a document depends on them, so a cache must."""
    library = _fontconfig()
    if library is None:
        return ""
    names = sorted({_text(library, pattern, b"file") for pattern in _patterns(library)})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def families() -> tuple[str, ...]:
    """The font families the system offers, for whoever wants to name them."""
    library = _fontconfig()
    return tuple(sorted({_text(library, pattern, b"family") for pattern in _patterns(library)})) if library else ()


@cache
def _charsets() -> tuple[ctypes.CDLL, tuple[ctypes.c_void_p, ...]] | None:
    """The character sets of the outline fonts without colour (colour glyphs are bitmaps, which PDF/A refuses)."""
    library = _fontconfig()
    if library is None:
        return None
    plain = [p for p in _patterns(library) if _flag(library, p, b"outline") and not _flag(library, p, b"color")]
    sets = [_charset(library, pattern) for pattern in plain]
    return library, tuple(found for found in sets if found is not None)


@cache
def _fontconfig() -> ctypes.CDLL | None:
    """The library that pango asks too; None where it is not installed (and pango neither)."""
    name = ctypes.util.find_library("fontconfig")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    pointer, text, whole = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    library.FcInitLoadConfigAndFonts.restype = pointer
    library.FcConfigGetFonts.restype = ctypes.POINTER(_FontSet)
    library.FcConfigGetFonts.argtypes = (pointer, whole)
    library.FcPatternGetBool.argtypes = (pointer, text, whole, ctypes.POINTER(whole))
    library.FcPatternGetString.argtypes = (pointer, text, whole, ctypes.POINTER(text))
    library.FcPatternGetCharSet.argtypes = (pointer, text, whole, ctypes.POINTER(pointer))
    library.FcCharSetHasChar.argtypes = (pointer, ctypes.c_uint32)
    return library


@cache
def _patterns(library: ctypes.CDLL) -> tuple[int, ...]:
    found = library.FcConfigGetFonts(library.FcInitLoadConfigAndFonts(), 0).contents
    return tuple(found.fonts[i] for i in range(found.nfont))


def _text(library: ctypes.CDLL, pattern: int, name: bytes) -> str:
    value = ctypes.c_char_p()
    found = library.FcPatternGetString(pattern, name, 0, ctypes.byref(value)) == 0
    return (value.value or b"").decode(errors="replace") if found else ""


def _flag(library: ctypes.CDLL, pattern: int, name: bytes) -> bool:
    value = ctypes.c_int(0)
    library.FcPatternGetBool(pattern, name, 0, ctypes.byref(value))
    return bool(value.value)


def _charset(library: ctypes.CDLL, pattern: int) -> ctypes.c_void_p | None:
    found = ctypes.c_void_p()
    return found if library.FcPatternGetCharSet(pattern, b"charset", 0, ctypes.byref(found)) == 0 else None
