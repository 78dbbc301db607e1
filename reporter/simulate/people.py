"""Who changes things in the simulation: persons and machines as CloudTrail describes them, with where from and by what.

Each function returns the `actor` of `Simulation.act`. Addresses are of the documentation networks (RFC 5737).
"""

from reporter.simulate.organization import Document, letters

CONSOLE = "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10 OpenJDK_64-Bit_Server_VM/25.412]"
BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15"
CLI = "aws-cli/2.31.4 md/awscrt#0.27.6 ua/2.1 os/macos#24.6.0 md/arch#arm64 lang/python#3.13.7 md/installer#exe md/command#s3api"
BOTO3 = "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux#6.8 md/arch#x86_64 lang/python#3.12.4 md/pyimpl#CPython"
TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.13.4 (+https://www.terraform.io) terraform-provider-aws/6.18.0 (+https://registry.terraform.io/providers/hashicorp/aws)"
CLOUDFORMATION = "cloudformation.amazonaws.com"


def iam_user(account: str, name: str, *, ip: str, agent: str = CLI, mfa: bool | None = None) -> Document:
    """A user with a long-lived access key, or signed in to the console (`mfa` is then known)."""
    identity: Document = {
        "type": "IAMUser",
        "principalId": "AIDA" + letters(0, account, name, length=17).upper(),
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "accessKeyId": "AKIA" + letters(1, account, name, length=16).upper(),
        "userName": name,
    }
    if mfa is not None:
        identity["sessionContext"] = {
            "attributes": {"creationDate": "2026-11-01T08:00:00Z", "mfaAuthenticated": str(mfa).lower()}
        }
    return {"identity": identity, "ip": ip, "agent": agent}


def identity_center(account: str, person: str, permission_set: str, *, ip: str, agent: str = BROWSER) -> Document:
    """A person signed in through IAM Identity Center: the session's name is who they are."""
    role = f"AWSReservedSSO_{permission_set}_{letters(2, account, permission_set, length=16)}"
    return _session(account, role, person, path="aws-reserved/sso.amazonaws.com/eu-west-1/", ip=ip, agent=agent)


def role_session(account: str, role: str, session: str, *, ip: str, agent: str = TERRAFORM) -> Document:
    """A machine or pipeline behind a role."""
    return _session(account, role, session, path="", ip=ip, agent=agent)


def cloudformation(account: str, role: str = "cfn-execution") -> Document:
    """A stack operation: the service calls on behalf of a role."""
    actor = _session(account, role, "AWSCloudFormation", path="", ip=CLOUDFORMATION, agent=CLOUDFORMATION)
    actor["identity"]["invokedBy"] = CLOUDFORMATION
    return actor


def root(account: str, *, ip: str, agent: str = BROWSER) -> Document:
    """The root user, the only one who can switch MFA delete."""
    identity = {"type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root", "accountId": account}
    return {
        "identity": identity | {"sessionContext": {"attributes": {"mfaAuthenticated": "true"}}},
        "ip": ip,
        "agent": agent,
    }


def _session(account: str, role: str, session: str, *, path: str, ip: str, agent: str) -> Document:
    role_id = "AROA" + letters(3, account, role, length=17).upper()
    identity = {
        "type": "AssumedRole",
        "principalId": f"{role_id}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        "accountId": account,
        "accessKeyId": "ASIA" + letters(4, account, role, session, length=16).upper(),
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role_id,
                "arn": f"arn:aws:iam::{account}:role/{path}{role}",
                "accountId": account,
                "userName": role,
            },
            "attributes": {"creationDate": "2026-11-03T08:00:00Z", "mfaAuthenticated": "false"},
        },
    }
    return {"identity": identity, "ip": ip, "agent": agent}
