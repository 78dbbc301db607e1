"""What a trail covers, and where: the questions that several checks ask of trails. No checks here."""

from collections.abc import Callable, Sequence

from reporter.assess.estate import InsufficientData, NotApplicable, Resource, certainly, gathered
from reporter.assess.resource_types import BUCKET, LOG_GROUP, TRAIL
from reporter.documents.selecting import widened
from reporter.documents.selectors import Coverage, coverage, union

# words of the commands in the fixes of all checks that ask for a trail: a new one, or one that is there
NEW = ("name <TRAIL>",)
WIDEN = "update-trail --name {TrailARN}"
START = "start-logging --name {TrailARN}"


def covering(account: Resource) -> list[Resource]:
    """Every trail that records the account: its own and the organization's; one that was not read refuses when asked."""
    own = account.all(TRAIL)
    try:
        seen = account["VisibleTrails"] or ()
    except InsufficientData as why:
        return [*own, account.refusing(TRAIL, "trails seen", why)]
    owned = [trail for trail in own if trail.exists]  # what is seen is complete, so an incomplete listing hides nothing
    return owned + account.related_all(TRAIL, sorted(set(seen).difference(trail.id for trail in owned)))


def logs_in(trail: Resource, region: str) -> bool:
    """Whether the trail is logging in a region: its own region decides for one-region trails, each region for others."""
    if trail["HomeRegion"] == region:
        return bool(trail["Status"]["IsLogging"])
    if not trail["IsMultiRegionTrail"] or not trail["Status"]["IsLogging"]:
        return False
    there = (trail["RegionStatus"] or {}).get(region)  # none where the trail's owner has not enabled the region
    return there is None or bool(there["IsLogging"])


def mended_by_least(
    account: Resource,
    regions: Sequence[str],
    reason: str,
    others: Callable[[Resource], Sequence[str]] = lambda _: (),
    setting: Callable[[Resource], None] = lambda _: None,
) -> bool:
    """No, and by which commands of the fix: those of the trail with the least to do, or those for a new one.

    A trail is to log, in all these regions; `others` tells what else it needs, and `setting` what that is set to.
    """

    def to_do(trail: Resource) -> tuple[Resource, tuple[str, ...]]:
        quiet = trail.unnoted()
        return trail, (*_widened(quiet, regions), *others(quiet), *_started(quiet, regions))

    known, _ = gathered(covering(account), to_do)
    trail, commands = min(known, key=lambda one: len(one[1]), default=(account, NEW))
    if commands != NEW:
        setting(trail)
    return trail.because(reason, *commands)


def keep_selectors(trail: Resource, *, objects: bool = False) -> None:
    """The fix sets the trail's selectors to what they are and what is missing of management events, and of objects."""
    if certainly(lambda: trail.unnoted()["Selectors"]):
        trail.mended_with("--advanced-event-selectors", widened(trail.unnoted()["Selectors"], objects=objects))


def _widened(trail: Resource, regions: Sequence[str]) -> tuple[str, ...]:
    here = {trail["HomeRegion"]}
    return () if trail["IsMultiRegionTrail"] or here.issuperset(regions) else (WIDEN,)


def _started(trail: Resource, regions: Sequence[str]) -> tuple[str, ...]:
    """Started where it is stopped, be it in one region; what it does not cover yet is no matter of starting."""
    covered = regions if trail["IsMultiRegionTrail"] else ()
    stopped = not trail["Status"]["IsLogging"] or not all(logs_in(trail, region) for region in covered)
    return (START,) if stopped else ()


def recorded(account: Resource, regions: Sequence[str]) -> tuple[Coverage, list[InsufficientData]]:
    """What all logging trails record in the regions, together; and what kept us from seeing more."""
    coverages, refusals = gathered(covering(account), lambda trail: _recorded_by(trail, regions))
    return union(coverages), refusals


def _recorded_by(trail: Resource, regions: Sequence[str]) -> Coverage:
    there = tuple(region for region in regions if logs_in(trail, region))
    if not there:
        return union(())
    selectors = trail["Selectors"]
    return trail.remembered(f"coverage in {there}", lambda: coverage(selectors, there))


def log_bucket(trail: Resource) -> Resource:
    """The bucket the trail writes to, wherever it lives in the organization."""
    name = trail["S3BucketName"]
    if is_bucket_gone(trail):
        raise InsufficientData(
            f"bucket {name} does not exist (CloudTrail reports NoSuchBucket), so nothing can be read"
        )
    bucket = trail.related(BUCKET, name)
    if bucket is None:
        raise InsufficientData(f"bucket {name} belongs to no account of the organization, so nothing of it can be read")
    return bucket


def is_bucket_gone(trail: Resource) -> bool:
    """Whether CloudTrail itself says that there is no such bucket, and none of that name was read."""
    if certainly(lambda: trail.related(BUCKET, trail["S3BucketName"])):
        return False
    return certainly(lambda: trail["Status"].get("LatestDeliveryError") == "NoSuchBucket")


def log_group(trail: Resource) -> Resource:
    """The log group the trail delivers to."""
    arn = trail["CloudWatchLogsLogGroupArn"]
    if not arn:
        raise NotApplicable("The trail delivers to no log group")
    group = trail.related(LOG_GROUP, arn)
    if group is None:
        raise InsufficientData(
            f"log group {arn} does not exist where the trail expects it, so nothing of it can be read"
        )
    return group
