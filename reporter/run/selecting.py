"""A narrowed run: which accounts were asked for, whether there are such, and what is said of the others.

What was asked for is kept with the run as words: account ids, and units by id, path or glob of the path. No words mean the
whole organization.
"""

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from reporter.collect.organization import Organization, within
from reporter.model import Account
from reporter.report.edition import Edition
from reporter.run.wiring import Judgement, WiringError

NOT_SELECTED = "Not selected by "  # how the reason of each account begins that is left out
_ID_DIGITS = 12
_NAMED = 3  # near names in a message


class NotThere(WiringError):
    """An account, unit or edition was asked for that the organization does not have; said before anything is read."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The accounts a run reads, and those it leaves as they were."""

    read: frozenset[str]
    left: tuple[Account, ...]
    why: str  # of each that is left


def chosen(organization: Organization, selection: Sequence[str]) -> Chosen:
    """Who is read when `selection` was asked for; everybody if nothing was."""
    if not selection:
        return Chosen(frozenset(account.id for account in organization.accounts), (), "")
    ids, units = split(selection)
    read = {one.id for one in organization.accounts if one.id in ids or any(within(one, unit) for unit in units)}
    left = tuple(account for account in organization.accounts if account.id not in read)
    return Chosen(frozenset(read), left, f"{NOT_SELECTED}{spelled(selection)}; as the last whole run left it.")


def split(selection: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The account ids and the units of a selection."""
    words = tuple(selection)
    ids = frozenset(word for word in words if _is_id(word))
    return ids, tuple(word for word in words if word not in ids)


def spelled(selection: Iterable[str]) -> str:
    """A selection as it is typed."""
    return " ".join(f"{'--accounts' if _is_id(word) else '--ou'} {word}" for word in selection)


def check_accounts(organization: Organization, accounts: Iterable[str]) -> None:
    """Refuse accounts that the organization does not have. Where not all could be listed, none is refused."""
    known = {account.id: account for account in organization.accounts}
    for id in accounts if organization.complete else ():
        if id not in known:
            raise NotThere(f"--accounts {id}: the organization has no such account{_account_near(id, known.values())}")


def check_units(organization: Organization, units: Iterable[str], named_by: str = "--ou") -> None:
    """Refuse units without an account. Where the tree could not be walked, none is refused."""
    for unit in units if organization.placing is None and organization.complete else ():
        if not any(within(account, unit) for account in organization.accounts):
            near = _unit_near(unit, organization.accounts)
            raise NotThere(f"{named_by} {unit}: no account is below such a unit{near}")


def check_editions(organization: Organization, judgement: Judgement, editions: Iterable[Edition]) -> None:
    """Refuse editions that would hold nothing, before anything is read."""
    for edition in editions:
        if why := empty(edition, organization.accounts, judgement, sure=organization.complete):
            raise NotThere(f"--edition {why}")


def empty(edition: Edition, accounts: Collection[Account], judgement: Judgement, *, sure: bool = True) -> str:
    """Why an edition holds nothing; an empty text if it holds something, or if `sure` is not given."""
    if edition.kind == "framework":
        known = [one.id for one in judgement.selected]
        return "" if edition.of in known else f"framework:{edition.of}: not reported on{_near(edition.of, known)}"
    if not sure or edition.kind not in ("account", "ou"):
        return ""
    if edition.kind == "account":
        there = any(account.id == edition.of for account in accounts)
        return "" if there else f"account:{edition.of}: no such account{_account_near(edition.of, accounts)}"
    below = any(f"{account.ou_path}/".startswith(f"{edition.of.rstrip('/')}/") for account in accounts)
    there = below or any(edition.of in account.parent_ids for account in accounts)
    return "" if there else f"ou:{edition.of}: no account is below such a unit{_unit_near(edition.of, accounts)}"


def parsed(editions: Iterable[str]) -> tuple[Edition, ...]:
    """Editions as they are typed; WiringError for what is none."""
    try:
        return tuple(Edition.parse(text) for text in editions)
    except ValueError as error:
        raise WiringError(f"--edition: {error}") from None


def _is_id(word: str) -> bool:
    return len(word) == _ID_DIGITS and word.isascii() and word.isdigit()


def _account_near(word: str, accounts: Iterable[Account]) -> str:
    """The nearest accounts, by name where a name was typed, else by id."""
    names = {(account.id if word.isdigit() else account.name): account for account in accounts}
    folded = {name.casefold(): f"{one.id} ({one.name})" for name, one in names.items() if name}
    return _near(word.casefold(), folded, folded)


def _unit_near(word: str, accounts: Iterable[Account]) -> str:
    paths: dict[str, str] = {}
    for account in accounts:
        steps = account.ou_path.split("/") if account.ou_path else []
        paths |= {path.casefold(): path for path in ("/".join(steps[: n + 1]) for n in range(len(steps)))}
        paths |= {path.rpartition("/")[2]: whole for path, whole in tuple(paths.items())}
        paths |= {id: id for id in account.parent_ids}
    return _near(word.strip("/").casefold(), paths, paths)


def _near(word: str, known: Iterable[str], shown: dict[str, str] | None = None) -> str:
    """The nearest known names as the end of a sentence, or what is known if none is near and it is little."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=_NAMED, cutoff=0.5) or (known if len(known) <= _NAMED else [])
    named = list(dict.fromkeys((shown or {}).get(one, one) for one in near))
    return f"; did you mean {' or '.join(named)}?" if named else "; `reporter coverage` lists what there is"
