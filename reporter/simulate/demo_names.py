"""Names and identifiers the demo's accounts share: who is who, where the logs go, which key encrypts them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reporter.simulate.organization import START, Document, account_id, key_id, letters

HOME = "eu-west-1"  # where the company is at home: organization trail, log archive, most buckets
FRANKFURT = "eu-central-1"
VIRGINIA = "us-east-1"
SYDNEY = "ap-southeast-2"
EVERYWHERE = (VIRGINIA, HOME, FRANKFURT, SYDNEY)
PARTNER = "884712309156"  # an account outside the organization

ACCOUNTS = {  # name to place in the organization
    "management": "",
    "log-archive": "Security",
    "audit": "Security",
    "security-keys": "Security",
    "network": "Infrastructure",
    "shared-services": "Infrastructure",
    "payments-prod": "Workloads/Prod",
    "web-shop-prod": "Workloads/Prod",
    "data-lake-prod": "Workloads/Prod",
    "mobile-api-prod": "Workloads/Prod",
    "payments-dev": "Workloads/Dev",
    "web-shop-dev": "Workloads/Dev",
    "data-lake-dev": "Workloads/Dev",
    "acquired-logistics": "Workloads/Acquired",
    "sandbox-anna": "Sandbox",
    "sandbox-ml": "Sandbox",
    "old-marketing": "Suspended",
}
OWNERS = {  # the account's Owner tag; the rest were never tagged, as is usual
    "management": "cloud-platform",
    "log-archive": "security",
    "audit": "security",
    "network": "network",
    "shared-services": "cloud-platform",
    "payments-prod": "payments",
    "payments-dev": "payments",
    "web-shop-prod": "web-shop",
    "data-lake-prod": "data",
    "data-lake-dev": "data",
    "sandbox-anna": "anna.keller",
}
LOG_BUCKET = "kh-org-trail-logs"
ACCESS_LOGS = "kh-s3-access-logs"


@dataclass(frozen=True)
class Names:
    """Every identifier of the demo by name; all of them from one seed."""

    seed: int

    def id(self, account: str) -> str:
        """The account's id. The id of `sandbox-ml` begins with 0: spreadsheets eat that."""
        number = account_id(self.seed, account)
        return "0" + number[1:] if account == "sandbox-ml" else number

    @property
    def organization(self) -> str:
        return "o-" + letters(self.seed, "organization", length=10)

    def key(self, account: str, name: str, region: str = HOME) -> str:
        """The ARN of an account's KMS key by its alias without `alias/`."""
        return f"arn:aws:kms:{region}:{self.id(account)}:key/{key_id(self.seed, account, name)}"

    def trail(self, account: str, name: str, region: str = HOME) -> str:
        return f"arn:aws:cloudtrail:{region}:{self.id(account)}:trail/{name}"

    @property
    def organization_trail(self) -> str:
        return self.trail("management", "kh-organization-trail")


def days_before(days: float, start: datetime = START) -> datetime:
    return start - timedelta(days=days)


def tags(owner: str, data: str = "internal", **more: str) -> dict[str, str]:
    return {"Owner": owner, "DataClass": data, **more}


def email(account: str) -> str:
    return f"aws+{account}@kestrel-harbour.example"


VERSIONED: Document = {"Status": "Enabled"}
JOINED = datetime(2022, 9, 12, 8, 30, tzinfo=UTC)
