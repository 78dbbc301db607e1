"""Event selectors of both forms as sets of events: what is recorded, and what is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.documents.selectors import Coverage, coverage, union

BUCKETS = {"alpha": "eu-west-1", "beta": "us-east-1"}
OBJECTS = "AWS::S3::Object"


def advanced(*selectors):
    """An advanced `Selectors` part: each selector is a map field -> {operator: values}."""
    return {
        "EventSelectors": None,
        "AdvancedEventSelectors": [
            {"Name": "whatever", "FieldSelectors": [{"Field": f, **operators} for f, operators in fields.items()]}
            for fields in selectors
        ],
    }


def data(**fields):
    """The fields of an advanced selector of S3 object events; `arn` and `read_only` for short."""
    found = {"eventCategory": {"Equals": ["Data"]}, "resources.type": {"Equals": [OBJECTS]}}
    if "read_only" in fields:
        found["readOnly"] = {"Equals": [fields.pop("read_only")]}
    if "arn" in fields:
        found["resources.ARN"] = fields.pop("arn")
    return {**found, **fields}


def basic(*values, mode="All", kind=OBJECTS, **more):
    """A basic `Selectors` part with data resources."""
    resources = [{"Type": kind, "Values": list(values)}] if values else []
    return {
        "EventSelectors": [
            {"ReadWriteType": mode, "IncludeManagementEvents": True, "DataResources": resources, **more}
        ],
        "AdvancedEventSelectors": None,
    }


@pytest.mark.parametrize(
    "selectors, reads, writes",
    [
        (None, ("alpha", "beta"), ("alpha", "beta")),
        (basic(), ("alpha", "beta"), ("alpha", "beta")),
        (basic("arn:aws:s3"), (), ()),
        (basic("arn:aws:s3:::"), (), ()),
        (basic("arn:aws:s3:::alpha/"), ("beta",), ("beta",)),
        (basic("arn:aws:s3:::alpha/logs"), ("alpha", "beta"), ("alpha", "beta")),
        (basic("arn:aws:s3:::alpha/", "arn:aws:s3:::beta/"), (), ()),
        (basic("arn:aws:s3", mode="WriteOnly"), ("alpha", "beta"), ()),
        (basic("arn:aws:s3", mode="ReadOnly"), (), ("alpha", "beta")),
        (basic("arn:aws:lambda", kind="AWS::Lambda::Function"), ("alpha", "beta"), ("alpha", "beta")),
        (advanced(data()), (), ()),
        (advanced(data(read_only="true")), (), ("alpha", "beta")),
        (advanced(data(read_only="true"), data(read_only="false")), (), ()),
        (advanced(data(arn={"StartsWith": ["arn:aws:s3:::alpha/"]})), ("beta",), ("beta",)),
        (advanced(data(arn={"StartsWith": ["arn:aws:s3:::alpha/", "arn:aws:s3:::beta/"]})), (), ()),
        (advanced(data(arn={"Equals": ["arn:aws:s3:::alpha/one"]})), ("alpha", "beta"), ("alpha", "beta")),
        (advanced(data(arn={"NotStartsWith": ["arn:aws:s3:::alpha/"]})), ("alpha",), ("alpha",)),
        (advanced(data(arn={"NotStartsWith": ["arn:aws:s3:::alpha/tmp/"]})), ("alpha",), ("alpha",)),
        (advanced(data(arn={"NotStartsWith": ["arn:aws:s3:::alphabet/"]})), (), ()),
        (advanced(data(arn={"NotEquals": ["arn:aws:s3:::alpha/x"]})), ("alpha",), ("alpha",)),
        (advanced(data(arn={"EndsWith": [".gz"]})), ("alpha", "beta"), ("alpha", "beta")),
        (advanced(data(arn={"EndsWith": [".gz"]}), data(arn={"NotEndsWith": [".gz"]})), (), ()),
        (
            advanced(
                data(arn={"StartsWith": ["arn:aws:s3:::alpha/a"]}),
                data(arn={"NotStartsWith": ["arn:aws:s3:::alpha/a"]}),
            ),
            (),
            (),
        ),
        (
            advanced(data(arn={"StartsWith": ["arn:aws:s3:::alpha/"], "NotStartsWith": ["arn:aws:s3:::alpha/tmp/"]})),
            ("alpha", "beta"),
            ("alpha", "beta"),
        ),
        (advanced(data(eventName={"Equals": ["PutObject"]})), ("alpha", "beta"), ("alpha", "beta")),
        (advanced(data(eventName={"NotEquals": ["HeadObject"]})), ("alpha", "beta"), ("alpha", "beta")),
        (advanced(data(eventSource={"Equals": ["s3.amazonaws.com"]})), (), ()),
        (advanced(data(eventSource={"Equals": ["s3-outposts.amazonaws.com"]})), ("alpha", "beta"), ("alpha", "beta")),
        (advanced({"eventCategory": {"Equals": ["Management"]}}), ("alpha", "beta"), ("alpha", "beta")),
        (
            advanced({**data(), "resources.type": {"Equals": ["AWS::DynamoDB::Table"]}}),
            ("alpha", "beta"),
            ("alpha", "beta"),
        ),
        (
            advanced(data(**{"userIdentity.arn": {"NotStartsWith": ["arn:aws:sts::1:assumed-role/backup"]}})),
            ("alpha", "beta"),
            ("alpha", "beta"),
        ),
    ],
)
def test_uncovered_buckets(selectors, reads, writes):
    """Which buckets have object reads and writes that are not recorded."""
    found = coverage(selectors)
    assert found.uncovered(BUCKETS, read_only=True).certain == reads
    assert found.uncovered(BUCKETS, read_only=False).certain == writes


def test_trails_add_up():
    """What one trail leaves out another may record."""
    one, other = coverage(basic("arn:aws:s3:::alpha/")), coverage(basic("arn:aws:s3:::beta/"))
    assert (one | other).uncovered(BUCKETS, read_only=False).certain == ()
    assert union([one, other, one]) == one | other


def test_a_trail_records_in_its_regions_only():
    """A single-region trail leaves buckets of other regions out."""
    found = coverage(basic("arn:aws:s3"), regions=["eu-west-1"])
    assert found.uncovered(BUCKETS, read_only=True).certain == ("beta",)
    assert (found | coverage(basic("arn:aws:s3"), ["us-east-1"])).uncovered(BUCKETS, read_only=True).certain == ()


def test_an_operator_of_tomorrow_is_undecided():
    """What we cannot read may cover, so nothing is called uncovered because of it."""
    found = coverage(advanced(data(arn={"Resembles": ["x"]})))
    assert found.uncovered(BUCKETS, read_only=True).perhaps == ("alpha", "beta")
    assert found.uncovered(BUCKETS, read_only=True).certain == ()


def test_buckets_of_other_partitions():
    """In China the ARN prefix is another one."""
    found = coverage(basic("arn:aws-cn:s3"))
    assert found.uncovered(["alpha"], read_only=True, partition="aws-cn").certain == ()
    assert found.uncovered(["alpha"], read_only=True).certain == ("alpha",)


MANAGEMENT = {"eventCategory": {"Equals": ["Management"]}}


@pytest.mark.parametrize(
    "selectors, answer, hole",
    [
        (None, True, ""),
        (basic(), True, ""),
        (basic(mode="WriteOnly"), False, "readOnly true"),
        (basic(IncludeManagementEvents=False), False, "eventCategory Management"),
        (basic(ExcludeManagementEventSources=["kms.amazonaws.com"]), False, "eventSource kms.amazonaws.com"),
        (basic(ExcludeManagementEventSources=[]), True, ""),
        (advanced(MANAGEMENT), True, ""),
        (advanced({**MANAGEMENT, "readOnly": {"Equals": ["false"]}}), False, "readOnly true"),
        (
            advanced(
                {**MANAGEMENT, "readOnly": {"Equals": ["false"]}}, {**MANAGEMENT, "readOnly": {"Equals": ["true"]}}
            ),
            True,
            "",
        ),
        (advanced({**MANAGEMENT, "eventSource": {"NotEquals": ["kms.amazonaws.com"]}}), False, "kms.amazonaws.com"),
        (
            advanced({**MANAGEMENT, "eventSource": {"NotEquals": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}}),
            False,
            "rdsdata",
        ),
        (
            advanced(
                {**MANAGEMENT, "eventSource": {"NotEquals": ["kms.amazonaws.com"]}},
                {**MANAGEMENT, "eventSource": {"Equals": ["kms.amazonaws.com"]}},
            ),
            True,
            "",
        ),
        (advanced(data()), False, "eventCategory Management"),
    ],
)
def test_management_events(selectors, answer, hole):
    """Reads and writes of every source; the hole is named, whatever the selector is called."""
    found = coverage(selectors).management(["eu-west-1"])
    assert found.holds is answer
    assert hole in str(found)


def test_management_events_in_every_region():
    """Two single-region trails cover two regions, not three."""
    found = coverage(None, ["eu-west-1"]) | coverage(None, ["us-east-1"])
    assert found.management(["eu-west-1", "us-east-1"]).holds is True
    answer = found.management(["eu-west-1", "us-east-1", "ap-south-1"])
    assert answer.holds is False
    assert answer.because == ("not recorded: awsRegion ap-south-1, eventCategory Management",)


def test_the_difference_of_two_coverages():
    """What a change of selectors loses is shown by examples; gaining loses nothing."""
    wide, narrow = coverage(basic("arn:aws:s3")), coverage(basic("arn:aws:s3:::alpha/"))
    assert wide.minus(wide) == ()
    assert narrow.minus(wide) == ()
    assert wide.minus(narrow) == ("eventCategory Data, resources.ARN arn:aws:s3..., resources.type AWS::S3::Object",)


PREFIX = "arn:aws:s3:::alpha/"
TAILS = ["", "a", "ab", "b", ".gz"]
OPERATORS = ["Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith"]


@st.composite
def selector(draw):
    """An advanced selector with a random test on ARN, event name and read/write."""
    fields = data()
    if draw(st.booleans()):
        fields["readOnly"] = {"Equals": [draw(st.sampled_from(["true", "false"]))]}
    arn = {}
    for operator in draw(st.lists(st.sampled_from(OPERATORS), max_size=2, unique=True)):
        tails = draw(st.lists(st.sampled_from(TAILS), min_size=1, max_size=2))
        arn[operator] = tails if "Ends" in operator else [PREFIX + tail for tail in tails]
        arn[operator] = [value or "z" for value in arn[operator]]
    if arn:
        fields["resources.ARN"] = arn
    if draw(st.integers(0, 3)) == 0:
        fields["eventName"] = {draw(st.sampled_from(OPERATORS)): ["Put"]}
    return fields


def recorded(fields, event):
    """The published rule: deselecting operators are ANDed, selecting ones ORed, and both must hold."""
    for field, operators in fields.items():
        text = event[field]
        hits = {
            operator: any(
                text == v if "Equals" in operator else text.startswith(v) if "Starts" in operator else text.endswith(v)
                for v in values
            )
            for operator, values in operators.items()
        }
        selecting = [hit for operator, hit in hits.items() if not operator.startswith("Not")]
        if any(hit for operator, hit in hits.items() if operator.startswith("Not")) or (
            selecting and not any(selecting)
        ):
            return False
    return True


@settings(max_examples=100, deadline=None)
@given(
    st.lists(selector(), max_size=4),
    st.lists(st.text("ab.gz", max_size=5), min_size=5, max_size=5),
    st.lists(st.sampled_from(["PutObject", "Put", "GetObject", "HeadPut"]), min_size=5, max_size=5),
)
def test_coverage_agrees_with_single_events(selectors, keys, names):
    """Covered means that every event is recorded; not covered, that the example given is not."""
    found = coverage(advanced(*selectors)) if selectors else Coverage()
    for read_only in (True, False):
        covered = not found.uncovered(["alpha"], read_only=read_only).certain
        for key, name in zip(keys, names, strict=True):
            event = {
                "eventCategory": "Data",
                "resources.type": OBJECTS,
                "readOnly": str(read_only).lower(),
                "resources.ARN": PREFIX + key,
                "eventName": name,
                "eventSource": "s3.amazonaws.com",
            }
            by_hand = any(recorded(fields, event) for fields in selectors)
            assert found.records(event) is by_hand
            assert by_hand or not covered


@settings(max_examples=50, deadline=None)
@given(st.lists(selector(), min_size=1, max_size=3), st.lists(selector(), max_size=3))
def test_difference_and_union_fit_together(left, right):
    """Whatever is in the one is in the union; without a difference, adding the one changes nothing."""
    one, other = coverage(advanced(*left)), coverage(advanced(*right)) if right else Coverage()
    assert one.minus(one | other) == ()
    if not one.minus(other):
        for read_only in (True, False):
            together = (one | other).uncovered(["alpha"], read_only=read_only)
            assert together == other.uncovered(["alpha"], read_only=read_only)


def test_many_selectors_are_judged_quickly():
    """Five hundred prefixes and two hundred buckets stay far below a second each."""
    names = [f"bucket-{n:04}" for n in range(200)]
    found = coverage(advanced(data(arn={"StartsWith": [f"arn:aws:s3:::{name}/" for name in names[1:]]})))
    assert found.uncovered(names, read_only=True).certain == ("bucket-0000",)


def test_too_many_combinations_are_undecided():
    """Selectors that would take for ever to compare are neither called complete nor lacking."""
    fields = {f"f{n}": {"Equals": [str(value) for value in range(20)]} for n in range(6)}
    found = coverage(advanced(data(**fields)))
    assert found.uncovered(["alpha"], read_only=True).perhaps == ("alpha",)


@pytest.mark.parametrize(
    ("selectors", "recorded"),
    [
        (advanced(data()), True),
        (basic("arn:aws:s3"), True),
        (basic("arn:aws:s3:::alpha/"), False),
        (advanced(data(arn={"NotStartsWith": ["arn:aws:s3:::alpha/"]})), True),
        (advanced(data(read_only="true")), False),
        (None, False),
    ],
)
def test_a_bucket_to_come_is_recorded_where_no_bucket_is_named(selectors, recorded):
    """A selector that names buckets says nothing of the next; one that leaves a single bucket out still has the next."""
    found = coverage(selectors, ["eu-west-1"])
    assert found.whatever_bucket(["eu-west-1"], read_only=False) is recorded
    assert found.whatever_bucket(["eu-west-1", "us-east-1"], read_only=False) is False
