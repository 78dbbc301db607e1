"""Which of Prowler's checks ask what ours ask, and why the answers part: data for `judge_prowler.py`.

An explanation is held against what was built, never against what either side says of it: `holds` reads the simulated account,
bucket or trail. `kind` is "wrong" where Prowler's answer contradicts AWS's own rules or says more than it could see: a
disagreement. It is "beyond" where both say the same of all that Prowler asks, and ours answers otherwise for a clause that
its check's own title adds: no disagreement, and counted apart.
"""

import fnmatch
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from reporter.simulate.organization import ALL_BLOCKED, Bucket, Member, Organization, Trail

ACCOUNT, TRAIL, BUCKET, ACCESS_POINT, MULTI_REGION, KEY, TOPIC, LOG_GROUP = (
    "account", "trail", "bucket", "access point", "multi-region access point", "key", "topic", "log group",
)  # fmt: skip
P, F, N, U = "pass", "fail", "not_applicable", "insufficient_data"


@dataclass(frozen=True)
class Question:
    """Prowler's checks that together ask what ours together ask; of several answers the worst counts, on either side."""

    theirs: tuple[str, ...]
    ours: tuple[str, ...]
    about: str


def _questions() -> Iterator[Question]:
    for about, pairs in PAIRS.items():
        for line in pairs.strip().splitlines():
            theirs, ours = line.split(":")
            yield Question(tuple(theirs.split()), tuple(ours.split()), about)


FILTER, METRIC = "cloudwatch_changes_to_", "cloudwatch_log_metric_filter_"
PAIRS = {
    TRAIL: """
        cloudtrail_bucket_requires_mfa_delete: cloudtrail-bucket-mfa-delete
        cloudtrail_cloudwatch_logging_enabled: cloudtrail-cloudwatch-logs
        cloudtrail_kms_encryption_enabled: cloudtrail-encryption
        cloudtrail_log_file_validation_enabled: cloudtrail-log-file-validation
        cloudtrail_logs_s3_bucket_access_logging_enabled: cloudtrail-bucket-access-logging
        cloudtrail_logs_s3_bucket_is_not_publicly_accessible: cloudtrail-bucket-not-public
    """,
    KEY: "kms_cmk_rotation_enabled: kms-key-rotation",
    TOPIC: "sns_topics_not_publicly_accessible: sns-topic-not-public",
    LOG_GROUP: """
        cloudwatch_log_group_kms_encryption_enabled: cloudwatch-log-group-encryption
        cloudwatch_log_group_retention_policy_specific_days_enabled: cloudwatch-log-group-retention
    """,
    ACCOUNT: f"""
        cloudtrail_insights_exist: cloudtrail-insights
        cloudtrail_multi_region_enabled: cloudtrail-multi-region
        cloudtrail_multi_region_enabled_logging_management_events: cloudtrail-management-events
        cloudtrail_s3_dataevents_read_enabled: cloudtrail-s3-data-events-read
        cloudtrail_s3_dataevents_write_enabled: cloudtrail-s3-data-events-write
        s3_account_level_public_access_blocks: s3-account-public-access-block
        config_recorder_all_regions_enabled: config-recorder
        guardduty_is_enabled: guardduty-enabled
        securityhub_enabled: securityhub-enabled
        accessanalyzer_enabled: access-analyzer-enabled
        macie_is_enabled: macie-enabled
        {FILTER}network_acls_alarm_configured: cloudtrail-alarm-network-acl-changes
        {FILTER}network_gateways_alarm_configured: cloudtrail-alarm-network-gateway-changes
        {FILTER}network_route_tables_alarm_configured: cloudtrail-alarm-route-table-changes
        {FILTER}vpcs_alarm_configured: cloudtrail-alarm-vpc-changes
        {METRIC}and_alarm_for_aws_config_configuration_changes_enabled: cloudtrail-alarm-config-changes
        {METRIC}and_alarm_for_cloudtrail_configuration_changes_enabled: cloudtrail-alarm-cloudtrail-changes
        {METRIC}authentication_failures: cloudtrail-alarm-sign-in-failures
        {METRIC}aws_organizations_changes: cloudtrail-alarm-organizations-changes
        {METRIC}disable_or_scheduled_deletion_of_kms_cmk: cloudtrail-alarm-kms-key-disabled-or-deleted
        {METRIC}for_s3_bucket_policy_changes: cloudtrail-alarm-s3-bucket-policy-changes
        {METRIC}policy_changes: cloudtrail-alarm-iam-policy-changes
        {METRIC}root_usage: cloudtrail-alarm-root-use
        {METRIC}security_group_changes: cloudtrail-alarm-security-group-changes
        {METRIC}sign_in_without_mfa: cloudtrail-alarm-sign-in-without-mfa
        {METRIC}unauthorized_api_calls: cloudtrail-alarm-unauthorized-api-calls
    """,
    BUCKET: """
        s3_bucket_acl_prohibited: s3-bucket-acl-disabled
        s3_bucket_cross_account_access: s3-bucket-external-access
        s3_bucket_cross_region_replication: s3-bucket-replication
        s3_bucket_default_encryption: s3-bucket-encryption
        s3_bucket_event_notifications_enabled: s3-bucket-event-notifications
        s3_bucket_kms_encryption: s3-bucket-kms-encryption
        s3_bucket_level_public_access_block: s3-bucket-public-access-block
        s3_bucket_lifecycle_enabled: s3-bucket-lifecycle
        s3_bucket_no_mfa_delete: s3-bucket-mfa-delete
        s3_bucket_object_lock: s3-bucket-object-lock
        s3_bucket_object_versioning: s3-bucket-versioning
        s3_bucket_secure_transport_policy: s3-bucket-tls-only
        s3_bucket_server_access_logging_enabled: s3-bucket-access-logging
        s3_bucket_policy_public_write_access s3_bucket_public_write_acl: s3-bucket-not-public-write
        s3_bucket_public_access s3_bucket_public_list_acl: s3-bucket-not-public-read s3-bucket-not-public-write
    """,
    ACCESS_POINT: "s3_access_point_public_access_block: s3-access-point-public-access-block",
    MULTI_REGION: "s3_multi_region_access_point_public_access_block: s3-multi-region-access-point-public-access-block",
}
QUESTIONS = tuple(_questions())


@dataclass(frozen=True)
class Case:
    """One resource on which the two disagree, and what was built there."""

    organization: Organization
    member: Member  # the account that Prowler looked from
    check: str  # ours; the first of several
    thing: Bucket | Trail | None
    theirs: str
    ours: str

    @property
    def bucket(self) -> Bucket:
        """The bucket, or the bucket of the trail wherever it lives; one that is not there has nothing set."""
        name = self.thing.bucket if isinstance(self.thing, Trail) else getattr(self.thing, "name", "")
        found = (one for member in self.organization.accounts for one in member.buckets if one.name == name)
        return next(found, Bucket("", encryption=None))

    @property
    def trails(self) -> list[tuple[Member, Trail]]:
        """The trails that record this account, wherever they live."""
        return [
            (owner, trail)
            for owner in self.organization.accounts
            for trail in owner.trails
            if owner is self.member or trail.organization
        ]

    @property
    def statements(self) -> list[dict[str, Any]]:
        found = (self.bucket.policy or {}).get("Statement", [])
        return found if isinstance(found, list) else [found]

    @property
    def flags(self) -> dict[str, bool]:
        """Block Public Access in force by bucket and account, the organization's policy aside."""
        holder = next((one for one in self.organization.accounts if self.bucket in one.buckets), self.member)
        levels = [holder.public_access_block or {}]
        levels += [self.bucket.public_access_block or {}] if self.thing else []
        return {flag: any(level.get(flag) for level in levels) for flag in ALL_BLOCKED}

    @property
    def blocked_by_organization(self) -> bool:
        """Does an S3 policy of the organization reach this account?"""
        unit = self.member.unit
        return any(
            policy.type == "S3_POLICY" and {"", unit, self.member.id} & set(policy.targets)
            for policy in self.organization.policies
        )

    @property
    def denied(self) -> bool:
        """Was anything about this account's S3 denied to the reader?"""
        return any(fnmatch.fnmatchcase(self.member.id, one.account) for one in self.organization.denials)

    def key_state(self, arn: str | None) -> str:
        keys = {
            f"arn:aws:kms:{key.region}:{owner.id}:key/{key.id}": key.state
            for owner in self.organization.accounts
            for key in owner.keys
        }
        return keys.get(arn or "", "Absent")

    @property
    def key(self) -> str | None:
        """ARN of the key that encrypts the trail's files, or the bucket's objects."""
        if isinstance(self.thing, Trail):
            return self.thing.key
        rules = (self.bucket.encryption or {"Rules": []})["Rules"]
        return next((rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID") for rule in rules), None)


@dataclass(frozen=True)
class Explanation:
    """Why Prowler answers otherwise: for which of our checks, which pair of answers, and what must have been built."""

    key: str
    checks: str  # globs of our checks
    theirs: str
    ours: str
    kind: str
    why: str
    holds: Callable[[Case], bool]

    def explains(self, case: Case) -> bool:
        named = any(fnmatch.fnmatchcase(case.check, glob) for glob in self.checks.split())
        return named and case.theirs in self.theirs.split() and case.ours in self.ours.split() and self.holds(case)


def _public_grant(case: Case) -> bool:
    return any(grant["Grantee"].get("URI") for grant in (case.bucket.acl or {}).get("Grants", []))


def _acl_inert(case: Case) -> bool:
    return _public_grant(case) and (case.bucket.ownership == "BucketOwnerEnforced" or case.flags["IgnorePublicAcls"])


def _open_statement(case: Case) -> bool:
    return any(one["Effect"] == "Allow" and one.get("Principal") == "*" for one in case.statements)


def _conditions(case: Case) -> str:
    return json.dumps([one.get("Condition") for one in case.statements if one["Effect"] == "Allow"])


def _other_accounts(case: Case) -> list[str]:
    """Ids of accounts that the policy names, its own left out."""
    text = json.dumps([one.get("Principal") for one in case.statements if one["Effect"] == "Allow"])
    everywhere = [one.id for one in case.organization.accounts]
    return [id for id in everywhere if id in text and id != case.member.id]


def _selectors(trail: Trail) -> dict[str, Any]:
    return trail.selectors or {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}


def _read_elsewhere(case: Case) -> bool:
    """Some trail's selectors cannot be had from the scanned account, or not from the region that Prowler asks first."""
    return any(
        trail.logging and (owner is not case.member or trail.region != case.member.regions[0])
        for owner, trail in case.trails
    )


def _seen_in_many_regions(case: Case) -> bool:
    """Some trail shows itself in several regions of the account: the first to answer is asked, and may not be its home."""
    return any(trail.logging and trail.multi_region and len(case.member.regions) > 1 for _, trail in case.trails)


def _spelt_otherwise(case: Case) -> bool:
    named = [one.get("Name") for _, trail in case.trails for one in _selectors(trail).get("AdvancedEventSelectors", [])]
    return bool(named) and "Management events selector" not in named


def _one_bucket_only(case: Case) -> bool:
    return len(case.member.buckets) == 1 and case.member.buckets[0].name in json.dumps(
        [_selectors(trail) for _, trail in case.trails]
    )


def _records_objects(case: Case) -> bool:
    return any("AWS::S3::Object" in json.dumps(_selectors(trail)) for _, trail in case.trails)


def _writes_only(trail: Trail) -> bool:
    """No selector of object events takes reads."""
    chosen = [json.dumps(one) for one in _selectors(trail).get("AdvancedEventSelectors", [])]
    return bool(chosen) and all('"readOnly", "Equals": ["false"]' in one for one in chosen if "AWS::S3::Object" in one)


def _single_region_only(case: Case) -> bool:
    return not any(trail.multi_region and trail.logging for _, trail in case.trails)


def _records_less(case: Case) -> bool:
    """No trail has every management event of every region: some left out by selector, by source, or as global."""
    return all(
        not trail.global_events
        or "NotEquals" in json.dumps(_selectors(trail))
        or '"IncludeManagementEvents": false' in json.dumps(_selectors(trail))
        for _, trail in case.trails
    )


def _stopped_in_a_region(case: Case) -> bool:
    return any(state.get("IsLogging") is False for _, trail in case.trails for state in trail.region_errors.values())


def _unheard(case: Case) -> bool:
    """Some alarm has no action, is switched off, or tells a topic that nobody confirmed."""
    heard = {f":{topic.name}" for topic in case.member.topics if any(sure for _, _, sure in topic.subscriptions)}
    return any(
        not alarm.enabled or not any(action.endswith(tuple(heard)) for action in alarm.actions)
        for alarm in case.member.alarms
    )


def _filters(case: Case) -> str:
    return json.dumps([one for group in case.member.log_groups for one in group.filters])


def _denies_too_little(case: Case) -> bool:
    """A denial of plain HTTP for one principal, one prefix or one action only."""
    denials = [one for one in case.statements if one["Effect"] == "Deny"]
    return bool(denials) and all(
        one["Principal"] not in ("*", {"AWS": "*"})
        or one["Action"] not in ("s3:*", "*")
        or f"arn:aws:s3:::{case.bucket.name}" not in [one["Resource"], *one["Resource"]]
        for one in denials
    )


def _log_target(case: Case) -> str:
    return ((case.bucket.logging or {}).get("LoggingEnabled") or case.bucket.logging or {}).get("TargetBucket", "")


def _everywhere(case: Case, what: str) -> bool:
    """Does any bucket of the organization name this one in a setting?"""
    return any(
        case.bucket.name in json.dumps(getattr(one, what))
        for member in case.organization.accounts
        for one in member.buckets
        if one.name != case.bucket.name
    )


def _locked_days(case: Case) -> int:
    kept = ((case.bucket.object_lock or {}).get("Rule") or {}).get("DefaultRetention", {})
    return int(kept.get("Days", 0) + 365 * kept.get("Years", 0))


def _enabled_lifecycle(case: Case) -> bool:
    return any(rule["Status"] == "Enabled" for rule in (case.bucket.lifecycle or {"Rules": []})["Rules"])


EXPLANATIONS = (
    Explanation(
        "bucket-elsewhere", "cloudtrail-bucket-*", U, f"{P} {F} {U} {N}", "wrong",
        "It looks for the trail's bucket among the buckets of the scanned account only and leaves the rest to a person.",
        lambda case: case.bucket not in case.member.buckets,
    ),
    Explanation(
        "selectors-elsewhere", "cloudtrail-management-events cloudtrail-s3-data-events-*", F, P, "wrong",
        "It reads selectors from the scanned account, in whichever region showed the trail first; there it gets an error, and takes"
        " it for no selector.",
        _read_elsewhere,
    ),
    Explanation(
        "selector-name", "cloudtrail-management-events", F, P, "wrong",
        "Of advanced selectors it knows only one literally named 'Management events selector', without a readOnly field.",
        _spelt_otherwise,
    ),
    Explanation(
        "region-by-chance", "cloudtrail-management-events cloudtrail-s3-data-events-*", F, P, "wrong",
        "A trail of many regions is read in the region whose answer came first, by chance its home or not: the same organization"
        " gets another answer another day.",
        _seen_in_many_regions,
    ),
    Explanation(
        "insights-one-kind", "cloudtrail-insights", P, F, "beyond",
        "Both see a logging trail with insights; ours asks for call rates and error rates, and one of the two is missing.",
        lambda case: any(trail.logging and trail.insights for _, trail in case.trails)
        and len({kind for _, trail in case.trails if trail.logging for kind in trail.insights}) == 1,
    ),
    Explanation(
        "validation-of-a-stopped-trail", "cloudtrail-log-file-validation", P, F, "wrong",
        "The flag is set, but a stopped trail writes no digest: nothing can be validated.",
        lambda case: isinstance(case.thing, Trail) and not case.thing.logging,
    ),
    Explanation(
        "key-not-looked-at", "cloudtrail-encryption s3-bucket-kms-encryption", P, F, "wrong",
        "The key is named but does not exist, or is disabled or about to be deleted: nothing can be written or read with it.",
        lambda case: case.key is not None and case.key_state(case.key) != "Enabled",
    ),
    Explanation(
        "key-of-aws", "s3-bucket-kms-encryption", P, F, "beyond",
        "Both see encryption by KMS; ours asks for a customer managed key, and here it is AWS's own, whose policy nobody can change.",
        lambda case: case.key is None and "aws:kms" in json.dumps(case.bucket.encryption),
    ),
    Explanation(
        "policy-not-looked-at", "cloudtrail-bucket-not-public", P, F, "wrong",
        "Of the trail's bucket it reads the ACL's grants to everybody only: neither the policy nor 'any AWS user'.",
        lambda case: _open_statement(case) or _public_grant(case),
    ),
    Explanation(
        "acl-without-force", "cloudtrail-bucket-not-public s3-bucket-not-public-*", F, P, "wrong",
        "The ACL has a public grant, but ACLs are disabled by ownership or ignored by Block Public Access.",
        _acl_inert,
    ),
    Explanation(
        "blocked-by-organization", "s3-*public*", F, P, "wrong",
        "The organization's S3 policy blocks public access in the account; it does not read such policies.",
        lambda case: case.blocked_by_organization,
    ),
    Explanation(
        "policy-restricted", "s3-bucket-not-public-*", F, P, "wrong",
        "The policy is public, but RestrictPublicBuckets keeps all but the owner's account out; it wants IgnorePublicAcls as well.",
        lambda case: _open_statement(case) and case.flags["RestrictPublicBuckets"],
    ),
    Explanation(
        "narrow-address", "s3-bucket-not-public-*", F, P, "wrong",
        "A grant to a narrow range of addresses is not public as AWS defines it.",
        lambda case: "aws:SourceIp" in _conditions(case),
    ),
    Explanation(
        "notprincipal", "s3-bucket-not-public-* s3-bucket-external-access", P, F, "wrong",
        "It does not know NotPrincipal: an Allow to everybody but one is public.",
        lambda case: any("NotPrincipal" in one for one in case.statements),
    ),
    Explanation(
        "write-by-wildcard", "s3-bucket-not-public-write", P, F, "wrong",
        "It compares with five literal actions; s3:PutObject* writes as well.",
        lambda case: _open_statement(case) and "s3:PutObject*" in json.dumps(case.statements),
    ),
    Explanation(
        "two-flags-of-four", "s3-account-public-access-block s3-bucket-public-access-block", P, F, "wrong",
        "Two flags are enough for it; CIS and Security Hub ask for all four, and the other two stop new public grants.",
        lambda case: not all(case.flags.values()),
    ),
    Explanation(
        "condition-outside", "s3-bucket-external-access", P, F, "wrong",
        "A condition that names addresses or another organization still lets outsiders in; any such condition satisfies it.",
        lambda case: _open_statement(case) and _conditions(case) not in ("[]", "[null]"),
    ),
    Explanation(
        "account-of-the-organization", "s3-bucket-external-access", F, P, "wrong",
        "The account granted belongs to the organization; it knows none but those in a list kept by hand.",
        lambda case: bool(_other_accounts(case)),
    ),
    Explanation(
        "replica-in-another-account", "s3-bucket-replication", U, P, "wrong",
        "The destination is in another account of the organization, which it does not look into.",
        lambda case: bool(case.bucket.replication),
    ),
    Explanation(
        "replica-itself", "s3-bucket-replication", F, N, "wrong",
        "The bucket is the copy; it asks for a copy of the copy.",
        lambda case: _everywhere(case, "replication"),
    ),
    Explanation(
        "denied-is-fail", "s3-*", F, U, "wrong",
        "AccessDenied is taken for 'not configured'; nobody looked.",
        lambda case: case.denied,
    ),
    Explanation(
        "mfa-delete-with-lifecycle", "s3-bucket-mfa-delete", F, N, "wrong",
        "S3 does not allow MFA delete on a bucket with lifecycle rules: nothing to be done about it.",
        _enabled_lifecycle,
    ),
    Explanation(
        "lock-without-days", "s3-bucket-object-lock", P, F, "beyond",
        "Both see Object Lock switched on; ours asks for the target days, and new objects are locked for less, or not at all.",
        lambda case: bool(case.bucket.object_lock) and _locked_days(case) < 365,
    ),
    Explanation(
        "denial-in-part", "s3-bucket-tls-only", P, F, "wrong",
        "Plain HTTP is denied to one principal, under one prefix or for one action only.",
        _denies_too_little,
    ),
    Explanation(
        "condition-as-a-list", "s3-bucket-tls-only", F, P, "wrong",
        "It compares the condition with one spelling; a list of one value means the same to IAM.",
        lambda case: '["false"]' in json.dumps(case.statements),
    ),
    Explanation(
        "target-of-logs", "s3-bucket-access-logging", F, N, "wrong",
        "The bucket receives access logs; logging it as well would log the logging.",
        lambda case: _everywhere(case, "logging"),
    ),
    Explanation(
        "target-of-logs-locked", "s3-bucket-object-lock", f"{P} {F}", N, "wrong",
        "The bucket receives access logs, which S3 does not deliver under default retention.",
        lambda case: _everywhere(case, "logging"),
    ),
    Explanation(
        "target-of-logs-with-a-key", "s3-bucket-kms-encryption", f"{P} {F}", N, "wrong",
        "The bucket receives access logs, which AWS supports with S3's own key only.",
        lambda case: _everywhere(case, "logging"),
    ),
    Explanation(
        "log-target-unsound", "s3-bucket-access-logging", P, F, "wrong",
        "The log target does not exist, or is the bucket itself.",
        lambda case: _log_target(case) == case.bucket.name
        or not any(one.name == _log_target(case) for member in case.organization.accounts for one in member.buckets),
    ),
    Explanation(
        "recorded-by-data-events", "cloudtrail-bucket-access-logging", F, P, "beyond",
        "Both see no server access logs; for ours data events do as well, and they record access object by object.",
        lambda case: not _log_target(case) and _records_objects(case),
    ),
    Explanation(
        "every-bucket-covered", "cloudtrail-s3-data-events-*", F, P, "wrong",
        "The selectors name the account's only bucket: all is recorded. It knows only selectors without a bucket's name.",
        _one_bucket_only,
    ),
    Explanation(
        "writes-only", "cloudtrail-s3-data-events-read", P, f"{F} {N}", "wrong",
        "The advanced selector records writes alone (readOnly is false), and it is asked for reads: it does not look at the field.",
        lambda case: _records_objects(case) and all(_writes_only(trail) for _, trail in case.trails),
    ),
    Explanation(
        "single-region-trails", "cloudtrail-multi-region", P, F, "wrong",
        "A trail of one region in each enabled region is no multi-region trail: the next region enabled is not recorded.",
        _single_region_only,
    ),
    Explanation(
        "management-events-left-out", "cloudtrail-multi-region cloudtrail-management-events", P, F, "wrong",
        "The trail leaves out management events, a source of them, or global services; it is asked for nothing but its regions.",
        _records_less,
    ),
    Explanation(
        "stopped-in-a-region", "cloudtrail-management-events cloudtrail-multi-region", P, F, "wrong",
        "In one region the trail's copy does not log; it asks one region for the state of all.",
        _stopped_in_a_region,
    ),
    Explanation(
        "nobody-hears", "cloudtrail-alarm-*", P, F, "wrong",
        "The alarm is switched off, has no action, or tells a topic without a confirmed subscriber.",
        _unheard,
    ),
    Explanation(
        "never-matches", "cloudtrail-alarm-*", P, F, "wrong",
        "The pattern joins names of events by &&: nothing can have two names, so it never matches.",
        lambda case: "&& ($.eventName" in _filters(case),
    ),
    Explanation(
        "wider-pattern", "cloudtrail-alarm-*", F, P, "wrong",
        "The pattern matches all that is asked for, and more; it compares text.",
        lambda case: "{ $.eventSource = iam.amazonaws.com }" in _filters(case),
    ),
)  # fmt: skip
