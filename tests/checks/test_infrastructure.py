"""Remedies as code: they are what CloudFormation accepts, and Terraform blocks that close."""

import json
import re

import pytest
import yaml
from cfnlint import api

import reporter.checks  # noqa: F401 -- fills the registry
from reporter.assess.evaluate import CHECKS, PLACEHOLDER

IN_CLOUDFORMATION = sorted((one for one in CHECKS.values() if one.cloudformation), key=lambda one: one.id)
IN_TERRAFORM = [pytest.param(one.terraform, id=one.id) for one in CHECKS.values() if one.terraform]
STAND_INS = {
    "KEY_ARN": "arn:aws:kms:us-east-1:111111111111:key/11111111-2222-3333-4444-555555555555",
    "LOG_BUCKET": "example-logs",
    "LOG_TARGET": "example-access-logs",
}


def filled(text, name):
    """The fragment with names in place of what only the reader knows, its own resource being called `name`."""
    for word, value in STAND_INS.items():
        text = text.replace(word, value)
    return PLACEHOLDER.sub(name, text)


def test_cloudformation_accepts_each_fragment():
    """All fragments together are a template in which cfn-lint finds no error."""
    resources = {}
    for number, check in enumerate(IN_CLOUDFORMATION):
        for name, resource in yaml.safe_load(filled(check.cloudformation, f"example-{number}")).items():
            resources[f"{name}{number}"] = resource
    template = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
    found = api.lint(template, api.ManualArgs(regions=["us-east-1"]))
    assert not [str(one) for one in found if one.rule.severity == "error"]


@pytest.mark.parametrize("text", IN_TERRAFORM)
def test_terraform_blocks_close(text):
    """Every block that opens closes, and what stands in it is an argument or another block."""
    assert text.count("{") == text.count("}")
    assert re.match(r'resource "aws_[a-z0-9_]+" "this" \{', text)
    for line in text.strip().splitlines():
        assert re.fullmatch(r'\s*(}|[a-z_]+( "[a-z0-9_]+")* \{.*|[a-z0-9_]+\s+= .+)', line), line


def test_most_checks_that_can_have_code_have_it():
    """A fix that sets properties of one resource is also told as code."""
    assert len(IN_CLOUDFORMATION) >= 30
    assert len(IN_TERRAFORM) >= 28
