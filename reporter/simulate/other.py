"""Any number of other organizations, each from a seed: so many accounts with so many buckets, good and bad by lot."""

from random import Random
from typing import Any

from reporter.simulate.organization import (
    ALL_BLOCKED,
    NONE_BLOCKED,
    REGIONS,
    Bucket,
    Document,
    Key,
    Member,
    Organization,
    Policy,
    Trail,
    Watchers,
    account_id,
    key_id,
    letters,
)
from reporter.simulate.policies import (
    account_reads,
    expire,
    key_policy,
    kms,
    logging_to,
    policy,
    public_read,
    tls_only,
    trail_encrypts,
    trail_writes,
)

STEMS = ("orders", "exports", "uploads", "assets", "backups", "logs", "models", "invoices", "media", "reports")
UNITS = ("Workloads/Prod", "Workloads/Test", "Workloads/Prod/Regulated", "Sandbox", "Infrastructure")


def organization(
    seed: int, accounts: int = 4, buckets: int = 5, regions: tuple[str, ...] = REGIONS[:2]
) -> Organization:
    """A management account, a log archive with the organization trail's bucket and key, and so many workload accounts."""
    management, dice, home = account_id(seed, "root"), Random(seed), regions[0]
    watchers = Watchers(config=(home,), guardduty=(home,), securityhub=(home,))
    archive, trail = _archive(seed, management, regions, watchers)
    root = Member(management, "root", "root@other.example", regions=regions, trails=(trail,), watchers=watchers)
    stay = {"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}
    return Organization(
        seed,
        management,
        (root, archive, *(_workload(seed, dice, number, buckets, regions) for number in range(accounts))),
        policies=(Policy("stay", policy(stay), targets=("",)),),
        service_access=("cloudtrail.amazonaws.com",),
        role="security-audit",
        external_id=letters(seed, "external", length=20),
    )


def _archive(seed: int, management: str, regions: tuple[str, ...], watchers: Watchers) -> tuple[Member, Trail]:
    """The account of the logs and of their key, and the trail that fills it."""
    me, home, bucket = account_id(seed, "logs"), regions[0], f"org-logs-{letters(seed, 'logs', length=8)}"
    trail_arn = f"arn:aws:cloudtrail:{home}:{management}:trail/all-accounts"
    organization_id = "o-" + letters(seed, "organization", length=10)
    encrypts = key_policy(me, trail_encrypts(trail_arn, management))
    key = Key(key_id(seed, "logs"), home, "trail", encrypts, aliases=("alias/trail",))
    key_arn = f"arn:aws:kms:{home}:{me}:key/{key.id}"
    log_bucket = Bucket(
        bucket,
        home,
        versioning={"Status": "Enabled"},
        encryption=kms(key_arn),
        policy=policy(*trail_writes(bucket, trail_arn, management, organization=organization_id), tls_only(bucket)),
    )
    archive = Member(
        me,
        "logs",
        "logs@other.example",
        "Security",
        regions=regions,
        buckets=(log_bucket,),
        keys=(key,),
        watchers=watchers,
    )
    return archive, Trail("all-accounts", bucket, home, organization=True, key=key_arn)


def _workload(seed: int, dice: Random, number: int, buckets: int, regions: tuple[str, ...]) -> Member:
    name = f"workload-{number:04d}"
    me = account_id(seed, name)
    made = tuple(
        any_bucket(dice, f"{letters(seed, name, length=6)}-{STEMS[i % len(STEMS)]}-{i:03d}", me, regions)
        for i in range(buckets)
    )
    trails = (
        (Trail("own", made[0].name, dice.choice(regions), validation=dice.random() < 0.5),)
        if made and number % 2
        else ()
    )
    return Member(
        me,
        name,
        f"{name}@other.example",
        UNITS[number % len(UNITS)],
        regions=regions,
        buckets=made,
        trails=trails,
        public_access_block=dict(ALL_BLOCKED) if dice.random() < 0.6 else None,
        tags={"Team": dice.choice(("red", "green", "blue"))},
    )


def any_bucket(dice: Random, name: str, account: str, regions: tuple[str, ...]) -> Bucket:
    """A bucket whose every setting is drawn."""

    def perhaps(chance: float, value: Any) -> Any:
        return value if dice.random() < chance else None

    return Bucket(
        name,
        dice.choice(regions),
        versioning=perhaps(0.6, {"Status": dice.choice(("Enabled", "Enabled", "Suspended"))}),
        encryption=encryption(dice, account),
        policy=perhaps(0.7, any_policy(dice, name, account)),
        public_access_block=perhaps(0.8, dict(ALL_BLOCKED if dice.random() < 0.8 else NONE_BLOCKED)),
        lifecycle=perhaps(0.4, expire(dice.choice((7, 30, 90, 365, 2555)))),
        logging=perhaps(0.3, logging_to(name, "self/")),
        tags=perhaps(
            0.7, {"Owner": dice.choice(("anna", "wei", "tomas")), "DataClass": dice.choice(("internal", "pii"))}
        ),
    )


def encryption(dice: Random, account: str) -> Document:
    """SSE-S3, or a customer key that may or may not exist."""
    if dice.random() < 0.5:
        rule: Document = {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": dice.random() < 0.5,
        }
        return {"Rules": [rule]}
    return kms(f"arn:aws:kms:us-east-1:{account}:key/{key_id(dice.randrange(9), account)}")


def any_policy(dice: Random, bucket: str, account: str, *, public: bool = True) -> Document:
    """One to three statements of the usual kinds, in any order; without `public` never one that opens the bucket to all."""
    kinds = [tls_only(bucket), account_reads(bucket, account, account_id(dice.randrange(5), "partner"))]
    if public and dice.random() < 0.5:
        kinds.append(public_read(bucket))
    return policy(*dice.sample(kinds, k=dice.randint(1, len(kinds))))
