"""A snapshot as checks see it: every read is noted as evidence, and what was not read is refused, never guessed.

An `Estate` is one account's items and what is known of the rest of the organization (`Neighbours`, by look-up). It is
the one clever object behind a check's whole vocabulary: `resource[key]`, `related`, `all`, `estate_all`, `some`, `every`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from reporter.assess.kleene import both, certain, certainly, either, every, failing, gathered, some, together
from reporter.assess.neighbours import Listing, Neighbours, unread_aliases
from reporter.assess.references import home_of, names_of, reference
from reporter.assess.resource_types import KEY, TARGETS
from reporter.assess.view import LISTING, LONG_AGO, InsufficientData, NotApplicable, Refusal, View, told
from reporter.model import ACCOUNT, EVERY_PART, GLOBAL, AccountSnapshot, ConfigurationItem, Evidence, Unread

__all__ = [
    "Estate",
    "InsufficientData",
    "NotApplicable",
    "Resource",
    "Trace",
    "both",
    "certain",
    "certainly",
    "either",
    "every",
    "failing",
    "gathered",
    "instant",
    "some",
    "together",
]

V = TypeVar("V")


def instant(value: Any) -> datetime | None:
    """An instant as AWS's SDK gives it (datetime) or as it is stored (ISO 8601 text); None stays None."""
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return value if isinstance(value, datetime) else None


class Trace:
    """What one answer rests on: the evidence in the order it was read, the resources looked up, why it is a no, who says so."""

    __slots__ = ("because", "evidence", "looked_up", "mended_by", "mended_from", "places", "set_to", "told_by")

    def __init__(self) -> None:
        self.because = ""
        self.told_by: ConfigurationItem | None = None
        self.mended_by: tuple[str, ...] = ()
        self.mended_from = ""
        self.places: dict[str, Sequence[str]] = {}
        self.set_to: dict[str, Any] = {}
        self.evidence: dict[object, Evidence] = {}
        self.looked_up: list[ConfigurationItem] = []


class Resource:
    """One resource in one judgement. What it tells is noted; what it was not told, it refuses to answer."""

    __slots__ = ("_estate", "_trace", "_view")

    def __init__(self, estate: "Estate", view: View, trace: Trace) -> None:
        self._estate = estate
        self._view = view
        self._trace = trace

    def __getitem__(self, key: str) -> Any:
        """The value under AWS's own key (or part name); None where AWS said "not configured"."""
        evidence = self._view.evidence.get(key) or self._view.read(key, self._estate.operation(self.type, key))
        self._trace.evidence[id(evidence)] = evidence
        return evidence.value

    def derived(self, meaning: Callable[..., Any], *keys: str) -> Any:
        """`meaning(self[key], ...)`, worked out once for all checks: for parsed policies, selectors, lifecycles."""
        values = [self[key] for key in keys]
        known = self._view.derived
        if (meaning, keys) not in known:
            known[meaning, keys] = meaning(*values)
        return known[meaning, keys]

    @property
    def item(self) -> ConfigurationItem:
        """The configuration item itself: for its identity, not for its values (those go unnoticed as evidence)."""
        return self._view.item

    @property
    def type(self) -> str:
        """CloudFormation's name of the type."""
        return self._view.item.type

    @property
    def id(self) -> str:
        """What AWS calls it: a name or an ARN, by type."""
        return self._view.item.id

    @property
    def arn(self) -> str:
        """Its ARN, or nothing where AWS gives none."""
        return self._view.item.arn

    @property
    def account(self) -> str:
        """The account that owns it."""
        return self._view.item.account

    @property
    def region(self) -> str:
        """Where it lives; `global` where AWS has no region."""
        return self._view.item.region

    @property
    def exists(self) -> bool:
        """Whether it was seen at all; a stand-in for what may exist unseen was not."""
        return not isinstance(self._view, Refusal)

    @property
    def captured_at(self) -> datetime:
        """When it was read."""
        return self._view.item.captured_at

    def age(self, moment: Any) -> timedelta | None:
        """How old `moment` was when this resource was read; None where there is no such moment."""
        at = instant(moment)
        return None if at is None else self.captured_at - at

    def related(self, type: str, id: str | None, within: str = "") -> "Resource | None":
        """The resource that `id` refers to, in whichever account it lives; None if there certainly is none.

        Raises InsufficientData where the listing that would show it is missing. `within` names the account where AWS
        demands it to live: elsewhere it does not count.
        """
        if not id:
            return None
        name = reference(type, id, self.item)
        found = self._estate.find(type, name)
        if found is not None and within in {"", found.item.account}:
            self._trace.looked_up.append(found.item)
            return Resource(self._estate, found, self._trace)
        why = self._estate.missing(type, name, by=self.account, within=within)
        if why is not None:
            raise InsufficientData(f"{name} was not found and may exist unread: {told(why)}")
        return None

    def related_all(self, type: str, ids: Iterable[str]) -> "list[Resource]":
        """`related` for each id, without those that certainly do not exist; an unread one refuses when looked at."""
        found = (self._related_or_refusing(type, one) for one in ids)
        return [resource for resource in found if resource is not None]

    def _related_or_refusing(self, type: str, id: str) -> "Resource | None":
        try:
            return self.related(type, id)
        except InsufficientData as why:
            return self.refusing(type, id, why)

    def refusing(self, type: str, name: str, why: InsufficientData) -> "Resource":
        """A stand-in that refuses every question, for what cannot be looked at."""
        return Resource(self._estate, Refusal(type, name, self.account, str(why)), self._trace)

    def all(self, type: str, region: str = "") -> "list[Resource]":
        """All of that type in this resource's account (in one region); an incomplete listing adds one that refuses."""
        views = self._estate.all(type, self.account, region)
        if not views:
            nothing = self._estate.nothing(type, self.account, region)
            self._trace.evidence[id(nothing)] = nothing
        return [Resource(self._estate, view, self._trace) for view in views]

    def estate_all(self, type: str) -> "list[Resource]":
        """All of that type in the organization; an incomplete listing adds one that refuses when looked at."""
        return [Resource(self._estate, view, self._trace) for view in self._estate.estate_all(type)]

    def unnoted(self) -> "Resource":
        """The same resource, leaving no evidence: for questions over many, whose outcome is noted as one."""
        return Resource(self._estate, self._view, Trace())

    def or_unread(self, key: str) -> Any:
        """The value under `key`, or the `Unread` itself: for meanings that can do without one of several parts."""
        try:
            return self[key]
        except InsufficientData as why:
            item = self._view.item
            return item.unread.get(EVERY_PART) or item.unread.get(key) or Unread(str(why), "", "not read")

    def remembered(self, name: str, work: Callable[[], V]) -> V:
        """`work()`, done once for this resource whichever check asks. What it reads must have been read before."""
        known = self._view.derived
        if name not in known:
            known[name] = work()
        return known[name]  # type: ignore[no-any-return]  # the name stands for one kind of work

    @property
    def organization(self) -> tuple[str | None, frozenset[str]]:
        """The organization's id, and the ids of all its accounts."""
        return self._estate.neighbours.organization

    def target(self, name: str) -> Any:
        """The configured target to judge by; part of the evidence."""
        evidence = self._estate.target(name)
        self._trace.evidence[id(evidence)] = evidence
        return evidence.value

    def because(self, sentence: str, *commands: str) -> bool:
        """No, and why: `return trail["X"] or trail.because("X is off")`. The last one said is the finding's reason.

        The resource that says so, where it is not the subject, is the one that the fix changes, in its own account.
        `commands` are words of those commands of the check's fix that mend it ("start-logging"); none stands for all.
        """
        self._trace.because = sentence
        return self.mended_by(*commands)

    def mended_by(self, *commands: str) -> bool:
        """No, and by which commands of the fix it is mended, for a reason that a question shared by checks has given."""
        self._trace.mended_by = commands
        self._trace.told_by = self.item
        return False

    def mended_in(self, **places: Sequence[str]) -> None:
        """Which values a <PLACEHOLDER> of the fix stands for: its commands are given once for each of them."""
        self._trace.places = places

    def mended_with(self, option: str, value: Any) -> None:
        """What an option of the fix's commands is set to, in place of its example: a number, or a whole document as data.

        A command that replaces a whole document must carry over what the document says already.
        """
        self._trace.set_to[option] = value

    def mended_from(self, account: str) -> None:
        """The account in which the fix is run, where that is neither this resource's nor that of the one it changes."""
        self._trace.mended_from = account

    def note(self, key: str, value: Any) -> None:
        """Adds to the evidence what follows from several reads: which buckets are uncovered, which grant is too wide."""
        self._trace.evidence[id(self._view), key] = Evidence(self.type, self.id, self.account, key, value, "derived")


def _unnamed(_type: str, _key: str) -> str:
    return ""


class Estate:
    """One account's items with their gaps, the organization around it, and the targets to judge by."""

    def __init__(
        self,
        snapshot: AccountSnapshot,
        neighbours: Neighbours,
        targets: Mapping[str, Any] | None = None,
        asked_by: Callable[[str, str], str] | None = None,
    ) -> None:
        """`asked_by(type, key)` names the call that reads a key, for the evidence."""
        self.account = snapshot.account
        self.neighbours = neighbours
        self._listing = Listing.of(snapshot)
        self._targets = {**TARGETS, **(targets or {})}
        self._asked_by = asked_by or _unnamed
        self._target_evidence: dict[str, Evidence] = {}
        self._nothing: dict[tuple[str, str, str], Evidence] = {}
        self._observed_at = snapshot.observed_at
        self._views: dict[str, list[View]] = {}
        self._names: dict[tuple[str, str], View] = {}
        items = snapshot.items
        if not any(item.type == ACCOUNT for item in items):
            items = (*items, self._unread_account(snapshot))
        for item in sorted(items, key=lambda one: (one.type, one.region, one.id)):
            self._add(View(item))

    def _add(self, view: View) -> None:
        if view.item.account == self.account.id:
            self._views.setdefault(view.item.type, []).append(view)
        for name in names_of(view.item):
            self._names.setdefault((view.item.type, name), view)

    def _unread_account(self, snapshot: AccountSnapshot) -> ConfigurationItem:
        """The account must be answered for even where its snapshot holds nothing."""
        why = next((gap.why for gap in snapshot.gaps if gap.type == ACCOUNT), None)
        why = why or Unread("the account", "", "not read", snapshot.reason)
        at = snapshot.observed_at or LONG_AGO
        return ConfigurationItem(self.account.id, GLOBAL, ACCOUNT, self.account.id, "", {}, at, {EVERY_PART: why})

    def views(self, type: str) -> Sequence[View]:
        """The account's own items of a type, by region and id."""
        return self._views.get(type, ())

    def asked(self, view: View) -> tuple[Resource, Trace]:
        """An item as one question sees it, and the trace its answer will leave."""
        trace = Trace()
        return Resource(self, view, trace), trace

    def find(self, type: str, name: str) -> View | None:
        """The item of that name in this account or, by look-up, anywhere in the organization.

        A snapshot may carry what its account was shown of another owner's resource; the owner's own reading comes first.
        """
        known = self._names.get((type, name))
        if known is not None and known.item.account == self.account.id:
            return known
        return self.neighbours.view(type, name) or known

    def missing(self, type: str, name: str, *, by: str, within: str = "") -> Unread | None:
        """Why one cannot say that nothing of that type has the name that account `by` uses; None: it does not exist."""
        account, region = home_of(type, name)
        account = account or within
        namer = self._listing_of(by)
        unread = None if namer is None else namer.names_unread(type, account, region)
        if unread is not None:
            return unread
        if account != self.account.id:
            by_alias = self.neighbours.unread_alias(account) if ":alias/" in name else None
            return self.neighbours.unlisted(type, account, region) or by_alias
        by_alias = self._unread_alias() if ":alias/" in name else None
        return self.unlisted(type, region) or by_alias

    def _unread_alias(self) -> Unread | None:
        return next((why for view in self._views.get(KEY, ()) if (why := unread_aliases(view))), None)

    def unlisted(self, type: str, region: str = "") -> Unread | None:
        """Why the account's listing of a type is incomplete (in one region, or in any); None: it is complete."""
        return self._listing.unlisted(type, region)

    def all(self, type: str, account: str, region: str = "") -> list[View]:
        """All of a type in one account (in one region), with a stand-in where its listing is incomplete."""
        own = account == self.account.id
        found = self._views.get(type, []) if own else self.neighbours.views(type, account)
        seen = [view for view in found if region in {"", view.item.region}]
        listing = self._listing_of(account)
        if listing is not None and not listing.enables(region):
            return seen
        why = self.unlisted(type, region) if own else self.neighbours.unlisted(type, account, region)
        return [*seen, self._refusal(type, account, why)] if why else seen

    def nothing(self, type: str, account: str, region: str = "") -> Evidence:
        """A complete listing in which there was nothing, as evidence: by which call, when, and where ("" for everywhere)."""
        key = (type, account, region)
        if key not in self._nothing:
            at = self._observed_at if account == self.account.id else None
            place = region or "every region"
            self._nothing[key] = Evidence(type, place, account, LISTING, [], self.operation(type, LISTING), at)
        return self._nothing[key]

    def _listing_of(self, account: str) -> Listing | None:
        return self._listing if account == self.account.id else self.neighbours.listing(account)

    def estate_all(self, type: str) -> list[View]:
        """All of a type in the organization, with a stand-in where a listing is incomplete."""
        others = [view for view in self.neighbours.views(type) if view.item.account != self.account.id]
        found = [*self._views.get(type, ()), *others]
        why = self.unlisted(type) or self.neighbours.unlisted(type, "", "")
        return [*found, self._refusal(type, "the organization", why)] if why else found

    def _refusal(self, type: str, where: str, why: Unread) -> View:
        return Refusal(type, type, self.account.id, f"{type} in {where} was not listed completely: {told(why)}")

    def target(self, name: str) -> Evidence:
        """A configured target as evidence."""
        if name not in self._target_evidence:
            value = self._targets[name]
            self._target_evidence[name] = Evidence("target", name, self.account.id, name, value, "settings")
        return self._target_evidence[name]

    def operation(self, type: str, key: str) -> str:
        """The call that reads `key`."""
        return self._asked_by(type, key)
