"""What an account's judgement may look up beyond the account: by name, never by holding the organization in memory."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reporter.assess.references import names_of
from reporter.assess.resource_types import GLOBAL_TYPES, KEY, MANAGEMENT_TYPES
from reporter.assess.view import View, told
from reporter.model import (
    ACCOUNT,
    EVERY_PART,
    GLOBAL,
    Account,
    AccountSnapshot,
    ConfigurationItem,
    Gap,
    ReadStatus,
    Unread,
)

VIEWS_KEPT = 5_000  # look-ups remembered across accounts: log buckets, keys, trails, the organization's policies
ARN_SLASHES = 2  # arn:aws:organizations::111122223333:account/o-example/444455556666


@dataclass(frozen=True, slots=True)
class Listing:
    """Which listings of one account were complete, and why the others were not."""

    account: Account
    listed: frozenset[tuple[str, str]]
    gaps: tuple[Gap, ...] = ()
    regions: tuple[str, ...] = ()  # enabled in the account; empty: not known
    unread: Unread | None = None  # why the account itself, or its list of regions, was not read

    @classmethod
    def of(cls, snapshot: AccountSnapshot) -> "Listing":
        """The listing of one account's snapshot."""
        regions, unread = snapshot.regions_enabled, None
        for item in snapshot.items:
            if item.type == ACCOUNT:
                regions = regions or tuple(item.configuration.get("Regions") or ())
                unread = item.unread.get(EVERY_PART) or item.unread.get("Regions")
        if unread is None and snapshot.status in (ReadStatus.UNREACHABLE, ReadStatus.EXCLUDED):
            unread = Unread("", "", snapshot.status, snapshot.reason)
        return cls(snapshot.account, snapshot.listed, snapshot.gaps, tuple(sorted(regions)), unread)

    def unlisted(self, type: str, region: str = "") -> Unread | None:
        """Why the listing of a type is incomplete (in one region, or in any); None: it is complete."""
        if type in MANAGEMENT_TYPES and not self.account.management:
            return None
        for wanted in self._wanted(type, region):
            if (type, wanted) not in self.listed:
                return self._why(type, wanted)
        return None

    def enables(self, region: str) -> bool:
        """Whether the account may use the region: where it may not, it has nothing running."""
        return not region or not self.regions or region in self.regions

    def names_unread(self, type: str, account: str, region: str) -> Unread | None:
        """Why something that this account's resources name in another account could not be looked up."""
        wanted = (account, region, type)
        return next((gap.why for gap in self.gaps if (gap.account, gap.region, gap.type) == wanted), None)

    def _wanted(self, type: str, region: str) -> tuple[str, ...]:
        if type in GLOBAL_TYPES:
            return (GLOBAL,)
        return (region,) if region else self.regions or ("",)

    def _why(self, type: str, region: str) -> Unread:
        for gap in self.gaps:
            if gap.account == self.account.id and gap.type in {type, ACCOUNT} and gap.region in {region, GLOBAL, ""}:
                return gap.why
        where = f"{self.account.id} {region}".strip()
        return self.unread or Unread(f"{type} in {where}", "", "not read")


def unread_aliases(view: View) -> Unread | None:
    """Why a key's aliases are not known."""
    return view.item.unread.get(EVERY_PART) or view.item.unread.get("Aliases")


@dataclass(slots=True)
class Neighbours:
    """The organization around an account, behind three look-ups that the history answers (or memory, in `of`).

    `find(type, name)` gives the one item of that id (for keys also by alias ARN); `shared(type, account)` all items of a
    type in one account, or with "" in the organization; `listing(account)` what was completely listed there.
    """

    accounts: Mapping[str, Account]
    find: Callable[[str, str], ConfigurationItem | None]
    shared: Callable[[str, str], Iterable[ConfigurationItem]]
    listing: Callable[[str], Listing | None]
    _views: dict[tuple[str, str], View | None] = field(default_factory=dict)
    _shared: dict[tuple[str, str], list[View]] = field(default_factory=dict)
    _unlisted: dict[str, Unread | None] = field(default_factory=dict)
    _organization: tuple[str | None, frozenset[str]] | None = None

    @classmethod
    def of(cls, snapshots: Iterable[AccountSnapshot]) -> "Neighbours":
        """The neighbours of a small organization, held in memory. An item that was read outweighs a last known one."""
        snapshots = list(snapshots)
        items = sorted(
            (item for one in snapshots for item in one.items), key=lambda item: (item.type, item.arn, item.id)
        )
        by_name: dict[tuple[str, str], ConfigurationItem] = {}
        by_type: dict[str, list[ConfigurationItem]] = {}
        for item in sorted(items, key=lambda item: (EVERY_PART in item.unread, len(item.unread))):
            for name in names_of(item):
                by_name.setdefault((item.type, name), item)
        for item in items:
            if by_name[item.type, item.id] is item:
                by_type.setdefault(item.type, []).append(item)
        listings = {one.account.id: Listing.of(one) for one in snapshots}
        return cls(
            accounts={one.account.id: one.account for one in snapshots},
            find=lambda *name: by_name.get(name),
            shared=lambda kind, owner: [one for one in by_type.get(kind, ()) if owner in {"", one.account}],
            listing=listings.get,
        )

    def view(self, type: str, name: str) -> View | None:
        """The item of that name anywhere in the organization."""
        if (type, name) not in self._views:
            if len(self._views) >= VIEWS_KEPT:
                self._views.clear()
            item = self.find(type, name)
            self._views[type, name] = None if item is None else View(item)
        return self._views[type, name]

    def views(self, type: str, account: str = "") -> list[View]:
        """All items of a type in one account, or in the organization."""
        if (type, account) not in self._shared:
            if len(self._shared) >= VIEWS_KEPT:
                self._shared.clear()
            self._shared[type, account] = [View(item) for item in self.shared(type, account)]
        return self._shared[type, account]

    @property
    def organization(self) -> tuple[str | None, frozenset[str]]:
        """The organization's id (as its accounts' ARNs tell it) and the ids of its accounts."""
        if self._organization is None:
            found = {one.arn.split("/")[1] for one in self.accounts.values() if one.arn.count("/") == ARN_SLASHES}
            self._organization = (min(found) if found else None, frozenset(self.accounts))
        return self._organization

    def unlisted(self, type: str, account: str, region: str) -> Unread | None:
        """Why nobody can be certain that a type has no further item there ("" for any account); None: it is certain."""
        if account:
            return self._unlisted_in(type, account, region)
        if type not in self._unlisted:
            reasons = ((one, self._unlisted_in(type, one, "")) for one in sorted(self.accounts))
            missing = next(((one, why) for one, why in reasons if why is not None), None)
            self._unlisted[type] = missing and Unread(f"{type} in {missing[0]}", "", told(missing[1]))
        return self._unlisted[type]

    def unread_alias(self, account: str) -> Unread | None:
        """Why an alias may stand for a key that was seen there: one whose aliases were not read."""
        views = self.views(KEY, account)
        return next((why for view in views if (why := unread_aliases(view))), None)

    def _unlisted_in(self, type: str, account: str, region: str) -> Unread | None:
        if account not in self.accounts:
            return Unread(f"{type} in {account}", "", "outside the organization")
        if type in MANAGEMENT_TYPES and not self.accounts[account].management:
            return None
        listing = self.listing(account)
        if listing is None:
            return Unread(f"{type} in {account}", "", "not read")
        return listing.unlisted(type, region)
