"""Adding one check touches two files: the check's, and a framework's. Everything else finds it by itself."""

from collections.abc import Iterator
from datetime import date

import pytest

import reporter.checks  # noqa: F401 -- fills the registry
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
