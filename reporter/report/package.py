"""The package: what an auditor is handed. A manifest names every file of an edition with its SHA-256 and where it stands in the chain.

Beside the manifest lies the same list as `sha256sum -c` reads it, so that nothing of ours is needed to see an altered file.
That the manifest itself is the one that was written is shown by the digest printed in the mail, or by a signature.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from reporter.model import Run
from reporter.report.edition import Edition
from reporter.report.sign import Signer, signed

SCHEMA = "reporter/package/1"
SIGNATURE_SCHEMA = "reporter/package-signature/1"
MANIFEST, SIGNATURE, SUMS = "manifest.json", "manifest.signed.json", "sha256"


def manifest_name(edition: Edition) -> str:
    """The manifest's name in the report's folder."""
    return f"{edition.key}-{MANIFEST}"


def signature_name(edition: Edition) -> str:
    """The name of the manifest's signature, where one was made."""
    return f"{edition.key}-{SIGNATURE}"


def sums_name(edition: Edition) -> str:
    """The name of the list that `sha256sum -c` reads."""
    return f"{edition.key}.{SUMS}"


def manifest(run: Run, edition: Edition, files: Mapping[str, bytes], sealing: Sequence[Any] = ()) -> bytes:
    """The manifest as JSON text: the run, its root and head, and each file of the package with size and SHA-256.

    `sealing` are the words that the head is the digest of (the first is the head before, `history.sealing` tells them):
    with them anybody can recompute the head.
    """
    said = {
        "schema": SCHEMA,
        "organization": run.organization,
        "edition": edition.key,
        "run": run.id,
        "seq": run.seq,
        "as_of": run.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "root": run.root,
        "chain": run.chain,
        "chain_is_sha256_of": list(sealing),
        "tool_version": run.tool_version,
        "files": [
            {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(files.items())
        ],
        "verify": [
            f"sha256sum -c {sums_name(edition)}",
            "reporter verify --package .",
        ],
    }
    return json.dumps(said, indent=1, sort_keys=True).encode() + b"\n"


def sums(files: Mapping[str, bytes]) -> bytes:
    """Digests and names, a line each, as sha256sum writes and checks them."""
    return sum_lines({name: hashlib.sha256(data).hexdigest() for name, data in files.items()})


def sum_lines(digests: Mapping[str, str]) -> bytes:
    """The same list from digests that are known already."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()


def signature(manifest_bytes: bytes, run: Run, edition: Edition, signer: Signer, now: datetime) -> bytes:
    """The document that vouches for a manifest, and with it for every file of the package."""
    statement = {
        "schema": SIGNATURE_SCHEMA, "organization": run.organization, "edition": edition.key, "run": run.id,
        "chain": run.chain, "manifest_sha256": hashlib.sha256(manifest_bytes).hexdigest(),
        "signed_at": now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }  # fmt: skip
    return signed(statement, signer)


def names(files: Iterable[Mapping[str, Any]]) -> list[str]:
    """The files a manifest lists; ValueError where one could lie outside the manifest's own folder."""
    found = [str(one["name"]) for one in files]
    for name in found:
        if not name or "/" in name or "\\" in name or name in {".", ".."} or "\0" in name:
            raise ValueError(f"it lists the file {name!r}, which is no plain file name")
        if found.count(name) > 1:
            raise ValueError(f"it lists the file {name!r} twice")
    return found
