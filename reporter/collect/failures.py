"""What went wrong with a call, in AWS's words and in ours: the code, whether to try again, and the remedy."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import botocore.exceptions as sdk
from botocore.parsers import ResponseParserError

from reporter.model import Unread

Kind = Literal["absent", "denied", "throttled", "transient", "expired", "skewed", "region", "other"]

# What botocore's parsers raise when an answer has another shape than the service's model says.
SHAPE_ERRORS = (ResponseParserError, AttributeError, TypeError, KeyError, IndexError, ValueError)

_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "429",
    }
)
_TRANSIENT = frozenset(
    {
        "ConnectionFailed",
        "DependencyTimeoutException",
        "EndpointUnreachable",
        "InternalError",
        "InternalErrorException",
        "InternalException",
        "InternalFailure",
        "InternalServerException",
        "InternalServiceError",
        "KMSInternalException",
        "MalformedResponse",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Timeout",
        "500",
        "502",
        "503",
        "504",
    }
)
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Forbidden",
        "NotAuthorized",
        "UnauthorizedAccess",
        "UnauthorizedOperation",
        "403",
    }
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_SKEWED = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"})
_REGION = frozenset(
    {
        "AuthFailure",
        "IllegalLocationConstraintException",
        "InvalidClientTokenId",
        "OptInRequired",
        "RegionDisabledException",
        "UnknownEndpoint",
        "UnrecognizedClientException",
    }
)
_SKEW_WORDS = re.compile(r"signature (expired|not yet current)|request time too skewed", re.IGNORECASE)

_REMEDIES: Mapping[Kind, str] = {
    "absent": "",
    "denied": "Grant {iam} to the role, or see whether an organization policy or a resource policy denies it.",
    "throttled": "Lower the calls per second in the settings, or run at a quieter time; the next run reads it again.",
    "transient": "The next run reads it again; if it stays, look at the network and at the AWS Health Dashboard.",
    "expired": "The session could not be renewed: look at the role's trust and at the caller's own credentials.",
    "skewed": "Set this machine's clock (NTP): AWS refuses requests signed with a time more than five minutes off.",
    "region": "If the region is switched off on purpose, leave it out in the settings; else look at the network's way to it.",
    "other": "Look up the code in the service's documentation; the next run reads it again.",
}
_OWN_REMEDIES: Mapping[str, str] = {
    "NotFound": "It vanished between listing and reading; the next run tells.",
    "NoSuchBucket": "The bucket vanished between listing and reading; the next run tells.",
    "NoCredentials": "Give the AWS SDK credentials: environment, profile or instance role.",
    "TlsFailed": "The certificate is not trusted: behind a proxy that opens TLS, set aws.ca_bundle to its authority.",
    "OperationRefused": "This is a fault of the program: an operation outside the table of reads was asked for.",
    "InvalidRequest": "This is a fault of the program: the request does not fit the service's model.",
    "MalformedResponse": "The answer was not what the service promises: look for a proxy in between; the next run reads it again.",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069]+")


class OperationRefused(Exception):
    """An operation that is not in the table of reads was about to be sent."""


class WrongName(OperationRefused):
    """A request was about to leave under another account's name."""


SDK_ERRORS = (sdk.BotoCoreError, sdk.ClientError, OSError, OperationRefused, *SHAPE_ERRORS)


@dataclass(frozen=True)
class Failure:
    """One failed call."""

    code: str
    message: str
    kind: Kind
    request: str = ""  # AWS's id of the request, where AWS answered

    @property
    def again(self) -> bool:
        """Whether another attempt may help."""
        return self.kind in {"throttled", "transient"}


class ReadFailed(Exception):
    """A call that stayed without an answer; `why` is what the snapshot keeps."""

    def __init__(self, why: Unread, kind: Kind = "other", said: str = "", request: str = "") -> None:
        super().__init__(str(why))
        self.why = why
        self.kind: Kind = kind
        self.said = said  # AWS's own words
        self.request = request  # AWS's id of the request: that nothing is configured is an answer, too


def failure(error: Exception) -> Failure:
    """What an exception of the SDK means."""
    if isinstance(error, sdk.ClientError):
        return _answered(error)
    if isinstance(error, OperationRefused):
        return Failure("OperationRefused", str(error), "other")
    for types, code in _CODES:
        if isinstance(error, types):
            return Failure(code, clean(str(error)), _kind(code, ""))
    return Failure(type(error).__name__, clean(str(error)), "other")


def unread(error: Failure, operation: str, iam: str, at: datetime | None) -> Unread:
    """The record of a failed call, with the remedy after AWS's own words."""
    own = _remedy(error.code, error.kind, iam or operation)
    said = f"{error.message.rstrip('. ')}. " if error.message else ""
    return Unread(operation=operation, iam=iam, code=error.code, message=f"{said}{own}", at=at)


def without_remedy(why: Unread) -> str:
    """AWS's own words of a record: another remedy than the usual fits where the caller's own keys are meant."""
    return why.message.removesuffix(_remedy(why.code, _kind(why.code, why.message), why.iam or why.operation)).rstrip()


def _remedy(code: str, kind: Kind, iam: str) -> str:
    return _OWN_REMEDIES.get(code) or _REMEDIES[kind].format(iam=iam)


def waited_for(why: Unread) -> bool:
    """Whether AWS throttled the call: that was tried so often that once more is no use."""
    return why.code in _THROTTLED


def clean(text: str, limit: int = 300) -> str:
    """AWS's words on one line, without control and direction characters, cut to `limit`."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def means_absent(codes: tuple[str, ...], error: Failure) -> bool:
    """Whether the failure is AWS's way to say "not configured"; `Code: words` asks for the words too."""
    for one in codes:
        code, _, words = one.partition(": ")
        if code == error.code and words.lower() in error.message.lower():
            return True
    return False


_CODES: tuple[tuple[Any, str], ...] = (
    ((sdk.NoCredentialsError, sdk.PartialCredentialsError, sdk.CredentialRetrievalError), "NoCredentials"),
    ((sdk.ReadTimeoutError,), "Timeout"),
    (
        (
            sdk.UnknownEndpointError,
            sdk.EndpointProviderError,
            sdk.UnknownRegionError,
            sdk.InvalidRegionError,
            sdk.NoRegionError,
        ),
        "UnknownEndpoint",
    ),
    ((sdk.SSLError,), "TlsFailed"),
    ((sdk.EndpointConnectionError, sdk.ConnectTimeoutError, sdk.ProxyConnectionError), "EndpointUnreachable"),
    ((sdk.ParamValidationError,), "InvalidRequest"),
    (
        (sdk.ResponseStreamingError, sdk.IncompleteReadError, sdk.HTTPClientError, sdk.ConnectionError),
        "ConnectionFailed",
    ),
    (SHAPE_ERRORS, "MalformedResponse"),
    ((OSError,), "ConnectionFailed"),
)


def _answered(error: sdk.ClientError) -> Failure:
    said = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = clean(str(said.get("Code") or status), 100)
    message = clean(str(said.get("Message") or ""))
    kind = _kind(code, message)
    if kind == "other" and status >= 500:
        kind = "transient"
    if kind == "other" and status == 429:
        kind = "throttled"
    return Failure(code, message, kind, str(error.response.get("ResponseMetadata", {}).get("RequestId") or ""))


def _kind(code: str, message: str) -> Kind:
    if code in _SKEWED or _SKEW_WORDS.search(message):
        return "skewed"
    for codes, kind in _KINDS:
        if code in codes:
            return kind
    return "other"


_KINDS: tuple[tuple[frozenset[str], Kind], ...] = (
    (_THROTTLED, "throttled"),
    (_TRANSIENT, "transient"),
    (_DENIED, "denied"),
    (_EXPIRED, "expired"),
    (_REGION, "region"),
)
