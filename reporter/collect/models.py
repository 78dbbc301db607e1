"""The SDK's service models, cut down to the table of reads: a client has no method for anything else.

That is the first of three fences (the others look at each request), and it is cheap: EC2's model alone, wanted for one call,
fills 17 MB, and each client makes a method of every operation.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from botocore.loaders import JSONFileLoader, Loader

from reporter.collect.resources import ALLOWED


def table_loader(search_path: str | None) -> Loader:
    """The SDK's loader over its own models and those on `search_path` (AWS_DATA_PATH), with the service models cut down."""
    paths = [str(Path(os.path.expandvars(path)).expanduser()) for path in (search_path or "").split(os.pathsep) if path]
    return Loader(extra_search_paths=paths, file_loader=_TableFiles())


class _TableFiles(JSONFileLoader):  # type: ignore[misc]
    def load_file(self, file_path: str) -> Any:
        """A file as it is, but for the model of a service: .../s3/2006-03-01/service-2."""
        return _read(file_path)


@cache
def _read(file_path: str) -> Any:
    """Read once for a process: to whoever looks every few minutes the models are most of the work. Nobody alters them."""
    loaded, path = JSONFileLoader().load_file(file_path), PurePath(file_path)
    if loaded is None or not path.name.startswith("service-2") or "operations" not in loaded:
        return loaded
    service = path.parent.parent.name
    return cut_down(loaded, {operation for one, operation in ALLOWED if one == service})


def cut_down(model: Mapping[str, Any], operations: Collection[str]) -> dict[str, Any]:
    """A model with these operations and the shapes they lead to, without documentation."""
    kept = {name: model["operations"][name] for name in operations if name in model["operations"]}
    wanted, waiting = set[str](), [name for operation in kept.values() for name in _named(operation)]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += _named(model["shapes"][name])
    shapes = {name: model["shapes"][name] for name in sorted(wanted)}
    return {**model, "operations": _without_words(kept), "shapes": _without_words(shapes)}


def _named(part: Any) -> Iterator[str]:
    """The shapes that a part of a model names."""
    if isinstance(part, Mapping):
        if isinstance(part.get("shape"), str):
            yield part["shape"]
        for inner in part.values():
            yield from _named(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _named(inner)


def _without_words(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {
            key: _without_words(inner)
            for key, inner in part.items()
            if not (key == "documentation" and isinstance(inner, str))
        }
    return [_without_words(inner) for inner in part] if isinstance(part, list) else part
