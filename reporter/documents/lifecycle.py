"""When S3 Lifecycle deletes objects under a prefix: the least number of days, None for never.

An expiration of a bucket with versioning hides the current version behind a delete marker and keeps it as a noncurrent
one; without versioning, or with versioning suspended, it destroys it. A rule counts if any object under the prefix can
fall under it. Sizes may fit any object; tags need somebody to set them, so rules with tags are reported apart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Deletion:
    """Least days, each None for never. `least` is what a retention is judged by; `tagged` if somebody sets a rule's tag."""

    current: int | None = None  # from writing until the current version goes (hidden, if versioning is on)
    noncurrent: int | None = None  # from being overwritten or deleted until that version is destroyed
    least: int | None = None  # from writing until lifecycle alone has destroyed the data
    soonest: int | None = None  # from writing, if somebody overwrites or deletes the object at once
    tagged: int | None = None  # `soonest`, counting rules that also ask for a tag
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rule:
    """What one enabled rule does to objects under the prefix."""

    name: str
    tagged: bool
    current: int | None
    noncurrent: int | None
    keeps_newest: bool  # NewerNoncurrentVersions: the latest noncurrent versions stay for ever


def days_until_deletion(
    lifecycle: Mapping[str, Any] | None, versioning: Mapping[str, Any] | None, prefix: str = ""
) -> Deletion:
    """Read the bucket's `Lifecycle` and `Versioning` (both as stored, None: not configured) for the keys under a prefix."""
    raw = (lifecycle or {}).get("Rules") or ()
    rules = [found for rule in raw if (found := _rule(rule, prefix)) is not None]
    status = (versioning or {}).get("Status")
    if status not in ("Enabled", "Suspended"):
        rules = [replace(rule, noncurrent=None) for rule in rules]  # there never was a noncurrent version
    versioned = status == "Enabled"
    plain = _least([rule for rule in rules if not rule.tagged], versioned=versioned)
    tagged = _least(rules, versioned=versioned)
    because = tuple(
        f"rule {rule.name}: {_words(rule)}{' if tagged' if rule.tagged else ''}"
        for rule in rules
        if rule.current is not None or rule.noncurrent is not None
    )
    return Deletion(*plain, tagged=tagged[3], because=because or ("no rule deletes under this prefix",))


def _least(rules: list[_Rule], *, versioned: bool) -> tuple[int | None, int | None, int | None, int | None]:
    """(current, noncurrent, least, soonest) of some rules together."""
    current = _smallest(rule.current for rule in rules)
    noncurrent = _smallest(rule.noncurrent for rule in rules)
    if not versioned:
        return current, noncurrent, current, _smallest((current, noncurrent))
    # A version that expired by itself is the newest noncurrent one, which NewerNoncurrentVersions keeps.
    lone = _smallest(rule.noncurrent for rule in rules if not rule.keeps_newest)
    least = None if current is None or lone is None else current + lone
    return current, noncurrent, least, _smallest((least, noncurrent))


def _smallest(days: Iterable[int | None]) -> int | None:
    return min((day for day in days if day is not None), default=None)


def _rule(rule: Mapping[str, Any], prefix: str) -> _Rule | None:
    """The rule as it bears on the prefix, or None if it is disabled or about other keys."""
    if rule.get("Status") != "Enabled":
        return None
    where = rule.get("Filter") or {}
    both = where.get("And") or {}
    scope = str(both.get("Prefix") or where.get("Prefix") or rule.get("Prefix") or "")
    if not (scope.startswith(prefix) or prefix.startswith(scope)):
        return None
    noncurrent = rule.get("NoncurrentVersionExpiration") or {}
    days = noncurrent.get("NoncurrentDays")
    return _Rule(
        name=str(rule.get("ID") or scope or "of every object"),
        tagged=bool(both.get("Tags") or where.get("Tag")),
        current=_expiry(rule.get("Expiration") or {}),
        noncurrent=int(days) if days is not None else None,
        keeps_newest=bool(noncurrent.get("NewerNoncurrentVersions")),
    )


def _expiry(expiration: Mapping[str, Any]) -> int | None:
    """Days until an object expires. From its Date on a rule expires every object at once, so the youngest has no day."""
    if expiration.get("Days") is not None:
        return int(expiration["Days"])
    return 0 if expiration.get("Date") is not None else None


def _words(rule: _Rule) -> str:
    said = []
    if rule.current is not None:
        said.append(f"expires after {rule.current} days")
    if rule.noncurrent is not None:
        kept = ", the newest kept" if rule.keeps_newest else ""
        said.append(f"destroys noncurrent versions after {rule.noncurrent} days{kept}")
    return ", ".join(said)
