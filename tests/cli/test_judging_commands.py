"""`findings`, `assess`, `fix-plan`: what the checks answered, narrowed, exported, replayed, and judged again."""

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter

import pytest
from drift_history import built, copied, said

from reporter import history
from reporter.cli.asking import Row
from reporter.cli.showing import Sheet
from reporter.model import Finding, Status

OPENED = "kh-payments-dev-fixtures"  # opened to the public in the demo's week
DENIED = "kh-lake-curated"  # its policy may not be read
UNREACHED = "acquired-logistics"


def history_in(folder):
    """The settings file of a history of one's own; what the writer still holds in its log comes along."""
    file = copied(folder)
    with sqlite3.connect(built() / "reporter.db") as whole, sqlite3.connect(folder / "reporter.db") as copy:
        whole.backup(copy)
    return file


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The settings file of a history that these tests only read."""
    return history_in(tmp_path_factory.mktemp("judging"))


@pytest.fixture
def own(tmp_path):
    """The settings file of a history of the test's own."""
    return history_in(tmp_path)


def ask(file, *words):
    answer = said(file, *words)
    assert answer.code == 0, answer.err
    return answer


def found(file, *words):
    return ask(file, "findings", *words, "--json").json["findings"]


def test_findings_are_grouped_and_what_is_not_shown_is_counted(file):
    """The gravest check first with its title; three of a kind, then how many more; coverage at the end."""
    text = ask(file, "findings", "--check", "s3-bucket-tls-only").out
    assert text.startswith("✗ medium    s3-bucket-tls-only  The bucket refuses every request without TLS.")
    assert "reporter findings --check s3-bucket-tls-only --all" in text
    coverage = r"Coverage: \d+ of 17 accounts fully read, \d read in part, 1 not reached(,| and) 1 left out \(old-marketing\)\."
    assert re.search(coverage, text)
    counts = Counter(one["status"] for one in found(file))
    both = f"{counts['fail']} fail, {counts['insufficient_data']} could not be judged"
    assert f"{counts.total()} findings: {both}. Coverage" in ask(file, "findings").out
    everything = ask(file, "findings", "--check", "s3-bucket-tls-only", "--all").out
    assert "more, " not in everything
    assert (
        everything.count("arn:aws:s3:::") == len(found(file, "--check", "s3-bucket-tls-only", "--status", "fail")) + 1
    )


def test_an_account_that_was_not_reached_is_one_line_and_never_silent(file):
    """Its missing answers are counted with the reason, and each stands in the data."""
    text = ask(file, "findings").out
    (line,) = [line for line in text.splitlines() if UNREACHED in line and "missing" in line]
    missing = [one for one in found(file) if one["account"] == line.partition("(")[2][:12]]
    unknown = [one for one in missing if one["status"] == "insufficient_data"]
    assert line.startswith(f"? {len(unknown)} answers missing in {UNREACHED}")
    # what the organization itself tells of the account is known all the same
    assert {one["check"] for one in missing if one not in unknown} == {"organization-protects-cloudtrail"}


def test_each_filter_leaves_only_what_it_names(file):
    """Status, severity, check, type, region, account, OU and resource narrow alike."""
    whole = found(file)
    for option, key, value in [
        ("--severity", "severity", "critical"), ("--status", "status", "fail"), ("--type", "type", "AWS::S3::Bucket"),
        ("--region", "region", "eu-central-1"), ("--check", "check", "s3-bucket-versioning"), ("--resource", "resource", OPENED),
    ]:  # fmt: skip
        narrow = found(file, option, value)
        assert narrow, option
        assert narrow == [one for one in whole if one[key] == value], option
    account = next(one["account"] for one in whole if one["resource"] == OPENED)
    assert found(file, "--account", account) == [one for one in whole if one["account"] == account]
    below = found(file, "--ou", "Root/Workloads/Dev")
    assert account in {one["account"] for one in below}
    assert len(below) < len(whole)


def test_a_framework_and_its_control_narrow_to_their_checks(file):
    """A control leaves its checks only; a pattern narrows further."""
    control = found(file, "--framework", "cis-aws-5.0.0", "--control", "3.2")
    assert {one["check"] for one in control} == {"cloudtrail-log-file-validation"}
    whole = {one["check"] for one in found(file, "--framework", "cis-aws-5.0.0")}
    assert "cloudtrail-log-file-validation" in whole
    s3 = {one["check"] for one in found(file, "--framework", "cis-aws-5.0.0", "--check", "s3-*")}
    assert s3 == {check for check in whole if check.startswith("s3-")}


def test_since_leaves_what_began_to_fail_in_the_week(file):
    """The date counts from its beginning: the day of the second run is within it."""
    week = found(file, "--since", "2026-11-09")
    assert OPENED in {one["resource"] for one in week}
    assert {one["since"] for one in week} == {"2026-11-09T06:00:00Z"}
    assert {one["state"] for one in week} <= {"new", "reopened", "persisting"}
    assert found(file, "--since", "2026-11-10") == []


def test_a_finding_carries_evidence_and_the_very_command(file):
    """What was read, by which permission, and the command with the names filled in."""
    (one,) = found(file, "--check", "s3-bucket-not-public-read", "--resource", OPENED)
    read = {evidence["key"]: evidence for evidence in one["evidence"]}
    assert read["PolicyStatus"]["value"] == {"IsPublic": True}
    assert read["PolicyStatus"]["operation"] == "s3:GetBucketPolicyStatus"
    assert one["fix"].startswith(f"aws s3api put-public-access-block --bucket {OPENED} ")
    shown = ask(file, "findings", "--check", "s3-bucket-not-public-read", "--resource", OPENED, "--evidence").out
    assert '· kh-payments-dev-fixtures PolicyStatus = {"IsPublic": true}  (s3:GetBucketPolicyStatus)' in shown
    assert f"$ aws s3api put-public-access-block --bucket {OPENED} " in shown
    unjudged = ask(file, "findings", "--status", "insufficient_data", "--evidence", "--all").out
    assert not [line for line in unjudged.splitlines() if line.strip() == "$"]  # no command is no line


def test_a_name_breaks_no_line_of_a_list(capsys):
    """Line separators and vertical tabs that AWS let somebody write into a name stay in the line, as code points."""
    text = f"aws s3api ... --key 'a{chr(0x2028)}b{chr(0x85)}c{chr(0x0B)}d'\naws second"
    one = Finding("check", "1" * 12, "global", "AWS::S3::Bucket", "b", "arn", Status.FAIL, "high", fix=text)
    Sheet(asked=None, evidence=True)._print_evidence(Row(one))
    lines = [line.strip() for line in capsys.readouterr().out.split("\n") if line]
    assert lines == ["$ aws s3api ... --key 'a\\u2028b\\u0085c\\u000bd'", "$ aws second"]


def test_passes_are_replayed_with_evidence_and_add_up_to_what_was_counted(file):
    """Not one row of them is stored; judged again they are as many as the run counted, and dated by nothing."""
    passes = found(file, "--status", "pass", "--status", "not_applicable")
    engine = history.connect(f"sqlite:///{file.parent / 'reporter.db'}")
    run = history.run_of(engine, "last")
    counted = history.tallies(engine, run)
    assert len(passes) == sum(tally.passed + tally.not_applicable for tally in counted)
    assert all(one["evidence"] for one in passes if one["status"] == "pass")
    assert {one["since"] for one in passes} == {None}
    (one,) = found(file, "--status", "pass", "--check", "s3-bucket-not-public-write", "--resource", DENIED)
    assert one["evidence"][-1]["key"] == "PublicAccessBlock"


def test_a_limit_holds_over_stored_and_replayed_findings(file):
    """At most so many, in the same order."""
    few = found(file, "--status", "fail", "--status", "pass", "--limit", "7")
    assert few == found(file, "--status", "fail", "--status", "pass")[:7]


def test_another_set_of_checks_is_said_when_passes_are_replayed(own):
    """A target that changed since the run makes today's answers other ones: one sentence on standard error, none in the data."""
    assert "Today's checks" not in said(own, "findings", "--status", "pass", "--limit", "1", "--json").err
    own.write_text(own.read_text() + "[targets]\nlog_retention_days = 30\n")
    answer = ask(own, "findings", "--status", "pass", "--limit", "1", "--json")
    assert "Today's checks, frameworks or targets are not those of run 2" in answer.err
    assert "Today's checks" not in answer.out
    assert len(answer.json["findings"]) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--account", "123456789012"], "--account 123456789012: run 2 has no such account"),
        (["--ou", "Root/Nowhere"], "--ou Root/Nowhere: run 2 has no account there"),
        (["--type", "AWS::S3::Buckt"], "AWS::S3::Bucket?"),
        (["--check", "s3-bucket-versionning"], "did you mean s3-bucket-versioning?"),
        (["--severity", "severe"], "--severity severe: use one of critical, high"),
        (["--status", "passed"], "--status passed: use one of pass"),
        (["--framework", "cis-aws-5"], 'No framework has the id "cis-aws-5"'),
        (["--framework", "cis-aws-5.0.0", "--control", "3.20"], "has no control '3.20'"),
        (["--control", "3.2"], "--control needs --framework"),
        (["--since", "2026-11-01", "--status", "pass"], "--since is about what does not pass"),
        (["--since", "yesterday"], "'yesterday' is no date"),
        (["--json", "--csv"], "exclude each other"),
        (["--account", "1", "--ou", "Root"], "exclude each other"),
    ],
)
def test_one_sentence_for_each_mistake(file, words, sentence):
    """A wrong name is refused: an empty list about it would look like good news."""
    answer = said(file, "findings", *words)
    assert answer.code == 2
    assert sentence in answer.err
    assert answer.out == ""


def table(file, *words):
    """What `findings --csv` writes, as a user's shell catches it."""
    command = [sys.executable, "-W", "ignore", "-m", "reporter", "findings", "--csv", *words, "-c", str(file)]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout.decode("utf-8"), newline="")))


def test_csv_is_a_table_that_spreadsheets_do_not_run(file):
    """One row for each finding, the report's columns; passes too, if they are asked for."""
    rows = table(file)
    assert len(rows) == len(found(file))
    assert {"check", "status", "severity", "account", "resource", "reason", "evidence", "fix"} <= rows[0].keys()
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())
    assert [row["status"] for row in table(file, "--status", "pass", "--limit", "5")] == ["pass"] * 5
    passed = table(file, "--status", "pass", "--limit", "5")
    assert {(row["state"], row["first_seen"]) for row in passed} == {("", "")}  # since when is not stored


def test_ocsf_is_one_event_a_line(file):
    """Class 2003 for each finding, passes too."""
    lines = ask(file, "findings", "--ocsf", "--severity", "critical").out.splitlines()
    events = [json.loads(line) for line in lines]
    assert len(events) == len(found(file, "--severity", "critical"))
    assert {event["class_uid"] for event in events} == {2003}
    (event,) = map(json.loads, ask(file, "findings", "--ocsf", "--status", "pass", "--limit", "1").out.splitlines())
    assert "first_seen_time" not in event["finding_info"]
    assert event["compliance"]["status"] == "Pass"


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_resource_or_region_that_is_not_there_is_refused(file, form):
    """Nothing fails where nothing is; one that is there, with nothing failing, is no reason to refuse."""
    for words, warning in (
        (("--resource", "nope"), "--resource nope: there is no resource of that name in run 2"),
        (
            ("--region", "eu-wst-1"),
            "--region eu-wst-1: there is no region of that name in run 2 (did you mean eu-west-1?)",
        ),
    ):
        answer = said(file, "findings", *words, *form)
        assert answer.code == 2
        assert warning in " ".join(answer.err.split())
    for words in (
        ("--resource", OPENED, "--severity", "low"),
        ("--region", "us-east-1"),
        ("--resource", f"arn:aws:s3:::{OPENED}"),
    ):
        assert ask(file, "findings", *words, *form).err == ""


@pytest.mark.parametrize(("option", "name"), [("--csv", "findings.csv"), ("--ocsf", "findings.ocsf.jsonl")])
def test_findings_are_written_as_the_report_wrote_them(file, option, name):
    """The whole organization, unfiltered: the same bytes as the report's own file of that run."""
    (folder,) = (built() / "reports").glob("*-run-0002")
    command = [sys.executable, "-W", "ignore", "-m", "reporter", "findings", option, "-c", str(file)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert done.stdout == (folder / f"organization-{name}").read_bytes()


# --- assess ---


def test_the_past_judged_by_the_same_checks_answers_the_same(file):
    """Every answer of both runs comes out again; judgement is a function of the snapshot."""
    for run in ("1", "2", "2026-11-05", "last"):
        told = ask(file, "assess", "--at", run, "--json").json
        assert told["judged_by"]["same"]
        assert told["moves"] == {}
        assert sum(told["counts"].values()) > 1000
    assert "Every answer is the same as then." in ask(file, "assess", "--at", "1").out


def test_the_past_judged_by_other_targets_tells_what_moved(own):
    """It says that today's hash is another one, and names what is answered otherwise, then and now."""
    own.write_text(own.read_text() + "[targets]\nlog_retention_days = 3000\ncloudwatch_retention_days = 90\n")
    told = ask(own, "assess", "--at", "1", "--json").json
    assert not told["judged_by"]["same"]
    assert told["moves"]
    moved = [one for one in told["answers"] if one["moved"]]
    assert len(moved) == sum(told["moves"].values())
    assert {one["check"] for one in moved} <= {"cloudtrail-bucket-retention", "cloudwatch-log-group-retention"}
    text = ask(own, "assess", "--at", "1").out
    assert "Today's checks, frameworks or targets are not those of run 1" in text
    assert " differ from then." in text


def test_a_framework_is_answered_for_a_past_date(file):
    """By today's mapping, each control with its reason, and a score that says what it rests on."""
    told = ask(file, "assess", "--at", "2026-11-02", "--framework", "cis-aws-7.0.0", "--json").json
    assert told["run"]["seq"] == 1
    stored = ask(file, "frameworks", "cis-aws-7.0.0", "--run", "1", "--json").json
    assert [(c["control"], c["status"]) for c in told["controls"]] == [
        (c["control"], c["status"]) for c in stored["controls"]
    ]
    text = ask(file, "assess", "--at", "1", "--framework", "cloudtrail-five-flags").out
    assert "as run 1 of 2026-11-02 would answer it today" in text
    assert "of 16 accounts read" in text


# --- fix-plan ---


def test_a_fix_plan_is_a_script_for_each_account_that_touches_nothing(file, tmp_path):
    """They are valid shell, refuse another account, and an old one that is left is named."""
    (tmp_path / "fix-999999999999.sh").write_text("old")
    told = ask(file, "fix-plan", str(tmp_path), "--severity", "critical").out
    assert "left from an earlier plan, not of this one" in told
    scripts = sorted(path for path in tmp_path.glob("fix-*.sh") if path.read_text() != "old")
    assert len(scripts) > 3
    for script in scripts:
        subprocess.run(["sh", "-n", str(script)], check=True)
        assert os.access(script, os.X_OK)
    opened = next(script for script in scripts if OPENED in script.read_text())
    done = subprocess.run(
        [str(opened)], capture_output=True, text=True, env={"PATH": _fake_aws(tmp_path, "111111111111")}
    )
    assert done.returncode == 1
    assert "Nothing was done" in done.stderr
    account = opened.stem.removeprefix("fix-")
    done = subprocess.run([str(opened)], capture_output=True, text=True, env={"PATH": _fake_aws(tmp_path, account)})
    assert done.returncode == 0, done.stderr
    assert f"+ aws s3api put-public-access-block --bucket {OPENED}" in done.stdout
    assert (tmp_path / "calls").read_text().splitlines() == [
        "sts get-caller-identity --query Account --output text"
    ] * 2


def _fake_aws(folder, account):
    """A PATH whose `aws` notes what it is called with and says that it belongs to the account."""
    bin = folder / "bin"
    bin.mkdir(exist_ok=True)
    (bin / "aws").write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\necho {account}\n')
    (bin / "aws").chmod(0o755)
    return f"{bin}:/usr/bin:/bin"


def test_a_fix_plan_follows_the_filters_and_leaves_out_nothing_else(file, tmp_path):
    """A framework's control, one account: the findings named in the script are those that the list has."""
    ask(file, "fix-plan", str(tmp_path), "--framework", "cis-aws-5.0.0", "--control", "3.2")
    named = sum(script.read_text().count("| cloudtrail-log-file-validation |") for script in tmp_path.glob("fix-*.sh"))
    assert named == len(found(file, "--framework", "cis-aws-5.0.0", "--control", "3.2", "--status", "fail"))


def test_a_fix_stands_in_the_script_of_the_account_it_changes(file, tmp_path):
    """The trail is in one account and its bucket in another: the command is for the bucket's."""
    ask(file, "fix-plan", str(tmp_path))
    failing = found(file, "--status", "fail")
    moved = [
        one
        for one in failing
        if one["fix"].startswith("# in account ") and one["account"] not in one["fix"].splitlines()[0]
    ]
    assert moved
    for one in moved:
        target = one["fix"].splitlines()[0].removeprefix("# in account ")
        heading = f"# {one['severity']} | {one['check']} | {one['arn']}"
        assert heading in (tmp_path / f"fix-{target}.sh").read_text()
        own = tmp_path / f"fix-{one['account']}.sh"  # none where all that fails is mended elsewhere
        assert not own.exists() or heading not in own.read_text()
    written = sum(
        script.read_text().count(f" | {one['check']} | ") for script in tmp_path.glob("*.sh") for one in failing[:1]
    )
    assert written == sum(one["check"] == failing[0]["check"] for one in failing)


def test_the_history_of_the_tests_is_there():
    """The helper's history has two runs."""
    engine = history.connect(f"sqlite:///{built() / 'reporter.db'}")
    assert [run.seq for run in history.last_runs(engine, 9)] == [2, 1]


def test_a_finding_just_waived_is_in_no_plan_and_the_answer_says_when_it_counts(own, tmp_path):
    """The waiver counts from the next run on, so the finding is still listed; no script mends what somebody accepts."""
    arn = f"arn:aws:s3:::{OPENED}"
    check = next(one["check"] for one in found(own, "--resource", arn, "--status", "fail"))
    words = ("--why", "public assets", "--owner", "web", "--approver", "ciso", "--until", "2999-12-31")
    ask(own, "fix-plan", str(tmp_path / "before"), "--check", check)
    assert any(OPENED in file.read_text() for file in (tmp_path / "before").iterdir())
    answer = ask(own, "waive", check, "--resource", arn, *words).out
    assert "it counts from the next run on; 1 finding of the last run matches" in answer
    ask(own, "fix-plan", str(tmp_path / "after"), "--check", check)
    assert not any(OPENED in file.read_text() for file in (tmp_path / "after").iterdir())
    nowhere = ask(own, "waive", check, "--resource", "nosuch", *words).out
    assert "NO failing finding of the last run matches" in nowhere


def test_a_waiver_by_tag_counts_for_the_plan_at_once(own, tmp_path):
    """What carries the tag is mended by no script today, what carries another is; a tag must have a name and a value."""
    arn = f"arn:aws:s3:::{OPENED}"
    check = next(one["check"] for one in found(own, "--resource", arn, "--status", "fail"))
    words = ("--why", "copy, made anew", "--owner", "pay", "--approver", "ciso", "--until", "2999-12-31")
    wrong = said(own, "waive", check, "--tag", "payments", *words)
    assert wrong.code == 2
    assert "--tag payments: write KEY=VALUE" in wrong.err
    nowhere = ask(own, "waive", check, "--tag", "DataClass=public-*", *words).out
    assert "NO failing finding of the last run matches" in nowhere
    ask(own, "fix-plan", str(tmp_path / "before"), "--check", check)
    assert any(OPENED in file.read_text() for file in (tmp_path / "before").iterdir())
    answer = ask(own, "waive", check, "--tag", "DataClass=conf*", "--tag", "Owner=payments", *words).out
    assert "tag DataClass=conf*, tag Owner=payments" in answer
    assert "1 finding of the last run matches" in answer
    ask(own, "fix-plan", str(tmp_path / "after"), "--check", check)
    assert not any(OPENED in file.read_text() for file in (tmp_path / "after").iterdir())


def test_only_todays_checks_judge_the_past(file):
    """Who asks for them by name gets the same answer; checks of then are not here, and that is said."""
    plain = ask(file, "assess", "--at", "1", "--check", "s3-bucket-versioning").out
    assert ask(file, "assess", "--at", "1", "--with", "today's checks", "--check", "s3-bucket-versioning").out == plain
    refused = said(file, "assess", "--at", "1", "--with", "those of then")
    assert refused.code == 2
    assert "only today's checks are here" in refused.err
