"""Who gets what: the recipients of the settings as addresses and editions. Nobody gets more than the edition they are due."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from reporter import history
from reporter.deliver.message import one_line, unusable
from reporter.model import ACCOUNT, EVERY_PART, Account, Run, Unread
from reporter.report.edition import Edition
from reporter.report.words import listing
from reporter.settings.schema import Recipient

NAMED = 5  # accounts that are named where many have nobody
BETWEEN_ADDRESSES = re.compile(r"[\s,;]+")  # a tag may name several people

# The address of an account's alternate contact (SECURITY, OPERATIONS, BILLING); None: AWS has none; Unread: not known.
Contact = Callable[[Account, str], str | Unread | None]
Addressed = tuple[Recipient, str, Edition]


@dataclass(frozen=True, slots=True)
class Misaddressed:
    """A letter that should be written and cannot be: for whom, which edition, and why. It is recorded as failed."""

    recipient: str  # in words, since there is no address: "tag Owner of 111122223333"
    edition: Edition
    why: str


def contacts_unread(account: Account, kind: str) -> Unread:  # noqa: ARG001 - the signature of Contact
    """What is said of alternate contacts where nobody has read them."""
    return Unread("GetAlternateContact", "account:GetAlternateContact", "NotYetRead")


def contacts_in(engine: history.Engine, run: Run) -> Contact:
    """Alternate contacts as the run read them: the parts `SecurityContact`, `OperationsContact`, `BillingContact` of the
    account's own item, each an address or None."""

    def contact(account: Account, kind: str) -> str | Unread | None:
        item, part = history.find(engine, run, ACCOUNT, account.id), f"{kind.title()}Contact"
        if item is None or EVERY_PART in item.unread or part not in {*item.unread, *item.configuration}:
            return contacts_unread(account, kind)
        found: str | Unread | None = item.unread.get(part, item.configuration.get(part))
        return found

    return contact


def addressed(
    recipients: Sequence[Recipient], accounts: Iterable[Account], schedule: str, contact: Contact = contacts_unread
) -> tuple[Addressed, ...]:
    """Who gets which edition of this run: (rule, address, edition), each pair of address and edition once.

    Addresses are compared without regard to case. Where several rules name the same pair, the first rule's time zone is
    used and the formats are those of all of them.
    """
    found: dict[tuple[str, Edition], Addressed] = {}
    for rule, one in _found(recipients, accounts, schedule, contact):
        if isinstance(one, Misaddressed):
            continue
        address, edition = one
        key = (address.lower(), edition)
        first = found.get(key, (rule, address, edition))
        formats = tuple(dict.fromkeys((*first[0].formats, *rule.formats)))
        found[key] = (first[0].model_copy(update={"formats": formats}), first[1], edition)
    return tuple(found.values())


def misaddressed(
    recipients: Sequence[Recipient], accounts: Iterable[Account], schedule: str, contact: Contact = contacts_unread
) -> tuple[Misaddressed, ...]:
    """The letters that `addressed` leaves out because what stands for an address is none, or could not be read."""
    wrong = (one for _, one in _found(recipients, accounts, schedule, contact) if isinstance(one, Misaddressed))
    return tuple(dict.fromkeys(wrong))


def nobody_named(
    recipients: Sequence[Recipient], accounts: Iterable[Account], schedule: str, contact: Contact = contacts_unread
) -> tuple[str, ...]:
    """Of each rule that finds its recipients in the accounts: for how many of them it finds nobody, and which."""
    accounts = list(accounts)
    return tuple(
        said
        for rule in recipients
        if not rule.address and not (rule.schedules and schedule not in rule.schedules)
        for said in _nobody_named(rule, accounts, contact)
    )


def _nobody_named(rule: Recipient, accounts: Sequence[Account], contact: Contact) -> Iterator[str]:
    owned = list(_owned(rule.edition, accounts))
    silent = [account for account in owned if not any(_owner(rule, account, contact))]
    what = f"account_tag {rule.account_tag}" if rule.account_tag else f"alternate_contact {rule.alternate_contact}"
    if not owned:
        yield f"recipients by {what}: no account is meant by the edition {rule.edition}, so nobody gets a report by it"
    elif silent:
        names = listing([one_line(account.name or account.id, 60) for account in silent[:NAMED]])
        more = f" and {len(silent) - NAMED} more" if len(silent) > NAMED else ""
        of = f"{len(silent)} of {len(owned)} accounts"
        yield f"recipients by {what}: {of} name nobody, so nobody gets their reports by it: {names}{more}"


def _found(
    recipients: Sequence[Recipient], accounts: Iterable[Account], schedule: str, contact: Contact
) -> Iterator[tuple[Recipient, tuple[str, Edition] | Misaddressed]]:
    accounts = list(accounts)
    for rule in recipients:
        if rule.schedules and schedule not in rule.schedules:
            continue
        yield from ((rule, one) for one in _expanded(rule, accounts, contact))


def _expanded(
    rule: Recipient, accounts: Sequence[Account], contact: Contact
) -> Iterator[tuple[str, Edition] | Misaddressed]:
    """A rule without a fixed address gives owners the edition of their own account, whatever edition it names otherwise."""
    if rule.account_tag or rule.alternate_contact:
        for account in _owned(rule.edition, accounts):
            yield from _owner(rule, account, contact)
    elif rule.address:
        own = (Edition("account", account.id) for account in accounts)
        for edition in own if rule.edition == "accounts" else (Edition.parse(rule.edition),):
            why = unusable(rule.address)
            yield Misaddressed(one_line(rule.address), edition, why) if why else (rule.address, edition)


def _owned(edition: str, accounts: Sequence[Account]) -> Iterator[Account]:
    """The accounts whose owners a rule means: all, those below an OU (by path or id), or one."""
    kind, _, of = edition.partition(":")
    below = f"{of.rstrip('/')}/"
    for account in accounts:
        inside = f"{account.ou_path}/".startswith(below) or of in account.parent_ids
        if (kind == "ou" and not inside) or (kind == "account" and account.id != of):
            continue
        yield account


def _owner(rule: Recipient, account: Account, contact: Contact) -> Iterator[tuple[str, Edition] | Misaddressed]:
    edition = Edition("account", account.id)
    if rule.account_tag:
        named: str | Unread | None = account.tags.get(rule.account_tag)
        source = f"tag {rule.account_tag} of {account.id}"
    else:
        named = contact(account, rule.alternate_contact)
        source = f"{rule.alternate_contact} contact of {account.id}"
    if isinstance(named, Unread):
        yield Misaddressed(source, edition, f"the address could not be read: {named}")
        return
    for address in filter(None, BETWEEN_ADDRESSES.split(named or "")):
        why = unusable(address)
        yield Misaddressed(source, edition, f'"{one_line(address, 80)}" {why}') if why else (address, edition)
