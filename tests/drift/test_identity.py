"""Who stands behind an event: the person, workload or service, and the tool."""

import pytest

from reporter.drift.identity import actor, principal, via

ROLE = "arn:aws:sts::111122223333:assumed-role"


def assumed(role, session, **context):
    """An assumed role's identity."""
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLEID12345678:{session}",
        "arn": f"{ROLE}/{role}/{session}",
        "accountId": "111122223333",
        "sessionContext": {"sessionIssuer": {"type": "Role", "userName": role}, **context},
    }


IDENTITIES = [
    (
        "an IAM user",
        {"type": "IAMUser", "userName": "alice", "arn": "arn:aws:iam::111122223333:user/alice"},
        "alice (IAM user)",
    ),
    (
        "a root user",
        {"type": "Root", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:root"},
        "root of 111122223333",
    ),
    (
        "an Identity Center session",
        assumed("AWSReservedSSO_AdminAccess_0123456789abcdef", "alice@example.com"),
        "alice@example.com via AdminAccess",
    ),
    ("a named session", assumed("deploy", "bob"), "bob via deploy"),
    ("a stated source identity", assumed("deploy", "whatever", sourceIdentity="carol"), "carol via deploy"),
    (
        "an unnamed session",
        assumed("deploy", "botocore-session-1700000000"),
        "role deploy (session botocore-session-1700000000)",
    ),
    ("an instance", assumed("web", "i-0123456789abcdef0"), "EC2 instance i-0123456789abcdef0 via web"),
    (
        "a Lambda function",
        assumed("fn-role", "awslambda_42_20261118"),
        "Lambda function awslambda_42_20261118 via fn-role",
    ),
    ("a build", assumed("build", "AWSCodeBuild-1234"), "CodeBuild AWSCodeBuild-1234 via build"),
    ("a pipeline", assumed("ci", "GitHubActions"), "GitHub Actions via ci"),
    (
        "a role without issuer",
        {"type": "AssumedRole", "arn": f"{ROLE}/old-role/dave", "principalId": "AROAEXAMPLEID12345678:dave"},
        "dave via old-role",
    ),
    (
        "a deleted role without ARN",
        {"type": "AssumedRole", "principalId": "AROAEXAMPLEID12345678:dave"},
        "dave via AROAEXAMPLEID12345678",
    ),
    (
        "a federated user",
        {
            "type": "FederatedUser",
            "arn": "arn:aws:sts::111122223333:federated-user/erin",
            "sessionContext": {"sessionIssuer": {"type": "IAMUser", "userName": "broker"}},
        },
        "erin (federated by broker)",
    ),
    (
        "a web identity",
        {
            "type": "WebIdentityUser",
            "principalId": "token.actions.githubusercontent.com:aud:sub",
            "userName": "repo:org/app:ref:refs/heads/main",
            "identityProvider": "token.actions.githubusercontent.com",
        },
        "repo:org/app:ref:refs/heads/main (federated by token.actions.githubusercontent.com)",
    ),
    ("a SAML user", {"type": "SAMLUser", "userName": "frank", "identityProvider": "idp"}, "frank (federated by idp)"),
    (
        "an Identity Center user",
        {"type": "IdentityCenterUser", "accountId": "1", "onBehalfOf": {"userId": "544894e8", "identityStoreArn": "x"}},
        "544894e8 (Identity Center user)",
    ),
    ("a service", {"type": "AWSService", "invokedBy": "config.amazonaws.com"}, "config.amazonaws.com (service)"),
    ("a service without type", {"invokedBy": "delivery.logs.amazonaws.com"}, "delivery.logs.amazonaws.com (service)"),
    (
        "another account",
        {"type": "AWSAccount", "accountId": "999999999999", "principalId": "AIDAX"},
        "account 999999999999",
    ),
    (
        "a deleted user",
        {"type": "Unknown", "principalId": "AIDAEXAMPLEID12345678"},
        "AIDAEXAMPLEID12345678 (unresolved)",
    ),
    ("nobody", {}, "unknown"),
    (
        "a person through a service",
        {
            **assumed("AWSReservedSSO_Dev_0123456789abcdef", "alice@example.com"),
            "invokedBy": "cloudformation.amazonaws.com",
        },
        "alice@example.com via Dev through cloudformation.amazonaws.com",
    ),
]


@pytest.mark.parametrize("name, user, expected", IDENTITIES, ids=[case[0] for case in IDENTITIES])
def test_principal(name, user, expected):
    """Every kind of identity is resolved to the person, workload or service behind it."""
    assert principal(user) == expected


TOOLS = [
    ("console by credential", {"sessionCredentialFromConsole": "true", "userAgent": "aws-sdk-java/1.11"}, "console"),
    ("console by agent", {"userAgent": "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.11]"}, "console"),
    ("browser", {"userAgent": "Mozilla/5.0 (X11) Firefox/130"}, "console"),
    (
        "shell in the console",
        {"sessionCredentialFromConsole": "true", "userAgent": "aws-cli/2.15 exec-env/CloudShell"},
        "cli",
    ),
    ("command line", {"userAgent": "aws-cli/2.15.0 Python/3.11 Linux botocore/2.4"}, "cli"),
    (
        "Terraform",
        {"userAgent": "APN/1.0 HashiCorp/1.0 Terraform/1.7.0 terraform-provider-aws/5.1 aws-sdk-go-v2/1.2"},
        "terraform",
    ),
    (
        "CloudFormation",
        {"userAgent": "cloudformation.amazonaws.com", "userIdentity": {"invokedBy": "cloudformation.amazonaws.com"}},
        "cloudformation",
    ),
    ("library", {"userAgent": "Boto3/1.44 md/Botocore#1.44"}, "sdk"),
    ("Go library", {"userAgent": "aws-sdk-go-v2/1.30 os/linux lang/go#1.22"}, "sdk"),
    (
        "service",
        {
            "userAgent": "config.amazonaws.com",
            "userIdentity": {"type": "AWSService", "invokedBy": "config.amazonaws.com"},
        },
        "service",
    ),
    ("service by agent", {"userAgent": "AWS Internal"}, "service"),
    ("nothing", {"userAgent": "curl/8"}, ""),
]


@pytest.mark.parametrize("name, event, expected", TOOLS, ids=[case[0] for case in TOOLS])
def test_via(name, event, expected):
    """Console, command line, CloudFormation, Terraform, libraries and services are told apart."""
    assert via(event) == expected


def test_actor_carries_what_a_reader_needs():
    """Address, tool, second factor, ARN and time come along, cleaned of what could break a line."""
    found = actor(
        {
            "eventID": "e1",
            "eventName": "PutBucketPolicy",
            "eventTime": "2026-11-18T14:03:00Z",
            "userIdentity": assumed("ops", "bob\n\u202e", attributes={"mfaAuthenticated": "true"}),
            "sourceIPAddress": "203.0.113.7",
            "userAgent": "aws-cli/2.15\x1b[31m",
        }
    )
    assert (found.event_id, found.event_name, found.source_ip, found.via, found.mfa) == (
        "e1",
        "PutBucketPolicy",
        "203.0.113.7",
        "cli",
        True,
    )
    assert found.principal.isprintable()
    assert found.user_agent.isprintable()
    assert f"{found.at:%Y-%m-%dT%H:%M}" == "2026-11-18T14:03"


def test_second_factor_is_only_what_the_record_says():
    """Stated true, stated false of a user, stated at sign-in, not stated."""
    base = {"eventTime": "2026-11-18T14:03:00Z"}
    without = {"sessionContext": {"attributes": {"mfaAuthenticated": "false"}}}
    assert actor({**base, "userIdentity": {"type": "IAMUser", "userName": "alice", **without}}).mfa is False
    assert actor({**base, "userIdentity": {"type": "Root", **without}}).mfa is False
    assert actor({**base, "additionalEventData": {"MFAUsed": "Yes"}}).mfa is True
    assert actor(base).mfa is None


@pytest.mark.parametrize("kind", ["AssumedRole", "FederatedUser", "SAMLUser", "WebIdentityUser", "IdentityCenterUser"])
def test_a_session_is_never_said_to_lack_a_second_factor(kind):
    """What an identity provider asked AWS does not know: false of a session is unknown, true stays true."""
    base = {"eventTime": "2026-11-18T14:03:00Z"}
    for said, known in (("false", None), ("true", True)):
        session = assumed("ops", "alice@example.com", attributes={"mfaAuthenticated": said}) | {"type": kind}
        assert actor({**base, "userIdentity": session}).mfa is known
    federated = {**base, "userIdentity": {"type": kind}, "additionalEventData": {"MFAUsed": "No"}}
    assert actor(federated).mfa is None


def test_a_record_without_time_is_refused():
    """The message names the record and the value."""
    with pytest.raises(ValueError, match=r"'e1'.*'soon'"):
        actor({"eventID": "e1", "eventTime": "soon"})
