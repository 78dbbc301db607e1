"""Checks as values and the answers they give: registration, texts, findings, remedies, defects."""

import pytest

from reporter.assess import evaluate
from reporter.assess.estate import NotApplicable
from reporter.assess.evaluate import CHECKS, DEFECT, check, checks_hash, commands, judge, sections
from reporter.assess.resource_types import BUCKET, LOG_GROUP, TRAIL
from reporter.checks import examples as eg
from reporter.model import ACCOUNT, Status


@pytest.fixture
def registry():
    """The registry, as it was before the test when the test is over."""
    before = dict(CHECKS)
    yield CHECKS
    CHECKS.clear()
    CHECKS.update(before)


def made(id, question, **more):
    """A check of one question, registered."""
    check(id, **{"subject": BUCKET, "severity": "low", "passes": [], "fails": [], **more})(question)
    return CHECKS[id]


def judged(one, example, account=eg.HOME):
    """The answers of one check in one account of the example."""
    return list(judge(eg.estates(example)[account], [one]))


def versioned(bucket):
    """Every version is kept.

    Because things get lost.
    Twice, if one is careless.
    Fix: aws s3api put-bucket-versioning --bucket {Name}
        --versioning-configuration Status=Enabled
      aws s3api get-bucket-versioning --bucket {id}
    """
    return bool(bucket["Versioning"])


def test_text_comes_from_the_docstring(registry):
    """The first sentence is the title, then why, then commands of one line each."""
    one = made("bucket-versioned", versioned)
    assert one.title == "Every version is kept."
    assert one.why == "Because things get lost. Twice, if one is careless."
    assert one.fix.splitlines() == [
        "aws s3api put-bucket-versioning --bucket {Name} --versioning-configuration Status=Enabled",
        "aws s3api get-bucket-versioning --bucket {id}",
    ]
    assert one.code == ()


def test_text_without_sections():
    """A docstring of one sentence is a title."""
    assert sections("Good.") == {"title": "Good.", "why": "", "fix": ""}
    assert commands("") == ""


def test_an_id_is_given_once(registry):
    """Two checks of one id are an error that names both."""
    made("twice", versioned)
    with pytest.raises(ValueError, match="check 'twice' is defined twice"):
        made("twice", versioned)


def test_findings_say_what_was_seen(registry):
    """A failure names what decided it, and its remedy with the resource's own name."""
    one = made("bucket-versioned", versioned)
    (found,) = judged(one, [eg.bucket(Versioning=None)])
    assert found.status is Status.FAIL
    assert found.reason == "Versioning is not set"
    assert found.fix.splitlines()[0].startswith(f"aws s3api put-bucket-versioning --bucket {eg.BUCKET_NAME} ")
    assert found.key == ("bucket-versioned", eg.HOME, BUCKET, eg.BUCKET_NAME)
    (found,) = judged(one, [eg.bucket()])
    assert (found.status, found.reason, found.fix) == (Status.PASS, "", "")


def test_long_values_are_cut_in_the_reason_only(registry):
    """A reason stays readable whatever the value; the evidence holds the value whole."""

    def tagged(bucket):
        """Tagged."""
        return not bucket["Tags"]

    one = made("bucket-tagged", tagged)
    (found,) = judged(one, [eg.bucket(Tags={"k": "v" * 1000})])
    assert len(found.reason) < 250
    assert found.evidence[0].value == {"k": "v" * 1000}


def test_hostile_names_are_quoted_in_a_remedy(registry):
    """A name that would run a command is one word of the remedy."""

    def always(trail):
        """Good.

        Why.
        Fix: aws cloudtrail start-logging --name {Name}
        """
        return trail["Name"] is None

    one = made("trail-always", always, subject=TRAIL)
    (found,) = judged(one, [eg.trail(Name="x; rm -rf ~ #")])
    assert found.fix == "aws cloudtrail start-logging --name 'x; rm -rf ~ #'"


def test_a_remedy_elsewhere_says_where(registry):
    """Where the fix changes a resource of another account, its first line names the account."""
    (found,) = judged(
        CHECKS["cloudtrail-bucket-versioning"],
        [eg.organization_trail(), eg.bucket(account=eg.ARCHIVE, Versioning=None)],
        eg.MANAGEMENT,
    )
    assert found.account == eg.MANAGEMENT
    assert found.fix.splitlines()[0] == f"# in account {eg.ARCHIVE}"
    assert f"--bucket {eg.BUCKET_NAME} " in found.fix


def test_a_remedy_keeps_what_nothing_fills(registry):
    """A placeholder that no resource fills stays visible."""
    one = made("bucket-versioned", versioned)
    assert "{Name}" in one.remedy([])


def test_json_in_a_remedy_is_no_placeholder():
    """Braces of JSON in a command are left alone."""
    check_of = CHECKS["s3-bucket-access-logging"]
    (found,) = [one for one in judged(check_of, [eg.bucket(Logging=None)]) if one.status is Status.FAIL]
    assert '{"LoggingEnabled":{' in found.fix


def test_not_applicable_and_insufficient_data(registry):
    """A question that makes no sense and one that lacks data say so, with the reason."""

    def asks(bucket):
        """Asked."""
        if bucket["Tags"]:
            raise NotApplicable("tagged buckets are not asked")
        return bucket["Policy"] is None

    one = made("bucket-asks", asks)
    (found,) = judged(one, [eg.bucket(Tags={"a": "b"})])
    assert (found.status, found.reason) == (Status.NOT_APPLICABLE, "tagged buckets are not asked")
    (found,) = judged(one, [eg.unread(eg.bucket(), "Policy")])
    assert found.status is Status.INSUFFICIENT_DATA
    assert "AccessDenied" in found.reason


@pytest.mark.parametrize("error", [TypeError, KeyError, ValueError, AttributeError, ZeroDivisionError, RecursionError])
def test_a_check_that_breaks_is_named(registry, error):
    """A defect in a check is an answer that names check and resource; the next resource is judged all the same."""

    def breaks(bucket):
        """Breaks."""
        if bucket.id == "one":
            raise error("surprise")
        return True

    one = made("bucket-breaks", breaks)
    broken, fine = judged(one, [eg.bucket(Name="one"), eg.bucket(Name="two")])
    assert broken.status is Status.INSUFFICIENT_DATA
    assert broken.reason.startswith(DEFECT)
    assert "bucket-breaks on arn:aws:s3:::one" in broken.reason
    assert error.__name__ in broken.reason
    assert fine.status is Status.PASS


def test_an_incomplete_listing_is_one_more_finding(registry):
    """What was never seen is never silent: each check says once that its subjects were not all listed."""
    one = made("bucket-versioned", versioned)
    findings = judged(one, [eg.bucket(), eg.gap(BUCKET)])
    assert [(found.resource, found.status) for found in findings] == [
        (eg.BUCKET_NAME, Status.PASS),
        ("*", Status.INSUFFICIENT_DATA),
    ]
    assert "AccessDenied" in findings[1].reason


def test_an_unreachable_account_is_never_clean():
    """Of an account that could not be reached, every check gives insufficient data and none a pass."""
    example = [eg.unread(eg.account()), eg.unread(eg.trail()), eg.unread(eg.bucket()), eg.gap(ACCOUNT)]
    findings = list(judge(eg.estates(example)[eg.HOME]))
    assert {found.status for found in findings} == {Status.INSUFFICIENT_DATA}
    assert {found.check for found in findings} >= {one.id for one in CHECKS.values() if one.subject == ACCOUNT}
    assert all("AccessDenied" in found.reason for found in findings)


def test_order_is_fixed():
    """Findings come by type, region, resource and check, whatever the order of items and checks."""
    example = [eg.bucket(Name="b"), eg.bucket(Name="a"), eg.trail()]
    estate = eg.estates(example)[eg.HOME]
    findings = list(judge(estate, reversed(list(CHECKS.values()))))
    assert findings == list(judge(estate))
    keys = [(found.type, found.region, found.resource, found.check) for found in findings if found.resource != "*"]
    assert keys == sorted(keys)


def test_judging_one_check_judges_one_check():
    """Only the checks asked for answer."""
    findings = judged(CHECKS["cloudwatch-log-group-retention"], [eg.trail(), eg.log_group(), eg.bucket()])
    assert [found.check for found in findings] == ["cloudwatch-log-group-retention"]
    assert any(one.type == LOG_GROUP for one in findings[0].evidence)


def test_the_hash_covers_every_check(registry):
    """A new check, or another text or severity of one, is another hash."""
    before = checks_hash()
    made("bucket-versioned", versioned)
    after = checks_hash()
    assert before != after
    del CHECKS["bucket-versioned"]
    made("bucket-versioned", versioned, severity="high")
    assert checks_hash() not in {before, after}


def test_the_hash_covers_the_modules_that_judge():
    """The documents and the vocabulary that checks stand on are part of what judged."""
    named = evaluate.judging_modules()
    assert "reporter.documents.policy" in named
    assert "reporter.assess.kleene" in named
    assert "reporter.checks.cloudtrail" in named
    assert named == sorted(named)
