"""Documents by their SHA-256, compressed. Equal content is stored once, however many resources and weeks share it."""

import hashlib
import json
import zlib
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection

from reporter.documents.canonical import canonical_json
from reporter.history.dictionary import DICTIONARY
from reporter.history.errors import Damaged
from reporter.history.queries import recording

RAW, PRESET = 0, 2
T = TypeVar("T")
KEPT = 4_096  # decoded documents that many accounts share: coverage, calls, tallies


def address(body: bytes) -> bytes:
    """Where a document lies: its SHA-256."""
    return hashlib.sha256(body).digest()


def pack(body: bytes) -> tuple[int, bytes]:
    """The codec that makes it smallest, and the packed bytes."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15, zdict=DICTIONARY)
    packed = packer.compress(body) + packer.flush()
    return (PRESET, packed) if len(packed) < len(body) else (RAW, body)


def unpack(codec: int, data: bytes) -> bytes:
    """The content of a stored document; zlib.error or ValueError where it was damaged."""
    if codec == RAW:
        return data
    if codec != PRESET:
        raise ValueError(f"codec {codec} is unknown to this reporter")
    unpacker = zlib.decompressobj(-15, zdict=DICTIONARY)
    body = unpacker.decompress(data) + unpacker.flush()
    if unpacker.unused_data or not unpacker.eof:
        raise ValueError("there are more or fewer bytes than the content has")
    return body


def put(connection: Connection, bodies: Mapping[bytes, bytes]) -> None:
    """Store what is not stored yet. Sorted, so that two writers with the same documents never wait for each other in a ring."""
    rows = []
    for hash in sorted(bodies):
        codec, data = pack(bodies[hash])
        rows.append({"hash": hash, "codec": codec, "size": len(bodies[hash]), "data": data})
    if rows:
        connection.execute(recording.new_documents(connection.dialect.name), rows)


def put_one(connection: Connection, value: Any) -> bytes:
    """Store one value as canonical JSON; its address."""
    body = canonical_json(value)
    hash = address(body)
    put(connection, {hash: body})
    return hash


def get(connection: Connection, hashes: Collection[bytes]) -> dict[bytes, Any]:
    """The values of documents, parsed."""
    found: dict[bytes, Any] = {}
    for some in recording.chunks(sorted(set(hashes))):
        for hash, codec, data in connection.execute(recording.documents(some)):
            found[hash] = parsed(codec, data, hash)
    for hash in hashes:
        if hash not in found:
            raise _damaged(hash, "is missing")
    return found


def parsed(codec: int | None, data: bytes | None, hash: bytes) -> Any:
    """The value of a stored document. What it says is not checked against its address here: that is `verify`'s work."""
    if codec is None or data is None:
        raise _damaged(hash, "is missing")
    try:
        return json.loads(unpack(codec, data).decode("ascii"))
    except (zlib.error, ValueError):
        raise _damaged(hash, "cannot be read") from None


def _damaged(hash: bytes, how: str) -> Damaged:
    return Damaged(f"Document {hash.hex()} of the history {how}; `reporter verify --history` says what was altered")


def get_bytes(connection: Connection, hash: bytes) -> bytes | None:
    """The content of one document as it was given."""
    row = connection.execute(recording.documents([hash])).first()
    return None if row is None else unpack(row.codec, row.data)


def shared(connection: Connection, hash: bytes) -> Any:
    """The value of a document that many rows share; remembered (an address always names the same content)."""
    value = _remembered(hash)
    if not value:
        value.append(get(connection, [hash])[hash])
    return value[0]


def remember(hash: bytes, value: T) -> T:
    """From now on `shared` answers with this form of the document's value."""
    _remembered(hash)[:] = [value]
    return value


@lru_cache(maxsize=KEPT)
def _remembered(hash: bytes) -> list[Any]:
    del hash
    return []
