"""The front: each request is known, counted, refused, spoilt, answered here or handed to moto, put right and recorded."""

from reporter.simulate import accesspoints, cloudtrail, directory, guards, lake, organizations, s3, security, sts  # noqa: F401 # they register themselves
from reporter.simulate.answers import Answer, denied, error
from reporter.simulate.authority import may
from reporter.simulate.behind import ask_moto
from reporter.simulate.events import record
from reporter.simulate.faults import after, before
from reporter.simulate.registry import ANSWERS, FOLLOWS, GATES
from reporter.simulate.request import QUERY, Request
from reporter.simulate.world import World

ANYWHERE = {
    "sts",
    "s3",
    "s3control",
    "organizations",
    "iam",
    "account",
    "ec2",
    "sesv2",
    "ses",
}  # no per-region switch looked at


def answer(world: World, request: Request) -> Answer:
    """One request from arrival to departure."""
    known = world.identify(request.access_key)
    if known is not None:
        request.account, request.principal = known
    world.calls[request.account][request.name] += 1
    faults = world.faults.choose(request)
    result = before(request, faults) or _refusal(world, request, known) or _served(world, request)
    world.codes[str(result.status)] += 1
    record(world, request, result)
    return after(result, faults)


def _served(world: World, request: Request) -> Answer:
    handler = ANSWERS.get(request.name)
    result = handler(world, request) if handler else None
    if result is None:
        result = ask_moto(world, request)
    follower = FOLLOWS.get(request.name)
    return follower(world, request, result) if follower else result


def _refusal(world: World, request: Request, known: tuple[str, str] | None) -> Answer | None:
    """Unknown or revoked credentials, regions not enabled, denied calls, what the service's own gate refuses."""
    if known is None:
        return _unknown_caller(world, request)
    place = world.places[request.account]
    if request.service not in ANYWHERE and request.region not in place.regions:
        return _region_disabled(request)
    rule = world.denial(request)
    if rule is not None:
        return denied(request, rule.code)
    reason = may(world, request)
    if reason:
        return denied(request, reason=reason)
    check = GATES.get(request.service)
    return check(world, request) if check else None


def _unknown_caller(world: World, request: Request) -> Answer:
    session = world.sessions.get(request.access_key)
    if session is not None:
        s3ish = request.service in {"s3", "s3control", "s3express"} | QUERY
        code = "ExpiredToken" if s3ish else "ExpiredTokenException"
        return error(request, code, "The security token included in the request is expired", 400 if s3ish else 403)
    if request.service in {"s3", "s3express"}:
        return error(
            request, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403
        )
    code = "InvalidClientTokenId" if request.service in QUERY else "UnrecognizedClientException"
    return error(
        request,
        code,
        "The security token included in the request is invalid.",
        403 if request.service in QUERY else 400,
    )


def _region_disabled(request: Request) -> Answer:
    code = "InvalidClientTokenId" if request.service in QUERY else "UnrecognizedClientException"
    return error(
        request,
        code,
        "The security token included in the request is invalid.",
        403 if request.service in QUERY else 400,
    )
