"""Remedies as code: they are what CloudFormation accepts, and Terraform blocks that close."""

import json
import re

import pytest
import yaml
from cfnlint import api

import reporter.checks  # noqa: F401 -- fills the registry
from reporter.assess.evaluate import CHECKS, PLACEHOLDER

ALL = [(f"{check.id}-{number}", code) for _, check in sorted(CHECKS.items()) for number, code in enumerate(check.code)]
IN_CLOUDFORMATION = [code.cloudformation for _, code in ALL if code.cloudformation]
IN_TERRAFORM = [pytest.param(code.terraform, id=id) for id, code in ALL if code.terraform]
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
    for number, code in enumerate(IN_CLOUDFORMATION):
        for name, resource in yaml.safe_load(filled(code, f"example-{number}")).items():
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
        assert re.fullmatch(r'\s*(}|# .+|[a-z_]+( "[a-z0-9_]+")* \{.*|[a-z0-9_]+\s+= .+)', line), line


def test_most_checks_that_can_have_code_have_it():
    """A fix that sets properties of one resource is also told as code."""
    assert len({check.id for check in CHECKS.values() for code in check.code if code.cloudformation}) >= 30
    assert len({check.id for check in CHECKS.values() for code in check.code if code.terraform}) >= 28


@pytest.mark.parametrize("check", [pytest.param(one, id=one.id) for one in CHECKS.values() if one.code])
def test_code_that_mends_a_clause_is_of_a_command_of_the_fix(check):
    """Each word that a fragment stands for is in the fix, and of several fragments each says which clause it mends."""
    assert [word for code in check.code for word in code.mends if word not in check.fix] == []
    assert len(check.code) == 1 or all(code.mends for code in check.code)
