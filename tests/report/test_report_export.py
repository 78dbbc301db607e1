"""The data that goes with a report: complete, stable, and of a published shape."""

import csv
import gzip
import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hostile import hostile
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from organization import organization
from report_parts import OPTIONS, forms

import reporter.report
from reporter.report import export
from reporter.report.content import build
from reporter.report.edition import Edition
from reporter.report.ocsf import closing_events, events, ocsf_files
from reporter.report.schema import schema

PUBLISHED = Path(reporter.report.__file__).parent / "report.schema.json"


def content(source, edition="organization"):
    return build(source, Edition.parse(edition), OPTIONS)


def test_the_published_schema_is_the_code_s():
    """After a change to the content: python -m reporter.report.schema > reporter/report/report.schema.json."""
    assert json.loads(PUBLISHED.read_text()) == json.loads(json.dumps(schema()))


@pytest.mark.parametrize("source", [organization, hostile])
@pytest.mark.parametrize("edition", ["organization", "account:200000000001", "framework:fsbp"])
def test_the_report_as_json_keeps_to_its_schema(source, edition):
    """Every edition, whatever the names."""
    made = forms(source(), edition)
    report = json.loads(next(file.data for file in made.files if file.name == "report.json"))
    jsonschema.Draft202012Validator(schema()).validate(report)
    assert report["schema"] == "reporter-report/1"


def test_the_same_data_has_the_same_bytes():
    """Built twice from scratch, every file is equal."""
    first, second = forms(organization(), "framework:fsbp"), forms(organization(), "framework:fsbp")
    assert first.files == second.files


def test_a_long_table_is_compressed_to_the_same_bytes(monkeypatch):
    """And says so in its name; the rows are all there."""
    monkeypatch.setattr(export, "LARGE", 1000)
    first, second = forms(organization()), forms(organization())
    assert first.files == second.files
    packed = next(file for file in first.files if file.name == "findings.csv.gz")
    rows = list(csv.reader(io.StringIO(gzip.decompress(packed.data).decode(), newline="")))
    assert len(rows) == packed.rows + 1


@pytest.mark.parametrize("source", [organization, hostile])
def test_findings_are_valid_ocsf_events(source):
    """Against the schema of OCSF 1.6.0, class 2003 with the cloud profile, waived, unanswered and closed ones included."""
    packaged = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.6.0"))
    validator = jsonschema.Draft202012Validator(packaged.get_class_schema("compliance_finding", profiles=["cloud"]))
    made = source()
    assert len(list(events(made, content(made)))) == 28
    written = [*events(made, content(made)), *closing_events(made, content(made))]
    for event in written:
        validator.validate(event)
    assert {event["compliance"]["status"] for event in written} == {"Fail", "Unknown", "Pass"}
    assert {event["status"] for event in written} == {"New", "Persisting", "Suppressed", "Resolved"}
    closed = [event for event in written if event["activity_id"] == 3]
    assert len(closed) == content(made).posture.movement.fixed
    assert {event["compliance"]["status"] for event in closed} == {"Pass"}


def test_an_ocsf_event_is_called_the_same_in_every_run():
    """Its uid follows check, account and resource, so that a SIEM sees one finding, not one for each week."""
    source = organization()
    first = [event["finding_info"]["uid"] for event in events(source, content(source))]
    later = replace(source, this_run=replace(source.this_run, id="another"))
    assert first == [event["finding_info"]["uid"] for event in events(later, content(later))]
    assert len(set(first)) == len(first)


def test_ocsf_of_an_edition_names_no_other_account():
    """Evidence that mentions the log archive's bucket is blanked like everywhere else."""
    source = organization()
    data = "".join(file.data.decode() for file in ocsf_files(source, content(source, "account:200000000001")))
    assert "200000000001" in data
    assert "example-org-trail-logs" not in data
    assert "100000000003" not in data
