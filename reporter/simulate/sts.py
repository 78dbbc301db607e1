"""STS: roles exist or not, trust their caller and ask for their external id; moto lets anybody be anyone."""

import re
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from reporter.simulate.answers import Answer, as_xml, denied, error
from reporter.simulate.registry import answers
from reporter.simulate.request import Request
from reporter.simulate.world import Session, World

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]+)")


@answers("sts", "GetCallerIdentity")
def caller_identity(_: World, request: Request) -> Answer:
    return as_xml(
        f'<GetCallerIdentityResponse xmlns="{NAMESPACE}"><GetCallerIdentityResult><Arn>{escape(request.principal)}</Arn>'
        f"<UserId>SIMULATED</UserId><Account>{request.account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )


@answers("sts", "AssumeRole")
def assume_role(world: World, request: Request) -> Answer:
    """Temporary credentials, or AccessDenied without telling why: the role is unknown, closed, or the external id is wrong."""
    form, organization = request.form, world.organization
    found = _ROLE.fullmatch(form.get("RoleArn", ""))
    seconds = int(form.get("DurationSeconds") or 3600)
    if not found:
        return error(request, "ValidationError", f"{form.get('RoleArn', '')} is invalid", 400)
    if not 900 <= seconds <= 43_200:
        return error(request, "ValidationError", "DurationSeconds must be between 900 and 43200", 400)
    account, role = found.groups()
    place = world.places.get(account)
    refused = (
        place is None
        or not place.assumable
        or place.state not in {"ACTIVE", "PENDING_CLOSURE"}
        or role != organization.role
        or form.get("ExternalId", "") != organization.external_id
        or request.account not in {organization.reader, account}
    )
    if refused:
        return denied(request, reason="no identity-based policy allows the sts:AssumeRole action")
    session = Session(
        account,
        role,
        form.get("RoleSessionName", ""),
        datetime.now(UTC) + timedelta(seconds=seconds),
        source_identity=form.get("SourceIdentity", ""),
        policy=form.get("Policy", ""),
        caller=request.principal,
    )
    key, expires = world.open_session(session), session.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return as_xml(
        f'<AssumeRoleResponse xmlns="{NAMESPACE}"><AssumeRoleResult><Credentials><AccessKeyId>{key}</AccessKeyId>'
        f"<SecretAccessKey>simulated</SecretAccessKey><SessionToken>{key}-token</SessionToken><Expiration>{expires}</Expiration>"
        f"</Credentials><AssumedRoleUser><Arn>{escape(session.arn)}</Arn><AssumedRoleId>AROASIMULATED:{escape(session.name)}"
        "</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
    )
