"""Adding one check touches two files: the check's, and a framework's. Everything else finds it by itself."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import reporter.checks
from reporter.assess import frameworks
from reporter.assess.compliance import tally
from reporter.assess.evaluate import CHECKS, check, checks_hash, judge
from reporter.assess.posture import Rollup
from reporter.assess.resource_types import BUCKET
from reporter.checks import examples as eg
from reporter.model import ControlStatus, Status

FRAMEWORK = """
id = "house-rules"
title = "House rules"
version = "1"
source = "https://example.com/rules"

[[control]]
id = "1"
title = "Names say whose bucket it is"
direct = ["s3-bucket-named-for-us"]
"""


@pytest.fixture
def another() -> Iterator[str]:
    """The first file: one check, as any other is written."""
    before = checks_hash()

    @check(
        "s3-bucket-named-for-us", subject=BUCKET, severity="low", passes=[[eg.bucket()]], fails=[[eg.bucket(Name="x")]]
    )
    def named_for_us(bucket: object) -> bool:
        """The bucket's name begins with ours.

        Names are global.
        Fix: aws s3api create-bucket --bucket <NAME>
        """
        return str(bucket["Name"]).startswith("example")  # type: ignore[index]

    yield before
    del CHECKS["s3-bucket-named-for-us"]


def test_a_check_and_a_framework_are_all_there_is_to_write(another: str) -> None:
    """It is judged, mapped, rolled up, has its text, and stands in the hash of what judged."""
    (framework,) = frameworks.load_all({"house.toml": FRAMEWORK}, CHECKS)
    estate = eg.estates([eg.bucket(Name="stray")])[eg.HOME]
    findings = list(judge(estate))
    mine = [one for one in findings if one.check == "s3-bucket-named-for-us"]
    assert [(one.status, one.reason, one.fix) for one in mine] == [
        (Status.FAIL, "Name: stray", "aws s3api create-bucket --bucket <NAME>")
    ]
    roll = Rollup((framework,), on=date(2026, 1, 1))
    roll.add(estate.account, tally(findings, CHECKS))
    (control,) = roll.result("house-rules").controls
    assert control.status is ControlStatus.FAIL
    assert CHECKS["s3-bucket-named-for-us"].title == "The bucket's name begins with ours."
    assert checks_hash() != another


SERVICE = '''"""Names of buckets, as if they were a service of their own."""

from reporter.assess.estate import Resource
from reporter.assess.evaluate import check
from reporter.assess.resource_types import BUCKET
from reporter.checks import examples as eg


@check("s3-bucket-named-for-us", subject=BUCKET, severity="low", passes=[[eg.bucket()]], fails=[[eg.bucket(Name="x")]])
def named_for_us(bucket: Resource) -> bool:
    """The bucket's name begins with ours.

    Names are global.
    Fix: aws s3api create-bucket --bucket <NAME>
    """
    return str(bucket["Name"]).startswith("example")
'''


def reporter(folder: Path, *words: str) -> str:
    """What the program in a folder says."""
    here = {**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1"}
    command = [
        sys.executable,
        "-c",
        "from reporter.cli.app import main; main()",
        *words,
    ]
    return subprocess.run(command, cwd=folder, env=here, capture_output=True, text=True, check=True).stdout


def test_a_service_that_had_no_check_needs_no_third_file(tmp_path: Path) -> None:
    """Its file in the package and a framework's file are found by being there: no list names them."""
    package = Path(frameworks.__file__).parents[1]
    shutil.copytree(package, tmp_path / "reporter", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(package.parent / "config", tmp_path / "config")
    (tmp_path / "reporter" / "checks" / "namings.py").write_text(SERVICE)
    (tmp_path / "config" / "frameworks" / "house-rules.toml").write_text(FRAMEWORK)
    assert "The bucket's name begins with ours." in reporter(tmp_path, "checks", "s3-bucket-named-for-us")
    assert '"house-rules"' in reporter(tmp_path, "checks", "s3-bucket-named-for-us", "--json")
