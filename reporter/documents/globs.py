"""AWS's wildcard strings: `*` is any run of characters, `?` any one. Matching, and comparing two patterns in meaning."""

import re
from functools import lru_cache
from itertools import count, product

MOST_FILLINGS = 256  # beyond this `covers` gives up, which it may: not covering is the careful answer


def is_wild(pattern: str) -> bool:
    """Whether it holds a wildcard."""
    return "*" in pattern or "?" in pattern


def matches(pattern: str, text: str) -> bool:
    """Whether the text is one the pattern stands for (case as written)."""
    if "?" in pattern:
        return _compiled(pattern).fullmatch(text) is not None
    first, *middle = pattern.split("*")
    if not middle:
        return pattern == text
    # Without `?` no regular expression is needed: nearly every pattern is one bucket's own and would be compiled once each.
    last = middle.pop()
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = [re.escape(piece).replace(r"\?", ".") for piece in re.sub(r"\*+", "*", pattern).split("*")]
    if len(pieces) == 1:
        return re.compile(pieces[0], re.DOTALL)
    # Atomic groups: for globs the leftmost shortest match is enough, and a hostile `*a*a*a*b` stays linear.
    middle = "".join(f"(?>.*?{piece})" for piece in pieces[1:-1])
    return re.compile(f"{pieces[0]}{middle}.*{pieces[-1]}", re.DOTALL)


def covers(wide: str, narrow: str) -> bool:
    """Whether every string the narrow pattern stands for is matched by the wide one.

    A character that occurs in neither stands for "anything": only a wildcard of the wide pattern can take it. A `?` of the
    wide pattern could take a whole run of one, so runs of every length up to one more than its `?`s are tried.
    """
    if wide in ("*", narrow):
        return True
    if not is_wild(narrow):
        return matches(wide, narrow)
    if not is_wild(wide):
        return False
    if wide[-1:] == "*" and not is_wild(wide[:-1]):
        return narrow.startswith(wide[:-1])
    return _covers(wide, narrow)


@lru_cache(maxsize=2048)
def _covers(wide: str, narrow: str) -> bool:
    anything = next(chr(code) for code in count(0xE000) if chr(code) not in wide)
    pieces = narrow.replace("?", anything).split("*")
    runs = range(wide.count("?") + 2) if "?" in wide else range(1, 2)
    if len(runs) ** (len(pieces) - 1) > MOST_FILLINGS:
        return False
    return all(
        matches(
            wide, pieces[0] + "".join(anything * run + piece for run, piece in zip(filling, pieces[1:], strict=True))
        )
        for filling in product(runs, repeat=len(pieces) - 1)
    )


@lru_cache(maxsize=8192)
def overlaps(left: str, right: str) -> bool:
    """Whether some string is matched by both patterns."""
    if not is_wild(left):
        return matches(right, left)
    if not is_wild(right):
        return matches(left, right)
    todo, seen = [(0, 0)], {(0, 0)}
    while todo:
        i, j = todo.pop()
        if i == len(left) and j == len(right):
            return True
        for step in _steps(left, right, i, j):
            if step not in seen:
                seen.add(step)
                todo.append(step)
    return False


def _steps(left: str, right: str, i: int, j: int) -> list[tuple[int, int]]:
    """Where two patterns may be after one more character, or after a star that stands for nothing."""
    a, b = left[i : i + 1], right[j : j + 1]
    steps = []
    if a == "*":
        steps += [(i + 1, j), (i, j + 1)] if b else [(i + 1, j)]
    if b == "*":
        steps += [(i, j + 1), (i + 1, j)] if a else [(i, j + 1)]
    if a and b and "*" not in (a, b) and (a == b or "?" in (a, b)):
        steps.append((i + 1, j + 1))
    return steps
