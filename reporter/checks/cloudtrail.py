"""Trails: is everything recorded? Asked of the account, for it is the account that must be covered, by whichever trail."""

from typing import Any

from reporter.assess.estate import (
    InsufficientData,
    NotApplicable,
    Resource,
    both,
    certain,
    failing,
    gathered,
    some,
    together,
)
from reporter.assess.evaluate import check
from reporter.assess.resource_types import BUCKET, EVENT_DATA_STORE, ORGANIZATION
from reporter.checks import examples as eg
from reporter.checks import infrastructure as code
from reporter.checks.keys import is_usable_customer_key
from reporter.checks.trails import covering, logs_in, recorded
from reporter.documents.selectors import coverage
from reporter.model import ACCOUNT

ONE_REGION: dict[str, Any] = {"IsMultiRegionTrail": False, "RegionStatus": {}}
STOPPED: dict[str, Any] = {"Status__IsLogging": False}
ORGANIZATION_TRAIL = eg.organization_trail().id
NO_KMS = {"eventSource": {"NotEquals": ["kms.amazonaws.com"]}}


@check(
    "cloudtrail-enabled",
    subject=ACCOUNT,
    severity="critical",
    aka=("SH:CloudTrail.3", "CF:cloudtrail-enabled"),
    code=code.MULTI_REGION_TRAIL,
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
    Fix: aws cloudtrail create-trail --name organization-trail --s3-bucket-name <LOG_BUCKET>
        --is-multi-region-trail --enable-log-file-validation
      aws cloudtrail start-logging --name organization-trail
    """
    trails = covering(account)
    dark = failing(account["Regions"], lambda region: some(trails, lambda trail: logs_in(trail, region)))
    return not dark or account.because(f"No trail is logging in {', '.join(dark)}")


@check(
    "cloudtrail-multi-region",
    subject=ACCOUNT,
    severity="high",
    aka=("SH:CloudTrail.1", "CF:multi-region-cloudtrail-enabled"),
    code=code.MULTI_REGION_TRAIL,
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
      aws cloudtrail update-trail --name <TRAIL> --is-multi-region-trail --include-global-service-events
      aws cloudtrail put-event-selectors --trail-name <TRAIL>
        --event-selectors '[{"ReadWriteType":"All","IncludeManagementEvents":true}]'
      aws cloudtrail start-logging --name <TRAIL>
    """
    account.because("No trail covers the account", "create-trail", "start-logging")
    return some(covering(account), _records_all_management_events)


def _records_all_management_events(trail: Resource) -> bool:
    name, update = trail["Name"], "update-trail"

    def records_all() -> bool:
        answer = trail.derived(coverage, "Selectors").management([trail["HomeRegion"]])
        return certain(answer) or trail.because(f"Trail {name}: {answer}", "put-event-selectors")

    return both(
        lambda: trail["IsMultiRegionTrail"] or trail.because(f"Trail {name} records one region only", update),
        lambda: (
            trail["IncludeGlobalServiceEvents"] or trail.because(f"Trail {name} leaves out global services", update)
        ),
        lambda: trail["Status"]["IsLogging"] or trail.because(f"Trail {name} is stopped", "start-logging"),
        records_all,
    )


@check(
    "cloudtrail-management-events",
    subject=ACCOUNT,
    severity="high",
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
    Fix: aws cloudtrail put-event-selectors --trail-name <TRAIL>
      --event-selectors '[{"ReadWriteType":"All","IncludeManagementEvents":true}]'
    """
    regions = account["Regions"]
    coverages, refusals = recorded(account, regions)
    answer = coverages.management(regions)
    if answer.holds is True:
        return True
    if refusals:
        raise together(refusals)
    return certain(answer) or account.because(f"In {', '.join(regions)}: {answer}")


@check(
    "cloudtrail-organization-trail",
    subject=ORGANIZATION,
    severity="high",
    code=code.ORGANIZATION_TRAIL,
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
    Fix: aws cloudtrail create-trail --name organization-trail --s3-bucket-name <LOG_BUCKET> --is-organization-trail
        --is-multi-region-trail --enable-log-file-validation
      aws cloudtrail update-trail --name <TRAIL> --is-organization-trail --is-multi-region-trail
      aws cloudtrail start-logging --name <TRAIL>
    """
    accounts = [account.unnoted() for account in organization.estate_all(ACCOUNT)]

    def covers_everybody(trail: Resource) -> bool:
        def covered(account: Resource) -> bool:
            return account["State"] != "ACTIVE" or trail.id in (account["VisibleTrails"] or ())

        def nobody_missing() -> bool:
            missing = [account.id for account in failing(accounts, covered)]
            named = ", ".join(missing)
            return not missing or trail.because(f"Trail {name} does not cover {len(missing)}: {named}", update)

        name, update = trail["Name"], "update-trail"
        return both(
            lambda: trail["IsOrganizationTrail"],
            lambda: trail["IsMultiRegionTrail"] or trail.because(f"Trail {name} records one region only", update),
            lambda: trail["Status"]["IsLogging"] or trail.because(f"Trail {name} is stopped", "start-logging"),
            nobody_missing,
        )

    organization.because("The organization has no trail of its own", "create-trail", "start-logging")
    return some(covering(_management_account(organization)), covers_everybody)


def _management_account(organization: Resource) -> Resource:
    account = organization.related(ACCOUNT, organization["MasterAccountId"])
    if account is None:
        raise NotApplicable("The management account is not part of what is read")
    return account


OBJECTS = "arn:aws:s3:::"
NAMED = 5  # buckets named in a reason; the evidence names all
THIS_BUCKET = f"arn:aws:s3:::{eg.BUCKET_NAME}/"


def _data_selector(**fields: dict[str, list[str]]) -> dict[str, dict[str, list[str]]]:
    return {"eventCategory": {"Equals": ["Data"]}, "resources.type": {"Equals": ["AWS::S3::Object"]}, **fields}


@check(
    "cloudtrail-s3-data-events-write",
    subject=ACCOUNT,
    severity="medium",
    aka=("SH:S3.22", "CF:cloudtrail-all-write-s3-data-event-check"),
    code=code.OBJECT_EVENTS,
    passes=[
        [eg.account(), eg.trail(), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.classic("WriteOnly", objects=("arn:aws:s3",))), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.classic(objects=(THIS_BUCKET,))), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.advanced(_data_selector(readOnly={"Equals": ["false"]}))), eg.bucket()],
    ],
    fails=[
        [eg.account(VisibleTrails=[]), eg.bucket()],
        [eg.account(), eg.trail(**STOPPED), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.classic()), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.classic("ReadOnly", objects=(OBJECTS,))), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.classic(objects=(THIS_BUCKET,))), eg.bucket(), eg.log_target()],
        [eg.account(), eg.trail(Selectors=eg.advanced(_data_selector(readOnly={"Equals": ["true"]}))), eg.bucket()],
    ],
    skips=[[eg.account(), eg.trail()]],
)
def s3_data_events_write(account: Resource) -> bool:
    """Writing and deleting objects is recorded for every bucket of the account.

    Management events show who changed a bucket; only data events show who changed or deleted what lies in it.
    Fix: aws cloudtrail put-event-selectors --trail-name <TRAIL>
      --advanced-event-selectors '[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]},
      {"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},
      {"Field":"resources.type","Equals":["AWS::S3::Object"]}]}]'
    """
    return _object_events_recorded(account, read_only=False)


@check(
    "cloudtrail-s3-data-events-read",
    subject=ACCOUNT,
    severity="medium",
    aka=("SH:S3.23", "CF:cloudtrail-all-read-s3-data-event-check"),
    code=code.OBJECT_EVENTS,
    passes=[
        [eg.account(), eg.trail(), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.classic("ReadOnly", objects=("arn:aws:s3",))), eg.bucket()],
    ],
    fails=[
        [eg.account(VisibleTrails=[]), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.classic("WriteOnly", objects=(OBJECTS,))), eg.bucket()],
        [
            eg.account(),
            eg.trail(Selectors=eg.advanced(_data_selector(**{"resources.ARN": {"StartsWith": [f"{OBJECTS}other/"]}}))),
            eg.bucket(),
        ],
    ],
    skips=[[eg.account(), eg.trail()]],
)
def s3_data_events_read(account: Resource) -> bool:
    """Reading objects is recorded for every bucket of the account.

    Without it nobody can say afterwards what was taken.
    Fix: aws cloudtrail put-event-selectors --trail-name <TRAIL>
      --advanced-event-selectors '[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]},
      {"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},
      {"Field":"resources.type","Equals":["AWS::S3::Object"]}]}]'
    """
    return _object_events_recorded(account, read_only=True)


def _object_events_recorded(account: Resource, *, read_only: bool) -> bool:
    named, unlisted = gathered(account.all(BUCKET), lambda bucket: (bucket.unnoted()["Name"], bucket.region))
    if not named and not unlisted:
        account.note("Buckets", 0)
        raise NotApplicable("The account has no bucket")
    coverages, unread = recorded(account, account["Regions"])
    uncovered = coverages.uncovered(dict(named), read_only=read_only)
    if uncovered.certain and not unread:
        account.note("Buckets not covered", list(uncovered.certain))
        return account.because(f"Not recorded for {_named(uncovered.certain)}")
    if uncovered.certain or unlisted:
        raise together(unread if uncovered.certain else unlisted)
    if uncovered.perhaps:
        raise InsufficientData(f"cannot be decided: whether the selectors cover {_named(uncovered.perhaps)}")
    return True


def _named(buckets: tuple[str, ...]) -> str:
    """The first few by name, and how many there are."""
    shown = ", ".join(buckets[:NAMED])
    return shown if len(buckets) <= NAMED else f"{shown} and {len(buckets) - NAMED} more buckets"


@check(
    "cloudtrail-insights",
    subject=ACCOUNT,
    severity="low",
    code=code.INSIGHTS,
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
    Fix: aws cloudtrail put-insight-selectors --trail-name <TRAIL>
      --insight-selectors '[{"InsightType":"ApiCallRateInsight"},{"InsightType":"ApiErrorRateInsight"}]'
    """
    trails = covering(account)
    wanted = ("ApiCallRateInsight", "ApiErrorRateInsight")
    missing = failing(wanted, lambda kind: some(trails, lambda trail: _watches(trail, kind)))
    return not missing or account.because(f"No logging trail has {' or '.join(missing)}")


def _watches(trail: Resource, kind: str) -> bool:
    def selected() -> bool:
        return any(one["InsightType"] == kind for one in trail["InsightSelectors"] or ())

    return both(lambda: trail["Status"]["IsLogging"], selected)


@check(
    "cloudtrail-event-data-store-protected",
    subject=EVENT_DATA_STORE,
    severity="medium",
    aka=("SH:CloudTrail.10", "CF:event-data-store-cmk-encryption-enabled"),
    code=code.EVENT_DATA_STORE,
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
        return store.because(f"Events are kept for {kept} days, the target is {wanted}", "--retention-period")
    return is_usable_customer_key(store, detail.get("KmsKeyId")) or store.mended_by("--kms-key-id")
