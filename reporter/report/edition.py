"""Editions: a report as one recipient may see it."""

import hashlib
from dataclasses import dataclass
from typing import Literal


class NoSuchEdition(ValueError):
    """An edition that cannot be made of this run: one sentence, with how to find those that can."""


EditionKind = Literal["organization", "ou", "account", "framework", "executive"]


LONGEST = 80  # of a unit's path in a file name, which file systems let have 255 bytes


@dataclass(frozen=True, slots=True)
class Edition:
    """Which report: its kind, and of an OU its path, of an account its id, of a framework its id."""

    kind: EditionKind = "organization"
    of: str = ""

    @property
    def key(self) -> str:
        """How ledgers and file names call it: `organization`, `account-111122223333`, `ou-root-workloads-1f0c...`.

        Where spelling it for a file name loses something, a digest keeps apart what would else have one name. It is cut where it
        is too long for the names of files that begin with it: the path of a unit may have 640 characters and more.
        """
        if not self.of:
            return self.kind
        tail = (
            "".join(c if c.isascii() and (c.isalnum() or c == ".") else "-" for c in self.of.lower())
            .strip("-.")[:LONGEST]
            .rstrip("-.")
        )
        lost = "" if tail == self.of else hashlib.sha256(self.of.encode()).hexdigest()[:8]
        return "-".join(part for part in (self.kind, tail, lost) if part)

    @classmethod
    def parse(cls, text: str) -> "Edition":
        """Read the form settings and commands use: `organization`, `account:111122223333`, `ou:Root/Workloads`."""
        kind, _, of = text.partition(":")
        kinds: dict[str, EditionKind] = {
            "organization": "organization",
            "executive": "executive",
            "ou": "ou",
            "account": "account",
            "framework": "framework",
        }
        if kind not in kinds:
            raise NoSuchEdition(
                f'No edition is called "{text}". Use one of: {", ".join(sorted(kinds))} (as in ou:Root/Prod).'
            )
        if (kind in ("ou", "account", "framework")) != bool(of):
            raise NoSuchEdition(
                f'Edition "{text}": ou, account and framework want a name after a colon, the others none.'
            )
        return cls(kinds[kind], of)
