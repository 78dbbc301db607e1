"""Trails: is what happens to objects recorded? Asked of the account, over all its buckets and all trails that cover it."""

from functools import partial
from typing import Any

from reporter.assess.estate import InsufficientData, NotApplicable, Resource, gathered, together
from reporter.assess.evaluate import check
from reporter.assess.resource_types import BUCKET
from reporter.checks import examples as eg
from reporter.checks import infrastructure_cloudtrail as code
from reporter.checks.trails import keep_selectors, mended_by_least, recorded
from reporter.documents.selectors import coverage
from reporter.model import ACCOUNT

STOPPED: dict[str, Any] = {"Status__IsLogging": False}
CODE = (code.OBJECT_EVENTS.instead_of("put-event-selectors"), code.EVERY_REGION, code.LOGGING)
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
    code=CODE,
    passes=[
        [eg.account(), eg.trail(), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.classic("WriteOnly", objects=("arn:aws:s3",))), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.classic(objects=(THIS_BUCKET,))), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.advanced(_data_selector(readOnly={"Equals": ["false"]}))), eg.bucket()],
        [eg.account(), eg.trail()],
    ],
    fails=[
        [eg.account(VisibleTrails=[]), eg.bucket()],
        [eg.account(), eg.trail(**STOPPED), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.classic()), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.classic("ReadOnly", objects=(OBJECTS,))), eg.bucket()],
        [eg.account(), eg.trail(Selectors=eg.classic(objects=(THIS_BUCKET,))), eg.bucket(), eg.log_target()],
        [eg.account(), eg.trail(Selectors=eg.advanced(_data_selector(readOnly={"Equals": ["true"]}))), eg.bucket()],
    ],
    skips=[[eg.account(), eg.trail(Selectors=eg.classic(objects=(THIS_BUCKET,)))], [eg.account(VisibleTrails=[])]],
)
def s3_data_events_write(account: Resource) -> bool:
    """Writing and deleting objects is recorded for every bucket of the account.

    Management events show who changed a bucket; only data events show who changed or deleted what lies in it.
    Fix: aws cloudtrail create-trail --name <TRAIL> --s3-bucket-name <LOG_BUCKET> --is-multi-region-trail
        --enable-log-file-validation
      aws cloudtrail update-trail --name {TrailARN} --is-multi-region-trail --region {HomeRegion}
      aws cloudtrail put-event-selectors --trail-name <TRAIL>
        --advanced-event-selectors '[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]},
        {"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},
        {"Field":"resources.type","Equals":["AWS::S3::Object"]}]}]'
      aws cloudtrail put-event-selectors --trail-name {TrailARN}
        --advanced-event-selectors '[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]},
        {"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},
        {"Field":"resources.type","Equals":["AWS::S3::Object"]}]}]' --region {HomeRegion}
      aws cloudtrail start-logging --name <TRAIL>
      aws cloudtrail start-logging --name {TrailARN} --region {HomeRegion}
    """
    return _object_events_recorded(account, read_only=False)


@check(
    "cloudtrail-s3-data-events-read",
    subject=ACCOUNT,
    severity="medium",
    aka=("SH:S3.23", "CF:cloudtrail-all-read-s3-data-event-check"),
    code=CODE,
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
    skips=[[eg.account(), eg.trail(Selectors=eg.classic())]],
)
def s3_data_events_read(account: Resource) -> bool:
    """Reading objects is recorded for every bucket of the account.

    Without it nobody can say afterwards what was taken.
    Fix: aws cloudtrail create-trail --name <TRAIL> --s3-bucket-name <LOG_BUCKET> --is-multi-region-trail
        --enable-log-file-validation
      aws cloudtrail update-trail --name {TrailARN} --is-multi-region-trail --region {HomeRegion}
      aws cloudtrail put-event-selectors --trail-name <TRAIL>
        --advanced-event-selectors '[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]},
        {"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},
        {"Field":"resources.type","Equals":["AWS::S3::Object"]}]}]'
      aws cloudtrail put-event-selectors --trail-name {TrailARN}
        --advanced-event-selectors '[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]},
        {"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},
        {"Field":"resources.type","Equals":["AWS::S3::Object"]}]}]' --region {HomeRegion}
      aws cloudtrail start-logging --name <TRAIL>
      aws cloudtrail start-logging --name {TrailARN} --region {HomeRegion}
    """
    return _object_events_recorded(account, read_only=True)


def _object_events_recorded(account: Resource, *, read_only: bool) -> bool:
    named, unlisted = gathered(account.all(BUCKET), lambda bucket: (bucket.unnoted()["Name"], bucket.region))
    if not named and not unlisted:
        account.note("Buckets", 0)
        return _would_be_recorded(account, read_only=read_only)
    coverages, unread = recorded(account, account["Regions"])
    uncovered = coverages.uncovered(dict(named), read_only=read_only)
    if uncovered.certain and not unread:
        account.note("Buckets not covered", list(uncovered.certain))
        return _mended(account, dict(named), uncovered.certain, read_only=read_only)
    if uncovered.certain or unlisted:
        raise together(unread if uncovered.certain else unlisted)
    if uncovered.perhaps:
        raise InsufficientData(f"cannot be decided: whether the selectors cover {_named(uncovered.perhaps)}")
    return True


def _would_be_recorded(account: Resource, *, read_only: bool) -> bool:
    """Whether the objects of any bucket to come are recorded; where they would not be, there is nothing to record yet."""
    coverages, unread = recorded(account, account["Regions"])
    answer = coverages.whatever_bucket(account["Regions"], read_only=read_only)
    if answer is not True and unread:
        raise together(unread)
    if answer is None:
        raise InsufficientData("cannot be decided: whether the selectors cover a bucket to come")
    if answer is False:
        raise NotApplicable("The account has no bucket")
    return True


def _mended(account: Resource, buckets: dict[str, str], uncovered: tuple[str, ...], *, read_only: bool) -> bool:
    """No, and what the trail with the least to do needs for all buckets."""

    def left_out(trail: Resource) -> tuple[str, ...]:
        missing = trail.derived(coverage, "Selectors").uncovered(buckets, read_only=read_only)
        return ("put-event-selectors --trail-name {",) if missing.certain or missing.perhaps else ()

    regions = sorted({buckets[name] for name in uncovered})
    return mended_by_least(
        account, regions, f"Not recorded for {_named(uncovered)}", left_out, partial(keep_selectors, objects=True)
    )


def _named(buckets: tuple[str, ...]) -> str:
    """The first few by name, and how many there are."""
    shown = ", ".join(buckets[:NAMED])
    return shown if len(buckets) <= NAMED else f"{shown} and {len(buckets) - NAMED} more buckets"
