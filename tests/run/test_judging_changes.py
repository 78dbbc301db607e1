"""What a change did to the answers: also to those of other accounts, and without holding the organization in memory."""

from dataclasses import replace
from pathlib import Path

import pytest
from hand_made import ALDER, ARCHIVE, LOGS, ORG_TRAIL, ROOT, WEST
from test_judging_truth import judged

from reporter import history
from reporter.drift import direction
from reporter.model import Change, ChangeKind, Direction, Evidence, Finding, Op, Status
from reporter.run.judging import Touched
from reporter.run.wiring import Judgement, judgement
from reporter.settings import Settings
from reporter.simulate.simulation import Simulation

KEPT = ("alder-root", "alder-archive", "alder-vault", "alder-teal")
ORGANIZATION = replace(
    ALDER, accounts=tuple(one for one in ALDER.accounts if one.name in KEPT), empty_units=("Sandbox",), denials=()
)


@pytest.fixture
def by() -> Judgement:
    """Today's checks with default targets."""
    return judgement(Settings())


@pytest.fixture
def engine(simulated: Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: Judgement) -> history.Engine:
    """A history with one run over four accounts, among them the one with the trail and the one with its bucket."""
    simulated.load(ORGANIZATION)
    simulated.clear_faults()
    for key, value in simulated.environment.items():
        monkeypatch.setenv(key, value)
    made = history.connect(f"sqlite:///{tmp_path / 'reporter.db'}")
    history.prepare(made, simulated.now)
    judged(made, simulated, ORGANIZATION, by)
    simulated.advance(days=7)
    return made


def changes(engine: history.Engine, sim: Simulation, by: Judgement) -> dict[str, Change]:
    """The changes of one more run, by resource."""
    run = judged(engine, sim, ORGANIZATION, by)
    return {change.resource: change for change in history.changes(engine, run=run)}


def test_a_stopped_organization_trail_is_worse_for_every_account(
    engine: history.Engine, simulated: Simulation, by: Judgement
) -> None:
    """The trail's own checks and those of all accounts that it alone records are named with the change."""
    simulated.act(ROOT, "cloudtrail", "stop_logging", region=WEST, Name=ORG_TRAIL)
    change = changes(engine, simulated, by)[ORG_TRAIL]
    assert change.direction is Direction.WORSENED
    assert change.severity == "critical"
    moved = {check for check, how in change.checks.items() if how == "pass -> fail"}
    assert {
        "cloudtrail-logging",
        "cloudtrail-enabled",
        "cloudtrail-multi-region",
        "cloudtrail-s3-data-events-write",
    } <= moved


def test_a_stopped_trail_is_no_fault_of_who_blocks_public_access_in_another_account(
    engine: history.Engine, simulated: Simulation, by: Judgement
) -> None:
    """Of two changes at once each account check moves under the one that it read, not under all of its account."""
    flags = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    owner = next(one.id for one in ORGANIZATION.accounts if one.name == "alder-teal")
    simulated.act("alder-teal", "s3control", "delete_public_access_block", region=WEST, AccountId=owner)
    judged(engine, simulated, ORGANIZATION, by)
    simulated.advance(days=7)
    simulated.act(
        "alder-teal", "s3control", "put_public_access_block", region=WEST, AccountId=owner,
        PublicAccessBlockConfiguration=dict.fromkeys(flags, True),
    )  # fmt: skip
    simulated.act(ROOT, "cloudtrail", "stop_logging", region=WEST, Name=ORG_TRAIL)
    found = changes(engine, simulated, by)
    assert found[ORG_TRAIL].checks["cloudtrail-enabled"] == "pass -> fail"
    assert found[owner].direction is Direction.IMPROVED
    assert found[owner].checks["s3-account-public-access-block"] == "fail -> pass"
    assert [check for check in found[owner].checks if check.startswith("cloudtrail")] == []


def test_a_deleted_log_bucket_is_worse_for_the_trail_of_another_account(
    engine: history.Engine, simulated: Simulation, by: Judgement
) -> None:
    """The bucket is gone and can be asked nothing; the trail that names it fails, in the account of the trail."""
    simulated.act(ARCHIVE, "s3", "delete_bucket", region=WEST, Bucket=LOGS)
    change = changes(engine, simulated, by)[LOGS]
    assert change.kind is ChangeKind.DELETED
    assert change.checks["cloudtrail-bucket-in-organization"] == "pass -> fail"
    assert change.direction in (Direction.WORSENED, Direction.MIXED)  # what is gone can no longer be deleted
    assert change.severity == "critical"


def test_a_lifecycle_on_the_log_bucket_is_a_matter_of_security(
    engine: history.Engine, simulated: Simulation, by: Judgement
) -> None:
    """Elsewhere it is operation; here it deletes the record, old versions too."""
    rule = {"ID": "soon", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}  # fmt: skip
    simulated.act(
        ARCHIVE, "s3", "put_bucket_lifecycle_configuration", region=WEST, Bucket=LOGS,
        LifecycleConfiguration={"Rules": [rule]},
    )  # fmt: skip
    change = changes(engine, simulated, by)[LOGS]
    assert change.klass == "security"
    assert change.checks["cloudtrail-bucket-retention"] == "pass -> fail"


def test_taking_away_the_tag_that_a_check_goes_by_is_worse(
    engine: history.Engine, simulated: Simulation, by: Judgement
) -> None:
    """The check has nothing to ask any more; that the bucket evades it is told, as gravely as the check takes it."""
    tags = {"TagSet": [{"Key": "DataClass", "Value": "pii"}]}
    simulated.act("alder-teal", "s3", "put_bucket_tagging", region=WEST, Bucket="teal-opened", Tagging=tags)
    judged(engine, simulated, ORGANIZATION, by)
    simulated.advance(days=7)
    simulated.act("alder-teal", "s3", "delete_bucket_tagging", region=WEST, Bucket="teal-opened")
    change = changes(engine, simulated, by)["teal-opened"]
    assert change.checks == {"s3-sensitive-bucket-restricted": "fail -> not_applicable"}
    assert (change.direction, change.severity, change.klass) == (Direction.WORSENED, "high", "security")


def answer(account: str, status: Status) -> Finding:
    """An account's answer that rests on the organization's trail."""
    read = Evidence(
        "AWS::CloudTrail::Trail",
        ORG_TRAIL,
        ROOT,
        "Status",
        {"IsLogging": status is Status.PASS} | dict.fromkeys("abcdef", "x" * 200),
    )
    return Finding(
        "cloudtrail-enabled",
        account,
        "global",
        "AWS::::Account",
        account,
        "",
        status,
        "critical",
        "why",
        (read,),
        "fix",
    )


def test_what_is_held_grows_with_the_changes_and_not_with_the_accounts() -> None:
    """Of ten thousand accounts whose answer moved alike one pair is kept, without what it read."""
    change = Change(ROOT, WEST, "AWS::CloudTrail::Trail", ORG_TRAIL, ORG_TRAIL, ChangeKind.MODIFIED, None, None)  # type: ignore[arg-type]
    touched = Touched.by([change])
    for number in range(10_000):
        account = f"{number:012d}"
        lost = Status.FAIL if number % 2 else Status.INSUFFICIENT_DATA
        touched.note(touched.about([answer(account, Status.PASS)]), touched.about([answer(account, lost)]))
    subject = ("AWS::CloudTrail::Trail", ORG_TRAIL)
    assert [one.status for one in touched.after[subject]] == [Status.INSUFFICIENT_DATA, Status.FAIL]
    assert [one.status for one in touched.before[subject]] == [Status.PASS, Status.PASS]
    assert {one.value for finding in touched.after[subject] for one in finding.evidence} == {None}
    assert {finding.reason + finding.fix for finding in touched.after[subject]} == {""}


def test_an_answer_that_read_only_others_is_not_taken_for_one_that_read_nothing() -> None:
    """An account's answer that rests on the trail alone does not move with another change of the account."""
    op = Op("changed", "PublicAccessBlock", None, {"BlockPublicAcls": True})
    change = Change(ROOT, "global", "AWS::::Account", ROOT, "", ChangeKind.MODIFIED, None, None, ops=(op,))  # type: ignore[arg-type]
    touched = Touched.by([change])
    touched.note(touched.about([answer(ROOT, Status.PASS)]), touched.about([answer(ROOT, Status.FAIL)]))
    subject = ("AWS::::Account", ROOT)
    told = direction.judge(change, touched.before[subject], touched.after[subject])
    assert (told.direction, told.checks) == (Direction.IMPROVED, {})
