"""The tables of the simulation agree with AWS's own models."""

import botocore.session
import pytest

from reporter.simulate import front
from reporter.simulate.authority import ACTIONS
from reporter.simulate.registry import ANSWERS, FOLLOWS
from reporter.simulate.request import BUCKET_VERBS, LISTINGS, OBJECT_SUBRESOURCES, SUBRESOURCES


def test_every_operation_answered_here_exists_in_the_services_model() -> None:
    """A name that AWS does not know would never be asked."""
    assert front.answer
    session, unknown = botocore.session.Session(), []
    for name in ANSWERS.keys() | FOLLOWS.keys():
        service, _, operation = name.partition(":")
        if service in {"s3", "s3express"}:
            continue  # one function answers whole families of names; the reads are looked at below
        if operation not in session.get_service_model(service).operation_names:
            unknown.append(name)
    assert unknown == []


def test_s3_names_are_the_apis_names() -> None:
    """Rules, counters and permissions speak of operations by these names."""
    known = set(botocore.session.Session().get_service_model("s3").operation_names)
    assert {f"Get{noun}" for noun in SUBRESOURCES.values()} <= known
    assert {*BUCKET_VERBS.values(), *LISTINGS.values(), *OBJECT_SUBRESOURCES.values()} <= known


def test_every_permission_named_exists() -> None:
    """IAM's names for what the API names otherwise."""
    actions = pytest.importorskip("policy_sentry.querying.all").get_all_actions()
    known = {action.lower() for action in actions}
    assert [action for action in ACTIONS.values() if action.lower() not in known] == []
