"""An HTTP answer, and the services' own ways of saying that something is wrong (five protocols)."""

import json
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from reporter.simulate.request import QUERY, Request

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

DENIED_CODES = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}
DENIED_BY_DEFAULT = {"s3", "s3control", "s3express", "sts", "iam", "cloudwatch"}


@dataclass
class Answer:
    """Status, headers and body; `cut` and `kill` are what a fault does to it on the way out."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None  # send only so many bytes of the body, then close
    kill: bool = False  # close without a word


def as_json(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"content-type": "application/x-amz-json-1.1"})


def as_xml(text: str, status: int = 200) -> Answer:
    return Answer(status, (XML + text).encode(), {"content-type": "application/xml"})


def xml_of(tag: str, value: Any) -> str:
    """A value as an element: mappings are children, sequences repeat the element, None is nothing."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return f"<{tag}>{''.join(xml_of(name, child) for name, child in value.items())}</{tag}>"
    if isinstance(value, list | tuple):
        return "".join(xml_of(tag, child) for child in value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{tag}>{escape(text)}</{tag}>"


def error(request: Request, code: str, message: str, status: int = 400, **fields: str) -> Answer:
    """An error in the service's own protocol. `fields` are further elements of S3's (`Region`, `BucketName`)."""
    if request.service in {"s3", "s3express"}:
        more = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in fields.items())
        body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>{more}<RequestId>SIMULATED</RequestId></Error>"
        return as_xml(body, status)
    if request.service == "ec2":
        return as_xml(
            f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error></Errors>"
            "<RequestID>simulated</RequestID></Response>",
            status,
        )
    if request.service in QUERY | {"s3control"}:
        return as_xml(
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
            "<RequestId>simulated</RequestId></ErrorResponse>",
            status,
        )
    answer = as_json({"__type": code, "message": message, "Message": message}, status)
    answer.headers["x-amzn-errortype"] = code
    return answer


def denied(request: Request, code: str = "", reason: str = "no identity-based policy allows the action") -> Answer:
    """Access denied, with the code and status the service uses."""
    code = (
        code
        or DENIED_CODES.get(request.service)
        or ("AccessDenied" if request.service in DENIED_BY_DEFAULT else "AccessDeniedException")
    )
    if request.service in {"s3", "s3express"} and request.method == "HEAD":
        return Answer(403)
    who, what = request.principal or "anonymous", f"{request.service}:{request.operation}"
    message = f"User: {who} is not authorized to perform: {what} on resource: {request.resource} because {reason}"
    json_rpc = bool(request.headers.get("x-amz-target"))
    return error(request, code, message, 400 if json_rpc else 403)


def throttled(request: Request) -> Answer:
    """Too many requests, in the service's own words."""
    if request.service in {"s3", "s3express"}:
        return error(request, "SlowDown", "Please reduce your request rate.", 503)
    if request.service in {"organizations", "guardduty", "securityhub"}:
        return error(
            request,
            "TooManyRequestsException",
            "Too many requests.",
            429 if request.service != "organizations" else 400,
        )
    if request.service == "ec2":
        return error(request, "RequestLimitExceeded", "Request limit exceeded.", 503)
    return error(request, "ThrottlingException" if request.service not in QUERY else "Throttling", "Rate exceeded", 400)
