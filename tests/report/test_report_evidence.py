"""What a failing finding shows: the value that failed first and whole, and findings alike told once."""

from dataclasses import replace

from organization import AS_OF, organization
from report_parts import OPTIONS, forms

from reporter.model import Evidence, Finding, Status
from reporter.report.evidence import proofs
from reporter.report.words import commands, target, versioned

BUCKET = "AWS::S3::Bucket"
DENY = {"Sid": "DenyInsecureTransport", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": ["arn:aws:s3:::shared", "arn:aws:s3:::shared/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}  # fmt: skip
ALLOW = {"Sid": "TempShare", "Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:GetObject"],
         "Resource": ["arn:aws:s3:::shared/*"]}  # fmt: skip


def finding(reason, *pairs):
    evidence = tuple(Evidence(BUCKET, "shared", "1", key, value, f"Get{key}", AS_OF) for key, value in pairs)
    return Finding("c", "1", "eu-west-1", BUCKET, "shared", "arn", Status.FAIL, "high", reason, evidence)


def test_the_failing_statement_is_first_and_whole():
    """Not the harmless one before it; and the policy goes before what else was read."""
    shown = proofs(
        finding('public: Statement["TempShare"] Allow everyone s3:GetObject', ("PublicAccessBlock", None), ("Acl", None),
                ("Policy", {"Version": "2012-10-17", "Statement": [DENY, ALLOW]}))
    )  # fmt: skip
    assert shown[0].key == "Policy"
    assert shown[0].value["Statement"] == [ALLOW, DENY]
    assert shown[0].room > len(str(ALLOW))


def test_a_statement_without_a_name_is_found_by_its_place():
    """As the reason counts them."""
    nameless = {key: value for key, value in ALLOW.items() if key != "Sid"}
    shown = proofs(finding("public: Statement[1] Allow everyone", ("Policy", {"Statement": [DENY, nameless]})))
    assert shown[0].value["Statement"][0] == nameless


def test_a_grant_is_found_by_whom_it_grants():
    """ACLs have no names, but the reason names the group."""
    owner = {"Grantee": {"Type": "CanonicalUser", "ID": "abc"}, "Permission": "FULL_CONTROL"}
    group = {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
    shown = proofs(finding("ACL gives AllUsers READ", ("Policy", None), ("Acl", {"Grants": [owner, group]})))
    assert shown[0].value["Grants"][0] == group


def test_the_value_the_reason_speaks_of_goes_before_the_rest():
    """By its key in other words, or by what is in it; nothing is lost."""
    pairs = (("ObjectLock", None), ("Encryption", {"Rules": []}), ("Tags", {"a": "b"}))
    shown = proofs(finding("New objects are encrypted by AES256", *pairs))
    assert [one.key for one in shown] == ["Encryption", "Tags", "ObjectLock"]


def test_commands_are_never_cut():
    """As many as there is room for, each whole; and none where the first is too long."""
    assert commands("one\ntwo two\nthree", 10) == ["one", "two two"]
    assert commands("a long command", 5) == []


def test_targets_read_as_people_write_them():
    """No brackets of a programming language."""
    assert [target(value) for value in ((), {}, True, False, 365)] == ["none", "none", "yes", "no", "365"]
    assert target({"DataClass": ("confidential", "pii")}) == "DataClass: confidential, pii"
    page = forms(organization(), options=replace(OPTIONS, targets={"log_readers": (), "rotation_required": True})).page
    method = page[page.index('id="method"') :]
    assert "()" not in method
    assert "True" not in method


def test_a_version_after_a_number_is_set_apart():
    """ "Revision 5 5.1.1" reads as a misprint."""
    assert versioned("NIST SP 800-53 Revision 5", "5.1.1") == "NIST SP 800-53 Revision 5, version 5.1.1"
    assert versioned("PCI DSS", "4.0.1") == "PCI DSS 4.0.1"


def test_findings_alike_are_told_once_in_an_accounts_edition():
    """One card with every resource's name, and every name is on the page."""
    source = organization()
    one = next(r for r in source.answers if r.finding.status is Status.FAIL and r.finding.account == "200000000003")
    names = [f"twin-bucket-{n}" for n in range(9)]
    source.answers += [
        replace(
            one, finding=replace(one.finding, resource=name, arn=f"arn:aws:s3:::{name}", evidence=one.finding.evidence)
        )
        for name in names
    ]
    made = forms(source, "account:200000000003")
    group = next(g for g in made.content.findings.groups if g.check.id == one.finding.check)
    assert max(len(places) for places in group.alike) >= len(names)
    assert sum(len(places) for places in group.alike) == len(group.lines.rows)
    findings = made.page[made.page.index('id="findings"') :]
    assert all(name in findings for name in names)


def test_one_answer_in_many_accounts_is_a_row_that_names_them():
    """The same reason since the same day is told once, with each account by name; another state or day stands by itself."""
    source = organization()
    failing = [r for r in source.answers if r.finding.status is Status.FAIL and not r.waiver]
    check = failing[0].finding.check
    accounts = ("200000000001", "200000000002", "200000000003", "200000000004")
    one = next(r for r in failing if r.finding.check == check)
    alike = [
        replace(
            one,
            state="persisting",
            finding=replace(one.finding, account=a, resource=f"b{a}", arn=f"arn:{a}", reason="It is off"),
        )
        for a in accounts
    ]
    alike[-1] = replace(alike[-1], state="new")
    source.answers = [r for r in source.answers if r.finding.check != check] + alike
    made = forms(source)
    group = next(g for g in made.content.findings.groups if g.check.id == check)
    assert sorted(map(len, group.alike)) == [1, 3]
    section = made.page[made.page.index('id="findings"') :]
    assert all(f"b{account}" in section for account in accounts)
    assert "The same answer, for as long, for b20000000000" in section or "The same for b20000000000" in section


def test_a_reason_younger_than_the_failure_has_its_own_date():
    """What was added last week is not said to have been there since the failure began."""
    source = organization()
    source.answers = [replace(row, evidence_since=AS_OF) for row in source.answers]
    assert "for this reason since 22 Nov 2026" in forms(source).page
    assert "for this reason since" not in forms(organization()).page
