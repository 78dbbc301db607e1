"""Commands that replace a whole document: which they are, what they replace, and two of them as one.

Two fixes that each set a bucket's policy would undo one another, the second the first. So the plan gives one command that
holds what both ask for, or, where that takes a person, says that one document has to serve them all.
"""

import json
from typing import Any, Final

from reporter.assess.evaluate import compact

VERB: Final = 2  # aws SERVICE VERB
# by verb: the option that takes the document
WHOLE: Final = {
    "create-detector": "--features",
    "put-access-point-policy": "--policy",
    "put-bucket-cors": "--cors-configuration",
    "put-bucket-encryption": "--server-side-encryption-configuration",
    "put-bucket-lifecycle-configuration": "--lifecycle-configuration",
    "put-bucket-logging": "--bucket-logging-status",
    "put-bucket-notification-configuration": "--notification-configuration",
    "put-bucket-policy": "--policy",
    "put-bucket-replication": "--replication-configuration",
    "put-event-selectors": "--advanced-event-selectors",
    "put-insight-selectors": "--insight-selectors",
    "put-key-policy": "--policy",
    "put-object-lock-configuration": "--object-lock-configuration",
    "set-topic-attributes": "--attribute-value",
}
# made once, so that a second one with more in it comes too late
MADE: Final = frozenset({"create-detector"})
Words = tuple[str, ...]


def place(words: Words) -> Words | None:
    """What a command replaces or makes: its words without the document. None where it does neither."""
    option = WHOLE.get(words[VERB]) if len(words) > VERB and words[0] == "aws" else None
    if option is None:
        return None
    if option not in words[:-1]:
        return words if words[VERB] in MADE else None
    where = _without(words, option)
    return _without(where, "--region") if words[1] == "s3api" else where  # the names of buckets are worldwide


def joined(first: Words, second: Words) -> Words | None:
    """Two commands on the same place as one that does what both do; None where a person has to write the document."""
    option = WHOLE[first[VERB]]
    if first == second or option not in second:
        return first
    if option not in first:
        return second
    one, other = _document(first, option), _document(second, option)
    both = None if one is None or other is None else _both(one, other)
    if both is None:
        return None
    at = first.index(option) + 1
    return (*first[:at], compact(both), *first[at + 1 :])


def _without(words: Words, option: str) -> Words:
    """The words without an option and its value."""
    if option not in words:
        return words
    at = words.index(option)
    return words[:at] + words[at + 2 :]


def _document(words: Words, option: str) -> Any:
    """The document that stands in a command; None where it is a file's."""
    try:
        return json.loads(words[words.index(option) + 1])
    except ValueError:
        return None


def _both(one: Any, other: Any) -> Any:
    """A list with the members of both, a policy with the statements of both, of two default encryptions that with a key."""
    if one == other:
        return one
    if isinstance(one, list) and isinstance(other, list):
        return one + [member for member in other if member not in one]
    if not isinstance(one, dict) or not isinstance(other, dict):
        return None
    rest = {key: value for key, value in one.items() if key != "Statement"}
    if "Statement" in one and rest == {key: value for key, value in other.items() if key != "Statement"}:
        return {**one, "Statement": _both(one["Statement"], other["Statement"])}
    keyed = [document for document in (one, other) if "KMSMasterKeyID" in compact(document)]
    return keyed[0] if len(keyed) == 1 else None
