"""`acknowledge`, `note`, `hold`, `purge`, `baseline`: what people say about changes, and what they want to be so."""

import pytest
from drift_history import copied, said

UNTIL = ("--until", "2999-12-31")


@pytest.fixture
def file(tmp_path):
    """The settings file of a history of the test's own."""
    return copied(tmp_path)


def test_a_change_is_owned_listed_and_let_go(file):
    """Owner, reason, date and ticket are shown; revoked, it is listed with why it ended."""
    made = said(file, "acknowledge", "2", "--owner", "alice", "--why", "test bed", "--ticket", "OPS-7", *UNTIL)
    assert made.code == 0, made.err
    assert "1: change 2 owned by alice, until 2999-12-31: test bed OPS-7" in said(file, "acknowledge").out
    assert said(file, "drift", "show", "2", "--json").json["acknowledgements"][0]["ticket"] == "OPS-7"
    assert said(file, "acknowledge", "--revoke", "1").code == 0
    assert "ended: revoked" in said(file, "acknowledge").out
    assert said(file, "acknowledge", "--active").out == "no acknowledgements\n"


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["acknowledge", "2", "--why", "x", *UNTIL], "--owner is required"),
        (["acknowledge", "2", "--owner", "a", *UNTIL], "--why is required"),
        (["acknowledge", "2", "--owner", "a", "--why", "x"], "--until is required"),
        (
            ["acknowledge", "2", "--owner", "a", "--why", "x", "--until", "soon"],
            "--until 'soon': write a date like 2026-12-31",
        ),
        (["acknowledge", "2", "--owner", "a", "--why", "x", "--until", "2020-01-01"], "is in the past"),
        (["acknowledge", "999", "--owner", "a", "--why", "x", *UNTIL], "There is no change 999"),
        (
            ["acknowledge", "2", "--owner", "a", "--why", "x", "--path", "Website", *UNTIL],
            "Change 2 has no setting Website",
        ),
        (["acknowledge", "--revoke", "77"], "There is no acknowledgement 77"),
        (["note", "999", "x"], "There is no change 999"),
        (["hold", "--account", "1"], "--why is required"),
        (["hold", "--why", "x"], "what is to be kept?"),
        (["hold", "--account", "1", "--why", "x"], "--account 1: no run has seen such an account"),
        (["hold", "--account", "999999999999", "--why", "x"], "no run has seen such an account"),
        (["hold", "--type", "AWS::S3::Buket", "--why", "x"], "no such type (did you mean AWS::S3::Bucket?)"),
        (["hold", "--resource", "kh-shop-order", "--why", "x"], "no such resource (did you mean kh-shop-orders?)"),
        (["hold", "--everything", "--account", "1", "--why", "x"], "say one or the other"),
        (["hold", "--release", "9"], "There is no hold 9 in force"),
        (["baseline", "compare", "nope"], "no baseline is called 'nope'"),
        (["baseline", "drop", "nope"], "There is no baseline 'nope'"),
        (["baseline", "load", "x", "/no/such.toml"], "No such file"),
        (["baseline", "pin", "x", "--tag", "nonsense"], "--tag nonsense: write KEY=VALUE"),
    ],
)
def test_one_sentence_for_each_mistake(file, words, sentence):
    """Each refusal is one sentence that says what to write."""
    answer = said(file, *words)
    assert answer.code in {1, 2}
    assert sentence in answer.err
    assert len(answer.err.splitlines()) == 1


def test_remarks_stand_with_the_change(file):
    """A note is kept with author and time, shown with the change and in its resource's history."""
    (entry,) = said(file, "drift", "--json", "--resource", "kh-payments-dev-fixtures").json["changes"]
    number = str(entry["change"]["id"])
    assert said(file, "note", number, "seen with the team").code == 0
    assert "seen with the team" in said(file, "note", number).out
    assert "seen with the team" in said(file, "drift", "show", number).out
    assert "seen with the team" in said(file, "history", "kh-payments-dev-fixtures").out


def test_a_purge_is_rehearsed_and_stopped_by_a_hold(file):
    """The rehearsal counts and removes nothing; a hold keeps all; the real purge is in the chain, which still holds."""
    would = said(file, "purge", "--dry-run", "--keep-days", "1", "--json").json["purged"]["removed"]
    assert would["version"] > 0
    assert said(file, "purge", "--dry-run", "--keep-days", "1", "--json").json["purged"]["removed"] == would
    assert said(file, "hold", "--everything", "--why", "case 4711").code == 0
    held = said(file, "purge", "--dry-run", "--keep-days", "1", "--json").json["purged"]
    assert "version" not in held["removed"]
    assert held["held"] > 0
    assert said(file, "hold", "--release", "1").code == 0
    assert said(file, "baseline", "pin", "golden", "--run", "1").code == 0
    assert "baseline golden, which stands in the way" in said(file, "purge", "--dry-run", "--keep-days", "1").out
    refused = said(file, "purge", "--keep-days", "1")
    assert (refused.code, "baseline golden is pinned to run 1" in refused.err) == (1, True)
    done = said(file, "purge", "--keep-days", "1", "--with-baselines")
    assert "removed" in done.out
    verified = said(file, "verify", "--history")
    assert verified.code == 0, verified.out
    assert said(file, "purge", "--dry-run").out.startswith("Older than ")


def test_drift_against_a_pinned_run(file):
    """What is not as it was when it was pinned; with a selector only that part; the pinned run itself deviates in nothing."""
    assert said(file, "baseline", "pin", "golden", "--run", "1").code == 0
    found = said(file, "baseline", "compare", "golden")
    assert found.code == 4
    assert "kh-payments-dev-fixtures" in found.out
    assert said(file, "baseline", "pin", "trails", "--run", "1", "--type", "AWS::CloudTrail::Trail").code == 0
    changes = said(file, "baseline", "compare", "trails", "--json").json["changes"]
    assert [one["type"] for one in changes] == ["AWS::CloudTrail::Trail"]
    same = said(file, "baseline", "compare", "golden", "--run", "1")
    assert same.code == 0
    assert "No changes" in same.out
    assert "golden: run 1" in said(file, "baseline").out
    assert said(file, "baseline", "drop", "golden").code == 0
    assert "golden" not in said(file, "baseline").out


def test_drift_against_a_file_of_desired_values(file, tmp_path):
    """Each resource that is not as desired is named with what it is and what it should be; a wrong entry is refused whole."""
    desired = tmp_path / "desired.toml"
    desired.write_text(
        """
[[desired]]
type = "AWS::S3::Bucket"
path = "PublicAccessBlock.BlockPublicPolicy"
equals = true
ou = "Root/Workloads/Dev"
reason = "policy P-12"
"""
    )
    assert said(file, "baseline", "load", "desired", str(desired)).code == 0
    found = said(file, "baseline", "compare", "desired")
    assert found.code == 4
    assert "PublicAccessBlock.BlockPublicPolicy is not set, desired true" in found.out
    assert "[policy P-12]" in found.out
    before = said(file, "baseline", "compare", "desired", "--run", "1", "--json").json["deviations"]
    assert "kh-payments-dev-fixtures" not in {one["resource"] for one in before}
    desired.write_text('[[desired]]\ntype = "AWS::S3::Bucket"\npath = "x"\n')
    wrong = said(file, "baseline", "load", "desired", str(desired))
    assert wrong.code == 2
    assert "needs exactly one of equals, one_of, subset, absent" in wrong.err


def test_a_control_that_checks_answer_cannot_be_attested(file):
    """Nobody's word outweighs what was read: refused, with the waiver as the way for an accepted finding."""
    words = ("--statement", "all is well", *UNTIL)
    refused = said(file, "attest", "cis-aws-5.0.0", "3.2", *words)
    assert refused.code == 2
    assert "is answered by checks" in refused.err
    assert "waive" in refused.err
    controls = said(file, "frameworks", "cis-aws-5.0.0", "--json").json["controls"]
    manual = next(one["id"] for one in controls if one["manual"])
    assert said(file, "attest", "cis-aws-5.0.0", manual, *words).code == 0
    assert said(file, "attest", "cis-aws-5.0.0", "9.9", *words).code == 2


def test_a_wrong_check_of_a_waiver_is_named_as_it_was_given(file):
    """The argument is no option, so none is blamed."""
    refused = said(file, "waive", "s3-bucket-versionin", "--account", "1", "--why", "x", "--owner", "o", *UNTIL)
    assert refused.code == 2
    assert refused.err.startswith(
        "reporter: s3-bucket-versionin: no check is called that (did you mean s3-bucket-versioning?)"
    )


def test_a_statement_is_seen_with_its_control_and_says_what_it_rests_on(file, tmp_path):
    """Without evidence it says so; a second one is told to stand beside the first; the same again adds nothing."""
    words = ("attest", "cis-aws-5.0.0", "2.1.3", "--statement")
    first = said(file, *words, "all is classified", *UNTIL).out
    assert "WITHOUT evidence (--evidence FILE); it counts from the next run on" in first
    assert "stood already" not in first
    shown = said(file, "frameworks", "cis-aws-5.0.0", "--control", "2.1.3").out
    assert "(counts from the next run on), until 2999-12-31, WITHOUT evidence: all is classified" in shown
    assert "the same was stated already" in said(file, *words, "all is classified", *UNTIL).out
    proof = tmp_path / "catalogue.pdf"
    proof.write_bytes(b"x")
    second = said(file, *words, "see the catalogue", "--evidence", str(proof), "--until", "2999-11-30").out
    assert "with catalogue.pdf" in second
    assert "1 statement about it stood already; of all, the one that holds longest counts" in second
    told = said(file, "frameworks", "cis-aws-5.0.0", "--control", "2.1.3", "--json").json["attestations"]
    assert [one["statement"] for one in told] == ["all is classified", "see the catalogue"]


WAIVED = ("waive", "s3-bucket-versioning", "--why", "x", "--owner", "o", "--approver", "a")


@pytest.mark.parametrize(
    "words",
    [
        ("waive", "s3-bucket-versioning", "--account", "*", "--why", "x", "--owner", "o", *UNTIL),
        (*WAIVED, *UNTIL),
        (*WAIVED, "--account", "12345", *UNTIL),
        (*WAIVED, "--resource", "x", "--until", "soon"),
        (*WAIVED, "--resource", "x", "--until", "2020-01-01"),
    ],
)
def test_a_refused_waiver_makes_no_history(tmp_path, words):
    """All of it is looked at first: no database is left by a command that did nothing."""
    file = tmp_path / "r.toml"
    file.write_text(f'[history]\nurl = "sqlite:///{tmp_path}/reporter.db"\n')
    assert said(file, *words).code == 2
    assert [one.name for one in tmp_path.iterdir()] == ["r.toml"]


def test_what_people_wrote_cannot_steer_a_terminal(file):
    """Escape sequences, line breaks and direction marks in reasons, owners and names come out as code points."""
    evil = "a\x1b[2Jb\x07\u202ec\nd\u2028e"
    done = (
        said(file, "acknowledge", "2", "--owner", evil, "--why", evil, "--ticket", evil, *UNTIL),
        said(file, "acknowledge"),
        said(file, "note", "2", evil),
        said(file, "note", "2"),
        said(file, "waive", "s3-*", "--resource", evil, "--why", evil, "--owner", evil, "--approver", evil, *UNTIL),
        said(file, "waive"),
        said(file, "hold", "--account", evil, "--why", evil),
        said(file, "hold"),
        said(file, "baseline", "pin", evil),
        said(file, "baseline", "list"),
        said(file, "baseline", "compare", evil),
        said(file, "drift"),
        said(file, "drift", "show", "2"),
        said(file, "findings", "--account", evil),
        said(file, "show", evil),
        said(file, "waive", evil),
        said(file, "deliver", "--run", evil),
    )
    for answer in done:
        for character in "\x1b\x07\u202e\u2028":
            assert character not in answer.out + answer.err
