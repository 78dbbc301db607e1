"""Copies that nothing overwrites: a folder, a bucket with Object Lock, and links that expire."""

import stat
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import RefreshableCredentials

sys.path.insert(0, str(Path(__file__).parent))
from letters import AT, BUCKET, PDF, REGION

from reporter.deliver.archive import UNTOLD_SESSION, ArchiveError, Lock, link, to_folder, to_s3
from reporter.simulate.simulation import Simulation

WEEK = timedelta(days=7)
UNLOCKED = Lock()


def put(s3: Any, key: str, data: bytes = PDF, lock: Lock = UNLOCKED, bucket: str = BUCKET) -> str:
    return to_s3(s3, bucket, key, data, media_type="application/pdf", lock=lock, now=AT)


def test_an_archived_file_is_whole_and_never_overwritten(tmp_path: Path) -> None:
    """The same bytes again are fine, other bytes are refused for good, and no part file stays behind."""
    file = to_folder(tmp_path, "2026/report.pdf", b"one")
    assert to_folder(tmp_path, "2026/report.pdf", b"one") == file
    with pytest.raises(ArchiveError, match="not overwritten") as refused:
        to_folder(tmp_path, "2026/report.pdf", b"two")
    assert refused.value.lasting
    assert [p.name for p in (tmp_path / "2026").iterdir()] == ["report.pdf"]
    assert file.read_bytes() == b"one"
    assert stat.S_IMODE(file.stat().st_mode) == 0o440


def test_an_unwritable_archive_says_where_and_why(tmp_path: Path) -> None:
    """A file where a folder should be is one clear sentence, and may be mended."""
    (tmp_path / "f").write_text("")
    with pytest.raises(ArchiveError, match=f"{tmp_path}/f/report.pdf: cannot be written") as refused:
        to_folder(tmp_path / "f", "report.pdf", b"one")
    assert not refused.value.lasting


def test_a_copy_in_s3_is_locked_and_written_once(s3: Any) -> None:
    """S3 itself computes the checksum that is compared; the lock is on the object."""
    where = put(s3, "run-1/report.pdf", lock=Lock("COMPLIANCE", 30))
    assert where == f"s3://{BUCKET}/run-1/report.pdf"
    assert put(s3, "run-1/report.pdf", lock=Lock("COMPLIANCE", 30)) == where
    with pytest.raises(ArchiveError, match="not overwritten") as refused:
        put(s3, "run-1/report.pdf", b"another")
    assert refused.value.lasting
    head = s3.head_object(Bucket=BUCKET, Key="run-1/report.pdf")
    assert (head["ContentType"], head["ObjectLockMode"]) == ("application/pdf", "COMPLIANCE")
    assert head["ObjectLockRetainUntilDate"] == AT + timedelta(days=30)
    assert len(s3.list_object_versions(Bucket=BUCKET, Prefix="run-1/")["Versions"]) == 1


def test_what_was_put_by_hand_is_compared_by_content(s3: Any) -> None:
    """An object without a checksum is read."""
    s3.put_object(Bucket=BUCKET, Key="by-hand.pdf", Body=PDF)
    assert put(s3, "by-hand.pdf")
    s3.put_object(Bucket=BUCKET, Key="by-hand-too.pdf", Body=b"something else")
    with pytest.raises(ArchiveError, match="another content"):
        put(s3, "by-hand-too.pdf")


def test_refusals_of_s3_name_the_object_and_the_remedy(simulation: Simulation, s3: Any) -> None:
    """A denied call names the permission, a missing bucket the setting; both can be mended, and are tried again."""
    with pytest.raises(ArchiveError, match=r"s3://nowhere-at-all/x: NoSuchBucket.*archive\.s3_bucket") as refused:
        put(s3, "x", bucket="nowhere-at-all")
    assert not refused.value.lasting
    simulation.deny("s3:PutObject")
    with pytest.raises(ArchiveError, match=r"AccessDenied.*s3:PutObject is needed"):
        put(s3, "denied.pdf")


def test_a_connection_cut_while_archiving_is_tried_again_and_is_one_copy(simulation: Simulation, s3: Any) -> None:
    """Writing once is safe to repeat: whether the first attempt arrived or not, there is one version of the right content."""
    simulation.fault("kill", "s3:PutObject", times=1)
    assert put(s3, "run-2/report.pdf")
    assert len(s3.list_object_versions(Bucket=BUCKET, Prefix="run-2/")["Versions"]) == 1


def test_a_link_opens_the_copy_and_says_when_it_ends(s3: Any) -> None:
    """Whoever has the link can open it; seven days is what AWS allows."""
    put(s3, "run-3/report.pdf")
    given = link(s3, BUCKET, "run-3/report.pdf", lifetime=timedelta(days=30), now=AT)
    assert given.until == AT + WEEK
    assert "X-Amz-Expires=604800" in given.url
    with urllib.request.urlopen(given.url) as answer:
        assert answer.read() == PDF


def test_a_link_does_not_claim_to_outlive_the_session_that_signed_it() -> None:
    """A role's link dies with the role's session: the end that is told is the session's, or an hour where it is not known."""
    session = boto3.Session(
        aws_access_key_id="ASIA", aws_secret_access_key="s", aws_session_token="t", region_name=REGION
    )
    version4 = Config(signature_version="s3v4")
    given = link(session.client("s3", config=version4), BUCKET, "k", lifetime=WEEK, now=AT)
    assert given.until == AT + UNTOLD_SESSION
    ends_at = AT + timedelta(minutes=40)
    session._session._credentials = RefreshableCredentials("ASIA", "s", "t", ends_at, dict, "test", lambda: AT)
    given = link(session.client("s3", config=version4), BUCKET, "k", lifetime=WEEK, now=AT)
    assert given.until == ends_at
    assert "X-Amz-Expires=2400" in given.url
