"""A copy of every report where nothing overwrites it: a folder, or an S3 bucket with Object Lock."""

import base64
import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

EXISTS = {"PreconditionFailed", "412"}


class ArchiveError(RuntimeError):
    """The copy could not be made; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Lock:
    """S3 Object Lock for new copies: COMPLIANCE cannot be lifted by anybody, GOVERNANCE by those with the permission."""

    mode: str = ""  # "", GOVERNANCE, COMPLIANCE
    days: int = 0


def to_folder(folder: Path, name: str, data: bytes) -> Path:
    """Write `data` to `folder/name` once: whole or not at all, synced, and never over another content.

    The same bytes again are no error (a run that was resumed); other bytes under the same name are.
    """
    target = folder / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".part-", delete=False) as part:
            part.write(data)
            part.flush()
            os.fsync(part.fileno())
        try:
            os.link(part.name, target)  # fails if the target exists, which rename would not
        except FileExistsError:
            if target.read_bytes() != data:
                raise ArchiveError(f"{target}: is there already with another content; it is not overwritten") from None
        finally:
            Path(part.name).unlink()
    except OSError as error:
        raise ArchiveError(f"{target}: cannot be written ({error.strerror}); check the folder and the disk") from error
    return target


def to_s3(client: Any, bucket: str, key: str, data: bytes, *, lock: Lock, now: datetime) -> str:
    """Put `data` under a key that must not exist (`If-None-Match: *`), with its SHA-256 and the lock; the object's address.

    `client` is a boto3 S3 client of the bucket's region.
    """
    digest = hashlib.sha256(data).digest()
    request: dict[str, Any] = {
        "Bucket": bucket,
        "Key": key,
        "Body": data,
        "IfNoneMatch": "*",
        "ChecksumSHA256": base64.b64encode(digest).decode(),
        "Metadata": {"sha256": digest.hex()},
    }
    if lock.mode:
        request |= {"ObjectLockMode": lock.mode, "ObjectLockRetainUntilDate": now + timedelta(days=lock.days)}
    try:
        client.put_object(**request)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code not in EXISTS:
            raise ArchiveError(f"s3://{bucket}/{key}: {code}; s3:PutObject and the bucket's lock are needed") from error
        if _stored_digest(client, bucket, key) != digest.hex():
            raise ArchiveError(f"s3://{bucket}/{key}: is there already with another content") from error
    except BotoCoreError as error:
        raise ArchiveError(f"s3://{bucket}/{key}: {error}") from error
    return f"s3://{bucket}/{key}"


def _stored_digest(client: Any, bucket: str, key: str) -> str:
    return str(client.head_object(Bucket=bucket, Key=key).get("Metadata", {}).get("sha256", ""))
