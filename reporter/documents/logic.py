"""Answers that may be undecided: Kleene's three values, and an answer that carries its reasons.

`None` stands for "this document alone cannot tell" (an operator or variable we do not know, a part that was not read).
It is never silently turned into yes or no: one certain answer outweighs it, and nothing else does.
"""

from collections.abc import Iterable
from dataclasses import dataclass

Tri = bool | None


def all_of(answers: Iterable[Tri]) -> Tri:
    """False if one is false, undecided if one is undecided, else true."""
    result: Tri = True
    for answer in answers:
        if answer is False:
            return False
        if answer is None:
            result = None
    return result


def any_of(answers: Iterable[Tri]) -> Tri:
    """True if one is true, undecided if one is undecided, else false."""
    result: Tri = False
    for answer in answers:
        if answer is True:
            return True
        if answer is None:
            result = None
    return result


def negate(answer: Tri) -> Tri:
    """The opposite; undecided stays undecided."""
    return None if answer is None else not answer


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether something holds (`None` = cannot be decided), and what in the document made it so."""

    holds: Tri
    because: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Refuse to be a truth value: `if answer:` would guess where the answer is undecided."""
        raise TypeError("An Answer may be undecided: read .holds and handle None")

    def __str__(self) -> str:
        return "; ".join(self.because)
