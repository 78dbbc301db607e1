"""Keep an edition to its scope: names of accounts outside it, and of what they own, are blanked out.

The queries are scoped already. What is left are mentions inside values of AWS: a trail names a bucket of the log archive, a
policy grants to a sister account, somebody arrived through a role of another account.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from reporter.model import Control
from reporter.report.edition import Edition
from reporter.report.facts import Facts
from reporter.report.method import Method
from reporter.report.overview import Cover, Verdict
from reporter.report.source import CheckText, Scope, Source
from reporter.report.texts import mapped, texts

Noun = TypeVar("Noun")

BLANK = "‹outside this edition›"
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # an account id, a bucket, a name without spaces
_BUCKET = re.compile(r"(?=.*[a-z])[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # what S3 allows; worth asking the history for
_ACCOUNT_ID = re.compile(r"(?<!\d)\d{12}(?!\d)")  # also in the middle of a name: logs-111122223333-eu
_OURS = (
    CheckText,
    Control,
    Cover,
    Edition,
    Method,
    Scope,
    Verdict,
)  # our own words: an account called "audit" blanks none


def is_narrow(scope: Scope) -> bool:
    """Whether there are accounts outside the scope."""
    return scope.accounts is not None or bool(scope.ou)


def masked(source: Source, facts: Facts, content: Noun) -> Noun:
    """Blank every name from outside the scope; whole-organization editions are returned as they are."""
    if not is_narrow(facts.scope):
        return content
    outside = found_outside(source, facts.scope, texts(content, _OURS))
    return mapped(content, blanking(outside), _OURS) if outside else content


def found_outside(source: Source, scope: Scope, written: Iterable[str]) -> frozenset[str]:
    """The names of accounts out of scope, and of what they own, that occur in any of the texts."""
    inside = {name for row in source.accounts(scope) for name in (row.account.id, row.account.name)}
    others = [a for row in source.accounts(Scope()) if (a := row.account).id not in inside]
    ids = {account.id for account in others}
    names = {account.name for account in others if _WORD.fullmatch(account.name)}
    phrases = _by_first_word(account.name for account in others if account.name and not _WORD.fullmatch(account.name))
    words: set[str] = set()
    found: set[str] = set()
    for text in written:
        found.update(ids.intersection(_ACCOUNT_ID.findall(text)))
        new = {part for word in _WORD.findall(text) for part in _parts(word)}
        words |= new
        near = [name for word in (*new, "") for name in phrases.get(word, ())]
        found.update(name for name in near if name in text)
    found |= words & names
    found |= source.owned_outside(scope, frozenset(word for word in words - inside - found if _BUCKET.fullmatch(word)))
    return frozenset(found - inside)


def blanking(names: frozenset[str]) -> Callable[[str], str]:
    """What replaces the names in a text, wherever they stand as whole words, and account ids even inside words."""
    phrases = sorted((n for n in names if not _WORD.fullmatch(n)), key=lambda name: (-len(name), name))
    long = re.compile("|".join(map(re.escape, phrases))) if phrases else None

    def word(match: re.Match[str]) -> str:
        whole = match[0]
        for part in _parts(whole):
            if part in names:
                whole = whole.replace(part, BLANK)
        return _ACCOUNT_ID.sub(lambda m: BLANK if m[0] in names else m[0], whole)

    return lambda text: _WORD.sub(word, long.sub(BLANK, text) if long else text)


def _by_first_word(names: Iterable[str]) -> dict[str, list[str]]:
    """Names of several words by their first, so that a text is searched only for those it may hold."""
    index: dict[str, list[str]] = defaultdict(list)
    for name in names:
        first = _WORD.match(name)
        index[first[0] if first else ""].append(name)
    return index


def _parts(word: str) -> Iterator[str]:
    """A word and what dots divide it into: bucket.s3.amazonaws.com, a name at the end of a sentence."""
    yield word
    if "." not in word:
        return
    pieces = word.split(".")
    for length in range(len(pieces) - 1, 0, -1):
        for start in range(len(pieces) - length + 1):
            yield ".".join(pieces[start : start + length])
