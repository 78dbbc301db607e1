"""Settings turned into what each room wants: options, frameworks, waivers, targets. Files are read here, not in the rooms."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import reporter.checks  # noqa: F401 - fills the registry
from reporter import history
from reporter.assess import attestations, frameworks, waivers
from reporter.assess.evaluate import CHECKS, checks_hash
from reporter.collect.options import CollectOptions, Connection, Role
from reporter.documents.canonical import canonical_json
from reporter.model import Attestation, Framework
from reporter.settings import Settings, data_file


class WiringError(ValueError):
    """A file that the settings name cannot be used; the message names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a run is judged by: every framework known, those reported, waivers, attestations, targets."""

    frameworks: tuple[Framework, ...]
    selected: tuple[Framework, ...]
    waivers: waivers.Waivers
    attestations: tuple[Attestation, ...]
    targets: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """One hash over the checks, frameworks and targets used, kept with the run: all that an answer may depend on."""
        parts = checks_hash().encode() + frameworks.fingerprint(self.frameworks).encode() + canonical_json(self.targets)
        return hashlib.sha256(parts).hexdigest()


def collect_options(settings: Settings) -> CollectOptions:
    """How to read AWS, from the settings; empty texts leave the choice to the AWS SDK's own chain."""
    role, aws, collect = settings.role, settings.aws, settings.collect
    return CollectOptions(
        role=Role(
            name=role.name,
            external_id=role.external_id.get_secret_value(),
            session_name=role.session_name,
            session_policy=role.session_policy,
            source_identity=role.source_identity,
            duration=timedelta(minutes=role.duration_minutes),
            management=role.management,
        ),
        connection=Connection(
            profile=aws.profile or None,
            region=aws.region or None,
            endpoint_url=aws.endpoint_url or None,
            ca_bundle=str(aws.ca_bundle) if aws.ca_bundle else None,
            path_style=aws.path_style,
            connect_timeout=collect.connect_timeout_seconds,
            read_timeout=collect.read_timeout_seconds,
            attempts=collect.attempts,
        ),
        regions=collect.regions,
        threads=collect.threads,
        calls_per_second=collect.calls_per_second,
        extra=collect.extra,
    )


def judgement(settings: Settings) -> Judgement:
    """Frameworks, waivers and attestations as the settings name them; each problem names its file."""
    known = all_frameworks(settings.assess.frameworks_directory)
    file = settings.assess.waivers
    accepted = waivers.load(read(file), str(file), CHECKS.keys()) if file else waivers.Waivers()
    words: tuple[Attestation, ...] = ()
    if (named := settings.assess.attestations) is not None:
        words = attestations.load(read(named), str(named), known, evidence_hashes(named.parent))
    if (logo := settings.report.logo) is not None and not logo.is_file():
        raise WiringError(f"{logo}: there is no such file; see report.logo")
    return Judgement(
        frameworks=known,
        selected=frameworks.select(known, settings.assess.frameworks),
        waivers=accepted,
        attestations=words,
        targets=settings.targets.model_dump(),
    )


def with_stored(judged_by: Judgement, engine: history.Engine, at: datetime) -> Judgement:
    """The same with the waivers and attestations that the history holds at an instant: those people gave by command."""
    stored = waivers.Waivers(history.waivers(engine, at))
    return replace(
        judged_by,
        waivers=waivers.combine(judged_by.waivers, stored),
        attestations=(*judged_by.attestations, *history.attestations(engine, at)),
    )


def all_frameworks(own: Path | None) -> tuple[Framework, ...]:
    """The frameworks that travel with reporter, and the user's own."""
    texts: dict[str, str] = {}
    folders = [data_file("config", "frameworks")] + ([own] if own else [])
    for folder in folders:
        if not folder.is_dir():
            raise WiringError(f"{folder}: there is no such folder; see assess.frameworks_directory")
        texts |= {(file.name if folder != own else str(file)): read(file) for file in sorted(folder.glob("*.toml"))}
    return frameworks.load_all(texts, CHECKS.keys())


def evidence_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file beside an attestations file, by its path relative to it."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.name.startswith(".")
    }


def read(file: Path) -> str:
    """A settings-like file's text, or one sentence naming it."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise WiringError(f"{file}: cannot be read ({reason})") from None
