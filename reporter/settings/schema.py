"""What can be set: the sections of the settings file as frozen values with their defaults."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from reporter.model import Severity


def _like(pattern: str, words: str) -> AfterValidator:
    """A text of a certain form; a mistake is told in words, for nobody reads patterns."""

    def checked(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(words)
        return text

    return AfterValidator(checked)


AccountId = Annotated[str, _like(r"[0-9]{12}", "an account id has twelve digits; write it in quotes")]
Address = Annotated[
    str, _like(r"(?=.{1,254}$)[^@\s]+@[^@\s]+", "is no mail address; write one like security-lead@example.com")
]
EditionName = Annotated[
    str,
    _like(
        r"organization|executive|accounts|account:[0-9]{12}|ou:.+|framework:[a-z0-9.\-]+",
        "no edition is called that; use organization, executive, accounts, account:111122223333, ou:Root/Workloads or "
        "framework:cis-aws-5.0.0",
    ),
]
ShortName = Annotated[str, _like(r"[a-z0-9-]+", "use small letters, digits and hyphens, e.g. weekly-prod")]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError) as error:
        raise ValueError(f"no time zone is called {name!r}; use a name like Europe/Berlin or UTC") from error
    return name


TimeZone = Annotated[str, AfterValidator(_zone)]


class Section(BaseModel):
    """A section of the file: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, values: Any) -> Any:
        """TOML has no null: an empty text stands for "not set" where that is the default."""
        if not isinstance(values, dict):
            return values
        unset = {name for name, field in cls.model_fields.items() if field.default is None}
        return {key: value for key, value in values.items() if not (value == "" and key in unset)}


class Organization(Section):
    """Which accounts are in scope."""

    accounts: tuple[AccountId, ...] = ()
    ous: tuple[str, ...] = ()
    exclude: dict[AccountId, str] = {}


class Role(Section):
    """The read-only role in every account."""

    name: str = "ReporterAudit"
    external_id: SecretStr = SecretStr("")
    external_id_file: Path | None = None
    session_name: Annotated[
        str, _like(r"[\w+=,.@-]{2,64}", "AWS takes 2 to 64 letters, digits and the signs _ + = , . @ -")
    ] = "reporter"
    session_policy: bool = True
    source_identity: str = ""
    duration_minutes: Annotated[int, Field(ge=15, le=720)] = 60
    management: str = ""


class Aws(Section):
    """The AWS SDK's own settings; empty means its ordinary chain decides."""

    profile: str = ""
    region: str = ""
    endpoint_url: str = ""
    path_style: bool = True
    ca_bundle: Path | None = None


class Collect(Section):
    """How reading is done."""

    regions: tuple[str, ...] = ()
    threads: Annotated[int, Field(ge=1, le=32)] = 16
    processes: Annotated[int, Field(ge=1, le=64)] = 1
    calls_per_second: Annotated[float, Field(gt=0, le=100)] = 9.0
    extra: bool = False
    connect_timeout_seconds: Annotated[float, Field(gt=0)] = 5.0
    read_timeout_seconds: Annotated[float, Field(gt=0)] = 20.0
    attempts: Annotated[int, Field(ge=1, le=20)] = 6
    attribution: bool = True
    reverted: bool = False
    request_ids: bool = False


class History(Section):
    """Where snapshots, changes and findings are kept."""

    url: SecretStr = SecretStr("sqlite:///reporter.db")
    url_file: Path | None = None
    retention_days: Annotated[int, Field(ge=1)] = 2557


class Coverage(Section):
    """How much must have been read for a run to end with exit code 0."""

    minimum_percent: Annotated[float, Field(ge=0, le=100)] = 95.0


class Targets(Section):
    """What the checks measure against; each finding prints the target it was judged by."""

    log_retention_days: Annotated[int, Field(ge=1)] = 365
    lock_retention_days: Annotated[int, Field(ge=1)] = 365
    cloudwatch_retention_days: Annotated[int, Field(ge=1)] = 365
    event_data_store_retention_days: Annotated[int, Field(ge=1)] = 365
    log_readers: tuple[str, ...] = ()
    trusted_accounts: tuple[AccountId, ...] = ()
    sensitive_tags: dict[str, tuple[str, ...]] = {"DataClass": ("confidential", "restricted", "pii")}
    delegated_administrators: dict[str, tuple[AccountId, ...]] = {}
    delivery_max_age_hours: Annotated[int, Field(ge=1)] = 24
    digest_max_age_hours: Annotated[int, Field(ge=1)] = 2
    rotation_required: bool = True
    rotation_period_days: Annotated[int, Field(ge=90, le=2560)] = 365
    break_glass_principals: tuple[str, ...] = ()


class Assess(Section):
    """Which frameworks are reported, and which findings are accepted."""

    frameworks: tuple[str, ...] = ()
    frameworks_directory: Path | None = None
    waivers: Path | None = None
    attestations: Path | None = None


class Report(Section):
    """How a report looks and where it is put."""

    organization_name: str = ""
    classification: str = ""
    directory: Path = Path("reports")
    pdf: bool = True
    templates: Path | None = None
    logo: Path | None = None
    accent: Annotated[str, _like(r"(#[0-9a-fA-F]{6})?", 'write a colour like "#0b5fff": # and six hex digits')] = ""
    time_zone: TimeZone = "UTC"
    render_seconds: Annotated[int, Field(ge=5)] = 300
    render_megabytes: Annotated[int, Field(ge=512)] = 3000
    link: str = ""
    prepared_by: str = ""
    owner_tags: tuple[str, ...] = ("Owner", "owner", "Team", "team")
    due_days: dict[Severity, Annotated[int, Field(ge=0)]] = {"critical": 7, "high": 30, "medium": 90}


class Sign(Section):
    """Who vouches for the head of the chain: a local key, or one in AWS KMS; neither: heads are not signed."""

    key_file: Path | None = None
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    kms_key: str = ""
    region: str = ""

    @model_validator(mode="after")
    def _one_signer(self) -> "Sign":
        if self.key_file and self.kms_key:
            raise ValueError("key_file and kms_key exclude each other; one of them signs")
        return self


class Watch(Section):
    """What `reporter watch` and schedules of the kind watch look at, and how much they may tell."""

    parts: tuple[Literal["trails", "exposure", "protection"], ...] = ("trails", "exposure")
    severity: Severity = "high"
    daily: Annotated[int, Field(ge=1)] = 10


class Mail(Section):
    """How mail leaves."""

    transport: Literal["none", "smtp", "ses"] = "none"
    sender: Address = "reporter@localhost"
    reply_to: Address | None = None
    host: str = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    ca_file: Path | None = None
    timeout_seconds: Annotated[float, Field(gt=0)] = 30.0
    ses_region: str = ""
    ses_configuration_set: str = ""
    attach_limit_megabytes: Annotated[float, Field(gt=0, le=29)] = 7.0
    on_unknown: Literal["skip", "resend"] = "skip"
    attempts: Annotated[int, Field(ge=1)] = 8
    unsubscribe: Annotated[
        str, _like(r"((https?://|mailto:)[^\s<>]+)?", "write an address like https://reports.example.com/stop/{token}")
    ] = ""


class Recipient(Section):
    """Who gets which edition: an address, or one found by account tag, OU or alternate contact."""

    address: Address | None = None
    account_tag: str = ""
    alternate_contact: Literal["", "SECURITY", "OPERATIONS", "BILLING"] = ""
    edition: EditionName = "organization"
    schedules: tuple[str, ...] = ()
    formats: tuple[Literal["pdf", "html", "csv", "json"], ...] = ("pdf",)
    time_zone: TimeZone = "UTC"

    @model_validator(mode="after")
    def _one_way_to_find_them(self) -> "Recipient":
        ways = [bool(self.address), bool(self.account_tag), bool(self.alternate_contact)]
        if sum(ways) != 1:
            raise ValueError("exactly one of address, account_tag and alternate_contact says who this is")
        if not self.address and self.edition.startswith(("executive", "framework:")):
            raise ValueError(
                "account_tag and alternate_contact go with the editions organization, accounts, ou and account"
            )
        return self


class Archive(Section):
    """Where finished reports are copied, write-once."""

    directory: Path | None = None
    s3_bucket: str = ""
    s3_prefix: str = "reporter/"
    s3_region: str = ""
    lock_mode: Literal["", "GOVERNANCE", "COMPLIANCE"] = ""
    lock_days: Annotated[int, Field(ge=0)] = 0
    link_days: Annotated[int, Field(ge=1, le=7)] = 7

    @model_validator(mode="after")
    def _a_lock_has_days(self) -> "Archive":
        if self.lock_mode and not self.lock_days:
            raise ValueError("lock_mode needs lock_days: how long a copy cannot be deleted")
        return self


class Webhook(Section):
    """A web address told of each report: a JSON document, or a Slack-compatible message."""

    name: ShortName
    url: SecretStr = SecretStr("")
    url_file: Path | None = None
    form: Literal["json", "slack"] = "json"


class Schedule(Section):
    """When a run starts. Week days in `cron` are names (mon) or ISO numbers (1 = Monday, 7 = Sunday; 0 is Sunday too)."""

    id: ShortName = "weekly"
    cron: str = "0 7 * * mon"
    time_zone: TimeZone = "UTC"
    kind: Literal["run", "watch"] = "run"


class Settings(Section):
    """All settings of one installation."""

    organization: Organization = Organization()
    role: Role = Role()
    aws: Aws = Aws()
    collect: Collect = Collect()
    history: History = History()
    coverage: Coverage = Coverage()
    targets: Targets = Targets()
    assess: Assess = Assess()
    report: Report = Report()
    sign: Sign = Sign()
    watch: Watch = Watch()
    mail: Mail = Mail()
    archive: Archive = Archive()
    recipient: tuple[Recipient, ...] = ()
    webhook: tuple[Webhook, ...] = ()
    schedule: tuple[Schedule, ...] = (Schedule(),)

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Settings":
        for section, names in (
            ("webhook", [w.name for w in self.webhook]),
            ("schedule", [s.id for s in self.schedule]),
        ):
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"{section}: two of them are called {name!r}; names are unique")
        return self
