"""`reporter drift`, `drift show`, `diff`: on a real history, as users and pipelines meet them."""

import json
import re

import pytest
from drift_history import built, copied, said

from reporter import history
from reporter.cli.drifting import first_sight
from reporter.cli.filters import open_history

WORSE = {"kh-payments-dev-fixtures", "kh-shop-orders", "kh-network-forensics", "kh-lake-experiments"}


@pytest.fixture
def file():
    """The settings file of the common history; for reading only."""
    return built() / "reporter.toml"


@pytest.fixture
def own(tmp_path):
    """The settings file of a history of the test's own."""
    return copied(tmp_path)


def changed(answer):
    """The changes of a JSON answer by resource, the last word of an ARN for short."""
    return {entry["change"]["resource"].rpartition("/")[2]: entry for entry in answer.json["changes"]}


def test_drift_reads_like_a_plan(file):
    """Worse first with checks, differences, actor and window; improved and neutral after it; a summary last; nothing in colour."""
    answer = said(file, "drift")
    text = answer.out
    assert answer.code == 4
    assert "\x1b" not in text
    assert text.index("WORSENED") < text.index("IMPROVED 1") < text.index("NEUTRAL 1") < text.index("Summary: ")
    assert '      + Policy.Statement["TempShare"] added: Allow * s3:GetObject' in text.splitlines()
    assert "! s3-bucket-not-public-read: pass -> fail" in text
    assert "by contractor-jdoe (IAM user) (192.0.2.201, cli) PutBucketPolicy 2026-11-04 15:54Z [exact]" in text
    assert "between 2026-11-02 06:00Z (last confirmed) and 2026-11-09 06:00Z (seen), 7 d" in text
    assert "(payments-dev 335622367992, eu-west-1)" in text
    assert re.search(
        r"^Drift 2026-11-02 06:00Z -> 2026-11-09 06:00Z \(7 d\)   run 2   chain [0-9a-f]{12}$", text, re.MULTILINE
    )
    assert "never counted as deleted" in text


def test_what_the_text_says_the_json_says(file):
    """The counts of the sections are those of the entries, in both forms, and equal the summary's."""
    answer = said(file, "drift", "--json")
    document = answer.json
    assert document["schema"] == "reporter/drift/1"
    sections = [entry["section"] for entry in document["changes"]]
    assert document["counts"] == {name: sections.count(name) for name in set(sections)}
    text = said(file, "drift").out
    for name, count in document["counts"].items():
        assert f"{count} {name}" in text.splitlines()[-2]
    assert changed(answer).keys() > WORSE
    assert document["runs"] == [2]


def test_what_came_into_view_is_counted_beside_the_changes(file):
    """Keys that something names only now bring findings and no change: drift says how many, --all and JSON say which."""
    head = "2 resources came into view (named for the first time): no change of theirs"
    assert f"{head}; see --all" in said(file, "drift").out.splitlines()
    text = said(file, "drift", "--all").out
    rows = said(file, "drift", "--json").json["came_into_view"]
    assert f"{head}\n" in text
    assert [(row["type"], row["account"], row["named"]) for row in rows] == [
        ("AWS::KMS::Key", "811318249721", True)
    ] * 2
    assert all(f"  AWS::KMS::Key {row['arn']} (811318249721, {row['region']})" in text for row in rows)
    assert "1 resource came into view" in said(file, "drift", "--since", "2026-11-01", "--region", "eu-west-1").out
    for words in (["--run", "1"], ["--kind", "created"], ["--type", "AWS::S3::Bucket"], ["--since", "2026-11-10"]):
        assert "into view" not in said(file, "drift", *words).out


def test_first_sight_tells_why_no_change_tells_of_a_key(file):
    """The key's own life says that something names it now; a bucket that was there from the first run says nothing."""
    opened = open_history(file)
    key = said(file, "drift", "--json").json["came_into_view"][0]["arn"]
    words = "first seen 2026-11-09 06:00Z (came into view: something names it now), no change of its own"
    assert first_sight(opened, history.versions(opened.engine, "AWS::KMS::Key", key)[-1].item) == words
    bucket = history.versions(opened.engine, "AWS::S3::Bucket", "kh-shop-orders")[-1].item
    assert first_sight(opened, bucket) == ""


@pytest.mark.parametrize(
    "words, left",
    [
        (["--actor", "contractor-jdoe"], {"kh-payments-dev-fixtures"}),
        (["--actor", "PutBucketLifecycle"], {"kh-network-forensics"}),
        (["--path", "SSEAlgorithm"], {"kh-shop-orders"}),
        (["--type", "AWS::CloudTrail::Trail"], {"payments-data-events"}),
        (["--kind", "created", "--kind", "deleted"], {"kh-lake-experiments", "anna-test-bucket-123"}),
        (["--direction", "improved"], {"kh-mobile-crash-reports"}),
        (["--severity", "critical"], {"kh-payments-dev-fixtures", "payments-data-events"}),
        (["--region", "us-east-1", "--class", "security"], {"kh-mobile-crash-reports", "anna-test-bucket-123"}),
        (["--account", "335622367992"], {"kh-payments-dev-fixtures"}),
        (["--ou", "Root/Sandbox"], {"anna-test-bucket-123"}),
        (["--resource", "arn:aws:s3:::kh-shop-orders"], {"kh-shop-orders"}),
    ],
)
def test_filters_leave_what_they_name(file, words, left):
    """Each filter narrows the list to what it says, in text and JSON alike."""
    assert changed(said(file, "drift", "--json", *words)).keys() == left
    text = said(file, "drift", *words).out
    assert all(name in text for name in left)


def test_a_filter_that_leaves_nothing_says_so(file):
    """Nothing left is one clear line and exit code 0."""
    answer = said(file, "drift", "--path", "NoSuchPath")
    assert answer.code == 0
    assert "No changes." in answer.out


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["drift", "--kind", "bogus"], "--kind bogus: there is no such word; use one of created, modified"),
        (["drift", "--severity", "awful"], "--severity awful: there is no such word"),
        (["drift", "--run", "99"], "There is no run '99'"),
        (["drift", "--until", "2026-11-09"], "--until needs --since"),
        (["drift", "--since", "2026-13-45"], "is no date"),
        (["drift", "--account", "1", "--ou", "x"], "exclude each other"),
        (["drift", "show", "9999"], "there is no change 9999"),
        (["diff", "2", "1"], "run 2 is not before run 1; write the earlier one first"),
        (["drift", "--account", "335622367993"], "--account 335622367993: no run has seen such an account"),
        (["drift", "--ou", "Root/Sandbx"], "--ou Root/Sandbx: no run has seen an account there; the OUs are Root"),
        (["drift", "--type", "AWS::S3::Bukcet"], "there is no such type (did you mean AWS::S3::Bucket?)"),
        (["drift", "--resource", "kh-shop-order"], "no such resource (did you mean kh-shop-orders?)"),
        (["diff", "1", "2", "--account", "1"], "--account 1: no run has seen such an account"),
        (["coverage", "--ou", "Nowhere"], "--ou Nowhere: no run has seen an account there"),
        (["baseline", "pin", "x", "--type", "Bucket"], "--type Bucket: there is no such type"),
        (["export", "--git", "/no/such/folder", "--account", "1"], "--account 1: no run has seen such an account"),
    ],
)
def test_one_sentence_for_each_mistake(file, words, sentence):
    """No traceback, no usage dump: what is wrong and what to write, and an exit code that is not 0."""
    answer = said(file, *words)
    assert answer.code in {1, 2}
    assert sentence in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_region_of_which_nothing_is_known_is_said(file):
    """A region mistyped leaves nothing, as a quiet one does: that the run knows nothing there is said beside the answer."""
    answer = said(file, "drift", "--region", "eu-wst-1")
    assert answer.code == 0
    assert "--region eu-wst-1: run 2 knows of nothing in a region of that name (did you mean eu-west-1?)" in answer.err
    assert said(file, "drift", "--region", "eu-west-1").err == ""


def test_since_a_date_a_run_or_the_last_report(file):
    """All ways to name the same window find the same changes."""
    found = [
        changed(said(file, "drift", "--json", "--since", since)).keys() for since in ("2026-11-03", "1", "last-report")
    ]
    assert found[0] == found[1] == found[2] == changed(said(file, "drift", "--json")).keys()
    assert changed(said(file, "drift", "--json", "--since", "2026-11-10")) == {}
    assert changed(said(file, "drift", "--json", "--since", "2026-11-09")), "a date is its beginning, as for findings"


def test_a_limit_hides_with_a_count(file):
    """Only so many are printed; headings and summary still count all."""
    text = said(file, "drift", "--limit", "1").out
    assert "more, not shown because of the limit" in text
    assert "1 improved, 1 neutral" in text


def test_everything_about_one_change(file):
    """Both values of each setting, the events with their ids, the whole documents as a diff."""
    number = changed(said(file, "drift", "--json"))["kh-payments-dev-fixtures"]["change"]["id"]
    text = said(file, "drift", "show", str(number)).out
    assert "before: not set" in text
    assert "after:  Allow * s3:GetObject" in text
    assert "who: exact, PutBucketPolicy shows the new value" in text
    assert re.search(r"event [0-9a-f-]{36}", text)
    raw = said(file, "drift", "show", str(number), "--raw").out
    assert '+        "Sid": "TempShare"' in raw
    assert '-    "BlockPublicPolicy": true,' in raw
    document = said(file, "drift", "show", str(number), "--json").json
    assert document["schema"] == "reporter/change/1"
    assert document["who"]["actors"][0]["event_name"] == "PutBucketPolicy"


def test_diff_says_what_drift_said(file):
    """Two neighbouring runs differ in what the later one found: nothing invented, nothing missed, worse by the same rules."""
    drifted = changed(said(file, "drift", "--json"))
    compared = said(file, "diff", "1", "2", "--json").json
    assert {one["resource"].rpartition("/")[2] for one in compared["changes"]} == drifted.keys()
    worse = {one["resource"] for one in compared["changes"] if one["direction"] == "worsened"}
    assert "kh-network-forensics" in worse  # the lifecycle of a trail's bucket is a matter of security
    assert compared["changed_and_reverted"] == []
    weighed = {one["resource"].rpartition("/")[2]: (one["severity"], one["direction"]) for one in compared["changes"]}
    told = [one["change"] for one in said(file, "drift", "--json").json["changes"]]
    assert weighed == {one["resource"].rpartition("/")[2]: (one["severity"], one["direction"]) for one in told}
    text = said(file, "diff", "previous", "last").out
    assert "Run 1 -> run 2" in text
    assert "Summary: " in text


def test_diff_can_ask_the_checks(file):
    """With --judge the checks' answers on both sides move with the differences."""
    compared = said(file, "diff", "1", "2", "--judge", "--json", "--path", "Policy").json
    (opened,) = [one for one in compared["changes"] if one["resource"] == "kh-payments-dev-fixtures"]
    assert opened["checks"]["s3-bucket-not-public-read"] == "pass -> fail"
    assert opened["severity"] == "critical"


def test_owned_changes_fail_no_pipeline(own):
    """What worsened and is acknowledged stays in the list with its owner, and no longer decides the exit code."""
    worse = [e["change"]["id"] for e in said(own, "drift", "--json").json["changes"] if e["section"] == "worsened"]
    made = said(own, "acknowledge", *map(str, worse), "--owner", "alice", "--why", "known", "--until", "2999-01-01")
    assert made.code == 0
    answer = said(own, "drift")
    assert answer.code == 0
    assert f"{len(worse)} acknowledged" in answer.out
    assert "acknowledged: alice until 2999-01-01: known" in answer.out
    left = changed(said(own, "drift", "--json", "--unacknowledged")).keys()
    assert not left & WORSE


def test_every_command_of_drift_explains_itself_with_examples():
    """--help of each command ends in examples that begin with `reporter`."""
    commands = (
        "drift", "drift show", "diff", "history", "show", "blame", "coverage", "acknowledge", "note", "hold", "purge",
        "baseline", "baseline pin", "baseline load", "baseline compare", "baseline drop", "baseline list", "verify", "sign",
        "export", "watch", "attribute",
    )  # fmt: skip
    for command in commands:
        answer = said(None, *command.split(), "--help")
        assert answer.code == 0, command
        assert re.search(rf"Examples?:\n +reporter {command.split()[0]}", answer.out), command


def test_output_is_json_and_nothing_else(file):
    """--json prints one document; progress and hints stay away from it."""
    for words in (
        ["drift"],
        ["diff", "1", "2"],
        ["coverage"],
        ["history", "kh-shop-orders"],
        ["blame", "kh-shop-orders"],
    ):
        assert json.loads(said(file, *words, "--json").out)["schema"].startswith("reporter/")
