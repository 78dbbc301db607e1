"""What `reporter doctor` tells of one thing."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail", "off"]


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing looked at, with what was seen and, unless it is well, the remedy."""

    name: str
    state: State
    seen: str
    remedy: str = ""
