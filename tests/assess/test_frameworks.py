"""Framework files are read strictly, and the files that ship say what the frameworks say."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import reporter.checks  # noqa: F401  fills the registry
from reporter.assess import evaluate, frameworks
from reporter.assess.written import BadFile
from reporter.model import CheckUse

FILES = Path(__file__).parents[2] / "config" / "frameworks"
# in the order in which the CIS benchmark numbers them
ALARMS = (
    "unauthorized-api-calls sign-in-without-mfa root-use iam-policy-changes cloudtrail-changes sign-in-failures "
    "kms-key-disabled-or-deleted s3-bucket-policy-changes config-changes security-group-changes network-acl-changes "
    "network-gateway-changes route-table-changes vpc-changes organizations-changes"
)
CHECKS = frozenset(evaluate.CHECKS)
GOOD = """
id = "house-rules"
title = "House rules"
version = "2"
source = "https://example.com/rules"
default = true

[[control]]
id = "1.10"
title = "Trails are validated"
level = "L1"
direct = ["cloudtrail-log-file-validation"]
supporting = ["cloudtrail-alarm-*", "cloudtrail-alarm-root-use @aws-docs"]

[[control]]
id = "2"
title = "Somebody reads the report"
manual = "A person must say so."
"""


def load(text, name="house.toml"):
    return frameworks.load(text, name, CHECKS)


def problems(text):
    with pytest.raises(BadFile) as refused:
        load(text)
    return refused.value.problems


@cache
def shipped():
    return frameworks.load_all({path.name: path.read_text("utf-8") for path in FILES.glob("*.toml")}, CHECKS)


def by_id(id):
    return next(framework for framework in shipped() if framework.id == id)


def ids(framework):
    return {control.id for control in by_id(framework).controls}


def test_a_framework_is_read_with_controls_levels_and_mappings():
    """What a file says is what comes out; a check named by its id is not repeated by a glob."""
    framework = load(GOOD)
    assert (framework.id, framework.version, framework.default) == ("house-rules", "2", True)
    first, second = framework.controls
    assert first.id == "1.10"
    assert first.checks[0] == CheckUse("cloudtrail-log-file-validation", "direct", "ours")
    assert CheckUse("cloudtrail-alarm-root-use", "supporting", "aws-docs") in first.checks
    assert len(first.checks) == 16
    assert (second.checks, second.manual) == ((), "A person must say so.")


def test_an_unknown_check_is_refused_with_the_nearest_one():
    """A typing error names file, control, key, value and what was probably meant."""
    with pytest.raises(BadFile) as refused:
        load(GOOD.replace('"cloudtrail-log-file-validation"', '"cloudtrail-logfile-validation"'))
    assert str(refused.value) == (
        'house.toml: control "1.10": key "direct" names "cloudtrail-logfile-validation", which is no check. '
        'Did you mean "cloudtrail-log-file-validation"?'
    )


def test_a_glob_that_matches_nothing_is_refused():
    """A pattern without a check behind it would be a control without a check."""
    assert "no check" in problems(GOOD.replace("cloudtrail-alarm-*", "cloudwatch-alarm-*"))[0]


def test_a_control_with_neither_checks_nor_manual_is_refused():
    """An empty control would pass for looked at."""
    (said,) = problems(GOOD.replace('manual = "A person must say so."', ""))
    assert said.startswith('control "2": has neither checks nor a reason to be manual')
    assert 'manual = "' in said


def test_empty_lists_are_no_checks():
    """`direct = []` is as empty as nothing."""
    assert "neither" in problems(GOOD.replace('manual = "A person must say so."', "direct = []"))[0]


def test_duplicate_control_ids_are_refused():
    """Two controls of one id cannot be told apart in a report."""
    (said,) = problems(GOOD.replace('id = "2"', 'id = "1.10"'))
    assert 'control "1.10"' in said
    assert "earlier one" in said


def test_a_check_named_twice_is_refused():
    """One check is either direct or supporting, once."""
    (said,) = problems(GOOD.replace('"cloudtrail-alarm-*"', '"cloudtrail-log-file-validation"'))
    assert "named twice" in said


def test_an_id_that_is_a_number_is_refused_with_its_remedy():
    """TOML reads 1.10 as the number 1.1: the id would silently be another control's."""
    said = problems(GOOD.replace('id = "1.10"', "id = 1.10"))
    assert said == ('control number 1: key "id" is 1.1, which is no text: write id = "1.1".',)


def test_unknown_keys_are_refused_with_the_nearest_one():
    """A key that nobody reads is a typing error, at the top and in a control alike."""
    said = problems(GOOD.replace("level =", "levle =").replace("source =", "sorce ="))
    assert any('key "levle" is not known. Did you mean "level"?' in one for one in said)
    assert any('key "sorce" is not known. Did you mean "source"?' in one for one in said)


def test_all_problems_of_a_file_come_at_once():
    """Whoever mends a file should not meet its errors one by one."""
    text = GOOD.replace("L1", 'L1"\nsurprise = "x').replace('title = "House rules"', "").replace('id = "2"', "")
    with pytest.raises(BadFile) as refused:
        load(text)
    assert len(refused.value.problems) == 3
    assert str(refused.value).startswith("house.toml has 3 problems:\n  - ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('direct = ["cloudtrail-log-file-validation"]', 'direct = "cloudtrail-log-file-validation"'), "write a list"),
        (('direct = ["cloudtrail-log-file-validation"]', "direct = [3]"), "which is no text"),
        (("@aws-docs", "@aws-dogs"), 'Did you mean "aws-docs"?'),
        (("default = true", 'default = "yes"'), "write true or false"),
        (('id = "house-rules"', 'id = "House Rules"'), "small letters"),
        (('version = "2"', ""), 'key "version" is missing'),
        (('title = "House rules"', 'title = " "'), 'key "title" is empty'),
    ],
)
def test_each_wrong_value_is_told_with_its_remedy(change, said):
    """One sentence for each kind of slip."""
    assert said in problems(GOOD.replace(*change))[0]


def test_a_file_that_is_no_toml_is_told_with_its_line():
    """The parser's line and column reach the reader."""
    assert "line 3" in problems(GOOD.replace('title = "House rules"', "title = House rules"))[0]


def test_a_single_bracket_is_told_from_no_control_at_all():
    """`[control]` is the usual slip."""
    header = GOOD.split("[[control]]", maxsplit=1)[0]
    assert "two brackets" in problems(header + '[control]\nid = "1"')[0]
    assert "no control" in problems(header)[0]


def test_hostile_values_do_not_break_the_message():
    """Control characters and endless text in a wrong value stay on one short line."""
    said = problems(GOOD.replace('"cloudtrail-log-file-validation"', '"a\\u001b[31m\\n' + "b" * 5000 + '"'))[0]
    assert "\x1b" not in said
    assert "\n" not in said
    assert len(said) < 250


def test_two_files_with_one_id_are_refused():
    """A framework's id is its name in reports, settings and attestations."""
    with pytest.raises(BadFile, match=r"a\.toml has already"):
        frameworks.load_all({"a.toml": GOOD, "b.toml": GOOD}, CHECKS)


def test_selecting_frameworks():
    """Nothing chosen means those enabled by default; what is chosen keeps its order; a slip is told."""
    every = shipped()
    assert {one.id for one in frameworks.select(every)} == {
        "cloudtrail-eight-practices",
        "aws-fsbp-1.0.0",
        "cis-aws-5.0.0",
        "cis-aws-7.0.0",
        "nist-800-53-r5",
        "pci-dss-4.0.1",
        "soc2-2017",
        "iso-27001-2022",
    }
    assert [one.id for one in frameworks.select(every, ["nis2", "dora", "nis2"])] == ["nis2", "dora"]
    with pytest.raises(frameworks.UnknownFramework, match=r"cis-aws-5\.0\.0"):
        frameworks.select(every, ["cis-aws-5.0"])


def test_who_else_asks_the_same():
    """A control is linked to other frameworks' controls by the checks that answer both directly."""
    every = shipped()
    cis = by_id("cis-aws-5.0.0")
    others = frameworks.also_asked_by(every, cis, frameworks.find_control(cis, "3.2"))
    assert ("aws-fsbp-1.0.0", "CloudTrail.4") in {(framework.id, control.id) for framework, control in others}
    assert all(framework.id != cis.id for framework, _ in others)
    asking = frameworks.controls_asking(every, "s3-bucket-mfa-delete")
    assert ("cis-aws-7.0.0", "3.1.2", "direct") in {(f.id, c.id, use.relation) for f, c, use in asking}


def test_the_fingerprint_is_of_the_meaning():
    """Comments and order of keys change nothing, another mapping does."""
    same = frameworks.fingerprint([load(GOOD)])
    assert frameworks.fingerprint([load("# a remark\n" + GOOD)]) == same
    moved = GOOD.replace("default = true\n", "").replace('id = "house-rules"', 'default = true\nid = "house-rules"')
    assert frameworks.fingerprint([load(moved)]) == same
    assert frameworks.fingerprint([load(GOOD.replace("L1", "L2"))]) != same


# --- the files that ship ---

PATTERNS = {
    "cloudtrail-eight-practices": r"S[1-8]",
    "cloudtrail-five-flags": r"C[1-5]",
    "cis-aws-1.4.0": r"(1\.20|2\.1\.[1-5]|3\.\d{1,2}|4\.\d{1,2})",
    "cis-aws-3.0.0": r"(1\.20|2\.1\.[1-4]|3\.\d|4\.\d{1,2})",
    "cis-aws-5.0.0": r"(1\.19|2\.1\.[1-4]|3\.\d|4\.\d{1,2})",
    "cis-aws-6.0.0": r"(2\.\d{1,2}|3\.1\.[1-4]|4\.\d|5\.\d{1,2})",
    "cis-aws-7.0.0": r"(2\.\d{1,2}|2\.1\.[1-6]|3\.1\.[1-4]|4\.\d|5\.\d{1,2})",
    "aws-fsbp-1.0.0": r"(CloudTrail|S3|Config|GuardDuty|Macie|SNS)\.\d{1,2}",
    "aws-security-hub": r"(CloudTrail|S3|Config|GuardDuty|Macie|SNS|CloudWatch|IAM|KMS)\.\d{1,2}",
    "nist-800-53-r5": r"(AC|AU|CA|CM|CP|IA|IR|SA|SC|SI)-\d{1,2}(\(\d{1,2}\))?",
    "fedramp-moderate-r5": r"(AC|AU|CA|CM|CP|IA|IR|SA|SC|SI)-\d{1,2}(\(\d{1,2}\))?",
    "fedramp-20x-ksi": r"KSI-[A-Z]{3}-[A-Z]{3}",
    "nist-csf-2.0": r"(GV|ID|PR|DE|RS|RC)\.[A-Z]{2}-\d{2}",
    "pci-dss-4.0.1": r"\d{1,2}\.\d{1,2}(\.\d{1,2}){1,2}",
    "soc2-2017": r"(CC|A|C|PI)\d\.\d",
    "iso-27001-2022": r"A\.[5-8]\.\d{1,2}",
    "hipaa-security-rule": r"164\.3(08|10|12|14|16)\([a-e]\)(\(\d\))?(\([iv]+\))?(\([A-D]\))?",
    "gdpr": r"Art\. \d{1,2}(\(\d\))?(\([a-f]\))?",
    "aws-well-architected": r"(SEC|REL)\d{2}-BP\d{2}",
    "cis-controls-8.1": r"([1-9]|1[0-8])\.\d{1,2}",
    "csa-ccm-4.0": r"[A-Z&]{3}-\d{2}",
    "dora": r"(RTS 2024/1774 )?Art\. \d{1,2}",
    "nis2": r"(Art\. 2[13](\(2\)\([a-j]\))?|IR 2024/2690 \d{1,2}\.\d(\.\d)?)",
}


def test_every_framework_asked_for_ships_and_its_ids_have_its_form():
    """The set is complete, and an id of another framework or version does not slip in."""
    assert {one.id for one in shipped()} == set(PATTERNS)
    for framework in shipped():
        wrong = [control.id for control in framework.controls if not re.fullmatch(PATTERNS[framework.id], control.id)]
        assert not wrong, f"{framework.id}: {wrong}"


def test_files_are_named_for_their_framework_and_say_where_they_come_from():
    """A file says its source, what its text allows, and what its ids were held against."""
    assert {path.stem for path in FILES.glob("*.toml")} == {one.id for one in shipped()}
    for framework in shipped():
        assert framework.source.startswith("https://"), framework.id
        assert framework.licence, framework.id
        assert framework.confirmed, framework.id


def test_titles_are_short_and_distinct_enough():
    """A title is ours and fits a table; none is empty or only repeats the id."""
    for framework in shipped():
        for control in framework.controls:
            assert 3 < len(control.title) <= 90, f"{framework.id} {control.id}"
            assert control.title != control.id
            assert control.family, f"{framework.id} {control.id}"


def test_every_check_of_the_catalogue_stands_in_a_framework():
    """A check that no framework asks for would be judged and never shown under a control."""
    used = frozenset().union(*(frameworks.checks_of(framework) for framework in shipped()))
    assert CHECKS - used == frozenset()
    defaults = frozenset().union(*(frameworks.checks_of(one) for one in frameworks.select(shipped())))
    assert CHECKS - defaults == frozenset({"s3-bucket-encryption"})  # every bucket is encrypted since 2023


def test_cis_numbers_belong_to_their_version():
    """Storage, logging and monitoring moved by one section with version 6."""
    tls = {"1.4.0": "2.1.2", "3.0.0": "2.1.1", "5.0.0": "2.1.1", "6.0.0": "3.1.1", "7.0.0": "3.1.1"}
    for version, number in tls.items():
        control = frameworks.find_control(by_id(f"cis-aws-{version}"), number)
        assert [use.check for use in control.checks] == ["s3-bucket-tls-only"], version
    assert frameworks.find_control(by_id("cis-aws-1.4.0"), "3.3")  # the public trail bucket has its own number ...
    assert (
        not frameworks.find_control(by_id("cis-aws-3.0.0"), "3.3").checks[0].check.startswith("cloudtrail")
    )  # ... no more
    assert "2.21" in ids("cis-aws-7.0.0")
    assert "2.21" not in ids("cis-aws-6.0.0")


def test_cis_says_what_it_leaves_to_a_person():
    """From version 5 the benchmark calls its alarms, 3.1, 3.4 and MFA delete manual; before it did not."""
    for version, manual in (("3.0.0", False), ("5.0.0", True)):
        framework = by_id(f"cis-aws-{version}")
        for number in ("2.1.2", "3.1", "3.4", "4.1", "4.15"):
            assert bool(frameworks.find_control(framework, number).manual) is manual, (version, number)
        assert not frameworks.find_control(framework, "3.2").manual
        assert frameworks.find_control(framework, "2.1.3").manual
    levels = {c.id: c.level for c in by_id("cis-aws-5.0.0").controls}
    assert (levels["2.1.2"], levels["2.1.4"], levels["3.1"], levels["3.5"]) == ("L2", "L1", "L1", "L2")
    assert {c.level for c in by_id("cis-aws-3.0.0").controls} == {"L1", "L2"}


def test_cis_block_public_access_takes_either_level():
    """All four flags at account or at bucket: an account whose buckets block for themselves does not fail."""
    for version, number in (("1.4.0", "2.1.5"), ("5.0.0", "2.1.4"), ("7.0.0", "3.1.4")):
        control = frameworks.find_control(by_id(f"cis-aws-{version}"), number)
        assert [use.check for use in control.checks] == ["s3-bucket-public-access-block"]


def test_cis_alarms_each_have_their_own_check():
    """Fifteen alarms, fifteen checks, in the benchmark's order."""
    for version, section in (("1.4.0", 4), ("3.0.0", 4), ("5.0.0", 4), ("6.0.0", 5), ("7.0.0", 5)):
        found = [frameworks.find_control(by_id(f"cis-aws-{version}"), f"{section}.{n}") for n in range(1, 16)]
        assert [[use.check for use in control.checks] for control in found] == [
            [f"cloudtrail-alarm-{name}"] for name in ALARMS.split()
        ]


def test_fsbp_holds_its_own_controls_only():
    """Replication, versioning, Object Lock, KMS, MFA delete and the trail's bucket are Security Hub's, not FSBP's."""
    of_both = {id for id in ids("aws-fsbp-1.0.0") if id.startswith(("CloudTrail", "S3"))}
    assert of_both == {f"CloudTrail.{n}" for n in (1, 2, 4, 5)} | {
        f"S3.{n}" for n in (1, 2, 3, 5, 6, 8, 9, 12, 13, 19, 24, 25)
    }
    assert {"S3.7", "S3.14", "S3.15", "S3.17", "S3.20", "CloudTrail.6", "CloudTrail.7"} <= ids("aws-security-hub")
    assert not {"S3.4", "S3.16", "S3.18", "S3.21", "CloudTrail.8"} & ids("aws-security-hub")


def test_security_hub_replication_is_asked_of_replication():
    """S3.7 is about replication, S3.6 about other accounts: one check does not answer both."""
    hub = by_id("aws-security-hub")
    assert [use.check for use in frameworks.find_control(hub, "S3.7").checks] == ["s3-bucket-replication"]
    assert [use.check for use in frameworks.find_control(hub, "S3.6").checks] == ["s3-bucket-no-foreign-control"]
    assert frameworks.find_control(hub, "S3.2").checks
    assert frameworks.find_control(hub, "S3.11").checks


CSF_2 = {
    "GV.OC": "1-5", "GV.RM": "1-7", "GV.RR": "1-4", "GV.PO": "1-2", "GV.OV": "1-3", "GV.SC": "1-10",
    "ID.AM": "1-5 7-8", "ID.RA": "1-10", "ID.IM": "1-4",
    "PR.AA": "1-6", "PR.AT": "1-2", "PR.DS": "1-2 10-11", "PR.PS": "1-6", "PR.IR": "1-4",
    "DE.CM": "1-3 6-6 9-9", "DE.AE": "2-4 6-8",
    "RS.MA": "1-5", "RS.AN": "3-3 6-8", "RS.CO": "2-3", "RS.MI": "1-2",
    "RC.RP": "1-6", "RC.CO": "3-4",
}  # fmt: skip


def test_csf_ids_are_those_of_version_2():
    """Subcategories of 1.1 (PR.DS-6, PR.PT-1, DE.DP-4, ID.BE-5), and those that 2.0 dropped, are not in the file."""
    known = {
        f"{category}-{number:02}"
        for category, spans in CSF_2.items()
        for first, last in (span.split("-") for span in spans.split())
        for number in range(int(first), int(last) + 1)
    } - {"DE.CM-04", "DE.CM-05", "DE.AE-05"}
    assert len(known) == 106
    assert ids("nist-csf-2.0") <= known


def test_trail_checks_do_not_stand_for_response():
    """Reporting to stakeholders and containing incidents are no property of a trail."""
    for control in by_id("nist-csf-2.0").controls:
        assert not control.id.startswith(("RS.CO", "RS.MI", "RS.MA", "RC.CO")), control.id


def test_pci_sign_in_requirements_are_not_answered_by_mfa_delete():
    """8.4.x asks how people sign in; 3.3.x forbids data that no lifecycle rule can find."""
    assert not [id for id in ids("pci-dss-4.0.1") if id.startswith(("8.", "3.3"))]
    mfa = {c.id for f, c, _ in frameworks.controls_asking(shipped(), "s3-bucket-mfa-delete") if f.id == "pci-dss-4.0.1"}
    assert not mfa


def test_soc2_and_pci_do_not_repeat_one_list_of_checks():
    """Coverage that repeats one list under dozens of ids looks broad and means little."""
    for id in ("soc2-2017", "pci-dss-4.0.1", "iso-27001-2022", "nist-csf-2.0"):
        lists = Counter(frozenset(use.check for use in control.checks) for control in by_id(id).controls)
        assert not [list(checks) for checks, number in lists.items() if number > 1 and len(checks) > 2], id
        counts = frameworks.statistics(by_id(id))
        assert counts.checks <= len(CHECKS)
        assert counts.controls == counts.covered + counts.manual


def test_iso_user_devices_and_masking_are_not_mapped():
    """Public access says nothing about laptops, encryption nothing about masking."""
    assert not {"A.8.1", "A.8.11"} & ids("iso-27001-2022")


def test_hipaa_clearinghouse_isolation_is_not_encryption():
    """164.308(a)(4)(ii)(A) is about clearinghouses; whether a specification is required or addressable is said."""
    assert "164.308(a)(4)(ii)(A)" not in ids("hipaa-security-rule")
    assert {c.level for c in by_id("hipaa-security-rule").controls} == {"standard", "required", "addressable"}


def test_log_validation_does_not_stand_for_software_or_vulnerabilities():
    """SEC06 and CC6.8 are about software: validation of log files is no answer to either."""
    assert not [id for id in ids("aws-well-architected") if id.startswith("SEC06")]
    for framework, control, _ in frameworks.controls_asking(shipped(), "cloudtrail-log-file-validation"):
        assert (framework.id, control.id) != ("soc2-2017", "CC6.8")


def test_well_architected_ids_are_the_present_ones():
    """Forensic preparation is SEC10-BP03 since the pillar was revised."""
    assert "SEC10-BP03" in ids("aws-well-architected")
    assert "SEC10-BP04" not in ids("aws-well-architected")


def test_recorded_events_are_no_register_of_processing():
    """GDPR's Article 30 wants a register that people keep."""
    control = frameworks.find_control(by_id("gdpr"), "Art. 30")
    assert control.checks == ()
    assert control.manual


MODERATE = """
ac 1 2 2.1 2.2 2.3 2.4 2.5 2.7 2.9 2.12 2.13 3 4 4.21 5 6 6.1 6.2 6.5 6.7 6.9 6.10 7 8 11 11.1 12 14 17 17.1 17.2 17.3 17.4 18 18.1 18.3 19 19.5 20 20.1 20.2 21 22
au 1 2 3 3.1 4 5 6 6.1 6.3 7 7.1 8 9 9.4 11 12
ca 1 2 2.1 2.3 3 5 6 7 7.1 7.4 8 8.1 8.2 9
cm 1 2 2.2 2.3 2.7 3 3.2 3.4 4 4.2 5 5.1 5.5 6 6.1 7 7.1 7.2 7.5 8 8.1 8.3 9 10 11 12 12.1
cp 1 2 2.1 2.3 2.8 3 4 4.1 6 6.1 6.3 7 7.1 7.2 7.3 8 8.1 8.2 9 9.1 9.8 10 10.2
ia 1 2 2.1 2.2 2.5 2.6 2.8 2.12 3 4 4.4 5 5.1 5.2 5.6 5.7 6 7 8 8.1 8.2 8.4 11 12 12.2 12.3 12.5
ir 1 2 3 3.2 4 4.1 5 6 6.1 6.3 7 7.1 8 9 9.2 9.3 9.4
sa 1 2 3 4 4.1 4.2 4.9 4.10 5 8 9 9.1 9.2 9.5 10 11 11.1 11.2 15 15.3 22
sc 1 2 4 5 7 7.3 7.4 7.5 7.7 7.8 7.12 7.18 8 8.1 10 12 13 15 17 18 20 21 22 23 28 28.1 39 45 45.1
si 1 2 2.2 2.3 3 4 4.1 4.2 4.4 4.5 4.16 4.18 4.23 5 6 7 7.1 7.7 8 8.2 10 11 12 16
"""  # the families of the baseline that the file touches, from FedRAMP's OSCAL profile


def test_fedramp_moderate_is_a_part_of_its_baseline():
    """Controls outside the baseline (AU-9(2), AU-9(3), AU-10 ...) are left out, the others mapped as in 800-53."""
    baseline = set()
    for line in MODERATE.strip().splitlines():
        family, *numbers = line.split()
        for number in numbers:
            whole, _, part = number.partition(".")
            baseline.add(f"{family.upper()}-{whole}" + (f"({part})" if part else ""))
    assert ids("fedramp-moderate-r5") <= baseline
    assert not {"AU-9(2)", "AU-9(3)", "AU-10"} & ids("fedramp-moderate-r5")
    nist = {control.id: control for control in by_id("nist-800-53-r5").controls}
    assert ids("fedramp-moderate-r5") == baseline & set(nist)
    for control in by_id("fedramp-moderate-r5").controls:
        assert control.checks == nist[control.id].checks, control.id


def test_nist_mappings_of_aws_are_kept_apart_from_ours():
    """AWS maps log validation to AU-9, SI-4, SI-7(1), SI-7(3), SI-7(7) and nothing else."""
    asking = frameworks.controls_asking([by_id("nist-800-53-r5")], "cloudtrail-log-file-validation")
    assert {control.id for _, control, use in asking if use.source == "aws-docs"} == {
        "AU-9",
        "SI-4",
        "SI-7(1)",
        "SI-7(3)",
        "SI-7(7)",
    }


def test_a_control_is_not_answered_by_a_check_that_says_nothing_about_it():
    """AWS maps a bucket's TLS to passwords and asymmetric keys, alarms to flaws: true to the letter, and indefensible."""
    left_out = {"IA-5(1)", "SC-12(3)", "SC-23(3)", "IR-4(5)", "SI-2", "SI-20", "CM-2", "CM-2(2)", "CM-3(6)", "CA-9(1)"}
    for framework in ("nist-800-53-r5", "fedramp-moderate-r5"):
        assert not left_out & ids(framework)
    backup = [by_id("nist-800-53-r5"), by_id("fedramp-moderate-r5")]
    asking = frameworks.controls_asking(backup, "s3-bucket-lifecycle")
    assert {control.id for _, control, _ in asking if control.id.startswith("CP-")} == set()
    authentic = frameworks.find_control(by_id("hipaa-security-rule"), "164.312(c)(2)")
    assert {use.relation for use in authentic.checks} == {"supporting"}


@pytest.mark.parametrize(
    ("framework", "control"),
    [("cis-aws-1.4.0", "3.8"), ("cis-aws-3.0.0", "3.6"), ("cis-aws-5.0.0", "3.6"), ("cis-aws-6.0.0", "4.6"),
     ("cis-aws-7.0.0", "4.6"), ("pci-dss-4.0.1", "3.7.4"), ("aws-security-hub", "KMS.4")],
)  # fmt: skip
def test_rotation_is_asked_of_every_key_that_is_read(framework, control):
    """Not of the trails' keys alone; supporting, for keys that nothing names are not read."""
    uses = frameworks.find_control(by_id(framework), control).checks
    assert [(use.check, use.relation) for use in uses] == [("kms-key-rotation", "supporting")]


def test_public_topics_are_asked_of_the_topic():
    """A trail without a topic is no public topic."""
    for framework in ("aws-fsbp-1.0.0", "aws-security-hub"):
        uses = frameworks.find_control(by_id(framework), "SNS.4").checks
        assert [use.check for use in uses] == ["sns-topic-not-public"]


def test_a_file_may_say_how_many_controls_the_whole_standard_has():
    """So that nobody takes a selection for the standard; fewer than the file holds cannot be."""
    assert by_id("iso-27001-2022").total == 93
    assert by_id("nist-800-53-r5").total is None
    assert all(one.total is None or one.total >= len(one.controls) for one in shipped())
    for wrong in ("1", '"93"', "true"):
        assert any('key "total" is' in one for one in problems(f"total = {wrong}\n{GOOD}"))
    assert load(f"total = 2\n{GOOD}").total == 2


def test_only_what_the_file_calls_manual_can_be_attested():
    """A control that checks answer alone is accepted by a waiver, never by a statement."""
    manual = frameworks.find_control(by_id("gdpr"), "Art. 30")
    asked = frameworks.find_control(by_id("gdpr"), "Art. 32(1)(a)")
    assert frameworks.is_manual(manual)
    assert not frameworks.is_manual(asked)
