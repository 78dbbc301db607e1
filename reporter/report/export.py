"""The complete data behind a report: what the body caps, these files hold in full.

Rows are streamed from the source through a temporary file, so that a table of any length costs no memory; a long table is
compressed, always to the same bytes.
"""

import csv
import gzip
import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from reporter.report import tables
from reporter.report.content import Content
from reporter.report.masking import blanking, found_outside, is_narrow
from reporter.report.schema import document
from reporter.report.source import FindingRow, Source
from reporter.report.tables import Cell, Table
from reporter.report.text import cell

LARGE = 4_000_000  # bytes; longer tables are compressed
WHOLE = {"coverage": "accounts"}  # tables that hold a list of the report under another name


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of data that goes with a report, and into its manifest."""

    name: str
    media_type: str
    data: bytes
    description: str
    rows: int = 0

    @property
    def sha256(self) -> str:
        """The digest the manifest prints."""
        return hashlib.sha256(self.data).hexdigest()


def data_files(source: Source, content: Content) -> tuple[DataFile, ...]:
    """Findings, those that ended, changes, coverage, checks, controls and inventory of the edition, all rows; and the report as JSON."""
    written = {table.name: _written(source, content, table) for table in tables.TABLES}
    names = {WHOLE.get(name, name): file.name for name, file in written.items()}
    told = document(content, names)
    data = json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1).encode("utf-8", "replace")
    holds = "What this report shows, as data of the form report.schema.json; “extent” in it names the files that hold all there is"
    return (DataFile("report.json", "application/json", data, holds, 1), *written.values())


def findings_csv(findings: Iterable[FindingRow], out: IO[bytes]) -> int:
    """Findings of whatever status as the findings table, streamed into `out`; how many there were."""
    table = next(one for one in tables.TABLES if one.name == "findings")
    return _write(out, table, tables.findings_rows(findings), None)


def _written(source: Source, content: Content, table: Table) -> DataFile:
    change = _blank(source, content, table)
    with tempfile.SpooledTemporaryFile(max_size=LARGE) as spool:
        rows = _write(spool, table, table.rows(source, content), change)
        size = spool.tell()
        spool.seek(0)
        if size <= LARGE:
            return DataFile(f"{table.name}.csv", "text/csv", spool.read(), table.holds, rows)
        packed = io.BytesIO()
        with gzip.GzipFile("", "wb", 6, packed, mtime=0) as out:
            shutil.copyfileobj(spool, out)
        return DataFile(f"{table.name}.csv.gz", "application/gzip", packed.getvalue(), table.holds, rows)


def _blank(source: Source, content: Content, table: Table) -> Callable[[str], str] | None:
    """What keeps names from outside a narrow edition out of the table's free columns; read through once to find them."""
    if not is_narrow(content.scope) or not table.free:
        return None
    free = [table.columns.index(name) for name in table.free]
    outside = found_outside(
        source, content.scope, (str(row[i]) for row in table.rows(source, content) for i in free if row[i])
    )
    return blanking(outside) if outside else None


def _write(out: IO[bytes], table: Table, rows: Iterator[Sequence[Cell]], change: Callable[[str], str] | None) -> int:
    """Write the rows as CSV that a spreadsheet shows and never runs; tell how many there were."""
    text = io.TextIOWrapper(out, "utf-8", "replace", newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.columns)
    free = {table.columns.index(name) for name in table.free} if change else set()
    n = 0
    for row in rows:
        plain = ["" if value is None else str(value) for value in row]
        writer.writerow([cell(change(v) if change and i in free else v) for i, v in enumerate(plain)])
        n += 1
    text.flush()
    text.detach()
    return n
