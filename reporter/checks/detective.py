"""The services that watch an account: on in every enabled region, or run centrally. Asked of the account."""

from collections.abc import Callable
from typing import Any

from reporter.assess.estate import NotApplicable, Resource, either, failing, some
from reporter.assess.evaluate import check
from reporter.assess.resource_types import ANALYZER, DETECTOR, HUB, MACIE, ORGANIZATION, RECORDER
from reporter.checks import examples as eg
from reporter.checks import infrastructure as code
from reporter.model import ACCOUNT

TWO = eg.REGIONS[:2]
MADE = "--region <REGION>"  # words of the commands of each fix below: what is not there is made
SWITCHED_ON = ("--region <REGION_WITH_ONE>",)  # what is there is switched on
ANALYZERS = "access-analyzer.amazonaws.com"


def _regions(account: Resource, type: str) -> list[str]:
    """The enabled regions in which AWS has the service: where it has not, nobody can switch it on."""
    elsewhere = (account["NotOffered"] or {}).get(type, ())
    offered = [region for region in account["Regions"] if region not in elsewhere]
    if not offered:
        raise NotApplicable("AWS has the service in none of the enabled regions")
    return offered


def _in_every_region(account: Resource, type: str, test: Callable[[Resource], Any]) -> bool:
    """Whether each enabled region has one of the kind that passes the test."""
    without = failing(_regions(account, type), lambda region: some(account.all(type, region), test))
    return not without or _off(account, type, without)


def _off(account: Resource, type: str, regions: list[str]) -> bool:
    """No, and by which commands: one that makes what is not there, one that switches on what is."""
    there = [region for region in regions if account.all(type, region)]
    account.mended_in(REGION=[region for region in regions if region not in there], REGION_WITH_ONE=there)
    commands = (MADE, *SWITCHED_ON) if 0 < len(there) < len(regions) else SWITCHED_ON if there else (MADE,)
    return account.because(f"Off in {', '.join(regions)}", *commands)


@check(
    "config-recorder",
    subject=ACCOUNT,
    severity="medium",
    passes=[
        [eg.account(), *eg.in_every_region(eg.recorder)],
        [eg.account(NotOffered={RECORDER: eg.REGIONS[2:]}), *(eg.recorder(region) for region in TWO)],
    ],
    skips=[[eg.account(NotOffered={RECORDER: eg.REGIONS})]],
    fails=[
        [eg.account()],
        [eg.account(), *(eg.recorder(region) for region in TWO)],
        [eg.account(), *eg.in_every_region(eg.recorder, Status={"recording": False, "lastStatus": "SUCCESS"})],
        [eg.account(), *eg.in_every_region(eg.recorder, Status={"recording": True, "lastStatus": "FAILURE"})],
    ],
)
def config_recorder(account: Resource) -> bool:
    """AWS Config records in every enabled region.

    Its history of configurations is what rules, and many investigations, stand on.
    Fix: aws configservice put-configuration-recorder --configuration-recorder '{"name":"default","roleARN":"<ROLE_ARN>",
        "recordingGroup":{"allSupported":true,"includeGlobalResourceTypes":true}}' --region <REGION>
      aws configservice put-delivery-channel --delivery-channel name=default,s3BucketName=<CONFIG_BUCKET> --region <REGION>
      aws configservice start-configuration-recorder --configuration-recorder-name default --region <REGION>
      aws configservice start-configuration-recorder --configuration-recorder-name <RECORDER> --region <REGION_WITH_ONE>
    """
    return _in_every_region(account, RECORDER, _records)


def _records(recorder: Resource) -> bool:
    status = recorder["Status"] or {}
    return bool(status.get("recording")) and str(status.get("lastStatus", "")).upper() != "FAILURE"


@check(
    "guardduty-enabled",
    subject=ACCOUNT,
    severity="high",
    code=code.GUARDDUTY,
    passes=[[eg.account(), *eg.in_every_region(eg.detector)]],
    fails=[
        [eg.account()],
        [eg.account(), *(eg.detector(region) for region in TWO)],
        [eg.account(), *eg.in_every_region(eg.detector, Detail__Status="DISABLED")],
    ],
)
def guardduty_enabled(account: Resource) -> bool:
    """GuardDuty watches every enabled region.

    It reads the same events as the trail, and says which of them look like an attack.
    Fix: aws guardduty create-detector --enable --region <REGION>
      aws guardduty update-detector --detector-id <DETECTOR_ID> --enable --region <REGION_WITH_ONE>
    """
    return _in_every_region(account, DETECTOR, lambda detector: detector["Detail"]["Status"] == "ENABLED")


OFF = {"Status": "ENABLED", "Features": [{"Name": "S3_DATA_EVENTS", "Status": "DISABLED"}]}
OLDER_FORM = {"Status": "ENABLED", "DataSources": {"S3Logs": {"Status": "ENABLED"}}}


@check(
    "guardduty-s3-protection",
    subject=ACCOUNT,
    severity="medium",
    code=(code.GUARDDUTY_S3.instead_of("create-detector"), code.GUARDDUTY_S3_FEATURE),
    passes=[
        [eg.account(), *eg.in_every_region(eg.detector)],
        [eg.account(), *eg.in_every_region(eg.detector, Detail=OLDER_FORM)],
    ],
    fails=[
        [eg.account()],
        [eg.account(), *eg.in_every_region(eg.detector, Detail=OFF)],
    ],
)
def guardduty_s3_protection(account: Resource) -> bool:
    """GuardDuty also watches what is done to objects in S3, in every enabled region.

    Theft from a bucket shows in data events only.
    Fix: aws guardduty create-detector --enable --features '[{"Name":"S3_DATA_EVENTS","Status":"ENABLED"}]'
        --region <REGION>
      aws guardduty update-detector --detector-id <DETECTOR_ID> --enable
        --features '[{"Name":"S3_DATA_EVENTS","Status":"ENABLED"}]' --region <REGION_WITH_ONE>
    """
    return _in_every_region(account, DETECTOR, _watches_objects)


def _watches_objects(detector: Resource) -> bool:
    detail = detector["Detail"]
    features = {one.get("Name"): one.get("Status") for one in detail.get("Features") or ()}
    older = ((detail.get("DataSources") or {}).get("S3Logs") or {}).get("Status")
    return detail["Status"] == "ENABLED" and features.get("S3_DATA_EVENTS", older) == "ENABLED"


@check(
    "securityhub-enabled",
    subject=ACCOUNT,
    severity="medium",
    code=code.SECURITY_HUB,
    passes=[[eg.account(), *eg.in_every_region(eg.hub)]],
    fails=[[eg.account()], [eg.account(), *(eg.hub(region) for region in TWO)]],
)
def securityhub_enabled(account: Resource) -> bool:
    """Security Hub is on in every enabled region.

    It brings the findings of all accounts to one place, and checks hourly what a report checks weekly.
    Fix: aws securityhub enable-security-hub --region <REGION>
    """
    return _in_every_region(account, HUB, lambda hub: hub["HubArn"])


@check(
    "access-analyzer-enabled",
    subject=ACCOUNT,
    severity="medium",
    code=code.ANALYZER,
    passes=[
        [eg.account(), *eg.in_every_region(eg.analyzer)],
        [
            eg.account(),
            eg.organization(DelegatedAdministrators={ANALYZERS: [eg.ARCHIVE]}),
            *eg.in_every_region(eg.analyzer, type="ORGANIZATION", account=eg.ARCHIVE),
        ],
    ],
    fails=[
        [eg.account()],
        [eg.account(), *(eg.analyzer(region) for region in TWO)],
        [eg.account(), *eg.in_every_region(eg.analyzer, status="FAILED")],
        [eg.account(), *eg.in_every_region(eg.analyzer, type="ACCOUNT_UNUSED_ACCESS")],
    ],
)
def access_analyzer_enabled(account: Resource) -> bool:
    """An access analyzer looks for outside access in every enabled region, the account's own or the organization's.

    It finds the grant to a stranger soon after it was made.
    Fix: aws accessanalyzer create-analyzer --analyzer-name external-access --type ACCOUNT --region <REGION>
    """
    keepers = _analyzer_accounts(account)

    def watched_centrally(keeper: Resource, region: str) -> bool:
        return bool(keeper["Id"]) and some(keeper.all(ANALYZER, region), lambda one: _active(one, "ORGANIZATION"))

    def watched(region: str) -> bool:
        return either(
            lambda: some(account.all(ANALYZER, region), lambda one: _active(one, "ACCOUNT", "ORGANIZATION")),
            lambda: some(keepers, lambda keeper: watched_centrally(keeper, region)),
        )

    without = failing(_regions(account, ANALYZER), watched)
    account.mended_in(REGION=without)
    return not without or account.because(f"Off in {', '.join(without)}")


def _active(analyzer: Resource, *types: str) -> bool:
    return analyzer["status"] == "ACTIVE" and analyzer["type"] in types


def _analyzer_accounts(account: Resource) -> list[Resource]:
    """The accounts that may hold analyzers of the organization: its management account and delegated administrators."""
    ids: set[str] = set()
    for organization in account.estate_all(ORGANIZATION):
        ids.add(organization["MasterAccountId"])
        ids.update((organization["DelegatedAdministrators"] or {}).get(ANALYZERS, ()))
    return account.related_all(ACCOUNT, sorted(ids - {account.id}))


@check(
    "macie-enabled",
    subject=ACCOUNT,
    severity="low",
    code=code.MACIE,
    passes=[[eg.account(), *eg.in_every_region(eg.macie)]],
    fails=[
        [eg.account()],
        [eg.account(), *(eg.macie(region) for region in TWO)],
        [eg.account(), *eg.in_every_region(eg.macie, status="PAUSED")],
    ],
)
def macie_enabled(account: Resource) -> bool:
    """Macie is on in every enabled region.

    One can protect sensitive data only where one knows it lies.
    Fix: aws macie2 enable-macie --region <REGION>
      aws macie2 update-macie-session --status ENABLED --region <REGION_WITH_ONE>
    """
    return _in_every_region(account, MACIE, lambda session: session["status"] == "ENABLED")
