"""The role of the member accounts as a CloudFormation template, for a StackSet over the organization."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

_DESCRIPTION = (
    "The role that reporter assumes to read this account: Read and List only. Deploy it as a service-managed StackSet with automatic "
    "deployment, and once as a stack in the management account, which a StackSet leaves out."
)


def template(policies: Sequence[Mapping[str, Any]], extra: Mapping[str, Any], *, role: str) -> str:
    """The template as YAML; the policies come from the table of reads."""
    names = [f"ReadPolicy{at + 1}" if len(policies) > 1 else "ReadPolicy" for at in range(len(policies))]
    resources: dict[str, Any] = {"Role": _role(names)}
    for name, policy in zip(names, policies, strict=True):
        resources[name] = _policy(policy, "What reporter reads.")
    resources["ExtraPolicy"] = {"Condition": "ReadsExtra", **_policy(extra, "The rest that S3 can say.")}
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": _DESCRIPTION,
        "Parameters": _parameters(role),
        "Conditions": {
            "HasOrganization": {"Fn::Not": [{"Fn::Equals": [{"Ref": "OrganizationId"}, ""]}]},
            "ReadsExtra": {"Fn::Equals": [{"Ref": "ReadExtra"}, "true"]},
            "TakesSourceIdentity": {"Fn::Equals": [{"Ref": "AllowSourceIdentity"}, "true"]},
        },
        "Resources": resources,
        "Outputs": {"RoleArn": {"Description": "The role.", "Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }
    head = "# Generated from the table of reads (reporter/collect/resources*.py); a test holds it equal.\n"
    return head + yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True)


def _parameters(role: str) -> dict[str, Any]:
    return {
        "HubRoleArn": {
            "Type": "String",
            "Description": "The exact ARN of the role or user that runs reporter.",
            "AllowedPattern": r"^arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+$",
        },
        "ExternalId": {
            "Type": "String",
            "NoEcho": True,
            "MinLength": 16,
            "Description": "A random text of this installation, 16 characters or more; role.external_id in the settings.",
        },
        "OrganizationId": {
            "Type": "String",
            "Default": "",
            "Description": "Optional: o-..., the organization the caller must belong to.",
            "AllowedPattern": "^(o-[a-z0-9]{10,32})?$",
        },
        "RoleName": {"Type": "String", "Default": role, "Description": "The role's name; role.name in the settings."},
        "MaxSessionDuration": {"Type": "Number", "Default": 3600, "MinValue": 3600, "MaxValue": 43200},
        "AllowSourceIdentity": _switch("Whether role.source_identity may be set."),
        "ReadExtra": _switch("Whether collect.extra is on."),
    }


def _switch(description: str) -> dict[str, Any]:
    return {"Type": "String", "AllowedValues": ["true", "false"], "Default": "false", "Description": description}


def _role(policies: Sequence[str]) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Ref": "RoleName"},
            "Description": "Read by reporter; Read and List only.",
            "MaxSessionDuration": {"Ref": "MaxSessionDuration"},
            "ManagedPolicyArns": [
                *({"Ref": name} for name in policies),
                {"Fn::If": ["ReadsExtra", {"Ref": "ExtraPolicy"}, {"Ref": "AWS::NoValue"}]},
            ],
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [_trust(), _source_identity()]},
        },
    }


def _trust() -> dict[str, Any]:
    """The exact caller, with the external id, and from the organization if that is given."""
    return {
        "Sid": "OnlyTheHub",
        "Effect": "Allow",
        "Principal": {"AWS": {"Ref": "HubRoleArn"}},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {
                "sts:ExternalId": {"Ref": "ExternalId"},
                "aws:PrincipalOrgID": {
                    "Fn::If": ["HasOrganization", {"Ref": "OrganizationId"}, {"Ref": "AWS::NoValue"}]
                },
            }
        },
    }


def _source_identity() -> dict[str, Any]:
    """A permission of its own: without it in the trust, AssumeRole with a source identity fails as a whole."""
    statement = {
        "Sid": "NamesItself",
        "Effect": "Allow",
        "Principal": {"AWS": {"Ref": "HubRoleArn"}},
        "Action": "sts:SetSourceIdentity",
    }
    return {"Fn::If": ["TakesSourceIdentity", statement, {"Ref": "AWS::NoValue"}]}


def _policy(policy: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"Description": description, "PolicyDocument": dict(policy)},
    }
