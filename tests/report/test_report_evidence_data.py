"""Evidence as data: what a value is of, whether AWS said it, by which call and when; in the tables and in the events."""

import csv
import io
import json
from dataclasses import replace

from organization import ACCOUNT, AS_OF, BUCKET, organization
from report_parts import OPTIONS, forms

from reporter.model import Evidence, Finding, Op, SettingMaker, Status
from reporter.report.content import build
from reporter.report.edition import Edition
from reporter.report.exhibits import exhibits, explained
from reporter.report.export import findings_csv
from reporter.report.ocsf import events

OWNER = "200000000004"
DETECTOR = "AWS::GuardDuty::Detector"


def finding(*evidence, status=Status.FAIL, reason="All four flags are not in force"):
    return Finding(
        "s3-bucket-public-access-block", OWNER, "eu-central-1", BUCKET, "web", "arn:aws:s3:::web", status, "high",
        reason, evidence,
    )  # fmt: skip


def read(type, id, key, value, operation):
    return Evidence(type, id, OWNER, key, value, operation, AS_OF)


def blocks():
    """The same part of the bucket and of its account."""
    return (
        read(ACCOUNT, OWNER, "PublicAccessBlock", {"BlockPublicAcls": True}, "s3:GetAccountPublicAccessBlock"),
        read(BUCKET, "web", "PublicAccessBlock", None, "s3:GetBucketPublicAccessBlock"),
    )


def cell(one):
    """The evidence cell of a finding in findings.csv."""
    row = replace(organization().answers[0], finding=one)
    out = io.BytesIO()
    findings_csv([row], out)
    return json.loads(next(csv.DictReader(io.StringIO(out.getvalue().decode(), newline="")))["evidence"])


def test_parts_of_one_name_keep_their_owners():
    """The account's and the bucket's PublicAccessBlock both stand in the table, each with its owner."""
    told = cell(finding(*blocks()))
    assert [(one["type"], one["id"], one["account"], one["key"]) for one in told] == [
        (ACCOUNT, OWNER, OWNER, "PublicAccessBlock"),
        (BUCKET, "web", OWNER, "PublicAccessBlock"),
    ]


def test_every_value_read_says_by_which_call_and_when():
    """For all findings of the organization, in the table and in the events."""
    source = organization()
    made = build(source, Edition(), OPTIONS)
    assert {one["operation"] for one in cell(finding(*blocks()))} == {
        "s3:GetAccountPublicAccessBlock",
        "s3:GetBucketPublicAccessBlock",
    }
    assert {one["read_at"] for one in cell(finding(*blocks()))} == {AS_OF.isoformat()}
    for event in events(source, made):
        for one in event["unmapped"]["evidence"]:
            assert one["state"] == "not read" or {"type", "id", "account", "key", "operation", "read_at"} <= one.keys()


def test_what_aws_has_not_set_is_told_from_what_was_not_read():
    """An empty value is "not configured"; a finding without data ends with what was not read, and why."""
    assert [one["state"] for one in cell(finding(*blocks()))] == ["value", "not configured"]
    unread = cell(
        finding(status=Status.INSUFFICIENT_DATA, reason="Policy of web was not read: s3:GetBucketPolicy: AccessDenied")
    )
    assert unread == [{"state": "not read", "why": "Policy of web was not read: s3:GetBucketPolicy: AccessDenied"}]


def test_a_complete_listing_that_was_empty_is_evidence():
    """That nothing is there is told with the type, the region, the call and the time."""
    (told,) = cell(finding(read(DETECTOR, "eu-west-1", "listing", [], "guardduty:ListDetectors")))
    assert told["state"] == "nothing listed"
    assert (told["type"], told["id"], told["operation"]) == (DETECTOR, "eu-west-1", "guardduty:ListDetectors")


def test_targets_and_what_follows_from_other_values_were_read_of_nobody():
    """They carry no call and no time of reading, and say what they are."""
    target = Evidence("target", "log_retention_days", OWNER, "log_retention_days", 365, "settings", AS_OF)
    worked_out = Evidence(BUCKET, "web", OWNER, "expires_after_days", 30, "derived", AS_OF)
    told = exhibits(finding(target, worked_out))
    assert [one["state"] for one in told] == ["setting", "derived"]
    assert not any("operation" in one or "read_at" in one for one in told)


def test_a_code_that_aws_never_said_is_put_into_words():
    """Whatever stands before it; a name that reads like one is left alone."""
    told = explained("LogIntegrity of trail/x was not read: s3:GetObject: NotYetRead")
    assert told == explained("LogIntegrity of trail/x was not read: GetObject: NotYetRead")
    assert "NotYetRead" not in told
    assert "this version does not read the trails' log files" in told
    assert "aws cloudtrail validate-logs" in told
    assert explained("Excluded buckets: NotYetReadable") == "Excluded buckets: NotYetReadable"


def test_every_event_of_a_run_is_called_differently():
    """metadata.uid names one event, correlation_uid the run they belong to."""
    source = organization()
    written = list(events(source, build(source, Edition(), OPTIONS)))
    uids = {event["metadata"]["uid"] for event in written}
    assert len(uids) == len(written) > 1
    assert {event["metadata"]["correlation_uid"] for event in written} == {source.this_run.id}
    later = replace(source, this_run=replace(source.this_run, id="another"))
    again = {event["metadata"]["uid"] for event in events(later, build(later, Edition(), OPTIONS))}
    assert not uids & again


def test_the_report_as_data_says_how_much_of_each_list_it_holds():
    """Shown, total and the file of the rest: of findings, changes, accounts and controls."""
    made = forms(organization(), options=replace(OPTIONS, findings_shown=5))
    report = json.loads(next(file.data for file in made.files if file.name == "report.json"))
    assert report["extent"]["findings"] == {"shown": 5, "total": 21, "all_in": "findings.csv"}
    assert report["extent"]["accounts"]["total"] == 14
    assert report["extent"]["controls"]["shown"] == sum(len(f["lines"]) for f in report["frameworks"])
    listed = sum(len(group["lines"]["rows"]) for group in report["drift"]["groups"])
    assert report["extent"]["changes"] == {"shown": listed, "total": report["drift"]["total"], "all_in": "changes.csv"}


def test_settings_are_words_in_the_report_and_values_in_its_data():
    """No literal of a programming language on the page; true, 365 and [] in the JSON."""
    targets = {
        "rotation_required": True,
        "log_retention_days": 365,
        "log_readers": (),
        "sensitive_tags": {"DataClass": ["pii"]},
    }
    made = forms(organization(), options=replace(OPTIONS, targets=targets))
    report = json.loads(next(file.data for file in made.files if file.name == "report.json"))
    assert report["method"]["targets"] == {
        "log_readers": [], "log_retention_days": 365, "rotation_required": True, "sensitive_tags": {"DataClass": ["pii"]},
    }  # fmt: skip
    page = " ".join(made.page.split())
    method = page[page.index('id="method"') :]
    assert "rotation required: yes" in method
    assert "log readers: none" in method
    assert "sensitive tags: DataClass: pii" in method
    for literal in (">True<", ": True", "()", "{}", "[]", "None"):
        assert literal not in method


def test_each_difference_is_laid_at_the_door_of_who_made_it():
    """Two people had a part in one change: each row of the table names the event that made its own setting."""
    source = organization()
    row = next(row for row in source.change_rows if row.attribution and row.attribution.actors and row.change.ops)
    (first, *_), at = row.attribution.actors, row.change.ops[0].path
    second = replace(first, principal="sam", event_name="DeletePublicAccessBlock", event_id="e-2")
    ops = (row.change.ops[0], Op("removed", "PublicAccessBlock", {"BlockPublicAcls": True}, None, "security"))
    settings = (
        SettingMaker(at, "exact", "made it", (first,)),
        SettingMaker("PublicAccessBlock", "likely", "removed it", (second,)),
    )
    made = replace(row, change=replace(row.change, ops=ops), attribution=replace(row.attribution, settings=settings))
    source.change_rows = [made]
    data = next(file.data for file in forms(source).files if file.name == "changes.csv").decode()
    told = {one["path"]: one for one in csv.DictReader(io.StringIO(data, newline=""))}
    assert told[at]["event"] == first.event_name
    assert (told["PublicAccessBlock"]["event"], told["PublicAccessBlock"]["confidence"]) == (
        "DeletePublicAccessBlock", "likely",
    )  # fmt: skip
