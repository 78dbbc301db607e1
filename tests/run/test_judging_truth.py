"""Two organizations made by hand, read over HTTP, stored and judged: each answer is the one that AWS's rules give."""

from datetime import timedelta
from pathlib import Path

import pytest
from hand_made import ALDER, BIRCH

from reporter import history
from reporter.collect.door import open_door
from reporter.collect.options import CollectOptions, Connection, Role
from reporter.collect.organization import discover
from reporter.collect.snapshot import collect
from reporter.drift.changes import describe
from reporter.model import Finding, Run
from reporter.run.answers import replayed
from reporter.run.judging import judge_run
from reporter.run.wiring import Judgement, judgement
from reporter.settings import Settings
from reporter.simulate.organization import Organization
from reporter.simulate.simulation import Simulation

P, F, N, U = "pass", "fail", "not_applicable", "insufficient_data"
NOTHING = "no answer"

TRUTH_OF_ALDER = """
alder-root            pass  cloudtrail-enabled cloudtrail-multi-region cloudtrail-management-events
alder-root            pass  config-recorder securityhub-enabled s3-account-public-access-block
alder-root            fail  cloudtrail-insights guardduty-enabled macie-enabled access-analyzer-enabled
alder-root            fail  cloudtrail-alarm-root-use
alder-root            pass  cloudtrail-s3-data-events-write
alder-root            not_applicable  cloudtrail-s3-data-events-read
alder-root            not_applicable  organization-protects-cloudtrail
organization          pass  organization-delegated-administrator
organization          insufficient_data  cloudtrail-organization-trail
short-lake            fail  cloudtrail-event-data-store-protected
alder-all             pass  cloudtrail-logging cloudtrail-delivery cloudtrail-log-file-validation cloudtrail-digest-delivery
alder-all             pass  cloudtrail-encryption cloudtrail-key-rotation cloudtrail-key-access-restricted
alder-all             pass  cloudtrail-bucket-in-organization cloudtrail-bucket-access-logging cloudtrail-bucket-mfa-delete
alder-all             pass  cloudtrail-bucket-not-public cloudtrail-bucket-access-restricted cloudtrail-bucket-tls-only
alder-all             pass  cloudtrail-bucket-policy-scoped cloudtrail-bucket-retention cloudtrail-bucket-versioning
alder-all             fail  cloudtrail-bucket-object-lock cloudtrail-cloudwatch-logs cloudtrail-notification
alder-all             not_applicable  cloudwatch-log-group-retention cloudwatch-log-group-encryption
alder-all             insufficient_data  cloudtrail-log-integrity

alder-archive         pass  cloudtrail-enabled cloudtrail-multi-region cloudtrail-s3-data-events-write
alder-archive         fail  cloudtrail-s3-data-events-read organization-protects-cloudtrail config-recorder
alder-trail-logs      pass  s3-bucket-access-logging s3-bucket-kms-encryption s3-bucket-tls-only s3-bucket-external-access
alder-trail-logs      pass  s3-bucket-mfa-delete s3-bucket-versioning s3-bucket-public-access-block
alder-access-logs     pass  s3-bucket-lifecycle s3-bucket-versioning
alder-access-logs     not_applicable  s3-bucket-access-logging s3-bucket-mfa-delete s3-bucket-object-lock s3-bucket-kms-encryption
alder-team-trails     pass  s3-bucket-object-lock
alder-vault           pass  organization-protects-cloudtrail cloudtrail-enabled

alder-blue            pass  cloudtrail-enabled cloudtrail-s3-data-events-write
alder-blue            fail  s3-account-public-access-block cloudtrail-s3-data-events-read organization-protects-cloudtrail
blue-plain            pass  s3-bucket-not-public-read s3-bucket-not-public-write s3-bucket-public-access-block
blue-plain            pass  s3-bucket-acl-disabled s3-bucket-encryption s3-bucket-external-access s3-bucket-no-website
blue-plain            pass  s3-bucket-cors-restricted
blue-plain            fail  s3-bucket-kms-encryption s3-bucket-versioning s3-bucket-mfa-delete s3-bucket-tls-only
blue-plain            fail  s3-bucket-tls-version s3-bucket-lifecycle s3-bucket-access-logging s3-bucket-object-lock
blue-plain            fail  s3-bucket-replication s3-bucket-event-notifications
blue-plain            not_applicable  s3-sensitive-bucket-restricted
blue-notprincipal     fail  s3-bucket-not-public-read s3-bucket-external-access
blue-notprincipal     pass  s3-bucket-not-public-write
blue-put-star         fail  s3-bucket-not-public-write s3-bucket-external-access
blue-put-star         pass  s3-bucket-not-public-read
blue-narrow-ip        pass  s3-bucket-not-public-read
blue-narrow-ip        fail  s3-bucket-external-access
blue-doc-ip           pass  s3-bucket-not-public-read
blue-wide-ip          fail  s3-bucket-not-public-read
blue-own-org          pass  s3-bucket-not-public-read s3-bucket-external-access
blue-other-org        pass  s3-bucket-not-public-read
blue-other-org        fail  s3-bucket-external-access
blue-public-read      fail  s3-bucket-not-public-read s3-bucket-public-access-block s3-bucket-external-access
blue-public-read      pass  s3-bucket-not-public-write
blue-acl-read         fail  s3-bucket-not-public-read s3-bucket-acl-disabled
blue-acl-read         pass  s3-bucket-not-public-write
blue-acl-inert        pass  s3-bucket-not-public-read s3-bucket-acl-disabled
blue-acl-write        fail  s3-bucket-not-public-write s3-bucket-acl-disabled
blue-acl-write        pass  s3-bucket-not-public-read
blue-acl-ignored      pass  s3-bucket-not-public-read
blue-acl-ignored      fail  s3-bucket-public-access-block
blue-restricted       pass  s3-bucket-not-public-read
blue-restricted       fail  s3-bucket-public-access-block
blue-tls              pass  s3-bucket-tls-only
blue-tls-prefix       fail  s3-bucket-tls-only
blue-tls-one          fail  s3-bucket-tls-only
blue-tls-put          fail  s3-bucket-tls-only
blue-tls-list         pass  s3-bucket-tls-only
blue-suspended        fail  s3-bucket-versioning s3-bucket-mfa-delete
blue-mfa              pass  s3-bucket-versioning s3-bucket-mfa-delete
blue-lock-empty       fail  s3-bucket-object-lock
blue-lock-short       fail  s3-bucket-object-lock
blue-lock-year        pass  s3-bucket-object-lock
blue-own-key          pass  s3-bucket-encryption s3-bucket-kms-encryption s3-bucket-access-logging
blue-gone-key         fail  s3-bucket-kms-encryption
blue-dying-key        fail  s3-bucket-kms-encryption
blue-aws-key          pass  s3-bucket-encryption
blue-aws-key          fail  s3-bucket-kms-encryption
blue-logs             not_applicable  s3-bucket-access-logging
blue-log-self         fail  s3-bucket-access-logging
blue-log-gone         fail  s3-bucket-access-logging
blue-kept             pass  s3-bucket-lifecycle
blue-kept             not_applicable  s3-bucket-mfa-delete
blue-kept-not         fail  s3-bucket-lifecycle s3-bucket-mfa-delete
blue-copied           pass  s3-bucket-replication
blue-copied-near      fail  s3-bucket-replication
blue-copy-near        not_applicable  s3-bucket-replication
blue-website          fail  s3-bucket-no-website
blue-cors             fail  s3-bucket-cors-restricted
blue-told             pass  s3-bucket-event-notifications
blue-to-archive       pass  s3-bucket-external-access s3-bucket-not-public-read
blue-to-stranger      fail  s3-bucket-external-access
blue-to-stranger      pass  s3-bucket-not-public-read
blue-pii              fail  s3-sensitive-bucket-restricted
blue-internal         not_applicable  s3-sensitive-bucket-restricted
closed                pass  s3-access-point-public-access-block
ajar                  fail  s3-access-point-public-access-block
everywhere            pass  s3-multi-region-access-point-public-access-block

alder-teal            fail  s3-account-public-access-block organization-protects-cloudtrail
teal-opened           pass  s3-bucket-not-public-read
teal-opened           fail  s3-bucket-public-access-block
alder-sand            pass  s3-account-public-access-block organization-protects-cloudtrail
sand-opened           pass  s3-bucket-not-public-read s3-bucket-public-access-block
sand-tls-spelt        pass  s3-bucket-tls-only

alder-red             pass  cloudtrail-enabled cloudtrail-multi-region
red-east              pass  cloudtrail-logging cloudtrail-bucket-in-organization cloudtrail-bucket-policy-scoped
red-east              fail  cloudtrail-log-file-validation cloudtrail-bucket-not-public cloudtrail-encryption
red-east              fail  cloudtrail-bucket-versioning cloudtrail-bucket-access-restricted cloudtrail-bucket-tls-only
red-east              not_applicable  cloudtrail-digest-delivery cloudtrail-key-rotation
red-stopped           fail  cloudtrail-logging cloudtrail-log-file-validation cloudtrail-encryption
red-stopped           fail  cloudtrail-bucket-not-public cloudtrail-bucket-retention
red-inert             pass  cloudtrail-bucket-not-public cloudtrail-bucket-retention
red-inert             fail  cloudtrail-delivery
red-team              pass  cloudtrail-bucket-in-organization cloudtrail-bucket-object-lock cloudtrail-bucket-versioning
red-team              pass  cloudtrail-bucket-not-public
red-team              fail  cloudtrail-bucket-policy-scoped cloudtrail-bucket-mfa-delete
red-lost              fail  cloudtrail-bucket-in-organization cloudtrail-delivery
red-lost              insufficient_data  cloudtrail-bucket-versioning
red-unseen            insufficient_data  cloudtrail-bucket-in-organization cloudtrail-bucket-not-public
red-unseen            pass  cloudtrail-delivery

alder-green           insufficient_data  s3-account-public-access-block
alder-green           pass  cloudtrail-s3-data-events-write
green-hidden          insufficient_data  s3-bucket-versioning s3-bucket-mfa-delete s3-bucket-access-logging s3-bucket-tls-only
green-hidden          insufficient_data  s3-bucket-lifecycle s3-bucket-replication s3-bucket-external-access
green-hidden          pass  s3-bucket-not-public-read s3-bucket-encryption s3-bucket-public-access-block
green-logs            insufficient_data  s3-bucket-access-logging
green-open-acl        insufficient_data  s3-bucket-not-public-read s3-bucket-public-access-block
green-open-acl        pass  s3-bucket-not-public-write
green-open-acl        fail  s3-bucket-acl-disabled

alder-grey            insufficient_data  cloudtrail-enabled s3-account-public-access-block config-recorder
alder-grey            fail  organization-protects-cloudtrail
alder-grey/*          insufficient_data  s3-bucket-versioning cloudtrail-logging s3-access-point-public-access-block
alder-dark            no answer  cloudtrail-enabled s3-account-public-access-block
"""
TRUTH_OF_BIRCH = """
organization          fail  cloudtrail-organization-trail
birch-chief           fail  cloudtrail-enabled cloudtrail-multi-region cloudtrail-management-events cloudtrail-insights
birch-chief           fail  cloudtrail-alarm-root-use
birch-chief           not_applicable  cloudtrail-s3-data-events-write
birch-bare            fail  cloudtrail-enabled cloudtrail-s3-data-events-write cloudtrail-s3-data-events-read
birch-split           pass  cloudtrail-enabled cloudtrail-management-events
birch-split           fail  cloudtrail-multi-region
birch-spliced         pass  cloudtrail-multi-region cloudtrail-management-events
birch-unmanaged       pass  cloudtrail-enabled cloudtrail-s3-data-events-write cloudtrail-s3-data-events-read
birch-unmanaged       fail  cloudtrail-multi-region cloudtrail-management-events
birch-unkeyed         pass  cloudtrail-enabled
birch-unkeyed         fail  cloudtrail-multi-region cloudtrail-management-events
birch-local           fail  cloudtrail-multi-region
birch-objects         pass  cloudtrail-enabled cloudtrail-s3-data-events-read
birch-objects         fail  cloudtrail-s3-data-events-write
birch-watched         pass  cloudtrail-alarm-root-use cloudtrail-alarm-iam-policy-changes
birch-watched         fail  cloudtrail-alarm-cloudtrail-changes cloudtrail-alarm-unauthorized-api-calls
birch-watched         fail  cloudtrail-alarm-sign-in-failures cloudtrail-alarm-vpc-changes
birch-watched         fail  cloudtrail-alarm-security-group-changes cloudtrail-alarm-network-acl-changes
watched               pass  cloudtrail-cloudwatch-logs cloudtrail-notification
watched               fail  cloudwatch-log-group-retention cloudwatch-log-group-encryption
birch-alarmed         fail  cloudtrail-enabled cloudtrail-alarm-root-use
alarmed               fail  cloudtrail-logging
alarmed               insufficient_data  cloudwatch-log-group-retention
"""


def rows(table: str) -> list[tuple[str, str, str]]:
    """(resource, check, status) of a table."""
    found = []
    for line in filter(None, map(str.strip, table.splitlines())):
        name, rest = line.split(maxsplit=1)
        status = next(word for word in (P, F, N, U, NOTHING) if rest.startswith(word + " "))
        found += [(name, check, status) for check in rest.removeprefix(status).split()]
    return found


def judged(engine: history.Engine, run_at: Simulation, organization: Organization, by: Judgement) -> Run:
    """One run over HTTP, from listing the accounts to the seal; without a report."""
    now = run_at.now
    connection = Connection(endpoint_url=run_at.endpoint_url, region=run_at.environment["AWS_REGION"])
    role = Role(name=organization.role, external_id=organization.external_id)
    options = CollectOptions(role=role, connection=connection, calls_per_second=100.0)
    door = open_door(options, clock=lambda: now)
    found = discover(door)
    run = history.start_run(
        engine, kind="manual", as_of=now, owner="test", now=now, lease=timedelta(minutes=9),
        organization=found.id, tool_version="test", checks_hash=by.hash,
    )  # fmt: skip
    for snapshot in collect(door, found, skip=frozenset(), known=lambda account: history.named(engine, account)):
        history.record_account(engine, run, snapshot, describe)
    judge_run(engine, run, by, lambda *_: None)
    return history.seal(engine, run, now, accounts=frozenset(one.id for one in found.accounts))


Answers = dict[tuple[str, str], list[str]]


def answers(engine: history.Engine, run: Run, by: Judgement, organization: Organization) -> Answers:
    """(resource, check) to the statuses given: what is stored where it does not pass, replayed where it does."""
    names = {member.id: member.name for member in organization.accounts}
    found: Answers = {}

    def note(finding: Finding) -> None:
        place = (_name(finding, names), finding.check)
        found.setdefault(place, []).append(finding.status.value)

    for record in history.findings(engine, run):
        note(record.finding)
    for finding in replayed(engine, run, by):
        if finding.status.value in (P, N):
            note(finding)
    return found


def _name(finding: Finding, names: dict[str, str]) -> str:
    if finding.resource == "*":
        return f"{names[finding.account]}/*"
    if finding.type == "AWS::::Account":
        return names[finding.account]
    if finding.type == "AWS::Organizations::Organization":
        return "organization"
    if finding.type == "AWS::S3::MultiRegionAccessPoint":
        return "everywhere"  # known by an alias that AWS makes
    return finding.resource.rpartition("/")[2] if finding.resource.startswith("arn:") else finding.resource


@pytest.fixture(scope="module")
def by() -> Judgement:
    """Today's checks with default targets."""
    return judgement(Settings())


@pytest.fixture(scope="module")
def truth(simulated: Simulation, by: Judgement, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answers]:
    """The answers about both organizations, each read and judged once."""
    found = {}
    with pytest.MonkeyPatch.context() as environment:
        for name, organization in (("alder", ALDER), ("birch", BIRCH)):
            simulated.load(organization)
            simulated.clear_faults()
            for key, value in simulated.environment.items():
                environment.setenv(key, value)
            database = Path(tmp_path_factory.mktemp(name)) / "reporter.db"
            engine = history.connect(f"sqlite:///{database}")
            history.prepare(engine, simulated.now)
            run = judged(engine, simulated, organization, by)
            found[name] = answers(engine, run, by, organization)
    return found


@pytest.mark.parametrize(("resource", "check", "status"), rows(TRUTH_OF_ALDER))
def test_alder_is_judged_as_the_rules_say(truth: dict[str, Answers], resource: str, check: str, status: str) -> None:
    """An organization trail with bucket and key elsewhere, odd buckets, hidden parts, accounts nobody can read."""
    assert truth["alder"].get((resource, check), [NOTHING]) == [status]


@pytest.mark.parametrize(("resource", "check", "status"), rows(TRUTH_OF_BIRCH))
def test_birch_is_judged_as_the_rules_say(truth: dict[str, Answers], resource: str, check: str, status: str) -> None:
    """Accounts that record themselves: by several trails, by odd selectors, with alarms that nobody hears."""
    assert truth["birch"].get((resource, check), [NOTHING]) == [status]
