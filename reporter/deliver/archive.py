"""A copy of every report where nothing overwrites it: a folder, or an S3 bucket with Object Lock; and a link that expires."""

import base64
import errno
import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from reporter.deliver.message import one_line

READ_ONLY = 0o440  # owner and group may read; nobody writes what is archived
NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
EXISTS, NOT_FOUND = {"PreconditionFailed", "412"}, {"404", "NoSuchKey", "NotFound"}
LONGEST_LINK = timedelta(days=7)  # what AWS allows a signature of version 4
UNTOLD_SESSION = timedelta(
    hours=1
)  # a session that does not say when it ends lasts at least this long, often not longer


class ArchiveError(RuntimeError):
    """The copy could not be made; the message says where and why. `lasting`: trying again cannot help."""

    def __init__(self, sentence: str, *, lasting: bool = False) -> None:
        super().__init__(sentence)
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class Lock:
    """S3 Object Lock for new copies: COMPLIANCE cannot be lifted by anybody, GOVERNANCE by those with the permission."""

    mode: str = ""  # "", GOVERNANCE, COMPLIANCE
    days: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """An address that opens a file. `until`: when it stops working; None: it does not, but asks who you are."""

    url: str
    until: datetime | None = None


def to_folder(folder: Path, name: str, data: bytes) -> Path:
    """Write `data` to `folder/name` once: whole or not at all, synced, read-only, and never over another content.

    The same bytes again are no error (a run that was resumed); other bytes under the same name are.
    """
    target = folder / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".part-", delete=False) as part:
            part.write(data)
            part.flush()
            os.fchmod(part.fileno(), READ_ONLY)
            os.fsync(part.fileno())
        try:
            _name_once(Path(part.name), target)
        except FileExistsError:
            if target.read_bytes() != data:
                raise _other_content(str(target)) from None
        finally:
            Path(part.name).unlink(missing_ok=True)
        _sync_folder(target.parent)
    except OSError as error:
        raise ArchiveError(f"{target}: cannot be written ({error.strerror}); check the folder and the disk") from error
    return target


def to_s3(client: Any, bucket: str, key: str, data: bytes, *, media_type: str, lock: Lock, now: datetime) -> str:
    """Put `data` under a key that must not exist (`If-None-Match: *`), with its SHA-256 and the lock; the object's address.

    `client` is a boto3 S3 client of the bucket's region. S3 compares the checksum with what it received, and keeps it: a
    key that exists is the same copy if the checksum that S3 computed is the same.
    """
    where = f"s3://{bucket}/{key}"
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    request: dict[str, Any] = {
        "Bucket": bucket,
        "Key": key,
        "Body": data,
        "IfNoneMatch": "*",
        "ChecksumAlgorithm": "SHA256",
        "ChecksumSHA256": digest,
        "ContentType": media_type,
    }
    if lock.mode:
        until = now + timedelta(days=max(lock.days, 1))
        request |= {"ObjectLockMode": lock.mode, "ObjectLockRetainUntilDate": until}
    try:
        client.put_object(**request)
    except ClientError as error:
        if _code(error) not in EXISTS:
            raise ArchiveError(f"{where}: {_said(error)}{_advice(error)}") from error
        if _stored_digest(client, bucket, key) != digest:
            raise _other_content(where) from error
    except BotoCoreError as error:
        raise ArchiveError(f"{where}: {one_line(error)}") from error
    return where


def link(client: Any, bucket: str, key: str, *, lifetime: timedelta, now: datetime) -> Link:
    """A link that opens an archived file for whoever has it, until it expires. Nothing is sent: it is only signed.

    It dies with the credentials that signed it, whatever it says itself: those of a role last from 15 minutes to 12 hours.
    The end that is told here takes that into account.
    """
    credentials = client._request_signer._credentials  # noqa: SLF001 - the SDK tells nobody when a session ends
    lasting = min(lifetime, LONGEST_LINK)
    if credentials is not None and credentials.token:
        ends_at = getattr(credentials, "_expiry_time", None)
        lasting = min(lasting, ends_at.astimezone(UTC) - now if ends_at else UNTOLD_SESSION)
    seconds = max(int(lasting.total_seconds()), 1)
    try:
        url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds)
    except BotoCoreError as error:
        raise ArchiveError(f"s3://{bucket}/{key}: no link can be signed: {one_line(error)}") from error
    return Link(str(url), now + timedelta(seconds=seconds))


def _name_once(part: Path, target: Path) -> None:
    """Give the finished file its name unless something has it: a hard link fails then, which a rename would not."""
    try:
        os.link(part, target)
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        if target.exists():  # a file system without hard links: the same, but for two writers in the same instant
            raise FileExistsError from None
        part.rename(target)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stored_digest(client: Any, bucket: str, key: str) -> str:
    """What S3 computed when it took the object; for one that was put without a checksum, what its content has now."""
    where = f"s3://{bucket}/{key}"
    try:
        head = client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        if told := head.get("ChecksumSHA256"):
            return str(told)
        body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise ArchiveError(f"{where}: is there already, and comparing it needs s3:GetObject: {_said(error)}") from error
    except BotoCoreError as error:
        raise ArchiveError(f"{where}: {one_line(error)}") from error
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def _other_content(where: str) -> ArchiveError:
    return ArchiveError(f"{where}: is there already with another content; it is not overwritten", lasting=True)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _said(error: ClientError) -> str:
    return one_line(f"{_code(error)}: {error.response.get('Error', {}).get('Message', '')}")


def _advice(error: ClientError) -> str:
    """What to do about the refusals that are ours to mend."""
    advice = {
        "AccessDenied": "; s3:PutObject is needed, and with archive.lock_mode s3:PutObjectRetention",
        "NoSuchBucket": "; see archive.s3_bucket and archive.s3_region",
        "InvalidRequest": "; archive.lock_mode needs a bucket made with Object Lock",
    }
    return advice.get(_code(error), "")
