"""Which accounts there are: from AWS Organizations, its tree walked from the top, or from a configured list."""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from reporter.collect.answers import Row, as_instant, evaluate, malformed
from reporter.collect.clients import Tally
from reporter.collect.door import Door
from reporter.collect.failures import ReadFailed, waited_for
from reporter.collect.options import CollectError
from reporter.collect.reader import Asker, list_rows, pages, read_item
from reporter.collect.resources import ORGANIZATION_TYPES
from reporter.collect.resources_organization import ACCOUNTS, MEMBERS, ORGANIZATION, UNITS
from reporter.collect.rows import Call
from reporter.collect.sessions import Caller
from reporter.model import ACCOUNT, GLOBAL, Account, Calls, ConfigurationItem, Gap, Unread

log = logging.getLogger(__name__)

_CLOSED: Mapping[str, str] = {
    "SUSPENDED": "The account is suspended: nobody can sign in to it until AWS Support reopens it.",
    "PENDING_CLOSURE": "The account is being closed.",
    "CLOSED": "The account is closed.",
    "PENDING_ACTIVATION": "The account is not activated yet: its owner has to finish signing up.",
}
_ROUNDS = 4  # of asking who we are and for the accounts: a whole run hangs on these two
# What Organizations says of credentials that are no good; STS has other words for it.
_NOT_OURS = frozenset(
    {
        "EndpointUnreachable",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "NoCredentials",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_WHERE = (
    "Run in the management account or a delegated administrator's, or name the accounts in the settings "
    "(organization.accounts)."
)


@dataclass(frozen=True, slots=True)
class Organization:
    """The accounts in question, what the organization says of itself, and what could not be read of it."""

    accounts: tuple[Account, ...]
    excluded: Mapping[str, str] = field(default_factory=dict)  # account id -> why it is not read
    id: str = ""
    management: str = ""
    caller_account: str = ""
    caller_arn: str = ""
    unlisted: Mapping[str, Unread] = field(default_factory=dict)  # account id -> why nothing is known of it but its id
    readable: bool = True  # Organizations may be asked
    complete: bool = True  # all accounts are listed; else a missing one has not left
    placing: Unread | None = None  # why not every account could be placed in the tree
    items: tuple[ConfigurationItem, ...] = ()
    gaps: tuple[Gap, ...] = ()
    listed: frozenset[tuple[str, str]] = frozenset()
    policy_types: tuple[str, ...] | None = None  # kinds of policies in force; None: unknown
    asked: frozenset[str] | None = None  # the accounts that a narrowed run reads; None: all of them
    calls: Calls = field(default_factory=Calls)

    @property
    def speaker(self) -> str:
        """The account with whose snapshot the organization's own items and gaps are handed over."""
        ids = [account.id for account in self.to_read]
        return next((id for id in (self.management, self.caller_account) if id in ids), ids[0] if ids else "")

    @property
    def to_read(self) -> tuple[Account, ...]:
        """The accounts a snapshot is made of."""
        return tuple(one for one in self.accounts if self.asked is None or one.id in self.asked)

    def narrowed(self, ids: Collection[str]) -> "Organization":
        """Read these accounts and no others; what the organization says of itself is handed over only with its own account."""
        mine = {item.account for item in self.items} <= set(ids)
        kept = self if mine else replace(self, items=(), gaps=(), listed=frozenset())
        return replace(kept, asked=frozenset(ids))

    def select(
        self, *, accounts: Sequence[str] = (), ous: Sequence[str] = (), exclude: Mapping[str, str] | None = None
    ) -> "Organization":
        """Read only these accounts and units (id, path, or glob of the path); the others stay, each with its reason."""
        unknown = set(accounts) - {account.id for account in self.accounts}
        if unknown and self.complete:
            raise CollectError(
                f"Not in the organization: {', '.join(sorted(unknown))}. Look at [organization] in the settings."
            )
        excluded = dict(self.excluded)
        for account in self.accounts:
            why = (exclude or {}).get(account.id)
            if why is not None:
                excluded.setdefault(account.id, why or "Excluded by the settings.")
            elif (accounts or ous) and account.id not in accounts and not any(within(account, ou) for ou in ous):
                excluded.setdefault(account.id, "Not among the accounts and units that were asked for.")
        return replace(self, excluded=excluded)


def discover(
    door: Door, *, last_known: Sequence[Account] = (), alone: bool = False, sleep: Callable[[float], None] = time.sleep
) -> Organization:
    """Ask AWS Organizations for the accounts, their units, and for what the organization says of itself.

    Where the listing breaks off, `last_known` (of an earlier run) fills it up, and the organization is not `complete`. Where
    nothing is known either, `alone` goes on with the caller's own account, and a gap says that the others are missing.
    """
    asker, rows, broken = _listed(door, sleep)
    caller = door.sessions.caller
    if broken is not None and not rows and (not last_known or _refused(door, broken)):
        broken = _by_ourselves(door, broken, alone=alone)
        last_known = (Account(caller.account),)
    remembered = {account.id: account for account in last_known} if broken else {}
    about = _about(replace(asker, account=_manager(rows, remembered.values()) or caller.account))
    management = about.fields.get("MasterAccountId") or _manager(rows, remembered.values())
    tree = _walk(asker, about, with_members=any("Paths" not in row for row in rows))
    listed = {row["Id"]: _account(row, tree, management) for row in rows}
    found = remembered | listed
    told_by = management or caller.account
    missing = _incomplete(broken, len(found), alone=found.keys() == {caller.account}) if broken else None
    return Organization(
        accounts=tuple(found[id] for id in sorted(found)),
        excluded={id: _CLOSED[found[id].state] for id in sorted(found) if found[id].state in _CLOSED},
        id=about.fields.get("Id", ""),
        management=management,
        caller_account=caller.account,
        caller_arn=caller.arn,
        unlisted={id: broken for id in remembered if broken and id not in listed},
        complete=broken is None,
        placing=tree.broken,
        items=about.items,
        gaps=(*about.gaps, *(Gap(told_by, GLOBAL, ACCOUNT, why) for why in (missing, tree.broken) if why)),
        listed=about.listed,
        policy_types=tuple(about.fields["PolicyTypes"]) if "PolicyTypes" in about.fields else None,
        calls=asker.tally.calls(),
    )


def _listed(door: Door, sleep: Callable[[float], None]) -> tuple[Asker, list[Row], Unread | None]:
    """The rows of all accounts, asked for several times if need be; and what broke the listing off in the end, if it did."""
    tally = Tally()
    found: dict[str, Row] = {}
    for again in range(_ROUNDS):
        caller = _identified(door, tally, again, sleep)
        asker = Asker(
            door.clients, door.clock, tally, caller.account, caller, caller, caller.arn, door.options.asked_sets, memo={},
            facts={"_home": door.clients.home, "_partition": door.clients.partition},
        )  # fmt: skip
        rows, broken = _gathered(asker, ACCOUNTS)
        found |= {row["Id"]: row for row in rows}
        if broken is None:
            return asker, rows, None
        if waited_for(broken):
            break
    return asker, list(found.values()), broken


def _identified(door: Door, tally: Tally, again: int, sleep: Callable[[float], None]) -> Caller:
    """Who we are; asked anew, after a while, if it is not the first time."""
    if again:
        sleep(door.options.connection.backoff * 2**again)
        door.sessions.unidentified = None
    return door.sessions.identify(tally)


def _refused(door: Door, broken: Unread) -> bool:
    """Whether neither STS nor Organizations takes the credentials, or neither is there: one alone may have had a bad moment."""
    return door.sessions.refused and broken.code in _NOT_OURS


def _by_ourselves(door: Door, broken: Unread, *, alone: bool) -> Unread:
    """Why only the caller's own account is read; raises CollectError where that is not wanted, or nobody knows which it is."""
    if alone and door.sessions.caller.account:
        return broken
    if door.sessions.doubt:
        raise CollectError(door.sessions.doubt)
    raise CollectError(f"AWS Organizations does not list the accounts ({broken}). {_WHERE} {broken.message}")


def _incomplete(broken: Unread, known: int, *, alone: bool) -> Unread:
    """That accounts may be missing, before all else: a report over those that are known would read like one over everything."""
    said = (
        "Only the caller's own account is read, for AWS Organizations does not list the others."
        if alone
        else f"The list of accounts is incomplete: the {known} that are known are read, any others are not."
    )
    told = replace(broken, message=f"{said} {_WHERE} {broken.message}")
    log.warning("%s", told.message)
    return told


def configured(
    door: Door,
    accounts: Iterable[str],
    *,
    names: Mapping[str, str] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Organization:
    """The accounts that the settings list, where Organizations may not be asked."""
    tally = Tally()
    for again in range(_ROUNDS):
        caller = _identified(door, tally, again, sleep)
        if not door.sessions.refused:
            break
    else:
        raise CollectError(door.sessions.doubt)
    listed = tuple(Account(id, name=(names or {}).get(id, "")) for id in sorted(set(accounts)))
    if not listed:
        raise CollectError(
            "No accounts: list them in the settings (organization.accounts), or give access to Organizations."
        )
    why = Unread("ListAccounts", "organizations:ListAccounts", "NotAsked", "The accounts are listed in the settings.")
    return Organization(
        listed,
        caller_account=caller.account,
        caller_arn=caller.arn,
        unlisted={account.id: why for account in listed},
        readable=False,
        calls=tally.calls(),
    )


@dataclass(frozen=True, slots=True)
class _About:
    """What the organization says of itself; the items belong to the management account."""

    items: tuple[ConfigurationItem, ...]
    gaps: tuple[Gap, ...]
    listed: frozenset[tuple[str, str]]

    @property
    def fields(self) -> Mapping[str, Any]:
        return next((item.configuration for item in self.items if item.type == ORGANIZATION.name), {})

    @property
    def rootless(self) -> Unread | None:
        """Why the roots of the tree are unknown, if they are."""
        unread = (item.unread.get("Roots") for item in self.items if item.type == ORGANIZATION.name)
        gaps = (gap.why for gap in self.gaps if gap.type == ORGANIZATION.name)
        return next((why for why in (*unread, *gaps) if why), None)


@dataclass(frozen=True, slots=True)
class _Tree:
    """The organization's units: the path of ids down to each unit, their names, and which accounts stand directly in them."""

    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)  # account -> unit
    broken: Unread | None = None


def _about(asker: Asker) -> _About:
    items: list[ConfigurationItem] = []
    gaps: list[Gap] = []
    listed: set[tuple[str, str]] = set()
    for kind in ORGANIZATION_TYPES:
        found = list_rows(asker, kind, GLOBAL, asker.clients.home)
        for row in found.rows:
            asker = replace(asker, account=row.get("MasterAccountId") or asker.account)
            items.append(read_item(asker, kind, row, GLOBAL, asker.clients.home))
        if found.gap:
            gaps.append(found.gap)
        else:
            listed.add((kind.name, GLOBAL))
    return _About(tuple(items), tuple(gaps), frozenset(listed))


def _manager(rows: Iterable[Row], remembered: Iterable[Account]) -> str:
    """The management account as the accounts' ARNs name it, or as it was known before."""
    for row in rows:
        parts = str(row.get("Arn", "")).split(":")
        if len(parts) > 5 and parts[4]:
            return parts[4]
    return next((account.id for account in remembered if account.management), "")


def _walk(asker: Asker, about: _About, *, with_members: bool) -> _Tree:
    """From the roots down. Asking each account for its parents would cost a throttled call for each."""
    roots = about.fields.get("Roots") or ()
    tree = _Tree({root["Id"]: (root["Id"],) for root in roots}, {root["Id"]: root["Name"] for root in roots})
    broken = about.rootless
    waiting = list(tree.paths)
    while waiting:
        parent = waiting.pop()
        units, failed = _gathered(asker, UNITS, parent)
        broken = broken or failed
        for unit in units:
            if unit["Id"] not in tree.paths:
                tree.paths[unit["Id"]] = (*tree.paths[parent], unit["Id"])
                tree.names[unit["Id"]] = str(unit.get("Name") or unit["Id"])
                waiting.append(unit["Id"])
        if with_members:
            members, failed = _gathered(asker, MEMBERS, parent)
            broken = broken or failed
            tree.members.update({member["Id"]: parent for member in members})
    return replace(tree, broken=broken)


def _gathered(asker: Asker, call: Call, each: str = "") -> tuple[list[Row], Unread | None]:
    """All rows of a listing, and what broke it off, if something did."""
    rows: list[Row] = []
    subject = asker.knowing(_each=each).subject({}, GLOBAL)
    try:
        for page in pages(asker, call.service, call, subject, asker.clients.home):
            found = evaluate(call.result, page)
            if not isinstance(found, list) or not all(row.get("Id") for row in found):
                raise malformed(call, f"{call.result} is missing, or a row has no Id")
            rows += found
    except ReadFailed as error:
        return rows, replace(error.why, at=asker.clock())
    return rows, None


def _account(row: Row, tree: _Tree, management: str) -> Account:
    told = [step for path in row.get("Paths") or () for step in path.split("/") if step.startswith(("r-", "ou-"))]
    parents = tuple(told) or tree.paths.get(tree.members.get(row["Id"], ""), ())
    return Account(
        id=row["Id"],
        name=row.get("Name", ""),
        email=row.get("Email", ""),
        state=row.get("State") or row.get("Status") or "ACTIVE",
        arn=row.get("Arn", ""),
        joined_at=as_instant(row.get("JoinedTimestamp")),
        parent_ids=parents,
        ou_path="/".join(tree.names.get(one, one) for one in parents),
        management=row["Id"] == management,
    )


def within(account: Account, ou: str) -> bool:
    """Whether an account stands in a unit, named by its id, its path, or a glob of the path; or below it."""
    if ou in account.parent_ids:
        return True
    path, wanted = account.ou_path, ou.strip("/")
    return (
        path == wanted or path.startswith(f"{wanted}/") or fnmatchcase(path, wanted) or fnmatchcase(path, f"{wanted}/*")
    )
