"""The generated files of deploy/."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from collect_estate import environment, read

from reporter.collect.permissions import POLICY_LIMIT, deploy_files, hub_policy, page, read_policies, size
from reporter.collect.policies import actions, role_calls
from reporter.collect.resources import every_call
from reporter.simulate import demo
from reporter.simulate.simulation import start

DEPLOY = Path(__file__).parents[2] / "deploy"
HOW = "write them anew: ./run permissions --write deploy"
# The demo's listing tells each bucket's region, it has no dashboards, and nobody asks who made a change.
NOT_IN_THE_DEMO = {"s3:GetBucketLocation", "s3control:GetStorageLensConfiguration", "cloudtrail:LookupEvents"}


@pytest.mark.parametrize("name", sorted(deploy_files()))
def test_the_files_of_deploy_are_what_the_table_gives(name: str) -> None:
    """A changed row of the table without newly written files fails here."""
    assert (DEPLOY / name).read_text(encoding="utf-8") == deploy_files()[name], HOW


def test_the_template_is_valid() -> None:
    """CloudFormation's own linter finds nothing to say, and knows every action."""
    linter = Path(sys.executable).parent / "cfn-lint"
    done = subprocess.run([linter, DEPLOY / "member-role.yaml"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout


def test_the_role_trusts_one_caller_with_an_external_id() -> None:
    """The exact ARN, the external id, and the organization where it is given; nobody else, no wildcard."""
    template = yaml.safe_load((DEPLOY / "member-role.yaml").read_text(encoding="utf-8"))
    trust = template["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert trust["Principal"] == {"AWS": {"Ref": "HubRoleArn"}}
    assert set(trust["Condition"]["StringEquals"]) == {"sts:ExternalId", "aws:PrincipalOrgID"}
    assert template["Parameters"]["ExternalId"]["NoEcho"] is True
    assert template["Parameters"]["ExternalId"]["MinLength"] == 16
    assert "*" not in template["Parameters"]["HubRoleArn"]["AllowedPattern"].replace("[a-z-]*", "")


def test_a_policy_too_long_for_aws_becomes_several() -> None:
    """Each part fits, and together they allow the same."""
    parts = read_policies(limit=600)
    assert len(parts) > 2
    assert all(size(part) <= 600 for part in parts)
    together = [action for part in parts for action in part["Statement"][0]["Action"]]
    assert tuple(together) == actions(role_calls())
    assert all(size(part) <= POLICY_LIMIT for part in read_policies())


def test_the_hub_may_take_the_role_and_ask_organizations_only() -> None:
    """Not any role: the one by its name."""
    take, ask = hub_policy()["Statement"]
    assert take["Resource"] == "arn:aws:iam::*:role/ReporterAudit"
    assert set(take["Action"]) == {"sts:AssumeRole", "sts:SetSourceIdentity"}
    assert all(action.startswith("organizations:") for action in ask["Action"])


def test_the_page_says_what_is_lost_without_each_permission() -> None:
    """Every permission of the table stands on the page, with its loss."""
    text = page()
    for _, call in every_call():
        assert f"`{call.iam}`" in text
        assert call.lost in text
    assert json.loads(deploy_files()["read-policy.json"])["Version"] == "2012-10-17"


def test_the_page_is_what_was_really_called() -> None:
    """Reading a whole organization sends no operation that the table does not declare, and leaves none of them out."""
    with start(demo.organization()) as simulation, environment(simulation.environment):
        snapshots = read(simulation, extra=True, threads=8)
    called = {operation for one in snapshots.values() for operation in one.calls.by_operation}
    declared = {f"{service}:{call.operation}" for service, call in every_call()}
    assert called - declared == {"sts:AssumeRole", "sts:GetCallerIdentity"}
    assert declared - called == NOT_IN_THE_DEMO
