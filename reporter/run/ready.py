"""What must be so before a run reads anything: a folder that can be written to, templates that can be printed with."""

from pathlib import Path

from reporter.report.check import check_templates
from reporter.report.pdf import PdfUnavailable
from reporter.report.render import Look
from reporter.run.wiring import WiringError

_PROBE = ".reporter-can-write"


def check_folder(folder: Path) -> None:
    """Refuse a folder for reports that cannot be made or written to; better now than after an hour of reading."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / _PROBE
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise WiringError(
            f"{folder}: reports cannot be written there ({error.strerror}); make the folder writable, or name another one "
            "in report.directory"
        ) from None


def check_look(look: Look, *, paper: bool) -> None:
    """Refuse templates of one's own that would fail when the report is made; the ones that come along are tested as such."""
    if not look.folder:
        return
    try:
        wrong = check_templates(look, paper=paper)
    except PdfUnavailable:  # pages for a browser take the place of PDFs
        wrong = ()
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        remedy = "mend it, or leave report.templates out; `reporter templates check` tells all"
        raise WiringError(f"{wrong[0].rstrip('.')}{more}: {remedy}")
