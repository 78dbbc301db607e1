"""Trails: is everything recorded? Asked of the account, for it is the account that must be covered, by whichever trail."""

from typing import Any

from reporter.assess.estate import NotApplicable, Resource, both, certain, certainly, failing, some, together
from reporter.assess.evaluate import check
from reporter.assess.resource_types import EVENT_DATA_STORE, ORGANIZATION
from reporter.checks import examples as eg
from reporter.checks import infrastructure_cloudtrail as code
from reporter.checks.keys import is_usable_customer_key
from reporter.checks.trails import NEW, START, WIDEN, covering, keep_selectors, logs_in, mended_by_least, recorded
from reporter.documents.selectors import coverage
from reporter.model import ACCOUNT

ONE_REGION: dict[str, Any] = {"IsMultiRegionTrail": False, "RegionStatus": {}}
STOPPED: dict[str, Any] = {"Status__IsLogging": False}
ORGANIZATION_TRAIL = eg.organization_trail().id
SELECT = "put-event-selectors"  # the word of the fix for selectors that leave events out
SEVEN_YEARS = 2557  # days: what an event data store keeps at most, unless it is made for ten years
NO_KMS = {"eventSource": {"NotEquals": ["kms.amazonaws.com"]}}


@check(
    "cloudtrail-enabled",
    subject=ACCOUNT,
    severity="critical",
    aka=("SH:CloudTrail.3", "CF:cloudtrail-enabled"),
    code=(code.MULTI_REGION_TRAIL.instead_of("create-trail"), code.EVERY_REGION, code.LOGGING),
    passes=[
        [eg.account(), eg.trail()],
        [eg.account(VisibleTrails=[ORGANIZATION_TRAIL]), eg.organization_trail()],
        [eg.account(Regions=[eg.HERE]), eg.trail(**ONE_REGION)],
    ],
    fails=[
        [eg.account(VisibleTrails=[])],
        [eg.account(), eg.trail(**STOPPED)],
        [eg.account(), eg.trail(**ONE_REGION)],
        [eg.account(), eg.trail(RegionStatus={"eu-west-1": {"IsLogging": False}})],
    ],
)
def enabled(account: Resource) -> bool:
    """Every enabled region is recorded by a trail that is logging.

    What happens in a region without a trail leaves no trace, and intruders look for such regions.
    Fix: aws cloudtrail create-trail --name <TRAIL> --s3-bucket-name <LOG_BUCKET> --is-multi-region-trail
        --enable-log-file-validation
      aws cloudtrail update-trail --name {TrailARN} --is-multi-region-trail --region {HomeRegion}
      aws cloudtrail start-logging --name <TRAIL>
      aws cloudtrail start-logging --name {TrailARN} --region {HomeRegion}
    """
    trails = covering(account)
    dark = failing(account["Regions"], lambda region: some(trails, lambda trail: logs_in(trail, region)))
    return not dark or mended_by_least(account, dark, f"No trail is logging in {', '.join(dark)}")


@check(
    "cloudtrail-multi-region",
    subject=ACCOUNT,
    severity="high",
    aka=("SH:CloudTrail.1", "CF:multi-region-cloudtrail-enabled"),
    code=(
        code.MULTI_REGION_TRAIL.instead_of("create-trail"),
        code.EVERY_REGION,
        code.MANAGEMENT_EVENTS,
        code.LOGGING,
    ),
    passes=[
        [eg.account(), eg.trail()],
        [eg.account(), eg.trail(Selectors=eg.classic())],
        [eg.account(), eg.trail(Selectors=eg.advanced({"eventCategory": {"Equals": ["Management"]}}))],
        [eg.account(VisibleTrails=[ORGANIZATION_TRAIL]), eg.organization_trail()],
    ],
    fails=[
        [eg.account(VisibleTrails=[])],
        [eg.account(), eg.trail(**STOPPED)],
        [eg.account(), eg.trail(**ONE_REGION)],
        [eg.account(), eg.trail(IncludeGlobalServiceEvents=False)],
        [eg.account(), eg.trail(Selectors=eg.classic("WriteOnly"))],
        [eg.account(), eg.trail(Selectors=eg.classic(management=False))],
        [eg.account(), eg.trail(Selectors=eg.classic(excluded=("kms.amazonaws.com",)))],
    ],
)
def multi_region(account: Resource) -> bool:
    """One logging multi-region trail records all management events, those of global services included.

    Trails of single regions miss the regions that are enabled later and the events of IAM and other global services.
    Fix: aws cloudtrail create-trail --name <TRAIL> --s3-bucket-name <LOG_BUCKET> --is-multi-region-trail
        --enable-log-file-validation
      aws cloudtrail update-trail --name {TrailARN} --is-multi-region-trail --include-global-service-events
        --region {HomeRegion}
      aws cloudtrail put-event-selectors --trail-name {TrailARN}
        --advanced-event-selectors '[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]'
        --region {HomeRegion}
      aws cloudtrail start-logging --name <TRAIL>
      aws cloudtrail start-logging --name {TrailARN} --region {HomeRegion}
    """
    account.because("No trail covers the account", *NEW)
    return some(covering(account), _records_all_management_events)


def _records_all_management_events(trail: Resource) -> bool:
    name = trail["Name"]

    def records_all() -> bool:
        answer = trail.derived(coverage, "Selectors").management([trail["HomeRegion"]])
        if certain(answer):
            return True
        keep_selectors(trail)
        return trail.because(f"Trail {name}: {answer}", SELECT)

    return both(
        lambda: trail["IsMultiRegionTrail"] or trail.because(f"Trail {name} records one region only", WIDEN),
        lambda: trail["IncludeGlobalServiceEvents"] or trail.because(f"Trail {name} leaves out global services", WIDEN),
        lambda: trail["Status"]["IsLogging"] or trail.because(f"Trail {name} is stopped", START),
        records_all,
    )


@check(
    "cloudtrail-management-events",
    subject=ACCOUNT,
    severity="high",
    code=(
        code.MULTI_REGION_TRAIL.instead_of("create-trail"),
        code.MANAGEMENT_EVENTS,
        code.EVERY_REGION,
        code.LOGGING,
    ),
    passes=[
        [eg.account(), eg.trail()],
        [eg.account(), eg.trail(Selectors=eg.classic())],
        [
            eg.account(),
            eg.trail(
                Selectors=eg.advanced(
                    {"eventCategory": {"Equals": ["Management"]}, "readOnly": {"Equals": ["true"]}},
                    {"eventCategory": {"Equals": ["Management"]}, "readOnly": {"Equals": ["false"]}},
                )
            ),
        ],
        [
            eg.account(VisibleTrails=[eg.TRAIL_ARN, ORGANIZATION_TRAIL]),
            eg.trail(Selectors=eg.classic("ReadOnly")),
            eg.organization_trail(Selectors=eg.classic("WriteOnly")),
        ],
    ],
    fails=[
        [eg.account(VisibleTrails=[])],
        [eg.account(), eg.trail(**STOPPED)],
        [eg.account(), eg.trail(**ONE_REGION)],
        [eg.account(), eg.trail(Selectors=eg.classic("WriteOnly"))],
        [eg.account(), eg.trail(Selectors=eg.classic(excluded=("rdsdata.amazonaws.com",)))],
        [eg.account(), eg.trail(Selectors=eg.advanced({"eventCategory": {"Equals": ["Management"]}, **NO_KMS}))],
    ],
)
def management_events(account: Resource) -> bool:
    """All management events of every enabled region are recorded, by one trail or by several together.

    Reading, writing and every event source: what is left out is what an investigation will miss.
    Fix: aws cloudtrail create-trail --name <TRAIL> --s3-bucket-name <LOG_BUCKET> --is-multi-region-trail
        --enable-log-file-validation
      aws cloudtrail update-trail --name {TrailARN} --is-multi-region-trail --region {HomeRegion}
      aws cloudtrail put-event-selectors --trail-name {TrailARN}
        --advanced-event-selectors '[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]'
        --region {HomeRegion}
      aws cloudtrail start-logging --name <TRAIL>
      aws cloudtrail start-logging --name {TrailARN} --region {HomeRegion}
    """
    regions = account["Regions"]
    coverages, refusals = recorded(account, regions)
    answer = coverages.management(regions)
    if answer.holds is True:
        return True
    if refusals:
        raise together(refusals)
    return certain(answer) or mended_by_least(
        account, regions, f"In {', '.join(regions)}: {answer}", _left_out, keep_selectors
    )


def _left_out(trail: Resource) -> tuple[str, ...]:
    """What of the fix a trail needs for its selectors."""
    here = [trail["HomeRegion"]]
    return () if certainly(lambda: trail.derived(coverage, "Selectors").management(here).holds) else (SELECT,)


@check(
    "cloudtrail-organization-trail",
    subject=ORGANIZATION,
    severity="high",
    code=(code.ORGANIZATION_TRAIL.instead_of("create-trail", "update-trail"), code.LOGGING),
    passes=[
        [
            eg.organization(),
            eg.organization_trail(),
            *(eg.account(one, VisibleTrails=[ORGANIZATION_TRAIL]) for one in (eg.HOME, eg.ARCHIVE, eg.MANAGEMENT)),
        ],
        [
            eg.organization(),
            eg.organization_trail(),
            eg.account(eg.HOME, VisibleTrails=[], State="SUSPENDED"),
            *(eg.account(one, VisibleTrails=[ORGANIZATION_TRAIL]) for one in (eg.ARCHIVE, eg.MANAGEMENT)),
        ],
    ],
    fails=[
        [eg.organization()],
        [
            eg.organization(),
            eg.organization_trail(),
            *(eg.account(one, VisibleTrails=[ORGANIZATION_TRAIL]) for one in (eg.HOME, eg.MANAGEMENT)),
        ],
        [
            eg.organization(),
            eg.organization_trail(**STOPPED),
            *(eg.account(one, VisibleTrails=[ORGANIZATION_TRAIL]) for one in (eg.HOME, eg.ARCHIVE, eg.MANAGEMENT)),
        ],
        [
            eg.organization(),
            eg.organization_trail(**ONE_REGION),
            *(eg.account(one, VisibleTrails=[ORGANIZATION_TRAIL]) for one in (eg.HOME, eg.ARCHIVE, eg.MANAGEMENT)),
        ],
    ],
)
def organization_trail(organization: Resource) -> bool:
    """An organization trail logs in all regions, and every active account is seen to be covered by it.

    Accounts cannot switch an organization trail off, and new accounts are covered from their first day.
    Fix: aws cloudtrail create-trail --name <TRAIL> --s3-bucket-name <LOG_BUCKET> --is-organization-trail
        --is-multi-region-trail --enable-log-file-validation
      aws cloudtrail update-trail --name {TrailARN} --is-organization-trail --is-multi-region-trail --region {HomeRegion}
      aws cloudtrail start-logging --name <TRAIL>
      aws cloudtrail start-logging --name {TrailARN} --region {HomeRegion}
    """
    accounts = [account.unnoted() for account in organization.estate_all(ACCOUNT)]

    def covers_everybody(trail: Resource) -> bool:
        def covered(account: Resource) -> bool:
            return account["State"] != "ACTIVE" or trail.id in (account["VisibleTrails"] or ())

        def nobody_missing() -> bool:
            missing = [account.id for account in failing(accounts, covered)]
            named = ", ".join(missing)
            return not missing or trail.because(f"Trail {name} does not cover {len(missing)}: {named}", WIDEN)

        name = trail["Name"]
        return both(
            lambda: trail["IsOrganizationTrail"],
            lambda: trail["IsMultiRegionTrail"] or trail.because(f"Trail {name} records one region only", WIDEN),
            lambda: trail["Status"]["IsLogging"] or trail.because(f"Trail {name} is stopped", START),
            nobody_missing,
        )

    organization.because("The organization has no trail of its own", *NEW)
    return some(covering(_management_account(organization)), covers_everybody)


def _management_account(organization: Resource) -> Resource:
    account = organization.related(ACCOUNT, organization["MasterAccountId"])
    if account is None:
        raise NotApplicable("The management account is not part of what is read")
    return account


@check(
    "cloudtrail-insights",
    subject=ACCOUNT,
    severity="low",
    code=(
        code.INSIGHTS.instead_of("put-insight-selectors"),
        code.MULTI_REGION_TRAIL.instead_of("create-trail"),
        code.LOGGING,
    ),
    passes=[[eg.account(), eg.trail()]],
    fails=[
        [eg.account(VisibleTrails=[])],
        [eg.account(), eg.trail(InsightSelectors=None)],
        [eg.account(), eg.trail(InsightSelectors=[{"InsightType": "ApiCallRateInsight"}])],
        [eg.account(), eg.trail(**STOPPED)],
    ],
)
def insights(account: Resource) -> bool:
    """Unusual call rates and error rates are watched by CloudTrail Insights.

    A burst of calls or of refusals is often the first sign of stolen credentials.
    Fix: aws cloudtrail create-trail --name <TRAIL> --s3-bucket-name <LOG_BUCKET> --is-multi-region-trail
        --enable-log-file-validation
      aws cloudtrail start-logging --name <TRAIL>
      aws cloudtrail put-insight-selectors --trail-name <TRAIL>
        --insight-selectors '[{"InsightType":"ApiCallRateInsight"},{"InsightType":"ApiErrorRateInsight"}]'
      aws cloudtrail put-insight-selectors --trail-name {TrailARN}
        --insight-selectors '[{"InsightType":"ApiCallRateInsight"},{"InsightType":"ApiErrorRateInsight"}]'
        --region {HomeRegion}
      aws cloudtrail start-logging --name {TrailARN} --region {HomeRegion}
    """
    trails = covering(account)
    wanted = ("ApiCallRateInsight", "ApiErrorRateInsight")
    missing = failing(wanted, lambda kind: some(trails, lambda trail: _watches(trail, kind)))

    def unselected(trail: Resource) -> tuple[str, ...]:
        return () if all(_selects(trail, kind) for kind in missing) else ("put-insight-selectors --trail-name {",)

    def both_kinds(trail: Resource) -> None:
        added = [{"InsightType": kind} for kind in wanted if not _selects(trail.unnoted(), kind)]
        trail.mended_with("--insight-selectors", [*(trail.unnoted()["InsightSelectors"] or ()), *added])

    reason = f"No logging trail has {' or '.join(missing)}"
    return not missing or mended_by_least(account, (), reason, unselected, both_kinds)


def _watches(trail: Resource, kind: str) -> bool:
    return both(lambda: trail["Status"]["IsLogging"], lambda: _selects(trail, kind))


def _selects(trail: Resource, kind: str) -> bool:
    return any(one["InsightType"] == kind for one in trail["InsightSelectors"] or ())


@check(
    "cloudtrail-event-data-store-protected",
    subject=EVENT_DATA_STORE,
    severity="medium",
    aka=("SH:CloudTrail.10", "CF:event-data-store-cmk-encryption-enabled"),
    code=(code.STORE_PROTECTED, code.STORE_RETENTION, code.STORE_KEY),
    passes=[[eg.event_data_store(), eg.key()]],
    fails=[
        [eg.event_data_store(Detail__TerminationProtectionEnabled=False), eg.key()],
        [eg.event_data_store(Detail__RetentionPeriod=90), eg.key()],
        [eg.event_data_store(Detail__KmsKeyId=None)],
        [eg.event_data_store(), eg.key(Metadata__KeyState="PendingDeletion")],
    ],
)
def event_data_store_protected(store: Resource) -> bool:
    """An event data store is protected against deletion, keeps events long enough and has a customer managed key.

    It is evidence like a trail's log files, and needs the same care.
    Fix: aws cloudtrail update-event-data-store --event-data-store {arn} --termination-protection-enabled --region {region}
      aws cloudtrail update-event-data-store --event-data-store {arn} --retention-period 2557 --region {region}
      aws cloudtrail update-event-data-store --event-data-store {arn} --kms-key-id <KEY_ARN> --region {region}
    """
    detail = store["Detail"]
    if not detail.get("TerminationProtectionEnabled"):
        return store.because("Termination protection is off", "--termination-protection")
    kept, wanted = detail.get("RetentionPeriod", 0), store.target("event_data_store_retention_days")
    if kept < wanted:
        store.mended_with("--retention-period", str(max(wanted, SEVEN_YEARS)))
        return store.because(f"Events are kept for {kept} days, the target is {wanted}", "--retention-period")
    return is_usable_customer_key(store, detail.get("KmsKeyId")) or store.mended_by("--kms-key-id")
