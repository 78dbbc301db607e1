"""Settings: what a file and the environment may say, and what a mistake in them is told."""

import re
from pathlib import Path

import pytest

from reporter.settings import Settings, SettingsError, data_file, database_url, known_keys, load

SECRETS_BY_REFERENCE = {"mail.password", "webhook.url"}


def write(folder: Path, text: str) -> Path:
    file = folder / "reporter.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_shipped_file_is_complete_and_states_the_defaults(tmp_path: Path) -> None:
    """Every key stands in config/reporter.toml, and uncommenting them all changes nothing."""
    text = data_file("config", "reporter.toml").read_text(encoding="utf-8")
    uncommented = re.sub(r"^# (?=\w+ = |\[\[)", "", text, flags=re.MULTILINE)
    for key in known_keys():
        section, _, name = key.partition(".")
        body = re.search(rf"^(?:# )?\[+{section}\]+(.*?)(?=^(?:# )?\[|\Z)", text, flags=re.MULTILINE | re.DOTALL)
        assert body, f"[{section}] is missing"
        assert re.search(rf"^# {name} = ", body[1], flags=re.MULTILINE), f"{key} is missing"
    lists = uncommented[uncommented.index("[[recipient]]") :]
    alone = uncommented.replace(lists, "") + lists[lists.index("[archive]") : lists.index("[[webhook]]")]
    loaded = load(write(tmp_path, alone), {})
    expected = Settings()
    for section in Settings.model_fields:
        if section not in ("report", "history"):
            assert getattr(loaded, section) == getattr(expected, section), section
    assert loaded.report.directory == tmp_path / "reports"
    assert database_url(loaded) == f"sqlite:///{tmp_path}/reporter.db"


def test_no_file_and_no_environment_gives_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first user needs no settings file."""
    monkeypatch.chdir(tmp_path)
    assert load(None, {}).role.name == "ReporterAudit"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[mial]\n", "mial: no such key; did you mean mail?"),
        ("[mail]\nprt = 25\n", "mail.prt: no such key; did you mean port?"),
        ("[mail]\nport = 'x'\n", "mail.port = 'x': "),
        ("[report]\nthreads = 3\n", "report.threads: no such key; it belongs in [collect]"),
        ("[[recipient]]\nadress = 'a@b.example'\n", "recipient.0.adress: no such key; did you mean address?"),
        ("[report]\ntime_zone = 'Mars/Olympus'\n", "report.time_zone = 'Mars/Olympus': no time zone is called"),
        ("[organization]\naccounts = ['123']\n", "organization.accounts.0 = '123': "),
        ("[[schedule]]\nid = 'A B'\n", "schedule.0.id = 'A B': "),
        ("[report]\nname = 'x'\n", "report.name: no such key; did you mean organization_name?"),
        ("[mail]\nname = 'x'\n", "mail.name: no such key; known here: transport"),
        ("[report]\naccent = 'blue'\n", "report.accent = 'blue': write a colour like"),
        ("[report]\ntemplates = 'nowhere'\n", "/nowhere': there is no such folder"),
        ("[aws]\nca_bundle = 'nowhere'\n", "/nowhere': there is no such file; it holds certificates"),
        (
            "[history]\nurl = 'oracle://h/d'\n",
            "history.url: 'oracle' is no database reporter knows; use sqlite:///path",
        ),
        ("[sign]\nkey_file = 'k'\nkms_key = 'alias/k'\n", "sign: key_file and kms_key exclude each other"),
        ("[watch]\nparts = ['trials']\n", "watch.parts.0 = 'trials': "),
        ("[role]\nsession_name = 'a b'\n", "role.session_name = 'a b': AWS takes 2 to 64 letters"),
        ("[mail\n", "is not valid TOML"),
        ("[[recipient]]\nedition = 'executive'\n", "recipient.0: exactly one of address, account_tag"),
        ("[archive]\nlock_mode = 'COMPLIANCE'\n", "archive: lock_mode needs lock_days"),
        ("[[schedule]]\nid = 'a'\n[[schedule]]\nid = 'a'\n", "schedule: two of them are called 'a'"),
    ],
)
def test_a_mistake_names_file_key_value_and_remedy(tmp_path: Path, text: str, told: str) -> None:
    """One clear line for each mistake, beginning with the file."""
    file = write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load(file, {})
    assert str(caught.value).startswith(str(file))
    assert told in str(caught.value)


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    """Nobody mends a file one error at a time."""
    with pytest.raises(SettingsError) as caught:
        load(write(tmp_path, "[mail]\nprt = 1\n[roll]\n"), {})
    assert len(str(caught.value).splitlines()) == 2


def test_environment_wins_over_the_file_and_a_typo_in_it_is_an_error(tmp_path: Path) -> None:
    """REPORTER_SECTION__KEY sets any key, lists included; a misspelt name is not ignored."""
    file = write(tmp_path, "[mail]\nhost = 'file.example'\n")
    environ = {"REPORTER_MAIL__HOST": "env.example", "REPORTER_ORGANIZATION__ACCOUNTS": '["111122223333"]', "HOME": "/"}
    settings = load(file, environ)
    assert settings.mail.host == "env.example"
    assert settings.organization.accounts == ("111122223333",)
    with pytest.raises(SettingsError, match="did you mean REPORTER_MAIL__HOST"):
        load(file, {"REPORTER_MAIL__HOTS": "x"})


@pytest.mark.parametrize("text", ["[mail]\npassword = 'hunter2'\n", "[history]\nurl = 'postgresql://u:hunter2@h/d'\n"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    """The error names the variable and the file key to use, and does not print the secret."""
    with pytest.raises(SettingsError) as caught:
        load(write(tmp_path, text), {})
    assert "_file" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_secrets_come_from_files_and_the_environment_and_are_never_printed(tmp_path: Path) -> None:
    """A secret's repr is a mask, wherever it came from."""
    (tmp_path / "pw").write_text("s3cret\n", encoding="utf-8")
    by_file = load(write(tmp_path, "[mail]\npassword_file = 'pw'\n"), {})
    by_environment = load(None, {"REPORTER_MAIL__PASSWORD": "s3cret"})
    assert by_file.mail.password.get_secret_value() == by_environment.mail.password.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(by_file) + repr(by_environment)


def test_a_secret_of_the_environment_wins_over_the_file_that_a_key_names(tmp_path: Path) -> None:
    """As every key does: whoever mends a password by the environment has it mended."""
    (tmp_path / "pw").write_text("old", encoding="utf-8")
    settings = load(write(tmp_path, "[mail]\npassword_file = 'pw'\n"), {"REPORTER_MAIL__PASSWORD": "new"})
    assert settings.mail.password.get_secret_value() == "new"


def test_a_refused_secret_names_only_a_way_that_works(tmp_path: Path) -> None:
    """Webhooks are many, and no variable of the environment sets one of them."""
    with pytest.raises(SettingsError, match=r"webhook.url: .*; name a file in webhook.url_file$"):
        load(write(tmp_path, "[[webhook]]\nname = 'chat'\nurl = 'https://hooks.example.com/T0'\n"), {})
    with pytest.raises(SettingsError, match=r"set REPORTER_MAIL__PASSWORD or name a file in mail.password_file$"):
        load(write(tmp_path, "[mail]\npassword = 'x'\n"), {})


@pytest.mark.parametrize("address", ["stop", "https://a b", "https://r.example/<x>", "javascript:alert(1)"])
def test_a_way_to_stop_mails_is_an_address(tmp_path: Path, address: str) -> None:
    """It becomes a header and a link."""
    with pytest.raises(SettingsError, match=r"mail.unsubscribe.*/stop/\{token\}"):
        load(write(tmp_path, f"[mail]\nunsubscribe = '{address}'\n"), {})


def test_a_missing_secret_file_and_a_missing_settings_file_say_so(tmp_path: Path) -> None:
    """Both errors name the path."""
    with pytest.raises(SettingsError, match=r"mail.password_file = .*nowhere"):
        load(write(tmp_path, "[mail]\npassword_file = 'nowhere'\n"), {})
    with pytest.raises(SettingsError, match="reporter init"):
        load(tmp_path / "absent.toml", {})


def test_no_mistake_is_told_as_a_pattern(tmp_path: Path) -> None:
    """Nobody reads regular expressions: what is wanted is said in words."""
    text = (
        "[organization]\naccounts = ['x']\n[role]\nsession_name = '/'\n[report]\naccent = 'x'\n[mail]\nsender = 'x'\n"
        "[[recipient]]\naddress = 'x'\n[[recipient]]\naddress = 'a@b.example'\nedition = 'x'\n"
        "[[webhook]]\nname = 'X Y'\n[[schedule]]\nid = 'X Y'\n"
    )
    with pytest.raises(SettingsError) as caught:
        load(write(tmp_path, text), {})
    assert len(str(caught.value).splitlines()) == 8
    assert not re.search(r"pattern|\\d|\[\^", str(caught.value))


def test_a_mistake_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    """The file is not to blame for it, and a secret is not repeated."""
    file = write(tmp_path, "[mail]\nport = 25\n")
    with pytest.raises(SettingsError, match=r"^environment: REPORTER_MAIL__PORT = 'x': "):
        load(file, {"REPORTER_MAIL__PORT": "x"})
    with pytest.raises(SettingsError) as caught:
        load(file, {"REPORTER_SIGN__PASSWORD": "[1]"})
    assert str(caught.value).startswith("environment: REPORTER_SIGN__PASSWORD: ")


def test_every_key_is_read_by_somebody() -> None:
    """A key that nothing uses promises what it does not keep."""
    package = Path(__file__).parent.parent.parent / "reporter"
    code = "\n".join(
        file.read_text(encoding="utf-8")
        for file in package.rglob("*.py")
        if "settings" not in file.relative_to(package).parts
    )
    by_file = {f"{key}_file" for key in ("external_id", "url", "password")}  # read with the secret they name
    whole = {"targets"}  # handed to the checks as it stands
    unused = [
        key
        for key in known_keys()
        if key.partition(".")[0] not in whole
        and key.partition(".")[2] not in by_file
        and not re.search(rf"\.{key.partition('.')[2]}\b", code)
    ]
    assert unused == []
