"""The fix plan: a script to be read, in order, harmless until asked, whatever the names in it."""

import json
import re
import shlex
import shutil
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reporter.checks  # noqa: F401  fills the registry
from reporter.assess import evaluate
from reporter.assess.remediation import filled, fix_plan, steps
from reporter.model import Evidence, Finding, Status

ME = "111122223333"
FAKE_AWS = """#!/bin/sh
if [ "$1 $2" = "sts get-caller-identity" ]; then echo "${FAKE_ACCOUNT:-111122223333}"; exit 0; fi
printf '%s\\n' "$#" "$@" >> "$FAKE_LOG"
case "$2" in get-*|describe-*) printf '%s' "${FAKE_SET:-}" ;; esac
if [ -n "${FAKE_ERROR:-}" ]; then echo "$FAKE_ERROR" >&2; exit 254; fi
"""


def finding(fix, check="s3-bucket-tls-only", name="data", severity="high", **more):
    known = {"account": ME, "region": "eu-west-1", "type": "AWS::S3::Bucket", "status": Status.FAIL} | more
    return Finding(check=check, resource=name, arn=f"arn:aws:s3:::{name}", severity=severity, fix=fix, **known)


@pytest.fixture
def run(tmp_path):
    """Runs a plan with an `aws` that writes down what it is asked."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "aws").write_text(FAKE_AWS)
    (tmp_path / "bin" / "aws").chmod(0o755)
    log = tmp_path / "log"
    shell = shutil.which("dash") or "/bin/sh"

    def of(script, *arguments, **environment):
        (tmp_path / "plan.sh").write_text(script)
        log.unlink(missing_ok=True)
        path = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "FAKE_LOG": str(log)}
        done = subprocess.run(
            [shell, "plan.sh", *arguments],
            cwd=tmp_path, env=path | environment, capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        return done, calls(log.read_text() if log.exists() else "")

    return of


def calls(text):
    """The recorded calls, each as its words."""
    lines = text.split("\n")[:-1]
    found = []
    while lines:
        number = int(lines.pop(0))
        found.append(lines[:number])
        lines = lines[number:]
    return found


PUT = "aws s3api put-bucket-versioning --bucket {} --versioning-configuration Status=Enabled"


def test_a_plan_prints_until_it_is_told_to_act(run):
    """Run as it is it changes nothing and says so; with --apply it runs each command once."""
    (script,) = fix_plan(
        [finding(PUT.format("data")), finding(PUT.format("data"), check="s3-bucket-versioning")]
    ).values()
    done, made = run(script)
    assert (done.returncode, made) == (0, [])
    assert "+ aws s3api put-bucket-versioning --bucket data" in done.stdout
    assert "Nothing was changed" in done.stdout
    done, made = run(script, "--apply")
    assert done.returncode == 0
    assert len(made) == 1
    assert made[0][:4] == ["s3api", "put-bucket-versioning", "--bucket", "data"]
    assert "the same command stands above" in script


def test_the_wrong_account_is_refused(run):
    """A plan for one account does nothing with the credentials of another, not even print."""
    (script,) = fix_plan([finding(PUT.format("data"))]).values()
    done, made = run(script, "--apply", FAKE_ACCOUNT="999999999999")
    assert (done.returncode, made) == (1, [])
    assert "belong to account 999999999999" in done.stderr
    assert "+ aws" not in done.stdout


def test_an_unknown_argument_is_refused(run):
    """A slip in --apply is told, not taken for no argument."""
    (script,) = fix_plan([finding(PUT.format("data"))]).values()
    assert run(script, "--aply")[0].returncode == 2


def test_a_failing_command_stops_the_plan(run):
    """What comes later may stand on what failed."""
    plan = fix_plan([finding(PUT.format("one"), name="one"), finding(PUT.format("two"), name="two")])
    done, made = run(plan[ME], "--apply", FAKE_ERROR="An error occurred (AccessDenied)")
    assert done.returncode == 254
    assert len(made) == 1


def test_what_exists_already_is_left_alone(run):
    """Creating twice is no failure; being denied is."""
    (script,) = fix_plan([finding("aws sns create-topic --name alarms", check="cloudtrail-notification")]).values()
    done, _ = run(script, "--apply", FAKE_ERROR="An error occurred (TopicAlreadyExists): x")
    assert done.returncode == 0
    assert "exists already" in done.stdout
    done, _ = run(script, "--apply", FAKE_ERROR="An error occurred (AccessDenied): x")
    assert done.returncode == 1


def test_urgent_things_come_first_and_foundations_before_them():
    """By severity, check and name, and versioning just before what stands on it; the same findings give the same bytes."""
    findings = [
        finding(PUT.format("d"), check="s3-bucket-mfa-delete", severity="low", name="d"),
        finding(PUT.format("c"), check="s3-bucket-not-public-read", severity="critical", name="c"),
        finding(PUT.format("b"), check="s3-bucket-object-lock", severity="medium", name="b"),
        finding(PUT.format("a"), check="s3-bucket-versioning", severity="low", name="a"),
    ]
    script = fix_plan(findings)[ME]
    assert fix_plan(reversed(findings))[ME] == script
    at = [script.index(f"--bucket {name}") for name in "cabd"]
    assert at == sorted(at)


def test_versions_are_kept_before_a_second_factor_guards_them():
    """With MFA delete on, versioning is changed with a second factor only: a plan run again would stop there."""
    mfa = finding(PUT.format("data") + ",MFADelete=Enabled --mfa '<SERIAL CODE>'", check="cloudtrail-bucket-mfa-delete")
    script = fix_plan([mfa, finding(PUT.format("data"), check="s3-bucket-versioning", severity="medium")])[ME]
    assert script.index("Status=Enabled --region") < script.index("MFADelete=Enabled")


def test_each_account_has_its_own_script():
    """A fix that belongs into the account of the bucket stands there, not in the trail's."""
    moved = finding("# in account 444455556666\n" + PUT.format("logs"), name="logs")
    plan = fix_plan([finding(PUT.format("data")), moved, finding(PUT.format("x"), status=Status.PASS)])
    assert list(plan) == [ME, "444455556666"]
    assert "--bucket logs" in plan["444455556666"]
    assert "--bucket logs" not in plan[ME]
    assert "--bucket x" not in plan[ME]


def test_a_script_says_whose_findings_it_mends():
    """Its number is then the report's of that account and what is said to come from others."""
    moved = finding("# in account 444455556666\n" + PUT.format("logs"), name="logs")
    theirs = replace(finding(PUT.format("own"), name="own"), account="444455556666")
    plan = fix_plan([finding(PUT.format("data")), moved, theirs])
    assert f"2 failing findings (1 found in {ME} and mended here), 2 commands." in plan["444455556666"]
    assert "found in" not in plan[ME].splitlines()[1]


def test_a_region_is_added_where_the_command_has_none():
    """Trails and log groups live in regions; a moved fix knows its own."""
    assert "--region eu-west-1" in fix_plan([finding("aws cloudtrail start-logging --name t")])[ME]
    fixed = fix_plan([finding("aws cloudtrail start-logging --name t --region us-east-1")])[ME]
    assert "eu-west-1" not in fixed
    worldwide = fix_plan([finding("aws s3api put-bucket-acl --bucket b", region="global")])[ME]
    assert "step aws s3api put-bucket-acl --bucket b\n" in worldwide


@pytest.mark.parametrize(
    "fix",
    [
        "aws s3 rb s3://data --force",
        "aws s3api delete-bucket --bucket data",
        "aws cloudtrail delete-trail --name t",
        "Turn it on in the console.",
        "rm -rf /",
        "aws s3api put-bucket-acl --bucket 'data",
        "aws",
    ],
)
def test_what_is_no_setting_command_becomes_a_remark(fix, run):
    """Deletions, prose and broken quotes are for a person."""
    (script,) = fix_plan([finding(fix)]).values()
    done, made = run(script, "--apply")
    assert (done.returncode, made) == (0, [])
    assert f"#   by hand: {fix}" in script


def test_a_value_that_only_a_person_can_choose_is_left_open(run):
    """A placeholder that nothing fills is never run."""
    long = "aws logs put-metric-filter --log-group-name <LOG_GROUP> --filter-pattern '" + "x" * 3000 + "'"
    assert long in fix_plan([finding(long)])[ME]
    for fix in (PUT.format("{Bucket}"), PUT.format("'<your bucket>'")):
        (script,) = fix_plan([finding(fix)]).values()
        assert run(script, "--apply")[1] == []
        assert "choose a value" in script


def test_what_stands_on_an_open_value_waits_for_it(run):
    """A trail that was not created cannot be started: the second command is not run before the first."""
    fix = "aws cloudtrail create-trail --name t --s3-bucket-name <BUCKET>\naws cloudtrail start-logging --name t"
    (script,) = fix_plan([finding(fix)]).values()
    assert run(script, "--apply")[1] == []
    assert "#   then run: aws cloudtrail start-logging --name t" in script


def test_what_cannot_be_taken_back_is_not_run_by_the_dozen(run):
    """Object Lock in compliance mode outlasts a mistake; looking harms nobody and is no fix."""
    lock = "aws s3api put-object-lock-configuration --bucket b --object-lock-configuration ObjectLockEnabled=Enabled"
    warned = f"# cannot be taken back before the days are over\n{lock}"
    (script,) = fix_plan([finding(warned + "\naws s3api get-bucket-policy --bucket b")]).values()
    assert run(script, "--apply")[1] == []
    assert script.count("cannot be taken back") == 1
    assert "look first: aws s3api get-bucket-policy" in script


def test_what_is_switched_on_already_stops_no_plan(run):
    """Services answer that they are on in words of their own: the plan goes on, as after what exists already."""
    fix = "aws securityhub enable-security-hub --region us-east-1\naws macie2 enable-macie --region us-east-1"
    (script,) = fix_plan([finding(fix)]).values()
    assert script.count("\ncreate aws ") == 2
    done, asked = run(script, "--apply", FAKE_ERROR="Account is already subscribed to Security Hub")
    assert done.returncode == 0, done.stderr
    assert len(asked) == 2


def test_what_takes_the_place_of_all_that_is_set_is_left_to_a_person(run):
    """A trail's selectors are replaced as a whole: those for other events would go unseen, so nobody does it unread."""
    put = "aws cloudtrail put-event-selectors --trail-name t --event-selectors file://s.json"
    (script,) = fix_plan([finding(put + "\naws cloudtrail start-logging --name t")]).values()
    assert run(script, "--apply")[1] == []
    assert f"look whether it still is as it was read, then run: {put}" in script
    assert "then run: aws cloudtrail start-logging --name t" in script


def test_the_fixes_of_all_checks_go_into_a_plan():
    """Each check's fix is a command that may run once its values are chosen, never prose or a deletion of data."""
    for check in evaluate.CHECKS.values():
        filled = re.sub(r"<[^<>]*>|\{[A-Za-z]\w*\}", "value", check.fix)
        for step in steps(finding(filled)):
            assert not step.remark.startswith("by hand"), f"{check.id}: {step.remark}"


def test_a_finding_without_a_fix_says_so():
    """Nothing is left out silently."""
    assert "there is no command for it" in fix_plan([finding("")])[ME]


HOSTILE = [
    "x; touch pwned",
    "x$(touch pwned)",
    "x`touch pwned`",
    "x' ; touch pwned ; '",
    'x" ; touch pwned ; "',
    "x\ntouch pwned",
    "x\n#\ntouch pwned\n",
    "x\r\ntouch pwned",
    "x && touch pwned || touch pwned",
    "x > pwned",
    "--force $IFS touch",
    "x\u202etouch pwned",
    "x\u2028touch pwned",
    "${PATH}\\",
    "%s%n{account}",
    "😀" * 60,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_inert(name, run, tmp_path):
    """Whether the name was quoted well, badly or not at all: nothing but `aws` runs, and it gets words."""
    fixes = [PUT.format(name), PUT.format(f"'{name}'"), PUT.format(f'"{name}"'), name]
    for fix in fixes:
        (script,) = fix_plan([finding(fix, name=name, reason=name, check=name)]).values()
        done, made = run(script, "--apply")
        assert done.returncode == 0, done.stderr
        assert not (tmp_path / "pwned").exists()
        assert all(call[:2] == ["s3api", "put-bucket-versioning"] for call in made)


def test_a_name_cannot_smuggle_in_a_command_of_its_own(run):
    """A line that looks just like ours, but came out of a name or a value, is for a person to look at."""
    name = "x\naws s3api put-bucket-acl --bucket victim --acl public-read"
    read = Evidence("AWS::CloudTrail::Trail", "t", ME, "S3BucketName", name)
    for one in (finding(PUT.format(name), name=name), finding(PUT.format(name), evidence=(read,))):
        (script,) = fix_plan([one]).values()
        assert run(script, "--apply")[1] == []
        assert "holds control characters" in script


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40), st.text(max_size=40))
def test_every_plan_is_a_script_a_shell_accepts(name, fix):
    """Whatever stands in names, reasons and fixes, the plan parses and holds no line that is not ours."""
    (script,) = fix_plan([finding(PUT.format(name) + "\n" + fix, name=name, reason=fix)]).values()
    checked = subprocess.run(
        ["/bin/sh", "-n"], input=script.encode("utf-8", "replace"), capture_output=True, timeout=20, check=False
    )
    assert checked.returncode == 0, checked.stderr
    body = script.split("\n}\n")[-1]
    ours = ("#", "step ", "create ", "fill ", "if [")
    assert all(line == "" or line.startswith(ours) for line in body.split("\n"))


NOTIFY = "aws s3api put-bucket-notification-configuration --bucket data --notification-configuration '{}'"


def test_what_somebody_has_set_since_is_left_alone(run):
    """Notifications are replaced as a whole, so they are set only where there still are none; a refused look stops."""
    (script,) = fix_plan([finding(NOTIFY, check="s3-bucket-event-notifications")]).values()
    done, made = run(script, "--apply")
    assert [call[1] for call in made] == [
        "get-bucket-notification-configuration",
        "put-bucket-notification-configuration",
    ]
    done, made = run(script, "--apply", FAKE_SET="TOPICCONFIGURATIONS")
    assert [call[1] for call in made] == ["get-bucket-notification-configuration"]
    assert "left alone" in done.stdout
    done, made = run(script, "--apply", FAKE_ERROR="An error occurred (AccessDenied)")
    assert (done.returncode != 0, len(made)) == (True, 1)


FILTER = "aws logs put-metric-filter --log-group-name trails --filter-name vpc-changes --filter-pattern '{ $.a = b }'"


def test_a_filter_of_that_name_keeps_its_pattern(run):
    """Putting one writes over the one that is there, and the alarm on its metric would fall silent: looked at where it lives."""
    (script,) = fix_plan([finding(f"{FILTER} --region eu-south-1", check="cloudtrail-alarm-vpc-changes")]).values()
    _, made = run(script, "--apply")
    assert [call[1] for call in made] == ["describe-metric-filters", "put-metric-filter"]
    assert made[0][2:6] == ["--log-group-name", "trails", "--filter-name-prefix", "vpc-changes"]
    assert made[0][-2:] == ["--region", "eu-south-1"]
    assert "metricFilters[?filterName=='vpc-changes'].filterName" in made[0]
    done, made = run(script, "--apply", FAKE_SET="vpc-changes")
    assert ([call[1] for call in made], done.returncode) == (["describe-metric-filters"], 0)
    assert "left alone" in done.stdout


@pytest.mark.parametrize(
    "fix",
    [
        "aws s3api delete-bucket-website --bucket data",
        "aws s3api delete-bucket-cors --bucket data",
        "aws s3api put-bucket-ownership-controls --bucket data --ownership-controls '{}'",
    ],
)
def test_what_takes_away_something_that_is_set_is_run_by_hand(fix, run):
    """A site with its redirects, and what ACLs give to others, are in use perhaps, and no plan could put them back."""
    (script,) = fix_plan([finding(fix)]).values()
    assert run(script, "--apply")[1] == []
    assert fix in script


def test_one_command_for_two_findings_waits_as_each_of_them_would():
    """It stands on a value that a person chooses first, whatever else it does."""
    open_value = "aws kms enable-key --key-id <KEY>\naws s3api put-bucket-cors --bucket data --cors-configuration '{}'"
    pair = [
        finding(open_value.replace("{}", json.dumps({"Version": "1", "Statement": [number]})), check=f"check-{number}")
        for number in (1, 2)
    ]
    plan = fix_plan(pair)[ME]
    assert not re.search(r"^step .*put-bucket-cors", plan, re.MULTILINE)
    assert "#   then run: aws s3api put-bucket-cors" in plan


def test_what_many_accounts_share_is_said_once():
    """One trail of the organization fails in each of its accounts: whoever reads the plan fills in the topic once."""
    fix = (
        "aws logs put-retention-policy --log-group-name trails --retention-in-days 400\n"
        "aws cloudwatch put-metric-alarm --alarm-name vpc-changes --alarm-actions <TOPIC_ARN>\n"
        "aws sns subscribe --topic-arn <TOPIC_ARN>"
    )
    plan = fix_plan([finding(fix, check=f"check-{number}") for number in range(3)])[ME]
    assert plan.count("put-metric-alarm") == plan.count("sns subscribe") == plan.count("\nstep ") == 1
    assert plan.count("#   the same command stands above") == 2
    waited = finding("aws kms enable-key --key-id <KEY>\naws cloudtrail start-logging --name t", severity="critical")
    plan = fix_plan([waited, finding("aws cloudtrail start-logging --name t", name="other")])[ME]
    assert "#   then run: aws cloudtrail start-logging" in plan
    assert "\nstep aws cloudtrail start-logging" in plan


def encrypting(check, document, **more):
    return finding(
        f"aws s3api put-bucket-encryption --bucket data --server-side-encryption-configuration '{json.dumps(document)}'",
        check=check, **more,
    )  # fmt: skip


def denying(check, *conditions):
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Condition": one} for one in conditions]}
    return finding(f"aws s3api put-bucket-policy --bucket data --policy '{json.dumps(document)}'", check=check)


def test_two_fixes_of_one_document_become_one():
    """A policy holds the statements of both, selectors the selectors of both; the second finding points at the first."""
    plan = fix_plan([denying("s3-bucket-tls-only", 1, 2), denying("s3-bucket-tls-version", 1, 3)])[ME]
    (line,) = [line for line in plan.splitlines() if "put-bucket-policy" in line]
    words = shlex.split(line.partition("then run: ")[2])
    assert [one["Condition"] for one in json.loads(words[words.index("--policy") + 1])["Statement"]] == [1, 2, 3]
    assert "#   does what is asked by s3-bucket-tls-version as well" in plan
    assert "#   the command above, for s3-bucket-tls-only, serves this too" in plan


def test_of_two_encryptions_the_one_with_a_key_stays():
    """Whatever the order, no plan puts S3's own key back over a key of one's own."""
    plain = encrypting("s3-bucket-encryption", {"Rules": [{"SSEAlgorithm": "AES256"}]})
    keyed = encrypting("s3-bucket-kms-encryption", {"Rules": [{"KMSMasterKeyID": "<KEY_ARN>"}]})
    for pair in ([plain, keyed], [keyed, replace(plain, severity="critical")]):
        plan = fix_plan(pair)[ME]
        assert "AES256" not in plan
        assert plan.count("put-bucket-encryption") == 1


def test_what_is_made_once_is_made_with_all_that_is_asked():
    """A detector made for one finding would keep that of the other from being made; elsewhere it is another one."""
    detector = "aws guardduty create-detector --enable --region {}"
    plain = finding(detector.format("eu-west-1"), check="guardduty-enabled")
    more = finding(
        f"{detector.format('eu-west-1')} --features '[1]'\n{detector.format('eu-north-1')} --features '[1]'",
        check="guardduty-s3-protection",
    )
    made = [line for line in fix_plan([plain, more])[ME].splitlines() if line.startswith("create ")]
    assert len(made) == 2
    assert all("--features" in line for line in made)


def test_documents_that_only_a_person_can_join_are_said_to_be_one():
    """A file for the one finding and a policy for the other: the second must not take the place of the first."""
    file = finding(
        "aws s3api put-bucket-policy --bucket data --policy file://<POLICY>", check="s3-bucket-external-access"
    )
    plan = fix_plan([denying("s3-bucket-tls-only", 1), file])[ME]
    assert plan.count("aws s3api put-bucket-policy") == 1
    assert "one document is to hold what is set now, what this asks and what is asked by s3-bucket-tls-only" in plan
    other = replace(file, fix=file.fix.replace("--bucket data", "--bucket other"), resource="other")
    assert fix_plan([denying("s3-bucket-tls-only", 1), other])[ME].count("aws s3api put-bucket-policy") == 2


VERSIONED = 'resource "aws_s3_bucket_versioning" "this" {\n  bucket = "{Name}"\n  versioning_configuration { status = "Enabled" }\n}\n'
GROUPED = 'Group:\n  Type: AWS::Logs::LogGroup\n  Properties: {LogGroupName: "{logGroupName}", RetentionInDays: 400}\n'


def test_a_fragment_names_the_resource_that_is_changed():
    """The failing bucket itself, or the bucket of a failing trail, or its log group; what is not known stays to be seen."""
    mine = finding("", name="logs", type="AWS::S3::Bucket")
    assert 'bucket = "logs"' in filled(VERSIONED, mine, "AWS::S3::Bucket")
    read = (
        Evidence("AWS::CloudTrail::Trail", "t", ME, "Name", "the-trail"),
        Evidence("AWS::S3::Bucket", "its-bucket", ME, "Versioning", None),
        Evidence("AWS::Logs::LogGroup", f"arn:aws:logs:eu-west-1:{ME}:log-group:/trail/all", ME, "retentionInDays", 30),
    )
    trail = finding("", name="t", type="AWS::CloudTrail::Trail", evidence=read)
    assert 'bucket = "its-bucket"' in filled(VERSIONED, trail, "AWS::S3::Bucket")
    assert 'LogGroupName: "/trail/all"' in filled(GROUPED, trail, "AWS::Logs::LogGroup")
    unread = finding("", name="t", type="AWS::CloudTrail::Trail")
    assert 'bucket = "{Name}"' in filled(VERSIONED, unread, "AWS::S3::Bucket")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_inside_its_quotes(name):
    """No quote, no line and no expression of Terraform gets out."""
    text = filled(VERSIONED, finding("", name=name, type="AWS::S3::Bucket"), "AWS::S3::Bucket")
    assert len(text.splitlines()) == len(VERSIONED.splitlines())
    (line,) = [line for line in text.splitlines() if "bucket =" in line]
    assert json.loads(line.partition("= ")[2].replace("$${", "${").replace("%%{", "%{")) == name
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", line)
