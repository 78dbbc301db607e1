"""One configuration item as it is read: a value, "not configured", or a refusal that names what was not read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from reporter.assess.resource_types import PARTS
from reporter.model import EVERY_PART, ConfigurationItem, Evidence, Unread

LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)  # stands for "never read"
LISTING: Final = "listing"  # key of the evidence that a complete listing had nothing of a kind
NOT_YET: Final = "NotYetRead"  # the code of what AWS was never asked for, because nothing here reads it
NO_PARTS: Final[frozenset[str]] = frozenset()


class InsufficientData(Exception):
    """Something the question needs was not read; the message names it and the permission."""


class NotApplicable(Exception):
    """The question makes no sense for this resource; the message says why."""


def told(why: Unread) -> str:
    """Why something was not read, in words: the permission and AWS's code, or whatever reason there is."""
    if why.code == NOT_YET:
        return "log files are not read by this version (aws cloudtrail validate-logs checks them)"
    if why.iam or why.operation:
        return str(why)
    return why.message or why.code


class View:
    """One item with what was already read of it: checks of one estate share merged values and parsed documents."""

    __slots__ = ("derived", "evidence", "item")

    def __init__(self, item: ConfigurationItem) -> None:
        self.item = item
        self.evidence: dict[str, Evidence] = {}
        self.derived: dict[object, Any] = {}

    def read(self, key: str, operation: str) -> Evidence:
        """The value under `key` as evidence; raises InsufficientData where it was not read."""
        item = self.item
        why = item.unread.get(EVERY_PART) or item.unread.get(key)
        if why is not None:
            raise InsufficientData(f"{key} of {item.id} was not read: {told(why)}")
        if key not in item.configuration and key in PARTS.get(item.type, NO_PARTS):
            raise InsufficientData(f"{key} of {item.id} was not read: this snapshot never asked for it")
        value = _merged(item.configuration.get(key), item.volatile.get(key))
        found = Evidence(item.type, item.id, item.account, key, value, operation, item.captured_at)
        self.evidence[key] = found
        return found


class Refusal(View):
    """A stand-in for what may exist unseen: it has a name and refuses every question with its reason."""

    __slots__ = ("reason",)

    def __init__(self, type: str, name: str, account: str, reason: str) -> None:
        super().__init__(ConfigurationItem(account, "", type, name, "", {}, LONG_AGO))
        self.reason = reason

    def read(self, key: str, operation: str) -> Evidence:  # noqa: ARG002 -- whatever is asked, the answer is the same
        """Never a value: always the reason."""
        raise InsufficientData(self.reason)


def _merged(durable: Any, volatile: Any) -> Any:
    """What AWS said in one piece: durable and volatile fields of the same nesting laid over one another."""
    if volatile is None:
        return durable
    if not isinstance(durable, Mapping) or not isinstance(volatile, Mapping):
        return volatile
    return {
        key: _merged(durable.get(key), volatile.get(key)) for key in (*durable, *(volatile.keys() - durable.keys()))
    }
