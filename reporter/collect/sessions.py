"""Who asks: the caller of the program, and a short-lived session of the read-only role in each account."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from botocore.credentials import Credentials

from reporter.collect.clients import Clients, Request, Tally
from reporter.collect.failures import SDK_ERRORS, Failure, ReadFailed, clean, failure, unread, without_remedy
from reporter.collect.options import CollectError, Role
from reporter.model import Unread

_NOT_OURS = frozenset({"NoCredentials", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"})
_KEPT = 256  # sessions that are kept for accounts that others refer to; a session is taken again when it fell out


_OUR_KEYS = "Look at AWS_PROFILE, at the keys it or the environment names, or at the instance role of this machine."


def _own(why: Unread) -> str:
    """AWS's words with the remedy for the caller's own keys: of an account's, the same codes mean a region that is off."""
    if why.code not in _NOT_OURS - {"NoCredentials"}:
        return why.message
    return f"{without_remedy(why)} {_OUR_KEYS}".lstrip()


class Caller:
    """The credentials the program was started with, as the SDK's chain finds and renews them."""

    def __init__(self, clients: Clients) -> None:
        try:
            self._chain = clients.session.get_credentials()
        except SDK_ERRORS as error:
            raise CollectError(f"AWS credentials cannot be read: {failure(error).message}.") from error
        if self._chain is None:
            raise CollectError(
                "No AWS credentials were found: set AWS_PROFILE or aws.profile, run `aws sso login`, or start on a machine with a role."
            )
        self.account = ""
        self.arn = ""

    def credentials(self, tally: Tally) -> Credentials:  # noqa: ARG002 - finding them costs no call
        """What the chain holds now; it renews what expires by itself."""
        frozen = self._chain.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    def renew(self, tally: Tally, stale: Credentials) -> bool:  # noqa: ARG002 - as above
        """Ask the chain again: an expired chain renews in `credentials`."""
        return False


class Session:
    """A session of the role in one account, taken again a while before it ends or when AWS calls it expired."""

    def __init__(self, account: str, take: Callable[[Tally], dict[str, Any]], duration: float) -> None:
        self.account = account
        self.arn = ""
        self._take = take
        self._duration = duration
        self._lock = threading.Lock()
        self._credentials: Credentials | None = None
        self._until = 0.0  # on the monotonic clock: this machine's calendar may be wrong

    def credentials(self, tally: Tally) -> Credentials:
        """Valid credentials; the role is assumed if need be."""
        with self._lock:
            if self._credentials is None or time.monotonic() >= self._until:
                self._assume(tally)
            assert self._credentials is not None
            return self._credentials

    def renew(self, tally: Tally, stale: Credentials) -> bool:
        """Assume the role again, unless another thread has done so."""
        with self._lock:
            if self._credentials is stale:
                self._assume(tally)
        return True

    def _assume(self, tally: Tally) -> None:
        taken = self._take(tally)
        keys = taken["Credentials"]
        self._credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        self.arn = taken["AssumedRoleUser"]["Arn"]
        self._until = time.monotonic() + self._duration - min(300.0, self._duration / 4)


class Sessions:
    """All sessions of one process. One regional STS client serves them all: a client each would cost 23 times the CPU."""

    def __init__(self, clients: Clients, role: Role, clock: Callable[[], datetime], policy: str = "") -> None:
        self.caller = Caller(clients)
        self._clients = clients
        self._role = role
        self._clock = clock
        self._policy = policy
        self.unidentified: Unread | None = None
        self._kept: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def identify(self, tally: Tally | None = None) -> Caller:
        """The caller with account and ARN filled in, asked for once; what that costs is counted where it is asked.

        Where STS does not say who it is, `doubt` says why; the caller stays without, and every account is read by its role.
        """
        if self.caller.account or self.unidentified is not None:
            return self.caller
        try:
            request = Request("sts", self._clients.home, "GetCallerIdentity", {}, "sts:GetCallerIdentity")
            answer = self._clients.call(self.caller, tally or Tally(), request)
        except ReadFailed as error:
            self.unidentified = error.why
            return self.caller
        self.caller.account, self.caller.arn = answer["Account"], answer["Arn"]
        return self.caller

    @property
    def refused(self) -> bool:
        """Whether AWS does not know the caller's credentials, or is not there: then there is nothing to read with."""
        hopeless = _NOT_OURS | {"EndpointUnreachable"}
        return self.unidentified is not None and self.unidentified.code in hopeless

    @property
    def doubt(self) -> str:
        """What is wrong with the caller's credentials, if STS did not accept them; or with the way to it."""
        why = self.unidentified
        if why is not None and why.code == "EndpointUnreachable":
            asked = self._clients.client("sts", self._clients.home).meta.endpoint_url
            return (
                f"Nothing answers at {asked}: look at AWS_ENDPOINT_URL, aws.endpoint_url and the network ({why.code})."
            )
        return f"AWS does not accept the caller's credentials: {why.code}. {_own(why)}" if why else ""

    def of(self, account: str, tally: Tally, *, management: str = "") -> Caller | Session:
        """Who reads the account: the caller in its own account (unless a role for it is set), the role elsewhere.

        Raises ReadFailed, with the reason and what to do, if the role cannot be assumed.
        """
        own = account == self.identify(tally).account
        if own and not (account == management and self._role.management):
            return self.caller
        with self._lock:
            session = self._kept.get(account) or self._new(account, management)
            self._kept[account] = session
            self._kept.move_to_end(account)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        session.credentials(tally)
        return session

    def _new(self, account: str, management: str) -> Session:
        name = self._role.management if account == management and self._role.management else self._role.name
        arn = f"arn:{self._clients.partition}:iam::{account}:role/{name.lstrip('/')}"
        return Session(account, lambda tally: self._assume(arn, tally), self._role.duration.total_seconds())

    def _assume(self, arn: str, tally: Tally) -> dict[str, Any]:
        role = self._role
        wanted: dict[str, Any] = {
            "RoleArn": arn,
            "RoleSessionName": role.session_name,
            "DurationSeconds": int(role.duration.total_seconds()),
            "ExternalId": role.external_id,
            "SourceIdentity": role.source_identity,
            "Policy": self._policy if role.session_policy else "",
        }
        params = {key: value for key, value in wanted.items() if value}
        try:
            request = Request("sts", self._clients.home, "AssumeRole", params, "sts:AssumeRole")
            answer = self._clients.call(self.caller, tally, request)
        except ReadFailed as error:
            raise ReadFailed(_why_not(error, arn, self._clock()), error.kind) from error
        if not {"AccessKeyId", "SecretAccessKey", "SessionToken"} <= answer.get("Credentials", {}).keys():
            broken = Failure("MalformedResponse", "STS answered without credentials", "other")
            raise ReadFailed(unread(broken, "AssumeRole", "sts:AssumeRole", self._clock()))
        return answer


def _why_not(error: ReadFailed, arn: str, at: datetime) -> Unread:
    """The reason in words a person can act on: AWS says the same `AccessDenied` to four different mistakes."""
    if error.kind != "denied":
        return replace(error.why, at=at)
    text = (
        f"{arn} cannot be assumed. Create it from deploy/member-role.yaml, or compare its trust policy with the caller's "
        f"ARN and the external id. AWS says: {error.said}"
    )
    return replace(error.why, message=clean(text, 600), at=at)
