"""Which function answers which operation in place of moto, and which puts right what moto answered."""

from collections.abc import Callable

from reporter.simulate.answers import Answer
from reporter.simulate.request import Request
from reporter.simulate.world import World

Handler = Callable[[World, Request], Answer | None]  # None: let moto answer
Follower = Callable[[World, Request, Answer], Answer]

ANSWERS: dict[str, Handler] = {}
FOLLOWS: dict[str, Follower] = {}
GATES: dict[str, Handler] = {}  # by service: asked before any of its operations


def answers(service: str, *operations: str) -> Callable[[Handler], Handler]:
    """The function answers these operations; None from it hands the request on to moto."""

    def register(function: Handler) -> Handler:
        for operation in operations:
            ANSWERS[f"{service}:{operation}"] = function
        return function

    return register


def follows(service: str, *operations: str) -> Callable[[Follower], Follower]:
    """The function sees moto's answer to these operations and returns what the caller gets."""

    def register(function: Follower) -> Follower:
        for operation in operations:
            FOLLOWS[f"{service}:{operation}"] = function
        return function

    return register


def gate(*services: str) -> Callable[[Handler], Handler]:
    """The function may refuse any request to these services."""

    def register(function: Handler) -> Handler:
        for service in services:
            GATES[service] = function
        return function

    return register
