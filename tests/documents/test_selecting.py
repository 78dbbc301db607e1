"""What a trail's selectors are to become: nothing that is recorded is lost, and what is missing is there."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from test_selectors import OBJECTS, advanced, data

from reporter.documents.selecting import widened
from reporter.documents.selectors import coverage

HERE = ("us-east-1",)
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:one"
VALUES = {
    OBJECTS: ["arn:aws:s3", "arn:aws:s3:::", "arn:aws:s3:::alpha/", "arn:aws:s3:::alpha/logs/"],
    "AWS::Lambda::Function": ["arn:aws:lambda", FUNCTION],
    "AWS::DynamoDB::Table": ["arn:aws:dynamodb", "arn:aws:dynamodb:us-east-1:111122223333:table/t"],
}
resources = st.sampled_from(sorted(VALUES)).flatmap(
    lambda kind: st.lists(st.sampled_from(VALUES[kind]), min_size=1, max_size=2, unique=True).map(
        lambda values: {"Type": kind, "Values": values}
    )
)
classic = st.lists(
    st.fixed_dictionaries(
        {
            "ReadWriteType": st.sampled_from(["All", "ReadOnly", "WriteOnly"]),
            "IncludeManagementEvents": st.booleans(),
            "DataResources": st.lists(resources, max_size=2),
            "ExcludeManagementEventSources": st.sampled_from([[], ["kms.amazonaws.com"]]),
        }
    ),
    max_size=3,
).map(lambda selectors: {"EventSelectors": selectors, "AdvancedEventSelectors": None})
newer = st.lists(
    st.sampled_from(
        [
            data(read_only="true"),
            data(arn={"NotStartsWith": ["arn:aws:s3:::alpha/"]}),
            {"eventCategory": {"Equals": ["Management"]}, "readOnly": {"Equals": ["false"]}},
            {"eventCategory": {"Equals": ["NetworkActivity"]}, "eventSource": {"Equals": ["s3.amazonaws.com"]}},
        ]
    ),
    min_size=1,
    max_size=3,
).map(lambda selectors: advanced(*selectors))


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.none(), classic, newer), st.booleans())
def test_nothing_recorded_is_lost_and_what_is_missing_is_there(selectors, objects):
    """Whatever the form: all it records is still recorded, with all management events, and objects where asked."""
    after = coverage({"EventSelectors": None, "AdvancedEventSelectors": widened(selectors, objects=objects)}, HERE)
    assert coverage(selectors, HERE).minus(after) == ()
    assert after.management(HERE).holds is True
    if objects:
        for read_only in (True, False):
            assert after.uncovered({"any": HERE[0]}, read_only=read_only).certain == ()


@settings(max_examples=50, deadline=None)
@given(classic)
def test_the_newer_form_records_no_more_data_than_the_older(selectors):
    """Data events cost money by the event, so a fix for management events adds none.

    AWS reads "arn:aws:s3" and "arn:aws:s3:::" as the same, all objects; here the longer stands for both.
    """
    after = coverage({"EventSelectors": None, "AdvancedEventSelectors": widened(selectors)}, HERE)
    said = json.loads(json.dumps(selectors["EventSelectors"]).replace('"arn:aws:s3"', '"arn:aws:s3:::"'))
    whole = [{"ReadWriteType": "All", "IncludeManagementEvents": True}, *said]
    more = after.minus(coverage({"EventSelectors": whole, "AdvancedEventSelectors": None}, HERE))
    assert [event for event in more if "resources.ARN ...," not in event] == []  # an ARN of no service there is
