"""What must be so before a run reads anything: a folder that can be written to."""

from pathlib import Path

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
