"""The child process that makes PDFs: `python -m reporter.report.worker`.

Reads the path of a job folder from each line of standard input (job.json, page.html, data-0 ...), writes document.pdf into it
and answers with one line of JSON. It runs apart because WeasyPrint keeps what it allocated until its process ends, and
because a page that never ends must be stoppable.
"""

import json
import logging
import resource
import sys
import time
from datetime import datetime
from pathlib import Path
from types import MethodType
from typing import Any

from reporter.report.fonts import legible

PDFUA = (
    b'<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" pdfuaid:part="1" />'
    b'<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
    b' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"'
    b' rdf:about=""><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    b"<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>"
    b"<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>"
    b'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>'
    b"<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>"
    b"<pdfaProperty:description>Part of ISO 14289 the document conforms to</pdfaProperty:description></rdf:li>"
    b"</rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
)


class Warnings(logging.Handler):
    """Collects what WeasyPrint complains of: our templates must give it no reason."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.messages.append(record.getMessage())


def main() -> int:
    """Serve jobs until standard input ends; exit 3 where PDFs cannot be made at all."""
    limit = int(sys.argv[1]) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        from weasyprint.text.fonts import FontConfiguration
    except OSError as error:  # pango is loaded at import
        sys.stderr.write(f"{error}\n")
        return 3
    warnings = Warnings()
    logger = logging.getLogger("weasyprint")
    logger.handlers = [warnings]
    fonts = FontConfiguration()
    for line in sys.stdin:
        warnings.messages.clear()
        started = time.process_time()
        pages = _render(Path(line.rstrip("\n")), fonts)
        answer = {
            "pages": pages,
            "warnings": warnings.messages,
            "cpu_seconds": time.process_time() - started,
            "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return 0


def _render(folder: Path, fonts: Any) -> int:
    from weasyprint import HTML, Attachment
    from weasyprint.urls import URLFetcher

    job = json.loads((folder / "job.json").read_text())
    at = datetime.fromisoformat(job["at"])
    attachments = [
        Attachment(
            string=(folder / f"data-{number}").read_bytes(),
            name=item["name"],
            description=item["description"],
            relationship="Data",
            created=at,
            modified=at,
        )
        for number, item in sorted(enumerate(job["files"]), key=lambda pair: pair[1]["name"])  # a name tree is sorted
    ]
    options = {"pdf_variant": "pdf/a-3a", "pdf_identifier": job["identifier"].encode()}
    fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False)
    page = HTML(string=legible((folder / "page.html").read_text(encoding="utf-8")), url_fetcher=fetcher)
    document = page.render(font_config=fonts, **options)
    # one rdf:RDF must claim both: WeasyPrint writes one variant, so the other is added to what it generates
    plain = document.metadata.generate_rdf_metadata

    def both(_metadata: Any, *args: Any) -> bytes:
        return bytes(plain(*args)).replace(b"</rdf:RDF>", PDFUA + b"</rdf:RDF>")

    document.metadata.generate_rdf_metadata = MethodType(both, document.metadata)
    document.write_pdf(folder / "document.pdf", finisher=_once, attachments=attachments, **options)
    return len(document.pages)


def _once(_document: Any, pdf: Any) -> None:
    """WeasyPrint 70 lists each associated file twice: by its name and by its object."""
    listed = pdf.catalog.get("AF", [])
    listed[:] = dict.fromkeys(listed)


if __name__ == "__main__":
    sys.exit(main())
