"""What is a matter of security for one resource and not for others of its type: how long a bucket of logs keeps them, a tag
that decides what is confidential."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from reporter.drift.changes import weighed
from reporter.drift.wording import quoted
from reporter.model import Change, ConfigurationItem

TRAIL, BUCKET = "AWS::CloudTrail::Trail", "AWS::S3::Bucket"


@dataclass(frozen=True, slots=True)
class Sensitive:
    """The buckets that trails write to, and the keys of tags that say what is confidential."""

    log_buckets: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    def paths(self, type: str, resource: str) -> frozenset[str]:
        """The paths of a resource that are a matter of security although they are not for its type."""
        paths = {f"Tags[{quoted(key)}]" for key in self.tags}
        if type == BUCKET and resource in self.log_buckets:
            paths.add("Lifecycle")
        return frozenset(paths)

    def weighed(self, change: Change) -> Change:
        """The change with what is sensitive here weighed as security."""
        return weighed(change, self.paths(change.type, change.resource))


def sensitive(trails: Iterable[ConfigurationItem], tags: Collection[str] = ()) -> Sensitive:
    """What the trails of an organization and the settings' sensitive tags make a matter of security."""
    buckets = (trail.configuration.get("S3BucketName") for trail in trails if trail.type == TRAIL)
    return Sensitive(frozenset(str(bucket) for bucket in buckets if bucket), frozenset(tags))
