"""`reporter verify --package`: an auditor with nothing but the files."""

import json
import shutil

import pytest
from drift_history import built, copied, said


@pytest.fixture
def package(tmp_path):
    """The report's folder of the last run, away from the settings and the history that made it."""
    (source,) = (built() / "reports").glob("*-run-0002")
    return shutil.copytree(source, tmp_path / "package")


@pytest.fixture
def nothing(tmp_path):
    """A settings file that is not there: the command must not ask for it."""
    return tmp_path / "none.toml"


def test_a_package_is_proven_without_settings_or_history(package, nothing):
    """Everything holds, nothing is written beside it, and the head from the mail is the package's."""
    before = sorted(file.name for file in package.iterdir())
    head = json.loads((package / "organization-manifest.json").read_text())["chain"]
    done = said(nothing, "verify", "--package", str(package), "--head", head[:16].upper(), "--json")
    assert done.code == 0
    assert done.json["holds"] is True
    assert any("chain head" in one["said"] and one["holds"] for one in done.json["proofs"])
    assert sorted(file.name for file in package.iterdir()) == before
    told = said(nothing, "verify", "--package", str(package)).out  # of a history whose reports have no PDF
    assert "NOT PROVEN: that nothing was taken out of it; it lists no organization.pdf" in told
    assert "Its files are those it lists; what is NOT PROVEN above" in told


def test_an_altered_file_ends_with_1_and_its_name(package, nothing):
    """One letter in one table."""
    table = package / "organization-findings.csv"
    table.write_text(table.read_text().replace("critical", "low", 1))
    done = said(nothing, "verify", "--package", str(package))
    assert done.code == 1
    assert "FAILED organization-findings.csv: WAS ALTERED" in done.out
    assert "proofs FAILED" in done.out


def test_a_digest_from_the_mail_must_be_the_manifests(package, nothing):
    """The mail kept elsewhere tells a package that was written anew as a whole."""
    done = said(nothing, "verify", "--package", str(package), "--digest", "0123 4567 89ab cdef")
    assert done.code == 1
    assert "NOT 0123456789abcdef" in done.out
    assert said(nothing, "verify", "--package", str(package), "--digest", "xyz").code == 2


def test_a_folder_without_a_package_is_bad_usage(tmp_path, nothing):
    """One sentence that says what to give."""
    done = said(nothing, "verify", "--package", str(tmp_path))
    assert done.code == 2
    assert "give the folder of one report" in done.err


def test_an_edition_that_does_not_exist_is_told_before_any_is_made(tmp_path):
    """In whatever place it stands: exit code 2, and no folder with half of what was asked for."""
    file, folder = copied(tmp_path), tmp_path / "made"
    for wanted in ("account:nobody", "framework:none", "ou:Root/Nowhere"):
        answer = said(file, "report", "--edition", "executive", "--edition", wanted, "--to", str(folder))
        assert answer.code == 2
        assert wanted.partition(":")[2] in answer.err
        assert not folder.exists()
