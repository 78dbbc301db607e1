"""The reader, with answers given page by page."""

from collections.abc import Mapping
from typing import Any

import pytest
from collect_estate import NOW

from reporter.collect.answers import as_instant, as_value
from reporter.collect.clients import Request, Tally
from reporter.collect.failures import Failure, ReadFailed, clean, failure, means_absent, unread
from reporter.collect.reader import Asker, list_rows, read_item, read_part
from reporter.collect.resources import kind_of
from reporter.collect.rows import CORE, Call
from reporter.collect.wellformed import fault_of

BUCKET = kind_of("AWS::S3::Bucket")
OPERATIONS = {"GetBucketVersioning": {"Status": "Enabled"}, "GetBucketPolicy": {"Policy": '{"Statement":[]}'}}


class Canned:
    """Answers by operation, in the order given; an exception among them is raised."""

    home, partition = "us-east-1", "aws"

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = {name: list(found) if isinstance(found, list) else found for name, found in answers.items()}
        self.asked: list[Request] = []

    def call(self, who: object, tally: Tally, request: Request) -> dict[str, Any]:
        self.asked.append(request)
        found = self.answers.get(request.operation, denied(request))
        answer = found.pop(0) if isinstance(found, list) else found
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def denied(request: Request) -> ReadFailed:
    return ReadFailed(
        unread(Failure("AccessDenied", "no", "denied"), request.operation, request.iam, None), "denied", "no"
    )


def asker(answers: Mapping[str, Any]) -> Asker:
    facts = {"_home": "us-east-1", "_partition": "aws", "_regions": ["us-east-1"]}
    return Asker(Canned(answers), lambda: NOW, Tally(), "111111111111", None, sets=frozenset({CORE}), facts=facts)  # type: ignore[arg-type]


def rows(*names: str, token: str = "") -> dict[str, Any]:
    return {"Buckets": [{"Name": name, "BucketRegion": "eu-west-1"} for name in names], "ContinuationToken": token}


def test_every_page_of_a_listing_is_read() -> None:
    """The token of a page asks for the next, until there is none."""
    who = asker({"ListBuckets": [rows("a", token="1"), rows("b", token="2"), rows("c")]})
    listing = list_rows(who, BUCKET, "global", "us-east-1")
    assert [row["Name"] for row in listing.rows] == ["a", "b", "c"]
    assert listing.gap is None
    assert [one.params.get("ContinuationToken") for one in who.clients.asked] == [None, "1", "2"]


def test_a_listing_cut_short_keeps_what_it_has_and_says_that_there_is_more() -> None:
    """The second page is denied: the first counts, and the gap keeps anything from being taken for deleted."""
    request = Request("s3", "us-east-1", "ListBuckets", {}, "s3:ListAllMyBuckets")
    who = asker({"ListBuckets": [rows("a", token="1"), denied(request)]})
    listing = list_rows(who, BUCKET, "global", "us-east-1")
    assert [row["Name"] for row in listing.rows] == ["a"]
    assert listing.gap is not None
    assert listing.gap.why.at == NOW


def test_a_listing_that_goes_round_in_circles_ends() -> None:
    """The same token twice is a malformed answer, no endless loop."""
    listing = list_rows(asker({"ListBuckets": rows("a", token="1")}), BUCKET, "global", "us-east-1")
    assert listing.gap is not None
    assert listing.gap.why.code == "MalformedResponse"


def test_a_page_that_is_not_the_last_and_leads_nowhere_is_refused() -> None:
    """S3 and KMS say that there is more apart from where: without the where, the rest is missing and not absent."""
    cut = {"InventoryConfigurationList": [{"Id": "a"}], "IsTruncated": True}
    who = asker({"ListBucketInventoryConfigurations": cut})
    with pytest.raises(ReadFailed, match="MalformedResponse"):
        read_part(who, BUCKET, "Inventory", {"Name": "a"}, "us-east-1")
    whole = {**cut, "IsTruncated": False}
    who = asker({"ListBucketInventoryConfigurations": whole})
    assert read_part(who, BUCKET, "Inventory", {"Name": "a"}, "us-east-1") == [{"Id": "a"}]


@pytest.mark.parametrize("answer", [{}, {"Buckets": None}, {"Buckets": "a"}, {"Buckets": [{"BucketRegion": "x"}]}])
def test_a_listing_without_its_list_is_no_empty_listing(answer: dict[str, Any]) -> None:
    """A missing list, another type, a row without its name: refused, for an empty listing would end every bucket."""
    listing = list_rows(asker({"ListBuckets": answer}), BUCKET, "global", "us-east-1")
    assert listing.rows == ()
    assert listing.gap is not None
    assert listing.gap.why.code == "MalformedResponse"


def test_an_empty_list_is_an_empty_listing() -> None:
    """Nothing there, and that for certain."""
    listing = list_rows(asker({"ListBuckets": {"Buckets": []}}), BUCKET, "global", "us-east-1")
    assert (listing.rows, listing.gap) == ((), None)


def test_a_part_is_a_value_none_or_unread() -> None:
    """Three outcomes, in three places; nothing else is said of the bucket."""
    absent = ReadFailed(unread(Failure("NoSuchTagSet", "", "absent"), "GetBucketTagging", "", None), "absent")
    who = asker({**OPERATIONS, "GetBucketTagging": absent})
    item = read_item(who, BUCKET, {"Name": "a", "BucketRegion": "eu-west-1"}, "global", "us-east-1")
    assert item.configuration["Versioning"] == {"Status": "Enabled"}
    assert item.configuration["Tags"] is None
    assert "Encryption" not in item.configuration
    assert item.unread["Encryption"].iam == "s3:GetEncryptionConfiguration"
    assert item.unread["Encryption"].at == NOW
    assert {one.region for one in who.clients.asked} == {"eu-west-1"}


def test_grants_are_unknown_where_ownership_is() -> None:
    """Whether a grant counts depends on the ownership: without it the grants are not asked for, and unread for its reason."""
    item = read_item(asker(OPERATIONS), BUCKET, {"Name": "a", "BucketRegion": "eu-west-1"}, "global", "us-east-1")
    assert item.unread["Acl"] == item.unread["OwnershipControls"]


def test_a_bucket_without_region_is_located_first() -> None:
    """Where the listing does not tell the region it costs one more call; no answer means the oldest region."""
    who = asker({**OPERATIONS, "GetBucketLocation": {"LocationConstraint": "EU"}})
    assert read_item(who, BUCKET, {"Name": "a"}, "global", "us-east-1").region == "eu-west-1"
    who = asker({**OPERATIONS, "GetBucketLocation": {}})
    assert read_item(who, BUCKET, {"Name": "a"}, "global", "us-east-1").region == "us-east-1"
    with pytest.raises(ReadFailed):
        read_item(asker(OPERATIONS), BUCKET, {"Name": "a"}, "global", "us-east-1")


@pytest.mark.parametrize("text", ["", "no json", "[]", '"text"', "7", None])
def test_a_policy_that_is_no_document_is_refused(text: str | None) -> None:
    """Text that is no JSON object is a malformed answer, not "no policy"."""
    call = BUCKET.parts["Policy"]
    with pytest.raises(ReadFailed, match="MalformedResponse"):
        as_value(call, [{"Policy": text}])


def test_pages_of_a_part_are_joined() -> None:
    """Grants of several pages are one list."""
    call = Call("ListGrants", "Grants", empty="kept")
    assert as_value(call, [{"Grants": [1]}, {"Grants": [2]}, {}]) == [1, 2]
    assert as_value(call, [{}]) == []


def test_the_requests_ids_stand_with_the_item() -> None:
    """AWS's id of each request is kept, for whoever wants to find it in CloudTrail."""
    answers = {"GetBucketVersioning": {"Status": "Enabled", "ResponseMetadata": {"RequestId": "R7"}}}
    item = read_item(asker(answers), BUCKET, {"Name": "a", "BucketRegion": "eu-west-1"}, "global", "us-east-1")
    assert item.requests == {"GetBucketVersioning": "R7"}
    assert "_request" not in str(item.configuration)


def test_hostile_names_pass_unchanged_and_hostile_messages_are_tamed() -> None:
    """A name is data; AWS's message loses control and direction characters and is cut."""
    name = "a\u202e<script>=cmd()🪣"
    item = read_item(asker(OPERATIONS), BUCKET, {"Name": name, "BucketRegion": "eu-west-1"}, "global", "us-east-1")
    assert item.id == name
    assert clean("a\u202e\r\n\x00b" + "x" * 900).startswith("a bxx")
    assert len(clean("x" * 900)) == 300


def test_macie_that_is_off_is_told_from_macie_that_is_denied() -> None:
    """AWS says "access denied" to both; the words decide."""
    codes = kind_of("AWS::Macie::Session").list.absent
    assert means_absent(codes, Failure("AccessDeniedException", "Macie is not enabled.", "denied"))
    assert not means_absent(codes, Failure("AccessDeniedException", "User is not authorized", "denied"))


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ({"IsLogging": True}, ""),
        ({"IsLogging": "yes"}, "IsLogging is no boolean"),
        ({"IsLogging": 1}, "IsLogging is no boolean"),
        ({"LatestDeliveryError": ["x"]}, "LatestDeliveryError is no string"),
        ({}, "the answer is empty"),
        ({"NewField": object()}, ""),
    ],
)
def test_an_answer_has_the_types_of_the_services_model(answer: dict[str, Any], wrong: str) -> None:
    """What the SDK's JSON parser lets through is refused here; fields newer than the SDK pass."""
    import botocore.session

    shape = botocore.session.Session().get_service_model("cloudtrail").operation_model("GetTrailStatus").output_shape
    assert fault_of(answer, shape) == wrong


def test_times_of_creation_are_instants_in_utc() -> None:
    """From AWS's models or from text; what is no time is none."""
    assert as_instant("2026-11-02T07:00:00+01:00") == NOW
    assert as_instant("yesterday") is None
    assert as_instant(None) is None


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (KeyError("x"), "MalformedResponse", "transient"),
        (ConnectionResetError("reset"), "ConnectionFailed", "transient"),
    ],
)
def test_whatever_breaks_while_an_answer_is_read_is_named(error: Exception, code: str, kind: str) -> None:
    """No exception of the SDK's parsers or of the socket goes unnamed."""
    failed = failure(error)
    assert (failed.code, failed.kind) == (code, kind)
