"""Proving a package offline: that its files are those its manifest lists, agree with each other, and bear the head they name.

Nothing of the installation that wrote it is needed: no settings, no history, no network.
"""

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reporter.documents.canonical import canonical_json
from reporter.report import package
from reporter.report.ocsf import COMPLIANCE
from reporter.report.sign import SignError, verified

TABLES = ("findings", "ended", "changes", "coverage", "checks", "controls", "inventory")
EVENTS = ("findings", "ended")  # tables that are told as OCSF events too
PACKED: Mapping[str, Callable[[bytes], bytes]] = {"csv": bytes, "csv.gz": gzip.decompress}
_OWN = (f"-{package.MANIFEST}", f"-{package.SIGNATURE}", f".{package.SUMS}")
_LETTER = ".mail.json"
_BOUND = {"edition", "organization", "run", "seq", "as_of", "root", "chain", "chain_is_sha256_of", "tool_version"}
_IN_OCSF = {status.value: said for status, (_, said) in COMPLIANCE.items()} | {"not_applicable": "Not applicable"}
_BROKEN = (ValueError, KeyError, TypeError, AttributeError, EOFError, OSError, csv.Error, zlib.error)
UNPROVEN = "NOT PROVEN"


class NoPackage(ValueError):
    """A place that holds no package; one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was looked at: whether it holds (None: it is only told), about which file, in one sentence."""

    holds: bool | None
    about: str
    said: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A manifest as it was read, and where its files are."""

    folder: Path
    name: str
    data: bytes
    said: Mapping[str, Any]

    @property
    def edition(self) -> str:
        """The edition's key: what its files' names begin with."""
        return str(self.said["edition"])

    def read(self, name: str) -> bytes | None:
        """A file of the package, or None where it is not there."""
        file = self.folder / name
        return file.read_bytes() if file.is_file() else None


def manifests(place: Path) -> list[Opened]:
    """The manifests in a folder, or the one that is named; NoPackage where there is none or it cannot be read."""
    found = sorted(place.glob(f"*-{package.MANIFEST}")) if place.is_dir() else [place]
    if not found:
        raise NoPackage(
            f"{place}: holds no manifest of a package (*-{package.MANIFEST}); give the folder of one report"
        )
    return [_opened(file) for file in found]


def _opened(file: Path) -> Opened:
    try:
        data = file.read_bytes()
        said = json.loads(data)
        schema = said["schema"]
        names = package.names(said["files"])
        whole = said.keys() >= _BOUND and all({"sha256", "bytes"} <= one.keys() for one in said["files"])
    except OSError as error:
        raise NoPackage(f"{file}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError) as error:
        why = f": {error}" if isinstance(error, ValueError) and "lists the file" in str(error) else ""
        raise NoPackage(f"{file}: is no manifest of a package{why}") from None
    if schema != package.SCHEMA or not whole or not names:
        raise NoPackage(f"{file}: has the form {schema!r}, which this version does not know")
    return Opened(file.parent, file.name, data, said)


def proofs(opened: Opened, *, heads: Sequence[str] = (), digest: str = "", public_key: str = "") -> Iterator[Proof]:
    """Everything that can be told of one edition's package. `heads` and `digest` are what a mail or another witness printed."""
    sound = True
    for one in _files(opened):
        sound = sound and one.holds is not False
        yield one
    if sound:
        yield from _agreeing(opened)
    yield from _chain(opened, heads)
    yield from signature_proofs(opened, public_key)
    yield from _sums(opened)
    own = hashlib.sha256(opened.data).hexdigest()
    if digest:
        same = own.startswith(digest)
        yield Proof(same, opened.name, f"its SHA-256 is {own}" + ("" if same else f", NOT {digest}"))
    else:
        yield Proof(None, opened.name, f"its SHA-256 is {own}; the mail that brought this report prints it too")


def unlisted(opened: list[Opened]) -> Iterator[Proof]:
    """Files beside the manifests that none of them lists."""
    listed = {name for one in opened for name in package.names(one.said["files"])}
    for file in sorted(opened[0].folder.iterdir()):
        if (
            file.is_file()
            and file.name not in listed
            and not file.name.startswith(".")
            and not file.name.endswith(_OWN)
        ):
            letter = file.name.endswith(_LETTER)  # what the run has to say in its mail
            why = "is no part of the package" if letter else "stands in no manifest"
            yield Proof(None, file.name, f"{why}: nothing is said about it")


def _files(opened: Opened) -> Iterator[Proof]:
    listed = opened.said["files"]
    held = 0
    for one in listed:
        data = opened.read(one["name"])
        if data is None:
            yield Proof(False, one["name"], "IS MISSING: the manifest lists it")
        elif hashlib.sha256(data).hexdigest() != one["sha256"] or len(data) != one["bytes"]:
            yield Proof(False, one["name"], "WAS ALTERED: its SHA-256 or its size is not the manifest's")
        else:
            held += 1
    yield Proof(held == len(listed), opened.name, f"{held} of {len(listed)} files are those it lists")


def _chain(opened: Opened, heads: Sequence[str]) -> Iterator[Proof]:
    """The head is the digest of its words, and these hold what the manifest says of the run."""
    chain, words = str(opened.said["chain"]), opened.said["chain_is_sha256_of"]
    if words:
        holds = hashlib.sha256(canonical_json(words)).hexdigest() == chain
        said = f"the chain's head {chain[:16]} follows from the run's root and the head before"
        yield Proof(
            holds, opened.name, said if holds else f"THE CHAIN'S HEAD {chain[:16]} DOES NOT FOLLOW from its words"
        )
        for what, value in _stated(opened) if holds else ():
            if value not in words:
                yield Proof(False, opened.name, f"its {what} IS NOT what the chain's head was made of")
    else:
        why = "the words it is made of are kept back, as for an edition of a narrowed run; its keeper can tell by --history"
        yield Proof(None, opened.name, f"{UNPROVEN}: that the chain's head {chain[:16]} is the run's: {why}")
    for head in heads:
        same = bool(chain) and chain.startswith(head)
        unproven = "" if words else f"; {UNPROVEN} that this package is what it stands for"
        yield Proof(
            (True if words else None) if same else False,
            opened.name, f"its chain head is {chain}" + (unproven if same else f", NOT {head}"),
        )  # fmt: skip


def _stated(opened: Opened) -> Iterator[tuple[str, Any]]:
    """What the manifest says of the run, as the words of the head spell it: instants in microseconds."""
    for key in ("root", "run", "organization", "seq", "tool_version"):
        yield key, opened.said[key]
    try:
        at = datetime.fromisoformat(str(opened.said["as_of"])) - datetime.fromtimestamp(0, UTC)
    except (ValueError, TypeError):
        yield "as_of", None
    else:
        yield "as_of", at // timedelta(microseconds=1)


def signature_proofs(opened: Opened, public_key: str = "") -> Iterator[Proof]:
    """Whether the manifest is the one that was signed; nothing where neither a signature nor a key is there."""
    name = f"{opened.edition}-{package.SIGNATURE}"
    data = opened.read(name)
    if data is None:
        if public_key:
            yield Proof(False, name, "IS MISSING: there is no signature to hold the key against")
        return
    try:
        stated = verified(data, package.SIGNATURE_SCHEMA, "signature of a package", public_key)
    except SignError as error:
        yield Proof(False, name, str(error))
        return
    same = stated.get("manifest_sha256") == hashlib.sha256(opened.data).hexdigest()
    trusted = "by the given key" if public_key else "by the key it names (whose it is: compare it with --public-key)"
    said = f"signed {trusted} at {stated.get('signed_at')}"
    yield Proof(same, name, said if same else "IS THE SIGNATURE OF ANOTHER MANIFEST")


def _sums(opened: Opened) -> Iterator[Proof]:
    """The list for sha256sum names the manifest's files with the manifest's digests, and the manifest with its own."""
    name = f"{opened.edition}.{package.SUMS}"
    data = opened.read(name)
    if data is None:
        yield Proof(None, name, "is not here: `sha256sum -c` has nothing to go by")
        return
    digests = {one["name"]: one["sha256"] for one in opened.said["files"]}
    digests[opened.name] = hashlib.sha256(opened.data).hexdigest()
    signature = f"{opened.edition}-{package.SIGNATURE}"
    if (signed := opened.read(signature)) is not None:
        digests[signature] = hashlib.sha256(signed).hexdigest()
    lines, wanted = data.splitlines(keepends=True), package.sum_lines(digests).splitlines(keepends=True)
    wrong = [line for line in wanted if line not in lines] or [line for line in lines if line not in wanted]
    if lines != wanted:
        about = f": see {wrong[0].partition(b'  ')[2].decode('utf-8', 'replace').strip()}" if wrong else ""
        yield Proof(False, name, f"WAS ALTERED: its lines are not the manifest's{about}")
    else:
        yield Proof(True, name, f"its {len(lines)} lines are the manifest's digests and the manifest's own")


def _agreeing(opened: Opened) -> Iterator[Proof]:
    """The PDF's attachments are the folder's files, the events are the tables', the report's figures follow from its tables."""
    names = package.names(opened.said["files"])
    pages = (f"{opened.edition}.pdf", f"{opened.edition}.html")
    for name in pages:
        if name not in names:
            yield Proof(None, opened.name, f"{UNPROVEN}: that nothing was taken out of it; it lists no {name}")
    for name in (one for one in names if one.endswith(".pdf")):
        yield from _attachments(opened, name, names)
    for name in (one for one in pages if one in names):
        yield Proof(None, name, "its words are for reading: they are not held against the data, only its digest is")
    for table in EVENTS:
        yield from _events(opened, table)
    name = f"{opened.edition}-report.json"
    report = opened.read(name) if name in names else None
    if report is None:
        yield Proof(None, opened.name, f"{UNPROVEN}: any figure; the manifest lists no {name}")
        return
    try:
        told = [*_figures(opened, json.loads(report))]
    except _BROKEN as error:
        told = [Proof(False, name, f"IT OR ITS TABLES ARE NOT as this version writes them: {error!r:.200}")]
    yield from told


def _attachments(opened: Opened, pdf: str, names: list[str]) -> Iterator[Proof]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        attached = {name: data[0] for name, data in PdfReader(opened.folder / pdf).attachments.items()}
    except (PyPdfError, ValueError, KeyError) as error:
        yield Proof(False, pdf, f"CANNOT BE READ as a PDF: {error}")
        return
    mine = {name: opened.read(file) for name in attached if (file := f"{opened.edition}-{name}") in names}
    other = [name for name, data in attached.items() if mine.get(name) != data]
    kept = [f"{name}.csv" for name in TABLES] + ["report.json"]
    lost = [name for name in kept if f"{opened.edition}-{name}" in names and name not in attached]
    for name in sorted(other):
        yield Proof(False, pdf, f"its attachment {name} IS NOT the file of the package")
    for name in lost:
        yield Proof(False, pdf, f"{name} IS NOT ATTACHED to it, though the package holds it")
    if not (other or lost):
        yield Proof(True, pdf, f"its {len(attached)} attachments are the package's files")


def _events(opened: Opened, table: str) -> Iterator[Proof]:
    """A table's rows are told as events, each once: by check, account, region and what became of it."""
    name = f"{opened.edition}-{table}.ocsf.jsonl"
    data = opened.read(name) if name in package.names(opened.said["files"]) else None
    if data is None:
        yield Proof(None, opened.name, f"{UNPROVEN}: that nothing was taken out of it; it lists no {name}")
        return
    if not any(_files_of(opened, table)):
        return  # the table's absence is told with the figures
    try:
        told = Counter(map(_told, data.splitlines()))
    except _BROKEN as error:
        yield Proof(False, name, f"IS NOT as this version writes it: {error!r:.200}")
        return
    column, said = ("status", _IN_OCSF) if table == "findings" else ("became", {})
    rows = Counter(
        (row["check"], row["account"], row["region"], said.get(row[column], row[column]))
        for row in _rows(opened, table)
        if row[column] != "lost_sight"  # is among the findings, without an answer
    )
    for one, number in sorted(((told - rows) + (rows - told)).items()):
        more = "MORE than" if told[one] > rows[one] else "FEWER than"
        yield Proof(False, name, f"has {number} {more} {table}.csv of {' '.join(filter(None, one))}")
    if told == rows:
        yield Proof(True, name, f"its {told.total()} events are the rows of {table}.csv")


def _told(line: bytes) -> tuple[str, str, str, str]:
    event = json.loads(line)
    where, held = event["cloud"], event["compliance"]
    became = event["unmapped"].get("became") or held["status"]
    return held["checks"][0]["uid"], where["account"]["uid"], where.get("region", ""), became


def _figures(opened: Opened, report: Mapping[str, Any]) -> Iterator[Proof]:
    name = f"{opened.edition}-report.json"
    cover = report["cover"]
    same = (cover["run"], cover["root"], cover["chain"]) == tuple(opened.said[key] for key in ("run", "root", "chain"))
    yield Proof(same, name, "is of the run the manifest names" if same else "IS OF ANOTHER RUN than the manifest")
    missing = [table for table in TABLES if not any(_files_of(opened, table))]
    if missing:
        yield Proof(None, name, f"{UNPROVEN}: its figures; the package has no table of {', '.join(missing)}")
        return
    wrong = 0
    for figure, stated, counted in _recomputed(opened, report):
        if stated != counted:
            wrong += 1
            yield Proof(False, name, f"says {figure} {stated}, THE TABLES SAY {counted}")
    if not wrong:
        yield Proof(
            True,
            name,
            "these figures follow from its tables: findings by severity and movement, changes, accounts, resources, controls",
        )


def _recomputed(opened: Opened, report: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    counts, drift, covered = report["posture"]["counts"], report["drift"], report["coverage"]
    findings = Counter((row["status"], bool(row["waiver"])) for row in _rows(opened, "findings"))
    failed = findings["fail", False] + findings["fail", True]
    yield "findings failed", counts["failed"], failed
    yield "findings waived", counts["waived"], findings["fail", True]
    unanswered = findings["insufficient_data", False] + findings["insufficient_data", True]
    yield "findings without data", counts["insufficient"], unanswered
    severities = Counter((row["severity"], row["status"]) for row in _rows(opened, "findings"))
    for one in report["posture"]["severities"]:
        for figure, status in (("failed", "fail"), ("insufficient", "insufficient_data")):
            yield f"{one['severity']} findings {figure}", one["counts"][figure], severities[one["severity"], status]
    yield from _moved(opened, report["posture"])
    directions = Counter({row["id"]: row["direction"] for row in _rows(opened, "changes")}.values())
    yield "changes", drift["total"], directions.total()
    yield "changes worsened", drift["worsened"], directions["worsened"]
    yield "changes improved", drift["improved"], directions["improved"]
    accounts = list(_rows(opened, "coverage"))
    statuses = Counter(row["status"] for row in accounts)
    yield "accounts", covered["total"], len(accounts)
    yield "accounts read", covered["read"], statuses["read"]
    yield "accounts unreachable", covered["unreachable"], statuses["unreachable"]
    yield "resources known", covered["resources_known"], sum(1 for _ in _rows(opened, "inventory"))
    yield "resources read", covered["resources"], sum(r["state"] != "not read" for r in _rows(opened, "inventory"))
    for column in ("passed", "failed"):
        yield f"questions {column} by account", counts[column], sum(int(row[column]) for row in accounts)
        yield f"questions {column} by check", counts[column], sum(int(r[column]) for r in _rows(opened, "checks"))
    controls = Counter((row["framework"], row["status"]) for row in _rows(opened, "controls"))
    for one in report["frameworks"]:
        for status, stated in one["statuses"]:
            yield f"{one['id']}: controls {status}", stated, controls[one["id"], status]


def _moved(opened: Opened, posture: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    """What is new, came back, stayed, was fixed, is gone or out of sight; and the accounts that are clear of what is grave."""
    states = Counter(row["state"] for row in _rows(opened, "findings") if row["status"] == "fail")
    became = Counter(row["became"] for row in _rows(opened, "ended"))
    counted = states | became
    for name, stated in posture["movement"].items():
        yield f"findings {name.replace('_', ' ')}", stated, counted[name]
    yield "findings no longer failing", posture["ended"]["total"], became.total()
    grave = [row for row in _rows(opened, "findings") if row["severity"] in ("critical", "high")]
    still_open = [row for row in grave if row["status"] == "fail" and not row["waiver"]]
    yield "findings open, critical and high", posture["open_grave"], len(still_open)
    unclear = {row["account"] for row in (*still_open, *(r for r in grave if r["status"] == "insufficient_data"))}
    asked = ("passed", "failed", "not_applicable", "insufficient_data")
    clear = [
        row
        for row in _rows(opened, "coverage")
        if row["status"] == "read" and row["account"] not in unclear and any(int(row[column]) for column in asked)
    ]
    yield "accounts clear", posture["accounts_clear"], len(clear)


def _files_of(opened: Opened, table: str) -> Iterator[tuple[Callable[[bytes], bytes], bytes]]:
    """A table's file, compressed or not, with what unpacks it."""
    for suffix, unpacked in PACKED.items():
        data = opened.read(f"{opened.edition}-{table}.{suffix}")
        if data is not None:
            yield unpacked, data


def _rows(opened: Opened, table: str) -> Iterator[Mapping[str, str]]:
    for unpacked, data in _files_of(opened, table):
        yield from csv.DictReader(io.StringIO(unpacked(data).decode("utf-8"), newline=""))
