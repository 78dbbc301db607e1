"""`checks` and `frameworks`: what is asked, by whom, with which answers over time."""

import re
import sqlite3

import pytest
from drift_history import built, copied, said

from reporter import history

OWN = """
id = "house-rules"
title = "House rules"
version = "1"
source = "our own"
mapping = "ours"

[[control]]
id = "H1"
title = "Log files can be proven whole"
direct = ["cloudtrail-log-file-validation"]

[[control]]
id = "H2"
title = "Somebody reads the logs"
manual = "no check sees people read"
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The settings file of a history that these tests only read."""
    folder = tmp_path_factory.mktemp("catalogue")
    file = copied(folder)
    with sqlite3.connect(built() / "reporter.db") as whole, sqlite3.connect(folder / "reporter.db") as copy:
        whole.backup(copy)
    return file


def ask(file, *words):
    answer = said(file, *words)
    assert answer.code == 0, answer.err
    return answer


def test_the_catalogue_lists_every_check_with_severity_and_title(file):
    """One line each, by id, and how many."""
    lines = ask(file, "checks").out.splitlines()
    assert lines[-1] == f"{len(lines) - 1} checks"
    ids = [line.split()[0] for line in lines[:-1]]
    assert ids == sorted(ids)
    assert {line.split()[1] for line in lines[:-1]} == {"critical", "high", "medium", "low"}


def test_one_check_says_why_how_to_mend_it_and_who_asks(file):
    """Title, why, command, fragments of both languages, the names others give it, the controls that ask it."""
    text = ask(file, "checks", "cloudtrail-log-file-validation").out
    for part in (
        "Why",
        "Fix",
        "Terraform",
        "CloudFormation",
        "elsewhere called SH:CloudTrail.4",
        "aws cloudtrail update-trail",
    ):
        assert part in text
    told = ask(file, "checks", "cloudtrail-log-file-validation", "--json").json[0]
    assert f"Asked by {len(told['controls'])} controls" in text
    assert {"framework": "cis-aws-5.0.0", "control": "3.2", "relation": "direct", "source": "aws-docs"} in told[
        "controls"
    ]


def test_a_pattern_narrows_and_a_wrong_id_proposes_the_nearest(file):
    """Globs as a shell has them."""
    assert all(one["id"].startswith("s3-bucket-tls") for one in ask(file, "checks", "s3-bucket-tls*", "--json").json)
    answer = said(file, "checks", "cloudtrail-loging")
    assert answer.code == 2
    assert "did you mean cloudtrail-logging?" in answer.err


def test_frameworks_say_their_honest_size(file):
    """How many controls checks answer, how many a person, how many both, adding up; those that are reported are marked."""
    told = {one["id"]: one for one in ask(file, "frameworks", "--json").json}
    assert len(told) >= 22
    cis = told["cis-aws-7.0.0"]["statistics"]
    assert cis["controls"] == cis["covered"]
    left = [one["id"] for one in ask(file, "frameworks", "cis-aws-5.0.0", "--json").json["controls"] if one["manual"]]
    assert {"2.1.3", "3.1"} <= set(left)  # the benchmark leaves them to a person, checks or no checks
    assert told["cis-aws-5.0.0"]["statistics"]["shared"] == len(left)
    assert (
        f"29 controls = {29 - len(left)} by checks + {len(left)} by checks and a person;"
        in ask(file, "frameworks", "cis-aws-5.0.0").out
    )
    text = ask(file, "frameworks").out
    for total, parts in re.findall(r": (\d+) controls? = ([^;]+);", text):
        assert int(total) == sum(int(part.split()[0]) for part in parts.split(" + "))
    assert "* cis-aws-7.0.0 " in text
    assert "  cis-aws-1.4.0 " in text
    one = ask(file, "frameworks", "cis-aws-7.0.0").out
    assert f"{cis['controls']} controls = {cis['covered'] - cis['shared']} by checks + " in one
    assert "source: " in one


def test_a_control_has_its_checks_its_kin_and_its_days(file):
    """Which checks support it, which other frameworks ask the same, and on how many of the observed days it passed."""
    told = ask(file, "frameworks", "cis-aws-5.0.0", "--control", "3.2", "--json").json
    assert [use["check"] for use in told["control"]["checks"]] == ["cloudtrail-log-file-validation"]
    assert {"framework": "aws-fsbp-1.0.0", "control": "CloudTrail.4"} in told["also"]
    assert (told["over"]["days_passing"], told["over"]["days_observed"]) == (0, 8)
    assert [run["status"] for run in told["over"]["runs"]] == ["fail", "fail"]
    assert [run["accounts_total"] for run in told["over"]["runs"]] == [16, 16]
    text = ask(file, "frameworks", "cis-aws-5.0.0", "--control", "3.2").out
    assert "Over 2 runs: 0 days passing of 8 days observed" in text
    assert "Supported by 1 check\n" in text


def test_a_control_that_passes_in_a_unit_passes_on_all_days_between(file):
    """Both runs passed there, so the days between them count too."""
    said_ou = ("--ou", "Root/Security")
    told = ask(file, "frameworks", "cis-aws-5.0.0", "--control", "3.2", *said_ou, "--json").json["over"]
    assert {run["status"] for run in told["runs"]} <= {"pass", "not_applicable", "fail"}
    one = ask(file, "frameworks", "cis-aws-5.0.0", "--control", "3.2", *said_ou, "--over", "1", "--json").json["over"]
    assert one["days_observed"] == 1
    assert len(one["runs"]) == 1


def test_a_run_answers_a_framework_with_a_score_that_says_what_it_rests_on(file):
    """Each control with status and reason; never a bare percentage."""
    told = ask(file, "frameworks", "cloudtrail-eight-practices", "--run", "last", "--json").json
    by_control = {one["control"]: one for one in told["controls"]}
    assert by_control["S1"]["accounts_assessed"] > 0  # accounts without a trail of their own are answered
    assert told["score"]["denominator"] == 8
    text = ask(file, "frameworks", "cloudtrail-eight-practices", "--run", "last").out
    assert "of 8 controls pass" in text
    assert "accounts read" in text


def test_looking_at_a_control_makes_no_database(tmp_path):
    """A catalogue is read without a history; none appears."""
    file = tmp_path / "reporter.toml"
    file.write_text(f'[history]\nurl = "sqlite:///{tmp_path}/none.db"\n')
    assert "Over" not in ask(file, "frameworks", "cis-aws-5.0.0", "--control", "3.2").out
    assert not (tmp_path / "none.db").exists()


def test_a_framework_of_ones_own_is_checked_loaded_and_answered(file, tmp_path):
    """The same loader, errors and answers as for those that travel with the program."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "house.toml").write_text(OWN)
    assert (
        "good. house-rules: 2 controls = 1 by checks + 1 by a person; 1 direct"
        in ask(file, "frameworks", "check", str(folder / "house.toml")).out
    )
    own = tmp_path / "reporter.toml"
    own.write_text(file.read_text() + f'[assess]\nframeworks_directory = "{folder}"\n')
    told = ask(own, "frameworks", "house-rules", "--run", "last", "--json").json
    assert [one["status"] for one in told["controls"]] == ["fail", "manual"]
    assert "also the id of a framework" in ask(own, "frameworks", "check", str(folder / "house.toml")).out


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("cloudtrail-log-file-validation", "cloudtrail-log-file-validaton", "cloudtrail-log-file-validation"),
        ('manual = "no check sees people read"', "", 'name checks under "direct" or "supporting", or write manual'),
        ('id = "H2"', 'id = "H1"', "H1"),
        ('version = "1"', "", 'key "version" is missing'),
    ],
)
def test_a_mistake_in_a_framework_is_told_with_its_place(file, tmp_path, before, after, sentence):
    """Exit code 2, the file, the control, the remedy."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(OWN.replace(before, after))
    answer = said(file, "frameworks", "check", str(wrong))
    assert answer.code == 2
    assert str(wrong) in answer.err
    assert sentence in answer.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["frameworks", "cis-aws-5"], 'No framework has the id "cis-aws-5"'),
        (["frameworks", "cis-aws-5.0.0", "--control", "3.22"], "has no control '3.22'"),
        (["frameworks", "--control", "3.2"], "--control needs a framework"),
        (["frameworks", "check"], "which file?"),
        (["frameworks", "check", "/nowhere.toml"], "/nowhere.toml: cannot be read"),
        (["frameworks", "cis-aws-5.0.0", "--run", "77"], "There is no run '77'"),
    ],
)
def test_one_sentence_for_each_mistake(file, words, sentence):
    """What is wrong, and where to look."""
    answer = said(file, *words)
    assert answer.code in {1, 2}
    assert sentence in answer.err
    assert "Traceback" not in answer.err


def test_the_history_has_two_runs(file):
    """What the days above are counted from."""
    engine = history.connect(f"sqlite:///{file.parent / 'reporter.db'}")
    assert [run.as_of.day for run in history.last_runs(engine, 9)] == [9, 2]


def test_what_must_be_given_is_said_in_the_help(file):
    """An option that a command refuses to go without is called required, and every example is complete."""
    for command, needed in (
        ("waive", ("--why", "--owner", "--approver", "--until")),
        ("attest", ("--statement", "--until")),
    ):
        told = said(file, command, "--help").out
        for option in needed:
            help = told.partition(f"\n  {option} <")[2].partition("\n  --")[0]
            assert help.endswith("required."), (command, option)
        examples = [line for line in told.splitlines() if re.search(rf"reporter {command} .*--until", line)]
        assert examples
        assert all(option in line for line in examples for option in needed)


@pytest.mark.parametrize("words", [("--control", "3.2"), ("--run", "last")])
def test_a_place_that_is_not_there_has_no_answers(file, words):
    """No account is nobody's good news: an unknown account or unit is refused, and the one that was meant is named."""
    for place in (("--account", "1"), ("--ou", "Root/Nowhere")):
        answer = said(file, "frameworks", "cis-aws-5.0.0", *words, *place)
        assert (answer.code, answer.out) == (2, "")
    assert said(file, "frameworks", "cis-aws-5.0.0", "more").code == 2
