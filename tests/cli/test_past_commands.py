"""`history`, `show`, `blame`, `coverage`, `verify`, `sign`, `export`: the past of one resource, and its proof."""

import re
import sqlite3
import stat
import subprocess

import pytest
from drift_history import built, copied, said

BUCKET = "kh-payments-dev-fixtures"


@pytest.fixture
def file():
    """The settings file of the common history; for reading only."""
    return built() / "reporter.toml"


@pytest.mark.parametrize("name", [BUCKET, f"arn:aws:s3:::{BUCKET}"])
def test_the_history_of_a_resource(file, name):
    """Both states with their hashes, the change between them, who made it; by id and by ARN."""
    text = said(file, "history", name).out
    assert text.splitlines()[0] == f"AWS::S3::Bucket arn:aws:s3:::{BUCKET}"
    assert "2026-11-02 06:00Z -> 2026-11-09 06:00Z changed" in text
    assert "2026-11-09 06:00Z -> now" in text
    assert "by contractor-jdoe (IAM user)" in text
    assert said(file, "history", name, "--kind", "deleted").out.count("modified") == 0


def test_a_resource_goes_by_the_end_of_its_arn(file):
    """The trail's short name is enough where it is the only one of that name; otherwise near ones are proposed."""
    assert "trail/payments-data-events" in said(file, "blame", "payments-data-events").out
    wrong = said(file, "history", "payments-data-event")
    assert wrong.code == 2
    assert "near are arn:aws:cloudtrail" in wrong.err
    split = said(file, "blame", "no\u2028such\x85name")
    assert (split.code, len(split.err.split("\n"))) == (2, 2), "a line separator in a name breaks no sentence"
    assert "no\\u2028such\\u0085name" in split.err
    typo = said(file, "blame", "kh-payment-dev-fixturs")
    assert (typo.code, "arn:aws:s3:::kh-payments-dev-fixtures" in typo.err) == (2, True)


def test_a_resource_as_of_a_date(file):
    """Before the change the block stood, after it it is gone; before the first run nothing was known."""
    before = said(file, "show", BUCKET, "--at", "2026-11-05", "--json").json
    after = said(file, "show", BUCKET, "--at", "2026-11-10", "--json").json
    assert before["configuration"]["PublicAccessBlock"]["BlockPublicPolicy"] is True
    assert after["configuration"]["PublicAccessBlock"] is None
    assert before["sha256"] != after["sha256"]
    early = said(file, "show", BUCKET, "--at", "2026-10-01")
    assert early.code == 2
    assert "was not known at 2026-10-01 23:59Z; it was first seen at 2026-11-02 06:00Z" in early.err
    assert '"PublicAccessBlock": null' in said(file, "show", BUCKET, "--path", "PublicAccessBlock").out
    assert said(file, "show", BUCKET, "--path", "Nowhere").code == 2


def test_blame_tells_since_when_and_by_whom(file):
    """A changed setting names its change and its maker; the others say since when they are as they are."""
    rows = {row["path"]: row for row in said(file, "blame", BUCKET, "--json").json["settings"]}
    made = rows["PublicAccessBlock"]
    assert made["who"]["actors"][0]["principal"] == "contractor-jdoe (IAM user)"
    assert made["change"] is not None
    assert rows["Name"]["change"] is None
    text = said(file, "blame", BUCKET).out
    assert text.index("PublicAccessBlock = not set") < text.index("As it is since the first look")


def test_coverage_adds_up_and_names_the_remedy(file):
    """Every account once; the reason of each that was not read; exit code 3 below the minimum."""
    document = said(file, "coverage", "--json").json
    assert len(document["accounts"]) == sum(
        document["coverage"][name] for name in ("read", "partial", "unreachable", "excluded")
    )
    text = said(file, "coverage").out
    sums = re.search(
        r"(\d+) enabled regions = (\d+) read \+ (\d+) not read .*; (\S+) calls, (\d+) denied, (\d+) throttled", text
    )
    assert sums
    assert int(sums[1]) == int(sums[2]) + int(sums[3]) == sum(one["regions_enabled"] for one in document["accounts"])
    unknown = [
        one for one in document["accounts"] if one["status"] not in ("read", "partial") or not one["regions_enabled"]
    ]
    assert "0/0 regions" not in text
    assert text.count("regions unknown") == sum(not one["regions_enabled"] for one in document["accounts"]) > 0
    assert f"(of {len(unknown)} account" in text  # as many as the report says: excluded ones are asked nothing either
    assert int(sums[4].replace(",", "")) == sum(one["calls"] for one in document["accounts"])
    assert "cannot be assumed. Create it from deploy/member-role.yaml" in text
    assert "s3:GetBucketPolicy: AccessDenied, 1 read in 1 account" in text
    only = said(file, "coverage", "--status", "unreachable").out
    assert "acquired-logistics" in only
    assert "payments-prod" not in only
    strict = file.parent / "strict.toml"
    strict.write_text(file.read_text().replace("50.0", "99.0"))
    assert said(strict, "coverage").code == 3
    assert said(file, "coverage").code == 0


# --- proof -----------------------------------------------------------------------------------------------------------

# One value in one row of each table, and how the row is named. The journal's own rows and those of people's acts come below.
ALTERED = {
    "account": "UPDATE account SET email = 'x' WHERE id = 3",
    "account_scan": "UPDATE account_scan SET status = 'read' WHERE id = (SELECT max(id) FROM account_scan WHERE status <> 'read')",
    "resource": "UPDATE resource SET arn = 'x' WHERE id = 20",
    "version": "UPDATE version SET valid_from = valid_from + 1 WHERE id = 30",
    "document": "UPDATE document SET data = x'00' WHERE hash = (SELECT hash FROM version WHERE id = 30)",
    "change": "UPDATE change SET summary = 'nothing' WHERE id = 2",
    "finding": "UPDATE finding SET severity = 'low' WHERE id = (SELECT min(id) FROM finding WHERE severity <> 'low')",
    "run": "UPDATE run SET as_of = as_of + 1 WHERE seq = 1",
    "journal": "UPDATE journal SET by = 'x' WHERE number = 1",
    "change_event": "UPDATE change_event SET principal = 'somebody else' WHERE id = 1",
    "attribution": "UPDATE attribution SET confidence = 'none' WHERE change = 2",
    "report": "UPDATE report SET sha256 = 'x' WHERE number = 1",
    "acknowledgement": "UPDATE acknowledgement SET owner = 'mallory' WHERE number = 1",
    "note": "UPDATE note SET text = 'all is well' WHERE number = 1",
    "hold": "UPDATE hold SET reason = 'none' WHERE number = 1",
    "baseline": "UPDATE baseline SET source = 'x' WHERE number = 1",
    "waiver": "UPDATE waiver SET source = 'x' WHERE number = 1",
}


@pytest.fixture(scope="module")
def acted(tmp_path_factory):
    """A history with people's acts in it."""
    file = copied(tmp_path_factory.mktemp("acted"))
    until = ("--until", "2999-01-01")
    for words in (
        ("acknowledge", "2", "--owner", "alice", "--why", "known", *until),
        ("note", "2", "seen"),
        ("hold", "--everything", "--why", "case"),
        ("baseline", "pin", "golden"),
        (
            "waive",
            "s3-bucket-versioning",
            "--account",
            "335622367992",
            "--why",
            "dev",
            "--owner",
            "a",
            "--approver",
            "b",
            *until,
        ),
    ):
        answer = said(file, *words)
        assert answer.code == 0, answer.err
    return file


def test_an_honest_history_verifies(acted):
    """Nothing altered: exit code 0, the number of runs and the head."""
    answer = said(acted, "verify", "--history")
    assert answer.code == 0, answer.out
    assert answer.out.startswith("Nothing was altered: 2 runs, head ")


@pytest.mark.parametrize("table", ALTERED)
def test_the_altered_row_is_named(acted, tmp_path, table):
    """One value changed by hand in any table: exit code 1, and the line names that table."""
    file = copied(tmp_path, acted.parent)
    with sqlite3.connect(tmp_path / "reporter.db") as connection:
        assert connection.execute(ALTERED[table]).rowcount == 1
    answer = said(file, "verify", "--history")
    assert answer.code == 1
    assert f"ALTERED {table} " in answer.out, answer.out
    assert said(file, "verify", "--history", "--json").json["problems"]


def test_a_head_from_elsewhere_is_compared(file):
    """A kept head is recognised with its run; one that no run has is an alarm."""
    head = said(file, "verify", "--history", "--json").json["head"]
    good = said(file, "verify", "--history", "--head", head[:12])
    assert good.code == 0
    assert f"head {head[:12]} is that of run 2" in good.out
    bad = said(file, "verify", "--history", "--head", "0" * 12)
    assert bad.code == 1
    assert "NO RUN HAS THE HEAD 000000000000" in bad.out


def test_a_signed_head_vouches_for_its_run(file, tmp_path):
    """Signed with a local key, checked with its public half; an altered document or another key is refused."""
    key = tmp_path / "head.key"
    assert said(None, "sign", "--new-key", str(key), "--help").code == 0
    made = said(file, "sign", "--new-key", str(key))
    assert made.code == 0, made.err
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert said(file, "sign", "--new-key", str(key)).code == 1
    signed = tmp_path / "head-0002.json"
    assert said(file, "sign", "--key", str(key), "--out", str(signed)).code == 0
    public = f"{key}.pub"
    good = said(file, "verify", "--history", "--signed", str(tmp_path), "--public-key", public)
    assert good.code == 0, good.out
    assert "and still the head of run 2" in good.out
    text = signed.read_text()
    signed.write_text(text.replace('"seq": 2', '"seq": 3'))
    bad = said(file, "verify", "--history", "--signed", str(signed), "--public-key", public)
    assert bad.code == 1
    assert "was altered, or not signed by the given key" in bad.out


def test_a_head_signed_before_the_history_was_forged(acted, tmp_path):
    """A history made anew with other rows has another head: the signed one is no longer found."""
    key, signed = tmp_path / "head.key", tmp_path / "head-0002.json"
    said(acted, "sign", "--new-key", str(key))
    said(acted, "sign", "--key", str(key), "--out", str(signed))
    file = copied(tmp_path, acted.parent)
    with sqlite3.connect(tmp_path / "reporter.db") as connection:
        connection.execute(
            "UPDATE run SET chain = CASE substr(chain, 1, 1) WHEN 'a' THEN 'b' ELSE 'a' END || substr(chain, 2) WHERE seq = 2"
        )
    answer = said(file, "verify", "--history", "--signed", str(signed))
    assert answer.code == 1
    assert "WHICH HAS ANOTHER HEAD NOW" in answer.out


def test_the_history_as_commits(file, tmp_path):
    """One commit for each run, dated as the run, naming its changes; nothing to add the second time."""
    folder = tmp_path / "git"
    assert "2 commits added" in said(file, "export", "--git", str(folder)).out
    assert "0 commits added" in said(file, "export", "--git", str(folder)).out
    log = subprocess.run(
        ["git", "-C", str(folder), "log", "--format=%cI %B"], capture_output=True, text=True, check=True
    ).stdout
    assert log.startswith("2026-11-09T06:00:00+00:00 Run 2 of 2026-11-09 06:00 UTC: 7 changes")
    assert f"worsened modified arn:aws:s3:::{BUCKET}" in log
    elsewhere = tmp_path / "full"
    elsewhere.mkdir()
    (elsewhere / "something").touch()
    answer = said(file, "export", "--git", str(elsewhere))
    assert answer.code == 1
    assert "is not empty and not an earlier export" in answer.err


def test_a_moment_between_two_looks_is_told_as_such(tmp_path):
    """Nobody knows what it was then: the look before, and what the one after showed."""
    file = copied(tmp_path)
    text = said(file, "show", "kh-payments-dev-fixtures", "--at", "2026-11-04").out
    assert "as last seen at 2026-11-02" in text
    assert "the next look, at 2026-11-09" in text
    assert "something else" in text
    told = said(file, "show", "kh-payments-dev-fixtures", "--at", "2026-11-04", "--json").json
    assert told["next_shows"] == "different"
    assert "nobody has looked since" in said(file, "show", "kh-payments-dev-fixtures").out
