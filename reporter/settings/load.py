"""Settings: one TOML file and the environment, read here and nowhere else, into frozen values.

Every key of the file can be set by the environment as `REPORTER_SECTION__KEY`, which wins over the file. Secrets come from the
environment or from a file that a `*_file` key names; a secret written into the settings file is refused. All problems of a
file are reported in one error, each with file, key, value and the nearest known key.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from os import environ as process_environment
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import SecretStr, ValidationError

from reporter.settings.schema import Section, Settings

PREFIX = "REPORTER_"
DEFAULT_FILE = "reporter.toml"
NOT_SETTINGS = {
    "REPORTER_CONFIG",
    "REPORTER_COMMAND",
    "REPORTER_VENV",
    "REPORTER_REQUIRE_PG",
    "REPORTER_TEST_PROCESSES",
}
SQLITE = "sqlite:///"
DATABASES = ("sqlite", "postgresql")
LONGEST_SHOWN = 80  # characters of a wrong value that an error repeats

SectionT = TypeVar("SectionT", bound=Section)


class SettingsError(ValueError):
    """The settings cannot be used; the message names file, key, value and remedy."""


def load(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of `file` (else `$REPORTER_CONFIG`, else ./reporter.toml if it is there), overlaid by the environment.

    Raises SettingsError with every problem of the file, one to a line.
    """
    environ = process_environment if environ is None else environ
    found = settings_file(file, environ)
    path = found or Path(DEFAULT_FILE)
    values: dict[str, Any] = {}
    if found is not None:
        values = _read(path)
        _refuse_secrets(values, path)
    by_environment = _overlay(values, environ)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("\n".join(sorted({_problem(e, path, by_environment) for e in error.errors()}))) from None
    resolved = _resolve(settings, path.parent.resolve(), by_environment)
    if problems := sorted(_of_the_world(resolved)):
        raise SettingsError("\n".join(f"{path}: {problem}" for problem in problems))
    return resolved


def settings_file(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Path | None:
    """Which file `load` reads: the one given, else the environment's, else ./reporter.toml; None if that is not there."""
    environ = process_environment if environ is None else environ
    named = file or (Path(environ["REPORTER_CONFIG"]) if environ.get("REPORTER_CONFIG") else None)
    return named or (Path(DEFAULT_FILE) if Path(DEFAULT_FILE).exists() else None)


def database_url(settings: Settings) -> str:
    """Where the history is, password included: hand it to the history only, never print it."""
    return settings.history.url.get_secret_value()


def known_keys() -> Iterable[str]:
    """Every key a settings file may hold, as `section.key`."""
    for section, field in Settings.model_fields.items():
        for key in _section_model(field.annotation).model_fields:
            yield f"{section}.{key}"


def data_file(*parts: str) -> Path:
    """A file or folder that travels inside the package (`config`, `templates`), whether installed or in a checkout."""
    package = Path(__file__).parent.parent
    installed = package.joinpath("data", *parts)
    return installed if installed.exists() else package.parent.joinpath(*parts)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file; `reporter init` writes a first one") from None
    except IsADirectoryError:
        raise SettingsError(f"{path}: is a folder; name the settings file in it") from None
    except PermissionError:
        raise SettingsError(f"{path}: cannot be read; check its owner and mode") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text ({error.reason} at byte {error.start})") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not valid TOML: {error}") from None


def _section_model(annotation: Any) -> type[Section]:
    """The model of a section, also where the file has a list of them (`[[recipient]]`)."""
    model = annotation if isinstance(annotation, type) else get_args(annotation)[0]
    assert issubclass(model, Section)
    return model


def _secret_keys() -> Iterable[tuple[str, str]]:
    for section, field in Settings.model_fields.items():
        for key, inner in _section_model(field.annotation).model_fields.items():
            if inner.annotation is SecretStr:
                yield section, key


def _refuse_secrets(values: Mapping[str, Any], path: Path) -> None:
    """A database URL without a password and an external id are no secrets; the rest never stands in the file."""
    for section, key in _secret_keys():
        tables = values.get(section, {})
        for table in tables if isinstance(tables, list) else [tables]:
            value = table.get(key) if isinstance(table, dict) else None
            harmless = (section, key) == ("role", "external_id") or (
                section == "history" and isinstance(value, str) and not _has_password(value)
            )
            if value and not harmless:
                variable = f"{PREFIX}{section}__{key}".upper()  # none of a section that may stand there several times
                remedy = "name" if isinstance(tables, list) else f"set {variable} or name"
                raise SettingsError(
                    f"{path}: {section}.{key}: a secret does not belong in this file; {remedy} a file in {section}.{key}_file"
                )


def _has_password(url: str) -> bool:
    credentials = url.partition("://")[2].partition("@")
    return bool(credentials[1]) and ":" in credentials[0]


def _overlay(values: dict[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Put the environment's values over the file's; returns each such key with its variable, for errors to name."""
    taken: dict[str, str] = {}
    known = {f"{PREFIX}{k.replace('.', '__')}".upper(): k for k in known_keys()}
    lists = {name for name, field in Settings.model_fields.items() if not isinstance(field.annotation, type)}
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        key = known.get(name)
        if key is None or key.partition(".")[0] in lists:
            near = difflib.get_close_matches(name, known, n=1)
            raise SettingsError(f"environment: {name}: no such setting{f'; did you mean {near[0]}?' if near else ''}")
        section, _, field = key.partition(".")
        values.setdefault(section, {})[field] = _from_text(text)
        taken[key] = name
    return taken


def _from_text(text: str) -> Any:
    """A list or table in TOML spelling; anything else as it stands, for pydantic to convert."""
    if text[:1] in "[{":
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def _of_the_world(settings: Settings) -> Iterable[str]:
    """What is well-formed and still cannot be used: files and folders that are not there, a database nobody speaks to."""
    folder = settings.report.templates
    if folder is not None and not folder.is_dir():
        yield f"report.templates = {str(folder)!r}: there is no such folder; leave it out to use the templates of reporter"
    for key, file in (("aws.ca_bundle", settings.aws.ca_bundle), ("mail.ca_file", settings.mail.ca_file)):
        if file is not None and not file.is_file():
            yield f"{key} = {str(file)!r}: there is no such file; it holds certificates (PEM)"
    kind = database_url(settings).partition("://")[0]
    if "://" in database_url(settings) and kind.partition("+")[0] not in DATABASES:
        yield f"history.url: {kind!r} is no database reporter knows; use sqlite:///path or postgresql://user@host/database"


def _problem(error: Any, path: Path, by_environment: Mapping[str, str]) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if variable := by_environment.get(".".join(str(part) for part in error["loc"][:2])):
        secret = tuple(error["loc"][:2]) in set(_secret_keys())
        shown = "" if secret else f" = {_shorten(error['input'])}"
        return f"environment: {variable}{shown}: {error['msg'].removeprefix('Value error, ')}"
    if error["type"] == "extra_forbidden":
        return f"{path}: {key}: no such key{_nearest(error['loc'])}"
    if error["type"] == "missing":
        return f"{path}: {key}: is required"
    if not error["loc"]:
        return f"{path}: {error['msg'].removeprefix('Value error, ')}"
    section, name = str(error["loc"][0]), str(error["loc"][-1])
    shown = (
        ""
        if (section, name) in set(_secret_keys()) or isinstance(error["input"], dict)
        else f" = {_shorten(error['input'])}"
    )
    return f"{path}: {key}{shown}: {error['msg'].removeprefix('Value error, ')}"


def _nearest(location: tuple[Any, ...]) -> str:
    names = [str(part) for part in location if isinstance(part, str)]
    if len(names) == 1:
        candidates = list(Settings.model_fields)
    else:
        field = Settings.model_fields.get(names[0])
        candidates = list(_section_model(field.annotation).model_fields) if field else []
    wanted = names[-1]
    near = difflib.get_close_matches(wanted, candidates, n=1, cutoff=0.75)
    near += [one for one in candidates if one.endswith(f"_{wanted}") or one.startswith(f"{wanted}_")]
    elsewhere = [key for key in known_keys() if key.endswith(f".{wanted}")]
    if len(elsewhere) == 1 and not near:
        return f"; it belongs in [{elsewhere[0].partition('.')[0]}]"
    near += difflib.get_close_matches(wanted, candidates, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else f"; known here: {', '.join(candidates)}"


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


def _resolve(settings: Settings, base: Path, by_environment: Mapping[str, str]) -> Settings:
    """Secrets read from the files that name them, unless the environment holds them; relative paths, the database's too, taken
    from the file's folder."""
    changed: dict[str, Any] = {}
    for name in Settings.model_fields:
        part = getattr(settings, name)
        if isinstance(part, Section):
            paths = {key: base / value for key, value in part if isinstance(value, Path)}
            changed[name] = part.model_copy(update=paths)
    for name, key in _secret_keys():
        part = changed.get(name, getattr(settings, name))
        if f"{name}.{key}" in by_environment:
            continue
        tables = part if isinstance(part, tuple) else (part,)
        opened = tuple(_with_secret(table, name, key, base) for table in tables)
        changed[name] = opened if isinstance(part, tuple) else opened[0]
    history = changed["history"]
    url = history.url.get_secret_value()
    if url.startswith(SQLITE) and not url.startswith(f"{SQLITE}/") and url != f"{SQLITE}:memory:":
        changed["history"] = history.model_copy(update={"url": SecretStr(f"{SQLITE}{base / url.removeprefix(SQLITE)}")})
    return settings.model_copy(update=changed)


def _with_secret(section: SectionT, name: str, key: str, base: Path) -> SectionT:
    file: Path | None = getattr(section, f"{key}_file", None)
    if file is None:
        return section
    path = base / file
    try:
        value = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name}.{key}_file = {str(path)!r}: cannot be read ({error.strerror})") from None
    return section.model_copy(update={key: SecretStr(value)})
