"""Every text inside a noun, at any depth: found, or changed. Closed vocabularies (Literal, enumerations) are left alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, Literal, TypeVar, cast, get_origin, get_type_hints

Noun = TypeVar("Noun")
Types = tuple[type, ...]


def texts(value: Any, ours: Types = ()) -> Iterator[str]:
    """The texts of a noun, leaving out nouns of the types in `ours`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for pair in value.items() for inner in pair for text in texts(inner, ours))
    elif isinstance(value, tuple | list | frozenset):
        yield from (text for inner in value for text in texts(inner, ours))
    elif _is_noun(value, ours):
        yield from (text for name in _open_fields(value.__class__) for text in texts(getattr(value, name), ours))


def mapped(value: Noun, change: Callable[[str], str], ours: Types = ()) -> Noun:
    """The same noun with every text in it changed."""
    return cast(Noun, _mapped(value, change, ours))


def _mapped(value: Any, change: Callable[[str], str], ours: Types) -> Any:
    if type(value) is str:
        return change(value)
    if isinstance(value, Mapping):
        return {_mapped(key, change, ours): _mapped(inner, change, ours) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_mapped(inner, change, ours) for inner in value)
    if _is_noun(value, ours):
        new = {name: _mapped(getattr(value, name), change, ours) for name in _open_fields(value.__class__)}
        return replace(value, **new)
    return value


def _is_noun(value: Any, ours: Types) -> bool:
    return is_dataclass(value) and not isinstance(value, (type, *ours))


@cache
def _open_fields(noun: type) -> tuple[str, ...]:
    """Fields that may hold words of AWS: all but those of a closed vocabulary, which templates look up."""
    hints = get_type_hints(noun)
    return tuple(field.name for field in fields(noun) if get_origin(hints[field.name]) is not Literal)
