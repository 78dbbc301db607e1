"""What of a CloudTrail record may be kept: who, what, when, from where; of the parameters nothing that is secret or personal.

The identity stays whole: who did it is what the record is kept for.
"""

import re
from collections.abc import Mapping
from typing import Any

from reporter.drift.wording import clean

KEPT = (
    "eventID",
    "eventName",
    "eventSource",
    "eventTime",
    "awsRegion",
    "recipientAccountId",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "readOnly",
    "sessionCredentialFromConsole",
    "resources",
    "sharedEventID",
    "vpcEndpointId",
)
LONGEST = 2000  # characters of one parameter
MASK = "(redacted)"

_SECRET = re.compile(
    r"pass(?:word|wd|phrase)?$|secret|token|credential|private.?key|key.?material|authori[sz]ation|signature|cookie|mfacode|ssekey|customer.?key",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[A-Za-z0-9._%+'-]+@([A-Za-z0-9.-]+\.[A-Za-z]{2,})")


def redacted(event: Mapping[str, Any]) -> dict[str, Any]:
    """A record without what nobody needs: secrets masked, mail addresses cut to their domain, long values cut."""
    kept = {key: event[key] for key in KEPT if event.get(key) is not None}
    kept["userIdentity"] = _identity(event.get("userIdentity"))
    if event.get("requestParameters") is not None:
        kept["requestParameters"] = _parameters("", event["requestParameters"])
    return kept


def _identity(user: Any) -> Any:
    """Everything but the key: an access key id leads to more than this event."""
    if not isinstance(user, Mapping):
        return {}
    return {key: value for key, value in user.items() if key not in {"accessKeyId", "credentialId"}}


def _parameters(field: str, value: Any) -> Any:
    if _SECRET.search(field) and value not in (None, "", True, False):
        return MASK
    if isinstance(value, Mapping):
        return {str(key): _parameters(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_parameters(field, item) for item in value]
    return clean(_MAIL.sub(r"…@\1", value), LONGEST) if isinstance(value, str) else value
