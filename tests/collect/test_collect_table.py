"""The table of reads against the SDK's models, IAM's own list of actions, and the other rooms' tables."""

import botocore.session
import jmespath
import pytest
from botocore import xform_name
from policy_sentry.querying.actions import get_action_data

from reporter.assess.resource_types import GLOBAL_TYPES, PARTS
from reporter.collect.policies import actions, organization_calls, role_calls, session_policy
from reporter.collect.resources import ALLOWED, SESSION_CALLS, TYPES, asked_by, every_call
from reporter.collect.rows import DEFAULT_SETS, EXTRA, Call
from reporter.documents.canonical import split_volatile
from reporter.documents.fields import VOLATILE
from reporter.model import ACCOUNT

SDK = botocore.session.Session()
CALLS = sorted({(service, call.operation): call for service, call in every_call()}.items())
READING = ("Get", "List", "Describe", "Lookup")


def operation_of(service: str, call: Call):
    return SDK.get_service_model(service).operation_model(call.operation)


@pytest.mark.parametrize(("where", "call"), CALLS, ids=lambda value: "" if isinstance(value, Call) else ":".join(value))
def test_every_call_exists_in_the_sdk_and_only_reads(where: tuple[str, str], call: Call) -> None:
    """Operation, parameters and paging fields are of the service's model, and the name says that it reads."""
    model = operation_of(where[0], call)
    assert call.operation.startswith(READING)
    taken = set(model.input_shape.members) if model.input_shape else set()
    assert call.params.keys() <= taken
    if call.pages:
        assert call.pages[0] in taken
        assert call.pages[1] in model.output_shape.members
    assert xform_name(call.operation)


@pytest.mark.parametrize(("where", "call"), CALLS, ids=lambda value: "" if isinstance(value, Call) else ":".join(value))
def test_every_result_stands_where_the_service_puts_it(where: tuple[str, str], call: Call) -> None:
    """The first step of the result's path is a member of the answer."""
    members = operation_of(where[0], call).output_shape.members
    assert jmespath.compile(call.result) is not None
    if not call.result.startswith(("@", "[", "{")):
        assert call.result.split(".")[0].split("[")[0] in members


@pytest.mark.parametrize("call", [call for _, call in CALLS], ids=lambda call: call.operation)
def test_every_call_says_what_is_lost_without_its_permission(call: Call) -> None:
    """The permissions page has something to say about each."""
    assert call.iam.count(":") == 1
    assert call.lost.endswith(".")


@pytest.mark.parametrize("action", actions(call for _, call in every_call()))
def test_every_action_exists_and_reads_or_lists(action: str) -> None:
    """IAM knows the action, with access level Read or List."""
    service, name = action.split(":")
    found = get_action_data(service, name)
    assert found, f"{action} does not exist"
    assert {one["access_level"] for one in found[service]} <= {"Read", "List"}


def test_a_write_is_not_in_the_table() -> None:
    """Nothing but reads may be sent, and the two calls that open a session."""
    assert {operation for service, operation in ALLOWED if not operation.startswith(READING)} == {"AssumeRole"}
    assert set(SESSION_CALLS) <= ALLOWED


def test_the_parts_are_those_that_judgement_knows() -> None:
    """Collecting and judging name the same types and parts."""
    asked = {
        kind.name: {part for part, call in kind.parts.items() if part[0] != "_" and call.set != EXTRA} for kind in TYPES
    }
    nobody_asks = {"Tags", "SecurityContact", "OperationsContact", "BillingContact"}  # they are for addressing
    asked[ACCOUNT] = asked[ACCOUNT] - nobody_asks | {"VisibleTrails"}
    assert {type: parts for type, parts in asked.items() if parts} == {
        type: set(parts) for type, parts in PARTS.items()
    }
    assert {kind.name for kind in TYPES if not kind.regional} == GLOBAL_TYPES


def test_what_changes_by_itself_is_split_off_or_left_out() -> None:
    """Each field that is known to be volatile is either dropped by its row or split off by the canonical form."""
    fields = {
        "AWS::CloudTrail::Trail": {"Status": {"IsLogging": True, "LatestDeliveryTime": "2026-01-01T00:00:00Z"}},
        "AWS::SNS::Topic": {"Attributes": {"SubscriptionsConfirmed": "3", "DisplayName": ""}},
        "AWS::KMS::Key": {"Rotation": {"KeyRotationEnabled": True, "NextRotationDate": "2026-01-01T00:00:00Z"}},
    }
    for type, configuration in fields.items():
        durable, volatile = split_volatile(type, configuration)
        assert volatile
        assert durable != configuration
    assert {kind.name for kind in TYPES} >= set(VOLATILE)


def test_an_operation_and_permission_can_be_named_for_every_key() -> None:
    """Evidence names the call a value came from: the part's own, or the listing."""
    assert asked_by("AWS::S3::Bucket", "Policy") == ("GetBucketPolicy", "s3:GetBucketPolicy")
    assert asked_by("AWS::S3::Bucket", "Name") == ("ListBuckets", "s3:ListAllMyBuckets")
    assert asked_by(ACCOUNT, "State") == ("ListAccounts", "organizations:ListAccounts")
    assert asked_by("AWS::EC2::Instance", "x") == ("", "")


@pytest.mark.parametrize("sets", [DEFAULT_SETS, DEFAULT_SETS | {EXTRA}], ids=["usual", "extra"])
def test_the_session_policy_fits_and_allows_nothing_but_reads(sets: frozenset[str]) -> None:
    """AssumeRole takes 2,048 characters; what a pattern folds together only reads."""
    import json

    from policy_sentry.querying.all import get_all_actions

    text = session_policy(sets)
    assert len(text) <= 2048
    allowed = json.loads(text)["Statement"][0]["Action"]
    covered = {
        action
        for pattern in allowed
        if "*" in pattern
        for action in get_all_actions()
        if action.lower().startswith(pattern[:-1].lower())
    }
    levels = {
        one["access_level"] for action in covered for one in get_action_data(*action.split(":"))[action.split(":")[0]]
    }
    assert levels <= {"Read", "List"}
    assert not covered & {"s3:GetObject", "s3:GetObjectVersion"}
    for action in actions(role_calls(sets)):
        assert any(action == one or (one.endswith("*") and action.startswith(one[:-1])) for one in allowed)


def test_the_organization_is_asked_with_permissions_of_its_own() -> None:
    """What only the management account may ask stays out of the members' role."""
    assert {action for action in actions(organization_calls()) if not action.startswith("organizations:")} == set()
    assert "organizations:ListAccounts" not in actions(role_calls())
