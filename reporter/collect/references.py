"""Keys, log groups, alarms and topics that resources name: found by their names, read once, in whichever account they live.

A reference from one account into another is read with a session of the owner, and handed over with the account that names
it first; the owner's own snapshot holds it again if it comes later. So nothing has to wait for the last account.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from reporter.collect.answers import evaluate
from reporter.collect.door import Door
from reporter.collect.failures import ReadFailed, clean
from reporter.collect.organization import Organization
from reporter.collect.reader import Asker, list_rows, read_item
from reporter.collect.rows import ResourceType
from reporter.model import ConfigurationItem, Gap, Unread

_KEY = "AWS::KMS::Key"


@dataclass(frozen=True, slots=True)
class Reference:
    """A name, and the account and region in which what it names would live."""

    type: str
    account: str
    region: str
    name: str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What looking up a name gave: nothing at all means that it certainly is not there."""

    items: tuple[ConfigurationItem, ...] = ()
    gap: Gap | None = None


class Register:
    """What was looked up in this process: one reads, the others wait for it or have it already."""

    def __init__(self) -> None:
        self._looked: dict[Reference, Future[Looked]] = {}
        self._lock = threading.Lock()

    def look(self, reference: Reference, read: Callable[[], Looked], *, by_owner: bool) -> tuple[Looked, bool]:
        """What the reference gave, and whether the asking account is to hand it over.

        What an owner hands over with its own snapshot is not kept here, only that it was: memory stays flat.
        """
        with self._lock:
            found = self._looked.get(reference)
            if found is None:
                self._looked[reference] = mine = Future[Looked]()
        if found is not None:
            return found.result(), by_owner
        try:
            looked = read()
            mine.set_result(Looked(gap=looked.gap) if by_owner else looked)
        finally:
            if not mine.done():  # an error of ours: the others must not wait for ever
                mine.cancel()
        return looked, True


def names_in(kind: ResourceType, items: Iterable[ConfigurationItem]) -> Iterator[Reference]:
    """What these items name of a type; each name once, in the order of the items."""
    seen: set[Reference] = set()
    for item in items:
        paths = (named.path for named in kind.named_by if named.by == item.type)
        for name in (name for path in paths for name in _listed(evaluate(path, item.configuration))):
            reference = resolve(kind, name, item)
            if reference and reference not in seen:
                seen.add(reference)
                yield reference


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def resolve(kind: ResourceType, name: Any, by: ConfigurationItem) -> Reference | None:
    """Where what `name` means would live when the item `by` says it; None if it names nothing of that type."""
    if isinstance(name, list) and all(isinstance(one, str) for one in name):
        return Reference(kind.name, by.account, by.region, tuple(name))
    if not isinstance(name, str) or not name:
        return None
    if kind.name == _KEY and not name.startswith("arn:"):
        path = name if name.startswith("alias/") else f"key/{name}"
        partition = by.arn.split(":", 2)[1] if by.arn.startswith("arn:") else "aws"
        name = f"arn:{partition}:kms:{by.region}:{by.account}:{path}"
    parts = name.removesuffix(":*").split(":", 5)
    if len(parts) < 6 or parts[2] != kind.service or not parts[3] or not parts[4]:
        return None
    return Reference(kind.name, parts[4], parts[3], ":".join(parts))


@dataclass(frozen=True, slots=True)
class Lookup:
    """Looks up what one account's resources name: as the account itself, or as the role in the account that owns it."""

    door: Door
    organization: Organization
    register: Register
    asker: Asker
    owners: dict[str, Asker] = field(default_factory=dict)

    def __call__(self, kind: ResourceType, reference: Reference) -> Looked:
        """What the account hands over for a reference: nothing, if another account has done so or nobody can."""
        own = reference.account == self.asker.account
        if not own and all(account.id != reference.account for account in self.organization.accounts):
            return Looked()  # of a stranger: that is for the checks to judge
        looked, ours = self.register.look(reference, lambda: self._read(kind, reference), by_owner=own)
        return looked if ours else Looked(gap=looked.gap)

    def _read(self, kind: ResourceType, reference: Reference) -> Looked:
        try:
            asker = self._owner(reference.account)
            name = list(reference.name) if isinstance(reference.name, tuple) else reference.name
            tail = reference.name.split(":", 6)[-1] if isinstance(reference.name, str) else ""
            asker = asker.knowing(_name=name, _tail=tail)
            listing = list_rows(asker, kind, reference.region, reference.region)
            items = tuple(read_item(asker, kind, row, reference.region, reference.region) for row in listing.rows)
        except ReadFailed as error:
            return Looked(gap=gap_for(reference, replace(error.why, at=self.asker.clock())))
        return Looked(items, gap_for(reference, listing.gap.why) if listing.gap else None)

    def _owner(self, account: str) -> Asker:
        """Who reads in the owner's account; its calls count for the account whose resource names it."""
        if account not in self.owners:
            excluded = self.organization.excluded.get(account)
            if excluded is not None:
                raise ReadFailed(Unread("", "", "Excluded", excluded))
            session = self.asker.identity
            if account != self.asker.account:
                session = self.door.sessions.of(account, self.asker.tally, management=self.organization.management)
            self.owners[account] = replace(self.asker, account=account, identity=session, arn=session.arn, memo={})
        return self.owners[account]


def gap_for(reference: Reference, why: Unread) -> Gap:
    """What is missing when a name could not be looked up; the name is in the message."""
    name = reference.name if isinstance(reference.name, str) else "/".join(reference.name)
    return Gap(
        reference.account, reference.region, reference.type, replace(why, message=clean(f"{name}: {why.message}", 600))
    )
