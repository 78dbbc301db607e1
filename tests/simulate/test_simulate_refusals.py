"""Who may do what in the simulation: credentials, roles, denials, and everything that goes wrong by rule."""

import http.client
import json
import time
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from reporter.simulate.simulation import Simulation

SESSION = botocore.session.Session()  # parses each service's model once


def client(
    sim: Simulation, service: str, credentials: dict[str, str], region: str = "eu-west-1", attempts: int = 1
) -> Any:
    return SESSION.create_client(
        service,
        region_name=region,
        endpoint_url=sim.endpoint_url,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": attempts}, read_timeout=5),
    )


def assume(sim: Simulation, account: str, **params: Any) -> dict[str, str]:
    hub = {
        "AccessKeyId": sim.environment["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": sim.environment["AWS_SECRET_ACCESS_KEY"],
    }
    asked = {
        "RoleArn": f"arn:aws:iam::{sim.organization.account(account).id}:role/{sim.organization.role}",
        "RoleSessionName": "test",
    }
    asked |= {"ExternalId": sim.organization.external_id} | params
    return dict(client(sim, "sts", hub).assume_role(**asked)["Credentials"])


def code(error: Any) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_role_is_assumed_and_answers_for_its_account(demo: Simulation) -> None:
    """The session says who it is, and is noted with its source identity."""
    credentials = assume(demo, "network", SourceIdentity="somebody")
    me = client(demo, "sts", credentials).get_caller_identity()
    assert me["Account"] == demo.organization.account("network").id
    assert me["Arn"].endswith(":assumed-role/reporter-reader/test")
    assert any(s["source_identity"] == "somebody" for s in demo.command("sessions"))


@pytest.mark.parametrize(
    "account, params",
    [
        ("network", {"ExternalId": "wrong"}),
        ("network", {"RoleArn": "arn:aws:iam::999999999999:role/reporter-reader"}),
        ("acquired-logistics", {}),
        ("old-marketing", {}),
    ],
)
def test_a_role_refuses_strangers_and_closed_accounts(demo: Simulation, account: str, params: dict[str, str]) -> None:
    """AccessDenied without a reason, as AWS says it."""
    with pytest.raises(ClientError) as caught:
        assume(demo, account, **params)
    assert code(caught) == "AccessDenied"


def test_a_role_of_another_name_cannot_be_assumed(demo: Simulation) -> None:
    """The account has one role, and it is not this one."""
    arn = f"arn:aws:iam::{demo.organization.account('network').id}:role/administrator"
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(demo, "network", RoleArn=arn)


def test_unknown_keys_are_refused_in_each_protocol(demo: Simulation) -> None:
    """S3, JSON and query each have their own word for it."""
    nobody = {"AccessKeyId": "AKIANOBODY0000000000", "SecretAccessKey": "x"}
    for service, operation, expected in (
        ("s3", "list_buckets", "InvalidAccessKeyId"),
        ("cloudtrail", "describe_trails", "UnrecognizedClientException"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
    ):
        with pytest.raises(ClientError) as caught:
            getattr(client(demo, service, nobody), operation)()
        assert code(caught) == expected


def test_expired_sessions_are_refused_until_the_role_is_assumed_anew(fresh: Simulation) -> None:
    """One command ends all sessions opened so far; later ones live."""
    old = assume(fresh, "network")
    assert fresh.command("expire_sessions") == 1
    for service, operation in (("s3", "list_buckets"), ("cloudtrail", "describe_trails")):
        with pytest.raises(ClientError, match="ExpiredToken"):
            getattr(client(fresh, service, old), operation)()
    assert client(fresh, "s3", assume(fresh, "network")).list_buckets()["Buckets"]


def test_a_session_policy_limits_the_session(demo: Simulation) -> None:
    """What the policy does not name is denied, whatever the role may do; names are IAM's, not the API's."""
    statement = {"Effect": "Allow", "Action": ["s3:GetEncryptionConfiguration", "s3:GetBucket*"], "Resource": "*"}
    credentials = assume(demo, "payments-prod", Policy=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    s3 = client(demo, "s3", credentials)
    assert s3.get_bucket_encryption(Bucket="kh-payments-ledger")
    assert s3.get_bucket_versioning(Bucket="kh-payments-ledger")
    for refused in (s3.list_buckets, lambda: s3.put_bucket_acl(Bucket="kh-payments-ledger", ACL="private")):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()


def test_members_may_not_list_the_organization_but_its_delegate_may(demo: Simulation) -> None:
    """The management account and the audit account may; the network account may only describe."""
    assert len(demo.client("organizations", "audit").list_accounts()["Accounts"]) == len(demo.organization.accounts)
    member = demo.client("organizations", "network")
    assert member.describe_organization()["Organization"]["Id"] == demo.organization.id
    with pytest.raises(ClientError, match="AccessDeniedException"):
        member.list_accounts()


def test_the_organization_is_listed_as_declared(demo: Simulation) -> None:
    """Accounts with state, OUs nested, policies with targets, the S3 policy in force below its OU."""
    client_, organization = demo.client("organizations", "management"), demo.organization
    accounts = client_.list_accounts()["Accounts"]
    assert {(a["Id"], a["Name"], a["State"]) for a in accounts} == {
        (a.id, a.name, a.state) for a in organization.accounts
    }
    found: dict[str, str] = {}

    def walk(parent: str, path: str) -> None:
        for account in client_.list_accounts_for_parent(ParentId=parent)["Accounts"]:
            found[account["Name"]] = path
        for unit in client_.list_organizational_units_for_parent(ParentId=parent)["OrganizationalUnits"]:
            walk(unit["Id"], f"{path}/{unit['Name']}".lstrip("/"))

    walk(client_.list_roots()["Roots"][0]["Id"], "")
    assert found == {a.name: a.unit for a in organization.accounts}
    effective = client_.describe_effective_policy(
        PolicyType="S3_POLICY", TargetId=organization.account("log-archive").id
    )
    assert "@@assign" in effective["EffectivePolicy"]["PolicyContent"]
    with pytest.raises(ClientError, match="EffectivePolicyNotFoundException"):
        client_.describe_effective_policy(PolicyType="S3_POLICY", TargetId=organization.account("network").id)


def test_long_listings_come_in_pages_of_twenty(fresh: Simulation) -> None:
    """A page asked larger is not larger."""
    from reporter.simulate.other import organization

    fresh.load(organization(5, accounts=45, buckets=1))
    client_ = fresh.client("organizations", "root")
    pages = [page["Accounts"] for page in client_.get_paginator("list_accounts").paginate()]
    assert [len(page) for page in pages] == [20, 20, 7]
    assert len({account["Id"] for page in pages for account in page}) == 47


def test_denied_calls_are_denied_for_that_resource_only(fresh: Simulation) -> None:
    """By operation, account and resource; lifted again by one call."""
    s3 = fresh.client("s3", "data-lake-prod", "eu-west-1")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_bucket_policy(Bucket="kh-lake-curated")
    assert s3.get_bucket_policy(Bucket="kh-lake-raw")
    fresh.deny("cloudtrail:Get*", "management")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        fresh.client("cloudtrail", "management", "eu-west-1").get_trail_status(Name="kh-organization-trail")
    fresh.allow()
    assert s3.get_bucket_policy(Bucket="kh-lake-curated")


@pytest.mark.parametrize(
    "kind, service, operation, expected",
    [
        ("throttle", "s3", "list_buckets", "SlowDown"),
        ("throttle", "cloudtrail", "describe_trails", "ThrottlingException"),
        ("throttle", "organizations", "list_accounts", "TooManyRequestsException"),
        ("throttle", "sts", "get_caller_identity", "Throttling"),
        ("deny", "s3", "list_buckets", "AccessDenied"),
        ("deny", "kms", "list_keys", "AccessDeniedException"),
        ("deny", "sns", "list_topics", "AuthorizationError"),
        ("deny", "ec2", "describe_regions", "UnauthorizedOperation"),
    ],
)
def test_faults_speak_the_services_language(
    calm: Simulation, kind: str, service: str, operation: str, expected: str
) -> None:
    """The code a client must understand differs from service to service."""
    calm.fault(kind, f"{service}:*")
    with pytest.raises(ClientError) as caught:
        getattr(calm.client(service, "management"), operation)()
    assert code(caught) == expected
    assert calm.clear_faults() == [1]


def raw(sim: Simulation, target: str) -> bytes:
    """The body of a plain GET; botocore itself does not notice a body that is cut short."""
    key = f"AKIAADMN{sim.organization.account('payments-prod').id}"
    scope = f"AWS4-HMAC-SHA256 Credential={key}/20261102/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=5)
    try:
        connection.request("GET", target, headers={"Authorization": scope})
        return connection.getresponse().read()
    finally:
        connection.close()


def test_broken_answers_break_as_on_a_bad_line(calm: Simulation) -> None:
    """Cut, killed, malformed or of another shape; the next call is well again."""
    target = "/kh-payments-ledger?encryption"
    well = raw(calm, target)
    assert b"aws:kms" in well
    calm.fault("truncate", "s3:GetBucketEncryption", times=1)
    with pytest.raises(http.client.IncompleteRead) as cut:
        raw(calm, target)
    assert cut.value.partial == well[: len(well) // 2]
    calm.fault("kill", "s3:GetBucketEncryption", times=1)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        raw(calm, target)
    calm.fault("malformed", "s3:GetBucketEncryption", times=1)
    assert raw(calm, target).startswith(b"<not<xml")
    calm.fault("wrong", "s3:GetBucketEncryption", times=1)
    assert b"<Unexpected>" in raw(calm, target)
    calm.fault("delay", "s3:GetBucketEncryption", times=1, seconds=0.2)
    began = time.monotonic()
    assert raw(calm, target) == well
    assert time.monotonic() - began >= 0.2


def test_chance_is_repeated_by_the_same_seed(calm: Simulation) -> None:
    """The same calls meet the same faults."""

    def fates() -> list[int]:
        calm.clear_faults(seed=11)
        calm.fault("error", "s3:ListBuckets", probability=0.4, code="InternalError", status=500)
        return [_status(calm) for _ in range(30)]

    first = fates()
    assert 0 < first.count(500) < 30
    assert fates() == first


def _status(sim: Simulation) -> int:
    try:
        answer = sim.client("s3", "audit").list_buckets()
    except ClientError as error:
        answer = error.response
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


def test_a_rate_limits_one_account_and_not_its_neighbour(calm: Simulation) -> None:
    """Ten calls a second for one account; the others never notice."""
    calm.fault("rate", "s3:*", account=calm.organization.account("audit").id, per_second=5)
    assert 503 in [_status(calm) for _ in range(12)]
    neighbour = calm.client("s3", "network")
    for _ in range(12):
        neighbour.list_buckets()


def test_calls_are_counted_by_account_and_operation(calm: Simulation) -> None:
    """What a benchmark and the permissions page are compared with."""
    calm.counts(reset=True)
    s3, me = calm.client("s3", "payments-prod", "eu-west-1"), calm.organization.account("payments-prod").id
    for _ in range(3):
        s3.get_bucket_policy(Bucket="kh-payments-ledger")
    told = calm.counts()
    assert told["calls"] == {me: {"s3:GetBucketPolicy": 3}}
    assert told["status"] == {"200": 3}


def test_commands_name_their_mistakes(demo: Simulation) -> None:
    """A typo is a sentence, not a silent nothing."""
    with pytest.raises(ValueError, match="no command 'advanse'"):
        demo.command("advanse")
    with pytest.raises(ValueError, match="kind 'boom' is unknown"):
        demo.fault("boom")
    with pytest.raises(KeyError, match="no account 'nobody'"):
        demo.client("s3", "nobody")


def test_accounts_join_and_leave_a_running_organization(fresh: Simulation) -> None:
    """The joiner is listed with all it has; the leaver neither listed nor open."""
    from reporter.simulate.organization import Bucket, Member, account_id

    new = Member(
        account_id(99, "new"),
        "new-team",
        "new@example.com",
        "Workloads/Dev",
        buckets=(Bucket("new-team-data", "eu-west-1"),),
    )
    fresh.join(new)
    assert fresh.client("s3", "new-team", "eu-west-1").get_bucket_encryption(Bucket="new-team-data")
    fresh.leave("sandbox-anna")
    names = {a["Name"] for a in fresh.client("organizations", "management").list_accounts()["Accounts"]}
    assert "new-team" in names
    assert "sandbox-anna" not in names
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(fresh, "sandbox-anna")
    assert assume(fresh, "new-team")


def test_s3_refuses_what_block_public_access_and_ownership_forbid(fresh: Simulation) -> None:
    """Public policies while the block stands, ACLs while the owner is enforced, MFA delete without the second factor."""
    s3, bucket = fresh.client("s3", "payments-prod", "eu-west-1"), {"Bucket": "kh-payments-exports"}
    public = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::kh-payments-exports/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [public]})
    refused = (
        ("AccessDenied", lambda: s3.put_bucket_policy(**bucket, Policy=document)),
        ("MalformedPolicy", lambda: s3.put_bucket_policy(**bucket, Policy="{")),
        ("AccessControlListNotSupported", lambda: s3.put_bucket_acl(**bucket, ACL="public-read")),
        (
            "AccessDenied",
            lambda: s3.put_bucket_versioning(
                **bucket, VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"}
            ),
        ),
    )
    for expected, call in refused:
        with pytest.raises(ClientError) as caught:
            call()
        assert code(caught) == expected


def test_new_buckets_are_born_with_the_defaults_of_today(fresh: Simulation) -> None:
    """Encrypted, closed, and owned."""
    s3 = fresh.client("s3", "audit", "eu-central-1")
    s3.create_bucket(Bucket="brand-new-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    rule = s3.get_bucket_encryption(Bucket="brand-new-bucket")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert all(s3.get_public_access_block(Bucket="brand-new-bucket")["PublicAccessBlockConfiguration"].values())
    controls = s3.get_bucket_ownership_controls(Bucket="brand-new-bucket")["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert s3.get_bucket_location(Bucket="brand-new-bucket")["LocationConstraint"] == "eu-central-1"
