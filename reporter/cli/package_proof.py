"""`reporter verify --package`: what an auditor runs on the files alone, without settings, history or network."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from reporter.cli.console import USAGE, emit, line, plain, told

if TYPE_CHECKING:
    from reporter.report.proof import Opened, Proof

MARKS = {True: "ok     ", False: "FAILED ", None: "       "}
STYLES = {True: "", False: "bold red", None: "dim"}


def prove_packages(
    places: Sequence[Path], heads: Sequence[str], digest: str, public_key: str, *, as_json: bool
) -> None:
    """Print everything that can be told of the packages in the places; exit code 1 if anything does not hold."""
    from reporter.report.proof import NoPackage, manifests, proofs, unlisted

    found: list[tuple[Opened | None, Proof]] = []
    for place in places:
        with told(NoPackage, code=USAGE):
            opened = manifests(place)
        for one in opened:
            found += [(one, proof) for proof in proofs(one, heads=heads, digest=digest, public_key=public_key)]
        found += [(None, proof) for proof in unlisted(opened)]
    failed = [proof for _, proof in found if proof.holds is False]
    if as_json:
        proofs_said = [{"package": one.edition if one else "", **asdict(proof)} for one, proof in found]
        emit({"schema": "reporter/verify-package/1", "holds": not failed, "proofs": proofs_said})
    else:
        _print(found, len(failed), witnessed=bool(digest or public_key))
    if failed:
        raise typer.Exit(1)


def _print(found: "Sequence[tuple[Opened | None, Proof]]", failed: int, *, witnessed: bool) -> None:
    from reporter.report.proof import UNPROVEN

    last = None
    for one, proof in found:
        if one is not None and one is not last:
            said = one.said
            line(
                plain(f"{said.get('organization')}, {one.edition}, as of {said.get('as_of')}, run {said['run']}"),
                "bold",
            )
            last = one
        line(plain(f"  {MARKS[proof.holds]}{proof.about}: {proof.said}"), STYLES[proof.holds])
    if failed:
        line(f"{failed} of {sum(proof.holds is not None for _, proof in found)} proofs FAILED", "bold red")
        return
    if any(UNPROVEN in proof.said for _, proof in found):
        line("Its files are those it lists; what is NOT PROVEN above, they cannot show", "yellow")
    else:
        line("The package is whole: its files are those it lists, and its data agree with each other", "green")
    if not witnessed:
        line(
            "That the manifest is the one that was written, a witness shows: --digest (from the mail) or --public-key",
            "dim",
        )
