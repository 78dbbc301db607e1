"""Which accounts there are, and where they stand."""

from dataclasses import replace
from datetime import timedelta

import pytest
from collect_estate import BARRED, CLOSED, LOGS, MANAGEMENT, NOW, WORK, door_to, items, read, usual_door

from reporter.collect.options import CollectError
from reporter.collect.organization import discover
from reporter.collect.snapshot import collect
from reporter.model import ACCOUNT, Account, ReadStatus
from reporter.simulate.simulation import Simulation


def test_accounts_stand_at_their_place_in_the_tree(aws: Simulation) -> None:
    """Names of the units from the root down, and their ids in the same order."""
    organization = discover(usual_door())
    by_name = {account.name: account for account in organization.accounts}
    assert by_name["work"].ou_path == "Root/Workloads/Prod"
    assert len(by_name["work"].parent_ids) == 3
    assert by_name["management"].management
    assert by_name["closed"].state == "SUSPENDED"
    assert organization.management == MANAGEMENT
    assert organization.complete
    assert organization.excluded.keys() == {CLOSED}


def test_what_the_organization_says_goes_with_the_management_account(aws: Simulation) -> None:
    """Policies with content and targets, trusted services; listed, so that a deletion is seen."""
    snapshots = read(aws)
    found = items(snapshots)
    organization = next(item for (_, type, _), item in found.items() if type == "AWS::Organizations::Organization")
    assert organization.account == MANAGEMENT
    assert organization.configuration["ServiceAccess"] == ["cloudtrail.amazonaws.com"]
    policy = found[MANAGEMENT, "AWS::Organizations::Policy", "p-FullAWSAccess"]
    assert policy.configuration["Content"]["Statement"][0]["Effect"] == "Allow"
    assert ("AWS::Organizations::Policy", "global") in snapshots[MANAGEMENT].listed
    assert found[MANAGEMENT, ACCOUNT, MANAGEMENT].configuration["Tags"] == {"owner": "platform"}
    assert snapshots[MANAGEMENT].account.tags == {"owner": "platform"}


@pytest.mark.parametrize(
    ("ou", "names"),
    [
        ("Root/Security", {"logs", "keys"}),
        ("Root/Workloads", {"work", "barred"}),
        ("Root/*/Prod", {"work"}),
        ("Root", {"management", "logs", "keys", "work", "barred"}),
    ],
)
def test_units_select_what_stands_below_them(aws: Simulation, ou: str, names: set[str]) -> None:
    """By path or glob; everybody else stays in the organization, with the reason why it is not read."""
    organization = discover(usual_door()).select(ous=[ou])
    assert {one.name for one in organization.accounts if one.id not in organization.excluded} == names
    assert len(organization.accounts) == 6


def test_an_excluded_account_keeps_the_settings_reason(aws: Simulation) -> None:
    """The reason of the settings is the reason of the snapshot, and nothing is asked of the account."""
    door = usual_door()
    organization = discover(door).select(accounts=[WORK, LOGS], exclude={LOGS: "legal hold"})
    aws.counts(reset=True)
    snapshots = {one.account.id: one for one in collect(door, organization)}
    assert snapshots[LOGS].status is ReadStatus.EXCLUDED
    assert snapshots[LOGS].reason == "legal hold"
    assert LOGS not in aws.counts()["calls"]


def test_an_account_that_is_not_there_is_an_error(aws: Simulation) -> None:
    """A mistyped id is said at once."""
    with pytest.raises(CollectError, match="999999999999"):
        discover(usual_door()).select(accounts=["999999999999"])


def test_without_organizations_the_remedy_is_named(aws: Simulation) -> None:
    """A member account may not list accounts: run elsewhere, or name them in the settings."""
    aws.deny("organizations:ListAccounts")
    with pytest.raises(CollectError, match=r"organization\.accounts"):
        discover(usual_door(), sleep=lambda _: None)


def test_where_nobody_is_known_the_callers_own_account_is_read(aws: Simulation) -> None:
    """A first run that may not list the accounts reads the one it stands in; that the others are missing is a gap with remedy."""
    aws.deny("organizations:ListAccounts")
    door = door_to()
    organization = discover(door, alone=True, sleep=lambda _: None)
    assert not organization.complete
    snapshots = {one.account.id: one for one in collect(door, organization)}
    assert snapshots.keys() == {MANAGEMENT}
    assert snapshots[MANAGEMENT].status is ReadStatus.PARTIAL
    why = next(gap.why for gap in snapshots[MANAGEMENT].gaps if gap.type == ACCOUNT)
    assert (why.operation, why.code, why.at) == ("ListAccounts", "AccessDeniedException", NOW)
    assert why.message.startswith("Only the caller's own account is read")
    assert "organization.accounts" in why.message
    again = discover(
        door, last_known=organization.accounts, alone=True, sleep=lambda _: None
    )  # the next run knows itself
    assert [gap.why.message for gap in again.gaps if gap.why.operation == "ListAccounts"] == [why.message]


def test_a_bad_moment_does_not_cost_a_run(aws: Simulation) -> None:
    """Who we are and which accounts there are is asked again, whatever the answer was: all else hangs on it."""
    for operation in ("sts:GetCallerIdentity", "organizations:ListAccounts"):
        aws.fault("error", operation, code="UnrecognizedClientException", times=2)
    pauses: list[float] = []
    organization = discover(door_to(), sleep=pauses.append)
    assert organization.complete
    assert len(organization.accounts) == 6
    assert organization.caller_account == MANAGEMENT
    assert len(pauses) == 2


def test_a_listing_that_breaks_off_is_filled_from_the_last_run(aws: Simulation) -> None:
    """Nobody has left: the accounts of the last run are read, what Organizations did not say is unread, and a gap says so."""
    aws.deny("organizations:ListAccounts")
    last = [Account(WORK, "work", state="ACTIVE"), Account(MANAGEMENT, "management", management=True)]
    door = usual_door()
    organization = discover(door, last_known=last)
    assert not organization.complete
    assert organization.management == MANAGEMENT
    snapshots = {one.account.id: one for one in collect(door, organization)}
    account = next(item for item in snapshots[WORK].items if item.type == ACCOUNT)
    assert account.unread["State"].code == "AccessDeniedException"
    why = next(gap.why for gap in snapshots[MANAGEMENT].gaps if gap.why.operation == "ListAccounts")
    assert why.message.startswith(
        "The list of accounts is incomplete: the 2 that are known are read, any others are not."
    )


def test_a_unit_that_cannot_be_read_leaves_places_unknown(aws: Simulation) -> None:
    """Accounts below it are read; their place is unread and not the root."""
    aws.deny("organizations:ListOrganizationalUnitsForParent")
    snapshots = read(aws)
    account = next(item for item in snapshots[WORK].items if item.type == ACCOUNT)
    assert account.unread["OrganizationalUnit"].operation == "ListOrganizationalUnitsForParent"
    assert snapshots[WORK].status is ReadStatus.PARTIAL
    assert snapshots[BARRED].status is ReadStatus.UNREACHABLE


def test_an_account_that_joined_just_now_is_not_blamed(aws: Simulation) -> None:
    """The role may still be on its way: the reason says so."""
    door = usual_door()
    organization = discover(door)
    young = tuple(replace(one, joined_at=NOW - timedelta(hours=1)) for one in organization.accounts if one.id == BARRED)
    snapshots = list(collect(door, replace(organization, accounts=young)))
    assert snapshots[0].status is ReadStatus.UNREACHABLE
    assert "joined less than a day ago" in snapshots[0].reason
