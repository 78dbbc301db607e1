"""The key that signs heads and packages, as the settings name it."""

from pathlib import Path

from reporter.report.sign import Signer, SignError, by_key, by_kms
from reporter.run.wiring import WiringError
from reporter.settings import Settings


def signer(settings: Settings) -> Signer | None:
    """The key that the settings name; None if they name none. SignError or WiringError for a key that cannot be used."""
    sign = settings.sign
    if sign.key_file is not None:
        return by_key(_key(sign.key_file), sign.password.get_secret_value())
    if sign.kms_key:
        return by_kms(sign.kms_key, sign.region or settings.aws.region, settings.aws.endpoint_url)
    return None


def check_key(settings: Settings) -> None:
    """Refuse a key file that cannot be used before anything is read; a KMS key is asked only when there is a head."""
    if settings.sign.key_file is None:
        return
    try:
        signer(settings)
    except SignError as error:
        raise WiringError(f"{settings.sign.key_file}: {error}; see sign.key_file") from None


def _key(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SignError(f"cannot be read ({error.strerror})") from None
