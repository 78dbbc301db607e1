"""A declared organization put into moto by its backends directly (no HTTP), and what moto cannot hold into the world."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.models import cloudtrail_backends
from moto.core.base_backend import BackendDict
from moto.moto_api._internal import mock_random
from moto.organizations.models import FakeAccount, FakeOrganizationalUnit, FakePolicy, organizations_backends
from moto.s3.models import s3_backends
from moto.s3control.models import s3control_backends

from reporter.simulate.clock import CLOCK
from reporter.simulate.documents import bucket_document
from reporter.simulate.organization import START, Bucket, Member, Organization, Policy, Trail
from reporter.simulate.protectors import build_protectors
from reporter.simulate.world import Place, World


def build(organization: Organization, now: datetime = START) -> World:
    """The world of an organization; whatever moto held before is gone."""
    BackendDict.reset()
    s3_backends.bucket_accounts.clear()
    organizations_backends.master_accounts.clear()
    mock_random.seed(organization.seed)
    CLOCK.now = now
    world = World(organization, denials=list(organization.denials))
    build_organization(organization)
    for member in organization.accounts:
        open_place(world, member)
    for member in organization.accounts:
        build_protectors(world, member)
        build_account(world, member)
    return world


def open_place(world: World, member: Member) -> None:
    """An account's place in the world and its buckets, which other accounts' trails may name."""
    world.places[member.id] = Place(
        member=member,
        state=member.state,
        assumable=member.assumable,
        regions=tuple(sorted(member.regions)),
        watchers={name: set(regions) for name, regions in asdict(member.watchers).items()},
    )
    for bucket in member.buckets:
        put_bucket(world, member.id, bucket)


def join(world: World, member: Member) -> None:
    """An account joins a running organization, with all that is in it; its OU must exist."""
    backend: Any = organizations_backends[world.organization.management]["aws"]
    if member.id in world.places:
        raise ValueError(f"account {member.id} is in the organization already")
    if world.organization.unit_id(member.unit) not in {unit.id for unit in backend.ou}:
        raise ValueError(f"there is no OU {member.unit!r}")
    _put_account(world.organization, backend, member)
    for policy in [p for p in backend.policies if p.aws_managed]:
        backend.attach_policy(PolicyId=policy.id, TargetId=member.id)
    open_place(world, member)
    build_protectors(world, member)
    build_account(world, member)


def leave(world: World, account: str) -> None:
    """An account leaves the organization: it is neither listed nor can its role be assumed any more; what it holds stays its own."""
    organizations_backends[world.organization.management]["aws"].remove_account_from_organization(AccountId=account)
    world.places[account].assumable = False


def build_organization(organization: Organization) -> None:
    """Accounts, OUs and policies, with the ids the declaration has: moto would draw them by lot."""
    backend: Any = organizations_backends[organization.management]["aws"]
    backend.create_organization("us-east-1", FeatureSet="ALL")
    backend.org.id, backend.org.root_id = organization.id, organization.root_id
    backend.org.master_account_email = organization.account(organization.management).email
    root: Any = backend.ou[0]
    root.attached_policies.clear()
    root.id, root.organization_id, root.parent_id = organization.root_id, organization.id, None
    root.policy_types = [
        {"Type": t, "Status": "ENABLED"}
        for t in sorted({"SERVICE_CONTROL_POLICY"} | {p.type for p in organization.policies})
    ]
    for path in organization.units:
        parent, _, name = path.rpartition("/")
        unit = FakeOrganizationalUnit(backend.org, Name=name, ParentId=organization.unit_id(parent))
        unit.id = organization.unit_id(path)
        backend.ou.append(unit)
    backend.accounts.clear()
    for member in organization.accounts:
        _put_account(organization, backend, member)
    for policy in organization.policies:
        _put_policy(organization, backend, policy)
    _attach_defaults(backend)


def _put_account(organization: Organization, backend: Any, member: Member) -> None:
    account = FakeAccount(backend.org, AccountName=member.name, Email=member.email)
    account.id = member.id
    account.organization_id, account.parent_id = organization.id, organization.unit_id(member.unit)
    account.create_time = member.joined_at.astimezone(UTC).replace(tzinfo=None)
    account.state = member.state
    account.status = "ACTIVE" if member.state == "ACTIVE" else "SUSPENDED"
    account.joined_method = "INVITED" if member.id == organization.management else "CREATED"
    account.tags = dict(member.tags)
    backend.accounts.append(account)
    if member.id != organization.management:
        organizations_backends.master_accounts[member.id] = (organization.management, "aws")


def _put_policy(organization: Organization, backend: Any, policy: Policy) -> None:
    known = policy.type in FakePolicy.SUPPORTED_POLICY_TYPES
    made = FakePolicy(
        backend.org,
        Name=policy.name,
        Description=policy.description,
        Content=json.dumps(policy.content),
        Type=policy.type if known else "SERVICE_CONTROL_POLICY",
    )
    made.type = policy.type
    if not known:
        made._arn_format = "arn:{0}:organizations::{1}:policy/{2}/" + policy.type.lower() + "/{3}"  # noqa: SLF001 # moto knows no S3_POLICY
    made.id, made.organization_id = organization.policy_id(policy.name), organization.id
    backend.policies.append(made)
    for target in policy.targets:
        holder = target if target.isdigit() else organization.unit_id(target)
        backend.attach_policy(PolicyId=made.id, TargetId=holder)


def _attach_defaults(backend: Any) -> None:
    """AWS attaches FullAWSAccess to everything."""
    for policy in [p for p in backend.policies if p.aws_managed]:
        policy.attachments.clear()
        policy.organization_id = backend.org.id
        for holder in [*backend.ou, *backend.accounts]:
            holder.attached_policies.append(policy)
            policy.attachments.append(holder)


def put_bucket(world: World, account: str, bucket: Bucket) -> None:
    """A bucket with all its sub-resources."""
    backend = s3_backends[account]["aws"]
    made = backend.create_bucket(bucket.name, bucket.region)
    made.creation_date = bucket.created_at
    if bucket.versioning:
        made.versioning_status = bucket.versioning.get("Status")
    if bucket.object_lock:
        retention = bucket.object_lock.get("Rule", {}).get("DefaultRetention", {})
        made.object_lock_enabled = True  # for moto, which keeps objects under lock
        made.default_lock_mode = retention.get("Mode", "")
        made.default_lock_days, made.default_lock_years = retention.get("Days", 0), retention.get("Years", 0)
    parts: dict[str, Any] = {
        "versioning": bucket.versioning,
        "encryption": bucket.encryption,
        "logging": bucket.logging and {"LoggingEnabled": bucket.logging},
        "policy": bucket.policy,
        "acl": bucket.acl,
        "ownershipControls": bucket.ownership and {"Rules": [{"ObjectOwnership": bucket.ownership}]},
        "publicAccessBlock": bucket.public_access_block,
        "lifecycle": bucket.lifecycle,
        "replication": bucket.replication,
        "object-lock": bucket.object_lock,
        "notification": bucket.notification,
        "tagging": bucket.tags and {"TagSet": [{"Key": k, "Value": v} for k, v in bucket.tags.items()]},
        "website": bucket.website,
        "cors": bucket.cors,
    }
    world.s3[bucket.name] = {name: bucket_document(name, value) for name, value in parts.items() if value}
    for key, text in bucket.objects.items():
        backend.put_object(bucket.name, key, text.encode())


def build_account(world: World, member: Member) -> None:
    """Account-wide settings, access points, trails and Lake."""
    control: Any = s3control_backends[member.id]["aws"]
    if member.public_access_block:
        control.put_public_access_block(member.id, member.public_access_block)
    place = world.places[member.id]
    place.access_points = {(point.region, point.name): point for point in member.access_points}
    place.directory_buckets = {b.name: b for b in member.directory_buckets}
    place.multi_region_access_points = member.multi_region_access_points
    for trail in member.trails:
        put_trail(world, member.id, trail)
    for store in member.event_data_stores:
        arn = f"arn:aws:cloudtrail:{store.region}:{member.id}:eventdatastore/{store.name}"
        place.stores[arn] = _store(arn, store.name) | store.fields
        place.lake[arn] = {
            "resource_policy": store.policy and json.dumps(store.policy),
            "insights": [{"InsightType": kind} for kind in store.insights],
            "event_configuration": store.event_configuration,
            "tags": store.tags,
        }
    for channel in member.channels:
        arn = f"arn:aws:cloudtrail:{channel.region}:{member.id}:channel/{channel.name}"
        place.channels[arn] = {
            "ChannelArn": arn,
            "Name": channel.name,
            "Source": channel.source,
            "Destinations": list(channel.destinations),
        }
        place.lake[arn] = {"resource_policy": channel.policy and json.dumps(channel.policy), "tags": channel.tags}


def _store(arn: str, name: str) -> dict[str, Any]:
    return {
        "EventDataStoreArn": arn,
        "Name": name,
        "Status": "ENABLED",
        "AdvancedEventSelectors": [
            {"Name": "Management events", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
        ],
        "MultiRegionEnabled": True,
        "OrganizationEnabled": False,
        "RetentionPeriod": 366,
        "TerminationProtectionEnabled": True,
        "CreatedTimestamp": START.timestamp(),
        "UpdatedTimestamp": START.timestamp(),
        "BillingMode": "EXTENDABLE_RETENTION_PRICING",
    }


def put_trail(world: World, account: str, trail: Trail) -> None:
    backend: Any = cloudtrail_backends[account][trail.region]
    anything = next(iter(s3_backends.bucket_accounts))  # moto wants a bucket that exists; a dead trail's does not
    made = backend.create_trail(
        trail.name, anything, trail.prefix, trail.topic, trail.global_events, trail.multi_region, trail.validation,
        trail.organization, trail.log_group, trail.logs_role, trail.key, [{"Key": k, "Value": v} for k, v in trail.tags.items()],
    )  # fmt: skip
    made.bucket_name = trail.bucket
    selectors = trail.selectors or {}
    made.event_selectors = list(selectors.get("EventSelectors") or [])
    made.advanced_event_selectors = list(selectors.get("AdvancedEventSelectors") or [])
    made.insight_selectors = [{"InsightType": kind} for kind in trail.insights]
    if trail.logging:
        made.start_logging()
    world.places[account].trails[made.arn] = {
        "errors": dict(trail.errors),
        "region_errors": dict(trail.region_errors),
        "minutes_ago": trail.delivered_minutes_ago,
        "event_configuration": trail.event_configuration,
        "resource_policy": trail.resource_policy and json.dumps(trail.resource_policy),
        "started_at": trail.started_at,
        "stopped_at": trail.stopped_at or (None if trail.logging else trail.started_at),
    }
