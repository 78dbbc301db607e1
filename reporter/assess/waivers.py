"""Waivers: findings that somebody accepts, for a reason, until a day. They stand beside a status and never change it."""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Any

from reporter.assess.written import Problems, check_keys, date_of, nearest, parse, quote, tables_of, text_of
from reporter.model import Account, Finding, Status, Waiver

SELECTORS = ("resource", "account", "ou", "tags")
KEYS = frozenset({"id", "check", *SELECTORS, "reason", "owner", "approver", "ticket", "expires_on"})
SOON = timedelta(days=30)
DIGITS = 12  # of an account id
ANYTHING = frozenset({"", "*", "**"})


@dataclass(frozen=True, slots=True)
class Waivers:
    """All waivers, from the file and from the database, in the order they are tried."""

    items: tuple[Waiver, ...] = ()


def load(text: str, name: str, known_checks: Collection[str]) -> Waivers:
    """Read a waivers file. Everything but the ticket is required, and at least one selector: nothing is waived unawares."""
    content = parse(text, name)
    problems = Problems(name)
    check_keys(problems, content, {"waiver"})
    tables = tables_of(problems, content, "waiver")
    found = [_waiver(problems, table, number, known_checks) for number, table in enumerate(tables, 1)]
    seen: dict[str, int] = {}
    for number, waiver in enumerate(found, 1):
        if waiver.id in seen:
            place = problems.at(f"waiver {number}")
            place.add(f'selects the same as waiver {seen[waiver.id]} ("{waiver.id}"): join them, or give each an id.')
        seen.setdefault(waiver.id, number)
    problems.refuse()
    return combine(Waivers(tuple(found)))


def combine(*parts: Waivers) -> Waivers:
    """Waivers of several sources as one, those that last longest first; of two with one id the longer one stays."""
    every = [waiver for part in parts for waiver in part.items]
    items: dict[str, Waiver] = {}
    for waiver in sorted(every, key=lambda one: (-one.expires_on.toordinal(), one.id)):
        items.setdefault(waiver.id, waiver)
    return Waivers(tuple(items.values()))


def match(
    waivers: Waivers, finding: Finding, account: Account, tags: Mapping[str, str] | None, on: date
) -> Waiver | None:
    """The waiver in force for a failing finding on a day; of several the one that lasts longest.

    `tags` are the resource's; None where they could not be read: a waiver that selects by tag then does not apply.
    """
    if finding.status is not Status.FAIL:
        return None
    for waiver in waivers.items:
        if is_in_force(waiver, on) and covers(waiver, finding, account, tags):
            return waiver
    return None


def is_in_force(waiver: Waiver, on: date) -> bool:
    """Whether it holds on a day; the last day is included."""
    return on <= waiver.expires_on


def covers(waiver: Waiver, finding: Finding, account: Account, tags: Mapping[str, str] | None) -> bool:
    """Whether it speaks of this finding, whatever its status and the day."""
    return (
        _like(finding.check, waiver.check)
        and _like(finding.account, waiver.account)
        and (_like(finding.arn, waiver.resource) or _like(finding.resource, waiver.resource))
        and _below(account.ou_path, waiver.ou)
        and all(key in (tags or {}) and _like((tags or {})[key], value) for key, value in waiver.tags.items())
    )


@dataclass(frozen=True, slots=True)
class Review:
    """Waivers by what is to be done about them."""

    active: tuple[Waiver, ...]
    expiring: tuple[Waiver, ...]  # of the active ones, those that end soon
    expired: tuple[Waiver, ...]  # what they waived fails again
    unused: tuple[Waiver, ...]  # of the active ones, those that no failing finding needed


def review(waivers: Waivers, used: Mapping[str, int], on: date, soon: timedelta = SOON) -> Review:
    """Sort waivers by day of expiry; `used` counts by waiver id the findings each one matched in this run."""
    ordered = sorted(waivers.items, key=lambda one: (one.expires_on, one.id))
    active = tuple(one for one in ordered if is_in_force(one, on))
    return Review(
        active=active,
        expiring=tuple(one for one in active if one.expires_on <= on + soon),
        expired=tuple(one for one in ordered if not is_in_force(one, on)),
        unused=tuple(one for one in active if not used.get(one.id)),
    )


def _like(value: str, pattern: str) -> bool:
    """A glob, or the very text: names may hold the characters that a glob reads as its own."""
    return pattern in ("*", value) or fnmatchcase(value, pattern)


def _below(path: str, pattern: str) -> bool:
    """Whether an OU path, or any OU above it, is what the pattern names: an OU stands for all it holds."""
    if pattern == "*":
        return True
    names = path.split("/")
    return any(_like("/".join(names[:depth]), pattern) for depth in range(1, len(names) + 1))


def _waiver(problems: Problems, table: Mapping[str, Any], number: int, known_checks: Collection[str]) -> Waiver:
    name = table.get("id") or table.get("check") or ""
    problems = problems.at(f"waiver {number} ({quote(name)})" if name else f"waiver {number}")
    check_keys(problems, table, KEYS)
    waiver = Waiver(
        id=text_of(problems, table, "id"),
        check=text_of(problems, table, "check", required=True),
        reason=text_of(problems, table, "reason", required=True),
        owner=text_of(problems, table, "owner", required=True),
        approver=text_of(problems, table, "approver", required=True),
        expires_on=date_of(problems, table, "expires_on"),
        resource=text_of(problems, table, "resource", default="*"),
        account=text_of(problems, table, "account", default="*"),
        ou=text_of(problems, table, "ou", default="*"),
        tags=_tags(problems, table),
        ticket=text_of(problems, table, "ticket"),
    )
    _refuse_unfit(problems, table, waiver, known_checks)
    return waiver if waiver.id else replace(waiver, id=identity(waiver))


def identity(waiver: Waiver) -> str:
    """A stable id from what it selects, so that a longer expiry or a better reason is still the same waiver."""
    selected = [
        waiver.check,
        waiver.resource,
        waiver.account,
        waiver.ou,
        *(f"{k}={v}" for k, v in sorted(waiver.tags.items())),
    ]
    return "w-" + hashlib.sha256("\n".join(selected).encode()).hexdigest()[:10]


def _refuse_unfit(problems: Problems, table: Mapping[str, Any], waiver: Waiver, known_checks: Collection[str]) -> None:
    """A waiver must name checks that exist, say what it is for, and not wave everything through."""
    if waiver.check and not any(_like(check, waiver.check) for check in known_checks):
        problems.add(f'key "check" is {quote(waiver.check)}, which is no check.{nearest(waiver.check, known_checks)}')
    if not re.fullmatch(r"[0-9*?]*", waiver.account) or (waiver.account.isdigit() and len(waiver.account) != DIGITS):
        problems.add(f'key "account" is {quote(waiver.account)}, which no account id can match: write its 12 digits.')
    if not any(selector in table for selector in SELECTORS):
        problems.add(
            'selects nothing: write at least one of "account", "ou", "resource", "tags" ("*" for all accounts).'
        )
    narrow = {waiver.check, waiver.resource, waiver.account, waiver.ou} - ANYTHING
    if waiver.check and not narrow and not waiver.tags:
        problems.add("waives every finding of the organization: name a check, an account, an OU, a resource or a tag.")


def _tags(problems: Problems, table: Mapping[str, Any]) -> Mapping[str, str]:
    tags = table.get("tags", {})
    if isinstance(tags, dict) and all(isinstance(value, str) for value in tags.values()):
        return tags
    problems.add(f'key "tags" is {quote(tags)}: write texts by name, such as tags = {{ Stage = "dev*" }}.')
    return {}
