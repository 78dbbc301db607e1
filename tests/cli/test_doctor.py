"""`reporter doctor`: what it sees, what it proposes, and that looking leaves nothing behind."""

import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from reporter.cli import main
from reporter.simulate.demo import organization
from reporter.simulate.simulation import Simulation, start

NAMES = {"settings", "credentials", "organization", "role", "permissions", "database", "mail", "pdf", "fonts"}


@pytest.fixture(scope="module")
def sim():
    with start(organization()) as simulation:
        yield simulation


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    """The command in a folder of its own: settings file, environment, then words; gives the exit code and what was printed."""

    def run(text: str, environ: dict[str, str], *words: str) -> tuple[int, str]:
        (tmp_path / "r.toml").write_text(text, encoding="utf-8")
        for name in [name for name in os.environ if name.startswith(("AWS_", "REPORTER_"))]:
            monkeypatch.delenv(name)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["reporter", "doctor", "-c", "r.toml", *words])
        code = 0
        try:
            main()
        except SystemExit as left:
            code = int(left.code or 0)
        return code, capsys.readouterr().out

    return run


def of(sim: Simulation) -> dict[str, str]:
    """The environment by which the simulation is read."""
    return {
        **sim.environment, "AWS_ENDPOINT_URL": sim.endpoint_url, "AWS_REGION": "us-east-1",
        "REPORTER_ROLE__NAME": sim.organization.role, "REPORTER_ROLE__EXTERNAL_ID": sim.organization.external_id,
    }  # fmt: skip


def test_one_page_tells_what_works_and_the_remedy_for_the_rest(doctor, sim, tmp_path) -> None:
    """Every subject has its line; the one account whose role cannot be taken is named once, with what to do."""
    code, page = doctor("", of(sim))
    assert code == 1
    assert len(page.splitlines()) < 40
    shown = {line[5:18].strip() for line in page.splitlines()}
    assert shown >= NAMES
    assert "can be taken in 15 of 16 accounts" in page
    failing = [line for line in page.splitlines() if line.startswith("FAIL")]
    assert len(failing) == 1
    assert "acquired-logistics" in failing[0]
    assert page.count(" -> ") == Counter(line[:4] for line in page.splitlines())["warn"] + 1
    assert page.splitlines()[-1].startswith("1 thing to mend")
    assert [file.name for file in tmp_path.iterdir()] == ["r.toml"]  # no database, no folder


def test_the_same_as_data(doctor, sim) -> None:
    """Each sign with its state and remedy."""
    _, text = doctor("", of(sim), "--json", "--accounts", "3")
    signs = json.loads(text)["signs"]
    assert {one["name"] for one in signs} >= NAMES
    assert {one["state"] for one in signs} <= {"ok", "warn", "fail", "off"}
    assert all(one["remedy"] for one in signs if one["state"] in ("warn", "fail"))
    assert any("more accounts were not asked" in one["seen"] for one in signs)


def test_an_endpoint_where_nobody_answers_is_no_good_credentials(doctor) -> None:
    """The address is to blame, and named; nothing about the organization is claimed."""
    environ = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "us-east-1"}
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    code, page = doctor("[collect]\nattempts = 1\n", environ | keys)
    assert code == 1
    assert "FAIL credentials" in page
    assert "-> look at aws.endpoint_url and AWS_ENDPOINT_URL (http://127.0.0.1:9)" in page
    assert "ok   organization" not in page


def test_an_empty_external_id_is_said(doctor) -> None:
    """The role of deploy/ is given to nobody without one."""
    _, page = doctor("", {"AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nowhere"})
    assert "warn external id" in page
    assert "FAIL credentials   No AWS credentials were found" in page


def test_an_external_id_that_can_be_guessed_is_said(doctor) -> None:
    """Shorter than what deploy/member-role.yaml asks for."""
    environ = {"AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nowhere"}
    _, page = doctor('[role]\nexternal_id = "abc"\n', environ)
    assert "warn external id   role.external_id has 3 characters" in page
    _, page = doctor('[role]\nexternal_id = "0123456789abcdef"\n', environ)
    assert "external id" not in page


@pytest.mark.parametrize(
    ("text", "sign", "remedy"),
    [
        ('[history]\nurl = "sqlite:///absent/r.db"\n', "FAIL database", "mkdir -p"),
        ('[report]\nlogo = "absent.png"\n', "FAIL judgement", "the key of [assess] or [report]"),
        ('[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = 9\n', "FAIL mail", "REPORTER_MAIL__PASSWORD"),
        ('[[recipient]]\naddress = "a@b.example"\n', "FAIL recipients", 'mail.transport to "smtp" or "ses"'),
    ],
)
def test_each_trouble_has_its_remedy(doctor, text: str, sign: str, remedy: str) -> None:
    """What to change stands below what is wrong."""
    _, page = doctor(text, {"AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nowhere"})
    lines = page.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(sign))
    assert remedy in lines[at + 1]
