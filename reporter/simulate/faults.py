"""Rules by which the simulation misbehaves: by account, region, operation and chance, repeatable from a seed.

| kind | what the caller sees |
|---|---|
| `deny` | AccessDenied in the service's words (`code` for another code) |
| `throttle` | SlowDown, ThrottlingException ..., as the service says it |
| `error` | any `code`, `status` and `message` (`ExpiredToken`, `RequestTimeTooSkewed`, `InternalError` 500 ...) |
| `delay` | `seconds` before the answer |
| `truncate` | half of the body, then the connection closes |
| `kill` | the connection closes without an answer |
| `malformed` | a body that is neither XML nor JSON, with status 200 |
| `wrong` | a well-formed body of the wrong shape, with status 200 |
| `rate` | throttled beyond `per_second` calls in each (account, service) |
"""

import threading
import time
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from random import Random

from reporter.simulate.answers import Answer, as_json, as_xml, denied, error, throttled
from reporter.simulate.request import QUERY, Request

KINDS = ("deny", "throttle", "error", "delay", "truncate", "kill", "malformed", "wrong", "rate")


@dataclass(frozen=True)
class Fault:
    """One rule. All of account, region, operation (`s3:GetBucket*`) and resource are globs; `times` 0 means for ever."""

    kind: str
    operation: str = "*"
    account: str = "*"
    region: str = "*"
    resource: str = "*"
    probability: float = 1.0
    times: int = 0
    code: str = ""
    status: int = 400
    message: str = "simulated"
    seconds: float = 0.0
    per_second: float = 10.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"fault kind {self.kind!r} is unknown; known are {', '.join(KINDS)}")

    def matches(self, request: Request) -> bool:
        return (
            fnmatchcase(request.name, self.operation)
            and fnmatchcase(request.account, self.account)
            and fnmatchcase(request.region, self.region)
            and fnmatchcase(request.resource, self.resource)
        )


class Faults:
    """The rules in force, their dice and how often each has struck."""

    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []
        self._struck: list[int] = []
        self._windows: dict[tuple[str, str], tuple[float, float]] = {}  # tokens left and when last filled
        self._dice = Random(seed)

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._rules.append(fault)
            self._struck.append(0)

    def clear(self, seed: int = 0) -> None:
        with self._lock:
            self._rules, self._struck, self._windows, self._dice = [], [], {}, Random(seed)

    def struck(self) -> list[int]:
        return list(self._struck)

    def choose(self, request: Request) -> list[Fault]:
        """The rules that strike this request: every delay, and the first of the others."""
        if not self._rules:
            return []
        chosen: list[Fault] = []
        with self._lock:
            for index, rule in enumerate(self._rules):
                if not rule.matches(request) or not self._strikes(index, rule, request):
                    continue
                self._struck[index] += 1
                chosen.append(replace(rule, kind="throttle") if rule.kind == "rate" else rule)
                if rule.kind != "delay":
                    break
        return chosen

    def _strikes(self, index: int, rule: Fault, request: Request) -> bool:
        if rule.times and self._struck[index] >= rule.times:
            return False
        if rule.kind == "rate":
            return not self._token((request.account, request.service), rule.per_second)
        return rule.probability >= 1.0 or self._dice.random() < rule.probability

    def _token(self, bucket: tuple[str, str], per_second: float) -> bool:
        now = time.monotonic()
        left, filled = self._windows.get(bucket, (per_second, now))
        left = min(per_second, left + (now - filled) * per_second)
        self._windows[bucket] = (left - 1 if left >= 1 else left, now)
        return left >= 1


def before(request: Request, faults: list[Fault]) -> Answer | None:
    """What a fault answers instead of the service; also waits out the delays."""
    for fault in faults:
        if fault.kind == "delay":
            time.sleep(fault.seconds)
        elif fault.kind == "deny":
            return denied(request, fault.code)
        elif fault.kind == "throttle":
            return throttled(request)
        elif fault.kind == "error":
            return error(request, fault.code, fault.message, fault.status)
        elif fault.kind == "kill":
            return Answer(kill=True)
        elif fault.kind == "malformed":
            return Answer(200, b"<not<xml{nor json", {"content-type": "text/html"})
        elif fault.kind == "wrong":
            return _wrong_shape(request)
    return None


def after(answer: Answer, faults: list[Fault]) -> Answer:
    """Cut the body where a rule says so."""
    if any(fault.kind == "truncate" for fault in faults) and answer.body:
        answer.cut = len(answer.body) // 2
    return answer


def _wrong_shape(request: Request) -> Answer:
    xml = request.service in QUERY | {"s3", "s3control", "s3express"}
    return as_xml("<Unexpected><Answer>42</Answer></Unexpected>") if xml else as_json(["unexpected", 42])
