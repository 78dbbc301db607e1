"""Regions, and the detective services as far as moto lacks them: Access Analyzer, Macie; Security Hub, GuardDuty, Config are moto's."""

from reporter.simulate.answers import Answer, as_json, as_xml, error
from reporter.simulate.registry import answers
from reporter.simulate.request import Request
from reporter.simulate.world import World

EC2_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
OPT_IN = {
    "ap-southeast-3",
    "eu-south-1",
    "me-south-1",
    "af-south-1",
}  # regions an account must ask for; others come by themselves
ALWAYS = {
    "us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2", "ap-northeast-1",
}  # fmt: skip


def _status(region: str, enabled: tuple[str, ...]) -> str:
    if region not in enabled:
        return "DISABLED"
    return "ENABLED" if region in OPT_IN else "ENABLED_BY_DEFAULT"


@answers("account", "ListRegions")
def list_regions(world: World, request: Request) -> Answer:
    """Every region's opt status, or those with a status asked for."""
    target = request.params.get("AccountId") or request.account
    if target not in world.places:
        return error(request, "ResourceNotFoundException", "The account does not exist.", 404)
    enabled = world.places[target].regions
    wanted = request.params.get("RegionOptStatusContains") or []
    regions = [
        {"RegionName": r, "RegionOptStatus": _status(r, enabled)} for r in sorted(ALWAYS | OPT_IN | set(enabled))
    ]
    return as_json({"Regions": [r for r in regions if not wanted or r["RegionOptStatus"] in wanted]})


@answers("ec2", "DescribeRegions")
def describe_regions(world: World, request: Request) -> Answer:
    enabled = world.places[request.account].regions
    every = request.form.get("AllRegions", "").lower() == "true"
    names = sorted(ALWAYS | OPT_IN | set(enabled)) if every else sorted(enabled)
    status = {"DISABLED": "not-opted-in", "ENABLED": "opted-in", "ENABLED_BY_DEFAULT": "opt-in-not-required"}
    items = "".join(
        f"<item><regionName>{r}</regionName><regionEndpoint>ec2.{r}.amazonaws.com</regionEndpoint>"
        f"<optInStatus>{status[_status(r, enabled)]}</optInStatus></item>"
        for r in names
    )
    return as_xml(
        f'<DescribeRegionsResponse xmlns="{EC2_NAMESPACE}"><regionInfo>{items}</regionInfo></DescribeRegionsResponse>'
    )


@answers("accessanalyzer", "ListAnalyzers")
def list_analyzers(world: World, request: Request) -> Answer:
    place = world.places[request.account]
    if request.region not in place.watchers.get("access_analyzer", set()):
        return as_json({"analyzers": []})
    kind = request.params.get("type", "ACCOUNT")
    analyzer = {
        "arn": f"arn:aws:access-analyzer:{request.region}:{request.account}:analyzer/external-access",
        "name": "external-access",
        "type": "ACCOUNT",
        "createdAt": place.member.joined_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "status": "ACTIVE",
        "tags": {},
    }
    return as_json({"analyzers": [analyzer] if kind == "ACCOUNT" else []})


@answers("macie2", "GetMacieSession")
def get_macie_session(world: World, request: Request) -> Answer:
    """moto has Macie on everywhere."""
    place = world.places[request.account]
    if request.region not in place.watchers.get("macie", set()):
        return error(request, "AccessDeniedException", "Macie is not enabled.", 403)
    since = place.member.joined_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    role = f"arn:aws:iam::{request.account}:role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"
    frequency = {"findingPublishingFrequency": "FIFTEEN_MINUTES", "serviceRole": role}
    return as_json({"createdAt": since, "updatedAt": since, "status": "ENABLED", **frequency})


@answers("securityhub", "GetEnabledStandards")
def enabled_standards(world: World, request: Request) -> Answer:
    if request.region not in world.places[request.account].watchers.get("securityhub", set()):
        return error(
            request, "InvalidAccessException", f"Account {request.account} is not subscribed to AWS Security Hub", 401
        )
    standard = "standards/aws-foundational-security-best-practices/v/1.0.0"
    arn = f"arn:aws:securityhub:{request.region}::{standard}"
    subscription = (
        f"arn:aws:securityhub:{request.region}:{request.account}:subscription/{standard.removeprefix('standards/')}"
    )
    return as_json(
        {
            "StandardsSubscriptions": [
                {
                    "StandardsSubscriptionArn": subscription,
                    "StandardsArn": arn,
                    "StandardsInput": {},
                    "StandardsStatus": "READY",
                }
            ]
        }
    )
