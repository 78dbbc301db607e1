"""Who reads: the role with all that is configured, the caller in its own account."""

import json

import pytest
from collect_estate import BARRED, KEYS, MANAGEMENT, NOW, WORK, door_to, usual_door

from reporter.collect.clients import Tally
from reporter.collect.door import open_door
from reporter.collect.failures import ReadFailed
from reporter.collect.options import CollectError, CollectOptions, Connection, Role
from reporter.collect.organization import configured, discover
from reporter.collect.probe import probe_account, probe_caller
from reporter.collect.snapshot import collect
from reporter.model import Account
from reporter.simulate.simulation import Simulation

ROLE = Role(name="reporter-reader", external_id="example-org-reporter")


def opened(aws: Simulation, account: str) -> dict:
    return [one for one in aws.command("sessions") if one["account"] == account][-1]


def test_the_session_bears_what_is_configured(aws: Simulation) -> None:
    """Name, source identity and session policy travel with AssumeRole."""
    role = Role(
        **{
            **{name: getattr(ROLE, name) for name in ROLE.__slots__},
            "session_name": "audit-17",
            "source_identity": "audit",
        }
    )
    session = door_to(role=role).sessions.of(WORK, Tally())
    assert session.arn.endswith("/audit-17")
    seen = opened(aws, WORK)
    assert (seen["name"], seen["source_identity"]) == ("audit-17", "audit")
    policy = seen["policy"] if isinstance(seen["policy"], dict) else json.loads(seen["policy"])
    assert "s3:ListAllMyBuckets" in policy["Statement"][0]["Action"]
    assert not [action for action in policy["Statement"][0]["Action"] if ":Put" in action or action.endswith(":*")]


def test_the_session_policy_can_be_left_out(aws: Simulation) -> None:
    """One switch of the settings."""
    role = Role(**{**{name: getattr(ROLE, name) for name in ROLE.__slots__}, "session_policy": False})
    door_to(role=role).sessions.of(KEYS, Tally())
    assert not opened(aws, KEYS)["policy"]


def test_the_callers_own_account_is_read_by_the_caller(aws: Simulation) -> None:
    """A StackSet does not reach the management account, so no role is taken there unless one is named."""
    door = usual_door()
    assert door.sessions.of(MANAGEMENT, Tally(), management=MANAGEMENT) is door.sessions.caller
    role = Role(**{**{name: getattr(ROLE, name) for name in ROLE.__slots__}, "management": "reporter-reader"})
    session = door_to(role=role).sessions.of(MANAGEMENT, Tally(), management=MANAGEMENT)
    assert ":assumed-role/reporter-reader/" in session.arn


@pytest.mark.parametrize(
    "role", [Role(name="nobody", external_id="example-org-reporter"), Role(name="reporter-reader", external_id="wrong")]
)
def test_a_role_that_cannot_be_taken_says_what_to_compare(aws: Simulation, role: Role) -> None:
    """A wrong name or external id ends in one sentence with the role's ARN and the remedy."""
    with pytest.raises(ReadFailed) as caught:
        door_to(role=role).sessions.of(WORK, Tally())
    assert f"arn:aws:iam::{WORK}:role/{role.name} cannot be assumed" in caught.value.why.message
    assert "external id" in caught.value.why.message


def test_a_session_is_taken_once(aws: Simulation) -> None:
    """Sessions are kept across the work of several accounts."""
    door, tally = door_to(), Tally()
    for _ in range(3):
        door.sessions.of(WORK, tally)
    assert tally.calls().by_operation == {"sts:AssumeRole": 1, "sts:GetCallerIdentity": 1}


def test_sessions_that_expire_in_the_middle_are_renewed(aws: Simulation) -> None:
    """All sessions end while the organization is read: everything is read all the same."""
    door = door_to(threads=2)
    organization = discover(door)
    snapshots = {}
    for one in collect(door, organization):
        snapshots[one.account.id] = one
        aws.command("expire_sessions", account="*")
    assert {one.status.value for id, one in snapshots.items() if id == WORK} == {"read"}


def test_no_credentials_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Without credentials reading does not begin."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(CollectError, match="No AWS credentials were found"):
        open_door(CollectOptions(), clock=lambda: None)


def test_an_unknown_profile_is_one_clear_sentence() -> None:
    """The name of the profile and where to set it."""
    options = CollectOptions(connection=Connection(profile="no-such-profile"))
    with pytest.raises(CollectError, match="no-such-profile"):
        open_door(options, clock=lambda: None)


def test_the_doctor_learns_who_reads_and_what_is_denied(aws: Simulation) -> None:
    """Who the caller is, whether a role can be taken, and which permission it lacks."""
    door = usual_door()
    assert MANAGEMENT in probe_caller(door).sentence
    assert probe_account(door, WORK).ok
    assert not probe_account(door, BARRED).ok
    aws.deny("s3:ListBuckets", account="work")
    probed = probe_account(door, WORK)
    assert not probed.ok
    assert "s3:ListAllMyBuckets" in probed.sentence


def test_credentials_that_aws_does_not_know_are_one_clear_sentence(aws: Simulation) -> None:
    """A deleted key: reading does not begin, whatever the history knows of the accounts."""
    aws.fault("error", "*", account=MANAGEMENT, code="InvalidClientTokenId", status=403)
    door = door_to()
    with pytest.raises(CollectError, match="does not accept the caller's credentials: InvalidClientTokenId"):
        discover(door, last_known=[Account(WORK, "work")])
    with pytest.raises(CollectError, match="InvalidClientTokenId") as caught:
        configured(door, [WORK])
    assert "AWS_PROFILE" in str(caught.value)
    assert "region is switched off" not in str(caught.value)
    assert not probe_caller(door).ok


def test_an_sts_that_does_not_say_who_we_are_stops_nothing(aws: Simulation) -> None:
    """Without knowing the caller's own account, the others are read all the same."""
    aws.fault("throttle", "sts:GetCallerIdentity")
    door = door_to()
    organization = discover(door).select(accounts=[WORK])
    statuses = {one.account.id: one.status.value for one in collect(door, organization)}
    assert statuses[WORK] == "read"


def test_an_endpoint_that_does_not_answer_is_not_blamed_on_the_credentials() -> None:
    """What to look at comes first: the address, by name, and the settings that hold it."""
    nowhere = Connection(endpoint_url="http://127.0.0.1:9", region="us-east-1", attempts=1)
    door = open_door(CollectOptions(connection=nowhere), clock=lambda: NOW)
    with pytest.raises(CollectError, match=r"^Nothing answers at http://127.0.0.1:9.*aws.endpoint_url"):
        discover(door)
