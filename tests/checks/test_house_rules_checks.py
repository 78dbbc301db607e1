"""Rules that every check must keep, found by walking the registry."""

import re
import shlex
from collections import defaultdict
from dataclasses import replace
from functools import cache

import botocore
import botocore.session
import pytest

import reporter.checks  # noqa: F401 -- fills the registry
from reporter.assess.evaluate import CHECKS, DEFECT, PLACEHOLDER, Check, checks_hash, judge
from reporter.assess.resource_types import PARTS, TARGETS
from reporter.assess.view import LISTING
from reporter.checks import examples as eg
from reporter.checks.examples.estates import implied
from reporter.model import ACCOUNT, SEVERITIES, ConfigurationItem, Finding, Status
from reporter.settings.schema import Targets as TargetSettings

SIDES = [
    (check, side, number, example)
    for check in CHECKS.values()
    for side, examples in (
        (Status.PASS, check.passes),
        (Status.FAIL, check.fails),
        (Status.NOT_APPLICABLE, check.skips),
    )
    for number, example in enumerate(examples)
]
EVERY_SIDE = [pytest.param(check, side, example, id=f"{check.id}-{side}-{n}") for check, side, n, example in SIDES]
FAILING = [
    pytest.param(check, example, id=f"{check.id}-{n}") for check, side, n, example in SIDES if side is Status.FAIL
]
ONE_OF_EACH = {check.question.__code__: check.id for check in CHECKS.values()}.values()  # of a table's checks, one
DISTINCT = [case for case in EVERY_SIDE if case.values[0].id in ONE_OF_EACH]
ALSO_IN_POLICY = {"PolicyStatus"}  # AWS's own reading of `Policy`: where it was not read, ours stands alone
FOR_GOOD = "# cannot be taken back before the days are over"
EVERY_CHECK = [pytest.param(check, id=check.id) for check in CHECKS.values()]


def subject_of(check: Check, example) -> ConfigurationItem:
    """The first item of the check's subject type."""
    return next(item for item in example if isinstance(item, ConfigurationItem) and item.type == check.subject)


def answer(check: Check, example) -> Finding:
    """The check's answer about its subject in the example."""
    subject = subject_of(check, example)
    estate = eg.estates(example)[subject.account]
    return next(found for found in judge(estate, [check]) if found.resource == subject.id)


@pytest.mark.parametrize(("check", "side", "example"), EVERY_SIDE)
def test_examples(check, side, example):
    """Each example gets the answer it stands for."""
    found = answer(check, example)
    assert found.status is side, found.reason


@pytest.mark.parametrize("check", EVERY_CHECK)
def test_texts(check):
    """Each check has examples on both sides, a title that is a sentence, a reason and a fix."""
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", check.id)
    assert check.passes
    assert check.fails
    assert check.title.endswith(".")
    assert check.title[0].isupper() or check.title.startswith("AWS")
    assert len(check.title) <= 120
    assert check.why.endswith(".")
    assert check.fix.startswith(("aws ", "# "))
    assert check.severity in SEVERITIES
    assert len(check.source) == 64


class Watched(dict):
    """What is unread of an item (nothing), noting what is looked for."""

    def __init__(self):
        super().__init__()
        self.wanted = set()

    def get(self, key, default=None):
        self.wanted.add(key)
        return default


def parts_read(check, things):
    """The (place, part) that the check looks at in the example; hiding any other cannot matter."""
    watched = [replace(one, unread=Watched()) if isinstance(one, ConfigurationItem) else one for one in things]
    answer(check, watched)
    return [
        (number, part)
        for number, one in enumerate(watched)
        if isinstance(one, ConfigurationItem)
        for part in sorted(one.unread.wanted & PARTS.get(one.type, frozenset()))
        if part in one.configuration
    ]


def hidings(check, example):
    """The example again and again, each time with one part of one item, one item or one listing not read."""
    things = implied(example)
    for number, part in parts_read(check, things):
        yield (number, part), [*things[:number], eg.unread(things[number], part), *things[number + 1 :]]
    for number, thing in enumerate(things):
        if isinstance(thing, ConfigurationItem):
            yield None, [*things[:number], eg.unread(thing), *things[number + 1 :]]
        if isinstance(thing, ConfigurationItem) and thing.type != ACCOUNT:
            yield None, [*things[:number], eg.gap(thing.type, account=thing.account), *things[number + 1 :]]


@pytest.fixture(scope="session")
def known_values():
    """All values that any example gives a part, by (type, part)."""
    values = defaultdict(list)
    for _, _, _, example in SIDES:
        for item in implied(example):
            if not isinstance(item, ConfigurationItem):
                continue
            for part in PARTS.get(item.type, ()):
                value = item.configuration.get(part)
                if value not in values[item.type, part]:
                    values[item.type, part].append(value)
    return values


@pytest.mark.parametrize(("check", "side", "example"), DISTINCT)
def test_no_check_guesses(check, side, example, known_values):
    """With something unread the answer is insufficient data; or it stands, and then whatever the unread part may say."""
    subject = subject_of(check, implied(example))
    for hidden, without in hidings(check, example):
        if not any(isinstance(item, ConfigurationItem) and item.id == subject.id for item in without):
            continue
        found = answer(check, without)
        assert DEFECT not in found.reason
        if found.status is Status.INSUFFICIENT_DATA:
            assert "AccessDenied" in found.reason
            continue
        assert found.status is side, f"{hidden} was not read, and the answer became {found.status}: {found.reason}"
        if hidden is None:
            continue
        number, part = hidden
        if part in ALSO_IN_POLICY:
            continue
        item = without[number]
        unread = dict(item.unread)
        del unread[part]
        for value in known_values[item.type, part]:
            said = replace(item, configuration={**item.configuration, part: value}, unread=unread)
            other = answer(check, [*without[:number], said, *without[number + 1 :]])
            assert other.status is side, (
                f"{part} was not read and the answer stood, but with {value!r} it is {other.status}"
            )


SHAPES = {
    "AWS::CloudTrail::Trail": [("cloudtrail", "Trail")],
    "AWS::CloudTrail::EventDataStore": [("cloudtrail", "EventDataStore")],
    "AWS::S3::Bucket": [("s3", "Bucket")],
    "AWS::S3::AccessPoint": [("s3control", "AccessPoint"), ("s3control", "GetAccessPointResult")],
    "AWS::S3::MultiRegionAccessPoint": [("s3control", "MultiRegionAccessPointReport")],
    "AWS::Organizations::Organization": [("organizations", "Organization")],
    "AWS::Organizations::Policy": [("organizations", "PolicySummary")],
    "AWS::::Account": [("organizations", "Account")],
    "AWS::Logs::LogGroup": [("logs", "LogGroup")],
    "AWS::CloudWatch::Alarm": [("cloudwatch", "MetricAlarm")],
    "AWS::Config::ConfigurationRecorder": [("config", "ConfigurationRecorder")],
    "AWS::SecurityHub::Hub": [("securityhub", "DescribeHubResponse")],
    "AWS::AccessAnalyzer::Analyzer": [("accessanalyzer", "AnalyzerSummary")],
    "AWS::Macie::Session": [("macie2", "GetMacieSessionResponse")],
}
OURS = {  # joined from further listings
    "AWS::::Account": {"ParentIds", "OrganizationalUnit", "Tags", "Management", "NotOffered"}
}


@pytest.fixture(scope="session")
def members():
    """The keys that AWS's model knows for each type, and our part names."""
    session = botocore.session.get_session()

    def keys(type):
        known = set(PARTS.get(type, ())) | OURS.get(type, set())
        for service, shape in SHAPES.get(type, ()):
            known |= set(session.get_service_model(service).shape_for(shape).members)
        return known

    return {type: keys(type) for type in {*SHAPES, *PARTS}}


@pytest.mark.parametrize(("check", "side", "example"), DISTINCT)
def test_keys_are_those_of_aws(check, side, example, members):
    """A check reads only keys that AWS's own model has, or that name one of our parts: a typo would read as unset."""
    for evidence in answer(check, example).evidence:
        if evidence.operation in {"derived", "settings"} or evidence.key == LISTING:
            continue
        assert evidence.key in members[evidence.type], f"{evidence.type} has no {evidence.key}"


@pytest.mark.parametrize(("check", "side", "example"), EVERY_SIDE)
def test_answers_rest_on_evidence(check, side, example):
    """Every answer names what it rests on: each value once, with its resource, and for a failure what decided it."""
    found = answer(check, example)
    assert found.evidence
    keys = [(one.type, one.account, one.id, one.key) for one in found.evidence]
    assert len(keys) == len(set(keys))
    if side is not Status.PASS:
        assert found.reason


CLI_NAMES = {"s3api": "s3", "configservice": "config"}
GLOBAL_OPTIONS = {"region"}
RENAMED = {
    "subscribe": {"endpoint": "notification-endpoint"}
}  # the command line's own name, --endpoint-url being taken

# commands that are no single call: what they take, and what they must have
MADE_OF_SEVERAL = {
    ("cloudtrail", "validate-logs"): ({"trail-arn", "start-time", "end-time", "region"}, {"trail-arn", "start-time"}),
}


@cache
def model_of(service):
    """AWS's own model of a service, by its name on the command line."""
    return botocore.session.get_session().get_service_model(CLI_NAMES.get(service, service))


def options_of(service, operation):
    """The options that `aws SERVICE OPERATION` takes, by AWS's own model."""
    if (service, operation) in MADE_OF_SEVERAL:
        return MADE_OF_SEVERAL[service, operation]
    model = model_of(service)
    names = {botocore.xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names, f"aws {service} has no {operation}"
    shape = model.operation_model(names[operation]).input_shape
    options, required = set(GLOBAL_OPTIONS), set()
    for name, member in (shape.members if shape else {}).items():
        option = botocore.xform_name(name, "-")
        option = RENAMED.get(operation, {}).get(option, option)
        options |= {option, f"no-{option}"} if member.type_name == "boolean" else {option}
        if name in shape.required_members:
            required.add(option)
    return options, required


@pytest.mark.parametrize("check", EVERY_CHECK)
def test_fixes_are_commands(check):
    """Each line of a fix is a command of the AWS CLI: service, operation and options exist, required ones are given."""
    for line in check.fix.splitlines():
        if line.startswith("# "):
            continue
        words = shlex.split(line)
        assert words[0] == "aws"
        options, required = options_of(words[1], words[2])
        given = {word[2:] for word in words[3:] if word.startswith("--")}
        assert given <= options
        assert required <= given


@pytest.mark.parametrize(("check", "example"), FAILING)
def test_fixes_are_filled(check, example):
    """Every placeholder of a fix is filled from the failing example, and the result still is a command."""
    found = answer(check, example)
    assert not PLACEHOLDER.search(found.fix), found.fix
    for line in found.fix.splitlines():
        assert line.startswith("# ") or shlex.split(line)[0] == "aws"


@pytest.mark.parametrize(("check", "example"), FAILING)
def test_a_look_is_not_called_a_fix(check, example):
    """Where a fix holds a command that only reads, a remark before it says so; and a remark never stands last."""
    lines = answer(check, example).fix.splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        assert not re.match(r"aws \S+ (get|list|describe|validate)-", line) or before.startswith("# look "), line
    assert not lines or not lines[-1].startswith("#")


@pytest.mark.parametrize("check", EVERY_CHECK)
def test_a_fix_for_good_says_so_itself(check):
    """Wherever a lock that nobody lifts is proposed, report, table or as code, the line before it warns of that."""
    for text in (check.fix, *(said for one in check.code for said in (one.cloudformation, one.terraform))):
        lines = [line.strip() for line in text.splitlines()]
        for before, line in zip(["", *lines], lines, strict=False):
            assert "COMPLIANCE" not in line or before == FOR_GOOD


@pytest.mark.parametrize("check", EVERY_CHECK)
def test_other_names(check):
    """Cross-references are of Security Hub or AWS Config, and no two checks claim the same."""
    for name in check.aka:
        assert re.fullmatch(r"SH:(CloudTrail|S3|KMS|SNS)\.\d+|CF:[a-z0-9-]+", name)
    mine = set(check.aka)
    assert not any(mine & set(other.aka) for other in CHECKS.values() if other.id != check.id)


def test_targets_are_those_of_the_settings():
    """The targets that checks may ask for are the settings' targets, with the same defaults."""
    assert dict(TARGETS) == TargetSettings().model_dump()


def test_hash_is_stable():
    """The hash of all that judges is a SHA-256, the same whenever it is asked for."""
    assert checks_hash() == checks_hash()
    assert len(checks_hash()) == 64
