"""A published edition as a package: its manifest, the list for sha256sum, and a signature where a key is configured."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from reporter import history
from reporter.model import Run
from reporter.report import package
from reporter.report.edition import Edition
from reporter.report.proof import manifests, signature_proofs
from reporter.report.sign import Signer, SignError

Put = Callable[[Path, bytes], Path]


@dataclass(frozen=True, slots=True)
class Packer:
    """What packages are made with: the run's words in the chain, how a file is written, and who signs (None: nobody)."""

    run: Run
    sealing: tuple[object, ...]
    put: Put
    signer: Signer | None
    now: datetime

    def pack(self, edition: Edition, files: tuple[Path, ...]) -> tuple[Path, ...]:
        """Write what makes a package of the files, all in one folder; gives what was written, the manifest first."""
        folder = files[0].parent
        held = {file.name: file.read_bytes() for file in files}
        narrow = edition.kind in ("ou", "account")
        # What a narrowed run was asked for names accounts that a narrow edition must not name.
        sealing = () if narrow and self.run.selection else self.sealing
        manifest = package.manifest(self.run, edition, held, sealing)
        held[package.manifest_name(edition)] = manifest
        written = [self.put(folder / package.manifest_name(edition), manifest)]
        written += self._signed(edition, written[0], held)
        return (*written, self.put(folder / package.sums_name(edition), package.sums(held)))

    def _signed(self, edition: Edition, manifest: Path, held: dict[str, bytes]) -> list[Path]:
        file = manifest.with_name(package.signature_name(edition))
        if not _stands(manifest, file):  # one that holds is kept: signing again would only change its time
            file.unlink(missing_ok=True)
            if self.signer is None:
                return []
            try:
                document = package.signature(held[manifest.name], self.run, edition, self.signer, self.now)
            except SignError:  # a key that is away keeps no report from those who wait; the run tells it of the head
                return []
            self.put(file, document)
        held[file.name] = file.read_bytes()
        return [file]


def packer(engine: history.Engine, run: Run, put: Put, signer: Signer | None, now: datetime) -> Packer:
    """A packer for the editions of one sealed run."""
    return Packer(run, tuple(history.sealing(engine, run)), put, signer, now)


def digest_of(files: tuple[Path, ...], edition: Edition) -> str:
    """The SHA-256 of an edition's manifest among its files: what a mail prints; empty where there is none."""
    name = package.manifest_name(edition)
    return next((sha256(file.read_bytes()).hexdigest() for file in files if file.name == name), "")


def _stands(manifest: Path, file: Path) -> bool:
    if not file.is_file():
        return False
    return all(one.holds for opened in manifests(manifest) for one in signature_proofs(opened))
