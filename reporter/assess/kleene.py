"""Logic with a third value: what was not read is neither yes nor no, and one certain answer outweighs it."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from reporter.assess.view import InsufficientData, NotApplicable
from reporter.documents.logic import Answer

T = TypeVar("T")
U = TypeVar("U")


def gathered(things: Iterable[T], question: Callable[[T], U]) -> tuple[list[U], list[InsufficientData]]:
    """The answers that could be had, and the refusals."""
    answers: list[U] = []
    refusals: list[InsufficientData] = []
    for thing in things:
        try:
            answers.append(question(thing))
        except InsufficientData as why:
            refusals.append(why)
    return answers, refusals


def some(things: Iterable[T], test: Callable[[T], Any]) -> bool:
    """Whether one passes the test. One certain yes outweighs any that could not be read (Kleene's or)."""
    refusals: list[InsufficientData] = []
    for thing in things:
        try:
            if test(thing):
                return True
        except InsufficientData as why:
            refusals.append(why)
    if refusals:
        raise together(refusals)
    return False


def every(things: Iterable[T], test: Callable[[T], Any]) -> bool:
    """Whether all pass the test. One certain no outweighs any that could not be read (Kleene's and)."""
    return not some(things, lambda thing: not test(thing))


def failing(things: Iterable[T], test: Callable[[T], Any]) -> list[T]:
    """`every`, with its witnesses: those that certainly fail. Raises where none does but some could not be judged."""
    answers, refusals = gathered(things, lambda thing: (thing, bool(test(thing))))
    witnesses = [thing for thing, passed in answers if not passed]
    if refusals and not witnesses:
        raise together(refusals)
    return witnesses


def either(*questions: Callable[[], Any]) -> bool:
    """Whether one of several questions is certainly answered yes, whatever the others lack."""
    return some(questions, lambda question: question())


def both(*questions: Callable[[], Any]) -> bool:
    """Whether several questions are all certainly answered yes; one certain no is enough to say no."""
    return every(questions, lambda question: question())


def certainly(question: Callable[[], Any]) -> bool:
    """Whether the answer is a certain yes; what was not read counts as no, so never let a failure follow from it."""
    try:
        return bool(question())
    except (InsufficientData, NotApplicable):
        return False


def certain(answer: Answer) -> bool:
    """What a document says, as yes or no; undecidable is insufficient data, with the reason the document gives."""
    if answer.holds is None:
        raise InsufficientData("cannot be decided: " + "; ".join(answer.because))
    return answer.holds


def together(refusals: list[InsufficientData]) -> InsufficientData:
    """Several refusals as one, the same in whatever order they came."""
    reasons = sorted({str(why) for why in refusals})
    more = f" (and {len(reasons) - 1} more of the kind)" if len(reasons) > 1 else ""
    return InsufficientData(reasons[0] + more)
