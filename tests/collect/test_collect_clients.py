"""The door: whose name a request bears, what is refused, what is tried again."""

import threading

import pytest
from collect_estate import KEYS, LOGS, MANAGEMENT, WORK, door_to, usual_door

from reporter.collect.clients import Request, Tally
from reporter.collect.failures import OperationRefused, ReadFailed
from reporter.simulate.simulation import Simulation

BUCKETS = {LOGS: {"org-logs", "plain-logs"}, WORK: {"work-data", "work-shared"}, KEYS: set(), MANAGEMENT: set()}
LIST = Request("s3", "us-east-1", "ListBuckets", {"MaxBuckets": 100}, "s3:ListAllMyBuckets")


@pytest.mark.parametrize("shared", [True, False], ids=["one client for all", "clients for each account"])
def test_sixteen_threads_never_mix_accounts(aws: Simulation, shared: bool) -> None:
    """Two hundred questions over four accounts and one client: each answer is of the account that was asked."""
    door = door_to(threads=16, shared_clients=shared)
    sessions = {id: door.sessions.of(id, Tally()) for id in BUCKETS}
    wrong: list[str] = []

    def ask(turn: int) -> None:
        for number in range(13):
            id = sorted(BUCKETS)[(turn + number) % 4]
            answer = door.clients.call(sessions[id], Tally(), LIST)
            if {one["Name"] for one in answer["Buckets"]} != BUCKETS[id]:
                wrong.append(id)

    threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert door.clients.made == (
        2 if shared else 6
    )  # STS and S3; S3 for each account, and STS for the caller before and after it is known


def test_a_request_under_another_name_does_not_leave(aws: Simulation) -> None:
    """Should the SDK forget the credentials of the request, nothing is sent, and clients for each account take over."""
    door = door_to()
    session = door.sessions.of(WORK, Tally())
    client = door.clients.client("s3", "us-east-1")
    client.meta.events.register_last("before-parameter-build", lambda context, **_: context.pop("signing"))
    aws.counts(reset=True)
    tally = Tally()
    assert {one["Name"] for one in door.clients.call(session, tally, LIST)["Buckets"]} == BUCKETS[WORK]
    assert tally.made == 1
    assert aws.counts()["calls"] == {WORK: {"s3:ListBuckets": 1}}
    door.clients.forget(WORK)
    assert door.clients.client("s3", "us-east-1") is client


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("s3", "DeleteBucket", {"Bucket": "work-data"}),
        ("s3", "PutBucketPolicy", {"Bucket": "work-data", "Policy": "{}"}),
        ("s3", "GetObject", {"Bucket": "work-data", "Key": "a"}),
        ("s3", "ListObjectsV2", {"Bucket": "work-data"}),
        ("cloudtrail", "StopLogging", {"Name": "own-trail"}),
        ("kms", "Decrypt", {"CiphertextBlob": b"x"}),
        ("organizations", "LeaveOrganization", {}),
    ],
)
def test_nothing_outside_the_table_is_sent(aws: Simulation, service: str, operation: str, params: dict) -> None:
    """A write, a read of an object, a decryption: refused before anything leaves; the client itself has no such method."""
    from botocore import xform_name

    door = usual_door()
    session = door.sessions.of(WORK, Tally())
    aws.counts(reset=True)
    with pytest.raises(OperationRefused):
        door.clients.call(session, Tally(), Request(service, "us-east-1", operation, params))
    assert not hasattr(door.clients.client(service, "us-east-1"), xform_name(operation))
    assert aws.counts()["calls"] == {}


def test_a_client_with_every_operation_is_refused_all_the_same(aws: Simulation) -> None:
    """Should the SDK load a whole model one day, the request is looked at once more before it is built."""
    from types import SimpleNamespace

    from reporter.collect.clients import _guard_and_sign

    model = SimpleNamespace(service_model=SimpleNamespace(service_name="s3"), name="DeleteBucket")
    with pytest.raises(OperationRefused, match="DeleteBucket"):
        _guard_and_sign(model, {})


@pytest.mark.parametrize("complaints", [3, 10])
def test_throttled_calls_are_tried_again_and_none_is_lost(aws: Simulation, complaints: int) -> None:
    """Complaints in a row cost time, not the answer, even more of them than a broken connection is given attempts."""
    door = door_to(attempts=6)
    session = door.sessions.of(WORK, Tally())
    aws.fault("throttle", "s3:ListBuckets", times=complaints)
    tally = Tally()
    assert door.clients.call(session, tally, LIST)["Buckets"]
    assert (tally.calls().made, tally.calls().throttled) == (complaints + 1, complaints)


@pytest.mark.parametrize("kind", ["kill", "truncate", "malformed", "wrong"])
def test_a_broken_answer_is_asked_for_again(aws: Simulation, kind: str) -> None:
    """One bad answer is repaired by the next; only if it stays so it is recorded."""
    door = usual_door()
    session = door.sessions.of(WORK, Tally())
    aws.fault(kind, "s3:ListBuckets", times=1)
    assert len(door.clients.call(session, Tally(), LIST)["Buckets"]) == 2
    aws.fault(kind, "s3:ListBuckets")
    with pytest.raises(ReadFailed) as caught:
        door.clients.call(session, Tally(), LIST)
    assert caught.value.why.code in {"ConnectionFailed", "MalformedResponse"}


def test_an_answer_of_another_kind_is_no_empty_answer(aws: Simulation) -> None:
    """S3 answers 200 with another document to what it does not know: that is refused, not read as "never versioned"."""
    door = usual_door()
    session = door.sessions.of(WORK, Tally())
    aws.fault("wrong", "s3:GetBucketVersioning")
    with pytest.raises(ReadFailed) as caught:
        door.clients.call(session, Tally(), Request("s3", "us-east-1", "GetBucketVersioning", {"Bucket": "work-data"}))
    assert caught.value.why.code == "MalformedResponse"


def test_expired_credentials_are_renewed_once(aws: Simulation) -> None:
    """The role is assumed again in the middle of the account, and the call goes on."""
    door = usual_door()
    session = door.sessions.of(WORK, Tally())
    before = session.credentials(Tally()).access_key
    aws.command("expire_sessions", account=WORK)
    assert door.clients.call(session, Tally(), LIST)["Buckets"]
    assert session.credentials(Tally()).access_key != before


def test_credentials_that_stay_expired_are_recorded(aws: Simulation) -> None:
    """When renewing does not help, the call is unread with AWS's code."""
    door = usual_door()
    session = door.sessions.of(WORK, Tally())
    aws.fault("error", "s3:ListBuckets", code="ExpiredToken", status=400)
    with pytest.raises(ReadFailed) as caught:
        door.clients.call(session, Tally(), LIST)
    assert caught.value.why.code == "ExpiredToken"


def test_a_wrong_clock_is_named_with_its_remedy(aws: Simulation) -> None:
    """AWS refuses requests of another time: the message says what to set."""
    door = usual_door()
    session = door.sessions.of(WORK, Tally())
    aws.fault("error", "s3:ListBuckets", code="RequestTimeTooSkewed", status=403)
    with pytest.raises(ReadFailed) as caught:
        door.clients.call(session, Tally(), LIST)
    assert caught.value.kind == "skewed"
    assert "clock" in caught.value.why.message


def test_the_account_stands_in_no_host_name_of_a_custom_endpoint(aws: Simulation) -> None:
    """S3 Control works with an endpoint of one's own."""
    door = usual_door()
    session = door.sessions.of(WORK, Tally())
    request = Request("s3control", "us-east-1", "GetPublicAccessBlock", {"AccountId": WORK})
    assert door.clients.call(session, Tally(), request)["PublicAccessBlockConfiguration"]["BlockPublicAcls"] is True


def test_every_request_is_paced_by_its_own_account(aws: Simulation) -> None:
    """A complaint slows the account it is about, and no other."""
    door = door_to(attempts=1)
    work, logs = (door.sessions.of(id, Tally()) for id in (WORK, LOGS))
    aws.fault("throttle", "s3:ListBuckets", account=WORK, times=3)
    with pytest.raises(ReadFailed):
        door.clients.call(work, Tally(), LIST)
    rates = {
        id: door.clients.pace._accounts[id]["us-east-1", "s3"].rate
        for id in (WORK, LOGS)
        if id in door.clients.pace._accounts
    }
    door.clients.call(logs, Tally(), LIST)
    assert rates[WORK] < door.clients.pace._accounts[LOGS]["us-east-1", "s3"].rate
